"""Claims turned round: a word replaced by its opposite, a negation put in, a number changed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

# a word and its opposite, in the same form; a later pair never undoes an earlier one
_VERBS = [
    ("increase", "decrease"), ("promote", "inhibit"), ("activate", "suppress"), ("enhance", "impair"),
    ("induce", "prevent"), ("improve", "worsen"), ("upregulate", "downregulate"), ("accelerate", "delay"),
    ("stimulate", "block"), ("raise", "reduce"), ("elevate", "lower"), ("strengthen", "weaken"),
    ("facilitate", "hinder"), ("gain", "lose"), ("support", "contradict"), ("exacerbate", "alleviate"),
]  # fmt: skip
_WORDS = [
    ("higher", "lower"), ("more", "less"), ("greater", "smaller"), ("larger", "smaller"), ("positive", "negative"),
    ("positively", "negatively"), ("high", "low"), ("early", "late"), ("upregulation", "downregulation"),
    ("activation", "inhibition"), ("elevated", "reduced"), ("effective", "ineffective"),
    ("sufficient", "insufficient"), ("essential", "dispensable"), ("necessary", "unnecessary"),
    ("required", "dispensable"), ("common", "rare"), ("beneficial", "harmful"), ("safe", "unsafe"), ("gain", "loss"),
    ("stable", "unstable"), ("dependent", "independent"), ("better", "worse"), ("stronger", "weaker"),
    ("longer", "shorter"), ("faster", "slower"), ("similar", "different"), ("presence", "absence"),
    ("protective", "harmful"), ("major", "minor"), ("increasing", "decreasing"), ("directly", "indirectly"),
    ("before", "after"), ("critical", "dispensable"), ("enhancement", "impairment"), ("reduction", "increase"),
    ("sensitive", "resistant"), ("sensitivity", "resistance"), ("susceptible", "resistant"), ("best", "worst"),
]  # fmt: skip
_NEGATED = [
    (re.compile(r"\b(is|are|was|were|can|could|may|might|will|does|do|did|has|have|had) (?!not\b|no\b|been\b|n't)"), r"\1 not "),
]  # fmt: skip
_UNNEGATED = re.compile(r"\b(is|are|was|were|can|could|may|will|does|do|did|has|have) not |\bcannot ")
_NUMBER = re.compile(r"(?<![\w.-])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w-]|\.\d)")


@dataclass(frozen=True)
class Turned:
    """A text turned round; `family` is the pair of opposites that was used, None where a negation was."""

    text: str
    family: int | None


def _inflections(verb: str) -> list[str]:
    if verb in ("block", "prevent", "worsen", "strengthen", "weaken", "hinder", "gain", "support", "contradict", "inhibit",
                "suppress", "lower", "impair", "delay"):  # fmt: skip
        ending = "es" if verb.endswith("ss") else "s"
        return [verb, verb + ending, verb + "ed", verb + "ing"]
    if verb == "lose":
        return ["lose", "loses", "lost", "losing"]
    return [verb, verb + "s", verb + "d", verb[:-1] + "ing"]


_FAMILIES: list[dict[str, str]] = [
    {**dict(zip(a, b, strict=True)), **dict(zip(b, a, strict=True))}
    for a, b in ((_inflections(x), _inflections(y)) for x, y in _VERBS)
] + [{x: y, y: x} for x, y in _WORDS]
_FAMILY_OF: dict[str, list[int]] = {}
for _number, _family in enumerate(_FAMILIES):
    for _word in _family:
        _FAMILY_OF.setdefault(_word, []).append(_number)


def flipped(text: str, rng: np.random.Generator) -> Turned | None:
    """The text with one word replaced by its opposite, or a negation put in or taken out; None where neither fits."""
    found = [
        (m, n) for m in re.finditer(r"[A-Za-z]+", text) for n in _FAMILY_OF.get(m[0].lower(), ()) if m[0][1:].islower()
    ]
    negation = _UNNEGATED.search(text)
    if negation:
        kept = "can " if negation[0].startswith("cannot") else f"{negation[1]} "
        return Turned(f"{text[: negation.start()]}{kept}{text[negation.end() :]}", None)
    if found and rng.random() < 0.75:
        match, number = found[int(rng.integers(len(found)))]
        return Turned(text[: match.start()] + _cased(match[0], number) + text[match.end() :], number)
    for pattern, put in _NEGATED:
        if pattern.search(text):
            return Turned(pattern.sub(put, text, count=1), None)
    return None


def flip_family(text: str, number: int) -> str | None:
    """The text with every word of a pair of opposites replaced by the other; None where it has none of them."""
    family = _FAMILIES[number]
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(family, key=len, reverse=True))})\b", re.I)
    return pattern.sub(lambda m: _cased(m[0], number), text) if pattern.search(text) else None


def _cased(word: str, number: int) -> str:
    other = _FAMILIES[number][word.lower()]
    return other.capitalize() if word[0].isupper() else other


def renumbered(claim: str, evidence: str, rng: np.random.Generator) -> str | None:
    """The claim with another number in place of one that the evidence has too; None where there is none."""
    there = set(_NUMBER.findall(evidence))
    found = [m for m in _NUMBER.finditer(claim) if m[0] in there]
    if not found:
        return None
    match = found[int(rng.integers(len(found)))]
    value = float(match[0].replace(",", ""))
    made = value * float(rng.choice([0.2, 0.5, 0.6, 1.5, 1.8, 3]))
    decimals = len(match[0].partition(".")[2])
    printed = (
        f"{made:.{decimals}f}"
        if decimals
        else f"{max(1, round(made)):,}"
        if "," in match[0]
        else str(max(1, round(made)))
    )
    return None if printed in (match[0], *there) else claim[: match.start()] + printed + claim[match.end() :]
