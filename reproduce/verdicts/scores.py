"""From checked runs to scores in points: of a cell, of a measure seed by seed, and item by item for the bootstrap."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.stats import Bootstrap, Stratum
from reproduce.planning.plan import Cell, Plan, metric_of
from reproduce.registry.schema import Measure
from reproduce.specs import CommandJob
from reproduce.tasks.metrics import metric
from reproduce.verdicts.gate import CheckedRun, Gate, Refusal
from reproduce.verdicts.resampling import Resampler
from reproduce.verdicts.scored import LanguageScore, canonical

__all__ = ["Pick", "Scores"]

Floats = NDArray[np.float64]
Split = Literal["dev", "test"]


class Pick(NamedTuple):
    """The condition that stands for a measure on a target with a seed."""

    target: str
    seed: int
    condition: str


class Scores:
    """The scores of a plan's cells, as far as the gate lets their runs count."""

    def __init__(self, plan: Plan, gate: Gate) -> None:
        self.plan = plan
        self._gate = gate
        self._targets = {target.id: target for target in plan.registry.targets}
        self._resampler = Resampler()
        self._strata: dict[tuple[str, tuple[str, ...], str], Stratum] = {}
        self._means: dict[tuple[Cell, tuple[str, ...]], float | None] = {}

    # --- runs

    @cached_property
    def runs(self) -> dict[str, CheckedRun | Refusal]:
        """Every evaluation and command of the plan: the gate's answer, and what only several runs together show."""
        found = {key: self._gate.check(key) for key in self.plan.cells.values()}
        groups: dict[tuple[str, str], dict[str, CheckedRun]] = {}
        for cell, key in self.plan.cells.items():
            run = found[key]
            if isinstance(run, CheckedRun) and run.scored is not None:
                groups.setdefault((cell.target, cell.split), {})[key] = run
        for group in groups.values():
            found |= _contradictions(list(group.values()))
            found |= _copies([run for run in group.values() if run.trained and not run.degenerate])
        return found

    def run(self, cell: Cell) -> CheckedRun | Refusal:
        """The run behind a cell, or why it does not count."""
        return self.runs[self.plan.cells[cell]]

    def cells(self, measure: Measure, seeds: Sequence[int]) -> list[Cell]:
        """All cells that a measure is made of, those that conditions are picked by included."""
        found = []
        for name in measure.targets:
            target = self._targets[name]
            splits: list[Split] = [target.split]
            if measure.pick_split is not None:
                splits.append(measure.pick_split)
            for seed in seeds:
                found += [Cell(c, name, split, seed) for split in dict.fromkeys(splits) for c in measure.conditions]
                if measure.control is not None:
                    found.append(Cell(measure.control, name, target.split, seed))
        return list(dict.fromkeys(found))

    def is_deterministic(self, measures: Sequence[Measure], seeds: Sequence[int]) -> bool:
        """Whether no seed enters: one and the same run serves them all."""
        first = seeds[:1]
        return all(
            self.plan.cells[cell] == self.plan.cells[Cell(cell.condition, cell.target, cell.split, first[0])]
            and not self._is_trained(cell)
            for measure in measures
            for cell in self.cells(measure, seeds)
        )

    def _is_trained(self, cell: Cell) -> bool:
        run = self.run(cell)
        return isinstance(run, CheckedRun) and run.trained

    # --- scores

    def by_language(self, cell: Cell) -> dict[str, float]:
        """The score of each language in points; empty where a degenerate run predicted nothing."""
        return {language: 100 * part.score for language, part in self._parts(cell).items()}

    def score(self, cell: Cell, languages: Sequence[str] = ()) -> float | None:
        """The mean over languages in points (all of them where none are named)."""
        place = cell, tuple(languages)
        if place not in self._means:
            found = self.by_language(cell)
            wanted = languages or list(found)
            self._means[place] = sum(found[language] for language in wanted) / len(wanted) if found else None
        return self._means[place]

    def chances(self, cells: Sequence[Cell]) -> dict[str, float]:
        """What each language's answers score when dealt out at random, in points, mean over the cells' runs.

        Without the languages of which that is not known.
        """
        found: dict[str, list[float]] = {}
        for key in dict.fromkeys(self.plan.cells[cell] for cell in cells):
            for language, part in self._table(key, cells[0].target).items():
                if part.chance is not None:
                    found.setdefault(language, []).append(100 * part.chance)
        return {language: sum(values) / len(values) for language, values in found.items()}

    def items(self, cell: Cell) -> dict[str, int]:
        """How many items of each language were scored."""
        run = self._checked(cell)
        return {} if run.scored is None else dict(run.scored.items)

    def name_of(self, target: str) -> str:
        """The target as a reader would say it."""
        return self._targets[target].name or target

    def picks(self, measure: Measure, seeds: Sequence[int]) -> list[Pick]:
        """Of each target and seed the condition that is best on the pick split; the first of equal ones."""
        found = []
        for target in measure.targets:
            for seed in seeds:
                chosen = measure.conditions[0]
                if measure.pick_split is not None:
                    scores = {
                        c: self.score(Cell(c, target, measure.pick_split, seed), measure.languages)
                        for c in measure.conditions
                    }
                    chosen = max(scores, key=lambda c: -np.inf if scores[c] is None else float(scores[c] or 0.0))
                found.append(Pick(target, seed, chosen))
        return found

    def values(self, measure: Measure, seeds: Sequence[int]) -> list[float | None]:
        """The measure for each seed in points; None where a degenerate run predicted nothing."""
        picks = {(pick.target, pick.seed): pick.condition for pick in self.picks(measure, seeds)}
        found: list[float | None] = []
        for seed in seeds:
            total = 0.0
            for name in measure.targets:
                split = self._targets[name].split
                sides = [(picks[name, seed], 1.0), *([(measure.control, -1.0)] if measure.control else [])]
                for condition, sign in sides:
                    score = self.score(Cell(condition, name, split, seed), measure.languages)
                    total += float("nan") if score is None else sign * score / len(measure.targets)
            found.append(None if np.isnan(total) else total)
        return found

    def degenerate(self, measures: Sequence[Measure], seeds: Sequence[int]) -> dict[int, str]:
        """Seeds with a run that failed to train, and how it failed."""
        found: dict[int, str] = {}
        for seed in seeds:
            for cell in (cell for measure in measures for cell in self.cells(measure, [seed])):
                reason = self._checked(cell).degenerate
                if reason:
                    found.setdefault(seed, reason)
        return found

    def strata(self, measure: Measure, seeds: Sequence[int]) -> list[Stratum]:
        """The measure as weighted scores on sets of items, for `two_level_bootstrap`.

        Seeds are paired throughout: a seed fixes heads, order of batches and dropout of every condition alike. Items
        are the same for all conditions of a target where their ids and labels are.
        """
        found: list[Stratum] = []
        picks = self.picks(measure, seeds)
        for name in measure.targets:
            split = self._targets[name].split
            chosen = [Cell(pick.condition, name, split, pick.seed) for pick in picks if pick.target == name]
            sides = [(chosen, 1.0)]
            if measure.control is not None:
                sides.append(([Cell(measure.control, name, split, seed) for seed in seeds], -1.0))
            for cells, sign in sides:
                found += self._of_cells(cells, measure.languages, sign / len(measure.targets))
        return found

    def draw(self, name: str, contrasts: Sequence[Sequence[Stratum]]) -> tuple[Bootstrap, ...]:
        """The contrasts with seeds and items resampled, the seeds by a generator that the name seeds.

        The same draws whatever else is judged beside it.
        """
        seed = int(hashlib.sha256(name.encode()).hexdigest()[:16], 16)
        return self._resampler(contrasts, np.random.default_rng(seed))

    def prepare(self, measures: Iterable[Measure], seeds: Sequence[int]) -> None:
        """Name the measures that will be drawn, so that the items of a run are resampled for all in one pass."""
        for measure in measures:
            counted = all(isinstance(self.run(cell), CheckedRun) for cell in self.cells(measure, seeds))
            if counted and not self.degenerate([measure], seeds):
                self._resampler.add(self.strata(measure, seeds))

    def _of_cells(self, cells: Sequence[Cell], languages: Sequence[str], weight: float) -> Iterator[Stratum]:
        """One stratum a language; a single row where one run serves all seeds."""
        keys = tuple(dict.fromkeys(self.plan.cells[cell] for cell in cells))
        if len(keys) > 1:
            keys = tuple(self.plan.cells[cell] for cell in cells)
        tables = [self._table(key, cells[0].target) for key in keys]
        wanted = languages or list(tables[0])
        for language in wanted:
            place = cells[0].target, keys, language
            if place not in self._strata:
                parts = [table[language] for table in tables]
                self._strata[place] = self._stratum(language, cells[0], parts)
            yield replace(self._strata[place], weight=weight / len(wanted))

    def _stratum(self, language: str, cell: Cell, parts: Sequence[LanguageScore]) -> Stratum:
        # not the language: translations of one another (XNLI, XQuAD, Tatoeba) bear the same ids and are drawn together.
        # Where ids agree by chance only (row numbers), that changes nothing on average
        items = f"{cell.target} {cell.split} {parts[0].ids_sha256[:16]}"
        sums = [part.sums for part in parts if part.sums is not None]
        if len({array.shape for array in sums}) == 1 and len(sums) == len(parts):
            return Stratum(items, np.stack(sums), metric(metric_of(self._targets[cell.target])).value, seeds="seed")
        # no function of sums, or (Matthews) of sums over classes that differ
        return Stratum.of_seeds(f"{items} {language} whole", [part.score for part in parts], seeds="seed")

    def spread(self, measure: Measure, seeds: Sequence[int]) -> list[list[float]]:
        """Values by seed of the measure, and of every other condition in its place: what the seed SD is pooled over.

        Conditions that are controls by their making (shuffled labels, another learning rate), that have a run which
        does not count or failed, or into which no seed enters, have no part.
        """
        own = [value for value in self.values(measure, seeds) if value is not None]
        found = [own]
        for condition in self.plan.registry.conditions:
            special = condition.labels == "shuffled" or condition.learning_rate is not None
            if special or condition.id in (*measure.conditions, measure.control):
                continue
            other = measure.model_copy(update={"conditions": (condition.id,), "pick_split": None})
            cells = self.cells(other, seeds)
            if not all(cell in self.plan.cells and isinstance(self.run(cell), CheckedRun) for cell in cells):
                continue
            if self.degenerate([other], seeds) or self.is_deterministic(
                [other.model_copy(update={"control": None})], seeds
            ):
                continue
            values = [value for value in self.values(other, seeds) if value is not None]
            if len(values) == len(seeds):
                found.append(values)
        return found

    # ---

    def _checked(self, cell: Cell) -> CheckedRun:
        run = self.run(cell)
        if isinstance(run, Refusal):
            raise ValueError(f"{cell} does not count: {run}")
        return run

    def _parts(self, cell: Cell) -> Mapping[str, LanguageScore]:
        self._checked(cell)
        return self._table(self.plan.cells[cell], cell.target)

    def _table(self, key: str, target: str) -> Mapping[str, LanguageScore]:
        run = self.runs[key]
        found = run.scored if isinstance(run, CheckedRun) else None
        return {} if found is None else found.by_metric[metric_of(self._targets[target])]


