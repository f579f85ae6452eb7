"""Blocks of running text (paragraphs, headings, captions, footnotes) and the sentences in them, each with its place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from claimcheck.foundation.records import Sentence
from claimcheck.reading.pdf.captions import Caption
from claimcheck.reading.pdf.layout import Line, PageLayout, Style
from claimcheck.reading.sentences import split_sentences

Kind = Literal["title", "abstract", "body", "caption", "footnote", "heading", "reference", "other"]


@dataclass(frozen=True)
class Placed:
    """A line and the page it stands on."""

    line: Line
    page: PageLayout


@dataclass
class Block:
    """Lines that make one paragraph, heading, caption or footnote."""

    kind: Kind
    lines: list[Placed]
    section: int = -1
    text: str = ""
    starts: list[int] = field(default_factory=list)  # offset of each line in `text`


def caption_block(caption: Caption, page: PageLayout, section: int) -> Block:
    """The block of a caption."""
    return Block("caption", [Placed(x, page) for x in caption.lines], section)


def footnote_block(lines: list[Placed], section: int) -> Block:
    """The block of a footnote."""
    return Block("footnote", lines, section)


def take_footnotes(page: PageLayout, style: Style) -> list[list[Placed]]:
    """Footnotes of a page, taken off its lines: small lines at a column's foot, below a short rule or with a mark."""
    notes: list[list[Placed]] = []
    columns = sorted({x.column for x in page.lines})
    gone: set[int] = set()
    for column in columns:
        lines = sorted((x for x in page.lines if x.column == column), key=lambda x: x.base)
        left, right = style.extent(column)
        rule = max(
            (
                r.y
                for r in page.content.rules
                if r.horizontal
                and abs(r.x0 - left) < 6
                and 0.15 * (right - left) < r.x1 - r.x0 < 0.6 * (right - left)
                and r.y > 0.4 * page.content.height
            ),
            default=None,
        )
        tail: list[Line] = []
        for line in reversed(lines):
            small = line.size < 0.94 * style.size
            if not small or line.base < 0.4 * page.content.height:
                break
            if rule is not None and line.base < rule:
                break
            if rule is None and tail and tail[-1].base - line.base > 2.2 * line.size:
                break
            tail.append(line)
        tail.reverse()
        if rule is None:
            start = next((i for i, x in enumerate(tail) if x.words[0].script > 0 or x.words[0].text[0] in "*†‡∗"), None)
            tail = tail[start:] if start is not None else []
        for line in tail:
            gone.add(id(line))
            if not notes or line.words[0].script > 0 or notes[-1][-1].line.column != column:
                notes.append([])
            notes[-1].append(Placed(line, page))
    page.lines = [x for x in page.lines if id(x) not in gone]
    return notes


def make_sentences(blocks: Sequence[Block]) -> list[Sentence]:
    """Sentences of the blocks in order, each with page, box and its span in the page's text.

    A page's text is the sentences that begin on it, in reading order, with one space between them.
    """
    out: list[Sentence] = []
    lengths: Counter[int] = Counter()
    paragraph = -1
    for block in blocks:
        paragraph += 1
        whole = block.kind in ("heading", "title", "reference")
        spans = [(0, len(block.text))] if whole else split_sentences(block.text)
        for a, b in spans:
            text = block.text[a:b].strip()
            if not any(c.isalnum() for c in text):
                continue
            # the lines from the one that the sentence begins in to the one before that begins behind it
            i, j = max(0, bisect_right(block.starts, a) - 1), bisect_left(block.starts, b)
            covered = [p for p in block.lines[i:j] if p.line.text] or block.lines[:1]
            first = covered[0]
            page = first.page.number
            same = [p.line for p in covered if p.page is first.page and p.line.column == first.line.column]
            box = (
                min([x.x0 for x in same]),
                min([x.top for x in same]),
                max([x.x1 for x in same]),
                max([x.bottom for x in same]),
            )
            start = lengths[page] + (1 if lengths[page] else 0)
            lengths[page] = start + len(text)
            out.append(
                Sentence(
                    text=text,
                    section=block.section,
                    paragraph=paragraph,
                    kind=block.kind,
                    page=page,
                    box=first.page.content.place(box),
                    span=(start, start + len(text)),
                )
            )
    return out
