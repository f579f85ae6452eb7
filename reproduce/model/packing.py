"""Batches without padding: several sequences laid end to end, with the places where each begins. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.dataset import Ragged

__all__ = ["Packed", "by_tokens", "pack"]


@dataclass(frozen=True)
class Packed:
    """S sequences in one row of T tokens; sequence s is `input_ids[cu_seqlens[s] : cu_seqlens[s + 1]]`.

    `real` of the sequences are examples; one more, of padding, may follow them to round T up.
    """

    input_ids: NDArray[np.int64]  # [T]
    position_ids: NDArray[np.int64]  # [T], counted anew in each sequence
    cu_seqlens: NDArray[np.int32]  # [S + 1], the first is 0, the last is T
    max_seqlen: int  # tokens of the longest sequence, that of padding included
    real: int  # sequences that are no padding

    @property
    def sequences(self) -> int:
        """S, that of padding included."""
        return len(self.cu_seqlens) - 1

    @property
    def tokens(self) -> int:
        """Tokens of the real sequences."""
        return int(self.cu_seqlens[self.real])


def pack(
    tokens: Ragged,
    rows: Sequence[int] | NDArray[np.int64],
    *,
    position_start: int = 2,
    multiple: int = 1,
    pad_id: int = 1,
    longest: int | None = None,
) -> Packed:
    """Some rows of `tokens`, in the order given, end to end.

    Position ids begin at `position_start` in every sequence: in the RoBERTa family at pad_id + 1 = 2, and any other
    start degrades the model in silence. `multiple` above 1 rounds T up by one last sequence of `pad_id`, all of whose
    positions are `position_start - 1` (those of padding in Hugging Face's models), so that it fits any model.

    Raises UsageError for no rows or a multiple below 1, InputError for a row without tokens or, where `longest` is
    given, with more tokens than that, IndexError for a row that is not there.
    """
    chosen = np.asarray(rows, dtype=np.int64).reshape(-1)
    if not len(chosen):
        raise UsageError("a batch without sequences", todo="give at least one row")
    if multiple < 1:
        raise UsageError(f"a batch cannot be rounded up to a multiple of {multiple}", todo="give 1 or more")
    if chosen.min() < 0 or chosen.max() >= len(tokens):
        bad = int(chosen.min() if chosen.min() < 0 else chosen.max())
        raise IndexError(f"row {bad} of {len(tokens)}")
    starts = tokens.offsets[chosen]
    lengths = tokens.offsets[chosen + 1] - starts
    _check_lengths(chosen, lengths, longest)
    ends = np.cumsum(lengths)
    total = int(ends[-1])
    padding = -total % multiple
    cu_seqlens = np.zeros(len(chosen) + 1 + (padding > 0), dtype=np.int32)
    cu_seqlens[1 : len(chosen) + 1] = ends
    cu_seqlens[-1] = total + padding

    within = np.arange(total) - np.repeat(ends - lengths, lengths)  # place of each token in its own sequence
    input_ids = np.full(total + padding, pad_id, dtype=np.int64)
    input_ids[:total] = tokens.flat[within + np.repeat(starts, lengths)]
    position_ids = np.full(total + padding, position_start - 1, dtype=np.int64)
    position_ids[:total] = within + position_start
    return Packed(input_ids, position_ids, cu_seqlens, max(int(lengths.max()), padding), len(chosen))


def by_tokens(lengths: Sequence[int] | NDArray[np.int64], max_tokens: int) -> list[list[int]]:
    """Rows in batches of at most `max_tokens` tokens, the longest rows first, for evaluation.

    Rows of the same length keep their order, so the same lengths always give the same batches; rows of like length
    share a batch. Raises InputError for a row without tokens or with more than `max_tokens`.
    """
    sizes = np.asarray(lengths, dtype=np.int64).reshape(-1)
    _check_lengths(np.arange(len(sizes)), sizes, max_tokens)
    batches: list[list[int]] = []
    room = 0
    for row in np.argsort(-sizes, kind="stable").tolist():
        if not batches or sizes[row] > room:
            batches.append([])
            room = max_tokens
        batches[-1].append(row)
        room -= int(sizes[row])
    return batches


def _check_lengths(rows: NDArray[np.int64], lengths: NDArray[np.int64], longest: int | None) -> None:
    if (empty := np.flatnonzero(lengths < 1)).size:
        raise InputError(
            f"row {rows[empty[0]]} holds no token",
            todo="a sequence has at least its <s> and </s>: leave the row out or tokenise it again",
        )
    if longest is not None and (long := np.flatnonzero(lengths > longest)).size:
        raise InputError(
            f"row {rows[long[0]]} has {lengths[long[0]]} tokens, at most {longest} fit",
            todo="shorten it when it is tokenised",
        )
