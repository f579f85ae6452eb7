"""The process that parses a paper: `python -m claimcheck.reading.worker`, a request on stdin, one JSON line on stdout.

Before it touches the paper's bytes it gives up the right to much memory and time, to write files and to start
processes, so that a parser which a hostile paper took over can do little. Its answer is {"document": ...} or
{"error": ...}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from claimcheck.foundation.errors import ClaimcheckError, UnreadableInputError
from claimcheck.foundation.process import DEBUG, error_to_json, unpack_header, unpack_source
from claimcheck.reading.dispatch import load_reader


def main() -> int:
    """Answer one request; 0 also when the answer is an error."""
    answer = claim_stdout()
    header = unpack_header(sys.stdin.buffer)
    if header is None:
        return 0
    try:
        reply = _read(header)
    except ClaimcheckError as error:
        reply = _error(error)
    except MemoryError:
        reply = _error(out_of_memory(header["memory_mb"]))
    except RecursionError:
        reply = _error(UnreadableInputError("is nested too deeply to read", todo="check the file, or give the PDF"))
    except Exception as error:
        if os.environ.get(DEBUG):
            import traceback

            traceback.print_exc()
        reply = _error(
            UnreadableInputError(
                f"the {header['source']['kind']} reader stopped with {type(error).__name__}: {error}"[:300],
                todo="give another form of the paper (LaTeX, HTML or PDF), and please report it",
            )
        )
    with os.fdopen(answer, "wb") as stream:
        stream.write(reply + b"\n")
    return 0


def _read(header: dict[str, Any]) -> bytes:
    # imports first: they may write bytecode, which the limits forbid
    reader = load_reader(header["source"]["kind"], tables=header["tables"], max_pages=header["max_pages"])
    give_up_rights(header["memory_mb"], header["seconds"])
    document = reader(unpack_source(header, sys.stdin.buffer))
    return b'{"document":' + document.model_dump_json().encode() + b"}"


def _error(error: ClaimcheckError) -> bytes:
    return json.dumps({"error": error_to_json(error)}).encode()


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


def give_up_rights(memory_mb: int, seconds: float) -> None:
    """Limit this process: address space, CPU time, and no writing of files, core dumps or new processes.

    Does nothing where the system has no such limits; the parent's clock stands in any case.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {
        "RLIMIT_AS": memory_mb << 20,
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
