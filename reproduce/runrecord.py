"""What stands in a job's folder, as closed records: job.json, which a worker gets, and run.json, which it leaves.

    RUNS/jobs/<key>/  job.json  run.json  predictions.jsonl  log  progress.json  .lock
                      model/  checkpoint-*/  curves/  out/ (of a user's program)

run.json is written last, in one step: a folder whose run.json is whole and says exit 0 is a finished job, whatever
else happened. `inspect` tells one from the other; the engine, the gate and the worker all ask it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator

from claimcheck.foundation.store import write_atomic
from reproduce.specs import CommandJob, EvaluateJob, Job, Key, PretrainJob, Spec, TrainedEncoder, TrainJob, job_key

__all__ = [
    "DataRecord",
    "Finished",
    "JobFile",
    "LossRecord",
    "PredictionsRecord",
    "Run",
    "Runtime",
    "Unfinished",
    "clear_results",
    "file_sha256",
    "inputs_of",
    "inspect",
    "model_sha256",
    "read_progress",
    "remove_checkpoints",
    "seed_of",
    "source_sha256",
    "write_job_file",
]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
AnyJob = PretrainJob | TrainJob | EvaluateJob | CommandJob

# what decides which jobs are run and what is made of them, but not what a job's numbers are
ORCHESTRATION = frozenset(
    """cli display engine machine making planning progress publication registry reruns runner runrecord
    verdicts""".split()
)


class Runtime(Spec):
    """How a worker runs its job; never part of a key."""

    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")
    threads: int = Field(1, ge=1, le=4096)
    checkpoint_seconds: float = Field(60.0, gt=0, description="seconds of training between two checkpoints")
    progress_seconds: float = Field(1.0, gt=0, description="least seconds between two progress events")
    compiled: Literal["auto", "on", "off"] = Field("auto", description="layers and steps compiled on a GPU")
    data: str | None = Field(None, description="the user's folder of data files")
    encoder: str | None = Field(None, description="the folder of a LocalEncoder")
    cache: str | None = Field(None, description="where tokenised data are kept")


class JobFile(Spec):
    """job.json: the job, where its inputs lie, how to run. No label, claim, registry or condition."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    schema_: Literal["claimcheck/job/v1"] = Field("claimcheck/job/v1", alias="schema")
    key: Key
    job: Job
    inputs: dict[Key, str] = Field(default_factory=dict, description="the folder of each input, beside this one")
    runtime: Runtime = Runtime()

    @model_validator(mode="after")
    def _consistent(self) -> JobFile:
        if self.key != (own := job_key(self.job)):
            raise ValueError(f"the key {self.key} is not that of the job, which is {own}")
        expected = {key: f"../{key}" for key in inputs_of(self.job)}
        if self.inputs != expected:
            raise ValueError(f"the inputs are {self.inputs}, the job builds on {expected}")
        return self


class LossRecord(Spec):
    """Mean training loss at the start and at the end, in nats; of always saying the commonest label, where that is one.

    None where it is not finite.
    """

    first: float | None
    last: float | None
    majority: float | None = None


class DataRecord(Spec):
    """One data set that the job read."""

    task: str
    language: str
    split: str
    sha256: Sha256
    items: int = Field(ge=0)


class PredictionsRecord(Spec):
    """predictions.jsonl as it was when the job ended."""

    sha256: Sha256
    rows: int = Field(ge=0)


class Run(Spec):
    """run.json: what a finished job did. `predictions` None in an evaluation or a command: it gave none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    schema_: Literal["claimcheck/run/v1"] = Field("claimcheck/run/v1", alias="schema")
    key: Key
    kind: Literal["pretrain", "train", "evaluate", "command"]
    job: Job
    seed: int | None = Field(None, description="None: the job draws no random numbers")
    optimizer_steps: int = Field(0, ge=0)
    examples: int = Field(0, ge=0, description="seen in training, repetitions counted; in an evaluation: items")
    tokens: int = Field(0, ge=0, description="real tokens, without padding")
    train_loss: LossRecord | None = None
    degenerate: str | None = None
    data: tuple[DataRecord, ...] = ()
    parents: dict[Key, Sha256] = Field(default_factory=dict, description="sha256 of each input's run.json")
    predictions: PredictionsRecord | None = None
    model_sha256: Sha256 | None = Field(None, description="of the encoder, and of the heads where there are some")
    weights_changed: bool | None = None
    selection: dict[str, Any] | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    hardware: dict[str, Any] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)
    started: str = ""
    finished: str = ""
    exit: int = 0
    reported: tuple[str, ...] = Field((), description="fields that a user's program reported, not the toolkit")

    def to_json(self) -> str:
        """The text of run.json."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Finished:
    """A job's folder that holds a whole run: what it says, and what its files hash to."""

    run: Run
    run_sha256: str
    predictions_sha256: str | None


