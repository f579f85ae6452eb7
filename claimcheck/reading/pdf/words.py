"""Characters to words: broken at gaps and baseline shifts, with scripts tied to the word they belong to."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import Characters

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


@dataclass(slots=True, eq=False)
class Word:
    """A word with its place. `base` is the baseline of the line it belongs to, for a script that of its base word.

    Never changed once it is made; it is not declared frozen because a frozen class takes fifteen times as long to
    make, and a page has 600.
    """

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


def page_words(page: Characters) -> list[Word]:
    """The words of a page in the order of its stream."""
    letters, keep = _letters(page)
    if not keep.any():
        return []
    x0, x1, base, size, fonts = page.x0, page.x1, page.base, page.size, page.font
    if not keep.all():
        letters = [x for x, k in zip(letters, keep.tolist(), strict=True) if k]
        x0, x1, base, size, fonts = x0[keep], x1[keep], base[keep], size[keep], fonts[keep]
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
    ends = np.append(starts[1:], len(letters))
    bolds = np.concatenate(([0], np.cumsum(bold)))
    maths = np.concatenate(([0], np.cumsum(math)))
    half = (ends - starts) / 2
    texts = _cut(letters, starts, ends)
    left, right = np.minimum.reduceat(x0, starts), np.maximum.reduceat(x1, starts)
    height, line = np.maximum.reduceat(size, starts), base[starts]
    ties = _tie_scripts(texts, left, right, line, height, np.concatenate(([False], tight))[starts])
    return list(
        map(
            Word,
            texts,
            left.tolist(),
            right.tolist(),
            ties.base,
            height.tolist(),
            (bolds[ends] - bolds[starts] > half).tolist(),
            (maths[ends] - maths[starts] > half).tolist(),
            ties.script,
            ties.glued,
            fonts[starts].tolist(),
        )
    )


def _cut(letters: list[str], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> list[str]:
    """The texts of words from the letters `starts` up to `ends`."""
    whole = "".join(letters)
    if len(whole) > len(letters):  # ligatures are several
        offsets = np.concatenate(([0], np.cumsum(np.fromiter(map(len, letters), np.intp, len(letters)))))
        starts, ends = offsets[starts], offsets[ends]
    return [whole[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


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


def _letters(page: Characters) -> tuple[list[str], NDArray[np.bool_]]:
    """The text of each character, accents on their letters, and which of them stay."""
    codes = page.codes
    plain = (codes >= 0x20) & (codes < 0x7F)
    letters = list(np.where(plain, codes, 0x20).astype("<u4").tobytes().decode("utf-32-le"))
    keep = np.ones(len(codes), dtype=bool)
    accents: list[int] = []
    for i in np.flatnonzero(~plain | (codes == 0x60)).tolist():
        letters[i] = letter = _letter(int(codes[i]))
        if not letter:
            keep[i] = False
        elif letter in _ACCENTS:
            accents.append(i)
    for i in accents:
        if _put_accent(letters, i, page):
            keep[i] = False
    return letters, keep


@functools.lru_cache(maxsize=4096)
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


def _put_accent(letters: list[str], i: int, page: Characters) -> bool:
    """Puts an accent that was printed as a character of its own on the letter it stands over; False where none is.

    TeX prints an accent before its letter, pdfium may give it at the end of the word.
    """
    mark = _ACCENTS.get(letters[i])
    if mark is None:  # it has got an accent itself
        return False
    near = slice(max(0, i - 25), min(len(letters), i + 4))
    off = np.abs((page.x0[near] + page.x1[near]) / 2 - (page.x0[i] + page.x1[i]) / 2)
    size = page.size[near]
    fits = (off < 0.3 * size) & (np.abs(page.base[near] - page.base[i]) < 0.4 * size)
    for k in sorted(np.flatnonzero(fits).tolist(), key=lambda k: float(off[k])):
        j = near.start + k
        if j != i and len(letters[j]) == 1 and letters[j].isalpha():
            plain = {"ı": "i", "ȷ": "j"}.get(letters[j], letters[j])
            letters[j] = unicodedata.normalize("NFC", plain + mark)
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Ties:
    """What a word gets from those around it; lists have one entry a word."""

    base: list[float]
    script: list[int]
    glued: list[bool]


def _tie_scripts(
    texts: list[str],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    line: NDArray[np.float64],
    height: NDArray[np.float64],
    apart: NDArray[np.bool_],
) -> _Ties:
    """Marks scripts and gives them the baseline of the word that they belong to; the stream prints them next to it.

    `apart` are the words after a space that is narrow. Only where the size changes can a word be a script; the others
    are done at once.
    """
    count = len(texts)
    x0, x1, lines, sizes = left.tolist(), right.tolist(), line.tolist(), height.tolist()
    base, script = list(lines), [0] * count
    gap = left[1:] - right[:-1]
    beside = (np.abs(line[:-1] - line[1:]) < 0.3 * height[1:]) & (-0.5 * height[1:] < gap) & (gap < GAP * height[1:])
    glued = [False, *(beside & ~apart[1:]).tolist()]
    smaller = height[1:] < SCRIPT_SIZE * height[:-1]
    first = height[:-1] < SCRIPT_SIZE * height[1:]
    changes = np.flatnonzero(np.append(first, False) | np.append(False, smaller)).tolist()
    done = -1
    for change in changes:
        if change <= done:
            continue
        last = change - 1  # the last word on the line
        for i in range(change, count):
            done = i
            if last >= 0 and sizes[i] < SCRIPT_SIZE * sizes[last]:
                size, shift, space = sizes[last], lines[i] - lines[last], x0[i] - x1[i - 1]
                # a subscript under a superscript starts where that one did
                near = -0.45 * size <= space <= 0.4 * size or abs(x0[i] - x1[last]) <= 0.4 * size
                if near and 0.08 * size < abs(shift) < 0.75 * size:
                    base[i], script[i], glued[i] = lines[last], 1 if shift < 0 else -1, space < GAP * size
                    continue
            if i + 1 < count and sizes[i] < SCRIPT_SIZE * sizes[i + 1] and len(texts[i]) <= 4:
                size, shift, space = sizes[i + 1], lines[i + 1] - lines[i], x0[i + 1] - x1[i]
                if 0.1 * size < shift < 0.7 * size and -0.2 * size <= space <= 0.6 * size:
                    # a footnote's or an affiliation's mark before its word
                    base[i], script[i], glued[i] = lines[i + 1], 1, False
                    continue
            if i and script[i - 1]:
                size, space = sizes[i], x0[i] - x1[i - 1]
                level = abs(base[i - 1] - base[i]) < 0.3 * size
                glued[i] = level and -0.5 * size < space < GAP * size and not apart[i]
            break
    return _Ties(base, script, glued)


def join_words(words: Sequence[Word], *, marks: bool = False) -> str:
    """The text of words that stand on one line, in the order given; with `marks`, raised footnote marks are kept."""
    parts: list[str] = []
    before: Word | None = None
    for word in words:
        text = word.text
        if word.script and before is not None:
            if word.script > 0 and not marks and is_footnote_mark(word, before):
                before = word
                continue
            if word.script > 0 and text[0] not in "*†‡§¶∗⋆′'" and not before.script:
                text = "^" + text
        if parts and not word.glued:
            parts.append(" ")
        parts.append(text)
        before = word
    return "".join(parts).strip()


def is_footnote_mark(word: Word, before: Word) -> bool:
    """Whether a raised word refers to a footnote, and is no exponent."""
    if set(word.text) <= _MARKS:
        return word.glued
    plain = word.text.strip(",")
    if before.math or before.text[-1:].isdigit() or len(before.text) < 2:
        return False
    return plain.isdigit() and len(plain) <= 2
