"""The running text: lines in reading order, sections, paragraphs over columns and pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from claimcheck.foundation.records import Section
from claimcheck.reading.pdf.blocks import Block, Kind, Placed
from claimcheck.reading.pdf.headings import find_heading, run_in_title, same_heading, split_abstract
from claimcheck.reading.pdf.hyphens import Hyphens
from claimcheck.reading.pdf.layout import Line, PageLayout, Style

SectionKind = Literal["abstract", "body", "references", "appendix", "other"]
_ITEM = re.compile(r"(?:\(?(?:\d{1,2}|[a-h]|[ivx]{1,4})\)|\d{1,2}\.)\s+\S")
_PLAIN_WORD = re.compile(r"[“\"(]?[A-Za-z][a-z]{2,}[.,;:)”\"]*")
_RELATION = re.compile(r"[=≤≥≈∝∼←→≜]|(?<=\s)[<>∈](?=\s)")
_FUNCTIONS = {"exp", "log", "max", "min", "arg", "argmax", "argmin", "softmax", "tanh", "sigmoid", "relu", "sin", "cos"}
_BULLETS = "•◦▪●■‣▶"
_DASHES = {"–", "-", "—", "∗", "*"}
_FOOTNOTE_START = re.compile(r"^(?:[*†‡§¶∗⋆]+|\d{1,2})\s?")


def is_display(line: Line, style: Style) -> bool:
    """Whether a line is a displayed formula: set in, and mostly letters of mathematical fonts and signs."""
    left, right = style.extent(line.column)
    set_in = line.x0 > left + 1.2 * style.size
    if not set_in and line.size >= 0.79 * style.size:  # as most lines
        return False
    plain = 0
    for w in line.words:
        if not w.math and len(w.text) > 3 and w.text.isalpha():
            plain += 1
            if plain > 2:
                return False
    letters = sum(len(w.text) for w in line.words)
    any_math = any(w.math for w in line.words)
    names = [w.text for w in line.words if not w.script and not w.math and _PLAIN_WORD.fullmatch(w.text)]
    names = [x for x in names if x not in _FUNCTIONS]
    if not names and (letters <= 60 or set_in) and max(w.size for w in line.words) < 0.79 * style.size:
        return True  # the limits of a sum
    if not set_in:
        return False
    math = sum(len(w.text) for w in line.words if w.math or w.script or not any(c.isalpha() for c in w.text))
    if not names and math >= 0.3 * letters and any_math and letters > 1:
        return True  # the parts of a fraction
    scripts = any_math or any(w.script for w in line.words)
    if len(names) <= 1 and scripts and _RELATION.search(line.text):
        return True
    if not math:
        return False
    numbered = line.x1 > right - 4 and bool(re.search(r"\(\d{1,2}[a-z]?\)$", line.text))
    return (any_math and math >= 0.6 * letters) or (numbered and math >= 0.4 * letters)


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Lines as one reads them: a line over the whole width parts what is above it from what is below."""
    out: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in sorted(lines, key=lambda x: (x.base, x.x0)):
        if line.column == 0:
            out += left + right + [line]
            left, right = [], []
        else:
            (left if line.column == 1 else right).append(line)
    return out + left + right


