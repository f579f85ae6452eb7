"""What remains of a predictions file once it is checked: scores and sums by language, small enough to keep all runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reproduce.tasks.metrics import Row, metric
from reproduce.verdicts.permuted import by_chance, contributions

__all__ = ["LanguageScore", "Scored", "canonical", "scored"]

_FEW = 20  # items of which equal predictions prove nothing


class LanguageScore(NamedTuple):
    """One metric in one language: the score from 0 to 1, and what it is made of where it is a function of sums."""

    score: float
    sums: NDArray[np.float64] | None  # [items, sums], items in the order of their ids
    ids_sha256: str
    chance: float | None = None  # what the same answers score when they are dealt out at random; None: not asked for


@dataclass(frozen=True, eq=False)
class Scored:
    """A predictions file. `telling`: whether another model that says just the same would be no coincidence."""

    rows: int
    items: Mapping[str, int]  # by language
    by_metric: Mapping[str, Mapping[str, LanguageScore]]
    items_sha256: str  # of ids and labels
    said_sha256: str  # of ids and predictions
    telling: bool


def canonical(value: Any) -> str:
    """JSON by which equal values are equal texts."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def scored(rows: Sequence[Row], measures: Sequence[str], *, with_chance: bool = False) -> Scored:
    """The scores of checked rows by these metrics. Raises UnreadableInputError on rows that a metric cannot score."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["language"], []).append(row)
    groups = {language: sorted(groups[language], key=lambda row: str(row["id"])) for language in sorted(groups)}
    asked = {language: _sha256([[r["id"], r["label"]] for r in group]) for language, group in groups.items()}
    ids = {language: _sha256([row["id"] for row in group]) for language, group in groups.items()}
    said = {
        language: _sha256([[r["id"], r["prediction"], r.get("score")] for r in group])
        for language, group in groups.items()
    }
    by_metric: dict[str, dict[str, LanguageScore]] = {}
    for name in measures:
        measure = metric(name)
        by_metric[name] = {}
        for language, group in groups.items():
            sums = contributions(measure, group)
            score = measure(group) if sums is None else float(measure.value(sums.sum(axis=0)))
            chance = by_chance(name, group) if with_chance else None
            by_metric[name][language] = LanguageScore(score, sums, ids[language], chance)
    return Scored(
        rows=len(rows),
        items={language: len(group) for language, group in groups.items()},
        by_metric=by_metric,
        items_sha256=_sha256(asked),
        said_sha256=_sha256(said),
        telling=_is_telling(rows, [part.score for parts in by_metric.values() for part in parts.values()]),
    )


def _is_telling(rows: Sequence[Row], scores: Sequence[float]) -> bool:
    """Two models of which each errs somewhere do not err alike on all of many items.

    Where nothing is wrong, where a collapsed model always says the same, or where the answers are few, they may: for
    most sentences of a corpus nothing is found, and that is no answer to count. Nor do they agree on a real number
    beside each answer.
    """
    given = [row for row in rows if row["prediction"] is not None]
    if any(isinstance(row.get("score"), float) for row in given):
        return len(rows) >= _FEW
    return len(given) >= _FEW and min(scores, default=1.0) < 1 and _differ(given)


def _differ(rows: Sequence[Row]) -> bool:
    first = canonical(rows[0]["prediction"])
    return any(canonical(row["prediction"]) != first for row in rows)


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
