"""Pretraining: masks as BERT's, an encoder that others can load, the same bits after a stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import toy_world

from claimcheck.foundation.errors import InputError
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.sampling import generator
from reproduce.runner import Context, Preempted
from reproduce.training.maskedtext import SPECIAL, masked, unigram_entropy
from reproduce.training.pretrain import run_pretrain


@pytest.fixture(autouse=True)
def toy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        toy_world.use(patch)
        yield


def context(folder: Path, **settings: Any) -> Context:
    folder.mkdir(exist_ok=True)
    return Context(folder, device="cpu", **settings)


def tensors(folder: Path) -> dict[str, bytes]:
    found = safetensors.torch.load_file(folder / "model" / "model.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


def test_masks_are_fifteen_percent_of_the_words_and_mostly_masked() -> None:
    vocabulary = 1000
    ids = np.random.default_rng(0).integers(0, vocabulary - 1, size=100_000)
    hidden, targets = masked(ids, 0.15, vocabulary, generator(0, "mask", 0))
    chosen = targets != IGNORED
    words = ids >= SPECIAL
    assert not chosen[~words].any()
    assert (targets[chosen] == ids[chosen]).all()
    assert (hidden[~chosen] == ids[~chosen]).all()
    assert chosen.sum() / words.sum() == pytest.approx(0.15, abs=0.005)
    assert (hidden[chosen] == vocabulary - 1).mean() == pytest.approx(0.8, abs=0.015)
    assert (hidden[chosen] == ids[chosen]).mean() == pytest.approx(0.1, abs=0.015)
    strangers = hidden[chosen & (hidden != vocabulary - 1) & (hidden != ids)]
    assert len(strangers) / chosen.sum() == pytest.approx(0.1, abs=0.015)
    assert SPECIAL <= strangers.min() <= strangers.max() < vocabulary - 1


def test_masks_are_fresh_at_every_step_and_the_same_again() -> None:
    ids = np.arange(4, 200)
    first, again, later = (masked(ids, 0.15, 201, generator(5, "mask", step))[1] for step in (0, 0, 1))
    assert first.tolist() == again.tolist() != later.tolist()


def test_at_least_one_word_is_masked_where_there_is_one() -> None:
    for step in range(50):
        _, targets = masked(np.array([0, 7, 2, 0, 8, 2]), 0.001, 50, generator(0, "mask", step))
        assert (targets != IGNORED).sum() == 1
        assert set(np.flatnonzero(targets != IGNORED)) <= {1, 4}
    _, nothing = masked(np.array([0, 3, 2]), 0.5, 50, generator(0, "mask", 0))
    assert (nothing == IGNORED).all()


def test_it_learns_and_leaves_what_hugging_face_reads(tmp_path: Path) -> None:
    from transformers import XLMRobertaModel

    outcome = run_pretrain(toy_world.pretraining(max_steps=250, batch_size=24, learning_rate=1e-2), context(tmp_path))
    assert outcome.degenerate is None
    assert outcome.weights_changed
    assert outcome.optimizer_steps == 250
    assert outcome.examples == 6000
    assert outcome.tokens == 6000 * 8
    assert outcome.train_loss is not None
    last, majority = outcome.train_loss["last"], outcome.train_loss["majority"]
    assert last is not None
    # every word is followed by its neighbour: nothing is left to chance
    assert last < 0.75 * np.log(30)
    # thirty words, about equally often
    assert majority == pytest.approx(np.log(30), abs=0.05)
    assert [(d["language"], d["items"]) for d in outcome.data] == [("en", 60), ("xa", 30)]
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "config.json",
        "model.safetensors",
        "vocabulary.json",
    }
    loaded = XLMRobertaModel.from_pretrained(tmp_path / "model")
    assert loaded.config.vocab_size == len(toy_world.WORDS)
    assert torch.isfinite(loaded(torch.tensor([[0, 5, 6, 2]])).last_hidden_state).all()


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_stopped_pretraining_goes_on_to_the_same_bits(tmp_path: Path, accumulate: int) -> None:
    job = toy_world.pretraining(max_steps=12, accumulate=accumulate)
    expected = run_pretrain(job, context(tmp_path / "undisturbed"))
    for stop in (3, 5):
        questions = iter(range(stop))
        with pytest.raises(Preempted):
            run_pretrain(job, context(tmp_path / "job", should_stop=lambda left=questions: next(left, None) is None))
    outcome = run_pretrain(job, context(tmp_path / "job"))
    assert tensors(tmp_path / "job") == tensors(tmp_path / "undisturbed")
    assert outcome.train_loss == expected.train_loss
    assert outcome.model_sha256 == expected.model_sha256


def test_accumulated_gradients_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    left = []
    for parts in (1, 3):
        job = toy_world.pretraining(max_steps=3, dropout=0.0, accumulate=parts, epsilon=1e-3)
        run_pretrain(job, context(tmp_path / str(parts)))
        left.append(safetensors.torch.load_file(tmp_path / str(parts) / "model" / "model.safetensors"))
    for name, tensor in left[0].items():
        torch.testing.assert_close(left[1][name], tensor, rtol=1e-4, atol=2e-6)


def test_languages_are_drawn_by_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # sentences of ten tokens in one language and of three in the other tell from the tokens which was drawn
    def text(data: Any, language: str, **how: Any) -> Dataset:
        rows = [[0, *([5] * 8), 2]] * 80 if language == "en" else [[0, 6, 2]] * 20
        return Dataset("text", language, "train", Ragged.from_rows(rows))

    monkeypatch.setattr("reproduce.data.text", text)
    for temperature, share in ((1.0, 0.8), (2.0, 2 / 3), (100.0, 0.5)):
        job = toy_world.pretraining(max_steps=8, batch_size=250).model_copy(update={"temperature": temperature})
        outcome = run_pretrain(job, context(tmp_path / str(temperature)))
        drawn = (outcome.tokens / outcome.examples - 3) / 7
        assert drawn == pytest.approx(share, abs=0.04)


def test_the_unigram_entropy_weighs_languages_as_they_are_drawn() -> None:
    one = Dataset("text", "en", "train", Ragged.from_rows([[0, 5, 5, 2], [0, 5, 5, 2]]))
    other = Dataset("text", "xa", "train", Ragged.from_rows([[0, 6, 7, 2]]))
    assert unigram_entropy([one], np.array([1.0])) == 0.0
    halves = np.array([0.5, 0.25, 0.25])
    assert unigram_entropy([one, other], np.array([0.5, 0.5])) == pytest.approx(-(halves * np.log(halves)).sum())


def test_a_sentence_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Dataset("text", "en", "train", Ragged.from_rows([[0, *([5] * 40), 2]]))
    monkeypatch.setattr("reproduce.data.text", lambda data, language, **how: long)
    with pytest.raises(InputError, match="text, en, train: a sequence of 42 tokens, and the recipe allows 32"):
        run_pretrain(toy_world.pretraining(), context(tmp_path))
