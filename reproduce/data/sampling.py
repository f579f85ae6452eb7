"""Which examples stand in which batch: an order that the seed and the number of the step alone decide. numpy only.

Nothing here remembers where it is, so a training that goes on from step n asks for batch n and gets what the
undisturbed training got. A batch holds examples of one part (task, language).

Within a part the examples come in passes: each pass is a new permutation, cut into batches of `batch_size`, the last of
which may be smaller. An epoch is as many batches as one pass over every part has. How the parts follow one another:

- proportional: each epoch is a permutation of all the batches of the parts, so that every example is seen exactly once
  in an epoch, and the share of a part is its share of the batches;
- temperature: the part of each batch is drawn, independently of the others, with p ~ min(n, cap)^(1/T) (Raffel et al.
  2020, arXiv 1910.10683, section 3.5.2); a part that is exhausted begins its next pass, whatever the epoch;
- uniform: the same with equal p;
- sequential: all batches of the first part (its passes over all epochs), then those of the second, and so on.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reproduce.specs import Mixture, Optimisation

__all__ = ["Order", "epoch_batches", "generator", "shares", "some_items", "steps_of"]


def generator(seed: int, purpose: str, *position: int) -> np.random.Generator:
    """A generator of its own for a purpose and a position within it; streams of different purposes are independent."""
    # the number of coordinates is part of it, since a SeedSequence does not tell (1) from (1, 0)
    entropy = [seed, zlib.crc32(purpose.encode()), len(position), *position]
    return np.random.default_rng(np.random.SeedSequence(entropy))


def epoch_batches(sizes: Sequence[int], batch_size: int) -> list[int]:
    """Batches of one pass over each part of so many examples."""
    return [math.ceil(size / batch_size) for size in sizes]


def steps_of(sizes: Sequence[int], optimisation: Optimisation, beside: float = 0.0) -> int:
    """Optimizer steps of a whole training on parts of so many examples; an epoch begun counts in parts of a batch.

    `beside`: the share of the steps that are of something else (masked text); epochs are of the parts alone, max_steps
    of everything.
    """
    if optimisation.max_steps is not None:
        return optimisation.max_steps
    assert optimisation.epochs is not None  # the record has exactly one of the two
    # the sum is exact for whole epochs; the little that is taken off keeps 0.1 * 30 from being 4 steps
    own = math.ceil(optimisation.epochs * sum(epoch_batches(sizes, optimisation.batch_size)) - 1e-9)
    return math.ceil(own / (1 - beside) - 1e-9)


def shares(sizes: Sequence[int], batch_size: int, mixture: Mixture) -> NDArray[np.float64]:
    """The share of the batches that each part has in the long run; float64 [parts], sums to 1.

    Of a sequential mixture: the shares of the whole training.
    """
    if mixture.sampling == "uniform":
        weights = np.ones(len(sizes))
    elif mixture.sampling == "temperature":
        capped = np.minimum(sizes, mixture.cap) if mixture.cap is not None else np.asarray(sizes)
        weights = capped.astype(np.float64) ** (1.0 / mixture.temperature)
    else:
        weights = np.asarray(epoch_batches(sizes, batch_size), dtype=np.float64)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def some_items(ids: Sequence[str], count: int | None) -> NDArray[np.int64]:
    """The numbers, ascending, of so many of the items: those whose ids hash lowest; all where `count` is None.

    Spread over the data set, since neighbours often are of one passage, and the same in every language where ids are.
    """
    if count is None or count >= len(ids):
        return np.arange(len(ids))
    hashes = [hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest() for name in ids]
    return np.sort(np.array(sorted(range(len(ids)), key=lambda number: hashes[number])[:count], dtype=np.int64))


class Order:
    """The order of all batches of a training.

    `parts` [steps] says which part a batch is of, `ordinals` [steps] its number among the batches of that part.
    """

    def __init__(self, sizes: Sequence[int], batch_size: int, mixture: Mixture, *, steps: int, seed: int) -> None:
        if not sizes or min(sizes) < 1:
            raise ValueError(f"every part needs at least one example, the parts have {list(sizes)}")
        self.sizes = tuple(sizes)
        self.batch_size = batch_size
        self.steps = steps
        self.seed = seed
        self.per_pass = epoch_batches(sizes, batch_size)
        self.parts = self._parts(mixture)
        self.ordinals = np.zeros(steps, dtype=np.int64)
        for part in range(len(sizes)):
            (where,) = np.nonzero(self.parts == part)
            self.ordinals[where] = np.arange(len(where))
        self._passes: dict[int, tuple[int, NDArray[np.int64]]] = {}  # of each part the permutation in use

    @property
    def epoch(self) -> int:
        """Batches of an epoch: one pass over the union of the parts."""
        return sum(self.per_pass)

    def batch(self, step: int) -> tuple[int, NDArray[np.int64]]:
        """The part, and the examples of it, of the batch with that number (0 is the first). Raises IndexError."""
        if not 0 <= step < self.steps:
            raise IndexError(f"batch {step} of {self.steps}")
        part, ordinal = int(self.parts[step]), int(self.ordinals[step])
        number, place = divmod(ordinal, self.per_pass[part])
        known = self._passes.get(part)
        if known is None or known[0] != number:
            permutation = generator(self.seed, "pass", part, number).permutation(self.sizes[part])
            known = self._passes[part] = (number, permutation)
        return part, known[1][place * self.batch_size : (place + 1) * self.batch_size]

    def _parts(self, mixture: Mixture) -> NDArray[np.int32]:
        count = len(self.sizes)
        if count == 1:
            return np.zeros(self.steps, dtype=np.int32)
        law = shares(self.sizes, self.batch_size, mixture)
        if mixture.sampling == "sequential":
            ends = np.rint(np.cumsum(law) * self.steps).astype(np.int64)
            return np.repeat(np.arange(count, dtype=np.int32), np.diff(ends, prepend=0))
        if mixture.sampling == "proportional":
            batches = np.repeat(np.arange(count, dtype=np.int32), self.per_pass)
            epochs = math.ceil(self.steps / len(batches))
            mixed = [generator(self.seed, "epoch", epoch).permutation(batches) for epoch in range(epochs)]
            return np.concatenate(mixed)[: self.steps] if mixed else np.zeros(0, dtype=np.int32)
        drawn = generator(self.seed, "parts").choice(count, size=self.steps, p=law)
        return drawn.astype(np.int32)
