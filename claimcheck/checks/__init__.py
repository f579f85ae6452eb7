"""Checks: claims against cells and comparisons of tables, statements, texts; and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claimcheck.foundation.records import Claim, Document, Passage, Reliability, Table, Verdict
from claimcheck.foundation.settings import Settings

Evidences = Sequence[Document | Table | Passage]


def check_many(
    pairs: Sequence[tuple[Claim, Evidences]],
    settings: Settings,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """One verdict a (claim, evidence) pair, in order. `progress(done, total)` is called after each group of pairs.

    At a risk above 0 (`settings.risk`) verdicts that are not sure enough for it are marked as abstained.
    """
    from claimcheck.checks.risk import abstain
    from claimcheck.checks.run import run_checks

    return abstain(run_checks(pairs, settings, progress), settings.risk)


def reliability_of(verdicts: Sequence[Verdict]) -> tuple[Reliability, ...]:
    """How confidence met truth on the calibration sets that the verdicts name."""
    from claimcheck.checks import reliability

    return reliability.reliability_of(verdicts)


def why_abstained(verdict: Verdict, risk: float) -> str:
    """One phrase on why a verdict abstains at a risk; "" where it does not."""
    from claimcheck.checks import risk as thresholds

    return thresholds.why_abstained(verdict, risk)


__all__ = ["check_many", "reliability_of", "why_abstained"]
