"""Every derivation over a table's cells that could give a claimed number, as arrays: its value, its fit, its cells.

Kinds: a cell; the difference, relative change, error reduction or ratio of two cells of a column or a row; the mean of a row
or column; the difference of two means. Each batch covers one kind over one table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.alignment import ClaimWords, Fit
from claimcheck.checks.table_index import Bools, Floats, TableView
from claimcheck.foundation.records import Quantity
from claimcheck.foundation.words import forms

Axis = Literal["row", "column"]
Kind = Literal["cell", "difference", "relative", "error_reduction", "ratio", "mean", "mean_difference"]
_AVERAGE = re.compile(r"\b(?:averag\w*|mean|overall|across\s+all|macro)\b", re.I)
_SUMMARY = re.compile(
    r"\b(?:averag\w*|avg|mean|overall|across\s+all|macro|total|sum)\b", re.I
)  # names of rows and columns
_BASELINE_ROW = re.compile(
    r"\b(?:baseline|base|vanilla|previous|prior|state[- ]of[- ]the[- ]art|sota|no|w/?o|without|none|original|standard)\b",
    re.I,
)


def is_baseline(name: str) -> bool:
    """Whether the name of a row or column says that others are compared with it ("base", "w/o attention", "previous best")."""
    return _BASELINE_ROW.search(name) is not None


def is_change(name: str) -> bool:
    """Whether the name of a row or column says that it prints changes ("Δ", "gain")."""
    return _CHANGE_NAME.search(name) is not None


MAX_PAIR_CELLS = 60_000  # pairs of one table and axis: above this, only the best fitting rows are paired
CLAIM_PAIRS, LEAST_PAIRS = 6_000_000, 600  # pairs over all numbers and tables of a claim, and those that any table gets


def pairs_for(numbers: int, tables: int) -> int:
    """How many pairs of one table and axis each of so many numbers is held against, so that the whole stays bounded."""
    return min(MAX_PAIR_CELLS, max(LEAST_PAIRS, CLAIM_PAIRS // max(1, 2 * numbers * tables)))


@dataclass(frozen=True)
class Batch:
    """Derivations of one kind over one table: `values`, `fits`, `slack` (n,); `first` and `second` index (row, column) pairs (n, 2)."""

    kind: Kind
    fit: Fit
    values: Floats
    fits: Floats
    slack: Floats  # how far rounding of the cells can move the value
    first: NDArray[np.int64]
    second: NDArray[np.int64] | None = None
    group: tuple[tuple[int, ...], ...] = ()  # for means: the rows or columns averaged
    axis: Axis = "row"
    scale: float = 1.0
    told: bool = False  # the claim says how many things a mean runs over, and it is as many


def batches(fit: Fit, quantity: Quantity, words: ClaimWords, most: int = MAX_PAIR_CELLS) -> Iterator[Batch]:
    """All derivations of one table that the quantity's role and unit allow; of pairs at most `most` to an axis."""
    average = bool(_AVERAGE.search(words.text))
    if quantity.role == "value":
        yield from _cells(fit, quantity, words)
        if average:
            yield from _means(fit, quantity, words)
    elif quantity.role in ("delta", "relative", "ratio"):
        of_speed = bool(_OF_SPEED.search(_around(words.text, quantity)))
        for batch in _pairs(fit, quantity, most):
            # "twice as fast" is no ratio of two scores
            yield _of_speed(batch) if of_speed and quantity.role != "delta" else batch
        # tables print changes too: "+2.1", "Δ", "gain" columns
        yield from _printed_changes(fit)
        if average and quantity.role == "delta":
            yield from _mean_differences(fit, words)


_OF_SPEED = re.compile(
    r"\b(?:fast\w*|slow\w*|speed\w*|quick\w*|efficien\w*|less\s+(?:time|memory)|(?:minutes?|seconds?|hours?|min)\s+(?:per|an|a))\b",
    re.I,
)
_SPEED_CAPTION = frozenset("time speed latency throughput hour minute memory runtime".split())
COST_NAMES = frozenset("time speed second sec memory latency ms hour throughput gb mb minute parameter size".split())


def _around(text: str, quantity: Quantity) -> str:
    a, b = quantity.span
    return text[max(0, a - 60) : b + 40]


