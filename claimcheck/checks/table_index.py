"""A document's tables made ready for search: values as arrays, header words with weights, own systems, better-is-lower."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.own_headers import SHORT, WORDS, own_headers, phrases_of, shortened
from claimcheck.foundation.numbers import Number, cell_numbers, is_blank
from claimcheck.foundation.own_systems import marked_own, own_names
from claimcheck.foundation.records import Document, Evidence, Pointer, Table
from claimcheck.foundation.words import STOP, forms, tokens

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# metrics of which less is better
_LOWER = frozenset(
    "error perplexity loss wer cer ter mae mse rmse fid eer latency time bpc cost runtime memory second ms hour".split()
)
_LOWER_CAPTION = re.compile(r"\b(?:perplexit(?:y|ies)|error\s+rates?|wer|bits[- ]per[- ]\w+)\b", re.I)
# what a number measures; two different ones never stand for the same cell
METRICS = frozenset(
    """accuracy f1 em precision recall bleu rouge meteor cider perplexity error las uas map mrr auc wer ter cer mae mse rmse loss bpc bit
    pearson spearman correlation time speed parameter size latency hit ndcg kappa iou""".split()
)
_HEADER_NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(?![\w.]*\d)\s*(%?)")
# rows and columns that list what was set, not what came out
_SETTING = re.compile(
    r"(?:^|[\s(])[αβγλεη](?=$|[\s)=])|\b(?:perturbation\s+scale|learning\s+rate|drop-?out(?:\s+rate)?|batch\s+size|epochs?|momentum|window\s+size|"
    r"hidden\s+(?:size|units?)|dimensions?)\b",
    re.I,
)
# words in a header that condition a result; a claim often leaves them out
_OPTIONAL = frozenset("single ensemble test dev train % our proposed model".split())


@dataclass(frozen=True)
class TableView:
    """One table as arrays over its grid.

    `values` (height, width) holds the first number of each body cell, NaN elsewhere; `extra` the further numbers of cells such
    as "79.1/68.2"; `row_forms` and `column_forms` the words that name each row and column.
    """

    table: Table
    values: Floats
    decimals: NDArray[np.int64]
    bold: Bools
    extra: tuple[tuple[int, int, Number], ...]
    row_forms: tuple[frozenset[str], ...]
    column_forms: tuple[frozenset[str], ...]
    caption_forms: frozenset[str]
    own_rows: Bools
    own_columns: Bools

    @cached_property
    def lower_is_better(self) -> Bools:
        """(height, width): whether less is better in a cell, from its column, row and caption words."""
        columns = np.array([bool(f & _LOWER) for f in self.column_forms] or [False])
        rows = np.array([bool(f & _LOWER) for f in self.row_forms] or [False])
        grid = columns[None, :] | rows[:, None]
        # a caption names the metric of a table whose headers name none
        if not grid.any() and _LOWER_CAPTION.search(self.table.caption) and not self.caption_forms & METRICS - _LOWER:
            grid = ~grid
        result: Bools = grid
        return result

    @cached_property
    def worked_out(self) -> dict[str, object]:
        """What searches over this table have worked out and use again, by name; it hangs on no claim."""
        return {}

    @cached_property
    def row_metrics(self) -> tuple[frozenset[str], ...]:
        """The metrics that each row names."""
        return tuple(f & METRICS for f in self.row_forms)

    @cached_property
    def column_metrics(self) -> tuple[frozenset[str], ...]:
        """The metrics that each column names."""
        return tuple(f & METRICS for f in self.column_forms)

    def evidence(self, cells: Iterable[tuple[int, int]], paper: str) -> list[Evidence]:
        """Cells as they are printed, with where they stand."""
        return [Evidence(quote=self.table.grid[r][c].text, pointer=self.pointer(r, c, paper)) for r, c in cells]

    def pointer(self, row: int, column: int, paper: str) -> Pointer:
        """Where a cell stands."""
        t = self.table
        return Pointer(
            paper=paper,
            page=t.page,
            box=t.grid[row][column].box or t.box,
            table=t.label,
            row=t.row_name(row),
            column=t.column_name(column),
            cell=(row, column),
            line=t.line,
        )


@dataclass(frozen=True)
class Headers:
    """The words of the rows (or columns) of one table: which of them has which word, and what the word weighs there."""

    place: Mapping[str, int]  # word -> column of the two matrices
    weight: (
        Floats  # (headers, words): the weight of each word of a header, optional ones less; 0 where it has not the word
    )
    whole: Floats  # (headers, words): the same with every word in full

    @property
    def count(self) -> int:
        """How many rows or columns there are."""
        return int(self.weight.shape[0])

    def hits(self, names: Sequence[str]) -> Floats:
        """(names, headers): 1 where the header has the word."""
        out = np.zeros((len(names), self.count))
        known = [(i, self.place[n]) for i, n in enumerate(names) if n in self.place]
        if known:
            rows, columns = (list(x) for x in zip(*known, strict=True))
            out[rows] = self.weight[:, columns].T > 0
        return out

    def share(self, said: Mapping[str, float], whole: bool = False) -> Floats:
        """(headers,): the weighted share of each header's words that is said, each as much as `said` tells."""
        weight = self.whole if whole else self.weight
        told = np.zeros(weight.shape[1])
        for word, x in said.items():
            if word in self.place:
                told[self.place[word]] = x
        total = weight.sum(axis=1)
        result: Floats = np.where(total > 0, weight @ told / np.where(total > 0, total, 1.0), 0.0)
        return result


