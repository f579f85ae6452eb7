"""Captions: where "Table 3:" or "Figure 2." opens a caption rather than a sentence, and how far the caption goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.layout import Line, PageLayout, Style
from claimcheck.reading.pdf.words import join_words

_CAPTION = re.compile(
    r"(?P<kind>Table|Tab|TABLE|Figure|Fig|FIGURE|FIG|Algorithm|ALGORITHM|Listing|Plate|Chart)s?\.?\s*"
    r"(?P<label>\d{1,3}(?:\.\d{1,2})?|[IVX]{1,5}|[A-Z]\.?-?\d{1,2})"
    r"(?P<stop>\s?[:.|–—]|\s|$)(?P<rest>.*)"
)


@dataclass(frozen=True)
class Caption:
    """A caption, its printed label and its lines. `kind`: "table", "note" (below a table) or "figure", for all else."""

    kind: str
    label: str
    lines: tuple[Line, ...]

    @property
    def box(self) -> Box:
        """(x0, top, x1, bottom) in points."""
        return (
            min(x.x0 for x in self.lines),
            self.lines[0].top,
            max(x.x1 for x in self.lines),
            self.lines[-1].bottom,
        )


def split_captions(lines: Sequence[Line]) -> list[Line]:
    """Lines parted where a caption stands beside another one or beside text, and the lines that go on below them."""
    out: list[Line] = []
    active: list[tuple[float, float, float]] = []  # right end on the left, left end on the right, baseline of a parting
    for line in sorted(lines, key=lambda x: (x.base, x.x0)):
        words, size = line.words, line.size
        active = [a for a in active if line.base - a[2] < 1.6 * size]
        cuts: list[int] = []
        for i in range(1, len(words)):
            gap = words[i].x0 - words[i - 1].x1
            if gap < 0.45 * size:
                continue
            opens = words[i].text[:3] in ("Tab", "TAB", "Fig", "FIG", "Alg")
            if opens:
                m = _CAPTION.match(join_words(list(words[i : i + 4])))
                opens = m is not None and m["stop"].strip() in (":", ".")
            known = next((a for a in active if abs(words[i].x0 - a[1]) < 2.5 and words[i - 1].x1 < a[1] - 3), None)
            if opens or known is not None:
                cuts.append(i)
                if known is not None:
                    active.remove(known)
                active.append((words[i - 1].x1, words[i].x0, line.base))
        # a side that has ended leaves the other alone on its line
        for k, a in enumerate(active):
            if (words[0].x0 > a[0] - 3 and abs(words[0].x0 - a[1]) < 2.5) or words[-1].x1 < a[1] - 3:
                active[k] = (a[0], a[1], line.base)
        for i, j in zip([0, *cuts], [*cuts, len(words)], strict=True):
            out.append(replace(line, words=words[i:j]) if cuts else line)
    return out


def find_captions(page: PageLayout, style: Style) -> list[Caption]:
    """The captions of a page, from top to bottom."""
    lines = sorted(page.lines, key=lambda x: (x.base, x.x0))
    rules = [r for r in page.content.rules if r.horizontal and r.x1 - r.x0 > 20]
    out: list[Caption] = []
    taken: set[int] = set()
    for i, line in enumerate(lines):
        if id(line) in taken:
            continue
        m = _CAPTION.match(line.text)
        if m is None or not _opens(line, m, lines[:i], style, rules):
            continue
        block = [line]
        for other in lines[i + 1 :]:
            last = block[-1]
            if other.base - last.base > 1.55 * line.size:
                break
            if id(other) in taken or not _continues(other, block, style, rules):
                continue
            block.append(other)
        taken.update(map(id, block))
        kind = "table" if m["kind"].lower().startswith("tab") else "figure"
        out.append(Caption(kind, m["label"], tuple(block)))
    return out


def _opens(line: Line, m: re.Match[str], above: Sequence[Line], style: Style, rules: Sequence[Rule]) -> bool:
    """Whether a line that begins with "Table 3" is a caption and no line of running text."""
    first = line.words[0]
    marked = bool(m["stop"].strip())
    body_bold = line.bold and len(line.words) > 4
    bold = first.bold and not body_bold
    before = next(
        (
            x
            for x in reversed(above)
            if x.base < line.base - 0.5 * line.size and _overlap(x, line) > 0.3 * min(x.width, line.width)
        ),
        None,
    )
    tight = before is not None and line.base - before.base < 1.25 * style.leading
    if (
        tight
        and before is not None
        and any(before.base < r.y < line.base and r.x0 < line.x1 and r.x1 > line.x0 for r in rules)
    ):
        tight = False
    same = before is not None and abs(before.size - line.size) < 0.04 * line.size
    if tight and same and before is not None and not bold:
        left, right = style.extent(line.column)
        # a caption right under the last row of its table, but never under a line that fills the column
        if before.widest_gap < 0.8 and before.x1 > right - 0.12 * (right - left) and len(before.words) > 4:
            return False
        if not marked:
            return False
    if marked:
        return True
    rest = m["rest"].strip()
    if not rest:
        return len(line.words) <= 3 and (bold or line.text.isupper() or not tight)
    return bool(rest[:1].isupper() and (bold or (not tight and abs(line.size - style.size) > 0.04 * style.size)))


def _ruled(upper: Line, lower: Line, rules: Sequence[Rule]) -> bool:
    """Whether a rule parts two lines."""
    return any(upper.base < r.y < lower.base and r.x0 < lower.x1 and r.x1 > lower.x0 for r in rules)


def _overlap(a: Line, b: Line) -> float:
    return min(a.x1, b.x1) - max(a.x0, b.x0)


def _continues(line: Line, block: Sequence[Line], style: Style, rules: Sequence[Rule]) -> bool:
    """Whether a line belongs to the caption whose lines so far are `block`."""
    first, last = block[0], block[-1]
    if line.base - last.base < 0.5 * line.size:
        return False
    if _overlap(line, last) <= 0 and _overlap(line, first) <= 0:
        return False
    if abs(line.size - first.size) > 0.06 * first.size:
        return False
    if _ruled(last, line, rules):
        return False
    if _CAPTION.match(line.text) and line.text[:3] == first.text[:3] and line.x0 > first.x0 - 3:
        return False
    if first.column and line.column != first.column:
        return False
    step = block[1].base - block[0].base if len(block) > 1 else None
    if step is not None and line.base - last.base > step + 1.5:
        return False
    x0, x1 = min(x.x0 for x in block), max(x.x1 for x in block)
    justified = len(line.words) > 4 and abs(line.x0 - x0) < 1 and abs(line.x1 - x1) < 1
    if line.widest_gap > (2.2 if justified else 1.5) and len(line.words) > 1:
        return False
    ended = last.text.rstrip().endswith((".", ":", ")")) and len(block) >= 1
    short = last.x1 < x1 - 0.25 * (x1 - x0) if len(block) > 1 else False
    if ended and short:
        return False
    # one short line on its own above a table's first row
    left, right = style.extent(first.column)
    if len(block) == 1 and last.x1 - last.x0 < 0.6 * (right - left) and last.text.endswith("."):
        return False
    return line.x0 > x0 - 25 or line.x1 < x1 + 25
