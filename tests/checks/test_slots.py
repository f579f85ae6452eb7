"""What the claim says of a number (metric, owner, split, baseline) decides which cell it is held to."""

from __future__ import annotations

import time

import numpy as np
import pytest
from result_tables import INTERMEDIATE, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.checks.cells import check_numbers
from claimcheck.checks.table_index import index_tables
from claimcheck.claims import claim_of
from claimcheck.foundation.records import Cell

BOTH = Table.from_rows(
    ["Model", "EM", "F1"],
    [["ReadNet (Sato et al., 2015)", "68.4", "77.3"], ["Ours", "71.9", "80.6"], ["BERT", "70.2", "79.1"]],
    caption="Results on the test set of NewsQuiz",
    label="3",
)


def test_a_number_in_one_metric_is_not_found_in_another() -> None:
    assert first_check("BERT reaches 79.1 F1.", BOTH).label == "supported"
    assert first_check("BERT reaches 79.1 EM.", BOTH).label != "supported"


def test_two_numbers_of_a_sentence_are_not_found_in_one_cell() -> None:
    assert verdict("BERT reaches 70.2 EM and 79.1 F1.", BOTH).label == "supported"
    wrong = verdict("BERT reaches 70.2 EM and 70.2 F1.", BOTH)
    assert wrong.label != "supported"
    assert sum(c.label == "supported" for c in wrong.checks if c.kind == "cells") == 1


def test_a_number_of_our_model_is_not_refuted_by_the_row_that_the_sentence_cites() -> None:
    claim = "Our final model obtains 68.9 EM with the reranker of Sato et al. (2015)."
    found = [c for c in verdict(claim, BOTH).checks if c.label == "refuted"]
    assert all("Sato" not in (c.derivation or "") for c in found)


def test_a_development_score_is_not_refuted_by_a_table_that_names_no_split() -> None:
    table = Table.from_rows(["Model", "F1"], [["BERT", "79.1"], ["CRF", "70.4"], ["ELMo", "75.0"]], "Scores", label="1")
    assert verdict("BERT reaches 79.8 F1.", table).label == "refuted"
    assert verdict("BERT reaches 79.8 F1 on the development set.", table).label == "not_enough_info"


def test_one_of_several_rows_that_the_claim_does_not_name_neither_supports_nor_refutes() -> None:
    table = Table.from_rows(
        ["Model", "Accuracy"],
        [["CRF", "69.5"], ["LSTM", "74.4"], ["Voting", "64.1"]],
        caption="Accuracy of classifiers",
    )
    assert verdict("The annotation rules have an accuracy of 69.5.", table).label == "not_enough_info"
    assert verdict("The annotation rules have an accuracy of 69.1.", table).label == "not_enough_info"
    assert verdict("CRF has an accuracy of 69.5.", table).label == "supported"


def test_a_level_of_confidence_is_no_score() -> None:
    claim = "Our F1 is 80.6, significantly better than BERT at a confidence level of 95%."
    assert all("95" not in (c.derivation or "") for c in verdict(claim, BOTH).checks)
    assert verdict(claim, BOTH).label == "supported"


def test_the_baseline_is_one_side_of_a_change() -> None:
    right = first_check("FSR gains 2.1 points on SQuAD over BERT.", READERS)
    assert {e.pointer.row for e in right.evidence} == {"FSR (ours)", "BERT"}
    assert verdict("FSR gains 2.8 points on SQuAD over BERT.", READERS).label == "refuted"


def test_a_better_named_place_refutes_though_another_cell_prints_the_number() -> None:
    table = Table.from_rows(
        ["Model", "SQuAD", "MNLI"],
        [["BERT", "89.2", "82.5"], ["ELMo", "85.8", "76.4"], ["CRF", "60.1", "82.9"]],
        caption="Scores",
    )
    found = first_check("BERT reaches 82.9 on MNLI.", table)
    assert found.label == "refuted"
    assert (found.derivation or "").startswith("82.5, not 82.9")


def test_a_number_among_words_is_no_result() -> None:
    table = Table.from_rows(
        ["Question", "Answer"],
        [["Which river?", "the Nile"], ["How many farms?", "50"], ["Who won?", "nobody"]],
        caption="Answers of BiDAF",
    )
    assert verdict("BiDAF answers 50% of the question How many farms.", table).label == "not_enough_info"


