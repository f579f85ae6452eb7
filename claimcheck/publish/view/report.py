"""A ledger as a report shows it: sorted, put into words, with every figure formatted; nothing is escaped yet.

HTML, LaTeX, Markdown, CSV and the terminal print the same words because they all print this view. It is a function of
the ledger alone. Abstracts and the sentences around a claim are left out on purpose: a public report quotes single
sentences and cells of other people's papers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from claimcheck.foundation.records import Decision, Label, Ledger, Reliability, Reproduction
from claimcheck.publish import charts
from claimcheck.publish.charts import Figure
from claimcheck.publish.escape import anchor, plain, shorten
from claimcheck.publish.view import people
from claimcheck.publish.view.claims import ClaimView, claim_view
from claimcheck.publish.view.extras import NOTHING, Extras, PagePicture
from claimcheck.publish.view.findings import FindingView, completeness_words, finding_views
from claimcheck.publish.view.links import link_views, links_words
from claimcheck.publish.view.people import decision_views
from claimcheck.publish.view.places import (
    LONGEST,
    LONGEST_TITLE,
    WORDS,
    author_names,
    finite,
    number_words,
    paper_link,
    paper_name,
    source_name,
)
from claimcheck.publish.view.reproductions import ReproductionView, reproduction_view
from claimcheck.publish.view.reruns import (
    ReproductionCountView,
    RerunView,
    nothing_was_run,
    reproduction_counts,
    reproductions_of,
    rerun_limits,
    rerun_view,
)

_LOCAL = "This report shows pages of the paper: it is for your own use and must not be published."
_NO_REPLY = "This place is for the authors. No reply came with this ledger."
_REPLIED = "This place is for the authors. What they answered on single claims stands here and beside those claims."


@dataclass(frozen=True, slots=True)
class CountView:
    """How many claims have a verdict."""

    label: Label
    word: str
    count: int
    share: str  # percent of all claims with two digits, for the width of a bar


@dataclass(frozen=True, slots=True)
class ReplyView:
    """What the authors answered on one claim; `by` is the reviewer who entered it."""

    number: int  # of the claim in the report
    anchor: str  # of the claim
    claim: str
    reply: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that a report prints."""

    kind: str  # "Claims", "Claims and reproductions", "Reproductions", "Registered claims": a line above the title
    title: str
    authors: str
    name: str  # "arXiv 2005.13013v2", or the file's stem
    link: str
    published: str
    counts: tuple[CountView, ...]
    reproduction_counts: tuple[ReproductionCountView, ...]  # all of them, beside claims and in rows of their own
    no_claims: str  # what to say in place of the claims, "" where there are some
    claims: tuple[ClaimView, ...]
    reproductions: tuple[ReproductionView, ...]  # in rows of their own
    reproductions_title: str  # the heading of these rows
    refuted: tuple[ClaimView, ...]
    findings: tuple[FindingView, ...]
    links: tuple[FindingView, ...]  # its results that stand otherwise in another paper
    links_words: str  # how many stand in others, and how many of them agree; "" where none do
    completeness: str  # how many claims the search may have missed, "" where nothing says so
    calibrations: str  # the calibration sets, "" where there is none
    some_uncalibrated: bool
    any_calibrated: bool
    reliability: tuple[tuple[str, Figure], ...]  # (words, chart) of each calibration set
    agreement: str  # of the reviewers, "" where fewer than two judged the same claims
    reruns: tuple[RerunView, ...]  # how the reproductions were made, one a run folder
    provenance: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]  # (name and title, link)
    limitations: tuple[str, ...]
    pictures: tuple[PagePicture, ...]  # in a local report only
    local: bool  # it shows pages of other people's papers, and must not be published
    local_words: str  # says so; "" in a public one
    made_by: str
    reply: str
    replies: tuple[ReplyView, ...]


