"""Claims against tables in words: the tables that fit best are read, the cells that decide are shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.checks.derivation_text import table_name
from claimcheck.checks.statements import model
from claimcheck.checks.statements.facts import Facts, stems, table_facts
from claimcheck.checks.statements.outcomes import Outcome
from claimcheck.checks.statements.signs import Reading, read
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.records import LABELS, Check, Claim, Evidence, Label, Table

TABLES_READ = 3  # of all tables of a claim; the others share fewer words with it
MAX_EVIDENCE = 6
MAX_CHARACTERS = 4_000  # of a claim
_WORD = re.compile(r"[^\W\d_]{2}")  # what has none says nothing
_NUMERIC = frozenset(
    {"count", "extreme_value", "difference", "ratio", "relative change", "sum", "mean", "range", "value", "bound"}
)


@dataclass(frozen=True)
class StatementCheck:
    """What a table says of a claim: the check, the model's raw probabilities, and the signs they rest on."""

    check: Check
    probabilities: dict[Label, float]
    features: dict[str, float]


@dataclass(frozen=True)
class _Place:
    """A table with the words it is found by."""

    view: TableView
    paper: str
    words: frozenset[str]


def check_statements(claims: Sequence[Claim], tables: Sequence[TableIndex]) -> list[StatementCheck | None]:
    """One check a claim, in order: of the tables that share most words with it, the one that its words fit best.

    None where the claim has no words or no table has a body. The probabilities are the model's own, made for statements of
    which half are wrong: among a paper's own claims, nearly all true, its refutations are mostly mistakes. What they come
    to among other checks is decided elsewhere.
    """
    places = [
        _place(view, index.paper) for index in tables for view in index.views if view.table.height and view.table.width
    ]
    facts: dict[int, Facts] = {}
    readings: list[tuple[int, _Place, Reading]] = []
    for i, claim in enumerate(claims):
        text = claim.text[:MAX_CHARACTERS]
        if not _WORD.search(text):
            continue
        for place in _nearest(claim, places):
            if id(place) not in facts:
                facts[id(place)] = table_facts(place.view)
            if facts[id(place)].rows:
                readings.append((i, place, read(text, facts[id(place)])))
    probabilities = model.load_model().probabilities([r.signs for _, _, r in readings])
    best: dict[int, tuple[float, _Place, Reading, dict[Label, float]]] = {}
    for (i, place, reading), ps in zip(readings, probabilities, strict=True):
        fit = 1.0 - ps["not_enough_info"]
        if i not in best or fit > best[i][0]:
            best[i] = (fit, place, reading, ps)
    return [_checked(*best[i][1:]) if i in best else None for i in range(len(claims))]


def is_prose(statement: StatementCheck) -> bool:
    """Whether a claim is worded as papers word theirs, not as statements that somebody made for a table."""
    return model.is_prose(statement.features)


def _place(view: TableView, paper: str) -> _Place:
    table = view.table
    said = (
        {w for r in range(table.height) for name in table.row_path(r) for w in stems(name)}
        if table.height <= 400
        else set()
    )
    said |= {w for c in range(table.width) for name in table.column_path(c) for w in stems(name)}
    return _Place(view, paper, frozenset(said | set(stems(table.caption))))


def _nearest(claim: Claim, places: Sequence[_Place]) -> list[_Place]:
    """The tables to read: those that the claim names, else those that share most words with it."""
    if len(places) <= 1:
        return list(places)
    named = [p for p in places if p.view.table.is_named([t for place in claim.places for t in place.tables])]
    said = set(stems(claim.text[:MAX_CHARACTERS]))
    order = sorted(range(len(places)), key=lambda k: (-len(said & places[k].words), k))
    return (named + [places[k] for k in order if places[k] not in named])[:TABLES_READ]


def _checked(place: _Place, reading: Reading, ps: dict[Label, float]) -> StatementCheck:
    label = max(LABELS, key=lambda x: (ps[x], x == "not_enough_info"))
    carrying = _carrying(reading.outcomes, label)
    evidence: list[Evidence] = []
    seen: set[tuple[int, int]] = set()
    facts = reading.statement.facts
    shown = [cell for outcome in carrying for cell in outcome.cells]
    if not shown and label != "not_enough_info":
        shown = _looked_at(reading)
    for row, column in shown:
        cell = (facts.rows[row], column)
        quote = place.view.table.grid[cell[0]][column].text
        if cell in seen or not quote.strip() or len(evidence) == MAX_EVIDENCE:
            continue
        seen.add(cell)
        evidence.append(Evidence(quote=quote, pointer=place.view.pointer(*cell, place.paper)))
    numeric = next((o for o in carrying if o.family in _NUMERIC), None) if label != "not_enough_info" else None
    check = Check(
        kind="statement",
        label=label,
        score=ps[label],
        evidence=evidence,
        derivation=None if numeric is None else f"{numeric.words}: {_places(numeric, place.view.table, facts)}",
        reason=_reason(reading, carrying, label),
    )
    return StatementCheck(check, ps, reading.signs)


def _looked_at(reading: Reading) -> list[tuple[int, int]]:
    """The cells (row of the body, column) that the words name, where no program's answer has cells to show.

    Where rows and columns are named, the cells where they meet; else the named cells themselves, or the first of the columns.
    """
    s = reading.statement
    rows = sorted(s.context()) if s.rows else range(len(s.facts.rows))
    columns = s.linked_columns[:2] or tuple(dict.fromkeys(max(0, m.column) for m in s.rows))
    return [(row, column) for row in rows[:MAX_EVIDENCE] for column in columns]


def _places(outcome: Outcome, table: Table, facts: Facts) -> str:
    """ "Table 2, Breck, Depth; Eskar, Depth": the cells that an answer rests on, the first of many."""
    cells = [f"{facts.row_name(r)}, {facts.column_name(c)}" for r, c in outcome.cells[:MAX_EVIDENCE]]
    return ", ".join([table_name(table), *(["; ".join(cells)] if cells else [])])


def _carrying(outcomes: Sequence[Outcome], label: Label) -> list[Outcome]:
    """The outcomes that speak for the label, the strongest first; for "not enough information" whatever was found."""
    sign = -1.0 if label == "refuted" else 1.0
    if label == "not_enough_info":
        return sorted(outcomes, key=lambda o: -o.quality)[:2]
    return sorted((o for o in outcomes if o.signed * sign > 0.05), key=lambda o: -abs(o.signed))[:3]


def _reason(reading: Reading, carrying: Sequence[Outcome], label: Label) -> str:
    s = reading.statement
    if label == "not_enough_info":
        absent = ", ".join(dict.fromkeys(s.words[i].text for i in s.unlinked[:6]))
        return f"the table has no place for: {absent}" if absent else "no reading of the words over the cells decides"
    if carrying:
        return "; ".join(o.words for o in carrying)
    named = "no program over the cells that the words name decides; the wording alone speaks for it"
    return named if s.rows or s.columns else "the wording alone; no cell decides"
