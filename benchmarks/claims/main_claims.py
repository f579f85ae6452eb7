"""Whether the first rows of a claim table are the paper's main claims: ten papers whose claims were listed by hand.

    python -m benchmarks.claims.main_claims [--rows N] [--out FILE]

The lists (tests/data/main_claims.json) hold the claims of abstract and conclusion of ten papers, written down from the
PDFs before the extractor had run on them. A row has a listed claim when one of its places, verbatim, contains all
numbers of the claim, or of one of its places, and at least two thirds of the words. Also measured: how many rows it
takes, and whether places that people took for one claim share a row.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import MISSING, RESULTS, ROOT, data_folder, percent, print_table, share, write_result
from claimcheck.foundation.records import Claim, Document
from claimcheck.foundation.words import plain

_LISTS = ROOT / "tests" / "data" / "main_claims.json"
_WORDS = 2 / 3  # of the listed words, that a row's text must have


@dataclass(frozen=True, slots=True)
class Match:
    """A listed claim, the first row that has it (from 1; None where none does), and the rows of its single places."""

    claim: dict[str, Any]
    row: int | None
    place_rows: tuple[int | None, ...]

    @property
    def together(self) -> bool | None:
        """Whether the places that were found share a row; None with fewer than two of them."""
        found = [r for r in self.place_rows if r is not None]
        return len(set(found)) == 1 if len(found) > 1 else None


def has(text: str, words: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether a verbatim text contains all numbers and at least two thirds of the words, as parts of words."""
    low = plain(text).lower()
    return all(plain(n).lower() in low for n in numbers) and sum(
        plain(w).lower() in low for w in words
    ) >= _WORDS * len(words)


def ranked(claims: Sequence[Claim]) -> list[Claim]:
    """Claims as `--max-claims` takes them: by importance, then in reading order."""
    return [claims[i] for i in sorted(range(len(claims)), key=lambda i: (-claims[i].importance, i))]


def match(listed: dict[str, Any], rows: Sequence[Claim]) -> Match:
    """Where a listed claim stands among the rows."""
    signs = [(listed["words"], listed["numbers"])] + [(p["words"], p["numbers"]) for p in listed["places"]]

    def first(*wanted: tuple[Sequence[str], Sequence[str]]) -> int | None:
        for n, claim in enumerate(rows, 1):
            if any(has(p.text, *sign) for p in claim.places for sign in wanted):
                return n
        return None

    return Match(listed, first(*signs), tuple(first(sign) for sign in signs[1:]))


def paper_matches(document: Document, listed: Sequence[dict[str, Any]]) -> tuple[list[Match], int]:
    """The match of each listed claim of a paper, and how many claims the paper has."""
    from claimcheck.claims import extract_claims

    rows = ranked(extract_claims(document))
    return [match(claim, rows) for claim in listed], len(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claims.main_claims", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rows", type=int, default=15, metavar="N", help="how many of the first rows count")
    parser.add_argument("--out", type=Path, default=RESULTS / "claims_main.json", metavar="FILE")
    options = parser.parse_args(arguments)
    if not _LISTS.is_file():
        print(f"benchmark: {_LISTS.relative_to(ROOT)} is missing", file=sys.stderr)
        raise SystemExit(MISSING)
    import claimcheck

    folder = data_folder() / "results" / "nlp-tdms" / "pdf"
    rows: list[dict[str, object]] = []
    misses: list[dict[str, object]] = []
    matches: list[Match] = []
    for paper in json.loads(_LISTS.read_text(encoding="utf-8")):
        found, claims = paper_matches(claimcheck.read(folder / f"{paper['paper']}.pdf"), paper["claims"])
        matches += found
        within = [m for m in found if m.row is not None and m.row <= options.rows]
        rows.append({"paper": paper["paper"], "claims": claims, "listed": len(found), "within": len(within)})
        for m in found:
            if m not in within:
                misses.append({"paper": paper["paper"], "says": m.claim["says"], "kind": m.claim["kind"], "row": m.row})

    total = len(matches)
    within_total = sum(m.row is not None and m.row <= options.rows for m in matches)
    several = [m.together for m in matches if m.together is not None]
    summary: dict[str, Any] = {
        "papers": len(rows),
        "listed": total,
        "rows": options.rows,
        "recall": share(within_total, total),
        "recall_in_10_rows": share(sum(m.row is not None and m.row <= 10 for m in matches), total),
        "recall_in_any_row": share(sum(m.row is not None for m in matches), total),
        "said_twice": len(several),
        "said_twice_in_one_row": share(sum(several), len(several)),
    }
    print_table(
        ("paper", "claims", "listed", f"in {options.rows} rows"),
        [[r["paper"], r["claims"], r["listed"], r["within"]] for r in rows],
    )
    for miss in misses:
        where = "in no row" if miss["row"] is None else f"row {miss['row']}"
        print(f"missed: {miss['paper']}: {miss['says']} ({miss['kind']}; {where})")
    print(
        f"recall in {options.rows} rows {percent(share(within_total, total))} of {total}, "
        f"in 10 rows {percent(summary['recall_in_10_rows'])}, "
        f"in any row {percent(summary['recall_in_any_row'])}; "
        f"of {len(several)} said twice {percent(share(sum(several), len(several)))} in one row"
    )
    write_result(options.out, summary, papers=rows, missed=misses)


if __name__ == "__main__":
    main()
