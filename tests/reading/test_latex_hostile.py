"""Hostile LaTeX: an error in one line or a readable rest, never a crash, a hang or a file outside."""

# ruff: noqa: E501 - LaTeX samples stay on the lines they are read from

from __future__ import annotations

import time

import pytest

from claimcheck.foundation.errors import InputError, NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Paper
from claimcheck.reading.latex import read_latex

START = "\\documentclass{article}\n"
DOUBLING = "".join(f"\\newcommand{{\\{chr(97 + i)}}}{{{(chr(92) + chr(98 + i)) * 3}}}" for i in range(24))


def files(body: str, preamble: str = "") -> dict[str, bytes]:
    return {"main.tex": f"{START}{preamble}\\begin{{document}}\nA sentence of text.\n{body}\\end{{document}}".encode()}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(files("{" * 100_000 + "}" * 100_000), id="braces"),
        pytest.param(files("\\begin{a}" * 50_000), id="environments"),
        pytest.param(files("\\textbf" * 50_000), id="arguments"),
        pytest.param(files("\\a", DOUBLING), id="doubling"),
        pytest.param(files("\\a", "\\def\\a{x\\a}"), id="endless"),
        pytest.param(files("\\a{x}", "\\newcommand{\\a}[1]{\\a{#1#1}}"), id="growing"),
        pytest.param(
            files("\\begin{q}\\end{q}", "\\newenvironment{q}{\\begin{q}}{\\end{q}}"), id="environment-of-itself"
        ),
        pytest.param(files("\\input{main}"), id="input-of-itself"),
        pytest.param({**files("\\input{b}"), "b.tex": b"\\input{c}", "c.tex": b"\\input{b}"}, id="input-circle"),
        pytest.param(files("\\input{../../etc/passwd}"), id="input-above"),
        pytest.param(files("\\input{/etc/passwd}"), id="input-absolute"),
        pytest.param({"main.tex": bytes(range(256)) * 2000}, id="noise"),
        pytest.param({"main.tex": b""}, id="empty"),
        pytest.param({}, id="nothing"),
        pytest.param({"main.tex": START.encode() + b"\\begin{document}\\end{document}"}, id="no-sentence"),
    ],
)
def test_refused_in_one_line(source: dict[str, bytes]) -> None:
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        read_latex(source, Paper(id="p"))
    assert "\n" not in str(caught.value)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "body",
    [
        "}" * 50_000, "$" * 50_001, "[" * 50_000, "\\end{a}" * 20_000, "\\verb|" * 20_000, "\\iffalse" * 20_000, "%" * 50_000,
        "\\csname a" * 10_000, "$" + "x^" * 20_000 + "$", "\\input{missing}", "\\begin{tabular}{*{999}{*{999}{c}}}a&b\\\\c&d\\end{tabular}",
        "\\begin{tabular}{ll}\\multicolumn{99999999}{c}{x}&\\multirow{99999999}{*}{y}\\\\a&b\\end{tabular}",
        "\\newcommand{\\q}[²]{x}\\q{y}", "\\newcommand{\\q}[" + "9" * 5_000 + "]{x}\\q{y}",
        "\\newcolumntype{Q}[" + "9" * 5_000 + "]{l}\\newcolumntype{R}[²]{l}\\begin{tabular}{QR}a&b\\\\c&d\\end{tabular}",
        "\\renewcommand{\\thetable}{\\thetable\\thetable}\\begin{table}\\caption{A cap.}\\end{table}",
    ],
)  # fmt: skip
def test_read_all_the_same(body: str) -> None:
    start = time.process_time()
    document = read_latex(files(body), Paper(id="p"))
    assert document.sentences[0].text.startswith("A sentence of text")
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("\\multicolumn{400}{c}{x}\\\\" * 5000, id="spans"),
        pytest.param(("1&" * 399 + "1\\\\") * 400, id="cells"),
        pytest.param(("1&" * 399 + "1\\\\") + "a&b\\\\" * 4000, id="one-wide-row"),
    ],
)
def test_a_table_of_too_many_cells_is_left_out_and_the_rest_is_read(rows: str) -> None:
    small = "\\begin{tabular}{ll}a&1\\\\b&2\\end{tabular}"
    start = time.process_time()
    document = read_latex(
        files(f"\\begin{{tabular}}{{ll}}{rows}\\end{{tabular}}\n\nMore text.\n\n{small}"), Paper(id="p")
    )
    assert [(t.height, t.width) for t in document.tables] == [(2, 2)]
    assert [s.text for s in document.sentences][-1].startswith("More text")
    assert time.process_time() - start < 10


def test_errors_say_where_and_what_to_do() -> None:
    with pytest.raises(UnreadableInputError, match=r"main\.tex: .*leaves the paper's folder; copy"):
        read_latex(files("\\input{../secret}"), Paper(id="p"))
    with pytest.raises(NotAPaperError, match="no LaTeX file"):
        read_latex({"a.txt": b"hi"}, Paper(id="p"))
