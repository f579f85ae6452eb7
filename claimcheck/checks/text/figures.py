"""Claims that a text given for them says word for word, with the same numbers or others, and numbers that it does not give.

A pair model reads a sentence as a whole, and one digit more or less hardly moves it. Here a claim is settled only where a
sentence has its words one after the other and nothing that narrows them: supported where its numbers are the same, refuted
where one is another. Any other word in them is left to the model: it may say the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.statements.lexicon import COMPARATORS
from claimcheck.checks.text.same import contrary
from claimcheck.checks.text.search import Line
from claimcheck.foundation.counted import NUMBER_WORDS
from claimcheck.foundation.numbers import parse_digits
from claimcheck.foundation.records import Claim, Quantity
from claimcheck.foundation.words import STOP, Token, tokens

_LEAST_WORDS = 2  # content words that make a sentence one of its own
_ARTICLES = frozenset(("a", "an", "the"))
_ROUGHLY = 0.1  # relative, of numbers that the claim itself calls rough
_LARGE = 100  # whole numbers from here on are measured, not named or counted in words
_NARROWED = re.compile(
    r"\b(?:without|w/o|except|excluding|only|instead|previous(?:ly)?|prior|baselines?|if|unless|not|whereas|while|but|ablat\w+"
    r"|remov\w+|compared|than|respectively|expected|predicted|hypothes\w+|estimated|whether|would|might|may|could|claims?|claimed"
    r"|myth|false|wrong|untrue|retracted|contrary|unlike|fail\w*)\b",
    re.I,
)
# what numbers are called beside the counted ones, as percentages
_WORDS = NUMBER_WORDS | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000,
    "half": 50, "halved": 50, "quarter": 25, "third": 33, "doubled": 100, "double": 100, "twofold": 100, "tripled": 200,
}  # fmt: skip
_UNENDED = re.compile(r"[^.!?。！？\])\"']$")
_SETS_AGAINST = re.compile(r"(?:out|under)perform|surpass|exceed|beat", re.I)
_LONGEST_SIDE, _LONGEST_VERB = 6, 2  # words
_LONGEST_CUT = 10  # parts of a long sentence
_ONE_SIDED = frozenset(("at_least", "more_than", "at_most", "less_than"))
_SCALES = (1e3, 1e6, 1e9)  # "2 million" for "2,000,000"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Printed:
    """A number of a text: its value, half a unit of its last digit, and how it is printed."""

    value: float
    half_width: float
    text: str


@dataclass(frozen=True)
class Said:
    """A sentence with a claim's words; `unlike` says in words what is not the same there, "" where nothing is."""

    line: Line
    unlike: str = ""


def said_in(claim: Claim, lines: Sequence[Line]) -> Said | None:
    """The sentence among `lines` that says what a claim says, or the first that says it unlike; None where none has its words."""
    mine = tokens(claim.text)
    content = {t.form for t in mine if not _is_number(t)} - STOP
    if len(content) < _LEAST_WORDS:
        return None
    other: Said | None = None
    for line in (x for x in _whole(lines) if content <= x.said):
        read = tokens(line.text)
        for place in _places(mine, read):
            if _is_narrowed(claim.text, line.text, read[place + len(mine) - 1].end):
                continue
            wrong = _differing(claim, mine, line.text, read[place : place + len(mine)])
            if not wrong:
                return Said(line)
            quantity, printed = wrong[0]
            if quantity is not None:
                other = other or Said(line, f"the text has {printed} where the claim has {quantity.text}")
        end = 0 if other else _exchanged(claim.text, mine, line.text, read)
        if end and not _is_narrowed(claim.text, line.text, end):
            other = Said(line, "the text has both sides of the comparison the other way round")
    return other


