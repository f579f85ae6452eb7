"""Whether a job file shows a claimed number to the worker that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

__all__ = ["claimed_in"]

Path = tuple[str, ...]

_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\d|\.\d)")
_HASH = re.compile(r"(\.\./)?[0-9a-f]{16}|[0-9a-f]{40}|[0-9a-f]{64}")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")
_VERSION = re.compile(r"(?:\b|_|-)(?:[vV]|python)$")  # what stands before the number in squad_v1.1, python3.11
_SECONDS = ("checkpoint_seconds", "progress_seconds")
_FOLDERS = ("data", "encoder", "cache")
_SCHEMA = "claimcheck/job/v1"


def claimed_in(content: Mapping[str, Any], planned: Mapping[str, Any], claimed: Iterable[str]) -> str | None:
    """One of the claimed numbers and where the content of a job.json shows it; None where it shows none.

    `planned` is the job as the plan has it, `claimed` holds the numbers as printed. A typed field of the job that is as
    planned (a learning rate, a batch size, a task, a language, a key) is a setting, even where it equals a claimed
    number: a job has no field whose value could be a message. Likewise whole numbers of the runtime. All else is
    searched: free text (a command's arguments, the name and revision of an encoder), what no job has, and the names of
    fields. There a whole number counts where it stands alone; one with decimals counts inside a word too and, but for
    the runtime's seconds, as a share of 1 (8.7 as 0.087), but not as a version (`v1.1`). A claimed 0 is no message, and
    where the user's folders lie is none: they are called what they are called ("runs7") whatever is claimed.
    """
    claimed = tuple(claimed)
    everywhere, printed = _forms(claimed, True), _forms(claimed, False)
    known = dict(_leaves(planned, ("job",)))
    for path, leaf in _leaves(content, ()):
        settled = path in known and known[path] == leaf and not _is_free(path)
        if leaf is None or isinstance(leaf, bool) or settled or _is_runtime(path, leaf):
            continue
        text = leaf if isinstance(leaf, str) else format(Decimal(repr(leaf)), "f")
        if text == _SCHEMA or _HASH.fullmatch(text):
            continue
        wanted = printed if path[:-1] == ("runtime",) and path[-1] in _SECONDS else everywhere
        for number, alone in _numbers(text):
            if number in wanted and (alone or not wanted[number]):
                place = ".".join(part for part in path if part)
                return f"{number:f} in {place or 'a field of its own'}"
    return None


@lru_cache(maxsize=64)
def _forms(claimed: tuple[str, ...], with_shares: bool) -> dict[Decimal, bool]:
    """The values that are looked for, without sign, and whether each was printed as a whole number."""
    forms: dict[Decimal, bool] = {}
    for value in (abs(Decimal(text)) for text in claimed):
        whole = value.as_tuple().exponent == 0
        if value:
            forms[value] = whole and forms.get(value, True)
        if value and not whole and with_shares:
            forms[value / 100] = False
    return forms


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, and every name of a field, whose path ends in ""."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*path, ""), name
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(place)))
    else:
        yield path, value


def _is_free(path: Path) -> bool:
    return path[:3] == ("job", "command", "argv") or path[-1] in ("name", "revision")


def _is_runtime(path: Path, leaf: Any) -> bool:
    if path in {("runtime", name) for name in _FOLDERS}:
        return True
    if path == ("runtime", "device"):
        return isinstance(leaf, str) and _DEVICE.fullmatch(leaf) is not None
    return (
        path in {("runtime", name) for name in ("threads", *_SECONDS)}
        and isinstance(leaf, int | float)
        and leaf == int(leaf)
    )


def _numbers(text: str) -> Iterator[tuple[Decimal, bool]]:
    """The numbers of a text, but for versions, each with whether it stands alone."""
    for found in _NUMBER.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if not _VERSION.search(before):
            yield Decimal(found.group()), not re.search(r"\w$", before) and not re.match(r"\w", after)
