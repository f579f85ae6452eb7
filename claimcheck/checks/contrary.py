"""Two places of a paper that make one statement and say opposite ways: "improves" here, "drops" there.

Which places make one statement is given. Of each the words that say a direction are taken with the clause around them;
a contradiction are two whose clauses match and whose directions cannot both hold. What may be so, what is said of
removing a part, and two measures of which less is better for one are left alone: a finding accuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claimcheck.checks import directions
from claimcheck.checks.statements.lexicon import COMPARATORS, FLIP, NEGATION, NOT_ALL, Sense, stem
from claimcheck.foundation.records import Evidence, Finding, Place
from claimcheck.foundation.words import STOP, tokens

Saying = tuple[str, Place]  # a claim's id and one of its places

_BOUNDARY = re.compile(
    r"[;:]|\.\s|,?\s+(?:but|while|whereas|although|though|yet|which)\s|,\s+(?:and|thus|thereby)\s"
    r"|,\s+(?:\w+ly\s+)?(?=(?!includ|us|dur|accord|follow|consider|regard)\w+ing\b)",
    re.I,
)
# ends the words for whom something is compared with
_SIDE = re.compile(r"[,(]|\s(?:on|for|in|by|with|at|to|from|when|under|across|using|as)\s", re.I)
_CITATION = re.compile(r"\([^()]*\b(?:19|20)\d\d[a-z]?\b[^()]*\)|\[[^\][]*\]")
_NUMBER_BEFORE = re.compile(r"(\d+(?:\.\d+)?)\s?(?:\+|%|×|x|percent|points?|times|fold|absolute|[\s-])*$", re.I)
_NUMBER_AFTER = re.compile(r"[^,;.\d]{0,40}?\b(?:by|of)\s+(?:[a-z]+\s+){0,3}?(\d+(?:\.\d+)?)", re.I)
_BOUND = re.compile(r"\s+than\s+(?:an?\s+)?(?:\d|two\b|three\b|four\b|five\b|ten\b|half\b|twice\b|once\b)", re.I)
_NEGATED = re.compile(rf"(?:{NEGATION.pattern})\s+(?:(?!(?:in|of|on)\b)[\w-]+\s+){{0,3}}$", re.I)
# verbs that statements about tables do without
_VERBS: tuple[tuple[Sense, re.Pattern[str]], ...] = (
    ("worse", re.compile(r"\b(?:impair(?:s|ed|ing)?|weakens?|weakened)\b", re.I)),
    ("better", re.compile(r"\b(?:enhanc(?:es?|ed|ing)|strengthens?|helps?|helped)\b", re.I)),
    ("lower", re.compile(r"\b(?:lowers|lowered|lowering|shrinks?|shrank|falls?|fell)\b", re.I)),
    ("higher", re.compile(r"\b(?:raises|raised|raising|expands?)\b", re.I)),
)
# what may be so, is asked, or holds at times only
_NOT_SAID = re.compile(
    r"\b(?:if|whether|would|could|might|may|should|can|sometimes|often|usually|mostly|mainly|generally|some|certain|unless|hypothes\w+|expect\w*"
    r"|try|tries|aims?|how)\b",
    re.I,
)
_TAKEN_AWAY = re.compile(
    r"\b(?:remov\w+|without|ablat\w+|exclud\w+|omit\w+|lack\w*|replac\w+|disabl\w+|drop(?:ped|ping)?\s+(?:the|out)|instead|absence|absent|rather)\b|\bw/o\b",
    re.I,
)
# a comparative tells a direction where something is said to be so, not where it names a thing ("larger models")
_COMPARATIVE = re.compile(r"(?:\w+er|more|less|worse|after|before)$", re.I)
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|be|been|becomes?|became|gets?|performs?|performed|performing|works?|worked|does|did|fares?|scores?|scored"
    r"|(?:achiev|obtain|reach|attain|yield|produc|giv|gav|hav|has|had|show|lead|led|result|provid)\w*)\s+(?:(?:to|in|an?|the|even|much|far|still|also|[\w-]+ly|on\s+average|consistently)\s+){0,3}$",
    re.I,
)
_DOWN: tuple[Sense, ...] = ("worse", "lower")
# what a comparative measures: "faster" and "fewer" go opposite ways and both hold
_SPEED = re.compile(r"faster|slower", re.I)
_AMOUNT = re.compile(
    r"larger|bigger|smaller|longer|shorter|heavier|lighter|narrower|cheaper|more|fewer|fewest|less", re.I
)
_OF_TIME = frozenset("after before later earlier older newer younger taller".split())
_LESS_IS_BETTER = re.compile(
    r"\b(?:perplexit\w+|ppl|errors?|losses|loss|wer|cer|ter|mse|rmse|mae|time|times|latency|speed|cost|memory|size|parameters|variance|gap|distance|rate)\b",
    re.I,
)
# words behind which a statement is held to some cases
_CASE = re.compile(
    r"\b(?:on|for|in|when|at(?!\s+(?:least|most)\b)|under|among|where|given|during|without|within|with|across|if|until|only)\s+"
    r"(?P<case>[^,;:()]*?)(?=[,;:()]|$|\s(?:on|for|in|when|at|under|among|where|given|during|without|within|with|across|by|over|than|that|shows?"
    r"|demonstrates?|indicates?|we|our)\s)",
    re.I,
)
_ANY_CASE = frozenset(
    stem(word)
    for word in """test different various several variety wide range experiment scenario set all many most term metric margin
    large significant average overall evaluation experimental problem benchmark challenging literature addition fact
    particular general both""".split()
)
_LEAST_SHARED = 0.4  # of the words of the shorter clause
_ENOUGH_SHARED = 2
_LONGEST = 1_000  # characters of a sentence that is read; longer ones are rubble, and hostile ones would take minutes


@dataclass(frozen=True, slots=True)
class _Turn:
    """A word of a sentence that says a direction, with the clause that it stands in."""

    sense: Sense
    negated: bool
    text: str
    clause: frozenset[str]
    cases: frozenset[str]  # the words of the clause that say where it holds
    sentence: frozenset[str]
    before: frozenset[str]  # of the clause's words
    after: frozenset[str]
    numbers: frozenset[float]  # the number of the change where there is one, else those of the clause
    measured: bool  # whether it has a number of its own: "by 2.1 points"
    sided: bool  # sets one thing against another ("outperforms", "better than")
    less_is_better: bool

    def contradicts(self, other: _Turn) -> bool:
        """Whether both cannot hold of one thing."""
        if self.negated and other.negated:
            return False
        if self.negated or other.negated:
            return self.sense == other.sense
        if self.sense == FLIP[other.sense]:
            return self._dimension == other._dimension
        # "improves" against "lowers": of what should be high
        alike = not (self._dimension or other._dimension or self.less_is_better or other.less_is_better)
        return alike and self.goes_up != other.goes_up

    @property
    def _dimension(self) -> str:
        if self.sense in ("better", "worse"):
            return ""
        return "speed" if _SPEED.match(self.text) else "amount" if _AMOUNT.match(self.text) else ""

    @property
    def goes_up(self) -> bool:
        """Whether it says more or better."""
        return self.sense in ("better", "higher")


def contrary_findings(pairs: Sequence[tuple[Saying, Saying]]) -> list[Finding]:
    """A finding for each pair of places that make one statement and say opposite ways, in the order given."""
    out: dict[tuple[str, str], Finding] = {}
    for a, b in pairs:
        found = _contradiction(a[1].text, b[1].text)
        if found is not None:
            out.setdefault((a[1].text, b[1].text), _finding(a, b, *found))
    return list(out.values())


def _contradiction(a: str, b: str) -> tuple[_Turn, _Turn] | None:
    """The two words of direction by which two sentences contradict each other; None where they do not."""
    if max(len(a), len(b)) > _LONGEST:
        return None
    if bool(_TAKEN_AWAY.search(a)) != bool(_TAKEN_AWAY.search(b)) or any(
        directions.excepts(x) or NOT_ALL.search(x) or x.rstrip().endswith("?") for x in (a, b)
    ):
        return None
    mine, theirs = list(_turns(a)), list(_turns(b))
    for t in mine:
        for u in theirs:
            share = _share(t, u)
            if share < _LEAST_SHARED or _stance(t, u) >= 0:
                continue
            # another word of the one sentence that agrees with the other and stands as near is its counterpart
            if any(_share(t, v) >= share and _stance(t, v) > 0 for v in theirs):
                continue
            if any(_share(v, u) >= share and _stance(v, u) > 0 for v in mine):
                continue
            return t, u
    return None


def _stance(t: _Turn, u: _Turn) -> int:
    """1 where two turns of matching clauses agree, -1 where both cannot hold, 0 where nobody can say.

    Two that set one thing against another are read by what they set where.
    """
    if not (t.sided and u.sided):
        return -1 if t.contradicts(u) else 1
    # what both sides are called tells nothing of where they stand
    (mine, my_other), (theirs, their_other) = ((x.before - x.after, x.after - x.before) for x in (t, u))
    straight = len(mine & theirs) + len(my_other & their_other)
    crossed = len(mine & their_other) + len(my_other & theirs)
    if straight > crossed:
        return -1 if t.contradicts(u) else 1
    turned = mine & their_other and my_other & theirs and not straight
    if not turned or t.negated or u.negated:
        return 0
    return -1 if t.goes_up == u.goes_up else 1


def _share(t: _Turn, u: _Turn) -> float:
    """The share of the shorter clause's words that the other has; the same numbers make up for words."""
    shared, agreeing = t.clause & u.clause, t.numbers & u.numbers
    if (len(shared) < _ENOUGH_SHARED and not agreeing) or (t.numbers and u.numbers and not agreeing):
        return 0.0
    # said of one case here and of any, or of another, there: both may hold
    if not agreeing and (t.cases - u.sentence or u.cases - t.sentence):
        return 0.0
    share = (len(shared) + len(agreeing)) / max(1, min(len(t.clause), len(u.clause)))
    return share if t.measured == u.measured else 0.75 * share


