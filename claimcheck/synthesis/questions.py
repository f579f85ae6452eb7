"""A question in words, taken apart by stated patterns: what is varied, against what, to which effect, and where."""

from __future__ import annotations

import re
from typing import Literal

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records.syntheses import Question
from claimcheck.foundation.words import STOP, tokens

__all__ = ["REMOVAL", "content", "same_word", "take_apart"]

Direction = Literal["up", "down", "same"]

_AUXILIARY = r"(?:does|do|did|is|are|was|were|can|could|will|would|has|have|should|may|might)"
_UP = (
    "improves?", "increases?", "helps?", "benefits?", "boosts?", "enhances?", "amplif(?:y|ies)", "raises?",
    "strengthens?", "aids?", "speeds? up", "accelerates?", "leads? to (?:better|higher)", "works? better",
    "performs? better", "(?:be )?effective", "useful", "helpful", "important", "crucial", "necessary", "needed",
)  # fmt: skip
_DOWN = (
    "hurts?", "harms?", "reduces?", "decreases?", "degrades?", "diminish(?:es)?", "lowers?", "weakens?", "worsens?",
    "impairs?", "slows?(?: down)?", "drops?", "harmful", "works? worse", "performs? worse", "unnecessary",
    "leads? to (?:worse|lower)",
)  # fmt: skip
_OPEN_EFFECT = ("affects?", "influences?", "changes?", "impacts?", "matters?", "plays? a role", "contributes?")
_BETTER = (
    r"outperforms?|beats?|surpass(?:es)?|exceeds?|improves? (?:over|upon|on top of)"
    r"|(?:works?|performs?|does|do|fares?) (?:\w+ly )?better than"
)
_WORSE = r"underperforms?|(?:works?|performs?|does|do|fares?) (?:\w+ly )?worse than|falls? behind|lags? behind"
_SAME = r"matche?s?|equals?|performs? as well as|works? as well as"
_ADVERB = r"(?:(?:\w+ly|also|still|always|even|further|really|ever|actually)\s+)?"
_THAN_GOOD = r"(?:\w+ly )?(?:better|faster|stronger|higher|greater|more (?:\w+))"
_THAN_BAD = r"(?:\w+ly )?(?:worse|slower|weaker|lower|smaller|less (?:\w+))"
_SCOPE = re.compile(
    r"\s+(?:on|for|in|across|within|at|under|during|when|among|over|with"
    r"|compared (?:to|with)|relative to|than|versus|vs\.?)\s+",
    re.I,
)
_AGAINST = re.compile(r"\s+(?:compared (?:to|with)|relative to|than|versus|vs\.?|rather than|instead of|over)\s+", re.I)
# a change of the factor says the same as the factor, but for one that takes it away
_CHANGE = re.compile(
    r"^(?:the\s+)?(?:use|usage|addition|introduction|application|presence|increase|using|adding|applying|incorporating"
    r"|including|employing|introducing|increasing|scaling up|training with|training on|combining|modeling|having"
    r"|adopting)\s+(?:of\s+|in\s+)?",
    re.I,
)
_LESS_IS_BETTER = re.compile(r"\b(?:perplexity|errors?|loss|cost|latency|time)\b", re.I)
REMOVAL = re.compile(
    r"\b(?:remov(?:e|es|ed|ing|al)|without|ablat(?:e|es|ed|ing|ion)|drop(?:ping|ped)?\s+the|omit(?:s|ted|ting)?|exclud(?:e|es|ed|ing)"
    r"|absence|lack(?:s|ing)?(?:\s+of)?|eliminat(?:e|es|ed|ing)|disabl(?:e|es|ed|ing)|not\s+using|take\s+away|leav(?:e|ing)\s+out)\b",
    re.I,
)
_ARTICLE = re.compile(r"^(?:the|an?|any|some|their|its)\s+", re.I)
_NAMED_EFFECT = re.compile(
    r"\b(?:impacts?|effects?|influence|roles?|benefits?|contributions?|importance|value|usefulness)\s+of\s+(?P<factor>.+?)\s+(?:on|for|in|to|when)\s+(?P<rest>.+)$",
    re.I,
)
_WHICH = re.compile(
    r"^(?:which|what)\s+(?P<factor>.+?)\s+(?:(?:is|are|works?|performs?|gives?|yields?|leads? to|achieves?|does|do|has"
    r"|have|helps?|improves?)\b)(?P<rest>.*)$",
    re.I,
)
# words of questions and of effects, which name no topic
_ASKING = frozenset(
    """what which how why when where who whether question effect impact influence role benefit help improve increase
    reduce hurt amplify diminish affect better worse best worst good outperform perform relative versus vs lead matter
    yes no one really well work make there case type kind different various than non""".split()
)


