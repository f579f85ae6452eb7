"""Column specifications of tabulars: what each column prints around its cells, its look, and what joins columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claimcheck.foundation.records import Cell
from claimcheck.reading.latex.definitions import Macro
from claimcheck.reading.latex.tokens import source

WIDEST = 400  # columns; a span or repetition beyond it is nonsense
_MOST_STEPS = 5000
_BOLD = re.compile(r"\\(?:bfseries|bf|boldmath|textbf|mathbf|b)(?![A-Za-z])|\\fontseries\s*\{b")
_UNDERLINE = re.compile(r"\\(?:underline|uline)(?![A-Za-z])")
_MATH = re.compile(r"(?<!\\)\$|\\\(|\\math(?:bf|rm|it)(?![A-Za-z])")
# letters whose braces follow: p{2cm}, D{.}{.}{2}, w{c}{1cm}
_BRACES = {"D": 3, "w": 2, "W": 2, "p": 1, "m": 1, "b": 1}


@dataclass(slots=True)
class Column:
    """One column: `joint` is the sign printed between it and the column before ("±" of "@{$\\pm$}"), `after` what is
    printed behind each of its cells ("%"); `numbers` the options of a siunitx column, None for other columns."""

    joint: str = ""
    after: str = ""
    bold: bool = False
    underline: bool = False
    math: bool = False
    numbers: str | None = None


def parse_columns(specification: str, types: dict[str, Macro]) -> list[Column]:
    """The columns of "l|@{}S[table-format=2.1]>{\\bfseries}c*{3}{r}"; `types` holds the paper's \\newcolumntype.

    Of tabularray's keys ("colspec={lcc}, hlines") the columns are those of its colspec.
    """
    if (keys := re.search(r"\b(?:colspec|columns)\s*=\s*(?=\{)", specification)) is not None:
        specification = braced(specification, keys.end())[0]
    elif re.match(r"\s*[a-z]{3,}\s*(?:\{[^{}]*\}\s*)*=", specification):
        return []
    out: list[Column] = []
    before = joint = ""
    position = steps = 0
    while position < len(specification) and steps < _MOST_STEPS and len(out) < WIDEST:
        steps += 1
        letter = specification[position]
        position += 1
        if letter in "@!":
            content, position = braced(specification, position)
            joint = joint or _visible(content)
        elif letter == ">":
            content, position = braced(specification, position)
            before = content + before
        elif letter == "<":
            content, position = braced(specification, position)
            if out:
                out[-1].after = _visible(content)
        elif letter == "*":
            count, position = braced(specification, position)
            content, position = braced(specification, position)
            if count.strip().isdecimal() and len(content) * int(count.strip()[:3]) < 20_000:
                specification = content * int(count.strip()[:3]) + specification[position:]
                position = 0
        elif letter in types and steps < _MOST_STEPS // 2:
            macro = types[letter]
            arguments: list[str] = []
            if macro.default is not None and (m := re.compile(r"\s*\[([^\]]*)\]").match(specification, position)):
                arguments.append(m[1])
                position = m.end()
            elif macro.default is not None:
                arguments.append(source(macro.default))
            while len(arguments) < macro.parameters:
                content, position = braced(specification, position)
                arguments.append(content)
            body = source(macro.body)
            for number, text in enumerate(arguments, 1):
                body = body.replace(f"#{number}", text)
            if len(body) < 2000 and body.strip()[:1] != letter:
                specification = body + specification[position:]
                position = 0
            else:
                out.append(_column(before, joint if out else ""))
                before = joint = ""
        elif letter.isalpha():
            column = _column(before, joint if out else "")
            before = joint = ""
            options = ""
            for _ in range(_BRACES.get(letter, 0)):
                _, position = braced(specification, position)
            while position < len(specification) and specification[position] == "[":
                end = _bracket_end(specification, position)
                options += specification[position + 1 : end - 1]
                position = end
            if letter in "Ss":
                column.numbers = options
            elif letter in "XQ" and re.search(r"\bfont\s*=\s*\{?[^,]*\\bfseries", options):
                column.bold = True
            out.append(column)
        elif letter == "{":
            _, position = braced(specification, position - 1)
    return out


def _column(before: str, joint: str) -> Column:
    return Column(
        joint=joint,
        bold=_BOLD.search(before) is not None,
        underline=_UNDERLINE.search(before) is not None,
        math=_MATH.search(before) is not None,
    )


def _bracket_end(text: str, position: int) -> int:
    """The place after the bracket that closes the one at `position`; braces inside are passed over."""
    depth = 0
    for i in range(position, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if text[i] == "]" and depth <= 0:
            return i + 1
    return len(text)


def braced(text: str, position: int) -> tuple[str, int]:
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


def join_columns(grid: list[list[Cell]], columns: list[Column]) -> list[list[Cell]]:
    """Columns that the specification prints as one ("85.3" and "0.2" with "±" between them) put together."""
    width = len(grid[0]) if grid else 0
    for c in sorted((c for c, column in enumerate(columns[:width]) if c and column.joint), reverse=True):
        joint = columns[c].joint
        sign = joint if joint in ".:,/" else f" {joint} "
        for row in grid:
            left, right = row[c - 1], row[c]
            same_span = right.origin is not None and right.text == left.text
            if right.text and not same_span:
                text = f"{left.text}{sign}{right.text}" if left.text else right.text
                row[c - 1] = left.model_copy(update={"text": text, "bold": left.bold or right.bold})
        grid = without_column(grid, c)
    return grid


def without_spacers(grid: list[list[Cell]]) -> list[list[Cell]]:
    """The grid without columns that only keep others apart: each place is empty or lies under a cell from its left."""
    for c in range(len(grid[0]) - 1 if grid else -1, -1, -1):
        if len(grid[0]) > 1 and all(not row[c].text or ((o := row[c].origin) is not None and o[1] < c) for row in grid):
            grid = without_column(grid, c)
    return grid


def without_column(grid: list[list[Cell]], c: int) -> list[list[Cell]]:
    """The grid without column `c`, with `origin` counted among those that stay."""
    out: list[list[Cell]] = []
    for row in grid:
        kept = row[:c] + row[c + 1 :]
        for i, cell in enumerate(kept):
            if cell.origin is not None and cell.origin[1] >= c:
                kept[i] = cell.model_copy(update={"origin": (cell.origin[0], max(0, cell.origin[1] - 1))})
        out.append(kept)
    return out
