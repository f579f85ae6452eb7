"""Verdicts on reproductions: the table of four, the claimed number's law, effects, orders, caps and summaries."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_ind

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Reproduction
from claimcheck.foundation.replication import (
    DEFAULT_MARGINS,
    Claimed,
    Judged,
    Judgement,
    SeedSD,
    effective_margin,
    finalise,
    flips,
    judge_degenerate,
    judge_effect,
    judge_greater,
    judge_level,
    judge_no_effect,
    judge_no_gain,
    judge_ranking,
    log10_bayes_factor,
    pooled_sd,
    summarise,
)
from claimcheck.foundation.replication.comparison import compare, seeds_needed
from claimcheck.foundation.replication.order_statistics import expected_maximum, median_variance
from claimcheck.foundation.replication.seeds import critical_sd_ratio
from claimcheck.foundation.stats import Bootstrap, Stratum, difference, two_level_bootstrap

CLAIMED = Claimed.printed("72.3")
SD = SeedSD(0.4, 24)
# seeds around a mean, whose own SD is 0.4
AROUND = (-0.4, 0.0, 0.4)


def values(mean: float) -> list[float]:
    return [mean + x for x in AROUND]


def level(mean: float, margin: float = 1.5, **options: object) -> Judgement:
    return judge_level(CLAIMED, values(mean), margin=margin, seed=SD, **options)  # type: ignore[arg-type]


def effect(
    deltas: Sequence[float], items: int = 4000, seed: int = 0, base: float = 0.5, resamples: int = 4000
) -> Bootstrap:
    """A contrast whose seeds have just these values, in points, with the chance of right-or-wrong items."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(items)
    control = np.zeros((1, items))
    control[0, : round(base * items)] = 1
    treatment = np.repeat(control, len(deltas), axis=0)
    for row, delta in zip(treatment, deltas, strict=True):
        changed = round(delta / 100 * items)
        start = round(base * items)
        row[min(start, start + changed) : max(start, start + changed)] = float(changed > 0)
    strata = difference(
        [Stratum.of_items("xa", treatment[:, order])],
        [Stratum.of_items("xa", np.repeat(control, len(deltas), axis=0)[:, order])],
    )
    return two_level_bootstrap([strata], rng, resamples=resamples)[0]


class TestClaimed:
    @pytest.mark.parametrize(
        ("text", "value", "half_width"),
        [("72.3", 72.3, 0.05), ("+8.4", 8.4, 0.05), ("-1.25", -1.25, 0.005), ("−3", -3, 0.5), ("70", 70, 0.5)],
    )
    def test_the_digits_give_the_rounding(self, text: str, value: float, half_width: float) -> None:
        claimed = Claimed.printed(text)
        assert (claimed.value, claimed.half_width) == pytest.approx((value, half_width))

    @pytest.mark.parametrize("text", ["", "about 8", "nan", "inf", "8.4.1"])
    def test_what_is_no_number(self, text: str) -> None:
        with pytest.raises(UsageError):
            Claimed.printed(text)

    @pytest.mark.parametrize("fields", [{"n0": 0}, {"sd": 0.0}, {"sd": -1.0}, {"half_width": -0.1}])
    def test_what_can_not_be(self, fields: dict[str, float]) -> None:
        with pytest.raises(UsageError):
            Claimed(72.3, **fields)  # type: ignore[arg-type]


class TestOrderStatistics:
    @pytest.mark.parametrize(("k", "variance"), [(1, 1), (2, 0.5), (3, 0.4487), (4, 0.2982), (5, 0.2868), (9, 0.1661)])
    def test_variance_of_a_median(self, k: int, variance: float) -> None:
        assert median_variance(k) == pytest.approx(variance, abs=1e-4)

    @pytest.mark.parametrize("k", [6, 11])
    def test_variance_of_a_median_by_simulation(self, k: int) -> None:
        draws = np.random.default_rng(0).standard_normal((200_000, k))
        assert median_variance(k) == pytest.approx(np.median(draws, axis=1).var(), rel=0.01)

    def test_the_expansion_joins_the_integral(self) -> None:
        for k in (199, 200):
            assert median_variance(k + 2) * (k + 2) == pytest.approx(median_variance(k) * k, rel=2e-3)

    @pytest.mark.parametrize(("k", "mean"), [(1, 0), (2, 0.5642), (3, 0.8463), (5, 1.1630), (10, 1.5388)])
    def test_mean_of_a_maximum(self, k: int, mean: float) -> None:
        assert expected_maximum(k) == pytest.approx(mean, abs=1e-4)


