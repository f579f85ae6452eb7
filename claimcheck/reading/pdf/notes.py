"""What stands right below a table and belongs to it: its notes, and the line that says that it goes on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.foundation.records import Box
from claimcheck.reading.pdf.captions import Caption
from claimcheck.reading.pdf.layout import Line, PageLayout

_MARKS = "*†‡§¶∗⋆"
_NOTE = re.compile(r"(?:Notes?|Sources?|Legend)\s?[:.]\s?\S", re.I)
_GOES_ON = re.compile(
    r"[(\[]?(?:Table \S+ ?[:.,–-]? ?)?\(?(?:is |to be )?cont(?:inue[sd]?|inuing|inuation|'?d|\.)\b"
    r"(?: (?:on|from|to|over|the|next|previous|following|page|overleaf)){0,5}\.?[)\]]?",
    re.I,
)


def take_notes(page: PageLayout, tables: Sequence[Box], captions: Sequence[Caption]) -> list[Caption]:
    """The notes below the tables of a page, as captions of the kind "note"; `tables` are boxes in points.

    Lines that only say that a table goes on on the next page are taken off the page.
    """
    taken = {id(w) for c in captions for line in c.lines for w in line.words}
    lines = sorted((x for x in page.lines if id(x.words[0]) not in taken), key=lambda x: (x.base, x.x0))
    notes: list[Caption] = []
    gone: set[int] = set()
    for box in tables:
        below = [x for x in lines if x.base - 0.3 * x.size > box[3] and x.x0 > box[0] - 12 and x.x1 < box[2] + 12]
        if below and _near(below[0], box[3]) and _GOES_ON.fullmatch(below[0].text.strip()):
            gone.update(map(id, below[0].words))
            continue
        for block in _blocks(page, below, box):
            notes.append(Caption("note", "", tuple(block)))
            taken.update(id(w) for line in block for w in line.words)
    page.words = [w for w in page.words if id(w) not in gone]
    return notes


def _blocks(page: PageLayout, below: Sequence[Line], box: Box) -> list[list[Line]]:
    """The lines of each note below a box, from top to bottom."""
    out: list[list[Line]] = []
    for line in below:
        last = out[-1][-1] if out else None
        if last is None and (not _near(line, box[3]) or _ruled(page, box[3] + 3, line)):
            break
        if last is not None and (line.base - last.base > 1.6 * line.size or _ruled(page, last.base, line)):
            break
        if _opens(line):
            out.append([line])
        elif last is not None and abs(line.size - last.size) < 0.04 * last.size and last.x1 > box[2] - 3 * last.size:
            out[-1].append(line)
        else:
            break
    return out


def _near(line: Line, bottom: float) -> bool:
    return line.base - bottom < 2.2 * line.size


def _opens(line: Line) -> bool:
    """Whether a line opens a table's note: with a raised mark, or "Note:"."""
    first = line.words[0]
    if len(line.words) > 1 and (first.script > 0 or first.text in _MARKS) and len(first.text) <= 2:
        return True
    return first.text[0] in "†‡§¶⋆" or _NOTE.match(line.text) is not None


def _ruled(page: PageLayout, top: float, line: Line) -> bool:
    """Whether a horizontal rule parts a line from what ends at `top`, as one over footnotes does."""
    return any(
        r.horizontal and top < r.y < line.base and r.x1 - r.x0 > 20 and r.x0 < line.x1 and r.x1 > line.x0
        for r in page.content.rules
    )
