"""How far apart the two sides of a comparison are, lane by lane, against the number that the claim gives for it.

"By more than 6 points on both" needs every lane, "by up to 4.1" the greatest, "by 0.9 to 3.4" the least and the greatest,
"within 2 points of" the size of every one. Both sides must be told by the claim's own names, as in `sides`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.alignment import ClaimWords
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.ranking import slips
from claimcheck.checks.sides import MOST_LANES, is_about, lanes_meant, rivals
from claimcheck.checks.systems import Cell, Systems, listed, systems_named
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.records import Check, Comparison, Label, Quantity

REACH = 0.35  # of a bound: "more than 6" is said of 6.1 to 8.1, not of 30
_OVER_ALL = re.compile(r"\b(?:all|both|every|each|across|any)\b", re.I)
_WITHIN = re.compile(r"\bwithin\s+(?:an?\s+|the\s+|only\s+|about\s+)?$", re.I)
_WITHIN_OF = re.compile(r"^\s*(?:\w+\s+)?(?:of|from)\s+(?P<baseline>[^.;:,()]{2,80})", re.I)
_ON = re.compile(r"\s\b(?:on|in|across|for|over|at)\b\s.*$", re.I)
_CLAUSE = re.compile(r"[;:,]\s|\.\s|\b(?:that|while|whereas|but|which|where|because|since|and)\b", re.I)
_STAYS = re.compile(
    r"\s+(?:is|are|was|were|stays?|stayed|remains?|remained|comes?|came|gets?|lies?|performs?|scores?|keeps?|still|always|only)\b.*$",
    re.I,
)
_AHEAD = re.compile(
    r"\s+(?:(?:\w+ly|still|also|even)\s+)?(?:outperform\w*|surpass\w*|beats?|exceed\w*|improv\w+|underperform\w*|is|are|was|were)\b",
    re.I,
)
_LOSS = re.compile(
    r"\b(?:behind|below|worse|lower|drop\w*|los\w+|degrad\w+|decreas\w+|underperform\w*|fall\w*|fell|hurt\w*|reduc\w+|declin\w+)\b",
    re.I,
)


@dataclass(frozen=True)
class _Lane:
    """One lane of the comparison: the two cells, and by how much the first is better, in the claim's scale."""

    mine: Cell
    theirs: Cell
    gain: float


def check_margin(quantity: Quantity, views: Sequence[TableView], words: ClaimWords, index: TableIndex) -> Check | None:
    """The check of one change that is told as a bound, a range or a closeness; None where a side is open or tables disagree."""
    if quantity.role != "delta" or quantity.unit not in ("percent", "points", ""):
        return None
    within = _WITHIN.search(words.text[: quantity.span[0]]) is not None
    exact = not within and quantity.high is None and quantity.bound is None
    comparison = _within_sides(quantity, words) if within else _sides(quantity, words)
    if comparison is None:
        return None
    found: list[Check] = []
    for view in index.views if exact else views:
        for axis in ("row", "column"):
            check = _check(quantity, comparison, Systems(view, axis), words, index, within)
            if check is not None:
                found.append(check)
                break
    if {c.label for c in found} not in ({"supported"}, {"refuted"}):
        return None
    return max(found, key=lambda c: len(c.evidence))


def is_close(quantity: Quantity, text: str) -> bool:
    """Whether a change says how near two sides are ("within 2 points of")."""
    return quantity.role == "delta" and _WITHIN.search(text[: quantity.span[0]]) is not None


def _sides(quantity: Quantity, words: ClaimWords) -> Comparison | None:
    ahead = _AHEAD.search(words.text[: quantity.span[0]])
    before = _CLAUSE.split(words.text[: ahead.start()])[-1].strip() if ahead is not None else ""
    method = quantity.method or ("our model" if words.own else before)
    if not method or not quantity.baseline:
        return None
    over_all = _OVER_ALL.search(words.clause(quantity.span)) is not None
    return Comparison(
        method=method,
        baseline=quantity.baseline,
        dataset=quantity.dataset,
        metric="" if over_all else quantity.metric,
        condition=quantity.condition,
        span=quantity.span,
    )


