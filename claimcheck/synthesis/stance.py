"""What a claim says of the thing asked about: that it helps, that it hurts, that it does nothing, or neither.

By stated rules over the claim's comparisons, numbers and words, never by a guess: what no rule reads is unclear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from claimcheck.foundation.records import CheckedClaim, Comparison, Quantity
from claimcheck.foundation.records.syntheses import Question, Stance
from claimcheck.foundation.words import tokens
from claimcheck.synthesis.questions import REMOVAL

__all__ = ["Effect", "effect_of", "stance_of"]


class Named(Protocol):
    """What tells how far a text names a phrase, and where."""

    def share(self, phrase: str, text: str) -> float:
        """The share of the phrase that the text names, 0 to 1."""

    def span(self, phrase: str, text: str) -> tuple[int, int] | None:
        """From the first to the last word of the phrase in the text."""


_CLAUSES = re.compile(r"(?<=[,;:])\s+|\s+(?=(?:but|while|whereas|although|though|however|which)\b)")
_TAKEN = re.compile(r"\b(?:remov|ablat(?!ion stud)|exclud|omit|eliminat|disabl)\w*", re.I)
_ASIDE = re.compile(r"\((?:i\.\s?e\.|e\.\s?g\.|that\s+is|see|cf)[^()]*\)?")
_RISES = re.compile(r"increas\w+|higher|rais\w+|more", re.I)
_SPEED = re.compile(r"\b(?:speed\w*|efficien\w+)\b", re.I)
_SIDE = 0.5  # share of the factor from which one side of a comparison is the factor
# what is better where there is less of it; what it costs counts only where the question asks for cost
_LOWER = re.compile(r"\b(?:errors?|perplexit\w+|loss(?:es)?|wer|cer|ter|overfitting|repetitions?|variance)\b", re.I)
_COST = re.compile(
    r"\b(?:latency|cost|(?:(?:training|inference|decoding|running|computation\w*)\s+)?time|parameters?|epochs?|memory|speed\w*|faster|slower|quick\w*|efficien\w+|complexity)\b",
    re.I,
)
_ONLY = re.compile(r"\b(?:only|alone|solely|just|simply)\b", re.I)
_RELATIVE = re.compile(
    r"^(?:,?\s*)(?:which|who|whose|where|that|(?:all|both|each|most)\s+(?:of\s+(?:which|them)|using|with))\b", re.I
)
_ONLY_SO = re.compile(
    r"\bonly\s+(?:outperform|improv|help|beat|surpass|benefi|exceed)\w*\b", re.I
)  # so here, and not elsewhere
# "helps in X", "gains on X": X is where, not what
_WHERE = re.compile(r"^(?:\s+\w+ly)?\s+(?:in|on|for|during|under|within|at|when)\s+(?:the\s+|an?\s+|our\s+)?$", re.I)
_UP = re.compile(
    r"\b(?:improv\w+|outperform\w*|surpass\w*|better|best|gains?|gained|benefi\w+|help(?:s|ed|ful|ing)?|boost\w*|enhanc\w+|effective(?:ness|ly)?"
    r"|superior|increas\w+|rais\w+|higher|advantage\w*|contribut\w+|strengthen\w*|amplif\w+|powerful|accelerat\w+|speeds?\s+up|leads?\s+to\s+(?:the\s+)?(?:best|strong\w*)"
    r"|useful(?:ness)?|beats?|stronger|faster|exceeds?|prevents?|mitigat\w+|alleviat\w+)\b",
    re.I,
)
_NEEDED = re.compile(
    r"(?<![-\w])(?:critical|crucial|important|importance|essential|necessary|vital|key\s+(?:role|to)|indispensable|matters?)\b",
    re.I,
)
_DOWN = re.compile(
    r"\b(?:hurt\w*|harm\w*|degrad\w+|worse\w*|worst|decreas\w+|declin\w+|drop(?:s|ped)?|deteriorat\w+|underperform\w*|outperformed\s+by|lower\w*|reduc\w+"
    r"|diminish\w*|inferior|falls?\s+(?:behind|short)|lags?\s+behind|weaken\w*|slower|impair\w*|suffer\w*|loss\s+of|detriment\w*|negative(?:ly)?)\b",
    re.I,
)
_NOTHING = re.compile(
    r"\b(?:(?:no|not|n't|never|nor|without|little|negligible|hardly|barely|fails?\s+to|failed\s+to|cannot|neither)\b[^.;,]{0,40}?"
    r"\b(?:improv\w+|help\w*|benefi\w+|gains?|effects?|difference|better|increas\w+|outperform\w*|contribut\w+|impact|useful|effective|necessary|needed|crucial|important|amplif\w+)"
    r"|(?:little|negligible|no)\s+(?:benefit|effect|impact|gain|difference|improvement)|do(?:es)?\s+not\s+matter|unnecessary|ineffective)\b",
    re.I,
)
_NOT_WORSE = re.compile(
    r"\b(?:without|not|no|never|n't)\s+(?:\w+\s+){0,2}?(?:hurt\w*|harm\w*|degrad\w+|decreas\w+|los\w+|drop\w*|sacrific\w+|worse)\b",
    re.I,
)
_SAME = re.compile(
    r"\b(?:similar(?:ly)?|comparabl[ey]|on\s+par|same|equal(?:ly)?|competitive|as\s+(?:well|good|accurate)\s+as|match(?:es|ed)?)\b",
    re.I,
)
_REPLACED = re.compile(
    r"\b(?:replac(?:e|es|ed|ing)|substitut(?:e|es|ed|ing))\b(?P<what>.{0,80}?)\b(?:with|by|for)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a claim says the factor does: "up", "down", "none" (no effect), "same", or "" where no rule reads it."""

    sign: str
    reason: str = ""


