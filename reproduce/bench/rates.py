"""What a measurement says for `reproduce plan`: seconds of a step = fixed + slope * work, from several batch sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from claimcheck.foundation.errors import UsageError
from reproduce.bench.variants import OURS
from reproduce.bench.work import Job
from reproduce.planning.costs import Rates, machines, rates
from reproduce.planning.workload import Shape

__all__ = ["Fit", "Point", "fit_of", "machine_of", "rates_of"]

_PROCESSOR = "processor_step_seconds"


@dataclass(frozen=True)
class Point:
    """One batch size of our variant. Seconds are those of a step."""

    batch: int
    tokens: float  # real ones of a step
    flops: float  # of a step
    measured: float
    fitted: float
    foretold: float | None  # by a fit to the other batch sizes; None where those are fewer than two

    @property
    def off(self) -> float:
        """How far the fit is off, as a share of what was measured."""
        return self.fitted / self.measured - 1


@dataclass(frozen=True)
class Fit:
    """Seconds of a step = `fixed` + `slope` * FLOPs: real tokens times what a token of that length costs.

    Attention is in the FLOPs. `certain`: whether both were fitted; with one batch size they cannot be told apart.
    """

    fixed: float  # seconds
    slope: float  # seconds a FLOP
    points: tuple[Point, ...]
    certain: bool
    clock: Literal["wall", "processor"] = "wall"

    @property
    def misfit(self) -> float:
        """The largest share by which a fitted step time differs from the measured one."""
        return max(abs(point.off) for point in self.points)

    @property
    def foretold(self) -> float | None:
        """The same of step times that the other batch sizes foretell; None with fewer than three."""
        off = [abs(one.foretold / one.measured - 1) for one in self.points if one.foretold is not None]
        return max(off) if off else None

    def to_json(self) -> dict[str, Any]:
        """As a measurement's JSON holds it."""
        return asdict(self) | {"misfit": self.misfit, "foretold": self.foretold}


def fit_of(result: Mapping[str, Any], fixed: float = 0.0) -> Fit:
    """The law that comes nearest to the measured steps of our variant, by least squares in shares, nothing below 0.

    `fixed`: of a step, where a single batch size leaves it open. Raises UsageError where a table is missing.
    """
    if not result["tables"]:
        raise UsageError("a measurement without a table", todo="measure at least one --batch")
    rows = [next(row for row in table["rows"] if row["variant"] == OURS) for table in result["tables"]]
    # of one thread the processor's time is the clock's on a machine that does nothing else
    clock: Literal["wall", "processor"] = "wall"
    if result["ask"]["threads"] == 1 and all(row.get(_PROCESSOR) for row in rows):
        clock = "processor"
    seconds = [float(row["step_seconds" if clock == "wall" else _PROCESSOR]) for row in rows]
    flops = [float(row["flops_per_second"]) * float(row["step_seconds"]) for row in rows]
    certain = len(set(flops)) > 1
    if certain:
        fixed, slope = _line(flops, seconds)
    else:
        slope = max(seconds[0] - fixed, 1e-12) / flops[0]
    points = []
    for place, table in enumerate(result["tables"]):
        foretold = None
        others = [n for n in range(len(flops)) if n != place]
        if len({flops[n] for n in others}) > 1:
            a, b = _line([flops[n] for n in others], [seconds[n] for n in others])
            foretold = a + b * flops[place]
        fitted = fixed + slope * flops[place]
        tokens = float(table["tokens_per_step"])
        points.append(Point(int(table["batch"]), tokens, flops[place], seconds[place], fitted, foretold))
    return Fit(float(fixed), float(slope), tuple(points), certain, clock)


def machine_of(device: str) -> str | None:
    """The name under which hardware.toml knows a device, by what torch calls it; None for one that it does not know."""
    if device == "cpu":
        return "cpu-core"
    words = device.lower().replace("nvidia", "").split()
    return next((name for name in machines() if name.lower() in words), None)


def rates_of(result: Mapping[str, Any], name: str) -> Rates:
    """Rates whose step times come nearest to the measured ones of our variant; see reproduce/planning/hardware.toml.

    Seconds of a step = FLOPs / train_rate + update * parameters (`fit_of`). With one batch size both cannot be told
    apart, and update stays what hardware.toml has for the machine, 0 where it has none; so do startup, item and
    example, which a measurement of steps says nothing of. The machine is that of the name, else that of the device.
    Raises UsageError where a table is missing.
    """
    ask = result["ask"]
    like = name if name in machines() else machine_of(result["device"])
    known = rates(like) if like else Rates(name, "measured", 1.0, 1.0, 0.0, 0.0, 0.0)
    shape: Shape = Job(OURS, "time", ask["encoder"], 1, 1, 0, "cpu", 1, "fp32").shape
    fit = fit_of(result, known.update * shape.parameters)
    train_rate = 1 / max(fit.slope, 1e-18)
    variety = f"batches of {', '.join(str(point.batch) for point in fit.points)}"
    misfit = f"within {fit.misfit:.0%} of the steps measured" if fit.certain else "of one batch size alone"
    others = f"; startup, item, example: as for {like}" if like else "; startup, item, example: not measured"
    return replace(
        known,
        name=name,
        basis="measured",
        train_rate=train_rate,
        # a forward pass is a third of a training step's products at the same rate
        forward_rate=train_rate,
        launch=0.0,
        step=0.0,
        update=fit.fixed / shape.parameters,
        hidden=shape.hidden if known.hidden else None,
        widest=max(known.widest, shape.hidden) if known.hidden else known.widest,
        peak=result["peak_flops"] or known.peak,
        title=f"{result['device']}, {ask['precision']}, {misfit}",
        source=(
            f"`claimcheck reproduce bench --encoder {ask['encoder']}`, {variety}: train_rate, forward_rate, update"
            + others
        ),
    )


def _line(flops: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """(fixed, slope), neither below 0, whose errors in shares of the seconds are least."""
    import numpy as np
    from scipy.optimize import nnls

    work, times = np.array(flops), np.array(seconds)
    amounts = np.stack([work / work.max(), np.ones_like(work)], axis=1)  # columns of like size
    (slope, fixed), _ = nnls(amounts / times[:, None], np.ones_like(times))
    return float(fixed), float(slope / work.max())