def _within_sides(quantity: Quantity, words: ClaimWords) -> Comparison | None:
    """ "X stays within 2 points of Y on Z": what stands before, and what "of" brings."""
    behind = _WITHIN_OF.match(words.text[quantity.span[1] :])
    if behind is None:
        return None
    before = _WITHIN.sub("", words.text[: quantity.span[0]])
    method = quantity.method or _STAYS.sub("", _CLAUSE.split(before)[-1]).strip()
    baseline = _ON.sub("", behind["baseline"]).strip()
    if not method or not baseline:
        return None
    return Comparison(method=method, baseline=baseline, dataset=quantity.dataset, span=quantity.span)


def _check(
    quantity: Quantity, comparison: Comparison, table: Systems, words: ClaimWords, index: TableIndex, within: bool
) -> Check | None:
    if not is_about(comparison, words.text, table.view):
        return None
    method = systems_named(comparison.method, table, index)
    baseline = listed(comparison.baseline, table, index)
    named = bool(baseline)
    if not method:
        return None
    baseline = baseline or ([] if within else rivals(comparison, table, method))
    method = [i for i in method if i not in baseline]
    if not method or not baseline:
        return None
    lanes = _gains(table, method, baseline, lanes_meant(comparison, words.text, table, [*method, *baseline], words))
    if not lanes or len(lanes) > MOST_LANES:
        return None
    gains = np.array([x.gain for x in lanes])
    if within or quantity.high is not None or quantity.bound is not None:
        pass
    elif named and len(method) == 1 and len(baseline) == 1:
        label = _exact(gains, lanes, table, quantity)
        return None if label is None else _made(table, lanes, quantity, label, index)
    else:
        return None
    if within:
        label = _within(gains, quantity, sure=named and len(method) == 1)
    elif quantity.high is not None:
        label = _range(gains, quantity, sure=named and len(method) == 1)
    else:
        label = _bound(-gains if _LOSS.search(words.clause(quantity.span)) else gains, quantity, words)
    return None if label is None else _made(table, lanes, quantity, label, index)


def _gains(table: Systems, method: Sequence[int], baseline: Sequence[int], lanes: Sequence[int]) -> list[_Lane]:
    """The best of the method's rows against the best of the others in each lane."""
    out = []
    for lane in lanes:
        mine = [i for i in method if np.isfinite(table.values[i, lane])]
        theirs = [i for i in baseline if np.isfinite(table.values[i, lane])]
        if not mine or not theirs:
            continue
        order = -1.0 if table.view.lower_is_better[table.cell(mine[0], lane)] else 1.0
        a = max(mine, key=lambda i: order * table.values[i, lane])
        b = max(theirs, key=lambda i: order * table.values[i, lane])
        gain = order * float(table.values[a, lane] - table.values[b, lane])
        out.append(_Lane(table.cell(a, lane), table.cell(b, lane), gain))
    finite = table.values[np.isfinite(table.values)]
    scale = 100.0 if finite.size and np.abs(finite).max() <= 1.0 else 1.0
    return [_Lane(x.mine, x.theirs, x.gain * scale) for x in out]


def _exact(gains: np.ndarray, lanes: Sequence[_Lane], table: Systems, quantity: Quantity) -> Label | None:
    """Refuted where both sides are named and no lane, no mean over lanes and no relative change gives the number or nearly so,
    and some lane's change is one digit away (or, of a single digit, all are far smaller). Where one gives it, the claim stays
    open here: which lane is meant is for the places to tell."""
    sizes = np.abs(gains)
    base = np.array([abs(float(table.view.values[x.theirs])) for x in lanes])
    others = np.concatenate([sizes, [sizes.mean(), abs(gains.mean())], 100 * sizes / np.maximum(base, 1e-9)])
    unit = 2 * quantity.half_width
    if (np.abs(others - quantity.value) <= 1.5 * unit).any():
        return "not_enough_info"
    if round(quantity.value / unit) < 10:
        return "refuted" if sizes.max() < quantity.value - 1.5 * unit else None
    return "refuted" if bool(slips(sizes, quantity.model_copy(update={"high": None})).any()) else None


