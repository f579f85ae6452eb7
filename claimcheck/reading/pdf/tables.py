"""Table regions to tables: header rows and what they span, cells over several lines or rows, then the record."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import pairwise

from claimcheck.foundation.grid import find_header_rows
from claimcheck.foundation.numbers import is_numeric
from claimcheck.foundation.records import Cell, Table
from claimcheck.reading.pdf.characters import PageContent, Rule
from claimcheck.reading.pdf.frames import Region
from claimcheck.reading.pdf.grids import Chunk, Grid, Row, build_grid, row_step
from claimcheck.reading.pdf.headers import Place, full_width, header_end, place_cells, spread_names, spread_to_walls
from claimcheck.reading.pdf.wrapped import join_lines, joined_text, known_words, rule_between
from claimcheck.reading.rules import MOST_CELLS

_LETTER = re.compile(r"\(([a-z])\)")


def make_table(region: Region, content: PageContent, label: str, caption: str, section: int = -1) -> Table | None:
    """The table of a region, or None where it falls into fewer than two cells or more than MOST_CELLS.

    `label` is the caption's number; the letter of the region's sub-caption "(a) ..." is added to it.
    """
    words = list(region.words)
    grid = build_grid(words, region.rules, region.verticals, region.box)
    if not grid.rows or grid.width < 1 or len(grid.rows) * grid.width > MOST_CELLS:
        return None
    if region.subcaption and (letter := _LETTER.match(region.subcaption[0].text)) is not None:
        label += letter[1]
    _merge_split_labels(grid, region.rules)
    known = known_words(caption, words)
    join_lines(grid, region, known)
    region = _with_gaps_as_rules(region, grid)
    header = _header_by_rules(grid, region)
    top = header_end(grid, header)
    places = place_cells(grid, region, top)
    places, gone = _lift_multirows(places, grid, region)
    header = [c - sum(r < c for r in gone) for c in header]
    height = len(grid.rows) - len(gone)
    top -= sum(r < top for r in gone)
    places = spread_names(places, grid, region, top)
    if top > 1 and not _levels(places, region, grid, top):
        # header cells over several lines, one row of names
        places = [replace(p, row=max(0, p.row - top + 1), last_row=max(0, p.last_row - top + 1)) for p in places]
        height -= top - 1
        header = [max(1, c - top + 1) for c in header]
        top = 1
    places = spread_to_walls(places, grid, region, top)
    cells = _fill(places, height, grid.width, content, region.rules, known)
    cells = _without_empty(cells)
    if sum(1 for r in cells for c in r if c.text) < 2:
        return None
    rows = _settled_header(cells, header)
    if rows is not None and rows < top < len(cells):
        rows = top
    return Table.from_grid(
        cells, caption, label, header_rows=rows, page=content.number, box=content.place(region.box), section=section
    )


def looks_like_table(table: Table) -> bool:
    """Whether a region without a caption holds data: numbers in several rows and columns, not the axis of a plot."""
    numbers = [(r, c) for r, row in enumerate(table.grid) for c, cell in enumerate(row) if is_numeric(cell.text)]
    filled = sum(bool(c.text) for row in table.grid for c in row)
    spread = len({r for r, _ in numbers}) >= 2 and len({c for _, c in numbers}) >= 2
    names = any(x.isalpha() for row in table.grid for cell in row[:1] for x in cell.text)
    return table.width >= 2 and table.height >= 3 and spread and names and len(numbers) * 4 >= filled


def _with_gaps_as_rules(region: Region, grid: Grid) -> Region:
    """The region with a rule in each wide space between rows, where it prints none inside: space parts as rules do."""
    x0, top, x1, bottom = region.box
    if any(full_width(r, region) and top + 3 < r.y < bottom - 3 for r in region.rules) or len(grid.rows) < 4:
        return region
    step = row_step(grid.rows)
    gaps = [
        Rule(x0, (a.bottom + b.top) / 2, x1, (a.bottom + b.top) / 2)
        for a, b in pairwise(grid.rows)
        if b.base - a.base > max(1.22 * step, step + 2.0)
    ]
    if len(gaps) * 2 > len(grid.rows):
        return region
    return replace(region, rules=tuple(sorted([*region.rules, *gaps], key=lambda r: r.y)))


def _levels(places: Sequence[Place], region: Region, grid: Grid, top: int) -> bool:
    """Whether header cells span columns or rules part the header's rows, so that the rows are levels."""
    head = [p for p in places if p.row < top]
    if any(p.first != p.last for p in head):
        return True
    bases = sorted(p.chunk.words[0].base for p in head)
    return any(bases[0] < r.y < bases[-1] - 2 for r in region.rules)


