"""The measures of benchmarks/decide: what they count, at their edges, and that intervals hold what they should."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.decide.measures import (
    accuracy_at,
    auroc,
    calibration,
    ece,
    ece_of_the_calibrated,
    f1,
    f1_difference_interval,
    f1_interval,
    label_only_counts,
    macro_f1,
    mean_difference_interval,
)
from benchmarks.decide.text import WordOverlap, by_claim
from benchmarks.decide.text_sets import Pair, Scifact, citation_integrity, sample
from claimcheck.foundation.records import Label

S: Label = "supported"
R: Label = "refuted"
N: Label = "not_enough_info"


def test_label_only_counts_predict_nothing_for_open_pairs() -> None:
    assert label_only_counts([S, R, N, S], [S, S, S, N]) == (1, 3, 3)
    assert label_only_counts([S], [N], missed=2) == (0, 0, 3)
    assert float(f1([1, 3, 3])) == pytest.approx(1 / 3)
    assert float(f1([0, 0, 0])) == 0


def test_a_constant_has_the_macro_f1_of_one_label() -> None:
    assert macro_f1([S, S, R, N], [S] * 4) == pytest.approx((2 * 2 / 6) / 3)
    assert macro_f1([S, R, N], [S, R, N]) == 1


def test_ece_of_a_sure_and_wrong_judge() -> None:
    assert ece([0.9] * 10, [False] * 10) == pytest.approx(0.9)
    assert ece([0.9, 0.1], [True, False]) == pytest.approx(0.1)
    assert ece([1.0, 1.0], [True, True]) == 0  # 1 belongs to the last bin


@given(st.lists(st.floats(0, 1), min_size=20, max_size=60))
def test_the_ece_that_chance_gives_is_seldom_exceeded_by_a_calibrated_judge(confidence: list[float]) -> None:
    limit = ece_of_the_calibrated(confidence)
    rng = np.random.default_rng(1)
    above = sum(ece(confidence, list(rng.random(len(confidence)) < np.array(confidence))) > limit for _ in range(100))
    assert above <= 20


@pytest.mark.parametrize(
    ("confidence", "right", "value"),
    [
        ([0.9, 0.8, 0.2], [True, True, False], 1.0),
        ([0.2, 0.9], [True, False], 0.0),
        ([0.5] * 4, [True, False, True, False], 0.5),
        ([0.3, 0.4], [True, True], 0.5),
    ],
)
def test_auroc(confidence: list[float], right: list[bool], value: float) -> None:
    assert auroc(confidence, right) == value


def test_accuracy_at_a_share_counts_ties_at_the_edge_by_their_mean() -> None:
    assert accuracy_at(0.5, [0.9, 0.8, 0.1, 0.1], [True, False, False, False]) == 0.5
    assert accuracy_at(0.5, [0.5] * 4, [True, True, True, False]) == 0.75
    assert accuracy_at(1.0, [0.9, 0.1], [True, False]) == 0.5


def test_brier_gain_is_over_a_constant_confidence() -> None:
    found = calibration([1.0, 1.0, 0.0, 0.0], [True, True, False, False])
    assert found["brier_gain"] == 0.25
    assert calibration([0.5] * 4, [True, True, False, False])["brier_gain"] == 0


def test_intervals_hold_the_figure_and_see_a_difference() -> None:
    good = [[1, 1, 1], [1, 1, 1], [0, 1, 1], [1, 1, 1]] * 15
    bad = [[0, 1, 1], [0, 1, 1], [0, 1, 1], [1, 1, 1]] * 15
    low, high = f1_interval(good)
    assert low < 0.75 < high
    low, high = f1_difference_interval(good, bad)
    assert 0 < low < 0.5 < high
    low, high = f1_difference_interval(good, good)
    assert low == high == 0
    low, high = mean_difference_interval([1, 1, 0, 1] * 10, [0, 1, 0, 1] * 10)
    assert 0 < low < 0.25 < high


def test_pairs_are_counted_by_claim_with_what_was_not_looked_at() -> None:
    pairs = [Pair("a", "x", S, "1"), Pair("a", "y", N, "1"), Pair("b", "z", R, "2")]
    assert by_claim(pairs, [S, S, N], {"2": 1, "3": 2}) == [[1, 2, 1], [0, 0, 2], [0, 0, 2]]


def test_the_word_overlap_baseline_learns_its_share() -> None:
    text = "the small grey owl hunts mice at night in winter"
    pairs = [
        Pair("the grey owl hunts mice", text, S, "1"),
        Pair("the grey owl never hunts mice", text, R, "2"),
        Pair("owls were painted in Rome long ago", text, N, "3"),
    ]
    fitted = WordOverlap.fitted(pairs)
    assert [fitted.say(p.claim, p.text) for p in pairs] == [S, R, N]


def test_samples_are_the_same_each_time() -> None:
    pairs = [Pair(str(i), "", N, str(i)) for i in range(50)]
    assert sample(pairs, 10) == sample(pairs, 10)
    assert len(set(sample(pairs, 10))) == 10
    assert sample(pairs, 100) == pairs


def test_scifact_is_read_as_its_scorer_reads_it(tmp_path: Path) -> None:
    abstracts = [{"doc_id": i, "title": f"Title {i}", "abstract": [" One. ", "Two."]} for i in (3, 5)]
    (tmp_path / "corpus.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, abstracts)).encode()))
    claim = {
        "id": 7,
        "claim": "Owls hunt.",
        "cited_doc_ids": [3, 5],
        "evidence": {"5": [{"sentences": [1], "label": "CONTRADICT"}]},
    }
    for part in ("dev", "train"):
        (tmp_path / f"claims_{part}.jsonl").write_text(json.dumps(claim))
    found = Scifact.load(tmp_path)
    assert [(p.text, p.gold, p.claim_id) for p in found.cited()] == [
        ("Title 3 One. Two.", N, "7"),
        ("Title 5 One. Two.", R, "7"),
    ]
    assert found.trained_on == {3, 5}


def test_marks_of_citations_are_taken_out_of_claims(tmp_path: Path) -> None:
    folder = tmp_path / "citation-integrity"
    folder.mkdir()
    rows = [{"doc_id": 1, "title": "", "abstract": ["Owls hunt."]}]
    (folder / "corpus.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, rows)).encode()))
    claim = {"id": 0, "claim": "Owls hunt [<|multi_cit|>].", "cited_doc_ids": [1], "evidence": {}}
    (folder / "claims_dev.jsonl").write_text(json.dumps(claim))
    [pair] = citation_integrity(tmp_path)
    assert (pair.claim, pair.text, pair.gold) == ("Owls hunt.", "Owls hunt.", N)
