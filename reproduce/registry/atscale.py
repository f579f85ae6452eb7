"""A registry as one scale sees it: other tasks, parts and languages in place of the paper's, and what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reproduce import tasks
from reproduce.registry.schema import Claim, Condition, Measure, Recipe, Registry, Scale, Target

__all__ = ["languages_of", "resolve"]


def resolve(registry: Registry, name: str) -> Registry:
    """The registry with the scale's changes put in; the scale then has none left, so that twice is as once."""
    scale: Scale = registry.scales[name]  # type: ignore[index]
    if not (scale.tasks or scale.conditions or scale.targets):
        return registry
    conditions = tuple(_condition(condition, scale) for condition in registry.conditions)
    targets = tuple(_target(target, scale) for target in registry.targets)
    by_id = {target.id: target for target in targets}
    whole = {target.id: target for target in registry.targets}
    intermediate, target = dict(scale.intermediate), dict(scale.target)
    paper = registry.scales.get("paper", scale)
    for before, after in zip(registry.conditions, conditions, strict=True):
        if after.tasks and not after.unsupported:
            what = f"intermediate training of {after.id}"
            _compare(intermediate, after.id, what, scale.intermediate_recipe(after), paper.intermediate_recipe(before))
    for old, new in zip(registry.targets, targets, strict=True):
        if old.train is not None and new.train is not None and not new.unsupported:
            what = f"target training on {new.train}"
            _compare(target, new.train, what, scale.target_recipe(new.train), paper.target_recipe(old.train))
    changed = {"tasks": {}, "conditions": {}, "targets": {}, "intermediate": intermediate, "target": target}
    update = {
        "conditions": conditions,
        "targets": targets,
        "claims": tuple(
            _claim(claim, by_id, whole, {c.id: c.unsupported for c in conditions}) for claim in registry.claims
        ),
        "scales": registry.scales | {name: scale.model_copy(update=changed)},
    }
    return registry.model_copy(update=update)


def _compare(table: dict[str, Recipe], name: str, what: str, here: Recipe | None, paper: Recipe | None) -> None:
    """Put the recipe into the table under its own name, with what it does otherwise than at scale paper."""
    if here is None or paper is None or here is paper:
        return
    ours, theirs = _recipe(here), _recipe(paper)
    other = [f"{key} {value} in place of {theirs[key]}" for key, value in ours.items() if value != theirs[key]]
    if other:
        line = f"{what}, beside scale paper: {', '.join(other)}"
        deviations = tuple(dict.fromkeys((*here.deviations, line)))
        table[name] = here.model_copy(update={"deviations": deviations})


def _recipe(recipe: Recipe) -> dict[str, str]:
    """What a recipe says, by what a reader would call it."""
    how = recipe.optimisation
    return {
        "learning rate": f"{how.learning_rate:g}",
        "batch size": str(how.batch_size),
        "length": f"{how.max_steps} steps" if how.epochs is None else f"{how.epochs:g} epochs",
        "longest sequence": f"{recipe.max_length} tokens",
        "weights kept": "the last" if recipe.selection.rule == "last" else "the best on dev",
        "weight decay": f"{how.weight_decay:g}",
        "warm-up": f"{how.warmup:g}",
        "dropout": f"{how.dropout:g}",
        "examples": "all" if recipe.examples is None else str(recipe.examples),
    }


def languages_of(target: Target) -> tuple[str, ...]:
    """The languages of a target on its own split; of one that only commands measure, those that it names."""
    if target.task not in tasks.tasks():
        return target.languages
    found = tasks.task(target.task).languages_of(target.split)
    return tuple(code for code in found if code in (target.languages or found))


def _condition(condition: Condition, scale: Scale) -> Condition:
    if condition.command is not None or condition.unsupported:
        return condition
    if condition.id in scale.conditions:
        return condition.model_copy(update={"unsupported": scale.conditions[condition.id].without})
    kept: dict[str, str] = {}  # the task that is trained on, and the one in whose place
    lost: dict[str, str] = {}
    changes: list[str] = []
    for name in condition.tasks:
        at = scale.tasks.get(name)
        if at is not None and at.without:
            lost[name] = at.without
        else:
            used = at.use if at is not None and at.use is not None else name
            kept.setdefault(used, name)
            if at is not None and used != name:
                changes.append(f"{used} in place of {name}: {at.why}")
    # one that trains on several tasks does so on those that are there; of a single one nothing is left
    if lost and len(kept) < 2:
        told = [why if name == condition.id else f"{name}: {why}" for name, why in lost.items()]
        return condition.model_copy(update={"unsupported": "; ".join(told)})
    if lost:
        without = ", ".join(f"{n} ({why})" for n, why in lost.items())
        changes.insert(
            0, f"{condition.id}: {len(kept)} of {len(condition.tasks)} tasks, {', '.join(kept)}; without {without}"
        )
    if not changes:
        return condition
    return condition.model_copy(update={"tasks": tuple(kept), "deviations": (*condition.deviations, *changes)})