class TestPooling:
    def test_twelve_cells_of_three(self) -> None:
        rng = np.random.default_rng(0)
        groups = rng.normal(70, 0.5, (12, 3)).tolist()
        sd, dof = pooled_sd(groups)
        assert dof == 24
        assert sd == pytest.approx(math.sqrt(np.mean([np.var(g, ddof=1) for g in groups])))

    def test_cells_of_unlike_size_and_single_values(self) -> None:
        sd, dof = pooled_sd([[1.0, 2.0], [5.0], [1.0, 2.0, 3.0, 4.0]])
        assert dof == 4
        assert sd == pytest.approx(math.sqrt((0.5 + 5.0) / 4))

    def test_a_cell_far_apart_keeps_its_own(self) -> None:
        groups = [[70 + 20 * x for x in AROUND], *([70 + x for x in AROUND] for _ in range(3))]
        assert critical_sd_ratio((2, 2, 2, 2), 0.01) > 20
        assert pooled_sd(groups).dof == 8  # 20 times: with three seeds a chance still
        wide = [[70 + 40 * x for x in AROUND], *groups[1:]]
        assert pooled_sd(wide) == pytest.approx((16.0, 2))
        assert pooled_sd(wide, own=2) == pytest.approx((0.4, 2))

    def test_a_ratio_within_three_is_always_pooled(self) -> None:
        many = [[70 + scale * x for x in np.linspace(-1, 1, 200)] for scale in (1.0, 2.9)]
        assert critical_sd_ratio((199, 199), 0.01) < 2.9
        assert pooled_sd(many).dof == 398
        many[1] = [70 + 3.1 * x for x in np.linspace(-1, 1, 200)]
        assert pooled_sd(many).dof == 199

    def test_equal_values_are_the_grain_of_the_metric(self) -> None:
        sd, dof = pooled_sd([[70.0] * 3, [70.0, 71.0, 72.0]])
        assert (sd, dof) == pytest.approx((math.sqrt(0.5), 4))

    def test_nothing_to_pool(self) -> None:
        sd, dof = pooled_sd([[70.0], []])
        assert math.isnan(sd)
        assert dof == 0

    # Hartley's F_max at 5 %: ratios of variances
    @pytest.mark.parametrize(("dofs", "f_max"), [((2, 2), 39.0), ((2,) * 3, 87.5), ((2,) * 12, 704), ((10,) * 3, 4.85)])
    def test_critical_ratio_is_the_root_of_hartleys(self, dofs: tuple[int, ...], f_max: float) -> None:
        assert critical_sd_ratio(dofs, 0.05) ** 2 == pytest.approx(f_max, rel=2e-3)

    def test_critical_ratio_of_unlike_samples(self) -> None:
        dofs = np.array([1, 2, 2, 5])
        v = np.random.default_rng(0).chisquare(dofs, (200_000, 4)) / dofs
        limit = critical_sd_ratio((1, 2, 2, 5), 0.05)
        assert np.mean(v.max(1) > limit**2 * v.min(1)) == pytest.approx(0.05, abs=0.003)


class TestMargin:
    def test_never_more_than_half_the_effect(self) -> None:
        assert effective_margin(1.5) == 1.5
        assert effective_margin(1.5, 8.7) == 1.5
        assert effective_margin(1.5, -2.0) == 1.0
        assert effective_margin(1.5, 0.0) == 1.5

    @pytest.mark.parametrize("margin", [0.0, -1.0, math.nan, math.inf])
    def test_no_margin(self, margin: float) -> None:
        with pytest.raises(UsageError):
            effective_margin(margin)

    def test_by_family(self) -> None:
        assert DEFAULT_MARGINS["tagging"] == DEFAULT_MARGINS["classification"] == 1.0
        assert DEFAULT_MARGINS["qa"] == DEFAULT_MARGINS["retrieval"] == 1.5

    def test_a_level_that_supports_an_effect(self) -> None:
        assert level(72.4).verdict == "reproduced"
        assert level(72.4, supports=1.0).margin == 0.5
        assert level(72.4, supports=1.0).verdict == "inconclusive"


