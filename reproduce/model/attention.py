"""Attention within each sequence of a packed batch, never across two of them."""
# ruff: noqa: N803, N806

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reproduce.model import varlen
from reproduce.model.layers import dropout as dropped
from reproduce.model.layers import placed, single

__all__ = ["Group", "Layout", "Path", "attention", "to_padded"]

# "grouped": in groups of like length, on any device; "flash": by a GPU's kernel for packed sequences, where
# `varlen.obstacle` sees none; "reference": what that kernel computes in plain operations, for tests
Path = Literal["grouped", "flash", "reference"]

# A group of its own must save this many scores a head to be worth its operations: on one core, hidden sizes 64 to 768,
# nothing between 4000 and 16000 is faster
_SAVING = 8192


@dataclass(frozen=True)
class Group:
    """Sequences of like length that are padded to the longest of them while attention is computed."""

    sequences: int  # S
    longest: int  # L
    bias_S1L: Tensor | None  # noqa: N815  0 at tokens, -inf in padding; None where there is none


@dataclass(frozen=True)
class Layout:
    """Where the sequences of a packed batch lie, on one device; made once a batch and used by every layer.

    The tokens of sequence s are `cu_seqlens[s] : cu_seqlens[s + 1]`, which is what kernels for packed batches take; a
    sequence may be empty. Without such a kernel (`path` "grouped") the sequences are put into groups by length, each
    padded: `token_P` is the token at each of the P places of the padded groups (0 in padding), `slot_T` the place of
    each token. Both are None where all sequences are equally long, so that a view does it.
    """

    cu_seqlens: Tensor  # [S + 1] int32
    longest: int  # no sequence is longer
    groups: tuple[Group, ...]
    token_P: Tensor | None  # noqa: N815
    slot_T: Tensor | None  # noqa: N815
    path: Path = "grouped"

    @classmethod
    def of(
        cls,
        cu_seqlens: NDArray[np.int32],
        device: torch.device | str = "cpu",
        *,
        longest: int | None = None,
        path: Path = "grouped",
    ) -> Layout:
        """From the starts of the sequences, the end of the last included; `longest`: a rounded one."""
        starts, lengths = cu_seqlens[:-1].astype(np.int64), np.diff(cu_seqlens)
        limit = int(lengths.max()) if longest is None else longest
        starts_S = placed(cu_seqlens, device)
        if path != "grouped":
            return cls(starts_S, limit, (), None, None, path)
        starts, lengths = starts[lengths > 0], lengths[lengths > 0]
        if int(lengths.min()) == (same := int(lengths.max())):
            return cls(starts_S, limit, (Group(len(lengths), same, None),), None, None)
        order = np.argsort(lengths, kind="stable")
        groups, tokens, slot_T = [], [], np.empty(int(cu_seqlens[-1]), dtype=np.int64)
        first = 0  # place of the group among the P
        for members in np.split(order, _cuts(lengths[order])):
            width = int(lengths[members[-1]])
            places = np.arange(width)
            present_SL = places < lengths[members][:, None]
            token_SL = np.where(present_SL, starts[members][:, None] + places, 0)
            slot_T[token_SL[present_SL]] = first + np.flatnonzero(present_SL)
            bias_S1L = None
            if not present_SL.all():
                bias = np.where(present_SL, np.float32(0), np.float32(-np.inf))
                bias_S1L = placed(bias, device)[:, None]
            groups.append(Group(len(members), width, bias_S1L))
            tokens.append(token_SL.reshape(-1))
            first += len(tokens[-1])
        return cls(starts_S, limit, tuple(groups), placed(np.concatenate(tokens), device), placed(slot_T, device))


def _cuts(lengths: NDArray[Any]) -> list[int]:
    """Where to cut rising lengths so that padding each part to its longest is cheap: at the best place, repeatedly."""
    squares = lengths.astype(np.int64) ** 2
    cuts: list[int] = []
    parts = [(0, len(lengths))]
    while parts:
        start, end = parts.pop()
        if end - start < 2:
            continue
        left = np.arange(1, end - start)  # sequences in the shorter half
        saving = left * (squares[end - 1] - squares[start : end - 1])
        best = int(saving.argmax())
        if saving[best] > _SAVING:
            middle = start + best + 1
            cuts.append(middle)
            parts += [(start, middle), (middle, end)]
    return sorted(cuts)


def attention(qkv_T3NK: Tensor, layout: Layout, dropout: float = 0.0) -> Tensor:
    """softmax(q k^T / sqrt(K)) v of every sequence by itself, with dropout on the probabilities.

    `qkv_T3NK` holds queries, keys and values of T packed tokens, N heads of K each. Gives [T, N * K] in its dtype;
    scores and probabilities are fp32 where that is a half precision. Gradients are the same in every run on a CPU.
    """
    T, _, N, K = qkv_T3NK.shape
    if layout.path != "grouped":
        kernel = varlen.flash if layout.path == "flash" else varlen.reference
        q, k, v = qkv_T3NK.unbind(1)
        return kernel(q, k, v, layout.cu_seqlens, layout.longest, dropout).reshape(T, N * K)
    rows = qkv_T3NK.reshape(T, 3 * N * K)
    if layout.token_P is not None:
        rows = rows.index_select(0, layout.token_P)  # the gradient of padding is exactly 0
    sizes = [group.sequences * group.longest for group in layout.groups]
    parts = torch.split(rows, sizes) if len(sizes) > 1 else (rows,)
    mixed = [_padded_attention(part, group, N, dropout) for part, group in zip(parts, layout.groups, strict=True)]
    out = torch.cat(mixed) if len(mixed) > 1 else mixed[0]
    if layout.slot_T is not None:
        out = out.index_select(0, layout.slot_T)
    return out.to(qkv_T3NK.dtype)


def to_padded(x_TF: Tensor, layout: Layout, fill: float) -> Tensor:
    """[T, F] to [S, L, F], the sequences in their order, with `fill` where there is no token."""
    starts_S = layout.cu_seqlens.long()
    S, T = len(starts_S) - 1, x_TF.shape[0]
    sequence_T = torch.repeat_interleave(starts_S.diff(), output_size=T)
    places_T = (
        torch.arange(T, device=x_TF.device)
        + (torch.arange(S, device=x_TF.device) * layout.longest - starts_S[:-1])[sequence_T]
    )
    padded = x_TF.new_full((S * layout.longest, x_TF.shape[1]), fill)
    return padded.index_copy(0, places_T, x_TF).view(S, layout.longest, -1)


def _padded_attention(rows: Tensor, group: Group, N: int, dropout: float) -> Tensor:
    # With sentences on a CPU this takes 0.6 of the time of scaled_dot_product_attention, whose fused kernel knows no
    # dropout there, and whose other path also looks for rows without any key
    S, L = group.sequences, group.longest
    K = rows.shape[1] // (3 * N)
    # [S * L, 3 * N * K] to three of [S * N, L, K]
    q, k, v = single(rows.view(S, L, 3, N, K).permute(2, 0, 3, 1, 4).reshape(3, S * N, L, K)).unbind(0)
    if group.bias_S1L is None:
        scores = torch.bmm(q * K**-0.5, k.transpose(1, 2))
    else:
        bias = group.bias_S1L[:, None].to(q.dtype).expand(S, N, 1, L).reshape(S * N, 1, L)
        scores = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=K**-0.5)
    out = torch.bmm(dropped(torch.softmax(scores, -1), dropout), v)
    return out.view(S, N, L, K).transpose(1, 2).reshape(S * L, N * K)
