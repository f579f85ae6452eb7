"""Runs on files: their labels and checksums come from the user's folder, which may be gone or changed since."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from run_folders import LAB, RunFolder, load, made

from claimcheck.foundation.records import Reproduction
from reproduce.data import Access, Gold, gold
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.planning.given import Given
from reproduce.specs import Data, TrainJob
from reproduce.verdicts.results import reproductions

LINES = 60
EFFECT = """
[[claims]]
id = "effect"
text = "effect"
source = "table"
quantity = { value = "8.2", direction = "increase" }
margin = 1.0
test = { kind = "effect", measure = { conditions = ["squad"], control = "baseline", targets = ["tatoeba"] } }
"""


def share(condition: str, target: str, split: str, seed: int) -> float:
    return {"baseline": 0.5, "squad": 0.8}[condition]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder in XTREME's layout with Tatoeba in two languages, and SQuAD of one question."""
    folder = tmp_path / "data"
    (folder / "tatoeba").mkdir(parents=True)
    for code, iso in (("de", "deu"), ("sw", "swh")):
        for side in (iso, "eng"):
            text = "".join(f"sentence {i} of {side} for {code}\n" for i in range(LINES))
            (folder / "tatoeba" / f"tatoeba.{iso}-eng.{side}").write_text(text)
    (folder / "squad").mkdir()
    (folder / "squad" / "train-v1.1.json").write_text(squad("Who?"))
    return folder


def squad(question: str) -> str:
    asked = {"id": "q1", "question": question, "answers": [{"text": "Ann", "answer_start": 0}]}
    return json.dumps(
        {"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "Ann came.", "qas": [asked]}]}]}
    )


def folder_of_runs(tmp_path: Path, files: Path) -> RunFolder:
    """Runs that read those files; plain text alone is made up."""

    def source(task: str, data: Data, language: str, split: str, items: int) -> Dataset:
        if task == "text":
            return made(task, data, language, split)
        found = gold(task, data, language, split, access=Access(data=files))
        named = tuple(Item(name, label) for name, label in found.labels)
        rows = Ragged.from_rows([[0, 2]] * len(named))
        return Dataset(task, language, split, rows, items=named, source_sha256=found.sha256)

    given, options = Given(files=True), {"data": str(files)}
    text = LAB + EFFECT
    return RunFolder(tmp_path / "runs", text, share, scale="lab", given=given, options=options, source=source).run()


def judged(runs: RunFolder) -> Reproduction:
    (found,) = reproductions(runs.folder)
    return found


def test_files_that_are_as_they_were(tmp_path: Path, files: Path) -> None:
    found = judged(folder_of_runs(tmp_path, files))
    assert (found.verdict, found.reason, found.direction) == ("not_tested", "scale", "confirmed")
    assert not [note for note in found.details.get("notes", ()) if "compared" in note]


def test_a_folder_that_is_gone_is_noted_once(tmp_path: Path, files: Path) -> None:
    runs = folder_of_runs(tmp_path, files)
    shutil.rmtree(files)
    found = judged(runs)
    assert found.direction == "confirmed"
    notes = [note for note in found.details["notes"] if "could not be compared" in note]
    assert notes == [
        f"the data of {task} could not be compared: {files}: there is no such folder; name the data folder with --data"
        for task in ("tatoeba", "squad-v1")
    ]


def test_a_file_that_is_gone_is_noted(tmp_path: Path, files: Path) -> None:
    runs = folder_of_runs(tmp_path, files)
    (files / "tatoeba" / "tatoeba.swh-eng.swh").unlink()
    found = judged(runs)
    assert found.direction == "confirmed"
    (note,) = [note for note in found.details["notes"] if "could not be compared" in note]
    assert note.startswith("the data of tatoeba could not be compared: ")
    assert "tatoeba.swh-eng" in note


def test_an_evaluation_on_files_that_changed_does_not_count(tmp_path: Path, files: Path) -> None:
    runs = folder_of_runs(tmp_path, files)
    path = files / "tatoeba" / "tatoeba.deu-eng.deu"
    path.write_text(path.read_text().replace("sentence 3 ", "sentence three "))
    found = judged(runs)
    assert found.reason.startswith("data_mismatch: ")
    assert "tatoeba (de, test)" in found.reason or "tatoeba (de, dev)" in found.reason


def test_a_training_on_files_that_changed_does_not_count(tmp_path: Path, files: Path) -> None:
    runs = folder_of_runs(tmp_path, files)
    (files / "squad" / "train-v1.1.json").write_text(squad("When?"))
    found = judged(runs)
    assert found.reason.startswith("data_mismatch: ")
    assert "squad-v1 (en, train)" in found.reason


def test_an_edited_label_does_not_count(tmp_path: Path, files: Path) -> None:
    runs = folder_of_runs(tmp_path, files)
    job = runs.job("evaluation", condition="squad", seed=1)
    rows = [json.loads(line) for line in (runs.path(job) / "predictions.jsonl").read_text().splitlines()]
    rows[0]["label"] = rows[0]["prediction"] = rows[1]["label"]
    runs.edit_run(job, predictions=runs.predict(runs.path(job), rows).model_dump())
    runs.record(job)
    assert judged(runs).reason.startswith("labels_edited: ")


def test_plain_text_of_files_is_not_read_again(tmp_path: Path) -> None:
    def no_text(task: str, data: Data, language: str, split: str) -> Gold:
        assert task != "text"
        return load(task, data, language, split)

    runs = RunFolder(tmp_path / "runs", LAB + EFFECT, share, scale="lab", given=Given(files=True)).run()
    (found,) = reproductions(runs.folder, load=no_text)
    assert found.direction == "confirmed"


MASKED = LAB.replace(
    'tasks = ["squad-v1"]', 'tasks = ["squad-v1"]\nmlm = { languages = ["de", "sw"] }\nlanguage = "sw"'
)


def test_masked_text_and_translated_training_data_belong_to_a_training(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", MASKED + EFFECT, share, scale="lab", given=Given(files=True)).run()
    job = next(job for job in runs.plan.jobs if isinstance(job.job, TrainJob))
    assert isinstance(job.job, TrainJob)
    assert job.job.masked is not None
    read = json.loads((runs.path(job) / "run.json").read_text())["data"]
    assert [(one["task"], one["language"]) for one in read] == [("squad-v1", "sw"), ("text", "de"), ("text", "sw")]
    (found,) = reproductions(runs.folder, load=load)
    assert found.direction == "confirmed"
    runs.edit_run(job, data=[*read, {**read[1], "language": "fr"}])
    runs.record(job)
    (found,) = reproductions(runs.folder, load=load)
    assert found.reason.startswith("data_mismatch: ")
    runs.edit_run(job, data=[{**read[0], "language": "en"}, *read[1:]])  # the English data, not the translated
    runs.record(job)
    (found,) = reproductions(runs.folder, load=load)
    assert found.reason.startswith("data_mismatch: ")
