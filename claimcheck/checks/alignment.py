"""How well each row, column and cell of a table fits the words around a number of a claim.

The fit of a cell has three parts: how completely the claim names its row, how completely its column, and what share of the
claim's header words the cell's row, column and caption explain. Words count by how rare they are among headers and by how
near they stand to the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.table_index import METRICS, Floats, Headers, TableIndex, TableView
from claimcheck.foundation.records import Claim, Quantity, Span
from claimcheck.foundation.words import STOP, Token, forms, tokens

_BREAK = re.compile(r"[;:—]|\.\s|\b(?:while|whereas|but|although|however)\b|,\s+(?:and|with|which|where)\b|[()]", re.I)
_CLAUSE = re.compile(r"[;:—]|\.\s|,?\s\b(?:while|whereas|but|although|which)\b")
_CITATION = re.compile(
    r"\b[A-Z][\w'’-]+\s+et\s+al\b|\(\s*[A-Z][\w'’-]+[^()]{0,60}?\b(?:19|20)\d\d"
    r"|\b[A-Z][\w'’-]+(?:\s*(?:,|and|&)\s*[A-Z][\w'’-]+)*\s*\(\s*(?:19|20)\d\d"
)
# where a change starts is seldom the paper's own system
_FROM = re.compile(r"\bfrom\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,2}$|\b(?:previous|prior)\s+(?:[\w-]+\s+){0,4}$", re.I)
# tables that print the set-up, not results
_SETUP_TABLE = re.compile(
    r"\bhyper-?\s?parameters?\b|\bstatistics\b|\bparameters?\s+(?:used|settings?)\b|\bconfigurations?\b", re.I
)
_OWN_WORD = re.compile(r"\b(?:we|our|ours|us|proposed|this\s+(?:model|method|work|approach|system))\b", re.I)
# "The model achieves 91.3": in a paper's own text, with nobody named, that is the paper's model
_THE_MODEL = re.compile(
    r"(?:^|[;,]\s+(?:and\s+)?|\bthat\s+)[Tt]he\s+(?:(?:single|ensemble|final|full|resulting|best|same)\s+)*"
    r"(?:model|system|network|method|approach|architecture)\s+(?:(?:also|further|even|still|now|then)\s+)?"
    r"(?:achiev|obtain|reach|outperform|improv|perform|surpass|gets?\b|got\b|yield|scor|attain|exceed|beats?\b|sets?\b|produc)"
)
_TABLE_REF = re.compile(
    r"\b[Tt]ab(?:le|\.)s?\s*~?\(?((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?)(?:(?:\s*(?:,|and|&|-)\s*)((?:[A-Z]\.?)?\d+))?"
)


@dataclass(frozen=True)
class ClaimWords:
    """A claim's header words, where they stand, and what else tells which table it means."""

    text: str
    words: tuple[Token, ...]  # the words of the claim that some header or caption has
    own: bool  # "we", "our model"
    tables: tuple[str, ...]  # labels that the claim itself names
    near_tables: tuple[str, ...]  # labels named in the sentences around it
    context: frozenset[str]  # header words of the sentences before it
    known: frozenset[str]  # every header and caption word of the tables
    header_numbers: frozenset[str]  # every number that a row or column name prints
    own_names: frozenset[str]  # what the paper calls its own systems

    @cached_property
    def gaps(self) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Where the blanks stand, and where the clause breaks begin and end."""
        blanks = np.array([i for i, c in enumerate(self.text) if c == " "], dtype=np.int64)
        breaks = [m.span() for m in _BREAK.finditer(self.text)]
        begin, end = (np.array([x[k] for x in breaks], dtype=np.int64) for k in (0, 1))
        return blanks, (begin, end)

    def clause(self, span: Span) -> str:
        """The clause a number stands in."""
        before, after = self.text[: span[0]], self.text[span[1] :]
        start = max((m.end() for m in _CLAUSE.finditer(before)), default=0)
        end = next((span[1] + m.start() for m in _CLAUSE.finditer(after)), len(self.text))
        return self.text[start:end]

    def unknown_share(self, span: Span) -> float:
        """The share of the content words of the number's clause that no header or caption has."""
        said = [
            t for t in tokens(self.clause(span)) if t.form not in STOP and not t.text[0].isdigit() and len(t.form) > 1
        ]
        return sum(t.form not in self.known for t in said) / len(said) if said else 0.0

    def metric(self, quantity: Quantity) -> frozenset[str]:
        """The metric a number is given in: printed beside it, else the nearest metric word of its clause."""
        if quantity.metric:
            return forms(quantity.metric) & METRICS
        a, b = quantity.span
        found = [
            (abs(t.start - b) if t.start >= b else abs(a - t.end), t.form)
            for t in tokens(self.text)
            if t.form in METRICS and len(_BREAK.findall(self.text[min(t.end, b) : max(a, t.start)])) < 2
        ]
        return frozenset({min(found)[1]}) if found else frozenset()

    def is_previous(self, span: Span) -> bool:
        """Whether the number is where a change starts ("from 80.1") or what was best before: seldom the paper's own."""
        return _FROM.search(self.text[: span[0]]) is not None

    def cited_names(self, span: Span) -> frozenset[str]:
        """The authors cited nearest to the number in its clause: "Choe and Charniak (2016) reported 95.9"."""
        start = max((m.end() for m in _CLAUSE.finditer(self.text[: span[0]])), default=0)
        end = start + len(self.clause(span))
        found = [
            (max(m.start() - span[1], span[0] - m.end(), 0), m[0]) for m in _CITATION.finditer(self.text, start, end)
        ]
        if not found:
            return frozenset()
        return frozenset(t.form for t in tokens(min(found)[1]) if t.text[0].isupper() and len(t.form) > 2)


