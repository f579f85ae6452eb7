"""Whether a baseline stands above chance on a target: what cannot be told from chance cannot show an effect either.

Chance is what the same predictions score when they are dealt out at random among the items of a language. A target
whose baseline lies within 3 standard errors of that, or below, is degenerate at this scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reproduce.planning.plan import Plan
from reproduce.registry.schema import Claim, Condition, Measure
from reproduce.verdicts.gate import CheckedRun
from reproduce.verdicts.scores import Scores

__all__ = ["ERRORS", "Floor", "Level", "baseline_of", "baselines", "floor", "plain_conditions", "without"]

ERRORS = 3.0  # standard errors


@dataclass(frozen=True)
class Level:
    """A score, its standard error over items and seeds, and chance; all in points."""

    score: float
    error: float
    chance: float

    @property
    def is_chance(self) -> bool:
        """Whether the score lies within 3 standard errors of chance, or below."""
        return self.score - self.chance <= ERRORS * self.error

    def to_json(self) -> dict[str, Any]:
        """With the keys that a Reproduction's details have."""
        return {"score": self.score, "error": self.error, "chance": self.chance, "is_chance": self.is_chance}


@dataclass(frozen=True)
class Floor:
    """A baseline on a target: the mean over languages, and each language."""

    target: str
    name: str  # of the target, as a reader would say it
    condition: str
    mean: Level
    by_language: dict[str, Level]

    @property
    def is_degenerate(self) -> bool:
        """Whether the target can show nothing."""
        return self.mean.is_chance

    def __str__(self) -> str:
        return f"{self.name} ({self.mean.score:.1f} +- {self.mean.error:.1f}, chance {self.mean.chance:.1f})"

    def to_json(self) -> dict[str, Any]:
        """With the keys that a Reproduction's details have."""
        found = {"baseline": self.condition, **self.mean.to_json(), "degenerate": self.is_degenerate}
        del found["is_chance"]
        return found | {"by_language": {code: level.to_json() for code, level in self.by_language.items()}}


def baselines(plan: Plan) -> frozenset[str]:
    """The keys of the evaluations that serve as a baseline of some claim: of those chance has to be known."""
    names = {measure.control for claim in plan.claims for measure in claim.test.measures if measure.control}
    names |= set(plain_conditions(plan))
    return frozenset(key for cell, key in plan.cells.items() if cell.condition in names)


def plain_conditions(plan: Plan) -> list[str]:
    """The conditions that are the encoder as it is, followed by the target's training alone."""
    return [condition.id for condition in plan.registry.conditions if _is_plain(condition)]


def baseline_of(claim: Claim, target: str, plan: Plan) -> str | None:
    """The condition that a target's floor is told from: the claim's control, else the one that trains on nothing first.

    None where the plan measures none of them on the target.
    """
    controls = [m.control for m in claim.test.measures if m.control is not None and target in m.targets]
    plain = plain_conditions(plan)
    measured = {cell.condition for cell in plan.cells if cell.target == target}
    return next((name for name in (*controls, *plain) if name in measured), None)


def floor(
    scores: Scores, condition: str, target: str, seeds: Sequence[int], languages: Sequence[str] = ()
) -> Floor | None:
    """The floor of one target; None where a run of that condition is missing, refused or failed to train."""
    measure = Measure(conditions=(condition,), targets=(target,), languages=tuple(languages))
    cells = scores.cells(measure, seeds)
    if not all(cell in scores.plan.cells and isinstance(scores.run(cell), CheckedRun) for cell in cells):
        return None
    if scores.degenerate([measure], seeds):
        return None
    chances = scores.chances(cells)
    wanted = [code for code in (languages or chances) if code in chances]
    if not wanted:
        return None
    alone = [measure.model_copy(update={"languages": (code,)}) for code in wanted]
    drawn = scores.draw(f"{condition} on {target}", [scores.strata(one, seeds) for one in (measure, *alone)])
    levels = [float(one.draws.std()) for one in drawn]
    by_language = {
        code: Level(one.mean, error, chances[code])
        for code, one, error in zip(wanted, drawn[1:], levels[1:], strict=True)
    }
    mean = Level(drawn[0].mean, levels[0], sum(chances[code] for code in wanted) / len(wanted))
    return Floor(target, scores.name_of(target), condition, mean, by_language)


def without(claim: Claim, targets: Iterable[str]) -> Claim | None:
    """The claim with its averages over the other targets; None where a measure has none left."""
    gone = set(targets)
    kept: list[Measure | None] = []

    def rest(measure: Measure) -> Measure:
        left = tuple(name for name in measure.targets if name not in gone)
        kept.append(measure if left else None)
        return measure.model_copy(update={"targets": left})

    test = claim.test
    update = {
        "measure": None if test.measure is None else rest(test.measure),
        "than": None if test.than is None else rest(test.than),
        "order": tuple(rest(measure) for measure in test.order),
    }
    if None in kept:
        return None
    return claim.model_copy(update={"test": test.model_copy(update=update)})


def _is_plain(condition: Condition) -> bool:
    changed = condition.learning_rate is not None or condition.labels == "shuffled"
    return not (condition.tasks or condition.command or condition.unsupported or changed)
