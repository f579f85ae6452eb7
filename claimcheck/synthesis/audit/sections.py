# ruff: noqa: E501 - long patterns of words read best on one line
"""A report's text in parts: headings of any style, its title, maker and date, and the question that it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Heading",
    "Line",
    "Part",
    "PartKind",
    "kind_of",
    "parts_of",
    "question_of",
    "sentences_of",
    "without_markup",
]

PartKind = Literal["front", "abstract", "question", "method", "results", "claims", "limitations", "references", "other"]
_MAX_HEADING = 100  # characters
_KINDS: tuple[tuple[PartKind, re.Pattern[str]], ...] = (
    ("references", re.compile(
        r"(?:list of |key |all |cited )?(?:references?|bibliography|works? cited|(?:cited |primary )?sources|citations|"
        r"(?:cited |included |retrieved |reviewed )?(?:papers|literature|works|studies)(?: cited| reviewed| retrieved)?)"
        r"(?: and (?:links|notes|further reading))?", re.I)),
    ("claims", re.compile(
        r"(?:table (?:\d+[.:]? )?(?:of )?)?(?:the |all |our )?(?:(?:extracted|key|main|verified|checked|central|atomic|individual|"
        r"scientific|core|list of|summary of)\s+)*(?:claims?|findings|statements|assertions)"
        r"(?:\s+(?:extracted|verified|checked|verification|table|list|ledger|overview|summary|evaluation|assessment))?"
        r"(?:\s*(?:and|with|&|/|,)\s*(?:their\s+)?[\w-]+){0,3}", re.I)),
    ("question", re.compile(r"(?:the )?(?:research |review |guiding )?questions?(?: \(?rqs?\)?)?|rqs?", re.I)),
    ("abstract", re.compile(r"abstract|(?:executive |plain[- ]language )?summary|overview|tl;?dr", re.I)),
    ("method", re.compile(r"(?:materials and )?method(?:s|ology)?|(?:search|review) (?:strategy|methods?|methodology)|approach|protocol", re.I)),
    ("results", re.compile(r"results?(?: and discussion)?|outcomes?|synthesis", re.I)),
    ("limitations", re.compile(r"limitations?(?: and (?:caveats|future work))?|caveats|disclaimer|threats to validity", re.I)),
    ("other", re.compile(
        r"introduction|background|discussion|conclusions?|acknowledge?ments?|appendix(?: [a-z])?|notes?|review(?: score)?|"
        r"quality (?:assessment|review|score)|assessment|metadata|data availability|related work|motivation", re.I)),
)  # fmt: skip
_HASH = re.compile(r"(?P<level>#{1,6})\s+(?P<title>.*?)\s*#*")
_BOLD = re.compile(r"(?:\*\*|__)(?P<title>[^*_]{1,100})(?:\*\*|__)\s*:?")
_NUMBERED = re.compile(
    r"(?:section\s+|§\s*)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|[A-H])(?P<mark>[.):]|\s*[-–—])?\s+(?P<title>\S.*)", re.I
)  # fmt: skip
_UNDERLINE = re.compile(r"\s*(?P<sign>[=-])(?P=sign){2,}\s*")
_ONE_CLAIM = re.compile(r"(?:\d+[.)]?\s*)?claim\s*(?:#|no\.?\s*|n°\s*)?\d+\b.*", re.I)
_DATE = re.compile(
    r"(?:date[:\s]+|published[:\s]+|generated(?: on)?[:\s]+)?(?P<date>(?:[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})|(?:\d{1,2}\.? [A-Z][a-z]{2,8}\.? \d{4})|"
    r"(?:\d{4}-\d{2}-\d{2})|(?:\d{1,2}[./]\d{1,2}[./]\d{4}))(?:T\S+)?", re.I
)  # fmt: skip
_QUESTION = re.compile(
    r"\b(?:(?:research|review|guiding|study|central|main)\s+)?(?:questions?|RQ\s?\d{0,2})\s*(?:\(RQ\d?\)\s*)?(?:\*\*|__)?\s*(?:[:：]|\s[-–—]\s)\s*(?:\*\*|__)?\s*(?P<rest>\S.*)",
    re.I,
)
_ASKED = re.compile(r"(?P<asked>.{3,1500}?\?)(?=$|[\s.?\"”’'*_)\]])")
_SENTENCE = re.compile(r".+?(?:[.!?…][\"”’')\]]*(?=\s+[\"“‘'(\[]*[A-Z0-9\W])|$)", re.S)
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|et al|cf|vs|fig|tab|eq|sec|no|approx|resp|dr|prof|st|[A-Z])\.$", re.I)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report, without the blanks at its end; numbered from 1."""

    number: int
    text: str

    @property
    def bare(self) -> str:
        return self.text.strip()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as printed, without its number and signs."""

    title: str
    level: int
    kind: PartKind
    lines: int = 1  # that it takes


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with what stands below it, up to the next heading."""

    title: str
    kind: PartKind
    level: int
    line: int
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """Its paragraphs, each in one line."""
        return "\n".join(paragraphs(self.lines))


