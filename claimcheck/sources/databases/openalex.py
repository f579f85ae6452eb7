"""OpenAlex: works by words, by DOI or title, and the works that cite one or are cited by it.

https://developers.openalex.org: list endpoints give at most 100 records a page; without a key about ten searches a day
are free, which is why an error advises to set OPENALEX_API_KEY.
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
from claimcheck.sources.databases.query import Query, quoted
from claimcheck.sources.databases.service import JsonService, key_from, pages

__all__ = ["OpenAlex"]

_PAGE = 100
_NO_PAPERS = frozenset({"paratext", "retraction", "erratum", "peer-review", "grant", "supplementary-materials"})
_MOST_WORDS = 5000  # of an abstract
_FIELDS = (
    "id,doi,title,publication_year,authorships,primary_location,best_oa_location,ids,language,is_retracted,"
    "abstract_inverted_index,type"
)
_NO_TERM = re.compile(r"[^\w\s-]")
_NO_TITLE = re.compile(r"[^\w\s:.'’()-]")  # commas and bars part filters
_ID = re.compile(r"W\d{3,12}")


class OpenAlex:
    """Asks OpenAlex; use it as a context manager."""

    name = "OpenAlex"
    has_citations = True

    def __init__(self, settings: Settings) -> None:
        key = key_from("OPENALEX_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._polite = {"mailto": settings.contact}
        self._service = JsonService(
            settings, name="openalex", base=settings.openalex_api, headers=headers, key="OPENALEX_API_KEY"
        )

    @property
    def asked_on(self) -> str:
        """The date of the oldest answer given."""
        return self._service.asked_on

    def said(self, query: Query) -> str:
        """The query as it is sent."""
        return query.boolean(_said)

    def search(self, query: Query, most: int) -> list[Work]:
        """The works that have the query's terms in title, abstract or text, the most relevant first."""
        return self._list({"search": self.said(query)}, most, "query")

    def lookup(self, work: Work) -> Work | None:
        """OpenAlex's record of a work, by its own id, by DOI, or by title."""
        for name in (work.openalex_id, _address(work)):
            if name:
                found = self._service.get(f"/works/{quote(name, safe=':/')}", {"select": _FIELDS, **self._polite})
                if found is not None and is_complete(known := _work(found, "query")):
                    return known
        if not work.title:
            return None
        title = " ".join(_NO_TITLE.sub(" ", work.title).split())
        listed = self._list({"filter": f"title.search:{title}"}, 5, "query")
        return next((w for w in listed if same_title(w.title, work.title)), None)

    def neighbours(self, anchor: Work, most: int) -> list[Work]:
        """The works that cite the anchor and those that it cites, the most cited first."""
        if not _ID.fullmatch(anchor.openalex_id):
            return []
        ways: tuple[tuple[str, WorkRelation], ...] = (("cites", "cites_anchor"), ("cited_by", "cited_by_anchor"))
        return [
            work
            for way, relation in ways
            for work in self._list(
                {"filter": f"{way}:{anchor.openalex_id}", "sort": "cited_by_count:desc"}, most, relation
            )
        ]

    def close(self) -> None:
        """Close the connection."""
        self._service.close()

    def _list(self, wanted: dict[str, str], most: int, relation: WorkRelation) -> list[Work]:
        def ask(start: int, count: int) -> list[Any]:
            # pages count by their size: one size for all, whatever the last one needs
            size = min(_PAGE, most)
            asked: dict[str, str | int] = {**wanted, **self._polite, "select": _FIELDS}
            asked |= {"per_page": size, "page": start // size + 1}
            answer = self._service.get_list("/works", asked, lambda a: isinstance(at(a, "results"), list))
            return as_list(at(answer, "results"))[:count]

        found = pages(ask, most, min(_PAGE, most))
        works = [_work(record, relation) for record in found if clean(at(record, "type")) not in _NO_PAPERS]
        return [work for work in works if is_complete(work)]


def _said(term: str) -> str:
    """A term in OpenAlex's syntax, without the signs that it gives a meaning."""
    return quoted(" ".join(_NO_TERM.sub(" ", term).split()))


def _address(work: Work) -> str:
    if work.doi:
        return f"https://doi.org/{work.doi}"
    return f"https://doi.org/10.48550/arxiv.{work.arxiv_id}" if work.arxiv_id else ""


def _work(record: Any, relation: WorkRelation) -> Work:
    doi = clean_doi(at(record, "doi") or at(record, "ids", "doi"))
    places = [at(record, "primary_location"), at(record, "best_oa_location")]
    pages_of = [at(place, key) for place in places for key in ("landing_page_url", "pdf_url")]
    retracted = at(record, "is_retracted") is True
    kind = clean(at(record, "type"), 60)
    openalex_id = clean(at(record, "id")).rpartition("/")[2]
    return Work(
        title=clean_markup(at(record, "title") or at(record, "display_name"), 1000),
        authors=names_of(at(a, "author", "display_name") for a in as_list(at(record, "authorships"))),
        year=year_of(at(record, "publication_year")),
        arxiv_id=arxiv_id_of(doi, *pages_of),
        doi=doi,
        openalex_id=openalex_id if _ID.fullmatch(openalex_id) else "",
        abstract=_abstract(at(record, "abstract_inverted_index")),
        venue=clean(at(record, "primary_location", "source", "display_name"), 300),
        url=f"https://doi.org/{doi}" if doi else clean(at(record, "id"), 200),
        language=_language(at(record, "language")),
        retracted=retracted,
        notes=(
            *(("retracted (OpenAlex)",) if retracted else ()),
            *((f"a {kind} (OpenAlex)",) if kind in ("editorial", "letter") else ()),
        ),
        databases=(OpenAlex.name,),
        relation=relation,
    )


def _language(value: Any) -> str:
    code = clean(value, 20).lower()
    return code if re.fullmatch(r"[a-z]{2}", code) else ""


def _abstract(index: Any) -> str:
    """The abstract from where each of its words stands."""
    if not isinstance(index, dict):
        return ""
    placed = {
        place: word
        for word, places in index.items()
        for place in as_list(places)
        if isinstance(place, int) and 0 <= place < _MOST_WORDS
    }
    return clean_abstract(" ".join(str(placed[place]) for place in sorted(placed)))
