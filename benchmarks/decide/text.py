"""Text against text: SciFact with its cited abstracts and over all of them, and four sets of other kinds of text.

    python -m benchmarks.decide.text [--limit N] [--sample N] [--nli NAME] [--out FILE]

SciFact's development part: `cited` gives the abstracts that a claim cites, `open` searches them among 5,183. The
measure is the abstract-level label-only F1 of Wadden et al. (2020). The four others were never trained or fitted on:
they show what is left of that on other text. Each is held against a constant and a word-overlap baseline fitted on
SciFact's train part.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, data_folder, print_table, write_result
from benchmarks.decide.curves import keep
from benchmarks.decide.measures import (
    calibration,
    f1,
    f1_difference_interval,
    f1_interval,
    label_only_counts,
    macro_f1,
    mean_difference_interval,
)
from benchmarks.decide.text_sets import TRANSFER, Pair, Scifact, sample
from benchmarks.decide.text_speed import chosen_papers, figures
from claimcheck.checks import check_many
from claimcheck.checks.text.entailment import calibrated, check_documents
from claimcheck.checks.text.same import contrary
from claimcheck.checks.text.search import TextIndex
from claimcheck.claims import claim_of
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.models.nli import pair_model
from claimcheck.foundation.models.verifier import PairModel
from claimcheck.foundation.records import LABELS, Label, Passage
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import forms

SEARCHED = 5  # abstracts that are read for a claim in the open setting
Counts = list[list[int]]


@dataclass(frozen=True)
class Said:
    """A verdict on a pair."""

    label: Label
    confidence: float


class Judge:
    """The checks as the product runs them, one text a claim or many."""

    def __init__(self, settings: Settings, model: PairModel) -> None:
        self._settings, self._encoder, self._model = settings, SentenceEncoder(settings), model

    def pairs(self, pairs: Sequence[Pair]) -> list[Said]:
        """The verdict on each claim beside its text."""
        found = check_many([(claim_of(p.claim), [Passage(p.text)]) for p in pairs], self._settings)
        return [Said(verdict.label, verdict.confidence) for verdict in found]

    def searched(self, claims: Sequence[str], texts: Sequence[str], count: int) -> list[list[tuple[int, Said]]]:
        """For each claim the texts that were read, by number, and the verdicts."""
        index = TextIndex([Passage(text) for text in texts], self._encoder)
        out = []
        for found in check_documents([claim_of(c) for c in claims], index, self._model, count):
            rows = []
            for number, check in found:
                p, _ = calibrated(check)
                label = max(LABELS, key=lambda x: p[x])
                rows.append((number, Said(label, p[label])))
            out.append(rows)
        return out


@dataclass(frozen=True)
class WordOverlap:
    """Says supported from a share of the claim's words on, refuted where text and claim differ in polarity as well."""

    share: float

    def say(self, claim: str, text: str) -> Label:
        """The label."""
        words = forms(claim)
        if len(words & forms(text)) < self.share * max(1, len(words)):
            return "not_enough_info"
        return "refuted" if contrary(claim, text) else "supported"

    @classmethod
    def fitted(cls, pairs: Sequence[Pair]) -> WordOverlap:
        """The share with the best label-only F1."""
        gold = [p.gold for p in pairs]

        def score(share: float) -> float:
            return float(f1(label_only_counts(gold, [cls(share).say(p.claim, p.text) for p in pairs])))

        return cls(max((round(0.05 * i, 2) for i in range(1, 20)), key=score))


def by_claim(pairs: Sequence[Pair], said: Sequence[Label], extra: dict[str, int] | None = None) -> Counts:
    """(correct, predicted, relevant) of each claim; `extra` are gold pairs that were not looked at."""
    gold: dict[str, list[Label]] = defaultdict(list)
    found: dict[str, list[Label]] = defaultdict(list)
    for p, label in zip(pairs, said, strict=True):
        gold[p.claim_id].append(p.gold)
        found[p.claim_id].append(label)
    missed = extra or {}
    names = dict.fromkeys([*gold, *missed])
    return [list(label_only_counts(gold[n], found[n], missed.get(n, 0))) for n in names]