def _of_speed(batch: Batch) -> Batch:
    """The same derivations without those whose cells are no times or sizes; a caption speaks for a whole table."""
    view = batch.fit.view
    if view.caption_forms & _SPEED_CAPTION:
        return batch
    kept = [bool((view.row_forms[r] | view.column_forms[c]) & COST_NAMES) for r, c in batch.first]
    return replace(batch, values=np.where(kept, batch.values, np.nan))


def _half_width(fit: Fit) -> Floats:
    decimals = fit.view.decimals
    finite = np.isfinite(fit.view.values)
    if finite.any() and np.abs(fit.view.values[finite]).max() <= 1.0:
        # "1" among shares of four decimals is as exact as they are
        decimals = np.maximum(decimals, int(np.median(decimals[finite])))
    half: Floats = 0.5 * np.power(10.0, -decimals.astype(np.float64))
    return half


def _cells(fit: Fit, quantity: Quantity, words: ClaimWords) -> Iterator[Batch]:
    view = fit.view
    rows, columns = np.nonzero(np.isfinite(view.values))
    if not rows.size:
        return
    values = view.values[rows, columns]
    fits = fit.cell[rows, columns] - _over_others(fit, words)[rows, columns]
    scale = _scale(values, quantity)
    extra = [(r, c, n.value) for r, c, n in view.extra]
    if extra:
        er, ec, ev = (np.array(x) for x in zip(*extra, strict=True))
        rows, columns = np.concatenate([rows, er.astype(int)]), np.concatenate([columns, ec.astype(int)])
        values, fits = (
            np.concatenate([values, ev]),
            np.concatenate([fits, fit.cell[er.astype(int), ec.astype(int)] - 0.01]),
        )
    slack = _half_width(fit)[rows, columns] * scale
    yield Batch("cell", fit, values * scale, fits, slack, np.stack([rows, columns], 1), scale=scale)


def _scale(values: Floats, quantity: Quantity) -> float:
    """100 where the claim speaks in percent of a table of shares ("85.3 %" of 0.853)."""
    shares = values.size > 0 and np.nanmax(np.abs(values)) <= 1.0
    return 100.0 if shares and (quantity.unit in ("percent", "points") or quantity.value > 1.5) else 1.0


def _pairs(fit: Fit, quantity: Quantity, most: int) -> Iterator[Batch]:
    view = fit.view
    if np.isfinite(view.values).sum() < 2:
        return
    # where the columns are the systems, rows are data sets, and a difference of two data sets says nothing
    systems_across = view.own_columns.any() and not view.own_rows.any()
    if not systems_across:
        yield from _axis_pairs(fit, quantity, "row", most)
    yield from _axis_pairs(fit, quantity, "column", most)


@dataclass(frozen=True)
class _Grid:
    """One axis of a table as its pairs need it: what does not hang on the claim. Arrays are (sides, lanes) or (sides,)."""

    values: Floats
    decimals: NDArray[np.int64]
    own: Bools
    is_baseline: Bools
    keep: NDArray[np.int64]  # the sides that print results
    lanes: NDArray[np.int64]  # the lanes in which at least two do
    best_other: Bools  # the best of the sides that are not the paper's own, in each lane
    metric: NDArray[np.int64]  # the metrics that each side names, as a number; 0 for none


def _grid(view: TableView, axis: Axis) -> _Grid:
    """The grid of a table along an axis, worked out once."""
    found = view.worked_out.get(f"grid {axis}")
    if isinstance(found, _Grid):
        return found
    rows = axis == "row"
    values = view.values if rows else view.values.T
    own = view.own_rows if rows else view.own_columns
    names = [view.table.row_name(i) if rows else view.table.column_name(i) for i in range(values.shape[0])]
    # a change that the table prints is no side of another change
    result = np.array([not _CHANGE_NAME.search(name) for name in names], dtype=bool)
    keep = np.nonzero(np.isfinite(values).any(axis=1) & result)[0]
    lanes = np.nonzero(np.isfinite(values).sum(axis=0) >= 2)[0]
    best_other = np.zeros(values.shape, dtype=bool)
    if len(keep) and len(lanes):
        where = np.ix_(keep, lanes)
        lower = view.lower_is_better if rows else view.lower_is_better.T
        best_other[where] = _second_best(values[where], lower[where], own[keep])
    metrics = view.row_metrics if rows else view.column_metrics
    numbers = {m: i for i, m in enumerate(dict.fromkeys([frozenset(), *metrics]))}
    grid = _Grid(
        values,
        view.decimals if rows else view.decimals.T,
        own,
        np.array([_BASELINE_ROW.search(name) is not None for name in names], dtype=bool),
        keep,
        lanes,
        best_other,
        np.array([numbers[m] for m in metrics], dtype=np.int64),
    )
    view.worked_out[f"grid {axis}"] = grid
    return grid


