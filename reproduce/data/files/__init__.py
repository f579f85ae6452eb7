"""Readers of the official files of each task, in a folder laid out as XTREME's download script leaves it."""

from __future__ import annotations

from pathlib import Path

from claimcheck.foundation.errors import MissingInputError, UsageError
from reproduce.data.files import bitext, choices, pairs, plain, questions, tagging
from reproduce.data.files.layout import Reader
from reproduce.data.rows import Source
from reproduce.tasks import near

__all__ = ["source"]


def source(task: str, folder: Path, language: str, split: str) -> Source:
    """The rows of one task, language and split ("train", "dev", "test"; of the task "text": "train").

    Files are found at once, their content is read when the rows are asked for. Raises UsageError for a task without a
    reader, MissingInputError where the folder or a file of it is not there.
    """
    readers: dict[str, Reader] = {}
    for family in (pairs, tagging, questions, choices, bitext, plain):
        readers |= family.READERS
    if task not in readers:
        raise UsageError(f"no reader for files of the task '{task}'", todo=near(task, readers))
    if not folder.is_dir():
        raise MissingInputError("there is no such folder", where=str(folder), todo="name the data folder with --data")
    return readers[task](folder, task, language, split)
