"""How sure a verdict must be for a chosen risk: thresholds by "Learn then Test" on the samples of reliability.json.

Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test", section 2 and algorithm 1: each threshold is a
hypothesis "among the verdicts that pass, more than the risk are wrong", tested with an exact bound, from the strictest
threshold down, from several starts. With 90 % certainty over the draw of a sample, of the verdicts of one kind and label
that pass, at most the risk are wrong, for claims drawn as those of the sample were. Nothing is promised for other kinds of
claims, for one paper alone, or for what no sample covers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from claimcheck.checks.reliability import Floats, Sample, samples
from claimcheck.foundation.records import Label, Verdict

CERTAINTY = 0.90
# fixed before any sample was seen; a start for samples of verdicts that are all sure, and for those that are seldom sure
GRID = tuple(round(0.99 - 0.01 * i, 2) for i in range(66))
STARTS = (0.97, 0.90, 0.75, 0.55)
NEVER = 1.01  # a threshold that no confidence reaches


def threshold(sample: Sample, label: Label, risk: float) -> float:
    """The least confidence from which verdicts of a label keep to a risk in (0, 1); NEVER where the sample shows none."""
    if label not in sample.outcomes:
        return NEVER
    allowed = (1 - CERTAINTY) / len(STARTS)
    upper = _upper_risks(sample, label, allowed)
    found = NEVER
    for start in STARTS:
        for i in range(GRID.index(start), len(GRID)):
            if upper[i] > risk:
                break
            found = min(found, GRID[i])
    return found


def _upper_risks(sample: Sample, label: Label, level: float) -> Floats:
    """(grid,): for each threshold the share of wrong verdicts that is exceeded with probability `level` at most."""
    outcomes = sample.outcomes[label]
    passing = outcomes.confidence[None, :] >= np.array(GRID)[:, None] - 1e-9
    wrong, right = (passing & ~outcomes.right).sum(axis=1), (passing & outcomes.right).sum(axis=1)
    if sample.mixture is None:
        return _upper(wrong, wrong + right, level)
    # two samples, of true and of falsified claims: a bound on each share holds with half of the level
    m = sample.mixture
    of_wrong, of_right = ((m.share, m.false), (1 - m.share, m.true))
    if label == "refuted":
        of_wrong, of_right = of_right, of_wrong
    most = of_wrong[0] * _upper(wrong, np.full(len(wrong), of_wrong[1]), level / 2)
    least = of_right[0] * (1 - _upper(of_right[1] - right, np.full(len(right), of_right[1]), level / 2))
    return np.asarray(most / np.maximum(most + least, 1e-12))


def _upper(events: np.ndarray, of: np.ndarray, level: float) -> Floats:
    """The upper end of the exact interval of a share (Clopper and Pearson 1934), one-sided; 1 where there are no trials."""
    from scipy.stats import beta

    bound = beta.ppf(1 - level, events + 1, np.maximum(of - events, 1e-9))
    return np.asarray(np.where(events >= of, 1.0, bound), dtype=np.float64)


def abstain(verdicts: Sequence[Verdict], risk: float) -> list[Verdict]:
    """The verdicts in order; marked as abstained is what supports or refutes and is not sure enough for the risk.

    A risk of 0 asks for nothing. "Not enough information" asserts nothing and is left as it is. A verdict without a
    calibration set abstains: how often such verdicts are wrong is not known. Labels and probabilities stay.
    """
    if risk == 0:
        return list(verdicts)
    known = samples()
    least: dict[tuple[str, Label], float] = {}
    out = []
    for verdict in verdicts:
        key = (verdict.calibration or "", verdict.label)
        if key not in least:
            least[key] = threshold(known[key[0]], key[1], risk) if key[0] in known else NEVER
        silent = verdict.label != "not_enough_info" and verdict.confidence < least[key]
        out.append(verdict.model_copy(update={"abstained": True}) if silent else verdict)
    return out


def why_abstained(verdict: Verdict, risk: float) -> str:
    """One phrase on why a verdict abstains; "" where it does not."""
    if not verdict.abstained:
        return ""
    sample = samples().get(verdict.calibration or "")
    if sample is None:
        return "no calibration set applies, so how often such a verdict is wrong is not known"
    least = threshold(sample, verdict.label, risk)
    if least > 1:
        return f"no confidence keeps such verdicts to {risk:g} wrong ones on the calibration set"
    return f"a risk of {risk:g} asks for a confidence of {least:.2f} of such a verdict"