def _merge_split_labels(grid: Grid, rules: Sequence[Rule]) -> None:
    """Joins a row label of two lines around the row whose cells stand at half height between them."""
    rows = grid.rows
    usual = row_step(rows)
    for i in range(len(rows) - 2, 0, -1):
        if i + 1 >= len(rows):  # three rows have become one
            continue
        above, row, below = rows[i - 1 : i + 2]
        if not row.chunks or row.chunks[0].first == 0:
            continue
        labels = [q.chunks[0] for q in (above, below) if len(q.chunks) == 1 and q.chunks[0].last == 0]
        near = max(row.base - above.base, below.base - row.base) < 0.75 * max(usual, 1.2 * row.size)
        if len(labels) != 2 or not near or any(c.numeric for c in labels):
            continue
        if rule_between(above, row, rules) or rule_between(row, below, rules):
            continue
        text = f"{labels[0].text} {labels[1].text}"
        labels[0].words = labels[0].words + labels[1].words
        labels[0].refresh()
        labels[0].text = text
        row.chunks.insert(0, labels[0])
        rows[i - 1 : i + 2] = [row]


def _header_by_rules(grid: Grid, region: Region) -> list[int]:
    """Row counts above each inner rule that goes over the whole table, from the top."""
    counts: list[int] = []
    for r in region.rules:
        if not full_width(r, region):
            continue
        above = sum(row.base - 0.3 * row.size < r.y for row in grid.rows)
        if 0 < above < len(grid.rows) and above not in counts:
            counts.append(above)
    return counts


def _lift_multirows(places: list[Place], grid: Grid, region: Region) -> tuple[list[Place], set[int]]:
    """(places, rows that go): labels at half height beside several rows are given those rows."""
    rows = grid.rows
    steps = [b.base - a.base for a, b in pairwise(rows)]
    by_row: dict[int, list[Place]] = {}
    for p in places:
        by_row.setdefault(p.row, []).append(p)
    if not steps:
        return places, set()
    usual = row_step(rows)
    gone: set[int] = set()
    moved: list[Place] = []
    for r, row in enumerate(rows):
        near_above = r > 0 and row.base - rows[r - 1].base < 0.8 * usual
        near_below = r + 1 < len(rows) and rows[r + 1].base - row.base < 0.8 * usual
        if not (near_above and near_below) or len(row.chunks) > 3:
            continue
        columns = {k for p in by_row.get(r, []) for k in range(p.first, p.last + 1)}
        around = {k for q in (r - 1, r + 1) for p in by_row.get(q, []) for k in range(p.first, p.last + 1)}
        if columns & around:
            if columns == {0} and _named_beside(r, by_row, rows, region):
                gone.add(r)
            continue
        gone.add(r)
        for p in by_row.get(r, []):
            first, last = _free_rows(r, p, by_row, rows, region)
            moved.append(Place(p.chunk, first, last, p.first, p.last))
    kept = [p for p in places if p.row not in gone] + moved
    # a label in the middle of a block between rules belongs to the block's rows
    kept = _spread_over_blocks(kept, rows, gone, region)
    number: dict[int, int] = {}
    for r in range(len(rows)):
        if r not in gone:
            number[r] = len(number)
    out = []
    for p in kept:
        own = [number[q] for q in range(p.row, p.last_row + 1) if q in number]
        if not own and number:  # no row beside it is free: the nearest one
            own = [number[min(number, key=lambda q: abs(q - p.row))]]
        if own:
            out.append(Place(p.chunk, own[0], own[-1], p.first, p.last))
    return out, gone


def _named_beside(r: int, by_row: dict[int, list[Place]], rows: Sequence[Row], region: Region) -> bool:
    """Puts a half row's label before the labels that stand right of it in the same column ("SQuAD" | "Context")."""
    label = by_row[r][0].chunk
    found: list[Chunk] = []
    for step in (-1, 1):
        q = r + step
        while 0 <= q < len(rows) and not rule_between(rows[min(q, q - step)], rows[max(q, q - step)], region.rules):
            own = next((p.chunk for p in by_row.get(q, []) if p.first == 0), None)
            if own is None or own.x0 < label.x1 + 1:
                break
            found.append(own)
            q += step
    for chunk in found:
        chunk.text = f"{label.text} {chunk.text}"
    return bool(found)


