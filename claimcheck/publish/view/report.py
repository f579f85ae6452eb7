"""A ledger as a report shows it: sorted, put into words, with every figure formatted; nothing is escaped yet.

HTML, LaTeX, Markdown, CSV and the terminal print the same words because they all print this view. It is a function of
the ledger alone. Abstracts and the sentences around a claim are left out on purpose: a public report quotes single
sentences and cells of other people's papers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from claimcheck.foundation.records import (
    LABELS,
    Check,
    CheckedClaim,
    Evidence,
    Label,
    Ledger,
    Paper,
    Place,
    Pointer,
    Quantity,
    Reproduction,
)
from claimcheck.publish.escape import anchor, plain, safe_url, shorten

WORDS: dict[Label, str] = {
    "supported": "supported",
    "refuted": "refuted",
    "not_enough_info": "not enough information",
}
MARKS: dict[Label, str] = {"supported": "✓", "refuted": "✗", "not_enough_info": "?"}
UNCALIBRATED = "uncalibrated"
_CHECKS = {
    "cells": "Numbers against table cells",
    "direction": "Direction against table cells",
    "text": "Against the text",
    "consistency": "Consistency within the paper",
}
_FINDS: dict[Label, str] = {
    "supported": "supports the claim",
    "refuted": "refutes the claim",
    "not_enough_info": "does not decide it",
}
_LONGEST = 20_000  # characters of one field in a report; longer than any sentence, short enough for TeX's memory
_LONGEST_TITLE = 500
_MOST_AUTHORS = 30


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A quote and where it stands; `link` is "" or an http(s) address of the other paper it comes from."""

    quote: str
    where: str
    link: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check in words."""

    name: str
    label: Label
    finding: str
    score: str
    derivation: str
    reason: str
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True)
class QuantityView:
    """A number as printed, and (name, value) pairs of what is said about it."""

    text: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReproductionView:
    """What a rerun gave, as (name, value) pairs; the scale comes first, so that nobody takes one for another."""

    verdict: str
    facts: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim of a report. `where` and `derivation` are those of the checks that agree with the verdict."""

    number: int
    order: int
    id: str
    anchor: str
    text: str
    statement: str
    kind: str
    importance: str
    label: Label
    verdict: str
    mark: str
    abstained: bool
    confidence: str
    calibrated: bool
    shares: str
    said: str
    wordings: tuple[tuple[str, str], ...]  # (place, its words) where they are not the claim's own
    where: tuple[str, ...]
    derivation: str
    reason: str
    quantities: tuple[QuantityView, ...]
    checks: tuple[CheckView, ...]
    reproduction: ReproductionView | None


