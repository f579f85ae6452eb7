"""Where a file lies in a data folder, what changes when its bytes do, and its lines with their numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.data.rows import Source

__all__ = ["Reader", "bad_row", "file_json", "find", "fingerprint", "lines"]

# (folder, task, language, split)
Reader = Callable[[Path, str, str, str], Source]

_BLOCK = 1 << 20


def find(folder: Path, names: Sequence[str], what: str, todo: str = "") -> Path:
    """The first of the relative names that is a file. Raises MissingInputError that names where it was looked for."""
    for name in names:
        path = folder / name
        if path.is_file():
            return path
    listed = " or ".join(names[:3]) + (" or ..." if len(names) > 3 else "")
    raise MissingInputError(f"{what}: there is no {listed}", where=str(folder), todo=todo or "put the file there")


def fingerprint(*paths: Path) -> str:
    """A sha256 of the files' bytes, in order. Raises UnreadableInputError."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(path)) from None
        digest.update(b"\0")
    return digest.hexdigest()


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a UTF-8 file; only \\n and \\r\\n end a line.

    Raises UnreadableInputError with the number of the line that is no UTF-8, and for a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    todo = "save the file as UTF-8"
                    raise UnreadableInputError("is not UTF-8", where=f"{path}, line {number}", todo=todo) from None
                yield number, text.removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(path)) from None


def file_json(path: Path) -> Any:
    """The content of a JSON file. Raises UnreadableInputError that names the line where it ends or breaks."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(path)) from None
    except UnicodeDecodeError as error:
        todo = "save the file as UTF-8"
        raise UnreadableInputError("is not UTF-8", where=f"{path}, byte {error.start}", todo=todo) from None
    except json.JSONDecodeError as error:
        todo = "fetch the file again: it may be cut off"
        where = f"{path}, line {error.lineno}"
        raise UnreadableInputError(f"is no JSON ({error.msg})", where=where, todo=todo) from None
    except (RecursionError, ValueError) as error:  # a ValueError: an integer of thousands of digits
        what = "is nested too deeply" if isinstance(error, RecursionError) else f"is no JSON ({error})"
        raise UnreadableInputError(what, where=str(path)) from None


def bad_row(path: Path, row: int | str, what: str, todo: str = "") -> InputError:
    """The error for a row that cannot be used; `row`: a line number or a place within a JSON file."""
    place = f"line {row}" if isinstance(row, int) else row
    return InputError(what, where=f"{path}, {place}", todo=todo)
