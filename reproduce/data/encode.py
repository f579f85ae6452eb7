"""Rows of text become sequences of tokens, cut, split or in windows as their task asks, and kept for who reads next."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from reproduce.data.cache import Kept, Writer, kept
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.data.rows import Choice, Digest, Question, Row, Source, Tagged
from reproduce.data.sequences import KINDS, bad_row, chunks
from reproduce.data.subwords import Subwords

__all__ = ["SHORTEST", "encode"]

SHORTEST = 8  # tokens: the four special ones of a pair and something of either part

_LOG = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)


def encode(source: Source, words: Subwords, max_length: int, cache: Path | None = None) -> Dataset:
    """The rows of a source as tokens, no sequence longer than `max_length`; from the folder `cache` where it has them.

    Sequences stand in XLM-R's layout, <s> a </s> and <s> a </s></s> b </s>. What does not fit:

    - `Pair`: the longer text loses tokens at its end until both fit (the tokenizers library's `longest_first`).
    - `Tagged`: the sentence becomes several sequences, each as long as whole words fit; a word longer than a sequence
      is cut. The tag is that of the word's first token. A word that is no token becomes <unk>, as in XTREME.
    - `Question`: of the question 64 tokens are kept, half of what there is room for where that is less; the passage is
      read through windows that begin 128 tokens apart, half a window where that is less, so that they always overlap.
      The target is the first answer with a known place; (0, 0), which is <s>, in windows that do not hold it whole and
      where there is no answer. For training, questions without a place for any answer are left out.
    - `Choice`: the first text of each pair loses tokens at its end; the second only where it does not fit alone.
    - `Sentence`: cut at its end, in the pool too.
    - `Line`: several sequences; a line without tokens is left out.

    Items, `item_of` and `offsets` are of "dev" and "test" alone. How many rows were cut (level info) or left out of a
    training (warning) is logged, also when they come from the cache. Arrays are read-only, and maps of files where
    there is a cache; its key: the source's fingerprint, task, language, split and labels, `max_length`, the tokenizer,
    and the code of this package.

    Raises UsageError for a `max_length` below 8 or a cache that cannot be written; InputError, with the row's id, for a
    label that the source does not have, an answer that is not where it should be, or other rows that make no sense;
    what reading the source raises.
    """
    if max_length < SHORTEST:
        raise UsageError(f"sequences of {max_length} tokens hold nothing", todo=f"give {SHORTEST} or more")
    key = {
        "fingerprint": source.fingerprint,
        "task": source.task,
        "language": source.language,
        "split": source.split,
        "labels": list(source.labels),
        "nullable": source.nullable,
        "max_length": max_length,
        "tokenizer": words.sha256,
        "library": metadata.version("tokenizers"),
        "code": _code(),
    }
    found = kept(cache, key, lambda writer: _write(source, words, max_length, writer))
    for level, text in found.facts["notes"]:
        _LOG.log(level, "%s", text)
    return _dataset(source, found)


def _code() -> str:
    """Changes with the code that reads and encodes, so that nobody has to remember to raise a number."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _write(source: Source, words: Subwords, max_length: int, writer: Writer) -> dict[str, Any]:
    """Read the source and write all of it; the facts that `_dataset` needs beside the arrays."""
    digest = Digest(source)
    read = chunks(_fed(source, digest))
    first = next(read, None)
    if first is None:
        raise bad_row(source, "", "there is not a single row", "fetch the file again: it may be cut off")
    kind = type(first[0])
    sequences = KINDS[kind](source, words, max_length, writer)
    for rows in chain((first,), read):
        for row in rows:
            if type(row) is not kind:
                raise bad_row(source, getattr(row, "id", ""), f"a {type(row).__name__} among rows of a {kind.__name__}")
        sequences.add(rows)
    if source.pool is not None:
        for pool in chunks(_fed(source.pool(), digest)):
            sequences.add_pool(pool)
    return sequences.facts() | {"kind": kind.__name__, "source_sha256": digest.hexdigest()}


def _fed(rows: Iterable[R], digest: Digest) -> Iterator[R]:
    for row in rows:
        digest.add(row)
        yield row


def _dataset(source: Source, found: Kept) -> Dataset:
    arrays, kind = found.arrays, found.facts["kind"]
    per_example = int(found.facts["per_example"])
    tokens = _ragged(found, "tokens")
    targets: NDArray[np.int64] | Ragged | None = None
    if kind == Tagged.__name__:
        targets = Ragged(arrays["tags"].astype(np.int32, copy=False), tokens.offsets)
    elif "targets" in arrays:
        targets = arrays["targets"].astype(np.int64, copy=False)
        targets = targets.reshape(-1, 2) if kind == Question.__name__ else targets
    pool = _ragged(found, "pool") if "pool" in arrays else None
    return Dataset(
        source.task,
        source.language,
        source.split,
        tokens,
        targets,
        tuple(_items(found)),
        per_example,
        arrays["item_of"].astype(np.int64, copy=False) if "item_of" in arrays else None,
        pool,
        tuple(found.values("pool_ids")),
        tuple(map(str, range(per_example))) if kind == Choice.__name__ else source.labels,
        Ragged(arrays["characters"].astype(np.int32, copy=False), 2 * tokens.offsets)
        if "characters" in arrays
        else None,
        source.nullable,
        found.facts["source_sha256"],
    )


def _ragged(found: Kept, name: str) -> Ragged:
    return Ragged(
        found.arrays[name].astype(np.int32, copy=False), found.arrays[f"{name}.offsets"].astype(np.int64, copy=False)
    )


def _items(found: Kept) -> Iterator[Item]:
    """The items; those on one passage share its text, and those with the same tags share the tags' names."""
    passages = list(found.values("passages"))
    names: dict[str, str] = {}
    for identifier, label, *passage in found.values("items"):
        shared = [names.setdefault(name, name) for name in label] if isinstance(label, list) else label
        yield Item(identifier, shared, passages[passage[0]] if passage else None)
