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
    r"|\(?c\)?\s?\d{4} association|licen[cs]e details|\d+th |vol\.|volume )",
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
        """The size of most of its letters, in points."""
        weights: dict[float, int] = {}
        for w in self.words:
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
        return sum(len(w.text) for w in self.words if w.bold) * 2 > sum(len(w.text) for w in self.words)

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


def rows_of(words: Sequence[Word], tolerance: float = 0.3) -> list[list[Word]]:
    """Words grouped by baseline, rows from top to bottom and words from left to right.

    `tolerance` is in units of the size. Linear after sorting.
    """
    rows: list[list[Word]] = []
    anchor = 0.0
    for word in sorted(words, key=lambda w: w.base):
        if rows and word.base - anchor <= tolerance * max(word.size, 4.0):
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
        lefts.append(_mode([min(w.x0 for w in r) for r in rows]))
        rights.append(_mode([max(w.x1 for w in r) for r in rows]))
        gutter = gutters[-1]
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
        return None
    # right ends of the left column crowd at one place, left ends of the right column at another
    right = Counter(round(g[1]) for g in gaps)
    start = max(right, key=lambda v: right[v] + right[v - 1] + right[v + 1])
    near = [g for g in gaps if abs(g[1] - start) <= 1.5]
    if len(near) < 6:
        return None
    ends = sorted(g[0] for g in near)
    end = ends[int(0.9 * (len(ends) - 1))]  # ragged columns end at many places
    if start - end < 6:
        return None
    return float(end) + 0.5, float(start) - 0.5


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
