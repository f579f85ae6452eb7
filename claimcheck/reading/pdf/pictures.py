"""Draws pages of a PDF as PNG: the same bytes for the same page, and no more pixels than a page of a paper needs."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import pypdfium2
from PIL import Image, ImageChops, PngImagePlugin

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.pdf.characters import shown_area

DPI = 110
MOST_PIXELS = 3_000_000  # a sheet of A4 has 1.2 million at 110 dpi
LONGEST_SIDE = 4_000  # pixels
LARGE = 500_000  # bytes; a page of text has 100,000

_pdfium: Any = pypdfium2  # untyped


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page as PNG; width and height in points of the page as displayed."""

    png: bytes
    width: float
    height: float


def open_pdf(data: bytes) -> Any:
    """pypdfium2's document of the bytes. Raises UnreadableInputError where it is damaged, encrypted or no PDF."""
    try:
        return _pdfium.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise UnreadableInputError(f"the PDF is damaged or encrypted ({error})"[:200]) from None


def draw_page(document: Any, number: int) -> Drawing:
    """Page `number`, from 1, at 110 dpi, or at fewer where the sheet is larger than a paper's.

    What a reader or a program has put over the page (comments, frames of links) is left out. Raises
    UnreadableInputError for a page that is not there, has no area or cannot be drawn.
    """
    if not 1 <= number <= len(document):
        count = len(document)
        raise UnreadableInputError(f"the PDF has {count} {'page' if count == 1 else 'pages'}")
    try:
        page = document[number - 1]
        try:
            return _draw(page)
        finally:
            page.close()
    except (pypdfium2.PdfiumError, OSError, ValueError) as error:
        raise UnreadableInputError(f"it cannot be drawn: {error}".split("\n")[0][:200]) from None


def _draw(page: Any) -> Drawing:
    left, bottom, right, top = shown_area(page)
    width, height = right - left, top - bottom
    if page.get_rotation() % 180:
        width, height = height, width
    # what pdfium draws is larger than the boxes say where a page sets its own unit
    drawn = page.get_size()
    if not all(math.isfinite(x) and x > 0 for x in (width, height, *drawn)):
        raise UnreadableInputError("it has no area")
    scale = min(DPI / 72, LONGEST_SIDE / max(drawn), math.sqrt(MOST_PIXELS / (drawn[0] * drawn[1])))
    bitmap = page.render(scale=scale, may_draw_forms=False, draw_annots=False, rev_byteorder=True)
    try:
        return Drawing(_png(bitmap.to_pil().convert("RGB")), round(width, 1), round(height, 1))
    finally:
        bitmap.close()


def _png(image: Image.Image) -> bytes:
    """Grey in 16 steps where a page has no colour; a photograph has 256 colours."""
    red, green, blue = image.split()
    if ImageChops.difference(red, green).getbbox() is None and ImageChops.difference(green, blue).getbbox() is None:
        steps = red.point([(v * 15 + 127) // 255 for v in range(256)])
        steps.putpalette([17 * k for k in range(16) for _ in range(3)])
        return _encoded(steps, bits=4)
    data = _encoded(image)
    if len(data) > LARGE:
        data = _encoded(image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))
    return data


def _encoded(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=6, pnginfo=PngImagePlugin.PngInfo(), **options)
    return out.getvalue()
