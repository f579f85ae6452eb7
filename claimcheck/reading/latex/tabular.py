"""A tabular environment as a rectangular grid of cells: spans filled, rules read, header rows known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from claimcheck.foundation.records import Cell
from claimcheck.reading.latex.commands import PARTIAL_RULES, RULES, TABULARS
from claimcheck.reading.latex.macros import Macro
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.latex.tokens import source
from claimcheck.reading.latex.tree import Node, raw_text
from claimcheck.reading.rules import header_rows_from_rules, stub_columns_from_spans

_ROW_ENDS = frozenset({"\\", "tabularnewline", "cr", "tabularnl", "crcr"})
_HEADS = {"endfirsthead", "endhead", "endfoot", "endlastfoot"}
_NOT_CONTENT = {
    "caption", "label", "tablecaption", "endfirsthead", "endhead", "endfoot", "endlastfoot", "tablehead",
    "startdata", "enddata", "tablecolumns", "tablecomments", "tablerefs", "tabletypesize", "tablewidth", "noalign",
    "tabcaption",
}  # fmt: skip
_WIDEST = 400  # columns; a span or repetition beyond it is nonsense
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


def read_tabular(node: Node, context: Context, columns: dict[str, Macro]) -> list[Grid]:
    """The grids of one tabular: usually one; its inner ones where it only lays others out; none where it holds no
    text.
    """
    rows, head = _rows(node)
    inner = inner_tabulars(node)
    if inner and len(inner) * 2 >= sum(1 for r in rows for c in r.cells if any(n.kind not in (" ", "par") for n in c)):
        grids = [g for i in inner for g in read_tabular(i, context, columns)]
        if grids and all(len(g.cells) > 1 and len(g.cells[0]) > 1 for g in grids):
            return grids
    filler = _Filler(context)
    for r, row in enumerate(rows[:_LONGEST]):
        filler.add_row(r, row)
    if not any(c.text for row in filler.grid for c in row):
        return []
    width = max(len(row) for row in filler.grid)
    for row_cells in filler.grid:
        row_cells += [Cell()] * (width - len(row_cells))
    filler.fill_rowspans()
    grid = filler.grid
    hard = [row.rule for row in rows[: len(grid)]]
    soft = [bool(row.covered) and row.covered >= set(range(width)) for row in rows[: len(grid)]]
    grid = _join_columns(grid, _separators(node, columns))
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
            row.covered |= set(range(first - 1, min(last, _WIDEST)))
    elif name != "hhline" or "~" not in argument:
        row.rule += 1


class _Filler:
    """Writes cells into the grid, remembering spans over rows until all rows are known."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.grid: list[list[Cell]] = []
        self.spans: list[tuple[int, int, int, int]] = []  # row, column, rows (negative: upwards), columns
        self.footnotes: list[Node] = []

    def add_row(self, r: int, row: _Row) -> None:
        """Append the row's cells; a cell over several columns is copied into each."""
        out: list[Cell] = []
        for nodes in row.cells:
            if len(out) >= _WIDEST:
                break
            columns, nodes = _multicolumn(nodes)
            rows = _row_span(nodes)
            set_cell = next((n for n in nodes if n.kind == "cmd" and n.text == "SetCell"), None)
            if set_cell is not None:
                options = raw_text(set_cell.args[0])
                rows = int(m[1][:3]) if (m := re.search(r"\br\s*=\s*(\d+)", options)) else rows
                columns = int(m[1][:3]) if (m := re.search(r"\bc\s*=\s*(\d+)", options)) else columns
            cell = self.cell(nodes)
            c = len(out)
            out.append(cell)
            if set_cell is None:
                # \multicolumn takes the place of its columns; \SetCell leaves empty cells there
                out += [cell.model_copy(update={"origin": (r, c)})] * (min(columns, _WIDEST) - 1)
            if (rows not in (0, 1) and cell.text) or (set_cell is not None and columns > 1):
                self.spans.append((r, c, rows, columns))
        self.grid.append(out)

    def cell(self, nodes: list[Node]) -> Cell:
        """The text and look of one cell."""
        renderer = Renderer(self.context, cell=True).render(nodes)
        self.footnotes += renderer.footnotes
        text = renderer.text
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


def _multicolumn(nodes: list[Node]) -> tuple[int, list[Node]]:
    """(columns covered, the cell's nodes with \\multicolumn replaced by its content)."""
    for i, node in enumerate(nodes):
        if node.kind == "cmd" and node.text == "multicolumn" and len(node.args) == 3:
            count = re.match(r"\s*(\d{1,4})", raw_text(node.args[0]))
            content = Node("group", "", node.line, children=node.args[2] or [])
            return min(_WIDEST, int(count[1])) if count else 1, [*nodes[:i], content, *nodes[i + 1 :]]
        if node.kind == "group" and len(node.children) < 6 and any(c.text == "multicolumn" for c in node.children):
            span, children = _multicolumn(node.children)
            return span, [*nodes[:i], Node("group", "", node.line, children=children), *nodes[i + 1 :]]
    return 1, nodes


