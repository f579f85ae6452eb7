"""Packed training beside the Trainer, judged by the test for claims of no effect: it has to be able to say no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import equivalence as command
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.replication import DEFAULT_MARGINS
from reproduce.bench import equivalence
from reproduce.bench.equivalence import ARMS, MARGIN, Arm, Scored, Setting, judge, run

SEEDS, ITEMS, TOKENS = 6, 700, 6
SHORT = Setting(seeds=3, pretraining_steps=60, steps=80, batch_size=16, languages=("en", "xa"), splits=("test",))
SLOW = Arm("slow", "packed, a tenth of the rate", "a tenth of the learning rate", rate=0.1)


def scored(share: float, seed: int, flips: float = 0.02) -> Scored:
    """Two languages with that share of right tokens; seeds and items of one share differ a little."""
    easy = np.random.default_rng(0).random((ITEMS, TOKENS))  # how easy each token is for everybody
    random = np.random.default_rng([seed, int(1000 * share)])
    found = {}
    for code in ("en", "xa"):
        right = (easy < share) ^ (random.random((ITEMS, TOKENS)) < flips)
        found[code] = np.stack([right.sum(axis=1), np.full(ITEMS, TOKENS)], axis=1).astype(float)
    return found


def arm(share: float, first: int = 0) -> list[Scored]:
    return [scored(share, first + seed) for seed in range(SEEDS)]


def test_equal_arms_are_equivalent_within_the_margin_of_the_task_s_family() -> None:
    assert DEFAULT_MARGINS["tagging"] == MARGIN
    found = judge(arm(0.6), arm(0.6, first=100))
    assert found.direction == "confirmed"
    assert found.margin == MARGIN
    assert found.mean is not None
    assert found.interval is not None
    assert abs(found.mean) < 0.5
    assert -MARGIN < found.interval[0] < found.mean < found.interval[1] < MARGIN


@pytest.mark.parametrize("apart", [0.03, -0.03])
def test_arms_three_points_apart_are_not(apart: float) -> None:
    found = judge(arm(0.6 + apart), arm(0.6, first=100))
    assert found.direction == "contradicted"
    assert found.mean == pytest.approx(100 * apart * 0.96, abs=1)  # flips take a little of the difference


def test_too_few_seeds_or_a_smaller_margin_leave_it_open() -> None:
    assert judge(arm(0.6)[:2], arm(0.6, first=100)[:2]).direction == "unclear"
    assert judge(arm(0.6), arm(0.6, first=100), margin=0.05).direction == "unclear"
    with pytest.raises(UsageError):
        judge(arm(0.6), arm(0.6)[:3])


def test_both_train_the_same_and_another_rate_is_told_apart() -> None:
    result = run(SHORT, [*(one for one in ARMS if not one.fault), SLOW])
    scores = {one["name"]: np.array(one["scores"]) for one in result["arms"]}
    assert scores["packed"].shape == (3,)
    # the same first weights and batches: what differs is dropout, which moves a score by less than a seed does
    assert np.abs(scores["packed"] - scores["trainer"]).max() < 2
    assert (scores["trainer"] - scores["slow"]).min() > 5
    assert result["equivalent"]["slow"] is False
    assert result["equivalent"]["packed"] is not False
    assert result["against_trainer"]["packed"]["margin"] == MARGIN
    assert result["versions"]["torch"]
    assert result["hardware"]["processor"]


def test_without_dropout_both_end_with_the_same_tags() -> None:
    arms = [one for one in ARMS if not one.fault]
    result = run(replace(SHORT, seeds=1, dropout=0.0), arms)
    mine, theirs = (one["scores"][0] for one in result["arms"])
    assert mine == pytest.approx(theirs, abs=0.1)
    assert mine > 10


def test_positions_from_0_are_what_a_batch_packed_from_0_computes(tmp_path: Path) -> None:
    import torch

    from reproduce.data.dataset import Ragged
    from reproduce.model.encoder import Batch, Encoder, load_encoder, save_model
    from reproduce.model.encoderconfig import EncoderConfig
    from reproduce.model.packing import pack

    config = EncoderConfig(vocab_size=50, hidden=16, layers=2, heads=2, feed_forward=32, positions=12, dropout=0.0)
    encoder = Encoder(config, torch.Generator().manual_seed(0)).eval()
    save_model(tmp_path / "model", encoder)
    moved = load_encoder(equivalence._with_positions_from(0, tmp_path, tmp_path / "moved") / "model").eval()
    tokens = Ragged.from_rows([[0, 7, 8, 9, 2], [0, 11, 2], list(range(12))])
    right, wrong = (Batch.of(pack(tokens, [0, 1, 2], position_start=start)) for start in (2, 0))
    with torch.no_grad():
        assert torch.allclose(moved(right), encoder(wrong), atol=1e-6)
        assert not torch.allclose(moved(right), encoder(right), atol=1e-2)


def result_of(equal: dict[str, bool | None]) -> dict[str, Any]:
    against = {"difference": 0.1, "interval": [-0.2, 0.4], "radius": 0.3, "margin": 1.0}
    arms = [vars(one) | {"scores": [50.0, 51.0]} for one in ARMS]
    return {"arms": arms, "equivalent": equal, "against_trainer": dict.fromkeys(equal, against)}


@pytest.mark.parametrize(
    ("equal", "wrong"),
    [
        ({"packed": True, "positions-from-0": False, "half-rate": False}, []),
        ({"packed": None, "positions-from-0": False, "half-rate": False}, ["claimcheck, packed is not shown"]),
        ({"packed": False, "positions-from-0": False, "half-rate": False}, ["claimcheck, packed is not shown"]),
        ({"packed": True, "positions-from-0": True, "half-rate": False}, ["packed, positions from 0"]),
        ({"packed": True, "positions-from-0": False, "half-rate": None}, ["packed, half the rate"]),
    ],
)
def test_the_command_fails_where_a_fault_goes_unnoticed_or_ours_is_none(
    equal: dict[str, bool | None], wrong: Sequence[str]
) -> None:
    found = command.failures(result_of(equal))
    assert len(found) == len(wrong)
    assert all(said.startswith(start) for said, start in zip(found, wrong, strict=True))
    lines = {line[0]: line[-1] for line in command.rows(result_of(equal))}
    assert lines["claimcheck, packed"] == command.VERDICTS[equal["packed"]]
    assert lines["HF Trainer, dynamic padding"] == ""


def test_a_run_needs_both() -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        run(SHORT, [Arm("packed", "ours")])
