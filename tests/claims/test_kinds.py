"""The kind of a claim, on sentences that the model was not fitted on."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.claims.kinds import kind_of
from claimcheck.claims.quantities import find_quantities
from claimcheck.foundation.records import ClaimKind


def kind(text: str) -> ClaimKind:
    return kind_of(text, find_quantities(text))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("numeric", "The lemmatiser attains an accuracy of 96.2% on the treebank."),
        ("numeric", "On the blind set, exact match is 58.3 and F1 66.0."),
        ("comparison", "The stacked model performs better than either of its parts."),
        ("comparison", "Our tagger outperforms the pipeline by 2.7 points on Czech."),
        ("ranking", "Our submission ranked second among seventeen teams."),
        ("ranking", "The gated variant achieves the best score on five of six tasks."),
        ("trend", "Accuracy grows steadily with the number of annotated pages."),
        ("trend", "As the context becomes longer, the error decreases."),
        ("ablation", "Removing the tag embeddings lowers F1 by 1.6 points."),
        ("ablation", "Without the reranker, recall falls from 81.0 to 74.4."),
        ("causal", "Class imbalance leads to poor recall for rare labels."),
        ("causal", "The gain is due to better segmentation of compounds."),
        ("existence", "To our knowledge, this is the first treebank of spoken Ladin."),
        ("existence", "We prove that such a colouring always exists."),
        ("method", "We train the tagger for ten epochs with a batch size of 16."),
        ("method", "The encoder consists of three convolutional layers."),
        ("background", "Statistical parsing has been studied for several decades."),
        ("background", "Existing methods often require large amounts of labelled data."),
        ("other", "The paper is organised as follows."),
        ("other", "In future work, we plan to add more languages."),
        ("other", "We thank our colleagues for their help."),
    ],
)
def test_plain_sentences_get_their_kind(expected: str, text: str) -> None:
    assert kind(text) == expected


def test_the_numbers_of_a_sentence_count() -> None:
    text = "The tagger gets to 93.1 on the test set."
    assert kind_of(text, find_quantities(text)) == "numeric"
    assert kind_of(text, ()) != "numeric"


@pytest.mark.parametrize("text", ["", "12.5 %", "\x00\x01", "≤ ≥", "🙂"])
def test_what_has_no_letters_is_other(text: str) -> None:
    assert kind(text) == "other"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_a_kind(text: str) -> None:
    assert kind(text) in get_args(ClaimKind)


def test_a_long_text_takes_no_time() -> None:
    assert kind_of("the best as the more we use of it " * 20_000, ()) in get_args(ClaimKind)
