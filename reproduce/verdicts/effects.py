"""What an average effect is made of: each target, each language, and the average with and without retrieval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import stdev
from typing import Any

from claimcheck.foundation.replication import DETERMINISTIC, SeedSD, pooled_sd
from claimcheck.foundation.replication.judges import judge_greater
from claimcheck.foundation.stats import Bootstrap
from reproduce import tasks
from reproduce.planning.plan import Cell
from reproduce.registry.schema import Claim, Measure, Target
from reproduce.verdicts.scores import Scores

__all__ = ["Interval", "contrast_of", "effects", "estimated", "is_retrieval", "seed_sd"]

Interval = tuple[float, float]


def contrast_of(claim: Claim) -> Measure | None:
    """The effect that a claim is about: its measure with a control, or the difference of two of the same targets."""
    test = claim.test
    if test.measure is None or test.kind == "best":
        return None
    if test.measure.control is not None:
        return test.measure
    than = test.than
    if than is not None and than == test.measure.model_copy(update={"conditions": than.conditions}):
        return test.measure.model_copy(update={"control": than.conditions[0]}) if len(than.conditions) == 1 else None
    return None


def is_retrieval(target: Target) -> bool:
    """Whether a target is a retrieval task, where a gain may be a matter of how vectors lie."""
    return target.task in tasks.tasks() and tasks.task(target.task).family == "retrieval"


def seed_sd(scores: Scores, measure: Measure, seeds: Sequence[int]) -> SeedSD | None:
    """The SD that a seed gives a measure, pooled over the conditions of its targets; None where no seed enters."""
    return None if scores.is_deterministic([measure], seeds) else pooled_sd(scores.spread(measure, seeds))


def estimated(drawn: Bootstrap, sd: SeedSD | None) -> tuple[float, Interval | None]:
    """A contrast and its 95 % interval over seeds and items; no interval where the seeds are too few for one.

    sd: of the seeds, pooled; None where none enters.
    """
    found = judge_greater(drawn, seed=sd or DETERMINISTIC, deterministic=sd is None)
    return drawn.mean, found.interval


def effects(
    scores: Scores, claim: Claim, seeds: Sequence[int], *, left_out: Collection[str] = ()
) -> dict[str, Any] | None:
    """The effect of a claim by target and language, for a Reproduction's details; None where it is about none.

    {"targets": {id: {"name", "effect", "interval", "n", "retrieval", "left_out"}}, "with_retrieval" and
    "without_retrieval": {"effect", "interval", "n", "targets"} or None, "by_language": {target: {language: effect}},
    "sd_over_languages": {target: SD}, "sd_over_targets": SD}: in points, treatment - control, whatever the direction
    that is claimed. `left_out` are degenerate targets: they are listed, and in no average.
    """
    measure = contrast_of(claim)
    if measure is None:
        return None
    if scores.is_deterministic([measure], seeds):
        seeds = seeds[:1]
    targets = {target.id: target for target in scores.plan.registry.targets}
    found: dict[str, dict[str, Any]] = {}
    by_language: dict[str, dict[str, float]] = {}
    for name in measure.targets:
        one = _estimate(scores, measure, (name,), seeds)
        about = {"retrieval": is_retrieval(targets[name]), "left_out": name in left_out}
        del one["targets"]
        found[name] = {"name": scores.name_of(name)} | one | about
        by_language[name] = _by_language(scores, measure, name, seeds)
    kept = tuple(name for name in measure.targets if name not in left_out)
    trained = tuple(name for name in kept if not found[name]["retrieval"])
    averages: Mapping[str, dict[str, Any] | None] = {
        "with_retrieval": _estimate(scores, measure, kept, seeds) if len(trained) < len(kept) else None,
        "without_retrieval": _estimate(scores, measure, trained, seeds) if trained else None,
    }
    spreads = {name: stdev(values.values()) for name, values in by_language.items() if len(values) > 1}
    means = [found[name]["effect"] for name in kept]
    return {
        "targets": found,
        **averages,
        "by_language": by_language,
        "sd_over_languages": spreads,
        "sd_over_targets": stdev(means) if len(means) > 1 else None,
    }


def _estimate(scores: Scores, measure: Measure, targets: tuple[str, ...], seeds: Sequence[int]) -> dict[str, Any]:
    part = measure.model_copy(update={"targets": targets})
    own = seeds[:1] if scores.is_deterministic([part], seeds) else seeds
    (drawn,) = scores.draw(f"effect on {', '.join(targets)}", [scores.strata(part, own)])
    effect, interval = estimated(drawn, seed_sd(scores, part, own))
    return {
        "effect": effect,
        "interval": None if interval is None else list(interval),
        "n": len(drawn.values),
        "targets": list(targets),
    }


def _by_language(scores: Scores, measure: Measure, target: str, seeds: Sequence[int]) -> dict[str, float]:
    """Treatment - control in each language, mean over seeds."""
    split = next(one.split for one in scores.plan.registry.targets if one.id == target)
    picks = scores.picks(measure.model_copy(update={"targets": (target,)}), seeds)
    assert measure.control is not None
    found: dict[str, list[float]] = {}
    for pick in picks:
        treated = scores.by_language(Cell(pick.condition, target, split, pick.seed))
        control = scores.by_language(Cell(measure.control, target, split, pick.seed))
        for language in measure.languages or treated:
            found.setdefault(language, []).append(treated[language] - control[language])
    return {language: sum(values) / len(values) for language, values in found.items()}
