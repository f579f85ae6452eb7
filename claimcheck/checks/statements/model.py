"""The small model over the signs of a statement: does the table tell, and does the statement hold?

Two sums of shallow trees, boosted on logistic loss (Friedman 2001, "Greedy function approximation", Algorithm 5);
better answers of the programs never lower the probability that a statement holds. Statements in the prose of papers are
judged less surely. How they were made and on what:
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
from claimcheck.foundation.records import LABELS, Label

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
class Prose:
    """How much a statement reads like the prose of a paper, and how much less sure the model then is.

    No set with labels that may train it has such statements: the temperature is the one that sets need which were left
    out of training, and it applies as far as a logistic model over signs of the wording takes the statement for prose.
    """

    bias: float
    weights: Mapping[str, float]
    temperature: float

    def likeness(self, rows: Sequence[Mapping[str, float]]) -> Floats:
        """(n,): P(prose of a paper, not a statement that somebody made for a table)."""
        z = np.array([self.bias + sum(w * row.get(s, 0.0) for s, w in self.weights.items()) for row in rows])
        result: Floats = 1.0 / (1.0 + np.exp(-z.reshape(len(rows))))
        return result

    def flattened(self, probabilities: Floats, rows: Sequence[Mapping[str, float]]) -> Floats:
        """(n, 3) with the same order of labels: p to the power of 1 / temperature, made to sum to 1 again."""
        # nothing is changed where the wording is likelier to be a statement made for a table
        likelier = np.maximum(0.0, 2.0 * self.likeness(rows) - 1.0)
        temperature = 1.0 + (self.temperature - 1.0) * likelier
        flat = np.maximum(probabilities, 1e-9) ** (1.0 / temperature[:, None])
        result: Floats = flat / flat.sum(axis=1, keepdims=True)
        return result


@dataclass(frozen=True)
class StatementModel:
    """Whether the table tells (`decided`), and whether what it tells is that the statement holds (`holds`)."""

    decided: Trees
    holds: Trees
    prose: Prose
    calibration: str  # on what the temperatures were fitted, and how many statements those were

    def probabilities(self, rows: Sequence[Mapping[str, float]]) -> list[dict[Label, float]]:
        """The three probabilities of each row of signs; they sum to 1."""
        if not rows:
            return []
        shares = self.prose.flattened(three_way(self.decided.probability(rows), self.holds.probability(rows)), rows)
        return [dict(zip(LABELS, map(float, row), strict=True)) for row in shares]


def three_way(tells: Floats, holds: Floats) -> Floats:
    """(n, 3) in the order of LABELS from P(the table tells) and P(the statement holds, if it does)."""
    result: Floats = np.stack([tells * holds, tells * (1.0 - holds), 1.0 - tells], axis=1)
    return result


@lru_cache(1)
def load_model() -> StatementModel:
    """The shipped model."""
    raw = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    fitted = raw["calibration"]
    told = f"{fitted['set']} ({fitted['statements']} statements)"
    manner = raw["prose"]
    prose = Prose(float(manner["bias"]), manner["weights"], float(manner["temperature"]))
    return StatementModel(Trees.from_json(raw["decided"]), Trees.from_json(raw["holds"]), prose, told)


def is_prose(signs: Mapping[str, float]) -> bool:
    """Whether a statement's wording is likelier that of a paper than of a statement made for a table."""
    return bool(load_model().prose.likeness([signs])[0] > 0.5)


def calibration() -> str:
    """The set that the model's temperatures were fitted on and its size, as a verdict names it."""
    return load_model().calibration
