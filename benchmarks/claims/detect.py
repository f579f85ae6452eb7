"""Detection of claims: the shipped weights on three labelled sets, and the same model trained on two of them.

    python -m benchmarks.claims.detect [--limit N] [--no-training] [--out FILE]

csabstruct  sentences labelled `result`, alone, with the words before them, in their abstract: average precision (AP)
            and expected calibration error, beside what a perfectly calibrated model shows at that size (95 % point)
dsc         detecting-scientific-claim, biomedical abstracts: AP alone; F1 after training on its train part
ncg         lines of NLP papers: AP of contribution lines alone, share of the `results` lines among a paper's 20 best;
            F1 in five folds by paper after training on the others
Nothing trained here is shipped. Speed is measured on the first 2,000 sentences, in CPU seconds, model loaded.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import MISSING, RESULTS, data_folder, print_table, write_result
from claimcheck.claims.detect import alone_inputs, detect, detect_in, probability
from claimcheck.foundation.records import Document, Paper, Sentence

WANTED = {
    "csabstruct alone: AP": (">=", 0.85),
    "csabstruct alone: ECE": ("<=", None),  # the null's 95 % point
    "dsc alone: AP": (">=", 0.50),
    "dsc trained: F1": (">=", 0.80),
    "ncg alone: results among the 20 best": (">=", 0.50),
    "ncg trained: F1": (">=", 0.55),
    "sentences per CPU second": (">=", 85.0),
    "of these the head alone": (">=", 2000.0),
}


@dataclass(frozen=True)
class Labelled:
    """A text's sentences and whether each is what is sought."""

    sentences: list[str]
    labels: list[int]
    results: tuple[str, ...] = ()  # NCG: what stands behind the unit `results`


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file that may be compressed; exits with a message where it is missing."""
    if not path.is_file():
        print(f"benchmark: {path} is missing; the data are not part of the repository", file=sys.stderr)
        raise SystemExit(MISSING)
    text = lzma.decompress(path.read_bytes()).decode() if path.suffix == ".xz" else path.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def csabstruct(folder: Path) -> list[Labelled]:
    """The abstracts of the development part."""
    rows = rows_of(folder / "csabstruct" / "dev.jsonl")
    return [Labelled(r["sentences"], [int(y == "result") for y in r["labels"]]) for r in rows]


def dsc(folder: Path, part: str) -> list[Labelled]:
    """The abstracts of the part "train" or "dev"."""
    name = "train.jsonl.xz" if part == "train" else "dev.jsonl"
    rows = rows_of(folder / "detecting-scientific-claim" / name)
    return [Labelled(r["sentences"], [int(y) for y in r["labels"]]) for r in rows]


def ncg(folder: Path) -> list[Labelled]:
    """The papers, lines that are not empty."""
    out = []
    for row in rows_of(folder / "ncg" / "train.jsonl.xz"):
        chosen = set(row["contribution_lines_1based"])
        lines = [(s, int(i in chosen)) for i, s in enumerate(row["sentences"], 1) if s.strip()]
        units = tuple(row["info_unit_sentences"].get("results", ()))
        out.append(Labelled([s for s, _ in lines], [y for _, y in lines], units))
    return out


def average_precision(labels: Sequence[int], scores: Sequence[float]) -> float:
    """Area under precision and recall, one step for each distinct score."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores))


