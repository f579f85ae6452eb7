"""A tabular environment as a rectangular grid of cells: spans filled, rules read, header rows known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from claimcheck.foundation.records import Cell
from claimcheck.reading.latex.columns import WIDEST, Column, join_columns, parse_columns, without_spacers
from claimcheck.reading.latex.commands import PARTIAL_RULES, RULES, TABULARS
from claimcheck.reading.latex.definitions import Macro
from claimcheck.reading.latex.siunitx import number_text, parse_options
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.latex.tree import Node, as_formula, raw_text
from claimcheck.reading.rules import Room, header_rows_from_rules, stub_columns_from_spans

_ROW_ENDS = frozenset({"\\", "tabularnewline", "cr", "tabularnl", "crcr"})
_HEADS = {"endfirsthead", "endhead", "endfoot", "endlastfoot"}
_NOT_CONTENT = {
    "caption", "label", "tablecaption", "endfirsthead", "endhead", "endfoot", "endlastfoot", "tablehead",
    "startdata", "enddata", "tablecolumns", "tablecomments", "tablerefs", "tabletypesize", "tablewidth", "noalign",
    "tabcaption",
}  # fmt: skip
_LONGEST = 5000  # rows


@dataclass(slots=True)
class Grid:
    """A tabular as read. `header_rows` and `stub_columns` are None where neither rules nor spans tell."""

    cells: list[list[Cell]]
    header_rows: int | None
    stub_columns: int | None
    line: int
    footnotes: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    cells: list[list[Node]] = field(default_factory=lambda: [[]])
    rule: int = 0  # full rules above it
    covered: set[int] = field(default_factory=set)  # columns with a partial rule above it


def inner_tabulars(node: Node) -> list[Node]:
    """The outermost tabulars inside a tabular."""
    out: list[Node] = []

    def visit(nodes: list[Node] | None) -> None:
        for n in nodes or ():
            if n.kind == "env" and n.text in TABULARS and n.text != "array":
                out.append(n)
                continue
            for arg in n.args:
                visit(arg)
            visit(n.children)

    visit(node.children)
    return out


def read_tabular(node: Node, context: Context, columns: dict[str, Macro], room: Room) -> list[Grid]:
    """The grids of one tabular: usually one; its inner ones where it only lays others out; none where it holds no
    text or more cells than there is room for.
    """
    rows, head = _rows(node)
    inner = inner_tabulars(node)
    if inner and len(inner) * 2 >= sum(1 for r in rows for c in r.cells if any(n.kind not in (" ", "par") for n in c)):
        grids = [g for i in inner for g in read_tabular(i, context, columns, room)]
        if grids and all(len(g.cells) > 1 and len(g.cells[0]) > 1 for g in grids):
            return grids
    filler = _Filler(context, parse_columns(next((raw_text(a) for a in reversed(node.args) if a), ""), columns))
    written = width = 0
    for r, row in enumerate(rows[:_LONGEST]):
        filler.add_row(r, row)
        written += len(filler.grid[-1])
        width = max(width, len(filler.grid[-1]))
        if max(written, width * len(rows[:_LONGEST])) > room.of_a_table:
            room.spend(written)
            return []
    room.spend(width * len(filler.grid))
    if not any(c.text for row in filler.grid for c in row):
        return []
    for row_cells in filler.grid:
        row_cells += [Cell()] * (width - len(row_cells))
    filler.fill_rowspans()
    grid = filler.grid
    hard = [row.rule for row in rows[: len(grid)]]
    soft = [bool(row.covered) and row.covered >= set(range(width)) for row in rows[: len(grid)]]
    grid = without_spacers(join_columns(grid, filler.columns))
    keep = [r for r, row_cells in enumerate(grid) if any(c.text for c in row_cells)]
    # a rule above a dropped row stands above the next one that stays
    rules: list[tuple[int, bool]] = []
    held = (0, False)
    for r in range(len(grid)):
        held = (held[0] + hard[r], held[1] or soft[r])
        if r in set(keep[len(rules) : len(rules) + 1]):
            rules.append(held)
            held = (0, False)
    if head is not None:
        head = sum(1 for r in keep if r < head)
    grid = _without_rows(grid, keep)
    header = head if head else header_rows_from_rules(grid, [h for h, _ in rules], [s for _, s in rules])
    return [Grid(grid, header, stub_columns_from_spans(grid, header or 0), node.line, filler.footnotes)]


# ---------------------------------------------------------------------- rows and cells
def _flat(nodes: list[Node]) -> list[Node]:
    """The nodes with groups that hold column separators opened."""
    out: list[Node] = []
    for node in nodes:
        if node.kind == "group" and any(c.kind == "&" for c in node.children):
            out += _flat(node.children)
        else:
            out.append(node)
    return out


def _rows(node: Node) -> tuple[list[_Row], int | None]:
    """The rows of a tabular and how many of them its own head declares (longtable, deluxetable)."""
    children = _flat(node.children)
    if node.text.startswith("deluxetable") or any(n.kind == "cmd" and n.text == "startdata" for n in children):
        head_node = next((n for n in children if n.kind == "cmd" and n.text == "tablehead"), None)
        head_rows = _split(_flat(head_node.args[0] or []))[0] if head_node is not None else []
        start = next((i for i, n in enumerate(children) if n.kind == "cmd" and n.text == "startdata"), -1)
        body_rows, _ = _split(children[start + 1 :])
        return head_rows + body_rows, len(head_rows)
    return _split(children)


def _split(nodes: list[Node]) -> tuple[list[_Row], int | None]:
    rows: list[_Row] = []
    row = _Row()
    head: list[_Row] | None = None
    for n in nodes:
        if n.kind == "&":
            row.cells.append([])
        elif n.kind == "cmd" and n.text in _ROW_ENDS:
            rows.append(row)
            row = _Row()
        elif n.kind == "cmd" and (n.text in RULES or n.text in PARTIAL_RULES):
            _note_rule(row, n)
        elif n.kind == "cmd" and n.text in _HEADS:
            if _has_content(row):
                rows.append(row)
            if n.text in ("endfirsthead", "endhead") and head is None:
                head = rows
            rows, row = [], _Row(rule=1)
        elif n.kind != "cmd" or n.text not in _NOT_CONTENT:
            row.cells[-1].append(n)
    if _has_content(row):
        rows.append(row)
    elif row.rule and rows:
        pass  # the bottom rule
    if head is not None:
        shown = [r for r in head if _has_content(r)]
        return shown + rows, len(shown)
    return rows, None


def _has_content(row: _Row) -> bool:
    return len(row.cells) > 1 or any(n.kind not in (" ", "par") for n in row.cells[0])


def _note_rule(row: _Row, node: Node) -> None:
    name = node.text
    argument = raw_text(node.args[-1]) if node.args and node.args[-1] is not None else ""
    if name in PARTIAL_RULES:
        m = re.match(r"\s*(\d+)?\s*-?\s*(\d+)?", argument)
        if m is not None and (m[1] or m[2]):
            first, last = int((m[1] or "1")[:4]), int((m[2] or m[1])[:4])
            row.covered |= set(range(first - 1, min(last, WIDEST)))
    elif name != "hhline" or "~" not in argument:
        row.rule += 1


class _Filler:
    """Writes cells into the grid, remembering spans over rows until all rows are known."""

    def __init__(self, context: Context, columns: list[Column]) -> None:
        self.context = context
        self.columns = columns
        self.grid: list[list[Cell]] = []
        self.spans: list[tuple[int, int, int, int]] = []  # row, column, rows (negative: upwards), columns
        self.footnotes: list[Node] = []

    def add_row(self, r: int, row: _Row) -> None:
        """Append the row's cells; a cell over several columns is copied into each."""
        out: list[Cell] = []
        for nodes in row.cells:
            if len(out) >= WIDEST:
                break
            column, own = self._column(len(out)), nodes
            columns, nodes = _multicolumn(nodes)
            if nodes is not own:
                column = _multicolumn_column(own)
            rows = _row_span(nodes)
            block = next((n for n in nodes if n.kind == "cmd" and n.text in ("SetCell", "Block")), None)
            if block is not None:
                rows, columns, bold = _block(block, rows, columns)
                column = replace(column, bold=column.bold or bold)
            cell = self.cell(nodes, column)
            c = len(out)
            out.append(cell)
            if block is None:
                # \multicolumn takes the place of its columns; \SetCell leaves empty cells there
                out += [cell.model_copy(update={"origin": (r, c)})] * (min(columns, WIDEST) - 1)
            if (rows not in (0, 1) and cell.text) or (block is not None and columns > 1):
                self.spans.append((r, c, rows, columns))
        self.grid.append(out)

    def _column(self, c: int) -> Column:
        return self.columns[c] if c < len(self.columns) else Column()

    def cell(self, nodes: list[Node], column: Column) -> Cell:
        """The text and look of one cell, its column's included."""
        renderer = Renderer(self.context, cell=True)
        renderer.set_look(column.bold, column.underline)
        renderer.render(
            [Node("math", "$", nodes[0].line, children=as_formula(nodes))] if column.math and nodes else nodes
        )
        self.footnotes += renderer.footnotes
        text = renderer.text
        if column.numbers is not None and text and not _braces(nodes):
            text = number_text(text, {**self.context.numbers, **parse_options(column.numbers)})
        if column.after and text:
            text += column.after
        if not text and renderer.dropped:
            text = " ".join(renderer.dropped)
        text = re.sub(r"(?<=[\d%)])\s*±\s*(?=[\d.])", " ± ", text)
        text = re.sub(r"\s+([,;)])", r"\1", re.sub(r"\(\s+", "(", text)).strip()
        return Cell(text=text, bold=renderer.bold, underline=renderer.underlined)

    def fill_rowspans(self) -> None:
        """Copy cells that span rows into the empty places they cover."""
        for r, c, rows, columns in self.spans:
            cell = self.grid[r][c]
            targets = range(r + 1, min(len(self.grid), r + rows)) if rows > 0 else range(r - 1, max(-1, r + rows), -1)
            top = r
            for i in targets:
                if c < len(self.grid[i]) and self.grid[i][c].text:
                    break
                if rows < 0:
                    top = i
                for j in range(c, min(c + columns, len(self.grid[i]))):
                    if not self.grid[i][j].text:
                        self.grid[i][j] = cell.model_copy(update={"origin": (r, c)})
            for j in range(c + 1, min(c + columns, len(self.grid[r]))):
                if not self.grid[r][j].text:
                    self.grid[r][j] = cell.model_copy(update={"origin": (r, c)})
            if top != r:
                # a span written at its bottom: the topmost place is the cell, the others are its copies
                for i in range(top, r + 1):
                    for j in range(c, min(c + columns, len(self.grid[i]))):
                        at_home = (i, j) == (top, c)
                        self.grid[i][j] = cell.model_copy(update={"origin": None if at_home else (top, c)})


