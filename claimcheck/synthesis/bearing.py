"""Whether a claim bears on a question: it must name the thing asked about, not only speak of its topic.

A claim bears where all hold: the cosine of question and claim reaches `topic`; the claim itself names the factor, and
what it is set against, to the shares `factor` and `against`, the weightiest word of the factor among them; the claim or
its paper names outcome and scope to the shares `outcome` and `scope`; and it states a finding, not how something was
done. The thresholds were set on questions of our own over 55 papers (benchmarks/synthesis).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from claimcheck.claims.taxonomy import Taxonomy
from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.own_systems import is_cited
from claimcheck.foundation.records import CheckedClaim
from claimcheck.foundation.records.syntheses import Bearing, Question, SynthesisPaper
from claimcheck.synthesis.coverage import Coverage, Said, said_of, said_words
from claimcheck.synthesis.stance import Effect, effect_of, stance_of

__all__ = ["THRESHOLDS", "Judged", "NamedBy", "evidence_of", "has_own_cells", "is_second_hand", "judge_claims"]

THRESHOLDS: Mapping[str, float] = {"topic": 0.30, "factor": 0.65, "against": 0.50, "outcome": 0.45, "scope": 0.50}
WEIGHTS: Mapping[str, float] = {"topic": 2, "factor": 3, "against": 2, "outcome": 2, "scope": 1}
_CANDIDATES = 250  # claims that are held against the question one by one
_OF_THE_PAPER = 0.75  # what a word of the outcome counts that only the paper's title or abstract names
_FINDINGS = frozenset(("numeric", "comparison", "ranking", "trend", "ablation", "causal"))
_OWN = re.compile(r"\b(?:we|our|ours|us|this\s+(?:paper|work|study))\b", re.I)
_INTENDED = re.compile(
    r"\b(?:we\s+(?:proposed?|introduced?|presented?|developed?|present|use|adopt|employ|apply|follow|train|set|define|describe|explore|investigate|examine|study|consider|hypothesi[sz]e|argue|believe|expect|conjecture)"
    r"|will\s+benefit|is\s+likely|may|might|could|future\s+work|in\s+order\s+to|aims?\s+to|to\s+see\s+(?:whether|if)|we\s+ask|the\s+goal)\b|^to\s+(?:\w+ly\s+)?\w+.{0,120}?,\s+we\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim held against the question: the bearing record, and what the claim says of the factor."""

    bearing: Bearing
    effect: Effect


def judge_claims(
    question: Question,
    papers: Sequence[SynthesisPaper],
    encode: Callable[[Sequence[tuple[SynthesisPaper, CheckedClaim]]], Vectors],
    taxonomy: Taxonomy,
    encoder: SentenceEncoder,
) -> list[Judged]:
    """The claims nearest to the question, each with how far it bears on it; the strongest first.

    `encode` gives the unit vectors of claims; it is asked for those that name enough of the question alone.
    """
    listed = [(paper, claim) for paper in papers for claim in paper.claims]
    if not listed:
        return []
    said = [said_of(claim, taxonomy) for _, claim in listed]
    whole = {p.key: said_words(f"{p.paper.title} . {p.paper.abstract or p.work.abstract}", taxonomy) for p in papers}
    coverage = Coverage.over(said, taxonomy, encoder)
    chosen = _candidates(question, said, coverage)
    if not chosen:
        return []
    topics = encode([listed[i] for i in chosen]) @ encoder.encode([question.text])[0]
    parts = (question.factor, question.against, question.outcome, question.scope)
    coverage.prepare(parts, [said[i] for i in chosen])
    judged = [
        _judge(question, *listed[i], said[i], whole[listed[i][0].key], float(topic), coverage)
        for i, topic in zip(chosen, topics, strict=True)
    ]
    return sorted(judged, key=lambda j: (not j.bearing.bears, -j.bearing.score, j.bearing.paper, j.bearing.claim))


@dataclass(frozen=True, slots=True)
class NamedBy:
    """The coverage of texts, as the rules of stance.py ask for it."""

    coverage: Coverage

    def share(self, phrase: str, text: str) -> float:
        if not text or not phrase:
            return 0.0
        return self.coverage.share(phrase, said_words(text, self.coverage.taxonomy)) or 0.0

    def span(self, phrase: str, text: str) -> tuple[int, int] | None:
        return self.coverage.span(phrase, text)


def _candidates(question: Question, said: Sequence[Said], coverage: Coverage) -> list[int]:
    """The claims that name most of the factor, then most of all the question's words."""
    asked, words = question.factor or question.text, " ".join(question.words)
    named = [
        (
            coverage.share(asked, one) or 0.0,
            (coverage.share(question.against, one) or 0.0) + (coverage.share(words, one) or 0.0),
            -i,
        )
        for i, one in enumerate(said)
    ]
    best = sorted(named, reverse=True)[:_CANDIDATES]
    return sorted(-i for factor, rest, i in best if factor + rest > 0)


