"""The process that parses a paper: `python -m claimcheck.reading.worker`, a request on stdin, one JSON line on stdout.

Before it touches the paper's bytes it gives up the right to much memory and time, to write files and to start
processes, so that a parser which a hostile paper took over can do little. Its answer is {"document": ...} or
{"error": ...}. It says which page it is at, and a page that takes too long ends it: so the parent knows which page to
leave out. Where processes can be forked, `nursery` makes the same of a copy of itself, which spares the start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import IO, Any

from claimcheck.foundation.errors import ClaimcheckError, UnreadableInputError
from claimcheck.foundation.process import DEBUG, MARK, error_to_json, unpack_header, unpack_source
from claimcheck.reading.dispatch import load_reader

PAGE_SECONDS = 5.0  # of CPU for one page, so that a busy machine loses none; a page that is fine takes 0.02
REST_SECONDS = 0.1  # of CPU a page, beside PAGE_SECONDS, for what is done once all pages are known


def main() -> int:
    """Answer one request; 0 also when the answer is an error."""
    answer = claim_stdout()
    serve(sys.stdin.buffer, answer)
    os.close(answer)
    return 0


def serve(requests: IO[bytes], answer: int, mapped: int = 0) -> None:
    """Answer the request that comes on a stream by one line to a file descriptor, with marks before it.

    The rights of this process are given up for good; `mapped` bytes of its address space are not the paper's.
    """
    header = unpack_header(requests)
    if header is None:
        return
    watch = PageWatch(answer, header["page_seconds"])
    try:
        reply = _read(header, requests, watch, mapped)
    except ClaimcheckError as error:
        reply = _error(error)
    except MemoryError:
        reply = _error(out_of_memory(header["memory_mb"]), watch.page)
    except RecursionError:
        reply = _error(
            UnreadableInputError("is nested too deeply to read", todo="check the file, or give the PDF"), watch.page
        )
    except Exception as error:
        if os.environ.get(DEBUG):
            import traceback

            traceback.print_exc()
        told = UnreadableInputError(
            f"the {header['source']['kind']} reader stopped with {type(error).__name__}: {error}"[:300],
            todo="give another form of the paper (LaTeX, HTML or PDF), and please report it",
        )
        reply = _error(told, watch.page)
    with os.fdopen(answer, "wb", closefd=False) as stream:
        stream.write(reply + b"\n")


class PageWatch:
    """Tells the parent which page is being read, and ends this process when one takes `seconds` of CPU.

    The kernel ends it (SIGPROF): a parser that hangs in C code calls no handler of Python's.
    """

    def __init__(self, answer: int, seconds: float) -> None:
        self.page = 0  # being read; 0: none in particular
        self._answer, self._seconds, self._last = answer, seconds, 0
        if hasattr(signal, "SIGPROF"):
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})

    def __call__(self, page: int) -> None:
        """`page` (from 1) is read from now on; 0: something that concerns all of them."""
        self.page, self._last = page, max(page, self._last)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, self._seconds + (0 if page else REST_SECONDS * self._last))
        os.write(self._answer, MARK + b"%d\n" % page)


def _read(header: dict[str, Any], requests: IO[bytes], watch: PageWatch, mapped: int) -> bytes:
    # imports first: they may write bytecode, which the limits forbid
    reader = load_reader(
        header["source"]["kind"],
        tables=header["tables"],
        max_pages=header["max_pages"],
        on_page=watch,
        skip={int(page): str(reason) for page, reason in header["skip"]},
    )
    give_up_rights(header["memory_mb"], header["seconds"], mapped)
    document = reader(unpack_source(header, requests))
    return b'{"document":' + document.model_dump_json().encode() + b"}"


def _error(error: ClaimcheckError, page: int = 0) -> bytes:
    """The answer that says an error, and the page that is at fault."""
    return json.dumps({"error": error_to_json(error), "page": page}).encode()


def out_of_memory(memory_mb: int) -> UnreadableInputError:
    """The error of a paper that needs more memory than it may have."""
    return UnreadableInputError(
        f"reading it takes more than {memory_mb} MB of memory",
        todo="set CLAIMCHECK_READ_MEMORY_MB higher, or give fewer pages",
    )


def claim_stdout() -> int:
    """A private copy of stdout for the answer; what libraries print to stdout or stderr goes nowhere."""
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get(DEBUG):
        os.dup2(nowhere, 2)
    os.close(nowhere)
    return answer


def give_up_rights(memory_mb: int, seconds: float, mapped: int = 0) -> None:
    """Limit this process: address space, CPU time, and no writing of files, core dumps or new processes.

    `mapped` bytes of address space do not count: what was there before and serves other kinds of papers.
    Does nothing where the system has no such limits; the parent's clock stands in any case.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {
        "RLIMIT_AS": (memory_mb << 20) + mapped,
        "RLIMIT_CPU": max(1, round(seconds)),
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(which, (most, most))
        except (ValueError, OSError):  # macOS refuses some
            continue


if __name__ == "__main__":
    sys.exit(main())