def _row_span(nodes: list[Node]) -> int:
    """How many rows a cell covers; negative where it covers those above."""
    for top in nodes:
        for node in top.walk():
            if node.kind == "cmd" and node.text == "multirow" and node.args:
                m = re.match(r"\s*(-?\d{1,4})", raw_text(node.args[0]))
                return int(m[1]) if m else 1
    return 1


# ---------------------------------------------------------------------- column specifications
def _separators(node: Node, columns: dict[str, Macro]) -> dict[int, str]:
    """Text that the column specification prints between columns: {column it stands before: "±"}."""
    specification = next((raw_text(a) for a in reversed(node.args) if a), "")
    if "@" not in specification and "!" not in specification and not columns:
        return {}
    out: dict[int, str] = {}
    column = 0
    position = 0
    steps = 0
    while position < len(specification) and steps < 5000 and column < _WIDEST:
        steps += 1
        letter = specification[position]
        position += 1
        if letter in "@!<>":
            content, position = _braced(specification, position)
            if letter in "@!" and column and (text := _visible(content)):
                out[column] = text
        elif letter == "*":
            count, position = _braced(specification, position)
            content, position = _braced(specification, position)
            if count.strip().isdigit() and len(content) * int(count.strip()[:3]) < 20_000:
                specification = content * int(count.strip()[:3]) + specification[position:]
                position = 0
        elif letter in columns:
            macro = columns[letter]
            arguments: list[str] = []
            for _ in range(macro.parameters):
                content, position = _braced(specification, position)
                arguments.append(content)
            body = source(macro.body)
            if len(body) < 2000 and letter not in body.strip()[:1]:
                specification = body + specification[position:]
                position = 0
            else:
                column += 1
        elif letter.isalpha():
            column += 1
            for _ in range({"D": 3, "w": 2, "W": 2, "p": 1, "m": 1, "b": 1}.get(letter, 0)):
                _, position = _braced(specification, position)
            while position < len(specification) and specification[position] == "[":
                position = (specification.find("]", position) + 1) or len(specification)
        elif letter == "{":
            _, position = _braced(specification, position - 1)
    return out


def _braced(text: str, position: int) -> tuple[str, int]:
    """(content, end) of the group at `position`; a single character where there is no brace."""
    while position < len(text) and text[position] == " ":
        position += 1
    if position >= len(text) or text[position] != "{":
        return text[position : position + 1], position + 1
    depth = 0
    for i in range(position, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if not depth:
            return text[position + 1 : i], i + 1
    return text[position + 1 :], len(text)


def _visible(content: str) -> str:
    """What an "@{...}" prints: "±", "." and the like; "" for spacing, rules and looks."""
    text = re.sub(
        r"\\(?:hspace|extracolsep|color|hskip|kern|rule|vrule|hphantom|phantom|cellcolor)\*?\s*(?:\[[^\]]*\])?(?:\{[^{}]*\})*",
        "",
        content,
    )
    text = text.replace("\\pm", "±").replace("\\times", "×").replace("\\%", "%").replace("\\cdot", "·")
    text = re.sub(r"\\[A-Za-z]+\s*|\\.|[${}|~\s]|-?[\d.]+\s*(?:pt|em|ex|mm|cm|in)\b", "", text)
    return text if text and len(text) <= 3 and not text.isalnum() else ""


def _join_columns(grid: list[list[Cell]], separators: dict[int, str]) -> list[list[Cell]]:
    """Columns that the specification prints as one ("85.3" and "0.2" with "±" between them) put together."""
    width = len(grid[0]) if grid else 0
    joined = sorted((c for c in separators if 0 < c < width), reverse=True)
    for c in joined:
        sign = separators[c] if separators[c] in ".:,/" else f" {separators[c]} "
        for r, row in enumerate(grid):
            left, right = row[c - 1], row[c]
            same_span = right.origin is not None and right.text == left.text
            if right.text and not same_span:
                text = f"{left.text}{sign}{right.text}" if left.text else right.text
                row[c - 1] = left.model_copy(update={"text": text, "bold": left.bold or right.bold})
            grid[r] = row[:c] + row[c + 1 :]
        for row in grid:
            for i, cell in enumerate(row):
                if cell.origin is not None and cell.origin[1] >= c:
                    row[i] = cell.model_copy(update={"origin": (cell.origin[0], cell.origin[1] - 1)})
    return grid


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
