"""Under which conditions a printed result holds, and by which definition of its metric: read from headers and caption."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from claimcheck.foundation.records import Document, Result, Table
from claimcheck.foundation.words import STOP, forms

# facet -> value -> how it is written; a facet of a definition makes another metric, one of a condition another setting
_DEFINITIONS: Mapping[str, Mapping[str, str]] = {
    "averaging": {"micro": r"\bmicro\b", "macro": r"\bmacro\b", "weighted": r"\bweighted (?:F|average)"},
    "punctuation": {
        "without punctuation": r"\b(?:w/?o|without|exclud\w+|ignor\w+|no)\s+(?:the\s+)?punct",
        "with punctuation": r"\b(?:with|includ\w+|w/)\s+(?:the\s+)?punct",
    },
    "anonymisation": {"non-anonymized": r"\bnon-?\s?anonymi[sz]ed", "anonymized": r"(?<!non-)(?<!non)\banonymi[sz]ed"},
    "unit": {"sentence level": r"\bsentence-?\s*(?:>\s*)?level", "token level": r"\btoken-?\s*(?:>\s*)?level"},
    "matching": {"strict": r"\b(?:strict|exact span)\b", "partial": r"\b(?:partial|lenient|relaxed)\b"},
    "case": {
        "uncased": r"\b(?:uncased|case-?\s?insensitive|lower-?cased)\b",
        "cased": r"\b(?:cased|case-?\s?sensitive)\b",
    },
    "tokens": {"detokenized": r"\bde-?tokeni[sz]ed\b", "tokenized": r"(?<!de)(?<!de-)\btokeni[sz]ed\b"},
    "recall or F1": {"recall": r"\bROUGE[^.;]{0,20}\brecall\b", "F1": r"\b(?:full-length|ROUGE[^.;]{0,20})\s*F-?1?\b"},
}
_CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "split": {
        "dev": r"\b(?:dev|development|validation|valid|val|devset)\b",
        "test": r"\b(?:test|testing|section 23|eval(?:uation)? set|hidden)\b|§\s?23|leaderboard",
        "train": r"\btrain(?:ing)?\s+(?:set|split|acc|F1|EM)|^\W*train(?:ing)?\W*$|>\s*train(?:ing)?\b",
    },
    "models": {
        "ensemble": r"\bensembl\w*|\bens\b|\bPoE\b|\bcommittee\b|\(\d+\s?[x×]\)|\b\d+ models\b",
        "single model": r"\bsingle\b(?!-?\s?(?:task|sentence))|\bindividual\b",
    },
    "supervision": {
        "semi-supervised": r"\bsemi-?\s?supervis\w*",
        "fully supervised": r"\bfully-?\s?supervis\w*",
        "unsupervised": r"\bunsupervis\w*",
    },
    "reranking": {"reranked": r"\bre-?rank\w*"},
    "training data": {
        "one corpus only": r"\b(?:PTB|WSJ|SNLI|in-domain)[- ]only\b",
        "more data": r"\b(?:extra|external|additional|augmented)\s+(?:training\s+)?data\b|\bdata aug\w*|\btrain\s?\+\s?dev\b",
    },
    "tasks": {"multi-task": r"\bmulti-?\s?task\b", "single-task": r"\bsingle-?\s?task\b"},
    "size": {"large": r"\blarge\b", "medium": r"\bmedium\b", "small": r"\bsmall\b", "base": r"\bbase\b(?!line)"},
    "language": {
        name.lower(): rf"\b{name}\b"
        for name in (
            "English",
            "German",
            "French",
            "Spanish",
            "Italian",
            "Dutch",
            "Chinese",
            "Arabic",
            "Czech",
            "Russian",
        )
    },
}
_RERUN = re.compile(
    r"\bour (?:own )?(?:re-?)?(?:impl|run|train|reprod|version)|\bre-?impl|\bre-?(?:run|trained|training|running)\b|\breprod|\bimpl\.",
    re.I,
)
_DATE = re.compile(
    r"\b(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s*(?:\d{1,2}(?:st|nd|rd|th)?,?\s*)?(?P<year>20\d\d)"
    r"|\b(?P<iso>20\d\d[-/]\d\d)[-/]\d\d\b",
    re.I,
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_NO_PART = frozenset(
    """accuracy f1 em precision recall bleu rouge uas las f exact match score result all overall total average percent
    corpus task type number std error rate full main max best column row match mismatched matched macro micro
    metric evaluation shared gold single ensemble model test dev set data""".split()
)
_COMPILED = {
    facet: {value: re.compile(pattern, re.I) for value, pattern in values.items()}
    for facet, values in (*_DEFINITIONS.items(), *_CONDITIONS.items())
}
# what goes without saying
_USUAL = ("split", "punctuation", "anonymisation", "language")
_USUAL_VALUES = ("single model", "single-task", "fully supervised", "base")
# what a paper says once for all its tables
_SAID_ONCE = {"punctuation": "parsing", "anonymisation": "summari"}  # facet -> what its tasks are called
# words of a caption that are about its whole table; "large", "base" and the like may be about anything
_OF_CAPTION = (*_DEFINITIONS, "split", "models", "reranking")
# facets by which two rows of one system differ as experiments do
EXPERIMENT = ("split", "models", "language")
_KEY = re.compile(r"\b(?:indicat\w*|denot\w*|marked|marks|means|stands? for|refers?|represents?)\b|=", re.I)
_MARKS = re.compile(r"[*†‡§¶⋆∗♣♠♦♥⋄◦•]")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is stated of a result: facet -> value, whether it is the paper's own rerun, words for a part of the data."""

    stated: Mapping[str, str] = field(default_factory=dict)
    rerun: bool = False
    part: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()  # of the row, explained in the caption

    @property
    def split(self) -> str:
        """ "test", "dev", "train" or ""."""
        return self.stated.get("split", "")