def test_whole_shares_are_as_exact_as_the_shares_beside_them() -> None:
    table = Table.from_rows(
        ["Model", "Small", "Large"],
        [["Hop", "1", "0.7895"], ["Net", "1", "0.9821"], ["CRF", "0.8961", "0.7607"]],
        caption="Accuracy on graphs",
    )
    assert verdict("Hop achieves 78.95% accuracy on Large.", table).label == "supported"
    assert verdict("Hop achieves 78.05% accuracy on Large.", table).label == "refuted"


def test_twice_as_fast_is_no_ratio_of_scores() -> None:
    table = Table.from_rows(["Model", "Acc"], [["CRF", "20.0"], ["LSTM", "80.0"]], caption="Accuracy")
    assert verdict("LSTM is 4.0 times more efficient than CRF.", table).label == "not_enough_info"


@pytest.mark.parametrize(
    ("claim", "label"),
    [
        ("Multi-task reaches an average of 77.6 over all tasks except PAWS.", "supported"),
        ("Multi-task reaches an average of 77.6 over all tasks except TyDiQA.", "not_enough_info"),
    ],
)
def test_a_mean_with_a_part_left_out(claim: str, label: str) -> None:
    found = verdict(claim, INTERMEDIATE)
    assert found.label == label
    if label == "supported":
        assert (found.checks[0].derivation or "").startswith("(81.5 + 73.7) / 2 = 77.6")


GROUPED = Table.from_rows(
    ["Model", "Names", "Relations", "Events", "Answers", "Avg"],
    [
        ["LSTM", "80.3", "63.1", "66.9", "57.2", "66.9"],
        ["Quay", "82.7", "65.1", "69.3", "58.1", "68.8"],
        ["CRF", "76.0", "58.4", "60.2", "50.3", "61.2"],
    ],
    caption="Results",
    label="1",
)


def test_a_mean_over_as_many_columns_as_the_claim_says_is_not_held_to_another_average() -> None:
    header = [Cell(text=x) for x in ("", "Extraction", "Extraction", "Extraction", "Reading", "")]
    table = Table.from_grid([header, *GROUPED.grid], "Results", "1", header_rows=2, stub_columns=1)
    claim = "Over the three extraction datasets, Quay reaches an average of {}."
    right, wrong = first_check(claim.format("72.4"), table), first_check(claim.format("73.4"), table)
    assert (right.label, wrong.label) == ("supported", "refuted")
    assert (wrong.derivation or "").startswith("(82.7 + 65.1 + 69.3) / 3 = 72.37, not 73.4")


def test_the_last_part_of_a_path_names_a_row_in_full() -> None:
    grid = [
        ["Model", "Class. F1"],
        ["CRF", "61.2"],
        ["Quay", "89.6"],
        ["LSTM", "84.4"],
    ]
    table = Table.from_grid([[Cell(text=x) for x in row] for row in grid], "Scores", "1", header_rows=1, stub_columns=1)
    found = first_check("Quay reaches a class. F1 of 90.6.", table)
    assert (found.label, found.derivation) == ("refuted", "89.6, not 90.6: Table 1, Quay, Class. F1")


def test_the_search_is_bounded_for_forty_large_tables() -> None:
    rng = np.random.default_rng(5)
    columns = [f"Task {c}" for c in "ABCDEFGHIJKLMNOPQRS"]
    tables = [
        Table.from_rows(
            ["Model", *columns],
            [[f"System{i} v{k}", *[f"{x:.1f}" for x in rng.uniform(40, 95, 19)]] for i in range(20)],
            caption=f"Scores in setting {k}",
            label=str(k),
        )
        for k in range(40)
    ]
    claims = [
        "System3 improves Task C by 4.2 points over System7.",
        "On average System5 reaches 70.1 over all tasks.",
        "System9 reaches 81.3 on Task F and 77.7 on Task G.",
    ]
    index = index_tables(tables)
    started = time.process_time()
    for text in claims:
        check_numbers(claim_of(text), index)
    assert time.process_time() - started < 3.0  # under a second for each claim, also on a slow machine
