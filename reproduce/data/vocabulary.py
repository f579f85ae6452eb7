"""Words as numbers in the layout of XLM-R: <s>=0, <pad>=1, </s>=2, <unk>=3, then the words, <mask> last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reproduce.data.dataset import IGNORED

__all__ = ["PAIR", "Vocabulary"]

START, PAD, END, UNKNOWN = 0, 1, 2, 3
PAIR = (END, END)  # between two parts of one sequence


@dataclass(frozen=True)
class Vocabulary:
    """All entries in the order of their numbers, the five special ones included."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, words: Sequence[str]) -> Vocabulary:
        """The vocabulary of these words, each given once."""
        return cls(("<s>", "<pad>", "</s>", "<unk>", *words, "<mask>"))

    @property
    def size(self) -> int:
        """Entries, special ones included."""
        return len(self.words)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, words: Sequence[str]) -> list[int]:
        """Numbers of the words; <unk> for those that are not in it."""
        return [self._number.get(word, UNKNOWN) for word in words]

    def single(self, words: Sequence[str]) -> list[int]:
        """<s> words </s>"""
        return [START, *self.encode(words), END]

    def pair(self, first: Sequence[str], second: Sequence[str]) -> list[int]:
        """<s> first </s></s> second </s>"""
        return [START, *self.encode(first), *PAIR, *self.encode(second), END]

    def unlabelled_ends(self, labels: Sequence[int]) -> list[int]:
        """Labels of the words of a single sentence, with none on <s> and </s>."""
        return [IGNORED, *labels, IGNORED]