def conditions_of(result: Result, table: Table, said: Mapping[str, str]) -> Conditions:
    """The conditions of one result; `said` is what the paper states of all of them (`said_once`)."""
    row, column = result.pointer.row or "", result.pointer.column or ""
    measure = column if on_rows(result) else row
    near = [_found(text) for text in dict.fromkeys((result.method, row, column))]
    corner = _found(" ".join(c.text for line in table.grid[: table.header_rows] for c in line[: table.stub_columns]))
    caption = own_caption(table)
    around = _found(_without_key(caption))
    stated: dict[str, str] = {}
    for facet in _COMPILED:
        found = tuple(dict.fromkeys(v for one in near for v in one.get(facet, ()))) or corner.get(facet, ())
        if not found and facet in _OF_CAPTION:
            found = around.get(facet, ())
            if facet == "split" and len(found) == 2:
                found = tuple(v for v in found if v != "train")
        if len(found) == 1:
            stated[facet] = found[0]
        elif not found and facet in said and _SAID_ONCE[facet] in result.task:
            stated[facet] = said[facet]
    if dated := _DATE.search(caption):
        year, month = (dated["year"], dated["month"].capitalize()) if dated["year"] else _year_month(dated["iso"])
        stated["date"] = f"of {month} {year}"
    marks = frozenset(m for m in _MARKS.findall(f"{result.method} {row}") if m in table.caption)
    rerun = any(_RERUN.search(text) for text in (result.method, row, column))
    return Conditions(stated, rerun, _part(measure, result, stated), marks)


def _year_month(iso: str) -> tuple[str, str]:
    number = int(iso[5:7])
    return iso[:4], _MONTHS[number - 1] if 1 <= number <= 12 else ""


