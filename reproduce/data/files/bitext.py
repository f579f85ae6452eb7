"""Readers of retrieval: Tatoeba as LASER publishes it, and BUCC 2018 with its pools."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from claimcheck.foundation.errors import InputError, MissingInputError
from reproduce.data.files.layout import Reader, bad_row, find, fingerprint, lines
from reproduce.data.rows import Sentence, Source
from reproduce.tasks import task as task_info

__all__ = ["READERS"]

_LOG = logging.getLogger(__name__)

# an English side of so many lines that stands in alphabetical order was sorted to hide the alignment
_SORTED_LINES = 20

# of so many pairs one may give a sentence a second translation
_PAIRS_TO_A_SECOND = 100

_LASER = "put LASER's tatoeba.{0}-eng.{0} and tatoeba.{0}-eng.eng (data/tatoeba/v1) into tatoeba/"


def _tatoeba(folder: Path, task: str, language: str, split: str) -> Source:
    """Tatoeba: queries are the English sentences, the pool is the other language's; one part, which is dev and test.

    That direction is XTREME's (third_party/evaluate_retrieval.py: an index over the foreign side, searched with the
    English one). In LASER's files line n translates line n. XTREME's own copies sort the English side, so that nothing
    says what translates what: they are refused, unless the labels file lies beside them that jiant's download writes
    (line n: the number, from 0, of the line that translates the English line n).

    Ids are line numbers from 1. A sentence that stands twice on a side keeps two ids, and only the one of its own line
    counts as found; LASER's files have none.
    """
    if split == "train":
        raise MissingInputError(
            f"{task} has no training part", where=str(folder), todo="it is retrieval: train nothing"
        )
    # "tatoeba.afr" on the hub: LASER's files are named by the same codes
    code = task_info("tatoeba").configuration_of(language).rpartition(".")[2]
    what = f"{task}, '{language}'"
    copies = [f"{within}{language}-en.{language}" for within in ("tatoeba/", f"tatoeba_{language}/")]
    copies.append(f"tatoeba/tatoeba.{language}-eng.{language}")
    if len(code) != 3:  # no entry: by two letters XTREME names its sorted copies, LASER nothing
        foreign = find(folder, copies, what, "name the language by the three letters of LASER's file")
        return _sorted(foreign, task, language, split, "xxx")
    aligned = [f"{within}tatoeba.{code}-eng.{code}" for within in ("tatoeba/", "tatoeba/v1/")]
    foreign = find(folder, aligned + copies, what, _LASER.format(code))
    if foreign.name == f"tatoeba.{code}-eng.{code}":
        return _aligned(foreign, foreign.with_name(f"tatoeba.{code}-eng.eng"), task, language, split, code)
    return _sorted(foreign, task, language, split, code)


def _aligned(foreign: Path, english: Path, task: str, language: str, split: str, code: str) -> Source:
    find(english.parent, [english.name], f"{task}, '{language}', the English side")

    def rows() -> Iterator[Sentence]:
        queries = list(_sentences(english))
        _same_length(foreign, len(list(lines(foreign))), english, len(queries))
        if len(queries) >= _SORTED_LINES and queries == sorted(queries):
            raise _hidden(english, code)
        for number, text in enumerate(queries, start=1):
            yield Sentence(f"en-{number}", text, f"{language}-{number}")

    return Source(task, language, split, rows, fingerprint(foreign, english), pool=lambda: _pool(foreign, language))


def _sorted(foreign: Path, task: str, language: str, split: str, code: str) -> Source:
    """XTREME's copy, of which a labels file says what its sorting hides."""
    english = foreign.with_name(f"{language}-en.en")
    labels = foreign.with_name(f"{language}-en.labels")
    if not (english.is_file() and labels.is_file()):
        raise _hidden(foreign.parent, code)

    def rows() -> Iterator[Sentence]:
        queries, golds = list(_sentences(english)), list(lines(labels))
        count = len(list(lines(foreign)))
        _same_length(foreign, count, english, len(queries))
        _same_length(english, len(queries), labels, len(golds))
        taken: set[int] = set()
        for query, (number, label) in zip(queries, golds, strict=True):
            place = int(label) if label.isascii() and label.isdecimal() and len(label) < 10 else count
            if place >= count or place in taken:
                what = f"should be a line's number from 0 to {count - 1}, each once, is '{label[:40]}'"
                raise bad_row(labels, number, what)
            taken.add(place)
            yield Sentence(f"en-{number}", query, f"{language}-{place + 1}")

    paths = (foreign, english, labels)
    return Source(task, language, split, rows, fingerprint(*paths), pool=lambda: _pool(foreign, language))


def _hidden(where: Path, code: str) -> InputError:
    what = "the English side is sorted, which hides what translates what: the labels are withheld"
    return InputError(what, where=str(where), todo=_LASER.format(code))


def _pool(path: Path, language: str) -> Iterator[Sentence]:
    for number, text in enumerate(_sentences(path), start=1):
        yield Sentence(f"{language}-{number}", text)


