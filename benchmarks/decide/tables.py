"""Statements against tables: SciTab, SEM-TAB-FACTS and TabFact through `claimcheck.check_many`, with intervals.

    python -m benchmarks.decide.tables [--limit N]      writes benchmarks/results/decide_tables.json

SciTab and SEM-TAB-FACTS train nothing. Of TabFact's validation part only the tables are measured that training
leaves out. Intervals are 95 % percentile bootstraps over tables. The word-overlap baseline gets the threshold that
is best for it on the very set, so that the difference to it is a lower bound.
"""

from __future__ import annotations

import argparse
import ast
import json
import lzma
import re
import time
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import claimcheck
from benchmarks.common import RESULTS, data_folder, print_table, share, write_result
from benchmarks.decide.curves import ITEMS, keep
from claimcheck.checks.risk import abstain
from claimcheck.foundation.records import LABELS, Label, Table, Verdict
from claimcheck.foundation.words import forms

DRAWS = 1000
RISKS = (0.05, 0.1, 0.2)
SEED = 95
SCITAB: dict[str, Label] = {"supports": "supported", "refutes": "refuted", "not enough info": "not_enough_info"}
SEMTAB: dict[str, Label] = {"entailed": "supported", "refuted": "refuted", "unknown": "not_enough_info"}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Item:
    """A statement with its table, its label, and the table's name, by which the bootstrap draws."""

    text: str
    table: Table
    label: Label
    group: str


def scitab(folder: Path) -> Iterator[Item]:
    """SciTab's development part; its mark-up is taken off."""
    tables: dict[str, Table] = {}
    for line in (folder / "scitab" / "dev.jsonl").read_text(encoding="utf-8").splitlines():
        c = json.loads(line)
        name = c["table_id"]
        if name not in tables:
            header, rows = (
                ast.literal_eval(x) if isinstance(x, str) else x
                for x in (c["table_column_names"], c["table_content_values"])
            )
            tables[name] = Table.from_rows(
                [_plain(x) for x in header], [[_plain(x) for x in r] for r in rows], _plain(c["table_caption"])
            )
        yield Item(c["claim"], tables[name], SCITAB[c["label"]], name)


def _plain(cell: object) -> str:
    return re.sub(r"\[(BOLD|ITALIC|EMPTY)\]|</?(bold|italic)>", "", str(cell)).strip()


def semtabfacts(folder: Path) -> Iterator[Item]:
    """SEM-TAB-FACTS' development part: spans filled in, rows of a spanning header joined, legend in the caption."""
    with zipfile.ZipFile(folder / "sem-tab-facts" / "dev_v1.1.zip") as z:
        names = sorted(n for n in z.namelist() if "/output/" in n and n.endswith(".xml") and "__MACOSX" not in n)
        for name in names:
            for k, t in enumerate(ET.fromstring(z.read(name)).iter("table")):
                caption = " ".join(_words(e) for tag in ("caption", "legend") for e in t.iter(tag))
                table = Table.from_rows(*_grid(t), caption)
                for s in t.iter("statement"):
                    if s.get("type") in SEMTAB:
                        yield Item(_words(s), table, SEMTAB[str(s.get("type"))], f"{name}/{k}")


def _words(element: ET.Element) -> str:
    return " ".join((element.get("text") or "").split())


def _grid(table: ET.Element) -> tuple[list[str], list[list[str]]]:
    cells: dict[tuple[int, int], str] = {}
    depth = 1
    for c in table.iter("cell"):
        top, bottom, left, right = (int(str(c.get(k))) for k in ("row-start", "row-end", "col-start", "col-end"))
        cells.update({(i, j): _words(c) for i in range(top, bottom + 1) for j in range(left, right + 1)})
        if top == 0:
            depth = max(depth, bottom + 1, 2 if right > left else 1)
    height, width = max(i for i, _ in cells) + 1, max(j for _, j in cells) + 1
    depth = min(depth, height - 1) or 1
    full = [[cells.get((i, j), "") for j in range(width)] for i in range(height)]
    header = [" / ".join(dict.fromkeys(x for x in column if x)) for column in zip(*full[:depth], strict=True)]
    return header, full[depth:]


