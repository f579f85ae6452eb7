"""Whose system a row of a results table is: the work that it cites, the name that the text cites, what was added to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from claimcheck.checks.across.bibliography import Bibliography, Citation, Entry, citations, legend, letters
from claimcheck.checks.across.conditions import Conditions, conditions_of, said_once
from claimcheck.checks.across.numbers import likeness
from claimcheck.foundation.numbers import cell_numbers, parse_digits
from claimcheck.foundation.own_systems import COMMON_NAMES, is_own, marked_own, own_names
from claimcheck.foundation.records import Document, Evidence, Result, Table
from claimcheck.foundation.words import STOP, forms, tokens

_ADDED = re.compile(r"(?:^|\s)(?:\+|&|with|w/|plus)\s*(?=\S)|(?<=\S)\+(?=\S)")
_UNDATED = re.compile(r"\(?\b[A-Z][\w’'-]+(?:\s*(?:and|&)\s*[A-Z][\w’'-]+)?\s+et\.?\s+al\.?,?\)?")
_SUFFIXED = re.compile(r"([^\W\d_][\w-]*?)(\+{1,3})(?=$|[\s)\],;†*‡^])")
_DROPPED = re.compile(r"(?:^|\s)(?:[-−–]\s|w/o\b|without\b|no\b|minus\b|only\b)", re.I)
_NO_NAME = frozenset(
    """single ensemble individual dev test baseline base large small medium fully semi supervise supervised supervision
    rerank reranking previous sota human published unpublished individual final parser neural network reader rnn lstm
    re implementation impl category comparable work published unpublished result""".split()
)
_MOST_WORDS = 5  # of a name before its citation


@dataclass(frozen=True)
class Row:
    """One result with what is known of its system."""

    result: Result
    table: Table
    value: float
    decimals: int
    conditions: Conditions
    works: tuple[Entry, ...]  # the references that the row, else the text beside its name, cites
    cited_in_row: bool
    name: frozenset[str]  # words of its name
    added: frozenset[str]  # words behind a plus: what was added to the cited system
    dropped: bool  # something was taken away: an ablation
    year: str  # of the work as the row cites it

    @property
    def own(self) -> bool:
        """Whether the paper reports it of its own system."""
        return self.result.role != "baseline"

    @property
    def evidence(self) -> Evidence:
        """The cell as printed."""
        cell = self.result.pointer.cell
        assert cell is not None  # rows without one are not made
        return Evidence(quote=self.table.grid[cell[0]][cell[1]].text, pointer=self.result.pointer)


class PaperRows:
    """One paper's results as rows, its references and its own names."""

    def __init__(self, document: Document, results: Sequence[Result]) -> None:
        self.paper = document.paper
        self.title = letters(document.paper.title)
        self.bibliography = Bibliography(document)
        self.own_names = frozenset(
            n for n in own_names(document) | marked_own(document.tables) if n not in COMMON_NAMES
        )
        self.title_words = forms(document.paper.title)
        self._cited_names = _cited_names(document, self.bibliography)
        self._legends: dict[str, dict[str, Citation]] = {}
        tables = {t.label: t for t in document.tables}
        said = said_once(document)
        read = [
            row
            for r in results
            if r.dataset and r.metric and r.pointer.cell is not None and r.pointer.table in tables
            for row in [self._row(r, tables[r.pointer.table], said)]
            if row is not None
        ]
        self.rows: tuple[Row, ...] = tuple(_with_split(_with_base(read)))
        self._reruns = tuple(row for row in self.rows if row.conditions.rerun)
        self._same: dict[tuple[object, ...], set[float]] = defaultdict(set)
        for row in self.rows:
            self._same[_group(row)].add(row.value)
        self._printed = _printed(document, self.own_names)

    def is_alone(self, row: Row) -> bool:
        """Whether the paper has no other number of the same work, dataset, metric and stated conditions."""
        return len(self._same[_group(row)]) <= 1

    def is_rerun(self, row: Row) -> bool:
        """Whether the paper ran another work's system itself: the row says so, or one with the same number does."""
        if row.conditions.rerun:
            return True
        key = (row.result.dataset, row.result.metric)
        return not row.own and any(
            likeness(row.value, row.decimals, r.value, r.decimals) == "same"
            for r in self._reruns
            if (r.result.dataset, r.result.metric) == key and (not r.works or set(r.works) & set(row.works))
        )

    def own_row(self, score: str) -> Row | None:
        """The first own row, of whatever data its headers name, that prints a number of four digits and decimals."""
        if sum(c.isdigit() for c in score) < 4 or "." not in score:
            return None
        return next((row for row in self.rows if row.own and row.result.score == score), None)

    def prints(self, number: str, row: Row) -> str:
        """Where else the paper prints a number of three digits with decimals: in the same row, of four digits in any of
        its own rows; "" where nowhere. Three digits in any place would be chance."""
        if sum(c.isdigit() for c in number) < 3 or "." not in number:
            return ""
        place = row.result.pointer.cell
        assert place is not None  # rows without one are not made
        for c, cell in enumerate(row.table.grid[place[0]]):
            if c != place[1] and any(n.text == number for n in cell_numbers(cell.text)):
                return f"Table {row.table.label}, {row.table.row_name(place[0])}, {row.table.column_name(c)}"
        return self._printed.get(number, "") if sum(c.isdigit() for c in number) >= 4 else ""

    def _row(self, result: Result, table: Table, said: dict[str, str]) -> Row | None:
        digits = re.match(r"[\d.,]+", result.score)
        if digits is None or digits[0].strip(".,") == "":
            return None
        value, decimals = parse_digits(digits[0].rstrip(".,"))
        method = result.method
        marks = self._legends.setdefault(table.label, legend(table.caption))
        found = [(marks.get(c.number, c) if c.number else c, s, e) for c, s, e in citations(method)]
        found = [(c, s, e) for c, s, e in found if c.number or self.bibliography.entries_of(c)]
        works = [e for c, _, _ in found for e in self.bibliography.entries_of(c)]
        bare = method
        for _, start, end in reversed(found):
            bare = bare[:start] + " " * (end - start) + bare[end:]
        bare = _UNDATED.sub(" ", bare)
        last = max((e for _, _, e in found), default=0)
        plus = _ADDED.search(bare, min((s for _, s, _ in found), default=0) if found else 0)
        added = forms(bare[plus.end() :]) - STOP - _NO_NAME if plus else frozenset[str]()
        # "DCN+" is no DCN
        added |= {letters(m[1]) + m[2] for m in _SUFFIXED.finditer(bare)}
        if found and plus is not None and plus.start() < last and not bare[: plus.start()].strip(" ([,"):
            added = frozenset()  # "Intra-sentence attention + (11) (Parikh et al.)": the work is what was added
        name = frozenset(w for w in forms(bare) if w not in _NO_NAME and any(c.isalpha() for c in w)) - added
        in_row = bool(works)
        if not works:
            works = self._named(bare)
        return Row(
            result=result,
            table=table,
            value=value,
            decimals=decimals,
            conditions=conditions_of(result, table, said),
            works=tuple(dict.fromkeys(works)),
            cited_in_row=in_row,
            name=name,
            added=added,
            dropped=bool(_DROPPED.search(bare)),
            year=next((c.year for c, _, _ in found if c.year), ""),
        )

    def _named(self, bare: str) -> list[Entry]:
        """The references that the text cites right behind the name of a row that cites nothing itself."""
        head = _ADDED.split(bare)[0]
        words = [w for w in re.findall(r"[\w.'’-]+", head) if not forms(w) <= _NO_NAME]
        whole = letters(" ".join(words)) + ("+" if _SUFFIXED.search(bare) else "")
        if whole in self._cited_names:
            return list(self._cited_names[whole])
        for name, works in self._cited_names.items():
            if len(whole) >= 12 and len(name) >= 12 and (name.startswith(whole) or whole.startswith(name)):
                return list(works)
        return []


