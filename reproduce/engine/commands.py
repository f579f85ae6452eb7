"""Jobs that are a program of the user: it is run, supervised, and what it wrote is read as the result.

The program runs without a shell in a folder of its own below the job's, RUNS/jobs/<key>/out, which {out} stands for;
{seed} is the seed, and the inputs of the job lie in ../../<key>. There it writes predictions.jsonl, an object a line:
{"id": text, "language": code, "label": any, "prediction": any}, with "score" where it likes, and, if it likes, run.json
with "optimizer_steps", "examples", "tokens", "train_loss" and "data", which then count as reported by the program.
Exit 75 means "run me again", 74 "something is missing", any other but 0 that it failed. What an earlier attempt left
in {out} is kept, so that a program can go on from its own checkpoints, except for these two files.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from claimcheck.foundation.errors import InputError
from claimcheck.foundation.store import write_atomic
from reproduce.engine import exits
from reproduce.engine.reaper import CANNOT_RUN
from reproduce.machine import ended_by
from reproduce.runrecord import DataRecord, LossRecord
from reproduce.specs import CommandJob

__all__ = ["command_line", "run_command"]

GRACE = 30.0  # seconds between SIGTERM and SIGKILL
LARGEST_LOG = 32 << 20  # bytes of a program's output that are kept
LARGEST_PREDICTIONS = 1 << 30
LARGEST_LINE = 16 << 20
_TAIL = 1000  # bytes of the output that are looked at for its last line
_TICK = 0.2


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)

    id: str
    language: str
    label: JsonValue
    prediction: JsonValue
    score: float | None = None


class _Reported(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    optimizer_steps: int | None = Field(None, ge=0)
    examples: int | None = Field(None, ge=0)
    tokens: int | None = Field(None, ge=0)
    train_loss: LossRecord | None = None
    data: tuple[DataRecord, ...] | None = None
    exit: int = 0


def command_line(job: CommandJob, folder: Path) -> list[str]:
    """The program and its arguments with {out} and {seed} filled in; `folder` is the job's."""
    out, seed = str(folder / "out"), str(job.seed)
    return [argument.replace("{out}", out).replace("{seed}", seed) for argument in job.command.argv]


def run_command(
    job: CommandJob,
    folder: Path,
    report: Callable[[dict[str, Any]], None],
    should_stop: Callable[[], bool],
    lock: int,
    log: BinaryIO,
) -> dict[str, Any]:
    """Run the program and give the fields of run.json that it decides; predictions.jsonl is written into `folder`.

    `predictions` is None where the program wrote none. `lock` is the descriptor of the folder's lock: the program holds
    it too, so that nobody works in the folder while a part of it lives. Raises StoppedError, KilledError,
    ResourceError, and InputError where the program failed or what it wrote is no result.
    """
    out = folder / "out"
    out.mkdir(exist_ok=True)
    for name in ("predictions.jsonl", "run.json"):  # of an attempt that did not end well
        (out / name).unlink(missing_ok=True)
    argv = command_line(job, folder)
    started = time.perf_counter()
    report({"event": "phase", "name": "command"})
    code, said = _supervise(argv, out, report, should_stop, lock, log)
    if code != 0:
        raise _failure(code, argv[0], said, stopped=should_stop())
    reported = _read_reported(out / "run.json", log)
    fields = reported.model_dump(exclude_none=True, exclude={"exit"})
    return fields | {
        "reported": tuple(sorted(fields)),
        "predictions": _take_predictions(out / "predictions.jsonl", folder / "predictions.jsonl", job, log),
        "seconds": {"command": time.perf_counter() - started},
    }


def _supervise(
    argv: list[str],
    out: Path,
    report: Callable[[dict[str, Any]], None],
    should_stop: Callable[[], bool],
    lock: int,
    log: BinaryIO,
) -> tuple[int, str]:
    """The program's return code, and the last line that it said."""
    there = os.access(out / argv[0], os.X_OK) if os.sep in argv[0] else shutil.which(argv[0])
    if not there:
        todo = "give its whole path, or make it executable"
        raise InputError(f"there is no program {argv[0]!r}", where=str(out), todo=todo)
    reaper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py")), str(GRACE), *argv]
    process = subprocess.Popen(  # noqa: S603 - no shell; the user allowed this command
        reaper,
        cwd=out,
        stdin=subprocess.PIPE,  # its lifeline: never written to
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ) | {"PYTHONUNBUFFERED": "1"},
        pass_fds=(lock,),
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    kept, told, open_, tail = 0, 0.0, True, b""
    os.set_blocking(process.stdout.fileno(), False)
    with process:
        ended = False
        while not ended:
            if should_stop() and not process.stdin.closed:
                process.stdin.close()
            ended = process.poll() is not None  # before the last look, so that nothing written is missed
            if not open_:  # it has closed its output and goes on
                time.sleep(0 if ended else _TICK)
                continue
            if select.select([process.stdout], [], [], 0 if ended else _TICK)[0]:
                while chunk := process.stdout.read(1 << 16):
                    kept = _keep(log, chunk, kept)
                    tail = (tail + chunk)[-_TAIL:]
                    if time.monotonic() - told > 1:  # output is a sign of life
                        told = time.monotonic()
                        report({"event": "output", "bytes": kept})
                open_ = chunk is None  # b"": the end
    lines = [line.strip() for line in tail.decode(errors="replace").splitlines()]
    return process.returncode, next((line[:200] for line in reversed(lines) if line), "")


