"""Which rows (or columns) of a table a phrase names: "our model", "LSTM and LSTM+", "the Conv-CRF of Smith et al.".

A name counts when the phrase prints it as the table does, or says enough of its words and no other name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from claimcheck.checks.own_headers import NUMBERED
from claimcheck.checks.table_index import Bools, Floats, TableIndex, TableView, header_weight
from claimcheck.foundation.own_systems import is_cited
from claimcheck.foundation.words import STOP, forms, plain, tokens

Axis = Literal["row", "column"]
Cell = tuple[int, int]
Sense = Literal["better", "worse", "higher", "lower"]
NAMED, COVERED = (
    0.75,
    0.7,
)  # share of a header that a phrase must say, and share of the phrase's header words that it must have
_OWN = re.compile(r"\b(?:we|our|ours|proposed|this\s+(?:work|paper))\b", re.I)


@dataclass(frozen=True)
class Systems:
    """A table seen along one axis: its systems, and the lanes in which they are compared."""

    view: TableView
    axis: Axis

    @property
    def systems(self) -> tuple[frozenset[str], ...]:
        return self.view.row_forms if self.axis == "row" else self.view.column_forms

    @property
    def lanes(self) -> tuple[frozenset[str], ...]:
        return self.view.column_forms if self.axis == "row" else self.view.row_forms

    @property
    def own(self) -> Bools:
        return self.view.own_rows if self.axis == "row" else self.view.own_columns

    @property
    def values(self) -> Floats:
        return self.view.values if self.axis == "row" else self.view.values.T

    def cell(self, system: int, lane: int) -> Cell:
        return (system, lane) if self.axis == "row" else (lane, system)

    def lane_name(self, lane: int) -> str:
        return self.view.table.column_name(lane) if self.axis == "row" else self.view.table.row_name(lane)

    def path(self, system: int) -> tuple[str, ...]:
        return self.view.table.row_path(system) if self.axis == "row" else self.view.table.column_path(system)

    def leaf(self, system: int) -> str:
        path = self.path(system)
        return path[-1] if path else ""

    def system_name(self, system: int) -> str:
        return self.view.table.row_name(system) if self.axis == "row" else self.view.table.column_name(system)


def raw_sense(view: TableView, cell: Cell, sense: Sense) -> Sense:
    """The sense as higher or lower, by the metric's direction."""
    if sense in ("higher", "lower"):
        return sense
    less = bool(view.lower_is_better[cell])
    return "lower" if (sense == "better") == less else "higher"


def table_rows(view: TableView) -> Systems:
    """The table with its rows as the systems."""
    return Systems(view, "row")


def systems_named(phrase: str, table: Systems, index: TableIndex, is_baseline: bool = False) -> list[int]:
    """The rows (or columns) that a phrase names: the one that it names in full and alone, or the paper's own for "our model"."""
    said = frozenset(t.form for t in tokens(phrase) if t.form not in STOP)
    said |= frozenset().union(*(index.long_forms.get(t.text, frozenset()) for t in tokens(phrase)))
    usable = [i for i in range(len(table.systems)) if np.isfinite(table.values[i]).any()]
    known = frozenset().union(*(table.systems[i] for i in usable)) if usable else frozenset()
    unknown = {t.form for t in tokens(phrase) if t.namelike and t.form not in known and t.text not in index.long_forms}
    if unknown & index.own_names:
        unknown -= index.own_names
    here = said & known
    printed = printed_rows(phrase, table, usable, index)
    if len(printed) == 1 and (table.own[printed[0]] or is_baseline or not _OWN.search(phrase) or not table.own.any()):
        return printed
    if here and not unknown:
        total = sum(index.word_weight(f) or 0.1 for f in here)
        said_digits = frozenset(f for f in said if f.isdigit() and not _YEAR.fullmatch(f))
        scored = []
        for i in usable:
            name = frozenset(f for f in table.systems[i] - STOP if not _YEAR.fullmatch(f)) or table.systems[i]
            name = name - _HEADS or name  # "bottom-up parsing" names the "Bottom-up parser"
            digits = frozenset(f for f in name if f.isdigit())
            if digits and said_digits and not digits & said_digits:
                continue  # "T = 2" is not "T = 9"
            parts = [(header_weight(h, index.word_weight(h) or 0.1), h in said) for h in name]
            weight = sum(w for w, _ in parts)
            share = sum(w for w, yes in parts if yes) / weight if weight else 0.0
            leaf = forms(table.leaf(i))
            if leaf and leaf <= said:
                share = 1.0  # the group that a row stands in need not be said
            covered = sum(index.word_weight(f) or 0.1 for f in here & name) / total if total else 0.0
            if share >= NAMED and covered >= COVERED:
                scored.append((round(share + covered, 6), i))
        if scored:
            top = max(s for s, _ in scored)
            best = [i for s, i in scored if s == top]
            if len(best) == 1:
                # "our embeddings": no row of somebody else's
                theirs = bool(_OWN.search(phrase)) and not is_baseline and not table.own[best[0]]
                return [] if theirs and (table.own.any() or is_cited(table.system_name(best[0]))) else best
            own = [i for i in best if table.own[i]]
            return own if len(own) == len(best) and not is_baseline else []
    own_phrase = bool(_OWN.search(phrase)) or bool(said & index.own_names)
    # "our CNN variant": what is said beside "our" would have to be in the row's name
    more = here - index.own_names - {"our", "proposed"}
    if own_phrase and not is_baseline and not more and not unknown and not _PARTED.search(phrase):
        return [i for i in usable if table.own[i]]
    return []


