"""Chance control: claimed numbers replaced by random ones of the same form; how many still find an accepted derivation.

The sentence stays as it is, so that rows and columns are found as before and only the number is meaningless. One number
is replaced at a time, the others of its sentence stay true: that is the hardest case, for they pull it to their table.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.own_tables.untouched import CheckedPaper
from claimcheck.checks.cells import check_numbers, checkable
from claimcheck.checks.table_index import TableIndex, index_document
from claimcheck.foundation.records import Claim, Quantity

SEED = 7
DRAWS = 5
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")


@dataclass(frozen=True)
class Draw:
    """One random number put in the place of a claimed one."""

    paper: str
    claim: str  # id
    claimed: str  # the quantity as printed
    random: str  # what stood in its place
    was_supported: bool  # the claimed number had an accepted derivation
    accepted: bool  # the random number has one


def random_number(printed: str, rng: random.Random) -> str:
    """A random number with as many digits before and behind the point, never the same; "0" before the point stays.

    "85.3" gives "10.0" to "99.9", "0.853" gives "0.000" to "0.999", "1,234" keeps its comma.
    """
    while True:
        drawn = "".join(rng.choice("0123456789") if c.isdigit() else c for c in printed)
        if printed[0] == "0" and printed[1:2] == ".":
            drawn = "0" + drawn[1:]
        elif printed[0].isdigit() and drawn[0] == "0" and printed[1:2] != ".":
            drawn = rng.choice("123456789") + drawn[1:]
        if drawn != printed:
            return drawn


def with_random(claim: Claim, quantity: Quantity, rng: random.Random) -> tuple[Claim, Quantity] | None:
    """The claim with random numbers in the place of one quantity, and that quantity; None where it has no digits.

    The text keeps its length, so that every other span stays right. Of a range both ends are drawn, the lower first.
    """
    start, end = quantity.span
    printed = claim.text[start:end]
    found = list(_DIGITS.finditer(printed))[: 1 if quantity.high is None else 2]
    true = [_value(m[0]) for m in found]
    if len(found) < (1 if quantity.high is None else 2) or not all(true):
        return None
    drawn = [random_number(m[0], rng) for m in found]
    while sorted(drawn, key=_value) != drawn:
        drawn = [random_number(m[0], rng) for m in found]
    for match, new in zip(found, drawn, strict=True):
        printed = printed[: match.start()] + new + printed[match.end() :]
    # sign and scale ("1.5M") stay as the reader of the quantity understood them
    values = [
        _value(new) * q / old for new, q, old in zip(drawn, (quantity.value, quantity.high or 0), true, strict=False)
    ]
    changed = quantity.model_copy(
        update={"text": printed, "value": values[0], "high": None if quantity.high is None else values[1]}
    )
    quantities = tuple(changed if q is quantity else q for q in claim.quantities)
    text = claim.text[:start] + printed + claim.text[end:]
    return claim.model_copy(update={"text": text, "quantities": quantities}), changed


def draw_paper(paper: CheckedPaper, rng: random.Random, draws: int = DRAWS) -> list[Draw]:
    """`draws` random numbers for each checkable quantity of a paper's claims, each held against the paper's tables."""
    if paper.document is None or not paper.document.tables:
        return []
    index = index_document(paper.document)
    found = []
    for claim in paper.claims:
        targets = [q for q in claim.quantities if checkable(q)]
        if not targets:
            continue
        before = accepted_spans(claim, index)
        for quantity in targets:
            for _ in range(draws):
                changed = with_random(claim, quantity, rng)
                if changed is None:
                    break
                after = accepted_spans(changed[0], index)
                start, end = quantity.span
                found.append(
                    Draw(
                        paper.name,
                        claim.id,
                        quantity.text,
                        changed[0].text[start:end],
                        quantity.span in before,
                        quantity.span in after,
                    )
                )
    return found


def accepted_spans(claim: Claim, index: TableIndex) -> set[tuple[int, int]]:
    """The spans of the quantities that have an accepted derivation; of a range both ends need one."""
    findings = check_numbers(claim, index)
    open_ = {f.quantity.span for f in findings if f.label != "supported"}
    return {f.quantity.span for f in findings} - open_


def accepted_share(draws: Sequence[Draw]) -> tuple[int, int]:
    """(accepted, all) of some draws."""
    return sum(d.accepted for d in draws), len(draws)


def _value(printed: str) -> float:
    return float(printed.replace(",", ""))
