"""What findings are made of, and the words that they are said in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records.audits import (
    AuditedClaim,
    AuditedReference,
    AuditFinding,
    AuditKind,
    Severity,
    StatedCount,
)
from claimcheck.synthesis.audit.across import Shared

__all__ = ["Context", "finding", "number_words", "of", "quoted", "s", "span"]

_FEW = 5  # quotes of a finding


@dataclass(frozen=True, slots=True)
class Context:
    """A report as audited, and what it shares with others; `index` is its own place in `names` and `questions`."""

    question: str
    claims: Sequence[AuditedClaim]
    references: Sequence[AuditedReference]
    stated: Sequence[StatedCount]
    core: Sequence[str]  # phrases of the question: what is varied, and what it acts on
    unspoken: Sequence[str]  # what the question asks about and no claim mentions
    cut_texts: Sequence[tuple[str, str]]  # (part, its last sentence) of parts that end in mid-sentence
    score_parts: Sequence[tuple[str, float]]
    names_calibration: bool  # whether the report says on what its confidences were calibrated
    names_places: bool  # whether it says where in a paper its claims stand
    papers: int  # whose documents were at hand
    names: Sequence[str]  # of all reports of the call
    questions: Sequence[str]  # of all reports
    index: int
    shared: Sequence[Shared]
    common: Mapping[int, Sequence[tuple[int, AuditedClaim]]]  # claim number: (report, that claim there)

    @property
    def is_resolved(self) -> bool:
        """Whether every cited paper was at hand: only then can a claim be missing from all of them."""
        return bool(self.references) and all(r.status not in ("unresolved", "database") for r in self.references)


def finding(
    kind: AuditKind,
    severity: Severity,
    text: str,
    *,
    claims: Iterable[AuditedClaim] = (),
    references: Iterable[AuditedReference] = (),
    quotes: Iterable[str] = (),
    reports: Iterable[str] = (),
) -> AuditFinding:
    """A finding; of its quotes the first few."""
    return AuditFinding(
        kind=kind,
        severity=severity,
        text=text,
        claims=tuple(c.number for c in claims),
        references=tuple(r.number for r in references),
        quotes=tuple(quotes)[:_FEW],
        reports=tuple(reports),
    )


def of(n: int, total: int, noun: str) -> str:
    """ "3 of 9 claims", "All 9 claims", "The only claim"."""
    if total == 1:
        return f"The only {noun}"
    return f"All {total} {noun}s" if n == total else f"{n} of {total} {noun}s"


def s(n: int) -> str:
    """The ending of a verb: "1 claim stands", "2 claims stand"."""
    return "s" if n == 1 else ""


def span(values: Sequence[float]) -> str:
    """ "0.17 to 0.33", or the one value."""
    low, high = min(values), max(values)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"


def quoted(items: Sequence[str], last: str = "or") -> str:
    """The items in quotation marks, the last two joined by a word."""
    words = [f"“{x}”" for x in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def number_words(items: Iterable[AuditedClaim | AuditedReference]) -> str:
    """The numbers of claims or references in words: "1, 3 to 7 and 9"."""
    runs: list[list[int]] = []
    for n in sorted(x.number for x in items):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    words = [f"{a}" if a == b else f"{a} and {b}" if b == a + 1 else f"{a} to {b}" for a, b in runs]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
