"""The cache: contents by hash, names for them, damage, age, concurrent writers, folders that cannot be written."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import stat
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.store import Store, write_atomic


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@given(data=st.binary(max_size=200), key=st.text(max_size=40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_put_is_got(store: Store, data: bytes, key: str) -> None:
    sha256 = store.put("kind", key, data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert store.get("kind", key) == data
    assert store.blob(sha256) == data
    assert key in store.keys("kind")


def test_absent_things_are_none(store: Store) -> None:
    assert store.get("kind", "x") is None
    assert store.blob("0" * 64) is None
    assert store.blob("../../etc/passwd") is None
    assert store.keys("kind") == []
    assert not store.home.exists(), "reading made the folder"


def test_kinds_are_apart_and_a_later_put_replaces(store: Store) -> None:
    store.put("a", "x", b"1")
    store.put("b", "x", b"2")
    store.put("a", "x", b"3")
    assert (store.get("a", "x"), store.get("b", "x")) == (b"3", b"2")
    with pytest.raises(ValueError, match="kind"):
        store.put("../a", "x", b"")


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    store.put("a", "x", b"same")
    store.put("a", "y", b"same")
    assert len([p for p in (store.home / "blobs").rglob("*") if p.is_file()]) == 1


def test_a_damaged_blob_is_absent_and_can_be_put_again(store: Store) -> None:
    sha256 = store.put("a", "x", b"good")
    blob = next(p for p in (store.home / "blobs").rglob("*") if p.is_file())
    blob.write_bytes(b"bad!")
    assert store.get("a", "x") is None
    assert store.blob(sha256) is None
    store.put("a", "x", b"good")
    assert store.get("a", "x") == b"good"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"key": "x"}', b'{"key": "y", "sha256": "0", "stored": 1}', b"\xff"]
)
def test_a_damaged_entry_is_absent(store: Store, damage: bytes) -> None:
    store.put("a", "x", b"good")
    next((store.home / "entries").rglob("*.json")).write_bytes(damage)
    assert store.get("a", "x") is None


def test_age(store: Store) -> None:
    store.put("a", "x", b"1")
    assert store.get("a", "x", max_age=60) == b"1"
    entry = next((store.home / "entries").rglob("*.json"))
    fields = json.loads(entry.read_bytes())
    for stored in (time.time() - 100, time.time() + 1000):
        entry.write_text(json.dumps(fields | {"stored": stored}))
        assert store.get("a", "x", max_age=60) is None
        assert store.get("a", "x") == b"1"


def _hammer(home: Path, worker: int) -> None:
    store = Store(home)
    for i in range(40):
        store.put("a", "shared", bytes([worker]) * 50_000)
        found = store.get("a", "shared")
        # always whole, and always one writer's
        assert found is not None
        assert len(set(found)) == 1
        store.put("a", f"own-{worker}-{i}", b"x")


def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    workers = [context.Process(target=_hammer, args=(tmp_path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [w.exitcode for w in workers] == [0, 0, 0]
    assert len(Store(tmp_path).keys("a")) == 121
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_lock_lets_one_through_at_a_time(store: Store) -> None:
    inside: list[int] = []
    most = 0

    def work() -> None:
        nonlocal most
        with store.lock("x"):
            inside.append(1)
            most = max(most, len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert most == 1


def test_an_error_inside_a_lock_is_not_taken_for_one_of_the_lock(store: Store) -> None:
    with pytest.raises(OSError, match="mine"), store.lock("x"):
        raise OSError("mine")


def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    store = Store(blocker / "home")
    for act in (lambda: store.put("a", "x", b""), lambda: store.put_blob(b""), lambda: store.folder("models")):
        with pytest.raises(UsageError, match=r"home: the cache folder cannot be written .*set CLAIMCHECK_HOME"):
            act()
    with pytest.raises(UsageError), store.lock("x"):
        pass
    assert store.get("a", "x") is None


def test_a_read_only_home_can_be_read(store: Store) -> None:
    store.put("a", "x", b"1")
    folders = [store.home, *(p for p in store.home.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        if os.access(store.home, os.W_OK):
            pytest.skip("needs a user whom rights can stop")
        assert store.get("a", "x") == b"1"
        with pytest.raises(UsageError, match="permission denied"):
            store.put("a", "y", b"2")
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_write_atomic(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.json"
    write_atomic(path, "ä")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert [p.name for p in path.parent.iterdir()] == ["ledger.json"]
    if os.name == "posix":
        plain = tmp_path / "plain"
        plain.write_text("")
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_write_atomic_leaves_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot be written \(no space left on device\)"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
