"""The tautology gate: a clean run folder passes, and every planted cheat is refused by its own reason code."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_folders import EFFECT, RunFolder, load, registry

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import Dataset
from reproduce.planning.plan import PlannedJob
from reproduce.runrecord import JobFile
from reproduce.specs import Command, CommandJob, Data, EvaluateJob, HubData, HubEncoder, WorldData, job_key
from reproduce.tasks.metrics import METRICS, Metric
from reproduce.verdicts.gate import REASONS, CheckedRun, Gate, Refusal
from reproduce.verdicts.gold import Gold
from reproduce.verdicts.leaks import claimed_in
from reproduce.verdicts.reaction import reacts
from reproduce.verdicts.results import reproductions
from reproduce.verdicts.scored import scored

CLAIMED = "20.3"  # that of EFFECT


def share(condition: str, target: str, split: str, seed: int) -> float:
    return {"baseline": 0.6, "nli": 0.8}[condition]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(tmp_path_factory.mktemp("clean") / "runs", registry(EFFECT), share).run()


@pytest.fixture
def runs(clean: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the clean folder to be tampered with."""
    shutil.copytree(clean.folder, tmp_path / "runs")
    copy = object.__new__(RunFolder)
    copy.__dict__.update(clean.__dict__ | {"folder": tmp_path / "runs"})
    return copy


def gate(runs: RunFolder, loader: Callable[[str, Data, str, str], Dataset] = load) -> Gate:
    with runs.store() as store:
        records = {row.key: row for row in store.states()}
    plan = {job.key: job.job for job in runs.plan.jobs}
    measures = {key: ["retrieval_accuracy"] for key in runs.plan.cells.values()}
    return Gate(runs.folder / "jobs", plan, records, (CLAIMED,), Gold(loader), measures)


def evaluation(runs: RunFolder, seed: int = 1) -> PlannedJob:
    return runs.job("evaluation", condition="nli", seed=seed)


def training(runs: RunFolder) -> PlannedJob:
    return runs.job("intermediate", condition="nli", seed=1)


def test_a_clean_folder_passes(runs: RunFolder) -> None:
    checked = gate(runs).check(evaluation(runs).key)
    assert isinstance(checked, CheckedRun)
    assert checked.optimizer_steps == 20  # pretraining and the intermediate training
    assert checked.trained
    assert checked.degenerate is None
    assert checked.scored is not None
    assert checked.scored.rows == 400
    baseline = gate(runs).check(runs.job("evaluation", condition="baseline").key)
    assert isinstance(baseline, CheckedRun)
    assert not baseline.trained  # the pretrained encoder is the same for every seed
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict not in ("not_tested", "degenerate")


# --- the cheats; each takes a folder and leaves it as the cheat would


def edit_rows(runs: RunFolder, job: PlannedJob, change: Callable[[list[dict[str, Any]]], object], cover: int) -> None:
    """Change predictions.jsonl; cover 1: and its hash in run.json, 2: and the job store."""
    path = runs.path(job) / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    record = runs.predict(path.parent, rows)
    if cover >= 1:
        runs.edit_run(job, predictions=record.model_dump())
    if cover >= 2:
        runs.record(job)


