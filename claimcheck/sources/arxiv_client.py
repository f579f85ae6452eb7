"""arXiv: the metadata of an id through the `arxiv` package, then its LaTeX source, else its HTML, else its PDF.

Both are kept in the store: metadata under "arxiv-paper" (asked for again after `metadata_days`, for a new version may
have come), the chosen file under "arxiv-source" by id and version, which never changes. Offline only the store is used.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck.foundation.errors import InputError, MissingInputError, ServiceError, UnreadableInputError
from claimcheck.foundation.records import Paper, Source
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.sources.archive import Limits, gunzip
from claimcheck.sources.files import Contents, read_contents
from claimcheck.sources.identify import ArxivId, identify

if TYPE_CHECKING:
    from collections.abc import Callable

    import arxiv  # type: ignore[import-untyped]

    from claimcheck.sources.fetch import Answer, Fetcher

__all__ = ["WITHDRAWN", "fetch_paper", "query_client"]

_PAPERS, _SOURCES = "arxiv-paper", "arxiv-source"
_MAX_FEED = 5_000_000  # bytes; one entry has about 3,000
_ATOM_FEED = "{http://www.w3.org/2005/Atom}feed"
WITHDRAWN = re.compile(r"\bwithdrawn\b|\bwithdraws?\b|\bretracted\b", re.IGNORECASE)
# a withdrawn version's source is a file that tells arXiv not to process it
_NO_SOURCE = re.compile(rb"\s*%\s*auto-ignore", re.IGNORECASE)


def fetch_paper(wanted: ArxivId, settings: Settings) -> Source:
    """The paper with that id, from the store where it is there, else from arXiv.

    Raises MissingInputError for an unknown id or a withdrawn paper, ServiceError where arXiv cannot be reached or,
    offline, where the store has no copy, UnreadableInputError where nothing that arXiv has can be read.
    """
    store = Store(settings.home)
    limits = Limits.of(settings)
    known = _known_paper(store, wanted, None if settings.offline else settings.metadata_days * 86400)
    stored = _stored_source(store, known.paper, settings) if known else None
    if stored is not None:
        return stored
    if settings.offline:
        what = "is not in the cache" if known is None else "is in the cache by its title only"
        raise ServiceError(what, where=f"arXiv {wanted}", todo="run once without --offline")
    from claimcheck.sources.fetch import Fetcher

    with Fetcher(settings, store) as fetcher:
        if known is None:
            known = _ask_for_paper(fetcher, store, wanted, settings)
            stored = _stored_source(store, known.paper, settings)
            if stored is not None:
                return stored
        contents, data = _download(fetcher, known, settings, limits)
    store.put(_SOURCES, _key(known.paper), data)
    return _source(known.paper, contents, data)


@dataclass(frozen=True, slots=True)
class _Known:
    """A paper's metadata, and whether its comment says that it is withdrawn."""

    paper: Paper
    withdrawn: bool


def _key(paper: Paper) -> str:
    return f"{paper.id}{paper.version}"


def _stored_source(store: Store, paper: Paper, settings: Settings) -> Source | None:
    """The paper as stored; None where it is not, or breaks the limits now in force and arXiv can be asked."""
    data = store.get(_SOURCES, _key(paper))
    if data is None:
        return None
    try:
        return _source(paper, read_contents(data, "", Limits.of(settings), where=f"arXiv {_key(paper)}"), data)
    except InputError:
        if settings.offline:
            raise
        return None


def _source(paper: Paper, contents: Contents, data: bytes) -> Source:
    found = {"source_kind": contents.kind, "source_sha256": hashlib.sha256(data).hexdigest()}
    return Source(paper=paper.model_copy(update=found), kind=contents.kind, files=contents.files, main=contents.main)


# --- metadata -------------------------------------------------------------------------------------


def _known_paper(store: Store, wanted: ArxivId, max_age: float | None) -> _Known | None:
    """The metadata in the store, or None.

    What is stored of a version does not age. Without an age limit the highest version stored answers for an id without.
    """
    data = store.get(_PAPERS, str(wanted), max_age=None if wanted.version else max_age)
    if data is None and not wanted.version and max_age is None:
        prefix = f"{wanted.id}v"
        numbers = [int(n) for k in store.keys(_PAPERS) if k.startswith(prefix) and (n := k[len(prefix) :]).isdigit()]
        data = store.get(_PAPERS, f"{prefix}{max(numbers)}") if numbers else None
    if data is None:
        return None
    try:
        entry = json.loads(data)
        return _Known(Paper.model_validate(entry["paper"]), bool(entry["withdrawn"]))
    except (ValueError, KeyError, TypeError):
        return None


def _ask_for_paper(fetcher: Fetcher, store: Store, wanted: ArxivId, settings: Settings) -> _Known:
    """The metadata from arXiv, stored; where arXiv fails, what was stored before, however old."""
    try:
        result = _query(fetcher, wanted, settings)
    except ServiceError:
        old = _known_paper(store, wanted, None)
        if old is None:
            raise
        return old
    known = _Known(_to_paper(result, wanted), bool(WITHDRAWN.search(result.comment or "")))
    entry = json.dumps({"paper": known.paper.model_dump(mode="json"), "withdrawn": known.withdrawn}).encode()
    for key in sorted({str(wanted), _key(known.paper)}):
        store.put(_PAPERS, key, entry)
    return known


class _Reply:
    """The part of a response that arxiv.Client reads."""

    def __init__(self, status_code: int, content: bytes) -> None:
        self.status_code, self.content = status_code, content


