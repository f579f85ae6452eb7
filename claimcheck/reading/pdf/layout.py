"""Words to lines: rows by baseline, parted at the gutter between two columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from operator import attrgetter
from statistics import median

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import PageContent
from claimcheck.reading.pdf.words import Word, join_words

_BASE, _ENDS = attrgetter("base"), attrgetter("x0", "x1")


@dataclass(slots=True, eq=False)
class Line:
    """Words on one baseline in one column, from left to right; `column` is 1, 2 or, over the whole width, 0.

    Never changed once it is made.
    """

    words: tuple[Word, ...]
    column: int = 0
    x0: float = field(init=False)  # left end
    x1: float = field(init=False)  # right end
    base: float = field(init=False)  # baseline
    size: float = field(init=False)  # of most of its letters on the line, in points
    _text: str | None = field(init=False, default=None, repr=False)
    _bold: bool | None = field(init=False, default=None, repr=False)
    _gap: float | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        words = self.words
        self.x0 = words[0].x0
        self.x1 = max([w.x1 for w in words])
        bases = {w.base for w in words}
        self.base = bases.pop() if len(bases) == 1 else median([w.base for w in words])
        sizes = {w.size for w in words if not w.script}
        self.size = sizes.pop() if len(sizes) == 1 else self._most_letters()

    def _most_letters(self) -> float:
        weights: dict[float, int] = {}
        for w in [w for w in self.words if not w.script] or self.words:
            weights[w.size] = weights.get(w.size, 0) + len(w.text)
        return max(weights, key=lambda s: (weights[s], s))

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

    @property
    def text(self) -> str:
        """Its words; footnote marks are left out."""
        if self._text is None:
            self._text = join_words(self.words)
        return self._text

    @property
    def bold(self) -> bool:
        """Whether most letters are bold."""
        if self._bold is None:
            words = [w for w in self.words if not w.script] or self.words
            bold = sum([len(w.text) for w in words if w.bold])
            self._bold = bold > 0 and bold * 2 > sum([len(w.text) for w in words])
        return self._bold

    @property
    def widest_gap(self) -> float:
        """The widest space between two neighbouring words, in units of its size."""
        if self._gap is None:
            gaps = [b.x0 - a.x1 for a, b in pairwise(self.words)]
            self._gap = max(gaps, default=0.0) / max(self.size, 1.0)
        return self._gap


@dataclass
class PageLayout:
    """A page on its way through the reader: its content, words and lines.

    `whole_lines` are those before captions were parted from what stands beside them.
    """

    content: PageContent
    words: list[Word]
    lines: list[Line] = field(default_factory=list)
    whole_lines: list[Line] = field(default_factory=list)

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
    row: list[Word] = []
    anchor = last = -inf
    for word in sorted(words, key=_BASE):
        base, size = word.base, word.size
        # a script has its word's own baseline, and stays beside it
        if base == last or base - anchor <= tolerance * (size if size > 4.0 else 4.0):
            row.append(word)
        else:
            row = [word]
            rows.append(row)
            anchor = base
        last = base
    for row in rows:
        row.sort(key=_ENDS)
    return rows


def make_lines(words: Sequence[Word], style: Style) -> list[Line]:
    """Lines of words from top to bottom; a row is parted at the gutter unless a word stands over it."""
    out: list[Line] = []
    if style.gutter is None:
        return [Line(tuple(r)) for r in rows_of(words)]
    g0, g1 = style.gutter
    middle = (g0 + g1) / 2
    for row in rows_of(words):
        left = [w for w in row if (w.x0 + w.x1) / 2 < middle]
        right = [w for w in row if (w.x0 + w.x1) / 2 >= middle] if len(left) < len(row) else []
        if left and right:
            end, start = max([w.x1 for w in left]), right[0].x0
            # a long line over both columns has a word space here, or a word
            if start - end < 0.6 * (g1 - g0) and (end > g0 + 3 or start < g1 - 3):
                out.append(Line(tuple(row), 0))
                continue
            # words of both columns may stand on baselines that differ a little
            out.extend(Line(tuple(side), c) for c, side in ((1, left), (2, right)))
        else:
            only = left or right
            over = only[0].x0 < g0 - 3 and only[-1].x1 > g1 + 3
            out.append(Line(tuple(only), 0 if over else (1 if left else 2)))
    return out
