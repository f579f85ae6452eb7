"""What arXiv's converter leaves where LaTeXML fails, put right: LaTeX shown raw in cells, whole tables as raw text,
headings over several columns flattened into one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from claimcheck.foundation.records import Cell
from claimcheck.reading.html_text import SKIPPED, classes
from claimcheck.reading.latex.commands import TABULARS
from claimcheck.reading.latex.fragment import fragment_nodes, fragment_text
from claimcheck.reading.latex.tabular import Grid, read_tabular
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.latex.tree import Node
from claimcheck.reading.rules import Room

_ROW_SPAN = re.compile(r"\s*\{?(-?\d{1,3})\}?\s*(?:\[[^\]]*\]\s*)?(?:\{?(?:\*|=|\d*\.?\d+\s?(?:em|cm|mm|in|pt))\}?)\s*")
_COLUMNS = re.compile(r"\\multicolumn\s*\{\s*(\d{1,3})\s*\}")
_ROWS = re.compile(r"\\multirow\s*(?:\[[^\]]*\]\s*)?\{\s*(-?\d{1,3})\s*\}")
_COLOUR = re.compile(
    r"\s*(?:\[(?:HTML|html|rgb|RGB|gray|cmyk)\]\s*\{?(?:[0-9A-Fa-f]{6}|[\d.]+(?:,\s*[\d.]+)+)\}?"
    r"|\{?[A-Za-z]+!\d{1,2}(?:![A-Za-z]+)?\}?"
    r"|\{?(?:light|dark)?(?:gray|grey|red|blue|green|yellow|orange|cyan|purple|pink|teal|white|black|brown|violet)\}?)",
    re.IGNORECASE,
)
_COLOURS = {"cellcolor", "rowcolor", "columncolor", "color", "colorcell"}
_STACKS = {"makecell", "thead", "shortstack", "specialcell", "makecell*", "multirowcell", "tabincell"}
_DINGBAT = re.compile(r"\s*\{?(\d{2,3})\}?")
_ENVIRONMENT = re.compile(r"\{?(" + "|".join(map(re.escape, sorted(TABULARS, key=len, reverse=True))) + r")\}?")
_RAW_TABULAR = re.compile(r"\\begin\s*\{(?:" + "|".join(map(re.escape, TABULARS)) + r")\}")
_SET_APART = re.compile(
    r"\\begin\s*\{(table\*?|" + "|".join(map(re.escape, TABULARS)) + r")\}.*?(?:\\end\s*\{\1\}|\Z)", re.DOTALL
)
_LONGEST = 20_000  # characters of a table in raw LaTeX
_DEEPEST = 180  # elements within one another
_MOST_ROWS = 6  # among the first so many rows a flattened heading is looked for
_NUMERIC = re.compile(r"[-−–+~≈<>$€£]?\s*\.?\d")


@dataclass(frozen=True, slots=True)
class RawSpan:
    """How many rows and columns LaTeX that was left in a cell says it covers; its rows hold empty cells below it."""

    rows: int = 1
    columns: int = 1


def mend_cell(cell: etree._Element) -> RawSpan:
    """Puts commands that LaTeXML did not know into readable text, in place, and gives the spans that the cell names.

    An unknown command stands as an ltx_ERROR element with its arguments as text behind it: "\\multirow" and "2*Model".
    """
    rows = columns = 1
    for error in [e for e in cell.iterdescendants() if isinstance(e.tag, str) and "ltx_ERROR" in classes(e)]:
        name = "".join(map(str, error.itertext())).strip().lstrip("\\")
        rest = error.tail or ""
        if name == "multirow" and (m := _ROW_SPAN.match(rest)) is not None:
            rows, rest = int(m[1]), re.sub(r"^\{(.*)\}\s*$", r"\1", rest[m.end() :], flags=re.DOTALL)
        elif name in _STACKS:
            rest = re.sub(r"^\s*\[[lcrtbm]{1,2}\]|^\s*\*", "", rest)
        elif name in _COLOURS:
            rest = _COLOUR.sub("", rest, count=1)
        elif name == "ding" and (m := _DINGBAT.match(rest)) is not None:
            rest = fragment_text(f"\\ding{{{m[1]}}}") + rest[m.end() :]
        elif re.fullmatch(r"[A-Za-z]+", name):
            rest = fragment_text(f"\\{name}") + rest  # a sign that is known here: \cmark
        error.tail = rest
    text = "".join(map(str, cell.itertext())).lstrip()[:80]
    if text.startswith("\\multi"):
        # one may stand within the other
        columns = int(m[1]) if (m := _COLUMNS.search(text)) is not None else columns
        rows = int(m[1]) if (m := _ROWS.search(text)) is not None else rows
    return RawSpan(max(1, rows), max(1, columns))  # a negative number of rows counts upwards: no copy is better


def fill_below(grid: list[list[Cell]], row: int, column: int, span: RawSpan) -> None:
    """Copies a cell with a raw \\multirow into the empty cells that LaTeX wants below it, in place."""
    cell = grid[row][column]
    copy = cell.model_copy(update={"origin": cell.origin or (row, column)})
    for r in range(row + 1, min(len(grid), row + span.rows)):
        places = range(column, min(column + span.columns, len(grid[r])))
        if any(grid[r][c].text for c in places):
            return
        for c in places:
            grid[r][c] = copy


def spread_headings(grid: list[list[Cell]], widths: Sequence[int]) -> list[list[Cell]]:
    """The grid with headings whose \\multicolumn was lost spread over their columns again.

    `widths` are the columns that each row filled by itself. A heading row that ends early stands over a full row of
    column names; its headings, the stub's left out, then share the columns evenly. Where they cannot, or where a row
    of numbers follows, the grid stays as it is.
    """
    width = max(map(len, grid), default=0)
    for r in range(min(_MOST_ROWS, len(grid) - 2)):
        row, below = grid[r], grid[r + 1]
        if widths[r] >= width or widths[r + 1] < width or any(c.origin is not None for c in row):
            continue
        filled = row[: widths[r]]
        named = sum(bool(c.text) for c in below)
        if sum(map(_is_number, below)) * 2 >= named or not any(map(_is_number, grid[r + 2])):
            continue
        stub = next((i for i, c in enumerate(filled) if c.text), len(filled))
        if stub == 0 and (not below[0].text or not _is_number(grid[r + 2][0])):
            stub = 1
        headings = filled[stub:]
        if not headings or not all(c.text for c in (*headings, *below[stub:])) or (width - stub) % len(headings):
            continue
        each = (width - stub) // len(headings)
        spread = list(row[:stub])
        for i, heading in enumerate(headings):
            copy = heading.model_copy(update={"origin": (r, stub + i * each)})
            spread += [heading, *[copy] * (each - 1)]
        grid = [*grid[:r], spread, *grid[r + 1 :]]
    return grid


def shows_raw_table(element: etree._Element) -> bool:
    """Whether an element's text holds a tabular environment as LaTeX."""
    return _RAW_TABULAR.search("".join(map(str, element.itertext()))[:_LONGEST]) is not None


