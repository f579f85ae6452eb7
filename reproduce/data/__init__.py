"""A task's examples, tokenised, wherever they come from: the synthetic world, official files, the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import MissingInputError, UsageError
from reproduce.data import worldtasks
from reproduce.data.dataset import Dataset
from reproduce.data.rows import Gold, Source
from reproduce.data.subwords import Subwords
from reproduce.data.vocabulary import Vocabulary
from reproduce.data.world import world
from reproduce.specs import Data, FilesData, WorldData

__all__ = ["Access", "Gold", "Source", "Subwords", "Vocabulary", "Words", "gold", "load", "source", "text", "words"]

Words = Vocabulary | Subwords

WORLD_VERSION = 1


@dataclass(frozen=True)
class Access:
    """What a job does not say: the user's folder of data files, and where tokenised data are kept."""

    data: Path | None = None
    cache: Path | None = None


def load(
    task: str,
    data: Data,
    language: str,
    split: str,
    *,
    words: Words | None = None,
    max_length: int = 512,
    access: Access = Access(),
) -> Dataset:
    """One task, language and split ("train", "dev" or "test"), in numbers of `words`.

    No sequence is longer than `max_length` tokens. Raises UsageError for what there is not, and what reading raises
    (`Source`).
    """
    if isinstance(data, WorldData):
        return worldtasks.make(task, world(data.seed), _vocabulary(data), language, split)
    from reproduce.data.encode import encode

    return encode(source(task, data, language, split, access), _subwords(words), max_length, access.cache)


def text(
    data: Data,
    language: str,
    *,
    words: Words | None = None,
    max_length: int = 512,
    access: Access = Access(),
) -> Dataset:
    """Plain sentences for pretraining; a line longer than `max_length` tokens becomes several. Raises as `load`."""
    if isinstance(data, WorldData):
        return worldtasks.make_text(world(data.seed), _vocabulary(data), language)
    return load("text", data, language, "train", words=words, max_length=max_length, access=access)


def gold(task: str, data: Data, language: str, split: str, *, access: Access = Access()) -> Gold:
    """Labels and checksum of what `load` gives, without a tokenizer. Raises as `load`."""
    if isinstance(data, WorldData):
        made = text(data, language) if task == "text" else load(task, data, language, split)
        return Gold(made.sha256, tuple((item.id, item.label) for item in made.items))
    from reproduce.data.rows import gold as read

    return read(source(task, data, language, split, access))


def source(task: str, data: Data, language: str, split: str, access: Access) -> Source:
    """The rows of a task that is read from files or from the hub. Raises UsageError where neither has it."""
    if isinstance(data, FilesData):
        if access.data is None:
            raise UsageError(f"the data of {task} come from files, and no folder was given", todo="give it with --data")
        from reproduce.data import files

        return files.source(task, access.data, language, split)
    if isinstance(data, WorldData):
        raise UsageError("the synthetic world is made, not read")
    from reproduce.data import hub

    return hub.source(task, data, language, split)


def words(data: Data, folder: Path | None = None) -> Words:
    """What numbers the words of the data: the world's vocabulary, else the tokenizer beside the encoder in `folder`.

    Raises MissingInputError where the folder has none, UnreadableInputError where it cannot be read.
    """
    if isinstance(data, WorldData):
        return _vocabulary(data)
    if folder is None:
        raise MissingInputError("no encoder, hence no tokenizer", todo="name an encoder or pretrain one")
    return Subwords.load(folder)


def _vocabulary(data: WorldData) -> Vocabulary:
    if data.version != WORLD_VERSION:
        raise UsageError(
            f"the synthetic world of version {data.version} cannot be made: this claimcheck makes {WORLD_VERSION}",
            todo="use the claimcheck that the runs were made with, or run anew",
        )
    return Vocabulary.of(world(data.seed).words)


def _subwords(words: Words | None) -> Subwords:
    if not isinstance(words, Subwords):
        raise UsageError("data that are read need the tokenizer of an encoder")
    return words
