"""What a measurement says for `reproduce plan`: the machine's rates, from the step times at several batch sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from claimcheck.foundation.errors import UsageError
from reproduce.bench.variants import OURS
from reproduce.bench.work import Job
from reproduce.planning.costs import Rates, machines, rates

__all__ = ["rates_of"]


def rates_of(result: Mapping[str, Any], name: str) -> Rates:
    """Rates whose step times come nearest to the measured ones of our variant; see reproduce/planning/hardware.toml.

    Seconds of a step = FLOPs / train_rate + update * parameters, by least squares in shares of the step's time. With
    one batch size both cannot be told apart, and update stays what hardware.toml has for the machine of that name, 0
    where it has none; so do startup, item and example, which a measurement of steps says nothing of. Raises UsageError
    where a table is missing.
    """
    import numpy as np
    from scipy.optimize import nnls

    if not result["tables"]:
        raise UsageError("a measurement without a table", todo="measure at least one --batch")
    known = rates(name) if name in machines() else Rates(name, "measured", 1.0, 1.0, 0.0, 0.0, 0.0)
    ask = result["ask"]
    shape = Job(OURS, "time", ask["encoder"], 1, 1, 0, "cpu", 1, "fp32").shape
    seconds, flops = [], []
    for table in result["tables"]:
        [ours] = [row for row in table["rows"] if row["variant"] == OURS]
        seconds.append(ours["step_seconds"])
        flops.append(ours["flops_per_second"] * ours["step_seconds"])
    times, work = np.array(seconds), np.array(flops)
    update = known.update
    if len(times) > 1:
        amounts = np.stack([work / work.max(), np.ones_like(work)], axis=1)
        (slope, fixed), _ = nnls(amounts / times[:, None], np.ones_like(times))
        slope, update = slope / work.max(), fixed / shape.parameters
    else:
        slope = max(times[0] - update * shape.parameters, 1e-12) / work[0]
    train_rate = 1 / max(float(slope), 1e-18)
    variety = f"batches of {', '.join(str(table['batch']) for table in result['tables'])}"
    return replace(
        known,
        basis="measured",
        train_rate=train_rate,
        # a forward pass is a third of a training step's products at the same rate
        forward_rate=train_rate,
        launch=0.0,
        update=float(update),
        hidden=shape.hidden if known.hidden else None,
        peak=result["peak_flops"] or known.peak,
        title=f"{result['device']}, {ask['precision']}",
        source=f"`claimcheck reproduce bench --encoder {ask['encoder']}`, {variety}: train_rate, forward_rate, update",
    )
