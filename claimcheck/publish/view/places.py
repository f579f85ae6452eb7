"""Papers, places and figures in words, the same in every format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from claimcheck.foundation.records import Label, Paper, Place, Pointer
from claimcheck.publish.escape import safe_url, shorten

WORDS: dict[Label, str] = {
    "supported": "supported",
    "refuted": "refuted",
    "not_enough_info": "not enough information",
}
MARKS: dict[Label, str] = {"supported": "✓", "refuted": "✗", "not_enough_info": "?"}
LONGEST = 20_000  # characters of one field in a report; longer than any sentence, short enough for TeX's memory
LONGEST_TITLE = 500
_MOST_AUTHORS = 30


def paper_name(paper: Paper) -> str:
    """ "arXiv 2005.13013v2" for an arXiv id, else the id as it is."""
    name = shorten(f"{paper.id}{paper.version}", 200)
    return f"arXiv {name}" if is_arxiv(paper.id) else name


def paper_link(paper: Paper) -> str:
    """The paper's http(s) address, made from its DOI or arXiv id where none is given; "" where there is none."""
    if safe_url(paper.url):
        return safe_url(paper.url)
    if is_arxiv(paper.id):
        version = paper.version if re.fullmatch(r"v\d+", paper.version) else ""
        return f"https://arxiv.org/abs/{paper.id}{version}"
    return safe_url(f"https://doi.org/{quote(paper.doi, safe='/:')}") if paper.doi.startswith("10.") else ""


def place_words(place: Place) -> str:
    """ "Section 4, p. 5", "Abstract, p. 1", "line 212"."""
    return _position(place.pointer) or str(place.pointer) or "in the paper"


def pointer_words(pointer: Pointer, home: Paper, papers: Mapping[str, Paper]) -> str:
    """ "Table 2, Multi-task, Avg (p. 5)"; evidence from another paper names it first."""
    words = str(pointer) if pointer.table is not None else _position(pointer) or ""
    if pointer.table is not None and pointer.page is not None:
        words += f" (p. {pointer.page})"
    if pointer.paper and pointer.paper not in (home.id, f"{home.id}{home.version}"):
        other = papers.get(pointer.paper)
        words = ": ".join(x for x in (paper_name(other) if other else pointer.paper, words) if x)
    return words or str(pointer) or "in the paper"


def is_arxiv(paper_id: str) -> bool:
    return re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}", paper_id) is not None


def _position(pointer: Pointer) -> str:
    section = f"Section {pointer.section}" if pointer.section[:1].isdigit() else pointer.section
    if re.match(r"[A-Z](?:\.\d+)*(?:\s|$)", pointer.section):
        section = f"Appendix {pointer.section}"
    page = f"p. {pointer.page}" if pointer.page is not None else ""
    line = f"line {pointer.line}" if pointer.line is not None and not page else ""
    return ", ".join(x for x in (section, page, line) if x)


def finite(value: float) -> float:
    """The number itself, and 0 for what JSON and sorting lack: NaN and infinity."""
    return value if math.isfinite(value) else 0.0


def probability_words(p: float) -> str:
    """Two digits, and never 0.00 or 1.00: no classifier is certain."""
    if p > 0.99:
        return ">0.99"
    return "<0.01" if p < 0.01 else f"{p:.2f}"


def number_words(value: float) -> str:
    """A number without a float's tail: 0.05, 82.2, 1e-05."""
    return f"{value:.10g}"


def letters(text: str) -> str:
    """Letters and digits alone, in lower case: whether two texts say the same words."""
    return re.sub(r"[\W_]+", "", text.lower())


def author_names(authors: Sequence[str]) -> str:
    """The first thirty, and how many more there are."""
    shown = [shorten(a, 200) for a in authors[:_MOST_AUTHORS]]
    more = len(authors) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def source_name(paper: Paper) -> str:
    """Name, title and first authors of another paper."""
    title = shorten(paper.title, LONGEST_TITLE)
    return ", ".join(x for x in (paper_name(paper), title, author_names(paper.authors[:3])) if x)
