"""Energy that a device has used: NVIDIA's own counter of a GPU, the processor's (RAPL) where the device is the CPU.

Neither needs a package: the first is asked through the library that comes with NVIDIA's driver, the second is files.
Both count for the whole GPU or processor, whoever uses it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["LEAST_SECONDS", "Meter", "meter"]

# GPUs bring their counter up to date some ten times a second: of a shorter time it says little
LEAST_SECONDS = 1.0
_RAPL = Path("/sys/class/powercap")
_NVML = "libnvidia-ml.so.1"


class Meter:
    """Joules from `begin` to `end`. `read` gives a counter in joules, which starts anew after `most`, or raises."""

    def __init__(self, read: Callable[[], float], what: str, most: float = float("inf")) -> None:
        self.what = what  # whose energy it is
        self._read, self._most = read, most
        self._begun: float | None = None

    @property
    def readable(self) -> bool:
        """Whether the counter can be read now."""
        return self._value() is not None

    def begin(self) -> None:
        """From here on."""
        self._begun = self._value()

    def end(self) -> float | None:
        """Joules since `begin`; None where the counter could not be read."""
        now = self._value()
        if now is None or self._begun is None:
            return None
        return now - self._begun if now >= self._begun else now - self._begun + self._most

    def _value(self) -> float | None:
        with suppress(OSError, ValueError):
            return self._read()
        return None


def meter(device: Any, *, folder: Path = _RAPL, library: Callable[[str], Any] = ctypes.CDLL) -> Meter | None:
    """The meter of a torch device; None where its energy cannot be read. The keywords are for tests."""
    found: Meter | None
    if device.type == "cuda":
        import torch

        uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
        found = None if uuid is None else gpu_meter(str(uuid), library)
    else:
        found = cpu_meter(folder)
    return found if found is not None and found.readable else None


def gpu_meter(uuid: str, library: Callable[[str], Any] = ctypes.CDLL) -> Meter | None:
    """Of the GPU with that UUID, by which NVML knows it whatever CUDA_VISIBLE_DEVICES numbers it; None without NVML."""
    try:
        nvml = library(_NVML)
        handle = ctypes.c_void_p()
        name = uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(handle)):
            return None
    except (OSError, AttributeError):  # no driver, or one that is too old
        return None

    def read() -> float:
        millijoules = ctypes.c_ulonglong()
        if nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(millijoules)):
            raise OSError("this GPU does not count its energy")
        return millijoules.value / 1000

    return Meter(read, "the GPU")


def cpu_meter(folder: Path = _RAPL) -> Meter | None:
    """Of all processor packages together, from Linux's powercap files; None where there are none to read."""
    # intel-rapl:0 is a package, intel-rapl:0:1 a part of it; AMD's processors bear the same names
    packages = sorted(path for path in folder.glob("intel-rapl:*") if path.name.count(":") == 1)
    try:
        most = sum(_microjoules(packages, "max_energy_range_uj"))
    except (OSError, ValueError):
        return None
    if not packages:
        return None

    def read() -> float:
        return sum(_microjoules(packages, "energy_uj")) / 1e6

    # with several packages the sum drops by the range of the one that started anew
    return Meter(read, "the processor", most / len(packages) / 1e6)


def _microjoules(packages: Sequence[Path], name: str) -> list[int]:
    return [int((package / name).read_text()) for package in packages]
