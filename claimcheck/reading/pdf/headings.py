"""Headings: which lines open a section, with number, title and level; bold titles that a paragraph opens with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from claimcheck.foundation.records import Section
from claimcheck.reading.pdf.layout import Line, Style
from claimcheck.reading.pdf.words import join_words

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


def is_heading_text(text: str) -> bool:
    """Whether a line reads like the heading of a section ("References", "1 Introduction")."""
    numbered = _NUMBERED.match(text.strip())
    return bool(_KNOWN.match(text.strip()) or (numbered and numbered["number"][0].isdigit()))


def opens_abstract(text: str) -> bool:
    """Whether a line opens with "Abstract." and goes on with the abstract itself."""
    return bool(_ABSTRACT.match(text.strip()))


def find_heading(
    line: Line,
    previous: Line | None,
    following: Line | None,
    style: Style,
    sections: Sequence[Section],
    *,
    after_references: bool,
) -> tuple[str, str, int] | None:
    """(number, title, level) where a line is a heading; None elsewhere.

    `previous` and `following` are the lines around it, `sections` those that have begun before it.
    """
    text = line.text.strip()
    if len(line.words) > 16 or len(text) < 3 or line.size < 0.85 * style.size:
        return None
    larger = line.bold or line.size > 1.08 * style.size
    known = _KNOWN.match(text)
    m = _APPENDIX_NUMBER.match(text) or _NUMBERED.match(text)
    if not (known or m or larger):  # as most lines
        return None
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    capitals = sum(c.isupper() for c in letters) > 0.8 * len(letters) and len(letters) > 3
    strong = larger or capitals
    if (
        known
        and (strong or len(line.words) <= 2)
        and (strong or previous is None or line.base - previous.base > 1.2 * style.leading)
    ):
        return "", text.rstrip(".:"), 1
    if text.endswith((",", ";")):
        return None
    if not strong:
        return _next_heading(line, previous, following, style, sections)
    if m is not None and m["number"] == "A" and not after_references and not text.startswith(("A.", "App")):
        m = None  # "A Simple Model"
    if m is not None and not sections and m["number"].isalpha() and m["number"] != "I":
        m = _APPENDIX_NUMBER.match(text)  # "A. Writer"
    if m is not None:
        title = m["title"].strip()
        if line.widest_gap < 4 and sum(c.isalpha() for c in title) >= 3 and not title.endswith("."):
            return m["number"], title, m["number"].count(".") + 1
    if sections and sections[-1].kind != "references" and len(line.words) <= 10 and text[0].isupper():
        apart = previous is None or line.base < previous.base or line.base - previous.base > 1.15 * style.leading
        left, right = style.extent(line.column)
        short = line.width < 0.8 * (right - left)
        if apart and short and not text.endswith((".", ":")) and line.widest_gap < 1.5 and larger:
            return "", text, 2
    return None


def _next_heading(
    line: Line, previous: Line | None, following: Line | None, style: Style, sections: Sequence[Section]
) -> tuple[str, str, int] | None:
    """A heading in ordinary letters, as fonts without a name print them: it stands apart and its number is due."""
    m = _NUMBERED.match(line.text.strip())
    if m is None or m["title"].endswith((".", ":")) or len(line.words) > 10 or line.widest_gap > 2.5:
        return None
    gap = 1.3 * style.leading
    above = previous is None or line.base < previous.base or line.base - previous.base > gap
    below = following is None or following.base < line.base or following.base - line.base > 1.05 * style.leading
    left, right = style.extent(line.column)
    short = line.width < 0.85 * (right - left) and (line.column == 0 or abs(line.x0 - left) < 3)
    if above and below and short and _is_due(m["number"], [s.number for s in sections]):
        return m["number"], m["title"].strip(), m["number"].count(".") + 1
    return None


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


def split_abstract(line: Line) -> tuple[str, Line, Line] | None:
    """(title, its words, the rest) of a line that opens with "Abstract." and goes on with the abstract itself."""
    m = _ABSTRACT.match(line.text.strip())
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
    return m["title"].replace("A B", "Ab"), replace(line, words=title), replace(line, words=words)


def run_in_title(line: Line) -> tuple[Line | None, Line]:
    """(title, rest) of a line that opens with a bold title and goes on in ordinary letters; (None, line) otherwise."""
    words = line.words
    bold = next((i for i, w in enumerate(words) if not w.bold), len(words))
    if not 0 < bold < len(words) or bold > 10 or not words[bold].text[0].isupper() or words[bold].glued:
        return None, line
    title = join_words(list(words[:bold]))
    if sum(c.isalpha() for c in title) < 3 or title.endswith((",", ")")) or not title[0].isupper():
        return None, line
    return replace(line, words=words[:bold]), replace(line, words=words[bold:])


def same_heading(above: Line, line: Line) -> bool:
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
