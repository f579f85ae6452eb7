"""The whole measurement: traces that must agree, then the variants in turn, round after round, each in its own process.

A ratio is printed only where the losses of both variants agree without dropout: a faster training that computes
something else is no faster training.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from claimcheck.foundation.errors import ClaimcheckError, UsageError
from reproduce.bench.compare import TOLERANCE, disagreement, ratio, row, together
from reproduce.bench.rates import fit_of, machine_of, rates_of
from reproduce.bench.variants import OURS, variant
from reproduce.bench.work import Job, examples
from reproduce.engine.processes import worker_environment

__all__ = ["SCHEMA", "Ask", "run", "tokens_batch"]

SCHEMA = "claimcheck/bench/v1"
_TRACE_STEPS = 10
_TRACE_BATCH = 32
_SECONDS = 1200  # after which a process counts as hung


@dataclass(frozen=True)
class Ask:
    """What to measure: `batches` are examples an optimizer step, one table each."""

    encoder: str
    batches: tuple[int, ...]
    variants: tuple[str, ...]
    rounds: int
    steps: int
    warm: int
    device: str  # resolved: "cpu" or "cuda:0"
    threads: int
    precision: str
    seed: int = 0
    replicas: int = 2  # processes of the variant that trains several seeds at once


Progress = Callable[[str, int, int], None]  # what is measured, processes done, processes in all


def tokens_batch(encoder: str, tokens: int) -> int:
    """Examples a step that hold about so many real tokens."""
    probe = Job(OURS, "time", encoder, 1000, 1, 0, "cpu", 1, "fp32")
    return max(1, round(tokens / float(examples(probe).tokens.lengths.mean())))


def run(ask: Ask, on_progress: Progress = lambda what, done, total: None) -> dict[str, Any]:
    """Measure; the result as JSON (schema claimcheck/bench/v1).

    `refused` holds, for each variant whose losses differ from ours, by how much; it has no ratio. Raises UsageError
    for what cannot be measured here, ClaimcheckError where a process fails, with the last line of what it said.
    """
    names = (OURS, *(name for name in dict.fromkeys(ask.variants) if name != OURS))
    for name in names:
        variant(name)
    if min(ask.rounds, ask.steps, ask.replicas, *ask.batches) < 1:
        raise UsageError("rounds, steps, replicas and batch are at least 1")
    total, done = len(names) * (1 + ask.rounds * len(ask.batches)), 0
    measured: list[dict[str, Any]] = []
    whose = ""
    with TemporaryDirectory(prefix="claimcheck-bench-") as name:
        folder = Path(name)

        def one(job: Job) -> dict[str, Any]:
            nonlocal done
            on_progress(f"{job.variant}, {job.kind}, batch {job.batch}", done, total)
            count = ask.replicas if variant(job.variant).replicas and job.kind == "time" else 1
            found = _in_processes([replace(job, seed=job.seed + n, together=count) for n in range(count)], folder)
            done += 1
            return found

        trace = _job(ask, OURS, "trace", min(_TRACE_BATCH, ask.batches[0]))
        traces = {name: one(replace(trace, variant=name)) for name in names}
        apart = disagreement({name: found["losses"] for name, found in traces.items()})
        for batch in ask.batches:
            rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            for _ in range(ask.rounds):  # A-B-A-B: what slows the machine for a while slows all of them
                for name in names:
                    rounds[name].append(one(_job(ask, name, "time", batch)))
            measured.append(_table(ask, batch, rounds, apart))
            whose = rounds[OURS][0]["energy"]
        ceiling = _gemm_ceiling(ask)
    first = traces[OURS]
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "ask": asdict(ask),
        "device": first["device"],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": first["versions"],
        "hardware": first["hardware"],
        "peak_flops": _peak(first["device"]),
        "gemm_flops": ceiling,
        "energy": whose,
        "traces": {name: found["losses"] for name, found in traces.items()},
        "disagreement": apart,
        "tolerance": TOLERANCE[ask.precision],
        "refused": sorted(name for name, off in apart.items() if not off <= TOLERANCE[ask.precision]),
        "tables": measured,
    }
    # for `reproduce plan --hardware FILE`
    return result | {"fit": fit_of(result).to_json(), "rates": asdict(rates_of(result, "bench"))}


def _job(ask: Ask, name: str, kind: str, batch: int) -> Job:
    steps, warm = (_TRACE_STEPS, 0) if kind == "trace" else (ask.steps, ask.warm)
    return Job(name, kind, ask.encoder, batch, steps, warm, ask.device, ask.threads, ask.precision, ask.seed)


def _table(ask: Ask, batch: int, rounds: dict[str, list[dict[str, Any]]], apart: dict[str, float]) -> dict[str, Any]:
    agree = [name for name, off in apart.items() if off <= TOLERANCE[ask.precision]]
    first = rounds[OURS][0]
    return {
        "batch": batch,
        "mean_length": first["real_tokens"] / first["examples"],
        "tokens_per_step": first["real_tokens"] / ask.steps,
        "rows": [asdict(row(name, found)) for name, found in rounds.items()],
        "ratios": {name: ratio(rounds, name) for name in agree},
        "rounds": {name: [one["seconds"] for one in found] for name, found in rounds.items()},
        "processor_rounds": {name: [one["processor_seconds"] for one in found] for name, found in rounds.items()},
    }


def _in_processes(jobs: Sequence[Job], folder: Path) -> dict[str, Any]:
    """What one process each measures, at the same time, as one measurement."""
    with TemporaryDirectory(dir=folder) as shared, ExitStack() as running:
        started = [running.enter_context(_started(job, Path(shared))) for job in jobs]
        return together([_result(job, process, Path(shared)) for job, process in zip(jobs, started, strict=True)])


@contextmanager
def _started(job: Job, folder: Path) -> Iterator[subprocess.Popen[str]]:
    given, result = folder / f"job-{job.seed}.json", folder / f"result-{job.seed}.json"
    given.write_text(json.dumps(asdict(job)), encoding="utf-8")
    environment = worker_environment(job.threads) | {"HF_HUB_OFFLINE": "1"}  # nothing of a hub is needed
    command = [sys.executable, "-P", "-m", "reproduce.bench.worker", str(given), str(result)]
    with (folder / f"said-{job.seed}").open("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, text=True)  # noqa: S603
        try:
            yield process
        finally:
            process.kill()  # where another one failed, or the user stopped
            process.wait()


def _result(job: Job, process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    try:
        code = process.wait(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise ClaimcheckError(
            f"measuring {job.variant} took more than {_SECONDS} s", todo="fewer --steps, or a smaller --encoder"
        ) from None
    result = folder / f"result-{job.seed}.json"
    if code or not result.exists():
        said = (folder / f"said-{job.seed}").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ClaimcheckError(
            f"measuring {job.variant} (batch {job.batch}) failed: {(said or ['it said nothing'])[-1][:300]}",
            todo="a smaller --batch or --encoder where memory ran out; --variants leaves a variant out",
        )
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


_GEMM = """
import sys, time, torch
device, threads, n, dtype = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), getattr(torch, sys.argv[4])
torch.set_num_threads(threads)
a, b = torch.randn(n, n, device=device, dtype=dtype), torch.randn(n, n, device=device, dtype=dtype)
wait = torch.cuda.synchronize if device != "cpu" else lambda: None
clock = time.process_time if device == "cpu" and threads == 1 else time.perf_counter
best = float("inf")
for _ in range(12):
    wait(); begun = clock(); a @ b; wait()
    best = min(best, clock() - begun)
print(2 * n**3 / best)
"""


def _gemm_ceiling(ask: Ask) -> float | None:
    """FLOP/s of one large matrix product in the precision that was measured: what no training can exceed.

    Of one CPU thread in processor time, so that other programs make it no smaller.
    """
    cpu = ask.device == "cpu"
    dtype = "bfloat16" if ask.precision == "bf16" else "float32"
    command = [sys.executable, "-c", _GEMM, ask.device, str(ask.threads), "1024" if cpu else "8192", dtype]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    return float(done.stdout) if not done.returncode else None


def _peak(device: str) -> float | None:
    """Of the hardware that hardware.toml knows under a name which the device's contains."""
    from reproduce.planning.costs import rates

    name = machine_of(device)
    return rates(name).peak if name else None