def content(text: str) -> tuple[str, ...]:
    """The words of a text that name something, in their canonical forms, each once; words of asking left out.

    A compound with a word that alone says little stays one: "multi-task", "single-task".
    """
    found = tokens(text)
    out: list[str] = []
    for i, t in enumerate(found):
        if t.form in STOP or t.text.lower() in STOP or t.form in _ASKING or len(t.form) < 2:
            continue
        behind = (
            found[i + 1]
            if i + 1 < len(found) and text[t.end : t.end + 1] == "-" == text[t.end : found[i + 1].start]
            else None
        )
        out.append(f"{t.form}-{behind.form}" if behind is not None and behind.form in STOP else t.form)
    return tuple(dict.fromkeys(out))


def take_apart(text: str) -> Question:
    """The parts of a question. Raises UsageError where no word of it names anything."""
    plain = " ".join(text.split())
    words = content(plain)
    if not words or not any(any(c.isalpha() for c in word) for word in words):
        raise UsageError(
            "the question has no words that could be searched for",
            where=f"'{plain[:80]}'" if plain else "QUESTION",
            todo='ask something like: claimcheck synthesize "Does dropout improve named entity recognition?"',
        )
    body = plain.rstrip(" ?.!")
    return _polar(plain, body, words) or _effect(plain, body, words) or _open(plain, body, words)


def _polar(plain: str, body: str, words: tuple[str, ...]) -> Question | None:
    asked = re.match(rf"^(?:so\s+)?(?:whether\s+|if\s+)?(?P<aux>{_AUXILIARY}\s+)?(?P<rest>.+)$", body, re.I)
    lead = re.match(r"^(?P<why>why|how much|to what extent|when)\s+" + _AUXILIARY + r"\s+(?P<rest>.+)$", body, re.I)
    if lead is not None:
        kind: Literal["polar", "effect"] = "effect"
        rest = lead["rest"]
    elif asked is not None and (asked["aux"] or body.lower().startswith(("whether ", "if "))):
        kind, rest = "polar", asked["rest"]
    else:
        return None
    compared = _compared(plain, rest, words, kind)
    if compared is not None:
        return compared
    for direction, verbs in (("up", _UP), ("down", _DOWN), (None, _OPEN_EFFECT)):
        found = re.match(
            rf"^(?P<factor>.+?)\s+{_ADVERB}(?P<verb>{'|'.join(verbs)})(?P<or>\s+or\s+\w+)?(?:\s+(?P<rest>.+))?$",
            rest,
            re.I,
        )
        if found is None or _earlier(rest, found.start("verb")):
            continue
        outcome, scope, against = _outcome(found["rest"] or "")
        factor, removed = _factor(found["factor"])
        sense: Direction | None = None if direction is None else "up" if direction == "up" else "down"
        if removed and sense is not None:
            sense = "down" if sense == "up" else "up"
        return Question(
            text=plain,
            kind="effect" if direction is None or found["or"] else kind,
            statement=_statement(rest) if kind == "polar" and not found["or"] else "",
            factor=factor,
            against=against,
            outcome=outcome,
            scope=scope,
            direction=None if found["or"] else sense,
            words=words,
        )
    factor, scope = _split_scope(rest)
    return Question(
        text=plain, kind=kind, statement=_statement(rest), factor=_factor(factor)[0], scope=scope, words=words
    )


def _compared(plain: str, rest: str, words: tuple[str, ...], kind: Literal["polar", "effect"]) -> Question | None:
    patterns: tuple[tuple[Direction, str], ...] = (
        ("up", rf"(?:{_BETTER}|{_THAN_GOOD}\s+(?:[\w-]+\s+){{0,3}}?than)"),
        ("down", rf"(?:{_WORSE}|{_THAN_BAD}\s+(?:[\w-]+\s+){{0,3}}?than)"),
        ("same", rf"(?:{_SAME})"),
    )
    for direction, verbs in patterns:
        found = re.match(rf"^(?P<factor>.+?)\s+{_ADVERB}(?P<verb>{verbs})\s+(?P<rest>.+)$", rest, re.I)
        if found is None:
            continue
        against, scope = _split_scope(found["rest"])
        factor, _ = _factor(found["factor"])
        if _LESS_IS_BETTER.search(found["verb"]):
            direction = "up" if direction == "down" else "down"
        # "lead to better accuracy than Y", "achieve higher F1 than Y": the verb is no part of the factor
        factor = re.sub(
            r"\s+(?:leads?|achieves?|gives?|yields?|obtains?|reach(?:es)?|produces?|attains?)(?:\s+to)?$", "", factor
        )
        return Question(
            text=plain, kind=kind, statement=_statement(rest), factor=factor, against=_bare(against), scope=scope,
            direction=direction, words=words,
        )  # fmt: skip
    return None


