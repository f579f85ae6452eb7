"""Where the tables stand: frames of ruling lines, rows that line up beside a caption, and which caption is whose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.captions import Caption
from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.layout import Line, PageLayout, Style, rows_of
from claimcheck.reading.pdf.notes import take_notes
from claimcheck.reading.pdf.words import Word

_NUMBER = re.compile(r"[−+-]?[\d,]*\.?\d+%?")
_SUBCAPTION = re.compile(r"\([a-h]\)")
_HEADING = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z]\.\d{1,2})\.?\s+[A-Z“]\D*$|[A-Z]\s+[A-Z][A-Z ]{5,}$")


@dataclass(frozen=True)
class Region:
    """The box of a table with the rules in it, and its caption where it has one."""

    box: Box
    rules: tuple[Rule, ...]  # horizontal, from top to bottom
    verticals: tuple[Rule, ...] = ()
    caption: Caption | None = None
    framed: bool = True
    part: str = ""  # "+" for a further part of a table whose caption went to another frame
    subcaption: tuple[Word, ...] = field(default=(), repr=False)  # the words "(a) ..."
    words: tuple[Word, ...] = field(default=(), repr=False)


def horizontal_rules(page: PageLayout) -> list[Rule]:
    """The horizontal rules of a page, pieces of one line joined and double lines made one, from top to bottom."""
    pieces = sorted((r for r in page.content.rules if r.horizontal), key=lambda r: (round(r.y), r.x0))
    lines: list[Rule] = []
    for r in sorted(pieces, key=lambda r: (r.y, r.x0)):
        for k in range(len(lines) - 1, max(-1, len(lines) - 40), -1):
            other = lines[k]
            if r.y - other.y > 3.2:
                continue
            close = abs(r.y - other.y) < 0.8 and r.x0 <= other.x1 + 1.5 and r.x1 >= other.x0 - 1.5
            double = abs(r.x0 - other.x0) < 2 and abs(r.x1 - other.x1) < 2
            if close or double:
                lines[k] = Rule(
                    min(r.x0, other.x0), min(r.top, other.top), max(r.x1, other.x1), max(r.bottom, other.bottom)
                )
                break
        else:
            lines.append(r)
    return sorted((r for r in lines if r.x1 - r.x0 > 8), key=lambda r: r.y)


def is_prose(line: Line, style: Style) -> bool:
    """Whether a line looks like running text of its column."""
    left, right = style.extent(line.column)
    return len(line.words) >= 5 and line.widest_gap < 1.0 and line.width > 0.75 * (right - left)


def cells_of(words: Sequence[Word]) -> list[list[Word]]:
    """A row of words (left to right) parted at wide spaces."""
    cells: list[list[Word]] = []
    for w in words:
        if cells and w.x0 - cells[-1][-1].x1 < 0.9 * w.size:
            cells[-1].append(w)
        else:
            cells.append([w])
    return cells


def is_tabular(words: Sequence[Word]) -> bool:
    """Whether a row of words (left to right) falls into cells some of which are numbers."""
    cells = cells_of(words)
    numbers = sum(1 for c in cells[1:] if _NUMBER.match(c[0].text))
    return len(cells) >= 2 and numbers * 2 >= len(cells) - 1


def find_frames(page: PageLayout, captions: Sequence[Caption], style: Style) -> list[Region]:
    """Frames: rules of equal extent below each other with nothing but table between them."""
    rules = [r for r in horizontal_rules(page) if r.x1 - r.x0 > 30]
    groups: list[list[Rule]] = []
    ended: set[int] = set()  # groups below which another table stands
    for rule in rules:
        for k, group in enumerate(groups):
            last = group[-1]
            even = abs(last.x0 - rule.x0) < 4 and abs(last.x1 - rule.x1) < 4
            if k in ended or not even or _parted(last, rule, page, captions, style):
                continue
            if _stacked(group, rule, page):
                ended.add(k)
                continue
            group.append(rule)
            break
        else:
            groups.append([rule])
    frames: list[Region] = []
    for group in groups:
        box = (group[0].x0, group[0].y, group[0].x1, group[-1].y)
        if box[3] - box[1] < 8:
            # one line under the header, but upright lines that show how far the table goes
            top, bottom = _along_verticals(box, page, captions)
            if bottom - top < 20:
                continue
            box = (box[0], top, box[2], bottom)
        frames.append(Region(box, tuple(group)))
    frames.sort(key=lambda f: -(f.box[2] - f.box[0]) * (f.box[3] - f.box[1]))
    kept: list[Region] = []
    for frame in frames:
        if not any(_inside(frame.box, other.box) for other in kept):
            kept.append(frame)
    kept = _joined([_grown(f, page, captions, kept) for f in kept])
    return sorted(kept, key=lambda f: (f.box[1], f.box[0]))


def _joined(frames: Sequence[Region]) -> list[Region]:
    """Frames that cover each other made one: lines of some columns only give a second frame of the same table."""
    out: list[Region] = []
    for frame in frames:
        a = frame.box
        for k, other in enumerate(out):
            b = other.box
            common = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
            if common > 0.5 * min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])):
                box = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                out[k] = replace(other, box=box)
                break
        else:
            out.append(frame)
    return out


def _inside(inner: Box, outer: Box) -> bool:
    return (
        inner[0] >= outer[0] - 4 and inner[2] <= outer[2] + 4 and inner[1] >= outer[1] - 2 and inner[3] <= outer[3] + 2
    )


def _parted(upper: Rule, lower: Rule, page: PageLayout, captions: Sequence[Caption], style: Style) -> bool:
    """Whether running text, a caption or too much space lies between two rules of equal extent."""
    for c in captions:
        box = c.box
        if upper.y < (box[1] + box[3]) / 2 < lower.y and box[0] < upper.x1 and box[2] > upper.x0:
            return True
    prose, words = 0, 0
    for line in page.lines:
        if upper.y < line.base < lower.y and line.x0 < upper.x1 and line.x1 > upper.x0:
            words += len(line.words)
            if is_prose(line, style) and abs(line.size - style.size) < 0.06 * style.size:
                prose += 1
                if line.x0 < upper.x0 - 8 or line.x1 > upper.x1 + 8:
                    return True
    return prose >= 3 or (words == 0 and lower.y - upper.y > 30)


def _stacked(group: Sequence[Rule], lower: Rule, page: PageLayout) -> bool:
    """Whether a rule opens another table below the one that `group` frames: nothing, or only "(a) ..." between.

    Two rules without text between them are the end of one table and the beginning of the next when they stand further
    apart than a double line, and "(a) Reports" with space around it between two rules is a sub-caption and no row.
    """
    last = group[-1]
    words = [
        w for w in page.words
        if last.y < w.base - 0.3 * w.size < lower.y and w.x1 > lower.x0 and w.x0 < lower.x1
    ]  # fmt: skip
    joined = any(
        not r.horizontal and last.x0 - 3 <= r.x <= last.x1 + 3 and r.top < last.y + 2 and r.bottom > lower.y - 2
        for r in page.content.rules
    )
    if joined:
        return False
    if not words:
        return len(group) > 1 and lower.y - last.y > 6.5
    rows = rows_of(words)
    edges = [last.y, *(r[0].base for r in rows), lower.y]
    for i, row in enumerate(rows):
        # a row "(a) ..." of a table would stand in its step
        apart = min(edges[i + 1] - edges[i], edges[i + 2] - edges[i + 1] + 0.7 * row[0].size) > 1.45 * row[0].size
        if is_subcaption(row) and (apart if len(rows) > 1 else lower.y - last.y > 2.2 * row[0].size):
            return True
    return False


def is_subcaption(row: Sequence[Word]) -> bool:
    """Whether a row of words (left to right) is nothing but "(a) ..."."""
    return _SUBCAPTION.match(row[0].text) is not None and len(cells_of(row)) == 1


def assign_captions(
    pages: Sequence[PageLayout], captions: Sequence[list[Caption]], frames: Sequence[Sequence[Region]], style: Style
) -> list[list[Region]]:
    """Each page's regions with their captions; captions that no frame is near get the rows that line up beside them.

    The notes below tables are added to their page's `captions`.
    """
    below = above = 0
    for page, its, found in zip(pages, captions, frames, strict=True):
        for k, i in _matched(page, its, found, style, 0).items():
            if its[i].kind == "table":
                above += found[k].box[1] > its[i].box[1]
                below += found[k].box[1] <= its[i].box[1]
    prefer = 0 if above == below else (1 if above > below else -1)  # 1: captions stand above their tables
    out = []
    for page, its, found in zip(pages, captions, frames, strict=True):
        regions = _without_overprints(page, _assign_page(page, its, found, style, prefer))
        tables = [r.box for r in regions if r.words and (r.caption is None or r.caption.kind == "table")]
        its.extend(take_notes(page, tables, its))
        out.append(regions)
    return out


def _without_overprints(page: PageLayout, regions: Sequence[Region]) -> list[Region]:
    """The regions but for those without a caption whose words are printed over each other; these leave the page.

    Parts of a picture that were cut away lie there below what is seen.
    """
    bad = [r for r in regions if r.caption is None and _overprinted(r.words)]
    gone = {id(w) for r in bad for w in r.words}
    if gone:
        page.words = [w for w in page.words if id(w) not in gone]
    return [r for r in regions if r not in bad]


def _overprinted(words: Sequence[Word]) -> bool:
    """Whether a fifth of the words cover a part of another word on about the same line."""
    rows: dict[int, list[Word]] = {}
    for w in words:
        rows.setdefault(int(w.base / 4), []).append(w)
    covered = 0
    for k, row in rows.items():
        near = sorted((*row, *rows.get(k + 1, ())), key=lambda w: w.x0)
        for a, b in pairwise(near):
            common = min(a.x1, b.x1) - b.x0
            # a script stands over or under its base
            if common > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0) and abs(a.base - b.base) < 0.5 * a.size and not b.script:
                covered += 1
    return covered >= 4 and covered * 5 >= len(words)


def _row_of_frames(frame: Region, frames: Sequence[Region]) -> Box:
    """The box around a frame and those that stand beside it."""
    own = frame.box
    beside = [
        f.box for f in frames
        if min(f.box[3], own[3]) - max(f.box[1], own[1]) > 0.5 * min(f.box[3] - f.box[1], own[3] - own[1])
    ]  # fmt: skip
    return (min(b[0] for b in beside), own[1], max(b[2] for b in beside), own[3])


def _shared(caption: Caption, frame: Region, frames: Sequence[Region]) -> bool:
    """Whether a caption is centred over or under a row of frames side by side, of which `frame` is the first."""
    box, c = _row_of_frames(frame, frames), caption.box
    if box[2] - box[0] < 1.2 * (frame.box[2] - frame.box[0]) or frame.box[0] > box[0] + 1:
        return False
    return abs((c[0] + c[2]) / 2 - (box[0] + box[2]) / 2) < 0.08 * (box[2] - box[0])


def _distance(
    caption: Caption,
    frame: Region,
    page: PageLayout,
    captions: Sequence[Caption],
    style: Style,
    frames: Sequence[Region],
) -> float:
    """Points between a caption and a frame; infinite where something else stands between."""
    c, f = caption.box, frame.box
    overlap = min(c[2], f[2]) - max(c[0], f[0])
    if overlap < 0.4 * min(c[2] - c[0], f[2] - f[0]) and not _shared(caption, frame, frames):
        return float("inf")
    if f[1] >= c[3] - 6:
        low, high = c[3], f[1]
    elif f[3] <= c[1] + 6:
        low, high = f[3], c[1]
    else:
        return float("inf")
    for other in captions:
        if other is not caption:
            o = other.box
            if low < (o[1] + o[3]) / 2 < high and o[0] < min(c[2], f[2]) and o[2] > max(c[0], f[0]):
                return float("inf")
    distance = max(0.0, high - low)
    if distance > 15:
        between = [x for x in page.lines if low < x.base - 0.3 * x.size < high and x.x0 < f[2] and x.x1 > f[0]]
        between = [x for x in between if x not in caption.lines]
        if any(is_prose(x, style) for x in between):
            return 30.0 if _opens_page(frame, caption, page, style) else float("inf")
        if between and distance > 150:
            return float("inf")
        if between:
            distance = min(distance, 30.0)
    return distance


def _opens_page(frame: Region, caption: Caption, page: PageLayout, style: Style) -> bool:
    """Whether a wide frame opens a two-column page and a wide caption stands below: all between is the float."""
    wide = frame.box[2] - frame.box[0] > 0.75 * (style.right - style.left)
    over = style.gutter is not None and caption.box[0] < style.gutter[0] and caption.box[2] > style.gutter[1]
    return wide and over and frame.box[1] < 0.15 * page.content.height and frame.box[3] <= caption.box[1]


def _matched(
    page: PageLayout, captions: Sequence[Caption], frames: Sequence[Region], style: Style, prefer: int
) -> dict[int, int]:
    """Frame -> caption: as many as fit, then as near as possible."""
    choices: list[list[tuple[float, int]]] = []
    for c in captions:
        own: list[tuple[float, int]] = []
        for k, f in enumerate(frames):
            d = _distance(c, f, page, captions, style, frames)
            if c.kind == "table" and prefer and (f.box[1] > c.box[1]) != (prefer > 0):
                d += 25
            if c.kind == "figure":
                d += 12
            if d <= (70 if c.kind == "table" else 42):
                own.append((d, k))
        choices.append(sorted(own)[:4])
    best: tuple[float, dict[int, int]] = (float("inf"), {})
    budget = 20_000  # combinations tried; a page has a handful of captions

    def extend(i: int, cost: float, taken: dict[int, int]) -> None:
        nonlocal best, budget
        budget -= 1
        if cost >= best[0] or budget < 0:
            return
        if i == len(choices):
            best = (cost, dict(taken))
            return
        for d, k in choices[i]:
            if k not in taken:
                taken[k] = i
                extend(i + 1, cost + d, taken)
                del taken[k]
        # a caption without a frame costs more than any distance, a figure's less, as most have none
        extend(i + 1, cost + (150.0 if captions[i].kind == "table" else 45.0), taken)

    extend(0, 0.0, {})
    return best[1]


def _assign_page(
    page: PageLayout, captions: Sequence[Caption], frames: Sequence[Region], style: Style, prefer: int
) -> list[Region]:
    owner = _matched(page, captions, frames, style, prefer)
    served = set(owner.values())
    out: list[Region] = []
    horizontals = horizontal_rules(page)
    parts = _further_parts(captions, frames, owner)
    for k, f in enumerate(frames):
        if k not in owner:
            out.append(replace(f, caption=captions[parts[k]], part="+") if k in parts else f)
            continue
        caption = captions[owner[k]]
        x0, top, x1, bottom = f.box
        if _opens_page(f, caption, page, style):
            bottom = max(bottom, caption.box[1] - 2)
        out.append(replace(f, caption=caption, box=(x0, top, x1, bottom)))
    for i, c in enumerate(captions):
        if c.kind == "table" and i not in served:
            region = _aligned_rows(page, c, captions, out, horizontals, style, prefer)
            if region is not None:
                out.append(region)
    return [_filled(r, page, horizontals) for r in out]


def _further_parts(captions: Sequence[Caption], frames: Sequence[Region], owner: dict[int, int]) -> dict[int, int]:
    """Frames that are another part of a table whose caption went to a frame beside, above or below -> caption."""
    parts: dict[int, int] = {}
    for k, f in enumerate(frames):
        near = [
            (abs(f.box[1] - g.box[1]) + abs(f.box[3] - g.box[3]), owner[j])
            for j, g in enumerate(frames)
            if k not in owner
            and j in owner
            and captions[owner[j]].kind == "table"
            and _adjacent(f.box, g.box, captions[owner[j]].box, _row_of_frames(g, frames))
        ]
        if near:
            parts[k] = min(near)[1]
    # three or more of equal width below each other: the part of a part
    for _ in frames:
        for k, f in enumerate(frames):
            if k in owner or k in parts:
                continue
            for j, i in list(parts.items()):
                g = frames[j].box
                even = abs(f.box[0] - g[0]) < 4 and abs(f.box[2] - g[2]) < 4
                if even and 0 <= max(f.box[1] - g[3], g[1] - f.box[3]) < 26:
                    parts[k] = i
    return parts


def _adjacent(box: Box, owned: Box, caption: Box, row: Box) -> bool:
    """Whether a frame lies beside another one of a table, under one caption, or right above or below it."""
    beside = min(box[3], owned[3]) - max(box[1], owned[1]) > 0.3 * min(box[3] - box[1], owned[3] - owned[1])
    under_caption = box[0] < caption[2] - 10 and box[2] > caption[0] + 10
    centred = abs((caption[0] + caption[2]) / 2 - (row[0] + row[2]) / 2) < 0.08 * (row[2] - row[0])
    if beside and (under_caption or centred):
        return True
    same_band = abs(box[0] - owned[0]) < 30 or abs(box[2] - owned[2]) < 30 or _inside_band(box, owned)
    gap = max(box[1] - owned[3], owned[1] - box[3])
    return same_band and 0 <= gap < 26


def _inside_band(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.7 * min(a[2] - a[0], b[2] - b[0])


def _grown(region: Region, page: PageLayout, captions: Sequence[Caption], frames: Sequence[Region]) -> Region:
    """The region with rows above its first and below its last rule that line up with it."""
    x0, top, x1, bottom = region.box
    top, bottom = _along_verticals(region.box, page, captions)
    # not over the last rule of a frame above or the first of one below
    others = [f.box for f in frames if f is not region and min(f.box[2], x1) - max(f.box[0], x0) > 0]
    highest = max((b[3] for b in others if b[3] <= top + 1), default=-1e9)
    lowest = min((b[1] for b in others if b[1] >= bottom - 1), default=1e9)
    words = [w for w in page.words if w.x0 > x0 - 6 and w.x1 < x1 + 6 and highest < w.base < lowest + 0.3 * w.size]
    in_caption = {id(w) for c in captions for line in c.lines for w in line.words}
    rows = rows_of([w for w in words if id(w) not in in_caption])
    crossing = {
        round(w.base)
        for w in page.words
        if w.x1 > x0 - 2 and w.x0 < x1 + 2 and (w.x0 < x0 - 6 or w.x1 > x1 + 6) and id(w) not in in_caption
    }
    upper = list(reversed([r for r in rows if r[0].base < top]))
    for i, row in enumerate(upper):
        step = top - row[0].base
        near = step < 1.7 * row[0].size or (i == 0 and step < 2.2 * row[0].size)
        if not near or _crossed(row, crossing) or not _heads(row, upper[i + 1 :], x1 - x0):
            break
        top = min(w.top for w in row)
    for row in [r for r in rows if r[0].base > bottom]:
        if row[0].base - bottom > 2.3 * row[0].size or _crossed(row, crossing) or not is_tabular(row):
            break
        bottom = max(w.bottom for w in row)
    return replace(region, box=(x0, top, x1, bottom))


def _crossed(row: Sequence[Word], crossing: set[int]) -> bool:
    base = round(row[0].base)
    return bool({base - 1, base, base + 1} & crossing)


def _heads(row: Sequence[Word], above: Sequence[Sequence[Word]], width: float) -> bool:
    """Whether a row over the first rule of a table belongs to it: cells, or a short name with nothing near above it."""
    if _HEADING.match(" ".join(w.text for w in row)) or is_subcaption(row):
        return False
    if (
        above
        and row[0].base - above[0][0].base < 1.6 * row[0].size
        and _HEADING.match(" ".join(w.text for w in above[0]))
    ):
        return False
    if len(cells_of(row)) >= 2:
        return True
    apart = not above or row[0].base - above[0][0].base > 2.0 * row[0].size
    return apart and row[-1].x1 - row[0].x0 < 0.6 * width and not row[-1].text.endswith(".")


def _along_verticals(box: Box, page: PageLayout, captions: Sequence[Caption]) -> tuple[float, float]:
    """(top, bottom) of a box drawn out along the vertical rules that begin in it; many draw one piece a row."""
    x0, top, x1, bottom = box
    pieces = [r for r in page.content.rules if not r.horizontal and x0 - 3 <= r.x <= x1 + 3 and r.bottom - r.top > 4]
    stops = [c.box for c in captions if c.box[0] < x1 and c.box[2] > x0]
    for r in sorted((r for r in pieces if r.top < top), key=lambda r: -r.bottom):
        if r.bottom >= top - 3 and not any(r.top < (b[1] + b[3]) / 2 < top for b in stops):
            top = min(top, r.top)
    for r in sorted((r for r in pieces if r.bottom > bottom), key=lambda r: r.top):
        if r.top <= bottom + 3 and not any(bottom < (b[1] + b[3]) / 2 < r.bottom for b in stops):
            bottom = max(bottom, r.bottom)
    return top, bottom


def _filled(region: Region, page: PageLayout, horizontals: Sequence[Rule]) -> Region:
    """The region with its words and all rules inside its box."""
    x0, top, x1, bottom = region.box
    words = tuple(
        w
        for w in page.words
        if x0 - 4 <= (w.x0 + w.x1) / 2 <= x1 + 4 and top - 1 <= w.base - 0.3 * w.size <= bottom + 1
    )
    in_caption = {id(w) for line in (region.caption.lines if region.caption else ()) for w in line.words}
    words = tuple(w for w in words if id(w) not in in_caption)
    rules = tuple(
        r
        for r in horizontals
        if top - 2 <= r.y <= bottom + 2 and r.x0 >= x0 - 10 and r.x1 <= x1 + 10 and r.x1 - r.x0 > 6
    )
    verticals = tuple(
        r
        for r in page.content.rules
        if not r.horizontal and x0 - 3 <= r.x <= x1 + 3 and r.bottom > top and r.top < bottom and r.bottom - r.top > 4
    )
    if words:
        x0, x1 = min(x0, min(w.x0 for w in words)), max(x1, max(w.x1 for w in words))
    return replace(region, box=(x0, top, x1, bottom), words=words, rules=rules, verticals=verticals)


def _aligned_rows(
    page: PageLayout,
    caption: Caption,
    captions: Sequence[Caption],
    regions: Sequence[Region],
    horizontals: Sequence[Rule],
    style: Style,
    prefer: int,
) -> Region | None:
    """The rows beside a caption that no frame is near: up or down to running text, another caption or white space."""
    column = style.column_of(caption.box[0], caption.box[2])
    left, right = style.extent(column)
    left, right = min(left, caption.box[0]) - 2, max(right, caption.box[2]) + 2
    taken = {id(w) for c in captions for line in c.lines for w in line.words}
    taken |= {id(w) for r in regions for w in r.words}
    words = [w for w in page.words if id(w) not in taken and left - 4 <= w.x0 and w.x1 <= right + 4]
    rows = rows_of(words)
    prose = [
        x for x in page.lines if is_prose(x, style) and id(x.words[0]) not in taken and x.x0 < right and x.x1 > left
    ]
    stops = [c.box for c in captions if c is not caption] + [r.box for r in regions]
    stops += [g for g in page.content.graphics if g[3] - g[1] > 60]
    best: tuple[int, Region] | None = None
    for direction in (1, -1):
        edge = caption.box[3] if direction > 0 else caption.box[1]
        candidates = [r for r in rows if (r[0].base > edge if direction > 0 else r[0].base < edge)]
        chosen: list[list[Word]] = []
        last = edge
        for row in candidates if direction > 0 else reversed(candidates):
            base, size = row[0].base, max(w.size for w in row)
            step = abs(base - last)
            if step > (4.0 if not chosen else 2.6) * size:
                break
            if any(abs(x.base - base) < 1 for x in prose) or _HEADING.match(" ".join(w.text for w in row)):
                break
            if any(
                min(b[2], right) > max(b[0], left) and min(last, base) < (b[1] + b[3]) / 2 < max(last, base)
                for b in stops
            ):
                break
            chosen.append(row)
            last = base
        columned = sum(len(cells_of(r)) >= 2 for r in chosen)
        tabular = columned + sum(is_tabular(r) for r in chosen)
        if columned < 2 and not (columned and len(chosen) <= 3):
            continue
        score = tabular + (3 if direction == prefer else 0)
        if best is None or score > best[0]:
            inside = [w for r in chosen for w in r]
            box = (
                min(w.x0 for w in inside),
                min(w.top for w in inside),
                max(w.x1 for w in inside),
                max(w.bottom for w in inside),
            )
            best = (score, Region(box, (), (), caption, framed=False))
    return best[1] if best else None
