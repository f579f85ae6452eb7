"""Statements made from tables in the wording of result sections, their truth computed from the cells, and unanswerable ones.

A true statement is made from the cells of a table; a false one is the true one with one part changed (direction, names, value,
quantity or a negation) whose truth is computed again; one that cannot be told names a column, a row or a reason that the table
does not have. Negated statements are three times as often false as true: papers tell what holds, and an error is more often
made by denying it than by denying what is false.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.statements.facts import Facts
from claimcheck.foundation.records import Label

OPENINGS = (
    "", "", "", "We observe that ", "In general, ", "As shown in the table, ", "We can see that ", "Moreover, ", "In particular, ",
    "However, ", "The results show that ", "It can be seen that ", "Interestingly, ", "Overall, ", "We find that ",
)  # fmt: skip
CLOSINGS = (
    "", "", "", "", ", which shows its effectiveness", ", as we expected", ", demonstrating the benefit of this choice",
    ", which is in line with earlier findings",
)  # fmt: skip
REASONS = (
    " because it has been trained on more data", " due to its larger capacity", ", since it can make use of longer context",
    ", which is caused by the noise in the training data", " as a result of better regularization", " thanks to the attention mechanism",
    ", which suggests that the gap comes from the annotation procedure", ", because annotators disagreed on the harder cases",
)  # fmt: skip
ABSENT = (
    "the random baseline", "human performance", "a fully supervised variant", "the earlier release", "the reference system",
    "previous work", "the larger configuration", "the rule-based system",
)  # fmt: skip
ABSENT_LANES = (
    "training time", "memory use", "out-of-domain data", "the number of annotators", "statistical significance", "inference speed",
    "the cost of labelling", "the error rate of beginners", "robustness to noise",
)  # fmt: skip
BETTER = (
    "has a higher {lane} than",
    "exceeds {lane} of",
    "is higher in {lane} than",
    "gets more {lane} than",
    "outperforms in {lane}",
)
WORSE = ("has a lower {lane} than", "is lower in {lane} than", "gets less {lane} than", "falls behind in {lane}")
NOT_BETTER = (
    "does not have a higher {lane} than",
    "is not higher in {lane} than",
    "does not outperform in {lane}",
    "fails to exceed in {lane}",
)


@dataclass(frozen=True)
class Made:
    """A statement and what the table says of it."""

    text: str
    label: Label


def make(facts: Facts, rng: random.Random, count: int, asides: Sequence[str]) -> list[Made]:
    """Up to `count` statements about a table; fewer where it has too few values or names.

    `asides` are clauses of other texts that are put before or after a core, as result sentences carry more than the table
    tells; they leave the label as it is.
    """
    lanes = [
        c
        for c in facts.numeric_columns
        if c > 0 and np.isfinite(facts.values[:, c]).sum() >= 3 and short(facts.column_name(c))
    ]
    named = next((c for c in range(facts.width) if not facts.numeric[c]), None)
    if named is None or not lanes:
        return []
    rows = [r for r in range(len(facts.rows)) if short(facts.texts[r][named])]
    if len({facts.texts[r][named] for r in rows}) < max(3, len(rows) - 1) or len(rows) < 3:
        return []
    makers = (comparison, comparison, superlative, difference, all_lanes, lookup, wins, unknown, unknown)
    out: list[Made] = []
    for _ in range(count * 3):
        made = rng.choice(makers)(facts, rng, rows, lanes, named)
        if made is None or (made.label == "refuted" and rng.random() < 0.4):
            continue
        if made.label != "not_enough_info" and rng.random() < 0.25:
            second = rng.choice((comparison, superlative, lookup))(facts, rng, rows, lanes, named)
            if second is not None and second.label == "supported":
                made = Made(f"{made.text}, {rng.choice(('and', 'while', 'whereas'))} {second.text}", made.label)
        if made.label == "supported" and rng.random() < 0.12:
            made = denied(made)
        text = made.text
        if made.label != "not_enough_info" and rng.random() < 0.4:
            text = blurred(text, facts, rng, named)
        if asides and rng.random() < 0.4:
            aside = rng.choice(asides)
            text = f"{text}, {aside}" if rng.random() < 0.6 else f"{aside}, {text}"
        opening, closing = rng.choice(OPENINGS), rng.choice(CLOSINGS)
        out.append(Made(f"{opening}{text}{closing}.", made.label))
        if len(out) == count:
            break
    return out


_GENERIC_ROWS = ("the model", "this variant", "our approach", "the system", "it", "the former", "this setting")
_GENERIC_LANES = ("performance", "quality", "results", "scores", "the measure", "values")


def blurred(text: str, facts: Facts, rng: random.Random, named: int) -> str:
    """The statement with one of its names made general, as people write; the programs then have less to go by, either way."""
    rows = [(t, _GENERIC_ROWS) for t in {row[named] for row in facts.texts} if t and t in text]
    lanes = [(t, _GENERIC_LANES) for t in {facts.column_name(c) for c in facts.numeric_columns} if t and t in text]
    if not rows and not lanes:
        return text
    name, general = rng.choice(sorted(rows + lanes))
    return text.replace(name, rng.choice(general))


_DENIALS = (
    (" has ", " does not have "), (" is ", " is not "), (" outperforms ", " does not outperform "), (" improves ", " does not improve "),
    (" exceeds ", " does not exceed "), (" reaches ", " does not reach "), (" obtains ", " fails to obtain "), (" gets ", " does not get "),
    (" achieves ", " does not achieve "), (" increases ", " does not increase "), (" reduces ", " does not reduce "),
)  # fmt: skip


def denied(made: Made) -> Made:
    """A true statement with its first verb denied, which makes it false; unchanged where it has none or is denied already."""
    if " not " in made.text or " fails " in made.text:
        return made
    found = [(made.text.index(a), a, b) for a, b in _DENIALS if a in made.text]
    if not found:
        return made
    _, verb, no = min(found)
    return Made(made.text.replace(verb, no, 1), "refuted")


def short(text: str) -> bool:
    """Whether a name can stand in a sentence."""
    return 1 < len(text.strip()) < 40 and any(c.isalpha() for c in text)


def _label(holds: bool) -> Label:
    return "supported" if holds else "refuted"


def _pair(facts: Facts, rng: random.Random, rows: Sequence[int], lane: int) -> tuple[int, int] | None:
    found = [r for r in rows if np.isfinite(facts.values[r, lane])]
    if len(found) < 2:
        return None
    a, b = rng.sample(found, 2)
    return None if facts.values[a, lane] == facts.values[b, lane] else (a, b)


def comparison(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A has a higher X than B", its direction swapped or denied."""
    lane = rng.choice(lanes)
    pair = _pair(facts, rng, rows, lane)
    if pair is None:
        return None
    a, b = pair
    above = bool(facts.values[a, lane] > facts.values[b, lane])
    style = rng.random()
    if style < 0.4:
        phrase, says = rng.choice(BETTER), True
    elif style < 0.75:
        phrase, says = rng.choice(WORSE), False
    else:
        if above is False and rng.random() < 0.67:
            return None  # denials are mostly of what holds
        phrase, says = rng.choice(NOT_BETTER), False
    lane_name = facts.column_name(lane)
    return Made(
        f"{facts.texts[a][named]} {phrase.format(lane=lane_name)} {facts.texts[b][named]}", _label(above == says)
    )


