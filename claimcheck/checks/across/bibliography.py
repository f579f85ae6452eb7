"""A paper's list of references, and which of its entries a citation in a table or a sentence means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from claimcheck.foundation.records import Document, Paper
from claimcheck.foundation.words import plain

_YEAR = r"(?:19|20)\d\d"
_NAME = r"[A-Z][\w'’´`\-]*[a-z][\w'’\-]*"
# "Seo et al. (2016a)", "[Chen and Manning, 2014]", "Kim (2014)", "Ma & Hovy 2016"
_AUTHOR_YEAR = re.compile(
    rf"(?P<first>{_NAME})(?:\s+et\.?\s*al\.?,?|\s*(?:and|&|,)\s*(?P<second>{_NAME})|,)?,?\s*[(\[]?\s*"
    rf"(?P<year>{_YEAR})(?P<suffix>[a-z])?\b"
)
_NUMBERED = re.compile(r"\[(?P<number>\d{1,3})\]")
_LABEL = re.compile(r"^\s*\[(?P<label>[^\[\]]*)\]\s*")
_SEGMENT_END = re.compile(r"(?<![A-Z])(?<!\b[A-Z][a-z])(?<!\bet al)[.?!]”?\s+(?=[\"“A-Z\d(])")
_PARTICLES = frozenset("and et al de da del der den di van von la le ter ten dos du bin".split())
_LONGEST_ENTRY = 1200  # characters; what is longer is no entry
_SURE_TITLE = 15  # letters that a title must have to be found inside an entry


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation as printed: authors and year, or a number."""

    first: str = ""  # first author's surname, letters only
    second: str = ""
    year: str = ""
    suffix: str = ""  # the a of 2016a
    number: str = ""  # the 6 of [6]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list of references."""

    text: str
    letters: str  # of the whole entry, lower case, to find titles in
    label: str  # what stands in brackets before it: "6", "Finkel et al.2005"
    authors: frozenset[str]  # letters of each of the first author's words, and of all its surnames together
    heads: str  # plain text of all authors
    years: frozenset[str]
    title: str  # letters of the title, "" where it was not found

    @property
    def arxiv_id(self) -> str:
        """Its arXiv id as printed, without version; "" where it has none."""
        found = re.search(r"(?:arXiv|abs)[:/.\s]*(?:preprint\s*)?(?:arXiv:\s*)?(\d{4}\.\d{4,5})(?!\d)", self.text, re.I)
        return found[1] if found else ""

    @property
    def is_preprint(self) -> bool:
        """Whether it is cited as a preprint."""
        return re.search(r"arXiv|\bCoRR\b|bioRxiv", self.text) is not None


def letters(text: str) -> str:
    """The letters of a text, lower case, accents removed: what two printings of a title share."""
    return re.sub(r"[\W\d_]+", "", plain(text).lower())


def legend(caption: str) -> dict[str, Citation]:
    """What a caption says that the marks of its table cite: "[1] Peters et al. (2018) [2] this work"."""
    marks = list(_NUMBERED.finditer(caption))
    found = {}
    for i, mark in enumerate(marks):
        end = marks[i + 1].start() if i + 1 < len(marks) else len(caption)
        named = _AUTHOR_YEAR.search(caption, mark.end(), end)
        if named is not None:
            found[mark["number"]] = _author_year(named)
    return found


def _author_year(m: re.Match[str]) -> Citation:
    return Citation(letters(m["first"]), letters(m["second"] or ""), m["year"], m["suffix"] or "")


def citations(text: str) -> list[tuple[Citation, int, int]]:
    """(citation, start, end) of every citation in a text, in order."""
    found = [(_author_year(m), m.start(), m.end()) for m in _AUTHOR_YEAR.finditer(text)]
    found += [(Citation(number=m["number"]), m.start(), m.end()) for m in _NUMBERED.finditer(text)]
    return sorted(found, key=lambda c: c[1])


_letters = lru_cache(maxsize=1 << 12)(letters)


class Bibliography:
    """The references of one paper."""

    def __init__(self, document: Document) -> None:
        texts = [s.text for s in document.sentences if s.kind == "reference"]
        self.entries: tuple[Entry, ...] = tuple(_entry(text) for text in _joined(texts))
        self._naming: dict[str, frozenset[Entry]] = {}

    def entries_of(self, citation: Citation) -> list[Entry]:
        """The entries that a citation may mean; several where authors and year do not tell them apart."""
        if citation.number:
            # without printed numbers "[3]" is a mark of the table's own
            return [e for e in self.entries if e.label == citation.number]
        found = [e for e in self.entries if citation.year in e.years and _by(citation, e)]
        exact = [e for e in found if citation.suffix and citation.year + citation.suffix in e.text]
        return exact or found

    def naming(self, paper: Paper) -> frozenset[Entry]:
        """The entries that name a paper by its title or its arXiv id."""
        if paper.id not in self._naming:
            self._naming[paper.id] = frozenset(e for e in self.entries if names_paper(e, paper))
        return self._naming[paper.id]


