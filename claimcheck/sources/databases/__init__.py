"""Databases of the literature: arXiv, OpenAlex, Semantic Scholar and Crossref, all asked in the same way.

`search` takes a Query, `lookup` finds a work that is known, `neighbours` gives what cites it and what it cites. Each
keeps its own rate and its own patience, so that one that is down does not hold up the others. Of the client libraries
only `arxiv` serves here: pyalex has no timeout, semanticscholar passes errors over in silence, habanero does not retry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from claimcheck.sources.databases.query import Query

if TYPE_CHECKING:
    from claimcheck.foundation.records import Work
    from claimcheck.foundation.settings import Settings

__all__ = ["DATABASES", "Database", "Query", "open_database"]

DATABASES = ("arXiv", "OpenAlex", "Semantic Scholar", "Crossref")


class Database(Protocol):
    """A database of the literature. Every method raises ServiceError where it fails for good."""

    name: str
    has_citations: bool

    @property
    def asked_on(self) -> str:
        """The date (ISO, UTC) of the oldest answer given: answers are kept for `metadata_days`."""

    def said(self, query: Query) -> str:
        """The query as this database is sent it."""

    def search(self, query: Query, most: int) -> list[Work]:
        """At most `most` works for a query, the best first."""

    def lookup(self, work: Work) -> Work | None:
        """Its own record of a work, None where it has none."""

    def neighbours(self, anchor: Work, most: int) -> list[Work]:
        """At most `most` works that cite the anchor, and as many that it cites; `relation` says which.

        Nothing where the database keeps no citations.
        """

    def close(self) -> None:
        """Close the connection."""


def open_database(name: str, settings: Settings) -> Database:
    """The database of that name, one of DATABASES. Raises UsageError where its key in the environment is no key."""
    from claimcheck.sources.databases.arxiv_search import Arxiv
    from claimcheck.sources.databases.crossref import Crossref
    from claimcheck.sources.databases.openalex import OpenAlex
    from claimcheck.sources.databases.semantic_scholar import SemanticScholar

    kinds: tuple[Callable[[Settings], Database], ...] = (Arxiv, OpenAlex, SemanticScholar, Crossref)
    return kinds[DATABASES.index(name)](settings)
