"""The words of a table region to a grid of cells: rows by baseline, columns by white space that all rows share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.layout import rows_of
from claimcheck.reading.pdf.words import GAP, Word, is_footnote_mark

CHUNK_GAP = 0.55  # of the size: a wider space parts cells
NUMBER_GAP = 0.32  # of the size, between two plain numbers
_PLAIN_NUMBER = re.compile(r"[−–+-]?(?:\d[\d,]*\.?\d*|\.\d+)%?[*†‡]?")
_SPREAD = re.compile(r"±?\s?\d*\.?\d+")


@dataclass
class Chunk:
    """Words of one row that belong together, and the columns that they cover (first, last)."""

    words: list[Word]
    first: int = 0
    last: int = 0
    box: Box = (0.0, 0.0, 0.0, 0.0)
    text: str = ""
    bold: bool = False
    pinned: int = -1  # the one column it stands in, where that is known better than from its extent

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Text, box and weight from the words."""
        if not self.words:
            return
        self.box = (
            min(w.x0 for w in self.words), min(w.top for w in self.words),
            max(w.x1 for w in self.words), max(w.bottom for w in self.words),
        )  # fmt: skip
        self.text = cell_text(self.words)
        self.bold = sum(len(w.text) for w in self.words if w.bold) * 2 > sum(len(w.text) for w in self.words)

    @property
    def x0(self) -> float:
        """Left end."""
        return self.box[0]

    @property
    def x1(self) -> float:
        """Right end."""
        return self.box[2]

    @property
    def numeric(self) -> bool:
        """Whether it begins with a number."""
        return bool(_PLAIN_NUMBER.match(self.text))


@dataclass
class Row:
    """One row of a table: its chunks from left to right."""

    chunks: list[Chunk]
    base: float
    size: float
    copies: list[tuple[int, int, int]] = field(default_factory=list)  # unused columns filled from another row

    @property
    def top(self) -> float:
        """Height of its ascenders."""
        return min((c.box[1] for c in self.chunks), default=self.base)

    @property
    def bottom(self) -> float:
        """Depth of its descenders."""
        return max((c.box[3] for c in self.chunks), default=self.base)


@dataclass
class Grid:
    """Rows of chunks with the separators between their columns, the outer edges included."""

    rows: list[Row]
    edges: list[float]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.edges) - 1


def cell_text(words: Sequence[Word]) -> str:
    """The text of a cell. A lowered or raised spread becomes " ± x"; raised footnote marks on numbers go."""
    parts: list[str] = []
    before: Word | None = None
    for w in words:
        text = w.text
        if before is None:
            parts.append(text)
            before = w
            continue
        after_number = before.text[-1:].isdigit()
        if w.script and after_number and _SPREAD.fullmatch(text):
            small = _small_beside(text, before.text)
            if "±" in text or small:
                parts.append(" ± " + text.lstrip("± "))
                continue
            if "." in text:
                parts.append(f" ({text})")
                continue
            if "." in before.text:
                continue  # a footnote's or a rank's number
        if w.script > 0 and text.isdigit() and len(before.text) > 3 and is_footnote_mark(w, before):
            continue
        note = w is words[-1] and w.script > 0 and len(text) == 1 and text.islower()
        if note and re.search(r"\.\d+$|[^\W\d_]{4}$", before.text):
            continue  # the mark of a table note; of "F1" or "w" it may be a part of the name
        if w.script > 0 and text[0].isalnum() and not before.script:
            text = "^" + text
        gap = w.x0 - before.x1
        parts.append(text if w.glued or gap < GAP * max(w.size, before.size) * 0.8 else " " + text)
        before = w
    return " ".join("".join(parts).split())


def _small_beside(text: str, number: str) -> bool:
    """Whether a number printed as a script is a spread: it has decimals and is small beside its number."""
    m = re.search(r"(\d[\d,]*\.?\d*|\.\d+)$", number)
    spread = text.lstrip("± ")
    return "." in spread and m is not None and float(spread) <= 0.1 * float(m[0].replace(",", ""))


