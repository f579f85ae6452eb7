"""One verdict of several looks at a piece of evidence: the lines together, each alone, and how near they are to the claim.

Logistic in the verifier's log-probabilities: vector scaling (Guo et al. 2017, section 4.2) of two of them, with what tells whether
a piece of evidence is about the claim at all taken off the open label. Fitted by training/verifier_calibration.py on claims of
SciFact's train part, each judged by a model that was not trained on it (calibration.json says on how many).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.records import LABELS

CALIBRATION = Path(__file__).with_name("calibration.json")
NEARNESS = ("cosine", "first")  # the features beside the log-probabilities
_OPEN = LABELS.index("not_enough_info")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What is known of a claim beside a piece of evidence.

    `joined` are the verifier's log-probabilities (3,) over the nearest lines together, `singles` (n, 3) over each of them
    alone; `cosine` is the best of the claim and these lines; `place` is the place in the search, from 1, and 1 where evidence
    was given.
    """

    joined: Floats
    singles: Floats
    cosine: float
    place: int

    @property
    def decided(self) -> Floats:
        """The log-probabilities of the line that alone leaves least open; of all together where there is one line."""
        return self.joined if len(self.singles) < 2 else self.singles[int(self.singles[:, _OPEN].argmin())]

    @property
    def nearness(self) -> tuple[float, ...]:
        """The features NEARNESS."""
        return self.cosine, float(self.place == 1)


def combined(looks: Sequence[Look], searched: bool) -> Floats:
    """(n, 3) calibrated probabilities; `searched` says whether the evidence was searched for among many or was given."""
    if not looks:
        return np.zeros((0, len(LABELS)))
    joined = np.stack([r.joined for r in looks])
    decided = np.stack([r.decided for r in looks])
    nearness = np.array([r.nearness for r in looks])
    return np.exp(log_probabilities(_fitted()["searched" if searched else "given"], joined, decided, nearness))


def calibration_set(searched: bool) -> str:
    """The name and size of the set that the figures were fitted on."""
    fitted = _fitted()["searched" if searched else "given"]
    return f"{fitted['set']} ({fitted['pairs']} pairs)"


def log_probabilities(fitted: Mapping[str, Any], joined: Floats, decided: Floats, nearness: Floats) -> Floats:
    """(n, 3) of log-probabilities (n, 3) twice and features (n, 2), by fitted figures as calibration.json has them."""
    z = fitted["joined"] * joined + fitted["decided"] * decided + np.array([fitted["shift"][x] for x in LABELS])
    z[:, _OPEN] -= nearness @ np.array([fitted["nearness"][x] for x in NEARNESS])
    z -= z.max(1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)))


@cache
def _fitted() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CALIBRATION.read_text("utf-8"))
    return loaded