def kind_of(title: str) -> PartKind | None:
    """What a heading's words announce; None where they are no usual heading."""
    plain = " ".join(without_markup(title).split()).strip(" :.-–—")
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(plain)), None)


def without_markup(text: str) -> str:
    """Text without Markdown's emphasis and code signs around it."""
    plain = text.strip()
    for sign in ("***", "**", "__", "`", "*", "_"):
        if (
            len(plain) > 2 * len(sign)
            and plain.startswith(sign)
            and plain.endswith(sign)
            and sign not in plain[len(sign) : -len(sign)]
        ):
            plain = plain[len(sign) : -len(sign)].strip()
    return plain


def parts_of(text: str) -> list[Part]:
    """The parts of a report in their order; the first holds what stands before any heading."""
    lines = [Line(i, t.rstrip().replace("\f", "")) for i, t in enumerate(text.split("\n"), 1)]
    lines = [x for x in lines if not x.bare.startswith("```")]
    out: list[Part] = []
    title, kind, level, start = "", "front", 0, 1
    held: list[Line] = []
    number = 0
    inside: PartKind = "front"
    inside_level = 0
    while number < len(lines):
        heading = _heading(lines, number, inside)
        if heading is None:
            held.append(lines[number])
            number += 1
            continue
        out.append(Part(title, kind, level, start, tuple(held)))  # type: ignore[arg-type]
        title, level, start, held = heading.title, heading.level, lines[number].number, []
        # "Claim 1" below "Claims", and "Books" below "References", belong to what they stand below
        if heading.kind in ("other", "front") and heading.level > inside_level and inside in ("claims", "references"):
            kind = inside
        else:
            kind, inside, inside_level = heading.kind, heading.kind, heading.level
        number += heading.lines
    out.append(Part(title, kind, level, start, tuple(held)))  # type: ignore[arg-type]
    return out


def _heading(lines: Sequence[Line], i: int, inside: PartKind) -> Heading | None:
    """The heading that line `i` is, if it is one."""
    bare = lines[i].bare
    if not bare or len(bare) > 3 * _MAX_HEADING or "\t" in bare:
        return None
    found = _HASH.fullmatch(bare)
    if found and bare.count("|") < 2:
        title = _without_number(without_markup(found["title"]))
        return Heading(title, len(found["level"]), kind_of(title) or "other") if title else None
    if len(bare) > _MAX_HEADING or "|" in bare:
        return None
    before = i == 0 or not lines[i - 1].bare
    after = i + 1 >= len(lines) or not lines[i + 1].bare
    if before and i + 1 < len(lines) and _UNDERLINE.fullmatch(lines[i + 1].text) and any(c.isalpha() for c in bare):
        title = _without_number(without_markup(bare))
        return Heading(title, 1 if "=" in lines[i + 1].text else 2, kind_of(title) or "other", 2)
    bold = _BOLD.fullmatch(bare)
    if bold and (before or after):
        title = _without_number(bold["title"].strip(" :"))
        kind = kind_of(title)
        return Heading(title, 3, kind or "other") if kind or (before and after) else None
    numbered = _NUMBERED.fullmatch(bare)
    if numbered and before:
        title = numbered["title"].strip(" :")
        kind = kind_of(title)
        if kind is not None:
            return Heading(title, 1 + numbered["number"].count("."), kind)
        plain = inside not in ("claims", "references") and after and not numbered["mark"]
        if plain and _is_title(title) and numbered["number"][0].isdigit():
            return Heading(title, 1 + numbered["number"].count("."), "other")
    kind = kind_of(bare)
    if kind is not None and (before or after or bare.endswith(":")) and len(bare.split()) <= 8 and bare[:1].isupper():
        return Heading(bare.strip(" :"), 1, kind)
    letters = [c for c in bare if c.isalpha()]
    if before and after and len(letters) >= 6 and all(c.isupper() for c in letters) and len(bare.split()) <= 8 and i:
        return Heading(bare.strip(" :"), 1, "other")
    return None


