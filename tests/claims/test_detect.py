"""The claim head: results get a high probability, other sentences a low one, and nothing breaks it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.claims import claim_of, detect

CLAIMS = [
    "We reach 91.3 F1 on SQuAD, 2.1 points above BERT.",
    "The proposed model reduces the error rate by 12% relative.",
]
OTHERS = [
    "We thank the anonymous reviewers.",
    "The rest of this paper is organized as follows.",
    "Section 2 introduces the notation.",
]


def test_claims_rank_above_other_sentences() -> None:
    assert min(detect(CLAIMS)) > max(detect(OTHERS)) + 0.2
    assert max(detect(OTHERS)) < 0.3


@pytest.mark.parametrize("text", ["", "   ", "...", "12345 67.8 %", "🙂 🙂", "\x00\x01"])
def test_without_letters_the_probability_is_zero(text: str) -> None:
    assert detect([text]) == [0.0]


@pytest.mark.parametrize("text", ["word " * 10_000, "\x00\x01\x02 \x1b[31m", "a", "x" * 50_000])
def test_rubble_of_any_length_is_no_claim(text: str) -> None:
    [p] = detect([text])
    assert 0 <= p < 0.3
    assert claim_of(text).text == " ".join(text.split())


def test_white_space_and_neighbours_change_nothing() -> None:
    alone = [detect([text])[0] for text in CLAIMS + OTHERS]
    assert detect(CLAIMS + OTHERS) == alone
    assert detect(["  " + CLAIMS[0].replace(" ", "\n ")]) == detect(CLAIMS[:1])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_probability(text: str) -> None:
    [p] = detect([text])
    assert math.isfinite(p)
    assert 0 <= p <= 1
