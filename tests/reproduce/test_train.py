"""Fine-tuning: it learns, goes on from a stop to the same bits, keeps the best weights and owns up to failures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import toy_world
from event_files import curve
from taped_steps import Tape

from claimcheck.foundation.errors import InputError, MissingInputError, ServiceError, UnreadableInputError, UsageError
from reproduce import data
from reproduce.model.encoder import load_model
from reproduce.model.shapes import Rounding
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import (
    EvaluateJob,
    HubEncoder,
    MaskedText,
    Mixture,
    Optimisation,
    Part,
    Selection,
    TrainedEncoder,
    TrainJob,
    WorldData,
    job_key,
)
from reproduce.tasks import metrics, task
from reproduce.training.evaluate import predict, run_evaluate
from reproduce.training.execution import Execution
from reproduce.training.pretrain import run_pretrain
from reproduce.training.train import run_train

TASKS = ("world-nli", "world-tags", "world-qa", "world-choice")


@dataclass
class World:
    """A folder of jobs with a pretrained encoder in it."""

    folder: Path
    encoder: TrainedEncoder
    events: list[dict[str, Any]] = field(default_factory=list)

    def context(self, name: str, **settings: Any) -> Context:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        inputs = {self.encoder.key: self.folder / self.encoder.key}
        return Context(folder, inputs, device="cpu", report=self.events.append, **settings)

    def phases(self) -> list[str]:
        return [event["name"] for event in self.events if event["event"] == "phase"]

    def notes(self) -> list[str]:
        return [event["text"] for event in self.events if event["event"] == "note"]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        toy_world.use(patch)
        job = toy_world.pretraining()
        folder = tmp_path_factory.mktemp("jobs")
        (folder / job_key(job)).mkdir()
        run_pretrain(job, Context(folder / job_key(job), device="cpu"))
        yield World(folder, TrainedEncoder(key=job_key(job)))


@pytest.fixture
def world(pretrained: World, tmp_path: Path) -> World:
    (tmp_path / pretrained.encoder.key).symlink_to(pretrained.folder / pretrained.encoder.key)
    return World(tmp_path, pretrained.encoder)


def training(
    world: World, *tasks: str | Part, selection: Selection | None = None, seed: int = 1, **recipe: Any
) -> TrainJob:
    settings = {"learning_rate": 5e-3, "batch_size": 8, "max_steps": 30} | recipe
    if "epochs" in recipe:
        del settings["max_steps"]
    return TrainJob(
        encoder=world.encoder,
        parts=tuple(Part(task=name, data=WorldData()) if isinstance(name, str) else name for name in tasks),
        optimisation=Optimisation.model_validate(settings),
        selection=selection or Selection(rule="last"),
        max_length=32,
        seed=seed,
    )


def weights(folder: Path) -> dict[str, bytes]:
    """Every tensor that a job left, to the bit."""
    files = ("model.safetensors", "heads.safetensors")
    return {
        f"{file}/{name}": tensor.numpy().tobytes()
        for file in files
        for name, tensor in safetensors.torch.load_file(folder / "model" / file).items()
    }


def same_outcome(one: Outcome, other: Outcome) -> bool:
    return replace(one, seconds={}) == replace(other, seconds={})


# --- learning


@pytest.mark.parametrize("task", TASKS)
def test_every_kind_of_head_learns(world: World, task: str) -> None:
    job = training(world, task, selection=Selection(every=25), max_steps=75, learning_rate=1e-2, batch_size=16)
    outcome = run_train(job, world.context("job"))
    assert outcome.degenerate is None
    assert outcome.optimizer_steps == 75
    assert outcome.train_loss is not None
    first, last, majority = (outcome.train_loss[name] for name in ("first", "last", "majority"))
    assert last is not None
    assert majority is not None
    assert first is not None
    assert last < 0.95 * majority
    assert last < first
    assert outcome.selection is not None
    assert [step for step, _ in outcome.selection["scores"]] == [25, 50, 75]
    assert outcome.weights_changed
    assert {name.name for name in (world.folder / "job" / "model").iterdir()} == {
        "config.json",
        "model.safetensors",
        "heads.safetensors",
        "vocabulary.json",
    }


def test_a_run_says_what_it_read_and_saw(world: World) -> None:
    part = Part(task="world-nli", data=WorldData(), examples=20)
    job = training(world, part, "world-tags", selection=Selection(items=5), epochs=1.0)
    outcome = run_train(job, world.context("job"))
    sets = {(d["task"], d["split"]): d for d in outcome.data}
    assert {key: d["items"] for key, d in sets.items()} == {
        ("world-nli", "train"): 20,
        ("world-tags", "train"): 90,
        ("world-nli", "dev"): 5,
        ("world-tags", "dev"): 5,
    }
    assert sets["world-nli", "train"]["sha256"] == data.load("world-nli", WorldData(), "en", "train").sha256
    assert outcome.examples == 110
    assert outcome.optimizer_steps == 3 + 12
    assert outcome.tokens > 110 * 5
    assert outcome.predictions is None
    assert set(outcome.seconds) == {"load", "train", "dev"}
    json.dumps(asdict(outcome), allow_nan=False)


def test_the_same_job_gives_the_same_bits_and_another_seed_others(world: World) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.rand(7)  # what the caller drew before is of no account
        run_train(training(world, "world-nli", seed=seed), world.context(name))
    assert weights(world.folder / "a") == weights(world.folder / "b")
    assert weights(world.folder / "a") != weights(world.folder / "c")


def test_the_callers_torch_is_left_as_it_was(world: World) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    run_train(training(world, "world-nli", max_steps=2), world.context("job", threads=threads + 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_accumulated_gradients_are_those_of_the_whole_batch(world: World) -> None:
    # tags: the parts of a batch hold different numbers of them, so that a mean of means would be wrong
    left = {}
    for parts in (1, 3, 50):
        recipe = {"dropout": 0.0, "accumulate": parts, "max_steps": 4, "epsilon": 1e-3, "batch_size": 10}
        outcome = run_train(training(world, "world-tags", **recipe), world.context(f"{parts}"))
        assert outcome.examples == 40
        left[parts] = safetensors.torch.load_file(world.folder / f"{parts}" / "model" / "model.safetensors")
    for parts in (3, 50):
        for name, tensor in left[1].items():
            torch.testing.assert_close(left[parts][name], tensor, rtol=1e-4, atol=2e-6)


# --- stops


class StopAt:
    """Says stop at its nth question."""

    def __init__(self, question: int) -> None:
        self.left = question

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


STOPPED = [
    pytest.param([4], id="early"),
    pytest.param([9], id="during a look"),
    pytest.param([8, 3, 10, 2], id="often"),
    pytest.param([6, 30], id="twice"),
    pytest.param([2, 2, 2, 2, 2, 2, 2, 2, 2], id="after every step"),
    pytest.param([43], id="during the last look"),
]


@pytest.fixture(scope="module")
def undisturbed(pretrained: World) -> tuple[TrainJob, Outcome, Path]:
    job = training(
        pretrained,
        "world-nli",
        "world-tags",
        selection=Selection(every=6),
        accumulate=2,
        batch_size=6,
        max_steps=32,
        weight_decay=0.1,
    )
    return job, run_train(job, pretrained.context("undisturbed")), pretrained.folder / "undisturbed"


@pytest.mark.parametrize("stops", STOPPED)
def test_a_stopped_training_goes_on_to_the_same_bits(
    world: World, undisturbed: tuple[TrainJob, Outcome, Path], stops: Sequence[int]
) -> None:
    job, expected, folder = undisturbed
    for stop in stops:
        with pytest.raises(Preempted):
            run_train(job, world.context("job", should_stop=StopAt(stop)))
    outcome = run_train(job, world.context("job"))
    assert any("goes on from the checkpoint" in note for note in world.notes())
    assert weights(world.folder / "job") == weights(folder)
    assert same_outcome(outcome, expected)
    for tag in ("train/loss", "train/learning_rate", "train/gradient_norm", "dev/score"):
        points = curve(world.folder / "job" / "curves", tag)
        assert dict(points) == dict(curve(folder / "curves", tag))
        assert [step for step, _ in points] == sorted(step for step, _ in points)


@pytest.mark.parametrize("killed_in", ["train", "checkpoint", "evaluate"])
def test_a_killed_training_goes_on_to_the_same_bits(
    world: World, undisturbed: tuple[TrainJob, Outcome, Path], killed_in: str
) -> None:
    job, expected, folder = undisturbed
    seen = []

    def dies(event: dict[str, Any]) -> None:
        seen.append(event)
        if [e.get("name") for e in seen].count(killed_in) == 4:
            raise SystemExit("killed")

    context = replace(world.context("job", checkpoint_steps=5), report=dies)
    with pytest.raises(SystemExit):
        run_train(job, context)
    assert list((world.folder / "job").glob("checkpoint-*"))
    outcome = run_train(job, world.context("job"))
    assert weights(world.folder / "job") == weights(folder)
    assert same_outcome(outcome, expected)


def test_a_damaged_checkpoint_costs_steps_but_not_the_result(
    world: World, undisturbed: tuple[TrainJob, Outcome, Path]
) -> None:
    job, expected, folder = undisturbed
    for stop in (12, 8):
        with pytest.raises(Preempted):
            run_train(job, world.context("job", should_stop=StopAt(stop)))
    newest = sorted(path for path in (world.folder / "job").glob("checkpoint-0*"))[-1]
    (newest / "tensors.safetensors").write_bytes((newest / "tensors.safetensors").read_bytes()[:1000])
    outcome = run_train(job, world.context("job"))
    assert any("a damaged checkpoint is left out" in note for note in world.notes())
    assert weights(world.folder / "job") == weights(folder)
    assert same_outcome(outcome, expected)


def test_checkpoints_by_time_and_by_steps(world: World) -> None:
    run_train(training(world, "world-nli", max_steps=6), world.context("never", checkpoint_seconds=1e9))
    assert "checkpoint" not in world.phases()
    run_train(training(world, "world-nli", max_steps=6), world.context("time", checkpoint_seconds=0.0))
    assert world.phases().count("checkpoint") == 5  # after every step but the last
    world.events.clear()
    run_train(training(world, "world-nli", max_steps=6), world.context("steps", checkpoint_steps=2))
    assert world.phases().count("checkpoint") == 2
    kept = {path.name for path in (world.folder / "steps").glob("checkpoint-*")}
    assert kept == {"checkpoint-00000002", "checkpoint-00000004"}


def test_a_checkpoint_of_another_job_is_refused(world: World) -> None:
    with pytest.raises(Preempted):
        run_train(training(world, "world-nli"), world.context("job", should_stop=StopAt(5)))
    with pytest.raises(InputError, match="the checkpoint is of another job"):
        run_train(training(world, "world-nli", seed=2), world.context("job"))


def test_a_full_disk_is_an_oserror_and_the_old_checkpoint_serves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = training(world, "world-nli")
    with pytest.raises(Preempted):
        run_train(job, world.context("job", should_stop=StopAt(5)))

    def full(*arguments: Any, **settings: Any) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(safetensors.torch, "save", full)
        with pytest.raises(OSError, match="No space left"):
            run_train(job, world.context("job", should_stop=StopAt(5)))
    run_train(job, world.context("job"))
    run_train(job, world.context("undisturbed"))
    assert weights(world.folder / "job") == weights(world.folder / "undisturbed")


# --- what is kept


def scripted(monkeypatch: pytest.MonkeyPatch, scores: Sequence[float]) -> None:
    """Let the looks at the dev part see these scores."""
    left = iter(scores)
    monkeypatch.setattr("reproduce.training.train.metrics.score", lambda name, rows: next(left))


def kept_step(outcome: Outcome) -> int:
    assert outcome.selection is not None
    step = outcome.selection["step"]
    assert isinstance(step, int)
    return step


def test_the_best_weights_are_kept_the_earlier_of_equals(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = training(world, "world-nli", selection=Selection(every=5), max_steps=25)
    scripted(monkeypatch, [0.1, 0.7, 0.3, 0.7, 0.6])
    outcome = run_train(job, world.context("best"))
    assert kept_step(outcome) == 10
    assert outcome.optimizer_steps == 25
    # the weights of step 10: those of a training that is stopped there
    scripted(monkeypatch, [0.1, 0.2])
    with pytest.raises(Preempted):
        run_train(job, world.context("stopped", checkpoint_steps=10, should_stop=StopAt(11 + 3)))
    (saved,) = (world.folder / "stopped").glob("checkpoint-00000010")
    tensors = safetensors.torch.load_file(saved / "tensors.safetensors")
    kept = safetensors.torch.load_file(world.folder / "best" / "model" / "model.safetensors")
    assert torch.equal(kept["embeddings.word_embeddings.weight"], tensors["model/encoder.word"])


def test_the_last_weights_are_kept_where_the_recipe_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [0.9, 0.1, 0.1])
    job = training(world, "world-nli", selection=Selection(rule="last", every=5, patience=9), max_steps=15)
    assert kept_step(run_train(job, world.context("job"))) == 15


def test_training_stops_when_patience_is_at_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [0.1, 0.5, 0.4, 0.5, 0.3, 0.9])
    job = training(world, "world-nli", selection=Selection(every=5, patience=3), max_steps=100)
    outcome = run_train(job, world.context("job"))
    assert outcome.optimizer_steps == 25
    assert kept_step(outcome) == 10


def test_without_a_number_of_steps_the_look_comes_at_the_end_of_each_epoch(world: World) -> None:
    job = training(world, "world-nli", selection=Selection(), epochs=2.5, batch_size=30)
    outcome = run_train(job, world.context("job"))
    assert outcome.selection is not None
    assert [step for step, _ in outcome.selection["scores"]] == [3, 6, 8]


def test_where_nothing_hangs_on_the_dev_part_it_is_not_read(world: World) -> None:
    outcome = run_train(training(world, "world-nli", max_steps=3), world.context("job"))
    assert {d["split"] for d in outcome.data} == {"train"}
    assert "evaluate" not in world.phases()


# --- failures that are results


def test_a_loss_that_is_no_number_is_a_degenerate_run(world: World) -> None:
    job = training(world, "world-nli", learning_rate=1e30, warmup=0.0, max_steps=20)
    outcome = run_train(job, world.context("job"))
    assert outcome.degenerate is not None
    assert outcome.degenerate.startswith("the loss is not finite at step ")
    assert outcome.optimizer_steps == int(outcome.degenerate.split()[-1]) - 1 < 20
    json.dumps(asdict(outcome), allow_nan=False)


def test_what_builds_on_weights_that_are_no_numbers_is_degenerate_too(world: World) -> None:
    job = training(world, "world-nli", learning_rate=1e39, warmup=0.0, max_steps=1)
    outcome = run_train(job, world.context(job_key(job)))
    assert outcome.degenerate == "the weights are not finite after step 1"
    child = training(world, "world-tags").model_copy(update={"encoder": TrainedEncoder(key=job_key(job))})
    inputs = {job_key(job): world.folder / job_key(job)}
    found = run_train(child, replace(world.context("child"), inputs=inputs))
    assert found.degenerate == "built on a degenerate run"
    assert found.optimizer_steps == 0
    evaluation = EvaluateJob(
        model=TrainedEncoder(key=job_key(child)), task="world-tags", data=WorldData(), languages=("en",)
    )
    inputs = {job_key(child): world.folder / "child"}
    rows = run_evaluate(evaluation, replace(world.context("evaluation"), inputs=inputs))
    assert rows.degenerate == "built on a degenerate run"
    assert rows.predictions is None


def test_a_rate_of_zero_is_a_degenerate_run(world: World) -> None:
    outcome = run_train(training(world, "world-nli", learning_rate=0.0, max_steps=5), world.context("job"))
    assert outcome.degenerate == "the weights did not change"
    assert outcome.weights_changed is False
    assert outcome.optimizer_steps == 5


def test_no_steps_are_a_degenerate_run(world: World) -> None:
    outcome = run_train(training(world, "world-nli", max_steps=0), world.context("job"))
    assert outcome.degenerate == "the weights did not change"
    assert outcome.train_loss == {"first": None, "last": None, "majority": None}


def test_a_loss_at_the_majority_baseline_is_a_degenerate_run_but_not_with_shuffled_labels(world: World) -> None:
    for labels, expected in (
        ("true", "the training loss stayed at the majority baseline"),
        ("shuffled", None),
    ):
        part = Part.model_validate({"task": "world-nli", "data": WorldData(), "labels": labels})
        outcome = run_train(training(world, part, learning_rate=1e-9), world.context(labels))
        assert outcome.weights_changed
        assert outcome.degenerate == expected


def test_several_tasks_share_the_encoder_and_keep_their_heads(world: World) -> None:
    job = training(world, "world-nli", "world-qa").model_copy(update={"mixture": Mixture(sampling="uniform")})
    run_train(job, world.context("job"))
    heads = {
        name.split("/")[0]
        for name in weights(world.folder / "job")
        if "world" in name
        for name in [name.split("/", 1)[1]]
    }
    assert heads == {"world-nli", "world-qa"}


# --- wrong input


def test_a_sequence_that_is_too_long_is_refused(world: World) -> None:
    job = training(world, "world-nli").model_copy(update={"max_length": 10})
    with pytest.raises(InputError, match=r"world-nli, en, train: a sequence of \d+ tokens, and the recipe allows 10"):
        run_train(job, world.context("job"))


def test_a_task_without_labels_cannot_be_trained_on(world: World) -> None:
    with pytest.raises(UsageError, match="world-retrieval has no training labels"):
        run_train(training(world, "world-retrieval"), world.context("job"))


def test_an_encoder_of_another_vocabulary_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = toy_world.Vocabulary(tuple(reversed(toy_world.WORDS)))
    monkeypatch.setattr(data, "words", lambda asked, folder=None: other)
    with pytest.raises(InputError, match="different vocabularies"):
        run_train(training(world, "world-nli"), world.context("job"))


def test_a_missing_encoder_is_named(world: World) -> None:
    with pytest.raises(MissingInputError, match=f"the job {world.encoder.key} left no model"):
        run_train(training(world, "world-nli"), replace(world.context("job"), inputs={}))


def test_an_encoder_that_is_damaged_is_refused(world: World) -> None:
    folder = world.folder / "damaged" / "model"
    shutil.copytree(world.folder / world.encoder.key / "model", folder)
    (folder / "model.safetensors").write_bytes(b"\x10" * 100)
    context = replace(world.context("job"), inputs={world.encoder.key: folder.parent})
    with pytest.raises(UnreadableInputError, match="damaged"):
        run_train(training(world, "world-nli"), context)


def test_an_encoder_of_the_hub_is_fetched_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetched(name: str, **settings: Any) -> str:
        asked.append((name, settings["revision"], settings["allow_patterns"]))
        folder = world.folder / "hub"
        shutil.copytree(world.folder / world.encoder.key / "model", folder)
        (folder / "vocabulary.json").unlink()
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    job = training(world, "world-nli", max_steps=2)
    hub = job.model_copy(update={"encoder": HubEncoder(name="someone/encoder", revision="abc")})
    run_train(hub, world.context("hub-job"))
    (found,) = asked
    assert found[:2] == ("someone/encoder", "abc")
    assert {"config.json", "*.safetensors", "tokenizer.json"} <= set(found[2])
    assert (world.folder / "hub-job" / "model" / "vocabulary.json").is_file()


def test_a_hub_that_cannot_be_reached_is_a_clear_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str, **settings: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fails)
    job = training(world, "world-nli").model_copy(update={"encoder": HubEncoder(name="someone/encoder")})
    with pytest.raises(ServiceError, match=r"someone/encoder, revision main: the hub gave no encoder \(OSError\)"):
        run_train(job, world.context("job"))


# --- what it says


def test_progress_comes_at_most_once_an_interval_and_at_the_end(world: World) -> None:
    run_train(training(world, "world-nli", max_steps=40), world.context("job", progress_seconds=1e9))
    progress = [event for event in world.events if event["event"] == "progress"]
    assert [event["step"] for event in progress] == [1, 40]
    assert progress[-1]["eta"] == 0
    assert all(event["steps"] == 40 and event["loss"] > 0 and event["tokens_per_second"] > 0 for event in progress)
    assert world.phases() == ["load", "train", "finish"]


def test_bf16_falls_back_to_fp32_with_a_note(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reproduce.machine.computes_in_bf16", lambda device: False)
    run_train(training(world, "world-nli", precision="bf16"), world.context("bf16"))
    assert world.notes() == ["the recipe's bf16 is fp32 here, since the device (cpu) lacks it"]
    run_train(training(world, "world-nli"), world.context("fp32"))
    assert weights(world.folder / "bf16") == weights(world.folder / "fp32")


# --- as a GPU does it


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Shadows, few shapes and recorded steps on the CPU, by stand-ins for the kernel and for CUDA graphs."""
    how = Execution(
        torch.device("cpu"), shadow=torch.bfloat16, path="reference", rounding=Rounding(tokens=64), graphs=True
    )
    tapes: list[Tape] = []

    def recorder(device: torch.device) -> Tape:
        tapes.append(Tape())
        return tapes[-1]

    monkeypatch.setattr("reproduce.training.train.execution", lambda *given: how)
    monkeypatch.setattr("reproduce.training.stepping.CudaRecorder", recorder)
    return tapes


