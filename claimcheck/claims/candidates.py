"""Sentences of a document that may be claims, found by two extractors apart: the trained head, and patterns.

The head gives a probability; the patterns know a result's number, a comparison, a trend, a cause, a first, a finding,
an achievement and a contribution when they see one. A sentence that either finds is a candidate, unless it announces,
hopes or points only: then there is nothing to check, whatever its words.
"""

from __future__ import annotations

from dataclasses import dataclass

from claimcheck.claims.detect import detect_in
from claimcheck.claims.parts import MAIN_PARTS, Part, Parts, parts_of
from claimcheck.claims.patterns import matches_patterns, says_nothing_checkable
from claimcheck.claims.quantities import find_quantities
from claimcheck.foundation.records import Document, Quantity, Sentence
from claimcheck.foundation.settings import Settings

# of the head's probability, by what a sentence is told as. In the abstract and the conclusion nearly all that is said of
# the own work is a claim; how a method works and what others did reads like one more often than it is
THRESHOLD = 0.55
MAIN_THRESHOLD = 0.30
ASIDE_THRESHOLD = 0.70
_ASIDE: frozenset[Part] = frozenset({"related", "appendix", "other"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be a claim, and which of the two extractors found it."""

    index: int  # into Document.sentences
    sentence: Sentence
    quantities: tuple[Quantity, ...]
    probability: float  # the head's
    found_by_head: bool
    found_by_patterns: bool
    part: Part = "other"
    own: bool = False  # told of the paper's own work


def find_candidates(
    document: Document, parts: Parts | None = None, settings: Settings | None = None
) -> list[Candidate]:
    """The candidates of a document in reading order; `parts` are those of the document where they are known already."""
    parts = parts or parts_of(document)
    indices = readable_sentences(document)
    probabilities = detect_in(document, indices, settings)
    out: list[Candidate] = []
    for i, p in zip(indices, probabilities, strict=True):
        sentence, part, own = document.sentences[i], parts.part[i], parts.own[i]
        quantities = find_quantities(sentence.text)
        told_as_main = part in MAIN_PARTS and own
        if says_nothing_checkable(sentence.text, quantities, main=told_as_main):
            continue
        by_head = p >= (MAIN_THRESHOLD if told_as_main else ASIDE_THRESHOLD if part in _ASIDE else THRESHOLD)
        by_patterns = matches_patterns(sentence.text, quantities, part, own)
        if by_head or by_patterns:
            out.append(Candidate(i, sentence, quantities, p, by_head, by_patterns, part, own))
    return out


def readable_sentences(document: Document) -> list[int]:
    """The indices of the sentences that are prose and can claim: no headings, references, captions, table rubble."""
    return [i for i, s in enumerate(document.sentences) if _readable(document, s)]


def _readable(document: Document, sentence: Sentence) -> bool:
    if sentence.kind not in ("abstract", "body", "footnote"):
        return False
    if sentence.section >= 0 and document.sections[sentence.section].kind == "references":
        return False
    words = sentence.text.split()
    letters = sum(w[0].isalpha() and len(w) > 1 for w in words)
    numbers = sum(any(c.isdigit() for c in w) for w in words)
    return 5 <= len(words) <= 150 and letters >= 0.5 * len(words) and not (numbers > 12 and numbers > 0.25 * len(words))
