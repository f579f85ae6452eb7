# ruff: noqa: E501 - long patterns of words read best on one line
"""What a question asks about, and whether a claim speaks of it: of what is varied, of what it acts on, of the names.

A claim that shares the question's subject does not answer it: "Does scale amplify the benefit of X?" is addressed by
claims in which scale and benefit both occur, not by all claims about X. Words count as the same by their forms, as
short forms ("QA" for "question answering"), or where the sentence encoder holds two single words to be near.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.words import STOP, canonical

__all__ = ["SAME_WORD", "Asked", "Bearing", "Question", "bearings", "read_question"]

# of 200,000 pairs of words drawn from computer science abstracts 0.2 % are as near as this
SAME_WORD = 0.55  # cosine of two single words from which one may stand for the other
COVERED = 0.5  # share of a phrase's words that a claim must have to speak of it; words of many claims count less
Role = Literal["factor", "outcome", "setting", "contrast"]

_AUXILIARY = r"(?:do(?:es)?|did|can|could|will|would|may|might|should)"
_BE = r"(?:is|are|was|were|has|have)"
_VERB = re.compile(
    r"\b(?:amplif|diminish|improv|impact|affect|influenc|increas|reduc|decreas|outperform|lead|result|help|hurt|enhanc|degrad|"
    r"benefit|generali[sz]|transfer|enabl|alter|correlat|depend|chang|mitigat|boost|lower|rais|strengthen|weaken|caus|yield|"
    r"provid|contribut|interact|matter|hold|remain|persist|extend|scal|compar|differ|vary|shap|driv|predict|explain|"
    r"prevent|limit|match|exceed|surpass|beat|produc|achiev|give|make|play|preserve|harm|hinder|facilitat|promot|support|"
    r"modulat|determine|accelerat|slow|stabili[sz]|impair|suffer|gain|require|need|rival|rely|capture|encode|learn|detect|"
    r"work|perform|save|speed|shorten|add|approach|reach|close|narrow|widen|replace)(?:y|e|s|es|fy)?\b"
    r"(?:\s+(?:or|and)\s+\w+)?(?:\s+(?:on|to|in|with|from|for|upon|into))?(?:\s+(?:better|worse|more|less|well))?\s",
    re.I,
)  # fmt: skip
_STATE = re.compile(
    r"\s(?=(?:more|less|better|worse|as\s+\w+\s+as|robust|sensitive|correlated|affected|necessary|needed|sufficient|important|related|"
    r"able|dependent|effective|beneficial|useful|harmful|independent|consistent|comparable|similar|superior|faster|slower|larger|"
    r"smaller|higher|lower|cheaper|worth)\b)", re.I)  # fmt: skip
_NO_VERB_AFTER = frozenset(
    "the a an of in on for to with and or by from at as its their our this these those no any more less".split()
)
_EFFECT = re.compile(
    r"(?:what|which)\s+(?:is|are|was|were)\s+the\s+(?:\w+\s+){0,2}?(?:impacts?|effects?|influences?|roles?|consequences?|benefits?|contributions?)"
    r"\s+of\s+(?P<factor>.+?)\s+(?:on|upon|in|for|to)\s+(?P<outcome>.+)", re.I)  # fmt: skip
_BETWEEN = re.compile(
    r"(?:what|which)\s+(?:is|are)\s+the\s+(?:\w+\s+){0,2}?(?:relations?(?:hips?)?|correlations?|links?|interactions?|trade-?offs?|differences?)"
    r"\s+between\s+(?P<factor>.+?)\s+and\s+(?P<outcome>.+)", re.I)  # fmt: skip
_LEAD = re.compile(
    rf"(?:(?:to\s+what\s+extent|how(?:\s+(?:much|well|strongly|far|many))?|why|when|where|under\s+what\s+conditions?|in\s+what\s+ways?)\s+)?"
    rf"(?P<auxiliary>{_AUXILIARY}|{_BE})\s+(?P<rest>.+)", re.I)  # fmt: skip
_OPENING = re.compile(
    rf"^(?:what|which|who|how(?:\s+(?:much|many|well))?|why|when|where)?\s*(?:(?:{_AUXILIARY}|{_BE})\s+)?", re.I
)
_SETTING = re.compile(
    r",?\s+(?P<sign>compared\s+(?:to|with)|relative\s+to|rather\s+than|versus|vs\.?|as\s+opposed\s+to|than|on|in|within|for|under|across|among|when|while|"
    r"during|over|at|by|via|through|using|with|without|given)\s+",
    re.I,
)
_MEANS = re.compile(r"with|on|using|via|through|by|without|from", re.I)
_CONTRAST = re.compile(r"compared|relative|rather|versus|vs|opposed|than", re.I)
_EXAMPLES = re.compile(
    r"\s*\((?:e\.?g\.?|i\.?e\.?|such as|for example)[^()]{0,300}\)|,?\s+such as\s+[^,?]{0,200}", re.I
)
_BRACKETS = re.compile(r"\s*\([^()]{0,300}\)")
_NAME = re.compile(
    r"\b(?:[A-Za-z]*\d*[A-Z]{2,}[A-Za-z]*\d*|\d+(?:\.\d+)?[BMKTbmk]\b|[A-Z][a-z]+\d+\w*|[A-Z]+\d+\w*)(?:-[A-Z0-9][\w.]*)*|\b[A-Z]\w+(?:-[A-Z]\b)+"
)
_TERM = re.compile(r"[^\W_]+(?:[-/'’][^\W_]+)*")
_STOP_TERMS = STOP | frozenset(
    """impact effect influence role extent question research change affect whether different various specific certain general relative
    overall particular type kind variant level way multiple several existing recent current subtask benchmark evaluation paper study
    dataset corpus technique increasing increase decreasing decrease improve improving improvement quality significantly better help
    quality what how why yes really actually ever within whole single need necessity amount number use
    usage presence absence availability degree choice addition inclusion
    supplementation treatment therapy intake administration input""".split()
)
_LIGHT_PARTS = frozenset("level based style aware wise type related".split())  # of compounds: "character-level"
# of what a question may vary, the words that papers say it with
_KIN = tuple(
    frozenset(line.split())
    for line in (
        "scale size larger largest bigger smaller smallest parameter billion capacity wider deeper scaling scaled",
        "benefit gain improvement improve improving boost advantage help outperform increase better",
        "sequence order ordering ordered curriculum sequential sequentially schedule permutation consecutive",
        "variance variability deviation spread std dispersion variation stable stability unstable fluctuation",
        "robustness robust robustly stability resilient resilience perturbation adversarial",
        "speed fast faster latency throughput slow slower runtime quick quicker time second",
        "memory ram footprint gigabyte gb",
        "cost cheap cheaper expensive price compute flops",
        "generalization generalize generalise generalisation unseen",
        "syntactic syntax grammar grammatical parsing dependency treebank tagging tagger pos constituency",
        "reasoning reason inference commonsense arithmetic mathematical logical",
        "multilingual crosslingual cross-lingual language",
        "translation translate translated translating mt bleu chrf comet",
        "summarization summarisation summary summarize rouge",
        "parsing parser parse las uas attachment",
        "retrieval retrieve ranking recall mrr ndcg",
        "noise noisy corrupted perturbation",
        "bias biased fairness gender stereotype",
        "calibration calibrated confidence uncertainty ece",
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One phrase of a question: what is varied, what it acts on, where, or against what."""

    text: str
    role: Role
    terms: tuple[str, ...]  # content words and hyphenated compounds in their order
    head: str  # the word that says what it is: "scale" of "the scale of the pretrained model"
    names: tuple[str, ...]  # as printed: "XTREME-R", "30B"


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart. Without a factor and an outcome (a question of another form) all of it is one phrase."""

    text: str
    asked: tuple[Asked, ...]

    @property
    def core(self) -> tuple[Asked, ...]:
        """What a claim must speak of to address the question."""
        return tuple(a for a in self.asked if a.role in ("factor", "outcome"))


@dataclass(frozen=True, slots=True)
class Bearing:
    """What a claim has to do with a question."""

    cosine: float
    addresses: bool
    missing: tuple[str, ...]  # phrases and names of the question that the claim does not speak of


def read_question(text: str) -> Question:
    """A question's phrases. One without content words has none."""
    plain = _BRACKETS.sub("", _EXAMPLES.sub("", " ".join(text.split()))).strip(" ?.!")[:2000]
    for first, second in _splits(plain):
        factor, outcome = _phrases(first, "factor"), _phrases(second, "outcome")
        if factor and outcome and factor[0].role == "factor" and outcome[0].role == "outcome":
            return Question(text, (*_without_light(factor), *outcome))
    return Question(text, tuple(_phrases(_OPENING.sub("", plain, count=1), "factor")))


