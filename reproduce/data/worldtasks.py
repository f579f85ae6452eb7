"""The tasks of the synthetic world: sentences with labels whose right answers follow from the events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.data.vocabulary import PAIR, Vocabulary
from reproduce.data.world import LANGUAGES, ROLES, Events, Sentence, World

__all__ = ["SIZES", "TASKS", "TEXT", "make", "make_text"]

SIZES = {"train": 4000, "dev": 300, "test": 400}  # items a language
TEXT = 6000  # sentences a language
NLI = ("entailment", "neutral", "contradiction")
CHOICES = 3


def make(task: str, world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """A task's data set in one language. Raises UsageError for an unknown task, language or split."""
    if task not in TASKS:
        raise UsageError(f"the synthetic world has no task '{task}'", todo=f"it has {', '.join(TASKS)}")
    languages = [code for code in LANGUAGES if task != "world-retrieval" or code != "en"]
    if language not in languages:
        raise UsageError(f"{task} has no language '{language}'", todo=f"it has {', '.join(languages)}")
    splits = [name for name in SIZES if task != "world-retrieval" or name != "train"]
    if split not in splits:
        raise UsageError(f"{task} has no split '{split}'", todo=f"it has {', '.join(splits)}")
    return TASKS[task](world, words, language, split)


def make_text(world: World, words: Vocabulary, language: str) -> Dataset:
    """Plain sentences of one language, part of them with borrowed words, for pretraining. Raises UsageError."""
    if language not in LANGUAGES:
        raise UsageError(f"the synthetic world has no language '{language}'", todo=f"it has {', '.join(LANGUAGES)}")
    events = world.events("text", TEXT, language)
    told = world.sentences(events, language, borrowing=world.random("borrowing", language))
    return Dataset("text", language, "train", Ragged.from_rows(words.single(s.words) for s in told))


def _tags(world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """Sense of each word; the particle and its place are one chunk."""
    labels = ("O", *(f"{part}-{sense}" for senses in ROLES.values() for sense in senses for part in "BI"))
    number = {label: i for i, label in enumerate(labels)}
    told = list(world.sentences(world.events(split, SIZES[split], "tags", language), language))
    tags = [_bio(sentence) for sentence in told]
    return Dataset(
        "world-tags",
        language,
        split,
        Ragged.from_rows(words.single(sentence.words) for sentence in told),
        Ragged.from_rows(words.unlabelled_ends([number[tag] for tag in row]) for row in tags),
        _items(tags),
        labels=labels,
    )


def _bio(sentence: Sentence) -> list[str]:
    before = ("", *sentence.roles)
    return [
        f"{'I' if role == last else 'B'}-{sense}"
        for role, last, sense in zip(sentence.roles, before, sentence.senses, strict=False)
    ]


def _nli(world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """Entailment: the sentence without its quality or place; neutral: another thing; contradiction: the opposite."""
    random = world.random("nli", language, split)
    events = world.events(split, SIZES[split], "nli", language)
    labels = random.integers(len(NLI), size=SIZES[split])
    rows = []
    for i, (premise, label) in enumerate(zip(world.sentences(events, language), labels, strict=True)):
        event = [_event(events, i), world.changed(events, i, "thing", random), world.opposite(events, i)][label]
        left_out = ("quality", "place")[int(random.integers(2))]
        rows.append(words.pair(premise.words, _one(world, event, language, left_out).words))
    return Dataset(
        "world-nli",
        language,
        split,
        Ragged.from_rows(rows),
        labels.astype(np.int64),
        _items([NLI[label] for label in labels]),
        labels=NLI,
    )


def _qa(world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """Two sentences; the question names an action and asks for the agent, thing or place that goes with it."""
    random = world.random("qa", language, split)
    events = world.events(split, 2 * SIZES[split], "qa", language)
    told = list(world.sentences(events, language))
    rows, spans, items = [], [], []
    for i in range(SIZES[split]):
        pair = (2 * i, 2 * i + 1)
        asked = int(random.integers(2))
        if events["action"][pair[0]] == events["action"][pair[1]]:  # the question must name one of the two
            other = world.changed(events, pair[1 - asked], "action", random)
            told[pair[1 - asked]] = next(world.sentences(other, language))
        role = ("agent", "thing", "place")[int(random.integers(3))]
        sentence = told[pair[asked]]
        question = (world.questions[language][role], sentence.words[sentence.roles.index("action")])
        passage = (*told[pair[0]].words, *told[pair[1]].words)
        places = [j for j, r in enumerate(sentence.roles) if r == role]
        # of a place the word, not the particle
        place = next(j for j in places if sentence.words[j] != world.particles[language])
        start = 1 + len(question) + len(PAIR)
        spot = start + (len(told[pair[0]].words) if asked else 0) + place
        rows.append(words.pair(question, passage))
        spans.append((spot, spot))
        items.append(Item(_id(i), [sentence.words[place]], {"words": list(passage), "start": start}))
    targets = np.asarray(spans, dtype=np.int64)
    return Dataset("world-qa", language, split, Ragged.from_rows(rows), targets, tuple(items))


def _choice(world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """Which of three shorter sentences says no more than the first one."""
    random = world.random("choice", language, split)
    events = world.events(split, SIZES[split], "choice", language)
    right = random.integers(CHOICES, size=SIZES[split])
    rows = []
    for i, premise in enumerate(world.sentences(events, language)):
        for choice in range(CHOICES):
            role = ("agent", "thing")[int(random.integers(2))]
            event = _event(events, i) if choice == right[i] else world.changed(events, i, role, random)
            rows.append(words.pair(premise.words, _one(world, event, language, "quality").words))
    return Dataset(
        "world-choice",
        language,
        split,
        Ragged.from_rows(rows),
        right.astype(np.int64),
        _items([str(choice) for choice in right]),
        per_example=CHOICES,
        labels=tuple(str(choice) for choice in range(CHOICES)),
    )


def _retrieval(world: World, words: Vocabulary, language: str, split: str) -> Dataset:
    """English sentences, and their translations in an order that says nothing."""
    events = world.distinct_events(split, SIZES[split], "retrieval")
    queries = [words.single(sentence.words) for sentence in world.sentences(events, "en")]
    translations = [words.single(sentence.words) for sentence in world.sentences(events, language)]
    order = world.random("pool", language, split).permutation(len(queries))
    place = np.argsort(order)
    return Dataset(
        "world-retrieval",
        language,
        split,
        Ragged.from_rows(queries),
        None,
        _items([f"{language}-{place[i]}" for i in range(len(queries))]),
        pool=Ragged.from_rows(translations[number] for number in order),
        pool_ids=tuple(f"{language}-{i}" for i in range(len(queries))),
    )


TASKS: dict[str, Callable[[World, Vocabulary, str, str], Dataset]] = {
    "world-tags": _tags,
    "world-nli": _nli,
    "world-qa": _qa,
    "world-choice": _choice,
    "world-retrieval": _retrieval,
}


def _event(events: Events, i: int) -> Events:
    return {role: numbers[i : i + 1] for role, numbers in events.items()}


def _one(world: World, event: Events, language: str, without: str) -> Sentence:
    return next(world.sentences(event, language, without=without))


def _id(number: int) -> str:
    return f"{number:05d}"


def _items(labels: Iterable[str] | Sequence[list[str]]) -> tuple[Item, ...]:
    return tuple(Item(_id(i), label) for i, label in enumerate(labels))
