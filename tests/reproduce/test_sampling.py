"""The order of batches: every example once an epoch, shares that follow the law, the same again after a resume."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.data.sampling import Order, epoch_batches, generator, shares, steps_of
from reproduce.specs import Mixture, Optimisation

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=4)
MIXTURES = st.sampled_from(
    [
        Mixture(),
        Mixture(sampling="uniform"),
        Mixture(sampling="temperature", temperature=5.0, cap=20),
        Mixture(sampling="sequential"),
    ]
)


def seen(order: Order, steps: range) -> Counter[tuple[int, int]]:
    """How often each (part, example) stands in the batches."""
    return Counter((part, int(row)) for part, rows in map(order.batch, steps) for row in rows)


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, batch_size=st.integers(1, 9), epochs=st.integers(1, 3), seed=st.integers(0, 99))
def test_proportional_shows_every_example_once_an_epoch(
    sizes: list[int], batch_size: int, epochs: int, seed: int
) -> None:
    per_epoch = sum(epoch_batches(sizes, batch_size))
    order = Order(sizes, batch_size, Mixture(), steps=epochs * per_epoch, seed=seed)
    assert order.epoch == per_epoch
    everything = {(part, row) for part, size in enumerate(sizes) for row in range(size)}
    for epoch in range(epochs):
        counts = seen(order, range(epoch * per_epoch, (epoch + 1) * per_epoch))
        assert set(counts) == everything
        assert set(counts.values()) == {1}


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, batch_size=st.integers(1, 9), mixture=MIXTURES, seed=st.integers(0, 99), data=st.data())
def test_a_resume_gets_the_batches_of_the_undisturbed_training(
    sizes: list[int], batch_size: int, mixture: Mixture, seed: int, data: st.DataObject
) -> None:
    steps = data.draw(st.integers(1, 80))
    start = data.draw(st.integers(0, steps - 1))
    undisturbed = Order(sizes, batch_size, mixture, steps=steps, seed=seed)
    before = [undisturbed.batch(step) for step in range(steps)]
    resumed = Order(sizes, batch_size, mixture, steps=steps, seed=seed)
    for step in range(start, steps):
        part, rows = resumed.batch(step)
        assert part == before[step][0]
        assert rows.tolist() == before[step][1].tolist()


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, batch_size=st.integers(1, 9), mixture=MIXTURES, steps=st.integers(0, 120))
def test_within_a_part_no_example_is_ahead_of_another_by_more_than_a_pass(
    sizes: list[int], batch_size: int, mixture: Mixture, steps: int
) -> None:
    order = Order(sizes, batch_size, mixture, steps=steps, seed=3)
    counts = seen(order, range(steps))
    for part, size in enumerate(sizes):
        of_part = [counts[part, row] for row in range(size)]
        assert max(of_part) - min(of_part) <= 1


@pytest.mark.parametrize(
    ("mixture", "expected"),
    [
        (Mixture(), [8 / 12, 3 / 12, 1 / 12]),
        (Mixture(sampling="uniform"), [1 / 3, 1 / 3, 1 / 3]),
        (Mixture(sampling="temperature", temperature=2.0), np.sqrt([80, 30, 10]) / np.sqrt([80, 30, 10]).sum()),
        (Mixture(sampling="temperature", cap=30), [3 / 7, 3 / 7, 1 / 7]),
        (Mixture(sampling="sequential"), [8 / 12, 3 / 12, 1 / 12]),
    ],
    ids=["proportional", "uniform", "square root", "capped", "sequential"],
)
def test_the_shares_of_the_parts_follow_the_law(mixture: Mixture, expected: list[float]) -> None:
    sizes, steps = [80, 30, 10], 12_000
    assert shares(sizes, 10, mixture) == pytest.approx(expected)
    for seed in (0, 1):
        order = Order(sizes, 10, mixture, steps=steps, seed=seed)
        found = np.bincount(order.parts, minlength=3) / steps
        # four standard errors of a share of 0.5
        assert found == pytest.approx(expected, abs=4 * 0.5 / steps**0.5)


def test_sequential_ends_one_part_before_it_begins_the_next() -> None:
    order = Order([40, 20], 10, Mixture(sampling="sequential"), steps=18, seed=0)
    assert order.parts.tolist() == [0] * 12 + [1] * 6
    # three epochs: each part's three passes
    assert set(seen(order, range(12)).values()) == {3}
    assert set(seen(order, range(12, 18)).values()) == {3}


def test_another_seed_is_another_order_and_passes_differ() -> None:
    first, second = (Order([50], 50, Mixture(), steps=2, seed=seed) for seed in (0, 1))
    assert first.batch(0)[1].tolist() != second.batch(0)[1].tolist()
    assert first.batch(0)[1].tolist() != first.batch(1)[1].tolist()


def test_streams_of_different_purposes_differ() -> None:
    draws = {generator(7, *where).random() for where in [("a",), ("b",), ("a", 0), ("a", 1), ("b", 1)]}  # type: ignore[arg-type]
    assert len(draws) == 5
    assert generator(7, "a", 1).random() == generator(7, "a", 1).random()


@pytest.mark.parametrize(
    ("epochs", "steps"), [(1.0, 10), (2.0, 20), (0.5, 5), (0.05, 1), (0.1, 1), (0.3, 3), (2.01, 21)]
)
def test_steps_of_epochs(epochs: float, steps: int) -> None:
    assert steps_of([60, 35], Optimisation(learning_rate=1e-3, batch_size=10, epochs=epochs)) == steps


def test_max_steps_are_the_steps() -> None:
    assert steps_of([60], Optimisation(learning_rate=1e-3, batch_size=10, max_steps=0)) == 0
    assert steps_of([60], Optimisation(learning_rate=1e-3, batch_size=10, max_steps=77)) == 77


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one example"):
        Order([10, 0], 4, Mixture(), steps=3, seed=0)


def test_a_batch_beyond_the_end_is_refused() -> None:
    order = Order([10], 4, Mixture(), steps=3, seed=0)
    with pytest.raises(IndexError, match="batch 3 of 3"):
        order.batch(3)