def claim_words(claim: Claim, index: TableIndex) -> ClaimWords:
    """The words of a claim that matter for finding its cells."""
    # "24 layers" names a place where a row is named so
    quantities = [q.span for q in claim.quantities if q.role != "other" or q.decimals]
    quantities += [m.span() for m in _TABLE_REF.finditer(claim.text)]  # the 2 of "Table 2" is no "ROUGE-2"
    kept = tuple(
        t
        for t in _as_headers(claim.text, index)
        if index.word_weight(t.form) > 0
        and (t.form not in STOP or t.form.isdigit())
        and not any(a <= t.start < b and not t.text[0].isalpha() for a, b in quantities)
    )
    named = _labels(claim.text)
    near = tuple(dict.fromkeys(x for p in claim.places for x in (*p.tables, *_labels(p.context))))
    context = " ".join(p.context for p in claim.places)
    return ClaimWords(
        claim.text,
        kept,
        bool(_OWN_WORD.search(claim.text) or _THE_MODEL.search(claim.text)),
        named,
        near,
        frozenset(t.form for t in tokens(context) if index.word_weight(t.form) > 0 and t.form not in STOP),
        frozenset(index.weight),
        index.header_numbers,
        index.own_names,
    )


def _as_headers(text: str, index: TableIndex) -> list[Token]:
    """The words of a claim as the headers spell them: "SST-2" where a header has "SST2", and the reverse."""
    out: list[Token] = []
    for t in tokens(text):
        last = out[-1] if out else None
        if last is not None and t.form.isdigit() and text[last.end : t.start] == "-":
            joined = last.form + t.form
            if index.word_weight(joined) > 0:
                out[-1] = Token(joined, text[last.start : t.end], last.start, t.end)
                continue
        parts = _LETTERS_DIGITS.fullmatch(t.form)
        if parts and not index.word_weight(t.form) and index.word_weight(parts[1]) and index.word_weight(parts[2]):
            cut = t.start + len(parts[1])
            out += [Token(parts[1], text[t.start : cut], t.start, cut), Token(parts[2], text[cut : t.end], cut, t.end)]
            continue
        out.append(t)
    return out


_LETTERS_DIGITS = re.compile(r"([a-z]{2,})(\d{1,2})")