def superlative(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A has the highest X", "the lowest X is that of A", with the name or the end swapped."""
    lane = rng.choice(lanes)
    found = [r for r in rows if np.isfinite(facts.values[r, lane])]
    if len(found) < 3:
        return None
    values = facts.values[:, lane]
    top = rng.random() < 0.5
    extreme = (np.nanmax if top else np.nanmin)(values)
    winners = [r for r in found if values[r] == extreme]
    if not winners:
        return None
    true = rng.random() < 0.5
    losers = [r for r in found if values[r] != extreme]
    if not losers:
        return None
    row = rng.choice(winners if true else losers)
    word = rng.choice(("highest", "largest", "maximum") if top else ("lowest", "smallest", "minimum"))
    name, lane_name = facts.texts[row][named], facts.column_name(lane)
    denied = rng.random() < 0.15 and true
    verb = "does not have" if denied else "has"
    text = rng.choice(
        (f"{name} {verb} the {word} {lane_name}", f"the {word} {lane_name} is {'not ' if denied else ''}that of {name}")
    )
    return Made(text, _label(true and not denied))


def difference(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A improves X over B by 3.1 points", with the number or the direction changed."""
    lane = rng.choice(lanes)
    pair = _pair(facts, rng, rows, lane)
    if pair is None:
        return None
    a, b = pair
    gap = float(facts.values[a, lane] - facts.values[b, lane])
    decimals = max(len(facts.texts[r][lane].partition(".")[2].strip("% )")) for r in pair)
    decimals = min(decimals, 3)
    said = abs(gap)
    true = rng.random() < 0.5
    direction = gap > 0
    if not true:
        if rng.random() < 0.5:
            direction = not direction
        else:
            said = said * rng.choice((0.5, 0.8, 1.3, 2.0)) + rng.choice((1, 2, 3)) * 10.0**-decimals
    verb = rng.choice(("improves", "increases", "raises") if direction else ("decreases", "reduces", "drops"))
    unit = rng.choice((" points", "", " absolute"))
    text = f"{facts.texts[a][named]} {verb} {facts.column_name(lane)} over {facts.texts[b][named]} by {said:.{decimals}f}{unit}"
    return Made(text, _label(true))


def all_lanes(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A outperforms B on all columns", or consistently, or on none."""
    if len(lanes) < 2:
        return None
    a, b = rng.sample(list(rows), 2)
    gaps = facts.values[a, lanes] - facts.values[b, lanes]
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 2:
        return None
    holds = bool((gaps > 0).all())
    if not holds and rng.random() < 0.5:
        return None
    words = rng.choice(
        (
            "has higher values than {b} in all columns",
            "consistently has higher values than {b}",
            "outperforms {b} in every column",
        )
    )
    return Made(f"{facts.texts[a][named]} {words.format(b=facts.texts[b][named])}", _label(holds))


def lookup(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A reaches 81.2 in X", or the value of another cell, or none at all."""
    lane = rng.choice(lanes)
    row = rng.choice(list(rows))
    number = next(iter(facts.numbers[row][lane]), None)
    if number is None or not np.isfinite(facts.values[row, lane]):
        return None
    others = [n for r in rows for n in facts.numbers[r][lane][:1] if n != number]
    true = rng.random() < 0.5 or not others
    said = number if true else rng.choice(others) if rng.random() < 0.6 else number * rng.choice((0.9, 1.1, 1.5)) + 1
    decimals = len(f"{number:.6g}".partition(".")[2])
    verb = rng.choice(("reaches", "obtains", "has", "achieves"))
    return Made(f"{facts.texts[row][named]} {verb} {facts.column_name(lane)} of {said:.{decimals}f}", _label(true))


def wins(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """ "A is best on most columns": more than half of its lanes are the highest."""
    if len(lanes) < 3:
        return None
    row = rng.choice(list(rows))
    held = [facts.values[row, c] == np.nanmax(facts.values[:, c]) for c in lanes]
    share = float(np.mean(held))
    if 0.34 < share < 0.67:
        return None
    return Made(f"{facts.texts[row][named]} has the highest values in most columns", _label(share > 0.5))


def unknown(facts: Facts, rng: random.Random, rows: Sequence[int], lanes: Sequence[int], named: int) -> Made | None:
    """A reason, a rival or a column that the table does not have, on a core that it has."""
    core = rng.choice((comparison, superlative))(facts, rng, rows, lanes, named)
    if core is None:
        return None
    name = facts.texts[rng.choice(list(rows))][named]
    kind = rng.random()
    if kind < 0.4:
        return Made(core.text + rng.choice(REASONS), "not_enough_info")
    if kind < 0.7:
        phrase = rng.choice(BETTER + WORSE).format(lane=facts.column_name(rng.choice(list(lanes))))
        return Made(f"{name} {phrase} {rng.choice(ABSENT)}", "not_enough_info")
    phrase = rng.choice(
        ("is better in {lane}", "improves {lane}", "has the lowest {lane}", "does not depend on {lane}")
    )
    return Made(f"{name} {phrase.format(lane=rng.choice(ABSENT_LANES))}", "not_enough_info")
