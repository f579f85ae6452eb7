"""Samples of verdicts with known truth: what the diagram shows of them, and the confidence that cells get from them."""

from __future__ import annotations

import numpy as np
import pytest

from claimcheck.checks import statements
from claimcheck.checks.reliability import (
    Mixture,
    Outcomes,
    Sample,
    cell_confidence,
    reliability_of,
    sample_of,
    samples,
    strength_of,
)
from claimcheck.checks.text.combining import calibration_set
from claimcheck.foundation.records import Check, Label, Verdict


def test_a_calibrated_sample_has_a_small_error_and_a_boastful_one_a_large_one() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.4, 1, 4000)
    right = rng.random(4000) < sure
    honest = Sample("honest", {"supported": Outcomes.of(sure, right)}).reliability()
    boastful = Sample("boastful", {"supported": Outcomes.of(np.minimum(1, sure + 0.2), right)}).reliability()
    assert honest.ece < 0.03
    assert boastful.ece > 0.12
    assert sum(b.n for b in honest.bins) == honest.n == 4000
    assert [b.confidence for b in honest.bins] == sorted(b.confidence for b in honest.bins)


def test_false_claims_weigh_their_share_however_many_were_made() -> None:
    def sample(false: int) -> Sample:
        # every false claim is supported as if it were true
        outcomes = Outcomes.of([0.9] * (90 + false), [True] * 90 + [False] * false)
        return Sample("x", {"supported": outcomes}, Mixture(90, false, 0.1))

    for false in (10, 200):
        [one] = sample(false).reliability().bins
        assert one.right == pytest.approx(0.9)
        assert one.n == 90 + false
        assert sample(false).reliability().ece == pytest.approx(0, abs=1e-3)


def test_equal_confidences_stay_in_one_bin() -> None:
    right = [True] * 50 + [False] * 50
    assert len(Sample("x", {"refuted": Outcomes.of([0.7] * 100, right)}).reliability().bins) == 1


def test_a_sample_without_verdicts_is_empty() -> None:
    found = Sample("x", {}).reliability()
    assert (found.n, found.ece, found.bins) == (0, 0, ())


def test_a_written_sample_is_read_in_the_order_of_its_confidence() -> None:
    one = sample_of({"calibration": "c", "refuted": {"confidence": [400, 900], "right": "01"}})
    assert one.outcomes["refuted"].confidence.tolist() == [0.9, 0.4]
    assert one.outcomes["refuted"].right.tolist() == [True, False]


def test_every_shipped_sample_is_large_and_calibrated() -> None:
    assert len(samples()) >= 3
    for name, sample in samples().items():
        found = sample.reliability()
        assert found.calibration == name
        assert found.n >= 100
        assert found.ece < 0.03 + 1.2 / found.n**0.5  # small samples stray


def test_every_calibration_that_tables_can_name_has_a_sample() -> None:
    names = {statements.calibration(), cell_confidence("paper").calibration, cell_confidence("alone").calibration}
    assert names <= set(samples())


def test_every_calibration_that_texts_can_name_has_a_sample() -> None:
    assert {calibration_set(searched) for searched in (False, True)} <= set(samples())


def test_the_diagrams_of_a_run_are_those_its_verdicts_name() -> None:
    name = statements.calibration()
    verdicts = [Verdict.of(0.7, 0.1, calibration=name), Verdict.of(0.7, 0.1), Verdict.of(0.7, 0.1, calibration="other")]
    assert [one.calibration for one in reliability_of(verdicts)] == [name]
    assert reliability_of([]) == ()


@pytest.mark.parametrize("label", ["supported", "refuted"])
@pytest.mark.parametrize("kind", ["cells", "direction"])
def test_a_stronger_check_is_never_less_sure(label: Label, kind: str) -> None:
    for place in ("paper", "alone"):
        sure = [cell_confidence(place)(label, kind, s) for s in (0.0, 0.3, 0.6, 0.9, 1.0)]  # type: ignore[arg-type]
        assert sure == sorted(sure)
        # the verdict keeps its label: the other two share what is left
        assert min(sure) > 1 / 3
        assert max(sure) < 1


def test_one_refutation_refutes_and_the_weakest_support_counts() -> None:
    def one(kind: str, label: Label, score: float) -> Check:
        return Check(kind=kind, label=label, score=score)  # type: ignore[arg-type]

    checks = [one("cells", "supported", 0.9), one("cells", "supported", 0.6), one("direction", "refuted", 0.7)]
    assert strength_of(checks, "refuted") == ("direction", 0.7)
    assert strength_of(checks, "supported") == ("cells", 0.6)
    # the model of statements and texts are no cells
    assert strength_of([*checks, one("statement", "refuted", 0.99)], "refuted") == ("direction", 0.7)
