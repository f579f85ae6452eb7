"""The sheet for an eye: for each sampled check a picture of its table with the cited cells framed, and the claim.

It shows whole table regions of other people's papers and therefore belongs outside the repository.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import ROOT
from benchmarks.own_tables.sample import SampledCheck
from claimcheck.foundation.records import Box

WIDTH = 1000  # pixels of a picture
MARGIN = 48.0  # points around the table, which mostly takes the caption in
LEAST = 260.0  # points: a narrow table is shown with what stands beside it
HEADER_SIZE = 17
_OTHERWISE = str.maketrans({"≈": "~", "≥": ">=", "≤": "<=", "–": "-", "—": "-", "−": "-", "λ": "lambda"})
COLOURS = ("#d00000", "#0050d0", "#008030", "#a000a0")  # first cell, second cell, further ones


def write_sheet(
    folder: Path, checks: Sequence[SampledCheck], pdfs: Mapping[str, Path], judged: Mapping[tuple[str, str, str], str]
) -> Path:
    """Draws each check as NN.png and lists them in index.md; returns the index. `pdfs` maps paper names to files.

    Raises ValueError where the folder lies in the repository.
    """
    folder = folder.resolve()
    if folder.is_relative_to(ROOT):
        raise ValueError("the sheet shows pages of other people's papers: choose a folder outside the repository")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# {len(checks)} table checks", ""]
    for number, check in enumerate(checks, 1):
        picture = folder / f"{number:02}.png"
        draw_check(check, pdfs[check.paper], f"{number:02}  {check.paper}  {check.claim}").save(picture)
        lines += [
            f"## {number:02} {check.paper} {check.claim}",
            "",
            f"> {check.text}",
            "",
            f"{check.kind}, score {check.score:.2f}: `{check.derivation}`",
            "",
            f"judged: {judged.get(check.key, 'not looked at')}",
            "",
            f"![{number:02}]({picture.name})",
            "",
        ]
    index = folder / "index.md"
    index.write_text("\n".join(lines), encoding="utf-8")
    return index


def draw_check(check: SampledCheck, pdf: Path, title: str) -> Image.Image:
    """One picture: words above, the table region of the page below with the cited cells framed."""
    region = _region(check, pdf)
    words = [title, f"CLAIM {check.text}", f"{check.kind}: {check.derivation}", f"caption: {check.caption[:200]}"]
    if check.context:
        words.insert(1, f"before: {check.context[-300:]}")
    font = ImageFont.load_default(HEADER_SIZE)
    wrapped = [line for text in words for line in textwrap.wrap(_printable(text), 112)]
    line_height = HEADER_SIZE + 6
    top = line_height * len(wrapped) + 12
    picture = Image.new("RGB", (WIDTH, top + region.height), "white")
    pen = ImageDraw.Draw(picture)
    for i, line in enumerate(wrapped):
        pen.text((8, 6 + i * line_height), line, fill="black", font=font)
    picture.paste(region, (0, top))
    return picture


def _region(check: SampledCheck, pdf: Path) -> Image.Image:
    """The part of the page around the table, WIDTH pixels wide, with a frame for each cited cell."""
    page_number = next((p.page for p in check.pointers if p.page is not None), None)
    if page_number is None:
        return Image.new("RGB", (WIDTH, 40), "#eeeeee")
    with pypdfium2.PdfDocument(pdf) as document:  # type: ignore[no-untyped-call]
        page = document[page_number - 1]
        width, height = page.get_size()
        x0, y0, x1, y1 = _crop(check, width, height)
        scale = WIDTH / (x1 - x0)
        whole: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    pen = ImageDraw.Draw(whole)
    for i, pointer in enumerate(check.pointers):
        if pointer.box is not None and pointer.page == page_number:
            a, b, c, d = (v * scale for v in pointer.box)
            pen.rectangle((a - 3, b - 3, c + 3, d + 3), outline=COLOURS[min(i, len(COLOURS) - 1)], width=3)
    return whole.crop((round(x0 * scale), round(y0 * scale), round(x0 * scale) + WIDTH, round(y1 * scale)))


def _crop(check: SampledCheck, width: float, height: float) -> Box:
    boxes = [b for b in (check.table_box, *(p.box for p in check.pointers)) if b is not None]
    if not boxes:
        return 0.0, 0.0, width, height
    x0, y0 = min(b[0] for b in boxes) - MARGIN / 2, min(b[1] for b in boxes) - MARGIN
    x1, y1 = max(b[2] for b in boxes) + MARGIN / 2, max(b[3] for b in boxes) + MARGIN
    missing = max(0.0, LEAST - (x1 - x0)) / 2
    return max(0.0, x0 - missing), max(0.0, y0), min(width, x1 + missing), min(height, y1)


def _printable(text: str) -> str:
    """Text with what the font cannot draw written otherwise."""
    plain = unicodedata.normalize("NFKC", text).translate(_OTHERWISE)
    return "".join(c if c.isprintable() else " " for c in plain)
