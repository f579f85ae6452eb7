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
from claimcheck.checks.alignment import ClaimWords, Fit, claim_words, fit_table, said_of
from claimcheck.checks.derivations import MAX_PAIR_CELLS, batches, pairs_for
from claimcheck.checks.doubts import (
    bound_unsaid,
    cited_rival,
    dev_unsaid,
    names_own_place,
    names_place,
    of_a_setting,
    of_a_test,
    of_another,
    of_earlier_work,
    other_dataset,
    other_label,
    other_metric,
    other_owner,
    other_scope,
    other_split,
    other_table,
    own_before,
    unsaid,
)
from claimcheck.checks.margins import check_margin, is_close
from claimcheck.checks.parts import check_part_number
from claimcheck.checks.ranking import Candidate, Ranking
from claimcheck.checks.shares import check_share, is_of_whole
from claimcheck.checks.signs import REFUTE, SUPPORT, refute_signs, support_signs
from claimcheck.checks.spoken import as_meant, checkable, ends, multiples
from claimcheck.checks.table_index import TableIndex
from claimcheck.foundation.records import Check, Claim, Label, Quantity, Role, Span
from claimcheck.foundation.words import forms

EXPLICIT_SCORE = 0.8  # strength of a refutation by a place that the words name in full
MIN_FIT = 0.45  # a place that fits worse proves nothing, however rare the number
MIXED_FIT, MIXED_MARGIN, MIXED_SURPRISE = 0.7, 0.05, 1.0  # for a number that is right but for its unit
NEAR_FIT = (
    0.12  # a place that fits nearly as well as the one that refutes, and gives the number, forbids the refutation
)
MOST_LOOKED_AT = (
    8  # places that give the number and fit nearly as well: more than that are too many to be all meant otherwise
)
AHEAD = 0.15  # how much better a place that prints nearly the number must fit to be the one that is meant
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
    tentative: bool = False  # the place counts once another number of the sentence is found beside it
    given: Finding | None = None  # the place that does give the number, where it was too weak to count
    check: Check | None = None  # made over several lanes at once, where no single place decides

    @property
    def score(self) -> float:
        """Strength of the finding, 0 to 1."""
        return self.probability


def check_numbers(claim: Claim, index: TableIndex) -> list[Finding]:
    """One finding a checkable quantity, in order of the claim; of a range one for each end, unless its lanes settle it whole."""
    spoken = [*(as_meant(q, claim.text) for q in claim.quantities), *multiples(claim.text)]
    spoken = [
        q
        for q in spoken
        if (checkable(q) or is_close(q, claim.text) or is_of_whole(q, claim.text))
        and not (of_a_test(q, claim.text) or of_a_setting(q, claim.text))
    ]
    if not spoken or not index.views or of_earlier_work(claim.text):
        return []
    words = claim_words(claim, index)
    named = words.tables or words.near_tables
    views = [v for v in index.views if not named or v.table.is_named(named)]
    margins: dict[Span, Check] = {}
    for q in spoken:
        check = (
            check_share(q, views, words, index)
            or check_margin(q, views, words, index)
            or check_part_number(q, words, views, index)
        )
        if check is not None:
            margins[q.span] = check
    out = _placed(claim, [q for q in spoken if checkable(q) and not is_close(q, claim.text)], words, index)
    return _with_margins(out, spoken, margins, claim.text)


def _with_margins(
    found: Sequence[Finding], spoken: Sequence[Quantity], margins: Mapping[Span, Check], text: str
) -> list[Finding]:
    """The findings in order; a number that no place settles, or both ends of a range, give way to the margin over the lanes."""
    out: list[Finding] = []
    for q in spoken:
        own = [f for f in found if f.quantity.span == q.span]
        check = margins.get(q.span)
        if check is not None and not (own and all(f.label == "supported" for f in own)):
            out.append(Finding(q, check.label, None, None, check.reason, check.score, check=check))
        elif own:
            out += own
        elif not checkable(q) or is_close(q, text):
            reason = "no table shows both sides of it"
            out.append(Finding(q, "not_enough_info", None, None, reason))
    return out