def _judge(
    question: Question,
    paper: SynthesisPaper,
    claim: CheckedClaim,
    said: Said,
    whole: Said,
    topic: float,
    coverage: Coverage,
) -> Judged:
    # a question of which nothing but its words is known asks for all of them
    asked = question.factor or " ".join(question.words)
    shares: dict[str, float | None] = {
        "topic": round(topic, 4),
        "factor": coverage.share(asked, said),
        "against": coverage.share(question.against, said),
        "outcome": coverage.share(question.outcome, said, whole, _OF_THE_PAPER),
        "scope": coverage.share(question.scope, said, whole),
    }
    effect = effect_of(question, claim, NamedBy(coverage))
    lacks = [name for name, value in shares.items() if value is not None and value < THRESHOLDS[name]]
    rarest = coverage.rarest(asked, said)
    apart = coverage.apart(asked, claim.statement or claim.text)
    if (rarest < 0.5 or apart) and "factor" not in lacks:
        lacks.append("factor")
    if "scope" not in lacks and _other_data(question, claim, coverage.taxonomy):
        lacks.append("scope")
    finding = _is_finding(claim, effect, question)
    given = {name: value for name, value in shares.items() if value is not None}
    score = sum(WEIGHTS[n] * max(0.0, v) for n, v in given.items()) / sum(WEIGHTS[n] for n in given)
    second_hand = is_second_hand(claim)
    return Judged(
        Bearing(
            paper=paper.key,
            claim=claim.id,
            bears=not lacks and finding,
            score=round(score, 4),
            topic=round(topic, 4),
            factor=shares["factor"] or 0.0,
            against=shares["against"],
            outcome=shares["outcome"],
            scope=shares["scope"],
            stance=stance_of(question, effect),
            reason=_reason(question, asked, lacks, finding, effect, said, whole, coverage),
            second_hand=second_hand,
            evidence=evidence_of(claim),
        ),
        effect,
    )


def _other_data(question: Question, claim: CheckedClaim, taxonomy: Taxonomy) -> bool:
    """Whether the question names a dataset and the claim names others alone."""
    asked, named = (
        {e.name for m in taxonomy.datasets.find(text) for e in m.entries}
        for text in (question.scope, claim.statement or claim.text)
    )
    return bool(asked and named and not asked & named)


def _reason(
    question: Question,
    asked: str,
    lacks: Sequence[str],
    finding: bool,
    effect: Effect,
    said: Said,
    whole: Said,
    coverage: Coverage,
) -> str:
    if not lacks and finding:
        return effect.reason or "names what is asked about"
    both = Said(said.words | whole.words, said.names | whole.names, said.joined | whole.joined)
    phrases = {
        "factor": (asked, said),
        "against": (question.against, said),
        "outcome": (question.outcome, both),
        "scope": (question.scope, both),
    }
    missing: list[str] = []
    for name in lacks:
        if name in phrases:
            missing += coverage.missing(*phrases[name])
    words = ", ".join(f"“{w}”" for w in dict.fromkeys(missing[:4]))
    if words:
        return f"does not name {words}"
    return (
        "speaks of other data or of something else"
        if lacks
        else "says how something is done or what others found, not what came of it"
    )


def _is_finding(claim: CheckedClaim, effect: Effect, question: Question) -> bool:
    text = claim.statement or claim.text
    if text.rstrip().endswith("?") or (claim.kind == "method" and not effect.sign):
        return False
    if _INTENDED.search(text) and not any(c.better is not None for c in claim.comparisons) and not _has_numbers(claim):
        return False
    if question.direction is not None and effect.sign == "same" and not question.against:
        return False
    return bool(effect.sign) or (question.direction is None and claim.kind in _FINDINGS)


def _has_numbers(claim: CheckedClaim) -> bool:
    return any(q.role in ("value", "delta", "relative", "ratio") and q.decimals for q in claim.quantities)


def is_second_hand(claim: CheckedClaim) -> bool:
    """Whether a claim tells of other people's findings: it opens with a citation and speaks of nothing of its own.

    A citation towards the end is mostly what the paper's own finding is compared with.
    """
    opening = claim.text[: len(claim.text) // 2]
    return (claim.kind == "background" or is_cited(opening)) and not _OWN.search(claim.text)


def has_own_cells(claim: CheckedClaim) -> bool:
    """Whether cells of the paper's own tables support the claim, in rows that cite nobody."""
    if claim.verdict.label != "supported":
        return False
    cells = [
        e.pointer
        for check in claim.verdict.checks
        if check.kind in ("cells", "direction", "statement") and check.label == "supported"
        for e in check.evidence
        if e.pointer.table is not None
    ]
    return bool(cells) and any(not is_cited(p.row or "") and not is_cited(p.column or "") for p in cells)


def evidence_of(claim: CheckedClaim) -> str:
    """What the paper itself has for the claim: "own_cells", "own_text", "refuted" or "none"."""
    if claim.verdict.label == "refuted":
        return "refuted"
    if claim.verdict.label == "not_enough_info":
        return "none"
    return "own_cells" if has_own_cells(claim) else "own_text"
