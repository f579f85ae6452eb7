"""Words as claims and headers share them: canonical forms, tokens with their places, typography folded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.words import canonical, forms, plain, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Accuracies", "acc"),
        ("validation", "dev"),
        ("Avg", "mean"),
        ("models", "model"),
        ("PPL", "perplexity"),
        ("naïve", "naive"),
        ("Baselines", "baseline"),
    ],
)
def test_spellings_of_one_word_have_one_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize("word", ["loss", "corpus", "analysis", "bus"])
def test_a_final_s_that_is_no_plural_stays(word: str) -> None:
    assert canonical(word) == word


@pytest.mark.parametrize("text", ["F1-score", "F-1", "F-measure", "F1"])
def test_names_of_f1_are_one_token(text: str) -> None:
    assert [t.form for t in tokens(text)] == ["f1"]


def test_names_come_apart_at_hyphens_and_keep_their_places() -> None:
    text = "BiLSTM-CRF has 91.3 on ELMo2"
    found = tokens(text)
    assert [t.form for t in found] == ["bilstm", "crf", "has", "91.3", "on", "elmo2"]
    assert [text[t.start : t.end] for t in found] == [t.text for t in found]
    assert [t.text for t in found if t.namelike] == ["BiLSTM", "CRF", "ELMo2"]


def test_stop_words_carry_no_meaning() -> None:
    assert forms("Our model achieves the accuracy of the baselines on SQuAD") == {"accuracy", "baseline", "squad"}


def test_typography_is_folded() -> None:
    assert plain("naïve – “x”  ﬁne") == 'naive - "x" fine'


@given(st.text(max_size=100))
def test_tokens_lie_in_the_text_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end
