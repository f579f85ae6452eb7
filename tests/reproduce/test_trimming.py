"""Only the rows of the word table that a training reaches are trained, and the weights come out the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import toy_world
from torch import Tensor

from reproduce.data.dataset import Dataset, Ragged
from reproduce.model.encoder import Batch, Encoder, EncoderConfig, Model
from reproduce.model.packing import pack
from reproduce.runner import Context, Preempted
from reproduce.specs import Optimisation, Selection, TrainedEncoder, TrainJob, WorldData, job_key
from reproduce.specs import Part as JobPart
from reproduce.training import trimming
from reproduce.training.optimiser import Optimiser
from reproduce.training.pretrain import run_pretrain
from reproduce.training.train import run_train
from reproduce.training.trimming import Trimmed, reached

CONFIG = EncoderConfig(200, 16, 2, 2, 32, positions=40, dropout=0.0)
RECIPE = Optimisation(learning_rate=5e-3, batch_size=4, max_steps=20, weight_decay=0.1, clip=0.5)


def rows(seed: int, count: int = 80) -> Ragged:
    random = np.random.default_rng(seed)
    return Ragged.from_rows([[0, *random.integers(4, 60, random.integers(2, 30)).tolist(), 2] for _ in range(count)])


def model() -> Model:
    generator = torch.Generator().manual_seed(3)
    made = Model(Encoder(CONFIG, generator))
    made.add_head("task", "classification", 3, generator)
    return made


def train(trained: Model, tokens: Ragged, steps: int = 20) -> Optimiser:
    optimiser = Optimiser(trained, RECIPE, RECIPE.max_steps or 0)
    for step in range(steps):
        chosen = np.arange(4 * step, 4 * step + 4)
        batch = Batch.of(pack(tokens, chosen, multiple=16))
        trained.loss(batch, "task", torch.from_numpy(chosen % 3)).backward()  # type: ignore[no-untyped-call]
        optimiser.step(step)
    return optimiser


def state(trained: Model) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in trained.state_dict().items()}


def test_the_weights_are_those_of_a_training_of_the_whole_table() -> None:
    tokens, whole, cut = rows(0), model(), model()
    train(whole, tokens)
    used = reached([Dataset("t", "en", "train", tokens)], cut.encoder)
    assert len(used) < 70
    trimmed = Trimmed(cut.encoder, used)
    assert cut.encoder.word.shape == (len(used), 16)
    optimiser = train(cut, tokens)
    trimmed.restore(optimiser.decayed(20))
    expected, found = state(whole), state(cut)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=2e-6, msg=name)
    unused = np.setdiff1d(np.arange(200), used)
    before = model().encoder.word[unused]
    # neither left as they were nor moved otherwise than by the decay
    torch.testing.assert_close(found["encoder.word"][unused], before * optimiser.decayed(20), rtol=1e-6, atol=0)
    assert optimiser.decayed(20) < 0.996


def test_the_decay_is_that_of_the_step_that_is_kept() -> None:
    optimiser = Optimiser(model(), RECIPE, 20)
    rates = [optimiser.rate(step) for step in range(20)]
    assert optimiser.decayed(0) == 1
    assert optimiser.decayed(7) == pytest.approx(np.prod([1 - 0.1 * rate for rate in rates[:7]]))


def test_a_trimmed_encoder_computes_what_the_whole_one_does() -> None:
    tokens, made = rows(1), model()
    made.eval()
    batch = Batch.of(pack(tokens, np.arange(6), multiple=64))  # with padding
    with torch.no_grad():
        expected = made.logits(batch, "task")
        trimmed = Trimmed(made.encoder, reached([Dataset("t", "en", "train", tokens)], made.encoder))
        assert torch.equal(made.logits(batch, "task"), expected)
        trimmed.restore(1.0)
        assert torch.equal(made.logits(batch, "task"), expected)
    assert made.encoder.row_of_V is None
    assert len(made.encoder.word) == 200


def test_a_word_outside_the_rows_is_no_other_word() -> None:
    made = model()
    Trimmed(made.encoder, np.array([0, 1, 2, 5]))
    with pytest.raises((IndexError, RuntimeError)):
        made.encoder(Batch.of(pack(Ragged.from_rows([[0, 7, 2]]), [0])))


def test_a_table_that_would_spare_little_is_left_whole() -> None:
    made = model()
    assert Trimmed.where_worth(made.encoder, np.array([0, 1, 2])) is None
    assert len(made.encoder.word) == 200
    big = Encoder(EncoderConfig(70_000, 16, 1, 2, 32, positions=40), torch.Generator().manual_seed(0))
    assert Trimmed.where_worth(big, np.arange(5000)) is None
    assert Trimmed.where_worth(big, np.arange(4000)) is not None


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, TrainedEncoder]]:
    with pytest.MonkeyPatch.context() as patch:
        toy_world.use(patch)
        job = toy_world.pretraining()
        folder = tmp_path_factory.mktemp("jobs") / job_key(job)
        folder.mkdir()
        run_pretrain(job, Context(folder, device="cpu"))
        yield folder, TrainedEncoder(key=job_key(job))


def run(pretrained: tuple[Path, TrainedEncoder], folder: Path, **settings: Any) -> dict[str, Tensor]:
    """Train one task of the toy world, looks at the dev part included; the weights that are left."""
    source, encoder = pretrained
    job = TrainJob(
        encoder=encoder,
        parts=(JobPart(task="world-nli", data=WorldData()),),
        optimisation=RECIPE,
        selection=Selection(every=6),
        max_length=32,
        seed=1,
    )
    folder.mkdir(exist_ok=True)
    run_train(job, replace(Context(folder, {encoder.key: source}, device="cpu"), **settings))
    return safetensors.torch.load_file(folder / "model" / "model.safetensors")


def test_a_training_job_leaves_the_same_weights_trimmed_and_whole(
    pretrained: tuple[Path, TrainedEncoder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[int] = []
    made = Trimmed.__init__

    def counted(self: Trimmed, encoder: Encoder, used: Any) -> None:
        cut.append(len(encoder.word) - len(used))
        made(self, encoder, used)

    monkeypatch.setattr(Trimmed, "__init__", counted)
    whole = run(pretrained, tmp_path / "whole")
    assert cut == []
    monkeypatch.setattr(trimming, "_WORTH", 1)
    trimmed = run(pretrained, tmp_path / "trimmed")
    [spared] = cut
    assert spared > 0
    for name, tensor in whole.items():
        torch.testing.assert_close(trimmed[name], tensor, rtol=1e-4, atol=2e-6, msg=name)

    stops = iter([False] * 9 + [True])
    with pytest.raises(Preempted):
        run(pretrained, tmp_path / "stopped", should_stop=lambda: next(stops))
    again = run(pretrained, tmp_path / "stopped")
    assert all(torch.equal(again[name], tensor) for name, tensor in trimmed.items())
