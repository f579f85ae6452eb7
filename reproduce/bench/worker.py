"""One measurement in a process of its own: `python -m reproduce.bench.worker JOB.json RESULT.json`.

A process of its own, so that no variant finds the memory, the kernels or the clocks that another one left.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from reproduce.bench import energy
from reproduce.bench.variants import variant
from reproduce.bench.work import Examples, Job, examples
from reproduce.runner import Context

__all__ = ["Measured", "launched", "main", "measure"]

_PATIENCE = 600.0  # seconds
_PROFILED = 3  # steps whose kernels are counted


@dataclass(frozen=True)
class Measured:
    """What one process found. Seconds and tokens are those of the counted steps; None where it cannot be known."""

    losses: list[float]  # of all steps, in nats
    seconds: list[float]  # of each counted step
    processor_seconds: list[float] | None  # of each counted step, on a CPU: what other programs took is not in it
    examples: int
    real_tokens: int
    padding: float  # share of the computed tokens, all steps
    flops: float
    peak_bytes: int | None
    kernels: float | None  # a step
    joules: float | None  # of the counted steps
    energy: str  # whose joules they are, or why there are none
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
    losses, computed = _train(job, data, device, folder, clock.tick)
    first, last = job.warm, job.warm + job.steps
    seconds = clock.seconds()[first:]
    joules, whose = clock.joules(sum(seconds))
    hardware = machine.hardware(str(device), job.threads)
    real = data.real_tokens(0, last)
    return Measured(
        losses=torch.stack(losses).float().cpu().tolist(),
        seconds=seconds,
        processor_seconds=clock.processor_seconds(first),
        examples=job.steps * job.batch,
        real_tokens=data.real_tokens(first, last),
        padding=1 - real / computed,
        flops=data.flops(job.shape, first, last),
        peak_bytes=_peak_bytes(device),
        kernels=_kernels(job, device, folder) if job.kind == "time" and job.together == 1 else None,
        joules=joules,
        energy=whose,
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
        self._gpu, self._device = device.type == "cuda", device
        self._job, self._folder = job, folder
        self._marks: list[Any] = []
        self._processor: list[float] = []
        self._meter = energy.meter(device) if job.kind == "time" else None
        self._joules: float | None = None

    def tick(self) -> None:
        """A step begins or ends here."""
        if len(self._marks) == self._job.warm and self._job.together > 1:
            _wait_for_the_others(self._folder, self._job)
        place = len(self._marks)
        if self._meter is not None and place == self._job.warm:
            _wait(self._device)
            self._meter.begin()
        if self._gpu:
            import torch

            mark = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            mark.record()
            self._marks.append(mark)
        else:
            self._marks.append(time.perf_counter())
            self._processor.append(time.process_time())
        if self._meter is not None and place == self._job.warm + self._job.steps:
            _wait(self._device)
            self._joules = self._meter.end()

    def seconds(self) -> list[float]:
        """Between each two marks."""
        pairs = pairwise(self._marks)
        if not self._gpu:
            return [after - before for before, after in pairs]
        import torch

        torch.cuda.synchronize()
        return [before.elapsed_time(after) / 1000 for before, after in pairs]

    def processor_seconds(self, first: int) -> list[float] | None:
        """Of this process between each two marks from the `first` on; None on a GPU, where they say nothing."""
        if self._gpu:
            return None
        marks = self._processor[first:]
        return [after - before for before, after in pairwise(marks)]

    def joules(self, counted: float) -> tuple[float | None, str]:
        """Of the counted steps, which took so many seconds, and whose; or None and why."""
        if self._meter is None or self._joules is None:
            return None, "not readable here (NVML of a GPU, RAPL of a processor)"
        if counted < energy.LEAST_SECONDS:
            return None, f"the counted steps take less than {energy.LEAST_SECONDS:g} s: ask for more of them (--steps)"
        return self._joules, self._meter.what


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
    # on Linux getrusage's figure of a process begins with its parent's, which a small one never reaches
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    with suppress(ImportError):  # not on Windows
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
    return None


def _wait(device: Any) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)


def _kernels(job: Job, device: Any, folder: Path) -> float | None:
    """Kernels that a step launches, from a few more steps under torch's profiler; None without a GPU."""
    if device.type != "cuda":
        return None
    from torch.profiler import ProfilerActivity, profile

    short = replace(job, warm=_PROFILED, steps=_PROFILED)
    found = profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU])
    marks = 0

    def tick() -> None:
        # from the second half on: the first steps also set things up, which later ones do not
        nonlocal marks
        if marks in (_PROFILED, 2 * _PROFILED):
            _wait(device)
            (found.start if marks == _PROFILED else found.stop)()
        marks += 1

    _train(short, examples(short), device, folder, tick)
    return launched(found.events()) / _PROFILED  # type: ignore[no-untyped-call]


def launched(events: Iterable[Any]) -> int:
    """How many of a profile's events are kernels: what ran on the GPU, but for copies, fills and marks of a range."""
    return sum(
        one.device_type.name == "CUDA"
        and not one.name.startswith("Mem")
        and not getattr(one, "is_user_annotation", False)
        for one in events
    )


def main(arguments: list[str]) -> None:
    """Read a job, write what was measured; an error is a traceback on stderr and exit 1."""
    job_file, result_file = map(Path, arguments)
    job = Job(**json.loads(job_file.read_text(encoding="utf-8")))
    result_file.write_text(json.dumps(asdict(measure(job, job_file.parent))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
