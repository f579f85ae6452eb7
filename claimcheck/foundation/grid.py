"""What a table's grid says about itself: which rows are headers, which columns name rows, which rows name groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from claimcheck.foundation.numbers import is_blank, is_numeric

if TYPE_CHECKING:
    from claimcheck.foundation.records import Cell

_YEAR = re.compile(r"(?:19|20)\d\d")


def padded(grid: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """The grid with every row filled to the longest with empty cells; columns empty throughout stay."""
    from claimcheck.foundation.records import Cell

    width = max((len(row) for row in grid), default=0)
    return tuple(tuple(row) + (Cell(),) * (width - len(row)) for row in grid)


def find_header_rows(grid: Sequence[Sequence[Cell]], at_least: int = 0) -> int:
    """How many leading rows name the columns: all rows before the first one that prints a result.

    A row prints a result when at least a third of its filled cells after the first are numbers; years, small ordinals
    and sizes in a header ("2012", "10 k") do not count where the row above or below settles it.
    """
    limit = max(at_least, min(5, len(grid) - 1))
    for r, row in enumerate(grid[: limit + 1]):
        filled = [c.text for c in row[1:] if not is_blank(c.text)]
        numbers = [t for t in filled if is_numeric(t)]
        headish = [t for t in numbers if _YEAR.fullmatch(t.strip())]
        if len(headish) == len(numbers) >= 2 and r == 0:
            continue  # a row of years
        named = any(c.text.strip() for c in row[:1]) and any(c.text.strip() for c in row[1:])
        if r >= max(1, at_least) and not filled and named:
            return r  # a row of missing values is a row of results
        if r >= at_least and numbers and len(numbers) * 3 >= len(filled):
            return r if r else at_least
    # no numbers at all: one header row where there is more than one row
    return max(at_least, min(1, len(grid) - 1)) if grid else 0


def find_stub_columns(grid: Sequence[Sequence[Cell]], header_rows: int) -> int:
    """How many leading columns name the rows: all before the first whose body is mostly numbers, at least 1."""
    body = grid[header_rows:]
    width = len(grid[0]) if grid else 0
    for c in range(width):
        filled = [row[c].text for row in body if not is_blank(row[c].text)]
        numbers = sum(map(is_numeric, filled))
        if numbers and numbers * 2 >= len(filled):
            if c == 0:
                # a first column of numbers names rows when it counts up (layers, sizes, years) and others hold results
                return 1 if width > 1 else 0
            return c
    return min(1, width)


def is_group_row(row: Sequence[Cell]) -> bool:
    """Whether a body row only names the group of rows below it."""
    filled = {c.origin or (0, i): c.text for i, c in enumerate(row) if c.text.strip()}
    texts = list(filled.values())
    if not texts or any(is_numeric(t) for t in texts[1:]):
        return False
    one_cell = len(set(texts)) == 1 and not is_numeric(texts[0])
    # one cell over all columns, or a name with nothing after it
    return one_cell and (len(row) > 1) and all(not c.text.strip() or c.text == texts[0] for c in row)


def row_paths(grid: Sequence[Sequence[Cell]], header_rows: int, stub_columns: int) -> tuple[tuple[str, ...], ...]:
    """For each row of the grid: its group, then its stub cells; a blank first stub cell repeats the one above."""
    out: list[tuple[str, ...]] = []
    group = ""
    above = [""] * stub_columns
    for r, row in enumerate(grid):
        if r < header_rows:
            out.append(())
            continue
        if is_group_row(row):
            group = next(c.text for c in row if c.text.strip())
            above = [""] * stub_columns
            out.append((group,))
            continue
        stubs = [row[c].text.strip() for c in range(min(stub_columns, len(row)))]
        for i, text in enumerate(stubs):
            # only a blank before a filled stub cell is a continued span; a row with no name at all stays without
            if not text and any(stubs[i + 1 :]):
                stubs[i] = above[i]
            elif text:
                above[i] = text
                above[i + 1 :] = [""] * len(above[i + 1 :])
        out.append(tuple(dict.fromkeys(x for x in [group, *stubs] if x)))
    return tuple(out)


def column_paths(grid: Sequence[Sequence[Cell]], header_rows: int) -> tuple[tuple[str, ...], ...]:
    """For each column: its header cells from top to bottom, spans and repeats once.

    A blank header cell right of a filled one in a row that is not the last header row continues it, unless the row
    carries marked spans: then a blank is a blank.
    """
    if not grid:
        return ()
    width = len(grid[0])
    rows = [[c.text.strip() for c in grid[r]] for r in range(header_rows)]
    for r, texts in enumerate(rows[:-1]):
        if any(c.origin is not None for c in grid[r]):
            continue
        last = ""
        for c in range(width):
            if texts[c]:
                last = texts[c]
            elif last and rows[r + 1][c] and rows[r + 1][c - 1]:
                texts[c] = last
    return tuple(tuple(dict.fromkeys(texts[c] for texts in rows if texts[c])) for c in range(width))
