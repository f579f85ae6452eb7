"""The data that runs are held against: kept small, read once, and absent without an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claimcheck.foundation.errors import InputError, ServiceError
from reproduce.data import Gold as Labels
from reproduce.runrecord import DataRecord
from reproduce.specs import (
    Data,
    EvaluateJob,
    FilesData,
    HubData,
    LocalEncoder,
    MaskedText,
    Optimisation,
    Part,
    PretrainJob,
    Size,
    TrainJob,
)
from reproduce.verdicts import gold as module
from reproduce.verdicts.gold import Gold, GoldPart, data_of, expected

SHA = "a" * 64
ENCODER = LocalEncoder(sha256="b" * 64)
STEPS = Optimisation(learning_rate=1e-3, batch_size=8, max_steps=5)


def record(task: str, split: str, language: str) -> DataRecord:
    return DataRecord(task=task, language=language, split=split, sha256=SHA, items=10)


def records(*places: tuple[str, str, str]) -> list[DataRecord]:
    return [record(*place) for place in places]


def test_equal_tags_are_kept_once() -> None:
    def load(task: str, data: Data, language: str, split: str) -> Labels:
        return Labels(SHA, tuple((f"{i}", ["".join(["B-", "PER"]), "".join(["", "O"])]) for i in range(50)))

    part = Gold(load).part("panx", FilesData(), "en", "dev")
    assert isinstance(part, GoldPart)
    assert part.labels["7"] == ("B-PER", "O")
    assert len({id(tag) for tags in part.labels.values() for tag in tags}) == 2
    assert list(part.labels) == [f"{i}" for i in range(50)]


def test_each_data_set_is_read_once_and_training_data_without_their_labels() -> None:
    asked: list[tuple[str, str]] = []

    def load(task: str, data: Data, language: str, split: str) -> Labels:
        asked.append((task, split))
        if task == "gone":
            raise InputError("there is no such file", where="DIR")
        return Labels(SHA, (("1", "yes"),))

    gold = Gold(load)
    for _ in range(3):
        assert gold.checksum("mnli", FilesData(), "en", "train") == (SHA, "")
        assert gold.part("xnli", FilesData(), "de", "dev") == GoldPart(SHA, {"1": "yes"})
        assert gold.checksum("xnli", FilesData(), "de", "dev") == (SHA, "")
        assert gold.part("gone", FilesData(), "de", "dev") == "DIR: there is no such file"
        assert gold.checksum("gone", FilesData(), "de", "dev") == ("", "DIR: there is no such file")
    assert asked == [("mnli", "train"), ("xnli", "dev"), ("gone", "dev")]
    assert gold.part("mnli", FilesData(), "en", "train") == GoldPart(SHA, {"1": "yes"})  # asked for after all


@pytest.mark.parametrize(("seconds", "calls"), [(0.01, 40), (3.0, 2)])
def test_a_hub_that_keeps_waiting_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, seconds: float, calls: int
) -> None:
    clock = [0.0]
    asked: list[str] = []

    def load(task: str, data: Data, language: str, split: str) -> Labels:
        if data.kind == "files":
            return Labels(SHA, ())
        asked.append(language)
        clock[0] += seconds
        raise ServiceError("the hub cannot be reached") if len(asked) % 2 else ConnectionResetError("reset")

    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    gold = Gold(load)
    found = [gold.part("udpos", HubData(), f"l{i}", "test") for i in range(40)]
    assert all(isinstance(one, str) and one for one in found)
    assert found[0] == "the hub cannot be reached"
    assert found[1] == "cannot be read (ConnectionResetError)"
    assert len(asked) == calls
    assert isinstance(gold.part("udpos", FilesData(), "de", "test"), GoldPart)


@pytest.mark.parametrize("offline", ["0", "1"])
def test_the_hubs_own_client_without_a_network_fails_soon_and_in_words(tmp_path: Path, offline: str) -> None:
    script = (
        "from functools import partial\n"
        "from reproduce.data import Access\n"
        "from reproduce.specs import HubData\n"
        "from reproduce.verdicts.evidence import _gold\n"
        "from reproduce.verdicts.gold import Gold\n"
        "gold = Gold(partial(_gold, Access()))\n"
        "for language in ('de', 'fr', 'sw', 'zh'):\n"
        "    print(gold.part('xnli', HubData(), language, 'test'))\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment = kept | {
        "HF_ENDPOINT": "http://127.0.0.1:9",  # nobody listens there
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": offline,
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=100, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stdout
    assert ("HF_HUB_OFFLINE" if offline == "1" else "cannot be reached") in lines[0]


# --- what a job reads


def train(**fields: object) -> TrainJob:
    parts = (Part(task="udpos", data=FilesData()), Part(task="xnli", data=FilesData(), language="sw"))
    return TrainJob.model_validate({"encoder": ENCODER, "parts": parts, "optimisation": STEPS, "seed": 1} | fields)


TRAINED = [("udpos", "train", "en"), ("xnli", "train", "sw")]


def test_a_training_reads_its_parts_and_perhaps_their_dev_parts() -> None:
    assert expected(train(), records(*TRAINED))
    assert expected(train(), records(*TRAINED, ("xnli", "dev", "en"), ("udpos", "dev", "en")))
    assert not expected(train(), records(TRAINED[0]))
    assert not expected(train(), records(*TRAINED, ("panx", "dev", "en")))
    assert not expected(train(), records(*TRAINED, ("xnli", "test", "en")))
    assert not expected(train(), records(TRAINED[0], ("xnli", "train", "en")))  # not the translated one
    assert not expected(train(), records(*TRAINED, ("text", "train", "de")))


def test_masked_text_beside_the_tasks_is_of_just_its_languages() -> None:
    beside = MaskedText(data=FilesData(), languages=("de", "sw"))
    text = [("text", "train", "de"), ("text", "train", "sw")]
    assert expected(train(masked=beside), records(*TRAINED, *text))
    assert not expected(train(masked=beside), records(*TRAINED))
    assert not expected(train(masked=beside), records(*TRAINED, text[0]))
    assert not expected(train(masked=beside), records(*TRAINED, *text, ("text", "train", "fr")))


def test_pretraining_and_evaluation_read_what_they_name() -> None:
    size = Size(layers=1, hidden=8, heads=1, feed_forward=8)
    pretraining = PretrainJob(
        data=FilesData(), languages=("de", "en"), size=size, optimisation=STEPS, vocabulary=500, seed=0
    )
    assert expected(pretraining, records(("text", "train", "de"), ("text", "train", "en")))
    assert not expected(pretraining, records(("text", "train", "de")))
    evaluation = EvaluateJob(model=ENCODER, task="xnli", data=FilesData(), split="dev", languages=("de", "sw"))
    assert expected(evaluation, records(("xnli", "dev", "sw"), ("xnli", "dev", "de")))
    assert not expected(evaluation, records(("xnli", "test", "sw"), ("xnli", "dev", "de")))
    assert not expected(evaluation, records(("xnli", "dev", "sw")))


def test_where_a_data_set_comes_from() -> None:
    job = train(masked=MaskedText(data=HubData(), languages=("de",)))
    assert data_of(job, record("text", "train", "de")) == HubData()
    assert data_of(job, record("xnli", "train", "sw")) == FilesData()
    assert data_of(job, record("panx", "train", "en")) is None
