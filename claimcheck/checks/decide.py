"""From what the checks found of a claim to its verdict: rules in order of strength.

1. Cells of a paper's tables that give another number, or show the other direction: refuted.
2. Every result number of the claim has an accepted derivation, or its comparisons hold: supported.
3. Tables that were given as they are, without a paper around them: the model over the statement's programs.
4. Texts: the paper itself says the same elsewhere; a passage has the claim's own words, with its numbers or others; what
   passages and other papers say, by the pair model.
5. Otherwise: not enough information.

On a table that stands alone 3 comes before 1 and 2, but for the prose of papers: on TabFact's and InfoTabS' tables that trained
nothing the model is right on 86 % of the statements that numbers and comparisons would settle, those on 71 %, and they add
nothing to it. In the prose of papers, which no set has that trained it, the model is no surer guide than the rules.

The first two of 4 are not calibrated, and their verdicts say so; all others carry their calibration set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.checks import statements
from claimcheck.checks.reliability import by_cells, in_paper
from claimcheck.checks.statements import StatementCheck
from claimcheck.checks.text import TextCheck, calibrated
from claimcheck.foundation.records import Check, Label, Verdict

# refuted claims, as a share of the claims with a numeric check, on 55 papers as they are (benchmarks/results/own_tables.json);
# the papers' own mistakes are counted in, so false alarms are at most this many
FALSE_ALARM_RATE = 0.004


@dataclass(frozen=True)
class Found:
    """What the checks found of one claim.

    `numbers` holds one check a result number, `directions` those of comparisons; `statement` is of bare tables.
    """

    numbers: Sequence[Check] = ()
    directions: Sequence[Check] = ()
    statement: StatementCheck | None = None
    text: TextCheck | None = None

    @property
    def checks(self) -> list[Check]:
        """All checks, those of tables first."""
        words = [one.check for one in (self.statement, self.text) if one is not None]
        return [*self.numbers, *self.directions, *words]

    @property
    def is_settled(self) -> bool:
        """Whether the cells decide the claim, so that nothing else needs to be read."""
        if any(c.label == "refuted" for c in (*self.numbers, *self.directions)):
            return True
        return bool(self.numbers) and all(c.label == "supported" for c in self.numbers)


def decide(found: Found) -> Verdict:
    """The verdict on one claim."""
    statement, text = found.statement, found.text
    settled = _by_cells(found)
    if settled is not None and (statement is None or _goes_first(settled, statement)):
        return settled
    if statement is not None and (statement.check.label != "not_enough_info" or text is None):
        return _verdict(statement.probabilities, found, statements.calibration())
    if text is not None:
        if text.model:
            probabilities, calibration = calibrated(text)
            return _verdict(probabilities, found, calibration)
        # the paper says the same elsewhere
        share = 0.34 + 0.6 * text.check.score
        return Verdict.of(share, 0.1 * (1 - share), _ordered(found.checks, "supported"))
    return Verdict.of(0.25, 0.10, found.checks)


def _goes_first(settled: Verdict, statement: StatementCheck) -> bool:
    """Whether what cells say goes before the model of statements."""
    if settled.label == "not_enough_info":
        return False
    return in_paper(settled.checks, settled.label) or statements.is_prose(statement)


def said_by_cells(found: Found) -> Label | None:
    """What numbers and comparisons against cells say: "not_enough_info" where part of the numbers is open, else None."""
    numbers, directions = found.numbers, found.directions
    if any(c.label == "refuted" for c in (*numbers, *directions)):
        return "refuted"
    if numbers and any(c.label == "supported" for c in numbers):
        return "supported" if all(c.label == "supported" for c in numbers) else "not_enough_info"
    held = bool(directions) and not numbers and all(c.label == "supported" for c in directions)
    return "supported" if held else None


def _by_cells(found: Found) -> Verdict | None:
    """The verdict of numbers and comparisons against cells; None where they leave the claim open."""
    label = said_by_cells(found)
    if label is None:
        return None
    if label == "not_enough_info":
        # part of the claim is in the tables; the rest is open
        return Verdict.of(0.40, 0.08, _ordered(found.checks, "supported"))
    return by_cells(label, _ordered(found.checks, label))


def _verdict(probabilities: dict[Label, float], found: Found, calibration: str | None) -> Verdict:
    verdict = Verdict.of(probabilities["supported"], probabilities["refuted"], calibration=calibration)
    return verdict.model_copy(update={"checks": _ordered(found.checks, verdict.label)})


def _ordered(checks: Sequence[Check], first: str) -> list[Check]:
    """The checks that carry the verdict first, numbers before comparisons, then by score."""
    return sorted(checks, key=lambda c: (c.label != first, c.kind != "cells", -c.score))
