"""An audit of a machine-written synthesis report: what it states, row by row, and what is wrong with that."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.documents import Paper
from claimcheck.foundation.records.verdicts import Evidence, Verdict

AUDIT_SCHEMA = "claimcheck/audit/v1"

# what a claim of the report states: a result that can be right or wrong, what was done, or what something is
Statement = Literal["finding", "procedure", "description"]
# where the words of a claim stand in the papers at hand; "contradicted": a cell or sentence says otherwise
Backing = Literal["verbatim", "in_part", "contradicted", "not_found", "not_checked"]
Resolution = Literal["library", "against", "arxiv", "database", "unresolved"]
AuditKind = Literal[
    "claims_missing",  # no claim to check
    "claims_cut_off",
    "text_cut_off",  # the abstract or another part of the report ends in mid-sentence
    "claims_contradicted",
    "claims_not_in_sources",
    "claims_no_findings",
    "claims_repeated",
    "claims_recycled",  # the same claims under another report's question
    "one_source",
    "ticks_unbacked",
    "ticks_against_evidence",
    "confidence_meaningless",
    "confidence_varies",  # the same claim, other figures in other reports
    "score_not_recomputable",
    "counts_differ",
    "question_missing",
    "question_unaddressed",
    "references_missing",
    "references_without_bearing",
    "references_unresolved",
    "references_repeated",
    "boilerplate",
]
Severity = Literal["error", "warning", "note"]


class AuditedClaim(Record):
    """One row of the report's claims as printed, and what the audit says of it."""

    number: int  # from 1, in the order of the report
    text: str  # as printed
    line: int  # of the report's text, from 1
    verified: bool | None = None  # the tick; None where there is none
    tick: str = ""  # as printed
    confidence: float | None = None  # from 0 to 1
    confidence_text: str = ""  # as printed
    source: str = ""  # what the report names as the claim's source, as printed
    truncated: bool = False
    truncation: str = ""  # on what that rests, in words
    continuation: str = ""  # how the sentence goes on, where a text at hand has it
    statement: Statement = "finding"
    repeats: int | None = None  # number of the earlier claim that says the same
    backing: Backing = "not_checked"
    paper: str = ""  # id of the paper in which the claim's words stand
    evidence: tuple[Evidence, ...] = ()
    verdict: Verdict | None = None  # of the claim against the papers at hand
    relation: float | None = None  # cosine of claim and question, from -1 to 1
    addresses_question: bool | None = None  # None where there is no question to address
    unaddressed: tuple[str, ...] = ()  # what the question asks about and the claim does not speak of


class AuditedReference(Record):
    """One reference as printed, what it names, and the paper that it was resolved to."""

    number: int  # from 1
    text: str  # as printed
    line: int
    arxiv_id: str = ""  # with its version where one is printed
    doi: str = ""
    url: str = ""
    title: str = ""
    status: Resolution = "unresolved"
    reason: str = ""  # why it is unresolved
    paper: Paper | None = None  # without its abstract
    relation: float | None = None  # largest cosine of its title and abstract with the question or a claim
    shared_words: tuple[str, ...] = ()  # content words that it shares with them, the rarest first
    bears: bool | None = None  # None where it is unresolved
    claims: tuple[int, ...] = ()  # numbers of the claims whose words stand in it
    repeats: int | None = None  # number of the earlier reference to the same paper


class StatedCount(Record):
    """A number that the report's own text gives of itself, beside what the report holds."""

    what: Literal["claims", "verified", "papers", "score"]
    stated: float
    counted: int | None = None  # None where nothing can be counted
    text: str = ""  # the sentence, as printed


class AuditFinding(Record):
    """One thing that is wrong with the report, in a sentence, and where it shows."""

    kind: AuditKind
    severity: Severity
    text: str
    claims: tuple[int, ...] = ()  # numbers
    references: tuple[int, ...] = ()  # numbers
    quotes: tuple[str, ...] = ()  # single sentences of the report
    reports: tuple[str, ...] = ()  # the other reports that it concerns


class AuditedReport(Record):
    """What the report is, as far as it says."""

    name: str  # its file's name
    sha256: str
    title: str = ""
    maker: str = ""
    date: str = ""  # as printed
    layout: tuple[str, ...] = ()  # how its claims stand: "tab-separated table", "pipe table", ...
    encoding: str = ""
    characters: int = 0
    sections: tuple[str, ...] = ()


class AuditRun(Record):
    """How an audit was made."""

    versions: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    thresholds: dict[str, float] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    reports: tuple[str, ...] = ()  # the names of all reports of the call, this one among them
    papers: tuple[Paper, ...] = ()  # the papers that claims were held against, without their abstracts
    notes: tuple[str, ...] = ()  # what could not be done, and why
    started: str = ""


class ReportAudit(Record):
    """The audit of one synthesis report: the truth that every other format is rendered from."""

    schema_: Literal["claimcheck/audit/v1"] = Field(default="claimcheck/audit/v1", alias="schema")
    report: AuditedReport
    question: str = ""
    claims: tuple[AuditedClaim, ...] = ()
    references: tuple[AuditedReference, ...] = ()
    stated: tuple[StatedCount, ...] = ()
    findings: tuple[AuditFinding, ...] = ()
    run: AuditRun = AuditRun()
