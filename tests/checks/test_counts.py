"""Counts over a row: "best on 3 of 4" is counted cell by cell, against all rows or one rival."""

from __future__ import annotations

import pytest
from result_tables import INTERMEDIATE, PERPLEXITY, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Label


@pytest.mark.parametrize(
    ("claim", "table", "label"),
    [
        ("Multi-task is best on 2 of 3 tasks.", INTERMEDIATE, "supported"),
        ("Multi-task is best on two of three tasks.", INTERMEDIATE, "supported"),
        ("Multi-task is best on 3 of 3 tasks.", INTERMEDIATE, "refuted"),
        ("Multi-task is the best on all three tasks.", INTERMEDIATE, "refuted"),
        ("FSR is best on 3 of 4 datasets.", READERS, "supported"),
        ("FSR is best on 2 of 4 datasets.", READERS, "refuted"),
        ("FSR is best on at least 2 of 4 datasets.", READERS, "supported"),
        ("FSR outperforms BERT on 3 of 4 datasets.", READERS, "supported"),
        ("FSR outperforms BERT on 4 of 4 datasets.", READERS, "refuted"),
        ("FSR outperforms BiDAF on 4 of 4 datasets.", READERS, "supported"),
    ],
)
def test_wins_are_counted(claim: str, table: Table, label: Label) -> None:
    assert verdict(claim, table).label == label


def test_the_count_names_its_columns_and_leaves_the_average_out() -> None:
    check = first_check("Multi-task is best on 3 of 3 tasks.", INTERMEDIATE)
    assert check.derivation == (
        "best in 2 of 3 (81.5, 91.4, 73.7 against all other rows), not 3 of 3: Table 2, Multi-task, XNLI, PAWS"
    )
    assert [e.pointer.column for e in check.evidence] == ["XNLI", "PAWS", "TyDiQA"]
    assert check.reason == "counting the cells gives another number"


def test_less_is_better_in_a_count() -> None:
    table = Table.from_rows(
        ["Model", "PTB", "WikiText", "Brown"],
        [["LSTM", "78.4", "90.2", "120.5"], ["Mixer", "54.4", "60.3", "130.1"], ["GRU", "81.0", "95.5", "140.8"]],
        caption="Perplexity of language models",
    )
    assert verdict("Mixer is best on 2 of 3 corpora.", table).label == "supported"
    assert verdict("Mixer is best on 1 of 3 corpora.", table).label == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        "FSR is best on 5 of 9 datasets.",  # the table has four
        "ELMo is best on 2 of 4 datasets.",  # no such row
        "Annotators chose 3 of 4 datasets.",  # nothing is compared
    ],
)
def test_another_total_or_row_says_nothing(claim: str) -> None:
    assert verdict(claim, READERS).label == "not_enough_info"


def test_a_count_needs_a_table_of_that_width() -> None:
    assert verdict("Mixer is best on 3 of 4 corpora.", PERPLEXITY).label == "not_enough_info"


def test_the_row_after_than_is_not_what_the_claim_counts() -> None:
    table = Table.from_rows(
        ["Model", "English", "German", "French"],
        [["Baseline", "52.3", "84.8", "80.3"], ["AT", "53.4", "85.1", "81.2"]],
        caption="Accuracy by language",
    )
    claim = (
        "For all the three languages the red line overfits less, better than the baseline (black line), in the figure."
    )
    assert verdict(claim, table).label == "not_enough_info"
