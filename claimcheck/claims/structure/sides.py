"""Whose number it is and against what: the system of a clause, and the other side of its comparison."""

from __future__ import annotations

import re

from claimcheck.claims.structure.coreference import OWN_NOUN, thing
from claimcheck.claims.structure.phrases import VERB, Clause, phrase_after, without_determiner
from claimcheck.claims.structure.sentence import Reading, is_measure, is_start
from claimcheck.foundation.records import Quantity, Span

_OTHER_SIDE = re.compile(
    r"\b(?:compared\s+(?:to|with)|versus|vs\.?|against|than|over|from|outperform\w*|surpass\w*|exceed\w*|beat\w*|previous(?:ly)?|prior|while|whereas)\b"
    r"(?:(?!\bto\b|\bby\b).){0,80}$",
    re.I,
)
_GIVEN_BY = re.compile(r"\s*(?:\([^()]{1,40}\)\s*)?(?:points?\s+)?(?:for|by|with|of)\s+(?:the\s+)?", re.I)
_BY_AGENT = re.compile(
    r"\b(?:obtained|achieved|reached|attained|reported|given|yielded|produced|set)\s+(?:\w+ly\s+)?(?:by|with|using)\s+",
    re.I,
)
_AGAINST = re.compile(
    r"\b(?:over|than|compared\s+(?:to|with)|in\s+comparison\s+(?:to|with)|relative\s+to|with\s+respect\s+to|against|above|below"
    r"|behind|versus|vs\.?|(?:improvements?|gains?)\s+to)\s+",
    re.I,
)
_BEATS = re.compile(
    r"\b(?:(?:out|under)perform(?:s|ed|ing)?|surpass(?:es|ed|ing)?|exceed(?:s|ed|ing)?|beat(?:s|ing)?"
    r"|improv(?:es|ed|ing|e)\s+(?:over|upon|on\s+top\s+of)|(?:lags?|falls?|fell)\s+behind)\s+",
    re.I,
)
_LEAD_AGAINST = re.compile(
    r"^\W*(?:\w+,\s+)?(?:when\s+)?(?:compared\s+(?:to|with)|in\s+comparison\s+(?:to|with)|relative\s+to|unlike)\s+",
    re.I,
)
_THIS_DOES = re.compile(
    r"(?:outperform|surpass|improv|beat|exceed|is\s+(?:an?\s+)?(?:improvement|gain|increase|[\d.]+))", re.I
)
_WITH = re.compile(
    r"\b(?:with|using|by|via|through|when|after|in|without|adding|employing|on\s+top\s+of)\s+(?!\d)[\w-]", re.I
)
_MADE_BY_US = re.compile(
    r"^(?:achiev|obtain|reach|attain|scor|get|got|outperform|surpass|improv|gain|beat|exceed)", re.I
)


# ------------------------------------------------------------------ method


def method(reading: Reading, q: Quantity, clause: Clause) -> str:
    masked = reading.masked
    a, b = q.span
    subject = clause.subject
    if q.subject and reading.kind_of(q.subject) in ("system", None) and subject is not None:
        at = reading.text.find(q.subject, subject[0], subject[1])
        if at >= 0 and not reading.is_only((at, at + len(q.subject)), "metric", "dataset", "language", "task"):
            return without_determiner(q.subject)
    opened = masked.rfind("(", clause.start, a)
    if opened > masked.rfind(")", clause.start, a) and re.search(r"\b(?:is|are|was|were|has|have)\b", masked[opened:a]):
        return ""  # "(the oracle is 97.9)"
    bracketed = _named_before_bracket(reading, a)
    if bracketed:
        return bracketed
    given = _GIVEN_BY.match(masked, b) or re.compile(r"[^,;()\d]{0,60}?\sfor\s+(?:the\s+)?(?=[A-Z])").match(masked, b)
    if given is not None and q.role == "value":
        span = phrase_after(masked, given.end(), clause.end)
        if span is not None and _is_named(reading, span):
            named = reading.agent(span)
            if named:
                return named
    agent = _BY_AGENT.search(masked, clause.start, clause.end)
    if agent is not None and (agent.start() > a or clause.subject is None):
        span = phrase_after(masked, agent.end(), clause.end)
        if span is not None and not reading.number_between(b, agent.start()):
            return reading.agent(span)
        return ""
    if subject is None or clause.verb is None:
        return ""
    if q.role == "value" and (is_start(masked, q) or _OTHER_SIDE.search(masked[clause.verb[1] : a])):
        return ""
    if a < clause.verb[0]:
        return ""
    between = masked[clause.verb[1] : a]
    relative = list(re.finditer(r"\b(?:which|that|who)\s+(\w+)", between))
    if relative and not (relative[-1][1].lower() in ("is", "are", "was", "were") and q.role != "value"):
        return ""
    other = re.search(r"\band\s+(?:the|an?|our|its|allowing|using|adding|[A-Z(\d])[^,;]{2,80}$", between)
    if other is not None and (
        VERB.search(other[0]) or other[0].startswith(("and allowing", "and using", "and adding"))
    ):
        return ""  # "and the ensemble reaches": another subject
    if re.search(r"\b(?:when|if|while|where|because)\b", between) or re.search(r"\)\s*,?\s*and\s+[A-Z]", between):
        return ""
    phrase = masked[subject[0] : subject[1]]
    if phrase.lower() == "we":
        verb = masked[clause.verb[0] : clause.verb[1]]
        lead = masked[clause.start : subject[0]]
        rest = masked[clause.verb[1] : clause.end]
        if not _MADE_BY_US.match(verb) or _WITH.search(rest.split(",")[0]) or _WITH.search(lead):
            return ""
        return reading.referents.own
    if phrase.lower() == "this" and not _THIS_DOES.match(masked, clause.verb[0]):
        return ""
    return own_or_agent(reading, subject)


