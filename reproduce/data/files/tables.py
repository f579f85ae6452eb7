"""Files of labelled texts, row by row: tables with tabs, JSON lines, files whose lines belong together."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.data.files.fields import json_lines
from reproduce.data.files.layout import bad_row, lines

__all__ = [
    "Choice",
    "Columns",
    "Form",
    "JsonLines",
    "Parallel",
    "Part",
    "Raw",
    "Table",
    "Width",
    "locate",
    "one_of",
    "report",
    "withheld",
]

_CUT = "fetch the file again: it may be cut off"
_MARK = "{language}"
_LOG = logging.getLogger(__name__)


class Raw(NamedTuple):
    """A row as it stands in a file: number of its line, its texts, its label (None: the file has no labels)."""

    line: int
    texts: tuple[str, ...]
    label: str | None


class Form(Protocol):
    """How files hold rows."""

    def read(self, paths: Sequence[Path], language: str) -> Iterator[Raw]:
        """The rows in order. Raises InputError (UnreadableInputError) that names file and line."""
        ...


@dataclass(frozen=True)
class Columns:
    """Columns by the names in the first line; a file without the label's column has no labels."""

    texts: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Width:
    """Columns by number, in a file without a line of names."""

    texts: tuple[int, ...]
    label: int | None


@dataclass(frozen=True)
class Table:
    """Tab-separated; quotation marks are text, as GLUE, XNLI and PAWS-X mean them.

    `named`: columns that a first line may name. `bare`: by the number of columns, where the columns lie when no line
    names them. `unquote`: undo what Python's csv.writer does to a field with quotation marks; XTREME's script
    (utils_preprocess.py) writes its files with it and reads them without, so that its models see the doubled marks.
    `broken`: of so many lines one may have another number of columns; such lines are left out and reported. `by`: the
    column that names a row's language, in files of several languages.
    """

    named: tuple[Columns, ...] = ()
    bare: Mapping[int, Width] | None = None
    unquote: bool = False
    broken: int = 0
    by: str = ""

    def read(self, paths: Sequence[Path], language: str) -> Iterator[Raw]:
        """See `Form`."""
        (path,) = paths
        numbered = lines(path)
        first = next(numbered, None)
        if first is None:
            raise UnreadableInputError("is empty", where=str(path), todo=_CUT)
        names = [name.strip().lower() for name in first[1].split("\t")]
        # the one that finds its label goes before one that does not
        fitting = [columns for columns in self.named if set(columns.texts) <= set(names)]
        fitting.sort(key=lambda columns: columns.label not in names)
        if fitting:
            place = Width(
                tuple(names.index(name) for name in fitting[0].texts),
                names.index(fitting[0].label) if fitting[0].label in names else None,
            )
        elif self.bare and len(names) in self.bare:
            place, numbered = self.bare[len(names)], itertools.chain([first], numbered)
        else:
            raise bad_row(path, first[0], f"has {len(names)} columns", self._wanted(len(names)))
        by = None
        if self.by:
            if self.by not in names:
                raise bad_row(path, first[0], f"names no column '{self.by}'", "take the official file")
            by = names.index(self.by)
        yield from self._rows(path, numbered, len(names), place, by, language)

    def _wanted(self, width: int) -> str:
        ways = [f"{', '.join([*columns.texts, columns.label])} in the first line" for columns in self.named]
        ways += [f"{n} columns without names" for n in self.bare or ()]
        return ("expected: " if width > 1 else "tabs divide them; expected: ") + " or ".join(ways)

    def _rows(
        self,
        path: Path,
        numbered: Iterator[tuple[int, str]],
        width: int,
        place: Width,
        by: int | None,
        language: str,
    ) -> Iterator[Raw]:
        rows, blank, number = 0, 0, 0
        broken, languages = list[int](), set[str]()
        for number, line in numbered:
            fields = line.split("\t")
            empty = not line.strip()
            if blank and not empty and not self.broken:
                raise bad_row(path, blank, "is empty, between two rows", "delete the line, or fetch the file again")
            if empty and len(fields) != width:
                blank = blank or number
                continue
            if len(fields) != width:
                if not self.broken:
                    todo = _CUT if len(fields) < width else "is there a tab within a text?"
                    raise bad_row(path, number, f"has {len(fields)} columns instead of {width}", todo)
                broken.append(number)
                continue
            rows += 1
            if by is not None:
                languages.add(fields[by].strip())
                if fields[by].strip() != language:
                    continue
            texts = tuple(self._text(fields[i]) for i in place.texts)
            yield Raw(number, texts, None if place.label is None else fields[place.label].strip())
        if broken and (len(broken) * self.broken > rows or broken[-1] == number):
            what = f"has another number of columns than {width}, as {len(broken)} of {rows + len(broken)} lines have"
            raise bad_row(path, broken[-1], what, _CUT)
        report(path, "have another number of columns and are left out", broken)
        if not rows:
            raise UnreadableInputError("holds no rows", where=str(path), todo=_CUT)
        if by is not None and language not in languages:
            there = ", ".join(sorted(languages)[:60])
            raise MissingInputError(f"holds no rows in '{language}'", where=str(path), todo=f"it has {there}")

    def _text(self, text: str) -> str:
        if self.unquote and text[:1] == '"' == text[-1:]:
            inner = text[1:-1]
            # only a text with quotation marks is put between others, and all of its own are doubled
            if '""' in inner and '"' not in inner.replace('""', ""):
                text = inner.replace('""', '"')
        return text.strip()


