"""`claimcheck review` as a process: addresses on stdout, an orderly end on Ctrl-C, errors in one line."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from ledgers import full_ledger

from claimcheck.review.decisions import read_decisions


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "ledger.json").write_text(full_ledger().model_dump_json(), "utf-8")
    return folder


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_review_from_start_to_end(ledger: Path, ending: signal.Signals) -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "claimcheck",
        "review",
        str(ledger),
        "--reviewer",
        "Ada",
        "--reviewer",
        "Ben",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        found = [re.fullmatch(r"(http://127\.0\.0\.1:\d+)(/[\w-]{32}/)\t(Ada|Ben)\n", line) for line in lines]
        assert all(found), lines
        for one in found:
            assert one is not None
            answer = httpx.post(
                one[1] + one[2] + "decide",
                data={"claim": "c-1a1b2c3d4e5f", "label": "refuted", "choice": "accept"},
                headers={"Origin": one[1], "Accept": "application/json"},
                trust_env=False,
                timeout=20,
            )
            assert answer.status_code == 200
        # a browser keeps its connection open, and another one has sent half a request: neither is waited for
        idle, half = (socket.create_connection(("127.0.0.1", int(found[0][1].rpartition(":")[2]))) for _ in range(2))
        half.sendall(b"POST /x/decide HTTP/1.1\r\nHost: ")
        with idle, half:
            process.send_signal(ending)
            out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert out.splitlines()[:2] == ["Ada: 1 of 6 judged", "Ben: 1 of 6 judged"]
    assert "2 reviewers: 1 of 6 claims judged by both, with the same choice on 1 (100%)" in out
    assert out.splitlines()[-1] == f"decisions: {ledger / 'decisions.jsonl'}"
    assert len(read_decisions(ledger / "decisions.jsonl")) == 2
    said = err.splitlines()
    assert all(line.startswith("claimcheck: ") for line in said), err
    assert "Ctrl-C ends the review" in said[0]
    assert "Ada accepted the verdict of claim c-1a1b2c3d4e5f; 1 of 6 judged" in err


RunCommand = Callable[..., Any]


def test_errors_are_one_line(command: RunCommand, tmp_path: Path, ledger: Path) -> None:
    missing = command("review", tmp_path / "none.json")
    assert missing.code == 3
    assert "there is no such ledger" in missing.error_line
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        busy = command("review", ledger, "--port", str(port))
    assert busy.code == 2
    assert f"port {port} cannot be had" in busy.error_line
    assert command("review", ledger, "--port", "70000").code == 2
    assert command("review", ledger, "--reviewer", "").code == 2
    (ledger / "decisions.jsonl").write_text("{}\n")
    broken = command("review", ledger)
    assert broken.code == 3
    assert "decisions.jsonl, line 1" in broken.error_line


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_before_anyone_judges(command: RunCommand, ledger: Path) -> None:
    ledger.chmod(0o555)
    try:
        done = command("review", ledger)
    finally:
        ledger.chmod(0o755)
    assert done.code == 2
    assert "decisions cannot be written" in done.error_line


def test_help_loads_no_server_and_no_stage() -> None:
    program = (
        "import sys, claimcheck.cli\nassert claimcheck.cli.main(['review', '--help']) == 0\n"
        "wrong = {'starlette', 'uvicorn', 'numpy', 'jinja2', 'claimcheck.publish', 'claimcheck.review'}\n"
        "sys.stderr.write(' '.join(sorted(wrong & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "127.0.0.1" in done.stdout
