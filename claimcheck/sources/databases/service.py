"""A database that answers JSON over HTTP: what is asked, what counts as an answer, and what an error tells the user."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from claimcheck.foundation.errors import ServiceError, UnreadableInputError, UsageError
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.sources.archive import Limits, gunzip
from claimcheck.sources.databases.kept import KeptAnswers
from claimcheck.sources.fetch import Fetcher, Service, origin_of

__all__ = ["JsonService", "key_from", "pages"]

MAX_ANSWER = 20_000_000  # bytes; a hundred records of OpenAlex have about two million


class JsonService:
    """Asks one database; use it as a context manager."""

    def __init__(self, settings: Settings, *, name: str, base: str, headers: Mapping[str, str], key: str) -> None:
        """`headers` may hold a key; `key` names the environment variable that an error advises to set."""
        self.base = base
        service = Service(
            name=name,
            origins=frozenset({origin_of(base)}),
            delay=settings.database_delay,
            headers=headers,
            when_refused=f"set {key} to a valid key, or go on without this database",
            otherwise="go on without this database" if headers else f"set {key} for a higher limit",
        )
        self._answers = KeptAnswers(Fetcher(settings, Store(settings.home), service), settings)

    @property
    def asked_on(self) -> str:
        """The date of the oldest answer given."""
        return self._answers.asked_on

    def get(
        self, path: str, parameters: Mapping[str, str | int], makes_sense: Callable[[Any], bool] = lambda answer: True
    ) -> Any:
        """The JSON at a path below the base; None where the database says that there is no such thing (404).

        Raises ServiceError for anything that is no answer: HTML, cut-off JSON, an object that makes no sense.
        """

        def fault(body: bytes) -> str:
            return _fault(body) or ("" if makes_sense(_parsed(body)) else "makes no sense")

        query = urlencode({name: value for name, value in parameters.items() if value != ""})
        url = f"{self.base}{path}" + (f"?{query}" if query else "")
        try:
            answer = self._answers.get(url, limit=MAX_ANSWER, fault=fault)
        except UnreadableInputError as error:
            raise ServiceError(error.what, where=error.where, todo="ask for fewer papers with --limit") from None
        where = url.partition("://")[2].partition("?")[0][:120]
        match answer.status:
            case 404 | 410:
                return None
            case 400:
                raise ServiceError("does not understand the query (status 400)", where=where, todo="word it otherwise")
        return _parsed(answer.content)

    def get_list(self, path: str, parameters: Mapping[str, str | int], makes_sense: Callable[[Any], bool]) -> Any:
        """As `get`, of a path that is always there: without it the address is no such database's."""
        answer = self.get(path, parameters, makes_sense)
        if answer is None:
            where = f"{self.base}{path}".partition("://")[2]
            raise ServiceError("is not there (status 404)", where=where, todo="check the address in the settings")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._answers.close()


def _parsed(body: bytes) -> Any:
    # some servers on the way pack what nobody asked them to
    text = gunzip(body, Limits(unpacked=MAX_ANSWER), where="the answer") if body[:2] == b"\x1f\x8b" else body
    return json.loads(text)


def _fault(body: bytes) -> str:
    """What keeps a body from being a JSON object, "" if nothing."""
    try:
        answer = _parsed(body)
    except (ValueError, RecursionError, UnreadableInputError):
        begin = body[:200].lstrip().lower()
        return "is a web page and not JSON" if begin.startswith((b"<!doctype", b"<html")) else "is cut off or not JSON"
    return "" if isinstance(answer, dict) else "is not a JSON object"


def pages(ask: Callable[[int, int], list[Any]], most: int, size: int) -> Iterator[Any]:
    """At most `most` records by pages of `size`: `ask(start, wanted)` gives a page, a short one is the last."""
    start = 0
    while start < most:
        wanted = min(size, most - start)
        page = ask(start, wanted)
        yield from page[:wanted]
        start += wanted
        if len(page) < wanted:
            return


def key_from(*variables: str) -> str:
    """The key that one of the environment variables holds, "" where none does.

    Raises UsageError for one that cannot be a key; it is not shown.
    """
    for variable in variables:
        key = os.environ.get(variable, "").strip()
        if key:
            if not key.isascii() or not key.isprintable() or " " in key:
                raise UsageError("does not hold a key", where=variable, todo="set it to the key alone, or unset it")
            return key
    return ""
