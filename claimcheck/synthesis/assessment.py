"""The quality of a synthesis, from 0 to 10: six rubrics with stated formulas, weighed by three reviewers.

Every input is a count over the record, so that the whole assessment can be computed again from synthesis.json. A rubric
that has nothing to be computed from has no score and takes no part; it is never given a middle one. A question that no
paper tests has no evidence and is not covered: both score 0, however well the rest was done.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from claimcheck.foundation.records.syntheses import Assessment, Bearing, Reviewer, Rubric, Synthesis

__all__ = ["REVIEWERS", "STRENGTH", "assess"]

STRENGTH: Mapping[str, float] = {"independent": 1.0, "own_cells": 0.7, "own_text": 0.4, "none": 0.1, "refuted": 0.0}
REVIEWERS: Mapping[str, Mapping[str, float]] = {
    "evidence first": {
        "evidence strength": 4, "numerical consistency": 3, "citation grounding": 1, "coverage": 1,
        "uncertainty disclosure": 1, "reproducibility": 1,
    },
    "method first": {
        "evidence strength": 1, "numerical consistency": 1, "citation grounding": 1, "coverage": 4,
        "uncertainty disclosure": 1, "reproducibility": 3,
    },
    "reader first": {
        "evidence strength": 1, "numerical consistency": 1, "citation grounding": 3, "coverage": 1,
        "uncertainty disclosure": 4, "reproducibility": 1,
    },
}  # fmt: skip
"""How much each reviewer makes of a rubric; a reviewer's score is the weighted mean of the rubrics that have one."""


def assess(synthesis: Synthesis) -> Assessment:
    """The assessment of a synthesis, from its other fields alone; figures are rounded to three digits."""
    rubrics = (
        _evidence(synthesis),
        _numbers(synthesis),
        _grounding(synthesis),
        _coverage(synthesis),
        _uncertainty(synthesis),
        _reproducibility(synthesis),
    )
    scores = {r.name: r.score for r in rubrics if r.score is not None}
    reviewers = tuple(
        Reviewer(name=name, weights=dict(weights), score=_weighted(weights, scores))
        for name, weights in REVIEWERS.items()
    )
    given = [r.score for r in reviewers if r.score is not None]
    if not given:
        return Assessment(rubrics=rubrics, reviewers=reviewers)
    return Assessment(
        rubrics=rubrics,
        reviewers=reviewers,
        overall=round(statistics.fmean(given), 3),
        low=min(given),
        high=max(given),
        sd=round(statistics.stdev(given), 3) if len(given) > 1 else None,
        rubric_sd=round(statistics.stdev(scores.values()), 3) if len(scores) > 1 else None,
    )


def _weighted(weights: Mapping[str, float], scores: Mapping[str, float]) -> float | None:
    total = sum(weights[name] for name in scores)
    return round(sum(weights[name] * score for name, score in scores.items()) / total, 3) if total else None


def _rubric(name: str, formula: str, inputs: dict[str, float], part: float, whole: float, reason: str) -> Rubric:
    """A score of 10 times part over whole, or none and the reason where the whole is 0."""
    if not whole:
        return Rubric(name=name, formula=formula, inputs=inputs, reason=reason)
    return Rubric(name=name, formula=formula, inputs=inputs, score=round(10 * part / whole, 3))


def _evidence(s: Synthesis) -> Rubric:
    first_hand = [b for b in s.answer.bearings if not b.second_hand]
    kinds = [_kind(b) for b in first_hand]
    inputs: dict[str, float] = {kind: kinds.count(kind) for kind in STRENGTH}
    weights = ", ".join(f"{weight:g} for {kind.replace('_', ' ')}" for kind, weight in STRENGTH.items())
    formula = (
        f"10 × sum, over the first-hand claims that bear on the question, of {weights} / their number; 0 without any"
    )
    score = round(10 * sum(STRENGTH[kind] for kind in kinds) / max(1, len(kinds)), 3)
    reason = "" if kinds else "no claim bears on the question, so that nothing supports an answer"
    return Rubric(name="evidence strength", formula=formula, inputs=inputs, score=score, reason=reason)


def _kind(b: Bearing) -> str:
    return "independent" if b.independent and b.evidence != "refuted" else b.evidence


