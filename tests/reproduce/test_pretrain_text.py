"""Pretraining on text files: tokenizer, tokens and training of one job, the same after a stop, open to transformers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import made_languages
import numpy as np
import pytest
import safetensors.torch
import torch

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce.data.dataset import Ragged
from reproduce.data.subwords import Subwords
from reproduce.model.packing import pack
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import FilesData, Optimisation, PretrainJob, Size
from reproduce.training import maskedtext
from reproduce.training.pretrain import run_pretrain

SIZE = Size(layers=2, hidden=32, heads=2, feed_forward=64, positions=32)
LANGUAGES = ("xa", "xb", "xc")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_languages.write(tmp_path_factory.mktemp("data") / "text", {"xa": 300, "xb": 200, "xc": 100}).parent


def job(languages: tuple[str, ...] = LANGUAGES, vocabulary: int | None = 300, **recipe: Any) -> PretrainJob:
    settings = {"learning_rate": 5e-3, "batch_size": 8, "max_steps": 8} | recipe
    return PretrainJob(
        data=FilesData(),
        languages=languages,
        size=SIZE,
        optimisation=Optimisation.model_validate(settings),
        vocabulary=vocabulary,
        temperature=2.0,
        seed=0,
    )


def run(asked: PretrainJob, folder: Path, text: Path, **settings: Any) -> Outcome:
    folder.mkdir(exist_ok=True)
    return run_pretrain(asked, Context(folder, data=text, device="cpu", **settings))


def tensors(folder: Path) -> dict[str, bytes]:
    found = safetensors.torch.load_file(folder / "model" / "model.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


def test_the_loss_falls_and_the_outcome_says_what_was_read(text: Path, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    asked = job(max_steps=200, batch_size=16, learning_rate=1e-2)
    outcome = run(asked, tmp_path, text, report=events.append, progress_seconds=0.0)
    assert outcome.degenerate is None
    loss = outcome.train_loss
    assert loss is not None
    last, majority, first = loss["last"], loss["majority"], loss["first"]
    assert last is not None
    assert majority is not None
    assert first is not None
    # it knows more than how often each piece occurs
    assert last < majority - 0.1 < first - 0.5
    assert [(d["task"], d["language"], d["split"], d["items"]) for d in outcome.data] == [
        ("text", "xa", "train", 300),
        ("text", "xb", "train", 200),
        ("text", "xc", "train", 100),
    ]
    assert {"tokenizer", "encode", "load", "train"} <= set(outcome.seconds)
    phases = [event["name"] for event in events if event["event"] == "phase"]
    assert phases[:4] == ["load", "tokenizer", "encode", "train"]
    progress = [event for event in events if event["event"] == "progress"]
    assert all(event["eta"] >= 0 and event["tokens_per_second"] > 0 for event in progress)
    assert progress[-1]["step"] == progress[-1]["steps"] == 200


def test_transformers_opens_what_it_leaves(text: Path, tmp_path: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    run(job(), tmp_path, text)
    folder = tmp_path / "model"
    words = Subwords.load(folder)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    assert model.config.vocab_size == words.size == len(tokenizer)
    lines = [line for language in LANGUAGES for line in made_languages.sentences(language, 5, seed=1)]
    for line, ours in zip(lines, words.encode(lines), strict=True):
        assert tokenizer(line)["input_ids"] == [0, *ours.ids, 2]
    batch = tokenizer(lines, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        assert torch.isfinite(model(**batch).last_hidden_state).all()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_stopped_pretraining_goes_on_to_the_same_bits(text: Path, tmp_path: Path, precision: str) -> None:
    asked = job(precision=precision)
    expected = run(asked, tmp_path / "undisturbed", text)
    tokenizers = set()
    # asked before each of three languages, then before each step
    for stop in (2, 5, 6):
        questions = iter(range(stop))
        with pytest.raises(Preempted):
            run(asked, tmp_path / "job", text, should_stop=lambda left=questions: next(left, None) is None)
        tokenizers.add((tmp_path / "job" / "tokenizer" / "tokenizer.json").stat().st_mtime_ns)
    outcome = run(asked, tmp_path / "job", text)
    assert tensors(tmp_path / "job") == tensors(tmp_path / "undisturbed")
    assert outcome.train_loss == expected.train_loss
    assert outcome.model_sha256 == expected.model_sha256
    assert len(tokenizers) == 1


def test_bf16_is_near_fp32_or_said_to_be_fp32(text: Path, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    plain = run(job(max_steps=30), tmp_path / "fp32", text)
    half = run(job(max_steps=30, precision="bf16"), tmp_path / "bf16", text, report=events.append)
    told = [event["text"] for event in events if event["event"] == "note" and "bf16 is fp32 here" in event["text"]]
    same = tensors(tmp_path / "fp32") == tensors(tmp_path / "bf16")
    assert same == bool(told)
    assert plain.train_loss is not None
    assert half.train_loss is not None
    assert half.train_loss["last"] == pytest.approx(plain.train_loss["last"], rel=0.02)


def test_the_cache_changes_nothing(text: Path, tmp_path: Path) -> None:
    asked = job()
    plain = run(asked, tmp_path / "plain", text)
    first = run(asked, tmp_path / "first", text, cache=tmp_path / "cache")
    again = run(asked, tmp_path / "again", text, cache=tmp_path / "cache")
    assert plain.model_sha256 == first.model_sha256 == again.model_sha256
    assert plain.data == first.data == again.data


def test_a_pass_has_every_sentence_once_in_an_order_of_its_own(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []

    def spy(tokens: Ragged, rows: Any) -> Any:
        seen.extend(tuple(tokens[int(row)].tolist()) for row in rows)
        return pack(tokens, rows)

    monkeypatch.setattr(maskedtext, "pack", spy)
    run(job(("xc",), batch_size=20, max_steps=10), tmp_path, text)
    words = Subwords.load(tmp_path / "model")
    lines = (text / "text" / "xc.txt").read_text(encoding="utf-8").splitlines()
    in_file = [(0, *found.ids, 2) for found in words.encode(lines)]
    first, second = seen[:100], seen[100:]
    assert Counter(first) == Counter(second) == Counter(in_file)
    assert first != in_file != second != first
    # no run of the file's order is left
    place = {row: number for number, row in enumerate(in_file)}
    steps = np.diff([place[row] for row in first])
    assert (steps == 1).mean() < 0.1


def test_long_lines_become_several_sequences(text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "text"
    made_languages.write(folder, {"xa": 200})
    with (folder / "xa.txt").open("a", encoding="utf-8") as file:
        file.write(" ".join(made_languages.sentences("xa", 60, seed=2)) + "\n")
    outcome = run(job(("xa",)), tmp_path / "job", tmp_path)
    assert outcome.data[0]["items"] > 201


def test_text_that_has_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = made_languages.write(tmp_path / "text", {"xa": 200})
    questions = iter(range(3))
    with pytest.raises(Preempted):
        run(job(("xa",)), tmp_path / "job", tmp_path, should_stop=lambda: next(questions, None) is None)
    with (folder / "xa.txt").open("a", encoding="utf-8") as file:
        file.write("one more line\n")
    with pytest.raises(InputError, match="the tokenizer was made of other text than there is now"):
        run(job(("xa",)), tmp_path / "job", tmp_path)


def test_what_cannot_be_pretrained_on_is_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no size for the tokenizer"):
        run(job(vocabulary=None), tmp_path / "a", text)
    with pytest.raises(MissingInputError, match="no text in the language 'fr'"):
        run(job(("xa", "fr")), tmp_path / "b", text)
    with pytest.raises(UsageError, match="no folder was given; give it with --data"):
        run_pretrain(job(), Context(tmp_path / "c", device="cpu"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "xa.txt").write_text("\n\n")
    with pytest.raises(UnreadableInputError, match="holds no text"):
        run(job(("xa",)), tmp_path / "d", tmp_path / "empty")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "xa.txt").write_text("ab\n")
    outcome = run(job(("xa",)), tmp_path / "e", tmp_path / "one")
    assert outcome.data[0]["items"] == 1


def test_the_note_beside_the_tokenizer_names_the_text(text: Path, tmp_path: Path) -> None:
    run(job(), tmp_path, text)
    note = json.loads((tmp_path / "tokenizer" / "made-of.json").read_text())
    assert set(note["texts"]) == set(LANGUAGES)
    assert note["pieces"] == 300
