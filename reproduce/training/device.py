"""Torch set up for a job: its device, its threads, the same bits for the same job; and what weights hash to."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator

import torch

from reproduce import machine
from reproduce.data.sampling import generator
from reproduce.runner import Context

__all__ = ["deterministic", "is_finite", "weights_sha256"]


@contextlib.contextmanager
def deterministic(context: Context, seed: int) -> Iterator[torch.device]:
    """The device of a job, with torch set up so that the same job gives the same bits (on a GPU: as far as it can).

    The threads, the state of the global generator and torch's switches are put back afterwards. Raises NoDeviceError.
    """
    # cuBLAS reads it when it is first used
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = torch.device(machine.resolve_device(context.device))
    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    switches = torch.utils.deterministic
    fill: bool = switches.fill_uninitialized_memory  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.set_num_threads(context.threads)
        # what use_deterministic_algorithms does, but that imports torch's compiler, which takes a second or two
        torch.set_deterministic_debug_mode("error" if device.type == "cpu" else "warn")
        # filling every new tensor with NaN costs time, and nothing here reads what it has not written
        switches.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.manual_seed(int(generator(seed, "dropout").integers(2**63)))
        try:
            yield device
        finally:
            torch.set_num_threads(threads)
            torch.set_deterministic_debug_mode(mode)
            switches.fill_uninitialized_memory = fill  # type: ignore[attr-defined]


def is_finite(model: torch.nn.Module) -> bool:
    """Whether every weight is a number."""
    return all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters())


def weights_sha256(model: torch.nn.Module) -> str:
    """Of all parameters, by name; 64 hex digits."""
    digest = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        digest.update(f"{name} {list(parameter.shape)}\n".encode())
        digest.update(parameter.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
