"""What databases answer, field by field: whatever shape it has, plain text and plain lists come out.

Answers are other people's text: markup is taken out, control characters and characters that reorder text are dropped,
and nothing is longer than such a field can be.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from claimcheck.foundation.records import Work
from claimcheck.sources.identify import ArxivId, Doi, identify

__all__ = [
    "arxiv_id_of",
    "as_list",
    "at",
    "clean",
    "clean_abstract",
    "clean_doi",
    "clean_markup",
    "is_complete",
    "names_of",
    "same_title",
    "year_of",
]

MAX_TITLE = 1000
MAX_ABSTRACT = 20_000
_MOST_AUTHORS = 5000  # a paper of a large experiment has 3,000
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]{0,300})?/?>")
_HEADING = re.compile(r"<(?:jats:)?title>\s*Abstract\s*</(?:jats:)?title>", re.IGNORECASE)
_ABSTRACT = re.compile(r"^(?:Abstract|ABSTRACT)\b[\s.:—-]*(?=\S)")
_WORD = re.compile(r"[^\W_]+")


def at(value: Any, *path: str | int) -> Any:
    """What stands in nested objects and lists under `path`, None where anything on the way is missing or other."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def as_list(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def clean(value: Any, most: int = MAX_TITLE) -> str:
    """Text in one line without control characters; "" for anything that is not text."""
    if not isinstance(value, str):
        return ""
    # control, format (which reorders text), surrogate and unassigned characters are no part of a title
    kept = "".join(" " if c.isspace() else c for c in value[: 4 * most] if not _is_hidden(c) or c.isspace())
    return " ".join(kept.split())[:most]


def _is_hidden(character: str) -> bool:
    # the joiners shape letters in Persian and Indian scripts
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") and character not in "\u200c\u200d"


def clean_markup(value: Any, most: int = MAX_ABSTRACT) -> str:
    """Text without the tags and character references that publishers deposit ("<i>", "<jats:p>", "&amp;")."""
    if not isinstance(value, str):
        return ""
    text = _HEADING.sub(" ", value[: 8 * most])
    return clean(html.unescape(_TAG.sub(lambda m: " " if ":" in m[0] or m[0].startswith("</p") else "", text)), most)


def clean_abstract(value: Any) -> str:
    """An abstract without markup and without its heading."""
    return _ABSTRACT.sub("", clean_markup(value))


def clean_doi(value: Any) -> str:
    """A DOI in lower case without an address before it; "" where it is none."""
    text = clean(value).removeprefix("https://doi.org/").removeprefix("http://dx.doi.org/").removeprefix("doi:")
    return text.lower() if re.fullmatch(r"10\.\d{4,9}/\S+", text) else ""


def arxiv_id_of(*texts: Any) -> str:
    """The first arXiv id, without version, that is named by an address, a DOI or itself."""
    for text in texts:
        plain = clean(text)
        found = identify(plain) if plain else None
        if isinstance(found, Doi | ArxivId) and isinstance(found, ArxivId):
            return found.id
    return ""


def names_of(values: Iterable[Any]) -> tuple[str, ...]:
    """The names that are names."""
    return tuple(name for value in list(values)[:_MOST_AUTHORS] if (name := clean(value, 200)))


def year_of(value: Any) -> int | None:
    """A year that a paper can be of, None for anything else."""
    if isinstance(value, str) and value[:4].isdecimal():
        value = int(value[:4])
    return value if isinstance(value, int) and not isinstance(value, bool) and 1500 <= value <= 2200 else None


def same_title(some: str, other: str) -> bool:
    """Whether two titles have the same words, whatever their case and punctuation."""
    return bool(some) and _WORD.findall(some.lower()) == _WORD.findall(other.lower())


def is_complete(work: Work) -> bool:
    """Whether a record names a work at all."""
    return any(c.isalnum() for c in work.title)
