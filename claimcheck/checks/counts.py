"""Counts and orders over whole rows: "best on 7 of 9", "outperforms BERT on all four datasets", "ranks second".

A count is checked where one row of one table is meant (the paper's own, or one that the claim names) and the table has just as
many result columns as the claim says, so that wins and losses can be counted cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.alignment import ClaimWords, claim_words
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.sides import is_bound
from claimcheck.checks.systems import Systems, listed
from claimcheck.checks.table_index import TableIndex
from claimcheck.foundation.records import Check, Claim, Label, Quantity
from claimcheck.foundation.words import STOP, forms

_AVERAGE = re.compile(r"\b(?:avg|average|mean|overall|macro|params?|parameters|size|#)", re.I)
_BEST = re.compile(
    r"\b(?:best|outperform\w*|state[- ]of[- ]the[- ]art|highest|first|wins?|surpass\w*|beats?|improv\w*|better)\b", re.I
)
_WORST = re.compile(r"\b(?:worst|underperform\w*|lowest|worse)\b", re.I)
_ALL_WORDS = {"both": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_ON_ALL = re.compile(
    rf"\b(?:on|in|across|for)\s+(?:all\s+(?:of\s+)?(?:the\s+)?(?P<all>{'|'.join(_ALL_WORDS)}|\d+)|(?P<both>both))\s+"
    r"(?:\w+\s+){0,2}?(?:datasets?|tasks?|benchmarks?|languages?|corpora|domains?|settings?|metrics?|test\s+sets?)\b",
    re.I,
)
_RIVAL = re.compile(
    r"\b(?:outperform\w*|underperform\w*|surpass\w*|beats?|better\s+than|worse\s+than|improv\w*\s+(?:over|upon))\s+(?P<words>[^,;:]*?)(?:\bon\b|\bin\b|\bacross\b|$|[,;:])",
    re.I,
)
_MIN_ROW = 0.6
MOST_TABLES = 3  # that hold both sides
MANY = 5  # lanes from which "n of m" is rarely met by chance


@dataclass(frozen=True)
class _Lanes:
    """A system of a table and the lanes that a count runs over."""

    table: Systems
    row: int
    columns: tuple[int, ...]
    sure: bool = True  # the one system that the claim can mean


def check_counts(claim: Claim, index: TableIndex) -> list[Check]:
    """A check for each "n of m" of the claim that one row of one table decides."""
    counted: list[tuple[float, float, Quantity | None]] = [
        (q.value, q.total, q) for q in claim.quantities if q.role == "count" and q.total
    ]
    for m in _ON_ALL.finditer(claim.text):
        word = (m["all"] or m["both"]).lower()
        n = float(word) if word.isdigit() else float(_ALL_WORDS[word])
        counted.append((n, n, None))
    if not counted or not (_BEST.search(claim.text) or _WORST.search(claim.text)):
        return []
    words = claim_words(claim, index)
    found = [_count(claim, float(n), int(total or 0), quantity, words, index) for n, total, quantity in counted]
    out = [c for c in found if c is not None]
    # of two counts one is not enough, unless it is wrong
    return out if len(out) == len(found) else [c for c in out if c.label == "refuted"]


_Told = tuple[_Lanes, int, int | None, list[int]]  # system and lanes, wins, rival, lanes won


def _count(
    claim: Claim, n: float, total: int, quantity: Quantity | None, words: ClaimWords, index: TableIndex
) -> Check | None:
    """The count in the one table that gives it; refuted where every table that holds both sides gives another."""
    rival_words = _rival_words(claim.text, quantity)
    # "better than the baseline" names a row that the claim is not about
    compared = _RIVAL.search(claim.text)
    subject = claim.text[: compared.start()] if compared is not None else claim.text
    if quantity is not None and quantity.method:
        subject = f"{quantity.method}: {subject}"  # what "it" stands for
    worst = bool(_WORST.search(claim.text)) and not _BEST.search(_WORST.sub("", claim.text))
    at_least = quantity is not None and quantity.bound in ("at_least", "more_than")
    found = _candidates(total, subject, rival_words, worst, words, index)
    given = [f for f in found if (f[1] >= n if at_least else f[1] == n)]
    named = all(f[2] is not None for f in found) and bool(rival_words)
    if len(found) == 1 and found[0][0].sure:
        lanes, count, rival, wins = found[0]
        return _check(lanes, count, wins, total, n, rival, bool(given), worst, index)
    if given:
        lanes, count, rival, wins = given[0]
        plain = lanes.sure or (n < total and total >= MANY)
        alone = len(given) == 1 and len(found) <= MOST_TABLES
        return _check(lanes, count, wins, total, n, rival, True, worst, index) if plain and alone else None
    if not named or len(found) > MOST_TABLES:
        return None
    if not found:
        # the count is right, but of another number of lanes
        loose = [
            f for f in _candidates(None, subject, rival_words, worst, words, index)
            if f[1] == n and f[2] is not None and _one_digit_off(len(f[0].columns), total)
        ]  # fmt: skip
        found = loose if len(loose) == 1 else []
    if not found:
        return None
    lanes, count, rival, wins = max(found, key=lambda f: f[1])
    return _check(lanes, count, wins, total, n, rival, False, worst, index)


def _one_digit_off(a: int, b: int) -> bool:
    x, y = str(a), str(b)
    return a >= MANY and len(x) == len(y) and sum(p != q for p, q in zip(x, y, strict=True)) == 1


def _candidates(
    total: int | None, subject: str, rival_words: str, worst: bool, words: ClaimWords, index: TableIndex
) -> list[_Told]:
    """The systems that can be meant, with their wins, in every table that has `total` lanes for them (any number: None)."""
    found: list[_Told] = []
    for view in index.views:
        if words.tables and not view.table.is_named(words.tables):
            continue
        for axis in ("row", "column"):
            table = Systems(view, axis)
            rival = _rival_row(table, rival_words, index) if rival_words else None
            if rival_words and rival is None and not _GENERIC.search(rival_words):
                continue
            here: list[_Told] = []
            for lanes in _meant(table, total, words, subject, rival):
                # "every baseline" leaves the paper's own variants out
                wins = _wins(lanes, rival, worst, own_too=not rival_words)
                here.append((lanes, len(wins), rival, wins))
            if here:
                # of several own variants "our model" is the best one
                found.append(max(here, key=lambda f: f[1]))
                break
    return found


_GENERIC = re.compile(r"\b(?:all|other|previous|baselines?|existing|prior|every|state)\b", re.I)


def _rival_words(text: str, quantity: Quantity | None) -> str:
    """What the count is against: the words behind "outperforms"; in a list of counts those just before this one
    ("InferSent on 7 out of 10 and SkipThought on 8 out of 9")."""
    found = _RIVAL.search(text)
    if found is None or quantity is None:
        return found["words"] if found else ""
    before = text[found.start() : quantity.span[0]]
    m = _LISTED.search(before)
    return m["words"] if m and re.search(r"\d|\bof\b", before[: m.start()]) else found["words"]


_LISTED = re.compile(r"(?:,|\band)\s+(?P<words>[A-Z][^,;]{1,40}?)\s+(?:on|in|for)\s*$")


def _meant(table: Systems, total: int | None, words: ClaimWords, text: str, rival: int | None) -> list[_Lanes]:
    """The systems that the claim can mean, with as many result lanes as it says."""
    said = forms(text)
    rows = []
    for r in range(len(table.systems)):
        if r == rival:
            continue
        columns = tuple(
            c for c in range(len(table.lanes))
            if np.isfinite(table.values[r, c]) and (rival is None or np.isfinite(table.values[rival, c]))
            and not _AVERAGE.search(table.lane_name(c))
        )  # fmt: skip
        if len(columns) != total and (total is not None or len(columns) < MANY):
            continue
        name = table.systems[r] - STOP
        share = len(name & said) / len(name) if name else 0.0
        if (table.own[r] and words.own) or share >= _MIN_ROW:
            rows.append((share + 0.5 * bool(table.own[r]), r, columns))
    if not rows:
        return []
    best = max(rows)[0]
    top = [(r, c) for s, r, c in rows if s >= best - 1e-9]
    # several own systems: the one that gives the count will do, but none of them refutes it
    if len(top) > 1 and not all(table.own[r] for r, _ in top):
        return []
    return [_Lanes(table, r, c, len(top) == 1) for r, c in top]


def _rival_row(table: Systems, words: str, index: TableIndex) -> int | None:
    found = listed(words, table, index)
    if len(found) == 1:
        return found[0]
    said = forms(words)
    best: list[tuple[float, int]] = []
    for r, name in enumerate(table.systems):
        special = name - STOP
        if special and special <= said and np.isfinite(table.values[r]).any():
            best.append((len(special), r))
    best.sort(reverse=True)
    return best[0][1] if best and (len(best) == 1 or best[0][0] > best[1][0]) else None


def _wins(lanes: _Lanes, rival: int | None, worst: bool, own_too: bool) -> list[int]:
    """The lanes in which the system is at least as good as its rival, or as every other one where none is named."""
    out = []
    table = lanes.table
    rows = [
        r for r in range(len(table.own))
        if r != lanes.row and (own_too or not table.own[r]) and not is_bound(table.system_name(r))
    ]  # fmt: skip
    for c in lanes.columns:
        column = table.values[:, c]
        mine = float(column[lanes.row])
        others = (
            [float(column[rival])] if rival is not None else [float(column[r]) for r in rows if np.isfinite(column[r])]
        )
        less = bool(table.view.lower_is_better[table.cell(lanes.row, c)]) != worst
        if others and np.isfinite(others).all() and (mine <= min(others) if less else mine >= max(others)):
            if rival is not None and mine == others[0]:
                continue  # a tie is no win over one rival
            out.append(c)
    return out


def _check(
    lanes: _Lanes,
    count: int,
    wins: Sequence[int],
    total: int,
    n: float,
    rival: int | None,
    holds: bool,
    worst: bool,
    index: TableIndex,
) -> Check:
    table, view = lanes.table, lanes.table.view
    label: Label = "supported" if holds else "refuted"
    against = table.system_name(rival) if rival is not None else f"all other {table.axis}s"
    word = "worst" if worst else "best" if rival is None else "ahead"
    said = "" if holds else f", not {n:g} of {total}"
    mine = [table.cell(lanes.row, c) for c in lanes.columns]
    numbers = ", ".join(printed_number(view, x) for x in mine)
    places = ", ".join(table.lane_name(c) for c in wins) or f"no {'column' if table.axis == 'row' else 'row'}"
    cells = mine + ([table.cell(rival, c) for c in lanes.columns] if rival is not None else [])
    evidence = view.evidence(((r, c) for r, c in cells if view.table.grid[r][c].text), index.paper)
    return Check(
        kind="cells",
        label=label,
        score=0.8 if holds else 0.75,
        evidence=evidence,
        derivation=f"{word} in {count} of {len(lanes.columns)} ({numbers} against {against}){said}: {table_name(view.table)}, {table.system_name(lanes.row)}, {places}",
        reason="" if holds else "counting the cells gives another number",
    )
