"""Printed numbers: the value, its digits, its spread, and what rounding lets it stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

# digits with optional thousands commas and decimals; a bare ".75" counts, a version "1.2.3" and a word "F1" do not
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(rf"(?<![\w.])(?P<sign>[+\-−–]\s?)?(?P<digits>{_DIGITS})(?P<percent>\s?(?:%|\\%))?(?![\w]*\d\.\d)")
_SPREAD = re.compile(rf"\s*(?:±|\+/-|\+\-|\\pm)\s*(?P<spread>{_DIGITS})")
_WRAPPED_SPREAD = re.compile(rf"\s*\(\s*(?:±|\+/-)?\s*(?P<spread>{_DIGITS})\s*\)$")
_MARKS = "*†‡§¶⋆∗♣♠♦♥↑↓▲▼△▽ "
_SCALE = {"K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9}


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number. `text` is the token without sign, spread and percent mark; `value` carries the sign."""

    text: str
    value: float
    decimals: int
    percent: bool = False
    spread: float | None = None
    signed: bool = False

    @property
    def half_width(self) -> float:
        """Half a unit of the last printed digit: the true value lies within it of `value`."""
        return 0.5 * 10.0**-self.decimals


def parse_digits(digits: str) -> tuple[float, int]:
    """(value, decimals) of a token such as "1,234.50"."""
    plain = digits.replace(",", "")
    return float(plain), len(plain.partition(".")[2])


def cell_numbers(text: str) -> tuple[Number, ...]:
    """The numbers a table cell prints, when the cell is a number cell; () for words, names and ranges of words.

    "85.3", "85.3 ± 0.2", "85.3%", "60.7/42.1", "77.7*", "12.5M" and "77.7 (80.1)" are number cells; "BERT-24",
    "3-layer", "Model 2" and "2 x 10" are not. A trailing (…) with a value small beside the first is its spread.
    """
    plain = text.strip(_MARKS).replace("\u2009", " ").replace("\u00a0", " ")
    if not plain or len(plain) > 60 or not any(c.isdigit() for c in plain):
        return ()
    out: list[Number] = []
    position = 0
    while position < len(plain):
        rest = plain[position:]
        m = _NUMBER.match(rest)
        if m is None:
            # between numbers only separators, marks and unit letters may stand
            gap = re.match(r"[\s/,;|()\[\]<>~≈=*†‡§¶⋆∗↑↓]+|[KkMB](?![A-Za-z])|(?:pts?|ms|s|x|×)\b\.?", rest)
            if gap is None:
                return ()
            position += gap.end()
            continue
        value, decimals = parse_digits(m["digits"])
        position += m.end()
        spread = None
        s = _SPREAD.match(plain, position)
        if s is None and not out:
            w = _WRAPPED_SPREAD.match(plain, position)
            if w is not None and parse_digits(w["spread"])[0] < 0.1 * value:
                s = w
        if s is not None:
            spread = parse_digits(s["spread"])[0]
            position = s.end()
        scale = (
            _SCALE.get(plain[position : position + 1], 1.0) if not plain[position + 1 : position + 2].isalpha() else 1.0
        )
        sign = -1.0 if m["sign"] and m["sign"].strip() in "-−–" else 1.0
        if (
            scale == 1.0
            and plain[position : position + 1].isalpha()
            and not re.match(r"(?:pts?|ms|s|x)\b", plain[position:])
        ):
            return ()
        out.append(
            Number(m["digits"], sign * value * scale, decimals, bool(m["percent"]), spread, signed=bool(m["sign"]))
        )
        if len(out) > 4:
            return ()
    return tuple(out)


def is_numeric(text: str) -> bool:
    """Whether a cell prints a number, or stands for a missing one ("-", "n/a")."""
    return bool(cell_numbers(text))


def is_blank(text: str) -> bool:
    """Whether a cell is empty or stands for a missing value."""
    return text.strip(_MARKS).lower() in {
        "",
        "nan",
        "-",
        "–",
        "—",
        "−",
        "--",
        "---",
        "n/a",
        "na",
        "n.a.",
        "/",
        "x",
        "✓",
        "✗",
        "?",
    }