def _with_base(rows: Sequence[Row]) -> list[Row]:
    """The rows, those that only say what they add ("+ELMo") with the name of the row above that they add it to."""
    base: dict[str, frozenset[str]] = {}
    out = []
    for row in rows:
        last = (row.result.pointer.row or "").split(" > ")[-1].lstrip()
        if last.startswith("+"):
            row = replace(row, name=row.name | base.get(row.table.label, frozenset()))
        else:
            base[row.table.label] = row.name
        out.append(row)
    return out


def _with_split(rows: Sequence[Row]) -> list[Row]:
    """The rows, those whose table states no split with that of a table that prints the same number for the same name."""
    splits: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for row in rows:
        if row.conditions.split:
            splits[_figure(row)].add(row.conditions.split)
    out = []
    for row in rows:
        known = splits.get(_figure(row), set())
        if not row.conditions.split and len(known) == 1:
            stated = {**row.conditions.stated, "split": next(iter(known))}
            row = replace(row, conditions=replace(row.conditions, stated=stated))
        out.append(row)
    return out


def _figure(row: Row) -> tuple[object, ...]:
    return letters(row.result.method), row.result.dataset, row.result.metric, row.result.score


def _group(row: Row) -> tuple[object, ...]:
    stated = tuple(sorted((f, v) for f, v in row.conditions.stated.items() if f in ("split", "models", "tasks")))
    part = tuple(sorted(row.conditions.part))
    result = row.result
    return (*(e.letters for e in row.works), result.task, result.dataset, result.metric, stated, part)


