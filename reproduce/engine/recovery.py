"""Brings the job store into line with a plan and with what lies in the folders, before a run starts anything.

It is the same whether the last run ended well, was killed at any instant, lost its store, or had its folders changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reproduce.engine.events import EventKind, Planned
from reproduce.engine.jobs import JobRow, JobStore
from reproduce.planning.estimates import priorities
from reproduce.runrecord import Finished, clear_results, inputs_of, inspect, remove_checkpoints, source_sha256

__all__ = ["recover"]

Say = Callable[[EventKind, str, str], None]  # kind, key, message


def recover(store: JobStore, jobs: Mapping[str, Planned], root: Path, *, retry_failed: bool, say: Say) -> set[str]:
    """Add the jobs (in topological order), free the leases of dead engines, and settle each job by its folder.

    Gives the keys of the jobs that were found finished though the store did not know.

    A job of which the store has no result, but the folder a whole run that stands on its inputs: done. One with a
    result whose files are as recorded: done. Whose files are gone, or whose inputs were run again: to be repeated;
    nothing but a model that no open job needs may be gone. Whose files are others now: failed, untouched. One that
    failed is left so, unless `retry_failed` or the code has changed since.
    """
    store.add(list(jobs.values()), priorities(list(jobs.values())))
    store.recover()
    settle = _Settle(store, jobs, root, retry_failed, say)
    settle.changed = True
    while settle.changed:  # a job that is opened again may need a model that nobody seemed to need
        settle.changed = False
        for key in jobs:  # inputs first: a job that is repeated makes stale what was built on it
            row = settle.row(key)
            if row.run_sha256 is not None:
                settle.recorded(row)
            else:
                settle.unrecorded(row)
    for key, message in settle.kept.items():
        say("kept_failed", key, message)
    return settle.adopted


class _Settle:
    changed = False

    def __init__(self, store: JobStore, jobs: Mapping[str, Planned], root: Path, retry_failed: bool, say: Say) -> None:
        self._store, self._jobs, self._root, self._retry, self._say = store, jobs, root, retry_failed, say
        self.adopted: set[str] = set()
        self.kept: dict[str, str] = {}  # failed jobs that stay so, and why

    def row(self, key: str) -> JobRow:
        row = self._store.state(key)
        assert row is not None, "every job of the plan was added"
        return row

    def unrecorded(self, row: JobRow) -> None:
        """A job without a result in the store."""
        key, folder = row.key, self._root / "jobs" / row.key
        found = inspect(folder, key)
        if isinstance(found, Finished):
            if why := self._stale(found):
                clear_results(folder)
                self._say("repeat", key, why)
                self.changed = True
            else:
                self._store.adopt(key, found.run_sha256, found.predictions_sha256)
                self.adopted.add(key)
                return
        if row.state == "failed":
            if self._retry or (row.source and row.source != source_sha256()):
                self._store.reset([key], "asked for" if self._retry else "the code has changed")
                self.changed = True
            else:
                self.kept[key] = f"{row.message}; --retry-failed or changed code lets it run again"

    def recorded(self, row: JobRow) -> None:
        """A job that was finished, held against its files."""
        key, folder = row.key, self._root / "jobs" / row.key
        found = inspect(folder, key)
        why = ""
        if isinstance(found, Finished):
            if (found.run_sha256, found.predictions_sha256) == (row.run_sha256, row.predictions_sha256):
                why = self._stale(found)
                if not why:
                    if row.state != "done":  # what was changed has been put back
                        self._store.adopt(key, found.run_sha256, found.predictions_sha256)
                    remove_checkpoints(folder)  # its worker may have been killed before it could
                    return
        elif found.gone == "model" and not self._needed(key):
            return  # removed to save space
        elif found.gone:
            why = found.why
        if not why and self._retry:
            why = "its files were changed after the run"
        if why:
            # the folder first: killed in between, the next run finds run.json gone and comes here again
            clear_results(folder)
            self._store.reset([key], why)
            self._say("repeat", key, why)
            self.changed = True
            return
        message = f"its files were changed after the run: put them back, or remove {folder} to have it run again"
        if row.state != "failed":
            self._store.fail(key, message)
        self.kept[key] = message

    def _stale(self, found: Finished) -> str:
        """Why a run does not stand on its inputs as they are; "" where it does."""
        for key in inputs_of(found.run.job):
            row = self.row(key)
            again = row.state == "done" and row.run_sha256 != found.run.parents.get(key)
            if again or row.state in ("waiting", "ready", "blocked"):
                return f"its input {key} is another one now"
        return ""

    def _needed(self, key: str) -> bool:
        """Whether an open job builds on that one."""
        return any(key in planned.inputs and self.row(planned.key).state != "done" for planned in self._jobs.values())
