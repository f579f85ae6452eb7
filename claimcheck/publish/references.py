"""The papers that a printed report names, as the entries of its list of references, and which of them a text cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from claimcheck.foundation.records import Ledger, Paper
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.places import LONGEST_TITLE, author_names, is_arxiv, paper_link, paper_name
from claimcheck.publish.view.reruns import reproductions_of


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry: `key` is made of letters and digits alone, whatever the paper's id is; `link` is "" or http(s)."""

    key: str
    authors: str
    title: str
    name: str
    year: str
    link: str


@dataclass(frozen=True, slots=True)
class References:
    """The entries in the order of the list, and the key of every paper id that may be cited."""

    entries: tuple[Reference, ...]
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, paper: str) -> str:
        """The entry of a paper by its id, with or without its version; "" where the list has none."""
        return self.keys.get(paper) or self.keys.get(_versionless(paper), "")


def references(ledger: Ledger) -> References:
    """The paper itself, the papers that its claims were held against, those of reproductions; each once."""
    entries: list[Reference] = []
    keys: dict[str, str] = {}
    for paper in _papers(ledger):
        names = [paper.id, f"{paper.id}{paper.version}", _versionless(paper.id)]
        if not paper.id or any(name in keys for name in names):
            continue
        key = f"ref{len(entries) + 1}"
        entries.append(_reference(key, paper))
        keys |= dict.fromkeys(names, key)
    return References(tuple(entries), keys)


def _papers(ledger: Ledger) -> Iterator[Paper]:
    yield ledger.paper
    yield from ledger.sources
    for one in reproductions_of(ledger):
        if is_arxiv(one.paper):  # another id of a registry names no publication
            yield Paper(id=one.paper, version=one.paper_version)


def _reference(key: str, paper: Paper) -> Reference:
    return Reference(
        key=key,
        authors=author_names(paper.authors),
        title=shorten(paper.title, LONGEST_TITLE),
        name=paper_name(paper),
        year=paper.published[:4],
        link=paper_link(paper),
    )


def _versionless(paper: str) -> str:
    return re.sub(r"(?<=\d)v\d+$", "", paper)
