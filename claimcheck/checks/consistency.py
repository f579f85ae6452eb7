"""Contradictions inside a paper: bold that marks no best number, counts against the lists they open, opposite directions.

Such a finding accuses, so each rests on the paper's own habit or words: a bold number counts as meant for the best one
only where the table's other bold numbers are the best of their columns, groups or rows, or its caption says so; a count
only where the list behind it is complete and closed by "and".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from claimcheck.checks.contrary import Saying, contrary_findings
from claimcheck.checks.significance import significance_findings
from claimcheck.foundation.counted import COUNTED, NUMBER_WORDS
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Document, Evidence, Finding, Pointer, Sentence, Table

_SAYS_BEST = re.compile(
    r"\b(?:best|highest|top)\b[^.;]{0,80}\bbold|\bbold\w*\b[^.;]{0,80}\b(?:best|highest|top|wins|winners?)", re.I
)
_SAYS_OTHER = re.compile(
    r"\bbold[^.;]{0,80}\b(?:worst|signific|improve|gain|chang|among|compar|ours?\b|test sets?|labels?)"
    r"|\b(?:worst|signific|improve|gain|chang|among|compar)\w*[^.;]{0,80}\bbold",
    re.I,
)
_LOWER = re.compile(
    r"\b(?:perplexity|perp|ppl|errors?|err|loss|wer|cer|ter|eer|mse|mae|rmse|fid|time|seconds|secs?|hours?|params?|parameters"
    r"|size|latency|flops|bits|bpc|distance|rank|deviation|std|variance|nll)\b|↓|\blower is better",
    re.I,
)
_REFERENCE = re.compile(r"\b(?:human|oracle|upper bound|gold|majority|ceiling|theoretical|topline|references?)\b", re.I)
_HABIT = 0.85  # share of a table's bold numbers that must be the best ones
_ENOUGH = 5  # bold numbers that make a habit; with a caption that says it, two
_LEAST_SET = 3  # numbers that a best one is the best of

_LIST = re.compile(
    rf"\b(?P<count>{'|'.join(NUMBER_WORDS)})\s+(?P<what>(?:[a-z][\w-]*\s+){{0,3}}{COUNTED})\s*"
    r"(?P<open>:|,?\s*namely,?|\(|,?\s*i\.\s?e\.,?|—|–)\s*(?P<list>[^:;()—–]+?)(?P<close>[.;)]|$)",
    re.I,
)
_PARTIAL = re.compile(
    r"\b(?:e\.?\s?g|such as|includ|for example|etc|respectively|among|both|each|either|see|section|table|figure|where|which)\b"
    r"|\.\.\.|…",
    re.I,
)

Place = tuple[int, int]


def consistency_findings(document: Document, twice: Sequence[tuple[Saying, Saying]] = ()) -> list[Finding]:
    """The contradictions of a document with itself that its tables, its lists and what it says twice show.

    `twice`: the pairs of places that make one statement, as the search for claims finds them.
    """
    return [
        *contrary_findings(twice),
        *table_findings(document),
        *list_findings(document),
        *significance_findings(document),
    ]


# --- bold -----------------------------------------------------------------------------------------


def table_findings(document: Document) -> list[Finding]:
    """Bold numbers that a better one stands beside, in tables whose bold marks the best."""
    return [finding for table in document.tables for finding in _bold_findings(table, document.paper.id)]


def marked_best(table: Table) -> list[tuple[Place, Place]]:
    """(bold best cell, the next best one) for each set of a table whose bold marks the best and nothing else.

    [] for a table without that habit. Cells are (row, column).
    """
    use = _bold_use(table)
    if use is None:
        return []
    found = []
    for members in use.sets:
        bold = [p for p in members if table.grid[p[0]][p[1]].bold]
        rest = sorted((p for p in members if p not in bold), key=lambda p: use.better * use.values[p], reverse=True)
        if len(bold) == 1 and rest and use.better * use.values[bold[0]] > use.better * use.values[rest[0]]:
            found.append((bold[0], rest[0]))
    return found


@dataclass(frozen=True)
class _Use:
    """How a table uses bold: the sets of cells of each of which the best is bold."""

    sets: tuple[tuple[Place, ...], ...]
    values: Mapping[Place, float]
    better: int  # 1 where more is better, -1 where less is


def _bold_findings(table: Table, paper: str) -> Iterator[Finding]:
    use = _bold_use(table)
    if use is None:
        return
    for members in use.sets:
        bold = [p for p in members if table.grid[p[0]][p[1]].bold]
        best = max(members, key=lambda p: use.better * use.values[p])
        # several bold ones mark several things; a best one that is bold itself is marked all right
        if len(bold) != 1 or best in bold or use.values[best] == use.values[bold[0]]:
            continue
        if _is_best_elsewhere(table, bold[0], use):
            continue
        place, better = (_pointer(table, p, paper) for p in (bold[0], best))
        told = "higher" if use.better > 0 else "lower"
        marked, other = (table.grid[p[0]][p[1]].text for p in (bold[0], best))
        yield Finding(
            kind="bold_not_best",
            text=f"Bold marks the best numbers of {_name(table)}, but {marked} ({place.row}, {place.column}) is bold and "
            f"{other} ({better.row}, {better.column}) is {told}.",
            evidence=(Evidence(quote=marked, pointer=place), Evidence(quote=other, pointer=better)),
        )


def _bold_use(table: Table) -> _Use | None:
    """What bold marks in a table; None where it marks no best numbers, or nobody can say."""
    said = bool(_SAYS_BEST.search(table.caption))
    if _SAYS_OTHER.search(table.caption) or (re.search(r"\bbold", table.caption, re.I) and not said):
        return None
    values = _values(table)
    lower = bool(_LOWER.search(table.caption)) and not re.search(r"\baccuracy|\bF1|\bBLEU", table.caption, re.I)
    best: tuple[float, int, _Use] | None = None
    for sets in _groupings(table, values):
        for better in (-1,) if lower else (1,):
            use = _Use(sets, values, better)
            hits = [_has_best_in_bold(table, s, use) for s in sets]
            known = [hit for hit in hits if hit is not None]
            share = sum(known) / len(known) if known else 0.0
            if best is None or (share, len(known)) > best[:2]:
                best = (share, len(known), use)
    if best is None or best[1] < (2 if said else _ENOUGH):
        return None
    right, count, use = best
    if right >= (0.5 if said else _HABIT):
        return use
    # among few bold numbers one wrong one makes no other habit, where all the rest are right
    one_wrong = round((1 - right) * count) == 1 and _in_several_lines(table, values)
    return use if one_wrong else None


def _in_several_lines(table: Table, values: Mapping[Place, float]) -> bool:
    """Whether bold is more than a row or a column set in bold as a whole, as papers set their own."""
    bold = {p for p in values if table.grid[p[0]][p[1]].bold}
    lines = ({p for p in values if p[axis] == q[axis]} for q in bold for axis in (0, 1))
    return not any(bold == line for line in lines)


def _has_best_in_bold(table: Table, members: Sequence[Place], use: _Use) -> bool | None:
    """Whether the bold cells of a set are its best; None where it has none, or nothing but bold ones."""
    bold = [p for p in members if table.grid[p[0]][p[1]].bold]
    if not bold or len(bold) == len(members):
        return None
    top = max(use.better * use.values[p] for p in members)
    return all(use.better * use.values[p] == top for p in bold)


def _values(table: Table) -> dict[Place, float]:
    """The number of each body cell that prints one and is neither a person's score nor a measure where less is better."""
    found = {}
    for r, c, cell in table.body():
        numbers = cell_numbers(cell.text)
        names = f"{table.row_name(r)} {table.column_name(c)}"
        if len(numbers) == 1 and not numbers[0].signed and not _REFERENCE.search(names):
            found[r, c] = numbers[0].value
    return {p: v for p, v in found.items() if not _LOWER.search(f"{table.row_name(p[0])} {table.column_name(p[1])}")}


