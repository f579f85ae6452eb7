"""`claimcheck table`: what it prints and writes, its gate, progress, interruption and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import RunCommand

from claimcheck.cli import main

Capture = pytest.CaptureFixture[str]


def test_a_table_shows_claims_verdicts_and_places(paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper)]) == 0
    shown = capsys.readouterr()
    text = " ".join(shown.out.split())
    assert shown.err == ""
    assert "82.9" in text
    assert "refuted" in text
    assert "supported" in text
    assert "Table 1" in text
    assert sorted(path.name for path in paper.parent.iterdir()) == ["fsr.html"]  # nothing was written


def test_the_gate(tmp_path: Path, paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper), "--fail-on", "refuted"]) == 1
    shown = capsys.readouterr()
    assert "82.9" in shown.out
    assert shown.err == "claimcheck: gate failed: refuted claims in fsr (1)\n"
    right = tmp_path / "right.html"
    right.write_text(paper.read_text().replace("82.9", "82.5"))
    assert main(["table", str(right), "--fail-on", "refuted"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fail-on", "wrong"], "--fail-on"),
        (["--format", "html"], "--out"),
        (["--out", "x", "--format", "docx"], "docx"),
        (["--workers", "-1"], "--workers"),
        (["--max-claims", "many"], "max-claims"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_one_line_and_2(arguments: list[str], words: str, paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper), *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("claimcheck: ")
    assert shown.err.count("\n") == 1
    assert words in shown.err


def test_max_claims(paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper), "--json", "--max-claims", "1"]) == 0
    ledger = json.loads(capsys.readouterr().out)
    assert len(ledger["claims"]) == 1
    assert ledger["run"]["claims_found"] > 1


def test_several_papers_give_short_progress_lines(paper: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy.html"
    copy.write_bytes(paper.read_bytes())
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear editor, thank you for your letter. We hope you are well.\n")
    assert main(["table", str(paper), str(copy), str(letter), "--json", "--workers", "1"]) == 0
    shown = capsys.readouterr()
    assert [json.loads(line)["paper"]["id"] for line in shown.out.splitlines()] == ["fsr", "letter"]
    lines = shown.err.splitlines()
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert f"the same as {paper}" in lines[1]
    assert "0 claims" in lines[2]


def test_when_all_fail_the_code_says_why(tmp_path: Path, capsys: Capture) -> None:
    assert main(["table", str(tmp_path / "a.pdf"), str(tmp_path / "b.pdf")]) == 3
    assert main(["table", str(tmp_path / "a.pdf"), "2005.13013", "--offline"]) == 5
    capsys.readouterr()


def test_a_reader_of_our_output_may_leave(paper: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "claimcheck", "table", str(paper), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(30) == 0
    process.stderr.close()


def test_a_reader_of_a_printed_table_may_leave(paper: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "claimcheck", "table", str(paper)],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupted_keeps_what_is_finished_and_goes_on(
    workers: str, tmp_path: Path, own_home: Path, command: RunCommand
) -> None:
    papers = []
    for i in range(60):
        papers.append(tmp_path / f"p{i:02}.txt")
        papers[-1].write_text(f"Model {workers} of run {i} reaches {i}.5 F1 on SQuAD. It was trained for {i} days.\n")
    out = tmp_path / "out"
    arguments = ["table", *map(str, papers), "--workers", workers, "--out", str(out), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "claimcheck", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"CLAIMCHECK_HOME": str(own_home)},
        text=True,
    )
    while not list(out.glob("*/ledger.json")):
        assert process.poll() is None
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert err.splitlines()[-1].startswith("claimcheck: interrupted")
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(children, timeout=3)
    assert not alive
    kept = {folder.name for folder in out.iterdir() if (folder / "ledger.json").exists()}
    assert 0 < len(kept) < len(papers)
    first = papers[:3]
    done = command("table", *first, "--workers", workers, CLAIMCHECK_HOME=str(own_home))
    assert done.code == 0
    assert "finished before" in done.err


def test_the_error_of_our_own_making_is_one_line_too(
    paper: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import claimcheck.publish

    def broken(*_: object) -> None:
        raise KeyError("\x1b[2Jmissing\nkey")

    monkeypatch.setattr(claimcheck.publish, "print_ledger", broken)
    assert main(["table", str(paper)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "unexpected KeyError" in line
    assert "CLAIMCHECK_DEBUG=1" in line
    assert "\x1b" not in line
    monkeypatch.setenv("CLAIMCHECK_DEBUG", "1")
    assert main(["table", str(paper)]) == 1
    assert "Traceback" in capsys.readouterr().err
