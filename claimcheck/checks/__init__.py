"""Checks: claims against table cells, comparisons, other passages; and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claimcheck.foundation.records import Claim, Document, Passage, Table, Verdict
from claimcheck.foundation.settings import Settings

Evidences = Sequence[Document | Table | Passage]


def check_many(
    pairs: Sequence[tuple[Claim, Evidences]],
    settings: Settings,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """One verdict a (claim, evidence) pair, in order. `progress(done, total)` is called after each group of pairs."""
    from claimcheck.checks.run import run_checks

    return run_checks(pairs, settings, progress)


__all__ = ["check_many"]
