"""How near the estimate of `reproduce plan` comes to the time that a smoke reproduction takes.

    python -m benchmarks.estimate [--fit] [--out FILE]

Runs the smoke registry as `reproduce run` does, a slot a core, and compares the plan's seconds with the measured ones:
of each phase, in sum, and from start to end. With --fit it prints the rates of this machine instead, fitted to the run,
for reproduce/planning/hardware.toml; a later run, which they have not seen, then says what they are worth.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import RESULTS, print_table, write_result
from reproduce.engine import run as engine
from reproduce.engine.preflight import default_slots
from reproduce.planning import costs
from reproduce.planning.plan import PHASES, Plan, make_plan
from reproduce.registry import load_registry

HARDWARE = "cpu-core"
WANTED = 0.30  # share of the measured time that the estimate may be off


def carry_out(plan: Plan, slots: int) -> tuple[list[dict[str, Any]], float]:
    """The run.json of every job, in the plan's order, and the wall time in seconds."""
    with TemporaryDirectory(prefix="claimcheck-") as folder:
        begin = time.perf_counter()
        summary = engine.run(plan.jobs, folder, slots=slots, threads=1, device="cpu")
        seconds = time.perf_counter() - begin
        if not summary.complete:
            raise SystemExit(f"benchmark: {summary.failed} jobs failed")
        return [json.loads((Path(folder) / "jobs" / job.key / "run.json").read_text()) for job in plan.jobs], seconds


def compare(plan: Plan, records: list[dict[str, Any]], wall: float, slots: int) -> dict[str, dict[str, float]]:
    """Estimated and measured seconds of each phase, of all jobs, and from start to end."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"jobs": 0, "estimated": 0.0, "measured": 0.0})
    for job, record in zip(plan.jobs, records, strict=True):
        for name in (job.phase, "all jobs"):
            found[name]["jobs"] += 1
            found[name]["estimated"] += job.cost.seconds or 0.0
            found[name]["measured"] += record["seconds"]["total"]
    found[f"start to end, {slots} slots"] = {
        "jobs": len(plan.jobs),
        "estimated": plan.wall_seconds(slots),
        "measured": wall,
    }
    order = [*PHASES, "all jobs", *(name for name in found if name.startswith("start"))]
    return {name: found[name] for name in order if name in found}


def main() -> None:
    """Run, then print a table and write JSON, or print the fitted rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="print the rates of this machine")
    parser.add_argument("--out", type=Path, default=RESULTS / "estimate.json", help="where the JSON goes")
    arguments = parser.parse_args()
    slots = default_slots("cpu")
    plan = make_plan(load_registry("smoke"), "smoke", hardware=HARDWARE)
    records, wall = carry_out(plan, slots)
    if arguments.fit:
        old = costs.rates(HARDWARE)
        source = f"fitted by benchmarks/estimate.py to the {len(records)} jobs of a smoke run, {slots} at a time"
        print(costs.fit(costs.measurements(records), HARDWARE, title=old.title, source=source, like=old).toml())
        return
    found = compare(plan, records, wall, slots)
    rows = [
        (
            name,
            row["jobs"],
            f"{row['estimated']:.1f}",
            f"{row['measured']:.1f}",
            f"{row['estimated'] / row['measured']:.2f}",
        )
        for name, row in found.items()
    ]
    print_table(("seconds", "jobs", "estimated", "measured", "ratio"), rows)
    whole = list(found.values())[-1]
    off = abs(whole["estimated"] / whole["measured"] - 1)
    print(f"start to end the estimate is off by {off:.0%} (wanted: at most {WANTED:.0%})")
    write_result(arguments.out, {"off": round(off, 3), "wanted": WANTED, "slots": slots}, phases=found)


if __name__ == "__main__":
    main()
