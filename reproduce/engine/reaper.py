"""Runs a user's program and ends all of it, grandchildren included, as soon as the worker is gone or says so.

    python -I -S reaper.py GRACE PROGRAM ARGUMENT...

stdin is a pipe that the worker holds: when it closes (the worker closed it, or died in any way), the program's process
group gets SIGTERM, and SIGKILL after GRACE seconds, or as soon as a worker that had asked for the end is itself killed.
The reaper leads a session of its own, so that what kills the worker's group does not kill it. Its exit is the
program's: the same code, or the same signal. 127: it cannot be run.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import time

CANNOT_RUN = 127
_TICK = 0.05  # seconds


def _start(argv: list[str]) -> int:
    pid = os.fork()
    if pid:
        with contextlib.suppress(OSError):  # both sides set it, whoever comes first
            os.setpgid(pid, pid)
        return pid
    try:
        os.setpgid(0, 0)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(name, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.execvp(argv[0], argv)  # noqa: S606 - the program that the user asked for, and no shell
    except BaseException as error:  # a forked child must never return into the parent's code
        os.write(2, f"{argv[0]} cannot be run: {error}\n".encode(errors="replace"))
    finally:
        os._exit(CANNOT_RUN)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def main(grace: float, argv: list[str]) -> int:
    """Run the program to its end; its wait status."""
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    worker = os.getppid()
    pid = _start(argv)
    kill_at: float | None = None
    asked = False  # by a worker that lives on
    watched = [0]
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _signal_group(pid, signal.SIGKILL)  # what the program left behind
            return status
        if select.select(watched, [], [], _TICK)[0] and not os.read(0, 4096):
            watched = []
            _signal_group(pid, signal.SIGTERM)
            kill_at = time.monotonic() + grace
            time.sleep(_TICK)  # a process that dies closes its files before its children are given away
            asked = os.getppid() == worker
        if asked and os.getppid() != worker:
            _signal_group(pid, signal.SIGKILL)
        if kill_at is not None and time.monotonic() >= kill_at:
            _signal_group(pid, signal.SIGKILL)


if __name__ == "__main__":
    ended = main(float(sys.argv[1]), sys.argv[2:])
    if os.WIFSIGNALED(ended):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has left one where it wanted to
        signal.signal(os.WTERMSIG(ended), signal.SIG_DFL) if os.WTERMSIG(ended) != signal.SIGKILL else None
        os.kill(os.getpid(), os.WTERMSIG(ended))
        time.sleep(1)  # a pending signal is delivered before this is over
    os._exit(os.waitstatus_to_exitcode(ended) & 0xFF)
