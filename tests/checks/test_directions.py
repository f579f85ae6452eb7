"""Comparisons and superlatives around a number: the cells decide, less is better for errors and perplexity."""

from __future__ import annotations

import pytest
from result_tables import ERRORS, INTERMEDIATE, PERPLEXITY, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Label


@pytest.mark.parametrize(
    ("claim", "table", "label"),
    [
        ("Multi-task improves TyDiQA by 23.4 points over XLM-R.", INTERMEDIATE, "supported"),
        ("Multi-task decreases TyDiQA by 23.4 points over XLM-R.", INTERMEDIATE, "refuted"),
        ("FSR gains 2.1 points on SQuAD over BERT.", READERS, "supported"),
        ("FSR loses 2.1 points on SQuAD against BERT.", READERS, "refuted"),
        ("Multi-task obtains the best PAWS score of 91.4.", INTERMEDIATE, "supported"),
        ("XLM-R obtains the best PAWS score of 90.1.", INTERMEDIATE, "refuted"),
        ("XLM-R obtains the lowest PAWS score of 90.1.", INTERMEDIATE, "supported"),
        ("Multi-task obtains the lowest PAWS score of 91.4.", INTERMEDIATE, "refuted"),
        ("Deep reaches an error rate of 3.8%, better than CNN.", ERRORS, "supported"),
        ("CNN reaches an error rate of 6.4%, better than Deep.", ERRORS, "refuted"),
        ("Mixer achieves the best perplexity of 54.4.", PERPLEXITY, "supported"),
        ("GRU achieves the best perplexity of 81.0.", PERPLEXITY, "refuted"),
        ("GRU shows the highest perplexity of 81.0.", PERPLEXITY, "supported"),
    ],
)
def test_the_other_direction_is_refuted(claim: str, table: Table, label: Label) -> None:
    found = verdict(claim, table)
    assert found.label == label
    [direction] = [c for c in found.checks if c.kind == "direction"]
    assert direction.label == label
    assert len(direction.evidence) == 2


def test_a_refuted_direction_quotes_cells_and_the_word() -> None:
    check = first_check("CNN reaches an error rate of 6.4%, better than Deep.", ERRORS)
    assert check.derivation == ('6.4 > 3.8 (less is better), against "better than": Table 4, CNN - Deep, Error rate')
    assert check.reason == "the table shows the other direction"
    assert [e.quote for e in check.evidence] == ["6.4", "3.8"]


def test_systems_in_columns_are_compared_too() -> None:
    table = Table.from_rows(
        ["Language", "Baseline", "FSR (ours)"],
        [["German", "71.2", "75.4"], ["French", "80.1", "82.0"], ["Czech", "64.9", "64.1"]],
        caption="Accuracy by language",
    )
    assert verdict("FSR gains 4.2 points over the baseline on German.", table).label == "supported"
    assert verdict("FSR loses 0.8 points against the baseline on Czech.", table).label == "supported"
    assert verdict("FSR gains 0.8 points over the baseline on Czech.", table).label == "refuted"


def test_an_improvement_from_one_cell_to_another() -> None:
    claim = "BERT {} the accuracy on MNLI from 70.1 to 82.5."
    assert verdict(claim.format("increases"), READERS).label == "supported"
    assert verdict(claim.format("decreases"), READERS).label == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        "BERT obtains 82.5 on MNLI, one of the best results.",
        "BERT obtains the best published result of 82.5 on MNLI.",
        "BERT does not obtain the best MNLI result of 82.5.",
        "BiDAF obtains the best score of 70.1 on MNLI among the systems without pretraining.",
    ],
)
def test_narrowed_and_negated_superlatives_are_not_refuted(claim: str) -> None:
    assert verdict(claim, READERS).label != "refuted"


def test_equal_cells_have_no_direction() -> None:
    table = Table.from_rows(["Model", "F1"], [["CRF", "80.1"], ["LSTM", "80.1"]], caption="F1 of taggers")
    assert verdict("CRF reaches 80.1 F1, better than LSTM.", table).label != "refuted"
