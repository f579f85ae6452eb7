"""The LaTeX report: it compiles whatever a paper says, no box stands out, and it holds all that a ledger holds."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ledgers import FORMULA, empty_ledger, full_ledger, many_claims
from printed_ledgers import (
    BREAKERS,
    LANGUAGES,
    hostile_extras,
    hostile_ledger,
    random_texts,
    reproduction,
    whole_extras,
    whole_ledger,
)

from benchmarks.common import page_count
from benchmarks.report_latex import long_ledger, measure, overfull
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Evidence, Ledger, LooseReproduction, Paper, Pointer
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import check_papers
from claimcheck.publish.documents import ledger_latex
from claimcheck.publish.references import references
from claimcheck.publish.typeset import small_tables
from claimcheck.publish.view import Extras, view_of
from claimcheck.publish.view.cells import CellsView, cells_views

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "paper.tex"
ARTICLE = rb"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{textcomp,amsmath,amssymb,array,booktabs,longtable}
\begin{document}
As Table~\ref{tab:claims-%s} shows.
\input{table}
\end{document}
"""

Compile = Callable[..., str]
Fits = Callable[[str], None]


def words(document: bytes) -> str:
    """The document's text: without commands and braces, blanks made one."""
    text = re.sub(r"(?m)^%.*$|\\allowbreak\{\}|\\[a-zA-Z]+\*?(?:\{\}| )?|[{}]", "", document.decode("ascii"))
    text = re.sub(r"\\([%#&_$])", r"\1", text)
    return " ".join(text.split())


@pytest.fixture(scope="module")
def sample(home: Path) -> Ledger:
    (outcome,) = check_papers([SAMPLE], Settings.load(home=home, offline=True))
    assert outcome.ledger is not None
    return outcome.ledger


# it compiles


def test_the_report_of_the_sample_paper_compiles(sample: Ledger, compile_latex: Compile, boxes_fit: Fits) -> None:
    assert len(sample.claims) > 20
    boxes_fit(compile_latex(ledger_latex(sample)))


def test_a_report_with_every_section_compiles(compile_latex: Compile, boxes_fit: Fits) -> None:
    boxes_fit(compile_latex(ledger_latex(whole_ledger(), whole_extras())))


def test_a_report_of_reproductions_alone_compiles(compile_latex: Compile, boxes_fit: Fits) -> None:
    loose = tuple(LooseReproduction(reproduction=reproduction(f"r{i}"), why="no claim") for i in range(3))
    document = ledger_latex(Ledger(paper=Paper(id="2005.13013", version="v2"), reproductions=loose))
    assert b"No paper was read" in document
    boxes_fit(compile_latex(document))


def test_nothing_that_a_paper_says_is_obeyed(compile_latex: Compile, boxes_fit: Fits, tmp_path: Path) -> None:
    log = compile_latex(ledger_latex(hostile_ledger(), hostile_extras()))
    boxes_fit(log)
    assert "passwd" not in " ".join(re.findall(r"\(([^()\s]+)", log))  # a file that was opened
    assert not (tmp_path / "pwned").exists()


def test_random_letters_of_all_of_unicode_compile(compile_latex: Compile, boxes_fit: Fits) -> None:
    texts = random_texts(12)
    boxes_fit(compile_latex(ledger_latex(hostile_ledger(texts), hostile_extras(texts))))


def test_a_title_of_a_megabyte_compiles(compile_latex: Compile, boxes_fit: Fits) -> None:
    paper = Paper(
        id="a_b%c#d" * 5_000, title="A%\\" * 350_000, authors=("{" * 100_000,) * 50, doi="10.1/" + "_" * 9_000
    )
    boxes_fit(compile_latex(ledger_latex(whole_ledger().model_copy(update={"paper": paper}))))


def test_the_document_is_ascii_and_the_same_again() -> None:
    for ledger in (whole_ledger(), hostile_ledger()):
        document = ledger_latex(ledger, whole_extras())
        assert document.isascii()
        assert document == ledger_latex(ledger, whole_extras())


def test_five_hundred_claims_are_rendered_in_a_second() -> None:
    ledger = many_claims(500)
    seconds = []
    for _ in range(2):  # the first one also compiles the templates
        started = time.process_time()
        ledger_latex(ledger)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 1


# what it holds


def test_the_summary_counts_and_names_the_refuted_first() -> None:
    text = words(ledger_latex(whole_ledger(), whole_extras()))
    summary, rest = text.split("Claims Confidence is", 1)
    assert "2 refuted, 2 supported, 2 not enough information." in summary
    for scale in ("paper", "lab", "smoke"):
        assert f"at scale {scale}" in summary
    assert "Adapters outperform full fine-tuning on 7 of 9 tasks" in summary
    assert "Our adapters improve" not in summary
    assert rest.index("Adapters outperform") < rest.index("Our adapters improve")


