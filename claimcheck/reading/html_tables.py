"""HTML tables as rectangular grids: spans filled with copies, rules read from LaTeXML's border classes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from claimcheck.foundation.records import Cell
from claimcheck.reading.html_faults import RawSpan, fill_below, mend_cell, spread_headings
from claimcheck.reading.html_text import EQUATIONS, Inline, classes
from claimcheck.reading.rules import Room, header_rows_from_rules, stub_columns_from_spans

_WIDEST = 400  # columns
_LONGEST = 5000  # rows


@dataclass(slots=True)
class HtmlTable:
    """A table as read; counts are None where the page does not tell."""

    cells: list[list[Cell]]
    header_rows: int | None
    stub_columns: int | None
    caption: str = ""
    footnotes: list[str] = field(default_factory=list)


def is_tabular(element: etree._Element) -> bool:
    """Whether an element is a table of text, not a formula set as one."""
    names = classes(element)
    if element.tag == "table":
        return not names & EQUATIONS
    return "ltx_tabular" in names


def outer_tabulars(element: etree._Element) -> list[etree._Element]:
    """The tabulars inside an element that lie in no other one; a layout of several gives its inner ones."""
    out: list[etree._Element] = []
    for e in element.iterdescendants():
        if is_tabular(e) and not any(a in out for a in e.iterancestors()):
            out.append(e)
    return out


def read_table(element: etree._Element, room: Room) -> HtmlTable | None:
    """The grid of a table element, or None where it holds no text or more cells than there is room for."""
    rows = _rows(element)[:_LONGEST]
    grid: list[list[Cell | None]] = [[] for _ in rows]
    heads: list[bool] = []
    borders: list[tuple[int, int, int]] = []  # cells of the row, of them with a rule above, with a rule below
    doubled: list[bool] = []
    widths: list[int] = []  # columns that a row fills by itself
    raw: list[tuple[int, int, RawSpan]] = []
    footnotes: list[str] = []
    written = 0
    for r, row in enumerate(rows):
        column = 0
        cells = [c for c in row if _is_cell(c)]
        above = below = 0
        double = False
        for cell in cells:
            while column < len(grid[r]) and grid[r][column] is not None:
                column += 1
            left = mend_cell(cell)
            down, across = _span(cell, "rowspan"), max(_span(cell, "colspan"), min(left.columns, _WIDEST))
            if left.rows > 1 and down == 1:
                raw.append((r, column, left))
            inline = Inline(cell=True).add_children(cell)
            footnotes += inline.footnotes
            text = re.sub(r"(?<=[\d%)])\s*±\s*(?=[\d.])", " ± ", inline.rendered)
            names = classes(cell)
            bold = inline.bold or (bool(names & {"ltx_font_bold"}) and any(c.isalnum() for c in text))
            value = Cell(text=text, bold=bold, underline=inline.underlined)
            copy = value.model_copy(update={"origin": (r, column)})
            for i in range(r, min(len(rows), r + down)):
                while len(grid[i]) < column + across:
                    grid[i].append(None)
                for j in range(column, column + across):
                    if grid[i][j] is None:
                        grid[i][j] = value if (i, j) == (r, column) else copy
                        written += 1
            double = double or "ltx_border_tt" in names
            above += bool(names & {"ltx_border_t", "ltx_border_tt"})
            below += bool(names & {"ltx_border_b", "ltx_border_bb"})
            column += across
            if written > room.of_a_table or column > _WIDEST:
                room.spend(written)
                return None
        borders.append((len(cells), above, below))
        doubled.append(double)
        widths.append(max(column, len(grid[r])))
        heads.append(_is_head(row, cells))
    width = max((len(row) for row in grid), default=0)
    if width * len(grid) > room.of_a_table:
        room.spend(written)
        return None
    room.spend(width * len(grid))
    full = [[c or Cell() for c in row] + [Cell()] * (width - len(row)) for row in grid]
    for r, column, left in raw:
        fill_below(full, r, column, left)
    full = spread_headings(full, widths)
    keep = [r for r, row in enumerate(full) if any(c.text for c in row)]
    if not keep:
        return None
    new = {old: i for i, old in enumerate(keep)}
    cells_out = [[_moved(c, new) for c in full[r]] for r in keep]
    hard = [_ruled(borders, doubled, r, keep) for r in keep]
    caption = next((Inline().add(c).rendered for c in element.iterchildren("caption")), "")
    header = _header_rows(cells_out, hard, [heads[r] for r in keep])
    return HtmlTable(cells_out, header, stub_columns_from_spans(cells_out, header or 0), caption, footnotes)


def _rows(element: etree._Element) -> list[etree._Element]:
    """The rows of a table, those of tables inside it left out."""
    out: list[etree._Element] = []
    stack = list(reversed(element))
    while stack:
        e = stack.pop()
        if not isinstance(e.tag, str):
            continue
        if e.tag == "tr" or "ltx_tr" in classes(e):
            out.append(e)
        elif not is_tabular(e) and e.tag not in ("caption", "td", "th"):
            stack += reversed(e)
    return out


def _is_cell(element: etree._Element) -> bool:
    return element.tag in ("td", "th") or bool(classes(element) & {"ltx_td", "ltx_th"})


def _span(cell: etree._Element, name: str) -> int:
    """How many rows or columns a cell covers, from its attribute or its class ("ltx_rowspan_2")."""
    value = cell.get(name) or next((c.rpartition("_")[2] for c in classes(cell) if c.startswith(f"ltx_{name}_")), "")
    count = value.strip()[:4]
    return min(max(1, int(count)), _WIDEST if name == "colspan" else _LONGEST) if count.isdecimal() else 1


def _is_head(row: etree._Element, cells: list[etree._Element]) -> bool:
    """Whether a row stands in the head, or holds nothing but column names."""
    parent = row.getparent()
    if parent is not None and (parent.tag == "thead" or "ltx_thead" in classes(parent)):
        return True
    return bool(cells) and all(
        (c.tag == "th" and "ltx_th_row" not in classes(c)) or "ltx_th_column" in classes(c) for c in cells
    )


def _moved(cell: Cell, new: dict[int, int]) -> Cell:
    if cell.origin is None or cell.origin[0] not in new:
        return cell
    return cell.model_copy(update={"origin": (new[cell.origin[0]], cell.origin[1])})


def _ruled(borders: list[tuple[int, int, int]], doubled: list[bool], r: int, keep: list[int]) -> int:
    """Full rules above a row: 2 for a double one."""
    count, above, _ = borders[r]
    previous = borders[r - 1] if r else (0, 0, 0)
    full = count and above >= count
    full_below = previous[0] and previous[2] >= previous[0]
    if not full and not full_below:
        return 0
    return 2 if doubled[r] and r != keep[0] else 1


def _header_rows(cells: list[list[Cell]], hard: list[int], heads: list[bool]) -> int | None:
    """Header rows from rules where the page has them, else from its thead and th."""
    leading = next((i for i, head in enumerate(heads) if not head), len(heads))
    ruled = header_rows_from_rules(cells, hard, [False] * len(cells)) if any(hard[1:]) else None
    if ruled is not None:
        return ruled
    return leading if 0 < leading < len(cells) else None
