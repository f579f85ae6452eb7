"""A claim as a report shows it: verdict, quote, numbers, checks with their evidence and the cells that they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import LABELS, Check, CheckedClaim, Comparison, Evidence, Label, Paper, Quantity
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.cells import CellsView, cells_views, is_cell
from claimcheck.publish.view.pages import PageView, page_views
from claimcheck.publish.view.people import DecisionView
from claimcheck.publish.view.places import (
    LONGEST,
    MARKS,
    WORDS,
    finite,
    letters,
    number_words,
    paper_link,
    place_words,
    pointer_words,
    probability_words,
)
from claimcheck.publish.view.reproductions import ReproductionView

UNCALIBRATED = "uncalibrated"
_CHECKS = {
    "cells": "Numbers against table cells",
    "direction": "Direction against table cells",
    "statement": "Statement against the table",
    "text": "Against the text",
    "consistency": "Consistency within the paper",
    "across": "The other paper’s own number",
}
_FINDS: dict[Label, str] = {
    "supported": "supports the claim",
    "refuted": "refutes the claim",
    "not_enough_info": "does not decide it",
}


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A quote and where it stands; `link` is "" or an http(s) address of the other paper it comes from.

    `cell`: it is a cell of a table with a named row or column, and a `CellsView` shows it.
    """

    quote: str
    where: str
    link: str
    cell: bool = False
    paper: str = ""  # id of another paper that it comes from, for a citation


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check in words. `cells` is what of its evidence are cells, table by table."""

    name: str
    label: Label
    finding: str
    score: str
    derivation: str
    reason: str
    evidence: tuple[EvidenceView, ...]
    cells: tuple[CellsView, ...]
    agrees: bool  # with the verdict


@dataclass(frozen=True, slots=True)
class QuantityView:
    """A number as printed, and (name, value) pairs of what is said about it."""

    text: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim of a report. `where`, `derivation` and `cells` are those of the checks that agree with the verdict."""

    number: int
    order: int
    id: str
    anchor: str
    text: str
    quote: tuple[tuple[str, bool], ...]  # the text in pieces, and whether a piece is a number that is claimed
    statement: str
    kind: str
    importance: str
    label: Label
    verdict: str
    mark: str
    abstained: bool
    confidence: str
    calibrated: bool
    calibration: str  # the set and its size, "" where there is none
    shares: str
    said: str
    wordings: tuple[tuple[str, str], ...]  # (place, its words) where they are not the claim's own
    where: tuple[str, ...]
    derivation: str
    more: str  # "and 2 more", where further checks that agree have derivations of their own
    reason: str
    quantities: tuple[QuantityView, ...]
    comparisons: tuple[tuple[tuple[str, str], ...], ...]  # (name, value) pairs of each, without a number
    checks: tuple[CheckView, ...]
    cells: tuple[CellsView, ...]
    pages: tuple[PageView, ...]  # where the claim and the evidence of the agreeing checks stand, for pictures
    reproduction: ReproductionView | None
    decisions: tuple[DecisionView, ...]
    accepted: bool  # by a person, on this verdict, and rejected by nobody


def claim_view(
    claim: CheckedClaim,
    number: int,
    order: int,
    name: str,
    home: Paper,
    papers: Mapping[str, Paper],
    reproduction: ReproductionView | None,
    decisions: tuple[DecisionView, ...],
) -> ClaimView:
    """The claim that stands `number`th in the report and `order`th in the ledger; `name` is its anchor."""
    verdict = claim.verdict
    agreeing = sorted((c for c in verdict.checks if c.label == verdict.label), key=lambda c: -finite(c.score))
    derivations = len({c.derivation for c in agreeing if c.derivation})
    evidence = [e for c in agreeing for e in c.evidence]
    where = dict.fromkeys(pointer_words(e.pointer, home, papers) for e in evidence)
    same = letters(claim.text)
    return ClaimView(
        number=number,
        order=order,
        id=claim.id,
        anchor=name,
        text=shorten(claim.text, LONGEST),
        quote=marked(shorten(claim.text, LONGEST), claim.quantities),
        statement=shorten(claim.statement, LONGEST) if letters(claim.statement) not in ("", same) else "",
        kind=claim.kind,
        importance=f"{finite(claim.importance):.4f}",
        label=verdict.label,
        verdict=WORDS[verdict.label],
        mark=MARKS[verdict.label],
        abstained=verdict.abstained,
        confidence=probability_words(verdict.confidence) if verdict.calibration is not None else UNCALIBRATED,
        calibrated=verdict.calibration is not None,
        calibration=verdict.calibration or "",
        shares=", ".join(f"{WORDS[x]} {probability_words(verdict.probabilities[x])}" for x in LABELS)
        if verdict.calibration is not None
        else "",
        said="; ".join(dict.fromkeys(place_words(p) for p in claim.places)),
        wordings=tuple(
            (place_words(p), shorten(p.text, LONGEST)) for p in claim.places if letters(p.text) not in ("", same)
        ),
        where=tuple(where),
        derivation=next((shorten(c.derivation, LONGEST) for c in agreeing if c.derivation), ""),
        more=f"and {derivations - 1} more" if derivations > 1 else "",
        reason=next((shorten(c.reason, LONGEST) for c in agreeing if c.reason), ""),
        quantities=tuple(_quantity_view(q) for q in claim.quantities),
        comparisons=tuple(facts for one in claim.comparisons if (facts := _comparison_facts(one))),
        checks=tuple(_check_view(c, verdict.label, home, papers) for c in verdict.checks),
        cells=cells_views(evidence, home, papers),
        pages=page_views([p.pointer for p in claim.places], [e.pointer for e in evidence], home, papers),
        reproduction=reproduction,
        decisions=decisions,
        accepted=_accepted(decisions),
    )


