"""Hyphens at line ends, resolved by the words that the paper itself prints within lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from claimcheck.reading.pdf.layout import PageLayout

_LAST_PART, _FIRST_PART = re.compile(r"[\w-]*-$"), re.compile(r"[\w-]*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

# first and last parts of compounds that English writes with a hyphen; a part of a divided word is rarely one of them
_FIRST = frozenset(
    {
        "self", "non", "cross", "state", "high", "low", "long", "short", "fine", "end", "well", "large", "small", "two",
        "three", "four", "five", "single", "zero", "one", "few", "open", "closed", "near", "real", "left", "right",
        "task", "word", "sentence", "character", "part", "data", "time", "human", "gold", "hand", "type", "deep",
        "source", "target", "sequence", "model", "label", "feature", "domain", "language", "question", "knowledge",
    }
)  # fmt: skip
_LAST = frozenset(
    {
        "based", "level", "aligned", "specific", "trained", "aware", "free", "art", "shot", "tuning", "tuned", "scale",
        "domain", "dependent", "independent", "order", "layer", "style", "like", "rank", "wise", "driven", "size",
        "sized", "time", "term", "quality", "performing", "attention", "trivial", "head", "hot", "only",
        "supervised", "annotated", "crafted", "agnostic", "invariant", "oriented", "related", "learning", "answering",
        "target", "token", "word", "sentence", "language", "modal", "label", "class", "step", "stage", "end", "to",
        "of", "the", "in", "and", "by", "off", "up", "out",
    }
)  # fmt: skip


class Hyphens:
    """Resolves hyphens at line ends by the words that the paper itself prints within lines."""

    def __init__(self, pages: Iterable[PageLayout]) -> None:
        whole: list[str] = []
        words: list[str] = []
        for page in pages:
            for line in page.lines:
                if line.text.endswith("-"):
                    words += _WORD.findall(line.text[:-1].lower())[:-1]
                else:
                    whole.append(line.text)
        self.known = Counter(words + _WORD.findall("\n".join(whole).lower()))
        # how many compounds of the paper begin and end with a part
        compounds = [w for w in self.known if "-" in w]
        self._first = Counter(w.partition("-")[0] for w in compounds)
        self._last = Counter(w.rpartition("-")[2] for w in compounds)

    def join(self, before: str, after: str) -> str:
        """`before` (which ends in a hyphen) and `after` as one text: without the hyphen unless the paper writes it."""
        left = _LAST_PART.search(before, before.rfind(" ") + 1)
        right = _FIRST_PART.match(after)
        if left is None or right is None or not right[0]:
            return before + after
        a, b = left[0][:-1], right[0]
        if not a or not a[-1].isalpha() or not b[0].isalpha():
            return before + after
        joined, apart = (a + b).lower(), f"{a}-{b}".lower()
        keep = self.known[apart] > self.known[joined]
        if not self.known[apart] and not self.known[joined]:
            # names, and words that are hyphenated already, keep the hyphen
            keep = b[0].isupper() or "-" in a or ("-" in b and bool(self.known[a.lower()])) or self._compound(a, b)
        elif not keep and b[0].isupper() and not a.isupper():
            keep = self.known[joined] == 0
        return before + after if keep else before[:-1] + after

    def _compound(self, a: str, b: str) -> bool:
        """Whether two parts that the paper prints neither joined nor apart are words of a compound."""
        a, b = a.lower(), b.lower()
        first, last = self._first[a] + (a in _FIRST), self._last[b] + (b in _LAST)
        # both parts are words of the paper, and one of them makes compounds there or elsewhere
        return len(a) > 2 and len(b) > 2 and bool(self.known[a] and self.known[b]) and first + last > 0
