"""The measures of the table benchmark on cases that can be done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.decide.tables import Item, accuracy, by_table, calibration, macro_f1, measure, overlap
from claimcheck.foundation.records import Table

TABLE = Table.from_rows(["Name", "Height"], [["Ark", "10"], ["Bow", "20"], ["Cob", "15"]])


def test_macro_f1_is_the_mean_over_labels() -> None:
    gold, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])
    # supported: 2*1/(2+1), refuted: 2*1/(1+3), not enough information: 0
    assert macro_f1(gold, predicted, []) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert accuracy(gold, predicted, []) == 0.5


def test_the_official_score_weighs_tables_alike() -> None:
    gold, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert by_table(gold, predicted, [np.array([0, 1, 2]), np.array([3])]) == 0.5


def test_calibration_tells_right_from_wrong_confidence() -> None:
    gold = np.array([0] * 60 + [1] * 40)
    sharp = np.array([[0.9, 0.1, 0.0]] * 55 + [[0.55, 0.45, 0.0]] * 25 + [[0.1, 0.9, 0.0]] * 20)
    found = calibration(sharp, gold, 3)
    assert found["accuracy"] == pytest.approx(0.8)
    assert found["auroc"] > 0.9
    assert found["gain_at_70"] > 0.1
    flat = calibration(np.tile([0.6, 0.4, 0.0], (100, 1)), gold, 3)
    assert flat["auroc"] == 0.5
    assert flat["ece"] == pytest.approx(0.0)
    assert flat["brier_gain"] == pytest.approx(0.0)


def test_overlap_counts_words_of_the_table() -> None:
    items = [Item("Ark height", TABLE, "supported", "t"), Item("Zebra height", TABLE, "refuted", "t")]
    assert list(overlap(items)) == [1.0, 0.5]


def test_a_set_is_measured_against_its_baselines() -> None:
    items = [
        Item("Bow has the highest height.", TABLE, "supported", "a"),
        Item("Ark has the highest height.", TABLE, "refuted", "a"),
        Item("Bow has a higher height than Ark.", TABLE, "supported", "b"),
        Item("Ark has a higher height than Bow.", TABLE, "refuted", "b"),
    ]
    found = measure("small", items, accuracy, 2)
    assert (found["n"], found["tables"], found["score"]) == (4, 2, 1.0)
    assert found["constant"] == 0.5
    assert found["over_constant"] == [0.5, 0.5]
