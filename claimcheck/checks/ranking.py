"""All derivations for one quantity in one ranking: their values, how well their places fit, which of them give the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.derivations import Batch
from claimcheck.checks.table_index import Bools, Floats
from claimcheck.foundation.records import Quantity


@dataclass(frozen=True)
class Candidate:
    """One derivation of one batch."""

    batch: Batch
    index: int

    @property
    def value(self) -> float:
        """What the derivation gives, in the claim's scale."""
        return float(self.batch.values[self.index])

    @property
    def cells(self) -> list[tuple[int, int]]:
        """The (row, column) of the one or two cells it starts from."""
        out = [self.batch.first[self.index]]
        if self.batch.second is not None:
            out.append(self.batch.second[self.index])
        return [(int(r), int(c)) for r, c in out]


@dataclass(frozen=True)
class Ranking:
    """Flat arrays (n,) over every derivation of every table for one quantity."""

    quantity: Quantity
    batches: tuple[Batch, ...]
    values: Floats  # sizes for changes, signed otherwise
    fits: Floats
    exact: Bools  # the printed number stands for this value
    loose: Bools  # it could, given the rounding of the cells
    slips: Bools  # it differs in exactly one digit
    decimals: NDArray[np.int64]  # of the cells
    is_vague: Bools  # a kind of derivation that the words do not ask for exactly enough to refute by it
    _owner: NDArray[np.int64]
    _offset: NDArray[np.int64]

    @classmethod
    def of(cls, batches: Sequence[Batch], quantity: Quantity) -> Ranking:
        """The ranking of all derivations of the batches that have a value."""
        values = np.concatenate([b.values for b in batches])
        ok = np.isfinite(values)
        fits = np.concatenate([b.fits for b in batches])[ok]
        slack = np.concatenate([b.slack for b in batches])[ok]
        owner = np.concatenate([np.full(b.values.size, i) for i, b in enumerate(batches)])[ok]
        offset = np.concatenate([np.arange(b.values.size) for b in batches])[ok]
        decimals = np.concatenate(
            [b.fit.view.decimals[b.first[:, 0], b.first[:, 1]] - (2 if b.scale == 100 else 0) for b in batches]
        )[ok]
        loose_kinds = (
            "mean",
            "mean_difference",
            *(("relative", "error_reduction") if quantity.role == "delta" else ()),
        )
        vague = np.concatenate([np.full(b.values.size, b.kind in loose_kinds and not b.told) for b in batches])[ok]
        values = values[ok]
        # a cell as fine as the number either prints it or does not; of a finer cell a careless hand cuts digits off
        printed = np.concatenate([np.full(b.values.size, b.kind == "cell") for b in batches])[ok]
        slack = np.where(
            printed & (decimals >= quantity.decimals),
            np.where(decimals > quantity.decimals, quantity.half_width * 0.999, 0.0),
            slack,
        )
        # one significant digit is met by rounding too easily: "0.5" is no 0.45
        single = quantity.value * 10**quantity.decimals < 10 and quantity.role == "value" and quantity.bound is None
        finer = (decimals > quantity.decimals) if single else np.zeros(values.shape, dtype=bool)
        sizes = np.abs(values) if quantity.role in ("delta", "relative") else values
        return cls(
            quantity, tuple(batches), sizes, fits, equals(sizes, quantity) & ~finer, equals(sizes, quantity, slack), slips(sizes, quantity),
            np.maximum(decimals, 0), vague, owner, offset,
        )  # fmt: skip

    def candidate(self, i: int) -> Candidate:
        """The i-th derivation."""
        return Candidate(self.batches[int(self._owner[i])], int(self._offset[i]))

    def rivals(self, threshold: float) -> int:
        """How many different values, as finely as the number is printed, have a place that fits at least so well."""
        unit = max(2 * self.quantity.half_width, 1e-9)
        return len(np.unique(np.round(self.values[self.fits >= threshold] / unit)))


def equals(values: Floats, quantity: Quantity, slack: Floats | float = 0.0) -> Bools:
    """Which values the printed number stands for: within its rounding interval, in its range, or under its bound."""
    v, half = quantity.value, quantity.half_width + 1e-9
    low, high = v - half, (quantity.high if quantity.high is not None else v) + half
    unit = 2 * quantity.half_width
    # "over 85" is said of 85.2, not of 97: a bound holds for values just beyond it
    reach = max(unit, (0.02 if quantity.role == "value" else 0.35) * abs(v))
    if quantity.bound in ("more_than", "at_least"):
        low, high = v - 1e-9, v + reach + half
    elif quantity.bound == "less_than":
        low, high = v - reach - half, v + 1e-9
    elif quantity.bound == "about":
        low, high = v - max(unit, 0.03 * abs(v)), v + max(unit, 0.03 * abs(v))
    result: Bools = (values >= low - slack) & (values <= high + slack)
    return result


def slips(values: Floats, quantity: Quantity) -> Bools:
    """Which values differ from the printed number in exactly one digit, as a slip of the pen or a stale copy does."""
    scale = 10**quantity.decimals
    claimed = round(quantity.value * scale)
    others = np.round(np.abs(values) * scale)
    differing = np.zeros(values.shape, dtype=np.int64)
    same_length = np.ones(values.shape, dtype=bool)
    left, right = claimed, np.where(np.isfinite(others), others, 0).astype(np.int64)
    digits = max(len(str(claimed)), quantity.decimals + 1)
    for position in range(max(digits, 1)):
        differing += (left // 10**position) % 10 != (right // 10**position) % 10
    same_length &= right < 10**digits
    result: Bools = (differing == 1) & same_length
    return result


def chance_per_candidate(values: Floats, half_width: float, value: float) -> float:
    """P(a random value of the same form equals one candidate within rounding), from the candidates' own spread."""
    finite = values[np.isfinite(values)]
    spread = float(np.subtract(*np.percentile(finite, [90, 10]))) if finite.size > 3 else abs(value)
    spread = max(spread, 0.25 * abs(value), 8 * half_width)
    return float(min(1.0, 2 * half_width / spread)) if half_width > 0 else 1.0
