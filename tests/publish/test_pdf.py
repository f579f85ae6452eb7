"""The PDF report: the same bytes again, one line where TeX is missing or fails, and nothing left running."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from ledgers import empty_ledger, full_ledger
from printed_ledgers import whole_extras, whole_ledger

from claimcheck.foundation.errors import ClaimcheckError, UsageError
from claimcheck.publish import render, write_ledger
from claimcheck.publish.pdf import DEBIAN_PACKAGES, compile_latex, ledger_pdf
from claimcheck.publish.view import Extras

TEX = shutil.which("latexmk") is not None and shutil.which("pdflatex") is not None
needs_tex = pytest.mark.skipif(not TEX, reason="latexmk or pdflatex is not installed")
ENDLESS = rb"\documentclass{article}\begin{document}\loop\iftrue\repeat\end{document}"


def document(body: str, preamble: str = "") -> bytes:
    text = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    return text.encode()


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as opened:
        text = "\n".join(page.get_textpage().get_text_bounded() for page in opened)
    return " ".join(text.replace("\ufffe", "").split())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which is empty again in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def tex_processes(folder: Path) -> list[str]:
    """Processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink().is_relative_to(folder):
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found


@needs_tex
def test_the_report_is_a_pdf_with_what_the_ledger_holds(temporary: Path) -> None:
    pdf = render(whole_ledger(), "pdf", whole_extras())
    assert pdf.startswith(b"%PDF-")
    text = text_of(pdf)
    for words in (
        "2 refuted, 2 supported, 2 not enough information",
        "Adapters outperform full fine-tuning on 7 of 9 tasks",
        "82.2 - 73.5 = 8.7: Table 2",
        "Rerun at scale lab",
        "Ada accepted the verdict",
        "made by a machine; look at the cited place",
        "References",
    ):
        assert words in text, words
    assert "??" not in text  # a reference that was not resolved
    assert "[?]" not in text


@needs_tex
def test_the_same_ledger_gives_the_same_bytes_anywhere_and_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ledger_pdf(whole_ledger(), whole_extras())
    other = tmp_path / "a longer name of a folder"
    other.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(other))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("HOME", str(other))
    monkeypatch.chdir(other)
    time.sleep(1.1)  # dates in PDF have seconds
    again = ledger_pdf(whole_ledger(), whole_extras())
    assert again == first
    assert str(tmp_path).encode() not in first
    assert b"/CreationDate" not in first
    assert b"/ID" not in first


@needs_tex
def test_write_ledger_writes_it_beside_the_ledger(tmp_path: Path) -> None:
    json, pdf = write_ledger(empty_ledger(), tmp_path, ["pdf"])
    assert (json.name, pdf.name) == ("ledger.json", "report.pdf")
    assert "No checkable claims were found" in text_of(pdf.read_bytes())


def test_a_fragment_is_no_document() -> None:
    with pytest.raises(UsageError, match="a fragment is no document of its own; add --format tex"):
        ledger_pdf(full_ledger(), Extras(fragment="table"))


# TeX is missing, or a part of it


@pytest.mark.parametrize("missing", ["latexmk", "pdflatex"])
def test_a_missing_program_is_said_in_one_line_with_the_packages(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {"latexmk", "pdflatex"} - {missing}:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=f"{missing} is not installed") as caught:
        ledger_pdf(full_ledger())
    assert DEBIAN_PACKAGES in str(caught.value)
    assert "\n" not in str(caught.value)


@needs_tex
@pytest.mark.parametrize(
    ("preamble", "body", "named"),
    [
        (r"\usepackage{nosuchpackage}", "x", "nosuchpackage.sty"),
        ("", r"\font\x=nosuchfont \x x", "nosuchfont"),
    ],
)
def test_a_missing_part_of_tex_is_named(preamble: str, body: str, named: str, temporary: Path) -> None:
    with pytest.raises(UsageError, match=f"TeX has no {named}") as caught:
        compile_latex(document(body, preamble))
    assert DEBIAN_PACKAGES in str(caught.value)


# TeX fails


