"""An encoder from text files in one call: supervised, resumable, with a card that says how it was made."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import made_languages
import pytest

from claimcheck.foundation.errors import ClaimcheckError, InputError, MissingInputError, UsageError
from reproduce.engine import pretraining
from reproduce.engine.events import Event, Summary
from reproduce.engine.pretraining import pretrain
from reproduce.runrecord import model_sha256
from reproduce.specs import Size

SIZE = Size(layers=1, hidden=16, heads=2, feed_forward=32, positions=32)
FEW: dict[str, Any] = {"size": SIZE, "vocabulary": 300, "batch_size": 8, "steps": 6, "device": "cpu"}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_languages.write(tmp_path_factory.mktemp("text"), {"xa": 200, "xb": 150, "xc": 100})


@pytest.fixture(scope="module")
def made(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    events: list[Event] = []
    out = tmp_path_factory.mktemp("run") / "out"
    assert pretrain(text, out, on_event=events.append, **FEW) == out / "model"
    return out, events


def test_the_model_lies_in_one_folder_with_how_it_was_made(text: Path, made: tuple[Path, list[Event]]) -> None:
    folder = made[0] / "model"
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "encoder.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    card = json.loads((folder / "encoder.json").read_bytes())
    assert card["model_sha256"] == model_sha256(folder)
    assert card["files"]["tokenizer.json"] == hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    assert card["job"]["languages"] == ["xa", "xb", "xc"]
    assert (card["optimizer_steps"], card["sentences"]) == (6, 48)
    assert card["tokens"] > 48 * 4
    assert card["masked_loss"]["first"] > 0
    assert card["seconds"]["total"] > 0
    expected = (text / "xb.txt").read_bytes()
    assert card["text"]["xb"] == {
        "file": "xb.txt",
        "sha256": hashlib.sha256(expected).hexdigest(),
        "bytes": len(expected),
        "sequences": 150,
    }
    assert json.loads((folder / "config.json").read_bytes())["num_hidden_layers"] == 1


def test_the_card_says_what_people_ask_first(made: tuple[Path, list[Event]]) -> None:
    card = (made[0] / "model" / "README.md").read_text(encoding="utf-8")
    for said in ("3 languages", "6 steps of 8 sentences", "hidden size 16", "learning rate 0.001", "xb.txt"):
        assert said in card
    assert re.search(r"sha256 of weights and tokenizer: `[0-9a-f]{64}`", card)
    assert "It was not evaluated" in card


def test_it_is_watched_like_any_job(made: tuple[Path, list[Event]]) -> None:
    kinds = [event.kind for event in made[1]]
    assert "started" in kinds
    assert "finished" in kinds
    assert [e.message for e in made[1] if e.kind == "phase"][:4] == ["load", "load", "tokenizer", "encode"]
    last = [event for event in made[1] if event.kind == "progress"][-1]
    assert (last.step, last.steps, last.eta) == (6, 6, 0.0)


def test_the_same_call_again_trains_nothing(text: Path, made: tuple[Path, list[Event]]) -> None:
    out, _ = made
    before = (out / "model" / "model.safetensors").stat().st_ino, (out / "model" / "README.md").read_bytes()
    events: list[Event] = []
    pretrain(text, out, on_event=events.append, **FEW)
    assert "started" not in [event.kind for event in events]
    assert (out / "model" / "README.md").read_bytes() == before[1]


def test_another_call_in_the_same_folder_is_refused(text: Path, made: tuple[Path, list[Event]]) -> None:
    with pytest.raises(UsageError, match=r"of another pretraining \(batch_size 8, now 16\); repeat the call of then"):
        pretrain(text, made[0], **FEW | {"batch_size": 16})
    with pytest.raises(UsageError, match="of another pretraining"):
        pretrain(text, made[0], languages=["xa", "xb"], **FEW)


def test_other_text_in_the_same_folder_is_refused(made: tuple[Path, list[Event]], tmp_path: Path) -> None:
    other = made_languages.write(tmp_path / "text", {"xa": 200, "xb": 150, "xc": 101})
    with pytest.raises(InputError, match="begun with other text than there is now"):
        pretrain(other, made[0], **FEW)


def test_a_time_becomes_steps_once(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "_TRIAL", 4)
    # how many the time allows hangs on how busy the machine is
    monkeypatch.setattr(pretraining, "_steps", lambda run, seconds, gone: run.optimizer_steps + 5 if gone > 0 else 0)
    asked = {name: value for name, value in FEW.items() if name != "steps"} | {"seconds": 45.0}
    events: list[Event] = []
    folder = pretrain(text, tmp_path / "out", on_event=events.append, **asked)
    assert [event.label for event in events if event.kind == "finished"] == ["trial", "pretraining"]
    steps = json.loads((tmp_path / "out" / "pretrain.json").read_bytes())["steps"]
    assert json.loads((folder / "encoder.json").read_bytes())["optimizer_steps"] == steps == 9
    again: list[Event] = []
    pretrain(text, tmp_path / "out", on_event=again.append, **asked)
    assert "started" not in [event.kind for event in again]


def test_too_little_time_is_said_when_it_is_known(text: Path, tmp_path: Path) -> None:
    asked = {name: value for name, value in FEW.items() if name != "steps"} | {"seconds": 1.0}
    with pytest.raises(UsageError, match=r"1 seconds leave time for 0 steps of [\d.]+ s behind tokenizer and trial"):
        pretrain(text, tmp_path / "out", **asked)


def test_steps_are_those_that_the_rest_of_the_time_allows(made: tuple[Path, list[Event]]) -> None:
    from reproduce.runrecord import Finished, inspect

    (folder,) = (made[0] / "jobs").iterdir()
    found = inspect(folder, folder.name)
    assert isinstance(found, Finished)
    took = {"total": 30.0, "tokenizer": 10.0, "encode": 8.0, "load": 1.0, "train": 9.0, "dev": 0.0}
    run = found.run.model_copy(update={"seconds": took, "optimizer_steps": 20})
    # 1000 s, 40 of them gone, 3 for what is not kept; 0.45 s a step
    assert pretraining._steps(run, 1000.0, 40.0) == int(0.96 * 957 / 0.45)


def test_a_failed_training_is_an_error_that_names_the_log(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(*_: Any, **__: Any) -> Summary:
        return Summary(0, 0, 1, 0, 1.0, ())

    monkeypatch.setattr(pretraining.engine, "run", failed)
    with pytest.raises(ClaimcheckError, match=r"the pretraining failed: there is no run\.json; .*log says more"):
        pretrain(text, tmp_path / "out", **FEW)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": None}, "ends after steps or after seconds"),
        ({"seconds": 10.0}, "ends after steps or after seconds"),
        ({"steps": None, "seconds": -1.0}, "-1.0 seconds of pretraining"),
        ({"vocabulary": 10}, "vocabulary cannot be 10"),
        ({"learning_rate": -1.0}, "learning_rate cannot be -1.0"),
        ({"mask": 1.5}, "mask cannot be 1.5"),
        ({"languages": []}, "no languages to pretrain on"),
        ({"languages": ["X Y"]}, "no text in the language 'X Y'"),
        ({"languages": ["xa", "fr"]}, "no text in the language 'fr'.*it has xa, xb, xc"),
        ({"threads": 0}, "threads cannot be 0"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(text: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises((UsageError, MissingInputError), match=said):
        pretrain(text, tmp_path / "out", **FEW | change)
    assert not (tmp_path / "out" / "jobs").exists()


def test_a_folder_of_something_else_is_refused(text: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty and not of an earlier run"):
        pretrain(text, tmp_path, **FEW)


def test_one_language_and_nested_text(tmp_path: Path) -> None:
    made_languages.write(tmp_path / "data" / "text", {"xa": 120})
    folder = pretrain(tmp_path / "data", tmp_path / "out", **FEW)
    assert "1 language." in (folder / "README.md").read_text()


def test_records_are_plain(made: tuple[Path, list[Event]]) -> None:
    record = json.loads((made[0] / "pretrain.json").read_bytes())
    assert record["schema"] == "claimcheck/pretrain/v1"
    assert all(dataclasses.is_dataclass(event) for event in made[1])
