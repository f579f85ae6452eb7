"""Makes claimcheck/checks/reliability.json: verdicts whose truth is known, and how sure verdicts by table cells are.

    python -m training.reliability DATA [--only cells|statements|text] [--judged FILE]      DATA: has results/ and verify/

cells       papers of NLP-TDMS: claims as printed, and the supported ones with a number or a direction made wrong. The
            models of claimcheck/checks/signs.json are fitted anew without the fifth of the papers that is checked.
statements  TabFact and InfoTabS, statements on tables that no tree of the statement model saw.
text        claims of SciFact's train part that the verifier was not trained on (--judged: the file that
            training/verifier_calibration.py --kept wrote).

Only numbers are written: confidence, and whether the verdict was right. With --only the other parts stay as they are.
training/reliability.md says what is assumed. SciTab, SEM-TAB-FACTS and all other measuring sets are never read here.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from benchmarks.own_tables.judgements import FALSE, load_causes
from benchmarks.own_tables.planted import wrong_direction, wrong_numbers
from benchmarks.own_tables.untouched import cites_table
from claimcheck.checks import cells, reliability, risk
from claimcheck.checks.counts import check_counts
from claimcheck.checks.decide import Found, said_by_cells
from claimcheck.checks.directions import check_directions
from claimcheck.checks.named import check_names
from claimcheck.checks.reliability import CellConfidence, Mixture, Outcomes, Sample, log_odds, strength_of
from claimcheck.checks.signs import Weighing
from claimcheck.checks.statements import calibration
from claimcheck.checks.table_index import TableIndex, index_document, index_tables
from claimcheck.claims import claim_of, extract_claims
from claimcheck.foundation.records import LABELS, Check, Claim, Document, Label, Paper
from claimcheck.reading.pdf import read_pdf
from training import number_checks, statements

FOLDS = 5
SLIPS = 4  # wrong numbers planted in a claim at most
# of 1,212 reported statistics 12.2 % contradicted themselves (Caperos and Pardo 2013, Psicothema 25, 408-414)
SHARE_WRONG = 0.1
PENALTY = 0.3  # inverse strength of the L2 penalty on the slopes: few verdicts are wrong
CARRYING: tuple[Label, ...] = ("supported", "refuted")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CellVerdict:
    """What the cells said of one claim, and whether the claim is true; `label` is "not_enough_info" where they said nothing."""

    paper: int
    true: bool
    label: Label
    kind: str = ""
    strength: float = 0.0

    @property
    def right(self) -> bool:
        """Whether the label is the truth."""
        return self.true == (self.label == "supported")


@contextmanager
def weighed_by(models: Mapping[str, Any]) -> Iterator[None]:
    """Lets the number checks use other weights than the shipped ones for a while."""
    kept = cells.SUPPORT, cells.REFUTE
    support, refute = (
        Weighing(float(m["bias"]), m["weights"], float(m["threshold"])) for m in (models["support"], models["refute"])
    )
    cells.SUPPORT, cells.REFUTE = support, refute
    try:
        yield
    finally:
        cells.SUPPORT, cells.REFUTE = kept


def said_of(claim: Claim, index: TableIndex) -> tuple[list[Check], Label, str, float]:
    """(checks, label, kind, strength) of what the cells of its paper say of a claim, as `decide` reads it."""
    findings = cells.check_numbers(claim, index)
    found = Found(
        [cells.to_check(f, index) for f in findings],
        [*check_directions(claim, findings, index), *check_counts(claim, index), *check_names(claim, findings, index)],
    )
    label = said_by_cells(found)
    if label is None or label == "not_enough_info":
        return found.checks, "not_enough_info", "", 0.0
    return found.checks, label, *strength_of(found.checks, label)


def falsified(claim: Claim, checks: Sequence[Check], rng: random.Random) -> list[str]:
    """The claim with one number of a derivation changed by a digit, at most SLIPS times, and with its direction turned."""
    derivations = [c.derivation for c in checks if c.label == "supported" and c.derivation and cites_table(c)]
    slips = sorted({text for d in derivations for text in wrong_numbers(claim.text, d)})
    rng.shuffle(slips)
    turned = wrong_direction(claim.text) if derivations else None
    return [*slips[:SLIPS], *([turned] if turned else [])]


def papers(folder: Path) -> list[Document]:
    """The PDFs by name."""
    return [read_pdf(p.read_bytes(), Paper(id=p.stem, source_kind="pdf")) for p in sorted(folder.glob("*.pdf"))]


def cell_verdicts(documents: Sequence[Document]) -> list[CellVerdict]:
    """What cells say of every claim as it is printed and of those they support falsified; no paper helped to fit its judges."""
    rows: list[list[number_checks.Row]] = []
    tallies: list[dict[str, int]] = []
    for i, document in enumerate(documents):
        tallies.append({})
        seed = zlib.crc32(document.paper.id.encode())
        rows.append(list(number_checks.rows_of(i, document, random.Random(seed), tallies[i])))
    out: list[CellVerdict] = []
    errors = {key for key, cause in load_causes().items() if not cause.startswith(FALSE)}
    for fold in range(FOLDS):
        own = [i for i in range(len(documents)) if i % FOLDS == fold]
        others = [i for i in range(len(documents)) if i % FOLDS != fold]
        tally = dict(sum((Counter(tallies[i]) for i in others), Counter()))
        known = [row for i in others for row in rows[i]]
        models = {name: number_checks.fit(name, known, tally) for name in ("support", "refute")}
        with weighed_by(models):
            for i in own:
                out += _verdicts_of(i, documents[i], errors)
    return out


def _verdicts_of(number: int, document: Document, errors: set[tuple[str, str]]) -> Iterator[CellVerdict]:
    index = index_document(document)
    for claim in extract_claims(document):
        checks, label, kind, strength = said_of(claim, index)
        true = (document.paper.id, claim.id) not in errors
        if label != "not_enough_info":
            yield CellVerdict(number, true, label, kind, strength)
        if label == "refuted" and true:
            print(f"   false alarm: {document.paper.id} {claim.id}: {claim.text}")
        if label == "supported":
            rng = random.Random(zlib.crc32(f"{document.paper.id} {claim.id}".encode()))
            for text in falsified(claim, checks, rng):
                yield CellVerdict(number, False, *said_of(claim_of(text, [document]), index)[1:])


def fit_lines(verdicts: Sequence[CellVerdict], name: str) -> CellConfidence:
    """P(right) for each label: a logistic line on the log-odds of the strength, and a step for comparisons (Platt 1999).

    The lines are fitted on the verdicts as they are, then shifted so that SHARE_WRONG of the claims are false
    (King and Zeng 2001, "Logistic regression in rare events data", equation 7).
    """
    true = sum(v.true for v in verdicts)
    # how much more one true claim counts than one false claim in the assumed mixture
    counts = (1 - SHARE_WRONG) / max(1, true) / (SHARE_WRONG / max(1, len(verdicts) - true))
    lines: dict[tuple[Label, str], tuple[float, float]] = {}
    for label in CARRYING:
        mine = [v for v in verdicts if v.label == label]
        x = np.array([[log_odds(v.strength), v.kind == "direction"] for v in mine], dtype=float)
        # what was not seen may come: half a verdict of either kind at the mean, as in Platt's targets
        x = np.vstack([x, x.mean(axis=0), x.mean(axis=0)])
        y = np.array([*(v.right for v in mine), True, False])
        weight = np.array([1.0] * len(mine) + [0.5, 0.5])
        scale = x.std(axis=0) + 1e-6
        head = LogisticRegression(C=PENALTY, max_iter=1000).fit(x / scale, y, sample_weight=weight)
        slope, step = head.coef_[0] / scale
        bias = float(head.intercept_[0]) + float(np.log(counts)) * (1 if label == "supported" else -1)
        for kind in ("cells", "direction"):
            # a stronger check is never a weaker reason
            lines[label, kind] = bias + float(step) * (kind == "direction"), max(0.0, float(slope))
    return CellConfidence(name, lines)


def cells_part(data: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the lines, the sample) for tables in papers of verdicts by cells; the sample's confidences are from lines of the other papers."""
    documents = papers(data / "results" / "nlp-tdms" / "pdf")
    verdicts = cell_verdicts(documents)
    told = sum(v.label != "not_enough_info" for v in verdicts)
    name = (
        f"claims of {len(documents)} papers, as printed and falsified "
        f"({told} verdicts; one claim in {round(1 / SHARE_WRONG)} taken to be wrong)"
    )
    print(Counter((v.true, v.label, v.kind) for v in verdicts))
    outcomes: dict[Label, tuple[list[float], list[bool]]] = {label: ([], []) for label in CARRYING}
    for fold in range(FOLDS):
        lines = fit_lines([v for v in verdicts if v.paper % FOLDS != fold], name)
        for v in verdicts:
            if v.paper % FOLDS == fold and v.label != "not_enough_info":
                outcomes[v.label][0].append(lines(v.label, v.kind, v.strength))
                outcomes[v.label][1].append(v.right)
    true = sum(v.true for v in verdicts)
    mixture = Mixture(true, len(verdicts) - true, SHARE_WRONG)
    shipped = fit_lines(verdicts, name)
    lines_json = [
        {"label": label, "kind": kind, "bias": round(bias, 4), "slope": round(slope, 4)}
        for (label, kind), (bias, slope) in shipped.lines.items()
    ]
    return {"calibration": name, "lines": lines_json}, written(name, outcomes, mixture)