def _groupings(table: Table, values: Mapping[Place, float]) -> Iterator[tuple[tuple[Place, ...], ...]]:
    """The ways to take a table's cells as sets of which one is the best: columns, columns within groups of rows, rows."""
    groups = [table.row_path(r)[:-1] for r in range(table.height)]
    for key in (
        lambda p: p[1],
        lambda p: (groups[p[0]], p[1]),
        lambda p: p[0],
        lambda p: (p[0], table.column_path(p[1])[:-1]),
        lambda p: (p[0], table.column_path(p[1])[-1:]),
    ):
        sets: dict[object, list[Place]] = defaultdict(list)
        for place in values:
            sets[key(place)].append(place)
        yield tuple(tuple(s) for s in sets.values() if len(s) >= _LEAST_SET)


def _is_best_elsewhere(table: Table, place: Place, use: _Use) -> bool:
    """Whether a bold number is the best of its column, group of rows or row in some other reading of the table."""
    for sets in _groupings(table, use.values):
        for members in sets:
            if place in members and use.better * use.values[place] >= max(use.better * use.values[p] for p in members):
                return True
    return False


def _pointer(table: Table, place: Place, paper: str) -> Pointer:
    return Pointer(
        paper=paper,
        page=table.page,
        box=table.grid[place[0]][place[1]].box or table.box,
        table=table.label,
        row=table.row_name(place[0]),
        column=table.column_name(place[1]),
        cell=place,
        line=table.line,
    )


