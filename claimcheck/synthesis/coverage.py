"""How much of a phrase a claim names: rare words weigh more; a task, dataset or metric counts under any of its names.

The share is the sum of the weights of the units found over the sum of all. A unit is a name of the taxonomy ("NER",
"named entity recognition") or one content word. It is found where the claim has the name or the word in another ending
(1), or a word of nearly the same meaning (`NEAR`, by the sentence encoder, from a cosine of `NEAREST` on).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from claimcheck.claims.taxonomy import Taxonomy
from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.records import CheckedClaim, Comparison, Quantity
from claimcheck.foundation.words import STOP, tokens
from claimcheck.synthesis.questions import content, same_word

__all__ = ["NEAR", "NEAREST", "Coverage", "Said", "said_of", "said_words", "slots_of"]

NEAREST = 0.62  # cosine of two words alone from which one may stand for the other
_TOGETHER = 8  # words, and two more for each unit, within which a phrase is named
NEAR = 0.8  # what such a word counts
# words for one thing that the encoder holds apart or that are too common in papers to be told by it
_ALIKE = (
    frozenset("scale size large larger largest bigger capacity parameter billion".split()),
    frozenset("single separate separately individual individually".split()),
    frozenset("depth deep deeper layer".split()),
    frozenset("pretrained".split()) | {"pretraining", "pre-training"},
    frozenset("sentence sent".split()),
    frozenset("syntax syntactic syntactically".split()),
    frozenset("semantic semantics".split()),
    frozenset("multilingual language".split()) | {"crosslingual"},
    frozenset("length long longer short shorter".split()),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a claim names: its words, and the taxonomy's names in it."""

    words: frozenset[str]
    names: frozenset[str]
    joined: frozenset[str] = frozenset()  # two words that stand beside each other, written as one


@lru_cache(1 << 14)  # a claim is held against the question and against other claims
def said_words(text: str, taxonomy: Taxonomy) -> Said:
    """What a text names."""
    found = [t.form for t in tokens(text)]
    names = {e.name for m in taxonomy.tasks.find(text) for e in m.entries}
    names |= {e.name for m in taxonomy.metrics.find(text) for e in m.entries if len(m.entries) == 1}
    for m in taxonomy.datasets.find(text):
        names |= {e.name for e in m.entries}
        # a dataset names its task where it is one's alone
        tasks = {e.task for e in m.entries}
        names |= tasks if len(tasks) == 1 else set()
    pairs = {a + b for a, b in pairwise(found)}
    return Said(frozenset(found) - STOP, frozenset(names), frozenset(pairs))


@lru_cache(1 << 14)
def _one(word: str) -> Said:
    return Said(frozenset({word}), frozenset())


def slots_of(claim: CheckedClaim) -> tuple[Quantity | Comparison, ...]:
    """What a claim's numbers and comparisons are of: each has task, dataset, metric, method, baseline, condition."""
    return (*claim.quantities, *claim.comparisons)


def said_of(claim: CheckedClaim, taxonomy: Taxonomy) -> Said:
    """What a claim names in its statement and in the slots of its numbers and comparisons."""
    parts = [claim.statement or claim.text, claim.text]
    for slots in slots_of(claim):
        parts += [slots.task, slots.dataset, slots.metric, slots.method, slots.baseline, slots.condition]
    return said_words(" . ".join(dict.fromkeys(p for p in parts if p)), taxonomy)


