"""AdamW, its schedule and clipping against formulas and transformers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from reproduce.specs import Optimisation
from reproduce.training.optimiser import Optimiser, rate_factor


@pytest.mark.parametrize(("steps", "warmup"), [(10, 0.0), (10, 0.1), (37, 0.25), (1, 0.0), (200, 0.06)])
def test_the_rate_is_that_of_transformers_linear_schedule(steps: int, warmup: float) -> None:
    from transformers import get_linear_schedule_with_warmup

    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = get_linear_schedule_with_warmup(optimiser, int(np.ceil(warmup * steps)), steps)
    for step in range(steps):
        assert rate_factor(step, steps, warmup) == pytest.approx(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert rate_factor(steps, steps, warmup) == 0.0


def test_a_step_is_adamw_with_decay_on_matrices_only_after_clipping() -> None:
    recipe = Optimisation(
        learning_rate=0.01, batch_size=1, max_steps=3, warmup=0.0, weight_decay=0.1, clip=0.5, epsilon=1e-6
    )
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3))
    optimiser = Optimiser(model, recipe, 3)
    expected = {name: p.detach().double().clone() for name, p in model.named_parameters()}
    m = {name: torch.zeros_like(p) for name, p in expected.items()}
    v = {name: torch.zeros_like(p) for name, p in expected.items()}
    for step in range(3):
        for p in model.parameters():
            p.grad = torch.randn_like(p)
        grads = {name: p.grad.double().clone() for name, p in model.named_parameters() if p.grad is not None}
        norm = torch.stack([g.norm() for g in grads.values()]).norm()
        assert float(optimiser.step(step)) == pytest.approx(float(norm), rel=1e-5)
        rate = 0.01 * (3 - step) / 3
        for name, g in grads.items():
            g = g * min(1.0, 0.5 / (float(norm) + 1e-6))
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            if expected[name].dim() > 1:
                expected[name] *= 1 - rate * 0.1
            unbiased = m[name] / (1 - 0.9 ** (step + 1)), v[name] / (1 - 0.999 ** (step + 1))
            expected[name] -= rate * unbiased[0] / (unbiased[1].sqrt() + 1e-6)
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.detach().double(), expected[name], rtol=1e-5, atol=1e-7)
        assert p.grad is None


def test_it_is_torchs_own_adamw_to_the_bit() -> None:
    recipe = Optimisation(
        learning_rate=0.01, batch_size=1, max_steps=4, warmup=0.0, weight_decay=0.1, clip=1e9, beta2=0.98
    )
    torch.manual_seed(0)
    ours = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.LayerNorm(5))
    theirs = copy.deepcopy(ours)
    matrices = [p for p in theirs.parameters() if p.dim() > 1]
    vectors = [p for p in theirs.parameters() if p.dim() == 1]
    groups = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    adamw = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1, fused=True)
    optimiser = Optimiser(ours, recipe, 4)
    for step in range(4):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        optimiser.step(step)
        for group in adamw.param_groups:
            group["lr"] = 0.01 * (4 - step) / 4
        adamw.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_head_of_a_task_that_is_not_in_the_batch_is_left_alone() -> None:
    recipe = Optimisation(learning_rate=0.1, batch_size=1, max_steps=4, warmup=0.0, weight_decay=0.1)
    model = torch.nn.ModuleDict({name: torch.nn.Linear(2, 2) for name in "ab"})
    optimiser = Optimiser(model, recipe, 4)
    for step in range(2):
        model["a"](torch.ones(2)).sum().backward()
        if step == 0:
            model["b"](torch.ones(2)).sum().backward()
        before = model["b"].weight.detach().clone()
        optimiser.step(step)
    assert torch.equal(model["b"].weight, before)
    restored = Optimiser(model, recipe, 4)
    restored.load({name: tensor.clone() for name, tensor in optimiser.tensors().items()})
    assert {name: t.tolist() for name, t in restored.tensors().items()} == {
        name: t.tolist() for name, t in optimiser.tensors().items()
    }
