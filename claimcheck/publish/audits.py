"""Audits of synthesis reports for people and programs: HTML, Markdown, JSON and its schema, and the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records.audits import (
    AUDIT_SCHEMA,
    AuditedClaim,
    AuditedReference,
    AuditFinding,
    AuditKind,
    ReportAudit,
    Severity,
)
from claimcheck.foundation.store import write_atomic
from claimcheck.publish import escape
from claimcheck.publish.documents import html_page, rendered_template

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["AUDIT_FORMATS", "audit_html", "audit_json", "audit_markdown", "audit_schema", "print_audit", "write_audit"]

AUDIT_FORMATS = ("json", "html", "md")
TITLES: dict[AuditKind, str] = {
    "question_missing": "No question",
    "question_unaddressed": "The question is not addressed",
    "claims_missing": "No claims",
    "claims_cut_off": "Claims cut off",
    "claims_contradicted": "Claims contradicted",
    "claims_not_in_sources": "Claims not in the cited papers",
    "ticks_against_evidence": "Ticks against the evidence",
    "counts_differ": "Numbers that differ",
    "ticks_unbacked": "Ticks without evidence",
    "confidence_meaningless": "Confidence without meaning",
    "score_not_recomputable": "Score that cannot be recomputed",
    "claims_no_findings": "Claims that are no findings",
    "claims_repeated": "Claims said twice",
    "one_source": "One source for everything",
    "references_missing": "No references",
    "references_without_bearing": "References without bearing",
    "references_repeated": "References listed twice",
    "references_unresolved": "References not resolved",
    "text_cut_off": "Text cut off",
    "claims_recycled": "Claims of other reports",
    "confidence_varies": "Confidence that varies",
    "boilerplate": "Boilerplate",
}
_BACKING = {
    "verbatim": "word for word in",
    "in_part": "in part in",
    "contradicted": "contradicted by",
    "not_found": "in none of the papers at hand",
}
_STATUS = {
    "library": "found in the library",
    "against": "among the papers given",
    "arxiv": "fetched from arXiv",
    "database": "title and abstract from a database",
    "unresolved": "unresolved",
}
_SEVERITIES: tuple[tuple[Severity, str, str], ...] = (
    ("error", "error", "errors"),
    ("warning", "warning", "warnings"),
    ("note", "note", "notes"),
)
_STYLES: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "note": "dim"}
_LONGEST = 600  # characters of a claim, reference or quote that a page shows
_MADE_BY = (
    "Made by a machine (claimcheck) from the report's own text{papers}. It says what the report shows and what it "
    "leaves open, not whether the papers behind it are right."
)
_REPLY = "The makers of the report can reply here; what they say is printed as they send it."


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim as a page shows it."""

    number: int
    text: str
    tick: str
    confidence: str
    cut: bool
    notes: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]  # (sentence or cell, where it stands)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A reference as a page shows it."""

    number: int
    text: str
    link: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as a page shows it."""

    severity: Severity
    title: str
    text: str
    quotes: tuple[str, ...]
    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditView:
    """An audit in words, for templates and the terminal."""

    name: str
    title: str
    made: str  # maker and date as printed
    question: str
    summary: str
    counts: tuple[tuple[Severity, int, str], ...]
    findings: tuple[FindingRow, ...]
    claims: tuple[ClaimRow, ...]
    references: tuple[ReferenceRow, ...]
    limitations: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    made_by: str
    reply: str


def view_of_audit(audit: ReportAudit) -> AuditView:
    """The audit in words."""
    counts = [(s, sum(f.severity == s for f in audit.findings), one, many) for s, one, many in _SEVERITIES]
    return AuditView(
        name=audit.report.name,
        title=_short(audit.report.title) or audit.report.name,
        made=", ".join(x for x in (audit.report.maker, audit.report.date) if x),
        question=_short(audit.question),
        summary=_summary(audit),
        counts=tuple((s, n, one if n == 1 else many) for s, n, one, many in counts),
        findings=tuple(map(_finding, audit.findings)),
        claims=tuple(map(_claim, audit.claims)),
        references=tuple(map(_reference, audit.references)),
        limitations=tuple(_limitations(audit)),
        provenance=tuple(_provenance(audit)),
        made_by=_MADE_BY.format(papers=" and the papers at hand" if audit.run.papers else ""),
        reply=_REPLY,
    )


def _summary(audit: ReportAudit) -> str:
    claims, references = audit.claims, audit.references
    told = [f"{len(claims)} claim{'' if len(claims) == 1 else 's'}"]
    ticks = sum(c.verified is True for c in claims)
    cut = sum(c.truncated for c in claims)
    bearing = sum(c.addresses_question is True for c in claims)
    if claims:
        told += [f"{ticks} with a tick", f"{cut} cut off"]
        if audit.question:
            told.append(f"{bearing or 'none'} that address{'' if bearing > 1 else 'es'} the question")
    if audit.run.papers:
        found = sum(c.backing in ("verbatim", "in_part") for c in claims)
        told.append(f"{found} found in the papers at hand")
    resolved = sum(r.status != "unresolved" for r in references)
    told.append(
        f"{len(references)} reference{'' if len(references) == 1 else 's'}, {resolved} of them resolved"
        if references
        else "no references"
    )
    return "; ".join(told) + "."


def _finding(finding: AuditFinding) -> FindingRow:
    return FindingRow(
        finding.severity,
        TITLES[finding.kind],
        finding.text,
        tuple(map(_short, finding.quotes)) if finding.kind not in ("claims_cut_off", "question_unaddressed") else (),
        finding.reports,
    )


def _claim(claim: AuditedClaim) -> ClaimRow:
    notes = []
    if claim.truncated:
        notes.append(f"cut off: {claim.truncation}")
    if claim.statement != "finding":
        notes.append("no finding, but " + ("what was done" if claim.statement == "procedure" else "what something is"))
    if claim.repeats is not None:
        notes.append(f"says what claim {claim.repeats} says")
    if claim.backing != "not_checked":
        home = f" {claim.paper}" if claim.backing != "not_found" and claim.paper else ""
        near = (
            "; the sentence nearest to it has other numbers" if claim.backing == "not_found" and claim.evidence else ""
        )
        notes.append(f"{_BACKING[claim.backing]}{home}{near}")
    if claim.addresses_question:
        notes.append("addresses the question")
    quotes = tuple(
        (_short(e.quote), f"{e.pointer.paper}, {e.pointer}" if str(e.pointer) != e.pointer.paper else e.pointer.paper)
        for e in claim.evidence[:4]
    )
    tick = {True: "✓", False: "✗", None: claim.tick or "none"}[claim.verified]
    return ClaimRow(
        claim.number, _short(claim.text), tick, claim.confidence_text, claim.truncated, tuple(notes), quotes
    )


def _reference(reference: AuditedReference) -> ReferenceRow:
    address = f"https://arxiv.org/abs/{reference.arxiv_id}" if reference.arxiv_id else ""
    address = address or (f"https://doi.org/{reference.doi}" if reference.doi else reference.url)
    notes = [_STATUS[reference.status] + (f": {reference.reason}" if reference.reason else "")]
    if reference.paper is not None and reference.paper.title:
        notes.append(f"“{_short(reference.paper.title)}”")
    if reference.relation is not None:
        words = (
            f", shared words: {', '.join(reference.shared_words[:6])}"
            if reference.shared_words
            else ", no shared words"
        )
        notes.append(f"{'bears' if reference.bears else 'has no bearing'} (cosine {reference.relation:.2f}{words})")
    if reference.claims:
        notes.append(f"has claim{'' if len(reference.claims) == 1 else 's'} {', '.join(map(str, reference.claims))}")
    if reference.repeats is not None:
        notes.append(f"the same paper as reference {reference.repeats}")
    return ReferenceRow(reference.number, _short(reference.text.strip("<> ")), escape.safe_url(address), tuple(notes))


def _limitations(audit: ReportAudit) -> list[str]:
    out = []
    lost = sum(r.status == "unresolved" for r in audit.references)
    if lost:
        what = f"{lost} of {len(audit.references)} references were not resolved"
        out.append(f"{what}: whether the claims stand in them, and whether they bear on the question, is left open.")
    if not audit.run.papers:
        out.append("No paper was at hand: the audit says nothing about whether a claim is true.")
    if audit.question:
        out.append(
            "Whether a claim addresses the question is judged by words: their forms, short forms, and single words "
            "near in meaning. A claim that says the same in quite other words is missed."
        )
    out.append("What is a finding, and where a claim ends, is judged by its wording.")
    return out + list(audit.run.notes)


def _provenance(audit: ReportAudit) -> list[tuple[str, str]]:
    pairs = [
        ("report", audit.report.name),
        ("sha256", audit.report.sha256),
        ("layout of its claims", ", ".join(audit.report.layout) or "none"),
        ("encoding", audit.report.encoding),
        (
            "audited together with",
            ", ".join(n for n in audit.run.reports if n != audit.report.name) or "no other report",
        ),
        ("papers at hand", ", ".join(p.id for p in audit.run.papers) or "none"),
        ("network", "not used" if audit.run.settings.get("offline") else "used"),
    ]
    pairs += sorted(audit.run.models.items())
    pairs.append(("thresholds", "; ".join(f"{k} {v:g}" for k, v in sorted(audit.run.thresholds.items()))))
    pairs.append(("versions", ", ".join(f"{k} {v}" for k, v in sorted(audit.run.versions.items()))))
    if audit.run.started:
        pairs.append(("made", audit.run.started))
    return pairs


def _short(text: str) -> str:
    return escape.shorten(text, _LONGEST, "in audit.json")


# --- documents --------------------------------------------------------------------------------------


def audit_html(audit: ReportAudit, templates: Path | None = None) -> bytes:
    """One self-contained page without a script; everything of the report is escaped."""
    context = {"audit": view_of_audit(audit)}
    return html_page("audit.html.j2", ("report.css", "audit.css"), (), "form-action 'none'", context, folder=templates)


def audit_markdown(audit: ReportAudit, templates: Path | None = None) -> bytes:
    """A document in GitHub's Markdown."""
    return rendered_template("md", "audit.md.j2", {"audit": view_of_audit(audit)}, templates)


