"""What pdfium sees on a page: characters with baseline, size and font, ruling lines, and where graphics lie.

All coordinates are points in an upright frame: x to the right, y downwards, the origin at the page's top left corner.
Where most text of a page stands sideways (a landscape table on a portrait page), the frame is turned with it;
`PageContent.place` turns a box back into the page as it is displayed.
"""

from __future__ import annotations

import ctypes
import functools
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as raw_pdfium
from numpy.typing import NDArray

from claimcheck.foundation.records import Box

pdfium: Any = raw_pdfium  # its names are made at run time, unknown to a type checker
MAX_CHARACTERS = 200_000  # a page of a paper has 3,000 to 10,000
MAX_OBJECTS = 60_000  # plots drawn point by point reach tens of thousands
THIN = 2.5  # points: a shape thinner than this is a ruling line

_SPACES = (9, 10, 13, 32)  # below them and between stand letters of fonts without names for their letters

_BOLD = re.compile(
    r"bold|(?:^|[-_])bd|black|heavy|demi|medi(?!um\b)|cmb|cmssbx|sfbx|ecbx|lmroman\d+-bold|-b(?:$|[^a-z])", re.I
)
_MATH = re.compile(
    r"cmmi|cmsy|cmex|msam|msbm|mtmi|mtsy|rsfs|euler|stix.*math|cambriamath|symbol|eufm|txsy|txmi|pxmi", re.I
)


@dataclass(frozen=True, slots=True)
class Font:
    """A font as far as reading needs it."""

    name: str
    bold: bool
    math: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight ruling line, horizontal or vertical, as the thin box it covers."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def horizontal(self) -> bool:
        """Whether it is wider than high."""
        return self.x1 - self.x0 >= self.bottom - self.top

    @property
    def y(self) -> float:
        """Height of its middle."""
        return (self.top + self.bottom) / 2

    @property
    def x(self) -> float:
        """Middle from left to right."""
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class PageContent:
    """Characters, rules and graphics of one page; arrays have one entry a character, in the order of the stream."""

    number: int  # from 1
    width: float
    height: float
    codes: NDArray[np.uint32]
    x0: NDArray[np.float64]  # left end of the advance
    x1: NDArray[np.float64]
    base: NDArray[np.float64]  # baseline
    size: NDArray[np.float64]
    font: NDArray[np.int32]  # index into `fonts`
    fonts: tuple[Font, ...]
    rules: tuple[Rule, ...]
    graphics: tuple[Box, ...]  # figures: embedded drawings and images, and shapes that are no rule
    turn: int = 0  # degrees by which the frame is turned against the displayed page

    def place(self, box: Box) -> Box:
        """The box in points from the top left corner of the page as displayed, rounded to a tenth."""
        x0, top, x1, bottom = box
        if self.turn == 90:
            x0, top, x1, bottom = top, self.width - x1, bottom, self.width - x0
        elif self.turn == 180:
            x0, top, x1, bottom = self.width - x1, self.height - bottom, self.width - x0, self.height - top
        elif self.turn == 270:
            x0, top, x1, bottom = self.height - bottom, x0, self.height - top, x1
        return (round(x0, 1), round(top, 1), round(x1, 1), round(bottom, 1))


@dataclass(frozen=True, slots=True)
class _Frame:
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


