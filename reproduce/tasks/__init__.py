"""The catalogue of tasks: what a name in a registry means, how large its parts are and where that was read.

`task("xnli")` gives the record; the data are read from catalogue.toml once.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from claimcheck.foundation.errors import UsageError
from reproduce.specs import Language, Name, Spec

__all__ = ["TRAINING_LANGUAGE", "TaskInfo", "TextInfo", "check_languages", "near", "task", "tasks", "text"]

TRAINING_LANGUAGE = "en"  # of every training: the transfer under test is from English

Split = Literal["train", "dev", "test"]
Count = Annotated[int, Field(ge=1)]

_FAMILIES = {
    "classification": "classification",
    "regression": "classification",
    "tagging": "tagging",
    "span": "qa",
    "choice": "multiple_choice",
    "retrieval": "retrieval",
}


class Sizes(Spec):
    """Examples of one part (dev or test), by language, or of all languages together where only that is known."""

    by_language: dict[Language, Count] = Field(default_factory=dict)
    total: Count | None = None


class TaskInfo(Spec):
    """A task of the catalogue. Sizes are None where no source gives them; `assumed` names values without a source."""

    name: Name
    data: Literal["world", "real"]
    head: Literal["classification", "regression", "tagging", "span", "choice", "retrieval"]
    metric: Name
    labels: tuple[str, ...] = ()
    languages: tuple[Language, ...] = Field(min_length=1)
    hub_id: str = Field("", description="of the repository on the hub; empty: not there, files only")
    configuration: str = Field("", description="on the hub, a template of the language")
    not_on_hub: str = Field("", description="why it is in files only, where it is")
    hub_differs: str = Field("", description="how the hub's training set differs from the official one, if it does")
    train: Count | None = Field(None, description="examples of the training language")
    dev: Sizes = Sizes()
    test: Sizes = Sizes()
    sequences: float = Field(1.0, ge=1, description="sequences an example, on average")
    sentences: dict[Literal["dev", "test"], Count] = Field(default_factory=dict)
    mean_tokens: float | None = Field(None, gt=0, description="of a sequence, special tokens included")
    assumed: tuple[str, ...] = ()
    note: str = ""
    source: str = Field(min_length=1, description="where sizes and languages were read")

    @model_validator(mode="after")
    def _sizes_of_its_languages(self) -> TaskInfo:
        for part in (self.dev, self.test):
            other = sorted(set(part.by_language) - set(self.languages))
            if other:
                raise ValueError(f"task '{self.name}': a size for '{other[0]}', which is none of its languages")
        if self.data == "real" and bool(self.hub_id) == bool(self.not_on_hub):
            raise ValueError(f"task '{self.name}': say where on the hub it is, or why it is not")
        for name in self.assumed:
            if not getattr(self, name, None):
                raise ValueError(f"task '{self.name}': '{name}' is called assumed, but has no value")
        return self

    @property
    def family(self) -> str:
        """classification, tagging, qa, multiple_choice or retrieval."""
        return _FAMILIES[self.head]

    @property
    def mines(self) -> bool:
        """Whether pairs are sought in two pools (BUCC), where most sentences have no translation."""
        return self.metric == "bucc_f1"

    @property
    def train_examples(self) -> int | None:
        """Examples of the training language; None: unknown, or there are none."""
        return self.train

    @property
    def dev_examples(self) -> int | None:
        """Examples of the dev part a language; None where unknown or not the same in all."""
        return _common(self.dev)

    @property
    def test_examples(self) -> int | None:
        """Examples of the test part a language; None where unknown or not the same in all."""
        return _common(self.test)

    def languages_of(self, split: Split) -> tuple[str, ...]:
        """The languages that have the part, in the task's order; all of them where no size says otherwise."""
        if split == "train":
            return (TRAINING_LANGUAGE,) if self.train is not None else ()
        sizes = (self.dev if split == "dev" else self.test).by_language
        return tuple(code for code in self.languages if code in sizes) if sizes else self.languages

    def examples(self, split: Split, languages: Sequence[str], limit: int | None = None) -> int | None:
        """Examples of the part in these languages together, at most `limit` of each; None where a size is unknown."""
        if split == "train":
            return None if self.train is None else min(self.train, limit or self.train)
        sizes = self.dev if split == "dev" else self.test
        if sizes.by_language:
            known = [sizes.by_language.get(code) for code in languages]
            return sum(min(n, limit or n) for n in known if n) if None not in known else None
        if sizes.total is None:
            return None
        share = sizes.total / len(self.languages)  # of one language, as if all were as large
        return round(len(languages) * min(share, limit or share))

    def configuration_of(self, language: str) -> str:
        """The configuration on the hub that holds a language."""
        english, iso3 = _catalogue().languages.get(language, (language, language))
        return self.configuration.format(language=language, english=english, iso3=iso3)


