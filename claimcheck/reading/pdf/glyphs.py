"""Characters of a page as pdfium holds them, in the page's own space: places, sizes, fonts, directions.

pypdfium2 has no way to ask for more than one character at a time, so that most of the time of reading a PDF goes into
calls of pdfium; this module makes as few as it can, as cheaply as `ctypes` allows.
"""

from __future__ import annotations

import ctypes
import functools
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as raw_pdfium
from numpy.typing import NDArray

pdfium: Any = raw_pdfium  # its names are made at run time, unknown to a type checker
MAX_CHARACTERS = 200_000  # a page of a paper has 3,000 to 10,000

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
class RawCharacters:
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


class BoxBuffer:
    """Memory that pdfium writes the boxes of a page's characters into; use one for all pages of a document.

    It keeps the address of each place in the form that a call takes: to convert one costs more than the call.
    """

    def __init__(self) -> None:
        self._boxes = np.zeros((0, 4), dtype=np.float32)
        self._places: list[Any] = []

    def fill(self, get_box: Callable[..., int], page: Any, characters: Sequence[int]) -> NDArray[np.float64]:
        """(left, top, right, bottom) of characters, in points of the page's own space."""
        count = len(characters)
        if count > len(self._places):
            self._boxes = np.zeros((count + count // 2, 4), dtype=np.float32)
            start = self._boxes.ctypes.data
            self._places = [ctypes.c_void_p.from_param(start + 16 * k) for k in range(len(self._boxes))]
        self._boxes[:count] = 0
        deque(map(get_box, repeat(page), characters, self._places), maxlen=0)
        return self._boxes[:count].astype(np.float64)


def read_characters(handle: Any, buffer: BoxBuffer) -> RawCharacters:
    """One pass over pdfium's characters; generated ones (line ends, guessed spaces) are left out.

    One call a page gives the letters, two a character its object and its box; what the characters of a text object
    share is asked once an object. `map` makes the calls: a loop takes four times as long, and this is where most of the
    reading time goes.
    """
    calls, page = _plain_calls(), ctypes.cast(handle, ctypes.c_void_p).value or 0
    known = ctypes.c_void_p.from_param(page)
    codes = _codes(calls, page, min(calls.count_chars(page), MAX_CHARACTERS))
    # below and between the four kinds of space stand letters of fonts without names for their letters
    places = np.flatnonzero((codes > 1) & (codes != 32) & (codes != 13) & (codes != 10) & (codes != 9))
    owners = np.fromiter(map(calls.get_object, repeat(known), places.tolist()), np.uintp, len(places))
    if not owners.all():
        places, owners = places[owners != 0], owners[owners != 0]
    boxes = buffer.fill(calls.get_box, known, places.tolist())
    size = len(places)
    parted = np.flatnonzero(owners[1:] != owners[:-1]) + 1
    firsts = np.concatenate(([0], parted)) if size else parted
    lengths = np.diff(np.append(firsts, size))
    styles = _styles(calls, page, owners[firsts], places[firsts])
    origins = _origins(calls, page, places, firsts, lengths, styles.quarter)
    return RawCharacters(
        codes[places],
        boxes[:, 0],
        boxes[:, 3],
        boxes[:, 2],
        boxes[:, 1],
        origins[:, 0],
        origins[:, 1],
        np.repeat(styles.size, lengths),
        np.repeat(styles.font, lengths),
        np.repeat(styles.quarter, lengths),
        styles.fonts,
    )


@dataclass(frozen=True, slots=True)
class _PlainCalls:
    """Functions of pdfium that take addresses as plain numbers; the last three take arguments made by `from_param`."""

    count_chars: Callable[[int], int]
    get_text: Callable[[int, int, int, int], int]
    get_origin: Callable[[int, int, int, int], int]
    get_matrix: Callable[[int, int, int], int]
    get_font_size: Callable[[int, int], int]
    get_font: Callable[[int], int]
    get_unicode: Callable[..., int]
    get_object: Callable[..., int]
    get_box: Callable[..., int]


@functools.cache
def _plain_calls() -> _PlainCalls:
    """The functions that are called often, without the conversions of pypdfium2's declarations.

    They keep the interpreter's lock, which costs less than to give it back and forth thousands of times a page.
    """
    pointer, number, address = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t

    def plain(name: str, result: Any, *arguments: Any) -> Any:
        place = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value
        return ctypes.PYFUNCTYPE(result, *arguments)(place or 0)

    return _PlainCalls(
        plain("FPDFText_CountChars", number, pointer),
        plain("FPDFText_GetText", number, pointer, number, number, pointer),
        plain("FPDFText_GetCharOrigin", number, pointer, number, pointer, pointer),
        plain("FPDFText_GetMatrix", number, pointer, number, pointer),
        plain("FPDFTextObj_GetFontSize", number, pointer, pointer),
        plain("FPDFTextObj_GetFont", address, pointer),
        plain("FPDFText_GetUnicode", ctypes.c_uint),
        plain("FPDFText_GetTextObject", address),
        plain("FPDFText_GetLooseCharBox", number),
    )


def _codes(calls: _PlainCalls, page: int, count: int) -> NDArray[np.uint32]:
    """The code of each character. pdfium's text holds them all in one call, but for control characters.

    pdfium has two characters for a code beyond 0xFFFF (the italic letters of a formula); the second becomes 0.
    """
    if count <= 0:
        return np.zeros(0, dtype=np.uint32)
    known = ctypes.c_void_p.from_param(page)
    text = np.zeros(count + 1, dtype=np.uint16)
    if calls.get_text(page, 0, count, text.ctypes.data) == count + 1 and text[:count].all():
        codes = text[:count].astype(np.uint32)
        for i in np.flatnonzero(codes == 0xFFFE).tolist():  # the text's name for several codes at a line's end
            codes[i] = calls.get_unicode(known, i)
    else:
        codes = np.fromiter(map(calls.get_unicode, repeat(known), range(count)), np.uint32, count)
    first = np.flatnonzero((codes[:-1] >> 10 == 0x36) & (codes[1:] >> 10 == 0x37))
    if len(first):
        codes[first] = 0x10000 + ((codes[first] - 0xD800) << 10) + (codes[first + 1] - 0xDC00)
        codes[first + 1] = 0
    return codes


@dataclass(frozen=True, slots=True)
class _Styles:
    """What the characters of a text object share; arrays have one entry an object."""

    size: NDArray[np.float64]  # points
    font: NDArray[np.int32]  # index into `fonts`
    quarter: NDArray[np.int64]
    fonts: tuple[Font, ...]


def _styles(calls: _PlainCalls, page: int, owners: NDArray[np.uintp], examples: NDArray[np.intp]) -> _Styles:
    """Size, font and direction of text objects; `examples` has a character of each, whose matrix holds its scale."""
    count = len(owners)
    addresses = owners.tolist()
    sizes = np.zeros(count, dtype=np.float32)
    start = sizes.ctypes.data
    deque(map(calls.get_font_size, addresses, range(start, start + 4 * count, 4)), maxlen=0)
    matrices = np.zeros((count, 6), dtype=np.float32)
    start = matrices.ctypes.data
    ends = range(start, start + 24 * count, 24)
    found = np.fromiter(map(calls.get_matrix, repeat(page), examples.tolist(), ends), np.bool_, count)
    matrices[~found] = (1, 0, 0, 1, 0, 0)
    across, up, c, d = matrices[:, :4].astype(np.float64).T
    level, upright = np.abs(up) <= 0.1 * np.abs(across), np.abs(across) <= 0.1 * np.abs(up)
    quarter = np.where(level, np.where(across > 0, 0, 2), np.where(upright, np.where(up > 0, 1, 3), 4))
    names: dict[str, int] = {}
    known: dict[int, int] = {}
    fonts = list(map(calls.get_font, addresses))
    for address in fonts:
        if address not in known:
            known[address] = names.setdefault(_font_name(address), len(names))
    return _Styles(
        np.abs(sizes.astype(np.float64)) * np.sqrt(c * c + d * d),
        np.array([known[address] for address in fonts], dtype=np.int32),
        quarter.astype(np.int64),
        tuple(map(_font, names)),
    )


def _origins(
    calls: _PlainCalls,
    page: int,
    places: NDArray[np.intp],
    firsts: NDArray[np.intp],
    lengths: NDArray[np.intp],
    quarter: NDArray[np.int64],
) -> NDArray[np.float64]:
    """(x, y) of each character's origin, of which only the one across the direction of the text counts.

    Text objects (`firsts`, `lengths`) whose first and last character stand on one line have all on it.
    """

    def ask(at: NDArray[np.intp]) -> NDArray[np.float64]:
        out = np.zeros((len(at), 2), dtype=np.float64)
        start, size = out.ctypes.data, 16 * len(at)
        xs, ys = range(start, start + size, 16), range(start + 8, start + 8 + size, 16)
        deque(map(calls.get_origin, repeat(page), at.tolist(), xs, ys), maxlen=0)
        return out

    lasts = firsts + lengths - 1
    first = ask(places[firsts])
    last = first.copy()
    last[lengths > 1] = ask(places[lasts[lengths > 1]])
    sideways = quarter % 2 == 1
    straight = np.where(sideways, first[:, 0] == last[:, 0], first[:, 1] == last[:, 1])
    out = np.repeat(first, lengths, axis=0)
    bent = np.flatnonzero(np.repeat(~straight, lengths))
    if len(bent):
        out[bent] = ask(places[bent])
    return out


@functools.lru_cache(maxsize=1024)
def _font(name: str) -> Font:
    return Font(name, bool(_BOLD.search(name)), bool(_MATH.search(name)))


def _font_name(address: int) -> str:
    """The name of a font without its subset's prefix; "-Bold" behind it where only its weight says so."""
    font = ctypes.cast(address, pdfium.FPDF_FONT)
    length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(max(int(length), 1))
    pdfium.FPDFFont_GetBaseFontName(font, buffer, length)
    name = buffer.value.decode("utf-8", "replace").rpartition("+")[2]
    weight = pdfium.FPDFFont_GetWeight(font)
    if weight >= 600 and not _font(name).bold and not name.lower().startswith("cm"):
        name += "-Bold"
    return name
