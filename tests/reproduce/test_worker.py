"""The worker process: what it writes, what it refuses, how it ends, and that nothing of it outlives it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from command_jobs import GOOD, Planned, program, runner

from claimcheck.foundation.errors import InputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce import machine, specs
from reproduce.engine import exits, processes
from reproduce.runrecord import Finished, JobFile, Run, Runtime, file_sha256, inspect, read_progress, write_job_file
from reproduce.specs import (
    Command,
    CommandJob,
    EvaluateJob,
    Optimisation,
    Part,
    PretrainJob,
    Size,
    TrainedEncoder,
    TrainJob,
    WorldData,
    job_key,
)


class Workers:
    """Starts workers in job folders of one run folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[subprocess.Popen[bytes]] = []
        self.patches = ""  # Python code that a worker runs before anything else

    def folder(self, job: Any) -> Path:
        return self.root / "jobs" / job_key(job)

    def start(self, job: Any, runtime: Runtime | None = None, **environment: str) -> subprocess.Popen[bytes]:
        folder = self.folder(job)
        write_job_file(folder, job, runtime or Runtime(device="cpu"))
        return self.start_in(folder, **environment)

    def start_in(self, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
        env = processes.worker_environment(1, os.environ | environment)
        if self.patches:
            patches = self.root / "patches"
            patches.mkdir(exist_ok=True)
            (patches / "sitecustomize.py").write_text(self.patches)
            env["PYTHONPATH"] += os.pathsep + str(patches)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "reproduce.engine.worker", "job.json"],
                cwd=folder,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.started.append(process)
        return process

    def run(self, job: Any, **environment: str) -> tuple[int, list[dict[str, Any]], str]:
        """Exit code, events, last line of the log."""
        process = self.start(job, **environment)
        return self.end(process, self.folder(job))

    def end(self, process: subprocess.Popen[bytes], folder: Path) -> tuple[int, list[dict[str, Any]], str]:
        assert process.stdout is not None
        events = [json.loads(line) for line in process.stdout]
        return process.wait(30), events, processes.last_line(folder / "log")


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def finished(folder: Path) -> Finished:
    found = inspect(folder, folder.name)
    assert isinstance(found, Finished), found
    return found


