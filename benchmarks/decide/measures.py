"""Measures of three-way verdicts: F1, calibration, selective accuracy, and bootstrap intervals of differences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from claimcheck.foundation.records import LABELS, Label
from claimcheck.foundation.stats import bootstrap_interval

Floats = NDArray[np.float64]


def macro_f1(gold: Sequence[str], said: Sequence[str]) -> float:
    """The mean of the F1 of the three labels; a label that nobody gives counts 0."""
    scores = []
    for label in LABELS:
        both = sum(g == s == label for g, s in zip(gold, said, strict=True))
        total = list(gold).count(label) + list(said).count(label)
        scores.append(2 * both / total if total else 0.0)
    return sum(scores) / len(scores)


def ece(confidence: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width (Guo et al. 2017, equation 3)."""
    c, r = np.asarray(confidence, float), np.asarray(right, float)
    place = np.minimum((c * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=c - r, minlength=bins)
    return float(np.abs(gaps).sum() / len(c))


def ece_of_the_calibrated(confidence: Sequence[float], draws: int = 400) -> float:
    """The 95 % point of the ECE if verdicts were right with exactly their confidence: what chance gives at this n."""
    rng = np.random.default_rng(95)
    c = np.asarray(confidence, float)
    found = sorted(ece(confidence, list(rng.random(len(c)) < c)) for _ in range(draws))
    return found[int(0.95 * draws)]


def auroc(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """P(a right verdict is more confident than a wrong one), ties half; 0.5 where all are right or all wrong."""
    from scipy.stats import rankdata

    r = np.asarray(right, bool)
    if r.all() or not r.any():
        return 0.5
    ranks = rankdata(confidence)
    n = int(r.sum())
    return float((ranks[r].sum() - n * (n + 1) / 2) / (n * (len(r) - n)))


def accuracy_at(coverage: float, confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Accuracy on the most confident share; among equal confidences at its edge, the expected value."""
    c, r = np.asarray(confidence, float), np.asarray(right, float)
    k = max(1, math.ceil(coverage * len(c)))
    edge = np.sort(c)[-k]
    above, level = r[c > edge], r[c == edge]
    return float((above.sum() + (k - len(above)) * level.mean()) / k)


def calibration(confidence: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """ECE and its excess over chance, AUROC of the confidence, gain in Brier score, accuracy at 70 % coverage."""
    accuracy = float(np.mean(right))
    brier = float(np.mean((np.asarray(confidence) - np.asarray(right, float)) ** 2))
    found = {
        "accuracy": accuracy,
        "ece": ece(confidence, right),
        "ece_excess": ece(confidence, right) - ece_of_the_calibrated(confidence),
        "auroc": auroc(confidence, right),
        "brier_gain": accuracy * (1 - accuracy) - brier,
        "accuracy_at_70": accuracy_at(0.7, confidence, right),
    }
    return {name: round(value, 4) for name, value in found.items()}


def label_only_counts(gold: Sequence[Label], said: Sequence[Label], missed: int = 0) -> tuple[int, int, int]:
    """(correct, predicted, relevant) as SciFact's abstract-level label-only measure counts them.

    Wadden et al. 2020, section 5. Not enough information predicts nothing; `missed` gold pairs were never looked at.
    """
    correct = sum(g == s != "not_enough_info" for g, s in zip(gold, said, strict=True))
    predicted = sum(s != "not_enough_info" for s in said)
    return correct, predicted, missed + sum(g != "not_enough_info" for g in gold)


def f1(counts: ArrayLike) -> Floats:
    """F1 of counts (..., 3): correct, predicted, relevant; 0 where nothing is predicted or relevant."""
    c = np.asarray(counts, float)
    total = c[..., 1] + c[..., 2]
    return np.asarray(2 * c[..., 0] / np.where(total > 0, total, 1))


def f1_interval(counts: Sequence[Sequence[int]]) -> tuple[float, float]:
    """95 % interval of the pooled F1 by resampling claims; `counts` has (correct, predicted, relevant) of each."""
    columns = np.asarray(counts, float).T
    return bootstrap_interval(
        list(columns), _pooled, np.random.default_rng(0), resamples=2000, method="percentile", paired=True
    )


def f1_difference_interval(ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]]) -> tuple[float, float]:
    """95 % interval of the difference of two pooled F1 on the same claims."""
    a, b = np.asarray(ours, float).T, np.asarray(theirs, float).T

    def gap(*columns: Floats, axis: int = -1) -> Floats:
        (c, p, r), (d, q, s) = columns[:3], columns[3:]
        return np.asarray(_pooled(c, p, r, axis=axis) - _pooled(d, q, s, axis=axis))

    return bootstrap_interval([*a, *b], gap, np.random.default_rng(0), resamples=2000, method="percentile", paired=True)


def mean_difference_interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the difference of two means over the same items."""

    def gap(a: Floats, b: Floats, axis: int = -1) -> Floats:
        return np.asarray((a - b).mean(axis=axis))

    return bootstrap_interval(
        [ours, theirs], gap, np.random.default_rng(0), resamples=2000, method="percentile", paired=True
    )


def _pooled(correct: Floats, predicted: Floats, relevant: Floats, axis: int = -1) -> Floats:
    return f1(np.stack([x.sum(axis=axis) for x in (correct, predicted, relevant)], axis=-1))
