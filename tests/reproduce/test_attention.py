"""Attention on packed sequences: each by itself, with exact gradients, and dropout at the rate that was asked for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reproduce.model.attention import Layout, attention, to_padded
from reproduce.model.layers import dropout, dropout_add

EQUAL, RAGGED, WIDE = [7, 7, 7], [3, 9, 1, 5], [*range(2, 40), 120, 118, 1]


def layout_of(lengths: list[int]) -> Layout:
    return Layout.of(np.cumsum([0, *lengths]).astype(np.int32))


def drawn(
    lengths: list[int], heads: int = 2, size: int = 4, seed: int = 0, dtype: torch.dtype = torch.float32
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (sum(lengths), 3, heads, size)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()


def one_by_one(qkv: Tensor, lengths: list[int]) -> Tensor:
    """The definition: every sequence and head by itself, in float64."""
    parts = []
    for part in qkv.double().split(lengths):
        q, k, v = part.permute(1, 2, 0, 3)  # each [heads, tokens, size]
        weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
        parts.append((weights @ v).transpose(0, 1).reshape(len(part[:, 0]), -1))
    return torch.cat(parts)


@pytest.mark.parametrize("lengths", [EQUAL, RAGGED, WIDE, [1], [30]], ids=["equal", "ragged", "wide", "one", "single"])
def test_equals_the_definition_with_its_gradient(lengths: list[int]) -> None:
    qkv, ours = drawn(lengths), drawn(lengths)
    weights = torch.randn(sum(lengths), 8, generator=torch.Generator().manual_seed(1))
    expected, found = one_by_one(qkv, lengths), attention(ours, layout_of(lengths))
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    torch.testing.assert_close(ours.grad, qkv.grad, rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=40))
def test_any_lengths(lengths: list[int]) -> None:
    qkv = drawn(lengths, heads=1, size=2)
    with torch.no_grad():
        torch.testing.assert_close(
            attention(qkv, layout_of(lengths)).double(), one_by_one(qkv, lengths), rtol=1e-5, atol=1e-6
        )
    layout = layout_of(lengths)
    assert sum(group.sequences for group in layout.groups) == len(lengths)
    if layout.slot_T is not None and layout.token_P is not None:
        assert layout.token_P[layout.slot_T].tolist() == list(range(sum(lengths)))


def test_sequences_of_like_length_share_a_group() -> None:
    layout = layout_of(WIDE)
    assert len(layout.groups) > 1
    padded = sum(group.sequences * group.longest**2 for group in layout.groups)
    assert padded < 0.4 * len(WIDE) * max(WIDE) ** 2
    widths = [group.longest for group in layout.groups]
    assert widths == sorted(widths)
    assert layout.longest == max(WIDE)


@pytest.mark.parametrize("lengths", [EQUAL, RAGGED, WIDE], ids=["equal", "ragged", "wide"])
def test_no_sequence_sees_another(lengths: list[int]) -> None:
    layout = layout_of(lengths)
    starts = [0, *itertools.accumulate(lengths)]
    before = attention(drawn(lengths), layout)
    for changed in range(len(lengths)):
        qkv = drawn(lengths).detach().clone()
        qkv[starts[changed] : starts[changed + 1]] += 100
        moved = (attention(qkv, layout) != before).any(dim=1)
        inside = torch.zeros(sum(lengths), dtype=torch.bool)
        inside[starts[changed] : starts[changed + 1]] = True
        assert not moved[~inside].any()
        assert moved[inside].all()


def test_nothing_leaks_through_gradients() -> None:
    qkv = drawn(RAGGED)
    attention(qkv, layout_of(RAGGED))[:3].sum().backward()
    assert qkv.grad is not None
    assert qkv.grad[:3].abs().sum() > 0
    assert not qkv.grad[3:].any()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bits(threads: int) -> None:
    def run() -> tuple[Tensor, Tensor]:
        torch.manual_seed(5)
        qkv = drawn(WIDE, heads=4, size=16)
        out = attention(qkv, layout_of(WIDE), 0.1)
        out.square().sum().backward()
        assert qkv.grad is not None
        return out.detach(), qkv.grad

    known = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        (first, first_grad), (second, second_grad) = run(), run()
    finally:
        torch.set_num_threads(known)
    assert torch.equal(first, second)
    assert torch.equal(first_grad, second_grad)


@pytest.mark.parametrize("lengths", [EQUAL, RAGGED], ids=["equal", "ragged"])
def test_dropout_falls_on_probabilities(lengths: list[int]) -> None:
    # with q = 0 every probability is 1 / length, with v = 1 the output is the share of keys kept, scaled
    lengths = [length for length in lengths for _ in range(300)]
    layout = layout_of(lengths)
    qkv = torch.zeros(sum(lengths), 3, 1, 1)
    qkv[:, 2] = 1
    torch.manual_seed(0)
    kept = attention(qkv, layout, 0.25).view(-1) * 0.75
    counts = kept * torch.repeat_interleave(torch.tensor(lengths), torch.tensor(lengths))
    torch.testing.assert_close(counts, counts.round(), rtol=0, atol=1e-4)
    total = sum(length * length for length in lengths)
    assert abs(counts.sum() / total - 0.75) < 4 * (0.25 * 0.75 / total) ** 0.5
    assert torch.allclose(attention(qkv, layout, 0.0), torch.ones(()))


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1 - 1e-9])
@pytest.mark.parametrize("shape", [(100_003,), (1, 1), (333, 7, 11)])
def test_dropout_keeps_the_share_and_the_mean(p: float, shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    x = torch.full(shape, 2.0, requires_grad=True)
    found = dropout(x, p)
    kept = found != 0
    rounded = min(round(p * 65536), 65535) / 65536
    slack = 5 * (rounded * (1 - rounded) / x.numel()) ** 0.5
    assert abs(kept.double().mean().item() - (1 - rounded)) <= slack
    torch.testing.assert_close(found[kept], torch.full_like(found[kept], 2 / (1 - rounded)))
    found.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, found.detach() / 2)
    torch.manual_seed(1)
    residual = torch.ones(shape)
    torch.testing.assert_close(dropout_add(x, p, residual), residual + found)


def test_dropout_without_a_rate_draws_nothing() -> None:
    before = torch.get_rng_state()
    x = torch.ones(3)
    assert dropout(x, 0.0) is x
    assert torch.equal(before, torch.get_rng_state())


def test_decisions_of_dropout_are_independent() -> None:
    # four decisions come from one random number: neighbours must not know of one another
    torch.manual_seed(2)
    kept = (dropout(torch.ones(400_000), 0.5) != 0).double() * 2 - 1
    for distance in (1, 2, 3, 4, 8):
        correlation = (kept[:-distance] * kept[distance:]).mean()
        assert abs(correlation) < 5 / 400_000**0.5


def test_half_precision_computes_scores_in_single() -> None:
    qkv = drawn(WIDE, heads=2, size=16, dtype=torch.bfloat16)
    found = attention(qkv, layout_of(WIDE))
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), one_by_one(qkv, WIDE), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("lengths", [EQUAL, RAGGED], ids=["equal", "ragged"])
def test_to_padded_keeps_the_order_of_sequences(lengths: list[int]) -> None:
    x = torch.arange(sum(lengths) * 2.0).view(-1, 2).requires_grad_()
    padded = to_padded(x, layout_of(lengths), -torch.inf)
    assert padded.shape == (len(lengths), max(lengths), 2)
    for row, part in zip(padded, x.split(lengths), strict=True):
        assert torch.equal(row[: len(part)], part)
        assert (row[len(part) :] == -torch.inf).all()
    padded[padded.isfinite()].sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.ones_like(x))
