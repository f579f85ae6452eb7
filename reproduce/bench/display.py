"""A measurement for people: one table a batch size, then the ratios, or why there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, Self

from claimcheck.foundation.console import harmless, results_console
from reproduce.bench.compare import Row
from reproduce.bench.variants import OURS, variant
from reproduce.display import duration, size

__all__ = ["Watch", "show"]

_BUSY = 0.9  # processor seconds a second and thread, below which a measurement was held up


class Watch:
    """Progress of a measurement on stderr, with the time left: a bar on a terminal, elsewhere a line a process."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """What is measured next; processes done, processes in all."""
        if self._bar is not None:
            self._bar.update(self._task, description=what, completed=done, total=total)
            return
        left = (time.monotonic() - self._begun) / done * (total - done) if done else None
        sys.stderr.write(f"{done}/{total} {what}" + ("" if left is None else f", {duration(left)} left") + "\n")
        sys.stderr.flush()


def show(result: Mapping[str, Any]) -> None:
    """Print what `run` gave."""
    from rich.table import Table

    console, ask = results_console(), result["ask"]
    ceiling, peak = result["gemm_flops"], result["peak_flops"]
    console.print(
        f"{ask['encoder']}, {ask['precision']}, {harmless(result['device'])}, {ask['threads']} CPU threads; medians of "
        f"{ask['rounds']} rounds of {ask['steps']} steps, variants in turn; FLOPs and tokens are those of real tokens"
    )
    console.print(
        ("" if ceiling is None else f"GEMM ceiling, one large product in this run: {_tera(ceiling)}; ")
        + ("no peak is known of this device, so no MFU" if peak is None else f"peak, for MFU: {_tera(peak)}")
    )
    for found in result["tables"]:
        table = Table(
            title=f"batch {found['batch']}: {found['tokens_per_step']:,.0f} tokens a step, "
            f"{found['mean_length']:.0f} an example",
            title_justify="left",
        )
        table.add_column("variant")
        for name in (
            "examples/s",
            "tokens/s",
            "ms/step",
            "MFU",
            "of GEMM",
            "padding",
            "kernels",
            "memory",
            "J/example",
            "spread",
        ):
            table.add_column(name, justify="right")
        for entry in found["rows"]:
            row = Row(**entry)
            # the ceiling is that of one process: on a CPU each has cores of its own
            several = variant(row.variant).replicas and ask["device"] == "cpu"
            most = ceiling * ask["replicas"] if ceiling and several else ceiling
            table.add_row(
                variant(row.variant).title,
                f"{row.examples_per_second:,.1f}",
                f"{row.tokens_per_second:,.0f}",
                f"{1000 * row.step_seconds:,.1f}",
                _percent(row.share(peak)),
                _percent(row.share(most, by_processor=ask["threads"] == 1)),
                _percent(row.padding),
                "-" if row.kernels is None else f"{row.kernels:,.0f}",
                "-" if row.peak_bytes is None else size(row.peak_bytes),
                "-" if row.joules_per_example is None else f"{row.joules_per_example:.3f}",
                _percent(row.spread),
            )
        console.print(table)
        for name, ratio in found["ratios"].items():
            if variant(name).replicas:
                continue  # its own rates stand in the table; it is the same code
            console.print(
                f"{variant(OURS).title} trains {ratio['median']:.2f} times the examples a second of "
                f"{variant(name).title} ({ratio['least']:.2f} to {ratio['most']:.2f} over the rounds"
                + (f"; {ratio['by_processor']:.2f} by processor time)" if "by_processor" in ratio else ")")
            )
        held = [row["busy"] for row in found["rows"] if row["busy"] is not None]
        if held and min(held) < _BUSY * ask["threads"]:
            console.print(
                f"Other programs held the measurement up: its processes had {min(held):.0%} of a core at least. "
                "Processor time is what to look at."
            )
    for name in result["refused"]:
        console.print(
            f"No ratio to {variant(name).title}: without dropout its losses differ by "
            f"{result['disagreement'][name]:.2g} (at most {result['tolerance']:g}), so it computes something else."
        )
    console.print(f"Energy: {harmless(result['energy'])}.")
    _show_fit(result["fit"])
    for name in (name for name in result["traces"] if variant(name).note):
        console.print(f"{variant(name).title}: {variant(name).note}.")


def _show_fit(fit: Mapping[str, Any]) -> None:
    """The speed model that `plan --hardware FILE` takes, and how well it holds."""
    if not fit["certain"]:
        return
    console, points = results_console(), fit["points"]
    tokens = sum(one["tokens"] for one in points)
    a_token = fit["slope"] * sum(one["flops"] for one in points) / tokens
    clock = " of processor time" if fit["clock"] == "processor" else ""
    console.print(
        f"A step takes {1000 * fit['fixed']:.3g} ms + {1e6 * a_token:.3g} us a token{clock}: within "
        f"{fit['misfit']:.1%} of the {len(points)} batch sizes measured"
        + ("" if fit["foretold"] is None else f"; each foretold by the others: within {fit['foretold']:.1%}")
    )


def _tera(flops: float) -> str:
    return f"{flops / 1e12:,.3g} TFLOP/s"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
