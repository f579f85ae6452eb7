"""The form of a registry file: closed records, so that an unknown key or a number without a source is an error."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from reproduce.specs import (
    Command,
    Data,
    HubData,
    HubEncoder,
    Language,
    MaskedText,
    Mixture,
    Name,
    Optimisation,
    PretrainJob,
    Probe,
    Selection,
    Size,
    Spec,
)
from reproduce.tasks import TRAINING_LANGUAGE

__all__ = [
    "AtScale",
    "Claim",
    "Condition",
    "ConditionAt",
    "Masking",
    "Measure",
    "Paper",
    "Quantity",
    "Recipe",
    "Registry",
    "Scale",
    "Source",
    "Target",
    "TargetAt",
    "TaskAt",
    "Test",
]

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Number = Annotated[str, Field(pattern=r"^[+-]?\d+(\.\d+)?$", description="as printed: its digits give the rounding")]

# narrow on purpose: "Long Short-Term Memory, Table 2" is a source
_FROM_MEMORY = re.compile(
    r"\b(?:from|by) (?:\w+ )?memory\b|^\W*(?:\w+ )?memory\W*$|\brecalled\b|\bremember\w*|\[M\]", re.IGNORECASE
)


class Source(Spec):
    """Where a number or a sentence was read. Memory is no source."""

    id: Name
    kind: Literal["paper", "abstract", "report", "repository", "thread", "leaderboard", "derived", "measured"]
    where: Text = Field(description="document and place, or address: enough for another person to find it")
    note: str = ""

    @field_validator("kind", "where", "note", mode="before")
    @classmethod
    def _not_from_memory(cls, value: object) -> object:
        if isinstance(value, str) and _FROM_MEMORY.search(value):
            raise ValueError(f"'{value[:80]}': memory is no source; say where it can be read, or leave the claim out")
        return value


class Paper(Spec):
    """The paper whose claims these are."""

    id: str = Field(pattern=r"^[\w./-]{1,64}$")
    version: str = ""
    title: Text
    authors: tuple[str, ...] = ()
    year: int = Field(0, ge=0, le=2200)


class Quantity(Spec):
    """The claimed number and what it is a number of; half_width follows from the printed digits."""

    value: Number
    unit: Literal["points", "percent", "accuracy", "f1", "exact_match", "score"] = "points"
    direction: Literal["increase", "decrease", "level"] = "level"
    baseline: str = ""
    metric: str = ""
    aggregation: str = ""
    split: str = ""

    @property
    def number(self) -> float:
        """The claimed value as a number, in the unit as printed (points and percent: 0 to 100)."""
        return float(self.value)

    @property
    def half_width(self) -> float:
        """Half of the last printed digit: the true value lies within number +- half_width ("72.3": 0.05)."""
        exponent = Decimal(self.value).as_tuple().exponent
        assert isinstance(exponent, int)  # the pattern lets neither NaN nor infinity in
        return float(Decimal(1).scaleb(exponent) / 2)


class Target(Spec):
    """A task that is evaluated, after a training of its own (`train`) or without one (a `probe`).

    Neither is needed where only commands are measured on it; then `metric` is.
    """

    id: Name
    task: Name
    train: Name | None = None
    split: Literal["dev", "test"] = "test"
    languages: tuple[Language, ...] = Field((), description="those of the catalogue where empty")
    metric: Name | None = Field(None, description="that of the catalogue where absent")
    probe: Probe | None = None
    name: str = Field("", description="as a reader would say it; the id where absent")
    unsupported: str = Field("", description="why it cannot be measured, where that is so")
    deviations: tuple[str, ...] = Field((), description="of this target from the paper's")

    @model_validator(mode="after")
    def _not_trained_and_probed(self) -> Target:
        if self.train is not None and self.probe is not None:
            raise ValueError("has 'train' and a 'probe': give one of them")
        if self.train is None and self.probe is None and self.metric is None:
            raise ValueError("needs 'train' or a 'probe', or, for commands, a 'metric'")
        return self


class Masking(Spec):
    """Masked language modelling of plain text beside the tasks of a condition; the text is the user's (DIR/text)."""

    languages: tuple[Language, ...] = Field(min_length=1)
    share: float = Field(0.5, gt=0, lt=1, description="of the batches")
    mask: float = Field(0.15, gt=0, lt=1, description="share of the tokens that are predicted")
    temperature: float = Field(1.0, gt=0, description="languages are drawn with p ~ n^(1/temperature)")

    def text(self, data: Data) -> MaskedText:
        """The part of a TrainJob that it is, with text of these data."""
        return MaskedText(data=data, **{name: getattr(self, name) for name in type(self).model_fields})