class TestDone:
    def test_what_a_job_leaves(self, workers: Workers) -> None:
        first = program(label="secret label", seed=7)
        assert workers.run(first.job)[0] == 0
        second = program(inputs=[first], languages=("xa", "en"))
        code, events, last = workers.run(second.job)
        assert (code, last) == (0, "done")
        assert [e["name"] for e in events if e["event"] == "phase"] == ["command", "finish"]
        folder = workers.folder(second.job)
        run = finished(folder).run
        assert run.key == second.key == folder.name
        assert run.exit == 0
        assert (run.kind, run.seed, run.reported) == ("command", 0, ())
        assert run.parents == {first.key: file_sha256(workers.folder(first.job) / "run.json")}
        assert run.predictions is not None
        assert run.predictions.sha256 == file_sha256(folder / "predictions.jsonl")
        assert run.predictions.rows == 3
        assert {"python", "claimcheck", "source"} <= run.versions.keys()
        assert run.hardware["cores"] >= 1
        assert run.hardware["threads"] == 1
        assert 0 < run.seconds["command"] <= run.seconds["total"]
        assert run.started <= run.finished
        assert read_progress(folder)["phase"] == "finish"
        assert "secret label" not in (folder / "job.json").read_text()

    def test_a_finished_job_is_not_run_again(self, workers: Workers) -> None:
        job = program("(jobs / 'runs').open('a').write('x')\n" + GOOD).job
        assert [workers.run(job)[0], workers.run(job)[0]] == [0, 0]
        assert (workers.root / "jobs" / "runs").read_text() == "x"

    def test_rows_are_sorted_by_language_and_lose_what_no_metric_reads(self, workers: Workers) -> None:
        job = program(
            """
rows = [{"id": i, "language": c, "label": [1], "prediction": "ü", "score": 0.5, "text": "long"}
        for c, i in (("xb", "2"), ("en", "9"), ("xb", "1"))]
(out / "predictions.jsonl").write_text("\\n".join(map(json.dumps, rows)))
""",
            languages=("xb", "en"),
        ).job
        assert workers.run(job)[0] == 0
        rows = [json.loads(line) for line in (workers.folder(job) / "predictions.jsonl").read_text().splitlines()]
        assert [(r["language"], r["id"]) for r in rows] == [("en", "9"), ("xb", "2"), ("xb", "1")]
        assert rows[0] == {"id": "9", "language": "en", "label": [1], "prediction": "ü", "score": 0.5}

    def test_no_predictions_is_a_run_without_predictions(self, workers: Workers) -> None:
        job = program("(out / 'run.json').write_text(json.dumps({'accuracy': 0.99}))").job
        code, _, _ = workers.run(job)
        assert code == 0
        assert finished(workers.folder(job)).run.predictions is None
        log = (workers.folder(job) / "log").read_text()
        assert "wrote no predictions.jsonl" in log
        assert "left out of run.json: accuracy" in log

    def test_what_a_program_reports_is_marked_as_reported(self, workers: Workers) -> None:
        data = {"task": "mnli", "language": "en", "split": "train", "sha256": "c" * 64, "items": 5}
        told = {"optimizer_steps": 12, "tokens": 400, "data": [data], "train_loss": {"first": 1.5, "last": 0.5}}
        job = program(f"{GOOD}\n(out / 'run.json').write_text({json.dumps(json.dumps(told))})").job
        assert workers.run(job)[0] == 0
        run = finished(workers.folder(job)).run
        assert (run.optimizer_steps, run.tokens, run.examples) == (12, 400, 0)
        assert run.data[0].task == "mnli"
        assert run.reported == ("data", "optimizer_steps", "tokens", "train_loss")

    def test_what_a_program_sees(self, workers: Workers) -> None:
        seen = "(out / 'seen.json').write_text(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))\n" + GOOD
        job = program(seen, seed=5).job
        code, _, _ = workers.run(job, CLAIMCHECK_HOME="/claimed/8.7", MY_SECRET="8.7", HF_HOME="/data/hf")
        assert code == 0
        arguments, cwd, environment = json.loads((workers.folder(job) / "out" / "seen.json").read_text())
        assert arguments == [str(workers.folder(job) / "out"), "5"]
        assert cwd == str(workers.folder(job) / "out")
        assert environment["HF_HOME"] == "/data/hf"
        assert environment["OMP_NUM_THREADS"] == "1"
        assert not {"CLAIMCHECK_HOME", "MY_SECRET"} & environment.keys()

    def test_a_worker_runs_the_code_that_its_engine_runs(self) -> None:
        first, *others = processes.worker_environment(1, {"PYTHONPATH": "/mine"})["PYTHONPATH"].split(os.pathsep)
        assert (Path(first) / "reproduce" / "specs.py").samefile(specs.__file__)
        assert others == ["/mine"]

    def test_braces_that_are_none_of_ours_stay(self, workers: Workers) -> None:
        from reproduce.engine.commands import command_line

        job = program("x = {'a': 1}; assert x['a']; y = '{oops}'\n" + GOOD).job
        assert "{oops}" in command_line(job, Path("/runs"))[4]
        assert workers.run(job)[0] == 0

    def test_a_program_that_prints_without_end_does_not_fill_the_disk(self, workers: Workers) -> None:
        job = program("for _ in range(40): sys.stdout.write('x' * (1 << 20) + '\\n')\n" + GOOD).job
        code, events, _ = workers.run(job)
        assert code == 0
        log = workers.folder(job) / "log"
        assert 32 << 20 < log.stat().st_size < (32 << 20) + 2000
        assert b"is left out]" in log.read_bytes()[-500:]
        assert any(e["event"] == "output" for e in events)

    def test_what_a_program_leaves_running_is_ended(self, workers: Workers) -> None:
        job = program(
            "if os.fork() == 0:\n    (out / 'pid').write_text(str(os.getpid()))\n    time.sleep(60)\n"
            "while not (out / 'pid').exists(): time.sleep(0.01)\ntime.sleep(0.05)\n" + GOOD
        ).job
        assert workers.run(job)[0] == 0
        pid = int((workers.folder(job) / "out" / "pid").read_text())
        wait_for(lambda: not alive(pid))


