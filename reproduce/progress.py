"""What `reproduce run` shows on stderr while it works: on a terminal live lines, elsewhere one line a finished job."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from claimcheck.foundation.console import harmless
from reproduce.display import duration

if TYPE_CHECKING:
    from reproduce.engine.events import Event

__all__ = ["RunDisplay"]

_BEAT = 30.0  # seconds between two lines about what goes on, where there is no terminal


class RunDisplay:
    """Takes the engine's events. Use it as a context manager; it leaves nothing but finished lines behind."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._eta: float | None = None
        self._running: dict[str, str] = {}  # key: what it is at
        self._live: Any = None
        self._beat = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True, highlight=False), get_renderable=self._lines, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        label = harmless(event.label)
        match event.kind:
            case "reused" | "adopted":
                self._done += 1
            case "started":
                self._running[event.key] = label
            case "phase":
                self._running[event.key] = f"{label}: {event.message}"
            case "progress":
                self._running[event.key] = _progress(event)
            case "finished":
                self._running.pop(event.key, None)
                self._done += 1
                self._say(f"{self._count()} {label}, {duration(event.seconds or 0)}")
            case "retried" | "preempted" | "failed" | "blocked":
                self._running.pop(event.key, None)
                self._say(f"{event.kind}: {label}: {harmless(event.message)}")
            case "repeat" | "kept_failed":
                self._say(f"{label}: {harmless(event.message)}")
            case "command":
                self._say(f"will run: {harmless(event.message)}")
            case "stopping":
                self._say(f"stopping: {harmless(event.message)}")
            case "overall":
                self._done, self._eta = event.done, event.eta
                self._pulse()
        if self._live is not None:
            self._live.refresh()

    def _pulse(self) -> None:
        if self._live is None and time.monotonic() - self._beat >= _BEAT:
            self._say(f"{self._count()}{self._left()}; " + "; ".join(self._running.values()))

    def _say(self, line: str) -> None:
        self._beat = time.monotonic()
        if self._live is not None:
            self._live.console.print(line, markup=False, soft_wrap=True)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def _count(self) -> str:
        return f"{self._done}/{self._total}"

    def _left(self) -> str:
        return f", {duration(self._eta)} left" if self._eta is not None else ""

    def _lines(self) -> Any:
        from rich.text import Text

        return Text("\n".join([f"{self._count()} jobs{self._left()}", *(f"  {t}" for t in self._running.values())]))


def _progress(event: Event) -> str:
    parts = [f"step {event.step}/{event.steps}" if event.steps else "", _loss(event.loss)]
    if event.tokens_per_second:
        parts.append(f"{event.tokens_per_second:,.0f} tokens/s")
    if event.eta is not None:
        parts.append(f"{duration(event.eta)} left")
    return f"{harmless(event.label)}: " + ", ".join(part for part in parts if part)


def _loss(loss: float | None) -> str:
    return "" if loss is None else f"loss {loss:.3f}"
