"""Sentences of unlike length as padded batches: what goes through an encoder together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BATCH_TOKENS = 4096
_BATCH_SENTENCES = 32

Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids and mask, both (sentences, tokens), and which sentences they are: indices into what was given."""

    members: list[int]
    ids: Tokens
    mask: Tokens


def batches(token_ids: Sequence[Sequence[int]]) -> Iterator[Batch]:
    """Batches by length, so that little is padded; one holds at most 32 sentences and, but for one, 4,096 tokens."""
    order = sorted(range(len(token_ids)), key=lambda i: len(token_ids[i]))
    start = 0
    while start < len(order):
        stop = start + 1
        while (
            stop < len(order)
            and (stop - start + 1) * len(token_ids[order[stop]]) <= _BATCH_TOKENS
            and stop - start < _BATCH_SENTENCES
        ):
            stop += 1
        members = order[start:stop]
        ids = np.zeros((len(members), len(token_ids[members[-1]])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, i in enumerate(members):
            n = len(token_ids[i])
            ids[row, :n], mask[row, :n] = token_ids[i], 1
        yield Batch(members, ids, mask)
        start = stop
