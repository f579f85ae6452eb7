"""Resampled seeds and items for many contrasts over the same runs: each run's items are resampled once for all claims.

The laws are those of `two_level_bootstrap`. A paper has a hundred contrasts over the same nine targets of up to forty
languages; drawing the items anew for each would take an hour.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.stats import Bootstrap, Stratum

__all__ = ["RESAMPLES", "Resampler"]

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_CHUNK = 2_000_000  # weights made at a time
_KEPT = 100_000_000  # bytes of weights that are kept for other item sets of the same size
_EXACT = 2**24  # whole numbers below it are exact in float32


class Resampler:
    """Draws contrasts of strata, as `two_level_bootstrap` does, whatever else is drawn beside them.

    How often each of n items is drawn, in each of the resamples, is drawn once for n; an item set takes these resamples
    in an order of its own, which its name seeds: resamples of two languages are independent, and those of two models on
    the same items are the same. What a stratum scores in its resamples is kept: `add` first all that will be drawn.
    """

    def __init__(self, resamples: int = RESAMPLES) -> None:
        self.resamples = resamples
        self._strata: dict[str, dict[tuple[int, int], Stratum]] = {}  # by items; holds the arrays, whose ids are keys
        self._scores: dict[str, dict[tuple[int, int], NDArray[np.float32]]] = {}
        self._weights: dict[int, NDArray[np.float32]] = {}

    def add(self, strata: Iterable[Stratum]) -> None:
        """Name strata that will be drawn: those of one item set are then resampled in one pass."""
        for s in strata:
            if s.contributions.ndim != 3 or 0 in s.contributions.shape:
                what = "contributions must be [seeds, items, sums] with at least one of each"
                raise UsageError(what, where=f"stratum '{s.items}'")
            known = self._strata.setdefault(s.items, {})
            size = next((one.contributions.shape[1] for one in known.values()), s.contributions.shape[1])
            if s.contributions.shape[1] != size:
                what = f"{s.contributions.shape[1]} and {size} items bear one name"
                raise UsageError(what, where=f"stratum '{s.items}'")
            known.setdefault(_identity(s), s)

    def __call__(self, contrasts: Sequence[Sequence[Stratum]], rng: np.random.Generator) -> tuple[Bootstrap, ...]:
        """The contrasts with seeds and items resampled; all of them see the same seeds and the same items.

        Raises UsageError for strata that do not fit together.
        """
        if not contrasts or not all(contrasts):
            raise UsageError("a contrast needs at least one stratum")
        self.add(s for contrast in contrasts for s in contrast)
        rows: dict[str, int] = {}
        for s in (s for contrast in contrasts for s in contrast):
            own = len(s.contributions)
            if rows.setdefault(s.seeds, own) not in (1, own) and own > 1:
                raise UsageError(f"{own} and {rows[s.seeds]} rows cannot share seeds", where=f"stratum '{s.items}'")
            rows[s.seeds] = max(rows[s.seeds], own)
        draws = {m: rng.multinomial(m, np.full(m, 1 / m), size=self.resamples) / m - 1 / m for m in rows.values()}
        uniform, normal = rng.random(self.resamples), rng.standard_normal(self.resamples)
        return tuple(self._drawn(contrast, rows, draws, uniform, normal) for contrast in contrasts)

    def _drawn(
        self,
        contrast: Sequence[Stratum],
        rows: dict[str, int],
        draws: dict[int, Floats],
        uniform: Floats,
        normal: Floats,
    ) -> Bootstrap:
        varied = list(dict.fromkeys(s.seeds for s in contrast if len(s.contributions) > 1)) or [contrast[0].seeds]
        values = {name: np.zeros(rows[name]) for name in varied}
        item_part = np.zeros(self.resamples)
        for s in contrast:
            # a single row varies with no seed: it can join any group, where it serves all seeds
            values[s.seeds if s.seeds in values else varied[0]] += s.weight * _score(s)
            item_part += s.weight * self._of(s)
        seed_part = np.zeros(self.resamples)
        for name in varied:
            m = rows[name]
            seed_part += draws[m] @ values[name] * (math.sqrt(m / (m - 1)) if m > 1 else 1.0)
        return Bootstrap(tuple(values.values()), item_part, seed_part, uniform, normal)

    def _of(self, s: Stratum) -> NDArray[np.float32]:
        """What the stratum scores in each resample of its items, in points, mean over its rows [resamples]."""
        if _identity(s) not in self._scores.get(s.items, {}):
            self._resample(s.items)
        return self._scores[s.items][_identity(s)]

    def _resample(self, items: str) -> None:
        """The scores of all strata on these items that have none yet."""
        done = self._scores.setdefault(items, {})
        todo = [s for identity, s in self._strata[items].items() if identity not in done]
        n = todo[0].contributions.shape[1]
        table = np.concatenate([np.moveaxis(s.contributions, 1, 0).reshape(n, -1) for s in todo], axis=1)
        if not np.isfinite(table).all():
            raise UsageError("contributions must be finite", where=f"stratum '{items}'")
        # whole numbers are counted exactly in half the time
        whole = bool((table == np.rint(table)).all() and np.abs(table).max(initial=0) * n < _EXACT)
        table = table.astype(np.float32 if whole else np.float64)
        sums = np.concatenate([weights @ table for weights in self._drawn_items(n)])
        order = np.random.default_rng(_seed(items)).permutation(self.resamples)
        position = 0
        for s in todo:
            rows, _, width = s.contributions.shape
            own = sums[:, position : position + rows * width].reshape(self.resamples, rows, width)
            position += rows * width
            scores = 100 * s.value(own.astype(np.float64))
            done[_identity(s)] = np.asarray(scores.mean(axis=1), np.float32)[order]

    def _drawn_items(self, n: int) -> Iterator[NDArray[np.float32]]:
        """How often each of n items is drawn, [some resamples, n] at a time."""
        if n in self._weights:
            yield self._weights[n]
            return
        rng = np.random.default_rng(n)
        step = max(1, min(self.resamples, _CHUNK // n))
        keep = 4 * n * self.resamples + sum(kept.nbytes for kept in self._weights.values()) <= _KEPT
        kept = []
        for start in range(0, self.resamples, step):
            size = min(step, self.resamples - start)
            drawn = rng.integers(0, n, size=(size, n)) + n * np.arange(size)[:, None]
            weights = np.bincount(drawn.ravel(), minlength=size * n).astype(np.float32).reshape(size, n)
            if keep:
                kept.append(weights)
            yield weights
        if keep:
            self._weights[n] = np.concatenate(kept)


def _identity(s: Stratum) -> tuple[int, int]:
    return id(s.contributions), id(s.value)


def _score(s: Stratum) -> Floats:
    """The score of each row in points [rows]."""
    return np.asarray(100 * s.value(s.contributions.sum(axis=1)))


def _seed(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:16], 16)