@dataclass(frozen=True)
class TableIndex:
    """All tables of one piece of evidence, with the weight of each header word among them."""

    paper: str
    views: tuple[TableView, ...]
    weight: dict[str, float]  # inverse document frequency over row and column names
    own_names: frozenset[str]
    long_forms: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # the words that the paper's short forms stand for

    def word_weight(self, form: str) -> float:
        """How much a header word tells places apart; words that no header has weigh nothing."""
        return self.weight.get(form, 0.0)

    @cached_property
    def _headers(self) -> dict[tuple[int, str], Headers]:
        return {
            (id(v), axis): _header_words(names, self.weight)
            for v in self.views
            for axis, names in (("row", v.row_forms), ("column", v.column_forms))
        }

    def headers(self, view: TableView, axis: Literal["row", "column"]) -> Headers:
        """The header words of a table of this index."""
        return self._headers[id(view), axis]

    @cached_property
    def header_numbers(self) -> frozenset[str]:
        """The numbers that row and column names print ("IOU 0.75", "T = 10"; "10%" as "10" and "10%"): in a claim they name a
        place, not a result."""
        names = [" ".join(v.table.row_path(r)) for v in self.views for r in range(v.table.height)]
        names += [" ".join(v.table.column_path(c)) for v in self.views for c in range(v.table.width)]
        found = [m for name in names for m in _HEADER_NUMBER.findall(name)]
        return frozenset(n + sign for n, percent in found for sign in {"", percent})


def _header_words(names: Sequence[frozenset[str]], weights: Mapping[str, float]) -> Headers:
    words = sorted(frozenset().union(*names))
    place = {w: i for i, w in enumerate(words)}
    weight, whole = np.zeros((len(names), len(words))), np.zeros((len(names), len(words)))
    for i, name in enumerate(names):
        for w in name:
            weight[i, place[w]] = header_weight(w, weights.get(w, 0.0) or 0.1)
            whole[i, place[w]] = weights.get(w, 0.0)
    return Headers(place, weight, whole)


def header_weight(form: str, weight: float) -> float:
    """A word's share in how completely a claim names a header: optional words count little."""
    return weight * (0.25 if form in _OPTIONAL else 1.0)


def index_document(document: Document) -> TableIndex:
    """The table index of a paper; its own systems are found from its title, abstract and "we propose" sentences."""
    title = document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")
    phrases = phrases_of(document, title)
    own = own_names(document)
    index = _index(document.tables, document.paper.id, own, phrases, WORDS.findall(title))
    return replace(index, long_forms=_long_forms(document, index.weight))


def index_tables(tables: Sequence[Table], paper: str = "") -> TableIndex:
    """The table index of bare tables; own rows are those that say so ("ours", "proposed")."""
    return _index(tables, paper, frozenset())


