"""Tokens that are kept: the arrays of a data set written to files as they are made, checked, then mapped into memory.

A data set has a folder of its own, named after what it was made from. It is built in a temporary folder beside and
renamed when it is whole, so that a process that dies leaves nothing that counts; of two that build the same at once the
first to end wins and the other takes what is there. `meta.json` holds the size and the sha256 of every file and of
itself: what is damaged is made anew. Nothing is ever removed but damaged data and what dead processes left behind; the
whole folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError

__all__ = ["Kept", "Numbers", "Writer", "kept", "place"]

Numbers = Literal["<i4", "<i8"]  # little-endian whatever the machine: a folder may be shared
Array = NDArray[np.signedinteger[Any]]

META = "meta.json"
_ABANDONED = 24 * 3600.0  # seconds after which a temporary folder is nobody's: no data set takes a day
_ATTEMPTS = 5


@dataclass(frozen=True)
class Kept:
    """What a data set was made into: flat arrays (read-only), lists of JSON values, and facts about the whole.

    `folder` is where it is kept, None where it is in memory alone.
    """

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]
    folder: Path | None = None
    _lists: Mapping[str, list[Any]] = field(default_factory=dict, repr=False)

    def values(self, name: str) -> Iterator[Any]:
        """The values of a list, in the order in which they were added; none where there is no such list."""
        if self.folder is None:
            yield from self._lists.get(name, ())
            return
        path = self.folder / f"{name}.jsonl"
        if path.exists():
            with path.open("rb") as file:
                yield from map(json.loads, file)


class Writer(Protocol):
    """Takes the numbers and values of a data set, in order, part by part."""

    def extend(self, name: str, values: Sequence[int], numbers: Numbers) -> None:
        """Add numbers to the end of an array, which is there from the first call on, even for no numbers."""
        ...

    def append(self, name: str, value: Any) -> None:
        """Add a JSON value to the end of a list."""
        ...


# makes the data set: gives its numbers and values to the writer, returns the facts (JSON)
Build = Callable[[Writer], Mapping[str, Any]]


def kept(cache: Path | None, key: Mapping[str, Any], build: Build) -> Kept:
    """The data set that `build` makes from what `key` (JSON) names, from the cache where it stands there undamaged.

    Without a cache it is made in memory. Raises UsageError where the cache cannot be written, and what `build` raises.
    """
    if cache is None:
        memory = _Memory()
        facts = build(memory)
        return memory.kept(facts)
    folder = place(cache, key)
    found = _read(folder)
    if found is not None:
        return found
    _sweep(cache)
    temporary = cache / f".{folder.name}.{secrets.token_hex(6)}.tmp"
    try:
        with _Files(temporary) as files:
            facts = build(files)
            files.finish(key, facts)
        with _writable(cache):
            return _rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def place(cache: Path, key: Mapping[str, Any]) -> Path:
    """The folder of the data set that `key` names."""
    return cache / hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]


class _Memory:
    """A writer that holds everything."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Array]] = defaultdict(list)
        self._lists: dict[str, list[Any]] = defaultdict(list)

    def extend(self, name: str, values: Sequence[int], numbers: Numbers) -> None:
        self._parts[name].append(np.array(values, dtype=numbers))

    def append(self, name: str, value: Any) -> None:
        self._lists[name].append(value)

    def kept(self, facts: Mapping[str, Any]) -> Kept:
        arrays = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        for array in arrays.values():
            array.flags.writeable = False  # as the files' are: who writes to one finds out with or without a cache
        return Kept(arrays, facts, None, self._lists)


class _Files:
    """A writer of NAME.i4, NAME.i8 and NAME.jsonl in a new folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[BinaryIO, Any]] = {}  # by the file's name; with its digest
        with _writable(folder.parent):
            folder.mkdir(parents=True)

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *error: object) -> None:
        for file, _ in self._open.values():
            with contextlib.suppress(OSError):
                file.close()

    def extend(self, name: str, values: Sequence[int], numbers: Numbers) -> None:
        self._write(f"{name}.{numbers[1:]}", np.array(values, dtype=numbers).tobytes())

    def append(self, name: str, value: Any) -> None:
        self._write(f"{name}.jsonl", json.dumps(value, ensure_ascii=False).encode() + b"\n")

    def finish(self, key: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Close the files and write meta.json."""
        files = {}
        with _writable(self._folder.parent):
            for name, (file, digest) in self._open.items():
                files[name] = {"bytes": file.tell(), "sha256": digest.hexdigest()}
                file.close()
            meta = {"made_from": dict(key), "facts": dict(facts), "files": files}
            content = json.dumps(meta | {"sha256": _checksum(meta)}, ensure_ascii=False, indent=1)
            (self._folder / META).write_bytes(content.encode())

    def _write(self, name: str, content: bytes) -> None:
        with _writable(self._folder.parent):
            if name not in self._open:
                # closed by finish or __exit__
                self._open[name] = (self._folder / name).open("xb"), hashlib.sha256()
            file, digest = self._open[name]
            file.write(content)
        digest.update(content)


def _read(folder: Path) -> Kept | None:
    """What the folder holds; None where it is not there or not as it was written."""
    try:
        meta = json.loads((folder / META).read_bytes())
        if _checksum({name: meta[name] for name in ("made_from", "facts", "files")}) != meta["sha256"]:
            return None
        for name, said in meta["files"].items():
            path = folder / name
            if path.stat().st_size != said["bytes"]:
                return None
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != said["sha256"]:
                    return None
        arrays = {name[:-3]: _mapped(folder / name) for name in meta["files"] if not name.endswith(".jsonl")}
        return Kept(arrays, meta["facts"], folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _mapped(path: Path) -> Array:
    numbers = np.dtype(f"<{path.suffix[1:]}")
    if path.stat().st_size == 0:  # which cannot be mapped
        empty: Array = np.zeros(0, dtype=numbers)
        empty.flags.writeable = False
        return empty
    mapped: Array = np.asarray(np.memmap(path, dtype=numbers, mode="r"))
    return mapped


def _checksum(meta: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(meta, sort_keys=True).encode()).hexdigest()


def _rename(temporary: Path, folder: Path) -> Kept:
    """Put a whole data set into its place, unless another process was there first. Raises OSError."""
    for attempt in range(_ATTEMPTS):
        try:
            temporary.rename(folder)
        except OSError:
            found = _read(folder)
            if found is not None:
                return found
            if attempt == _ATTEMPTS - 1:
                raise
            _remove(folder)  # damaged
        else:
            break
    found = _read(folder)
    if found is None:
        raise OSError("what was written does not read back")
    return found


def _remove(damaged: Path) -> None:
    # renamed first: a half-removed folder must not look like a damaged one to a process that has just replaced it
    aside = damaged.with_name(f".{damaged.name}.{secrets.token_hex(6)}.tmp")
    with contextlib.suppress(OSError):
        damaged.rename(aside)
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink()


def _sweep(cache: Path) -> None:
    """Remove the temporary folders of processes that were killed."""
    with contextlib.suppress(OSError):
        for path in cache.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _writable(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error) or type(error).__name__).lower()
        todo = "make room, make it writable or choose another folder"
        raise UsageError(f"the cache of tokens cannot be written ({reason})", where=str(cache), todo=todo) from None
