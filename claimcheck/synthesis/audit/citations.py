"""A report's references: each item of its list with the identifiers, the address and the title that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.sources.identify import ArxivId, Doi, identify
from claimcheck.synthesis.audit.rows import items_of
from claimcheck.synthesis.audit.sections import Line, Part, without_markup

__all__ = ["Citation", "citations", "read_citation"]

_URL = re.compile(r"https?://[^\s<>\"“”\]})|]+", re.I)
_LINKED = re.compile(r"\[(?P<title>[^\]]{1,500})\]\(\s*<?(?P<url>[^)\s>]+)>?[^)]{0,100}\)")
_ARXIV = re.compile(
    r"\barxiv[\s:./]{1,3}(?:abs/|pdf/)?"
    r"(?P<id>\d{4}\.\d{4,5}(?:v\d{1,3})?|[a-z-]{2,10}(?:\.[A-Z]{2})?/\d{7}(?:v\d{1,3})?)",
    re.I,
)
_BARE_ID = re.compile(r"(?<![\d./])\d{4}\.\d{4,5}(?:v\d{1,3})?(?![\d.])")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s<>\"“”|]+")
_QUOTED = re.compile(r"[\"“](?P<title>[^\"”]{8,400})[\"”]|(?<!\w)[*_](?P<italic>[^*_]{8,400})[*_](?!\w)")
_YEAR = re.compile(r"\(?(?:19|20)\d\d[a-z]?\)?")
_LABEL = re.compile(r"^\s*(?:\[[^\]]{1,30}\]|\(\d{1,4}\)|\d{1,4}[.)])\s+")
_PUNCTUATION = ".,;:)]}>'\"”"


@dataclass(frozen=True, slots=True)
class Citation:
    """A reference as printed, and what it names."""

    line: int
    text: str
    arxiv_id: str = ""
    doi: str = ""
    url: str = ""
    title: str = ""


def citations(parts: Sequence[Part]) -> list[Citation]:
    """Every reference of the report's list, in order; without a list the papers that its text gives addresses of."""
    listed = [p for p in parts if p.kind == "references"]
    if listed:
        return [read_citation(number, text) for part in listed for number, text in _items(part.lines)]
    out: dict[str, Citation] = {}
    for part in parts:
        for line in part.lines:
            names = [
                *_URL.findall(line.text),
                *(f"arXiv:{m['id']}" for m in _ARXIV.finditer(line.text)),
                *_DOI.findall(line.text),
            ]
            for name in names[:50]:
                found = identify(name.rstrip(_PUNCTUATION))
                if isinstance(found, ArxivId | Doi):
                    one = read_citation(line.number, name.rstrip(_PUNCTUATION))
                    out.setdefault(one.arxiv_id or one.doi, one)
    return list(out.values())


def _items(lines: Sequence[Line]) -> list[tuple[int, str]]:
    """(line, text) of each reference: items of a list, rows of a table, else lines or paragraphs."""
    rows = [x for x in lines if x.bare]
    if rows and sum("|" in x.text or "\t" in x.text for x in rows) * 2 > len(rows):
        cells = [(x.number, [c.strip() for c in re.split(r"[|\t]", x.text) if c.strip()]) for x in rows]
        kept = [(n, c) for n, c in cells if c and not all(re.fullmatch(r":?-+:?", y) for y in c)]
        if kept and not any(_names_something(" ".join(c)) for _, c in kept[:1]):
            kept = kept[1:]  # the header
        return [(n, " ".join(c)) for n, c in kept]
    items = items_of(lines)
    if items:
        return [(x.line, x.text) for x in items]
    if all(_names_something(x.bare) for x in rows):
        return [(x.number, x.bare) for x in rows]
    out: list[tuple[int, str]] = []
    blank = True
    for line in lines:
        if not line.bare:
            blank = True
        elif blank or _LABEL.match(line.text):
            out.append((line.number, line.bare))
            blank = False
        else:
            out[-1] = (out[-1][0], f"{out[-1][1]} {line.bare}")
    return [x for x in out if any(c.isalnum() for c in x[1]) and not x[1].endswith(":")]


def _names_something(text: str) -> bool:
    return bool(
        _URL.search(text) or _ARXIV.search(text) or _DOI.search(text) or _BARE_ID.search(text) or _YEAR.search(text)
    )


def read_citation(line: int, text: str) -> Citation:
    """What a reference names.

    >>> read_citation(1, "- <http://arxiv.org/abs/1706.03762v5>").arxiv_id
    '1706.03762v5'
    """
    plain = text[:5000]
    linked = _LINKED.search(plain)
    urls = [u.rstrip(_PUNCTUATION) for u in _URL.findall(plain)]
    arxiv_id = doi = ""
    for name in [*([linked["url"]] if linked else []), *urls]:
        found = identify(name)
        if isinstance(found, ArxivId):
            arxiv_id = arxiv_id or str(found)
        elif isinstance(found, Doi):
            doi = doi or found.doi.lower()
    for pattern in (_ARXIV, _BARE_ID):
        match = None if arxiv_id else pattern.search(_DOI.sub(" ", plain) if pattern is _BARE_ID else plain)
        if match:
            found = identify(match["id"] if pattern is _ARXIV else match[0])
            arxiv_id = str(found) if isinstance(found, ArxivId) else arxiv_id
    match = None if doi else _DOI.search(plain)
    if match:
        found = identify(match[0].rstrip(_PUNCTUATION))
        if isinstance(found, ArxivId):
            arxiv_id = arxiv_id or str(found)
        elif isinstance(found, Doi):
            doi = found.doi.lower()
    return Citation(
        line, text.strip(), arxiv_id, doi, urls[0] if urls else "", _title(plain, linked["title"] if linked else "")
    )


def _title(text: str, linked: str) -> str:
    """The title among a reference's words, "" where none stands out."""
    if linked and not identify(linked) and len(linked.split()) >= 2:
        return " ".join(without_markup(linked).split())
    quoted = _QUOTED.search(text)
    if quoted:
        return " ".join((quoted["title"] or quoted["italic"]).split()).rstrip(".,")
    rest = _LABEL.sub("", _DOI.sub(" ", _ARXIV.sub(" ", _URL.sub(" ", text))))
    rest = " ".join(_BARE_ID.sub(" ", rest).replace("<", " ").replace(">", " ").split())
    year = _YEAR.search(rest)
    if year and year.start() > 0 and rest[year.end() :].strip(" .,:;)").count(" ") >= 2:
        rest = rest[year.end() :].strip(" .,:;)")
        return re.split(r"[.?!]\s+(?=[A-Z])", rest)[0].strip(" .,;:-–—()")
    pieces = [
        p.strip(" .,;:-–—()[]") for p in re.split(r"\.\s+|\s[–—-]\s|,\s+(?=(?:19|20)\d\d)|:\s+(?=doi|arxiv|http)", rest)
    ]
    pieces = [
        p
        for p in pieces
        if len(p.split()) >= 3 and not _is_names(p) and not re.fullmatch(r"(?:doi|available at).*", p, re.I)
    ]
    return max(pieces, key=lambda p: len(p.split()), default="")


def _is_names(text: str) -> bool:
    """Whether words are a list of people: initials, "et al", commas between short capitalised parts."""
    if re.search(r"\bet al\b|\b[A-Z]\.", text):
        return True
    parts = [p.strip() for p in re.split(r",|\band\b|&", text) if p.strip()]
    return len(parts) > 1 and all(len(p.split()) <= 3 and p[:1].isupper() for p in parts)
