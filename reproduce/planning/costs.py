"""What a job costs before it runs: seconds on a named machine, disk and, by the hour, money.

A machine is a handful of rates (hardware.toml), which `fit` finds by least squares from finished runs. The FLOPs and
tokens that they apply to are those of reproduce/planning/workload.py.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce import tasks
from reproduce.planning.workload import Infos, Shape, Work, shape_of, workload
from reproduce.specs import EvaluateJob, HubEncoder, Job, PretrainJob, TrainedEncoder, TrainJob, parse_job

__all__ = [
    "Cost",
    "Measured",
    "Rates",
    "default_hardware",
    "estimate",
    "fit",
    "hub_shape",
    "machines",
    "measurements",
    "rates",
]


@dataclass(frozen=True)
class Rates:
    """A machine: seconds of each kind of work (hardware.toml says how they add up), and where the numbers are from."""

    name: str
    basis: Literal["modelled", "measured"]
    train_rate: float  # FLOP/s
    forward_rate: float  # FLOP/s
    step: float  # seconds of an optimizer step, beside forward and backward
    startup: float  # seconds of a job before the first step
    item: float  # seconds of an item that is evaluated, beside the forward pass
    example: float = 0.0  # seconds of a training example, to load it
    launch: float = 0.0  # least seconds of forward and backward of a step, a layer
    update: float = 0.0  # seconds of an optimizer step for each parameter of the encoder
    hidden: int | None = None  # hidden size of the encoders that the rates are of; None: of any
    growth: float = 0.0  # rates are proportional to the hidden size to this power, up to `widest`
    widest: int = 0
    peak: float | None = None  # FLOP/s of the hardware, for MFU
    title: str = ""
    source: str = ""

    def seconds(self, work: Work) -> float:
        """Of a job with that work, from the start of its process to its end."""
        faster = self.faster(work)
        compute = work.train_flops / (self.train_rate * faster)
        return (
            self.startup
            + max(compute, work.steps * work.layers * self.launch)
            + work.steps * (self.step + self.update * work.parameters)
            + work.forward_flops / (self.forward_rate * faster)
            + work.items * self.item
            + work.examples * self.example
        )

    def faster(self, work: Work) -> float:
        """How many times as high the rates are for that work's encoder as for the one that they are of."""
        if not self.hidden or not work.hidden:
            return 1.0
        return float((min(work.hidden, self.widest) / self.hidden) ** self.growth)

    def mfu(self, tokens_per_step: float, shape: Shape, length: float) -> float | None:
        """Share of the peak that training reaches with steps of so many tokens; None where no peak is given."""
        if self.peak is None:
            return None
        flops = shape.train_flops(tokens_per_step, length)
        work = Work(steps=1, train_flops=flops, layers=shape.layers, hidden=shape.hidden, parameters=shape.parameters)
        return flops / (self.seconds(work) - self.startup) / self.peak

    def toml(self) -> str:
        """The table of hardware.toml that holds these numbers."""
        lines = [f"[hardware.{self.name}]"]
        for field in (entry.name for entry in fields(self)):
            value = getattr(self, field)
            if field != "name" and value is not None:
                lines.append(f"{field} = {json.dumps(float(f'{value:.4g}') if isinstance(value, float) else value)}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Cost:
    """An estimate. Numbers are None where `unknown` says what is missing; `assumed`: inputs without a source."""

    hardware: str
    basis: Literal["modelled", "measured"]
    flops: float | None = None
    tokens: int | None = None
    steps: int | None = None
    seconds: float | None = None
    disk_bytes: int | None = None  # kept after the job
    running_bytes: int | None = None  # while it runs, beside that
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def estimate(job: Job, shape: Shape | None, machine: Rates, infos: Infos = tasks.task) -> Cost:
    """The cost of a job on a machine; `shape` is that of its encoder, None where it is not known."""
    work = workload(job, shape, infos)
    if not isinstance(work, Work):
        return Cost(hardware=machine.name, basis=machine.basis, unknown=work)
    return Cost(
        hardware=machine.name,
        basis=machine.basis,
        flops=work.train_flops + work.forward_flops,
        tokens=round(work.tokens),
        steps=work.steps,
        seconds=machine.seconds(work),
        disk_bytes=work.saved_bytes,
        running_bytes=work.running_bytes,
        assumed=work.assumed,
    )


_NUMBERS = ("train_rate", "forward_rate", "step", "startup", "item", "example", "launch", "update", "growth", "widest")


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[str, Rates], dict[str, Shape]]:
    content = tomllib.loads(resources.files("reproduce.planning").joinpath("hardware.toml").read_text(encoding="utf-8"))
    machines = {name: Rates(name=name, **entry) for name, entry in content["hardware"].items()}
    shapes = {name: Shape(**entry) for name, entry in content["encoder"].items()}
    return content["default"], machines, shapes


def default_hardware(scale: str) -> str:
    """The machine that a scale is meant for."""
    return _tables()[0][scale]


def machines() -> tuple[str, ...]:
    """The names of all machines that an estimate can be made for."""
    return tuple(sorted(_tables()[1]))


def rates(name: str) -> Rates:
    """The machine of that name, or the one that `reproduce bench --out` measured, by its file (a name ending in .json).

    Raises UsageError with the names that are like it, MissingInputError or UnreadableInputError for such a file.
    """
    if name.endswith(".json"):
        return _measured_rates(name)
    known = _tables()[1]
    if name not in known:
        raise UsageError(f"there is no hardware '{name}'", todo=tasks.near(name, known))
    return known[name]


