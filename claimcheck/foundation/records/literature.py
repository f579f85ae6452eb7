"""The literature found for a question: works with all their names, and what each database was asked and answered."""

from __future__ import annotations

from typing import Literal

from claimcheck.foundation.records.base import Record

LITERATURE_SCHEMA: Literal["claimcheck/literature/v1"] = "claimcheck/literature/v1"

# how a work came in: an answer to a query, a work that cites the anchor paper, one that the anchor cites, a file of
# the local library, or the anchor itself
WorkRelation = Literal["query", "cites_anchor", "cited_by_anchor", "library", "anchor"]
SearchStatus = Literal["ok", "partial", "failed", "skipped"]


class Work(Record):
    """A work of the literature: a paper with every identifier that the databases know it by; "" where there is none."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv_id: str = ""  # without version
    doi: str = ""  # lower case, without an address before it
    openalex_id: str = ""  # "W2741809807"
    s2_id: str = ""  # Semantic Scholar's 40 hex digits
    version: str = ""  # arXiv's "v2"
    abstract: str = ""
    venue: str = ""
    url: str = ""
    language: str = ""  # ISO 639-1 ("en"), "" where nothing says it
    retracted: bool = False
    notes: tuple[str, ...] = ()  # retractions, corrections, versions, language, in words
    databases: tuple[str, ...] = ()  # where it was found
    relation: WorkRelation = "query"
    relevance: float | None = None  # to the question, from 0 to 1; None where it was not ranked
    path: str = ""  # of a local file


class DatabaseSearch(Record):
    """What one database was asked, and what came of it."""

    database: str  # "arXiv", "OpenAlex", "Semantic Scholar", "Crossref", or "library"
    query: str  # the queries as sent, joined by " | "; of a library its folder
    date: str  # ISO date; of answers that were kept in the cache, the oldest one's
    found: int = 0  # its works, each once, before those of the other databases are set off
    kept: int = 0  # of the works kept in the end, how many it knows
    status: SearchStatus = "ok"
    message: str = ""  # what failed or is missing, where, and what to do


class LiteratureSearch(Record):
    """A search in all databases: works without duplicates, the most relevant first."""

    question: str
    queries: tuple[str, ...] = ()
    databases: tuple[DatabaseSearch, ...] = ()
    identified: int = 0  # works of all databases together, and the anchor
    duplicates: int = 0  # of them, those that another database, or the anchor, has as well
    works: tuple[Work, ...] = ()  # at most as many as the call's limit
    notes: tuple[str, ...] = ()  # what a reader should know of the works found: other languages, retractions