def stance_of(question: Question, effect: Effect) -> Stance:
    """Whether an effect says yes to the question; "unclear" where the question asks for no direction."""
    if not effect.sign or question.direction is None:
        return "unclear"
    if question.direction == "same":
        return "yes" if effect.sign in ("same", "none") else "no"
    if effect.sign == "same" and not question.against:
        return "unclear"  # as good as something else says nothing of the thing itself
    return "yes" if effect.sign == question.direction else "no"


def effect_of(question: Question, claim: CheckedClaim, named: Named) -> Effect:
    """What the claim says of the question's factor, by the first rule that reads it."""
    text = claim.statement or claim.text
    if not question.factor:
        return Effect("")
    for compared in claim.comparisons:
        effect = _compared(question, compared, text, named)
        if effect is not None:
            turned = (
                {"up": "down", "down": "up"}.get(effect.sign, effect.sign) if _ONLY_SO.search(text) else effect.sign
            )
            return Effect(turned, effect.reason + (", and only here" if turned != effect.sign else ""))
    for quantity in claim.quantities:
        effect = _changed(question, quantity, text, named)
        if effect is not None:
            return effect
    return _worded(question, text, named)


def _compared(question: Question, one: Comparison, text: str, named: Named) -> Effect | None:
    if one.better is None and one.direction != "same":
        return None
    if _ONLY.search(one.baseline) or _ONLY.search(one.method):  # more of a thing against less of it
        return None
    method, baseline = named.share(question.factor, one.method), named.share(question.factor, one.baseline)
    if question.against:
        # the other side of the question says as much as this one
        other_method, other_baseline = (
            named.share(question.against, one.method),
            named.share(question.against, one.baseline),
        )
        forth, back = method + other_baseline, baseline + other_method
    else:
        forth, back = method, baseline
    if max(forth, back) < _SIDE:
        return None
    if abs(forth - back) < 0.2:
        return Effect("")  # both sides have it: the comparison is about something else
    gone = _taken_away(one.method if forth > back else one.baseline, question.factor, named)
    if one.direction == "same":
        return Effect("same", "its comparison finds both sides alike")
    good = bool(one.better) == (forth > back)
    sign = "up" if good != gone else "down"
    sides = f"“{one.method or 'it'}” {'better' if one.better else 'not better'} than “{one.baseline or 'the others'}”"
    return Effect(sign, f"compares {sides}" + (", without it" if gone else ""))


def _changed(question: Question, q: Quantity, text: str, named: Named) -> Effect | None:
    if q.role not in ("delta", "relative", "ratio") or q.direction is None or not (q.method or q.baseline):
        return None
    method, baseline = named.share(question.factor, q.method), named.share(question.factor, q.baseline)
    if abs(method - baseline) < 0.2 or max(method, baseline) < _SIDE:
        return None
    rises = (q.direction == "up") == (method > baseline)
    beside = _blanked(text, question.factor)[max(0, q.span[0] - 40) : q.span[1] + 40]
    lower = bool(_LOWER.search(_blanked(q.metric, question.factor)) or _LOWER.search(beside))
    gone = _taken_away(text, question.factor, named)
    return Effect("up" if (rises != lower) != gone else "down", f"states a change of {q.text}")


