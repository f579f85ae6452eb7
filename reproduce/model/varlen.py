"""Attention over packed sequences by torch's flash kernel, dropout included, and what it computes in plain operations.

`torch.nn.attention.varlen.varlen_attn` calls the same kernel and sets dropout to 0; the operator beneath it takes one,
and torch knows its gradient. It is not public, so `obstacle` looks at its signature before it is used.
"""
# ruff: noqa: N803, N806

from __future__ import annotations

import torch
from torch import Tensor

from reproduce.model.layers import dropout as dropped
from reproduce.model.layers import single

__all__ = ["HALF", "flash", "obstacle", "reference"]

HALF = (torch.bfloat16, torch.float16)  # what the kernel computes in
_ARGUMENTS = """query key value cum_seq_q cum_seq_k max_q max_k dropout_p is_causal return_debug_mask scale""".split()
_OUTPUTS = 5  # the first is the result
# the backward kernel takes heads of 193 to 256 only on some cards
_LARGEST_HEAD, _HEAD_MULTIPLE = 192, 8
_CAPABILITY = (8, 0)  # Ampere


def flash(
    query_TNK: Tensor,
    key_TNK: Tensor,
    value_TNK: Tensor,
    cu_seqlens: Tensor,
    longest: int,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """softmax(q k^T * scale) v [T, N, K] of every sequence by itself, with dropout on the probabilities.

    `cu_seqlens` [S + 1] int32: the starts of the sequences and the end of the last; repeated ones are empty sequences.
    `longest`: no sequence may be longer, or the kernel leaves tokens out. `scale`: 1 / sqrt(K) where it is None.
    """
    out: Tensor = torch.ops.aten._flash_attention_forward(
        query_TNK,
        key_TNK,
        value_TNK,
        cu_seqlens,
        cu_seqlens,
        longest,
        longest,
        dropout,
        False,
        False,
        scale=query_TNK.shape[-1] ** -0.5 if scale is None else scale,
    )[0]
    return out


def reference(
    query_TNK: Tensor,
    key_TNK: Tensor,
    value_TNK: Tensor,
    cu_seqlens: Tensor,
    longest: int,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """What `flash` computes, on any device and in any precision, from a table of all tokens against all: for tests.

    Its operations depend on the shapes alone, so that it can be traced. Tokens behind the last sequence give 0.
    """
    T = query_TNK.shape[0]
    scale = query_TNK.shape[-1] ** -0.5 if scale is None else scale
    place_T = torch.arange(T, device=cu_seqlens.device, dtype=cu_seqlens.dtype)
    sequence_T = torch.searchsorted(cu_seqlens, place_T, right=True)
    inside_TT = sequence_T[:, None] == sequence_T
    q, k, v = (single(x).transpose(0, 1) for x in (query_TNK, key_TNK, value_TNK))  # [N, T, K]
    scores_NTT = (q @ k.transpose(1, 2) * scale).masked_fill(~inside_TT, -torch.inf)
    out_NTK = dropped(torch.softmax(scores_NTT, -1), dropout) @ v
    out = out_NTK.transpose(0, 1).masked_fill((place_T >= cu_seqlens[-1])[:, None, None], 0.0)
    return out.to(query_TNK.dtype)


def obstacle(device: torch.device | str, dtype: torch.dtype, head_size: int) -> str | None:
    """Why `flash` cannot be used there, in words; None where it can."""
    device = torch.device(device)
    if device.type != "cuda":
        return f"the kernel is CUDA's, and the device is {device}"
    if dtype not in HALF:
        return f"the kernel computes in half precision, not in {str(dtype).removeprefix('torch.')}"
    if head_size % _HEAD_MULTIPLE or head_size > _LARGEST_HEAD:
        return f"the kernel takes heads of {_HEAD_MULTIPLE}, {2 * _HEAD_MULTIPLE}, ... {_LARGEST_HEAD}, not {head_size}"
    if not _known():
        return f"torch {torch.__version__} has another signature of it"
    if not torch.backends.cuda.is_flash_attention_available():
        return f"torch {torch.__version__} was built without it"
    if torch.version.hip is not None or torch.cuda.get_device_capability(device) < _CAPABILITY:
        return f"{torch.cuda.get_device_name(device)} is older than the kernel, or not NVIDIA's"
    return None


def _known() -> bool:
    """Whether torch has the operator with the arguments, in the order, that `flash` gives."""
    packet = getattr(torch.ops.aten, "_flash_attention_forward", None)
    if packet is None or "default" not in packet.overloads():
        return False
    schema = packet.default._schema
    names = [argument.name for argument in schema.arguments]
    optional = all(argument.has_default_value() for argument in schema.arguments[len(_ARGUMENTS) :])
    return names[: len(_ARGUMENTS)] == _ARGUMENTS and optional and len(schema.returns) == _OUTPUTS
