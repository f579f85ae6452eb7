"""The benchmark of reading counts the whole tree: seconds of processes that ended, memory of those that live."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pdf_factory import text_pdf

from benchmarks.reading import speed

MIB = 1 << 20


def test_memory_is_that_of_all_processes_together() -> None:
    child = f"x = bytearray(40 * {MIB}); import time; time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", f"y = bytearray(30 * {MIB}); {parent}"], stdout=-1, text=True)
    peak = speed.peak_of_tree(process)
    process.communicate()
    assert 70 < peak < 110


def test_seconds_and_memory_of_the_nursery_and_its_children_count(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(text_pdf([[f"Line {i} of this page says that all is well." for i in range(40)]] * 3))
    reading = speed.measure("tables", [paper], tree=True)
    plain = speed.measure("pdfium", [paper], tree=True)
    assert reading["cpu"] > plain["cpu"] + 0.1  # its start alone takes more
    # the largest process alone is no measure here: Linux counts in what its parent, this test, held when it forked
    assert reading["tree_mib"] > 20
    assert set(plain) == {"cpu", "mib", "wall", "tree_mib"}


def test_an_interpreter_without_pdfplumber_is_told_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    bare.chmod(0o755)
    assert not speed.available("pdfplumber", str(bare))
    assert "has no pdfplumber" in capsys.readouterr().err
    assert speed.available("pdfium", str(bare))
    with pytest.raises(SystemExit, match="cannot be started"):
        speed.available("pdfplumber", str(tmp_path / "nowhere"))


def test_a_long_paper_has_the_pages_of_several(tmp_path: Path) -> None:
    papers = [tmp_path / f"{i}.pdf" for i in range(3)]
    for paper in papers:
        paper.write_bytes(text_pdf([["A line."]] * 4))
    long = speed.long_paper(papers, tmp_path / "long.pdf", pages=10)
    assert speed.page_count(long) == 10
