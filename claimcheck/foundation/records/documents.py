"""A paper as it comes and as it was read: source, sections, sentences, tables of addressable cells, places in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import ConfigDict, model_validator

from claimcheck.foundation.records.base import Box, Record, Span

SourceKind = Literal["latex", "html", "pdf", "text"]
_PART = re.compile(r"(?<=[\dIVX])[a-z]?(?: \(\d+\))?$")  # of a label: "1a", "2 (1)"


class UnreadPage(Record):
    """A page that could not be read, and why."""

    page: int
    reason: str


class Paper(Record):
    """What is known of a paper apart from its contents."""

    id: str  # arXiv id without version, or the file's stem
    version: str = ""  # "v2", or "" where there is none
    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    doi: str = ""
    url: str = ""
    published: str = ""  # ISO date
    source_kind: SourceKind = "text"
    source_sha256: str = ""
    pages_not_read: tuple[UnreadPage, ...] = ()


class Source(Record):
    """A paper's bytes before reading: one file, or the files of a LaTeX source by their relative path."""

    paper: Paper
    kind: SourceKind
    files: dict[str, bytes]
    main: str = ""  # the entry among `files`; "" lets the reader find it

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a paper as PNG; width and height in points of the page as displayed, in which boxes are given."""

    paper: str
    page: int
    png: bytes
    width: float
    height: float


class Section(Record):
    """A heading and what kind of text stands below it."""

    title: str
    number: str = ""  # "4.2", "A.1", or "" where none is printed
    level: int = 1
    kind: Literal["abstract", "body", "references", "appendix", "other"] = "body"


class Sentence(Record):
    """One whole sentence in reading order."""

    text: str
    section: int = -1  # index into Document.sections; -1 before the first heading
    paragraph: int = 0
    kind: Literal["title", "abstract", "body", "caption", "footnote", "heading", "reference", "other"] = "body"
    page: int | None = None
    box: Box | None = None
    line: int | None = None  # line in the LaTeX source
    span: Span | None = None  # character offsets into the page's (PDF) or the document's text


class Cell(Record):
    """One place of a table's grid. A cell that spans is written into each place it covers; copies carry `origin`."""

    text: str = ""
    bold: bool = False
    underline: bool = False
    origin: tuple[int, int] | None = None  # (row, column) of the cell this is a copy of
    box: Box | None = None


