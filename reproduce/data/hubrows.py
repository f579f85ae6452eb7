"""What a row of a data set on the hub becomes: a row of ours, by kind of task and with every value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from claimcheck.foundation.errors import InputError
from reproduce.data.files.choices import hellaswag_item, xcopa_pairs
from reproduce.data.files.fields import Ids
from reproduce.data.files.questions import located, tydiqa_language
from reproduce.data.hubaccess import FILES
from reproduce.data.hubfiles import Table
from reproduce.data.rows import Choice, Pair, Question, Row, Sentence, Tagged
from reproduce.tasks import TRAINING_LANGUAGE

__all__ = [
    "WITHHELD",
    "Here",
    "Make",
    "commonsenseqa",
    "cosmosqa",
    "english",
    "foreign",
    "hellaswag",
    "pair",
    "question",
    "scored",
    "socialiqa",
    "tagged",
    "xcopa",
]

WITHHELD = "score the dev part: the labels of this one are with the authors"
_NONE = (None, "", -1, "-1", "-", "placeholder")  # in the place of a label


@dataclass(slots=True)
class Here:
    """Where reading stands, and what it reads with."""

    table: Table
    language: str
    split: str
    labels: Mapping[Any, str]  # the catalogue's name of each value
    number: int = 0  # of the row, from 0

    def bad(self, what: str, todo: str = FILES) -> InputError:
        """The error for this row."""
        return InputError(what, where=f"{self.table.place}, row {self.number}", todo=todo)

    def text(self, value: Any) -> str:
        """A text, which may be empty."""
        if not isinstance(value, str):
            raise self.bad(f"there should be a text, there is {_short(value)}")
        return value

    def label(self, value: Any) -> str:
        """A label of the catalogue. Raises InputError where it is withheld or another one."""
        found = self.labels.get(value) if isinstance(value, int | str) else None
        if found is None:
            if value in _NONE:
                raise self.withheld()
            raise self.bad(f"has the label {_short(value)}", f"labels are {', '.join(self.labels.values())}")
        return found

    def choice(self, value: Any, first: int, count: int) -> int:
        """The number of the right choice from 0, given as a number or a digit that counts from `first`."""
        if value in _NONE:
            raise self.withheld()
        number = int(value) - first if str(value).isdecimal() else -1
        if not 0 <= number < count:
            raise self.bad(f"the label should be a number from {first} to {first + count - 1}, is {_short(value)}")
        return number

    def withheld(self) -> InputError:
        """The error for a part whose labels are kept back: scoring it would score nothing."""
        todo = "training needs the labels" if self.split == "train" else WITHHELD
        return self.bad("labels are withheld", todo)


# a row of the hub's becomes one of ours, or none
Make = Callable[[Here, tuple[Any, ...]], Row | None]


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."


def pair(prefix: str = "", unlabelled: bool = False) -> Make:
    """One text or two and a class; `unlabelled`: rows with -1 are left out."""

    def make(here: Here, values: tuple[Any, ...]) -> Pair | None:
        *texts, label = values
        if unlabelled and label == -1:
            return None
        first = here.text(texts[0]).strip()
        second = here.text(texts[1]).strip() if len(texts) > 1 else None
        if here.split == "train" and here.language != TRAINING_LANGUAGE and not (first and (second or second is None)):
            return None  # the translation failed
        return Pair(f"{prefix}{here.number}", first, second, here.label(label))

    return make


def scored() -> Make:
    """Two texts and a number (STS-B), which is the label as it is printed."""

    def make(here: Here, values: tuple[Any, ...]) -> Pair:
        first, second, score = values
        if score in _NONE:
            raise here.withheld()
        if not isinstance(score, float | int):
            raise here.bad(f"the label should be a number, is {_short(score)}")
        return Pair(str(here.number), here.text(first).strip(), here.text(second).strip(), f"{score:.4g}")

    return make


def tagged(here: Here, values: tuple[Any, ...]) -> Tagged | None:
    """A sentence as words and tags. Where every word of it begins with its language, as in PAN-X's files, that goes."""
    words, tags = values
    if not isinstance(words, list) or not isinstance(tags, list) or len(words) != len(tags):
        raise here.bad("there should be as many tags as words")
    if not words:
        return None
    prefix = f"{here.language}:"
    if all(isinstance(word, str) and word.startswith(prefix) for word in words):
        words = [word.removeprefix(prefix) for word in words]
    if not all(isinstance(word, str) for word in words):
        raise here.bad("there is a word that is no text")
    return Tagged(str(here.number), tuple(words), tuple(here.label(tag) for tag in tags))


