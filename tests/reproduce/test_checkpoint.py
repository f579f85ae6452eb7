"""Checkpoints: what is written is read, a damaged or foreign one is not, and a full disk leaves the old ones alone."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from claimcheck.foundation.errors import InputError, UnreadableInputError
from reproduce.training.checkpoint import Best, Checkpoints

KEY = "0123456789abcdef"


def tensors(value: float) -> dict[str, Tensor]:
    weights, count = torch.full((3, 4), float(value)), torch.tensor(float(value))
    return {"model/w": weights, "adam/step": count, "rng": torch.get_rng_state()}


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_what_is_saved_is_read_back_to_the_bit(tmp_path: Path) -> None:
    content = tensors(1.5) | {"odd": torch.tensor([float("nan"), -0.0, float("inf"), 1e-45])}
    best = Best(7, {"w": torch.randn(5)})
    Checkpoints(tmp_path, KEY).save(12, content, {"looked": 7, "recent": [[0, 0.1]]}, best)
    saved = Checkpoints(tmp_path, KEY).latest(content)
    assert saved is not None
    assert (saved.step, saved.state, saved.skipped) == (12, {"looked": 7, "recent": [[0, 0.1]]}, ())
    assert saved.tensors.keys() == content.keys()
    for name, tensor in content.items():
        assert saved.tensors[name].numpy().tobytes() == tensor.numpy().tobytes()
    assert saved.best is not None
    assert saved.best.step == 7
    assert torch.equal(saved.best.weights["w"], best.weights["w"])


def test_without_a_checkpoint_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path, KEY).latest({}) is None
    assert Checkpoints(tmp_path / "missing", KEY).latest({}) is None


def test_the_newest_two_are_kept_and_the_best_that_they_name(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, KEY)
    for step, best in ((10, 5), (20, 15), (30, 15), (40, 35)):
        checkpoints.save(step, tensors(step), {}, Best(best, {"w": torch.tensor(float(best))}))
    kept = {"checkpoint-00000030", "checkpoint-00000040", "checkpoint-best-00000015", "checkpoint-best-00000035"}
    assert names(tmp_path) == kept
    checkpoints.clear()
    assert names(tmp_path) == set()


@pytest.mark.parametrize("damage", ["half the tensors", "half the state", "no tensors", "a bit flipped", "best gone"])
def test_the_older_checkpoint_serves_where_the_newest_is_damaged(tmp_path: Path, damage: str) -> None:
    checkpoints = Checkpoints(tmp_path, KEY)
    checkpoints.save(10, tensors(10), {}, Best(8, {"w": torch.tensor(8.0)}))
    path = checkpoints.save(20, tensors(20), {}, Best(18, {"w": torch.tensor(18.0)}))
    file = path / ("state.json" if damage == "half the state" else "tensors.safetensors")
    data = file.read_bytes()
    if damage.startswith("half"):
        file.write_bytes(data[: len(data) // 2])
    elif damage == "no tensors":
        file.unlink()
    elif damage == "a bit flipped":
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    else:
        shutil.rmtree(tmp_path / "checkpoint-best-00000018")
    resumed = Checkpoints(tmp_path, KEY)
    saved = resumed.latest(tensors(0))
    assert saved is not None
    assert saved.step == 10
    assert len(saved.skipped) == 1
    assert "-00000020" in saved.skipped[0] or "checkpoint-best-00000018" in saved.skipped[0]
    # the training arrives at step 20 again and writes over the damage
    resumed.save(20, tensors(20), {}, Best(18, {"w": torch.tensor(18.0)}))
    again = Checkpoints(tmp_path, KEY).latest(tensors(0))
    assert again is not None
    assert (again.step, again.skipped) == (20, ())


def test_when_all_are_damaged_the_error_says_what_to_do(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path, KEY).save(20, tensors(20), {})
    (path / "tensors.safetensors").write_bytes(b"")
    with pytest.raises(UnreadableInputError, match=r"no checkpoint can be read .*remove the checkpoint folders"):
        Checkpoints(tmp_path, KEY).latest(tensors(0))


def test_a_checkpoint_of_another_job_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path, KEY).save(20, tensors(20), {})
    with pytest.raises(InputError, match=f"of another job: {KEY}, and this one is {'f' * 16}"):
        Checkpoints(tmp_path, "f" * 16).latest(tensors(0))


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"model/w": torch.zeros(3, 5)}, r"model/w is float32 \[3, 5\] here and float32 \[3, 4\] there"),
        ({"model/w": torch.zeros(3, 4, dtype=torch.float16)}, r"model/w is float16 \[3, 4\] here"),
        ({"model/v": torch.zeros(2)}, r"model/v is float32 \[2\] here and nothing there"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path, expected: dict[str, Tensor], message: str) -> None:
    Checkpoints(tmp_path, KEY).save(20, tensors(20), {})
    with pytest.raises(InputError, match=message):
        Checkpoints(tmp_path, KEY).latest(expected)


def test_a_checkpoint_of_a_later_form_is_refused(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path, KEY).save(20, tensors(20), {}) / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": "claimcheck/checkpoint/v2"}))
    with pytest.raises(InputError, match="of the form 'claimcheck/checkpoint/v2'"):
        Checkpoints(tmp_path, KEY).latest(tensors(0))


def test_a_full_disk_passes_up_and_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = Checkpoints(tmp_path, KEY)
    checkpoints.save(10, tensors(10), {})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            checkpoints.save(20, tensors(20), {})
    assert names(tmp_path) == {"checkpoint-00000010"}
    saved = Checkpoints(tmp_path, KEY).latest(tensors(0))
    assert saved is not None
    assert saved.step == 10


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    Checkpoints(tmp_path, KEY).save(10, tensors(10), {})
    for name in (".checkpoint-00000020.0123456789ab.tmp", ".checkpoint-best-00000020.0123456789ab.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tensors.safetensors").write_bytes(b"half")
    (tmp_path / "log").write_text("kept")
    assert Checkpoints(tmp_path, KEY).steps() == [10]
    assert names(tmp_path) == {"checkpoint-00000010", "log"}


def test_a_process_that_dies_while_checkpoints_are_removed_leaves_none_by_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path, KEY)
    checkpoints.save(10, tensors(10), {}, Best(8, {"w": torch.tensor(8.0)}))

    def dies(path: Path) -> None:
        (path / "state.json").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", dies)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.clear()
    assert Checkpoints(tmp_path, KEY).latest(tensors(0)) is None
