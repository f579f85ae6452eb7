"""How often each verdict on a reproduced number comes out, true gap by true gap, and how often the intervals hold.

    python -m benchmarks.replication_operating [--simulations 20000] [--seed 0] [--out FILE]

A simulated paper draws its number from as many runs as it says and prints one decimal; the reproduction draws its
seeds; the formulas that judge are those of claimcheck.foundation.replication. No data are needed.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import RESULTS, print_table, write_result
from claimcheck.foundation.replication.comparison import Comparison, compare
from claimcheck.foundation.replication.order_statistics import Statistic, reproduced_statistic, variance_factor
from claimcheck.foundation.replication.seeds import pool

Floats = NDArray[np.float64]
GAPS = (0.0, 1.0, 2.0, 4.0)
VERDICTS = ("reproduced", "reproduced_small_shift", "inconclusive", "not_reproduced_lower", "not_reproduced_higher")


@dataclass(frozen=True)
class Setting:
    """One way a claim may be tested: seed SD, our seeds, the paper's runs, cells whose SDs are pooled, margin."""

    sigma: float
    seeds: int
    runs: int = 1
    cells: int = 1
    margin: float = 1.5
    statistic: Statistic = "single"
    prints_sd: bool = False

    def __str__(self) -> str:
        behind = f"n0={self.runs}" if self.statistic == "single" else f"{self.statistic} of {self.runs}"
        pooled = f"pooled over {self.cells}" if self.cells > 1 else "unpooled"
        welch = ", SD printed" if self.prints_sd else ""
        return f"sigma {self.sigma:g}, m={self.seeds}, {behind}, {pooled}{welch}, delta {self.margin:g}"


OPERATING = (
    Setting(0.4, 3),
    Setting(0.4, 3, cells=12),
    Setting(0.4, 5, cells=12),
    Setting(1.0, 3, cells=12),
    Setting(1.0, 5, cells=12, margin=3.0),
)
COVERAGE = (
    *(Setting(0.4, m, cells=cells) for m in (3, 5, 10) for cells in (1, 4, 12)),
    *(Setting(0.4, m, runs, cells, statistic="mean") for m, runs in ((3, 3), (5, 10)) for cells in (1, 12)),
    *(Setting(0.4, m, runs, cells, statistic="median") for m, runs in ((3, 3), (5, 3), (4, 5)) for cells in (1, 12)),
    *(Setting(0.4, m, runs, cells, statistic="max") for m, runs in ((3, 3), (5, 10), (10, 2)) for cells in (1, 12)),
    *(Setting(0.4, m, runs, c, statistic="mean", prints_sd=True) for m, runs, c in ((3, 3, 12), (5, 5, 12), (5, 5, 1))),
)


def claimed_statistic(runs: Floats, statistic: Statistic) -> Floats:
    """The number that a paper computes of its runs: [..., runs] -> [...]."""
    if statistic == "median":
        return np.asarray(np.median(runs, axis=-1))
    return runs.max(axis=-1) if statistic == "max" else runs.mean(axis=-1) if statistic == "mean" else runs[..., 0]


def simulate(
    setting: Setting, gap: float, simulations: int, rng: np.random.Generator, *, decimals: int | None = 1
) -> Comparison:
    """Claimed and reproduced numbers whose true difference is `gap`, judged; `decimals`: printed, None for all."""
    theirs = 70.0 + setting.sigma * rng.standard_normal((simulations, setting.runs))
    ours = 70.0 + gap + setting.sigma * rng.standard_normal((simulations, setting.seeds))
    dof = setting.seeds - 1
    others = setting.sigma**2 * rng.chisquare(dof, (simulations, setting.cells - 1)) / dof
    variances = np.concatenate([ours.var(axis=1, ddof=1)[:, None], others], axis=1)
    sd, nu = pool(variances, [dof] * setting.cells)
    claimed = claimed_statistic(theirs, setting.statistic)
    if decimals is not None:
        claimed = np.round(claimed, decimals)
    return compare(
        reproduced_statistic(ours, sd, setting.statistic, setting.runs),
        claimed,
        sd,
        nu,
        spread=variance_factor("median" if setting.statistic == "median" else "mean", setting.seeds),
        half_width=0.0 if decimals is None else 0.5 * 10.0**-decimals,
        margin=setting.margin,
        statistic=setting.statistic,
        runs=setting.runs,
        claimed_sd=theirs.std(axis=1, ddof=1) if setting.prints_sd else None,
    )


def shares(result: Comparison) -> dict[str, float]:
    """The share of each verdict; lower and higher apart."""
    return {verdict: float(np.mean(result.verdict == verdict)) for verdict in VERDICTS}


def coverage(setting: Setting, simulations: int, rng: np.random.Generator, *, decimals: int | None = None) -> float:
    """How often the prediction interval holds the difference where there is no true gap.

    Of numbers with all their digits: rounding is granted in full, which makes the interval of printed ones wider.
    """
    result = simulate(setting, 0.0, simulations, rng, decimals=decimals)
    return float(np.mean((result.gap >= result.low) & (result.gap <= result.high)))


def reproduced_shares(setting: Setting, simulations: int, rng: np.random.Generator) -> list[tuple[float, ...]]:
    """For each true gap: reproduced, with a shift, inconclusive, not reproduced."""
    table = []
    for gap in GAPS:
        s = shares(simulate(setting, gap, simulations, rng))
        table.append((*(s[v] for v in VERDICTS[:3]), s[VERDICTS[3]] + s[VERDICTS[4]]))
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints both tables and writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "replication_operating.json")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    start = time.perf_counter()
    operating = [(s, reproduced_shares(s, options.simulations, rng)) for s in OPERATING]
    n = options.simulations
    held = [(s, coverage(s, n, rng), coverage(s, n, rng, decimals=1)) for s in COVERAGE]
    seconds = time.perf_counter() - start
    print("reproduced / shift / inconclusive / not reproduced, by true gap")
    print_table(
        ("setting", *(f"gap {gap:g}" for gap in GAPS)),
        [(s, *("/".join(f"{x:.2f}" for x in cell) for cell in row)) for s, row in operating],
    )
    print()
    print_table(
        ("95 % prediction interval holds", "exact, %", "printed, %"),
        [(str(s).partition(", delta")[0], f"{100 * exact:.1f}", f"{100 * printed:.1f}") for s, exact, printed in held],
    )
    summary = {
        "simulations": options.simulations,
        "coverage_min": min(exact for _, exact, _ in held),
        "coverage_max": max(exact for _, exact, _ in held),
        "false_not_reproduced_max": max(row[0][3] for _, row in operating),
        "simulation_error_95": round(1.96 * math.sqrt(0.05 * 0.95 / options.simulations), 4),
        "seconds": round(seconds, 1),
    }
    write_result(
        options.out,
        summary,
        operating=[asdict(s) | {"gaps": GAPS, "shares": row} for s, row in operating],
        coverage=[asdict(s) | {"exact": exact, "printed": printed} for s, exact, printed in held],
    )


if __name__ == "__main__":
    main()
