"""Two figures that cells give though no cell prints them: the greatest spread of a table, and one number's share of another.

"The standard deviation never exceeds 0.9" is held against every spread that stands beside a score; "2.4 % of the 110M" against
the two numbers that the sentence itself states, where one row or column prints both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from claimcheck.checks.alignment import ClaimWords
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Check, Label, Quantity

Cell = tuple[int, int]
_SPREAD = re.compile(
    r"\b(?:standard\s+deviations?|std\.?|stdev|spread|variation)\b[^.;]*?\b(?:"
    r"(?P<most>never\s+(?:exceeds?|exceeded|above|over|more\s+than|larger\s+than)|(?:do(?:es)?|did)\s+not\s+exceed|at\s+most|no\s+more\s+than|"
    r"not\s+more\s+than|below|under|less\s+than|smaller\s+than|within|up\s+to)"
    r"|(?P<least>at\s+least|above|over|more\s+than|exceeds?))\s+(?:an?\s+)?$",
    re.I,
)
_OF_WHOLE = re.compile(
    r"^\s*(?:percent\s+)?(?:of|out\s+of)\s+(?:the\s+|its\s+|all\s+|our\s+)*(?P<n>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[KMB])?\b"
)
_NUMBER = re.compile(r"(?<![\w.])(?P<n>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[KMB])?\b")


def is_of_whole(quantity: Quantity, text: str) -> bool:
    """Whether the claim gives a percentage as a share of a number that it states ("2.4% of the 110M")."""
    return quantity.unit == "percent" and _OF_WHOLE.match(text[quantity.span[1] :]) is not None


def check_share(quantity: Quantity, views: Sequence[TableView], words: ClaimWords, index: TableIndex) -> Check | None:
    """The check of a share of a stated number, or of a bound on the spread; None where the tables do not print what it needs."""
    if is_of_whole(quantity, words.text):
        return _share(quantity, words.text, views, index)
    bound = _SPREAD.search(words.text[: quantity.span[0]])
    return None if bound is None else _spread(quantity, bound, views, index)


def _spread(quantity: Quantity, bound: re.Match[str], views: Sequence[TableView], index: TableIndex) -> Check | None:
    found: list[tuple[float, TableView, Cell]] = []
    for view in views:
        for r, c in zip(*np.nonzero(np.isfinite(view.values)), strict=True):
            numbers = cell_numbers(view.table.grid[r][c].text)
            if len(numbers) == 1 and numbers[0].spread is not None:
                found.append((numbers[0].spread, view, (int(r), int(c))))
    if len(found) < 2:
        return None
    spread, view, cell = max(found, key=lambda f: f[0]) if bound["most"] else min(found, key=lambda f: f[0])
    slack = 1e-9
    holds = spread <= quantity.value + slack if bound["most"] else spread >= quantity.value - slack
    which = "greatest" if bound["most"] else "least"
    t = view.table
    told = f" ({' '.join(bound[0].split()[-2:])} {quantity.text})" if holds else f", not {quantity.text}"
    line = f"{which} of {len(found)} spreads: {spread:g}{told}: {table_name(t)}, {t.row_name(cell[0])}, {t.column_name(cell[1])}"
    return _check(view, [cell], holds, line, index)


def _share(quantity: Quantity, text: str, views: Sequence[TableView], index: TableIndex) -> Check | None:
    """100 * part / whole, where the sentence states both and one row or column prints both."""
    behind = _OF_WHOLE.match(text[quantity.span[1] :])
    before = list(_NUMBER.finditer(text, 0, quantity.span[0]))
    if behind is None or not before:
        return None
    part = before[-1]
    if (part["scale"] or "") != (behind["scale"] or ""):
        return None
    a, b = (float(m["n"].replace(",", "")) for m in (part, behind))
    if b <= 0 or a == b:
        return None
    for view in views:
        pair = _in_one_lane(view, a, b)
        if pair is None:
            continue
        value = 100 * a / b
        half = quantity.half_width + 100 * 0.5 * 10.0 ** -len(part["n"].partition(".")[2]) / b
        holds = abs(value - quantity.value) <= half
        t = view.table
        shown = f"{value:.{quantity.decimals + 1}f}"
        told = f" ≈ {quantity.text}" if holds else f", not {quantity.text}"
        x, y = (printed_number(view, c) for c in pair)
        names = f"{t.row_name(pair[0][0])} / {t.row_name(pair[1][0])}, {t.column_name(pair[0][1])}"
        if pair[0][0] == pair[1][0]:
            names = f"{t.row_name(pair[0][0])}, {t.column_name(pair[0][1])} / {t.column_name(pair[1][1])}"
        return _check(view, list(pair), holds, f"100 * {x} / {y} = {shown}{told}: {table_name(t)}, {names}", index)
    return None


def _in_one_lane(view: TableView, a: float, b: float) -> tuple[Cell, Cell] | None:
    """The first two cells of one column, or one row, that print two numbers."""
    mine, theirs = (np.argwhere(np.abs(view.values - v) < 1e-9) for v in (a, b))
    for r, c in mine:
        for s, d in theirs:
            if c == d or r == s:
                return (int(r), int(c)), (int(s), int(d))
    return None


def _check(view: TableView, cells: Sequence[Cell], holds: bool, line: str, index: TableIndex) -> Check:
    label: Label = "supported" if holds else "refuted"
    return Check(
        kind="cells",
        label=label,
        score=0.75 if holds else 0.7,
        evidence=view.evidence(cells, index.paper),
        derivation=line,
        reason="" if holds else "the cells give another figure",
    )
