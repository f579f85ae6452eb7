"""A reproduction as a report shows it: the claimed number beside the reproduced one, with charts, scale first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from claimcheck.foundation.records import LooseReproduction, Reproduction, RunRecord
from claimcheck.publish.charts import Figure, figures, loose
from claimcheck.publish.charts.axis import column_words, figure_words, set_words
from claimcheck.publish.charts.claimed import claimed_words, interval_over, measured_words, why_apart
from claimcheck.publish.charts.effects import effects_of
from claimcheck.publish.charts.languages import Group, groups_of
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.places import LONGEST
from claimcheck.publish.view.rerun_words import (
    SCALES,
    cost_words,
    direction_words,
    encoder_words,
    evidence_words,
    p_words,
    reason_words,
    test_words,
    verdict_words,
)

__all__ = ["SCALES", "ReproductionView", "ScoreTable", "reproduction_view"]

ScoreTable = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]
_MOST_CONDITIONS = 8  # columns of a table of scores
_LISTED = 20  # seeds told one by one
_MOST_LINES = 200  # deviations


@dataclass(frozen=True, slots=True)
class ReproductionView:
    """What a rerun gave. `facts` are (name, value) pairs; the scale comes first, so that nobody takes one for another.

    `claimed` is the number as printed with sign, unit and rounding, or in words what is claimed without one; `measured`
    says what it is a number of. Only where `comparable` may it stand beside `reproduced`: at scale lab and smoke a
    paper's number is of another encoder or of other data, and says so. Where a decrease is claimed, all numbers are
    amounts of decrease. `direction` is the code, `direction_words` what it says of this claim. `unknown`: what the
    registry could not find out of the claim. `scores`: (title, header, rows) of the numbers behind the charts. `why`
    and `candidates`, (anchor, words) of claims, are there where it stands beside no claim.
    """

    id: str
    anchor: str
    claim: str
    scale: str
    scale_words: str
    ran: bool  # False for a claim of a registry of which nothing was run
    verdict: str
    code: str
    claimed: str
    reproduced: str
    interval: str
    direction: str
    facts: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    runs: tuple[RunRecord, ...]
    why: str = ""
    candidates: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    measured: str = ""
    direction_words: str = ""
    comparable: bool = False
    unknown: tuple[str, ...] = ()
    scores: tuple[ScoreTable, ...] = ()


def reproduction_view(r: Reproduction, anchor: str, own_row: LooseReproduction | None = None) -> ReproductionView:
    """The reproduction in words; `own_row` where it stands in one."""
    return ReproductionView(
        id=r.registry_id,
        anchor=anchor,
        claim=_whole(shorten(r.claim_text, LONGEST)),
        scale=r.scale,
        scale_words=_scale_words(r),
        ran=not is_not_run(r),
        verdict=verdict_words(r),
        code=r.verdict,
        claimed=_claimed(r),
        reproduced=_reproduced(r),
        interval=_interval(r),
        direction=r.direction or "",
        facts=tuple((name, shorten(value, LONGEST)) for name, value in _facts(r) if value),
        deviations=tuple(shorten(x, LONGEST) for x in r.deviations[:_MOST_LINES]),
        notes=_notes(r),
        figures=figures(r),
        runs=r.runs,
        why=own_row.why if own_row else "",
        reason=shorten(reason_words(r), LONGEST),
        measured=_measured(r),
        direction_words=direction_words(r),
        comparable=_is_comparable(r),
        unknown=_texts(r, "unknown"),
        scores=(*_effect_table(r), *_order_table(r), *_language_tables(r)),
    )


def is_not_run(r: Reproduction) -> bool:
    """Whether it is a registry's claim alone, of which nothing was run."""
    return r.verdict == "not_tested" and r.reason.startswith("not_run")


def _scale_words(r: Reproduction) -> str:
    return "nothing was run" if is_not_run(r) else SCALES[r.scale]


def _whole(text: str) -> str:
    """The claim as its source has it; where that broke off, a reader sees that it did."""
    return text if re.search(r"[.!?…:;][\"'”’)\]]*$", text.rstrip()) else f"{text.rstrip()} …"


