"""Words to lines: rows by baseline, the gutter between two columns, and the margins' running heads and page numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import PageContent
from claimcheck.reading.pdf.words import Word, join_words

_MARGIN_TEXT = re.compile(
    r"^(?:proceedings of|copyright|©|c\s?⃝|arxiv:|published as|under review|preprint|transactions of the"
    r"|accepted (?:at|to|by)|to appear|association for computational|the association"
    r"|workshop track|submitted|in proceedings"
    r"|\(?c\)?\s?\d{4} association|licen[cs]e details|\d+\s?\^?(?:st|nd|rd|th) |vol\.|volume )",
    re.I,
)
_PAGE_NUMBER = re.compile(r"(?:page )?[-–—]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—]?(?: of \d+)?$", re.I)


@dataclass(frozen=True)
class Line:
    """Words on one baseline in one column, from left to right; `column` is 1, 2 or, over the whole width, 0."""

    words: tuple[Word, ...]
    column: int = 0

    @cached_property
    def x0(self) -> float:
        """Left end."""
        return min(w.x0 for w in self.words)

    @cached_property
    def x1(self) -> float:
        """Right end."""
        return max(w.x1 for w in self.words)

    @cached_property
    def size(self) -> float:
        """The size of most of its letters on the line, in points."""
        weights: dict[float, int] = {}
        for w in [w for w in self.words if not w.script] or self.words:
            weights[w.size] = weights.get(w.size, 0) + len(w.text)
        return max(weights, key=lambda s: (weights[s], s))

    @cached_property
    def base(self) -> float:
        """Baseline."""
        return median(w.base for w in self.words)

    @property
    def top(self) -> float:
        """Height of its ascenders."""
        return self.base - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Depth of its descenders."""
        return self.base + 0.22 * self.size

    @property
    def width(self) -> float:
        """Points from end to end."""
        return self.x1 - self.x0

    @property
    def box(self) -> Box:
        """(x0, top, x1, bottom) in points."""
        return (self.x0, self.top, self.x1, self.bottom)

    @cached_property
    def text(self) -> str:
        """Its words; footnote marks are left out."""
        return join_words(list(self.words))

    @cached_property
    def bold(self) -> bool:
        """Whether most letters are bold."""
        words = [w for w in self.words if not w.script] or self.words
        return sum(len(w.text) for w in words if w.bold) * 2 > sum(len(w.text) for w in words)

    @cached_property
    def widest_gap(self) -> float:
        """The widest space between two neighbouring words, in units of its size."""
        gaps = [b.x0 - a.x1 for a, b in pairwise(self.words)]
        return max(gaps, default=0.0) / max(self.size, 1.0)