def _labels(text: str) -> tuple[str, ...]:
    return tuple(x for m in _TABLE_REF.finditer(text) for x in m.groups() if x)


@dataclass(frozen=True)
class Fit:
    """How a table fits a quantity: `row` (height,), `column` (width,), `explained` (height, width), all 0 to 1; `table` a bonus."""

    view: TableView
    row: Floats
    column: Floats
    explained: Floats
    row_hits: Floats  # (words, height): weight of each claim word that the row name has
    column_hits: Floats  # (words, width)
    caption_hits: Floats  # (words,)
    weights: Floats  # (words,)
    table: float
    measure: Floats  # (height, width): below 0 where a cell is in another metric, split or size than the claim says, above where the same
    rival: Floats  # (height,): how well each row is what the claim compares with; all 0 where it does not say
    rival_column: Floats  # (width,): the same for columns

    @property
    def cell(self) -> Floats:
        """(height, width): the fit of each cell for a plain value."""
        named = 0.36 * self.row[:, None] + 0.28 * self.column[None, :] + 0.36 * self.explained
        result: Floats = named + self.table + self.measure
        return result


def fit_table(view: TableView, words: ClaimWords, quantity: Quantity, said: Said, index: TableIndex) -> Fit:
    """The fit of every row, column and cell of one table for one quantity of a claim; `said` is `said_of` these."""
    names = [t.form for t in words.words]
    weights = np.array([index.word_weight(n) for n in names]) * said.near
    rows, columns = index.headers(view, "row"), index.headers(view, "column")
    row_hits, column_hits = rows.hits(names), columns.hits(names)
    caption_hits = np.array([1.0 if n in view.caption_forms else 0.0 for n in names])
    nearest: dict[str, float] = {}
    for n, x in zip(names, said.near.tolist(), strict=True):
        nearest[n] = max(nearest.get(n, 0.0), x)
    reach = {n: min(1.0, 0.4 + x) for n, x in nearest.items() if x > 0}
    row, column = rows.share(reach), columns.share(reach)
    if (
        said.owner is not False
        and not said.previous
        and (words.own or (quantity.direction and not _names_any(row, view.own_rows)))
        and not said.left_out
    ):
        own = 0.85 if words.own else 0.5
        row = np.maximum(row, np.where(view.own_rows, own, 0.0))
        if view.own_columns.any() and not view.own_rows.any():
            column = np.maximum(column, np.where(view.own_columns, own, 0.0))
    total = float(weights.sum())
    if total > 0:
        unexplained = (weights * (1 - 0.9 * caption_hits))[:, None] * (1 - row_hits)
        explained = 1.0 - unexplained.T @ (1 - column_hits) / total
    else:
        explained = np.zeros((view.table.height, view.table.width))
    measure = _measure(view, said)
    if said.owner and view.own_rows.any():
        # "our model" is none of the rows that are not the paper's own
        measure = measure - np.where(view.own_rows, 0.0, NOT_OWN)[:, None]
    if words.context:
        about = [h.share(dict.fromkeys(words.context, 1.0), whole=True) for h in (rows, columns)]
        measure = measure + CONTEXT * (about[0][:, None] + about[1][None, :])
    rival, rival_column = (_rival(h, said.baseline) for h in (rows, columns))
    bonus = _table_bonus(view, words, index)
    return Fit(
        view, row, column, explained, row_hits, column_hits, caption_hits, weights, bonus, measure, rival, rival_column
    )


OTHER_METRIC, SAME_METRIC, OTHER_SPLIT, OTHER_SIZE, NOT_OWN = 0.16, 0.05, 0.16, 0.12, 0.18
# "without X, our system reaches 77": that is no figure of the full system
_LEFT_OUT = re.compile(r"(?:^|[.;]\s+)\W*(?:without|removing|when\s+removing|after\s+removing|ablating)\b[^.;]*$", re.I)
_OWN_SUBJECT = re.compile(r"\b(?:we|our|ours|us|proposed|this\s+(?:work|paper))\b", re.I)
_CONTRARIES = (
    (frozenset({"dev"}), frozenset({"test"}), OTHER_SPLIT),
    (frozenset({"single"}), frozenset({"ensemble"}), OTHER_SIZE),
)


