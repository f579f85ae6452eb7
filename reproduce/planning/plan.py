"""From the claims of a registry to a plan: a graph of jobs in which equal work stands once, and what it costs.

Four phases: pretrained encoder, intermediate training, target training, evaluation. A job's key is a hash of its
content and of the keys it builds on, so that jobs merge wherever they come from: one intermediate encoder serves all
targets, two targets that train on the same task share the training, and the baseline's retrieval, in which nothing is
trained, is one job for all seeds. Loads no torch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from claimcheck.foundation.errors import UsageError
from reproduce.planning import costs
from reproduce.planning.estimates import priorities
from reproduce.planning.given import NOTHING, Given
from reproduce.planning.needs import Need, needs
from reproduce.planning.planner import Builder, Cell, Phase, PlannedJob, Split, metric_of
from reproduce.registry.load import choose_claims, load_registry
from reproduce.registry.schema import Claim, Registry

__all__ = ["Cell", "Plan", "PlannedJob", "Row", "Total", "claims_of", "make_plan", "metric_of", "registry_at"]

PHASES: tuple[Phase, ...] = ("pretraining", "intermediate", "target", "evaluation", "command")


@dataclass(frozen=True)
class Total:
    """The sum over jobs. Jobs of unknown cost are counted in `unknown` and add nothing."""

    jobs: int
    unknown: int
    flops: float
    tokens: int
    steps: int
    seconds: float  # on one slot
    disk_bytes: int  # kept
    running_bytes: int  # the most that one job needs beside that while it runs
    money: float | None  # seconds at the price of an hour; None without a price

    @property
    def hours(self) -> float:
        """Of one slot: one GPU, or one core."""
        return self.seconds / 3600


@dataclass(frozen=True)
class Row:
    """A line of a printed plan. Numbers are None where the cost is not known."""

    phase: Phase
    label: str
    key: str
    claims: int  # how many claims share it
    cells: int  # how many scores rest on it
    steps: int | None
    tokens: int | None
    pflop: float | None
    hours: float | None
    gigabytes: float | None  # kept on disk


@dataclass(frozen=True)
class Plan:
    """What is to be run, in topological order, and for which scores.

    `registry` and `claims` are those that are planned, as the scale sees them (`Registry.at`); at scale smoke they are
    the smoke registry's, and `asked` is the registry that was asked for, `asked_claims` what was chosen from it.
    Elsewhere `asked` is `registry`.
    """

    registry: Registry
    scale: str
    seeds: int
    claims: tuple[Claim, ...]
    jobs: tuple[PlannedJob, ...]
    cells: Mapping[Cell, str]  # key of the evaluation or the command
    not_planned: Mapping[str, str]  # id of a claim -> why
    hardware: str
    hourly_price: float | None
    asked: Registry
    asked_claims: tuple[Claim, ...]
    given: Given = NOTHING

    @cached_property
    def by_key(self) -> Mapping[str, PlannedJob]:
        """The jobs by their keys."""
        return {job.key: job for job in self.jobs}

    @cached_property
    def total(self) -> Total:
        """What all jobs cost together."""
        return self._sum(self.jobs)

    @cached_property
    def by_phase(self) -> Mapping[Phase, Total]:
        """What each phase costs; phases without jobs are left out."""
        groups = {phase: [job for job in self.jobs if job.phase == phase] for phase in PHASES}
        return {phase: self._sum(group) for phase, group in groups.items() if group}

    @cached_property
    def unshared(self) -> Total:
        """What it would cost if every score had a pretraining, an intermediate and a target training of its own."""
        return self._sum(job for cell in self.cells for job in self.chain(cell))

    @property
    def lacks_files(self) -> bool:
        """Whether jobs read files of the user's who gave none."""
        return not self.given.files and any(need.kind == "files" for need in self.needs)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What the jobs read that is not made by others: data and encoders, with where they are had from."""
        return needs([planned.job for planned in self.jobs])

    def called(self, claim: Claim) -> tuple[str, ...]:
        """Deviations of the claim that come from how the plan was asked for: encoder, layers, caps of a budget."""
        return tuple(
            line
            for line in self.registry.deviations(claim, self.scale)
            if line not in self.registry.deviations(claim, self.scale, called=False)
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """Inputs of the estimate that no source gives, each once."""
        return tuple(sorted({text for job in self.jobs for text in job.cost.assumed}))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why some costs are not known, each reason once."""
        return tuple(sorted({text for job in self.jobs for text in job.cost.unknown}))

    def chain(self, cell: Cell) -> tuple[PlannedJob, ...]:
        """The jobs behind a score, the first one first."""
        found: dict[str, PlannedJob] = {}

        def visit(key: str) -> None:
            job = self.by_key[key]
            for before in job.inputs:
                visit(before)
            found[key] = job

        visit(self.cells[cell])
        return tuple(found.values())

    def wall_seconds(self, slots: int = 1) -> float:
        """The estimated time from start to end with so many slots, the longest chain of jobs first, as the engine does.

        Raises UsageError for less than one slot.
        """
        if slots < 1:
            raise UsageError(f"{slots} slots", todo="give at least 1")
        return _schedule(self.jobs, slots)

    def rows(self) -> list[Row]:
        """One line a job, in the order of the plan."""
        return [
            Row(
                phase=job.phase,
                label=job.label,
                key=job.key,
                claims=len(job.claims),
                cells=len(job.cells),
                steps=job.cost.steps,
                tokens=job.cost.tokens,
                pflop=None if job.cost.flops is None else job.cost.flops / 1e15,
                hours=None if job.cost.seconds is None else job.cost.seconds / 3600,
                gigabytes=None if job.cost.disk_bytes is None else job.cost.disk_bytes / 1e9,
            )
            for job in self.jobs
        ]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON, `claimcheck/plan/v1`; keys and their order are stable."""
        return {
            "schema": "claimcheck/plan/v1",
            "paper": self.registry.paper.id,
            "scale": self.scale,
            "seeds": self.seeds,
            "hardware": self.hardware,
            "basis": costs.rates(self.hardware).basis,
            "claims": [claim.id for claim in self.claims],
            "asked": {"paper": self.asked.paper.id, "claims": [claim.id for claim in self.asked_claims]},
            "not_planned": dict(self.not_planned),
            "jobs": [
                {
                    "key": job.key,
                    "phase": job.phase,
                    "label": job.label,
                    "inputs": list(job.inputs),
                    "claims": list(job.claims),
                    "cells": len(job.cells),
                    "job": job.job.model_dump(mode="json"),
                    "cost": {
                        name: getattr(job.cost, name)
                        for name in ("flops", "tokens", "steps", "seconds", "disk_bytes", "running_bytes")
                    }
                    | {"unknown": list(job.cost.unknown)},
                }
                for job in self.jobs
            ],
            "cells": [
                {"condition": c.condition, "target": c.target, "split": c.split, "seed": c.seed, "key": key}
                for c, key in self.cells.items()
            ],
            "phases": {phase: _total_json(total) for phase, total in self.by_phase.items()},
            "total": _total_json(self.total),
            "unshared": _total_json(self.unshared),
            "needs": [need.to_json() for need in self.needs],
            "assumed": list(self.assumed),
            "unknown": list(self.unknown),
        }

    def _sum(self, jobs: Iterable[PlannedJob]) -> Total:
        all_jobs = list(jobs)
        known = [job.cost for job in all_jobs if job.cost.seconds is not None]
        seconds = sum(cost.seconds or 0.0 for cost in known)
        return Total(
            jobs=len(all_jobs),
            unknown=len(all_jobs) - len(known),
            flops=sum(cost.flops or 0.0 for cost in known),
            tokens=sum(cost.tokens or 0 for cost in known),
            steps=sum(cost.steps or 0 for cost in known),
            seconds=seconds,
            disk_bytes=sum(cost.disk_bytes or 0 for cost in known),
            running_bytes=max((cost.running_bytes or 0 for cost in known), default=0),
            money=None if self.hourly_price is None else seconds / 3600 * self.hourly_price,
        )


def _total_json(total: Total) -> dict[str, Any]:
    return {name: getattr(total, name) for name in Total.__dataclass_fields__}


def _schedule(jobs: Sequence[PlannedJob], slots: int) -> float:
    first = priorities(jobs)
    place = {job.key: (-first[job.key], i) for i, job in enumerate(jobs)}
    waiting = {job.key: set(job.inputs) for job in jobs}
    after: dict[str, list[str]] = {job.key: [] for job in jobs}
    for job in jobs:
        for key in waiting[job.key]:
            after[key].append(job.key)
    ready = [(place[key], key) for key, inputs in waiting.items() if not inputs]
    heapq.heapify(ready)
    seconds = {job.key: job.cost.seconds or 0.0 for job in jobs}
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < slots:
            _, key = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[key], key))
        now, done = heapq.heappop(running)
        for key in after[done]:
            waiting[key].discard(done)
            if not waiting[key]:
                heapq.heappush(ready, (place[key], key))
    return now


def registry_at(registry: Registry, scale: str) -> Registry:
    """The registry that is planned and judged at a scale, as that scale sees it; scale smoke is the smoke registry's.

    Raises UsageError that names the scales there are.
    """
    if scale == "smoke":
        smoke = load_registry("smoke")
        registry = registry if registry.paper.id == smoke.paper.id else smoke
    if scale not in registry.scales:
        has = ", ".join(dict.fromkeys([*registry.scales, "smoke"]))
        raise UsageError(f"{registry.paper.id} has no scale '{scale}'", todo=f"choose among {has}")
    return registry.at(scale)


def claims_of(registry: Registry, names: Sequence[str] | None) -> tuple[Claim, ...]:
    """The claims of these ids, aliases or ids in a ledger, in the registry's order; all where no names are given.

    Raises UsageError for an unknown name, with the names that are like it.
    """
    if not names:
        return registry.claims
    known = {name for claim in registry.claims for name in (claim.id, *claim.aliases)}
    resolved = [found for name in names for found in ([name] if name in known else _from_ledger(registry, name))]
    try:
        return choose_claims(registry, resolved)
    except UsageError as error:
        listing = f"`claimcheck reproduce plan {registry.paper.id}` shows all claims"
        raise UsageError(error.what, where=error.where, todo=f"{error.todo}; {listing}") from None


def _from_ledger(registry: Registry, name: str) -> list[str]:
    """The ids of the claims that a ledger calls so; the name itself where there is none."""
    if len(name) != 12 or not set(name) <= set("0123456789abcdef"):
        return [name]
    from claimcheck.foundation import records  # here: it is large, and few names are such ids

    made = {claim.id: records.Claim.make_id(registry.paper.id, claim.text) for claim in registry.claims}
    return [claim for claim, ledger in made.items() if ledger == name] or [name]


def make_plan(
    registry: Registry,
    scale: str,
    *,
    claims: Sequence[str] | None = None,
    seeds: int | None = None,
    hourly_price: float | None = None,
    hardware: str | None = None,
    given: Given = NOTHING,
) -> Plan:
    """Plan the runs that decide the claims (all where None) with so many seeds (the scale's where None).

    The same arguments give the same plan, whatever the order of the claims; another claim only adds jobs. Raises
    UsageError for an unknown scale, claim, task, language, metric or hardware, for a recipe that is missing, and for an
    encoder that the scale is not about.
    """
    if seeds is not None and seeds < 1:
        raise UsageError(f"{seeds} seeds", todo="give at least 1")
    if hourly_price is not None and not 0 <= hourly_price < float("inf"):
        raise UsageError(f"an hourly price of {hourly_price}", todo="give a number that is not negative")
    chosen_ids = {claim.id for claim in claims_of(registry, claims)}
    at_scale = registry_at(registry, scale)
    other = at_scale.paper.id != registry.paper.id  # at scale smoke, where another registry is planned
    machine = costs.rates(hardware or costs.default_hardware(scale))
    builder = Builder(at_scale, at_scale.scales[scale], scale, given)  # type: ignore[index]
    chosen = at_scale.claims if other else tuple(claim for claim in at_scale.claims if claim.id in chosen_ids)
    not_planned: dict[str, str] = {}
    needed: dict[tuple[str, str, Split], set[str]] = {}
    for claim in chosen:
        reason = builder.obstacle(claim)
        if reason:
            not_planned[claim.id] = reason
            continue
        for measure in claim.test.measures:
            for score in builder.scores(measure):
                needed.setdefault(score, set()).add(claim.id)
    number = seeds if seeds is not None else builder.scale.seeds
    for seed in range(1, number + 1):
        for condition in at_scale.conditions:
            for target in builder.in_order:
                for split in ("dev", "test"):
                    serves = needed.get((condition.id, target.id, split))
                    if serves:
                        builder.measure(Cell(condition.id, target.id, split, seed), condition, target, serves)
    planned = at_scale.called_with(builder.called())
    asked, asked_claims = planned, chosen
    if other:
        asked, asked_claims = registry, tuple(claim for claim in registry.claims if claim.id in chosen_ids)
        told = "at this scale only the claims of the smoke registry are tested"
        not_planned |= {claim.id: told for claim in asked_claims if claim.id not in {c.id for c in chosen}}
    return Plan(
        registry=planned,
        scale=scale,
        seeds=number,
        claims=chosen,
        jobs=builder.planned(machine),
        cells=builder.cells,
        not_planned=not_planned,
        hardware=machine.name,
        hourly_price=hourly_price,
        asked=asked,
        asked_claims=asked_claims,
        given=given,
    )