def f1_figures(ours: Counts, others: dict[str, Counts]) -> dict[str, Any]:
    """F1, precision, recall with an interval, and the difference to each baseline with its interval."""
    total = np.array(ours).sum(0)
    out: dict[str, Any] = {
        "f1": round(float(f1(total)), 4),
        "f1_interval": _rounded(f1_interval(ours)),
        "precision": round(float(total[0] / max(1, total[1])), 4),
        "recall": round(float(total[0] / max(1, total[2])), 4),
        "counts": total.tolist(),
    }
    for name, theirs in others.items():
        out[name] = round(float(f1(np.array(theirs).sum(0))), 4)
        out[f"above_{name}_interval"] = _rounded(f1_difference_interval(ours, theirs))
    return out


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(x, 4) for x in interval]


def cited(data: Scifact, judge: Judge, overlap: WordOverlap, limit: int) -> dict[str, Any]:
    """SciFact, the abstracts that claims cite given."""
    kept = {str(c["id"]) for c in data.claims[: limit or None]}
    pairs = [p for p in data.cited() if p.claim_id in kept]
    begin = time.perf_counter()
    said = judge.pairs(pairs)
    seconds = time.perf_counter() - begin
    # gold abstracts that the file does not list as cited count as missed, as in the official scorer
    missed = {
        str(c["id"]): len(set(data.gold(c)) - set(c["cited_doc_ids"])) for c in data.claims if str(c["id"]) in kept
    }
    labels = [s.label for s in said]
    gold = [p.gold for p in pairs]
    if not limit:
        keep("scifact", [s.confidence for s in said], [g == x for g, x in zip(gold, labels, strict=True)])
    baselines: dict[str, list[Label]] = {
        "constant": ["supported"] * len(pairs),
        "word_overlap": [overlap.say(p.claim, p.text) for p in pairs],
    }
    figures = f1_figures(by_claim(pairs, labels, missed), {n: by_claim(pairs, b, missed) for n, b in baselines.items()})
    known = {data.abstracts[d] for d in data.trained_on}
    unseen = [(p, x) for p, x in zip(pairs, labels, strict=True) if p.text not in known]
    new = by_claim([p for p, _ in unseen], [x for _, x in unseen])
    return {
        "pairs": len(pairs),
        **figures,
        "f1_abstracts_no_training_claim_cites": round(float(f1(np.array(new).sum(0))), 4),
        "pairs_with_such_abstracts": len(unseen),
        "macro_f1": round(macro_f1(gold, labels), 4),
        **calibration([s.confidence for s in said], [s == g for s, g in zip(labels, gold, strict=True)]),
        "confusion": {
            g: {x: sum((a, b) == (g, x) for a, b in zip(gold, labels, strict=True)) for x in LABELS} for g in LABELS
        },
        "pairs_a_second": round(len(pairs) / seconds, 1),
    }


def open_search(data: Scifact, judge: Judge, overlap: WordOverlap, limit: int) -> dict[str, Any]:
    """SciFact, the abstracts searched for among all."""
    claims = data.claims[: limit or None]
    numbers = list(data.abstracts)
    texts = list(data.abstracts.values())
    begin = time.perf_counter()
    found = judge.searched([c["claim"] for c in claims], texts, SEARCHED)
    seconds = time.perf_counter() - begin
    ours: Counts = []
    first: Counts = []
    words: Counts = []
    read = settled = 0
    for claim, rows in zip(claims, found, strict=True):
        gold = data.gold(claim)
        read += sum(numbers[n] in gold for n, _ in rows)
        settled += len(gold)
        ours.append(_open_counts(gold, {numbers[n]: s.label for n, s in rows}))
        first.append(_open_counts(gold, {numbers[n]: "supported" for n, _ in rows[:1]}))
        words.append(_open_counts(gold, {numbers[n]: overlap.say(claim["claim"], texts[n]) for n, _ in rows}))
    return {
        "claims": len(claims),
        "abstracts": len(texts),
        **f1_figures(ours, {"first_is_supported": first, "word_overlap": words}),
        "recall_of_search": round(read / max(1, settled), 4),
        "seconds": round(seconds, 1),
    }


