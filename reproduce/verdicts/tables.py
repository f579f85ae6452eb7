"""The scores of a run folder for people: each target, language and condition beside its baseline, and the averages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.stats import Bootstrap
from reproduce.planning.plan import Cell, metric_of
from reproduce.registry.schema import Measure, Target
from reproduce.tasks.xtreme import averages as xtreme_averages
from reproduce.verdicts.chance import Floor, floor, plain_conditions
from reproduce.verdicts.effects import Interval, estimated, is_retrieval, seed_sd
from reproduce.verdicts.evidence import Evidence, evidence
from reproduce.verdicts.gate import CheckedRun, Refusal
from reproduce.verdicts.gold import Load
from reproduce.verdicts.scores import Scores

__all__ = ["AverageRow", "ScoreRow", "Tables", "tables", "tables_of"]

_DRAWS = 2_000  # of a single language's interval: there are hundreds of them


@dataclass(frozen=True)
class ScoreRow:
    """A condition on a target, in one language or, where `language` is "", the mean over all; in points.

    sd: over seeds. effect: the condition minus the baseline, with its 95 % interval over seeds and items; None for the
    baseline itself, and the interval where the seeds are too few. chance: what the baseline's answers score when they
    are dealt out at random. degenerate: the baseline cannot be told from chance there.
    """

    target: str
    name: str
    task: str
    split: str
    metric: str
    language: str
    condition: str
    mean: float
    sd: float | None
    n: int
    items: int
    effect: float | None = None
    interval: Interval | None = None
    chance: float | None = None
    degenerate: bool = False


@dataclass(frozen=True)
class AverageRow:
    """An unweighted mean over tasks of the means over languages, of one condition; in points.

    name: "all", "without_retrieval" or a group of XTREME's. missing: tasks that XTREME's average of that name has and
    this one has not. left_out: targets that are degenerate at this scale.
    """

    name: str
    condition: str
    tasks: tuple[str, ...]
    targets: tuple[str, ...]
    mean: float
    sd: float | None
    n: int
    effect: float | None = None
    interval: Interval | None = None
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tables:
    """Scores and averages of one run folder. `absent`: what does not count, with the reason, each once."""

    paper: str
    scale: str
    seeds: int
    baseline: str | None
    rows: tuple[ScoreRow, ...]
    averages: tuple[AverageRow, ...]
    absent: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As `claimcheck/tables/v1`; keys and their order are stable."""
        return {"schema": "claimcheck/tables/v1", **asdict(self)}


def tables(folder: Path, *, load: Load | None = None) -> Tables:
    """The tables of a run folder, of the runs that count so far. Raises as `evidence`."""
    return tables_of(evidence(folder, load=load))


def tables_of(found: Evidence) -> Tables:
    """The tables of a folder that is open: its runs are checked once, whatever else is made of them."""
    return _Maker(found).made()


