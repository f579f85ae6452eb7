"""LaTeX reports of real papers: rendered, compiled, and searched for boxes that stand out of the text.

    python -m benchmarks.report_latex PAPER... [--claims N] [--out FILE]

PAPER is what `claimcheck table` takes, read offline. Each is checked, its report rendered as LaTeX and compiled as the
PDF format is; the log of TeX's last run names the boxes. One more row repeats the claims of all papers until there are
N (500 by default), for the time that a long report takes. `--pdf DIR` keeps the PDFs, to be looked at.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.common import RESULTS, fresh_home, print_table, write_result
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import CheckedClaim, Ledger, Paper
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import check_papers
from claimcheck.publish.documents import ledger_latex
from claimcheck.publish.pdf import compile_latex

ALLOWED = 10.0
"""Points that a box may stand out of its line: a letter and a half."""
OVERFULL = re.compile(r"^Overfull \\[hv]box \((?P<points>[\d.]+)pt too (?:wide|high)\)", re.MULTILINE)
PAGES = re.compile(r"Output written on \S+ \((?P<pages>\d+) pages?,")


def overfull(log: str) -> list[float]:
    """Points by which boxes stand out, the largest first, from a log whose lines are not broken."""
    return sorted((float(match["points"]) for match in OVERFULL.finditer(log)), reverse=True)


def measure(name: str, ledger: Ledger, keep: Path | None = None) -> dict[str, object]:
    """Pages, boxes over `ALLOWED` points and seconds of one report, or TeX's error."""
    started = time.perf_counter()
    document = ledger_latex(ledger)
    rendered = time.perf_counter()
    row: dict[str, object] = {"paper": name, "claims": len(ledger.claims), "kilobytes": len(document) // 1000}
    row["render_seconds"] = round(rendered - started, 2)
    try:
        compiled = compile_latex(document)
    except ClaimcheckError as error:
        return row | {"error": str(error)}
    boxes = overfull(compiled.log)
    pages = PAGES.search(compiled.log)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}.pdf").write_bytes(compiled.pdf)
    return row | {
        "pages": int(pages["pages"]) if pages else 0,
        "overfull": sum(points > ALLOWED for points in boxes),
        "widest_points": round(boxes[0], 2) if boxes else 0.0,
        "compile_seconds": round(time.perf_counter() - rendered, 2),
    }


def long_ledger(ledgers: Sequence[Ledger], claims: int) -> Ledger:
    """A report of that many claims: those of the ledgers again and again, each with an id of its own."""
    found: list[CheckedClaim] = [claim for ledger in ledgers for claim in ledger.claims]
    again = (one.model_copy(update={"id": f"{i:012x}"}) for i, one in enumerate(islice(cycle(found), claims)))
    return Ledger(paper=Paper(id="many-claims", title="Claims of several papers, repeated"), claims=tuple(again))


def read_all(papers: Sequence[str]) -> Iterator[tuple[str, Ledger | str]]:
    """(name, ledger or the error in words) of each paper in turn."""
    with fresh_home() as home:
        for outcome in check_papers(papers, Settings.load(home=home, offline=True)):
            if outcome.ledger is not None:
                yield outcome.ledger.paper.id, outcome.ledger
            else:
                # the path of the data is the reader's own affair
                yield Path(papers[outcome.index]).stem, outcome.error.what if outcome.error else "the same as another"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line and measures; 1 where a report failed to compile or a box stands out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_latex", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("papers", nargs="+", metavar="PAPER")
    parser.add_argument("--claims", type=int, default=500, metavar="N", help="claims of the long report; 0: none")
    parser.add_argument("--pdf", type=Path, metavar="DIR", help="write the PDFs there")
    parser.add_argument("--out", type=Path, default=RESULTS / "report_latex.json", metavar="FILE")
    options = parser.parse_args(arguments)

    rows: list[dict[str, object]] = []
    ledgers: list[Ledger] = []
    for name, ledger in read_all(options.papers):
        if isinstance(ledger, str):
            rows.append({"paper": name, "error": ledger})
            continue
        ledgers.append(ledger)
        rows.append(measure(name, ledger, options.pdf))
        print(f"\r{len(rows)} of {len(options.papers)} {name[:40]:<40}", end="", file=sys.stderr, flush=True)
    if options.claims and any(ledger.claims for ledger in ledgers):
        rows.append(measure(f"{options.claims} claims", long_ledger(ledgers, options.claims), options.pdf))
    print(file=sys.stderr)

    columns = ("claims", "pages", "overfull", "widest_points", "render_seconds", "compile_seconds", "kilobytes")
    header = ("report", "claims", "pages", f"over {ALLOWED:g} pt", "widest pt", "render s", "compile s", "kB")
    print_table(header, [[row["paper"], *(row.get(name) for name in columns)] for row in rows])
    for row in rows:
        if "error" in row:
            print(f"failed: {row['paper']}: {row['error']}")
    failed = sum("error" in row for row in rows)
    wide = sum(row.get("overfull", 0) != 0 for row in rows)
    summary = {"reports": len(rows), "failed": failed, f"with_boxes_over_{ALLOWED:g}_pt": wide}
    print(f"{len(rows) - failed} of {len(rows)} reports compiled, {wide} with a box over {ALLOWED:g} pt")
    write_result(options.out, summary, reports=rows)
    return 1 if failed or wide else 0


if __name__ == "__main__":
    sys.exit(main())
