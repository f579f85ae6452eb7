"""The jobs of one scale of a registry, each content once: what a score needs, from the pretrained encoder on.

A job's key is a hash of its content and of the keys it builds on, so that jobs merge wherever they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from claimcheck.foundation.errors import UsageError
from reproduce import tasks
from reproduce.planning import costs
from reproduce.planning.costs import Cost
from reproduce.planning.workload import Shape, shape_of
from reproduce.registry.schema import Claim, Condition, Measure, Recipe, Registry, Scale, Target
from reproduce.specs import (
    CommandJob,
    EvaluateJob,
    HubEncoder,
    Job,
    Mixture,
    Part,
    Probe,
    TrainedEncoder,
    TrainJob,
    job_key,
)

__all__ = ["Builder", "Cell", "Phase", "PlannedJob", "Split", "metric_of"]

Phase = Literal["pretraining", "intermediate", "target", "evaluation", "command"]
Split = Literal["dev", "test"]

_TRAINABLE = frozenset({"classification", "tagging", "span", "choice"})  # heads that can be trained


@dataclass(frozen=True, order=True)
class Cell:
    """One score to be measured: a condition on a target's split with one seed."""

    condition: str
    target: str
    split: Split
    seed: int


@dataclass(frozen=True)
class PlannedJob:
    """A job, what it builds on, and what it is for. Nothing but `job` reaches the process that runs it."""

    key: str
    job: Job
    phase: Phase
    label: str
    inputs: tuple[str, ...]  # keys of jobs that come before
    cells: tuple[Cell, ...]  # that need it, directly or through jobs that build on it
    claims: tuple[str, ...]  # ids of the claims that need it
    cost: Cost


def metric_of(target: Target) -> str:
    """The metric of a target: its own, else that of its task in the catalogue."""
    return target.metric or tasks.task(target.task).metric


@dataclass
class _Draft:
    job: Job
    phase: Phase
    label: str
    inputs: tuple[str, ...]
    shape: Shape | None
    cells: dict[Cell, None] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)


