"""Our variant: the model, the packed batches and the optimizer that `reproduce run` trains with, step by step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from reproduce.bench.variants import variant
from reproduce.bench.work import CLASSES, Examples, Job, optimisation, reached
from reproduce.model.encoder import Encoder, Model
from reproduce.model.packing import pack
from reproduce.runner import Context
from reproduce.training.device import deterministic
from reproduce.training.execution import Execution, execution
from reproduce.training.graphs import form_of
from reproduce.training.stepping import Piece, Step, Stepper
from reproduce.training.trimming import Trimmed

__all__ = ["HEAD", "first_model", "run"]

HEAD = "task"
_LONG = 1_000_000  # steps: what is measured is a training long enough for all that pays only there
_REHEARSALS = 4


def first_model(job: Job) -> Model:
    """The model that every variant starts from, on the CPU: weights from the job's seed."""
    generator = torch.Generator().manual_seed(job.seed)
    model = Model(Encoder(job.config, generator))
    model.add_head(HEAD, "classification", CLASSES, generator)
    return model


def run(
    job: Job, data: Examples, device: torch.device, context: Context, tick: Callable[[], None]
) -> tuple[list[Tensor], int]:
    """Train; `tick` is called before the first step and after each. Gives losses and the tokens that were computed."""
    with deterministic(context, job.seed):  # as `reproduce run` does, whatever that costs
        model = first_model(job).to(device)
        model.train()
        if not variant(job.variant).whole:
            Trimmed.where_worth(model.encoder, reached(job))
        recipe = optimisation(job)
        how = execution(model.encoder.config, recipe, _LONG, device, context)
        stepper = Stepper(model, recipe, job.warm + job.steps, how, note=context.note)
        if job.kind == "time":
            _rehearse(job, data, stepper, how)
        losses: list[Tensor] = []
        computed = 0
        tick()
        for number in range(job.warm + job.steps):
            step = _step(data, number, how)
            stepper.step(number, step, losses.append)
            computed += step.pieces[0].batch.input_ids_T.shape[0]
            tick()
        stepper.finish()
        return losses, computed


def _step(data: Examples, number: int, how: Execution) -> Step:
    rows = data.rows(number)
    packed = pack(data.tokens, rows)
    piece = Piece.of(packed, HEAD, data.labels[rows], len(rows), how)
    return Step(0, (piece,), len(rows), packed.tokens)


def _rehearse(job: Job, data: Examples, stepper: Stepper, how: Execution) -> None:
    """A few steps of every shape, so that none is compiled or recorded while time is taken.

    A measurement has some hundred steps, a training that it stands for thousands: there this is over at the start. The
    weights are others afterwards, which seconds do not depend on.
    """
    if not (how.compiled or how.graphs):
        return
    steps: dict[object, Step] = {}
    for number in range(job.warm + job.steps):
        step = _step(data, number, how)
        steps.setdefault(form_of(step.pieces[0]), step)
    for step in steps.values():
        for _ in range(_REHEARSALS):
            stepper.step(0, step)
