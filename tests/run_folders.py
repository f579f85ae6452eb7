"""Run folders without the hours: a small registry, and job folders as the engine leaves them, written by the real code.

Only the numbers are made up: the test chooses how many answers are right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from claimcheck.foundation.store import write_atomic
from reproduce.data import Gold
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.data.sampling import some_items
from reproduce.engine.jobs import JobStore
from reproduce.engine.request import Request, write_request
from reproduce.planning.given import Given
from reproduce.planning.plan import Plan, PlannedJob
from reproduce.runrecord import (
    DataRecord,
    PredictionsRecord,
    Run,
    Runtime,
    file_sha256,
    inputs_of,
    seed_of,
    write_job_file,
)
from reproduce.specs import CommandJob, Data, EvaluateJob, PretrainJob, TrainJob, WorldData
from reproduce.tasks import task as task_info

REGISTRY = """
schema = "claimcheck/registry/v1"
[paper]
id = "made-up"
version = "v1"
title = "A paper that does not exist"
[[sources]]
id = "table"
kind = "paper"
where = "Table 1 of a paper that does not exist"
[[conditions]]
id = "baseline"
[[conditions]]
id = "nli"
name = "intermediate NLI"
tasks = ["world-nli"]
[[conditions]]
id = "tags"
tasks = ["world-tags"]
[[targets]]
id = "retrieval"
task = "world-retrieval"
probe = { layer = 1 }
[[targets]]
id = "qa"
task = "world-qa"
train = "world-qa"
[scales.paper]
data = { kind = "world" }
seeds = 3
max_length = 64
deviations = []
[scales.paper.pretraining]
languages = ["en", "xa", "xb", "xc", "xd"]
size = { layers = 2, hidden = 16, heads = 2, feed_forward = 32, positions = 64 }
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
[scales.paper.intermediate.default]
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
max_length = 64
[scales.paper.target.default]
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
max_length = 64
"""

LEVEL = """
[[claims]]
id = "level"
text = "With intermediate NLI, retrieval reaches 80.7."
source = "table"
quantity = { value = "80.7", unit = "accuracy", metric = "accuracy", split = "test" }
margin = 1.5
test = { kind = "level", measure = { conditions = ["nli"], targets = ["retrieval"] } }
"""

EFFECT = """
[[claims]]
id = "effect"
text = "Intermediate NLI improves retrieval by 20.3 points."
source = "table"
quantity = { value = "20.3", unit = "points", direction = "increase", baseline = "baseline" }
margin = 3.0
test = { kind = "effect", measure = { conditions = ["nli"], control = "baseline", targets = ["retrieval"] } }
"""


LAB = """
schema = "claimcheck/registry/v1"
[paper]
id = "made-up"
title = "A paper that does not exist"
[[sources]]
id = "table"
kind = "paper"
where = "Table 1 of a paper that does not exist"
[[conditions]]
id = "baseline"
[[conditions]]
id = "squad"
tasks = ["squad-v1"]
[[conditions]]
id = "tags"
tasks = ["udpos"]
[[targets]]
id = "ner"
name = "NER"
task = "panx"
train = "panx"
split = "dev"
languages = ["de", "en", "sw"]
[[targets]]
id = "nli"
name = "XNLI"
task = "xnli"
train = "nli-small"
split = "dev"
languages = ["de", "en"]
[[targets]]
id = "tatoeba"
name = "Tatoeba"
task = "tatoeba"
languages = ["de", "sw"]
probe = { layer = 1 }
[[targets]]
id = "bucc"
name = "BUCC"
task = "bucc"
split = "dev"
languages = ["zh"]
probe = { layer = 1 }
[scales.lab]
data = { kind = "files" }
seeds = 3
max_length = 64
deviations = ["a small encoder"]
[scales.lab.pretraining]
languages = ["de", "en"]
vocabulary = 8000
size = { layers = 2, hidden = 16, heads = 2, feed_forward = 32, positions = 64 }
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
[scales.lab.intermediate.default]
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
max_length = 64
[scales.lab.target.default]
optimisation = { learning_rate = 0.001, batch_size = 32, max_steps = 10 }
max_length = 64
"""
NLI_CLASSES = ("entailment", "neutral", "contradiction")


def registry(*claims: str, scale: str = "paper") -> str:
    """The text of a registry with those claims, whose recipe is that of one scale."""
    return (REGISTRY + "".join(claims)).replace("scales.paper", f"scales.{scale}")


ITEMS = 100
_TAGS = ("NOUN", "VERB", "ADP", "DET", "ADJ", "PUNCT", "PRON", "ADV")
_ENTITIES = ("B-PER", "I-PER", "O", "O", "O", "B-LOC", "O", "B-ORG", "I-ORG", "O")


def _real(task: str, language: str) -> Callable[[int], Any]:
    """Labels of the form that a task of the catalogue has."""
    if task == "tatoeba":
        return lambda i: f"{language}-{i}"
    if task == "bucc":
        return lambda i: None if i % 5 else f"en-{i}"
    if task == "panx":
        return lambda i: [_ENTITIES[(i + k) % 10] for k in range(4 + i % 5)]
    info = task_info(task)
    if info.head == "tagging":
        return lambda i: [_TAGS[(i * 7 + k * k) % 8] for k in range(4 + i % 17)]
    if info.head == "span":
        return lambda i: [f"word{i % 17} word{i % 5}"]
    return lambda i: info.labels[i % len(info.labels)] if info.labels else str(i % 4)


def made(task: str, data: Data, language: str, split: str, items: int = ITEMS) -> Dataset:
    """A data set of the made-up tasks, or in the form of a real one: the same for the same names."""
    rng = np.random.default_rng(int(hashlib.sha256(f"{task} {language} {split}".encode()).hexdigest()[:8], 16))
    tokens = [[0, *map(int, rng.integers(4, 40, size=4)), 2] for _ in range(items)]
    labels: dict[str, Callable[[int], Any]] = {
        "text": lambda i: None,
        "world-retrieval": lambda i: f"{language}-{i}",
        "world-nli": lambda i: ["entailment", "neutral", "contradiction"][i % 3],
        "world-tags": lambda i: ["B-A", "I-A", "O"] if i % 2 else ["O", "B-B", "O"],
        "world-qa": lambda i: [f"word{i % 17} word{i % 5}"],
    }
    label = labels.get(task) or _real(task, language)
    named = tuple(Item(f"{split}-{i}", label(i)) for i in range(items))
    return Dataset(task, language, split, Ragged.from_rows(tokens), items=named)


def load(task: str, data: Data, language: str, split: str, items: int = ITEMS) -> Gold:
    """As reproduce.data.gold, of the made-up tasks."""
    dataset = made(task, data, language, split, items)
    return Gold(dataset.sha256, tuple((item.id, item.label) for item in dataset.items))


def wrong(label: Any, rng: np.random.Generator) -> Any:
    """An answer that is not the label, in the form of a prediction."""
    if isinstance(label, list):
        return ["O"] * len(label) if len(label) > 1 else f"no{rng.integers(1000)}"
    return f"no{rng.integers(1000)}"


def another(label: Any, rng: np.random.Generator) -> Any:
    """A wrong answer that could be right elsewhere, as a model gives it that is not far from chance."""
    if label in NLI_CLASSES:
        return [name for name in NLI_CLASSES if name != label][rng.integers(2)]
    if isinstance(label, list) and len(label) > 1:
        return [_ENTITIES[int(i)] for i in rng.integers(len(_ENTITIES), size=len(label))]
    if label is None or str(label).startswith("en-"):
        return None if label else f"en-{rng.integers(1000)}"
    return wrong(label, rng)


def right(label: Any) -> Any:
    """The label in the form of a prediction."""
    return label[0] if isinstance(label, list) and len(label) == 1 else label


def trained_on(spec: PretrainJob | TrainJob) -> list[tuple[str, Data, str]]:
    """Task, data and language of what a training reads; the task "text": plain sentences."""
    if isinstance(spec, PretrainJob):
        return [("text", spec.data, language) for language in spec.languages]
    masked = spec.masked
    beside = [] if masked is None else [("text", masked.data, language) for language in masked.languages]
    return [(part.task, part.data, part.language) for part in spec.parts] + beside


Changes = Callable[[PlannedJob], Mapping[str, Any]]


@dataclass
class RunFolder:
    """A run folder with its plan; `share(condition, target, split, seed)` of the answers are right."""

    folder: Path
    text: str
    share: Callable[[str, str, str, int], float]
    scale: str = "paper"
    claims: list[str] | None = None
    seeds: int | None = None
    items: int = ITEMS
    given: Given = field(default_factory=Given)
    answer: Callable[[Any, np.random.Generator], Any] = wrong
    source: Callable[..., Dataset] = made
    options: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan = field(init=False)
    request: Request = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder.parent / f"{self.folder.name}.toml"
        path.write_text(self.text)
        self.folder.mkdir(exist_ok=True)
        self.request, self.plan = write_request(
            self.folder,
            path,
            self.scale,  # type: ignore[arg-type]
            claims=self.claims,
            seeds=self.seeds,
            given=self.given,
            options=self.options,
        )

    def store(self) -> JobStore:
        return JobStore(self.folder / "jobs.sqlite")

    def job(self, kind: str, **cell: Any) -> PlannedJob:
        """The first job of that kind (a phase) that serves a cell with those fields."""
        for job in self.plan.jobs:
            cells = [c for c in job.cells if all(getattr(c, name) == value for name, value in cell.items())]
            if job.phase == kind and cells:
                return job
        raise LookupError(f"{kind} {cell}")

    def path(self, job: PlannedJob) -> Path:
        return self.folder / "jobs" / job.key

    def run(
        self, jobs: int | None = None, changes: Callable[[PlannedJob], Mapping[str, Any]] | None = None
    ) -> RunFolder:
        """Finish so many jobs, all for None. `changes`: fields of run.json that are to be otherwise."""
        with self.store() as store:
            store.add(self.plan.jobs)
            while jobs != 0 and (key := store.claim_next("test", 60.0)):
                jobs = jobs if jobs is None else jobs - 1
                job = self.plan.by_key[key]
                run = self.write(job, changes(job) if changes else {})
                predictions = run.predictions.sha256 if run.predictions else None
                sha256 = file_sha256(self.path(job) / "run.json")
                store.finish(key, "test", "done", exit_code=0, run_sha256=sha256, predictions_sha256=predictions)
        return self

    def write(self, job: PlannedJob, changes: Mapping[str, Any]) -> Run:
        """The folder of one finished job."""
        folder = self.path(job)
        write_job_file(folder, job.job, Runtime())
        (folder / "log").write_text("2026-01-01T00:00:00Z phase load\n2026-01-01T00:00:01Z done\n")
        fields: dict[str, Any] = {"seconds": {"total": 1.5}}
        spec = job.job
        if isinstance(spec, EvaluateJob | CommandJob):
            split = spec.split if isinstance(spec, EvaluateJob) else "test"
            sets = [
                self.source(spec.task, getattr(spec, "data", WorldData()), language, split, self.items)
                for language in spec.languages
            ]
            fields["predictions"] = self.predict(folder, self.rows(job, sets))
        else:
            sets = [self.source(*place, "train", self.items) for place in trained_on(spec)]
            fields["model_sha256"] = hashlib.sha256(job.key.encode()).hexdigest()
            fields |= {"train_loss": {"first": 2.0, "last": 1.0, "majority": 1.1}, "weights_changed": True}
        if not isinstance(spec, EvaluateJob):
            fields |= {"optimizer_steps": 10, "examples": 320, "tokens": 4000}
        fields["data"] = [
            DataRecord(task=s.task, language=s.language, split=s.split, sha256=s.sha256, items=len(s.items))
            for s in sets
        ]
        parents = {key: file_sha256(self.folder / "jobs" / key / "run.json") for key in inputs_of(spec)}
        fields |= {"key": job.key, "kind": spec.kind, "job": spec, "seed": seed_of(spec), "parents": parents}
        run = Run(**(fields | dict(changes)))
        write_atomic(folder / "run.json", run.to_json())
        return run

    def rows(self, job: PlannedJob, sets: list[Dataset]) -> list[dict[str, Any]]:
        """Predictions of which exactly the share that `share` gives is right, in each language; which ones, chance."""
        cell = job.cells[0]
        rng = np.random.default_rng(int(job.key[:8], 16))
        rows = []
        for dataset in sets:
            chosen = some_items([item.id for item in dataset.items], getattr(job.job, "items", None))
            items = [dataset.items[number] for number in chosen]
            known = round(self.share(cell.condition, cell.target, cell.split, cell.seed) * len(items))
            places = set(rng.permutation(len(items))[:known].tolist())
            for i, item in enumerate(items):
                said = right(item.label) if i in places else self.answer(item.label, rng)
                rows.append({"id": item.id, "language": dataset.language, "label": item.label, "prediction": said})
        return rows

    @staticmethod
    def predict(folder: Path, rows: list[dict[str, Any]]) -> PredictionsRecord:
        """Write predictions.jsonl."""
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        write_atomic(folder / "predictions.jsonl", data)
        return PredictionsRecord(sha256=hashlib.sha256(data).hexdigest(), rows=len(rows))

    def edit_run(self, planned: PlannedJob, /, **fields: Any) -> None:
        """Change run.json in place."""
        path = self.path(planned) / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    def record(self, job: PlannedJob) -> None:
        """Bring the job store in line with the files, as one would who covers everything up."""
        predictions = self.path(job) / "predictions.jsonl"
        with self.store() as store:
            sha256 = file_sha256(predictions) if predictions.exists() else None
            store.adopt(job.key, file_sha256(self.path(job) / "run.json"), sha256)
