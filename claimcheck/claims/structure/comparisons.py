"""The comparisons of a claim that have no number of their own: "X outperforms Y on Z", "the best result among single models"."""

from __future__ import annotations

import re
from typing import Literal

from claimcheck.claims.structure.names import Name
from claimcheck.claims.structure.phrases import Clause, phrase_after
from claimcheck.claims.structure.sentence import Reading, is_result
from claimcheck.claims.structure.sides import other_side, own_or_agent
from claimcheck.claims.structure.slots import aggregation, condition, dataset, task_of
from claimcheck.foundation.records import Comparison, Quantity, Span

Direction = Literal["above", "below", "same"]
_WORDS = r"(?:(?!than\b)[\w@./-]+\s+){0,4}?"
# (direction of the figure, whether the method is called the better one: None where that depends on the metric)
_COMPARATORS: tuple[tuple[Direction, bool | None, re.Pattern[str]], ...] = (
    ("above", True, re.compile(
        rf"\b(?:outperform(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beat(?:s|en|ing)?|exceed(?:s|ed|ing)?|superior\s+to|better\s+{_WORDS}than"
        r"|improv(?:es|ed|ing|e|ements?)\s+(?:significantly\s+)?(?:over|upon)|ahead\s+of|(?:gains?|advantages?)\s+over)\b", re.I)),
    ("below", False, re.compile(
        rf"\b(?:underperform(?:s|ed|ing)?|worse\s+{_WORDS}than|inferior\s+to|(?:fall|lag)(?:s|ged|ing)?\s+(?:far\s+)?(?:behind|below|short\s+of)"
        r"|fell\s+(?:behind|below|short\s+of))\b", re.I)),
    ("above", True, re.compile(rf"\b(?:faster|(?:more|much\s+more)\s+(?:accurate|efficient|robust|effective|stable))\s+{_WORDS}than\b", re.I)),
    ("below", False, re.compile(rf"\b(?:slower|less\s+(?:accurate|efficient|robust|effective|stable))\s+{_WORDS}than\b", re.I)),
    ("above", None, re.compile(rf"\b(?:higher|greater)\s+{_WORDS}than\b", re.I)),
    ("below", None, re.compile(rf"\b(?:lower|smaller)\s+{_WORDS}than\b", re.I)),
    ("same", None, re.compile(
        r"\b(?:on\s+(?:a\s+)?par\s+with|comparabl[ey]\s+(?:(?:results?|performance|accuracy|scores?)\s+)?(?:to|with)"
        r"|competitive\s+(?:(?:results?|performance|accuracy|scores?)\s+)?(?:to|with)|perform(?:s|ed)?\s+similarly\s+to"
        r"|as\s+(?:good|accurate|strong)\s+as|perform(?:s|ed)?\s+as\s+well\s+as|match(?:es|ed)\s+the\s+(?:performance|accuracy|results?)\s+of)\b", re.I)),
)  # fmt: skip
_SUPERLATIVE = re.compile(
    r"\b(?:perform(?:s|ed)?\s+(?:the\s+)?(?P<best>best|worst)|(?:is|are|was|were)\s+(?:the\s+)?(?P<is>best|worst)(?!\s+(?:known|previous))"
    r"|(?:achiev|obtain|reach|attain|yield|produc|giv|gav|hav|has|had|get|got|report)\w*\s+(?:\w+\s+){0,2}?the\s+(?:\w+ly\s+)?(?P<has>best|worst|highest|lowest)"
    r"|the\s+(?P<noun>best|highest)\s+(?:overall\s+)?(?:results?|scores?|performance|accuracy)(?=\s*,|\s+(?:is|are|was|were)\b))\b",
    re.I,
)
_STATE_OF_THE_ART = re.compile(
    r"\b(?:achiev|obtain|reach|attain|establish|set|yield|produc|report)\w*\s+(?:\w+\s+){0,2}?(?P<new>new\s+)?(?:the\s+|an?\s+)?(?P<new2>new\s+)?"
    r"(?P<sota>state[- ]of[- ]the[- ]art)\b",
    re.I,
)
_AMONG = re.compile(r"\b(?:among|amongst|of|out\s+of)\s+(?=(?:all|the|both|these)\s)", re.I)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|cannot|hardly|neither|nor|no)|n't|\bfail(?:s|ed)?\s+to)\s+(?:[\w-]+\s+){0,3}$", re.I
)
# what may be so, or is wished or asked, is not claimed
_NOT_SAID = re.compile(
    r"\b(?:if|whether|would|could|might|may|should|must|in\s+order\s+to|aims?\s+to|tr(?:y|ies)\s+to|expect\w*\s+(?:\w+\s+)?to|hope\w*\s+to"
    r"|goal\s+is\s+to|unless|how)\b[^,;]{0,80}$",
    re.I,
)
_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?$", re.I)
_ADVERBS = re.compile(
    r"(?:(?:\w+ly|also|even|often|still|further|thus|then|is|are|was|can|does|has|to|be|able|much|far|much|now|in|some|cases|performs?|works?)\s*)+",
    re.I,
)
_UPSIDE_DOWN = frozenset(("perplexity", "error", "errors", "loss", "wer", "cer", "ter", "ppl"))
_EXCEPT = re.compile(
    r"\b(?:except(?:\s+for)?|apart\s+from|other\s+than)\s+(?:on\s+|for\s+|in\s+)?[\w.+/-]+(?:\s[A-Z\d][\w.+/-]*)*", re.I
)
_BOUND = re.compile(r"\s*(?:the\s+|an?\s+)?(?:\d|two\b|three\b|four\b|five\b|ten\b|half\b|twice\b|once\b)", re.I)
_PLAIN_MARKS = re.compile(r"\s*\([^()]*\)\s*$")


