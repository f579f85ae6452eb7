"""The state of every job of a run folder, in SQLite: who works on what, what was tried, how it ended.

One engine writes (it holds RUNS/run.lock), `status` reads at the same time. Every change is one short transaction, so
that a process killed at any instant leaves the store as it was before the change or after it. The journal is WAL with
synchronous=FULL: a job costs a handful of transactions, and what was committed, the hashes of results above all, is
still there after a power cut. The folder must be on a local disk: WAL does not work across machines.

States: waiting (for an input), ready, leased (an owner works on it), done, failed, blocked (an input failed).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from claimcheck.foundation.errors import ClaimcheckError, MissingInputError, UnreadableInputError, UsageError
from reproduce.engine.events import Planned

__all__ = ["ATTEMPTS", "Attempt", "ExitClass", "JobEvent", "JobRow", "JobStore", "LeaseLostError", "State"]

State = Literal["waiting", "ready", "leased", "done", "failed", "blocked"]
# crash: the process died; preempted: it was told to leave, or its engine died; bug: the same would happen again;
# resource: no space, no memory, no GPU; changed: files of a finished job are no longer what they were
ExitClass = Literal["done", "crash", "preempted", "bug", "resource", "changed"]

ATTEMPTS = 3  # of a job that crashes; the other exit classes do not count
_APPLICATION = 0x636C6D63  # "clmc": tells our file from another program's
_VERSION = 1

_SCHEMA = f"""
CREATE TABLE jobs (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    position INTEGER NOT NULL,
    priority REAL NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ({", ".join(f"'{s}'" for s in get_args(State))})),
    message TEXT NOT NULL DEFAULT '',
    crashes INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_until REAL,
    heartbeat REAL,
    run_sha256 TEXT,
    predictions_sha256 TEXT,
    CHECK ((state = 'leased') = (owner IS NOT NULL)),
    CHECK (state != 'done' OR run_sha256 IS NOT NULL)
) STRICT;
CREATE TABLE dependencies (
    key TEXT NOT NULL REFERENCES jobs (key),
    input TEXT NOT NULL REFERENCES jobs (key),
    PRIMARY KEY (key, input)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependants ON dependencies (input);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL REFERENCES jobs (key),
    owner TEXT NOT NULL,
    source TEXT NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    exit_class TEXT CHECK (exit_class IN ({", ".join(f"'{s}'" for s in get_args(ExitClass))})),
    exit_code INTEGER,
    message TEXT NOT NULL DEFAULT '',
    run_sha256 TEXT,
    CHECK ((ended IS NULL) = (exit_class IS NULL))
) STRICT;
CREATE INDEX attempts_of ON attempts (key, id);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    key TEXT NOT NULL REFERENCES jobs (key),
    event TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
"""

# waiting, ready and blocked follow from the states of the others
_SETTLE = """
WITH RECURSIVE lost (key) AS (
    SELECT key FROM jobs WHERE state = 'failed'
    UNION
    SELECT d.key FROM dependencies d JOIN lost ON d.input = lost.key JOIN jobs j ON j.key = d.key
    WHERE j.state IN ('waiting', 'ready', 'blocked')
), open (key, state) AS (
    SELECT j.key, CASE
        WHEN j.key IN (SELECT key FROM lost) THEN 'blocked'
        WHEN EXISTS (SELECT 1 FROM dependencies d JOIN jobs i ON i.key = d.input
                     WHERE d.key = j.key AND i.state != 'done') THEN 'waiting'
        ELSE 'ready' END
    FROM jobs j WHERE j.state IN ('waiting', 'ready', 'blocked')
)
UPDATE jobs SET state = (SELECT state FROM open WHERE open.key = jobs.key)
WHERE EXISTS (SELECT 1 FROM open WHERE open.key = jobs.key AND open.state != jobs.state)
"""

_ROWS = """
SELECT j.*,
    (SELECT count(*) FROM attempts a WHERE a.key = j.key) AS attempts,
    (SELECT source FROM attempts a WHERE a.key = j.key ORDER BY id DESC LIMIT 1) AS source,
    (SELECT group_concat(input, ' ') FROM dependencies d WHERE d.key = j.key) AS inputs
