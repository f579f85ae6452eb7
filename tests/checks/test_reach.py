"""Which rows, columns and numbers a claim reaches: own names, generic heads, splits, bounds, settings; in what time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from result_tables import verdict

import claimcheck
from claimcheck import Table
from claimcheck.checks.derivations import CLAIM_PAIRS, LEAST_PAIRS, pairs_for
from claimcheck.checks.table_index import index_document
from claimcheck.foundation.records import Check, Document, Paper, Sentence, Verdict

HARBOURS = Table.from_rows(
    ["System", "Dev F1", "Test F1"],
    [
        ["Pilot (Odd et al., 2019)", "71.2", "70.4"],
        ["Beacon (Berg, 2020)", "73.5", "72.9"],
        ["Quay (ours)", "77.9", "76.3"],
    ],
    "Docking of barges",
    label="1",
)
ROUTES = Table.from_rows(
    ["Router", "Accuracy"],
    [["Upstream router", "81.4"], ["Downstream router", "83.2"], ["Both-ways router (ours)", "85.9"]],
    "Routing of barges",
    label="1",
)


def numeric(found: Verdict) -> list[Check]:
    return [c for c in found.checks if c.derivation]


def paper(title: str, sentences: list[str], *tables: Table) -> Document:
    placed = [Sentence(text=text, kind="body") for text in sentences]
    return Document(paper=Paper(id="made-up", title=title), sentences=tuple(placed), tables=tables)


@pytest.mark.parametrize(
    ("title", "sentence", "row"),
    [
        ("Patient Tidal Router for Barges", "We route barges.", "P.T-Router"),
        ("On Barges", "Our Tide-Judge method routes barges.", "#3 Tide-Judge"),
    ],
)
def test_rows_that_shorten_the_title_or_are_called_ours_are_the_papers_own(title: str, sentence: str, row: str) -> None:
    rows = [["Pilot (Odd et al., 2019)", "71.2"], ["Beacon (Berg, 2020)", "73.5"], [row, "77.9"]]
    table = Table.from_rows(["System", "F1"], rows, "Table 1: Docking.")
    assert index_document(paper(title, [sentence], table)).views[0].own_rows.tolist() == [False, False, False, True]
    assert not index_document(paper("On Barges", ["We route."], table)).views[0].own_rows.any()


def test_a_row_without_a_part_is_not_the_papers_own_for_the_name_of_that_part() -> None:
    rows = [["Full model", "77.9"], ["- TideGate", "75.1"], ["w/o RopeNet", "76.0"]]
    table = Table.from_rows(["System", "F1"], rows, "Table 2: Parts.")
    said = ["We propose TideGate and RopeNet, two parts of a router."]
    assert index_document(paper("On Barges", said, table)).views[0].own_rows.tolist() == [False, True, False, False]


def test_the_model_is_the_papers_own() -> None:
    found = verdict("The model achieves 76.3 F1.", HARBOURS)
    assert [c.derivation for c in numeric(found)][:1] == ["76.3 = 76.3: Table 1, Quay (ours), Test F1"]


def test_parsing_names_the_parser() -> None:
    assert verdict("The downstream system outperforms upstream routing.", ROUTES).label == "not_enough_info"
    table = Table.from_rows(
        ["Parser", "F1"], [["Upstream parser", "81.4"], ["Downstream parser", "83.2"]], "Table 1: Parsing."
    )
    assert verdict("The downstream system outperforms upstream parsing.", table).label == "supported"
    assert verdict("The downstream system underperforms upstream parsing.", table).label == "refuted"


def test_non_transfer_names_the_column_no_transfer() -> None:
    table = Table.from_rows(
        ["Task", "No Transfer", "Transfer"],
        [["Tides", "70.1", "74.2"], ["Reefs", "61.0", "63.3"]],
        "Table 1: Accuracy.",
    )
    assert verdict("Transfer consistently outperforms the non-transfer results.", table).label == "supported"


def test_who_names_no_split_means_the_test_set() -> None:
    found = verdict("Our model reaches 73.3 F1.", HARBOURS)
    assert found.label == "refuted"
    assert numeric(found)[0].derivation == "76.3, not 73.3: Table 1, Quay (ours), Test F1"


def test_an_oracle_is_no_result_of_a_system() -> None:
    table = Table.from_rows(
        ["System", "F1", "Oracle F1"],
        [["Quay (ours)", "76.3", "88.4"], ["Beacon (Berg, 2020)", "72.9", "86.1"]],
        "Table 1: Docking.",
    )
    assert not [c for c in numeric(verdict("Quay outperforms the others with 88.4 F1.", table)) if c.kind == "cells"]
    assert verdict("Quay has an oracle F1 of 88.4.", table).label == "supported"


def test_the_number_of_another_data_set_does_not_support() -> None:
    table = Table.from_rows(
        ["System", "SQuAD", "SNLI"],
        [["Quay (ours)", "76.3", "64.8"], ["Beacon (Berg, 2020)", "72.9", "61.1"]],
        "Table 1: Accuracy.",
    )
    assert verdict("On SQuAD, Quay reaches an accuracy of 76.3.", table).label == "supported"
    assert verdict("On SQuAD, Quay reaches an accuracy of 64.8.", table).label != "supported"


def test_a_setting_is_no_result() -> None:
    table = Table.from_rows(["System", "F1"], [["Quay (ours)", "76.3"], ["Quay small", "76.1"]], "Table 1: Docking.")
    assert not numeric(verdict("The learning rate was decreased by the factor of 0.2.", table))


def test_a_gain_in_brackets_is_a_change() -> None:
    found = verdict("Quay shows substantial gains on the test set (3.4% over Beacon).", HARBOURS)
    assert [c.derivation for c in numeric(found)][:1] == [
        "76.3 - 72.9 = 3.4: Table 1, Quay (ours) - Beacon (Berg, 2020), Test F1"
    ]


def test_one_digit_is_a_slip_of_every_other() -> None:
    table = Table.from_rows(
        ["Cause", "Ratio (%)"], [["Ropes", "4"], ["Knots", "50"], ["Fog", "46"]], "Table 1: Errors."
    )
    assert verdict("Ropes cause 2% of the errors and knots 50%.", table).label != "refuted"


def test_a_change_told_against_somebody_is_none_between_two_others() -> None:
    table = Table.from_rows(
        ["System", "F1"],
        [["Pilot (Odd et al., 2019)", "71.2"], ["Quay small (ours)", "76.1"], ["Quay (ours)", "76.3"]],
        "Table 1: Docking.",
    )
    claim = "Quay gains 0.2 F1 over the drifting anchor model."
    assert not [c for c in numeric(verdict(claim, table)) if c.kind == "cells"]


def test_a_change_between_two_rows_that_are_both_named_is_one_whatever_it_is_told_against() -> None:
    table = Table.from_rows(
        ["Training", "F1"], [["Clean text", "80.2"], ["Character noise", "78.9"]], "F1 of slot filling.", label="1"
    )
    claim = "Training with character noise lowers F1 by 1.3 points compared to training on clean text."
    found = verdict(claim, table)
    assert found.label == "supported"
    assert "80.2 - 78.9 = 1.3" in found.checks[0].derivation


def test_a_table_that_does_not_say_one_thing_of_all_others_keeps_other_tables_from_deciding() -> None:
    mixed = Table.from_rows(
        ["System", "EM", "F1"],
        [
            ["Pilot (Odd et al., 2019)", "71.2", "80.0"],
            ["Beacon (Berg, 2020)", "79.0", "83.0"],
            ["Fjord (Lund, 2018)", "70.0", "79.1"],
            ["Quay (ours)", "76.3", "84.1"],
        ],
        "Table 2: Results on SQuAD.",
    )
    clear = Table.from_rows(
        ["System", "EM"],
        [["Pilot (Odd et al., 2019)", "41.2"], ["Beacon (Berg, 2020)", "43.0"], ["Quay (ours)", "46.3"]],
        "Table 3: Results on noisy SQuAD.",
    )
    claim = "Our model outperforms all previous models on SQuAD."
    assert verdict(claim, clear).label == "supported"
    assert verdict(claim, mixed, clear).label == "not_enough_info"


@given(st.integers(1, 200), st.integers(1, 200))
def test_pairs_of_a_claim_are_bounded(numbers: int, tables: int) -> None:
    most = pairs_for(numbers, tables)
    assert most >= LEAST_PAIRS
    assert most == LEAST_PAIRS or 2 * numbers * tables * most <= CLAIM_PAIRS


def test_fifty_changes_beside_forty_tables_of_twenty_by_twenty() -> None:
    rng = random.Random(3)
    names = [f"{a}{b}ar" for a in "bdfgk" for b in "aeio"]
    tables = [
        Table.from_rows(
            ["System", *(f"{n} F1" for n in names[:19])],
            [[f"{n} router {t}", *(f"{rng.uniform(40, 95):.1f}" for _ in range(19))] for n in names],
            f"Table {t}: Harbour {t}.",
        )
        for t in range(40)
    ]
    changes = ", ".join(f"{rng.uniform(0.2, 9):.1f} points on {rng.choice(names)}" for _ in range(50))
    claim, evidence = f"The bar router improves over the dir router by {changes}.", paper("Routers", [], *tables)
    started = time.process_time()
    found = claimcheck.check(claim, [evidence])
    assert len(found.checks) >= 50
    assert time.process_time() - started < 12  # 3.7 s on a busy machine; 18 s before pairs were bounded


def test_what_cited_work_reported_is_not_held_to_another_row() -> None:
    claim = "Abe and Cole (2016) reported the highest test F1 of 73.9 on barges."
    assert not [c for c in numeric(verdict(claim, HARBOURS)) if c.label == "refuted"]
    claim = "Berg (2020) reported a test F1 of 73.9 on barges."
    assert verdict(claim, HARBOURS).label == "refuted"
