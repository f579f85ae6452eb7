"""Asking the four databases at the same time: what each found, and in words what it failed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import ClaimcheckError, ServiceError
from claimcheck.foundation.process import unforeseen
from claimcheck.foundation.records import DatabaseSearch, SearchStatus, Work
from claimcheck.sources.databases import DATABASES, open_database
from claimcheck.synthesis.duplicates import merge_works
from claimcheck.synthesis.parallel import in_threads

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings
    from claimcheck.sources.databases import Database, Query

__all__ = ["Searched", "ask_databases", "skipped", "today"]

StageProgress = Callable[[str, int, int], None]
MOST_RECORDS = 1000  # of one query: what no database gives more of without other means
_FEWEST = 25  # records asked for even where few are kept: ranking needs a choice
_FEW = 5  # records of all queries, below which any term will do
_MOST_FAILURES = 2  # requests that fail before a database is left alone


@dataclass(frozen=True, slots=True)
class Searched:
    """What came of one database: its record, in which `kept` is not known yet, and its works."""

    record: DatabaseSearch
    works: tuple[Work, ...] = ()


def ask_databases(
    queries: Sequence[Query],
    settings: Settings,
    anchor: Work | None,
    limit: int,
    on_progress: StageProgress | None = None,
) -> list[Searched]:
    """What each database has for the queries and, where there is an anchor, next to it by citation.

    Never raises for a database that fails: its record says what failed, where, and what to do.
    """
    most = min(MOST_RECORDS, max(_FEWEST, 2 * limit))
    total = len(DATABASES) * (len(queries) + (2 if anchor is not None else 0))
    count = [0]
    lock = threading.Lock()

    def step(steps: int = 1) -> None:
        with lock:
            count[0] += steps
            if on_progress:
                on_progress("searching the databases", count[0], total)

    def ask(name: str) -> Searched:
        return _ask(name, queries, settings, anchor, most, step)

    found: dict[int, Searched] = dict(in_threads(ask, DATABASES, len(DATABASES)))
    return [found[number] for number in range(len(DATABASES))]


def skipped(reason: str) -> list[Searched]:
    """The records of databases that were not asked, and why."""
    return [
        Searched(DatabaseSearch(database=name, query="", date=today(), status="skipped", message=reason))
        for name in DATABASES
    ]


def today() -> str:
    """The date of a search, in UTC."""
    return datetime.now(UTC).date().isoformat()


def _ask(
    name: str,
    queries: Sequence[Query],
    settings: Settings,
    anchor: Work | None,
    most: int,
    step: Callable[[int], None],
) -> Searched:
    """All that one database is asked, one request after the other."""
    asking = _Asking(most)
    date = today()
    try:
        database = open_database(name, settings)
        try:
            if anchor is not None:
                asking.around(database, anchor)
                step(2)
            for query in queries:
                asking.about(database, query)
                step(1)
            if len(asking.works) < _FEW and not asking.failures:
                # a name that is too new or misspelt leaves nothing: the best of what has any of the terms
                asking.about(database, queries[0].any_term)
        finally:
            date = database.asked_on
            database.close()
    except ClaimcheckError as error:  # a key that is none
        asking.failures.append(str(error))
    except Exception as error:  # a record of a shape that nobody foresaw must not stop the others
        asking.failures.append(str(unforeseen(error, name)))
    works = merge_works(asking.works)  # several queries find the same
    status: SearchStatus = "ok"
    if asking.failures:
        status = "partial" if asking.answered or works else "failed"
    record = DatabaseSearch(
        database=name,
        query=" | ".join(asking.asked),
        date=date,
        found=len(works),
        status=status,
        message=asking.told(),
    )
    return Searched(record, works)


class _Asking:
    """What one database has answered so far, and what it failed in."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left_out = 0
        self.works: list[Work] = []
        self.failures: list[str] = []
        self.asked: list[str] = []
        self.answered = 0  # queries, not what was asked about the anchor

    def about(self, database: Database, query: Query) -> None:
        """The works for a query, unless the database was sent the same words before."""
        said = database.said(query)
        if said not in self.asked:
            self.asked.append(said)
            self.answered += self._take(lambda: database.search(query, self._most))

    def around(self, database: Database, anchor: Work) -> None:
        """The database's own record of the anchor, and what cites it or is cited by it."""
        known = anchor

        def look() -> list[Work]:
            nonlocal known
            own = database.lookup(anchor)
            if own is None or len(merge_works((anchor, own))) > 1:  # a namesake by other people
                return []
            known = own
            return [own.model_copy(update={"relation": "anchor"})]

        self._take(look)
        if database.has_citations and self._take(lambda: database.neighbours(known, self._most)):
            self.asked.append(f"works that cite '{anchor.title[:200]}' or that it cites")

    def told(self) -> str:
        """What failed, in one line; "" where nothing did."""
        if not self.failures:
            return ""
        count = len(self.failures)
        left = f", {self._left_out} more were not sent" if self._left_out else ""
        why = "; ".join(dict.fromkeys(self.failures))
        return f"{count} {'request' if count == 1 else 'requests'} failed{left}: {why}"

    def _take(self, ask: Callable[[], list[Work]]) -> bool:
        """Whether the database answered."""
        if len(self.failures) >= _MOST_FAILURES:
            self._left_out += 1
            return False
        try:
            self.works += ask()
        except ServiceError as error:
            self.failures.append(str(error))
            return False
        return True
