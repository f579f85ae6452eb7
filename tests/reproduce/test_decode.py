"""From logits to predictions: the best span against trying them all, items of several sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError
from reproduce.data.dataset import IGNORED, Dataset, Item, Ragged
from reproduce.training import decode

SCORES = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(scores=SCORES, longest=st.integers(1, 14))
def test_the_best_span_is_the_best_of_all_spans(scores: list[tuple[int, int]], longest: int) -> None:
    start, end = np.array(scores, dtype=np.float32).T
    tried = [
        (float(start[i] + end[j]), -i, -j) for i in range(len(start)) for j in range(i, min(i + longest, len(start)))
    ]
    best, first, last = max(tried)
    assert decode.spans(start, end, longest) == (-first, -last, best)


def test_answers_are_words_of_the_context_only() -> None:
    tokens = Ragged.from_rows([[0, 9, 2, 2, 5, 6, 7, 2]])
    item = Item("q", ["six seven"], {"words": ["five", "six", "seven"], "start": 4})
    dataset = Dataset("t", "en", "test", tokens, np.array([[5, 6]]), (item,))
    logits = np.zeros((8, 2), dtype=np.float32)
    logits[1] = 100  # the question
    logits[5, 0], logits[6, 1] = 3, 3
    assert decode.answers(dataset, np.arange(1), [logits]) == ["six seven"]


def test_the_best_window_of_a_long_context_answers() -> None:
    tokens = Ragged.from_rows([[0, 5, 6, 2], [0, 6, 7, 2], [0, 8, 2]])
    context = [{"words": ["five", "six"], "start": 1}, {"words": ["six", "seven"], "start": 1}]
    items = (Item("q", ["seven"], context), Item("r", ["eight"], {"words": ["eight"], "start": 1}))
    dataset = Dataset("t", "en", "test", tokens, np.zeros((3, 2), np.int64), items, item_of=np.array([0, 0, 1]))
    logits = [np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32), np.zeros((3, 2), np.float32)]
    logits[0][1] = 1.0
    logits[1][2] = 2.0
    assert decode.answers(dataset, np.arange(3), logits) == ["seven", "eight"]


def test_an_item_without_words_is_named() -> None:
    dataset = Dataset("t", "en", "test", Ragged.from_rows([[0, 2]]), None, (Item("q7", ["x"]),))
    with pytest.raises(InputError, match="t, en, test, item q7: the words that an answer is made of are missing"):
        decode.answers(dataset, np.arange(1), [np.zeros((2, 2), np.float32)])


def test_tags_are_of_labelled_tokens_and_joined_over_the_sequences_of_an_item() -> None:
    tokens = Ragged.from_rows([[0, 5, 6, 2], [0, 7, 2], [0, 8, 2]])
    targets = Ragged.from_rows([[IGNORED, 0, 1, IGNORED], [IGNORED, 1, IGNORED], [IGNORED, 0, IGNORED]])
    items = (Item("a", ["O", "B", "B"]), Item("b", ["O"]))
    dataset = Dataset("t", "en", "test", tokens, targets, items, item_of=np.array([0, 0, 1]), labels=("O", "B"))
    right = [np.eye(2, dtype=np.float32)[np.maximum(targets[row], 0)] for row in range(3)]
    assert decode.tags(dataset, np.arange(3), right) == [["O", "B", "B"], ["O"]]
    assert decode.tags(dataset, np.arange(1, 3), right[1:]) == [["B"], ["O"]]
