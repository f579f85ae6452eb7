"""Krippendorff's alpha against published examples and its own definition, and the words that reports print of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from claimcheck.foundation.agreement import MIN_UNITS, Agreement, nominal_agreement
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import CheckedClaim, Decision, Ledger, Paper, Verdict
from claimcheck.publish.view.people import agreement_words, independent_choices

Ratings = list[list[int | None]]


def agreement(ratings: Sequence[Sequence[object]], seed: int = 0) -> Agreement:
    return nominal_agreement(ratings, np.random.default_rng(seed))


def rows(text: str) -> list[list[str | None]]:
    """Units of a reliability matrix that is printed with one observer a line; a dot is a missing value."""
    observers = [[None if x == "." else x for x in line.split()] for line in text.strip().splitlines()]
    return [list(unit) for unit in zip(*observers, strict=True)]


def by_definition(ratings: Ratings) -> float | None:
    """Alpha from all pairs of values, as Krippendorff 2011 states it: no counts, no matrix."""
    units = [[x for x in unit if x is not None] for unit in ratings]
    units = [unit for unit in units if len(unit) > 1]
    values = [x for unit in units for x in unit]
    if len(set(values)) < 2:
        return None
    n = len(values)
    observed = sum(sum(a != b for a, b in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in units) / n
    expected = sum(a != b for a, b in itertools.permutations(values, 2)) / (n * (n - 1))
    return 1 - observed / expected


# Krippendorff 2011, section C: four observers, twelve units, missing values
FOUR_OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# the same, section A: two observers, ten units, two categories; section B: two observers, twelve units, five categories
TWO_CATEGORIES = """
0 1 0 0 0 0 0 0 1 0
1 1 1 0 0 1 0 0 0 0
"""
FIVE_CATEGORIES = """
a a b b d c c c e d d a
b a b b b c c c e d d d
"""


# the example of Wikipedia's article on the measure: three coders, fifteen units, most values missing
THREE_CODERS = """
. . . . . 3 4 1 2 1 1 3 3 . 3
1 . 2 1 3 3 4 3 . . . . . . .
. . 2 1 3 4 4 . 2 1 1 3 3 . 4
"""


@pytest.mark.parametrize(
    ("matrix", "alpha"),
    [(FOUR_OBSERVERS, 0.743), (TWO_CATEGORIES, 0.095), (FIVE_CATEGORIES, 0.692), (THREE_CODERS, 0.691)],
)
def test_published_examples(matrix: str, alpha: float) -> None:
    assert agreement(rows(matrix)).alpha == pytest.approx(alpha, abs=5e-4)


def test_what_is_counted() -> None:
    found = agreement(rows(FOUR_OBSERVERS))
    # the twelfth unit has one value, which pairs with nothing
    assert (found.raters, found.units, found.values, found.same) == (4, 11, 40, 8)
    assert found.interval is None
    assert "fewer than" in found.reason


ratings_of = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.none() | st.integers(0, 3), min_size=raters, max_size=raters), min_size=1, max_size=12
    )
)


@given(ratings_of)
def test_it_is_what_its_definition_says(ratings: Ratings) -> None:
    wanted = by_definition(ratings)
    raters = sum(any(unit[i] is not None for unit in ratings) for i in range(len(ratings[0])))
    found = agreement(ratings)
    if raters < 2 or wanted is None:
        assert found.alpha is None
        assert found.reason
    else:
        assert found.alpha == pytest.approx(wanted, abs=1e-9)


@given(ratings_of, st.permutations(range(4)), st.randoms(use_true_random=False))
def test_neither_names_of_categories_nor_the_order_of_raters_matter(
    ratings: Ratings, names: list[int], random: object
) -> None:
    renamed: list[list[object]] = [[None if x is None else ("cat", names[x]) for x in unit] for unit in ratings]
    order = list(range(len(ratings[0])))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = agreement(ratings), agreement([[unit[i] for i in order] for unit in renamed])
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None:
        assert one.alpha == pytest.approx(other.alpha, abs=1e-12)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.integers(2, 4))
def test_perfect_agreement_is_one(truth: list[int], raters: int) -> None:
    assume(len(set(truth)) > 1)
    found = agreement([[x] * raters for x in truth])
    assert found.alpha == 1.0
    assert found.interval is None, "a bootstrap of equal units would promise too much"
    assert found.reason


def test_chance_is_zero_and_opposition_below() -> None:
    rng = np.random.default_rng(3)
    chance = agreement([list(map(int, rng.integers(0, 3, 2))) for _ in range(3_000)])
    assert abs(chance.alpha or 9) < 0.05
    assert chance.interval is not None
    assert chance.interval[0] < 0 < chance.interval[1]
    assert (agreement([[0, 1], [1, 0]] * 20).alpha or 0) < -0.9


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        ([], "fewer than two raters"),
        ([["a", None], ["b", None]], "fewer than two raters"),
        ([["a", None], [None, "b"]], "no unit"),
        ([["a", "a"], ["a", "a"], ["b", None]], "only one category"),
    ],
)
def test_where_it_is_not_defined_it_says_why(ratings: list[list[object]], reason: str) -> None:
    found = agreement(ratings)
    assert found.alpha is None
    assert found.interval is None
    assert reason in found.reason


def test_rows_of_different_length_are_refused() -> None:
    with pytest.raises(UsageError):
        agreement([["a", "b"], ["a"]])


def test_the_interval_comes_from_the_generator_alone() -> None:
    ratings = [["a", "a"], ["b", "b"], ["a", "b"], ["c", "c"]] * 5
    assert agreement(ratings, 1) == agreement(ratings, 1)
    one, other = agreement(ratings, 1), agreement(ratings, 2)
    assert one.interval is not None
    assert other.interval is not None
    assert one.interval != other.interval
    assert one.interval == pytest.approx(other.interval, abs=0.1)
    assert one.alpha is not None
    assert one.interval[0] < one.alpha < one.interval[1]


def test_the_interval_holds_the_true_alpha_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    shares, error = np.array([0.6, 0.25, 0.15]), 0.3

    def draw(units: int) -> list[list[int]]:
        truth = rng.choice(3, units, p=shares)
        raters = [np.where(rng.random(units) < error, rng.choice(3, units, p=shares), truth) for _ in range(2)]
        return np.stack(raters, axis=1).tolist()  # type: ignore[no-any-return]

    true = nominal_agreement(draw(50_000), rng, samples=1).alpha
    assert true == pytest.approx((1 - error) ** 2, abs=0.02)
    hits = []
    for _ in range(150):
        interval = nominal_agreement(draw(40), rng, samples=400).interval
        assert interval is not None
        hits.append(interval[0] <= true <= interval[1])
    assert np.mean(hits) > 0.87


def ledger_of(count: int, label: str = "refuted") -> Ledger:
    verdict = Verdict.of(0.1, 0.8) if label == "refuted" else Verdict.of(0.8, 0.1)
    claims = (CheckedClaim(id=f"c{i}", text=f"Claim {i}.", verdict=verdict) for i in range(count))
    return Ledger(paper=Paper(id="p"), claims=tuple(claims))


def said(claim: int, reviewer: str, choice: str | None, label: str = "refuted") -> Decision:
    return Decision.model_validate({"claim": f"c{claim}", "reviewer": reviewer, "choice": choice, "label": label})


def test_words_of_one_reviewer_are_none() -> None:
    ledger = ledger_of(3)
    assert agreement_words(ledger, ()) == ""
    assert agreement_words(ledger, [said(0, "Ada", "accept"), said(0, "Ben", None)]) == ""
    assert "no claim of 3 claims was judged by two" in agreement_words(
        ledger, [said(0, "Ada", "accept"), said(1, "Ben", "accept")]
    )


def test_words_of_two_reviewers() -> None:
    ledger = ledger_of(2 * MIN_UNITS)
    choices = ["accept", "reject", "accept", "needs_check"]
    decisions = [said(i, "Ada", choices[i % 4]) for i in range(MIN_UNITS + 1)]
    decisions += [said(i, "Ben", choices[i % 4] if i else "reject") for i in range(MIN_UNITS)]
    words = agreement_words(ledger, decisions)
    assert words.startswith(
        f"2 reviewers: {MIN_UNITS} of {2 * MIN_UNITS} claims judged by both, with the same choice on {MIN_UNITS - 1} "
        f"({100 * (MIN_UNITS - 1) / MIN_UNITS:.0f}%)"
    )
    assert "Krippendorff’s alpha (nominal) 0.8" in words or "Krippendorff’s alpha (nominal) 0.9" in words
    assert "95% interval 0." in words
    assert words == agreement_words(ledger, decisions), "the same report at any time"


def test_decisions_on_a_former_verdict_do_not_count() -> None:
    decisions = [said(0, "Ada", "accept"), said(0, "Ben", "accept"), said(1, "Ada", "reject", "supported")]
    assert independent_choices(ledger_of(2), decisions) == {"c0": {"Ada": "accept", "Ben": "accept"}}
    assert independent_choices(ledger_of(2, "supported"), decisions) == {"c1": {"Ada": "reject"}}
    assert agreement_words(ledger_of(2, "supported"), decisions[:2]) == ""


def test_who_changes_a_choice_after_seeing_the_others_is_counted_with_the_one_before() -> None:
    ledger = ledger_of(1)
    alone = [said(0, "Ada", "accept"), said(0, "Ada", "needs_check")]
    assert independent_choices(ledger, alone) == {"c0": {"Ada": "needs_check"}}, "nobody else had chosen"
    both = [*alone, said(0, "Ben", "reject"), said(0, "Ada", "reject")]
    assert independent_choices(ledger, both) == {"c0": {"Ada": "needs_check", "Ben": "reject"}}
    withdrawn = [*both, said(0, "Ben", None)]
    assert independent_choices(ledger, withdrawn) == {"c0": {"Ada": "needs_check"}}
