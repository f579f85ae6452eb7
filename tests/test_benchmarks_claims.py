"""The benchmarks of claims on small inputs: when a row has a listed claim, and how labelled lines become a document."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks is no part of the installed package

from benchmarks.claims import completeness, main_claims  # noqa: E402
from claimcheck.foundation.records import Claim, Place, Pointer  # noqa: E402

LISTED = {
    "says": "The gate helps.",
    "kind": "numeric",
    "numbers": ["2.1"],
    "words": ["gate", "faroese", "plain"],
    "places": [
        {"part": "abstract", "page": 1, "words": ["gate", "faroese", "plain"], "numbers": ["2.1"]},
        {"part": "conclusion", "page": 9, "words": ["gating", "islands"], "numbers": []},
    ],
}


def claim(*texts: str, importance: float = 0.5) -> Claim:
    places = tuple(Place(pointer=Pointer(), text=t) for t in texts)
    return Claim(id=texts[0][:12], text=texts[0], places=places, importance=importance)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Gate gains 2.1 points on Faroese.", True),
        ("The gate gains 2.1 points.", False),
        ("The gate gains 1.7 points on Faroese over the plain cell.", False),
    ],
)
def test_a_row_needs_all_numbers_and_two_thirds_of_the_words(text: str, expected: bool) -> None:
    assert main_claims.has(text, LISTED["words"], LISTED["numbers"]) is expected  # type: ignore[arg-type]


def test_any_place_of_a_row_counts_and_the_first_row_is_told() -> None:
    other = claim("We parse speech.", importance=0.9)
    row = claim("We show it.", "The gate gains 2.1 points on Faroese.", importance=0.1)
    found = main_claims.match(LISTED, main_claims.ranked([row, other]))
    assert (found.row, found.place_rows, found.together) == (2, (2, None), None)


def test_places_that_people_took_for_one_claim_share_a_row_or_not() -> None:
    first, second = "The gate gains 2.1 points on Faroese.", "Gating helps on the islands."
    assert main_claims.match(LISTED, [claim(first, second)]).together is True
    assert main_claims.match(LISTED, [claim(first), claim(second)]).together is False
    assert main_claims.match(LISTED, [claim("No such thing.")]).row is None


def test_labelled_lines_become_sections_and_sentences() -> None:
    lines = ["title", "A Parser", "abstract", "We parse it .", "Results", "It ( the parser ) gains 2.1 % .", ""]
    whole = completeness.document({"id": "x", "sentences": lines})
    assert [s.kind for s in whole.sentences] == ["heading"] * 3 + ["abstract", "heading", "body", "heading"]
    assert whole.sentences[5].text == "It (the parser) gains 2.1%."
    assert [s.title for s in whole.sections] == ["A Parser", "abstract", "Results"]
    assert whole.sections[whole.sentences[3].section].kind == "abstract"


def test_the_share_of_truth_that_is_estimated() -> None:
    catches = [completeness.Catch("a", 10, 6, 6, 4), completeness.Catch("b", 5, 0, 3, 0)]
    figures = completeness.summary("results", catches)
    assert (figures["known"], figures["papers_with_estimate"]) == (15, 1)
    assert figures["found_by_either"] == pytest.approx(11 / 15, abs=1e-4)
    assert figures["ratio_median"] == pytest.approx((7 * 7 / 5 - 1) / 10, abs=0.02)
    assert figures["patterns_find_given_head"] == pytest.approx(4 / 6, abs=1e-4)