class TestRefused:
    def test_a_key_that_is_not_the_jobs(self, workers: Workers) -> None:
        job = program().job
        folder = workers.folder(job)
        path = write_job_file(folder, job, Runtime())
        content = json.loads(path.read_text())
        content["job"]["seed"] = 1
        path.write_text(json.dumps(content))
        code, _, last = workers.end(workers.start_in(folder), folder)
        assert code == exits.BUG
        assert "is not that of the job" in last
        assert not (folder / "run.json").exists()

    @pytest.mark.parametrize(
        ("place", "name", "value"),
        [
            ((), "claim", "8.7 points"),
            (("job",), "claimed", 8.7),
            (("runtime",), "note", "8.7"),
            (("runtime",), "device", "cuda:8.7"),
            (("inputs",), "0123456789abcdef", "../0123456789abcdef"),
        ],
    )
    def test_anything_that_no_job_has(self, tmp_path: Path, place: tuple[str, ...], name: str, value: object) -> None:
        content = json.loads(write_job_file(tmp_path, program().job, Runtime()).read_text())
        at = content
        for part in place:
            at = at[part]
        at[name] = value
        with pytest.raises(ValueError, match=r"claim|note|device|inputs"):
            JobFile.model_validate(content)

    def test_inputs_elsewhere(self, tmp_path: Path) -> None:
        first = program()
        content = json.loads(write_job_file(tmp_path, program(inputs=[first]).job, Runtime()).read_text())
        assert content["inputs"] == {first.key: f"../{first.key}"}
        content["inputs"][first.key] = "/etc"
        with pytest.raises(ValueError, match="the inputs are"):
            JobFile.model_validate(content)

    def test_an_input_that_is_not_finished(self, workers: Workers) -> None:
        code, _, last = workers.run(program(inputs=[program(seed=1)]).job)
        assert code == exits.BUG
        assert "is not finished: there is no run.json" in last

    def test_an_input_whose_model_is_another(self, workers: Workers) -> None:
        first = program()
        assert workers.run(first.job)[0] == 0
        folder = workers.folder(first.job)
        run = json.loads((folder / "run.json").read_text()) | {"model_sha256": hashlib.sha256(b"mine").hexdigest()}
        (folder / "run.json").write_text(json.dumps(run))
        (folder / "model").mkdir()
        (folder / "model" / "model.safetensors").write_bytes(b"another")
        code, _, last = workers.run(program(inputs=[first]).job)
        assert code == exits.BUG
        assert "the model is not the one that its run.json names" in last

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            (["{"], "line 1: not a JSON object"),
            (["[1]"], "line 1: row: Input should be"),
            (['{"id": "1", "language": "en", "label": 1}'], "line 1: prediction: Field required"),
            (
                ['{"id": 1, "language": "en", "label": 1, "prediction": 1}'],
                "line 1: id: Input should be",
            ),
            (['{"id": "1", "language": "en", "label": 1, "prediction": NaN}'], "NaN is no JSON number"),
            (
                ['{"id": "1", "language": "de", "label": 1, "prediction": 1}'],
                "the job has no language 'de'; its",
            ),
            (
                ['{"id": "1", "language": "en", "label": 1, "prediction": 1}'] * 2,
                "line 2: the item '1' of en",
            ),
            ([], "predictions.jsonl has no row"),
        ],
    )
    def test_predictions_that_are_none(self, workers: Workers, lines: list[str], said: str) -> None:
        job = program(f"(out / 'predictions.jsonl').write_text('\\n'.join({lines!r}))").job
        code, _, last = workers.run(job)
        assert code == exits.BUG
        assert said in last
        assert not (workers.folder(job) / "run.json").exists()
        assert not (workers.folder(job) / "predictions.jsonl").exists()

    def test_predictions_without_end(self, workers: Workers) -> None:
        workers.patches = (
            "import reproduce.engine.commands as c\nc.LARGEST_PREDICTIONS = 1 << 20; c.LARGEST_LINE = 1000\n"
        )
        code, _, last = workers.run(program("write('x' * (1 << 21))").job)
        assert (code, "predictions.jsonl is larger than" in last) == (exits.BUG, True)
        code, _, last = workers.run(program("write('x' * 2000)").job)
        assert (code, "line 1: the line is longer than" in last) == (exits.BUG, True)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "is not JSON"),
            ("[]", "is wrong"),
            ('{"optimizer_steps": -1}', "optimizer_steps"),
            ('{"exit": 1}', "exit 1"),
        ],
    )
    def test_a_report_that_is_none(self, workers: Workers, text: str, said: str) -> None:
        code, _, last = workers.run(program(f"{GOOD}\n(out / 'run.json').write_text({text!r})").job)
        assert code == exits.BUG
        assert said in last

    def test_predictions_of_an_attempt_that_failed_do_not_count(self, workers: Workers) -> None:
        job = program(f"if first_time():\n    {GOOD}\n    os.kill(os.getpid(), signal.SIGSEGV)\n").job
        assert workers.run(job)[0] == 128 + signal.SIGSEGV
        assert workers.run(job)[0] == 0
        assert finished(workers.folder(job)).run.predictions is None


