"""Charts of one row a name: dots, an interval or a link on a common axis, the name before them and a number behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.publish.charts.axis import Axis, typeset
from claimcheck.publish.charts.figure import Dot, Figure, Line, Role, Shape, Words, fitted, text_width, wrapped

WIDTH = 360.0
ROW = 14.0  # points; 40 rows and what stands around them fit on a page
MOST_ROWS = 40
_LONGEST_NAME = 124.0  # points
_KEY = 14.0  # room for a legend's mark


@dataclass(frozen=True, slots=True)
class Mark:
    """A value of a row: a dot, a ring where `hollow`, a short dashed upright line where `upright`."""

    value: float
    role: Role
    hollow: bool = False
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`bar`: an interval with ends, or a link between two dots where `capped` is false. `shown`: the number behind.

    Where the row is not `is_whole`, its bar may run off the axis, which is then made for the other rows.
    """

    name: str
    marks: tuple[Mark, ...]
    bar: tuple[float, float] | None = None
    capped: bool = True
    shown: str = ""
    is_whole: bool = True


def row_figure(
    title: str,
    description: str,
    legend: Sequence[tuple[Mark | None, str]],
    rows: Sequence[Row],
    axis_name: str,
    *,
    zero: bool = False,
) -> Figure:
    """A chart of at most MOST_ROWS rows. `legend`: what the marks are; None for words alone. `zero`: a line at 0."""
    names = min(_LONGEST_NAME, max(text_width(row.name) for row in rows) + 4)
    behind = max(text_width(row.shown) for row in rows)
    left, right = names + 14, WIDTH - behind - (14 if behind else 10)
    values = [mark.value for row in rows for mark in row.marks]
    values += [x for row in rows if row.is_whole for x in row.bar or ()]
    axis = Axis.over([*values, 0.0] if zero else values, left, right, WIDTH)
    shapes: list[Shape] = []
    y = _legend(legend, shapes) + 6
    bottom = y + len(rows) * ROW + 2
    shapes += [Line(axis.at(x), y, axis.at(x), bottom, "grid") for x in axis.ticks]
    if zero:
        shapes.append(Line(axis.at(0), y, axis.at(0), bottom, "baseline"))
    for row in rows:
        middle = y + ROW / 2
        shapes.append(Words(names, middle + 4, fitted(row.name, names), "label", "end"))
        if row.bar is not None:
            shapes += _bar(axis, row, middle)
        for mark in row.marks:
            shapes += _mark(mark, axis.at(mark.value), middle)
        if row.shown:
            shapes.append(Words(WIDTH, middle + 4, typeset(row.shown), "value", "end"))
        y += ROW
    shapes += axis.shapes(bottom)
    y = bottom + 18
    for line in wrapped(axis_name, WIDTH, 2):
        shapes.append(Words(0, y + 11, line, "muted"))
        y += 14
    return Figure(title, description, WIDTH, y + 4, tuple(shapes))


def _legend(legend: Sequence[tuple[Mark | None, str]], shapes: list[Shape]) -> float:
    """Entries side by side where they have room; the y below them."""
    x, y = 0.0, 2.0
    for mark, words in legend:
        room = text_width(words) + (_KEY if mark is not None else 0)
        if x and x + room > WIDTH:
            x, y = 0.0, y + 14
        if mark is not None:
            shapes += _mark(mark, x + _KEY / 2 - 2, y + 7)
        start = x + (_KEY if mark is not None else 0)
        for i, line in enumerate(wrapped(words, WIDTH - start, 2)):
            y += 14 * (i > 0)
            shapes.append(Words(start, y + 11, line, "label"))
        x += room + 16
    return y + 14


def _bar(axis: Axis, row: Row, y: float) -> list[Shape]:
    assert row.bar is not None
    start, end = (axis.at(x) for x in row.bar)
    ends = [axis.at(x) for x in dict.fromkeys(row.bar) if row.capped and axis.holds(x)]
    caps = [Line(x, y - 3, x, y + 3, "interval") for x in ends]
    return [Line(start, y, end, y, "interval" if row.capped else "muted"), *caps]


def _mark(mark: Mark, x: float, y: float) -> list[Shape]:
    if mark.upright:
        return [Line(x, y - 5, x, y + 5, mark.role, dashed=True)]
    return [Dot(x, y, 3.5 if mark.hollow else 3, mark.role, mark.hollow)]