def statements_part(data: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the shares of right verdicts by the cells of tables that stand alone, the samples of these and of the statement model).

    The model's temperatures are fitted anew on four fifths of the tables that it is measured on.
    """
    real = [r for r in statements.collect(str(data)) if r.source in statements.REAL]
    rows = [r for r in real if r.held_out]
    gold = np.array([LABELS.index(r.label) for r in rows])  # type: ignore[arg-type]
    model = three_way(calibration(), statements.cross_fitted(rows), gold)
    lines, alone = alone_part(real)
    return lines, [alone, model]


def alone_part(rows: Sequence[statements.Row]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the lines, the sample) of verdicts by the cells of tables alone: one share, as label, kind and strength tell little there.

    No weight of these checks comes from TabFact or InfoTabS; the sample's shares are of the other tables.
    """
    indices: dict[int, TableIndex] = {}
    settled: list[tuple[Label, str, bool, int]] = []
    for r in rows:
        if r.view is None:
            continue
        if id(r.view) not in indices:
            indices[id(r.view)] = index_tables([r.view.table])
        _, label, kind, _ = said_of(claim_of(r.text, [r.view.table]), indices[id(r.view)])
        if label != "not_enough_info":
            settled.append((label, kind, label == r.label, zlib.crc32(b"fold " + r.table.encode()) % FOLDS))
    name = f"TabFact and InfoTabS, statements that cells settle ({len(settled)} statements)"

    def share(without: int | None) -> float:
        mine = [right for *_, right, fold in settled if fold != without]
        return (sum(mine) + 0.5) / (len(mine) + 1)

    outcomes: dict[Label, tuple[list[float], list[bool]]] = {label: ([], []) for label in CARRYING}
    for label, _, right, fold in settled:
        outcomes[label][0].append(share(fold))
        outcomes[label][1].append(right)
    print(Counter((label, kind, right) for label, kind, right, _ in settled))
    lines = [
        {"label": label, "kind": kind, "bias": round(float(logit(share(None))), 4), "slope": 0.0}
        for label in CARRYING
        for kind in ("cells", "direction")
    ]
    return {"calibration": name, "lines": lines}, written(name, outcomes, None)


