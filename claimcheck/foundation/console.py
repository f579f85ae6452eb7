"""How every command speaks: results as bytes or JSON lines on stdout, one line at a time on stderr."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

__all__ = ["PATIENCE", "harmless", "results_console", "say", "write_bytes", "write_json_line"]

PATIENCE = 3.0  # seconds of silence that need no progress display


def harmless(text: str) -> str:
    """The text in one line, without characters that steer a terminal or reorder what stands around them."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())


def say(text: str) -> None:
    """One unwrapped line on stderr: "claimcheck: ..."."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"claimcheck: {harmless(text)}\n")
        sys.stderr.flush()


def write_json_line(record: BaseModel) -> None:
    """A record as one line of JSON on stdout, in UTF-8 whatever the terminal's encoding; raises BrokenPipeError."""
    write_bytes(record.model_dump_json().encode() + b"\n")


def write_bytes(data: bytes) -> None:
    """Bytes on stdout, at once; raises BrokenPipeError."""
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:  # a test's replacement of stdout
        sys.stdout.write(data.decode())
    else:
        stream.write(data)
        stream.flush()


def results_console() -> Console:
    """The console that results go to: stdout, as wide as the terminal, or 120 columns where it is none.

    Where its reader has enough (`| head`) it raises BrokenPipeError; rich itself would end the program with exit 1.
    """
    from rich.console import Console

    class Results(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Results(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False, emoji=False)
