"""The other subcommands, commands of other packages, and what the command line does without any."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from claimcheck import Document, Ledger
from claimcheck.cli import main

Capture = pytest.CaptureFixture[str]


def test_read_shows_sections_sentences_and_tables(paper: Path, capsys: Capture) -> None:
    assert main(["read", str(paper)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Fast Span Reader\n")
    assert "1 Introduction: 2 sentences" in shown
    assert "Table 1 (4 x 3" in shown
    assert "77.3" not in shown


def test_read_tables_shows_the_grids(paper: Path, capsys: Capture) -> None:
    assert main(["read", str(paper), "--tables"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    start = lines.index("Model       SQuAD  MNLI")
    assert lines[start + 1 : start + 5] == [
        "----------  -----  ----",
        "BiDAF       77.3   70.1",
        "BERT        89.2   82.5",
        "FSR (ours)  91.3   84.0",
    ]


def test_read_json_is_the_document(paper: Path, capsys: Capture) -> None:
    assert main(["read", str(paper), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert Document.model_validate_json(line).paper.id == "fsr"


def test_results_lists_the_own_best_and_all(paper: Path, capsys: Capture) -> None:
    assert main(["results", str(paper)]) == 0
    shown = capsys.readouterr().out
    assert "91.3" in shown
    assert "77.3" not in shown
    assert main(["results", str(paper), "--all", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["score"] for row in rows} >= {"91.3", "84.0", "77.3"}


def test_results_of_a_paper_without_tables(tmp_path: Path, capsys: Capture) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear editor, thank you for your letter. We hope you are well.\n")
    assert main(["results", str(letter)]) == 0
    assert "No results" in capsys.readouterr().out
    assert main(["results", str(letter), "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_check_says_verdict_and_derivation(paper: Path, capsys: Capture) -> None:
    assert main(["check", "FSR reaches 91.3 F1 on SQuAD.", "--against", str(paper)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("supported, confidence ")
    assert "Table 1" in shown
    assert main(["check", "FSR reaches 91.8 F1 on SQuAD.", "--against", str(paper), "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["label"] == "refuted"
    assert any("91.3" in (check["derivation"] or "") for check in verdict["checks"])


def test_check_against_several_papers_names_them(paper: Path, tmp_path: Path, capsys: Capture) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear editor, thank you for your letter. We hope you are well.\n")
    given = ["check", "FSR reaches 91.3 F1 on SQuAD.", "--against", str(letter), "--against", str(paper)]
    assert main(given) == 0
    assert "fsr, Table 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "A claim.", "--against", "nowhere.pdf"], 3),
        (["check", "A claim."], 2),
        (["check", " ", "--against", "nowhere.pdf"], 2),
        (["read", "nowhere.pdf"], 3),
        (["results", "nowhere.pdf"], 3),
        (["results"], 2),
        (["report", "nowhere.json"], 3),
        (["report", "a.json", "b.json"], 2),
        (["report", "a.json", "--format", "pptx"], 2),
        (["tables"], 2),
    ],
)
def test_errors_are_one_line_and_their_code(arguments: list[str], code: int, capsys: Capture) -> None:
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("claimcheck: ")
    assert shown.err.count("\n") == 1


def test_a_near_command_is_suggested(capsys: Capture) -> None:
    main(["tables"])
    assert "did you mean 'table'" in capsys.readouterr().err


def test_report_renders_what_table_wrote(paper: Path, tmp_path: Path, capsys: Capture) -> None:
    out, reports = tmp_path / "out", tmp_path / "reports"
    assert main(["table", str(paper), "--out", str(out)]) == 0
    [folder] = out.iterdir()
    capsys.readouterr()
    assert main(["report", str(folder), "--format", "md"]) == 0
    markdown = capsys.readouterr().out
    assert "82.9" in markdown
    assert main(["report", str(folder / "ledger.json"), "--format", "md,csv", "--out", str(reports)]) == 0
    written = capsys.readouterr().out.splitlines()
    assert {Path(name).suffix for name in written} >= {".md", ".csv"}
    [again] = [Path(name) for name in written if name.endswith(".md")]
    assert again.read_text() == markdown


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "claimcheck/ledger/v9"}', "\x00", "{" * 100_000])
def test_report_refuses_what_is_no_ledger(text: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(text)
    assert main(["report", str(file), "--format", "md"]) == 3
    assert str(file) in capsys.readouterr().err


def test_a_ledger_without_claims_is_reported(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "ledger.json"
    ledger = Ledger.model_validate({"paper": {"id": "empty"}})
    file.write_text(ledger.model_dump_json())
    assert main(["report", str(file)]) == 0
    assert capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: Capture) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert "Commands:" in shown.err
    assert shown.out == ""


def test_commands_of_other_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    (tmp_path / "hello_plugin.py").write_text(
        "import typer\napp = typer.Typer()\n\n@app.command()\ndef hello(name: str) -> None:\n    print('hello', name)\n"
    )
    info = tmp_path / "hello_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hello-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[claimcheck.commands]\nhello = hello_plugin:app\nbroken = no_such_module:app\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "hello" in shown
    assert "From hello-plugin." in shown
    assert main(["hello", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"
    assert main(["broken"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "broken" in line
    assert "hello-plugin" in line
