"""Claims of significance against the marks of a table: "* denotes significance at p < 0.05 over the baseline".

A mark says something only where the caption tells what it means. Which cells a claim speaks of is known from its checks
that hold; of the cells of one column the better one is what the claim is about. A missing mark refutes only a claim that
is worded as statistics, where cells beside it carry the mark and nothing says that it stands for another comparison.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Check, Claim, Document, Evidence, Finding, Label, Pointer, Table
from claimcheck.foundation.words import forms

BOLD = "bold"
_LEVEL = (
    r"(?:\bp(?:[\s-]*values?)?\s*(?:<|≤|&lt;|less\s+than|of|at)\s*=?\s*(?P<p>0?\.\d+)"
    r"|\b(?P<level>0?\.\d+|\d{1,2}\s?%)\s+(?:significance\s+)?level|\blevel\s+(?:of\s+)?(?P<of>0?\.\d+|\d{1,2}\s?%)"
    r"|\b(?P<sure>0?\.9\d*|9\d(?:\.\d+)?\s?%)\s+confidence|\bconfidence\s+(?:of\s+|level\s+of\s+)?(?P<confidence>0?\.9\d*|9\d(?:\.\d+)?\s?%))"
)
_LEVELS = re.compile(_LEVEL, re.I)
_EXACT = re.compile(r"\bp(?:[\s-]*value)?\s*=\s*(?P<p>0?\.\d+|1\.0+)(?!\d)", re.I)
_SIGNIFICANT = re.compile(
    r"\bsignifican(?:t|tly|ce)\b|\bstat(?:istically|\.)?\s+signif\.?|\binsignifican(?:t|tly)\b", re.I
)
_STATISTICAL = re.compile(
    r"\bstatistical\w*[\s-]+(?:\w+\s+)?signific|\bstat\.?\s+signif|\bsignificance\b|\bp(?:[\s-]*values?)?\s*[<≤=]|\b[tz]-tests?\b"
    r"|\bsign(?:ed[- ]rank)?\s+tests?\b|\bbootstrap\w*\s+tests?\b|\bpermutation\s+tests?\b|\bMcNemar|\bWilcoxon|\bANOVA\b|\bconfidence\s+level",
    re.I,
)
_NOT = re.compile(r"(?:\b(?:not|no|never|without|neither|nor|non|lacks?)\b|n't\b)[\s-]+(?:[\w-]+\s+){0,4}$", re.I)
_SYMBOLS = "*†‡§¶•◦▲△"
_SAME_SYMBOL = str.maketrans("∗⋆★●∙·", "***•••")
_NAMES = {
    "double dagger": "‡", "asterisk": "*", "star": "*", "dagger": "†", "bullet": "•", "dot": "•", "bold": BOLD, "boldface": BOLD,
    "bold-face": BOLD, "boldfaced": BOLD, "bolded": BOLD,
}  # fmt: skip
_MARK = re.compile(rf"(?P<symbol>[{_SYMBOLS}]+)|\b(?P<name>{'|'.join(_NAMES)})s?\b", re.I)
_TELLS = r"(?:denot|indicat|mark|mean|stand|represent|signif|show|flag|refer|highlight|set\b|print)"
# "* denotes ... significant", "significant ... are marked with *", "*: p < 0.05"
_MEANS = re.compile(rf"\s*(?:[:=]|\(|\b{_TELLS}\w*|\bp\s*<|at\b|for\b|if\b|is\b|are\b)", re.I)
_MARKED = re.compile(
    rf"(?:\b{_TELLS}\w*|\b(?:is|are|in|with|by|using)|\()\s+(?:(?:with|by|in|an?|the|using|as)\s+)*$|\($", re.I
)
_AGAINST = re.compile(
    r"\b(?:over|than|against|compared\s+(?:to|with)|from|with\s+respect\s+to|relative\s+to|w\.?r\.?t\.?)\s+(?P<whom>[^.;:()]{2,80}?)(?=[.;:()]|\s(?:with|at|by|are|is|in|on)\s|\s\d|$)",
    re.I,
)
_P_COLUMN = re.compile(r"^\s*p(?:[\s-]*(?:vals?|values?))?\.?\s*$", re.I)
_COMPARES = re.compile(
    r"\b(?:than|over(?!\s+(?:\d+|two|three|four|five|ten|all)\b)|against|compared|outperform\w*|surpass\w*|between)\b",
    re.I,
)
_HEDGED = re.compile(
    r"\b(?:some|most|many|mostly|often|mainly|several|certain|if|whether|may|might|could|would|test(?:ed)?\s+(?:for|whether))\b",
    re.I,
)
_USUAL = 0.05
_CLEAR = (0.01, 0.10)  # a p-value below or above which nobody argues, where the claim names no level

_LONGEST = 2_000  # characters of a caption or a sentence that are read

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign that a caption defines: what it looks like, the level that it stands for, whom the comparison is with.

    One that stands for a difference may be printed at either side of it, one for an improvement only at the better one.
    """

    symbol: str  # "*", "**", "†"; `BOLD` for bold numbers
    level: float | None
    against: frozenset[str]  # words; empty where the caption does not say
    either: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """What a claim says of significance."""

    negative: bool
    statistical: bool  # by a test, and not only "significantly better"
    level: float | None


