"""Fits what stands in claimcheck/checks/text/calibration.json on the SciFact claims that the verifier was not trained on.

    python training/verifier_calibration.py ../shared/data [--kept FILE]

Each of these claims is judged beside the abstracts that it cites and beside those that are found for it among all. Fitted is what
combining.py needs, for given and for searched evidence. A claim for which evidence was searched gets the verdict of the abstract
that says most: the open label is lowered by what makes these verdicts on claims most likely. FILE keeps what was judged, so that
fitting again takes no time. All figures printed are by leaving out one claim in five.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from verifier_data import OPEN, Scifact  # type: ignore[import-not-found]

from claimcheck.checks.text.combining import CALIBRATION, NEARNESS, Look, log_probabilities
from claimcheck.checks.text.entailment import look
from claimcheck.checks.text.search import DOCUMENTS, TextIndex
from claimcheck.claims import claim_of
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.models.verifier import Verifier
from claimcheck.foundation.records import LABELS, Passage
from claimcheck.foundation.settings import Settings

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
PENALTY = 0.02  # on the distance from the plain mean of both looks, so that few pairs cannot move it far
NEARNESS_PENALTY = 0.002
USED = {"given": [NEARNESS.index("cosine")], "searched": [NEARNESS.index("first")]}
KINDS = tuple(USED)
LEANS = np.linspace(0, 1.5, 16)


@dataclass(frozen=True)
class Seen:
    """What was seen of pairs of a claim and an abstract, and what follows there: `read` is False where nothing was read."""

    joined: Floats  # (n, 3)
    decided: Floats  # (n, 3)
    nearness: Floats  # (n, 2)
    gold: Numbers
    claim: Numbers
    read: NDArray[np.bool_]
    missed: int  # settling abstracts that the search did not find

    def of(self, rows: NDArray[np.bool_]) -> Seen:
        """Some of the pairs."""
        looks = self.joined[rows], self.decided[rows], self.nearness[rows]
        return Seen(*looks, self.gold[rows], self.claim[rows], self.read[rows], self.missed)


@dataclass(frozen=True)
class Judged:
    """What was seen of the left-out claims; `labels` are those of the claims, over all their abstracts."""

    given: Seen
    searched: Seen
    labels: Numbers

    def seen(self, kind: str) -> Seen:
        """What was seen with evidence "given" or "searched"."""
        return self.given if kind == "given" else self.searched


def judge(folder: Path) -> Judged:
    """What the shipped verifier sees of the claims that were left out of its training."""
    settings = Settings.load(threads=1)
    data, encoder, model = Scifact.load(folder), SentenceEncoder(settings), Verifier(settings)
    claims = [claim_of(c.text) for c in data.left_out]
    passages = {d: Passage(" ".join(s), f"scifact:{d}") for d, s in data.abstracts.items()}
    numbers = list(passages)
    everything = TextIndex(list(passages.values()), encoder)
    pairs = [(i, d) for i, c in enumerate(data.left_out) for d in c.cited]
    asked = [(claims[i], TextIndex([passages[d]], encoder, everything.vectors)) for i, d in pairs]
    given = [(i, d, seen) for (i, d), [(_, seen)] in zip(pairs, look(asked, model, 1), strict=True)]
    found = look([(claim, everything) for claim in claims], model, DOCUMENTS)
    searched = [(i, numbers[n], seen) for i, there in enumerate(found) for n, seen in there]
    labels = [min(c.labels.values(), default=OPEN) for c in data.left_out]  # supported before refuted before open
    return Judged(_seen(data, given), _seen(data, searched), np.array(labels))


def _seen(data: Scifact, rows: Sequence[tuple[int, int, Look | None]]) -> Seen:
    nothing = Look(np.log(np.full(3, 1 / 3)), np.zeros((0, 3)), 0.0, 1)
    looks = [nothing if x is None else x for _, _, x in rows]
    gold = [data.left_out[i].labels.get(d, OPEN) for i, d, _ in rows]
    settled = sum(len(c.labels) for c in data.left_out)
    return Seen(
        np.stack([x.joined for x in looks]),
        np.stack([x.decided for x in looks]),
        np.array([x.nearness for x in looks]),
        np.array(gold),
        np.array([i for i, _, _ in rows]),
        np.array([x is not None for _, _, x in rows]),
        settled - sum(g != OPEN for g in gold),
    )


def fit(seen: Seen, used: Sequence[int]) -> dict[str, Any]:
    """The figures of least log loss on the pairs that were read; features of NEARNESS that are not `used` weigh 0."""
    read = seen.of(seen.read)
    start = np.array([0.5, 0.5, *[0.0] * (3 + len(used))])
    rows = np.arange(len(read.gold))

    def loss(parameters: Floats) -> float:
        said = log_probabilities(_named(parameters, used), read.joined, read.decided, read.nearness)
        near, far = ((parameters - start)[:5] ** 2).sum(), (parameters[5:] ** 2).sum()
        return float(-said[rows, read.gold].mean() + PENALTY * near + NEARNESS_PENALTY * far)

    return _named(np.asarray(minimize(loss, start, method="L-BFGS-B").x), used)


def _named(parameters: Floats, used: Sequence[int]) -> dict[str, Any]:
    weights = dict(zip(used, parameters[5:].tolist(), strict=True))
    return {
        "joined": float(parameters[0]),
        "decided": float(parameters[1]),
        "shift": dict(zip(LABELS, parameters[2:5].tolist(), strict=True)),
        "nearness": {name: weights.get(i, 0.0) for i, name in enumerate(NEARNESS)},
    }


def leant(probabilities: Floats, lean: float) -> Floats:
    """(n, 3) with the open label's logarithm lowered by `lean`."""
    out = probabilities * np.exp([-lean if i == OPEN else 0.0 for i in range(3)])
    return np.asarray(out / out.sum(1, keepdims=True))


