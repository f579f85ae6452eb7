"""A step of a training: forward and backward passes of its batch, clipping, AdamW; however the device does it best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import IGNORED
from reproduce.model.encoder import Batch, Model
from reproduce.model.layers import placed
from reproduce.model.packing import Packed
from reproduce.model.shapes import rounded_up
from reproduce.specs import Optimisation
from reproduce.training.execution import Execution
from reproduce.training.graphs import CudaRecorder, Recorder, StepGraphs, compiled_layer
from reproduce.training.optimiser import Optimiser
from reproduce.training.shadows import Shadows

__all__ = ["Piece", "Step", "Stepper"]


@dataclass(frozen=True)
class Piece:
    """Part of a batch that goes through the model at once; `units` is what its mean loss is a mean over.

    Of a head that decides about tokens `targets` [R] are those of the tokens at the places `tokens_R`.
    """

    batch: Batch
    head: str
    targets: Tensor
    units: int
    tokens_R: Tensor | None = None  # noqa: N815

    @classmethod
    def of(
        cls,
        packed: Packed,
        head: str,
        targets: NDArray[np.int64],
        units: int,
        execution: Execution,
        *,
        per_token: bool = False,
    ) -> Piece:
        """On the device, in one of few shapes where the execution wants that; `per_token`: one target a token."""
        places: NDArray[np.int64] | None = None
        if per_token:
            if targets.shape != (packed.tokens,):
                raise UsageError(f"targets of the shape {targets.shape} for {packed.tokens} tokens")
            places = np.flatnonzero(targets != IGNORED)
            targets = targets[places]
            if execution.rounding is not None:
                size = rounded_up(max(1, len(places)), execution.rounding.tokens)
                places = np.pad(places, (0, size - len(places)))  # <s> again, whose decision is then ignored
                targets = np.pad(targets, (0, size - len(targets)), constant_values=IGNORED)
        return cls(
            execution.batch(packed),
            head,
            placed(targets, execution.device),
            units,
            None if places is None else placed(places, execution.device),
        )


@dataclass(frozen=True)
class Step:
    """A batch of one part, as one piece or, where gradients are accumulated, several."""

    part: int
    pieces: tuple[Piece, ...]
    examples: int
    tokens: int  # real ones


class Stepper:
    """Does the steps of a training of `model`, in place, as the execution says.

    Where the execution has half-precision weights, the model's parameters are shadows from here on (see Shadows) until
    `finish`; `shadows` is None elsewhere. `recorder` is for tests: a GPU's own where it is None.
    """

    def __init__(
        self,
        model: Model,
        recipe: Optimisation,
        steps: int,
        execution: Execution,
        *,
        note: Callable[[str], None] = lambda text: None,
        recorder: Recorder | None = None,
    ) -> None:
        self._model, self._execution = model, execution
        self.shadows = None if execution.shadow is None else Shadows(model, execution.shadow)
        self.optimiser = Optimiser(model, recipe, steps, shadows=self.shadows, on_device=execution.graphs)
        if execution.compiled:
            model.encoder.compiled = compiled_layer(note=note)
        self._graphs: StepGraphs | None = None
        if execution.graphs:
            how = recorder or CudaRecorder(execution.device)
            self._graphs = StepGraphs(self._whole, how, model.encoder.check, self._forget, note)

    def step(self, number: int, step: Step, seen: Callable[[Tensor], None] = lambda loss: None) -> Tensor:
        """Step `number` (0 is the first); gives the gradients' norm before clipping, on the device.

        `seen` is told the mean loss, on the device: before the weights move, save where the step is recorded.
        """
        self.optimiser.prepare(number)
        if self._graphs is not None and len(step.pieces) == 1:
            loss, norm = self._graphs(step.pieces[0])
            seen(loss)
            return norm
        seen(self._backward(step.pieces))
        return self.optimiser.update()

    def finish(self) -> None:
        """The model has its fp32 weights again, and nothing of the training hangs on it."""
        if self.shadows is not None:
            self.shadows.close()
        self._model.encoder.compiled = None
        self._graphs = None  # they keep memory

    def _whole(self, piece: Piece) -> tuple[Tensor, Tensor]:
        loss = self._backward((piece,))
        return loss, self.optimiser.update()

    def _backward(self, pieces: tuple[Piece, ...]) -> Tensor:
        """Add the gradients of the mean loss to those of the model, and give that loss, on its device."""
        units = max(1, sum(piece.units for piece in pieces))
        loss = torch.zeros((), device=self._execution.device)
        for piece in pieces:
            with self._execution.cast():
                mean = self._model.loss(piece.batch, piece.head, piece.targets, piece.tokens_R)
            share = mean if len(pieces) == 1 else mean * (piece.units / units)
            share.backward()  # type: ignore[no-untyped-call]
            loss += share.detach()
            if self.shadows is not None:
                self.shadows.collect()
        return loss

    def _forget(self) -> None:
        """Drop what gradients there are."""
        for parameter in self._model.parameters():
            parameter.grad = None
        if self.shadows is not None:
            self.shadows.drop()
