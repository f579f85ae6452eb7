"""Numbers of a claim against table cells: the derivation that gives each number, or the one that gives another.

For every quantity all derivations over all tables are ranked by how well their place fits the words. A match is accepted when
so few derivations fit as well that a random number would hardly have met one of them. A refutation needs a place that fits the
words far better than the others, an expected number that differs, and no plausible place that gives the claimed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from claimcheck.checks import derivation_text
from claimcheck.checks.alignment import ClaimWords, Fit, claim_words, fit_table
from claimcheck.checks.derivations import batches
from claimcheck.checks.ranking import Candidate, Ranking
from claimcheck.checks.signs import REFUTE, SUPPORT, refute_signs, support_signs
from claimcheck.checks.table_index import TableIndex
from claimcheck.foundation.records import Check, Claim, Label, Quantity, Role
from claimcheck.foundation.words import forms

EXPLICIT_SCORE = 0.8  # strength of a refutation by a place that the words name in full
MIN_FIT = 0.45  # a place that fits worse proves nothing, however rare the number
MIXED_FIT, MIXED_MARGIN, MIXED_SURPRISE = 0.7, 0.05, 1.0  # for a number that is right but for its unit
NEAR_FIT = (
    0.12  # a place that fits nearly as well as the one that refutes, and gives the number, forbids the refutation
)
GROUP = 0.16  # a place this close to the best fit could be the one that is meant, when its number is a slip away


@dataclass(frozen=True)
class Finding:
    """What the tables say of one quantity; `signs` are what the label was decided from."""

    quantity: Quantity
    label: Label
    candidate: Candidate | None
    signs: dict[str, float] | None
    reason: str = ""
    probability: float = 0.0
    may_refute: bool = False  # no plausible place gives the number, and it is printed finely enough to be held to one
    given: Finding | None = None  # the place that does give the number, where it was too weak to count

    @property
    def score(self) -> float:
        """Strength of the finding, 0 to 1."""
        return self.probability


def checkable(quantity: Quantity) -> bool:
    """Whether a quantity states a result that a table could print: not a count of layers, a year or a lone small integer."""
    if quantity.role in ("other", "count", "rank") or quantity.aggregation == "share":
        return False
    if quantity.role in ("delta", "relative"):
        return quantity.decimals > 0 or quantity.unit != "" or quantity.value >= 10
    return quantity.decimals > 0 or quantity.unit in ("percent", "points", "times") or bool(quantity.metric)


def check_numbers(claim: Claim, index: TableIndex) -> list[Finding]:
    """One finding a checkable quantity, in order; numbers already placed pull the others of the sentence to their table and row."""
    quantities = tuple(end for q in claim.quantities if checkable(q) for end in _ends(q))
    if not quantities or not index.views:
        return []
    words = claim_words(claim, index)
    fits = {
        q.span: [fit_table(v, words, q, claim.quantities, index) for v in index.views if np.isfinite(v.values).any()]
        for q in quantities
    }
    findings = [judge(q, fits[q.span], words) for q in quantities]
    placed = [f for f in findings if f.label == "supported"]
    if not placed or len(quantities) == 1:
        return findings
    out = []
    for q, alone in zip(quantities, findings, strict=True):
        others = [p for p in placed if p.quantity is not q]
        out.append(judge(q, [_anchored(x, others) for x in fits[q.span]], words, anchored=True) if others else alone)
    return out


def _ends(quantity: Quantity) -> tuple[Quantity, ...]:
    """The two ends of a range as quantities of their own: "2.6 to 14.2 points" holds when both are found."""
    if quantity.high is None:
        return (quantity,)
    low = quantity.model_copy(
        update={
            "high": None,
            "aggregation": "range",
            "text": f"{quantity.value:.{quantity.decimals}f} of {quantity.text}",
        }
    )
    high = quantity.model_copy(
        update={
            "high": None,
            "aggregation": "range",
            "value": quantity.high,
            "text": f"{quantity.high:.{quantity.decimals}f} of {quantity.text}",
        }
    )
    return low, high


def _anchored(fit: Fit, placed: Sequence[Finding]) -> Fit:
    """The fit with a bonus for the table, rows and columns in which other numbers of the sentence were found."""
    here = [p.candidate for p in placed if p.candidate is not None and p.candidate.batch.fit.view is fit.view]
    if not here:
        return replace(fit, table=fit.table - 0.04)
    row, column = fit.row.copy(), fit.column.copy()
    for candidate in here:
        for r, c in candidate.cells:
            row[r], column[c] = min(1.0, row[r] + 0.25), min(1.0, column[c] + 0.25)
    return replace(fit, row=row, column=column, table=fit.table + 0.08)


def judge(quantity: Quantity, fits: Sequence[Fit], words: ClaimWords, anchored: bool = False) -> Finding:
    """Ranks all derivations for one quantity; accepts the best that gives the number, or refutes, or leaves it."""
    found = [b for fit in fits for b in batches(fit, quantity, words) if b.values.size]
    if not found:
        return Finding(quantity, "not_enough_info", None, None, "no table holds such a number")
    ranking = Ranking.of(found, quantity)
    if not ranking.values.size:
        return Finding(quantity, "not_enough_info", None, None, "no table holds such a number")
    hits = np.nonzero(ranking.exact)[0]
    given: Finding | None = None
    if hits.size:
        best = int(hits[np.argmax(ranking.fits[hits])])
        signs = support_signs(ranking, best, words, anchored)
        probability = SUPPORT.probability(signs)
        other_split = _other_split(ranking.candidate(best), quantity, words)
        if probability >= SUPPORT.threshold and signs["fit"] >= MIN_FIT and not other_split:
            return Finding(quantity, "supported", ranking.candidate(best), signs, "", probability)
        reason = "the number occurs, but no place that fits the words well enough gives it"
        given = Finding(quantity, "not_enough_info", ranking.candidate(best), signs, reason, probability)
    mixed = _mixed_unit(quantity, fits, words, ranking)
    if mixed is not None:
        return mixed
    place = _meant_place(ranking)
    if (
        place is None
        or _names_place(quantity, words)
        or not refutable(quantity, ranking, place)
        or _own_before(ranking.candidate(place), quantity, words)
        or _other_split(ranking.candidate(place), quantity, words)
        or _other_table(ranking.candidate(place), words)
    ):
        return given or Finding(
            quantity, "not_enough_info", None, None, "no place in the tables fits and gives the number"
        )
    signs = refute_signs(ranking, place, words, anchored)
    slip = bool(ranking.slips[place])
    probability = REFUTE.probability(signs) if slip else EXPLICIT_SCORE * explicit(signs)
    refuted = probability >= (REFUTE.threshold if slip else EXPLICIT_SCORE)
    label: Label = "refuted" if refuted else "not_enough_info"
    reason = "the place gives another number" if refuted else "no place in the tables fits and gives the number"
    return Finding(quantity, label, ranking.candidate(place), signs, reason, probability, may_refute=slip, given=given)


def _mixed_unit(quantity: Quantity, fits: Sequence[Fit], words: ClaimWords, ranking: Ranking) -> Finding | None:
    """A relative change given as points, or points given as a relative change: the place fits, the unit does not."""
    other: Role
    if quantity.role == "delta" and quantity.unit == "points":
        other, told = "relative", "percent of the smaller number or of the error, not points"
    elif quantity.role == "relative" and quantity.unit == "percent":
        other, told = "delta", "points, not percent"
    else:
        return None
    turned = quantity.model_copy(update={"role": other, "unit": "percent" if other == "relative" else "points"})
    found = [b for fit in fits for b in batches(fit, turned, words) if b.values.size and b.kind != "cell"]
    if not found or quantity.bound is not None or quantity.aggregation == "range":
        return None
    rival = Ranking.of(found, turned)
    hits = np.nonzero(rival.exact)[0]
    if not hits.size:
        return None
    best = int(hits[np.argmax(rival.fits[hits])])
    top = max(float(rival.fits.max()), float(ranking.fits.max()))
    if rival.fits[best] < top - MIXED_MARGIN or rival.fits[best] < MIXED_FIT:
        return None
    signs = support_signs(rival, best, words, anchored=False)
    if signs["surprise"] < MIXED_SURPRISE:
        return None
    reason = f"the number is the change in {told}"
    return Finding(quantity, "refuted", rival.candidate(best), signs, reason, EXPLICIT_SCORE)


def _names_place(quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the number is one that a row or column is named by."""
    return f"{quantity.value:.{quantity.decimals}f}" in words.header_numbers