def deciding(seen: Seen, probabilities: Floats) -> list[int]:
    """For each claim, in order, the pair whose abstract says most."""
    said = probabilities[:, :OPEN].max(1)
    return [int(max(np.flatnonzero(seen.claim == c), key=lambda k: said[k])) for c in np.unique(seen.claim)]


def lean_of(seen: Seen, probabilities: Floats, labels: Numbers) -> float:
    """The lean with which the verdicts on claims, each that of the abstract that says most, have the least log loss."""
    claims = np.unique(seen.claim)

    def loss(lean: float) -> float:
        p = leant(probabilities, lean)
        return float(-np.log(p[deciding(seen, p), labels[claims]]).mean())

    return float(min(LEANS, key=loss))


def verdicts(fitted: dict[str, Any], seen: Seen) -> Floats:
    """(n, 3) probabilities; what was not read is open."""
    out = np.exp(log_probabilities(fitted, seen.joined, seen.decided, seen.nearness))
    out[~seen.read] = (0.01, 0.01, 0.98)
    return out


def by_fifths(seen: Seen, used: Sequence[int]) -> Floats:
    """(n, 3) probabilities, each by what the other four fifths of the claims give."""
    claims, place = np.unique(seen.claim, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(claims))[place] % 5
    out = np.zeros_like(seen.joined)
    for k in range(5):
        out[fold == k] = verdicts(fit(seen.of(fold != k), used), seen.of(fold == k))
    return out


def cross_fitted(folder: Path, kept: Path | None = None) -> dict[str, tuple[Floats, Numbers]]:
    """The probabilities (n, 3) by leaving out one claim in five, and the gold label's index (n,).

    For "given" of each pair of a claim and an abstract, for "searched" of each claim, as the product gives verdicts. `folder` has
    SciFact; `kept` is a file as `--kept` writes it.
    """
    found = judged(folder, kept)
    given, _ = _verdicts(found, "given")
    searched, _ = _verdicts(found, "searched")
    rows = deciding(found.searched, searched)
    return {
        "given": (given, found.given.gold),
        "searched": (searched[rows], found.labels[np.unique(found.searched.claim)]),
    }


def _verdicts(found: Judged, kind: str) -> tuple[Floats, float]:
    """(n, 3) probabilities by leaving out one claim in five, and the lean."""
    seen = found.seen(kind)
    p = by_fifths(seen, USED[kind])
    lean = lean_of(seen, p, found.labels) if kind == "searched" else 0.0
    return leant(p, lean), lean


def judged(folder: Path, kept: Path | None) -> Judged:
    """What the shipped verifier sees of the left-out claims; from the file `kept` where it is there."""
    if kept is not None and kept.is_file():
        return load(kept)
    found = judge(folder)
    if kept is not None:
        save(kept, found)
    return found


def save(file: Path, found: Judged) -> None:
    """Writes what was judged."""
    columns = {f"{kind}_{name}": x for kind in KINDS for name, x in vars(found.seen(kind)).items()}
    np.savez_compressed(file, labels=found.labels, **columns)


def load(file: Path) -> Judged:
    """What `save` wrote."""

    def seen(kind: str) -> Seen:
        columns = {f.name: kept[f"{kind}_{f.name}"] for f in fields(Seen)}
        return Seen(**{**columns, "missed": int(columns["missed"])})

    with np.load(file) as kept:
        return Judged(seen("given"), seen("searched"), kept["labels"])


def told(name: str, seen: Seen, probabilities: Floats) -> None:
    """Prints log loss, accuracy and the label-only F1 of some probabilities."""
    rows, said = np.arange(len(seen.gold)), probabilities.argmax(1)
    correct = ((said == seen.gold) & (seen.gold != OPEN)).sum()
    f1 = 2 * correct / max(1, (said != OPEN).sum() + (seen.gold != OPEN).sum() + seen.missed)
    loss = -np.log(np.maximum(probabilities[rows, seen.gold], 1e-6)).mean()
    print(f"{name}: {len(rows)} pairs, log loss {loss:.3f}, accuracy {(said == seen.gold).mean():.3f}, F1 {f1:.3f}")


def main() -> None:
    """Judges the left-out claims, fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with verify/scifact")
    parser.add_argument("--kept", type=Path, help="file of what the model said, written where it is not there")
    parser.add_argument("--out", type=Path, default=CALIBRATION, help="where the figures are written")
    arguments = parser.parse_args()
    written: dict[str, Any] = {
        "about": "joined * log p of the nearest lines together + decided * log p of the line that alone leaves least open + shift, "
        "nearness taken off the open label, made to sum to 1; by training/verifier_calibration.py on claims that the "
        "verifier was not trained on",
    }
    found = judged(arguments.data / "verify" / "scifact", arguments.kept)
    for kind in KINDS:
        seen, fitted = found.seen(kind), fit(found.seen(kind), USED[kind])
        p, lean = _verdicts(found, kind)
        told(f"{kind}, joined as the model gives it", seen, np.exp(seen.joined))
        told(f"{kind}, fitted", seen, by_fifths(seen, USED[kind]))
        told(f"{kind}, leaning by {lean:.1f}", seen, p)
        fitted["shift"][LABELS[OPEN]] -= lean
        written[kind] = {
            "set": "SciFact train, claims left out",
            "claims": len(np.unique(seen.claim)),
            "pairs": len(seen.gold),
            **_rounded(fitted),
        }
    arguments.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"written: {arguments.out.name}")


def _rounded(figures: Any) -> Any:
    if isinstance(figures, dict):
        return {name: _rounded(x) for name, x in figures.items()}
    return round(figures, 4)


if __name__ == "__main__":
    main()
