"""A synthesis: a question, the literature that was searched for it, its claims, what they come to, and how sure.

A record of one file, `synthesis.json`; every format is rendered from it alone. Counts that must add up are checked when
a record is made: the flow of papers, the references of clusters and answers to claims.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.documents import Paper
from claimcheck.foundation.records.ledgers import CheckedClaim, Finding, RunInfo
from claimcheck.foundation.records.links import CrossLink
from claimcheck.foundation.records.literature import LiteratureSearch, Work

SYNTHESIS_SCHEMA = "claimcheck/synthesis/v1"
Basis = Literal["full_text", "abstract", "none"]
Exclusion = Literal[
    "", "not_retrieved", "not_readable", "duplicate", "no_claims", "retracted", "other_language", "failed"
]
Stance = Literal["yes", "no", "unclear"]
Outcome = Literal["answered", "contradicted", "not_addressed"]
Support = Literal["independent", "self_consistent", "repeated", "unchecked"]
Relation = Literal["supports", "contradicts", "other_condition", "repeats"]


class Question(Record):
    """A question taken apart: what is varied or set against what, which effect is asked for, and where."""

    text: str
    kind: Literal["polar", "effect", "open"]  # yes or no; "what is the effect of X on Y"; which, how, ...
    statement: str = ""  # a polar question as a statement
    factor: str = ""  # the thing asked about: what is varied, added, or said to be better
    against: str = ""  # what it is set against
    outcome: str = ""  # what it is said to change
    scope: str = ""  # on what, for what, in what
    direction: Literal["up", "down", "same"] | None = None  # what a yes would say of the factor; None: nothing
    words: tuple[str, ...] = ()  # all content words in their canonical forms


class Reference(Record):
    """A claim of a paper of this synthesis."""

    paper: str  # SynthesisPaper.key
    claim: str  # Claim.id


class SynthesisPaper(Record):
    """A paper of the search: kept or left out and why, with its claims where it was read."""

    key: str  # "P1", in the order of the references
    paper: Paper
    work: Work
    kept: bool
    exclusion: Exclusion = ""
    reason: str  # why it was kept or left out, in words
    basis: Basis = "none"
    ledger_sha256: str = ""  # of the ledger's JSON that the claims are from
    claims: tuple[CheckedClaim, ...] = ()
    findings: tuple[Finding, ...] = ()
    results: int = 0  # cells of results tables that name dataset and metric
    tables: int = 0
    sentences: int = 0
    claims_found: int = 0  # before `--max-claims`

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kept == bool(self.exclusion):
            raise ValueError(f"{self.key}: a paper is kept, or left out for a reason that has a name")
        if self.claims and not self.kept:
            raise ValueError(f"{self.key}: claims of a paper that was left out")
        return self


class Flow(Record):
    """How many papers came in and went out at each step, as PRISMA 2020 draws it (Page et al., BMJ 372:n71)."""

    identified: int  # records of all databases together, the anchor included
    duplicates: int
    screened: int  # = identified - duplicates
    less_relevant: int  # left out since others fit the question better, or beyond --limit
    sought: int  # = screened - less_relevant
    not_retrieved: int
    assessed: int  # = sought - not_retrieved
    excluded: dict[str, int] = Field(default_factory=dict)  # by reason
    included: int  # = assessed - all that were excluded

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        steps = (
            (self.identified - self.duplicates, self.screened, "screened"),
            (self.screened - self.less_relevant, self.sought, "sought"),
            (self.sought - self.not_retrieved, self.assessed, "assessed"),
            (self.assessed - sum(self.excluded.values()), self.included, "included"),
        )
        for expected, given, name in steps:
            if expected != given:
                raise ValueError(
                    f"the flow of papers does not add up: {name} is {given}, the steps before give {expected}"
                )
        if min(self.model_dump(exclude={"excluded"}).values()) < 0 or min(self.excluded.values(), default=0) < 0:
            raise ValueError("the flow of papers has a negative count")
        return self


class Member(Record):
    """A claim of a cluster, and how it stands to the cluster's first one."""

    paper: str
    claim: str
    relation: Relation | None = None  # None: the first
    similarity: float = 1.0  # cosine to the first one's meaning; on the question itself the score of bearing
    conditions: str = ""  # under which it says so, where it names any
    own_evidence: bool = False  # the paper's own cells support it
    second_hand: bool = False  # the paper tells of other people's work


class Cluster(Record):
    """Claims of several papers that speak of the same thing."""

    id: str  # "C1"
    about: str  # in words: task, dataset, metric, what is compared
    members: tuple[Member, ...]  # the first is the one that the others are held against
    support: Support
    reason: str  # why this support, in words
    contradicted: bool = False
    bears: bool = False  # a member bears on the question

    @model_validator(mode="after")
    def _of_several_papers(self) -> Self:
        if len({m.paper for m in self.members}) < 2:
            raise ValueError(f"{self.id}: a cluster has claims of two papers or more")
        if self.members[0].relation is not None or any(m.relation is None for m in self.members[1:]):
            raise ValueError(f"{self.id}: every member but the first has a relation to the first")
        return self


