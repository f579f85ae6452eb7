"""A page in an upright frame: its characters with baseline, size and font, its ruling lines, where graphics lie.

All coordinates are points in an upright frame: x to the right, y downwards, the origin at the page's top left corner.
Where most text of a page stands sideways (a landscape table on a portrait page), the frame is turned with it;
`PageContent.place` turns a box back into the page as it is displayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.glyphs import BoxBuffer, Font, RawCharacters, pdfium, read_characters
from claimcheck.reading.pdf.shapes import Frame, Rule, read_shapes

__all__ = ["BoxBuffer", "Characters", "PageContent", "Rule", "pdfium", "read_page", "shown_area"]


@dataclass(frozen=True, slots=True)
class PageContent:
    """Size, rules and graphics of one page."""

    number: int  # from 1
    width: float
    height: float
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
class Characters:
    """The characters of one page; arrays have one entry a character, in the order of the stream."""

    codes: NDArray[np.uint32]
    x0: NDArray[np.float64]  # left end of the advance
    x1: NDArray[np.float64]
    base: NDArray[np.float64]  # baseline
    size: NDArray[np.float64]
    font: NDArray[np.int32]  # index into `fonts`
    fonts: tuple[Font, ...]


def shown_area(page: Any) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of what is shown of a page, in its own space: points, y upwards, not rotated."""
    left, bottom, right, top = page.get_cropbox()
    media = page.get_mediabox()
    # a crop box may lie partly outside the sheet
    return max(left, media[0]), max(bottom, media[1]), min(right, media[2]), min(top, media[3])


def read_page(page: Any, number: int, buffer: BoxBuffer) -> tuple[PageContent, Characters]:
    """Characters, rules and graphics of a pdfium page (`pypdfium2.PdfPage`).

    Raises whatever pypdfium2 raises on a damaged page; the caller names the page.
    """
    left, bottom, right, top = shown_area(page)
    shown = page.get_rotation() % 360
    raw = _characters(page, buffer)
    angles = np.bincount(raw.quarter, minlength=4) if len(raw.quarter) else np.zeros(4, dtype=np.int64)
    # text running upwards (90 degrees anticlockwise) comes upright by turning clockwise
    sideways = angles.sum() and angles.max() > 0.6 * angles.sum()
    turn = int(angles.argmax()) * 90 % 360 if sideways else shown
    if turn != shown:
        # pdfium puts the words of a line in the order in which they are displayed
        page.set_rotation(turn)
        raw = _characters(page, buffer)
    frame = Frame(left, bottom, right - left, top - bottom, turn)
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
    rules, graphics = read_shapes(page.raw, frame)
    content = PageContent(number, width, height, rules, graphics, (turn - shown) % 360)
    characters = Characters(
        raw.codes[keep], x0[keep], x1[keep], base[keep], raw.size[keep], raw.font[keep], raw.fonts
    )  # fmt: skip
    return content, characters


def _characters(page: Any, buffer: BoxBuffer) -> RawCharacters:
    text_page = page.get_textpage()
    try:
        return read_characters(text_page.raw, buffer)
    finally:
        text_page.close()