def _splits(plain: str) -> Iterator[tuple[str, str]]:
    """What may be (what is varied, what it acts on), the likeliest first."""
    for frame in (_EFFECT, _BETWEEN):
        found = frame.match(plain)
        if found:
            yield found["factor"], found["outcome"]
    lead = _LEAD.match(plain)
    if not lead:
        return
    rest = f"{lead['rest']} "
    if re.fullmatch(_BE, lead["auxiliary"], re.I):
        for found in _STATE.finditer(rest):
            yield rest[: found.start()], rest[found.end() :]
        return
    for found in _VERB.finditer(rest):
        before = rest[: found.start()].split()
        # "the scale of" is a noun; so is what an article or a preposition stands before
        if before and before[-1].lower() not in _NO_VERB_AFTER and not rest[found.end() :].startswith("of "):
            yield rest[: found.start()], rest[found.end() :]


def _without_light(factor: Sequence[Asked]) -> Sequence[Asked]:
    """Of "watering with cold tea" the tea: a claim on it need not say how it was given."""
    light = len(factor) > 1 and factor[1].role == "factor" and len(factor[0].terms) == 1
    return factor[1:] if light and factor[0].terms[0].endswith("ing") else factor


def _phrases(text: str, role: Role) -> list[Asked]:
    """A phrase and, behind its prepositions, the settings that it names; "training on X" is varied by its X too."""
    out: list[Asked] = []
    start, own = 0, role
    for found in [*_SETTING.finditer(text), None]:
        piece = text[start : found.start() if found else len(text)].strip(" ,;")
        one = _asked(piece, own)
        if one is not None:
            out.append(one)
        if found:
            start = found.end()
            if not out:
                own = role
            elif _CONTRAST.match(found["sign"]):
                own = "contrast"
            else:
                own = "factor" if role == "factor" and _MEANS.match(found["sign"]) else "setting"
    return out


