"""Local papers: every kind of file and folder, told by its bytes; each wrong one gets what, where and what to do."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from fake_arxiv import LATEXML, PDF, TEX, gz, tar_gz
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from claimcheck.foundation.records import Source
from claimcheck.foundation.settings import Settings
from claimcheck.sources import resolve

SETTINGS = Settings(home=Path("nowhere"), offline=True)
CHAPTER = b"\\section{Results} We gain 2 points.\n"
TEXT = b"We gain 2 points on XNLI. The end.\n"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "kind", "main"),
    [
        ("a.pdf", PDF, "pdf", "a.pdf"),
        ("a.PDF", b"junk before\n" + PDF, "pdf", "a.PDF"),
        ("a.tex", TEX, "latex", "a.tex"),
        ("a.tex", CHAPTER, "latex", "a.tex"),
        ("a.html", LATEXML, "html", "a.html"),
        ("a.htm", b"\xef\xbb\xbf<!-- saved --> <!-- x -->\n<HTML><body>x</body>", "html", "a.htm"),
        ("a.txt", TEXT, "text", "a.txt"),
        ("a.md", b"# Title\n\nWe use `\\documentclass{article}`.\n", "text", "a.md"),
        ("a.txt", TEX, "latex", "a.txt"),
        ("a", PDF, "pdf", "a.pdf"),
        ("a.download", LATEXML, "html", "a.download.html"),
        ("a", CHAPTER, "latex", "a.tex"),
        ("a.gz", gz(TEX), "latex", "a.tex"),
        ("a.tex.gz", gz(CHAPTER), "latex", "a.tex"),
        ("a.gz", gz(CHAPTER), "latex", "a.tex"),
        ("a.pdf.gz", gz(PDF), "pdf", "a.pdf"),
        ("a.tar.gz", tar_gz({"main.tex": TEX, "ch/one.tex": CHAPTER}), "latex", "main.tex"),
        ("a.tgz", tar_gz({"main.tex": TEX}), "latex", "main.tex"),
        ("a.gz", gz(tar_gz({"main.tex": TEX})), "latex", "main.tex"),
        ("a.zip", zipped({"p/main.tex": TEX, "p/f.pdf": PDF}), "latex", "p/main.tex"),
        ("a.zip", zipped({"paper.pdf": PDF, "readme.txt": b"read me"}), "pdf", "paper.pdf"),
        ("a.zip", zipped({"index.html": LATEXML, "toc.html": LATEXML}), "html", "index.html"),
        ("a.tar", tar_gz({"paper": TEX}), "latex", "paper"),
    ],
)  # fmt: skip
def test_kinds(name: str, data: bytes, kind: str, main: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    source = resolve(str(path), SETTINGS)
    assert (source.kind, source.paper.source_kind, source.main) == (kind, kind, main)
    assert source.main in source.files
    assert source.paper.source_sha256 == hashlib.sha256(data).hexdigest()
    # bytes are read as the file is
    assert resolve(data, SETTINGS, name=name) == source
    assert Source.model_validate_json(source.model_dump_json()) == source


@pytest.mark.parametrize(
    ("name", "paper_id", "version"),
    [
        ("bert.final.pdf", "bert.final", ""),
        ("2005.13013v2.pdf", "2005.13013", "v2"),
        ("2005.13013", "2005.13013", ""),
        ("arXiv-2005.13013v2.tar.gz", "2005.13013", "v2"),
        ("hep-th9901001.tex", "hep-th/9901001", ""),
        (".pdf", ".pdf", ""),
    ],
)
def test_ids(name: str, paper_id: str, version: str, tmp_path: Path) -> None:
    data = tar_gz({"m.tex": TEX}) if name.endswith("gz") else TEX if name.endswith("tex") else PDF
    (tmp_path / name).write_bytes(data)
    paper = resolve(tmp_path / name, SETTINGS).paper
    assert (paper.id, paper.version) == (paper_id, version)
    assert paper.url == (f"https://arxiv.org/abs/{paper_id}{version}" if paper_id[-1].isdigit() else "")


def test_bytes_without_a_name() -> None:
    source = resolve(TEX, SETTINGS)
    assert source.kind == "latex"
    assert source.paper.id == hashlib.sha256(TEX).hexdigest()[:12]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.pdf", TEXT, "is named .pdf but holds text"),
        ("a.pdf", b"<!DOCTYPE html><html>Sign in</html>", "holds HTML (perhaps a saved log-in or error page)"),
        ("a.pdf", tar_gz({"m.tex": TEX}), "is named .pdf but holds a gzip archive"),
        ("a.tex", PDF, "is named .tex but holds a PDF"),
        ("a.html", TEXT, "is named .html but holds text"),
        ("a.tar.gz", TEX, "is named .gz but holds LaTeX"),
        ("a.pdf", b"", "is empty"),
        ("a.tex", b" \n\n", "is empty"),
        ("a.gz", gz(b""), "is empty"),
        ("a.pdf", bytes(range(256)) * 100, "is named .pdf but holds binary data"),
        ("a", bytes(range(256)) * 100, "holds binary data, not a paper"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0", "holds an image, not a paper"),
        ("a.ps", b"%!PS-Adobe-3.0\n", "PostScript, which is not read; convert it to PDF"),
        ("a.ps.gz", gz(b"%!PS-Adobe-3.0\n"), "holds PostScript"),
        ("a.tar.bz2", b"BZh91AY", "an archive of a kind that is not read"),
        ("a.tar.gz", tar_gz({"m.tex": TEX})[:-30], "cut off"),
        ("a.zip", zipped({"a.pdf": PDF, "b.pdf": PDF}), "holds 2 PDF files and no TeX; pass the paper's own"),
        ("a.zip", zipped({"a.png": b"x"}), "holds no paper"),
        ("a.zip", zipped({"a.pdf": TEXT}), "a.zip: a.pdf: is named .pdf but holds text"),
    ],
)
def test_wrong_files(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableInputError) as caught:
        resolve(path, SETTINGS)
    message = str(caught.value)
    assert said in message
    assert message.startswith(str(path))
    assert "; " in message, "says what to do"
    assert caught.value.exit_code == 3


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * 300_000)
    with pytest.raises(UnreadableInputError, match=r"larger than 1 MB; .*CLAIMCHECK_MAX_INPUT_MB"):
        resolve(path, SETTINGS.model_copy(update={"max_input_mb": 1}))


def test_missing_paths_suggest_near_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "paper.pdf").write_bytes(PDF)
    monkeypatch.chdir(tmp_path)
    for wrong in ("papre.pdf", "paper", str(tmp_path / "paper.pfd")):
        with pytest.raises(MissingInputError, match=r"no such file or folder; did you mean 'paper\.pdf'\?"):
            resolve(wrong, SETTINGS)
    for wrong in ("qqqqqq", "no/such/folder.pdf", "paper.pdf/x", "x" * 5000, "a\0b"):
        with pytest.raises(MissingInputError, match="check the path, or give an arXiv id"):
            resolve(wrong, SETTINGS)
    with pytest.raises(MissingInputError, match="no paper was named"):
        resolve("  ", SETTINGS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2013.13013", "2013.13013: is not a possible arXiv id; ids look like"),
        ("10.18653/v1/2020.acl-main.467", "is a DOI outside arXiv; download the PDF"),
        ("https://example.org/paper.pdf", "is an address outside arXiv's papers; download the PDF"),
        ("file:///etc/passwd", "no such file"),
    ],
)
def test_names_that_cannot_be_fetched(text: str, said: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        resolve(text, SETTINGS)
    assert said in str(caught.value)


def test_an_existing_path_wins_over_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2005.13013").mkdir()
    (tmp_path / "2005.13013" / "main.tex").write_bytes(TEX)
    assert resolve("2005.13013", SETTINGS).kind == "latex"


def test_folder_of_latex(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    (folder / "chapters").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "main.tex").write_bytes(TEX)
    (folder / "chapters" / "one.tex").write_bytes(CHAPTER)
    (folder / "figure.pdf").write_bytes(PDF)
    (folder / "figure.png").write_bytes(b"\x89PNG\0")
    (folder / ".git" / "x.tex").write_bytes(TEX)
    (folder / "escape.tex").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.tex")
    source = resolve(f"{folder}/", SETTINGS)
    assert sorted(source.files) == ["chapters/one.tex", "main.tex"]
    assert (source.kind, source.main, source.paper.id) == ("latex", "main.tex", "thesis")
    first = source.paper.source_sha256
    (folder / "figure.png").write_bytes(b"\x89PNG\1")
    assert resolve(folder, SETTINGS).paper.source_sha256 == first
    (folder / "chapters" / "one.tex").rename(folder / "one.tex")
    assert resolve(folder, SETTINGS).paper.source_sha256 != first


def test_the_current_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "x.tex").write_bytes(TEX)
    monkeypatch.chdir(folder)
    assert resolve(".", SETTINGS).paper.id == "mine"


def test_folder_with_one_pdf_or_page(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(PDF)
    (tmp_path / "notes.docx").write_bytes(b"PK\x03\x04\0\0")
    source = resolve(tmp_path, SETTINGS)
    assert (source.kind, source.main) == ("pdf", "paper.pdf")
    (tmp_path / "second.pdf").write_bytes(PDF)
    with pytest.raises(UnreadableInputError, match="holds 2 PDF files and no TeX"):
        resolve(tmp_path, SETTINGS)


def test_folder_without_a_paper(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="is a folder without a paper"):
        resolve(tmp_path, SETTINGS)
    (tmp_path / "x.bib").write_bytes(b"@misc{x}")
    with pytest.raises(UnreadableInputError, match="holds no paper"):
        resolve(tmp_path, SETTINGS)


def test_folder_that_is_too_large(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"{n}.tex").write_bytes(TEX)
    with pytest.raises(UnreadableInputError, match=r"holds more than 3 files .*folder of one paper"):
        resolve(tmp_path, SETTINGS.model_copy(update={"max_files": 3}))


def test_special_files_are_refused_without_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableInputError, match="is neither a file nor a folder"):
        resolve(tmp_path / "pipe", SETTINGS)


def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("needs a user whom rights can stop")
    with pytest.raises(UnreadableInputError, match=r"a\.pdf: cannot be read \(permission denied\)"):
        resolve(tmp_path, SETTINGS)
    with pytest.raises(UnreadableInputError, match="permission denied"):
        resolve(path, SETTINGS)


def test_names_of_unknown_encoding(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9.tex"))
    path.write_bytes(TEX)
    source = resolve(path, SETTINGS)
    assert Source.model_validate_json(source.model_dump_json()) == source


@pytest.mark.parametrize(
    ("readme", "text"),
    [
        ("00README.json", json.dumps({"sources": [{"filename": "b.tex", "usage": "toplevel"}, {"filename": "a.tex"}]})),
        ("00README.XXX", "nohypertex\nb.tex toplevelfile\n"),
        ("00README.json", "[1, 2"),
        ("00README.json", '{"sources": [{"usage": "toplevel", "filename": "../x.tex"}]}'),
    ],
)
def test_the_main_file_that_arxiv_names(readme: str, text: str) -> None:
    source = resolve(tar_gz({"a.tex": TEX, "b.tex": TEX, readme: text.encode()}), SETTINGS)
    # neither a.tex nor b.tex has a usual name: without the readme there is doubt
    assert source.main == ("b.tex" if "b.tex" in text else "")


def test_standalone_figures_are_not_the_main_file() -> None:
    figure = b"\\documentclass[tikz]{standalone}\n\\begin{document}x\\end{document}"
    commented = b"% \\documentclass{article}\nText"
    source = resolve(tar_gz({"fig.tex": figure, "old.tex": commented, "paper.tex": TEX}), SETTINGS)
    assert source.main == "paper.tex"


@pytest.mark.parametrize(
    ("names", "main"),
    [
        (["emnlp.tex", "backup/acl.tex", "backup/naacl.tex"], "emnlp.tex"),
        (["paper/ms.tex", "paper/supplement.tex"], "paper/ms.tex"),
        (["one.tex", "two.tex"], ""),
    ],
)
def test_the_main_file_among_several(names: list[str], main: str) -> None:
    assert resolve(tar_gz(dict.fromkeys(names, TEX)), SETTINGS).main == main


@given(st.binary(max_size=400), st.sampled_from(["", "a.pdf", "a.tex", "a.zip", "a.tar.gz", "a.html", "a.txt"]))
@hypothesis_settings(max_examples=200, deadline=None)
def test_noise_is_a_source_or_an_input_error(data: bytes, name: str) -> None:
    try:
        source = resolve(data, SETTINGS, name=name)
    except InputError as error:
        lines = str(error).splitlines()
    else:
        lines = list(source.files)
    assert len(lines) >= 1
    assert "" not in lines


def test_patterns_stay_linear_on_hostile_text() -> None:
    # each of these made a careless pattern take minutes
    for hostile in (
        b"<!---->" * 9000,
        b" \n%" * 20_000,
        b"\\documentclass[" * 13_000,
        b"<?xml " * 9000,
        b"\\begin" * 10_000,
    ):
        resolve(hostile, SETTINGS, name="a.txt")
        resolve(tar_gz({"x.tex": hostile, "y.tex": hostile}), SETTINGS)
