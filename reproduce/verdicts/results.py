"""From a run folder to Reproductions: the plan made anew, the runs that count, and a verdict for each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from claimcheck.foundation.records import Reproduction, RunRecord
from claimcheck.foundation.replication import MIN_SEEDS, Judged, Judgement, Summary, finalise, summarise
from reproduce.planning.plan import Cell, metric_of
from reproduce.registry.schema import Claim, Registry
from reproduce.verdicts.account import Account
from reproduce.verdicts.chance import Floor, baseline_of, floor, without
from reproduce.verdicts.decide import Decision, claimed_number, decide
from reproduce.verdicts.effects import effects
from reproduce.verdicts.evidence import Evidence, evidence
from reproduce.verdicts.gate import REASONS, CheckedRun, Refusal
from reproduce.verdicts.gold import Load

__all__ = ["Results", "details_of", "judged", "quantity_of", "reproductions", "results"]

_Place = tuple[str, str, tuple[str, ...]]  # condition, target, languages


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
    that labels and checksums are compared with. Raises as `evidence`.
    """
    return judged(evidence(folder, load=load))


def judged(found: Evidence) -> Results:
    """The results of a folder that is open: its runs are checked once, whatever else is made of them."""
    writer, plan = _Writer(found, Account(found)), found.plan
    writer.prepare()
    papers = [writer.of_paper(claim) for claim in plan.asked_claims] if plan.asked is not plan.registry else []
    own = [writer.of_plan(claim) for claim in plan.claims]
    # a generator of its own: the interval of tau is the same every time
    summary = summarise([one for _, one in own], np.random.default_rng(0))
    return Results(tuple(papers + _with_summary([one for one, _ in own], summary)), summary)


@dataclass(frozen=True)
class _Writer:
    """Fills the fields of Reproductions."""

    evidence: Evidence
    account: Account
    _floors: dict[_Place, Floor | None] = field(default_factory=dict)

    def prepare(self) -> None:
        """Name all that will be drawn, so that the items of each run are resampled in one pass."""
        claims = [claim for claim in self.evidence.plan.claims if claim.id not in self.evidence.plan.not_planned]
        measures = [m for claim in claims if claim.test.kind != "level" for m in claim.test.measures]
        self.evidence.scores.prepare(measures, self.evidence.seeds)

    def of_paper(self, claim: Claim) -> Reproduction:
        """A paper's claim at scale smoke, where nothing of it is measured."""
        return self._written(self.evidence.plan.asked, claim, finalise(_not_tested(""), "smoke"))

    def of_plan(self, claim: Claim) -> tuple[Reproduction, Judged]:
        """A claim of the registry that was planned, and its judgement for the summary."""
        judgement, cells, values = self._judged(claim)
        number = claimed_number(claim) if claim.quantity is not None else None
        return (
            self._written(self.evidence.plan.registry, claim, judgement, cells, values),
            Judged(claim.id, judgement, number, claim.source),
        )

    def _judged(self, claim: Claim) -> tuple[Judgement, Sequence[Cell], Sequence[float]]:
        plan, scores, scale = self.evidence.plan, self.evidence.scores, self.evidence.request.scale
        # only the shipped registry is the toolkit's own; another file that bears its name is a paper's
        asked = self.evidence.request.asked
        own = plan.registry is not plan.asked or (asked.shipped and asked.name == "smoke")
        if scale == "smoke" and not own:
            return finalise(_not_tested(""), scale), (), ()
        if claim.id in plan.not_planned:
            code = "untestable" if claim.test.kind == "untestable" else "unsupported"
            return _not_tested(f"{code}: {plan.not_planned[claim.id]}"), (), ()
        seeds = self.evidence.seeds
        cells = list(dict.fromkeys(cell for m in claim.test.measures for cell in scores.cells(m, seeds)))
        runs = {plan.cells[cell]: scores.run(cell) for cell in cells}
        refusals = [run for run in runs.values() if isinstance(run, Refusal)]
        if refusals:
            return _not_tested(_refused(refusals, len(runs))), cells, ()
        floors = self._floors_of(claim)
        at_chance = {name: one for name, one in floors.items() if one.is_degenerate} if scale == "lab" else {}
        left = without(claim, at_chance)
        decision = decide(scores, left or claim, seeds)
        if left is None:
            decision = _of_nothing(decision, claim)
        judgement, values = decision.judgement, decision.values
        if not decision.flips:
            judgement = _not_tested(f"verdict_does_not_flip: {REASONS['verdict_does_not_flip']}")
            values = ()
        fixed = scores.is_deterministic(claim.test.measures, seeds)
        notes = _on_direction(claim, judgement, fixed) if scale == "lab" else []
        deviations = (
            *self.account.deviations(claim, cells),
            *(f"degenerate at this scale: {one}" for one in at_chance.values()),
        )
        judgement = finalise(judgement, scale, deviations, own=own)
        planned_seeds = plan.registry.scales[scale].seeds
        if plan.seeds < planned_seeds:
            note = f"{plan.seeds} of the {planned_seeds} seeds that the registry plans"
            if judgement.verdict == "not_tested":  # whose reason is a code
                notes.append(note)
            else:
                judgement = replace(judgement, reason="; ".join(filter(None, (judgement.reason, note))))
        details: dict[str, Any] = {"flips": True} if decision.flips else {}
        details |= judgement.details | decision.details | self.account.details(claim, cells, floors)
        if not scores.degenerate(claim.test.measures, seeds):
            made = effects(scores, claim, seeds, left_out=at_chance)
            details |= {"effects": made} if made is not None else {}
        if notes:
            details["notes"] = [*notes, *details.get("notes", ())]
        return replace(judgement, details=details), cells, values

    def _floors_of(self, claim: Claim) -> dict[str, Floor]:
        """How far the baseline of each target stands above chance; none at scale smoke, where that is not asked."""
        found: dict[str, Floor] = {}
        if self.evidence.request.scale == "smoke":
            return found
        for measure in claim.test.measures:
            for target in measure.targets:
                condition = baseline_of(claim, target, self.evidence.plan)
                if condition is None or target in found:
                    continue
                place = condition, target, measure.languages
                if place not in self._floors:
                    self._floors[place] = floor(
                        self.evidence.scores, condition, target, self.evidence.seeds, measure.languages
                    )
                if (one := self._floors[place]) is not None:
                    found[target] = one
        return found

    def _written(
        self,
        registry: Registry,
        claim: Claim,
        judgement: Judgement,
        cells: Sequence[Cell] = (),
        values: Sequence[float] = (),
    ) -> Reproduction:
        plan = self.evidence.plan
        keys = list(dict.fromkeys(plan.cells[cell] for cell in cells))
        checked = [run for key in keys if isinstance(run := self.evidence.scores.runs[key], CheckedRun)]
        sources = {source.id: source.where for source in registry.sources}
        return Reproduction(
            registry_id=claim.id,
            paper=registry.paper.id,
            paper_version=claim.version or registry.paper.version,
            claim_text=claim.text,
            quantity=quantity_of(registry, claim),
            claimed_source=sources[claim.source],
            scale=self.evidence.request.scale,
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
            cost=self.account.cost(keys),
            details={
                **details_of(registry, claim),
                **judgement.details,
            },
        )


