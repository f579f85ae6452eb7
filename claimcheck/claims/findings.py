"""Contradictions of a paper with itself: one claim that says other numbers in other places, things counted twice.

Such a finding accuses, so it must be sure that both sentences mean one thing: the same names, metric, condition and
nearly the same words, in two parts of the paper, with numbers of one sort in one order, of which one differs by more
than rounding and bounds allow. Where both numbers stand in the paper's tables they are two results, and no finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claimcheck.claims.counted import count_findings
from claimcheck.claims.parts import OWN, Part, parts_of
from claimcheck.claims.patterns import results_of
from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.wording import METRICS, SETTINGS, Lexicon, Wording, comparable, same_number
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Claim, Document, Evidence, Finding, Place, Quantity
from claimcheck.foundation.words import forms

# a paper says its claims again in these parts; one of the two sentences must stand there
_SUMMING_UP: frozenset[Part] = frozenset({"abstract", "introduction", "conclusion"})
# shares of words, of the shorter wording and of both together, where no other number agrees, one does, several do
_SHARES = ((0.75, 0.50), (0.55, 0.20), (0.40, 0.20))
_SHARES_ANCHORED = (0.70, 0.35)  # where both are of one dataset and one metric
_ENOUGH_WORDS = 3


@dataclass(frozen=True, slots=True)
class _Said:
    """A place of a claim with what is compared."""

    claim: Claim
    place: Place
    part: Part
    wording: Wording


def findings(document: Document, claims: Sequence[Claim]) -> list[Finding]:
    """The pairs of claims that are one claim with two numbers, at most one finding a pair; then what is counted twice."""
    parts = parts_of(document)
    lexicon = Lexicon(document, parts.names)
    said = list(_places(claims, parts.part, lexicon))
    printed = {n.value for t in document.tables for row in t.grid for cell in row for n in cell_numbers(cell.text)}
    out: dict[tuple[str, str], Finding] = {}
    for i, a in enumerate(said):
        for b in said[i + 1 :]:
            if a.claim.id == b.claim.id or a.part == b.part or not {a.part, b.part} & _SUMMING_UP:
                continue
            pair = _differing(a, b, lexicon)
            if pair is None or _said_right(a, b, said) or all(abs(q.value) in printed for q in pair):
                continue
            first, second = sorted((a, b), key=lambda s: s.place.sentence)
            out.setdefault((first.claim.id, second.claim.id), _finding(a, b, pair))
    return [*out.values(), *count_findings(document)]


def _places(claims: Sequence[Claim], part: Sequence[Part], lexicon: Lexicon) -> Iterator[_Said]:
    places = sorted(((p.sentence, c, p) for c in claims for p in c.places), key=lambda x: x[0])
    for index, claim, place in places:
        if not 0 <= index < len(part):
            continue
        quantities = claim.quantities if place.text == claim.text else find_quantities(place.text)
        if results_of(place.text, quantities):
            yield _Said(claim, place, part[index], lexicon.wording(place.text, quantities))


def _differing(a: _Said, b: _Said, lexicon: Lexicon) -> tuple[Quantity, Quantity] | None:
    """The number of each of two sentences in which they differ, where all else says that they mean one thing."""
    x, y = a.wording, b.wording
    matched, mine, theirs = _matched(x.numbers, y.numbers)
    tied = sum(q.decimals > 0 for q in matched)
    if not x.words or not y.words or (not tied and (mine, theirs) != (list(x.numbers), list(y.numbers))):
        return None
    if tied and len(mine) > 1 and len(theirs) > 1:
        return None
    pair = _counterparts(a, mine, b, theirs)
    if pair is None or not _contradict(*pair) or _settings_of(a) != _settings_of(b):
        return None
    unsaid = lexicon.unsaid(x, y), lexicon.unsaid(y, x)
    settings = x.words & SETTINGS, y.words & SETTINGS
    only = (settings[0] - settings[1], settings[1] - settings[0]), (x.metrics - y.metrics, y.metrics - x.metrics)
    anchored = _same_task(*pair)
    # numbers that agree, or the same data and metric, let one of the sentences say more than the other
    if any(map(all if tied or anchored else any, (unsaid, *only))):
        return None
    if not tied and (any(only[0]) or x.outcomes != y.outcomes or len(x.words & y.words) < _ENOUGH_WORDS):
        return None
    shared = lexicon.weight(x.words & y.words)
    smaller = shared / min(lexicon.weight(x.words), lexicon.weight(y.words))
    both = shared / lexicon.weight(x.words | y.words)
    wanted = _SHARES[min(tied, 2)] if tied or not anchored else _SHARES_ANCHORED
    return pair if smaller >= wanted[0] and both >= wanted[1] else None


def _settings_of(said: _Said) -> frozenset[float]:
    """The numbers of a sentence that are no results: "at a width of 16" makes of a score another score."""
    quantities = said.claim.quantities if said.place.text == said.claim.text else find_quantities(said.place.text)
    return frozenset(q.value for q in quantities if q.role == "other")


def _same_task(q: Quantity, r: Quantity) -> bool:
    """Whether both quantities are known to be of one dataset and one metric."""
    return bool(q.dataset and q.metric) and (q.dataset.lower(), q.metric.lower()) == (
        r.dataset.lower(),
        r.metric.lower(),
    )


def _matched(
    mine: Sequence[Quantity], theirs: Sequence[Quantity]
) -> tuple[list[Quantity], list[Quantity], list[Quantity]]:
    """The numbers of the one that the other has too, and those of each that are left over."""
    rest = list(theirs)
    matched, left = [], []
    for q in mine:
        partner = next((r for r in rest if same_number(q, r)), None)
        if partner is None:
            left.append(q)
        else:
            rest.remove(partner)
            matched.append(q)
    return matched, left, rest


def _counterparts(
    a: _Said, mine: Sequence[Quantity], b: _Said, theirs: Sequence[Quantity]
) -> tuple[Quantity, Quantity] | None:
    """The two numbers that are printed alike for the same thing: sort, unit, digits, and place in the list or label."""
    x, y = a.wording.numbers, b.wording.numbers
    found = []
    for q in mine:
        for r in theirs:
            alike = q.role == r.role and q.unit == r.unit and q.decimals == r.decimals and comparable(q, r)
            if not alike or _slots_differ(q, r) or _far(q, r):
                continue
            mine_near, theirs_near = _label(a.place.text, q, x), _label(b.place.text, r, y)
            metrics = METRICS & mine_near, METRICS & theirs_near
            # "75.4% exact match and 82.7% F1" has both between its numbers, "an F1 of 82.7%" the one
            if any(metrics) and not metrics[0] & metrics[1]:
                continue
            # lists of one length go by place; else the words around a number tell what it is of
            in_place = x.index(q) == y.index(r) if len(x) == len(y) else None
            score = len(mine_near & theirs_near - METRICS) if in_place is None else int(in_place)
            if score:
                found.append((score, q, r))
    # of several that are printed alike the one that lies nearest by far is the same figure, older or mistyped
    found.sort(key=lambda f: (-f[0], abs(f[1].value - f[2].value)))
    if not found:
        return None
    best = [f for f in found if f[0] == found[0][0]]
    if len(best) > 1 and 3 * abs(best[0][1].value - best[0][2].value) > abs(best[1][1].value - best[1][2].value):
        return None
    return found[0][1], found[0][2]


def _far(q: Quantity, r: Quantity) -> bool:
    """Whether two numbers lie so far apart that they are two results sooner than one and its older figure."""
    low, high = sorted((abs(q.value), abs(r.value)))
    return low < (0.5 if q.role in ("delta", "relative", "ratio", "count") else 0.85) * high


def _label(text: str, q: Quantity, numbers: Sequence[Quantity]) -> frozenset[str]:
    """The words between a number and its neighbours."""
    start = max((n.span[1] for n in numbers if n.span[1] <= q.span[0]), default=0)
    end = min((n.span[0] for n in numbers if n.span[0] >= q.span[1]), default=len(text))
    return forms(text[start : q.span[0]]) | forms(text[q.span[1] : end])


def _slots_differ(q: Quantity, r: Quantity) -> bool:
    """Whether two quantities are known to be of other things; "our model" may be any of the paper's own."""
    slots = ["task", "dataset", "metric", "baseline", "condition", "aggregation", "subject"]
    if not (OWN.search(q.method) or OWN.search(r.method)):
        slots.append("method")
    pairs = ((getattr(q, s).lower(), getattr(r, s).lower()) for s in slots)
    return any(one and other and one not in other and other not in one for one, other in pairs)