def comparisons(reading: Reading) -> tuple[Comparison, ...]:
    """The comparisons and superlatives of a sentence in order; those whose difference a number states are left to it."""
    found: list[Comparison] = []
    taken: list[Span] = []
    changes = [q for q in reading.quantities if is_result(q) and q.role in ("delta", "relative", "ratio")]
    for direction, better, pattern in _COMPARATORS:
        for m in pattern.finditer(reading.masked):
            if any(a < m.end() and m.start() < b for a, b in taken):
                continue
            taken.append(m.span())
            clause = reading.clause(m.start())
            if any(clause.start <= q.span[0] < clause.end for q in changes):
                continue
            one = _compared(reading, m, clause, direction, better)
            if one is not None:
                found.append(one)
    objects = [(c.span[0], c.span[1] + 60) for c in found]
    for m in (*_SUPERLATIVE.finditer(reading.masked), *_STATE_OF_THE_ART.finditer(reading.masked)):
        if any(a <= m.start() < b for a, b in objects) or any(a < m.end() and m.start() < b for a, b in taken):
            continue
        clause = reading.clause(m.start())
        if any(clause.start <= q.span[0] < clause.end for q in changes):
            continue
        one = _superlative(reading, m, clause)
        if one is not None:
            taken.append(m.span())
            found.append(one)
    return tuple(sorted(found, key=lambda c: c.span))


def _compared(
    reading: Reading, m: re.Match[str], clause: Clause, direction: Direction, better: bool | None
) -> Comparison | None:
    masked = reading.masked
    before, after = masked[clause.start : m.start()], masked[m.end() : clause.end]
    if _NOT_SAID.search(before) or _BOUND.match(after) or masked.rstrip().endswith("?"):
        return None
    if _PASSIVE.search(before) is not None and re.search(r"(?:ed|en)$", m[0]):
        by = re.search(r"\bby\s+(?!\d|an?\s+\w+\s+margin)", after[:120])
        span = phrase_after(masked, m.end() + by.end(), clause.end) if by is not None else None
        method = own_or_agent(reading, span) if span is not None else ""
        baseline = subject_name(reading, clause, m.start())
    else:
        method = subject_name(reading, clause, m.start())
        start = m.end() + (1 if masked[m.end() : m.end() + 1] == " " else 0)
        baseline = other_side(reading, start, clause.end)
    if (not method and not baseline) or method.lower() == baseline.lower():
        return None
    if not baseline and not _says_whom(after):
        return None
    metric = _metric(reading, m.span(), clause)
    sense, good = direction, better
    if good is None and direction != "same" and metric:
        lower = metric.lower() in _UPSIDE_DOWN or any(
            e.lower for found in reading.vocabulary.taxonomy.metrics.find(metric) for e in found.entries
        )
        good = (direction == "above") != lower
    negated = _NEGATED.search(before) is not None
    stood = _probe(m.span())
    where = dataset(reading, stood, clause)
    exception = _EXCEPT.search(masked, m.end(), clause.end)
    if exception is not None and where and where in exception[0]:
        where = ""
    return Comparison(
        method=method,
        baseline=baseline,
        direction=None if negated and sense != "same" else sense if not negated else None,
        better=(False if good else None) if negated else good,
        dataset=where,
        task=task_of(reading, where),
        metric=metric or _pointed_metric(reading),
        condition=condition(reading, stood, clause),
        aggregation=" ".join(exception[0].split()) if exception is not None else aggregation(reading, stood, clause),
        span=m.span(),
    )


def _pointed_metric(reading: Reading) -> str:
    """The one metric of the table pointed to, where the sentence itself names none."""
    return "" if any(n.kind == "metric" for n in reading.names) else reading.pointed.metric


def _says_whom(after: str) -> bool:
    """Whether something stands where the other side is said, though no slot can be filled from it."""
    return re.match(r"\s+(?:\w|\()", after) is not None and not re.match(r"\s+(?:expected|usual|ever|before)\b", after)