class Condition(Spec):
    """What happens between pretraining and the targets; no tasks: nothing, the baseline."""

    id: Name
    name: str = Field("", description="as a reader would say it; the id where absent")
    tasks: tuple[Name, ...] = ()
    mixture: Mixture = Mixture()
    language: Language = Field("en", description="of its training data; another one: machine-translated files")
    mlm: Masking | None = None
    labels: Literal["true", "shuffled"] = "true"
    learning_rate: float | None = Field(None, ge=0, description="in place of the recipe's; 0 is a control")
    command: Command | None = Field(None, description="a user's program in place of training and evaluation")
    unsupported: str = Field("", description="why no job can be planned for it, where that is so")
    deviations: tuple[str, ...] = Field((), description="of this condition from the paper's")

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Condition:
        if not self.tasks and not self.unsupported and (self.mlm is not None or self.language != TRAINING_LANGUAGE):
            raise ValueError("'mlm' and 'language' are of a training: name its 'tasks'")
        return self


class Recipe(Spec):
    """How one task is trained."""

    optimisation: Optimisation
    selection: Selection = Selection()
    max_length: int = Field(128, ge=8, description="longest sequence, of training and of the target's evaluation")
    examples: int | None = Field(None, ge=1)
    deviations: tuple[str, ...] = Field((), description="of this training from the paper's")


class Pretraining(Spec):
    """A PretrainJob without its data and seed: those are the scale's."""

    languages: tuple[Language, ...] = Field(min_length=1)
    size: Size
    optimisation: Optimisation
    mask: float = Field(0.15, gt=0, lt=1)
    temperature: float = Field(1.0, gt=0)
    vocabulary: int | None = Field(None, ge=300, description="pieces of the tokenizer that it trains on its text")
    seed: int = Field(0, ge=0)

    def job(self, data: Data) -> PretrainJob:
        """The job of this pretraining on that data."""
        return PretrainJob(data=data, **{name: getattr(self, name) for name in type(self).model_fields})


class AtScale(Spec):
    """What stands at a scale in place of what the rest of the file says; `why` enters the deviations."""

    without: str = Field("", description="why it is not there at this scale; nothing else then")
    why: str = Field("", description="the reason for a change")

    @model_validator(mode="after")
    def _absent_or_changed(self) -> AtScale:
        changed = self.model_fields_set - {"without", "why"}
        if bool(self.without) == bool(changed or self.why):
            raise ValueError("give either 'without', a reason, or what changes and 'why'")
        if changed and not self.why:
            raise ValueError("say 'why' it changes")
        return self


class TaskAt(AtScale):
    """Of a task that something trains on: another task in its place, or none."""

    use: Name | None = None


class ConditionAt(AtScale):
    """Of a condition: not there."""


class TargetAt(AtScale):
    """Of a target: another part, or fewer languages, or not there."""

    split: Literal["dev", "test"] | None = None
    languages: tuple[Language, ...] = ()


