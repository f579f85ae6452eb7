"""Text against text: search for the sentences that matter to a claim, then entailment; whole papers are held to stricter rules."""

from __future__ import annotations

from claimcheck.checks.text.entailment import TextCheck, calibrated, check_documents, check_texts
from claimcheck.checks.text.search import TextIndex, VectorStore

__all__ = ["TextCheck", "TextIndex", "VectorStore", "calibrated", "check_documents", "check_texts"]
