"""A derivation in words: arithmetic with every number as printed, then the places; and its cells as evidence."""

from __future__ import annotations

from claimcheck.checks.derivations import Batch, Kind
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Evidence, Label, Quantity, Table


def describe(batch: Batch, i: int, quantity: Quantity, label: Label, index: TableIndex) -> tuple[str, list[Evidence]]:
    """("82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg", the cells as evidence) of the i-th derivation of a batch."""
    view = batch.fit.view
    first = (int(batch.first[i][0]), int(batch.first[i][1]))
    second = None if batch.second is None else (int(batch.second[i][0]), int(batch.second[i][1]))
    value = float(batch.values[i])
    changes = ("difference", "mean_difference")
    if batch.kind in changes and second is not None and label != "refuted" and value < 0:
        first, second, value = second, first, -value  # a change of 2.1 reads as the larger less the smaller
    claimed = quantity.text
    name = table_name(view.table)
    cells_used = [first] if second is None else [first, second]
    fine = max(int(view.decimals[c]) for c in cells_used) - (2 if batch.scale == 100 else 0)
    fine = max(fine, quantity.decimals) if batch.kind == "difference" else quantity.decimals + (batch.kind != "cell")
    equal = _closing(value, fine, quantity, label, batch.kind)
    if batch.kind == "cell":
        printed = printed_number(view, first, value / batch.scale)
        arithmetic = f"{printed}, not {claimed}" if label == "refuted" else _same(printed, claimed, quantity)
        cells = [first]
        place = f"{view.table.row_name(first[0])}, {view.table.column_name(first[1])}"
    elif batch.kind in ("difference", "relative", "error_reduction", "ratio") and second is not None:
        a, b = printed_number(view, first), printed_number(view, second)
        shares = batch.kind == "difference" and batch.scale == 100
        pair = ("100 * ({a} - {b})" if shares else _PAIR[batch.kind]).format(a=a, b=b)
        arithmetic = f"{pair} = {equal}"
        cells = [first, second]
        place = _pair_place(view, first, second)
    else:
        lanes = batch.group[0]
        rows = [first[0]] if second is None else [first[0], second[0]]
        across = batch.axis == "row"
        groups = [[(r, c) for c in lanes] for r in rows] if across else [[(r, first[1]) for r in lanes]]
        means = [f"({' + '.join(printed_number(view, x) for x in g)}) / {len(g)}" for g in groups]
        arithmetic = ("100 * " if batch.scale == 100 else "") + " - ".join(means) + f" = {equal}"
        cells = [x for g in groups for x in g]
        names = [view.table.row_name(r) for r in rows] if batch.axis == "row" else [view.table.column_name(first[1])]
        over = [view.table.column_name(c) if batch.axis == "row" else view.table.row_name(c) for c in lanes]
        place = f"{' - '.join(names)}, {', '.join(over)}"
    return f"{arithmetic}: {name}, {place}", view.evidence(cells, index.paper)


_PAIR = {
    "difference": "{a} - {b}",
    "relative": "100 * ({a} - {b}) / {b}",
    "error_reduction": "100 * ({a} - {b}) / (100 - {b})",
    "ratio": "{a} / {b}",
}


def table_name(table: Table) -> str:
    """ "Table 2", or "unnumbered table #1" where no label is printed."""
    return f"unnumbered table {table.label}" if table.label.startswith("#") else f"Table {table.label}"


def printed_number(view: TableView, cell: tuple[int, int], value: float | None = None) -> str:
    """The number of a cell as printed; of several, the one with that value."""
    numbers = cell_numbers(view.table.grid[cell[0]][cell[1]].text)
    if value is not None:
        for n in numbers:
            if abs(n.value - value) < 1e-9:
                return ("-" if n.value < 0 else "") + n.text
    return ("-" if numbers[0].value < 0 else "") + numbers[0].text


def _same(printed: str, claimed: str, quantity: Quantity) -> str:
    if printed.replace(",", "") == f"{quantity.value:.{quantity.decimals}f}":
        return f"{printed} = {claimed}"
    if quantity.bound or quantity.high is not None:
        return f"{printed} ({_bound(quantity)}{claimed})"
    return f"{printed} ≈ {claimed}"


def _bound(quantity: Quantity) -> str:
    return f"{quantity.bound.replace('_', ' ')} " if quantity.bound else ""


def _closing(value: float, decimals: int, quantity: Quantity, label: Label, kind: Kind) -> str:
    """What stands after the equals sign: the result as finely as the cells give it, and the claimed number beside it."""
    shown = f"{value:.{decimals}f}"  # with its sign: the line is arithmetic that must hold as it stands
    shown = shown.rstrip("0").rstrip(".") if "." in shown and decimals > quantity.decimals else shown
    if label == "refuted":
        if abs(abs(value) - quantity.value) <= quantity.half_width:  # the number is right, its unit is not
            shown += " %" if kind in ("relative", "error_reduction") else " points"
        return f"{shown}, not {quantity.text}"
    if quantity.bound or quantity.high is not None:
        return f"{shown} ({_bound(quantity)}{quantity.text})"
    return shown if shown == f"{quantity.value:.{quantity.decimals}f}" else f"{shown} ≈ {quantity.text}"


def _pair_place(view: TableView, a: tuple[int, int], b: tuple[int, int]) -> str:
    t = view.table
    if a[1] == b[1]:
        return f"{t.row_name(a[0])} - {t.row_name(b[0])}, {t.column_name(a[1])}"
    return f"{t.row_name(a[0])}, {t.column_name(a[1])} - {t.column_name(b[1])}"
