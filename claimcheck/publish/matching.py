"""Which claim of a ledger a reproduction is of: the same number in the same unit and direction, then the same names."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimcheck.foundation.records import CheckedClaim, Ledger, Paper, Quantity, Reproduction

__all__ = ["Match", "Matcher", "same_doi", "same_id", "same_title"]

_VERSION = re.compile(r"v[1-9]\d*$")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?[/-]\d{7}")
_ARXIV_DOI = "10.48550/arxiv."
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ers?|ed|es|e|s)$")
_CUT_OFF = 20  # letters that a sentence which was cut off has at least
_MARGIN = 1.25  # times as near as the second nearest is clearly nearest
_METRICS = {  # unit of a registry -> what a claim may print beside such a score
    "accuracy": {"accuracy", "acc"},
    "f1": {"f1", "fscore", "fmeasure"},
    "exact_match": {"exactmatch", "em"},
}
_KNOWN_METRICS = frozenset(word for words in _METRICS.values() for word in words)
_DIRECTIONS = {"increase": "up", "decrease": "down"}
# words of every claim about results: they name nothing
_COMMON = frozenset(
    """a an the of on in at by to for from with without and or but than as is are was were be been it its this that
    these those we our their they more most less over under between up down all both each which while where when not no
    does do did can could may point points percent score scores average mean result results value number improve
    improves improved improvement gain gains raise raises increase increases reduce reduces lower higher better best
    worse reach reaches achieve achieves obtain obtains yield yields show shows outperform outperforms""".split()
)


def same_id(one: Paper, other: Paper) -> bool:
    """The same id without version; arXiv's older ids with a slash or a hyphen."""
    return bool(one.id) and _plain_id(one.id) == _plain_id(other.id)


def same_title(one: Paper, other: Paper) -> bool:
    """The same letters and digits in the title."""
    return bool(letters(one.title)) and letters(one.title) == letters(other.title)


def same_doi(one: Paper, other: Paper) -> bool:
    """The same DOI; that of an arXiv id is known."""
    return bool(_dois(one) & _dois(other))


