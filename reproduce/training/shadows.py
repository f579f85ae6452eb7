"""Weights of half precision for forward and backward passes, beside the fp32 ones that AdamW moves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from reproduce.model.encoder import Encoder

__all__ = ["Shadows"]


class Shadows:
    """A model whose parameters are copies (shadows) of fp32 weights (masters) kept here, until `close`.

    The copies are written once a step, by `write`, where autocast would make them anew in every forward pass. The
    gradients that passes leave are of half precision too: `collect` adds them up in fp32. The tables of the embeddings
    have no shadow: of them a pass reads a few rows, and their gradients are sums over many tokens.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype = torch.bfloat16) -> None:
        tables = {id(table) for part in model.modules() if isinstance(part, Encoder) for table in part.tables}
        self._parameters = {name: p for name, p in model.named_parameters() if id(p) not in tables}
        self.masters = {name: p.data for name, p in self._parameters.items()}
        self._shadows = [master.to(dtype) for master in self.masters.values()]
        self.gradients: dict[str, Tensor] = {}  # of the masters, since they were dropped
        self._lifted = False
        self._place(self._shadows)

    @torch.no_grad()
    def write(self) -> None:
        """Make the shadows what the masters are."""
        torch._foreach_copy_(self._shadows, list(self.masters.values()))

    @torch.no_grad()
    def collect(self) -> None:
        """Add the gradients of the shadows to those of the masters, and drop them."""
        found = {name: p.grad for name, p in self._parameters.items() if p.grad is not None}
        new = {name: torch.empty_like(self.masters[name]) for name in found if name not in self.gradients}
        if new:
            torch._foreach_copy_(list(new.values()), [found[name] for name in new])
        if old := [name for name in found if name in self.gradients]:
            torch._foreach_add_([self.gradients[name] for name in old], [found[name].float() for name in old])
        self.gradients |= new
        for name in found:
            self._parameters[name].grad = None

    def drop(self) -> None:
        """Forget the gradients of the masters."""
        self.gradients = {}

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """The model's parameters are the masters here, to be read, saved or loaded; the shadows follow afterwards."""
        if self._lifted:
            yield
            return
        self.close()
        try:
            yield
        finally:
            self.write()
            self._place(self._shadows)
            self._lifted = False

    def close(self) -> None:
        """The model's parameters are the masters from now on."""
        self._place(list(self.masters.values()))
        self._lifted = True

    def _place(self, tensors: list[Tensor]) -> None:
        for parameter, tensor in zip(self._parameters.values(), tensors, strict=True):
            parameter.data = tensor