def marks_of(caption: str) -> tuple[Mark, ...]:
    """The marks of significance that a caption defines; () where it defines none, or a sign for what is not significant."""
    caption = caption[:_LONGEST].translate(_SAME_SYMBOL)
    found: list[Mark] = []
    told = False  # whether the clause before was about significance: "† p < 0.05; ‡ p < 0.01"
    for clause in re.split(r"(?<![\d\s]p)[;]|(?<!\bp)(?<!\bvs)\.\s+(?=[^\d])", caption):
        said = _SIGNIFICANT.search(clause)
        levels = [_level(m) for m in _LEVELS.finditer(clause)]
        if said is None and not (levels and (told or re.search(r"\bp\s*<", clause))):
            told = False
            continue
        if said is not None and (_NOT.search(clause[: said.start()]) or said[0].lower().startswith("in")):
            return ()
        marks = [m for m in _MARK.finditer(clause) if _defines(clause, m, said is not None)]
        told = bool(marks)
        whom = _AGAINST.search(clause)
        against = forms(whom["whom"]) if whom else found[-1].against if found else frozenset()
        for i, m in enumerate(marks):
            level = levels[i] if len(levels) == len(marks) else levels[0] if len(levels) == 1 else None
            either = re.search(r"\bdiffer", clause, re.I) is not None
            found.append(Mark(m["symbol"] or _NAMES[m["name"].lower()], level, against, either))
    return tuple(found) if len({m.symbol for m in found}) == len(found) else ()


def _defines(clause: str, m: re.Match[str], said: bool) -> bool:
    if _MEANS.match(clause, m.end()) or _MARKED.search(clause[: m.start()]):
        return True
    # "*significant at ...", "* and ** denote ...": right before what it means, or in a list of signs
    return (
        bool(m["symbol"])
        and said
        and re.match(r"\s*(?:(?:,|and|/)\s*[" + _SYMBOLS + r"]|(?:stat\w*\s+)?signific)", clause[m.end() :]) is not None
    )


def _level(m: re.Match[str]) -> float:
    """The level of significance that is said: 0.05 of "p < .05", "the 5 % level" and "95 % confidence"."""
    text = next(x for x in m.groups() if x is not None)
    value = float(text.rstrip("% ")) / (100 if "%" in text else 1)
    return round(1 - value, 6) if m["sure"] or m["confidence"] else value


def check_significance(claim: Claim, checks: Sequence[Check], index: TableIndex) -> list[Check]:
    """A check of what the claim says of significance, by the marks and p-values of the cells that its other checks found.

    `checks` are those of the claim's numbers and comparisons against the same tables; at most one check comes out.
    """
    said = _said(claim.text)
    if said is None:
        return []
    told = [_judged(claim.text, said, *subject, index) for subject in _subjects(checks, index)]
    # where one of its cells says nothing, or another thing, the claim may mean that one
    if not told or None in told or len({c.label for c in told if c is not None}) != 1:
        return []
    return [c for c in told if c is not None][:1]


