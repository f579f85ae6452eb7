"""No worker sees a claimed number: not in its arguments, its environment, its open files or anything of its folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from run_folders import load, registry

from reproduce.engine import run as engine
from reproduce.engine.request import write_request
from reproduce.verdicts.gate import REASONS
from reproduce.verdicts.results import reproductions

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

NUMBER = "61.7283"  # stands nowhere by chance
SHAPES = [NUMBER.encode(), b"0.617283", b"617283"]

CLAIM = f"""
[[claims]]
id = "level"
text = "The program reaches {NUMBER}."
source = "table"
quantity = {{ value = "{NUMBER}", unit = "accuracy" }}
margin = 3.0
seeds_behind = 3
statistic = "mean"
test = {{ kind = "level", measure = {{ conditions = ["nli"], targets = ["retrieval"] }} }}
"""

# 100 answers, of which 60 and the seed are right; then it waits to be looked at
PROGRAM = """
import json, pathlib, random, sys, time
seed = int(sys.argv[1])
order = random.Random(seed).sample(range(100), 100)
rows = [
    {"id": str(i), "language": language, "label": str(i % 7), "prediction": str(i % 7 if order[i] < 60 + seed else 9)}
    for language in ("xa", "xb", "xc", "xd") for i in range(100)
]
pathlib.Path("predictions.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
data = [{"task": "mine", "language": "xa", "split": "test", "sha256": "0" * 64, "items": 100}]
pathlib.Path("run.json").write_text(json.dumps({"optimizer_steps": 5, "data": data}))
pathlib.Path("ready").touch()
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.02)
"""


def found_in(what: str, data: bytes) -> list[str]:
    return [f"{what}: {shape.decode()}" for shape in SHAPES if shape in data]


def looked_at(process: psutil.Process) -> list[str]:
    """Where a process could read the number, of all that it was given and has open."""
    proc = Path("/proc") / str(process.pid)
    found = found_in("argv", (proc / "cmdline").read_bytes()) + found_in("environ", (proc / "environ").read_bytes())
    for descriptor in (proc / "fd").iterdir():
        try:
            target = descriptor.readlink()
            found += found_in("name of an open file", os.fsencode(target))
            if target.is_file() and not str(target).startswith(("/proc", "/dev")):
                found += found_in(f"open file {target}", target.read_bytes())
        except FileNotFoundError:  # closed in the meantime
            continue
    return found


@contextmanager
def at_work(folder: Path, jobs: Any) -> Iterator[threading.Thread]:
    """An engine in a thread."""
    thread = threading.Thread(target=engine.run, args=(jobs, folder), kwargs={"allow_command": True, "device": "cpu"})
    thread.start()
    try:
        yield thread
    finally:
        thread.join(120)
        assert not thread.is_alive()


def wait_for(path: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"no {path.name}"
        time.sleep(0.02)


def test_no_process_of_a_run_sees_the_claimed_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the one who starts the run knows the number, and it stands in files that are open and in variables that are set
    monkeypatch.setenv("CLAIMCHECK_AIM", NUMBER)
    (tmp_path / "program.py").write_text(PROGRAM)
    go = tmp_path / "go"
    command = json.dumps([sys.executable, str(tmp_path / "program.py"), "{seed}", str(go)])
    text = registry(CLAIM).replace('tasks = ["world-nli"]', f"[conditions.command]\nargv = {command}")
    path = tmp_path / "registry.toml"
    path.write_text(text.replace("probe = { layer = 1 }", 'metric = "accuracy"'))
    folder = tmp_path / "runs"
    _, plan = write_request(folder, path, "paper")
    with path.open() as held, at_work(folder, plan.jobs):
        try:
            wait_for(folder / "jobs" / plan.jobs[0].key / "out" / "ready")
            processes = psutil.Process().children(recursive=True)
            lines = [" ".join(process.cmdline()) for process in processes]
            assert any("reproduce.engine.worker job.json" in line for line in lines)
            assert any("program.py" in line for line in lines)
            assert [found for process in processes for found in looked_at(process)] == []
            assert all(str(path) not in os.fsdecode(Path(f"/proc/{p.pid}/environ").read_bytes()) for p in processes)
        finally:
            go.touch()
        assert NUMBER in held.read()
    everything = [file for file in folder.rglob("*") if file.is_file()]
    assert len(everything) > 10
    assert [found for file in everything for found in found_in(str(file), file.read_bytes())] == []
    # the number was found without having been seen
    (found,) = reproductions(folder, load=load)
    assert found.values == pytest.approx((61, 62, 63))
    assert found.verdict in ("inconclusive", "reproduced")
    assert found.details["gap"] == pytest.approx(62 - float(NUMBER))


def test_no_worker_that_trains_or_evaluates_sees_the_claimed_number(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    text = registry(CLAIM.replace('"nli"', '"baseline"'))
    # the pretraining, which stands first: enough of it to learn anything
    path.write_text(text.replace("0.001, batch_size = 32, max_steps = 10", "0.01, batch_size = 64, max_steps = 60", 1))
    folder = tmp_path / "runs"
    _, plan = write_request(folder, path, "paper")
    assert [job.phase for job in plan.jobs] == ["pretraining", "evaluation"]
    seen: dict[int, set[str]] = {}
    with path.open(), at_work(folder, plan.jobs) as thread:
        while thread.is_alive():
            for process in psutil.Process().children(recursive=True):
                try:
                    if "reproduce.engine.worker" in process.cmdline():
                        seen.setdefault(process.pid, set()).update(looked_at(process))
                except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                    continue  # it has ended in the meantime
            time.sleep(0.05)
    assert len(seen) >= 2  # a moment of a fork looks like a worker too
    assert set().union(*seen.values()) == set()
    everything = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".safetensors"]
    assert [found for file in everything for found in found_in(str(file), file.read_bytes())] == []
    # what real workers leave passes the gate, the data held against the world made anew
    (found,) = reproductions(folder)
    assert found.reason.split(":")[0] not in REASONS
    assert found.verdict == "not_reproduced_lower"
    assert len(found.values) == 1
    assert "notes" not in found.details
    assert found.runs[0].optimizer_steps == 60
    # and does not where it was touched
    predictions = folder / "jobs" / plan.jobs[-1].key / "predictions.jsonl"
    rows = [json.loads(line) for line in predictions.read_text().splitlines()]
    predictions.write_text("".join(json.dumps(row | {"prediction": row["label"]}) + "\n" for row in rows))
    assert reproductions(folder)[0].reason.startswith("predictions_edited: ")


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """The same look at a process that was told: it must not be blind itself."""
    (tmp_path / "told.json").write_text(json.dumps({"aim": NUMBER}))
    script = "import sys, time; file = open('told.json'); print('up', flush=True); time.sleep(60)"
    told = subprocess.Popen(
        [sys.executable, "-c", script, f"--aim={NUMBER}"],
        cwd=tmp_path,
        env={"AIM": "0.617283"},
        stdout=subprocess.PIPE,
    )
    try:
        assert told.stdout is not None
        assert told.stdout.readline() == b"up\n"
        found = looked_at(psutil.Process(told.pid))
    finally:
        told.kill()
        told.wait()
        told.stdout.close()
    assert {entry.split(":")[0].split(" /")[0] for entry in found} == {"argv", "environ", "open file"}