class Scale(Spec):
    """The recipe at one scale: a table of recipes by task, where `default` serves every task that has none of its own.

    An intermediate training is looked up by the condition's id, then by its task (where it has one), then `default`.
    `tasks`, `conditions` and `targets` say what this scale has in place of the paper's: `Registry.at` puts it there.
    """

    data: Data = Field(HubData(), description="of every task")
    encoder: HubEncoder | None = None
    pretraining: Pretraining | None = Field(None, description="neither of the two: only commands can be run")
    seeds: int = Field(3, ge=1, le=1000)
    intermediate: dict[Name, Recipe] = Field(default_factory=dict)
    target: dict[Name, Recipe] = Field(default_factory=dict)
    evaluation_items: int | None = Field(None, ge=1)
    max_length: int = Field(128, ge=8, description="of evaluation without training (a probe)")
    probed_layers: int | None = Field(
        None,
        ge=1,
        description="of the encoder that probes are written for; layers of another one are in proportion",
    )
    sweep: bool = Field(False, description="probes also score every layer and pooling")
    tasks: dict[Name, TaskAt] = Field(default_factory=dict)
    conditions: dict[Name, ConditionAt] = Field(default_factory=dict)
    targets: dict[Name, TargetAt] = Field(default_factory=dict)
    deviations: tuple[str, ...] = Field((), description="of everything at this scale from the paper's recipe")

    @model_validator(mode="after")
    def _one_encoder(self) -> Scale:
        if self.encoder is not None and self.pretraining is not None:
            raise ValueError("a scale has either 'encoder' or 'pretraining', not both")
        if self.pretraining is not None and (self.data.kind == "world") != (self.pretraining.vocabulary is None):
            raise ValueError("'vocabulary' of the pretraining: of a tokenizer that is trained; the world has its own")
        return self

    def intermediate_recipe(self, condition: Condition) -> Recipe | None:
        """How the tasks of that condition are trained; None where the scale does not say."""
        names = (condition.id, *(condition.tasks if len(condition.tasks) == 1 else ()), "default")
        return next((self.intermediate[name] for name in names if name in self.intermediate), None)

    def target_recipe(self, task: str) -> Recipe | None:
        """How a target is trained on that task; None where the scale does not say."""
        return self.target.get(task, self.target.get("default"))


class Measure(Spec):
    """A score: the mean over targets of the mean over languages, of one condition, or minus that of a control.

    Several conditions: for each target the one that is best on `pick_split`, reported on the target's own split.
    """

    conditions: tuple[Name, ...] = Field(min_length=1)
    control: Name | None = None
    targets: tuple[Name, ...] = Field(min_length=1)
    languages: tuple[Language, ...] = Field((), description="all of the target's where empty")
    pick_split: Literal["dev", "test"] | None = None

    @model_validator(mode="after")
    def _pick_among_several(self) -> Measure:
        if (len(self.conditions) > 1) != (self.pick_split is not None):
            raise ValueError("several conditions need 'pick_split', a single one must not have it")
        return self


