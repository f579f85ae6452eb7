"""What checks find of a claim, what they come to, and the rows of results tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.documents import Pointer

Label = Literal["supported", "refuted", "not_enough_info"]
LABELS: tuple[Label, ...] = ("supported", "refuted", "not_enough_info")


class Evidence(Record):
    """A verbatim quote, matched against its source in code, and where it stands."""

    quote: str
    pointer: Pointer


class Check(Record):
    """One test of a claim: what it found, how sure it is, and on what it rests."""

    kind: Literal["cells", "direction", "statement", "text", "consistency", "across"]
    label: Label
    score: float  # 0 to 1, of this check alone; not a calibrated probability
    evidence: list[Evidence] = Field(default_factory=list)
    derivation: str | None = None  # "82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg"
    reason: str = ""


class Verdict(Record):
    """What the checks come to. `label` is the argmax of `probabilities`, `confidence` its probability."""

    label: Label
    confidence: float
    probabilities: dict[Label, float]
    calibration: str | None = None  # the calibration set and its size; None is printed as "uncalibrated"
    abstained: bool = False
    checks: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ps = self.probabilities
        if set(ps) != set(LABELS) or min(ps.values()) < 0 or abs(sum(ps.values()) - 1) > 1e-6:
            raise ValueError(f"probabilities must be three shares that sum to 1, got {ps}")
        if ps[self.label] < max(ps.values()) or self.confidence != ps[self.label]:
            raise ValueError("label must be the argmax of the probabilities and confidence its probability")
        return self

    @classmethod
    def of(
        cls,
        supported: float,
        refuted: float,
        checks: Sequence[Check] = (),
        *,
        calibration: str | None = None,
        abstained: bool = False,
    ) -> Verdict:
        """A verdict from the probabilities of supported and refuted; the rest is not enough information."""
        rest = max(0.0, 1.0 - supported - refuted)
        total = supported + refuted + rest
        ps: dict[Label, float] = {
            "supported": supported / total,
            "refuted": refuted / total,
            "not_enough_info": rest / total,
        }
        # ties go to the label that accuses and asserts least
        order: tuple[Label, ...] = ("not_enough_info", "supported", "refuted")
        label = max(order, key=lambda x: ps[x])
        return cls(
            label=label,
            confidence=ps[label],
            probabilities=ps,
            calibration=calibration,
            abstained=abstained,
            checks=list(checks),
        )


class Result(Record):
    """A row of a results table as a leaderboard would carry it."""

    task: str
    dataset: str
    metric: str
    score: str  # the printed token, without spread, no change of scale
    method: str
    role: Literal["own_best", "own", "ablation", "baseline"]
    pointer: Pointer