def tabfact(folder: Path) -> Iterator[Item]:
    """TabFact's validation statements of the tables that training leaves out (every second one by checksum)."""
    csv = {t["table_id"]: t["csv"] for t in _lines(folder / "tabfact" / "tables.jsonl.xz")}
    for t in _lines(folder / "tabfact" / "val.jsonl.xz"):
        name = t["table_id"]
        if zlib.crc32(name.encode()) % 2 == 0:
            continue
        header, *rows = [line.split("#") for line in csv[name].strip("\n").split("\n")]
        table = Table.from_rows(header, rows, t["caption"])
        for text, yes in zip(t["statements"], t["labels"], strict=True):
            yield Item(text, table, "supported" if yes else "refuted", name)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    for line in lzma.decompress(path.read_bytes()).splitlines():
        yield json.loads(line)


def run(items: Sequence[Item]) -> tuple[list[Verdict], float]:
    """The verdicts of `claimcheck.check_many`, and the seconds taken."""
    tables = {item.group: item.table for item in items}  # one object a table, so that it is indexed once
    start = time.perf_counter()
    verdicts = claimcheck.check_many([(item.text, [tables[item.group]]) for item in items])
    return verdicts, time.perf_counter() - start


def at_risks(verdicts: Sequence[Verdict], gold: Sequence[Label]) -> dict[str, dict[str, float | int | None]]:
    """For each risk: claims asserted on, how many of them still at `--risk`, and the share of these that is wrong."""
    out: dict[str, dict[str, float | int | None]] = {}
    for risk in RISKS:
        kept = [
            (v, g)
            for v, g in zip(abstain(verdicts, risk), gold, strict=True)
            if v.label != "not_enough_info" and not v.abstained
        ]
        out[f"{risk:g}"] = {
            "asserted": sum(v.label != "not_enough_info" for v in verdicts),
            "kept": len(kept),
            "wrong": share(sum(v.label != g for v, g in kept), len(kept)),
        }
    return out


def overlap(items: Sequence[Item]) -> Array:
    """(n,): the share of a statement's words that its table or caption has."""
    known: dict[str, frozenset[str]] = {}
    shares = []
    for item in items:
        if item.group not in known:
            known[item.group] = forms(" ".join([item.table.caption, *(c.text for row in item.table.grid for c in row)]))
        said = forms(item.text)
        shares.append(len(said & known[item.group]) / len(said) if said else 0.0)
    return np.array(shares)


Measure = Callable[[NDArray[np.intp], NDArray[np.intp], Sequence[NDArray[np.intp]]], float]


def macro_f1(gold: NDArray[np.intp], predicted: NDArray[np.intp], groups: Sequence[NDArray[np.intp]]) -> float:
    """The mean F1 of the three labels."""
    total = 0.0
    for x in range(3):
        hit = float(np.sum((gold == x) & (predicted == x)))
        total += 2 * hit / max(1.0, float(np.sum(gold == x) + np.sum(predicted == x)))
    return total / 3


def by_table(gold: NDArray[np.intp], predicted: NDArray[np.intp], groups: Sequence[NDArray[np.intp]]) -> float:
    """SEM-TAB-FACTS' official score: accuracy of each table, averaged over tables."""
    return float(np.mean([np.mean(gold[g] == predicted[g]) for g in groups]))


def accuracy(gold: NDArray[np.intp], predicted: NDArray[np.intp], groups: Sequence[NDArray[np.intp]]) -> float:
    """The share of right labels."""
    return float(np.mean(gold == predicted))


def calibration(p: Array, gold: NDArray[np.intp], classes: int) -> dict[str, float]:
    """ECE beyond chance, AUROC of confidence, Brier gain, accuracy gained at 70 % coverage; over `classes` labels."""
    p = p[:, :classes] / p[:, :classes].sum(axis=1, keepdims=True)
    confidence, right = p.max(axis=1), (p.argmax(axis=1) == gold).astype(float)
    rng = np.random.default_rng(SEED)
    null = sorted(_ece(confidence, (rng.random(len(confidence)) < confidence).astype(float)) for _ in range(400))
    order = np.argsort(-confidence, kind="stable")
    top = right[order[: int(np.ceil(0.7 * len(order)))]]
    yes, no = confidence[right == 1], confidence[right == 0]
    wins = np.mean([(np.mean(no < c) + 0.5 * np.mean(no == c)) for c in yes]) if len(yes) and len(no) else 0.5
    base = float(right.mean())
    return {
        "accuracy": base,
        "confidence": float(confidence.mean()),
        "ece": _ece(confidence, right),
        "ece_excess": _ece(confidence, right) - null[int(0.95 * len(null))],
        "auroc": float(wins),
        "brier_gain": base * (1 - base) - float(np.mean((confidence - right) ** 2)),
        "gain_at_70": float(top.mean()) - base,
    }


