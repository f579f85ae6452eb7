"""What a job is: closed, frozen records with a content key.

A worker gets one of these and nothing else. No field can hold a claim, a claimed number or a path, so that a job cannot
know what it is meant to find; the key of a job is a hash of its content and of the keys of the jobs that it builds on.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

__all__ = [
    "COMPUTATION",
    "Command",
    "CommandJob",
    "Data",
    "Encoder",
    "EvaluateJob",
    "FilesData",
    "HubData",
    "HubEncoder",
    "Job",
    "LocalEncoder",
    "MaskedText",
    "Mixture",
    "Optimisation",
    "Part",
    "PretrainJob",
    "Probe",
    "Selection",
    "Size",
    "TrainJob",
    "TrainedEncoder",
    "WorldData",
    "job_key",
    "parse_job",
]

# part of every key: raised when a change to the code alters the numbers that the same job gives
COMPUTATION = 1

Key = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]


class Spec(BaseModel):
    """Base: frozen, unknown keys refused, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WorldData(Spec):
    """The synthetic multilingual world (reproduce/data/world.py), made anew from its seed."""

    kind: Literal["world"] = "world"
    version: int = Field(1, ge=1, description="raised when the generator changes what it makes")
    seed: int = Field(0, ge=0)


class HubData(Spec):
    """A task's official data on the Hugging Face hub; which repository and configuration is the catalogue's to say."""

    kind: Literal["hub"] = "hub"
    revision: str = Field("main", max_length=64)


class FilesData(Spec):
    """A task's official data in files, in XTREME's download layout; the folder is the runtime's, never the job's."""

    kind: Literal["files"] = "files"


Data = Annotated[WorldData | HubData | FilesData, Field(discriminator="kind")]


class Size(Spec):
    """The shape of an encoder of the XLM-R kind; the vocabulary's size comes from the data."""

    layers: int = Field(ge=1, le=128)
    hidden: int = Field(ge=8, le=16384)
    heads: int = Field(ge=1, le=256)
    feed_forward: int = Field(ge=8, le=65536)
    positions: int = Field(512, ge=8, le=65536, description="longest sequence, in tokens")

    @model_validator(mode="after")
    def _heads_divide(self) -> Size:
        if self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} is not a multiple of heads {self.heads}")
        return self


class Optimisation(Spec):
    """AdamW with a linear decay after a linear warm-up. Exactly one of `epochs` and `max_steps` ends it."""

    learning_rate: float = Field(ge=0)
    batch_size: int = Field(ge=1, description="examples a optimizer step, over all accumulated parts")
    accumulate: int = Field(1, ge=1, description="parts that a batch is split into")
    epochs: float | None = Field(None, gt=0)
    max_steps: int | None = Field(None, ge=0)
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps")
    weight_decay: float = Field(0.0, ge=0, description="not on biases and layer norms")
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)
    epsilon: float = Field(1e-8, gt=0)
    clip: float = Field(1.0, gt=0, description="largest norm of the whole gradient")
    dropout: float = Field(0.1, ge=0, lt=1)
    precision: Literal["fp32", "bf16"] = Field("fp32", description="bf16 falls back to fp32 where the device lacks it")

    @model_validator(mode="after")
    def _one_end(self) -> Optimisation:
        if (self.epochs is None) == (self.max_steps is None):
            raise ValueError("give either epochs or max_steps")
        return self


class Selection(Spec):
    """Which checkpoint is kept, by the metric on the English dev part of the task (several tasks: the mean)."""

    rule: Literal["best", "last"] = "best"
    every: int = Field(0, ge=0, description="optimizer steps between two looks; 0: once at the end of each epoch")
    patience: int = Field(0, ge=0, description="looks without a gain after which training stops; 0: never")
    items: int | None = Field(None, ge=1, description="dev items looked at, drawn by a hash of their ids; None: all")


class Part(Spec):
    """One task of a training."""

    task: Name
    data: Data
    language: Language = Field("en", description="of the training examples; another one: machine-translated files")
    examples: int | None = Field(None, ge=1, description="training examples used, the first after a seeded shuffle")
    labels: Literal["true", "shuffled"] = Field("true", description="shuffled: permuted among the examples, a control")


class Mixture(Spec):
    """How the batches of several tasks follow one another; a batch holds examples of one task.

    proportional: p ~ n; temperature: p ~ min(n, cap)^(1/T); uniform: p equal; sequential: one task after the other.
    """

    sampling: Literal["proportional", "temperature", "uniform", "sequential"] = "proportional"
    temperature: float = Field(1.0, gt=0)
    cap: int | None = Field(None, ge=1)


