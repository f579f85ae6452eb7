"""How far a run folder is: jobs by state and phase, what failed and why, what runs, how long it will take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import MissingInputError
from reproduce.engine.jobs import JobRow, JobStore
from reproduce.engine.preflight import running
from reproduce.engine.processes import last_line
from reproduce.engine.request import planned, read_request
from reproduce.planning.estimates import Estimates
from reproduce.planning.plan import PHASES, Plan
from reproduce.runrecord import read_progress

__all__ = ["JobStatus", "Status", "status"]


@dataclass(frozen=True)
class JobStatus:
    """One job. `state` is that of the store, or "interrupted": leased, but no run works in the folder."""

    key: str
    phase: str
    label: str
    state: str
    attempts: int = 0
    message: str = ""  # why it failed or was last interrupted
    log_line: str = ""  # the last line of its log, of a job that failed or was interrupted
    seconds: float | None = None  # that it took, once it is done
    progress: Mapping[str, Any] | None = None  # of a job that runs: phase, step, steps, loss, tokens_per_second, eta


@dataclass(frozen=True)
class Status:
    """A run folder at a glance.

    `running`: pid, host and start of the run that works in it now, or None. `seconds_left`: estimated, with as many
    slots as the request names; None where nothing is known yet.
    """

    folder: str
    scale: str
    running: Mapping[str, Any] | None
    jobs: tuple[JobStatus, ...]
    seconds_left: float | None

    @property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(Counter(job.state for job in self.jobs))

    @property
    def by_phase(self) -> dict[str, dict[str, int]]:
        """The same for each phase that has jobs, in order."""
        found = {phase: Counter(job.state for job in self.jobs if job.phase == phase) for phase in PHASES}
        return {phase: dict(counts) for phase, counts in found.items() if counts}

    @property
    def failures(self) -> tuple[JobStatus, ...]:
        """The jobs that failed."""
        return tuple(job for job in self.jobs if job.state == "failed")

    @property
    def complete(self) -> bool:
        """Whether every job is done."""
        return all(job.state == "done" for job in self.jobs)

    def to_json(self) -> dict[str, Any]:
        """As JSON, `claimcheck/status/v1`."""
        content = asdict(self)
        return {"schema": "claimcheck/status/v1", **content, "states": self.states, "by_phase": self.by_phase}


def status(folder: Path) -> Status:
    """Where a run folder stands; only looks, whether or not a run works in it.

    Raises MissingInputError where the folder is no run folder, UnreadableInputError where its request or its job store
    is damaged, and what reading the registry raises.
    """
    request = read_request(folder)
    plan = planned(request)
    lock = running(folder)
    try:
        with JobStore(folder / "jobs.sqlite", read_only=True) as store:
            rows = {row.key: row for row in store.states()}
            spent = {key: _seconds(store, key) for key, row in rows.items() if row.state == "done"}
    except MissingInputError:
        rows, spent = {}, {}
    jobs = [
        _job(
            folder / "jobs" / job.key,
            JobStatus(job.key, job.phase, job.label, "waiting"),
            rows.get(job.key),
            spent,
            lock,
        )
        for job in plan.jobs
    ]
    slots = request.options.get("slots", 1)
    left = _seconds_left(plan, jobs, slots if isinstance(slots, int) else 1)
    return Status(str(folder), request.scale, lock, tuple(jobs), left)


def _job(
    folder: Path, job: JobStatus, row: JobRow | None, spent: Mapping[str, float | None], lock: object
) -> JobStatus:
    if row is None:
        return job
    state: str = row.state
    progress = None
    if state == "leased" and lock is None:
        state = "interrupted"
    elif state == "leased":
        progress = dict(read_progress(folder))
    stopped = state in ("failed", "interrupted") or (row.message and state == "ready")
    return replace(
        job,
        state=state,
        attempts=row.attempts,
        message=row.message,
        log_line=last_line(folder / "log") if stopped else "",
        seconds=spent.get(row.key),
        progress=progress,
    )


def _seconds(store: JobStore, key: str) -> float | None:
    """Of the attempt that finished the job; None where a run that was found finished was taken over."""
    ended = [a for a in store.attempts(key) if a.exit_class == "done" and a.ended is not None]
    return ended[-1].ended - ended[-1].started if ended and ended[-1].ended is not None else None


def _seconds_left(plan: Plan, jobs: Sequence[JobStatus], slots: int) -> float | None:
    estimates = Estimates({job.key: job.cost.seconds for job in plan.jobs})
    told: dict[str, float | None] = {}
    for job in jobs:
        if job.state == "done" and job.seconds is not None:
            estimates.finish(job.key, job.seconds)
        elif job.state == "done":
            estimates.reuse(job.key)
        elif job.progress is not None:
            eta = job.progress.get("eta")
            told[job.key] = float(eta) if isinstance(eta, int | float) else None
    return estimates.eta(max(1, slots), told)