def test_a_reproduction_is_never_without_its_scale() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    blocks = source.split(r"\begin{rerun}")[1:]
    assert len(blocks) == 3
    for block, scale in zip(blocks, ("paper", "smoke", "lab"), strict=True):  # loose ones stand before the claims
        row = block.split(r"\end{rerun}")[0]
        assert scale in row
        assert "8.7 points" in row
        assert "2.13" in row
    before = [part[-400:] for part in source.split(r"\begin{rerun}")[:-1]]
    assert all(f"Rerun at scale {s}" in part for s, part in zip(("paper", "smoke", "lab"), before, strict=True))
    table = source.split(r"\begin{longtable}")[1].split(r"\end{longtable}")[0]
    assert "Rerun at scale lab" in table


def test_a_claim_that_nobody_reran_is_not_called_a_rerun() -> None:
    one = reproduction("r", "paper").model_copy(
        update={"values": (), "mean": None, "sd": None, "n": 0, "interval": None, "runs": (), "verdict": "not_tested"}
    )
    loose = LooseReproduction(reproduction=one.model_copy(update={"reason": "not_run", "direction": None}), why="")
    text = words(ledger_latex(Ledger(paper=Paper(id="2005.13013"), reproductions=(loose,))))
    assert "No rerun yet" in text
    assert "Rerun at scale" not in text


def test_a_reproduction_shows_numbers_then_charts_then_deviations() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    block = source.split(r"\begin{rerun}")[1]
    table, chart, deviation = (block.index(x) for x in (r"\bottomrule", r"\begin{pgfpicture}", "Deviations from"))
    assert table < chart < deviation
    assert "an encoder of 14M parameters in place of XLM-R Large" in block
    assert "8 more in ledger.json" in block  # of 14 runs


def test_reproductions_in_rows_of_their_own_are_listed_in_a_table_first() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    part = source.split("Reproductions that stand beside no claim")[1].split(r"\subsection")[0]
    rows = part.split(r"\endlastfoot")[1].split(r"\end{longtable}")[0].split(r"\addlinespace")
    assert len(rows) == 2
    for row, name, scale in zip(rows, ("at-scale", r"smoke\_world"), ("paper", "smoke"), strict=True):
        assert f"{{{name}}} & {scale} & +8.7 points" in row
        assert "+2.13" in row


def test_a_loose_reproduction_says_why_and_leads_to_the_claims_it_may_be() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    part = source.split("Reproductions that stand beside no claim")[1].split("Each claim with its evidence")[0]
    assert "no claim states 8.7 points" in part
    assert r"2 claims fit (\hyperref[c-0a1b2c3d4e5f]{claim 3})" in part
    assert r"\label{c-0a1b2c3d4e5f}" in source


def test_peoples_decisions_and_the_authors_replies_are_shown() -> None:
    text = words(ledger_latex(whole_ledger(), whole_extras()))
    assert "Ada accepted the verdict (2026-01-02)." in text
    assert "Table A.3 counts 7:" in text
    assert "The authors' reply: We counted NER twice, sorry." in text
    assert "accepted by a person" in text
    assert "when it was another one: the verdict has changed since" in text
    assert "Page 3 could not be drawn." in text
    replies = text.split("This place is for the authors.")[1]
    assert "claim 1: We counted NER twice, sorry." in replies


def test_reliability_and_the_making_of_the_reruns_are_shown() -> None:
    text = words(ledger_latex(whole_ledger()))
    assert "own-tables-v1, n = 412: 412 verdicts, expected calibration error 0.031" in text
    assert "2005.13013 at scale lab" in text
    assert "39 finished of 40 planned" in text
    assert "job 7f3a: exit 1" in text
    assert "own-tables-v1, n = 412: 412" not in words(ledger_latex(full_ledger()))


def test_every_citation_has_its_entry_and_every_entry_is_cited() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    cited = re.findall(r"\\cite\{(\w+)\}", source)
    entries = re.findall(r"\\bibitem\{(\w+)\}", source)
    assert len(entries) == len(set(entries)) == 3
    assert set(cited) == set(entries)
    bibliography = source.split(r"\begin{thebibliography}")[1]
    for name in ("2105.01234v2", "1911.99999v1", "2005.13013v2"):
        assert f"arXiv {name}" in bibliography
        assert rf"\href{{https://arxiv.org/abs/{name}}}" in bibliography
    quote = source.split("The trend holds for sequence labelling as well.")[1][:200]
    assert r"\cite{ref2}" in quote


def test_references_name_each_paper_once_with_or_without_its_version() -> None:
    found = references(whole_ledger())
    assert [one.name for one in found.entries] == ["arXiv 2105.01234v2", "arXiv 1911.99999v1", "arXiv 2005.13013v2"]
    assert found.key("2005.13013") == found.key("2005.13013v2") == "ref3"
    assert found.key("nobody") == ""
    own = whole_ledger().model_copy(update={"paper": Paper(id="2005.13013", version="v1", title="T")})
    assert references(own).entries[0].name == "arXiv 2005.13013v1"
    assert len(references(own).entries) == 2
    assert len(references(empty_ledger()).entries) == 1


# cells


