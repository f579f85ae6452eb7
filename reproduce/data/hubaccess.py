"""The network and the cache of the Hugging Face hub's own client, its errors in one line that says what to do.

HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean what they mean to huggingface_hub.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from claimcheck.foundation.errors import (
    ClaimcheckError,
    MissingInputError,
    ServiceError,
    UnreadableInputError,
    UsageError,
)

__all__ = ["FILES", "Listing", "explained", "fetch", "first_line", "listing", "quiet", "unwritable"]

FILES = "give the task's files with --data DIR"  # what always helps
_CARD = "README.md"
_TRIES = 4  # where the hub is busy: its client waits for files by itself, not for what the API says
_LONGEST_WAIT = 330.0  # seconds: the hub counts requests in windows of 300
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 403})
_NOT_WRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})
_SHA256 = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """What a data set repository holds at a commit: files in order, and its card's metadata.

    `trouble`: what came between; then the files are those that lie in the cache, which may be few.
    """

    repository: str
    revision: str
    commit: str
    files: tuple[str, ...]
    card: Mapping[str, Any]
    trouble: BaseException | None = None


def listing(repository: str, revision: str) -> Listing:
    """The repository at a revision, asked for once a process, so that all languages of a task are of one commit.

    Where the hub cannot be reached, is busy or denies it, what the cache holds counts. Raises MissingInputError where
    repository or revision are not there or not open to all, ServiceError where there is no copy in the cache.
    """
    from huggingface_hub import constants

    return _listing(str(constants.ENDPOINT), str(constants.HF_HUB_CACHE), repository, revision)


@lru_cache(maxsize=64)
def _listing(endpoint: str, cache: str, repository: str, revision: str) -> Listing:
    from huggingface_hub import HfApi, hf_hub_download, utils
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    trouble: BaseException | None = None
    card: Path | None = None
    api = HfApi()
    with quiet(utils):
        try:
            info = _patiently(api.dataset_info, repository, revision=revision)
            try:  # by the revision's name, which the cache then knows; what the hub converts has no card
                card = Path(hf_hub_download(repository, _CARD, repo_type="dataset", revision=revision))
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                pass
            if card is not None and card.parent.name != info.sha:  # a commit came between
                info = _patiently(api.dataset_info, repository, revision=card.parent.name)
            commit, files = info.sha or "", sorted(file.rfilename for file in info.siblings or ())
        except Exception as error:  # of the libraries below it, too, which differ between versions
            folder = _cached(repository, revision)
            if folder is None:
                raise explained(error, repository, revision) from None
            trouble, commit = error.with_traceback(None), folder.name
            files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
            card = folder / _CARD if _CARD in files else None
    return Listing(repository, revision, commit, tuple(files), _metadata(card) if card else {}, trouble)


def _metadata(card: Path) -> Mapping[str, Any]:
    """What stands in YAML before the text of a card; nothing where that cannot be read.

    huggingface_hub's own reader needs a second for the 183 configurations of google/xtreme, in every process.
    """
    import yaml

    text = card.read_text(encoding="utf-8", errors="replace")
    block = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n---", text, re.DOTALL)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(block[1], Loader=loader) if block else None  # noqa: S506 - both are safe
    except yaml.YAMLError:
        content = None
    return content if isinstance(content, dict) else {}


def _cached(repository: str, revision: str) -> Path | None:
    """The folder of the cache that holds the revision, however little of it."""
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision, local_files_only=True, allow_patterns=["no such file"]
        )
    except Exception:  # of several kinds: nothing is there
        return None
    return Path(found)


def fetch(repository: str, name: str, commit: str) -> Path:
    """A file in the cache, fetched where it is not there yet; its content is held against the hub's checksum.

    Raises MissingInputError, ServiceError, UsageError where the cache cannot be written, UnreadableInputError for a
    damaged copy.
    """
    from huggingface_hub import hf_hub_download, utils

    try:
        with quiet(utils):
            path = Path(hf_hub_download(repository, name, repo_type="dataset", revision=commit))
    except Exception as error:  # of the libraries below it, too, which differ between versions
        raise explained(error, repository, commit, name) from None
    # the cache names a file of the large file storage by the sha256 of its content
    blob = path.readlink().name if path.is_symlink() else ""
    if _SHA256.fullmatch(blob):
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != blob:
                what = f"{name} does not match its checksum, the copy in the cache is damaged"
                raise UnreadableInputError(what, where=repository, todo=f"delete {path.resolve()} and run again")
    return path


def _patiently(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Call again where the hub is busy, after the time that it asks for."""
    import tenacity

    def busy(error: BaseException) -> bool:
        return _status(error) in _BUSY

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        return min(_retry_after(error) or 2.0 ** (state.attempt_number - 1), _LONGEST_WAIT)

    stop = tenacity.stop_after_attempt(_TRIES)
    again = tenacity.Retrying(retry=tenacity.retry_if_exception(busy), wait=wait, stop=stop, reraise=True)
    return again(call, *arguments, **named)