def _turns(text: str) -> Iterator[_Turn]:
    text = _CITATION.sub(lambda m: " " * len(m[0]), text)
    sided, sentence = directions.comparisons(text), _content(text)
    taken: list[tuple[int, int]] = []
    for sense, pattern in (*COMPARATORS, *_VERBS):
        for m in pattern.finditer(text):
            if any(a < m.end() and m.start() < b for a, b in taken):
                continue
            start, end = _clause(text, m.start(), m.end())
            before, after = text[start : m.start()], text[m.end() : end]
            if _NOT_SAID.search(before) or not _says(m[0], before, after):
                continue
            taken.append(m.span())
            compared = next((c for c in sided if c.start < m.end() and m.start() < c.end), None)
            negated = bool(_NEGATED.search(text[max(0, m.start() - 80) : m.start()]))
            sides = [_content(before), _content(_SIDE.split(after.lstrip(), maxsplit=1)[0])]
            # in a passive both sides stand the other way round; `comparisons` has resolved it
            if compared is not None and not negated and (compared.sense in _DOWN) != (sense in _DOWN):
                by = re.search(r"\bby\s+([^,;]*)", after)
                sides = [_content(by[1]) if by else frozenset(), sides[0]]
            own = _NUMBER_BEFORE.search(before) or _NUMBER_AFTER.match(after)
            numbers = [own[1]] if own else re.findall(r"\d+\.\d+", text[start:end])
            yield _Turn(
                sense=sense,
                negated=negated,
                text=m[0],
                clause=_content(text[start:end]),
                cases=_cases(text[start:end]),
                sentence=sentence,
                before=sides[0],
                after=sides[1],
                numbers=frozenset(map(float, numbers)),
                measured=own is not None,
                sided=compared is not None,
                less_is_better=bool(_LESS_IS_BETTER.search(text[start:end])),
            )