def _placed(claim: Claim, spoken: Sequence[Quantity], words: ClaimWords, index: TableIndex) -> list[Finding]:
    """One finding a quantity by the places that give it; numbers already placed pull the others to their table and row."""
    quantities = tuple(end for q in spoken if checkable(q) for end in ends(q))
    if not quantities:
        return []
    fits = {
        q.span: [
            fit_table(v, words, q, said, index)
            for said in (said_of(words, q, claim.quantities),)
            for v in index.views
            if np.isfinite(v.values).any()
        ]
        for q in quantities
    }
    most = pairs_for(len(quantities), len(index.views))
    findings = [judge(q, fits[q.span], words, most=most) for q in quantities]
    placed = [p for f in findings for p in (f, f.given) if p is not None and (p.label == "supported" or p.tentative)]
    if not placed or len(quantities) == 1:
        return findings
    out = []
    for q, alone in zip(quantities, findings, strict=True):
        others = [p for p in placed if p.quantity is not q and not (alone.label == "supported" and p.tentative)]
        near = [_anchored(x, q, others) for x in fits[q.span]] if others else []
        out.append(judge(q, near, words, anchored=True, most=most) if others else alone)
    return out


def _anchored(fit: Fit, quantity: Quantity, placed: Sequence[Finding]) -> Fit:
    """The fit with a bonus for the table, rows and columns in which other numbers of the sentence were found.

    A column that holds another metric than the one said gets none, the columns under the same head get half, and the very
    cell of another number is seldom meant twice.
    """
    view = fit.view
    here = [p for p in placed if p.candidate is not None and p.candidate.batch.fit.view is view]
    if not here:
        return replace(fit, table=fit.table - 0.04)
    row, column, measure = fit.row.copy(), fit.column.copy(), fit.measure.copy()
    for finding in here:
        if finding.candidate is None:
            continue
        other = finding.quantity
        differ = bool(quantity.metric and other.metric and forms(quantity.metric) != forms(other.metric))
        for r, c in finding.candidate.cells:
            row[r] = min(1.0, row[r] + 0.25)
            column[c] = min(1.0, column[c] + (0.0 if differ else 0.25))
            heads = view.table.column_path(c)
            if len(heads) > 1:
                for i in range(view.table.width):
                    if i != c and view.table.column_path(i)[:1] == heads[:1]:
                        column[i] = min(1.0, column[i] + 0.12)
            if quantity.role == "value" and other.role == "value":
                measure[r, c] -= TAKEN
    return replace(fit, row=row, column=column, measure=measure, table=fit.table + 0.08)


TAKEN = 0.25  # a cell that another number of the sentence was found in


def judge(
    quantity: Quantity, fits: Sequence[Fit], words: ClaimWords, anchored: bool = False, most: int = MAX_PAIR_CELLS
) -> Finding:
    """Ranks all derivations for one quantity; accepts the best that gives the number, or refutes, or leaves it."""
    found = [b for fit in fits for b in batches(fit, quantity, words, most) if b.values.size]
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
        elsewhere = other_split(ranking.candidate(best), quantity, words)
        # a place that the words name far better prints nearly this number: that place is the one that is meant
        better = bool((ranking.slips & ~ranking.is_vague & (ranking.fits > signs["fit"] + AHEAD)).any())
        # a short number in a place that no word of the claim points to is found by chance
        # nobody names where a change starts; the other end, found beside it, does
        started = anchored and words.is_previous(quantity.span)
        elsewhere = elsewhere or other_metric(ranking.candidate(best), quantity)
        elsewhere = elsewhere or other_label(ranking.candidate(best), quantity, words)
        elsewhere = elsewhere or bound_unsaid(ranking.candidate(best), words)
        elsewhere = elsewhere or names_own_place(ranking.candidate(best), quantity)
        elsewhere = elsewhere or other_dataset(ranking.candidate(best), quantity, words)
        elsewhere = elsewhere or other_owner(ranking.candidate(best), quantity, words)
        blind = not started and unsaid(ranking.candidate(best), quantity, words, given=True)
        if probability >= SUPPORT.threshold and signs["fit"] >= MIN_FIT and not (elsewhere or better or blind):
            return Finding(quantity, "supported", ranking.candidate(best), signs, "", probability)
        reason = "the number occurs, but no place that fits the words well enough gives it"
        tentative = probability >= SUPPORT.threshold and signs["fit"] >= MIN_FIT and not (elsewhere or better)
        given = Finding(
            quantity, "not_enough_info", ranking.candidate(best), signs, reason, probability, tentative=tentative
        )
    mixed = _mixed_unit(quantity, fits, words, ranking, most)
    if mixed is not None:
        return mixed
    place = _meant_place(ranking)
    if (
        place is None
        or names_place(quantity, words)
        or of_another(ranking.candidate(place), quantity, words)
        or not refutable(quantity, ranking, place, words)
        or (own_before(ranking.candidate(place), quantity, words) and not anchored)
        or other_split(ranking.candidate(place), quantity, words)
        or other_table(ranking.candidate(place), words)
        or other_owner(ranking.candidate(place), quantity, words)
        or other_scope(ranking.candidate(place), quantity, words)
        or other_dataset(ranking.candidate(place), quantity, words)
        or bound_unsaid(ranking.candidate(place), words)
        or unsaid(ranking.candidate(place), quantity, words)
        or dev_unsaid(ranking.candidate(place), quantity, words)
        or cited_rival(ranking.candidate(place), quantity, words)
    ):
        return given or Finding(
            quantity, "not_enough_info", None, None, "no place in the tables fits and gives the number"
        )
    signs = refute_signs(ranking, place, words, anchored)
    slip = bool(ranking.slips[place])
    probability = (
        REFUTE.probability(signs)
        if slip
        else EXPLICIT_SCORE * explicit(_in_full(signs, ranking.candidate(place), words))
    )
    refuted = probability >= (REFUTE.threshold if slip else EXPLICIT_SCORE)
    label: Label = "refuted" if refuted else "not_enough_info"
    reason = "the place gives another number" if refuted else "no place in the tables fits and gives the number"
    return Finding(quantity, label, ranking.candidate(place), signs, reason, probability, may_refute=slip, given=given)


