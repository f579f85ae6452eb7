"""XTREME's averages over its nine tasks, with and without retrieval, each with the names of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from claimcheck.foundation.errors import UsageError
from reproduce.tasks import near, task

__all__ = ["GROUPS", "Average", "Averages", "TaskScore", "averages", "qa_scores"]

# evaluate.py of google-research/xtreme (GROUP2TASK), by the catalogue's names
GROUPS: Mapping[str, tuple[str, ...]] = {
    "classification": ("paws-x", "xnli"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc", "tatoeba"),
}
_ALL = tuple(name for group in GROUPS.values() for name in group)
_TRAINED = tuple(name for name in _ALL if name not in GROUPS["retrieval"])


@dataclass(frozen=True)
class TaskScore:
    """A task's unweighted mean over languages, English included; `missing`: languages of the task without a score."""

    task: str
    score: float
    languages: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Average:
    """An unweighted mean over tasks; XTREME itself prints it only where none is `missing`."""

    name: str  # "all", "without_retrieval" or a group
    score: float
    tasks: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is over the tasks that XTREME takes it over."""
        return not self.missing


@dataclass(frozen=True)
class Averages:
    """The scores of the tasks, and every average that at least one of them is in: "all" first, then the groups."""

    tasks: tuple[TaskScore, ...]
    averages: tuple[Average, ...]

    def __getitem__(self, name: str) -> Average:
        """The average of that name. Raises KeyError where none of its tasks has a score."""
        return {average.name: average for average in self.averages}[name]


def averages(scores: Mapping[str, Mapping[str, float]]) -> Averages:
    """XTREME's averages of {task: {language: score}}, in the unit of the scores, over the tasks and languages given.

    The score of question answering is the mean of exact match and F1 (the metrics squad_mean and mlqa_mean; where both
    are given apart, `qa_scores`). Two rules differ from what is often printed beside XTREME: groups do not weigh
    the same in "all", tasks do; and a parts-of-speech score is the F1 of spans. Source: evaluate.py of
    google-research/xtreme, and Hu et al. 2020 (arXiv 2003.11080), table 2.

    Raises UsageError for a task that is none of XTREME's, or one without any language.
    """
    found = {name: _task_score(name, scores[name]) for name in sorted(scores, key=_place)}
    if not found:
        raise UsageError("there is no score to average")
    means = []
    for name, members in {"all": _ALL, "without_retrieval": _TRAINED, **GROUPS}.items():
        present = tuple(member for member in members if member in found)
        if present:
            mean = sum(found[member].score for member in present) / len(present)
            means.append(Average(name, mean, present, tuple(member for member in members if member not in found)))
    return Averages(tuple(found.values()), tuple(means))


def qa_scores(exact_match: Mapping[str, float], f1: Mapping[str, float]) -> dict[str, float]:
    """(F1 + EM) / 2 of each language. Raises UsageError where a language has only one of them."""
    if exact_match.keys() != f1.keys():
        odd = sorted(exact_match.keys() ^ f1.keys())
        raise UsageError(f"exact match and F1 are of other languages: {', '.join(odd)} has only one of them")
    return {language: (exact_match[language] + f1[language]) / 2 for language in exact_match}


def _task_score(name: str, by_language: Mapping[str, float]) -> TaskScore:
    if not by_language:
        raise UsageError(f"the task {name} has no score in any language")
    known = task(name).languages
    missing = tuple(code for code in known if code not in by_language)
    return TaskScore(name, sum(by_language.values()) / len(by_language), tuple(sorted(by_language)), missing)


def _place(name: str) -> int:
    if name not in _ALL:
        raise UsageError(f"'{name}' is no task of XTREME", todo=near(name, _ALL))
    return _ALL.index(name)
