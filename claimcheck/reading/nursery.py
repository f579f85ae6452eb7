"""A clean process that forks one child for each paper: `python -m claimcheck.reading.nursery`, driven by `forked`.

It imports the readers once and touches no paper's bytes. A message on its control socket (stdin) names a kind of
paper and brings two sockets: one for the child, which finds its request there and answers it as the worker does, and
one for the nursery, which ends the child when the parent ends its side and tells how the child ended. A child holds
nothing but its own socket, so that it cannot reach the next paper. When the control socket ends, so do all.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import struct
import traceback
from typing import TYPE_CHECKING, NoReturn, cast

from claimcheck.foundation.process import DEBUG

if TYPE_CHECKING:
    from claimcheck.foundation.records import SourceKind

KIND_BYTES = 8  # length of a message: the kind of the paper, filled up with spaces
STATUS = struct.Struct("!i")  # how a child ended: its exit status, or minus the signal
NOT_FORKED = 71  # EX_OSERR of sysexits.h
_MOST_FILES = 1024
_COLLECT = (50_000, 20, 50)  # a child is short-lived: it looks for garbage more seldom than Python does by itself


class Nursery:
    """The children that are alive, and the sockets to wait on. For a process of one thread."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._waiting = selectors.DefaultSelector()
        self._lives: dict[int, socket.socket] = {}  # child's id: the socket over which its parent ends it
        self._mapped: dict[str, int] = {}  # kind whose readers are loaded: the address space that they took

    def run(self) -> None:
        """Fork and reap until the control socket ends."""
        awake, wake = socket.socketpair()
        for end in (awake, wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler there is no wake-up
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._waiting.register(awake, selectors.EVENT_READ)
        self._waiting.register(self._control, selectors.EVENT_READ)
        while True:
            for key, _ in self._waiting.select():
                if key.fileobj is self._control:
                    if not self._take():
                        return
                elif key.fileobj is awake:
                    with contextlib.suppress(BlockingIOError):
                        awake.recv(4096)
                    self._reap()
                elif key.data in self._lives:  # not reaped in this round
                    self._waiting.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)

    def end(self) -> None:
        """Kill and reap all children."""
        for pid in list(self._lives):
            os.kill(pid, signal.SIGKILL)
        for pid in list(self._lives):
            self._gone(*os.waitpid(pid, 0))

    def _take(self) -> bool:
        """Fork a child for the next message; False when there is none to come."""
        message, files, _, _ = socket.recv_fds(self._control, KIND_BYTES, 2)
        if len(message) < KIND_BYTES:
            return False
        if len(files) < 2:  # no room for more files: the parent sees its sockets closed
            for file in files:
                os.close(file)
            return True
        paper, life = (socket.socket(fileno=file) for file in files)
        with paper:
            kind = cast("SourceKind", message.decode("ascii").strip())
            self._load(kind)
            gc.freeze()  # a collection in the child would write to, and so copy, all that it shares with us
            try:
                pid = os.fork()
            except OSError:
                with life, contextlib.suppress(OSError):
                    life.send(STATUS.pack(NOT_FORKED))
                return True
            if pid == 0:
                _be_child(paper.fileno(), sum(self._mapped.values()) - self._mapped[kind])
        self._lives[pid] = life
        self._waiting.register(life, selectors.EVENT_READ, pid)
        return True

    def _load(self, kind: SourceKind) -> None:
        """Load a kind's readers when it comes for the first time."""
        if kind in self._mapped:
            return
        before = _address_space()
        from claimcheck.reading.warm import warm_up

        with contextlib.suppress(Exception):  # the child meets it again and says so
            warm_up(kind)
        self._mapped[kind] = max(0, _address_space() - before)

    def _reap(self) -> None:
        """Tell of all children that have ended."""
        while self._lives:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._gone(pid, status)

    def _gone(self, pid: int, status: int) -> None:
        life = self._lives.pop(pid)
        with contextlib.suppress(KeyError):
            self._waiting.unregister(life)
        with life, contextlib.suppress(OSError):  # the parent may have closed its side
            life.send(STATUS.pack(os.waitstatus_to_exitcode(status)))


def _be_child(paper: int, mapped: int) -> NoReturn:
    """Read one paper; `paper` is its socket, and all else is closed. `mapped` bytes serve other kinds of papers."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.set_threshold(*_COLLECT)
        gc.enable()
        os.dup2(paper, 3)
        os.closerange(4, _MOST_FILES)
        from claimcheck.reading.worker import serve

        with os.fdopen(3, "rb", closefd=False) as requests:
            serve(requests, 3, mapped)
        status = 0
    except BaseException as error:
        if os.environ.get(DEBUG):
            traceback.print_exception(error)
    finally:
        os._exit(status)  # not back into the nursery's loop, whatever happened


def _address_space() -> int:
    """Bytes of address space that this process has mapped; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as told:  # noqa: PTH123 - no other module is loaded for it
            return int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main() -> NoReturn:
    """Serve the control socket that stands for stdin."""
    control = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1):  # a library that reads or prints meets nothing
        os.dup2(nowhere, file)
    os.close(nowhere)
    os.chdir("/")  # the caller's folder can be removed
    import resource  # Windows has none, and imports this module for its constants

    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_MOST_FILES, most[0]), most[1]))  # so that a child closes them all
    gc.disable()
    nursery = Nursery(control)
    try:
        nursery.run()
    finally:
        nursery.end()
        os._exit(0)  # nothing is left to do, and an orderly end takes longer than reading a page


if __name__ == "__main__":
    main()
