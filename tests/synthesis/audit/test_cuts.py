# ruff: noqa: E501 - sentences read best on one line
"""Claims that were cut off are found by how they end and by where the list's claims end; whole ones are left alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.synthesis.audit.cuts import cut_offs, ends_a_sentence

LONG = (
    "Cold tea raised the yield of balcony tomatoes by 12 percent over three summers in the north of Norway, whatever the weather was like.",
    "Plants on south-facing balconies flowered nine days earlier than those that looked to the east, and ripened a whole week earlier too, on every street of the town.",
    "Green tea and black tea gave the same yield in all gardens of the trial, while water alone gave a good deal less in the end.",
    "Leaf area and yield go together in tomatoes that were grown in pots of ten litres, but not in those that were grown in smaller ones or in the open ground.",
)
SHORT = "Tomatoes that were watered at noon ripened first."


def truncated(texts: Sequence[str], continuations: Sequence[str] | None = None) -> list[bool]:
    return [c.truncated for c in cut_offs(texts, continuations or [""] * len(texts))]


@pytest.mark.parametrize("limit", [60, 73, 90, 100, 117, 120])
@pytest.mark.parametrize("strip", [True, False])
def test_claims_cut_at_one_length(limit: int, strip: bool) -> None:
    cut = [t[:limit].strip() if strip else t[:limit] for t in LONG]
    found = cut_offs([*cut, SHORT], [""] * 5)
    assert [c.truncated for c in found] == [True] * 4 + [False]
    assert all(c.reason for c in found[:4])


@pytest.mark.parametrize("limit", [60, 90, 120])
def test_claims_cut_at_a_word(limit: int) -> None:
    cut = [t[:limit].rpartition(" ")[0] for t in LONG]
    assert truncated([*cut, SHORT, LONG[0][:50] + " and then some more followed."]) == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Tea raises the yield of tomatoes in the",
        "Tea raises the yield of tomatoes, because of",
        "Tea raises the yield of tomatoes (Hansen et al.",
        "Tea raises the yield of tomatoes (as shown in 2019.",
        "Tea raises the yield of tomatoes…",
        "Tea raises the yield of tomatoes and ...",
        "Tea raises the yield of tomatoes,",
        "Tea raises the yield of tomatoes, e.g.",
        "Tea raises the yield of tomatoes considerab",
        "Tea raises the yield of tomatoes “in the north",
    ],
)
def test_an_end_that_shows_it_alone(text: str) -> None:
    assert truncated([text]) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Tea raises the yield of tomatoes.",
        "Tea raises the yield of tomatoes (by 12 %).",
        "Does tea raise the yield of tomatoes?",
        "Tea raises the yield on the interval [0, 1).",
        'They call it "the tea effect."',
        "Tea raises the yield of tomatoes",
        "Tea raises the yield over that of XLM-R",
        "Tea raises the F1 of mBERT",
        "Yield 12",
        "茶は収量を上げる。",
    ],
)
def test_an_end_that_shows_nothing(text: str) -> None:
    assert truncated([text]) == [False]


def test_a_list_without_full_stops_is_a_matter_of_style() -> None:
    bare = [t.rstrip(".") for t in (*LONG, SHORT, "Basil grows faster beside tomatoes", "Slugs avoid coffee grounds")]
    assert truncated(bare) == [False] * 7


def test_one_claim_without_a_full_stop_among_those_with_one() -> None:
    assert truncated([LONG[0], LONG[1], SHORT, "Basil grows faster beside tomatoes"]) == [False, False, False, True]


def test_a_source_that_goes_on_decides() -> None:
    found = cut_offs(["Tea raises the yield of tomatoes", "Basil grows faster"], ["in the north of Norway.", ""])
    assert [c.truncated for c in found] == [True, False]
    assert found[0].continuation == "in the north of Norway."
    assert "in the north" in found[0].reason


def test_a_claim_that_ends_whole_at_the_limit_is_whole() -> None:
    whole = "Tea raises the yield of tomatoes, basil and mint alike."
    cut = [t[: len(whole)] for t in LONG]
    assert truncated([*cut, whole]) == [True] * 4 + [False]


@given(st.lists(st.text(max_size=80), max_size=8))
def test_any_texts(texts: list[str]) -> None:
    found = cut_offs(texts, [""] * len(texts))
    assert len(found) == len(texts)
    assert all(bool(c.reason) == c.truncated for c in found)
    assert not any(ends_a_sentence(t) and t.endswith("...") for t in texts)
