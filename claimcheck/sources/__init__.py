"""Sources: what a user names (an arXiv id, a DOI, an address, a path, bytes) -> the paper's bytes and metadata."""

from __future__ import annotations

from pathlib import Path

from claimcheck.foundation.errors import MissingInputError
from claimcheck.foundation.records import Source
from claimcheck.foundation.settings import Settings
from claimcheck.sources.files import from_bytes, from_path
from claimcheck.sources.identify import ArxivId, Doi, WebAddress, identify, looks_like_arxiv_id

__all__ = ["resolve"]

_PASS_FILE = "download the PDF or the source and pass its path"  # noqa: S105 - no password


def resolve(source: str | Path | bytes, settings: Settings, *, name: str = "") -> Source:
    """The paper that `source` names: its files by relative path, their kind, and what is known of it.

    Text is a path where such a file or folder exists, else an arXiv id (either style, with or without version), an
    address of arxiv.org or ar5iv, or an arXiv DOI. A Path is always a path. Bytes are what a file named `name` holds.

    Raises MissingInputError (no such path, id or paper; another DOI or address), UnreadableInputError (empty, damaged,
    hostile, too large, not what its name says), ServiceError (arXiv cannot be reached; offline: not in the cache),
    UsageError (the cache cannot be written).
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return from_bytes(bytes(source), settings, name=name)
    if isinstance(source, Path):
        return from_path(source.expanduser() if source.parts[:1] == ("~",) else source, settings)
    path = _existing(source)
    if path is not None:
        return from_path(path, settings)
    found = identify(source)
    match found:
        case ArxivId():
            from claimcheck.sources.arxiv_client import fetch_paper

            return fetch_paper(found, settings)
        case Doi():
            raise MissingInputError("is a DOI outside arXiv", where=found.doi[:200], todo=_PASS_FILE)
        case WebAddress():
            raise MissingInputError("is an address outside arXiv's papers", where=found.url[:200], todo=_PASS_FILE)
    if not source.strip():
        raise MissingInputError("no paper was named", todo="give an arXiv id or the path of a file or folder")
    if looks_like_arxiv_id(source):
        todo = "ids look like 2005.13013, 2005.13013v2 or hep-th/9901001"
        raise MissingInputError("is not a possible arXiv id", where=source.strip()[:200], todo=todo)
    return from_path(_as_path(source), settings)  # its error suggests names that come near


def _existing(text: str) -> Path | None:
    """The path that `text` is, where something stands there."""
    try:
        path = _as_path(text)
        path.lstat()
    except (OSError, ValueError, RuntimeError):  # too long, NUL, no home folder to expand
        return None
    return path if text.strip() else None


def _as_path(text: str) -> Path:
    return Path(text).expanduser() if text.startswith("~") else Path(text)