class TestLevel:
    # se = 0.4 sqrt(1 + 1/3) = 0.462; 95 % interval +-1.003, radius |d| + 0.840
    @pytest.mark.parametrize(
        ("mean", "margin", "verdict"),
        [
            (72.5, 1.5, "reproduced"),
            (71.4, 1.5, "inconclusive"),
            (73.4, 2.0, "reproduced_small_shift"),
            (71.0, 1.5, "not_reproduced_lower"),
            (73.6, 1.5, "not_reproduced_higher"),
        ],
    )
    def test_the_table_of_four(self, mean: float, margin: float, verdict: str) -> None:
        found = level(mean, margin)
        assert found.verdict == verdict
        assert found.direction is None
        assert found.radius == pytest.approx(abs(mean - 72.3) + 1.7109 * 0.46188 + 0.05, abs=1e-3)
        assert found.details["compatible"] == pytest.approx([mean - 1.0033, mean + 1.0033], abs=1e-3)

    def test_the_interval_is_that_of_the_reproduced_mean(self) -> None:
        found = judge_level(CLAIMED, [71.9, 72.5, 72.4, 73.0], margin=1.0)
        half = 3.1824 * np.std([71.9, 72.5, 72.4, 73.0], ddof=1) / 2
        assert found.interval == pytest.approx((72.45 - half, 72.45 + half), abs=1e-3)
        assert (found.mean, found.n) == (pytest.approx(72.45), 4)

    @settings(deadline=None)  # the first call loads scipy and integrates
    @given(st.floats(60, 85), st.floats(0.01, 3), st.floats(0.02, 5), st.floats(1.01, 3))
    def test_a_wider_margin_never_takes_away(self, mean: float, sd: float, margin: float, factor: float) -> None:
        narrow, wide = (
            judge_level(CLAIMED, values(mean), margin=m, seed=SeedSD(sd, 20)) for m in (margin, margin * factor)
        )
        assert wide.verdict.startswith("reproduced") >= narrow.verdict.startswith("reproduced")
        assert wide.radius == narrow.radius
        assert (wide.radius or 0) >= abs(mean - 72.3)

    @settings(deadline=None)  # the first call loads scipy and integrates
    @given(st.floats(-4, 4), st.floats(0.01, 2), st.sampled_from(["single", "mean", "median"]))
    def test_symmetric_and_free_of_the_origin(self, gap: float, sd: float, statistic: str) -> None:
        claimed = replace(CLAIMED, n0=3, statistic=statistic)  # type: ignore[arg-type]
        above, below, moved = (
            judge_level(replace(claimed, value=x0), values(x0 + g), margin=1.5, seed=SeedSD(sd, 10))
            for x0, g in ((72.3, gap), (72.3, -gap), (12.3, gap))
        )
        mirrored = {"not_reproduced_lower": "not_reproduced_higher", "not_reproduced_higher": "not_reproduced_lower"}
        assert below.radius == pytest.approx(above.radius)
        assert moved.radius == pytest.approx(above.radius)
        if abs(abs(gap) - 1.5) > 1e-6 and above.details["p_value"] != pytest.approx(0.05, abs=1e-6):
            assert below.verdict == mirrored.get(above.verdict, above.verdict)
            assert moved.verdict == above.verdict

    @pytest.mark.parametrize("usevar", ["pooled", "unequal"])
    def test_two_known_samples_as_statsmodels(self, usevar: str) -> None:
        theirs, ours = np.array([71.2, 72.0, 71.7, 72.4]), np.array([71.5, 71.9, 72.8])
        claimed = Claimed(theirs.mean(), n0=4, statistic="mean", sd=theirs.std(ddof=1) if usevar == "unequal" else None)
        seed = pooled_sd([ours, theirs]) if usevar == "pooled" else None  # type: ignore[list-item]
        radius = judge_level(claimed, ours.tolist(), margin=1.0, seed=seed).radius
        assert radius is not None
        assert ttost_ind(ours, theirs, -radius, radius, usevar=usevar)[0] == pytest.approx(0.05)

    def test_more_runs_behind_the_claim_narrow_the_interval(self) -> None:
        one, three = (
            judge_level(replace(CLAIMED, n0=n, statistic="mean"), values(72.3), margin=1.5, seed=SD) for n in (1, 3)
        )
        assert (one.radius or 0) - 0.05 == pytest.approx(((three.radius or 0) - 0.05) * math.sqrt(2))

    def test_a_median_against_the_median(self) -> None:
        found = judge_level(
            replace(CLAIMED, n0=3, statistic="median"), [72.0, 72.3, 79.0], margin=1.5, seed=SeedSD(0.4, math.inf)
        )
        assert found.mean == pytest.approx(72.3)
        assert found.radius == pytest.approx(0.05 + 1.6449 * 0.4 * math.sqrt(2 * 0.4487), abs=1e-3)

    def test_a_best_of_ten_against_the_expected_best(self) -> None:
        claimed = replace(CLAIMED, n0=10, statistic="max")
        found = judge_level(claimed, values(72.3 - 1.5388 * 0.4), margin=1.5, seed=SD)
        assert found.mean == pytest.approx(72.3, abs=1e-3)
        assert found.verdict == "reproduced"
        # the plain mean of such runs would be called equal to the best of ten of a better system
        assert judge_level(claimed, values(72.3), margin=1.5, seed=SeedSD(0.15, 24)).details["gap"] > 0.2

    def test_a_printed_spread_makes_it_welchs(self) -> None:
        claimed = replace(CLAIMED, n0=5, statistic="mean", sd=1.5)
        wide, narrow = (judge_level(c, values(72.3), margin=1.5) for c in (claimed, replace(claimed, sd=0.1)))
        assert (wide.radius or 0) > 2 * (narrow.radius or 0)

    def test_one_more_case_of_rounding(self) -> None:
        # 72.349 prints as 72.3: no gap beyond rounding, no p value
        found = judge_level(CLAIMED, [72.349], margin=1.0, deterministic=True)
        assert (found.verdict, found.details["p_value"]) == ("reproduced", 1.0)


