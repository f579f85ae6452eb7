"""LaTeX tables: each cell in its place, spans, rules, header rows, labels as printed."""

# ruff: noqa: E501 - LaTeX samples stay on the lines they are read from

from __future__ import annotations

import pytest

from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.latex import read_latex


def read(body: str, preamble: str = "", **more: bytes) -> Document:
    source = (
        f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\nA sentence of text.\n{body}\n\\end{{document}}"
    )
    return read_latex({"main.tex": source.encode(), **more}, Paper(id="p"))


def table(body: str, preamble: str = "") -> Table:
    tables = read(body, preamble).tables
    assert len(tables) == 1
    return tables[0]


def texts(t: Table) -> list[list[str]]:
    return [[c.text for c in row] for row in t.grid]


BOOKTABS = r"""
\begin{table}\caption{Main results.}\label{tab:m}
\begin{tabular}{@{}llrr@{}}
\toprule
& & \multicolumn{2}{c}{Accuracy}\\
\cmidrule(lr){3-4}
Group & Model & dev & test\\
\midrule
\multirow{2}{*}{Old} & A$^\dagger$ & 80.1 & 79.9\\
 & B\footnotemark[1] & \textbf{81.2} & {\bf 80.5}\\
\midrule
\multicolumn{4}{c}{\textit{Ours}}\\
New & C \citep{x} & $\mathbf{85.0}$ & \underline{84.2}\\
\bottomrule
\end{tabular}\end{table}"""


def test_booktabs_grid_with_spans() -> None:
    t = table(BOOKTABS)
    assert (t.label, t.caption, t.header_rows, t.stub_columns) == ("1", "Main results.", 2, 2)
    assert texts(t) == [
        ["", "", "Accuracy", "Accuracy"],
        ["Group", "Model", "dev", "test"],
        ["Old", "A†", "80.1", "79.9"],
        ["Old", "B", "81.2", "80.5"],
        ["Ours"] * 4,
        ["New", "C", "85.0", "84.2"],
    ]
    assert t.grid[0][3].origin == (0, 2)
    assert t.grid[3][0].origin == (2, 0)
    assert [c.bold for c in t.grid[3]] == [False, False, True, True]
    assert t.grid[5][2].bold
    assert t.grid[5][3].underline
    assert t.row_name(3) == "Old > B"
    assert t.row_name(5) == "Ours > New > C"
    assert t.column_name(3) == "Accuracy > test"


def test_line_of_the_tabular() -> None:
    assert table(BOOKTABS).line == 7


def test_columns_joined_by_the_specification() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{lr@{$\,\pm\,$}lr@{.}l}\hline M & \multicolumn{2}{c}{Acc} & "
              r"\multicolumn{2}{c}{F}\\\hline a & 85.3 & 0.2 & 7 & 5\\\hline\end{tabular}\end{table}")  # fmt: skip
    assert texts(t) == [["M", "Acc", "F"], ["a", "85.3 ± 0.2", "7.5"]]


def test_number_formats() -> None:
    t = table(
        r"""\begin{table}\caption{c}\begin{tabular}{lc}\toprule M & V\\\midrule
        a & $2.3\cdot10^{19}$\\ b & \num{1e-3}\\ c & 85.3$_{\pm 0.2}$\\ d & $85.3^{*}$\\ e & 1,234\,\% \\ f & 85.3$^{1}$\\
        g & $85.3_{0.2}$\\ h & \checkmark\\ \bottomrule\end{tabular}\end{table}"""
    )
    assert [row[1].text for row in t.grid[1:]] == [
        "2.3 · 10^{19}", "1 × 10^{-3}", "85.3 ± 0.2", "85.3*", "1,234 %", "85.3", "85.3 (0.2)", "✓",
    ]  # fmt: skip


def test_header_ends_at_the_first_rule_after_content() -> None:
    grid = table(
        r"\begin{table}\caption{c}\begin{tabular}{|l|c|}\hline N & P\\\hline a & 1.5\\\hline b & 2\\\hline\end{tabular}\end{table}"
    )
    assert grid.header_rows == 1


