"""What the rules and spans of a printed table say: where its header ends, which columns name its rows; its bound."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claimcheck.foundation.grid import find_header_rows
from claimcheck.foundation.numbers import cell_numbers, is_numeric
from claimcheck.foundation.records import Cell

# cells of a table, those that fill its short rows among them; what has more is no table of a paper and is left out
MOST_CELLS = 100_000
_MOST_OF_A_PAPER = 250_000  # cells of all tables of a paper; a page can ask for millions in a few bytes
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass
class Room:
    """The cells that the tables of one paper may still have together; what was given up over is counted too."""

    left: int = _MOST_OF_A_PAPER

    @property
    def of_a_table(self) -> int:
        """The cells that the next table may have."""
        return min(MOST_CELLS, self.left)

    def spend(self, cells: int) -> None:
        """Cells that were made, for a table or in vain."""
        self.left = max(0, self.left - cells)


def header_rows_from_rules(grid: list[list[Cell]], hard: list[int], soft: list[bool]) -> int | None:
    """How many rows stand above the first rule that follows content; None where no rule tells.

    `hard[r]` counts the rules over the full width above row r, `soft[r]` says whether partial rules together cover it.
    """
    found = find_header_rows(grid)
    height = len(grid)
    ruled_rows = [r for r in range(1, height) if hard[r]]
    if not ruled_rows:
        ruled_rows = [r for r in range(1, height) if soft[r]]
    if not ruled_rows:
        return None
    ruled = ruled_rows[0]
    double = next((r for r in ruled_rows[:3] if hard[r] >= 2), None)
    if double is not None and double <= 4 and len(ruled_rows) > 2 and not _is_data(grid[double - 1]):
        ruled = double  # a table ruled after every row sets its header off by a double rule
    soft_first = next((r for r in range(1, ruled) if soft[r]), None)
    if soft_first is not None and soft_first == found:
        ruled = soft_first
    # a title over the whole width is not yet the header
    while all(_one_text(row) for row in grid[:ruled]) and (later := [r for r in ruled_rows if r > ruled]):
        if later[0] - ruled > 3 or _is_data(grid[later[0] - 1]):
            ruled = max(ruled, found)
            break
        ruled = later[0]
    if ruled > found >= 1 and _is_data(grid[found]):
        return found
    if ruled > 6 or ruled * 2 > height + 1:
        return found
    # a cell of the header that reaches below the rule takes its row along
    while ruled < height - 1 and any(c.origin is not None and c.origin[0] < ruled and c.text for c in grid[ruled]):
        ruled += 1
    if ruled < found <= 4 and any(c.origin is not None for c in grid[ruled - 1]) and not _one_text(grid[ruled]):
        # groups of columns with a full rule below them, then their names
        return found
    return ruled


def _one_text(row: list[Cell]) -> bool:
    """Whether a row prints one cell over several columns and nothing else."""
    texts = [c for c in row if c.text]
    return len(row) > 1 and len([c for c in texts if c.origin is None]) == 1 and len(texts) * 2 >= len(row)


def _is_data(row: list[Cell]) -> bool:
    """Whether a row prints results: a name of its own and numbers after it, or decimals."""
    numbers = [c.text for c in row[1:] if is_numeric(c.text)]
    if len(numbers) > 1 and all(_YEAR.fullmatch(t) for t in numbers):
        return False  # years stand over columns
    if any(n.decimals for t in numbers for n in cell_numbers(t)):
        return True
    named = bool(row and row[0].text and row[0].origin is None)
    return named and len(numbers) * 2 >= max(1, sum(bool(c.text) for c in row[1:])) and bool(numbers)


def stub_columns_from_spans(grid: list[list[Cell]], header_rows: int) -> int | None:
    """How many leading columns name rows, where spans over rows tell: settings ("6", "4") before a column of names."""
    body = grid[header_rows:]
    for c in range(min(4, len(grid[0]) - 1), 0, -1):
        filled = [row[c].text for row in body if row[c].text and row[c].origin is None]
        spanned = all(
            any(o and o[0] != r for r, o in enumerate((row[b].origin for row in body), header_rows)) for b in range(c)
        )
        if filled and spanned and not any(map(is_numeric, filled)) and len(filled) * 3 >= len(body):
            return c + 1
    return None