def _facts(r: Reproduction) -> Iterator[tuple[str, str]]:
    """(name, value), where a value may be ""; what a reader asks first comes first."""
    details = r.details
    yield "scale", _scale_words(r)
    yield "verdict", verdict_words(r)
    yield "reason", reason_words(r)
    yield "direction", direction_words(r)
    yield "claimed", _claimed(r)
    yield "what is claimed", test_words(r) if claimed_words(r) else ""
    yield "measured as", _measured(r)
    yield "reproduced", _reproduced(r)
    yield "interval", _interval(r)
    yield "each seed", _seeds(r)
    yield "equivalence radius", _radius(r)
    if (margin := loose.number(r.margin)) is not None:
        yield "margin", f"{'a gain of up to ' if r.details.get('test') == 'no_gain' else '±'}{set_words(margin)} points"
    if _is_comparable(r):
        yield from _beside_the_claimed(r)
    yield "order", _order(r)
    yield "degenerate", "" if (why := loose.degenerate_words(r)) in r.reason else why
    yield "without the runs that failed", _without_degenerate(r)
    yield "picked", "; ".join(_texts(r, "picked"))
    yield "encoder", encoder_words(details.get("encoder"))
    yield "claimed number read in", r.claimed_source
    yield "also said in", "; ".join(_texts(r, "also"))
    yield "not known of the claim", "; ".join(_texts(r, "unknown"))
    yield "runs", f"{len(r.runs):,}" if r.runs else ""
    yield "cost", cost_words(r.cost)


def _beside_the_claimed(r: Reproduction) -> Iterator[tuple[str, str]]:
    """What holds the claimed number against the runs; a ledger of other hands may have it where it says nothing."""
    details = r.details
    if (compatible := loose.span(details.get("compatible"))) is not None:
        low, high = (measured_words(r, x) for x in compatible)
        yield "claimed numbers that the runs are compatible with", f"{low} to {high} (95 % prediction interval)"
    yield "p value of a difference", _p_values(r)
    yield "evidence ratio, claimed effect against none", evidence_words(details)
    if (seeds := loose.number(details.get("seeds_needed"))) is not None:
        yield "seeds needed for a verdict", f"{seeds:.0f}"
    elif "seeds_needed" in details:
        yield "seeds needed for a verdict", "no number of seeds suffices"
    if (cv := loose.number(details.get("cv"))) is not None:
        yield "variation between claimed and reproduced", f"CV* {figure_words(cv)} %"


def _is_comparable(r: Reproduction) -> bool:
    return loose.is_comparable(r)


def _texts(r: Reproduction, name: str) -> tuple[str, ...]:
    return loose.texts(r.details.get(name))


def _claimed(r: Reproduction) -> str:
    words = claimed_words(r)
    # wherever the two numbers are printed side by side, the claimed one says that it does not belong there
    why = why_apart(r) if r.mean is not None else ""
    return ", ".join(x for x in (words, why) if x) or test_words(r)


def _measured(r: Reproduction) -> str:
    quantity = {name: loose.text(r.quantity.get(name)) for name in ("metric", "split", "aggregation", "baseline")}
    against = f"against {quantity['baseline']}" if quantity["baseline"] else ""
    parts = (quantity["metric"], quantity["split"], quantity["aggregation"], against)
    return shorten("; ".join(x for x in parts if x), LONGEST)


def _reproduced(r: Reproduction) -> str:
    mean = loose.number(r.mean)
    if mean is None:
        return ""
    sd = loose.number(r.sd)
    spread = f"SD {figure_words(sd)}, " if sd is not None else ""
    unit = {"effect": " points", "order": " (Kendall's tau)", "level": ""}[loose.kind(r)]
    if loose.is_fall(r):
        number = f"{'a decrease' if mean >= 0 else 'an increase'} of {figure_words(abs(mean))}"
    else:
        number = measured_words(r, mean)
    return f"{number}{unit} ({spread}n = {r.n})"


def _interval(r: Reproduction) -> str:
    interval = loose.span(r.interval)
    if interval is None:
        return ""
    if loose.is_fixed(r) and loose.kind(r) == "level":
        return "none: no seed enters, so that one run is all there is"
    low, high = (measured_words(r, x) for x in interval)
    sign = ", in amounts of decrease" if loose.is_fall(r) else ""
    return f"{low} to {high} (95 %, {interval_over(r)}{sign})"


def _seeds(r: Reproduction) -> str:
    values = loose.numbers(r.values)
    if len(values) < 2:
        return ""
    if len(values) <= _LISTED:
        return ", ".join(measured_words(r, x) for x in values)
    return f"{len(values):,} from {measured_words(r, min(values))} to {measured_words(r, max(values))}"