def test_multirow_header_over_a_full_rule() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{lcc}\hline \multirow{2}{*}{N} & \multicolumn{2}{c}{P}\\ \hline & x & y\\\hline "
              r"a & 1.5 & 2\\\hline\end{tabular}\end{table}")  # fmt: skip
    assert t.header_rows == 2


def test_without_a_header_rule_the_numbers_tell() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{lcc}\toprule & A & B\\ a & 1.5 & 2.5\\ b & 3.5 & 4\\\midrule c & 3 & 4.1\\\bottomrule"
              r"\end{tabular}\end{table}")  # fmt: skip
    assert t.header_rows == 1


def test_title_row_over_the_header() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{lcc}\hline\multicolumn{3}{c}{On test}\\\hline M & A & B\\\hline a & 1.5 & 2.5\\\hline"
              r"\end{tabular}\end{table}")  # fmt: skip
    assert t.header_rows == 2


def test_settings_before_names_are_stubs() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{ccc}\hline n & L & Acc\\\hline \multirow{2}{*}{6} & OTSL & 0.9\\ & HTML & 0.8\\\hline"
              r"\multirow{2}{*}{4} & OTSL & 0.7\\ & HTML & 0.6\\\hline\end{tabular}\end{table}")  # fmt: skip
    assert t.stub_columns == 2
    assert t.row_name(4) == "4 > HTML"


def test_negative_multirow_reaches_upwards() -> None:
    t = table(r"\begin{table}\caption{c}\begin{tabular}{lcc}\toprule G & M & S\\\midrule & x & 1.0\\ \multirow{-2}{*}{Grp} & y & 2.0\\\bottomrule"
              r"\end{tabular}\end{table}")  # fmt: skip
    assert [row[0].text for row in t.grid] == ["G", "Grp", "Grp"]
    assert t.grid[1][0].origin is None
    assert t.grid[2][0].origin == (1, 0)


def test_wrappers_and_stacks() -> None:
    t = table(
        r"""\begin{table}\caption{c}\resizebox{\columnwidth}{!}{\begin{tabular}{l|c}\hline
        \makecell{Two\\lines} & \rotatebox{90}{Up}\\\hline \begin{tabular}[c]{@{}c@{}}in\\side\end{tabular} & \shortstack{a\\b}\\\hline
        \end{tabular}}\end{table}"""
    )
    assert texts(t) == [["Two lines", "Up"], ["in side", "a b"]]


def test_macros_in_cells() -> None:
    t = table(
        r"\begin{table}\caption{c}\begin{tabular}{lc}\hline M & \F{1}\\\hline \ours & \best{9.5}\\ \ours[L] & \V\\\hline\end{tabular}\end{table}",
        r"\newcommand{\ours}[1][B]{Our-#1\xspace}\newcommand\best[1]{\textbf{#1}}\def\F#1{F$_#1$}\DeclareRobustCommand{\V}{9.1}",
    )
    assert texts(t) == [["M", "F_1"], ["Our-B", "9.5"], ["Our-L", "9.1"]]
    assert t.grid[1][1].bold


def test_subtables_have_letters_and_plain_pairs_have_places() -> None:
    one = r"\begin{tabular}{lc}\hline M & X\\\hline a & 1.0\\\hline\end{tabular}"
    d = read(
        rf"\begin{{table}}\begin{{subtable}}{{.5\linewidth}}{one}\caption{{First}}\label{{s}}\end{{subtable}}"
        rf"\begin{{subtable}}{{.5\linewidth}}{one}\caption{{Second}}\end{{subtable}}\caption{{Both.}}\end{{table}}"
        rf"\begin{{table}}\caption{{Pair.}}{one}{one}\end{{table}}"
        rf"\begin{{table}}\subfloat[Left]{{{one}}}\subfloat[Right]{{{one}}}\caption{{Floats.}}\end{{table}} See Table~\ref{{s}}."
    )
    assert [t.label for t in d.tables] == ["1a", "1b", "2 (1)", "2 (2)", "3a", "3b"]
    assert d.tables[1].caption == "Both. (b) Second"
    assert any("See Table 1a." in s.text for s in d.sentences)