class _Maker:
    def __init__(self, found: Evidence) -> None:
        self.plan, self.scores, self.all_seeds = found.plan, found.scores, found.seeds
        measured = {cell.condition for cell in self.plan.cells}
        plain = [name for name in plain_conditions(self.plan) if name in measured]
        self.baseline = plain[0] if plain else None
        self.conditions = [one.id for one in self.plan.registry.conditions if one.id in measured]
        self.targets = [
            one
            for one in self.plan.registry.targets
            if any(cell.target == one.id and cell.split == one.split for cell in self.plan.cells)
        ]
        self.floors = {one.id: self._floor(one) for one in self.targets}

    def made(self) -> Tables:
        return Tables(
            paper=self.plan.registry.paper.id,
            scale=self.plan.scale,
            seeds=self.plan.seeds,
            baseline=self.baseline,
            rows=tuple(row for target in self.targets for row in self._rows(target)),
            averages=tuple(row for members in self._sets() for row in self._averages(members)),
            absent=self._absent(),
        )

    # --- which runs

    def _seeds(self, condition: str, targets: Sequence[Target]) -> list[int]:
        """The seeds whose runs on all these targets count and did not fail; one where no seed enters."""
        seeds = []
        for seed in self.all_seeds:
            cells = [Cell(condition, target.id, target.split, seed) for target in targets]
            if all(cell in self.plan.cells and self._counts(cell) for cell in cells):
                seeds.append(seed)
        measure = _measure(condition, targets)
        return seeds[:1] if seeds and self.scores.is_deterministic([measure], seeds) else seeds

    def _counts(self, cell: Cell) -> bool:
        run = self.scores.run(cell)
        return isinstance(run, CheckedRun) and run.scored is not None and not run.degenerate

    def _paired(self, condition: str, targets: Sequence[Target]) -> list[int]:
        """The seeds of a condition and of the baseline; a single run of either serves all seeds of the other."""
        assert self.baseline is not None
        own, control = self._seeds(condition, targets), self._seeds(self.baseline, targets)
        if not own or not control:
            return []
        if self.scores.is_deterministic([_measure(self.baseline, targets)], control):
            return own
        if self.scores.is_deterministic([_measure(condition, targets)], own):
            return control
        return [seed for seed in own if seed in control]

    def _floor(self, target: Target) -> Floor | None:
        if self.baseline is None or self.plan.scale == "smoke":
            return None
        seeds = self._seeds(self.baseline, [target])
        return floor(self.scores, self.baseline, target.id, seeds) if seeds else None

    def _absent(self) -> tuple[str, ...]:
        found = []
        for cell in self.plan.cells:
            run = self.scores.run(cell)
            if isinstance(run, Refusal):
                found.append(f"{cell.condition} on {cell.target} ({cell.split}), seed {cell.seed}: {run}")
            elif run.degenerate:
                found.append(f"{cell.condition} on {cell.target} ({cell.split}), seed {cell.seed}: {run.degenerate}")
        return tuple(dict.fromkeys(found))

    # --- targets

    def _rows(self, target: Target) -> Iterator[ScoreRow]:
        for condition in self.conditions:
            seeds = self._seeds(condition, [target])
            if not seeds:
                continue
            cells = [Cell(condition, target.id, target.split, seed) for seed in seeds]
            by_seed = [self.scores.by_language(cell) for cell in cells]
            items = self.scores.items(cells[0])
            codes = ["", *by_seed[0]]
            effects = self._effects(condition, target, codes)
            for code in codes:
                values = [one[code] if code else mean(one.values()) for one in by_seed]
                row = ScoreRow(
                    target=target.id,
                    name=self.scores.name_of(target.id),
                    task=target.task,
                    split=target.split,
                    metric=metric_of(target),
                    language=code,
                    condition=condition,
                    mean=mean(values),
                    sd=stdev(values) if len(values) > 1 else None,
                    n=len(values),
                    items=items[code] if code else sum(items.values()),
                )
                effect, interval = effects.get(code, (None, None))
                yield self._with_chance(replace(row, effect=effect, interval=interval))

    def _with_chance(self, row: ScoreRow) -> ScoreRow:
        found = self.floors[row.target]
        level = None if found is None else found.by_language.get(row.language) if row.language else found.mean
        return row if level is None else replace(row, chance=level.chance, degenerate=level.is_chance)

    def _effects(
        self, condition: str, target: Target, codes: Sequence[str]
    ) -> Mapping[str, tuple[float, Interval | None]]:
        """The effect of a condition by language; "": of the mean over them."""
        if self.baseline is None or condition == self.baseline:
            return {}
        seeds = self._paired(condition, [target])
        if not seeds:
            return {}
        whole = _measure(condition, [target], self.baseline)
        measures = {code: whole.model_copy(update={"languages": (code,) if code else ()}) for code in codes}
        drawn = self.scores.draw(
            f"{condition} on {target.id}", [self.scores.strata(measure, seeds) for measure in measures.values()]
        )
        return {
            code: estimated(_fewer(one) if code else one, seed_sd(self.scores, measure, seeds))
            for (code, measure), one in zip(measures.items(), drawn, strict=True)
        }

    # --- averages

    def _sets(self) -> list[list[Target]]:
        """The sets of targets that claims average over, each task once; without subsets of one another."""
        targets = {target.id: target for target in self.targets}
        named = {m.targets for claim in self.plan.claims for m in claim.test.measures if len(m.targets) > 1}
        sets = [[targets[name] for name in one if name in targets] for one in sorted(named)]
        largest = [one for one in sets if not any(set(_ids(one)) < set(_ids(other)) for other in sets)]
        return [one for one in largest if len({target.task for target in one}) == len(one) > 1]

    def _averages(self, members: Sequence[Target]) -> Iterator[AverageRow]:
        floors = {target.id: self.floors[target.id] for target in members} if self.plan.scale == "lab" else {}
        gone = {name for name, one in floors.items() if one is not None and one.is_degenerate}
        left_out = tuple(self.scores.name_of(target.id) for target in members if target.id in gone)
        kept = [target for target in members if target.id not in gone]
        for condition in self.conditions:
            present = [target for target in kept if self._seeds(condition, [target])]
            for name, (group, missing) in _groups(self.scores, condition, present, self._seeds).items():
                seeds = self._seeds(condition, group)
                if not seeds:
                    continue
                values = [value for value in self.scores.values(_measure(condition, group), seeds) if value is not None]
                effect, interval = self._average_effect(condition, group)
                yield AverageRow(
                    name=name,
                    condition=condition,
                    tasks=tuple(target.task for target in group),
                    targets=tuple(_ids(group)),
                    mean=mean(values),
                    sd=stdev(values) if len(values) > 1 else None,
                    n=len(values),
                    effect=effect,
                    interval=interval,
                    missing=missing,
                    left_out=left_out,
                )

    def _average_effect(self, condition: str, group: Sequence[Target]) -> tuple[float | None, Interval | None]:
        if self.baseline is None or condition == self.baseline:
            return None, None
        seeds = self._paired(condition, group)
        if not seeds:
            return None, None
        measure = _measure(condition, group, self.baseline)
        (drawn,) = self.scores.draw(f"{condition} on average", [self.scores.strata(measure, seeds)])
        return estimated(drawn, seed_sd(self.scores, measure, seeds))