def _whole(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, and long sentences that were cut into several as one."""
    start = 0
    for i, line in enumerate(lines):
        yield line
        if not _UNENDED.search(line.text):
            if i > start:
                parts = lines[max(start, i + 1 - _LONGEST_CUT) : i + 1]
                span = (
                    None if (a := parts[0].pointer.span) is None or (b := line.pointer.span) is None else (a[0], b[1])
                )
                pointer = parts[0].pointer.model_copy(update={"span": span})
                said = frozenset().union(*(x.said for x in parts))
                yield replace(parts[0], text=" ".join(x.text for x in parts), pointer=pointer, said=said)
            start = i + 1


def lacking(claim: Claim, text: str) -> Quantity | None:
    """The first measured number of a claim that a text does not give, in digits or in words; None where it gives all.

    Small whole numbers are passed over: they are part of names, or stand in words of many kinds.
    """
    measured = [q for q in claim.quantities if q.decimals or q.unit in ("percent", "points") or abs(q.value) >= _LARGE]
    if not measured:
        return None
    values, widths = _given(text)
    return next((q for q in measured if not (_agrees(q, values, widths).any() or _is_implied(q, values))), None)


@lru_cache(16)
def _given(text: str) -> tuple[Floats, Floats]:
    """The numbers of a text, in digits or in words, and half a unit of their last digits."""
    words = tokens(text)
    found = [x for w in words if _is_number(w) and (x := _number(w, text)) is not None]
    found += [Printed(float(_WORDS[w.form]), 0.0, w.text) for w in words if w.form in _WORDS]
    return np.array([x.value for x in found]), np.array([x.half_width for x in found])


def _is_implied(quantity: Quantity, values: Floats) -> bool:
    """Whether numbers give a quantity in another form: both ends of a range, a share, millions, the rest of 100 %."""
    forms = [values, *(values * scale for scale in _SCALES), *(values / scale for scale in _SCALES)]
    if quantity.unit == "percent":
        forms += [100 - values, 100 * values[values <= 1]]
    there = np.concatenate(forms)
    ends = [quantity.value] if quantity.high is None else [quantity.value, quantity.high]
    return all(bool((np.abs(abs(end) - there) <= quantity.half_width + 1e-9).any()) for end in ends)


def _is_number(word: Token) -> bool:
    return word.text[0].isdigit()


def _places(mine: Sequence[Token], read: Sequence[Token]) -> Iterator[int]:
    """Where the words of a claim stand one after the other in a sentence, numbers aside."""
    wanted, there = ([_masked(t) for t in words] for words in (mine, read))
    for place in range(len(there) - len(wanted) + 1):
        if there[place : place + len(wanted)] == wanted:
            yield place


def _exchanged(claim: str, mine: Sequence[Token], text: str, read: Sequence[Token]) -> int:
    """Where a sentence ends that has both sides of a claim's comparison exchanged: "B outperforms A on C"; 0 for none.

    What stands behind the other side may be said or left out.
    """
    compared = next((m for _, pattern in COMPARATORS for m in pattern.finditer(claim)), None)
    if compared is None:
        return 0
    first = next((i for i, t in enumerate(mine) if t.end > compared.start()), len(mine))
    second = next((i for i, t in enumerate(mine) if t.start >= compared.end()), len(mine))
    if second < len(mine) and mine[second].form == "than":
        second += 1
    elif mine[second - 1].form != "than" and not _SETS_AGAINST.match(compared[0]):
        return 0
    wanted = [_masked(t) for t in mine]
    there = [_masked(t) for t in read]
    for begin in range(max(0, first - _LONGEST_VERB), first + 1):
        subject, verb = wanted[:begin], wanted[begin:second]
        for stop in range(second + 1, min(len(wanted), second + _LONGEST_SIDE) + 1):
            turned = [*wanted[second:stop], *verb, *subject]
            if not (0 < len(subject) <= _LONGEST_SIDE) or {*subject} == {*wanted[second:stop]}:
                continue
            for place in range(len(there) - len(turned) + 1):
                if there[place : place + len(turned)] == turned:
                    return read[place + len(turned) - 1].end
    return 0


def _masked(word: Token) -> str:
    return "#" if _is_number(word) else "the" if word.form in _ARTICLES else word.form


def _is_narrowed(claim: str, text: str, end: int) -> bool:
    """Whether a sentence that has a claim's words up to `end` says less: a word that narrows or negates, up to their clause's end."""
    clause = text[:end] + re.split(r"[,;]", text[end:], maxsplit=1)[0]
    there = {m[0].lower() for m in _NARROWED.finditer(clause)}
    return bool(there - {m[0].lower() for m in _NARROWED.finditer(claim)}) or contrary(claim, clause)


def _differing(
    claim: Claim, mine: Sequence[Token], text: str, there: Sequence[Token]
) -> list[tuple[Quantity | None, str]]:
    """The numbers of a claim that are others in their places, with those; None for one that is no quantity: a year, a name."""
    out: list[tuple[Quantity | None, str]] = []
    for word, found in zip(mine, there, strict=True):
        if not _is_number(word) or word.text == found.text:
            continue
        quantity = next((q for q in claim.quantities if q.span[0] <= word.start < q.span[1]), None)
        said, printed = _number(word, claim.text), _number(found, text)
        if quantity is None or said is None or printed is None:
            out.append((None, found.text))
        elif abs(said.value - printed.value) > said.half_width + printed.half_width + 1e-9:
            # "over 100" follows from "over 120", where both are said in the same words
            at = np.array([printed.value]), np.array([printed.half_width])
            follows = quantity.bound in _ONE_SIDED and _agrees(quantity, *at).all()
            out.append((None if follows else quantity, printed.text))
    return out


def _number(word: Token, text: str) -> Printed | None:
    """A number at its word; None for a date or a version."""
    if not re.fullmatch(r"\d+(?:,\d{3})*(?:\.\d+)?", word.text):
        return None
    value, decimals = parse_digits(word.text)
    percent = "%" if text[word.end : word.end + 2].lstrip().startswith("%") else ""
    return Printed(value, 0.5 * 10.0**-decimals, f"{word.text}{percent}")


def _agrees(quantity: Quantity, printed: Floats, half_widths: Floats) -> NDArray[np.bool_]:
    """Which numbers of a text are what a claim states, as all are rounded and the claim bounds it; (n,) each."""
    value, widths = abs(quantity.value), quantity.half_width + half_widths + 1e-9
    if quantity.high is not None:
        return np.asarray((value - widths <= printed) & (printed <= quantity.high + widths))
    bound = quantity.bound
    if bound in ("at_least", "more_than"):
        return np.asarray(printed >= value - widths)
    if bound in ("at_most", "less_than", "up_to"):
        return np.asarray(printed <= value + widths)
    if bound == "about":
        widths = widths + _ROUGHLY * value
    return np.asarray(np.abs(value - printed) <= widths)