class TestFewRuns:
    @pytest.mark.parametrize("seed", [None, SD])
    @pytest.mark.parametrize("n", [1, 2])
    def test_fewer_than_three_seeds_decide_nothing(self, n: int, seed: SeedSD | None) -> None:
        found = judge_level(CLAIMED, values(72.3)[:n], margin=1.5, seed=seed)
        assert found.verdict == "inconclusive"
        assert "at least 3" in found.reason
        assert (found.radius is None) == (seed is None and n == 1)

    @pytest.mark.parametrize(
        ("value", "verdict"),
        [
            (31.04, "reproduced"),
            (31.05, "reproduced"),
            (31.3, "reproduced_small_shift"),
            (33.2, "not_reproduced_higher"),
        ],
    )
    def test_an_evaluation_without_a_seed(self, value: float, verdict: str) -> None:
        found = judge_level(Claimed.printed("31.0"), [value], margin=1.5, deterministic=True)
        assert found.verdict == verdict
        assert found.radius == pytest.approx(abs(value - 31.0) + 0.05)
        assert found.interval == pytest.approx((value, value))

    def test_deterministic_runs_that_differ(self) -> None:
        with pytest.raises(UsageError, match="differ"):
            judge_level(CLAIMED, [72.3, 72.4], margin=1.5, deterministic=True)

    @pytest.mark.parametrize("bad", [[], [math.nan, 72.0, 72.1]])
    def test_values_that_are_none(self, bad: list[float]) -> None:
        with pytest.raises(UsageError):
            judge_level(CLAIMED, bad, margin=1.5)

    def test_the_seeds_that_it_needs(self) -> None:
        found = judge_level(CLAIMED, values(72.6), margin=1.1, seed=SD)
        needed = found.details["seeds_needed"]
        assert found.reason.endswith(f"needs m = {needed} seeds for +-1.1")
        assert needed > 3
        law = {"half_width": 0.05, "margin": 1.1}
        for m, enough in ((needed - 1, False), (needed, True)):
            radius = compare(72.6, 72.3, 0.4, 24 + m - 3, spread=1 / m, **law).radius  # type: ignore[arg-type]
            assert (radius <= 1.1) == enough

    def test_no_number_of_seeds_suffices(self) -> None:
        found = judge_level(CLAIMED, values(72.4), margin=0.6, seed=SD)
        assert found.details["seeds_needed"] is None
        assert found.reason.endswith("no number of seeds suffices for +-0.6, since the paper ran once")
        thrice = judge_level(replace(CLAIMED, n0=3, statistic="mean"), values(72.4), margin=0.4, seed=SD)
        assert thrice.reason.endswith("since the paper ran 3 times")

    def test_a_difference_as_large_as_the_margin(self) -> None:
        found = judge_level(CLAIMED, values(73.0), margin=0.6, seed=SD)
        assert found.verdict == "inconclusive"
        assert "leaves no room" in found.reason

    def test_needed_seeds_of_a_median_and_a_best(self) -> None:
        for statistic in ("median", "max"):
            needed = seeds_needed(
                0.1, SeedSD(0.4, 24), 3, half_width=0.05, margin=0.75, statistic=statistic, runs=3  # type: ignore[arg-type]
            )  # fmt: skip
            assert needed is not None
            assert 3 < needed < 20


class TestDegenerate:
    def test_a_failed_run_is_the_verdict(self) -> None:
        found = judge_level(CLAIMED, [*values(72.3), 33.3], margin=1.5, seed=SD, degenerate=[False] * 3 + [True])
        assert (found.verdict, found.n) == ("degenerate", 4)
        assert found.reason == "1 of 4 runs failed to train"
        assert found.mean == pytest.approx((3 * 72.3 + 33.3) / 4)
        without = found.details["without_degenerate"]
        assert (without["n"], without["verdict"]) == (3, "reproduced")
        assert without["mean"] == pytest.approx(72.3)

    def test_runs_without_a_value(self) -> None:
        found = judge_degenerate([None, math.nan, 72.0], [True, True, False])
        assert (found.mean, found.n) == (72.0, 1)
        assert judge_degenerate([None], [True]).mean is None

    def test_all_failed(self) -> None:
        found = judge_level(CLAIMED, [33.3] * 3, margin=1.5, degenerate=[True] * 3)
        assert (found.verdict, found.sd, "without_degenerate" in found.details) == ("degenerate", 0.0, False)

    def test_in_every_kind_of_claim(self) -> None:
        bad = [False, True, False]
        e = effect([3, 4, 5], 200, resamples=50)
        found = [
            judge_effect(Claimed(4.0), e, margin=1.0, degenerate=bad),
            judge_greater(e, degenerate=bad),
            judge_no_effect(e, margin=1.0, degenerate=bad),
            judge_no_gain(e, margin=1.0, degenerate=bad),
            judge_ranking([e, e], degenerate=bad),
        ]
        assert {(f.verdict, f.direction, f.n) for f in found} == {("degenerate", "unclear", 3)}

    @pytest.mark.parametrize(("y", "marks"), [([1.0], [True, False]), ([1.0, 2.0], [False, False])])
    def test_marks_that_do_not_fit(self, y: list[float], marks: list[bool]) -> None:
        with pytest.raises(UsageError):
            judge_degenerate(y, marks)