class TestEnds:
    @pytest.mark.parametrize(
        ("code", "expected", "said"),
        [
            ("print('no column x'); sys.exit(3)", exits.BUG, "failed (exit 3): no column x"),
            ("raise ValueError('bad')", exits.BUG, "(exit 1): ValueError: bad"),
            ("sys.exit(75)", exits.PREEMPTED, "asks to be run again"),
            ("print('disk'); sys.exit(74)", exits.RESOURCE, "a resource is missing (exit 74): disk"),
            ("os.kill(os.getpid(), signal.SIGKILL)", 128 + 9, "was ended by signal SIGKILL"),
            ("os.abort()", 128 + 6, "was ended by signal SIGABRT"),
        ],
    )
    def test_of_a_program(self, workers: Workers, code: str, expected: int, said: str) -> None:
        ended, _, last = workers.run(program(code).job)
        assert ended == expected
        assert said in last

    @pytest.mark.parametrize("name", ["no-such-program", "./beside-me.sh", "/no/such/program"])
    def test_a_program_that_is_not_there(self, workers: Workers, name: str) -> None:
        job = CommandJob(command=Command(argv=(name, "{out}")), task="t", metric="accuracy")
        code, _, last = workers.run(job)
        assert code == exits.BUG
        assert f"there is no program '{name}'; give its whole path" in last

    def test_a_program_by_its_name(self, workers: Workers) -> None:
        job = CommandJob(command=Command(argv=("true",)), task="t", metric="accuracy")
        assert workers.run(job)[0] == 0

    def test_a_usage_that_is_none(self) -> None:
        done = subprocess.run([sys.executable, "-P", "-m", "reproduce.engine.worker"], capture_output=True, text=True)
        assert done.returncode == exits.BUG
        assert "usage:" in done.stderr

    SLOW = (
        "signal.signal(signal.SIGTERM, lambda *a: ((out / 'told').touch(), sys.exit(9)))\n"
        "child = os.fork()\n"
        "if child == 0:\n    signal.signal(signal.SIGTERM, signal.SIG_DFL); time.sleep(60)\n"
        "(out / 'pids.tmp').write_text(f'{os.getpid()} {child}')\n(out / 'pids.tmp').rename(out / 'pids')\n"
        "time.sleep(60)"
    )

    def pids(self, folder: Path) -> list[int]:
        wait_for((folder / "out" / "pids").exists)
        return list(map(int, (folder / "out" / "pids").read_text().split()))

    def test_sigterm_ends_the_program_and_is_no_failure(self, workers: Workers) -> None:
        job = program(self.SLOW).job
        process, folder = workers.start(job), workers.folder(job)
        pids = self.pids(folder)
        process.terminate()
        code, _, last = workers.end(process, folder)
        assert (code, last) == (exits.PREEMPTED, "preempted: the program was stopped")
        assert (folder / "out" / "told").exists()
        wait_for(lambda: not any(map(alive, pids)))

    def test_ctrl_c_is_for_the_engine(self, workers: Workers) -> None:
        job = program("(out / 'up').touch(); time.sleep(0.5)\n" + GOOD).job
        process = workers.start(job)
        wait_for((workers.folder(job) / "out" / "up").exists)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        assert workers.end(process, workers.folder(job))[0] == 0

    def test_it_leaves_when_its_engine_is_gone(self, workers: Workers) -> None:
        job = program(self.SLOW).job
        process, folder = workers.start(job), workers.folder(job)
        pids = self.pids(folder)
        assert process.stdin is not None
        process.stdin.close()
        assert workers.end(process, folder)[0] == exits.PREEMPTED
        wait_for(lambda: not any(map(alive, pids)))

    def test_it_is_ended_where_it_cannot_leave(self, workers: Workers) -> None:
        workers.patches = "import reproduce.engine.exits\nreproduce.engine.exits.LEAVE_SECONDS = 0.5\n" + runner(
            "import time\ncontext.phase('train')\ntime.sleep(60)"
        )
        process, folder = workers.start(PRETRAIN), workers.folder(PRETRAIN)
        wait_for(lambda: read_progress(folder).get("phase") == "train")
        assert process.stdin is not None
        process.stdin.close()
        code, _, last = workers.end(process, folder)
        assert (code, last) == (exits.PREEMPTED, "the engine is gone and no checkpoint could be reached in time")

    def test_a_folder_that_stays_taken_is_a_missing_resource(self, workers: Workers) -> None:
        workers.patches = "import reproduce.engine.exits\nreproduce.engine.exits.LOCK_SECONDS = 0.5\n"
        job = program("(out / 'up').touch(); time.sleep(60)").job
        first, folder = workers.start(job), workers.folder(job)
        wait_for((folder / "out" / "up").exists)
        code, _, last = workers.end(workers.start_in(folder), folder)
        assert code == exits.RESOURCE
        assert f"process {first.pid} still works in this folder: end it and run again" in last

    def test_a_killed_worker_takes_the_program_with_it(self, workers: Workers) -> None:
        job = program(self.SLOW).job
        process, folder = workers.start(job), workers.folder(job)
        pids = self.pids(folder)
        process.kill()
        wait_for(lambda: not any(map(alive, pids)))

    def test_never_two_at_a_time_in_one_folder(self, workers: Workers) -> None:
        job = program("(jobs / 'runs').open('a').write('x')\n(out / 'up').touch()\ntime.sleep(1)\n" + GOOD).job
        first, folder = workers.start(job), workers.folder(job)
        wait_for((folder / "out" / "up").exists)
        second = workers.start_in(folder)
        code, events, last = workers.end(second, folder)
        assert (code, last) == (0, "done")
        assert events[0] == {"event": "phase", "name": "wait"}
        assert workers.end(first, folder)[0] == 0
        assert (workers.root / "jobs" / "runs").read_text() == "x"
        assert f"waiting for process {first.pid}" in (folder / "log").read_text()

    def test_a_program_that_survives_its_worker_keeps_others_out(self, workers: Workers) -> None:
        # worker and reaper are killed at once, so that nobody ends the program
        code = "(out / 'up').touch()\nif first_time(): time.sleep(1.5); (out / 'ended').touch()\n"
        job = program(code + "assert (out / 'ended').exists()\n" + GOOD).job
        first, folder = workers.start(job), workers.folder(job)
        wait_for((folder / "out" / "up").exists)
        reaper = psutil.Process(first.pid).children()[0]
        (program_,) = reaper.children()
        reaper.kill()
        first.kill()
        code_, events, _ = workers.end(workers.start_in(folder), folder)
        assert not alive(program_.pid)
        assert events[0] == {"event": "phase", "name": "wait"}
        assert code_ == 0

    def test_a_full_disk_is_a_missing_resource(self, workers: Workers) -> None:
        workers.patches = """
import os
def full(descriptor):
    raise OSError(28, "No space left on device")
os.fsync = full
"""
        code, _, last = workers.run(program().job)
        assert code == exits.RESOURCE
        assert last.startswith("a resource is missing: ")
        assert "no space left on device" in last


