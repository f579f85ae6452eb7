"""Plain text for pretraining: one file a language, xx.txt, one sentence a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce.data.files.layout import Reader, find, fingerprint, lines
from reproduce.data.rows import Line, Row, Source

__all__ = ["READERS", "languages", "text_file"]

_NAME = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


def languages(folder: Path) -> tuple[str, ...]:
    """The languages that `folder`, or text/ in it, has a file of, in alphabetic order.

    Raises MissingInputError where there is no such folder or no such file in it.
    """
    inner = folder / "text"
    place = inner if inner.is_dir() else folder
    todo = "name a folder that holds a file a language, such as en.txt, one sentence a line"
    if not place.is_dir():
        raise MissingInputError("there is no such folder", where=str(folder), todo=todo)
    found = sorted(path.stem for path in place.glob("*.txt") if path.is_file() and _NAME.fullmatch(path.stem))
    if not found:
        raise MissingInputError("no text in it", where=str(place), todo=todo)
    return tuple(found)


def text_file(folder: Path, language: str) -> Path:
    """The file of a language. Raises MissingInputError that names the languages there are."""
    try:
        return find(folder, (f"text/{language}.txt", f"{language}.txt"), f"no text in the language '{language}'")
    except MissingInputError as error:
        there = ", ".join(languages(folder))
        raise MissingInputError(error.what, where=error.where, todo=f"put the file there; it has {there}") from None


def _read(folder: Path, task: str, language: str, split: str) -> Source:
    if split != "train":
        raise UsageError(f"plain text has no {split} part", todo="read 'train'")
    path = text_file(folder, language)

    def rows() -> Iterator[Row]:
        empty = True
        for _, line in lines(path):
            if text := line.strip():
                empty = False
                yield Line(text)
        if empty:
            todo = "put one sentence a line into it, or leave the language out"
            raise UnreadableInputError("holds no text", where=str(path), todo=todo)

    return Source(task, language, split, rows, fingerprint(path))


READERS: dict[str, Reader] = {"text": _read}
