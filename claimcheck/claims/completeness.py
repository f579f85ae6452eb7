"""How many claims both extractors missed: capture and recapture over what each of the two found.

Two searches of one document are two catches of one population, here the sentences that state something checkable.
What both found, against what each found, says how much of the population a catch gets, and so how large it is.

What the estimate assumes, and where it fails. (1) The two find independently. They do not: a sentence with a number
and "outperforms" is easy for both, a claim in plain words hard for both. Such dependence is positive, the overlap is
larger than by chance, and the estimate is too low. (2) What they find are claims. Sentences that are none are caught
by one of the two and seldom by both, which makes the estimate too high. The first effect was the larger one on the
labelled result sentences of 209 papers (`python -m benchmarks.claims.completeness`): the estimated total is 0.9 of the
true one, but what was missed is several times what is estimated. Read it as "at least so many".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, lgamma

from claimcheck.claims.candidates import Candidate
from claimcheck.foundation.records import Completeness

TAIL = 0.025  # of each side of the 95 % interval


def completeness_of(candidates: Sequence[Candidate], sentences: int) -> Completeness | None:
    """The estimate from the candidates of one document, of which `sentences` could be claims."""
    head = sum(c.found_by_head for c in candidates)
    patterns = sum(c.found_by_patterns for c in candidates)
    both = sum(c.found_by_head and c.found_by_patterns for c in candidates)
    return estimate(head, patterns, both, sentences)


def estimate(head: int, patterns: int, both: int, sentences: int) -> Completeness | None:
    """Chapman's estimator with an exact 95 % interval; None where one of the two found nothing: then nothing is known.

    total = (head + 1)(patterns + 1) / (both + 1) - 1, nearly unbiased under independence (Chapman 1951, "Some properties
    of the hypergeometric distribution with applications to zoological sample censuses", University of California
    Publications in Statistics 1, 131-160). The interval holds every population size for which an overlap as small, or
    as large, as the observed one has a probability of at least 2.5 %: the overlap is hypergeometric. Unlike the normal
    and the log-normal interval it holds without an overlap and where one catch lies within the other. Neither estimate
    nor interval exceeds `sentences`, the number of sentences that could be claims at all.

    Raises ValueError where the counts contradict each other.
    """
    found = head + patterns - both
    if min(head, patterns, both) < 0 or both > min(head, patterns) or found > sentences:
        raise ValueError(f"no catch: {head} and {patterns} with {both} in common, of {sentences} sentences")
    if not head or not patterns:
        return None
    total = min(float(sentences), (head + 1) * (patterns + 1) / (both + 1) - 1)
    low = _first(found, sentences, lambda size: _overlap_at_most(both, head, patterns, size) >= TAIL)
    beyond = _first(low, sentences + 1, lambda size: _overlap_at_most(both - 1, head, patterns, size) > 1 - TAIL)
    high = max(low, beyond - 1)
    return Completeness(
        head=head,
        patterns=patterns,
        both=both,
        total=round(total, 1),
        interval=(float(low), float(high)),
    )


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from `low` on for which a condition holds that stays true once it is; `high` where none does."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _overlap_at_most(most: int, head: int, patterns: int, size: int) -> float:
    """P(overlap <= most) of two independent catches out of `size`: the hypergeometric distribution."""
    least = max(0, head + patterns - size)
    return sum(
        exp(_log_choose(head, k) + _log_choose(size - head, patterns - k) - _log_choose(size, patterns))
        for k in range(least, most + 1)
    )


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
