"""Marks of significance planted in memory: on the real cell that a real claim's number stands in, then taken off it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import claimcheck
from claimcheck.foundation.records import Cell, Claim, Document, Label, Table

NOTE = " * denotes statistically significant improvements (p < 0.05) over the baseline."
WORDS = ", which is statistically significant (p < 0.05)"


@dataclass(frozen=True, slots=True)
class Marked:
    """A claim of significance, the table with its marks, and what should come out."""

    kind: str  # "marked", "removed", "moved"
    claim: str
    table: Table
    expected: Label


def planted_marks(document: Document, claims: Sequence[Claim], generator: np.random.Generator) -> Iterator[Marked]:
    """For each claim with a number in a cell: its row marked, the cell's mark removed, and moved to another row."""
    for claim in claims:
        if sum(q.decimals > 0 for q in claim.quantities) != 1:
            continue  # of several numbers nobody could say which one is called significant
        verdict = claimcheck.check(claim, [document])
        cells = {
            (e.pointer.table, e.pointer.cell)
            for c in verdict.checks
            if c.label == "supported" and c.kind == "cells"
            for e in c.evidence
        }
        if verdict.label != "supported" or len(cells) != 1:
            continue
        [(label, place)] = cells
        table = next((t for t in document.tables if t.label == label), None)
        if table is None or place is None or "signific" in (claim.text + table.caption).lower():
            continue
        row = [(place[0], c) for c in range(table.stub_columns, table.width) if _has_number(table, (place[0], c))]
        others = [(r, place[1]) for r in range(table.header_rows, table.height) if r != place[0]]
        others = [p for p in others if _has_number(table, p)]
        if len(row) < 2 or not others:
            continue
        text = claim.text.rstrip(". ") + WORDS + "."
        other = others[int(generator.integers(len(others)))]
        yield Marked("marked", text, _with_marks(table, row), "supported")
        yield Marked("removed", text, _with_marks(table, [p for p in row if p != place]), "refuted")
        yield Marked("moved", text, _with_marks(table, [*(p for p in row if p != place), other]), "refuted")


def told(marked: Marked, document: Document) -> bool:
    """Whether the check of significance gives the label that it should."""
    tables = tuple(marked.table if t.label == marked.table.label else t for t in document.tables)
    verdict = claimcheck.check(marked.claim, [document.model_copy(update={"tables": tables})])
    return any(c.label == marked.expected and "“*”" in (c.derivation or "") for c in verdict.checks)


def _has_number(table: Table, place: tuple[int, int]) -> bool:
    return any(x.isdigit() for x in table.grid[place[0]][place[1]].text)


def _with_marks(table: Table, places: Sequence[tuple[int, int]]) -> Table:
    grid = [list(row) for row in table.grid]
    for r, c in places:
        cell: Cell = grid[r][c]
        grid[r][c] = cell.model_copy(update={"text": cell.text + "*"})
    return table.model_copy(update={"grid": tuple(map(tuple, grid)), "caption": table.caption.rstrip() + NOTE})
