"""What a job's runner is given and what it gives back. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Context", "Outcome", "Preempted"]


class Preempted(Exception):  # noqa: N818
    """The runner was asked to stop and did, after writing a checkpoint where the job has any."""


@dataclass(frozen=True)
class Context:
    """Where and how a job runs; none of it alters the numbers on a CPU, but for the count of threads.

    `report` takes events: {"event": "phase", "name"}, {"event": "progress", "step", "steps", "loss",
    "tokens_per_second", "eta"} at most once in `progress_seconds`, {"event": "note", "text"}. `should_stop` is asked
    between two optimizer steps or two batches. A checkpoint is written when `checkpoint_seconds` have gone by since the
    last one, and after every `checkpoint_steps` steps (0: never).
    """

    folder: Path
    inputs: Mapping[str, Path] = field(default_factory=dict)
    data: Path | None = None  # the user's folder of data files
    encoder: Path | None = None  # the folder of a LocalEncoder
    cache: Path | None = None  # where tokenised data are kept for other jobs; None: they are not
    device: str = "auto"
    threads: int = 1
    checkpoint_seconds: float = 60.0
    report: Callable[[dict[str, Any]], None] = lambda event: None
    should_stop: Callable[[], bool] = lambda: False
    progress_seconds: float = 1.0
    checkpoint_steps: int = 0
    # on a GPU: layers compiled and steps recorded as CUDA graphs where that pays ("auto"), always or never
    compiled: Literal["auto", "on", "off"] = "auto"

    def phase(self, name: str) -> None:
        """Report that a phase begins: load, train, checkpoint, evaluate or finish."""
        self.report({"event": "phase", "name": name})

    def note(self, text: str) -> None:
        """Report what a reader of the log should know."""
        self.report({"event": "note", "text": text})


@dataclass(frozen=True)
class Outcome:
    """The fields of run.json that the runner knows; the worker adds the rest."""

    optimizer_steps: int = 0
    examples: int = 0
    tokens: int = 0
    train_loss: dict[str, float | None] | None = None
    degenerate: str | None = None
    data: tuple[dict[str, Any], ...] = ()
    predictions: dict[str, Any] | None = None
    model_sha256: str | None = None
    weights_changed: bool | None = None
    selection: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
