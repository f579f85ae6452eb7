"""Which job first, and how long until all are done: estimated seconds, scaled by those that finished jobs took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Estimates", "priorities"]

_UNKNOWN = 1.0  # seconds of a job without an estimate: it only has to be more than 0


def priorities(jobs: Sequence[Any]) -> dict[str, float]:
    """The length, in estimated seconds, of the longest chain that begins with each job: the critical path first.

    `jobs` in topological order, each with `key`, `inputs` and `cost.seconds`.
    """
    below: dict[str, float] = {}
    longest: dict[str, float] = {}
    for planned in reversed(jobs):
        longest[planned.key] = (planned.cost.seconds or _UNKNOWN) + below.get(planned.key, 0.0)
        for key in planned.inputs:
            below[key] = max(below.get(key, 0.0), longest[planned.key])
    return longest


class Estimates:
    """Seconds that are left. `estimated`: of each job, None where it is not known."""

    def __init__(self, estimated: Mapping[str, float | None]) -> None:
        known = [seconds for seconds in estimated.values() if seconds]
        typical = sum(known) / len(known) if known else _UNKNOWN
        self._left = {key: seconds or typical for key, seconds in estimated.items()}
        self._total = len(estimated)
        self._planned = self._measured = 0.0

    @property
    def done(self) -> int:
        """How many jobs are finished."""
        return self._total - len(self._left)

    def reuse(self, key: str) -> None:
        """A job that was finished before: nothing is left of it, and nothing is learnt from it."""
        self._left.pop(key, None)

    def finish(self, key: str, seconds: float) -> None:
        """A job has taken so many seconds."""
        self._planned += self._left.pop(key, 0.0)
        self._measured += seconds

    def eta(self, slots: int, running: Mapping[str, float | None]) -> float | None:
        """Seconds until all are done; None until one job has been measured, or where the running ones say enough.

        `running`: what is left of the jobs at work as they say themselves, None where they do not.
        """
        if not self._left:
            return 0.0
        if not self._planned and any(running.get(key) is None for key in self._left):
            return None
        pace = self._measured / self._planned if self._planned else 1.0
        left = [eta if (eta := running.get(key)) is not None else seconds * pace for key, seconds in self._left.items()]
        return max(sum(left) / max(1, min(slots, len(left))), max(left))
