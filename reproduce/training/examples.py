"""Training examples of one task as a head takes them: which are used, their targets, and the loss of knowing nothing.

numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.sampling import generator, some_items
from reproduce.specs import Part

__all__ = ["Examples", "check_lengths", "classes_of", "examples_of_items", "sequences_of"]

Targets = NDArray[np.int64] | Ragged


def classes_of(dataset: Dataset, kind: str) -> int:
    """Outputs that a head of that kind needs for the task."""
    return {"span": 2, "choice": dataset.per_example}.get(kind, len(dataset.labels))


def sequences_of(dataset: Dataset, examples: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of `dataset.tokens` that make up these examples, in order."""
    if dataset.per_example == 1:
        return examples
    return (examples[:, None] * dataset.per_example + np.arange(dataset.per_example)).reshape(-1)


def check_lengths(dataset: Dataset, max_length: int) -> None:
    """Raise InputError where a sequence is longer than `max_length`: cutting it could cut off what it is asked for."""
    for tokens in (dataset.tokens, dataset.pool):
        longest = int(tokens.lengths.max()) if tokens is not None and len(tokens) else 0
        if longest > max_length:
            raise InputError(
                f"a sequence of {longest} tokens, and the recipe allows {max_length}",
                where=f"{dataset.task}, {dataset.language}, {dataset.split}",
                todo="raise max_length in the recipe",
            )


def examples_of_items(dataset: Dataset, items: int | None) -> NDArray[np.int64]:
    """The examples of so many items of a data set (`some_items`), in order; all where `items` is None."""
    everything = np.arange(dataset.examples)
    if items is None:
        return everything
    chosen = some_items([item.id for item in dataset.items], items)
    return chosen if dataset.item_of is None else everything[np.isin(dataset.item_of, chosen)]


@dataclass(frozen=True)
class Examples:
    """The examples of one part of a training: `used` [n] are their numbers in the data set, `targets` are theirs.

    targets: [n] (classification: the class; multiple choice: the choice), [n, 2] (spans: first and last token within
    the sequence), or n ragged rows, one tag a token (tagging).
    """

    dataset: Dataset
    kind: str
    used: NDArray[np.int64]
    targets: Targets
    true_labels: bool = True

    @classmethod
    def of(cls, dataset: Dataset, kind: str, part: Part, seed: int) -> Examples:
        """The examples that `part` asks for: of a seeded shuffle the first, their labels permuted where it says so.

        Permuted are: classes, choices and spans among the examples, tags among all tokens that have one. A span that
        reaches beyond its new sequence is moved to its end. Raises UsageError for a task that cannot be trained on.
        """
        if dataset.targets is None:
            raise UsageError(f"the task {part.task} has no training labels", todo="name one that can be trained on")
        used = np.arange(dataset.examples)
        if part.examples is not None and part.examples < len(used):
            used = np.sort(generator(seed, "subset").permutation(len(used))[: part.examples])
        targets = dataset.targets.take(used) if isinstance(dataset.targets, Ragged) else dataset.targets[used]
        if part.labels == "shuffled":
            targets = _shuffled(targets, dataset.tokens.lengths[used] if kind == "span" else None, seed)
        return cls(dataset, kind, used, targets, part.labels == "true")

    def __len__(self) -> int:
        return len(self.used)

    def rows(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The sequences of some of the examples; `chosen` counts among those used."""
        return sequences_of(self.dataset, self.used[chosen])

    def targets_of(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
        """Targets of some of the examples, as the head takes them, and what the mean loss is a mean over."""
        if isinstance(self.targets, Ragged):
            tags = np.concatenate([self.targets[int(row)] for row in chosen]).astype(np.int64)
            return tags, int((tags != IGNORED).sum())
        return self.targets[chosen], len(chosen)

    def majority(self) -> float:
        """The loss, in nats, of a model that knows the labels' frequencies and nothing of the input.

        Classes and tags: their entropy; spans: the mean log of the tokens that could be the first or the last;
        multiple choice: the log of the choices.
        """
        if self.kind == "choice":
            return float(np.log(self.dataset.per_example))
        if self.kind == "span":
            return float(np.log(self.dataset.tokens.lengths[self.used]).mean())
        labels = self.targets.flat if isinstance(self.targets, Ragged) else self.targets
        counts = np.bincount(labels[labels != IGNORED])
        frequencies = counts[counts > 0] / counts.sum()
        return float(-(frequencies * np.log(frequencies)).sum())


def _shuffled(targets: Targets, lengths: NDArray[np.int64] | None, seed: int) -> Targets:
    random = generator(seed, "labels")
    if isinstance(targets, Ragged):
        flat = targets.flat.copy()
        labelled = flat != IGNORED
        flat[labelled] = random.permutation(flat[labelled])
        return Ragged(flat, targets.offsets)
    moved = targets[random.permutation(len(targets))]
    if lengths is None:
        return moved
    # the last token is </s>: a span ends before it, and begins behind <s>
    beyond = np.maximum(moved[:, 1] - (lengths - 2), 0)
    placed: NDArray[np.int64] = np.maximum(moved - beyond[:, None], 1)
    return placed
