"""A paper's ledger: its claims with verdicts, findings and reproductions, how it was made, and what people decide."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.claims import Claim
from claimcheck.foundation.records.documents import Paper
from claimcheck.foundation.records.links import CrossLink
from claimcheck.foundation.records.reproductions import LooseReproduction, Reproduction, RerunInfo
from claimcheck.foundation.records.verdicts import Evidence, Label, Verdict

LEDGER_SCHEMA = "claimcheck/ledger/v1"
DECISION_SCHEMA = "claimcheck/decision/v1"
Choice = Literal["accept", "reject", "needs_check"]


class CheckedClaim(Claim):
    """A claim with its verdict, and what a rerun gave where there was one."""

    verdict: Verdict
    reproduction: Reproduction | None = None


class ReliabilityBin(Record):
    """Items whose confidence lay close together: the mean of it, and the share of verdicts that were right."""

    confidence: float
    right: float
    n: int


class Reliability(Record):
    """How well confidence meets truth on a calibration set, named as `Verdict.calibration` names it."""

    calibration: str
    n: int
    ece: float
    bins: tuple[ReliabilityBin, ...] = ()


class Decision(Record):
    """What one reviewer says of one claim's verdict; a line of decisions.jsonl, the last one of a reviewer counts.

    `label` is the verdict that was judged: a decision on another verdict than the ledger's is out of date.
    """

    schema_: Literal["claimcheck/decision/v1"] = Field(default="claimcheck/decision/v1", alias="schema")
    claim: str  # Claim.id
    reviewer: str
    choice: Choice | None = None  # None: a note or a reply alone, or taken back
    label: Label
    note: str = ""
    reply: str = ""  # what the paper's authors answered
    at: str = ""  # ISO time, UTC


class Completeness(Record):
    """How many claims two independent extractors found, and how many both missed by their overlap.

    Chapman's estimator of capture and recapture: total = (head + 1)(patterns + 1) / (both + 1) - 1, with a 95 %
    interval. It takes the two for independent; both miss what reads like no claim at all, so it is a lower estimate.
    """

    head: int  # sentences that the trained head found
    patterns: int  # sentences that the patterns over quantities and comparatives found
    both: int
    total: float  # estimated
    interval: tuple[float, float]

    @property
    def found(self) -> int:
        """Sentences that one or both found."""
        return self.head + self.patterns - self.both

    @property
    def missed(self) -> float:
        """Sentences that both missed, as estimated; not below 0."""
        return max(0.0, self.total - self.found)


class Finding(Record):
    """Something about the paper as a whole that a reader should know, beside the verdicts: a contradiction in it."""

    # one claim with other numbers in other places, or the other way round; bold that marks no best number; a count that
    # its list does not have
    kind: Literal["places_differ", "directions_differ", "bold_not_best", "count_differs"]
    text: str  # one sentence that says it
    claims: tuple[str, ...] = ()  # ids
    evidence: tuple[Evidence, ...] = ()  # the places, verbatim


class RunInfo(Record):
    """How a ledger was made."""

    versions: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)
    reliability: tuple[Reliability, ...] = ()
    started: str = ""
    tables: int = 0
    sentences: int = 0
    claims_found: int = 0  # before `--max-claims`
    completeness: Completeness | None = None


class Ledger(Record):
    """All claims of one paper with their verdicts: the truth that every other format is rendered from."""

    schema_: Literal["claimcheck/ledger/v1"] = Field(default="claimcheck/ledger/v1", alias="schema")
    paper: Paper
    claims: tuple[CheckedClaim, ...] = ()
    findings: tuple[Finding, ...] = ()
    links: tuple[CrossLink, ...] = ()  # its results beside those of other papers
    reproductions: tuple[LooseReproduction, ...] = ()  # those that stand beside no claim
    sources: tuple[Paper, ...] = ()  # the other papers that claims were held against
    reruns: tuple[RerunInfo, ...] = ()
    run: RunInfo = RunInfo()
