"""Mutated papers are read or refused in one line; what the fuzzer found stays mended."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reading.fuzz import KINDS, base_papers, fuzz, read_mutant
from benchmarks.reading.mutations import Kind, Mutant, mutate
from claimcheck.foundation.records import Paper
from claimcheck.reading.html import read_html

ROOT = Path(__file__).resolve().parents[2]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the fuzzer forks")
MUTANTS = 120


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


DYING = """
import json, os, signal, sys
from pathlib import Path
from benchmarks.reading import fuzz as module

def dying(*_, **__):
    os.kill(os.getpid(), signal.SIGSEGV)

small = dict.fromkeys(module.KINDS, (b"<p>The first model is better than the second one by far.</p>",))
module.base_papers = lambda: small
module.read_in_child = dying
crashed = module.fuzz(3, 1, 1, 0, Path(sys.argv[1]))
module.read_in_the_sandbox = lambda _: module.Outcome("hang", "too long")
hung = module.fuzz(3, 1, 1, 0, Path(sys.argv[1]))
print(json.dumps([crashed, hung], default=str))
"""


@forks
def test_a_paper_over_which_the_parser_dies_goes_through_the_sandbox(tmp_path: Path) -> None:
    # in a process of its own, as above: a child that inherits a test run's memory is over its limit from the start
    done = subprocess.run(
        [sys.executable, "-c", DYING, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    crashed, hung = json.loads(done.stdout.splitlines()[-1])
    assert sum(row["results"].get("crash", 0) for row in crashed["formats"].values()) == 3
    assert sum(crashed["crashes"].values()) == 3  # read or refused: the sandbox does not die
    assert crashed["failures"] == 0
    assert hung["failures"] == 3


def test_a_run_goes_on_where_another_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[int] = []

    def noted(bases: object, seed: int, index: int) -> Mutant:
        made.append(index)
        return Mutant("html", {"p.html": b"<p>The first model is better than the second one.</p>"}, "p.html", ())

    monkeypatch.setattr("benchmarks.reading.fuzz.mutant_of", noted)
    monkeypatch.setattr("benchmarks.reading.fuzz.base_papers", lambda: dict.fromkeys(KINDS, (b"<p>A.</p>",)))
    figures = fuzz(4, 1, 1, 1, tmp_path, start=70)  # all through the sandbox, so in this process
    assert (figures["runs"], made) == (4, [70, 71, 72, 73])


def test_rows_filled_to_one_wide_row_count_as_cells() -> None:
    # 1.5 MB of HTML became 795,000 cells and over 1 GiB
    wide = "<tr>" + "<td>1</td>" * 300 + "</tr>"
    text = "<p>The model is better than its baseline by far.</p><table>" + "<tr><td>1.5</td></tr>" * 4999 + wide
    assert read_html(text.encode(), Paper(id="p"), tables=True).tables == ()