def _radius(r: Reproduction) -> str:
    """Always told, for without it nobody knows how much "equal" means."""
    about_zero = r.details.get("test") in ("no_gain", "no_effect")
    radius = loose.number(r.radius) if about_zero or _is_comparable(r) else None
    if radius is None:
        if not claimed_words(r) and not about_zero:
            return "none: no number is claimed"
        if (given := loose.number(r.radius)) is not None:
            return f"±{figure_words(given)} points, at another scale than the claimed number's"
        return "not computed" + (" at this scale" if r.scale != "paper" and not _is_comparable(r) else "")
    if r.details.get("test") == "no_gain":
        return f"a gain of at most {figure_words(radius)} points"
    if r.details.get("test") == "no_effect":
        return f"no effect within ±{figure_words(radius)} points"
    return f"equal to the claimed number within ±{figure_words(radius)} points"


def _p_values(r: Reproduction) -> str:
    named = (
        ("", "p_value"), ("within its table (Holm)", "p_holm"), ("over the paper (false discovery rate)", "p_fdr"),
    )  # fmt: skip
    told = ((words, p_words(r.details.get(name))) for words, name in named)
    return ", ".join(f"{p} {words}".strip() for words, p in told if p)


def _order(r: Reproduction) -> str:
    counts = [loose.number(r.details.get(name)) for name in ("pairs", "pairs_sure", "pairs_reversed")]
    pairs, sure, back = counts
    if pairs is None or sure is None or back is None:
        return ""
    return f"of {pairs:.0f} pairwise orders {sure:.0f} are sure and {back:.0f} reversed"


def _without_degenerate(r: Reproduction) -> str:
    rest = loose.mapping(r.details.get("without_degenerate"))
    mean, n = loose.number(rest.get("mean")), loose.number(rest.get("n"))
    return "" if mean is None or n is None else f"{measured_words(r, mean)} (n = {n:.0f})"


def _notes(r: Reproduction) -> tuple[str, ...]:
    return _texts(r, "notes")


def _effect_table(r: Reproduction) -> Iterator[ScoreTable]:
    effects = effects_of(r)
    if len(effects) < 2:
        return
    rows = tuple(
        (
            one.name,
            column_words(one.effect, signed=True),
            " to ".join(column_words(x, signed=True) for x in one.interval or ()),
            "baseline at chance, in no average" if one.left_out else "",
        )
        for one in effects
    )
    width = 4 if any(row[3] for row in rows) else 3
    header = ("target", "effect", "95 % interval", "note")[:width]
    yield "Effect on each target, treatment minus baseline, points", header, tuple(row[:width] for row in rows)


def _order_table(r: Reproduction) -> Iterator[ScoreTable]:
    names, means = loose.texts(r.details.get("measures")), loose.numbers(r.details.get("means"))
    if len(names) == len(means) > 0:
        rows = tuple((name, column_words(mean)) for name, mean in zip(names, means, strict=True))
        yield "What was put in order, as claimed", ("measure", "mean"), rows


def _language_tables(r: Reproduction) -> Iterator[ScoreTable]:
    for group in groups_of(r):
        others = [x for x in group.scores if x != group.baseline][:_MOST_CONDITIONS]
        columns = [*([group.baseline] if group.baseline else []), *others]
        difference = len(others) == 1 and group.baseline
        header = (
            "language", *(loose.text(x, 60) for x in columns), *(["difference"] if difference else []),
            *(["chance"] if group.chance else []),
        )  # fmt: skip
        rows = [_language_row(group, code, columns, bool(difference)) for code in group.languages]
        left = f"; {group.left_out:,} more languages are not shown" if group.left_out else ""
        yield f"{group.title} by language, points{left}", header, tuple(rows)


def _language_row(group: Group, code: str, columns: list[str], difference: bool) -> tuple[str, ...]:
    values = [group.scores[x].get(code) for x in columns]
    cells = ["" if x is None else column_words(x) for x in values]
    if difference:
        before, after = values
        cells.append("" if before is None or after is None else column_words(after - before, signed=True))
    if group.chance:
        level = group.chance.get(code)
        cells.append("" if level is None else column_words(level))
    return (loose.text(code, 40), *cells)
