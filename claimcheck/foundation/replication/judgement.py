"""A claimed number, a judgement, and what may be said of it: margins, degenerate runs, scale, deviations, flipping."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.numbers import parse_digits
from claimcheck.foundation.replication.order_statistics import Statistic

Floats = NDArray[np.float64]
Verdict = Literal[
    "reproduced",
    "reproduced_small_shift",
    "reproduced_with_deviations",
    "inconclusive",
    "not_reproduced_lower",
    "not_reproduced_higher",
    "not_tested",
    "degenerate",
]
Direction = Literal["confirmed", "contradicted", "unclear"]

# points, by task family, for whoever writes a registry; the verdict uses the margin committed there
DEFAULT_MARGINS = {"classification": 1.0, "multiple_choice": 1.0, "tagging": 1.0, "qa": 1.5, "retrieval": 1.5}
REPRODUCED = frozenset({"reproduced", "reproduced_small_shift", "reproduced_with_deviations"})


@dataclass(frozen=True)
class Claimed:
    """A claimed number, in points, and what is behind it.

    `half_width`: half a unit of its last printed digit. `n0`: runs behind it, of which it is the `statistic` (`single`:
    one run, whatever n0); `sd`: over those runs, where printed. `direction` "decrease" with a positive value says that
    the amount of a fall was printed: the judgement is then in amounts of fall as well.
    """

    value: float
    half_width: float = 0.0
    n0: int = 1
    statistic: Statistic = "single"
    sd: float | None = None
    unit: str = "points"
    direction: Literal["increase", "decrease", "level"] = "level"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.half_width >= 0 and self.n0 >= 1):
            raise UsageError(f"{self.value} +- {self.half_width} of {self.n0} runs is no claimed number")
        if self.sd is not None and not self.sd > 0:
            raise UsageError(f"a claimed SD of {self.sd}", todo="leave it out where the paper prints none")

    @classmethod
    def printed(cls, text: str, **fields: Any) -> Claimed:
        """From the number as printed, whose digits give the rounding: "72.3" is 72.3 +- 0.05. Raises UsageError."""
        sign = -1.0 if text.strip()[:1] in {"-", "−", "–"} else 1.0
        try:
            value, decimals = parse_digits(text.strip().lstrip("+-−–"))
        except ValueError:
            raise UsageError(f"'{text}' is no printed number") from None
        return cls(sign * value, 0.5 * 10.0**-decimals, **fields)

    @property
    def orientation(self) -> float:
        """What a difference treatment - control is multiplied by to stand beside the claimed number."""
        return -1.0 if self.direction == "decrease" and self.value > 0 else 1.0


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it rests on, in points.

    `mean`: the reproduced value of the claimed statistic (the median for a median, the expected best of n0 for a best),
    or effect, or Kendall's tau of a ranking. `sd`: of the seeds' own values. `interval`: the 95 % confidence interval
    of `mean`, which a reader puts beside the claimed number; a level's is over seeds, since the test items are the
    paper's, an effect's over seeds and items. `radius`: of equivalence, 90 %. `reason` is a sentence, or a stable code
    where the verdict is `not_tested`. `details` can be written as JSON; `compatible` there is the range of claimed
    numbers that these runs are compatible with (the 95 % prediction interval).
    """

    mean: float | None
    sd: float | None
    n: int
    interval: tuple[float, float] | None
    radius: float | None
    margin: float | None
    verdict: Verdict
    direction: Direction | None = None
    reason: str = ""
    deviations: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def effective_margin(margin: float, effect: float | None = None) -> float:
    """The registry's margin, but never more than half the claimed effect that the number supports.

    An effect of 0 sets no limit: it is no effect that a margin could swallow. Raises UsageError for a margin of 0.
    """
    if not (math.isfinite(margin) and margin > 0):
        raise UsageError(f"a margin of {margin} points", todo="give a positive number")
    return min(margin, abs(effect) / 2) if effect else margin