CONTEXT = 0.05  # for a row or column that the sentences just before name in full


def owner_of(quantity: Quantity, words: ClaimWords) -> bool | None:
    """Whether a value is said of the paper's own system (True), of another that is named (False), or nobody knows (None)."""
    if quantity.role != "value" or not quantity.method or words.is_previous(quantity.span):
        return None
    if _OWN_SUBJECT.search(quantity.method):
        return True
    named = {t.form for t in tokens(quantity.method) if t.namelike} & words.known
    return False if named and not named & words.own_names else None


def _measure(view: TableView, said: Said) -> Floats:
    """What the metric, the split and "single" or "ensemble" say for and against each cell.

    A header that names none of them says nothing; the caption speaks only where no header does.
    """
    height, width = view.table.height, view.table.width
    out = np.zeros((height, width))
    if said.metric:
        rows = [_sides(f, said.metric) for f in view.row_metrics]
        columns = [_sides(f, said.metric) for f in view.column_metrics]
        grid = np.maximum(np.array(rows)[:, None], np.array(columns)[None, :])
        shown = np.array([bool(f) for f in view.row_metrics])[:, None] | np.array(
            [bool(f) for f in view.column_metrics]
        )
        if not shown.any():
            grid = np.full((height, width), _sides(view.caption_forms & METRICS, said.metric) / 2)
            shown = np.ones((height, width), dtype=bool)
        out += np.where(shown, np.where(grid > 0, SAME_METRIC * grid, OTHER_METRIC * np.minimum(grid, 0.0)), 0.0)
    for first, second, price in _CONTRARIES:
        for yes, no in ((first, second), (second, first)):
            if said.clause & yes and not said.clause & no:
                rows_ = np.array([bool(f & no and not f & yes) for f in view.row_forms])
                columns_ = np.array([bool(f & no and not f & yes) for f in view.column_forms])
                out -= price * (rows_[:, None] | columns_[None, :])
    if not said.text & SPLITS:
        # where a table prints both, who names neither means the test set
        out -= UNSAID_DEV * (_only(view.row_forms, "dev", "test")[:, None] | _only(view.column_forms, "dev", "test"))
    return out


UNSAID_DEV = 0.04
SPLITS = frozenset({"dev", "test"})


def _only(names: tuple[frozenset[str], ...], this: str, other: str) -> np.ndarray:
    """Which names say the one and not the other; none where no name says the other."""
    if not any(other in f for f in names):
        return np.zeros(len(names), dtype=bool)
    return np.array([this in f and other not in f for f in names])


def _sides(shown: frozenset[str], said: frozenset[str]) -> float:
    """1 where the metrics of a name show what is said, -1 where they show another, 0 where there are none."""
    return 0.0 if not shown else 1.0 if shown & said else -1.0


def _rival(headers: Headers, said: frozenset[str]) -> Floats:
    """For each header the share of its words that the claim's baseline has, weighted; 0 under 0.6."""
    share = headers.share(dict.fromkeys(said, 1.0)) if said else np.zeros(headers.count)
    result: Floats = np.where(share >= 0.6, share, 0.0)
    return result


def _names_any(row: Floats, own: np.ndarray) -> bool:
    return bool((row[~own] > 0.6).any()) if len(row) else False


