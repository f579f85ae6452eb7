"""How important a claim is to its paper, 0 to 1: where it is said and how often, of whose work, and what it states."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.claims.candidates import Candidate
from claimcheck.claims.parts import MAIN_PARTS, Part
from claimcheck.claims.patterns import results_of
from claimcheck.foundation.records import ClaimKind

# where a paper puts what it wants to be known for
_PLACE: dict[Part, float] = {
    "abstract": 0.50,
    "conclusion": 0.48,
    "introduction": 0.20,
    "results": 0.15,
    "other": 0.06,
    "related": 0.0,
    "appendix": 0.0,
}
_OWN = 0.10
_REPEATED = 0.10  # for each further part of the paper that says it again, two at most
_KIND: dict[ClaimKind, float] = {
    "numeric": 0.10,
    "comparison": 0.10,
    "ranking": 0.10,
    "ablation": 0.08,
    "causal": 0.06,
    "trend": 0.06,
    "existence": 0.06,
    "method": 0.0,
    "other": 0.0,
    "background": -0.10,
}
_NUMBER = 0.08
_PROBABILITY = 0.10
_BACKGROUND = -0.25  # in an abstract, before it comes to the paper itself
_OTHERS = -0.15  # other people's results are claims too, but seldom what a reader asks about first
_OTHERS_WORK = re.compile(r"^(?:[A-Z][\w-]+\s+(?:et\s+al\.?|and\s+[A-Z][\w-]+)\s*\(?\d{4}|\[\d+\])")


def importance(group: Sequence[Candidate], kind: ClaimKind) -> float:
    """The importance of a claim from the sentences that state it."""
    parts = {c.part for c in group if c.part != "appendix"}
    again = _REPEATED * min(2, max(0, len(parts) - 1))
    return round(max(0.0, min(0.99, max(_of_one(c, kind) for c in group) + again)), 4)


def _of_one(c: Candidate, kind: ClaimKind) -> float:
    text = c.sentence.text
    score = _PLACE[c.part] + _KIND[kind] + _PROBABILITY * c.probability
    if c.own:
        score += _OWN
    elif c.part in MAIN_PARTS:
        score += _BACKGROUND
    if _OTHERS_WORK.search(text):
        score += _OTHERS
    if results_of(text, c.quantities):
        score += _NUMBER
    return score