def _index(
    tables: Sequence[Table],
    paper: str,
    own: frozenset[str],
    phrases: frozenset[str] = frozenset(),
    title: Sequence[str] = (),
) -> TableIndex:
    own |= marked_own(tables)
    phrases |= shortened(tables, title)
    views = tuple(_view(t, own, phrases) for t in tables)
    counts: Counter[str] = Counter()
    names = 0
    for v in views:
        for group in (v.row_forms[v.table.header_rows :], v.column_forms):
            for name in {f for f in group if f}:
                names += 1
                counts.update(name)
        counts.update(v.caption_forms - set(counts))
    weight = {f: math.log(1.0 + (1 + names) / n) for f, n in counts.items()}
    return TableIndex(paper, views, weight, own)


_MAX_SHORT = 6


def _long_forms(document: Document, known: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """The header words that a short form stands for: "adversarial training (AT)" where rows say "Adversarial" and none "AT".

    Only where each letter begins one of the words before the bracket.
    """
    out: dict[str, frozenset[str]] = {}
    for m in (m for s in document.sentences for m in SHORT.finditer(s.text)):
        short = m["short"]
        words = re.findall(r"[^\W_]+", m["long"])[-len(short) :]
        if not (1 < len(short) <= _MAX_SHORT and short.isupper() and short.isalpha()) or short.lower() in known:
            continue
        if [w[0].upper() for w in words] != list(short):
            continue
        meant = frozenset(f for f in forms(" ".join(words)) if known.get(f, 0.0) > 0)
        if meant:
            out.setdefault(short, meant)
    return out


def _view(table: Table, own: frozenset[str], phrases: frozenset[str] = frozenset()) -> TableView:
    height, width = table.height, table.width
    values = np.full((height, width), np.nan)
    decimals = np.zeros((height, width), dtype=np.int64)
    bold = np.zeros((height, width), dtype=bool)
    extra: list[tuple[int, int, Number]] = []
    settings_rows = [bool(_SETTING.search(table.row_name(r))) for r in range(height)]
    settings_columns = [bool(_SETTING.search(table.column_name(c))) for c in range(width)]
    for r, c, cell in table.body():
        numbers = cell_numbers(cell.text)
        if not numbers or settings_rows[r] or settings_columns[c]:
            continue
        values[r, c], decimals[r, c], bold[r, c] = numbers[0].value, numbers[0].decimals, cell.bold
        extra += [(r, c, n) for n in numbers[1:]]
    values = np.where(_among_numbers(table, values), values, np.nan)
    extra = [x for x in extra if np.isfinite(values[x[0], x[1]])]
    rows = [table.row_path(r) for r in range(height)]
    columns = [table.column_path(c) for c in range(width)]
    return TableView(
        table,
        values,
        decimals,
        bold,
        tuple(extra),
        tuple(_name_forms(p) for p in rows),
        tuple(_name_forms(p) for p in columns),
        forms(table.caption),
        own_headers(rows, own, phrases),
        own_headers(columns, own, phrases),
    )


def _among_numbers(table: Table, values: Floats) -> Bools:
    """(height, width): whether a cell stands among numbers; a number among words ("50" in a column of answers) is no result."""
    filled = np.zeros(values.shape, dtype=bool)
    for r, c, cell in table.body():
        filled[r, c] = not is_blank(cell.text)
    numbers = np.isfinite(values)
    of_column = numbers.sum(axis=0) >= 0.5 * np.maximum(filled.sum(axis=0), 1)
    of_row = numbers.sum(axis=1) >= 0.5 * np.maximum(filled.sum(axis=1), 1)
    mostly = numbers.sum() >= 0.5 * max(int(filled.sum()), 1)
    result: Bools = of_column[None, :] | (of_row[:, None] & bool(mostly))
    return result


def _name_forms(path: Sequence[str]) -> frozenset[str]:
    """The words of a header path. Single digits and letters count here: they tell "ROUGE-1" from "ROUGE-2"."""
    found = {t.form for name in path for t in tokens(name)}
    return frozenset(found - STOP) or frozenset(found)