def _without_number(title: str) -> str:
    found = _NUMBERED.fullmatch(title)
    return (
        found["title"]
        if found and (found["mark"] or found["number"][0].isdigit() or kind_of(found["title"]))
        else title
    )


def _is_title(text: str) -> bool:
    return len(text.split()) <= 9 and text[:1].isupper() and text[-1:] not in ".?!;,"


def paragraphs(lines: Sequence[Line]) -> Iterator[str]:
    """Runs of lines between empty ones, each as one line; rows of tables and items of lists stand alone."""
    held: list[str] = []
    for line in lines:
        bare = line.bare
        if not bare or "\t" in bare or bare.startswith(("|", "- ", "* ", "+ ", "• ")):
            if held:
                yield " ".join(held)
            held = []
        if bare and "\t" not in bare and not bare.startswith("|"):
            held.append(bare)
    if held:
        yield " ".join(held)


def sentences_of(text: str) -> list[str]:
    """The sentences of a paragraph, abbreviations and decimals kept whole."""
    out: list[str] = []
    for found in _SENTENCE.finditer(text):
        piece = found[0].strip()
        if not piece:
            continue
        if out and (_ABBREVIATION.search(out[-1]) or not any(c.isalnum() for c in piece)):
            out[-1] = f"{out[-1]} {piece}"
        else:
            out.append(piece)
    return out


def front_of(parts: Sequence[Part]) -> tuple[str, str, str]:
    """(title, maker, date) from what stands before the first part with a kind of its own; "" for what is not said."""
    front = [x.bare for x in parts[0].lines if x.bare]
    if front and front[0] == "---":  # a block of "key: value" lines
        pairs = dict(x.partition(":")[::2] for x in front[1:] if ":" in x)
        known = {k.strip().lower(): v.strip().strip("\"'") for k, v in pairs.items()}
        return known.get("title", ""), known.get("author", ""), known.get("date", "")
    title = ""
    if len(parts) > 1 and parts[1].kind == "other" and parts[1].level <= 2 and not front:
        title, front = parts[1].title, [x.bare for x in parts[1].lines if x.bare]
        if len(front) > 6 or any(len(x) > 200 for x in front):
            front = []
    elif front:
        title, front = without_markup(front[0]), front[1:]
    date = maker = ""
    for text in front[:6]:
        found = _DATE.fullmatch(without_markup(text))
        if found and not date:
            date = found["date"]
        elif not maker and len(text) <= 100 and not _QUESTION.search(text) and text[-1:] not in ".?":
            maker = without_markup(text)
    return title, maker, date


def question_of(parts: Sequence[Part], title: str) -> str:
    """The question that the report says it asks, "" where it says none.

    Looked for in this order: words after "Research question:", a part of that name, a sentence with a question mark
    before the claims, a title that asks.
    """
    asked: list[str] = []
    for part in parts:
        if part.kind in ("claims", "references"):
            continue
        for text in paragraphs(part.lines):
            found = _QUESTION.search(text)
            if found:
                asked.append(_asked(found["rest"]))
        if not asked and part.kind == "question":
            asked = [_asked(text) for text in paragraphs(part.lines)][:3]
    if asked:
        return " ".join(dict.fromkeys(x for x in asked if x))[:3000]
    for part in parts:
        if part.kind not in ("claims", "references"):
            for text in paragraphs(part.lines):
                for sentence in sentences_of(text):
                    if sentence.endswith("?") and len(sentence.split()) >= 4:
                        return without_markup(sentence)
    return title if title.endswith("?") else ""


def _asked(text: str) -> str:
    """The question at the start of some text: up to its question mark, else its first sentence."""
    text = re.sub(r"^(?:[-*+•]|\d+[.)])\s+", "", text.strip())
    found = _ASKED.match(text)
    whole = found["asked"] if found else (sentences_of(text) or [""])[0]
    return without_markup(whole.strip().strip('"“”*_ ')).strip()
