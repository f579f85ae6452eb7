"""A claim about one split, table or metric is not held to another."""

from __future__ import annotations

from result_tables import verdict

from claimcheck import Table

SYSTEMS = [["BERT", "89.2"], ["FSR", "91.3"], ["BiDAF", "77.3"]]


def test_a_development_score_is_not_refuted_by_a_table_of_test_scores() -> None:
    table = Table.from_rows(["Model", "SQuAD F1"], SYSTEMS, "Results on the test sets")
    assert verdict("FSR reaches 91.8 F1 on the SQuAD development set.", table).label == "not_enough_info"
    assert verdict("FSR reaches 91.8 F1 on the SQuAD test set.", table).label == "refuted"


def test_a_test_score_is_not_supported_by_the_column_of_development_scores() -> None:
    rows = [["BERT", "89.2", "83.1"], ["FSR", "91.3", "84.0"], ["BiDAF", "77.3", "70.1"]]
    table = Table.from_rows(["Model", "Dev F1", "Test F1"], rows, "Results on SQuAD")
    assert verdict("FSR reaches 91.3 F1 on the test set of SQuAD.", table).label != "supported"
    assert verdict("FSR reaches 91.3 F1 on the dev set of SQuAD.", table).label == "supported"


def test_a_claim_about_another_table_is_not_refuted() -> None:
    table = Table.from_rows(["Model", "MNLI"], [["BERT", "81.0"], ["BiDAF", "70.0"]], "Results", label="2")
    assert verdict("Table 1 shows that BERT reaches 81.9 on MNLI.", table).label != "refuted"
    assert verdict("Table 2 shows that BERT reaches 81.9 on MNLI.", table).label == "refuted"


def test_the_metric_of_a_column_is_not_taken_for_the_rival() -> None:
    table = Table.from_rows(["Model", "Perplexity"], [["LSTM", "78.4"], ["GRU", "81.0"]], "PTB")
    assert verdict("GRU outperforms LSTM with a perplexity of 81.0.", table).label == "refuted"


def test_missing_values_do_not_make_a_row_a_header() -> None:
    table = Table.from_rows(["Model", "F1"], [["BERT", "nan"], ["FSR", "-"], ["BiDAF", "77.3"]])
    assert (table.header_rows, table.column_name(1)) == (1, "F1")
