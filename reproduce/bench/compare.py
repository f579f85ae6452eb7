"""From measurements to ratios: losses that must agree first, medians over rounds, a variant's spread with itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from reproduce.bench.variants import OURS

__all__ = ["TOLERANCE", "Row", "disagreement", "ratio", "row", "together"]

# Largest relative difference between the losses of two variants, step by step, without dropout. In bf16 two orders of
# addition differ by its 8 bits; in fp32 what is left is far smaller
TOLERANCE = {"fp32": 1e-4, "bf16": 1e-2}


@dataclass(frozen=True)
class Row:
    """A variant at one batch size: medians over its rounds."""

    variant: str
    step_seconds: float
    examples_per_second: float
    tokens_per_second: float  # real ones
    flops_per_second: float  # of real tokens
    padding: float
    kernels: float | None
    peak_bytes: int | None
    joules_per_example: float | None
    spread: float  # largest over smallest step time of its rounds, minus 1: what the machine alone does
    processor_step_seconds: float | None = None  # the step time without what other programs took, on a CPU
    busy: float | None = None  # processor seconds a second of its process: on a CPU, 1 a thread that is never held up

    def share(self, flops: float | None, *, by_processor: bool = False) -> float | None:
        """Of a rate in FLOP/s; `by_processor`: in processor time, where that is known."""
        slower = self.step_seconds / self.processor_step_seconds if self.processor_step_seconds and by_processor else 1
        return slower * self.flops_per_second / flops if flops else None


def disagreement(traces: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """For each other variant the largest relative difference of its losses from ours; infinite for other lengths."""
    ours = np.asarray(traces[OURS])
    found = {}
    for name, losses in traces.items():
        if name != OURS:
            theirs = np.asarray(losses)
            same = ours.shape == theirs.shape and len(ours) > 0 and bool(np.isfinite(theirs).all())
            found[name] = float((np.abs(ours - theirs) / np.abs(ours)).max()) if same else float("inf")
    return found


def row(variant: str, rounds: Sequence[Mapping[str, Any]]) -> Row:
    """From the measurements of one variant (worker.Measured as JSON), one a round."""
    # the median step of a round: a pause of the machine is no work
    steps = [median(one["seconds"]) for one in rounds]
    seconds, first = median(steps), rounds[0]
    count = len(first["seconds"])
    joules = [one["joules"] / one["examples"] for one in rounds if one["joules"] is not None]
    processor = [median(one["processor_seconds"]) for one in rounds if one.get("processor_seconds")]
    busy = [sum(one["processor_seconds"]) / sum(one["seconds"]) for one in rounds if one.get("processor_seconds")]
    return Row(
        variant=variant,
        step_seconds=seconds,
        examples_per_second=first["examples"] / count / seconds,
        tokens_per_second=first["real_tokens"] / count / seconds,
        flops_per_second=first["flops"] / count / seconds,
        padding=first["padding"],
        kernels=first["kernels"],
        peak_bytes=max((one["peak_bytes"] or 0 for one in rounds), default=0) or None,
        joules_per_example=median(joules) if joules else None,
        spread=max(steps) / min(steps) - 1,
        processor_step_seconds=median(processor) if processor else None,
        busy=median(busy) if busy else None,
    )


def together(replicas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Processes that measured at the same time as one measurement: their work added, their seconds a mean."""
    first = dict(replicas[0])
    for name in ("examples", "real_tokens", "flops"):
        first[name] = sum(one[name] for one in replicas)
    for name in ("seconds", "processor_seconds"):
        if first[name] is not None:
            first[name] = np.mean([one[name] for one in replicas], axis=0).tolist()
    peaks = [one["peak_bytes"] for one in replicas]
    first["peak_bytes"] = None if None in peaks else sum(peaks)
    # the counter is the device's, so that each of them saw what all used
    joules = [one["joules"] for one in replicas]
    first["joules"] = None if None in joules else max(joules)
    return first


def ratio(rounds: Mapping[str, Sequence[Mapping[str, Any]]], other: str, ours: str = OURS) -> dict[str, float]:
    """How many times the other variant's examples a second `ours` has: the median over rounds, the least and the most.

    A round's two variants ran one after the other, so that what slows the machine slows both.
    """
    pairs = list(zip(rounds[ours], rounds[other], strict=True))
    each = [_rate(mine) / _rate(theirs) for mine, theirs in pairs]
    found = {"median": median(each), "least": min(each), "most": max(each)}
    if all(one["processor_seconds"] for pair in pairs for one in pair):
        # what other programs did to the clock is not in it
        by_processor = [_rate(mine, "processor_seconds") / _rate(theirs, "processor_seconds") for mine, theirs in pairs]
        found["by_processor"] = median(by_processor)
    return found


def _rate(one: Mapping[str, Any], clock: str = "seconds") -> float:
    """Examples a second, by the median step."""
    return float(one["examples"] / len(one[clock]) / median(one[clock]))