def test_two_captions_in_one_float() -> None:
    one = r"\begin{tabular}{lc}\hline M & X\\\hline a & 1.0\\\hline\end{tabular}"
    d = read(rf"\begin{{table}}\begin{{minipage}}{{4cm}}\caption{{A.}}{one}\end{{minipage}}\begin{{minipage}}{{4cm}}\caption{{B.}}{one}"
             r"\end{minipage}\end{table}")  # fmt: skip
    assert [(t.label, t.caption) for t in d.tables] == [("1", "A."), ("2", "B.")]


def test_appendix_numbering_and_unnumbered_tables() -> None:
    one = r"\begin{tabular}{lc}\hline M & X\\\hline a & 1.0\\\hline\end{tabular}"
    d = read(
        rf"\begin{{table}}\caption{{A.}}{one}\end{{table}}\begin{{table}}\caption*{{B.}}{one}\end{{table}}\appendix"
        rf"\section{{More}}\renewcommand{{\thetable}}{{\Alph{{section}}.\arabic{{table}}}}\setcounter{{table}}{{0}}"
        rf"\begin{{table}}\caption{{C.}}\label{{c}}{one}\end{{table}} See \cref{{c}}."
    )
    assert [t.label for t in d.tables] == ["1", "#1", "A.1"]
    assert d.sentences[-2].text == "See Table A.1."


def test_longtable_head_is_read_once() -> None:
    t = table(
        r"""\begin{longtable}{ll}\caption{Long.}\\\toprule H1 & H2\\\midrule\endfirsthead
        \caption[]{(continued)}\\ H1 & H2\\\endhead \bottomrule\endfoot a & 1\\ b & 2\\\end{longtable}"""
    )
    assert (t.label, t.caption, t.header_rows) == ("1", "Long.", 1)
    assert texts(t) == [["H1", "H2"], ["a", "1"], ["b", "2"]]


def test_deluxetable() -> None:
    t = table(
        r"""\begin{deluxetable*}{lcc}[t!]\tablecaption{Fits.\label{d}}\tablehead{\colhead{} & \multicolumn{2}{c}{RMSE} \\
        \cmidrule(lr){2-3} \colhead{$k$} & \colhead{A} & \colhead{B}}\startdata
        2 & $0.08 \pm 0.01$ & 0.17 \\ 3 & \nodata & 0.20 \\ \enddata\end{deluxetable*}"""
    )
    assert (t.label, t.caption, t.header_rows) == ("1", "Fits.", 2)
    assert texts(t)[1:3] == [["k", "A", "B"], ["2", "0.08 ± 0.01", "0.17"]]


def test_ieee_numerals() -> None:
    source = rb"""\documentclass{IEEEtran}\begin{document}\section{One}Text is here.\begin{table}\caption{A}\begin{tabular}{lc}\hline M & X\\
    \hline a & 1.0\\\hline\end{tabular}\end{table}\end{document}"""
    d = read_latex({"m.tex": source}, Paper(id="p"))
    assert d.tables[0].label == "I"
    assert d.sections[0].number == "I"


def test_tables_off() -> None:
    source = rb"\documentclass{article}\begin{document}Hello there we are.\begin{table}\caption{A cap.}\begin{tabular}{ll}a&b\\c&d\end{tabular}\end{table}\end{document}"
    d = read_latex({"m.tex": source}, Paper(id="p"), tables=False)
    assert d.tables == ()
    assert [s.text for s in d.sentences] == ["Hello there we are.", "A cap."]


@pytest.mark.parametrize("environment", ["tabular*}{5cm", "tabularx}{5cm", "tabulary}{5cm"])
def test_widths_before_the_specification(environment: str) -> None:
    name = environment.split("}")[0]
    t = table(
        rf"\begin{{table}}\caption{{c}}\begin{{{environment}}}{{lX}}\hline M & X\\\hline a & 1.0\\\hline\end{{{name}}}\end{{table}}"
    )
    assert texts(t) == [["M", "X"], ["a", "1.0"]]
