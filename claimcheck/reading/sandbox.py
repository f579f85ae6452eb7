"""The parent's side of reading: start a worker, wait no longer than allowed, accept nothing but a Document."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from claimcheck.foundation.errors import ClaimcheckError, InputError, NotAPaperError, UnreadableInputError
from claimcheck.foundation.process import ChildLostError, error_from_json, pack
from claimcheck.foundation.records import Document, Paper, Source
from claimcheck.foundation.store import Store
from claimcheck.reading.dispatch import reader_version
from claimcheck.reading.forked import reading_child
from claimcheck.reading.worker import PAGE_SECONDS, out_of_memory

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings

PAGES_LOST = 3  # pages at fault without which a paper is read, at most
_WORD = re.compile(r"[^\W\d_]{2,}")


def read_in_sandbox(source: Source, settings: Settings, *, tables: bool = True) -> Document:
    """See `claimcheck.reading.read_source`."""
    store = Store(settings.home)
    key = _cache_key(source, settings, tables)
    document = _from_cache(store, key)
    if document is None:
        skip: dict[int, str] = {}
        document = _run_worker(source, settings, tables, skip)
        if not skip:  # with more memory or on another day these pages may be read
            store.put("documents", key, document.model_dump_json().encode())
    refuse_unless_readable(document, source)
    return document


def source_digest(source: Source) -> str:
    """sha256 in hex over all that reading depends on: kind, entry, what is known of the paper, names and bytes."""
    digest = hashlib.sha256(f"{source.kind}\0{source.main}\0{source.paper.model_dump_json()}\0".encode())
    for name, data in sorted(source.files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()


def _cache_key(source: Source, settings: Settings, tables: bool) -> str:
    parts = (source_digest(source), reader_version(), str(tables), str(settings.max_pages))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _from_cache(store: Store, key: str) -> Document | None:
    data = store.get("documents", key)
    if data is None:
        return None
    try:
        return Document.model_validate_json(data)
    except ValidationError:  # written by a crash or another version: read again
        return None


def _run_worker(source: Source, settings: Settings, tables: bool, skip: dict[int, str]) -> Document:
    """The document, read without the pages at fault, which are added to `skip` with the reasons."""
    deadline = time.monotonic() + settings.read_seconds
    while True:
        try:
            return _read_once(source, settings, tables, skip, max(0.0, deadline - time.monotonic()))
        except _PageFaultError as fault:
            if fault.page in skip or len(skip) == PAGES_LOST or not 0 < fault.page <= settings.max_pages:
                raise fault.error from None
            skip[fault.page] = fault.reason


class _PageFaultError(Exception):
    """Reading failed over one page: the error that it is if nothing can be left out, and the reason in a few words."""

    def __init__(self, page: int, error: ClaimcheckError, reason: str) -> None:
        self.page, self.error, self.reason = page, error, reason
        super().__init__(reason)


def _read_once(source: Source, settings: Settings, tables: bool, skip: Mapping[int, str], seconds: float) -> Document:
    """The document without the pages in `skip`; raises _PageFaultError where one more page is at fault."""
    # halved each time: three pages that hang cost 9 s of CPU
    page_seconds = PAGE_SECONDS / 2 ** len(skip)
    request = {
        "tables": tables,
        "max_pages": settings.max_pages,
        "seconds": seconds,
        "page_seconds": page_seconds,
        "memory_mb": settings.read_memory_mb,
        "skip": sorted(skip.items()),
    }
    where = source.paper.id
    try:
        reply = _answer(source, request, seconds)
    except ChildLostError as lost:
        error, reason = _explain(lost, settings, where, page_seconds)
        if reason and lost.mark.isdecimal():
            raise _PageFaultError(int(lost.mark), error, reason) from None
        raise error from None
    try:
        return _document_from(reply, source)
    except (ValidationError, ValueError) as error:
        raise UnreadableInputError(
            f"the {source.kind} reader gave an answer that is no document ({type(error).__name__})",
            where=where,
            todo="give another form of the paper (LaTeX, HTML or PDF), and please report it",
        ) from None


def _answer(source: Source, request: dict[str, Any], seconds: float) -> bytes:
    """What a fresh child answers; raises ChildLostError."""
    try:
        with reading_child(source.kind) as child:
            return child.ask(pack(request, source), seconds=seconds)
    except ChildLostError as lost:
        if lost.exit_code is not None or lost.timed_out or lost.too_long:
            raise
    # the nursery was lost with the child, to somebody's kill: once more, with a new one
    with reading_child(source.kind) as child:
        return child.ask(pack(request, source), seconds=seconds)


def _document_from(reply: bytes, source: Source) -> Document:
    """The worker's Document; raises the error it answered with, ValueError where the answer is neither."""
    prefix = b'{"document":'
    if not reply.startswith(prefix):
        answer = json.loads(reply)
        if not isinstance(answer, dict) or "error" not in answer:
            raise ValueError("neither document nor error")
        error = _with_place(error_from_json(answer["error"]), source.paper.id)
        page = answer.get("page")
        if isinstance(page, int) and page > 0:
            raise _PageFaultError(page, error, error.what[:200])
        raise error
    document = Document.model_validate_json(reply[len(prefix) : -1])
    return document.model_copy(update={"paper": _trusted(source.paper, document.paper)})


