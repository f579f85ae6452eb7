"""What a printed page needs beside the view: which papers are cited, how wide a small table is, how large a figure.

A screen scrolls and a page does not: a row that is longer than a page runs off its end, and a chart that is wider than
the text runs into the margin.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from claimcheck.foundation.records import Decision, Ledger
from claimcheck.publish.charts import Figure
from claimcheck.publish.escape import LONG_WORD, latex, shorten
from claimcheck.publish.references import references
from claimcheck.publish.view.cells import CellsView

_FIGURE_SCALE = 0.8  # drawn for a screen; its words are as large as a footnote then
_FIGURE_HEIGHT = 600.0  # points; A4 with margins of 22 mm has 717, less a heading, a table and the caption
_MOST_COLUMNS, _MOST_ROWS = 6, 24  # of a small table on half a page
_LONGEST_CELL = 160  # letters; 24 rows of it fill less than a page in the narrowest column
_LINE = 430.0  # points of the line that a small table has, in print of 9 points
_LETTER = 5.5  # of a common letter in print of 9 points
_THIN = " .,:;!|'()[]0123456789"
_PART = 8  # letters of a long word between two places to break
_GAP = 12.0  # between two columns
_NAMES = 0.26  # of a line, where the columns cannot have their natural width


@dataclass(frozen=True, slots=True)
class SmallTable:
    """Cited cells laid out for a page; `layout` is LaTeX's column specification. The first column names the rows."""

    where: str
    link: str
    layout: Markup
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def helpers(ledger: Ledger, decisions: Sequence[Decision] = ()) -> dict[str, Any]:
    """Names that the LaTeX templates use beside `report`.

    `references`: the entries of the bibliography. `cite(paper id)`: the command that cites it, "" where it has no
    entry. `clip(text, limit, rest)`: a text cut to the room of that many letters. `small_tables(cells)`: their
    layouts, none where one of them fits no page. `scale(figure)`: the factor at which it fits the page.
    `letters_missing`: whether the ledger has letters that no font of the document has.
    """
    found = references(ledger)

    def cite(paper: str) -> Markup:
        key = found.key(paper)
        return Markup(rf"~\cite{{{key}}}") if key else Markup("")  # noqa: S704 - letters and digits

    said = json.dumps([ledger.model_dump(), *(one.model_dump() for one in decisions)], ensure_ascii=False, default=str)
    return {
        "references": found.entries,
        "cite": cite,
        "clip": clip,
        "small_tables": small_tables,
        "scale": scale,
        "paper": ledger.paper.id,
        "letters_missing": any(lacks(letter) for letter in sorted(set(said))),
    }


def clip(text: str, limit: int, rest: str = "in ledger.json") -> str:
    """The text, or as much of it as has room where `limit` common letters have, and how much is missing."""
    room = limit * _LETTER
    if len(text) * 9.3 <= room and text.isascii():
        return text
    for length, letter in enumerate(text):
        room -= _letter_points(letter)
        if room < 0:
            return shorten(text, length, rest)
    return text


def small_tables(tables: Sequence[CellsView]) -> tuple[SmallTable, ...]:
    """Tables of at most six columns, turned round where that makes one fit; all of them, or none where one does not."""
    laid_out = [_small_table(cells) for cells in tables]
    fitting = tuple(one for one in laid_out if one is not None)
    return fitting if len(fitting) == len(laid_out) else ()


def scale(figure: Figure) -> str:
    """A factor with three digits for LaTeX's scalebox; pgf's own box is never wider than a line."""
    return f"{min(_FIGURE_SCALE, _FIGURE_HEIGHT / max(1.0, figure.height)):.3f}"


def _small_table(cells: CellsView) -> SmallTable | None:
    header = ["", *(_name(path) for path in cells.columns)]
    rows = [[_name(path), *(_cell(text) for text in texts)] for path, texts in cells.rows]
    grid = [header, *rows]
    if len(header) - 1 > _MOST_COLUMNS:
        grid = [list(column) for column in zip(*grid, strict=True)]
    if len(grid[0]) - 1 > _MOST_COLUMNS or len(grid) - 1 > _MOST_ROWS:
        return None
    layout = _layout(grid)
    if not layout:
        return None
    # the layout is numbers and our own words
    return SmallTable(_cell(cells.where), cells.link, Markup(layout), tuple(grid[0]), tuple(map(tuple, grid[1:])))  # noqa: S704


def _name(path: Sequence[str]) -> str:
    return _cell(" > ".join(path))


def _cell(text: str) -> str:
    return clip(text, _LONGEST_CELL)


def _layout(grid: Sequence[Sequence[str]]) -> str:
    """Natural widths where the lines are short, else shares of the line; "" where a word is wider than its share."""
    widest = [max(_points(row[i]) for row in grid) for i in range(len(grid[0]))]
    columns = len(widest) - 1
    if sum(widest) + columns * _GAP <= _LINE:
        return "@{}l" + "r" * columns + "@{}"
    room = [_NAMES * _LINE, *[(1 - _NAMES) * _LINE / columns - _GAP] * columns]
    if any(_points(piece) > room[i] for row in grid for i, text in enumerate(row) for piece in _pieces(text)):
        return ""
    share = rf"L{{\dimexpr {1 - _NAMES:g}\linewidth/{columns}-2\tabcolsep\relax}}"
    return rf"@{{}}L{{{_NAMES:g}\linewidth}}" + share * columns + "@{}"


def _points(text: str) -> float:
    return sum(map(_letter_points, text))


@lru_cache(maxsize=4096)
def _letter_points(letter: str) -> float:
    """Width in Latin Modern of 9 points, rather too much than too little; a letter that the fonts lack is a number."""
    if letter.isascii():
        return 5.0 if letter.islower() or letter in _THIN else 9.3
    return 5.5 * len(latex(letter)) if lacks(letter) else 8.0


def _pieces(text: str) -> list[str]:
    """What a line holds whole: words, and the parts between the breaks that the escaper gives a long one."""
    words = text.replace("-", "- ").replace("/", "/ ").split()
    # a break comes every few letters, but not at the same ones as here
    cut = [[word[i : i + _PART] for i in range(len(word))] if len(word) > LONG_WORD else [word] for word in words]
    return [piece for pieces in cut for piece in pieces]


def lacks(letter: str) -> bool:
    """Whether no font of the document has this letter, so that its number or name in brackets stands for it."""
    return not letter.isascii() and latex(letter).startswith("{[}")
