"""Ranking by relevance: cited abstracts for claims of SciFact, papers that report on a dataset for questions on it.

    python -m benchmarks.search.ranking [--abstracts N]      writes benchmarks/results/search_ranking.json

SciFact's dev part: 200 claims and 1,000 abstracts, among them all that the claims cite; the reciprocal rank of the
first cited one. The 55 result papers as a library: one question for each dataset that the gold annotations name, the
average precision of the papers that report on it, with the words of the abstracts and with those of the whole papers.
Intervals are 95 % percentile bootstraps over claims and over questions. The share of the vectors is read off SciFact;
nothing is fitted on the papers.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import RESULTS, data_folder, print_table, write_result
from claimcheck.foundation.records import Work
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis import ranking
from claimcheck.synthesis.library import read_library

SEED = 95
DRAWS = 2000


def reciprocal_rank(order: Sequence[str], wanted: set[str]) -> float:
    """One over the place of the first wanted name."""
    return next((1 / place for place, name in enumerate(order, 1) if name in wanted), 0.0)


def average_precision(order: Sequence[str], wanted: set[str]) -> float:
    """The mean, over the wanted names, of the share of wanted ones down to their places."""
    places = [place for place, name in enumerate(order, 1) if name in wanted]
    return sum(hits / place for hits, place in enumerate(places, 1)) / len(wanted)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high)."""
    given = np.array(values)
    drawn = given[np.random.default_rng(SEED).integers(0, len(given), (DRAWS, len(given)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return round(float(given.mean()), 3), round(float(low), 3), round(float(high), 3)


def scifact(
    folder: Path, claims_drawn: int, abstracts: int, settings: Settings
) -> dict[str, tuple[float, float, float]]:
    """Reciprocal ranks by how relevance is measured."""
    with lzma.open(folder / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        corpus = [json.loads(line) for line in lines]
    claims = [json.loads(line) for line in (folder / "claims_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    generator = random.Random(0)
    claims = generator.sample([c for c in claims if c["cited_doc_ids"]], claims_drawn)
    cited = {d for c in claims for d in c["cited_doc_ids"]}
    others = [d for d in corpus if d["doc_id"] not in cited]
    chosen = [d for d in corpus if d["doc_id"] in cited]
    chosen += generator.sample(others, max(0, abstracts - len(chosen)))
    works = [Work(title=d["title"], abstract=" ".join(d["abstract"]), path=str(d["doc_id"])) for d in chosen]
    found: dict[str, list[float]] = defaultdict(list)
    bags = {w.path: ranking.bag_of(f"{w.title}. {w.abstract}") for w in works}  # counted once for all claims
    for claim in claims:
        wanted = {str(d) for d in claim["cited_doc_ids"]}
        by_words = np.argsort(-ranking.bm25(claim["claim"], list(bags.values())), kind="stable")
        found["words of abstracts"].append(reciprocal_rank([works[i].path for i in by_words], wanted))
        ranked = ranking.rank(claim["claim"], works, settings, bags)
        found["words and meaning"].append(reciprocal_rank([w.path for w in ranked], wanted))
    return {name: interval(values) for name, values in found.items()}


def papers(folder: Path, settings: Settings) -> dict[str, tuple[float, float, float]]:
    """Average precision of the papers on a dataset, by how relevance is measured."""
    with lzma.open(folder / "gold.jsonl.xz", "rt", encoding="utf-8") as lines:
        gold = [json.loads(line) for line in lines]
    reports: dict[tuple[str, str], set[str]] = defaultdict(set)
    for paper in gold:
        if paper["pdf"]:
            for result in paper["results"]:
                reports[result["task"].replace("_", " "), result["dataset"]].add(Path(paper["pdf"]).name)
    found: dict[str, list[float]] = defaultdict(list)
    for (task, dataset), wanted in sorted(reports.items()):
        question = f"Which models are best on {dataset} for {task}?"
        library = read_library(folder / "pdf", settings, question)
        wanted &= {Path(w.path).name for w in library.works}
        if not wanted:
            continue
        for name, bags in (("words of abstracts, and meaning", {}), ("words of papers, and meaning", library.bags)):
            ranked = ranking.rank(question, library.works, settings, bags)
            found[name].append(average_precision([Path(w.path).name for w in ranked], wanted))
    return {name: interval(values) for name, values in found.items()}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=200, help="claims of SciFact")
    parser.add_argument("--abstracts", type=int, default=1000, help="abstracts of SciFact")
    parser.add_argument("--out", type=Path, default=RESULTS / "search_ranking.json")
    given = parser.parse_args()
    data, settings = data_folder(), Settings.load(offline=True)
    measured = {
        "SciFact, reciprocal rank": scifact(data / "verify" / "scifact", given.claims, given.abstracts, settings),
        "55 papers, average precision": papers(data / "results" / "nlp-tdms", settings),
    }
    rows = [
        (measure, name, f"{mean:.3f}", f"{low:.3f} to {high:.3f}")
        for measure, by_name in measured.items()
        for name, (mean, low, high) in by_name.items()
    ]
    print_table(("measure", "relevance by", "mean", "95 % interval"), rows)
    write_result(given.out, {"abstracts": given.abstracts, "claims": given.claims, "measured": measured})


if __name__ == "__main__":
    main()
