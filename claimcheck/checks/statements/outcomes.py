"""What a program over a table's rows and columns says of a statement, and the frames the programs work in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.statements.lexicon import FLIP, NEGATION, Sense
from claimcheck.checks.statements.linking import Mention, Statement
from claimcheck.checks.table_index import Bools, Floats

Place = tuple[int, int]  # row of the body, column
MAX_PAIRS = 400


@dataclass(frozen=True)
class Outcome:
    """One program's answer: `holds` from -1 (the cells say no) to 1 (yes), `quality` how sure it is that this was meant."""

    family: str
    holds: float
    quality: float
    cells: tuple[Place, ...]
    words: str

    @property
    def signed(self) -> float:
        """The answer weighed by its quality."""
        return self.holds * self.quality


@dataclass(frozen=True)
class Frame:
    """The values as subjects that are compared (rows or columns) and lanes they are compared in.

    `values` and `lower` are (subjects, lanes); `lanes` are the indices of the lanes that the statement names, or all.
    """

    axis: str  # "row" or "column": what the subjects are
    statement: Statement
    values: Floats
    lower: Bools
    lanes: tuple[int, ...]
    named: bool  # whether the statement names the lanes
    subjects: tuple[Mention, ...]
    pool: tuple[int, ...]  # the subjects that others are compared with

    def place(self, subject: int, lane: int) -> Place:
        """The cell of a subject in a lane."""
        return (subject, lane) if self.axis == "row" else (lane, subject)

    def name(self, subject: int) -> str:
        """What a reader calls a subject."""
        facts = self.statement.facts
        return facts.row_name(subject) if self.axis == "row" else facts.column_name(subject)

    def lane_name(self, lane: int) -> str:
        """What a reader calls a lane."""
        facts = self.statement.facts
        return facts.column_name(lane) if self.axis == "row" else facts.row_name(lane)

    def near_lanes(self, position: int) -> tuple[tuple[int, ...], bool]:
        """The lanes named nearest to a word, and whether any is named."""
        s = self.statement
        mentions = s.columns if self.axis == "row" else s.rows
        allowed = set(self.lanes)
        best: tuple[float, tuple[int, ...]] | None = None
        for m in mentions:
            members = tuple(x for x in m.members if x in allowed)
            if not members or len(members) == len(m.members) == 0:
                continue
            distance = min(abs(p - position) for p in m.positions) + (2.5 if m.start < position else 0.0)
            if best is None or distance < best[0]:
                best = (distance, members)
        if best is None or not self.named:
            return self.lanes, False
        return best[1], True


def frames(s: Statement) -> list[Frame]:
    """The frame of rows and the frame of columns, where they have values."""
    facts = s.facts
    numeric = facts.numeric_columns
    if not numeric or not facts.rows:
        return []
    out = []
    linked = tuple(c for c in s.linked_columns if facts.numeric[c] and c in numeric)
    subjects = _subject_rows(s)
    others = [m for m in s.rows if m.column not in {x.column for x in subjects}]
    pool = set(range(len(facts.rows)))
    for m in others:
        if pool & set(m.members):
            pool &= set(m.members)
    out.append(
        Frame(
            "row", s, facts.values, facts.lower, linked or tuple(numeric), bool(linked), subjects, tuple(sorted(pool))
        )
    )
    columns = tuple(m for m in s.columns if set(m.members) & set(numeric))
    columns = tuple(
        Mention(m.side, m.positions, tuple(c for c in m.members if c in numeric), -1, m.share, m.text) for m in columns
    )
    context = tuple(sorted(s.context())) if s.rows else tuple(range(len(facts.rows)))
    out.append(Frame("column", s, facts.values.T, facts.lower.T, context, bool(s.rows), columns, tuple(numeric)))
    return out


def _subject_rows(s: Statement) -> tuple[Mention, ...]:
    """Row mentions of the column that names most rows: what is compared; the others narrow the rows down."""
    if not s.filters:
        return ()
    column = max(
        s.filters, key=lambda c: (len({m.members for m in s.filters[c]}), sum(m.share for m in s.filters[c]), -c)
    )
    return s.filters[column]


def negated(s: Statement, start: int, end: int) -> bool:
    """Whether an odd number of negations stands between two words."""
    lo = s.words[start].start if start < len(s.words) else len(s.text)
    hi = s.words[end].start if end < len(s.words) else len(s.text)
    return len(NEGATION.findall(s.text[lo:hi])) % 2 == 1


def raw_sense(sense: Sense, lower: bool) -> Sense:
    """ "better" and "worse" as higher or lower values."""
    if sense == "better":
        return "lower" if lower else "higher"
    if sense == "worse":
        return "higher" if lower else "lower"
    return sense


def flip(sense: Sense, how: bool) -> Sense:
    """The opposite sense where `how`."""
    return FLIP[sense] if how else sense


def show(value: float) -> str:
    """A value as a reader writes it."""
    return f"{value:.6g}"


def finite(values: Sequence[float]) -> Floats:
    """The values without the missing ones."""
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]
