"""Masked sentences of several languages in batches: all of a pretraining, or what goes beside a task. [torch]"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.sampling import Order, generator, shares
from reproduce.model.packing import Packed, pack
from reproduce.specs import Mixture
from reproduce.training.execution import Execution
from reproduce.training.stepping import Piece, Step

__all__ = ["HEAD", "SPECIAL", "MaskedText", "masked", "unigram_entropy"]

HEAD = "masked"
SPECIAL = 4  # <s>, <pad>, </s>, <unk> come first in every vocabulary; <mask> comes last
_BLOCK = 1 << 20  # tokens of a memory map that are looked at together


class MaskedText:
    """The batches 0 to `batches` - 1 of masked sentences, each a function of the seed and its number.

    Each sentence is drawn from a language with p ~ n^(1/temperature), n its sentences; those of a language come in
    passes, each a new permutation. Masks are drawn anew for every batch. `majority`: the loss, in nats, of a model that
    knows the words' frequencies alone.
    """

    def __init__(
        self,
        texts: Sequence[Dataset],
        *,
        batches: int,
        batch_size: int,
        accumulate: int,
        temperature: float,
        mask: float,
        vocabulary: int,
        seed: int,
        execution: Execution,
    ) -> None:
        sizes = [text.examples for text in texts]
        mixture = Mixture(sampling="temperature", temperature=temperature)
        self._texts, self._size, self._accumulate = texts, batch_size, accumulate
        self._mask, self._vocabulary, self._seed, self._execution = mask, vocabulary, seed, execution
        # one place in the order a sentence, so that a batch mixes the languages
        self._order = Order(sizes, 1, mixture, steps=batches * batch_size, seed=seed)
        self.majority = unigram_entropy(texts, shares(sizes, 1, mixture))

    def step(self, number: int, part: int = 0) -> Step:
        """The batch of that number, as the step of a training's part."""
        places = range(number * self._size, (number + 1) * self._size)
        drawn = [self._order.batch(place) for place in places]
        # of memory maps, so that only these rows are read
        rows = Ragged.from_rows(self._texts[text].tokens[int(row[0])] for text, row in drawn)
        packed = pack(rows, np.arange(self._size))
        random = generator(self._seed, "mask", number)
        input_ids, targets = masked(packed.input_ids, self._mask, self._vocabulary, random)
        pieces = []
        # masked as a whole before it is split, so that the parts are the batch
        for chosen in np.array_split(np.arange(self._size), self._accumulate):
            if len(chosen):
                some, within = _some(packed, input_ids, int(chosen[0]), int(chosen[-1]) + 1)
                units = int((targets[within] != IGNORED).sum())
                pieces.append(Piece.of(some, HEAD, targets[within], units, self._execution, per_token=True))
        return Step(part, tuple(pieces), self._size, packed.tokens)


def masked(
    input_ids: NDArray[np.int64], share: float, vocabulary: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids [T] with some tokens hidden, and targets [T]: the hidden tokens, IGNORED elsewhere.

    Each word is chosen with probability `share`, special tokens never; of those chosen 80 % become <mask>, 10 % a
    random word, 10 % stay. At least one is chosen where there is a word at all. <mask> is the last of the vocabulary.
    """
    words = (input_ids >= SPECIAL) & (input_ids < vocabulary - 1)
    chosen = words & (random.random(len(input_ids)) < share)
    if not chosen.any() and words.any():
        chosen[random.choice(np.flatnonzero(words))] = True
    targets = np.where(chosen, input_ids, IGNORED)
    fate = random.random(len(input_ids))
    strangers = random.integers(SPECIAL, vocabulary - 1, size=len(input_ids))
    hidden = np.where(chosen & (fate < 0.8), vocabulary - 1, input_ids)
    return np.where(chosen & (fate >= 0.9), strangers, hidden), targets


def unigram_entropy(texts: Sequence[Dataset], weights: NDArray[np.float64]) -> float:
    """The entropy, in nats, of a word that is drawn from the languages as the sentences are: `weights` [texts]."""
    longest = max(int(text.tokens.flat.max(initial=0)) for text in texts) + 1
    frequencies = np.zeros(longest)
    for text, weight in zip(texts, weights, strict=True):
        flat = text.tokens.flat
        counts = np.zeros(longest, dtype=np.int64)
        for start in range(0, len(flat), _BLOCK):
            counts += np.bincount(flat[start : start + _BLOCK], minlength=longest)
        counts[:SPECIAL] = 0
        # by sentence, since sentences are drawn: a language of long ones gives more words
        frequencies += counts * (weight / max(1, text.examples))
    frequencies = frequencies[frequencies > 0] / frequencies.sum()
    return float(-(frequencies * np.log(frequencies)).sum())


def _some(packed: Packed, input_ids: NDArray[np.int64], first: int, end: int) -> tuple[Packed, slice]:
    """The sequences from `first` to before `end` with other ids, and where their tokens are."""
    starts = packed.cu_seqlens[first : end + 1]
    within = slice(int(starts[0]), int(starts[-1]))
    longest = int(np.diff(starts).max())
    return Packed(input_ids[within], packed.position_ids[within], starts - starts[0], longest, end - first), within
