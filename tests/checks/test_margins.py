"""Changes told as bounds, ranges or closeness over lanes, parts added and taken away, spreads and shares."""

from __future__ import annotations

import time

import pytest

import claimcheck
from claimcheck import Table
from claimcheck.checks.table_index import index_document
from claimcheck.foundation.records import Document, Paper, Sentence, Verdict

SCORES = Table.from_rows(
    ["System", "Reefs", "Shoals", "Tides"],
    [
        ["Lighthouse (Odd et al., 2019)", "71.2", "64.0", "80.3"],
        ["Foghorn (Berg, 2020)", "73.5", "66.1", "81.0"],
        ["Foghorn+", "74.0", "66.9", "81.8"],
        ["Buoynet (ours)", "77.9", "69.0", "84.9"],
    ],
    "Table 1: Accuracy on the three test sets.",
)
ABLATION = Table.from_rows(
    ["Variant", "Reefs F1", "Shoals EM"],
    [
        ["Buoynet (ours)", "77.9 ± 0.3", "69.0 ± 0.4"],
        ["w/o ropes", "75.8 ± 0.2", "67.7 ± 0.7"],
        ["w/o chain memory", "76.6 ± 0.4", "68.1 ± 0.5"],
        ["Buoynet + bells", "78.3 ± 0.3", "68.6 ± 0.6"],
    ],
    "Table 2: Ablation; mean and standard deviation of five runs.",
)
GROUPS = Table.from_rows(
    ["Vectors", "Model", "Reefs", "Shoals"],
    [
        ["Random", "Keel", "60.1", "50.2"],
        ["Random", "Keel-Mast", "62.4", "53.0"],
        ["Trained", "Keel", "66.0", "55.9"],
        ["Trained", "Keel-Mast", "67.3", "58.8"],
    ],
    "Table 3: Accuracy.",
)
WIDTHS = Table.from_rows(
    ["Width", "Params", "Avg."],
    [["16", "0.8", "61.0"], ["32", "1.6", "63.5"], ["64", "3.2", "65.2"], ["128", "6.4", "64.9"]],
    "Table 4: Effect of the width.",
)
PARAMETERS = Table.from_rows(
    ["System", "Params", "Score"],
    [["Full tuning", "120.0", "70.1"], ["Buoynet (ours)", "3.0", "70.6"]],
    "Table 5: Trained parameters in millions.",
)
TASKS = Table.from_rows(
    ["Task", "Foghorn", "Lighthouse", "Buoynet (ours)"],
    [
        ["Reefs", "70.0", "71.0", "72.0"],
        ["Shoals", "61.0", "60.0", "60.5"],
        ["Tides", "50.0", "52.0", "53.0"],
        ["Winds", "44.0", "43.0", "45.0"],
        ["Moons", "81.0", "82.0", "81.5"],
    ],
    "Table 6: Accuracy on five tasks.",
)


def verdict(text: str, *tables: Table) -> Verdict:
    return claimcheck.check(text, list(tables))


@pytest.mark.parametrize(
    ("claim", "table", "label"),
    [
        ("Buoynet stays within 4 points of Foghorn+ on all datasets.", SCORES, "supported"),
        ("Buoynet stays within 2 points of Foghorn+ on all datasets.", SCORES, "refuted"),
        ("Buoynet outperforms Foghorn+ by 2.1 to 3.9 points.", SCORES, "supported"),
        ("Without ropes, the F1 score on Reefs falls by 2.1 points.", ABLATION, "supported"),
        ("Without ropes, the F1 score on Reefs falls by 4.1 points.", ABLATION, "refuted"),
        ("Removing the chain memory hurts the F1 score on Reefs.", ABLATION, "supported"),
        ("Removing the chain memory improves the F1 score on Reefs.", ABLATION, "refuted"),
        ("Adding bells improves the F1 score of Buoynet on Reefs.", ABLATION, "supported"),
        ("Adding bells improves the exact match of Buoynet on Shoals.", ABLATION, "refuted"),
        ("The standard deviation never exceeds 0.7 points.", ABLATION, "supported"),
        ("The standard deviation never exceeds 0.5 points.", ABLATION, "refuted"),
        ("The average grows with every increase of the width.", WIDTHS, "refuted"),
        ("Buoynet trains 3.0M parameters, 2.5% of the 120M that full tuning updates.", PARAMETERS, "supported"),
        ("Buoynet trains 3.0M parameters, 4.5% of the 120M that full tuning updates.", PARAMETERS, "refuted"),
        ("Keel-Mast models outperform Keel models on both datasets.", GROUPS, "supported"),
        ("Keel-Mast models underperform Keel models on both datasets.", GROUPS, "refuted"),
        ("Our model outperforms Foghorn on 4 of 5 tasks.", TASKS, "supported"),
        ("Our model outperforms Foghorn on 2 of 5 tasks.", TASKS, "refuted"),
    ],
)
def test_lanes_decide(claim: str, table: Table, label: str) -> None:
    found = {c.label for c in verdict(claim, table).checks if c.kind in ("cells", "direction") and c.derivation}
    assert ("refuted" if "refuted" in found else "supported" if found else "open") == label