def _effect(plain: str, body: str, words: tuple[str, ...]) -> Question | None:
    found = _NAMED_EFFECT.search(body)
    if found is None:
        how = re.match(
            rf"^how\s+{_AUXILIARY}\s+(?P<factor>.+?)\s+(?:{'|'.join(_OPEN_EFFECT)})\s+(?P<rest>.+)$", body, re.I
        )
        if how is None:
            return None
        found = how
    outcome, scope, against = _outcome(found["rest"])
    factor, _ = _factor(found["factor"])
    return Question(
        text=plain, kind="effect", factor=factor, against=against, outcome=outcome, scope=scope, words=words
    )


def _open(plain: str, body: str, words: tuple[str, ...]) -> Question:
    found = _WHICH.match(body)
    if found is not None and content(found["factor"]):
        _, scope = _split_scope(" " + found["rest"])
        return Question(text=plain, kind="open", factor=_bare(found["factor"]), scope=scope, words=words)
    factor, scope = _split_scope(
        re.sub(r"^(?:how|what|which|who|where|when|why)\b\s*(?:\w+\s+)??", "", body, flags=re.I)
    )
    return Question(text=plain, kind="open", factor=factor if content(factor) else "", scope=scope, words=words)


def _earlier(rest: str, verb: int) -> bool:
    """Whether the words before the verb hold another effect's verb: the first one is the question's."""
    return bool(re.search(rf"\b(?:{'|'.join((*_UP[:8], *_DOWN[:8]))})\b", rest[:verb], re.I))


def _factor(text: str) -> tuple[str, bool]:
    """The thing asked about without the words of change before it, and whether it is taken away."""
    removed = REMOVAL.match(_bare(text)) is not None
    bare = _bare(REMOVAL.sub(" ", text)) if removed else _bare(text)
    bare = _bare(re.sub(r"^of\s+", "", _bare(bare)))
    shorter = _CHANGE.sub("", bare)
    return (_bare(shorter) if content(shorter) else bare), removed


def _outcome(text: str) -> tuple[str, str, str]:
    """What is changed, where, and against what: of the words behind the verb."""
    against = ""
    found = _AGAINST.search(" " + text)
    if found is not None and not re.match(r"\s+over\s+", found[0]):
        against = (" " + text)[found.end() :]
        text = (" " + text)[: found.start()]
    outcome, scope = _split_scope(" " + text.strip())
    return _bare(outcome), scope, _bare(against)


def _split_scope(text: str) -> tuple[str, str]:
    found = _SCOPE.search(" " + text)
    if found is None:
        return _bare(text), ""
    padded = " " + text
    return _bare(padded[: found.start()]), _bare(padded[found.end() :])


def _bare(text: str) -> str:
    text = " ".join(text.split()).strip(" ,;:")
    return _ARTICLE.sub("", text)


def _statement(rest: str) -> str:
    """The words of a polar question behind its auxiliary, as a statement that a verifier reads."""
    words = rest.strip()
    return (words[:1].upper() + words[1:] + ".") if words else ""


_ENDINGS = frozenset(
    (
        "", "s", "es", "d", "ed", "ing", "e", "er", "ers", "or", "ors", "ion", "ions", "ation", "ations", "al", "ally",
        "ly", "ive", "ively", "ment", "ments", "y", "ic", "ical", "ity", "able", "ance", "ence", "ant", "ent", "ness",
        "ful", "ize", "ise", "izing", "ising", "ized", "ised", "ization", "isation", "ling", "led",
    )
)  # fmt: skip


def same_word(a: str, b: str) -> bool:
    """Whether two canonical forms are one word with two endings: "scale" and "scaling", not "drop" and "dropout"."""
    if a == b:
        return True
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return shared >= 4 and a[shared:] in _ENDINGS and b[shared:] in _ENDINGS
