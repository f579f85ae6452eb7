"""The synthetic world: the same every time, right answers that follow from the events, splits that share none."""

from __future__ import annotations

import numpy as np
import pytest

from claimcheck.foundation.errors import UsageError
from reproduce import data
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.world import LANGUAGES, ROLES, SPLITS, world
from reproduce.specs import WorldData
from reproduce.tasks import task

WORLD = WorldData()
TASKS = ("world-nli", "world-qa", "world-tags", "world-choice", "world-retrieval")
START, PAD, END, UNKNOWN = range(4)


def words_of(row: np.ndarray) -> list[str]:
    names = data.words(WORLD).words
    return [names[number] for number in row]


def parts(row: np.ndarray) -> list[list[str]]:
    """The texts of a sequence: between <s>, </s></s> and </s>."""
    found: list[list[str]] = [[]]
    for word in words_of(row)[1:]:
        if word != "</s>":
            found[-1].append(word)
        elif found[-1]:
            found.append([])
    return found[:-1]


def reading(words: list[str], language: str) -> dict[str, int]:
    """What a sentence says: the number of the word of each role."""
    lexicon = world(0).lexicon[language]
    return {role: lexicon[role].index(word) for word in words for role in ROLES if word in lexicon[role]}


def loaded(name: str, language: str, split: str = "test") -> Dataset:
    return data.load(name, WORLD, language, split)


@pytest.mark.parametrize("name", TASKS)
def test_the_same_data_give_the_same_bytes_and_another_seed_others(name: str) -> None:
    assert loaded(name, "xb").sha256 == loaded(name, "xb").sha256
    assert data.load(name, WorldData(seed=1), "xb", "test").sha256 != loaded(name, "xb").sha256


@pytest.mark.parametrize("name", TASKS)
def test_the_catalogue_says_what_there_is(name: str) -> None:
    info = task(name)
    for language in info.languages:
        found = loaded(name, language)
        assert found.examples == info.test_examples
        assert len(found.items) == found.examples
        assert {item.id for item in found.items} == {f"{i:05d}" for i in range(found.examples)}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_sequence_is_framed_and_every_word_known(name: str, language: str) -> None:
    found = loaded(name, language)
    size = data.words(WORLD).size
    for ragged in (found.tokens, *([found.pool] if found.pool else [])):
        assert (ragged.flat[ragged.offsets[:-1]] == START).all()
        assert (ragged.flat[ragged.offsets[1:] - 1] == END).all()
        assert not np.isin(ragged.flat, (PAD, UNKNOWN, size - 1)).any()


def test_the_vocabulary_names_each_word_once_with_the_mask_last() -> None:
    words = data.words(WORLD).words
    assert words[:4] == ("<s>", "<pad>", "</s>", "<unk>")
    assert words[-1] == "<mask>"
    assert len(set(words)) == len(words)


def test_no_event_is_in_two_splits() -> None:
    made = world(0)
    found = {
        split: {tuple(int(events[role][i]) for role in ROLES) for i in range(1500)}
        for split in SPLITS
        for events in [made.events(split, 1500, "overlap")]
    }
    splits = list(SPLITS)
    for i, first in enumerate(splits):
        for second in splits[i + 1 :]:
            assert not found[first] & found[second], (first, second)