def _trusted(known: Paper, read: Paper) -> Paper:
    """What the reader found out about the paper, except where it was known before: a paper cannot rename itself."""
    settled = {name: value for name, value in known if value}
    return read.model_copy(
        update={"id": known.id, "version": known.version, "source_kind": known.source_kind, **settled}
    )


def _with_place(error: ClaimcheckError, where: str) -> ClaimcheckError:
    return error if error.where else type(error)(error.what, where=where, todo=error.todo)


def _explain(lost: ChildLostError, settings: Settings, where: str, page_seconds: float) -> tuple[InputError, str]:
    """(what happened as an error, and in a few words where the page that it happened over may be left out)."""
    if lost.timed_out or lost.exit_code == _signal("SIGXCPU"):
        return UnreadableInputError(
            f"reading it takes more than {settings.read_seconds:g} s",
            where=where,
            todo="set CLAIMCHECK_READ_SECONDS higher, or give fewer pages or another form of the paper",
        ), ""
    if lost.exit_code == _signal("SIGPROF"):
        reason = f"reading it takes more than {page_seconds:g} s"
        return UnreadableInputError(
            "the parser hangs on it: the file is damaged or hostile",
            where=where,
            todo="give another form of the paper (LaTeX, HTML or PDF)",
        ), reason
    if lost.exit_code == -9:
        error = out_of_memory(settings.read_memory_mb)
        return UnreadableInputError(error.what, where=where, todo=error.todo), error.what
    return UnreadableInputError(
        f"the parser {lost.cause} on it: the file is damaged or hostile",
        where=where,
        todo="give another form of the paper (LaTeX, HTML or PDF)",
    ), "" if lost.too_long else f"reading it {lost.cause}"


def _signal(name: str) -> int | None:
    """The status of a process that a signal ended; None where the system has no such signal."""
    number = getattr(signal, name, None)
    return None if number is None else -number


def refuse_unless_readable(document: Document, source: Source) -> None:
    """Raises NotAPaperError for a document without one sentence of words."""
    for sentence in document.sentences:
        words = _WORD.findall(sentence.text)
        if len(words) >= 2 or sum(map(len, words)) >= 8:  # scripts without spaces have one long "word"
            return
    pages = document.paper.pages_not_read
    if source.kind == "pdf":
        missing = f"; {len(pages)} of {document.pages} pages could not be read" if pages else ""
        raise NotAPaperError(
            f"no readable sentence in it; its pages may be pictures{missing}",
            where=source.paper.id,
            todo="run text recognition over it first (for example ocrmypdf)",
        )
    raise NotAPaperError(
        "no readable sentence in it", where=source.paper.id, todo="give a paper as LaTeX, HTML, PDF or text"
    )
