"""The names of tasks, datasets and metrics with the spellings that papers use, and where they occur in a text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.words import plain

FILE_NAME = "taxonomy.toml"
_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|[@%#]|∆")


@dataclass(frozen=True)
class Metric:
    """A metric. `base`: the plainer metric that a header prints in its place; a `companion` is not maximised."""

    name: str
    aliases: tuple[str, ...] = ()
    lower: bool = False
    base: str = ""
    companion: bool = False


@dataclass(frozen=True)
class Dataset:
    """A dataset as one task uses it. `metrics` has the usual one first; `rename` maps a metric to its name there."""

    name: str
    task: str
    metrics: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict, hash=False)
    pair: tuple[str, ...] = ()
    part: bool = False
    context: tuple[str, ...] = ()

    def label(self, metric: str) -> str:
        """What a metric is called on this dataset."""
        return self.rename.get(metric, metric)


@dataclass(frozen=True)
class Task:
    """A task."""

    name: str
    aliases: tuple[str, ...] = ()


Entry = TypeVar("Entry", Metric, Dataset, Task)


@dataclass(frozen=True)
class Mention(Generic[Entry]):
    """A place in a text that names something: everything that it may name, and its characters."""

    entries: tuple[Entry, ...]
    start: int
    end: int


class Names(Generic[Entry]):
    """The spellings of one sort of entry, searched longest first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: tuple[Entry, ...] = tuple(entries)
        spelled: dict[tuple[str, ...], list[tuple[str, Entry]]] = {}
        entry: Entry
        for entry in self.entries:
            # a name that is listed with its case ("=AS") is not found in another ("as")
            hidden = f"={entry.name}" in entry.aliases or getattr(entry, "part", False)
            loose: tuple[str, ...] = () if hidden else (entry.name,)
            for alias in dict.fromkeys((*loose, *entry.aliases)):
                exact = alias.removeprefix("=") if alias.startswith("=") else ""
                spelled.setdefault(tuple(w for w, _, _ in words(exact or alias)), []).append((exact, entry))
        spelled.pop((), None)
        self._spelled: dict[tuple[str, ...], list[tuple[str, Entry]]] = spelled
        self._longest = max(map(len, spelled), default=0)
        # the same headers and captions are asked for each cell of a table
        self._find_kept: Callable[[str, bool], tuple[Mention[Entry], ...]] = lru_cache(maxsize=2048)(self._find)

    def find(self, text: str, letters: bool = False) -> tuple[Mention[Entry], ...]:
        """Where a text names entries, in order, without overlap. Single letters count only with `letters` (headers)."""
        return self._find_kept(text, letters)

    def _find(self, text: str, letters: bool) -> tuple[Mention[Entry], ...]:
        found: list[Mention[Entry]] = []
        listed = words(text)
        i = 0
        while i < len(listed):
            for n in range(min(self._longest, len(listed) - i), 0, -1):
                at = listed[i : i + n]
                candidates = self._spelled.get(tuple(w for w, _, _ in at))
                if candidates is None:
                    continue
                start, end = at[0][1], at[-1][2]
                printed = text[start:end]
                entries = tuple(e for exact, e in candidates if not exact or exact == printed)
                if entries and (letters or len(printed) > 1):
                    found.append(Mention(tuple(dict.fromkeys(entries)), start, end))
                    i += n - 1
                    break
            i += 1
        return tuple(found)


def words(text: str) -> list[tuple[str, int, int]]:
    """(word, start, end): lower case, letters and digits apart: "CoNLL-2003" and "CoNLL2003" are one spelling."""
    return [(plain(m[0]).lower(), m.start(), m.end()) for m in _WORD.finditer(text)]


@dataclass(frozen=True)
class Taxonomy:
    """All names."""

    tasks: Names[Task]
    datasets: Names[Dataset]
    metrics: Names[Metric]

    def metric(self, name: str) -> Metric:
        """The metric of that name; one that is not listed is taken as more-is-better."""
        return next((m for m in self.metrics.entries if m.name == name), Metric(name))

    def usual(self, task: str) -> tuple[Dataset, ...]:
        """The datasets of a task."""
        return tuple(d for d in self.datasets.entries if d.task == task)


def load_taxonomy(folder: Path | None = None) -> Taxonomy:
    """The shipped names and, before them, those of `folder`/taxonomy.toml where there is one.

    Raises UsageError where that file is no taxonomy.
    """
    own = folder / FILE_NAME if folder is not None else None
    stamp = own.stat().st_mtime_ns if own is not None and own.is_file() else 0
    return _load(own if stamp else None, stamp)


@lru_cache(maxsize=4)
def _load(own: Path | None, stamp: int) -> Taxonomy:
    shipped = tomllib.loads(files(__package__).joinpath(FILE_NAME).read_text("utf-8"))
    more: dict[str, Any] = {}
    if own is not None:
        try:
            more = tomllib.loads(own.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot read the taxonomy: {error}", where=str(own), todo="correct the file or remove it"
            ) from None
    try:
        return Taxonomy(
            Names(_entries(Task, (more.get("task", []), shipped["task"]))),
            Names(_entries(Dataset, (more.get("dataset", []), shipped["dataset"]))),
            Names(_entries(Metric, (more.get("metric", []), shipped["metric"]))),
        )
    except (TypeError, AttributeError) as error:
        todo = "each task, dataset and metric is a table with a name, as in the shipped taxonomy.toml"
        raise UsageError(f"not a taxonomy: {error}", where=str(own), todo=todo) from None


def _entries(kind: Callable[..., Entry], lists: Sequence[Sequence[Mapping[str, Any]]]) -> list[Entry]:
    made = []
    for listed in lists:
        for row in listed:
            made.append(kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}))
    return made
