"""What a report says of the paper as a whole: contradictions in it, and how many claims the search may have missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import Completeness, Finding, Paper
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.claims import ClaimView, EvidenceView, evidence_view
from claimcheck.publish.view.places import LONGEST, finite

_KINDS = {
    "places_differ": "The paper gives different numbers",
    "directions_differ": "The paper says opposite ways",
    "bold_not_best": "Bold marks a number that is not the best",
    "count_differs": "A count and its list differ",
}


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding in words, the places it rests on, and (anchor, words) of the claims that it concerns."""

    kind: str
    text: str
    evidence: tuple[EvidenceView, ...]
    claims: tuple[tuple[str, str], ...]


def finding_views(
    findings: Sequence[Finding], claims: Sequence[ClaimView], home: Paper, papers: Mapping[str, Paper]
) -> tuple[FindingView, ...]:
    """The findings in the ledger's order; a claim that the report does not list is left out of theirs."""
    listed = {claim.id: (claim.anchor, f"claim {claim.number}") for claim in claims}
    return tuple(
        FindingView(
            kind=_KINDS[one.kind],
            text=shorten(one.text, LONGEST),
            evidence=tuple(evidence_view(e, home, papers) for e in one.evidence),
            claims=tuple(listed[x] for x in dict.fromkeys(one.claims) if x in listed),
        )
        for one in findings
    )


def completeness_words(one: Completeness | None) -> str:
    """How many sentences two extractors found, and how many both may have missed; "" where it was not estimated."""
    if one is None:
        return ""
    found = (
        f"Of the paper’s sentences the trained detector took {one.head:,} for claims and the patterns "
        f"{one.patterns:,}, {one.both:,} of them both"
    )
    if not one.found:
        return f"{found}: where nothing was found nothing can be estimated."
    low, high = (max(0.0, finite(x) - one.found) for x in one.interval)
    return (
        f"{found}. By their overlap at least about {finite(one.missed):,.0f} more were missed by both (95% interval "
        f"{low:,.0f} to {high:,.0f}, capture and recapture, as if the two were independent): what reads like no claim "
        "to either is not in this estimate."
    )
