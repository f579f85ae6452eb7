"""One measurement in a process of its own: `python -m reproduce.bench.worker JOB.json RESULT.json`.

A process of its own, so that no variant finds the memory, the kernels or the clocks that another one left.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reproduce.bench.variants import variant
from reproduce.bench.work import Examples, Job, examples
from reproduce.runner import Context

__all__ = ["Measured", "main", "measure"]

_PATIENCE = 600.0  # seconds
_PROFILED = 3  # steps whose kernels are counted


@dataclass(frozen=True)
class Measured:
    """What one process found. Seconds and tokens are those of the counted steps; None where it cannot be known."""

    losses: list[float]  # of all steps, in nats
    seconds: list[float]  # of each counted step
    examples: int
    real_tokens: int
    padding: float  # share of the computed tokens, all steps
    flops: float
    peak_bytes: int | None
    kernels: float | None  # a step
    joules: float | None
    versions: dict[str, str]
    hardware: dict[str, Any]
    device: str


def measure(job: Job, folder: Path) -> Measured:
    """Train as the job says. Raises UsageError for what cannot be measured here, NoDeviceError."""
    import torch

    from reproduce import machine

    device = torch.device(machine.resolve_device(job.device))
    torch.set_num_threads(job.threads)
    data = examples(job)
    clock = _Clock(device, job, folder)
    energy = _joules(device)
    losses, computed = _train(job, data, device, folder, clock.tick)
    used = None if energy is None or (after := _joules(device)) is None else after - energy
    first, last = job.warm, job.warm + job.steps
    hardware = machine.hardware(str(device), job.threads)
    real = data.real_tokens(0, last)
    return Measured(
        losses=torch.stack(losses).float().cpu().tolist(),
        seconds=clock.seconds()[first:],
        examples=job.steps * job.batch,
        real_tokens=data.real_tokens(first, last),
        padding=1 - real / computed,
        flops=data.flops(job.shape, first, last),
        peak_bytes=_peak_bytes(device),
        kernels=_kernels(job, device, folder) if job.kind == "time" and job.together == 1 else None,
        joules=used,
        versions=machine.versions(),
        hardware=hardware,
        device=str(hardware.get("gpu", "cpu")),
    )


def _train(job: Job, data: Examples, device: Any, folder: Path, tick: Callable[[], None]) -> Any:
    from reproduce.bench import packed, rivals

    one = variant(job.variant)
    if one.runner == "packed":
        return packed.run(job, data, device, Context(folder=folder, device=job.device, threads=job.threads), tick)
    return rivals.run(job, one, data, device, folder, tick)


class _Clock:
    """Moments between steps; on a GPU they are marks in its own queue, so that looking at them makes nothing wait."""

    def __init__(self, device: Any, job: Job, folder: Path) -> None:
        self._gpu = device.type == "cuda"
        self._job, self._folder = job, folder
        self._marks: list[Any] = []

    def tick(self) -> None:
        """A step begins or ends here."""
        if len(self._marks) == self._job.warm and self._job.together > 1:
            _wait_for_the_others(self._folder, self._job)
        if self._gpu:
            import torch

            mark = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            mark.record()
            self._marks.append(mark)
        else:
            self._marks.append(time.perf_counter())

    def seconds(self) -> list[float]:
        """Between each two marks."""
        pairs = zip(self._marks, self._marks[1:], strict=False)
        if not self._gpu:
            return [after - before for before, after in pairs]
        import torch

        torch.cuda.synchronize()
        return [before.elapsed_time(after) / 1000 for before, after in pairs]


def _wait_for_the_others(folder: Path, job: Job) -> None:
    """Until every process that measures at the same time is past its warm steps: alone it would be too fast."""
    (folder / f"ready-{job.seed}").touch()
    until = time.monotonic() + _PATIENCE
    while len(list(folder.glob("ready-*"))) < job.together:
        if time.monotonic() > until:
            raise TimeoutError(f"{job.together} processes should measure together, and one is not there")
        time.sleep(0.01)


def _peak_bytes(device: Any) -> int | None:
    """Of the GPU's memory, or of this process's."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    with suppress(ImportError):  # not on Windows
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
    return None


def _joules(device: Any) -> float | None:
    """That the GPU has used since its driver was loaded, where NVIDIA's library says so."""
    if device.type != "cuda":
        return None
    with suppress(Exception):  # the library is optional, and old cards do not count
        import pynvml  # type: ignore[import-not-found,import-untyped,unused-ignore]

        pynvml.nvmlInit()
        card = pynvml.nvmlDeviceGetHandleByIndex(device.index or 0)
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(card)) / 1000  # it counts millijoules
    return None


def _kernels(job: Job, device: Any, folder: Path) -> float | None:
    """Kernels that a step launches, from a few more steps under torch's profiler; None without a GPU."""
    if device.type != "cuda":
        return None
    from dataclasses import replace

    from torch.profiler import ProfilerActivity, profile

    short = replace(job, warm=0, steps=_PROFILED)
    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as found:
        _train(short, examples(short), device, folder, lambda: None)
    launched = [e for e in found.events() if e.device_type.name == "CUDA" and not e.name.startswith("Mem")]
    return len(launched) / _PROFILED


def main(arguments: list[str]) -> None:
    """Read a job, write what was measured; an error is a traceback on stderr and exit 1."""
    job_file, result_file = map(Path, arguments)
    job = Job(**json.loads(job_file.read_text(encoding="utf-8")))
    result_file.write_text(json.dumps(asdict(measure(job, job_file.parent))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