_MARKS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[†‡*∗§¶♣♠♦]|\^\S+|[\"“”]")


def printed_rows(phrase: str, table: Systems, usable: Sequence[int], index: TableIndex) -> list[int]:
    """The rows one of whose names the phrase prints letter by letter, the longest name first ("LSTM+" before "LSTM"); none
    where the phrase holds another name as well. Of several rows of that name those whose group it says, where it says one."""
    text = _without(plain(_MARKS.sub(" ", phrase))).replace("-based", "")
    found: list[tuple[int, int, int, str]] = []  # start, end, row, name
    for i in usable:
        for part in table.path(i):
            name = _without(plain(_MARKS.sub(" ", NUMBERED.sub("", part))))
            if len(name) < 2 or not any(c.isalpha() for c in name):
                continue
            flags = re.I if len(name) > 3 else 0
            pattern = rf"(?<![\w+-]){re.escape(name)}(?:s(?=\W|$))?(?![\w+]|-\w)"
            found += [(m.start(), m.end(), i, part) for m in re.finditer(pattern, text, flags)]
    widest = [f for f in found if not any(g[0] <= f[0] and f[1] <= g[1] and g[1] - g[0] > f[1] - f[0] for g in found)]
    of_leaf = [f for f in widest if f[3] == table.leaf(f[2])]
    said = forms(text)
    # "Senna > CRF": the group may be said beside the name
    widest = of_leaf or widest
    if len({f[:2] for f in widest}) != 1:
        return _carrying(phrase, table, usable) if not found else []
    rows = sorted({f[2] for f in widest})
    known = frozenset().union(*(forms(" ".join(table.path(i))) for i in rows)) | index.own_names
    if any(t.namelike and t.form not in known for t in tokens(text)):
        return []
    if len(rows) > 1:
        groups = [table.systems[i] - forms(widest[0][3]) for i in rows]
        told = [i for i, group in zip(rows, groups, strict=True) if group and group <= said]
        rows = told or rows
    return rows


_NON = re.compile(r"\bnon-(?=\w)", re.I)


def _without(text: str) -> str:
    """A text with "non-transfer" written as "no transfer"."""
    return _NON.sub("no ", text)


_COMPOUND = re.compile(r"(?<![\w-])[A-Za-z][\w.]*(?:[-+][A-Za-z][\w.]*)+(?![\w-])")


def _carrying(phrase: str, table: Systems, usable: Sequence[int]) -> list[int]:
    """The one row whose longer name carries the compound that the phrase calls it by: "MRU-LSTM" of "BiAttention (150d MRU-LSTM)"."""
    compounds = [c for c in _COMPOUND.findall(plain(phrase)) if any(x.isupper() for x in c)]
    if len(compounds) != 1:
        return []
    pattern = re.compile(rf"(?<![\w+-]){re.escape(compounds[0])}(?![\w+-])")
    rows = [i for i in usable if pattern.search(plain(" ".join(table.path(i))))]
    digits = [
        frozenset(f for f in names if f.isdigit()) for names in (forms(phrase), *(table.systems[i] for i in rows))
    ]
    if len(rows) != 1 or (digits[0] and digits[1] and not digits[0] & digits[1]):
        return []  # "T = 2" is not "T = 9"
    return rows


_YEAR = re.compile(r"(?:19|20)\d\d[a-z]?")
# what anything that is compared may be called
_HEADS = frozenset("parser parsing model system method approach network architecture".split())
_PARTED = re.compile(
    r"\(or\b|[\"“”]|\bvariants?\b|\bpart\b|\bwithout\b|\bbaselines?\b|\breimplement|\bimplementation\b", re.I
)


def listed(phrase: str, table: Systems, index: TableIndex) -> list[int]:
    """The systems of "BERT and ELMo"; none where one of them is no row of the table."""
    whole = systems_named(phrase, table, index, is_baseline=True)
    parts = [p for p in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.sub(r"^both\s+(?:the\s+)?", "", phrase)) if p]
    if whole or len(parts) < 2:
        return whole
    found = [systems_named(part, table, index, is_baseline=True) for part in parts]
    return [i for group in found for i in group] if all(found) else []
