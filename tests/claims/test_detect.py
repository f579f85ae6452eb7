"""The heads of detection: claims above other sentences, context counts where it is given, and nothing breaks it."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.claims import claim_of, detect
from claimcheck.claims.detect import NOT_PROSE, detect_in
from claimcheck.claims.features import is_prose
from claimcheck.foundation.records import Document, Paper, Section, Sentence

CLAIMS = [
    "We reach 91.3 F1 on SQuAD, 2.1 points above BERT.",
    "The proposed model reduces the error rate by 12% relative.",
    "Our results show that sparse attention is as accurate as full attention.",
    "Experiments on four languages show that the tagger outperforms all baselines.",
    "These findings suggest that the hormone controls the opening of the leaf pores.",
]
OTHERS = [
    "We thank the anonymous reviewers.",
    "The rest of this paper is organized as follows.",
    "Section 2 introduces the notation.",
    "Speech recognition has a long history.",
    "We train with Adam and a batch size of 32.",
]


def document(texts: list[str], kind: str = "body", sections: list[int] | None = None) -> Document:
    places = sections or [0] * len(texts)
    return Document(
        paper=Paper(id="p"),
        sections=tuple(Section(title=f"S{i}") for i in range(max(places) + 1)),
        sentences=tuple(
            Sentence(text=t, kind=kind, section=s)  # type: ignore[arg-type]
            for t, s in zip(texts, places, strict=True)
        ),
    )


def test_claims_rank_above_other_sentences() -> None:
    assert min(detect(CLAIMS)) > max(detect(OTHERS)) + 0.2
    assert max(detect(OTHERS)) < 0.3


@pytest.mark.parametrize("text", ["", "   ", "...", "12345 67.8 %", "🙂 🙂", "\x00\x01", "± 0.3 ≤ 7"])
def test_without_letters_the_probability_is_zero(text: str) -> None:
    assert detect([text]) == [0.0]
    assert detect_in(document([text]), [0]) == [0.0]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 10_000,
        " ".join(CLAIMS * 200),  # 10,000 words of claims are no sentence either
        "\x00\x01\x02 \x1b[31m",
        "a",
        "x" * 50_000,
        "x = y + 2 z , ∀ x ∈ R , y ≤ ∑ z",
        "W x + b = softmax ( Q K / √ d ) V",
        "модель достигает F1 лучше чем BERT на всех наборах данных",
        "该模型在 SQuAD 上达到 91.3 F1 的最佳结果",
        "BERT 88.1 79.2 90.3 81.0 77.7 LSTM 80.2 71.1",
        "نموذج جديد achieves نتائج ممتازة على كل البيانات",
    ],
)
def test_rubble_of_any_length_or_script_is_no_claim(text: str) -> None:
    begin = time.process_time()
    [p] = detect([text])
    assert 0 <= p <= NOT_PROSE
    assert time.process_time() - begin < 1
    assert claim_of(text).text == " ".join(text.split())


@pytest.mark.parametrize("context", ["", "  ", "= 12", "\x00", "x" * 50_000, "W x + b = softmax ( Q K / √ d ) V"])
def test_a_context_that_is_no_prose_changes_nothing(context: str) -> None:
    assert detect(CLAIMS[:1], [context]) == pytest.approx(detect(CLAIMS[:1]), abs=1e-5)


def test_of_a_long_context_the_nearest_words_count() -> None:
    near = detect(CLAIMS[:1], [OTHERS[4] + " " + " ".join(CLAIMS[:3])])
    far = detect(CLAIMS[:1], [OTHERS[4] * 5_000 + " " + "All of this was measured on four corpora. " * 20])
    assert far == pytest.approx(detect(CLAIMS[:1], ["All of this was measured on four corpora. " * 14]), abs=0.05)
    assert near != far


@pytest.mark.parametrize(
    "text",
    [
        *CLAIMS,
        "It obtains 32.6 F1 (33.5 P@1, 42.4 MRR), compared with 40.9 F1 for the other system.",
        "α-synuclein binds β-sheets more tightly than γ-synuclein does.",
        "Größere Modelle of this size are — mostly — better.",
    ],
)
def test_sentences_full_of_numbers_or_accents_are_prose(text: str) -> None:
    assert is_prose(text)


def test_alone_each_sentence_stands_for_itself() -> None:
    alone = [detect([text])[0] for text in CLAIMS + OTHERS]
    assert detect(CLAIMS + OTHERS) == pytest.approx(alone, abs=1e-5)
    assert detect((OTHERS + CLAIMS)[::-1])[::-1] == pytest.approx(alone[len(CLAIMS) :] + alone[: len(CLAIMS)], abs=1e-5)
    assert detect(["  " + CLAIMS[0].replace(" ", "\n ")]) == pytest.approx(alone[:1], abs=1e-6)
    assert detect(CLAIMS, [""] * len(CLAIMS)) == pytest.approx(alone[: len(CLAIMS)], abs=1e-5)


def test_batches_change_no_probability() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(CLAIMS, size=int(rng.integers(1, 4)))) for _ in range(40)] + OTHERS
    order = rng.permutation(len(texts))
    shuffled = detect([texts[i] for i in order])
    assert np.array(detect(texts))[order] == pytest.approx(np.array(shuffled), abs=1e-4)
    assert detect(texts) == detect(texts)


def test_the_words_before_a_sentence_count() -> None:
    vague = ["The same holds for the other two languages."]
    after_result = detect(vague, ["Our model outperforms the baseline by 3.1 points on German."])[0]
    after_setup = detect(vague, ["We tokenise German text with a vocabulary of 8,000 subwords."])[0]
    assert after_result > after_setup + 0.05


def test_in_a_document_the_neighbours_count_and_those_of_another_section_do_not() -> None:
    vague = "The same holds for the other two languages."
    results = [
        "Our model outperforms the baseline by 3.1 points on German.",
        vague,
        "On Dutch the gain is even larger.",
    ]
    setups = ["We tokenise German text with subwords.", vague, "All models are trained for ten epochs with Adam."]
    assert detect_in(document(results), [1])[0] > detect_in(document(setups), [1])[0] + 0.05
    apart = document(results, sections=[0, 1, 2])
    assert detect_in(apart, [1]) == pytest.approx(detect([vague]), abs=1e-5)
    assert detect_in(document([vague]), [0]) == pytest.approx(detect([vague]), abs=1e-5)


def test_the_end_of_an_abstract_is_likelier_to_state_results() -> None:
    vague = "The approach was applied to three collections of letters."
    filler = ["Letters are a rich source for historians.", "Reading them by machine is an old problem."]
    last = detect_in(document([*filler, vague], "abstract"), [2])[0]
    first = detect_in(document([vague, *filler], "abstract"), [0])[0]
    assert last > first + 0.05


def test_a_document_gives_one_probability_an_index_in_the_order_asked() -> None:
    texts = [OTHERS[0], CLAIMS[0], "= 12", CLAIMS[1]]
    forward = detect_in(document(texts), [0, 1, 2, 3])
    assert forward[2] == 0
    assert min(forward[1], forward[3]) > forward[0] + 0.3
    assert detect_in(document(texts), [3, 1]) == pytest.approx([forward[3], forward[1]], abs=1e-5)
    assert detect_in(document(texts), []) == []
    with pytest.raises(IndexError):
        detect_in(document(texts), [9])


def test_nothing_gives_nothing_and_lengths_must_match() -> None:
    assert detect([]) == []
    assert detect([], []) == []
    with pytest.raises(ValueError, match="2 contexts"):
        detect(["One sentence."], ["a", "b"])


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_and_context_have_a_probability(text: str, context: str) -> None:
    for p in (*detect([text], [context]), *detect_in(document([context, text]), [1])):
        assert math.isfinite(p)
        assert 0 <= p <= 1