def _target(target: Target, scale: Scale) -> Target:
    at, trained = scale.targets.get(target.id), scale.tasks.get(target.train or "")
    if target.unsupported:
        return target
    if at is not None and at.without:
        return target.model_copy(update={"unsupported": at.without})
    if trained is not None and trained.without:
        of = "" if target.train == target.task else f"{target.train}: "
        return target.model_copy(update={"unsupported": f"{of}{trained.without}"})
    name = _named(target)
    update: dict[str, object] = {}
    changes: list[str] = []
    if trained is not None and trained.use is not None:
        update["train"] = trained.use
        changes.append(f"{name}: trained on {trained.use} in place of {target.train}: {trained.why}")
    if at is not None and at.split is not None and at.split != target.split:
        update["split"] = at.split
        changes.append(f"{name}: scored on the {at.split} part in place of {target.split}: {at.why}")
    if at is not None and at.languages:
        changed = target.model_copy(update={**update, "languages": ()})
        every, kept = languages_of(changed), languages_of(changed.model_copy(update={"languages": at.languages}))
        update["languages"] = kept
        changes.append(f"{name}: {len(kept)} of {len(every)} languages, {_listed(kept, every)}: {at.why}")
    return target.model_copy(update={**update, "deviations": (*target.deviations, *changes)}) if changes else target


def _listed(kept: Iterable[str], every: Iterable[str]) -> str:
    """The languages that are there, or, where that is shorter, those that are not."""
    there, missing = list(kept), [code for code in every if code not in set(kept)]
    return ", ".join(there) if len(there) <= len(missing) else f"without {', '.join(missing)}"


def _claim(
    claim: Claim, targets: Mapping[str, Target], whole: Mapping[str, Target], lost_conditions: Mapping[str, str | None]
) -> Claim:
    """The claim with averages over the targets that are there, and with a deviation that names them.

    Of one that says what is best, those that are not there are left out of what it is compared with.
    """
    notes: dict[str, None] = {}
    nothing_left: dict[str, None] = {}

    def at(measure: Measure) -> Measure:
        lost = {name: why for name in measure.targets if (why := _lack(targets[name], measure))}
        kept = tuple(name for name in measure.targets if name not in lost)
        without = ", ".join(f"{_named(whole[name])} ({why})" for name, why in lost.items())
        if lost and not kept:
            nothing_left[without] = None
        if not lost or not kept:
            return measure
        names = ", ".join(_named(targets[name]) for name in kept)
        notes[f"average over {len(kept)} of {len(measure.targets)} tasks: {names}; without {without}"] = None
        return measure.model_copy(update={"targets": kept})

    test = claim.test
    order = test.order
    if test.kind == "best":
        gone = {name: why for m in order for name in m.conditions if (why := lost_conditions.get(name))}
        kept_order = tuple(measure for measure in order if not gone.keys() & set(measure.conditions))
        if gone and kept_order:
            there = ", ".join(name for measure in kept_order for name in measure.conditions)
            missing = ", ".join(f"{name} ({why})" for name, why in gone.items())
            notes[f"compared with {len(kept_order)} of {len(order)} others: {there}; without {missing}"] = None
            order = kept_order
    measures = {
        "measure": None if test.measure is None else at(test.measure),
        "than": None if test.than is None else at(test.than),
        "order": tuple(at(measure) for measure in order),
    }
    if nothing_left:
        return claim.model_copy(update={"unsupported": f"not at this scale: {'; '.join(nothing_left)}"})
    if not notes:
        return claim
    changed = {"test": test.model_copy(update=measures), "deviations": (*claim.deviations, *notes)}
    return claim.model_copy(update=changed)


def _lack(target: Target, measure: Measure) -> str:
    """Why the measure cannot be had on the target, or nothing."""
    if target.unsupported:
        return target.unsupported
    missing = [code for code in measure.languages if code not in languages_of(target)]
    return f"no {', '.join(missing)}" if missing else ""


def _named(target: Target) -> str:
    return target.name or target.id
