"""Mining: neighbours and margins against trying all pairs, worked examples, thresholds by trying all cuts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reproduce.training import mining

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def small_blocks() -> Iterator[None]:
    """Blocks that even a dozen sentences do not fit into."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mining, "_BLOCK", {"cpu": (3, 4)})
        yield


# length 1 or 2, so that every cosine is an exact number and equal ones are equal whatever the order of the sums
UNIT = st.tuples(st.integers(0, 3), st.sampled_from((-1, 1, 1))).map(
    lambda t: [t[1] * float(i == t[0]) for i in range(4)]
)
SIGNS = st.lists(st.sampled_from((-1.0, 1.0, 1.0)), min_size=4, max_size=4)
VECTORS = st.lists(st.one_of(UNIT, SIGNS, st.just([0.0] * 4)), min_size=1, max_size=14).map(
    lambda rows: np.array(rows, dtype=np.float32)
)


def all_cosines(x: Floats, y: Floats) -> NDArray[np.float64]:
    units = [side / np.maximum(np.linalg.norm(side.astype(float), axis=1, keepdims=True), 1e-12) for side in (x, y)]
    return units[0] @ units[1].T  # type: ignore[no-any-return]


def first_best(values: NDArray[np.float64], k: int) -> list[int]:
    return sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=150, deadline=None)
@given(x=VECTORS, y=VECTORS, k=st.integers(1, 5))
def test_neighbours_are_those_of_all_pairs_and_the_first_of_equals(x: Floats, y: Floats, k: int) -> None:
    cosines = all_cosines(x, y)
    for found, table in zip(mining.neighbours(x, y, k), (cosines, cosines.T), strict=True):
        expected = [first_best(row, k) for row in table]
        assert found.places.tolist() == expected
        assert found.cosines.tolist() == [[table[i, j] for j in row] for i, row in enumerate(expected)]


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=100, deadline=None)
@given(x=VECTORS, y=VECTORS)
def test_the_nearest_is_the_first_of_the_nearest(x: Floats, y: Floats) -> None:
    places, cosines = mining.nearest(x, y)
    expected = all_cosines(x, y)
    assert places.tolist() == [first_best(row, 1)[0] for row in expected]
    assert cosines.tolist() == expected.max(axis=1).tolist()


def mined_from_all_pairs(x: Floats, y: Floats, k: int) -> list[tuple[int, int, float]]:
    """Artetxe and Schwenk's ratio margin and "max" retrieval, written down as the paper says it, pair by pair."""
    cosines = all_cosines(x, y)
    of_x = [first_best(cosines[i], k) for i in range(len(x))]
    of_y = [first_best(cosines[:, j], k) for j in range(len(y))]

    def margin(i: int, j: int) -> float:
        around_x = sum(cosines[i, n] for n in of_x[i]) / len(of_x[i])
        around_y = sum(cosines[n, j] for n in of_y[j]) / len(of_y[j])
        around = (around_x + around_y) / 2
        return float(cosines[i, j] / around) if around > 0 else 0.0

    candidates = [max(((margin(i, j), -n, i, j) for n, j in enumerate(of_x[i]))) for i in range(len(x))]
    candidates += [max(((margin(i, j), -n, i, j) for n, i in enumerate(of_y[j]))) for j in range(len(y))]
    used_x, used_y, pairs = set(), set(), []
    for score, _, i, j in sorted(candidates, key=lambda candidate: -candidate[0]):
        if score > 0 and i not in used_x and j not in used_y:
            used_x.add(i)
            used_y.add(j)
            pairs.append((i, j, score))
    return pairs


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=150, deadline=None)
@given(x=VECTORS, y=VECTORS, k=st.integers(1, 5))
def test_mining_is_that_of_all_pairs(x: Floats, y: Floats, k: int) -> None:
    found = mining.mine(x, y, k)
    expected = mined_from_all_pairs(x, y, k)
    assert list(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == [pair[:2] for pair in expected]
    assert found.scores.tolist() == pytest.approx([pair[2] for pair in expected])


def test_mining_worked() -> None:
    sources = np.array([[1, 0], [0, 1]], dtype=np.float32)
    targets = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)
    found = mining.mine(sources, targets, k=2)
    # means of neighbours: sources (1 + 0.6) / 2 and (0 + 0.8) / 2, targets (1 + 0) / 2 and (0.6 + 0.8) / 2
    assert found.scores == pytest.approx([1 / ((0.8 + 0.5) / 2), 0.8 / ((0.4 + 0.7) / 2)])
    assert found.sources.tolist() == found.targets.tolist() == [0, 1]
    # the paper's default of 4 neighbours is more than there are: all of them
    assert mining.mine(sources, targets).scores == pytest.approx(found.scores)