def cells(rows: int, columns: int, text: str = "82.2") -> tuple[CellsView, ...]:
    pointers = [
        Pointer(paper="p", page=5, table="2", row=f"row {r}", column=f"column {c}", cell=(r, c))
        for r in range(rows)
        for c in range(columns)
    ]
    return cells_views([Evidence(quote=text, pointer=p) for p in pointers], Paper(id="p"), {})


def test_cited_cells_are_a_small_table() -> None:
    source = ledger_latex(whole_ledger()).decode("ascii")
    assert "{} & {Avg} \\\\\n\\midrule\n{Multi-task} & {82.2} \\\\\n{XLM-R} & {73.5} \\\\" in source
    assert "``82.2''" not in source  # what stands in the table is not quoted once more


def test_a_wide_table_of_cells_is_turned_round() -> None:
    (flat,) = small_tables(cells(2, 9))
    assert flat.header == ("", "row 0", "row 1")
    assert [row[0] for row in flat.rows] == [f"column {i}" for i in range(9)]
    (upright,) = small_tables(cells(9, 2))
    assert upright.header == ("", "column 0", "column 1")


def test_cells_that_no_page_holds_are_quoted_instead() -> None:
    assert small_tables(cells(9, 9)) == ()
    assert small_tables(cells(30, 1)) == ()
    assert small_tables(cells(2, 2) + cells(9, 9)) == ()  # all of a check or none
    assert len(small_tables(cells(2, 2, "a sentence of a cell that is far too long for one line " * 3))) == 1
    assert small_tables(cells(2, 6, "ALLINCAPITALLETTERS")) == ()


# the fragment


def test_the_claim_table_alone_fits_into_an_article(compile_latex: Compile, boxes_fit: Fits) -> None:
    for ledger in (hostile_ledger(), whole_ledger()):
        table = ledger_latex(ledger, Extras(fragment="table"))
        log = compile_latex(ARTICLE % b"arXiv-2105-01234v2", {"table.tex": table})
        boxes_fit(log)


def test_the_fragment_names_its_packages_and_holds_every_claim() -> None:
    source = ledger_latex(whole_ledger(), Extras(fragment="table")).decode("ascii")
    head = source.split(r"\begin{longtable}")[0]
    for package in ("fontenc", "textcomp", "amssymb", "array", "booktabs", "longtable"):
        assert package in head
    assert r"\documentclass" not in source
    assert source.count(r"\begin{longtable}") == source.count(r"\end{longtable}") == 1
    text = words(source.encode())
    for number in (0, 2, 4, 5):  # the others are hostile
        assert view_of(whole_ledger()).claims[number].text in text
    assert text.count("not enough information") == 3  # two rows and the caption
    assert "Rerun at scale lab" in text
    commands = set(re.findall(r"\\([a-zA-Z]+)", source))
    assert commands.isdisjoint({"hyperref", "href", "cite", "color", "definecolor", "RaggedRight"})


def test_a_fragment_without_claims_says_so(compile_latex: Compile, boxes_fit: Fits) -> None:
    table = ledger_latex(empty_ledger(), Extras(fragment="table"))
    assert b"No checkable claims were found" in table
    boxes_fit(compile_latex(ARTICLE % b"notes", {"table.tex": table}))


def test_another_fragment_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there is no fragment 'figure'; known are table"):
        ledger_latex(full_ledger(), Extras(fragment="figure"))


# other scripts


def test_letters_of_other_scripts_have_a_stand_in_that_is_explained() -> None:
    source = ledger_latex(hostile_ledger()).decode("ascii")
    assert "U+673A, U+5668" in source
    assert "grinning face" in source
    assert "U+4E2D and 494 more" in source
    explained = "stand here as their Unicode numbers or names"
    assert explained in source
    plain = full_ledger().model_copy(
        update={"claims": (), "findings": (), "paper": Paper(id="x", title="Straße, α ≤ ½")}
    )
    assert explained not in ledger_latex(plain).decode("ascii")


def test_formulas_and_breakers_stay_text() -> None:
    text = words(ledger_latex(hostile_ledger((*BREAKERS, FORMULA))))
    assert "=HYPERLINK" in text
    assert LANGUAGES[0] in text


# the benchmark


def test_boxes_that_stand_out_are_read_from_a_log() -> None:
    log = (
        "Overfull \\hbox (14.46434pt too wide) in paragraph at lines 1--2\n[]\n"
        "Overfull \\vbox (368.9pt too high) has occurred while \\output is active []\n"
        "Underfull \\hbox (badness 10000) in paragraph at lines 3--4\n"
    )
    assert overfull(log) == [368.9, 14.46434]


def test_a_long_report_repeats_the_claims_with_ids_of_their_own() -> None:
    ledger = long_ledger([full_ledger(), empty_ledger()], 20)
    assert len({claim.id for claim in ledger.claims}) == 20
    assert {claim.text for claim in ledger.claims} == {claim.text for claim in full_ledger().claims}


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_a_report_is_measured(tmp_path: Path) -> None:
    row = measure("sample", full_ledger(), tmp_path)
    assert row["pages"] == page_count(tmp_path / "sample.pdf")
    assert (row["claims"], row["overfull"]) == (6, 0)
    assert "error" not in row