def _measured_rates(name: str) -> Rates:
    path, todo = Path(name), "give the file that `claimcheck reproduce bench --out FILE` wrote"
    try:
        content = json.loads(path.read_bytes())
        found = Rates(**(content["rates"] | {"name": name}))
        numbers = [getattr(found, field) for field in _NUMBERS]
        if not all(type(value) in (int, float) and math.isfinite(value) and value >= 0 for value in numbers):
            raise ValueError("a rate that is no number")
        if min(found.train_rate, found.forward_rate) <= 0:
            raise ValueError("a rate of 0")
    except FileNotFoundError:
        raise MissingInputError("there is no such measurement", where=name, todo=todo) from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadableInputError(f"is no measurement with rates ({error})", where=name, todo=todo) from None
    return found


def hub_shape(encoder: HubEncoder) -> Shape | None:
    """The shape of an encoder of the hub, with or without its owner's name; None where it is not known."""
    shapes = _tables()[2]
    return shapes.get(encoder.name) or next((s for n, s in shapes.items() if n.endswith(f"/{encoder.name}")), None)


@dataclass(frozen=True)
class Measured:
    """A finished run: what it did, the seconds that it took, and how many of them went into which part of it."""

    work: Work
    seconds: float
    train: float  # seconds of optimizer steps
    forward: float  # seconds of evaluation, on the dev part too


def measurements(records: Iterable[Mapping[str, Any]], local: Shape | None = None) -> list[Measured]:
    """The runs of a folder (their run.json records, all of them: an encoder's shape is in its pretraining).

    `local`: the shape of the user's own encoder. Left out: commands, runs that failed, and runs whose work is not
    known.
    """
    by_key = {str(record["key"]): record for record in records if record.get("exit") == 0}
    jobs = {key: parse_job(record["job"]) for key, record in by_key.items()}

    def shape(key: str) -> Shape | None:
        job = jobs.get(key)
        if isinstance(job, PretrainJob):
            return shape_of(job)
        if isinstance(job, TrainJob | EvaluateJob):
            encoder = job.encoder if isinstance(job, TrainJob) else job.model
            if isinstance(encoder, TrainedEncoder):
                return shape(encoder.key)
            return hub_shape(encoder) if isinstance(encoder, HubEncoder) else local
        return None

    found = []
    for key, record in sorted(by_key.items()):
        work = workload(jobs[key], shape(key))
        if isinstance(work, Work):
            seconds = {"train": 0.0, "dev": 0.0, "evaluate": 0.0, **record["seconds"]}
            done, evaluated = work.stopped_at(int(record["optimizer_steps"])), seconds["dev"] + seconds["evaluate"]
            done = done.of_tokens(float(record.get("tokens") or done.tokens))
            found.append(Measured(done, seconds["total"], seconds["train"], evaluated))
    return found


def fit(
    runs: Sequence[Measured],
    name: str,
    *,
    title: str = "",
    source: str = "",
    peak: float | None = None,
    like: Rates | None = None,
) -> Rates:
    """The rates that come nearest to the measured seconds: least squares, in shares of a run's time, none below 0.

    Steps, evaluation and the rest are fitted each to its own seconds: runs of one size have too little variety to tell
    them apart by the sum. How rates grow with the hidden size, and what an update of the weights takes, is taken from
    `like`; without it the rates are those of the encoders that were run. Raises UsageError where there are too few runs
    to say anything.
    """
    if len(runs) < 4 or any(run.seconds <= 0 for run in runs):
        raise UsageError(f"{len(runs)} runs are too few for rates", todo="measure at least 4, of several sizes")
    base = like or Rates(name, "measured", 1.0, 1.0, 0.0, 0.0, 0.0)
    flops = [(r.work.train_flops / base.faster(r.work), r.work.forward_flops / base.faster(r.work)) for r in runs]
    updates = [base.update * r.work.parameters * r.work.steps for r in runs]
    trained = [max(0.0, run.train - update) for run, update in zip(runs, updates, strict=True)]
    step, train = _nonnegative(
        [(r.seconds, s, (r.work.steps, f)) for r, s, (f, _) in zip(runs, trained, flops, strict=True)]
    )
    forward, item = _nonnegative(
        [(r.seconds, r.forward, (f, r.work.items)) for r, (_, f) in zip(runs, flops, strict=True)]
    )
    rest = [(r.seconds, r.seconds - r.train - r.forward, (1.0, r.work.examples, r.work.items)) for r in runs]
    startup, example, loaded = _nonnegative(rest)
    return Rates(
        name=name,
        title=title,
        basis="measured",
        source=source or f"fitted to {len(runs)} runs",
        peak=peak,
        # work that the runs did not contain, or that took no time of its own, counts as very fast
        train_rate=1 / max(train, 1e-18),
        forward_rate=1 / max(forward, 1e-18),
        step=step,
        startup=startup,
        item=item + loaded,  # to evaluate it and to load it
        example=example,
        update=base.update,
        hidden=base.hidden,
        growth=base.growth,
        widest=base.widest,
    )


def _nonnegative(rows: Sequence[tuple[float, float, Sequence[float]]]) -> list[float]:
    """The factors, none below 0, by which each row's amounts come nearest to its seconds; rows: (of, seconds, amounts).

    The errors count in shares of the first number. In the end all factors are scaled so that the sum of the seconds is
    right: shares alone pull it down, since a run that took long counts less.
    """
    import numpy as np
    from scipy.optimize import nnls

    whole = np.array([of for of, _, _ in rows])
    seconds = np.array([found for _, found, _ in rows])
    amounts = np.array([entries for _, _, entries in rows], dtype=float)
    size = np.maximum((amounts / whole[:, None]).max(axis=0), 1e-300)  # columns of like size: FLOPs beside ones
    found, _ = nnls(amounts / whole[:, None] / size, seconds / whole)
    factors = found / size
    total = float((amounts @ factors).sum())
    return [float(factor) * (float(seconds.sum()) / total if total else 1.0) for factor in factors]
