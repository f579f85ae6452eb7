"""The cache: bytes by their sha256, named entries that point at them, atomic writes, locks between processes.

Below `home`: `blobs/ab/ab12…` holds contents, `entries/KIND/cd/cd34….json` holds {key, sha256, stored}; its name is the
sha256 of the key. Several processes may use one home at the same time: a file appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from claimcheck.foundation.errors import UsageError

__all__ = ["Store", "locked", "write_atomic"]

_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file so that others see the old contents or the new, never a part; text is written as UTF-8.

    Missing folders are made. Raises UsageError where the place cannot be written.
    """
    try:
        _replace(Path(path), data.encode() if isinstance(data, str) else data)
    except OSError as error:
        todo = "make it writable or choose another folder"
        raise UsageError(f"cannot be written ({_reason(error)})", where=str(path), todo=todo) from None


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock file `path`; waits for other threads and processes. Gives its open descriptor.

    The system drops the lock when the process dies, so a crash never leaves one behind. Raises OSError.
    """
    # each call opens the file anew: the lock belongs to the open file, hence threads exclude each other too
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    # a byte far behind what anyone writes: the lock there is mandatory
                    os.lseek(descriptor, 1 << 20, os.SEEK_SET)
                    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    time.sleep(0.05)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


class Store:
    """A content-addressed cache in the folder `home`, which is made at the first write.

    Reading needs no right to write. A damaged blob or entry counts as absent. Writing raises UsageError where
    `home` cannot be written.
    """

    def __init__(self, home: Path | str) -> None:
        self.home = Path(home)

    def put_blob(self, data: bytes) -> str:
        """Keep `data`; its sha256 as 64 hex digits."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self.blob(sha256) is None:  # a damaged one is written again
            self._write(self._blob_path(sha256), data)
        return sha256

    def blob(self, sha256: str) -> bytes | None:
        """The bytes with that sha256, or None where they are absent or damaged."""
        if not _SHA256.fullmatch(sha256):
            return None
        try:
            data = self._blob_path(sha256).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def put(self, kind: str, key: str, data: bytes) -> str:
        """Keep `data` under a name, in place of what was there; its sha256. A kind: a-z, 0-9, ".", "_", "-"."""
        path = self._entry_path(kind, key)
        sha256 = self.put_blob(data)
        entry = {"key": key, "sha256": sha256, "stored": time.time()}
        self._write(path, json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        return sha256

    def get(self, kind: str, key: str, *, max_age: float | None = None) -> bytes | None:
        """The bytes under a name, or None where they are absent, damaged or older than `max_age` seconds."""
        entry = _read_entry(self._entry_path(kind, key))
        if entry is None or entry[0] != key:
            return None
        _, sha256, stored = entry
        # an entry from the future (a clock set back) is as good as old
        if max_age is not None and not 0 <= time.time() - stored <= max_age:
            return None
        return self.blob(sha256)

    def keys(self, kind: str) -> list[str]:
        """The names under which something of that kind is kept, sorted; their contents may still prove damaged."""
        folder = self._entry_path(kind, "").parent.parent
        found = (_read_entry(path) for path in folder.glob("*/*.json"))
        return sorted(entry[0] for entry in found if entry is not None)

    def folder(self, *parts: str) -> Path:
        """A folder below home for files that need a path of their own (exported models, locks); made where absent."""
        path = self.home.joinpath(*parts)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        return path

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[int]:
        """Hold the lock `name` of this home against other threads and processes; gives its open descriptor."""
        path = self.folder("locks") / f"{name}.lock"
        with contextlib.ExitStack() as stack:
            try:
                descriptor = stack.enter_context(locked(path))
            except OSError as error:
                raise self._unwritable(error) from None
            yield descriptor

    def _blob_path(self, sha256: str) -> Path:
        return self.home / "blobs" / sha256[:2] / sha256

    def _entry_path(self, kind: str, key: str) -> Path:
        if not _KIND.fullmatch(kind):
            raise ValueError(f"not a kind of entry: {kind!r}")
        # keys hold slashes and whatever else: their hash is a safe file name
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self.home / "entries" / kind / name[:2] / f"{name}.json"

    def _write(self, path: Path, data: bytes) -> None:
        try:
            _replace(path, data)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(
            f"the cache folder cannot be written ({_reason(error)})",
            where=str(self.home),
            todo="make it writable or set CLAIMCHECK_HOME to a folder that is",
        )


def _read_entry(path: Path) -> tuple[str, str, float] | None:
    try:
        entry = json.loads(path.read_bytes())
        return str(entry["key"]), str(entry["sha256"]), float(entry["stored"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # beside the target, since a rename is atomic within one file system only; mkstemp's files nobody else could read
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
