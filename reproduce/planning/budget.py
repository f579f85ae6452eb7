"""A time that a run may take, and the largest caps on steps and items with which its estimate fits into it."""

from __future__ import annotations

import re
from collections.abc import Callable

from claimcheck.foundation.errors import UsageError
from reproduce import tasks
from reproduce.planning.given import Caps
from reproduce.planning.plan import Plan
from reproduce.planning.workload import full_steps
from reproduce.specs import EvaluateJob, PretrainJob, TrainJob

__all__ = ["fit_caps", "parse_budget", "shown"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST = 50  # steps of a training, items of a language: below that a score says nothing
_UNKNOWN_STEPS = 100_000  # of a training whose data have no size in the catalogue
_ROUNDS = 24  # of a bisection: finer than the two digits that a cap is rounded to


def parse_budget(text: str) -> float:
    """Seconds of a time such as 90s, 30m, 2h, 1h30m or 1.5h. Raises UsageError."""
    plain = text.strip().lower().replace(" ", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise UsageError(f"--budget '{text[:40]}' is no time", todo="write it as 90s, 30m, 2h or 1h30m")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--budget '{text[:40]}' is no time to work in", todo="give a time above 0")
    return seconds


def shown(seconds: float) -> str:
    """A time as --budget takes it, rounded up: "90s", "45m", "3h30m"."""
    if seconds <= 120:
        return f"{-(-seconds // 1):.0f}s"
    minutes = int(-(-seconds // 60))
    hours, rest = divmod(minutes, 60)
    return f"{minutes}m" if minutes <= 90 else f"{hours}h{rest}m" if rest else f"{hours}h"


def fit_caps(make: Callable[[Caps], Plan], seconds: float, slots: int) -> Caps:
    """The largest caps with which the estimate of `make(caps)`, with so many jobs at a time, is within the seconds.

    First all caps are moved together, each from the least that says anything to what its longest job asks for; items
    rise later than steps, since averages over many languages need few of each, while a training that was cut short has
    learnt nothing. What time is then left goes to the trainings of targets, of intermediate tasks, to items, to
    pretraining. Raises UsageError with a budget that would do where not even the least fit.
    """
    whole = make(Caps(seconds=seconds))
    if whole.wall_seconds(slots) <= seconds:
        return Caps(seconds=seconds)
    most = _most(whole)
    if not most:
        raise _too_small(whole.wall_seconds(slots), seconds, slots, "nothing of it can be shortened")

    def caps(shares: dict[str, float]) -> Caps:
        return Caps(seconds=seconds, **{name: _between(most[name], share) for name, share in shares.items()})

    def fits(shares: dict[str, float]) -> bool:
        return make(caps(shares)).wall_seconds(slots) <= seconds

    least = dict.fromkeys(most, 0.0)
    if not fits(least):
        needed = make(caps(least)).wall_seconds(slots)
        raise _too_small(needed, seconds, slots, f"even with {_LEAST} steps a training and {_LEAST} items a language")

    def together(share: float) -> dict[str, float]:
        return {name: share**2 if name == "items" else share for name in most}

    shares = together(_largest(lambda share: fits(together(share))))
    for name in most:

        def fits_with(share: float, name: str = name) -> bool:
            return fits(shares | {name: share})

        shares[name] = _largest(fits_with, shares[name])
    return caps(shares)


def _too_small(needed: float, seconds: float, slots: int, how: str) -> UsageError:
    what = f"--budget {shown(seconds)} is too small: {how} it is about {shown(needed)} with {slots} at a time"
    return UsageError(what, todo=f"give --budget {shown(1.2 * needed)}, fewer --claims or fewer --seeds")


def _most(plan: Plan) -> dict[str, int]:
    """The steps of the longest training of each stage, and the most items of a language, where they can be capped."""
    found: dict[str, int] = {}

    def longest(name: str, size: int) -> None:
        if size > _LEAST:
            found[name] = max(found.get(name, 0), size)

    # a target's training from the pretrained encoder may be another condition's intermediate one: one job, both stages
    built_on = {key for planned in plan.jobs if isinstance(planned.job, TrainJob) for key in planned.inputs}
    for planned in plan.jobs:
        job = planned.job
        if isinstance(job, PretrainJob | TrainJob):
            steps = full_steps(job) or _UNKNOWN_STEPS
            longest(planned.phase, steps)
            if isinstance(job, TrainJob) and planned.key in built_on:
                longest("intermediate", steps)
        elif isinstance(job, EvaluateJob) and not tasks.task(job.task).mines:
            info = tasks.task(job.task)
            longest("items", max(info.examples(job.split, [code], job.items) or 0 for code in job.languages))
    return {name: found[name] for name in ("target", "intermediate", "items", "pretraining") if name in found}


def _between(most: int, share: float) -> int | None:
    """The cap that is so far from the least to the most, in equal ratios, with two digits; None for the most."""
    if share >= 1:
        return None
    value = float(_LEAST * (most / _LEAST) ** share)
    unit = int(10 ** max(0, len(str(int(value))) - 2))
    return max(_LEAST, int(value) // unit * unit)


def _largest(fits: Callable[[float], bool], low: float = 0.0) -> float:
    """The largest share from `low`, which fits, to 1 that fits, too."""
    if fits(1.0):
        return 1.0
    high = 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
