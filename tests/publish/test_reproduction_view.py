"""A reproduction in words: claimed, reproduced, verdict, reason, evidence and cost as a reader understands them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.view.reproductions import ReproductionView, reproduction_view

LAB = Path(__file__).parents[2] / "reports" / "2005.13013-lab-cpu" / "reproductions.jsonl"


def view(**changes: Any) -> ReproductionView:
    """An effect that was rerun at scale paper, and what is said of it."""
    fields: dict[str, Any] = {
        "registry_id": "mnli",
        "paper": "2005.13013",
        "claim_text": "MNLI gives 7.5 points.",
        "quantity": {
            "value": 7.5,
            "unit": "points",
            "half_width": 0.05,
            "direction": "increase",
            "baseline": "XLM-R Large",
            "metric": "XTREME average",
            "aggregation": "mean over tasks",
            "split": "dev",
        },
        "claimed_source": "abstract",
        "scale": "paper",
        "values": (7.0, 8.0, 9.0),
        "mean": 8.0,
        "sd": 1.0,
        "n": 3,
        "interval": (5.5, 10.5),
        "radius": 2.1,
        "margin": 1.0,
        "verdict": "inconclusive",
        "direction": "confirmed",
        "details": {"test": "effect"},
    }
    return reproduction_view(Reproduction(**(fields | changes)), "r-mnli")


def fact(shown: ReproductionView, name: str) -> str:
    return dict(shown.facts).get(name, "")


def test_claimed_and_reproduced_carry_sign_unit_rounding_and_spread() -> None:
    shown = view()
    assert shown.claimed == "+7.5 points (±0.05)"
    assert shown.reproduced == "+8.00 points (SD 1.00, n = 3)"
    assert shown.interval == "+5.50 to +10.50 (95 %, over seeds and test items)"
    assert shown.measured == "XTREME average; dev; mean over tasks; against XLM-R Large"
    assert fact(shown, "each seed") == "+7.00, +8.00, +9.00"
    assert fact(shown, "equivalence radius") == "equal to the claimed number within ±2.10 points"
    assert shown.facts[0][0] == "scale"


def test_a_score_is_named_by_its_unit_and_its_interval_is_over_seeds() -> None:
    shown = view(
        quantity={"value": 72.30, "unit": "f1", "half_width": 0.005, "direction": "level"}, details={"test": "level"}
    )
    assert shown.claimed == "F1 72.30 (±0.005)"
    assert shown.interval == "5.50 to 10.50 (95 %, over seeds)"


def test_a_decrease_is_told_as_one() -> None:
    quantity = {"value": 7.5, "unit": "points", "half_width": 0.05, "direction": "decrease"}
    assert view(quantity=quantity).claimed == "a decrease of 7.5 points (±0.05)"
    assert view(quantity=quantity).reproduced == "a decrease of 8.00 points (SD 1.00, n = 3)"
    assert view(quantity=quantity, mean=-0.5).reproduced == "an increase of 0.50 points (SD 1.00, n = 3)"
    assert "in amounts of decrease" in view(quantity=quantity).interval


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"verdict": "reproduced"}, "reproduced", ""),
        ({"verdict": "reproduced_small_shift", "reason": "a shift"}, "reproduced, with a small shift", "a shift"),
        (
            {"verdict": "not_reproduced_lower", "reason": "-18.89, where chance allows -3.01 to +3.01"},
            "not reproduced: lower",
            "the difference is -18.89, where chance allows -3.01 to +3.01",
        ),
        (
            {"verdict": "not_tested", "reason": "scale", "scale": "lab"},
            "not tested: smaller scale (lab)",
            "a small encoder of our own was trained, so that no number here stands beside one of the paper",
        ),
        (
            {"verdict": "not_tested", "reason": "runs_missing: 5 of 14 runs are not finished"},
            "not tested: runs are missing",
            "5 of 14 runs are not finished",
        ),
        (
            {"verdict": "not_tested", "reason": "no_predictions"},
            "not tested: no predictions",
            "there are no predictions; a bare metric is no evidence",
        ),
        ({"verdict": "not_tested", "reason": "not_run: only said"}, "not tested: nothing was run", "only said"),
        ({"verdict": "not_tested", "reason": "a_new_code"}, "not tested", "a new code"),
        ({"verdict": "not_tested", "reason": "A sentence: as it is."}, "not tested", "A sentence: as it is."),
    ],
)
def test_verdict_and_reason_in_words(changes: dict[str, Any], verdict: str, reason: str) -> None:
    shown = view(**changes)
    assert shown.verdict == verdict
    assert shown.reason == reason
    assert shown.code == changes["verdict"]


@pytest.mark.parametrize(
    ("test", "direction", "words"),
    [
        ("effect", "confirmed", "the effect shows in the same direction"),
        ("effect", "contradicted", "the effect shows in the opposite direction"),
        ("greater", "contradicted", "the order is the other way round"),
        ("no_gain", "confirmed", "no gain beyond the margin shows, as claimed"),
        ("ranking", "confirmed", "the claimed order shows"),
    ],
)
def test_direction_in_words_fits_the_claim(test: str, direction: str, words: str) -> None:
    assert view(direction=direction, details={"test": test}).direction_words == words


def test_an_unclear_direction_says_why() -> None:
    assert view(direction="unclear", interval=(-1.0, 2.0)).direction_words == "unclear: the 95 % interval contains 0"
    assert "too little" in view(direction="unclear", interval=None).direction_words
    failed = {"test": "effect", "degenerate": "every baseline lies within 3 standard errors of chance"}
    assert view(direction="unclear", interval=None, details=failed).direction_words.endswith("can show no effect")


def test_only_a_comparable_number_may_stand_beside_the_reproduced_one() -> None:
    assert view().comparable
    assert not view(scale="lab", verdict="not_tested", reason="scale").comparable
    assert view(scale="lab", verdict="not_tested", reason="scale").claimed == "+7.5 points (±0.05), of another encoder"
    forged = {"test": "effect", "compatible": [1.0, 2.0], "p_value": 0.5, "cv": 1.0, "log10_bayes_factor": 2.0}
    shown = view(scale="lab", verdict="not_tested", reason="scale", details=forged)
    told = [
        value for name, value in shown.facts if name.startswith(("claimed numbers", "p value", "evidence", "varia"))
    ]
    assert not told
    assert fact(shown, "equivalence radius").endswith("points, at another scale than the claimed number's")
    assert fact(view(scale="lab", radius=None), "equivalence radius") == "not computed at this scale"
    assert not view(scale="smoke").comparable
    assert view(scale="smoke", paper="smoke").comparable


def test_statistics_of_the_details_are_told() -> None:
    details = {
        "test": "effect",
        "compatible": [5.18, 9.86],
        "p_value": 0.0301,
        "p_holm": 0.06,
        "p_fdr": 1e-5,
        "log10_bayes_factor": 54.7,
        "evidence": "supports",
        "seeds_needed": 12,
        "unknown": ["which SQuAD"],
        "also": ["the introduction"],
        "notes": ["seeds were raised"],
        "picked": ["pos, seed 1: mnli"],
    }
    shown = view(details=details)
    compatible = fact(shown, "claimed numbers that the runs are compatible with")
    assert compatible == "+5.18 to +9.86 (95 % prediction interval)"
    assert fact(shown, "p value of a difference") == (
        "0.030, 0.060 within its table (Holm), below 0.001 over the paper (false discovery rate)"
    )
    evidence = fact(shown, "evidence ratio, claimed effect against none")
    assert evidence == "more than 1,000 to 1 for, supports the claimed effect"
    assert fact(shown, "seeds needed for a verdict") == "12"
    assert fact(shown, "not known of the claim") == "which SQuAD"
    assert fact(shown, "also said in") == "the introduction"
    assert fact(shown, "picked") == "pos, seed 1: mnli"
    assert shown.unknown == ("which SQuAD",)
    assert shown.notes == ("seeds were raised",)
    none_suffices = view(details={"test": "effect", "seeds_needed": None})
    assert fact(none_suffices, "seeds needed for a verdict") == "no number of seeds suffices"


def test_cost_in_units_that_a_reader_knows() -> None:
    cost = {"jobs": 74.0, "hours": 0.843, "flops": 1.98e14, "optimizer_steps": 3300.0, "tokens": 19338222.0, "usd": 1.2}
    assert fact(view(cost=cost), "cost") == (
        "74 jobs, 51 min of job time, 3,300 optimizer steps, 19.3 million tokens, "
        "198.0 trillion floating-point operations (planned), $1.20"
    )
    assert fact(view(cost={"gpu_hours": 2.0}), "cost") == "2.0 h of GPU time"
    assert fact(view(cost={"hours": float("nan")}), "cost") == ""


def test_a_table_of_the_numbers_behind_each_chart() -> None:
    details = {
        "test": "effect",
        "by_language": {"mnli on xnli (dev)": {"de": 37.81, "ar": 36.32}, "baseline on xnli (dev)": {"ar": 32.34}},
        "chance": {"xnli": {"baseline": "baseline", "by_language": {"ar": {"chance": 32.16}}}},
        "effects": {
            "targets": {
                "xnli": {"name": "XNLI", "effect": 3.5, "interval": [-8.0, 14.6], "left_out": True},
                "pos": {"name": "POS", "effect": -0.001, "interval": None},
            }
        },
    }
    effects, languages = view(details=details).scores
    assert effects[1:] == (
        ("target", "effect", "95 % interval", "note"),
        (("XNLI", "+3.50", "-8.00 to +14.60", "baseline at chance, in no average"), ("POS", "0.00", "", "")),
    )
    assert languages == (
        "XNLI (dev) by language, points",
        ("language", "baseline", "mnli", "difference", "chance"),
        (("ar", "32.34", "36.32", "+3.98", "32.16"), ("de", "", "37.81", "", "")),
    )


def test_an_order_is_told_with_its_pairs_and_means() -> None:
    details = {"test": "ranking", "pairs": 3, "pairs_sure": 2, "pairs_reversed": 0, "measures": ["a", "b"]}
    shown = view(details=details | {"means": [20.9, 10.3]}, mean=1.0, quantity={"value": None})
    assert shown.reproduced == "1.00 (Kendall's tau) (SD 1.00, n = 3)"
    assert fact(shown, "order") == "of 3 pairwise orders 2 are sure and 0 reversed"
    assert shown.scores[0][2] == (("a", "20.90"), ("b", "10.30"))
    assert shown.claimed == "an order"


def test_the_real_lab_reproductions_in_words() -> None:
    found = [Reproduction.model_validate_json(line) for line in LAB.read_text().splitlines()]
    shown = reproduction_view(found[1], "r")
    assert shown.verdict == "not tested: smaller scale (lab)"
    assert shown.claimed == "+7.5 points (±0.05), of another encoder"
    assert shown.reproduced == "-0.06 points (SD 0.16, n = 3)"
    assert shown.interval == "-0.38 to +0.23 (95 %, over seeds and test items)"
    assert fact(shown, "equivalence radius") == "not computed at this scale"
    assert fact(shown, "encoder").startswith("sha256 48836ad797b574a4, 4 layers of 256")
    assert shown.runs == found[1].runs
    assert len(shown.scores) == 9
    for one in found:
        assert reproduction_view(one, "r") == reproduction_view(one, "r")


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
NAMES = (
    "test", "compatible", "p_value", "p_holm", "p_fdr", "log10_bayes_factor", "evidence", "seeds_needed", "cv", "pairs",
    "pairs_sure", "pairs_reversed", "measures", "means", "degenerate", "degenerate_runs", "runs", "without_degenerate",
    "picked", "notes", "unknown", "also", "encoder", "by_language", "chance", "effects", "seed_sd", "seed_dof",
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    details=st.dictionaries(st.sampled_from(NAMES), anything, max_size=8),
    quantity=st.dictionaries(st.sampled_from(["value", "unit", "half_width", "direction", "metric"]), anything),
    mean=st.one_of(st.none(), st.floats()),
    cost=st.dictionaries(st.sampled_from(["jobs", "hours", "flops", "tokens", "usd", "x_y"]), st.floats()),
    reason=st.text(max_size=40),
    verdict=st.sampled_from(["not_tested", "reproduced", "degenerate"]),
)
def test_any_details_are_told_without_an_error(**changes: Any) -> None:
    shown = view(**changes)
    assert all(isinstance(name, str) and value for name, value in shown.facts)
    assert sum(len(value) for _, value in shown.facts) < 200_000
