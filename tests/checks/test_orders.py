"""Ranks, trends along numbered rows, gaps within the spread, doubling: said without a score."""

from __future__ import annotations

import pytest
from result_tables import first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Label

SIZES = Table.from_rows(
    ["Layers", "Accuracy", "Perplexity"],
    [["2", "70.1", "40.2"], ["4", "74.0", "33.9"], ["8", "77.2", "30.5"], ["16", "79.9", "28.8"]],
    caption="Results by number of layers",
    label="4",
)
RANKED = Table.from_rows(
    ["System", "Macro F1"],
    [["Alder", "61.2"], ["Birch", "66.0"], ["Cedar", "63.4"], ["Elm", "58.8"]],
    caption="Scores of all teams",
    label="2",
)
SPREAD = Table.from_rows(
    ["Model", "F1"],
    [["LSTM", "80.1 ± 0.6"], ["GRU", "80.5 ± 0.4"], ["CNN", "77.0 ± 0.3"]],
    caption="Mean and deviation of five runs",
    label="7",
)


@pytest.mark.parametrize(
    ("claim", "label"),
    [
        ("Table 2 shows that Cedar ranks second in F1.", "supported"),
        ("Table 2 shows that Cedar ranks third in F1.", "refuted"),
        ("Cedar is the second best system.", "supported"),
        ("Cedar is the third best system.", "not_enough_info"),  # no table is named: others may have been ranked
        ("Cedar is the first to use trees.", "not_enough_info"),
    ],
)
def test_ranks(claim: str, label: Label) -> None:
    assert verdict(claim, RANKED).label == label


@pytest.mark.parametrize(
    ("claim", "label"),
    [
        ("Accuracy increases with the number of layers.", "supported"),
        ("Accuracy decreases with the number of layers.", "refuted"),
        ("Perplexity improves with the number of layers.", "supported"),
        ("Perplexity increases with the number of layers.", "refuted"),
        ("Accuracy increases with the number of annotators.", "not_enough_info"),
    ],
)
def test_trends_down_a_column(claim: str, label: Label) -> None:
    assert verdict(claim, SIZES).label == label


def test_a_trend_shows_every_step() -> None:
    check = first_check("Accuracy increases with the number of layers.", SIZES)
    assert (check.derivation or "").startswith("70.1 at 2, 74.0 at 4, 77.2 at 8, 79.9 at 16: Table 4")


def test_a_gap_within_the_spread() -> None:
    assert verdict("LSTM is within one standard deviation of GRU.", SPREAD).label == "supported"
    wrong = first_check("LSTM is within one standard deviation of CNN.", SPREAD)
    assert wrong.label == "refuted"
    assert "|80.1 - 77.0| = 3.1 > 0.6" in (wrong.derivation or "")


def test_doubling() -> None:
    table = Table.from_rows(
        ["Model", "Recall"], [["CRF", "20.1"], ["LSTM", "45.0"], ["GRU", "23.3"]], caption="Recall of names"
    )
    check = first_check("LSTM more than doubles the recall of CRF.", table)
    assert check.label == "supported"
    assert (check.derivation or "").startswith("45.0 / 20.1 = 2.2")
    assert verdict("GRU more than doubles the recall of CRF.", table).label != "supported"