def test_every_part_hurts_only_where_every_row_says_so() -> None:
    claim = "Removing any of the components hurts the performance."
    [check] = [c for c in verdict(claim, ABLATION).checks if c.kind == "direction"]
    assert check.label == "supported"
    assert len({e.pointer.row for e in check.evidence}) == 3
    mixed = ABLATION.model_copy(
        update={
            "grid": tuple(
                tuple(c.model_copy(update={"text": c.text.replace("76.6", "78.6")}) for c in row)
                for row in ABLATION.grid
            )
        }
    )
    assert not [c for c in verdict(claim, mixed).checks if c.kind == "direction"]


def test_a_name_that_begins_another_is_not_that_other() -> None:
    [check] = [c for c in verdict("Buoynet outperforms Foghorn+ on Reefs.", SCORES).checks if c.kind == "direction"]
    assert "77.9 > 74.0" in str(check.derivation)


def test_faster_is_not_said_of_scores() -> None:
    assert not [c for c in verdict("Buoynet is faster than Foghorn+.", SCORES).checks if c.kind == "direction"]


def test_what_earlier_work_found_is_not_held_to_these_tables() -> None:
    claim = "Earlier work found that Foghorn+ loses 2.1 points against Buoynet on Shoals (Lund, 2018)."
    assert not [c for c in verdict(claim, SCORES).checks if c.derivation and c.kind != "statement"]


def test_a_numbered_metric_is_not_the_one_with_another_number() -> None:
    table = Table.from_rows(
        ["System", "R@1", "MAP"],
        [["Buoynet (ours)", "33.8", "41.2"], ["Foghorn", "30.1", "39.0"]],
        "Table 1: Retrieval.",
    )
    assert verdict("Buoynet reaches 33.8 R@1.", table).label == "supported"
    assert not [c for c in verdict("Buoynet reaches 33.8 R@8.", table).checks if c.kind == "cells" and c.derivation]


def document(title: str, sentences: list[str], *tables: Table) -> Document:
    placed = [Sentence(text=text, kind="abstract") for text in sentences]
    return Document(paper=Paper(id="made-up", title=title), sentences=tuple(placed), tables=tables)


OTHERS = ["Lighthouse (Odd et al., 2019)", "71.2"], ["Foghorn (Berg, 2020)", "73.5"]


@pytest.mark.parametrize(
    ("title", "sentence", "row"),
    [
        ("Tide-Aware Routing of Barges", "We route barges.", "Tide-Aware router"),
        ("Harbour Graph Search for Barges", "We route barges.", "Harbour Graph Search v2"),
        ("Slow Tidal Networks", "We propose the Slow Tidal Network (S.T-Net) for barges.", "S.T-Net"),
    ],
)
def test_rows_called_as_the_title_are_the_papers_own(title: str, sentence: str, row: str) -> None:
    table = Table.from_rows(["System", "Accuracy"], [*OTHERS, [row, "77.9"]], "Table 1: Results.")
    found = claimcheck.check("Our model reaches an accuracy of 77.9.", [document(title, [sentence], table)])
    assert found.label == "supported"
    other = claimcheck.check("Our model reaches an accuracy of 77.9.", [document("Barges", ["Barges."], table)])
    assert other.label != "supported"


def test_parts_that_everybody_uses_name_nobodys_system() -> None:
    rows = [["BiLSTM-CRF", "70.1"], ["LSTM-CRF", "71.3"], ["CRF", "65.0"]]
    table = Table.from_rows(["System", "Accuracy"], rows, "Table 1: Results.")
    assert not index_document(document("An LSTM-CRF for Barges", ["Barges."], table)).views[0].own_rows.any()


def test_many_numbers_and_many_tables_are_read_in_bounded_time() -> None:
    numbers = ", ".join(f"{50 + i / 10:.1f}" for i in range(50))
    started = time.process_time()
    verdict(f"Buoynet reaches {numbers} on Reefs and outperforms Foghorn+ by 2.1 to 3.9 points.", *[SCORES] * 10)
    assert time.process_time() - started < 12


def test_human_rows_are_no_rivals() -> None:
    table = Table.from_rows(
        ["System", "Reefs"], [*OTHERS, ["Buoynet (ours)", "77.9"], ["Human performance", "95.0"]], "Table 1: Accuracy."
    )
    [check] = [c for c in verdict("Buoynet outperforms all other systems.", table).checks if c.kind == "direction"]
    assert check.label == "supported"


def test_a_short_form_stands_for_the_row_that_spells_it_out() -> None:
    table = Table.from_rows(
        ["System", "Reefs"], [["Baseline", "70.1"], ["Harbour Anchoring", "71.9"]], "Table 1: Scores."
    )
    paper = document("Barges", ["Barges profit from harbour anchoring (HA)."], table)
    [check] = [c for c in claimcheck.check("HA outperforms the baseline.", [paper]).checks if c.kind == "direction"]
    assert "71.9 > 70.1" in str(check.derivation)


def test_often_elsewhere_in_the_sentence_hedges_nothing() -> None:
    claim = "Buoynet outperforms Foghorn+, which shows that ropes can help in some harbours."
    assert [c.label for c in verdict(claim, SCORES).checks if c.kind == "direction"] == ["supported"]
    assert not [c for c in verdict("Buoynet often outperforms Foghorn+.", SCORES).checks if c.kind == "direction"]


def test_a_list_of_contributions_is_several_claims() -> None:
    claim = "We (1) collect new harbours and (2) show that Buoynet outperforms Foghorn+."
    assert not [c for c in verdict(claim, SCORES).checks if c.kind == "direction"]
