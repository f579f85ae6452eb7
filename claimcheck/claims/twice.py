"""Places of a paper that make one statement twice: in the abstract and among the results, in other words.

Whoever holds two such places against each other accuses a paper of a contradiction, so the rules ask for much: two parts
of the paper, of which one sums it up, the same names, metrics, conditions and settings, numbers of which all of one
sentence agree, and nearly the same words. Whether both places also come to the same end is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.claims.parts import Part, parts_of
from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.wording import SETTINGS, Lexicon, Wording, is_outcome, same_number
from claimcheck.foundation.records import Claim, Document, Place, Quantity

SUMMING_UP: frozenset[Part] = frozenset({"abstract", "introduction", "conclusion"})
# shares of words, of the shorter wording and of both together, where no number with decimals agrees, one does, several do
_SHARES = ((0.60, 0.30), (0.45, 0.20), (0.35, 0.12))
_ENOUGH_WORDS = 3
_ANY_METRIC = frozenset({"accuracy"})  # what "results" and "performance" are mostly measured in
Saying = tuple[str, Place]  # a claim's id and one of its places


@dataclass(frozen=True, slots=True)
class _Said:
    claim: str
    place: Place
    part: Part
    wording: Wording
    settings: frozenset[float]  # numbers that are no results: "at a width of 16"


def said_twice(document: Document, claims: Sequence[Claim]) -> list[tuple[Saying, Saying]]:
    """The pairs of places of claims that make one statement, each pair and all of them in reading order."""
    parts = parts_of(document)
    lexicon = Lexicon(document, parts.names)
    said = []
    for claim in claims:
        for place in claim.places:
            i = place.sentence
            # what a section on related work says of others is another statement
            if 0 <= i < len(parts.part) and (parts.part[i] != "related" or parts.own[i]):
                quantities = claim.quantities if place.text == claim.text else find_quantities(place.text)
                said.append(_said(claim.id, place, parts.part[i], quantities, lexicon))
    said.sort(key=lambda s: (s.place.sentence, s.claim))
    return [
        ((a.claim, a.place), (b.claim, b.place))
        for i, a in enumerate(said)
        for b in said[i + 1 :]
        if a.part != b.part and {a.part, b.part} & SUMMING_UP and _one_statement(a, b, lexicon)
    ]


def _said(claim: str, place: Place, part: Part, quantities: Sequence[Quantity], lexicon: Lexicon) -> _Said:
    settings = frozenset(q.value for q in quantities if q.role == "other")
    return _Said(claim, place, part, lexicon.wording(place.text, quantities), settings)


def _one_statement(a: _Said, b: _Said, lexicon: Lexicon) -> bool:
    x, y = a.wording, b.wording
    mine, theirs = (frozenset(word for word in w.words if not is_outcome(word)) for w in (x, y))
    if not mine or not theirs or a.place.text == b.place.text:
        return False
    few, many = sorted((x.numbers, y.numbers), key=len)
    agreeing = [q for q in few if any(same_but_direction(q, r) for r in many)]
    if len(agreeing) < len(few):
        return False
    tied = sum(q.decimals > 0 or q.total is not None or q.role in ("delta", "relative", "ratio") for q in agreeing)
    unsaid = lexicon.unsaid(x, y), lexicon.unsaid(y, x)
    only = x.metrics - y.metrics - _ANY_METRIC, y.metrics - x.metrics - _ANY_METRIC
    # numbers that agree let one of the sentences say more than the other
    if any(map(all if tied else any, (unsaid, only))) or (x.conditions - y.words and y.conditions - x.words):
        return False
    if not tied:
        if a.settings != b.settings or x.words & SETTINGS != y.words & SETTINGS:
            return False
        if len(mine & theirs) < _ENOUGH_WORDS:
            return False
    shared = lexicon.weight(mine & theirs)
    smaller = shared / min(lexicon.weight(mine), lexicon.weight(theirs))
    both = shared / lexicon.weight(mine | theirs)
    wanted = _SHARES[min(tied, 2)]
    return smaller >= wanted[0] and both >= wanted[1]


def same_but_direction(q: Quantity, r: Quantity) -> bool:
    """Whether two quantities can be one number, whichever way each of them goes."""
    return same_number(q, r.model_copy(update={"direction": q.direction}))
