"""Fetching over HTTP: an allow-list of hosts, a service's rate, retries with back-off, limits on size and time.

All requests to a service of all processes that share a home go through one turnstile: one at a time, and no two
starting within the service's delay. A redirect is a request like any other and leads to allowed hosts only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from claimcheck.foundation.errors import ServiceError, UnreadableInputError
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store

__all__ = ["Answer", "Fetcher", "Service", "arxiv_service"]

_ARXIV_HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org"})
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_REDIRECTS = 5
_TRIES_WITHOUT_NETWORK = 3  # a host that cannot be reached at all seldom comes back within seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: the final address, the status, the body as sent (never decompressed), its media type."""

    url: str
    status: int
    content: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What is fetched from, and how gently. Headers may hold a key: they are sent to its own addresses only."""

    name: str  # of its turnstile
    origins: frozenset[tuple[str, str | None, int | None]]  # (scheme, host, port) that may be asked
    delay: float  # least seconds between two requests
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    when_refused: str = "wait a day, set CLAIMCHECK_CONTACT to your mail address, or pass a local file"
    otherwise: str = "pass a local file"  # what helps where the service does not


def origin_of(address: str) -> tuple[str, str | None, int | None]:
    """(scheme, host, port): a server configured on one port vouches for no other port of its machine."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port


