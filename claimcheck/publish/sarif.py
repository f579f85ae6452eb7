"""SARIF 2.1.0 of a ledger, for code review and CI: a result for what is refuted, contradicted or not reproduced.

Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0 plus Errata 01, 2023.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from claimcheck.foundation.records import Check, CheckedClaim, Finding, Ledger, Paper, Pointer, Reproduction
from claimcheck.publish.data import plain_json
from claimcheck.publish.escape import file_stem, plain, shorten
from claimcheck.publish.view import NOTHING, ClaimView, Extras, ReproductionView, view_of
from claimcheck.publish.view.people import DecisionView
from claimcheck.publish.view.places import LONGEST, finite, paper_link, pointer_words

Level = Literal["error", "warning", "note"]
_RULES: tuple[tuple[str, str, str, Level], ...] = (
    (
        "refuted-by-cells",
        "A number of the claim is not that of the table",
        "The value, difference, ratio, average, rank or count that the sentence states, computed anew from the cells "
        "of the tables, lies outside of the rounding of the last printed digit.",
        "warning",
    ),
    (
        "refuted-by-direction",
        "The claim's direction is not that of the table",
        "The sentence says higher, lower or best where the cells of the tables say the opposite.",
        "warning",
    ),
    (
        "refuted-by-statement",
        "The table does not bear the statement out",
        "A small trained model over counts, comparisons, ranks and look-ups in the cells of the table takes the "
        "sentence for wrong.",
        "warning",
    ),
    (
        "refuted-by-text",
        "A passage contradicts the claim",
        "A passage or a sentence of another paper contradicts the claim, by a cross-encoder's reading.",
        "warning",
    ),
    (
        "inconsistent",
        "The paper says two different things",
        "Two places of the paper, for instance abstract and body, give different numbers for the same thing.",
        "warning",
    ),
    (
        "refuted-by-other-paper",
        "The quoted paper reports another number",
        "The sentence says what another paper reports, and that paper's own table prints another number.",
        "warning",
    ),
    (
        "refuted",
        "The claim is refuted",
        "The checks together refute the claim, though none of them does so alone.",
        "warning",
    ),
    (
        "not-reproduced",
        "A rerun gives another number",
        "The reproduced number lies outside of the margin that was set before any run, at the scale that is named.",
        "warning",
    ),
    (
        "direction-contradicted",
        "A smaller rerun shows the opposite direction",
        "At scale lab, a small model of our own and a shortened recipe, the effect goes the other way. That gives no "
        "verdict on the paper's number.",
        "note",
    ),
)  # (id, short, full, level unless a person accepted it)
_LEVELS: dict[str, Level] = {rule: level for rule, _, _, level in _RULES}
_INDEX = {rule: index for index, (rule, *_) in enumerate(_RULES)}
_OF_CHECK = {
    "cells": "refuted-by-cells",
    "direction": "refuted-by-direction",
    "statement": "refuted-by-statement",
    "text": "refuted-by-text",
    "consistency": "inconsistent",
    "across": "refuted-by-other-paper",
}
_SUFFIXES = {"latex": ".tex", "html": ".html", "pdf": ".pdf", "text": ".txt"}
_MOST_PLACES = 50  # of each kind in one result


def ledger_sarif(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """One run; its results in the report's order: the refuted claims, the findings, the reproductions that failed.

    The level is "warning", because a machine found them and some are false alarms; it is "error" where a person
    accepted the verdict. Where a person rejected it, the result carries a suppression: accepted, or under review where
    others accepted the verdict. A claim in LaTeX or text has a line. PDF and HTML have none, and SARIF no other region
    for text: there page and section stand in the logical location and the message.
    """
    report = view_of(ledger, extras)
    papers = {p.id: p for p in (*ledger.sources, ledger.paper)}
    results = [_claim_result(claim, ledger.claims[claim.order], ledger.paper, papers) for claim in report.refuted]
    results += [_finding_result(one, ledger.paper) for one in ledger.findings]
    for claim in report.claims:
        reproduction = ledger.claims[claim.order].reproduction
        if reproduction is not None and claim.reproduction is not None:
            where = _locations(ledger.claims[claim.order], ledger.paper)
            results += _reproduction_results(reproduction, claim.reproduction, where)
    paper_alone: list[dict[str, Any]] = [{"physicalLocation": {"artifactLocation": _artifact(ledger.paper)}}]
    for loose, shown in zip(ledger.reproductions, report.reproductions, strict=True):
        results += _reproduction_results(loose.reproduction, shown, paper_alone)
    run = {
        "tool": {"driver": _driver(ledger, report.made_by)},
        "automationDetails": {"id": f"claimcheck/{file_stem(ledger.paper.id)}/"},
        "invocations": [_invocation(ledger)],
        "artifacts": [_described(ledger.paper)],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"notice": report.made_by, "limitations": list(report.limitations)},
    }
    # the id is the schema's own address at OASIS; nothing fetches it
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return plain_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _driver(ledger: Ledger, made_by: str) -> dict[str, Any]:
    version = plain(ledger.run.versions.get("claimcheck", ""))
    return {
        "name": "claimcheck",
        **({"version": shorten(version, 100)} if version else {}),
        "shortDescription": {"text": "Checks the claims of a paper against its tables, its text and reruns."},
        "fullDescription": _text(made_by),
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": f"{short}."},
                "fullDescription": {"text": full},
                "help": {"text": f"{full} Look at the cited place: a cell read wrongly can be the cause."},
                "defaultConfiguration": {"level": level},
            }
            for rule, short, full, level in _RULES
        ],
    }


def _invocation(ledger: Ledger) -> dict[str, Any]:
    unread = [
        {"level": "warning", "message": _text(f"Page {one.page} could not be read: {shorten(one.reason, 500)}")}
        for one in ledger.paper.pages_not_read
    ]
    started = ledger.run.started
    utc = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)", started)
    return {
        "executionSuccessful": True,
        **({"startTimeUtc": started.replace("+00:00", "Z")} if utc else {}),
        **({"toolExecutionNotifications": unread} if unread else {}),
    }


def _claim_result(view: ClaimView, claim: CheckedClaim, home: Paper, papers: Mapping[str, Paper]) -> dict[str, Any]:
    checks = sorted((c for c in claim.verdict.checks if c.label == "refuted"), key=lambda c: -finite(c.score))
    rule = _OF_CHECK[checks[0].kind] if checks else "refuted"
    why = view.derivation or view.reason or "; ".join(view.where) or "no single check refutes it"
    said = f" ({view.said})" if view.said else ""
    sure = f"confidence {view.confidence}" if view.calibrated else "no calibrated confidence"
    result = _result(rule, f"“{view.text}”{said} is refuted: {why}. A machine's verdict, {sure}.", view.accepted)
    result["locations"] = _locations(claim, home)
    related = _related(claim, checks, home, papers)
    if related:
        result["relatedLocations"] = related
    result["partialFingerprints"] = {"claimId/v1": claim.id}
    if suppressions := _suppressions(view.decisions):
        result["suppressions"] = suppressions
    result["properties"] = {
        "claim": claim.id,
        "kind": view.kind,
        "importance": round(finite(claim.importance), 4),
        "confidence": round(finite(claim.verdict.confidence), 4) if view.calibrated else None,
        "abstained": view.abstained,
        "decisions": [f"{one.reviewer} {one.words}" for one in view.decisions if not one.outdated],
    }
    return result


def _finding_result(finding: Finding, home: Paper) -> dict[str, Any]:
    result = _result("inconsistent", finding.text, False)
    places = [_location(e.pointer, home, pointer_words(e.pointer, home, {})) for e in finding.evidence[:_MOST_PLACES]]
    result["locations"] = places[:1] or [{"physicalLocation": {"artifactLocation": _artifact(home)}}]
    result["relatedLocations"] = [
        {"id": number, **place, "message": _text(shorten(e.quote, LONGEST))}
        for number, (place, e) in enumerate(zip(places[1:], finding.evidence[1:], strict=False), 1)
    ]
    about = sorted(finding.claims) or [finding.kind, *(pointer_words(e.pointer, home, {}) for e in finding.evidence)]
    result["partialFingerprints"] = {"claimIds/v1": "+".join(about)}
    result["properties"] = {"claims": list(finding.claims), "kind": finding.kind}
    return result


def _reproduction_results(
    one: Reproduction, view: ReproductionView, locations: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The result of a failed reproduction, [] of any other."""
    if one.verdict in ("not_reproduced_lower", "not_reproduced_higher"):
        rule, found = "not-reproduced", one.verdict.replace("_", " ").replace("reproduced ", "reproduced, ")
    elif one.direction == "contradicted":
        rule, found = "direction-contradicted", "contradicted in its direction"
    else:
        return []
    claimed = f"claimed {view.claimed}, " if view.claimed else ""
    interval = f", interval {view.interval}" if view.interval else ""
    numbers = f"{claimed}reproduced {view.reproduced or 'nothing'}{interval}"
    why = f" It stands beside no claim of the list: {view.why}." if view.why else ""
    result = _result(rule, f"“{view.claim}” is {found} at scale {one.scale}: {numbers}.{why}", False)
    result["locations"] = locations
    result["partialFingerprints"] = {"registryId/v1": f"{one.scale}/{one.registry_id}"}
    result["properties"] = {
        "reproduction": one.registry_id,
        "scale": one.scale,
        "verdict": one.verdict,
        "deviations": list(one.deviations),
        "runs": [{"id": run.id, "predictionsSha256": run.predictions_sha256} for run in one.runs],
    }
    return [result]


