"""Checkpoints of a training: folders that appear whole or not at all, holding safetensors and JSON, never a pickle.

    checkpoint-00000120/  tensors.safetensors  weights, moments and steps of AdamW, states of the random generators
                          state.json           job key, step, counters, the best so far, sha256 of the tensors
    checkpoint-best-00000100/
                          tensors.safetensors  weights of the best look so far, which a state.json above names
                          state.json

A folder is written under a temporary name, flushed to the disk and renamed. The newest two checkpoints are kept, and
the best weights that they name. OSError (no space left) passes up; what was there before is untouched then.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from claimcheck.foundation.errors import InputError, UnreadableInputError

__all__ = ["Best", "Checkpoints", "Saved"]

_SCHEMA = "claimcheck/checkpoint/v1"
_NAME = re.compile(r"checkpoint-(\d{8,})")
_BEST = "checkpoint-best-"
_TEMPORARY = re.compile(r"\.checkpoint-(best-)?\d{8,}\.[0-9a-f]{12}\.(tmp|old)")
_KEPT = 2


@dataclass(frozen=True)
class Best:
    """The weights of the best look so far and the step at which they were the model's."""

    step: int
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class Saved:
    """A checkpoint as it was read; `skipped` says which newer ones were damaged."""

    step: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]
    best: Best | None
    skipped: tuple[str, ...] = ()


class _DamagedError(Exception):
    """A checkpoint that cannot be read whole."""


class Checkpoints:
    """The checkpoints of one job below its folder; `key` is the job's.

    What an earlier process left half written is removed.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.key = key
        self._whole: set[int] = set()  # steps whose best weights this process has written or read
        for entry in folder.iterdir() if folder.is_dir() else ():
            if _TEMPORARY.fullmatch(entry.name):
                shutil.rmtree(entry)

    def save(
        self, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any], best: Best | None = None
    ) -> Path:
        """Write the checkpoint of a step and forget all but the newest two. Raises OSError; its folder is returned.

        `state` is JSON without NaN or infinity. The best weights are written once, with the first checkpoint that
        names them.
        """
        if best is not None and best.step not in self._whole:
            self._write(self._best_path(best.step), best.step, best.weights, {"best": None})
            self._whole.add(best.step)
        path = self.folder / f"checkpoint-{step:08d}"
        self._write(path, step, tensors, {"best": None if best is None else best.step, "state": dict(state)})
        self._prune()
        return path

    def latest(self, expected: Mapping[str, Tensor]) -> Saved | None:
        """The newest checkpoint that can be read, or None where there is none at all.

        `expected`: the tensors that the checkpoint must have, by name; only shapes and types are compared. Tensors that
        it has beyond these are returned as well. Raises InputError where it is of another job or another model, and
        UnreadableInputError where there are checkpoints but all are damaged.
        """
        skipped: list[str] = []
        for step in reversed(self.steps()):
            path = self.folder / f"checkpoint-{step:08d}"
            try:
                tensors, state = self._read(path, step)
                self._check_shapes(path, tensors, expected)
                best = None
                if state["best"] is not None:
                    best = Best(state["best"], self._read(self._best_path(state["best"]), state["best"])[0])
                    self._whole.add(best.step)
                return Saved(step, tensors, state["state"], best, tuple(skipped))
            except _DamagedError as damage:
                skipped.append(str(damage))
        if skipped:
            raise UnreadableInputError(
                f"no checkpoint can be read ({skipped[0]})",
                where=str(self.folder),
                todo="remove the checkpoint folders there, and the job begins anew",
            )
        return None

    def steps(self) -> list[int]:
        """Steps of which there is a checkpoint, damaged ones included, the oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(int(m[1]) for entry in self.folder.iterdir() if (m := _NAME.fullmatch(entry.name)))

    def clear(self) -> None:
        """Remove them all, once the job's result is kept elsewhere."""
        for step in self.steps():
            _remove(self.folder / f"checkpoint-{step:08d}")
        self._prune()

    def _best_path(self, step: int) -> Path:
        return self.folder / f"{_BEST}{step:08d}"

    def _write(self, path: Path, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        # through bytes, since safetensors reports a full disk as an error of its own, and for the sha256
        data = safetensors.torch.save({name: t.detach().cpu().contiguous() for name, t in tensors.items()})
        content = {
            "schema": _SCHEMA,
            "key": self.key,
            "step": step,
            "sha256": hashlib.sha256(data).hexdigest(),
            **state,
        }
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        old = temporary.with_suffix(".old")
        try:
            temporary.mkdir(parents=True)
            _write_synced(temporary / "tensors.safetensors", data)
            _write_synced(temporary / "state.json", json.dumps(content, allow_nan=False).encode())
            _sync_folder(temporary)
            if path.is_dir():  # a damaged one of the same step: a folder cannot be renamed onto it
                path.rename(old)
            temporary.rename(path)
            _sync_folder(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)

    def _read(self, path: Path, step: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
        try:
            state = json.loads((path / "state.json").read_bytes())
            data = (path / "tensors.safetensors").read_bytes()
        except (OSError, ValueError, RecursionError) as error:
            raise _DamagedError(f"{path.name}: {type(error).__name__}") from None
        if not isinstance(state, dict) or not {"schema", "key", "step", "sha256", "best"} <= state.keys():
            raise _DamagedError(f"{path.name}: state.json is incomplete")
        if state["schema"] != _SCHEMA:
            raise InputError(f"a checkpoint of the form {state['schema']!r}", where=str(path), todo=_REMOVE)
        if state["key"] != self.key:
            raise InputError(
                f"the checkpoint is of another job: {state['key']}, and this one is {self.key}",
                where=str(path),
                todo=_REMOVE,
            )
        if state["step"] != step or hashlib.sha256(data).hexdigest() != state["sha256"]:
            raise _DamagedError(f"{path.name}: the contents are not what was written")
        try:
            return safetensors.torch.load(data), state
        except safetensors.SafetensorError as error:
            raise _DamagedError(f"{path.name}: {error}") from None

    def _check_shapes(self, path: Path, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
        for name, tensor in expected.items():
            found = tensors.get(name)
            if found is None or found.shape != tensor.shape or found.dtype != tensor.dtype:
                has = "nothing" if found is None else _form(found)
                raise InputError(
                    f"the checkpoint is of another model: {name} is {_form(tensor)} here and {has} there",
                    where=str(path),
                    todo=_REMOVE,
                )

    def _prune(self) -> None:
        steps = self.steps()
        for step in steps[:-_KEPT]:
            _remove(self.folder / f"checkpoint-{step:08d}")
        named = set()
        for kept in steps[-_KEPT:]:
            try:
                named.add(json.loads((self.folder / f"checkpoint-{kept:08d}" / "state.json").read_bytes())["best"])
            except (OSError, ValueError, KeyError, TypeError):
                return  # damaged: what it named is not known, so nothing is thrown away
        for entry in self.folder.glob(f"{_BEST}*"):
            number = entry.name.removeprefix(_BEST)
            if number.isdigit() and int(number) not in named:
                _remove(entry)


_REMOVE = "remove that folder, and the job begins anew"


def _remove(path: Path) -> None:
    # renamed first: a process that dies in between must not leave half a checkpoint
    old = path.with_name(f".{path.name}.{secrets.token_hex(6)}.old")
    path.rename(old)
    shutil.rmtree(old)


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, and a rename is in the journal
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
