"""`claimcheck read`: what was read of a paper."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress, tell_missing_pages
from claimcheck.cli.options import Json, Offline, OnePaper, Templates
from claimcheck.foundation.console import harmless, say, write_bytes, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.records import Cell, Document, Source, Table
    from claimcheck.foundation.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck read paper.pdf
  claimcheck read paper.pdf --tables          every table as a grid
  claimcheck read paper.pdf --sentences       every sentence in the order of reading
  claimcheck read paper.pdf --html read.html  the pages with boxes, to look at in a browser
  claimcheck read 1706.03762 --json | jq .sentences[].text

\b
A page made with --html holds the whole paper: it is for your own use, do not publish it.
"""
_CELL_WIDTH = 28  # characters of a cell that are shown
_DOUBTS = 12  # signs of errors that are shown


@app.command(epilog=EPILOG)
def read(
    paper: OnePaper,
    json: Json = False,
    tables: Annotated[bool, typer.Option("--tables", help="Show every table as a grid of cells.")] = False,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="Show every sentence with its number, page and kind.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write one page with boxes over the page pictures, the text and the tables; - for stdout.",
            show_default=False,
        ),
    ] = None,
    offline: Offline = False,
    templates: Templates = None,
) -> None:
    """Show what was read of a paper: its sections, how many sentences, its tables, and what looks wrong."""
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import read_with_source

    if html is not None and (json or tables or sentences):
        raise UsageError("one call gives one form", where="--html", todo="leave out --json, --tables and --sentences")
    if json and (tables or sentences):
        raise UsageError("JSON holds all tables and sentences", where="--json", todo="leave out the other option")
    settings = Settings.load(offline=offline or None, templates=templates)
    with Progress(1) as progress:
        progress.stage("reading", 0, 0)
        source, document = read_with_source(paper, settings)
        page = _page(source, document, settings, progress) if html is not None else b""
    tell_missing_pages(document.paper)
    if html is not None:
        _write(page, html)
    elif json:
        write_json_line(document)
    else:
        typer.echo("\n".join(_overview(document)))
        if sentences:
            typer.echo("\n".join(["", *_sentences(document)]))
        for table in document.tables:
            typer.echo("\n".join(["", *_grid(table)] if tables else [_heading(table)]))


def _page(source: Source, document: Document, settings: Settings, progress: Progress) -> bytes:
    """The document as a page, with pictures where the source has pages; what these lack is told on stderr."""
    from claimcheck.publish.document_page import document_html
    from claimcheck.reading.pictures import pictures_of

    pictures, notes = pictures_of(
        source, document.pages, settings, on_page=lambda done, total: progress.stage("drawing pages", done, total)
    )
    progress.stage("writing", 0, 0)
    for note in notes:
        say(f"{document.paper.id}: {note}")
    return document_html(document, pictures, notes, templates=settings.templates)


def _write(page: bytes, file: Path) -> None:
    """The page into a file, whose name is printed, or on stdout. Raises UsageError where it cannot be written."""
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.store import write_atomic

    if str(file) == "-":
        write_bytes(page)
        return
    try:
        if file.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, page)
    except OSError as error:
        what = f"cannot write the page: {error.strerror or error}"
        raise UsageError(what, where=str(file), todo="choose another --html FILE") from error
    write_bytes(f"{file}\n".encode(errors="surrogateescape"))


def _overview(document: Document) -> list[str]:
    from claimcheck.publish.doubts import doubts

    paper = document.paper
    prose = [sentence for sentence in document.sentences if sentence.kind not in ("heading", "title")]
    counts = Counter(sentence.section for sentence in prose)
    kinds = Counter(sentence.kind for sentence in prose)
    lines = [
        harmless(paper.title),
        harmless(", ".join(paper.authors)),
        f"{paper.id}{paper.version}: {paper.source_kind}"
        + (f", {document.pages} pages" if document.pages else "")
        + f", {len(document.sections)} sections, {len(prose)} sentences, {len(document.tables)} tables",
        "",
    ]
    lines = [line for line in lines[:2] if line] + lines[2:]
    if len(kinds) > 1:
        lines[-1:] = ["sentences: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()), ""]
    found = doubts(document)
    if found:
        lines += ["Look here first (signs of errors; most give none):"]
        lines += [f"  {harmless(doubt.words)}" for doubt in found[:_DOUBTS]]
        lines += [f"  and {len(found) - _DOUBTS} more: --html shows them"] if len(found) > _DOUBTS else []
        lines += [""]
    if counts[-1]:
        lines.append(f"  (before the first heading): {_count(counts[-1], 'sentence')}")
    for index, section in enumerate(document.sections):
        name = harmless(f"{section.number} {section.title}")
        kind = f" [{section.kind}]" if section.kind not in ("body", "other") else ""
        lines.append(f"{'  ' * max(1, section.level)}{name}{kind}: {_count(counts[index], 'sentence')}")
    if document.tables:
        lines.append("")
    return lines


def _sentences(document: Document) -> list[str]:
    """Number, place, kind and text of each, in one line; the text is the last, so that it is easily cut off."""
    width = len(str(len(document.sentences)))
    return [
        f"{index:>{width}}  {_place(one.page, one.line):<9}  {one.kind:<9}  {harmless(one.text)}"
        for index, one in enumerate(document.sentences, 1)
    ]


def _place(page: int | None, line: int | None) -> str:
    return f"p. {page}" if page is not None else f"line {line}" if line is not None else ""


def _heading(table: Table) -> str:
    place = _place(table.page, table.line)
    name = f"Table {table.label}" if not table.label.startswith("#") else f"unnumbered table {table.label}"
    caption = harmless(table.caption)
    caption = caption.removeprefix(f"Table {table.label}").lstrip(".: ")  # the label stands before it already
    size = f"{table.height} x {table.width}" + (f", {place}" if place else "")
    return f"{harmless(name)} ({size}): {caption if len(caption) <= 90 else caption[:89] + '…'}"


def _grid(table: Table) -> list[str]:
    """The heading and the cells in aligned columns, a line below the header; copies of a spanning cell are blank.

    Where names stand above one another, each column's whole path follows. On a terminal bold and underlined cells are.
    """
    rows = [["" if cell.origin is not None else _short(cell.text) for cell in row] for row in table.grid]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(table.width)]
    lines = [
        "  ".join(
            _styled(text, cell) + " " * (width - len(text))
            for text, cell, width in zip(row, cells, widths, strict=True)
        ).rstrip()
        for row, cells in zip(rows, table.grid, strict=True)
    ]
    if 0 < table.header_rows < len(lines):
        lines.insert(table.header_rows, "  ".join("-" * width for width in widths))
    paths = [table.column_path(column) for column in range(table.width)]
    if any(len(path) > 1 for path in paths):
        lines += [f"  column {c}: {harmless(' > '.join(path)) or '(no name)'}" for c, path in enumerate(paths, 1)]
    return [_heading(table), *lines]


def _styled(text: str, cell: Cell) -> str:
    """Bold and underlined as printed; `typer.echo` takes both out where stdout is no terminal."""
    if not text or not (cell.bold or cell.underline):
        return text
    return typer.style(text, bold=cell.bold or None, underline=cell.underline or None)


def _short(text: str) -> str:
    line = harmless(text)
    return line if len(line) <= _CELL_WIDTH else line[: _CELL_WIDTH - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