def _contradict(q: Quantity, r: Quantity) -> bool:
    """Whether two numbers cannot both hold: "over 8" and "8.7" can, "8.5" and "8.7" cannot."""
    for bounded, value in ((q, r.value), (r, q.value)):
        if bounded.bound in ("more_than", "at_least") and value >= bounded.value:
            return False
        if bounded.bound in ("less_than", "at_most", "up_to") and value <= bounded.value:
            return False
    return q.high is None and r.high is None


def _said_right(a: _Said, b: _Said, said: Sequence[_Said]) -> bool:
    """Whether the part of the one says the number of the other too: then its own sentence means something else."""
    return any(s.part == b.part and s.claim.id == a.claim.id for s in said) or any(
        s.part == a.part and s.claim.id == b.claim.id for s in said
    )


def _finding(a: _Said, b: _Said, pair: tuple[Quantity, Quantity]) -> Finding:
    (q, r), places = pair, (a, b)
    named = [f"“{n.text}” in {_where(s)}" for n, s in zip((q, r), places, strict=True)]
    return Finding(
        kind="places_differ",
        text=f"The paper makes this claim twice with other numbers: {named[0]}, {named[1]}.",
        claims=(a.claim.id, b.claim.id),
        evidence=tuple(Evidence(quote=s.place.text, pointer=s.place.pointer) for s in places),
    )


def _where(said: _Said) -> str:
    names = {"abstract": "the abstract", "introduction": "the introduction", "conclusion": "the conclusion"}
    name = names.get(said.part) or (
        f"Section {said.place.pointer.section}" if said.place.pointer.section else "the text"
    )
    return f"{name}, p. {said.place.pointer.page}" if said.place.pointer.page else name