@needs_tex
def test_an_error_names_what_line_and_claim(temporary: Path) -> None:
    body = "\\section{A}\\label{c-0a1b}\nfine\n\n\\nosuchcommand\n\\label{c-later}"
    with pytest.raises(ClaimcheckError) as caught:
        compile_latex(document(body))
    assert type(caught.value) is ClaimcheckError
    assert str(caught.value).startswith(
        "report.tex, line 7 (at claim 0a1b): pdflatex stopped: Undefined control sequence"
    )
    assert "report it" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ClaimcheckError, match="mend your own template"):
        compile_latex(document(body), own_template=True)


@needs_tex
def test_a_users_template_that_tex_refuses_is_said_to_be_his(tmp_path: Path) -> None:
    (tmp_path / "report.tex.j2").write_text("\\documentclass{article}\\begin{document}\\oops\\end{document}\n")
    with pytest.raises(ClaimcheckError, match="mend your own template"):
        ledger_pdf(full_ledger(), Extras(templates=tmp_path))


@needs_tex
@pytest.mark.parametrize(
    "body",
    [
        r"\immediate\write18{touch pwned}\input{|ls}",
        r"\input{/etc/passwd}",
        r"\input{../secret}",
        r"\newwrite\w\immediate\openout\w=../pwned.tex x",
        r"\newwrite\w\immediate\openout\w=/tmp/claimcheck-pwned.tex x",
    ],
)
def test_tex_leaves_its_folder_alone(body: str, temporary: Path) -> None:
    (temporary / "secret.tex").write_text("secret")
    try:
        with pytest.raises(ClaimcheckError):
            compile_latex(document(body))
        assert [path.name for path in temporary.iterdir()] == ["secret.tex"]
        assert not Path("/tmp/claimcheck-pwned.tex").exists()
    finally:
        (temporary / "secret.tex").unlink()


@needs_tex
def test_a_run_without_end_is_ended_with_all_that_it_started(temporary: Path) -> None:
    started = time.perf_counter()
    with pytest.raises(ClaimcheckError, match=r"did not end within 1\.5 seconds"):
        compile_latex(ENDLESS, seconds=1.5)
    assert time.perf_counter() - started < 10
    time.sleep(0.1)
    assert not tex_processes(temporary)


@needs_tex
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_ends_tex_and_leaves_nothing(tmp_path: Path) -> None:
    code = f"from claimcheck.publish.pdf import compile_latex; compile_latex({ENDLESS!r}, seconds=60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 20
    while not any("pdflatex" in line for line in tex_processes(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert tex_processes(tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert b"KeyboardInterrupt" in said
    time.sleep(0.1)
    assert not tex_processes(tmp_path)
    assert not list(tmp_path.glob("claimcheck-tex-*"))


@needs_tex
def test_a_file_without_end_is_ended_before_the_time_is(temporary: Path) -> None:
    grows = r"\newwrite\w\immediate\openout\w=big.tex \def\x{" + "x" * 500 + "}"
    endless = grows + r"\loop\immediate\write\w{" + r"\x" * 400 + r"}\iftrue\repeat"
    with pytest.raises(ClaimcheckError, match="latexmk ended with status"):
        compile_latex(document(endless), seconds=60)


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are POSIX's")
def test_tex_runs_with_limits_and_without_the_callers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "latexmk").write_text('#!/bin/sh\n(ulimit -v; ulimit -t; env; echo "$@") > report.pdf\n')
    (tools / "pdflatex").write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    said = compile_latex(document("x"), seconds=7).pdf.decode().splitlines()
    assert said[:2] == [str(2 << 20), "7"]
    assert {"openin_any=p", "openout_any=p", "SOURCE_DATE_EPOCH=0", "FORCE_SOURCE_DATE=1", "shell_escape=f"} <= set(
        said
    )
    assert not [line for line in said if "hush" in line]
    assert "-no-shell-escape" in said[-1]
    assert "-norc" in said[-1]


def test_the_log_of_the_last_run_comes_with_it() -> None:
    if not TEX:
        pytest.skip("latexmk or pdflatex is not installed")
    compiled = compile_latex(document(r"\hbox to 100pt{\hskip 20cm}\hbox{}" + "x" * 300))
    assert re.search(r"^Overfull \\hbox \([\d.]+pt too wide\)", compiled.log, re.MULTILINE)