def _within(gains: np.ndarray, quantity: Quantity, sure: bool) -> Label | None:
    sizes = np.abs(gains)
    if (sizes <= quantity.value + quantity.half_width + 1e-9).all():
        return "supported"
    return "refuted" if sure and (sizes > quantity.value + 2 * quantity.half_width).any() else None


def _range(gains: np.ndarray, quantity: Quantity, sure: bool) -> Label | None:
    """Both ends met: supported. One end met and the other a slip of one digit away: refuted."""
    if quantity.high is None or len(gains) < 2 or gains.min() * gains.max() < 0:
        return None
    sizes = np.abs(gains)
    half = quantity.half_width + 1e-9
    ends = ((quantity.value, float(sizes.min())), (quantity.high, float(sizes.max())))
    met = [abs(said - shown) <= half for said, shown in ends]
    if all(met):
        return "supported"
    if not sure or not any(met) or quantity.bound is not None:
        return None
    said, shown = ends[met.index(False)]
    slip = slips(np.array([shown]), quantity.model_copy(update={"value": said, "high": None}))
    return "refuted" if bool(slip[0]) else None


def _bound(gains: np.ndarray, quantity: Quantity, words: ClaimWords) -> Label | None:
    """A lower bound holds in every lane and is near the least; "up to" is the greatest; an upper bound holds in every lane."""
    value, half = quantity.value, quantity.half_width + 1e-9
    if quantity.bound == "up_to":
        return "supported" if abs(gains.max() - value) <= half else None
    if quantity.bound in ("more_than", "at_least"):
        near = gains.min() <= value + max(2 * half, REACH * value)
        return "supported" if (gains >= value - 1e-9).all() and near else None
    if quantity.bound in ("less_than", "at_most"):
        near = np.abs(gains).max() >= value - max(2 * half, 0.6 * value)
        return "supported" if (np.abs(gains) <= value + 1e-9).all() and near else None
    if quantity.bound == "about" and (len(gains) == 1 or _OVER_ALL.search(words.clause(quantity.span))):
        return "supported" if (np.abs(gains - value) <= max(half, 0.06 * value)).all() else None
    return None


def _made(table: Systems, lanes: Sequence[_Lane], quantity: Quantity, label: Label, index: TableIndex) -> Check:
    view = table.view
    scale = {x.gain: f"{x.gain:.{max(quantity.decimals, 2)}f}".rstrip("0").rstrip(".") for x in lanes}
    parts = []
    for x in lanes:
        a, b = (x.mine, x.theirs) if view.values[x.mine] >= view.values[x.theirs] or x.gain < 0 else (x.theirs, x.mine)
        parts.append(f"{printed_number(view, a)} - {printed_number(view, b)} = {scale[x.gain]}")
    told = f"{quantity.bound.replace('_', ' ')} {quantity.text}" if quantity.bound else quantity.text
    verdict = f" ({told})" if label == "supported" else f", not {told}"
    rows = table.axis == "row"
    mine = dict.fromkeys(table.system_name(x.mine[0 if rows else 1]) for x in lanes)
    theirs = dict.fromkeys(table.system_name(x.theirs[0 if rows else 1]) for x in lanes)
    names = ", ".join(table.lane_name(x.mine[1 if rows else 0]) for x in lanes)
    cells = [c for x in lanes for c in (x.mine, x.theirs)]
    return Check(
        kind="cells",
        label=label,
        score=0.75 if label == "supported" else 0.7,
        evidence=view.evidence(cells, index.paper),
        derivation=f"{', '.join(parts)}{verdict}: {table_name(view.table)}, {'; '.join(mine)} - {'; '.join(theirs)}, {names}",
        reason="" if label == "supported" else "the cells of the two sides are another distance apart",
    )
