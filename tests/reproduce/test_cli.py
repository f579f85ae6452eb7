"""`claimcheck reproduce` as a user calls it: plans, refusals, a registry of their own with a program, Ctrl-C."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimcheck.cli import INTERRUPTED, main

Capture = pytest.CaptureFixture[str]
MULTI_TASK = ("reproduce", "plan", "2005.13013", "--claims", "multi-task", "--scale", "paper")

REGISTRY = """
schema = "claimcheck/registry/v1"

[paper]
id = "own"
title = "A paper of our own"

[[sources]]
id = "table-2"
kind = "paper"
where = "Table 2, row Ours"

[[conditions]]
id = "ours"
command = {{ argv = [{python}, {program}, "{{seed}}", "{{out}}"] }}

[[targets]]
id = "reviews"
task = "reviews"
metric = "accuracy"

[scales.paper]
seeds = 3

[[claims]]
id = "accuracy"
text = "Ours reaches 83.7 accuracy on reviews."
source = "table-2"
margin = 3.0
quantity = {{ value = "83.7", unit = "accuracy" }}
test = {{ kind = "level", measure = {{ conditions = ["ours"], targets = ["reviews"] }} }}
"""

PROGRAM = """
import json, pathlib, sys
seed, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
labels = ["yes" if i % 3 else "no" for i in range(400)]
rows = [{"id": str(i), "language": "en", "label": label, "prediction": label} for i, label in enumerate(labels)]
for row in rows:
    if (int(row["id"]) * 7 + seed) % 400 >= 334 + seed:  # of 400 so many are right
        row["prediction"] = "no" if row["label"] == "yes" else "yes"
report = {
    "optimizer_steps": 10, "examples": 320, "tokens": 4000, "train_loss": {"first": 0.7, "last": 0.3},
    "data": [{"task": "reviews", "language": "en", "split": "train", "sha256": "0" * 64, "items": 320}],
}
"""
WRITE_PREDICTIONS = '(out / "predictions.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))\n'
WRITE_REPORT = '(out / "run.json").write_text(json.dumps(report))\n'


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Path]:
    """`own(code)`: a registry file of the user's whose program is PROGRAM and then that code."""

    def write(code: str) -> Path:
        program, registry = tmp_path / "train.py", tmp_path / "own.toml"
        program.write_text(PROGRAM + code)
        registry.write_text(REGISTRY.format(python=json.dumps(sys.executable), program=json.dumps(str(program))))
        return registry

    return write


def run_own(registry: Path, out: Path, *more: str) -> int:
    given = ["reproduce", "run", str(registry), "--scale", "paper", "--out", str(out), "--device", "cpu"]
    return main([*given, "--slots", "2", *more])


def printed_json(capsys: Capture) -> dict[str, Any]:
    [line] = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


# ------------------------------------------------------------------ plan


def test_a_plan_shows_jobs_what_they_share_time_disk_and_price(capsys: Capture) -> None:
    assert main([*MULTI_TASK, "--price", "3.50"]) == 0
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert lines[0] == ["phase", "job", "runs", "claims", "steps", "tokens", "compute", "time", "disk"]
    assert {line[0] for line in lines if line} >= {"intermediate", "target", "evaluation"}
    assert [line for line in lines if line[:3] == ["intermediate", "multi-task", "3"]]  # one training, three seeds
    assert "Without sharing it would be" in shown
    assert " h on h200" in shown
    assert " GB of disk" in shown
    assert " at 3.5 an hour" in shown
    assert "Time is modelled, not promised" in shown


def test_a_plan_as_json_says_the_same_and_more(capsys: Capture) -> None:
    assert main([*MULTI_TASK, "--price", "3.50", "--json"]) == 0
    plan = printed_json(capsys)
    total, jobs = plan["total"], {job["key"]: job for job in plan["jobs"]}
    assert total["jobs"] == len(jobs) > 50
    assert plan["unshared"]["seconds"] > 2 * total["seconds"] > 0
    assert total["money"] == pytest.approx(total["seconds"] / 3600 * 3.50)
    assert total["disk_bytes"] > 1e9
    inputs = [name for job in plan["jobs"] for name in job["inputs"]]
    assert set(inputs) <= set(jobs)
    assert len(inputs) > len(set(inputs))  # some job serves several others


def test_more_seeds_are_more_jobs_and_the_claims_of_a_paper_may_be_a_comma_list(capsys: Capture) -> None:
    counts = []
    for seeds in ("1", "2"):
        given = ["--claims", "squad,mnli", "--scale", "paper", "--seeds", seeds, "--json"]
        assert main(["reproduce", "plan", "2005.13013", *given]) == 0
        plan = printed_json(capsys)
        counts.append(plan["total"]["jobs"])
        assert {claim for job in plan["jobs"] for claim in job["claims"]} == {"squad", "mnli"}
    assert counts[1] > 1.5 * counts[0]