def test_texts_of_two_languages_are_no_translations_line_by_line() -> None:
    english, other = data.text(WORLD, "en"), data.text(WORLD, "xa")
    aligned = 0
    for i in range(500):
        here, there = reading(words_of(english.tokens[i])[1:-1], "en"), reading(words_of(other.tokens[i])[1:-1], "xa")
        shared = here.keys() & there.keys()
        aligned += len(shared) >= 3 and all(here[role] == there[role] for role in shared)
    assert aligned < 10


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_nli_labels_follow_from_what_the_sentences_say(language: str) -> None:
    found = loaded("world-nli", language)
    seen = set()
    for i, item in enumerate(found.items):
        premise, hypothesis = (reading(part, language) for part in parts(found.tokens[i]))
        differing = {role for role in hypothesis if hypothesis[role] != premise[role]}
        expected = {"entailment": set(), "neutral": {"thing"}, "contradiction": {"action"}}[item.label]
        assert differing == expected
        if item.label == "contradiction":
            assert hypothesis["action"] == premise["action"] ^ 1
        assert found.labels[found.targets[i]] == item.label
        seen.add(item.label)
    assert seen == set(found.labels)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_an_answer_stands_where_the_target_says_and_belongs_to_the_named_action(language: str) -> None:
    found = loaded("world-qa", language)
    made = world(0)
    asks = {word: role for role, word in made.questions[language].items()}
    for i, item in enumerate(found.items):
        start, end = found.targets[i]
        assert start == end
        assert words_of(found.tokens[i])[start] == item.label[0]
        (asked, action), passage = parts(found.tokens[i])
        half = len(passage) // 2
        told = [half_ for half_ in (passage[:half], passage[half:]) if action in half_]
        assert len(told) == 1, "the question must name one sentence"
        assert reading(told[0], language)[asks[asked]] == made.lexicon[language][asks[asked]].index(item.label[0])


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_tag_is_the_sense_of_its_word_and_particles_lengthen_a_chunk(language: str) -> None:
    found = loaded("world-tags", language)
    assert isinstance(found.targets, Ragged)
    made = world(0)
    for i, item in enumerate(found.items):
        labels = found.targets[i]
        assert labels[0] == labels[-1] == IGNORED
        assert [found.labels[number] for number in labels[1:-1]] == item.label
        words = words_of(found.tokens[i])[1:-1]
        for role, number in reading(words, language).items():
            place = words.index(made.lexicon[language][role][number])
            assert item.label[place][2:] == ROLES[role][number // 4]
        assert sum(tag.startswith("I-") for tag in item.label) == 1  # the particle and its place
        assert len(item.label) == len(ROLES) + 1


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_query_and_its_translation_say_the_same_and_nothing_else_does(language: str) -> None:
    found = loaded("world-retrieval", language)
    assert found.pool is not None
    place = {name: i for i, name in enumerate(found.pool_ids)}
    pool = [reading(words_of(found.pool[i])[1:-1], language) for i in range(len(found.pool))]
    for i, item in enumerate(found.items):
        says = reading(words_of(found.tokens[i])[1:-1], "en")
        assert [j for j, other in enumerate(pool) if other == says] == [place[item.label]]
    # the order of the pool must not give the answer away
    assert np.mean([place[item.label] == i for i, item in enumerate(found.items)]) < 0.05


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_one_choice_alone_is_entailed(language: str) -> None:
    found = loaded("world-choice", language)
    for i in range(found.examples):
        rows = [parts(found.tokens[found.per_example * i + k]) for k in range(found.per_example)]
        premise = reading(rows[0][0], language)
        right = [all(premise[r] == n for r, n in reading(said, language).items()) for _, said in rows]
        assert [k for k, holds in enumerate(right) if holds] == [found.targets[i]]


@pytest.mark.parametrize(
    ("name", "language", "split", "said"),
    [
        ("world-poetry", "en", "test", "world-poetry"),
        ("world-nli", "de", "test", "de"),
        ("world-nli", "en", "training", "training"),
        ("world-retrieval", "en", "test", "en"),
        ("world-retrieval", "xa", "train", "train"),
    ],
)
def test_what_there_is_not_is_named_beside_what_there_is(name: str, language: str, split: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"'{said}'; it has "):
        data.load(name, WORLD, language, split)


def test_text_of_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="no language 'de'"):
        data.text(WORLD, "de")


def test_another_version_of_the_world_is_refused() -> None:
    with pytest.raises(UsageError, match="version 2"):
        data.load("world-nli", WorldData(version=2), "en", "train")
