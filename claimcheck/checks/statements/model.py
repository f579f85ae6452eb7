"""The small model over the signs of a statement: does the table tell, and does the statement hold?

Two sums of shallow trees, boosted on logistic loss (Friedman 2001, "Greedy function approximation", Algorithm 5);
better answers of the programs never lower the probability that a statement holds. How they were made and on what:
training/statements.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.table_index import Floats
from claimcheck.foundation.records import Label

DEPTH = 6  # no shipped tree is deeper


@dataclass(frozen=True)
class Trees:
    """A sum of trees: arrays (trees, nodes); a leaf points to itself."""

    signs: tuple[str, ...]
    base: float
    temperature: float
    sign: NDArray[np.intp]
    at: Floats
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Floats

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Trees:
        """Trees of unequal size filled to one shape."""
        trees = raw["trees"]
        nodes = max(len(t["value"]) for t in trees)
        shape = (len(trees), nodes)
        sign, at, value = np.zeros(shape, dtype=np.intp), np.full(shape, np.inf), np.zeros(shape)
        left = np.tile(np.arange(nodes, dtype=np.intp), (len(trees), 1))
        right = left.copy()
        for i, t in enumerate(trees):
            for k, (s, x, a, b, v) in enumerate(
                zip(t["sign"], t["at"], t["left"], t["right"], t["value"], strict=True)
            ):
                value[i, k] = v
                if s >= 0:
                    sign[i, k], at[i, k], left[i, k], right[i, k] = s, x, a, b
        return cls(tuple(raw["signs"]), float(raw["base"]), float(raw["temperature"]), sign, at, left, right, value)

    def probability(self, rows: Sequence[Mapping[str, float]]) -> Floats:
        """(n,): the probability of yes for each row of signs; an absent sign is 0."""
        x = np.array([[r.get(s, 0.0) for s in self.signs] for r in rows], dtype=np.float64).reshape(len(rows), -1)
        node = np.zeros((len(rows), len(self.value)), dtype=np.intp)
        tree = np.arange(len(self.value))
        item = np.arange(len(rows))[:, None]
        for _ in range(DEPTH):
            low = x[item, self.sign[tree, node]] <= self.at[tree, node]
            node = np.where(low, self.left[tree, node], self.right[tree, node])
        score = self.base + self.value[tree, node].sum(axis=1)
        result: Floats = 1.0 / (1.0 + np.exp(-score / self.temperature))
        return result


@dataclass(frozen=True)
class StatementModel:
    """Whether the table tells (`decided`), and whether what it tells is that the statement holds (`holds`)."""

    decided: Trees
    holds: Trees
    calibration: str  # on what the temperatures were fitted, and how many statements those were

    def probabilities(self, rows: Sequence[Mapping[str, float]]) -> list[dict[Label, float]]:
        """The three probabilities of each row of signs; they sum to 1."""
        if not rows:
            return []
        tells, holds = self.decided.probability(rows), self.holds.probability(rows)
        return [
            {"supported": float(t * h), "refuted": float(t * (1.0 - h)), "not_enough_info": float(1.0 - t)}
            for t, h in zip(tells, holds, strict=True)
        ]


@lru_cache(1)
def load_model() -> StatementModel:
    """The shipped model."""
    raw = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    fitted = raw["calibration"]
    told = f"{fitted['set']} ({fitted['statements']} statements)"
    return StatementModel(Trees.from_json(raw["decided"]), Trees.from_json(raw["holds"]), told)


def calibration() -> str:
    """The set that the model's temperatures were fitted on and its size, as a verdict names it."""
    return load_model().calibration
