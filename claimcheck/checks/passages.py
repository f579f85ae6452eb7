"""Text against text: the sentences nearest in meaning to a claim, their numbers and negation compared.

Inside one paper a sentence that says the same is consistency, never proof, and a similar sentence never refutes
(DESIGN.md section 3). Passages from elsewhere can do both.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Check, Claim, Document, Evidence, Passage, Pointer
from claimcheck.foundation.words import forms

SAME_MEANING = 0.72  # cosine from which a passage says the same
SAME_WORDS = 0.9  # and from which a sentence of the same paper without numbers does
CANDIDATES = 6  # sentences that are embedded for a claim, chosen by shared words
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|n't|without|fails?|failed|unable|cannot|hardly|lack(?:s|ed)?)\b", re.I
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\d])")
_TURNED = [
    (re.compile(r"\b(?:increas|rais|ris(?:e|es|ing)\b|higher|greater|improv|more\b|promot|enhanc|gain|better|outperform)", re.I),
     re.compile(r"\b(?:decreas|reduc|lower|less\b|fewer|worsen|inhibit|suppress|impair|drop|loss|worse|underperform|degrad)", re.I)),
]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One sentence that can be evidence."""

    text: str
    pointer: Pointer
    own: bool  # from the claim's own paper
    said: frozenset[str]
    index: int = -1


class PassageIndex:
    """The sentences of some documents and passages, with word weights; vectors are made for few of them, on demand."""

    def __init__(self, evidence: Sequence[Document | Passage], encoder: SentenceEncoder) -> None:
        self._lines = [line for item in evidence for line in _lines(item)]
        counts = Counter(f for line in self._lines for f in line.said)
        total = max(1, len(self._lines))
        self._weight = {f: math.log(1 + total / n) for f, n in counts.items()}
        self._encoder = encoder
        self._vectors: dict[str, np.ndarray] = {}

    def candidates(self, claim: Claim, own_paper: str) -> list[Line]:
        """The lines that share most weighted words with a claim, its own places left out."""
        said = forms(claim.text)
        places = {p.sentence for p in claim.places}
        own_words = "".join(c for c in claim.text.lower() if c.isalnum())
        total = sum(self._weight.get(f, 0.5) for f in said) or 1.0
        scored = []
        for i, line in enumerate(self._lines):
            if (line.pointer.paper == own_paper and line.own and line.index in places) or not line.said:
                continue
            if line.own and "".join(c for c in line.text.lower() if c.isalnum()) == own_words:
                continue
            share = sum(self._weight[f] for f in said & line.said) / total
            if share >= (0.35 if line.own else 0.15):
                scored.append((-share, i))
        return [self._lines[i] for _, i in sorted(scored)[:CANDIDATES]]

    def embed(self, texts: Sequence[str]) -> None:
        """Makes the vectors of texts that have none yet, in one call."""
        new = [t for t in dict.fromkeys(texts) if t not in self._vectors]
        if new:
            for text, vector in zip(new, self._encoder.encode(new), strict=True):
                self._vectors[text] = vector

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two embedded texts."""
        return float(self._vectors[a] @ self._vectors[b])


def _lines(item: Document | Passage) -> list[Line]:
    if isinstance(item, Document):
        out = []
        for i, s in enumerate(item.sentences):
            if s.kind in ("abstract", "body", "caption") and len(s.text) > 25:
                section = item.sections[s.section] if s.section >= 0 else None
                name = "" if section is None else f"{section.number} {section.title}".strip()
                pointer = Pointer(paper=item.paper.id, page=s.page, box=s.box, line=s.line, section=name, span=s.span)
                out.append(Line(s.text, pointer, True, forms(s.text), i))
        return out
    texts = [t for t in _SENTENCE_END.split(item.text[:1_000_000]) if t.strip()]
    return [Line(t, Pointer(paper=item.source), False, forms(t)) for t in texts]


def check_texts(
    claims: Sequence[Claim], candidates: Sequence[Sequence[Line]], index: PassageIndex
) -> list[Check | None]:
    """For each claim the check of its best passage, or None where none says the same."""
    index.embed(
        [
            t
            for claim, lines in zip(claims, candidates, strict=True)
            if lines
            for t in (claim.text, *(x.text for x in lines))
        ]
    )
    return [_best(claim, lines, index) for claim, lines in zip(claims, candidates, strict=True)]


def _best(claim: Claim, lines: Sequence[Line], index: PassageIndex) -> Check | None:
    found = sorted(((index.similarity(claim.text, x.text), x) for x in lines), key=lambda pair: -pair[0])
    for cosine, line in found:
        if cosine < SAME_MEANING:
            return None
        check = _compare(claim, line, cosine)
        if check is not None:
            return check
    return None


def _compare(claim: Claim, line: Line, cosine: float) -> Check | None:
    """Supported where numbers and polarity agree; refuted where one differs and the passage is from elsewhere."""
    numbers, theirs = _numbers(claim.text), _numbers(line.text)
    negated = (len(_NEGATION.findall(claim.text)) - len(_NEGATION.findall(line.text))) % 2 == 1
    turned = any(
        (
            bool(up.search(claim.text))
            and bool(down.search(line.text))
            and not bool(up.search(line.text))
            and not bool(down.search(claim.text))
        )
        or (
            bool(down.search(claim.text))
            and bool(up.search(line.text))
            and not bool(down.search(line.text))
            and not bool(up.search(claim.text))
        )
        for up, down in _TURNED
    )
    evidence = [Evidence(quote=line.text, pointer=line.pointer)]
    score = round(min(1.0, max(0.0, (cosine - 0.5) * 1.8)), 4)
    contrary = negated != turned
    if line.own and not numbers and cosine < SAME_WORDS:
        return None  # without a number to share, only nearly the same words are the same claim
    if line.own and numbers != theirs:
        return None  # "between 0.9 and 3.4" is not "3.4"
    if numbers <= theirs and not contrary:
        reason = "the paper says the same elsewhere" if line.own else "the passage says the same"
        return Check(
            kind="text", label="supported", score=score * (0.8 if numbers else 0.6), evidence=evidence, reason=reason
        )
    if line.own:
        return None
    if contrary and numbers <= theirs:
        return Check(
            kind="text", label="refuted", score=score * 0.6, evidence=evidence, reason="the passage says the contrary"
        )
    if numbers and theirs and not (numbers & theirs) and cosine >= 0.85:
        return Check(
            kind="text", label="refuted", score=score * 0.5, evidence=evidence, reason="the passage gives other numbers"
        )
    return None


def _numbers(text: str) -> frozenset[str]:
    return frozenset(x.replace(",", "") for x in _NUMBER.findall(text) if "." in x or len(x) > 1)
