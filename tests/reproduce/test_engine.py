"""The engine with real worker processes that run small programs: order, exits, checks, recovery, signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_jobs import COUNT, GOOD, Cost, Planned, carry_out, job_folder, program, runner

from claimcheck.foundation.errors import UnreadableInputError, UsageError
from reproduce.engine import preflight, recovery
from reproduce.engine.events import Event, Limits
from reproduce.engine.jobs import JobStore
from reproduce.planning.estimates import Estimates, priorities
from reproduce.runrecord import read_progress
from reproduce.specs import Optimisation, PretrainJob, Size, WorldData, job_key


def runs(folder: Path) -> str:
    """Seeds of the programs that were run, in order."""
    path = folder / "jobs" / "runs"
    return path.read_text() if path.exists() else ""


def rows(folder: Path) -> dict[str, Any]:
    with JobStore(folder / "jobs.sqlite", read_only=True) as store:
        return {row.label: row for row in store.states()}


A = program(COUNT + GOOD, seed=1, label="a")
B = program(COUNT + GOOD, seed=2, label="b", inputs=[A])
C = program(COUNT + GOOD, seed=3, label="c", inputs=[A])
D = program(COUNT + GOOD, seed=4, label="d", inputs=[B, C])
PLAN = [A, B, C, D]


class TestOrder:
    def test_a_plan_is_carried_out_once(self, tmp_path: Path) -> None:
        ran = carry_out(PLAN, tmp_path / "runs")
        assert (ran.summary.done, ran.summary.reused, ran.summary.complete) == (4, 0, True)
        assert runs(tmp_path / "runs") == "1234"
        assert ran.kinds(D.key) == ["command", "started", "finished"]
        kinds = [e.kind for e in ran.events]
        assert max(i for i, k in enumerate(kinds) if k == "command") < kinds.index("started")
        overall = [e for e in ran.events if e.kind == "overall"]
        assert (overall[-1].done, overall[-1].total, overall[-1].eta) == (4, 4, 0.0)
        finished = next(e for e in ran.events if e.kind == "finished")
        assert finished.seconds is not None
        assert 0 < finished.seconds <= ran.summary.seconds

        again = carry_out(PLAN, tmp_path / "runs")
        assert (again.summary.done, again.summary.reused) == (0, 4)
        assert runs(tmp_path / "runs") == "1234"
        assert again.kinds(A.key) == ["reused"]

    def test_a_larger_plan_shares_what_is_done(self, tmp_path: Path) -> None:
        carry_out([A, B], tmp_path)
        ran = carry_out(PLAN, tmp_path)
        assert (ran.summary.done, ran.summary.reused) == (2, 2)
        assert runs(tmp_path) == "1234"

    def test_other_plans_jobs_are_left_alone(self, tmp_path: Path) -> None:
        other = program("sys.exit('must not run')", label="other")
        with pytest.raises(UsageError, match="--allow-command"):  # it is in the store now, ready and not run
            carry_out([other], tmp_path, allow_command=False)
        ran = carry_out([A], tmp_path)
        assert (ran.summary.done, ran.summary.failed) == (1, 0)
        assert rows(tmp_path)["other"].state == "ready"

    def test_two_slots_work_at_the_same_time(self, tmp_path: Path) -> None:
        meet = (
            "(jobs / f'here{seed}').touch()\n"
            "end = time.monotonic() + 20\n"
            "while not (jobs / f'here{1 - seed}').exists():\n"
            "    assert time.monotonic() < end, 'alone'\n"
            "    time.sleep(0.01)\n"
        )
        jobs = [program(meet + GOOD, seed=seed) for seed in (0, 1)]
        assert carry_out(jobs, tmp_path, slots=2).summary.done == 2

    def test_the_longest_chain_comes_first(self, tmp_path: Path) -> None:
        short = program(COUNT + GOOD, seed=1, cost=Cost(seconds=5))
        long = program(COUNT + GOOD, seed=2, cost=Cost(seconds=1))
        after = program(COUNT + GOOD, seed=3, cost=Cost(seconds=9), inputs=[long])
        carry_out([short, long, after], tmp_path)
        assert runs(tmp_path) == "231"

    def test_a_plan_that_contradicts_itself(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="key or the inputs"):
            carry_out([Planned("0" * 16, A.job)], tmp_path)
        with pytest.raises(ValueError, match="not planned before it"):
            carry_out([B], tmp_path)
        with pytest.raises(ValueError, match="not planned before it"):
            carry_out([B, A], tmp_path)
        assert not list(tmp_path.iterdir())

    def test_an_empty_plan(self, tmp_path: Path) -> None:
        summary = carry_out([], tmp_path).summary
        assert (summary.done, summary.failed, summary.complete) == (0, 0, True)

    def test_from_a_thread(self, tmp_path: Path) -> None:
        done: list[int] = []
        thread = threading.Thread(target=lambda: done.append(carry_out([A], tmp_path).summary.done))
        thread.start()
        thread.join(20)
        assert done == [1]


class TestExits:
    def test_a_crash_is_tried_again(self, tmp_path: Path) -> None:
        job = program("if first_time(): os.kill(os.getpid(), signal.SIGKILL)\n" + GOOD, label="shaky")
        ran = carry_out([job], tmp_path)
        assert ran.summary.done == 1
        assert ran.kinds(job.key) == ["command", "started", "retried", "started", "finished"]
        assert "SIGKILL" in ran.message("retried")
        with JobStore(tmp_path / "jobs.sqlite", read_only=True) as store:
            assert [a.exit_class for a in store.attempts(job.key)] == ["crash", "done"]
        assert (job_folder(tmp_path, job) / "log").read_text().count(" attempt ") == 2

    def test_three_crashes_are_a_failure(self, tmp_path: Path) -> None:
        job = program(COUNT + "os.abort()", label="broken")
        ran = carry_out([job, A], tmp_path)
        assert (ran.summary.failed, ran.summary.done) == (1, 1)
        assert runs(tmp_path).count("0") == 3
        assert "SIGABRT" in ran.summary.failures[0].message

    def test_a_bug_is_not_tried_again_and_blocks_only_what_builds_on_it(self, tmp_path: Path) -> None:
        bad = program(COUNT + "sys.exit('no column x')", seed=9, label="bad")
        above = program(COUNT + GOOD, seed=8, label="above", inputs=[bad])
        top = program(COUNT + GOOD, seed=7, label="top", inputs=[above])
        ran = carry_out([bad, above, top, A], tmp_path)
        summary = ran.summary
        assert (summary.done, summary.failed, summary.blocked, summary.complete) == (1, 1, 2, False)
        assert runs(tmp_path) == "91"
        assert summary.failures[0].label == "bad"
        assert summary.failures[0].message.endswith("failed (exit 1): no column x")
        assert {e.label for e in ran.events if e.kind == "blocked"} == {"above", "top"}

        again = carry_out([bad, above, top, A], tmp_path)
        assert runs(tmp_path) == "91"
        assert again.message("kept_failed").endswith("no column x; --retry-failed or changed code lets it run again")
        assert (again.summary.failed, again.summary.blocked, again.summary.reused) == (1, 2, 1)

        carry_out([bad, above, top, A], tmp_path, retry_failed=True)
        assert runs(tmp_path) == "919"

    def test_changed_code_gives_a_failed_job_another_try(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bad = program(COUNT + "sys.exit(1)", seed=9)
        carry_out([bad], tmp_path)
        monkeypatch.setattr(recovery, "source_sha256", lambda: "0" * 64)
        carry_out([bad], tmp_path)
        assert runs(tmp_path) == "99"

    def test_a_job_that_always_wants_to_be_run_again_is_given_up(self, tmp_path: Path) -> None:
        job = program(COUNT + "sys.exit(75)")
        ran = carry_out([job], tmp_path, limits=Limits(preemptions=2))
        assert runs(tmp_path) == "0" * 5  # two that do not count, then three crashes
        assert ran.kinds(job.key).count("preempted") == 2
        assert "left early" in ran.summary.failures[0].message

    def test_being_told_to_leave_by_others_does_not_count(self, tmp_path: Path) -> None:
        code = "if first_time(): os.kill(os.getppid(), 0); open(out / 'up', 'w').close(); time.sleep(30)\n" + GOOD
        job = program(code)

        def outsider() -> None:
            up = job_folder(tmp_path, job) / "out" / "up"
            while not up.exists():
                time.sleep(0.02)
            os.kill(int(read_progress(job_folder(tmp_path, job))["pid"]), signal.SIGTERM)

        thread = threading.Thread(target=outsider)
        thread.start()
        ran = carry_out([job], tmp_path)
        thread.join()
        assert ran.kinds(job.key) == ["command", "started", "preempted", "started", "finished"]
        assert rows(tmp_path)[job.label].crashes == 0

    def test_a_silent_worker_is_killed(self, tmp_path: Path) -> None:
        job = program("if first_time(): time.sleep(60)\n" + GOOD)
        ran = carry_out([job], tmp_path, limits=Limits(silence=1.5))
        assert ran.kinds(job.key) == ["command", "started", "retried", "started", "finished"]
        assert ran.message("retried") == "it gave no sign of life for 2 s and was killed"
        assert ran.summary.seconds < 15

    def test_an_engine_that_slept_does_not_blame_its_workers(self, tmp_path: Path) -> None:
        job = program("time.sleep(3.5)\n" + GOOD)
        told: list[Event] = []

        def sleepy(event: Event) -> None:
            told.append(event)
            if event.kind == "phase" and event.message == "command":
                time.sleep(2.5)

        carry_out([job], tmp_path, limits=Limits(silence=2), on_event=sleepy)
        assert "retried" not in [e.kind for e in told]

    def test_output_is_a_sign_of_life(self, tmp_path: Path) -> None:
        job = program("for _ in range(15): print('.'); sys.stdout.flush(); time.sleep(0.2)\n" + GOOD)
        assert carry_out([job], tmp_path, limits=Limits(silence=2)).kinds(job.key) == ["command", "started", "finished"]

    def test_a_missing_resource_stops_the_run_and_does_not_count(self, tmp_path: Path) -> None:
        job = program("if not (jobs / 'space').exists(): print('disk full'); sys.exit(74)\n" + GOOD, label="big")
        wait = program("(out / 'up').touch(); time.sleep(1 if not first_time() else 30)\n" + GOOD, seed=5)
        slow = program("while not list(jobs.glob('*/out/up')): time.sleep(0.05)\n" + GOOD, seed=6, label="slow")
        hungry = Planned(job.key, job.job, job.inputs, "big", Cost(seconds=0.1))
        with pytest.raises(UsageError, match=r"big: .*disk full; free or add what is missing and run again"):
            carry_out([A, wait, slow, hungry], tmp_path, slots=2)
        states = rows(tmp_path)
        assert states["a"].state == "done"
        assert (states["big"].state, states["big"].crashes) == ("ready", 0)
        assert states[wait.label].state == "ready"  # it was told to leave
        (tmp_path / "jobs" / "space").touch()
        assert carry_out([A, wait, slow, hungry], tmp_path).summary.complete

    def test_the_record_counts_however_the_worker_goes_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patches = tmp_path / "patches"
        patches.mkdir()
        crash = (
            "import os\nreal = os._exit\nos._exit = lambda code: os.kill(os.getpid(), 9) if code == 0 else real(code)\n"
        )
        (patches / "sitecustomize.py").write_text(crash)
        monkeypatch.setenv("PYTHONPATH", str(patches))
        ran = carry_out([A], tmp_path / "runs")
        assert ran.summary.done == 1
        with JobStore(tmp_path / "runs" / "jobs.sqlite", read_only=True) as store:
            (attempt,) = store.attempts(A.key)
        assert (attempt.exit_class, attempt.exit_code) == ("done", -9)


class TestRefused:
    def test_commands_without_leave(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"the plan runs a program: .*, and 3 more; read it and allow it"):
            carry_out(PLAN, tmp_path, allow_command=False)
        assert runs(tmp_path) == ""

    def test_finished_commands_need_no_leave(self, tmp_path: Path) -> None:
        carry_out([A], tmp_path)
        assert carry_out([A], tmp_path, allow_command=False).summary.reused == 1

    def test_a_second_run_in_the_same_folder(self, tmp_path: Path) -> None:
        with preflight.run_lock(tmp_path):
            assert (preflight.running(tmp_path) or {})["pid"] == os.getpid()
            with pytest.raises(UsageError, match=rf"another run works in this folder \(process {os.getpid()} on "):
                carry_out([A], tmp_path)
        assert preflight.running(tmp_path) is None
        assert carry_out([A], tmp_path).summary.done == 1

    def test_a_folder_with_other_things(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("important")
        with pytest.raises(UsageError, match=r"not empty and not of an earlier run \(it holds thesis.tex\)"):
            carry_out([A], tmp_path)
        assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]

    def test_what_a_request_and_the_system_leave_is_no_other_thing(self, tmp_path: Path) -> None:
        for name in ("request.json", ".DS_Store", "run.lock"):
            (tmp_path / name).touch()
        assert carry_out([A], tmp_path).summary.done == 1
        (tmp_path / "notes.txt").touch()  # beside a store it is ours all the same
        assert carry_out([A], tmp_path).summary.reused == 1

    def test_a_file_in_place_of_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "runs").touch()
        with pytest.raises(UsageError, match="this is no folder"):
            carry_out([A], tmp_path / "runs")
        with pytest.raises(UsageError, match="this is no folder"):
            carry_out([A], tmp_path / "runs" / "deeper")

    def test_a_disk_that_is_clearly_too_small(self, tmp_path: Path) -> None:
        jobs = [
            program(seed=1, cost=Cost(disk_bytes=10**18)),
            program(seed=2, cost=Cost(disk_bytes=None, running_bytes=None)),
        ]
        with pytest.raises(UsageError, match=r"need about \d+\.\d GiB of disk and \d+\.\d GiB are free; free some"):
            carry_out(jobs, tmp_path)
        assert not (tmp_path / "jobs").exists()
        jobs = [program(seed=n, cost=Cost(running_bytes=6 * 10**17)) for n in (1, 2)]
        with pytest.raises(UsageError, match="of disk"):
            carry_out(jobs, tmp_path, slots=2)

    def test_numbers_that_are_none(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="at least 1 slot, not 0"):
            carry_out([A], tmp_path, slots=0)
        with pytest.raises(UsageError, match="threads cannot be 0"):
            carry_out([A], tmp_path, threads=0)
        with pytest.raises(UsageError, match="device cannot be 'tpu'"):
            carry_out([A], tmp_path, device="tpu")
        with pytest.raises(UsageError, match="checkpoint_seconds cannot be -1"):
            carry_out([A], tmp_path, checkpoint_seconds=-1)
        with pytest.raises(UsageError, match="compiled cannot be 'sometimes'"):
            carry_out([A], tmp_path, compiled="sometimes")

    def test_a_store_that_is_damaged_is_left(self, tmp_path: Path) -> None:
        (tmp_path / "jobs.sqlite").write_text("not a database " * 100)
        with pytest.raises(UnreadableInputError, match="damaged"):
            carry_out([A], tmp_path)
        assert (tmp_path / "jobs.sqlite").read_text() == "not a database " * 100


class TestDevices:
    PRETRAIN = PretrainJob(
        data=WorldData(),
        languages=("en",),
        size=Size(layers=1, hidden=8, heads=1, feed_forward=8),
        optimisation=Optimisation(learning_rate=0.1, batch_size=1, max_steps=1),
        seed=0,
    )

    def two_gpus(self, monkeypatch: pytest.MonkeyPatch, count: int = 2) -> None:
        monkeypatch.setattr(preflight, "ask_worker", lambda argument: {"torch": "2", "gpus": [{}] * count})
        monkeypatch.setattr(preflight, "may_have_gpu", lambda: True)
        preflight._gpus.cache_clear()

    @pytest.fixture(autouse=True)
    def asked_anew(self) -> Iterator[None]:
        preflight._gpus.cache_clear()
        yield
        preflight._gpus.cache_clear()

    def test_as_many_slots_as_gpus_else_as_cores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.two_gpus(monkeypatch)
        assert (preflight.default_slots("auto"), preflight.default_slots("cuda:1")) == (2, 1)
        assert preflight.default_slots("cpu") == len(os.sched_getaffinity(0))
        self.two_gpus(monkeypatch, 0)
        assert preflight.default_slots("auto") == preflight.default_slots("cpu")

    def test_slots_take_the_gpus_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.two_gpus(monkeypatch)
        assert preflight.devices("auto", 3, True) == ["cuda:0", "cuda:1", "cuda:0"]
        assert preflight.devices("cuda", 2, True) == ["cuda:0", "cuda:1"]
        assert preflight.devices("cuda:1", 2, True) == ["cuda:1", "cuda:1"]
        assert preflight.devices("cpu", 2, True) == ["cpu", "cpu"]

    def test_one_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.two_gpus(monkeypatch)
        with pytest.raises(UsageError, match="there is 2 of them, cuda:0 to cuda:1; choose one of these"):
            preflight.devices("cuda:2", 1, True)
        self.two_gpus(monkeypatch, 0)
        assert preflight.devices("auto", 1, True) == ["cpu"]
        with pytest.raises(UsageError, match="no GPU that torch can use; choose --device cpu or auto"):
            preflight.devices("cuda", 1, True)

    def test_nobody_asks_where_the_answer_is_plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preflight, "ask_worker", lambda argument: pytest.fail("asked"))
        assert preflight.devices("cuda", 1, False) == ["cpu"]  # nothing but programs and finished jobs
        monkeypatch.setattr(preflight, "may_have_gpu", lambda: False)
        assert preflight.devices("auto", 1, True) == ["cpu"]

    def test_a_gpu_on_a_machine_without(self, tmp_path: Path) -> None:
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        job = Planned(job_key(self.PRETRAIN), self.PRETRAIN)
        with pytest.raises(UsageError, match="device cuda was asked for, and there is no GPU that torch can use"):
            carry_out([job], tmp_path, device="cuda")
        assert not (tmp_path / "jobs").exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder in which the plan is done."""
    folder = tmp_path_factory.mktemp("finished")
    carry_out(PLAN, folder)
    assert runs(folder) == "1234"
    return folder


