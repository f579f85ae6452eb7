"""Comparisons without a number: checked where the words name both rows and the column, exceptions left out."""

from __future__ import annotations

import pytest
from result_tables import INTERMEDIATE, PERPLEXITY, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Label


@pytest.mark.parametrize(
    ("claim", "table", "label"),
    [
        ("SQuAD outperforms MNLI on TyDiQA.", INTERMEDIATE, "supported"),
        ("MNLI outperforms SQuAD on TyDiQA.", INTERMEDIATE, "refuted"),
        ("MNLI is outperformed by SQuAD on TyDiQA.", INTERMEDIATE, "supported"),
        ("SQuAD is outperformed by MNLI on TyDiQA.", INTERMEDIATE, "refuted"),
        ("BERT underperforms FSR on MNLI.", READERS, "supported"),
        ("FSR does not outperform BERT on SST.", READERS, "supported"),
        ("FSR does not outperform BERT on MNLI.", READERS, "refuted"),
        ("Mixer outperforms LSTM.", PERPLEXITY, "supported"),
        ("GRU outperforms LSTM.", PERPLEXITY, "refuted"),
        ("SQuAD outperforms XLM-R on all tasks.", INTERMEDIATE, "supported"),
        ("XLM-R outperforms SQuAD on all tasks.", INTERMEDIATE, "refuted"),
    ],
)
def test_two_named_rows(claim: str, table: Table, label: Label) -> None:
    assert verdict(claim, table).label == label


def test_its_derivation_shows_both_cells() -> None:
    check = first_check("MNLI outperforms SQuAD on TyDiQA.", INTERMEDIATE)
    assert check.derivation == '70.7 < 74.5, against "outperforms": Table 2, MNLI - SQuAD, TyDiQA'
    assert [(e.quote, str(e.pointer)) for e in check.evidence] == [
        ("70.7", "Table 2, MNLI, TyDiQA"),
        ("74.5", "Table 2, SQuAD, TyDiQA"),
    ]


@pytest.mark.parametrize("exception", ["but TyDiQA", "except TyDiQA", "except for TyDiQA", "other than TyDiQA"])
def test_exceptions_are_left_out(exception: str) -> None:
    right = first_check(f"Multi-task outperforms SQuAD on all datasets {exception}.", INTERMEDIATE)
    assert right.label == "supported"
    assert {e.pointer.column for e in right.evidence} == {"XNLI", "PAWS"}
    wrong = first_check(f"SQuAD outperforms Multi-task on all datasets {exception}.", INTERMEDIATE)
    assert wrong.label == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        "Multi-task outperforms SQuAD on all datasets.",  # it does on two of three
        "SQuAD often outperforms MNLI on TyDiQA.",
        "ELMo outperforms SQuAD on TyDiQA.",  # no such row
        "MNLI outperforms SQuAD on NewsQA.",  # no such column
        "MNLI outperforms the previous best system.",
    ],
)
def test_nothing_is_said_where_a_side_is_open(claim: str) -> None:
    assert verdict(claim, INTERMEDIATE).label == "not_enough_info"


def test_tables_that_disagree_say_nothing() -> None:
    first = Table.from_rows(["Model", "F1"], [["CRF", "80.1"], ["LSTM", "82.3"]], caption="F1 on test", label="1")
    second = Table.from_rows(["Model", "F1"], [["CRF", "85.1"], ["LSTM", "82.3"]], caption="F1 on dev", label="2")
    claim = "LSTM outperforms CRF."
    assert verdict(claim, first).label == "supported"
    assert verdict(claim, second).label == "refuted"
    assert verdict(claim, first, second).label == "not_enough_info"
