"""An effect on each target with its interval, and the averages over targets, from a reproduction's `details.effects`.

All of them are differences of our own runs: treatment - control, whatever the direction that is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.charts.axis import column_words, signed_words
from claimcheck.publish.charts.figure import Figure
from claimcheck.publish.charts.loose import first, mapping, number, span, text
from claimcheck.publish.charts.rows import MOST_ROWS, Mark, Row, row_figure

_AVERAGES = (("with_retrieval", "mean of all"), ("without_retrieval", "without retrieval"))


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect on one target, or on the average of several; `left_out` of the averages, being at chance."""

    name: str
    effect: float
    interval: tuple[float, float] | None
    left_out: bool = False
    is_average: bool = False


def effects_of(r: Reproduction) -> tuple[Effect, ...]:
    """Targets as they stand in the details, then the averages; () where there are none."""
    found = mapping(r.details.get("effects"))
    targets = first(mapping(found.get("targets")).items(), MOST_ROWS - len(_AVERAGES))
    own = [_effect(text(mapping(one).get("name"), 60) or text(id, 60), one) for id, one in targets]
    averages = [_effect(words, found.get(id), is_average=True) for id, words in _AVERAGES]
    kept = [one for one in own if one is not None]
    counted = sum(not one.left_out for one in kept)
    # the average of one target is that target
    return (*kept, *(one for one in averages if one is not None and counted > 1))


def effects_figure(r: Reproduction) -> Figure | None:
    """A row a target; None where there are fewer than two, which says no more than the number itself."""
    effects = effects_of(r)
    if len(effects) < 2:
        return None
    left_out = any(one.left_out for one in effects)
    legend: list[tuple[Mark | None, str]] = [(Mark(0, "reproduced"), "effect on a target, and its 95 % interval")]
    if left_out:
        legend.append((Mark(0, "reproduced", hollow=True), "baseline at chance: in no average"))
    rows = [
        Row(
            one.name, (Mark(one.effect, "reproduced", hollow=one.left_out),), one.interval,
            shown=column_words(one.effect, signed=True), is_whole=not one.left_out,
        )
        for one in effects
    ]  # fmt: skip
    title = f"{text(r.registry_id, 80)}: the effect on each target, scale {r.scale}"
    told = "; ".join(map(_words, effects))
    description = f"Treatment minus baseline in points, with 95 % intervals over seeds and test items. {told}."
    return row_figure(title, description, legend, rows, "treatment − baseline in points", zero=True)


def _effect(name: str, value: Any, *, is_average: bool = False) -> Effect | None:
    one = mapping(value)
    effect = number(one.get("effect"))
    if effect is None:
        return None
    return Effect(name, effect, span(one.get("interval")), one.get("left_out") is True, is_average)


def _words(one: Effect) -> str:
    interval = f", {signed_words(one.interval[0])} to {signed_words(one.interval[1])}" if one.interval else ""
    note = ", baseline at chance, in no average" if one.left_out else ""
    return f"{one.name}: {signed_words(one.effect)}{interval}{note}"