class TextInfo(Spec):
    """Plain sentences for pretraining."""

    vocabulary: Count | None = Field(None, description="None: a training of it says")
    sentences: Count | None = Field(None, description="a language; None: not known")
    mean_tokens: float = Field(gt=0, description="of a sentence, special tokens included")
    assumed: tuple[str, ...] = Field((), description="values without a source")
    source: str = Field(min_length=1)


class _Catalogue(Spec):
    sources: dict[str, str]
    languages: dict[Language, tuple[str, str]]
    text: dict[str, TextInfo]
    tasks: dict[Name, TaskInfo]


def _common(sizes: Sizes) -> int | None:
    different = set(sizes.by_language.values())
    return different.pop() if len(different) == 1 else None


def _sizes(entry: dict[str, Any], split: str) -> dict[str, Any]:
    """The forms that catalogue.toml allows, as fields of Sizes."""
    given = entry.get(split, {})
    if given == "dev":
        given = entry.get("dev", {})
    if isinstance(given, int):
        given = {"each": given}
    given = dict(given)
    if "total" in given:
        return {"total": given.pop("total"), **given}  # anything beside it is refused as unknown
    each = given.pop("each", None)
    if each is not None:
        given = {code: given.get(code, each) for code in entry["languages"]}
    return {"by_language": given}


@lru_cache(maxsize=1)
def _catalogue() -> _Catalogue:
    content = tomllib.loads(resources.files("reproduce.tasks").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    sources = content["sources"]
    for entry in content["text"].values():
        entry["source"] = "; ".join(sources[name] for name in entry["source"])
    for name, entry in content["tasks"].items():
        entry |= {"name": name, "source": "; ".join(sources[source] for source in entry["source"])}
        entry |= {"dev": _sizes(entry, "dev"), "test": _sizes(entry, "test")}
    return _Catalogue.model_validate(content)


def near(name: str, known: Iterable[str]) -> str:
    """What to tell about an unknown name: the names like it, else all of them."""
    names = sorted(known)
    like = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(like)}?" if like else f"known: {', '.join(names)}"


def tasks() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted(_catalogue().tasks))


def task(name: str) -> TaskInfo:
    """The task of that name. Raises UsageError with the names that are like it."""
    known = _catalogue().tasks
    if name not in known:
        raise UsageError(f"there is no task '{name}'", todo=near(name, known))
    return known[name]


def text(kind: str) -> TextInfo | None:
    """The plain sentences of that kind of data ("world"), or None where their number is not known."""
    return _catalogue().text.get(kind)


def check_languages(name: str, languages: Sequence[str], where: str = "") -> None:
    """Raise UsageError unless the task has all these languages, each named once."""
    info = task(name)
    for code in languages:
        if code not in info.languages:
            has = f"it has {', '.join(info.languages)}"
            raise UsageError(f"the task '{name}' has no language '{code}'", where=where, todo=has)
    if len(set(languages)) < len(languages):
        raise UsageError(f"a language of the task '{name}' is named twice", where=where, todo="name each once")
