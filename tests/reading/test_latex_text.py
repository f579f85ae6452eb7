"""LaTeX prose: readable sentences, sections with numbers and kinds, references resolved, lines kept."""

# ruff: noqa: E501 - LaTeX samples stay on the lines they are read from

from __future__ import annotations

import pytest

from claimcheck.foundation.records import Document, Paper
from claimcheck.reading.latex import read_latex
from claimcheck.reading.latex.fragment import fragment_text


def read(body: str, preamble: str = "", **more: bytes) -> Document:
    source = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}"
    return read_latex({"main.tex": source.encode(), **more}, Paper(id="p"))


def said(body: str, preamble: str = "", **more: bytes) -> list[str]:
    return [s.text for s in read(body, preamble, **more).sentences if s.kind not in ("title", "heading")]


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"$85.3 \pm 0.2\%$", "85.3 ± 0.2%"),
        (r"$3\times$ faster, $2.3\times10^{19}$", "3× faster, 2.3 × 10^{19}"),
        (r"$\alpha=\frac{1}{2}$ and $x^2$", "α = 1/2 and x^2"),
        (r"$d_{\text{model}}$ and $h_{t-1}$", "d_model and h_{t-1}"),
        (r"na\"ive caf\'e {\o}re \c{c}a \v{S}", "naïve café øre ça Š"),
        (r"``one'' 1--2 and A---B~C\,D 5\% R\&D \#1", "“one” 1–2 and A—B C D 5% R&D #1"),
        (r"\textbf{bold {\em and} \texttt{code\_x}}", "bold and code_x"),
        (r"\textcolor{red}{red} \href{http://x.org/a%20b}{link} \url{http://y.org/#z}", "red link http://y.org/#z"),
        (r"the 1\textsuperscript{st} of \SI{5}{\kilo\hertz}", "the 1st of 5 kHz"),
        (r"word\footnote{Note.} goes", "word goes"),
        (r"\verb|a_b%c| stays", "a_b%c stays"),
        (r"\unknown[x=1]{shown} text", "shown text"),
        (r"\hspace{3pt}x\vspace*{-2mm} y", "x y"),
    ],
)
def test_inline_text(tex: str, text: str) -> None:
    assert fragment_text(tex) == text


def test_sections_with_numbers_and_kinds() -> None:
    d = read(
        r"""\begin{abstract}We win by 2.1 points.\end{abstract}\section{Intro}\subsection{Deep}\section*{Acknowledgments}Thanks go out.
        \appendix\section{More}\subsection{Still}Text is here."""
    )
    assert [(s.number, s.kind) for s in d.sections] == [
        ("", "abstract"), ("1", "body"), ("1.1", "body"), ("", "other"), ("A", "appendix"), ("A.1", "appendix"),
    ]  # fmt: skip
    assert d.paper.abstract == "We win by 2.1 points."
    assert d.sentences[-1].section == 5


def test_lines_and_kinds_of_sentences() -> None:
    d = read("One is here. Two\nis there.\n\n% comment\nThree\\footnote{A note stands.} comes.\\title{T T}")
    body = [(s.text, s.line, s.kind) for s in d.sentences if s.kind != "title"]
    assert body == [
        ("One is here.", 4, "body"),
        ("Two is there.", 4, "body"),
        ("Three comes.", 8, "body"),
        ("A note stands.", 8, "footnote"),
    ]
    assert d.paper.title == "T T"


def test_references_are_resolved() -> None:
    d = said(
        r"""\section{A}\label{s}\begin{figure}\caption{Fig here.}\label{f}\end{figure}\begin{equation}a=b\label{e}\end{equation}
        See Section~\ref{s}, Figure~\ref{f}, \cref{f,s}, \eqref{e} and \ref{nothing}."""
    )
    assert d[-2].endswith("See Section 1, Figure 1, Figure 1 and Section 1, (1) and ??.")


def test_citations_from_bibitems_and_bib() -> None:
    bbl = rb"""\begin{thebibliography}{1}\bibitem[{{Smith} \& Wu(2019)}]{a} Smith, W. A title. 2019.\end{thebibliography}"""
    d = read(r"As \citet{a} and others \citep[e.g.,][]{a,b} say.\bibliography{refs}", **{
        "main.bbl": bbl, "refs.bib": b"@article{b, author = {Jones, Ann and Lee, Bo and {Others}, C}, year = {2020}}"})  # fmt: skip
    assert d.sentences[0].text == "As Smith & Wu (2019) and others (e.g., Smith & Wu, 2019; Jones et al., 2020) say."
    assert [s.text for s in d.sentences if s.kind == "reference"] == ["Smith, W. A title. 2019."]
    assert d.sections[-1].kind == "references"


def test_numbered_citations() -> None:
    assert (
        said(r"As in \cite{b,a}.\begin{thebibliography}{9}\bibitem{a} A one.\bibitem{b} B two.\end{thebibliography}")[0]
        == "As in [1, 2]."
    )


def test_conditionals() -> None:
    text = said(
        r"A\iffalse hidden \iftrue x\fi \fi{} b\ifdraft{} draft\else{} final\fi\drafttrue\ifdraft{} now\fi"
        r"\ifx\foo\undefined{} undefined\fi\ifnum 2>1{} more\fi\if01 no\else{} yes\fi.",
        r"\newif\ifdraft",
    )
    assert text == ["A b final now undefined more yes."]


def test_macros_with_delimiters_and_environments() -> None:
    text = said(
        r"\pair<one,two> \begin{note}[X]inside\end{note} \twice{ab}.",
        r"\def\pair<#1,#2>{#2 #1}\newenvironment{note}[1][D]{begin #1 }{ end}\newcommand{\once}[1]{(#1)}\newcommand{\twice}[1]{\once{#1}\once{#1}}",
    )
    assert " ".join(text) == "two one begin X inside end (ab)(ab)."


def test_input_files_and_folders() -> None:
    d = read_latex(
        {
            "paper/main.tex": rb"\documentclass{article}\begin{document}\input{sec/intro}\include{gone}\input{other/deep.tex}\end{document}",
            "paper/sec/intro.tex": b"\n\nThe intro stands here.",
            "paper/deep.tex": b"\n\nThe deep file too.",
            "paper/Backups/old_main.tex": rb"\documentclass{article}\begin{document}"
            + b"Old words. " * 500
            + rb"\end{document}",
        },
        Paper(id="p"),
    )
    assert [(s.text, s.line) for s in d.sentences] == [("The intro stands here.", 3), ("The deep file too.", 3)]


def test_own_style_file_gives_its_macros() -> None:
    style = b"\\def\\section{boo}\n\\newcommand{\\model}{MyNet\\xspace}\n\\newcommand{\\@x}{bad}"
    d = read(r"\section{S}\model is good.", r"\usepackage{mystyle}", **{"mystyle.sty": style})
    assert d.sections[0].title == "S"
    assert d.sentences[-1].text == "MyNet is good."


def test_floats_do_not_cut_sentences() -> None:
    assert said("The start\n\\begin{figure}\\caption{A picture.}\\end{figure}\nand the end.") == [
        "The start and the end.",
        "A picture.",
    ]


def test_latin_1_source() -> None:
    source = "\\documentclass{article}\\begin{document}Das Café öffnet.\\end{document}".encode("latin-1")
    assert read_latex({"m.tex": source}, Paper(id="p")).sentences[0].text == "Das Café öffnet."
