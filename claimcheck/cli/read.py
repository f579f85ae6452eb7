"""`claimcheck read`: what was read of a paper."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress, tell_missing_pages
from claimcheck.cli.options import Json, Offline, OnePaper
from claimcheck.foundation.console import harmless, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.records import Document, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck read paper.pdf
  claimcheck read paper.pdf --tables          every table as a grid
  claimcheck read 1706.03762 --json | jq .sentences[].text
"""
_CELL_WIDTH = 28  # characters of a cell that are shown


@app.command(epilog=EPILOG)
def read(
    paper: OnePaper,
    json: Json = False,
    tables: Annotated[bool, typer.Option("--tables", help="Show every table as a grid of cells.")] = False,
    offline: Offline = False,
) -> None:
    """Show what was read of a paper: its sections, how many sentences, its tables."""
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import read_paper

    settings = Settings.load(offline=offline or None)
    with Progress(1) as progress:
        progress.stage("reading", 0, 0)
        document = read_paper(paper, settings)
    tell_missing_pages(document.paper)
    if json:
        write_json_line(document)
        return
    typer.echo("\n".join(_overview(document)))
    for table in document.tables:
        lines = _grid(table) if tables else [_heading(table)]
        typer.echo("\n".join(["", *lines] if tables else lines))


def _overview(document: Document) -> list[str]:
    paper = document.paper
    prose = [sentence for sentence in document.sentences if sentence.kind not in ("heading", "title")]
    counts = Counter(sentence.section for sentence in prose)
    lines = [
        harmless(paper.title),
        harmless(", ".join(paper.authors)),
        f"{paper.id}{paper.version}: {paper.source_kind}"
        + (f", {document.pages} pages" if document.pages else "")
        + f", {len(document.sections)} sections, {len(prose)} sentences, {len(document.tables)} tables",
        "",
    ]
    lines = [line for line in lines[:2] if line] + lines[2:]
    if counts[-1]:
        lines.append(f"  (before the first heading): {_count(counts[-1], 'sentence')}")
    for index, section in enumerate(document.sections):
        name = harmless(f"{section.number} {section.title}")
        kind = f" [{section.kind}]" if section.kind not in ("body", "other") else ""
        lines.append(f"{'  ' * max(1, section.level)}{name}{kind}: {_count(counts[index], 'sentence')}")
    if document.tables:
        lines.append("")
    return lines


def _heading(table: Table) -> str:
    place = f", p. {table.page}" if table.page is not None else f", line {table.line}" if table.line is not None else ""
    name = f"Table {table.label}" if not table.label.startswith("#") else f"unnumbered table {table.label}"
    caption = harmless(table.caption)
    caption = caption.removeprefix(f"Table {table.label}").lstrip(".: ")  # the label stands before it already
    return f"{name} ({table.height} x {table.width}{place}): {caption if len(caption) <= 90 else caption[:89] + '…'}"


def _grid(table: Table) -> list[str]:
    """The heading and the cells in aligned columns, a line below the header; copies of a spanning cell are blank."""
    rows = [["" if cell.origin is not None else _short(cell.text) for cell in row] for row in table.grid]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(table.width)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if 0 < table.header_rows < len(lines):
        lines.insert(table.header_rows, "  ".join("-" * width for width in widths))
    return [_heading(table), *lines]


def _short(text: str) -> str:
    line = harmless(text)
    return line if len(line) <= _CELL_WIDTH else line[: _CELL_WIDTH - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