class MaskedText(Spec):
    """Masked language modelling of plain text beside the tasks of a training."""

    data: Data
    languages: tuple[Language, ...] = Field(min_length=1)
    share: float = Field(0.5, gt=0, lt=1, description="of the batches; which ones is drawn")
    mask: float = Field(0.15, gt=0, lt=1, description="share of the tokens that are predicted")
    temperature: float = Field(1.0, gt=0, description="languages are drawn with p ~ n^(1/temperature)")


class HubEncoder(Spec):
    """A pretrained encoder of the hub, by name."""

    kind: Literal["hub"] = "hub"
    name: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)?$", max_length=128)
    revision: str = Field("main", max_length=64)


class TrainedEncoder(Spec):
    """The encoder that another job made."""

    kind: Literal["job"] = "job"
    key: Key


class LocalEncoder(Spec):
    """An encoder in a folder of the user's, known by its content; where it lies is the runtime's to say."""

    kind: Literal["local"] = "local"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="runrecord.model_sha256 of the folder")


Encoder = Annotated[HubEncoder | LocalEncoder | TrainedEncoder, Field(discriminator="kind")]


class PretrainJob(Spec):
    """A multilingual masked language model from nothing; gives an encoder."""

    kind: Literal["pretrain"] = "pretrain"
    data: Data
    languages: tuple[Language, ...] = Field(min_length=1)
    size: Size
    optimisation: Optimisation
    mask: float = Field(0.15, gt=0, lt=1, description="share of the tokens that are predicted")
    temperature: float = Field(1.0, gt=0, description="languages are drawn with p ~ n^(1/temperature)")
    vocabulary: int | None = Field(
        None, ge=300, description="pieces of the tokenizer that it trains; None: the world's"
    )
    seed: int = Field(ge=0)


class TrainJob(Spec):
    """Fine-tuning on one task or several: an intermediate training, or that of a target. Heads start fresh."""

    kind: Literal["train"] = "train"
    encoder: Encoder
    parts: tuple[Part, ...] = Field(min_length=1)
    masked: MaskedText | None = None
    mixture: Mixture = Mixture()
    optimisation: Optimisation
    selection: Selection = Selection()
    max_length: int = Field(128, ge=8, description="longest sequence, in tokens")
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _tasks_once(self) -> TrainJob:
        names = [f"{part.task} in {part.language}" for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"a task stands twice among the parts: {', '.join(names)}")
        return self


class Probe(Spec):
    """How sentences become vectors for retrieval: the layer (0: embeddings, 1: first layer, ...) and the pooling.

    `threshold` is of mining (BUCC) alone: the score from which on a pair counts as found. halves: each half of the
    sentences by the threshold that is best on the other half; dev: by the one that is best on the dev part of the
    language; gold: by the one that is best on what is scored, which is how XTREME and jiant score BUCC.
    """

    layer: int = Field(ge=0)
    pooling: Literal["mean", "first"] = "mean"
    special_tokens: bool = Field(True, description="whether <s> and </s> count in the mean")
    threshold: Literal["halves", "dev", "gold"] = "halves"
    sweep: bool = Field(
        False, description="also score every layer and pooling, into sweep.json: no verdict rests on it"
    )


class EvaluateJob(Spec):
    """One task's predictions in each of the languages, with the model of another job or an encoder as it is.

    A task that needs no training (retrieval) has a `probe` and takes the encoder only.
    """

    kind: Literal["evaluate"] = "evaluate"
    model: Encoder
    task: Name
    data: Data
    split: Literal["dev", "test"] = "test"
    languages: tuple[Language, ...] = Field(min_length=1)
    items: int | None = Field(None, ge=1, description="items a language, drawn by a hash of their ids; None: all")
    max_length: int = Field(128, ge=8)
    probe: Probe | None = None


class Command(Spec):
    """A program of the user, as a list of arguments; {out} is the run folder, {seed} the seed. Never a shell."""

    argv: tuple[str, ...] = Field(min_length=1)


class CommandJob(Spec):
    """A user's program that writes predictions.jsonl (and run.json); the toolkit computes the metric."""

    kind: Literal["command"] = "command"
    command: Command
    task: Name
    metric: Name
    languages: tuple[Language, ...] = Field(("en",), min_length=1)
    inputs: tuple[Key, ...] = ()
    seed: int = Field(0, ge=0)


Job = Annotated[PretrainJob | TrainJob | EvaluateJob | CommandJob, Field(discriminator="kind")]
_JOB: TypeAdapter[PretrainJob | TrainJob | EvaluateJob | CommandJob] = TypeAdapter(Job)


def job_key(job: PretrainJob | TrainJob | EvaluateJob | CommandJob) -> str:
    """16 hex digits of the sha256 of the job's content; the same content gives the same key on every machine."""
    content = {"computation": COMPUTATION, "job": job.model_dump(mode="json")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def parse_job(content: object) -> PretrainJob | TrainJob | EvaluateJob | CommandJob:
    """A job from its JSON object; raises pydantic.ValidationError on anything unknown."""
    return _JOB.validate_python(content)