FROM jobs j
"""


class LeaseLostError(ClaimcheckError):
    """A job that an owner reports on is no longer its own: the lease ran out and another took it."""


@dataclass(frozen=True)
class JobRow:
    """One job as the store knows it. Times are seconds since 1970."""

    key: str
    kind: str
    label: str
    state: State
    message: str  # why it failed or was last interrupted
    inputs: tuple[str, ...]
    attempts: int  # all of them, preempted ones included
    crashes: int  # since the last reset
    owner: str | None
    lease_until: float | None
    heartbeat: float | None
    run_sha256: str | None
    predictions_sha256: str | None
    source: str | None  # of the last attempt: the code that it ran


@dataclass(frozen=True)
class Attempt:
    """One try at a job; `ended` and `exit_class` None: it is still under way."""

    key: str
    number: int
    owner: str
    source: str
    started: float
    ended: float | None
    exit_class: ExitClass | None
    exit_code: int | None
    message: str
    run_sha256: str | None


@dataclass(frozen=True)
class JobEvent:
    """A change of one job."""

    id: int
    time: float
    key: str
    event: str  # added, claimed, done, crash, preempted, bug, resource, changed, adopted, reset
    detail: str


class JobStore:
    """The file jobs.sqlite. Close it, or use it as a context manager; one object belongs to one thread.

    Raises UnreadableInputError for a file that is damaged, another program's, or of another version of this schema, and
    leaves it as it is; MissingInputError where only reading was asked for and there is no file; UsageError where the
    disk is full, the file cannot be written, or another process holds it.
    """

    def __init__(self, path: Path, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        if read_only and not path.exists():
            raise MissingInputError("there are no jobs", where=str(path), todo="`reproduce run` makes them")
        mode = "ro" if read_only else "rwc"
        with self._explained():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30, isolation_level=None
            )
        try:
            with self._explained():
                self._open(read_only)
        except BaseException:
            self._db.close()
            raise

    def _open(self, read_only: bool) -> None:
        self._db.row_factory = sqlite3.Row
        # looked at before anything is set: journal_mode would already change another program's file
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        fresh = not application and not version and not tables
        if not fresh and application != _APPLICATION:
            raise UnreadableInputError(
                "this is another program's database", where=str(self.path), todo="choose another folder"
            )
        if not fresh and version != _VERSION:
            raise UnreadableInputError(
                f"the job store has version {version}, this claimcheck reads version {_VERSION}",
                where=str(self.path),
                todo="use the claimcheck that made it, or another folder",
            )
        if read_only:
            self._db.execute("PRAGMA query_only = ON")
            if fresh:  # its maker was killed before the first transaction
                raise MissingInputError("there are no jobs yet", where=str(self.path), todo="`reproduce run` adds them")
            return
        if not fresh and self._db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("database disk image is malformed")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if fresh:
            with self.transaction() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
        self._db.execute("CREATE TEMP TABLE wanted (key TEXT PRIMARY KEY) STRICT")

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last to close it folds the journal into it."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: every write of this class happens inside one."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # --- the engine's side ---

    def add(self, jobs: Sequence[Planned], priorities: Mapping[str, float] | None = None) -> None:
        """Make these the jobs that `claim_next` gives out; those that the store has keep their state and history.

        `jobs` in topological order: inputs first. Among ready jobs the highest priority comes first, then the order.
        Raises ValueError where an input is neither among the jobs before it nor in the store.
        """
        now = self._clock()
        with self.transaction() as db:
            known = {row["key"]: row["position"] for row in db.execute("SELECT key, position FROM jobs")}
            db.execute("DELETE FROM temp.wanted")
            for position, planned in enumerate(jobs):
                priority = (priorities or {}).get(planned.key, 0.0)
                db.execute("INSERT OR IGNORE INTO temp.wanted VALUES (?)", (planned.key,))
                if planned.key in known:
                    db.execute(
                        "UPDATE jobs SET label = ?, position = ?, priority = ? WHERE key = ?",
                        (planned.label, position, priority, planned.key),
                    )
                    continue
                missing = [key for key in planned.inputs if key not in known]
                if missing:
                    raise ValueError(f"job {planned.key} builds on {missing[0]}, which is not planned before it")
                known[planned.key] = position
                db.execute(
                    "INSERT INTO jobs (key, kind, label, position, priority, state) VALUES (?, ?, ?, ?, ?, 'waiting')",
                    (planned.key, str(planned.job.kind), planned.label, position, priority),
                )
                rows = [(planned.key, key) for key in planned.inputs]
                db.executemany("INSERT OR IGNORE INTO dependencies VALUES (?, ?)", rows)
                self._log(planned.key, "added", "", now)
            db.execute(_SETTLE)

    def claim_next(self, owner: str, lease_seconds: float, source: str = "") -> str | None:
        """Lease a ready job to `owner`; its key, or None where none is ready.

        Another owner's lease that has run out is free again.

        `source` says which code the attempt runs: a bug is worth another try once that has changed.
        """
        now = self._clock()
        with self.transaction() as db:
            over = db.execute(
                "SELECT key FROM jobs WHERE state = 'leased' AND lease_until < ? AND owner != ?", (now, owner)
            ).fetchall()
            for row in over:
                self._end(row["key"], "preempted", None, "the lease ran out", now)
            if over:
                db.execute(_SETTLE)
            row = db.execute(
                "SELECT key FROM jobs JOIN temp.wanted USING (key) WHERE state = 'ready' "
                "ORDER BY priority DESC, position LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            key = str(row["key"])
            db.execute(
                "UPDATE jobs SET state = 'leased', owner = ?, lease_until = ?, heartbeat = ? WHERE key = ?",
                (owner, now + lease_seconds, now, key),
            )
            db.execute(
                "INSERT INTO attempts (key, owner, source, started) VALUES (?, ?, ?, ?)", (key, owner, source, now)
            )
            self._log(key, "claimed", owner, now)
        return key

    def heartbeat(self, keys: Collection[str], owner: str, lease_seconds: float) -> None:
        """Renew the leases of jobs that `owner` holds; one that ran out is renewed too while nobody else took it.

        Raises LeaseLostError where another owner has one of them.
        """
        now = self._clock()
        with self.transaction() as db:
            for key in keys:
                self._own(key, owner)
                db.execute(
                    "UPDATE jobs SET heartbeat = ?, lease_until = ? WHERE key = ?", (now, now + lease_seconds, key)
                )

    def finish(
        self,
        key: str,
        owner: str,
        exit_class: ExitClass,
        *,
        exit_code: int | None = None,
        message: str = "",
        run_sha256: str | None = None,
        predictions_sha256: str | None = None,
    ) -> State:
        """Record how an attempt ended, and give the job's new state.

        done: with the hashes of run.json and predictions.jsonl as they are now; bug, and the third crash: failed, and
        what builds on the job is blocked; crash, preempted, resource: ready again. Raises LeaseLostError where `owner`
        does not hold the job, ValueError where a finished job has no hash.
        """
        if (exit_class == "done") != (run_sha256 is not None):
            raise ValueError("a finished job has the hash of its run.json, another one has none")
        now = self._clock()
        with self.transaction() as db:
            self._own(key, owner)
            state = self._end(key, exit_class, exit_code, message, now, run_sha256, predictions_sha256)
            db.execute(_SETTLE)
        return state

    def recover(self) -> list[str]:
        """Free every lease, whoever holds it; the keys. For one who knows that no owner is alive (the run lock)."""
        now = self._clock()
        with self.transaction() as db:
            keys = [str(row["key"]) for row in db.execute("SELECT key FROM jobs WHERE state = 'leased'")]
            for key in keys:
                self._end(key, "preempted", None, "the engine ended before the job did", now)
            db.execute(_SETTLE)
        return keys

    def adopt(self, key: str, run_sha256: str, predictions_sha256: str | None) -> None:
        """Take as done a job whose folder was found finished: its engine died between the job's end and the record."""
        now = self._clock()
        with self.transaction() as db:
            self._set_done(key, run_sha256, predictions_sha256)
            self._log(key, "adopted", run_sha256, now)
            db.execute(_SETTLE)

    def fail(self, key: str, message: str) -> None:
        """Mark as failed a finished job whose files are no longer those that were recorded; the hashes are kept."""
        now = self._clock()
        with self.transaction() as db:
            db.execute("UPDATE jobs SET state = 'failed', message = ? WHERE key = ?", (message, key))
            self._log(key, "changed", message, now)
            db.execute(_SETTLE)

    def reset(self, keys: Collection[str], reason: str) -> None:
        """Let done or failed jobs run again, with all their attempts left; what is done beyond them stays done."""
        now = self._clock()
        with self.transaction() as db:
            for key in keys:
                db.execute(
                    "UPDATE jobs SET state = 'waiting', message = '', crashes = 0, run_sha256 = NULL, "
                    "predictions_sha256 = NULL WHERE key = ? AND state IN ('done', 'failed')",
                    (key,),
                )
                self._log(key, "reset", reason, now)
            db.execute(_SETTLE)

    # --- everyone's side ---

    def states(self) -> list[JobRow]:
        """Every job of the store, in the order of the plan that named it last."""
        return self._rows(_ROWS + "ORDER BY position, key")

    def state(self, key: str) -> JobRow | None:
        """One job, or None where the store does not know it."""
        return next(iter(self._rows(_ROWS + "WHERE j.key = ?", key)), None)

    def attempts(self, key: str) -> list[Attempt]:
        """Every try at a job, the first one first."""
        with self._explained():
            rows = self._db.execute("SELECT * FROM attempts WHERE key = ? ORDER BY id", (key,)).fetchall()
        names = [name for name in Attempt.__dataclass_fields__ if name != "number"]
        return [Attempt(number=i, **{n: row[n] for n in names}) for i, row in enumerate(rows, 1)]

    def events(self, after: int = 0) -> list[JobEvent]:
        """Every change whose id is above `after`, in order."""
        with self._explained():
            rows = self._db.execute("SELECT * FROM events WHERE id > ? ORDER BY id", (after,)).fetchall()
        return [JobEvent(**{n: row[n] for n in JobEvent.__dataclass_fields__}) for row in rows]

    def _rows(self, query: str, *values: str) -> list[JobRow]:
        with self._explained():
            rows = self._db.execute(query, values).fetchall()
        names = [name for name in JobRow.__dataclass_fields__ if name != "inputs"]
        return [JobRow(inputs=tuple((row["inputs"] or "").split()), **{n: row[n] for n in names}) for row in rows]

    # --- inside a transaction ---

    def _own(self, key: str, owner: str) -> None:
        row = self._db.execute("SELECT owner FROM jobs WHERE key = ? AND state = 'leased'", (key,)).fetchone()
        if row is None or row["owner"] != owner:
            holder = "nobody" if row is None else row["owner"]
            raise LeaseLostError(f"job {key} is held by {holder}, not by {owner}", where=str(self.path))

    def _end(
        self,
        key: str,
        exit_class: ExitClass,
        exit_code: int | None,
        message: str,
        now: float,
        run_sha256: str | None = None,
        predictions_sha256: str | None = None,
    ) -> State:
        self._db.execute(
            "UPDATE attempts SET ended = ?, exit_class = ?, exit_code = ?, message = ?, run_sha256 = ? "
            "WHERE key = ? AND ended IS NULL",
            (now, exit_class, exit_code, message, run_sha256, key),
        )
        self._log(key, exit_class, message, now)
        if exit_class == "done":
            self._set_done(key, str(run_sha256), predictions_sha256)
            return "done"
        (crashes,) = self._db.execute("SELECT crashes FROM jobs WHERE key = ?", (key,)).fetchone()
        crashes += exit_class == "crash"
        state: State = "failed" if exit_class == "bug" or crashes >= ATTEMPTS else "ready"
        self._db.execute(
            "UPDATE jobs SET state = ?, message = ?, crashes = ?, owner = NULL, lease_until = NULL, heartbeat = NULL "
            "WHERE key = ?",
            (state, message, crashes, key),
        )
        return state

    def _set_done(self, key: str, run_sha256: str, predictions_sha256: str | None) -> None:
        self._db.execute(
            "UPDATE jobs SET state = 'done', message = '', crashes = 0, owner = NULL, lease_until = NULL, "
            "heartbeat = NULL, run_sha256 = ?, predictions_sha256 = ? WHERE key = ?",
            (run_sha256, predictions_sha256, key),
        )

    def _log(self, key: str, event: str, detail: str, now: float) -> None:
        self._db.execute("INSERT INTO events (time, key, event, detail) VALUES (?, ?, ?, ?)", (now, key, event, detail))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of SQLite as errors that say what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            where, code = str(self.path), getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                todo = "free some space and run again: finished jobs are kept"
                raise UsageError(f"the job store cannot be written ({error})", where=where, todo=todo) from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                todo = "wait for it or end it"
                raise UsageError("another process holds the job store", where=where, todo=todo) from error
            if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
                todo = "make its folder writable or choose another one"
                raise UsageError(f"the job store cannot be opened ({error})", where=where, todo=todo) from error
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "malformed" in str(error):
                todo = "move the file away and run again: finished jobs are found again in their folders"
                raise UnreadableInputError(f"the job store is damaged ({error})", where=where, todo=todo) from error
            raise