TRAIN = TrainJob(
    encoder=TrainedEncoder(key="0" * 16),
    parts=(Part(task="world-nli", data=WorldData()),),
    optimisation=Optimisation(learning_rate=1e-3, batch_size=4, max_steps=3),
    seed=4,
)
PRETRAIN = PretrainJob(
    data=WorldData(),
    languages=("en",),
    size=Size(layers=1, hidden=8, heads=1, feed_forward=8),
    optimisation=TRAIN.optimisation,
    seed=1,
)


class TestRunners:
    def test_a_training_job_gets_its_context_and_its_outcome_becomes_the_record(self, workers: Workers) -> None:
        workers.patches = runner(
            "context.phase('train')\n"
            "context.report({'event': 'progress', 'step': 1, 'steps': 3, 'loss': 0.5})\n"
            "context.note('a note')\n"
            "(context.folder / 'model').mkdir()\n"
            "(context.folder / 'model' / 'model.safetensors').write_bytes(b'weights')\n"
            "(context.folder / 'checkpoint-00000003').mkdir()\n"
            "print('a library prints')\n"
            "assert (context.device, context.threads, context.checkpoint_seconds) == ('cpu', 1, 60.0)\n"
            "return Outcome(optimizer_steps=3, examples=12, tokens=99, model_sha256='d' * 64, weights_changed=True,\n"
            "    train_loss={'first': 2.0, 'last': float('nan'), 'majority': None},\n"
            "    degenerate='the loss is not finite',\n"
            "    data=({'task': 'text', 'language': 'en', 'split': 'train', 'sha256': 'e' * 64, 'items': 7},),\n"
            "    selection={'step': 3}, seconds={'train': 50.0})"
        )
        code, events, last = workers.run(PRETRAIN)
        assert (code, last) == (0, "done")
        folder = workers.folder(PRETRAIN)
        run = finished(folder).run
        assert (run.kind, run.seed, run.optimizer_steps, run.examples, run.tokens) == ("pretrain", 1, 3, 12, 99)
        assert run.train_loss is not None
        assert (run.train_loss.first, run.train_loss.last) == (2.0, None)
        assert run.degenerate == "the loss is not finite"
        assert run.seconds == {"total": 50.0, "train": 50.0}  # an earlier attempt took the better part
        assert run.hardware["device"] == "cpu"
        assert not list(folder.glob("checkpoint-*"))
        assert [e["name"] for e in events if e["event"] == "phase"] == ["load", "train", "finish"]
        log = (folder / "log").read_text()
        assert "a note" in log
        assert "a library prints" in log

    @pytest.mark.parametrize(
        ("body", "expected", "said"),
        [
            ("raise Preempted('stopped at step 2 of 3')", exits.PREEMPTED, "preempted: stopped at step 2 of 3"),
            ("raise KeyError('x')", exits.BUG, "failed: KeyError: 'x'"),
            ("raise SystemExit(0)", exits.BUG, "failed: SystemExit: 0"),
            ("raise MemoryError()", exits.RESOURCE, "a resource is missing: MemoryError"),
            ("raise OutOfMemoryError('CUDA out of memory')", exits.RESOURCE, "CUDA out of memory"),
            ("import os; os._exit(1)", 1, "phase load"),
            ("import os; os.kill(os.getpid(), 11)", -11, ""),
            ("return Outcome(optimizer_steps=-1)", exits.BUG, "optimizer_steps"),
        ],
    )
    def test_how_an_error_ends(self, workers: Workers, body: str, expected: int, said: str) -> None:
        workers.patches = runner(body)
        code, _, last = workers.run(PRETRAIN)
        assert code == expected
        assert said in last
        assert not (workers.folder(PRETRAIN) / "run.json").exists()

    def test_it_is_told_to_stop(self, workers: Workers) -> None:
        workers.patches = runner(
            "import time\ncontext.phase('train')\nwhile not context.should_stop(): time.sleep(0.01)\n"
            "(context.folder / 'checkpoint-00000001').mkdir()\nraise Preempted('at step 1')"
        )
        process, folder = workers.start(PRETRAIN), workers.folder(PRETRAIN)
        wait_for(lambda: read_progress(folder).get("phase") == "train")
        process.terminate()
        code, _, last = workers.end(process, folder)
        assert (code, last) == (exits.PREEMPTED, "preempted: at step 1")
        assert list(folder.glob("checkpoint-*"))

    def test_checkpoints_of_other_code_are_not_gone_on_from(self, workers: Workers) -> None:
        workers.patches = runner("import sys; sys.exit(list(map(str, context.folder.glob('checkpoint-*'))))")
        folder = workers.folder(PRETRAIN)
        (folder / "checkpoint-00000001").mkdir(parents=True)
        assert "checkpoint-00000001" in workers.run(PRETRAIN)[2]
        (folder / ".source").write_text("0" * 64)
        assert workers.run(PRETRAIN)[2] == "failed: SystemExit: []"
        assert "the code has changed" in (folder / "log").read_text()

    def test_a_gpu_that_is_not_there_is_a_missing_resource(self, workers: Workers) -> None:
        workers.patches = runner("return Outcome()").replace(
            "torch.set_num_threads",
            "torch.cuda = types.SimpleNamespace(is_available=lambda: False); torch.set_num_threads",
        )
        process = workers.start(PRETRAIN, Runtime(device="cuda:0"))
        code, _, last = workers.end(process, workers.folder(PRETRAIN))
        assert code == exits.RESOURCE
        assert "device cuda:0 was asked for, and there is no GPU that torch can use" in last

    def test_what_the_runtime_says_of_compiling_reaches_the_runner(self, workers: Workers) -> None:
        workers.patches = runner("assert context.compiled == 'off'\nreturn Outcome(weights_changed=True)")
        process = workers.start(PRETRAIN, Runtime(device="cpu", compiled="off"))
        assert workers.end(process, workers.folder(PRETRAIN))[0] == 0

    def test_commands_load_no_torch(self) -> None:
        code = (
            "import sys, reproduce.engine.worker, reproduce.engine.commands; "
            "print({'torch', 'numpy'} & sys.modules.keys())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "set()\n"

    def test_the_probe_answers_for_torch(self) -> None:
        answer = processes.ask_worker("--probe")
        import importlib.metadata

        assert answer["torch"].startswith(importlib.metadata.version("torch").partition("+")[0])
        assert isinstance(answer["gpus"], list)


class TestClassify:
    def raised(self, raiser: Callable[[], Any]) -> BaseException:
        try:
            raiser()
        except BaseException as error:
            return error
        raise AssertionError("nothing was raised")

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.ENOMEM])
    def test_the_system_has_run_out(self, number: int) -> None:
        assert exits.classify(OSError(number, os.strerror(number))) == exits.RESOURCE

    def test_also_behind_our_own_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        error = self.raised(lambda: write_atomic(tmp_path / "x", b"x"))
        assert isinstance(error, UsageError)
        assert exits.classify(error) == exits.RESOURCE

    @pytest.mark.parametrize(
        "text",
        [
            'Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })',
            "CUDA out of memory. Tried to allocate 2.00 GiB",
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory",
            "CUDA error: uncorrectable ECC error encountered",
        ],
    )
    def test_libraries_say_it_in_text(self, text: str) -> None:
        assert exits.classify(RuntimeError(text)) == exits.RESOURCE

    def test_torch_itself(self) -> None:
        torch = pytest.importorskip("torch")
        assert exits.classify(torch.OutOfMemoryError("of what is missing")) == exits.RESOURCE

    @pytest.mark.parametrize("error", [ValueError("x"), InputError("y"), FileNotFoundError(2, "z"), RuntimeError("w")])
    def test_anything_else_is_a_bug(self, error: Exception, tmp_path: Path) -> None:
        assert exits.classify(error, tmp_path) == exits.BUG

    def test_a_disk_without_space_explains_any_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        state = os.statvfs(tmp_path)
        full = os.statvfs_result((*state[:3], 0, 0, *state[5:]))
        monkeypatch.setattr(os, "statvfs", lambda path: full)
        assert exits.classify(RuntimeError("unexpected pos 64 vs 0"), tmp_path) == exits.RESOURCE


