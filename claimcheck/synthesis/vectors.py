"""The meaning of claims as vectors, kept in the cache by ledger, so that a second question is quick."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.records import CheckedClaim
from claimcheck.foundation.records.syntheses import SynthesisPaper
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store

__all__ = ["ClaimVectors"]

_KIND = "claim-vectors"


class ClaimVectors:
    """Unit vectors of claims, encoded once for each ledger. Not for several threads."""

    def __init__(self, settings: Settings, encoder: SentenceEncoder) -> None:
        self._store = Store(settings.home)
        self._encoder = encoder
        self._known: dict[str, dict[str, Vectors]] = {}

    def of(self, pairs: Sequence[tuple[SynthesisPaper, CheckedClaim]]) -> Vectors:
        """The vectors (n, 384) of claims in the order given; what the cache lacks is encoded and kept."""
        missing = [(p, c) for p, c in pairs if c.id not in self._of_ledger(p)]
        unique = list({(p.key, c.id): (p, c) for p, c in missing}.values())
        if unique:
            encoded = self._encoder.encode([c.statement or c.text for _, c in unique])
            for (paper, claim), vector in zip(unique, encoded, strict=True):
                self._of_ledger(paper)[claim.id] = vector
            for ledger in sorted({p.ledger_sha256 for p, _ in unique} - {""}):
                self._keep(ledger)
        if not pairs:
            return np.zeros((0, 384), dtype=np.float32)
        return np.stack([self._of_ledger(p)[c.id] for p, c in pairs])

    def _of_ledger(self, paper: SynthesisPaper) -> dict[str, Vectors]:
        name = paper.ledger_sha256 or paper.key
        if name not in self._known:
            data = self._store.get(_KIND, self._key(name)) if paper.ledger_sha256 else None
            self._known[name] = _unpacked(data)
        return self._known[name]

    def _keep(self, ledger: str) -> None:
        known = self._known[ledger]
        out = io.BytesIO()
        ids = sorted(known)
        np.savez(out, ids=np.array(ids), vectors=np.stack([known[i] for i in ids]).astype(np.float32))
        self._store.put(_KIND, self._key(ledger), out.getvalue())

    def _key(self, ledger: str) -> str:
        return f"{self._encoder.name} {ledger}"


def _unpacked(data: bytes | None) -> dict[str, Vectors]:
    if data is None:
        return {}
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            ids, vectors = found["ids"], found["vectors"]
    except (ValueError, KeyError, OSError, EOFError):
        return {}
    if vectors.shape != (len(ids), 384):
        return {}
    return {str(name): vector for name, vector in zip(ids, vectors, strict=True)}