def own_or_agent(reading: Reading, span: Span) -> str:
    """The system of a phrase; "our best model" and "our model" without a known name as they are printed."""
    phrase = " ".join(reading.masked[span[0] : span[1]].split())
    named = reading.agent(span)
    if named or not re.match(r"our\s", phrase, re.I) or is_measure(phrase, reading.vocabulary):
        return named
    return phrase if OWN_NOUN.search(phrase) or thing(phrase[4:]) else ""


def _named_before_bracket(reading: Reading, at: int) -> str:
    """ "Basil (81.2) is ahead": the name right before the bracket that opens before a number."""
    opened = re.search(r"\s*\(\s*(?:[\w-]+\s+)?$", reading.masked[max(0, at - 24) : at])
    if opened is None or re.match(r"[^()]*\b(?:vs\.?|versus|against|compared|to)\s", reading.masked[at : at + 60]):
        return ""
    end = max(0, at - 24) + opened.start()
    for n in reading.names:
        if n.end == end and n.kind == "system":
            return n.text
        if n.end == end:
            return ""
    word = re.search(r"(?:[A-Z][\w.+/-]*)(?:\s(?:[A-Z+][\w.+/-]*))*$", reading.masked[max(0, end - 60) : end])
    return word[0] if word is not None else ""


def _is_named(reading: Reading, span: Span) -> bool:
    text = reading.masked[span[0] : span[1]]
    return bool(reading.inside(span, "system")) or any(w[:1].isupper() for w in text.split())


# ------------------------------------------------------------------ baseline


def baseline(reading: Reading, q: Quantity, clause: Clause, results: tuple[Quantity, ...]) -> str:
    if q.role not in ("delta", "relative", "ratio"):
        return ""
    masked = reading.masked
    a, b = q.span
    stop = min((r.span[0] for r in results if r.span[0] >= reading.run_end(q)), default=clause.end)
    for m in _AGAINST.finditer(masked, b, min(stop, clause.end)):
        if re.search(r"\b(?:average|averaged|mean)\s+$", masked[: m.start()]):
            continue  # "on average over XTREME"
        name = other_side(reading, m.end(), clause.end)
        if name:
            return name
    own = [
        m
        for m in _BEATS.finditer(masked, clause.start, a)
        if not reading.number_between(m.end(), a)
        or re.fullmatch(r"(?:(?!\bby\b)[^,;]){0,120}\bby\s+(?:[\w-]+\s+){0,3}", masked[m.end() : a])
        or all(reading.same_run(r, q) for r in results if m.end() <= r.span[0] < a)
    ]
    if own:
        return other_side(reading, own[-1].end(), a)
    improved = [
        m for m in _AGAINST.finditer(masked, clause.start, a) if clause.verb is not None and m.start() >= clause.verb[0]
    ]
    for m in reversed(improved):
        if not reading.number_between(m.end(), a):
            name = other_side(reading, m.end(), a)
            if name:
                return name
    lead = _LEAD_AGAINST.match(masked)
    if lead is not None:
        return other_side(reading, lead.end(), clause.end)
    return ""


_UNSAID = re.compile(
    r"(?:ones?\s.*|results?|performance|accuracy|best|strongest|worst|latter|models?|methods?|systems?|approach(?:es)?|considerable\s.*|expected|usual|ever|before|it|that|this|those|them|others?|ones?|chance|all|both|random|the\s+rest|previously|all\s+of\s+(?:them|these)"
    r"|years?|time|(?:all\s+)?(?:tasks?|datasets?|languages?|domains?|runs?|seeds?|folds?))$",
    re.I,
)


def other_side(reading: Reading, start: int, end: int) -> str:
    """What a comparison's other side names, from where its phrase begins; "" where that is no name or not plain."""
    span = phrase_after(reading.masked, start, end)
    if span is None or reading.is_only(span, "dataset", "language", "task", "metric"):
        return ""
    phrase = reading.masked[span[0] : span[1]]
    if _is_reference(phrase):
        return own_or_agent(reading, span)
    text = without_determiner(phrase)
    if len(text) < 2 or _UNSAID.match(text) or re.match(r"(?:our|my)\b", text, re.I):
        return text if OWN_NOUN.search(text) and re.match(r"our\b", text, re.I) else ""
    return text


def _is_reference(phrase: str) -> bool:
    return (
        re.match(r"(?:it|this|they|them|the\s+(?:former|latter)|our\s+\w+|ours|the\s+proposed\s+\w+)\b", phrase, re.I)
        is not None
    )
