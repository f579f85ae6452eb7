"""BibTeX: bibtex itself, pdflatex and pybtex, a parser by others, read what we write, whatever the titles and names."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledgers import PAPER, empty_ledger, full_ledger, many_claims
from machine_ledgers import hostile_extras, hostile_ledger, loose, reproduction
from pybtex.database import BibliographyData, parse_string

from claimcheck.foundation.records import Ledger, Paper
from claimcheck.publish import render


def parsed(ledger: Ledger) -> BibliographyData:
    return parse_string(render(ledger, "bib").decode("utf-8"), "bibtex")


def bibtex(document: bytes, folder: Path, style: str = "abbrv") -> str:
    """The list that bibtex makes of all entries; it must find nothing to complain of."""
    program = shutil.which("bibtex")
    if program is None:
        pytest.skip("bibtex is not installed")
    (folder / "sources.bib").write_bytes(document)
    (folder / "report.aux").write_text(f"\\relax\n\\citation{{*}}\n\\bibstyle{{{style}}}\n\\bibdata{{sources}}\n")
    done = subprocess.run(
        [program, "report"], cwd=folder, capture_output=True, timeout=60, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout, done.stdout
    return (folder / "report.bbl").read_text("utf-8")


def test_the_paper_its_sources_and_rerun_papers_are_in_it_once() -> None:
    base = full_ledger()
    ledger = base.model_copy(
        update={
            "sources": (*base.sources, *base.sources, base.paper),
            "reproductions": loose(
                reproduction("a", paper="2005.13013"), reproduction("b", paper="2005.13013"),
                reproduction("toy", paper="synthetic"), reproduction("own"),
            ),
        }
    )  # fmt: skip
    entries = parsed(ledger).entries
    assert list(entries) == ["arxiv-2105.01234", "arxiv-1911.99999", "arxiv-2005.13013"]
    own = entries["arxiv-2105.01234"]
    assert own.type == "misc"
    assert own.fields["eprint"] == "2105.01234v2"
    assert own.fields["archiveprefix"] == "arXiv"
    assert own.fields["year"] == "2021"
    assert own.fields["url"] == "https://arxiv.org/abs/2105.01234v2"
    assert "{XLM" not in own.fields["title"]
    assert own.fields["title"].startswith("{Small Adapters for Cross-lingual Transfer: {\\AA{}}ngstr")
    assert [str(p) for p in own.persons["author"]][-1] == "{李明}"
    assert len(own.persons["author"]) == 4


def test_keys_do_not_change_with_the_version_and_are_unique_to_bibtex() -> None:
    later = full_ledger().model_copy(update={"paper": PAPER.model_copy(update={"version": "v3", "title": "New"})})
    assert next(iter(parsed(later).entries)) == next(iter(parsed(full_ledger()).entries))
    ids = ("Paper", "paper", "paper-", "a/b", "a b", "x" * 300, "x" * 301, "", "中文", "日本")
    ledger = Ledger(paper=Paper(id="paper", version="v1"), sources=tuple(Paper(id=x) for x in ids))
    keys = [k.lower() for k in parsed(ledger).entries]
    assert len(keys) == len(set(keys)) == len(ids) + 1
    assert all(re.fullmatch(r"[a-z0-9.-]{1,80}", key) for key in keys)


def test_a_doi_is_written_and_a_hostile_one_is_not() -> None:
    ledger = Ledger(
        paper=Paper(id="local", title="T", doi="10.18653/v1/P19-1001"),
        sources=(Paper(id="b", doi="10.1000/x}, note={y"), Paper(id="c", doi="10.1000/a\nb")),
    )
    fields = [dict(e.fields) for e in parsed(ledger).entries.values()]
    assert fields[0]["doi"] == "10.18653/v1/P19-1001"
    assert fields[0]["url"] == "https://doi.org/10.18653/v1/P19-1001"
    assert all("doi" not in x and "note" not in x for x in fields[1:])


@pytest.mark.parametrize("style", ["plain", "abbrv", "alpha"])
def test_bibtex_takes_it_without_a_warning(style: str, tmp_path: Path) -> None:
    ledger = full_ledger()
    if style == "alpha":  # cuts names of other scripts into bytes, whoever writes them
        ledger = ledger.model_copy(update={"paper": PAPER.model_copy(update={"authors": PAPER.authors[:3]})})
    listed = bibtex(render(ledger, "bib"), tmp_path, style)
    assert listed.count("\\bibitem") == 2
    assert "Cross-lingual Transfer" in listed  # capitals stay


def test_bibtex_takes_hostile_titles_and_names(tmp_path: Path) -> None:
    document = render(hostile_ledger(), "bib", hostile_extras())
    assert len(document) < 40_000
    assert len(parse_string(document.decode("utf-8"), "bibtex").entries) == 4
    listed = bibtex(document, tmp_path)
    assert listed.count("\\bibitem") == 4
    assert "Smith and Sons" in " ".join(listed.split())


def test_biber_takes_it_without_a_warning(tmp_path: Path) -> None:
    program = shutil.which("biber")
    if program is None:
        pytest.skip("biber is not installed")
    (tmp_path / "sources.bib").write_bytes(render(hostile_ledger(), "bib", hostile_extras()))
    command = [program, "--tool", "--validate-datamodel", "sources.bib"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    assert "ERROR" not in done.stdout
    assert (tmp_path / "sources_bibertool.bib").read_text("utf-8").count("\n@MISC{") == 3


def test_pdflatex_sets_what_bibtex_made(tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    evil = r"\input{/etc/passwd} }{ %$&#_^~|<>`\" \} 100% ½ x² α ≤ “quoted” 🎉 É ß \\write18{ls} I've -- ,,"
    paper = Paper(id="x", title=evil, authors=("Ł. Ångström", "Đặng Thị", evil[:60], "a, b, c"), published="2020")
    document = render(Ledger(paper=paper, sources=(PAPER.model_copy(update={"authors": ("Zoë Müller",)}),)), "bib")
    bibtex(document, tmp_path)
    (tmp_path / "t.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{amssymb,textcomp}\\begin{document}\n"
        "\\input{report.bbl}\\end{document}\n"
    )
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"],
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (tmp_path / "t.log").read_text("latin-1")[-2000:]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3))
@example("", ["╭"])  # its stand-in is "box drawings light arc down and right"
def test_any_title_and_names_give_one_entry_each(title: str, names: list[str]) -> None:
    ledger = Ledger(paper=Paper(id="a", title=title, authors=tuple(names)), sources=(Paper(id="b"),))
    text = render(ledger, "bib").decode("utf-8")
    entries = parse_string(text, "bibtex").entries
    assert list(entries) == ["a", "b"]
    # a name is one person, whatever it holds, but for the blank ones
    assert len(entries["a"].persons.get("author", ())) <= len(names)
    assert text.count("{") == text.count("}")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab ,AndDothers.{}\\é中", min_size=1, max_size=20).filter(lambda x: x.strip()), max_size=4))
def test_a_name_is_never_two(names: list[str]) -> None:
    entry = parsed(Ledger(paper=Paper(id="a", authors=tuple(names)))).entries["a"]
    assert len(entry.persons.get("author", ())) == len(names)


def test_it_says_that_a_machine_made_it_and_is_quick() -> None:
    head = render(full_ledger(), "bib").decode("utf-8").split("@")[0]
    assert "A machine made this report" in head
    assert "1.3%" in head
    assert b"@misc{notes," in render(empty_ledger(), "bib")
    ledger = many_claims(500).model_copy(
        update={"sources": tuple(Paper(id=f"p{i}", title="Ü" * 300) for i in range(500))}
    )
    started = time.process_time()
    render(ledger, "bib")
    assert time.process_time() - started < 1.5