class TestEffect:
    def test_the_published_form_of_the_bayes_factor(self) -> None:
        assert 10 ** log10_bayes_factor(3.0, 0.8, 3.5, 1.0) == pytest.approx(655, abs=1)
        assert 10 ** log10_bayes_factor(0.3, 0.8, 3.5, 1.0) == pytest.approx(0.03, abs=0.005)
        with pytest.raises(UsageError):
            log10_bayes_factor(1.0, 0.0, 1.0, 1.0)

    def test_an_effect_that_is_there(self) -> None:
        found = judge_effect(
            Claimed.printed("+8.7", direction="increase"), effect([8.2, 8.6, 9.0]), margin=1.5, seed=SD
        )
        assert (found.verdict, found.direction) == ("reproduced", "confirmed")
        assert (found.details["size"], found.details["evidence"]) == ("inside", "supports")
        assert found.mean == pytest.approx(8.6)
        assert found.interval is not None
        # over items too: of 4,000 items 8.6 % changed
        spread = math.sqrt(100**2 * 0.086 * 0.914 / 4000 + 0.4**2 / 3)
        assert found.interval[1] - found.interval[0] == pytest.approx(2 * 1.96 * spread, rel=0.06)

    def test_an_effect_of_another_size(self) -> None:
        found = judge_effect(Claimed.printed("8.7", direction="increase"), effect([3.2, 3.6, 4.0]), margin=1.5, seed=SD)
        assert (found.verdict, found.direction) == ("not_reproduced_lower", "confirmed")
        assert found.details["size"] == "outside"

    def test_no_effect_where_one_is_claimed(self) -> None:
        found = judge_effect(Claimed.printed("8.7", direction="increase"), effect([-0.4, 0.0, 0.4]), margin=1.5)
        assert (found.direction, found.details["evidence"]) == ("unclear", "refutes")
        reversed_ = judge_effect(Claimed.printed("8.7", direction="increase"), effect([-8, -9, -8.5]), margin=1.5)
        assert reversed_.direction == "contradicted"

    @pytest.mark.parametrize("text", ["3.5", "-3.5"])
    def test_a_fall_is_judged_as_it_was_printed(self, text: str) -> None:
        found = judge_effect(Claimed.printed(text, direction="decrease"), effect([-3.2, -3.6, -4.0]), margin=1.7)
        assert found.direction == "confirmed"
        assert found.mean == pytest.approx(3.6 if text == "3.5" else -3.6)
        assert found.verdict == "reproduced"

    def test_the_margin_is_at_most_half_the_effect(self) -> None:
        found = judge_effect(Claimed.printed("0.8"), effect([0.6, 0.8, 1.0], 40_000), margin=1.5, seed=SeedSD(0.05, 24))
        assert found.margin == pytest.approx(0.4)
        assert found.verdict == "reproduced"

    def test_two_seeds_have_no_direction(self) -> None:
        found = judge_effect(Claimed.printed("8.7"), effect([8.5, 8.9]), margin=1.5, seed=SD)
        assert (found.verdict, found.direction) == ("inconclusive", "unclear")
        assert judge_effect(Claimed.printed("8.7"), effect([8.5]), margin=1.5).direction == "unclear"

    def test_an_effect_without_seeds_has_items(self) -> None:
        found = judge_effect(Claimed.printed("8.6"), effect([8.6]), margin=1.5, deterministic=True)
        assert (found.verdict, found.direction) == ("reproduced", "confirmed")
        assert found.interval is not None
        assert found.interval[1] - found.interval[0] == pytest.approx(
            2 * 1.96 * 100 * math.sqrt(0.0786 / 4000), rel=0.1
        )

    def test_without_any_error_there_is_no_evidence_to_weigh(self) -> None:
        found = judge_effect(Claimed.printed("50.0"), effect([50.0], base=0.0, items=2), margin=1.5, deterministic=True)
        assert "bayes_factor" in found.details
        whole = judge_effect(Claimed.printed("100"), effect([100.0], base=0.0), margin=1.5, deterministic=True)
        assert "bayes_factor" not in whole.details

    def test_overwhelming_evidence_stays_a_number(self) -> None:
        found = judge_effect(Claimed.printed("60.0"), effect([60, 60, 60.1], 30_000, base=0.2), margin=1.5)
        assert found.details["bayes_factor"] == 1e300
        json.dumps(found.details, allow_nan=False)


