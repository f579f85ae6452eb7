"""The process that carries out one job: `python -P -m reproduce.engine.worker job.json`, in the job's folder.

It sees job.json and the folders of the job's inputs, nothing else. It says what it does in JSON lines on stdout, and in
progress.json; stderr is the log, whose last line says how it ended. It leaves (after a checkpoint) on SIGTERM, and when
its stdin, a pipe that the engine holds, is closed: no worker outlives its engine for long. Exit codes: exits.py.

    python -P -m reproduce.engine.worker --probe      which devices there are, as JSON
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import os
import signal
import stat
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from claimcheck.foundation.errors import ClaimcheckError, InputError, MissingInputError
from claimcheck.foundation.store import write_atomic
from reproduce import machine
from reproduce.engine import exits
from reproduce.runner import Context, Outcome, Preempted
from reproduce.runrecord import (
    Finished,
    JobFile,
    LossRecord,
    Run,
    inspect,
    model_sha256,
    remove_checkpoints,
    seed_of,
    source_sha256,
)
from reproduce.specs import CommandJob, EvaluateJob, PretrainJob, TrainJob

__all__ = ["main"]


class _Voice:
    """Events to the engine, one JSON line each, and the last of each kind in progress.json for `status`."""

    def __init__(self, folder: Path, pause: float = 1.0) -> None:
        self._file = folder / "progress.json"
        self._pause = pause  # seconds between two writes of the file, but for a new phase
        self._state: dict[str, Any] = {"pid": os.getpid()}
        self._written = 0.0
        self._lock = threading.Lock()
        # libraries print on stdout: the engine's pipe is kept apart, and descriptor 1 becomes the log
        self._pipe = os.dup(1)
        os.dup2(2, 1)

    def say(self, event: dict[str, Any]) -> None:
        """Pass an event on. Never raises: a worker without an engine is told to stop by its stdin."""
        line = json.dumps(event, default=str).encode() + b"\n"
        with self._lock:
            with contextlib.suppress(OSError):
                while line:
                    line = line[os.write(self._pipe, line) :]
            if event["event"] == "note":
                print(event.get("text", ""), file=sys.stderr, flush=True)
                return
            if event["event"] == "phase":
                self._state["phase"] = event["name"]
                _log(f"phase {event['name']}")
            self._state |= {name: value for name, value in event.items() if name not in ("event", "name")}
            now = time.monotonic()
            if event["event"] == "phase" or now - self._written >= self._pause:
                self._written = now
                self._write()

    def _write(self) -> None:
        temporary = self._file.with_suffix(".tmp")
        # no fsync: after a crash of the machine nobody asks how far the job was
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(self._state | {"time": time.time()}, default=str))
            temporary.replace(self._file)


def main(arguments: list[str] | None = None) -> int:
    """Carry out the job of the file that is named, and give the exit code."""
    names = sys.argv[1:] if arguments is None else arguments
    if names == ["--probe"]:
        print(json.dumps(machine.probe()))
        return exits.DONE
    if len(names) != 1:
        print("usage: python -P -m reproduce.engine.worker job.json | --probe", file=sys.stderr)
        return exits.BUG
    path = Path(names[0]).absolute()
    stop = threading.Event()
    _watch(stop)
    voice = _Voice(path.parent)
    try:
        with _own(path.parent, stop, voice) as lock:
            _carry_out(path, stop, voice, lock)
        _log("done")
        return exits.DONE
    except BaseException as error:
        return _explain(error, path.parent)


def _watch(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM and when the engine is gone."""
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    # Ctrl-C and a closed terminal reach the whole process group: it is for the engine to say what happens then
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def lifeline() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        stop.set()
        time.sleep(exits.LEAVE_SECONDS)
        _log("the engine is gone and no checkpoint could be reached in time")
        os._exit(exits.PREEMPTED)

    # started by hand, from a terminal or with nothing on stdin, there is no engine to lose
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=lifeline, daemon=True).start()