def audit_json(audit: ReportAudit) -> bytes:
    """The audit as JSON with sorted, readable lines; what steers text is written as \\u escapes."""
    text = json.dumps(audit.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
    return (escape.json_text(text) + "\n").encode("utf-8", "replace")


def audit_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an audit; the package ships it as audit.schema.json beside this module."""
    schema = ReportAudit.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:" + AUDIT_SCHEMA.replace("/", ":"),
        "title": "claimcheck audit",
    }
    schema["required"] = list(schema["properties"])
    return {**head, **{k: v for k, v in schema.items() if k != "title"}}


def write_audit(
    audit: ReportAudit, out: Path, formats: Sequence[str] = (), templates: Path | None = None
) -> list[Path]:
    """Writes OUT/<report's stem>-<8 hex of its hash>/audit.json and the formats asked for.

    Raises UsageError for an unknown format, before anything is written, and where the folder cannot be written to.
    """
    for format in formats:
        if format not in AUDIT_FORMATS:
            raise UsageError(
                f"there is no format '{format}' of an audit",
                where="--format",
                todo=f"known are {', '.join(AUDIT_FORMATS)}",
            )
    makers = {
        "json": lambda: audit_json(audit),
        "html": lambda: audit_html(audit, templates),
        "md": lambda: audit_markdown(audit, templates),
    }
    contents = {f"audit.{f}": makers[f]() for f in AUDIT_FORMATS if f == "json" or f in formats}
    stem = escape.file_stem(Path(audit.report.name).stem)
    folder = Path(out) / f"{stem}-{escape.short_hash(audit.report.sha256, audit.report.name)}"
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]


# --- terminal ---------------------------------------------------------------------------------------


def print_audit(audit: ReportAudit, console: Console) -> None:
    """Prints an audit: findings first, then every claim and reference. Nothing of the report steers the terminal."""
    from rich.text import Text

    view = view_of_audit(audit)
    console.print(Text(escape.plain(view.title), style="bold"))
    console.print(Text(escape.plain(", ".join(x for x in (view.name, view.made) if x)), style="dim"))
    console.print(Text(escape.plain(f"Question: {view.question}" if view.question else "Question: none is stated")))
    console.print(Text(escape.plain(view.summary)))
    console.print()
    if not view.findings:
        console.print(Text("Nothing was found wrong with it.", style="green"))
    for finding in view.findings:
        console.print(
            Text.assemble(
                (f"{finding.severity}: ", _STYLES[finding.severity]), escape.plain(f"{finding.title}. {finding.text}")
            )
        )
    if view.claims:
        console.print()
        console.print(_claim_table(view))
    if view.references:
        for reference in view.references:
            console.print(Text(escape.plain(f"[{reference.number}] {reference.text}: {'; '.join(reference.notes)}")))
    console.print()


def _claim_table(view: AuditView) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Claim", ratio=5, overflow="fold")
    table.add_column("Tick", max_width=10, overflow="fold")
    table.add_column("Conf.", justify="right", max_width=8, overflow="fold")
    table.add_column("Audit", ratio=4, overflow="fold")
    for claim in view.claims:
        cells = (str(claim.number), claim.text, claim.tick, claim.confidence, "\n".join(claim.notes))
        table.add_row(*(Text("\n".join(map(escape.plain, c.split("\n")))) for c in cells))
    return table
