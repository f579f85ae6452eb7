"""The claimed number beside the reproduced one: interval, seeds, margin and equivalence radius on one axis.

Honest at each scale. Where the claimed number is of another encoder or other data than the runs (`is_comparable`), it
has no place on the axis: the chart says it in words, and shows what was reproduced against zero alone. The margin and
the radius of a claimed number go with it; those of a claim of no effect are about zero and stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.charts.axis import Axis, figure_words, set_words, signed_words, typeset
from claimcheck.publish.charts.figure import Box, Dot, Figure, Line, Role, Shape, Words, wrapped
from claimcheck.publish.charts.loose import (
    degenerate_words,
    is_comparable,
    is_fall,
    is_fixed,
    kind,
    mapping,
    number,
    numbers,
    span,
    text,
)

WIDTH = 360.0
_LEFT, _RIGHT = 14.0, 346.0
_LINE, _MARK = 14.0, 18.0  # heights of a line of text and of what is drawn below it
_RING = 4.5
_CAP = 4.0  # half the height of an interval's end
_MOST_SEEDS = 60  # dots; more of them are a cloud
_LISTED = 20  # seeds told one by one
_NAMES = {"accuracy": "accuracy", "f1": "F1", "exact_match": "exact match", "score": "score"}  # of a unit, before it


def claimed_words(r: Reproduction, *, short: bool = False) -> str:
    """The claimed number as printed, with its sign, unit and rounding: "+8.2 points (±0.05)"; "" without one."""
    value = number(r.quantity.get("value"))
    if value is None:
        return ""
    half = number(r.quantity.get("half_width"))
    digits = set_words(value)
    if half is not None and 1e-9 < half < 1e9:
        digits = f"{value:.{max(0, round(-math.log10(2 * half)))}f}"
    unit = text(r.quantity.get("unit"), 40)
    name = _NAMES.get(unit, "")
    behind = "" if name else "%" if unit == "percent" else f" {unit}".rstrip()
    if is_fall(r):
        words = f"a decrease of {digits}{behind}"
    else:
        sign = "+" if r.quantity.get("direction") == "increase" and value > 0 else ""
        words = f"{name} {sign}{digits}{behind}".strip()
    return words + (f" (±{set_words(half)})" if half and not short else "")


def measured_words(r: Reproduction, value: float) -> str:
    """A reproduced number as it stands beside the claimed one, without its unit."""
    return signed_words(value) if kind(r) == "effect" else figure_words(value)


def axis_words(r: Reproduction) -> str:
    """What the axis measures."""
    what = kind(r)
    if what == "order":
        return "Kendall's tau; 1: the claimed order, −1: its reverse"
    if what == "level":
        metric, unit = text(r.quantity.get("metric"), 60), text(r.quantity.get("unit"), 40)
        unit = _NAMES.get(unit, unit)
        return metric if unit.lower() in metric.lower() else ", ".join(x for x in (metric, unit) if x) or "score"
    if is_fall(r):
        return "decrease in points; left of 0 an increase"
    if r.details.get("test") == "greater":
        return "by how many points the one exceeds the other"
    return "effect in points; 0: no effect"


def interval_over(r: Reproduction) -> str:
    """What a reproduction's 95 % interval is over."""
    if kind(r) == "level":
        return "no seed enters" if is_fixed(r) else "over seeds"
    return "over test items; no seed enters" if is_fixed(r) else "over seeds and test items"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is drawn; None and () where it has no place on the axis."""

    mean: float
    interval: tuple[float, float] | None
    values: tuple[float, ...]
    claimed: float | None
    half_width: float
    about: float | None  # what margin and radius are around
    margin: float | None
    radius: float | None
    one_sided: bool  # no gain: anything below the margin is within it
    chance: float | None


def claimed_figure(r: Reproduction) -> Figure | None:
    """The chart of a reproduction, 360 points wide; None where nothing was measured."""
    facts = _facts(r)
    if facts is None:
        return None
    drawing = _Drawing(r, facts)
    drawing.draw()
    return Figure(
        title=_title(r, facts), description=_description(r, facts), width=WIDTH, height=drawing.y,
        shapes=tuple(drawing.behind + drawing.shapes),
    )  # fmt: skip


def _facts(r: Reproduction) -> _Facts | None:
    mean = number(r.mean)
    if mean is None:
        return None
    comparable, test = is_comparable(r), r.details.get("test")
    claimed = number(r.quantity.get("value")) if comparable and kind(r) != "order" else None
    about_zero = test in ("no_effect", "no_gain")
    about = 0.0 if about_zero else claimed
    margin, radius = number(r.margin), number(r.radius)
    # a claim of no gain may print a number ("+0.1"); what was tested is the gain over zero
    return _Facts(
        mean=mean,
        interval=span(r.interval),
        values=numbers(r.values),
        claimed=claimed,
        half_width=max(0.0, number(r.quantity.get("half_width")) or 0.0),
        about=about,
        margin=margin if about is not None and margin is not None and margin > 0 else None,
        radius=radius if about is not None and radius is not None and radius >= 0 else None,
        one_sided=test == "no_gain",
        chance=_chance(r) if kind(r) == "level" else None,
    )


def _chance(r: Reproduction) -> float | None:
    """Of a score on one target: what chance gives there."""
    floors = mapping(r.details.get("chance"))
    return number(mapping(next(iter(floors.values()))).get("chance")) if len(floors) == 1 else None


class _Drawing:
    """Lays out rows from the top: words, and below them what they say on the axis."""

    def __init__(self, r: Reproduction, facts: _Facts) -> None:
        self.r, self.facts = r, facts
        self.y = 0.0
        self.behind: list[Shape] = []
        self.shapes: list[Shape] = []
        self.marks: list[float] = []  # the middle of each row of marks
        self.axis = Axis.over(_extent(r, facts), _LEFT, _RIGHT, WIDTH)

    def draw(self) -> None:
        """All rows, then the axis, then what lies behind the marks."""
        self._claimed()
        self._reproduced()
        self._seeds()
        self._radius()
        if why := degenerate_words(self.r):
            self._say(f"degenerate: {why}", "muted")
        bottom = self.y + 2
        self.shapes += self.axis.shapes(bottom)
        self.y = bottom + 15 + 2
        self._say(axis_words(self.r), "muted")
        self.y += 4
        self._reference(bottom)

    def _say(self, words: str, role: Role) -> None:
        for line in wrapped(typeset(words), WIDTH):
            self.shapes.append(Words(0, self.y + 11, line, role))
            self.y += _LINE

    def _row(self, height: float = _MARK) -> float:
        middle = self.y + height / 2
        self.marks.append(middle)
        self.y += height
        return middle

    def _claimed(self) -> None:
        facts, at = self.facts, self.axis.at
        words = claimed_words(self.r, short=True)
        if facts.claimed is None:
            if why := why_apart(self.r):
                self._say(f"claimed {words}: {why}, so not drawn", "muted")
            return
        self._say(f"claimed {words}", "claimed")
        y = self._row()
        if at(facts.claimed + facts.half_width) - at(facts.claimed) > _RING:
            self._bar(facts.claimed - facts.half_width, facts.claimed + facts.half_width, y, "claimed")
        self.shapes.append(Dot(at(facts.claimed), y, _RING, "claimed", hollow=True))

    def _reproduced(self) -> None:
        facts = self.facts
        words = f"reproduced {measured_words(self.r, facts.mean)}"
        if facts.interval is not None and is_fixed(self.r) and kind(self.r) == "level":
            words += ", no seed enters"
        elif facts.interval is not None:
            low, high = (measured_words(self.r, x) for x in facts.interval)
            words += f", 95 % interval {low} to {high}"
        else:
            words += ", no interval"
        self._say(words, "reproduced")
        y = self._row()
        if facts.interval is not None:
            self._bar(*facts.interval, y, "interval")
        self.shapes.append(Dot(self.axis.at(facts.mean), y, 4, "reproduced"))

    def _seeds(self) -> None:
        values = _some(self.facts.values)
        if len(values) < 2:
            return
        shown = f", {len(values)} of them shown" if len(values) < len(self.facts.values) else ""
        self._say(f"each of {len(self.facts.values):,} seeds{shown}", "value")
        floors: list[float] = []  # the last x on each level: dots that would touch are stacked
        places: list[tuple[float, int]] = []
        for x in map(self.axis.at, values):
            level = next((i for i, last in enumerate(floors) if x - last >= 5.5), len(floors))
            level = min(level, 5)
            floors[level : level + 1] = [x]
            places.append((x, level))
        top = max(level for _, level in places)
        self._row(_MARK + 5.5 * top)
        bottom = self.y - _MARK / 2
        self.shapes += [Dot(x, bottom - 5.5 * level, 2.5, "value") for x, level in places]

    def _radius(self) -> None:
        facts = self.facts
        if facts.about is None or (facts.radius is None and facts.margin is None):
            return
        parts = []
        if facts.radius is not None:
            parts.append(_radius_words(facts, self.r) + " (dashed)")
        if facts.margin is not None:
            parts.append(f"margin {'up to ' if facts.one_sided else '±'}{set_words(facts.margin)} (band)")
        self._say(", ".join(parts), "muted")
        if facts.radius is not None:
            low = facts.about if facts.one_sided else facts.about - facts.radius
            self._bar(low, facts.about + facts.radius, self._row(), "muted", dashed=True)

    def _bar(self, low: float, high: float, y: float, role: Role, *, dashed: bool = False) -> None:
        """A line from low to high with a cap at each end that lies on the axis."""
        at = self.axis.at
        self.shapes.append(Line(at(low), y, at(high), y, role, dashed))
        ends = [x for x in dict.fromkeys((low, high)) if self.axis.holds(x)]
        self.shapes += [Line(at(x), y - _CAP, at(x), y + _CAP, role) for x in ends]

    def _reference(self, bottom: float) -> None:
        """The margin's band, and zero or chance; these keep off the words."""
        facts, axis = self.facts, self.axis
        top = self.marks[0] - _MARK / 2
        if facts.about is not None and facts.margin is not None:
            start = axis.left if facts.one_sided else axis.at(facts.about - facts.margin)
            end = axis.at(facts.about + facts.margin)
            self.behind.append(Box(start, top, end - start, bottom - top, "margin"))
        lines: list[tuple[float, Role, bool]] = []
        if kind(self.r) != "level" and axis.holds(0.0):
            lines.append((0.0, "baseline", False))
        if facts.chance is not None and axis.holds(facts.chance):
            lines.append((facts.chance, "muted", True))
        for value, role, dashed in lines:
            x = axis.at(value)
            self.behind += [Line(x, y - _MARK / 2, x, y + _MARK / 2, role, dashed) for y in self.marks]
            self.behind.append(Line(x, bottom - 3, x, bottom, role))
        if facts.chance is not None:
            self._say(f"dashed vertical line: chance, {figure_words(facts.chance)}", "muted")


