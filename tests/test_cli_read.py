"""`claimcheck read` as a person uses it: sentences, grids with their paths, signs of errors, and the page in HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from claimcheck.cli import main

Capture = pytest.CaptureFixture[str]
SAMPLE = Path(__file__).parent / "data" / "sample"


def test_html_is_one_private_file_with_a_picture_of_each_page(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "new" / "read.html"
    assert main(["read", str(SAMPLE / "paper.pdf"), "--html", str(file)]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{file}\n"
    assert shown.err == ""
    page = file.read_text("utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "do not publish it" in page
    first = file.read_bytes()
    assert main(["read", str(SAMPLE / "paper.pdf"), "--html", str(file)]) == 0
    assert file.read_bytes() == first


def test_html_on_stdout_and_of_a_source_without_pages(capsys: Capture) -> None:
    assert main(["read", str(SAMPLE / "paper.tex"), "--html", "-"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert "data:image" not in page
    assert re.search(r'class="kind">line \d+<', page)


def test_pages_beyond_the_limit_are_told(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimcheck.reading import pictures

    monkeypatch.setitem(pictures.pictures_of.__kwdefaults__, "most_pages", 1)
    assert main(["read", str(SAMPLE / "paper.pdf"), "--html", str(tmp_path / "read.html")]) == 0
    told = "Pages 2 to 3 are not shown: at most 1 pages of a paper are."
    assert told in capsys.readouterr().err
    page = (tmp_path / "read.html").read_text("utf-8")
    assert told in page
    assert page.count("data:image/png;base64,") == 1
    assert 'id="b-t1"' in page  # boxes are there without a picture


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--html", "x.html", "--json"], "one call gives one form"),
        (["--html", "x.html", "--tables"], "one call gives one form"),
        (["--json", "--sentences"], "JSON holds all"),
        (["--html", "."], "it is a folder"),
        (["--html", str(SAMPLE / "paper.tex" / "x.html")], "cannot write the page"),
    ],
)
def test_what_does_not_go_together_is_one_line(options: list[str], words: str, capsys: Capture) -> None:
    assert main(["read", str(SAMPLE / "paper.tex"), *options]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ""


def test_sentences_are_listed_in_the_order_of_reading(capsys: Capture) -> None:
    assert main(["read", str(SAMPLE / "paper.pdf"), "--sentences"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line for line in lines if re.match(r" *\d+  p\. \d", line)]
    assert listed[0] == "  1  p. 1       title      Mooring: Span-Anchored Modules for Reading Port and Vessel Reports"
    assert "  p. 1       abstract   It achieves the best result on three of the five datasets." in listed[6]
    assert [int(line.split()[0]) for line in listed] == list(range(1, len(listed) + 1))


def test_tables_show_the_whole_name_of_each_column(capsys: Capture) -> None:
    assert main(["read", str(SAMPLE / "paper.pdf"), "--tables"]) == 0
    shown = capsys.readouterr().out
    assert "  column 4: Extraction (F1) > ShipRel\n" in shown
    assert "\x1b" not in shown
    assert "Look here first" not in shown
    assert re.search(r"sentences: \d+ body, \d+ caption", shown)


def test_signs_of_errors_come_first(tmp_path: Path, capsys: Capture) -> None:
    paper = tmp_path / "odd.tex"
    paper.write_text(
        r"\documentclass{article}\begin{document}\section{One}\setcounter{section}{3}\section{Two}"
        "We test the model on all of the data. It is good.\n"
        r"\begin{table}\caption{Scores.}\begin{tabular}{l}Model\\ Ours\\ Theirs\end{tabular}\end{table}\end{document}"
    )
    assert main(["read", str(paper)]) == 0
    shown = capsys.readouterr().out
    assert "Look here first" in shown
    assert "  Table 1 has one column\n" in shown


def test_hostile_text_does_not_steer_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    paper = tmp_path / "odd.html"
    paper.write_text(
        "<html><body><h1>A\x1b[31m title \u202egnp</h1><p>We show the words of \x1b[5m a hostile paper here.</p>"
        "<table><caption>Table 1: x\x1b[2J</caption><tr><th>a\x1b[1m</th><th>b</th></tr>"
        "<tr><td>x</td><td>1</td></tr></table></body></html>"
    )
    assert main(["read", str(paper), "--tables", "--sentences"]) == 0
    shown = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", shown)