def build_grid(words: Sequence[Word], rules: Sequence[Rule], verticals: Sequence[Rule], box: Box) -> Grid:
    """Rows and columns of a table's words. `rules` are horizontal; both kinds lie inside `box`."""
    rows = [
        Row(_chunks(r, verticals), float(np.median([w.base for w in r])), max(w.size for w in r))
        for r in _rows(words, rules, box)
    ]
    _join_justified(rows, verticals)
    edges = find_edges(rows, verticals, box)
    for row in rows:
        if not _names_group(row, edges, rows):
            row.chunks = _split_row(row, edges, rows)
        for chunk in row.chunks:
            chunk.first, chunk.last = columns_under(chunk.x0, chunk.x1, edges)
            if chunk.pinned >= 0:
                chunk.first = chunk.last = chunk.pinned
        row.chunks = _merge_same_column(row.chunks)
    return Grid(rows, edges)


def _rows(words: Sequence[Word], rules: Sequence[Rule], box: Box) -> list[list[Word]]:
    """Words by baseline, never over a rule as wide as the table."""
    wide = [r.y for r in rules if r.x1 - r.x0 > 0.8 * (box[2] - box[0])]
    bands: dict[int, list[Word]] = {}
    for w in words:
        middle = w.base - 0.3 * w.size
        bands.setdefault(sum(y < middle for y in wide), []).append(w)
    return [row for k in sorted(bands) for row in rows_of(bands[k], 0.35)]


def _chunks(row: Sequence[Word], verticals: Sequence[Rule]) -> list[Chunk]:
    groups: list[list[Word]] = []
    middle = row[0].base - 0.3 * row[0].size
    walls = [v.x for v in verticals if v.top - 1 <= middle <= v.bottom + 1]
    for w in row:
        if groups:
            last = groups[-1][-1]
            gap = w.x0 - max(x.x1 for x in groups[-1])
            size = max(w.size, last.size)
            signs = last.text in ("±", "+/-", "/", "(", "[") or w.text[0] in "±" or w.text in ("/", ")", "+/-")
            numbers = bool(_PLAIN_NUMBER.fullmatch(last.text) and _PLAIN_NUMBER.fullmatch(w.text)) and not w.script
            limit = (1.0 if signs else NUMBER_GAP if numbers else CHUNK_GAP) * size
            walled = any(w.x0 - gap - 1 <= x <= w.x0 + 1 for x in walls)
            if gap < limit and not walled:
                groups[-1].append(w)
                continue
        groups.append([w])
    return [Chunk(g) for g in groups]


def find_edges(rows: Sequence[Row], verticals: Sequence[Rule], box: Box) -> list[float]:
    """Separators between columns with the outer edges, from left to right."""
    inner = set(_forced(verticals, box))
    spans = _whole_rows([r for r in rows if r.chunks])
    cuts = [box[0] - 1, *sorted(inner), box[2] + 1]
    for low, high in pairwise(cuts):
        inner.update(_split_column(spans, low, high, 0))
    return [box[0] - 1, *sorted(inner), box[2] + 1]


def row_step(rows: Sequence[Row]) -> float:
    """The usual distance between rows, by the rows with most cells: half rows of centred labels do not count."""
    most = max((len(r.chunks) for r in rows), default=0)
    full = [r for r in rows if len(r.chunks) * 2 > most]
    steps = [b.base - a.base for a, b in pairwise(full)]
    return float(np.median(steps)) if steps else 1.2 * (rows[0].size if rows else 10.0)


def _whole_rows(rows: Sequence[Row]) -> list[list[tuple[float, float]]]:
    """The extents of each row's chunks; a row at half height beside another one is taken together with it."""
    step = row_step(rows)
    out: list[list[tuple[float, float]]] = []
    last = -1e9
    for row in rows:
        spans = [(c.x0, c.x1) for c in row.chunks]
        if row.base - last < 0.72 * step and out:
            beside = all(b < p or a > q for a, b in spans for p, q in out[-1])
            if beside and (len(spans) <= 2 or len(out[-1]) <= 2):
                out[-1] = sorted(out[-1] + spans)
                continue
        out.append(spans)
        last = row.base
    return out


def _forced(verticals: Sequence[Rule], box: Box) -> list[float]:
    """Vertical rules, or rows of pieces of one, that go through at least half of the table."""
    lengths: dict[int, tuple[float, float]] = {}
    for r in verticals:
        key = next((k for k in (round(r.x), round(r.x) - 1, round(r.x) + 1) if k in lengths), round(r.x))
        covered = min(r.bottom, box[3]) - max(r.top, box[1])
        lengths[key] = (lengths.get(key, (0.0, r.x))[0] + max(0.0, covered), r.x)
    half = 0.5 * (box[3] - box[1])
    found = sorted(x for length, x in lengths.values() if length >= half and box[0] + 6 < x < box[2] - 6)
    return [x for i, x in enumerate(found) if i == 0 or x - found[i - 1] > 4]