class Builder:
    """Makes the jobs of one scale of a registry, each content once."""

    def __init__(self, registry: Registry, scale: Scale, name: str) -> None:
        self.registry, self.scale, self.name = registry, scale, name
        self.conditions = {condition.id: condition for condition in registry.conditions}
        self.targets = {target.id: target for target in registry.targets}
        # what needs no training comes first: it is cheap, and the rest may take days
        self.in_order = sorted(registry.targets, key=lambda target: target.train is not None)
        self.drafts: dict[str, _Draft] = {}
        # by condition, task of the target training ("" before it) and seed
        self._encoders: dict[tuple[str, str, int], HubEncoder | TrainedEncoder] = {}
        self.cells: dict[Cell, str] = {}
        self.shape: Shape | None = None  # a scale of commands only has no encoder
        if scale.encoder is not None:
            self.shape = costs.hub_shape(scale.encoder)
        elif scale.pretraining is not None:
            self.shape = shape_of(scale.pretraining.job(scale.data))

    def obstacle(self, claim: Claim) -> str:
        """Why no jobs can be planned for the claim, or nothing."""
        if claim.test.kind == "untestable":
            return claim.test.reason
        for measure in claim.test.measures:
            for name in self._conditions_of(measure):
                condition = self.conditions[name]
                if condition.unsupported:
                    return f"condition '{name}': {condition.unsupported}"
                if condition.command is not None:
                    if measure.pick_split is not None and name in measure.conditions:
                        return f"condition '{name}' is a command, which has no {measure.pick_split} part to choose by"
                    continue
                trained = (*condition.tasks, *(self.targets[t].train for t in measure.targets))
                for task in (tasks.task(task) for task in trained if task):
                    if task.head == "regression":
                        return f"task '{task.name}': no head for regression has been built"
            if measure.pick_split == "dev":
                for target in (self.targets[name] for name in measure.targets):
                    if not self._languages(target, "dev"):
                        return f"target '{target.id}': none of its languages has a dev part to choose by"
        return ""

    def scores(self, measure: Measure) -> list[tuple[str, str, Split]]:
        """(condition, target, split) of a measure. Raises UsageError for a language that a target lacks."""
        found: list[tuple[str, str, Split]] = []
        for name in measure.targets:
            target = self.targets[name]
            other = sorted(set(measure.languages) - set(self._languages(target, target.split)))
            if other:
                has = f"it has {', '.join(self._languages(target, target.split))}"
                raise UsageError(f"the target '{name}' has no language '{other[0]}'", where="measure", todo=has)
            found += [(condition, name, target.split) for condition in self._conditions_of(measure)]
            if measure.pick_split is not None:
                found += [(condition, name, measure.pick_split) for condition in measure.conditions]
        return found

    def measure(self, cell: Cell, condition: Condition, target: Target, claims: set[str]) -> None:
        """Plan what the cell needs."""
        make = self._evaluation if condition.command is None else self._command
        key = make(condition, target, cell)
        self.cells[cell] = key
        todo = [key]
        while todo:
            draft = self.drafts[todo.pop()]
            draft.cells[cell] = None
            draft.claims |= claims
            todo += draft.inputs

    def planned(self, machine: costs.Rates) -> tuple[PlannedJob, ...]:
        """All jobs in topological order, with their costs."""
        place = {claim.id: i for i, claim in enumerate(self.registry.claims)}
        return tuple(
            PlannedJob(
                key=key,
                job=draft.job,
                phase=draft.phase,
                label=draft.label,
                inputs=draft.inputs,
                cells=tuple(sorted(draft.cells)),
                claims=tuple(sorted(draft.claims, key=place.__getitem__)),
                cost=costs.estimate(draft.job, draft.shape, machine),
            )
            for key, draft in self.drafts.items()  # a job is added after those that it builds on
        )

    @staticmethod
    def _conditions_of(measure: Measure) -> tuple[str, ...]:
        return (*measure.conditions, *((measure.control,) if measure.control else ()))

    def _languages(self, target: Target, split: Split) -> tuple[str, ...]:
        """Of a target's split, in the catalogue's order. A task that only commands measure need not be in it."""
        where = f"targets.{target.id}"
        if target.train is None and target.probe is None and target.task not in tasks.tasks():
            return target.languages or (tasks.TRAINING_LANGUAGE,)
        tasks.check_languages(target.task, target.languages, where)
        info = tasks.task(target.task)
        wanted = target.languages or info.languages
        return tuple(code for code in info.languages_of(split) if code in wanted)

    def _add(self, job: Job, phase: Phase, label: str, inputs: tuple[str, ...]) -> str:
        key = job_key(job)
        if key not in self.drafts:
            self.drafts[key] = _Draft(job, phase, label, inputs, self.shape)
        return key

    def _pretrained(self) -> HubEncoder | TrainedEncoder:
        if self.scale.encoder is not None:
            return self.scale.encoder
        assert self.scale.pretraining is not None
        job = self.scale.pretraining.job(self.scale.data)
        return TrainedEncoder(key=self._add(job, "pretraining", "pretraining", ()))

    def _intermediate(self, condition: Condition, seed: int) -> HubEncoder | TrainedEncoder:
        """The encoder of a condition: the pretrained one where it trains on nothing."""
        known = self._encoders.get((condition.id, "", seed))
        if known is not None:
            return known
        encoder = self._pretrained()
        if condition.tasks:
            name = condition.tasks[0] if len(condition.tasks) == 1 else condition.id
            recipe = self._recipe(self.scale.intermediate_recipe(condition), "intermediate", name)
            job = self._train(encoder, condition.tasks, recipe, seed, condition)
            label = f"intermediate {condition.id}, seed {seed}"
            encoder = TrainedEncoder(key=self._add(job, "intermediate", label, _keys(encoder)))
        self._encoders[condition.id, "", seed] = encoder
        return encoder

    def _trained(self, condition: Condition, task: str, seed: int) -> HubEncoder | TrainedEncoder:
        """The model of a target training on the task, after what the condition trains on."""
        known = self._encoders.get((condition.id, task, seed))
        if known is not None:
            return known
        encoder = self._intermediate(condition, seed)
        recipe = self._recipe(self.scale.target_recipe(task), "target", task)
        # without an intermediate training, what the condition changes is changed here
        job = self._train(encoder, (task,), recipe, seed, None if condition.tasks else condition)
        label = f"target {task} {_after(condition)}, seed {seed}"
        model = self._encoders[condition.id, task, seed] = TrainedEncoder(
            key=self._add(job, "target", label, _keys(encoder))
        )
        return model

    def _evaluation(self, condition: Condition, target: Target, cell: Cell) -> str:
        self._check_data(target.task, f"targets.{target.id}")
        label = f"evaluation {target.task} ({cell.split}"
        if target.train is not None:
            model = self._trained(condition, target.train, cell.seed)
            longest = self._recipe(self.scale.target_recipe(target.train), "target", target.train).max_length
        else:
            assert target.probe is not None  # checked when the registry was read
            model = self._intermediate(condition, cell.seed)
            longest = self.scale.max_length
            self._check_layer(target, target.probe)
            label += f", layer {target.probe.layer}"
        job = EvaluateJob(
            model=model,
            task=target.task,
            data=self.scale.data,
            split=cell.split,
            languages=self._languages(target, cell.split),
            items=self.scale.evaluation_items,
            max_length=self._fits(longest, "max_length"),
            probe=target.probe,
        )
        seed = f", seed {cell.seed}" if condition.tasks or target.train is not None else ""
        return self._add(job, "evaluation", f"{label}) {_after(condition)}{seed}", _keys(model))

    def _check_layer(self, target: Target, probe: Probe) -> None:
        if self.shape is not None and probe.layer > self.shape.layers:
            raise UsageError(
                f"layer {probe.layer} of an encoder with {self.shape.layers}",
                where=f"targets.{target.id}.probe",
                todo=f"give a layer from 0 to {self.shape.layers}",
            )

    def _command(self, condition: Condition, target: Target, cell: Cell) -> str:
        assert condition.command is not None
        job = CommandJob(
            command=condition.command,
            task=target.task,
            metric=metric_of(target),
            languages=self._languages(target, cell.split),
            seed=cell.seed,
        )
        return self._add(job, "command", f"command {condition.id} for {target.task}, seed {cell.seed}", ())

    def _train(
        self,
        encoder: HubEncoder | TrainedEncoder,
        names: Sequence[str],
        recipe: Recipe,
        seed: int,
        condition: Condition | None,
    ) -> TrainJob:
        for name in names:
            self._check_data(name, f"scales.{self.name}")
            if tasks.task(name).head not in _TRAINABLE:
                raise UsageError(f"the task '{name}' cannot be trained on", where="registry", todo="name another task")
        optimisation, mixture = recipe.optimisation, Mixture()
        labels: Literal["true", "shuffled"] = "true"
        if condition is not None:
            labels = condition.labels
            if condition.learning_rate is not None:
                optimisation = optimisation.model_copy(update={"learning_rate": condition.learning_rate})
            if len(names) > 1:  # of a single task the mixture changes nothing, hence not the key either
                mixture = condition.mixture
        return TrainJob(
            encoder=encoder,
            parts=tuple(
                Part(task=name, data=self.scale.data, examples=recipe.examples, labels=labels) for name in names
            ),
            mixture=mixture,
            optimisation=optimisation,
            selection=recipe.selection,
            max_length=self._fits(recipe.max_length, "max_length of a recipe"),
            seed=seed,
        )

    def _recipe(self, recipe: Recipe | None, table: str, name: str) -> Recipe:
        if recipe is None:
            place = f"scales.{self.name}.{table}"
            raise UsageError(f"no recipe for '{name}'", where=place, todo=f"add {place}.{name} or {place}.default")
        return recipe

    def _check_data(self, name: str, where: str) -> None:
        info = tasks.task(name)
        if info.data != self.scale.data.kind:
            raise UsageError(
                f"the task '{name}' is of the {info.data} data, scale '{self.name}' has {self.scale.data.kind} data",
                where=where,
                todo="name a task of these data",
            )

    def _fits(self, length: int, what: str) -> int:
        """The length, if the encoder takes sequences that long."""
        longest = self.shape.positions if self.shape is not None else None
        if self.scale.pretraining is not None:
            longest = self.scale.pretraining.size.positions
        if longest is not None and length > longest:
            where = f"scales.{self.name}"
            raise UsageError(f"{what} {length}: the encoder has {longest} positions", where=where, todo="shorten it")
        return length


def _keys(encoder: HubEncoder | TrainedEncoder) -> tuple[str, ...]:
    return (encoder.key,) if isinstance(encoder, TrainedEncoder) else ()


def _after(condition: Condition) -> str:
    return f"after {condition.id}" if condition.tasks else "from the pretrained encoder"
