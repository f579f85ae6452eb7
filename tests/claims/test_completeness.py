"""The estimate of missed claims: Chapman's figures, an interval that holds, and honest edges."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.claims import find_claims
from claimcheck.claims.completeness import estimate
from claimcheck.foundation.records import Document, Paper, Section, Sentence


def test_chapmans_estimator() -> None:
    found = estimate(20, 30, 14, 400)
    assert found is not None
    assert found.total == pytest.approx(21 * 31 / 15 - 1, abs=0.05)
    assert (found.found, found.missed) == (36, pytest.approx(found.total - 36))
    assert found.interval[0] <= found.total <= found.interval[1]


def test_without_an_overlap_the_interval_reaches_to_all_sentences() -> None:
    found = estimate(5, 6, 0, 200)
    assert found is not None
    assert found.total == 41
    assert found.interval[0] > 11
    assert found.interval[1] == 200


def test_one_catch_inside_the_other_leaves_doubt() -> None:
    few, many = estimate(3, 10, 3, 200), estimate(30, 100, 30, 200)
    assert few is not None
    assert many is not None
    assert (few.total, many.total) == (10, 100)
    assert few.interval[0] == 10
    assert few.interval[1] > 20  # 3 of 3 is weak evidence
    assert many.interval[1] < 115


@pytest.mark.parametrize(("head", "patterns"), [(0, 0), (0, 7), (7, 0)])
def test_where_one_finds_nothing_nothing_is_known(head: int, patterns: int) -> None:
    assert estimate(head, patterns, 0, 100) is None


@pytest.mark.parametrize("counts", [(3, 2, 3, 9), (5, 5, 1, 8), (-1, 2, 0, 9), (2, 2, -1, 9)])
def test_counts_that_contradict_each_other_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="in common"):
        estimate(*counts)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_estimate_lies_between_what_was_found_and_what_there_is(
    head: int, patterns: int, data: st.DataObject
) -> None:
    both = data.draw(st.integers(0, min(head, patterns)))
    sentences = data.draw(st.integers(head + patterns - both, 500))
    found = estimate(head, patterns, both, sentences)
    assert found is not None
    assert found.found <= found.interval[0] <= found.interval[1] <= sentences
    assert found.found <= found.total <= sentences


def test_the_interval_holds_the_truth_of_independent_catches_19_times_in_20() -> None:
    rng = random.Random(7)
    held = drawn = 0
    for _ in range(400):
        size = rng.randint(20, 80)
        head = {i for i in range(size) if rng.random() < 0.6}
        patterns = {i for i in range(size) if rng.random() < 0.5}
        found = estimate(len(head), len(patterns), len(head & patterns), 300)
        if found is not None:
            drawn += 1
            held += found.interval[0] <= size <= found.interval[1]
    assert held >= 0.95 * drawn
    assert drawn > 390


def test_a_document_carries_its_estimate() -> None:
    section = Section(title="Results")
    lines = [f"The gate outperforms the cell by {i}.{i} points on corpus {i}." for i in range(1, 9)]
    whole = Document(
        paper=Paper(id="x"),
        sections=(section,),
        sentences=tuple(Sentence(text=t, section=0, paragraph=i) for i, t in enumerate(lines)),
    )
    found = find_claims(whole).completeness
    assert found is not None
    assert found.patterns == 8
    assert found.interval[1] == 8  # no more sentences than there are
    assert find_claims(Document(paper=Paper(id="x"))).completeness is None