def text_part(data: Path, judged: Path | None) -> list[dict[str, Any]]:
    """The samples of the verifier, for evidence that is given and for evidence that was searched for.

    `judged` saves the judging: the file that `training/verifier_calibration.py --kept` wrote.
    """
    from claimcheck.checks.text.combining import calibration_set

    sys.path.append(str(Path(__file__).parent))  # the verifier's scripts import one another by their bare names
    from training import verifier_calibration

    return [
        three_way(calibration_set(name == "searched"), probabilities, gold)
        for name, (probabilities, gold) in verifier_calibration.cross_fitted(
            data / "verify" / "scifact", judged
        ).items()
    ]


def three_way(name: str, probabilities: Floats, gold: NDArray[np.int64]) -> dict[str, Any]:
    """The sample of verdicts from (n, 3) probabilities in the order of LABELS and the index of the right label."""
    said = probabilities.argmax(axis=1)
    outcomes = {
        label: (probabilities[said == k, k].tolist(), (gold[said == k] == k).tolist()) for k, label in enumerate(LABELS)
    }
    return written(name, outcomes, None)


def written(
    name: str, outcomes: Mapping[Label, tuple[Sequence[float], Sequence[bool]]], mixture: Mixture | None
) -> dict[str, Any]:
    """A sample as reliability.json holds it."""
    raw: dict[str, Any] = {"calibration": name}
    if mixture is not None:
        raw["mixture"] = {"true": mixture.true, "false": mixture.false, "share": mixture.share}
    for label, (confidence, right) in outcomes.items():
        sorted_ = Outcomes.of(confidence, right)
        raw[label] = {
            "confidence": [round(1000 * float(x)) for x in sorted_.confidence],
            "right": "".join("1" if r else "0" for r in sorted_.right),
        }
    return raw


