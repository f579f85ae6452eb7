"""Links between the results of 55 papers: the same system on the same dataset and metric, and its numbers.

    python -m benchmarks.across [--limit N] [--seed N] [--sheet] [--out FILE]

The papers are those of results/nlp-tdms. Rows of their tables that cite another of the papers are counted: linked or
not, and whether the numbers agree or are flagged. Forty links are drawn by seed and held against what a person saw in
the two papers (judged.json); `--sheet` prints those that were not looked at yet.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import claimcheck
from benchmarks.across.judged import draw, errors, key, load
from benchmarks.common import RESULTS, paper_name, pdf_papers, percent, print_table, share, write_result
from claimcheck.checks.across import compare_papers, quoting_rows
from claimcheck.foundation.records import CrossLink, Document, Result


def read(limit: int = 0) -> list[tuple[Document, list[Result]]]:
    """The papers with all of their results."""
    papers = []
    paths = pdf_papers(limit)
    for n, path in enumerate(paths, 1):
        print(f"\r{n} of {len(paths)} {paper_name(path)[:40]:<40}", end="", file=sys.stderr, flush=True)
        document = claimcheck.read(path)
        papers.append((document, claimcheck.results(document, all=True)))
    print(file=sys.stderr)
    return papers


def quoted(papers: Sequence[tuple[Document, Sequence[Result]]], links: Sequence[CrossLink]) -> dict[str, object]:
    """Rows that cite another of the papers: how many are linked with it, agree with it, are flagged."""
    relations: dict[tuple[str, ...], str] = {}
    for link in links:
        if link.basis == "quoted":
            relations[_cell(link.first)] = link.relation
    rows = quoting_rows(papers)
    found = Counter(relations.get(_cell(result), "not linked") for result, _ in rows)
    linked = len(rows) - found["not linked"]
    return {
        "rows": len(rows),
        "linked": linked,
        "agree": found["equal"],
        "flagged": linked - found["equal"],
        "of_linked_agree": share(found["equal"], linked),
        **{name: found[name] for name in ("different_definition", "different_condition", "conflict")},
    }


def _cell(result: Result) -> tuple[str, ...]:
    p = result.pointer
    return p.paper, str(p.table), str(p.cell), result.metric, result.score


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.across", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument("--seed", type=int, default=11, metavar="N", help="of the draw")
    parser.add_argument("--sheet", action="store_true", help="print the drawn links that nobody looked at")
    parser.add_argument("--out", type=Path, default=RESULTS / "across.json", metavar="FILE")
    options = parser.parse_args(arguments)

    papers = read(options.limit)
    before = time.process_time()
    links = compare_papers(papers)
    seconds = round(time.process_time() - before, 2)
    drawn, judged = draw(links, options.seed), load()
    if options.sheet:
        for link in drawn:
            if key(link) not in judged:
                print(f"{key(link)}\n  {link.first.score} and {link.second.score}: {link.reason}")
        return
    rows, wrong = errors(links, drawn, judged)
    found = quoted(papers, links)
    pairs = {frozenset((link.first.pointer.paper, link.second.pointer.paper)) for link in links}
    print_table(
        ("links", "all", "drawn", "looked at", "wrong"),
        [[f"{r['basis']}, {r['relation']}", r["links"], r["drawn"], r["looked_at"], r["wrong"]] for r in rows],
    )
    looked = sum(int(str(r["looked_at"])) for r in rows)
    mistakes = sum(int(str(r["wrong"])) for r in rows)
    print(
        f"{len(papers)} papers, {len(links)} links between {len(pairs)} pairs of them in {seconds} s; "
        f"{mistakes} of {looked} looked at are wrong, {percent(wrong)} of all links by their strata"
    )
    print(
        f"{found['rows']} rows cite another of the papers that has own results on the same data and metric: "
        f"{found['linked']} linked, {found['agree']} agree, {found['flagged']} flagged"
    )
    summary: dict[str, object] = {
        "papers": len(papers),
        "links": len(links),
        "pairs": len(pairs),
        "process_seconds": seconds,
        "looked_at": looked,
        "wrong": mistakes,
        "wrong_share_of_all": wrong,
        "quoting_rows": found,
    }
    sample = [{"link": key(link), "judgement": judged.get(key(link), "not looked at")} for link in drawn]
    write_result(options.out, summary, strata=rows, sample=sample)


if __name__ == "__main__":
    main()
