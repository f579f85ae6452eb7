"""What the pages of a paper share: size and leading of the body, text margins, and the gutter between two columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from claimcheck.reading.pdf.layout import PageLayout, Style, rows_of
from claimcheck.reading.pdf.words import Word


def find_style(pages: Sequence[PageLayout]) -> Style:
    """Size, leading, text margins and gutter that most pages share."""
    letters: dict[float, int] = {}
    for page in pages:
        for w in page.words:
            letters[w.size] = letters.get(w.size, 0) + len(w.text)
    sizes: Counter[float] = Counter()
    for exact, count in letters.items():
        sizes[round(exact * 2) / 2] += count
    size = max(sizes, key=lambda s: sizes[s]) if sizes else 10.0
    gutters: list[tuple[float, float] | None] = []
    lefts: list[float] = []
    rights: list[float] = []
    steps: Counter[float] = Counter()
    for page in pages:
        body = [w for w in page.words if abs(w.size - size) < 0.12 * size and not w.script]
        if len(body) < 60:
            continue
        rows = rows_of(body)
        gutters.append(_find_gutter(rows, page.content.width))
        gutter = gutters[-1]
        # most rows of a page may stand in one column only
        lefts.append(_mode([r[0].x0 for r in rows if gutter is None or r[0].x0 < gutter[0]]))
        rights.append(_mode([max([w.x1 for w in r]) for r in rows if gutter is None or r[-1].x1 > gutter[1]]))
        middle = sum(gutter) / 2 if gutter else page.content.width
        bases = sorted({w.base for w in body if w.x1 < middle})
        last = -1e9
        for base in bases:
            if base - last > 0.3 * size:
                if base - last < 2.5 * size:
                    steps[round((base - last) * 2) / 2] += 1
                last = base
    found = [g for g in gutters if g is not None]
    gutter = None
    if found and len(found) * 2 >= len(gutters):
        gutter = (median(g[0] for g in found), median(g[1] for g in found))
    width = pages[0].content.width if pages else 612.0
    return Style(
        size,
        max(steps, key=lambda s: steps[s]) if steps else 1.2 * size,
        gutter,
        median(lefts) if lefts else 0.1 * width,
        median(rights) if rights else 0.9 * width,
    )


def _mode(values: list[float]) -> float:
    counts = Counter(round(v) for v in values)
    best = max(counts, key=lambda v: (counts[v], -v))
    return median(v for v in values if abs(v - best) <= 1)


def _find_gutter(rows: list[list[Word]], width: float) -> tuple[float, float] | None:
    """The vertical strip near the page's middle that parts two columns; None for a page of one column."""
    found, crossed = _shared_gap(rows, width)
    if found is None and crossed <= 0.3 * len(rows):
        return _empty_strip(rows, width)
    return found


def _shared_gap(rows: list[list[Word]], width: float) -> tuple[tuple[float, float] | None, int]:
    """(the strip where rows of both columns have a gap, how many rows stand over the middle without one)."""
    gaps: list[tuple[float, float]] = []
    crossed = 0
    low, high = 0.38 * width, 0.62 * width
    for row in rows:
        best = (0.0, 0.0, 0.0)
        for a, b in pairwise(row):
            start, end = a.x1, b.x0
            if end > low and start < high and end - start >= 7:
                best = max(best, (end - start, start, end))
        if best[0] >= 7:
            gaps.append((best[1], best[2]))
        elif row[0].x0 < low and row[-1].x1 > high:
            crossed += 1
    if len(gaps) < 8 or len(gaps) < 0.6 * crossed:
        return None, crossed
    # right ends of the left column crowd at one place, left ends of the right column at another
    right = Counter(round(g[1]) for g in gaps)
    start = max(right, key=lambda v: right[v] + right[v - 1] + right[v + 1])
    near = [g for g in gaps if abs(g[1] - start) <= 1.5]
    if len(near) < 6:
        return None, crossed
    ends = sorted(g[0] for g in near)
    end = ends[int(0.9 * (len(ends) - 1))]  # ragged columns end at many places
    if start - end < 6:
        return None, crossed
    return (float(end) + 0.5, float(start) - 0.5), crossed


def _empty_strip(rows: list[list[Word]], width: float) -> tuple[float, float] | None:
    """The strip near the middle that hardly a row stands over, with lines of prose that end and begin along it.

    For pages whose columns share few baselines: a column of headings beside floats, or one that ends early.
    """
    low, high = int(0.38 * width), int(0.62 * width)
    covered = [0] * (high - low + 1)
    for row in rows:
        seen: set[int] = set()
        for w in row:
            seen.update(range(max(low, int(w.x0)), min(high, int(w.x1)) + 1))
        for a, b in pairwise(row):
            if b.x0 - a.x1 < 0.6 * a.size:
                seen.update(range(max(low, int(a.x1)), min(high, int(b.x0)) + 1))
        for x in seen:
            covered[x - low] += 1
    for most in (0, 1, 2, int(0.12 * len(rows))):  # where few lines stand on one side, few may stand over the strip
        strip = _widest_below(covered, most)
        if not 5 <= strip[1] - strip[0] <= 0.12 * width:
            continue
        g0, g1 = float(low + strip[0]), float(low + strip[1])
        left = [[w for w in row if w.x1 <= g0 + 1] for row in rows]
        right = [[w for w in row if w.x0 >= g1 - 1] for row in rows]
        ends = sum(_prose(r, width) and r[-1].x1 > g0 - 4 for r in left)
        begins = sum(_prose(r, width) and r[0].x0 < g1 + 4 for r in right)
        if min(ends, begins) >= 3 and ends + begins >= 8:
            return g0, g1
    return None


def _widest_below(covered: Sequence[int], most: int) -> tuple[int, int]:
    """(start, end) of the longest run of numbers up to `most`."""
    best, start = (0, 0), 0
    for i, count in enumerate([*covered, most + 1]):
        if count > most:
            best = max(best, (start, i), key=lambda run: run[1] - run[0])
            start = i + 1
    return best


def _prose(row: Sequence[Word], width: float) -> bool:
    """Whether words fill a column as running text does: some of them, over its width, no wide gap between."""
    return (
        len(row) >= 4
        and row[-1].x1 - row[0].x0 > 0.25 * width
        and all(b.x0 - a.x1 < 1.2 * a.size for a, b in pairwise(row))
    )
