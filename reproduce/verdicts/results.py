"""From a run folder to Reproductions: the plan made anew, the runs that count, and a verdict for each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from claimcheck.foundation.errors import MissingInputError
from claimcheck.foundation.records import Reproduction, RunRecord
from claimcheck.foundation.replication import Judged, Judgement, Summary, finalise, summarise
from reproduce.data.dataset import Dataset
from reproduce.engine.jobs import JobRow, JobStore
from reproduce.engine.request import Request, has_changed, planned, read_request, seeds_at_first
from reproduce.planning.plan import Cell, Plan, metric_of
from reproduce.registry.schema import Claim, Registry
from reproduce.runrecord import inputs_of
from reproduce.specs import CommandJob, Data, EvaluateJob, PretrainJob, TrainJob
from reproduce.verdicts.decide import claimed_number, decide
from reproduce.verdicts.gate import REASONS, CheckedRun, Gate, Refusal
from reproduce.verdicts.gold import Gold, Load
from reproduce.verdicts.scores import Scores

__all__ = ["Results", "reproductions", "results"]


@dataclass(frozen=True)
class Results:
    """What a run folder comes to. `summary` is of the claims whose registry was planned."""

    reproductions: tuple[Reproduction, ...]
    summary: Summary


def reproductions(folder: Path, *, load: Load | None = None) -> list[Reproduction]:
    """The Reproductions of `results`."""
    return list(results(folder, load=load).reproductions)


def results(folder: Path, *, load: Load | None = None) -> Results:
    """A Reproduction for each claim that was asked for, in the order of the registry, from what lies in the folder.

    At scale smoke the claims of a paper are not tested, and those of the smoke registry follow. A claim of which a run
    is missing or refused is not tested, whatever the other runs say. `load`, in place of reproduce.data, gives the data
    that labels and checksums are compared with. Raises MissingInputError where the folder is no run folder,
    UnreadableInputError where its request or its job store is damaged, and what reading the registry raises.
    """
    request = read_request(folder)
    plan = planned(request)
    gate = Gate(
        jobs=folder / "jobs",
        plan={job.key: job.job for job in plan.jobs},
        records=_records(folder),
        claimed=_claimed_numbers(plan),
        gold=Gold(load or _load),
        measures=_measures(plan),
        untrained=_untrained(plan),
    )
    writer = _Writer(request, plan, gate, Scores(plan, gate))
    papers = [writer.of_paper(claim) for claim in plan.asked_claims] if plan.asked is not plan.registry else []
    judged = [writer.of_plan(claim) for claim in plan.claims]
    # a generator of its own: the interval of tau is the same every time
    summary = summarise([one for _, one in judged], np.random.default_rng(0))
    return Results(tuple(papers + _with_summary([one for one, _ in judged], summary)), summary)


def _load(task: str, data: Data, language: str, split: str) -> Dataset:
    from reproduce import data as datasets

    return datasets.text(data, language) if task == "text" else datasets.load(task, data, language, split)


def _records(folder: Path) -> dict[str, JobRow]:
    try:
        with JobStore(folder / "jobs.sqlite", read_only=True) as store:
            return {row.key: row for row in store.states()}
    except MissingInputError:  # nothing has run yet, and every claim will say so
        return {}


def _claimed_numbers(plan: Plan) -> tuple[str, ...]:
    claims = (*plan.asked.claims, *plan.registry.claims)
    return tuple(sorted({claim.quantity.value for claim in claims if claim.quantity is not None}))


def _measures(plan: Plan) -> dict[str, list[str]]:
    """The metrics of each evaluation and command; two targets may read one evaluation by different metrics."""
    names = {target.id: metric_of(target) for target in plan.registry.targets}
    found: dict[str, list[str]] = {}
    for cell, key in plan.cells.items():
        if names[cell.target] not in found.setdefault(key, []):
            found[key].append(names[cell.target])
    return found


def _untrained(plan: Plan) -> frozenset[str]:
    """Commands on a target that the recipe measures without a training."""
    probed = {target.id for target in plan.registry.targets if target.probe is not None}
    keys = {key for cell, key in plan.cells.items() if cell.target in probed}
    return frozenset(key for key in keys if isinstance(plan.by_key[key].job, CommandJob))


@dataclass(frozen=True)
class _Writer:
    """Fills the fields of Reproductions."""

    request: Request
    plan: Plan
    gate: Gate
    scores: Scores

    def of_paper(self, claim: Claim) -> Reproduction:
        """A paper's claim at scale smoke, where nothing of it is measured."""
        return self._written(self.plan.asked, claim, finalise(_not_tested(""), "smoke"))

    def of_plan(self, claim: Claim) -> tuple[Reproduction, Judged]:
        """A claim of the registry that was planned, and its judgement for the summary."""
        judgement, cells, values = self._judged(claim)
        number = claimed_number(claim) if claim.quantity is not None else None
        judged = Judged(claim.id, judgement, number, claim.source)
        return self._written(self.plan.registry, claim, judgement, cells, values), judged

    def _judged(self, claim: Claim) -> tuple[Judgement, Sequence[Cell], Sequence[float]]:
        plan, scale = self.plan, self.request.scale
        # only the shipped registry is the toolkit's own; another file that bears its name is a paper's
        asked = self.request.asked
        own = plan.registry is not plan.asked or (asked.shipped and asked.name == "smoke")
        if scale == "smoke" and not own:
            return finalise(_not_tested(""), scale), (), ()
        if claim.id in plan.not_planned:
            code = "untestable" if claim.test.kind == "untestable" else "unsupported"
            return _not_tested(f"{code}: {plan.not_planned[claim.id]}"), (), ()
        seeds = range(1, plan.seeds + 1)
        cells = list(dict.fromkeys(cell for m in claim.test.measures for cell in self.scores.cells(m, seeds)))
        runs = {plan.cells[cell]: self.scores.run(cell) for cell in cells}
        refusals = [run for run in runs.values() if isinstance(run, Refusal)]
        if refusals:
            return _not_tested(_refused(refusals, len(runs))), cells, ()
        decision = decide(self.scores, claim, seeds)
        judgement, values = decision.judgement, decision.values
        if not decision.flips:
            judgement = _not_tested(f"verdict_does_not_flip: {REASONS['verdict_does_not_flip']}")
            values = ()
        judgement = finalise(judgement, scale, self._deviations(claim, cells), own=own)
        planned_seeds = plan.registry.scales[scale].seeds
        if plan.seeds < planned_seeds:
            note = f"{plan.seeds} of the {planned_seeds} seeds that the registry plans"
            judgement = replace(judgement, reason="; ".join(filter(None, (judgement.reason, note))))
        details = {"flips": True} if decision.flips else {}
        details |= judgement.details | decision.details | self._details(claim, cells)
        return replace(judgement, details=details), cells, values

    def _written(
        self,
        registry: Registry,
        claim: Claim,
        judgement: Judgement,
        cells: Sequence[Cell] = (),
        values: Sequence[float] = (),
    ) -> Reproduction:
        keys = list(dict.fromkeys(self.plan.cells[cell] for cell in cells))
        checked = [run for key in keys if isinstance(run := self.scores.runs[key], CheckedRun)]
        sources = {source.id: source.where for source in registry.sources}
        return Reproduction(
            registry_id=claim.id,
            paper=registry.paper.id,
            paper_version=claim.version or registry.paper.version,
            claim_text=claim.text,
            quantity=_quantity(registry, claim),
            claimed_source=sources[claim.source],
            scale=self.request.scale,
            values=tuple(values),
            mean=judgement.mean,
            sd=judgement.sd,
            n=judgement.n,
            interval=judgement.interval,
            radius=judgement.radius,
            margin=claim.margin if judgement.margin is None else judgement.margin,
            verdict=judgement.verdict,
            direction=judgement.direction,
            reason=judgement.reason,
            deviations=judgement.deviations,
            runs=tuple(
                RunRecord(
                    id=run.key,
                    optimizer_steps=run.optimizer_steps,
                    data_sha256=run.data_sha256,
                    predictions_sha256=run.predictions_sha256,
                    exit=run.run.exit,
                )
                for run in checked
            ),
            cost=self._cost(keys),
            details={
                "test": claim.test.kind,
                **({"unknown": list(claim.unknown)} if claim.unknown else {}),
                **({"also": [sources[name] for name in claim.also]} if claim.also else {}),
                **judgement.details,
            },
        )

    def _details(self, claim: Claim, cells: Sequence[Cell]) -> dict[str, Any]:
        """Scores by condition, target and language (means over seeds), what was picked, what could not be compared."""
        seeds = range(1, self.plan.seeds + 1)
        places = list(dict.fromkeys((cell.condition, cell.target, cell.split) for cell in cells))
        languages: dict[str, dict[str, float]] = {}
        for condition, target, split in places:
            found = [self.scores.by_language(Cell(condition, target, split, seed)) for seed in seeds]
            told = [scores for scores in found if scores]
            if told:
                name = f"{condition} on {target} ({split})"
                languages[name] = {code: sum(s[code] for s in told) / len(told) for code in told[0]}
        details: dict[str, Any] = {"by_language": languages}
        picked = [
            f"{pick.target}, seed {pick.seed}: {pick.condition}"
            for measure in claim.test.measures
            if measure.pick_split is not None
            for pick in self.scores.picks(measure, seeds)
        ]
        keys = self._lineage([self.plan.cells[cell] for cell in cells])
        runs = [self.gate.check(key) for key in keys]
        notes = [note for run in runs if isinstance(run, CheckedRun) for note in run.notes]
        # an engine that dies before it can record an end has recorded the beginning
        if unknown := sum(not self.gate.records[key].attempts for key in keys if key in self.gate.records):
            notes.append(
                f"{unknown} runs were taken over as they lay in the folder: the job store has no record of their making"
            )
        first = seeds_at_first(self.request, self.plan.registry)
        if first is not None and self.plan.seeds > first:
            notes.append(f"seeds were raised from {first} to {self.plan.seeds} after the first request")
        for name in ("source", "torch"):
            states = {run.run.versions[name] for run in runs if isinstance(run, CheckedRun) if name in run.run.versions}
            if len(states) > 1:
                what = "claimcheck's code" if name == "source" else name
                notes.append(f"the runs were made with {len(states)} versions of {what}")
        return (
            details | ({"picked": picked} if picked else {}) | ({"notes": list(dict.fromkeys(notes))} if notes else {})
        )

    def _deviations(self, claim: Claim, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Those of the registry, and what the runs themselves did otherwise."""
        found = list(self.plan.registry.deviations(claim, self.request.scale))
        if has_changed(self.request, claim, self.plan.registry):
            found.append(
                "its number, margin, test, metric or deviations in the registry were changed or added after its runs"
            )
        for key in self._lineage([self.plan.cells[cell] for cell in cells]):
            run = self.gate.check(key)
            if not isinstance(run, CheckedRun):
                continue
            job = run.job
            if isinstance(job, PretrainJob | TrainJob) and job.optimisation.precision == "bf16" and not _in_bf16(run):
                found.append("trained in fp32 in place of bf16")
            if self.request.scale == "paper" and isinstance(job, EvaluateJob) and job.items is not None:
                found.append(f"{job.task}: the first {job.items} items of each language")
        return tuple(dict.fromkeys(found))

    def _lineage(self, keys: Sequence[str]) -> list[str]:
        """The jobs behind these and they themselves, each once."""
        found: dict[str, None] = {}
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in found:
                found[key] = None
                todo.extend(inputs_of(self.gate.plan[key]))
        return list(found)

    def _cost(self, keys: Sequence[str]) -> dict[str, float]:
        """Of all jobs behind a claim; a job that serves several claims is counted in each."""
        if not keys:
            return {}
        cost = Counter[str](jobs=0)
        for key in self._lineage(keys):
            run, planned_cost = self.gate.check(key), self.plan.by_key[key].cost
            if isinstance(run, CheckedRun):
                cost["jobs"] += 1
                totals = {"hours": run.run.seconds.get("total", 0.0) / 3600, "flops": planned_cost.flops or 0.0}
                totals |= {"optimizer_steps": run.run.optimizer_steps, "tokens": run.run.tokens}
                for name, value in totals.items():
                    cost[name] += value  # type: ignore[assignment]  # a Counter of floats
        return {name: float(value) for name, value in cost.items()}


def _in_bf16(run: CheckedRun) -> bool:
    """Whether a training that asked for bf16 had it: on a CPU none has."""
    return str(run.run.hardware.get("precision", run.run.hardware.get("device", ""))).startswith(("bf16", "cuda"))


def _not_tested(reason: str) -> Judgement:
    return Judgement(None, None, 0, None, None, None, "not_tested", None, reason)


def _refused(refusals: Sequence[Refusal], total: int) -> str:
    """A code and a sentence: what keeps runs from counting, tampering before what is merely not done."""
    codes = Counter(refusal.code for refusal in refusals)
    missing = codes.pop("run_missing", 0)
    if not codes:
        return f"runs_missing: {missing} of {total} runs are not finished"
    first = next(refusal for refusal in refusals if refusal.code != "run_missing")
    others = f"; {len(refusals)} of {total} runs do not count" if len(refusals) > 1 else ""
    return f"{first.code}: {first}{others}"


def _quantity(registry: Registry, claim: Claim) -> dict[str, Any]:
    """Of a claim without a number: what its test measures, with None for the number."""
    names = {name for measure in claim.test.measures for name in measure.targets}
    targets = [target for target in registry.targets if target.id in names]
    quantity = claim.quantity
    metrics = list(dict.fromkeys(metric_of(target) for target in targets))
    directions = {"effect": "increase", "no_gain": "increase", "greater": "increase", "best": "increase"}
    controls = [measure.control for measure in claim.test.measures if measure.control is not None]
    return {
        "value": None if quantity is None else quantity.number,
        "unit": "points" if quantity is None else quantity.unit,
        "half_width": None if quantity is None else quantity.half_width,
        "direction": directions.get(claim.test.kind, "level") if quantity is None else quantity.direction,
        "baseline": (quantity.baseline if quantity else "") or ", ".join(dict.fromkeys(controls)),
        "metric": (quantity.metric if quantity else "") or ", ".join(metrics),
        "aggregation": (quantity.aggregation if quantity else "") or "mean over targets of the mean over languages",
        "split": (quantity.split if quantity else "") or ", ".join(sorted({target.split for target in targets})),
    }


def _with_summary(found: Sequence[Reproduction], summary: Summary) -> list[Reproduction]:
    """With what only all claims together tell: p values corrected for their number, the variation of each number."""
    out = []
    for one in found:
        details = dict(one.details)
        reason = one.reason
        if one.registry_id in summary.variation:
            details["cv"] = summary.variation[one.registry_id]
        corrected = summary.corrected.get(one.registry_id)
        if corrected is not None:
            details |= {"p_holm": corrected.holm, "p_fdr": corrected.fdr}
            if one.verdict.startswith("not_reproduced") and not corrected.stands:
                note = f"alone at p = {corrected.p_value:.3f}, not after correction for the number of claims"
                reason = "; ".join(filter(None, (reason, note)))
        out.append(one.model_copy(update={"details": details, "reason": reason}))
    return out
