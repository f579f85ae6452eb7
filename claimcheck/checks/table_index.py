"""A document's tables made ready for search: values as arrays, header words with weights, own systems, better-is-lower."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.numbers import Number, cell_numbers, is_blank
from claimcheck.foundation.own_systems import COMMON_NAMES, is_cited, is_own, marked_own, own_names
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
_HEADER_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)")
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
    def header_numbers(self) -> frozenset[str]:
        """The numbers that row and column names print ("IOU 0.75", "T = 10"): in a claim they name a place, not a result."""
        names = [" ".join(v.table.row_path(r)) for v in self.views for r in range(v.table.height)]
        names += [" ".join(v.table.column_path(c)) for v in self.views for c in range(v.table.width)]
        return frozenset(m for name in names for m in _HEADER_NUMBER.findall(name))


def header_weight(form: str, weight: float) -> float:
    """A word's share in how completely a claim names a header: optional words count little."""
    return weight * (0.25 if form in _OPTIONAL else 1.0)


def index_document(document: Document) -> TableIndex:
    """The table index of a paper; its own systems are found from its title, abstract and "we propose" sentences."""
    title = document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")
    phrases = _title_phrases(title) | _short_names(document, title)
    index = _index(document.tables, document.paper.id, own_names(document), phrases)
    return replace(index, long_forms=_long_forms(document, index.weight))


def index_tables(tables: Sequence[Table], paper: str = "") -> TableIndex:
    """The table index of bare tables; own rows are those that say so ("ours", "proposed")."""
    return _index(tables, paper, frozenset())


def _index(
    tables: Sequence[Table], paper: str, own: frozenset[str], phrases: frozenset[str] = frozenset()
) -> TableIndex:
    own |= marked_own(tables)
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


_FULL = re.compile(r"^(?:our\s+|the\s+)?(?:full|complete|whole)(?:\s+(?:model|system|method|features?))?\W*$", re.I)
_WORDS = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def _title_phrases(title: str) -> frozenset[str]:
    """What a title may call the paper's own system: its hyphenated words and each two words in a row, in small letters.

    "In-Order Transition-based Parsing" gives "in-order", "transition-based" and the pairs. Pairs that hold a little word
    ("of", "with") name nothing, and what is made of everybody's parts ("LSTM-CRF") names nobody's system.
    """
    words = [w.lower() for w in _WORDS.findall(title)]
    found = {f"{a} {b}" for a, b in pairwise(words) if not {a, b} & STOP and len(a) > 2 and len(b) > 2}
    found |= {w for w in words if "-" in w and len(w) > 5}
    return frozenset(p for p in found if not set(re.split(r"[ -]", p)) <= COMMON_NAMES)


def _own_headers(paths: Sequence[tuple[str, ...]], own: frozenset[str], phrases: frozenset[str]) -> Bools:
    """Which rows (or columns) are the paper's own: they say so, carry one of its coined names, are the "full model" of an
    ablation, or, where none is, begin with a phrase of the title (or its short form) and cite nobody."""
    found = [is_own(p, own) or bool(p and _FULL.match(p[-1])) for p in paths]
    if not any(found):
        found = [bool(p) and not is_cited(" ".join(p)) and _begins(p[-1], phrases) for p in paths]
    return np.array(found, dtype=bool)


def _begins(name: str, phrases: frozenset[str]) -> bool:
    text = " ".join(name.lower().split())
    return any(text.startswith(p) and not text[len(p) : len(p) + 1].isalnum() for p in phrases)


_SHORT = re.compile(r"(?P<long>(?:[A-Za-z][\w-]*\s+){2,6})\(\s*(?P<short>[A-Z][\w.+-]{1,14})\s*\)")
_OWN_SENTENCE = re.compile(r"\b(?:we|our|this\s+(?:paper|work))\b|\bpropos|\bintroduc|\bpresent", re.I)


_MAX_SHORT = 6


def _long_forms(document: Document, known: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """The header words that a short form stands for: "adversarial training (AT)" where rows say "Adversarial" and none "AT".

    Only where each letter begins one of the words before the bracket.
    """
    out: dict[str, frozenset[str]] = {}
    for m in (m for s in document.sentences for m in _SHORT.finditer(s.text)):
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


def _common(name: str) -> bool:
    """Whether a name is made of what everybody's models are made of ("blstm", "bi-lstm")."""
    return any(part in name for part in COMMON_NAMES if len(part) > 2)


def _short_names(document: Document, title: str) -> frozenset[str]:
    """What the paper shortens words of its title to: "the Reinforced Mnemonic Reader (R.M-Reader)", in small letters."""
    said = forms(title)
    out = set()
    texts = [document.paper.abstract, *(s.text for s in document.sentences[:120])]
    for m in (m for text in texts if _OWN_SENTENCE.search(text) for m in _SHORT.finditer(text)):
        capitals = sum(c.isupper() for c in m["short"])
        words = re.findall(r"[^\W_]+", m["long"])[-capitals:]
        long = forms(" ".join(words))
        if (
            capitals > 1
            and len(m["short"]) > 2
            and long
            and len(long & said) >= 0.6 * len(words)
            and not _common(m["short"].lower())
        ):
            out.add(m["short"].lower())
    return frozenset(out)


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
        _own_headers(rows, own, phrases),
        _own_headers(columns, own, phrases),
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
