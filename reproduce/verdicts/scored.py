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

__all__ = ["LanguageScore", "Scored", "canonical", "scored"]

_FEW = 20  # items of which equal predictions prove nothing


class LanguageScore(NamedTuple):
    """One metric in one language: the score from 0 to 1, and what it is made of where it is a function of sums."""

    score: float
    sums: NDArray[np.float64] | None  # [items, sums], items in the order of their ids
    items_sha256: str  # of ids and labels


@dataclass(frozen=True, eq=False)
class Scored:
    """A predictions file. `telling`: whether another model that says just the same would be no coincidence."""

    rows: int
    by_metric: Mapping[str, Mapping[str, LanguageScore]]
    items_sha256: str  # of ids and labels
    said_sha256: str  # of ids and predictions
    telling: bool


def canonical(value: Any) -> str:
    """JSON by which equal values are equal texts."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def scored(rows: Sequence[Row], measures: Sequence[str]) -> Scored:
    """The scores of checked rows by these metrics. Raises UnreadableInputError on rows that a metric cannot score."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["language"], row["id"])):
        groups.setdefault(row["language"], []).append(row)
    items = {language: _sha256([[r["id"], r["label"]] for r in group]) for language, group in groups.items()}
    by_metric = {}
    for name in measures:
        measure = metric(name)
        by_metric[name] = {
            language: LanguageScore(
                measure(group), measure.contributions(group) if measure.is_additive else None, items[language]
            )
            for language, group in groups.items()
        }
    return Scored(
        rows=len(rows),
        by_metric=by_metric,
        items_sha256=_sha256(items),
        said_sha256=_sha256([[r["id"], r["prediction"], r.get("score")] for group in groups.values() for r in group]),
        telling=_is_telling(rows, [part.score for parts in by_metric.values() for part in parts.values()]),
    )


def _is_telling(rows: Sequence[Row], scores: Sequence[float]) -> bool:
    """Two models of which each errs somewhere do not err alike on all of many items.

    Where nothing is wrong, where a collapsed model always says the same, or where the items are few, they may. Nor do
    they agree on a real number beside each answer.
    """
    if len(rows) < _FEW:
        return False
    if any(isinstance(row.get("score"), float) for row in rows):
        return True
    return min(scores, default=1.0) < 1 and len({canonical(row["prediction"]) for row in rows}) > 1


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