def _numbers(s: Synthesis) -> Rubric:
    held = [
        c.verdict.label
        for p in s.papers
        for c in p.claims
        if any(check.kind in ("cells", "direction") and check.label == c.verdict.label for check in c.verdict.checks)
    ]
    inputs: dict[str, float] = {
        "supported": held.count("supported"),
        "refuted": held.count("refuted"),
        "equal": sum(x.relation == "equal" for x in s.numbers),
        "conflict": sum(x.relation == "conflict" for x in s.numbers),
    }
    good = inputs["supported"] + inputs["equal"]
    return _rubric(
        "numerical consistency",
        "10 × (claims that cells support + numbers equal in two papers) / (these + claims that cells refute + numbers "
        "in conflict)",
        inputs,
        good,
        good + inputs["refuted"] + inputs["conflict"],
        "no claim could be held against table cells, and no number stands in two papers",
    )


def _grounding(s: Synthesis) -> Rubric:
    cited = {(b.paper, b.claim) for b in (*s.answer.bearings, *s.answer.nearest)}
    cited |= {(r.paper, r.claim) for x in s.answer.statements for r in x.citations if r.claim}
    cited |= {(m.paper, m.claim) for c in s.clusters for m in c.members}
    placed = [
        any(
            place.text == claim.text and (place.pointer.page or place.pointer.line or place.pointer.section)
            for place in claim.places
        )
        for claim in (s.claim(*one) for one in sorted(cited))
    ]
    quotes = [x for x in s.answer.statements if x.kind == "quote"]
    verbatim = [any(x.text == s.claim(r.paper, r.claim).text for r in x.citations) for x in quotes]
    inputs: dict[str, float] = {
        "cited_claims": len(placed),
        "with_place": sum(placed),
        "quotes": len(quotes),
        "verbatim": sum(verbatim),
    }
    return _rubric(
        "citation grounding",
        "10 × (cited claims whose words stand at a page, line or section + verbatim quotes) / (cited claims + quotes)",
        inputs,
        sum(placed) + sum(verbatim),
        len(placed) + len(quotes),
        "nothing is cited",
    )


def _coverage(s: Synthesis) -> Rubric:
    asked = [d for d in s.method.databases if d.status != "skipped"]
    answered = sum({"ok": 1.0, "partial": 0.5}.get(d.status, 0.0) for d in asked)
    full = sum(p.basis == "full_text" for p in s.papers if p.kept)
    inputs: dict[str, float] = {
        "sought": s.flow.sought,
        "included": s.flow.included,
        "full_text": full,
        "databases_asked": len(asked),
        "databases_answered": answered,
        "databases_skipped": len(s.method.databases) - len(asked),
        "papers_that_bear": len({b.paper for b in s.answer.bearings if not b.second_hand}),
    }
    formula = (
        "10 × mean of: included / sought papers; full texts / included papers; databases that answered (a part counts "
        "half) / all databases, those that were not asked among them; 0 where no paper tests the question"
    )
    shares = [
        x / y
        for x, y in (
            (s.flow.included, s.flow.sought),
            (full, s.flow.included),
            (answered, len(s.method.databases)),
        )
        if y
    ]
    tested = sum(shares) if inputs["papers_that_bear"] else 0.0
    return _rubric("coverage", formula, inputs, tested, len(shares), "nothing was searched")


def _uncertainty(s: Synthesis) -> Rubric:
    decided = [c.verdict for p in s.papers for c in p.claims if c.verdict.label != "not_enough_info"]
    calibrated = sum(v.calibration is not None for v in decided)
    return _rubric(
        "uncertainty disclosure",
        "10 × verdicts “supported” or “refuted” whose confidence has a calibration set / all such verdicts",
        {"decided": len(decided), "calibrated": calibrated},
        calibrated,
        len(decided),
        "no verdict decides anything",
    )


def _reproducibility(s: Synthesis) -> Rubric:
    kept = [p for p in s.papers if p.kept]
    inputs: dict[str, float] = {
        "included": len(kept),
        "with_source_hash": sum(bool(p.paper.source_sha256) for p in kept),
        "with_ledger_hash": sum(bool(p.ledger_sha256) for p in kept),
        "databases": len(s.method.databases),
        "with_query_and_date": sum(bool(d.date and (d.query or d.status == "skipped")) for d in s.method.databases),
        "run_described": float(bool(s.run.versions and s.run.models and s.run.started)),
    }
    shares = [inputs["run_described"]]
    if kept:
        shares += [inputs["with_source_hash"] / len(kept), inputs["with_ledger_hash"] / len(kept)]
    if s.method.databases:
        shares.append(inputs["with_query_and_date"] / len(s.method.databases))
    return _rubric(
        "reproducibility",
        "10 × mean of: run described (versions, models, time); papers with the hash of their source; papers with the "
        "hash of their ledger; databases with query and date",
        inputs,
        sum(shares),
        len(shares),
        "nothing is recorded",
    )
