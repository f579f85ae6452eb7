"""Labels of tables: unique in a paper, and the same from a PDF, LaTeX and HTML."""

from __future__ import annotations

from claimcheck.foundation.records import Paper
from claimcheck.reading.html import read_html
from claimcheck.reading.labels import Labels
from claimcheck.reading.latex import read_latex

TABULAR = r"\begin{tabular}{lc}\hline Model & F1 \\ \hline Small & 80.1 \\ Large & 91.7 \\ \hline\end{tabular}"
ROWS = "<tr><th>Model</th><th>F1</th></tr><tr><td>Small</td><td>80.1</td></tr><tr><td>Large</td><td>91.7</td></tr>"


def test_parts_of_one_caption_are_counted_and_later_captions_go_on() -> None:
    labels = Labels()
    assert labels.take(["1"]) == ["1"]
    assert labels.take(["2", "2"]) == ["2 (1)", "2 (2)"]
    assert labels.take(["3a", "3b", "3b", "3"]) == ["3a", "3b (1)", "3b (2)", "3"]
    assert labels.take(["", "1", ""]) == ["#1", "1 (2)", "#2"]
    assert labels.take(["2"]) == ["2"]  # no table has that label yet
    assert labels.take(["2", "2"]) == ["2 (3)", "2 (4)"]


def test_latex_and_html_name_stacked_tables_alike() -> None:
    source = (
        rf"\documentclass{{article}}\begin{{document}}Some text. \begin{{table}}\caption{{Both.}}{TABULAR} {TABULAR}"
        rf"\end{{table}}\begin{{table}}\subfloat[One]{{{TABULAR}}}\subfloat[Two]{{{TABULAR}}}\caption{{Parts.}}"
        r"\end{table}\end{document}"
    )
    page = (
        f"<body><p>Some text of a paper.</p><figure><figcaption>Table 1: Both.</figcaption><table>{ROWS}</table>"
        f"<table>{ROWS}</table></figure><figure><figcaption>Table 2: Parts.</figcaption>"
        f"<figure><figcaption>(a) One</figcaption><table>{ROWS}</table></figure>"
        f"<figure><figcaption>(b) Two</figcaption><table>{ROWS}</table></figure></figure></body>"
    )
    latex = read_latex({"main.tex": source.encode()}, Paper(id="p"))
    html = read_html(page.encode(), Paper(id="p"))
    assert [t.label for t in latex.tables] == ["1 (1)", "1 (2)", "2a", "2b"]
    assert [t.label for t in html.tables] == ["1 (1)", "1 (2)", "2a", "2b"]