def _ece(confidence: Array, right: Array) -> float:
    bins = np.minimum((confidence * 15).astype(int), 14)
    return float(sum(abs(np.sum(confidence[bins == b]) - np.sum(right[bins == b])) for b in range(15)) / len(right))


def interval(values: Sequence[float]) -> list[float]:
    """The 95 % percentile interval of bootstrap draws."""
    low, high = np.percentile(np.array(values), [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def measure(
    name: str, items: Sequence[Item], score: Measure, classes: int, store: Path | None = None
) -> dict[str, object]:
    """One set: the score, its difference to the baselines, calibration, speed; each verdict goes to `store`."""
    verdicts, seconds = run(items)
    p = np.array([[v.probabilities[x] for x in LABELS] for v in verdicts]).reshape(len(items), 3)
    gold = np.array([LABELS.index(i.label) for i in items])
    if store is not None:
        told = p[:, :classes] / p[:, :classes].sum(axis=1, keepdims=True)
        keep(name.partition(",")[0], told.max(axis=1).tolist(), (told.argmax(axis=1) == gold).tolist(), store)
    predicted = p[:, :classes].argmax(axis=1)
    names = [i.group for i in items]
    groups = [np.array([k for k, n in enumerate(names) if n == g]) for g in dict.fromkeys(names)]
    said = overlap(items)
    below = 2 if classes == 3 else 1
    guesses = [np.where(said >= t, 0, below) for t in np.quantile(said, np.linspace(0, 1, 21))]
    words = max(guesses, key=lambda g: score(gold, g, groups))
    constant = max((np.full(len(gold), x) for x in range(classes)), key=lambda g: score(gold, g, groups))
    rng = np.random.default_rng(SEED)
    draws: dict[str, list[float]] = {"score": [], "over_constant": [], "over_overlap": []}
    for _ in range(DRAWS):
        chosen = [groups[k] for k in rng.integers(0, len(groups), len(groups))]
        index = np.concatenate(chosen)
        ends = np.cumsum([len(g) for g in chosen])
        parts = [np.arange(e - len(g), e) for g, e in zip(chosen, ends, strict=True)]
        own = score(gold[index], predicted[index], parts)
        draws["score"].append(own)
        draws["over_constant"].append(own - score(gold[index], constant[index], parts))
        draws["over_overlap"].append(own - score(gold[index], words[index], parts))
    return {
        "set": name,
        "n": len(items),
        "tables": len(groups),
        "score": round(score(gold, predicted, groups), 4),
        "interval": interval(draws["score"]),
        "constant": round(score(gold, constant, groups), 4),
        "over_constant": interval(draws["over_constant"]),
        "overlap": round(score(gold, words, groups), 4),
        "over_overlap": interval(draws["over_overlap"]),
        **{k: round(v, 4) for k, v in calibration(p, gold, classes).items()},
        "confusion": [[int(np.sum((gold == a) & (predicted == b))) for b in range(3)] for a in range(3)],
        "at_risk": at_risks(verdicts, [i.label for i in items]),
        "statements_per_second": round(len(items) / seconds, 1),
    }


SETS: tuple[tuple[str, Callable[[Path], Iterator[Item]], Measure, int], ...] = (
    ("scitab, macro-F1", scitab, macro_f1, 3),
    ("sem-tab-facts, official 3-way", semtabfacts, by_table, 3),
    ("tabfact, accuracy", tabfact, accuracy, 2),
)


def main() -> None:
    """Measures the three sets, prints one table, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=0, help="statements a set (0: all)")
    parser.add_argument("--out", type=Path, default=RESULTS / "decide_tables.json")
    parser.add_argument("--items", type=Path, default=ITEMS, help="where each verdict goes, for the curves")
    args = parser.parse_args()
    folder = data_folder() / "verify"
    rows = [
        measure(name, list(load(folder))[: args.limit or None], score, classes, None if args.limit else args.items)
        for name, load, score, classes in SETS
    ]
    shown = (
        "set",
        "n",
        "score",
        "interval",
        "constant",
        "over_constant",
        "overlap",
        "over_overlap",
        "ece_excess",
        "auroc",
        "brier_gain",
        "gain_at_70",
    )
    print_table(shown, [[str(r[k]) for k in shown] for r in rows])
    for r in rows:
        print(
            r["set"],
            "accuracy",
            r["accuracy"],
            "confidence",
            r["confidence"],
            "confusion",
            r["confusion"],
            r["at_risk"],
            r["statements_per_second"],
            "/s",
        )
    write_result(args.out, {str(r["set"]): r["score"] for r in rows}, sets=rows)


if __name__ == "__main__":
    main()
