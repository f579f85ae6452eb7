"""People's decisions on disk: decisions.jsonl beside a ledger, one Decision a line, only ever appended to.

Several processes may append at once: each line is written whole under a lock of the file and flushed to the disk
before it counts. A crash can at worst leave half a line at the end, which readers leave out and the next writer cuts
off. The file is the history: of a reviewer's lines on a claim the last one counts.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from claimcheck.foundation.console import say
from claimcheck.foundation.errors import InputError, UnreadableInputError, UsageError
from claimcheck.foundation.records import Decision
from claimcheck.foundation.store import locked

__all__ = [
    "LONGEST_NAME",
    "LONGEST_NOTE",
    "LONGEST_REPLY",
    "append_decision",
    "check_writable",
    "decisions_file",
    "last_decisions",
    "read_decisions",
]

FILE = "decisions.jsonl"
LONGEST_NAME = 100  # characters
LONGEST_NOTE = 4_000
LONGEST_REPLY = 10_000
_LARGEST_LINE = 256 << 10  # bytes
_LARGEST_FILE = 64 << 20
_LONGEST_ID = 200

Note = Callable[[str], None]


def decisions_file(ledger: Path) -> Path:
    """decisions.jsonl beside a ledger file, or in the folder of a ledger."""
    return (ledger if ledger.is_dir() else ledger.parent) / FILE


def read_decisions(path: Path, note: Note = say) -> tuple[Decision, ...]:
    """All lines of a decisions.jsonl in the order in which they were written; () where there is no such file.

    Half a line at the end, from a crash, is left out and `note` is told. Raises UnreadableInputError, which names
    file and line, for any other line that is no decision, and where the file is too large or cannot be read.
    """
    data = _bytes(path)
    if data is None:
        return ()
    if not _whole(data):
        # another process may be in the midst of a line: behind the lock it has finished
        with contextlib.suppress(OSError), locked(path):
            data = _bytes(path) or b""
    *lines, rest = data.split(b"\n")
    if rest.strip():
        if _whole(data):
            lines.append(rest)
        else:
            note(f"{path}: the last line is cut off ({len(rest)} bytes) and does not count")
    return _one_name_each(_decision(line, path, n) for n, line in enumerate(lines, 1) if line.strip())


def _one_name_each(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """A reviewer who is "ada" in one line and "Ada " in another is one person, by the first spelling."""
    names: dict[str, str] = {}
    out = []
    for one in decisions:
        bare = one.reviewer.strip()
        name = names.setdefault(bare.casefold(), bare)
        out.append(one if one.reviewer == name else one.model_copy(update={"reviewer": name}))
    return tuple(out)


def last_decisions(decisions: Iterable[Decision]) -> dict[str, dict[str, Decision]]:
    """What counts: claim id -> reviewer -> the reviewer's last line on that claim."""
    out: dict[str, dict[str, Decision]] = {}
    for one in decisions:
        out.setdefault(one.claim, {})[one.reviewer] = one
    return out


def append_decision(path: Path, decision: Decision, note: Note = say) -> None:
    """Write one more line; when this returns it is on the disk. Half a line from a crash is cut off first.

    Raises UsageError for a text over its limit and where the file cannot be written, and UnreadableInputError where
    it would grow too large. On an error the file is as it was.
    """
    line = _line(decision)
    try:
        with locked(path) as held:
            if not stat.S_ISREG(os.fstat(held).st_mode):
                raise _not_a_file(path)
            _mend(path, held, note)
            _write(path, line)
    except OSError as error:
        raise _unwritable(path, error) from None


def check_writable(path: Path) -> None:
    """Whether decisions could be written there, before anyone has typed one; raises UsageError. Writes nothing."""
    if path.exists():
        if not path.is_file():
            raise _not_a_file(path)
        right = os.access(path, os.R_OK | os.W_OK)
    else:
        right = os.access(path.parent, os.W_OK | os.X_OK)
    if not right:
        raise _unwritable(path, PermissionError(13, "permission denied"))


def _line(decision: Decision) -> bytes:
    limits = (("claim", _LONGEST_ID), ("reviewer", LONGEST_NAME), ("note", LONGEST_NOTE), ("reply", LONGEST_REPLY))
    texts = {}
    for name, limit in limits:
        text: str = getattr(decision, name)
        if len(text) > limit:
            raise UsageError(f"{len(text):,} characters are too many", where=name, todo=f"at most {limit:,} fit")
        # half of a surrogate pair has no UTF-8
        texts[name] = text.encode("utf-8", "replace").decode("utf-8")
    return decision.model_copy(update=texts).model_dump_json().encode("utf-8") + b"\n"


def _mend(path: Path, held: int, note: Note) -> None:
    """Makes the file end with a whole line: a newline is added to one that lacks only that, half a line is cut off."""
    size = os.fstat(held).st_size
    start = max(0, size - _LARGEST_LINE)
    os.lseek(held, start, os.SEEK_SET)
    tail = _read(held, size - start)
    rest = tail.rpartition(b"\n")[2]
    if not rest:
        return
    if _whole(tail):
        os.lseek(held, 0, os.SEEK_END)
        os.write(held, b"\n")
    elif len(rest) == size - start and start:
        raise UnreadableInputError("the last line is too long", where=str(path), todo="mend or move the file")
    else:
        os.ftruncate(held, size - len(rest))
        note(f"{path}: the last line was cut off ({len(rest)} bytes) and is taken out")


def _read(held: int, count: int) -> bytes:
    parts = []
    while count > 0 and (part := os.read(held, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write(path: Path, line: bytes) -> None:
    # O_APPEND: even a writer that knows nothing of the lock is not written over
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        if size + len(line) > _LARGEST_FILE:
            raise _too_large(path)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(28, "no space left on device")
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if size == 0 and os.name == "posix":  # the new name is to last as well
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                os.fsync(folder)
        finally:
            os.close(folder)


def _bytes(path: Path) -> bytes | None:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise _not_a_file(path)
        if about.st_size > _LARGEST_FILE:
            raise _too_large(path)
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnreadableInputError(
            f"cannot be read ({reason})", where=str(path), todo="check the file and its permissions"
        ) from None


def _whole(data: bytes) -> bool:
    """Whether the last line is one: ended by a newline, or a decision that lacks only that."""
    rest = data.rpartition(b"\n")[2]
    if not rest.strip():
        return True
    try:
        Decision.model_validate_json(rest)
    except ValidationError:
        return False
    return True


def _decision(line: bytes, path: Path, number: int) -> Decision:
    where = f"{path}, line {number}"
    todo = "mend or take out that line"
    if len(line) > _LARGEST_LINE:
        raise UnreadableInputError(f"is longer than {_LARGEST_LINE >> 10} KB", where=where, todo=todo)
    try:
        found = Decision.model_validate_json(line)
        if not found.reviewer.strip():
            raise UnreadableInputError("names no reviewer", where=where, todo=todo)
        return found
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UnreadableInputError(
            f"is no decision: {place + ': ' if place else ''}{first['msg']}", where=where, todo=todo
        ) from None


def _not_a_file(path: Path) -> InputError:
    return UnreadableInputError("is not a regular file", where=str(path), todo="move it away")


def _too_large(path: Path) -> InputError:
    return UnreadableInputError(
        f"is larger than {_LARGEST_FILE >> 20} MB", where=str(path), todo="move it away or take out old lines"
    )


def _unwritable(path: Path, error: OSError) -> UsageError:
    reason = (error.strerror or type(error).__name__).lower()
    return UsageError(
        f"decisions cannot be written ({reason})", where=str(path), todo="copy the ledger to a folder of your own"
    )
