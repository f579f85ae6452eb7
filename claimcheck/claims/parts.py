"""Which part of a paper a sentence stands in, and whether it speaks of the paper's own work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from claimcheck.foundation.records import Document, Section

Part = Literal["abstract", "introduction", "results", "conclusion", "related", "appendix", "other"]

# what a paper wants to be known for stands here
MAIN_PARTS: frozenset[Part] = frozenset({"abstract", "conclusion"})

_TITLES: tuple[tuple[Part, re.Pattern[str]], ...] = (
    ("conclusion", re.compile(r"\bconclu|\bsummary\s*$|closing\s+remarks|final\s+remarks", re.I)),
    ("introduction", re.compile(r"\bintroduction\b", re.I)),
    ("related", re.compile(r"\brelated\b|\bbackground\b|\b(?:previous|prior)\s+(?:work|approach)|\bpreliminar", re.I)),
    (
        "results",
        re.compile(
            r"\bresults?\b|\bexperiment|\bevaluation|\banalys[ei]s\b|\bablation|\bdiscussion|\bcomparison|\bperformance\b"
            r"|\bfindings\b|\beffects?\s+of\b|\bstudy\b",
            re.I,
        ),
    ),
)
_LAST_WORDS = re.compile(r"^(?:discussion|summary|future\s+work)\b", re.I)
OWN = re.compile(
    r"\b(?:we|our|ours)\b|\bthis\s+(?:paper|work|article|study|report)\b"
    r"|\bthe\s+(?:proposed|presented|resulting)\b|\bproposed\s+\w+",
    re.I,
)
# after these words stands the name that the authors give to what is theirs
_NAMED = re.compile(
    r"\b(?:call(?:ed)?|named?|dub(?:bed)?|denoted|term(?:ed)?|propos(?:e|ed|es|ing)|introduc(?:e|ed|es|ing)|present(?:s|ed|ing)?|"
    r"develop(?:s|ed)?|releas(?:e|es|ed|ing))\s+(?:(?:it|this|our|the|an?|as)\s+)*(?P<name>[A-Z][\w+-]*[A-Z0-9][\w+-]*)(?![\w-])"
)
_INTRODUCED = re.compile(
    r"\b(?:[Ww]e|[Pp]aper|[Ww]ork|[Oo]ur)\b[^.()]{0,60}?\b(?:propos|introduc|present|develop|describ|releas|creat|build|call)\w*"
    r"(?:(?!\b(?:for|on|of|to|in|with|using)\b)[^.()]){0,120}?\((?P<name>[A-Z][\w+-]*[A-Z0-9][\w+-]*)[);,]"
)
_TITLE_NAME = re.compile(r"^\W*(?P<name>[A-Z][\w+-]*[A-Z0-9][\w+-]*)\s*:")
# short forms that every paper of the field uses: nobody's own
_COMMON = frozenset("LSTM BiLSTM RNN CNN CRF GRU POS NER NLP NLU NLI QA MC RC MT NMT SRL RL SOTA GPU BoW".split())


@dataclass(frozen=True, slots=True)
class Parts:
    """For each sentence of a document its part, and whether it is told of the paper's own work.

    `own` marks sentences that name the authors or a system of theirs, and what follows such a sentence in an abstract
    or stands in a conclusion: there the authors go on about their own work without saying so each time.
    """

    part: tuple[Part, ...]
    own: tuple[bool, ...]
    names: frozenset[str]  # of the paper's own systems and data, as printed


def parts_of(document: Document) -> Parts:
    """The parts of a document's sentences, from the titles of their sections and of the sections above these."""
    of_section = _section_parts(document.sections)
    if "conclusion" not in of_section:
        _take_last_words(document.sections, of_section)
    names = own_names(document)
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(n)}(?![\w])" for n in sorted(names))) if names else None
    part: list[Part] = []
    own: list[bool] = []
    turned = False  # whether the abstract has come from the field to the paper itself
    for sentence in document.sentences:
        here: Part = of_section[sentence.section] if sentence.section >= 0 else "other"
        if sentence.kind == "abstract":
            here = "abstract"
        says = bool(OWN.search(sentence.text)) or bool(named and named.search(sentence.text))
        turned = turned or (here == "abstract" and says)
        part.append(here)
        own.append(says or here == "conclusion" or (here == "abstract" and turned))
    return Parts(tuple(part), tuple(own), names)


def own_names(document: Document) -> frozenset[str]:
    """Names that the authors give to what is theirs: before the title's colon, or introduced in abstract or introduction."""
    found = [m["name"] for m in [_TITLE_NAME.search(document.paper.title)] if m]
    for sentence in document.sentences[: max(60, len(document.sentences) // 5)]:
        if sentence.kind in ("abstract", "body"):
            found += [m["name"] for p in (_NAMED, _INTRODUCED) for m in p.finditer(sentence.text)]
    return frozenset(found) - _COMMON


def _section_parts(sections: tuple[Section, ...]) -> list[Part]:
    out: list[Part] = []
    above: list[tuple[int, Part]] = []  # (level, part) of the sections around
    for section in sections:
        while above and above[-1][0] >= section.level:
            above.pop()
        here = _part(section)
        # headings without numbers have levels that nobody can trust: an introduction takes no section in
        if here == "other" and above and above[-1][1] in ("results", "related", "appendix"):
            here = above[-1][1]
        above.append((section.level, here))
        out.append(here)
    return out


def _part(section: Section) -> Part:
    if section.kind == "abstract":
        return "abstract"
    if section.kind == "appendix":
        return "appendix"
    if section.kind == "references":
        return "other"
    return next((part for part, title in _TITLES if title.search(section.title)), "other")


def _take_last_words(sections: tuple[Section, ...], parts: list[Part]) -> None:
    """A paper without a conclusion ends with a discussion or a summary: that is its conclusion."""
    body = [i for i, s in enumerate(sections) if s.kind == "body"]
    if body and _LAST_WORDS.search(sections[body[-1]].title):
        parts[body[-1]] = "conclusion"
