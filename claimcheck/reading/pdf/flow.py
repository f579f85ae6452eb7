"""The running text: lines in reading order, headings, paragraphs over columns and pages, sentences with places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from claimcheck.foundation.records import Section, Sentence
from claimcheck.reading.pdf.captions import Caption
from claimcheck.reading.pdf.layout import Line, PageLayout, Style
from claimcheck.reading.pdf.words import join_words
from claimcheck.reading.sentences import split_sentences

Kind = Literal["title", "abstract", "body", "caption", "footnote", "heading", "reference", "other"]
SectionKind = Literal["abstract", "body", "references", "appendix", "other"]

_NUMBERED = re.compile(
    r"(?P<number>(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,3}|[IVX]{1,5})(?:[.:]|\s[.:])?\s+(?P<title>[A-Z“\"(\d].*)"
)
_APPENDIX_NUMBER = re.compile(r"(?:Appendix|APPENDIX)\s+(?P<number>[A-Z])\b[.:]?\s*(?P<title>.*)")
_KNOWN = re.compile(
    r"(?:abstract|introduction|references?|bibliography|acknowledge?ments?|appendix|appendices|conclusions?"
    r"|related work|discussion|results|experiments|supplement(?:ary|al) materials?"
    r"|conclusions? and future work|future work|limitations)[.:]?$",
    re.I,
)
_ABSTRACT = re.compile(r"(?P<title>Abstract|ABSTRACT|A BSTRACT)\s*(?P<stop>[.:—–]|-(?=\s|[A-Z]))\s*(?P<rest>\S.*)")
_ITEM = re.compile(r"(?:\(?(?:\d{1,2}|[a-h]|[ivx]{1,4})\)|\d{1,2}\.)\s+\S")
_PLAIN_WORD = re.compile(r"[“\"(]?[A-Za-z][a-z]{2,}[.,;:)”\"]*")
_RELATION = re.compile(r"[=≤≥≈∝∼←→≜]|(?<=\s)[<>∈](?=\s)")
_FUNCTIONS = {"exp", "log", "max", "min", "arg", "argmax", "argmin", "softmax", "tanh", "sigmoid", "relu", "sin", "cos"}
_BULLETS = "•◦▪●■‣▶"
_DASHES = {"–", "-", "—", "∗", "*"}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FOOTNOTE_START = re.compile(r"^(?:[*†‡§¶∗⋆]+|\d{1,2})\s?")


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


# first and last parts of compounds that English writes with a hyphen; a part of a divided word is rarely one of them
_FIRST = frozenset(
    {
        "self", "non", "cross", "state", "high", "low", "long", "short", "fine", "end", "well", "large", "small", "two",
        "three", "four", "five", "single", "zero", "one", "few", "open", "closed", "near", "real", "left", "right",
        "task", "word", "sentence", "character", "part", "data", "time", "human", "gold", "hand", "type", "deep",
        "source", "target", "sequence", "model", "label", "feature", "domain", "language", "question", "knowledge",
    }
)  # fmt: skip
_LAST = frozenset(
    {
        "based", "level", "aligned", "specific", "trained", "aware", "free", "art", "shot", "tuning", "tuned", "scale",
        "domain", "dependent", "independent", "order", "layer", "style", "like", "rank", "wise", "driven", "size",
        "sized", "time", "term", "quality", "performing", "attention", "trivial", "head", "hot", "only",
        "supervised", "annotated", "crafted", "agnostic", "invariant", "oriented", "related", "learning", "answering",
        "target", "token", "word", "sentence", "language", "modal", "label", "class", "step", "stage", "end", "to",
        "of", "the", "in", "and", "by", "off", "up", "out",
    }
)  # fmt: skip


class Hyphens:
    """Resolves hyphens at line ends by the words that the paper itself prints within lines."""

    def __init__(self, pages: Iterable[PageLayout]) -> None:
        self.known: Counter[str] = Counter()
        for page in pages:
            for line in page.lines:
                text = line.text.lower()
                words = _WORD.findall(text[:-1] if text.endswith("-") else text)
                self.known.update(words[:-1] if text.endswith("-") else words)
        # how many compounds of the paper begin and end with a part
        compounds = [w for w in self.known if "-" in w]
        self._first = Counter(w.partition("-")[0] for w in compounds)
        self._last = Counter(w.rpartition("-")[2] for w in compounds)

    def join(self, before: str, after: str) -> str:
        """`before` (which ends in a hyphen) and `after` as one text: without the hyphen unless the paper writes it."""
        left = re.search(r"[\w-]*-$", before)
        right = re.match(r"[\w-]*", after)
        if left is None or right is None or not right[0]:
            return before + after
        a, b = left[0][:-1], right[0]
        if not a or not a[-1].isalpha() or not b[0].isalpha():
            return before + after
        joined, apart = (a + b).lower(), f"{a}-{b}".lower()
        keep = self.known[apart] > self.known[joined]
        if not self.known[apart] and not self.known[joined]:
            # names, and words that are hyphenated already, keep the hyphen
            keep = b[0].isupper() or "-" in a or ("-" in b and bool(self.known[a.lower()])) or self._compound(a, b)
        elif not keep and b[0].isupper() and not a.isupper():
            keep = self.known[joined] == 0
        return before + after if keep else before[:-1] + after

    def _compound(self, a: str, b: str) -> bool:
        """Whether two parts that the paper prints neither joined nor apart are words of a compound."""
        a, b = a.lower(), b.lower()
        first, last = self._first[a] + (a in _FIRST), self._last[b] + (b in _LAST)
        # both parts are words of the paper, and one of them makes compounds there or elsewhere
        return len(a) > 2 and len(b) > 2 and bool(self.known[a] and self.known[b]) and first + last > 0


def is_heading_text(text: str) -> bool:
    """Whether a line reads like the heading of a section ("References", "1 Introduction")."""
    numbered = _NUMBERED.match(text.strip())
    return bool(_KNOWN.match(text.strip()) or (numbered and numbered["number"][0].isdigit()))


def opens_abstract(text: str) -> bool:
    """Whether a line opens with "Abstract." and goes on with the abstract itself."""
    return bool(_ABSTRACT.match(text.strip()))


def is_display(line: Line, style: Style) -> bool:
    """Whether a line is a displayed formula: set in, and mostly letters of mathematical fonts and signs."""
    left, right = style.extent(line.column)
    letters = sum(len(w.text) for w in line.words)
    math = sum(len(w.text) for w in line.words if w.math or w.script or not any(c.isalpha() for c in w.text))
    words = sum(1 for w in line.words if not w.math and len(w.text) > 3 and w.text.isalpha())
    if words > 2:
        return False
    set_in = line.x0 > left + 1.2 * style.size
    plain = [w for w in line.words if not w.script and not w.math and _PLAIN_WORD.fullmatch(w.text)]
    plain = [w for w in plain if w.text not in _FUNCTIONS]
    if not plain and (letters <= 60 or set_in) and max(w.size for w in line.words) < 0.79 * style.size:
        return True  # the limits of a sum
    if not plain and set_in and math >= 0.3 * letters and any(w.math for w in line.words) and letters > 1:
        return True  # the parts of a fraction
    if len(plain) <= 1 and set_in and _RELATION.search(line.text) and (any(w.math or w.script for w in line.words)):
        return True
    numbered = bool(re.search(r"\(\d{1,2}[a-z]?\)$", line.text)) and line.x1 > right - 4 and set_in
    if not math:
        return False
    return (set_in and math >= 0.6 * letters and any(w.math for w in line.words)) or (
        numbered and math >= 0.4 * letters
    )


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
            heading = self._heading(line, previous, lines[i + 1] if i + 1 < len(lines) else None)
            if heading is not None:
                block = [line]
                while i + 1 < len(lines) and len(block) < 3 and _same_heading(block[-1], lines[i + 1]):
                    i += 1
                    block.append(lines[i])
                self._add_heading(heading, block, page)
                previous = lines[i]
                i += 1
                continue
            if self._open is None or self._starts(line, previous, lines[i + 1] if i + 1 < len(lines) else None):
                self._close()
                self._open = Block(self._kind(), [], self.section)
                title, rest = _run_in_title(line)
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

    def _heading(self, line: Line, previous: Line | None, following: Line | None) -> tuple[str, str, int] | None:
        """(number, title, level) where a line is a heading."""
        text = line.text.strip()
        if len(line.words) > 16 or len(text) < 3 or line.size < 0.85 * self.style.size:
            return None
        letters = [c for c in text if c.isalpha()]
        if not letters:
            return None
        capitals = sum(c.isupper() for c in letters) > 0.8 * len(letters) and len(letters) > 3
        strong = line.bold or line.size > 1.08 * self.style.size or capitals
        known = _KNOWN.match(text)
        if (
            known
            and (strong or len(line.words) <= 2)
            and (strong or previous is None or line.base - previous.base > 1.2 * self.style.leading)
        ):
            return "", text.rstrip(".:"), 1
        if text.endswith((",", ";")):
            return None
        if not strong:
            return self._next_heading(line, previous, following)
        m = _APPENDIX_NUMBER.match(text) or _NUMBERED.match(text)
        if m is not None and m["number"] == "A" and not self._after_references and not text.startswith(("A.", "App")):
            m = None  # "A Simple Model"
        if m is not None and not self.sections and m["number"].isalpha() and m["number"] != "I":
            m = _APPENDIX_NUMBER.match(text)  # "A. Writer"
        if m is not None and (line.bold or capitals or line.size > 1.08 * self.style.size):
            title = m["title"].strip()
            if line.widest_gap < 4 and sum(c.isalpha() for c in title) >= 3 and not title.endswith("."):
                return m["number"], title, m["number"].count(".") + 1
        if self.section >= 0 and self._kind() != "reference" and len(line.words) <= 10 and text[0].isupper():
            apart = (
                previous is None or line.base < previous.base or line.base - previous.base > 1.15 * self.style.leading
            )
            left, right = self.style.extent(line.column)
            short = line.width < 0.8 * (right - left)
            if (
                apart
                and short
                and not text.endswith((".", ":"))
                and line.widest_gap < 1.5
                and (line.bold or line.size > 1.08 * self.style.size)
            ):
                return "", text, 2
        return None

    def _next_heading(self, line: Line, previous: Line | None, following: Line | None) -> tuple[str, str, int] | None:
        """A heading in ordinary letters, as fonts without a name print them: it stands apart and its number is due."""
        m = _NUMBERED.match(line.text.strip())
        if m is None or m["title"].endswith((".", ":")) or len(line.words) > 10 or line.widest_gap > 2.5:
            return None
        gap = 1.3 * self.style.leading
        above = previous is None or line.base < previous.base or line.base - previous.base > gap
        below = (
            following is None or following.base < line.base or following.base - line.base > 1.05 * self.style.leading
        )
        left, right = self.style.extent(line.column)
        short = line.width < 0.85 * (right - left) and (line.column == 0 or abs(line.x0 - left) < 3)
        if above and below and short and _is_due(m["number"], [s.number for s in self.sections]):
            return m["number"], m["title"].strip(), m["number"].count(".") + 1
        return None

    def _open_abstract(self, line: Line, page: PageLayout) -> Line | None:
        """The rest of a line that opens with "Abstract." before the first heading, whose section is then open."""
        m = _ABSTRACT.match(line.text.strip()) if not self.sections else None
        if m is None:
            return None
        i = 1 if line.words[0].text.lower().startswith("abstract") else 2
        title, words = line.words[:i], line.words[i:]
        tail = line.words[i - 1].text
        cut = re.match(r"(?i)(?:a?bstract)[.:—–-](?P<rest>.+)", tail)
        if cut is not None:
            words = (replace(line.words[i - 1], text=cut["rest"]), *words)
        while words and words[0].text in {".", ":", "—", "–", "-"}:
            words = words[1:]
        if not words:
            return None
        self._add_heading(("", m["title"].replace("A B", "Ab"), 1), [replace(line, words=title)], page)
        return replace(line, words=words)

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


def _is_due(number: str, sections: Sequence[str]) -> bool:
    """Whether a section number comes after those before it: "4.1" and "5" after "4", "4.3" and "5" after "4.2"."""
    last = next((n for n in reversed(sections) if n[:1].isdigit()), "")
    if not last:
        return number == "1"
    parts = last.split(".")
    due = {f"{last}.1"}
    for depth in range(len(parts)):
        if parts[depth].isdigit():
            due.add(".".join([*parts[:depth], str(int(parts[depth]) + 1)]))
    return number in due


def _run_in_title(line: Line) -> tuple[Line | None, Line]:
    """(title, rest) of a line that opens with a bold title and goes on in ordinary letters; (None, line) otherwise."""
    words = line.words
    bold = next((i for i, w in enumerate(words) if not w.bold), len(words))
    if not 0 < bold < len(words) or bold > 10 or not words[bold].text[0].isupper() or words[bold].glued:
        return None, line
    title = join_words(list(words[:bold]))
    if sum(c.isalpha() for c in title) < 3 or title.endswith((",", ")")) or not title[0].isupper():
        return None, line
    return replace(line, words=words[:bold]), replace(line, words=words[bold:])


def _same_heading(above: Line, line: Line) -> bool:
    """Whether a line continues the heading above it."""
    return (
        abs(line.size - above.size) < 0.05 * above.size
        and line.bold == above.bold
        and 0 < line.base - above.base < 1.35 * above.size
        and line.column == above.column
        and len(line.words) <= 8
        and not _NUMBERED.match(line.text)
        and (above.bold or above.size > 11)
        and line.x0 > above.x0 - 3
    )


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
            covered = [
                p
                for p, s, e in zip(block.lines, block.starts, [*block.starts[1:], len(block.text)], strict=True)
                if s < b and e > a and p.line.text
            ] or block.lines[:1]
            first = covered[0]
            page = first.page.number
            same = [p.line for p in covered if p.page is first.page and p.line.column == first.line.column]
            box = (
                min(x.x0 for x in same), min(x.top for x in same), max(x.x1 for x in same), max(x.bottom for x in same)
            )  # fmt: skip
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


def caption_block(caption: Caption, page: PageLayout, section: int) -> Block:
    """The block of a caption."""
    return Block("caption", [Placed(x, page) for x in caption.lines], section)


def footnote_block(lines: list[Placed], section: int) -> Block:
    """The block of a footnote."""
    return Block("footnote", lines, section)
