"""Training on the rows of the word table that the examples reach: the same weights, less for the optimizer to move."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reproduce.data.dataset import Dataset
from reproduce.model.encoder import Encoder

__all__ = ["Trimmed", "reached"]

# Weights that must be spared before it is worth it: 4 MB less of gradients, moments and weights in each step
_WORTH = 1 << 20


def reached(datasets: Iterable[Dataset], encoder: Encoder) -> NDArray[np.int64]:
    """The words that occur in any of the data sets, and padding; in order."""
    size = encoder.config.vocab_size
    counts = np.zeros(size, dtype=np.int64)
    counts[encoder.config.pad_id] = 1
    for dataset in datasets:
        counts += np.bincount(dataset.tokens.flat, minlength=size)
    return np.flatnonzero(counts)


class Trimmed:
    """The word table of an encoder cut down to some rows, until `restore`.

    A word that is in no batch has no gradient, so that its moments stay 0 and AdamW moves its row by the decay alone:
    after the training it is the old row times the product of the steps' decays. Rows in use get the gradients, and
    the clipping the norm, that they get beside the whole table. What differs is the rounding: of the product, and of
    sums over tables of another size. A softmax over all words (masked text) reaches every row: nothing to trim there.
    """

    def __init__(self, encoder: Encoder, used: NDArray[np.int64]) -> None:
        self._encoder, self._whole = encoder, encoder.word
        self._used_U = torch.from_numpy(used).to(encoder.word.device)
        row_of_V = torch.full((len(encoder.word),), -1, dtype=torch.int64, device=encoder.word.device)  # noqa: N806
        row_of_V[self._used_U] = torch.arange(len(used), device=encoder.word.device)
        with torch.no_grad():
            encoder.word = nn.Parameter(self._whole.index_select(0, self._used_U))
        encoder.row_of_V = row_of_V

    @classmethod
    def where_worth(cls, encoder: Encoder, used: NDArray[np.int64]) -> Trimmed | None:
        """The trimmed table, or None where it would spare little."""
        spared = (len(encoder.word) - len(used)) * encoder.config.hidden
        return cls(encoder, used) if spared >= _WORTH else None

    @torch.no_grad()
    def restore(self, decay: float) -> None:
        """Put the whole table back: rows in use as they are now, the others times `decay`."""
        trained = self._encoder.word
        self._whole.mul_(decay).index_copy_(0, self._used_U, trained)
        self._encoder.word, self._encoder.row_of_V = self._whole, None
