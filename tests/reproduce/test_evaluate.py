"""Evaluation: rows that a metric can score, retrieval as the padded Hugging Face model does it, errors that help."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import toy_world

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce import data
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import (
    Data,
    EvaluateJob,
    FilesData,
    Optimisation,
    Part,
    Probe,
    Selection,
    TrainedEncoder,
    TrainJob,
    WorldData,
    job_key,
)
from reproduce.tasks import metrics
from reproduce.tasks import task as task_named
from reproduce.training import batches
from reproduce.training.evaluate import run_evaluate
from reproduce.training.mining import half_of
from reproduce.training.pretrain import run_pretrain
from reproduce.training.train import run_train

TASKS = ("world-nli", "world-tags", "world-qa", "world-choice")


@dataclass
class Jobs:
    """Finished jobs: a pretrained encoder and a model that has learned every task."""

    folder: Path
    encoder: str
    model: str

    def evaluate(self, folder: Path, task: str, **settings: Any) -> tuple[Outcome, list[dict[str, Any]]]:
        names = ("should_stop", "report", "progress_seconds")
        context_settings = {name: settings.pop(name) for name in names if name in settings}
        if "files" in settings:
            context_settings["data"], settings["data"] = settings.pop("files"), FilesData()
        defaults: dict[str, Any] = {"languages": ("xa", "en"), "max_length": 32, "data": WorldData()}
        key = settings.pop("of", self.encoder if "probe" in settings else self.model)
        job = EvaluateJob.model_validate({"model": {"kind": "job", "key": key}, "task": task} | defaults | settings)
        folder.mkdir(exist_ok=True)
        context = Context(folder, {key: self.folder / key}, device="cpu", **context_settings)
        outcome = run_evaluate(job, context)
        return outcome, [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    with pytest.MonkeyPatch.context() as patch:
        toy_world.use(patch)
        folder = tmp_path_factory.mktemp("jobs")
        pretraining = toy_world.pretraining()
        encoder = job_key(pretraining)
        (folder / encoder).mkdir()
        run_pretrain(pretraining, Context(folder / encoder, device="cpu"))
        training = TrainJob(
            encoder=TrainedEncoder(key=encoder),
            parts=tuple(Part(task=name, data=WorldData()) for name in TASKS),
            optimisation=Optimisation(learning_rate=5e-3, batch_size=16, max_steps=400),
            selection=Selection(rule="last"),
            max_length=32,
            seed=0,
        )
        model = job_key(training)
        (folder / model).mkdir()
        run_train(training, Context(folder / model, {encoder: folder / encoder}, device="cpu"))
        yield Jobs(folder, encoder, model)


@pytest.mark.parametrize("task", TASKS)
def test_what_was_learned_shows_in_the_rows(jobs: Jobs, tmp_path: Path, task: str) -> None:
    outcome, rows = jobs.evaluate(tmp_path, task)
    assert [row["language"] for row in rows] == ["en"] * 24 + ["xa"] * 24
    assert [row["id"] for row in rows] == [f"test-{number}" for number in range(24)] * 2
    expected = [item.label for code in ("en", "xa") for item in toy_world.load(task, WorldData(), code, "test").items]
    assert [row["label"] for row in rows] == expected
    assert metrics.score(task_named(task).metric, rows) > 0.9
    content = (tmp_path / "predictions.jsonl").read_bytes()
    assert outcome.predictions == {"sha256": hashlib.sha256(content).hexdigest(), "rows": 48}
    assert outcome.examples == 48
    assert outcome.optimizer_steps == 0
    assert outcome.tokens > 48
    assert [(d["language"], d["split"], d["items"]) for d in outcome.data] == [("en", "test", 24), ("xa", "test", 24)]
    assert set(outcome.seconds) == {"load", "evaluate"}
    # quick to do again, and the same again
    assert jobs.evaluate(tmp_path, task)[0].predictions == outcome.predictions


def test_only_so_many_items_are_predicted_as_the_job_says(jobs: Jobs, tmp_path: Path) -> None:
    outcome, rows = jobs.evaluate(tmp_path, "world-nli", items=5, split="dev")
    assert [(d["split"], d["items"]) for d in outcome.data] == [("dev", 5)] * 2
    _, everything = jobs.evaluate(tmp_path, "world-nli", split="dev")
    chosen = [row["id"] for row in rows if row["language"] == "en"]
    assert chosen == [row["id"] for row in rows if row["language"] == "xa"]  # the same where ids are the same
    assert chosen == sorted(chosen, key=lambda name: int(name[4:]))
    assert chosen != [f"dev-{number}" for number in range(5)]  # drawn: neighbours may be of one passage
    assert rows == [row for row in everything if row["id"] in chosen]


def test_a_head_of_three_choices_chooses_among_two(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # XCOPA has two and is trained on Social IQA, which has three
    def two(task: str, asked: Any, language: str, split: str, **how: Any) -> Dataset:
        three = toy_world.load(task, asked, language, split)
        if split == "train":
            return three
        kept = [row for row in range(len(three.tokens)) if row % 3 < 2]
        items = tuple(replace(item, label=str(number % 2)) for number, item in enumerate(three.items))
        return replace(three, tokens=three.tokens.take(kept), items=items, per_example=2, labels=("0", "1"))

    _, whole = jobs.evaluate(tmp_path, "world-choice")
    monkeypatch.setattr(data, "load", two)
    _, rows = jobs.evaluate(tmp_path, "world-choice")
    assert len(rows) == len(whole) > 1
    assert {row["prediction"] for row in rows} == {"0", "1"}
    # what the larger choice preferred among the first two is what the smaller one says
    for before, now in zip(whole, rows, strict=True):
        if before["prediction"] in ("choice-0", "choice-1"):
            assert now["prediction"] == before["prediction"].removeprefix("choice-")


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize(("pooling", "special"), [("mean", True), ("mean", False), ("first", True)])
def test_retrieval_is_that_of_the_padded_model(
    jobs: Jobs, tmp_path: Path, layer: int, pooling: str, special: bool
) -> None:
    from transformers import XLMRobertaModel

    probe = {"layer": layer, "pooling": pooling, "special_tokens": special}
    _, rows = jobs.evaluate(tmp_path, "world-retrieval", languages=("xb",), probe=Probe.model_validate(probe))
    dataset = toy_world.load("world-retrieval", WorldData(), "xb", "test")
    model = XLMRobertaModel.from_pretrained(jobs.folder / jobs.encoder / "model").eval()
    assert dataset.pool is not None

    def vectors(tokens: Ragged) -> np.ndarray[Any, Any]:
        longest = int(tokens.lengths.max())
        ids = torch.ones(len(tokens), longest, dtype=torch.int64)
        for row in range(len(tokens)):
            ids[row, : len(tokens[row])] = torch.from_numpy(tokens[row])
        present = (ids != 1).long()
        with torch.no_grad():
            states = model(ids, present, output_hidden_states=True).hidden_states[layer]
        counted = present if special else present * (ids != 0) * (ids != 2)
        mean = (states * counted[..., None]).sum(1) / counted.sum(1, keepdim=True)
        return torch.nn.functional.normalize(states[:, 0] if pooling == "first" else mean, dim=1).numpy()

    queries, pool = vectors(dataset.tokens), vectors(dataset.pool)
    similar = queries @ pool.T
    assert [row["score"] for row in rows] == pytest.approx(similar.max(axis=1).tolist(), abs=1e-4)
    for number, row in enumerate(rows):
        found = similar[number, dataset.pool_ids.index(row["prediction"])]
        assert found == pytest.approx(similar[number].max(), abs=1e-4)


def test_retrieval_reads_the_encoder_of_a_trained_model(jobs: Jobs, tmp_path: Path) -> None:
    _, before = jobs.evaluate(tmp_path, "world-retrieval", probe=Probe(layer=2))
    _, after = jobs.evaluate(tmp_path, "world-retrieval", probe=Probe(layer=2), of=jobs.model)
    assert len(before) == len(after) == 48
    assert [row["score"] for row in before] != [row["score"] for row in after]


def test_a_task_trained_under_another_name_takes_the_only_head_of_its_kind(jobs: Jobs, tmp_path: Path) -> None:
    training = TrainJob(
        encoder=TrainedEncoder(key=jobs.encoder),
        parts=(Part(task="world-nli", data=WorldData()),),
        optimisation=Optimisation(learning_rate=1e-2, batch_size=16, max_steps=2),
        selection=Selection(rule="last"),
        max_length=32,
        seed=0,
    )
    key = job_key(training)
    (jobs.folder / key).mkdir()
    run_train(training, Context(jobs.folder / key, {jobs.encoder: jobs.folder / jobs.encoder}, device="cpu"))
    with pytest.raises(UsageError, match=r"no tagging head for the task world-tags; .* world-nli \(classification\)"):
        jobs.evaluate(tmp_path, "world-tags", of=key)
    path = jobs.folder / key / "model" / "heads.safetensors"
    path.write_bytes(path.read_bytes().replace(b"world-nli", b"other-nli"))
    assert len(jobs.evaluate(tmp_path, "world-nli", of=key)[1]) == 48


def test_an_encoder_alone_cannot_classify(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no classification head for the task world-nli; .* its heads: none"):
        jobs.evaluate(tmp_path, "world-nli", of=jobs.encoder)


@pytest.mark.parametrize(("task", "probe"), [("world-nli", Probe(layer=1)), ("world-retrieval", None)])
def test_a_probe_is_for_retrieval_and_only_for_it(jobs: Jobs, tmp_path: Path, task: str, probe: Probe | None) -> None:
    with pytest.raises(UsageError, match="retrieval takes a probe"):
        jobs.evaluate(tmp_path, task, probe=probe)


def test_a_probe_beyond_the_last_layer_is_refused(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"reads layer 3; choose a layer from 0 \(embeddings\) to 2"):
        jobs.evaluate(tmp_path, "world-retrieval", probe=Probe(layer=3))


def test_a_stop_leaves_nothing(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(Preempted):
        jobs.evaluate(tmp_path, "world-nli", should_stop=lambda: True)
    assert not (tmp_path / "predictions.jsonl").exists()


def test_a_sequence_that_is_too_long_is_refused(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"world-nli, en, test: a sequence of \d+ tokens, and the recipe allows 8"):
        jobs.evaluate(tmp_path, "world-nli", max_length=8)


def test_a_missing_model_is_named(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=f"the job {'0' * 16} left no model"):
        jobs.evaluate(tmp_path, "world-nli", of="0" * 16)


def test_the_phases_and_languages_are_reported(jobs: Jobs, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    jobs.evaluate(tmp_path, "world-nli", report=events.append, progress_seconds=60)
    assert [e["name"] for e in events if e["event"] == "phase"] == ["load", "evaluate", "finish"]
    progress = [e for e in events if e["event"] == "progress"]
    assert [(e["step"], e["steps"]) for e in progress] == [(1, 2), (2, 2)]
    assert progress[-1]["eta"] == 0


def test_a_long_language_tells_how_far_it_is(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_TOKENS", {"cpu": 32})
    for task, probe in (("world-nli", None), ("world-retrieval", Probe(layer=2))):
        events: list[dict[str, Any]] = []
        jobs.evaluate(tmp_path, task, report=events.append, progress_seconds=0, **({"probe": probe} if probe else {}))
        steps = [event["step"] for event in events if event["event"] == "progress"]
        assert steps == sorted(steps)
        assert steps.count(0) > 5
        assert steps.count(1) > 5
        assert steps[-1] == 2
        assert all(event["eta"] >= 0 for event in events if event["event"] == "progress")


# --- mining: retrieval where most sentences have no translation


@pytest.fixture
def bucc(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """BUCC in the place of the toy retrieval; gives the languages and splits that are loaded."""
    loaded: list[tuple[str, str]] = []

    def load(task: str, asked: Data, language: str, split: str, **how: object) -> Dataset:
        loaded.append((language, split))
        made = toy_world.load("world-retrieval", asked, language, split)
        items = tuple(Item(item.id, item.label if n % 3 else None) for n, item in enumerate(made.items))
        return replace(made, task=task, items=items)

    monkeypatch.setattr(data, "load", load)
    return loaded


def test_mining_keeps_its_thresholds(jobs: Jobs, tmp_path: Path, bucc: list[tuple[str, str]]) -> None:
    outcome, rows = jobs.evaluate(tmp_path, "bucc", languages=("zh", "de"), probe=Probe(layer=0))
    assert bucc == [("de", "test"), ("zh", "test")]
    assert outcome.selection is not None
    assert outcome.selection["rule"] == "halves"
    for language in ("de", "zh"):
        first, second = outcome.selection["thresholds"][language]
        for row in (row for row in rows if row["language"] == language and row["prediction"] is not None):
            assert row["score"] >= (first, second)[half_of(row["id"])]
    assert json.loads(json.dumps(outcome.selection))["thresholds"].keys() == {"de", "zh"}
    assert metrics.score("bucc_f1", rows) > 0.3
    assert [(d["language"], d["split"], d["items"]) for d in outcome.data] == [("de", "test", 24), ("zh", "test", 24)]


def test_the_threshold_of_dev_is_fitted_in_each_language(
    jobs: Jobs, tmp_path: Path, bucc: list[tuple[str, str]]
) -> None:
    probe = Probe(layer=0, threshold="dev")
    outcome, rows = jobs.evaluate(tmp_path, "bucc", languages=("zh", "de"), probe=probe)
    assert bucc == [("de", "test"), ("de", "dev"), ("zh", "test"), ("zh", "dev")]
    assert {row["id"].split("-")[0] for row in rows} == {"test"}
    selection = outcome.selection
    assert selection is not None
    assert [len(found) for found in selection["thresholds"].values()] == [1, 1]
    # dev is named with its checksum, and not as what was scored
    assert [(d["language"], d["split"]) for d in selection["data"]] == [("de", "dev"), ("zh", "dev")]
    assert [(d["language"], d["split"]) for d in outcome.data] == [("de", "test"), ("zh", "test")]
    with pytest.raises(UsageError, match=r"bucc, dev: the threshold would be fitted on what it is scored on; choose"):
        jobs.evaluate(tmp_path, "bucc", languages=("zh",), split="dev", probe=probe)


def test_a_sweep_stands_beside_the_predictions(jobs: Jobs, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    probe = Probe(layer=1, sweep=True)
    outcome, rows = jobs.evaluate(tmp_path, "world-retrieval", probe=probe, report=events.append)
    sweep = json.loads((tmp_path / "sweep.json").read_text())
    assert (sweep["task"], sweep["split"], sweep["metric"]) == ("world-retrieval", "test", "retrieval_accuracy")
    assert {(row["layer"], row["pooling"], row["special_tokens"]) for row in sweep["rows"]} == {
        (layer, *kind) for layer in range(3) for kind in (("mean", True), ("mean", False), ("first", True))
    }
    (own,) = [r for r in sweep["rows"] if (r["layer"], r["pooling"], r["special_tokens"]) == (1, "mean", True)]
    assert own["scores"] == metrics.per_language("retrieval_accuracy", rows)
    (table,) = [event["text"] for event in events if event["event"] == "note"]
    assert "no verdict rests on it" in table
    # the predictions are those without a sweep
    assert jobs.evaluate(tmp_path, "world-retrieval", probe=Probe(layer=1))[0].predictions == outcome.predictions


# --- data of many languages


def test_one_language_is_in_memory_at_a_time(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[Dataset]] = []
    most = 0

    def load(*asked: Any, **how: Any) -> Dataset:
        nonlocal most
        made = toy_world.load(*asked, **how)
        alive.append(weakref.ref(made))
        most = max(most, sum(ref() is not None for ref in alive))
        return made

    monkeypatch.setattr(data, "load", load)
    languages = tuple(f"x{letter}" for letter in "abcdefgh")
    _, rows = jobs.evaluate(tmp_path, "world-tags", languages=languages)
    assert [row["language"] for row in rows] == sorted(languages * 24)
    assert most <= 2  # the one that is done is let go when the next has come


def test_a_language_without_data_is_named_before_any_is_read(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def source(task: str, asked: Data, language: str, split: str, access: data.Access) -> None:
        assert access.data == tmp_path
        if language == "xb":
            raise MissingInputError("no such file", where=f"{tmp_path}/panx/test-xb.tsv", todo="fetch it")

    monkeypatch.setattr(data, "source", source)
    monkeypatch.setattr(data, "load", lambda task, asked, language, split, **how: loaded.append(language))
    with pytest.raises(MissingInputError, match=r"world-tags, xb, test: .*/panx/test-xb.tsv: no such file; fetch it"):
        jobs.evaluate(tmp_path, "world-tags", languages=("xa", "xb"), files=tmp_path)
    assert not loaded


def test_a_bad_row_is_named_with_its_task_and_language(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(task: str, asked: Data, language: str, split: str, **how: object) -> Dataset:
        if language == "xa":
            raise UnreadableInputError("2 columns instead of 3", where="/data/test-xa.tsv, line 7")
        return toy_world.load(task, asked, language, split)

    monkeypatch.setattr(data, "load", load)
    expected = r"^world-nli, xa, test: /data/test-xa.tsv, line 7: 2 columns instead of 3$"
    with pytest.raises(UnreadableInputError, match=expected):
        jobs.evaluate(tmp_path, "world-nli")
    assert not (tmp_path / "predictions.jsonl").exists()


def test_the_synthetic_world_from_pretraining_to_predictions_without_torchs_compiler(tmp_path: Path) -> None:
    """In a process of its own: importing the compiler takes longer than a small job, and several calls do it."""
    done = subprocess.run([sys.executable, "-c", _WHOLE_WAY, str(tmp_path)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"steps": [2, 2], "rows": [6, 4], "heavy": []}


_WHOLE_WAY = """
import json, pathlib, sys
from reproduce.training.evaluate import run_evaluate
from reproduce.training.pretrain import run_pretrain
from reproduce.runner import Context
from reproduce.specs import parse_job, job_key
from reproduce.training.train import run_train

