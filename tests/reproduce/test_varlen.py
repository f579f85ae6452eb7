"""Attention by the kernel for packed sequences: its reference, the call, its gradient, and where it is not used."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from reproduce.model import varlen
from reproduce.model.attention import Layout, Path, attention

LENGTHS = st.lists(st.just(0) | st.integers(1, 40), min_size=1, max_size=12).filter(any)
HALF = torch.bfloat16


def starts(lengths: Sequence[int]) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.cumsum([0, *lengths]).astype(np.int32)


def drawn(lengths: Sequence[int], heads: int = 2, size: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(len(lengths))
    return torch.randn(sum(lengths), 3, heads, size, generator=generator).requires_grad_()


def one_by_one(qkv: Tensor, lengths: Sequence[int]) -> Tensor:
    """The definition: every sequence and head by itself, in float64."""
    parts = []
    for part in qkv.double().split(list(lengths)):
        q, k, v = part.permute(1, 2, 0, 3)
        weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
        parts.append((weights @ v).transpose(0, 1).flatten(1))
    return torch.cat(parts)


@settings(deadline=None, max_examples=25)
@given(LENGTHS, st.sampled_from(["grouped", "reference"]))
def test_both_paths_are_the_definition_with_its_gradient_whatever_is_empty(lengths: list[int], path: Path) -> None:
    expected, found = drawn(lengths), drawn(lengths)
    weights = torch.randn(sum(lengths), 16, generator=torch.Generator().manual_seed(1))
    wanted = one_by_one(expected, lengths)
    got = attention(found, Layout.of(starts(lengths), longest=64, path=path))
    torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-6)
    (wanted * weights).sum().backward()
    (got * weights).sum().backward()
    torch.testing.assert_close(found.grad, expected.grad, rtol=1e-5, atol=1e-5)


def test_the_reference_drops_probabilities_at_the_rate() -> None:
    lengths = [7, 0, 20] * 60
    qkv = torch.zeros(sum(lengths), 3, 1, 8)
    qkv[:, 2] = 1  # every probability is 1 / length: the output is the share of keys kept, scaled
    torch.manual_seed(0)
    kept = attention(qkv, Layout.of(starts(lengths), path="reference"), 0.25)[:, 0] * 0.75
    of = torch.repeat_interleave(torch.tensor(lengths), torch.tensor(lengths))
    torch.testing.assert_close(kept * of, (kept * of).round(), rtol=0, atol=1e-3)
    total = float((of).sum())
    assert abs(float((kept * of).sum()) / total - 0.75) < 4 * (0.25 * 0.75 / total) ** 0.5


def test_the_operator_gives_the_shapes_and_types_that_we_count_on() -> None:
    with FakeTensorMode():
        q, k, v = torch.empty(512, 3, 16, 64, device="cuda", dtype=HALF).unbind(1)
        at = torch.empty(37, device="cuda", dtype=torch.int32)
        out, lse, state, unused, _ = torch.ops.aten._flash_attention_forward(
            q, k, v, at, at, 128, 128, 0.1, False, False, scale=0.125
        )
        assert (out.shape, out.dtype, out.device.type) == ((512, 16, 64), HALF, "cuda")
        assert (lse.shape, lse.dtype) == ((16, 512), torch.float32)
        found = torch.ops.aten._flash_attention_backward(
            out, q, k, v, out, lse, at, at, 128, 128, 0.1, False, state, unused, scale=0.125
        )
        assert [(one.shape, one.dtype, one.device.type) for one in found] == [((512, 16, 64), HALF, "cuda")] * 3
        mixed = attention(
            torch.empty(512, 3, 16, 64, device="cuda", dtype=HALF), Layout(at, 128, (), None, None, "flash"), 0.1
        )
        assert (mixed.shape, mixed.dtype, mixed.device.type) == ((512, 1024), HALF, "cuda")


def test_torch_knows_the_operator_s_gradient() -> None:
    # without a CUDA build autograd knows no CUDA device: tensors without contents take the same formula
    qkv = torch.empty(256, 3, 4, 64, device="meta", dtype=HALF, requires_grad=True)
    at = torch.empty(9, device="meta", dtype=torch.int32)
    out = attention(qkv, Layout(at, 64, (), None, None, "flash"), 0.1)
    assert out.requires_grad
    out.sum().backward()
    assert qkv.grad is not None
    assert (qkv.grad.shape, qkv.grad.dtype) == (qkv.shape, HALF)


def test_the_operator_is_called_with_dropout_scale_and_the_rounded_length(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def operator(*given: Any, **named: Any) -> tuple[Tensor, ...]:
        calls.append((given, named))
        q, k, v, at, _, longest, _, p = given[:8]
        return varlen.reference(q, k, v, at, longest, p, named["scale"]), *([torch.empty(0)] * 4)

    monkeypatch.setattr(torch.ops.aten, "_flash_attention_forward", operator)
    lengths = [5, 17, 0, 3]
    found = attention(drawn(lengths), Layout.of(starts(lengths), longest=64, path="flash"), 0.0)
    torch.testing.assert_close(found.double(), one_by_one(drawn(lengths), lengths), rtol=1e-5, atol=1e-6)
    attention(drawn(lengths), Layout.of(starts(lengths), longest=64, path="flash"), 0.1)
    for (given_, named), p in zip(calls, (0.0, 0.1), strict=True):
        q, k, v, at, at_k, longest, longest_k, dropout, causal, mask = given_
        assert {x.shape for x in (q, k, v)} == {(25, 2, 8)}
        assert all(x.stride(-1) == 1 for x in (q, k, v))  # which the kernel wants
        assert at is at_k
        assert (at.dtype, at.tolist()) == (torch.int32, [0, 5, 22, 22, 25])
        assert (longest, longest_k, dropout, causal, mask) == (64, 64, p, False, False)
        assert named == {"scale": 8**-0.5}


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A GPU that has the kernel."""
    monkeypatch.setattr(torch.backends.cuda, "is_flash_attention_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
    monkeypatch.setattr(torch.version, "hip", None)
    return monkeypatch


@pytest.mark.parametrize("size", [32, 64, 128, 192])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_nothing_stands_in_the_way_where_the_kernel_is(card: pytest.MonkeyPatch, size: int, dtype: torch.dtype) -> None:
    assert varlen.obstacle("cuda:0", dtype, size) is None


@pytest.mark.parametrize(
    ("device", "dtype", "size", "said"),
    [
        ("cpu", HALF, 64, "the device is cpu"),
        ("cuda:0", torch.float32, 64, "half precision, not in float32"),
        ("cuda:0", HALF, 20, "not 20"),
        ("cuda:0", HALF, 256, "not 256"),
    ],
)
def test_what_stands_in_its_way_is_said(
    card: pytest.MonkeyPatch, device: str, dtype: torch.dtype, size: int, said: str
) -> None:
    assert said in (varlen.obstacle(device, dtype, size) or "")


def test_an_old_card_another_build_and_another_signature_are_seen(card: pytest.MonkeyPatch) -> None:
    with card.context() as changed:
        changed.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
        assert "a card is older than the kernel" in (varlen.obstacle("cuda:0", HALF, 64) or "")
    with card.context() as changed:
        changed.setattr(torch.backends.cuda, "is_flash_attention_available", lambda: False)
        assert "built without it" in (varlen.obstacle("cuda:0", HALF, 64) or "")
    real = torch.ops.aten._flash_attention_forward
    arguments = list(real.default._schema.arguments)
    for other in (
        [*arguments[:7], *arguments[8:]],  # one less
        [*arguments[:6], arguments[7], arguments[6], *arguments[8:]],  # another order
        [*arguments, SimpleNamespace(name="new", has_default_value=lambda: False)],  # one more that is wanted
    ):
        schema = SimpleNamespace(arguments=other, returns=real.default._schema.returns)
        packet = SimpleNamespace(overloads=lambda: ["default"], default=SimpleNamespace(_schema=schema))
        with card.context() as changed:
            changed.setattr(torch.ops.aten, "_flash_attention_forward", packet)
            assert "another signature" in (varlen.obstacle("cuda:0", HALF, 64) or "")
