"""A predictions file as the gate wants it: read in pieces, each item once, with the labels that the data have."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import UnreadableInputError
from reproduce.data.sampling import some_items
from reproduce.specs import CommandJob, EvaluateJob
from reproduce.tasks.metrics import Row, read_rows
from reproduce.verdicts.gold import GoldPart
from reproduce.verdicts.scored import canonical

__all__ = ["Mismatch", "check_labels", "read"]

_BLOCK = 1 << 22  # bytes parsed at a time: the text of 400,000 tagged sentences is larger than their rows
_LARGE = 1 << 26  # bytes of a file from which on memory matters more than time
_NAME = "predictions.jsonl"


class Mismatch(Exception):  # noqa: N818 - the gate's answer, no error
    """The rows are not those that the job asks for; `code` is one of the gate's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def read(path: Path) -> list[Row]:
    """The rows of a predictions file: id, language, label, prediction and, where there is one, score.

    Of a large file equal words are kept once: 400,000 tagged sentences then take a few hundred MB. Raises OSError, and
    UnreadableInputError for what is no row and for an item that stands twice.
    """
    rows: list[Row] = []
    seen: dict[str, set[str]] = {}
    begin, large = 1, path.stat().st_size > _LARGE
    with path.open("rb") as file:
        while lines := file.readlines(_BLOCK):
            block = b"".join(lines)
            where = _NAME if begin == 1 else f"{_NAME} from line {begin}"
            begin += len(lines)
            if not block.strip():
                continue
            for row in read_rows(block, where):
                names = seen.setdefault(row["language"], set())
                if row["id"] in names:
                    what = f"the id '{row['id']}' stands twice in language '{row['language']}'"
                    raise UnreadableInputError(what, where=where)
                names.add(row["id"])
                rows.append(_compact(row) if large else row)
    if not rows:
        raise UnreadableInputError("there are no rows", where=_NAME)
    return rows


def check_labels(
    job: EvaluateJob | CommandJob, rows: Sequence[Row], items: Mapping[str, int], gold: Mapping[str, GoldPart]
) -> None:
    """Each item of each language once, with the label that it has in the data. Raises Mismatch.

    items: how many the run says it used, by language; gold: the labels of the languages whose data can be had.
    """
    labels: dict[str, dict[str, Any]] = {}
    for row in rows:
        labels.setdefault(row["language"], {})[row["id"]] = row["label"]
    if set(labels) != set(job.languages):
        raise Mismatch("row_count", f"the languages are {', '.join(sorted(labels))}")
    if not isinstance(job, EvaluateJob):
        return
    for language, count in items.items():
        # an item of several sequences counts once in the rows, each sequence counts in the record
        if len(labels[language]) > count:
            raise Mismatch("row_count", f"{len(labels[language])} rows of {count} items")
    for language, part in gold.items():
        found = labels[language]
        right: Mapping[str, Any] = part.labels
        if job.items is not None:
            names = list(part.labels)
            right = {names[number]: part.labels[names[number]] for number in some_items(names, job.items)}
        if found.keys() != right.keys():
            raise Mismatch("row_count", f"the items in {language} are not those of the data")
        for name, label in found.items():
            if not _same(label, right[name]):
                raise Mismatch("labels_edited", f"item '{name}' ({language})")


def _compact(row: Row) -> Row:
    kept = {
        "id": row["id"],
        "language": sys.intern(row["language"]),
        "label": _once(row["label"]),
        "prediction": _once(row["prediction"]),
    }
    return {**kept, "score": row["score"]} if "score" in row else kept


def _once(value: Any) -> Any:
    """The value, with each of its words kept once in memory."""
    try:
        return sys.intern(value) if isinstance(value, str) else list(map(sys.intern, value))
    except TypeError:  # a number, null, or a list of other things
        return value


def _same(label: Any, right: Any) -> bool:
    """Whether a label is the data's: words as they are, all else as JSON: 1 is not true."""
    if isinstance(right, str) or right is None:
        return bool(label == right)
    if isinstance(right, tuple) and isinstance(label, list):
        return tuple(label) == right
    return canonical(label) == canonical(right)
