"""Orders that a claim states without a score: a rank in a column, a trend along numbered rows, a gap within the spread.

Each is checked where the claim names the row (or the axis) and every column that it can mean agrees; a rank refutes only in
a table that the claim itself names, for a table seldom holds every system that was ranked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from claimcheck.checks.alignment import ClaimWords, claim_words
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.derivations import is_change
from claimcheck.checks.systems import systems_named, table_rows
from claimcheck.checks.table_index import METRICS, TableIndex, TableView
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Check, Claim, Label
from claimcheck.foundation.words import forms

_ORDINALS = {w: i for i, w in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)}
_PLACE = rf"(?P<ordinal>{'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
_RANK = re.compile(
    rf"\b(?:ranks?|ranked|ranking|places?|placed|comes?|came|is|was|achieves?|obtains?|takes?)\s+(?:in\s+)?(?:the\s+)?{_PLACE}"
    r"(?:[\s-]+(?P<best>best|highest|lowest|worst|place|rank|position)\b)?(?P<rest>[^.;]*)",
    re.I,
)
_RANKING = re.compile(r"\brank|\bplace|\bcome|\bcame", re.I)
_TREND = re.compile(
    r"\b(?P<verb>increas(?:es|ed|e|ing)|improv(?:es|ed|e|ing)|ris(?:es|e|ing)|rose|grows?|grew|decreas(?:es|ed|e|ing)|degrad(?:es|ed|e|ing)|"
    r"drops?|dropped|falls?|fell|declin(?:es|ed|e|ing)|worsens?|shrinks?|reduc(?:es|ed))\s+(?:\w+ly\s+)?"
    r"(?:as|with|when|at|for)\s+(?:an?\s+|the\s+)?(?:(?P<each>(?:every|each)\s+(?:further\s+|additional\s+)?(?:increase|step|doubling|addition|increment)(?:\s+(?:of|in))?)|more|larger|increasing|growing|higher|longer|bigger|number|size|amount|\w+\s+(?:number|size|increases?|grows?))"
    r"(?P<axis>[^.;,]*)",
    re.I,
)
_DOWNWARD = re.compile(r"decreas|degrad|drop|fall|fell|declin|worsen|shrink|reduc", re.I)
_OF_QUALITY = re.compile(r"improv|degrad|worsen", re.I)
_WITHIN = re.compile(
    r"\bwithin\s+(?:one|a|the|1)\s+(?:standard\s+deviation|std\.?|error\s+bars?|margin\s+of\s+error)", re.I
)
LEAST_STEPS = 3  # numbered rows that a trend needs
CLEAR = 0.8  # rank correlation from which a column rises or falls


def check_orders(claim: Claim, index: TableIndex) -> list[Check]:
    """A check for each rank, trend and gap within the spread that the tables decide."""
    rank, trend, within = _RANK.search(claim.text), _TREND.search(claim.text), _WITHIN.search(claim.text)
    if rank is None and trend is None and within is None:
        return []
    words = claim_words(claim, index)
    named = words.tables or words.near_tables
    views = [v for v in index.views if not named or v.table.is_named(named)]
    found: list[Check | None] = []
    if rank is not None:
        # a leaderboard or a shared task is ranked elsewhere, unless the sentence is about a table
        ranked = views if named or rank["best"] in ("best", "highest", "lowest", "worst") else []
        found.append(_agreed([_rank(claim.text, rank, v, words, index) for v in ranked]))
    if trend is not None:
        found.append(_agreed([_trend(trend, v, words, index) for v in views]))
    if within is not None:
        found.append(_agreed([_within(claim.text, within, v, index) for v in views]))
    return [c for c in found if c is not None]


def _agreed(checks: Sequence[Check | None]) -> Check | None:
    """The first check, where tables that say anything say the same."""
    told = [c for c in checks if c is not None]
    return told[0] if len({c.label for c in told}) == 1 else None


def _rank(text: str, m: re.Match[str], view: TableView, words: ClaimWords, index: TableIndex) -> Check | None:
    if not m["best"] and not _RANKING.search(m[0]):
        return None  # "the first to ..."
    before = re.split(r"[;:,]|\b(?:while|whereas|but|and)\b", text[: m.start()])[-1]
    rows = systems_named(before, table_rows(view), index)
    if len(rows) != 1:
        return None
    row = rows[0]
    word = m["ordinal"].lower()
    claimed = _ORDINALS.get(word) or int(word[:-2])
    lanes = [c for c in _score_lanes(view, words, forms(m["rest"])) if np.isfinite(view.values[row, c])]
    if not lanes or len(lanes) > 4:
        return None
    ranks = []
    for c in lanes:
        column = view.values[view.table.header_rows :, c]
        column = column[np.isfinite(column)]
        worst = bool(m["best"]) and m["best"].lower() in ("lowest", "worst")
        less = bool(view.lower_is_better[row, c]) != worst
        mine = float(view.values[row, c])
        ranks.append(1 + int((column < mine).sum() if less else (column > mine).sum()))
        if len(column) < 3:
            return None
    holds = all(r == claimed for r in ranks)
    if not holds and (claimed in ranks or not words.tables):
        return None
    shown = ", ".join(f"{printed_number(view, (row, c))} is number {r}" for c, r in zip(lanes, ranks, strict=True))
    against = "" if holds else f", not number {claimed}"
    place = (
        f"{table_name(view.table)}, {view.table.row_name(row)}, {', '.join(view.table.column_name(c) for c in lanes)}"
    )
    return _made(view, [(row, c) for c in lanes], holds, f"{shown}{against}: {place}", index)


def _trend(m: re.Match[str], view: TableView, words: ClaimWords, index: TableIndex) -> Check | None:
    """A column against the numbers that its rows are named by, where what the claim says grows names the rows."""
    t = view.table
    steps: list[tuple[float, int]] = []
    for r in range(t.header_rows, t.height):
        name = cell_numbers(t.grid[r][0].text) if t.width else ()
        if len(name) == 1 and t.stub_columns:
            steps.append((name[0].value, r))
    corner = forms(" ".join(t.grid[r][0].text for r in range(t.header_rows))) | view.caption_forms
    axis = forms(m["axis"]) or forms(m[0])
    if len(steps) < LEAST_STEPS or not axis & corner:
        return None
    steps.sort()
    lanes = [c for c in _score_lanes(view, words, axis) if all(np.isfinite(view.values[r, c]) for _, r in steps)]
    if not lanes:
        return None
    sizes = np.array([s for s, _ in steps])
    if len(np.unique(sizes)) < LEAST_STEPS:
        return None
    down = bool(_DOWNWARD.search(m["verb"]))
    signs = []
    for c in lanes:
        values = np.array([float(view.values[r, c]) for _, r in steps])
        rho = _rank_correlation(sizes, values)
        if m["each"]:
            rho = 1.0 if (np.diff(values) > 0).all() else -1.0 if (np.diff(values) < 0).all() else 0.0
        falls = down != (bool(_OF_QUALITY.search(m["verb"])) and bool(view.lower_is_better[steps[0][1], c]))
        broken = -1 if m["each"] else 0  # one step the other way breaks "with every increase"
        signs.append(broken if abs(rho) < CLEAR else 1 if (rho < 0) == falls else -1)
    if len(set(signs)) != 1 or not signs[0]:
        return None
    holds = signs[0] > 0
    c = lanes[0]
    shown = ", ".join(f"{printed_number(view, (r, c))} at {s:g}" for s, r in steps)
    against = "" if holds else f', against "{m["verb"]}"'
    place = f"{table_name(t)}, rows {t.row_name(steps[0][1])} to {t.row_name(steps[-1][1])}, {t.column_name(c)}"
    return _made(view, [(r, c) for _, r in steps], holds, f"{shown}{against}: {place}", index)


def _within(text: str, m: re.Match[str], view: TableView, index: TableIndex) -> Check | None:
    """Two rows whose figures differ by no more than the larger spread printed beside them."""
    parts = re.split(r"\b(?:of|to|from|and|as)\b", text[m.end() :], maxsplit=1)
    first = systems_named(text[: m.start()], table_rows(view), index)
    second = systems_named(parts[-1], table_rows(view), index)
    if len(first) != 1 or len(second) != 1 or first == second:
        return None
    told = []
    for c in range(view.table.stub_columns, view.table.width):
        cells = [cell_numbers(view.table.grid[r][c].text) for r in (first[0], second[0])]
        if all(len(n) == 1 and n[0].spread is not None for n in cells):
            gap, spread = abs(cells[0][0].value - cells[1][0].value), max(n[0].spread or 0.0 for n in cells)
            told.append((c, gap <= spread, gap, spread))
    if not told or len({x for _, x, _, _ in told}) != 1:
        return None
    c, holds, gap, spread = told[0]
    a, b = ((r, c) for r in (first[0], second[0]))
    sign = "<=" if holds else ">"
    place = f"{table_name(view.table)}, {view.table.row_name(a[0])} - {view.table.row_name(b[0])}, {view.table.column_name(c)}"
    line = f"|{printed_number(view, a)} - {printed_number(view, b)}| = {gap:.4g} {sign} {spread:g}: {place}"
    return _made(view, [a, b], holds, line, index)


def _score_lanes(view: TableView, words: ClaimWords, said: frozenset[str]) -> list[int]:
    """The columns that the words name, else every column of scores."""
    lanes = [
        c for c in range(view.table.stub_columns, view.table.width)
        if np.isfinite(view.values[:, c]).sum() >= LEAST_STEPS and not is_change(view.table.column_name(c))
    ]  # fmt: skip
    spoken = said | frozenset(t.form for t in words.words)
    metric = [c for c in lanes if view.column_forms[c] & METRICS & spoken]
    lanes = metric or lanes
    telling = [f for f in spoken if 0 < sum(f in view.column_forms[c] for c in lanes) < len(lanes)]
    return [c for c in lanes if any(f in view.column_forms[c] for f in telling)] or lanes


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one side does not vary."""
    rx, ry = (np.array([float((v < u).sum() + 0.5 * ((v == u).sum() - 1)) for u in v]) for v in (x, y))
    if rx.std() == 0 or ry.std() == 0:
        return 0.0
    return float(np.corrcoef(rx, ry)[0, 1])


def _made(view: TableView, cells: Sequence[tuple[int, int]], holds: bool, line: str, index: TableIndex) -> Check:
    label: Label = "supported" if holds else "refuted"
    return Check(
        kind="direction",
        label=label,
        score=0.7 if holds else 0.65,
        evidence=view.evidence(cells, index.paper),
        derivation=line,
        reason="" if holds else "the table shows another order",
    )
