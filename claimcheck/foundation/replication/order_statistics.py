"""Medians and maxima of normal runs: what a claimed median, or a best of several runs, stands for."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Statistic = Literal["single", "mean", "median", "max"]
_DRAWS = 200_000


@lru_cache(maxsize=1024)
def median_variance(k: int) -> float:
    """The variance of the median of k standard normal values, by numeric integration (0.449 for k = 3)."""
    if k > 200:  # the density grows too narrow for the grid, and the expansion is right to 1 in 1,000
        return math.pi / (2 * k + math.pi - 2 * (k % 2))
    from scipy.special import gammaln, log_ndtr

    c = np.linspace(-8.0, 8.0, 1601)
    log_phi = -0.5 * c**2 - 0.5 * math.log(2 * math.pi)
    if k % 2:
        r = (k - 1) // 2
        log_density = gammaln(k + 1) - 2 * gammaln(r + 1) + r * (log_ndtr(c) + log_ndtr(-c)) + log_phi
        return float(np.trapezoid(c**2 * np.exp(log_density), c))
    # the mean of the two middle values: their centre c and half their gap h
    r = k // 2 - 1
    nodes, node_weights = np.polynomial.legendre.leggauss(120)
    h = (4.0 * (nodes + 1))[:, None]
    log_density = (
        gammaln(k + 1) - 2 * gammaln(r + 1) + r * (log_ndtr(c - h) + log_ndtr(-c - h)) - c**2 - h**2
    ) - math.log(math.pi)
    return float(np.trapezoid(c**2 * (4.0 * node_weights @ np.exp(log_density)), c))


@lru_cache(maxsize=1024)
def expected_maximum(k: int) -> float:
    """The mean of the largest of k standard normal values, by numeric integration (0.846 for k = 3)."""
    from scipy.special import log_ndtr

    x = np.linspace(-10.0, 12.0, 8801)
    return float(np.trapezoid(x * k * np.exp((k - 1) * log_ndtr(x) - 0.5 * x**2) / math.sqrt(2 * math.pi), x))


def variance_factor(statistic: Statistic, runs: int) -> float:
    """The variance of a statistic of so many runs, in units of sigma^2: 1 for a single run, 1 / runs for a mean.

    For `max` that of the mean, from which the expected maximum is reproduced.
    """
    if statistic == "median":
        return median_variance(runs)
    return 1.0 if statistic == "single" else 1.0 / runs


def reproduced_statistic(values: ArrayLike, sd: ArrayLike, statistic: Statistic, runs: int) -> Floats:
    """What the runs say about the claimed statistic: [..., seeds] -> [...].

    The median for a median, the mean for a mean or a single run. For the best of `runs` runs the mean plus what the
    best of so many exceeds it by on average, which is defined for any number of seeds and varies less than their best.
    """
    y = np.asarray(values, float)
    if statistic == "median":
        return np.asarray(np.median(y, axis=-1))
    mean = y.mean(axis=-1)
    return np.asarray(mean + expected_maximum(runs) * np.asarray(sd, float) if statistic == "max" else mean)


@lru_cache(maxsize=32)
def maximum_pivot(runs: int, spread: float, dof: float) -> Floats:
    """A sorted sample of (reproduced - claimed) / s for a claimed best of `runs` and no true gap, 200,000 draws.

    The reproduced value is mean + expected_maximum(runs) * s; `spread`: the variance of that mean in sigma^2. The
    generator has a fixed seed: a law, not an experiment.
    """
    from scipy.special import ndtri

    rng = np.random.default_rng(20_200_513)
    best = ndtri(rng.random(_DRAWS) ** (1.0 / runs))
    mean = rng.standard_normal(_DRAWS) * math.sqrt(spread)
    s = np.sqrt(rng.chisquare(dof, _DRAWS) / dof) if math.isfinite(dof) else np.ones(_DRAWS)
    return np.asarray(np.sort((mean - best) / s + expected_maximum(runs)))
