"""A horizontal axis with few round ticks whose labels never meet, and numbers as a chart prints them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from claimcheck.publish.charts.figure import Line, Shape, Words, text_width

_GAP = 8.0  # points between two labels
_MOST_TICKS = 6
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from low to high on x from `left` to `right`, with the values of its ticks."""

    low: float
    high: float
    left: float
    right: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @classmethod
    def over(cls, values: Iterable[float], left: float, right: float, width: float) -> Axis:
        """An axis on which all values have a place; equal ones get some room around them. `width`: of the picture."""
        found = list(values) or [0.0]
        low, high = min(found), max(found)
        size = max(abs(low), abs(high))
        are_equal = high - low <= 1e-6 * max(size, 1e-6)
        pad = (0.05 * size if size > 1e-9 else 1.0) if are_equal else 0.05 * (high - low)
        low, high = low - pad, high + pad
        best = cls(low, high, left, right, (), ())
        for most in range(_MOST_TICKS, 0, -1):
            axis = cls(low, high, left, right, *_ticks(low, high, most))._inside(width)
            if axis._has_room() and len(axis.ticks) > len(best.ticks):
                best = axis
        return best

    def at(self, value: float) -> float:
        """The x of a value; one beyond the axis lies on its end."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def shapes(self, y: float) -> list[Shape]:
        """The line at y with ticks, and their labels below it."""
        out: list[Shape] = [Line(self.left, y, self.right, y, "axis")]
        for value, label in zip(self.ticks, self.labels, strict=True):
            x = self.at(value)
            out += [Line(x, y, x, y + 4, "axis"), Words(x, y + 15, label, "label", "middle")]
        return out

    def _inside(self, width: float) -> Axis:
        """Without the ticks whose labels would leave the picture."""
        ends = self._ends()
        kept = [i for i, (start, end) in enumerate(ends) if start >= 0 and end <= width]
        return replace(self, ticks=tuple(self.ticks[i] for i in kept), labels=tuple(self.labels[i] for i in kept))

    def _has_room(self) -> bool:
        return all(b[0] - a[1] >= _GAP for a, b in pairwise(self._ends()))

    def _ends(self) -> list[tuple[float, float]]:
        """Where each label starts and ends."""
        halves = [(self.at(t), text_width(x) / 2) for t, x in zip(self.ticks, self.labels, strict=True)]
        return [(x - half, x + half) for x, half in halves]


def _ticks(low: float, high: float, most: int) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between low and high, with their labels."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [i * step for i in range(first, last + 1)]
    if decimals <= 4 and max(abs(low), abs(high)) < 1e6:  # else in powers of ten
        labels = [_signless_zero(f"{v:.{decimals}f}") for v in values]
    else:
        labels = [_signless_zero(f"{v:.10g}") for v in values]
    if len(set(labels)) < len(labels):  # numbers that differ in their last digits only
        return (), ()
    return tuple(values), tuple(map(typeset, labels))


def figure_words(value: float) -> str:
    """A measured number: two decimals, one digit where these would be 0.00, three digits where it is very large."""
    size = abs(value)
    if size >= 1e6:
        return f"{value:.3g}"
    if 5e-5 <= size < 0.005:
        return f"{value:.1g}"
    return _signless_zero(f"{value:.2f}")


def signed_words(value: float) -> str:
    """A measured difference, with its sign."""
    words = figure_words(value)
    return words if words.startswith("-") or not words.strip("0.") else f"+{words}"


def column_words(value: float, *, signed: bool = False) -> str:
    """A measured number in a column of them: two decimals each."""
    if abs(value) >= 1e6:
        return f"{value:+.3g}" if signed else f"{value:.3g}"
    words = f"{value:+.2f}" if signed else f"{value:.2f}"
    return words.lstrip("+-") if not words.strip("+-0.") else words


def set_words(value: float) -> str:
    """A number that somebody set, a margin for instance, with the digits that it was given."""
    return f"{value:.10g}"


def typeset(words: str) -> str:
    """Words for a drawing: a hyphen before a number is a minus sign."""
    return _MINUS.sub("−", words)


def _signless_zero(digits: str) -> str:
    return digits.lstrip("-") if not digits.strip("-0.") else digits