class Flow:
    """Builds sections and blocks from lines in reading order, page after page."""

    def __init__(self, style: Style, hyphens: Hyphens) -> None:
        self.style, self.hyphens = style, hyphens
        self.sections: list[Section] = []
        self.blocks: list[Block] = []
        self._open: Block | None = None
        self._waiting: list[Block] = []
        self._after_references = False

    @property
    def section(self) -> int:
        """Index of the section that is open; -1 before the first heading."""
        return len(self.sections) - 1

    def add_page(self, lines: Sequence[Line], page: PageLayout, aside: Sequence[Block]) -> None:
        """Takes the body lines of a page in order; `aside` (captions, footnotes) follow the paragraph that is open."""
        previous: Line | None = None
        i = 0
        while i < len(lines):
            line = lines[i]
            if is_display(line, self.style):
                i += 1
                continue
            line = self._open_abstract(line, page) or line
            following = lines[i + 1] if i + 1 < len(lines) else None
            heading = find_heading(
                line, previous, following, self.style, self.sections, after_references=self._after_references
            )
            if heading is not None:
                block = [line]
                while i + 1 < len(lines) and len(block) < 3 and same_heading(block[-1], lines[i + 1]):
                    i += 1
                    block.append(lines[i])
                self._add_heading(heading, block, page)
                previous = lines[i]
                i += 1
                continue
            if self._open is None or self._starts(line, previous, following):
                self._close()
                self._open = Block(self._kind(), [], self.section)
                title, rest = run_in_title(line)
                if title is not None:
                    self.blocks.append(Block("heading", [Placed(title, page)], self.section))
                    self._open.lines.append(Placed(rest, page))
                    previous = line
                    i += 1
                    continue
            self._open.lines.append(Placed(line, page))
            previous = line
            i += 1
        self._waiting.extend(aside)

    def finish(self) -> list[Block]:
        """Closes what is open; every block has its text."""
        self._close()
        for block in self.blocks:
            self.write(block)
        return [b for b in self.blocks if b.text]

    def _close(self) -> None:
        if self._open is not None and self._open.lines:
            self.blocks.append(self._open)
        self._open = None
        self.blocks.extend(self._waiting)
        self._waiting = []

    def _kind(self) -> Kind:
        if self.section < 0:
            return "other"
        kind = self.sections[self.section].kind
        if kind == "abstract":
            return "abstract"
        return "reference" if kind == "references" else "body"

    def _open_abstract(self, line: Line, page: PageLayout) -> Line | None:
        """The rest of a line that opens with "Abstract." before the first heading, whose section is then open."""
        parts = split_abstract(line) if not self.sections else None
        if parts is None:
            return None
        title, heading, rest = parts
        self._add_heading(("", title, 1), [heading], page)
        return rest

    def _add_heading(self, heading: tuple[str, str, int], lines: list[Line], page: PageLayout) -> None:
        number, title, level = heading
        title = " ".join([title, *(x.text for x in lines[1:])])
        low = title.lower()
        kind: SectionKind = "body"
        if low.startswith("abstract"):
            kind = "abstract"
        elif low.startswith(("reference", "bibliograph")):
            kind = "references"
        elif low.startswith("acknowledg"):
            kind = "other"
        elif (
            "appendi" in low
            or "supplement" in low
            or self._after_references
            or (
                number[:1].isalpha()
                and len(number.split(".")[0]) == 1
                and any(s.number[:1].isdigit() for s in self.sections)
            )
        ):
            kind = "appendix"
        if kind == "references":
            self._after_references = True
        self._close()
        self.sections.append(Section(title=title, number=number, level=level, kind=kind))
        self.blocks.append(Block("heading", [Placed(x, page) for x in lines], self.section))

    def _starts(self, line: Line, previous: Line | None, following: Line | None) -> bool:
        """Whether a line begins a new paragraph."""
        opened = self._open
        if opened is None or not opened.lines:
            return True
        last = opened.lines[-1].line
        left, right = self.style.extent(line.column)
        size = self.style.size
        if opened.kind == "reference":
            return self._starts_reference(line, last)
        full = last.x1 > self.style.extent(last.column)[1] - 0.12 * (right - left)
        ended = last.text.rstrip().endswith((".", "!", "?", ":", ".”", '."', ".)"))
        moved = previous is None or line.base < previous.base or line.column != previous.column
        indented = 0.6 * size < line.x0 - left < 3.2 * size
        if moved:
            # over a column or a page a paragraph goes on unless it ended or the new one is indented
            if not ended:
                return False
            return indented or not full
        gap = line.base - last.base
        if gap > 1.45 * self.style.leading and (ended or line.words[0].text[:1] in "•–◦▪"):
            return True
        if line.words[0].text[:1] in _BULLETS:
            return True
        if line.words[0].text in _DASHES or _ITEM.match(line.text):
            # the label of an item: what goes on below it hangs, or the line before it has ended
            hangs = following is not None and 0.5 * size < following.x0 - line.x0 < 3 * size
            if ended or (hangs and not full):
                return True
        if (
            ended
            and indented
            and (following is None or following.x0 < line.x0 - 0.4 * size or following.column != line.column)
            and last.x0 < line.x0 - 0.4 * size
        ):
            return True
        return ended and not full and line.x0 - left < 0.6 * size

    def _starts_reference(self, line: Line, last: Line) -> bool:
        left, _ = self.style.extent(line.column)
        if re.match(r"\[[\w+.-]{1,12}\]|\d{1,3}\.\s", line.text):
            return True
        hanging = last.x0 - left > 4
        if line.column != last.column or line.base < last.base:
            return line.x0 - left < 4 and last.text.rstrip().endswith((".", "/"))
        if line.base - last.base > 1.25 * last.size * 1.15 and line.x0 - left < 4:
            return True
        return line.x0 - left < 4 and (hanging or last.text.rstrip().endswith("."))

    def write(self, block: Block) -> None:
        """Joins the lines of a block to its text."""
        text = ""
        for placed in block.lines:
            piece = placed.line.text
            if not piece:
                block.starts.append(len(text))
                continue
            if text.endswith("-") and len(text) > 1 and text[-2].isalnum():
                joined = self.hyphens.join(text, piece)
                block.starts.append(len(joined) - len(piece))
                text = joined
            else:
                text = f"{text} {piece}" if text else piece
                block.starts.append(len(text) - len(piece))
        if block.kind == "footnote":
            m = _FOOTNOTE_START.match(text)
            if m:
                text = text[m.end() :]
                block.starts = [max(0, s - m.end()) for s in block.starts]
        elif block.kind == "body" and text[:1] and text[0] in _BULLETS:
            cut = len(text) - len(text[1:].lstrip())
            text = text[cut:]
            block.starts = [max(0, s - cut) for s in block.starts]
        block.text = text
