"""Readers of multiple choice: HellaSwag, Cosmos QA, CommonsenseQA, Social IQA and XCOPA in their official files."""

from __future__ import annotations

import bz2
import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.data.files.fields import Ids, Record, json_lines
from reproduce.data.files.layout import Reader, bad_row, find, fingerprint, lines
from reproduce.data.rows import Choice, Source

__all__ = ["READERS", "hellaswag_item", "hellaswag_small_split", "xcopa_pairs"]

_Rows = Callable[[], Iterator[Choice]]

# marks that WikiHow articles left in HellaSwag
_WIKIHOW = re.compile(r"\[(?:header|title|step|substeps)\]")

_XCOPA_QUESTIONS = {"cause": "What was the cause?", "effect": "What happened as a result?"}

# from so many rows on, labels that are all the same are taken for what stands in place of withheld ones
_PLACEHOLDER_ROWS = 20


# ---------------------------------------------------------------- what the rows say


def hellaswag_item(context: str, endings: Sequence[str], label: int) -> Choice:
    """A HellaSwag item; `context` is "<activity label>: <ctx>". Its id is a hash of its texts.

    Context and endings are the two parts of a pair, prepared as lm-evaluation-harness does it (activity label first,
    marks of WikiHow's sections removed, a title after a full stop) but for two things: other text in brackets stays,
    and the last half sentence of ActivityNet's contexts keeps its small letter. jiant, which 2005.13013 used, leaves
    the activity label out, the marks in, and puts that half sentence before each ending.
    """
    first, seconds = _plain(context), [_plain(ending) for ending in endings]
    id = hashlib.sha256("\n".join([first, *seconds]).encode()).hexdigest()[:16]
    return Choice(id, tuple((first, second) for second in seconds), label)


def hellaswag_small_split(item: Choice) -> str:
    """ "train" or "dev" of hellaswag-small, 4 to 1: by the hash of the context, hence the same in any order.

    Items that share a context are on one side.
    """
    digest = hashlib.sha256(item.pairs[0][0].encode()).digest()
    return "dev" if int.from_bytes(digest[:8], "big") % 5 == 0 else "train"


