"""Floats taken out of the running text: tables, captions, and the words inside figures."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from claimcheck.foundation.records import Box, Table
from claimcheck.reading.pdf.blocks import caption_block
from claimcheck.reading.pdf.captions import Caption
from claimcheck.reading.pdf.flow import Flow
from claimcheck.reading.pdf.frames import Region
from claimcheck.reading.pdf.headings import is_heading_text
from claimcheck.reading.pdf.layout import Line, PageLayout, Style, make_lines, rows_of
from claimcheck.reading.pdf.tables import looks_like_table, make_table
from claimcheck.reading.pdf.words import Word, join_words


def page_tables(
    page: PageLayout, regions: Sequence[Region], captions: Sequence[Caption], flow: Flow, *, wanted: bool
) -> tuple[list[Region], list[Table]]:
    """(regions that are floats, their tables where they are `wanted`) of a page, from top to bottom."""
    kept: list[Region] = []
    tables: list[Table] = []
    regions = _with_subcaptions(page, regions)
    order = {id(c): i for i, c in enumerate(captions)}
    for region in sorted(regions, key=lambda r: (order.get(id(r.caption), 99), r.box[1], r.box[0])):
        caption = region.caption
        if caption is not None and (caption.kind != "table" or not wanted):
            kept.append(region)
            continue
        text = ""
        if caption is not None:
            block = caption_block(caption, page, flow.section)
            flow.write(block)
            text = block.text
            if region.subcaption:
                text = f"{text} {join_words(list(region.subcaption))}"
        label = caption.label if caption is not None else "#"
        table = make_table(region, page.content, label, text, flow.section)
        if table is None or (caption is None and not looks_like_table(table)):
            if caption is not None:
                kept.append(region)
            continue
        kept.append(region)
        tables.append(table)
    return kept, tables


def _with_subcaptions(page: PageLayout, regions: Sequence[Region]) -> list[Region]:
    """Regions that share a caption with the words "(a) ..." that stand right below or above each of them."""
    groups: dict[int, list[Region]] = {}
    for region in regions:
        if region.caption is not None:
            groups.setdefault(id(region.caption), []).append(region)
    out: list[Region] = []
    for region in regions:
        group = groups.get(id(region.caption), [])
        if len(group) > 1:
            # below each of them, or else above: between two that are stacked both could be meant
            below = all(_subcaption(page, r, below=True) for r in group)
            region = replace(region, subcaption=_subcaption(page, region, below=below))
        out.append(region)
    return out


def _subcaption(page: PageLayout, region: Region, *, below: bool) -> tuple[Word, ...]:
    """The words of "(a) ..." right below or right above a region; () where there are none."""
    x0, top, x1, bottom = region.box
    for row in rows_of([w for w in page.words if x0 - 30 < w.x0 and w.x1 < x1 + 30]):
        base, size = row[0].base, row[0].size
        near = bottom < base < bottom + 2.5 * size if below else top - 2.0 * size < base < top
        letter = next((i for i, w in enumerate(row) if re.fullmatch(r"\([a-h]\)", w.text)), None)
        if near and letter is not None:
            words = [row[letter]]
            for w in row[letter + 1 :]:
                if w.x0 - words[-1].x1 > 1.2 * size:
                    break
                words.append(w)
            if x0 < (words[0].x0 + words[-1].x1) / 2 < x1:
                return tuple(words)
    return ()


def drop_floats(page: PageLayout, captions: Sequence[Caption], regions: Sequence[Region], style: Style) -> None:
    """Takes tables, captions and what stands inside figures off a page and makes its lines anew."""
    standing = set(page.words)
    standing.difference_update(w for r in regions for w in (*r.words, *r.subcaption))
    standing.difference_update(w for c in captions for line in c.lines for w in line.words)
    graphics = [g for g in page.content.graphics if g[2] - g[0] > 20 and g[3] - g[1] > 20]
    # the box of a drawing reaches over text beside it where what it would draw there is cut off
    kept = {w for line in _running_lines(page, style) for w in line.words} if graphics else set()
    largest = max((w.size for w in page.words), default=0.0)
    left: list[tuple[Line, list[Word]]] = []
    dropped: list[float] = []  # baselines of what is taken off
    for line in page.whole_lines:
        near = [g for g in graphics if g[1] - largest < line.base < g[3] + largest]
        words = list(line.words)
        if near or not standing.issuperset(words):
            words = [w for w in words if w in standing and (w in kept or not _in_any(w, near))]
            if len(words) < len(line.words):
                dropped.extend(w.base for w in line.words)
        left.append((line, words))
    if not dropped:
        page.lines = page.whole_lines
        return
    dropped.sort()
    lines: list[Line] = []
    rest: list[Word] = []
    for line, words in left:
        i = bisect_left(dropped, line.base - line.size)
        if i < len(dropped) and dropped[i] <= line.base + line.size:
            rest.extend(words)  # what stood in a row with it may part rows otherwise
        else:
            lines.append(line)
    page.lines = sorted([*lines, *make_lines(rest, style)], key=lambda x: (x.base, x.x0))


def _running_lines(page: PageLayout, style: Style) -> list[Line]:
    """The lines set like the body, and those of its size right above or below one (a paragraph's first and last)."""
    out: list[Line] = []
    for column in {x.column for x in page.lines}:
        lines = sorted((x for x in page.lines if x.column == column), key=lambda x: x.base)
        running = [_is_running_text(x, style) for x in lines]
        for i, line in enumerate(lines):
            near = (
                running[j] and abs(lines[j].base - line.base) < 1.3 * style.leading
                for j in (i - 1, i + 1)
                if 0 <= j < len(lines)
            )
            same_size = abs(line.size - style.size) < 0.03 * style.size
            heading = line.bold and abs(line.x0 - style.extent(column)[0]) < 2 and is_heading_text(line.text)
            if running[i] or heading or (same_size and any(near)):
                out.append(line)
    return out


def _is_running_text(line: Line, style: Style) -> bool:
    """Whether a line is set like the body: its size, from the left edge of its column, words without wide gaps."""
    left, right = style.extent(line.column)
    return (
        abs(line.size - style.size) < 0.03 * style.size
        and abs(line.x0 - left) < 2
        and line.widest_gap < 1.2
        and (len(line.words) >= 5 or line.width > 0.85 * (right - left))
    )


def _in_any(word: Word, areas: Iterable[Box]) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
    return any(a[0] <= x <= a[2] and a[1] <= y <= a[3] for a in areas)