def _sentences(path: Path) -> Iterator[str]:
    number = 0
    for number, line in lines(path):
        if not line.strip():
            raise bad_row(path, number, "there is no sentence", "fetch the file again")
        yield line.strip()
    if not number:
        raise InputError("holds no sentences", where=str(path), todo="fetch the file again")


def _same_length(one: Path, size: int, other: Path, others: int) -> None:
    if size != others:
        what = f"has {size} lines, {other.name} {others}: they should be as many"
        raise InputError(what, where=str(one), todo="fetch both files again: one may be cut off")


def _bucc(folder: Path, task: str, language: str, split: str) -> Source:
    """BUCC 2018: queries are the sentences of the other language, the pool is the English side.

    dev is what its makers call "sample", test what they call "training"; XTREME renames the files so. Their lines are
    an id, a tab and a sentence; a pair of the gold file is the id of a sentence and that of its English translation.
    Most sentences have none. A second translation of a sentence is left out and logged, since a row has one label:
    recall then counts a pair less. Files with more of them than one in a hundred are refused.
    """
    if split == "train":
        raise MissingInputError(
            f"{task} has no training part", where=str(folder), todo="it is retrieval: train nothing"
        )
    pair = f"{language}-en"
    official = "sample" if split == "dev" else "training"
    stems = [f"bucc2018/{pair}.{split}", f"bucc2018/{pair}.{official}", f"bucc2018/{pair}/{pair}.{official}"]
    complete = [stem for stem in stems if all((folder / f"{stem}.{end}").is_file() for end in (language, "en", "gold"))]
    queries = find(folder, [f"{stem}.{language}" for stem in complete or stems], f"{task}, {split}, '{language}'")
    stem = queries.name.removesuffix(f".{language}")
    english = find(queries.parent, [f"{stem}.en"], f"{task}, {split}, '{language}', the English side")
    golds = [queries.with_name(f"{name}.gold") for name in (stem, f"{pair}.{official}")]
    gold = next((path for path in golds if path.is_file()), None)
    if gold is None:
        what = f"there is no {stem}.gold: the labels are withheld, XTREME's script deletes those of the test part"
        archive = f"bucc2018-{pair}.{official}-gold.tar.bz2"
        todo = f"put {pair}.{official}.gold of {archive} (comparable.limsi.fr/bucc2018) there"
        raise InputError(what, where=str(queries.parent), todo=todo)
    return Source(
        task,
        language,
        split,
        lambda: _bucc_rows(queries, english, gold),
        fingerprint(queries, english, gold),
        pool=lambda: (Sentence(id, text) for id, text in _identified(english)),
    )


def _bucc_rows(queries: Path, english: Path, gold: Path) -> Iterator[Sentence]:
    pairs: dict[str, str] = {}
    lines_of: dict[str, int] = {}
    seconds: list[int] = []
    for number, line in lines(gold):
        source, tab, target = line.partition("\t")
        source, target = source.strip(), target.strip()
        if not tab or not source or not target or "\t" in target:
            raise bad_row(gold, number, "should be two ids with a tab between")
        if pairs.setdefault(source, target) != target:
            seconds.append(number)
        lines_of.setdefault(source, number)
    if len(seconds) * _PAIRS_TO_A_SECOND > len(pairs):
        raise bad_row(gold, seconds[0], f"gives a second translation, as {len(seconds)} lines do", "fetch it again")
    if seconds:
        _LOG.warning("%s: %d second translations are left out, the first in line %d", gold, len(seconds), seconds[0])
    if not pairs:
        raise InputError("holds no pairs", where=str(gold), todo="fetch it again")
    known = set(pairs.values())
    found = {id for id, _ in _identified(english) if id in known}
    for source, target in pairs.items():
        if target not in found:
            raise _unknown(gold, lines_of[source], target, english)
    for id, text in _identified(queries):
        yield Sentence(id, text, pairs.get(id))
        lines_of.pop(id, None)
    for source, number in lines_of.items():
        raise _unknown(gold, number, source, queries)


def _unknown(gold: Path, number: int, id: str, path: Path) -> InputError:
    what = f"{path.name} has no sentence '{id[:40]}'"
    return bad_row(gold, number, what, "fetch the files again: one may be cut off, or of another part")


def _identified(path: Path) -> Iterator[tuple[str, str]]:
    """(id, sentence) of each line; ids are unique."""
    seen: set[str] = set()
    for number, line in lines(path):
        id, tab, text = line.partition("\t")
        id = id.strip()
        if not tab or not id:
            raise bad_row(path, number, "should be an id, a tab and a sentence")
        if id in seen:
            raise bad_row(path, number, f"the id '{id[:40]}' stands twice", "fetch the file again")
        seen.add(id)
        yield id, text.strip()
    if not seen:
        raise InputError("holds no sentences", where=str(path), todo="fetch the file again")


READERS: dict[str, Reader] = {"tatoeba": _tatoeba, "bucc": _bucc}