def _not_tested(reason: str) -> Judgement:
    return Judgement(None, None, 0, None, None, None, "not_tested", None, reason)


def _of_nothing(decision: Decision, claim: Claim) -> Decision:
    """The decision where no target is left that could show anything: what was measured stays, and says nothing."""
    judgement = replace(
        decision.judgement,
        verdict="degenerate",
        direction=None if claim.test.kind == "level" else "unclear",
        interval=None,
        reason="no target is left: every baseline lies within 3 standard errors of chance",
    )
    return replace(decision, judgement=judgement, flips=True)


def _on_direction(claim: Claim, judgement: Judgement, fixed: bool) -> list[str]:
    """Why there is no direction, or why it is not clear: a reason that is not about the claimed number.

    fixed: no seed enters, so that one run is all there is.
    """
    if claim.test.kind == "level":
        return ["a score alone has no direction: that of another encoder says nothing about the paper's"]
    too_few = judgement.n < MIN_SEEDS and not fixed
    about_number = claim.test.kind == "effect" and not too_few
    if judgement.verdict in ("not_tested", "degenerate") or about_number or not judgement.reason:
        return []
    return [f"direction {judgement.direction}: {judgement.reason}"]


def _refused(refusals: Sequence[Refusal], total: int) -> str:
    """A code and a sentence: what keeps runs from counting, tampering before what is merely not done."""
    codes = Counter(refusal.code for refusal in refusals)
    missing = codes.pop("run_missing", 0)
    if not codes:
        return f"runs_missing: {missing} of {total} runs are not finished"
    first = next(refusal for refusal in refusals if refusal.code != "run_missing")
    others = f"; {len(refusals)} of {total} runs do not count" if len(refusals) > 1 else ""
    return f"{first.code}: {first}{others}"


def details_of(registry: Registry, claim: Claim) -> dict[str, Any]:
    """What the registry says of a claim beside its number: its test, what is unknown, who else says the same."""
    sources = {source.id: source.where for source in registry.sources}
    return {
        "test": claim.test.kind,
        **({"unknown": list(claim.unknown)} if claim.unknown else {}),
        **({"also": [sources[name] for name in claim.also]} if claim.also else {}),
    }


def quantity_of(registry: Registry, claim: Claim) -> dict[str, Any]:
    """The claimed number. Of a claim without a number: what its test measures, with None for the number."""
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
