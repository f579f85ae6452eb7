"""The job store: states, leases, attempts by exit class, what survives a kill, and files that are none of ours."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from command_jobs import Planned, program
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce.engine.jobs import ATTEMPTS, ExitClass, JobRow, JobStore, LeaseLostError

SHA = "a" * 64
OTHER = "b" * 64


class Clock:
    """A time that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[JobStore]:
    with JobStore(tmp_path / "jobs.sqlite", clock=clock) as opened:
        yield opened


def states(store: JobStore) -> dict[str, str]:
    return {row.label: row.state for row in store.states()}


def row_of(store: JobStore, job: Planned) -> JobRow:
    row = store.state(job.key)
    assert row is not None
    return row


def claim(store: JobStore, owner: str = "me") -> str:
    key = store.claim_next(owner, 60)
    assert key is not None
    return key


A = program(label="a")
B = program(inputs=[A], seed=1, label="b")
C = program(inputs=[B], seed=2, label="c")
D = program(seed=3, label="d")
PLAN = [A, B, C, D]


class TestStates:
    def test_a_job_is_ready_once_its_inputs_are_done(self, store: JobStore) -> None:
        store.add(PLAN)
        assert states(store) == {"a": "ready", "b": "waiting", "c": "waiting", "d": "ready"}
        assert claim(store) == A.key
        assert states(store)["a"] == "leased"
        assert store.finish(A.key, "me", "done", run_sha256=SHA, predictions_sha256=OTHER) == "done"
        assert states(store) == {"a": "done", "b": "ready", "c": "waiting", "d": "ready"}
        assert (row_of(store, A).run_sha256, row_of(store, A).predictions_sha256) == (SHA, OTHER)

    def test_a_failed_job_blocks_what_builds_on_it_and_nothing_else(self, store: JobStore) -> None:
        store.add(PLAN)
        store.finish(claim(store), "me", "bug", exit_code=70, message="no such column")
        assert states(store) == {"a": "failed", "b": "blocked", "c": "blocked", "d": "ready"}
        assert row_of(store, A).message == "no such column"
        assert claim(store) == D.key
        assert store.claim_next("me", 60) is None

    def test_a_reset_job_and_what_it_blocked_can_run_again(self, store: JobStore) -> None:
        store.add(PLAN)
        store.finish(claim(store), "me", "bug")
        store.reset([A.key], "asked for")
        assert states(store) == {"a": "ready", "b": "waiting", "c": "waiting", "d": "ready"}

    def test_the_highest_priority_comes_first_then_the_order(self, store: JobStore) -> None:
        store.add(PLAN, {A.key: 1.0, D.key: 2.0})
        assert [claim(store), claim(store)] == [D.key, A.key]

    def test_a_plan_gets_its_own_jobs_only_and_keeps_what_is_finished(self, store: JobStore) -> None:
        store.add([A, B])
        store.finish(claim(store), "me", "done", run_sha256=SHA)
        store.add([A, D])
        assert states(store) == {"a": "done", "b": "ready", "d": "ready"}
        assert claim(store) == D.key
        assert store.claim_next("me", 60) is None

    def test_an_input_that_nobody_planned_is_refused_and_nothing_is_added(self, store: JobStore) -> None:
        with pytest.raises(ValueError, match="not planned before it"):
            store.add([D, B])
        assert store.states() == []

    def test_a_result_needs_a_hash_and_a_failure_has_none(self, store: JobStore) -> None:
        store.add(PLAN)
        key = claim(store)
        with pytest.raises(ValueError):
            store.finish(key, "me", "done")
        with pytest.raises(ValueError):
            store.finish(key, "me", "crash", run_sha256=SHA)


