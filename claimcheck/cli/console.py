"""What the subcommands print: one line on stderr, JSON lines on stdout, progress on stderr with the time left."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from claimcheck.foundation.records import Paper

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
    """The console that results go to: stdout, as wide as the terminal, or 120 columns where it is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False, emoji=False)


def tell_missing_pages(paper: Paper) -> None:
    """A line on stderr that lists the pages which could not be read, where there are any."""
    if paper.pages_not_read:
        shown = ", ".join(str(page.page) for page in paper.pages_not_read[:20])
        more = f" and {len(paper.pages_not_read) - 20} more" if len(paper.pages_not_read) > 20 else ""
        reasons = "; ".join(dict.fromkeys(page.reason.rstrip(".") for page in paper.pages_not_read[:20]))
        say(f"{paper.id}: page {shown}{more} not read ({reasons}); the other pages are")


class Progress:
    """Progress on stderr: on a terminal a bar with the time left, elsewhere a short line for each of several papers.

    For one paper the display appears after three seconds. Use it as a context manager.
    """

    def __init__(self, papers: int) -> None:
        self._papers = papers
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._stage = ("", 0, 0)
        self._finished = 0
        self._closed = False

    def __enter__(self) -> Self:
        if self._terminal:
            self._timer = threading.Timer(0 if self._papers > 1 else PATIENCE, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def stage(self, name: str, done: int, total: int) -> None:
        """What is being done to the one paper; `total` 0 where that is not known."""
        self._stage = (name, done, total)
        with self._lock:
            self._update()

    def paper_done(self, line: str) -> None:
        """One of several papers is finished; `line` says what came of it."""
        self._finished += 1
        if self._papers > 1 and not self._terminal:
            sys.stderr.write(f"{self._finished}/{self._papers} {harmless(line)}\n")
            sys.stderr.flush()
        with self._lock:
            self._update()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the display away while something else is printed."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
            try:
                yield
            finally:
                if self._bar is not None and not self._closed:
                    self._bar.start()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        with self._lock:
            if self._closed:
                return
            self._bar = RichProgress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("papers", total=None)
            self._update()
            self._bar.start()

    def _update(self) -> None:
        if self._bar is None:
            return
        if self._papers > 1:
            self._bar.update(self._task, description="papers", completed=self._finished, total=self._papers)
        else:
            name, done, total = self._stage
            self._bar.update(self._task, description=name or "working", completed=done, total=total or None)
