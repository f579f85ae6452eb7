"""The sheet for an eye: for each sampled table its page with the table's box, and beside it the grid as read.

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
from benchmarks.reading.judged import Judgement, Sampled
from claimcheck.foundation.records import Table

WIDTH = 900  # pixels of the page's part
MARGIN = 60.0  # points shown around the table
FONT_SIZE = 15
CELL = 22  # characters of a cell in a line
_LINE = FONT_SIZE + 4
_OTHERWISE = str.maketrans({"≈": "~", "≥": ">=", "≤": "<=", "–": "-", "—": "-", "−": "-", "†": "+", "‡": "++"})


def write_sheet(
    folder: Path,
    sample: Sequence[Sampled],
    pdfs: Mapping[str, Path],
    judged: Mapping[tuple[str, str], Judgement],
) -> Path:
    """Draws each table as NN.png and lists them in index.md; returns the index. `pdfs` maps paper names to files.

    Raises ValueError where the folder lies in the repository.
    """
    folder = folder.resolve()
    if folder.is_relative_to(ROOT):
        raise ValueError("the sheet shows pages of other people's papers: choose a folder outside the repository")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# {len(sample)} tables", ""]
    for number, item in enumerate(sample, 1):
        picture = folder / f"{number:02}.png"
        draw_table(item, pdfs[item.paper], f"{number:02}").save(picture)
        kept = judged.get(item.key)
        said = "not looked at" if kept is None else ", ".join(kept.kinds) or "right"
        if kept is not None and kept.hash != item.hash:
            said = f"changed since it was judged: {said}"
        lines += [f"## {number:02} {item.paper} Table {item.label}", "", f"hash: {item.hash}", ""]
        lines += [f"judged: {said}", "", f"![{number:02}]({picture.name})", ""]
    index = folder / "index.md"
    index.write_text("\n".join(lines), encoding="utf-8")
    return index


def draw_table(item: Sampled, pdf: Path, number: str) -> Image.Image:
    """One picture: the table's page on the left, the grid on the right; header rows and row names are tinted."""
    left = _page(item, pdf)
    title = f"{number}  {item.paper}  Table {item.label}"
    right = _grid(item.table, title)
    picture = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), "white")
    picture.paste(left, (0, 0))
    picture.paste(right, (left.width, 0))
    return picture


def _page(item: Sampled, pdf: Path) -> Image.Image:
    if item.page is None:
        return Image.new("RGB", (WIDTH, 40), "#eeeeee")
    with pypdfium2.PdfDocument(pdf) as document:  # type: ignore[no-untyped-call]
        page = document[item.page - 1]
        width, height = page.get_size()
        box = item.table.box if item.table is not None else None
        x0, top, x1, bottom = box or (0.0, 0.0, width, height)
        left, right = max(0.0, x0 - MARGIN), min(width, x1 + MARGIN)
        upper, lower = max(0.0, top - MARGIN), min(height, bottom + 1.5 * MARGIN)  # captions below are longer
        scale = min(4.0, WIDTH / (right - left))
        whole: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    if box is not None:
        ImageDraw.Draw(whole).rectangle([v * scale for v in box], outline="#d00000", width=2)
    return whole.crop((round(left * scale), round(upper * scale), round(right * scale), round(lower * scale)))


def _grid(table: Table | None, title: str) -> Image.Image:
    font = ImageFont.load_default(FONT_SIZE)
    caption = "no table was read" if table is None else f"caption: {table.caption}"
    words = [title, *textwrap.wrap(_printable(caption), 110)]
    cells = [] if table is None else [[_wrapped(c.text) for c in row] for row in table.grid]
    columns = range(table.width if table is not None else 0)
    widths = [max((round(font.getlength(line)) for row in cells for line in row[c]), default=0) + 12 for c in columns]
    heights = [max(1, *(len(cell) for cell in row)) * _LINE + 6 for row in cells]
    top = len(words) * _LINE + 12
    picture = Image.new("RGB", (max(900, sum(widths) + 16), top + sum(heights) + 8), "white")
    pen = ImageDraw.Draw(picture)
    for i, line in enumerate(words):
        pen.text((8, 6 + i * _LINE), line, fill="black", font=font)
    if table is None:
        return picture
    y = top
    for r, row in enumerate(table.grid):
        x = 8
        for c, cell in enumerate(row):
            tint = "#dce8ff" if r < table.header_rows else "#fff0d0" if c < table.stub_columns else "white"
            pen.rectangle((x, y, x + widths[c], y + heights[r]), outline="#999999", fill=tint)
            for i, line in enumerate(cells[r][c]):
                ink = "#aaaaaa" if cell.origin is not None else "#b00000" if cell.bold else "black"
                pen.text((x + 5, y + 3 + i * _LINE), line, fill=ink, font=font)
            x += widths[c]
        y += heights[r]
    return picture


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(_printable(text), CELL)


def _printable(text: str) -> str:
    """Text with what the font cannot draw written otherwise."""
    plain = unicodedata.normalize("NFKC", text).translate(_OTHERWISE)
    return "".join(c if c.isprintable() else " " for c in plain)
