"""The claim table over a corpus: every paper in one run of the pipeline, with counts of claims, checks and verdicts.

    python -m benchmarks.corpus [--workers N] [--limit N] [--out FILE]

Papers: the 55 PDFs of results/nlp-tdms, 1706.03762 as PDF and five LaTeX sources. The paper cache is empty, the model
cache is the user's own. A numeric check is a check with a derivation.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import (
    RESULTS,
    data_folder,
    fresh_home,
    latex_papers,
    page_count,
    paper_name,
    pdf_papers,
    print_table,
    write_result,
)
from claimcheck.foundation.records import LABELS, Ledger
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import Outcome, check_papers

SUMS = ("pages", "sentences", "tables", "claims", "numeric_claims", "numeric_checks", *LABELS)
STAGES = ("read", "extract", "check")


def corpus(limit: int = 0) -> list[tuple[str, Path]]:
    """(set, path) of the papers in their order; with `limit` only so many of each set."""
    pdfs = [("nlp-tdms pdf", p) for p in pdf_papers(limit)]
    latex = [("latex", p) for p in latex_papers()[: limit or None]]
    return [*pdfs, ("pdf", data_folder() / "papers" / "pdf" / "1706.03762.pdf"), *latex]


def row_of(group: str, path: Path, outcome: Outcome) -> dict[str, object]:
    """The figures of one paper, or its error."""
    row: dict[str, object] = {"paper": paper_name(path), "set": group}
    if path.suffix == ".pdf":
        row["pages"] = page_count(path)
    if outcome.error is not None:
        # the path of the data is the reader's own affair
        return row | {"error": type(outcome.error).__name__ + ": " + outcome.error.what}
    if outcome.ledger is None:
        return row | {"error": "the same contents as an earlier paper"}
    return row | ledger_figures(outcome.ledger)


def ledger_figures(ledger: Ledger) -> dict[str, object]:
    """Counts of a ledger, and the seconds of its stages."""
    verdicts = [c.verdict for c in ledger.claims]
    numeric = [[c for c in v.checks if c.derivation] for v in verdicts]
    labels = Counter(v.label for v in verdicts)
    return {
        "pages_not_read": len(ledger.paper.pages_not_read),
        "sentences": ledger.run.sentences,
        "tables": ledger.run.tables,
        "claims": len(ledger.claims),
        "numeric_claims": sum(map(bool, numeric)),
        "numeric_checks": sum(map(len, numeric)),
        **{label: labels[label] for label in LABELS},
        "seconds": {s: ledger.run.seconds.get(s, 0.0) for s in STAGES},
    }


def summed(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Papers, failures and the sums of all counts."""
    totals: Counter[str] = Counter()
    for row in rows:
        for name in SUMS:
            value = row.get(name, 0)
            totals[name] += value if isinstance(value, int) else 0
    failures = sum("error" in row for row in rows)
    return {"papers": len(rows), "read": len(rows) - failures, "failed": failures, **{n: totals[n] for n in SUMS}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="papers at a time; 0: one for each core")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N papers of each set; 0: all")
    parser.add_argument("--out", type=Path, default=RESULTS / "corpus.json", metavar="FILE")
    options = parser.parse_args(arguments)

    papers = corpus(options.limit)
    rows = []
    started = time.perf_counter()
    with fresh_home() as home:
        settings = Settings.load(home=home, offline=True, workers=options.workers)
        for outcome in check_papers([path for _, path in papers], settings):
            group, path = papers[outcome.index]
            rows.append(row_of(group, path, outcome))
            print(f"\r{len(rows)} of {len(papers)} {path.name[:40]:<40}", end="", file=sys.stderr, flush=True)
    wall = round(time.perf_counter() - started, 1)
    print(file=sys.stderr)

    total = summed(rows) | {"wall_seconds": wall, "workers": options.workers}
    names = ("pages", "sentences", "tables", "claims", "numeric_claims", *LABELS)
    header = ("paper", "pages", "sent.", "tables", "claims", "numeric", "supp.", "refuted", "not enough", "s")
    print_table(
        header,
        [
            *([r["paper"], *(r.get(n) for n in names), _seconds(r)] for r in rows if "error" not in r),
            ["all", *(total[n] for n in names), wall],
        ],
    )
    for row in rows:
        if "error" in row:
            print(f"failed: {row['paper']}: {row['error']}")
    print(f"{total['read']} of {total['papers']} papers read, {total['numeric_checks']} numeric checks")
    write_result(options.out, total, papers=rows)


def _seconds(row: dict[str, object]) -> float:
    stages = row["seconds"]
    return sum(stages.values()) if isinstance(stages, dict) else 0.0


if __name__ == "__main__":
    main()