def inputs_of(job: AnyJob) -> tuple[str, ...]:
    """Keys of the jobs that this one builds on."""
    if isinstance(job, CommandJob):
        return job.inputs
    encoder = job.encoder if isinstance(job, TrainJob) else job.model if isinstance(job, EvaluateJob) else None
    return (encoder.key,) if isinstance(encoder, TrainedEncoder) else ()


def seed_of(job: AnyJob) -> int | None:
    """The job's seed; None for an evaluation, which has none."""
    return None if isinstance(job, EvaluateJob) else job.seed


def write_job_file(folder: Path, job: AnyJob, runtime: Runtime) -> Path:
    """Write job.json into the job's folder, which is made where absent. Raises UsageError where that fails."""
    inputs = {key: f"../{key}" for key in inputs_of(job)}
    content = JobFile(key=job_key(job), job=job, inputs=inputs, runtime=runtime)
    path = folder / "job.json"
    write_atomic(path, json.dumps(content.model_dump(mode="json", by_alias=True), indent=1) + "\n")
    return path


def file_sha256(path: Path) -> str:
    """64 hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Unfinished:
    """A job's folder that holds no whole run: why, and which file is not there, where that is all."""

    why: str
    gone: Literal["", "run.json", "predictions.jsonl", "model"] = ""


def inspect(folder: Path, key: str) -> Finished | Unfinished:
    """What the job with that key left in its folder: a whole run, else why it is none.

    A run counts when run.json is of that key and of a job that hashes to it, its exit is 0, predictions.jsonl is the
    file that it names, and the model, where it made one, is there (its bytes are compared by who loads it).
    """
    try:
        data = (folder / "run.json").read_bytes()
    except FileNotFoundError:
        return Unfinished("there is no run.json", "run.json")
    except OSError as error:
        return Unfinished(f"run.json cannot be read ({error.strerror})")
    try:
        run = Run.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its text"
        return Unfinished(f"run.json is damaged: {place}: {first['msg']}")
    if run.key != key or job_key(run.job) != key:
        return Unfinished(f"run.json is of another job ({run.key})")
    if run.exit != 0:
        return Unfinished(f"run.json says exit {run.exit}")
    predictions = None
    if run.predictions is not None:
        try:
            predictions = file_sha256(folder / "predictions.jsonl")
        except FileNotFoundError:
            return Unfinished("predictions.jsonl is gone", "predictions.jsonl")
        except OSError as error:
            return Unfinished(f"predictions.jsonl cannot be read ({error.strerror})")
        if predictions != run.predictions.sha256:
            return Unfinished("predictions.jsonl is not the file that run.json names")
    if run.model_sha256 is not None and not (folder / "model" / "model.safetensors").is_file():
        return Unfinished("its model is gone", "model")
    return Finished(run, hashlib.sha256(data).hexdigest(), predictions)


def model_sha256(folder: Path) -> str:
    """Of a model folder: of its encoder's weights, and of its heads and its tokenizer where it has some.

    Raises OSError.
    """
    encoder = file_sha256(folder / "model.safetensors")
    others = [folder / name for name in ("heads.safetensors", "tokenizer.json")]
    found = "".join(f"{file_sha256(path)}\n" for path in others if path.exists())
    return hashlib.sha256(f"{encoder}\n{found}".encode()).hexdigest() if found else encoder


def clear_results(folder: Path) -> None:
    """Take away what makes a folder count as finished, so that its job can be run again. Raises OSError."""
    for name in ("run.json", "predictions.jsonl"):  # run.json first: it is what counts
        (folder / name).unlink(missing_ok=True)
    remove_checkpoints(folder)


def remove_checkpoints(folder: Path) -> None:
    """Take away the checkpoints; what cannot be removed stays."""
    for path in folder.glob("checkpoint-*"):
        if path.is_dir() and not path.is_symlink():
            # hidden first: killed half-way, a checkpoint with files missing would be taken for a damaged one
            with contextlib.suppress(OSError):
                path.rename(path.with_name(f".{path.name}.removed"))
    for path in folder.glob(".checkpoint-*"):  # these, and others that were never finished
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def read_progress(folder: Path) -> Mapping[str, Any]:
    """What a running worker last said (`phase`, `step`, `steps`, `loss`, `eta`, ...); empty where nothing is known."""
    try:
        content = json.loads((folder / "progress.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@cache
def source_sha256() -> str:
    """Of the modules and tables of this package that a job's numbers depend on, whatever the place of the package."""
    digest = hashlib.sha256()
    for name, path in _number_making():
        digest.update(f"{name}\n{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _number_making() -> Iterator[tuple[str, Path]]:
    root = Path(__file__).resolve().parent
    files = [p for p in root.rglob("*") if p.suffix in (".py", ".toml") and "__pycache__" not in p.parts]
    for path in sorted(files, key=lambda p: p.relative_to(root).as_posix()):
        relative = path.relative_to(root)
        # all that is not known to be harmless counts: a new module must not slip by
        if relative.parts[0].removesuffix(".py") not in ORCHESTRATION:
            yield relative.as_posix(), path