@dataclass
class PageLayout:
    """A page on its way through the reader: its content, words and lines."""

    content: PageContent
    words: list[Word]
    lines: list[Line] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The page, from 1."""
        return self.content.number


@dataclass(frozen=True, slots=True)
class Style:
    """What is common to the pages of a paper. `gutter` is the (x0, x1) between two columns, None where there is one."""

    size: float  # of body text, in points
    leading: float  # from baseline to baseline of body text
    gutter: tuple[float, float] | None
    left: float
    right: float

    def column_of(self, x0: float, x1: float) -> int:
        """0 for an extent over the gutter or a one-column page, 1 for the left column, 2 for the right."""
        if self.gutter is None:
            return 0
        middle = (self.gutter[0] + self.gutter[1]) / 2
        if x1 <= middle + 2:
            return 1
        return 2 if x0 >= middle - 2 else 0

    def extent(self, column: int) -> tuple[float, float]:
        """(x0, x1) of a column."""
        if self.gutter is None or column == 0:
            return self.left, self.right
        return (self.left, self.gutter[0]) if column == 1 else (self.gutter[1], self.right)


def drop_line_numbers(pages: Sequence[PageLayout]) -> None:
    """Takes the line numbers of a review copy off the pages' words, so that no margin and no line holds them.

    They are a column of numbers that grow by one step at the outer edge of the text, on two pages or more, and go on
    from page to page; a table's column of numbers does neither.
    """
    found: list[list[list[Word]]] = []
    for page in pages:
        columns: dict[int, list[Word]] = {}
        for w in page.words:
            if w.text.isascii() and w.text.isdigit() and len(w.text) <= 5:
                columns.setdefault(round(w.x1 / 3), []).append(w)
        found.append([c for c in columns.values() if len(c) >= 12 and _counts_up(c) and _outermost(c, page)])
    if sum(map(bool, found)) < min(2, len(pages)) or len(pages) < 2:
        return
    last = -1
    for columns_of in filter(None, found):
        if min(int(c[0].text) for c in columns_of) < last:
            return
        last = max(int(c[-1].text) for c in columns_of)
    for page, columns_of in zip(pages, found, strict=True):
        gone = {id(w) for c in columns_of for w in c}
        if gone:
            page.words = [w for w in page.words if id(w) not in gone]


def _counts_up(column: list[Word]) -> bool:
    """Whether numbers below each other grow by one step; sorts them from top to bottom."""
    column.sort(key=lambda w: w.base)
    steps = Counter(int(b.text) - int(a.text) for a, b in pairwise(column))
    step, count = steps.most_common(1)[0]
    return step in (1, 2, 5, 10) and count >= 0.9 * (len(column) - 1) and min(steps) > 0


def _outermost(column: list[Word], page: PageLayout) -> bool:
    """Whether nothing but a few words stands further out than a column of numbers."""
    x0, x1 = min(w.x0 for w in column), max(w.x1 for w in column)
    ids = {id(w) for w in column}
    top, bottom = column[0].base - 1, column[-1].base + 1
    others = [w for w in page.words if id(w) not in ids and top <= w.base <= bottom]
    few = 0.01 * len(others)
    return sum(w.x0 < x1 for w in others) <= few or sum(w.x1 > x0 for w in others) <= few


def rows_of(words: Sequence[Word], tolerance: float = 0.3) -> list[list[Word]]:
    """Words grouped by baseline, rows from top to bottom and words from left to right.

    `tolerance` is in units of the size. Linear after sorting.
    """
    rows: list[list[Word]] = []
    anchor = 0.0
    for word in sorted(words, key=lambda w: w.base):
        # a script has its word's own baseline, and stays beside it
        same = bool(rows) and word.base == rows[-1][-1].base
        if rows and (same or word.base - anchor <= tolerance * max(word.size, 4.0)):
            rows[-1].append(word)
        else:
            rows.append([word])
            anchor = word.base
    for row in rows:
        row.sort(key=lambda w: (w.x0, w.x1))
    return rows


def find_style(pages: Sequence[PageLayout]) -> Style:
    """Size, leading, text margins and gutter that most pages share."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for w in page.words:
            sizes[round(w.size * 2) / 2] += len(w.text)
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
        lefts.append(_mode([min(w.x0 for w in r) for r in rows if gutter is None or r[0].x0 < gutter[0]]))
        rights.append(_mode([max(w.x1 for w in r) for r in rows if gutter is None or r[-1].x1 > gutter[1]]))
        middle = sum(gutter) / 2 if gutter else page.content.width
        bases = sorted(w.base for w in body if w.x1 < middle)
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
        best = max(
            ((b.x0 - a.x1, a.x1, b.x0) for a, b in pairwise(row) if b.x0 > low and a.x1 < high and b.x0 > a.x1),
            default=None,
        )
        if best is not None and best[0] >= 7:
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


