"""A stand-in for CUDA graphs on a CPU: recorded work is done again on the tensors that it was recorded with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from reproduce.training.graphs import Work


class Waiting(TorchDispatchMode):
    """Refuses operations for which a GPU would make the program wait, or whose result has a shape of its own."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        if any(word in name for word in ("_local_scalar_dense", "nonzero", "is_nonzero", "unique", "masked_select")):
            raise RuntimeError(f"{name} waits")
        return func(*args, **(kwargs or {}))


class Tape:
    """Stands in for CUDA graphs: recorded work is done again on the tensors that it was recorded with, no others."""

    def __init__(self) -> None:
        self.warmed = self.recorded = self.replayed = 0

    def warm(self, work: Work) -> tuple[Tensor, Tensor]:
        self.warmed += 1
        return work()

    def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, Tensor]]:
        self.recorded += 1
        results = torch.zeros(()), torch.zeros(())

        def replay() -> None:
            self.replayed += 1
            with Waiting():
                found = work()
            for place, result in zip(results, found, strict=True):
                place.copy_(result)

        return replay, results
