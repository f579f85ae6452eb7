"""The smoke registry's reference figures: retrieval of each condition with seeds that no smoke run uses.

    python -m benchmarks.smoke_reference [--seeds N] [--out FILE]

Runs the registry's own recipe through the code that a worker runs, one pretraining for all, and one intermediate
training and one evaluation a condition and seed. The seeds start after those of a smoke run, so that a claim is never
compared with the runs it was taken from.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.common import RESULTS, print_table, write_result
from reproduce.planning.plan import Plan, make_plan
from reproduce.planning.planner import Cell
from reproduce.registry.load import load_registry
from reproduce.registry.schema import Claim, Measure, Registry, Test
from reproduce.runner import Context, Outcome
from reproduce.specs import EvaluateJob, PretrainJob, TrainJob
from reproduce.tasks import metrics

BASELINE, TARGET = "baseline", "retrieval"
SCALE = "smoke"
PERCENT = 100


@dataclass(frozen=True)
class Done:
    """A job that has run: what its runner said, and how long it took without a process's start."""

    outcome: Outcome
    seconds: float


def every_condition(registry: Registry) -> Registry:
    """The registry with one claim a condition, so that all of them are planned whatever it claims itself."""

    def measure(condition: str) -> Measure:
        return Measure(conditions=(condition,), targets=(TARGET,))

    claims = tuple(
        Claim(
            id=f"reference-{condition.id}",
            text=f"{condition.name} against the {BASELINE}",
            source=registry.sources[0].id,
            test=Test(kind="greater", measure=measure(condition.id), than=measure(BASELINE)),
        )
        for condition in registry.conditions
        if condition.id != BASELINE
    )
    return registry.model_copy(update={"claims": claims})


def run_job(plan: Plan, key: str, folder: Path, done: dict[str, Done]) -> Done:
    """Run a job and, before it, those that it builds on; each once."""
    if key in done:
        return done[key]
    # torch is loaded only once there is something to run
    from reproduce.training.evaluate import run_evaluate
    from reproduce.training.pretrain import run_pretrain
    from reproduce.training.train import run_train

    planned = plan.by_key[key]
    for before in planned.inputs:
        run_job(plan, before, folder, done)
    place = folder / key
    place.mkdir()
    inputs = {before: folder / before for before in planned.inputs}
    context = Context(place, inputs=inputs, device="cpu", threads=1)
    begun = time.perf_counter()
    job = planned.job
    if isinstance(job, PretrainJob):
        outcome = run_pretrain(job, context)
    elif isinstance(job, TrainJob):
        outcome = run_train(job, context)
    elif isinstance(job, EvaluateJob):
        outcome = run_evaluate(job, context)
    else:
        raise TypeError(f"{planned.label}: a job of kind {job.kind} has no reference")
    done[key] = Done(outcome, time.perf_counter() - begun)
    print(f"{planned.label}: {done[key].seconds:.1f} s {outcome.degenerate or ''}".rstrip(), flush=True)
    return done[key]


def accuracy(plan: Plan, cell: Cell, folder: Path, done: dict[str, Done]) -> dict[str, float]:
    """Retrieval of a cell by language, in percent."""
    key = plan.cells[cell]
    run_job(plan, key, folder, done)
    rows = metrics.read_rows((folder / key / "predictions.jsonl").read_bytes())
    return {code: PERCENT * value for code, value in metrics.per_language("retrieval_accuracy", rows).items()}


def spread(values: list[float]) -> float | None:
    """Standard deviation over seeds; None for one seed."""
    return statistics.stdev(values) if len(values) > 1 else None


def main() -> None:
    """Prints a line a condition and writes each seed's figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8, help="reference seeds of each condition")
    parser.add_argument("--out", type=Path, default=RESULTS / "smoke_reference.json")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds must be at least 1")
    registry = load_registry(SCALE)
    first = registry.scales["smoke"].seeds + 1
    seeds = range(first, first + options.seeds)
    plan = make_plan(every_condition(registry), SCALE, seeds=seeds[-1])
    done: dict[str, Done] = {}
    conditions: dict[str, dict[str, object]] = {}
    with TemporaryDirectory(prefix="claimcheck-reference-") as name:
        base = accuracy(plan, Cell(BASELINE, TARGET, "test", first), Path(name), done)
        level = statistics.fmean(base.values())
        for condition in registry.conditions:
            if condition.id == BASELINE:
                continue
            cells = [Cell(condition.id, TARGET, "test", seed) for seed in seeds]
            by_seed = [accuracy(plan, cell, Path(name), done) for cell in cells]
            values = [statistics.fmean(found.values()) for found in by_seed]
            gains = [value - level for value in values]
            trainings = [done[plan.by_key[plan.cells[cell]].inputs[0]] for cell in cells]
            conditions[condition.id] = {
                "retrieval": values,
                "by_language": by_seed,
                "gain": {"values": gains, "mean": statistics.fmean(gains), "sd": spread(gains)},
                "degenerate": [training.outcome.degenerate for training in trainings],
                "training_seconds": [round(training.seconds, 2) for training in trainings],
            }
    rows: list[tuple[object, ...]] = [(BASELINE, level, None, None, None)]
    summary: dict[str, object] = {BASELINE: round(level, 2)}
    for condition_id, found in conditions.items():
        gain = found["gain"]
        assert isinstance(gain, dict)
        rows.append((condition_id, level + gain["mean"], gain["mean"], gain["sd"], min(gain["values"])))
        summary[f"{condition_id} gain"] = round(gain["mean"], 2)
    print_table(("condition", "retrieval", "gain", "sd", "least gain"), rows)
    write_result(options.out, summary, seeds=list(seeds), baseline_by_language=base, conditions=conditions)


if __name__ == "__main__":
    main()