class TestOrders:
    def test_greater(self) -> None:
        more, less, same = effect([3, 4, 5]), effect([-3, -4, -5]), effect([-1, 0, 1])
        found = [judge_greater(e) for e in (more, less, same)]
        assert [f.direction for f in found] == ["confirmed", "contradicted", "unclear"]
        assert [f.verdict for f in found] == ["reproduced", "not_reproduced_lower", "inconclusive"]

    def test_all_three_of_three_seeds_above_zero_is_not_enough(self) -> None:
        # their plain bootstrap interval lies above 0, as it does for one null effect in eight
        e = effect([0.8, 1.0, 4.0], 20_000)
        assert np.quantile(e.draws, 0.025) > 0
        assert judge_greater(e).direction == "unclear"
        assert judge_greater(e, seed=SeedSD(1.0, 24)).direction == "confirmed"

    def test_greater_needs_three_seeds_unless_none_enters(self) -> None:
        assert judge_greater(effect([3, 4])).verdict == "inconclusive"
        assert judge_greater(effect([3.0]), deterministic=True).direction == "confirmed"

    def test_equal_seeds_take_the_spread_of_the_family(self) -> None:
        e = effect([1.0, 1.0, 1.0], 20_000)
        assert judge_greater(e).direction == "confirmed"
        assert judge_greater(e, seed=SeedSD(3.0, 24)).direction == "unclear"

    @pytest.mark.parametrize(
        ("deltas", "margin", "direction", "verdict"),
        [
            ([0.0, 0.1, -0.1], 1.0, "confirmed", "reproduced"),
            ([0.0, 0.1, -0.1], 0.1, "unclear", "inconclusive"),
            ([3.0, 3.1, 2.9], 1.0, "contradicted", "not_reproduced_higher"),
            ([-3.0, -3.1, -2.9], 1.0, "contradicted", "not_reproduced_lower"),
            ([1.2, 1.3, 1.1], 1.0, "unclear", "inconclusive"),
        ],
    )
    def test_no_effect(self, deltas: list[float], margin: float, direction: str, verdict: str) -> None:
        found = judge_no_effect(effect(deltas, 20_000), margin=margin)
        assert (found.direction, found.verdict) == (direction, verdict)
        assert found.radius is not None
        assert found.radius >= abs(found.mean or 0)
        assert judge_no_effect(effect(deltas[:2]), margin=margin).verdict == "inconclusive"

    @pytest.mark.parametrize(
        ("deltas", "margin", "direction", "verdict"),
        [
            ([0.0, 0.1, -0.1], 1.0, "confirmed", "reproduced"),
            ([-20.0, -20.1, -19.9], 1.0, "confirmed", "reproduced"),  # a strong fall is no gain
            ([-3.0, 0.0, 3.0], 1.0, "unclear", "inconclusive"),
            ([1.0, 1.1, 0.9], 1.0, "unclear", "inconclusive"),  # a gain, but of the margin
            ([3.0, 3.1, 2.9], 1.0, "contradicted", "not_reproduced_higher"),
        ],
    )
    def test_no_gain(self, deltas: list[float], margin: float, direction: str, verdict: str) -> None:
        e = effect(deltas, 20_000)
        found = judge_no_gain(e, margin=margin)
        assert (found.direction, found.verdict, found.margin) == (direction, verdict, margin)
        assert found.interval is not None
        assert found.interval == judge_no_effect(e, margin=margin).interval
        assert found.radius == max(found.interval[1], 0)
        if found.radius > 0:  # it is the smallest margin that is enough
            assert judge_no_gain(e, margin=found.radius).verdict == "reproduced"
            assert judge_no_gain(e, margin=found.radius - 1e-6).verdict != "reproduced"
        few = judge_no_gain(effect(deltas[:2]), margin=margin)
        assert (few.verdict, few.direction, few.radius) == ("inconclusive", "unclear", None)

    def measures(self, levels: Sequence[float], items: int = 3000) -> tuple[Bootstrap, ...]:
        rng = np.random.default_rng(1)
        ease = rng.random(items)
        return two_level_bootstrap(
            [
                [Stratum.of_items("xa", np.stack([(ease < (x + s) / 100).astype(float) for s in AROUND]))]
                for x in levels
            ],
            rng,
            resamples=2000,
        )

    def test_a_ranking(self) -> None:
        found = judge_ranking(self.measures([80, 70, 60]))
        assert (found.verdict, found.direction, found.mean, found.interval) == (
            "reproduced",
            "confirmed",
            1.0,
            (1.0, 1.0),
        )
        assert (found.details["pairs"], found.details["pairs_kept"], found.details["pairs_sure"]) == (3, 1.0, 3)

    def test_a_ranking_with_a_pair_turned_round(self) -> None:
        found = judge_ranking(self.measures([80, 60, 70]))
        assert (found.verdict, found.direction) == ("not_reproduced_lower", "contradicted")
        assert found.mean == pytest.approx(1 / 3)
        assert found.details["pairs_kept"] == pytest.approx(2 / 3)

    def test_a_ranking_of_neighbours_is_unclear(self) -> None:
        rng = np.random.default_rng(2)
        strata = [[Stratum.of_items("xa", (rng.random((3, 300)) < p).astype(float))] for p in (0.72, 0.71, 0.3)]
        found = judge_ranking(two_level_bootstrap(strata, rng, resamples=2000))
        assert (found.verdict, found.direction) == ("inconclusive", "unclear")
        assert found.interval is not None
        assert found.interval[0] < found.interval[1] == 1.0

    def test_claimed_ties_order_nothing(self) -> None:
        found = judge_ranking(self.measures([80, 60, 70]), claimed=[8.7, 8.2, 8.2])
        assert (found.verdict, found.details["pairs"]) == ("reproduced", 2)

    def test_one_reversal_among_many_pairs_must_be_surer(self) -> None:
        right = np.zeros((6, 1000))
        for row, n in zip(right, (900, 800, 700, 600, 500, 500), strict=True):
            row[:n] = 1
        right[5, 480:488] = 0  # the last is wrong on 8 items that the one before has right, and right on 20 others:
        right[5, 500:520] = 1  # 2.3 standard errors above it, where it is claimed to be below
        measures = two_level_bootstrap([[Stratum.of_items("xa", row[None])] for row in right], np.random.default_rng(0))
        assert judge_ranking(measures[4:], deterministic=True).direction == "contradicted"
        among = judge_ranking(measures, deterministic=True)
        assert (among.direction, among.details["pairs"], among.details["pairs_sure"]) == ("unclear", 15, 14)

    @pytest.mark.parametrize("claimed", [[1.0, 1.0, 1.0], [2.0, 1.0]])
    def test_no_order(self, claimed: list[float]) -> None:
        with pytest.raises(UsageError):
            judge_ranking(self.measures([80, 70, 60], 50), claimed=claimed)

    def test_two_seeds_rank_nothing(self) -> None:
        e = effect([1, 2], 100, resamples=50)
        assert judge_ranking([e, e]).verdict == "inconclusive"


