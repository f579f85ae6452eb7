"""Tables for people: a plan, the state of its jobs, the verdicts. Strings from registries are data, never markup."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.console import harmless, results_console, say

if TYPE_CHECKING:
    from rich.table import Table

    from claimcheck.foundation.records import Reproduction
    from reproduce.engine.status import Status
    from reproduce.planning.needs import Need
    from reproduce.planning.plan import Plan, Row
    from reproduce.verdicts.tables import Tables

    Missing = tuple[Need, str, str]

__all__ = [
    "claimed",
    "duration",
    "show_plan",
    "show_results",
    "show_status",
    "show_tables",
    "verdict_of",
    "warn_of_missing",
]

_SEED = re.compile(r", seed \d+")


def duration(seconds: float) -> str:
    """Seconds as a person says them: "40 s", "12 min", "3.4 h", "12 days"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 99.5 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def size(count: float) -> str:
    """Bytes as a person says them."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _flops(count: float) -> str:
    for unit in ("", "K", "M", "G", "T", "P", "E"):
        if count < 1000:
            return f"{count:.3g} {unit}FLOP"
        count /= 1000
    return f"{count:.3g} ZFLOP"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show_plan(plan: Plan, slots: int = 1, missing: Sequence[Missing] = ()) -> None:
    """What would be run, jobs that differ in their seed alone in one line; then the sums, inputs and what is left out.

    `missing`: what the folder of data files lacks, as `needs.lacking` gives it.
    """
    console = results_console()
    table = _table("phase", "job", ">runs", ">claims", ">steps", ">tokens", ">compute", ">time", ">disk")
    for rows in _without_seeds(plan.rows()):
        first = rows[0]
        table.add_row(
            first.phase,
            harmless(_SEED.sub("", first.label).removeprefix(f"{first.phase} ")),
            str(len(rows)),
            str(first.claims),
            *(
                "?" if value is None else show(value)
                for value, show in (
                    (_sum(row.steps for row in rows), lambda n: f"{n:,.0f}"),
                    (_sum(row.tokens for row in rows), lambda n: f"{n / 1e6:,.1f} M"),
                    (_sum(None if row.pflop is None else row.pflop * 1e15 for row in rows), _flops),
                    (_sum(None if row.hours is None else row.hours * 3600 for row in rows), duration),
                    (_sum(None if row.gigabytes is None else row.gigabytes * 1e9 for row in rows), size),
                )
            ),
        )
    if plan.jobs:
        console.print(table)
    if plan.registry is not plan.asked:
        console.print(
            f"Scale {plan.scale}: a synthetic world that proves the machinery. "
            f"It judges its own claims; the {len(plan.asked_claims)} of {plan.asked.paper.id} stay not tested (scale)."
        )
    total, alone = plan.total, plan.unshared
    planned = len({claim.id for claim in plan.claims} - set(plan.not_planned))
    console.print(
        f"{_count(total.jobs, 'job')} for {_count(planned, 'claim')}, {_count(plan.seeds, 'seed')}: "
        f"{_flops(total.flops)}, "
        f"{duration(total.seconds)} on {plan.hardware}, {duration(plan.wall_seconds(slots))} with {slots} at a time; "
        f"{size(total.disk_bytes + total.running_bytes)} of disk"
        + (f"; {total.money:,.2f} at {plan.hourly_price:g} an hour" if total.money is not None else "")
    )
    if alone.seconds > total.seconds:
        console.print(f"Without sharing it would be {duration(alone.seconds)}.")
    _print_hardware(plan)
    _print_needs(plan, missing)
    own = {claim.id for claim in plan.claims}
    for reason, ids in _by_reason(plan, own).items():
        console.print(f"Not planned, {reason}: {', '.join(ids)}", soft_wrap=True)


def _print_hardware(plan: Plan) -> None:
    from reproduce.planning import costs

    console = results_console()
    rates = costs.rates(plan.hardware)
    console.print(f"Time is {rates.basis}, not promised: {rates.title or rates.name}.")
    if plan.total.unknown:
        console.print(f"{plan.total.unknown} jobs are of unknown cost and not in the sums: {'; '.join(plan.unknown)}")
    if plan.assumed:
        console.print(f"Assumed: {'; '.join(plan.assumed)}", soft_wrap=True)


def _print_needs(plan: Plan, missing: Sequence[Missing]) -> None:
    """What the jobs read, where it is had from, and what is known to be missing; what a call changed."""
    console = results_console()
    needed: dict[str, list[str]] = {}
    for need in plan.needs:
        name = f"{need.name} {need.split}".strip() + (f" ({len(need.languages)})" if len(need.languages) > 1 else "")
        if need.missing:
            console.print(f"Missing: {harmless(name)}: {harmless(need.missing)}", soft_wrap=True)
        else:
            needed.setdefault(_place(need), []).append(name)
    for place, names in needed.items():
        console.print(f"Needs {harmless(place)}: {harmless(', '.join(names))}", soft_wrap=True)
    for line in _missing_lines(missing):
        console.print(line, soft_wrap=True)
    called = dict.fromkeys(line for claim in plan.claims for line in plan.called(claim))
    if called:
        console.print(f"Deviations of this call: {harmless('; '.join(called))}", soft_wrap=True)


def _place(need: Need) -> str:
    """Where an input is had from; one line tells all of a place."""
    repository = need.where.partition(" ")[0]
    return {
        "hub": f"of the hub, {repository}",
        "hub encoder": "of the hub, encoder",
        "local encoder": f"by {need.where}",
        "files": f"by {need.where}, data (languages)",
    }[need.kind]


def _missing_lines(missing: Iterable[Missing]) -> Iterator[str]:
    """A line for each data set of which parts are not in the folder."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for need, code, why in missing:
        groups.setdefault((need.name, need.split), []).append((code, why))
    for (name, split), found in groups.items():
        codes = ", ".join(code for code, _ in found)
        yield f"Missing: {harmless(name)} {split} ({harmless(codes)}): {harmless(found[0][1])}"


