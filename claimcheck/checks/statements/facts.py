"""A table as typed columns: texts with their words, values, dates, names that select rows or columns."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.statements.lexicon import STOP, stem
from claimcheck.checks.table_index import Bools, Floats, TableView
from claimcheck.foundation.grid import is_group_row
from claimcheck.foundation.numbers import is_blank
from claimcheck.foundation.words import tokens

MAX_CELLS = 12_000  # of a larger table the first rows are read
MAX_NUMBERS = 6  # of one cell
MAX_NAME = 40  # words of one cell or header that can be meant by a statement
_NUMBER = re.compile(r"(?<![\w.])[-−–+]?\s?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?!\w*\.\d)")
_CLOCK = re.compile(r"^\W*(?:(\d+):)?(\d{1,2}):(\d\d(?:\.\d+)?)\b")
_LEADING = re.compile(r"^[^\w]*(?:[$£€]|r\$|us\$|rs\.?|no\.?|t|w|l|rd\.?|round|week|year)?\s?[-−–+~<>≈]?\s?\.?\d", re.I)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\.?\b", re.I)
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")

_RANK = frozenset(stem(w) for w in ("rank", "ranking", "position", "pos", "place", "standing", "finish"))


def numbers_of(text: str) -> tuple[float, ...]:
    """All numbers that a cell prints, the first first; a minus counts only where no digit or letter stands before it."""
    out = []
    for m in _NUMBER.finditer(text):
        digits = re.sub(r"[^\d.]", "", m[0]).strip(".")
        if not digits or digits.count(".") > 1:
            continue
        before = text[: m.start()].rstrip()[-1:]
        sign = -1.0 if m[0].strip()[:1] in "-−–" and not (before.isalnum() or before == ")") else 1.0
        out.append(sign * float(digits))
        if len(out) == MAX_NUMBERS:
            break
    return tuple(out)


def value_of(text: str) -> float:
    """The value that orders a cell among others: a number, a clock time in seconds, a date in days; NaN for words."""
    if is_blank(text):
        return math.nan
    clock = _CLOCK.match(text)
    if clock:
        return float(clock[1] or 0) * 3600 + float(clock[2]) * 60 + float(clock[3])
    month = _DATE.search(text)
    if month and len(text) < 40 and any(c.isdigit() for c in text):
        year = _YEAR.search(text)
        rest = re.sub(r"\b\d{4}\b", " ", text)
        day = re.search(r"\b(\d{1,2})", rest)
        number = _MONTHS.index(month[1].lower()[:3])
        return (float(year[1]) if year else 0.0) * 372 + number * 31 + (float(day[1]) if day else 0.0)
    if _LEADING.match(text):
        found = numbers_of(text)
        return found[0] if found else math.nan
    return math.nan


@dataclass(frozen=True)
class Name:
    """A text of the table that a statement can mean: the rows of a cell's text in one column, or the columns of a header."""

    side: str  # "row" or "column"
    column: int  # of the cells; -1 for groups of rows and for headers
    text: str
    words: tuple[str, ...]  # distinct stems
    members: tuple[int, ...]  # rows of the body, or columns


@dataclass(frozen=True)
class Facts:
    """One table: `rows` are the grid rows of its body, `values` (rows, columns) what orders the cells, NaN for words."""

    view: TableView
    rows: tuple[int, ...]
    texts: tuple[tuple[str, ...], ...]
    values: Floats
    numbers: tuple[tuple[tuple[float, ...], ...], ...]
    numeric: Bools  # (columns,)
    names: tuple[Name, ...]
    weight: dict[str, float]  # of a stem: how much it tells the names apart
    postings: dict[str, tuple[int, ...]]  # stem -> indices into names
    caption: frozenset[str]

    @property
    def width(self) -> int:
        """Columns, stub columns included."""
        return int(self.values.shape[1])

    @cached_property
    def flat(self) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
        """All numbers of all cells with their row and column, for search by value."""
        found = [(n, r, c) for r, row in enumerate(self.numbers) for c, cell in enumerate(row) for n in cell]
        array = np.array(found, dtype=np.float64).reshape(len(found), 3)
        return array[:, 0], array[:, 1].astype(np.intp), array[:, 2].astype(np.intp)

    @cached_property
    def lower(self) -> Bools:
        """(rows, columns): whether less is better in a cell."""
        grid: Bools = self.view.lower_is_better[list(self.rows)] if self.rows else np.zeros((0, self.width), dtype=bool)
        return grid | self.ranks[None, :]

    @cached_property
    def ranks(self) -> Bools:
        """(columns,): whether a column holds ranks, where the highest is the smallest number."""
        return np.array(
            [bool(_RANK & set(stems(self.view.table.column_name(c)))) for c in range(self.width)], dtype=bool
        )

    @cached_property
    def vocabulary(self) -> dict[str, tuple[str, ...]]:
        """Stems of the names by their first letter, for words that are misspelt or cut off."""
        out: dict[str, list[str]] = {}
        for word in self.postings:
            out.setdefault(word[:1], []).append(word)
        return {k: tuple(v) for k, v in out.items()}

    @property
    def numeric_columns(self) -> list[int]:
        """Columns that hold values and do not merely name rows."""
        stub = self.view.table.stub_columns
        found = [int(c) for c in np.nonzero(self.numeric)[0]]
        return [c for c in found if c >= stub] or found

    def column_name(self, column: int) -> str:
        """What a reader calls a column."""
        return self.view.table.column_name(column)

    def row_name(self, row: int) -> str:
        """What a reader calls a row of the body."""
        return self.view.table.row_name(self.rows[row])


