"""How confidence meets truth, from verdicts whose truth is known: the samples of reliability.json, and what cells are worth.

A sample holds verdicts of one kind on claims that trained nothing of what judged them. training/reliability.py makes the
samples, and fits on the same verdicts how sure a verdict by table cells is; reliability.json holds numbers only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.records import LABELS, Check, Label, Reliability, ReliabilityBin, Verdict

SAMPLES = Path(__file__).with_name("reliability.json")
BINS = 10  # of equal weight; equal widths leave most of them empty
Place = Literal["paper", "alone"]  # of a table
BY_CELLS = ("cells", "direction")  # the kinds of checks that look at cells by rules
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcomes:
    """Verdicts of one label by falling confidence, and whether each was right: two arrays of equal length."""

    confidence: Floats
    right: Bools

    @classmethod
    def of(cls, confidence: Sequence[float], right: Sequence[bool]) -> Outcomes:
        """Sorted by falling confidence."""
        order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
        return cls(np.asarray(confidence, dtype=np.float64)[order], np.asarray(right, dtype=bool)[order])


@dataclass(frozen=True)
class Mixture:
    """For a sample of true and of falsified claims: how many of each were checked, and the share of false ones to assume.

    No sample can tell how many claims are wrong: whoever falsifies claims chooses it. The share is an assumption, and
    named in the sample's calibration.
    """

    true: int
    false: int
    share: float


@dataclass(frozen=True)
class Sample:
    """Verdicts whose truth is known. `calibration` is what `Verdict.calibration` says: the set and its size."""

    calibration: str
    outcomes: Mapping[Label, Outcomes]
    mixture: Mixture | None = None

    def weights(self, label: Label) -> Floats:
        """(n,): what each verdict of a label counts, so that false claims have their share in the whole."""
        right = self.outcomes[label].right
        if self.mixture is None:
            return np.ones(len(right))
        # a claim is true where it is rightly supported or wrongly refuted
        true = right if label == "supported" else ~right
        of_true = (1 - self.mixture.share) / self.mixture.true
        of_false = self.mixture.share / self.mixture.false
        return np.asarray(np.where(true, of_true, of_false), dtype=np.float64)

    def reliability(self) -> Reliability:
        """The sample in bins of equal weight, and its expected calibration error over them (Naeini et al. 2015)."""
        labels = [label for label in LABELS if label in self.outcomes]
        sure = np.concatenate([self.outcomes[x].confidence for x in labels] or [np.zeros(0)])
        right = np.concatenate([self.outcomes[x].right.astype(np.float64) for x in labels] or [np.zeros(0)])
        weight = np.concatenate([self.weights(x) for x in labels] or [np.zeros(0)])
        order = np.argsort(sure, kind="stable")
        # equal confidences, to two decimals, stay together: no order among them means anything
        _, group = np.unique(np.round(sure[order], 2), return_inverse=True)
        mass = np.bincount(group, weights=weight[order], minlength=1)
        reached = (np.cumsum(mass) - mass / 2) / max(weight.sum(), 1e-12)
        place = np.minimum((reached * BINS).astype(int), BINS - 1)[group]
        parts = [order[place == b] for b in range(BINS) if (place == b).any()]
        bins = []
        gap = 0.0
        for part in parts:
            share = weight[part] / weight[part].sum()
            said, held = float(share @ sure[part]), float(share @ right[part])
            gap += abs(said - held) * float(weight[part].sum() / weight.sum())
            bins.append(ReliabilityBin(confidence=round(said, 4), right=round(held, 4), n=len(part)))
        return Reliability(calibration=self.calibration, n=len(sure), ece=round(gap, 4), bins=tuple(bins))


@dataclass(frozen=True)
class CellConfidence:
    """P(a verdict by cells is right), by the strength of the checks behind it: Platt's logistic fit (1999).

    `lines` holds (bias, slope on the log-odds of the strength) for each label and kind of check.
    """

    calibration: str
    lines: Mapping[tuple[Label, str], tuple[float, float]]

    def __call__(self, label: Label, kind: str, strength: float) -> float:
        bias, slope = self.lines[label, kind]
        return 1.0 / (1.0 + math.exp(-(bias + slope * log_odds(strength))))


def log_odds(strength: float) -> float:
    """The log-odds of a strength, kept off 0 and 1."""
    p = min(0.99, max(0.01, strength))
    return math.log(p / (1 - p))


@cache
def _shipped() -> Mapping[str, Any]:
    loaded: dict[str, Any] = json.loads(SAMPLES.read_text("utf-8"))
    return loaded


@cache
def samples() -> Mapping[str, Sample]:
    """The shipped samples by the calibration that verdicts name."""
    return {one.calibration: one for one in map(sample_of, _shipped()["samples"])}


@cache
def cell_confidence(place: Place) -> CellConfidence:
    """How sure verdicts by cells are, of tables in a paper or of tables that stand alone."""
    raw = _shipped()["cells"][place]
    lines = {(x["label"], x["kind"]): (float(x["bias"]), float(x["slope"])) for x in raw["lines"]}
    return CellConfidence(str(raw["calibration"]), lines)


def sample_of(raw: Mapping[str, Any]) -> Sample:
    """A sample as reliability.json holds it: confidence in thousandths, "1" for each verdict that was right."""
    outcomes = {
        label: Outcomes.of([x / 1000 for x in raw[label]["confidence"]], [x == "1" for x in raw[label]["right"]])
        for label in LABELS
        if label in raw
    }
    mixed = raw.get("mixture")
    return Sample(str(raw["calibration"]), outcomes, None if mixed is None else Mixture(**mixed))


def strength_of(checks: Sequence[Check], label: Label) -> tuple[str, float]:
    """(kind, strength) of a verdict by cells: one refutation is enough to refute, a support is as strong as its weakest.

    The kind is "cells" where a number carries the verdict, "direction" where only comparisons do.
    """
    carrying = [c for c in checks if c.label == label and c.kind in BY_CELLS]
    numbers = [c for c in carrying if c.kind == "cells"]
    if label == "refuted":
        strongest = max(carrying, key=lambda c: (c.score, c.kind == "cells"))
        return strongest.kind, strongest.score
    return ("cells", min(c.score for c in numbers)) if numbers else ("direction", min(c.score for c in carrying))


def by_cells(label: Label, checks: Sequence[Check]) -> Verdict:
    """The verdict of checks against cells that support or refute a claim, with how often such verdicts are right.

    What is left is shared by the other two labels: the set tells how often such a verdict is wrong, not in which way.
    """
    confidence = cell_confidence("paper" if in_paper(checks, label) else "alone")
    share = confidence(label, *strength_of(checks, label))
    rest = (1 - share) / 2
    supported, refuted = (share, rest) if label == "supported" else (rest, share)
    return Verdict.of(supported, refuted, checks, calibration=confidence.calibration)


def in_paper(checks: Sequence[Check], label: Label) -> bool:
    """Whether the cells behind a label stand in a paper, not in a table that was given alone."""
    return any(e.pointer.paper for c in checks if c.label == label and c.kind in BY_CELLS for e in c.evidence)


def reliability_of(verdicts: Sequence[Verdict]) -> tuple[Reliability, ...]:
    """How confidence met truth on the calibration sets that these verdicts name, in the order of their names."""
    known = samples()
    names = sorted({v.calibration for v in verdicts if v.calibration is not None} & set(known))
    return tuple(known[name].reliability() for name in names)
