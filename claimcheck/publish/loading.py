"""Reads a ledger file: what is none, is damaged, or comes from a newer claimcheck is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from claimcheck.foundation.records import LEDGER_SCHEMA, Ledger

__all__ = ["LEDGER_FILE", "ledger_file", "load_ledger"]

LEDGER_FILE = "ledger.json"
_LARGEST = 200 << 20  # bytes of a ledger file
_MAKE_ONE = "make one with: claimcheck table PAPER --out DIR"
_MAKE_ANEW = "make it anew with: claimcheck table PAPER --out DIR"
# only what stands first in the file, where claimcheck writes it: no search through megabytes of someone's text
_SCHEMA = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"schema"\s*:\s*"([^"\\]{1,100})"')
_VERSION = re.compile(r"claimcheck/ledger/v(\d{1,6})")


def ledger_file(path: Path) -> Path:
    """The ledger.json in a folder, or the file that was named."""
    try:
        return path / LEDGER_FILE if path.is_dir() else path
    except (OSError, ValueError):  # too long a name, a NUL in it: reading it says so
        return path


def load_ledger(path: Path) -> Ledger:
    """The ledger in a file, or in the ledger.json of a folder.

    Fields that came later have defaults, so that older ledgers load as they are. Raises MissingInputError where there
    is no such file, UnreadableInputError where it is too large, cannot be read, is no ledger, or is of another version.
    """
    file = ledger_file(path)
    data = _read(file)
    try:
        return Ledger.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise _refusal(error, data, file) from None
    except RecursionError:
        raise UnreadableInputError("is nested too deeply for a ledger", where=str(file), todo=_MAKE_ANEW) from None


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST:
            todo = "give the ledger.json of one paper"
            raise UnreadableInputError(f"is larger than {_LARGEST >> 20} MB", where=str(file), todo=todo)
        if not file.is_file():
            raise UnreadableInputError("is no file", where=str(file), todo=_MAKE_ONE)
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInputError("there is no such ledger", where=str(file), todo=_MAKE_ONE) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        todo = "check the file and its permissions"
        raise UnreadableInputError(f"cannot be read ({reason})", where=str(file), todo=todo) from None


def _refusal(error: ValidationError, data: bytes, file: Path) -> UnreadableInputError:
    found = error.errors(include_url=False, include_input=False)
    named = _SCHEMA.match(data)
    schema = named[1].decode("utf-8", "replace") if named else ""
    if schema and schema != LEDGER_SCHEMA:
        return _other_schema(schema, file)
    loc = found[0]["loc"]
    place = ".".join(map(str, loc[:8])) or "the file"
    message = str(found[0]["msg"]).removeprefix("Value error, ")
    if found[0]["type"] == "json_invalid":
        return UnreadableInputError(f"is no JSON: {message}"[:300], where=str(file), todo=_MAKE_ANEW)
    if loc == ("schema",):  # it stands elsewhere than first, as other programs write it
        return _other_schema("", file)
    return UnreadableInputError(f"is no ledger: {place[:200]}: {message}"[:400], where=str(file), todo=_MAKE_ANEW)


def _other_schema(schema: str, file: Path) -> UnreadableInputError:
    version, own = _VERSION.fullmatch(schema), _VERSION.fullmatch(LEDGER_SCHEMA)
    if version and own and int(version[1]) > int(own[1]):
        what = f"{schema}: made by a newer claimcheck; this one reads {LEDGER_SCHEMA}"
        return UnreadableInputError(what, where=str(file), todo="update claimcheck")
    if version:
        what = f"{schema}: made by an older claimcheck; this one reads {LEDGER_SCHEMA}"
        return UnreadableInputError(what, where=str(file), todo=_MAKE_ANEW)
    named = f"{schema} is another format" if schema else "names another format"
    return UnreadableInputError(f"is no ledger: {named} than {LEDGER_SCHEMA}", where=str(file), todo=_MAKE_ONE)
