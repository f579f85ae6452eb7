"""Ruling lines and graphics among the objects that a page draws."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.glyphs import pdfium

MAX_OBJECTS = 60_000  # plots drawn point by point reach tens of thousands
THIN = 2.5  # points: a shape thinner than this is a ruling line


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight ruling line, horizontal or vertical, as the thin box it covers."""

    x0: float
    top: float
    x1: float
    bottom: float
    x: float = field(init=False, repr=False, compare=False)  # middle from left to right
    y: float = field(init=False, repr=False, compare=False)  # height of its middle
    horizontal: bool = field(init=False, repr=False, compare=False)  # wider than high

    def __post_init__(self) -> None:
        # asked for far more often than made
        object.__setattr__(self, "x", (self.x0 + self.x1) / 2)
        object.__setattr__(self, "y", (self.top + self.bottom) / 2)
        object.__setattr__(self, "horizontal", self.x1 - self.x0 >= self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Frame:
    """How page space (y up, any origin, perhaps rotated) becomes the upright frame."""

    left: float
    bottom: float
    width: float  # of the page space
    height: float
    turn: int  # clockwise degrees from page space to the frame

    @property
    def size(self) -> tuple[float, float]:
        return (self.width, self.height) if self.turn % 180 == 0 else (self.height, self.width)

    def box(self, left: Any, bottom: Any, right: Any, top: Any) -> tuple[Any, Any, Any, Any]:
        """(x0, top, x1, bottom) of boxes; works on floats and arrays alike."""
        l, r = left - self.left, right - self.left  # noqa: E741
        b, t = bottom - self.bottom, top - self.bottom
        if self.turn == 0:
            return l, self.height - t, r, self.height - b
        if self.turn == 90:
            return b, l, t, r
        if self.turn == 180:
            return self.width - r, b, self.width - l, t
        return self.height - t, self.width - r, self.height - b, self.width - l


def read_shapes(page: Any, frame: Frame) -> tuple[tuple[Rule, ...], tuple[Box, ...]]:
    """Rules and graphics among a page's objects. dvips draws rules as images one pixel high."""
    rules: list[Rule] = []
    graphics: list[Box] = []
    count = min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS)
    shapes = ((pdfium.FPDFPage_GetObject(page, i), _PLAIN) for i in range(count))
    _sort_shapes(shapes, frame, rules, graphics, 0)
    return tuple(rules), tuple(graphics)


_Matrix = tuple[float, float, float, float, float, float]
_PLAIN: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _sort_shapes(
    shapes: Iterable[tuple[Any, _Matrix]], frame: Frame, rules: list[Rule], graphics: list[Box], depth: int
) -> None:
    left, low, right, high = (ctypes.c_float() for _ in range(4))
    refs = [ctypes.byref(v) for v in (left, low, right, high)]
    width, height = frame.size
    for shape, matrix in shapes:
        kind = pdfium.FPDFPageObj_GetType(shape)
        if kind not in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            continue
        if not pdfium.FPDFPageObj_GetBounds(shape, *refs):
            continue
        ax, ay = _apply(matrix, left.value, low.value)
        bx, by = _apply(matrix, right.value, high.value)
        x0, top, x1, bottom = frame.box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        if x1 < 0 or x0 > width or bottom < 0 or top > height:
            continue
        wide, tall = x1 - x0, bottom - top
        whole = wide > 0.55 * width and tall > 0.55 * height
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            # publishers wrap whole pages; a figure's own drawing is of no use
            if whole and depth < 3:
                inner = _times(matrix, _matrix_of(shape))
                count = min(pdfium.FPDFFormObj_CountObjects(shape), MAX_OBJECTS)
                children = ((pdfium.FPDFFormObj_GetObject(shape, i), inner) for i in range(count))
                _sort_shapes(children, frame, rules, graphics, depth + 1)
            elif not whole:
                graphics.append((x0, top, x1, bottom))
        elif tall <= THIN or wide <= THIN:
            if max(wide, tall) >= 3 and wide <= width:
                rules.append(Rule(x0, top, x1, bottom))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH and pdfium.FPDFPath_CountSegments(shape) <= 400:
            lines = _axis_lines(shape, matrix, frame)
            if lines is not None:
                rules.extend(lines)
            elif not whole:
                graphics.append((x0, top, x1, bottom))
        elif not whole:
            graphics.append((x0, top, x1, bottom))


def _matrix_of(shape: Any) -> _Matrix:
    m = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(shape, ctypes.byref(m))
    return (m.a, m.b, m.c, m.d, m.e, m.f)


def _apply(m: _Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _times(outer: _Matrix, inner: _Matrix) -> _Matrix:
    """The matrix that applies `inner` first."""
    a, b = _apply(outer, inner[0], inner[1]), _apply(outer, inner[2], inner[3])
    e = _apply(outer, inner[4], inner[5])
    return (a[0] - outer[4], a[1] - outer[5], b[0] - outer[4], b[1] - outer[5], e[0], e[1])


def _axis_lines(shape: Any, outer: _Matrix, frame: Frame) -> list[Rule] | None:
    """The stroked horizontal and vertical lines of a path; [] for a filled box, None for a path with other lines."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(shape, ctypes.byref(fill), ctypes.byref(stroke))
    matrix = _times(outer, _matrix_of(shape))
    x, y = ctypes.c_float(), ctypes.c_float()
    out: list[Rule] = []
    last: tuple[float, float] | None = None
    first: tuple[float, float] | None = None
    for i in range(pdfium.FPDFPath_CountSegments(shape)):
        segment = pdfium.FPDFPath_GetPathSegment(shape, i)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        px, py = _apply(matrix, x.value, y.value)
        fx, fy, _, _ = frame.box(px, py, px, py)
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            return None
        ends: list[tuple[tuple[float, float], tuple[float, float]]] = []
        if kind == pdfium.FPDF_SEGMENT_LINETO and last is not None:
            ends.append((last, (fx, fy)))
        elif kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = (fx, fy)
        if pdfium.FPDFPathSegment_GetClose(segment) and first is not None:
            ends.append(((fx, fy), first))
        for (ax, ay), (bx, by) in ends:
            wide, tall = abs(ax - bx), abs(ay - by)
            if min(wide, tall) > 1.0:
                return None
            if max(wide, tall) >= 3:
                out.append(Rule(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)))
        last = (fx, fy)
    # the edges of a filled box are the background of a cell or a plot's bar, not lines
    return out if stroke.value else []
