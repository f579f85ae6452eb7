"""Decisions on disk: nothing that was written is lost, half a line is mended, and what is broken is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from claimcheck.foundation.errors import UnreadableInputError, UsageError
from claimcheck.foundation.records import Decision
from claimcheck.review import decisions as module
from claimcheck.review.decisions import (
    append_decision,
    check_writable,
    decisions_file,
    last_decisions,
    read_decisions,
)

WRITER = """
import sys
from pathlib import Path
from claimcheck.foundation.records import Decision
from claimcheck.review.decisions import append_decision
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for i in range(count):
    append_decision(path, Decision(claim=str(i), reviewer=name, choice="accept", label="refuted", note="n" * (i % 900)))
    print(i, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def one(claim: str = "c1", reviewer: str = "Ada", **more: object) -> Decision:
    return Decision.model_validate(
        {"claim": claim, "reviewer": reviewer, "label": "refuted", "choice": "accept"} | more
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def never(text: str) -> None:
    pytest.fail(f"nothing is to be said, but: {text}")


def test_the_file_stands_beside_the_ledger(tmp_path: Path) -> None:
    assert decisions_file(tmp_path) == tmp_path / "decisions.jsonl"
    assert decisions_file(tmp_path / "ledger.json") == tmp_path / "decisions.jsonl"


def test_what_is_written_is_read_in_order(path: Path) -> None:
    assert read_decisions(path) == ()
    written = [one(), one(note='line\n"two" \u2028 \U0001f389 <b>'), one("c2", choice=None, reply="Thanks")]
    for decision in written:
        append_decision(path, decision)
    assert read_decisions(path, never) == tuple(written)
    assert path.read_text("utf-8").count("\n") == len(written)
    assert json.loads(path.read_text("utf-8").splitlines()[0])["schema"] == "claimcheck/decision/v1"


def test_the_last_line_of_a_reviewer_on_a_claim_counts() -> None:
    lines = [one(), one(reviewer="Ben"), one(choice="reject"), one("c2", choice="needs_check"), one("c2", choice=None)]
    last = last_decisions(lines)
    assert {claim: {name: x.choice for name, x in here.items()} for claim, here in last.items()} == {
        "c1": {"Ada": "reject", "Ben": "accept"},
        "c2": {"Ada": None},
    }


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    processes = [writer(path, name, 500) for name in ("Ada", "Ben")]
    for process in processes:
        start(process)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    found = read_decisions(path, never)
    assert len(found) == 1000
    for name in ("Ada", "Ben"):
        assert [x.claim for x in found if x.reviewer == name] == [str(i) for i in range(500)]
    names = [x.reviewer for x in found]
    assert names != sorted(names), "they did not write at the same time, and the test shows nothing"


def test_a_writer_that_is_killed_loses_nothing_that_it_reported(path: Path) -> None:
    reported = 0
    for wait in (0.02, 0.11):
        process = writer(path, f"Ada {wait}", 100_000)
        start(process)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        rest = process.communicate(timeout=10)[0]
        reported += 1 + sum(line.endswith("\n") for line in rest.splitlines(keepends=True))
    append_decision(path, one("after"))
    found = read_decisions(path, never)
    assert len(found) >= reported + 1
    assert found[-1].claim == "after"


def test_half_a_line_from_a_crash_is_left_out_and_then_cut_off(path: Path) -> None:
    append_decision(path, one())
    whole = path.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole + whole[:cut])
        said: list[str] = []
        assert read_decisions(path, said.append) == (one(),)
        assert len(said) == 1
        assert "cut off" in said[0]
        assert str(path) in said[0]
        assert path.read_bytes() == whole + whole[:cut], "reading changes nothing"
        append_decision(path, one("c2"), said.append)
        assert len(said) == 2
        assert read_decisions(path, never) == (one(), one("c2"))


def test_a_last_line_that_lacks_only_its_newline_counts(path: Path) -> None:
    append_decision(path, one())
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_decisions(path, never) == (one(),)
    append_decision(path, one("c2"), never)
    assert read_decisions(path, never) == (one(), one("c2"))


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'{"claim": "c1"}', b"\xff\xfe", b'{"claim":"c1","reviewer":"Ada","label":"wrong"}', b"[" * 100_000],
)
def test_a_broken_line_in_the_middle_is_an_error_with_file_and_line(path: Path, line: bytes) -> None:
    append_decision(path, one())
    whole = path.read_bytes()
    path.write_bytes(whole + b"\n" + line + b"\n" + whole)
    with pytest.raises(UnreadableInputError) as caught:
        read_decisions(path)
    assert f"{path}, line 3" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 600


def test_limits_of_size(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_decision(path, one(note="n" * module.LONGEST_NOTE, reply="\U0001f389" * module.LONGEST_REPLY))
    before = path.read_bytes()
    for wrong in ({"note": "n" * 4_001}, {"reply": "n" * 10_001}, {"reviewer": "n" * 101}, {"claim": "n" * 201}):
        with pytest.raises(UsageError, match="too many"):
            append_decision(path, one().model_copy(update=wrong))
    monkeypatch.setattr(module, "_LARGEST_FILE", len(before) + 10)
    with pytest.raises(UnreadableInputError, match="larger than"):
        append_decision(path, one())
    assert path.read_bytes() == before
    monkeypatch.setattr(module, "_LARGEST_FILE", len(before) - 1)
    with pytest.raises(UnreadableInputError, match="larger than"):
        read_decisions(path)
    monkeypatch.undo()
    path.write_bytes(b" " * (300 << 10) + b"x\n")
    with pytest.raises(UnreadableInputError, match=r"line 1.*longer than"):
        read_decisions(path)


def test_half_a_character_is_written_as_a_sign(path: Path) -> None:
    append_decision(path, one(note="a").model_copy(update={"note": "a\ud83c"}))
    assert read_decisions(path)[0].note == "a?"


def test_a_write_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_decision(path, one())
    before = path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))  # a disk with 20 bytes left
    with pytest.raises(UsageError, match="no space"):
        append_decision(path, one("c2"))
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UnreadableInputError, match="regular file"):
        read_decisions(path)
    with pytest.raises(UsageError, match=r"decisions\.jsonl"):
        append_decision(path, one())
    with pytest.raises(UnreadableInputError, match="regular file"):
        check_writable(path)


def test_a_place_that_cannot_be_written_is_said_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(path)
    assert not path.exists()
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)  # root may write everywhere
    with pytest.raises(UsageError, match="permission denied"):
        check_writable(path)
