"""Readers of sentences with a tag for each word: UD parts of speech, PAN-X names, CCG supertags.

A file has a word, a tab and its tag a line, and an empty line after each sentence, as XTREME's script writes them. CCG
has no such release: the readers also take CCGbank's own derivations (AUTO) and the C&C tools' .stagged files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce import tasks
from reproduce.data.files.layout import Reader, bad_row, fingerprint, lines
from reproduce.data.files.tables import Choice, locate, one_of, withheld
from reproduce.data.rows import Source, Tagged

__all__ = ["OTHER", "READERS"]

OTHER = "other"  # a supertag that the training part does not have: no model can learn it, all get it wrong

_CUT = "fetch the file again: it may be cut off"
_ENOUGH = 20  # so many sentences that share one tag have none: a placeholder was written
_ADVICE = {
    "udpos": "score the dev part, or make the test part from Universal Dependencies 2.5",
    "panx": "score the dev part, or take the test part of WikiAnn's own release (panx/LANGUAGE/test)",
    "ccg": "take CCGbank (LDC2005T13)",
}


class _Sentence(NamedTuple):
    path: Path
    line: int  # of its first word
    words: list[str]
    tags: list[str]
    lines: int = 1  # from one word to the next

    def wrong(self, word: int, what: str, todo: str) -> InputError:
        """The error for one of its words."""
        return bad_row(self.path, self.line + word * self.lines, what, todo)


@dataclass(frozen=True)
class _Words:
    """A word and its tag a line, sentences apart by empty lines.

    WikiAnn's own files begin each word with its language ("en:Paris"), XTREME's do not: `prefixed` looks at the first
    sentence. Words can be empty, or hold spaces: the tab divides.
    """

    prefixed: bool = False

    def read(self, paths: Sequence[Path], language: str) -> Iterator[_Sentence]:
        """The sentences; a word without a tag has the tag "". Raises InputError that names file and line."""
        (path,) = paths
        prefix: str | None = None
        for sentence in self._sentences(path):
            if prefix is None:
                mark = f"{language}:"
                prefix = mark if self.prefixed and all(word.startswith(mark) for word in sentence.words) else ""
            for i, word in enumerate(sentence.words if prefix else ()):
                if not word.startswith(prefix):
                    what = f"has a word without the '{prefix}' that those before it begin with"
                    raise sentence.wrong(i, what, "take the official file")
                sentence.words[i] = word[len(prefix) :]
            yield sentence

    def _sentences(self, path: Path) -> Iterator[_Sentence]:
        words, tags, first = list[str](), list[str](), 0
        for number, line in lines(path):
            word, tab, tag = line.partition("\t")
            if not tab and not line.strip():
                if words:
                    yield _Sentence(path, first, words, tags)
                words, tags = [], []
                continue
            if "\t" in tag:
                what = f"has {line.count(tab) + 1} columns instead of 2 (word, tag)"
                raise bad_row(path, number, what, "is there a tab within a word?")
            if not words:
                first = number
            words.append(word.strip(" "))
            tags.append(tag.strip())
        if words:
            yield _Sentence(path, first, words, tags)


class _Piped:
    """A sentence a line, as word|part of speech|supertag, as the C&C tools take CCGbank (Clark and Curran 2007)."""

    def read(self, paths: Sequence[Path], language: str) -> Iterator[_Sentence]:
        """As `_Words.read`."""
        (path,) = paths
        for number, line in lines(path):
            if not line.strip() or (line.startswith("#") and "|" not in line):  # the tools write a comment at the top
                continue
            items = [item.rsplit("|", 2) for item in line.split()]
            bad = next((item for item in items if len(item) != 3), None)
            if bad is not None:
                raise bad_row(path, number, f"'{bad[0][:40]}' is not word|part of speech|supertag", _CUT)
            yield _Sentence(path, number, [item[0] for item in items], [item[2] for item in items], 0)


class _Derivations:
    """CCGbank's .auto files: leaves (<L category tag tag word category>) (Hockenmaier and Steedman 2007, manual)."""

    _leaf = re.compile(r"<L (\S+) \S+ \S+ (\S+) \S+>")

    def read(self, paths: Sequence[Path], language: str) -> Iterator[_Sentence]:
        """As `_Words.read`; the files in order of their names."""
        for path in paths:
            for number, line in lines(path):
                if not line.strip() or line.startswith("ID="):
                    continue
                leaves = self._leaf.findall(line)
                if not leaves or len(leaves) != line.count("<L ") or not line.rstrip().endswith(")"):
                    raise bad_row(path, number, "is no derivation of CCGbank", _CUT)
                yield _Sentence(path, number, [word for _, word in leaves], [tag for tag, _ in leaves], 0)


_Form = _Words | _Piped | _Derivations


@dataclass(frozen=True)
class _Kind:
    """What is read: which tags there are; what stands for all others (empty: they are an error); what to do."""

    labels: tuple[str, ...]
    scored: bool
    advice: str
    unseen: str = ""


def _sentences(form: _Form, paths: Sequence[Path], language: str, kind: _Kind) -> Iterator[Tagged]:
    """The rows; an id is the sentence's number, from 0. Raises InputError (UnreadableInputError)."""
    known, seen, count = frozenset(kind.labels), set[str](), 0
    for sentence in form.read(paths, language):
        tags = sentence.tags
        if not known.issuperset(tags):
            tags = [tag if tag in known else kind.unseen or tag if tag else "" for tag in tags]
            _check(sentence, tags, kind, not count)
        seen.update(tags)
        yield Tagged(str(count), tuple(sentence.words), tuple(tags))
        count += 1
    if not count:
        raise UnreadableInputError("holds no sentences", where=str(paths[-1]), todo=_CUT)
    if kind.scored and count >= _ENOUGH and len(seen) == 1:
        what = f"labels are withheld: all words have the tag '{seen.pop()}', which is a placeholder"
        raise InputError(what, where=str(paths[-1]), todo=kind.advice)


