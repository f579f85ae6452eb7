"""What a report says of other papers' numbers: which results stand in them as well, and those that differ there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from claimcheck.foundation.records import CrossLink, Paper
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.claims import evidence_view
from claimcheck.publish.view.findings import FindingView
from claimcheck.publish.view.places import LONGEST

_KINDS = {
    "equal": "The same number",
    "different_definition": "Another definition",
    "different_condition": "Another condition",
    "conflict": "Another number",
}
_MOST = 60  # listed; the ledger has all


def link_views(links: Sequence[CrossLink], home: Paper, papers: Mapping[str, Paper]) -> tuple[FindingView, ...]:
    """The results that do not agree with another paper, conflicts first; of the two cells its own comes first."""
    order = {"conflict": 0, "different_definition": 1, "different_condition": 2}
    differing = sorted((x for x in links if x.relation != "equal"), key=lambda x: order[x.relation])
    return tuple(
        FindingView(
            kind=_KINDS[one.relation],
            text=shorten(f"{one.method} on {one.dataset}, {one.metric}: {one.reason}.", LONGEST),
            evidence=tuple(
                evidence_view(e, home, papers) for e in sorted(one.evidence, key=lambda e: e.pointer.paper != home.id)
            ),
            claims=(),
        )
        for one in differing[:_MOST]
    )


def links_words(links: Sequence[CrossLink], home: Paper) -> str:
    """How many of the paper's results other papers print too, and how many agree; "" where none do."""
    if not links:
        return ""
    others = {p for x in links for p in (x.first.pointer.paper, x.second.pointer.paper)} - {home.id}
    agree = sum(x.relation == "equal" for x in links)
    conflicts = sum(x.relation == "conflict" for x in links)
    return (
        f"{len(links):,} numbers of this paper stand for the same system, dataset and metric in {len(others):,} of the "
        f"other papers: {agree:,} agree, {len(links) - agree - conflicts:,} are of another condition or definition, "
        f"{conflicts:,} differ though nothing that is stated does. Which of two papers is right is not said by that: "
        "leaderboards and preprints change."
    )
