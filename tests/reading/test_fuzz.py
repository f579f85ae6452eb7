"""Mutated papers are read or refused in one line; what the fuzzer found stays mended."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reading.fuzz import KINDS, base_papers, read_mutant
from benchmarks.reading.mutations import Kind, Mutant, mutate
from claimcheck.foundation.records import Paper
from claimcheck.reading.html import read_html

ROOT = Path(__file__).resolve().parents[2]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the fuzzer forks")
MUTANTS = 150


@pytest.fixture(scope="module")
def bases() -> dict[Kind, tuple[bytes, ...]]:
    # without the large sample PDFs: a few hundred mutants are to be read in seconds
    return {kind: tuple(p for p in papers if len(p) < 40_000) for kind, papers in base_papers().items()}


@forks
def test_mutated_papers_are_read_or_refused(tmp_path: Path) -> None:
    # in a process of its own: children inherit the memory of the one that forks them, and a test run's is large
    out = tmp_path / "fuzz.json"
    options = ["--count", str(MUTANTS), "--seed", "1", "--jobs", "1", "--sandbox-every", "0"]
    command = [
        sys.executable,
        "-m",
        "benchmarks.reading.fuzz",
        *options,
        "--findings",
        tmp_path / "found",
        "--out",
        out,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert (found["summary"]["runs"], found["summary"]["failures"]) == (MUTANTS, 0), done.stdout
    # most of a mutated paper can still be read
    assert sum(kind["results"].get("read", 0) for kind in found["formats"].values()) > MUTANTS / 2


def test_a_mutant_is_made_again_from_its_seed(bases: dict[Kind, tuple[bytes, ...]]) -> None:
    for kind in KINDS:
        first, second = (mutate(bases, kind, random.Random(7)) for _ in range(2))
        assert first == second
        assert first.files[first.main] not in bases[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_unchanged_papers_are_read(kind: Kind, bases: dict[Kind, tuple[bytes, ...]]) -> None:
    assert read_mutant(Mutant(kind, {f"p.{kind}": bases[kind][0]}, f"p.{kind}", ())).result == "read"


def test_the_fuzzer_sees_what_must_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        def reader(_: object) -> object:
            raise ZeroDivisionError("no")

        return reader

    monkeypatch.setattr("benchmarks.reading.fuzz.load_reader", broken)
    outcome = read_mutant(Mutant("html", {"p.html": b"<p>Text."}, "p.html", ()))
    assert outcome.failed
    assert outcome.signature.startswith("ZeroDivisionError")


def test_rows_filled_to_one_wide_row_count_as_cells() -> None:
    # 1.5 MB of HTML became 795,000 cells and over 1 GiB
    wide = "<tr>" + "<td>1</td>" * 300 + "</tr>"
    text = "<p>The model is better than its baseline by far.</p><table>" + "<tr><td>1.5</td></tr>" * 4999 + wide
    assert read_html(text.encode(), Paper(id="p"), tables=True).tables == ()