def raw_tables(element: etree._Element, room: Room, *, loose: bool) -> list[tuple[Grid, str]]:
    """The tables that stand in an element as raw LaTeX, each with the caption beside it in the same LaTeX.

    With `loose` rows of cells between "&" count as well: what is left of an environment that LaTeXML did not know.
    """
    text = "".join(_latex(element))[:_LONGEST]
    if _RAW_TABULAR.search(text) is None:
        if not loose or (inside := _rows_only(text)) is None:
            return []
        text = f"\\begin{{tabular}}{{l}}{inside}\\end{{tabular}}"
    nodes = fragment_nodes(text)
    context = Context()
    caption = next((n for node in nodes for n in node.walk() if n.kind == "cmd" and n.text == "caption"), None)
    said = Renderer(context).render(caption.args[-1] or []).text if caption is not None else ""
    return [(grid, said) for node in _tabulars(nodes) for grid in read_tabular(node, context, {}, room)]


def prose_beside(element: etree._Element) -> str:
    """What an element says in words before and after its raw tables."""
    return fragment_text(_SET_APART.sub(" ", "".join(_latex(element))[:_LONGEST])).strip()


def _tabulars(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        if node.kind == "env" and node.text in TABULARS and node.text != "array":
            yield node
        else:
            for arg in node.args:
                yield from _tabulars(arg or ())
            yield from _tabulars(node.children)


def _rows_only(text: str) -> str | None:
    """Rows without their environment, the column specification cut off; None where the text is no table."""
    text = re.sub(r"^\s*(?:\\begin)?\s*" + _ENVIRONMENT.pattern, "", text)
    text = re.sub(r"^\s*(?:\[[^\]]*\]\s*)?(?:\{[^{}&]*(?:\{[^{}&]*\}[^{}&]*)*\}\s*){0,2}", "", text)
    text = re.sub(r"\\end\s*\{[^{}]*\}\s*$", "", text)
    rows = [row for row in re.split(r"\\\\", text) if row.strip()]
    counts = [len(re.findall(r"(?<!\\)&", row)) for row in rows]
    full = max(counts, default=0)
    return text if full and sum(n == full for n in counts) >= 2 and 2 * sum(map(bool, counts)) > len(counts) else None


def _latex(element: etree._Element, depth: int = 0) -> Iterator[str]:
    """An element as LaTeX again: line breaks as row ends, formulas between dollars, the rest as it stands."""
    yield _escaped(element.text)
    for child in element:
        tag = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        names = classes(child)
        if tag == "br":
            yield r" \\ "
        elif tag == "math":
            yield f"${child.get('alttext') or ''}$"
        elif "ltx_ERROR" in names:
            yield "".join(map(str, child.itertext())) + " "
        elif depth > _DEEPEST:
            yield _escaped("".join(map(str, child.itertext())))
        elif tag in ("b", "strong") or "ltx_font_bold" in names:
            yield from (r"\textbf{", *_latex(child, depth + 1), "}")
        elif tag and tag not in SKIPPED and tag != "figcaption" and "ltx_note" not in names:
            yield from _latex(child, depth + 1)
        yield _escaped(child.tail)


def _escaped(text: str | None) -> str:
    """Text in which a bare per cent sign stays one and begins no comment."""
    return re.sub(r"(?<!\\)([%#])", r"\\\1", (text or "").replace("\u00a0", " "))


def _is_number(cell: Cell) -> bool:
    return _NUMERIC.match(cell.text) is not None