def test_a_training_as_on_a_gpu_goes_on_to_the_same_bits_and_keeps_its_masters(
    world: World, as_on_a_gpu: list[Tape]
) -> None:
    job = training(world, "world-nli", "world-tags", selection=Selection(every=6), batch_size=6, max_steps=32)
    expected = run_train(job, world.context("whole"))
    assert as_on_a_gpu[0].replayed > 10
    for stop in (8, 3, 10, 9):  # one of them during a look
        with pytest.raises(Preempted):
            run_train(job, world.context("job", should_stop=StopAt(stop)))
    tensors = safetensors.torch.load_file(next((world.folder / "job").glob("checkpoint-0*")) / "tensors.safetensors")
    floats = {name: t for name, t in tensors.items() if t.is_floating_point()}
    assert {t.dtype for t in floats.values()} == {torch.float32}
    assert any(not torch.equal(t, t.bfloat16().float()) for name, t in floats.items() if name.startswith("model/"))
    outcome = run_train(job, world.context("job"))
    assert weights(world.folder / "job") == weights(world.folder / "whole")
    assert same_outcome(outcome, expected)
    # what was scored at a look is what stands in the folder
    assert expected.selection is not None
    kept = dict(expected.selection["scores"])[expected.selection["step"]]
    assert kept == max(score for _, score in expected.selection["scores"])
    model = load_model(world.folder / "job" / "model").eval()
    scores = []
    for name, kind in (("world-nli", "classification"), ("world-tags", "tagging")):
        dev = data.load(name, WorldData(), "en", "dev", words=data.words(WorldData(), None), max_length=32)
        rows = predict(model, name, kind, dev, np.arange(dev.examples), torch.device("cpu"), lambda: False)
        scores.append(metrics.score(task(name).metric, rows))
    assert sum(scores) / 2 == kept


