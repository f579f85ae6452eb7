"""arXiv's own search through the `arxiv` package: one connection, one request in three seconds."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import MissingInputError, ServiceError
from claimcheck.foundation.records import Work
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.sources.arxiv_client import WITHDRAWN, query_client
from claimcheck.sources.databases.fields import MAX_ABSTRACT, clean, clean_doi, is_complete, names_of, year_of
from claimcheck.sources.databases.kept import KeptAnswers
from claimcheck.sources.databases.query import Query
from claimcheck.sources.fetch import Fetcher, arxiv_service
from claimcheck.sources.identify import ArxivId, identify

if TYPE_CHECKING:
    import arxiv  # type: ignore[import-untyped]

__all__ = ["Arxiv"]

_PAGE = 100


class Arxiv:
    """Asks arXiv; use it as a context manager."""

    name = "arXiv"
    has_citations = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        service = replace(arxiv_service(settings), otherwise="go on without arXiv")
        self._answers = KeptAnswers(Fetcher(settings, Store(settings.home), service), settings)

    @property
    def asked_on(self) -> str:
        """The date of the oldest answer given."""
        return self._answers.asked_on

    def said(self, query: Query) -> str:
        """The query as it is sent."""
        return query.boolean(_said)

    def search(self, query: Query, most: int) -> list[Work]:
        """The papers that have the query's terms in their metadata, the most relevant first."""
        import arxiv

        return self._results(arxiv.Search(query=self.said(query), max_results=most), most)

    def lookup(self, work: Work) -> Work | None:
        """arXiv's record of a paper, by its id; the newest version where the work names none."""
        import arxiv

        if not work.arxiv_id:
            return None
        found = self._results(arxiv.Search(id_list=[work.arxiv_id + work.version], max_results=1), 1)
        return next((w for w in found if w.arxiv_id == work.arxiv_id), None)

    def neighbours(self, anchor: Work, most: int) -> list[Work]:
        """None: arXiv keeps no citations."""
        return []

    def close(self) -> None:
        """Close the connection."""
        self._answers.close()

    def _results(self, search: arxiv.Search, most: int) -> list[Work]:
        import arxiv

        client = query_client(self._answers, self._settings, page_size=min(_PAGE, most))
        where = self._settings.arxiv_api.partition("://")[2]
        try:
            results = list(islice(client.results(search), most))
        except arxiv.HTTPError as error:
            if error.status in (400, 404):
                what = f"does not understand the query (status {error.status})"
                raise ServiceError(what, where=where, todo="word it otherwise") from None
            raise ServiceError(f"answered {error.status}", where=where, todo="try again later") from None
        except arxiv.UnexpectedEmptyPageError:
            what = "gave an empty page where there are more results"
            raise ServiceError(what, where=where, todo="try again later") from None
        except (arxiv.ArxivError, ValueError, MissingInputError) as error:  # ValueError: a date that is none
            what = f"gave an answer that makes no sense ({clean(str(error), 100)})"
            raise ServiceError(what, where=where, todo="try again later") from None
        works = [work for result in results if (work := _work(result)) is not None]
        return [work for work in works if is_complete(work)]


def _said(term: str) -> str:
    """A term in arXiv's syntax."""
    plain = " ".join(term.replace('"', " ").replace("\\", " ").split())
    return f'all:"{plain}"' if plain else ""


def _work(result: arxiv.Result) -> Work | None:
    """A result as a work; None for an entry that is an error and no paper."""
    found = identify(result.entry_id)
    if not isinstance(found, ArxivId):
        return None
    comment = clean(result.comment, 300)
    withdrawn = bool(WITHDRAWN.search(comment))
    reference = clean(result.journal_ref, 300)
    return Work(
        title=clean(result.title),
        authors=names_of(author.name for author in result.authors),
        year=year_of(result.published.year),
        arxiv_id=found.id,
        doi=clean_doi(result.doi),
        version=found.version,
        abstract=clean(result.summary, MAX_ABSTRACT),
        venue=reference or "arXiv",
        url=f"https://arxiv.org/abs/{found}",
        retracted=withdrawn,
        notes=(
            *((f"withdrawn (arXiv: {comment[:200]})",) if withdrawn else ()),
            *(
                (f"arXiv {found.version}, revised {result.updated.date().isoformat()}",)
                if found.version not in ("", "v1")
                else ()
            ),
        ),
        databases=(Arxiv.name,),
    )