def view_of(ledger: Ledger, extras: Extras = NOTHING) -> ReportView:
    """The report of a ledger: refuted claims first, then by importance, then as they stand in the paper."""
    order = sorted(
        range(len(ledger.claims)),
        key=lambda i: (ledger.claims[i].verdict.label != "refuted", -finite(ledger.claims[i].importance), i),
    )
    names = _anchors([ledger.claims[i].id for i in order])
    papers = {p.id: p for p in (*ledger.sources, ledger.paper)}
    decisions: dict[str, list[Decision]] = {}
    for one in extras.decisions:
        decisions.setdefault(one.claim, []).append(one)
    claims = tuple(
        claim_view(
            ledger.claims[i],
            number,
            i,
            name,
            ledger.paper,
            papers,
            _beside(ledger.claims[i].reproduction, name),
            decision_views(ledger.claims[i], decisions.get(ledger.claims[i].id, ())),
        )
        for number, (i, name) in enumerate(zip(order, names, strict=True), 1)
    )
    paper = ledger.paper
    replies = _replies(claims)
    return ReportView(
        kind=_kind(ledger),
        title=shorten(paper.title, LONGEST_TITLE) or paper_name(paper),
        authors=author_names(paper.authors),
        name=paper_name(paper),
        link=paper_link(paper),
        published=paper.published[:10],
        counts=_counts(ledger),
        reproduction_counts=reproduction_counts(ledger),
        no_claims=_no_claims(ledger),
        claims=claims,
        reproductions=_loose(ledger, {c.id: c for c in claims}),
        reproductions_title=_loose_title(ledger),
        refuted=tuple(c for c in claims if c.label == "refuted"),
        findings=finding_views(ledger.findings, claims, paper, papers),
        links=link_views(ledger.links, paper, papers),
        links_words=links_words(ledger.links, paper),
        completeness=completeness_words(ledger.run.completeness),
        calibrations="; ".join(
            sorted({c.verdict.calibration for c in ledger.claims if c.verdict.calibration is not None})
        ),
        some_uncalibrated=any(not c.calibrated for c in claims),
        any_calibrated=any(c.calibrated for c in claims),
        reliability=tuple((_reliability_words(one), charts.reliability(one)) for one in ledger.run.reliability),
        agreement=people.agreement_words(ledger, extras.decisions) if extras.decisions else "",
        reruns=tuple(rerun_view(info) for info in ledger.reruns),
        provenance=_provenance(ledger),
        sources=tuple((source_name(p), paper_link(p)) for p in ledger.sources),
        limitations=_limitations(ledger) + extras.notes,
        pictures=extras.pictures,
        local=bool(extras.pictures),
        local_words=_LOCAL if extras.pictures else "",
        made_by=_made_by(ledger, claims),
        reply=_REPLIED if replies else _NO_REPLY,
        replies=replies,
    )


def _beside(reproduction: Reproduction | None, claim_anchor: str) -> ReproductionView | None:
    return None if reproduction is None else reproduction_view(reproduction, f"{claim_anchor}-r")


def _loose(ledger: Ledger, claims: Mapping[str, ClaimView]) -> tuple[ReproductionView, ...]:
    names = _anchors([one.reproduction.registry_id for one in ledger.reproductions], "r")
    was_read = _paper_was_read(ledger)
    return tuple(
        replace(
            # where no paper was read none stands beside a claim, and the report says so once
            reproduction_view(one.reproduction, name, one if was_read else None),
            candidates=tuple((claims[x].anchor, f"claim {claims[x].number}") for x in one.candidates if x in claims),
        )
        for one, name in zip(ledger.reproductions, names, strict=True)
    )


def _anchors(ids: Sequence[str], prefix: str = "c") -> list[str]:
    """One HTML id a claim, unique and made of letters and digits whatever the claim's id is."""
    out: list[str] = []
    seen: set[str] = set()
    for claim_id in ids:
        base = anchor(f"{prefix}-{claim_id}")[:64].rstrip("-")
        name, n = base, 1
        while name in seen:
            n += 1
            name = f"{base}-{n}"
        seen.add(name)
        out.append(name)
    return out


def _counts(ledger: Ledger) -> tuple[CountView, ...]:
    order: tuple[Label, ...] = ("refuted", "supported", "not_enough_info")
    labels = [c.verdict.label for c in ledger.claims]
    return tuple(
        CountView(x, WORDS[x], labels.count(x), f"{100 * labels.count(x) / max(1, len(labels)):.2f}") for x in order
    )


def _pairs(values: Mapping[str, object]) -> str:
    return shorten(", ".join(f"{k} {_setting_words(v)}" for k, v in sorted(values.items())), LONGEST)


