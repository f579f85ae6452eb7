"""Readers of classification: one text or two and a class. GLUE, PAWS-X, XNLI and the sets of nli.py.

Training data in another language than English are machine translations (Part.language): of the files
TASK/train-LANGUAGE.tsv, with the texts and the label, or, as XTREME publishes its translations, with the original
texts, their translations and the label; of XNLI-MT-1.0 and PAWS-X's translated_train.tsv. Rows whose translation failed
(an empty text) are left out and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce import tasks
from reproduce.data.files import nli
from reproduce.data.files.layout import Reader, bad_row, fingerprint
from reproduce.data.files.tables import Columns, Form, Part, Table, Width, locate, one_of, report, withheld
from reproduce.data.rows import Pair, Source

__all__ = ["READERS"]

# what stands in the label's place where labels are kept back
_PLACEHOLDERS = {"", "-", "-1", "?", "_", "hidden", "none", "null", "placeholder", "unlabeled"}
_ENOUGH = 20  # so many rows that share one label have none: a placeholder was written

_PAWS_X_ADVICE = "score the dev part, or take test_2k.tsv of PAWS-X's own release (x-final)"
_GLUE_ADVICE = "score the dev part: GLUE keeps the labels of its test parts"
_ADVICE = {
    "xnli": "score the dev part, or take xnli.test.tsv of XNLI-1.0",
    "paws-x": _PAWS_X_ADVICE,
    "anli-plus": "score the dev part: that of MNLI, one of its three sets, is withheld",
    "nli-small": "score the dev part: there is no other",
}

# ---- GLUE, as its download script lays it out (Wang et al. 2019)

_ONE_TEXT = {2: Width((0,), 1), 3: Width((1,), 2)}  # a text and its label; a text, its translation and the label


def _glue(
    folder: str, columns: Columns, *, bare: Mapping[int, Width] | None = None, numbered: bool = False, broken: int = 0
) -> dict[str, tuple[Part, ...]]:
    table = Table((columns,), bare, broken=broken)
    places = (f"{folder}/", f"glue_data/{folder}/", f"glue/{folder}/")

    def part(name: str) -> tuple[Part, ...]:
        return (Part(one_of(table, *(f"{place}{name}.tsv" for place in places)), numbered=numbered),)

    mine = Table((columns,), nli.TWO_TEXTS if len(columns.texts) > 1 else _ONE_TEXT, unquote=True, broken=1000)
    translations = one_of(mine, *(place + "train-{language}.tsv" for place in places))
    return {
        "train": part("train"),
        "translated": (Part(translations, numbered=numbered),),
        "dev": part("dev"),
        "test": part("test"),
    }


def _mrpc() -> dict[str, tuple[Part, ...]]:
    columns = Columns(("#1 string", "#2 string"), "quality")
    parts = _glue("MRPC", columns, numbered=True)
    # Microsoft's own file of the test part has the labels that GLUE's script takes off
    own = one_of(Table((columns,)), "MRPC/msr_paraphrase_test.txt", "glue_data/MRPC/msr_paraphrase_test.txt")
    return parts | {"test": (Part((*own, *parts["test"][0].choices), numbered=True),)}


def _paws_x(part: str) -> tuple[Part, ...]:
    """XTREME's files have three columns without names; the release has id, sentence1, sentence2, label.

    Rows with the text "NS" (no translation was made: up to 4 % of a language) stay, as XTREME scores them. Files of
    which only a part has labels (test-xx.silver.tsv) are no test part and never read.
    """
    mine = Table((nli.PLAIN,), {2: Width((0, 1), None), 3: Width((0, 1), 2)}, unquote=True)
    theirs = Table((nli.PLAIN,))
    file = {"train": "train", "dev": "dev_2k", "test": "test_2k"}[part]
    own = tuple(f"{place}x-final/{{language}}/{file}.tsv" for place in ("", "pawsx/"))
    xtreme = one_of(mine, f"pawsx/{part}-{{language}}.tsv")
    if part == "test":  # XTREME's script takes the labels off
        return (Part((*one_of(mine, "pawsx/test-{language}.labeled.tsv"), *one_of(theirs, *own), *xtreme)),)
    return (Part((*xtreme, *one_of(theirs, *own))),)


def _paws_x_translated() -> tuple[Part, ...]:
    mine = Table((nli.PLAIN,), nli.TWO_TEXTS, unquote=True, broken=1000)
    return (
        Part(
            one_of(
                mine,
                "pawsx/train-{language}.tsv",
                "pawsx/translated/en-{language}-translated.tsv",
                "pawsx/translate-train/en-{language}-translated.tsv",
                "xtreme_translations/PAWSX/translate-train/en-{language}-translated.tsv",
                "x-final/{language}/translated_train.tsv",
                "pawsx/x-final/{language}/translated_train.tsv",
            )
        ),
    )


_SENTENCE = Columns(("sentence",), "label")
_PARTS: Mapping[str, Mapping[str, tuple[Part, ...]]] = {
    **nli.PARTS,
    "paws-x": {name: _paws_x(name) for name in ("train", "dev", "test")} | {"translated": _paws_x_translated()},
    # two dozen lines of GLUE's first train.tsv are halves of rows with a line feed in a question; without them it has
    # the 363,846 rows of the later QQP-clean.zip and of the hub
    "qqp": _glue("QQP", Columns(("question1", "question2"), "is_duplicate"), numbered=True, broken=1000),
    "cola": _glue("CoLA", _SENTENCE, bare={4: Width((3,), 1)}, numbered=True),
    "sst2": _glue("SST-2", _SENTENCE, numbered=True),
    "mrpc": _mrpc(),
    "qnli": _glue("QNLI", Columns(("question", "sentence"), "label")),
    "rte": _glue("RTE", nli.PLAIN),
    "wnli": _glue("WNLI", nli.PLAIN, numbered=True),
}


# ---- reading


def _read(folder: Path, task: str, language: str, split: str) -> Source:
    if split not in ("train", "dev", "test"):
        raise UsageError(f"there is no part '{split}'", todo="parts are train, dev and test")
    translated = split == "train" and language != tasks.TRAINING_LANGUAGE
    parts = _PARTS[task].get("translated" if translated else split, ())
    advice = _ADVICE.get(task, _GLUE_ADVICE)
    if not parts:
        raise MissingInputError(f"{task} has no {split} part", where=str(folder), todo=advice)
    many = any("{language}" in name for part in parts for choice in part.choices for name in choice.names)
    if language != tasks.TRAINING_LANGUAGE and not many:
        what = f"{task} has no {split} part in '{language}'"
        raise MissingInputError(what, where=str(folder), todo="it is in English only")
    what, todo = f"{task}, {split} part in '{language}'", advice if split == "test" else ""
    found = [(part, *locate(folder, part.choices, language, what, todo)) for part in parts]
    labels = tasks.task(task).labels
    kind = _Kind(labels, language, split != "train", translated, advice)

    def rows() -> Iterator[Pair]:
        seen, count = set[str](), 0
        for part, form, paths in found:
            for pair in _part(part, form, paths, kind):
                seen.add(pair.label)
                count += 1
                yield pair
        where = str(found[0][2][-1])
        if not count:
            raise InputError("has no row with a label", where=where, todo=advice)
        if kind.scored and count >= _ENOUGH and len(seen) == 1:
            what = f"labels are withheld: all {count} rows have the label '{seen.pop()}', which is a placeholder"
            raise InputError(what, where=where, todo=advice)

    return Source(task, language, split, rows, fingerprint(*(path for _, _, paths in found for path in paths)), labels)


@dataclass(frozen=True)
class _Kind:
    """What is read: its classes and language, whether it is scored or translated, what to do where labels lack."""

    labels: tuple[str, ...]
    language: str
    scored: bool
    translated: bool
    advice: str


def _part(part: Part, form: Form, paths: Sequence[Path], kind: _Kind) -> Iterator[Pair]:
    """The rows of some files; an id is the row's number among those of its language, from 0."""
    names = {str(i): label for i, label in enumerate(kind.labels)} if part.numbered else part.labels
    failed, number, labelled, path = list[int](), -1, False, paths[-1]
    for number, raw in enumerate(form.read(paths, kind.language)):
        label = raw.label
        if part.unlabelled and label == part.unlabelled:
            continue
        if label is None or label.lower() in _PLACEHOLDERS:
            if kind.scored and not labelled:
                raise withheld(path, raw.line, kind.advice)
            raise bad_row(path, raw.line, "has no label", "take the official file, or fetch it again")
        label = names.get(label, label)
        if label not in kind.labels:
            shown = label if len(label) <= 40 else label[:40] + "..."
            known = ", ".join(dict.fromkeys((*kind.labels, *names)))
            raise bad_row(path, raw.line, f"has the label '{shown}'", f"labels are {known}; or the file is cut off")
        labelled = True
        if kind.translated and not all(raw.texts):
            failed.append(raw.line)
            continue
        yield Pair(f"{part.prefix}{number}", raw.texts[0], raw.texts[1] if len(raw.texts) > 1 else None, label)
    if number < 0:
        raise UnreadableInputError("holds no rows", where=str(path), todo="fetch the file again: it may be cut off")
    report(path, "have no translation and are left out", failed)


READERS: dict[str, Reader] = dict.fromkeys(_PARTS, _read)
