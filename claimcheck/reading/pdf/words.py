"""Characters to words: broken at gaps and baseline shifts, with scripts tied to the word they belong to."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import PageContent

GAP = 0.15  # of the size: a wider gap parts words (measured against readers of the same pages)
NEAR_GAP = 0.09  # of the size: parts two lower-case letters where the letters around them stand close, in a tight line
F_GAP = 0.05  # the same beside an "f", whose box in pdfium reaches over the space next to it
CLOSE = 0.035  # of the size: the widest gap between letters of a word that is not letterspaced
CAPS_GAP = 0.2  # of the size, where the size changes without a shift: small capitals are one word
SCRIPT_SIZE = 0.87  # a script is smaller than this share of its base
_HYPHENS = {0x2, 0xFFFE, 0xAD}  # pdfium's names of a hyphen at a line's end
# spacing accents that TeX prints over or before their letter
_ACCENTS = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "ˇ": "\u030c", "¯": "\u0304",
    "˘": "\u0306", "˙": "\u0307", "˚": "\u030a", "˝": "\u030b", "¸": "\u0327",
}  # fmt: skip
# codes of TeX's own encodings, which a font without names for its letters leaves as they are: T1's, then OT1's
_TEX_CODES = {
    0x10: "“", 0x11: "”", 0x12: "„", 0x15: "–", 0x16: "—", 0x19: "ı", 0x1B: "ff", 0x1C: "fi", 0x1D: "fl",
    0x1E: "ffi", 0x1F: "ffl", 0x0B: "ff", 0x0C: "fi", 0x0E: "ffi", 0x0F: "ffl",
}  # fmt: skip
_MARKS = frozenset("*†‡§¶∗⋆♠♣♦♥✓✗")


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place. `base` is the baseline of the line it belongs to, for a script that of its base word."""

    text: str
    x0: float
    x1: float
    base: float
    size: float
    bold: bool = False
    math: bool = False
    script: int = 0  # 1 raised, -1 lowered, 0 on the line
    glued: bool = False  # no space before it
    font: int = -1

    @property
    def top(self) -> float:
        """Height of its ascenders."""
        return self.base - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Depth of its descenders."""
        return self.base + 0.22 * self.size

    @property
    def box(self) -> Box:
        """(x0, top, x1, bottom) in points."""
        return (self.x0, self.top, self.x1, self.bottom)


def page_words(page: PageContent) -> list[Word]:
    """The words of a page in the order of its stream."""
    letters = [_letter(c) for c in page.codes.tolist()]
    keep = _put_accents(letters, page)
    if not keep.any():
        return []
    letters = [x for x, k in zip(letters, keep.tolist(), strict=True) if k]
    x0, x1, base, size = page.x0[keep], page.x1[keep], page.base[keep], page.size[keep]
    fonts = page.font[keep]
    count = len(letters)
    bold = np.array([f.bold for f in page.fonts], dtype=bool)[fonts]
    math = np.array([f.math for f in page.fonts], dtype=bool)[fonts]
    bigger = np.maximum(size[1:], size[:-1])
    gap = x0[1:] - x1[:-1]
    shift = np.abs(base[1:] - base[:-1])
    resized = np.abs(size[1:] - size[:-1]) > 0.05 * bigger
    limit = np.where(resized, CAPS_GAP, GAP) * bigger
    breaks = (shift > 0.08 * bigger) | (gap > limit) | (gap < -0.7 * bigger)
    tight = _tight_spaces(letters, gap / bigger, breaks | resized, math)
    breaks |= tight
    # the letters of a ligature share its box
    breaks &= (x0[1:] != x0[:-1]) | (x1[1:] != x1[:-1]) | (shift > 0)
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends = np.append(starts[1:], count)
    bolds = np.concatenate(([0], np.cumsum(bold)))
    maths = np.concatenate(([0], np.cumsum(math)))
    out: list[Word] = []
    apart: set[int] = set()  # ids of words after a space that is narrow
    half = (ends - starts) / 2
    table = zip(
        starts.tolist(),
        ends.tolist(),
        np.minimum.reduceat(x0, starts).tolist(),
        np.maximum.reduceat(x1, starts).tolist(),
        base[starts].tolist(),
        np.maximum.reduceat(size, starts).tolist(),
        (bolds[ends] - bolds[starts] > half).tolist(),
        (maths[ends] - maths[starts] > half).tolist(),
        fonts[starts].tolist(),
        strict=True,
    )
    for a, b, left, right, line, height, is_bold, is_math, font in table:
        text = "".join(letters[a:b])
        if not text:
            continue
        out.append(Word(text, left, right, line, height, is_bold, is_math, font=font))
        if a and tight[a - 1]:
            apart.add(id(out[-1]))
    return _tie_scripts(out, apart)


def _tight_spaces(
    letters: list[str], gap: NDArray[np.float64], parted: NDArray[np.bool_], math: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where a narrow gap is a word space all the same; `gap` is in units of the size, `parted` holds the sure breaks.

    Letterspaced words have such gaps on both sides of each letter, so the letters around must stand close.
    """
    before = np.concatenate(([0.0], np.where(parted, 0.0, gap)[:-1]))
    after = np.append(np.where(parted, 0.0, gap)[1:], 0.0)
    narrow = ~parted & (gap > F_GAP) & (before < CLOSE) & (after < CLOSE) & ~math[1:] & ~math[:-1]
    out = np.zeros(len(gap), dtype=bool)
    for i in np.flatnonzero(narrow).tolist():
        a, b = letters[i], letters[i + 1]
        if a.isalpha() and b.isalpha() and a.islower() and (a[-1] == "f" or b[0] == "f" or gap[i] > NEAR_GAP):
            out[i] = True
    return out


