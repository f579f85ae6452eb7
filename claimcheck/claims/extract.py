"""A document's claims: the sentences that state something checkable, whole, each once with every place that says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.claims.candidates import Candidate, find_candidates, readable_sentences
from claimcheck.claims.completeness import completeness_of
from claimcheck.claims.importance import importance
from claimcheck.claims.kinds import kind_of
from claimcheck.claims.meaning import Meanings
from claimcheck.claims.merge import merge
from claimcheck.claims.parts import parts_of
from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.structure import fill, fill_alone
from claimcheck.claims.wording import Lexicon
from claimcheck.foundation.records import Claim, Completeness, Document, Place, Pointer, Sentence
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import forms

_TABLE_REF = re.compile(r"\b[Tt]ab(?:le|\.)s?\s*~?\(?((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?)")


@dataclass(frozen=True, slots=True)
class Found:
    """The claims of a document in reading order, and how many both extractors are likely to have missed."""

    claims: tuple[Claim, ...]
    completeness: Completeness | None  # None where one of the two extractors found nothing


def find_claims(document: Document, settings: Settings | None = None) -> Found:
    """Every claim of a document, its slots filled, with the estimate of what was missed.

    Every text is a verbatim whole sentence. A claim said several times is one Claim with several places, of which the
    most complete wording is its text.
    """
    parts = parts_of(document)
    candidates = find_candidates(document, parts, settings)
    groups = merge(candidates, Lexicon(document, parts.names), Meanings(candidates, settings))
    claims = [_claim(document, group) for group in groups]
    return Found(
        claims=tuple(fill(document, claims)),
        completeness=completeness_of(candidates, len(readable_sentences(document))),
    )


def extract_claims(document: Document, settings: Settings | None = None) -> list[Claim]:
    """The claims of a document in reading order; with `settings.max_claims` only that many, the most important."""
    return most_important(find_claims(document, settings).claims, settings.max_claims if settings is not None else 0)


def most_important(claims: Sequence[Claim], most: int) -> list[Claim]:
    """The `most` most important claims in their order in the paper; all of them for 0."""
    if not most or len(claims) <= most:
        return list(claims)
    kept = sorted(range(len(claims)), key=lambda i: (-claims[i].importance, i))[:most]
    return [claims[i] for i in sorted(kept)]


def claim_of(text: str, evidence: Sequence[object] = ()) -> Claim:
    """A claim in somebody's own words, with its quantities.

    Where a document of the evidence says much the same, the claim takes that sentence's surroundings as context, so that
    "our model" and a table named beside it are understood. What the sentence itself says is no evidence.
    """
    text = " ".join(text.split())
    quantities = find_quantities(text)
    said = forms(text)
    places: tuple[Place, ...] = ()
    best = 0.6
    for document in evidence:
        if not isinstance(document, Document):
            continue
        for i, sentence in enumerate(document.sentences):
            if sentence.kind not in ("abstract", "body", "footnote", "caption"):
                continue
            theirs = forms(sentence.text)
            share = len(said & theirs) / max(1, len(said | theirs))
            if share > best:
                best, places = share, (_place(document, i, sentence),)
    return fill_alone(
        Claim(
            id=Claim.make_id("", text),
            text=text,
            statement=text,
            kind=kind_of(text, quantities),
            places=places,
            quantities=quantities,
        )
    )


def _claim(document: Document, group: Sequence[Candidate]) -> Claim:
    """One claim from the sentences that state it, of which the first gives the text."""
    lead = group[0]
    text = lead.sentence.text
    kind = kind_of(text, lead.quantities)
    return Claim(
        id=Claim.make_id(document.paper.id, text),
        text=text,
        statement=text,
        kind=kind,
        places=tuple(_place(document, c.index, c.sentence) for c in sorted(group, key=lambda c: c.index)),
        quantities=lead.quantities,
        importance=importance(group, kind),
        probability=round(max(c.probability for c in group), 4),
    )


def _place(document: Document, i: int, sentence: Sentence) -> Place:
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    name = "" if section is None else f"{section.number} {section.title}".strip()
    before = [
        s.text
        for s in document.sentences[max(0, i - 3) : i]
        if s.section == sentence.section and s.paragraph == sentence.paragraph and s.kind == sentence.kind
    ]
    after = [
        s.text
        for s in document.sentences[i + 1 : i + 3]
        if s.section == sentence.section and s.paragraph == sentence.paragraph and s.kind == sentence.kind
    ]
    tables = tuple(dict.fromkeys(m[1] for text in (sentence.text, *before, *after) for m in _TABLE_REF.finditer(text)))
    pointer = Pointer(
        paper=document.paper.id,
        page=sentence.page,
        box=sentence.box,
        line=sentence.line,
        section=name,
        span=sentence.span,
    )
    return Place(pointer=pointer, text=sentence.text, sentence=i, context=" ".join(before), tables=tables)