def _axis_pairs(fit: Fit, quantity: Quantity, axis: Axis, most: int) -> Iterator[Batch]:
    """Ordered pairs of two rows in one column (axis "row"), or of two columns in one row."""
    view = fit.view
    grid = _grid(view, axis)
    values, own = grid.values, grid.own
    along, across = (fit.row, fit.column) if axis == "row" else (fit.column, fit.row)
    along_hits, across_hits = (fit.row_hits, fit.column_hits) if axis == "row" else (fit.column_hits, fit.row_hits)
    keep, lanes = grid.keep, grid.lanes
    if len(keep) < 2 or not len(lanes):
        return
    if len(keep) ** 2 * len(lanes) > most:
        room = max(8, int((most / len(lanes)) ** 0.5))
        keep = np.sort(keep[np.argsort(-along[keep], kind="stable")[:room]])
        lanes = lanes[np.argsort(-across[lanes], kind="stable")[: max(1, most // len(keep) ** 2)]]
    block = values[np.ix_(keep, lanes)]  # (n, m)
    # an unnamed baseline is most often the best of the others, a row that says so, or the row beside
    prior = np.where(grid.is_baseline[keep] & ~own[keep], 0.45, 0.2)
    best_other = grid.best_other[np.ix_(keep, lanes)]
    named = along[keep]
    second = np.maximum(np.maximum(named, prior)[:, None], np.where(best_other, 0.4, 0.0))  # (second, lane)
    side = 0.55 * named[:, None, None] + 0.45 * second[None, :, :]  # (first, second, lane)
    total = float(fit.weights.sum())
    if total > 0:
        n = len(keep)
        miss = 1 - along_hits[:, keep]
        rest = (1 - across_hits[:, lanes]) * ((1 - 0.9 * fit.caption_hits) * fit.weights)[:, None]
        neither = (miss[:, :, None] * miss[:, None, :]).reshape(-1, n * n)
        explained = 1 - (neither.T @ rest).reshape(n, n, len(lanes)) / total
    else:
        explained = np.zeros(side.shape)
    fits = 0.40 * side + 0.22 * across[lanes][None, None, :] + 0.38 * explained + fit.table
    measure = (fit.measure if axis == "row" else fit.measure.T)[np.ix_(keep, lanes)]
    fits = fits + np.minimum(measure[:, None, :], measure[None, :, :])
    rival = (fit.rival if axis == "row" else fit.rival_column)[keep]
    if rival.any():
        # the claim says what it compares with: one of the two sides is that
        sides = np.maximum(rival[:, None], rival[None, :])[:, :, None]
        fits = fits + np.where(sides > 0, 0.08 * sides, -0.12)
    if axis == "column" and view.own_rows.any() and not view.own_columns.any():
        # where the rows are systems, two columns are mostly two data sets; all the more where the claim says what it is against
        fits = fits - (0.3 if quantity.baseline and not rival.any() else 0.1)
    finite = np.isfinite(block)
    # UAS less LAS is no result: two different metrics are never held against each other
    metric = grid.metric[keep]
    odd = (metric[:, None] != metric[None, :]) & (metric[:, None] > 0) & (metric[None, :] > 0)
    np.fill_diagonal(odd, True)
    a, b, m = np.nonzero(finite[:, None, :] & finite[None, :, :] & ~odd[:, :, None])
    x, y = block[a, m], block[b, m]
    half = 0.5 * np.power(10.0, -grid.decimals[np.ix_(keep, lanes)].astype(np.float64))
    slack = half[a, m] + half[b, m]
    order = (keep[a], lanes[m], keep[b], lanes[m])
    first = np.stack(order[:2] if axis == "row" else order[1::-1], 1)
    second_index = np.stack(order[2:] if axis == "row" else order[:1:-1], 1)
    f = fits[a, b, m]
    scale = _scale(block, quantity)
    role, unit = quantity.role, quantity.unit
    with np.errstate(divide="ignore", invalid="ignore"):
        if role == "delta":
            yield Batch(
                "difference", fit, (x - y) * scale, f, slack * scale, first, second_index, axis=axis, scale=scale
            )
        if role == "relative" or (role == "delta" and unit == "percent"):
            less = 0.14 if role == "delta" else 0.0
            change = 100 * (x - y) / np.abs(y)
            yield Batch("relative", fit, change, f - less, 100 * slack / np.abs(y), first, second_index, axis=axis)
            top = 1.0 if scale == 100 or (np.nanmin(block) >= 0 and np.nanmax(block) <= 1) else 100.0
            errors = np.where((y < top) & (y >= 0) & (x <= top), 100 * (x - y) / (top - y), np.nan)
            yield Batch(
                "error_reduction", fit, errors, f - less, 100 * slack / np.abs(top - y), first, second_index, axis=axis
            )
        if role == "ratio":
            yield Batch("ratio", fit, x / y, f, slack / np.abs(y) * (1 + np.abs(x / y)), first, second_index, axis=axis)


def _second_best(block: Floats, lower: NDArray[np.bool_], own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, m): the best of the rows that are not the paper's own, in each lane."""
    others = np.where(own[:, None] | ~np.isfinite(block), np.nan, np.where(lower, -block, block))
    out = np.zeros(block.shape, dtype=bool)
    for m in range(block.shape[1]):
        lane = others[:, m]
        if np.isfinite(lane).any():
            out[:, m] = lane == np.nanmax(lane)
    return out


_CHANGE_NAME = re.compile(r"Δ|∆|\bdelta\b|\bdiff|\bgains?\b|improvement|\bincrease|\binc\.|\brelative|\brel\.", re.I)


def _printed_changes(fit: Fit) -> Iterator[Batch]:
    view = fit.view
    mask = view.worked_out.get("changes")
    if not isinstance(mask, np.ndarray):
        change = np.array([bool(_CHANGE_NAME.search(view.table.column_name(c))) for c in range(view.table.width)])
        change_rows = np.array([bool(_CHANGE_NAME.search(view.table.row_name(r))) for r in range(view.table.height)])
        signed = np.array(
            [[c.text.lstrip()[:1] in "+-−–" and len(c.text.strip()) > 1 for c in row] for row in view.table.grid]
        )
        mask = view.worked_out["changes"] = np.isfinite(view.values) & (change[None, :] | change_rows[:, None] | signed)
    rows, columns = np.nonzero(mask)
    if rows.size:
        yield Batch(
            "cell", fit, view.values[rows, columns], fit.cell[rows, columns] + 0.05, _half_width(fit)[rows, columns],
            np.stack([rows, columns], 1),
        )  # fmt: skip


def _lanes_of(fit: Fit, axis: Axis) -> list[tuple[int, ...]]:
    """Groups of columns (for row means) or rows (for column means) that a mean may run over: all, and each header group."""
    view = fit.view
    count = view.table.width if axis == "row" else view.table.height
    path = view.table.column_path if axis == "row" else view.table.row_path
    finite: Bools = np.atleast_1d(np.isfinite(view.values).any(axis=0 if axis == "row" else 1))
    usable = [i for i in range(count) if bool(finite[i]) and not _SUMMARY.search(" ".join(path(i)))]
    groups: dict[tuple[str, ...], list[int]] = {}
    for i in usable:
        names = path(i)
        if len(names) > 1:
            groups.setdefault((names[0],), []).append(i)
            groups.setdefault(("*", names[-1]), []).append(i)
    out = [tuple(usable)] + [tuple(g) for g in groups.values()]
    return list(dict.fromkeys(g for g in out if len(g) > 1))


_EXCEPT = re.compile(
    r"\b(?:except(?:ing)?(?:\s+for)?|excluding|apart\s+from|other\s+than|besides|without|leaving\s+out|(?<=all\s)but)\s+(?P<names>[^.;:()]{1,80})",
    re.I,
)


LEFT_OUT = 0.25  # for a mean over just what the claim does not leave out


def _with_exceptions(fit: Fit, axis: Axis, groups: list[tuple[int, ...]], words: ClaimWords) -> list[tuple[int, ...]]:
    """The groups of a mean; where the claim leaves something out ("over all languages except English"), only those without it."""
    m = _EXCEPT.search(words.text)
    if m is None:
        return groups
    said = forms(m["names"])
    names = fit.view.column_forms if axis == "row" else fit.view.row_forms
    counts = Counter(f for i in groups[0] for f in names[i]) if groups else Counter()
    gone = {i for i in groups[0] if any(f in said and counts[f] == 1 for f in names[i])} if groups else set()
    if not gone:
        return groups
    kept = [tuple(i for i in g if i not in gone) for g in groups]
    return list(dict.fromkeys(g for g in kept if len(g) > 1))


_COUNTED = re.compile(
    r"\b(?P<n>two|three|four|five|six|seven|eight|nine|ten|\d{1,2})\s+(?:\w+\s+){0,2}?(?:datasets?|data\s+sets|tasks|languages|benchmarks|corpora|domains)\b",
    re.I,
)
_COUNT_WORDS = {w: i for i, w in enumerate("zero one two three four five six seven eight nine ten".split())}


def _other_count(words: ClaimWords, n: int) -> float:
    """A penalty where the claim says how many things it averages, and it is another number."""
    m = _COUNTED.search(words.text)
    if m is None:
        return 0.0
    word = m["n"].lower()
    return 0.3 if (int(word) if word.isdigit() else _COUNT_WORDS[word]) != n else 0.0


def _over_others(fit: Fit, words: ClaimWords) -> Floats:
    """A penalty for summary cells over more columns than the claim says, where a group of columns has just as many."""
    view = fit.view
    out = np.zeros(view.values.shape)
    if not _AVERAGE.search(words.text) or _COUNTED.search(words.text) is None:
        return out
    groups = _lanes_of(fit, "row")
    if not any(_other_count(words, len(g)) == 0.0 for g in groups[1:]):
        return out  # no group of columns has as many: the summary may leave a column out
    summary = np.array([bool(_SUMMARY.search(view.table.column_name(c))) for c in range(view.table.width)])
    finite = np.isfinite(view.values).any(axis=0)
    out[:, summary] = _other_count(words, int((finite & ~summary).sum()))
    return out


def _means(fit: Fit, quantity: Quantity, words: ClaimWords) -> Iterator[Batch]:
    view = fit.view
    axes: tuple[Axis, ...] = ("row", "column")
    for axis in axes:
        values = view.values if axis == "row" else view.values.T
        named = fit.row if axis == "row" else fit.column
        whole = _lanes_of(fit, axis)
        groups = _with_exceptions(fit, axis, whole, words)
        told = 0.0 if groups == whole else LEFT_OUT
        for lanes in groups:
            block = values[:, lanes]
            complete = np.nonzero(np.isfinite(block).all(axis=1))[0]
            if not complete.size:
                continue
            means = block[complete].mean(axis=1)
            scale = _scale(block[complete], quantity)
            explained = (fit.explained if axis == "row" else fit.explained.T)[np.ix_(complete, np.array(lanes))].max(
                axis=1
            )
            fits = 0.55 * named[complete] + 0.35 * explained + fit.table + told - _other_count(words, len(lanes))
            decimals = (view.decimals if axis == "row" else view.decimals.T)[np.ix_(complete, np.array(lanes))]
            slack = (0.5 * np.power(10.0, -decimals.astype(np.float64))).mean(axis=1)
            anchor = np.full_like(complete, lanes[0])
            first = np.stack([complete, anchor] if axis == "row" else [anchor, complete], 1)
            counted = _COUNTED.search(words.text) is not None and not _other_count(words, len(lanes))
            yield Batch("mean", fit, means * scale, fits, slack * scale, first, None, (lanes,), axis, scale, counted)


def _mean_differences(fit: Fit, words: ClaimWords) -> Iterator[Batch]:
    view = fit.view
    for lanes in _with_exceptions(fit, "row", _lanes_of(fit, "row"), words):
        block = view.values[:, lanes]
        complete = np.nonzero(np.isfinite(block).all(axis=1))[0]
        if complete.size < 2 or complete.size > 60:
            continue
        means = block[complete].mean(axis=1)
        a, b = (x.ravel() for x in np.meshgrid(range(len(complete)), range(len(complete)), indexing="ij"))
        off = a != b
        a, b = a[off], b[off]
        fits = (
            0.33 * fit.row[complete][a]
            + 0.27 * np.maximum(fit.row[complete][b], 0.25)
            + 0.3 * fit.explained.max(initial=0.0)
            + fit.table
        )
        anchor = np.full_like(a, lanes[0])
        yield Batch(
            "mean_difference", fit, means[a] - means[b], fits, np.full(a.shape, 0.05), np.stack([complete[a], anchor], 1),
            np.stack([complete[b], anchor], 1), (lanes,), "row",
        )  # fmt: skip