def _groups(
    scores: Scores, condition: str, targets: Sequence[Target], seeds: Callable[[str, Sequence[Target]], Sequence[int]]
) -> dict[str, tuple[list[Target], tuple[str, ...]]]:
    """XTREME's averages that these targets are in, with the tasks each lacks; of others all, and without retrieval."""
    by_task = {target.task: target for target in targets}
    first = {
        task: scores.by_language(Cell(condition, target.id, target.split, seeds(condition, [target])[0]))
        for task, target in by_task.items()
    }
    try:
        found = xtreme_averages(first).averages
    except UsageError:
        trained = [target for target in targets if not is_retrieval(target)]
        sets = {"all": list(targets), "without_retrieval": trained}
        return {name: (group, ()) for name, group in sets.items() if group}
    return {one.name: ([by_task[task] for task in one.tasks], one.missing) for one in found}


def _measure(condition: str, targets: Sequence[Target], control: str | None = None) -> Measure:
    return Measure(conditions=(condition,), targets=tuple(_ids(targets)), control=control)


def _ids(targets: Sequence[Target]) -> list[str]:
    return [target.id for target in targets]


def _fewer(drawn: Bootstrap) -> Bootstrap:
    return replace(
        drawn,
        items=drawn.items[:_DRAWS],
        seeds=drawn.seeds[:_DRAWS],
        uniform=drawn.uniform[:_DRAWS],
        normal=drawn.normal[:_DRAWS],
    )
