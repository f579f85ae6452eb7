"""What several reports have in common: sentences said in all of them, claims that come again under other questions."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.synthesis.audit.cuts import letters

__all__ = ["SIMILAR", "Shared", "common_claims", "common_sentences"]

SIMILAR = 0.8  # Jaccard similarity of two sentences' runs of three words from which one is the other again
_LEAST_WORDS = 6
_MOST = 400  # sentences of a report
_LEAST_LETTERS = 40  # of a claim that another one goes on from


@dataclass(frozen=True, slots=True)
class Shared:
    """A sentence of one report and the indices of the others that have it, word for word or nearly so."""

    text: str
    others: tuple[int, ...]


def common_sentences(reports: Sequence[Sequence[str]]) -> list[list[Shared]]:
    """For each report the sentences that other reports have too, in their order.

    Sentences are compared by the Jaccard similarity of their runs of three words (Broder 1997, "On the resemblance and
    containment of documents"), numbers taken as one word: "12 papers" and "15 papers" are the same boilerplate.
    """
    runs = [[(s, _runs(s)) for s in sentences[:_MOST]] for sentences in reports]
    holders: dict[tuple[str, ...], set[tuple[int, int]]] = defaultdict(set)
    for r, listed in enumerate(runs):
        for i, (_, found) in enumerate(listed):
            for run in found:
                holders[run].add((r, i))
    out: list[list[Shared]] = []
    for r, listed in enumerate(runs):
        shared = []
        for text, found in listed:
            if not found:
                continue
            counts = Counter(place for run in found for place in holders[run] if place[0] != r)
            others = {
                other for (other, j), n in counts.items() if n >= SIMILAR * (len(found) + len(runs[other][j][1]) - n)
            }
            if others:
                shared.append(Shared(text, tuple(sorted(others))))
        out.append(shared)
    return out


def _runs(sentence: str) -> frozenset[tuple[str, ...]]:
    words = [re.sub(r"\d+(?:[.,]\d+)*", "0", w) for w in re.findall(r"[^\W_]+(?:[.,]\d+)*", sentence.lower())]
    if len(words) < _LEAST_WORDS:
        return frozenset()
    return frozenset(tuple(words[i : i + 3]) for i in range(len(words) - 2))


def common_claims(reports: Sequence[Sequence[str]]) -> list[dict[int, list[tuple[int, int]]]]:
    """For each report its claims (by index) that others have: {claim: [(report, claim there)]}.

    The same letters, or one the beginning of the other: what was cut at another length is the same claim.
    """
    whole: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for r, claims in enumerate(reports):
        for i, text in enumerate(claims):
            key = letters(text)
            if key:
                whole[key[:_LEAST_LETTERS]].append((r, i))
    keys = [[letters(t) for t in claims] for claims in reports]
    out: list[dict[int, list[tuple[int, int]]]] = []
    for r, claims in enumerate(reports):
        found: dict[int, list[tuple[int, int]]] = {}
        for i in range(len(claims)):
            mine = keys[r][i]
            same = [
                (o, j)
                for o, j in (whole[mine[:_LEAST_LETTERS]][:200] if mine else ())
                if o != r and _same(mine, keys[o][j])
            ]
            if same:
                found[i] = same
        out.append(found)
    return out


def _same(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return a == b or (len(short) >= _LEAST_LETTERS and long.startswith(short))