class TestInspect:
    @pytest.fixture
    def job(self, workers: Workers) -> Planned:
        job = program()
        assert workers.run(job.job)[0] == 0
        return job

    @pytest.mark.parametrize(
        ("file", "edit", "why"),
        [
            ("run.json", None, "there is no run.json"),
            ("run.json", lambda text: text[:100], "run.json is damaged"),
            ("run.json", lambda text: text.replace('"exit": 0', '"exit": 1'), "run.json says exit 1"),
            ("run.json", lambda text: text.replace("reported", "more"), "run.json is damaged: more"),
            ("predictions.jsonl", None, "predictions.jsonl is gone"),
            ("predictions.jsonl", lambda text: text.replace('"b"', '"a"'), "predictions.jsonl is not the file"),
        ],
    )
    def test_what_is_no_whole_run(
        self, workers: Workers, job: Planned, file: str, edit: Callable[[str], str] | None, why: str
    ) -> None:
        path = workers.folder(job.job) / file
        text = path.read_text()
        path.unlink()
        if edit is not None:
            path.write_text(edit(text))
            assert edit(text) != text
        found = inspect(path.parent, job.key)
        assert not isinstance(found, Finished)
        assert why in found.why

    def test_a_run_of_another_job(self, workers: Workers, job: Planned) -> None:
        other = workers.folder(program(seed=9).job)
        shutil.copytree(workers.folder(job.job), other)
        found = inspect(other, other.name)
        assert not isinstance(found, Finished)
        assert "another job" in found.why

    def test_the_record_reads_back_as_it_was_written(self, workers: Workers, job: Planned) -> None:
        text = (workers.folder(job.job) / "run.json").read_text()
        assert Run.model_validate_json(text).to_json() == text


def test_an_evaluation_has_no_seed_and_one_input() -> None:
    from reproduce.runrecord import inputs_of, seed_of

    job = EvaluateJob(model=TrainedEncoder(key="1" * 16), task="world-nli", data=WorldData(), languages=("en",))
    assert (inputs_of(job), seed_of(job)) == (("1" * 16,), None)
    assert (inputs_of(TRAIN), seed_of(TRAIN)) == (("0" * 16,), 4)
    assert inputs_of(PRETRAIN) == ()


def test_devices_are_resolved_to_what_is_there() -> None:
    assert machine.resolve_device("cpu") == "cpu"
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        assert machine.resolve_device("auto") == machine.resolve_device("cuda") == "cuda:0"
    else:
        assert machine.resolve_device("auto") == "cpu"
        with pytest.raises(machine.NoDeviceError, match="no GPU that torch can use; choose --device cpu or auto"):
            machine.resolve_device("cuda")
