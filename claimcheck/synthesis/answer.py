"""The answer to a question: from the claims that bear on it, by stated rules, in quotes and in derived sentences.

Each paper has one vote: what most of its bearing claims say, first-hand ones alone where it has any. The outcome is
`not_addressed` where nothing first-hand bears; `contradicted` where the share of the papers that differ reaches
`differ`, or where the papers together say the opposite of what the question supposes; else `answered`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from claimcheck.foundation.records.syntheses import (
    Answer,
    Bearing,
    Question,
    Reference,
    Stance,
    Statement,
    SynthesisPaper,
)
from claimcheck.synthesis.bearing import THRESHOLDS, Judged

__all__ = ["DIFFER", "answer_of", "votes_of"]

DIFFER = 0.25  # share of the papers with a direction from which the papers are said to differ
_SHOWN = 12  # bearing claims that are quoted
_NEAREST = 6
_LEAST_NEAR = 0.35  # score below which a claim is not even near

Direction = Literal["yes", "no", "mixed", "open"]


def answer_of(
    question: Question,
    judged: Sequence[Judged],
    papers: Sequence[SynthesisPaper],
    independent: frozenset[tuple[str, str]] = frozenset(),
) -> Answer:
    """The answer; `independent` are the claims (paper, id) that another paper's own data supports."""
    bearing = [
        j.bearing.model_copy(update={"independent": (j.bearing.paper, j.bearing.claim) in independent})
        for j in judged
        if j.bearing.bears
    ]
    bearing.sort(key=lambda b: (b.second_hand, -_strength(b), -b.score, b.paper, b.claim))
    nearest = [j.bearing for j in judged if not j.bearing.bears and j.bearing.score >= _LEAST_NEAR]
    # what names the thing asked about comes before what only speaks of the topic
    nearest.sort(key=lambda b: (b.factor < THRESHOLDS["factor"], -b.score, b.paper, b.claim))
    nearest = _one_a_paper([b for b in nearest if b.factor >= THRESHOLDS["factor"]]) + [
        b for b in nearest if b.factor < THRESHOLDS["factor"]
    ]
    nearest = nearest[:_NEAREST]
    kept = [p for p in papers if p.kept]
    first_hand = [b for b in bearing if not b.second_hand]
    thresholds = {**THRESHOLDS, "differ": DIFFER}
    if not first_hand:
        return Answer(
            outcome="not_addressed",
            why="nothing_bears",
            statements=_nothing(kept, bearing, nearest),
            bearings=tuple(bearing),
            nearest=tuple(nearest),
            thresholds=thresholds,
        )
    votes = votes_of(first_hand)
    outcome, direction, why = _outcome(question, votes)
    return Answer(
        outcome=outcome,
        direction=direction,
        why=why,
        statements=(*_derived(question, votes, first_hand, kept, outcome, direction, why), *_quotes(bearing, papers)),
        bearings=tuple(bearing),
        nearest=tuple(nearest) if len(first_hand) < 3 else (),
        thresholds=thresholds,
    )


def votes_of(bearings: Sequence[Bearing]) -> dict[str, Stance]:
    """What each paper says: the stance of most of its bearing claims by strength, "unclear" where both are even."""
    found: dict[str, Counter[str]] = {}
    for b in bearings:
        found.setdefault(b.paper, Counter())[b.stance] += _strength(b)  # type: ignore[assignment]
    votes: dict[str, Stance] = {}
    for paper, counted in found.items():
        yes, no = counted.get("yes", 0.0), counted.get("no", 0.0)
        votes[paper] = "unclear" if yes == no else "yes" if yes > no else "no"
    return votes


def _strength(b: Bearing) -> float:
    """A claim that the paper's own cells support weighs more, one that they refute nothing."""
    return {"own_cells": 1.5, "own_text": 1.0, "none": 1.0, "refuted": 0.0}[b.evidence]


def _outcome(
    question: Question, votes: Mapping[str, Stance]
) -> tuple[
    Literal["answered", "contradicted"],
    Direction,
    Literal["agree", "one_paper", "papers_differ", "against_question"],
]:
    yes, no = sum(v == "yes" for v in votes.values()), sum(v == "no" for v in votes.values())
    few: Literal["agree", "one_paper"] = "one_paper" if len(votes) == 1 else "agree"
    if not yes + no:
        return "answered", "open" if question.direction is None else "mixed", few
    if yes and no and min(yes, no) / (yes + no) >= DIFFER:
        return "contradicted", "mixed", "papers_differ"
    if no > yes:
        return "contradicted", "no", "against_question"
    return "answered", "yes", few