def _extent(r: Reproduction, facts: _Facts) -> list[float]:
    """All that must lie on the axis. A claimed number that is not comparable is no part of it."""
    if kind(r) == "order":
        return [-1.0, 1.0]
    found = [facts.mean, *facts.values, *(facts.interval or ())]
    if kind(r) == "effect":
        found.append(0.0)
    if facts.claimed is not None:
        found += [facts.claimed - facts.half_width, facts.claimed + facts.half_width]
    if facts.chance is not None:
        found.append(facts.chance)
    found += _around(facts, facts.margin)
    # a radius that is far larger would leave no room for the rest: its line runs off the axis
    if facts.radius is not None and facts.radius <= max(found) - min(found):
        found += _around(facts, facts.radius)
    return found


def _around(facts: _Facts, size: float | None) -> list[float]:
    """The ends of a margin or a radius."""
    if facts.about is None or size is None:
        return []
    return [facts.about + size] if facts.one_sided else [facts.about - size, facts.about + size]


def _some(values: tuple[float, ...]) -> list[float]:
    """The values sorted; of very many, some at even ranks, the first and the last among them."""
    ranked = sorted(values)
    if len(ranked) <= _MOST_SEEDS:
        return ranked
    return [ranked[round(i * (len(ranked) - 1) / (_MOST_SEEDS - 1))] for i in range(_MOST_SEEDS)]