def _worded(question: Question, text: str, named: Named) -> Effect:
    """The words for an effect in the clause that names the factor, else those of the whole sentence."""
    plain = _ASIDE.sub(" ", text)
    if named.share(question.factor, plain) < _SIDE <= named.share(question.factor, text):
        return Effect("")  # named in passing
    clauses = [c for c in _CLAUSES.split(text) if c and c.strip()]
    holding = [c for c in clauses if named.share(question.factor, c) >= _SIDE]
    if holding and all(_RELATIVE.match(c) for c in holding):
        return Effect("")  # said of something else: "the baseline, which uses X"
    if question.against and _listed_together(question, text, named):
        return Effect("")  # "in both X and Y": said of the one as of the other
    for stretch in (*(c for c in holding if not _RELATIVE.match(c)), text):
        gone = _taken_away(stretch, question.factor, named)
        if not gone and stretch is not text and REMOVAL.search(stretch):
            gone = _taken_away(text, question.factor, named)
        if not gone and _TAKEN.search(stretch):
            return Effect("")  # what happens where something else is taken away
        if not gone:
            if _NOT_WORSE.search(stretch):
                helps = _UP.search(_NOT_WORSE.sub(" ", stretch))
                return (
                    Effect("up", f"says “{helps[0].lower()}”") if helps else Effect("none", "says that it does no harm")
                )
            nothing = _NOTHING.search(stretch)
            if nothing:
                return Effect("none", f"says “{nothing[0]}”")
            needed = _NEEDED.search(stretch)
            if needed:
                return Effect("up", f"calls it “{needed[0].lower()}”")
        effect = _most_words(stretch, question, named)
        if effect is not None:
            sign = effect.sign if not gone else {"up": "down", "down": "up"}.get(effect.sign, "")
            return Effect(sign, effect.reason + (" of what is left without it" if gone and sign else ""))
        same = _SAME.search(stretch)
        if same:
            return Effect("same", f"says “{same[0].lower()}”")
    return Effect("")


def _listed_together(question: Question, text: str, named: Named) -> bool:
    """Whether a text names the factor and its other side in one breath ("both X and Y") or in the same words."""
    one, other = named.span(question.factor, text), named.span(question.against, text)
    if one is None or other is None:
        return False
    if one[0] < other[1] and other[0] < one[1]:
        return True  # "LSTM-CRF" has the words of "CRF": no rule over words tells which of the two is meant
    between = text[min(one[1], other[1]) : max(one[0], other[0])]
    return bool(re.fullmatch(r"[\s,(]*(?:\w+\s+)?(?:and|or|as\s+well\s+as|/)\s*(?:\w+\s+)?", between, re.I))


def _blanked(text: str, factor: str) -> str:
    """The text with the factor's own words blank, as long as before: "error mining" is no error, "drop path" none."""
    for word in factor.split():
        if len(word) > 3:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda m: " " * len(m[0]), text, flags=re.I)
    return text


def _most_words(stretch: str, question: Question, named: Named) -> Effect | None:
    """The effect that most words of a stretch say, none where they are as many; None without such words."""
    asks_cost = bool(_COST.search(question.text))
    span = named.span(question.factor, stretch)
    stretch = _blanked(stretch, question.factor)
    found: list[tuple[int, str, str]] = []
    elsewhere = False
    for pattern, sign in ((_UP, "up"), (_DOWN, "down")):
        for m in pattern.finditer(stretch):
            if span is not None and m.end() <= span[0] and _WHERE.match(stretch[m.end() : span[0]]):
                elsewhere = True
                continue
            beside = stretch[max(0, m.start() - 30) : m.start()] + " | " + stretch[m.end() : m.end() + 40]
            if not asks_cost and (_COST.search(beside) or _COST.fullmatch(m[0])):
                continue
            less = _LOWER.search(beside) or (asks_cost and _COST.search(beside) and not _SPEED.search(beside))
            turned = less and (sign == "down" or _RISES.fullmatch(m[0]))
            found.append((m.start(), {"up": "down", "down": "up"}[sign] if turned else sign, m[0]))
    if not found:
        return Effect("") if elsewhere else None
    found.sort()
    ups = sum(sign == "up" for _, sign, _ in found)
    if 2 * ups == len(found):
        return Effect("")
    sign = "up" if 2 * ups > len(found) else "down"
    word = next(w for _, s, w in found if s == sign)
    return Effect(sign, f"says “{word.lower()}”")


def _taken_away(stretch: str, factor: str, named: Named) -> bool:
    """Whether the stretch speaks of the factor's absence: "removing X", "without X", "replacing X with Y"."""
    for m in REMOVAL.finditer(stretch):
        behind = " ".join(t.text for t in tokens(stretch[m.end() : m.end() + 90])[:9])
        if named.share(factor, behind) >= _SIDE:
            return True
    replaced = _REPLACED.search(stretch)
    return replaced is not None and named.share(factor, replaced["what"]) >= _SIDE