def _asked(text: str, role: Role) -> Asked | None:
    terms = tuple(dict.fromkeys(t for t in map(_form, _TERM.findall(_joined(text))) if t and t not in _STOP_TERMS))
    terms = tuple(t for t in terms if not t.startswith("non-"))
    names = tuple(
        dict.fromkeys(m[0] for m in _NAME.finditer(text) if not re.search(r"\bnon-$", text[: m.start()], re.I))
    )
    if not terms:
        return None
    before = [t for t in map(_form, _TERM.findall(re.split(r"\s+of\s+", text, maxsplit=1)[0])) if t in terms]
    return Asked(text, role, terms, before[-1] if before else terms[-1], names)


def _joined(text: str) -> str:
    """ "question answering" as one word: its first half alone says nothing."""
    return re.sub(r"\bquestion\s+answering\b", "question-answering", text, flags=re.I)


def _form(word: str) -> str:
    """A word's canonical form, of a compound those of its parts ("intermediate-task"); its genitive is the word."""
    word = re.sub(r"['’]s?$", "", word)
    return "-".join(filter(None, (canonical(part) for part in re.split(r"[-/]", word))))


class _Words:
    """The words of a claim, and how near each is to a word of the question."""

    def __init__(self, text: str) -> None:
        found = _TERM.findall(_joined(text))
        self.parts = [canonical(p) for w in found for p in re.split(r"[-/]", re.sub(r"['’]s?$", "", w)) if p]
        self.set = frozenset(self.parts)
        self.content = [p for p in dict.fromkeys(self.parts) if p not in STOP and len(p) > 2 and not p.isdigit()]
        self.stems = frozenset(_stem(p) for p in self.parts)
        self.initials = "".join(p[:1] for p in self.parts)
        self.text = text


def _stem(form: str) -> str:
    for ending in ("ization", "isation", "ational", "ness", "ing", "ion", "ity", "ive", "ed", "er", "al", "ly", "e"):
        if form.endswith(ending) and len(form) - len(ending) >= 4:
            return form[: -len(ending)]
    return form


def bearings(question: Question, claims: Sequence[str], encoder: SentenceEncoder) -> list[Bearing]:
    """For each claim what it has to do with the question."""
    if not claims:
        return []
    words = [_Words(c) for c in claims]
    wanted = list(
        dict.fromkeys(part for a in question.asked for t in a.terms for part in t.split("-") if part not in STOP)
    )
    theirs = list(dict.fromkeys(w for one in words for w in one.content))
    near = _near(wanted, theirs, encoder)
    vectors = encoder.encode([question.text, *claims])
    cosines = vectors[1:] @ vectors[0]
    has = [
        {t for a in question.asked for t in a.terms if _has(t, one, near)} | _shortened(question, one) for one in words
    ]
    spoken = Counter(t for h in has for t in h)
    return [
        _bearing(question, one, h, _weights(question, spoken, h, len(has)), float(c))
        for one, h, c in zip(words, has, cosines, strict=True)
    ]