class _Session:
    """Stands where arxiv.Client has its own HTTP session, which has no timeout, no size limit and its own rate."""

    def __init__(self, fetcher: Gets) -> None:
        self._fetcher = fetcher

    def get(self, url: str, **unused: Any) -> _Reply:
        answer = self._fetcher.get(url, limit=_MAX_FEED, fault=_feed_fault)
        return _Reply(answer.status, _unpacked(answer.content))


class Gets(Protocol):
    """What answers GET as a Fetcher does."""

    def get(self, url: str, *, limit: int, fault: Callable[[bytes], str]) -> Answer:
        """The answer to GET `url`, see `Fetcher.get`."""


def query_client(fetcher: Gets, settings: Settings, *, page_size: int) -> arxiv.Client:
    """The client of the `arxiv` package, whose requests go through `fetcher`."""
    import arxiv

    # rate and retries are the fetcher's, over all requests and processes
    client = arxiv.Client(page_size=page_size, delay_seconds=0, num_retries=0)
    client.query_url_format = settings.arxiv_api.replace("{", "{{").replace("}", "}}") + "?{}"
    client._session = _Session(fetcher)
    return client


def _query(fetcher: Fetcher, wanted: ArxivId, settings: Settings) -> arxiv.Result:
    """The one entry of an id. Raises MissingInputError, ServiceError."""
    import arxiv

    client = query_client(fetcher, settings, page_size=1)
    unknown = MissingInputError("arXiv has no such paper", where=f"arXiv {wanted}", todo="check the id and its version")
    try:
        results = list(client.results(arxiv.Search(id_list=[str(wanted)], max_results=1)))
    except arxiv.HTTPError as error:
        if error.status in (400, 404):
            raise unknown from None
        raise ServiceError(f"answered {error.status}", where=settings.arxiv_api, todo="try again later") from None
    except (arxiv.ArxivError, ValueError) as error:  # ValueError: a date that is none
        what = f"gave an answer that makes no sense ({str(error)[:100]})"
        raise ServiceError(what, where=settings.arxiv_api, todo="try again later") from None
    # an error is an entry whose id is the address of its explanation
    if not results or "/api/errors" in results[0].entry_id:
        raise unknown
    return results[0]


def _unpacked(body: bytes) -> bytes:
    """The body of an answer that some server on the way packed although nobody asked it to."""
    return gunzip(body, Limits(unpacked=_MAX_FEED), where="arXiv's answer") if body[:2] == b"\x1f\x8b" else body


def _feed_fault(body: bytes) -> str:
    """What keeps `body` from being an Atom feed. The client's parser mends a cut-off feed, so it cannot tell."""
    from lxml import etree

    try:
        root = etree.fromstring(_unpacked(body), etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError, UnreadableInputError):
        return "is cut off or not XML"
    return "" if root.tag == _ATOM_FEED else "is not an Atom feed"


def _to_paper(result: arxiv.Result, wanted: ArxivId) -> Paper:
    found = identify(result.entry_id)
    if not isinstance(found, ArxivId) or found.id != wanted.id or (wanted.version and found.version != wanted.version):
        what = f"answered with another paper ({result.entry_id[:80]})"
        raise ServiceError(what, where=f"arXiv {wanted}", todo="try again later")
    return Paper(
        id=found.id,
        version=found.version,
        title=" ".join(result.title.split()),
        authors=tuple(" ".join(a.name.split()) for a in result.authors if a.name.strip()),
        abstract=" ".join(result.summary.split()),
        doi=result.doi or f"10.48550/arXiv.{found.id}",
        url=f"https://arxiv.org/abs/{found}",
        published=result.published.date().isoformat(),
    )


# --- the paper itself -----------------------------------------------------------------------------


def _download(fetcher: Fetcher, known: _Known, settings: Settings, limits: Limits) -> tuple[Contents, bytes]:
    """The best form that arXiv has of a paper, and its bytes: LaTeX, else HTML, else PDF."""
    key = _key(known.paper)
    unreadable: UnreadableInputError | None = None
    for page in ("e-print", "html", "pdf"):
        try:
            answer = fetcher.get(f"{settings.arxiv_site}/{page}/{key}", limit=limits.packed)
            if answer.status != 200:
                continue
            contents = read_contents(answer.content, "", limits, where=f"arXiv {key} ({page})")
        except UnreadableInputError as error:
            # a source that is a bomb, PostScript or too large: the next form may do
            unreadable = error
            continue
        if _is_the_paper(contents, page):
            return contents, answer.content
    if known.withdrawn:
        todo = "give an earlier version, such as v1"
        raise MissingInputError("was withdrawn by its authors or by arXiv", where=f"arXiv {key}", todo=todo)
    if unreadable is not None:
        raise unreadable
    what = "has neither a source nor a PDF on arXiv; it may be withdrawn"
    raise MissingInputError(what, where=f"arXiv {key}", todo="check its page, or give an earlier version")


def _is_the_paper(contents: Contents, page: str) -> bool:
    """Whether what came is a form of the paper, not a placeholder or a page that says there is none."""
    match page:
        case "e-print":
            placeholder = len(contents.files) == 1 and any(_NO_SOURCE.match(d) for d in contents.files.values())
            return contents.kind != "text" and not placeholder
        case "html":
            # LaTeXML marks all that it makes; a page without its marks is an apology
            return contents.kind == "html" and any(b"ltx_" in d for d in contents.files.values())
    return contents.kind == "pdf"