def test_a_plan_says_what_it_needs_and_what_the_hub_lacks(capsys: Capture) -> None:
    assert main([*MULTI_TASK]) == 0
    shown = capsys.readouterr().out
    assert "Needs of the hub, encoder: FacebookAI/xlm-roberta-large" in shown
    assert "Needs of the hub, nyu-mll/glue: mnli train, mnli dev, qqp train, qqp dev" in shown
    assert "Missing: ccg train: needs --data: CCGbank, LDC2005T13, is licensed" in shown
    assert main([*MULTI_TASK, "--json"]) == 0
    needs = {(need["name"], need["split"]): need for need in printed_json(capsys)["needs"]}
    assert needs["ccg", "train"]["missing"].startswith("needs --data")
    assert needs["xquad", "dev"]["where"].startswith("google/xtreme (XQuAD.en")


def test_a_plan_with_files_says_which_are_not_there_and_what_the_call_changes(tmp_path: Path, capsys: Capture) -> None:
    lab = ["reproduce", "plan", "2005.13013", "--claims", "bucc-zh", "--scale", "lab", "--hardware", "cpu-core"]
    assert main([*lab, "--data", str(tmp_path), "--budget", "1h"]) == 0
    shown = capsys.readouterr().out
    assert "Needs by --data DIR, data (languages): text train (40), bucc dev" in shown
    assert "Missing: bucc dev (zh): " in shown
    assert "Deviations of this call: an encoder pretrained here: 4 layers of 256, 16,000 pieces" in shown
    assert " steps of 20,000 by --budget" in shown
    # without a folder it can be planned all the same
    assert main([*lab, "--json"]) == 0
    plan = printed_json(capsys)
    assert plan["missing"] == []
    assert {need["kind"] for need in plan["needs"]} == {"files"}


