"""Exact match and F1 of answers in running text, as the scripts of SQuAD 1.1, SQuAD 2.0 and MLQA count them."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UnreadableInputError

__all__ = ["mlqa", "squad"]

Row = Mapping[str, Any]
Array = NDArray[np.float64]

_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = {
    "en": re.compile(r"\b(?:a|an|the)\b"),
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "ar": re.compile("ال"),  # the article is a prefix; MLQA drops these letters wherever they stand
    "hi": None,
    "zh": None,
}
_HAN = re.compile("([\u4e00-\u9fa5])")


@lru_cache(maxsize=65536)
def _squad_words(answer: str) -> tuple[str, ...]:
    """Lower case, no ASCII punctuation, no English articles (Rajpurkar et al. 2016, section 6.1)."""
    text = answer.lower().translate(_ASCII_PUNCTUATION)
    return tuple(re.sub(r"\b(?:a|an|the)\b", " ", text).split())


@lru_cache(maxsize=65536)
def _mlqa_words(answer: str, language: str) -> tuple[str, ...]:
    """As SQuAD's, but all Unicode punctuation, the articles of the language, and Han characters one by one.

    Source: Lewis et al. 2020 (MLQA), section 5, and the description of its evaluation script.
    """
    if language not in _ARTICLES:
        what = f"MLQA has no rules for answers in '{language}'"
        raise UnreadableInputError(what, todo=f"its languages are {', '.join(sorted(_ARTICLES))}; use squad_f1")
    text = "".join(
        c for c in answer.lower() if c not in string.punctuation and not unicodedata.category(c).startswith("P")
    )
    articles = _ARTICLES[language]
    if articles is not None:
        text = articles.sub(" ", text)
    if language == "zh":
        text = _HAN.sub(r" \1 ", text)
    return tuple(text.split())


def _overlap(said: Sequence[str], gold: Sequence[str]) -> float:
    common = sum((Counter(said) & Counter(gold)).values())
    return 2 * common / (len(said) + len(gold)) if common else 0.0


def _answers(row: Row) -> tuple[str, list[str]]:
    label = [row["label"]] if isinstance(row["label"], str) else row["label"]
    if not isinstance(label, list) or not all(isinstance(answer, str) for answer in label):
        raise UnreadableInputError("the label must be a list of accepted answers", where=f"item '{row['id']}'")
    if not isinstance(row["prediction"], str):
        raise UnreadableInputError("the prediction must be a string", where=f"item '{row['id']}'")
    return row["prediction"], label


def _best_answers(rows: Sequence[Row], words: Callable[[str, str], Sequence[str]], *, second: bool = False) -> Array:
    """[items, 3]: exact match, F1 and 1, of the accepted answer that fits best; no answer is right for no answer.

    `second`: as the script of SQuAD 2.0, which drops accepted answers of which no word is left ("the"), and for which
    two answers without words are equal in F1 too. To the scripts of SQuAD 1.1 and MLQA these match exactly with F1 0.
    """
    found = np.ones((len(rows), 3))
    for i, row in enumerate(rows):
        text, accepted = _answers(row)
        said = words(text, row["language"])
        golds = [words(answer, row["language"]) for answer in accepted]
        if any(golds) if second else any(accepted):
            kept = [gold for gold in golds if gold or not second]
            found[i, :2] = max(said == gold for gold in kept), max(_overlap(said, gold) for gold in kept)
        else:  # a question that cannot be answered
            found[i, :2] = not said
    return found


def squad(columns: Sequence[int], *, second: bool = False) -> Callable[[Sequence[Row]], Array]:
    """[items, 2]: the mean of exact match (0) and F1 (1), as `columns` name them, and 1; `second`: of SQuAD 2.0.

    Source: Rajpurkar et al. 2016, section 6.1, and 2018; XTREME scores XQuAD and TyDiQA so in every language.
    """

    def items(rows: Sequence[Row]) -> Array:
        found = _best_answers(rows, lambda text, _: _squad_words(text), second=second)
        return np.column_stack([found[:, columns].mean(axis=1), found[:, 2]])

    return items


def mlqa(columns: Sequence[int]) -> Callable[[Sequence[Row]], Array]:
    """As `squad`, by the rules of the row's language. Raises UnreadableInputError for one that MLQA has not."""

    def items(rows: Sequence[Row]) -> Array:
        found = _best_answers(rows, _mlqa_words)
        return np.column_stack([found[:, columns].mean(axis=1), found[:, 2]])

    return items
