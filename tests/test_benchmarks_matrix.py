"""The cost of a paper's matrix on several machines, and the calls that make the lab's table."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import lab, matrix
from reproduce.planning.budget import parse_budget
from reproduce.planning.costs import rates


def test_the_range_of_the_arithmetic_holds_what_the_fact_sheet_says_of_it() -> None:
    slow, fast = (matrix.line(name, 3.5) for name in matrix.MODELLED)
    assert slow["basis"] == fast["basis"] == "modelled"
    assert slow["jobs"] == fast["jobs"] > 700
    assert slow["exaflop"] == fast["exaflop"]
    assert fast["hours"] < slow["hours"] < 3 * fast["hours"]
    assert slow["money"] == pytest.approx(3.5 * slow["hours"])
    # of the architecture alone: 30 % of the peak at the paper's batch and 58 % at 16 k tokens, at best
    assert fast["mfu"]["batch 32"] == pytest.approx(0.30, abs=0.02)
    assert fast["mfu"]["16 k tokens"] == pytest.approx(0.58, abs=0.01)
    # a training that is launched kernel by kernel takes 22 ms a step and more, however few tokens it has
    assert slow["mfu"]["batch 32"] < 0.1


def test_a_measured_file_takes_the_place_of_the_arithmetic(tmp_path: Path) -> None:
    measured = replace(rates("h200"), name="bench", basis="measured", launch=0.0, title="a card, bf16")
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"rates": asdict(measured)}))
    line = matrix.line(str(path), 2.0)
    assert (line["basis"], line["title"]) == ("measured", "a card, bf16")
    assert line["hours"] < matrix.line("h200", 2.0)["hours"]
    assert matrix.rows([line])[0][:2] == (str(path), "measured")


def test_years_are_said_where_hours_say_nothing() -> None:
    line = {"machine": "m", "basis": "measured", "hours": 8766.0 * 3, "money": None, "mfu": {"batch 32": None}}
    assert matrix.rows([line]) == [("m", "measured", "3.0 years", "-", "-")]


def test_the_lab_s_encoder_has_30_to_90_million_parameters_and_takes_minutes() -> None:
    assert 30e6 < lab.WHOLE.shape.parameters < 90e6
    taken = lab.hours(lab.WHOLE, "h200")
    assert 0 < taken["pretraining"] < 0.5
    assert taken["runs"] > taken["pretraining"]


def test_the_calls_are_made_in_order_and_one_that_fails_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[list[str]] = []

    def claimcheck(command: list[str], check: bool) -> Any:
        made.append(command[3:])
        return subprocess.CompletedProcess(command, 4 if len(made) == 2 else 0)

    monkeypatch.setattr(subprocess, "run", claimcheck)
    monkeypatch.setattr("sys.argv", ["lab", str(tmp_path), "--out", str(tmp_path / "lab")])
    with pytest.raises(SystemExit) as ended:
        lab.main()
    assert ended.value.code == 4
    assert [call[:2] for call in made] == [["reproduce", "pretrain"], ["reproduce", "run"]]
    pretrain, run = made
    assert run[run.index("--encoder") + 1] == pretrain[pretrain.index("--out") + 1] + "/model"
    assert "--sweep" in run  # retrieval without training, by layer
    assert run[run.index("--seeds") + 1] == "3"
    assert len(pretrain[pretrain.index("--languages") + 1].split(",")) == 40
    made.clear()
    monkeypatch.setattr("sys.argv", ["lab", str(tmp_path), "--plan"])
    lab.main()
    assert made == []
    assert capsys.readouterr().out.count("$ claimcheck reproduce") == 2 + 4


def test_the_tiny_lab_asks_for_the_least_that_a_budget_may_be() -> None:
    least = lab.least_budget(lab.TINY, "cpu-core")
    assert 0 < parse_budget(least) < 600
    _, run, *_ = lab.calls(lab.TINY, Path("data"), Path("lab"), Path("report"), "cpu")
    assert run[run.index("--budget") + 1] == least
