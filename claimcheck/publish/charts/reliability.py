"""Reliability: how often verdicts of a confidence were right, bin by bin, against the diagonal of perfect calibration.

DeGroot and Fienberg 1983; ECE as in Naeini et al. 2015: the mean gap, weighted by the size of the bins.
"""

from __future__ import annotations

import math
from itertools import pairwise

from claimcheck.foundation.records import Reliability, ReliabilityBin
from claimcheck.publish.charts.axis import Axis, figure_words
from claimcheck.publish.charts.figure import Box, Dot, Figure, Line, Shape, Words, fitted, text_width
from claimcheck.publish.charts.loose import text

_WIDTH, _SIDE = 360.0, 230.0
_LEFT, _TOP = 40.0, 18.0
_STRIP = 46.0  # height of the bars that give the size of each bin
_MOST_BINS = 50
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def reliability(r: Reliability) -> Figure:
    """The diagram, with a bar below each point that says how many items its bin has."""
    bins = sorted((b for b in r.bins if _is_bin(b)), key=lambda b: (b.confidence, b.right, b.n))[:_MOST_BINS]
    shapes: list[Shape] = [Words(0, 11, "share of verdicts that were right", "muted")]
    right, bottom = _LEFT + _SIDE, _TOP + _SIDE
    across = Axis(0.0, 1.0, _LEFT, right, _TICKS, tuple(f"{x:.1f}" for x in _TICKS))
    for value, label in zip(across.ticks, across.labels, strict=True):
        y = bottom - value * _SIDE
        shapes += [Line(_LEFT, y, right, y, "grid"), Line(across.at(value), _TOP, across.at(value), bottom, "grid")]
        shapes.append(Words(_LEFT - 8, y + 4, label, "label", "end"))
    shapes.append(Line(_LEFT, bottom, right, _TOP, "muted", dashed=True))
    points = [(across.at(b.confidence), bottom - b.right * _SIDE) for b in bins]
    shapes += [Line(*a, *b, "interval") for a, b in pairwise(points)]
    shapes += [Dot(x, y, 3.5, "reproduced") for x, y in points]
    shapes += across.shapes(bottom)
    shapes += _beside(right + 10, r)
    y = bottom + 32
    shapes.append(Words(_LEFT, y, "confidence; below, the items of each bin", "muted"))
    shapes += _strip(bins, across, y + 22)
    return Figure(
        title=f"Reliability on {text(r.calibration, 120) or 'the calibration set'}",
        description=_description(r, bins),
        width=_WIDTH,
        height=y + 22 + _STRIP + 6,
        shapes=tuple(shapes),
    )


def _beside(x: float, r: Reliability) -> list[Shape]:
    ece = [f"ECE {figure_words(r.ece)}"] if math.isfinite(r.ece) else []
    lines = [f"n = {r.n:,}", *ece, "", "dashed:", "perfect"]
    return [Words(x, _TOP + 14 + 14 * i, fitted(line, _WIDTH - x), "label") for i, line in enumerate(lines) if line]


def _strip(bins: list[ReliabilityBin], axis: Axis, top: float) -> list[Shape]:
    """Bars to one scale; a count over each where it has room."""
    out: list[Shape] = []
    most = max((b.n for b in bins), default=1)
    end = 0.0
    for b in bins:
        height = max(1.0, b.n / most * (_STRIP - 2))
        x, y = axis.at(b.confidence), top + _STRIP - height
        out.append(Box(x - 4, y, 8, height, "value"))
        half = text_width(f"{b.n:,}") / 2
        if x - half >= end:
            out.append(Words(x, y - 3, f"{b.n:,}", "label", "middle"))
            end = x + half + 3
    return [*out, Line(axis.left, top + _STRIP, axis.right, top + _STRIP, "axis")]


def _is_bin(b: ReliabilityBin) -> bool:
    return 0 <= b.confidence <= 1 and 0 <= b.right <= 1 and 0 < b.n < 10**12


def _description(r: Reliability, bins: list[ReliabilityBin]) -> str:
    told = "; ".join(f"confidence {b.confidence:.2f}: {b.right:.2f} right of {b.n:,}" for b in bins)
    ece = f", expected calibration error {figure_words(r.ece)}" if math.isfinite(r.ece) else ""
    return f"{r.n:,} items{ece}. The dashed diagonal is perfect calibration. {told or 'No bins.'}".rstrip(".") + "."