def _derived(
    question: Question,
    votes: Mapping[str, Stance],
    bearings: Sequence[Bearing],
    kept: Sequence[SynthesisPaper],
    outcome: str,
    direction: Direction,
    why: str,
) -> tuple[Statement, ...]:
    sides = {s: [p for p, v in votes.items() if v == s] for s in ("yes", "no", "unclear")}
    claims = f"{_count(len(bearings), 'claim')} of {_count(len(votes), 'paper')}"
    verb = "bears" if len(bearings) == 1 else "bear"
    head = f"{claims[:1].upper()}{claims[1:]} among the {len(kept)} read {verb} on the question."
    lines = [Statement(kind="derived", text=head, citations=_cite(votes))]
    if direction == "open":
        lines.append(
            Statement(kind="derived", text="The question asks for no yes or no; what the papers found is quoted below.")
        )
    else:
        said = [
            f"{_count(len(papers), 'paper')} {'says' if len(papers) == 1 else 'say'} {word}"
            for word, papers in (("yes", sides["yes"]), ("no", sides["no"]), ("both or neither", sides["unclear"]))
            if papers
        ]
        text = "; ".join(said) + "."
        text = text[:1].upper() + text[1:]
        lines.append(
            Statement(kind="derived", text=text, citations=_cite([*sides["yes"], *sides["no"], *sides["unclear"]]))
        )
        ends = {
            "papers_differ": "The papers contradict each other.",
            "against_question": "What was found goes against what the question supposes.",
            "one_paper": "No other paper was found that tests it.",
        }
        if why in ends:
            lines.append(Statement(kind="derived", text=ends[why]))
    backed = [b for b in bearings if b.evidence == "own_cells"]
    other = [b for b in bearings if b.independent]
    lines.append(
        Statement(
            kind="derived",
            text=f"Of these claims {_number(len(backed))} agree{'s' if len(backed) == 1 else ''} with the cells of the "
            f"paper’s own tables, and {_number(len(other))} with another paper’s own data.",
            citations=tuple(Reference(paper=b.paper, claim=b.claim) for b in (*backed, *other)[:_SHOWN]),
        )
    )
    return tuple(lines)


def _quotes(bearing: Sequence[Bearing], papers: Sequence[SynthesisPaper]) -> tuple[Statement, ...]:
    texts = {(p.key, c.id): c.text for p in papers for c in p.claims}
    chosen: list[Bearing] = []
    # each side is heard before one is heard again
    for stance in ("yes", "no", "unclear"):
        chosen += _one_a_paper([b for b in bearing if b.stance == stance])[: _SHOWN // 3]
    chosen += [b for b in bearing if b not in chosen][: max(0, _SHOWN - len(chosen))]
    order = {(b.paper, b.claim): i for i, b in enumerate(bearing)}
    chosen.sort(key=lambda b: order[b.paper, b.claim])
    return tuple(
        Statement(kind="quote", text=texts[b.paper, b.claim], citations=(Reference(paper=b.paper, claim=b.claim),))
        for b in chosen
    )


def _nothing(
    kept: Sequence[SynthesisPaper], second_hand: Sequence[Bearing], nearest: Sequence[Bearing]
) -> tuple[Statement, ...]:
    many = len(kept)
    if not many:
        return (Statement(kind="derived", text="No paper could be read, so that nothing is known about the question."),)
    text = "The one paper read does not test this." if many == 1 else f"None of the {many} papers tests this."
    lines = [Statement(kind="derived", text=text)]
    if second_hand:
        cited = tuple(Reference(paper=b.paper, claim=b.claim) for b in second_hand[:_SHOWN])
        verb = "tells" if len(second_hand) == 1 else "tell"
        text = f"{_count(len(second_hand), 'claim')} only {verb} of other people’s findings."
        lines.append(Statement(kind="derived", text=text[:1].upper() + text[1:], citations=cited))
    if nearest:
        best = nearest[0]
        lines.append(
            Statement(
                kind="derived",
                text=f"The nearest claim {best.reason}.",
                citations=(Reference(paper=best.paper, claim=best.claim),),
            )
        )
    return tuple(lines)


def _one_a_paper(bearings: Sequence[Bearing]) -> list[Bearing]:
    """Those of different papers first, in their order, then the others."""
    seen: set[str] = set()
    first: list[Bearing] = []
    rest: list[Bearing] = []
    for b in bearings:
        (rest if b.paper in seen else first).append(b)
        seen.add(b.paper)
    return first + rest


def _cite(papers: Sequence[str] | Mapping[str, object]) -> tuple[Reference, ...]:
    return tuple(Reference(paper=key, claim="") for key in papers)


_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _number(n: int) -> str:
    return _WORDS[n] if n < len(_WORDS) else f"{n:,}"


def _count(n: int, noun: str) -> str:
    return f"{_number(n) if n else 'no'} {noun}{'' if n == 1 else 's'}"