@contextlib.contextmanager
def _own(folder: Path, stop: threading.Event, voice: _Voice) -> Iterator[int]:
    """Hold the folder's lock, so that never two processes work in it; an orphan of a killed engine is waited for."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        give_up = time.monotonic() + exits.LOCK_SECONDS
        waiting = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            if not waiting:
                voice.say({"event": "phase", "name": "wait"})
                _log(f"waiting for process {holder}, which still works in this folder")
                waiting = True
            if stop.wait(0.2):
                raise exits.StoppedError("stopped while it waited for the folder's lock")
            voice.say({"event": "wait"})
            if time.monotonic() > give_up:
                raise exits.ResourceError(f"process {holder} still works in this folder: end it and run again")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _carry_out(path: Path, stop: threading.Event, voice: _Voice, lock: int) -> None:
    folder = path.parent
    file = _read(path)
    if isinstance(inspect(folder, file.key), Finished):
        _log("the job is finished already")
        return
    parents = _parents(folder, file)
    _start_anew_where_the_code_changed(folder)
    started = datetime.now(UTC)
    fields, device = _run(file, folder, stop, voice, lock)
    voice.say({"event": "phase", "name": "finish"})
    seconds = {name: round(value, 3) for name, value in fields.pop("seconds", {}).items()}
    loss = fields.pop("train_loss", None)
    run = Run(
        key=file.key,
        kind=file.job.kind,
        job=file.job,
        seed=seed_of(file.job),
        train_loss=None if loss is None else LossRecord.model_validate({k: _finite(v) for k, v in loss.items()}),
        parents=parents,
        versions=machine.versions(),
        hardware=machine.hardware(device, file.runtime.threads),
        # a job that went on from a checkpoint has taken what its parts took, which the checkpoint remembers
        seconds={"total": max(machine.process_seconds(), sum(seconds.values()))} | seconds,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        exit=0,
        **fields,
    )
    write_atomic(folder / "run.json", run.to_json())
    # only now: until run.json is there, the checkpoints are all that a killed worker leaves
    remove_checkpoints(folder)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _read(path: Path) -> JobFile:
    try:
        return JobFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise MissingInputError("there is no job.json", where=str(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "job"
        todo = "run the engine again, it writes the file anew"
        raise InputError(f"{place}: {first['msg']}", where=str(path), todo=todo) from None


def _parents(folder: Path, file: JobFile) -> dict[str, str]:
    """sha256 of each input's run.json. Raises InputError where an input is not finished, or is another model now."""
    parents = {}
    for key, place in file.inputs.items():
        found = inspect(folder / place, key)
        if not isinstance(found, Finished):
            todo = "run the engine again, it repeats that job"
            raise InputError(f"the input {key} is not finished: {found.why}", where=str(folder), todo=todo)
        if found.run.model_sha256 is not None:
            model = folder / place / "model"
            if model_sha256(model) != found.run.model_sha256:
                todo = f"remove the folder {key} and run again"
                raise InputError("the model is not the one that its run.json names", where=str(model), todo=todo)
        parents[key] = found.run_sha256
    return parents


def _start_anew_where_the_code_changed(folder: Path) -> None:
    """Half a training of one version and half of another is the training of none."""
    note = folder / ".source"
    source = source_sha256()
    try:
        changed = note.read_text() != source
    except OSError:
        changed = False
    if changed:
        _log("the code has changed since the last attempt: its checkpoints are removed, the job begins anew")
        remove_checkpoints(folder)
    write_atomic(note, source)


def _run(file: JobFile, folder: Path, stop: threading.Event, voice: _Voice, lock: int) -> tuple[dict[str, Any], str]:
    """The fields of run.json that the job's own code decides, and the device that it ran on."""
    job, runtime = file.job, file.runtime
    if isinstance(job, CommandJob):
        from reproduce.engine.commands import run_command

        log = os.fdopen(os.dup(2), "wb")
        with log:
            return run_command(job, folder, voice.say, stop.is_set, lock, log), "cpu"
    voice.say({"event": "phase", "name": "load"})
    import torch

    torch.set_num_threads(runtime.threads)
    readers = logging.getLogger("reproduce.data")
    readers.setLevel(logging.INFO)
    readers.propagate = False
    readers.addHandler(_Notes(voice))
    device = machine.resolve_device(runtime.device)
    context = Context(
        folder=folder,
        inputs={key: folder.parent / key for key in file.inputs},
        data=_path(runtime.data),
        encoder=_path(runtime.encoder),
        cache=_path(runtime.cache),
        device=device,
        threads=runtime.threads,
        checkpoint_seconds=runtime.checkpoint_seconds,
        progress_seconds=runtime.progress_seconds,
        compiled=runtime.compiled,
        report=voice.say,
        should_stop=stop.is_set,
    )
    return asdict(_outcome(job, context)), device


class _Notes(logging.Handler):
    """What the readers of data log, as notes: rows left out or cut belong into the job's log."""

    def __init__(self, voice: _Voice) -> None:
        super().__init__(logging.INFO)
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        self._voice.say({"event": "note", "text": record.getMessage()})


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _outcome(job: PretrainJob | TrainJob | EvaluateJob, context: Context) -> Outcome:
    if isinstance(job, PretrainJob):
        from reproduce.training.pretrain import run_pretrain

        return run_pretrain(job, context)
    if isinstance(job, TrainJob):
        from reproduce.training.train import run_train

        return run_train(job, context)
    from reproduce.training.evaluate import run_evaluate

    return run_evaluate(job, context)


def _explain(error: BaseException, folder: Path) -> int:
    """The exit code for what went wrong; the last line of the log says it to a reader."""
    if isinstance(error, Preempted | exits.StoppedError):
        _log(f"preempted: {error or 'told to stop'}")
        return exits.PREEMPTED
    code = exits.classify(error, folder)
    own = isinstance(error, ClaimcheckError | exits.ResourceError | exits.KilledError)
    if not own:  # where in the code it happened helps with our mistakes, not with the user's
        with contextlib.suppress(OSError):
            traceback.print_exception(error, file=sys.stderr)
    kind = {exits.BUG: "failed", exits.RESOURCE: "a resource is missing"}.get(code, "crashed")
    text = str(error) if own else f"{type(error).__name__}: {error}"
    _log(f"{kind}: {' '.join(text.split())}")
    return code


def _log(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.flush()  # what a library printed came before
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        print(f"{stamp} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    ended = main()
    with contextlib.suppress(OSError):
        sys.stdout.flush()  # the probe's answer
    # not through the interpreter's end: run.json is written, and a library that crashes on the way out must not make
    # a crash of it
    os._exit(ended)