def _mixed_unit(
    quantity: Quantity, fits: Sequence[Fit], words: ClaimWords, ranking: Ranking, most: int
) -> Finding | None:
    """A relative change given as points, or points given as a relative change: the place fits, the unit does not."""
    other: Role
    if quantity.role == "delta" and quantity.unit == "points":
        other, told = "relative", "percent of the smaller number or of the error, not points"
    elif quantity.role == "relative" and quantity.unit == "percent":
        other, told = "delta", "points, not percent"
    else:
        return None
    turned = quantity.model_copy(update={"role": other, "unit": "percent" if other == "relative" else "points"})
    found = [b for fit in fits for b in batches(fit, turned, words, most) if b.values.size and b.kind != "cell"]
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
    if signs["surprise"] < MIXED_SURPRISE or unsaid(rival.candidate(best), turned, words):
        return None
    reason = f"the number is the change in {told}"
    return Finding(quantity, "refuted", rival.candidate(best), signs, reason, EXPLICIT_SCORE)


WHOLE = 1.5  # how far a number without decimals may be from the finer one that it stands for


def _in_full(signs: Mapping[str, float], candidate: Candidate, words: ClaimWords) -> dict[str, float]:
    """The signs, where the last part of a row or column path that the claim says whole counts as its name in full."""
    table = candidate.batch.fit.view.table
    said = forms(words.text)
    out = dict(signs)
    for sign, path in (("row", table.row_path), ("column", table.column_path)):
        leaves = [path(i)[-1:] for i in {cell[sign == "column"] for cell in candidate.cells}]
        whole = [forms(leaf[0]) for leaf in leaves if leaf]
        if whole and len(whole) == len(leaves) and all(name and name <= said for name in whole):
            out[sign] = 1.0
    return out


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


def refutable(quantity: Quantity, ranking: Ranking, place: int, words: ClaimWords) -> bool:
    """Whether a number may be refuted at all: it is exact, printed as finely as the cell, and no place that fits nearly as
    well gives it."""
    if quantity.bound is not None or quantity.aggregation == "range":
        return False
    gap = abs(float(ranking.values[place]) - quantity.value)
    if quantity.decimals == 0 and ranking.decimals[place] > 0 and gap < WHOLE:
        return False  # "about 3 points" is said of 1.6 and 4.4 by those who leave the decimals out
    if quantity.role == "value" and quantity.value * 10**quantity.decimals < 10:
        return False  # every number of one digit is a slip away from every other
    near = np.nonzero(ranking.loose & (ranking.fits >= ranking.fits[place] - NEAR_FIT))[0]
    if near.size > MOST_LOOKED_AT:
        return False
    # two systems that the claim does not hold against each other are no change it can mean
    return all(_is_no_change(ranking.candidate(int(i)), quantity, words) for i in near)


def _is_no_change(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    return candidate.batch.second is not None and unsaid(candidate, quantity, words, given=True)


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
    if finding.check is not None:
        return finding.check
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
