"""Tokenised examples as flat arrays: what packing, training and evaluation read. numpy only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IGNORED", "Dataset", "Item", "Ragged"]

IGNORED = -100  # a token without a label, as in torch's cross entropy


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths in one flat array: row i is `flat[offsets[i] : offsets[i + 1]]`."""

    flat: NDArray[np.int32]
    offsets: NDArray[np.int64]  # [rows + 1], the first is 0

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[int] | NDArray[np.int32]]) -> Ragged:
        """Rows of integers, in order."""
        arrays = [np.asarray(row, dtype=np.int32) for row in rows]
        offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([len(a) for a in arrays], out=offsets[1:])
        return cls(np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int32), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.flat[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row."""
        return np.diff(self.offsets)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Ragged:
        """Some of the rows, in the order given."""
        return Ragged.from_rows(self[int(row)] for row in rows)


@dataclass(frozen=True)
class Item:
    """What is asked and what is right: becomes a row of predictions.jsonl once there is a prediction."""

    id: str  # unique within a task, language and split
    label: Any  # JSON: a class name; a list of tags; a list of accepted answers; the id of the translation
    context: Any = (
        None  # JSON: what turns model output into a prediction, where the tokens alone do not (QA: the words)
    )


@dataclass(frozen=True)
class Dataset:
    """One task, language and split. Sequences stand as the model takes them, <s> and </s> included.

    An example is `per_example` consecutive sequences (multiple choice: its choices), else one. `targets`:
    classification and multiple choice [examples]; spans [examples, 2] with token positions of start and end within the
    sequence; tagging a Ragged as long as the tokens, IGNORED where nothing is predicted; retrieval and text None.
    `items` is empty for plain text and for training data read from files or the hub, else one for each example, or,
    where an item has several sequences, `item_of` maps.

    Arrays may be memory maps of files: read them, never write. `offsets`, of spans in running text: for each token the
    first character and the one behind the last of it in the passage, -1 for tokens that are not of the passage, rows of
    2 * tokens numbers; the passage is the item's context. `nullable`: a question may have no answer. `source_sha256`:
    of the rows before they became tokens, where they are read; it stands for the content in place of the arrays.
    """

    task: str
    language: str
    split: str
    tokens: Ragged
    targets: NDArray[np.int64] | Ragged | None = None
    items: tuple[Item, ...] = ()
    per_example: int = 1
    item_of: NDArray[np.int64] | None = None
    pool: Ragged | None = None  # retrieval: the sentences searched
    pool_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # names of the classes or tags, by number
    offsets: Ragged | None = None
    nullable: bool = False
    source_sha256: str = ""
    _digest: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.tokens) // self.per_example

    @property
    def sha256(self) -> str:
        """Of everything that training or evaluation sees; of what is read, whatever the tokenizer makes of it."""
        if self.source_sha256:
            return self.source_sha256
        if not self._digest:
            digest = hashlib.sha256()
            digest.update(json.dumps([self.task, self.language, self.split, self.per_example, self.labels]).encode())
            for ragged in (self.tokens, self.pool, self.targets if isinstance(self.targets, Ragged) else None):
                if ragged is not None:
                    digest.update(np.ascontiguousarray(ragged.flat, dtype="<i4").tobytes())
                    digest.update(np.ascontiguousarray(ragged.offsets, dtype="<i8").tobytes())
            for array in (self.targets, self.item_of):
                if isinstance(array, np.ndarray):
                    digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
            rows = [[item.id, item.label, item.context] for item in self.items]
            digest.update(json.dumps([rows, self.pool_ids], ensure_ascii=False, sort_keys=True).encode())
            self._digest.append(digest.hexdigest())
        return self._digest[0]
