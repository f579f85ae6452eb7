"""TensorBoard event files: read back as TensorBoard reads them, across a resume and after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from event_files import curve

from reproduce.training.curves import Curves


def test_points_are_read_back(tmp_path: Path) -> None:
    with Curves(tmp_path / "curves") as curves:
        for step in range(1, 6):
            curves.add(step, loss=2.0 / step, rate=step / 8)
    assert curve(tmp_path / "curves", "loss") == [(step, pytest.approx(2.0 / step)) for step in range(1, 6)]
    assert curve(tmp_path / "curves", "rate") == [(step, step / 8) for step in range(1, 6)]


def test_a_resume_continues_the_curve_and_hides_what_was_lost(tmp_path: Path) -> None:
    with Curves(tmp_path) as curves:
        for step in range(1, 9):
            curves.add(step, loss=1.0)
    with Curves(tmp_path, start=5) as curves:  # goes on from the checkpoint of step 4: steps 5 to 8 come again
        for step in range(5, 11):
            curves.add(step, loss=2.0)
    assert len(list(tmp_path.iterdir())) == 2
    assert curve(tmp_path, "loss") == [(step, 1.0 if step < 5 else 2.0) for step in range(1, 11)]


def test_what_is_not_finite_is_left_out(tmp_path: Path) -> None:
    with Curves(tmp_path) as curves:
        curves.add(1, loss=float("nan"), rate=0.5)
        curves.add(2, loss=float("inf"))
    assert curve(tmp_path, "loss") == []
    assert curve(tmp_path, "rate") == [(1, 0.5)]


def test_a_kill_leaves_a_readable_file(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, reproduce.training.curves as c\n"
        "curves, step = c.Curves(pathlib.Path(sys.argv[1]), flush_seconds=0.0), 0\n"
        "while True:\n"
        "    step += 1\n"
        "    curves.add(step, loss=1.0 / step)\n"
        "    if step == 50: print(flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    points = curve(tmp_path, "loss")
    assert len(points) >= 50
    assert [step for step, _ in points] == list(range(1, len(points) + 1))
