"""Which claims were cut off: how they end, what they leave open, at what length they pile up, how a source goes on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

__all__ = ["Cut", "cut_offs", "ends_a_sentence", "letters", "whole_words"]

_END = re.compile(r"[.!?。！？][\"”’'»)\]*_]*$")
_ELLIPSIS = re.compile(r"(?:\.\s?\.\s?\.|…)[\"”’')\]]*$|\[\s?(?:…|\.\.\.)\s?\]$")
_OPEN_END = re.compile(r"(?:[,;:(\[{\"“/&+=<]|\s[-–—]|\w-)$")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|cf|vs|et al|fig|eq|approx|resp|incl|esp|w\.r\.t)\.?$", re.I)
_INTERVAL = re.compile(r"[\[(]\s*-?[\d.,∞]+\s*[,;]\s*\+?[\d.,∞]+\s*[\])]")
_LAST = re.compile(r"[^\W\d_]+$")
_DANGLING = frozenset(
    """a an the of and or but nor with without for from by at in into onto to than that which whose who as is are was
    were be been being has have had its their our this these those such between among via per while whereas because
    since if unless both either neither not only very each every any whether where when how towards through across over
    under within during against upon about including such do does did can could may might will would shall should
    must""".split()
)
_LEAST_LENGTH = 40  # characters of a limit that claims are cut at
_WINDOW = 3  # characters that a cut may lie before the limit, where blanks went or letters were exchanged
_LIMITS = frozenset((80, 100, 120, 128, 140, 150, 160, 180, 200, 240, 250, 255, 256, 280, 300, 400, 500, 512, 1000))


@dataclass(frozen=True, slots=True)
class Cut:
    """Whether a claim is cut off, and on what that rests in words."""

    truncated: bool
    reason: str = ""
    continuation: str = ""


def letters(text: str) -> str:
    """A text's letters and digits in lower case: what stays of it through layouts and typesetting."""
    return "".join(c for c in text.lower() if c.isalnum())


def ends_a_sentence(text: str) -> bool:
    """Whether a text ends as sentences do, and not in three dots."""
    plain = text.rstrip()
    return bool(_END.search(plain)) and not _ELLIPSIS.search(plain)


def cut_offs(texts: Sequence[str], continuations: Sequence[str], words: frozenset[str] = frozenset()) -> list[Cut]:
    """For each claim of one list whether it was cut off.

    `continuations`: how a source goes on where it has the claim's words and more, "" where that is not known. `words`:
    other words of the report, which are whole words too. What a claim's end does not show, the list does: claims that
    end nowhere pile up at one length, or the others end in full stops.
    """
    ends = [ends_a_sentence(t) for t in texts]
    signs = [_sign(t, end, words) for t, end in zip(texts, ends, strict=True)]
    limit = _limit(texts, ends)
    plain = [i for i, sign in enumerate(signs) if not sign and not (limit and not ends[i] and _at(texts[i], limit))]
    closed = sum(ends[i] for i in plain)
    piled = [len(t) for t, end in zip(texts, ends, strict=True) if limit and not end and _at(t, limit)]
    span = "" if not piled else f"{piled[0]}" if min(piled) == max(piled) else f"{min(piled)} to {max(piled)}"
    out = []
    for i, text in enumerate(texts):
        at_limit = limit and not ends[i] and _at(text, limit)
        if continuations[i] and not ends[i]:
            reason = f"the source goes on: “…{continuations[i][:80]}”"
        elif signs[i]:
            reason = signs[i]
        elif at_limit:
            reason = "no sentence end"
        elif not ends[i] and len(texts) == 1 and len(text) in _LIMITS:
            reason = f"no sentence end after exactly {len(text)} characters"
        elif not ends[i] and closed >= 2 and closed * 3 >= len(plain):
            reason = "no sentence end, where other claims of the list have one"
        elif limit and ends[i] and len(text) in (limit - 1, limit) and re.search(r"\d\.$", text):
            reason = "a decimal number ends where the list's claims are cut"
        else:
            out.append(Cut(False))
            continue
        if at_limit:
            reason += f", after {len(text)} characters; {len(piled)} claims of the list stop at {span}"
        out.append(Cut(True, reason, continuations[i] if not ends[i] else ""))
    return out


def _sign(text: str, ends: bool, words: frozenset[str]) -> str:
    """What in a claim's own end shows that it was cut off, "" where nothing does."""
    plain = text.rstrip()
    if _ELLIPSIS.search(plain):
        return "it ends in dots"
    if _ABBREVIATION.search(plain):
        return "it ends in an abbreviation that something must follow"
    bare = _INTERVAL.sub("", plain)
    for opening, closing in ("()", "[]", "{}", "“”"):
        if bare.count(opening) > bare.count(closing) and bare.rfind(opening) > bare.rfind(closing):
            return f"“{opening}” is never closed"
    if ends:
        return ""
    if _OPEN_END.search(plain):
        return f"it ends in “{plain[-1]}”"
    last = _LAST.search(plain)
    if last and last[0].lower() in _DANGLING and len(plain.split()) > 2:
        return f"it ends in “{last[0]}”"
    if last and _is_part_of_word(last[0], plain, words):
        return f"“{last[0]}” is no whole word"
    return ""


def _is_part_of_word(last: str, text: str, words: frozenset[str]) -> bool:
    word = last.lower()
    if not last.islower() or not last.isascii() or word in words or len(text.split()) < 4:
        return False
    if len(word) < 3:
        return False  # may be a variable, or "up"
    known, beginnings = _vocabulary()
    if word in known:
        return False
    return word in beginnings or any(w.startswith(word) for w in words)


def _limit(texts: Sequence[str], ends: Sequence[bool]) -> int:
    """The length at which claims without a sentence end pile up, 0 where they do not.

    It is the greatest length of all. Where no claim ends in a full stop, a list without them may have a few of like
    length, so more have to stand there.
    """
    if len(texts) < 2:
        return 0
    greatest = max(len(t) for t in texts)
    piled = sum(not end and greatest - _WINDOW <= len(t) for t, end in zip(texts, ends, strict=True))
    exact = Counter(len(t) for t, end in zip(texts, ends, strict=True) if not end)
    wanted = 2 if any(ends) else 3
    if greatest < _LEAST_LENGTH or piled < max(wanted, 0.25 * (len(texts) - sum(ends))):
        return 0
    if not any(ends) and max(exact.values(), default=0) < 2 and greatest not in _LIMITS:
        return 0
    return greatest


def _at(text: str, limit: int) -> bool:
    return limit - _WINDOW <= len(text) <= limit


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    """Whole words of English as the sentence encoder's vocabulary has them, and how they begin (2 to 14 letters)."""
    from claimcheck.foundation.models.onnx import embedded_model_folder

    data = json.loads((embedded_model_folder() / "tokenizer.json").read_text("utf-8"))
    known = frozenset(w for w in data["model"]["vocab"] if w.isalpha() and w.isascii())
    return known, frozenset(w[:n] for w in known if len(w) > 4 for n in range(2, min(len(w), 15)))


def whole_words(texts: Sequence[str]) -> frozenset[str]:
    """The words of texts that stand before another word, and so are whole."""
    return frozenset(w.lower() for t in texts for w in re.findall(r"[^\W\d_]+(?= [^\W\d_])", t[:200_000]))