def letters(text: str) -> str:
    """Letters and digits in lower case, ligatures resolved: whether two texts say the same words."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


@dataclass(frozen=True, slots=True)
class Match:
    """The index of the claim, or None with the reason and the indices of claims that it may be."""

    claim: int | None
    why: str = ""
    candidates: tuple[int, ...] = ()


class Matcher:
    """Finds the claims of one ledger; `reproductions` are all that are looked for, which tells what sets each apart."""

    def __init__(self, ledger: Ledger, reproductions: Sequence[Reproduction]) -> None:
        self._claims = ledger.claims
        self._paper = ledger.paper
        self._said = [_wordings(claim) for claim in ledger.claims]
        self._words = [_stems(" ".join(_texts(claim))) for claim in ledger.claims]
        self._asked = tuple({_names(one): one for one in reproductions}.items())
        asked = sorted(names for names, _ in self._asked)
        # "shuffled" tells more than "retrieval" where all claims of a registry are about retrieval
        texts = [*self._words, *map(_stems, asked)]
        self._texts, self._seen = len(texts), Counter(word for words in texts for word in words)

    def match(self, reproduction: Reproduction) -> Match:
        """The claim that the reproduction is of. The same ledger and reproduction give the same answer."""
        if not self._claims:
            return Match(None, "the ledger of the paper has no claims")
        said = self._same_words(reproduction.claim_text)
        if _number(reproduction.quantity, "value") is None:
            return self._by_words(reproduction, said)
        return self._by_number(reproduction, said)

    def _same_words(self, text: str) -> list[int]:
        """The claims with these words; a registry's sentence may be cut off, in the middle of a word even."""
        asked = letters(text)
        if not asked:
            return []
        exact = [i for i, said in enumerate(self._said) if asked in said]
        if exact or len(asked) < _CUT_OFF:
            return exact
        return [i for i, said in enumerate(self._said) if any(one.startswith(asked) for one in said)]

    def _by_words(self, reproduction: Reproduction, said: Sequence[int]) -> Match:
        if len(said) == 1:
            return Match(said[0])
        if said:
            return Match(None, f"{len(said)} claims have these words", tuple(said))
        return Match(None, f"no claim of the paper says this in the same words{self._version(reproduction)}")

    def _by_number(self, reproduction: Reproduction, said: Sequence[int]) -> Match:
        number = claimed_words(reproduction.quantity)
        grades = [_best(claim, reproduction.quantity) for claim in self._claims]
        fits = [i for i, grade in enumerate(grades) if grade >= _LIKE]
        # a sentence whose number the extractor passed over is still that sentence
        printed = [i for i in said if grades[i] == _NONE and _prints(self._claims[i].text, reproduction.quantity)]
        same = [i for i in said if i in fits] or printed
        if same:
            return Match(same[0]) if len(same) == 1 else self._nearest(reproduction, same, number)
        exact = [i for i in fits if grades[i] == _SAME]
        if fits:
            return self._nearest(reproduction, exact or fits, number)
        near = tuple(i for i, grade in enumerate(grades) if grade == _OTHER)
        if near:
            what = "one claim has" if len(near) == 1 else f"{len(near)} claims have"
            why = f"no claim of the paper states {number}: {what} that number in another unit or direction"
            return Match(None, why, near)
        return Match(None, f"no claim of the paper states {number}{self._version(reproduction)}")

    def _nearest(self, reproduction: Reproduction, found: Sequence[int], number: str) -> Match:
        """Of the claims with that number the one whose names are clearly nearest."""
        names = _stems(_names(reproduction))
        near = sorted(((self._nearness(names, self._words[i]), -i) for i in found), reverse=True)
        best, first = near[0][0], -near[0][1]
        if best == 0:
            what = "one claim states" if len(found) == 1 else f"{len(found)} claims state"
            return Match(None, f"{what} {number}, but nothing of what it names", tuple(found))
        if len(near) == 1 or best >= _MARGIN * near[1][0]:
            other = self._nearer(reproduction, first, _MARGIN * best)
            if not other:
                return Match(first)
            return Match(None, f"the claim that states {number} is rather that of {other}", (first,))
        return Match(None, f"{len(found)} claims fit: they state {number}", tuple(found))

    def _nearer(self, reproduction: Reproduction, claim: int, least: float) -> str:
        """Another registered claim with the same number whose names are clearly nearer; "" where there is none."""
        own = _names(reproduction)
        for names, one in self._asked:
            if names != own and one.registry_id != reproduction.registry_id:
                value = _number(one.quantity, "value")
                if value is not None and _best(self._claims[claim], one.quantity) >= _LIKE:
                    same = letters(one.claim_text) in self._said[claim]
                    if same or self._nearness(_stems(names), self._words[claim]) >= least:
                        return one.registry_id
        return ""

    def _nearness(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Cosine of two sets of words, of which those that few claims have weigh most."""

        def weight(words: frozenset[str]) -> float:
            # sorted: a sum of floats depends on its order
            return sum(math.log((1 + self._texts) / (0.5 + self._seen[word])) ** 2 for word in sorted(words))

        both = weight(one & other)
        return both / math.sqrt(weight(one) * weight(other)) if both else 0.0

    def _version(self, reproduction: Reproduction) -> str:
        here, there = self._paper.version, reproduction.paper_version
        return f" (it is of version {there}, the ledger of {here})" if here and there and here != there else ""


def claimed_words(quantity: Mapping[str, Any]) -> str:
    """ "8.7 points", "77.7 F1", "12 percent"."""
    half = abs(_number(quantity, "half_width") or 0.5)
    digits = min(10, max(0, round(-math.log10(2 * half))))
    unit = str(quantity.get("unit", ""))
    shown = {"f1": "F1", "exact_match": "exact match", "score": ""}.get(unit, unit)
    return f"{_number(quantity, 'value') or 0.0:.{digits}f} {shown}".strip()


def _number(quantity: Mapping[str, Any], name: str) -> float | None:
    """A field of a reproduction's quantity, which anyone can have written, as a finite number."""
    value = quantity.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


# ------------------------------------------------------------------ numbers

_NONE, _OTHER, _LIKE, _SAME = range(4)  # not the number; in another unit or direction; it may be; it is


def _best(claim: CheckedClaim, quantity: Mapping[str, Any]) -> int:
    return max((_grade(q, quantity) for q in claim.quantities), default=_NONE)


def _grade(q: Quantity, asked: Mapping[str, Any]) -> int:
    """How a number of a claim stands to that of a reproduction."""
    value, half = _number(asked, "value") or 0.0, _number(asked, "half_width") or 0.0
    if q.high is not None or abs(abs(q.value) - abs(value)) > half + 1e-9:  # a range is not one number
        return _NONE
    if q.role in ("count", "rank", "ratio", "other"):
        return _NONE
    if not _same_unit(q, str(asked.get("unit", "points"))):
        return _OTHER
    wanted = "down" if value < 0 else _DIRECTIONS.get(str(asked.get("direction", "level")))
    if wanted is None:
        return _SAME
    if q.direction is None:
        return _LIKE  # the sentence leaves it to its verb: "costs 2.2 points"
    return _SAME if q.direction == wanted else _OTHER


def _same_unit(q: Quantity, unit: str) -> bool:
    """Whether a number of a claim is in the unit of a registry. Points are never percent."""
    if unit == "points":
        return q.role == "delta" and q.unit in ("points", "")
    if unit == "percent":
        return q.unit == "percent"
    if q.role != "value":
        return False
    word, metric = letters(q.unit), letters(q.metric)
    if unit == "score":
        return word in ("", "percent", "score") or word in _KNOWN_METRICS
    metrics = _METRICS.get(unit, {letters(unit)})
    if metric in _KNOWN_METRICS and metric not in metrics:
        return False
    return word in ("", "percent") or word in metrics


def _prints(text: str, quantity: Mapping[str, Any]) -> bool:
    value, half = abs(_number(quantity, "value") or 0.0), _number(quantity, "half_width") or 0.0
    return any(abs(float(number) - value) <= half + 1e-9 for number in _NUMBER.findall(text))


# ------------------------------------------------------------------ words


def _texts(claim: CheckedClaim) -> list[str]:
    names = (name for q in claim.quantities for name in (q.method, q.baseline, q.metric, q.dataset, q.task, q.subject))
    return [claim.text, claim.statement, *(place.text for place in claim.places), *names]


def _wordings(claim: CheckedClaim) -> frozenset[str]:
    return frozenset(letters(text) for text in (claim.text, claim.statement, *(p.text for p in claim.places))) - {""}


def _names(reproduction: Reproduction) -> str:
    """What a registry names of a claim: the method in its sentence, baseline, metric and how it is averaged."""
    more = (str(reproduction.quantity.get(name) or "") for name in ("baseline", "metric", "aggregation"))
    return " ".join((reproduction.claim_text, *more))


def _stems(text: str) -> frozenset[str]:
    """The words that name something, by how they begin: "raises" and "raised", "tagger" and "tagging" are one."""
    words = re.findall(r"[^\W\d_][\w-]*", unicodedata.normalize("NFKC", text).lower())
    return frozenset((_ENDING.sub("", word) or word)[:5] for word in words if word not in _COMMON)


# ------------------------------------------------------------------ papers


def _plain_id(paper_id: str) -> str:
    return _VERSION.sub("", paper_id.strip().lower()).replace("/", "-")


def _dois(paper: Paper) -> set[str]:
    found = {re.sub(r"^(?:https?://)?(?:dx\.|www\.)?doi\.org/|^doi:\s*", "", paper.doi.strip().lower())} - {""}
    if _ARXIV.fullmatch(_plain_id(paper.id)):
        found.add(_ARXIV_DOI + _plain_id(paper.id))
    return found