def _said(text: str) -> _Said | None:
    text = text[:_LONGEST]
    found = list(_SIGNIFICANT.finditer(text))
    levels = [_level(m) for m in _LEVELS.finditer(text)]
    if not found or len(set(levels)) > 1 or any(_HEDGED.search(_clause(text, m)) for m in found):
        return None
    negative = {bool(_NOT.search(text[: m.start()])) or m[0].lower().startswith("in") for m in found}
    if len(negative) > 1:
        return None
    return _Said(negative.pop(), bool(_STATISTICAL.search(text)), levels[0] if levels else None)


def _clause(text: str, m: re.Match[str]) -> str:
    start = max((x.end() for x in re.finditer(r"[,;:]\s|\.\s", text[: m.start()])), default=0)
    end = re.compile(r"[,;:]\s|\.\s").search(text, m.end())
    return text[start : end.start() if end else len(text)]


def _subjects(checks: Sequence[Check], index: TableIndex) -> Iterator[tuple[TableView, Cell, tuple[Cell, ...]]]:
    """(table, cell, other cells) for each column that the checks that hold point into: its better cell is meant."""
    columns: dict[tuple[str, int], set[Cell]] = defaultdict(set)
    for check in checks:
        for e in check.evidence if check.label == "supported" and check.kind in ("cells", "direction") else ():
            if e.pointer.table is not None and e.pointer.cell is not None:
                columns[e.pointer.table, e.pointer.cell[1]].add(e.pointer.cell)
    views = {v.table.label: v for v in index.views}
    for (label, _), cells in sorted(columns.items()):
        view = views.get(label)
        known = [c for c in sorted(cells) if view is not None and np.isfinite(view.values[c])]
        if view is None or not known:
            continue
        best = max(known, key=lambda c: -view.values[c] if view.lower_is_better[c] else view.values[c])
        yield view, best, tuple(c for c in known if c != best)


def _judged(
    text: str, said: _Said, view: TableView, cell: Cell, others: tuple[Cell, ...], index: TableIndex
) -> Check | None:
    by_value = _by_p_value(said, view, cell, index)
    if by_value is not None:
        return by_value
    marks = {m.symbol: m for m in marks_of(view.table.caption)}
    if not marks:
        return None
    here = [
        m
        for m in marks.values()
        if any(m.symbol in _shown(view.table, c, marks) for c in ((cell, *others) if m.either else (cell,)))
    ]
    strongest = min((m.level for m in here if m.level is not None), default=None)
    if here:
        enough = said.level is None or strongest is None or strongest <= said.level
        if not enough or not all(_same_comparison(m, text, view, others) for m in here):
            return None
        if said.negative and not (said.statistical and _is_pair(view, cell, others, here)):
            return None
        label: Label = "refuted" if said.negative else "supported"
        signs = " and ".join(sorted("bold" if m.symbol == BOLD else f"“{m.symbol}”" for m in here))
        return _check(view, cell, label, f"{printed_number(view, cell)} is marked {signs}", index)
    loosest = max((m.level for m in marks.values() if m.level is not None), default=None)
    if said.level is not None and loosest is not None and loosest < said.level:
        return None  # the table marks only what is surer than the claim says
    r, c = cell
    beside = [(r, j) for j in range(view.table.stub_columns, view.table.width)]
    # marks in other rows of the column may be printed at the other side, where that is not known
    if others or all(m.against and not m.either for m in marks.values()):
        beside += [(i, c) for i in range(view.table.header_rows, view.table.height)]
    if not said.statistical or not any(_shown(view.table, p, marks) for p in beside):
        return None
    if any(_shown(view.table, p, marks) for p in others):
        return None
    if not all(_same_comparison(m, text, view, others) for m in marks.values()):
        return None
    label = "supported" if said.negative else "refuted"
    signs = " or ".join(sorted("bold" if s == BOLD else f"“{s}”" for s in marks))
    return _check(view, cell, label, f"{printed_number(view, cell)} has no {signs}, others beside it have", index)


