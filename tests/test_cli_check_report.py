"""`claimcheck check-report` as users call it: what it prints, what it writes, its exit codes and one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import report_texts as texts

from claimcheck.cli import main


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "tea.txt"
    path.write_text(texts.report())
    return path


def test_json_is_one_line_a_report(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = tmp_path / "second.md"
    second.write_text(texts.report(texts.pipes(("yes", "no"), texts.percent), heading=texts.hashed_heading))
    assert main(["check-report", str(report), str(second), "--json", "--offline"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["report"]["name"] for line in lines] == ["tea.txt", "second.md"]
    for line in lines:
        assert line["schema"] == "claimcheck/audit/v1"
        assert line["question"] == texts.QUESTION
        assert [(c["text"], c["verified"], c["confidence"], c["truncated"]) for c in line["claims"]] == [
            (c.text, c.tick, c.confidence, False) for c in texts.CLAIMS
        ]
        assert [r["status"] for r in line["references"]] == ["unresolved"] * 3
        assert all({"kind", "severity", "text"} <= set(f) for f in line["findings"])


def test_a_summary_for_people(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-report", str(report), "--offline"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"Question: {texts.QUESTION}" in out
    assert "5 claims; 4 with a tick; 0 cut off" in out
    assert out.index("Score that cannot be recomputed") < out.index("Cold tea raised")


def test_files(report: Path, tmp_path: Path) -> None:
    assert main(["check-report", str(report), "--offline", "--out", str(tmp_path / "out"), "--format", "html,md"]) == 0
    [folder] = (tmp_path / "out").iterdir()
    assert sorted(p.name for p in folder.iterdir()) == ["audit.html", "audit.json", "audit.md"]


def test_a_report_given_twice_is_one(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-report", str(report), str(report), "--json", "--offline"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "REPORT"),
        (["{missing}"], 3, "there is no such file"),
        (["{folder}"], 3, "is a folder"),
        (["{empty}"], 3, "is empty"),
        (["{binary}"], 3, "is binary data"),
        (["{prose}"], 3, "is no synthesis report"),
        (["{binary}", "{empty}"], 3, "is empty"),
        (["{good}", "{binary}"], 5, "is binary data"),
        (["{good}", "--format", "html"], 2, "no folder to write to"),
        (["{good}", "--format", "docx", "--out", "{folder}"], 2, "no format 'docx'"),
        (["{good}", "--library", "{missing}"], 3, "no such folder"),
        (["{good}", "--against", "{missing}"], 3, "missing"),
    ],
)
def test_exit_codes(
    tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary.txt").write_bytes(b"\0\1\2" * 100)
    (tmp_path / "prose.txt").write_text("Nothing here but a few words about tea.")
    names = {
        "missing": str(tmp_path / "missing"), "folder": str(tmp_path), "good": str(report),
        **{n: str(tmp_path / f"{n}.txt") for n in ("empty", "binary", "prose")},
    }  # fmt: skip
    called = ["check-report", *(a.format(**names) for a in arguments)]
    assert main([*called, "--offline"] if arguments else called) == code
    err = capsys.readouterr().err
    assert words in err
    assert all(line.startswith("claimcheck: ") for line in err.splitlines())
    assert len(err.splitlines()) == max(1, sum(a in ("{binary}", "{empty}") for a in arguments))


def test_a_report_without_claims_is_an_audit_that_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.txt"
    path.write_text(texts.report("None were found:"))
    assert main(["check-report", str(path), "--offline", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["claims"] == []
    assert "claims_missing" in [f["kind"] for f in found["findings"]]


def test_the_command_is_listed_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "check-report" in capsys.readouterr().out
    assert main(["check-report", "--help"]) == 0
    assert "--library" in capsys.readouterr().out
