"""What stands beside a verdict: scores by language, deviations, notes, the encoder, and what the runs cost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reproduce.engine.request import has_changed, seeds_at_first
from reproduce.planning.plan import Cell
from reproduce.registry.schema import Claim
from reproduce.runrecord import inputs_of
from reproduce.specs import EvaluateJob, LocalEncoder, PretrainJob, TrainJob
from reproduce.tasks import task
from reproduce.verdicts.chance import Floor
from reproduce.verdicts.evidence import Evidence
from reproduce.verdicts.gate import CheckedRun

__all__ = ["Account"]

# of encoder.json: what a reader of a result wants to know of the encoder behind it
_CARD = ("optimizer_steps", "sentences", "tokens", "masked_loss", "seconds", "hardware", "degenerate", "finished")


@dataclass(frozen=True)
class Account:
    """Says of the claims of one run folder what their runs were."""

    evidence: Evidence

    def deviations(self, claim: Claim, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Those of the registry and of how the plan was asked for, and what the runs themselves did otherwise."""
        plan, scale = self.evidence.plan, self.evidence.request.scale
        found = list(plan.registry.deviations(claim, scale))
        if has_changed(self.evidence.request, claim, plan.registry):
            found.append(
                "its number, margin, test, metric or deviations in the registry were changed or added after its runs"
            )
        for run in self._runs(cells):
            job = run.job
            if isinstance(job, PretrainJob | TrainJob) and job.optimisation.precision == "bf16" and not _in_bf16(run):
                found.append("trained in fp32 in place of bf16")
            if scale == "paper" and isinstance(job, EvaluateJob) and job.items is not None:
                found.append(f"{job.task}: {job.items} items of each language")
        return tuple(dict.fromkeys(found))

    def details(self, claim: Claim, cells: Sequence[Cell], floors: Mapping[str, Floor]) -> dict[str, Any]:
        """Scores by condition, target and language (means over seeds), what was picked, chance, encoder, notes."""
        scores, seeds = self.evidence.scores, self.evidence.seeds
        places = list(dict.fromkeys((cell.condition, cell.target, cell.split) for cell in cells))
        languages: dict[str, dict[str, float]] = {}
        for condition, target, split in places:
            found = [scores.by_language(Cell(condition, target, split, seed)) for seed in seeds]
            told = [by_language for by_language in found if by_language]
            if told:
                name = f"{condition} on {target} ({split})"
                languages[name] = {code: sum(s[code] for s in told) / len(told) for code in told[0]}
        picked = [
            f"{pick.target}, seed {pick.seed}: {pick.condition}"
            for measure in claim.test.measures
            if measure.pick_split is not None
            for pick in scores.picks(measure, seeds)
        ]
        more = {
            "picked": picked,
            "chance": {name: one.to_json() for name, one in floors.items()},
            "encoder": self._encoder(cells),
            "notes": self._notes(cells, floors),
        }
        return {"by_language": languages} | {name: value for name, value in more.items() if value}

    def cost(self, keys: Sequence[str]) -> dict[str, float]:
        """Of all jobs behind a claim; a job that serves several claims is counted in each."""
        if not keys:
            return {}
        cost = Counter[str](jobs=0)
        for key in self._lineage(keys):
            run, planned_cost = self.evidence.gate.check(key), self.evidence.plan.by_key[key].cost
            if isinstance(run, CheckedRun):
                cost["jobs"] += 1
                totals = {"hours": run.run.seconds.get("total", 0.0) / 3600, "flops": planned_cost.flops or 0.0}
                totals |= {"optimizer_steps": run.run.optimizer_steps, "tokens": run.run.tokens}
                for name, value in totals.items():
                    cost[name] += value  # type: ignore[assignment]  # a Counter of floats
        return {name: float(value) for name, value in cost.items()}

    def _notes(self, cells: Sequence[Cell], floors: Mapping[str, Floor]) -> list[str]:
        """What a reader has to know of the runs, and could not see from the numbers."""
        evidence = self.evidence
        runs = self._runs(cells)
        notes = [note for run in runs for note in run.notes]
        keys = self._lineage([evidence.plan.cells[cell] for cell in cells])
        # an engine that dies before it can record an end has recorded the beginning
        records = [evidence.gate.records[key] for key in keys if key in evidence.gate.records]
        if unknown := sum(not record.attempts for record in records):
            notes.append(
                f"{unknown} runs were taken over as they lay in the folder: the job store has no record of their making"
            )
        first = seeds_at_first(evidence.request, evidence.plan.registry)
        if first is not None and evidence.plan.seeds > first:
            notes.append(f"seeds were raised from {first} to {evidence.plan.seeds} after the first request")
        for name in ("source", "torch"):
            states = {run.run.versions[name] for run in runs if name in run.run.versions}
            if len(states) > 1:
                what = "claimcheck's code" if name == "source" else name
                notes.append(f"the runs were made with {len(states)} versions of {what}")
        if any(_is_fitted_on_gold(run) for run in runs):
            notes.append("the threshold of mining was fitted on the very pairs that it is scored on, as XTREME does")
        if card := self._card.get("degenerate"):
            notes.append(f"the encoder failed to train: {card}")
        if evidence.request.scale == "paper":  # the claimed average is over just these tasks: none is taken out
            notes += [f"the baseline cannot be told from chance: {one}" for one in floors.values() if one.is_degenerate]
        return list(dict.fromkeys(notes))

    def _encoder(self, cells: Sequence[Cell]) -> dict[str, Any]:
        """The user's encoder that the runs build on: its checksum, and how it was made where its folder says so."""
        if not any(_local(run) for run in self._runs(cells)):
            return {}
        given = self.evidence.plan.given.encoder
        assert given is not None  # a job names no other
        return {"sha256": given.sha256} | ({"card": self._card} if self._card else {})

    @cached_property
    def _card(self) -> dict[str, Any]:
        """How the encoder was made, from encoder.json beside it; empty where that is of another encoder or absent."""
        given, folder = self.evidence.plan.given.encoder, self.evidence.option("encoder")
        if given is None or folder is None:
            return {}
        try:
            card = json.loads((folder / "encoder.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(card, dict) or card.get("model_sha256") != given.sha256:
            return {}
        job = card.get("job")
        known = job if isinstance(job, dict) else {}
        recipe = {name: known[name] for name in ("size", "vocabulary", "languages") if name in known}
        return recipe | {name: card[name] for name in _CARD if card.get(name) is not None}

    def _runs(self, cells: Sequence[Cell]) -> list[CheckedRun]:
        """The runs behind these cells that count, trainings included."""
        keys = self._lineage([self.evidence.plan.cells[cell] for cell in cells])
        return [run for key in keys if isinstance(run := self.evidence.gate.check(key), CheckedRun)]

    def _lineage(self, keys: Sequence[str]) -> list[str]:
        """The jobs behind these and they themselves, each once."""
        found: dict[str, None] = {}
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in found:
                found[key] = None
                todo.extend(inputs_of(self.evidence.gate.plan[key]))
        return list(found)


def _in_bf16(run: CheckedRun) -> bool:
    """Whether a training that asked for bf16 had it; older runs do not say, and on a CPU none had."""
    known = run.run.hardware
    return bool(known.get("bf16", str(known.get("device", "")).startswith("cuda")))


def _local(run: CheckedRun) -> bool:
    job = run.job
    encoder = job.encoder if isinstance(job, TrainJob) else job.model if isinstance(job, EvaluateJob) else None
    return isinstance(encoder, LocalEncoder)


def _is_fitted_on_gold(run: CheckedRun) -> bool:
    job = run.job
    if not isinstance(job, EvaluateJob) or job.probe is None or job.probe.threshold != "gold":
        return False
    return task(job.task).mines
