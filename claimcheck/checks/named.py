"""Comparisons that print no number: "X outperforms Y on Z", checked where the words name both rows and the column.

Both sides must be rows (or columns) of one table, named in full and uniquely; "our model" is the own row where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from claimcheck.checks.alignment import claim_words
from claimcheck.checks.cells import Finding
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.directions import EXCEPT, Comparison, comparisons, excepts
from claimcheck.checks.doubts import of_earlier_work
from claimcheck.checks.orders import check_orders
from claimcheck.checks.parts import check_parts
from claimcheck.checks.sides import check_sides, same_figure
from claimcheck.checks.systems import raw_sense
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.records import Check, Claim, Evidence, Label
from claimcheck.foundation.words import STOP, forms

_AVERAGE = re.compile(r"\b(?:avg|average|mean|overall|params?|parameters)\b", re.I)
_OWN = re.compile(r"\b(?:our|ours|proposed|we)\b", re.I)
_ENUMERATED = re.compile(r"\(1\).*\(2\)|\bi\).*\bii\)", re.S)  # a list of contributions is several claims
_HEDGED = re.compile(
    r"\b(?:some|many|most|often|usually|sometimes|generally|comparable)\b",
    re.I,
)


def check_names(claim: Claim, findings: Sequence[Finding], index: TableIndex) -> list[Check]:
    """Checks of the comparisons of a claim none of whose result numbers was found; at most one a comparison."""
    if of_earlier_work(claim.text) or _ENUMERATED.search(claim.text):
        return []
    orders = check_orders(claim, index)
    if orders:
        return orders
    words = claim_words(claim, index)
    named = words.tables or words.near_tables
    views = [v for v in index.views if not named or v.table.is_named(named)]
    parts = check_parts(claim.text, words, views, index)
    if parts:
        return parts
    placed = any(f.label != "not_enough_info" for f in findings)
    if (placed and not excepts(claim.text)) or any(q.role == "count" for q in claim.quantities):
        return []
    out = []
    for comparison in comparisons(claim.text):
        if _hedge(claim.text, comparison.start, comparison.end):
            continue
        found = [c for v in views if (c := _compare(claim.text, comparison, v, index)) is not None]
        labels = {c.label for c in found}
        # tables that disagree say nothing: the claim means one of them
        if len(labels) == 1:
            out.append(max(found, key=lambda c: len(c.evidence)))
    if not out and not excepts(claim.text):
        for told in claim.comparisons:
            hedge = _hedge(claim.text, *told.span)
            sided = check_sides(told, claim.text, views, words, index) if not hedge else None
            if sided is None and hedge in ("", "comparable"):
                sided = same_figure(told, claim.text, views, words, index)
            out += [sided] if sided is not None else []
    return out


_CLAUSE_END = re.compile(r"[;:,]\s|\.\s|\b(?:which|while|whereas|but|although|because)\b", re.I)


def _hedge(text: str, start: int, end: int) -> str:
    """The "often" or "some" of the clause that a comparison stands in: one table proves or breaks no such claim."""
    first = max((m.end() for m in _CLAUSE_END.finditer(text, 0, start)), default=0)
    last = _CLAUSE_END.search(text, end)
    found = _HEDGED.search(text[first : last.start() if last else len(text)])
    return found[0].lower() if found else ""


def _compare(text: str, comparison: Comparison, view: TableView, index: TableIndex) -> Check | None:
    before = re.split(r"[;:]|\.\s|\b(?:while|whereas|but)\b", text[: comparison.start])[-1]
    object_words = re.split(r"\b(?:on|in|across|for|at)\b", comparison.object)[0]
    subject, other = _row(view, before, own=bool(_OWN.search(before))), _row(view, object_words, own=False)
    if subject is None or other is None or subject == other:
        return None
    if not _same_subject(view, comparison.object[len(object_words) :]):
        return None
    columns = _columns(view, text, subject, other)
    if not columns:
        return None
    signs = []
    for c in columns:
        x, y = float(view.values[subject, c]), float(view.values[other, c])
        way = raw_sense(view, (subject, c), comparison.sense)
        signs.append(0 if x == y else 1 if (x > y) == (way == "higher") else -1)
    if len(set(signs)) != 1 or signs[0] == 0:
        return None
    return _check(
        view, subject, other, columns, signs[0] > 0, " ".join(text[comparison.start : comparison.end].split()), index
    )


def _same_subject(view: TableView, tail: str) -> bool:
    """Whether the table is about what the words after "on" or "in" name; a table on another data set settles nothing."""
    said = {f for f in forms(tail) if not f.isdigit()}
    known = view.caption_forms.union(*view.column_forms, *view.row_forms)
    return len(said & known) * 2 >= len(said)


def _row(view: TableView, words: str, own: bool) -> int | None:
    """The one row that the words name in full, the longest name first; the only own row for "our model"."""
    said = forms(words)
    best: list[tuple[int, int]] = []
    for r in range(view.table.header_rows, view.table.height):
        path = view.table.row_path(r)
        name = forms(path[-1]) - STOP if path else frozenset()
        if name and name <= said and np.isfinite(view.values[r]).any():
            best.append((len(name), r))
    best.sort(reverse=True)
    if best and (len(best) == 1 or best[0][0] > best[1][0]):
        return best[0][1]
    mine = [int(r) for r in np.nonzero(view.own_rows)[0] if np.isfinite(view.values[r]).any()]
    return mine[0] if own and not best and len(mine) == 1 else None


def _columns(view: TableView, text: str, subject: int, other: int) -> list[int]:
    """The result columns that the claim names; all of them where it says "all" or the table has one; else none."""
    both = [
        c
        for c in range(view.table.stub_columns, view.table.width)
        if np.isfinite(view.values[subject, c]) and np.isfinite(view.values[other, c])
    ]
    said = forms(text)
    if len(both) == 1:
        return both
    counts = {f: sum(f in view.column_forms[c] for c in both) for c in both for f in view.column_forms[c]}
    exception = EXCEPT.search(text)
    if exception is not None and excepts(text):
        left_out = forms(re.split(r"[,;.]", text[exception.end() :])[0])
        kept = [c for c in both if not any(counts[f] == 1 and f in left_out for f in view.column_forms[c])]
        # an average over all columns says nothing about each
        kept = [c for c in kept if not _AVERAGE.search(view.table.column_name(c))]
        return kept if len(kept) < len(both) else []
    named = [c for c in both if any(counts[f] == 1 and f in said for f in view.column_forms[c])]
    if named:
        return named
    if re.search(r"\b(?:all|every|both|each|consistently|across\s+the\s+board)\b", text, re.I):
        return both
    return []


def _check(
    view: TableView, subject: int, other: int, columns: list[int], holds: bool, spoken: str, index: TableIndex
) -> Check:
    label: Label = "supported" if holds else "refuted"
    pairs = []
    for c in columns:
        x, y = float(view.values[subject, c]), float(view.values[other, c])
        pairs.append(f"{printed_number(view, (subject, c))} {'>' if x > y else '<'} {printed_number(view, (other, c))}")
    against = "" if holds else f', against "{spoken}"'
    t = view.table
    return Check(
        kind="direction",
        label=label,
        score=0.7 if holds else 0.65,
        evidence=[
            Evidence(quote=t.grid[r][c].text, pointer=view.pointer(r, c, index.paper))
            for c in columns
            for r in (subject, other)
        ],
        derivation=f"{', '.join(pairs)}{against}: {table_name(t)}, {t.row_name(subject)} - {t.row_name(other)}, {', '.join(t.column_name(c) for c in columns)}",
        reason="" if holds else "the table shows the other direction",
    )
