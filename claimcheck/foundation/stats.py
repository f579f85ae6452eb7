"""Statistics that verdicts are made of: t laws, intervals, bootstraps over seeds and items, rankings, multiplicity.

Everything is vectorised over leading axes where that makes sense, and all randomness comes from a passed generator.
scipy is imported inside functions, since it takes longer to load than most commands take to run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimcheck.foundation.errors import UsageError

__all__ = [
    "Bootstrap",
    "Stratum",
    "benjamini_hochberg",
    "bootstrap_interval",
    "coefficient_of_variation",
    "difference",
    "equivalence_radius",
    "holm",
    "kendall_interval",
    "kendall_tau",
    "pairs_kept",
    "prediction_half_width",
    "ratio_of_sums",
    "t_quantile",
    "t_tail",
    "tost_p_value",
    "two_level_bootstrap",
    "wilson_interval",
]

Floats = NDArray[np.float64]
_CHUNK = 2_000_000  # weights held at a time in a bootstrap: 16 MB


def t_quantile(p: ArrayLike, dof: ArrayLike) -> Floats:
    """The p quantile of Student's t; `dof` may be any positive number, infinity gives the normal law."""
    from scipy.special import ndtri, stdtrit

    p, dof = np.broadcast_arrays(np.asarray(p, float), np.asarray(dof, float))
    finite = np.isfinite(dof)
    return np.asarray(np.where(finite, stdtrit(np.where(finite, dof, 1.0), p), ndtri(p)))


def t_tail(t: ArrayLike, dof: ArrayLike) -> Floats:
    """P(T > t) of Student's t; infinite `dof` gives the normal law."""
    from scipy.special import ndtr, stdtr

    t, dof = np.broadcast_arrays(np.asarray(t, float), np.asarray(dof, float))
    finite = np.isfinite(dof)
    return np.asarray(np.where(finite, stdtr(np.where(finite, dof, 1.0), -t), ndtr(-t)))


def prediction_half_width(se: ArrayLike, dof: ArrayLike, half_width: ArrayLike = 0.0, level: float = 0.95) -> Floats:
    """Half the width of the interval that a difference stays in when nothing but chance and rounding causes it.

    `se`: standard error of the difference; `half_width`: of the rounding of the claimed number. (Patil, Peng & Leek
    2016; Spence & Stanley 2016, 10.1371/journal.pone.0162874.)
    """
    return np.asarray(t_quantile((1 + level) / 2, dof) * np.asarray(se, float) + half_width)


def equivalence_radius(
    difference: ArrayLike, se: ArrayLike, dof: ArrayLike, half_width: ArrayLike = 0.0, alpha: float = 0.05
) -> Floats:
    """The smallest margin within which two one-sided tests at `alpha` would call the difference equivalent to 0."""
    return np.asarray(np.abs(difference) + prediction_half_width(se, dof, half_width, 1 - 2 * alpha))


