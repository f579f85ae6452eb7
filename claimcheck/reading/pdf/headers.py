"""Header rows of a table's grid: how many there are, and which columns each of their cells spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.frames import Region
from claimcheck.reading.pdf.grids import Chunk, Grid, Row, row_step


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
    results = [sum(c.numeric for c in r.chunks) * 2 > len(r.chunks) > 1 for r in grid.rows[:end]]
    if sum(results) >= 2:
        end = _rows_before_numbers(grid)  # the first rule parts results from a total
    for count in counts[1:]:
        block = grid.rows[end:count]
        names = all(
            len(r.chunks) >= 2
            and len(r.chunks) * 2 >= grid.width
            and not any(c.numeric or len(c.words) > 11 for c in r.chunks)
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
        # nor does one that ends below the middle of a name
        partial = [x for x in partial if not any(_cut(c, x) for c in row.chunks)]
        lower = {k: c.text for q in grid.rows[r + 1 : header] for c in q.chunks for k in range(c.first, c.last + 1)}
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


def _cut(chunk: Chunk, rule: Rule) -> bool:
    """Whether a rule begins or ends below the inside of a cell, further in than rules are trimmed."""
    return any(chunk.x0 + 8 < end < chunk.x1 - 8 for end in (rule.x0, rule.x1))


def spread_to_walls(places: Sequence[Place], grid: Grid, region: Region, header: int) -> list[Place]:
    """Column names given the columns right of theirs that have no name, up to the next upright rule.

    Upright rules on both sides set the columns between them apart as one ("Previous best" over a name and a score).
    """
    named = {k for p in places if p.row < header for k in range(p.first, p.last + 1)}
    bare = [k for k in range(1, grid.width) if k not in named]
    height = region.box[3] - region.box[1]
    lengths = Counter[int]()
    for v in region.verticals:
        lengths[round(v.x)] += round(min(v.bottom, region.box[3]) - max(v.top, region.box[1]))
    walls = [x for x, length in lengths.items() if length > 0.5 * height]
    if not bare or not walls:
        return list(places)
    extents = _column_extents(grid, header)

    def walled(k: int) -> bool:
        """Whether a rule stands between column k and the one right of it."""
        return k < 0 or k + 1 >= grid.width or any(extents[k][1] - 2 < x < extents[k + 1][0] + 2 for x in walls)

    out = []
    for p in places:
        last = p.last
        if p.row < header <= p.last_row + 1 and walled(p.first - 1) and not p.chunk.numeric:
            while last + 1 in bare and not walled(last):
                last += 1
            if last > p.last and not walled(last):
                last = p.last
        out.append(replace(p, last=last))
    return out


def spread_names(places: Sequence[Place], grid: Grid, region: Region, header: int) -> list[Place]:
    """Names below the header that cover more columns than their words: of groups all, names set to the right theirs.

    A group's name stands alone in its row, in the middle of the table or from its left edge over the column of row
    names. A name over several columns, with only numbers after it, begins where its row begins.
    """
    if grid.width < 3:
        return list(places)
    extents = _column_extents(grid, header)
    step = row_step(grid.rows)
    bases = sorted(r.base for r in grid.rows)
    covering: dict[int, list[Place]] = {}
    for p in places:
        for r in range(p.row, p.last_row + 1):
            covering.setdefault(r, []).append(p)
    out = []
    for p in places:
        beside = [q for q in covering[p.row] if q is not p]
        name = p.row >= header and p.row == p.last_row and not p.chunk.numeric
        base = p.chunk.words[0].base
        alone = name and not beside and sum(c.isalpha() for c in p.chunk.text) > 2
        # in no half row of centred cells
        if alone and not any(0 < abs(b - base) < 0.7 * step for b in bases):
            over = p.first == 0 < p.last and p.chunk.x0 < extents[0][0] + 1.5 * p.chunk.words[0].size
            if over or _centred_alone(p.chunk, grid, region, header):
                p = replace(p, first=0, last=grid.width - 1)
        elif name and 0 < p.first < p.last and beside and all(q.first > p.last and q.chunk.numeric for q in beside):
            p = replace(p, first=0)
        out.append(p)
    return out


def _centred_alone(chunk: Chunk, grid: Grid, region: Region, header: int) -> bool:
    """Whether a cell stands in the middle of the table and not where the cells of its column do."""
    middle, width = (chunk.x0 + chunk.x1) / 2, region.box[2] - region.box[0]
    if abs(middle - (region.box[0] + region.box[2]) / 2) > 2.0 + 0.01 * width:
        return False
    own = [c for row in grid.rows[header:] for c in row.chunks if c.first == chunk.first == c.last and c is not chunk]
    if chunk.first != chunk.last or not own:
        return chunk.first != chunk.last
    edges = [[(c.x0, c.x1, (c.x0 + c.x1) / 2)[k] for c in own] for k in range(3)]
    # the column is set to the side on which its cells differ least
    spreads = [median(abs(x - median(side)) for x in side) for side in edges]
    k = spreads.index(min(spreads))
    return abs((chunk.x0, chunk.x1, middle)[k] - median(edges[k])) > 0.5 * chunk.words[0].size + spreads[k]


def _between_verticals(
    row: Row, region: Region, extents: Sequence[tuple[float, float]], lower: Mapping[int, str]
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
    chunks: Sequence[Chunk], extents: Sequence[tuple[float, float]], lower: Mapping[int, str]
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
            # spans of one width are likelier than others by a point and a half
            error += 1.5 * (len({last - first for first, last in spans if last > first}) > 1)
            if (
                any(last > first for first, last in spans)
                and _complete(spans, lower)
                and (best is None or error < best[0])
            ):
                best = (error, list(spans))
            return
        for first, last, off in choices[i]:
            after = spans[-1][1] if spans else -1
            # no named column between two spans, but for one that comes again behind the next ("recall")
            skipped = [lower[k] for k in range(after + 1, first) if k in lower] if spans else []
            if not spans or (first > after and (not skipped or skipped == [lower.get(last + 1)])):
                extend(i + 1, [*spans, (first, last)], error + off + len(skipped))

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


def _complete(spans: Sequence[tuple[int, int]], lower: Mapping[int, str]) -> bool:
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
