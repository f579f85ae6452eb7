"""How a training is carried out on its device: number format, attention, shapes, compilation, CUDA graphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import torch

from reproduce import machine
from reproduce.model import varlen
from reproduce.model.attention import Path
from reproduce.model.encoder import Batch
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.packing import Packed
from reproduce.model.shapes import Rounding
from reproduce.runner import Context
from reproduce.specs import Optimisation

__all__ = ["Execution", "execution"]

# Steps from which compiling is taken to pay for itself. Arithmetic, not a measurement: a dozen shapes in two forms at
# about 2 s each from torch's cache on the disk, against some 3 ms a step of passes over memory that fusing saves
_LONG = 10_000


@dataclass(frozen=True)
class Execution:
    """What `execution` chose; the plain default computes in fp32 and suits any device."""

    device: torch.device
    autocast: torch.dtype | None = None  # forward passes run under torch's autocast to it
    shadow: torch.dtype | None = None  # forward and backward run on weights of this format (see Shadows)
    path: Path = "grouped"
    rounding: Rounding | None = None
    compiled: bool = False
    graphs: bool = False

    def batch(self, packed: Packed) -> Batch:
        """A packed batch on the device, in one of few shapes where there is a rounding."""
        return Batch.of(packed if self.rounding is None else self.rounding.applied(packed), self.device, self.path)

    def cast(self) -> contextlib.AbstractContextManager[None]:
        """What a forward pass runs in."""
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=self.autocast)


def execution(
    config: EncoderConfig, recipe: Optimisation, steps: int, device: torch.device, context: Context
) -> Execution:
    """How a training of so many steps is carried out there; what the device lacks is said in a note.

    bf16 is used only where the device computes in it: where it is emulated it is slow. A CPU gets autocast, since the
    weights' copies save it nothing, and a GPU shadows. Where the kernel for packed sequences can be had, batches come
    in few shapes, steps are recorded as CUDA graphs, and in a long training layers are compiled, unless the context
    turns that off. The choice is made here, once: layers only follow it.
    """
    half: torch.dtype | None = torch.bfloat16 if recipe.precision == "bf16" else None
    if half is not None and not machine.computes_in_bf16(str(device)):
        context.note(f"the recipe's bf16 is fp32 here, since the device ({device}) lacks it")
        half = None
    if device.type == "cpu":
        return Execution(device, autocast=half)
    if obstacle := varlen.obstacle(device, half or torch.float32, config.hidden // config.heads):
        context.note(f"attention is computed in padded groups: {obstacle}")
        return Execution(device, shadow=half)
    fast = _wanted(context.compiled)
    return Execution(
        device,
        shadow=half,
        path="flash",
        rounding=Rounding(),
        compiled=fast(steps >= _LONG),
        graphs=fast(True),
    )


def _wanted(setting: str) -> Callable[[bool], bool]:
    return {"auto": lambda pays: pays, "on": lambda pays: True, "off": lambda pays: False}[setting]
