"""Contradictions planted in memory: a direction turned in one of its places, one of two equal counts changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.consistency.planted import SUMMING_UP, Planted, with_sentence
from claimcheck.claims.counted import Count, counts_in
from claimcheck.claims.parts import parts_of
from claimcheck.foundation.counted import NUMBER_WORDS
from claimcheck.foundation.records import Claim, Document

# a word and its contrary, each way; a list of its own, so that it tells what the rules' lists lack
_CONTRARY = (
    ("outperform", "underperform"), ("outperforms", "underperforms"), ("outperformed", "underperformed"),
    ("outperforming", "underperforming"), ("improve", "degrade"), ("improves", "degrades"), ("improved", "degraded"),
    ("improving", "degrading"), ("improvement over", "degradation over"), ("improvements over", "degradations over"),
    ("improvements on", "degradations on"), ("increases", "decreases"), ("increased", "decreased"),
    ("boosts", "hurts"), ("better", "worse"), ("higher", "lower"), ("superior", "inferior"),
    ("surpass", "fall behind"), ("surpasses", "falls behind"), ("surpassing", "falling behind"),
    ("beats", "loses to"), ("exceeds", "falls below"), ("faster", "slower"), ("enhance", "impair"),
    ("enhances", "impairs"), ("reduces", "raises"), ("reduced", "raised"), ("drops", "rises"),
)  # fmt: skip
_FALLS = {"reduces", "reduced", "drops"}  # first words that go down
_TURN = dict(_CONTRARY) | {b: a for a, b in _CONTRARY if " " not in b}
_SIGN = {a: -1 if a in _FALLS else 1 for a, _ in _CONTRARY} | {b: 1 if a in _FALLS else -1 for a, b in _CONTRARY}
_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_TURN, key=len, reverse=True))})\b")


def turned_directions(document: Document, claims: Sequence[Claim], generator: np.random.Generator) -> Iterator[Planted]:
    """For each claim with one direction in two parts of the paper, the document with one of the two turned round."""
    parts = parts_of(document).part
    for claim in claims:
        places = [p.sentence for p in claim.places if 0 <= p.sentence < len(document.sentences)]
        said = [(i, m) for i in places for m in _WORD.finditer(document.sentences[i].text)]
        pairs = [
            (i, m)
            for i, m in said
            for j, other in said
            if parts[i] != parts[j] and (parts[i] in SUMMING_UP or parts[j] in SUMMING_UP)
            if _SIGN[m[0]] == _SIGN[other[0]]
        ]
        if not pairs:
            continue
        index, m = pairs[int(generator.integers(len(pairs)))]
        text = document.sentences[index].text
        changed = text[: m.start()] + _TURN[m[0]] + text[m.end() :]
        yield Planted("direction", with_sentence(document, index, changed), index, m[0], _TURN[m[0]])


def changed_counts(document: Document, generator: np.random.Generator) -> Iterator[Planted]:
    """For what two parts of the paper count alike, the document with one of the two numbers changed by one."""
    parts = parts_of(document).part
    same: dict[tuple[str, frozenset[str], int], list[Count]] = defaultdict(list)
    for i, sentence in enumerate(document.sentences):
        if sentence.kind in ("abstract", "body") and parts[i] not in ("related", "appendix"):
            for count in counts_in(sentence.text, i):
                same[count.noun, count.narrowed, count.value].append(count)
    for counts in same.values():
        held = [
            c
            for c in counts
            if any(
                parts[c.sentence] != parts[d.sentence] and {parts[c.sentence], parts[d.sentence]} & {*SUMMING_UP}
                for d in counts
            )
        ]
        if not held:
            continue
        count = held[int(generator.integers(len(held)))]
        text = document.sentences[count.sentence].text
        printed = text[slice(*count.span)]
        other = count.value + (1 if count.value < 3 or generator.integers(2) else -1)
        words = {n: word for word, n in NUMBER_WORDS.items()}
        new = str(other) if printed.isdigit() or other not in words else words[other]
        new = new.capitalize() if printed[0].isupper() else new
        changed = with_sentence(document, count.sentence, text[: count.span[0]] + new + text[count.span[1] :])
        yield Planted("count", changed, count.sentence, printed, new)
