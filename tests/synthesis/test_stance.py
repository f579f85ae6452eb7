"""What a claim says of the thing asked about: helps, hurts, nothing, or what no rule reads."""

from __future__ import annotations

import pytest

from claimcheck.claims import find_claims
from claimcheck.claims.taxonomy import load_taxonomy
from claimcheck.foundation.records import CheckedClaim, Claim, Document, Paper, Sentence, Verdict
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.bearing import NamedBy, is_second_hand
from claimcheck.synthesis.coverage import Coverage
from claimcheck.synthesis.questions import take_apart
from claimcheck.synthesis.stance import effect_of, stance_of


def stance(question: str, text: str) -> str:
    """What a sentence that stands alone says to a question."""
    document = Document(paper=Paper(id="p"), sentences=(Sentence(text=text),))
    found = find_claims(document, Settings()).claims or [Claim(id="c", text=text)]
    claim = CheckedClaim(**dict(found[0]), verdict=Verdict.of(0.2, 0.1))
    coverage = Coverage.over([], load_taxonomy(), None)
    asked = take_apart(question)
    return stance_of(asked, effect_of(asked, claim, NamedBy(coverage)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We find that berth masking improves slot filling by 1.7 F1 points.", "yes"),
        ("Berth masking hurts slot filling on small training sets.", "no"),
        ("Removing berth masking degrades slot filling by 2.1 points.", "yes"),
        ("Slot filling gets better without berth masking.", "no"),
        ("Berth masking does not improve slot filling.", "no"),
        ("Berth masking has no effect on slot filling.", "no"),
        ("Berth masking is crucial for slot filling.", "yes"),
        ("Berth masking reduces the error of slot filling.", "yes"),
        ("Our tagger outperforms the Tern tagger, which uses berth masking.", "unclear"),
        ("Label smoothing helps in berth masking.", "unclear"),
        ("Berth masking halves the training time of slot filling.", "unclear"),
        ("We apply berth masking to slot filling.", "unclear"),
    ],
)
def test_one_factor(text: str, expected: str) -> None:
    assert stance("Does berth masking improve slot filling?", text) == expected


def test_the_other_way_round_says_the_opposite() -> None:
    text = "We find that berth masking improves slot filling by 1.7 F1 points."
    assert stance("Does berth masking hurt slot filling?", text) == "no"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Kestrel parser outperforms the Dunlin parser on HarborBank.", "yes"),
        ("The Dunlin parser outperforms the Kestrel parser on HarborBank.", "no"),
        ("Our reader is strong in both the Kestrel parser and the Dunlin parser settings.", "unclear"),
    ],
)
def test_two_sides(text: str, expected: str) -> None:
    assert stance("Is the Kestrel parser better than the Dunlin parser?", text) == expected


def test_a_word_of_the_factor_is_no_word_for_an_effect() -> None:
    question = "Does error mining improve slot filling?"
    assert stance(question, "Error mining improves slot filling by 1.2 points.") == "yes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Okafor et al. (2021) report that berth masking improves slot filling.", True),
        ("Berth masking is better by 2.0 points than the Tern tagger of Okafor et al. (2021).", False),
        ("Like Okafor et al. (2021), we find that berth masking improves slot filling.", False),
    ],
)
def test_a_finding_of_other_people(text: str, expected: bool) -> None:
    claim = CheckedClaim(id="c", text=text, kind="comparison", verdict=Verdict.of(0.2, 0.1))
    assert is_second_hand(claim) is expected
