"""LaTeX features beyond the plain table: column looks, siunitx, blocks, conditionals, cleveref, biber, ctable."""

# ruff: noqa: E501 - LaTeX samples stay on the lines they are read from

from __future__ import annotations

import time

import pytest

from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.latex import read_latex


def read(body: str, preamble: str = "", files: dict[str, bytes] | None = None) -> Document:
    source = (
        f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\nA sentence of text.\n\n{body}\n\\end{{document}}"
    )
    return read_latex({"main.tex": source.encode(), **(files or {})}, Paper(id="p"), main="main.tex")


def tabular(columns: str, rows: str, preamble: str = "") -> Table:
    tables = read(
        rf"\begin{{table}}\caption{{c}}\begin{{tabular}}{{{columns}}}{rows}\end{{tabular}}\end{{table}}", preamble
    ).tables
    assert len(tables) == 1
    return tables[0]


def texts(t: Table) -> list[list[str]]:
    return [[c.text for c in row] for row in t.grid]


def bold(t: Table) -> list[str]:
    return [c.text for row in t.grid for c in row if c.bold]


def said(body: str, preamble: str = "", files: dict[str, bytes] | None = None) -> list[str]:
    return [s.text for s in read(body, preamble, files).sentences][1:]


# ------------------------------------------------------------------ columns
def test_bold_columns_and_what_takes_the_boldness_away() -> None:
    t = tabular(
        r">{\bfseries}l *{2}{>{\bfseries}c} r",
        r"\hline M & \multicolumn{1}{c}{A} & B & \multicolumn{1}{>{\bfseries}c}{C}\\\hline x & \mdseries 1.5 & 2.5 & 3.5\\\hline",
    )
    assert bold(t) == ["M", "B", "C", "x", "2.5"]


def test_column_types_with_arguments() -> None:
    t = tabular(
        "lZ{2}Z{3}", r"\hline M & A & B\\\hline a & 1.5 & 2.5\\\hline", r"\newcolumntype{Z}[1]{>{\bfseries}p{#1cm}}"
    )
    assert bold(t) == ["A", "B", "1.5", "2.5"]


def test_columns_of_formulas_and_of_percentages() -> None:
    t = tabular(
        r"l>{$}c<{$}r<{\%}",
        r"\hline M & \multicolumn{1}{c}{x_1} & \multicolumn{1}{c}{S}\\\hline a & 3^2 & 5.1\\ b & \alpha_{ij} & \\\hline",
    )
    assert texts(t)[1:] == [["a", "3^2", "5.1%"], ["b", "α_ij", ""]]
    assert t.grid[0][2].text == "S"


def test_spacer_columns_are_no_columns() -> None:
    t = tabular(
        "lcccc", r"\hline & \multicolumn{2}{c}{A} & & B\\ M & x & y & & z\\\hline a & 1.5 & 2.5 & & 3.5\\\hline"
    )
    assert texts(t) == [["", "A", "A", "B"], ["M", "x", "y", "z"], ["a", "1.5", "2.5", "3.5"]]
    assert t.grid[0][2].origin == (0, 1)


def test_years_over_columns_belong_to_the_header() -> None:
    t = tabular(
        "lcc", r"\hline & \multicolumn{2}{c}{Error}\\ M & 2018 & 2019\\\hline a & 8.3 & 7.1\\ b & 6.2 & 5.9\\\hline"
    )
    assert t.header_rows == 2
    assert t.column_name(2) == "Error > 2019"


def test_blocks_of_tabularray_and_nicematrix() -> None:
    tblr = read(
        r"\begin{table}\caption{c}\begin{tblr}{colspec={lSS},hlines}Model & \SetCell[c=2]{c,font=\bfseries} Acc & \\ a & 1.5 & 2.5\\ b & 3 & 4\\\end{tblr}\end{table}"
    ).tables[0]
    assert texts(tblr) == [["Model", "Acc", "Acc"], ["a", "1.5", "2.5"], ["b", "3", "4"]]
    assert tblr.grid[0][1].bold
    nice = read(
        r"\begin{table}\caption{c}\begin{NiceTabular}{lcc}\hline \Block{2-1}{Model} & \Block[c]{1-2}<\bfseries>{Acc} & \\ & dev & test\\\hline a & 1.5 & 2.5\\\hline\end{NiceTabular}\end{table}"
    ).tables[0]
    assert texts(nice) == [["Model", "Acc", "Acc"], ["Model", "dev", "test"], ["a", "1.5", "2.5"]]
    assert nice.header_rows == 2


def test_multirowcell_covers_its_rows() -> None:
    t = tabular("lc", r"\hline \multirowcell{2}{Two\\lines} & A\\ & B\\\hline a & 1.5\\\hline")
    assert [row[0].text for row in t.grid] == ["Two lines", "Two lines", "a"]


