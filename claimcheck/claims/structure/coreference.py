"""What "it", "our model", "this", "the former" and "the latter" stand for in a claim, where that is plain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.claims.structure.names import Name, Vocabulary
from claimcheck.claims.structure.phrases import MAX_CHARACTERS, clauses, without_citations, without_determiner

_NOUN = (
    r"(?:model|system|method|approach|parser|tagger|network|architecture|framework|encoder|decoder|classifier|algorithm|technique"
    r"|reader|solution|proposal|summari[sz]er|extractor|pipeline)"
)
# "our best model" is one of several: it is no name, and stays as it is
OWN = re.compile(
    rf"(?:our|the\s+proposed|the\s+presented|our\s+(?:proposed|full|final|new|novel|own))\s+{_NOUN}|ours|{_NOUN}\s+proposed\s+(?:here|in\s+this\s+paper)",
    re.I,
)
OWN_VARIANT = re.compile(
    rf"our\s+(?:[\w-]+\s+){{1,4}}{_NOUN}s?|our\s+(?:[\w-]+\s+){{0,3}}?{_NOUN}s|our\s+\w+.*", re.I | re.S
)
OWN_NOUN = re.compile(
    rf"^our\s(?:.*\b)?(?:{_NOUN[3:-1]}|ensemble|baseline|variant|version|run|submission)s?\b", re.I | re.S
)
PRONOUN = re.compile(rf"(?:it|this|they|this\s+{_NOUN}|the\s+{_NOUN}|such\s+an?\s+{_NOUN})", re.I)
ORDINAL = re.compile(r"the\s+(?P<which>former|latter)(?:\s+(?:one|\w+))?", re.I)
_PAIR = re.compile(
    r"(?P<a>(?:[A-Z][\w.+/-]*|[a-z]*[A-Z][\w.+/-]*)(?:\s[A-Z0-9][\w.+/-]*){0,3})\s+(?:and|with|to|against|versus|vs\.?|or)\s+(?:the\s+)?"
    r"(?P<b>(?:[A-Z][\w.+/-]*|[a-z]*[A-Z][\w.+/-]*)(?:\s[A-Z0-9][\w.+/-]*){0,3})"
)
# "Marigold shares ...": a name and a verb, whatever it says
_OPENING_NAME = re.compile(
    r"\s*(?:The\s+)?(?P<name>(?!(?:The|This|These|That|It|We|Our|In|On|For|As|If|When|All|Both|Each|There|They|He|She|Table|Figure|To)\b)"
    r"[A-Z][\w+/-]{2,30}(?:\s[A-Z\d][\w+/-]{0,30}){0,2})\s+(?:also\s+)?[a-z]{2,}(?:s|ed)\s"
)
_BLURRED = re.compile(
    r"\b(?:results?|experiments?|performance|improvements?|gains?|differences?|scores?|errors?|examples?|tables?|figures?|sections?"
    r"|reasons?|observations?|findings?|numbers?|values?|trends?|cases?|problems?|tasks?|data|datasets?|corpus|corpora|set|sets"
    r"|questions?|words?|sentences?|rows?|columns?|others?|authors?|work|works|papers?|step|steps|accuracy|fact|effect|evidence"
    r"|analysis|metrics?|goal|aim|idea|one|ones|people|humans?|settings?|categor\w+|types?|classes|relations?|documents?"
    r"|answers?|summar(?:y|ies)|comparisons?|evaluations?|baseline|language|languages|time|number|table|change|part|parts|advantages?|deltas?|increases?|decreases?|drops?|impact|benefits?|margin|gap)$",
    re.I,
)
_NOT_A_THING = re.compile(
    r"(?:we|i|you|one|ours?|us|there|here|both|all|each|none|some|many|most|others?|another|these|those|this|that|it|they|he|she"
    r"|models?|methods?|systems?|approach(?:es)?|features?|training|baselines?|which|what|who|former|latter|first|second|same|et\s+al\.?|results?|table\s.*|tables?|figures?.*|fig\..*|section.*|\d.*|.*\bof)$",
    re.I,
)


@dataclass(frozen=True)
class Referents:
    """What the words of one claim stand for; "" where that is not plain."""

    own: str = ""  # "our model"
    previous: str = ""  # "it", "this", "the model"
    first: str = ""  # "the former"
    second: str = ""  # "the latter"

    def of(self, phrase: str) -> str:
        """The name that a phrase stands for, the phrase itself where it is a name, "" where it is neither."""
        text = " ".join(phrase.split())
        bare = text.lower()
        if OWN.fullmatch(bare) or bare in ("we", "us"):
            return self.own
        ordinal = ORDINAL.fullmatch(bare)
        if ordinal is not None:
            return self.first if ordinal["which"].lower() == "former" else self.second
        if PRONOUN.fullmatch(bare):
            return self.previous
        return thing(text)


def thing(phrase: str) -> str:
    """A noun phrase that may be a system, a part of one or what was done to it, without determiner; "" for any other."""
    text = without_determiner(phrase)
    if len(text) < 2 or _NOT_A_THING.match(text) or not any(c.isalpha() for c in text):
        return ""
    head = re.split(r"\s(?:of|with|without|in|on|for|from|trained|using|over|that|between|among)\s", text)[0]
    if _BLURRED.search(head) and not re.search(r"[A-Z]\w*[A-Z]", head):
        return ""
    return text


def referents(text: str, before: Sequence[str], vocabulary: Vocabulary) -> Referents:
    """What the phrases of a sentence stand for, by the sentences before it in its paragraph (the last one is nearest)."""
    last = next((without_citations(x[-MAX_CHARACTERS:]) for x in reversed(before) if x.strip()), "")
    first = second = ""
    pair = re.search(r"\bthe\s+(?:former|latter)\b", text[:MAX_CHARACTERS], re.I)
    if pair is not None:
        for stretch in (
            without_citations(text[: pair.start()]),
            *(without_citations(x[:MAX_CHARACTERS]) for x in reversed(before)),
        ):
            found = _pairs(stretch, vocabulary)
            if found:
                first, second = found[-1] if len(found) == 1 else ("", "")
                break
    return Referents(vocabulary.own, _subject_name(last, vocabulary), first, second)


def _pairs(text: str, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    skipped = [n for n in vocabulary.find(text) if n.kind in ("metric", "language", "task")]
    out = []
    for m in _PAIR.finditer(text):
        if not any(n.start < m.end() and m.start() < n.end for n in skipped):
            out.append((_named(m["a"]), _named(m["b"])))
    return out


def _named(text: str) -> str:
    return re.sub(r"^(?:We|The|This|Both|Our|When|While|If|As|In|On|For)\s+", "", text).rstrip(".")


def _subject_name(sentence: str, vocabulary: Vocabulary) -> str:
    """What the sentence before is about: its subject, where that is a system with a name."""
    if not sentence:
        return ""
    parts = clauses(sentence)
    first = parts[0]
    opened = _OPENING_NAME.match(sentence)
    if opened is not None and (first.subject is None or first.subject[0] <= opened.start("name")):
        phrase = opened["name"]
    elif first.subject is not None:
        phrase = sentence[slice(*first.subject)]
    else:
        return ""
    if OWN.fullmatch(phrase):
        return vocabulary.own
    name = thing(phrase)
    if not name or " and " in name or len(name.split()) > 4:
        return ""
    inside: list[Name] = vocabulary.find(name)
    if any(n.kind in ("dataset", "metric", "language") for n in inside):
        return ""
    # a name, not any noun: "The gate" is seldom what "it" in a claim is about
    is_named = any(n.kind == "system" for n in inside) or (
        any(w[:1].isupper() for w in name.split())
        and not (phrase[:1].isupper() and name == phrase and _plain_word(name))
    )
    return name if is_named else ""


def _plain_word(name: str) -> bool:
    """Whether a name that opens a sentence may be an ordinary word with its capital ("Attention", "Training")."""
    first = name.split()[0]
    ordinary = r".*(?:ing|tion|ment|ance|ence|ity|ness|ism|ers|ors|els|ods|ems|ches|sets|words|ures|ings|tions)$"
    return not any(c.isupper() or c.isdigit() for c in first[1:]) and re.match(ordinary, first) is not None


__all__ = ["ORDINAL", "OWN", "OWN_NOUN", "OWN_VARIANT", "PRONOUN", "Referents", "referents", "thing"]
