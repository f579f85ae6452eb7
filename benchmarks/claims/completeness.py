"""How far the estimate of missed claims can be trusted, on papers whose contribution sentences people have labelled.

    python -m benchmarks.claims.completeness [--limit N] [--out FILE]

In each of the 209 papers of NCG the sentences behind its contributions are known. They are a population of known size:
what the head and the patterns find of them gives an estimate of that size as in a ledger, and the estimate is held
against the truth. Measured for all contributions and for those that state results. For papers as a whole only what was
found and the estimate are shown: nobody has counted all their claims.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import MISSING, RESULTS, data_folder, percent, print_table, share, write_result
from claimcheck.claims.candidates import find_candidates, readable_sentences
from claimcheck.claims.completeness import completeness_of, estimate
from claimcheck.foundation.records import Completeness, Document, Paper, Section, Sentence

_RESULT_UNITS = ("results", "ablation-analysis")
_SET = "extract/ncg/train.jsonl.xz"


@dataclass(frozen=True, slots=True)
class Catch:
    """The labelled sentences of one paper and what the two extractors found of them."""

    paper: str
    known: int
    head: int
    patterns: int
    both: int

    @property
    def estimated(self) -> Completeness | None:
        """The estimate of `known` from what was found; as many more sentences are allowed as the paper could hold."""
        return estimate(self.head, self.patterns, self.both, max(1000, self.known))


def document(paper: dict[str, Any]) -> Document:
    """A labelled paper as a document: sentences in print's spacing, short lines without a full stop as headings."""
    sections: list[Section] = []
    sentences: list[Sentence] = []
    for line in paper["sentences"]:
        text = plain(line)
        heading = len(text.split()) <= 7 and not re.search(r"[.?!:;,)]$", text) and text[:1].isalnum()
        if heading or not text:
            kind = "abstract" if text.lower() == "abstract" else "body"
            kind = "references" if text.lower() == "references" else kind
            if text and text.lower() != "title":
                sections.append(Section(title=text, kind=kind))
            sentences.append(Sentence(text=text, section=len(sections) - 1, kind="heading"))
            continue
        abstract = bool(sections) and sections[-1].kind == "abstract"
        sentences.append(Sentence(text=text, section=len(sections) - 1, kind="abstract" if abstract else "body"))
    return Document(paper=Paper(id=paper["id"]), sections=tuple(sections), sentences=tuple(sentences))


def plain(line: str) -> str:
    """A tokenised line as it was printed, near enough: no space before punctuation, in brackets or around hyphens."""
    text = re.sub(r"\s+([.,;:?!%)\]])", r"\1", line.strip())
    text = re.sub(r"([(\[])\s+", r"\1", text)
    return re.sub(r"(?<=\w) - (?=\w)", "-", text)


def catches(paper: dict[str, Any]) -> tuple[Catch, Catch, Completeness | None]:
    """What was found of one paper's contributions, of its results, and the estimate for the paper as a whole."""
    whole = document(paper)
    readable = set(readable_sentences(whole))
    found = {c.index: c for c in find_candidates(whole)}
    labelled = [i - 1 for i in paper["contribution_lines_1based"] if i - 1 in readable]
    results = {_letters(s) for unit in _RESULT_UNITS for s in _sentences(paper["info_unit_sentences"].get(unit, []))}
    stating = [i for i in labelled if _letters(whole.sentences[i].text) in results]
    counted = []
    for indices in (labelled, stating):
        here = [found[i] for i in indices if i in found]
        head, patterns = sum(c.found_by_head for c in here), sum(c.found_by_patterns for c in here)
        both = sum(c.found_by_head and c.found_by_patterns for c in here)
        counted.append(Catch(paper["id"], len(indices), head, patterns, both))
    return counted[0], counted[1], completeness_of(list(found.values()), len(readable))


def _sentences(unit: Sequence[object]) -> Iterator[str]:
    for entry in unit:
        yield from str(entry).split("\n")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def summary(name: str, found: Sequence[Catch]) -> dict[str, Any]:
    """The figures of one kind of labelled sentences over all papers."""
    known = sum(c.known for c in found)
    union = sum(c.head + c.patterns - c.both for c in found)
    judged = [(c, e) for c in found if (e := c.estimated) is not None]
    ratios = [e.total / c.known for c, e in judged]
    # of sentences that one extractor missed, how many the other found, against those that it found: 1 is independence
    head, patterns, both = (sum(x) for x in zip(*((c.head, c.patterns, c.both) for c in found), strict=True))
    given, otherwise = share(both, head), share(patterns - both, known - head)
    return {
        "sentences": name,
        "papers": len(found),
        "papers_with_estimate": len(judged),
        "known": known,
        "found_by_head": share(head, known),
        "found_by_patterns": share(patterns, known),
        "found_by_both": share(both, known),
        "found_by_either": share(union, known),
        "patterns_find_given_head": given,
        "patterns_find_given_no_head": otherwise,
        "estimated_total": round(sum(e.total for _, e in judged), 1),
        "known_there": sum(c.known for c, _ in judged),
        "ratio_median": round(median(ratios), 3) if ratios else None,
        "ratio_pooled": round(sum(e.total for _, e in judged) / max(1, sum(c.known for c, _ in judged)), 3),
        "interval_holds_truth": share(sum(e.interval[0] <= c.known <= e.interval[1] for c, e in judged), len(judged)),
        "estimate_below_truth": share(sum(e.total < c.known for c, e in judged), len(judged)),
        "missed_in_truth": known - union,
        "missed_as_estimated": round(sum(e.missed for _, e in judged), 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claims.completeness", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument("--out", type=Path, default=RESULTS / "claims_completeness.json", metavar="FILE")
    options = parser.parse_args(arguments)
    path = data_folder() / _SET
    if not path.is_file():
        print(f"benchmark: {_SET} is not among the development data", file=sys.stderr)
        raise SystemExit(MISSING)
    with lzma.open(path, "rt", encoding="utf-8") as file:
        papers = [json.loads(line) for line in file][: options.limit or None]

    contributions: list[Catch] = []
    results: list[Catch] = []
    rows: list[dict[str, object]] = []
    for n, paper in enumerate(papers, 1):
        print(f"\r{n} of {len(papers)}", end="", file=sys.stderr, flush=True)
        all_of_them, stating, whole = catches(paper)
        contributions.append(all_of_them)
        results.append(stating)
        row: dict[str, object] = {"paper": paper["id"], "known": all_of_them.known, "known_results": stating.known}
        if whole is not None:
            row |= {"found": whole.found, "estimated": whole.total, "interval": whole.interval}
        rows.append(row)
    print(file=sys.stderr)

    kinds = [summary("contributions", contributions), summary("contributions: results", results)]
    names = ("known", "found_by_head", "found_by_patterns", "found_by_either")
    shown = ("ratio_median", "interval_holds_truth", "estimate_below_truth")
    print_table(
        ("labelled sentences", "known", "head", "patterns", "either", "estimate/truth", "in interval", "too low"),
        [
            [
                k["sentences"],
                k[names[0]],
                *(percent(k[n]) for n in names[1:]),
                k[shown[0]],
                *(percent(k[n]) for n in shown[1:]),
            ]
            for k in kinds
        ],
    )
    for k in kinds:
        print(
            f"{k['sentences']}: patterns find {percent(k['patterns_find_given_head'])} of what the head finds, "
            f"{percent(k['patterns_find_given_no_head'])} of what it misses"
        )
    write_result(options.out, {"kinds": kinds}, papers=rows)


if __name__ == "__main__":
    main()