def _contradictions(runs: Sequence[CheckedRun]) -> dict[str, Refusal]:
    """Runs on one target that disagree on its items, labels or data, by which one of them has been tampered with."""
    groups: dict[str, dict[tuple[str, str], list[str]]] = {}
    for run in runs:
        # what a program reports of its data is its own affair, as long as its seeds agree
        group = canonical(run.job.command.argv) if isinstance(run.job, CommandJob) else ""
        items = run.scored.items_sha256 if run.scored is not None else ""
        groups.setdefault(group, {}).setdefault((items, run.data_sha256), []).append(run.key)
    return {
        key: Refusal(key, "data_mismatch", "runs on one target have other items or labels")
        for group in groups.values()
        if len(group) > 1
        for keys in group.values()
        for key in keys
    }


def _copies(runs: Sequence[CheckedRun]) -> dict[str, Refusal]:
    """Runs of separate trainings that say the same, item by item; which is the copy cannot be told."""
    groups: dict[str, list[str]] = {}
    for run in runs:
        if run.scored is not None and run.scored.telling:
            groups.setdefault(run.scored.said_sha256, []).append(run.key)
    return {
        key: Refusal(key, "copied_predictions", f"the same as job {', '.join(other for other in keys if other != key)}")
        for keys in groups.values()
        if len(keys) > 1
        for key in keys
    }
