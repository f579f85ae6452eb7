"""Findings are told from procedures and descriptions, and claims that say the same are found."""

from __future__ import annotations

import pytest

from claimcheck.synthesis.audit.across import common_claims, common_sentences
from claimcheck.synthesis.audit.statements import repeats, statement_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tea raised the yield by 12 percent.", "finding"),
        ("We find that tea raises the yield.", "finding"),
        ("We study tomatoes and find that tea raises the yield.", "finding"),
        ("The model outperforms the baseline by 2 points.", "finding"),
        ("There is no difference between green and black tea.", "finding"),
        ("Tea is associated with a lower yield.", "finding"),
        ("The study uses tomatoes from forty balconies.", "procedure"),
        ("We use black tea, as it gives the best yield.", "procedure"),
        ("We investigate how tea improves the yield of tomatoes.", "procedure"),
        ("In this work, we evaluate the benefits of tea.", "procedure"),
        ("The authors then compare tea with water.", "procedure"),
        ("The plants were randomized into three groups.", "procedure"),
        ("The benchmark consists of nine gardens.", "description"),
        ("TeaBench is a benchmark for balcony plants.", "description"),
        ("The trial aims to measure growth.", "description"),
    ],
)
def test_what_a_claim_states(text: str, wanted: str) -> None:
    assert statement_of(text) == wanted


def test_claims_that_say_the_same() -> None:
    texts = [
        "Tea raised the yield of balcony tomatoes by 12 percent.",
        "Tea raised the yield of balcony tomatoes by 13 percent.",
        "TEA raised the yield of balcony-tomatoes by 12 percent",
        "The yield of balcony tomatoes was raised by 12 percent by tea.",
        "Water did nothing.",
    ]
    assert repeats(texts) == [None, None, 0, 0, None]


def test_sentences_of_several_reports() -> None:
    common = "Systematic search in many databases yielded {} papers on the matter at hand."
    reports = [
        [common.format(12), "Tomatoes like tea more than anything else in the garden."],
        [common.format(15), "Cucumbers prefer water from the well over water from the tap."],
        ["Short one.", common.format(9)],
    ]
    found = common_sentences(reports)
    assert [[(s.text, s.others) for s in one] for one in found] == [
        [(common.format(12), (1, 2))], [(common.format(15), (0, 2))], [(common.format(9), (0, 1))],
    ]  # fmt: skip


def test_claims_of_several_reports() -> None:
    whole = "Tea raised the yield of balcony tomatoes by 12 percent in all years."
    found = common_claims([[whole, "Water did nothing."], ["Roots grow.", whole[:50]], ["Leaves fall."]])
    assert found == [{0: [(1, 1)]}, {1: [(0, 0)]}, {}]
