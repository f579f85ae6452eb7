"""The recipe of scale `paper` end to end: the shipped registry, the hub's encoder and data, through the real clients.

The hub is one on loopback with an encoder of 24 narrow layers and a few rows a part, in the layouts of the real one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hub_data
import pytest
from loopback_hub import Hub

from reproduce import tasks

PAPER = "2005.13013"
ROOT = Path(__file__).resolve().parents[2]
TRAIN, ROWS = 16, 8
BUCC = "the hub has BUCC's gold pairs without the sentences to search among"


@dataclass(frozen=True)
class Run:
    """A run folder, what the command said, and the environment of a user of the loopback hub."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    environment: dict[str, str]

    def call(self, *arguments: str, limit: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command line again, with the same cache."""
        return _call(*arguments, limit=limit, environment=self.environment | environment)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """run.json of the jobs that finished, by a name: "train mnli", "evaluate xnli test"."""
        found = {}
        for path in self.folder.glob("jobs/*/run.json"):
            run = json.loads(path.read_text())
            found[_name(run["job"])] = run
        return found


def _name(job: dict[str, Any]) -> str:
    if job["kind"] == "train":
        return f"train {'+'.join(part['task'] for part in job['parts'])} from {job['encoder']['kind']}"
    return f"evaluate {job['task']} {job['split']} of {job['model']['kind']}"


def _call(*arguments: str, limit: float, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "claimcheck", "reproduce", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit, cwd=ROOT)


# the plan asks for the disk that XLM-R Large takes; the loopback hub's encoder takes a thousandth of it
ROOMY = """import shutil
usage = shutil.disk_usage
shutil.disk_usage = lambda path: usage(path)._replace(free=1 << 40)
"""


def _run(hub: Hub, folder: Path, claims: str, limit: float) -> Run:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(ROOMY)
    environment = kept | {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "PYTHONPATH": str(site)}
    out = folder / "runs"
    asked = ("run", PAPER, "--scale", "paper", "--claims", claims, "--seeds", "1", "--device", "cpu", "--json")
    return Run(out, _call(*asked, "--out", str(out), limit=limit, environment=environment), environment)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub() as made:
        hub_data.fill(made, rows=ROWS, train=TRAIN)
        yield made


@pytest.fixture(scope="module")
def run(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every target of XTREME from the pretrained encoder, and HellaSwag as an intermediate task before retrieval."""
    claims = "xlmr-baseline-average,xlmr-baseline-tydiqa-f1,xlmr-baseline-tatoeba,retrieval-gains-hellaswag"
    return _run(hub, tmp_path_factory.mktemp("paper"), claims, 500)


def test_all_jobs_finish_but_bucc_whose_pool_the_hub_lacks(run: Run) -> None:
    assert run.done.returncode == 5, run.done.stderr[-3000:]
    lines = run.done.stderr.splitlines()
    failed = [line for line in lines if line.startswith("failed:")]
    assert len(failed) == 3  # test and, with its threshold from elsewhere, dev before and after HellaSwag
    assert all(BUCC in line and "--data DIR" in line for line in failed)
    targets = ["mnli", "paws-x", "udpos", "panx", "squad-v1", "tydiqa", "hellaswag"]
    trained = {f"train {task} from hub" for task in targets}
    scored = {f"evaluate {task} test of job" for task in ("xnli", "paws-x", "udpos", "panx", "mlqa")}
    scored |= {f"evaluate {task} dev of job" for task in ("xquad", "tydiqa", "tatoeba")}
    scored.add("evaluate tatoeba dev of hub")
    assert set(run.jobs) == trained | scored
    assert all(job["exit"] == 0 for job in run.jobs.values())


def test_training_saw_the_hubs_rows_and_evaluation_every_language(run: Run) -> None:
    jobs = run.jobs
    for task in ("mnli", "udpos", "squad-v1", "tydiqa", "hellaswag"):
        job = jobs[f"train {task} from hub"]
        assert job["optimizer_steps"] > 0
        assert job["weights_changed"]
        assert next(part["items"] for part in job["data"] if part["split"] == "train") in (0, TRAIN)
    for task in ("xnli", "paws-x", "udpos", "panx", "mlqa"):
        data = jobs[f"evaluate {task} test of job"]["data"]
        assert {part["language"] for part in data} == set(tasks.task(task).languages_of("test"))
        assert {part["items"] for part in data} == {ROWS}
    tatoeba = jobs["evaluate tatoeba dev of hub"]["data"]
    assert len({part["sha256"] for part in tatoeba}) == len(tasks.task("tatoeba").languages)


def test_claims_are_judged_from_the_predictions(run: Run) -> None:
    found = {line["registry_id"]: line for line in map(json.loads, run.done.stdout.splitlines())}
    assert len(found) == 4
    assert found["xlmr-baseline-tatoeba"]["n"] == 1
    assert found["xlmr-baseline-tatoeba"]["verdict"].startswith("not_reproduced")  # weights are random
    assert found["xlmr-baseline-tydiqa-f1"]["values"]
    for claim in ("xlmr-baseline-average", "retrieval-gains-hellaswag"):
        assert found[claim]["verdict"] == "not_tested"
        assert found[claim]["reason"].startswith("exit_nonzero")
        assert BUCC in found[claim]["reason"]


def test_results_come_from_the_folder_and_the_cache_alone(run: Run) -> None:
    again = run.call("results", str(run.folder), "--json", HF_HUB_OFFLINE="1", HF_ENDPOINT="http://127.0.0.1:9")
    assert again.returncode == 0, again.stderr[-2000:]
    assert again.stdout.splitlines() == run.done.stdout.splitlines()


def test_transformers_opens_a_trained_model(run: Run) -> None:
    folder = run.folder / "jobs" / run.jobs["train hellaswag from hub"]["key"] / "model"
    program = f"""
import transformers
model = transformers.AutoModel.from_pretrained({str(folder)!r})
words = transformers.AutoTokenizer.from_pretrained({str(folder)!r})
print(type(model).__name__, model.config.num_hidden_layers, words("ba de", "fi")["input_ids"])
hidden = model(**words(["ba de"], return_tensors="pt")).last_hidden_state
print(tuple(hidden.shape))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=run.environment | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["XLMRobertaModel 24 [0, 5, 6, 2, 2, 7, 2]", "(1, 4, 16)"]


@pytest.mark.slow
def test_every_intermediate_task_of_the_paper_but_ccg(hub: Hub, tmp_path: Path) -> None:
    """Ten intermediate trainings, a target after each: CCG and the union of all nine need files, the others finish."""
    run = _run(hub, tmp_path, "xstilts-tydiqa-f1", 900)
    assert run.done.returncode == 5, run.done.stderr[-3000:]
    failed = [line for line in run.done.stderr.splitlines() if line.startswith("failed:")]
    assert len(failed) == 2
    assert all("CCGbank" in line and "--data DIR" in line for line in failed)
    trained = {name for name in run.jobs if name.endswith("from hub")}
    intermediate = ["anli-plus", "mnli", "qqp", "squad-v2", "squad-v1", "hellaswag", "cosmosqa", "commonsenseqa"]
    assert trained == {f"train {task} from hub" for task in intermediate}
    keys = [json.loads(path.read_text())["key"] for path in run.folder.glob("jobs/*/run.json")]
    assert len(keys) == 8 * 3  # the intermediate training, the target's, its evaluation
