# ruff: noqa: E501 - sentences read best on one line
"""Whether a claim addresses a question: what is varied and what it acts on both have to be spoken of."""

from __future__ import annotations

import pytest

from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit.question import bearings, never_spoken_of, read_question


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(Settings.load())


@pytest.mark.parametrize(
    ("question", "factor", "outcome"),
    [
        ("Does cold tea increase the yield of tomatoes in Norway?", "cold tea", "the yield of tomatoes"),
        ("What is the effect of dropout on the robustness of parsers?", "dropout", "the robustness of parsers"),
        ("How does the order of tasks affect transfer to low-resource languages?", "the order of tasks", "transfer to low-resource languages"),
        ("Does increasing the scale of encoders amplify or diminish gains from pretraining?", "increasing the scale of encoders", "gains from pretraining"),
        ("To what extent do larger vocabularies reduce the error of taggers?", "larger vocabularies", "the error of taggers"),
        ("What is the relationship between depth and accuracy?", "depth", "accuracy"),
        ("Are deeper parsers more robust to noise?", "deeper parsers", "more robust to noise"),
    ],
)  # fmt: skip
def test_what_is_varied_and_what_it_acts_on(question: str, factor: str, outcome: str) -> None:
    asked = read_question(question).asked
    assert asked[0].text == factor
    assert asked[0].role == "factor"
    assert [a.text for a in asked if a.role == "outcome"] == [outcome]


def test_settings_contrasts_and_examples() -> None:
    asked = read_question(
        "Does training on code (e.g., Python or C) improve the arithmetic of BERT-Large within BIG-bench compared to training on prose?"
    ).asked
    told = {(a.text, a.role) for a in asked}
    assert ("code", "factor") in told
    assert ("BIG-bench", "setting") in told
    assert ("training", "contrast") not in told or not any("Python" in a.text for a in asked)
    assert not any("Python" in a.text for a in asked)


ADDRESSED = [
    ("Does dropout improve the accuracy of taggers?", "With dropout the tagger's accuracy rises by 0.4 points."),
    ("Does increasing the scale of the model improve question answering?", "Larger models gain 3.1 F1 in QA."),
    ("Does increasing the scale of the model improve question answering?", "A model with more parameters is better at question answering."),
    ("How does the order of training tasks affect forgetting?", "The sequence of tasks hardly changes how much is forgotten: forgetting stays at 4 %."),
    ("What is the effect of tea on the growth of tomatoes?", "Tea raised growth by 12 percent."),
    ("Does self-attention improve translation at lower cost?", "Self-attention reaches 28.4 BLEU at a quarter of the training cost."),
    ("Is multilingual BERT more robust than word vectors for noisy text?", "Multilingual BERT is more robust to noisy text than word vectors are."),
    ("Does aspirin reduce the risk of stroke in older adults?", "Low doses of aspirin cut strokes by a fifth, at the price of bleeding risk."),
]  # fmt: skip
NOT_ADDRESSED = [
    ("Does dropout improve the accuracy of taggers?", "The tagger has an accuracy of 97.1 on the test set."),
    ("Does dropout improve the accuracy of taggers?", "Dropout was invented in 2012."),
    ("Does increasing the scale of the model improve question answering?", "The model reaches 91.3 F1 in question answering on SQuAD."),
    ("Does increasing the scale of the model improve question answering?", "We use the large pretrained model throughout."),
    ("How does the order of training tasks affect forgetting?", "Training on nine tasks at once gives the best average."),
    ("What is the effect of tea on the yield of tomatoes?", "Tea is drunk in Norway since 1720."),
    ("What is the effect of tea on the yield of tomatoes?", "Tomatoes yield most in August."),
    ("Does pretraining on XNLI-X improve syntactic generalization of parsers?", "Pretraining on SQuAD improves zero-shot cross-lingual transfer by 8.2 points."),
    ("Does aspirin reduce the risk of stroke in older adults?", "Older adults in the trial were 74 years old on average."),
]  # fmt: skip


@pytest.mark.parametrize(("question", "claim"), ADDRESSED)
def test_a_claim_that_addresses_its_question(encoder: SentenceEncoder, question: str, claim: str) -> None:
    [found] = bearings(read_question(question), [claim], encoder)
    assert found.addresses, found.missing


@pytest.mark.parametrize(("question", "claim"), NOT_ADDRESSED)
def test_a_claim_on_the_subject_alone(encoder: SentenceEncoder, question: str, claim: str) -> None:
    [found] = bearings(read_question(question), [claim], encoder)
    assert not found.addresses
    assert found.missing


def test_a_name_that_is_nearly_the_same_is_another(encoder: SentenceEncoder) -> None:
    question = read_question("Does tea improve yields in GARDEN-X for 40B plants?")
    claims = ["Tea improves yields in GARDEN.", "Tea lowers yields in GARDEN by 3 percent."]
    assert never_spoken_of(bearings(question, claims, encoder)) == ("GARDEN-X", "40B plants")
    assert never_spoken_of(bearings(question, ["Tea improves yields of 40B plants in GARDEN-X."], encoder)) == ()


@pytest.mark.parametrize("text", ["", "?", "Why?", "Does it?", "What is the effect of on?", "((((", "(e.g. " * 200])
def test_questions_without_words(encoder: SentenceEncoder, text: str) -> None:
    question = read_question(text)
    assert all(b.addresses is False for b in bearings(question, ["Tea raised the yield."], encoder)) or question.asked