@dataclass(frozen=True, slots=True)
class CountView:
    """How many claims have a verdict."""

    label: Label
    word: str
    count: int
    share: str  # percent of all claims with two digits, for the width of a bar


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that a report prints."""

    title: str
    authors: str
    name: str  # "arXiv 2005.13013v2", or the file's stem
    link: str
    published: str
    counts: tuple[CountView, ...]
    claims: tuple[ClaimView, ...]
    refuted: tuple[ClaimView, ...]
    calibrations: str  # the calibration sets, "" where there is none
    some_uncalibrated: bool
    any_calibrated: bool
    provenance: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]  # (name and title, link)
    limitations: tuple[str, ...]
    made_by: str
    reply: str


def view_of(ledger: Ledger) -> ReportView:
    """The report of a ledger: refuted claims first, then by importance, then as they stand in the paper."""
    order = sorted(
        range(len(ledger.claims)),
        key=lambda i: (ledger.claims[i].verdict.label != "refuted", -_number(ledger.claims[i].importance), i),
    )
    names = _anchors([ledger.claims[i].id for i in order])
    papers = {p.id: p for p in (*ledger.sources, ledger.paper)}
    claims = tuple(
        _claim_view(ledger.claims[i], number, i, name, ledger.paper, papers)
        for number, (i, name) in enumerate(zip(order, names, strict=True), 1)
    )
    paper = ledger.paper
    return ReportView(
        title=shorten(paper.title, _LONGEST_TITLE) or paper_name(paper),
        authors=_authors(paper.authors),
        name=paper_name(paper),
        link=paper_link(paper),
        published=paper.published[:10],
        counts=_counts(ledger),
        claims=claims,
        refuted=tuple(c for c in claims if c.label == "refuted"),
        calibrations="; ".join(
            sorted({c.verdict.calibration for c in ledger.claims if c.verdict.calibration is not None})
        ),
        some_uncalibrated=any(not c.calibrated for c in claims),
        any_calibrated=any(c.calibrated for c in claims),
        provenance=_provenance(ledger),
        sources=tuple((_source_name(p), paper_link(p)) for p in ledger.sources),
        limitations=_limitations(ledger),
        made_by=_made_by(ledger),
        reply="This place is for the authors. No reply came with this ledger.",
    )


def paper_name(paper: Paper) -> str:
    """ "arXiv 2005.13013v2" for an arXiv id, else the id as it is."""
    name = shorten(f"{paper.id}{paper.version}", 200)
    return f"arXiv {name}" if _is_arxiv(paper.id) else name


def paper_link(paper: Paper) -> str:
    """The paper's http(s) address, made from its DOI or arXiv id where none is given; "" where there is none."""
    if safe_url(paper.url):
        return safe_url(paper.url)
    if _is_arxiv(paper.id):
        version = paper.version if re.fullmatch(r"v\d+", paper.version) else ""
        return f"https://arxiv.org/abs/{paper.id}{version}"
    return safe_url(f"https://doi.org/{quote(paper.doi, safe='/:')}") if paper.doi.startswith("10.") else ""


def place_words(place: Place) -> str:
    """ "Section 4, p. 5", "Abstract, p. 1", "line 212"."""
    return _position(place.pointer) or str(place.pointer) or "in the paper"


def pointer_words(pointer: Pointer, home: Paper, papers: Mapping[str, Paper]) -> str:
    """ "Table 2, Multi-task, Avg (p. 5)"; evidence from another paper names it first."""
    words = str(pointer) if pointer.table is not None else _position(pointer) or ""
    if pointer.table is not None and pointer.page is not None:
        words += f" (p. {pointer.page})"
    if pointer.paper and pointer.paper not in (home.id, f"{home.id}{home.version}"):
        other = papers.get(pointer.paper)
        words = ": ".join(x for x in (paper_name(other) if other else pointer.paper, words) if x)
    return words or str(pointer) or "in the paper"


def _is_arxiv(paper_id: str) -> bool:
    return re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}", paper_id) is not None


def _position(pointer: Pointer) -> str:
    section = f"Section {pointer.section}" if pointer.section[:1].isdigit() else pointer.section
    if re.match(r"[A-Z](?:\.\d+)*(?:\s|$)", pointer.section):
        section = f"Appendix {pointer.section}"
    page = f"p. {pointer.page}" if pointer.page is not None else ""
    line = f"line {pointer.line}" if pointer.line is not None and not page else ""
    return ", ".join(x for x in (section, page, line) if x)


def _anchors(ids: Sequence[str]) -> list[str]:
    """One HTML id a claim, unique and made of letters and digits whatever the claim's id is."""
    out: list[str] = []
    seen: set[str] = set()
    for claim_id in ids:
        base = anchor(f"c-{claim_id}")[:64].rstrip("-")
        name, n = base, 1
        while name in seen:
            n += 1
            name = f"{base}-{n}"
        seen.add(name)
        out.append(name)
    return out