def _split_column(rows: list[list[tuple[float, float]]], low: float, high: float, depth: int) -> list[float]:
    """Separators inside (low, high): white space that no row with two cells in there crosses; then the same within."""
    if depth > 30 or high - low < 6:
        return []
    inside: list[list[tuple[float, float]]] = []
    for row in rows:
        cells = [(max(a, low), min(b, high)) for a, b in row if b > low + 0.5 and a < high - 0.5]
        if cells:
            inside.append(cells)
    several = [r for r in inside if len(r) >= 2]
    if not several:
        return []
    # a column whose rows are mostly one cell is one column: spaces inside text line up by chance
    if len(several) * 3 < len(inside) and len(several) < 3:
        return []
    if len(several) * 6 < len(inside):
        return []
    bins = np.zeros(int((high - low) * 2) + 2, dtype=np.int32)
    support = np.zeros_like(bins)
    for cells in several:
        mask = np.zeros_like(bins, dtype=bool)
        for a, b in cells:
            mask[int((a - low) * 2) : int((b - low) * 2) + 1] = True
        bins += mask
        first, last = int((cells[0][1] - low) * 2), int((cells[-1][0] - low) * 2)
        support[first : last + 1] += ~mask[first : last + 1]
    free = bins == 0
    found = [(a, b) for a, b in _runs(free) if support[a:b].max(initial=0) > 0 and b - a >= 2]
    found = [(a, b) for a, b in found if a > 0 and b < len(bins) - 1]
    if not found:
        # the row with most cells may still show columns that a longer cell of another row covers
        counts = sorted((len(r) for r in several), reverse=True)
        most = [r for r in several if len(r) >= max(2, counts[min(len(counts) - 1, len(counts) // 3)])]
        if len(most) < len(several) and len(most) >= 2:
            return _split_column(most, low, high, depth + 1)
        return []
    cuts = [low + (a + b) / 4 for a, b in found]
    out = list(cuts)
    bounds = [low, *cuts, high]
    for a, b in pairwise(bounds):
        out.extend(_split_column(rows, a, b, depth + 1))
    return out


def _runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    padded = np.concatenate(([0], mask.astype(np.int8), [0]))
    steps = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def columns_under(x0: float, x1: float, edges: Sequence[float]) -> tuple[int, int]:
    """(first, last) column that an extent covers; touching an edge by a point or two does not count."""
    slack = min(2.0, 0.25 * (x1 - x0))
    covered = [k for k in range(len(edges) - 1) if min(x1 - slack, edges[k + 1]) - max(x0 + slack, edges[k]) > 0]
    if covered:
        return covered[0], covered[-1]
    middle = (x0 + x1) / 2
    k = next((k for k in range(len(edges) - 1) if middle < edges[k + 1]), len(edges) - 2)
    return k, k


def _split_at(chunk: Chunk, edges: Sequence[float], rows: Sequence[Row]) -> list[Chunk]:
    """A chunk over several columns parted where words of it stand over each of them as in the other rows."""
    first, last = columns_under(chunk.x0, chunk.x1, edges)
    if first == last or len(chunk.words) < 2:
        return [chunk]
    groups: list[list[Word]] = []
    owners: list[int] = []
    for w in chunk.words:
        overlap, a = max((min(w.x1, edges[k + 1]) - max(w.x0, edges[k]), k) for k in range(first, last + 1))
        if overlap < 0.6 * (w.x1 - w.x0) and abs(w.x0 - edges[a]) > 0.5 * w.size:
            return [chunk]
        if owners and owners[-1] == a:
            groups[-1].append(w)
        else:
            groups.append([w])
            owners.append(a)
    if len(groups) != last - first + 1:
        return [chunk]
    numbers = all(_PLAIN_NUMBER.match(g[0].text) for g in groups)
    spaces = [b[0].x0 - a[-1].x1 for a, b in pairwise(groups)]
    # "Single Model" over two columns has an ordinary space between its words
    tight = not numbers and min(spaces) < 0.45 * chunk.words[0].size
    narrow = tight and min(spaces) < 0.28 * chunk.words[0].size
    tolerance = 0.08 if narrow else 0.2 if tight else 0.6
    for group, column in zip(groups, owners, strict=True):
        others = [
            c for r in rows for c in r.chunks if c is not chunk and columns_under(c.x0, c.x1, edges) == (column, column)
        ]
        if not others:
            return [chunk]
        x0, x1 = group[0].x0, group[-1].x1
        size = group[0].size
        lefts = np.median([c.x0 for c in others])
        rights = np.median([c.x1 for c in others])
        aligned = min(abs(x0 - lefts), abs(x1 - rights), abs((x0 + x1) / 2 - (lefts + rights) / 2))
        if narrow:
            aligned = abs(x0 - lefts)  # the middles of two words over two columns agree by chance
        if aligned > tolerance * size:
            return [chunk]
    return [Chunk(g, pinned=k) for g, k in zip(groups, owners, strict=True)]


def _join_justified(rows: Sequence[Row], verticals: Sequence[Rule]) -> None:
    """Joins words that a justified line of a text cell sets apart: a line right above or below runs over their gap."""
    for i, row in enumerate(rows):
        beside = [
            q for q in (*rows[max(0, i - 1) : i], *rows[i + 1 : i + 2]) if abs(q.base - row.base) < 1.35 * row.size
        ]
        middle = row.base - 0.3 * row.size
        walls = [v.x for v in verticals if v.top - 1 <= middle <= v.bottom + 1]
        out: list[Chunk] = []
        stretched = 0.0  # the gap that the present cell's words stand apart
        for chunk in row.chunks:
            if not out:
                out.append(chunk)
                continue
            left = out[-1]
            gap = chunk.x0 - left.x1
            walled = any(left.x1 - 1 <= x <= chunk.x0 + 1 for x in walls)
            words = not left.numeric and not chunk.numeric and left.text[-1:].isprintable()
            runs_on = any(
                abs(c.x0 - left.x0) < 1.0 and c.x1 > chunk.x0 + 1 and len(c.words) > 1 and not c.numeric
                for q in beside
                for c in q.chunks
            )
            if not walled and gap < 1.3 * row.size and ((words and runs_on) or gap < 1.3 * stretched):
                stretched = max(gap, stretched)
                left.words = left.words + chunk.words
                left.refresh()
            else:
                stretched = 0.0
                out.append(chunk)
        row.chunks = out


def _split_row(row: Row, edges: Sequence[float], rows: Sequence[Row]) -> list[Chunk]:
    """A row's chunks parted at the columns; a name with ordinary spaces stays whole where another one of its row does.

    So "Chinese PTB" over two columns is no pair of names when "English PTB" beside it is none.
    """
    pieces = [_split_at(chunk, edges, rows) for chunk in row.chunks]
    wide = any(
        len(own) == 1 and len(chunk.words) > 1 and (ends := columns_under(chunk.x0, chunk.x1, edges))[0] != ends[1]
        for chunk, own in zip(row.chunks, pieces, strict=True)
        if chunk is not row.chunks[0] or columns_under(chunk.x0, chunk.x1, edges)[0] > 0
    )
    out: list[Chunk] = []
    for chunk, own in zip(row.chunks, pieces, strict=True):
        spaces = [b.x0 - a.x1 for a, b in pairwise(chunk.words)]
        whole = wide and len(own) > 1 and not own[0].numeric and max(spaces) < 0.45 * row.size
        out.extend([chunk] if whole else own)
    return out


def _names_group(row: Row, edges: Sequence[float], rows: Sequence[Row]) -> bool:
    """Whether a row is one name from the left over columns of numbers ("Without training"): its words are no cells."""
    if len(row.chunks) != 1 or row.chunks[0].numeric:
        return False
    chunk = row.chunks[0]
    first, last = columns_under(chunk.x0, chunk.x1, edges)
    if first != 0 or last == 0 or any(_PLAIN_NUMBER.match(w.text) for w in chunk.words[1:]):
        return False
    spaces = [b.x0 - a.x1 for a, b in pairwise(chunk.words)]
    if not spaces or max(spaces) > 0.45 * row.size:
        return False
    below = [
        c for r in rows for c in r.chunks if r is not row and columns_under(c.x0, c.x1, edges)[0] in range(1, last + 1)
    ]
    return len(below) >= 2 and sum(c.numeric for c in below) * 2 > len(below)


def _merge_same_column(chunks: list[Chunk]) -> list[Chunk]:
    out: list[Chunk] = []
    for chunk in chunks:
        if out and out[-1].first <= chunk.last and chunk.first <= out[-1].last:
            before = out[-1]
            before.words = before.words + chunk.words
            before.first, before.last = min(before.first, chunk.first), max(before.last, chunk.last)
            before.refresh()
        else:
            out.append(chunk)
    return out
