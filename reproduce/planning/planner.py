"""The jobs of one scale of a registry, each content once: what a score needs, from the pretrained encoder on.

A job's key is a hash of its content and of the keys it builds on, so that jobs merge wherever they come from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from claimcheck.foundation.errors import UsageError
from reproduce import tasks
from reproduce.planning import costs
from reproduce.planning.costs import Cost
from reproduce.planning.given import NOTHING, EncoderFolder, Given
from reproduce.planning.workload import Shape, full_steps, shape_of
from reproduce.registry.schema import Claim, Condition, Measure, Recipe, Registry, Scale, Target
from reproduce.specs import (
    CommandJob,
    Data,
    Encoder,
    EvaluateJob,
    FilesData,
    Job,
    Mixture,
    Optimisation,
    Part,
    PretrainJob,
    Probe,
    TrainedEncoder,
    TrainJob,
    job_key,
)

__all__ = ["Builder", "Cell", "Phase", "PlannedJob", "Split", "metric_of"]

Phase = Literal["pretraining", "intermediate", "target", "evaluation", "command"]
Split = Literal["dev", "test"]
Stage = Literal["pretraining", "intermediate", "target"]  # that train, and that a budget shortens
Trained = TypeVar("Trained", PretrainJob, TrainJob)

_KINDS = {"world": "the synthetic world", "real": "real data"}
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
    notes: dict[str, None] = field(default_factory=dict)  # deviations that come from how the plan was asked for


class Builder:
    """Makes the jobs of one scale of a registry, each content once."""

    def __init__(self, registry: Registry, scale: Scale, name: str, given: Given = NOTHING) -> None:
        self.registry, self.scale, self.name, self.given = registry, scale, name, given
        # what the user gives takes the place of the hub's; the world is made, whatever is given
        self.data: Data = FilesData() if given.files and scale.data.kind == "hub" else scale.data
        self.conditions = {condition.id: condition for condition in registry.conditions}
        self.targets = {target.id: target for target in registry.targets}
        # what needs no training comes first: it is cheap, and the rest may take days
        self.in_order = sorted(registry.targets, key=lambda target: target.train is not None)
        self.drafts: dict[str, _Draft] = {}
        # by condition, task of the target training ("" before it) and seed
        self._encoders: dict[tuple[str, str, int], Encoder] = {}
        self.cells: dict[Cell, str] = {}
        self._notes: dict[str, dict[str, None]] = {}  # by target: deviations that come from how the plan is asked for
        if given.files and scale.data.kind == "world":
            what = f"scale '{name}' makes its data: --data has no use there"
            raise UsageError(what, todo="leave it out, or choose --scale lab or paper")
        self.shape: Shape | None = None  # a scale of commands only has no encoder
        if given.encoder is not None:
            self._check_encoder(given.encoder)
            self.shape = given.encoder.shape
        elif scale.encoder is not None:
            self.shape = costs.hub_shape(scale.encoder)
        elif scale.pretraining is not None:
            self.shape = shape_of(scale.pretraining.job(self.data))

    def obstacle(self, claim: Claim) -> str:
        """Why no jobs can be planned for the claim, or nothing."""
        if claim.test.kind == "untestable":
            return claim.test.reason
        if claim.unsupported:
            return claim.unsupported
        for measure in claim.test.measures:
            for name in self._conditions_of(measure):
                condition = self.conditions[name]
                if condition.unsupported:
                    return f"condition '{name}': {condition.unsupported}"
                if needed := self._files_needed(condition):
                    return f"condition '{name}' needs {needed}"
                if condition.command is not None:
                    if measure.pick_split is not None and name in measure.conditions:
                        return f"condition '{name}' is a command, which has no {measure.pick_split} part to choose by"
                    continue
                trained = (*condition.tasks, *(self.targets[t].train for t in measure.targets))
                for task in (tasks.task(task) for task in trained if task):
                    if task.head == "regression":
                        return f"task '{task.name}': no head for regression has been built"
            for target in (self.targets[name] for name in measure.targets):
                if target.unsupported:
                    return f"target '{target.id}': {target.unsupported}"
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

    def called(self) -> dict[str, tuple[str, ...]]:
        """By claim, what is done otherwise because of how the plan was asked for: its encoder, its layers, its caps."""
        found: dict[str, dict[str, None]] = {}
        for draft in self.drafts.values():
            for name in draft.claims:
                found.setdefault(name, {}).update(draft.notes)
        for claim in self.registry.claims:
            if claim.id in found:
                told: dict[str, None] = dict.fromkeys([note] if (note := self._encoder_note()) else [])
                for measure in claim.test.measures:
                    for target in measure.targets:
                        told |= self._notes.get(target, {})
                found[claim.id] = told | found[claim.id]
        return {name: tuple(notes) for name, notes in found.items() if notes}

    def _encoder_note(self) -> str:
        """What encoder stands in place of the paper's, where the user gave one or the scale pretrains its own."""
        if self.given.encoder is not None:
            size = self.given.encoder
            of = f"the encoder of a folder: {size.size.layers} layers of {size.size.hidden}, {size.vocabulary:,} pieces"
            return f"{of}, sha256 {size.sha256[:12]}"
        made = self.scale.pretraining
        if made is None or self.data.kind == "world":
            return ""
        return (
            f"an encoder pretrained here: {made.size.layers} layers of {made.size.hidden}, {made.vocabulary:,} pieces"
        )

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

    def _pretrained(self) -> Encoder:
        if self.given.encoder is not None:
            return self.given.encoder.encoder
        if self.scale.encoder is not None:
            return self.scale.encoder
        assert self.scale.pretraining is not None
        job, note = self._capped(self.scale.pretraining.job(self.data), "pretraining")
        key = self._add(job, "pretraining", "pretraining", ())
        if note:
            self.drafts[key].notes[note] = None
        return TrainedEncoder(key=key)

    def _intermediate(self, condition: Condition, seed: int) -> Encoder:
        """The encoder of a condition: the pretrained one where it trains on nothing."""
        known = self._encoders.get((condition.id, "", seed))
        if known is not None:
            return known
        encoder = self._pretrained()
        if condition.tasks:
            name = condition.tasks[0] if len(condition.tasks) == 1 else condition.id
            recipe = self._recipe(self.scale.intermediate_recipe(condition), "intermediate", name)
            label = f"intermediate {condition.id}, seed {seed}"
            encoder = self._train("intermediate", label, encoder, condition.tasks, recipe, seed, condition)
        self._encoders[condition.id, "", seed] = encoder
        return encoder

    def _trained(self, condition: Condition, task: str, seed: int) -> Encoder:
        """The model of a target training on the task, after what the condition trains on."""
        known = self._encoders.get((condition.id, task, seed))
        if known is not None:
            return known
        encoder = self._intermediate(condition, seed)
        recipe = self._recipe(self.scale.target_recipe(task), "target", task)
        # without an intermediate training, what the condition changes is changed here
        label = f"target {task} {_after(condition)}, seed {seed}"
        model = self._train("target", label, encoder, (task,), recipe, seed, None if condition.tasks else condition)
        self._encoders[condition.id, task, seed] = model
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
        probe, note = self._probe(target)
        if probe is not None:
            label += f", layer {probe.layer}" + (", threshold from the gold" if probe.threshold == "gold" else "")
        languages = self._languages(target, cell.split)
        items, capped = self._items(target, cell.split, languages)
        job = EvaluateJob(
            model=model,
            task=target.task,
            data=self.data,
            split=cell.split,
            languages=languages,
            items=items,
            max_length=self._fits(longest, "max_length"),
            probe=probe,
        )
        seed = f", seed {cell.seed}" if condition.tasks or target.train is not None else ""
        key = self._add(job, "evaluation", f"{label}) {_after(condition)}{seed}", _keys(model))
        self._notes.setdefault(target.id, {}).update(dict.fromkeys(text for text in (note, capped) if text))
        return key

    def _probe(self, target: Target) -> tuple[Probe | None, str]:
        """The target's probe in this encoder: its layer in proportion to that of the encoder that it was named for."""
        probe, layers, note = target.probe, self.scale.probed_layers, ""
        if probe is None:
            return None, ""
        has = self.shape.layers if self.shape is not None else None
        if layers is not None and has is not None and has != layers:
            # halves up: round() would send 2.5 and 3.5 to 2 and 4
            layer = math.floor(probe.layer * has / layers + 0.5)
            note = f"layer {layer} of {has} in place of layer {probe.layer} of {layers}"
            probe = probe.model_copy(update={"layer": layer})
        if has is not None and probe.layer > has:
            raise UsageError(
                f"layer {probe.layer} of an encoder with {has}",
                where=f"targets.{target.id}.probe",
                todo=f"give a layer from 0 to {has}",
            )
        sweep = probe.sweep or self.scale.sweep or self.given.sweep
        return probe.model_copy(update={"sweep": sweep}), note

    def _items(self, target: Target, split: Split, languages: Sequence[str]) -> tuple[int | None, str]:
        """How many items of a language are evaluated, and a note where a budget makes it fewer.

        The pairs that mining seeks are few and lie anywhere: its first items would hold hardly any.
        """
        planned, cap = self.scale.evaluation_items, self.given.caps.items if self.given.caps is not None else None
        if cap is None or (planned is not None and planned <= cap) or tasks.task(target.task).mines:
            return planned, ""
        sizes = [tasks.task(target.task).examples(split, [code]) for code in languages]
        if all(size is not None and size <= cap for size in sizes):
            return planned, ""
        return cap, f"evaluation: {cap:,} items of a language, drawn by their ids, by --budget"

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
        phase: Stage,
        label: str,
        encoder: Encoder,
        names: Sequence[str],
        recipe: Recipe,
        seed: int,
        condition: Condition | None,
    ) -> TrainedEncoder:
        for name in names:
            self._check_data(name, f"scales.{self.name}")
            if tasks.task(name).head not in _TRAINABLE:
                raise UsageError(f"the task '{name}' cannot be trained on", where="registry", todo="name another task")
        optimisation, mixture, masked = recipe.optimisation, Mixture(), None
        labels: Literal["true", "shuffled"] = "true"
        language = tasks.TRAINING_LANGUAGE
        if condition is not None:
            labels, language = condition.labels, condition.language
            masked = condition.mlm.text(self.data) if condition.mlm is not None else None
            if condition.learning_rate is not None:
                optimisation = optimisation.model_copy(update={"learning_rate": condition.learning_rate})
            if len(names) > 1:  # of a single task the mixture changes nothing, hence not the key either
                mixture = condition.mixture
        job = TrainJob(
            encoder=encoder,
            parts=tuple(
                Part(task=name, data=self.data, language=language, examples=recipe.examples, labels=labels)
                for name in names
            ),
            masked=masked,
            mixture=mixture,
            optimisation=optimisation,
            selection=recipe.selection,
            max_length=self._fits(recipe.max_length, "max_length of a recipe"),
            seed=seed,
        )
        capped, note = self._capped(job, phase)
        key = self._add(capped, phase, label, _keys(encoder))
        other = [tasks.task(name).hub_differs for name in names] if self.data.kind == "hub" else []
        self.drafts[key].notes |= dict.fromkeys(text for text in (*other, note) if text)
        return TrainedEncoder(key=key)

    def _capped(self, job: Trained, phase: Stage) -> tuple[Trained, str]:
        """The training with at most as many steps as the caps allow, and a note where that is fewer."""
        cap = None if self.given.caps is None else getattr(self.given.caps, phase)
        steps = full_steps(job, self.shape)
        if cap is None or (steps is not None and steps <= cap):
            return job, ""
        # checked anew, which a copy is not: it has either epochs or steps
        fields = job.optimisation.model_dump() | {"epochs": None, "max_steps": cap}
        shorter = job.model_copy(update={"optimisation": Optimisation.model_validate(fields)})
        on = f" on {' + '.join(part.task for part in job.parts)}" if isinstance(job, TrainJob) else ""
        what = "pretraining" if phase == "pretraining" else f"{phase} training"
        whole = "" if steps is None else f" of {steps:,}"
        return shorter, f"{what}{on} capped at {cap:,} steps{whole} by --budget"

    def _recipe(self, recipe: Recipe | None, table: str, name: str) -> Recipe:
        if recipe is None:
            place = f"scales.{self.name}.{table}"
            raise UsageError(f"no recipe for '{name}'", where=place, todo=f"add {place}.{name} or {place}.default")
        return recipe

    def _check_data(self, name: str, where: str) -> None:
        info, scale = tasks.task(name), "world" if self.data.kind == "world" else "real"
        if info.data != scale:
            raise UsageError(
                f"the task '{name}' is of {_KINDS[info.data]}, scale '{self.name}' of {_KINDS[scale]}",
                where=where,
                todo="name a task of these data",
            )

    def _files_needed(self, condition: Condition) -> str:
        """What of the user's files a condition needs that this plan has not, or nothing."""
        if self.data.kind != "hub":
            return ""
        if condition.mlm is not None:
            return "--data: a folder with plain text, text/xx.txt for each of its languages"
        if condition.language != tasks.TRAINING_LANGUAGE:
            return f"--data: a folder with training data translated into {condition.language}"
        return ""

    def _check_encoder(self, folder: EncoderFolder) -> None:
        """Raise UsageError where the user's encoder is none that this scale is about."""
        if self.data.kind == "world":
            what = f"scale '{self.name}' pretrains on the synthetic world, whose words no other encoder knows"
            raise UsageError(what, todo="leave --encoder out, or choose --scale lab")
        wanted = self.scale.encoder
        expected = costs.hub_shape(wanted) if wanted is not None and self.name == "paper" else None
        if wanted is not None and expected is not None and folder.shape != expected:
            has, wants = (f"{s.layers} layers of {s.hidden}, {s.vocabulary:,} pieces" for s in (folder.shape, expected))
            what = f"--encoder has {has}; scale '{self.name}' is about {wanted.name} ({wants})"
            raise UsageError(what, todo="give that encoder, or choose --scale lab")

    def _fits(self, length: int, what: str) -> int:
        """The length, if the encoder takes sequences that long."""
        longest = self.shape.positions if self.shape is not None else None
        if self.scale.pretraining is not None and self.given.encoder is None:
            longest = self.scale.pretraining.size.positions
        if longest is not None and length > longest:
            where = f"scales.{self.name}"
            raise UsageError(f"{what} {length}: the encoder has {longest} positions", where=where, todo="shorten it")
        return length


def _keys(encoder: Encoder) -> tuple[str, ...]:
    return (encoder.key,) if isinstance(encoder, TrainedEncoder) else ()


def _after(condition: Condition) -> str:
    return f"after {condition.id}" if condition.tasks else "from the pretrained encoder"
