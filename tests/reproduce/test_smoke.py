"""A smoke reproduction through the command line: what the verdicts must be, and that a second call repeats nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLAIMS = "tags-retrieval,shuffled-retrieval,zero-retrieval,shuffled-no-gain,baseline-retrieval"
LEAST_GAIN = 10.0  # points of retrieval accuracy that sense tagging must give


def claimcheck(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLAIMCHECK_HOME": str(folder / "home"), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [sys.executable, "-m", "claimcheck", *arguments], capture_output=True, text=True, env=environment, timeout=900
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smoke")
    done = claimcheck(
        "reproduce", "run", "smoke", "--claims", CLAIMS, "--slots", "2", "--out", str(folder / "runs"), folder=folder
    )
    assert done.returncode == 0, done.stderr
    assert "20/20" in done.stderr, done.stderr
    return folder / "runs"


@pytest.fixture(scope="module")
def verdicts(runs: Path) -> dict[str, dict[str, Any]]:
    done = claimcheck("reproduce", "results", str(runs), "--json", folder=runs.parent)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["registry_id"] for one in found] == CLAIMS.split(",")
    return {one["registry_id"]: one for one in found}


def test_an_intermediate_training_helps_retrieval(verdicts: dict[str, dict[str, Any]]) -> None:
    one = verdicts["tags-retrieval"]
    assert one["verdict"] == "reproduced"
    assert one["direction"] == "confirmed"
    assert one["n"] == 3
    assert min(one["values"]) > LEAST_GAIN
    assert one["interval"][0] > LEAST_GAIN
    assert one["radius"] < one["margin"]


def test_shuffled_labels_do_not_pass_for_it(verdicts: dict[str, dict[str, Any]]) -> None:
    one = verdicts["shuffled-retrieval"]
    assert one["verdict"] == "not_reproduced_lower"
    assert max(one["values"]) < LEAST_GAIN / 2
    assert verdicts["shuffled-no-gain"]["direction"] == "confirmed"


def test_a_learning_rate_of_zero_is_degenerate(verdicts: dict[str, dict[str, Any]]) -> None:
    assert verdicts["zero-retrieval"]["verdict"] == "degenerate"
    assert "the weights did not change" in verdicts["zero-retrieval"]["reason"]


def test_every_verdict_names_its_runs(verdicts: dict[str, dict[str, Any]], runs: Path) -> None:
    for one in verdicts.values():
        assert one["runs"], one["registry_id"]
        for run in one["runs"]:
            assert run["exit"] == 0
            assert (runs / "jobs" / run["id"] / "predictions.jsonl").is_file()
    trained = [run for run in verdicts["tags-retrieval"]["runs"] if run["optimizer_steps"]]
    assert len(trained) >= 3


def test_a_second_run_repeats_nothing(runs: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (runs / "jobs").glob("*/run.json")}
    done = claimcheck("reproduce", "run", "smoke", "--claims", CLAIMS, "--out", str(runs), folder=runs.parent)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in (runs / "jobs").glob("*/run.json")} == before
    assert "not reproduced lower" in done.stdout


def test_status_of_a_finished_run(runs: Path) -> None:
    done = claimcheck("reproduce", "status", str(runs), "--json", folder=runs.parent)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["states"] == {"done": 20}
    assert found["running"] is None


def test_no_claim_of_a_paper_is_judged_at_this_scale(runs: Path) -> None:
    done = claimcheck("reproduce", "plan", "2005.13013", "--scale", "smoke", "--json", folder=runs.parent)
    planned = json.loads(done.stdout)
    assert planned["asked"]["paper"] == "2005.13013"
    assert len(planned["asked"]["claims"]) >= 100
    assert planned["paper"] == "smoke"
