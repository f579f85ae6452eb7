"""Cells over several lines: the lines of a table that only go on with the cells above them, joined to their row."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.frames import Region
from claimcheck.reading.pdf.grids import Chunk, Grid, Row
from claimcheck.reading.pdf.headers import full_width
from claimcheck.reading.pdf.words import Word

_OPEN_END = re.compile(r"(?:[-–+&,(/:]|\b(?:and|or|with|of|the|on|in|for|to|w/))$")
_LOWER = re.compile(r"[a-z(+&\[]")
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_KNOWN = re.compile(r"\w+(?:-\w+)*")
_WORD_END, _WORD_START = re.compile(r"\w+$"), re.compile(r"\w+")
_NUMBER = re.compile(r"[−–+-]?(?:\d[\d,]*\.?\d*|\.\d+)%?")


@dataclass(frozen=True)
class _Paragraphs:
    """A column of justified text: its left and right edge in points."""

    x0: float
    x1: float

    def goes_on(self, above: Sequence[Word], word: Word) -> bool:
        """Whether a line that begins with `word` goes on with the line `above`, beside which the word did not fit."""
        return abs(word.x0 - self.x0) < 1.0 and not fits(above, word, self.x1)


def rule_between(upper: Row, lower: Row, rules: Sequence[Rule]) -> bool:
    """Whether a horizontal rule parts two rows."""
    return any(upper.base - 1 < r.y < lower.base - 0.3 * lower.size for r in rules)


def fits(line: Sequence[Word], word: Word, right: float) -> bool:
    """Whether there was room for a word at the end of a line, up to the right edge of its column."""
    return line[-1].x1 + 0.25 * word.size + (word.x1 - word.x0) <= right + 0.5


def joined_text(upper: str, lower: str, known: Container[str] = ()) -> str:
    """Two lines of a cell as one text.

    A hyphen at the first one's end is left or goes as the `known` words have it, else it goes before a small letter.
    Chinese and Japanese have no spaces between words.
    """
    if _WIDE.match(upper[-1:]) and _WIDE.match(lower[:1]):
        return upper + lower
    if upper.endswith("-") and upper[-2:-1].isalnum() and lower[:1].isalnum():
        first, last = _WORD_END.search(upper[:-1]), _WORD_START.match(lower)
        a, b = first[0] if first else "", last[0] if last else ""
        goes = lower[:1].islower() if f"{a}{b}" not in known else True
        return (upper[:-1] if goes and f"{a}-{b}" not in known else upper) + lower
    return f"{upper} {lower}"


def known_words(text: str, words: Sequence[Word]) -> frozenset[str]:
    """The words of a text and of a table, against which hyphens at line ends are held."""
    return frozenset(m for part in (text, *(w.text for w in words)) for m in _KNOWN.findall(part))


def join_lines(grid: Grid, region: Region, known: Container[str] = ()) -> None:
    """Rows that only continue the cells above them joined to the row they belong to. `known`: see joined_text."""
    rules = region.rules
    inner = [r for r in rules if full_width(r, region) and region.box[1] + 3 < r.y < region.box[3] - 3]
    columns = {k: found for k in range(grid.width) if (found := _paragraphs(grid.rows, k)) is not None}
    rows = _with_blocks_joined(grid.rows, columns, inner, known) if columns and inner else grid.rows
    steps = [b.base - a.base for a, b in pairwise(rows) if not rule_between(a, b, rules)]
    usual = median(steps) if steps else 0.0
    if any(0 < b.base - a.base < 0.75 * a.size and not rule_between(a, b, rules) for a, b in pairwise(rows)):
        columns = {}  # cells at half height: the line above is not always the one before
    out: list[Row] = []
    for row in rows:
        above = out[-1] if out else None
        if above is not None and not rule_between(above, row, rules):
            step = row.base - max(w.base for c in above.chunks for w in c.words) if above.chunks else 1e9
            if _continues(above, row, step, usual, rows) or (
                columns and _reads_on(above, row, step, usual, columns, ruled=len(inner) >= 2)
            ):
                _append(above, row, known)
                continue
        out.append(row)
    grid.rows = out


def _append(above: Row, row: Row, known: Container[str]) -> None:
    """Adds the cells of a line to the row that they go on with."""
    for chunk in row.chunks:
        owner = _owner(above, chunk)
        if owner is None:
            above.chunks.append(chunk)
            continue
        _extend(owner, chunk, known)
    above.chunks.sort(key=lambda c: c.x0)
    above.base = row.base if any(c.numeric for c in row.chunks) else above.base


def _owner(above: Row, chunk: Chunk) -> Chunk | None:
    return next((c for c in above.chunks if c.first <= chunk.last and chunk.first <= c.last), None)


def _last_line(chunk: Chunk) -> list[Word]:
    return [w for w in chunk.words if abs(w.base - chunk.words[-1].base) < 1]


def _paragraphs(rows: Sequence[Row], column: int) -> _Paragraphs | None:
    """The edges of a column where several lines fill it with stretched spaces, as in a justified paragraph."""
    own = [c for r in rows for c in r.chunks if c.first == column == c.last]
    if len(own) < 3:
        return None
    x0, x1 = min(c.x0 for c in own), max(c.x1 for c in own)
    spaces = []
    for c in own:
        size = c.words[0].size
        if len(c.words) > 1 and c.x0 - x0 < 1.0 and x1 - c.x1 < 0.1 * size and any(w.text.isalpha() for w in c.words):
            spaces.append(sum(b.x0 - a.x1 for a, b in pairwise(c.words)) / (len(c.words) - 1) / size)
    return _Paragraphs(x0, x1) if len(spaces) >= 2 and max(spaces) - min(spaces) > 0.03 else None


def _with_blocks_joined(
    rows: Sequence[Row], columns: dict[int, _Paragraphs], inner: Sequence[Rule], known: Container[str]
) -> list[Row]:
    """Rows with each block between rules that holds a paragraph and, at half height beside it, names as one row."""
    blocks: dict[int, list[Row]] = {}
    for row in rows:
        blocks.setdefault(sum(r.y < row.base - 0.3 * row.size for r in inner), []).append(row)
    out: list[Row] = []
    for number, block in blocks.items():
        out.extend([_one_row(block, known)] if number and _is_one_row(block, columns) else block)
    return out


def _is_one_row(block: Sequence[Row], columns: dict[int, _Paragraphs]) -> bool:
    """Whether the lines of a block are cells in its middle, each of contiguous lines, one of them a paragraph."""
    cells: dict[int, list[Chunk]] = {}
    for chunk in (c for row in block for c in row.chunks):
        if chunk.first != chunk.last:
            return False
        cells.setdefault(chunk.first, []).append(chunk)
    top, bottom = min(c.box[1] for own in cells.values() for c in own), max(r.bottom for r in block)
    most = 0
    for k, own in cells.items():
        steps = [b.words[0].base - a.words[-1].base for a, b in pairwise(own)]
        size = own[0].words[0].size
        middle = (own[0].box[1] + own[-1].box[3]) / 2
        if any(s > 1.4 * size for s in steps) or abs(middle - (top + bottom) / 2) > 0.6 * size:
            return False
        if k not in columns and len(own) > 1 and any(c.numeric for c in own):
            return False
        going = [columns[k].goes_on(_last_line(a), b.words[0]) for a, b in pairwise(own)] if k in columns else []
        most = max(most, len(own) if any(going) else 0)
    return len(cells) > 1 and most > 2 and any(len(own) < most for own in cells.values())


def _one_row(block: Sequence[Row], known: Container[str]) -> Row:
    """All lines of a block as one row."""
    cells: dict[int, Chunk] = {}
    for chunk in (c for row in block for c in row.chunks):
        owner = cells.setdefault(chunk.first, chunk)
        if owner is not chunk:
            _extend(owner, chunk, known)
    first = min(block, key=lambda r: r.base)
    return Row([cells[k] for k in sorted(cells)], first.base, max(r.size for r in block))


def _extend(owner: Chunk, chunk: Chunk, known: Container[str]) -> None:
    """Adds a further line to a cell."""
    text = joined_text(owner.text, chunk.text, known)
    owner.words = owner.words + chunk.words
    owner.first, owner.last = min(owner.first, chunk.first), max(owner.last, chunk.last)
    owner.refresh()
    owner.text = text


def _reads_on(above: Row, row: Row, step: float, usual: float, columns: dict[int, _Paragraphs], *, ruled: bool) -> bool:
    """Whether a line goes on with paragraphs in the row above. `ruled`: rules part the rows of the table."""
    if not row.chunks or step > (2.0 if ruled else 1.25) * max(usual, row.size * 1.1):
        return False
    if any(c.first not in columns and all(_NUMBER.fullmatch(w.text) for w in c.words) for c in row.chunks):
        return False
    goes_on, begins, label = 0, 0, False
    for chunk in row.chunks:
        owner, column = _owner(above, chunk), columns.get(chunk.first)
        if owner is not None and column is not None and chunk.first == chunk.last:
            if column.goes_on(_last_line(owner), chunk.words[0]):
                goes_on += 1
            else:
                begins += 1
        elif chunk.first == 0:
            label = owner is None or not (_OPEN_END.search(owner.text) or _LOWER.match(chunk.text))
    if label:
        return False
    if row.chunks[0].first > 0 and 0 not in columns:
        # rows have names and this line has none: a new line in a cell
        return goes_on > 0 or (ruled and begins > 0)
    return goes_on > 0 and not begins


def _continues(above: Row, row: Row, step: float, usual: float, rows: Sequence[Row]) -> bool:
    """Whether a row continues the cells of the row above: no numbers, only filled columns, and it reads on."""
    if not row.chunks or not above.chunks or step > 1.25 * max(usual, row.size * 1.1):
        return False
    covered = all(_owner(above, x) is not None for x in row.chunks)
    numbers = sum(c.numeric for c in row.chunks)
    if covered and not numbers and len(row.chunks) < len(above.chunks):
        for x in row.chunks:
            owner = next(c for c in above.chunks if c.first <= x.last and x.first <= c.last)
            if x.first != 0 and _wrapped(owner, x, rows):
                continue
            if not (_OPEN_END.search(owner.text) or (_LOWER.match(x.text) and x.first == 0) or step < 0.85 * usual):
                return False
            if x.first != 0 and step >= 0.85 * usual and not _OPEN_END.search(owner.text):
                return False
        return True
    # a label over two lines whose numbers stand beside the second
    if len(above.chunks) == 1 and above.chunks[0].first == 0 == above.chunks[0].last and numbers:
        label = above.chunks[0].text
        own = next((c for c in row.chunks if c.first == 0), None)
        if own is not None and own.numeric is False and (_OPEN_END.search(label) or own.text[:1] in "(+&"):
            return True
    return False


def _wrapped(owner: Chunk, chunk: Chunk, rows: Sequence[Row]) -> bool:
    """Whether a cell of words goes on in the line below because the next word did not fit into its column."""
    if len(owner.words) < 2 or owner.first != owner.last or chunk.first != owner.first or chunk.numeric:
        return False
    line = _last_line(owner)
    if len(line) < 2 or abs(chunk.x0 - line[0].x0) > 1.5 * chunk.words[0].size or chunk.bold != owner.bold:
        return False
    return not fits(line, chunk.words[0], max(c.x1 for r in rows for c in r.chunks if c.first == owner.first == c.last))
