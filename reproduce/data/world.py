"""A synthetic multilingual world: events, five languages that tell them, and what is true of each sentence.

An event has an agent, an action, a thing with a quality, and a place. Every word has a sense class ("animal", "motion",
"colour"); which words go together is drawn once for the world, so that a masked language model has something to learn.
The languages (en, xa, xb, xc, xd) differ by word order, by the side of the place's particle and by lexicon: 60 % of the
words are cognates, spelled as in en, as real languages share names and loans. Half of the plain text borrows words of
other languages. Splits are disjoint in their events, and no two languages' texts are translations of each other.

Why an intermediate training can help retrieval here: the last layers of a masked language model hold the form of the
word that stands there, which is a matter of language. Tagging senses in en moves the last layers to classes, which all
languages share; cognates and borrowed words carry that over to languages that were never tagged. Nothing in the data
says so: with shuffled labels, or a learning rate of zero, the same training gives nothing.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["LANGUAGES", "ROLES", "SPLITS", "Sentence", "World", "world"]

# sense classes by role: agent, action, thing, quality, place
ROLES: dict[str, tuple[str, ...]] = {
    "agent": ("person", "animal", "machine", "spirit"),
    "action": ("motion", "making", "speech", "sight", "feeding"),
    "thing": ("tool", "food", "text", "garment", "stone"),
    "quality": ("colour", "size", "age", "mood"),
    "place": ("land", "water", "building", "sky"),
}
# order of the roles, and whether the particle of a place stands before it
LANGUAGES: dict[str, tuple[tuple[str, ...], bool]] = {
    "en": (("agent", "action", "quality", "thing", "place"), True),
    "xa": (("agent", "place", "quality", "thing", "action"), False),
    "xb": (("action", "agent", "thing", "quality", "place"), True),
    "xc": (("place", "agent", "action", "thing", "quality"), False),
    "xd": (("quality", "thing", "action", "agent", "place"), True),
}
# share of all events that a split may draw from; text is what an encoder is pretrained on
SPLITS: dict[str, tuple[int, int]] = {"text": (0, 50), "train": (50, 80), "dev": (80, 90), "test": (90, 100)}

_WORDS = 4  # of a sense class
_COGNATES = 0.6
_BORROWING_TEXT, _BORROWED_WORDS = 0.5, 0.3
_PREFERENCE = 0.15  # Dirichlet: the smaller, the fewer words go with a word
# the role that a word's company depends on
_GIVEN = {"action": "agent", "thing": "action", "quality": "thing", "place": "action"}

Events = dict[str, NDArray[np.int64]]  # role: number of the word, class * _WORDS + place in the class


@dataclass(frozen=True)
class Sentence:
    """Words of one event in one language; `roles` and `senses` say what each is, the particle's are its place's."""

    words: tuple[str, ...]
    roles: tuple[str, ...]
    senses: tuple[str, ...]


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """The world of that seed; the same on every machine."""
    return World(seed)


class World:
    """Lexicon and preferences of one seed, drawn once; then a source of events and sentences."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        random = self._random("lexicon")
        spell = _spelling(random)
        self.lexicon: dict[str, dict[str, tuple[str, ...]]] = {code: {} for code in LANGUAGES}
        self.particles: dict[str, str] = {}
        self.questions: dict[str, dict[str, str]] = {code: {} for code in LANGUAGES}
        for role, classes in ROLES.items():
            count = len(classes) * _WORDS
            native = tuple(next(spell) for _ in range(count))
            for code in LANGUAGES:
                shared = random.random(count) < _COGNATES
                self.lexicon[code][role] = (
                    native
                    if code == "en"
                    else tuple(word if same else next(spell) for word, same in zip(native, shared, strict=True))
                )
            asks = next(spell)
            for code in LANGUAGES:
                self.questions[code][role] = asks if random.random() < _COGNATES or code == "en" else next(spell)
        for code in LANGUAGES:
            self.particles[code] = next(spell)
        # [words of the given role, words of this role], rows cumulative
        self._company = {
            role: np.cumsum(random.dirichlet(np.full(self._count(role), _PREFERENCE), self._count(given)), axis=1)
            for role, given in _GIVEN.items()
        }
        self._salt = int(random.integers(1 << 30))

    @property
    def words(self) -> tuple[str, ...]:
        """Every word form of every language once, in an order that does not change."""
        own = (word for code in LANGUAGES for role in ROLES for word in self.lexicon[code][role])
        asking = (word for code in LANGUAGES for word in self.questions[code].values())
        return tuple(dict.fromkeys(itertools.chain(own, self.particles.values(), asking)))

    def events(self, split: str, count: int, *stream: str) -> Events:
        """So many events of a split, drawn in a stream of their own; each array [count]."""
        random = self._random("events", split, *stream)
        low, high = SPLITS[split]
        found: list[Events] = []
        have = 0
        while have < count:
            drawn = self._draw(2 * count + 64, random)
            share = self._share(drawn)
            kept = np.flatnonzero((share >= low) & (share < high))[: count - have]
            found.append({role: numbers[kept] for role, numbers in drawn.items()})
            have += len(kept)
        return {role: np.concatenate([part[role] for part in found]) for role in ROLES}

    def distinct_events(self, split: str, count: int, *stream: str) -> Events:
        """As `events`, no event twice."""
        drawn = self.events(split, 8 * count, *stream)
        _, first = np.unique(self._codes(drawn), return_index=True)
        kept = np.sort(first)[:count]
        if len(kept) < count:
            raise ValueError(f"this world has no {count} distinct events in {split}")
        return {role: numbers[kept] for role, numbers in drawn.items()}

    def sentences(
        self, events: Events, code: str, *, without: str = "", borrowing: np.random.Generator | None = None
    ) -> Iterator[Sentence]:
        """The events as that language tells them; `without` leaves out a role, `borrowing` mixes in foreign words."""
        order, before = LANGUAGES[code]
        codes = list(LANGUAGES)
        for i in range(len(events["agent"])):
            borrows = borrowing is not None and borrowing.random() < _BORROWING_TEXT
            words, roles = [], []
            for role in order:
                if role == without:
                    continue
                lender = code
                if borrows and borrowing is not None and borrowing.random() < _BORROWED_WORDS:
                    lender = codes[int(borrowing.integers(len(codes)))]
                group = [self.lexicon[lender][role][events[role][i]]]
                if role == "place":
                    group.insert(0 if before else 1, self.particles[code])
                words += group
                roles += [role] * len(group)
            senses = tuple(ROLES[role][events[role][i] // _WORDS] for role in roles)
            yield Sentence(tuple(words), tuple(roles), senses)

    def changed(self, events: Events, i: int, role: str, random: np.random.Generator) -> Events:
        """Event i with another word in that role."""
        event = {name: numbers[i : i + 1].copy() for name, numbers in events.items()}
        event[role] = (event[role] + random.integers(1, self._count(role))) % self._count(role)
        return event

    def opposite(self, events: Events, i: int) -> Events:
        """Event i with the opposite action; the words of a class are opposites by pairs."""
        event = {name: numbers[i : i + 1].copy() for name, numbers in events.items()}
        event["action"] ^= 1
        return event

    def random(self, *stream: str) -> np.random.Generator:
        """A generator for draws of that name."""
        return self._random("draw", *stream)

    def _random(self, *stream: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, *(zlib.crc32(name.encode()) for name in stream)])

    @staticmethod
    def _count(role: str) -> int:
        return len(ROLES[role]) * _WORDS

    def _draw(self, count: int, random: np.random.Generator) -> Events:
        events: Events = {"agent": random.integers(self._count("agent"), size=count)}
        for role, given in _GIVEN.items():
            chances = self._company[role][events[given]]
            # the last sum may fall short of 1 by rounding
            drawn = (chances < random.random(count)[:, None]).sum(axis=1)
            events[role] = np.minimum(drawn, self._count(role) - 1)
        return events

    def _codes(self, events: Events) -> NDArray[np.int64]:
        codes = np.zeros(len(events["agent"]), dtype=np.int64)
        for role in ROLES:
            codes = codes * self._count(role) + events[role]
        return codes

    def _share(self, events: Events) -> NDArray[np.int64]:
        """0 to 99 for each event, the same whenever it is drawn."""
        mixed = (self._codes(events).astype(np.uint64) + np.uint64(self._salt)) * np.uint64(0x9E3779B97F4A7C15)
        return ((mixed >> np.uint64(40)) % np.uint64(100)).astype(np.int64)


def _spelling(random: np.random.Generator) -> Iterator[str]:
    """Words of two syllables, in random order, none twice."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    forms = [a + b for a in syllables for b in syllables]
    for number in random.permutation(len(forms)):
        yield forms[int(number)]