@lru_cache(maxsize=1 << 14)
def _found(text: str) -> Mapping[str, tuple[str, ...]]:
    """Facet -> the values that a text states of it, for facets of which it states any."""
    found = {facet: tuple(_values(values, text)) for facet, values in _COMPILED.items()} if text else {}
    return {facet: values for facet, values in found.items() if values}


@lru_cache(maxsize=1 << 10)
def _without_key(caption: str) -> str:
    """A caption without the sentences that explain marks: "5x indicates an ensemble" is about some of the rows."""
    return " ".join(x for x in re.split(r"(?<=[.;])\s+", caption) if not _KEY.search(x))


def said_once(document: Document) -> dict[str, str]:
    """What a paper's text states of the definition of all its metrics, where it says one thing only."""
    text = " ".join(s.text for s in document.sentences if s.kind in ("body", "footnote", "caption"))
    found = {facet: _values(_COMPILED[facet], text) for facet in _SAID_ONCE}
    return {facet: values[0] for facet, values in found.items() if len(values) == 1}


def differences(one: Conditions, other: Conditions) -> tuple[list[str], list[str]]:
    """(facets of the definition, facets of the condition) for which both state something, and not the same."""
    differing = [f for f in one.stated if f in other.stated and one.stated[f] != other.stated[f]]
    return [f for f in differing if f in _DEFINITIONS], [f for f in differing if f not in _DEFINITIONS]


def unstated(one: Conditions, other: Conditions) -> list[str]:
    """Facets that only one of the two states, the more telling first; a split or a model that is not named is usual."""
    alone = [f for f in (*_DEFINITIONS, *_CONDITIONS) if (f in one.stated) != (f in other.stated)]
    stated = {**one.stated, **other.stated}
    return [f for f in alone if f not in _USUAL and stated[f] not in _USUAL_VALUES]


def on_rows(result: Result) -> bool:
    """Whether the table has its systems on rows, so that columns say what is measured."""
    row = re.sub(r"[\W_]+", "", result.pointer.row or "").lower()
    return bool(row) and row in re.sub(r"[\W_]+", "", result.method).lower()


def _values(values: Mapping[str, re.Pattern[str]], text: str) -> list[str]:
    return [value for value, pattern in values.items() if pattern.search(text)]


def _part(measure: str, result: Result, stated: Mapping[str, str]) -> frozenset[str]:
    """The words over a number that name neither its dataset nor its metric nor a condition: a language, a subset."""
    names = f"{result.dataset} {result.metric} {result.task}"
    known = forms(names) | _NO_PART | STOP
    compact = re.sub(r"[^a-z\d]", "", names.lower())
    for facet, value in stated.items():
        if facet in _COMPILED and facet != "size":
            measure = _COMPILED[facet][value].sub(" ", measure)
    words = re.findall(r"[a-z]+", names.lower())
    return frozenset(
        w
        for w in forms(measure)
        if w not in known and any(c.isalpha() for c in w) and w not in compact and not _is_short_for(w, words)
    )


def _is_short_for(word: str, names: Sequence[str]) -> bool:
    """Whether a word shortens names: "ptb" Penn Treebank, "rg" ROUGE: its letters in order, the first one an initial."""
    if len(word) > 5 or any(c.isdigit() for c in word):
        return False
    for i, name in enumerate(names):
        if name[0] == word[0]:
            rest = iter("".join(names[i:]))
            if all(c in rest for c in word if c.isalpha()):
                return True
    return False


def own_caption(table: Table) -> str:
    """The part of a caption that is about this table where one caption stands for several ("(1a) ... (1b) ...")."""
    letter = table.label[-1:]
    if not letter.isalpha() or len(table.label) < 2:
        return table.caption
    marks = list(re.finditer(r"\(\d{0,2}([a-z])\)", table.caption))
    for i, mark in enumerate(marks):
        if mark[1] == letter:
            end = marks[i + 1].start() if i + 1 < len(marks) else len(table.caption)
            return table.caption[mark.end() : end]
    return table.caption
