"""In which language a text is written: English by its small words, any other by the language identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from claimcheck.foundation.records import Work

__all__ = ["language_of", "with_languages"]

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    """the of and to in a is for that we with on are by this as from be an our it can which these at not have or has
    using their they was were than between more how does do what""".split()
)
_ENGLISH_SHARE = 0.12  # of small words in English prose; abstracts have 0.3
_LETTERS = 60  # of a text that is long enough to tell: a title of names looks like any language
_SURE = 0.9  # probability from which a language is said


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language, "" where it is too short or too mixed to tell."""
    words = _WORD.findall(text.lower())
    if sum(map(len, words)) < _LETTERS and text.isascii():
        return ""
    if words and sum(w in _ENGLISH for w in words) / len(words) >= _ENGLISH_SHARE:
        return "en"
    if len(text) < 12:
        return ""
    code, probability = _identifier().classify(text[:3000])
    return str(code) if probability >= _SURE and len(str(code)) == 2 else ""


@lru_cache(1)
def _identifier() -> Any:
    """The model of py3langid; unpacking it takes two seconds, which English papers need not wait for."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def with_languages(works: Iterable[Work]) -> tuple[Work, ...]:
    """The works with their language and, where it is another than English, a note that says so."""
    return tuple(_with_language(work) for work in works)


def _with_language(work: Work) -> Work:
    # what the words show counts more than what a database says: many say "en" of everything
    language = language_of(f"{work.title}. {work.abstract}") or work.language
    if language in ("", "en"):
        return work if language == work.language else work.model_copy(update={"language": language})
    note = f"not in English ({language}): its claims are found and ranked with less certainty"
    return work.model_copy(update={"language": language, "notes": tuple(dict.fromkeys((*work.notes, note)))})