class TestAttempts:
    def test_a_crash_is_tried_three_times(self, store: JobStore) -> None:
        store.add([A])
        for attempt in range(1, ATTEMPTS + 1):
            state = store.finish(claim(store), "me", "crash", exit_code=-9, message="killed")
            assert state == ("ready" if attempt < ATTEMPTS else "failed")
        assert [a.exit_class for a in store.attempts(A.key)] == ["crash"] * ATTEMPTS
        assert [a.number for a in store.attempts(A.key)] == [1, 2, 3]

    def test_a_reset_gives_all_attempts_again(self, store: JobStore) -> None:
        store.add([A])
        for _ in range(ATTEMPTS):
            store.finish(claim(store), "me", "crash")
        store.reset([A.key], "asked for")
        assert store.finish(claim(store), "me", "crash") == "ready"

    @pytest.mark.parametrize("exit_class", ["preempted", "resource"])
    def test_what_is_nobodys_fault_does_not_count(self, store: JobStore, exit_class: ExitClass) -> None:
        store.add([A])
        for _ in range(ATTEMPTS + 2):
            assert store.finish(claim(store), "me", exit_class) == "ready"
        assert row_of(store, A).crashes == 0
        assert row_of(store, A).attempts == ATTEMPTS + 2

    def test_a_bug_is_not_tried_again(self, store: JobStore) -> None:
        store.add([A])
        assert store.finish(claim(store), "me", "bug") == "failed"
        assert store.claim_next("me", 60) is None

    def test_the_code_of_the_last_attempt_is_known(self, store: JobStore) -> None:
        store.add([A])
        store.claim_next("me", 60, source="v1")
        store.finish(A.key, "me", "crash")
        store.claim_next("me", 60, source="v2")
        assert row_of(store, A).source == "v2"

    def test_every_change_is_an_event(self, store: JobStore) -> None:
        store.add([A])
        store.finish(claim(store), "me", "crash", message="killed")
        first = store.events()
        store.finish(claim(store), "me", "done", run_sha256=SHA)
        assert [e.event for e in first] == ["added", "claimed", "crash"]
        assert [e.event for e in store.events(after=first[-1].id)] == ["claimed", "done"]
        assert first[-1].detail == "killed"


class TestLeases:
    def test_a_lease_that_ran_out_goes_to_another(self, store: JobStore, clock: Clock) -> None:
        store.add([A])
        claim(store, "first")
        clock.now += 59
        assert store.claim_next("second", 60) is None
        clock.now += 2
        assert claim(store, "second") == A.key
        with pytest.raises(LeaseLostError, match="held by second"):
            store.finish(A.key, "first", "done", run_sha256=SHA)
        assert store.attempts(A.key)[0].exit_class == "preempted"

    def test_a_heartbeat_keeps_it(self, store: JobStore, clock: Clock) -> None:
        store.add([A])
        claim(store, "first")
        clock.now += 59
        store.heartbeat([A.key], "first", 60)
        clock.now += 59
        assert store.claim_next("second", 60) is None
        assert row_of(store, A).heartbeat == 1059

    def test_an_owner_does_not_lose_a_job_to_itself(self, store: JobStore, clock: Clock) -> None:
        store.add([A])  # the machine slept while it worked
        claim(store)
        clock.now += 3600
        assert store.claim_next("me", 60) is None
        store.heartbeat([A.key], "me", 60)
        assert store.finish(A.key, "me", "done", run_sha256=SHA) == "done"

    def test_nobody_can_report_on_a_job_that_is_not_leased(self, store: JobStore) -> None:
        store.add([A])
        with pytest.raises(LeaseLostError, match="held by nobody"):
            store.heartbeat([A.key], "me", 60)

    def test_the_leases_of_a_dead_engine_are_freed_without_counting(self, store: JobStore) -> None:
        store.add(PLAN)
        claimed = [claim(store), claim(store)]
        assert store.recover() == claimed
        assert states(store)["a"] == states(store)["d"] == "ready"
        assert row_of(store, A).crashes == 0


class TestResults:
    def test_a_folder_found_finished_is_adopted(self, store: JobStore) -> None:
        store.add([A, B])
        store.adopt(A.key, SHA, None)
        assert states(store) == {"a": "done", "b": "ready"}

    def test_changed_files_fail_a_job_and_keep_its_hashes(self, store: JobStore) -> None:
        store.add([A, B])
        store.finish(claim(store), "me", "done", run_sha256=SHA, predictions_sha256=OTHER)
        store.fail(A.key, "edited")
        assert states(store) == {"a": "failed", "b": "blocked"}
        assert row_of(store, A).predictions_sha256 == OTHER
        store.reset([A.key], "asked for")
        assert row_of(store, A).run_sha256 is None