def shown_area(page: Any) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of what is shown of a page, in its own space: points, y upwards, not rotated."""
    left, bottom, right, top = page.get_cropbox()
    media = page.get_mediabox()
    # a crop box may lie partly outside the sheet
    return max(left, media[0]), max(bottom, media[1]), min(right, media[2]), min(top, media[3])


def read_page(page: Any, number: int) -> PageContent:
    """Characters, rules and graphics of a pdfium page (`pypdfium2.PdfPage`).

    Raises whatever pypdfium2 raises on a damaged page; the caller names the page.
    """
    text_page = page.get_textpage()
    try:
        raw = _read_characters(text_page.raw)
    finally:
        text_page.close()
    left, bottom, right, top = shown_area(page)
    shown = page.get_rotation() % 360
    angles = np.bincount(raw.quarter, minlength=4) if len(raw.quarter) else np.zeros(4, dtype=np.int64)
    # text running upwards (90 degrees anticlockwise) comes upright by turning clockwise
    sideways = angles.sum() and angles.max() > 0.6 * angles.sum()
    turn = int(angles.argmax()) * 90 if sideways else shown
    frame = _Frame(left, bottom, right - left, top - bottom, turn)
    width, height = frame.size
    quarter = (turn // 90) % 4
    x0, _, x1, _ = frame.box(raw.left, raw.low, raw.right, raw.high)
    origin = frame.box(raw.origin_x, raw.origin_y, raw.origin_x, raw.origin_y)
    base = origin[1]
    keep = (
        (raw.quarter == quarter) & (x1 > -5) & (x0 < width + 5) & (base > -5) & (base < height + 5) & (raw.size > 0.5)
    )
    # fonts without an advance width have empty loose boxes
    x1 = np.where(x1 <= x0, x0 + 0.5 * raw.size, x1)
    rules, graphics = _read_shapes(page.raw, frame)
    return PageContent(
        number, width, height, raw.codes[keep], x0[keep], x1[keep], base[keep], raw.size[keep], raw.font[keep],
        raw.fonts, rules, graphics, (turn - shown) % 360,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _RawCharacters:
    codes: NDArray[np.uint32]
    left: NDArray[np.float64]
    low: NDArray[np.float64]
    right: NDArray[np.float64]
    high: NDArray[np.float64]
    origin_x: NDArray[np.float64]
    origin_y: NDArray[np.float64]
    size: NDArray[np.float64]
    font: NDArray[np.int32]
    quarter: NDArray[np.int64]  # 0 upright, 1 running upwards, 2 upside down, 3 running downwards, 4 askew
    fonts: tuple[Font, ...]


def _read_characters(handle: Any) -> _RawCharacters:
    """One pass over pdfium's characters; generated ones (line ends, guessed spaces) are left out.

    The calls write straight into arrays, and `map` makes them: a loop that reads each structure takes four times as
    long, and this is where most of the reading time goes.
    """
    count = min(pdfium.FPDFText_CountChars(handle), MAX_CHARACTERS)
    calls, page = _plain_calls(), ctypes.cast(handle, ctypes.c_void_p).value
    codes = np.fromiter(map(calls.get_unicode, repeat(page), range(count)), np.uint32, count)
    wanted = np.flatnonzero((codes > 1) & ~np.isin(codes, _SPACES))
    addresses = np.fromiter(map(calls.get_object, repeat(page), wanted.tolist()), np.uintp, len(wanted))
    wanted, addresses = wanted[addresses != 0], addresses[addresses != 0]
    places, size = wanted.tolist(), len(wanted)
    boxes = np.zeros((size, 4), dtype=np.float32)  # FS_RECTF: left, top, right, bottom
    origins = np.zeros((size, 2), dtype=np.float64)
    start, first = boxes.ctypes.data, origins.ctypes.data
    deque(map(calls.get_box, repeat(page), places, range(start, start + 16 * size, 16)), maxlen=0)
    xs, ys = range(first, first + 16 * size, 16), range(first + 8, first + 8 + 16 * size, 16)
    deque(map(calls.get_origin, repeat(page), places, xs, ys), maxlen=0)
    _, example, own = np.unique(addresses, return_index=True, return_inverse=True)
    fonts: dict[str, int] = {}
    known: dict[int, int] = {}
    styles: list[tuple[float, int, int]] = [(0.0, 0, 0)] * len(example)  # size, font, quarter turn of a text object
    for k in np.argsort(example).tolist():  # fonts are numbered as they come
        i = places[example[k]]
        styles[k] = _style(pdfium.FPDFText_GetTextObject(handle, i), handle, i, fonts, known)
    table = np.column_stack((boxes[:, [0, 3, 2, 1]].astype(np.float64), origins))
    style_table = np.array(styles, dtype=np.float64).reshape(-1, 3)
    return _RawCharacters(
        codes[wanted],
        table[:, 0],
        table[:, 1],
        table[:, 2],
        table[:, 3],
        table[:, 4],
        table[:, 5],
        style_table[own, 0],
        style_table[own, 1].astype(np.int32),
        style_table[own, 2].astype(np.int64),
        tuple(Font(name, bool(_BOLD.search(name)), bool(_MATH.search(name))) for name in fonts),
    )


@dataclass(frozen=True, slots=True)
class _PlainCalls:
    """Functions of pdfium that take addresses as plain numbers."""

    get_unicode: Callable[..., int]
    get_object: Callable[..., Any]
    get_box: Callable[..., int]
    get_origin: Callable[..., int]


@functools.cache
def _plain_calls() -> _PlainCalls:
    """The four functions that are called once a character, without the conversions of pypdfium2's declarations."""
    pointer, number = ctypes.c_void_p, ctypes.c_int

    def plain(name: str, result: Any, *arguments: Any) -> Any:
        address = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value
        return ctypes.CFUNCTYPE(result, *arguments)(address or 0)

    return _PlainCalls(
        plain("FPDFText_GetUnicode", ctypes.c_uint, pointer, number),
        plain("FPDFText_GetTextObject", ctypes.c_size_t, pointer, number),
        plain("FPDFText_GetLooseCharBox", number, pointer, number, pointer),
        plain("FPDFText_GetCharOrigin", number, pointer, number, pointer, pointer),
    )


