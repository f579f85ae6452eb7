"""The cells that a claim rests on as small tables: rows and columns named, and no cell but the cited ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import Evidence, Paper, Pointer
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.places import LONGEST, paper_link, pointer_words

_LONGEST_NAME = 500  # characters of a row's or a column's name


@dataclass(frozen=True, slots=True)
class CellsView:
    """Cited cells of one table. Names are paths, outermost first ("Baselines", "BERT"); "" is a cell nobody cited.

    `link` is "" or the http(s) address of the other paper that the table stands in.
    """

    where: str  # "Table 2 (p. 5)"
    link: str
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # (name, its cells, one a column)


def is_cell(pointer: Pointer) -> bool:
    """Whether a pointer names a cell: a table with a row or a column of it."""
    return pointer.table is not None and bool(pointer.row or pointer.column)


def cells_views(evidence: Sequence[Evidence], home: Paper, papers: Mapping[str, Paper]) -> tuple[CellsView, ...]:
    """One small table for each table that the evidence has cells of, in the order in which they are cited.

    Rows and columns stand as they do in the paper where the pointers know it, else as they are cited.
    """
    tables: dict[tuple[str, str | None, int | None], list[Evidence]] = {}
    for one in evidence:
        if is_cell(one.pointer):
            tables.setdefault((one.pointer.paper, one.pointer.table, one.pointer.page), []).append(one)
    return tuple(_cells_view(cells, home, papers) for cells in tables.values())


def _cells_view(cells: Sequence[Evidence], home: Paper, papers: Mapping[str, Paper]) -> CellsView:
    # the place in the grid is the identity where all cells have one: two rows of a table may have the same name
    placed = all(one.pointer.cell is not None for one in cells)
    rows: dict[tuple[int, str], None] = {}
    columns: dict[tuple[int, str], None] = {}
    quotes: dict[tuple[tuple[int, str], tuple[int, str]], dict[str, None]] = {}
    for one in cells:
        at = one.pointer.cell if placed and one.pointer.cell is not None else (0, 0)
        row, column = (at[0], one.pointer.row or ""), (at[1], one.pointer.column or "")
        rows[row] = columns[column] = None
        quotes.setdefault((row, column), {})[shorten(one.quote, LONGEST)] = None
    row_order, column_order = (
        sorted(keys, key=lambda key: key[0]) if placed else list(keys) for keys in (rows, columns)
    )
    first = cells[0].pointer
    other = papers.get(first.paper)
    return CellsView(
        where=pointer_words(first.model_copy(update={"row": None, "column": None}), home, papers),
        link=paper_link(other) if other is not None and other.id != home.id else "",
        columns=tuple(_name(column) for _, column in column_order),
        rows=tuple(
            (_name(row[1]), tuple("; ".join(quotes.get((row, column), ())) for column in column_order))
            for row in row_order
        ),
    )


def _name(path: str) -> tuple[str, ...]:
    """A row's or a column's name as `Table.row_name` writes it, in its parts."""
    return tuple(shorten(part, _LONGEST_NAME) for part in path.split(" > "))
