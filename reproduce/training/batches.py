"""Packed batches of some examples of a data set, for the forward passes of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from reproduce.data.dataset import Ragged
from reproduce.model.encoder import Batch
from reproduce.model.packing import by_tokens, pack
from reproduce.runner import Preempted

__all__ = ["batches"]

# tokens of a batch: on a CPU what stays in its cache, on a GPU enough to fill it
_TOKENS = {"cpu": 2048, "cuda": 65536}
# a GPU's matrix products want rows in eights
_MULTIPLE = {"cpu": 1, "cuda": 8}


def batches(
    tokens: Ragged,
    sequences: NDArray[np.int64],
    per_example: int,
    device: torch.device,
    should_stop: Callable[[], bool],
    report: Callable[[float], None] = lambda share: None,
) -> Iterator[tuple[list[int], Batch]]:
    """The examples of each batch, by their place among those asked for, and the batch; like lengths together.

    `sequences` are rows of `tokens`, `per_example` of them an example. `report` is told the share of the tokens that
    are done, after each batch. Raises Preempted where `should_stop` says so.
    """
    lengths = tokens.lengths[sequences].reshape(-1, per_example).sum(axis=1)
    most = max(_TOKENS[device.type], int(lengths.max(initial=0)))
    total, done = int(lengths.sum()), 0
    for places in by_tokens(lengths, most):
        if should_stop():
            raise Preempted("stopped during an evaluation")
        rows = sequences.reshape(-1, per_example)[places].reshape(-1)
        yield places, Batch.of(pack(tokens, rows, multiple=_MULTIPLE[device.type]), device)
        done += int(lengths[places].sum())
        report(done / total)