def _letter(code: int) -> str:
    """The character of a code, "" for control characters and private ones, a hyphen for pdfium's line-end hyphen."""
    if code in _HYPHENS:
        return "-"
    if code in _TEX_CODES:
        return _TEX_CODES[code]
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or 0xE000 <= code < 0xF900 or code > 0x10FFFF:
        return ""
    if code in (0x200B, 0x200C, 0x200D, 0xFEFF, 0xFFFD, 0xFFFF):
        return ""
    if 0xFB00 <= code <= 0xFB06 or 0x1D400 <= code <= 0x1D7FF:
        return unicodedata.normalize("NFKC", chr(code))
    return chr(code)


def _put_accents(letters: list[str], page: PageContent) -> NDArray[np.bool_]:
    """Puts accents that were printed as characters of their own on the letter they stand over, in place.

    Returns which characters stay. TeX prints an accent before its letter, pdfium may give it at the end of the word.
    """
    keep = np.array([bool(x) for x in letters], dtype=bool)
    for i, letter in enumerate(letters):
        mark = _ACCENTS.get(letter)
        if mark is None:
            continue
        middle = (page.x0[i] + page.x1[i]) / 2
        best: tuple[float, int] | None = None
        for j in range(max(0, i - 25), min(len(letters), i + 4)):
            if j == i or len(letters[j]) != 1 or not letters[j].isalpha():
                continue
            off = abs((page.x0[j] + page.x1[j]) / 2 - middle)
            near = off < 0.3 * page.size[j] and abs(page.base[j] - page.base[i]) < 0.4 * page.size[j]
            if near and (best is None or off < best[0]):
                best = (off, j)
        if best is not None:
            j = best[1]
            plain = {"ı": "i", "ȷ": "j"}.get(letters[j], letters[j])
            letters[j] = unicodedata.normalize("NFC", plain + mark)
            keep[i] = False
    return keep


def _tie_scripts(words: list[Word], apart: set[int]) -> list[Word]:
    """Marks scripts and gives them the baseline of the word that they belong to; the stream prints them next to it."""
    out: list[Word] = []
    last: Word | None = None  # the last word on the line
    for i, word in enumerate(words):
        if last is not None and word.size < SCRIPT_SIZE * last.size:
            shift = word.base - last.base
            near = -0.45 * last.size <= word.x0 - (out[-1].x1 if out else last.x1) <= 0.4 * last.size
            # a subscript under a superscript starts where that one did
            near = near or abs(word.x0 - last.x1) <= 0.4 * last.size
            if near and 0.08 * last.size < abs(shift) < 0.75 * last.size:
                glued = word.x0 - out[-1].x1 < GAP * last.size
                out.append(replace(word, base=last.base, script=1 if shift < 0 else -1, glued=glued))
                continue
        following = words[i + 1] if i + 1 < len(words) else None
        if (
            following is not None
            and word.size < SCRIPT_SIZE * following.size
            and len(word.text) <= 4
            and 0.1 * following.size < following.base - word.base < 0.7 * following.size
            and -0.2 * following.size <= following.x0 - word.x1 <= 0.6 * following.size
        ):
            # a footnote's or an affiliation's mark before its word
            out.append(replace(word, base=following.base, script=1))
            continue
        before = out[-1] if out else None
        glued = (
            before is not None
            and abs(before.base - word.base) < 0.3 * word.size
            and -0.5 * word.size < word.x0 - before.x1 < GAP * word.size
            and id(word) not in apart
        )
        out.append(replace(word, glued=glued) if glued else word)
        last = word
    return out


def join_words(words: list[Word], *, marks: bool = False) -> str:
    """The text of words that stand on one line, in the order given; with `marks`, raised footnote marks are kept."""
    parts: list[str] = []
    for i, word in enumerate(words):
        text = word.text
        if word.script and i:
            before = words[i - 1]
            if word.script > 0 and not marks and is_footnote_mark(word, before):
                continue
            if word.script > 0 and text[0] not in "*†‡§¶∗⋆′'" and not before.script:
                text = "^" + text
        if parts and not word.glued:
            parts.append(" ")
        parts.append(text)
    return "".join(parts).strip()


def is_footnote_mark(word: Word, before: Word) -> bool:
    """Whether a raised word refers to a footnote, and is no exponent."""
    if set(word.text) <= _MARKS:
        return word.glued
    plain = word.text.strip(",")
    if before.math or before.text[-1:].isdigit() or len(before.text) < 2:
        return False
    return plain.isdigit() and len(plain) <= 2