def test_at_smoke_a_paper_s_claims_stay_untested_and_the_plan_says_so(capsys: Capture) -> None:
    assert main(["reproduce", "plan", "2005.13013", "--scale", "smoke"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "stay not tested (scale)" in shown
    assert "pretraining" in shown


def test_a_plan_takes_less_than_a_second_and_no_torch() -> None:
    program = (
        f"import json, sys, claimcheck.cli\ncode = claimcheck.cli.main({list(MULTI_TASK)!r})\n"
        "sys.stderr.write(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    took = []
    for _ in range(3):  # CPU time and the best of three, since others may be using the machine
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        code, loaded = json.loads(done.stderr)
        assert code == 0
        assert not {"torch", "transformers", "onnxruntime", "scipy", "ray"} & set(loaded)
    assert min(took) < 1.0


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "2005.99999"], 3, "no registry for '2005.99999'"),
        (["plan", "nowhere.toml"], 3, "nowhere.toml"),
        (["plan", "2005.13013", "--claims", "multi-tsk"], 2, "multi-task"),
        (["plan", "2005.13013", "--scale", "huge"], 2, "--scale"),
        (["plan", "2005.13013", "--scale", "paper", "--hardware", "abacus"], 2, "abacus"),
        (["plan", "1811.01088", "--scale", "lab"], 2, "lab"),
        (["plan", "smoke", "--seeds", "0"], 2, "--seeds"),
        (["plan", "smoke", "--price", "-1"], 2, "--price"),
        (["plan"], 2, "PAPER"),
        (["run", "smoke"], 2, "--out"),
        (["status", "nowhere"], 3, "no such folder"),
        (["results", "nowhere"], 3, "no such folder"),
        (["results"], 2, "RUNS"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_are_one_line_that_names_what_is_wrong(
    arguments: list[str], code: int, says: str, capsys: Capture
) -> None:
    assert main(["reproduce", *arguments]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("claimcheck: ")
    assert shown.err.count("\n") == 1
    assert says in shown.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "scale lab of 2005.13013 reads its data from files, and no folder was given; give it with --data DIR"),
        (["--data", "{here}/nowhere"], 3, "nowhere: there is no such folder"),
        (["--data", "{here}/a-file"], 3, "a-file: is a file, not a folder"),
        (["--data", "{here}", "--encoder", "{here}"], 3, "is no model folder: it has no config.json"),
        (["--data", "{here}", "--budget", "soon"], 2, "--budget 'soon' is no time; write it as 90s, 30m, 2h"),
        (["--data", "{here}", "--budget", "3m"], 2, "--budget 3m is too small: even with 50 steps a training"),
        (["--data", "{here}", "--budget", "9h", "--hardware", "abacus"], 2, "there is no hardware 'abacus'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    arguments: list[str], code: int, says: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "a-file").touch()
    out = tmp_path / "runs"
    given = [argument.format(here=tmp_path) for argument in arguments]
    call = ["reproduce", "run", "2005.13013", "--scale", "lab", "--claims", "squad", "--device", "cpu"]
    assert main([*call, *given, "--out", str(out)]) == code
    [line] = capsys.readouterr().err.splitlines()
    assert says in line
    assert not out.exists()


def test_options_that_the_synthetic_world_has_no_use_for_are_refused(tmp_path: Path, capsys: Capture) -> None:
    assert main(["reproduce", "plan", "smoke", "--data", str(tmp_path)]) == 2
    assert "scale 'smoke' makes its data: --data has no use there" in capsys.readouterr().err


def test_a_folder_with_something_else_in_it_is_left_alone(
    own: Callable[[str], Path], tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter-1.tex").write_text("It was")
    assert run_own(own(WRITE_PREDICTIONS), out, "--allow-command") == 2
    assert "not of an earlier run (it holds chapter-1.tex)" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["chapter-1.tex"]


@pytest.mark.parametrize("command", ["status", "results"])
def test_a_folder_that_is_none_of_runs(command: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["reproduce", command, str(tmp_path)]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert str(tmp_path) in line
    assert "request.json" in line
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ a user's registry with a program


def test_a_program_is_not_run_unless_it_is_allowed(own: Callable[[str], Path], tmp_path: Path, capsys: Capture) -> None:
    registry = own(f"pathlib.Path({str(tmp_path / 'it-ran')!r}).touch()\n")
    assert run_own(registry, tmp_path / "runs") == 2
    shown = capsys.readouterr()
    [line] = shown.err.splitlines()
    assert "train.py 1 " in line
    assert "and 2 more" in line
    assert "--allow-command" in line
    assert shown.out == ""
    assert not (tmp_path / "it-ran").exists()


def test_an_allowed_program_is_run_for_each_seed_and_its_predictions_are_judged(
    own: Callable[[str], Path], tmp_path: Path, capsys: Capture
) -> None:
    registry, out = own(WRITE_PREDICTIONS + WRITE_REPORT), tmp_path / "runs"
    assert run_own(registry, out, "--allow-command", "--json") == 0
    shown = capsys.readouterr()
    will_run, first_done = shown.err.index("will run: "), shown.err.index("1/3 ")
    assert will_run < first_done
    assert shown.err.count("will run: ") == 3
    one = json.loads(shown.out)
    assert one["values"] == [83.75, 84.0, 84.25]
    assert (one["verdict"], one["n"], one["registry_id"]) == ("reproduced", 3, "accuracy")
    assert len(one["runs"]) == 3

    assert run_own(registry, out, "--allow-command", "--json") == 0  # nothing is left to do
    again = capsys.readouterr()
    assert json.loads(again.out) == one
    assert "will run" not in again.err
    assert main(["reproduce", "results", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == one
    assert main(["reproduce", "results", str(out)]) == 0
    assert "83.7  84.0 ± 0.2 (n=3)" in capsys.readouterr().out
    assert main(["reproduce", "status", str(out), "--json"]) == 0
    status = printed_json(capsys)
    assert status["by_phase"] == {"command": {"done": 3}}
    assert status["running"] is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (WRITE_REPORT, "no_predictions: "),
        (WRITE_PREDICTIONS, "zero_steps: "),
        (f"report.pop('data')\n{WRITE_PREDICTIONS}{WRITE_REPORT}", "no_data_checksum: "),
        (f"{WRITE_PREDICTIONS}{WRITE_REPORT}sys.exit(1)\n", "exit_nonzero: "),
    ],
    ids=["a bare metric", "no steps", "no data", "exit 1"],
)
def test_a_program_s_run_that_is_no_evidence_is_not_tested(
    code: str, reason: str, own: Callable[[str], Path], tmp_path: Path, capsys: Capture
) -> None:
    failed = "sys.exit(1)" in code
    assert run_own(own(code), tmp_path / "runs", "--allow-command", "--json") == (5 if failed else 0)
    shown = capsys.readouterr()
    one = json.loads(shown.out)
    assert one["verdict"] == "not_tested"
    assert one["reason"].startswith(reason)
    assert one["mean"] is None
    if failed:
        assert "3 jobs failed" in shown.err.splitlines()[-1]
        assert main(["reproduce", "status", str(tmp_path / "runs")]) == 0
        assert capsys.readouterr().out.count("failed: command ours for reviews") == 3


def test_a_second_run_at_the_same_time_writes_nothing(
    own: Callable[[str], Path], tmp_path: Path, capsys: Capture
) -> None:
    from reproduce.engine.preflight import run_lock

    registry = str(own(WRITE_PREDICTIONS + WRITE_REPORT))
    runs = tmp_path / "runs"
    assert main(["reproduce", "run", registry, "--scale", "paper", "--allow-command", "--out", str(runs)]) == 0
    asked = (runs / "request.json").read_bytes()
    capsys.readouterr()
    with run_lock(runs):
        again = [
            "reproduce",
            "run",
            registry,
            "--scale",
            "paper",
            "--seeds",
            "4",
            "--allow-command",
            "--out",
            str(runs),
        ]
        assert main(again) == 2
    assert f"process {os.getpid()} on " in capsys.readouterr().err
    assert (runs / "request.json").read_bytes() == asked


def test_ctrl_c_ends_with_130_and_the_same_call_goes_on(own: Callable[[str], Path], tmp_path: Path) -> None:
    # the first attempt of seed 2 waits for the signal
    waits = (
        "import time\nonce = out / 'once'\nif seed == 2 and not once.exists():\n"
        "    once.touch()\n    time.sleep(60)\nwith (out / 'runs').open('a') as file:\n    file.write('x')\n"
    )
    registry, out = own(waits + WRITE_PREDICTIONS + WRITE_REPORT), tmp_path / "runs"
    given = ["reproduce", "run", str(registry), "--scale", "paper", "--out", str(out), "--device", "cpu"]
    call = [sys.executable, "-P", "-m", "claimcheck", *given, "--slots", "1", "--allow-command", "--json"]
    process = subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, start_new_session=True
    )
    try:
        end = time.monotonic() + 30
        while not list(out.glob("jobs/*/out/once")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
        printed, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == INTERRUPTED
    assert printed == ""
    assert said.splitlines()[-1].startswith("claimcheck: interrupted; what was finished is kept")
    finished = {path.parent.name for path in out.glob("jobs/*/run.json")}
    assert len(finished) < 3

    again = subprocess.run(call, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["values"] == [83.75, 84.0, 84.25]
    # a job that was done is not done again
    assert [path.read_text() for path in out.glob("jobs/*/out/runs")] == ["x", "x", "x"]


# ------------------------------------------------------------------ pretrain


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "how long to pretrain: by --steps or by --budget; give one of the two"),
        (["--steps", "10", "--budget", "1m"], 2, "by --steps or by --budget"),
        (["--budget", "a while"], 2, "--budget 'a while' is no time"),
        (["--steps", "10", "--hidden", "100", "--heads", "3"], 2, "hidden 100 is not a multiple of heads 3"),
        (["--steps", "10"], 3, "no text in it"),
        (["--steps", "10", "--languages", "en"], 3, "en.txt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_pretraining_that_cannot_be_is_refused_in_one_line(
    arguments: list[str], code: int, says: str, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    call = ["reproduce", "pretrain", "--data", str(tmp_path), "--out", str(out), "--device", "cpu"]
    assert main([*call, *arguments]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert says in shown.err
    assert not out.exists()


def test_a_pretraining_gets_the_options_of_the_call(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reproduce.engine import pretraining
    from reproduce.specs import Size

    calls: list[tuple[Any, ...]] = []

    def pretrain(text: Path, out: Path, **how: Any) -> Path:
        calls.append((text, out, how))
        return out / "model"

    monkeypatch.setattr(pretraining, "pretrain", pretrain)
    call = ["reproduce", "pretrain", "--data", str(tmp_path), "--out", "enc", "--languages", "en,de", "--budget", "1h"]
    assert main([*call, "--layers", "2", "--hidden", "128", "--vocabulary", "999", "--temperature", "2"]) == 0
    assert capsys.readouterr().out == f"{Path('enc') / 'model'}\n"
    [(text, out, how)] = calls
    assert (text, out) == (tmp_path, Path("enc"))
    assert how["size"] == Size(layers=2, hidden=128, heads=2, feed_forward=512, positions=256)
    assert (how["languages"], how["vocabulary"], how["temperature"]) == (["en", "de"], 999, 2.0)
    assert (how["seconds"], how["steps"]) == (3600.0, None)


# ------------------------------------------------------------------ help


@pytest.mark.parametrize("subcommand", ["plan", "run", "status", "results", "pretrain"])
def test_help_has_examples_and_loads_nothing_heavy(subcommand: str) -> None:
    program = (
        f"import json, sys, claimcheck.cli\ncode = claimcheck.cli.main(['reproduce', {subcommand!r}, '--help'])\n"
        "sys.stderr.write(json.dumps([code, list(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, loaded = json.loads(done.stderr)
    assert code == 0
    assert f"  claimcheck reproduce {subcommand} " in done.stdout.partition("Example")[2]
    heavy = {"torch", "transformers", "numpy", "scipy", "rich", "reproduce.engine", "reproduce.planning"}
    assert "reproduce.cli" in loaded
    assert not heavy & set(loaded)
