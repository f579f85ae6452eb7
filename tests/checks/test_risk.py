"""Thresholds keep the promised share of wrong verdicts on claims never seen, and abstaining never changes a label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.checks.reliability import Mixture, Outcomes, Sample, samples
from claimcheck.checks.risk import NEVER, abstain, threshold, why_abstained
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Verdict
from claimcheck.foundation.settings import Settings

RISKS = (0.05, 0.1, 0.2)
TRIALS = 200


def drawn(n: int, rng: np.random.Generator, bias: float = 0.0) -> Sample:
    """A sample of supported verdicts that are right as often as they say, but for `bias`."""
    sure = rng.uniform(0.4, 1, n)
    return Sample("drawn", {"supported": Outcomes.of(sure.tolist(), (rng.random(n) < sure - bias).tolist())})


def mixed(true: int, false: int, share: float, rng: np.random.Generator) -> Sample:
    """Verdicts on true and on falsified claims; false claims are supported one time in five, with less confidence."""
    kept = rng.random(true) < 0.9
    fooled = rng.random(false) < 0.2
    sure = [*rng.beta(8, 2, int(kept.sum())), *rng.beta(4, 4, int(fooled.sum()))]
    right = [True] * int(kept.sum()) + [False] * int(fooled.sum())
    return Sample("mixed", {"supported": Outcomes.of(sure, right)}, Mixture(true, false, share))


def most_breaks(trials: int) -> float:
    """How many of `trials` may break a promise that holds nine times in ten, two standard deviations allowed."""
    return 0.1 * trials + 2 * float(np.sqrt(trials * 0.1 * 0.9))


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("bias", [0.0, 0.15])
def test_the_share_of_wrong_verdicts_is_kept_nine_times_in_ten(risk: float, bias: float) -> None:
    rng = np.random.default_rng(0)
    broken = passed = 0
    for _ in range(TRIALS):
        least = threshold(drawn(1500, rng, bias), "supported", risk)
        # verdicts above t are right as often as they say, on average (1 + t) / 2, less the bias
        broken += least <= 1 and (1 - least) / 2 + bias > risk
        passed += least <= 1
    assert broken <= most_breaks(TRIALS)
    # among 1,500 verdicts that are right as often as they say too few are sure enough to show a risk of 0.05
    assert passed > TRIALS / 2 or bias + 0.06 > risk


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_risk_is_kept_at_the_assumed_share_of_false_claims(risk: float, share: float) -> None:
    rng = np.random.default_rng(1)
    world = mixed(200_000, 200_000, share, rng)
    outcomes, weight = world.outcomes["supported"], world.weights("supported")
    broken = 0
    for _ in range(TRIALS):
        least = threshold(mixed(250, 200, share, rng), "supported", risk)
        passing = outcomes.confidence >= least
        broken += least <= 1 and float((weight * ~outcomes.right)[passing].sum() / weight[passing].sum()) > risk
    assert broken <= most_breaks(TRIALS)


def test_false_claims_that_are_refuted_and_true_ones_that_are_not_are_told_apart() -> None:
    # one false alarm of 300 true claims weighs nine times as much as it does among as many false ones
    sure, right = [0.98] * 200, [True] * 199 + [False]
    even = Sample("even", {"refuted": Outcomes.of(sure, right)}, Mixture(300, 300, 0.5))
    rare = Sample("rare", {"refuted": Outcomes.of(sure, right)}, Mixture(300, 300, 0.1))
    assert threshold(even, "refuted", 0.05) <= 0.98
    assert threshold(rare, "refuted", 0.05) == NEVER
    assert threshold(rare, "refuted", 0.3) <= 0.98


def test_a_larger_risk_lets_more_verdicts_pass() -> None:
    sample = drawn(2000, np.random.default_rng(1))
    assert threshold(sample, "supported", 0.2) < threshold(sample, "supported", 0.1) < 1


def test_few_verdicts_or_wrong_ones_promise_nothing() -> None:
    for sure, right in (([0.99] * 5, [True] * 5), ([0.99] * 50, [False] * 50), ([], [])):
        assert threshold(Sample("x", {"supported": Outcomes.of(sure, right)}), "supported", 0.1) == NEVER
    assert threshold(Sample("x", {}), "supported", 0.1) == NEVER


def test_a_sure_verdict_that_is_wrong_does_not_silence_many_right_ones() -> None:
    # the surest of all is wrong; hundreds below it are right
    sample = Sample("x", {"supported": Outcomes.of([0.99] + [0.92] * 400, [False] + [True] * 400)})
    assert threshold(sample, "supported", 0.05) <= 0.92


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80), st.floats(0.01, 0.5))
def test_any_sample_gives_a_threshold(items: list[tuple[float, bool]], risk: float) -> None:
    sample = Sample("x", {"refuted": Outcomes.of([s for s, _ in items], [r for _, r in items])})
    least = threshold(sample, "refuted", risk)
    assert least == NEVER or 0 < least < 1


def test_abstaining_changes_neither_label_nor_confidence() -> None:
    name = next(name for name, one in samples().items() if 0.4 < threshold(one, "supported", 0.3) <= 0.97)
    given = [
        Verdict.of(0.99, 0.01, calibration=name),
        Verdict.of(0.34, 0.33, calibration=name),
        Verdict.of(0.99, 0.01),
        Verdict.of(0.1, 0.1, calibration=name),
        Verdict.of(0.1, 0.1),
    ]
    after = abstain(given, 0.3)
    assert [v.model_copy(update={"abstained": False}) for v in after] == given
    assert [v.abstained for v in after] == [False, True, True, False, False]
    assert abstain(given, 0) == given
    assert why_abstained(after[0], 0.3) == ""
    assert "asks for a confidence" in why_abstained(after[1], 0.3)
    assert "no calibration set" in why_abstained(after[2], 0.3)


@pytest.mark.parametrize("risk", [-0.1, 0.6, float("nan")])
def test_a_risk_is_a_share_up_to_a_half(risk: float) -> None:
    with pytest.raises(UsageError, match="risk"):
        Settings.load(risk=risk)
