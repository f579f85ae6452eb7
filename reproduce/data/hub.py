"""A task's rows from the Hugging Face hub: which repositories it has there, and what their columns mean.

Repository and configuration are the catalogue's. Traps of the hub's copies, and what is done about each:

- BUCC (google/xtreme, bucc18.*; mteb) is there as gold pairs only, without the sentences to search among: refused.
- google/xtreme's XNLI holds 15 languages in one configuration: facebook/xnli, one configuration a language, is read.
- google/xtreme's tydiqa holds 9 languages in one configuration: rows are chosen by the language that their id begins
  with. Training takes the 3,696 English questions, not all 49,881.
- Labels that are withheld (GLUE's, HellaSwag's, CommonsenseQA's and Cosmos QA's test parts: -1, "" or one label
  throughout) are refused. SNLI's -1 is another matter: no agreement among the annotators; such pairs are left out.
- Numbers of labels are read by the names that the data set gives them, whatever their order.
- PAWS-X.en has 49,175 training pairs in place of the 49,401 of the release (google/xtreme read its quotation marks as
  CSV's, which glued lines together); es and fr lack 39 and 12 dev pairs, ko one test pair.
- google/xtreme stripped the passages of its questions and kept the offsets: an answer is looked for near its place.
- In tatoeba.* the sentences end in line feeds, and source_lang is no language: the configuration says which it is.
- allenai/cosmos_qa and allenai/social_i_qa hold loading scripts: the hub's conversion of them is read (hubfiles.find).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from claimcheck.foundation.errors import InputError, MissingInputError, UsageError
from reproduce import tasks
from reproduce.data import hubrows
from reproduce.data.hubaccess import FILES
from reproduce.data.hubfiles import Place, Table, find
from reproduce.data.hubrows import WITHHELD, Here, Make
from reproduce.data.rows import Choice, Pair, Row, Sentence, Source
from reproduce.specs import HubData
from reproduce.tasks import TRAINING_LANGUAGE, TaskInfo

__all__ = ["source"]

_ENOUGH = 20  # so many rows that share one label have none: a placeholder was written

# what the hub does not have, why, and what to do
_SELECTION = "{} is made of parts of several sets' files, which no repository of the hub holds"
_REFUSED = {
    "bucc": (
        "the hub has BUCC's gold pairs without the sentences to search among, so that it cannot be scored",
        "give the files of comparable.limsi.fr/bucc2018 in DIR/bucc2018 with --data DIR",
    ),
    "ccg": ("CCGbank (LDC2005T13) is licensed and on no hub", FILES),
    "nli-small": (_SELECTION.format("nli-small"), FILES),
    "hellaswag-small": (_SELECTION.format("hellaswag-small"), FILES),
    "text": ("plain text is not read from the hub", "give DIR/text/xx.txt with --data DIR"),
}


@dataclass(frozen=True)
class _Part:
    """A table of a task: where it is, its columns, what becomes of a row. `classes`: the column of the label."""

    place: Place
    columns: tuple[str, ...]
    maker: Callable[[], Make]  # called for every reading
    classes: str = ""


def source(task: str, data: HubData, language: str, split: str) -> Source:
    """The rows of a task's part ("train", "dev", "test") in a language, from the revision that `data` names.

    What there is is asked now, the tables are fetched when they are read. Raises UsageError for a task, language or
    part that the catalogue or the hub does not know, MissingInputError where repository, configuration or split are not
    there, not open to all, or not what the task needs, ServiceError where the hub cannot be reached and its cache has
    no copy.
    """
    if task in _REFUSED:
        what, todo = _REFUSED[task]
        raise MissingInputError(what, todo=todo)
    info = tasks.task(task)
    if task not in _ADAPTERS:
        raise UsageError(f"the task '{task}' is not on the hub", todo=tasks.near(task, _ADAPTERS))
    if split not in ("train", "dev", "test"):
        raise UsageError(f"there is no part '{split}'", todo="parts are train, dev and test")
    if split != "train":
        tasks.check_languages(task, [language])
    parts = _ADAPTERS[task](info, language, split)
    if not parts:
        in_language = f" in '{language}'" if language != TRAINING_LANGUAGE else ""
        todo = info.note if "trained on" in info.note else "use another part"
        raise UsageError(f"the task '{task}' has no {split} part{in_language} on the hub", todo=todo)
    tables = [find(part.place, data.revision) for part in parts]
    identity = [task, language, split, [table.identity for table in tables]]
    return Source(
        task,
        language,
        split,
        rows=lambda: _rows(info, language, split, parts, tables),
        fingerprint=hashlib.sha256(json.dumps(identity).encode()).hexdigest(),
        labels=info.labels,
        pool=partial(_pool, parts[0], tables[0], language) if info.head == "retrieval" else None,
        nullable=task == "squad-v2",
    )


def _rows(info: TaskInfo, language: str, split: str, parts: Sequence[_Part], tables: Sequence[Table]) -> Iterator[Row]:
    """The rows of all tables. Raises InputError at the end where there are none or all have one label."""
    count, seen = 0, set[str]()
    for part, table in zip(parts, tables, strict=True):
        names, values = table.read(part.columns)
        labels = _labels(info, table, names.get(part.classes, ())) if part.classes else {}
        here, make = Here(table, language, split, labels), part.maker()
        for here.number, value in enumerate(values):
            row = make(here, value)
            if row is None:
                continue
            count += 1
            if isinstance(row, Pair | Choice):
                seen.add(str(row.label))
            yield row
    where = str(tables[-1].place)
    if not count:
        raise InputError(f"holds no row in '{language}'", where=where, todo=FILES)
    if split != "train" and count >= _ENOUGH and len(seen) == 1:
        what = f"labels are withheld: all {count} rows have the label '{seen.pop()}', which is a placeholder"
        raise InputError(what, where=where, todo=WITHHELD)


def _pool(part: _Part, table: Table, language: str) -> Iterator[Sentence]:
    here = Here(table, language, "", {})
    for here.number, value in enumerate(table.read(part.columns)[1]):
        yield hubrows.foreign(here, value)


def _labels(info: TaskInfo, table: Table, names: tuple[str, ...]) -> Mapping[Any, str]:
    """What each value of a label's column means. Raises InputError for other classes than the catalogue's."""
    if not names:
        return {label: label for label in info.labels}
    if sorted(names) != sorted(info.labels):
        what = f"has another label set: {', '.join(names)} in place of {', '.join(info.labels)}"
        raise InputError(what, where=str(table.place), todo=f"set the revision to an older commit, or {FILES}")
    return dict(enumerate(names))


# ---------------------------------------------------------------- where the tasks' tables are

_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
_TRAIN_DEV = {"train": "train", "dev": "validation"}
_DEV_TEST = {"dev": "validation", "test": "test"}
_ONE_PART = {"dev": "validation", "test": "validation"}  # that is dev and test

_Adapter = Callable[[TaskInfo, str, str], list[_Part]]


def _one(
    columns: tuple[str, ...],
    maker: Callable[[], Make],
    splits: Mapping[str, str] = _SPLITS,
    classes: str = "",
    translated: bool = False,
) -> _Adapter:
    """A task of one table a part and language. `translated`: its train part is there in all its languages."""

    def parts(info: TaskInfo, language: str, split: str) -> list[_Part]:
        if split == "train" and language != TRAINING_LANGUAGE and not (translated and language in info.languages):
            return []
        if split not in splits:
            return []
        place = Place(info.hub_id, info.configuration_of(language), splits[split])
        return [_Part(place, columns, maker, classes)]

    return parts


def _pairs(*texts: str, translated: bool = False) -> _Adapter:
    return _one((*texts, "label"), hubrows.pair, classes="label", translated=translated)


def _mnli(info: TaskInfo, language: str, split: str) -> list[_Part]:
    """GLUE's MNLI, the matched parts; in other languages what XNLI's authors made of its train part by machine."""
    columns = ("premise", "hypothesis", "label")
    if language != TRAINING_LANGUAGE:
        xnli = tasks.task("xnli")
        if split != "train" or language not in xnli.languages:
            return []
        return [_Part(Place(xnli.hub_id, xnli.configuration_of(language), "train"), columns, hubrows.pair, "label")]
    name = {"train": "train", "dev": "validation_matched", "test": "test_matched"}[split]
    return [_Part(Place(info.hub_id, info.configuration, name), columns, hubrows.pair, "label")]


def _anli_plus(info: TaskInfo, language: str, split: str) -> list[_Part]:
    """SNLI, MNLI and the three rounds of ANLI, in this order (X-STILTs' ANLI+, arXiv 2005.13013)."""
    if language != TRAINING_LANGUAGE or split == "test":  # MNLI's test labels are withheld
        return []
    columns = ("premise", "hypothesis", "label")
    mnli = tasks.task("mnli")
    snli = Place("stanfordnlp/snli", "plain_text", _SPLITS[split])
    matched = Place(mnli.hub_id, mnli.configuration, "train" if split == "train" else "validation_matched")
    rounds = [Place(info.hub_id, info.configuration, f"{split}_r{number}") for number in (1, 2, 3)]
    return [
        _Part(snli, columns, lambda: hubrows.pair("snli-", unlabelled=True), "label"),
        _Part(matched, columns, lambda: hubrows.pair("mnli-"), "label"),
        *(
            _Part(place, columns, partial(hubrows.pair, f"anli-r{number}-"), "label")
            for number, place in enumerate(rounds, start=1)
        ),
    ]


_SQUAD = ("id", "context", "question", "answers")
_HELLASWAG = ("activity_label", "ctx", "endings", "label")
_COMMONSENSE = ("id", "question", "choices", "answerKey")
_COSMOS = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")
_SOCIAL = ("context", "question", "answerA", "answerB", "answerC", "label")
_COPA = ("idx", "premise", "question", "choice1", "choice2", "label")

_ADAPTERS: dict[str, _Adapter] = {
    "mnli": _mnli,
    "anli-plus": _anli_plus,
    "qqp": _pairs("question1", "question2"),
    "cola": _pairs("sentence"),
    "sst2": _pairs("sentence"),
    "mrpc": _pairs("sentence1", "sentence2"),
    "qnli": _pairs("question", "sentence"),
    "rte": _pairs("sentence1", "sentence2"),
    "wnli": _pairs("sentence1", "sentence2"),
    "stsb": _one(("sentence1", "sentence2", "label"), hubrows.scored),
    "xnli": _pairs("premise", "hypothesis", translated=True),
    "paws-x": _pairs("sentence1", "sentence2", translated=True),
    "udpos": _one(("tokens", "pos_tags"), lambda: hubrows.tagged, classes="pos_tags"),
    "panx": _one(("tokens", "ner_tags"), lambda: hubrows.tagged, classes="ner_tags"),
    "squad-v1": _one(_SQUAD, hubrows.question, _TRAIN_DEV),
    "squad-v2": _one(_SQUAD, partial(hubrows.question, nullable=True), _TRAIN_DEV),
    "xquad": _one(_SQUAD, hubrows.question, _ONE_PART),
    "mlqa": _one(_SQUAD, hubrows.question, _DEV_TEST),
    "tydiqa": _one(_SQUAD, partial(hubrows.question, mixed=True), {"train": "train", **_ONE_PART}),
    "hellaswag": _one(_HELLASWAG, hubrows.hellaswag),
    "cosmosqa": _one(_COSMOS, hubrows.cosmosqa),
    "commonsenseqa": _one(_COMMONSENSE, hubrows.commonsenseqa),
    "socialiqa": _one(_SOCIAL, hubrows.socialiqa, _TRAIN_DEV),
    "xcopa": _one(_COPA, hubrows.xcopa, _DEV_TEST),
    "tatoeba": _one(("source_sentence", "target_sentence"), lambda: hubrows.english, _ONE_PART),
}
