"""AdamW as fine-tuning uses it: decay where it belongs, linear warm-up and decay of the rate, clipping by norm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from reproduce.specs import Optimisation
from reproduce.training.shadows import Shadows

__all__ = ["Optimiser", "rate_factor"]

_EPSILON = 1e-6  # beside the norm, as in torch's clip_grad_norm_


def rate_factor(step: int, steps: int, warmup: float) -> float:
    """The share of the learning rate at optimizer step `step` (0 is the first) of `steps`.

    It rises linearly from 0 over the first ceil(warmup * steps) steps and falls linearly to 0, which it reaches at
    step `steps`, the one after the last: transformers.get_linear_schedule_with_warmup, which the papers used.
    """
    rising = math.ceil(warmup * steps)
    if step < rising:
        return step / rising
    return (steps - step) / max(1, steps - rising)


class Optimiser:
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2) on the parameters of a model.

    Weight decay spares biases and layer norms, which are what has one dimension. A parameter without a gradient (the
    head of a task that is not in the batch) is left as it is: neither moved by its moments nor decayed.

    It is torch's own fused kernel, reached through the functional form: the class torch.optim.AdamW computes the same,
    but imports torch's compiler on its way, which takes longer than a small training.

    With `shadows` the weights that move are the masters, from the gradients collected there, and the shadows are
    written at the end of the step. With `on_device` the learning rate is a tensor and clipping is part of the update,
    so that a step is the same operations every time, none of which the program waits for: a CUDA graph can hold them.
    """

    def __init__(
        self,
        model: nn.Module,
        optimisation: Optimisation,
        steps: int,
        *,
        shadows: Shadows | None = None,
        on_device: bool = False,
    ) -> None:
        self._recipe, self._steps, self._shadows = optimisation, steps, shadows
        self._named = dict(model.named_parameters())
        masters = {} if shadows is None else shadows.masters
        self._weights: dict[str, Tensor] = {name: masters.get(name, p) for name, p in self._named.items()}
        self._state: dict[str, _Moments] = {}
        self._rate: Tensor | float = 0.0
        if on_device and self._weights:
            self._rate = torch.zeros((), device=next(iter(self._weights.values())).device)

    def rate(self, step: int) -> float:
        """The learning rate of optimizer step `step` (0 is the first)."""
        return self._recipe.learning_rate * rate_factor(step, self._steps, self._recipe.warmup)

    def decayed(self, steps: int) -> float:
        """What is left of a weight without gradients after so many steps: the product of (1 - rate * decay)."""
        return math.prod(1 - self.rate(step) * self._recipe.weight_decay for step in range(steps))

    def step(self, step: int) -> Tensor:
        """Clip the gradients, update the weights, drop the gradients; the norm before clipping is returned."""
        self.prepare(step)
        return self.update()

    def prepare(self, step: int) -> None:
        """Set the learning rate of step `step`, for `update`."""
        if isinstance(self._rate, Tensor):
            self._rate.fill_(self.rate(step))
        else:
            self._rate = self.rate(step)

    @torch.no_grad()
    def update(self) -> Tensor:
        """A step at the rate that was prepared; as `step` does."""
        gradients = self._gradients()
        norm = nn.utils.get_total_norm(gradients.values(), foreach=True)
        scale = None
        if isinstance(self._rate, Tensor):
            scale = ((norm + _EPSILON) / self._recipe.clip).clamp(min=1.0)
        elif gradients:
            torch._foreach_mul_(list(gradients.values()), (self._recipe.clip / (norm + _EPSILON)).clamp(max=1.0))
        for decay, chosen in (
            (self._recipe.weight_decay, [name for name in gradients if self._weights[name].dim() > 1]),
            (0.0, [name for name in gradients if self._weights[name].dim() <= 1]),
        ):
            if chosen:
                self._update(chosen, gradients, decay, scale)
        for parameter in self._named.values():
            parameter.grad = None
        if self._shadows is not None:
            self._shadows.drop()
            self._shadows.write()
        return norm

    def _gradients(self) -> dict[str, Tensor]:
        """Of the weights that have one, in the model's order."""
        found = {name: p.grad for name, p in self._named.items() if p.grad is not None}
        if self._shadows is not None:
            found |= self._shadows.gradients
        return {name: found[name] for name in self._named if name in found}

    def _update(
        self, chosen: Sequence[str], gradients: Mapping[str, Tensor], decay: float, scale: Tensor | None
    ) -> None:
        for name in chosen:
            if name not in self._state:
                self._state[name] = _Moments.zero(self._weights[name])
        moments = [self._state[name] for name in chosen]
        adamw(
            [self._weights[name] for name in chosen],
            [gradients[name] for name in chosen],
            [m.exp_avg for m in moments],
            [m.exp_avg_sq for m in moments],
            [],
            [m.step for m in moments],
            fused=True,  # on one core, for 64 to 128 units: a third to an eighth of the time of foreach
            capturable=scale is not None,
            grad_scale=scale,  # the kernel divides by it on its way
            amsgrad=False,
            beta1=self._recipe.beta1,
            beta2=self._recipe.beta2,
            lr=self._rate,
            weight_decay=decay,
            eps=self._recipe.epsilon,
            maximize=False,
        )

    def tensors(self) -> dict[str, Tensor]:
        """Moments and step counts by "adam/<which>/<parameter>", of the parameters that had a gradient so far."""
        return {
            f"adam/{which}/{name}": getattr(moments, which)
            for name, moments in self._state.items()
            for which in ("exp_avg", "exp_avg_sq", "step")
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave."""
        for name, parameter in self._weights.items():
            if f"adam/step/{name}" in tensors:
                found = {which: tensors[f"adam/{which}/{name}"] for which in ("exp_avg", "exp_avg_sq", "step")}
                self._state[name] = _Moments(**{which: t.to(parameter.device) for which, t in found.items()})


@dataclass(frozen=True)
class _Moments:
    """What AdamW remembers of a parameter; `step` counts its updates, a float32 scalar as torch wants it."""

    exp_avg: Tensor
    exp_avg_sq: Tensor
    step: Tensor

    @classmethod
    def zero(cls, parameter: Tensor) -> _Moments:
        count = torch.zeros((), dtype=torch.float32, device=parameter.device)
        return cls(torch.zeros_like(parameter), torch.zeros_like(parameter), count)