class Bearing(Record):
    """How far a claim bears on the question; each share from 0 to 1, the thresholds stand in `Answer.thresholds`."""

    paper: str
    claim: str
    bears: bool
    score: float
    topic: float  # cosine of question and claim
    factor: float  # share of the thing asked about that the claim itself names
    against: float | None = None  # None: the question names none
    outcome: float | None = None
    scope: float | None = None
    stance: Stance = "unclear"
    reason: str = ""  # what makes it bear, or what it lacks
    second_hand: bool = False
    evidence: Literal["own_cells", "own_text", "refuted", "none"] = "none"  # what the paper itself has for it
    independent: bool = False  # another paper's own data says the same


class Statement(Record):
    """A sentence of the answer: a verbatim quote of a claim, or words that a stated rule derives from the records."""

    kind: Literal["quote", "derived"]
    text: str
    reworded: str = ""  # a language model's wording of a quote, which entails it; "" where there is none
    citations: tuple[Reference, ...] = ()


class Answer(Record):
    """What the claims say to the question."""

    outcome: Outcome
    direction: Literal["yes", "no", "mixed", "open"] | None = None  # None: not addressed
    why: Literal["agree", "one_paper", "papers_differ", "against_question", "nothing_bears"]
    statements: tuple[Statement, ...]
    bearings: tuple[Bearing, ...] = ()  # those that bear, the strongest first
    nearest: tuple[Bearing, ...] = ()  # the nearest that do not, with what they lack
    thresholds: dict[str, float] = Field(default_factory=dict)


class Rubric(Record):
    """One point of view of the assessment: its formula over counts of this record, and the score from 0 to 10."""

    name: str
    formula: str
    inputs: dict[str, float] = Field(default_factory=dict)
    score: float | None = None  # None: nothing to compute it from, `reason` says why
    reason: str = ""


class Reviewer(Record):
    """A weighing of the rubrics; a rubric without a score takes no part."""

    name: str
    weights: dict[str, float]
    score: float | None = None


class Assessment(Record):
    """The quality of this synthesis by several reviewers, their disagreement shown."""

    rubrics: tuple[Rubric, ...] = ()
    reviewers: tuple[Reviewer, ...] = ()
    overall: float | None = None  # mean of the reviewers, out of 10
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    rubric_sd: float | None = None


class Synthesis(Record):
    """A question and what the literature found for it says: the truth that every other format is rendered from."""

    schema_: Literal["claimcheck/synthesis/v1"] = Field(default="claimcheck/synthesis/v1", alias="schema")
    question: Question
    anchor: str = ""  # SynthesisPaper.key, "" where there is none
    public: bool = False  # abstracts are linked, not quoted
    method: LiteratureSearch
    flow: Flow
    papers: tuple[SynthesisPaper, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    numbers: tuple[CrossLink, ...] = ()  # results of two papers with the same dataset and metric
    answer: Answer
    assessment: Assessment = Assessment()
    limitations: tuple[str, ...] = ()
    run: RunInfo = RunInfo()

    @model_validator(mode="after")
    def _refers(self) -> Self:
        claims = {(p.key, c.id) for p in self.papers for c in p.claims}
        keys = {p.key for p in self.papers}
        if len(keys) != len(self.papers):
            raise ValueError("two papers have one key")
        named = [(m.paper, m.claim) for c in self.clusters for m in c.members]
        named += [(b.paper, b.claim) for b in (*self.answer.bearings, *self.answer.nearest)]
        named += [(r.paper, r.claim) for s in self.answer.statements for r in s.citations if r.claim]
        for name in named:
            if name not in claims:
                raise ValueError(f"there is no claim {name[1]} of paper {name[0]}")
        cited = {r.paper for s in self.answer.statements for r in s.citations}
        cited |= {self.anchor} - {""}
        if not cited <= keys:
            raise ValueError(f"there is no paper {', '.join(sorted(cited - keys))}")
        if self.flow.included != sum(p.kept for p in self.papers) or self.flow.sought != len(self.papers):
            raise ValueError("the flow of papers does not fit the papers")
        return self

    def paper(self, key: str) -> SynthesisPaper:
        """The paper with that key; raises KeyError."""
        for one in self.papers:
            if one.key == key:
                return one
        raise KeyError(key)

    def claim(self, paper: str, claim: str) -> CheckedClaim:
        """The claim with that id of a paper; raises KeyError."""
        for one in self.paper(paper).claims:
            if one.id == claim:
                return one
        raise KeyError(claim)