def nearness(words: ClaimWords, quantity: Quantity, others: tuple[Quantity, ...]) -> Floats:
    """(words,): 1 beside the number, falling with the words between, less over a clause break or another number; list partners
    first. Linear in the words: blanks, breaks and numbers between are counted by where they stand."""
    a, b = quantity.span
    partner = {t.form for t in tokens(quantity.subject)}
    rivals = {
        t.form for q in others if q.subject and q.subject != quantity.subject for t in tokens(q.subject)
    } - partner
    mine, theirs = _slot_words(quantity, others)
    starts = np.array([t.start for t in words.words], dtype=np.int64)
    ends = np.array([t.end for t in words.words], dtype=np.int64)
    behind = starts >= b
    low, high = np.where(behind, b, ends), np.where(behind, starts, a)
    blanks, breaks = words.gaps
    between = np.maximum(0, np.searchsorted(blanks, high) - np.searchsorted(blanks, low))
    near = 1.0 / (1.0 + between / 14.0)
    near = near * 0.75 ** np.maximum(0, np.searchsorted(breaks[1], high, "right") - np.searchsorted(breaks[0], low))
    numbers = np.array(sorted(q.span[0] for q in others if q.span != quantity.span and q.role != "other"))
    first, last = np.minimum(starts, a), np.maximum(starts, a)
    near = near * 0.85 ** (np.searchsorted(numbers, last) - np.searchsorted(numbers, first))
    for i, t in enumerate(words.words):
        if quantity.subject:
            near[i] = 1.0 if t.form in partner else 0.02 if t.form in rivals else near[i] * 0.8
        elif t.form in mine:
            near[i] = max(near[i], SLOT_NEAR)
        elif t.form in theirs:
            near[i] *= SLOT_FAR
    result: Floats = near
    return result


@dataclass(frozen=True)
class Said:
    """What a claim says of one of its numbers, worked out once for all tables; `near` (words,) is `nearness`."""

    near: Floats
    owner: bool | None
    previous: bool
    left_out: bool
    metric: frozenset[str]
    clause: frozenset[str]
    text: frozenset[str]
    baseline: frozenset[str]


def said_of(words: ClaimWords, quantity: Quantity, others: tuple[Quantity, ...]) -> Said:
    """What `fit_table` needs to know of a number, whatever the table."""
    return Said(
        nearness(words, quantity, others),
        owner_of(quantity, words),
        words.is_previous(quantity.span),
        quantity.role == "value" and _LEFT_OUT.search(words.text[: quantity.span[0]]) is not None,
        words.metric(quantity),
        forms(words.clause(quantity.span)) | forms(quantity.condition),
        forms(words.text),
        _baseline(quantity),
    )


def _baseline(quantity: Quantity) -> frozenset[str]:
    if quantity.role not in ("delta", "relative", "ratio"):
        return frozenset()
    said = forms(quantity.baseline)
    return said | {"sota"} if {"state", "art"} <= said else said


SLOT_NEAR, SLOT_FAR = (
    0.95,
    0.5,
)  # nearness of words in the number's own slots, and what is left of words in another number's
_SLOTS = ("dataset", "metric", "method", "baseline", "condition")


def _slot_words(quantity: Quantity, others: tuple[Quantity, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that the number's own slots hold, and those that only the same slots of other numbers hold."""
    mine: set[str] = set()
    theirs: set[str] = set()
    for slot in _SLOTS:
        own = getattr(quantity, slot)
        if not own:
            continue  # nobody knows: the words of another number's slot may be this one's as well
        mine |= {t.form for t in tokens(own)}
        theirs |= {t.form for q in others if q.span != quantity.span for t in tokens(getattr(q, slot))}
    return frozenset(mine), frozenset(theirs - mine)


def _table_bonus(view: TableView, words: ClaimWords, index: TableIndex) -> float:
    """What speaks for this table as a whole: it is named by the claim, or near it, or its caption fits the sentences before."""
    table = view.table
    setup = -0.15 if _SETUP_TABLE.search(table.caption) else 0.0
    if words.tables:
        return 0.25 if table.is_named(words.tables) else -0.12 + setup
    bonus = setup + (0.1 if table.is_named(words.near_tables) else 0.0)
    headers = frozenset().union(view.caption_forms, *view.column_forms, *view.row_forms)
    if words.context:
        weights = {f: index.word_weight(f) for f in words.context}
        bonus += 0.08 * sum(w for f, w in weights.items() if f in headers) / max(sum(weights.values()), 1e-9)
    return bonus
