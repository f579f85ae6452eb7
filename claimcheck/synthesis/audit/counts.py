# ruff: noqa: E501 - long patterns of words read best on one line
"""Numbers that a report gives of itself: claims, verified claims, papers, a review score and its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from claimcheck.foundation.records.audits import StatedCount
from claimcheck.synthesis.audit.sections import Part, paragraphs, sentences_of

__all__ = ["score_parts", "stated_counts"]

_WORDS = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_N = rf"(?P<n>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}}|{'|'.join(_WORDS)})"
_MADE = r"(?:extracted|identified|found|collected|listed|made|reviewed|assessed|checked|analy[sz]ed)"
_PATTERNS = (
    ("claims", re.compile(rf"\b{_N}\s+(?:\w+\s+){{0,2}}?claims?\b(?:\s+(?:were|was|have\s+been|are))?\s+{_MADE}", re.I)),
    ("claims", re.compile(rf"\b{_MADE}\s+(?:a\s+total\s+of\s+)?{_N}\s+(?:\w+\s+){{0,2}}?claims?\b", re.I)),
    ("claims", re.compile(rf"\b(?:claims?\s+{_MADE}|(?:number\s+of|total)\s+claims?|claims)\s*[:=]\s*{_N}\b", re.I)),
    ("verified", re.compile(rf"\b{_N}\s+(?:of\s+(?:which|them|these)\s+)?(?:(?:were|was|are|have\s+been)\s+)?(?:independently\s+|successfully\s+|automatically\s+)?(?:verified|confirmed)\b", re.I)),
    ("verified", re.compile(rf"\b{_N}\s+(?:of|out\s+of|/)\s*(?:the\s+)?\d+\s+claims?\s+(?:(?:were|are|have\s+been)\s+)?(?:independently\s+)?(?:verified|confirmed)", re.I)),
    ("verified", re.compile(rf"\b(?:claims?\s+)?(?:verified|confirmed)(?:\s+claims?)?\s*[:=]\s*{_N}\b", re.I)),
    ("papers", re.compile(rf"\b{_N}\s+(?:\w+\s+){{0,2}}?(?:papers?|studies|articles|documents|publications|sources|works)\s+(?:(?:were|was|are)\s+)?(?:retrieved|found|identified|included|reviewed|cited|selected|analy[sz]ed)\b", re.I)),
    ("papers", re.compile(rf"\b(?:yielded|retrieved|returned|identified|included|found|reviewed|selected)\s+(?:a\s+total\s+of\s+)?{_N}\s+(?:\w+\s+){{0,2}}?(?:papers?|studies|articles|documents|publications|sources|works)\b", re.I)),
    ("papers", re.compile(rf"\b(?:papers?|sources|studies)(?:\s+(?:retrieved|found|included|reviewed))?\s*[:=]\s*{_N}\b", re.I)),
)  # fmt: skip
_SCORE = re.compile(
    r"\b(?:score|rating|grade|quality)(?:\s+(?:of|is|was|score|review))*\s*[:=]?\s*(?:\*\*)?(?P<n>\d{1,2}(?:\.\d+)?)\s*(?:/\s*10|out\s+of\s+10)\b",
    re.I,
)
_PART = re.compile(
    r"(?P<name>[A-Za-z][\w /-]{2,50}?)(?:\*\*|__)?\s*[:=|\t–-]\s*(?:\*\*)?(?P<n>\d{1,2}(?:\.\d+)?)\s*(?:/\s*10)?(?:\*\*)?\s*(?=$|[|,;)\t]|\.\s|\.$)"
)
_RUBRIC = re.compile(r"rubric|criteri|dimension|reviewer\s*\d|weights?\b|component|breakdown|sub-?scores?", re.I)


def stated_counts(parts: Sequence[Part], claims: int, verified: int, papers: int) -> list[StatedCount]:
    """What the report's text says of its own numbers, each with what the report holds; once for each number."""
    held = {"claims": claims, "verified": verified, "papers": papers}
    out: dict[tuple[str, float], StatedCount] = {}
    for text, own in _own_sentences(parts):
        for what, pattern in _PATTERNS:
            if what == "papers" and not own:
                continue
            for found in pattern.finditer(text):
                value = _number(found["n"])
                if value is not None:
                    out.setdefault((what, value), StatedCount(what=what, stated=value, counted=held[what], text=text))
        for found in _SCORE.finditer(text):
            value = float(found["n"])
            if value <= 10:
                out.setdefault(("score", value), StatedCount(what="score", stated=value, text=text))
    return list(out.values())


def _own_sentences(parts: Sequence[Part]) -> Iterable[tuple[str, bool]]:
    """The sentences in which a report may speak of itself; an abstract may be a paper's, which counts its own papers."""
    for part in parts:
        if part.kind in ("claims", "references"):
            continue
        for paragraph in paragraphs(part.lines):
            for sentence in sentences_of(paragraph[:20_000]):
                if any(c.isdigit() for c in sentence) or len(sentence) < 300:
                    yield sentence, part.title.lower() != "abstract"


def score_parts(parts: Sequence[Part]) -> list[tuple[str, float]]:
    """The parts that a review score is said to be made of: names with figures out of 10, where several stand together."""
    for part in parts:
        if part.kind in ("claims", "references", "abstract"):
            continue
        named = bool(_RUBRIC.search(part.title)) or any(_RUBRIC.search(x.text) for x in part.lines)
        if not named:
            continue
        found = []
        for line in part.lines:
            text = line.bare.strip("|-*• ")
            match = _PART.search(text)
            if match and float(match["n"]) <= 10 and not _SCORE.search(text) and "overall" not in match["name"].lower():
                found.append((match["name"].strip(" *|-"), float(match["n"])))
        if len(found) >= 2:
            return found
    return []


def _number(text: str) -> float | None:
    lowered = text.lower()
    if lowered in _WORDS:
        return float(_WORDS[lowered])
    digits = lowered.replace(",", "")
    return float(digits) if digits.isdigit() else None
