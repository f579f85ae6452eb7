"""A child process that runs one of our modules: how it is started, what it is sent, and how it is stopped in time.

Papers are hostile input, so what comes back from a child that parsed one is JSON, never pickle, bounded in size and
time. A request is one JSON line, which names the files and their sizes, and then their bytes; a reply is one JSON
line. Before it may come lines that begin with # and tell what the child is at, so that a child that dies is known to
have died over that.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

from claimcheck.foundation import errors
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Paper, Source

# what a child that parses a paper needs of the environment; keys and tokens are not among it
_HARMLESS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")
DEBUG = "CLAIMCHECK_DEBUG"  # set: tracebacks and the children's stderr are shown
REPLY_BYTES = 256 << 20  # more is taken from no child
MARK = b"#"  # begins a line that tells what the child is at
MARK_BYTES = 64  # length of such a line at most


class ChildLostError(Exception):
    """The child gave no whole reply.

    `timed_out` and `too_long` say whether we ended it; `exit_code` is its status, or minus the signal that ended it,
    or None where nobody can tell. `mark` is the last that it said it was at.
    """

    def __init__(
        self, exit_code: int | None, *, timed_out: bool = False, too_long: bool = False, mark: str = ""
    ) -> None:
        self.exit_code, self.timed_out, self.too_long, self.mark = exit_code, timed_out, too_long, mark
        super().__init__(self.cause)

    @property
    def cause(self) -> str:
        """A few words for an error message."""
        if self.timed_out:
            return "took too long"
        if self.too_long:
            return "gave back too much"
        if self.exit_code is not None and self.exit_code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-self.exit_code).name}"
        return "was lost" if self.exit_code is None else f"ended with status {self.exit_code}"


class Child:
    """`python -m module` in a process group of its own, asked over its stdin and heard over its stdout.

    `trusted` children get the whole environment, others the few variables without which Python does not start.
    Use it as a context manager: leaving kills the whole group. Not for use from two threads at once, except `kill`.
    """

    def __init__(self, module: str, *, trusted: bool) -> None:
        # -P: the working directory may hold a paper's files, and no json.py of theirs may be imported
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get(DEBUG) else subprocess.DEVNULL,
            env=environment(trusted),
            start_new_session=os.name == "posix",
        )
        self._timed_out = False
        self.mark = ""  # the last that it said it was at

    def ask(self, request: Iterator[bytes], *, seconds: float | None = None, reply_bytes: int = REPLY_BYTES) -> bytes:
        """Send a request and give the one line that answers it, without its newline.

        Raises ChildLostError when the child dies, says more than `reply_bytes` or has not answered after `seconds`; it
        is dead then.
        """
        timer = threading.Timer(seconds, self._time_out) if seconds is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        room = reply_bytes
        try:
            with contextlib.suppress(BrokenPipeError):  # it died; the missing reply says so below
                for part in request:
                    self._process.stdin.write(part)
                self._process.stdin.flush()
            reply = self._process.stdout.readline(room + 1)
            while reply.startswith(MARK) and reply.endswith(b"\n") and len(reply) <= MARK_BYTES:
                self.mark = reply[1:-1].decode("ascii", "replace")
                room = max(0, room - len(reply))
                reply = self._process.stdout.readline(room + 1)
        finally:
            if timer is not None:
                timer.cancel()
        if reply.endswith(b"\n"):
            return reply[:-1]
        too_long = len(reply) > room
        if not too_long:  # the pipe is closed: let it end by itself, so that its status tells why
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        self.kill()
        raise ChildLostError(self._process.returncode, timed_out=self._timed_out, too_long=too_long, mark=self.mark)

    def _time_out(self) -> None:
        self._timed_out = True
        self.kill()

    def kill(self) -> None:
        """End the child and all that it started."""
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def environment(trusted: bool) -> dict[str, str]:
    """The variables that a child gets: all of them, or the few without which Python does not start."""
    kept = {k: v for k, v in os.environ.items() if trusted or k in _HARMLESS or k == DEBUG}
    if not trusted:
        # one thread in numeric libraries: more are not allowed there, and their stacks count as address space
        kept |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    root = Path(__file__).resolve().parents[2]
    if root.name not in ("site-packages", "dist-packages"):  # a checkout that may not be installed
        kept["PYTHONPATH"] = os.pathsep.join(x for x in (kept.get("PYTHONPATH", ""), str(root)) if x)
    return kept


def pack(header: dict[str, Any], source: Source | None = None) -> Iterator[bytes]:
    """A request: `header` and, where given, a source's description and then the bytes of its files."""
    head = dict(header)
    if source is not None:
        head["source"] = {
            "paper": source.paper.model_dump(mode="json"),
            "kind": source.kind,
            "main": source.main,
            "files": [[name, len(data)] for name, data in source.files.items()],
        }
    yield json.dumps(head).encode() + b"\n"
    if source is not None:
        yield from source.files.values()


def unpack_header(stream: IO[bytes]) -> dict[str, Any] | None:
    """The header of the next request, or None when there is none to come."""
    line = stream.readline()
    return json.loads(line) if line else None


def unpack_source(header: dict[str, Any], stream: IO[bytes]) -> Source:
    """The source that a header describes, its bytes read from the stream."""
    about = header["source"]
    files = {name: _exactly(stream, size) for name, size in about["files"]}
    return Source(paper=Paper(**about["paper"]), kind=about["kind"], files=files, main=about["main"])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"{len(data)} of {size} bytes came")
    return data


def error_to_json(error: ClaimcheckError) -> dict[str, str]:
    """An error as it crosses from one process to another."""
    return {"class": type(error).__name__, "what": error.what, "where": error.where, "todo": error.todo}


def error_from_json(data: Any) -> ClaimcheckError:
    """The error that `error_to_json` wrote; only claimcheck's own classes can come out."""
    if not isinstance(data, dict):
        data = {}
    name = str(data.get("class", ""))
    kind = getattr(errors, name) if name in errors.__all__ else errors.UnreadableInputError
    what, where, todo = (str(data.get(key, ""))[:2000] for key in ("what", "where", "todo"))
    rebuilt: ClaimcheckError = kind(what or "could not be read", where=where, todo=todo)
    return rebuilt


def unforeseen(error: BaseException, where: str = "") -> ClaimcheckError:
    """A fault of our own as one line that asks to be reported; with CLAIMCHECK_DEBUG its traceback is printed."""
    import traceback

    if os.environ.get(DEBUG):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, MemoryError):
        return ClaimcheckError(
            "there is not enough memory", where=where, todo="close other programs or give fewer papers"
        )
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    told = ClaimcheckError(
        f"unexpected {type(error).__name__}{place}: {error}"[:500],
        where=where,
        todo=f"this is a fault of claimcheck: please report it with what {DEBUG}=1 prints",
    )
    told.__cause__ = error  # who meets it in Python sees both
    return told