def test_a_checkpoint_of_plain_weights_goes_on_with_shadows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = training(world, "world-nli", max_steps=20, precision="bf16")
    plain = run_train(job, world.context("plain"))
    with pytest.raises(Preempted):
        run_train(job, world.context("job", should_stop=StopAt(12)))
    how = Execution(torch.device("cpu"), shadow=torch.bfloat16)
    monkeypatch.setattr("reproduce.training.train.execution", lambda *given: how)
    outcome = run_train(job, world.context("job"))
    assert any("goes on from the checkpoint of step 11" in note for note in world.notes())
    assert outcome.optimizer_steps == plain.optimizer_steps == 20
    assert outcome.train_loss is not None
    assert plain.train_loss is not None
    assert outcome.train_loss["last"] == pytest.approx(plain.train_loss["last"], abs=1e-2)


# --- masked text beside the tasks


def beside(world: World, share: float, **settings: Any) -> TrainJob:
    masked = MaskedText(data=WorldData(), languages=("en", "xa"), share=share, mask=0.3)
    return training(world, "world-nli", **settings).model_copy(update={"masked": masked})


def test_masked_text_takes_its_share_of_the_steps_and_leaves_no_head(world: World) -> None:
    job = beside(world, 0.25, max_steps=8)
    outcome = run_train(job, world.context("beside"))
    assert outcome.optimizer_steps == 8
    texts = {(one["task"], one["language"]) for one in outcome.data if one["task"] == "text"}
    assert texts == {("text", "en"), ("text", "xa")}
    assert set(load_model(world.folder / "beside" / "model").kinds) == {"world-nli"}


def test_epochs_are_of_the_tasks_and_the_text_comes_on_top(world: World) -> None:
    alone = run_train(training(world, "world-nli", epochs=1.0), world.context("alone"))
    half = run_train(beside(world, 0.5, epochs=1.0), world.context("half"))
    assert half.optimizer_steps == 2 * alone.optimizer_steps


def test_masked_text_changes_what_the_encoder_becomes(world: World) -> None:
    one = run_train(beside(world, 0.5, max_steps=6), world.context("one"))
    same = run_train(beside(world, 0.5, max_steps=6), world.context("same"))
    other = run_train(training(world, "world-nli", max_steps=6), world.context("other"))
    assert one.model_sha256 == same.model_sha256 != other.model_sha256


def test_a_training_with_masked_text_goes_on_where_it_stopped(world: World) -> None:
    job = beside(world, 0.5, max_steps=10)
    whole = run_train(job, world.context("whole"))
    stops = iter([False] * 5 + [True] * 100)
    with pytest.raises(Preempted):
        run_train(job, world.context("halves", should_stop=lambda: next(stops)))
    assert run_train(job, world.context("halves")).model_sha256 == whole.model_sha256