def _braces(nodes: list[Node]) -> bool:
    """Whether a cell is one group: siunitx prints it as it is."""
    filled = [n for n in nodes if n.kind not in (" ", "par")]
    return len(filled) == 1 and filled[0].kind == "group"


def _multicolumn_column(nodes: list[Node]) -> Column:
    """The column that a \\multicolumn makes for itself."""
    for top in nodes:
        for node in top.walk():
            if node.kind == "cmd" and node.text == "multicolumn" and len(node.args) == 3:
                return next(iter(parse_columns(raw_text(node.args[1]), {})), Column())
    return Column()


def _multicolumn(nodes: list[Node]) -> tuple[int, list[Node]]:
    """(columns covered, the cell's nodes with \\multicolumn replaced by its content)."""
    for i, node in enumerate(nodes):
        if node.kind == "cmd" and node.text == "multicolumn" and len(node.args) == 3:
            count = re.match(r"\s*(\d{1,4})", raw_text(node.args[0]))
            content = Node("group", "", node.line, children=node.args[2] or [])
            return min(WIDEST, int(count[1])) if count else 1, [*nodes[:i], content, *nodes[i + 1 :]]
        if node.kind == "group" and len(node.children) < 6 and any(c.text == "multicolumn" for c in node.children):
            span, children = _multicolumn(node.children)
            return span, [*nodes[:i], Node("group", "", node.line, children=children), *nodes[i + 1 :]]
    return 1, nodes


