"""What the commands about papers show while they work: progress with the time left, pages that were not read."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from claimcheck.foundation.console import PATIENCE, harmless, say

if TYPE_CHECKING:
    from claimcheck.foundation.records import Paper


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