def _setting_words(value: Any) -> str:
    if isinstance(value, float):
        return number_words(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _loose_title(ledger: Ledger) -> str:
    if ledger.claims:
        return "Reproductions beside no claim"
    return "Registered claims" if nothing_was_run(ledger) else "Reproductions"


def _kind(ledger: Ledger) -> str:
    if not any(True for _ in reproductions_of(ledger)):
        return "Claims"
    if _paper_was_read(ledger):
        return "Claims and reproductions"
    return "Registered claims" if nothing_was_run(ledger) else "Reproductions"


def _paper_was_read(ledger: Ledger) -> bool:
    """False where the ledger was made from run folders and registries alone."""
    run = ledger.run
    return bool(ledger.claims or run.sentences or run.claims_found or ledger.paper.source_sha256) or not any(
        True for _ in reproductions_of(ledger)
    )


def _no_claims(ledger: Ledger) -> str:
    if ledger.claims:
        return ""
    if _paper_was_read(ledger):
        return "No checkable claims were found in this text."
    if nothing_was_run(ledger):
        return "No paper was read and nothing was run for this report: it lists what a registry says of the paper."
    return "No paper was read for this report: it lists the claims of a registry and what came of rerunning them."


def _reliability_words(one: Reliability) -> str:
    return f"{shorten(one.calibration, 500)}: {one.n:,} verdicts, expected calibration error {one.ece:.3f}"


def _replies(claims: Sequence[ClaimView]) -> tuple[ReplyView, ...]:
    return tuple(
        ReplyView(claim.number, claim.anchor, claim.text, one.reply, one.reviewer, one.at)
        for claim in claims
        for one in claim.decisions
        if one.reply
    )


def _provenance(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    paper, run = ledger.paper, ledger.run
    kinds = {"latex": "LaTeX source", "html": "HTML", "pdf": "PDF", "text": "plain text"}
    was_read = _paper_was_read(ledger)
    facts = (
        ("read from", kinds[paper.source_kind] if was_read else "no paper: run folders and registries alone"),
        ("SHA-256 of the source", paper.source_sha256),
        ("DOI", paper.doi),
        ("found", _found(ledger) if was_read else ""),
        ("started", run.started),
        ("seconds", ", ".join(f"{k} {finite(v):.2f}" for k, v in sorted(run.seconds.items()))),
        ("versions", _pairs(run.versions)),
        ("models", _pairs(run.models)),
        ("settings", _pairs(run.settings)),
        ("ledger format", ledger.schema_),
    )
    return tuple((k, v) for k, v in facts if v)


def _found(ledger: Ledger) -> str:
    run = ledger.run
    return f"{run.sentences:,} sentences, {run.tables:,} tables, {run.claims_found:,} claims"


_CHECK_LIMITS = (
    "“Refuted” says that a table or a passage, as read here, gives another number or another direction. It is no "
    "judgement of the paper or its authors: rounding, a cell read wrongly, or another setting can be the cause.",
    "“Not enough information” says only that no evidence was found that decides. It is no sign against a claim.",
    "Claims can be missed, and tables misread, above all where cells span or a table is an image.",
    "A number counts as given where it lies within the rounding of its last printed digit.",
)


def _limitations(ledger: Ledger) -> tuple[str, ...]:
    run, paper = ledger.run, ledger.paper
    out = []
    if paper.pages_not_read:
        pages = "; ".join(f"p. {p.page} ({shorten(p.reason, 200)})" for p in paper.pages_not_read[:50])
        out.append(f"Pages that could not be read, and whose claims and tables are missing here: {pages}.")
    if run.claims_found > len(ledger.claims):
        out.append(f"{run.claims_found:,} claims were found; the {len(ledger.claims):,} most important are listed.")
    if _paper_was_read(ledger):
        out += _CHECK_LIMITS
        missed = completeness_words(run.completeness)
        out += [missed] if missed else []
        out += [risk_words(ledger)] if risk_words(ledger) else []
        if not ledger.sources:
            out.append("The claims were held against the paper itself and no other paper.")
    else:
        out.append("No paper was read: the claims and their numbers are a registry’s, each with where it was read.")
    out += rerun_limits(ledger)
    return tuple(out)


def risk_words(ledger: Ledger) -> str:
    """What "abstained" says in this ledger; "" where no risk was asked for."""
    risk = ledger.run.settings.get("risk")
    if not isinstance(risk, int | float) or isinstance(risk, bool) or not 0 < risk <= 1:
        return ""
    abstained = sum(claim.verdict.abstained for claim in ledger.claims)
    return (
        f"A risk of {risk:g} was asked for: {abstained} {'verdict is' if abstained == 1 else 'verdicts are'} marked as "
        "abstained, as not sure enough for it or without a calibration set. Of the others, for claims like those of "
        f"the calibration set, at most {100 * risk:g}% of each kind are wrong, with 90% certainty; this is no promise "
        "for one paper alone."
    )


def _made_by(ledger: Ledger, claims: Sequence[ClaimView]) -> str:
    """The sentence that a machine made this, what people did, and how often its checks accuse wrongly, where known."""
    version = ledger.run.versions.get("claimcheck", "")
    maker = f"claimcheck {plain(version)}".strip()
    made = f"A machine made this report ({maker}); {_people_words(claims)}"
    if not _paper_was_read(ledger):
        if nothing_was_run(ledger):
            return f"{made} No verdict stands in it, so that no false-alarm rate belongs to it."
        return (
            f"{made} It checks no text, so that no false-alarm rate belongs to it. Look at the runs, their scale and "
            "their deviations before you rely on a verdict."
        )
    return f"{made} {_alarm_words(ledger)} Look at the cited place before you rely on a verdict."


def _alarm_words(ledger: Ledger) -> str:
    rate = ledger.run.settings.get("false_alarm_rate")
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 <= rate <= 1:
        return f"The measured false-alarm rate of its numeric checks is {100 * rate:.1f}%."
    return "No measured false-alarm rate came with this ledger."


def _people_words(claims: Sequence[ClaimView]) -> str:
    """ "no person has checked it.", or how many claims people judged, as far as the verdicts are still the same."""
    judged = [claim for claim in claims if any(one.choice and not one.outdated for one in claim.decisions)]
    if not judged:
        return "no person has checked it."
    names = {one.reviewer for claim in judged for one in claim.decisions if one.choice and not one.outdated}
    who = "one person has" if len(names) == 1 else f"{len(names):,} people have"
    return (
        f"{who} judged {len(judged):,} of its {len(claims):,} claims, and nobody the others."
        if len(judged) < len(claims)
        else f"{who} judged its claims."
    )