def show(sample: Sample) -> None:
    """Prints a sample's calibration error, and coverage and share of wrong verdicts at three risks, in sample."""
    found = sample.reliability()
    print(f"{found.calibration}: n {found.n}, ECE {found.ece}")
    for b in found.bins:
        print(f"   {b.confidence:.3f} {b.right:.3f} {b.n}")
    for label, outcomes in sample.outcomes.items():
        weight = sample.weights(label)
        if not len(weight) or label == "not_enough_info":
            continue
        for r in (0.05, 0.1, 0.2):
            least = risk.threshold(sample, label, r)
            passing = outcomes.confidence >= least
            wrong = float(weight[passing & ~outcomes.right].sum() / max(weight[passing].sum(), 1e-12))
            print(f"   {label} risk {r}: from {least:.2f}, coverage {passing.mean():.3f}, wrong {wrong:.3f}")


def save(parts: Mapping[str, Any], path: Path) -> None:
    """One sample a line, so that a change can be read."""
    samples = ",\n".join(json.dumps(x, separators=(",", ":")) for x in parts["samples"])
    path.write_text(
        f'{{\n"cells": {json.dumps(parts["cells"])},\n"samples": [\n{samples}\n]\n}}\n',
        encoding="utf-8",
    )


def main() -> None:
    """Makes the parts asked for, prints them, writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with results/ and verify/")
    parser.add_argument("--only", choices=("cells", "statements", "text"), help="make one part, keep the others")
    parser.add_argument("--judged", type=Path, help="what training/verifier_calibration.py kept of its judging")
    parser.add_argument("--out", type=Path, default=reliability.SAMPLES)
    arguments = parser.parse_args()
    kept = json.loads(arguments.out.read_text("utf-8")) if arguments.out.is_file() else {"cells": {}, "samples": []}
    by_part: dict[str, list[dict[str, Any]]] = {"cells": [], "statements": [], "text": []}
    for raw in kept["samples"]:
        by_part[raw["part"]].append(raw)
    wanted = (arguments.only,) if arguments.only else tuple(by_part)
    if "cells" in wanted:
        kept["cells"]["paper"], sample = cells_part(arguments.data)
        by_part["cells"] = [sample]
    if "statements" in wanted:
        kept["cells"]["alone"], by_part["statements"] = statements_part(arguments.data)
    if "text" in wanted:
        by_part["text"] = text_part(arguments.data, arguments.judged)
    kept["samples"] = [{"part": part, **raw} for part, samples in by_part.items() for raw in samples]
    for raw in kept["samples"]:
        show(reliability.sample_of(raw))
    save(kept, arguments.out)


if __name__ == "__main__":
    main()
