"""Text against text: a passage from elsewhere supports and refutes; a sentence of the same paper never refutes."""

from __future__ import annotations

import pytest

import claimcheck
from claimcheck import Passage
from claimcheck.claims import extract_claims
from claimcheck.foundation.records import Document, Paper, Sentence

RISK = "Aspirin reduces the risk of heart attack in adults."
SCORE = "The BERT model reaches 89.2 F1 on the SQuAD test set."


def document(*texts: str) -> Document:
    return Document(paper=Paper(id="p"), sentences=tuple(Sentence(text=t) for t in texts))


@pytest.mark.parametrize(
    ("claim", "passage", "label"),
    [
        (RISK, RISK, "supported"),
        ("Aspirin increases the risk of heart attack in adults.", RISK, "refuted"),
        ("Aspirin does not reduce the risk of heart attack in adults.", RISK, "refuted"),
        (SCORE, SCORE, "supported"),
        (SCORE.replace("89.2", "93.7"), SCORE, "refuted"),
        ("Cats sleep all day.", RISK, "not_enough_info"),
        ("Aspirin was first made in a laboratory in 1897.", RISK, "not_enough_info"),
    ],
)
def test_a_passage_from_elsewhere(claim: str, passage: str, label: str) -> None:
    found = claimcheck.check(claim, [Passage(passage, "elsewhere")])
    assert found.label == label
    if label != "not_enough_info":
        assert [(c.kind, c.label, c.derivation) for c in found.checks] == [("text", label, None)]
        [evidence] = found.checks[0].evidence
        assert (evidence.quote, evidence.pointer.paper) == (passage, "elsewhere")


def test_the_sentence_is_found_among_others() -> None:
    passage = f"We studied many patients. {RISK} Nothing else was found."
    found = claimcheck.check(RISK, [Passage("Cats sleep all day.", "cats"), Passage(passage, "trial")])
    assert found.label == "supported"
    assert found.checks[0].evidence[0].quote == RISK


@pytest.mark.parametrize(
    "claim",
    [
        SCORE.replace("89.2", "93.7"),
        "BERT obtains a score of 93.7 F1 on SQuAD.",
        "Aspirin increases the risk of heart attack in adults.",
        "Aspirin does not reduce the risk of heart attack in adults.",
        "In grown adults, the danger of an attack of the heart is increased by aspirin.",
    ],
)
def test_a_similar_sentence_of_the_same_paper_never_refutes(claim: str) -> None:
    own = document(SCORE, RISK, "The danger of an attack of the heart is reduced by aspirin in grown adults.")
    assert claimcheck.check(claim, [own]).label != "refuted"


def test_the_paper_saying_it_elsewhere_is_consistency() -> None:
    found = claimcheck.check("BERT gets 89.2 F1 on the SQuAD data set, we find.", [document(SCORE)])
    assert found.label == "supported"
    assert found.checks[0].reason == "the paper says the same elsewhere"


def test_a_claim_is_no_evidence_for_itself() -> None:
    own = document("Our parser FSR reaches 91.3 F1 on the SQuAD test data, 2.1 points above BERT.")
    [claim] = extract_claims(own)
    found = claimcheck.check(claim, [own])
    assert (found.label, found.checks) == ("not_enough_info", [])


def test_a_table_that_settles_the_claim_needs_no_text() -> None:
    table = claimcheck.Table.from_rows(["Model", "SQuAD F1"], [["BERT", "89.2"], ["GPT", "85.3"]], caption="Test set")
    found = claimcheck.check(SCORE, [table, Passage(SCORE.replace("89.2", "93.7"), "elsewhere")])
    assert found.label == "supported"
    assert {c.kind for c in found.checks} == {"cells"}