def _block(node: Node, rows: int, columns: int) -> tuple[int, int, bool]:
    """(rows, columns, whether bold) of tabularray's \\SetCell or nicematrix's \\Block."""
    options = raw_text(node.args[0])
    if node.text == "Block":
        m = re.fullmatch(r"\s*(\d{1,3})?\s*-\s*(\d{1,3})?\s*", options)
        return (int(m[1] or 1), int(m[2] or 1), False) if m else (rows, columns, False)
    rows = int(m[1][:3]) if (m := re.search(r"\br\s*=\s*(\d+)", options)) else rows
    columns = int(m[1][:3]) if (m := re.search(r"\bc\s*=\s*(\d+)", options)) else columns
    return rows, columns, "\\bfseries" in options


def _row_span(nodes: list[Node]) -> int:
    """How many rows a cell covers; negative where it covers those above."""
    for top in nodes:
        for node in top.walk():
            if node.kind == "cmd" and node.text in ("multirow", "multirowcell", "multirowthead") and node.args:
                m = re.match(r"\s*(-?\d{1,4})", raw_text(node.args[0]))
                return int(m[1]) if m else 1
    return 1


def _without_rows(grid: list[list[Cell]], keep: list[int]) -> list[list[Cell]]:
    """The kept rows, with `origin` counted among them."""
    new = {old: i for i, old in enumerate(keep)}
    out: list[list[Cell]] = []
    for r in keep:
        row = []
        for cell in grid[r]:
            if cell.origin is not None and cell.origin[0] in new:
                cell = cell.model_copy(update={"origin": (new[cell.origin[0]], cell.origin[1])})
            row.append(cell)
        out.append(row)
    return out
