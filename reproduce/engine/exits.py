"""How a worker ends: its exit codes, and which of them an exception means.

 0  done: run.json is written
70  a bug: an exception, wrong input, a program that exits non-zero; the same would happen again, so no second try
74  a resource is missing: space on disk, memory, a GPU, the hub; the engine stops, the attempt does not count
75  preempted: told to leave (or the engine is gone), a checkpoint is written; the attempt does not count
anything else, signals included: a crash; tried again, at most three times
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from claimcheck.foundation.errors import ServiceError
from reproduce.machine import NoDeviceError

__all__ = [
    "BUG",
    "DONE",
    "LEAVE_SECONDS",
    "LOCK_SECONDS",
    "PREEMPTED",
    "RESOURCE",
    "KilledError",
    "ResourceError",
    "StoppedError",
    "classify",
]

DONE = 0
BUG = 70  # EX_SOFTWARE of sysexits.h
RESOURCE = 74  # EX_IOERR
PREEMPTED = 75  # EX_TEMPFAIL

LEAVE_SECONDS = 300.0  # that a worker has for its checkpoint once its engine is gone
LOCK_SECONDS = 360.0  # that a worker waits for another one in its folder: an orphan has left by then

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
# libraries in other languages report these as errors of their own, as text
_TEXTS = (
    "no space left on device",
    "disk quota exceeded",
    "storagefull",
    "cuda out of memory",
    "hip out of memory",
    "cublas_status_alloc_failed",
    "can't allocate memory",
    "no cuda-capable device",
    "no cuda gpus are available",
    "gpu is lost",
    "uncorrectable ecc error",
    "devices are busy or unavailable",
    "database or disk is full",
)
_NAMES = {"OutOfMemoryError"}  # torch.OutOfMemoryError, known without importing torch
_LEAST_FREE = 1 << 20  # bytes: a disk with less is full, whatever the error calls itself


class StoppedError(Exception):
    """The job was told to stop and has left what it needs to go on."""


class ResourceError(Exception):
    """Something that the job needs is missing now: space, memory, a device, its folder."""


_MISSING = (ResourceError, NoDeviceError, ServiceError, MemoryError)


class KilledError(Exception):
    """A user's program was ended by a signal that this toolkit did not send."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.code = 128 + number


def classify(error: BaseException, folder: Path | None = None) -> int:
    """The exit code for an exception; `folder`: where the job writes, whose free space is looked at."""
    chain = list(_chain(error))
    if any(isinstance(e, StoppedError) for e in chain[:1]):
        return PREEMPTED
    if isinstance(error, KilledError):
        return error.code
    for link in chain:
        if isinstance(link, _MISSING) or type(link).__name__ in _NAMES:
            return RESOURCE
        if isinstance(link, OSError) and link.errno in _FULL:
            return RESOURCE
        if any(text in str(link).lower() for text in _TEXTS):
            return RESOURCE
    return RESOURCE if folder is not None and _is_full(folder) else BUG


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        # `raise ... from None` hides the cause from the reader, not from here
        link = link.__cause__ or link.__context__


def _is_full(folder: Path) -> bool:
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    return state.f_bavail * state.f_frsize < _LEAST_FREE