def test_a_target_that_is_near_to_everything_is_nobodys_translation() -> None:
    """What the margin is for: the hub is the nearest of every source, and its margin is low for each."""
    hub = np.ones(6) / 6**0.5
    own = np.eye(6)[:4]
    sources = 0.9 * hub + 0.3 * own
    targets = np.concatenate([hub[None], 0.55 * hub + 0.6 * own]).astype(np.float32)
    cosines = all_cosines(sources.astype(np.float32), targets)
    assert cosines.argmax(axis=1).tolist() == [0] * 4
    found = mining.mine(sources.astype(np.float32), targets)
    assert dict(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == {0: 1, 1: 2, 2: 3, 3: 4}


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, y = (random.normal(size=(n, 16)).astype(np.float32) for n in (300, 500))
    whole = mining.mine(x, y)
    monkeypatch.setattr(mining, "_BLOCK", {"cpu": (37, 64)})
    parts = mining.mine(x, y)
    assert whole.sources.tolist() == parts.sources.tolist()
    assert whole.targets.tolist() == parts.targets.tolist()
    assert whole.scores == pytest.approx(parts.scores, abs=1e-6)


def test_an_encoder_that_says_the_same_of_everything_finds_one_pair() -> None:
    same = np.ones((50, 8), dtype=np.float32)
    found = mining.mine(same, same[:20])
    assert (found.sources.tolist(), found.targets.tolist()) == ([0], [0])
    assert found.scores == pytest.approx([1.0])


PAIRS = st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12).map(lambda p: sorted(p, key=lambda t: -t[0]))


@given(pairs=PAIRS, missed=st.integers(0, 4))
def test_the_threshold_is_half_way_behind_the_best_cut(pairs: list[tuple[int, bool]], missed: int) -> None:
    """All cuts are tried, with precision and recall as exact fractions; the first of the best counts."""
    scores, right = [score for score, _ in pairs], [hit for _, hit in pairs]
    wanted = sum(right) + missed
    best, expected = Fraction(0), 0.0
    for cut in range(1, len(pairs) + 1):
        hits = sum(right[:cut])
        if hits:
            precision, recall = Fraction(hits, cut), Fraction(hits, wanted)
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best:
                best, expected = f1, (scores[cut - 1] + scores[min(cut, len(pairs) - 1)]) / 2
    assert mining.best_threshold(scores, right, wanted) == expected


def test_the_last_pair_is_its_own_threshold() -> None:
    # XTREME's code reads one candidate beyond the last here
    assert mining.best_threshold([1.5, 1.25], [True, True], 2) == 1.25
    assert mining.best_threshold([1.5, 1.25, 1.0], [True, True, False], 2) == 1.125
    assert mining.best_threshold([1.5, 1.25], [False, False], 2) == 0.0
    assert mining.best_threshold([], [], 0) == 0.0


def test_halves_are_fixed_by_the_id_and_about_equal() -> None:
    assert [mining.half_of(f"zh-{number:09}") for number in range(1, 9)] == [0, 1, 0, 0, 0, 1, 0, 1]
    assert 450 < sum(mining.half_of(f"zh-{number:09}") for number in range(1000)) < 550
