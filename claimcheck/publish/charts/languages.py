"""Scores by language from a reproduction's `details.by_language`: a condition against the baseline, target by target.

The keys there are "condition on target (split)" (reproduce.verdicts.account); means over seeds, in points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.charts.axis import column_words, figure_words
from claimcheck.publish.charts.figure import Figure
from claimcheck.publish.charts.loose import first, mapping, number, scores, text
from claimcheck.publish.charts.rows import MOST_ROWS, Mark, Row, row_figure

MOST_LANGUAGES = 120  # of a target; the rest is counted
_MOST_KEYS = 64  # conditions on targets
_MOST_FIGURES = 24
_KEY = re.compile(r"(?P<condition>.+?) on (?P<target>.+) \((?P<split>[^()]*)\)")


@dataclass(frozen=True, slots=True)
class Group:
    """The scores on one target: {condition: {language: score}}; `baseline` is one of the conditions, or ""."""

    target: str
    name: str
    split: str
    baseline: str
    scores: dict[str, dict[str, float]]
    chance: dict[str, float]
    at_chance: bool  # the baseline cannot be told from chance, so that the target shows nothing
    languages: tuple[str, ...]
    left_out: int  # languages beyond MOST_LANGUAGES

    @property
    def title(self) -> str:
        """ "XNLI (dev)"."""
        return f"{self.name} ({self.split})" if self.split else self.name


def groups_of(r: Reproduction) -> tuple[Group, ...]:
    """Targets in the order of the details, with what they hold that can be shown; () where there is nothing."""
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for key, values in first(mapping(r.details.get("by_language")).items(), _MOST_KEYS):
        told = scores(values)
        if told and (name := text(key, 200)):
            parts = _KEY.fullmatch(name)
            place = (parts["target"], parts["split"]) if parts else ("", "")
            found.setdefault(place, {}).setdefault(parts["condition"] if parts else name, told)
    return tuple(_group(r, target, split, conditions) for (target, split), conditions in found.items())


def _group(r: Reproduction, target: str, split: str, conditions: dict[str, dict[str, float]]) -> Group:
    floor = mapping(mapping(r.details.get("chance")).get(target))
    about = mapping(mapping(mapping(r.details.get("effects")).get("targets")).get(target))
    named = text(floor.get("baseline"), 200)
    languages = sorted({code for values in conditions.values() for code in values})
    kept = languages[:MOST_LANGUAGES]
    levels = mapping(floor.get("by_language"))
    chance = {code: number(mapping(levels.get(code)).get("chance")) for code in kept}
    return Group(
        target=target,
        name=text(about.get("name"), 60) or text(target, 60) or "scores",
        split=text(split, 40),
        baseline=next((x for x in (named, "baseline") if x in conditions), ""),
        scores=conditions,
        chance={code: level for code, level in chance.items() if level is not None},
        at_chance=floor.get("degenerate") is True,
        languages=tuple(kept),
        left_out=len(languages) - len(kept),
    )


def language_figures(r: Reproduction) -> tuple[Figure, ...]:
    """A chart of each target and condition beside the baseline, of at most MOST_ROWS languages each, sorted by code."""
    return tuple(first(_figures(r), _MOST_FIGURES))


def _figures(r: Reproduction) -> Iterator[Figure]:
    name = text(r.registry_id, 80)
    for group in groups_of(r):
        others = [condition for condition in group.scores if condition != group.baseline]
        for condition in others or [group.baseline]:
            parts = _parts(group.languages)
            for i, part in enumerate(parts, 1):
                which = f", part {i} of {len(parts)}" if len(parts) > 1 else ""
                title = f"{name}: {group.title} by language, {text(condition, 60)}, scale {r.scale}{which}"
                yield _figure(title, group, condition, part)


def _parts(languages: Sequence[str]) -> list[Sequence[str]]:
    """As few charts as the rows allow, of nearly the same length."""
    count = -(-len(languages) // MOST_ROWS)
    size = -(-len(languages) // count)
    return [languages[i : i + size] for i in range(0, len(languages), size)]


def _figure(title: str, group: Group, condition: str, languages: Sequence[str]) -> Figure:
    own, base = group.scores[condition], group.scores.get(group.baseline, {})
    paired = group.baseline not in ("", condition)
    rows, told = [], []
    for code in languages:
        before, after, chance = base.get(code) if paired else None, own.get(code), group.chance.get(code)
        marks = [Mark(chance, "muted", upright=True)] if chance is not None else []
        marks += [Mark(before, "baseline", hollow=True)] if before is not None else []
        marks += [Mark(after, "reproduced")] if after is not None else []
        if not marks:
            continue
        both = before is not None and after is not None
        if before is not None and after is not None:
            shown = column_words(after - before, signed=True)
        else:
            shown = column_words(after) if after is not None else ""
        link = (before, after) if before is not None and after is not None else None
        rows.append(Row(text(code, 40) or "?", tuple(marks), link, capped=False, shown=shown))
        parts = [figure_words(x) for x in (before, after) if x is not None]
        told.append(
            f"{text(code, 40)} {' to '.join(parts) or 'no score'}{f' ({shown})' if both else ''}"
            + (f", chance {figure_words(chance)}" if chance is not None else "")
        )
    legend: list[tuple[Mark | None, str]] = []
    if paired:
        legend.append((Mark(0, "baseline", hollow=True), text(group.baseline, 60)))
    legend.append((Mark(0, "reproduced"), text(condition, 60)))
    if any(code in group.chance for code in languages):
        legend.append((Mark(0, "muted", upright=True), "chance"))
    if group.at_chance:
        legend.append((None, "the baseline cannot be told from chance: no effect can show here"))
    what = f"From {text(group.baseline, 60)} to {text(condition, 60)}" if paired else text(condition, 60)
    description = f"{what} on {group.title}, points by language: {'; '.join(told)}."
    if group.at_chance:
        description += " The baseline cannot be told from chance here."
    if group.left_out:
        description += f" {group.left_out:,} more languages are not shown."
    axis = "points; on the right the difference" if paired else "points"
    return row_figure(title, description, legend, rows, axis)