def _open_counts(gold: dict[int, Label], said: dict[int, Label]) -> list[int]:
    predicted = {d: x for d, x in said.items() if x != "not_enough_info"}
    return [sum(gold.get(d) == x for d, x in predicted.items()), len(predicted), len(gold)]


def transfer(name: str, pairs: Sequence[Pair], judge: Judge, overlap: WordOverlap) -> dict[str, Any]:
    """Another set: accuracy and macro-F1 beside the baselines."""
    said = judge.pairs(pairs)
    gold, labels = [p.gold for p in pairs], [s.label for s in said]
    right = [g == x for g, x in zip(gold, labels, strict=True)]
    common = max(LABELS, key=gold.count)
    words = [overlap.say(p.claim, p.text) for p in pairs]
    return {
        "set": name,
        "pairs": len(pairs),
        "macro_f1": round(macro_f1(gold, labels), 4),
        "macro_f1_constant": round(macro_f1(gold, [common] * len(gold)), 4),
        "macro_f1_word_overlap": round(macro_f1(gold, words), 4),
        **calibration([s.confidence for s in said], right),
        "accuracy_constant": round(gold.count(common) / len(gold), 4),
        "accuracy_above_word_overlap_interval": _rounded(
            mean_difference_interval(right, [g == w for g, w in zip(gold, words, strict=True)])
        ),
    }


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=0, help="SciFact claims; 0: all")
    parser.add_argument("--sample", type=int, default=200, help="pairs drawn of each other set; 0: none of them")
    parser.add_argument("--nli", help="an entailment model in place of the embedded verifier")
    parser.add_argument("--out", type=Path, default=RESULTS / "decide_text.json", help="where the figures are written")
    arguments = parser.parse_args()
    folder = data_folder() / "verify"
    settings = Settings.load(nli=arguments.nli, threads=2)
    model = pair_model(settings)
    judge = Judge(settings, model)
    data = Scifact.load(folder / "scifact")
    overlap = WordOverlap.fitted(Scifact.load(folder / "scifact", "train").cited())
    given = cited(data, judge, overlap, arguments.limit)
    print_table(
        ["SciFact dev, cited abstracts given", "F1", "constant", "word overlap"],
        [
            [
                f"{given['pairs']} pairs, 95 % {given['f1_interval']}",
                given["f1"],
                given["constant"],
                given["word_overlap"],
            ]
        ],
    )
    searched = open_search(data, judge, overlap, arguments.limit)
    print_table(
        [f"SciFact dev, {searched['abstracts']} abstracts", "F1", "first is supported", "word overlap"],
        [
            [
                f"{searched['claims']} claims, 95 % {searched['f1_interval']}",
                *(searched[x] for x in ("f1", "first_is_supported", "word_overlap")),
            ]
        ],
    )
    others = [
        transfer(name, sample(load(folder), arguments.sample), judge, overlap)
        for name, load in (TRANSFER.items() if arguments.sample else ())
    ]
    rows = [{"set": "SciFact dev, cited", **given}, *others]
    columns = ["pairs", "macro_f1", "accuracy", "accuracy_at_70", "ece", "ece_excess", "auroc", "brier_gain"]
    print_table(["set", *columns], [[r["set"], *(r[c] for c in columns)] for r in rows])
    speed = figures(settings, sample(data.cited(), 120), chosen_papers(5))
    write_result(
        arguments.out,
        {
            "model": model.name,
            "scifact_cited_f1": given["f1"],
            "scifact_open_f1": searched["f1"],
        },
        speed=speed,
        cited=given,
        open=searched,
        transfer=others,
        word_overlap_share=overlap.share,
    )


if __name__ == "__main__":
    main()
