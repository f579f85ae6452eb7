"""Header rows of a table's grid: how many there are, and which columns each of their cells spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.frames import Region
from claimcheck.reading.pdf.grids import Chunk, Grid, Row


@dataclass(frozen=True)
class Place:
    """A chunk in the finished grid: rows and columns it covers, both ends included."""

    chunk: Chunk
    row: int
    last_row: int
    first: int
    last: int


def full_width(rule: Rule, region: Region) -> bool:
    """Whether a rule goes over the whole table."""
    return rule.x1 - rule.x0 > 0.85 * (region.box[2] - region.box[0])


def header_end(grid: Grid, counts: Sequence[int]) -> int:
    """How many rows head the columns: to the first rule over the whole table, and on over rows of names below it."""
    end = counts[0] if counts and counts[0] <= 6 else _rows_before_numbers(grid)
    for count in counts[1:]:
        block = grid.rows[end:count]
        names = all(
            len(r.chunks) >= 2 and len(r.chunks) * 2 >= grid.width and not any(c.numeric for c in r.chunks)
            for r in block
        )
        if len(block) > 2 or not names or not any(c.numeric for r in grid.rows[count:] for c in r.chunks):
            break
        end = count
    while end < len(grid.rows) - 1 and end <= 5:
        row = grid.rows[end]
        if len(row.chunks) < 2 or any(c.numeric for c in row.chunks) or row.chunks[0].first == 0:
            break
        end += 1
    return end


def place_cells(grid: Grid, region: Region, header: int) -> list[Place]:
    """Where each chunk stands; upper header cells take the columns that the rule below or their middle shows."""
    extents = _column_extents(grid, header)
    out: list[Place] = []
    for r, row in enumerate(grid.rows):
        if r >= header or (r == header - 1 and header > 0 and len(row.chunks) >= grid.width - 1):
            out.extend(Place(c, r, r, c.first, c.last) for c in row.chunks)
            continue
        below = grid.rows[r + 1] if r + 1 < len(grid.rows) else None
        partial = [
            x for x in region.rules
            if below is not None and not full_width(x, region) and row.base - 1 < x.y < below.base - 0.3 * below.size
        ]  # fmt: skip
        # a rule below several names says nothing about one of them
        partial = [x for x in partial if sum(x.x0 - 2 <= (c.x0 + c.x1) / 2 <= x.x1 + 2 for c in row.chunks) <= 1]
        lower = {k for q in grid.rows[r + 1 : header] for c in q.chunks for k in range(c.first, c.last + 1)}
        tiles = _between_verticals(row, region, extents, lower)
        if tiles is None and not partial:
            tiles = _tiling(row.chunks, extents, lower)
        taken = [(c.first, c.last) for c in row.chunks]
        for i, chunk in enumerate(row.chunks):
            low = taken[i - 1][1] + 1 if i else 0
            high = taken[i + 1][0] - 1 if i + 1 < len(taken) else grid.width - 1
            first, last = tiles[i] if tiles else _span(chunk, extents, partial, low, high, below)
            taken[i] = (first, last)
            out.append(Place(chunk, r, r, first, last))
    return out


def _between_verticals(
    row: Row, region: Region, extents: Sequence[tuple[float, float]], lower: set[int]
) -> list[tuple[int, int]] | None:
    """Spans from vertical rule to vertical rule, where each name of a header row has its own; None where not."""
    middle = row.base - 0.3 * row.size
    xs = sorted({round(v.x, 0) for v in region.verticals if v.top - 3 <= middle <= v.bottom + 3})
    bounds = [region.box[0] - 9, *xs, region.box[2] + 9]
    if len(xs) < 1:
        return None
    out: list[tuple[int, int]] = []
    for chunk in row.chunks:
        low = max((x for x in bounds if x <= chunk.x0 + 2), default=bounds[0])
        high = min((x for x in bounds if x >= chunk.x1 - 2), default=bounds[-1])
        if sum(low - 2 <= c.x0 and c.x1 <= high + 2 for c in row.chunks) > 1:
            return None
        inside = [k for k, (a, b) in enumerate(extents) if low <= (a + b) / 2 <= high and k in lower]
        centred = inside and abs(
            (extents[inside[0]][0] + extents[inside[-1]][1]) / 2 - (chunk.x0 + chunk.x1) / 2
        ) < 8 + 0.05 * (high - low)
        if inside and centred and inside[0] <= chunk.first and chunk.last <= inside[-1]:
            out.append((inside[0], inside[-1]))
        else:
            out.append((chunk.first, chunk.last))
    return out if any(a != b for a, b in out) else None


def _tiling(
    chunks: Sequence[Chunk], extents: Sequence[tuple[float, float]], lower: set[int]
) -> list[tuple[int, int]] | None:
    """Spans of centred cells that together cover every column named below them; None where there are none such.

    "Dev" in the middle over three columns looks like the name of the second; that the spans fit together settles it.
    """
    if not chunks or not lower or len(chunks) > 12:
        return None
    width = len(extents)
    choices: list[list[tuple[int, int, float]]] = []  # (first, last, points off the middle) of each chunk
    for i, chunk in enumerate(chunks):
        low = chunks[i - 1].last + 1 if i else 0
        high = chunks[i + 1].first - 1 if i + 1 < len(chunks) else width - 1
        middle = (chunk.x0 + chunk.x1) / 2
        own: list[tuple[int, int, float]] = []
        # a long name reaches over the corner above the row names, which it does not head
        inner = next((k for k in range(chunk.first, chunk.last) if k in lower), chunk.first)
        for first in range(min(low, chunk.first), inner + 1):
            for last in range(chunk.last, max(high, chunk.last) + 1):
                a, b = extents[first][0], extents[last][1]
                off = abs((a + b) / 2 - middle)
                named = all(k in lower for k in range(first, last + 1)) or (first, last) == (chunk.first, chunk.last)
                if named and (off <= 3.0 + 0.05 * (b - a) or (first, last) == (chunk.first, chunk.last)):
                    own.append((first, last, off))
        choices.append(own)
    best: tuple[float, list[tuple[int, int]]] | None = None

    def extend(i: int, spans: list[tuple[int, int]], error: float) -> None:
        nonlocal best
        if i == len(chunks):
            if (
                any(last > first for first, last in spans)
                and _complete(spans, lower)
                and (best is None or error < best[0])
            ):
                best = (error, list(spans))
            return
        for first, last, off in choices[i]:
            after = spans[-1][1] if spans else -1
            if not spans or (first > after and all(k not in lower for k in range(after + 1, first))):
                extend(i + 1, [*spans, (first, last)], error + off)

    extend(0, [], 0.0)
    if best is None or _lines_of_names(chunks, best[1], extents):
        return None
    return best[1]


def _lines_of_names(
    chunks: Sequence[Chunk], spans: Sequence[tuple[int, int]], extents: Sequence[tuple[float, float]]
) -> bool:
    """Whether a row holds upper lines of column names, each in the middle of its own column, and not headings."""
    single = sum(first == last for first, last in spans)
    centred = all(
        c.first == c.last
        and abs((extents[c.first][0] + extents[c.first][1]) / 2 - (c.x0 + c.x1) / 2) < 0.15 * c.words[0].size
        for c, (first, last) in zip(chunks, spans, strict=True)
        if first != last
    )
    return centred and single > sum(first != last for first, last in spans)


def _complete(spans: Sequence[tuple[int, int]], lower: set[int]) -> bool:
    """Whether spans reach the last named column, or are equally wide so that columns right of them need no name."""
    if max(lower) <= spans[-1][1]:
        return True
    wide = [last - first for first, last in spans if last > first]
    single = [first for first, last in spans if first == last]
    return len(wide) > 1 and len(set(wide)) == 1 and not any(k in lower for k in single)


def _rows_before_numbers(grid: Grid) -> int:
    for r, row in enumerate(grid.rows):
        if any(c.numeric for c in row.chunks[1:]) or (row.chunks and row.chunks[0].numeric and len(row.chunks) > 1):
            return r
    return 1


def _column_extents(grid: Grid, header: int) -> list[tuple[float, float]]:
    """(x0, x1) of what stands in each column."""
    out = []
    for k in range(grid.width):
        own = [c for row in grid.rows for c in row.chunks if c.first == k == c.last]
        if own:
            out.append((min(c.x0 for c in own), max(c.x1 for c in own)))
        else:
            out.append((grid.edges[k], grid.edges[k + 1]))
    return out


def _span(
    chunk: Chunk,
    extents: Sequence[tuple[float, float]],
    partial: Sequence[Rule],
    low: int,
    high: int,
    below: Row | None,
) -> tuple[int, int]:
    """(first, last) column of a cell in an upper header row, within the free columns low to high."""
    middle = (chunk.x0 + chunk.x1) / 2
    for rule in partial:
        if rule.x0 - 2 <= middle <= rule.x1 + 2:
            columns = [k for k, (a, b) in enumerate(extents) if rule.x0 - 3 <= (a + b) / 2 <= rule.x1 + 3]
            if columns and low <= columns[0] and columns[-1] <= high:
                return columns[0], columns[-1]
            return chunk.first, chunk.last
    if below is None or partial:
        return chunk.first, chunk.last
    filled = {k for c in below.chunks for k in range(c.first, c.last + 1)}
    best = (chunk.first, chunk.last)
    a, b = extents[best[0]][0], extents[best[1]][1]
    error = abs((a + b) / 2 - middle)
    if error <= 3.0 and best[0] != best[1]:
        return best
    if error <= 1.5:
        return best
    for first in range(low, chunk.first + 1):
        for last in range(chunk.last, high + 1):
            if last == first or not all(k in filled for k in range(first, last + 1)):
                continue
            off = abs((extents[first][0] + extents[last][1]) / 2 - middle)
            if off < error - 2.0 and off <= 4.0 + 0.02 * (extents[last][1] - extents[first][0]):
                best, error = (first, last), off
    return best