class TestRecovery:
    @pytest.fixture
    def done(self, finished: Path, tmp_path: Path) -> Path:
        return Path(shutil.copytree(finished, tmp_path / "runs"))

    def sql(self, folder: Path, statement: str, *values: object) -> None:
        db = sqlite3.connect(folder / "jobs.sqlite")
        with db:
            db.execute(statement, values)
        db.close()

    def test_a_job_that_ended_when_its_engine_was_dead(self, done: Path) -> None:
        self.sql(
            done,
            "UPDATE jobs SET state = 'leased', owner = 'dead', lease_until = 9e9, run_sha256 = NULL, "
            "predictions_sha256 = NULL WHERE key = ?",
            D.key,
        )
        ran = carry_out(PLAN, done)
        assert runs(done) == "1234"
        assert ran.kinds(D.key) == ["adopted"]
        assert rows(done)["d"].predictions_sha256 is not None

    def test_a_job_that_had_not_ended(self, done: Path) -> None:
        self.sql(
            done,
            "UPDATE jobs SET state = 'leased', owner = 'dead', lease_until = 9e9, run_sha256 = NULL WHERE key = ?",
            D.key,
        )
        (job_folder(done, D) / "run.json").unlink()
        ran = carry_out(PLAN, done)
        assert runs(done) == "12344"
        assert (ran.summary.done, ran.summary.reused) == (1, 3)

    def test_a_store_that_is_gone(self, done: Path) -> None:
        for path in done.glob("jobs.sqlite*"):
            path.unlink()
        assert carry_out(PLAN, done).summary.reused == 4
        assert runs(done) == "1234"

    def test_a_folder_that_is_gone_is_made_again_and_what_was_built_on_it(self, done: Path) -> None:
        shutil.rmtree(job_folder(done, B))
        ran = carry_out(PLAN, done)
        assert runs(done) == "123424"
        assert ran.message("repeat") == "there is no run.json"
        assert ran.kinds(D.key)[0] == "repeat"
        record = json.loads((job_folder(done, D) / "run.json").read_text())
        assert record["parents"][B.key] == rows(done)["b"].run_sha256
        assert carry_out(PLAN, done).summary.reused == 4

    def test_predictions_that_were_edited(self, done: Path) -> None:
        path = job_folder(done, D) / "predictions.jsonl"
        text = path.read_text()
        path.write_text(text.replace('"b"', '"a"'))
        edited = path.read_text()
        ran = carry_out(PLAN, done)
        assert (ran.summary.reused, ran.summary.failed) == (3, 1)
        assert "its files were changed after the run: put them back, or remove" in ran.summary.failures[0].message
        assert (runs(done), path.read_text()) == ("1234", edited)

        path.write_text(text)
        assert carry_out(PLAN, done).summary.reused == 4
        assert rows(done)["d"].state == "done"

        path.write_text(edited)
        assert carry_out(PLAN, done, retry_failed=True).summary.complete
        assert (runs(done), path.read_text()) == ("12344", text)

    def test_a_record_that_was_edited_with_its_predictions(self, done: Path) -> None:
        from reproduce.runrecord import file_sha256

        folder = job_folder(done, D)
        (folder / "predictions.jsonl").write_text((folder / "predictions.jsonl").read_text().replace('"b"', '"a"'))
        record = json.loads((folder / "run.json").read_text())
        record["predictions"]["sha256"] = file_sha256(folder / "predictions.jsonl")
        (folder / "run.json").write_text(json.dumps(record))
        assert carry_out(PLAN, done).summary.failed == 1

    def test_predictions_that_are_gone(self, done: Path) -> None:
        (job_folder(done, D) / "predictions.jsonl").unlink()
        assert carry_out(PLAN, done).summary.done == 1
        assert runs(done) == "12344"

    def test_a_repeat_that_was_killed_halfway(self, done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (job_folder(done, D) / "predictions.jsonl").write_text("edited")

        def killed(store: JobStore, keys: list[str], reason: str) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(JobStore, "reset", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_out(PLAN, done, retry_failed=True)
        monkeypatch.undo()
        assert carry_out(PLAN, done).summary.complete
        assert runs(done) == "12344"

    def test_checkpoints_left_in_a_finished_folder_are_removed(self, done: Path) -> None:
        (job_folder(done, A) / "checkpoint-00000001").mkdir()
        carry_out(PLAN, done)
        assert not (job_folder(done, A) / "checkpoint-00000001").exists()

    def test_a_model_that_nobody_needs_may_be_removed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

        from reproduce.specs import EvaluateJob, TrainedEncoder

        patches = tmp_path / "patches"
        patches.mkdir()
        model = (
            "(context.folder.parent / 'runs').open('a').write('p')\n"
            "(context.folder / 'model').mkdir(exist_ok=True)\n"
            "(context.folder / 'model' / 'model.safetensors').write_bytes(b'weights')\n"
            "import hashlib\nreturn Outcome(model_sha256=hashlib.sha256(b'weights').hexdigest())"
        )
        evaluate = "(context.folder.parent / 'runs').open('a').write('e')\nreturn Outcome()"
        (patches / "sitecustomize.py").write_text(runner(model) + runner(evaluate, "evaluate"))
        monkeypatch.setenv("PYTHONPATH", str(patches))
        first = Planned(job_key(TestDevices.PRETRAIN), TestDevices.PRETRAIN, label="encoder")

        def evaluation(language: str) -> Planned:
            job = EvaluateJob(
                model=TrainedEncoder(key=first.key), task="world-nli", data=WorldData(), languages=(language,)
            )
            return Planned(job_key(job), job, (first.key,), language)

        folder = tmp_path / "runs"
        en, xa = evaluation("en"), evaluation("xa")
        carry_out([first, en], folder)
        shutil.rmtree(job_folder(folder, first) / "model")
        assert carry_out([first, en], folder).summary.reused == 2
        ran = carry_out([first, en, xa], folder)
        assert ran.summary.complete
        # the encoder is made again, and what was evaluated with the one before as well
        assert runs(folder) == "pepee"
        assert ran.kinds(en.key)[0] == "repeat"


class TestSignals:
    def once_up(self, folder: Path, job: Planned, *signals: int, pause: float = 0.5) -> threading.Thread:
        """Sends signals to this process once the program is under way."""

        def send() -> None:
            up = job_folder(folder, job) / "out" / "up"
            end = time.monotonic() + 20
            while not up.exists() and time.monotonic() < end:
                time.sleep(0.02)
            for number in signals:
                os.kill(os.getpid(), number)
                time.sleep(pause)

        thread = threading.Thread(target=send)
        thread.start()
        return thread

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_one_lets_the_workers_leave(self, tmp_path: Path, number: int) -> None:
        slow = program("if first_time(): (out / 'up').touch(); time.sleep(30)\n" + COUNT + GOOD, seed=5, label="slow")
        before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
        thread = self.once_up(tmp_path, slow, number)
        events: list[Event] = []
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            carry_out([A, slow, B], tmp_path, on_event=events.append)
        thread.join()
        assert time.monotonic() - started < 15
        assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before
        assert "stopping" in [e.kind for e in events]
        states = rows(tmp_path)
        assert (states["a"].state, states["slow"].state, states["slow"].crashes) == ("done", "ready", 0)
        ran = carry_out([A, slow, B], tmp_path)
        assert ran.summary.complete
        assert sorted(runs(tmp_path)) == ["1", "2", "5"]

    def test_a_second_one_kills(self, tmp_path: Path) -> None:
        deaf = program(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n(out / 'pid').write_text(str(os.getpid()))\n"
            "(out / 'up').touch()\ntime.sleep(60)"
        )
        thread = self.once_up(tmp_path, deaf, signal.SIGINT, signal.SIGINT)
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            carry_out([deaf], tmp_path)
        thread.join()
        assert time.monotonic() - started < 15
        self.gone(int((job_folder(tmp_path, deaf) / "out" / "pid").read_text()))
        assert rows(tmp_path)[deaf.label].state == "ready"

    def test_patience_ends(self, tmp_path: Path) -> None:
        deaf = program("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n(out / 'up').touch()\ntime.sleep(60)")
        thread = self.once_up(tmp_path, deaf, signal.SIGINT)
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            carry_out([deaf], tmp_path, limits=Limits(grace=1))
        thread.join()
        assert time.monotonic() - started < 15

    def test_a_listener_that_fails_leaves_no_worker(self, tmp_path: Path) -> None:
        slow = program("(out / 'pid').write_text(str(os.getpid()))\n(out / 'up').touch()\ntime.sleep(60)")

        def listener(event: Event) -> None:
            if (job_folder(tmp_path, slow) / "out" / "up").exists():
                raise RuntimeError("the terminal is gone")

        with pytest.raises(RuntimeError, match="the terminal is gone"):
            carry_out([slow], tmp_path, on_event=listener)
        self.gone(int((job_folder(tmp_path, slow) / "out" / "pid").read_text()))
        assert preflight.running(tmp_path) is None

    def gone(self, pid: int) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            stat = Path(f"/proc/{pid}/stat")
            if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.02)
        pytest.fail(f"process {pid} lives on")


class TestEstimates:
    def test_the_longest_chain(self) -> None:
        a = program(seed=1, cost=Cost(seconds=2))
        b = program(seed=2, cost=Cost(seconds=3), inputs=[a])
        c = program(seed=3, cost=Cost(seconds=10), inputs=[a])
        d = program(seed=4, cost=Cost(seconds=None))
        assert priorities([a, b, c, d]) == {a.key: 12.0, b.key: 3.0, c.key: 10.0, d.key: 1.0}

    def test_what_is_left_goes_by_the_pace_so_far(self) -> None:
        left = Estimates({"a": 10.0, "b": 20.0, "c": None})  # c is taken for the mean, 15
        assert left.eta(1, {}) is None
        left.finish("a", 5.0)
        assert left.eta(1, {}) == pytest.approx(17.5)
        assert left.eta(2, {}) == pytest.approx(10.0)  # never less than the longest job
        assert left.eta(1, {"b": 1.0}) == pytest.approx(8.5)  # a running one knows better
        left.reuse("b")
        left.finish("c", 1.0)
        assert (left.eta(1, {}), left.done) == (0.0, 3)

    def test_running_jobs_that_all_know_need_no_pace(self) -> None:
        assert Estimates({"a": None}).eta(1, {"a": 4.0}) == 4.0


def test_no_torch_is_loaded_by_the_engine() -> None:
    import subprocess
    import sys

    code = "import sys, reproduce.engine.run; print({'torch', 'transformers', 'numpy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_makes_numbers_is_part_of_the_code_hash() -> None:
    """The modules that runners import, directly or not, must not be among those that the hash leaves out."""
    import ast

    from reproduce import runrecord

    root = Path(runrecord.__file__).parent
    found: set[str] = set()
    todo = ["training.pretrain", "training.train", "training.evaluate"]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        place = root.joinpath(*name.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.exists():
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "reproduce":
                        inside = ".".join((node.module or "").split(".")[1:])
                        todo += [inside] if inside else []
                        todo += [f"{inside}.{alias.name}".strip(".") for alias in node.names]
    assert {"training.train", "training.loop", "model.encoder", "data.sampling", "tasks.metrics"} <= found
    parts = {name.split(".")[0] for name in found}
    known = {"machine", "runner", "runrecord"}  # of these only what is written down, or where, could change
    assert not (parts & runrecord.ORCHESTRATION) - known
