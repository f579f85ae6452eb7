"""Queries from a question: its names and phrases, few of them, and clear words for a question that has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.claims.structure.names import Vocabulary
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Work
from claimcheck.synthesis.queries import MOST_QUERIES, expand


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.of(None)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Is BiDAF better than DCN on SQuAD exact match?", 'SQuAD AND BiDAF AND (DCN OR "exact match")'),
        (
            "Do contextualized embeddings such as ELMo improve named entity recognition on CoNLL-2003?",
            '("named entity recognition" OR NER) AND "CoNLL-2003" AND (ELMo OR "contextualized embeddings")',
        ),
        ("Does NER benefit from pretraining?", '(NER OR "named entity recognition") AND pretraining'),
        (
            "Does vitamin D supplementation reduce the risk of respiratory infections in children?",
            '"vitamin D supplementation" AND "respiratory infections" AND (risk OR children)',
        ),
        (
            "How does temperature affect superconductivity in YBa2Cu3O7?",
            "YBa2Cu3O7 AND temperature AND superconductivity",
        ),
        ("注意力机制是否提高机器翻译质量？", "注意力机制是否提高机器翻译质量"),
    ],
)
def test_names_come_first_then_phrases(vocabulary: Vocabulary, question: str, first: str) -> None:
    assert str(expand(question, vocabulary=vocabulary)[0]) == first


def test_words_that_only_relate_things_are_not_searched_for(vocabulary: Vocabulary) -> None:
    queries = expand("Does increasing dropout significantly improve the accuracy of parsers?", vocabulary=vocabulary)
    said = " ".join(map(str, queries)).lower()
    assert "dropout" in said
    assert not {"increasing", "significantly", "improve", "does"} & set(said.replace('"', " ").split())


def test_the_anchor_gives_a_query_of_its_own(vocabulary: Vocabulary) -> None:
    anchor = Work(title="English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too")
    question = "Does scale amplify the benefit of intermediate-task training on XTREME?"
    without, queries = expand(question, vocabulary=vocabulary), expand(question, anchor, vocabulary=vocabulary)
    [own] = [q for q in queries if q not in without]
    assert own.core == ("Intermediate-Task Training", "Zero-Shot Cross-Lingual Transfer")
    assert "XTREME" in own.more


def test_there_are_few_queries_and_no_two_are_the_same(vocabulary: Vocabulary) -> None:
    question = " ".join(f"Does alpha{n} gamma{n} change beta{n}?" for n in range(40))
    queries = expand(question, Work(title=question), vocabulary=vocabulary)
    assert 1 < len(queries) <= MOST_QUERIES
    assert len({str(q).lower() for q in queries}) == len(queries)
    assert all(len(q.core) <= 2 and len(q.more) <= 6 for q in queries)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "question: is empty"),
        (" \n\t", "question: is empty"),
        ("Why?", "question 'Why?': has no content words to search for"),
        ("Is it better than the other?", "has no content words"),
        ("???", "has no content words"),
        ("2020 2021", "has no content words"),
        ("What \x1b\x07 does\u202e it do?", "question 'What does it do?': has no content words"),
        ("word " * 500, "has 2500 characters; ask in at most 2000 characters"),
    ],
)
def test_a_question_that_cannot_be_searched_is_refused(vocabulary: Vocabulary, question: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        expand(question, vocabulary=vocabulary)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text(max_size=200))
def test_any_text_gives_queries_or_a_usage_error(question: str) -> None:
    try:
        queries = expand(question, Work(title=question))
    except UsageError:
        return
    assert queries
    assert all(str(q).strip() and q.words.strip() for q in queries)
