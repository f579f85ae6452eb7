"""From the checks of a claim to its verdict: rules in order of strength, first version, not yet calibrated.

1. A table derivation that gives another number, or cells that show the other direction: refuted.
2. Every result number of the claim has an accepted derivation: supported.
3. A passage from elsewhere says the same or the contrary; the paper itself says the same elsewhere: supported or refuted,
   with less weight.
4. Otherwise: not enough information.
"""

from __future__ import annotations

from collections.abc import Sequence

from claimcheck.foundation.records import Check, Verdict

# refuted claims, as a share of the claims with a numeric check, on 55 papers as they are (benchmarks/results/own_tables.json);
# the papers' own mistakes are counted in, so false alarms are at most this many
FALSE_ALARM_RATE = 0.006
CALIBRATION = None  # no calibration set applies to these rules; reports print "uncalibrated"


def decide(numbers: Sequence[Check], directions: Sequence[Check], text: Check | None) -> Verdict:
    """The verdict. `numbers` holds one check a result number of the claim, `directions` those of its comparisons."""
    checks = [*numbers, *directions, *([text] if text is not None else [])]
    refuting = [c for c in (*numbers, *directions) if c.label == "refuted"]
    if refuting:
        strength = max(c.score for c in refuting)
        return Verdict.of(0.05, 0.5 + 0.45 * strength, _ordered(checks, "refuted"), calibration=CALIBRATION)
    if numbers and all(c.label == "supported" for c in numbers):
        strength = min(c.score for c in numbers)
        return Verdict.of(0.55 + 0.42 * strength, 0.03, _ordered(checks, "supported"), calibration=CALIBRATION)
    if numbers and any(c.label == "supported" for c in numbers):
        # part of the claim is in the tables; the rest is open
        return Verdict.of(0.40, 0.08, _ordered(checks, "supported"), calibration=CALIBRATION)
    if directions and not numbers:
        strength = min(c.score for c in directions)
        return Verdict.of(0.5 + 0.42 * strength, 0.05, _ordered(checks, "supported"), calibration=CALIBRATION)
    if text is not None:
        share = 0.34 + 0.6 * text.score
        rest = 0.5 * (1 - share)
        if text.label == "supported":
            return Verdict.of(share, 0.2 * rest, _ordered(checks, "supported"), calibration=CALIBRATION)
        if text.label == "refuted":
            return Verdict.of(0.2 * rest, share, _ordered(checks, "refuted"), calibration=CALIBRATION)
    return Verdict.of(0.25, 0.10, checks, calibration=CALIBRATION)


def _ordered(checks: Sequence[Check], first: str) -> list[Check]:
    """The checks that carry the verdict first, numbers before comparisons, then by score."""
    return sorted(checks, key=lambda c: (c.label != first, c.kind != "cells", -c.score))
