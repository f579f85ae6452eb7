"""Runs that are killed at random end with the same predictions; the long version is benchmarks/kill_smoke.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_jobs import COUNT, GOOD, carry_out, job_folder, program

from reproduce.engine.jobs import JobStore

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks is no part of the installed package

from benchmarks import kill_smoke  # noqa: E402


def test_killed_runs_end_as_the_undisturbed_one(tmp_path: Path) -> None:
    """Programs that go on from what they wrote, each of which fails if another one of it is at work."""
    said: list[str] = []
    report = kill_smoke.Killer(
        "commands", tmp_path, kills=3, each=0, interval=1.2, seed=int(time.time()), say=said.append
    ).measure()
    assert len(report.kills) == len(said) - 1 == 3
    assert {kill.victim for kill in report.kills} >= {"group", "engine"}
    assert report.differing == []
    assert report.compared == 7 * report.runs
    log = "".join(path.read_text() for path in tmp_path.glob("killed-*/jobs/*/log"))
    assert "BlockingIOError" not in log, "a program ran twice at the same time"
    # a kill may also come before anything was begun
    assert log.count(" attempt ") >= report.compared
    assert report.starts > 1 + report.runs


def test_killed_trainings_end_with_the_same_bits(tmp_path: Path) -> None:
    # the trainings take a fraction of a second where nothing else runs: often enough that one is seen at a checkpoint
    report = kill_smoke.Killer(
        "tiny", tmp_path, kills=3, each=1, interval=0.5, checkpoint_seconds=0.02, say=lambda line: None
    ).measure()
    # while fewer kills are left than kinds of work that lack one, every kill is aimed; it may come a moment too late
    assert all(kill.aimed for kill in report.kills)
    hits = report.hits()
    assert sum(hits[kind] for kind in kill_smoke.KINDS) >= 1, report.kills
    assert report.differing == []
    assert report.compared == 3 * report.runs
    assert all(model is not None or rows is not None for rows, model in report.reference.values())


ENGINE = """
import sys
sys.path.insert(0, sys.argv[2])
from command_jobs import *
slow = program(sys.argv[3], seed=5)
carry_out([slow], Path(sys.argv[1]))
"""


@pytest.mark.parametrize("group", [True, False], ids=["with its group", "alone"])
def test_nothing_outlives_a_killed_engine_and_the_next_run_goes_on(tmp_path: Path, group: bool) -> None:
    code = (
        "(out / 'pid.tmp').write_text(str(os.getpid())); (out / 'pid.tmp').rename(out / 'pid')\n"
        f"if first_time(): time.sleep(60)\n{COUNT}{GOOD}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), str(ROOT / "tests"), code], start_new_session=True
    )
    slow = program(code, seed=5)
    pid_file = job_folder(tmp_path, slow) / "out" / "pid"
    end = time.monotonic() + 20
    while not pid_file.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    if group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    first = int(pid_file.read_text())
    pid_file.unlink()

    ran = carry_out([slow], tmp_path)  # at once, while the orphans are still about to leave
    assert ran.summary.complete
    assert (tmp_path / "jobs" / "runs").read_text() == "5"
    state = Path(f"/proc/{first}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
    with JobStore(tmp_path / "jobs.sqlite", read_only=True) as store:
        assert [a.exit_class for a in store.attempts(slow.key)] == ["preempted", "done"]