# ------------------------------------------------------------------ siunitx
@pytest.mark.parametrize(
    ("source", "printed"),
    [
        (r"\num{1e-3}", "1 × 10^{-3}"),
        (r"\num{-1.5e4}", "-1.5 × 10^{4}"),
        (r"\num{1204}", "1204"),
        (r"\num[group-separator={,}]{1204311}", "1,204,311"),
        (r"\num[group-separator={,}, group-minimum-digits=4]{1204}", "1,204"),
        (r"\num{0.74(11)}", "0.74(11)"),
        (r"\num[separate-uncertainty=true]{0.74(11)}", "0.74 ± 0.11"),
        (r"\num[uncertainty-mode = separate]{12.3(4)}", "12.3 ± 0.4"),
        (r"\num{0.74 \pm 0.11}", "0.74 ± 0.11"),
        (r"\num[round-mode=places,round-precision=1]{90.151}", "90.2"),
        (r"\num[round-mode=figures,round-precision=2]{0.012345}", "0.012"),
        (r"\num{.5}", "0.5"),
        (r"\SI{10}{\kilo\metre\per\hour}", "10 km/h"),
        (r"\qty{20}{\celsius}", "20 °C"),
        (r"\SIrange{1}{2}{\kilo\gram}", "1 kg to 2 kg"),
        (r"\numrange{1}{2}", "1 to 2"),
        (r"\numlist{1;2;3}", "1, 2 and 3"),
        (r"\ang{90}", "90°"),
        (r"\si{\metre\squared}", "m^2"),
        (r"\num{n/a}", "n/a"),
    ],
)  # fmt: skip
def test_numbers_as_siunitx_prints_them(source: str, printed: str) -> None:
    t = tabular("lc", rf"\hline M & V\\\hline a & {source}\\\hline")
    assert t.grid[1][1].text == printed


def test_number_columns_take_their_own_and_the_papers_options() -> None:
    t = tabular(
        r"l S[table-format=2.1] S[round-mode=none, separate-uncertainty]",
        r"\hline {M} & {A} & {2018}\\\hline a & 90.151 & 0.5(2)\\ b & \textbf{91.0} & {--}\\ c & 1.25* & 7\\\hline",
        r"\sisetup{round-mode = places, round-precision = 1, group-separator = {,}}",
    )
    assert texts(t) == [["M", "A", "2018"], ["a", "90.2", "0.5 ± 0.2"], ["b", "91.0", "–"], ["c", "1.25*", "7"]]
    assert bold(t) == ["91.0"]


def test_options_inside_a_float_end_with_it() -> None:
    one = r"\begin{tabular}{lS}\hline {M} & {A}\\\hline a & 90.151\\\hline\end{tabular}"
    d = read(
        rf"\begin{{table}}\sisetup{{round-mode=places,round-precision=1}}\caption{{a}}{one}\end{{table}}\begin{{table}}\caption{{b}}{one}\end{{table}}"
    )
    assert [t.grid[1][1].text for t in d.tables] == ["90.2", "90.151"]


# ------------------------------------------------------------------ macros and conditionals
def test_arguments_that_may_be_absent() -> None:
    t = tabular(
        "lcc",
        r"\hline M & A & B\\\hline a & \mean{90.1}[0.2] & \mean{80.2}\\ b & \win*{1.5} & \win{2.5}\\\hline",
        r"\NewDocumentCommand{\mean}{m o}{#1\IfNoValueF{#2}{ $\pm$ #2}}\NewDocumentCommand\win{s m}{\IfBooleanTF{#1}{\textbf{#2}}{#2}}",
    )
    assert texts(t)[1:] == [["a", "90.1 ± 0.2", "80.2"], ["b", "1.5", "2.5"]]
    assert bold(t) == ["1.5"]


def test_ifnum_and_ifcase_keep_what_stands_after_them() -> None:
    body = r"\ifnum\runs>2 Table is first.\else No.\fi{} \ifcase 1 Zero\or One\or Two\else Many\fi{} is it. \ifcase 7 Zero\or One\else Many\fi{} are they. \ifcase 0 Zero\or \ifnum1=1 One\fi\fi{} it was."
    assert said(body, r"\newcommand{\runs}{3}") == ["Table is first.", "One is it.", "Many are they.", "Zero it was."]


def test_ctable_and_its_rules() -> None:
    d = read(
        r"\ctable[caption={A small table.},label=ct,pos=t]{lcc}{\tnote{A note.}}{\FL M & A & B\ML a & 1.5 & \textbf{2.5}\NN b & 3.0 & 4.0\LL} See Table~\ref{ct}."
    )
    t = d.tables[0]
    assert (t.label, t.caption, t.header_rows) == ("1", "A small table.", 1)
    assert texts(t) == [["M", "A", "B"], ["a", "1.5", "2.5"], ["b", "3.0", "4.0"]]
    assert "See Table 1." in [s.text for s in d.sentences]


# ------------------------------------------------------------------ numbers and references
def test_a_class_of_chapters_without_chapters_numbers_plainly() -> None:
    source = rb"\documentclass{report}\begin{document}Some text is here. \begin{table}\caption{A.}\begin{tabular}{lc}\hline M & A\\\hline a & 1.5\\\hline\end{tabular}\end{table}\end{document}"
    assert read_latex({"m.tex": source}, Paper(id="p")).tables[0].label == "1"


