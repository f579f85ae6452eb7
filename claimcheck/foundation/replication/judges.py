"""The judges: a claimed level, an effect, an order, no effect or no gain, against the runs that were made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.replication.comparison import Comparison, compare, seeds_needed
from claimcheck.foundation.replication.judgement import (
    Claimed,
    Direction,
    Judgement,
    Verdict,
    effective_margin,
    judge_degenerate,
)
from claimcheck.foundation.replication.order_statistics import expected_maximum, variance_factor
from claimcheck.foundation.replication.seeds import MIN_SEEDS, Runs, SeedSD, effect_draws
from claimcheck.foundation.stats import Bootstrap, kendall_tau, pairs_kept, t_quantile

Floats = NDArray[np.float64]
SUPPORTS = 10.0  # a Bayes factor above it supports the claimed effect, below its inverse refutes it


def judge_level(
    claimed: Claimed,
    values: Sequence[float],
    *,
    margin: float,
    seed: SeedSD | None = None,
    supports: float | None = None,
    deterministic: bool = False,
    degenerate: Sequence[bool] = (),
) -> Judgement:
    """A claimed score against the scores of m seeds.

    `seed`: the pooled SD of the task family (`pooled_sd`), else that of the values. `supports`: a claimed effect that
    rests on this number, which caps the margin. `deterministic`: no seed enters, so that one value is all there is and
    only rounding may differ. `degenerate`: which values come from failed runs. Raises UsageError.
    """
    margin = effective_margin(margin, supports)
    if any(degenerate):
        rest = [v for v, bad in zip(values, degenerate, strict=True) if not bad]
        options: dict[str, Any] = {"margin": margin, "seed": seed, "deterministic": deterministic}
        remaining = judge_level(claimed, rest, **options) if rest else None
        return judge_degenerate(values, degenerate, margin=margin, remaining=remaining)
    runs = Runs.of((np.asarray(values, float),), seed, deterministic)
    return _judge_number(claimed, runs, margin)


def judge_effect(
    claimed: Claimed,
    effect: Bootstrap,
    *,
    margin: float,
    seed: SeedSD | None = None,
    deterministic: bool = False,
    degenerate: Sequence[bool] = (),
) -> Judgement:
    """A claimed difference treatment - control against the reproduced one, with its three answers.

    The verdict is that of the number, on the seeds' own differences. `direction`: whether the 95 % interval over seeds
    and items lies on the claimed side of 0. `details`: `size` (the claimed number inside the prediction interval or
    outside), `bayes_factor` with its `evidence`. `seed`: the pooled SD of such differences, else their own.
    """
    margin = effective_margin(margin, claimed.value)
    sign = claimed.orientation
    if any(degenerate):
        return judge_degenerate(sign * effect.values, degenerate, margin=margin, direction="unclear")
    runs = Runs.of(tuple(sign * group for group in effect.groups), seed, deterministic)
    number = _judge_number(claimed, runs, margin)
    if not runs.told or number.mean is None:
        return replace(number, direction="unclear")
    draws = sign * effect_draws(effect, runs)
    low, high = _bounds(draws)
    direction = _side(low, high) if claimed.value >= 0 else _side(-high, -low)
    shift = number.mean - runs.mean  # of a median or a best against the mean, which the draws are of
    details = number.details | {"size": "inside" if number.details["p_value"] >= 0.05 else "outside"}
    details |= _evidence(claimed, number.mean, runs, float(effect.items.var()))
    if runs.short:
        return replace(number, direction="unclear", details=details)
    return replace(number, interval=(low + shift, high + shift), direction=direction, details=details)


def judge_greater(
    excess: Bootstrap, *, seed: SeedSD | None = None, deterministic: bool = False, degenerate: Sequence[bool] = ()
) -> Judgement:
    """A claim that one measure exceeds another, without a number: is the excess above 0, with 97.5 % confidence?"""
    if any(degenerate):
        return judge_degenerate(excess.values, degenerate, direction="unclear")
    runs = Runs.of(excess.groups, seed, deterministic)
    if runs.short:
        return _too_few(runs, None)
    low, high = _bounds(effect_draws(excess, runs))
    direction = _side(low, high)
    verdicts: dict[Direction, tuple[Verdict, str]] = {
        "confirmed": ("reproduced", ""),
        "contradicted": ("not_reproduced_lower", "the order is the other way round"),
        "unclear": ("inconclusive", "the interval of the excess contains 0"),
    }
    verdict, reason = verdicts[direction]
    return Judgement(
        runs.mean, runs.own_sd, runs.n, (low, high), None, None, verdict, direction, reason, details=runs.details
    )


def judge_no_effect(
    effect: Bootstrap,
    *,
    margin: float,
    seed: SeedSD | None = None,
    deterministic: bool = False,
    degenerate: Sequence[bool] = (),
) -> Judgement:
    """A claim that there is no effect: confirmed where its 95 % interval lies within +-margin, contradicted beyond."""
    margin = effective_margin(margin)
    if any(degenerate):
        return judge_degenerate(effect.values, degenerate, margin=margin, direction="unclear")
    runs = Runs.of(effect.groups, seed, deterministic)
    if runs.short:
        return _too_few(runs, margin)
    draws = effect_draws(effect, runs)
    low, high = _bounds(draws)
    radius = float(np.abs(np.quantile(draws, [0.05, 0.95])).max())
    verdict: Verdict = "inconclusive"
    direction: Direction = "unclear"
    reason = f"the interval neither lies within +-{margin:g} nor beyond"
    if -margin <= low and high <= margin:
        verdict, direction, reason = "reproduced", "confirmed", ""
    elif low > margin or high < -margin:
        verdict = "not_reproduced_higher" if low > margin else "not_reproduced_lower"
        direction, reason = "contradicted", f"there is an effect of more than {margin:g}"
    return Judgement(
        runs.mean, runs.own_sd, runs.n, (low, high), radius, margin, verdict, direction, reason, details=runs.details
    )


def judge_no_gain(
    effect: Bootstrap,
    *,
    margin: float,
    seed: SeedSD | None = None,
    deterministic: bool = False,
    degenerate: Sequence[bool] = (),
) -> Judgement:
    """A claim that there is no gain, however much there may be lost: one side of `judge_no_effect`.

    `effect`: in amounts of the claimed direction, where more is a gain. Confirmed where the upper end of its 95 %
    interval lies at or below the margin, contradicted where the lower end lies above it. `radius`: the smallest margin
    that would have been enough, which is the upper end of that interval, or 0 where even that is a loss. Raises
    UsageError.
    """
    margin = effective_margin(margin)
    if any(degenerate):
        return judge_degenerate(effect.values, degenerate, margin=margin, direction="unclear")
    runs = Runs.of(effect.groups, seed, deterministic)
    if runs.short:
        return _too_few(runs, margin)
    low, high = _bounds(effect_draws(effect, runs))
    verdict: Verdict = "inconclusive"
    direction: Direction = "unclear"
    reason = f"the interval lies neither below {margin:g} nor above"
    if high <= margin:
        verdict, direction, reason = "reproduced", "confirmed", ""
    elif low > margin:
        verdict, direction, reason = "not_reproduced_higher", "contradicted", f"there is a gain of more than {margin:g}"
    found = (low, high), max(high, 0.0)
    return Judgement(runs.mean, runs.own_sd, runs.n, *found, margin, verdict, direction, reason, details=runs.details)


def judge_ranking(
    measures: Sequence[Bootstrap],
    *,
    claimed: Sequence[float] | None = None,
    deterministic: bool = False,
    degenerate: Sequence[bool] = (),
) -> Judgement:
    """A claimed order of measures, drawn together by `two_level_bootstrap`, the largest first.

    `claimed`: the claimed values where they are known; equal ones order nothing. Confirmed where each claimed pairwise
    order holds with 97.5 % confidence (an intersection-union test, which needs no correction), contradicted where one
    is reversed with that confidence after Bonferroni. `mean` and `interval` are Kendall's tau-b and its 95 % interval.
    """
    k = len(measures)
    order = np.arange(k, 0.0, -1.0) if claimed is None else np.asarray(claimed, float)
    pairs = [(i, j) for i in range(k) for j in range(k) if order[i] > order[j]] if order.shape == (k,) else []
    if not pairs:
        raise UsageError(f"{k} measures and {order.size} claimed values make no order")
    if any(degenerate):
        return replace(
            judge_degenerate([math.nan] * len(degenerate), degenerate, direction="unclear"), n=len(degenerate)
        )
    runs = [Runs.of(measure.groups, None, deterministic) for measure in measures]
    worst = min(runs, key=lambda r: r.n)
    if worst.short:
        return replace(_too_few(worst, None), mean=None, sd=None)
    means = np.array([r.mean for r in runs])
    draws = np.stack([effect_draws(measure, r) for measure, r in zip(measures, runs, strict=True)], axis=-1)
    held = reversed_ = 0
    for i, j in pairs:
        gaps = draws[:, i] - draws[:, j]
        held += bool(np.quantile(gaps, 0.025) > 0)
        reversed_ += bool(np.quantile(gaps, 1 - 0.025 / len(pairs)) < 0)
    taus = kendall_tau(order, draws)
    taus = taus[np.isfinite(taus)]
    tau = float(kendall_tau(order, means))
    details = {
        "means": [float(m) for m in means],
        "pairs": len(pairs),
        "pairs_kept": float(pairs_kept(order, means)),
        "pairs_sure": held,
        "pairs_reversed": reversed_,
    }
    verdict: Verdict = "inconclusive"
    direction: Direction = "unclear"
    reason = f"{held} of {len(pairs)} pairwise orders are sure"
    if held == len(pairs):
        verdict, direction, reason = "reproduced", "confirmed", ""
    elif reversed_:
        verdict, direction = "not_reproduced_lower", "contradicted"
        reason = f"{reversed_} of {len(pairs)} pairwise orders are reversed"
    interval = _bounds(taus) if taus.size else None
    found = tau if math.isfinite(tau) else None
    return Judgement(found, None, worst.n, interval, None, None, verdict, direction, reason, details=details)


def log10_bayes_factor(effect: float, se: float, claimed: float, claimed_se: float) -> float:
    """log10 of BF_r0 = N(effect; claimed, claimed_se^2 + se^2) / N(effect; 0, se^2).

    How much better the claimed effect's posterior foretold the reproduced effect than an effect of 0 does (Verhagen &
    Wagenmakers 2014). Above 1 (a factor of 10) it supports the claim, below -1 it refutes it. Raises UsageError unless
    se > 0.
    """
    if not se > 0:
        raise UsageError("an effect without a standard error has no Bayes factor")
    variance = claimed_se**2 + se**2
    log = 0.5 * ((effect / se) ** 2 - (effect - claimed) ** 2 / variance + math.log(se**2 / variance))
    return log / math.log(10)


def _judge_number(claimed: Claimed, runs: Runs, margin: float) -> Judgement:
    """The four-way table."""
    found = runs.statistic(claimed.statistic, claimed.n0)
    if not runs.told:
        return replace(_too_few(runs, margin), mean=found, direction=None)
    spread = runs.spread(claimed.statistic)
    sd, dof = runs.seed
    law: dict[str, Any] = {
        "half_width": claimed.half_width,
        "margin": margin,
        "statistic": claimed.statistic,
        "runs": claimed.n0,
        "claimed_sd": claimed.sd,
    }
    result = compare(found, claimed.value, sd, dof, spread=spread, **law)
    # the expected best rests on the seed SD, whose own variance is sd^2 / (2 dof)
    of_sd = expected_maximum(claimed.n0) ** 2 / (2 * dof) if claimed.statistic == "max" else 0.0
    half = float(t_quantile(0.975, dof)) * sd * math.sqrt(spread + of_sd)
    details: dict[str, Any] = runs.details | {
        "gap": float(result.gap),
        "compatible": [found - float(result.high), found - float(result.low)],
        "p_value": float(result.p_value),
    }
    verdict: Any = "inconclusive" if runs.short else str(result.verdict)
    reason = _few(runs)
    if not runs.short:
        needed = None
        if verdict == "inconclusive" and not runs.deterministic:
            needed = seeds_needed(float(result.gap), runs.seed, runs.n, **law)
            details["seeds_needed"] = needed
        reason = _because(verdict, result, claimed, margin, needed)
    radius = float(result.radius)
    interval = (found - half, found + half)
    return Judgement(found, runs.own_sd, runs.n, interval, radius, margin, verdict, None, reason, details=details)


def _because(verdict: str, result: Comparison, claimed: Claimed, margin: float, needed: int | None) -> str:
    gap = float(result.gap)
    if verdict == "reproduced":
        return ""
    if verdict == "reproduced_small_shift":
        return f"equal within +-{margin:g}, yet with a real shift of {gap:+.2f}"
    if verdict != "inconclusive":
        return f"{gap:+.2f}, where chance allows {float(result.low):+.2f} to {float(result.high):+.2f}"
    start = f"compatible with the claimed number to +-{float(result.radius):.2f}; "
    if needed is not None:
        return start + f"needs m = {needed} seeds for +-{margin:g}"
    if abs(gap) + claimed.half_width >= margin:
        return start + f"the difference of {gap:+.2f} leaves no room for +-{margin:g}"
    times = "once" if claimed.n0 == 1 or claimed.statistic == "single" else f"{claimed.n0} times"
    return start + f"no number of seeds suffices for +-{margin:g}, since the paper ran {times}"


def _few(runs: Runs) -> str:
    return f"{runs.n} seed{'s' * (runs.n > 1)}; a verdict needs at least {MIN_SEEDS}"


def _too_few(runs: Runs, margin: float | None) -> Judgement:
    return Judgement(
        runs.mean, runs.own_sd, runs.n, None, None, margin, "inconclusive", "unclear", _few(runs), details=runs.details
    )


def _bounds(draws: Floats) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _side(low: float, high: float) -> Direction:
    return "confirmed" if low > 0 else "contradicted" if high < 0 else "unclear"


def _evidence(claimed: Claimed, found: float, runs: Runs, item_variance: float) -> dict[str, Any]:
    """The Bayes factor: the claimed effect errs by its seeds and rounding, ours by seeds and items.

    The items are the same on both sides: what they add to the true effect must not count twice.
    """
    se = math.sqrt(runs.seed.sd**2 * runs.spread(claimed.statistic) + item_variance)
    if not se > 0:
        return {}
    sd = claimed.sd if claimed.sd is not None and claimed.n0 > 1 else runs.seed.sd
    claimed_se = math.sqrt(sd**2 * variance_factor(claimed.statistic, claimed.n0) + claimed.half_width**2 / 3)
    log = log10_bayes_factor(found, se, claimed.value, claimed_se)
    evidence = "supports" if log > math.log10(SUPPORTS) else "refutes" if log < -math.log10(SUPPORTS) else "undecided"
    return {"log10_bayes_factor": log, "bayes_factor": 10 ** min(log, 300.0), "evidence": evidence}
