"""A passage with the claim's own words and numbers, with another number, or without any such number."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import claimcheck
from claimcheck import Passage
from claimcheck.checks.text.figures import lacking, said_in
from claimcheck.checks.text.search import TextIndex
from claimcheck.claims import claim_of
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.settings import Settings

AROUND = "The study ran for two winters. {} The cost was borne by the state."


def said(claim: str, passage: str) -> str | None:
    """What a passage says in the claim's own words: "same", the other number, or None."""
    index = TextIndex([Passage(passage)], SentenceEncoder(Settings.load()))
    found = said_in(claim_of(claim), index.lines_of(0))
    if found is None:
        return None
    number = re.match(r"the text has (\S+) where", found.unlike)
    return number[1] if number else found.unlike.split()[-1] if found.unlike else "same"


@pytest.mark.parametrize(
    ("claim", "passage", "expected"),
    [
        ("The reader scores 91.3 F1 on SQuAD.", "The reader scores 91.3 F1 on SQuAD.", "same"),
        ("The reader scores 91.3 F1 on SQuAD.", "In short, the reader scores 91.28 F1 on SQuAD, as hoped.", "same"),
        ("The reader scores 91.3 F1 on SQuAD.", "The reader scores 89.3 F1 on SQuAD.", "89.3"),
        ("Losses fell by 12% in the north.", "Losses fell by 21 % in the north.", "21%"),
        ("Between 20 and 30 farms were visited.", "Between 20 and 50 farms were visited.", "50"),
        ("Over 120 farms were visited by car.", "Over 100 farms were visited by car.", "100"),
        ("Adam converges faster than SGD.", "We saw that SGD converges faster than Adam on all tasks.", "round"),
        ("Our parser outperforms Stanford's on news.", "On news, Stanford's outperforms our parser.", "round"),
        ("Adam converges faster than SGD.", "SGD converges faster than AdaGrad.", None),
        ("Adam converges faster than SGD.", "SGD rarely converges faster than Adam unless it is tuned.", None),
        ("Adam converges faster than SGD.", "Adam converges faster than SGD.", "same"),
        ("Adam converges faster in June than SGD.", "SGD converges faster than Adam in May.", None),
        # any other word among the claim's may turn it round
        ("The reader scores 91.3 F1 on SQuAD.", "The small reader scores 89.3 F1 on SQuAD.", None),
        ("The reader scores 91.3 F1 on SQuAD.", "Without its cache the reader scores 89.3 F1 on SQuAD.", None),
        ("The reader scores 91.3 F1 on SQuAD.", "The reader scores 89.3 F1 on SQuAD without its cache.", None),
        ("Masks lower the risk of colds.", "It is a myth that masks lower the risk of colds.", None),
        ("Masks lower the risk of colds.", "Whether masks lower the risk of colds was asked.", None),
        # what is weaker follows, and a year is no quantity
        ("Over 100 farms were visited by car.", "Over 120 farms were visited by car.", None),
        ("The farms were visited in 2011.", "The farms were visited in 2012.", None),
        # a sentence with the claim's number goes before one with another
        ("The reader scores 91.3 F1.", "At first the reader scores 80.1 F1. Later the reader scores 91.3 F1.", "same"),
    ],
)
def test_what_a_passage_says_in_the_claims_own_words(claim: str, passage: str, expected: str | None) -> None:
    assert said(claim, AROUND.format(passage)) == expected


@pytest.mark.parametrize(
    ("claim", "text", "expected"),
    [
        ("Losses fell by 12.5%.", "Losses fell sharply, by 12.5 percent.", None),
        ("Losses fell by 12%.", "88% of what is lost elsewhere is lost here.", None),
        ("Half as much, 50% of it, was lost.", "Half of it was lost.", None),
        ("It covers 250,000 homes.", "It covers 0.25 million homes.", None),
        ("It needs 3 sensors.", "It needs sensors.", None),
        ("Losses fell by 12.5%.", "Losses fell by 13.5%.", "12.5%"),
        ("It covers 250,000 homes.", "It covers 25,000 homes.", "250,000"),
    ],
)
def test_a_measured_number_that_a_text_does_not_give(claim: str, text: str, expected: str | None) -> None:
    found = lacking(claim_of(claim), text)
    assert (None if found is None else found.text) == expected


@given(st.floats(1, 99), st.floats(1, 99))
def test_numbers_agree_as_far_as_they_are_printed(a: float, b: float) -> None:
    claim, line = f"The pump moved {a:.1f} litres of salt water.", f"The pump moved {b:.2f} litres of salt water."
    assert (said(claim, line) == "same") == (abs(float(f"{a:.1f}") - float(f"{b:.2f}")) <= 0.055 + 1e-9)


def test_the_verdict_says_which_number_stands_there() -> None:
    claim = "The trial enrolled 412 patients over 3 years."
    verdict = claimcheck.check(claim, [Passage(AROUND.format("The trial enrolled 421 patients over 3 years."))])
    assert (verdict.label, verdict.calibration) == ("refuted", None)
    assert verdict.checks[0].reason == "the text has 421 where the claim has 412"
    assert verdict.checks[0].evidence[0].quote == "The trial enrolled 421 patients over 3 years."


@pytest.mark.parametrize(
    "claim",
    ["Patients from 3647 centers in 29 countries were enrolled.", "The ratio was 3249.42 dollars, not 6712.00."],
)
def test_what_stands_there_word_for_word_is_supported(claim: str) -> None:
    assert claimcheck.check(claim, [Passage(AROUND.format(claim))]).label == "supported"


def test_many_numbers_with_one_changed_are_not_supported() -> None:
    numbers = [f"{40 + i / 2:.1f} on set{i}" for i in range(50)]
    claim = f"The reader scores {', '.join(numbers)}."
    altered = claim.replace("58.5 on", "11.1 on")
    assert claimcheck.check(claim, [Passage(claim)]).label == "supported"
    assert claimcheck.check(claim, [Passage(altered)]).label != "supported"


def test_a_million_characters_of_numbers_take_little_time() -> None:
    claim = claim_of(f"The reader scores {', '.join(f'{40 + i / 2:.1f} on set{i}' for i in range(50))}.")
    text = "Pump 7 moved 3.25 litres; " * 38_000
    before = time.process_time()
    assert lacking(claim, text) is not None
    assert time.process_time() - before < 5


def test_the_same_sentence_of_another_study_refutes_nothing_that_was_searched_for() -> None:
    passages = [Passage(f"Study {i} of pumps: the pump moved {i}.5 litres of salt water.") for i in range(10, 18)]
    verdict = claimcheck.check("The pump moved 99.5 litres of salt water.", passages)
    assert verdict.calibration is not None  # the model's word, not the rule's
