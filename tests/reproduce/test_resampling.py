"""Shared resamples: the law of `two_level_bootstrap`, the same draws whatever else is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.stats import Bootstrap, Stratum, difference, two_level_bootstrap
from reproduce.tasks.metrics import metric
from reproduce.verdicts.resampling import Resampler

Floats = NDArray[np.float64]


def right_or_wrong(share: float, items: int, seeds: int, seed: int) -> Floats:
    return (np.random.default_rng(seed).random((seeds, items)) < share).astype(float)


def strata(share: float, *, items: int = 400, seeds: int = 3, languages: int = 5, seed: int = 0) -> list[Stratum]:
    return [
        Stratum.of_items(
            f"language {i}", right_or_wrong(share, items + i, seeds, 100 * seed + i), weight=1 / languages, seeds="seed"
        )
        for i in range(languages)
    ]


def f1(items: int, seeds: int, seed: int) -> Stratum:
    rng = np.random.default_rng(seed)
    sums = rng.integers(0, 4, size=(seeds, items, 3)).astype(float)
    return Stratum("tags", sums, metric("span_f1").value, seeds="seed")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def same_law(one: Bootstrap, other: Bootstrap) -> None:
    assert one.mean == pytest.approx(other.mean)
    for a, b in ((one.items, other.items), (one.draws, other.draws)):
        assert a.mean() == pytest.approx(b.mean(), abs=4 * b.std() / 100)  # 10,000 draws
        assert a.std() == pytest.approx(b.std(), rel=0.05)
        for q in (0.025, 0.975):
            assert np.quantile(a, q) == pytest.approx(np.quantile(b, q), abs=0.15 * b.std())


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_law_is_that_of_the_two_level_bootstrap(seeds: int) -> None:
    contrast = difference(strata(0.7, seeds=seeds, seed=1), strata(0.6, seeds=seeds, seed=2))
    (one,), (other,) = Resampler()([contrast], rng()), two_level_bootstrap([contrast], rng())
    same_law(one, other)
    assert one.values == pytest.approx(other.values)


def test_of_scores_that_are_no_means() -> None:
    a, b = f1(300, 3, 1), replace(f1(300, 3, 2), weight=-1.0)
    (one,), (other,) = Resampler()([[a, b]], rng()), two_level_bootstrap([[a, b]], rng())
    same_law(one, other)


def test_of_fractions() -> None:
    answers = np.random.default_rng(3).random((3, 250)) ** 3
    s = Stratum.of_items("answers", answers, seeds="seed")
    (one,), (other,) = Resampler()([[s]], rng()), two_level_bootstrap([[s]], rng())
    same_law(one, other)


def test_the_same_items_are_drawn_for_all_models() -> None:
    a = strata(0.7, languages=1)
    b = [replace(a[0], contributions=a[0].contributions.copy())]  # another model that says the same
    (found,) = Resampler()([difference(a, b)], rng())
    assert np.abs(found.items).max() < 1e-4
    one, other = Resampler()([a, b], rng())
    assert one.items == pytest.approx(other.items)


def test_languages_are_drawn_apart() -> None:
    a, b = strata(0.6, languages=2, items=500)
    b = replace(b, contributions=a.contributions)  # as large and as right, yet another language
    one, other = Resampler()([[a], [b]], rng())
    assert abs(np.corrcoef(one.items, other.items)[0, 1]) < 0.05
    assert sorted(one.items) == pytest.approx(sorted(other.items))


def test_what_else_is_drawn_changes_nothing() -> None:
    contrast, others = strata(0.7, seed=1), strata(0.4, seed=2)
    (alone,) = Resampler()([contrast], rng())
    crowded = Resampler()
    crowded.add(others)
    crowded([others], np.random.default_rng(1))
    (beside,) = crowded([contrast], rng())
    assert (alone.items == beside.items).all()
    assert (alone.draws == beside.draws).all()


def test_many_items_take_no_more_memory_than_few() -> None:
    few = Resampler(resamples=2_000)
    s = Stratum.of_items("large", right_or_wrong(0.3, 30_000, 1, 1), seeds="seed")
    (found,) = few([[s]], rng())
    assert found.items.std() == pytest.approx(100 * (0.3 * 0.7 / 30_000) ** 0.5, rel=0.1)
    assert not few._weights  # made again where they are needed


def test_what_does_not_fit_together() -> None:
    a, b = strata(0.5, languages=1), strata(0.5, languages=1, items=300)
    with pytest.raises(UsageError, match="items bear one name"):
        Resampler()([a, b], rng())
    with pytest.raises(UsageError, match="cannot share seeds"):
        Resampler()([strata(0.5, languages=1), [replace(f1(10, 2, 1), seeds="seed")]], rng())
    with pytest.raises(UsageError, match="at least one stratum"):
        Resampler()([[]], rng())
    broken = Stratum.of_items("nan", np.array([[0.0, np.nan]]))
    with pytest.raises(UsageError, match="finite"):
        Resampler()([[broken]], rng())