def arxiv_service(settings: Settings) -> Service:
    """arXiv: its query service and its papers, at one request in three seconds."""
    configured = {origin_of(url) for url in (settings.arxiv_api, settings.arxiv_site)}
    return Service("arxiv", frozenset(configured | {("https", h, None) for h in _ARXIV_HOSTS}), settings.arxiv_delay)


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; `after` is the wait in seconds that the service asked for."""

    def __init__(self, reason: str, *, after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.after, self.unreachable = after, unreachable


class Fetcher:
    """Fetches for one paper or one search, from arXiv where no other service is given; use it as a context manager.

    `patience_seconds` of the settings bounds the time lost in failed attempts and the waits after them over its whole
    life; the wait for one's turn does not count.
    """

    def __init__(self, settings: Settings, store: Store, service: Service | None = None) -> None:
        self._settings, self._store = settings, store
        self._service = service or arxiv_service(settings)
        self._lost = 0.0
        self._client = httpx.Client(
            headers={
                "User-Agent": _user_agent(settings.contact),
                "Accept-Encoding": "identity",
                **self._service.headers,
            },
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),  # none stays open between turns
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, *, limit: int, fault: Callable[[bytes], str] = lambda body: "") -> Answer:
        """The answer to GET `url`, with at most `limit` bytes of body.

        `fault` says what is wrong with the body of a good answer, "" if nothing; a faulty one is asked for again.
        Statuses that say that something is not there (400, 404, 410) are answers. Raises ServiceError where the service
        cannot be reached, refuses or keeps failing, UnreadableInputError where the body is too large.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=self._give_up,
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return attempts(self._attempt, url, limit, fault)
        except _TryAgainError as last:
            tries = attempts.statistics["attempt_number"]
            what = f"{last} ({tries} {'try' if tries == 1 else 'tries'})"
            todo = f"{'check the network' if last.unreachable else 'try again later'}, or {self._service.otherwise}"
            if last.after is not None:
                what, todo = f"{last}, and asks to wait {last.after:.0f} s", "try again after that"
            raise ServiceError(what, where=_short(url), todo=todo) from None

    def _attempt(self, url: str, limit: int, fault: Callable[[bytes], str]) -> Answer:
        """One attempt, redirects included; the time of a failed one is counted as lost."""
        address = url
        for _ in range(_MAX_REDIRECTS + 1):
            self._check_allowed(address, url)
            with self._turn():
                begun = time.monotonic()
                try:
                    answer = self._request(address, limit)
                    reason = fault(answer.content) if isinstance(answer, Answer) and answer.status == 200 else ""
                    if reason:
                        raise _TryAgainError(f"the answer {reason}")
                except _TryAgainError:
                    self._lost += time.monotonic() - begun
                    raise
            if isinstance(answer, Answer):
                return answer
            try:
                address = urljoin(address, answer)
            except ValueError:
                address = answer  # refused on the next round, by its own words
        raise ServiceError(f"redirects more than {_MAX_REDIRECTS} times", where=_short(url), todo="try again later")

    def _request(self, url: str, limit: int) -> Answer | str:
        """The answer to one request, or the address that it redirects to."""
        patience = max(0.1, self._settings.patience_seconds - self._lost)
        deadline = time.monotonic() + self._settings.download_seconds
        try:
            with self._client.stream("GET", url, timeout=min(self._settings.timeout, patience)) as response:
                status = response.status_code
                if response.has_redirect_location:
                    return response.headers["location"]
                if status in (401, 403):
                    what = f"refuses automated requests from here (status {status})"
                    raise ServiceError(what, where=_short(url), todo=self._service.when_refused)
                if status in _AGAIN:
                    raise _TryAgainError(
                        f"answered {status}", after=_retry_after(response.headers.get("retry-after", ""))
                    )
                if status not in (200, 400, 404, 410):
                    raise ServiceError(f"answered {status}", where=_short(url), todo="try again later")
                body = self._body(response, limit, deadline)
                return Answer(url, status, body, response.headers.get("content-type", ""))
        except httpx.TimeoutException as error:
            unreachable = isinstance(error, httpx.ConnectTimeout)
            raise _TryAgainError("did not answer in time", unreachable=unreachable) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise _TryAgainError(f"cannot be reached ({str(error)[:100]})", unreachable=True) from None
        except httpx.InvalidURL:
            raise ServiceError(
                "redirects to an impossible address", where=_short(url), todo="try again later"
            ) from None
        except httpx.TransportError as error:
            raise _TryAgainError(f"cut the connection ({str(error)[:100]})") from None

    def _body(self, response: httpx.Response, limit: int, deadline: float) -> bytes:
        """The body as sent. It is not decompressed: what it unpacks to is for the archive's limits to watch."""
        where = _short(str(response.url))
        announced = response.headers.get("content-length", "")
        too_large = UnreadableInputError(
            f"is larger than {limit / 10**6:g} MB", where=where, todo="raise CLAIMCHECK_MAX_INPUT_MB if you trust it"
        )
        if announced.isdecimal() and int(announced[:20]) > limit:
            raise too_large
        parts: list[bytes] = []
        size = 0
        for part in response.iter_raw():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise too_large
            if time.monotonic() > deadline:
                what = f"was not finished after {self._settings.download_seconds:g} s"
                raise ServiceError(what, where=where, todo="try again later or raise CLAIMCHECK_DOWNLOAD_SECONDS")
        return b"".join(parts)

    def _check_allowed(self, url: str, asked: str) -> None:
        try:
            parts = urlsplit(url)
            origin = origin_of(url)
        except ValueError:
            origin = ("", None, None)
        if origin not in self._service.origins or parts.username or parts.password:
            what = f"redirects to {_short(url)}, which is not a host to fetch papers from"
            raise ServiceError(what, where=_short(asked), todo="download the paper yourself and pass its path")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the turnstile, and hold it during the request."""
        with self._store.lock(self._service.name) as descriptor:
            try:
                last = float(os.read(descriptor, 64))
            except ValueError:
                last = 0.0
            # a time in the future comes from a clock that was set back
            since = max(0.0, time.time() - last)
            if since < self._service.delay:
                time.sleep(self._service.delay - since)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{time.time():<20.6f}\n".encode())
            yield

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: what the service asked for, else a delay that doubles."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _TryAgainError) else None
        base = max(0.02, self._service.delay / 2)
        return asked if asked is not None else base * 2.0 ** (state.attempt_number - 1)

    def _give_up(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        tries = self._settings.retries + 1
        if isinstance(error, _TryAgainError) and error.unreachable:
            tries = min(tries, _TRIES_WITHOUT_NETWORK)
        return state.attempt_number >= tries or self._lost + state.upcoming_sleep > self._settings.patience_seconds

    def _sleep(self, seconds: float) -> None:
        self._lost += seconds
        time.sleep(seconds)


def _retry_after(value: str) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None where it asks for nothing."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _user_agent(contact: str) -> str:
    try:
        number = version("claimcheck-reproduce")
    except PackageNotFoundError:
        number = "0"
    return f"claimcheck/{number}" + (f" (mailto:{contact})" if contact.isascii() and contact else "")


def _short(url: str) -> str:
    """An address as an error prints it: without scheme and query, of bounded length."""
    return url.partition("://")[2].partition("?")[0][:120] or url[:120]