def test_counters_in_the_kernels_words() -> None:
    one = r"\begin{table}\caption{A.}\begin{tabular}{lc}\hline M & A\\\hline a & 1.5\\\hline\end{tabular}\end{table}"
    assert read(one, r"\makeatletter\renewcommand{\thetable}{S\@arabic\c@table}\makeatother").tables[0].label == "S1"


CREF = r"\section{S}\label{s}\begin{table}\caption{A}\label{a}\end{table}\begin{table}\caption{B}\label{b}\end{table}\begin{table}\caption{C}\label{c}\end{table}\begin{figure}\caption{F}\label{f}\end{figure}"


@pytest.mark.parametrize(
    ("preamble", "sentence"),
    [
        (r"\usepackage{cleveref}", "See tables 1 to 3, tables 1 and 3, Table 2, section 1 and fig. 1."),
        (r"\usepackage[capitalise,noabbrev]{cleveref}", "See Tables 1 to 3, Tables 1 and 3, Table 2, Section 1 and Figure 1."),
        (r"\usepackage{cleveref}\crefname{table}{Tab.}{Tabs.}", "See Tabs. 1 to 3, Tabs. 1 and 3, Tab. 2, section 1 and fig. 1."),
        ("", "See Tables 1, 2 and 3, Tables 1 and 3, Table 2, Section 1 and Figure 1."),
    ],
)  # fmt: skip
def test_cleveref_in_its_own_words(preamble: str, sentence: str) -> None:
    found = said(CREF + r"See \cref{a,b,c}, \cref{a,c}, \Cref{b}, \cref{s} and \cref{f}.", preamble)
    assert sentence in found


def test_a_tables_caption_beside_a_pictures() -> None:
    d = read(
        r"\begin{figure}\begin{minipage}{4cm}\includegraphics{x}\captionof{figure}{A picture.}\end{minipage}\begin{minipage}{4cm}"
        r"\begin{tabular}{lc}\hline M & A\\\hline a & 1.5\\\hline\end{tabular}\captionof{table}{A table.}\end{minipage}\end{figure}"
    )
    assert [(t.label, t.caption) for t in d.tables] == [("1", "A table.")]


# ------------------------------------------------------------------ biber
BBL = rb"""\refsection{0}
  \datalist[entry]{nty/global//global/global}
    \entry{smith2019}{article}{}{}
      \name{author}{2}{}{%
        {{hash=abc}{%
           family={Smith},
           familyi={S\bibinitperiod},
           given={John},
           giveni={J\bibinitperiod}}}%
        {{hash=abd}{%
           family={van Jones},
           given={Ann}}}%
      }
      \field{title}{On gauges}
      \field{journaltitle}{Journal of Gauges}
      \field{year}{2019}
    \endentry
    \entry{lee2020}{inproceedings}{}{}
      \name{author}{1}{}{%
        {{uniquename=0,hash=abc}{Lee}{L\bibinitperiod}{Kim}{K\bibinitperiod}{}{}{}{}}%
      }
      \field{title}{On \emph{ships}}
      \field{year}{2020}
    \endentry
  \enddatalist
\endrefsection"""


def test_bibers_bibliography() -> None:
    body = r"As \textcite{smith2019} say \parencite{lee2020}. \printbibliography"
    named = read(body, r"\usepackage[style=authoryear]{biblatex}", {"main.bbl": BBL})
    assert named.sentences[1].text == "As Smith and van Jones (2019) say (Lee, 2020)."
    references = [s.text for s in named.sentences if s.kind == "reference"]
    assert references == ["Smith, van Jones. On gauges. Journal of Gauges. 2019.", "Lee. On ships. 2020."]
    numbered = read(body, r"\usepackage[backend=biber]{biblatex}", {"main.bbl": BBL})
    assert numbered.sentences[1].text == "As Smith and van Jones [1] say [2]."


# ------------------------------------------------------------------ hostile sources
@pytest.mark.parametrize(
    "body",
    [
        r"\begin{table}\begin{tabular}{*{999}{*{999}{*{999}{>{\bfseries}c}}}}a & b\\c & d\end{tabular}\end{table}",
        r"\begin{table}\begin{tabular}{ZZZZ}a & b\\c & d\end{tabular}\end{table}",
        r"\num{" + "9" * 50_000 + r"} \num[" + "a " * 20_000 + r"]{1} \SIlist{" + ";" * 5_000 + r"}{\metre}",
        r"\ifcase 99999999 a\or b\fi \ifcase 5" + r"\or x" * 20_000,
    ],
)  # fmt: skip
def test_nonsense_is_read_in_seconds(body: str) -> None:
    start = time.process_time()
    assert read(body, r"\newcolumntype{Z}{ZZ}").sentences[0].text.startswith("A sentence of text.")
    assert time.process_time() - start < 5


def test_a_bibliography_of_blank_lines_is_read_in_seconds() -> None:
    start = time.process_time()
    read(r"\printbibliography", r"\usepackage{biblatex}", {"main.bbl": b"\\entry{a}{b}{}\n" + b"\n" * 1_000_000})
    assert time.process_time() - start < 5
