"""Semantic Scholar: papers by words, by identifier or title, and the papers that cite one or are cited by it.

https://api.semanticscholar.org/api-docs/graph: plain words only, at most 100 records a page and 1,000 in all; without
a key everybody shares one limit, and an error advises to set SEMANTIC_SCHOLAR_API_KEY.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from claimcheck.foundation.records import Work, WorkRelation
from claimcheck.foundation.settings import Settings
from claimcheck.sources.databases.fields import (
    arxiv_id_of,
    as_list,
    at,
    clean,
    clean_abstract,
    clean_doi,
    clean_markup,
    is_complete,
    names_of,
    same_title,
    year_of,
)
from claimcheck.sources.databases.query import Query
from claimcheck.sources.databases.service import JsonService, key_from, pages

__all__ = ["SemanticScholar"]

_PAGE = 100
_MOST = 999  # start and count together stay below a thousand
_FIELDS = "paperId,externalIds,title,abstract,year,authors,venue,url,publicationTypes"
_ID = re.compile(r"[0-9a-f]{40}")
_NO_WORD = re.compile(r"[^\w\s]|_")


class SemanticScholar:
    """Asks Semantic Scholar; use it as a context manager."""

    name = "Semantic Scholar"
    has_citations = True

    def __init__(self, settings: Settings) -> None:
        key = key_from("SEMANTIC_SCHOLAR_API_KEY", "S2_API_KEY")
        self._service = JsonService(
            settings,
            name="semantic-scholar",
            base=settings.semantic_scholar_api,
            headers={"x-api-key": key} if key else {},
            key="SEMANTIC_SCHOLAR_API_KEY",
        )

    @property
    def asked_on(self) -> str:
        """The date of the oldest answer given."""
        return self._service.asked_on

    def said(self, query: Query) -> str:
        """The query as it is sent; its search finds nothing for words with hyphens."""
        return " ".join(_NO_WORD.sub(" ", query.words).split())

    def search(self, query: Query, most: int) -> list[Work]:
        """The papers that the query's words fit best."""
        return self._list("/paper/search", {"query": self.said(query), "fields": _FIELDS}, "", most, "query")

    def lookup(self, work: Work) -> Work | None:
        """Semantic Scholar's record of a paper, by its own id, by arXiv id or DOI, or by title."""
        name = _name(work)
        if name:
            found = self._service.get(f"/paper/{quote(name, safe=':/')}", {"fields": _FIELDS})
            if found is not None and is_complete(known := _work(found, "query")):
                return known
        if not work.title:
            return None
        answer = self._service.get("/paper/search/match", {"query": work.title, "fields": _FIELDS})
        listed = [_work(record, "query") for record in as_list(at(answer, "data"))]
        return next((w for w in listed if same_title(w.title, work.title)), None)

    def neighbours(self, anchor: Work, most: int) -> list[Work]:
        """The papers that cite the anchor and those that it cites."""
        name = _name(anchor)
        if not name:
            return []
        ways: tuple[tuple[str, str, WorkRelation], ...] = (
            ("citations", "citingPaper", "cites_anchor"),
            ("references", "citedPaper", "cited_by_anchor"),
        )
        return [
            work
            for way, key, relation in ways
            for work in self._list(f"/paper/{quote(name, safe=':/')}/{way}", {"fields": _FIELDS}, key, most, relation)
        ]

    def close(self) -> None:
        """Close the connection."""
        self._service.close()

    def _list(self, path: str, wanted: dict[str, str], key: str, most: int, relation: WorkRelation) -> list[Work]:
        def ask(start: int, count: int) -> list[Any]:
            get = self._service.get if key else self._service.get_list  # it may not know whose citations are asked for
            answer = get(path, {**wanted, "offset": start, "limit": count}, _lists_papers)
            return as_list(at(answer, "data"))

        found = pages(ask, min(most, _MOST), _PAGE)
        works = [_work(at(record, key) if key else record, relation) for record in found]
        return [work for work in works if is_complete(work)]


def _lists_papers(answer: Any) -> bool:
    # a paper without citations, or a search without results, has null or nothing in the place of a list
    data = at(answer, "data")
    return isinstance(data, list) or (data is None and ("data" in answer or at(answer, "total") == 0))


def _name(work: Work) -> str:
    """How Semantic Scholar is asked for a work; "" where no identifier is known."""
    if work.s2_id:
        return work.s2_id
    if work.arxiv_id:
        return f"ARXIV:{work.arxiv_id}"
    return f"DOI:{work.doi}" if work.doi else ""


def _work(record: Any, relation: WorkRelation) -> Work:
    s2_id = clean(at(record, "paperId"), 100)
    doi = clean_doi(at(record, "externalIds", "DOI"))
    kinds = [clean(kind, 60) for kind in as_list(at(record, "publicationTypes"))]
    return Work(
        title=clean_markup(at(record, "title"), 1000),
        authors=names_of(at(author, "name") for author in as_list(at(record, "authors"))),
        year=year_of(at(record, "year")),
        arxiv_id=arxiv_id_of(at(record, "externalIds", "ArXiv"), doi),
        doi=doi,
        s2_id=s2_id if _ID.fullmatch(s2_id) else "",
        abstract=clean_abstract(at(record, "abstract")),
        venue=clean(at(record, "venue"), 300),
        url=f"https://doi.org/{doi}" if doi else clean(at(record, "url"), 300),
        notes=tuple(f"a {kind.lower()} (Semantic Scholar)" for kind in kinds if kind in ("Editorial", "News")),
        databases=(SemanticScholar.name,),
        relation=relation,
    )
