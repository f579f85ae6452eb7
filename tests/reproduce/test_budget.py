"""--budget: what is a time, the largest caps that fit, what is told of them, and that they stay the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claimcheck.foundation.errors import UsageError
from reproduce.engine.request import has_changed, read_request, with_budget, write_request
from reproduce.planning.budget import fit_caps, parse_budget, shown
from reproduce.planning.given import Caps, EncoderFolder, Given
from reproduce.planning.plan import Plan, make_plan
from reproduce.registry import load_registry
from reproduce.specs import EvaluateJob, Size, TrainJob

XSTILTS = load_registry("2005.13013")
SIZE = Size(layers=4, hidden=256, heads=4, feed_forward=1024, positions=256)
GIVEN = Given(files=True, encoder=EncoderFolder(sha256="0" * 64, size=SIZE, vocabulary=16_000))
CLAIMS = ["retrieval-gains-squad", "tydiqa-gains-squad", "xnli-gains-not-squad"]


def make(caps: Caps | None) -> Plan:
    given = GIVEN.model_copy(update={"caps": caps})
    return make_plan(XSTILTS, "lab", claims=CLAIMS, given=given, hardware="cpu-core")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), (" 2H ", 7200), ("1d", 86400)],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "an hour", "30 minutes", "-5m", "0s", "1h-3m", "1e9h", "m30", "30m!"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        parse_budget(text)


@pytest.mark.parametrize(("seconds", "text"), [(59.2, "60s"), (1800, "30m"), (5460, "1h31m"), (7200, "2h")])
def test_a_time_is_shown_as_it_is_given(seconds: float, text: str) -> None:
    assert shown(seconds) == text
    assert seconds <= parse_budget(text) <= seconds + 60


@pytest.mark.parametrize("hours", [1.0, 2.5, 8.0])
@pytest.mark.parametrize("slots", [1, 2])
def test_caps_use_the_time_and_keep_within_it(hours: float, slots: int) -> None:
    caps = fit_caps(make, hours * 3600, slots)
    plan = make(caps)
    assert plan.wall_seconds(slots) <= hours * 3600
    assert plan.wall_seconds(slots) > 0.8 * hours * 3600
    assert plan.seeds == 3
    for planned in plan.jobs:
        job = planned.job
        if isinstance(job, TrainJob):
            cap = caps.intermediate if planned.phase == "intermediate" else caps.target
            assert planned.cost.steps is not None
            assert cap is None or planned.cost.steps <= cap
        elif isinstance(job, EvaluateJob) and job.task == "bucc":
            assert job.items is None  # its pairs are few and lie anywhere
        elif isinstance(job, EvaluateJob):
            assert job.items in (None, caps.items)


def test_more_time_never_means_less() -> None:
    found = [fit_caps(make, hours * 3600, 2) for hours in (1, 3, 9)]
    for name in ("intermediate", "target", "items"):
        values = [getattr(caps, name) or 10**9 for caps in found]
        assert sum(values) > 0
        assert values[0] <= values[2]


def test_with_time_enough_nothing_is_capped() -> None:
    caps = fit_caps(make, 1000 * 3600, 2)
    assert caps == Caps(seconds=1000 * 3600)
    whole, plain = make(caps), make(None)
    assert [job.key for job in whole.jobs] == [job.key for job in plain.jobs]
    assert not [line for claim in whole.claims for line in whole.called(claim) if "--budget" in line]


def test_each_cap_that_binds_is_a_deviation_of_the_claims_that_it_touches() -> None:
    plan = make(Caps(seconds=3600, intermediate=300, target=400, items=150))
    called = {claim.id: plan.called(claim) for claim in plan.claims}
    steps = "intermediate training on squad-v1 capped at 300 steps of 16,"
    assert all(any(line.startswith(steps) for line in lines) for lines in called.values())
    tydiqa, retrieval = called["tydiqa-gains-squad"], called["retrieval-gains-squad"]
    assert any(line.startswith("target training on tydiqa capped at 400 steps of 1,") for line in tydiqa)
    assert not any("tydiqa" in line for line in retrieval)
    assert retrieval.count("evaluation: 150 items of a language, drawn by their ids, by --budget") == 1
    mined = make_plan(
        XSTILTS, "lab", claims=["bucc-zh"], given=GIVEN.model_copy(update={"caps": Caps(seconds=3600, items=150)})
    )
    assert not any("items" in line for line in mined.called(mined.claims[0]))
    loose = make(Caps(seconds=3600, intermediate=10**6, target=10**6, items=10**6))
    assert not [line for claim in loose.claims for line in loose.called(claim) if "--budget" in line]


def test_a_budget_that_is_too_small_says_which_would_do() -> None:
    with pytest.raises(UsageError, match=r"--budget 60s is too small: even with 50 steps") as error:
        fit_caps(make, 60, 2)
    enough = str(error.value).partition("give --budget ")[2].partition(",")[0]
    fit_caps(make, parse_budget(enough), 2)


def test_the_caps_of_a_run_folder_hold_for_the_same_budget(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"claims": CLAIMS, "seeds": None, "slots": 2, "hardware": "cpu-core"}
    first = with_budget(XSTILTS, "lab", "2h", given=GIVEN, folder=tmp_path / "runs", **asked)
    request, plan = write_request(tmp_path / "runs", "2005.13013", "lab", claims=CLAIMS, given=first)
    # other claims, other hardware: what is done already stays as it is
    asked |= {"claims": CLAIMS[:1], "hardware": "h200"}
    again = with_budget(XSTILTS, "lab", "120m", given=GIVEN, folder=tmp_path / "runs", **asked)
    assert again == first
    assert with_budget(XSTILTS, "lab", "3h", given=GIVEN, folder=tmp_path / "runs", **asked) != first
    assert with_budget(XSTILTS, "lab", None, given=GIVEN, folder=tmp_path / "runs", **asked) == GIVEN
    # the terms of a claim are those of the registry, whatever the budget
    assert read_request(tmp_path / "runs") == request
    assert not [claim.id for claim in plan.claims if has_changed(request, claim, plan.registry)]
    other = make(Caps(seconds=60, target=100))
    assert not [claim.id for claim in other.claims if has_changed(request, claim, other.registry)]


def test_without_an_encoder_of_one_s_own_its_pretraining_is_capped_too() -> None:
    def pretrained(caps: Caps | None) -> Plan:
        return make_plan(XSTILTS, "lab", claims=["bucc-zh"], given=Given(files=True, caps=caps), hardware="cpu-core")

    caps = fit_caps(pretrained, 3600, 1)
    assert caps.pretraining is not None
    plan = pretrained(caps)
    assert plan.wall_seconds() <= 3600
    assert f"pretraining capped at {caps.pretraining:,} steps of 20,000 by --budget" in plan.called(plan.claims[0])
