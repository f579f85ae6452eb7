"""How two claims of different papers stand to each other: the same, the opposite, one sentence copied, or unrelated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import CheckedClaim
from claimcheck.foundation.records.syntheses import Question, Relation, SynthesisPaper
from claimcheck.foundation.words import STOP, forms, tokens
from claimcheck.synthesis.bearing import NamedBy
from claimcheck.synthesis.coverage import Coverage, Said, slots_of
from claimcheck.synthesis.stance import effect_of

__all__ = [
    "CERTAIN",
    "RESULT_WORDS",
    "SAYS_SAME",
    "Item",
    "Link",
    "is_copy",
    "may_be_of_one_thing",
    "of_one_hand",
    "relation_of",
]

SAYS_SAME = 0.70  # cosine from which a claim may support or contradict another
_SAME_WORDS = 0.90  # cosine from which two papers use one another's words
_COPIES = 3  # pairs of such claims from which two papers are of one hand
CERTAIN = 0.75  # cosine from which the shared words need be only half as many
# words of results and of papers: two claims that share these alone may speak of anything
RESULT_WORDS = STOP | forms(
    """state art outperform improve improvement significant significantly best better previous previously strong
    competitive baseline comparable higher lower large larger largest small smaller gain increase decrease drop observe
    find demonstrate suggest indicate report train training test testing dev ensemble single experiment
    experimental benchmark evaluation evaluate absolute relative overall current existing recent average
    effective effectiveness simple robust different consistently substantially slightly respectively additional
    without example value number high low good well because network neural deep learning learn based information
    feature source target language domain"""
)


@dataclass(frozen=True, slots=True)
class Item:
    paper: SynthesisPaper
    claim: CheckedClaim
    said: Said
    subject: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    first: int
    second: int
    cosine: float
    shared: frozenset[str]


def may_be_of_one_thing(a: Item, b: Item) -> bool:
    """Whether nothing that two claims name tells them apart: another task, another method of their own."""
    return _one_task(a, b) and _one_system(a, b)


def of_one_hand(
    papers: Sequence[SynthesisPaper], links: Sequence[Link], items: Sequence[Item]
) -> frozenset[frozenset[str]]:
    """Pairs of papers that are no evidence for each other: they share an author, or several sentences."""
    copies: dict[frozenset[str], int] = defaultdict(int)
    for link in links:
        if is_copy(link, items):
            copies[frozenset((items[link.first].paper.key, items[link.second].paper.key))] += 1
    pairs = {pair for pair, n in copies.items() if n >= _COPIES}
    authors = {p.key: {" ".join(sorted(forms(a))) for a in (*p.paper.authors, *p.work.authors)} - {""} for p in papers}
    keys = sorted(authors)
    pairs |= {frozenset((a, b)) for n, a in enumerate(keys) for b in keys[n + 1 :] if authors[a] & authors[b]}
    return frozenset(pairs)


def is_copy(link: Link, items: Sequence[Item]) -> bool:
    """Whether two claims are one sentence: nearly the same meaning and the same numbers."""
    texts = [items[k].claim.text for k in (link.first, link.second)]
    numbers = [sorted(t.text for t in tokens(text) if t.text[:1].isdigit()) for text in texts]
    return link.cosine >= _SAME_WORDS and numbers[0] == numbers[1]


def relation_of(lead: Item, item: Item, link: Link, coverage: Coverage) -> Relation | None:
    """Whether two claims say the same of what they share, the opposite, or either under another condition.

    None where no rule reads both. Two comparisons of the same two things decide by which one is the better; else the
    effect of the words that both share does, where the claims mean nearly the same.
    """
    datasets = [{s.dataset for s in slots_of(c) if s.dataset} for c in (lead.claim, item.claim)]
    elsewhere = bool(datasets[0] and datasets[1] and not _same_names(*datasets))
    same = _same_comparison(lead.claim, item.claim)
    if same is None and link.cosine >= SAYS_SAME:
        factor = " ".join(_in_order(lead.claim, link.shared))
        question = Question(text=factor, kind="polar", factor=factor, direction="up")
        texts = [x.claim.statement or x.claim.text for x in (lead, item)]
        if any(coverage.apart(factor, text) for text in texts):
            return None
        signs = [effect_of(question, x.claim, NamedBy(coverage)).sign for x in (lead, item)]
        if signs[0] and signs[0] == signs[1] != "same":
            same = True
        elif link.cosine >= CERTAIN and set(signs) in ({"up", "down"}, {"up", "none"}):
            same = False
    if same is None:
        return None
    return "other_condition" if elsewhere else "supports" if same else "contradicts"


def _same_comparison(a: CheckedClaim, b: CheckedClaim) -> bool | None:
    """Whether two claims compare the same two things and find the same one better; None where they do not."""
    for x in a.comparisons:
        for y in b.comparisons:
            if None in (x.better, y.better) or not (x.method and x.baseline and y.method and y.baseline):
                continue
            sides = [forms(t) - RESULT_WORDS for t in (x.method, x.baseline, y.method, y.baseline)]
            if sides[0] & sides[2] and sides[1] & sides[3] and sides[0] != sides[1]:
                return x.better == y.better
            if sides[0] & sides[3] and sides[1] & sides[2] and sides[0] != sides[1]:
                return x.better != y.better
    return None


def _one_task(a: Item, b: Item) -> bool:
    tasks = [{s.task for s in slots_of(i.claim) if s.task} for i in (a, b)]
    return not (tasks[0] and tasks[1]) or _same_names(*tasks) or bool(a.said.names & b.said.names)


def _one_system(a: Item, b: Item) -> bool:
    """Whether two claims may speak of one method: what each names as its own does not differ."""
    methods = []
    for claim in (a.claim, b.claim):
        named = {s.method for s in slots_of(claim) if s.method}
        methods.append({w for name in named for w in forms(name) if w not in RESULT_WORDS})
    return not (methods[0] and methods[1]) or bool(methods[0] & methods[1])


def _same_names(a: set[str], b: set[str]) -> bool:
    return bool({"".join(forms(x)) or x.lower() for x in a} & {"".join(forms(x)) or x.lower() for x in b})


def _in_order(claim: CheckedClaim, words: frozenset[str]) -> list[str]:
    return list(dict.fromkeys(t.form for t in tokens(claim.statement or claim.text) if t.form in words))
