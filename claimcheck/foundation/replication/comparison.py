"""A claimed number against reproduced runs: prediction interval, equivalence, and the verdict of their table.

Vectorised over leading axes, so that the simulations that show the error rates run the very code that judges. A run's
score is taken as normal, with one seed SD for the paper's runs and ours; the test items are the same on both sides, so
that their sampling error cancels and does not enter here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimcheck.foundation.replication.order_statistics import Statistic, maximum_pivot, variance_factor
from claimcheck.foundation.replication.seeds import SeedSD
from claimcheck.foundation.stats import t_quantile, t_tail

Floats = NDArray[np.float64]

EPSILON = 1e-9  # points: sums of printed decimals are not exact in binary
MAX_SEEDS = 10_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """The outcome of `compare`: arrays of the shape of its inputs.

    `gap`: reproduced - claimed; `low`, `high`: what chance and rounding allow it to be (95 %); `radius`: of
    equivalence, 90 %; `p_value`: of no true gap, rounding granted; `verdict`: one of the five number verdicts.
    """

    gap: Floats
    low: Floats
    high: Floats
    radius: Floats
    p_value: Floats
    verdict: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class _Law:
    """The law of the gap where there is no true gap: a scaled t, or the simulated one of a best of several runs."""

    scale: Floats
    dof: Floats
    best_of: int = 0
    spread: float = 0.0

    def quantile(self, p: float) -> Floats:
        if not self.best_of:
            return np.asarray(t_quantile(p, self.dof) * self.scale)
        return self._each(lambda sample, _: np.quantile(sample, p)) * self.scale

    def p_value(self, gap: Floats, excess: Floats) -> Floats:
        """Twice the probability of a gap as far out as `excess` on the side of `gap`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.scale > 0, excess / self.scale, np.where(excess > EPSILON, np.inf, 0.0))
        if not self.best_of:
            return np.asarray(2 * t_tail(t, self.dof))
        above = self._each(lambda sample, at: 1 - np.searchsorted(sample, t[at]) / sample.size)
        below = self._each(lambda sample, at: np.searchsorted(sample, -t[at], side="right") / sample.size)
        return np.where(excess > EPSILON, np.minimum(1.0, 2 * np.where(gap > 0, above, below)), 1.0)

    def _each(self, function: Callable[[Floats, NDArray[np.bool_]], ArrayLike]) -> Floats:
        out = np.empty(self.dof.shape)
        for dof in np.unique(self.dof):
            at = self.dof == dof
            out[at] = function(maximum_pivot(self.best_of, self.spread, float(dof)), at)
        return out


def compare(
    reproduced: ArrayLike,
    claimed: ArrayLike,
    sd: ArrayLike,
    dof: ArrayLike,
    *,
    spread: float,
    half_width: float,
    margin: float,
    statistic: Statistic = "single",
    runs: int = 1,
    claimed_sd: ArrayLike | None = None,
) -> Comparison:
    """Prediction interval, equivalence and the verdict of their table, elementwise, all in points.

    `sd`, `dof`: of the seed; `spread`: the variance of `reproduced` in units of sd^2 (1 / m for a mean of m seeds);
    `half_width`: of the claimed number's rounding; `runs`: behind the claimed number, of which it is the `statistic`;
    `claimed_sd`: over those runs where it is printed, which makes the test Welch's. A best of several runs has its own
    simulated law, in which `claimed_sd` has no part.
    """
    found, x0, s, nu = np.broadcast_arrays(*(np.asarray(a, float) for a in (reproduced, claimed, sd, dof)))
    gap = found - x0
    if statistic == "max" and runs > 1:
        law = _Law(s, nu, runs, spread)
    elif claimed_sd is not None and runs > 1:
        theirs, ours = np.asarray(claimed_sd) ** 2 * variance_factor(statistic, runs), s**2 * spread
        # Welch-Satterthwaite; infinite where neither side varies
        with np.errstate(divide="ignore", invalid="ignore"):
            nu = (theirs + ours) ** 2 / (theirs**2 / (runs - 1) + ours**2 / nu)
        law = _Law(np.sqrt(theirs + ours), np.where(np.isnan(nu), np.inf, nu))
    else:
        law = _Law(s * math.sqrt(variance_factor(statistic, runs) + spread), nu)
    low, high = law.quantile(0.025) - half_width, law.quantile(0.975) + half_width
    inside = (gap >= low - EPSILON) & (gap <= high + EPSILON)
    # the bounds of the two one-sided tests on the true gap
    least, most = gap - law.quantile(0.95) - half_width, gap - law.quantile(0.05) + half_width
    radius = np.maximum(np.abs(least), np.abs(most))
    equal = radius <= margin + EPSILON
    verdict = np.select(
        [equal & inside, equal, inside, gap < 0],
        ["reproduced", "reproduced_small_shift", "inconclusive", "not_reproduced_lower"],
        "not_reproduced_higher",
    )
    p_value = law.p_value(gap, np.maximum(np.abs(gap) - half_width, 0.0))
    return Comparison(gap, low, high, radius, p_value, verdict)


def seeds_needed(
    gap: float,
    seed: SeedSD,
    seeds: int,
    *,
    half_width: float,
    margin: float,
    statistic: Statistic = "single",
    runs: int = 1,
    claimed_sd: float | None = None,
) -> int | None:
    """The number of seeds with which the gap found would pass as equal, were gap and SD to stay as they are.

    None where no number up to MAX_SEEDS suffices: what the claimed number's own runs leave open stays open.
    """

    def passes(m: int) -> bool:
        spread = variance_factor("median" if statistic == "median" else "mean", m)
        dof = seed.dof + m - seeds
        found = compare(
            gap, 0.0, seed.sd, dof, spread=spread, half_width=half_width, margin=margin,
            statistic=statistic, runs=runs, claimed_sd=claimed_sd,
        )  # fmt: skip
        return bool(found.radius <= margin + EPSILON)

    low, high = seeds, seeds
    while not passes(high):
        if high >= MAX_SEEDS:
            return None
        low, high = high, min(2 * high, MAX_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high