def _style(owner: Any, handle: Any, index: int, fonts: dict[str, int], known: dict[int, int]) -> tuple[float, int, int]:
    """(size in points, font index, quarter turn) of a text object; the character's matrix holds its scale.

    `fonts` numbers the fonts by name, `known` those seen by their address.
    """
    matrix = pdfium.FS_MATRIX()
    size = ctypes.c_float()
    pdfium.FPDFTextObj_GetFontSize(owner, ctypes.byref(size))
    if pdfium.FPDFText_GetMatrix(handle, index, ctypes.byref(matrix)):
        scale = (matrix.c**2 + matrix.d**2) ** 0.5
        across, up = matrix.a, matrix.b
    else:
        scale, across, up = 1.0, 1.0, 0.0
    if abs(up) <= 0.1 * abs(across):
        quarter = 0 if across > 0 else 2
    elif abs(across) <= 0.1 * abs(up):
        quarter = 1 if up > 0 else 3
    else:
        quarter = 4
    font = pdfium.FPDFTextObj_GetFont(owner)
    address = ctypes.cast(font, ctypes.c_void_p).value or 0
    if address not in known:
        known[address] = fonts.setdefault(_font_name(font), len(fonts))
    return abs(size.value) * scale, known[address], quarter


def _font_name(font: Any) -> str:
    """The name of a font without its subset's prefix; "-Bold" behind it where only its weight says so."""
    length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(max(int(length), 1))
    pdfium.FPDFFont_GetBaseFontName(font, buffer, length)
    name = buffer.value.decode("utf-8", "replace").rpartition("+")[2]
    weight = pdfium.FPDFFont_GetWeight(font)
    if weight >= 600 and not _BOLD.search(name) and not name.lower().startswith("cm"):
        name += "-Bold"
    return name


def _read_shapes(page: Any, frame: _Frame) -> tuple[tuple[Rule, ...], tuple[Box, ...]]:
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
    shapes: Iterable[tuple[Any, _Matrix]], frame: _Frame, rules: list[Rule], graphics: list[Box], depth: int
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


def _axis_lines(shape: Any, outer: _Matrix, frame: _Frame) -> list[Rule] | None:
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
