"""A folder of papers as a database: what is found in it, what is not read and why, and that it is read once."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from claimcheck.foundation.errors import MissingInputError, UsageError
from claimcheck.foundation.records import Work
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.library import Library, read_library

HTML = """<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>
<div class="abstract"><h2>Abstract</h2><p>{abstract}</p></div>
<section><h2>1 Introduction</h2><p>{body}</p></section></body></html>"""
TEX = r"""\documentclass{article}
\title{%s}
\author{Ada Example}
\begin{document}
\maketitle
\begin{abstract}We mix replay data and forget less.\end{abstract}
\section{Results}
Forgetting on LEXIBENCH falls by 3.3 points with our models.
\end{document}
"""


def html(title: str, abstract: str = "We test a thing and report what we found.", body: str = "We tell more.") -> str:
    return HTML.format(title=title, abstract=abstract, body=body)


def tar_gz(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with an HTML page, a LaTeX archive, a TeX file and a source folder."""
    folder = tmp_path / "library"
    (folder / "more" / "source").mkdir(parents=True)
    (folder / "P18-1234.html").write_text(html("Dropout in Deep Parsers", body="Dropout raises LAS on the treebank."))
    (folder / "2201.00003v2.tar.gz").write_bytes(tar_gz({"main.tex": TEX % "Forgetting Less by Mixing More"}))
    (folder / "draft.tex").write_text(TEX % "A Draft of Nothing Much Yet")
    (folder / "draft.bib").write_text("@article{x}")
    (folder / "more" / "source" / "paper.tex").write_text(TEX % "A Source Folder with Chapters")
    (folder / "more" / "source" / "chapter.tex").write_text("One more sentence of the paper.")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", offline=True, workers=2)


def titles(library: Library) -> list[str]:
    return [work.title for work in library.works]


def test_every_form_of_a_paper_is_found(folder: Path, settings: Settings) -> None:
    library = read_library(folder, settings)
    assert titles(library) == [
        "Forgetting Less by Mixing More",
        "Dropout in Deep Parsers",
        "A Draft of Nothing Much Yet",
        "A Source Folder with Chapters",
    ]
    assert library.unreadable == ()
    assert library.left_out == ("1 file of other kinds not read",)
    assert [Path(w.path).relative_to(folder).as_posix() for w in library.works] == [
        "2201.00003v2.tar.gz", "P18-1234.html", "draft.tex", "more/source",
    ]  # fmt: skip


def test_identifiers_and_years_come_from_file_names(folder: Path, settings: Settings) -> None:
    first, second = read_library(folder, settings).works[:2]
    assert (first.arxiv_id, first.version, first.year) == ("2201.00003", "v2", 2022)
    assert first.url == "https://arxiv.org/abs/2201.00003v2"
    assert first.abstract == "We mix replay data and forget less."
    assert (second.arxiv_id, second.year, second.url) == ("", 2018, "https://aclanthology.org/P18-1234")
    assert all(w.relation == "library" and w.databases == ("library",) for w in (first, second))


def test_the_words_of_a_question_are_counted_in_the_whole_paper(folder: Path, settings: Settings) -> None:
    library = read_library(folder, settings, "Does dropout raise LAS on LEXIBENCH?")
    by_name = {Path(path).name: dict(bag.counts) for path, bag in library.bags.items()}
    assert by_name["P18-1234.html"] == {"dropout": 2, "raise": 1, "las": 1}
    assert by_name["2201.00003v2.tar.gz"] == {"lexibench": 1}