def _superlative(reading: Reading, m: re.Match[str], clause: Clause) -> Comparison | None:
    masked = reading.masked
    before = masked[clause.start : m.start()]
    if (
        _NOT_SAID.search(before)
        or _NEGATED.search(before)
        or re.search(r"\bto\s+$", before)
        or masked.rstrip().endswith("?")
    ):
        return None
    groups = m.groupdict()
    method = "" if groups.get("noun") else subject_name(reading, clause, m.start() + 1)
    if groups.get("noun"):
        by = re.search(r"\b(?:obtained|achieved|reached|given|produced)\s+(?:by|with)\s+", masked[m.end() : clause.end])
        span = phrase_after(masked, m.end() + by.end(), clause.end) if by is not None else None
        method = reading.agent(span) if span is not None else ""
    if not method:
        return None
    word = next((groups[k] for k in ("best", "is", "has", "noun") if groups.get(k)), "").lower()
    metric = _metric(reading, m.span(), clause)
    baseline, direction, better = "", None, True  # type: tuple[str, Direction | None, bool | None]
    if "sota" in groups:
        baseline = groups["sota"]
        direction = "above" if groups["new"] or groups["new2"] else None
    elif word in ("highest", "lowest"):
        direction = "above" if word == "highest" else "below"
        lower = metric.lower() in _UPSIDE_DOWN
        better = ((word == "highest") != lower) if metric else None
    elif word == "worst":
        direction, better = None, False
    among = _AMONG.search(masked, clause.start, clause.end)
    if among is not None and not baseline and masked[m.end() : among.start()].count(",") == 0:
        baseline = other_side(reading, among.end(), clause.end)
    stood = _probe(m.span())
    where = dataset(reading, stood, clause)
    return Comparison(
        method=method,
        baseline=baseline,
        direction=direction,
        better=better,
        dataset=where,
        task=task_of(reading, where),
        metric=metric or _pointed_metric(reading),
        condition=condition(reading, stood, clause),
        aggregation=aggregation(reading, stood, clause) or _counted(reading, m.end(), clause),
        span=m.span(),
    )


def _counted(reading: Reading, start: int, clause: Clause) -> str:
    """ "on 7 of 9 tasks" behind a superlative."""
    for q in reading.quantities:
        if q.role == "count" and start <= q.span[0] < clause.end:
            return aggregation(reading, q, clause)
    return ""


def subject_name(reading: Reading, clause: Clause, at: int) -> str:
    """The system that a clause's verb is said of, where its subject stands before the place."""
    if clause.subject is None or clause.subject[1] > at:
        return ""
    a, b = clause.subject
    named = reading.inside((a, b), "system")
    phrase = reading.masked[a:b]
    between = reading.masked[b:at]
    if re.match(r"\w+ing\b", reading.masked[at:]) and not re.search(
        r",\s*(?:\w+ly\s+|thus\s+|thereby\s+|and\s+)*$", between
    ):
        return ""  # "with each method outperforming the others"
    if re.search(r"\b(?:which|that|who|when|because|since|where|why|how|whether)\b", between):
        return ""
    other = re.search(r"\band\s+([^,;]{1,120})$", between)
    if other is not None and not _ADVERBS.fullmatch(other[1]):
        return ""  # "and the ensemble performs": another subject
    # "Basil (81.2) is ahead": the number in brackets is no part of the name
    if named and _PLAIN_MARKS.sub("", phrase).strip() == named[0].text:
        return named[0].text
    if phrase.lower() == "we":
        lead, rest = reading.masked[clause.start : a], reading.masked[b : clause.end]
        with_ = re.search(r"\b(?:with|using|by|adding|when)\s+(?!\d)\w", lead + rest)
        return "" if with_ else reading.referents.own
    if phrase.lower() == "this" and not re.match(
        r"\s*(?:\w+ly\s+)?(?:outperform|surpass|improv|beat|exceed)", reading.masked[b:]
    ):
        return ""
    return own_or_agent(reading, (a, b))


def _probe(span: Span) -> Quantity:
    """A stand-in for the number that a comparison has none of, at its place."""
    return Quantity(text="", value=0.0, role="delta", span=span)


def _metric(reading: Reading, span: Span, clause: Clause) -> str:
    """The metric of a comparison: inside its words, in its subject, or the only one of the clause."""
    inside = [n for n in reading.names if n.kind == "metric" and span[0] <= n.start and n.end <= span[1] + 40]
    near = [n for n in inside if n.end <= span[1]] or [
        n for n in inside if re.match(r"^\s*(?:[\w-]+\s+)?$", reading.masked[span[1] : n.start])
    ]
    if near:
        return near[0].text
    here: list[Name] = [n for n in reading.names if n.kind == "metric" and clause.start <= n.start < clause.end]
    distinct = {n.text.lower(): n.text for n in here}
    return next(iter(distinct.values())) if len(distinct) == 1 else ""


__all__ = ["comparisons"]
