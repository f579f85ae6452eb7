"""How often a question over the 55 result papers comes to the expected outcome, and how long it takes from the cache.

    python -m benchmarks.synthesis [--part develop|test] [--out FILE]

questions.json holds questions of our own with the outcome that a reader of the papers expects: half of them were used
to set the rules and thresholds of bearing, the other half only to test them. The papers are checked first where the
cache has no ledger of them; that time is not counted. `first` is a question over papers whose ledgers are in the cache
and nothing else; the others find vectors and number links of earlier questions too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import RESULTS, pdf_papers, percent, print_table, share, write_result
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.stats import wilson_interval
from claimcheck.pipeline import check_papers
from claimcheck.synthesis.run import synthesize

BUDGET = 15.0  # seconds of a synthesis over cached papers on two cores (DESIGN.md section 3)
HERE = Path(__file__).parent


def run(questions: Sequence[dict[str, str]], settings: Settings, library: Path, papers: int) -> list[dict[str, object]]:
    """Outcome and seconds of each question."""
    out: list[dict[str, object]] = []
    for asked in questions:
        begin = time.perf_counter()
        found = synthesize(asked["question"], settings, library=library, limit=papers)
        seconds = time.perf_counter() - begin
        direction = found.answer.direction or ""
        right = found.answer.outcome == asked["outcome"] and (not asked["direction"] or direction == asked["direction"])
        out.append(
            {
                **asked,
                "found": found.answer.outcome,
                "found_direction": direction,
                "why": found.answer.why,
                "bearing_claims": sum(b.bears for b in found.answer.bearings),
                "right": right,
                "seconds": round(seconds, 2),
                "parts": found.run.seconds,
            }
        )
        print(
            f"{'right' if right else 'WRONG'} {seconds:5.1f} s  {asked['question']}: {found.answer.outcome} {direction}"
        )
    return out


def main() -> None:
    """Run, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("develop", "test"))
    parser.add_argument("--out", type=Path, default=RESULTS / "synthesis.json")
    arguments = parser.parse_args()
    papers = pdf_papers()
    settings = Settings.load(offline=True)
    failed = sum(outcome.error is not None for outcome in check_papers(papers, settings))
    questions = [q for q in json.loads((HERE / "questions.json").read_text()) if arguments.part in (None, q["part"])]
    rows = run(questions, settings, papers[0].parent, len(papers))
    table: list[tuple[object, ...]] = []
    summary: dict[str, object] = {"papers": len(papers), "papers_failed": failed, "budget_seconds": BUDGET}
    for part in ("develop", "test"):
        of_part = [r for r in rows if r["part"] == part]
        if not of_part:
            continue
        right = sum(bool(r["right"]) for r in of_part)
        low, high = wilson_interval(right, len(of_part))
        summary |= {f"{part}_right": right, f"{part}_questions": len(of_part), f"{part}_interval": (low, high)}
        table.append((part, len(of_part), percent(share(right, len(of_part))), f"{percent(low)} to {percent(high)}"))
    seconds = [float(str(r["seconds"])) for r in rows]
    summary |= {
        "first_seconds": seconds[0],
        "median_seconds": round(statistics.median(seconds[1:] or seconds), 2),
        "longest_seconds": max(seconds),
    }
    print_table(("questions", "n", "as expected", "95 % interval (Wilson)"), table)
    print(f"first {seconds[0]:.1f} s, then median {summary['median_seconds']} s; budget {BUDGET:g} s")
    write_result(arguments.out, summary, questions=rows)


if __name__ == "__main__":
    main()