class Test(Spec):
    """What decides the claim.

    level: measure (no control) against the number; effect: measure (with control) against the number; greater: measure
    exceeds `than`; best: measure exceeds each of `order`; no_effect: measure (with control) lies within the margin of
    0; no_gain: it lies at most the margin above 0, however far below; ranking: the measures of `order`, largest first;
    untestable: `reason` says what is missing.
    """

    kind: Literal["level", "effect", "greater", "best", "no_effect", "no_gain", "ranking", "untestable"]
    measure: Measure | None = None
    than: Measure | None = None
    order: tuple[Measure, ...] = ()
    reason: str = ""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that have to be measured for it."""
        return tuple(m for m in (self.measure, self.than, *self.order) if m is not None)

    @model_validator(mode="after")
    def _complete(self) -> Test:
        needed = {
            "level": {"measure"},
            "effect": {"measure"},
            "greater": {"measure", "than"},
            "best": {"measure", "order"},
            "no_effect": {"measure"},
            "no_gain": {"measure"},
            "ranking": {"order"},
            "untestable": {"reason"},
        }[self.kind]
        given = {name for name in ("measure", "than", "order", "reason") if getattr(self, name)}
        if given != needed:
            raise ValueError(f"a test of kind '{self.kind}' has exactly {', '.join(sorted(needed))}")
        has_control = self.measure is not None and self.measure.control is not None
        if self.kind == "level" and has_control:
            raise ValueError("the measure of a test of kind 'level' has no control")
        if self.kind in ("effect", "no_effect", "no_gain") and not has_control:
            raise ValueError(f"the measure of a test of kind '{self.kind}' has a control")
        if self.kind == "ranking" and len(self.order) < 2:
            raise ValueError("a ranking has at least two measures")
        return self


class Claim(Spec):
    """A claim, the number where it has one, and what would decide it."""

    id: Name
    aliases: tuple[Name, ...] = Field((), description="other names; one that several claims share names them all")
    version: str = Field("", description="of the paper that says so, where it is not the registry's ('v1')")
    text: Text = Field(description="the sentence as it stands in the source")
    source: Name
    also: tuple[Name, ...] = Field((), description="further sources that say the same")
    quantity: Quantity | None = None
    seeds_behind: int = Field(1, ge=1, description="runs behind the claimed number; 1 unless the source states more")
    statistic: Literal["single", "mean", "median", "max"] = "single"
    claimed_sd: float | None = Field(None, gt=0, description="where the source gives one")
    margin: float | None = Field(None, gt=0, description="of equivalence, in points, fixed before any run")
    test: Test
    deviations: tuple[str, ...] = Field((), description="what any rerun of this claim here does otherwise")
    unknown: tuple[str, ...] = Field((), description="what the source does not say")
    unsupported: str = Field("", description="why no job can be planned for it, where that is so")

    @model_validator(mode="after")
    def _number_and_margin(self) -> Claim:
        if self.test.kind in ("level", "effect") and self.quantity is None:
            raise ValueError(f"a test of kind '{self.test.kind}' needs a quantity: the claimed number")
        if self.test.kind in ("level", "effect", "no_effect", "no_gain") and self.margin is None:
            raise ValueError(f"a test of kind '{self.test.kind}' needs a margin: the points that still count as equal")
        effect = abs(self.quantity.number) if self.quantity is not None and self.test.kind == "effect" else None
        # a wider margin would call half of the effect, and almost none of it, the same as all of it
        if effect is not None and self.margin is not None and self.margin > effect / 2:
            raise ValueError(
                f"the margin {self.margin} is more than half the claimed effect; take {effect / 2:g} or less"
            )
        if self.statistic != "single" and self.seeds_behind == 1:
            raise ValueError(f"a {self.statistic} needs 'seeds_behind' above 1: the runs that it is of")
        return self


class Registry(Spec):
    """One registry file."""

    schema_: Literal["claimcheck/registry/v1"] = Field(alias="schema")
    paper: Paper
    sources: tuple[Source, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = Field(min_length=1)
    targets: tuple[Target, ...] = Field(min_length=1)
    scales: dict[Literal["paper", "lab", "smoke"], Scale]
    groups: dict[Name, tuple[Name, ...]] = Field(
        default_factory=dict,
        description="names for several conditions or targets; in measures their members take their place",
    )
    claims: tuple[Claim, ...] = Field(min_length=1)
    _called: dict[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _groups_expanded(cls, content: Any) -> Any:
        groups = content.get("groups") if isinstance(content, dict) else None
        claims = content.get("claims") if isinstance(content, dict) else None
        if not isinstance(groups, dict) or not isinstance(claims, list | tuple):
            return content
        return {**content, "claims": [_expand(claim, groups) for claim in claims]}

    @model_validator(mode="after")
    def _names_resolve(self) -> Registry:
        for kind in ("sources", "conditions", "targets", "claims"):
            ids = [entry.id for entry in getattr(self, kind)]
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{kind}: the id '{twice[0]}' stands twice; rename one of them")
        sources, conditions, targets = ({e.id for e in getattr(self, k)} for k in ("sources", "conditions", "targets"))
        for name in self.groups:
            if name in conditions | targets:
                raise ValueError(f"groups: '{name}' is the id of a condition or target; choose another name")
        claims = {claim.id for claim in self.claims}
        for claim in self.claims:
            for name in claim.aliases:
                if name in claims:
                    raise ValueError(f"claim '{claim.id}': its alias '{name}' is the id of a claim")
            for name in (claim.source, *claim.also):
                if name not in sources:
                    raise ValueError(f"claim '{claim.id}': there is no source '{name}'{_near(name, sources)}")
            for measure in claim.test.measures:
                for name in (*measure.conditions, *((measure.control,) if measure.control else ())):
                    if name not in conditions:
                        raise ValueError(f"claim '{claim.id}': there is no condition '{name}'{_near(name, conditions)}")
                for name in measure.targets:
                    if name not in targets:
                        raise ValueError(f"claim '{claim.id}': there is no target '{name}'{_near(name, targets)}")
        return self

    @model_validator(mode="after")
    def _scales_change_what_there_is(self) -> Registry:
        known = {"conditions": {c.id for c in self.conditions}, "targets": {t.id for t in self.targets}}
        for scale, at in self.scales.items():
            for kind, ids in known.items():
                for name in getattr(at, kind):
                    if name not in ids:
                        raise ValueError(f"scales.{scale}.{kind}: there is no '{name}'{_near(name, ids)}")
        return self

    @model_validator(mode="after")
    def _what_is_trained_has_a_recipe(self) -> Registry:
        for name in self.scales:
            registry = self.at(name)
            conditions = {condition.id: condition for condition in registry.conditions}
            targets = {target.id: target for target in registry.targets}
            for claim in registry.claims:
                for measure in claim.test.measures:
                    for one in {*measure.conditions, *((measure.control,) if measure.control else ())}:
                        if conditions[one].command is None and not conditions[one].unsupported:
                            for target in measure.targets:
                                registry._check_training(name, conditions[one], targets[target])
        return self

    def at(self, scale: str) -> Registry:
        """This registry with what the scale has in place of the paper's tasks, conditions and targets.

        What the scale lacks becomes `unsupported` there, averages are over the targets that are left, and each change
        is listed as a deviation. Raises KeyError for an unknown scale.
        """
        from reproduce.registry.atscale import resolve  # here: it builds on these records

        return resolve(self, scale)

    def called_with(self, deviations: Mapping[str, tuple[str, ...]]) -> Registry:
        """This registry with deviations, by claim, that come from how a run was called and stand in no file."""
        copy = self.model_copy()
        copy._called = dict(deviations)
        return copy

    def deviations(self, claim: Claim, scale: str, *, called: bool = True) -> tuple[str, ...]:
        """All that a rerun of the claim at that scale does otherwise than the paper, each once.

        Its own, then those of the scale, of its conditions, of its targets and of the trainings that it rests on, and,
        unless `called` is False, those of the call; its own alone where the registry has no such scale.
        """
        scales: dict[str, Scale] = {str(name): at for name, at in self.scales.items()}
        if scale not in scales:
            return claim.deviations
        found = [*claim.deviations, *scales[scale].deviations]
        conditions = {condition.id: condition for condition in self.conditions}
        targets = {target.id: target for target in self.targets}
        for measure in claim.test.measures:
            for name in (*((measure.control,) if measure.control else ()), *measure.conditions):
                condition = conditions[name]
                found += condition.deviations
                if condition.command is not None or condition.unsupported:
                    continue  # a command's training is its own
                recipes = [scales[scale].intermediate_recipe(condition)] if condition.tasks else []
                trained = [targets[target].train for target in measure.targets]
                recipes += [scales[scale].target_recipe(task) for task in trained if task is not None]
                found += [line for target in measure.targets for line in targets[target].deviations]
                found += [line for recipe in recipes if recipe is not None for line in recipe.deviations]
        return tuple(dict.fromkeys([*found, *(self._called.get(claim.id, ()) if called else ())]))

    def _check_training(self, name: str, condition: Condition, target: Target) -> None:
        if target.unsupported:
            return
        if target.train is None and target.probe is None:
            raise ValueError(
                f"target '{target.id}' needs 'train' or a 'probe': condition '{condition.id}' is no command"
            )
        scale = self.scales[name]  # type: ignore[index]
        if scale.encoder is None and scale.pretraining is None:
            raise ValueError(
                f"scales.{name} needs 'encoder' or 'pretraining': condition '{condition.id}' is no command"
            )
        if condition.tasks and scale.intermediate_recipe(condition) is None:
            raise ValueError(f"scales.{name}.intermediate: no recipe for '{condition.id}' and no 'default'")
        if target.train is not None and scale.target_recipe(target.train) is None:
            raise ValueError(f"scales.{name}.target: no recipe for '{target.train}' and no 'default'")


def _expand(value: Any, groups: dict[str, Any]) -> Any:
    """The same nest of tables and lists, with members in place of groups where `conditions` or `targets` name them."""
    if isinstance(value, list | tuple):
        return [_expand(entry, groups) for entry in value]
    if not isinstance(value, dict):
        return value
    found = {key: _expand(entry, groups) for key, entry in value.items()}
    for key in {"conditions", "targets"} & found.keys():
        names = found[key]
        if isinstance(names, list):
            members = [groups.get(name, [name]) if isinstance(name, str) else [name] for name in names]
            found[key] = [m for group in members for m in (group if isinstance(group, list | tuple) else [group])]
    return found


def _near(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there are: {', '.join(sorted(known)[:12])}"