def xcopa_pairs(premise: str, question: str, choices: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of a COPA item; the question ("cause" or "effect") is put in English words, whatever the language.

    Raises KeyError for another question.
    """
    first = f"{premise} {_XCOPA_QUESTIONS[question]}"
    return tuple((first, choice) for choice in choices)


def _plain(text: str) -> str:
    text = _WIKIHOW.sub("", text.replace(" [title]", ". "))
    return " ".join(text.split())


# ---------------------------------------------------------------- the tasks


def _hellaswag(folder: Path, task: str, language: str, split: str) -> Source:
    _english(folder, task, language)
    name = {"train": "train", "dev": "val", "test": "test"}[split]
    names = [f"hellaswag/hellaswag_{name}.jsonl", f"hellaswag/data/hellaswag_{name}.jsonl"]
    path = find(folder, names + (_HELLASWAG_TEXT if split == "dev" else []), f"{task}, {split}")
    return _source(task, language, split, [path], partial(_hellaswag_rows, path))


def _hellaswag_small(folder: Path, task: str, language: str, split: str) -> Source:
    """HellaSwag's val part, of which a fifth is dev: for places that have no train part."""
    _english(folder, task, language)
    if split == "test":
        raise MissingInputError(f"{task} has no test part", where=str(folder), todo="use the dev part")
    names = ["hellaswag/hellaswag_val.jsonl", "hellaswag/data/hellaswag_val.jsonl", *_HELLASWAG_TEXT]
    path = find(folder, names, task)

    def rows() -> Iterator[Choice]:
        return (item for item in _hellaswag_rows(path) if hellaswag_small_split(item) == split)

    return _source(task, language, split, [path], rows)


_HELLASWAG_TEXT = ["hellaswag/hellaswag_val_full.txt", "hellaswag/hellaswag_val_full.txt.bz2"]


def _hellaswag_rows(path: Path) -> Iterator[Choice]:
    ids = Ids()
    for item in _hellaswag_json(path) if path.suffix == ".jsonl" else _hellaswag_text(path):
        yield Choice(ids.unique(item.id), item.pairs, item.label)


def _hellaswag_json(path: Path) -> Iterator[Choice]:
    for record in json_lines(path):
        context = f"{record.text('activity_label')}: {record.text('ctx')}"
        endings = record.texts("endings", 4)
        yield hellaswag_item(context, endings, _numbered(record, "label", 4))


def _hellaswag_text(path: Path) -> Iterator[Choice]:
    """Six lines an item: "<activity label>: <context>", the number of the right ending from 0, four endings."""
    item: list[str] = []
    number = 0
    for number, line in _bz2_lines(path) if path.suffix == ".bz2" else lines(path):
        item.append(line)
        if len(item) < 6:
            continue
        context, label, *endings = item
        if not label.strip():
            raise bad_row(path, number - 4, "the label is withheld", _WITHHELD)
        if label not in ("0", "1", "2", "3"):
            raise bad_row(path, number - 4, f"should be the number of an ending, 0 to 3, is '{label[:40]}'")
        yield hellaswag_item(context, endings, int(label))
        item = []
    if item:
        raise bad_row(path, number, "the file ends within an item of six lines", "fetch it again: it may be cut off")


def _cosmosqa(folder: Path, task: str, language: str, split: str) -> Source:
    _english(folder, task, language)
    stem = "valid" if split == "dev" else split
    names = [f"cosmosqa/{within}{stem}.{kind}" for kind in ("csv", "jsonl") for within in ("", "data/")]
    path = find(folder, names, f"{task}, {split}")

    def rows() -> Iterator[Choice]:
        ids = Ids()
        for record in json_lines(path) if path.suffix == ".jsonl" else _csv(path):
            first = f"{record.text('context')} {record.text('question')}"
            answers = [record.text(f"answer{number}") for number in range(4)]
            label = _numbered(record, "label", 4)
            yield Choice(ids.unique(_id(record, "id")), tuple((first, answer) for answer in answers), label)

    return _source(task, language, split, [path], rows)


def _commonsenseqa(folder: Path, task: str, language: str, split: str) -> Source:
    _english(folder, task, language)
    stems = {
        "train": ["train_rand_split", "train"],
        "dev": ["dev_rand_split", "valid", "dev"],
        "test": ["test_rand_split", "test_rand_split_no_answers", "test"],
    }[split]
    names = [f"{within}/{stem}.jsonl" for within in ("commonsenseqa", "commonsenseqa/data") for stem in stems]
    path = find(folder, names, f"{task}, {split}")

    def rows() -> Iterator[Choice]:
        ids = Ids()
        for record in json_lines(path):
            question = record.inner("question")
            first = question.text("stem")
            choices = [(choice.text("label"), choice.text("text")) for choice in question.records("choices")]
            letters = [letter for letter, _ in choices]
            if len(choices) != 5 or len(set(letters)) != 5:
                raise record.bad("there should be five choices, each with a letter of its own")
            answer = _given(record, "answerKey")
            if answer not in letters:
                raise record.bad("'answerKey' is none of the choices' letters")
            pairs = tuple((first, text) for _, text in choices)
            yield Choice(ids.unique(_id(record, "id")), pairs, letters.index(answer))

    return _source(task, language, split, [path], rows)


def _socialiqa(folder: Path, task: str, language: str, split: str) -> Source:
    """Social IQA: version 1.4 with the answer in each line, or the lines with the answers in a file beside them.

    A train part in another language is a machine translation. Lines have no ids: they are counted from 1.
    """
    short = {"train": "trn", "dev": "dev", "test": "tst"}[split]
    if language == "en":
        within = ("siqa", "siqa/socialIQa_v1.4", "socialiqa", "socialiqa/socialIQa_v1.4")
        names = [f"{name}/socialIQa_v1.4_{short}.jsonl" for name in within]
        names += [f"{name}/{inner}{split}.jsonl" for name in within[::2] for inner in ("", "socialiqa-train-dev/")]
    elif split == "train":
        names = [f"siqa_translate_train/socialIQa_v1.4_{language}_translate_train.jsonl"]
    else:
        raise _only(folder, task, split)
    path = find(folder, names, f"{task}, {split}, '{language}'")
    beside = path.with_name(f"{path.stem}-labels.lst")
    answers = beside if beside.is_file() else None

    def rows() -> Iterator[Choice]:
        labels = None if answers is None else _answer_lines(answers)
        count = 0
        for count, record in enumerate(json_lines(path), start=1):
            first = f"{record.text('context')} {record.text('question')}"
            pairs = tuple((first, record.text(f"answer{letter}")) for letter in "ABC")
            if labels is None:
                answer = _given(record, "correct")
                if answer not in ("A", "B", "C"):
                    raise record.bad("'correct' should be A, B or C")
                yield Choice(str(count), pairs, "ABC".index(answer))
            elif count <= len(labels):
                yield Choice(str(count), pairs, labels[count - 1])
            else:
                raise InputError(f"has {len(labels)} labels, fewer than {path.name} has lines", where=str(answers))
        if labels is not None and count < len(labels):
            raise InputError(f"has {len(labels)} labels, {path.name} {count} lines", where=str(answers))

    return _source(task, language, split, [path] if answers is None else [path, answers], rows)


def _answer_lines(path: Path) -> list[int]:
    """Labels counted from 0, of a file that counts them from 1."""
    labels = []
    for number, line in lines(path):
        if line.strip() not in ("1", "2", "3"):
            raise bad_row(path, number, f"should be 1, 2 or 3, is '{line[:40]}'")
        labels.append(int(line) - 1)
    return labels


def _xcopa(folder: Path, task: str, language: str, split: str) -> Source:
    """XCOPA; its train part is English COPA's, which it has in no other language but machine-translated."""
    if split == "train" and language != "en":
        names = [f"xcopa_translate_train/xcopa_{language}_translate_train.jsonl"]
    else:
        stem = "val" if split == "dev" else split
        plain = [f"{stem}.{language}.jsonl", f"{stem}-{language}.jsonl"]
        names = [f"xcopa/{within}{name}" for within in ("", f"data/{language}/", f"{language}/") for name in plain]
    path = find(folder, names, f"{task}, {split}, '{language}'")

    def rows() -> Iterator[Choice]:
        ids = Ids()
        for record in json_lines(path):
            question, choices = record.text("question"), [record.text("choice1"), record.text("choice2")]
            if question not in _XCOPA_QUESTIONS:
                raise record.bad("'question' should be cause or effect")
            pairs = xcopa_pairs(record.text("premise"), question, choices)
            yield Choice(ids.unique(str(record.number("idx"))), pairs, _numbered(record, "label", 2))

    return _source(task, language, split, [path], rows)


READERS: dict[str, Reader] = {
    "hellaswag": _hellaswag,
    "hellaswag-small": _hellaswag_small,
    "cosmosqa": _cosmosqa,
    "commonsenseqa": _commonsenseqa,
    "socialiqa": _socialiqa,
    "xcopa": _xcopa,
}


# ---------------------------------------------------------------- what they share

_WITHHELD = "use the dev part: the test part's labels are with the authors"


def _english(folder: Path, task: str, language: str) -> None:
    if language != "en":
        raise _only(folder, task, language)


def _only(folder: Path, task: str, what: str) -> MissingInputError:
    return MissingInputError(f"{task} has no '{what}' but in English", where=str(folder), todo="use 'en'")


def _source(task: str, language: str, split: str, paths: list[Path], rows: _Rows) -> Source:
    return Source(task, language, split, partial(_checked, paths[0], rows), fingerprint(*paths))


def _checked(path: Path, rows: _Rows) -> Iterator[Choice]:
    """The rows; refuses at the end what has none, and labels that are all the same."""
    seen: set[int] = set()
    count = 0
    for row in rows():
        seen.add(row.label)
        count += 1
        yield row
    if not count:
        raise InputError("holds no rows", where=str(path), todo="put the right file there")
    if count >= _PLACEHOLDER_ROWS and len(seen) == 1:  # as COPA's test part has it in some copies: 500 times 0
        what = f"every label is {seen.pop()}: they stand in place of withheld ones"
        raise InputError(what, where=str(path), todo=_WITHHELD)


def _id(record: Record, key: str) -> str:
    id = record.text(key)
    if not id.strip():
        raise record.bad(f"'{key}' is empty")
    return id


def _given(record: Record, key: str) -> str:
    """A label in words. Raises InputError where it is withheld."""
    if record.get(key) in (None, ""):
        raise record.bad(f"the label ('{key}') is withheld", _WITHHELD)
    return record.text(key)


def _numbered(record: Record, key: str, size: int) -> int:
    """A label as a number below `size`, which some files write as a string; -1 and nothing: withheld."""
    label = record.get(key)
    if label in (None, "", -1, "-1"):
        raise record.bad(f"the label ('{key}') is withheld", _WITHHELD)
    if isinstance(label, str) and re.fullmatch("[0-9]", label):
        label = int(label)
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < size:
        raise record.bad(f"'{key}' should be a number from 0 to {size - 1}")
    return label


def _csv(path: Path) -> Iterator[Record]:
    """The rows of a CSV file with a header, each as a record; the place is the last line that it stands on."""
    reader = csv.reader((line + "\n" for _, line in lines(path)), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise UnreadableInputError("is empty", where=str(path), todo="fetch it again")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise bad_row(path, reader.line_num, f"has {len(cells)} columns, the header {len(header)}")
            yield Record(path, reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        todo = "fetch the file again: it may be cut off"
        raise bad_row(path, reader.line_num, f"is no CSV ({error})", todo) from None


def _bz2_lines(path: Path) -> Iterator[tuple[int, str]]:
    """As `lines`, of a file that is packed."""
    try:
        with bz2.open(path, "rb") as file:
            for number, raw in enumerate(file, start=1):
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError:
                    raise UnreadableInputError("is not UTF-8", where=f"{path}, line {number}") from None
                yield number, text.removesuffix("\n").removesuffix("\r")
    except (OSError, EOFError) as error:
        what = f"cannot be unpacked ({error})"
        raise UnreadableInputError(what, where=str(path), todo="fetch it again: it may be cut off") from None