def _name(table: Table) -> str:
    return f"Table {table.label}" if not table.label.startswith("#") else "an unnumbered table"


# --- counts ---------------------------------------------------------------------------------------


def list_findings(document: Document) -> list[Finding]:
    """Sentences that say how many things follow and list another number of them."""
    found = []
    for sentence in document.sentences:
        if sentence.kind not in ("abstract", "body", "caption", "footnote"):
            continue
        for m in _LIST.finditer(sentence.text):
            items = _items(m["list"], m["open"], m["close"])
            if items and len(items) != NUMBER_WORDS[m["count"].lower()]:
                what = " ".join(m["what"].split())
                text = f"The paper says “{m['count']} {what}” and lists {len(items)}: {', '.join(items)}."
                evidence = Evidence(quote=sentence.text, pointer=_place(document, sentence))
                found.append(Finding(kind="count_differs", text=text, evidence=(evidence,)))
    return found


def _items(text: str, opened: str, closed: str) -> list[str]:
    """The items of a list that is closed by "and"; [] where it may be incomplete or is no plain list of names."""
    if (opened == "(") != (closed == ")") or _PARTIAL.search(text) or len(text) > 300:
        return []
    plain = re.sub(r"\[[^\]]*\]", "", text).strip()
    parts = [p.strip(" ,.") for p in re.split(r",\s*(?:and|&)\s+|\s+(?:and|&)\s+|,\s*", plain)]
    if not re.search(r",\s*(?:and|&)\s|\s(?:and|&)\s", plain) or "," not in plain:
        return []
    named = [p for p in parts if p and p.lower() != "namely"]
    # an item of many words is a clause, and "A and B" inside an item cannot be told from two
    if any(
        len(p.split()) > 3 or not p[0].isalnum() or re.search(r"\b(?:is|are|the|that|to|of|with|for)\b", p)
        for p in named
    ):
        return []
    if len(re.findall(r"\s(?:and|&)\s", plain)) > 1:
        return []
    return named


def _place(document: Document, sentence: Sentence) -> Pointer:
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    return Pointer(
        paper=document.paper.id,
        page=sentence.page,
        box=sentence.box,
        line=sentence.line,
        section="" if section is None else f"{section.number} {section.title}".strip(),
        span=sentence.span,
    )
