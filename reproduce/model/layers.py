"""What encoder and heads are built of: dense layers, their initial weights, dropout that is fast on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Dense", "Dropout", "dropout", "dropout_add", "initialise", "placed", "single"]

_STD = 0.02  # of initial weights, as in BERT and XLM-R
_STEPS = 1 << 16  # the probability of dropout is a multiple of 1 / _STEPS on a CPU


class Dense(nn.Module):
    """x W^T + b with weights that are not set yet; `nn.Linear` would draw them from the global generator."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        return functional.linear(x, self.weight, self.bias)


class Dropout(nn.Module):
    """Dropout in training, nothing else in evaluation."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return dropout(x, self.p if self.training else 0.0)


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Hugging Face's scheme: matrices normal with deviation 0.02, biases 0, layer norms 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.LayerNorm):
            continue  # made that way
        for name, parameter in part.named_parameters(recurse=False):
            if name == "bias":
                parameter.zero_()
            else:
                parameter.normal_(0.0, _STD, generator=generator)


def dropout(x: Tensor, p: float) -> Tensor:
    """x with elements set to 0 with probability p and the others scaled so that the mean stays.

    Drawn from torch's default generator. On a CPU one 64-bit number makes four decisions, which takes a third of
    the time of `functional.dropout`; p is rounded to a multiple of 2^-16 and the scale is that of the rounded p.
    """
    if p <= 0:
        return x
    return x * _mask(x, p) if x.device.type == "cpu" else functional.dropout(x, p)


def dropout_add(x: Tensor, p: float, residual: Tensor) -> Tensor:
    """residual + dropout(x), in one pass on a CPU."""
    if p <= 0 or x.device.type != "cpu":
        return residual + dropout(x, p)
    return torch.addcmul(residual, x, _mask(x, p))


def placed(values: NDArray[Any], device: torch.device | str) -> Tensor:
    """An array on a device; on the way to a GPU through memory from which it copies while the program goes on."""
    tensor = torch.from_numpy(values)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def single(x: Tensor) -> Tensor:
    """fp32 where x is of half precision, else x itself."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _mask(x: Tensor, p: float) -> Tensor:
    dropped = min(round(p * _STEPS), _STEPS - 1)
    # with these bounds all 64 bits are drawn
    bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    kept = bits.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - _STEPS // 2
    return kept.to(x.dtype).mul_(_STEPS / (_STEPS - dropped))