def _result(rule: str, message: str, accepted: bool) -> dict[str, Any]:
    level: Level = "error" if accepted else _LEVELS[rule]
    return {"ruleId": rule, "ruleIndex": _INDEX[rule], "kind": "fail", "level": level, "message": _text(message)}


def _text(words: str) -> dict[str, str]:
    """A plain text message: braces would be placeholders, and brackets before a parenthesis a link (3.11.5, 3.11.6)."""
    doubled = plain(words).replace("{", "{{").replace("}", "}}")
    return {"text": re.sub(r"\](?=\()", "] ", doubled)}


def _suppressions(decisions: Sequence[DecisionView]) -> list[dict[str, str]]:
    valid = [one for one in decisions if not one.outdated]
    status = "underReview" if any(one.choice == "accept" for one in valid) else "accepted"
    return [
        {
            "kind": "external",
            "status": status,
            "justification": f"{one.reviewer} rejected the verdict{f': {one.note}' if one.note else ''}",
        }
        for one in valid
        if one.choice == "reject"
    ]


def _locations(claim: CheckedClaim, home: Paper) -> list[dict[str, Any]]:
    """Where the claim is said first. SARIF takes several locations for one problem that has to be solved in each."""
    pointer = claim.places[0].pointer if claim.places else Pointer(paper=home.id)
    return [_location(pointer, home, pointer_words(pointer, home, {}))]


