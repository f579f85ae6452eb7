"""From a head's logits to the predictions of items: labels, tags, answers. numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError
from reproduce.data.dataset import IGNORED, Dataset, Item, Ragged

__all__ = ["MAX_ANSWER", "answers", "labels", "rows", "spans", "tags"]

Floats = NDArray[np.float32]

MAX_ANSWER = 30  # tokens, as in the scripts of SQuAD, XTREME and jiant


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
    """The text of the best span of each item, of at most MAX_ANSWER tokens, over all its sequences; logits [tokens, 2].

    In running text (`Dataset.offsets`) an item's context is the passage: the answer reaches from the first character of
    the span's first token to the last one of its last. Where the data set is `nullable` the answer is "" if the score
    of <s>, the lowest of the item's sequences, is above that of the best span (Devlin et al. 2019, arXiv 1810.04805,
    section 4.3, with the threshold 0). A passage without tokens gives "".

    Else an item's context is {"words": the words that an answer is made of, "start": the token of the first}, one token
    a word; of an item with several sequences a list of these, one for each sequence.
    """
    if dataset.offsets is not None:
        return _passage_answers(dataset, dataset.offsets, examples, logits)
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


def rows(
    dataset: Dataset, examples: NDArray[np.int64], predictions: Sequence[Any], scores: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    """Rows of predictions.jsonl for the items that the examples belong to, in order, one for each prediction."""
    numbers = examples if dataset.item_of is None else np.unique(dataset.item_of[examples])
    found = []
    for place, (number, prediction) in enumerate(zip(numbers, predictions, strict=True)):
        item = dataset.items[int(number)]
        row = {"id": item.id, "language": dataset.language, "label": item.label, "prediction": prediction}
        found.append(row if scores is None else row | {"score": round(float(scores[place]), 6)})
    return found


def _passage_answers(
    dataset: Dataset, offsets: Ragged, examples: NDArray[np.int64], logits: Sequence[Floats]
) -> list[str]:
    best: dict[int, tuple[float, str]] = {}
    null: dict[int, float] = {}
    for example, scores in zip(examples, logits, strict=True):
        number = _item_of(dataset, example)
        passage = dataset.items[number].context
        if not isinstance(passage, str):
            where = f"{dataset.task}, {dataset.language}, {dataset.split}, item {dataset.items[number].id}"
            raise InputError("the passage that an answer is part of is missing", where=where)
        null[number] = min(null.get(number, np.inf), float(scores[0].sum(dtype=np.float64)))
        best.setdefault(number, (-np.inf, ""))
        characters = offsets[int(example)].reshape(-1, 2)
        inside = np.flatnonzero(characters[:, 0] >= 0)  # next to each other: the passage's part of the sequence
        if not len(inside):
            continue
        first, last, score = spans(scores[inside, 0], scores[inside, 1])
        if score > best[number][0]:
            begin, end = int(characters[inside[first], 0]), int(characters[inside[last], 1])
            best[number] = score, passage[begin:end].strip()
    return ["" if dataset.nullable and null[n] > best[n][0] else best[n][1] for n in sorted(best)]


def _item_of(dataset: Dataset, example: np.int64) -> int:
    return int(example if dataset.item_of is None else dataset.item_of[example])


def _context(dataset: Dataset, item: Item, window: int) -> tuple[Sequence[str], int]:
    context = item.context[window] if isinstance(item.context, list) else item.context
    if not isinstance(context, Mapping) or not {"words", "start"} <= context.keys() or not context["words"]:
        where = f"{dataset.task}, {dataset.language}, {dataset.split}, item {item.id}"
        raise InputError("the words that an answer is made of are missing", where=where)
    return context["words"], int(context["start"])
