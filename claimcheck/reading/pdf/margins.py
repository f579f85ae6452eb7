"""What stands in the margins: running heads, page numbers, conference notices, the line numbers of a review copy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from claimcheck.reading.pdf.layout import PageLayout, Style, rows_of
from claimcheck.reading.pdf.words import Word, join_words

_MARGIN_TEXT = re.compile(
    r"^(?:proceedings of|copyright|©|c\s?⃝|arxiv:|published as|under review|preprint|transactions of the"
    r"|accepted (?:at|to|by)|to appear|association for computational|the association"
    r"|workshop track|submitted|in proceedings"
    r"|\(?c\)?\s?\d{4} association|licen[cs]e details|\d+\s?\^?(?:st|nd|rd|th) |vol\.|volume )",
    re.I,
)
_PAGE_NUMBER = re.compile(r"(?:page )?[-–—]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—]?(?: of \d+)?$", re.I)


def drop_line_numbers(pages: Sequence[PageLayout]) -> None:
    """Takes the line numbers of a review copy off the pages' words, so that no margin and no line holds them.

    They are a column of numbers that grow by one step at the outer edge of the text, on two pages or more, and go on
    from page to page; a table's column of numbers does neither.
    """
    found: list[list[list[Word]]] = []
    for page in pages:
        columns: dict[int, list[Word]] = {}
        for w in page.words:
            if w.text.isdigit() and w.text.isascii() and len(w.text) <= 5:
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
        last = max(page.words, key=attrgetter("base"))
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