def _number(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def probability_words(p: float) -> str:
    """Two digits, and never 0.00 or 1.00: no classifier is certain."""
    if p > 0.99:
        return ">0.99"
    return "<0.01" if p < 0.01 else f"{p:.2f}"


def number_words(value: float) -> str:
    """A number without a float's tail: 0.05, 82.2, 1e-05."""
    return f"{value:.10g}"


def _claim_view(
    claim: CheckedClaim, number: int, order: int, name: str, home: Paper, papers: Mapping[str, Paper]
) -> ClaimView:
    verdict = claim.verdict
    agreeing = sorted((c for c in verdict.checks if c.label == verdict.label), key=lambda c: -_number(c.score))
    where = dict.fromkeys(pointer_words(e.pointer, home, papers) for c in agreeing for e in c.evidence)
    same = _letters(claim.text)
    return ClaimView(
        number=number,
        order=order,
        id=claim.id,
        anchor=name,
        text=shorten(claim.text, _LONGEST),
        statement=shorten(claim.statement, _LONGEST) if _letters(claim.statement) not in ("", same) else "",
        kind=claim.kind,
        importance=f"{_number(claim.importance):.4f}",
        label=verdict.label,
        verdict=WORDS[verdict.label],
        mark=MARKS[verdict.label],
        abstained=verdict.abstained,
        confidence=probability_words(verdict.confidence) if verdict.calibration is not None else UNCALIBRATED,
        calibrated=verdict.calibration is not None,
        shares=", ".join(f"{WORDS[x]} {probability_words(verdict.probabilities[x])}" for x in LABELS)
        if verdict.calibration is not None
        else "",
        said="; ".join(dict.fromkeys(place_words(p) for p in claim.places)),
        wordings=tuple(
            (place_words(p), shorten(p.text, _LONGEST)) for p in claim.places if _letters(p.text) not in ("", same)
        ),
        where=tuple(where),
        derivation=next((shorten(c.derivation, _LONGEST) for c in agreeing if c.derivation), ""),
        reason=next((shorten(c.reason, _LONGEST) for c in agreeing if c.reason), ""),
        quantities=tuple(_quantity_view(q) for q in claim.quantities),
        checks=tuple(_check_view(c, home, papers) for c in verdict.checks),
        reproduction=_reproduction_view(claim.reproduction) if claim.reproduction else None,
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _check_view(check: Check, home: Paper, papers: Mapping[str, Paper]) -> CheckView:
    return CheckView(
        name=_CHECKS[check.kind],
        label=check.label,
        finding=_FINDS[check.label],
        score=f"{_number(check.score):.2f}",
        derivation=shorten(check.derivation or "", _LONGEST),
        reason=shorten(check.reason, _LONGEST),
        evidence=tuple(_evidence_view(e, home, papers) for e in check.evidence),
    )


def _evidence_view(evidence: Evidence, home: Paper, papers: Mapping[str, Paper]) -> EvidenceView:
    other = papers.get(evidence.pointer.paper)
    return EvidenceView(
        quote=shorten(evidence.quote, _LONGEST),
        where=pointer_words(evidence.pointer, home, papers),
        link=paper_link(other) if other is not None and other.id != home.id else "",
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
    return QuantityView(shorten(q.text, _LONGEST), tuple((k, shorten(v, _LONGEST)) for k, v in facts if v))


def _reproduction_view(r: Reproduction) -> ReproductionView:
    scale = {
        "paper": "paper: the paper's model, data and recipe",
        "lab": "lab: a small model of our own, not the paper's",
        "smoke": "smoke: synthetic data, proves the machinery only",
    }

    def figure(value: float) -> str:
        return f"{value:.5g}"

    mean = "" if r.mean is None else figure(r.mean)
    spread = f" (sd {figure(r.sd)}, n = {r.n})" if r.sd is not None else f" (n = {r.n})"
    facts = (
        ("scale", scale[r.scale]),
        ("verdict", r.verdict.replace("_", " ")),
        ("reason", r.reason),
        ("direction", r.direction or ""),
        ("reproduced", mean + spread if mean else ""),
        ("interval", f"{figure(r.interval[0])} to {figure(r.interval[1])}" if r.interval else ""),
        ("equivalence radius", "not computed" if r.radius is None else figure(r.radius)),
        ("margin", "" if r.margin is None else figure(r.margin)),
        ("claimed number read in", r.claimed_source),
        ("runs", ", ".join(run.id for run in r.runs)),
        ("cost", ", ".join(f"{k} {figure(v)}" for k, v in sorted(r.cost.items()))),
    )
    return ReproductionView(r.verdict.replace("_", " "), tuple((k, v) for k, v in facts if v), r.deviations)


def _counts(ledger: Ledger) -> tuple[CountView, ...]:
    order: tuple[Label, ...] = ("refuted", "supported", "not_enough_info")
    labels = [c.verdict.label for c in ledger.claims]
    return tuple(
        CountView(x, WORDS[x], labels.count(x), f"{100 * labels.count(x) / max(1, len(labels)):.2f}") for x in order
    )


def _authors(authors: Sequence[str]) -> str:
    shown = [shorten(a, 200) for a in authors[:_MOST_AUTHORS]]
    more = len(authors) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _source_name(paper: Paper) -> str:
    title = shorten(paper.title, _LONGEST_TITLE)
    return ", ".join(x for x in (paper_name(paper), title, _authors(paper.authors[:3])) if x)


def _pairs(values: Mapping[str, object]) -> str:
    return shorten(", ".join(f"{k} {_setting_words(v)}" for k, v in sorted(values.items())), _LONGEST)


def _setting_words(value: Any) -> str:
    if isinstance(value, float):
        return number_words(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _provenance(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    paper, run = ledger.paper, ledger.run
    kinds = {"latex": "LaTeX source", "html": "HTML", "pdf": "PDF", "text": "plain text"}
    facts = (
        ("read from", kinds[paper.source_kind]),
        ("SHA-256 of the source", paper.source_sha256),
        ("DOI", paper.doi),
        ("found", f"{run.sentences:,} sentences, {run.tables:,} tables, {run.claims_found:,} claims"),
        ("started", run.started),
        ("seconds", ", ".join(f"{k} {_number(v):.2f}" for k, v in sorted(run.seconds.items()))),
        ("versions", _pairs(run.versions)),
        ("models", _pairs(run.models)),
        ("settings", _pairs(run.settings)),
        ("ledger format", ledger.schema_),
    )
    return tuple((k, v) for k, v in facts if v)


def _limitations(ledger: Ledger) -> tuple[str, ...]:
    run, paper = ledger.run, ledger.paper
    out = []
    if paper.pages_not_read:
        pages = "; ".join(f"p. {p.page} ({shorten(p.reason, 200)})" for p in paper.pages_not_read[:50])
        out.append(f"Pages that could not be read, and whose claims and tables are missing here: {pages}.")
    if run.claims_found > len(ledger.claims):
        out.append(f"{run.claims_found:,} claims were found; the {len(ledger.claims):,} most important are listed.")
    out += [
        "“Refuted” says that a table or a passage, as read here, gives another number or another direction. It is no "
        "judgement of the paper or its authors: rounding, a cell read wrongly, or another setting can be the cause.",
        "“Not enough information” says only that no evidence was found that decides. It is no sign against a claim.",
        "Claims can be missed, and tables misread, above all where cells span or a table is an image.",
        "A number counts as given where it lies within the rounding of its last printed digit.",
    ]
    if not ledger.sources:
        out.append("The claims were held against the paper itself and no other paper.")
    return tuple(out)


def _made_by(ledger: Ledger) -> str:
    """The sentence that a machine made this, with its false-alarm rate where the run's settings carry one."""
    rate = ledger.run.settings.get("false_alarm_rate")
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 <= rate <= 1:
        alarm = f"The measured false-alarm rate of its numeric checks is {100 * rate:.1f}%."
    else:
        alarm = "No measured false-alarm rate came with this ledger."
    version = ledger.run.versions.get("claimcheck", "")
    maker = f"claimcheck {plain(version)}".strip()
    return (
        f"A machine made this report ({maker}); no person has checked it. {alarm} Look at the cited place before you "
        "rely on a verdict."
    )
