"""The tokenizer of a text in several languages: trained on a sample of its lines, then kept with those who use it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce.data.rows import Line, Source
from reproduce.data.sampling import generator, shares
from reproduce.data.subwords import TOKENIZER, Subwords
from reproduce.specs import Mixture

__all__ = ["SAMPLE", "sample", "tokenizer_of"]

SAMPLE = 150_000  # lines that a tokenizer is trained on: a minute or two on a core
_VERSION = 1  # raised when the same text gives another tokenizer
_NOTE = "made-of.json"


def tokenizer_of(
    sources: Sequence[Source], size: int, *, temperature: float, seed: int, folder: Path, cache: Path | None = None
) -> Subwords:
    """The tokenizer of at most `size` pieces for these texts; `folder` is the job's own, which keeps it.

    It is trained on `SAMPLE` lines that are drawn from the languages as those of a pretraining are. Once in the folder
    it stays; `cache` hands it on to jobs that would train the same. Raises InputError where the folder keeps one that
    was made otherwise or of other text, and what reading the sources raises.
    """
    content = {
        "version": _VERSION,
        "texts": {source.language: source.fingerprint for source in sources},
        "pieces": size,
        "lines": SAMPLE,
        "temperature": temperature,
        "seed": seed,
    }
    made_of = json.dumps(content, indent=1, sort_keys=True) + "\n"
    if (folder / TOKENIZER).exists():
        try:
            same = (folder / _NOTE).read_text(encoding="utf-8") == made_of
        except (OSError, UnicodeDecodeError):
            same = False
        if not same:
            todo = "put the text back as it was, or remove the folder and begin anew"
            raise InputError("the tokenizer was made of other text than there is now", where=str(folder), todo=todo)
        return Subwords.load(folder)
    shared = cache / "tokenizers" / hashlib.sha256(made_of.encode()).hexdigest()[:16] if cache is not None else None
    if shared is not None and (shared / TOKENIZER).exists():
        words = Subwords.load(shared)
    else:
        random = generator(seed, "tokenizer")
        words = Subwords.train(sample(sources, SAMPLE, temperature, random), size)
        if shared is not None:
            words.save(shared)
    write_atomic(folder / _NOTE, made_of)
    words.save(folder)  # last: it is what counts
    return words


def sample(sources: Sequence[Source], lines: int, temperature: float, random: np.random.Generator) -> Iterator[str]:
    """About so many lines of all sources together, each at most once, in their order.

    A language of n lines gets a share p ~ n^(1/temperature) of them, all that it has where that is more. Of the text
    only the lines that were drawn are held. Raises UsageError where there is no line at all.
    """
    sizes = [sum(1 for _ in source) for source in sources]
    if not sum(sizes):
        raise UsageError("there is no text to train a tokenizer on")
    for source, size, wanted in zip(sources, sizes, _counts(sizes, lines, temperature), strict=True):
        chosen = np.zeros(size, dtype=bool)
        chosen[random.choice(size, wanted, replace=False, shuffle=False)] = True
        for row, taken in zip(source, chosen, strict=True):
            if taken:
                assert isinstance(row, Line)
                yield row.text


def _counts(sizes: Sequence[int], lines: int, temperature: float) -> NDArray[np.int64]:
    """How many lines each of the texts gives: what a small one lacks is shared among the others in the same way."""
    have = np.asarray(sizes, dtype=np.int64)
    weights = shares(sizes, 1, Mixture(sampling="temperature", temperature=temperature))
    taken = np.zeros(len(have))
    open_ = np.ones(len(have), dtype=bool)
    while open_.any():
        left = lines - have[~open_].sum()
        taken[open_] = max(left, 0) * weights[open_] / weights[open_].sum()
        full = open_ & (taken >= have)
        if not full.any():
            break
        taken[full] = have[full]
        open_ &= ~full
    return np.maximum(np.floor(taken + 1e-9).astype(np.int64), np.minimum(have, 1))
