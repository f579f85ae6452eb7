"""How the runs of a folder were made, in words: jobs, hardware, versions, encoders, and no path of this machine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from reproduce.display import duration
from reproduce.planning.plan import Plan
from reproduce.runrecord import Finished, Run, inspect
from reproduce.specs import EvaluateJob, LocalEncoder, PretrainJob, TrainJob
from reproduce.verdicts.evidence import Evidence

__all__ = ["encoders", "finished_runs", "hardware", "seconds_of", "steps_of", "versions", "without_paths"]


def without_paths(text: str, found: Evidence, runs: Path) -> str:
    """Errors of jobs and notes name folders: what those of this machine are called is nobody's business."""
    folders = {runs.absolute(): "RUNS", found.option("data"): "DATA", found.option("encoder"): "ENCODER"}
    folders[Path(__file__).parents[1]] = "CODE"
    folders[Path.home()] = "~"
    for folder in sorted((one for one in folders if one is not None), key=lambda one: -len(str(one))):
        if folder != Path(folder.anchor):
            text = text.replace(str(folder), folders[folder])
    return text


def finished_runs(runs: Path, plan: Plan) -> Iterator[Run]:
    """What the finished jobs of the plan say of themselves, in the plan's order."""
    for planned in plan.jobs:
        found = inspect(runs / "jobs" / planned.key, planned.key)
        if isinstance(found, Finished):
            yield found.run


def seconds_of(runs: Sequence[Run]) -> float:
    """The time of all jobs together."""
    return sum(run.seconds.get("total", 0.0) for run in runs)


def steps_of(runs: Sequence[Run]) -> int:
    """The optimizer steps of all jobs together."""
    return sum(run.optimizer_steps for run in runs)


def hardware(runs: Sequence[Run]) -> list[str]:
    """What they ran on, the most frequent first."""
    return [name for name, _ in Counter(_hardware(run) for run in runs).most_common()]


def versions(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """(name, version) of what they were made with, each pair once."""
    return sorted({(name, version) for run in runs for name, version in run.versions.items()})


def encoders(found: Evidence, runs: Sequence[Run]) -> Iterator[str]:
    """The encoder that was given, and those that were pretrained in these runs."""
    folder = found.option("encoder")
    if folder is not None:
        sha256 = next((s for s in (_local(run) for run in runs) if s), "")
        yield f"sha256 {sha256[:16]}, pretrained apart from this run{_card(folder, sha256)}"
    for run in runs:
        if isinstance(run.job, PretrainJob):
            size, done = run.job.size, f"{run.optimizer_steps:,} steps, {run.tokens:,} tokens"
            languages = f"{len(run.job.languages)} languages"
            yield f"pretrained in this run: {size.layers} layers of {size.hidden}, {languages}, {done}"


def _hardware(run: Run) -> str:
    known = run.hardware
    names = [str(known[name]) for name in ("gpu", "processor") if known.get(name)]
    return ", ".join([*names[:1], f"threads a job: {known.get('threads', 1)}"])


def _local(run: Run) -> str:
    job = run.job
    encoder = job.encoder if isinstance(job, TrainJob) else job.model if isinstance(job, EvaluateJob) else None
    return encoder.sha256 if isinstance(encoder, LocalEncoder) else ""


def _card(folder: Path, sha256: str) -> str:
    """What encoder.json says, where the encoder is one that `reproduce pretrain` made."""
    try:
        card = json.loads((folder / "encoder.json").read_bytes())
    except (OSError, ValueError):
        return ""
    if not isinstance(card, dict) or card.get("model_sha256") != sha256:
        return ""  # of another encoder
    seconds = card.get("seconds", {}).get("total")
    told = [
        f"{card.get('optimizer_steps', 0):,} steps",
        f"{card.get('tokens', 0):,} tokens of {len(card.get('text', ()))} languages",
        "" if seconds is None else f"{duration(seconds)} on {card.get('hardware', {}).get('processor', 'a CPU')}",
    ]
    return ": " + ", ".join(text for text in told if text)
