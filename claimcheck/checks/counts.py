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
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.records import Check, Claim, Evidence, Label, Quantity
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


@dataclass(frozen=True)
class _Lanes:
    """A row of a table and the columns that a count runs over."""

    view: TableView
    row: int
    columns: tuple[int, ...]


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
    out = []
    for n, total, quantity in counted:
        check = _count(claim, float(n), int(total or 0), quantity, words, index)
        if check is not None:
            out.append(check)
    return out


def _count(
    claim: Claim, n: float, total: int, quantity: Quantity | None, words: ClaimWords, index: TableIndex
) -> Check | None:
    rival_words = _RIVAL.search(claim.text)
    # "better than the baseline" names a row that the claim is not about
    subject = claim.text.replace(rival_words["words"], " ") if rival_words else claim.text
    worst = bool(_WORST.search(claim.text)) and not _BEST.search(_WORST.sub("", claim.text))
    found: list[tuple[_Lanes, int, int | None, list[int]]] = []
    for view in index.views:
        if words.tables and not view.table.is_named(words.tables):
            continue
        for lanes in _meant(view, total, words, subject):
            rival = _rival_row(view, lanes.row, rival_words["words"] if rival_words else "")
            if (
                rival_words
                and rival is None
                and not re.search(
                    r"\b(?:all|other|previous|baselines?|existing|prior|every|state)\b", rival_words["words"], re.I
                )
            ):
                continue
            # "every baseline" leaves the paper's own variants out
            wins = _wins(lanes, rival, worst, own_too=rival_words is None)
            found.append((lanes, len(wins), rival, wins))
    if len(found) != 1:
        exact = [f for f in found if f[1] == n]
        if len(exact) != 1 or len(found) > 2:
            return None
        found = exact
    lanes, wins_count, rival, wins = found[0]
    bound = quantity.bound if quantity is not None else None
    holds = wins_count >= n if bound in ("at_least", "more_than") else wins_count == n
    return _check(lanes, wins_count, wins, total, n, rival, holds, worst, index)


def _meant(view: TableView, total: int, words: ClaimWords, text: str) -> list[_Lanes]:
    """The rows that the claim can mean, with as many result columns as it says."""
    said = forms(text)
    rows = []
    for r in range(view.table.header_rows, view.table.height):
        columns = tuple(
            c for c in range(view.table.stub_columns, view.table.width)
            if np.isfinite(view.values[r, c]) and not _AVERAGE.search(view.table.column_name(c))
        )  # fmt: skip
        if len(columns) != total:
            continue
        name = view.row_forms[r] - STOP
        share = len(name & said) / len(name) if name else 0.0
        if (view.own_rows[r] and words.own) or share >= _MIN_ROW:
            rows.append((share + 0.5 * bool(view.own_rows[r]), r, columns))
    if not rows:
        return []
    best = max(rows)[0]
    top = [(r, c) for s, r, c in rows if s >= best - 1e-9]
    # several own rows: the last one is the full system in most tables, but that is a guess, so none is taken
    return [_Lanes(view, *top[0])] if len(top) == 1 else []


def _rival_row(view: TableView, row: int, words: str) -> int | None:
    said = forms(words)
    best: list[tuple[float, int]] = []
    for r in range(view.table.header_rows, view.table.height):
        special = (view.row_forms[r] - view.row_forms[row]) - STOP
        if r != row and special and special <= said and np.isfinite(view.values[r]).any():
            best.append((len(special), r))
    best.sort(reverse=True)
    return best[0][1] if best and (len(best) == 1 or best[0][0] > best[1][0]) else None


def _wins(lanes: _Lanes, rival: int | None, worst: bool, own_too: bool) -> list[int]:
    """The columns in which the row is at least as good as its rival, or as every other row where none is named."""
    out = []
    own = lanes.view.own_rows
    rows = [r for r in range(len(own)) if r != lanes.row and (own_too or not own[r])]
    for c in lanes.columns:
        column = lanes.view.values[:, c]
        mine = float(column[lanes.row])
        others = (
            [float(column[rival])] if rival is not None else [float(column[r]) for r in rows if np.isfinite(column[r])]
        )
        less = bool(lanes.view.lower_is_better[lanes.row, c]) != worst
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
    view = lanes.view
    label: Label = "supported" if holds else "refuted"
    against = f"{view.table.row_name(rival)}" if rival is not None else "all other rows"
    word = "worst" if worst else "best" if rival is None else "ahead"
    said = "" if holds else f", not {n:g} of {total}"
    numbers = ", ".join(printed_number(view, (lanes.row, c)) for c in lanes.columns)
    places = ", ".join(view.table.column_name(c) for c in wins) or "no column"
    evidence = [
        Evidence(quote=view.table.grid[lanes.row][c].text, pointer=view.pointer(lanes.row, c, index.paper))
        for c in lanes.columns
    ]
    if rival is not None:
        evidence += [
            Evidence(quote=view.table.grid[rival][c].text, pointer=view.pointer(rival, c, index.paper))
            for c in lanes.columns
            if view.table.grid[rival][c].text
        ]
    return Check(
        kind="cells",
        label=label,
        score=0.8 if holds else 0.75,
        evidence=evidence,
        derivation=f"{word} in {count} of {total} ({numbers} against {against}){said}: {table_name(view.table)}, {view.table.row_name(lanes.row)}, {places}",
        reason="" if holds else "counting the cells gives another number",
    )
