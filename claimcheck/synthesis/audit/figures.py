"""What is wrong with a report's figures: counts, ticks, confidence, and the score that it gives itself."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence

from claimcheck.foundation.records.audits import AuditedClaim, AuditFinding, StatedCount
from claimcheck.synthesis.audit.context import Context, finding, of, s, span

__all__ = ["confidence", "counts", "score", "ticks"]

_NARROW = 0.1  # standard deviation of confidences below which they hardly tell claims apart
_ENOUGH = 5  # figures of which a spread says something
_ROUNDING = 0.06  # by which a score of one decimal may miss the mean of its parts


def counts(c: Context) -> Iterator[AuditFinding]:
    """Numbers of the text that are not those of the rows and references."""
    for told in c.stated:
        if told.counted is None or told.stated == told.counted:
            continue
        n, held = f"{told.stated:g}", told.counted
        if told.what == "claims":
            text = f"The text speaks of {n} claims, the report lists {held}."
            yield finding("counts_differ", "error", text, quotes=[told.text])
        elif told.what == "verified" and any(x.verified is not None for x in c.claims):
            text = f"The text speaks of {n} verified claims, {held} ha{'s' if held == 1 else 've'} a tick."
            yield finding("counts_differ", "error", text, quotes=[told.text])
        elif told.what == "papers" and held:  # none at all is a finding of its own
            rest = told.stated - held
            text = f"The text speaks of {n} papers, the references list {held}"
            if rest > 0:
                others = "the other one is" if rest == 1 else f"the other {rest:g} are"
                text += f"; {others} not named, so that nobody can check {'it' if rest == 1 else 'them'}"
            yield finding("counts_differ", "warning", f"{text}.", quotes=[told.text])


def ticks(c: Context) -> Iterator[AuditFinding]:
    """Ticks beside which the report gives no source."""
    ticked = [x for x in c.claims if x.verified is True]
    bare = [x for x in ticked if not x.source]
    if not bare or c.names_places:
        return
    what = "the paper, sentence or table cell that it rests on"
    if len(ticked) == 1:
        text = f"The one tick does not name {what}."
    elif len(bare) == len(ticked):
        text = f"None of the {len(ticked)} ticks names {what}."
    else:
        text = f"{len(bare)} of {len(ticked)} ticks do not name {what.replace('it rests', 'they rest')}."
    if c.papers:
        backed = sum(x.backing in ("verbatim", "in_part") for x in bare)
        verb = "was" if backed < 2 else "were"
        text += f" Of {len(bare)} such claims {backed or 'none'} {verb} found in the papers at hand."
    yield finding("ticks_unbacked", "warning", text, claims=bare)


def confidence(c: Context) -> Iterator[AuditFinding]:
    """Confidences that contradict the ticks, hardly differ, or go with nothing."""
    rated = [x for x in c.claims if x.confidence is not None]
    low = [x for x in rated if x.verified is True and (x.confidence or 0.0) < 0.5]
    reasons = [*_low(low, rated), *_narrow(low, rated), *_unrelated(rated)]
    if not reasons:
        return
    if not c.names_calibration:
        reasons.append("nothing says on what the figures were calibrated")
    text = f"The confidence carries no meaning: {'; '.join(reasons)}."
    yield finding("confidence_meaningless", "warning", text, claims=low)


def _values(claims: Sequence[AuditedClaim]) -> list[float]:
    return [x.confidence for x in claims if x.confidence is not None]


def _low(low: Sequence[AuditedClaim], rated: Sequence[AuditedClaim]) -> Iterator[str]:
    if low:
        who = of(len(low), sum(x.verified is True for x in rated), "tick")
        where = f"stand{s(len(low))} beside a confidence below one half ({span(_values(low))})"
        means = "which as a probability says that the claim is likelier wrong than right"
        yield f"{who[:1].lower()}{who[1:]} {where}, {means}"


def _narrow(low: Sequence[AuditedClaim], rated: Sequence[AuditedClaim]) -> Iterator[str]:
    """All-high figures beside ticks alone may be earned; all-alike ones beside ticks and crosses are not."""
    values = _values(rated)
    if len(values) < _ENOUGH:
        return
    spread = statistics.pstdev(values)
    if spread == 0:
        yield f"all {len(values)} figures are {values[0]:.2f}"
    elif spread < _NARROW and (low or len({x.verified for x in rated}) > 1):
        between = f"{min(values):.2f} and {max(values):.2f}"
        yield f"the {len(values)} figures lie between {between} (standard deviation {spread:.2f})"


def _unrelated(rated: Sequence[AuditedClaim]) -> Iterator[str]:
    yes, no = _values([x for x in rated if x.verified is True]), _values([x for x in rated if x.verified is False])
    if len(yes) >= 2 and no and statistics.fmean(no) >= statistics.fmean(yes):
        means = f"{statistics.fmean(no):.2f} on average, against {statistics.fmean(yes):.2f}"
        yield f"claims without a tick have no lower figures than those with one ({means})"
    good = _values([x for x in rated if x.backing in ("verbatim", "in_part")])
    bad = _values([x for x in rated if x.backing in ("contradicted", "not_found")])
    if len(good) >= 3 and len(bad) >= 3 and statistics.fmean(bad) >= statistics.fmean(good):
        means = f"{statistics.fmean(bad):.2f} on average, against {statistics.fmean(good):.2f}"
        yield f"claims that the papers at hand do not back have no lower figures than those they do ({means})"


def score(c: Context) -> Iterator[AuditFinding]:
    """A score that nothing in the report lets a reader recompute."""
    scores = [x for x in c.stated if x.what == "score"]
    if not scores:
        return
    if len(scores) > 1:
        text = f"The report gives itself different scores: {' and '.join(map(_printed, scores))}."
        yield finding("counts_differ", "error", text, quotes=[x.text for x in scores])
    own, quotes = _printed(scores[0]), [scores[0].text]
    if not c.score_parts:
        text = f"The score of {own} cannot be recomputed: the report gives no rubric, no parts and no formula."
        yield finding("score_not_recomputable", "warning", text, quotes=quotes)
        return
    mean = statistics.fmean(v for _, v in c.score_parts)
    if abs(mean - scores[0].stated) > _ROUNDING:
        parts = ", ".join(f"{name} {value:g}" for name, value in c.score_parts[:8])
        text = (
            f"The score of {own} is not the mean of its parts ({parts}), which is {mean:.2f}, and no weights are given."
        )
        yield finding("score_not_recomputable", "warning", text, quotes=quotes)


def _printed(told: StatedCount) -> str:
    """A score as it is printed: "9.0/10"."""
    printed = re.search(r"(\d{1,2}(?:\.\d+)?)\s*(?:/|out)", told.text)
    return f"{printed[1]}/10" if printed and float(printed[1]) == told.stated else f"{told.stated:g}/10"
