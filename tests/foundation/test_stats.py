"""Statistics against independent implementations, published values and brute force."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.stats import (
    Stratum,
    benjamini_hochberg,
    bootstrap_interval,
    coefficient_of_variation,
    difference,
    equivalence_radius,
    holm,
    kendall_interval,
    kendall_tau,
    pairs_kept,
    prediction_half_width,
    t_quantile,
    t_tail,
    tost_p_value,
    two_level_bootstrap,
    wilson_interval,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)
columns = st.integers(3, 12).flatmap(
    lambda k: st.tuples(*(st.lists(st.integers(0, 6), min_size=k, max_size=k) for _ in range(2)))
)


class TestT:
    @pytest.mark.parametrize("dof", [1, 2, 2.7, 24, 1000])
    def test_as_scipy(self, dof: float) -> None:
        p = np.array([0.025, 0.5, 0.95, 0.975])
        np.testing.assert_allclose(t_quantile(p, dof), scipy.stats.t.ppf(p, dof), atol=1e-9)
        np.testing.assert_allclose(t_tail([-1.0, 0, 3], dof), scipy.stats.t.sf([-1.0, 0, 3], dof))

    def test_infinite_degrees_of_freedom_are_normal(self) -> None:
        quantiles = t_quantile(0.975, [2, np.inf])
        np.testing.assert_allclose(quantiles, [4.302653, 1.959964], rtol=1e-6)
        assert float(t_tail(1.959964, np.inf)) == pytest.approx(0.025, rel=1e-5)

    @pytest.mark.parametrize(("n", "widths"), [(2, 15.6), (3, 4.97), (5, 3.04), (10, 2.37)])
    def test_prediction_of_one_more_run(self, n: int, widths: float) -> None:
        # the half widths of CORE-Bench's intervals in units of the SD
        assert float(prediction_half_width(math.sqrt(1 + 1 / n), n - 1)) == pytest.approx(widths, abs=0.05)


class TestEquivalence:
    x, y = np.array([71.2, 72.0, 71.7, 72.4]), np.array([71.5, 71.9, 72.8])

    @pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
    @pytest.mark.parametrize("variances", ["pooled", "unequal"])
    def test_two_samples_as_statsmodels(self, margin: float, variances: str) -> None:
        nx, ny = self.x.size, self.y.size
        vx, vy = self.x.var(ddof=1), self.y.var(ddof=1)
        if variances == "pooled":
            dof = nx + ny - 2
            se = math.sqrt(((nx - 1) * vx + (ny - 1) * vy) / dof * (1 / nx + 1 / ny))
        else:
            se = math.sqrt(vx / nx + vy / ny)
            dof = se**4 / ((vx / nx) ** 2 / (nx - 1) + (vy / ny) ** 2 / (ny - 1))
        expected = ttost_ind(self.x, self.y, -margin, margin, usevar=variances)[0]
        assert float(tost_p_value(self.x.mean() - self.y.mean(), se, dof, margin)) == pytest.approx(expected, rel=1e-9)

    def test_pairs_as_statsmodels(self) -> None:
        d = self.x[:3] - self.y
        p = tost_p_value(d.mean(), d.std(ddof=1) / math.sqrt(3), 2, 1.0)
        assert float(p) == pytest.approx(ttost_paired(self.x[:3], self.y, -1.0, 1.0)[0], rel=1e-9)

    @settings(deadline=None)
    @given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(1, 50))
    def test_the_radius_is_the_margin_at_which_the_test_passes(self, gap: float, se: float, dof: float) -> None:
        radius = float(equivalence_radius(gap, se, dof))
        assert radius >= abs(gap)
        assert float(tost_p_value(gap, se, dof, radius)) == pytest.approx(0.05, rel=1e-6)

    def test_without_error_the_difference_decides(self) -> None:
        assert tost_p_value([0.5, 1.5, 1.0], 0.0, np.inf, 1.0).tolist() == [0.0, 1.0, 1.0]


class TestShares:
    @pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 7), (7, 7), (50, 90)])
    def test_wilson_as_statsmodels(self, k: int, n: int) -> None:
        assert wilson_interval(k, n) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)

    @settings(deadline=None)
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_wilson_holds_the_share(self, k: int, more: int) -> None:
        low, high = wilson_interval(k, k + more)
        assert 0 <= low <= (k / (k + more) if k + more else 0.5) <= high <= 1

    def test_more_than_all_is_no_share(self) -> None:
        with pytest.raises(UsageError):
            wilson_interval(3, 2)


@pytest.mark.parametrize(
    ("scores", "published"),
    [  # Belz, Popovic & Mille 2022, tables 4 and 5
        ([84.51, 84.50, 87.46, 85.60, 84.20, 86.61, 86.20], 1.562),
        ([30.65, 30.65, 29.13, 30.65, 29.96], 2.487),
        ([87.50, 80.75, 89.36, 88.10, 89.64, 88.80], 4.176),
        ([31.11, 30.28, 31.11, 29.12], 3.572),
    ],
)
def test_the_published_coefficients_of_variation(scores: list[float], published: float) -> None:
    assert coefficient_of_variation(scores) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("scores", [[], [70.0], [-1.0, 1.0], [-5.0, -4.0]])
def test_no_coefficient_of_variation(scores: list[float]) -> None:
    assert coefficient_of_variation(scores) is None


class TestMultiplicity:
    @settings(max_examples=8, deadline=None)  # statsmodels takes a tenth of a second
    @given(p_values)
    def test_holm_as_statsmodels(self, p: list[float]) -> None:
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)

    @settings(deadline=None)
    @given(p_values)
    def test_benjamini_hochberg_as_statsmodels(self, p: list[float]) -> None:
        np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], atol=1e-12)

    def test_none(self) -> None:
        assert holm([]).size == benjamini_hochberg([]).size == 0


class TestRankings:
    @settings(deadline=None)
    @given(columns)
    def test_tau_as_scipy(self, pair: tuple[list[int], list[int]]) -> None:
        expected = scipy.stats.kendalltau(*pair).statistic
        np.testing.assert_allclose(kendall_tau(*pair), expected, atol=1e-12)

    def test_many_columns_at_once(self) -> None:
        assert kendall_tau([3, 2, 1], [[9, 5, 1], [1, 5, 9], [5, 9, 1]]) == pytest.approx([1, -1, 1 / 3])

    @pytest.mark.parametrize(
        ("claimed", "reproduced", "kept"),
        [
            ([3, 2, 1], [30, 20, 10], 1.0),
            ([3, 2, 1], [30, 10, 20], 2 / 3),
            ([3, 2, 1], [30, 20, 20], 2 / 3),  # a tie keeps no order
            ([3, 2, 2], [30, 10, 20], 1.0),  # a claimed tie orders nothing
        ],
    )
    def test_pairs_kept(self, claimed: list[float], reproduced: list[float], kept: float) -> None:
        assert float(pairs_kept(claimed, reproduced)) == pytest.approx(kept)

    def test_interval_by_rows(self) -> None:
        rng = np.random.default_rng(0)
        x = np.arange(10.0)
        assert kendall_interval(x, x, rng) == (1.0, 1.0)
        assert kendall_interval(x, -x, rng) == (-1.0, -1.0)
        low, high = kendall_interval(x, x[[1, 0, 2, 4, 3, 5, 7, 6, 8, 9]], rng) or (0, 0)
        assert 0.4 < low < float(kendall_tau(x, x[[1, 0, 2, 4, 3, 5, 7, 6, 8, 9]])) < high <= 1

    def test_too_little_to_rank(self) -> None:
        rng = np.random.default_rng(0)
        assert kendall_interval([1, 2], [1, 2], rng) is None
        assert kendall_interval([1, 1, 1], [1, 2, 3], rng) is None
        with pytest.raises(UsageError):
            kendall_interval([1, 2, 3], [1, 2], rng)


class TestBootstrapInterval:
    x = np.random.default_rng(5).exponential(size=40)

    @pytest.mark.parametrize("method", ["percentile", "BCa"])
    def test_is_scipys(self, method: str) -> None:
        ours = bootstrap_interval([self.x], np.mean, np.random.default_rng(1), method=method, resamples=999)  # type: ignore[arg-type]
        theirs = scipy.stats.bootstrap(
            (self.x,), np.mean, method=method, n_resamples=999, rng=np.random.default_rng(1)
        ).confidence_interval
        assert ours == (theirs.low, theirs.high)

    def test_without_variation_it_is_a_point(self) -> None:
        assert bootstrap_interval([np.ones(5)], np.mean, np.random.default_rng(1)) == (1.0, 1.0)


def scores(rng: np.random.Generator, seeds: int, items: int, ability: float = 0.0, decimals: int = 0) -> np.ndarray:
    """Scores of items that some seeds find as hard as others do; right or wrong, or with more digits."""
    latent = 0.5 + ability + 0.3 * rng.standard_normal(items) + 0.1 * rng.standard_normal((seeds, items))
    return np.round(np.clip(latent, 0, 1), decimals)


class TestTwoLevelBootstrap:
    @pytest.mark.parametrize("decimals", [0, 3])  # few patterns of scores, and as many as items
    def test_items_of_one_run_as_scipy(self, decimals: int) -> None:
        rng = np.random.default_rng(3)
        x, y = scores(rng, 2, 400, decimals=decimals)[:, None]
        strata = difference([Stratum.of_items("en", x)], [Stratum.of_items("en", y)])
        (found,) = two_level_bootstrap([strata], np.random.default_rng(0))
        ours = np.quantile(found.draws, [0.025, 0.975])
        theirs = bootstrap_interval([100 * (x - y)[0]], np.mean, np.random.default_rng(0), method="percentile")
        np.testing.assert_allclose(ours, theirs, atol=0.15)  # interval of +-1.5 to 3.5 points; grid of 0.25
        assert found.mean == pytest.approx(100 * (x - y).mean())
        assert not found.seeds.any()  # one run: no seeds to resample

    def test_strata_keep_their_sizes_and_weights(self) -> None:
        rng = np.random.default_rng(4)
        parts = {"xa": scores(rng, 1, 900, 0.2), "xb": scores(rng, 1, 100, -0.2)}
        strata = [Stratum.of_items(name, x, weight=0.5) for name, x in parts.items()]
        (found,) = two_level_bootstrap([strata], np.random.default_rng(0))
        expected = math.sqrt(sum(0.25 * x.var() / x.size for x in parts.values())) * 100
        assert found.items.std() == pytest.approx(expected, rel=0.03)
        assert found.values.tolist() == [pytest.approx(100 * np.mean([x.mean() for x in parts.values()]))]

    def test_the_seed_part_has_the_variance_of_a_mean_of_seeds(self) -> None:
        rng = np.random.default_rng(5)
        x = np.concatenate([scores(rng, 1, 2000, a) for a in (0.0, 0.05, 0.2, 0.02)])
        (found,) = two_level_bootstrap([[Stratum.of_items("en", x)]], np.random.default_rng(0))
        assert found.seeds.std() == pytest.approx(found.values.std(ddof=1) / 2, rel=0.03)
        assert found.seeds.mean() == pytest.approx(0, abs=0.1)

    def test_a_ratio_of_sums_as_by_brute_force(self) -> None:
        rng = np.random.default_rng(6)
        hits = rng.binomial(4, 0.6, (3, 150))
        total = hits * 2 + rng.poisson(2, (3, 150))
        (found,) = two_level_bootstrap([[Stratum("ner", np.stack([2.0 * hits, total], -1))]], np.random.default_rng(0))
        draws = rng.integers(0, 150, (4000, 150))
        brute = np.mean([100 * 2 * hits[s][draws].sum(1) / total[s][draws].sum(1) for s in range(3)], axis=0)
        assert found.items.mean() == pytest.approx(brute.mean(), abs=0.1)
        assert found.items.std() == pytest.approx(brute.std(), rel=0.06)

    def test_any_function_of_sums(self) -> None:
        rng = np.random.default_rng(7)
        x = rng.standard_normal(300)
        y = 0.6 * x + rng.standard_normal(300)
        moments = np.stack([x, y, x * x, y * y, x * y], -1)[None]

        def correlation(s: np.ndarray) -> np.ndarray:
            mx, my, xx, yy, xy = np.moveaxis(s / 300, -1, 0)
            return (xy - mx * my) / np.sqrt((xx - mx**2) * (yy - my**2))

        (found,) = two_level_bootstrap([[Stratum("sts", moments, correlation)]], rng)
        r = np.corrcoef(x, y)[0, 1]
        assert found.mean == pytest.approx(100 * r)
        assert found.items.std() == pytest.approx(100 * (1 - r**2) / math.sqrt(300), rel=0.1)

    def test_the_same_items_and_seeds_for_all(self) -> None:
        rng = np.random.default_rng(8)
        a, b = scores(rng, 3, 200), scores(rng, 3, 200, 0.1)
        one, two = [Stratum.of_items("en", a)], [Stratum.of_items("en", b)]
        zero, gap, first, second = two_level_bootstrap(
            [difference(one, one), difference(two, one), one, two], np.random.default_rng(0)
        )
        assert np.abs(zero.draws).max() < 1e-9
        np.testing.assert_allclose(gap.draws, second.draws - first.draws, atol=1e-9)

    def test_one_row_serves_all_seeds(self) -> None:
        rng = np.random.default_rng(9)
        trained, baseline = scores(rng, 3, 200, 0.1), scores(rng, 1, 200)
        (found,) = two_level_bootstrap(
            [difference([Stratum.of_items("en", trained)], [Stratum.of_items("en", baseline)])], rng
        )
        np.testing.assert_allclose(found.values, 100 * (trained.mean(1) - baseline.mean()))

    def test_seeds_that_are_not_shared(self) -> None:
        rng = np.random.default_rng(10)
        x = np.concatenate([scores(rng, 1, 500, a) for a in (0.0, 0.1, 0.2)])
        y = np.concatenate([scores(rng, 1, 500, a) for a in (0.0, 0.05, 0.0, 0.1, 0.02)])
        (found,) = two_level_bootstrap(
            [difference([Stratum.of_items("en", x, seeds="x")], [Stratum.of_items("en", y, seeds="y")])], rng
        )
        expected = math.sqrt(sum(100**2 * s.mean(1).var(ddof=1) / len(s) for s in (x, y)))
        assert found.seeds.std() == pytest.approx(expected, rel=0.04)
        assert found.mean == pytest.approx(100 * (x.mean() - y.mean()))
        with pytest.raises(UsageError, match="not paired"):
            _ = found.values

    def test_scores_that_are_no_sums_have_seeds_alone(self) -> None:
        (found,) = two_level_bootstrap([[Stratum.of_seeds("rho", [0.5, 0.6, 0.7])]], np.random.default_rng(0))
        assert np.ptp(found.items) < 1e-9
        assert found.values.tolist() == pytest.approx([50, 60, 70])

    def test_the_generator_decides(self) -> None:
        strata = [Stratum.of_items("en", scores(np.random.default_rng(1), 3, 50))]
        a, b, c = (two_level_bootstrap([strata], np.random.default_rng(s), resamples=50)[0].draws for s in (1, 1, 2))
        assert (a == b).all()
        assert (a != c).any()

    @pytest.mark.parametrize(
        ("strata", "message"),
        [
            ([], "at least one"),
            ([Stratum("en", np.zeros((3, 0, 2)))], "at least one"),
            ([Stratum("en", np.zeros((3, 4)))], "contributions"),
            ([Stratum.of_items("en", [[1.0, math.nan]])], "finite"),
            ([Stratum.of_items("en", np.ones((3, 4))), Stratum.of_items("en", np.ones((3, 5)))], "one name"),
            ([Stratum.of_items("en", np.ones((3, 4))), Stratum.of_items("xa", np.ones((2, 4)))], "share seeds"),
        ],
    )
    def test_what_does_not_fit(self, strata: list[Stratum], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            two_level_bootstrap([strata], np.random.default_rng(0))


def test_the_radius_grows_with_the_error() -> None:
    radii = [float(equivalence_radius(0.3, se, 10, 0.05)) for se in (0, 0.1, 0.5, 1)]
    assert radii[0] == pytest.approx(0.35)
    assert all(a < b for a, b in pairwise(radii))
