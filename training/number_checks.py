"""Fits the two small models of claimcheck/checks/signs.json on papers as they are against the same papers falsified.

    python training/number_checks.py ../shared/data/results/nlp-tdms/pdf

support  a place that gives the number: the numbers that papers print (yes) against random numbers of the same form and
         numbers with one digit changed that some place gives by chance (no)
refute   the place that would be meant where none gives the number: falsified numbers of claims that the tables support (yes)
         against the papers' own numbers that no place gives (no), and against numbers whose row was taken out of its table,
         as where a table does not hold what a sentence speaks of (no)

Cross-validated by paper; thresholds are chosen on the held-out folds. Only weights of some dozen named signs leave the papers.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from claimcheck.checks import cells
from claimcheck.checks.table_index import TableIndex, index_document
from claimcheck.claims import claim_of, extract_claims
from claimcheck.foundation.records import Claim, Document, Paper, Quantity
from claimcheck.reading.pdf import read_pdf

RANDOM_ACCEPTED = 0.022  # share of random numbers that may find an accepted derivation
REPEATS = 5  # of the cross-validation, so that a threshold does not hang on one split
FALSE_ALARMS = 0.024  # of the claims with a numeric check, the papers' own mistakes among them
ROW_GONE = 0.1  # weight of a number whose row was taken out: papers do so more seldom than the script
Row = tuple[str, dict[str, float], bool, float, int]  # model, signs, yes, weight, paper


def falsified(claim: Claim, quantity: Quantity, rng: random.Random, how: str) -> Claim | None:
    """The claim as plain words with one number changed: one digit ("slip") or all digits ("random")."""
    printed = "".join(c for c in quantity.text if c.isdigit() or c == ".").strip(".")
    a = claim.text.find(printed, quantity.span[0])
    if not printed or a < 0 or a > quantity.span[1]:
        return None
    for _ in range(20):
        if how == "slip":
            i = rng.choice([i for i, c in enumerate(printed) if c.isdigit()])
            new = printed[:i] + rng.choice("0123456789") + printed[i + 1 :]
        else:
            new = "".join(rng.choice("0123456789") if c.isdigit() else c for c in printed)
        leading_zero = len(new) > 1 and new[0] == "0" and new[1] != "."
        if not leading_zero and abs(float(new) - quantity.value) > 6.9 * quantity.half_width:
            return claim_of(claim.text[:a] + new + claim.text[a + len(printed) :])
    return None


def without_rows(document: Document, finding: cells.Finding) -> TableIndex | None:
    """The paper's tables without the rows, or the columns, that a number was found in; None where nothing would be left."""
    if finding.candidate is None:
        return None
    table = finding.candidate.batch.fit.view.table
    gone = {r for r, _ in finding.candidate.cells}
    if len(gone) == 1 and table.height - table.header_rows < 3:
        return None
    kept = [i for i in range(table.height) if i not in gone]
    if any(c.origin is not None and c.origin[0] >= table.header_rows for row in table.grid for c in row):
        return None  # cells that span body rows point to them by number
    smaller = table.model_copy(update={"grid": tuple(table.grid[i] for i in kept)})
    tables = tuple(smaller if t is table else t for t in document.tables)
    return index_document(document.model_copy(update={"tables": tables}))


