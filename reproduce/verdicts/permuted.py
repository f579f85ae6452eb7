"""Answers dealt out at random among the items: whether a metric notices, and the floor under a score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduce.tasks.metrics import Metric, Row, metric

__all__ = ["by_chance", "contributions", "dealt_out"]

_ITEMS = 2000  # answers dealt out for each language of a run, in as many permutations as that takes
_PERMUTATIONS = (2, 20)  # at least and at most


def by_chance(name: str, rows: Sequence[Row], *, seed: int = 0) -> float:
    """The mean score, from 0 to 1, of the rows of one language with their predictions dealt out at random.

    Raises what the metric raises.
    """
    measure, rng = metric(name), np.random.default_rng(seed)
    least, most = _PERMUTATIONS
    times = min(most, max(least, round(_ITEMS / len(rows))))
    total = 0.0
    for _ in range(times):
        dealt = dealt_out(rows, rng)
        sums = contributions(measure, dealt)
        total += measure(dealt) if sums is None else float(measure.value(sums.sum(axis=0)))
    return total / times


def dealt_out(rows: Sequence[Row], rng: np.random.Generator) -> list[Row]:
    """The rows with their predictions permuted among them.

    Tags are permuted among the words of all sentences: how often a tag is said stays as it is, where it is said does
    not.
    """
    said = [row["prediction"] for row in rows]
    if not all(isinstance(prediction, list) for prediction in said):
        return _with(rows, [said[place] for place in rng.permutation(len(said)).tolist()])
    words = list(chain.from_iterable(said))
    dealt = [words[place] for place in rng.permutation(len(words)).tolist()]
    ends = np.cumsum([0, *map(len, said)]).tolist()
    return _with(rows, [dealt[begin:end] for begin, end in pairwise(ends)])


def contributions(measure: Metric, rows: Sequence[Row]) -> NDArray[np.float64] | None:
    """As of the metric, [items, sums], of rows whose form has been checked before; None where it is none of sums."""
    if measure.items is None:
        return None
    if not measure.missing and any(row["prediction"] is None for row in rows):
        return measure.contributions(rows)  # which says what is wrong
    return measure.items(rows)


def _with(rows: Sequence[Row], predictions: Sequence[Any]) -> list[Row]:
    return [{**row, "prediction": prediction} for row, prediction in zip(rows, predictions, strict=True)]
