"""A claim's sentence made to stand alone: pronouns resolved, joining words and citations dropped, nothing invented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.claims.structure.coreference import OWN, PRONOUN
from claimcheck.claims.structure.phrases import DISCOURSE
from claimcheck.claims.structure.sentence import Reading
from claimcheck.foundation.records import Comparison, Quantity

_AUTHOR = r"(?:(?:[a-z]{1,4}\s){0,2}[A-Z][\w'’-]+)"
_WORK = rf"{_AUTHOR}(?:\s+et\s+al\.?|(?:,\s*{_AUTHOR}){{0,4}},?\s*(?:and|&)\s+{_AUTHOR})?,?\s+\(?(?:19|20)\d\d[a-z]?"
# citations in brackets; "Reed et al. (2017) report" keeps its year: there the name is part of the sentence
_CITED = re.compile(
    rf"\s*\((?:see\s+|e\.g\.,?\s+|cf\.\s+)?{_WORK}(?:\s*[;,]\s*(?:{_WORK}|(?:19|20)\d\d[a-z]?)){{0,20}}\)"
    r"|\s*\[\d+(?:\s*[,;–-]\s*\d+){0,20}\]"
)
# before it: the authors' names, or a preposition whose object it is ("compared to (Reed et al., 2017), ...")
_NARRATIVE = re.compile(
    r"(?:\A\s*|et\s+al\.?|[A-Z][\w-]+\s+and\s+[A-Z][\w-]+"
    r"|\b(?i:to|in|of|by|with|from|than|over|on|as|at|see|following|and|or|like|against|for|outperforms?|is|are))\s*$"
)
_RESULT = re.compile(r"\d+\.\d|%")
_THIS_DOES = re.compile(r"\s*(?:\w+ly\s+)?(?:outperform|surpass|improv|beat|exceed)", re.I)
_POSSESSIVE = re.compile(r"^its\s", re.I)


def statement_of(reading: Reading, quantities: Sequence[Quantity], comparisons: Sequence[Comparison]) -> str:
    """The self-contained form. Every word is the paper's; where nothing is known it is the text itself."""
    text = reading.text
    edits: list[tuple[int, int, str]] = [
        (m.start(), m.end(), "")
        for m in _CITED.finditer(text)
        if not _NARRATIVE.search(text[: m.start()][-40:]) and not _RESULT.search(m[0])
    ]
    lead = DISCOURSE.match(text)
    if lead is not None:
        edits.append((0, lead.end(), ""))
    edits += _resolved(reading)
    out, at = "", 0
    for start, end, new in sorted(edits):
        if start >= at:
            out += text[at:start] + new
            at = end
    out = " ".join((out + text[at:]).split())
    if lead is not None and out[:1].islower():
        out = out[:1].upper() + out[1:]
    return _with_known(reading, out, quantities, comparisons) if len(out) > 1 else text


def _resolved(reading: Reading) -> list[tuple[int, int, str]]:
    """(start, end, name) of the phrases whose names are known."""
    out = []
    masked = reading.masked
    refs = reading.referents
    for m in re.finditer(
        r"\bthe\s+(?P<which>former|latter)\b(?!\s+(?:model|system|method|approach|one|case|task|dataset|set|two|group|type)s?\b)",
        masked,
        re.I,
    ):
        name = refs.first if m["which"].lower() == "former" else refs.second
        if name:
            out.append((m.start(), m.end(), name))
    own = [m for m in re.finditer(rf"\b(?:{OWN.pattern})\b", masked, re.I) if m[0].lower() != "ours"]
    if refs.own and len(own) == 1 and refs.own not in reading.text:
        m = own[0]
        # "our proposed model QuillNet", "our model's": only the whole phrase can be replaced
        if not re.match(r"\s+[A-Z(]|-|\s*,\s*[A-Z][\w-]*\s*,", masked[m.end() :]):
            out.append((m.start(), m.end(), refs.own))
    for i, clause in enumerate(reading.clauses):
        if clause.subject is None or not refs.previous or refs.previous in reading.text:
            continue
        a, b = clause.subject
        phrase = masked[a:b]
        if i and any(c.subject is not None for c in reading.clauses[:i]):
            continue  # "While Sorrel is slow, it is accurate": the pronoun means what the sentence itself names
        if reading.antecedent((a, b)) != refs.previous or (
            phrase.lower() == "this" and not _THIS_DOES.match(masked, b)
        ):
            continue
        if PRONOUN.fullmatch(phrase) and not any(s < b and a < e for s, e, _ in out):
            out.append((a, b, refs.previous))
        elif _POSSESSIVE.match(phrase):
            out.append((a, a + 3, f"{refs.previous}'s"))
    return out


def _with_known(reading: Reading, text: str, quantities: Sequence[Quantity], comparisons: Sequence[Comparison]) -> str:
    """The dataset and metric that the table or paragraph pointed to gives, in brackets, where the sentence names neither."""
    said = text.lower()
    slots: list[Quantity | Comparison] = [q for q in quantities if q.dataset or q.metric]
    slots += [c for c in comparisons if c.dataset or c.metric]
    datasets = {s.dataset for s in slots if s.dataset and s.dataset.lower() not in said}
    metrics = {s.metric for s in slots if s.metric and s.metric.lower() not in said}
    known = [*(datasets if len(datasets) == 1 else ()), *(metrics if len(metrics) == 1 else ())]
    if not known:
        return text
    body, end = (text[:-1], text[-1]) if text[-1:] in ".!" else (text, "")
    return f"{body} [{', '.join(known)}]{end}"