def run(runner, job, *parents):
    job, root = parse_job(job), pathlib.Path(sys.argv[1])
    (root / job_key(job)).mkdir()
    inputs = {key: root / key for key in parents}
    return job_key(job), runner(job, Context(root / job_key(job), inputs, device="cpu"))

world = {"kind": "world"}
recipe = {"learning_rate": 1e-3, "batch_size": 4, "max_steps": 2}
size = {"layers": 1, "hidden": 8, "heads": 2, "feed_forward": 8, "positions": 64}
encoder, one = run(run_pretrain, {
    "kind": "pretrain", "data": world, "languages": ["en", "xa"], "size": size, "optimisation": recipe, "seed": 0,
})
model, two = run(run_train, {
    "kind": "train", "encoder": {"kind": "job", "key": encoder}, "parts": [{"task": "world-qa", "data": world}],
    "optimisation": recipe, "selection": {"items": 5}, "seed": 0,
}, encoder)
asked = {"kind": "evaluate", "data": world, "split": "test"}
_, three = run(run_evaluate, asked | {
    "model": {"kind": "job", "key": model}, "task": "world-qa", "languages": ["en", "xb"], "items": 3,
}, model)
_, four = run(run_evaluate, asked | {
    "model": {"kind": "job", "key": encoder}, "task": "world-retrieval", "languages": ["xc"], "items": 4,
    "probe": {"layer": 1},
}, encoder)
print(json.dumps({
    "steps": [one.optimizer_steps, two.optimizer_steps],
    "rows": [three.predictions["rows"], four.predictions["rows"]],
    "heavy": sorted({"torch._dynamo", "torch._inductor", "sympy", "transformers"} & sys.modules.keys()),
}))
"""