class TestFiles:
    def test_a_reader_sees_the_state_while_an_engine_writes(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.sqlite"
        with JobStore(path) as writer:
            writer.add(PLAN)
            with writer.transaction() as db:
                db.execute("UPDATE jobs SET message = 'half' WHERE key = ?", (A.key,))
                with JobStore(path, read_only=True) as reader:
                    assert [row.message for row in reader.states()] == ["", "", "", ""]
                    with pytest.raises(UsageError, match="readonly"):
                        reader.recover()

    def test_there_is_nothing_to_read(self, tmp_path: Path) -> None:
        with pytest.raises(MissingInputError, match="there are no jobs"):
            JobStore(tmp_path / "jobs.sqlite", read_only=True)
        (tmp_path / "jobs.sqlite").touch()  # its maker was killed at once
        with pytest.raises(MissingInputError, match="no jobs yet"):
            JobStore(tmp_path / "jobs.sqlite", read_only=True)
        with JobStore(tmp_path / "jobs.sqlite") as store:
            assert store.states() == []

    def test_another_version_is_refused_and_left(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.sqlite"
        with JobStore(path) as store, store.transaction() as db:
            db.execute("PRAGMA user_version = 99")
        before = path.read_bytes()
        with pytest.raises(UnreadableInputError, match="version 99, this claimcheck reads version 1"):
            JobStore(path)
        assert path.read_bytes() == before

    def test_another_programs_database_is_refused_and_left(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.sqlite"
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE songs (title)")
        before = path.read_bytes()
        with pytest.raises(UnreadableInputError, match="another program's"):
            JobStore(path)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("damage", ["text", "truncated", "zeros"])
    def test_a_damaged_file_is_refused_and_left(self, tmp_path: Path, damage: str) -> None:
        path = tmp_path / "jobs.sqlite"
        with JobStore(path) as store:
            store.add(PLAN)
        whole = path.read_bytes()
        broken = {
            "text": b"this is no database, but it is long enough to be looked at" * 20,
            "truncated": whole[: len(whole) // 2],
            "zeros": whole[:4096] + bytes(len(whole) - 4096),
        }[damage]
        path.write_bytes(broken)
        with pytest.raises(UnreadableInputError, match=r"the job store is damaged .*; move the file away"):
            JobStore(path)
        assert path.read_bytes() == broken

    def test_a_store_that_another_process_holds_is_an_error_not_a_wait_for_ever(
        self, store: JobStore, tmp_path: Path
    ) -> None:
        with JobStore(tmp_path / "jobs.sqlite") as other:
            other._db.execute("PRAGMA busy_timeout = 50")
            with store.transaction(), pytest.raises(UsageError, match="another process holds the job store"):
                other.recover()

    def test_a_full_disk_leaves_the_store_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.sqlite"
        many = [program(seed=i, label="x" * 400) for i in range(1, 200)]
        with JobStore(path) as store:
            store.add([A])
            store._db.execute("PRAGMA max_page_count = 20")
            with pytest.raises(UsageError, match=r"cannot be written .*full.*; free some space"):
                store.add(many)
            assert [row.key for row in store.states()] == [A.key]
            assert claim(store) == A.key


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from command_jobs import program
from reproduce.engine.jobs import JobStore
store = JobStore(Path(sys.argv[1]))
jobs = [program(seed=i) for i in range(20)]
store.add(jobs)
store.recover()
print("ready", flush=True)
while True:
    for _ in range(5):
        key = store.claim_next("me", 60)
        if key is None:
            break
        store.heartbeat([key], "me", 60)
        store.finish(key, "me", "done", run_sha256="a" * 64)
        print(key, flush=True)
    store.reset([j.key for j in jobs[:3]], "again")
"""


def test_a_writer_that_is_killed_leaves_a_whole_store(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    for round_ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parents[1])], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        finished = [process.stdout.readline().strip() for _ in range(3 + round_)]
        os.kill(process.pid, signal.SIGKILL)
        finished += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        with JobStore(path) as store:
            rows = store.states()
            assert len(rows) == 20
            # what was reported as committed is there
            claimed = {e.key for e in store.events() if e.event == "done"}
            assert {key for key in finished if len(key) == 16} <= claimed
            open_attempts = [a for row in rows for a in store.attempts(row.key) if a.ended is None]
            leased = [row for row in rows if row.state == "leased"]
            assert len(open_attempts) == len(leased) <= 1


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_states_follow_from_the_graph(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    jobs: list[Planned] = []
    for number in range(data.draw(st.integers(1, 6))):
        inputs: Sequence[Planned] = data.draw(st.lists(st.sampled_from(jobs), unique=True, max_size=2)) if jobs else []
        jobs.append(program(inputs=inputs, seed=number))
    with JobStore(tmp_path_factory.mktemp("store") / "jobs.sqlite") as store:
        store._db.execute("PRAGMA synchronous = OFF")
        store.add(jobs)
        for _ in range(data.draw(st.integers(0, 12))):
            row = data.draw(st.sampled_from(store.states()))
            if row.state in ("done", "failed") and data.draw(st.booleans()):
                store.reset([row.key], "again")
            elif (key := store.claim_next("me", 60)) is not None:
                end: ExitClass = data.draw(st.sampled_from(("done", "crash", "preempted", "bug", "resource")))
                store.finish(key, "me", end, run_sha256=SHA if end == "done" else None)
        rows = {row.key: row for row in store.states()}
        below_failed: set[str] = set()
        for job in jobs:
            state, inputs_done = rows[job.key].state, all(rows[k].state == "done" for k in job.inputs)
            lost = any(rows[k].state == "failed" or k in below_failed for k in job.inputs)
            if state in ("waiting", "ready", "blocked"):
                assert state == ("blocked" if lost else "ready" if inputs_done else "waiting")
                if lost:
                    below_failed.add(job.key)
