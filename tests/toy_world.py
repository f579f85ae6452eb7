"""Data so easy that an encoder of 32 units learns them in a few dozen steps, in the place of the real ones.

Each task hangs on single words: the class of a pair on its last words, a tag on its word, an answer on being the one
word of a kind, the right choice on the word that only it has, a translation on having one word more. Languages are
alike.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pytest

from reproduce import data
from reproduce.data.dataset import IGNORED, Dataset, Item, Ragged
from reproduce.specs import Data, Optimisation, PretrainJob, Size

WORDS = (
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    *(f"w{number}" for number in range(30)),
    *(f"a{n}" for n in range(6)),
    "<mask>",
)
_FIRST, _ANSWER, _END = 4, 34, 40  # words, answers, <mask>
_SIZES = {"train": 90, "dev": 30, "test": 24}
SIZE = Size(layers=2, hidden=32, heads=2, feed_forward=64, positions=32)


@dataclass(frozen=True)
class Vocabulary:
    """As the real one, as far as runners use it."""

    words: tuple[str, ...] = WORDS

    @property
    def size(self) -> int:
        """How many words, special ones included."""
        return len(self.words)


def use(patch: pytest.MonkeyPatch) -> None:
    """Let the runners read these data."""
    patch.setattr(data, "load", load, raising=False)
    patch.setattr(data, "text", text, raising=False)
    patch.setattr(data, "words", lambda asked, folder=None: Vocabulary(), raising=False)


def _sentences(random: np.random.Generator, count: int, short: int = 3, long: int = 7) -> list[list[int]]:
    return [random.integers(_FIRST, _ANSWER, size=random.integers(short, long + 1)).tolist() for _ in range(count)]


def text(asked: Data, language: str, **how: object) -> Dataset:
    """Plain sentences; a word is followed by its neighbour, so that there is something to learn."""
    random = np.random.default_rng(zlib.crc32(language.encode()))
    count = 60 if language == "en" else 30
    starts = random.integers(_FIRST, _ANSWER, size=count)
    rows = [[0, *((int(start) - _FIRST + np.arange(6)) % 30 + _FIRST).tolist(), 2] for start in starts]
    return Dataset("text", language, "train", Ragged.from_rows(rows))


def load(task: str, asked: Data, language: str, split: str, **how: object) -> Dataset:
    """As reproduce.data.load, for the tasks world-nli, world-tags, world-qa, world-choice and world-retrieval."""
    random = np.random.default_rng(zlib.crc32(f"{task} {language} {split}".encode()))
    count = _SIZES[split]
    first, second = _sentences(random, count), _sentences(random, count)
    names = [f"{split}-{number}" for number in range(count)]
    if task == "world-nli":
        labels = ("entailment", "neutral", "contradiction")
        classes = random.integers(3, size=count)
        rows = [[0, *a, 2, 2, *b, *[_ANSWER + int(c)] * 3, 2] for a, b, c in zip(first, second, classes, strict=True)]
        items = tuple(Item(name, labels[number]) for name, number in zip(names, classes, strict=True))
        return Dataset(task, language, split, Ragged.from_rows(rows), classes, items, labels=labels)
    if task == "world-tags":
        labels = ("O", "B-x", "I-x")
        tags = [[word % 3 for word in words] for words in first]
        items = tuple(Item(name, [labels[t] for t in row]) for name, row in zip(names, tags, strict=True))
        targets = Ragged.from_rows([IGNORED, *row, IGNORED] for row in tags)
        return Dataset(
            task, language, split, Ragged.from_rows([0, *a, 2] for a in first), targets, items, labels=labels
        )
    if task == "world-qa":
        rows, spans, asked_items = [], [], []
        for name, question, words in zip(names, first, second, strict=True):
            place, answer = int(random.integers(len(words) + 1)), int(random.integers(_ANSWER, _END))
            context = [*words[:place], answer, *words[place:]]
            start = len(question) + 3
            rows.append([0, *question, 2, 2, *context, 2])
            spans.append([start + place, start + place])
            content = {"words": [WORDS[word] for word in context], "start": start}
            asked_items.append(Item(name, [WORDS[answer]], content))
        return Dataset(task, language, split, Ragged.from_rows(rows), np.array(spans), tuple(asked_items))
    if task == "world-choice":
        right = random.integers(3, size=count)
        rows = []
        for number, words in enumerate(first):
            for choice in range(3):
                rows.append([0, *words, 2, 2, *([_ANSWER] if choice == right[number] else [_FIRST]), 2])
        items = tuple(Item(name, f"choice-{number}") for name, number in zip(names, right, strict=True))
        labels = ("choice-0", "choice-1", "choice-2")
        return Dataset(task, language, split, Ragged.from_rows(rows), right, items, 3, labels=labels)
    if task == "world-retrieval":
        order = random.permutation(count)
        pool = Ragged.from_rows([0, *first[row], *second[row][:1], 2] for row in order)
        ids = tuple(f"{language}-{row}" for row in order)
        items = tuple(Item(name, f"{language}-{row}") for row, name in enumerate(names))
        queries = Ragged.from_rows([0, *words, 2] for words in first)
        return Dataset(task, language, split, queries, None, items, pool=pool, pool_ids=ids)
    raise AssertionError(task)


def pretraining(**recipe: float) -> PretrainJob:
    """A pretraining of a few steps."""
    settings = {"learning_rate": 3e-3, "batch_size": 8, "max_steps": 10} | recipe
    return PretrainJob.model_validate(
        {
            "data": {"kind": "world"},
            "languages": ("en", "xa"),
            "size": SIZE,
            "optimisation": Optimisation.model_validate(settings),
            "seed": 0,
        }
    )
