"""What a page of a paper as it was read shows, in words: pages, boxes, sentences, tables and their spans."""

from __future__ import annotations

from dataclasses import dataclass

from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Cell, Table
from claimcheck.publish.view.extras import PagePicture


@dataclass(frozen=True, slots=True)
class BoxView:
    """A box on a page in points, of the sentence, table or cell with that anchor; `words` say what it is."""

    anchor: str
    kind: str
    number: str  # printed beside it
    words: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence with its number in reading order; `place` is a source line, `boxed` whether the page shows it."""

    anchor: str
    number: int
    kind: str
    text: str
    place: str
    boxed: bool


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of an HTML table; `path` says which row and column it was read into, and which numbers it prints."""

    anchor: str
    text: str
    path: str
    header: str  # scope: "col", "colgroup", "row", "rowgroup", or "" for a cell of the body
    rows: int
    columns: int
    bold: bool
    underline: bool
    numeric: bool
    boxed: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """A table in words and rows: `head` the header rows, `body` the others."""

    anchor: str
    number: int
    name: str
    facts: str  # "12 rows, 8 columns, 2 header rows, 1 column of names"
    caption: str
    boxed: bool
    head: tuple[tuple[CellView, ...], ...]
    body: tuple[tuple[CellView, ...], ...]
    left_out: int  # rows that are not shown


@dataclass(frozen=True, slots=True)
class BlockView:
    """A heading, a paragraph or a table in the order of reading."""

    kind: str  # "heading", "paragraph", "table"
    sentences: tuple[SentenceView, ...] = ()
    note: str = ""  # of a heading: which section it opens
    table: TableView | None = None


@dataclass(frozen=True, slots=True)
class SheetView:
    """A page, or the whole of a source without pages: its picture with boxes and its text."""

    anchor: str
    words: str
    facts: str
    width: float
    height: float
    picture: PagePicture | None
    boxes: tuple[BoxView, ...]
    blocks: tuple[BlockView, ...]
    paged: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """The whole page, in words."""

    title: str
    authors: str
    name: str
    source: str
    toggles: tuple[tuple[str, str, int], ...]  # kind, words, how many
    unread: tuple[tuple[str, str], ...]  # pages in words, reason
    notes: tuple[str, ...]
    doubts: tuple[tuple[str, str], ...]  # words, anchor or ""
    sheets: tuple[SheetView, ...]
    paged: bool
    boxed: bool
    pictures: bool


def covered(table: Table, r: int, c: int) -> bool:
    """Whether a place belongs to the span of another cell, so that HTML writes nothing there."""
    origin = table.grid[r][c].origin
    if origin is None or origin == (r, c) or not (0 <= origin[0] <= r and 0 <= origin[1] <= c):
        return False
    if table.grid[origin[0]][origin[1]].origin is not None:
        return False
    rows, columns = spans(table, *origin)
    same_part = (origin[0] < table.header_rows) == (r < table.header_rows)  # no span leads out of a header
    return same_part and r < origin[0] + rows and c < origin[1] + columns


def spans(table: Table, r: int, c: int) -> tuple[int, int]:
    """(rows, columns) that a cell covers, as its copies say: to the right, and then whole rows of these downwards."""
    if table.grid[r][c].origin is not None:
        return 1, 1

    def copies(row: int, columns: range) -> bool:
        return all(table.grid[row][column].origin == (r, c) for column in columns)

    right = c + 1
    while right < table.width and table.grid[r][right].origin == (r, c):
        right += 1
    down = r + 1
    while down < table.height and copies(down, range(c, right)):
        down += 1
    return down - r, right - c


def path_words(table: Table, r: int, c: int) -> str:
    """The names that the checks know a cell by."""
    names = " > ".join(table.row_path(r)), " > ".join(table.column_path(c))
    shown = [name for name in (names[0], names[1] if c >= table.stub_columns else "") if name]
    return ": " + " | ".join(shown) if shown else ""


def number_notes(cell: Cell) -> str:
    found = cell_numbers(cell.text)
    if len(found) < 2 and not any(n.spread is not None or n.percent for n in found):
        return ""
    words = (f"{n.value:.10g}" + (f" ± {n.spread:.10g}" if n.spread is not None else "") for n in found[:4])
    percent = " percent" if any(n.percent for n in found) else ""
    return f"; read as {', '.join(words)}{percent}"
