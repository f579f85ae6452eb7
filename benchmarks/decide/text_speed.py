"""How fast text is held against text: the model alone, claims beside real abstracts, and the claims of whole papers.

    python -m benchmarks.decide.text_speed [--pairs N] [--papers N] [--threads N]
                                           writes benchmarks/results/decide_text_speed.json

Seconds of the processor stand beside those of the clock, since the first hold on a machine that is shared. Models are
loaded and papers read, and their claims found, before the time starts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.common import RESULTS, ROOT, data_folder, page_count, pdf_papers, print_table, write_result
from benchmarks.decide.text_sets import Pair, Scifact, sample
from claimcheck.checks import check_many
from claimcheck.claims import claim_of, find_claims
from claimcheck.foundation.models.nli import pair_model
from claimcheck.foundation.models.verifier import PairModel
from claimcheck.foundation.records import Passage
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import read_paper

SAMPLE_PAPER = ROOT / "tests" / "data" / "sample" / "paper.pdf"
TOKENS = 128
Figures = dict[str, float | int | str]


def figures(settings: Settings, pairs: Sequence[Pair], papers: Sequence[Path]) -> dict[str, object]:
    """All three, printed and as a record."""
    model = alone(pair_model(settings))
    product = abstracts(settings, pairs)
    decided = [paper(settings, file) for file in papers]
    print_table(
        [f"{settings.threads} threads", "pairs", "a second", "a CPU second"],
        [
            [name, found["pairs"], found["pairs_a_second"], found["pairs_a_cpu_second"]]
            for name, found in ((f"model alone, {TOKENS} tokens", model), ("claim and abstract, check_many", product))
        ],
    )
    columns = ["paper", "pages", "claims", "seconds", "cpu_seconds"]
    print_table(["decided: paper", *columns[1:]], [[found[c] for c in columns] for found in decided])
    return {"threads": settings.threads, "alone": model, "abstracts": product, "papers": decided}


def alone(model: PairModel, pairs: int = 200) -> Figures:
    """The model's own speed at 128 tokens."""
    text = "the trial found that a daily dose lowers the risk of a second stroke in adults " * 8
    cut = [(f"Dose {i} lowers the risk.", " ".join(text.split()[: TOKENS - 10])) for i in range(pairs)]
    model.judge(cut[:8])
    return _rates(pairs, *_timed(lambda: model.judge(cut)))


def abstracts(settings: Settings, pairs: Sequence[Pair]) -> Figures:
    """Claims with one whole abstract each, as the product does it: search, reading, the deciding sentence."""
    asked = [(claim_of(p.claim), [Passage(p.text)]) for p in pairs]
    check_many(asked[:2], settings)
    return _rates(len(pairs), *_timed(lambda: check_many(asked, settings)))


def paper(settings: Settings, file: Path) -> Figures:
    """A paper's claims against the paper itself."""
    document = read_paper(file, settings)
    asked = [(claim, [document]) for claim in find_claims(document, settings).claims]
    seconds, cpu = _timed(lambda: check_many(asked, settings))
    return {
        "paper": file.stem,
        "pages": page_count(file),
        "claims": len(asked),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
    }


def _rates(pairs: int, seconds: float, cpu: float) -> Figures:
    return {
        "pairs": pairs,
        "seconds": round(seconds, 2),
        "pairs_a_second": round(pairs / seconds, 1),
        "pairs_a_cpu_second": round(pairs / cpu, 1),
    }


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def chosen_papers(count: int) -> list[Path]:
    """The sample paper of the tests, and so many of the development papers, evenly by name."""
    papers = pdf_papers()
    step = max(1, len(papers) // max(1, count))
    return [SAMPLE_PAPER, *papers[::step][:count]]


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=120, help="claims with an abstract")
    parser.add_argument("--papers", type=int, default=5, help="development papers beside the sample")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS / "decide_text_speed.json")
    arguments = parser.parse_args()
    settings = Settings.load(threads=arguments.threads, offline=True)
    pairs = sample(Scifact.load(data_folder() / "verify" / "scifact").cited(), arguments.pairs)
    found = figures(settings, pairs, chosen_papers(arguments.papers))
    write_result(arguments.out, {"model": pair_model(settings).name}, speed=found)


if __name__ == "__main__":
    main()
