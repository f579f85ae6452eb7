"""Carries out a plan in a run folder: a supervised worker process a slot, state in the job store, resumable always.

One thread watches everything. What is true about a job is what lies in its folder (a whole run.json) and in the store;
this process holds nothing that matters, so that it may be killed at any instant: the next run frees its leases, takes
the folders that are finished as done after it has checked them, and lets the others go on from their checkpoints.
Workers leave by themselves when the engine is gone, and a worker that finds another one still in its folder waits.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shlex
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from pydantic import ValidationError

from claimcheck.foundation.errors import UsageError
from reproduce.engine import exits, preflight
from reproduce.engine.commands import command_line
from reproduce.engine.events import Event, EventKind, Failure, Limits, OnEvent, Planned, Summary
from reproduce.engine.jobs import ExitClass, JobRow, JobStore
from reproduce.engine.processes import WorkerProcess, last_line
from reproduce.engine.recovery import recover
from reproduce.machine import ended_by
from reproduce.planning.estimates import Estimates
from reproduce.runrecord import Finished, Runtime, inputs_of, inspect, source_sha256, write_job_file
from reproduce.specs import CommandJob, job_key

__all__ = ["run"]

_TICK = 0.2  # seconds between two looks at everything
# return codes of a process that somebody told to leave before it could say so itself
_TOLD = {-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}


def run(
    jobs: Sequence[Planned],
    folder: Path | str,
    *,
    slots: int = 1,
    threads: int = 1,
    device: str = "auto",
    before: Callable[[], object] | None = None,
    on_event: OnEvent | None = None,
    allow_command: bool = False,
    retry_failed: bool = False,
    checkpoint_seconds: float = 60.0,
    progress_seconds: float = 1.0,
    compiled: Literal["auto", "on", "off"] = "auto",
    data: Path | None = None,
    encoder: Path | None = None,
    limits: Limits | None = None,
) -> Summary:
    """Carry out the jobs, given in topological order, and return when all are done, failed or blocked.

    `data` and `encoder` are the user's folders of data files and of a LocalEncoder, which jobs read; what they make of
    the data is kept in cache/ of the run folder. What is finished is not repeated. A job that failed before is tried
    again only with `retry_failed` or after a change of the code. `compiled`: see Context. `before` is called once the
    folder is ours and all is checked, before the first job; `on_event` while they run; both from this thread.

    Raises UsageError, before anything has started, where another run works in the folder, the folder holds something
    else, the disk is clearly too small, the device is not there, or programs would be run without `allow_command`; and
    later where a resource runs out. Raises KeyboardInterrupt after SIGINT or SIGTERM, once the workers have written
    their checkpoints; a second signal kills them. In each case finished jobs are kept, and the same call goes on.
    """
    if slots < 1:
        raise UsageError(f"there is at least 1 slot, not {slots}")
    root = Path(folder).absolute()
    runtime = _runtime(device, threads, checkpoint_seconds, progress_seconds, compiled).model_copy(
        update={
            "data": None if data is None else str(data.absolute()),
            "encoder": None if encoder is None else str(encoder.absolute()),
            "cache": str(root / "cache"),
        }
    )
    _check_plan(jobs)
    preflight.check_folder(root)
    with preflight.run_lock(root), JobStore(root / "jobs.sqlite") as store:
        engine = _Engine(jobs, root, store, runtime, on_event or (lambda event: None), limits or Limits())
        engine.prepare(retry_failed)
        engine.check(slots, allow_command)
        if before is not None:
            before()
        with _signals() as signals:
            return engine.work(signals)


def _runtime(
    device: str,
    threads: int,
    checkpoint_seconds: float,
    progress_seconds: float,
    compiled: Literal["auto", "on", "off"],
) -> Runtime:
    try:
        return Runtime(
            device=device,
            threads=threads,
            checkpoint_seconds=checkpoint_seconds,
            progress_seconds=progress_seconds,
            compiled=compiled,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]} cannot be {first['input']!r}: {first['msg']}") from None


def _check_plan(jobs: Sequence[Planned]) -> None:
    """Raise ValueError where a plan contradicts itself: a fault of the one who made it."""
    known: set[str] = set()
    for planned in jobs:
        if job_key(planned.job) != planned.key or tuple(planned.inputs) != inputs_of(planned.job):
            raise ValueError(f"the key or the inputs of {planned.label} are not those of its job")
        if missing := [key for key in planned.inputs if key not in known]:
            raise ValueError(f"{planned.label} builds on {missing[0]}, which is not planned before it")
        known.add(planned.key)


class _Signals:
    """How often the process was told to stop."""

    count = 0


@contextlib.contextmanager
def _signals() -> Iterator[_Signals]:
    """Count SIGINT, SIGTERM and SIGHUP instead of dying of them; only the main thread can."""
    told = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return

    def count(number: int, frame: FrameType | None) -> None:
        told.count += 1

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # one that is ignored stays so (nohup)
    before = {name: signal.signal(name, count) for name in names if signal.getsignal(name) is not signal.SIG_IGN}
    try:
        yield told
    finally:
        for name, handler in before.items():
            signal.signal(name, handler if handler is not None else signal.SIG_DFL)


class _Engine:
    def __init__(
        self,
        jobs: Sequence[Planned],
        root: Path,
        store: JobStore,
        runtime: Runtime,
        on_event: OnEvent,
        limits: Limits,
    ) -> None:
        self._jobs = {planned.key: planned for planned in jobs}
        self._root, self._store, self._tell, self._limits = root, store, on_event, limits
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._begun = time.monotonic()
        self._workers: list[WorkerProcess] = []
        self._devices: list[str] = []
        self._runtime = runtime
        self._unasked: dict[str, int] = {}  # preemptions in a row that nobody asked for
        self._shortage = ""  # the resource that ran out
        self._reused = 0
        self._look = True  # whether a job may be ready that was not before
        self._estimates = Estimates({p.key: p.cost.seconds for p in jobs})
        self._told_overall = 0.0
        self._ticked = self._begun  # when the workers were looked at last

    # --- before anything starts ---

    def prepare(self, retry_failed: bool) -> None:
        """Bring the store into line with the plan, with what lies in the folders, and with what was asked for."""
        adopted = recover(self._store, self._jobs, self._root, retry_failed=retry_failed, say=self._say)
        for row in self._rows():
            if row.state == "done":
                self._reused += 1
                self._estimates.reuse(row.key)
                self._say("adopted" if row.key in adopted else "reused", row.key)

    def check(self, slots: int, allow_command: bool) -> None:
        """Refuse what cannot go well."""
        open_jobs = [self._jobs[row.key] for row in self._rows() if row.state in ("waiting", "ready")]
        lines = {}
        for planned in open_jobs:
            if isinstance(planned.job, CommandJob):
                lines[planned.key] = shlex.join(command_line(planned.job, self._folder(planned.key)))
        preflight.check_commands(list(lines.values()), allow_command)
        kept = sum(planned.cost.disk_bytes or 0 for planned in open_jobs)
        largest = sorted((planned.cost.running_bytes or 0 for planned in open_jobs), reverse=True)
        preflight.check_disk(self._root, kept + sum(largest[:slots]))
        computing = any(not isinstance(planned.job, CommandJob) for planned in open_jobs)
        self._devices = preflight.devices(self._runtime.device, slots, computing)
        for key, line in lines.items():
            self._say("command", key, line)

    # --- the work ---

    def work(self, signals: _Signals) -> Summary:
        """Until nothing can be started and nothing runs."""
        killed = False
        stop_at: float | None = None  # when patience with the workers ends
        beat_at = time.monotonic() + self._limits.lease / 3
        try:
            with selectors.DefaultSelector() as selector:
                while True:
                    if stop_at is None and (signals.count or self._shortage):
                        stop_at = time.monotonic() + self._limits.grace
                        self._say("stopping", message=self._shortage or "told to stop")
                        for worker in self._workers:
                            worker.ask_to_leave()
                    if stop_at is None:
                        self._fill_slots(selector)
                    if not self._workers:
                        break
                    if not killed and (signals.count > 1 or (stop_at is not None and time.monotonic() > stop_at)):
                        killed = True
                        for worker in self._workers:
                            worker.kill()
                    self._listen(selector)
                    if time.monotonic() >= beat_at:
                        beat_at = time.monotonic() + self._limits.lease / 3
                        self._store.heartbeat([w.key for w in self._workers], self._owner, self._limits.lease)
        finally:
            self._abandon(signals)
        if signals.count:
            raise KeyboardInterrupt
        if self._shortage:
            todo = "free or add what is missing and run again: finished jobs are kept"
            raise UsageError(self._shortage, where=str(self._root), todo=todo)
        return self._summary()

    def _fill_slots(self, selector: selectors.BaseSelector) -> None:
        """Start ready jobs on the free slots."""
        free = sorted(set(range(len(self._devices))) - {worker.slot for worker in self._workers})
        for slot in free if self._look else ():
            key = self._store.claim_next(self._owner, self._limits.lease, source_sha256())
            if key is None:
                self._look = False  # until a job ends there is nothing new
                return
            planned, folder = self._jobs[key], self._folder(key)
            runtime = self._runtime.model_copy(update={"device": self._devices[slot]})
            write_job_file(folder, planned.job, runtime)
            attempt = self._row(key).attempts
            try:
                worker = WorkerProcess(key, planned.label, folder, slot, attempt, self._runtime.threads)
            except OSError as error:
                raise UsageError(f"a worker cannot be started ({error.strerror})", where=str(folder)) from error
            self._workers.append(worker)
            selector.register(worker, selectors.EVENT_READ, worker)
            self._say("started", key, attempt=attempt)

    def _listen(self, selector: selectors.BaseSelector) -> None:
        """Take in what the workers say for at most a tick, and see to those that have ended or say nothing."""
        if not selector.get_map():
            time.sleep(_TICK / 10)  # all have closed their output and are about to end
        for ready, _ in selector.select(_TICK) if selector.get_map() else ():
            self._take(ready.data)
            if ready.data.at_end:
                selector.unregister(ready.data)
        now = time.monotonic()
        if now - self._ticked > 10 * _TICK:  # this process slept, and with it the workers
            for worker in self._workers:
                worker.last_sign = now
        self._ticked = now
        for worker in list(self._workers):
            code = worker.poll()
            if code is not None:
                self._take(worker)  # what it said last
                if worker in {entry.data for entry in selector.get_map().values()}:
                    selector.unregister(worker)
                self._workers.remove(worker)
                worker.close()
                self._ended(worker, code)
                self._look = True
            elif not worker.silent and now - worker.last_sign > self._limits.silence:
                worker.silent = True
                worker.kill()
        if time.monotonic() - self._told_overall >= self._runtime.progress_seconds:
            self._overall()

    def _take(self, worker: WorkerProcess) -> None:
        for event in worker.events():
            if event["event"] == "phase":
                self._say("phase", worker.key, str(event.get("name", "")), attempt=worker.attempt)
            elif event["event"] == "progress":
                worker.eta = _number(event.get("eta"))
                step, steps = _number(event.get("step")), _number(event.get("steps"))
                self._tell(
                    Event(
                        "progress",
                        worker.key,
                        worker.label,
                        attempt=worker.attempt,
                        step=None if step is None else int(step),
                        steps=None if steps is None else int(steps),
                        loss=_number(event.get("loss")),
                        tokens_per_second=_number(event.get("tokens_per_second")),
                        eta=worker.eta,
                    )
                )

    def _ended(self, worker: WorkerProcess, code: int) -> None:
        """Record how an attempt ended. A whole run.json counts, however the process went away after writing it."""
        key, folder, seconds = worker.key, worker.folder, time.monotonic() - worker.started
        found = inspect(folder, key)
        if isinstance(found, Finished):
            run, rows = found.run_sha256, found.predictions_sha256
            self._store.finish(key, self._owner, "done", exit_code=code, run_sha256=run, predictions_sha256=rows)
            self._estimates.finish(key, seconds)
            self._unasked.pop(key, None)
            self._say("finished", key, found.run.degenerate or "", attempt=worker.attempt, seconds=seconds)
            self._overall()
            return
        exit_class, message = self._classify(worker, code, found.why)
        state = self._store.finish(key, self._owner, exit_class, exit_code=code, message=message)
        if exit_class == "resource":
            self._shortage = self._shortage or f"{worker.label}: {message}"
        if state == "failed":
            self._say("failed", key, message, attempt=worker.attempt, seconds=seconds)
            for row in self._rows():
                if row.state == "blocked" and row.key in self._below(key):
                    self._say("blocked", row.key, f"its input failed: {worker.label}")
        else:
            kind: EventKind = "retried" if exit_class == "crash" else "preempted"
            self._say(kind, key, message, attempt=worker.attempt, seconds=seconds)

    def _classify(self, worker: WorkerProcess, code: int, missing: str) -> tuple[ExitClass, str]:
        said = last_line(worker.log)
        if worker.silent:
            return "crash", f"it gave no sign of life for {self._limits.silence:.0f} s and was killed"
        if code == exits.BUG:
            return "bug", said.removeprefix("failed: ") or "it failed and said nothing"
        if code == exits.RESOURCE:
            return "resource", said.removeprefix("a resource is missing: ")
        if worker.told_to_leave and code != exits.DONE:
            return "preempted", said if code == exits.PREEMPTED else f"told to stop, and ended by {ended_by(code)}"
        if code == exits.PREEMPTED or code in _TOLD:
            self._unasked[worker.key] = count = self._unasked.get(worker.key, 0) + 1
            if count <= self._limits.preemptions:
                return "preempted", said if code == exits.PREEMPTED else f"ended by {ended_by(code)}"
            return "crash", f"it has left early {count} times in a row though nobody asked"
        if code == exits.DONE:
            return "crash", f"it ended as if done, but {missing}"
        own = said.startswith("crashed: ")  # else it is what it did last
        return "crash", said.removeprefix("crashed: ") if own else f"it crashed ({ended_by(code)}) after: {said}"

    def _abandon(self, signals: _Signals) -> None:
        """After an error of the engine's own: no worker is left behind. Their leases are freed by the next run."""
        told = signals.count
        for worker in self._workers:
            worker.ask_to_leave()
        deadline = time.monotonic() + self._limits.grace
        for worker in self._workers:
            while worker.poll() is None and time.monotonic() < deadline and signals.count == told:
                for _ in worker.events():  # a full pipe would hold it
                    pass
                time.sleep(0.05)
            worker.kill()
            worker.close()
        self._workers.clear()

    # --- small things ---

    def _folder(self, key: str) -> Path:
        return self._root / "jobs" / key

    def _rows(self) -> list[JobRow]:
        """The plan's jobs as the store knows them; it may know others."""
        return [row for row in self._store.states() if row.key in self._jobs]

    def _row(self, key: str) -> JobRow:
        row = self._store.state(key)
        assert row is not None, "every job of the plan was added"
        return row

    def _below(self, key: str) -> set[str]:
        found = {key}
        for planned in self._jobs.values():  # in topological order
            if found & set(planned.inputs):
                found.add(planned.key)
        return found - {key}

    def _say(self, kind: EventKind, key: str = "", message: str = "", **fields: Any) -> None:
        label = self._jobs[key].label if key else ""
        self._tell(Event(kind, key, label, message, **fields))

    def _overall(self) -> None:
        self._told_overall = time.monotonic()
        running: Mapping[str, float | None] = {worker.key: worker.eta for worker in self._workers}
        eta = self._estimates.eta(len(self._devices), running)
        self._say("overall", eta=eta, done=self._estimates.done, total=len(self._jobs))

    def _summary(self) -> Summary:
        rows = self._rows()
        failed = [row for row in rows if row.state == "failed"]
        return Summary(
            done=sum(row.state == "done" for row in rows) - self._reused,
            reused=self._reused,
            failed=len(failed),
            blocked=sum(row.state == "blocked" for row in rows),
            seconds=time.monotonic() - self._begun,
            failures=tuple(Failure(row.key, row.label, row.message) for row in failed),
        )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