def _free_rows(
    r: int, place: Place, by_row: dict[int, list[Place]], rows: Sequence[Row], region: Region
) -> tuple[int, int]:
    """The rows around r up to the next one that fills the place's columns, or a rule through them."""

    def free(q: int) -> bool:
        return not any(p.first <= place.last and place.first <= p.last for p in by_row.get(q, []))

    def ruled(upper: int, lower: int) -> bool:
        return any(
            rows[upper].base - 1 < x.y < rows[lower].base - 0.3 * rows[lower].size
            and x.x0 < place.chunk.x1
            and x.x1 > place.chunk.x0
            for x in region.rules
        )

    first = last = r
    while first > 0 and free(first - 1) and not ruled(first - 1, first):
        first -= 1
    while last + 1 < len(rows) and free(last + 1) and not ruled(last, last + 1):
        last += 1
    # the label stands in the middle: no more rows on one side than on the other
    reach = min(r - first, last - r)
    return (r - reach, r + reach) if reach else (first, last)


def _spread_over_blocks(places: list[Place], rows: Sequence[Row], gone: set[int], region: Region) -> list[Place]:
    """A first-column label alone in a block of rows between rules, not in its first row, covers the block."""
    bounds = sorted(
        {sum(row.base - 0.3 * row.size < x.y for row in rows) for x in region.rules if x.x0 < region.box[0] + 12}
        | {0, len(rows)}
    )
    out = list(places)
    for low, high in pairwise(bounds):
        live = [r for r in range(low, high) if r not in gone]
        if len(live) < 2:
            continue
        own = [i for i, p in enumerate(out) if p.first == 0 and low <= p.row < high]
        if len(own) != 1:
            continue
        p = out[own[0]]
        seconds = {q.row for q in out if q.first == 1 and low <= q.row < high}
        middle = len(live) > 2 and len(live) % 2 == 1 and p.row == live[len(live) // 2]
        if p.last == 0 and p.row == p.last_row and (len(seconds) == len(live) or middle):
            out[own[0]] = Place(p.chunk, live[0], live[-1], 0, 0)
    return out


def _underlined(chunk: Chunk, rules: Sequence[Rule]) -> bool:
    size = chunk.words[-1].size
    base = chunk.words[-1].base
    return any(0 < r.y - base < 0.4 * size and abs(r.x0 - chunk.x0) < 2.5 and abs(r.x1 - chunk.x1) < 2.5 for r in rules)


def _fill(
    places: Sequence[Place],
    height: int,
    width: int,
    content: PageContent,
    rules: Sequence[Rule],
    known: Container[str],
) -> list[list[Cell]]:
    cells = [[Cell() for _ in range(width)] for _ in range(height)]
    for p in sorted(places, key=lambda p: (p.row, p.first, p.chunk.words[0].base)):
        box = content.place(p.chunk.box)
        line = _underlined(p.chunk, rules)
        for r in range(p.row, p.last_row + 1):
            for c in range(p.first, min(p.last, width - 1) + 1):
                origin = None if (r, c) == (p.row, p.first) else (p.row, p.first)
                before = cells[r][c]
                if before.text:
                    if before.origin is None and origin is None:
                        text = joined_text(before.text, p.chunk.text, known)
                        cells[r][c] = Cell(text=text, bold=before.bold, box=before.box)
                    continue
                cells[r][c] = Cell(text=p.chunk.text, bold=p.chunk.bold, underline=line, box=box, origin=origin)
    return cells


def _without_empty(cells: list[list[Cell]]) -> list[list[Cell]]:
    """The grid without rows and columns that are empty throughout; origins follow."""
    rows = [r for r, row in enumerate(cells) if any(c.text for c in row)]
    columns = [k for k in range(len(cells[0]) if cells else 0) if any(row[k].text for row in cells)]
    row_of, column_of = {r: i for i, r in enumerate(rows)}, {k: i for i, k in enumerate(columns)}
    out = []
    for r in rows:
        line = []
        for k in columns:
            cell = cells[r][k]
            if cell.origin is not None:
                a, b = cell.origin
                cell = cell.model_copy(update={"origin": (row_of[a], column_of[b])})
            line.append(cell)
        out.append(line)
    return out


def _settled_header(cells: Sequence[Sequence[Cell]], counts: Sequence[int]) -> int | None:
    """The number of header rows where rules make it evident, else None."""
    if not counts or counts[0] > 5 or counts[0] >= len(cells):
        return None
    found = find_header_rows(cells)
    if found in counts:
        between = cells[counts[0] : found]
        # rows between the first rule and the numbers that only name a group, or that hold sentences, are no header
        named = all(len({c.text for c in row if c.text}) > 1 for row in between)
        if named and not any(c.text.count(" ") > 11 for row in between for c in row):
            return found
    if counts[0] <= found or found == 0:
        return counts[0]
    # sizes and counts in a header ("1k", "100") under which a rule stands
    numbers = [c.text for row in cells[found : counts[0]] for c in row if is_numeric(c.text)]
    return counts[0] if counts[0] <= 3 and not any("." in x for x in numbers) and len(cells) - counts[0] >= 2 else None
