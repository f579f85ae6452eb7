"""Drawings of calibration: stored verdicts come back, the same numbers give the same bytes, the figures are right."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from benchmarks.decide.curves import Curve, bins, drawing, figure, keep, of_sample, slug, stored
from claimcheck.checks.reliability import Mixture, Outcomes, Sample


def test_kept_verdicts_come_back_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    keep("b set", [0.25, 0.9], [False, True], path)
    keep("a set", [0.5], [True], path)
    keep("b set", [0.1234, 0.8], [True, False], path)
    found = {c.name: c for c in stored(path)}
    assert list(found) == ["a set", "b set"]
    assert found["b set"].confidence.tolist() == [0.8, 0.123]
    assert found["b set"].right.tolist() == [0, 1]
    assert stored(tmp_path / "none.json") == []


def test_the_risk_coverage_curve_ends_in_the_share_of_wrong_verdicts() -> None:
    curve = Curve.of("x", [0.9, 0.8, 0.8, 0.6], [True, True, False, False])
    coverage, risk = curve.risk()
    assert coverage.tolist() == [0.25, 0.75, 1.0]  # equal confidences come in one step
    assert risk == pytest.approx([0, 1 / 3, 1 / 2])
    assert curve.area() == pytest.approx(0.5 / 3 + 0.25 / 2)


def test_a_confidence_that_tells_nothing_has_a_flat_curve() -> None:
    rng = np.random.default_rng(0)
    sure, right = rng.random(4000), rng.random(4000) < 0.7
    assert Curve.of("x", sure, right).area() == pytest.approx(0.3, abs=0.03)
    assert Curve.of("x", right.astype(float), right).area() < 0.1


def test_bins_hold_every_verdict_and_their_intervals_the_share() -> None:
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.3, 1, 900)
    found = bins(Curve.of("x", sure, rng.random(900) < sure))
    assert sum(n for *_, n in found) == 900
    for said, right, (low, high), _ in found:
        assert low <= right <= high
        assert 0.3 <= said <= 1


def test_weights_of_a_sample_reach_the_drawing() -> None:
    outcomes = {"supported": Outcomes.of([0.9] * 290, [True] * 90 + [False] * 200)}
    curve = of_sample("mixed", Sample("mixed", outcomes, Mixture(90, 200, 0.1)))  # type: ignore[arg-type]
    [(_, right, _, n)] = bins(curve)
    assert right == pytest.approx(0.9)
    assert n == 290


def test_a_drawing_is_a_named_svg_of_the_same_bytes() -> None:
    rng = np.random.default_rng(2)
    curve = Curve.of("SciTab <dev>", rng.random(50), rng.random(50) < 0.5)
    first = drawing(curve)
    assert first == drawing(curve)
    root = ET.fromstring(first)
    assert root.tag.endswith("svg")
    assert "Calibration on SciTab <dev>" in "".join(root.itertext())
    assert len(first) < 40_000
    assert "50 verdicts" in "".join(root.itertext())


@pytest.mark.parametrize("n", [1, 2, 19, 21])
def test_few_verdicts_are_drawn_too(n: int) -> None:
    shapes = figure(Curve.of("few", [0.5] * n, [True] * n)).shapes
    assert shapes


def test_a_name_makes_a_file_name() -> None:
    assert slug("Own tables, 1 in 10") == "own_tables_1_in_10"