def _weights(question: Question, spoken: Counter[str], own: Collection[str], claims: int) -> dict[str, float]:
    """What most other claims say is the report's subject and weighs little; what none says makes the question."""
    terms = {t for a in question.asked for t in a.terms}
    return {t: 1.5 - (spoken[t] - (t in own)) / (claims - 1) if claims > 1 else 1.0 for t in terms}


def _near(wanted: Sequence[str], theirs: Sequence[str], encoder: SentenceEncoder) -> dict[str, frozenset[str]]:
    """For each word of a question the claims' words that may stand for it."""
    if not wanted or not theirs:
        return {}
    a: Vectors = encoder.encode(wanted)
    b: Vectors = encoder.encode(theirs)
    close = np.asarray(a @ b.T >= SAME_WORD)
    out = {}
    for i, word in enumerate(wanted):
        kin = frozenset(w for family in _KIN if word in family for w in family)
        # what the question itself asks about stands for itself alone
        out[word] = kin or frozenset(t for j in np.flatnonzero(close[i]) if (t := theirs[int(j)]) not in wanted)
    return out


def _bearing(
    question: Question, words: _Words, has: Collection[str], weight: Mapping[str, float], cosine: float
) -> Bearing:
    missing: list[str] = []
    core = []
    for asked in question.asked:
        share = sum(weight[t] for t in asked.terms if t in has) / sum(weight[t] for t in asked.terms)
        named = all(_has_name(n, words) for n in asked.names)
        if asked.role in ("factor", "outcome"):
            spoken = share >= COVERED and asked.head in has and named
            core.append(spoken)
        else:
            spoken = named if asked.names else share >= COVERED
        if not spoken and asked.role != "contrast":
            missing.append(asked.text)
    return Bearing(round(cosine, 4), bool(core) and all(core), tuple(dict.fromkeys(missing)))


def _has(term: str, words: _Words, near: dict[str, frozenset[str]]) -> bool:
    """Whether a claim has a word, a compound, or what stands for it."""
    parts = [p for p in term.split("-") if p not in STOP and p not in _LIGHT_PARTS] or term.split("-")
    if all(p in words.set or _stem(p) in words.stems or near.get(p, frozenset()) & words.set for p in parts):
        return True
    if "-" in term:
        return _spelled(term, words)
    return (2 <= len(term) <= 5 and _is_short_form(term, words.initials)) or (
        len(term) > 2 and term.upper() in words.text
    )


def _shortened(question: Question, words: _Words) -> set[str]:
    """The terms of a question that a claim has as a short form of several words: "NER" for "named entity recognition"."""
    out: set[str] = set()
    for asked in question.asked:
        listed = [w for w in re.split(r"[\s/-]+", asked.text) if w[:1].isalpha()]
        for length in (2, 3, 4):
            for i in range(len(listed) - length + 1):
                run = listed[i : i + length]
                initials = "".join(w[0] for w in run).upper()
                if re.search(rf"\b{initials}s?\b", words.text):
                    forms = {canonical(w) for w in run}
                    out |= {t for t in asked.terms if set(t.split("-")) <= forms}
    return out


def _is_short_form(term: str, initials: str) -> bool:
    """Whether a term ("qa") may be the initials of words that follow each other ("question answering")."""
    return term.isalpha() and term in initials


def _spelled(term: str, words: _Words) -> bool:
    """Whether a compound's initials stand in the claim as a short form of its own: "question-answering" as "QA"."""
    parts = term.split("-")
    return len(parts) > 1 and "".join(p[:1] for p in parts) in words.set


def _has_name(name: str, words: _Words) -> bool:
    """Whether a claim has a name, alone or within another one ("NLI" in "MNLI", "BERT" in "mBERT"), or its long form."""
    if name.isupper() and len(name) >= 3 and name in words.text:
        return True
    found = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words.text, re.I) is not None
    return found or (name.isupper() and 2 <= len(name) <= 5 and _is_short_form(name.lower(), words.initials))


def never_spoken_of(found: Iterable[Bearing]) -> tuple[str, ...]:
    """What no claim speaks of, in the question's order."""
    listed = [b.missing for b in found]
    if not listed:
        return ()
    common = set(listed[0]).intersection(*listed[1:])
    return tuple(x for x in listed[0] if x in common)