def _says(word: str, before: str, after: str) -> bool:
    """Whether a word of a direction says that something came out so, and does not only name a thing."""
    if word.lower() in _OF_TIME:
        return False
    if not _COMPARATIVE.match(word.split()[-1]):
        return True
    if _BOUND.match(after):
        return False  # "more than 2 points" bounds a number
    said = (
        re.match(r"(?:\s+[\w-]+){0,4}?\s+than\b", after) or _PREDICATE.search(before) or _NUMBER_BEFORE.search(before)
    )
    return said is not None


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    ends = list(_BOUNDARY.finditer(text))
    first = max((m.end() for m in ends if m.end() <= start), default=0)
    return first, next((m.start() for m in ends if m.start() >= end), len(text))


def _content(text: str) -> frozenset[str]:
    """The words of a clause that say what it is about; "our model" is one of them."""
    found = [t for t in tokens(text) if any(c.isalpha() for c in t.form)]
    own = {"our"} if any(t.form in ("we", "our", "proposed") for t in found) else set()
    kept = {t.form if t.namelike else stem(t.form) for t in found if t.form not in STOP and not _is_turn(t.text)}
    return frozenset(kept | own)


def _cases(text: str) -> frozenset[str]:
    return frozenset().union(*(_content(m["case"]) for m in _CASE.finditer(text))) - _ANY_CASE - {"our"}


def _is_turn(word: str) -> bool:
    return any(pattern.fullmatch(word) for _, pattern in (*COMPARATORS, *_VERBS))


def _finding(a: Saying, b: Saying, t: _Turn, u: _Turn) -> Finding:
    said = [f"{'not ' * x.negated}“{x.text}” in {_where(s[1])}" for x, s in ((t, a), (u, b))]
    return Finding(
        kind="directions_differ",
        text=f"The paper makes this claim twice and says opposite ways: {said[0]}, {said[1]}.",
        claims=tuple(dict.fromkeys((a[0], b[0]))),
        evidence=tuple(Evidence(quote=s[1].text, pointer=s[1].pointer) for s in (a, b)),
    )


def _where(place: Place) -> str:
    section, page = place.pointer.section, place.pointer.page
    name = f"Section {section}" if section[:1].isdigit() else section or "the text"
    return f"{name}, p. {page}" if page else name
