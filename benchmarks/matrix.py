"""What the paper's whole matrix takes at scale paper: hours, and money at a price an hour, on several machines.

    python -m benchmarks.matrix [BENCH.json ...] [--price P] [--out FILE]

Without arguments no line rests on a GPU: the H200's are arithmetic (reproduce/planning/hardware.toml), from training
that is launched kernel by kernel to every step one recorded graph; the CPU core's rates were measured, with encoders
far smaller than the paper's. BENCH.json is what `claimcheck reproduce bench --encoder xlm-r-large --device cuda
--batch 32 --tokens 16384 --out BENCH.json` wrote: the line that replaces the arithmetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, print_table, write_result
from claimcheck.foundation.errors import ClaimcheckError
from reproduce.planning import costs
from reproduce.planning.plan import make_plan
from reproduce.registry import load_registry
from reproduce.specs import HubEncoder

PAPER = "2005.13013"
MODELLED = ("h200", "h200-graphs")  # the ends of the range
CORE = "cpu-core"
PRICE = 3.5  # an hour of an H200: an assumption, in the currency of the reader's choice
LARGE, TOKENS, LENGTH = "FacebookAI/xlm-roberta-large", {"batch 32": 1_300.0, "16 k tokens": 16_384.0}, 41.0


def line(machine: str, price: float | None) -> dict[str, Any]:
    """The matrix on one machine; `price`: of an hour, None where it has none. Raises what a plan raises."""
    plan = make_plan(load_registry(PAPER), "paper", hardware=machine, hourly_price=price)
    known = costs.rates(machine)
    shape = costs.hub_shape(HubEncoder(name=LARGE))
    assert shape is not None
    return {
        "machine": machine,
        "basis": known.basis,
        "title": known.title,
        "jobs": plan.total.jobs,
        "exaflop": (plan.total.flops or 0.0) / 1e18,
        "hours": (plan.total.seconds or 0.0) / 3600,
        "unshared_hours": (plan.unshared.seconds or 0.0) / 3600,
        "price": price,
        "money": plan.total.money,
        "mfu": {name: known.mfu(tokens, shape, LENGTH) for name, tokens in TOKENS.items()},
    }


def rows(lines: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """As they are printed."""
    found = []
    for one in lines:
        hours = one["hours"]
        shown = f"{hours:,.1f} h" if hours < 1000 else f"{hours / 24 / 365.25:,.1f} years"
        mfu = ["-" if share is None else f"{share:.0%}" for share in one["mfu"].values()]
        money = "-" if one["money"] is None else f"{one['money']:,.0f}"
        found.append((one["machine"], one["basis"], shown, money, *mfu))
    return found


def main() -> None:
    """Plan on each machine, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", nargs="*", help="files that `claimcheck reproduce bench --out` wrote")
    parser.add_argument("--price", type=float, default=PRICE, help="of an hour of a GPU")
    parser.add_argument("--out", type=Path, default=RESULTS / "matrix.json", help="where the JSON goes")
    arguments = parser.parse_args()
    try:
        machines = [(name, arguments.price) for name in (*arguments.measured, *MODELLED)] + [(CORE, None)]
        lines = [line(name, price) for name, price in machines]
    except ClaimcheckError as error:
        raise SystemExit(f"benchmark: {error}") from None
    first = lines[0]
    print(f"{PAPER} at scale paper: {first['jobs']} jobs, {first['exaflop']:.1f} EFLOP, one job at a time")
    print_table(
        ("machine", "basis", "time", f"at {arguments.price:g}/h", *(f"MFU, {name}" for name in TOKENS)), rows(lines)
    )
    if not arguments.measured:
        print("No GPU was measured: h200 and h200-graphs are the two ends of an arithmetic, not a promise.")
    summary: dict[str, object] = {
        "hours": {one["machine"]: round(one["hours"], 1) for one in lines},
        "basis": {one["machine"]: one["basis"] for one in lines},
        "price": arguments.price,
    }
    write_result(arguments.out, summary, lines=lines)


if __name__ == "__main__":
    main()