def judge_degenerate(
    values: Sequence[float | None] | Floats,
    degenerate: Sequence[bool],
    *,
    margin: float | None = None,
    direction: Direction | None = None,
    remaining: Judgement | None = None,
) -> Judgement:
    """The verdict where runs failed, with the values of all runs; None or nan for a run that has none.

    `remaining`: the judgement of the other runs, which is reported in the details and is not the verdict.
    """
    y = np.array([math.nan if v is None else v for v in values], float)
    bad = np.asarray(degenerate, bool)
    if y.shape != bad.shape or not bad.any():
        raise UsageError(f"{y.size} values with {bad.size} marks, of which {int(bad.sum())} say degenerate")
    known, rest = y[np.isfinite(y)], y[~bad & np.isfinite(y)]
    details: dict[str, Any] = {"degenerate_runs": int(bad.sum()), "runs": int(bad.size)}
    if rest.size:
        details["without_degenerate"] = {"n": int(rest.size), "mean": float(rest.mean()), "sd": _sd(rest)}
        if remaining is not None:
            details["without_degenerate"] |= {"verdict": remaining.verdict, "radius": remaining.radius}
    reason = f"{int(bad.sum())} of {bad.size} runs failed to train"
    mean = float(known.mean()) if known.size else None
    return Judgement(
        mean, _sd(known), int(known.size), None, None, margin, "degenerate", direction, reason, details=details
    )


def finalise(
    judgement: Judgement, scale: Literal["paper", "lab", "smoke"], deviations: Sequence[str] = (), *, own: bool = False
) -> Judgement:
    """What may be said at a scale: the one place where scale and deviations cap a verdict.

    At `lab` a paper's claim keeps its direction and interval, and its number is not tested; at `smoke` not even that,
    unless the claim is the smoke registry's `own`. Elsewhere a deviation from the recipe turns "reproduced" into
    "reproduced with deviations". What compares the claimed number with runs at another scale is taken out.
    """
    judgement = replace(judgement, deviations=tuple(deviations))
    if scale == "smoke" and not own:
        return Judgement(None, None, 0, None, None, None, "not_tested", None, "scale", tuple(deviations))
    if scale == "lab" and judgement.verdict != "not_tested":
        kept = {key: value for key, value in judgement.details.items() if key not in _OF_THE_NUMBER}
        if judgement.verdict == "degenerate":
            kept["degenerate"] = judgement.reason
        return replace(judgement, verdict="not_tested", reason="scale", radius=None, details=kept)
    if deviations and judgement.verdict in REPRODUCED:
        return replace(judgement, verdict="reproduced_with_deviations")
    return judgement


def flips(judge: Callable[[Claimed], Judgement], claimed: Claimed) -> bool:
    """Whether moving the claimed number far enough, up and down, takes the verdict away from "reproduced".

    A judgement that compares anything with the claimed number passes; one that compares it with itself, or ignores it,
    does not. The move is a multiple of everything that the verdict allows for.
    """
    judgement = judge(claimed)
    room = 1 + abs(claimed.value) + sum(x or 0.0 for x in (judgement.radius, judgement.margin, claimed.half_width))
    moved = [judge(replace(claimed, value=claimed.value + side * 8 * room)) for side in (-1, 1)]
    if judgement.verdict in REPRODUCED:
        return [m.verdict for m in moved] == ["not_reproduced_higher", "not_reproduced_lower"]
    return not any(m.verdict in REPRODUCED for m in moved)


# details that hold the claimed number against the runs
_OF_THE_NUMBER = frozenset(
    {
        "gap",
        "compatible",
        "p_value",
        "seeds_needed",
        "size",
        "log10_bayes_factor",
        "bayes_factor",
        "evidence",
        "without_degenerate",
    }
)


def _sd(values: Floats) -> float | None:
    return float(values.std(ddof=1)) if values.size > 1 else None
