"""Pretraining: a masked language model of several languages, from nothing (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from reproduce import data
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.sampling import Order, generator, shares, steps_of
from reproduce.model.encoder import Batch, Encoder, EncoderConfig, Model
from reproduce.model.packing import Packed, pack
from reproduce.runner import Context, Outcome
from reproduce.specs import Mixture, PretrainJob, job_key
from reproduce.training.device import deterministic
from reproduce.training.evaluate import data_record
from reproduce.training.examples import check_lengths
from reproduce.training.loop import Part, Piece, Step, Training
from reproduce.training.modelfolder import keep

__all__ = ["SPECIAL", "masked", "run_pretrain", "unigram_entropy"]

SPECIAL = 4  # <s>, <pad>, </s>, <unk> come first in every vocabulary; <mask> comes last
_HEAD = "masked"


def run_pretrain(job: PretrainJob, context: Context) -> Outcome:
    """Train an encoder from random weights and leave model/ with the vocabulary; the masked head is not kept.

    Each sentence of a batch is drawn from a language with p ~ n^(1/temperature), n its sentences; the sentences of a
    language come in passes, each a new permutation. Masks are drawn anew at every step. Raises as `run_train`.
    """
    begun = time.perf_counter()
    context.phase("load")
    with deterministic(context, job.seed) as device:
        vocabulary = data.vocabulary(job.data)
        texts = [data.text(job.data, language) for language in job.languages]
        for text in texts:
            check_lengths(text, job.size.positions)
        size, recipe = job.size, job.optimisation
        config = EncoderConfig(
            vocab_size=vocabulary.size,
            hidden=size.hidden,
            layers=size.layers,
            heads=size.heads,
            feed_forward=size.feed_forward,
            positions=size.positions,
            dropout=recipe.dropout,
        )
        weights = torch.Generator().manual_seed(int(generator(job.seed, "weights").integers(2**63)))
        model = Model(Encoder(config, weights))
        model.add_head(_HEAD, "masked", vocabulary.size, weights)
        model.to(device)
        sizes = [text.examples for text in texts]
        steps = steps_of(sizes, recipe)
        mixture = Mixture(sampling="temperature", temperature=job.temperature)
        # one place in the order a sentence, so that a batch mixes the languages
        order = Order(sizes, 1, mixture, steps=steps * recipe.batch_size, seed=job.seed)
        training = Training(
            model,
            _batches(job, texts, order, vocabulary.size, device),
            steps=steps,
            parts=[Part(unigram_entropy(texts, shares(sizes, 1, mixture)))],
            optimisation=recipe,
            key=job_key(job),
            context=context,
            device=device,
        )
        loaded = time.perf_counter()
        fitted = training.run()
        context.phase("finish")
        sha256 = keep(context, model.encoder, vocabulary)
    return Outcome(
        optimizer_steps=fitted.steps,
        examples=fitted.examples,
        tokens=fitted.tokens,
        train_loss=fitted.loss,
        degenerate=fitted.degenerate,
        data=tuple(data_record(text, np.arange(text.examples)) for text in texts),
        model_sha256=sha256,
        weights_changed=fitted.weights_changed,
        seconds={"load": loaded - begun} | fitted.seconds,
    )


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
        words = text.tokens.flat[text.tokens.flat >= SPECIAL]
        # by sentence, since sentences are drawn: a language of long ones gives more words
        frequencies += np.bincount(words, minlength=longest) * (weight / max(1, text.examples))
    frequencies = frequencies[frequencies > 0] / frequencies.sum()
    return float(-(frequencies * np.log(frequencies)).sum())


def _batches(
    job: PretrainJob, texts: Sequence[Dataset], order: Order, vocabulary: int, device: torch.device
) -> Callable[[int], Step]:
    size = job.optimisation.batch_size
    everything = _joined([text.tokens for text in texts])
    begins = np.cumsum([0, *(text.examples for text in texts)])  # where the rows of each text begin among all

    def batch(number: int) -> Step:
        drawn = [order.batch(place) for place in range(number * size, (number + 1) * size)]
        packed = pack(everything, [int(begins[part] + rows[0]) for part, rows in drawn])
        input_ids, targets = masked(packed.input_ids, job.mask, vocabulary, generator(job.seed, "mask", number))
        pieces = []
        # masked as a whole before it is split, so that the parts are the batch
        for chosen in np.array_split(np.arange(size), job.optimisation.accumulate):
            if len(chosen):
                part, within = _some(packed, input_ids, int(chosen[0]), int(chosen[-1]) + 1)
                placed = torch.from_numpy(targets[within]).to(device)
                units = int((targets[within] != IGNORED).sum())
                pieces.append(Piece(Batch.of(part, device), _HEAD, placed, units))
        return Step(0, tuple(pieces), size, packed.tokens)

    return batch


def _joined(parts: Sequence[Ragged]) -> Ragged:
    """The rows of all of them, one after the other."""
    lengths = np.concatenate([part.lengths for part in parts])
    return Ragged(np.concatenate([part.flat for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))


def _some(packed: Packed, input_ids: NDArray[np.int64], first: int, end: int) -> tuple[Packed, slice]:
    """The sequences from `first` to before `end` with other ids, and where their tokens are."""
    starts = packed.cu_seqlens[first : end + 1]
    within = slice(int(starts[0]), int(starts[-1]))
    longest = int(np.diff(starts).max())
    return Packed(input_ids[within], packed.position_ids[within], starts - starts[0], longest, end - first), within