def question(nullable: bool = False, mixed: bool = False) -> Make:
    """SQuAD's rows. `nullable`: without answers it cannot be answered; `mixed`: the id begins with the language."""
    ids = Ids()

    def make(here: Here, values: tuple[Any, ...]) -> Question | None:
        id, passage, asked, answers = values
        id = here.text(id)
        if not id.strip():
            raise here.bad("the id is empty")
        if mixed:
            code = tydiqa_language(id)
            if code is None:
                raise here.bad(f"the id '{id[:40]}' says no language, and the data set mixes them")
            if code != here.language:
                return None
        found = [(text, start) for text, start in zip(*_members(here, answers), strict=True) if here.text(text).strip()]
        if not found and not nullable:
            raise here.bad("the answers are withheld", WITHHELD)
        if not isinstance(passage, str):
            raise here.bad("there is no passage")
        texts = tuple(text for text, _ in found)
        return Question(
            ids.unique(id),
            here.text(asked),
            passage,
            texts,
            tuple(located(passage, text, int(start)) for text, start in found),
        )

    return make


def _members(here: Here, value: Any, names: tuple[str, str] = ("text", "answer_start")) -> tuple[list[Any], list[Any]]:
    """Two lists out of a list of records, which comes as lists of their members or, from other versions, as records."""
    if isinstance(value, list):
        value = {name: [record.get(name) for record in value] for name in names}
    if not isinstance(value, Mapping) or not all(isinstance(value.get(name), list) for name in names):
        raise here.bad(f"there should be lists of '{names[0]}' and '{names[1]}'")
    first, second = value[names[0]], value[names[1]]
    if len(first) != len(second):
        raise here.bad(f"there are {len(first)} of '{names[0]}' and {len(second)} of '{names[1]}'")
    return first, second


def hellaswag() -> Make:
    ids = Ids()

    def make(here: Here, values: tuple[Any, ...]) -> Choice:
        activity, context, endings, label = values
        if not isinstance(endings, list) or len(endings) != 4:
            raise here.bad("there should be four endings")
        texts = [here.text(ending) for ending in endings]
        item = hellaswag_item(f"{here.text(activity)}: {here.text(context)}", texts, here.choice(label, 0, 4))
        return Choice(ids.unique(item.id), item.pairs, item.label)

    return make


def cosmosqa() -> Make:
    ids = Ids()

    def make(here: Here, values: tuple[Any, ...]) -> Choice:
        id, context, question, *answers, label = values
        first = f"{here.text(context)} {here.text(question)}"
        pairs = tuple((first, here.text(answer)) for answer in answers)
        return Choice(ids.unique(here.text(id)), pairs, here.choice(label, 0, 4))

    return make


def commonsenseqa() -> Make:
    ids = Ids()

    def make(here: Here, values: tuple[Any, ...]) -> Choice:
        id, question, choices, answer = values
        if answer in _NONE:
            raise here.withheld()
        letters, texts = _members(here, choices, ("label", "text"))
        if len(set(letters)) != 5 or answer not in letters:
            raise here.bad("there should be five choices, each with a letter, and the answer one of the letters")
        pairs = tuple((here.text(question), here.text(text)) for text in texts)
        return Choice(ids.unique(here.text(id)), pairs, letters.index(answer))

    return make


def socialiqa() -> Make:
    def make(here: Here, values: tuple[Any, ...]) -> Choice:
        context, question, *answers, label = values
        first = f"{here.text(context)} {here.text(question)}"
        pairs = tuple((first, here.text(answer)) for answer in answers)
        return Choice(str(here.number + 1), pairs, here.choice(label, 1, 3))  # counted from 1, as in the files

    return make


def xcopa() -> Make:
    ids = Ids()

    def make(here: Here, values: tuple[Any, ...]) -> Choice:
        id, premise, question, first, second, label = values
        if question not in ("cause", "effect"):
            raise here.bad(f"the question should be cause or effect, is {_short(question)}")
        pairs = xcopa_pairs(here.text(premise), question, (here.text(first), here.text(second)))
        return Choice(ids.unique(str(id)), pairs, here.choice(label, 0, 2))

    return make


def english(here: Here, values: tuple[Any, ...]) -> Sentence:
    """Tatoeba's queries: the English side, as in XTREME. Row n translates row n; ids count from 1, as in the files."""
    _, text = values
    return Sentence(f"en-{here.number + 1}", here.text(text).strip(), f"{here.language}-{here.number + 1}")


def foreign(here: Here, values: tuple[Any, ...]) -> Sentence:
    """Tatoeba's pool: the other side."""
    text, _ = values
    return Sentence(f"{here.language}-{here.number + 1}", here.text(text).strip())
