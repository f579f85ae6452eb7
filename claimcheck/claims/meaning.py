"""How near in meaning two sentences are that stand where a paper says its claims again: abstract, introduction, conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from claimcheck.claims.candidates import Candidate
from claimcheck.claims.parts import Part
from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.settings import Settings

_SAYS_AGAIN: frozenset[Part] = frozenset({"abstract", "introduction", "conclusion"})
_MOST = 120  # sentences that are embedded, in reading order; a paper has some 30


@cache
def _encoder(settings: Settings) -> SentenceEncoder:
    return SentenceEncoder(settings)


class Meanings:
    """Vectors of the candidates of those parts; made at once, since few sentences at a time take longer."""

    def __init__(self, candidates: Sequence[Candidate], settings: Settings | None = None) -> None:
        chosen = [c for c in candidates if c.part in _SAYS_AGAIN][:_MOST]
        self._rows = {c.index: row for row, c in enumerate(chosen)}
        self._vectors: Vectors | None = None
        if len({c.part for c in chosen}) > 1:
            self._vectors = _encoder(settings or Settings.load()).encode([c.sentence.text for c in chosen])

    def cosine(self, a: Candidate, b: Candidate) -> float:
        """Cosine of two candidates of different parts; 0 where one stands elsewhere or both in one part."""
        row, other = self._rows.get(a.index), self._rows.get(b.index)
        if self._vectors is None or row is None or other is None or a.part == b.part:
            return 0.0
        return float(self._vectors[row] @ self._vectors[other])
