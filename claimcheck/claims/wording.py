"""The wording of a claim as it is compared with others: words by rarity, names, numbers with what rounding allows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum, log

from claimcheck.claims.patterns import results_of
from claimcheck.foundation.records import Document, Quantity
from claimcheck.foundation.words import STOP, Token, tokens

# stems of the words in which two wordings of one claim differ freely
_FRAME = re.compile(
    r"(?:experiment|evaluat|empiric|demonstrat|indicat|suggest|reveal|find|found|observ|report|obtain|outperform|improv|gain"
    r"|increas|better|higher|reach|attain|achiev|produc|significant|substantial|considerabl|final|overall|further|moreover"
    r"|addition|respectiv|previous|existing|conclu|well|able|exceed|surpass|benchmark|propos|present|introduc|describ"
    r"|standard|meanwhile|beside|term|comfortabl|establish|push|particular|specific|namely|state|art|sota|best|over|make"
    r"|recent|current|strong|effective|approach|publish|prior|evaluation|absolute|margin|notabl|interesting|analys|verif"
    r"|confirm|argu|this|paper|such|own|perform|baseline)\w{0,5}$"
)
METRICS = frozenset(
    """accuracy f1 em bleu rouge rouge1 rouge2 rougel perplexity precision recall las uas map mrr meteor auc wer cer
    pearson spearman mcc cider loss error speed""".split()
)
_NEGATED = re.compile(r"\b(?:not|no|never|nor|fails?|failed|cannot|unable)\b|n't\b", re.I)
_OUTCOMES = {
    "above": re.compile(
        r"\b(?:outperform|surpass|exceed|beat|better|best|superior|higher|faster|state[- ]of[- ]the[- ]art|improv|gain|boost)",
        re.I,
    ),
    "same": re.compile(r"\b(?:comparabl|competitive|on\s+par|similar|equal|match)", re.I),
    "below": re.compile(r"\b(?:underperform|worse|worst|inferior|lower|slower|hurt|degrad|drop|decreas|behind)", re.I),
}
_CITATION = re.compile(
    r"\((?:[^()]*?\b(?:19|20)\d\d[a-z]?\b[^()]*?)\)|\[\d+(?:\s*[,;–-]\s*\d+)*\]|\[[^\][]*\b(?:19|20)\d\d[a-z]?\]"
)
_ACRONYM = re.compile(r"\((?P<short>[A-Z][A-Za-z0-9+-]*[A-Z0-9][A-Za-z0-9+-]*)s?\b")
_CHANGES = ("delta", "relative", "ratio")


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence as it is compared: canonical forms of its words, of its names among them, and its result numbers."""

    words: frozenset[str]
    names: frozenset[str]
    numbers: tuple[Quantity, ...]
    outcomes: frozenset[str]  # of "above", "same", "below", "not": how it says that something came out
    tokens: frozenset[str]  # of all words, those that every sentence may have included

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it names."""
        return self.words & METRICS

    @property
    def conditions(self) -> frozenset[str]:
        """The words that it sets its case apart with ("single", "dev")."""
        return self.words & _CONDITIONS


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[Token, ...]:
    return tuple(tokens(text))


def is_outcome(word: str) -> bool:
    """Whether a word says how something came out: "worse", "improv", "on par"."""
    return any(words.search(word) for words in _OUTCOMES.values())


class Lexicon:
    """How rare each word is in a document, and which short forms stand for which words."""

    def __init__(self, document: Document, own: Iterable[str] = ()) -> None:
        self._own = frozenset(t.form for name in own for t in _tokens(name))
        self._sentences = max(1, len(document.sentences))
        self._frequency: Counter[str] = Counter()
        self._short: dict[str, frozenset[str]] = {}
        for sentence in document.sentences:
            if sentence.kind in ("reference", "other"):
                continue
            found = _tokens(sentence.text)
            self._frequency.update({t.form for t in found} | {_stem(t.form) for t in found})
            for m in _ACRONYM.finditer(sentence.text):
                self._learn(m["short"], m.start(), found)

    def wording(self, text: str, quantities: Sequence[Quantity]) -> Wording:
        """The wording of a sentence; whom it cites in brackets is no part of what it says."""
        text = _CITATION.sub(lambda m: " " * len(m[0]), text)
        found = _tokens(text)
        spelled = self._spelled_out({t.form for t in found})
        kept = [(i, t) for i, t in enumerate(found) if _tells(t)]
        names = {t.form for i, t in kept if _is_name(text, t, i)}
        outcomes = {name for name, words in _OUTCOMES.items() if words.search(text)}
        return Wording(
            words=frozenset(t.form if t.form in names | METRICS else _stem(t.form) for _, t in kept),
            names=frozenset(names - METRICS - spelled),
            numbers=tuple(results_of(text, quantities)),
            outcomes=frozenset(outcomes | ({"not"} if _NEGATED.search(text) else set())),
            tokens=frozenset(t.form for t in found),
        )

    def weight(self, words: Iterable[str]) -> float:
        """The weight of words together: the rarer in the document, the more each counts."""
        # a plain sum hangs on the order of a set, which differs from process to process
        return fsum(self.rarity(w) for w in words)

    def rarity(self, word: str) -> float:
        """log(1 + sentences / sentences with the word)."""
        return log(1 + self._sentences / max(1, self._frequency[word]))

    def unsaid(self, wording: Wording, other: Wording) -> frozenset[str]:
        """The names of a wording that another does not say: neither themselves nor as their short or long form.

        The paper's own name counts as said where the other names none of the paper's own: it says "our model" then.
        """
        missing = {name for name in wording.names if not self._said(name, other)}
        if not other.names & self._own:
            missing -= self._own
        return frozenset(missing)

    def _spelled_out(self, words: set[str]) -> frozenset[str]:
        """The words of long forms that stand beside their short form: "Stanford Question Answering Dataset (SQuAD)"."""
        known = (self._short[w] for w in words if w in self._short)
        return frozenset().union(*(long_form for long_form in known if long_form <= words))

    def _said(self, name: str, other: Wording) -> bool:
        if name in other.tokens:
            return True
        long_form = self._short.get(name)
        if long_form and len(long_form & other.tokens) >= 0.6 * len(long_form):
            return True
        return any(name in self._short.get(theirs, ()) for theirs in other.names)

    def _learn(self, short: str, start: int, found: Sequence[Token]) -> None:
        """The words before "(SQuAD)" whose initials it has are what it is short for."""
        before = [t for t in found if t.end <= start][-8:]
        letters = [c.lower() for c in short if c.isalpha()]
        for size in range(len(before), 1, -1):
            initials = [t.text[0].lower() for t in before[-size:]]
            if initials[0] == letters[0] and _in_order(initials, letters) and size >= 0.5 * len(letters):
                form = _tokens(short)[0].form if _tokens(short) else short.lower()
                self._short.setdefault(form, frozenset(t.form for t in before[-size:] if t.form not in STOP))
                return


def _in_order(initials: Sequence[str], letters: Sequence[str]) -> bool:
    """Whether the initials occur among the letters in their order, but for one small word such as "of"."""
    rest = iter(letters)
    return sum(initial not in rest for initial in initials) <= 0 if len(initials) < 4 else _mostly(initials, letters)


def _mostly(initials: Sequence[str], letters: Sequence[str]) -> bool:
    missing, at = 0, 0
    for initial in initials:
        try:
            at = letters.index(initial, at) + 1
        except ValueError:
            missing += 1
    return missing <= 1


def _tells(token: Token) -> bool:
    """Whether a word says what a claim is about, and is no number and no word that any claim may have."""
    if not any(c.isalpha() for c in token.form) or token.form in STOP or token.text.lower() in STOP:
        return False
    return token.form in METRICS or token.namelike or not _FRAME.match(token.form)


@lru_cache(maxsize=65536)
def _stem(form: str) -> str:
    """A word without its ending, so that "parsing" meets "parsed"."""
    for ending in ("ations", "ation", "ingly", "ing", "edly", "ed", "es", "ly", "s", "e"):
        if form.endswith(ending) and len(form) - len(ending) >= 4:
            return form[: -len(ending)]
    return form


# words that set one condition against another: where only one of two sentences has one, they speak of different things
_CONDITIONS = frozenset(
    _stem(word)
    for word in """single ensemble dev test base large small tiny supervised unsupervised semi zero few shot full gold
    predicted cased uncased greedy beam domain cross multi mono human macro micro weighted unlabeled labeled unlabelled
    labelled long short rare frequent oov easy hard middle high left right top bottom forward backward word character
    char sentence document average relative adversarial clean noisy unseen seen source target former latter worst only
    without except either neither reranking lemma fine coarse""".split()
)
# of these, what one of two sentences cannot leave out by the way
SETTINGS = frozenset(
    _stem(word)
    for word in """single ensemble dev test supervised unsupervised semi zero few shot greedy beam macro micro average
    relative unlabeled gold predicted adversarial human""".split()
)


def _is_name(text: str, token: Token, position: int) -> bool:
    if token.namelike:
        return True
    return token.text[:1].isupper() and position > 0 and text[max(0, token.start - 2) : token.start] not in (". ", ": ")


def same_number(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities can be one number, said with other rounding: "8.7 points", "nearly 9 points"."""
    if not _same_sort(a, b):
        return False
    if (a.total or 0) != (b.total or 0) or (a.high is None) != (b.high is None):
        return False
    if a.high is not None and b.high is not None and abs(a.high - b.high) > max(a.half_width, b.half_width):
        return False
    if a.decimals == b.decimals:
        return abs(a.value - b.value) < 1e-9
    coarse, fine = (a, b) if a.decimals < b.decimals else (b, a)
    unit = 2 * coarse.half_width
    if coarse.bound in ("more_than", "at_least"):
        return -1e-9 <= fine.value - coarse.value < unit
    if coarse.bound in ("less_than", "at_most"):
        return -1e-9 <= coarse.value - fine.value < unit
    if coarse.bound == "about" and fine.value < coarse.value:
        return coarse.value - fine.value < unit  # "almost 10" for 9.2
    return abs(fine.value - coarse.value) <= coarse.half_width + 1e-9


def comparable(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities measure the same sort of thing: role, unit, and metric and list partner where printed."""
    return _same_sort(a, b)


def _same_sort(a: Quantity, b: Quantity) -> bool:
    if (a.role == "count") != (b.role == "count"):
        return False
    # "pushes F1 to 87.4%" reads like a change to some: the same digits weigh more
    if (a.role in _CHANGES) != (b.role in _CHANGES) and not (a.decimals and a.value == b.value):
        return False
    if "ratio" in (a.role, b.role) or "times" in (a.unit, b.unit):
        if a.unit != b.unit:
            return False
    elif {a.unit, b.unit} == {"percent", "points"} and "relative" in (a.role, b.role):
        return False
    if a.direction and b.direction and a.direction != b.direction and {a.role, b.role} <= set(_CHANGES):
        return False
    metrics = [frozenset(t.form for t in _tokens(q.metric)) & METRICS for q in (a, b)]
    if metrics[0] and metrics[1] and not metrics[0] & metrics[1]:
        return False
    subjects = [frozenset(t.form for t in _tokens(q.subject)) for q in (a, b)]
    return not (subjects[0] and subjects[1]) or bool(subjects[0] & subjects[1])