class TestFinalise:
    deviations = ("bf16 in place of fp16",)

    @pytest.mark.parametrize("mean", [72.3, 73.4])
    def test_deviations_cap(self, mean: float) -> None:
        found = finalise(level(mean, 2.0), "paper", self.deviations)
        assert found.verdict == "reproduced_with_deviations"
        assert found.deviations == self.deviations
        assert finalise(level(mean, 2.0), "paper").verdict.startswith("reproduced")

    @pytest.mark.parametrize("mean", [71.4, 60.0])
    def test_and_nothing_else(self, mean: float) -> None:
        found = finalise(level(mean), "paper", self.deviations)
        assert found.verdict == level(mean).verdict
        assert found.deviations == self.deviations

    def test_the_lab_has_directions(self) -> None:
        e = effect([3.2, 3.6, 4.0])
        whole = judge_effect(Claimed.printed("8.7", direction="increase"), e, margin=1.5)
        found = finalise(whole, "lab", self.deviations)
        assert (found.verdict, found.reason, found.direction) == ("not_tested", "scale", "confirmed")
        assert (found.mean, found.interval, found.radius) == (whole.mean, whole.interval, None)
        assert not {"bayes_factor", "compatible", "p_value", "size"} & found.details.keys()
        assert found.deviations == self.deviations

    def test_the_lab_tells_of_failed_runs(self) -> None:
        found = finalise(judge_degenerate([1.0, 2.0], [True, False]), "lab")
        assert (found.verdict, found.reason) == ("not_tested", "scale")
        assert found.details["degenerate"] == "1 of 2 runs failed to train"

    def test_smoke_judges_its_own_only(self) -> None:
        whole = judge_greater(effect([3, 4, 5]))
        found = finalise(whole, "smoke", self.deviations)
        assert (found.verdict, found.reason, found.direction, found.mean) == ("not_tested", "scale", None, None)
        assert finalise(whole, "smoke", own=True).verdict == "reproduced"

    def test_what_was_not_tested_stays_so(self) -> None:
        whole = Judgement(None, None, 0, None, None, None, "not_tested", reason="no_predictions")
        assert finalise(whole, "paper", self.deviations).reason == "no_predictions"
        assert finalise(whole, "lab").reason == "no_predictions"

    def test_a_judgement_fills_the_record(self) -> None:
        found = finalise(
            judge_effect(Claimed.printed("8.7"), effect([8.2, 8.6, 9.0], 500), margin=1.5), "paper", self.deviations
        )
        about = {"registry_id": "r", "paper": "p", "claim_text": "t", "quantity": {}, "claimed_source": "s"}
        record = Reproduction.model_validate(about | {"scale": "paper"} | asdict(found))
        assert (record.mean, record.verdict, record.deviations) == (found.mean, found.verdict, self.deviations)
        assert Reproduction.model_validate_json(record.model_dump_json(by_alias=True)).details == found.details