_DEV, _TEST = frozenset({"dev"}), frozenset({"test"})


def _other_split(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the claim speaks of the development set and the place of the test set, or the reverse."""
    said = forms(words.clause(quantity.span)) & (_DEV | _TEST)
    view = candidate.batch.fit.view
    names = [view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells]
    shown = frozenset().union(*names) & (_DEV | _TEST) or view.caption_forms & (_DEV | _TEST)
    return len(said) == 1 and len(shown) == 1 and said != shown


def _other_table(candidate: Candidate, words: ClaimWords) -> bool:
    """Whether the claim names tables, and not this one."""
    return bool(words.tables) and not candidate.batch.fit.view.table.is_named(words.tables)


def _own_before(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a number from which a change starts ("from 46.6") would be held to a row of the paper's own."""
    view = candidate.batch.fit.view
    return words.is_previous(quantity.span) and any(view.own_rows[r] or view.own_columns[c] for r, c in candidate.cells)


def explicit(signs: Mapping[str, float]) -> bool:
    """Whether the words name row and column in full and nothing else: then any other number there refutes, not only a slip."""
    complete = signs["row"] >= 0.9 and signs["column"] >= 0.9 and signs["explained"] >= 0.85 and signs["margin"] >= 0.1
    doubts = (
        "conditions",
        "metric_other",
        "cited_elsewhere",
        "previous",
        "elsewhere",
        "own_unknown",
        "other_table",
        "mean",
    )
    return complete and not any(signs[d] for d in doubts) and signs["far"] <= 0.5 and signs["cell"] == 1.0


def refutable(quantity: Quantity, ranking: Ranking, place: int) -> bool:
    """Whether a number may be refuted at all: it is exact, printed as finely as the cell, and no place that fits nearly as
    well gives it."""
    if quantity.bound is not None or quantity.aggregation == "range":
        return False
    if quantity.decimals == 0 and ranking.decimals[place] > 0:
        return False
    return not (ranking.loose & (ranking.fits >= ranking.fits[place] - NEAR_FIT)).any()


def _meant_place(ranking: Ranking) -> int | None:
    """The best fitting place; among places that fit about as well, one whose number is a slip away from the claimed one.

    Means are left out: which cells an average runs over is seldom said exactly enough to refute by it. So are relative
    changes where the claim does not say "relative": percent mostly means points.
    """
    fits = np.where(ranking.is_vague, -1.0, ranking.fits)
    top = int(np.argmax(fits))
    if fits[top] <= 0:
        return None
    near = np.nonzero((fits >= fits[top] - GROUP) & ranking.slips)[0]
    return int(near[np.argmax(fits[near])]) if near.size else top


def to_check(finding: Finding, index: TableIndex) -> Check:
    """The finding as a check with its derivation and the cells it rests on."""
    if finding.candidate is None:
        return Check(
            kind="cells", label="not_enough_info", score=0.0, reason=f"{finding.quantity.text}: {finding.reason}"
        )
    text, evidence = derivation_text.describe(
        finding.candidate.batch, finding.candidate.index, finding.quantity, finding.label, index
    )
    if finding.label == "not_enough_info":
        return Check(
            kind="cells", label="not_enough_info", score=0.0, reason=f"{finding.quantity.text}: {finding.reason}"
        )
    return Check(
        kind="cells",
        label=finding.label,
        score=round(finding.score, 6),  # sums over sets of words: their last digits depend on the order
        evidence=evidence,
        derivation=text,
        reason=finding.reason,
    )


__all__ = ["Candidate", "Finding", "check_numbers", "checkable", "judge", "refutable", "to_check"]
