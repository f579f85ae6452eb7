"""A question, and the paper it starts from, as a few queries: names and phrases in the words of the asker.

No model writes the queries: their words stand in the question, in the anchor's title, or in the list of tasks, datasets
and metrics that the claim stages know (the short form of a name beside the long one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.words import STOP, canonical
from claimcheck.sources.databases.query import Query

if TYPE_CHECKING:
    from claimcheck.claims.structure.names import Name, Vocabulary
    from claimcheck.foundation.records import Work

__all__ = ["MOST_QUERIES", "expand"]

MOST_QUERIES = 4
MAX_QUESTION = 2000  # characters
_CORE = 2  # terms that an answer must have
_MORE = 6  # further terms, of which it needs one
_MAX_WORDS = 4  # of a phrase: a longer one is seldom printed so twice
_WORD = re.compile(r"[^\W_]+(?:[-'’.+/&][^\W_]+)*\+*")
# words that say how things bear on one another and not what a question is about
_RELATIONS = frozenset(
    """increase decrease amplify improve improvement worsen reduce reduction raise lower boost harm hurt help benefit
    gain affect effect impact influence change cause lead depend matter work perform outperform beat exceed surpass
    compare comparison difference differ good better best bad worse worst well high higher highest low lower lowest
    great greater large larger largest big bigger small smaller smallest strong stronger weak weaker significant
    significantly substantial substantially consistent consistently always never often still really actually only
    further additional current recent state art research question study studie investigate examine evaluate evaluation
    explore analysi analyse analyze extent degree role relationship relation correlation correlate contribute
    contribution provide need enough sufficient necessary possible can able useful usefulness important importance
    evidence claim true hold across within without versus vs instead rather than toward towards whether why how many
    much number amount different various several general specific particular overall type kind way thing people answer
    make made take too revisit rethinking understand understanding simple effective efficient diminish enhance degrade
    associate suffer relative produce show benchmark variant e.g i.e eg ie etc""".split()
)
# how much a term tells of what a question is about; the rest is told by the number of its words
_WEIGHT = {"dataset": 5, "system": 5, "task": 4, "metric": 0, "language": -1}
_NAMELIKE = 4


@dataclass(frozen=True, slots=True)
class _Term:
    """A name or a phrase of a text, how telling it is, and another name of the same thing or ""."""

    text: str
    weight: int
    same: str = ""


def expand(question: str, anchor: Work | None = None, *, vocabulary: Vocabulary | None = None) -> tuple[Query, ...]:
    """At most four queries for a question, the most telling first.

    `anchor` is the paper that the question starts from: its title gives a query of its own. `vocabulary` knows names
    and their other forms. Raises UsageError for a question without content words and for one of many pages.
    """
    if len(question) > MAX_QUESTION:
        raise UsageError(
            f"has {len(question)} characters",
            where=f"question '{_short(question)}'",
            todo=f"ask in at most {MAX_QUESTION} characters",
        )
    terms = _terms(question, vocabulary)
    if not terms:
        raise UsageError(
            "has no content words to search for" if question.strip() else "is empty",
            where=f"question '{_short(question)}'" if question.strip() else "question",
            todo="name what it is about: a method, a task, a dataset",
        )
    told = [_query(terms[:_CORE], terms[_CORE : _CORE + _MORE])]
    if anchor is not None and (theirs := _terms(anchor.title[:MAX_QUESTION], vocabulary)):
        known = {t.text.lower() for t in theirs}
        asked = [t for t in terms if t.text.lower() not in known]
        told.append(_query(theirs[:_CORE], (*theirs[_CORE:_MORE], *asked[:_CORE])))
    if len(terms) > _CORE:
        told.append(_query(terms[:1], terms[1 : 1 + _MORE]))
    if len(terms) > 1:
        # of several names in a row ("GSM8K or MMLU") one will do: the best name, and the best phrase
        phrase = next((t for t in terms[1:] if _size(t.text) > 1), terms[1])
        told.append(_query((terms[0], phrase)))
    if len(terms) == _CORE:
        told.append(_query((), terms))  # both seldom stand together: the best of either
    unique: dict[str, Query] = {}
    for query in told:
        unique.setdefault(str(query).lower(), query)
    return tuple(unique.values())[:MOST_QUERIES]


def _query(core: tuple[_Term, ...], more: tuple[_Term, ...] = ()) -> Query:
    same = tuple((t.text, t.same) for t in (*core, *more) if t.same)
    return Query(tuple(t.text for t in core), tuple(t.text for t in more), same)


def _terms(text: str, vocabulary: Vocabulary | None) -> tuple[_Term, ...]:
    """The names and phrases of a text, the most telling first: names, then phrases, then single words."""
    names = vocabulary.find(text) if vocabulary is not None else []
    found: dict[str, _Term] = {}
    for run in _runs(text, names):
        term = run if isinstance(run, str) else run.text
        if isinstance(run, str):
            weight = min(_size(term), 3) + (_NAMELIKE if any(map(_is_name, term.split())) else 0)
            found.setdefault(term.lower(), _Term(term, weight))
        else:
            other = _other_form(run, vocabulary) if vocabulary is not None else ""
            found.setdefault(term.lower(), _Term(term, _WEIGHT[run.kind] + len(term.split()), other))
    return tuple(sorted(found.values(), key=lambda t: -t.weight))


def _size(term: str) -> int:
    """Its words, the parts of hyphenated ones counted."""
    return len(re.findall(r"[^\W_]+", term))


def _runs(text: str, names: list[Name]) -> Iterator[str | Name]:
    """The names of a text, and the stretches of content words between them, stop words and punctuation, in order."""
    run: list[str] = []
    end = 0
    waiting = [n for n in names if n.text.strip()]
    for match in _WORD.finditer(text):
        while waiting and waiting[0].end <= match.start():
            waiting.pop(0)
        named = waiting[0] if waiting and waiting[0].start < match.end() else None
        word = match[0]
        broken = bool(text[end : match.start()].strip()) or len(run) >= _MAX_WORDS
        if run and (broken or named is not None or not _is_topical(word, run)):
            yield " ".join(run)
            run = []
        if named is not None:
            if match.start() <= named.start:  # once, at the name's first word
                yield named
        elif _is_topical(word, run):
            run.append(word)
        end = match.end()
    if run:
        yield " ".join(run)


def _is_topical(word: str, before: list[str]) -> bool:
    if len(word) < 2:
        # "vitamin D", "hepatitis C"; and a sign of a script without spaces may be a word
        return (word.isupper() and word.isascii() and bool(before)) or ord(word) >= 0x2E80
    form = canonical(word)
    if word.lower() in STOP or form in STOP or not any(c.isalpha() for c in word):
        return False
    return not ({form, word.lower()} | _stems(word.lower())) & _RELATIONS


def _stems(word: str) -> set[str]:
    """What the form of a regular verb or noun may come from: "improves", "increasing", "reduced"."""
    endings = ("s", "d", "r", "es", "ed", "er", "ing", "ies", "ied")
    return {word[: -len(s)] + e for s in endings if word.endswith(s) and len(word) > len(s) + 2 for e in ("", "e", "y")}


def _is_name(word: str) -> bool:
    """Whether a word is written as a name: capitals inside, all capitals, or letters with digits."""
    letters = sum(c.isalpha() for c in word)
    inside = any(c.isupper() for part in word.split("-") for c in part[1:])
    return letters > 1 and (inside or any(c.isdigit() for c in word))


def _other_form(name: Name, vocabulary: Vocabulary) -> str:
    """The acronym of a name that is written out, or what an acronym stands for; "" where the list has neither."""
    taxonomy = vocabulary.taxonomy
    mentions = taxonomy.tasks.find(name.text) if name.kind == "task" else taxonomy.datasets.find(name.text)
    spelled = {
        alias.removeprefix("=")
        for mention in mentions
        for entry in mention.entries
        for alias in (entry.name, *entry.aliases)
    }
    wanted = [s for s in sorted(spelled) if _abbreviates(s, name.text) or _abbreviates(name.text, s)]
    return wanted[0] if wanted else ""


def _abbreviates(short: str, long: str) -> bool:
    """Whether `short` is made of the initials of `long`, in capitals."""
    words = re.findall(r"[^\W_]+", long)
    return len(words) > 1 and short.isupper() and short == "".join(w[0] for w in words).upper()


def _short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:60]