def warn_of_missing(missing: Iterable[Missing]) -> None:
    """What the folder of data files lacks, on stderr: jobs that read it will fail, the others go on."""
    for line in _missing_lines(missing):
        say(f"{line[:1].lower()}{line[1:]}")


def _by_reason(plan: Plan, own: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for claim, reason in plan.not_planned.items():
        if claim in own:
            found.setdefault(harmless(reason), []).append(claim)
    return found


def show_status(status: Status) -> None:
    """Jobs by phase and state, what runs now, what failed and why."""
    console = results_console()
    who = status.running
    at_work = f"process {who.get('pid', '?')} on {who.get('host', '?')} works in it" if who else "no run works in it"
    left = f", about {duration(status.seconds_left)} left" if status.seconds_left else ""
    console.print(f"{harmless(status.folder)}, scale {status.scale}: {harmless(at_work)}{left}", soft_wrap=True)
    states = list(dict.fromkeys(state for counts in status.by_phase.values() for state in sorted(counts)))
    table = _table("phase", *(f">{state}" for state in states))
    for phase, counts in status.by_phase.items():
        table.add_row(phase, *(str(counts.get(state, 0)) for state in states))
    console.print(table)
    for job in status.jobs:
        if job.state in ("leased", "interrupted"):
            console.print(f"{job.state}: {harmless(job.label)}{_where(job.progress or {})}", soft_wrap=True)
    for job in status.failures:
        line = harmless(job.log_line or job.message)
        console.print(f"failed: {harmless(job.label)} ({job.key}): {line}", soft_wrap=True)


def _where(progress: Mapping[str, Any]) -> str:
    step, steps, loss = (progress.get(name) for name in ("step", "steps", "loss"))
    parts = [
        f"step {step}/{steps}" if step is not None and steps else "",
        f"loss {loss:.3f}" if isinstance(loss, int | float) else "",
    ]
    told = ", ".join(part for part in parts if part) or str(progress.get("phase", ""))
    return f": {harmless(told)}" if told else ""


def show_results(found: Sequence[Reproduction]) -> None:
    """Claimed beside reproduced, a table a paper; reasons and deviations below the table, by claim."""
    console = results_console()
    for number, paper in enumerate(dict.fromkeys(one.paper for one in found)):
        own = [one for one in found if one.paper == paper]
        if number:
            console.print()
        console.print(f"{harmless(paper)}, scale {own[0].scale}: {_counts(own)}", soft_wrap=True)
        rows = [
            (
                harmless(one.registry_id),
                harmless(one.claim_text),
                claimed(one),
                _reproduced(one),
                "" if one.interval is None else f"{one.interval[0]:.1f} to {one.interval[1]:.1f}",
                _within(one),
                verdict_of(one),
                one.direction or "",
            )
            for one in own
        ]
        columns = ("claim", "what it says", ">claimed", ">reproduced", ">95 %", ">within", "verdict", "direction")
        # a column that says nothing would only make the others narrow; beside numbers a sentence has no room
        told = [i for i in range(len(columns)) if any(row[i] for row in rows)]
        measured = any(row[3] for row in rows)
        if measured:
            told.remove(1)
        table = _table(*(columns[i] for i in told))
        for row in rows:
            table.add_row(*(row[i] for i in told))
        console.print(table)
        for one in own:
            said = [f'"{one.claim_text}"'] if measured else []
            told_of_runs = [str(note) for note in one.details.get("notes", ())]
            notes = [*said, *_explained(one), *(f"deviation: {text}" for text in one.deviations), *told_of_runs]
            if notes:
                console.print(f"  {harmless(one.registry_id)}: {harmless('; '.join(notes))}", soft_wrap=True)


def show_tables(tables: Tables) -> None:
    """Scores of each target and condition beside the baseline's, then the averages with and without retrieval."""
    console = results_console()
    count = f"{tables.seeds} seed{'s' if tables.seeds != 1 else ''}"
    console.print(f"{harmless(tables.paper)}, scale {tables.scale}, {count}; points", soft_wrap=True)
    shown = _table("target", "condition", ">mean", ">SD", ">effect", ">95 %", ">chance", "")
    for row in tables.rows:
        if row.language:
            continue
        shown.add_row(
            harmless(row.name),
            harmless(row.condition),
            f"{row.mean:.1f}",
            "" if row.sd is None else f"{row.sd:.1f}",
            "" if row.effect is None else f"{row.effect:+.1f}",
            "" if row.interval is None else f"{row.interval[0]:.1f} to {row.interval[1]:.1f}",
            "" if row.chance is None else f"{row.chance:.1f}",
            "degenerate" if row.degenerate else "",
        )
    console.print(shown)
    if tables.averages:
        console.print()
        shown = _table("average", "condition", ">mean", ">effect", ">95 %", "of")
        for one in tables.averages:
            shown.add_row(
                one.name.replace("_", " "),
                harmless(one.condition),
                f"{one.mean:.1f}",
                "" if one.effect is None else f"{one.effect:+.1f}",
                "" if one.interval is None else f"{one.interval[0]:.1f} to {one.interval[1]:.1f}",
                harmless(", ".join(one.tasks)),
            )
        console.print(shown)
    left_out = dict.fromkeys(name for one in tables.averages for name in one.left_out)
    if left_out:
        console.print(
            f"left out of averages, degenerate at this scale: {harmless(', '.join(left_out))}", soft_wrap=True
        )
    for line in tables.absent:
        console.print(f"does not count: {harmless(line)}", soft_wrap=True)


def verdict_of(one: Reproduction) -> str:
    """The verdict as a reader says it, with the reason's code where nothing was tested."""
    verdict = one.verdict.replace("_", " ")
    return f"{verdict} ({harmless(one.reason.partition(':')[0])})" if one.verdict == "not_tested" else verdict


def _explained(one: Reproduction) -> list[str]:
    """The reason, where it is more than the code that stands in the table."""
    reason = one.reason.partition(":")[2] if one.verdict == "not_tested" else one.reason
    return [reason.strip()] if reason.strip() else []


def claimed(one: Reproduction) -> str:
    value = one.quantity.get("value")
    if value is None:
        return ""
    half = one.quantity.get("half_width") or 0.5
    digits = max(0, round(-math.log10(2 * half)))
    sign = "+" if one.quantity.get("direction") == "increase" and value > 0 else ""
    return f"{sign}{value:.{digits}f}"


def _reproduced(one: Reproduction) -> str:
    if one.mean is None:
        return ""
    spread = f" ± {one.sd:.1f}" if one.sd is not None else ""
    return f"{one.mean:.1f}{spread} (n={one.n})"


def _within(one: Reproduction) -> str:
    """What the reproduced number is shown to lie within: of the claimed one, or below where no gain was claimed."""
    if one.radius is None:
        return ""
    if one.details.get("test") == "no_gain" and one.interval is not None:
        return f"≤ {one.interval[1]:.1f}"
    return f"± {one.radius:.1f}"


def _counts(found: Sequence[Reproduction]) -> str:
    counts = Counter(one.verdict.replace("_", " ") for one in found)
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def _without_seeds(rows: Iterable[Row]) -> list[list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.phase, _SEED.sub("", row.label)), []).append(row)
    return list(groups.values())


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if any(value is None for value in known) else sum(value or 0 for value in known)


def _table(*columns: str) -> Table:
    """A table without lines; a column whose name starts with ">" is set flush right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        right = name.startswith(">")
        table.add_column(name.removeprefix(">"), justify="right" if right else "left", no_wrap=right or name == "claim")
    return table