def _check(sentence: _Sentence, tags: Sequence[str], kind: _Kind, first: bool) -> None:
    """Raise for the first tag that is none of the task's."""
    for i, tag in enumerate(tags):
        if tag in kind.labels:
            continue
        if tag in ("", "_"):
            if not i and " " in sentence.words[0]:
                raise sentence.wrong(0, "has no tab between word and tag", "take the official file")
            if first and not i and kind.scored:
                raise withheld(sentence.path, sentence.line, kind.advice)
            raise sentence.wrong(i, "has no tag", _CUT)
        shown = tag if len(tag) <= 40 else tag[:40] + "..."
        raise sentence.wrong(i, f"has the tag '{shown}'", f"tags are {', '.join(kind.labels)}; or the file is cut off")


def _known_part(split: str) -> None:
    if split not in ("train", "dev", "test"):
        raise UsageError(f"there is no part '{split}'", todo="parts are train, dev and test")


# ---- XTREME's two tasks


def _xtreme(folder: Path, task: str, language: str, split: str) -> Source:
    _known_part(split)
    names = [f"{task}/{split}-{{language}}.tsv"]
    if task == "panx":  # WikiAnn's own files; their test part has tags, XTREME's has none
        own = [f"panx/{{language}}-{split}", f"panx/{{language}}/{split}", f"panx_dataset/{{language}}/{split}"]
        names = own + names if split == "test" else names + own
    what = f"{task}, {split} part in '{language}'"
    todo = ""
    if split == "test":
        todo = _ADVICE[task]
        partial = folder / "udpos" / f"test-{language}.gold_from_UD.tsv"
        if task == "udpos" and partial.is_file():
            todo += f"; {partial.name} holds part of the sentences and is no substitute: it is read only if renamed"
    form, paths = locate(folder, one_of(_Words(prefixed=task == "panx"), *names), language, what, todo)
    kind = _Kind(tasks.task(task).labels, split != "train", _ADVICE[task])
    return Source(
        task, language, split, lambda: _sentences(form, paths, language, kind), fingerprint(*paths), kind.labels
    )


# ---- CCG supertags: sections 02-21 of CCGbank to train on, 00 is dev, 23 is test

_SECTIONS = {"train": tuple(f"{n:02}" for n in range(2, 22)), "dev": ("00",), "test": ("23",)}
_STAGGED = {"train": "wsj02-21", "dev": "wsj00", "test": "wsj23"}
_AUTO = ("ccg/AUTO", "ccg/data/AUTO", "ccg/ccgbank_1_1/data/AUTO", "ccgbank_1_1/data/AUTO")


def _ccg(folder: Path, task: str, language: str, split: str) -> Source:
    """The classes are the supertags of the English training part, sorted, and OTHER.

    A supertag of dev or test that the training part does not have is OTHER: no trained model predicts it, so that it
    counts as wrong. Training data in another language keep the same classes.
    """
    _known_part(split)
    train_form, train = _ccg_files(folder, tasks.TRAINING_LANGUAGE, "train")
    form, paths = (
        (train_form, train)
        if (language, split) == (tasks.TRAINING_LANGUAGE, "train")
        else _ccg_files(folder, language, split)
    )
    found = {tag for sentence in train_form.read(train, tasks.TRAINING_LANGUAGE) for tag in sentence.tags}
    kind = _Kind((*sorted(found - {"", OTHER}), OTHER), split != "train", _ADVICE[task], OTHER)
    stamp = fingerprint(*train) if paths == train else fingerprint(*train, *paths)
    return Source(task, language, split, lambda: _sentences(form, paths, language, kind), stamp, kind.labels)


def _ccg_files(folder: Path, language: str, split: str) -> tuple[_Form, tuple[Path, ...]]:
    choices: list[Choice[_Form]] = [*one_of(_Words(), f"ccg/{split}-{{language}}.tsv")]
    if language == tasks.TRAINING_LANGUAGE:
        choices += one_of(
            _Piped(), *(f"ccg/{place}{name}.stagged" for place in ("", "gold/") for name in (_STAGGED[split], split))
        )
        auto = next(filter(Path.is_dir, map(folder.joinpath, _AUTO)), None)
        if auto and not any(choice.paths(folder, language)[0].is_file() for choice in choices):
            return _Derivations(), _derivations(auto, split)
    return locate(folder, choices, language, f"ccg, {split} part in '{language}'")


def _derivations(auto: Path, split: str) -> tuple[Path, ...]:
    """The .auto files of the part's sections. Raises MissingInputError for a section that is not there."""
    found: list[Path] = []
    for section in _SECTIONS[split]:
        files = sorted((auto / section).glob("*.auto"))
        if not files:
            what = f"ccg, {split} part: section {section} is missing"
            raise MissingInputError(what, where=str(auto), todo="copy the whole of CCGbank's data/AUTO there")
        found += files
    return tuple(found)


READERS: dict[str, Reader] = {"udpos": _xtreme, "panx": _xtreme, "ccg": _ccg}