def rows_of(paper: int, document: Document, rng: random.Random, tally: dict[str, int]) -> Iterator[Row]:
    """Training rows of one paper; counts the numeric checks and the falsified ones in `tally`."""
    index = index_document(document)
    for claim in extract_claims(document):
        findings = cells.check_numbers(claim, index)
        tally["claims"] = tally.get("claims", 0) + any(f.label != "not_enough_info" for f in findings)
        for f in findings:
            tally["numbers"] = tally.get("numbers", 0) + 1
            given = f if f.signs is not None and "surprise" in f.signs else f.given
            if given is not None and given.signs is not None:
                yield "support", given.signs, True, 1.0, paper
            if f.may_refute and f.signs is not None:
                yield "refute", f.signs, False, 1.0, paper
            if f.label == "supported" and (smaller := without_rows(document, f)) is not None:
                for g in cells.check_numbers(claim, smaller):
                    if g.quantity.span == f.quantity.span and g.may_refute and g.signs is not None:
                        tally["row gone"] = tally.get("row gone", 0) + 1
                        yield "refute", g.signs, False, ROW_GONE, paper
            modes = (
                ["slip", "random", "random"] if f.label != "supported" else ["slip", "slip", "slip", "random", "random"]
            )
            for how in modes:
                wrong = falsified(claim, f.quantity, rng, how)
                if wrong is None:
                    continue
                wrong = wrong.model_copy(update={"places": claim.places})
                for g in cells.check_numbers(wrong, index):
                    if g.quantity.span[0] != f.quantity.span[0]:
                        continue
                    if how == "random":
                        tally["random"] = tally.get("random", 0) + 1
                    if g.signs is None:
                        continue
                    by_chance = g if "surprise" in g.signs else g.given
                    if by_chance is not None and by_chance.signs is not None:
                        yield "support", by_chance.signs, False, 1.0 if how == "random" else 0.5, paper
                    if f.label == "supported" and g.may_refute and how == "slip":
                        yield "refute", g.signs, True, 0.5, paper


def fit(name: str, rows: list[Row], tally: dict[str, int]) -> dict[str, object]:
    """Cross-validated weights and threshold of one model; prints what they reach."""
    own = [r for r in rows if r[0] == name]
    names = sorted({k for r in own for k in r[1]})
    x = np.array([[r[1].get(k, 0.0) for k in names] for r in own])
    y = np.array([r[2] for r in own])
    weight = np.array([r[3] for r in own])
    groups = np.array([r[4] for r in own])
    scale = x.std(axis=0) + 1e-6
    head = LogisticRegression(C=0.3, max_iter=5000)
    out = np.zeros(len(y))
    for seed in range(REPEATS):
        shuffled = np.random.default_rng(seed).permutation(groups.max() + 1)[groups]
        for train, test in GroupKFold(8).split(x, y, shuffled):
            head.fit(x[train] / scale, y[train], sample_weight=weight[train])
            out[test] += head.predict_proba(x[test] / scale)[:, 1] / REPEATS
    if name == "support":
        random_rows = (~y) & (weight == 1.0)
        allowed = RANDOM_ACCEPTED * tally["random"]
        order = np.sort(out[random_rows])[::-1]
    else:
        allowed = FALSE_ALARMS * tally["claims"]
        order = np.sort(out[~y & (weight == 1.0)])[::-1]
    k = int(allowed)
    # halfway between the last "no" that may pass and the first that may not
    threshold = float(order[k - 1 : k + 1].mean()) if 0 < k < len(order) else 0.5
    print(
        f"{name}: {len(y)} rows, {y.mean():.3f} yes; threshold {threshold:.3f}: yes kept {np.mean(out[y] >= threshold):.3f}, no kept {np.mean(out[~y] >= threshold):.4f} ({(out[~y] >= threshold).sum()} of {(~y).sum()})"
    )
    for k in range(0, 14, 2):
        t = order[min(k, len(order) - 1)]
        print(f"   {k} of no above {t:.3f}: yes kept {np.mean(out[y] > t):.3f}")
    head.fit(x / scale, y, sample_weight=weight)
    weights = {k: round(float(w), 4) for k, w in zip(names, head.coef_[0] / scale, strict=True)}
    return {"bias": round(float(head.intercept_[0]), 4), "weights": weights, "threshold": round(threshold, 4)}


def main(folder: str) -> None:
    """Reads the papers, fits both models, writes signs.json."""
    rng = random.Random(7)
    rows: list[Row] = []
    tally: dict[str, int] = {}
    for i, path in enumerate(sorted(Path(folder).glob("*.pdf"))):
        document = read_pdf(path.read_bytes(), Paper(id=path.stem, source_kind="pdf"))
        rows += rows_of(i, document, rng, tally)
    print(tally)
    models = {name: fit(name, rows, tally) for name in ("support", "refute")}
    out = Path(__file__).parent.parent / "claimcheck" / "checks" / "signs.json"
    out.write_text(json.dumps(models, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
