"""Crossref: works by words, by DOI or title, with the retractions and corrections that publishers register.

https://www.crossref.org/documentation/retrieve-metadata/rest-api: no key is needed; with a mail address (the setting
`contact`) requests go to the polite pool. Subscribers set CROSSREF_PLUS_API_TOKEN.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from claimcheck.foundation.records import Work
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

__all__ = ["Crossref"]

_PAGE = 100
# whole records carry their reference lists; `language` is in records but cannot be selected
_FIELDS = "DOI,title,subtitle,author,issued,container-title,abstract,type,update-to,updated-by,relation"
_RETRACTING = frozenset({"retraction", "removal", "withdrawal"})
_MOST_NOTES = 5


class Crossref:
    """Asks Crossref; use it as a context manager."""

    name = "Crossref"
    has_citations = False

    def __init__(self, settings: Settings) -> None:
        token = key_from("CROSSREF_PLUS_API_TOKEN")
        headers = {"Crossref-Plus-API-Token": f"Bearer {token}"} if token else {}
        self._polite = {"mailto": settings.contact}
        self._service = JsonService(
            settings,
            name="crossref",
            base=settings.crossref_api,
            headers=headers,
            key="CROSSREF_PLUS_API_TOKEN" if token or settings.contact else "CLAIMCHECK_CONTACT",
        )

    @property
    def asked_on(self) -> str:
        """The date of the oldest answer given."""
        return self._service.asked_on

    def said(self, query: Query) -> str:
        """The query as it is sent."""
        return query.words

    def search(self, query: Query, most: int) -> list[Work]:
        """The works whose bibliographic data the query's words fit best; notices of retractions are no works."""
        return self._list({"query.bibliographic": self.said(query)}, most)

    def lookup(self, work: Work) -> Work | None:
        """Crossref's record of a work, by DOI or by title; arXiv's DOIs are registered elsewhere."""
        if work.doi and not work.doi.startswith("10.48550/"):
            found = self._service.get(f"/works/{quote(work.doi, safe='')}", self._polite)
            known = _work(at(found, "message"))
            return known if is_complete(known) else None
        if not work.title:
            return None
        listed = self._list({"query.title": work.title}, 3)
        return next((w for w in listed if same_title(w.title, work.title)), None)

    def neighbours(self, anchor: Work, most: int) -> list[Work]:
        """None: Crossref's reference lists have neither titles nor abstracts to judge them by."""
        return []

    def close(self) -> None:
        """Close the connection."""
        self._service.close()

    def _list(self, wanted: dict[str, str], most: int) -> list[Work]:
        def ask(start: int, count: int) -> list[Any]:
            asked: dict[str, str | int] = {**wanted, **self._polite}
            asked |= {"rows": count, "offset": start, "select": _FIELDS}
            answer = self._service.get_list("/works", asked, lambda a: isinstance(at(a, "message", "items"), list))
            return as_list(at(answer, "message", "items"))

        works = [_work(record) for record in pages(ask, most, _PAGE) if not _is_notice(record)]
        return [work for work in works if is_complete(work)]


def _work(record: Any) -> Work:
    doi = clean_doi(at(record, "DOI"))
    subtitle = clean_markup(at(record, "subtitle", 0), 500)
    title = clean_markup(at(record, "title", 0), 1000)
    preprints = as_list(at(record, "relation", "has-preprint")) + as_list(at(record, "relation", "is-version-of"))
    retracted, notes = _updates(record)
    return Work(
        title=f"{title}: {subtitle}" if subtitle and subtitle.lower() not in title.lower() else title,
        authors=names_of(_person(author) for author in as_list(at(record, "author"))),
        year=year_of(at(record, "issued", "date-parts", 0, 0)),
        arxiv_id=arxiv_id_of(doi, *(at(preprint, "id") for preprint in preprints)),
        doi=doi,
        abstract=clean_abstract(at(record, "abstract")),
        venue=clean_markup(at(record, "container-title", 0), 300),
        url=f"https://doi.org/{doi}" if doi else "",
        language=language if len(language := clean(at(record, "language"), 5).lower()) == 2 else "",
        retracted=retracted or title.lower().startswith(("retracted:", "retracted article:", "withdrawn:")),
        notes=notes,
        databases=(Crossref.name,),
    )


def _person(author: Any) -> str:
    parts = (clean(at(author, "given"), 100), clean(at(author, "family"), 100))
    return " ".join(part for part in parts if part) or clean(at(author, "name"), 200)


def _is_notice(record: Any) -> bool:
    """Whether a record is the retraction or correction of another one; its own record carries the same news."""
    return any(_kind(update) not in ("", "new version") for update in as_list(at(record, "update-to")))


def _kind(update: Any) -> str:
    return clean(at(update, "type"), 60).replace("_", " ").lower()


def _updates(record: Any) -> tuple[bool, tuple[str, ...]]:
    """(whether the work was retracted, notes on what was registered about it)."""
    notes = []
    retracted = False
    for update in as_list(at(record, "updated-by"))[:_MOST_NOTES]:
        kind = _kind(update)
        if not kind or kind == "new version":
            continue
        retracted = retracted or kind in _RETRACTING
        year = year_of(at(update, "updated", "date-parts", 0, 0))
        notice = clean_doi(at(update, "DOI"))
        notes.append(f"{kind}{f' {year}' if year else ''} (Crossref{f', notice DOI {notice}' if notice else ''})")
    return retracted, tuple(dict.fromkeys(notes))
