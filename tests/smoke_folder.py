"""A finished run folder at scale smoke without the training: the world's data, made-up shares of right answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from run_folders import LEVEL, RunFolder, registry

from reproduce import data as datasets
from reproduce.data.dataset import Dataset
from reproduce.planning.plan import PlannedJob
from reproduce.specs import Data, EvaluateJob, WorldData

# retrieval accuracy by condition: about what the real runs give (benchmarks/results/smoke_reference.json)
_RETRIEVAL = {"baseline": 0.0275, "tags": 0.2, "multi": 0.095, "tags-shuffled": 0.01, "tags-zero": 0.0275}
_QA = {"baseline": 0.5, "tags": 0.4}


def share(condition: str, target: str, split: str, seed: int) -> float:
    """Of the answers that are right."""
    known = _RETRIEVAL if target == "retrieval" else _QA
    return known[condition] + (0.0 if condition == "baseline" else 0.0025 * (seed - 2))


def world(task: str, data: Data, language: str, split: str, items: int) -> Dataset:
    """The world's data set, which the gate makes anew and compares."""
    del items
    return _world(task, data.model_dump_json(), language, split)


@cache
def _world(task: str, data: str, language: str, split: str) -> Dataset:
    made = WorldData.model_validate_json(data)
    return datasets.text(made, language) if task == "text" else datasets.load(task, made, language, split)


def changes(job: PlannedJob) -> Mapping[str, Any]:
    """What the runs of a real folder say; a learning rate of 0 changes nothing, as its control wants."""
    found: dict[str, Any] = {"versions": {"claimcheck": "0.1.0"}, "hardware": {"processor": "a CPU", "threads": 1}}
    optimisation = getattr(job.job, "optimisation", None)
    if optimisation is not None:
        found["optimizer_steps"] = optimisation.max_steps
        if not optimisation.learning_rate:
            found |= {"degenerate": "the weights did not change", "weights_changed": False}
    return found


def smoke_folder(folder: Path) -> RunFolder:
    """A run of the paper "made-up" at scale smoke: its one claim is not tested, the smoke registry's are judged."""
    made = RunFolder(folder, registry(LEVEL), share, scale="smoke", source=world).run(changes=changes)
    for job in made.plan.jobs:
        if not isinstance(job.job, EvaluateJob):  # nothing loads it
            (made.path(job) / "model").mkdir()
            (made.path(job) / "model" / "model.safetensors").touch()
    return made
