"""What a run record says of the machine and its software, and what devices there are; torch only where it is in use."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import UsageError
from reproduce.runrecord import source_sha256

__all__ = [
    "NoDeviceError",
    "ended_by",
    "hardware",
    "may_have_gpu",
    "probe",
    "process_seconds",
    "resolve_device",
    "usable_cores",
    "versions",
]

_LOADED = time.monotonic()
_LIBRARIES = ("torch", "transformers", "numpy", "safetensors")


class NoDeviceError(UsageError):
    """The device that was asked for is not there."""


def versions() -> dict[str, str]:
    """Of Python, claimcheck, the libraries that this process has imported, and the sha256 of our own sources."""
    found = {"python": platform.python_version(), "source": source_sha256()}
    with contextlib.suppress(metadata.PackageNotFoundError):  # a checkout that is not installed has no version
        found["claimcheck"] = metadata.version("claimcheck-reproduce")
    for name in _LIBRARIES:
        if name in sys.modules:
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
    return found


def hardware(device: str, threads: int) -> dict[str, Any]:
    """Processor, cores that this process may use, memory in GiB, system; and the GPU where `device` is one."""
    found: dict[str, Any] = {
        "device": device,
        "processor": _processor(),
        "cores": usable_cores(),
        "threads": threads,
        "system": platform.system(),
        "machine": platform.machine(),
    }
    with contextlib.suppress(ValueError, OSError):
        found["memory_gib"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    if "torch" in sys.modules:  # a user's program has none of ours
        found["bf16"] = computes_in_bf16(device)
    if device.startswith("cuda"):
        import torch

        found["gpu"] = torch.cuda.get_device_name(torch.device(device))
        found["cuda"] = torch.version.cuda or torch.version.hip or ""
    return found


def computes_in_bf16(device: str) -> bool:
    """Whether the device multiplies bf16 numbers itself; one that emulates it is slow. Loads torch."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # on one core with avx512_bf16: products five times as fast, a training of 4 layers x 256 twice
    ask = getattr(getattr(torch, "cpu", None), "get_capabilities", None)
    able = ask() if device == "cpu" and ask is not None else {}
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def may_have_gpu() -> bool:
    """Whether it is worth the seconds of asking torch: False where the system shows no GPU driver."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists() or Path("/dev/dxg").exists()


def probe() -> dict[str, Any]:
    """What torch sees: its version, and the name and free memory in bytes of each GPU."""
    import torch

    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            gpus.append({"name": torch.cuda.get_device_name(index), "free_bytes": free, "total_bytes": total})
    return {"torch": torch.__version__, "gpus": gpus}


def resolve_device(asked: str) -> str:
    """`auto` as `cuda:0` or `cpu`, `cuda` as `cuda:0`. Raises NoDeviceError where it is not there. Imports torch."""
    if asked == "cpu":
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "auto":
        return "cuda:0" if count else "cpu"
    index = int(asked.partition(":")[2] or 0)
    if index >= count:
        there = f"{count} GPU{'s' if count > 1 else ''}" if count else "no GPU that torch can use"
        raise NoDeviceError(f"device {asked} was asked for, and there is {there}", todo="choose --device cpu or auto")
    return f"cuda:{index}"


def process_seconds() -> float:
    """Since this process was started, the start of Python included where the system tells; to the millisecond."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
        return round(up - ticks / os.sysconf("SC_CLK_TCK"), 3)
    return round(time.monotonic() - _LOADED, 3)


def ended_by(code: int) -> str:
    """How a process ended, in words, from its return code (negative: a signal)."""
    if code >= 0:
        return f"exit {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            shown = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=5
            )
            return shown.stdout.strip()
    return platform.processor() or platform.machine()
