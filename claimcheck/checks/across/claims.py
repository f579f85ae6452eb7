"""What other papers' own numbers say of a paper's claims about their systems.

A claim about the paper's own result is never judged by another paper: where that one quotes another number, it may as
well be the one that is wrong. A claim about somebody else's system is supported where that paper prints the number, and
contradicted only where it says in so many words what the other paper reports, no preprint's versions can explain the
difference, and the other paper prints another number under the same conditions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from claimcheck.foundation.own_systems import COMMON_NAMES
from claimcheck.foundation.records import Check, Claim, CrossLink, Evidence, Label, Quantity, Verdict
from claimcheck.foundation.words import tokens

_OWN = re.compile(r"\b(?:we|our|ours|us|this\s+(?:paper|work))\b|\bproposed\b", re.I)
_REPORTED = re.compile(r"\breport(?:s|ed)?\b|\baccording to\b|\bpublished\b", re.I)
_SCORES: Mapping[Label, float] = {"supported": 0.9, "refuted": 0.7, "not_enough_info": 0.0}


def check_claims(claims: Sequence[tuple[Claim, Verdict]], paper: str, links: Sequence[CrossLink]) -> dict[str, Check]:
    """Claim id -> what the quoted papers' own cells say, for claims of `paper` about other papers' systems.

    `links` are those of `compare_papers`; of several numbers of a claim the one that decides most counts.
    """
    quoting = [x for x in links if x.basis == "quoted" and x.first.pointer.paper == paper]
    found: dict[str, Check] = {}
    for claim, verdict in claims:
        checks = [
            _check(claim, quantity, link)
            for quantity in claim.quantities
            if quantity.role == "value" and quantity.high is None
            for link in quoting
            if _is_of(claim, quantity, verdict, link)
        ]
        if checks:
            found[claim.id] = max(checks, key=lambda c: (c.label == "refuted", c.label == "supported"))
    return found


def with_check(verdict: Verdict, check: Check) -> Verdict:
    """The verdict with another paper's check: it decides what was open, and a claim that the quoted paper contradicts."""
    checks = [*verdict.checks, check]
    if check.label == "supported" and verdict.label == "not_enough_info":
        return Verdict.of(0.85, 0.03, [check, *verdict.checks])
    if check.label == "refuted" and verdict.label != "refuted":
        return Verdict.of(0.10, 0.70, [check, *verdict.checks])
    return verdict.model_copy(update={"checks": checks})


def _is_of(claim: Claim, quantity: Quantity, verdict: Verdict, link: CrossLink) -> bool:
    """Whether a number of a claim is the one that a link's row quotes: by its cell, or by its digits and the row's name."""
    place = link.first.pointer
    for check in verdict.checks:
        cells = [e.pointer for e in check.evidence]
        if check.kind == "cells" and len(cells) == 1 and (cells[0].table, cells[0].cell) == (place.table, place.cell):
            return _same_digits(quantity, link.first.score)
    return _same_digits(quantity, link.first.score) and _names(claim.text, link.method)


def _same_digits(quantity: Quantity, score: str) -> bool:
    printed = f"{quantity.value:.{quantity.decimals}f}"
    return printed == score or (quantity.decimals > 0 and printed.rstrip("0") == score.rstrip("0"))


def _names(text: str, method: str) -> bool:
    """Whether a sentence names a system as a table's row does: its coined name, or the surname that it cites."""
    said = {t.form for t in tokens(text)}
    coined = {t.form for t in tokens(method) if t.namelike and len(t.form) > 3} - COMMON_NAMES
    cited = {m[1].lower() for m in re.finditer(r"\b([A-Z][a-z]{2,})(?=\s+(?:et\s+al|and|&|\())", method)}
    return bool(coined & said) or bool(cited & {t.text.lower() for t in tokens(text)})


def _check(claim: Claim, quantity: Quantity, link: CrossLink) -> Check:
    number = f"{quantity.text}: {link.reason}"
    label: Label = "not_enough_info"
    if link.relation == "equal" and not (_OWN.search(claim.text) and len(claim.quantities) > 1):
        label = "supported"
    elif (
        link.relation == "conflict"
        and _REPORTED.search(claim.text)
        and not _OWN.search(claim.text)
        and "preprint" not in link.reason
        and _names(claim.text, link.method)
    ):
        label = "refuted"
    evidence: list[Evidence] = [link.evidence[1], link.evidence[0]]
    return Check(kind="across", label=label, score=_SCORES[label], evidence=evidence, reason=number)
