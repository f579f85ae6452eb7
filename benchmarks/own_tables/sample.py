"""A sample of supported table checks for an eye, drawn so that it stays much the same while the checks change.

Checks are ordered by a hash of the seed, the paper, the claim and the derivation, and the first ones are taken: a check
that comes or goes moves no other, so that judgements keep their worth from one version to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.own_tables.untouched import CheckedPaper, cites_table, numeric_checks
from claimcheck.foundation.records import Box, Label, Pointer


@dataclass(frozen=True)
class SampledCheck:
    """A table check, with all that is needed to draw it beside its page."""

    paper: str
    claim: str  # id
    text: str
    context: str
    kind: str
    derivation: str
    score: float
    caption: str
    table_box: Box | None
    pointers: tuple[Pointer, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What a judgement is kept under."""
        return self.paper, self.claim, self.derivation

    def order(self, seed: int) -> str:
        """Where the check stands in the lottery."""
        return hashlib.sha256("\0".join((str(seed), *self.key)).encode()).hexdigest()


def table_checks(paper: CheckedPaper, label: Label) -> list[SampledCheck]:
    """Every table check of a paper that has the label."""
    found = []
    for claim, verdict in paper.pairs():
        for check in numeric_checks(verdict, label):
            if not cites_table(check) or paper.document is None:
                continue
            pointers = tuple(e.pointer for e in check.evidence)
            table = next((t for t in paper.document.tables if t.label == pointers[0].table), None)
            found.append(
                SampledCheck(
                    paper.name,
                    claim.id,
                    claim.text,
                    claim.places[0].context if claim.places else "",
                    check.kind,
                    check.derivation or "",
                    check.score,
                    table.caption if table else "",
                    table.box if table else None,
                    pointers,
                )
            )
    return found


def draw(checks: Iterable[SampledCheck], size: int, seed: int) -> list[SampledCheck]:
    """`size` of the checks, the first of the lottery; one of several that share paper, claim and derivation."""
    once = {check.key: check for check in checks}
    return sorted(once.values(), key=lambda check: check.order(seed))[:size]
