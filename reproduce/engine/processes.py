"""One worker process as the engine holds it: started in the job's folder, listened to, told to leave, killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reproduce import machine

__all__ = ["WorkerProcess", "ask_worker", "last_line", "worker_environment"]

_LONGEST_LINE = 1 << 20
# what a worker needs to find its libraries, data and devices; everything else stays outside, ours above all
_PASSED = frozenset(
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR TEMP TMP SHELL VIRTUAL_ENV PYTHONPATH PYTHONHOME LD_LIBRARY_PATH "
    "LD_PRELOAD DYLD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HTTP_PROXY HTTPS_PROXY "
    "NO_PROXY http_proxy https_proxy no_proxy TORCH_HOME XDG_CACHE_HOME SYSTEMROOT".split()
)
_PASSED_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "NCCL_", "HF_", "PYTORCH_", "TORCH_CUDNN_")


def worker_environment(threads: int, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The reduced environment of a worker that computes with so many threads."""
    given = os.environ if environment is None else environment
    kept = {k: v for k, v in given.items() if k in _PASSED or k.startswith(_PASSED_PREFIXES)}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        kept[name] = str(threads)
    # the worker runs the code that this process runs, also from a checkout that is not installed
    root = str(Path(machine.__file__).resolve().parents[1])
    kept["PYTHONPATH"] = os.pathsep.join([root, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))])
    kept["PYTHONHASHSEED"] = "0"  # the order of a set of strings must not differ between two attempts
    kept["TOKENIZERS_PARALLELISM"] = "false"
    kept["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # deterministic sums on a GPU
    return kept


def ask_worker(argument: str, seconds: float = 120.0) -> dict[str, Any]:
    """What a worker answers to one argument (`--probe`). Raises OSError, subprocess.SubprocessError, ValueError."""
    command = [sys.executable, "-P", "-m", "reproduce.engine.worker", argument]
    done = subprocess.run(  # noqa: S603 - this interpreter, our own module
        command,
        env=worker_environment(1),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1] if done.stdout.strip() else b"")
    if not isinstance(answer, dict):
        raise ValueError("the worker's answer is no JSON object")
    return answer


class WorkerProcess:
    """A worker at its job. Times are of the monotonic clock."""

    def __init__(self, key: str, label: str, folder: Path, slot: int, attempt: int, threads: int) -> None:
        self.key, self.label, self.folder, self.slot, self.attempt = key, label, folder, slot, attempt
        self.log = folder / "log"
        self.eta: float | None = None
        self.told_to_leave = False
        self.silent = False  # killed for giving no sign of life
        self.at_end = False  # its output is closed: it has ended or is about to
        self.started = self.last_sign = time.monotonic()
        self._buffer = b""
        with self.log.open("ab") as log:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            log.write(f"{now} attempt {attempt}\n".encode())
            log.flush()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "reproduce.engine.worker", "job.json"],
                cwd=folder,
                env=worker_environment(threads),
                stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however it ends
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
            )
        assert self._process.stdout is not None
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Descriptor of its output, for a selector."""
        return self._output.fileno()

    def events(self) -> Iterator[dict[str, Any]]:
        """What it said since the last call; lines that are no JSON objects are left out."""
        while chunk := self._output.read(1 << 16):
            self.last_sign = time.monotonic()
            *lines, self._buffer = (self._buffer + chunk).split(b"\n")
            if len(self._buffer) > _LONGEST_LINE:
                self._buffer = b""
            for line in lines:
                with contextlib.suppress(ValueError, RecursionError):
                    event = json.loads(line)
                    if isinstance(event, dict) and isinstance(event.get("event"), str):
                        yield event
        if chunk == b"":  # None: nothing for now
            self.at_end = True

    def poll(self) -> int | None:
        """Its return code, negative for a signal, or None while it runs."""
        return self._process.poll()

    def ask_to_leave(self) -> None:
        """SIGTERM: it writes a checkpoint and exits with 75."""
        self.told_to_leave = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL; a user's program that it runs is ended by its reaper."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def close(self) -> None:
        """Reap it and free its pipes, once it has ended."""
        self._process.wait()
        self._output.close()
        if self._process.stdin is not None:
            self._process.stdin.close()


def last_line(path: Path) -> str:
    """The last line of a log that is not empty, without its time stamp; "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if line), "")
    stamp, _, rest = line.partition(" ")
    return rest if stamp.endswith("Z") and stamp[:4].isdigit() else line
