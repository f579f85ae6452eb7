"""Papers as they are: every claim checked against its own paper, and what counts as a numeric check and a table check.

A numeric check is a check with a derivation; a table check is a numeric check with evidence in a table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import claimcheck
from benchmarks.common import paper_name
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Check, Claim, Document, Label, Verdict


@dataclass(frozen=True)
class CheckedPaper:
    """One paper with its claims and their verdicts, in the same order; `error` says why there are none."""

    path: Path
    document: Document | None = None
    claims: tuple[Claim, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def name(self) -> str:
        """What the paper is called in judgements and results."""
        return paper_name(self.path)

    def pairs(self) -> Iterator[tuple[Claim, Verdict]]:
        """Each claim with its verdict."""
        yield from zip(self.claims, self.verdicts, strict=True)


def check_untouched(path: Path) -> CheckedPaper:
    """Reads, extracts and checks one paper against itself. A paper that cannot be read comes back with its error."""
    started = time.perf_counter()
    try:
        document = claimcheck.read(path)
        claims = claimcheck.extract(document)
    except ClaimcheckError as error:
        return CheckedPaper(path, error=str(error), seconds=time.perf_counter() - started)
    verdicts = claimcheck.check_many([(claim, [document]) for claim in claims])
    return CheckedPaper(path, document, tuple(claims), tuple(verdicts), time.perf_counter() - started)


def numeric_checks(verdict: Verdict, label: Label | None = None) -> list[Check]:
    """The checks that have a derivation; with `label` those of that label."""
    return [c for c in verdict.checks if c.derivation and label in (None, c.label)]


def cites_table(check: Check) -> bool:
    """Whether a check rests on a cell of a table."""
    return any(e.pointer.table is not None for e in check.evidence)


def decided_by_table(verdict: Verdict, label: Label) -> bool:
    """Whether the verdict has that label and a table check of that label stands behind it."""
    return verdict.label == label and any(cites_table(c) for c in numeric_checks(verdict, label))


@dataclass(frozen=True)
class Alarm:
    """A claim of an untouched paper that a derivation refutes."""

    paper: str
    claim: str  # id
    text: str
    derivation: str
    page: int | None


def alarms(paper: CheckedPaper) -> list[Alarm]:
    """The paper's refuted claims with a numeric check; false alarms until an eye says otherwise."""
    found = []
    for claim, verdict in paper.pairs():
        if verdict.label == "refuted" and numeric_checks(verdict):
            check = (numeric_checks(verdict, "refuted") or numeric_checks(verdict))[0]
            page = next((e.pointer.page for e in check.evidence), None)
            found.append(Alarm(paper.name, claim.id, claim.text, check.derivation or "", page))
    return found


def counts(papers: Sequence[CheckedPaper]) -> dict[str, int]:
    """Papers, failures, claims, claims with a numeric check, numeric checks, claims that a table supports."""
    pairs = [pair for paper in papers for pair in paper.pairs()]
    return {
        "papers": len(papers),
        "failed": sum(bool(p.error) for p in papers),
        "claims": len(pairs),
        "numeric_claims": sum(bool(numeric_checks(v)) for _, v in pairs),
        "numeric_checks": sum(len(numeric_checks(v)) for _, v in pairs),
        "alarms": sum(len(alarms(p)) for p in papers),
        "table_supported": sum(decided_by_table(v, "supported") for _, v in pairs),
    }