def ece(p: Sequence[float], labels: Sequence[int], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width."""
    cells: dict[int, float] = {}
    for x, y in zip(p, labels, strict=True):
        cell = min(int(x * bins), bins - 1)
        cells[cell] = cells.get(cell, 0.0) + x - y
    return sum(map(abs, cells.values())) / max(1, len(p))


def ece_of_the_calibrated(p: Sequence[float], draws: int = 400) -> float:
    """The 95 % point of the error where labels are drawn from these probabilities."""
    rng = random.Random(95)
    return sorted(ece(p, [int(rng.random() < x) for x in p]) for _ in range(draws))[int(0.95 * draws)]


def among_best(texts: Sequence[Labelled], scores: Sequence[Sequence[float]], best: int = 20) -> float:
    """The share of the `results` units' sentences among each text's best-scored lines; one may be part of the other."""
    found = total = 0
    for text, p in zip(texts, scores, strict=True):
        every = [_letters(s) for s in text.sentences]
        top = [every[i] for i in sorted(range(len(p)), key=lambda i: -p[i])[:best]]
        for wanted in filter(None, map(_letters, text.results)):
            if any(_same(wanted, line) for line in every):
                total += 1
                found += any(_same(wanted, line) for line in top)
    return found / max(1, total)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _same(wanted: str, line: str) -> bool:
    return bool(line) and (wanted in line or (len(line) > 30 and line in wanted))


def _split(values: Sequence[float], texts: Sequence[Labelled]) -> list[list[float]]:
    it = iter(values)
    return [[next(it) for _ in text.sentences] for text in texts]


def _flat(texts: Sequence[Labelled]) -> tuple[list[str], list[int]]:
    return [s for t in texts for s in t.sentences], [y for t in texts for y in t.labels]


def shipped(texts: dict[str, list[Labelled]]) -> dict[str, dict[str, float]]:
    """The figures of the shipped weights, by set and by what is in view."""
    figures: dict[str, dict[str, float]] = {}
    for name, some in texts.items():
        sentences, labels = _flat(some)
        views = {"alone": detect(sentences)}
        if name == "csabstruct":
            before = [" ".join(t.sentences[max(0, i - 3) : i]) for t in some for i in range(len(t.sentences))]
            views["with the words before"] = detect(sentences, before)
            views["in its abstract"] = [p for t in some for p in _in_abstract(t.sentences)]
        for view, p in views.items():
            row = {
                "sentences": float(len(p)),
                "chance": sum(labels) / max(1, len(labels)),
                "AP": average_precision(labels, p),
                "ECE": ece(p, labels),
                "ECE of the calibrated, 95 %": ece_of_the_calibrated(p) if name == "csabstruct" else float("nan"),
            }
            if name == "ncg":
                row["results among the 20 best"] = among_best(some, _split(p, some))
            figures[f"{name} {view}"] = row
    return figures


def _in_abstract(sentences: Sequence[str]) -> list[float]:
    document = Document(
        paper=Paper(id="abstract"), sentences=tuple(Sentence(text=s, kind="abstract") for s in sentences)
    )
    return detect_in(document, range(len(sentences)))


def trained(dsc_train: list[Labelled], dsc_dev: list[Labelled], papers: list[Labelled]) -> dict[str, dict[str, float]]:
    """The figures after training on each set's own train part, or on the other folds."""
    from benchmarks.claims import detect_trained as own

    def texts(some: list[Labelled]) -> list[own.Text]:
        return [own.Text(t.sentences, np.array(t.labels, np.float32)) for t in some]

    figures = {}
    for name, p, labels, called in (
        ("dsc trained", *_dsc_trained(own, texts(dsc_train), texts(dsc_dev))),
        ("ncg trained", *_ncg_trained(own, texts(papers))),
    ):
        precision, recall, f1 = own.f1(labels, called)
        figures[name] = {
            "sentences": float(len(labels)),
            "chance": float(labels.mean()),
            "AP": average_precision(labels.astype(int).tolist(), p.tolist()),
            "P": precision,
            "R": recall,
            "F1": f1,
        }
    return figures


def _dsc_trained(own: Any, train: Any, dev: Any) -> tuple[Any, Any, Any]:
    said, threshold = own.fine_tuned(train, dev)
    p, labels = np.concatenate(said), np.concatenate([t.labels for t in dev])
    return p, labels, p >= threshold


def _ncg_trained(own: Any, papers: Any) -> tuple[Any, Any, Any]:
    said, called = own.folds(papers)
    return np.concatenate(said), np.concatenate([t.labels for t in papers]), called


def speed(sentences: list[str]) -> dict[str, float]:
    """Sentences per CPU second, all of detection and the head alone, with the model loaded."""
    sentences = sentences[:2000]
    detect(sentences[:50])
    begin = time.process_time()
    detect(sentences)
    whole = time.process_time() - begin
    readings = np.log(np.full((len(sentences), 5), 0.2, np.float32))
    begin = time.process_time()
    for row in readings:
        probability("alone", alone_inputs(row))
    head = time.process_time() - begin
    return {"sentences per CPU second": len(sentences) / whole, "of these the head alone": len(sentences) / head}


def main() -> None:
    """Measures, prints a table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=0, help="texts of each set (default: all)")
    parser.add_argument("--no-training", action="store_true", help="the shipped weights only")
    parser.add_argument("--out", type=Path, default=RESULTS / "claims_detect.json", help="where the JSON goes")
    arguments = parser.parse_args()
    folder, limit = data_folder() / "extract", arguments.limit or None
    sets = {"csabstruct": csabstruct(folder)[:limit], "dsc": dsc(folder, "dev")[:limit], "ncg": ncg(folder)[:limit]}
    figures = shipped(sets)
    if not arguments.no_training:
        import torch

        torch.set_num_threads(1)
        figures |= trained(dsc(folder, "train")[:limit], sets["dsc"], sets["ncg"])
    names = (
        "sentences",
        "chance",
        "AP",
        "ECE",
        "ECE of the calibrated, 95 %",
        "results among the 20 best",
        "P",
        "R",
        "F1",
    )
    figures = {row: {k: v for k, v in cells.items() if v == v} for row, cells in figures.items()}
    print_table(
        ("", *names),
        (
            (row, int(f["sentences"]), *(f"{f[n]:.3f}" if n in f else "" for n in names[1:]))
            for row, f in figures.items()
        ),
    )
    rates = speed(_flat(sets["csabstruct"])[0])
    reached = {**{f"{row}: {k}": v for row, cells in figures.items() for k, v in cells.items()}, **rates}
    verdicts = []
    for name, (sign, bound) in WANTED.items():
        if name in reached:
            limit_ = figures["csabstruct alone"]["ECE of the calibrated, 95 %"] if bound is None else bound
            met = reached[name] >= limit_ if sign == ">=" else reached[name] <= limit_
            verdicts.append({"what": name, "is": round(reached[name], 4), "wanted": f"{sign} {limit_:.4g}", "met": met})
            print(f"{name}: {reached[name]:.4g}, wanted {sign} {limit_:.4g}{'' if met else ': not reached'}")
    rounded = {row: {k: round(v, 4) for k, v in cells.items()} for row, cells in figures.items()}
    write_result(arguments.out, {"wanted": verdicts}, figures=rounded, speed={k: round(v, 1) for k, v in rates.items()})


if __name__ == "__main__":
    main()