@dataclass
class Coverage:
    """Weights of words over all claims, and which words may stand for which."""

    taxonomy: Taxonomy
    encoder: SentenceEncoder | None
    frequency: Mapping[str, int]
    claims: int
    _vectors: dict[str, Vectors] = field(default_factory=dict)

    @classmethod
    def over(cls, said: Sequence[Said], taxonomy: Taxonomy, encoder: SentenceEncoder | None) -> Coverage:
        """Weights from the claims given."""
        counted = Counter(word for one in said for word in one.words)
        return cls(taxonomy, encoder, counted, len(said))

    def weight(self, word: str) -> float:
        """ln(1 + claims / (1 + claims with the word))."""
        return math.log(1 + (1 + self.claims) / (1 + self.frequency.get(word.partition("-")[0], 0)))

    def units(self, phrase: str) -> list[tuple[frozenset[str], frozenset[str], float]]:
        """The units of a phrase: (names, words, weight); words under a name belong to it."""
        out: list[tuple[frozenset[str], frozenset[str], float]] = []
        taken: set[str] = set()
        for mentions in (self.taxonomy.datasets.find(phrase), self.taxonomy.tasks.find(phrase)):
            for m in mentions:
                words = frozenset(content(phrase[m.start : m.end]))
                if not words or words <= taken or sum(c.isalpha() for c in phrase[m.start : m.end]) < 2:
                    continue
                taken |= words
                names = frozenset(e.name for e in m.entries)
                out.append((names, words, max(self.weight(w) for w in words)))
        out += [(frozenset(), frozenset({w}), self.weight(w)) for w in content(phrase) if w not in taken]
        return out

    def prepare(self, phrases: Iterable[str], said: Iterable[Said]) -> None:
        """Encode at once the words that `share` will need."""
        if self.encoder is None:
            return
        wanted = {w.partition("-")[0] for phrase in phrases for _, words, _ in self.units(phrase) for w in words}
        wanted |= {w for one in said for w in one.words}
        new = sorted(w for w in wanted if w not in self._vectors and w.isalpha() and len(w) > 2)
        for word, vector in zip(new, self.encoder.encode(new), strict=True):
            self._vectors[word] = vector

    def share(self, phrase: str, said: Said, also: Said | None = None, discount: float = 1.0) -> float | None:
        """The share of a phrase that is named, None for a phrase without content.

        What stands in `also` alone, the paper's title for instance, counts `discount` of itself.
        """
        units = self.units(phrase)
        total = sum(weight for _, _, weight in units)
        if not total:
            return None
        found = 0.0
        for names, words, weight in units:
            here = self._found(names, words, said)
            if also is not None and here < discount:
                here = max(here, discount * self._found(names, words, also))
            found += weight * here
        return round(found / total, 4)

    def span(self, phrase: str, text: str) -> tuple[int, int] | None:
        """From the first to the last word of a text that names a unit of the phrase; None where none does."""
        units = self.units(phrase)
        at = [t for t in tokens(text) if any(self._found(names, words, _one(t.form)) for names, words, _ in units)]
        for mentions in (self.taxonomy.tasks.find(text), self.taxonomy.datasets.find(text)):
            for m in mentions:
                if any(names & {e.name for e in m.entries} for names, _, _ in units):
                    return m.start, m.end
        return (at[0].start, at[-1].end) if at else None

    def apart(self, phrase: str, text: str) -> bool:
        """Whether a text names the units of a phrase too far from each other to mean it: over `_TOGETHER` words."""
        units = self.units(phrase)
        if len(units) < 2:
            return False
        found = tokens(text)
        at = [
            (i, n)
            for i, t in enumerate(found)
            for n, (names, words, _) in enumerate(units)
            if self._found(frozenset(), words, _one(t.form)) >= 0.5
        ]
        for mentions in (self.taxonomy.tasks.find(text), self.taxonomy.datasets.find(text)):
            for m in mentions:
                first = next((i for i, t in enumerate(found) if t.start >= m.start), None)
                named = {e.name for e in m.entries}
                at += [(first, n) for n, (names, _, _) in enumerate(units) if first is not None and names & named]
        at.sort()
        wanted = len({n for _, n in at})
        return not any(
            len({n for i, n in at if start <= i <= start + _TOGETHER + 2 * len(units)}) == wanted for start, _ in at
        )

    def missing(self, phrase: str, said: Said) -> list[str]:
        """The words of a phrase that are not named, the weightiest first."""
        lacking = [
            (w, sorted(words)) for names, words, w in self.units(phrase) if self._found(names, words, said) < NEAR
        ]
        return [word for _, words in sorted(lacking, key=lambda x: (-x[0], x[1])) for word in words]

    def rarest(self, phrase: str, said: Said) -> float:
        """How far the weightiest unit of a phrase is named; 1 for a phrase without content."""
        units = self.units(phrase)
        if not units:
            return 1.0
        names, words, _ = max(units, key=lambda unit: unit[2])
        return self._found(names, words, said)

    def _found(self, names: frozenset[str], words: frozenset[str], said: Said) -> float:
        if names & said.names:
            return 1.0
        return sum(self._word(word, said) for word in words) / len(words)

    def _word(self, word: str, said: Said) -> float:
        if "-" in word:  # a compound whose second part alone says little
            joined = word.replace("-", "")
            return 1.0 if joined in said.words or joined in said.joined else self._word(word.partition("-")[0], said)
        if word in said.words or word in said.joined:
            return 1.0
        if any(same_word(word, other) for other in said.words):
            return 1.0
        if any(word in group and group & said.words for group in _ALIKE):
            return 1.0
        vector = self._vectors.get(word)
        if vector is None:
            return 0.0
        others = [self._vectors[w] for w in said.words if w in self._vectors]
        if not others:
            return 0.0
        return NEAR if float(np.max(np.stack(others) @ vector)) >= NEAREST else 0.0
