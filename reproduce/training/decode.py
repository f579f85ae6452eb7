"""From a head's logits to the predictions of items: labels, tags, answers, the nearest sentence. numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError
from reproduce.data.dataset import IGNORED, Dataset, Item, Ragged

__all__ = ["MAX_ANSWER", "answers", "labels", "nearest", "rows", "spans", "tags"]

Floats = NDArray[np.float32]

MAX_ANSWER = 30  # tokens, as in the scripts of SQuAD, XTREME and jiant
_BLOCK = 1024  # queries compared with the whole pool at once


def labels(dataset: Dataset, examples: NDArray[np.int64], logits: Sequence[Floats]) -> list[str]:
    """The name of the likeliest class of each example; logits [classes]. A choice without a name is its number."""
    if dataset.item_of is not None:
        raise InputError("several sequences for one item", where=dataset.task, todo="a class is predicted from one")
    best = [int(scores.argmax()) for scores in logits]
    return [dataset.labels[number] if dataset.labels else str(number) for number in best]


def tags(dataset: Dataset, examples: NDArray[np.int64], logits: Sequence[Floats]) -> list[list[str]]:
    """The likeliest tag of each token that has one, by item; logits [tokens, tags]."""
    if not isinstance(dataset.targets, Ragged):
        raise InputError("no word says which tokens are tagged", where=dataset.task)
    found: dict[int, list[str]] = {}
    for example, scores in zip(examples, logits, strict=True):
        asked = dataset.targets[int(example)] != IGNORED
        names = [dataset.labels[int(tag)] for tag in scores[asked].argmax(axis=1)]
        found.setdefault(_item_of(dataset, example), []).extend(names)
    return [found[number] for number in sorted(found)]


def answers(dataset: Dataset, examples: NDArray[np.int64], logits: Sequence[Floats]) -> list[str]:
    """The text of the best span of each item; logits [tokens, 2].

    An item's context is {"words": the words that an answer is made of, "start": the token of the first}, one token a
    word; of an item with several sequences a list of these, one for each sequence.
    """
    best: dict[int, tuple[float, str]] = {}
    windows: dict[int, int] = {}
    for example, scores in zip(examples, logits, strict=True):
        number = _item_of(dataset, example)
        window = windows[number] = windows.get(number, -1) + 1
        words, start = _context(dataset, dataset.items[number], window)
        inside = scores[start : start + len(words)]
        first, last, score = spans(inside[:, 0], inside[:, 1])
        if number not in best or score > best[number][0]:
            best[number] = score, " ".join(words[first : last + 1])
    return [best[number][1] for number in sorted(best)]


def spans(start: Floats, end: Floats, longest: int = MAX_ANSWER) -> tuple[int, int, float]:
    """The first and last place that maximise start + end, with first <= last < first + longest; and their sum.

    Of several equal ones that which begins first, and of these the shortest.
    """
    size = len(start)
    width = min(longest, size)
    ends = np.full(size + width - 1, -np.inf, dtype=np.float64)
    ends[:size] = end
    # [size, width]: row i holds the sums of spans that begin at i, by their length
    sums = start.astype(np.float64)[:, None] + np.lib.stride_tricks.sliding_window_view(ends, width)
    first, more = divmod(int(sums.argmax()), width)
    return first, first + more, float(sums[first, more])


def nearest(queries: Floats, pool: Floats) -> tuple[NDArray[np.int64], Floats]:
    """For each query [Q, H] the row of the pool [P, H] with the highest cosine, the first of equals; and the cosine."""
    pool = _normalised(pool)
    places, cosines = [], []
    for begin in range(0, len(queries), _BLOCK):
        similar = _normalised(queries[begin : begin + _BLOCK]) @ pool.T
        best = similar.argmax(axis=1)
        places.append(best)
        cosines.append(similar[np.arange(len(best)), best])
    return np.concatenate(places), np.concatenate(cosines)


def rows(dataset: Dataset, predictions: Sequence[Any], scores: Sequence[float] | None = None) -> list[dict[str, Any]]:
    """Rows of predictions.jsonl for the first items of a data set, one for each prediction."""
    found = []
    for number, (item, prediction) in enumerate(zip(dataset.items, predictions, strict=False)):
        row = {"id": item.id, "language": dataset.language, "label": item.label, "prediction": prediction}
        found.append(row if scores is None else row | {"score": round(float(scores[number]), 6)})
    return found


def _item_of(dataset: Dataset, example: np.int64) -> int:
    return int(example if dataset.item_of is None else dataset.item_of[example])


def _context(dataset: Dataset, item: Item, window: int) -> tuple[Sequence[str], int]:
    context = item.context[window] if isinstance(item.context, list) else item.context
    if not isinstance(context, Mapping) or not {"words", "start"} <= context.keys() or not context["words"]:
        where = f"{dataset.task}, {dataset.language}, {dataset.split}, item {item.id}"
        raise InputError("the words that an answer is made of are missing", where=where)
    return context["words"], int(context["start"])


def _normalised(vectors: Floats) -> Floats:
    lengths = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    unit: Floats = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