def make_lines(words: Sequence[Word], style: Style) -> list[Line]:
    """Lines of words from top to bottom; a row is parted at the gutter unless a word stands over it."""
    out: list[Line] = []
    if style.gutter is None:
        return [Line(tuple(r)) for r in rows_of(words)]
    g0, g1 = style.gutter
    middle = (g0 + g1) / 2
    for row in rows_of(words):
        left = [w for w in row if (w.x0 + w.x1) / 2 < middle]
        right = row[len(left) :] if row[: len(left)] == left else [w for w in row if (w.x0 + w.x1) / 2 >= middle]
        if left and right:
            gap = min(w.x0 for w in right) - max(w.x1 for w in left)
            # a long line over both columns has a word space here, or a word
            if gap < 0.6 * (g1 - g0) and (max(w.x1 for w in left) > g0 + 3 or min(w.x0 for w in right) < g1 - 3):
                out.append(Line(tuple(row), 0))
                continue
            # words of both columns may stand on baselines that differ a little
            out.extend(Line(tuple(side), c) for c, side in ((1, left), (2, right)))
        else:
            only = left or right
            over = only[0].x0 < g0 - 3 and only[-1].x1 > g1 + 3
            out.append(Line(tuple(only), 0 if over else (1 if left else 2)))
    return out


def drop_margins(pages: Sequence[PageLayout], style: Style) -> None:
    """Takes running heads, page numbers and conference notices off the pages' words."""
    seen: Counter[tuple[str, int]] = Counter()
    bands: list[list[_MarginRow]] = []
    for page in pages:
        band = _margin_rows(page, style)
        bands.append(band)
        seen.update({(_skeleton(r.text), round(r.words[0].base / 6)) for r in band})
    for page, band in zip(pages, bands, strict=True):
        dropped: set[int] = set()
        for row in band:
            key, place = _skeleton(row.text), round(row.words[0].base / 6)
            count = max(seen[(key, place + d)] for d in (-1, 0, 1))
            # the header of a table at the top of the page comes again on a page or two
            often = count >= (2 if len(pages) <= 5 else max(3, (0.3 if row.near else 0.35) * len(pages)))
            repeated = often and (len(key) > 2 or row.edge)
            number = row.edge and bool(_PAGE_NUMBER.match(row.text))
            if number or repeated or (row.near and _MARGIN_TEXT.match(row.text)):
                dropped.update(map(id, row.words))
        if dropped:
            page.words = [w for w in page.words if id(w) not in dropped]
    _drop_page_numbers(pages, style)


def _drop_page_numbers(pages: Sequence[PageLayout], style: Style) -> None:
    """Takes off numbers that stand alone below the text, wherever that ends, where they count the pages."""
    found: list[tuple[PageLayout, Word, int]] = []
    for page in pages:
        if len(page.words) < 2:
            continue
        last = max(page.words, key=lambda w: w.base)
        if not (last.text.isascii() and last.text.isdigit() and len(last.text) <= 4):
            continue
        above = max(w.base for w in page.words if w is not last)
        if last.base > 0.5 * page.content.height and last.base - above > 1.4 * style.leading:
            found.append((page, last, int(last.text) - page.number))
    offsets = Counter(offset for _, _, offset in found)
    if not offsets:
        return
    offset, count = offsets.most_common(1)[0]
    # a page alone must be page 1; a number at the foot of a table or a plot counts no pages
    if count * 2 >= len(pages) and (len(pages) > 1 or offset == 0):
        for page, word, its in found:
            if its == offset:
                page.words = [w for w in page.words if w is not word]


@dataclass(frozen=True, slots=True)
class _MarginRow:
    words: list[Word]
    text: str
    edge: bool  # the outermost row
    near: bool  # within the margin rather than just below it


def _margin_rows(page: PageLayout, style: Style) -> list[_MarginRow]:
    """The rows near the top and the bottom edge."""
    height = page.content.height
    words = [w for w in page.words if w.base < 0.17 * height or w.base > 0.88 * height]
    rows = rows_of(words)
    upper = [r for r in rows if r[0].base < 0.17 * height]
    lower = [r for r in rows if r[0].base > 0.88 * height]
    out = [_MarginRow(r, join_words(r), i == 0, r[0].base < 0.1 * height) for i, r in enumerate(upper[:3])]
    out += [_MarginRow(r, join_words(r), i <= 1, True) for i, r in enumerate(reversed(lower[-4:]))]
    return out


def _skeleton(text: str) -> str:
    return re.sub(r"[\d\W]+", "", text.lower())