class TestFlips:
    @pytest.mark.parametrize("statistic", ["single", "mean", "median", "max"])
    @pytest.mark.parametrize("spread", [1e-3, 0.4, 5.0])
    @pytest.mark.parametrize("seed", [None, SeedSD(0.4, 1), SD])
    def test_a_level(self, statistic: str, spread: float, seed: SeedSD | None) -> None:
        claimed = replace(CLAIMED, n0=3, statistic=statistic)  # type: ignore[arg-type]
        y = [72.3 + spread * x for x in (-1.0, 0.2, 0.8)]
        for margin in (0.1, 100.0):
            assert flips(lambda c, m=margin: judge_level(c, y, margin=m, seed=seed), claimed)  # type: ignore[misc]

    def test_an_evaluation_without_a_seed(self) -> None:
        assert flips(lambda c: judge_level(c, [31.0], margin=1.5, deterministic=True), Claimed.printed("31.0"))

    @pytest.mark.parametrize("direction", ["increase", "decrease"])
    def test_an_effect(self, direction: str) -> None:
        sign = 1 if direction == "increase" else -1
        e = effect([sign * x for x in (8.2, 8.6, 9.0)], 500, resamples=500)
        claimed = Claimed.printed("8.6", direction=direction)
        assert judge_effect(claimed, e, margin=2.5, seed=SD).verdict == "reproduced"
        assert flips(lambda c: judge_effect(c, e, margin=2.5, seed=SD), claimed)

    def test_a_number_compared_with_itself_does_not(self) -> None:
        assert not flips(lambda c: judge_level(c, values(c.value), margin=1.5, seed=SD), CLAIMED)
        assert not flips(lambda _: level(72.3), CLAIMED)

    def test_nor_one_that_turns_to_reproduced(self) -> None:
        far = replace(CLAIMED, value=60.0)
        judge = lambda c: level(60.0) if c == far else judge_level(c, values(c.value), margin=1.5, seed=SD)  # noqa: E731
        assert judge(far).verdict == "not_reproduced_lower"
        assert not flips(judge, far)

    @settings(deadline=None)  # the first call loads scipy and integrates
    @given(st.floats(0, 100), st.floats(0.001, 10), st.integers(1, 60), st.floats(0.01, 20))
    def test_whatever_the_numbers(self, mean: float, sd: float, dof: int, margin: float) -> None:
        assert flips(lambda c: judge_level(c, values(mean), margin=margin, seed=SeedSD(sd, dof)), Claimed(mean, 0.05))


class TestSummary:
    def test_of_nothing(self) -> None:
        found = summarise([], np.random.default_rng(0))
        assert (found.claims, found.tested, found.all_reproduced, found.median_radius) == (0, 0, False, None)

    def test_of_a_paper(self) -> None:
        means = {"a": 72.4, "b": 72.2, "c": 69.0, "d": 71.0, "e": 72.3}
        claims = {
            name: Claimed.printed(t) for name, t in zip("abcde", ("72.3", "72.0", "71.0", "72.5", "72.3"), strict=True)
        }
        judged = [
            Judged(n, judge_level(claims[n], values(m), margin=1.5, seed=SD), claims[n], "2" if n < "d" else "3")
            for n, m in means.items()
        ]
        judged[-1] = replace(judged[-1], judgement=finalise(judged[-1].judgement, "smoke"))
        found = summarise(judged, np.random.default_rng(0))
        assert (found.claims, found.tested) == (5, 4)
        reproduced = found.verdicts["reproduced"]
        assert (reproduced.count, reproduced.of) == (2, 4)
        assert reproduced.interval == pytest.approx((0.15, 0.85), abs=0.01)
        assert (found.verdicts["not_tested"].count, found.verdicts["not_tested"].of) == (1, 5)
        assert found.median_radius == pytest.approx(np.median([j.judgement.radius for j in judged[:4]]))
        assert found.variation.keys() == {"a", "b", "c", "d"}
        assert found.variation["c"] == pytest.approx(1.125 * 100 * 2 / math.sqrt(2) / math.sqrt(2 / math.pi) / 70)
        # d is beyond its interval, and with four tests at a time no more
        c, d = found.corrected["c"], found.corrected["d"]
        assert judged[3].judgement.verdict == "not_reproduced_lower"
        assert c.stands
        assert c.p_value < c.holm == pytest.approx(3 * c.p_value)
        assert d.p_value == d.holm
        assert found.agreement.keys() == {"2"}
        assert found.agreement["2"].tau == pytest.approx(1)
        assert not found.all_reproduced

    def test_corrections_take_a_chance_finding_back(self) -> None:
        claimed = Claimed.printed("72.3")
        judged = [
            Judged(str(i), judge_level(claimed, values(72.3 + gap), margin=1.5, seed=SD), claimed)
            for i, gap in enumerate([1.02, *[0.0] * 19])
        ]
        assert judged[0].judgement.verdict == "not_reproduced_higher"
        found = summarise(judged, np.random.default_rng(0)).corrected["0"]
        assert found.p_value < 0.05 < min(found.holm, found.fdr)
        assert not found.stands

    def test_an_effect_has_no_coefficient_of_variation(self) -> None:
        claimed = Claimed.printed("8.7", direction="increase")
        judged = Judged("e", judge_effect(claimed, effect([8.2, 8.6, 9.0], 300), margin=1.5, seed=SD), claimed)
        found = summarise([judged], np.random.default_rng(0))
        assert found.variation == {}
        assert found.all_reproduced
