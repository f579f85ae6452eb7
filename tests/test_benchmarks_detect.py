"""The arithmetic of the detection benchmark on small inputs, and that its training learns what can be learnt."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks is no part of the installed package

from benchmarks.claims import detect as benchmark  # noqa: E402
from benchmarks.claims import detect_trained as trained  # noqa: E402


def test_the_calibration_error_of_small_inputs() -> None:
    assert benchmark.ece([0.9, 0.9, 0.1, 0.1], [1, 1, 0, 0]) == pytest.approx(0.1)
    assert benchmark.ece([0.5, 0.5], [1, 0]) == pytest.approx(0)
    assert benchmark.ece([1.0, 0.0], [0, 1]) == pytest.approx(1)


def test_a_calibrated_model_stays_below_its_own_bound_and_an_overconfident_one_does_not() -> None:
    rng = random.Random(1)
    p = [rng.random() for _ in range(800)]
    labels = [int(rng.random() < x) for x in p]
    bound = benchmark.ece_of_the_calibrated(p)
    assert benchmark.ece(p, labels) < bound
    sharp = [0.02 if x < 0.5 else 0.98 for x in p]
    assert benchmark.ece(sharp, labels) > benchmark.ece_of_the_calibrated(sharp)


def test_result_sentences_among_the_best_lines() -> None:
    text = benchmark.Labelled(
        sentences=[
            "Results",
            "Our parser gains 2.1 points on the long sentences of all sets .",
            "We use Adam .",
            "It is fast .",
        ],
        labels=[1, 1, 0, 1],
        # cut short, as the set has them; the last stands nowhere in the text and does not count
        results=("Our parser gains 2.1 points", "It is fast.", "A sentence of another paper."),
    )
    assert benchmark.among_best([text], [[0.1, 0.9, 0.2, 0.3]], best=1) == 0.5
    assert benchmark.among_best([text], [[0.1, 0.9, 0.2, 0.3]], best=2) == 1.0
    assert benchmark.among_best([text], [[0.9, 0.1, 0.8, 0.3]], best=2) == 0.0


def test_precision_recall_and_the_best_threshold() -> None:
    labels = np.array([1, 1, 0, 0], np.float32)
    assert trained.f1(labels, np.array([True, False, True, False])) == pytest.approx((0.5, 0.5, 0.5))
    assert trained.f1(labels, np.array([False] * 4))[2] == 0
    threshold = trained.best_threshold(labels, np.array([0.62, 0.5, 0.41, 0.2], np.float32))
    assert 0.41 < threshold <= 0.5


def test_a_tagger_learns_what_only_the_neighbour_tells() -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.integers(0, 2, size=(12, 1)).astype(np.float32) for _ in range(120)]
    labels = [np.concatenate([[0], x[:-1, 0]]).astype(np.float32) for x in inputs]  # what stood one line before
    tagger = trained.fit_tagger(inputs[:100], labels[:100], seed=0, epochs=12)
    said = np.concatenate(trained.tag(tagger, inputs[100:])) >= 0.5
    assert trained.f1(np.concatenate(labels[100:]), said)[2] > 0.95
