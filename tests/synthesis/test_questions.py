"""Questions taken apart: what is asked about, against what, to which effect, where, and what a yes would say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import UsageError
from claimcheck.synthesis.questions import content, same_word, take_apart


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Does increasing the scale of the pretrained model amplify the benefit of English intermediate-task "
            "training on XTREME?",
            {
                "kind": "polar",
                "factor": "scale of the pretrained model",
                "outcome": "benefit of English intermediate-task training",
                "scope": "XTREME",
                "direction": "up",
            },
        ),
        (
            "Is GloVe better than Senna for named entity recognition?",
            {"factor": "GloVe", "against": "Senna", "scope": "named entity recognition", "direction": "up"},
        ),
        ("Are LSTMs worse than CRFs on chunking?", {"factor": "LSTMs", "against": "CRFs", "direction": "down"}),
        ("Does removing attention hurt accuracy?", {"factor": "attention", "direction": "up"}),
        ("Does X-Net reach lower perplexity than Y-Net?", {"against": "Y-Net", "direction": "up"}),
        (
            "What is the impact of dropout on parsing compared to weight decay?",
            {"kind": "effect", "factor": "dropout", "outcome": "parsing", "against": "weight decay", "direction": None},
        ),
        ("Does scale amplify or diminish the benefit of tuning?", {"kind": "effect", "direction": None}),
        ("Which word embeddings work best for NER?", {"kind": "open", "factor": "word embeddings", "scope": "NER"}),
    ],
)
def test_the_parts_of_a_question(text: str, parts: dict[str, object]) -> None:
    found = take_apart(text)
    assert {name: getattr(found, name) for name in parts} == parts


@pytest.mark.parametrize("text", ["", "   ", "?", "Is it better?", "42 + 7?", "does this do that?"])
def test_a_question_without_content_words_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="no words that could be searched for"):
        take_apart(text)


@given(st.text(max_size=200))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        found = take_apart(text)
    except UsageError:
        return
    assert found.words
    assert found.text == " ".join(text.split())


def test_words_of_asking_name_no_topic_and_compounds_stay_whole() -> None:
    assert content("What is the best effect of multi-task training?") == ("multi-task", "training")


def test_one_word_with_two_endings() -> None:
    assert same_word("scale", "scaling")
    assert same_word("pretrain", "pretraining")
    assert not same_word("drop", "dropout")
    assert not same_word("port", "portrait")