def _related(
    claim: CheckedClaim, checks: Sequence[Check], home: Paper, papers: Mapping[str, Paper]
) -> list[dict[str, Any]]:
    """The cells and sentences that refute the claim, then the other places that say it."""
    evidence = [e for check in checks for e in check.evidence][:_MOST_PLACES]
    found = [(e.pointer, f"{pointer_words(e.pointer, home, papers)}: {shorten(e.quote, LONGEST)}") for e in evidence]
    said = [p.pointer for p in claim.places[1:]][:_MOST_PLACES]
    found += [(pointer, f"also said in: {pointer_words(pointer, home, papers)}") for pointer in said]
    return [
        {
            "id": number,
            **_location(pointer, papers.get(pointer.paper, home), pointer_words(pointer, home, papers)),
            "message": _text(words),
        }
        for number, (pointer, words) in enumerate(found, 1)
    ]


def _location(pointer: Pointer, paper: Paper, words: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(paper)}
    # a line of another kind of source is none of the file that is named
    if pointer.line is not None and pointer.line >= 1 and paper.source_kind in ("latex", "text"):
        physical["region"] = {"startLine": pointer.line}
    logical = {"name": shorten(words, 500), "kind": "table cell" if pointer.table is not None else "text"}
    location: dict[str, Any] = {"physicalLocation": physical, "logicalLocations": [logical]}
    if pointer.page is not None:
        box = {"box": [round(finite(x), 2) for x in pointer.box]} if pointer.box is not None else {}
        location["properties"] = {"page": pointer.page, **box}
    return location


def _artifact(paper: Paper) -> dict[str, Any]:
    """The paper's address, or the name of a local file: its stem, which is the paper's id, and its kind."""
    name = quote(plain(paper.id)[:200].replace("/", "_").replace("\\", "_"), safe="") or "paper"
    return {"uri": paper_link(paper) or f"{name}{_SUFFIXES[paper.source_kind]}"}


def _described(paper: Paper) -> dict[str, Any]:
    known = re.fullmatch(r"[0-9a-f]{64}", paper.source_sha256)
    return {
        "location": _artifact(paper),
        "roles": ["analysisTarget"],
        **({"hashes": {"sha-256": paper.source_sha256}} if known else {}),
        "description": _text(shorten(paper.title, 500) or paper.id),
    }