def _answers(error: BaseException | None) -> Iterator[Any]:
    """The hub's answers among an error and its causes."""
    while error is not None:
        response = getattr(error, "response", None)
        if response is not None:
            yield response
        error = error.__cause__


def _status(error: BaseException | None) -> int | None:
    return next((response.status_code for response in _answers(error)), None)


def _retry_after(error: BaseException | None) -> float | None:
    """Seconds that the hub asks to wait."""
    for response in _answers(error):
        asked = str(response.headers.get("Retry-After", "")).strip()
        if asked.isdecimal():
            return float(asked)
    return None


def explained(error: BaseException, repository: str, revision: str, name: str = "") -> ClaimcheckError:
    """An error of the hub's client, over a repository or the file `name` of it, in one line of ours."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)

    def is_a(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    status, lacking = _status(error), f"{name} " if name else ""
    if (full := unwritable(error, repository)) is not None:
        return full
    if is_a(OfflineModeIsEnabled):
        what = f"{lacking}is not in the cache, and HF_HUB_OFFLINE forbids to fetch it"
        return ServiceError(what, where=repository, todo=f"unset HF_HUB_OFFLINE once, or {FILES}")
    if is_a(GatedRepoError) or (status in _DENIED and not is_a(RepositoryNotFoundError)):
        todo = f"accept its terms on its page and set HF_TOKEN, or {FILES}"
        return MissingInputError(f"the hub gives the data set to some only ({status})", where=repository, todo=todo)
    if is_a(RepositoryNotFoundError):
        todo = f"set HF_TOKEN where it is private, or {FILES}"
        return MissingInputError("the hub has no such data set", where=repository, todo=todo)
    if is_a(RevisionNotFoundError):
        todo = "name a branch, a tag or a commit that it has"
        return MissingInputError(f"the data set has no revision '{revision}'", where=repository, todo=todo)
    if status == 429:
        todo = "wait some minutes; with a token in HF_TOKEN the hub allows more"
        return ServiceError("the hub refuses more requests for now (429)", where=repository, todo=todo)
    if status is not None and status >= 500:
        return ServiceError(f"the hub fails ({status})", where=repository, todo=f"try again later, or {FILES}")
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        what = f"{name} is listed, and the hub does not have it"
        return MissingInputError(what, where=repository, todo=f"try again later, or {FILES}")
    if name and "onsistency check" in str(error):
        what = f"the hub sent a part of {name} only"
        return ServiceError(what, where=repository, todo=f"try again, or {FILES}")
    what = f"the hub cannot be reached, and {name or 'the data set'} is not in the cache ({first_line(error)})"
    return ServiceError(what, where=repository, todo=f"check the network and HF_ENDPOINT, or {FILES}")


def unwritable(error: BaseException, where: str) -> UsageError | None:
    """The error where the cache cannot be written, which is nothing that the hub did; else None."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and link.errno in _NOT_WRITABLE:
            what = f"the cache cannot be written ({os.strerror(link.errno).lower()})"
            return UsageError(what, where=where, todo="set HF_HOME to a folder with space that can be written")
        link = link.__cause__ or link.__context__
    return None


def first_line(error: BaseException) -> str:
    """What the cause behind an error says, cut to a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160]


@contextlib.contextmanager
def quiet(library: Any) -> Iterator[None]:
    """No progress bars of a library: what runs says itself how far it is."""
    shown = not library.are_progress_bars_disabled()
    if shown:
        library.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            library.enable_progress_bars()