def _by_p_value(said: _Said, view: TableView, cell: Cell, index: TableIndex) -> Check | None:
    """By the p-value that the cell's row prints in a column of p-values."""
    row = cell[0]
    for c in range(view.table.stub_columns, view.table.width):
        path = view.table.column_path(c)
        numbers = cell_numbers(view.table.grid[row][c].text.lstrip("<≤= "))
        if not path or not _P_COLUMN.match(path[-1]) or len(numbers) != 1 or not 0 <= numbers[0].value <= 1:
            continue
        p, below = numbers[0].value, view.table.grid[row][c].text.lstrip()[:1] in "<≤"
        low, high = (said.level, said.level) if said.level is not None else _CLEAR
        significant = p < low or (below and p <= low) or (said.level is None and p < _USUAL and not said.negative)
        if not significant and (p < high or below):
            return None
        if not said.statistical and significant == said.negative:
            return None  # "significantly better" may mean "much"
        label: Label = "supported" if significant != said.negative else "refuted"
        sign = "<" if significant else ">="
        level = said.level if said.level is not None else _USUAL
        return _check(
            view,
            (row, c),
            label,
            f"p = {numbers[0].text} {'' if below else sign} {'' if below else f'{level:g}'}".strip(),
            index,
        )
    return None


def _shown(table: Table, cell: Cell, marks: dict[str, Mark]) -> frozenset[str]:
    """The defined marks that a cell prints."""
    one = table.grid[cell[0]][cell[1]]
    if not any(x.isdigit() for x in one.text):
        return frozenset()
    printed = set(re.findall(rf"([{_SYMBOLS}])(?!\1)", one.text.translate(_SAME_SYMBOL)))
    printed |= {m[0] for m in re.finditer(rf"([{_SYMBOLS}])\1+", one.text.translate(_SAME_SYMBOL))}
    if one.bold:
        printed.add(BOLD)
    repeated = {x[0] for x in printed if len(x) > 1 and x != BOLD}
    # "**" is no "*" where both are defined
    return frozenset(
        s
        for s in printed
        if s in marks and not (s in repeated and any(s * n in marks for n in (2, 3) if s * n in printed))
    )


def _same_comparison(mark: Mark, text: str, view: TableView, others: tuple[Cell, ...]) -> bool:
    """Whether a mark may stand for the comparison of the claim: with whom it compares is said by both, or by one of them."""
    if not mark.against or not _COMPARES.search(text):
        return True
    rows = frozenset().union(*(view.row_forms[r] for r, _ in others))
    return bool(mark.against & (forms(text) | rows))


def _is_pair(view: TableView, cell: Cell, others: tuple[Cell, ...], here: Sequence[Mark]) -> bool:
    """Whether the mark of the better one of two can only stand for their difference."""
    if not others:
        return True  # "the gain to 81.2 is not significant"
    numbers = np.isfinite(view.values[view.table.header_rows :, cell[1]]).sum()
    named = any(m.against & view.row_forms[r] for m in here for r, _ in others)
    return named or numbers == 2


def _check(view: TableView, cell: Cell, label: Label, line: str, index: TableIndex) -> Check:
    place = f"{table_name(view.table)}, {view.table.row_name(cell[0])}, {view.table.column_name(cell[1])}"
    return Check(
        kind="direction",
        label=label,
        score=0.7 if label == "supported" else 0.65,
        evidence=view.evidence([cell], index.paper),
        derivation=f"{line}: {place}",
        reason="" if label == "supported" else "the table's marks of significance say otherwise",
    )


def significance_findings(document: Document) -> list[Finding]:
    """Sentences that call something significant at a level and give a p-value that is above it."""
    found = []
    for sentence in document.sentences:
        if sentence.kind not in ("abstract", "body", "caption", "footnote") or len(sentence.text) > _LONGEST:
            continue
        if "signific" not in sentence.text.lower():
            continue
        values = [float(m["p"]) for m in _EXACT.finditer(sentence.text)]
        levels = [_level(m) for m in _LEVELS.finditer(sentence.text)]
        said = _said(sentence.text)
        if said is None or said.negative or len(values) != 1 or len(levels) != 1 or values[0] < levels[0]:
            continue
        section = document.sections[sentence.section] if sentence.section >= 0 else None
        pointer = Pointer(
            paper=document.paper.id,
            page=sentence.page,
            box=sentence.box,
            line=sentence.line,
            section="" if section is None else f"{section.number} {section.title}".strip(),
            span=sentence.span,
        )
        text = f"The paper calls this significant at the {levels[0]:g} level and gives p = {values[0]:g}."
        found.append(
            Finding(kind="places_differ", text=text, evidence=(Evidence(quote=sentence.text, pointer=pointer),))
        )
    return found