def marked(text: str, quantities: Sequence[Quantity]) -> tuple[tuple[str, bool], ...]:
    """The text in pieces, (words, True) for a number that is claimed; the pieces joined are the text.

    A span that does not hold the number's own words is not believed: the number is marked where its words stand once,
    and nowhere else.
    """
    spans: list[tuple[int, int]] = []
    for quantity in quantities:
        start, end = quantity.span
        words = quantity.text.strip()
        if not (0 <= start < end <= len(text) and letters(text[start:end]) == letters(words)):
            start = text.find(words) if words and text.count(words) == 1 else -1
            end = start + len(words)
        if start >= 0:
            spans.append((start, end))
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans):
        start = max(start, at)
        if start < end:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    return tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])


def _check_view(check: Check, label: Label, home: Paper, papers: Mapping[str, Paper]) -> CheckView:
    return CheckView(
        name=_CHECKS[check.kind],
        label=check.label,
        finding=_FINDS[check.label],
        score=f"{finite(check.score):.2f}",
        derivation=shorten(check.derivation or "", LONGEST),
        reason=shorten(check.reason, LONGEST),
        evidence=tuple(evidence_view(e, home, papers) for e in check.evidence),
        cells=cells_views(check.evidence, home, papers),
        agrees=check.label == label,
    )


def evidence_view(evidence: Evidence, home: Paper, papers: Mapping[str, Paper]) -> EvidenceView:
    """A quote in words, with a link where it is another paper's."""
    other = papers.get(evidence.pointer.paper)
    return EvidenceView(
        quote=shorten(evidence.quote, LONGEST),
        where=pointer_words(evidence.pointer, home, papers),
        link=paper_link(other) if other is not None and other.id != home.id else "",
        paper=other.id if other is not None and other.id != home.id else "",
        cell=is_cell(evidence.pointer),
    )


def _quantity_view(quantity: Quantity) -> QuantityView:
    q = quantity
    low, high = number_words(q.value), "" if q.high is None else f" to {number_words(q.high)}"
    unit = "" if q.unit in ("", "percent") else f" {q.unit}"
    value = f"{low}{high}{'%' if q.unit == 'percent' else unit}"
    value += f" ± {number_words(q.half_width)}" if q.half_width else ""
    role = q.role + (f", {q.direction}" if q.direction else "")
    facts = (
        ("value", value),
        ("role", "" if role in ("other", "value") else role),
        ("bound", (q.bound or "").replace("_", " ")),
        ("out of", "" if q.total is None else number_words(q.total)),
        ("subject", q.subject),
        ("method", q.method),
        ("baseline", q.baseline),
        ("metric", q.metric),
        ("dataset", q.dataset),
        ("task", q.task),
        ("condition", q.condition),
        ("aggregation", q.aggregation),
    )
    return QuantityView(shorten(q.text, LONGEST), tuple((k, shorten(v, LONGEST)) for k, v in facts if v))


def _comparison_facts(one: Comparison) -> tuple[tuple[str, str], ...]:
    """What is compared with what; () where neither side is known."""
    if not (one.method or one.baseline):
        return ()
    facts = (
        ("method", one.method),
        ("direction", one.direction or ""),
        ("baseline", one.baseline),
        ("called better", "" if one.better is None else one.method if one.better else one.baseline),
        ("metric", one.metric),
        ("dataset", one.dataset),
        ("task", one.task),
        ("condition", one.condition),
        ("aggregation", one.aggregation),
    )
    return tuple((k, shorten(v, LONGEST)) for k, v in facts if v)


def _accepted(decisions: tuple[DecisionView, ...]) -> bool:
    choices = {one.choice for one in decisions if not one.outdated}
    return "accept" in choices and "reject" not in choices
