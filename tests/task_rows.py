"""Official data files of tasks, unpacked for tests, and what golden files keep of their rows: hashes, never text."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.data.rows import Choice, Pair, Question, Row, Sentence, Source, Tagged

GOLDEN = Path(__file__).parent / "golden"


class Archives:
    """The archives of the development data, each unpacked at first use; a test is skipped where one is absent."""

    def __init__(self, data: Path, into: Path) -> None:
        self._data, self._into = data / "xtreme", into

    def folder(self, name: str) -> Path:
        """A data folder that holds what the archive holds."""
        archive, done = self._data / f"{name}.tar.xz", self._into / name
        if not archive.is_file():
            pytest.skip(f"no {archive} (set CLAIMCHECK_DATA)")
        if not done.is_dir():
            with tarfile.open(archive) as packed:
                packed.extractall(self._into, filter="data")
        return self._into


def pinned(rows: Sequence[Row], pool: Sequence[Sentence] = ()) -> dict[str, Any]:
    """How many rows there are, and of five of them a hash, the lengths of their texts and the label."""
    count = len(rows)
    places = sorted({place for place in (0, 1, count // 2, count - 2, count - 1) if 0 <= place < count})
    found: dict[str, Any] = {"rows": count, "pinned": [_pin(place, rows[place]) for place in places]}
    if pool:
        found["pool"] = pinned(pool)
    return found


def _pin(place: int, row: Row) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(astuple(row), ensure_ascii=False).encode()).hexdigest()[:16]
    return {"row": place, "sha256": digest} | _shape(row)


def _shape(row: Row) -> dict[str, Any]:
    if isinstance(row, Question):
        lengths = [len(row.question), len(row.passage), *map(len, row.answers)]
        return {"lengths": lengths, "label": list(row.starts)}
    if isinstance(row, Choice):
        return {"lengths": [len(text) for pair in row.pairs for text in pair], "label": row.label}
    if isinstance(row, Pair):
        return {"lengths": [len(row.first), len(row.second or "")], "label": row.label}
    if isinstance(row, Tagged):
        return {"lengths": [len(row.words), sum(map(len, row.words))], "label": sorted(set(row.tags))}
    assert isinstance(row, Sentence)
    return {"lengths": [len(row.text)], "label": row.gold}


def check_golden(file: str, key: str, found: dict[str, Any]) -> None:
    """Compare with the golden file; WRITE_GOLDEN=1 writes the entry anew: look at the difference before you keep it."""
    path = GOLDEN / file
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if os.environ.get("WRITE_GOLDEN"):
        known[key] = found
        GOLDEN.mkdir(exist_ok=True)
        lines = [f"{json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known)]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    assert known.get(key) == found


def only_known_errors(source: Callable[[], Source]) -> ClaimcheckError | None:
    """The error that reading gives, None where it is read; any other exception goes through and fails the test."""
    error = None
    try:
        made = source()
        for _ in itertools.chain(made, made.pool() if made.pool is not None else ()):
            pass
    except ClaimcheckError as raised:
        error = raised
    assert error is None or (error.where and "\n" not in str(error))
    return error


JUNK: list[Any] = [None, True, -1, 3.5, 10**30, "", "x", "\ud800", [], {}, [[]], [None], {"a": 1}]


def spoiled(content: Any, random_: random.Random) -> Any:
    """The JSON content with one place of it replaced by junk, left out, or put there twice."""
    copy = json.loads(json.dumps(content))
    places = list(_places(copy))
    holder, key = random_.choice(places)
    kind = random_.random()
    if kind < 0.6:
        holder[key] = random_.choice(JUNK)
    elif kind < 0.8:
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = [holder[key]]
    return copy


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield content, key
        yield from _places(value)
