"""What a data set says before it becomes tokens: rows of text with their labels, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Choice", "Gold", "Line", "Pair", "Question", "Row", "Sentence", "Source", "Tagged", "gold"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Classification of one text or two; `label` is one of the source's labels."""

    id: str
    first: str
    second: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence as words, a tag each."""

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a passage; answers are parts of it, `starts` the places of their first characters.

    No answers: the question cannot be answered. A start is -1 where the file's offset is wrong and the answer does not
    stand in the passage: it can be scored, not trained on.
    """

    id: str
    question: str
    passage: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Several pairs of texts, of which the one numbered `label` is right."""

    id: str
    pairs: tuple[tuple[str, str], ...]
    label: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence for retrieval; `gold` is the id of its translation in the pool, None where it has none."""

    id: str
    text: str
    gold: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of plain text."""

    text: str


Row = Pair | Tagged | Question | Choice | Sentence | Line


@dataclass(frozen=True)
class Source:
    """One task, language and split as it is read: `rows` and `pool` begin anew at every call and may be read often.

    `fingerprint` changes when the bytes that it is read from do: tokens are kept under it. Reading raises InputError
    (UnreadableInputError, MissingInputError) that names file, row and remedy; ServiceError for the hub.
    """

    task: str
    language: str
    split: str
    rows: Callable[[], Iterator[Row]]
    fingerprint: str
    labels: tuple[str, ...] = ()
    pool: Callable[[], Iterator[Sentence]] | None = None
    nullable: bool = False

    def __iter__(self) -> Iterator[Row]:
        return self.rows()


@dataclass(frozen=True)
class Gold:
    """What a data set asks and what is right, without any tokens: (id, label) in order, and its checksum."""

    sha256: str
    labels: tuple[tuple[str, Any], ...]


class Digest:
    """The checksum of a source, fed row by row; the pool after the rows."""

    def __init__(self, source: Source) -> None:
        head = [source.task, source.language, source.split, source.labels, source.nullable]
        self._sha = hashlib.sha256(json.dumps(head, ensure_ascii=False).encode())

    def add(self, row: Row) -> None:
        """One more row."""
        self._sha.update(
            json.dumps([getattr(row, name) for name in row.__slots__], ensure_ascii=False).encode(
                "utf-8", "surrogatepass"
            )
        )

    def hexdigest(self) -> str:
        """64 hex digits."""
        return self._sha.hexdigest()


def label_of(row: Row) -> Any:
    """The label of a row as predictions.jsonl holds it."""
    if isinstance(row, Tagged):
        return list(row.tags)
    if isinstance(row, Question):
        return list(row.answers)
    if isinstance(row, Choice):
        return str(row.label)
    if isinstance(row, Pair):
        return row.label
    return row.gold if isinstance(row, Sentence) else None


def gold(source: Source) -> Gold:
    """The labels and the checksum of a source. Raises what reading it raises."""
    digest, labels = Digest(source), []
    for row in source:
        digest.add(row)
        if not isinstance(row, Line):
            labels.append((row.id, label_of(row)))
    for sentence in source.pool() if source.pool is not None else ():
        digest.add(sentence)
    return Gold(digest.hexdigest(), tuple(labels))
