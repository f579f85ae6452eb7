"""What is kept of a data set: made once, noticed when damaged, whole or not there, however many make it at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.cache import Kept, Writer, kept, place

KEY = {"task": "t", "language": "日本", "max_length": 16}
VALUES = ["a\nb", "日\u2028本", {"x": [1, None]}, ["B-x"]]


class Build:
    """Makes a small data set and counts how often."""

    def __init__(self, first: int = 0) -> None:
        self.times, self.first = 0, first

    def __call__(self, writer: Writer) -> Mapping[str, Any]:
        self.times += 1
        for part in range(3):
            writer.extend("tokens", range(self.first + part, self.first + part + 100), "<i4")
            writer.extend("ends", [2**40 + part], "<i8")
        writer.extend("empty", [], "<i4")
        for value in VALUES:
            writer.append("items", value)
        return {"facts": "é", "count": 3}


def content(found: Kept) -> dict[str, Any]:
    arrays = {name: (array.dtype.str, array.tolist()) for name, array in found.arrays.items()}
    return {"arrays": arrays, "facts": found.facts, "items": list(found.values("items"))}


def folders(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


EXPECTED = content(kept(None, KEY, Build()))


def test_it_is_made_once_and_read_after_that(tmp_path: Path) -> None:
    build = Build()
    for _ in range(3):
        found = kept(tmp_path, KEY, build)
        assert content(found) == EXPECTED
        assert list(found.values("others")) == []
    assert build.times == 1
    assert folders(tmp_path) == [place(tmp_path, KEY).name]


def test_in_memory_it_is_the_same_and_nothing_is_written() -> None:
    assert EXPECTED["arrays"]["tokens"] == ("<i4", [n + part for part in range(3) for n in range(100)])
    assert EXPECTED["arrays"]["ends"] == ("<i8", [2**40, 2**40 + 1, 2**40 + 2])
    assert EXPECTED["arrays"]["empty"] == ("<i4", [])
    assert EXPECTED["items"] == VALUES


def test_files_are_mapped_and_nothing_can_be_written_to(tmp_path: Path) -> None:
    kept(tmp_path, KEY, Build())
    mapped, memory = kept(tmp_path, KEY, Build()), kept(None, KEY, Build())
    assert isinstance(mapped.arrays["tokens"].base, np.memmap)
    for found in (mapped, memory):
        for array in found.arrays.values():
            with pytest.raises(ValueError, match="read-only"):
                array += 1


@pytest.mark.parametrize("other", [{"max_length": 17}, {"language": "日"}, {"more": None}])
def test_another_key_is_another_data_set(tmp_path: Path, other: dict[str, Any]) -> None:
    first = kept(tmp_path, KEY, Build())
    second = kept(tmp_path, KEY | other, Build(first=5))
    assert content(first) == EXPECTED != content(second)
    assert content(kept(tmp_path, KEY, Build(first=9))) == EXPECTED
    assert len(folders(tmp_path)) == 2


FILES = ["tokens.i4", "ends.i8", "empty.i4", "items.jsonl", "meta.json"]


def _flip(path: Path, place_: int) -> None:
    data = bytearray(path.read_bytes() or b"x")
    data[place_ % len(data)] ^= 1
    path.write_bytes(data)


def _replace_by_folder(path: Path, _: int) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path, int], object]] = {
    "flipped": _flip,
    "cut off": lambda path, size: path.write_bytes((path.read_bytes() or b"x")[: -1 - size % 3]),
    "longer": lambda path, _: path.write_bytes(path.read_bytes() + b"\0\0\0\0"),
    "gone": lambda path, _: path.unlink(),
    "a folder": _replace_by_folder,
}


@pytest.mark.parametrize(
    ("name", "damage"),
    # of an empty file nothing can be cut off
    [(name, damage) for name in FILES for damage in DAMAGES if (name, damage) != ("empty.i4", "cut off")],
)
def test_what_is_damaged_is_made_anew(tmp_path: Path, name: str, damage: str) -> None:
    build = Build()
    kept(tmp_path, KEY, build)
    DAMAGES[damage](place(tmp_path, KEY) / name, 1)
    assert content(kept(tmp_path, KEY, build)) == EXPECTED
    assert build.times == 2
    assert content(kept(tmp_path, KEY, build)) == EXPECTED
    assert (build.times, folders(tmp_path)) == (2, [place(tmp_path, KEY).name])


@settings(max_examples=60, deadline=None)
@given(where=st.integers(0, 10_000), name=st.sampled_from(["tokens.i4", "items.jsonl", "meta.json"]))
def test_a_single_wrong_bit_is_noticed_wherever_it_is(
    where: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    kept(cache, KEY, Build())
    _flip(place(cache, KEY) / name, where)
    assert content(kept(cache, KEY, Build())) == EXPECTED
    shutil.rmtree(cache)


@pytest.mark.parametrize(
    "rubbish", ["", "[]", "{}", '{"sha256": 1}', "[" * 5000, '{"facts": {}, "files": 3, "made_from": {}}']
)
def test_rubbish_for_meta_counts_as_nothing(tmp_path: Path, rubbish: str) -> None:
    kept(tmp_path, KEY, Build())
    (place(tmp_path, KEY) / "meta.json").write_text(rubbish)
    assert content(kept(tmp_path, KEY, Build())) == EXPECTED


def test_a_file_in_the_place_of_the_folder_is_replaced(tmp_path: Path) -> None:
    place(tmp_path, KEY).write_text("not a folder")
    assert content(kept(tmp_path, KEY, Build())) == EXPECTED
    assert content(kept(tmp_path, KEY, Build(first=7))) == EXPECTED


def test_a_mapped_data_set_outlives_its_folder(tmp_path: Path) -> None:
    found = kept(tmp_path, KEY, Build())
    shutil.rmtree(place(tmp_path, KEY))
    assert found.arrays["tokens"].tolist() == EXPECTED["arrays"]["tokens"][1]


def test_an_error_while_it_is_made_leaves_nothing(tmp_path: Path) -> None:
    def build(writer: Writer) -> Mapping[str, Any]:
        writer.extend("tokens", [1, 2], "<i4")
        raise InputError("bad row", where="line 7")

    for cache in (tmp_path, None):
        with pytest.raises(InputError, match="line 7: bad row"):
            kept(cache, KEY, build)
    assert folders(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UsageError, match=r"file: the cache of tokens cannot be written \(.*\); make room"):
        kept(blocked, KEY, Build())
    kept(tmp_path, KEY, Build())

    def build(writer: Writer) -> Mapping[str, Any]:
        facts = Build()(writer)
        for path in tmp_path.glob(".*/tokens.i4"):
            path.unlink()  # a disk that loses files: what was written does not read back
        return facts

    with pytest.raises(UsageError, match="cannot be written"):
        kept(tmp_path, KEY | {"other": 1}, build)
    assert content(kept(tmp_path, KEY | {"other": 1}, Build())) == EXPECTED
    assert not list(tmp_path.glob(".*"))


# ---------------------------------------------------------------- several processes


def _killed(cache: Path) -> None:
    def build(writer: Writer) -> Mapping[str, Any]:
        writer.extend("tokens", [1, 2], "<i4")
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    kept(cache, KEY, build)


def _at_once(cache: Path, barrier: Barrier, number: int) -> None:
    def build(writer: Writer) -> Mapping[str, Any]:
        facts = Build()(writer)
        barrier.wait(30)  # nobody has finished when everybody has begun
        return facts

    found = content(kept(cache, KEY, build))
    (cache / f"{number}.txt").write_text(json.dumps(found))


def test_a_killed_writer_leaves_nothing_that_counts_and_is_swept_up_later(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(tmp_path,))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".tmp")
    assert content(kept(tmp_path, KEY, Build())) == EXPECTED
    assert left.exists()  # it could be another process at work
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (long_ago, long_ago))
    kept(tmp_path, KEY | {"other": 1}, Build())
    assert not left.exists()


def test_several_writers_at_once_end_with_one_data_set(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    writers = [context.Process(target=_at_once, args=(tmp_path, barrier, n)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    expected = json.dumps(EXPECTED)
    assert [json.dumps(json.loads((tmp_path / f"{n}.txt").read_text())) for n in range(4)] == [expected] * 4
    assert folders(tmp_path) == sorted([*(f"{n}.txt" for n in range(4)), place(tmp_path, KEY).name])
