"""The parent's side of the nursery: one nursery for each process that reads papers, one forked child for each paper.

The nursery starts with the first paper and ends with the process that started it. Where processes cannot be forked,
a worker is started for each paper.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Self

from claimcheck.foundation.process import DEBUG, MARK, MARK_BYTES, REPLY_BYTES, Child, ChildLostError, environment
from claimcheck.foundation.records import SourceKind
from claimcheck.reading.nursery import KIND_BYTES, STATUS

# macOS can fork, but the fonts of the system that pdfium asks for may not be used in a forked process there
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "darwin"


def reading_child(kind: SourceKind) -> Child | ForkedChild:
    """A fresh process that answers one request to read a paper; use it as a context manager."""
    return ForkedChild(kind) if CAN_FORK else Child("claimcheck.reading.worker", trusted=False)


def end_nursery() -> None:
    """End this process's nursery and its children, whose times the system counts then; a later paper starts another."""
    global _nursery
    with _lock:
        nursery, _nursery = _nursery, None
    if nursery is not None:
        nursery.end()


class ForkedChild:
    """A child that the nursery forks, asked and heard over a socket of its own; to be used as `Child` is."""

    def __init__(self, kind: SourceKind) -> None:
        self.mark = ""  # the last that it said it was at
        self._paper, its_paper = socket.socketpair()
        self._life, its_life = socket.socketpair()
        try:
            with its_paper, its_life:
                self._nursery = _fork(kind, its_paper, its_life)
        except BaseException:  # no nursery could be started, or Ctrl-C
            self.__exit__()
            raise

    def ask(self, request: Iterator[bytes], *, seconds: float | None = None, reply_bytes: int = REPLY_BYTES) -> bytes:
        """Send a request and give the one line that answers it, without its newline.

        Raises ChildLostError when the child dies, says more than `reply_bytes` or has not answered after `seconds`; it
        is dead then. Its `exit_code` is None where the nursery was lost too: then another child may be asked.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        too_long = False
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the missing reply says so below
                for part in request:
                    self._paper.settimeout(_left(deadline))
                    self._paper.sendall(part)
            reply = bytearray()
            room = reply_bytes
            while not too_long:
                self._paper.settimeout(_left(deadline))
                try:
                    heard = self._paper.recv(1 << 16)
                except ConnectionResetError:  # it left a part of the request unread
                    break
                if not heard:
                    break
                room -= len(heard)
                reply += heard
                while reply.startswith(MARK) and (end := reply.find(b"\n", 0, MARK_BYTES)) >= 0:
                    self.mark = reply[1:end].decode("ascii", "replace")
                    del reply[: end + 1]
                too_long = room < 0 or (reply.startswith(MARK) and len(reply) >= MARK_BYTES)
                if reply.endswith(b"\n") and not too_long:
                    return bytes(reply[:-1])
        except TimeoutError:
            raise ChildLostError(self.kill(), timed_out=True, mark=self.mark) from None
        # its socket is closed: let it end by itself, so that its status tells why
        exit_code = self.kill() if too_long else self._status(2)
        raise ChildLostError(exit_code, too_long=too_long, mark=self.mark)

    def kill(self) -> int | None:
        """End the child and wait until it is gone; how it ended, or None where the nursery is lost."""
        with contextlib.suppress(OSError):
            self._life.shutdown(socket.SHUT_WR)
        status = self._status(5)
        if status is None:
            _bury(self._nursery)
        return status

    def _status(self, seconds: float) -> int | None:
        self._life.settimeout(seconds)
        try:
            told = self._life.recv(STATUS.size)
        except OSError:
            return None
        return int(STATUS.unpack(told)[0]) if len(told) == STATUS.size else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # the nursery ends what still lives; shut down too, since a fork of this process may hold a copy
        for end in (self._life, self._paper):
            with end, contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Nursery:
    """`python -m claimcheck.reading.nursery`, in a session of its own: Ctrl-C is for this process alone."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(10)  # nobody waits for a nursery that is stopped
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "claimcheck.reading.nursery"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get(DEBUG) else subprocess.DEVNULL,
                env=environment(trusted=False),
                start_new_session=True,
            )

    def fork(self, kind: str, paper: socket.socket, life: socket.socket) -> bool:
        """Have a child forked that holds `paper`; False where the nursery is gone."""
        try:
            socket.send_fds(self._control, [kind.encode().ljust(KIND_BYTES)], [paper.fileno(), life.fileno()])
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return False
        return True

    def end(self) -> None:
        """End it and its children, and wait for it."""
        if self._process.poll() is not None:  # it was killed: its children are still of its group
            self._kill()
        with self._control, contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def forget(self) -> None:
        """In a fork of the process that started it: let go of it without a word to it."""
        self._control.close()
        self._process.returncode = 0  # not a child of this process: Popen must not wait for it


# one nursery for each process is the point of it, so it is the process's and nobody's argument
_nursery: _Nursery | None = None
_lock = threading.Lock()


def _fork(kind: str, paper: socket.socket, life: socket.socket) -> _Nursery:
    global _nursery
    with _lock:
        if _nursery is not None:
            if _nursery.fork(kind, paper, life):
                return _nursery
            _nursery.end()
        _nursery = _Nursery()
        _nursery.fork(kind, paper, life)
        return _nursery


def _bury(nursery: _Nursery) -> None:
    """End a nursery that is lost, with the children that it cannot end any more."""
    global _nursery
    with _lock:
        if _nursery is nursery:
            _nursery = None
            nursery.end()


def _left(deadline: float | None) -> float | None:
    """Seconds until the deadline, as a socket takes them: 0 would mean not to wait."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _after_fork() -> None:
    global _nursery, _lock
    _lock = threading.Lock()  # a thread that the fork did not take along may hold the other
    if _nursery is not None:
        _nursery.forget()
        _nursery = None


atexit.register(end_nursery)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
