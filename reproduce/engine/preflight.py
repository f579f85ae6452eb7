"""What is looked at before a run starts anything: the folder, its lock, the disk, the device, the commands."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import UsageError
from reproduce.engine.processes import ask_worker
from reproduce.machine import may_have_gpu, usable_cores

__all__ = ["check_commands", "check_disk", "check_folder", "default_slots", "devices", "run_lock", "running"]

KNOWN = frozenset({"cache", "jobs", "jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm", "request.json", "run.lock"})
# estimates are good to 30 %: below this share of what is needed a run cannot end well
_CLEARLY_TOO_SMALL = 0.7


def check_folder(folder: Path) -> None:
    """Make the folder of a run where absent. Raises UsageError where it holds something else or cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    except (FileExistsError, NotADirectoryError):
        raise UsageError("this is no folder", where=str(folder), todo="choose another place with --out") from None
    except OSError as error:
        todo = "make it writable or choose another one with --out"
        raise UsageError(f"the folder cannot be used ({error.strerror})", where=str(folder), todo=todo) from None
    foreign = sorted(names - KNOWN)
    # with a store it is ours, whatever a user has put beside it
    if foreign and "jobs.sqlite" not in names:
        what = f"the folder is not empty and not of an earlier run (it holds {foreign[0]})"
        raise UsageError(what, where=str(folder), todo="choose an empty or a new one with --out")
    if not os.access(folder, os.W_OK | os.X_OK):
        todo = "make it writable or choose another one with --out"
        raise UsageError("the folder cannot be written", where=str(folder), todo=todo)


@contextlib.contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Be the only run in this folder; the system frees the lock when the process ends, however it ends.

    Raises UsageError, with the process and the machine of the other run, where there is one.
    """
    path = folder / "run.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise UsageError(f"the lock cannot be opened ({error.strerror})", where=str(path)) from None
    try:
        try:
            _lock(descriptor)
        except BlockingIOError:
            holder = _holder(descriptor)
            who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}"
            what = f"another run works in this folder ({who}, since {holder.get('started', '?')})"
            raise UsageError(what, where=str(folder), todo="wait for it, stop it, or choose another --out") from None
        except OSError as error:
            todo = "choose a folder on a local disk"
            raise UsageError(f"files cannot be locked here ({error.strerror})", where=str(path), todo=todo) from None
        started = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        content = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
        os.pwrite(descriptor, json.dumps(content).encode() + b"\n", 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Raises BlockingIOError where another process keeps the lock; `running` holds it for an instant only."""
    for attempt in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if attempt == 9:
                raise
            time.sleep(0.05)


def running(folder: Path) -> Mapping[str, Any] | None:
    """`pid`, `host` and `started` of the run that works in the folder now, or None. Disturbs nobody."""
    try:
        descriptor = os.open(folder / "run.lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except OSError:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> dict[str, Any]:
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
    except (OSError, ValueError):
        return {}  # it has the lock, but has not yet written who it is
    return content if isinstance(content, dict) else {}


def check_disk(folder: Path, needed: int) -> None:
    """Raise UsageError where the jobs still to run need clearly more bytes than the disk has."""
    free = shutil.disk_usage(folder).free
    if free < needed * _CLEARLY_TOO_SMALL:
        what = f"the jobs need about {_size(needed)} of disk and {_size(free)} are free"
        raise UsageError(what, where=str(folder), todo="free some space or choose another disk with --out")


def devices(asked: str, slots: int, computing: bool) -> list[str]:
    """The device of each slot: GPUs in turn, or the CPU. Raises UsageError where the one asked for is not there.

    `computing`: whether a job is to run that uses torch at all. Only a worker imports torch, and it is asked only where
    the answer is not plain.
    """
    if asked == "cpu" or not computing or (asked == "auto" and not may_have_gpu()):
        return ["cpu"] * slots
    count = _gpus()
    if asked == "auto":
        return [f"cuda:{slot % count}" if count else "cpu" for slot in range(slots)]
    kind, _, index = asked.partition(":")
    if not count or (index and int(index) >= count):
        there = "no GPU that torch can use" if not count else f"{count} of them, cuda:0 to cuda:{count - 1}"
        todo = "choose --device cpu or auto" if not count else "choose one of these"
        raise UsageError(f"device {asked} was asked for, and there is {there}", todo=todo)
    return [asked if index else f"{kind}:{slot % count}" for slot in range(slots)]


def default_slots(asked: str) -> int:
    """One slot for each GPU that `asked` allows, else one for each core. Raises UsageError as `devices` does."""
    if asked.startswith("cuda:"):
        return 1
    count = 0 if asked == "cpu" or (asked == "auto" and not may_have_gpu()) else _gpus()
    return count or usable_cores()


@cache
def _gpus() -> int:
    """How many GPUs torch sees: asked once, since the answer takes seconds."""
    try:
        return len(ask_worker("--probe")["gpus"])
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise UsageError(f"torch could not be asked for devices: {reason}") from None
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise UsageError(f"torch could not be asked for devices: {error}") from None


def check_commands(lines: Collection[str], allowed: bool) -> None:
    """Raise UsageError where programs of the user are to be run and that was not allowed."""
    if lines and not allowed:
        first = next(iter(lines))
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        todo = "read it and allow it with --allow-command"
        raise UsageError(f"the plan runs a program: {first}{more}", todo=todo)


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