def all_right(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["prediction"] = row["label"]


def edit_job(runs: RunFolder, job: PlannedJob, change: Callable[[dict[str, Any]], object]) -> None:
    path = runs.path(job) / "job.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def number_in_a_field_of_its_own(runs: RunFolder) -> None:
    edit_job(runs, evaluation(runs), lambda content: content.update(expected=20.3))


def number_as_a_share_of_one(runs: RunFolder) -> None:
    edit_job(runs, evaluation(runs), lambda content: content.update(note="aim for 0.203"))


def number_in_the_runtime(runs: RunFolder) -> None:
    edit_job(runs, training(runs), lambda content: content["runtime"].update(checkpoint_seconds=20.3))


def number_in_the_name_of_a_field(runs: RunFolder) -> None:
    edit_job(runs, evaluation(runs), lambda content: content["runtime"].update({"20.3": True}))


def edited_job(runs: RunFolder) -> None:
    edit_job(runs, training(runs), lambda content: content["job"]["optimisation"].update(max_steps=11))


def a_note_beside_the_job(runs: RunFolder) -> None:
    edit_job(runs, evaluation(runs), lambda content: content.update(note="aim high"))


def other_inputs(runs: RunFolder) -> None:
    edit_job(runs, evaluation(runs), lambda content: content.update(inputs={training(runs).key: "../elsewhere"}))


def no_job(runs: RunFolder) -> None:
    (runs.path(evaluation(runs)) / "job.json").unlink()


def hidden_twin(runs: RunFolder) -> None:
    path = runs.path(evaluation(runs)) / "job.json"
    path.write_text(path.read_text().replace('"schema"', '"runtime": {"aim": 20.3}, "schema"', 1))


def predictions_edited(runs: RunFolder) -> None:
    edit_rows(runs, evaluation(runs), all_right, cover=0)


def predictions_and_run_edited(runs: RunFolder) -> None:
    edit_rows(runs, evaluation(runs), all_right, cover=1)


def labels_edited_everywhere(runs: RunFolder) -> None:
    def relabel(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["label"] = row["prediction"]

    edit_rows(runs, evaluation(runs), relabel, cover=2)


def hard_items_dropped(runs: RunFolder) -> None:
    def drop(rows: list[dict[str, Any]]) -> None:
        rows[:] = [row for row in rows if row["prediction"] == row["label"]]

    edit_rows(runs, evaluation(runs), drop, cover=2)


def a_language_dropped(runs: RunFolder) -> None:
    def drop(rows: list[dict[str, Any]]) -> None:
        rows[:] = [row for row in rows if row["language"] != "xa"]

    edit_rows(runs, evaluation(runs), drop, cover=2)


def easy_items_twice(runs: RunFolder) -> None:
    edit_rows(runs, evaluation(runs), lambda rows: rows.append(rows[0]), cover=2)


def copied_from_another_seed(runs: RunFolder) -> None:
    source = runs.path(evaluation(runs, 2)) / "predictions.jsonl"
    shutil.copy(source, runs.path(evaluation(runs, 1)))
    record = json.loads((source.parent / "run.json").read_text())["predictions"]
    runs.edit_run(evaluation(runs, 1), predictions=record)
    runs.record(evaluation(runs, 1))


def no_predictions(runs: RunFolder) -> None:
    (runs.path(evaluation(runs)) / "predictions.jsonl").unlink()


def a_bare_metric(runs: RunFolder) -> None:
    (runs.path(evaluation(runs)) / "predictions.jsonl").unlink()
    runs.edit_run(evaluation(runs), predictions=None)
    runs.record(evaluation(runs))


def zero_steps(runs: RunFolder) -> None:
    runs.edit_run(training(runs), optimizer_steps=0)
    cover_up_lineage(runs)


def cover_up_lineage(runs: RunFolder) -> None:
    """Record the training as it is now, and let what was built on it name the new file."""
    runs.record(training(runs))
    sha256 = hashlib.sha256((runs.path(training(runs)) / "run.json").read_bytes()).hexdigest()
    runs.edit_run(evaluation(runs), parents={training(runs).key: sha256})
    runs.record(evaluation(runs))


def too_few_steps(runs: RunFolder) -> None:
    runs.edit_run(training(runs), optimizer_steps=1)
    cover_up_lineage(runs)


def more_steps_than_planned(runs: RunFolder) -> None:
    runs.edit_run(training(runs), optimizer_steps=100)
    cover_up_lineage(runs)


def steps_edited(runs: RunFolder) -> None:
    runs.edit_run(training(runs), optimizer_steps=1000)


def trained_again_afterwards(runs: RunFolder) -> None:
    runs.edit_run(training(runs), tokens=1)
    runs.record(training(runs))


def exit_one_in_the_run(runs: RunFolder) -> None:
    runs.edit_run(evaluation(runs), exit=1)
    runs.record(evaluation(runs))


def exit_one_after_writing_results(runs: RunFolder) -> None:
    key = evaluation(runs).key
    with runs.store() as store:
        store.add(runs.plan.jobs)
        store.reset([key], "test")
        assert store.claim_next("test", 60.0) == key
        store.finish(key, "test", "bug", exit_code=1, message="the program failed (exit 1)")


def from_another_plan(runs: RunFolder) -> None:
    text = registry(EFFECT).replace("max_steps = 10", "max_steps = 12")
    other = RunFolder(runs.folder.parent / "other", text, share).run()
    shutil.rmtree(runs.path(evaluation(runs)))
    shutil.copytree(other.path(evaluation(other)), runs.path(evaluation(runs)))
    runs.record(evaluation(runs))


def folder_of_another_seed(runs: RunFolder) -> None:
    shutil.rmtree(runs.path(evaluation(runs)))
    shutil.copytree(runs.path(evaluation(runs, 2)), runs.path(evaluation(runs)))
    runs.record(evaluation(runs))


def run_of_another_seed(runs: RunFolder) -> None:
    for name in ("run.json", "predictions.jsonl"):
        shutil.copy(runs.path(evaluation(runs, 2)) / name, runs.path(evaluation(runs)) / name)
    runs.record(evaluation(runs))


def another_seed_in_the_run(runs: RunFolder) -> None:
    runs.edit_run(training(runs), seed=7)
    cover_up_lineage(runs)


def other_data(runs: RunFolder) -> None:
    data = json.loads((runs.path(evaluation(runs)) / "run.json").read_text())["data"]
    data[0]["sha256"] = "f" * 64
    runs.edit_run(evaluation(runs), data=data)
    runs.record(evaluation(runs))


def a_language_of_the_data_missing(runs: RunFolder) -> None:
    data = json.loads((runs.path(evaluation(runs)) / "run.json").read_text())["data"]
    runs.edit_run(evaluation(runs), data=data[1:])
    runs.record(evaluation(runs))


def trained_on_another_task(runs: RunFolder) -> None:
    data = json.loads((runs.path(training(runs)) / "run.json").read_text())["data"]
    runs.edit_run(training(runs), data=[{**data[0], "task": "world-qa"}])
    cover_up_lineage(runs)


def no_data(runs: RunFolder) -> None:
    runs.edit_run(evaluation(runs), data=[])
    runs.record(evaluation(runs))


def a_broken_line(runs: RunFolder) -> None:
    path = runs.path(evaluation(runs)) / "predictions.jsonl"
    path.write_text(path.read_text() + "{")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    runs.edit_run(evaluation(runs), predictions={"sha256": sha256, "rows": 401})
    runs.record(evaluation(runs))


CHEATS: dict[Callable[[RunFolder], None], str] = {
    number_in_a_field_of_its_own: "claimed_number_in_job",
    number_as_a_share_of_one: "claimed_number_in_job",
    number_in_the_runtime: "claimed_number_in_job",
    number_in_the_name_of_a_field: "claimed_number_in_job",
    hidden_twin: "job_unreadable",
    edited_job: "job_edited",
    a_note_beside_the_job: "job_edited",
    other_inputs: "job_edited",
    no_job: "job_missing",
    predictions_edited: "predictions_edited",
    predictions_and_run_edited: "predictions_edited",
    labels_edited_everywhere: "labels_edited",
    hard_items_dropped: "row_count",
    a_language_dropped: "row_count",
    easy_items_twice: "predictions_unreadable",
    copied_from_another_seed: "copied_predictions",
    no_predictions: "no_predictions",
    a_bare_metric: "no_predictions",
    zero_steps: "zero_steps",
    too_few_steps: "steps_missing",
    more_steps_than_planned: "steps_missing",
    steps_edited: "run_edited",
    trained_again_afterwards: "parent_changed",
    exit_one_in_the_run: "exit_nonzero",
    exit_one_after_writing_results: "exit_nonzero",
    from_another_plan: "not_in_plan",
    folder_of_another_seed: "key_mismatch",
    run_of_another_seed: "key_mismatch",
    another_seed_in_the_run: "key_mismatch",
    other_data: "data_mismatch",
    a_language_of_the_data_missing: "data_mismatch",
    trained_on_another_task: "data_mismatch",
    no_data: "no_data_checksum",
    a_broken_line: "predictions_unreadable",
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_a_planted_cheat_is_refused(runs: RunFolder, cheat: Callable[[RunFolder], None]) -> None:
    cheat(runs)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "not_tested"
    code, _, rest = found.reason.partition(": ")
    assert code == CHEATS[cheat]
    assert rest.startswith(REASONS[code])
    assert found.values == ()
    assert found.mean is None


def test_what_was_done_and_what_was_planned_are_named(runs: RunFolder) -> None:
    too_few_steps(runs)
    refused = gate(runs).check(evaluation(runs).key)
    assert isinstance(refused, Refusal)
    assert (refused.key, refused.detail) == (training(runs).key, "it took 1, planned are 10")


@pytest.mark.parametrize("changes", [{"degenerate": "the loss is nan at step 4"}, {}])
def test_a_training_that_failed_may_have_stopped(runs: RunFolder, changes: dict[str, Any]) -> None:
    runs.edit_run(training(runs), optimizer_steps=4, **changes)
    cover_up_lineage(runs)
    assert isinstance(gate(runs).check(training(runs).key), CheckedRun if changes else Refusal)


def test_steps_are_compared_only_where_their_number_is_certain(tmp_path: Path) -> None:
    recipe = "[scales.paper.intermediate.default]\noptimisation = { learning_rate = 0.001, batch_size = 32, "
    for i, (given, counts) in enumerate(
        (
            ("max_steps = 20 }\nselection = { patience = 2 }", True),  # it may end early: 10 of 20
            ("epochs = 1 }", False),  # 4,000 examples are 125 steps
            ("epochs = 1 }\nexamples = 320", True),
        )
    ):
        text = registry(EFFECT)
        assert f"{recipe}max_steps = 10 }}" in text
        text = text.replace(f"{recipe}max_steps = 10 }}", recipe + given)
        runs = RunFolder(tmp_path / f"runs{i}", text, share).run()
        checked = gate(runs).check(training(runs).key)
        assert isinstance(checked, CheckedRun) is counts, given
        if isinstance(checked, Refusal):
            assert (checked.code, checked.detail) == ("steps_missing", "it took 10, planned are 125")


def test_a_constant_metric_is_refused(runs: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    constant = Metric("retrieval_accuracy", lambda rows: np.tile([203.0, 1000.0], (len(rows), 1)))
    monkeypatch.setitem(METRICS, "retrieval_accuracy", constant)  # type: ignore[arg-type]
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "not_tested"
    assert found.reason.startswith("constant_metric: the metric does not react")


def test_labels_are_compared_across_runs_where_the_data_cannot_be_had(runs: RunFolder) -> None:
    def no_data_here(task: str, data: Data, language: str, split: str) -> Dataset:
        raise UsageError("the hub cannot be reached")

    def one_label(rows: list[dict[str, Any]]) -> None:
        rows[5]["label"] = rows[5]["prediction"] = "xa-999"

    (honest,) = reproductions(runs.folder, load=no_data_here)
    assert honest.verdict not in ("not_tested", "degenerate")
    assert "the data of world-retrieval could not be compared: the hub cannot be reached" in honest.details["notes"]
    edit_rows(runs, evaluation(runs), one_label, cover=2)
    (found,) = reproductions(runs.folder, load=no_data_here)
    assert found.reason.startswith("data_mismatch: ")


# --- the claimed numbers


def job_file(job: CommandJob | EvaluateJob) -> dict[str, Any]:
    return JobFile(key=job_key(job), job=job).model_dump(mode="json", by_alias=True)


def seen(job: CommandJob | EvaluateJob, *claimed: str) -> str | None:
    return claimed_in(job_file(job), job.model_dump(mode="json"), claimed)


def test_settings_that_equal_a_claimed_number_are_no_leak() -> None:
    job = EvaluateJob(
        model=HubEncoder(name="xlm-roberta-large"), task="squad_v1.1", data=HubData(), languages=("en",), items=32
    )
    # batch sizes, lengths and versions of names are settings, the more so as the job is the plan's
    assert seen(job, "32", "1.1", "128", "1") is None
    planned = training_job(learning_rate=8.7)
    assert claimed_in({"job": planned, "runtime": {"threads": 2}}, planned, ["8.7", "2", "32"]) is None
    # half a second is no share of a claimed 50.0
    assert claimed_in({"job": planned, "runtime": {"progress_seconds": 0.5}}, planned, ["50.0"]) is None
    # a run folder that happens to be called as a claimed number says: /tmp/smoke7/cache
    folders = {"data": "/data/8.7", "encoder": "/models/7.0", "cache": "/tmp/smoke7/cache"}
    assert claimed_in({"job": planned, "runtime": folders}, planned, ["8.7", "7.0"]) is None
    assert claimed_in({"job": planned | {"seed": 9}}, planned, ["9"]) == "9 in job.seed"  # not what was planned


def training_job(**optimisation: Any) -> dict[str, Any]:
    return {"kind": "train", "seed": 1, "optimisation": {"batch_size": 32, **optimisation}}


@pytest.mark.parametrize(
    ("argv", "claimed", "found"),
    [
        (["run", "--aim", "8.7"], "8.7", "8.7 in job.command.argv.2"),
        (["run", "--aim=8.70"], "8.7", "8.70 in job.command.argv.1"),
        (["run", "--aim=0.087"], "8.7", "0.087 in job.command.argv.1"),
        (["run", "--aim=-8.7"], "8.7", "8.7 in job.command.argv.1"),
        (["run", "--aim=8.7e0"], "8.7", "8.7 in job.command.argv.1"),
        (["run", "acc8.7"], "8.7", "8.7 in job.command.argv.1"),
        (["run", "--aim", "81"], "81", "81 in job.command.argv.2"),
        (["python3.11", "-m", "tool"], "3.11", None),
        (["/opt/python3.11/bin/python", "squad_v1.1.json"], "1.1", None),
        (["run", "squad2"], "2", None),
        (["run", "18.7", "8.71"], "8.7", None),
        (["run", "--seed", "{seed}", "--out", "{out}"], "8.7", None),
        (["run", "--seed", "0"], "0", None),
    ],
)
def test_arguments_of_a_command_are_searched(argv: list[str], claimed: str, found: str | None) -> None:
    job = CommandJob(command=Command(argv=tuple(argv)), task="made-up", metric="accuracy")
    assert seen(job, claimed) == found


def test_the_name_of_an_encoder_is_searched() -> None:
    def named(name: str, revision: str = "main") -> EvaluateJob:
        return EvaluateJob(
            model=HubEncoder(name=name, revision=revision), task="world-nli", data=WorldData(), languages=("en",)
        )

    assert seen(named("me/score-8.7"), "8.7") == "8.7 in job.model.name"
    assert seen(named("me/model", "8.7"), "8.7") == "8.7 in job.model.revision"
    assert seen(named("me/model", "8" * 40), "8") is None  # a commit


# --- what models do


def answers(pairs: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [{"id": str(i), "language": "en", "label": a, "prediction": b} for i, (a, b) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("measure", "pairs", "expected"),
    [
        ("accuracy", [("ab"[i % 2], "ab"[i % 3 == 0]) for i in range(60)], True),
        # a collapsed model, and one that is never right: bad models, honest metrics
        ("accuracy", [("ab"[i % 2], "a") for i in range(60)], True),
        ("squad_f1", [([f"w{i}"], f"no{i}") for i in range(60)], True),
        ("span_f1", [(["B-A", "O"] if i % 2 else ["O", "O"], ["O", "O"]) for i in range(60)], True),
        ("bucc_f1", [(f"en-{i}" if i % 9 == 0 else None, None) for i in range(60)], True),
        ("pearson", [(float(i), float(i % 7)) for i in range(60)], True),
        ("f1_accuracy_mean", [(str(i % 2), str(i % 3 // 2)) for i in range(60)], True),
        # data that every model is right on tell nothing
        ("accuracy", [("a", "a")] * 60, False),
        ("span_f1", [(["O", "O"], ["O", "O"])] * 60, False),
        ("bucc_f1", [(None, None)] * 60, False),
    ],
)
def test_a_metric_has_to_react(measure: str, pairs: list[tuple[Any, Any]], expected: bool) -> None:
    assert reacts(measure, answers(pairs)) is expected


def test_copies_are_told_from_models_that_agree() -> None:
    one = answers([("ab"[i % 2], "ab"[i % 3 == 0]) for i in range(60)])
    other = answers([("ab"[i % 2], "ab"[i % 5 == 0]) for i in range(60)])
    first, second = scored(one, ["accuracy"]), scored(list(reversed(one)), ["accuracy"])
    assert first.telling
    assert first.said_sha256 == second.said_sha256 != scored(other, ["accuracy"]).said_sha256
    perfect = answers([("ab"[i % 2], "ab"[i % 2]) for i in range(60)])
    collapsed = answers([("ab"[i % 2], "a") for i in range(60)])
    assert not any(scored(same, ["accuracy"]).telling for same in (perfect, collapsed, one[:10]))
    # a score beside each answer is a real number: no two models share it on all items
    assert scored([row | {"score": 0.25 + i} for i, row in enumerate(perfect)], ["accuracy"]).telling