class Table(Record):
    """A rectangular grid of cells with its caption.

    `header_rows` leading rows and `stub_columns` leading columns name the others. Build one with `from_grid`, which
    finds both where the reader does not know them, or with `from_rows` / `from_csv`.
    """

    label: str  # "2", "A.3", or "#1" for the first table without a printed label
    caption: str = ""
    grid: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 1
    stub_columns: int = 1
    section: int = -1
    page: int | None = None
    box: Box | None = None
    line: int | None = None

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        if len({len(row) for row in self.grid}) > 1:
            raise ValueError(f"table {self.label}: rows of different length")
        return self

    @classmethod
    def from_grid(
        cls,
        grid: Sequence[Sequence[Cell]],
        caption: str = "",
        label: str = "#1",
        *,
        header_rows: int | None = None,
        stub_columns: int | None = None,
        **place: Any,
    ) -> Table:
        """A table from cells; ragged rows are padded, header rows and stub columns found where not given."""
        from claimcheck.foundation.grid import find_header_rows, find_stub_columns, padded

        full = padded(grid)
        rows = find_header_rows(full) if header_rows is None else min(header_rows, len(full))
        stubs = find_stub_columns(full, rows) if stub_columns is None else stub_columns
        return cls(label=label, caption=caption, grid=full, header_rows=rows, stub_columns=stubs, **place)

    @classmethod
    def from_rows(
        cls, header: Sequence[object], rows: Sequence[Sequence[object]], caption: str = "", label: str = "#1"
    ) -> Table:
        """A table from a header and rows of anything printable; ragged rows are padded, both may be empty."""
        from claimcheck.foundation.grid import find_header_rows

        lines = [list(header), *map(list, rows)] if header else list(map(list, rows))
        grid = [[Cell(text="" if x is None else " ".join(str(x).split())) for x in line] for line in lines]
        # the first row is a header whatever it looks like; rows below it may belong to it
        found = find_header_rows(grid, at_least=1 if header else 0)
        return cls.from_grid(grid, str(caption), label, header_rows=found)

    @classmethod
    def from_csv(cls, text: str, caption: str = "", label: str = "#1") -> Table:
        """A table from CSV text whose first row is the header; the delimiter is a comma, semicolon, tab, # or |."""
        import csv
        import io

        first = text.lstrip("\ufeff").split("\n", 1)[0]
        delimiter = max(",;\t#|", key=first.count)
        rows = [r for r in csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter) if r]
        return cls.from_rows(rows[0] if rows else [], rows[1:], caption, label)

    @property
    def number(self) -> str:
        """The printed number of the caption that it stands under: "1" of "1", "1a" and "1 (2)"; "#1" of "#1"."""
        return _PART.sub("", self.label)

    def is_named(self, names: Collection[str]) -> bool:
        """Whether words that name tables so mean this one: "Table 1" means "1a" and "1b" as well."""
        return self.label in names or self.number in names

    @property
    def height(self) -> int:
        """Rows, header rows included."""
        return len(self.grid)

    @property
    def width(self) -> int:
        """Columns, stub columns included."""
        return len(self.grid[0]) if self.grid else 0

    @cached_property
    def _paths(self) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
        from claimcheck.foundation.grid import column_paths, row_paths

        return row_paths(self.grid, self.header_rows, self.stub_columns), column_paths(self.grid, self.header_rows)

    def row_path(self, row: int) -> tuple[str, ...]:
        """The names above and before a row: its group, then its stub cells ("Single models", "BiDAF")."""
        return self._paths[0][row]

    def column_path(self, column: int) -> tuple[str, ...]:
        """The header cells over a column from top to bottom ("Zero-shot", "XNLI", "Acc")."""
        return self._paths[1][column]

    def row_name(self, row: int) -> str:
        """The row path in one line."""
        return " > ".join(self.row_path(row)) or f"row {row + 1}"

    def column_name(self, column: int) -> str:
        """The column path in one line."""
        return " > ".join(self.column_path(column)) or f"column {column + 1}"

    def body(self) -> Iterator[tuple[int, int, Cell]]:
        """(row, column, cell) of every cell that is neither header nor stub nor a spanning copy, in reading order."""
        for r in range(self.header_rows, self.height):
            for c in range(self.stub_columns, self.width):
                cell = self.grid[r][c]
                if cell.text and cell.origin is None:
                    yield r, c, cell


class Document(Record):
    """A paper as read: sections, sentences in reading order, tables as addressable cells."""

    paper: Paper
    pages: int = 0
    sections: tuple[Section, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    tables: tuple[Table, ...] = ()

    def table(self, label: str) -> Table | None:
        """The table with that printed label, or None."""
        return next((t for t in self.tables if t.label == label), None)


class Passage(Record):
    """A stretch of text that is evidence, and where it comes from."""

    text: str
    source: str = ""

    def __init__(self, text: str = "", source: str = "", **more: Any) -> None:
        super().__init__(**{"text": text, "source": source, **more})


class Pointer(Record):
    """Where in a paper something stands."""

    paper: str = ""
    page: int | None = None
    box: Box | None = None
    table: str | None = None  # the printed label "2", "A.3", or "#1"; None for text
    row: str | None = None
    column: str | None = None
    cell: tuple[int, int] | None = None  # (row, column) in the table's grid
    line: int | None = None  # line in the LaTeX source
    section: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        if self.table is not None:
            name = f"Table {self.table}" if not self.table.startswith("#") else f"unnumbered table {self.table}"
            return ", ".join([name, *(x for x in (self.row, self.column) if x)])
        if self.page is not None:
            return f"p. {self.page}"
        if self.section:
            return f"Section {self.section}" if self.section[:1].isdigit() else self.section
        return f"line {self.line}" if self.line is not None else self.paper
