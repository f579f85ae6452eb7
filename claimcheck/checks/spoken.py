"""The quantities of a claim as the checks read them: which can be checked, ends of ranges, "doubles", changes told as values."""

from __future__ import annotations

import re

from claimcheck.foundation.records import Bound, Quantity


def checkable(quantity: Quantity) -> bool:
    """Whether a quantity states a result that a table could print: not a count of layers, a year or a lone small integer."""
    if quantity.role in ("other", "count", "rank") or quantity.aggregation == "share":
        return False
    if quantity.role in ("delta", "relative"):
        return quantity.decimals > 0 or quantity.unit != "" or quantity.value >= 10
    return quantity.decimals > 0 or quantity.unit in ("percent", "points", "times") or bool(quantity.metric)


# "3.6 perplexity better than": the word stands right behind the number, with no comma between
_BETTER_BEHIND = re.compile(
    r"^\s*(?:(?!(?:and|but|or|is|are|was|were|with|which|that|than)\b)[A-Za-z][\w%-]*\s+){0,2}?"
    r"(?:better|worse|higher|lower|ahead|behind)\b",
    re.I,
)
_CHANGE_BEFORE = re.compile(
    r"\b(?:differences?|gaps?|gains?|drops?|improvements?|increases?|decreases?|advantages?|reductions?|contributions?|margins?)\b"
    r"(?:(?!\b(?:with|scores?|accurac(?:y|ies)|to|achiev\w+|reach\w+|obtain\w+)\b)[^.;:]){0,90}?\b(?:of|is|was|are|were|by)\s+(?:(?:about|around|over|only|nearly|almost|roughly|up\s+to|an?|\d[\d.%]*,?|and)\s+)*$"
    r"|\bcontribut(?:es?|ed|ing)\s+(?:about\s+|another\s+)?$",
    re.I,
)
# "(6% over InferSent)", "similar gains (2.3%) on"
_OVER_NAME = re.compile(r"^\s*(?:absolute\s+)?over\s+(?:the\s+|our\s+)?(?:baselines?\b|previous\b|prior\b|[A-Z])")
_GAIN_BRACKET = re.compile(
    r"\b(?:gains?|improvements?|increases?|boosts?|drops?|decreases?|degradations?|losses|advantages?)\s*"
    r"\(\s*(?:(?:of|about|around|roughly|over|up\s+to|more\s+than|by|[>~≈+])\s*)*$",
    re.I,
)
_LEADS_TO = re.compile(
    r"\b(?:improv|push|increas|rais|boost|drop|fall|fell|reduc|bring|brought|decreas|ris|rose)\w*\b[^.;:,]{0,40}\bto\s+(?:an?\s+)?$",
    re.I,
)


def as_meant(quantity: Quantity, text: str) -> Quantity:
    """The quantity, where the words around it make a value a change ("3.6 perplexity better than", "contributes 0.9 F1") or
    a change a value ("pushes F1 to 87.4 %")."""
    before, after = text[: quantity.span[0]], text[quantity.span[1] :]
    if quantity.role == "value" and quantity.high is None:
        told = quantity.unit in ("percent", "points") and (
            _OVER_NAME.match(after) or _GAIN_BRACKET.search(before[-80:])
        )
        if told or _BETTER_BEHIND.match(after) or _CHANGE_BEFORE.search(before[-140:]):
            unit = quantity.unit or "points"
            return quantity.model_copy(update={"role": "delta", "unit": unit, "metric": quantity.metric})
    elif quantity.role == "delta" and quantity.high is None and _LEADS_TO.search(before[-80:]):
        return quantity.model_copy(update={"role": "value", "unit": "percent" if quantity.unit == "percent" else ""})
    return quantity


_MULTIPLE = re.compile(
    r"\b(?P<more>(?:more\s+than|over)\s+)?(?P<word>doubl(?:es|ed)|tripl(?:es|ed)|halv(?:es|ed))\b", re.I
)
DOUBLE_HALF_WIDTH = 0.1  # "doubles" is said of 1.9 to 2.1 times


def multiples(text: str) -> tuple[Quantity, ...]:
    """ "Doubles", "more than triples" and "halves" as ratios. They are under a bound, so none is ever refuted."""
    out = []
    for m in _MULTIPLE.finditer(text):
        value = 3.0 if m["word"].lower().startswith("tripl") else 2.0
        bound: Bound = "more_than" if m["more"] else "about"
        out.append(
            Quantity(
                text=m[0],
                value=value,
                half_width=DOUBLE_HALF_WIDTH,
                unit="times",
                role="ratio",
                bound=bound,
                span=m.span(),
            )
        )
    return tuple(out)


def ends(quantity: Quantity) -> tuple[Quantity, ...]:
    """The two ends of a range as quantities of their own: "2.6 to 14.2 points" holds when both are found."""
    if quantity.high is None:
        return (quantity,)
    return tuple(
        quantity.model_copy(
            update={
                "high": None,
                "aggregation": "range",
                "value": value,
                "text": f"{value:.{quantity.decimals}f} of {quantity.text}",
            }
        )
        for value in (quantity.value, quantity.high)
    )
