"""Fills claims: the slots of every quantity, the comparisons, and the self-contained statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from claimcheck.claims.structure.comparisons import comparisons
from claimcheck.claims.structure.names import Vocabulary
from claimcheck.claims.structure.phrases import MAX_CHARACTERS
from claimcheck.claims.structure.sentence import Pointed, Reading, pointed_to
from claimcheck.claims.structure.slots import with_slots
from claimcheck.claims.structure.statement import statement_of
from claimcheck.foundation.records import Claim, Document, Table

_TABLE = re.compile(r"\b[Tt]ab(?:le|\.)s?\s*~?\(?((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?)(?:\s*(?:and|,|&)\s*(\d+))?")
_MAX_BEFORE = 3


def fill(document: Document, claims: Sequence[Claim]) -> list[Claim]:
    """The same claims in the same order, with slots, comparisons and statement from what the document says around them.

    Names stay as the paper prints them; a slot that nothing says for certain stays empty. Raises UsageError where the
    user's own taxonomy.toml cannot be read.
    """
    if not claims:
        return []
    vocabulary = Vocabulary.of(document)
    # a number that several tables stand under names none of them for certain
    numbers = Counter(t.number for t in document.tables)
    tables = {t.number: t for t in document.tables if numbers[t.number] == 1} | {t.label: t for t in document.tables}
    pointed: dict[tuple[str, ...], Pointed] = {}
    return [
        _filled(claim, vocabulary, _before(document, claim), _tables(claim, tables, vocabulary, pointed))
        for claim in claims
    ]


def fill_alone(claim: Claim) -> Claim:
    """A claim in somebody's own words, filled from those words alone; the context of its place serves for pronouns."""
    before = [claim.places[0].context] if claim.places and claim.places[0].context else []
    return _filled(claim, Vocabulary.of(None), before, Pointed())


def _filled(claim: Claim, vocabulary: Vocabulary, before: Sequence[str], pointed: Pointed) -> Claim:
    if len(claim.text) > MAX_CHARACTERS or not claim.text.strip():
        return claim.model_copy(update={"statement": claim.text})
    reading = Reading.of(claim.text, claim.quantities, vocabulary, before, pointed)
    quantities = with_slots(reading)
    compared = comparisons(reading)
    statement = statement_of(reading, quantities, compared)
    return claim.model_copy(update={"quantities": quantities, "comparisons": compared, "statement": statement})


def _before(document: Document, claim: Claim) -> list[str]:
    """The sentences just before a claim's in its paragraph, the nearest last."""
    place = next((p for p in claim.places if p.text == claim.text), claim.places[0] if claim.places else None)
    if place is None:
        return []
    i = place.sentence
    if not 0 <= i < len(document.sentences):
        return [place.context] if place.context else []
    here = document.sentences[i]
    out: list[str] = []
    for s in reversed(document.sentences[max(0, i - _MAX_BEFORE) : i]):
        if (s.section, s.paragraph, s.kind) != (here.section, here.paragraph, here.kind):
            break
        out.append(s.text)
    return out[::-1]


def _tables(
    claim: Claim, tables: Mapping[str, Table], vocabulary: Vocabulary, known: dict[tuple[str, ...], Pointed]
) -> Pointed:
    """What the table says that the sentence names, else the one that its paragraph names."""
    named = tuple(
        dict.fromkeys(
            x for m in _TABLE.finditer(claim.text[:MAX_CHARACTERS]) for x in m.groups() if x is not None and x in tables
        )
    )
    near = named or tuple(
        dict.fromkeys(x for p in claim.places if p.text == claim.text for x in p.tables if x in tables)
    )
    if near not in known:
        known[near] = pointed_to([tables[x] for x in near], vocabulary)
    return known[near]
