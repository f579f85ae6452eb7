"""Training examples: subsets, shuffled labels and the loss of a model that knows nothing but the labels."""

from __future__ import annotations

import numpy as np
import pytest
import toy_world
from numpy.typing import NDArray

from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.specs import Part, WorldData
from reproduce.training.examples import Examples


def flat(examples: Examples) -> NDArray[np.integer]:
    """Its targets in one array."""
    return examples.targets.flat if isinstance(examples.targets, Ragged) else examples.targets


@pytest.mark.parametrize(
    ("task", "expected"), [("world-choice", np.log(3)), ("world-tags", np.log(3)), ("world-nli", np.log(3))]
)
def test_the_majority_baseline_of_labels(task: str, expected: float) -> None:
    kind = {"world-choice": "choice", "world-tags": "tagging"}.get(task, "classification")
    dataset = toy_world.load(task, WorldData(), "en", "train")
    # three labels, about equally often
    assert Examples.of(dataset, kind, Part(task=task, data=WorldData()), 0).majority() == pytest.approx(
        expected, abs=0.02
    )


def test_the_majority_baseline_of_uneven_labels_and_of_spans() -> None:
    part = Part(task="t", data=WorldData())
    tokens = Ragged.from_rows([[0, 5, 2]] * 4)
    classes = Dataset("t", "en", "train", tokens, np.array([0, 0, 0, 1]), labels=("a", "b"))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert Examples.of(classes, "classification", part, 0).majority() == pytest.approx(entropy)
    rows = Ragged.from_rows([[0, 5, 2], [0, 5, 6, 7, 8, 2]])
    spans = Dataset("t", "en", "train", rows, np.array([[1, 1], [2, 3]]))
    assert Examples.of(spans, "span", part, 0).majority() == pytest.approx((np.log(3) + np.log(6)) / 2)


def test_a_subset_is_the_same_for_a_seed_and_keeps_labels_with_their_examples() -> None:
    dataset = toy_world.load("world-nli", WorldData(), "en", "train")
    part = Part(task="world-nli", data=WorldData(), examples=25)
    one, same, other = (Examples.of(dataset, "classification", part, seed) for seed in (3, 3, 4))
    assert len(one) == 25
    assert len(set(one.used.tolist())) == 25
    assert one.used.tolist() == same.used.tolist() != other.used.tolist()
    assert isinstance(dataset.targets, np.ndarray)
    assert isinstance(one.targets, np.ndarray)
    assert one.targets.tolist() == dataset.targets[one.used].tolist()
    # a larger subset holds the smaller one
    larger = Examples.of(dataset, "classification", part.model_copy(update={"examples": 40}), 3)
    assert set(one.used.tolist()) < set(larger.used.tolist())


@pytest.mark.parametrize("task", ["world-nli", "world-tags", "world-qa"])
def test_shuffled_labels_are_the_same_labels_elsewhere(task: str) -> None:
    kind = {"world-nli": "classification", "world-tags": "tagging", "world-qa": "span"}[task]
    dataset = toy_world.load(task, WorldData(), "en", "train")
    true, shuffled, again, other = (
        Examples.of(dataset, kind, Part.model_validate({"task": task, "data": WorldData(), "labels": labels}), seed)
        for labels, seed in (("true", 0), ("shuffled", 0), ("shuffled", 0), ("shuffled", 1))
    )
    assert not shuffled.true_labels
    targets = [
        (e.targets.flat if isinstance(e.targets, Ragged) else e.targets).tolist()
        for e in (true, shuffled, again, other)
    ]
    assert targets[1] == targets[2]
    assert targets[1] != targets[0]
    assert targets[1] != targets[3]
    if task == "world-qa":
        spans = np.array(targets[1])
        lengths = dataset.tokens.lengths
        assert (spans >= 1).all()
        assert (spans <= lengths[:, None] - 2).all()
    else:
        assert sorted(targets[1]) == sorted(targets[0])
    if task == "world-tags":
        assert [t == IGNORED for t in targets[1]] == [t == IGNORED for t in targets[0]]
