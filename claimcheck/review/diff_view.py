"""A difference of two ledgers in words, for a terminal and for Markdown; nothing is escaped yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.publish.escape import plain, shorten
from claimcheck.publish.view.places import WORDS, probability_words
from claimcheck.review.diff import (
    CheckSide,
    ClaimDiff,
    ClaimSide,
    FieldChange,
    LedgerDiff,
    LedgerSide,
    ReproductionSide,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["DiffView", "Entry", "Part", "diff_view", "print_diff"]

_LONGEST = 1_500  # characters of one field
_MOST_CHECKS = 5  # of a claim on one side


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim or a row, and in lines what changed in it."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Entries under a heading."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class DiffView:
    """All that a difference says. `warning` is "" where both ledgers are of one paper."""

    old: str
    new: str
    warning: str
    summary: str
    parts: tuple[Part, ...]
    note: str  # what is not compared; "" for identical ledgers


def diff_view(diff: LedgerDiff) -> DiffView:
    """The difference in words: changed verdicts first, the refuted ones before the others."""
    return DiffView(
        old=_name(diff.old),
        new=_name(diff.new),
        warning=warning(diff),
        summary=_summary(diff),
        parts=tuple(part for part in _parts(diff) if part.entries),
        note=""
        if diff.identical
        else (
            f"Not compared: when the ledgers were made and how long it took, pages of evidence, boxes and lines of "
            f"places, and confidence that moved by no more than {diff.threshold:g}."
        ),
    )


def warning(diff: LedgerDiff) -> str:
    """One line where the ledgers are of different papers, else ""."""
    if diff.same_paper:
        return ""
    return f"the ledgers are of different papers ({_name(diff.old)}; {_name(diff.new)}); they are compared all the same"


def print_diff(diff: LedgerDiff, console: Console) -> None:
    """Prints the difference. Nothing of a paper is taken as markup or as a terminal's command."""
    from rich.padding import Padding
    from rich.text import Text

    view = diff_view(diff)
    console.print(Text(f"old  {plain(view.old)}", style="dim"))
    console.print(Text(f"new  {plain(view.new)}", style="dim"))
    for part in view.parts:
        console.print()
        console.print(Text(plain(part.heading), style="bold"))
        for entry in part.entries:
            console.print(Padding(Text(plain(entry.title)), (0, 0, 0, 2), expand=False))
            for line in entry.lines:
                console.print(Padding(Text(plain(line), style=_style(line)), (0, 0, 0, 6), expand=False))
    if view.parts:
        console.print()
    console.print(Text(plain(view.summary), style="bold"))
    if view.note:
        console.print(Text(view.note, style="dim"))


def _style(line: str) -> str:
    if line.startswith("verdict: "):
        return "bold red" if line.endswith(WORDS["refuted"]) else "bold"
    return {"- ": "red", "+ ": "green"}.get(line[:2], "dim")


def _name(side: LedgerSide) -> str:
    made = f"claimcheck {side.claimcheck}" if side.claimcheck else ""
    title = shorten(side.title, 200)
    return ", ".join(x for x in (f"{shorten(side.id, 200)}{side.version}", title, side.source_kind, made) if x)


def _summary(diff: LedgerDiff) -> str:
    if not diff.changed:
        return "No difference: the ledgers are identical." if diff.identical else "No difference in what is compared."
    counts = diff.counts
    said = [
        (counts.get("verdict", 0), "verdict changed", "verdicts changed"),
        (len([c for c in diff.became("refuted") if c.old]), "of them to refuted", "of them to refuted"),
        (counts.get("new", 0), "claim new", "claims new"),
        (counts.get("gone", 0), "claim gone", "claims gone"),
        (counts.get("reworded", 0), "claim reworded", "claims reworded"),
        (counts.get("changed", 0), "claim changed otherwise", "claims changed in the same words"),
        (counts.get("unchanged", 0), "claim unchanged", "claims unchanged"),
        (counts.get("reproductions", 0), "reproduction in its own row changed", "reproductions in rows of their own"),
        (counts.get("paper", 0), "change of the paper's description", "changes of the paper's description"),
        (counts.get("run", 0), "change of the run", "changes of the run"),
    ]
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in said if n) + "."