def _printed(document: Document, own: frozenset[str]) -> dict[str, str]:
    """Every number of the tables' rows and columns of own systems, and where it stands first."""
    found: dict[str, str] = {}
    for table in document.tables:
        for r, c, cell in table.body():
            if not (is_own(table.row_path(r), own) or is_own(table.column_path(c), own)):
                continue
            for number in cell_numbers(cell.text):
                found.setdefault(number.text, f"Table {table.label}, {table.row_name(r)}, {table.column_name(c)}")
    return found


def _cited_names(document: Document, bibliography: Bibliography) -> dict[str, tuple[Entry, ...]]:
    """Letters of a name -> what the text cites behind it ("Dynamic Coattention Networks (Xiong et al., 2016)")."""
    found: dict[str, dict[str, tuple[Entry, ...]]] = {}
    texts = [s.text for s in document.sentences if s.kind in ("abstract", "body", "caption", "footnote")]
    texts += [c.text for t in document.tables for row in t.grid for c in row[: t.stub_columns] if c.origin is None]
    for text in texts:
        for citation, start, _ in citations(text):
            entries = tuple(bibliography.entries_of(citation))
            if len(entries) != 1:
                continue
            for name in _names_before(text[max(0, start - 90) : start]):
                found.setdefault(name, {}).setdefault(entries[0].letters, entries)
    # a name that two works are cited for tells nothing
    return {name: next(iter(works.values())) for name, works in found.items() if len(works) == 1}


def _names_before(text: str) -> list[str]:
    """The letters of the names that end where a citation begins, brackets closed: an acronym, and words in capitals."""
    text = text.rstrip(" ([,;")
    short = re.search(r"(?P<long>.*?)\s*\((?P<short>[A-Za-z][\w.+-]*)\)?\s*[;,]?$", text)
    stretches = [text]
    if short is not None:
        stretches = [short["long"], short["short"]]
    names = []
    for stretch in stretches:
        words = re.findall(r"[\w.+'’-]+|[^\w\s]", stretch)[-_MOST_WORDS:]
        taken: list[str] = []
        for word in reversed(words):
            if not word[0].isalnum() or (word[0].islower() and not any(t.namelike for t in tokens(word))):
                break
            taken.insert(0, word)
            name = letters(" ".join(taken)) + ("+" if taken[-1].endswith("+") else "")
            single = len(taken) == 1
            namelike = any(t.namelike for t in tokens(word))
            if len(name) >= 3 and name not in COMMON_NAMES and (not single or namelike or len(name) > 5):
                names.append(name)
    return names
