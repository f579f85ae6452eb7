"""Packed batches in few shapes: what is compiled or recorded for a shape then serves many batches. numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reproduce.model.packing import Packed

__all__ = ["Rounding", "Shape", "rounded_up", "shape_of"]


class Shape(NamedTuple):
    """What of a packed batch a GPU's kernels depend on; two batches of one shape take the same operations."""

    tokens: int  # T, padding included
    sequences: int  # S, padding and empty ones included
    longest: int
    real: int


@dataclass(frozen=True)
class Rounding:
    """To what the numbers of a batch are rounded up: T to a multiple of `tokens`, the longest to one of `lengths`.

    Sequences longer than the last of `lengths` are rounded to a multiple of it.
    """

    tokens: int = 256
    lengths: tuple[int, ...] = (64, 128, 256, 384, 512)

    def longest(self, length: int) -> int:
        """The smallest of `lengths` that is not below."""
        last = self.lengths[-1]
        return next((one for one in self.lengths if one >= length), -(-length // last) * last)

    @property
    def extra(self) -> int:
        """Sequences that the padding of a batch takes at most."""
        return -(-(self.tokens - 1) // self.lengths[0])

    def applied(self, packed: Packed, *, pad_id: int = 1, position_start: int = 2) -> Packed:
        """The batch with its numbers rounded up; the real sequences stay as they are, and so do their numbers.

        Padding stands behind them, cut into sequences that are no longer than the longest may be. Empty sequences fill
        up, so that S is always the real ones and `extra`.
        """
        tokens, total = packed.tokens, rounded_up(packed.tokens, self.tokens)
        ends = packed.cu_seqlens[: packed.real + 1]
        longest = self.longest(int(np.diff(ends).max()))
        cu_seqlens = np.full(packed.real + self.extra + 1, total, dtype=np.int32)
        cu_seqlens[: len(ends)] = ends
        cuts = np.arange(tokens + longest, total, longest)
        cu_seqlens[len(ends) : len(ends) + len(cuts)] = cuts
        return replace(
            packed,
            input_ids=_padded(packed.input_ids[:tokens], total, pad_id),
            position_ids=_padded(packed.position_ids[:tokens], total, position_start - 1),
            cu_seqlens=cu_seqlens,
            max_seqlen=longest,
        )


def shape_of(packed: Packed) -> Shape:
    """The shape that a batch has."""
    return Shape(len(packed.input_ids), packed.sequences, packed.max_seqlen, packed.real)


def rounded_up(number: int, multiple: int) -> int:
    """The smallest multiple that is not below."""
    return -(-number // multiple) * multiple


def _padded(values: NDArray[np.int64], length: int, fill: int) -> NDArray[np.int64]:
    out = np.full(length, fill, dtype=values.dtype)
    out[: len(values)] = values
    return out
