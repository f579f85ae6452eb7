"""Fields of JSON, checked: what is missing or of the wrong kind is named with its file and place; and unique ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import InputError, UnreadableInputError
from reproduce.data.files.layout import bad_row, file_json, lines

__all__ = ["Ids", "Record", "document", "json_lines"]

# JSON can spell half of a pair ("\ud83d"), which no tokenizer and no UTF-8 file takes
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object and where it stands: `place` is a line number, or a path such as data[3].paragraphs[2].

    Every method raises InputError that names file and place.
    """

    path: Path
    place: int | str
    content: dict[str, Any]

    @classmethod
    def of(cls, path: Path, place: int | str, content: Any) -> Record:
        """Raises InputError unless the content is an object."""
        if not isinstance(content, dict):
            raise bad_row(path, place, f"should be an object, is {_kind(content)}")
        return cls(path, place, content)

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def get(self, key: str) -> Any:
        """The value as it is, None where there is none."""
        return self.content.get(key)

    def bad(self, what: str, todo: str = "") -> InputError:
        """The error for this record."""
        return bad_row(self.path, self.place, what, todo)

    def text(self, key: str) -> str:
        """A string, which may be empty."""
        value = self._value(key)
        if not isinstance(value, str):
            raise self.bad(f"'{key}' should be a string, is {_kind(value)}")
        return self._checked(key, value)

    def texts(self, key: str, size: int) -> list[str]:
        """A list of so many strings."""
        values = self._value(key)
        if not isinstance(values, list) or len(values) != size or not all(isinstance(value, str) for value in values):
            raise self.bad(f"'{key}' should be a list of {size} strings")
        return [self._checked(key, value) for value in values]

    def number(self, key: str) -> int:
        """An integer."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.bad(f"'{key}' should be an integer, is {_kind(value)}")
        return value

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.bad(f"'{key}' should be true or false, is {_kind(value)}")
        return value

    def inner(self, key: str) -> Record:
        """An object within."""
        return Record.of(self.path, self._within(key), self._value(key))

    def records(self, key: str) -> Iterator[Record]:
        """The objects of a list."""
        values = self._value(key)
        if not isinstance(values, list):
            raise self.bad(f"'{key}' should be a list, is {_kind(values)}")
        within = self._within(key)
        for number, value in enumerate(values):
            yield Record.of(self.path, f"{within}[{number}]", value)

    def _value(self, key: str) -> Any:
        if key not in self.content:
            raise self.bad(f"there is no '{key}'")
        return self.content[key]

    def _checked(self, key: str, value: str) -> str:
        if not value.isascii() and _SURROGATE.search(value):
            raise self.bad(f"'{key}' holds half of a surrogate pair", "save the file as UTF-8")
        return value

    def _within(self, key: str) -> str:
        if isinstance(self.place, int):
            return f"line {self.place}, {key}"
        return f"{self.place}.{key}" if self.place else key


def document(path: Path) -> Record:
    """The object that a JSON file holds. Raises UnreadableInputError where it holds none."""
    try:
        content = file_json(path)
    except ValueError as error:  # a number of more digits than Python reads
        raise UnreadableInputError(f"is no JSON that can be read ({error})", where=str(path)) from None
    if not isinstance(content, dict):
        raise UnreadableInputError(f"should hold an object, holds {_kind(content)}", where=str(path))
    return Record(path, "", content)


def json_lines(path: Path) -> Iterator[Record]:
    """The object on each line that is not blank; the place is the line's number. Raises InputError as `document`."""
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except RecursionError:
            raise UnreadableInputError("is nested too deeply", where=f"{path}, line {number}") from None
        except ValueError as error:
            what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            todo = "fetch the file again: it may be cut off"
            raise UnreadableInputError(f"is no JSON ({what})", where=f"{path}, line {number}", todo=todo) from None
        yield Record.of(path, number, content)


class Ids:
    """Gives each row an id of its own: the second "7" of a file becomes "7#2", whatever stands around it.

    Refusing would turn away files in wide use: XTREME's script leaves of TyDiQA's ids the part behind the last hyphen,
    which 3,696 English questions share with one another (89 different ones).
    """

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._given: set[str] = set()

    def unique(self, id: str) -> str:
        """The id, with its count where it was given before."""
        own = id
        while own in self._given:
            count = self._next.get(id, 1) + 1
            self._next[id] = count
            own = f"{id}#{count}"
        self._given.add(own)
        return own


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