def why_apart(r: Reproduction) -> str:
    """Why a claimed number may not stand beside the reproduced one; "" where it may, and where there is none."""
    if number(r.quantity.get("value")) is None:
        return ""
    if r.scale == "lab":
        return "of another encoder"
    if r.scale == "smoke" and r.paper != "smoke":
        return "of other data"
    return "not tested" if r.verdict == "not_tested" else ""


def _radius_words(facts: _Facts, r: Reproduction) -> str:
    assert facts.radius is not None
    size = figure_words(facts.radius)
    if facts.one_sided:
        return f"{'decrease' if is_fall(r) else 'gain'} of at most {size}"
    return f"{'no effect' if facts.claimed is None else 'equal'} within ±{size}"


def _title(r: Reproduction, facts: _Facts) -> str:
    name = text(r.registry_id, 80)
    if facts.claimed is not None:
        return f"{name}: the claimed number and the reproduced one"
    if kind(r) == "order":
        return f"{name}: agreement with the claimed order, scale {r.scale}"
    what = "score" if kind(r) == "level" else "effect"
    return f"{name}: the reproduced {what}, scale {r.scale}"


def _description(r: Reproduction, facts: _Facts) -> str:
    def words(value: float) -> str:
        return measured_words(r, value)

    parts = [f"Axis: {axis_words(r)}."]
    if facts.claimed is not None:
        parts.append(f"Claimed, a ring: {claimed_words(r)}.")
    elif why := why_apart(r):
        parts.append(f"The claimed number, {claimed_words(r)}, is not drawn: {why}.")
    parts.append(f"Reproduced, a filled dot: {words(facts.mean)}.")
    if facts.interval is not None:
        low, high = map(words, facts.interval)
        parts.append(f"Its 95 % interval, a bar, {interval_over(r)}: {low} to {high}.")
    else:
        parts.append("There is no interval.")
    if len(facts.values) > _LISTED:
        ends = words(min(facts.values)), words(max(facts.values))
        parts.append(f"{len(facts.values):,} seeds, small dots, from {ends[0]} to {ends[1]}.")
    elif len(facts.values) > 1:
        parts.append(f"Seeds, small dots: {', '.join(map(words, facts.values))}.")
    if facts.radius is not None:
        parts.append(f"Equivalence radius, a dashed line: {_radius_words(facts, r)}.")
    if facts.margin is not None:
        about = "zero" if facts.claimed is None or r.details.get("test") == "no_effect" else "the claimed number"
        size = f"up to {set_words(facts.margin)}" if facts.one_sided else f"±{set_words(facts.margin)} about {about}"
        parts.append(f"Margin, a band: {size}.")
    if why := degenerate_words(r):
        parts.append(f"Degenerate: {why}.")
    if facts.chance is not None:
        parts.append(f"Chance, a dashed vertical line: {figure_words(facts.chance)}.")
    return " ".join(parts)