def names_paper(entry: Entry, paper: Paper) -> bool:
    """Whether an entry has a paper's title or its arXiv id."""
    bare = re.sub(r"v\d+$", "", paper.id)
    if re.fullmatch(r"\d{4}\.\d{4,5}", bare) and bare in entry.text:
        return True
    title = _letters(paper.title)
    return len(title) >= _SURE_TITLE and title in entry.letters


def same_work(one: Entry, other: Entry) -> bool:
    """Whether the entries of two papers name the same work: their titles agree, near enough for two typings."""
    return _same_title(*sorted((one.title, other.title)))


@lru_cache(maxsize=1 << 16)
def _same_title(a: str, b: str) -> bool:
    if len(a) < _SURE_TITLE or len(b) < _SURE_TITLE:
        return False
    if a == b or a.startswith(b) or b.startswith(a):
        return True
    # lengths that differ much cannot reach the ratio: the dear comparison is spared
    return abs(len(a) - len(b)) <= 0.15 * max(len(a), len(b)) and SequenceMatcher(None, a, b).ratio() > 0.92


def _by(citation: Citation, entry: Entry) -> bool:
    """Whether the cited authors are those of the entry: the first one first, the second one among them."""
    if citation.first not in entry.authors:
        return False
    return not citation.second or citation.second in letters(entry.heads)


def _joined(texts: Sequence[str]) -> Iterator[str]:
    """Entries that were split at their year or their title ("... Pace. 2009." + "Evolutionary algorithms ...") as one."""
    held = ""
    for text in texts:
        opens = _LABEL.match(text) is not None
        unfinished = re.search(rf"\b{_YEAR}[a-z]?\.?$", held) is not None and _names_only(held)
        begun = re.match(rf"\(?{_YEAR}|[a-z]|In\s|Proceedings\b|arXiv\b|pages\b", text) is not None
        nameless = bool(held) and re.search(_YEAR, held) is None and len(held) < 160
        if held and not opens and (unfinished or begun or (nameless and re.match(_YEAR, text))):
            held = f"{held} {text}"[:_LONGEST_ENTRY]
            continue
        if held:
            yield held
        held = text[:_LONGEST_ENTRY]
    if held:
        yield held


def _names_only(text: str) -> bool:
    """Whether a text holds names and a year but no title."""
    words = re.findall(r"[^\W\d_]+", _LABEL.sub("", text))
    return not any(w[0].islower() and w not in _PARTICLES for w in words)


def _entry(text: str) -> Entry:
    m = _LABEL.match(text)
    label = m["label"].strip() if m else ""
    body = text[m.end() :] if m else text
    heads, title = _heads_and_title(body)
    first = re.split(r",\s|;|\s(?:and|&)\s", heads.strip(" ,"))[0]
    named = [letters(w) for w in first.split()]
    if label and not label.isdigit():
        named += [letters(w) for w in re.split(r",|\s|(?=\d)", label)[:1]]
    authors = frozenset(filter(None, [*named, *("".join(named[i:]) for i in range(len(named)))]))
    years = frozenset(re.findall(rf"(?<!\d){_YEAR}(?!\d)", f"{label} {body}"))
    return Entry(text, letters(body), label, authors, heads + " " + label, years, letters(title))


def _heads_and_title(body: str) -> tuple[str, str]:
    """The authors of an entry and its title: what stands behind the year where it follows the authors, else the second
    sentence."""
    dated = re.match(
        rf"(?P<heads>.{{3,400}}?)[.,]?\s*\(?{_YEAR}[a-z]?\)?[.:,]\s+(?P<title>[^.?!]{{8,300}})(?:[.?!]|$)", body
    )
    if dated and not re.search(r"\b(?:In|Proceedings|arXiv|Journal|pages|pp)\b", dated["heads"]):
        parts = _SEGMENT_END.split(dated["heads"])
        if len(parts) == 1 or len(parts[-1].split()) < 4:
            return dated["heads"], dated["title"]
    parts = _SEGMENT_END.split(body, maxsplit=3)
    if len(parts) < 2:
        return body[:80], ""
    return parts[0], next((p for p in parts[1:] if len(p.split()) >= 2 and not re.match(_YEAR, p)), "")
