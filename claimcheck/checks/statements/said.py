"""The numbers that a statement says, with their bound and what rounding lets them stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.statements.lexicon import BOUNDS, NUMBER_WORDS, ORDINALS, REFERENCE
from claimcheck.checks.table_index import Bools, Floats
from claimcheck.foundation.words import Token


@dataclass(frozen=True)
class Said:
    """A number of the statement."""

    value: float
    decimals: int
    position: int  # of the word
    percent: bool
    bound: str  # "at_least", "at_most", "more", "less", "about" or ""
    spelled: bool  # "three"
    ordinal: bool

    @property
    def half_width(self) -> float:
        """What rounding lets it stand for."""
        width = 0.5 * 10.0**-self.decimals
        return max(width, 0.05 * abs(self.value)) if self.bound == "about" else width

    def fits(self, values: Floats) -> Bools:
        """Where values print as this number; a fraction may be told as a percentage."""
        width = self.half_width * 1.0001
        found = np.abs(values - self.value) <= width
        if self.decimals == 0 and abs(self.value) < 1000:
            found = np.abs(values - self.value) <= (width if self.bound == "about" else 1e-9)
            if self.value > 12:
                found |= np.abs(values - self.value) <= 0.5
        if self.percent:
            found |= np.abs(values * 100 - self.value) <= width
        fitting: Bools = found | (np.abs(np.abs(values) - abs(self.value)) <= 1e-9)
        return fitting


def find_numbers(text: str, words: tuple[Token, ...], captioned: frozenset[str]) -> list[Said]:
    """The numbers of a statement in order; those that name a table, a work or the caption's own are left out."""
    out = []
    for i, t in enumerate(words):
        form = t.text.lower()
        before, after = text[: t.start], text[t.end : t.end + 12].lower()
        if REFERENCE.search(before[-24:]) or (
            before.endswith("(") and after[:1] in ");" and re.fullmatch(r"(?:19|20)\d\d", form)
        ):
            continue  # "Table 3", "Smith et al. (2016)"
        bound = next((b for b, pattern in BOUNDS if pattern.search(before[-40:])), "")
        if t.text[0].isdecimal() and t.text.replace(",", "").replace(".", "").isdecimal() and len(t.text) < 16:
            plain = t.text.replace(",", "")
            if plain.count(".") > 1:
                continue
            minus = before.endswith(("-", "−", "–")) and not before[:-1].rstrip()[-1:].isalnum()
            ordinal = after[:2] in ("st", "nd", "rd", "th")
            percent = after.lstrip().startswith(("%", "percent", "per cent"))
            value = -float(plain) if minus else float(plain)
            if len(plain) > 2 and plain in captioned:
                continue  # a number of the caption says which table is meant
            out.append(Said(value, len(plain.partition(".")[2]), i, percent, bound, False, ordinal))
        elif form[:-2].isdecimal() and len(form) < 16 and form[-2:] in ("st", "nd", "rd", "th"):
            out.append(Said(float(form[:-2]), 0, i, False, bound, False, True))
        elif form in NUMBER_WORDS and not (form == "one" and after.lstrip().startswith("of")):
            out.append(Said(float(NUMBER_WORDS[form]), 0, i, False, bound, True, False))
        elif form in ORDINALS:
            out.append(Said(float(ORDINALS[form]), 0, i, False, bound, True, True))
    return out
