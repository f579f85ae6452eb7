"""A task's examples, tokenised, wherever they come from."""

from __future__ import annotations

from typing import NoReturn

from claimcheck.foundation.errors import UsageError
from reproduce.data import worldtasks
from reproduce.data.dataset import Dataset
from reproduce.data.vocabulary import Vocabulary
from reproduce.data.world import world
from reproduce.specs import HubData, WorldData

__all__ = ["Vocabulary", "load", "text", "vocabulary"]

WORLD_VERSION = 1


def load(task: str, data: WorldData | HubData, language: str, split: str) -> Dataset:
    """One task, language and split ("train", "dev" or "test"). Raises UsageError for what there is not."""
    if isinstance(data, HubData):
        _no_reader(task)
    _check_version(data)
    return worldtasks.make(task, world(data.seed), vocabulary(data), language, split)


def text(data: WorldData | HubData, language: str) -> Dataset:
    """Plain sentences for pretraining. Raises UsageError for what there is not."""
    if isinstance(data, HubData):
        _no_reader("text")
    _check_version(data)
    return worldtasks.make_text(world(data.seed), vocabulary(data), language)


def vocabulary(data: WorldData | HubData) -> Vocabulary:
    """The words of the data, numbered."""
    if isinstance(data, HubData):
        _no_reader("vocabulary")
    return Vocabulary.of(world(data.seed).words)


def _check_version(data: WorldData) -> None:
    if data.version != WORLD_VERSION:
        raise UsageError(
            f"the synthetic world of version {data.version} cannot be made: this claimcheck makes {WORLD_VERSION}",
            todo="use the claimcheck that the runs were made with, or run anew",
        )


def _no_reader(what: str) -> NoReturn:
    raise UsageError(
        f"this version plans runs on hub data and does not read them yet ({what})",
        todo="plan with --scale paper, run with --scale smoke",
    )