@dataclass(frozen=True)
class JsonLines:
    """An object a line; a file without the label's key has no labels."""

    texts: tuple[str, ...]
    label: str

    def read(self, paths: Sequence[Path], language: str) -> Iterator[Raw]:
        """See `Form`."""
        (path,) = paths
        for row in json_lines(path):
            texts = tuple(row.text(key).strip() for key in self.texts)
            yield Raw(int(row.place), texts, row.text(self.label).strip() if self.label in row else None)


@dataclass(frozen=True)
class Parallel:
    """A text a line in each file, the label in the last one."""

    def read(self, paths: Sequence[Path], language: str) -> Iterator[Raw]:
        """See `Form`."""
        for number, row in enumerate(itertools.zip_longest(*map(lines, paths)), start=1):
            for path, line in zip(paths, row, strict=True):
                if line is None:
                    raise bad_row(path, number, "is missing, the file is shorter than those it belongs to", _CUT)
            *texts, label = (line[1].strip() for line in row)
            yield Raw(number, tuple(texts), label)


F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)


@dataclass(frozen=True)
class Choice(Generic[F_co]):
    """Files that a part can be read from: names relative to the data folder, {language} in them."""

    form: F_co
    names: tuple[str, ...]

    def paths(self, folder: Path, language: str) -> tuple[Path, ...]:
        """Where they would lie."""
        return tuple(folder / name.replace(_MARK, language) for name in self.names)


@dataclass(frozen=True)
class Part:
    """What one set of files adds to a task: rows whose ids begin with `prefix`.

    `labels`: names of classes that the files write in another way. `numbered`: they write 0, 1, ... for the classes in
    the task's order. `unlabelled`: a label that means there is none (NLI's "-": no agreement among the annotators);
    such rows are left out, as the papers of the sets do.
    """

    choices: tuple[Choice[Form], ...]
    prefix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False
    unlabelled: str = ""


def one_of(form: F, *names: str) -> tuple[Choice[F], ...]:
    """A single file of that form, under one of the names."""
    return tuple(Choice(form, (name,)) for name in names)


def locate(
    folder: Path, choices: Sequence[Choice[F]], language: str, what: str, todo: str = ""
) -> tuple[F, tuple[Path, ...]]:
    """The first choice whose files are all there.

    Raises MissingInputError that names the first file that was looked for, and the languages that have one.
    """
    for choice in choices:
        paths = choice.paths(folder, language)
        if all(path.is_file() for path in paths):
            return choice.form, paths
    wanted = [choice.names[0].replace(_MARK, language) for choice in choices]
    listed = " or ".join(wanted[:3]) + (" or ..." if len(wanted) > 3 else "")
    others = sorted({code for choice in choices for code in _languages(folder, choice.names[0])})
    known = f"files are there for {', '.join(others[:60])}" if others else ""
    advice = "; ".join(filter(None, (known, todo))) or "put the file there"
    raise MissingInputError(f"{what}: there is no {listed}", where=str(folder), todo=advice)


def _languages(folder: Path, name: str) -> Iterator[str]:
    """The languages for which there is a file of that name."""
    head, mark, tail = name.partition(_MARK)
    if not mark:
        return
    pattern = re.compile(re.escape(head) + r"([a-z]{2,3}(?:-[A-Za-z0-9]+)*)" + re.escape(tail.replace(_MARK, "")))
    for path in folder.glob(name.replace(_MARK, "*")):
        if found := pattern.fullmatch(path.relative_to(folder).as_posix()):
            yield found[1]


def report(path: Path, what: str, numbers: Sequence[int]) -> None:
    """Log that lines are left out, and which: nothing is dropped in silence."""
    if numbers:
        shown = ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
        _LOG.warning("%s: %d lines %s (%s)", path, len(numbers), what, shown)


def withheld(path: Path, number: int, todo: str) -> InputError:
    """The error for a file whose labels are kept back: scoring it would score nothing."""
    return bad_row(path, number, "labels are withheld", todo)
