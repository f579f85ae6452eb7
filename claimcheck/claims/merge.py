"""Candidates that make the same claim, in one group: said again elsewhere in other words, with other rounding.

A merge that is wrong hides a claim, one that is missing shows a claim twice: so the rules ask for much. Two sentences
make one claim when every result number of the one is a number of the other, as far as rounding goes, they agree in
metric, condition and names as far as both say them, and share enough of the words that are rare in the paper. Without
numbers the words alone must agree more, or the meaning where a paper sums itself up. What stands in one part of a paper
is seldom said there twice, and must agree still more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from claimcheck.claims.candidates import Candidate
from claimcheck.claims.meaning import Meanings
from claimcheck.claims.wording import Lexicon, Wording, same_number
from claimcheck.foundation.records import Quantity

# shares of words, the rarer weighing more: of the shorter wording that the longer has, and of all words that both have
_SAME_DIGITS = (0.45, 0.20)  # one number with decimals, or several
_MANY_DIGITS = (0.35, 0.12)
_ROUNDED = (0.55, 0.28)
_WORDS_ONLY = (0.75, 0.50)
_SAME_NAMES = (0.90, 0.25)  # no number, but the same outcome on the same two things or more
_NUMBER_DROPPED = (0.80, 0.35)
_SAME_PART = (0.90, 0.70)
_SAME_MEANING = 0.80  # cosine of abstract, introduction and conclusion; nearly all pairs above it are one claim
_LITERAL = 0.85  # of all words, small ones too: the same sentence again
_ENOUGH_WORDS = 3  # that both must have where no number ties them
_NEAREST = 25  # groups that a candidate is held against, so that long documents stay cheap
_LONG = 70  # words; a longer sentence is a poor text for a row


def merge(candidates: Sequence[Candidate], lexicon: Lexicon, meanings: Meanings | None = None) -> list[list[Candidate]]:
    """Groups of candidates by the first of each in reading order; the first of a group is its most complete wording.

    Without `meanings` the words alone decide.
    """
    meanings = meanings or Meanings(())
    groups: list[list[tuple[Candidate, Wording]]] = []
    index: dict[object, list[int]] = {}
    for candidate in candidates:
        wording = lexicon.wording(candidate.sentence.text, candidate.quantities)
        signs = _signs(wording, lexicon)
        near = Counter(g for sign in signs for g in index.get(sign, ())[-2 * _NEAREST :])
        home = None
        for g, _ in sorted(near.most_common(_NEAREST)):
            if _belongs(candidate, wording, groups[g], lexicon, meanings):
                home = g
                break
        if home is None:
            home = len(groups)
            groups.append([])
        for sign in signs:
            if home not in (known := index.setdefault(sign, []))[-1:]:
                known.append(home)
        groups[home].append((candidate, wording))
    return [_most_complete_first(group, lexicon) for group in groups]


def _belongs(
    candidate: Candidate,
    wording: Wording,
    group: Sequence[tuple[Candidate, Wording]],
    lexicon: Lexicon,
    meanings: Meanings,
) -> bool:
    """Whether a sentence makes the claim of a group: like one of its sentences, at odds with none.

    A sentence with numbers must be like one that has numbers, else one without would tie two results together.
    """
    numbered = [(c, w) for c, w in group if w.numbers]
    alike = numbered if wording.numbers and numbered else group
    return any(_same(candidate, wording, c, w, lexicon, meanings) for c, w in alike) and not any(
        _other_case(wording, w, lexicon) for _, w in group
    )


def _signs(wording: Wording, lexicon: Lexicon) -> list[object]:
    """What a sentence must share to be held against another: a whole number near one of its own, or a rare word."""
    numbers = {int(q.value) + step for q in wording.numbers for step in (0, 1)}
    rare = sorted(wording.words, key=lambda w: (-lexicon.rarity(w), w))[:8]
    # the same sentence again may have no such word at all
    return [*sorted(numbers), *rare, wording.tokens]


def _same(a: Candidate, x: Wording, b: Candidate, y: Wording, lexicon: Lexicon, meanings: Meanings) -> bool:
    """Whether two sentences make the same claim."""
    if _conflict(x, y, lexicon):
        return False
    if len(x.tokens & y.tokens) >= _LITERAL * len(x.tokens | y.tokens) and len(x.numbers) == len(y.numbers):
        # "the difference is significant", said twice among the results, is said of two results
        return a.part != b.part or (x.words == y.words and bool(x.names))
    if not x.words or not y.words:
        return False
    contrary = ("not" in x.outcomes) != ("not" in y.outcomes)
    # what is proposed, and that it came out better, are two claims
    if not contrary and ("above" in x.outcomes) == ("above" in y.outcomes) and meanings.cosine(a, b) >= _SAME_MEANING:
        return True
    shared = lexicon.weight(x.words & y.words)
    smaller = shared / min(lexicon.weight(x.words), lexicon.weight(y.words))
    jaccard = shared / lexicon.weight(x.words | y.words)

    def agree(shares: tuple[float, float]) -> bool:
        return smaller >= shares[0] and jaccard >= shares[1]

    digits = sum(_digits(q) for q in x.numbers if any(_identical(q, r) for r in y.numbers))
    if digits >= 4 and (a.part != b.part or agree(_SAME_PART)):
        return agree(_MANY_DIGITS)
    if a.part == b.part and not (x.names and agree(_SAME_PART)):
        return False
    if x.numbers and y.numbers:
        return agree(_SAME_DIGITS if digits >= 2 else _ROUNDED)
    if x.names == y.names and len(x.names) > 1 and x.outcomes == y.outcomes and x.outcomes and agree(_SAME_NAMES):
        return True
    if len(x.words & y.words) < _ENOUGH_WORDS or contrary:
        return False
    if x.outcomes and y.outcomes and not x.outcomes & y.outcomes:
        return False
    if x.numbers or y.numbers:
        return bool(x.outcomes & y.outcomes) and agree(_NUMBER_DROPPED)
    return agree(_WORDS_ONLY)


def _digits(q: Quantity) -> int:
    """How much a number that two sentences share says: 2 with decimals, 1 for a larger whole number, more for a range."""
    return (2 if q.decimals else int(q.value >= 10)) * (1 if q.high is None else 2)


def _identical(q: Quantity, r: Quantity) -> bool:
    return q.value == r.value and q.decimals == r.decimals and same_number(q, r)


def _conflict(x: Wording, y: Wording, lexicon: Lexicon) -> bool:
    """Whether two sentences cannot make the same claim, whatever words they share."""
    if x.numbers and y.numbers:
        few, many = sorted((x, y), key=lambda w: len(w.numbers))
        if not all(any(same_number(q, r) for r in many.numbers) for q in few.numbers):
            return True
    return _other_case(x, y, lexicon)


def _other_case(x: Wording, y: Wording, lexicon: Lexicon) -> bool:
    """Whether two sentences name other metrics, conditions or names."""
    if x.metrics and y.metrics and not x.metrics & y.metrics:
        return True
    # several numbers with all their digits say more than a name that one of the two leaves out
    if sum(q.decimals > 0 and any(_identical(q, r) for r in y.numbers) for q in x.numbers) >= 2:
        return False
    if x.conditions - y.words and y.conditions - x.words:
        return True
    return bool(lexicon.unsaid(x, y)) and bool(lexicon.unsaid(y, x))


def _most_complete_first(group: list[tuple[Candidate, Wording]], lexicon: Lexicon) -> list[Candidate]:
    def completeness(item: tuple[Candidate, Wording]) -> tuple[bool, int, int, float, int]:
        candidate, wording = item
        short = len(candidate.sentence.text.split()) <= _LONG
        return (
            short,
            len(wording.numbers),
            len(wording.names),
            lexicon.weight(wording.words),
            -candidate.index,
        )

    lead = max(group, key=completeness)[0]
    return [lead, *(c for c, _ in group if c is not lead)]
