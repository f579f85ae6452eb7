"""What an engine is given, what it tells its caller while it works, and what it gives back at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["Event", "EventKind", "Failure", "Limits", "OnEvent", "Planned", "PlannedCost", "Summary"]


class PlannedCost(Protocol):
    """What the engine wants to know of a job's cost; None: not known."""

    @property
    def disk_bytes(self) -> int | None:
        """Kept after the job."""

    @property
    def running_bytes(self) -> int | None:
        """Needed beside that while it runs."""

    @property
    def seconds(self) -> float | None:
        """Estimated time on one slot."""


class Planned(Protocol):
    """A job of a plan."""

    @property
    def key(self) -> str:
        """The content key."""

    @property
    def job(self) -> Any:
        """The job itself, one of reproduce.specs."""

    @property
    def inputs(self) -> Sequence[str]:
        """Keys of the jobs that it builds on."""

    @property
    def label(self) -> str:
        """What a person calls it; no worker gets to see it."""

    @property
    def cost(self) -> PlannedCost:
        """What it will take."""


@dataclass(frozen=True)
class Limits:
    """Times, in seconds, and counts after which the engine loses patience."""

    silence: float = 3600.0  # a worker that says nothing for so long is killed; that counts as a crash
    grace: float = 300.0  # for checkpoints, between asking the workers to leave and killing them
    lease: float = 60.0
    preemptions: int = 10  # attempts of a job in a row that end early though nobody asked; the next one is a crash


EventKind = Literal[
    "command",  # a user's program that will be run: `message` is its command line; said before anything starts
    "reused",  # finished in an earlier run
    "adopted",  # the same, but the store did not know: its engine died between the job's end and the record
    "repeat",  # was finished, and has to be done again: `message` says why
    "kept_failed",  # failed in an earlier run and is not tried again: `message` says why, and how to have it tried
    "started",
    "phase",  # `message` is its name
    "progress",  # of one job
    "finished",
    "retried",  # the attempt crashed, the job will be tried again
    "preempted",  # the attempt ended early and does not count
    "failed",  # for good
    "blocked",  # an input failed
    "overall",  # of all jobs: `done`, `total`, `eta`
    "stopping",  # a signal, or a missing resource: workers write their checkpoints
]


@dataclass(frozen=True)
class Event:
    """One thing that happened. Fields that do not belong to its kind are empty; times are in seconds."""

    kind: EventKind
    key: str = ""
    label: str = ""
    message: str = ""
    attempt: int = 0
    step: int | None = None
    steps: int | None = None
    loss: float | None = None
    tokens_per_second: float | None = None
    eta: float | None = None  # until the end of the job, in `overall` of all jobs
    seconds: float | None = None  # that the attempt took
    done: int = 0
    total: int = 0


OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Failure:
    """A job that failed, in this run or before."""

    key: str
    label: str
    message: str


@dataclass(frozen=True)
class Summary:
    """How a run ended. Every job of the plan is in exactly one of the four counts."""

    done: int  # finished by this run
    reused: int  # finished before it
    failed: int
    blocked: int  # an input failed
    seconds: float
    failures: tuple[Failure, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every job is finished."""
        return not self.failed and not self.blocked