def tost_p_value(difference: ArrayLike, se: ArrayLike, dof: ArrayLike, margin: ArrayLike) -> Floats:
    """The p value of the two one-sided tests (Schuirmann 1987) that the true difference lies within +-`margin`."""
    room = np.asarray(margin, float) - np.abs(difference)
    se = np.asarray(se, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, room / se, np.where(room > 0, np.inf, -np.inf))
    return t_tail(t, dof)


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share; (0, 1) where nothing was counted."""
    if not 0 <= successes <= n:
        raise UsageError(f"{successes} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    z = float(t_quantile((1 + confidence) / 2, np.inf))
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # at the ends the exact bounds are 0 and 1; the formula misses them by a rounding error
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == n else centre + half)


def coefficient_of_variation(measurements: ArrayLike) -> float | None:
    """CV* in percent: (1 + 1/(4n)) * (s / c4(n)) / mean * 100, the coefficient of variation of a small sample.

    s / c4(n) is the unbiased standard deviation of a normal sample (Belz, Popovic & Mille 2022, "Quantified
    Reproducibility Assessment of NLP Results", section 3). It is for scores on a scale that starts at 0: None where
    the mean is not positive, and for fewer than two measurements.
    """
    x = np.asarray(measurements, float)
    n = x.size
    if n < 2 or x.mean() <= 0:
        return None
    c4 = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return float((1 + 1 / (4 * n)) * x.std(ddof=1) / c4 / x.mean() * 100)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's adjusted p values, in the order given: the family-wise error rate (Holm 1979)."""
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(adjusted, 1.0)
    return out


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p values of Benjamini & Hochberg (1995), in the order given: the false discovery rate."""
    p = np.asarray(p_values, float)
    if p.size == 0:
        return p
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p, method="bh"))


def _pair_signs(values: Floats) -> Floats:
    """Signs of all pairwise differences: [..., k] -> [..., k (k - 1) / 2]."""
    i, j = np.triu_indices(values.shape[-1], 1)
    return np.sign(values[..., i] - values[..., j])


def kendall_tau(claimed: ArrayLike, reproduced: ArrayLike) -> Floats:
    """Kendall's tau-b between columns of k values: [k] and [..., k] -> [...]; nan where one is constant."""
    a, b = _pair_signs(np.asarray(claimed, float)), _pair_signs(np.asarray(reproduced, float))
    untied = np.sqrt(np.abs(a).sum(-1) * np.abs(b).sum(-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((a * b).sum(-1) / untied)


def pairs_kept(claimed: ArrayLike, reproduced: ArrayLike) -> Floats:
    """The share of the claimed pairwise orderings that stand in the reproduced column; a tie there keeps none.

    Pairs that are tied in the claimed column order nothing and do not count; nan where no pair is ordered.
    """
    a, b = _pair_signs(np.asarray(claimed, float)), _pair_signs(np.asarray(reproduced, float))
    with np.errstate(invalid="ignore"):
        return np.asarray(((a != 0) & (a == b)).sum(-1) / np.count_nonzero(a, axis=-1))


def kendall_interval(
    claimed: ArrayLike, reproduced: ArrayLike, rng: np.random.Generator, *, resamples: int = 10_000
) -> tuple[float, float] | None:
    """95 % percentile interval of tau-b by resampling the k rows of both columns together.

    None for fewer than three rows or where a column is constant. It speaks of rows like these; how sure the order of
    just these rows is, the resamples of their own scores say (`two_level_bootstrap`).
    """
    a, b = np.asarray(claimed, float), np.asarray(reproduced, float)
    if a.shape != b.shape or a.ndim != 1:
        raise UsageError(f"columns of {a.shape} and {b.shape} values cannot be ranked against each other")
    if a.size < 3 or math.isnan(float(kendall_tau(a, b))):
        return None
    rows = rng.integers(0, a.size, size=(resamples, a.size))
    tau = kendall_tau(a[rows], b[rows])
    low, high = np.nanquantile(tau, [0.025, 0.975])  # nan: one row drawn k times
    return float(low), float(high)


def bootstrap_interval(
    samples: Sequence[ArrayLike],
    statistic: Callable[..., Any],
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    method: Literal["percentile", "BCa"] = "BCa",
    paired: bool = False,
) -> tuple[float, float]:
    """scipy's bootstrap interval of a statistic of one or more samples (BCa: Efron 1987).

    `statistic` takes the samples and `axis`. BCa needs a jackknife that varies; where it does not, as for samples
    without any variation, the percentile interval is given.
    """
    import warnings

    from scipy.stats import bootstrap

    data = tuple(np.asarray(sample, float) for sample in samples)
    state = rng.bit_generator.state
    for kind in (method, "percentile"):
        rng.bit_generator.state = state
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy warns of the nan that is looked for below
            found = bootstrap(
                data, statistic, paired=paired, confidence_level=confidence, n_resamples=resamples, method=kind, rng=rng
            ).confidence_interval
        low, high = float(found.low), float(found.high)
        if not (math.isnan(low) or math.isnan(high)):
            break
    return low, high


def ratio_of_sums(sums: Floats) -> Floats:
    """The first sum over the second, [..., 2] -> [...]: accuracy, or F1 of doubled hits; 0 over 0 is 0."""
    return np.asarray(sums[..., 0] / np.where(sums[..., 1] > 0, sums[..., 1], 1.0))


@dataclass(frozen=True, eq=False)
class Stratum:
    """One system's scores on one set of test items (a language of a target), and its part in a contrast.

    `contributions` [seeds, items, sums]: what each item adds to the sums that the score is made of; `value` makes
    scores between 0 and 1 of sums, [..., sums] -> [...]; a contrast counts them in points, times 100 and `weight`
    (signed: 1 / languages / targets, negative for a control). A single row of seeds serves every seed: an evaluation
    that no seed enters. Strata with the same `items` hold the same items in the same order and are resampled together;
    those with the same `seeds` share their seeds, row by row (the same initialisation).
    """

    items: str
    contributions: Floats
    value: Callable[[Floats], Floats] = ratio_of_sums
    weight: float = 1.0
    seeds: str = ""

    @classmethod
    def of_items(cls, items: str, scores: ArrayLike, *, weight: float = 1.0, seeds: str = "") -> Stratum:
        """Of items' own scores between 0 and 1 [seeds, items], whose mean is the score (accuracy, F1 of answers)."""
        x = np.asarray(scores, float)
        return cls(items, np.stack([x, np.ones_like(x)], axis=-1), weight=weight, seeds=seeds)

    @classmethod
    def of_seeds(cls, items: str, scores: ArrayLike, *, weight: float = 1.0, seeds: str = "") -> Stratum:
        """Of scores between 0 and 1 [seeds] that are no function of sums over items: only seeds are resampled."""
        return cls.of_items(items, np.asarray(scores, float)[:, None], weight=weight, seeds=seeds)


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Resamples of one contrast, in points, with seeds and items apart so that the seed part can be rescaled.

    `groups`: the values of the seeds, one array for each set of shared seeds; their means add up to the contrast.
    `items` [resamples]: the contrast with the items resampled and every seed kept. `seeds` [resamples]: what resampling
    the seeds adds, taken at the items as they are (their chance is in `items` already) and times sqrt(m / (m - 1)), so
    that its variance is sum_g s_g^2 / m_g, of which a plain bootstrap of few seeds falls short (Rao & Wu 1988).
    `uniform` and `normal` [resamples]: draws for whoever has to widen the seed part further.
    """

    groups: tuple[Floats, ...]
    items: Floats
    seeds: Floats
    uniform: Floats
    normal: Floats

    @property
    def values(self) -> Floats:
        """The contrast for each seed [m]; UsageError where seeds are not shared, so that no such value exists."""
        if len(self.groups) > 1:
            raise UsageError("the seeds of this contrast are not paired: it has no value a seed")
        return self.groups[0]

    @property
    def mean(self) -> float:
        """The contrast, mean over seeds."""
        return float(sum(group.mean() for group in self.groups))

    @property
    def draws(self) -> Floats:
        """The contrast with seeds and items resampled [resamples]."""
        return np.asarray(self.items + self.seeds)


def difference(treatment: Sequence[Stratum], control: Sequence[Stratum]) -> tuple[Stratum, ...]:
    """The contrast treatment - control: all strata, those of the control with the opposite weight."""
    return (*treatment, *(replace(stratum, weight=-stratum.weight) for stratum in control))


def two_level_bootstrap(
    contrasts: Sequence[Sequence[Stratum]], rng: np.random.Generator, *, resamples: int = 10_000
) -> tuple[Bootstrap, ...]:
    """Resamples seeds, then items within each stratum; all contrasts see the same seeds and the same items.

    A contrast is the weighted sum of its strata's scores. With one row a stratum this is the stratified bootstrap over
    items. Items with the same contributions everywhere are drawn as one multinomial count, which makes 10,000
    resamples of right-or-wrong scores a matter of fractions of a second.
    Raises UsageError for strata that do not fit together or hold anything but finite numbers.
    """
    sizes = _check(contrasts)
    scores: dict[tuple[str, int, int], Floats] = {}  # [resamples, rows] of each pair of arrays, taken once
    for name in sizes:
        _resample_items([s for contrast in contrasts for s in contrast if s.items == name], scores, rng, resamples)
    names = list(dict.fromkeys(s.seeds for contrast in contrasts for s in contrast))
    rows = {name: max(len(s.contributions) for c in contrasts for s in c if s.seeds == name) for name in names}
    draws = {name: rng.multinomial(m, np.full(m, 1 / m), size=resamples) / m - 1 / m for name, m in rows.items()}
    uniform, normal = rng.random(resamples), rng.standard_normal(resamples)
    out = []
    for contrast in contrasts:
        own = list(dict.fromkeys(s.seeds for s in contrast if len(s.contributions) > 1)) or [contrast[0].seeds]
        values = {name: np.zeros(rows[name]) for name in own}
        item_part = np.zeros(resamples)
        for s in contrast:
            # a single row varies with no seed: it can join any group, where it serves all seeds
            values[s.seeds if s.seeds in values else own[0]] += s.weight * _score(s)
            item_part += s.weight * scores[_identity(s)].mean(axis=1)
        seed_part = sum((draws[name] @ values[name] * _widening(rows[name]) for name in own), np.zeros(resamples))
        out.append(Bootstrap(tuple(values.values()), item_part, seed_part, uniform, normal))
    return tuple(out)


def _widening(m: int) -> float:
    return math.sqrt(m / (m - 1)) if m > 1 else 1.0


def _identity(s: Stratum) -> tuple[str, int, int]:
    return s.items, id(s.contributions), id(s.value)


def _score(s: Stratum) -> Floats:
    """The score of each row in points [rows]."""
    return np.asarray(100 * s.value(s.contributions.sum(axis=1)))


def _check(contrasts: Sequence[Sequence[Stratum]]) -> dict[str, int]:
    """Items of each stratum name, in order of first use."""
    sizes: dict[str, int] = {}
    seeds: dict[str, int] = {}
    if not contrasts or not all(contrasts):
        raise UsageError("a contrast needs at least one stratum")
    for s in (s for contrast in contrasts for s in contrast):
        where = f"stratum '{s.items}'"
        if s.contributions.ndim != 3 or 0 in s.contributions.shape:
            raise UsageError("contributions must be [seeds, items, sums] with at least one of each", where=where)
        if not np.isfinite(s.contributions).all():
            raise UsageError("contributions must be finite", where=where)
        rows, items, _ = s.contributions.shape
        if sizes.setdefault(s.items, items) != items:
            raise UsageError(f"{items} and {sizes[s.items]} items bear one name", where=where)
        if rows > 1 and seeds.setdefault(s.seeds, rows) != rows:
            raise UsageError(f"{rows} and {seeds[s.seeds]} rows cannot share seeds", where=where)
    return sizes


def _resample_items(
    strata: Sequence[Stratum], scores: dict[tuple[str, int, int], Floats], rng: np.random.Generator, resamples: int
) -> None:
    """Adds the scores [resamples, rows] of strata that share their items, each array once."""
    unique = list({_identity(s): s for s in strata}.values())
    table = np.concatenate(
        [np.moveaxis(s.contributions, 1, 0).reshape(s.contributions.shape[1], -1) for s in unique], 1
    )
    items = len(table)
    patterns, counts = np.unique(table, axis=0, return_counts=True)
    few = 16 * len(patterns) < items  # a binomial draw costs as much as 16 index draws
    if few:
        table = patterns
    sums = np.empty((resamples, table.shape[1]))
    step = max(1, _CHUNK // items)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        if few:
            weights = rng.multinomial(items, counts / items, size=size)
        else:
            drawn = rng.integers(0, items, size=(size, items), dtype=np.uint16 if items < 2**16 else np.int64)
            weights = np.stack([np.bincount(row, minlength=items) for row in drawn])
        sums[start : start + size] = weights.astype(float) @ table
    position = 0
    for s in unique:
        rows, _, width = s.contributions.shape
        own = sums[:, position : position + rows * width].reshape(resamples, rows, width)
        position += rows * width
        scores[_identity(s)] = 100 * s.value(own)