def _keep(log: BinaryIO, chunk: bytes, kept: int) -> int:
    room = LARGEST_LOG - kept
    if room > 0:
        log.write(chunk[:room])
        if len(chunk) >= room:
            log.write(f"\n[the program's output beyond {LARGEST_LOG >> 20} MiB is left out]\n".encode())
        log.flush()
    return kept + len(chunk)


def _failure(code: int, program: str, said: str, *, stopped: bool) -> Exception:
    said = f": {said}" if said else ""
    if stopped or code == exits.PREEMPTED:
        return exits.StoppedError("the program was stopped" if stopped else "the program asks to be run again (75)")
    if code == exits.RESOURCE:
        return exits.ResourceError(f"the program {program} says that a resource is missing (exit 74){said}")
    if code < 0:
        return exits.KilledError(f"the program {program} was ended by {ended_by(code)}{said}", -code)
    if code == CANNOT_RUN:
        return InputError(f"the program {program} cannot be run, or a program that it starts (exit 127){said}")
    return InputError(f"the program {program} failed (exit {code}){said}")


def _read_reported(path: Path, log: BinaryIO) -> _Reported:
    if not path.is_file():
        return _Reported()
    try:
        content = json.loads(path.read_bytes(), parse_constant=_no_constant)
        reported = _Reported.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"the program's run.json is wrong: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
        raise InputError(what, where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"the program's run.json is not JSON ({error})", where=str(path)) from None
    if reported.exit != 0:
        raise InputError(f"the program's run.json says exit {reported.exit}", where=str(path))
    ignored = sorted(set(content) - set(_Reported.model_fields))
    if ignored:
        log.write(f"left out of run.json: {', '.join(ignored)}; metrics are computed from predictions\n".encode())
    return reported


def _take_predictions(source: Path, target: Path, job: CommandJob, log: BinaryIO) -> Mapping[str, Any] | None:
    """Check the program's rows and write them sorted by language, else as they came."""
    if not source.is_file():
        log.write(b"the program wrote no predictions.jsonl: no metric can be computed\n")
        return None
    if source.stat().st_size > LARGEST_PREDICTIONS:
        raise InputError(f"predictions.jsonl is larger than {LARGEST_PREDICTIONS >> 30} GiB", where=str(source))
    lines: dict[str, list[str]] = {language: [] for language in sorted(job.languages)}
    seen: set[tuple[str, str]] = set()
    with source.open("rb") as file:
        number = 0
        while raw := file.readline(LARGEST_LINE + 1):
            number += 1
            where = f"{source}, line {number}"
            row = _row(raw, where)
            if row.language not in lines:
                todo = f"its languages are {', '.join(job.languages)}"
                raise InputError(f"the job has no language {row.language!r}", where=where, todo=todo)
            if (row.language, row.id) in seen:
                raise InputError(f"the item {row.id!r} of {row.language} stands there twice", where=where)
            seen.add((row.language, row.id))
            content = row.model_dump(exclude={"score"} if row.score is None else None)
            lines[row.language].append(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    if not seen:
        raise InputError("predictions.jsonl has no row", where=str(source))
    data = "".join(f"{line}\n" for rows in lines.values() for line in rows).encode()
    write_atomic(target, data)
    return {"sha256": hashlib.sha256(data).hexdigest(), "rows": len(seen)}


def _row(raw: bytes, where: str) -> _Row:
    if len(raw) > LARGEST_LINE:
        raise InputError(f"the line is longer than {LARGEST_LINE >> 20} MiB", where=where)
    try:
        return _Row.model_validate(json.loads(raw, parse_constant=_no_constant))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc'])) or 'row'}: {first['msg']}", where=where) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not a JSON object ({error})", where=where) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