def _parts(diff: LedgerDiff) -> Iterator[Part]:
    """Each claim that changed stands in one part, the first that fits."""
    left = [claim for claim in diff.claims if claim.group != "unchanged"]
    kinds: tuple[tuple[str, Callable[[ClaimDiff], bool]], ...] = (
        ("Verdicts that changed", lambda c: "verdict" in c.changes),
        ("New claims", lambda c: c.group == "new"),
        ("Claims that are gone", lambda c: c.group == "gone"),
        ("Claims in other words", lambda c: c.group == "reworded"),
        ("Other changes of claims", lambda c: True),
    )
    for heading, fits in kinds:
        chosen = [claim for claim in left if fits(claim)]
        left = [claim for claim in left if not fits(claim)]
        chosen.sort(key=lambda c: "refuted" not in (side.label for side in (c.new or c.old,) if side))
        yield Part(f"{heading} ({len(chosen)})", tuple(map(_entry, chosen)))
    rows = [_reproduction_entry(row.old, row.new) for row in diff.reproductions]
    yield Part(f"Reproductions in rows of their own ({len(rows)})", tuple(rows))
    yield Part(f"The paper and what was read of it ({len(diff.paper)})", tuple(map(_field, diff.paper)))
    yield Part(f"How the ledgers were made ({len(diff.run)})", tuple(map(_field, diff.run)))


def _entry(claim: ClaimDiff) -> Entry:
    side = claim.new or claim.old
    assert side is not None
    return Entry(f"{side.id[:40]}  {shorten(side.text, _LONGEST)}", tuple(_lines(claim.old, claim.new, claim.changes)))


def _lines(old: ClaimSide | None, new: ClaimSide | None, changes: Sequence[str]) -> Iterator[str]:
    if old is None or new is None:
        side = old or new
        assert side is not None
        yield f"verdict: {_verdict(side)}"
        yield from _check_lines("", side.checks)
        if side.reproduction is not None:
            yield f"reproduction: {_rerun(side.reproduction)}"
        return
    if "verdict" in changes or "abstained" in changes:
        yield f"verdict: {_verdict(old)} \u2192 {_verdict(new)}"
    elif "confidence" in changes and old.calibration and new.calibration:
        yield f"confidence: {probability_words(old.confidence)} \u2192 {probability_words(new.confidence)}"
    elif "confidence" in changes:
        yield "confidence: moved (uncalibrated, so no figure is shown)"
    if "calibration" in changes:
        yield f"calibrated on: {old.calibration or 'nothing'} \u2192 {new.calibration or 'nothing'}"
    if "text" in changes:
        yield f"- {shorten(old.text, _LONGEST)}"
        yield f"+ {shorten(new.text, _LONGEST)}"
    if "numbers" in changes:
        yield f"numbers: {_listed(old.numbers)} \u2192 {_listed(new.numbers)}"
    if "places" in changes:
        yield f"places: {_listed(old.places)} \u2192 {_listed(new.places)}"
    if "checks" in changes:
        yield from _check_lines("- ", old.checks)
        yield from _check_lines("+ ", new.checks)
    elif "verdict" in changes:
        yield "the checks are the same: they were weighed in another way"
    if "reproduction" in changes:
        yield f"reproduction: {_rerun(old.reproduction)} \u2192 {_rerun(new.reproduction)}"


def _verdict(side: ClaimSide) -> str:
    words = WORDS[side.label] + (" (abstained)" if side.abstained else "")
    return f"{words} {probability_words(side.confidence)}" if side.calibration else words


def _check_lines(mark: str, checks: Sequence[CheckSide]) -> Iterator[str]:
    for check in checks[:_MOST_CHECKS]:
        found = check.derivation or check.reason or "; ".join(check.evidence[:3])
        yield f"{mark}{check.kind} check, {WORDS[check.label]}" + (f": {shorten(found, _LONGEST)}" if found else "")
    if len(checks) > _MOST_CHECKS:
        yield f"{mark}and {len(checks) - _MOST_CHECKS} more checks"


def _rerun(side: ReproductionSide | None) -> str:
    if side is None:
        return "none"
    verdict = side.verdict.replace("_", " ") + (f" ({side.reason})" if side.reason else "")
    parts = [f"{side.registry_id} at {side.scale} scale: {verdict}"]
    parts.append(f"direction {side.direction}" if side.direction else "")
    if side.mean is not None:
        interval = f" [{side.interval[0]:.4g}, {side.interval[1]:.4g}]" if side.interval else ""
        parts.append(f"{side.mean:.4g}{interval} from {side.n} {'seed' if side.n == 1 else 'seeds'}")
    parts.append(f"{len(side.deviations)} deviations" if side.deviations else "")
    return ", ".join(part for part in parts if part)


def _reproduction_entry(old: ReproductionSide | None, new: ReproductionSide | None) -> Entry:
    if old is None or new is None:
        return Entry(f"{'new' if old is None else 'gone'}: {_rerun(new or old)}")
    return Entry(new.registry_id, (f"- {_rerun(old)}", f"+ {_rerun(new)}"))


def _field(change: FieldChange) -> Entry:
    return Entry(f"{change.name}: {_value(change.old)} \u2192 {_value(change.new)}")


def _value(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 300)


def _listed(words: Sequence[str]) -> str:
    return shorten("; ".join(words), 400) if words else "none"
