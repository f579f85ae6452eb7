"""Our variant: the model, the packed batches and the optimizer that `reproduce run` trains with, step by step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from reproduce.bench.work import CLASSES, Examples, Job, optimisation
from reproduce.model.encoder import Batch, Encoder, Model
from reproduce.model.packing import pack
from reproduce.runner import Context
from reproduce.training.device import autocast, deterministic
from reproduce.training.loop import Piece, Step, backward
from reproduce.training.optimiser import Optimiser

__all__ = ["HEAD", "first_model", "run"]

HEAD = "task"


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
        recipe = optimisation(job)
        optimiser = Optimiser(model, recipe, job.warm + job.steps)
        cast = autocast(recipe.precision, device, context)
        losses, computed = [], 0
        tick()
        for step in range(job.warm + job.steps):
            rows = data.rows(step)
            packed = pack(data.tokens, rows)
            batch = Batch.of(packed, device)
            targets = torch.from_numpy(data.labels[rows]).to(device)
            piece = Piece(batch, HEAD, targets, len(rows))
            losses.append(backward(model, Step(0, (piece,), len(rows), packed.tokens), cast))
            optimiser.step(step)
            computed += len(packed.input_ids)
            tick()
        return losses, computed
