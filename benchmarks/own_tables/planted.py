"""Planted errors: claims that a table supports, made false in one digit or in one word of direction.

number: one digit of a number that the derivation names is changed, so that the value moves by at least 3.5 units of its
last digit and leaves its rounding interval by 3. Years, numbers of tables, figures and sections, and numbers under a
bound ("over 80") stay as they are. direction: one word is turned round ("outperforms" becomes "underperforms").
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import claimcheck
from benchmarks.own_tables.untouched import CheckedPaper, cites_table, decided_by_table, numeric_checks
from claimcheck.foundation.records import Claim, Document, Verdict

SEED = 20
LEAST_SHIFT = 3.5  # units of the last printed digit
_YEARS = range(1950, 2036)

# whole numbers and decimals, with thousands commas or without, that are no part of a word, a version or a range
_NUMBER = re.compile(
    r"""(?<![\w.,/-])
        (?: \d{1,3} (?:,\d{3})+ | \d+ ) (?: \.\d+ )?
        (?! [\w/] | [.,]\d )""",
    re.VERBOSE,
)
_NAMES_A_PLACE = re.compile(
    r"""(?: \b(?:tables?|tab\.|figures?|fig\.|sections?|sec\.|equations?|eqs?\.?|appendix) | § | \[[^\]]* )
        \s* \(? $""",
    re.VERBOSE | re.IGNORECASE,
)
_BOUNDED = re.compile(
    r"""(?: \b(?:over|above|below|under|than|least|most|nearly|almost|about|around|approximately|up\ to)
          | exceed\w* | surpass\w* | [≥≤><~] )
        \s* (?: the\s | an?\s | \$ )? $""",
    re.VERBOSE | re.IGNORECASE,
)
_TABLE_NAME = re.compile(r"\bTab(?:le|\.)\s*[A-Z]?\.?\d+", re.IGNORECASE)

_Turn = tuple[str, str | Callable[[re.Match[str]], str]]
_TURNS: tuple[_Turn, ...] = (
    (r"outperform(s|ed|ing)?\b", r"underperform\1"),
    (r"underperform(s|ed|ing)?\b", r"outperform\1"),
    (r"better(?= than)", "worse"),
    (r"worse(?= than)", "better"),
    (r"higher(?= than)", "lower"),
    (r"lower(?= than)", "higher"),
    (r"surpass(?:es|ed)\b", "falls below"),
    (r"(?<=the )highest", "lowest"),
    (r"(?<=the )lowest", "highest"),
    (r"improve([sd])\b", r"degrade\1"),
    (r"increase([sd])\b", r"decrease\1"),
    (r"decrease([sd])\b", r"increase\1"),
    (r"(?:(?<=achieves the )|(?<=obtains the )|(?<=performs ))best", "worst"),
)


@dataclass(frozen=True)
class Planted:
    """One falsified claim and what came of it."""

    paper: str
    claim: str  # id of the true claim
    mode: str  # number, direction, or untouched: the true claim as plain text
    text: str
    label: str
    by_table: bool  # refuted by a table check


def wrong_numbers(text: str, derivation: str) -> Iterator[str]:
    """Every text that differs in one digit of a number that the derivation names, and says something else."""
    named = [float(x.replace(",", "")) for x in re.findall(r"\d[\d,]*(?:\.\d+)?", _TABLE_NAME.sub(" ", derivation))]
    for match in _NUMBER.finditer(text):
        printed, before, after = match[0], text[: match.start()], text[match.end() :]
        value, unit = float(printed.replace(",", "")), 10.0 ** -len(printed.partition(".")[2])
        if _NAMES_A_PLACE.search(before) or _BOUNDED.search(before) or (unit == 1 and value in _YEARS):
            continue
        if not any(abs(value - x) <= unit / 2 + 1e-9 for x in named):
            continue
        for position, old in enumerate(printed):
            for digit in "0123456789" if old.isdigit() else "":
                changed = printed[:position] + digit + printed[position + 1 :]
                if digit == "0" and position == 0 and printed[1:2] not in ("", "."):
                    continue
                if abs(float(changed.replace(",", "")) - value) >= LEAST_SHIFT * unit - 1e-9:
                    yield before + changed + after


def wrong_number(text: str, derivation: str, rng: random.Random) -> str | None:
    """One of the texts with a wrong number, or None where no number can be changed."""
    options = list(wrong_numbers(text, derivation))
    return rng.choice(options) if options else None


def wrong_direction(text: str) -> str | None:
    """The text with its first word of direction turned round, or None where it has none."""
    for pattern, other in _TURNS:
        turned, count = re.subn(pattern, other, text, count=1, flags=re.IGNORECASE)
        if count:
            return turned
    return None


def plant(paper: CheckedPaper, rng: random.Random) -> list[Planted]:
    """Falsifies the table-supported claims of a paper and checks them as plain strings, the true ones as well."""
    plans: list[tuple[Claim, str, str]] = []
    kept: list[tuple[Claim, str, str]] = []
    for claim, verdict in paper.pairs():
        if not decided_by_table(verdict, "supported"):
            continue
        derivation = next(c.derivation or "" for c in numeric_checks(verdict, "supported") if cites_table(c))
        wrong = {
            "number": wrong_number(claim.text, derivation, rng),
            "direction": wrong_direction(claim.text),
        }
        plans += [(claim, mode, text) for mode, text in wrong.items() if text]
        kept += [(claim, "untouched", claim.text)] if any(wrong.values()) else []
    if paper.document is None or not plans:
        return []
    return _checked(paper, paper.document, plans + kept)


def _checked(paper: CheckedPaper, document: Document, plans: Sequence[tuple[Claim, str, str]]) -> list[Planted]:
    verdicts: list[Verdict] = claimcheck.check_many([(text, [document]) for _, _, text in plans])
    return [
        Planted(paper.name, claim.id, mode, text, verdict.label, decided_by_table(verdict, "refuted"))
        for (claim, mode, text), verdict in zip(plans, verdicts, strict=True)
    ]
