"""Relevance to a question: by words and by meaning, from 0 to 1, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimcheck.foundation.records import Work
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.ranking import MOST_EMBEDDED, Bag, bag_of, bm25, rank

QUESTION = "Does dropout improve dependency parsing?"


@pytest.fixture
def settings(own_home: Path) -> Settings:
    return Settings(home=own_home)


def test_works_on_the_question_come_first(settings: Settings) -> None:
    works = [
        Work(title="Soil Bacteria of the Arctic", abstract="We count bacteria in frozen soil."),
        Work(
            title="Regularising Transition-Based Parsers", abstract="Random removal of units helps syntactic analysis."
        ),
        Work(title="Dropout for Dependency Parsing", abstract="Dropout gains 0.4 LAS in dependency parsing."),
    ]
    ranked = rank(QUESTION, works, settings)
    assert [w.title.split()[0] for w in ranked] == ["Dropout", "Regularising", "Soil"]
    figures = [w.relevance for w in ranked]
    assert all(figure is not None and 0 <= figure <= 1 for figure in figures)
    first, second, third = (figure or 0.0 for figure in figures)
    assert first > 0.5
    # the second shares no word but parsing's family; its meaning tells it from the third
    assert second > 0.1 > third


def test_ranking_is_the_same_again_and_from_the_cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [Work(title=f"Paper {n} on dropout", abstract=f"Parsing in {n} ways.") for n in range(6)]
    first = rank(QUESTION, works, settings)

    def refuse(*_: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr("claimcheck.foundation.models.encoder.SentenceEncoder.encode", refuse)
    assert rank(QUESTION, works, settings) == first


def test_a_whole_paper_counts_by_what_stands_anywhere_in_it(settings: Settings) -> None:
    works = [
        Work(title="A Parser", abstract="We describe a parser.", path="a.pdf"),
        Work(title="A Parser", abstract="We describe a parser.", path="b.pdf"),
    ]
    bags = {"a.pdf": Bag({}, 3000), "b.pdf": Bag({"dropout": 12}, 3000)}
    ranked = rank(QUESTION, works, settings, bags)
    assert [w.path for w in ranked] == ["b.pdf", "a.pdf"]


def test_of_thousands_only_the_likeliest_are_embedded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    asked: list[int] = []

    def encode(self: object, texts: list[str]) -> object:
        asked.append(len(texts))
        return np.eye(1, 384, dtype=np.float32).repeat(len(texts), 0)

    monkeypatch.setattr("claimcheck.foundation.models.encoder.SentenceEncoder.encode", encode)
    monkeypatch.setattr("claimcheck.foundation.store.Store.put", lambda *_: "")
    works = [Work(title=f"Paper {n}", abstract="Of soil.") for n in range(3000)]
    works[2999] = Work(title="Dropout in dependency parsing", abstract="")
    ranked = rank(QUESTION, works, settings)
    assert sum(asked) == MOST_EMBEDDED + 1
    assert len(ranked) == 3000
    assert ranked[0].title == "Dropout in dependency parsing"


def test_no_works_and_works_without_words_are_no_error(settings: Settings) -> None:
    assert rank(QUESTION, [], settings) == ()
    [work] = rank(QUESTION, [Work(title="")], settings)
    assert work.relevance is not None


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    texts = ["parsing one", "parsing two", "parsing three", "dropout four"]
    scores = bm25("dropout parsing", [bag_of(t) for t in texts])
    assert scores[3] > scores[0] == scores[1]


def test_bm25_grows_with_the_count_and_falls_with_the_length() -> None:
    scores = bm25("dropout", [Bag({"dropout": 1}, 100), Bag({"dropout": 4}, 100), Bag({"dropout": 1}, 400), Bag({}, 9)])
    assert scores[1] > scores[0] > scores[2] > scores[3] == 0
    assert scores.max() <= 1


def test_stop_words_and_numbers_are_no_words() -> None:
    assert bag_of("The 12 results of our 3 models, 0.5") == Bag({}, 0)
    assert bag_of("Dropouts and dropout in SQuAD 2.0").counts == {"dropout": 2, "squad": 1}