def stems(text: str) -> tuple[str, ...]:
    """The distinct stems of a text's words, in order."""
    return tuple(dict.fromkeys(stem(t.form) for t in tokens(text)))


def table_facts(view: TableView) -> Facts:
    """The facts of one table, at most MAX_CELLS cells of it."""
    table = view.table
    width = table.width
    limit = max(1, MAX_CELLS // max(1, width))
    rows: list[int] = []
    groups: dict[str, list[int]] = {}
    group = ""
    for r in range(table.header_rows, table.height):
        if is_group_row(table.grid[r]) and width > 1:
            group = next(c.text for c in table.grid[r] if c.text.strip())
            continue
        if len(rows) == limit:
            break
        if not any(c.text.strip() for c in table.grid[r]):
            continue
        if group:
            groups.setdefault(group, []).append(len(rows))
        rows.append(r)
    texts = [[table.grid[r][c].text for c in range(width)] for r in rows]
    for c in range(min(table.stub_columns, width)):  # a blank stub cell before a filled one continues the one above
        for i in range(1, len(rows)):
            if not texts[i][c] and any(texts[i][c + 1 : table.stub_columns]):
                texts[i][c] = texts[i - 1][c]
    values = np.array([[value_of(t) for t in row] for row in texts], dtype=np.float64).reshape(len(rows), width)
    filled = np.array([[not is_blank(t) for t in row] for row in texts], dtype=bool).reshape(len(rows), width)
    numeric = np.isfinite(values).sum(axis=0) >= np.maximum(1, 0.6 * filled.sum(axis=0))
    numbers = tuple(tuple(numbers_of(t) if t else () for t in row) for row in texts)
    names = _names(table.grid, table.header_rows, texts, numeric, groups, [table.column_path(c) for c in range(width)])
    postings: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        for word in name.words:
            postings.setdefault(word, []).append(i)
    weight = {
        w: (0.05 if w in STOP else 1.0) * math.log(1.0 + (1 + len(names)) / len(found)) for w, found in postings.items()
    }
    return Facts(
        view,
        tuple(rows),
        tuple(map(tuple, texts)),
        values,
        numbers,
        numeric,
        names,
        weight,
        {w: tuple(found) for w, found in postings.items()},
        frozenset(stems(table.caption)),
    )


def _names(
    grid: object,
    header_rows: int,
    texts: list[list[str]],
    numeric: Bools,
    groups: dict[str, list[int]],
    paths: list[tuple[str, ...]],
) -> tuple[Name, ...]:
    out: list[Name] = []
    for group, members in groups.items():
        out.append(Name("row", -1, group, stems(group)[:MAX_NAME], tuple(members)))
    for c in range(len(paths)):
        if numeric[c]:
            continue
        by_text: dict[str, list[int]] = {}
        for r, row in enumerate(texts):
            if row[c].strip() and not is_blank(row[c]):
                by_text.setdefault(row[c], []).append(r)
        out += [Name("row", c, t, stems(t)[:MAX_NAME], tuple(found)) for t, found in by_text.items()]
    headers: dict[str, list[int]] = {}
    for c, path in enumerate(paths):
        for element in path:
            for part in re.split(r"\s+/\s+", element):
                if part.strip():
                    headers.setdefault(part, []).append(c)
    out += [Name("column", -1, t, stems(t)[:MAX_NAME], tuple(dict.fromkeys(found))) for t, found in headers.items()]
    return tuple(n for n in out if n.words)