def test_broken_files_are_named_with_the_reason_and_the_others_go_on(folder: Path, settings: Settings) -> None:
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "page.pdf").write_text("<html><body>Log in</body></html>")
    (folder / "bro\x1bken.tar.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    (folder / "cut.pdf").write_bytes(b"%PDF-1.5\n1 0 obj\n<< >>\nendobj\n")
    library = read_library(folder, settings)
    assert len(library.works) == 4
    assert [name for name, _ in library.unreadable] == ["bro\ufffdken.tar.gz", "cut.pdf", "empty.pdf", "page.pdf"]
    assert dict(library.unreadable)["empty.pdf"] == "is empty"
    assert "holds HTML" in dict(library.unreadable)["page.pdf"]
    assert library.message.startswith("4 of 8 files could not be read: bro\ufffdken.tar.gz (")
    assert "\n" not in library.message
    assert "\x1b" not in library.message


def test_many_broken_files_are_counted_and_not_all_named(tmp_path: Path, settings: Settings) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.pdf").write_bytes(b"")
    message = read_library(tmp_path, settings).message
    assert "40 of 40 files could not be read" in message
    assert message.count("is empty") == 10
    assert message.endswith("and 30 more")


def test_links_out_of_the_folder_are_not_followed(folder: Path, settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.html").write_text(html("A Secret Paper of Others"))
    (folder / "link.html").symlink_to(outside / "secret.html")
    (folder / "away").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    library = read_library(folder, settings)
    assert "A Secret Paper of Others" not in titles(library)
    assert "3 symbolic links were not followed" in library.message


def test_figures_and_chapters_belong_to_their_paper_and_papers_beside_it_do_not(
    folder: Path, settings: Settings
) -> None:
    source = folder / "more" / "source"
    (source / "figures").mkdir()
    text = (
        (source / "paper.tex")
        .read_text()
        .replace("\\section", "\\includegraphics{figures/plot}\\input{chapter}\\section")
    )
    (source / "paper.tex").write_text(text.replace("Forgetting", "\\includegraphics{diagram.pdf} Forgetting"))
    (source / "figures" / "plot.html").write_text(html("A Plot That Is No Paper"))
    (source / "diagram.html").write_text(html("A Diagram That Is No Paper"))
    (source / "paper.html").write_text(html("What TeX Made of the Paper"))
    (source / "other.html").write_text(html("Another Paper in the Same Folder"))
    (source / "below").mkdir()
    (source / "below" / "third.html").write_text(html("A Third Paper Further Below"))
    assert titles(read_library(folder, settings))[3:] == [
        "A Source Folder with Chapters",
        "Another Paper in the Same Folder",
        "A Third Paper Further Below",
    ]


def test_hidden_files_and_special_files_are_left_alone(folder: Path, settings: Settings) -> None:
    (folder / ".hidden.html").write_text(html("A Hidden Paper"))
    (folder / ".git").mkdir()
    (folder / ".git" / "x.html").write_text(html("A Paper of Git"))
    os.mkfifo(folder / "pipe.pdf")  # reading it would wait for ever
    library = read_library(folder, settings)
    assert not {"A Hidden Paper", "A Paper of Git"} & set(titles(library))
    assert library.unreadable == ()


def test_a_library_beyond_the_limit_is_cut_and_says_so(tmp_path: Path, settings: Settings) -> None:
    for number in range(9):
        (tmp_path / f"{number}.html").write_text(html(f"Paper Number {number} of Many"))
    few = settings.model_copy(update={"max_files": 4})
    library = read_library(tmp_path, few)
    assert titles(library) == [f"Paper Number {n} of Many" for n in range(4)]
    assert library.is_cut
    assert library.message == "only the first 4 papers by name were read; raise CLAIMCHECK_MAX_FILES for more"


def test_progress_counts_up_to_the_number_of_papers(folder: Path, settings: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    read_library(folder, settings, "", lambda *step: told.append(step))
    assert told == [("reading the library", n, 4) for n in (1, 2, 3, 4)]


def test_a_paper_is_read_once_wherever_it_lies(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_library(folder, settings)

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("claimcheck.synthesis.library.read_source", refuse)
    assert read_library(folder, settings).works == before.works
    moved = folder.rename(folder.with_name("elsewhere"))
    again = read_library(moved, settings, "dropout")
    assert titles(again) == titles(before)
    assert all(Path(w.path).exists() for w in again.works)
    assert any(bag.counts for bag in again.bags.values())


def test_the_same_file_under_another_identifier_is_another_entry(folder: Path, settings: Settings) -> None:
    read_library(folder, settings)
    (folder / "2201.00003v2.tar.gz").rename(folder / "1905.00001.tar.gz")
    work = next(w for w in read_library(folder, settings).works if w.arxiv_id)
    assert (work.arxiv_id, work.version, work.year) == ("1905.00001", "", 2019)


def test_a_folder_that_is_none_is_told(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(MissingInputError, match="there is no such folder"):
        read_library(tmp_path / "absent", settings)
    file = tmp_path / "file.pdf"
    file.write_bytes(b"x")
    with pytest.raises(UsageError, match="is not a folder"):
        read_library(file, settings)


def test_an_old_year_of_the_anthology_is_of_the_last_century(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "P98-1001.html").write_text(html("An Old Paper on Parsing"))
    (tmp_path / "2020.acl-main.12.html").write_text(html("A Newer Paper on Parsing"))
    works: dict[str, Work] = {Path(w.path).name: w for w in read_library(tmp_path, settings).works}
    assert works["P98-1001.html"].year == 1998
    assert works["2020.acl-main.12.html"].year == 2020
