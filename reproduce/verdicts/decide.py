"""From a claim and the scores of its runs to a judgement: which function of the statistics is called with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from claimcheck.foundation.replication import (
    Claimed,
    Judgement,
    SeedSD,
    flips,
    judge_degenerate,
    judge_effect,
    judge_greater,
    judge_level,
    judge_no_effect,
    judge_no_gain,
    judge_ranking,
    pooled_sd,
)
from claimcheck.foundation.replication.judgement import REPRODUCED
from claimcheck.foundation.stats import Bootstrap, difference, kendall_tau
from reproduce.registry.schema import Claim, Measure
from reproduce.verdicts.scores import Scores

__all__ = ["Decision", "claimed_number", "decide"]

T = TypeVar("T")
Seeds = Sequence[int]


@dataclass(frozen=True)
class Decision:
    """A judgement and the value of each seed that it rests on (of a ranking: Kendall's tau).

    `flips`: whether another claim about the same runs would have been judged otherwise.
    """

    judgement: Judgement
    values: tuple[float, ...]
    flips: bool
    details: dict[str, Any] = field(default_factory=dict)


def decide(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """Judge a claim whose runs all count. Runs that failed to train make the verdict `degenerate`."""
    measures = claim.test.measures
    if scores.is_deterministic(measures, seeds):
        seeds = seeds[:1]  # one run serves them all
    failed = scores.degenerate(measures, seeds)
    judge = _KINDS[claim.test.kind]
    if not failed:
        return judge(scores, claim, seeds)
    rest = [seed for seed in seeds if seed not in failed]
    values = scores.values(measures[0], seeds) if len(measures) == 1 else [None] * len(seeds)
    judgement = judge_degenerate(
        values,
        [seed in failed for seed in seeds],
        margin=claim.margin,
        remaining=judge(scores, claim, rest).judgement if rest else None,
    )
    reasons = sorted(set(failed.values()))
    judgement = replace(judgement, reason=f"{judgement.reason}: {'; '.join(reasons)}")
    known = tuple(value for value in values if value is not None)
    return Decision(judgement, known, True, {"degenerate": {str(seed): why for seed, why in failed.items()}})


def _level(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """A score against the claimed number."""
    measure, margin, claimed = _the(claim.test.measure), _the(claim.margin), claimed_number(claim)
    fixed = scores.is_deterministic([measure], seeds)
    values = [_the(value) for value in scores.values(measure, seeds)]
    seed = None if fixed else pooled_sd(scores.spread(measure, seeds))

    def judge(number: Claimed) -> Judgement:
        return judge_level(number, values, margin=margin, seed=seed, deterministic=fixed)

    return Decision(judge(claimed), tuple(values), _flips(judge, claimed))


def _effect(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """A difference from a control against the claimed number."""
    measure, margin, claimed = _the(claim.test.measure), _the(claim.margin), claimed_number(claim)
    fixed, seed = _seed_sd(scores, measure, seeds)
    (drawn,) = scores.draw(claim.id, [scores.strata(measure, seeds)])

    def judge(number: Claimed) -> Judgement:
        return judge_effect(number, drawn, margin=margin, seed=seed, deterministic=fixed)

    return Decision(judge(claimed), _values(drawn, claimed.orientation), _flips(judge, claimed))


def _no_effect(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """A difference from a control that is claimed to be none."""
    measure, margin = _the(claim.test.measure), _the(claim.margin)
    fixed, seed = _seed_sd(scores, measure, seeds)
    (drawn,) = scores.draw(claim.id, [scores.strata(measure, seeds)])

    def judge(effect: Bootstrap) -> Judgement:
        return judge_no_effect(effect, margin=margin, seed=seed, deterministic=fixed)

    far = 100 * (margin + abs(drawn.mean) + float(np.ptp(drawn.draws)))
    moved = {judge(_moved(drawn, side * far)).verdict for side in (-1, 1)}
    return Decision(judge(drawn), _values(drawn), not moved & REPRODUCED)


def _no_gain(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """A difference from a control that is claimed to be no gain; where less is better, a fall is the gain."""
    measure, margin = _the(claim.test.measure), _the(claim.margin)
    fixed, seed = _seed_sd(scores, measure, seeds)
    (drawn,) = scores.draw(claim.id, [scores.strata(measure, seeds)])
    if claim.quantity is not None and claim.quantity.direction == "decrease":
        drawn = _mirrored(drawn)

    def judge(effect: Bootstrap) -> Judgement:
        return judge_no_gain(effect, margin=margin, seed=seed, deterministic=fixed)

    far = 100 * (margin + abs(drawn.mean) + float(np.ptp(drawn.draws)))
    gained, lost = (judge(_moved(drawn, side * far)).verdict for side in (1, -1))
    moves = gained not in REPRODUCED and not lost.startswith("not_reproduced")
    return Decision(judge(drawn), _values(drawn), moves)


def _greater(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """One measure above another."""
    measure, than = _the(claim.test.measure), _the(claim.test.than)
    fixed, seed = scores.is_deterministic([measure, than], seeds), None
    twin = measure.control is None and than == measure.model_copy(update={"conditions": than.conditions})
    if twin and not fixed:  # the same targets after another training: an effect, whose seed SD can be pooled
        _, seed = _seed_sd(scores, measure.model_copy(update={"control": than.conditions[0]}), seeds)
    (drawn,) = scores.draw(claim.id, [difference(scores.strata(measure, seeds), scores.strata(than, seeds))])

    def judge(excess: Bootstrap) -> Judgement:
        return judge_greater(excess, seed=seed, deterministic=fixed)

    judgement, opposite = judge(drawn), judge(_mirrored(drawn))
    return Decision(judgement, _values(drawn), not {judgement.verdict, opposite.verdict} <= REPRODUCED)


def _ranking(scores: Scores, claim: Claim, seeds: Seeds) -> Decision:
    """Measures in a claimed order, or one of them (best) above all others, whose order is left open."""
    best = claim.test.measure
    measures = list(claim.test.order) if best is None else [best, *claim.test.order]
    order = [float(best is None) * (len(measures) - i) + float(i == 0) for i in range(len(measures))]
    fixed = scores.is_deterministic(measures, seeds)
    drawn = scores.draw(claim.id, [scores.strata(measure, seeds) for measure in measures])

    def judge(claimed: Sequence[float]) -> Judgement:
        return judge_ranking(drawn, claimed=claimed, deterministic=fixed)

    judgement, opposite = judge(order), judge([-value for value in order])
    rows = max(one.values.size for one in drawn)
    by_seed = np.stack([np.broadcast_to(one.values, (rows,)) for one in drawn], axis=-1)
    taus = tuple(float(tau) for tau in kendall_tau(order, by_seed))
    details = {"measures": [_name(measure) for measure in measures]}
    values = taus if np.isfinite(taus).all() else ()
    return Decision(judgement, values, not {judgement.verdict, opposite.verdict} <= REPRODUCED, details)


_KINDS: dict[str, Callable[[Scores, Claim, Seeds], Decision]] = {
    "level": _level,
    "effect": _effect,
    "no_effect": _no_effect,
    "no_gain": _no_gain,
    "greater": _greater,
    "best": _ranking,
    "ranking": _ranking,
}


def _seed_sd(scores: Scores, measure: Measure, seeds: Seeds) -> tuple[bool, SeedSD | None]:
    """Whether no seed enters, and where one does the SD that it gives, pooled."""
    fixed = scores.is_deterministic([measure], seeds)
    return fixed, None if fixed else pooled_sd(scores.spread(measure, seeds))


def claimed_number(claim: Claim) -> Claimed:
    """The number of a claim that has one, with the law that it follows."""
    quantity = _the(claim.quantity)
    return Claimed.printed(
        quantity.value,
        n0=claim.seeds_behind,
        statistic=claim.statistic,
        sd=claim.claimed_sd,
        unit=quantity.unit,
        direction=quantity.direction,
    )


def _flips(judge: Callable[[Claimed], Judgement], claimed: Claimed) -> bool:
    """Whether moving the claimed number moves the verdict: far off it is refused, at what was found it is not."""
    judgement = judge(claimed)
    if judgement.verdict.startswith("not_reproduced") and judgement.mean is not None:
        found = replace(claimed, value=judgement.mean)
        return flips(judge, claimed) and not judge(found).verdict.startswith("not_reproduced")
    return flips(judge, claimed)


def _values(drawn: Bootstrap, sign: float = 1.0) -> tuple[float, ...]:
    return tuple(float(value) for value in sign * drawn.values)


def _mirrored(drawn: Bootstrap) -> Bootstrap:
    return replace(drawn, groups=tuple(-group for group in drawn.groups), items=-drawn.items, seeds=-drawn.seeds)


def _moved(drawn: Bootstrap, by: float) -> Bootstrap:
    first, *others = drawn.groups
    return replace(drawn, groups=(first + by, *others), items=drawn.items + by)


def _name(measure: Measure) -> str:
    conditions = " or ".join(measure.conditions)
    control = f" - {measure.control}" if measure.control else ""
    return f"{conditions}{control} on {', '.join(measure.targets)}"


def _the(value: T | None) -> T:
    """A value that the registry's rules or the gate promise."""
    if value is None:
        raise ValueError("a claim without what its test needs")
    return value
