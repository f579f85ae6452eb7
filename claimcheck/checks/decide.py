"""From what the checks found of a claim to its verdict: rules in order of strength.

1. Cells of a paper's tables that give another number, or show the other direction: refuted.
2. Every result number of the claim has an accepted derivation, or its comparisons hold: supported.
3. Tables that were given as they are, without a paper around them: the model over the statement's programs.
4. A passage from elsewhere says the same or the contrary; the paper itself says the same elsewhere: with less weight.
5. Otherwise: not enough information.

No calibration set applies to 1, 2 and 4, and their verdicts say so; 3 carries its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.checks import statements
from claimcheck.checks.statements import StatementCheck
from claimcheck.foundation.records import Check, Label, Verdict

# refuted claims, as a share of the claims with a numeric check, on 55 papers as they are (benchmarks/results/own_tables.json);
# the papers' own mistakes are counted in, so false alarms are at most this many
FALSE_ALARM_RATE = 0.006


@dataclass(frozen=True)
class Found:
    """What the checks found of one claim.

    `numbers` holds one check a result number, `directions` those of comparisons; `statement` is of bare tables.
    """

    numbers: Sequence[Check] = ()
    directions: Sequence[Check] = ()
    statement: StatementCheck | None = None
    text: Check | None = None

    @property
    def checks(self) -> list[Check]:
        """All checks, those of tables first."""
        statement = [] if self.statement is None else [self.statement.check]
        return [*self.numbers, *self.directions, *statement, *([] if self.text is None else [self.text])]

    @property
    def is_settled(self) -> bool:
        """Whether the cells decide the claim, so that nothing else needs to be read."""
        if any(c.label == "refuted" for c in (*self.numbers, *self.directions)):
            return True
        return bool(self.numbers) and all(c.label == "supported" for c in self.numbers)


def decide(found: Found) -> Verdict:
    """The verdict on one claim."""
    statement, text = found.statement, found.text
    by_cells = _by_cells(found)
    if by_cells is not None and (statement is None or by_cells.label != "not_enough_info"):
        return by_cells
    if statement is not None and (statement.check.label != "not_enough_info" or text is None):
        return _verdict(statement.probabilities, found, statements.calibration())
    if text is not None and text.label != "not_enough_info":
        share = 0.34 + 0.6 * text.score
        rest = 0.1 * (1 - share)
        supported, refuted = (share, rest) if text.label == "supported" else (rest, share)
        return Verdict.of(supported, refuted, _ordered(found.checks, text.label))
    return Verdict.of(0.25, 0.10, found.checks)


def _by_cells(found: Found) -> Verdict | None:
    """The verdict of numbers and comparisons against cells; None where they leave the claim open."""
    numbers, directions, checks = found.numbers, found.directions, found.checks
    refuting = [c for c in (*numbers, *directions) if c.label == "refuted"]
    if refuting:
        strength = max(c.score for c in refuting)
        return Verdict.of(0.05, 0.5 + 0.45 * strength, _ordered(checks, "refuted"))
    if numbers and all(c.label == "supported" for c in numbers):
        strength = min(c.score for c in numbers)
        return Verdict.of(0.55 + 0.42 * strength, 0.03, _ordered(checks, "supported"))
    if numbers and any(c.label == "supported" for c in numbers):
        # part of the claim is in the tables; the rest is open
        return Verdict.of(0.40, 0.08, _ordered(checks, "supported"))
    if directions and not numbers:
        strength = min(c.score for c in directions)
        return Verdict.of(0.5 + 0.42 * strength, 0.05, _ordered(checks, "supported"))
    return None


def _verdict(probabilities: dict[Label, float], found: Found, calibration: str | None) -> Verdict:
    verdict = Verdict.of(probabilities["supported"], probabilities["refuted"], calibration=calibration)
    return verdict.model_copy(update={"checks": _ordered(found.checks, verdict.label)})


def _ordered(checks: Sequence[Check], first: str) -> list[Check]:
    """The checks that carry the verdict first, numbers before comparisons, then by score."""
    return sorted(checks, key=lambda c: (c.label != first, c.kind != "cells", -c.score))
