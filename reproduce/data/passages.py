"""A passage as tokens that know their characters: which tokens an answer is, which characters tokens are, windows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain
from unicodedata import category

from reproduce.data.subwords import Encoded

__all__ = ["STEP", "Passage", "windows"]

STEP = 128  # tokens between the starts of two windows: "doc_stride" in the scripts of BERT and XTREME

_BLANK = {"Cc", "Cf", "Zl", "Zp", "Zs"}  # control, format (zero width, direction), separators
_JOINERS = "\u200c\u200d"  # of these a word may end in, in Telugu or Persian


@dataclass(frozen=True)
class Passage:
    """A text, its tokens, and the characters [firsts[i], behinds[i]) of token i: no blanks at either end, in order.

    A tokenizer's own offsets begin with the space before a word, and leave out what it composed with the character
    before (a combining mark, a vowel of decomposed Hangul) or dropped (a joiner at the end): these belong to the token
    here. A token of nothing but blanks has no characters.
    """

    text: str
    ids: list[int]
    firsts: list[int]
    behinds: list[int]

    @classmethod
    def of(cls, text: str, encoded: Encoded) -> Passage:
        """The passage as the tokenizer gives it."""
        firsts, behinds = [], []
        for first, behind in encoded.offsets:
            while first < behind and _blank(text[first]):
                first += 1
            while first < behind and _ends(text[behind - 1]):
                behind -= 1
            firsts.append(first)
            behinds.append(behind)
        firsts = list(accumulate(firsts, max))
        for token, first in enumerate(firsts):
            following = firsts[token + 1] if token + 1 < len(firsts) else len(text)
            behind = max(behinds[token], first)
            # an empty token takes nothing: what follows it is the next one's
            while first < behind < following and not _ends(text[behind]):
                behind += 1
            behinds[token] = behind
        return cls(text, encoded.ids, firsts, behinds)

    def __len__(self) -> int:
        return len(self.ids)

    def characters(self, begin: int, end: int) -> list[int]:
        """First character and the one behind the last of each of the tokens [begin, end), one after the other."""
        return list(chain.from_iterable(zip(self.firsts[begin:end], self.behinds[begin:end], strict=True)))

    def tokens_of(self, start: int, end: int) -> tuple[int, int] | None:
        """The first and last token with characters of [start, end), blanks at its ends aside; None where there is none.

        Of several tokens that begin with the same character the last one, as in Hugging Face's scripts.
        """
        while start < end and _blank(self.text[start]):
            start += 1
        while start < end and _ends(self.text[end - 1]):
            end -= 1
        first = max(bisect_right(self.firsts, start) - 1, 0)
        last = bisect_left(self.firsts, end) - 1
        while first <= last and self.behinds[first] <= start:
            first += 1  # the tokenizer made nothing of the first characters
        return (first, last) if start < end and first <= last else None


def windows(tokens: int, size: int) -> list[tuple[int, int]]:
    """Where windows of `size` tokens on a passage begin and end, one at least; the last ends with the passage.

    They begin STEP tokens apart, half a window where that is less: else what lies between two windows would be lost.
    """
    step = min(STEP, max(1, size // 2))
    found = [(0, min(size, tokens))]
    while found[-1][1] < tokens:
        begin = found[-1][0] + step
        found.append((begin, min(begin + size, tokens)))
    return found


def _blank(character: str) -> bool:
    return character == " " or (not character.isprintable() and category(character) in _BLANK)


def _ends(character: str) -> bool:
    """Whether a word has ended before this character."""
    return character not in _JOINERS and _blank(character)
