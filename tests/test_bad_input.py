"""Bad input through the real command line: one line on stderr, the exit code, bounds on time and memory.

The line says what was wrong, where, and what to do.
"""

from __future__ import annotations

import gzip
import http.server
import io
import json
import os
import random
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PAPER_HTML, RunCommand
from pdf_factory import encrypted_pdf, no_pages_pdf, scanned_pdf, text_pdf

SECONDS = 60
MEMORY_MB = 2048
PAPER = "Our model reaches 91.3 F1 on SQuAD. It was trained for two days on one machine.\n"
LATEX = r"\documentclass{article}\begin{document}Our model reaches 91.3 F1 on SQuAD. %s\end{document}"


def _tar(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    file = folder / "source.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file


def _member(name: str, *, link: str = "", kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def _write(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def missing(folder: Path) -> Path:
    return folder / "nowhere.pdf"


def empty(folder: Path) -> Path:
    return _write(folder, "empty.pdf", b"")


def empty_folder(folder: Path) -> Path:
    (folder / "thesis").mkdir()
    return folder / "thesis"


def text_named_pdf(folder: Path) -> Path:
    return _write(folder, "text.pdf", PAPER.encode())


def cut_off_pdf(folder: Path) -> Path:
    return _write(folder, "cut.pdf", text_pdf([[PAPER.strip()]])[:150])


def password_pdf(folder: Path) -> Path:
    return _write(folder, "locked.pdf", encrypted_pdf())


def pdf_of_no_pages(folder: Path) -> Path:
    return _write(folder, "nopages.pdf", no_pages_pdf())


def scan(folder: Path) -> Path:
    return _write(folder, "scan.pdf", scanned_pdf())


def archive_with_a_link_out(folder: Path) -> Path:
    secret = _write(folder, "secret.tex", LATEX.encode() % b"")
    return _tar(folder, (_member("main.tex", link=str(secret), kind=tarfile.SYMTYPE), b""))


def archive_that_climbs(folder: Path) -> Path:
    return _tar(folder, (_member("../escaped.tex"), LATEX.encode() % b""))


def archive_bomb(folder: Path) -> Path:
    file = folder / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("main.tex", "w") as member:
        for _ in range(600):
            member.write(b" " * (1 << 20))
    return file


def compressed_bomb(folder: Path) -> Path:
    file = folder / "bomb.tex.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(600):
            stream.write(b" " * (1 << 20))
    return file


def binary_noise(folder: Path) -> Path:
    return _write(folder, "noise.bin", random.Random(1).randbytes(50 << 20))


def noise_named_pdf(folder: Path) -> Path:
    return _write(folder, "noise.pdf", b"%PDF-1.7\n" + random.Random(2).randbytes(50 << 20))


def noise_of_letters(folder: Path) -> Path:
    letters = random.Random(3).randbytes(50 << 20).translate(bytes(33 + i % 94 for i in range(256)))
    return _write(folder, "noise.txt", letters)


REFUSED = {
    missing: "no such file",
    empty: "empty",
    empty_folder: "thesis",
    text_named_pdf: "PDF",
    cut_off_pdf: "PDF",
    password_pdf: "encrypted",
    pdf_of_no_pages: "page",
    scan: "text",
    archive_with_a_link_out: "",
    archive_that_climbs: "",
    archive_bomb: "MB",
    compressed_bomb: "MB",
    binary_noise: "",
    noise_named_pdf: "",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_refused_in_one_line(make: Callable[[Path], Path], tmp_path: Path, command: RunCommand) -> None:
    paper = make(tmp_path)
    done = command("table", paper, limit=SECONDS)
    assert done.code == 3, done.err
    assert done.out == ""
    line = done.error_line
    assert REFUSED[make].lower() in line.lower()
    assert str(paper) in line  # where
    assert "; " in line  # what to do
    assert "Traceback" not in line
    assert "Success" not in line  # what pdfium says of a PDF without pages
    assert done.peak_mb < MEMORY_MB
    assert not (tmp_path.parent / "escaped.tex").exists()


@pytest.mark.parametrize("make", [noise_of_letters], ids=lambda make: make.__name__)
def test_noise_that_is_text_ends_in_time(make: Callable[[Path], Path], tmp_path: Path, command: RunCommand) -> None:
    done = command("table", make(tmp_path), limit=SECONDS)
    assert done.code in (0, 3)
    if done.code == 3:
        assert "noise" in done.error_line
    assert done.peak_mb < MEMORY_MB


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("input_outside", r"\input{../secret} \input{/etc/passwd}"),
        ("input_of_itself", r"\input{main}"),
        ("nested_braces", "{" * 100_000 + "x" + "}" * 100_000),
        ("open_braces", "{" * 100_000),
        ("macro_of_itself", r"\def\a{\a\a}\a"),
        ("nested_environments", r"\begin{center}" * 20_000),
    ],
)
def test_hostile_latex_is_read_or_refused(name: str, body: str, tmp_path: Path, command: RunCommand) -> None:
    folder = tmp_path / name
    folder.mkdir()
    _write(folder, "main.tex", (LATEX % body).encode())
    _write(tmp_path, "secret.tex", b"Our secret reaches 99.9 F1 on SQuAD.")
    done = command("table", folder, "--json", limit=SECONDS)
    assert done.code in (0, 3)
    assert "99.9" not in done.out
    assert "root:" not in done.out
    assert "Traceback" not in done.err
    if done.code == 3:
        assert name in done.error_line
    else:
        assert "91.3" in done.out
    assert done.peak_mb < MEMORY_MB
    assert done.seconds < SECONDS


def test_a_damaged_pdf_of_which_a_page_can_be_read_is_read(tmp_path: Path, command: RunCommand) -> None:
    whole = text_pdf([[PAPER.strip()], ["A second page says little."], ["The third page is short."]])
    table, trailer = whole.index(b"xref\n0"), whole.index(b"trailer")
    # without the cross-reference table the objects are searched for, and page 2 is not among them
    paper = _write(tmp_path, "damaged.pdf", (whole[:table] + whole[trailer:]).replace(b"6 0 obj", b"6 0 oops"))
    done = command("read", paper, "--json")
    assert done.code == 0, done.err
    assert "page 2 not read" in done.error_line
    document = json.loads(done.out)
    assert [page["page"] for page in document["paper"]["pages_not_read"]] == [2]
    assert "91.3 F1" in document["sentences"][0]["text"]
    assert command("table", paper).code == 0


def test_text_without_claims_is_an_empty_table_that_says_so(tmp_path: Path, command: RunCommand) -> None:
    paper = _write(tmp_path, "letter.txt", b"Dear editor, thank you for your letter. We hope you are well.\n")
    done = command("table", paper)
    assert (done.code, done.err) == (0, "")
    assert "no checkable claims" in done.out.lower()
    done = command("table", paper, "--json")
    assert json.loads(done.out)["claims"] == []


def test_in_a_batch_the_others_are_done(tmp_path: Path, command: RunCommand) -> None:
    good = [_write(tmp_path, f"good{i}.txt", f"In run {i}, {PAPER}".encode()) for i in range(3)]
    bad = [empty(tmp_path), password_pdf(tmp_path), missing(tmp_path)]
    papers = [good[0], bad[0], good[1], bad[1], bad[2], good[2]]
    out = tmp_path / "out"
    done = command("table", *papers, "--json", "--out", out, "--workers", "2", limit=SECONDS)
    assert done.code == 5
    assert [json.loads(line)["paper"]["id"] for line in done.out.splitlines()] == ["good0", "good1", "good2"]
    errors = [line for line in done.err.splitlines() if line.startswith("claimcheck: ")]
    assert len(errors) == 3
    for paper in bad:
        assert sum(paper.stem in line for line in errors) == 1
    assert len(list(out.glob("good*/ledger.json"))) == 3
    assert "Traceback" not in done.err


class _Answer(http.server.BaseHTTPRequestHandler):
    """arXiv without papers: the query service knows no id, the site answers 404."""

    def do_GET(self) -> None:
        known = self.path.startswith("/api")
        body = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>x</id></feed>' if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/atom+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def arxiv() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _at(base: str) -> dict[str, str]:
    return {
        "CLAIMCHECK_ARXIV_API": f"{base}/api/query",
        "CLAIMCHECK_ARXIV_SITE": base,
        "CLAIMCHECK_ARXIV_DELAY": "0",
        "CLAIMCHECK_RETRIES": "1",
        "no_proxy": "127.0.0.1",
    }


def test_unknown_id(arxiv: str, command: RunCommand) -> None:
    done = command("table", "2005.99999", **_at(arxiv))
    assert done.code == 3, done.err
    assert "2005.99999" in done.error_line


@pytest.mark.parametrize(
    "name", ["not-an-id", "10.1000/xyz", "https://example.com/paper.pdf", "", "-.5", "a\x1b[2Jb", "x" * 5000]
)
def test_names_that_are_no_paper(name: str, command: RunCommand) -> None:
    done = command("table", "--", name, CLAIMCHECK_OFFLINE="1")
    assert done.code == 3
    assert "; " in done.error_line
    assert "\x1b" not in done.err


def test_no_network(command: RunCommand) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"  # bound, but nobody listens
        done = command("table", "2005.13013", **_at(base))
    assert done.code == 4, done.err
    assert "2005.13013" in done.error_line or "127.0.0.1" in done.error_line


def test_offline_without_the_paper(command: RunCommand) -> None:
    done = command("table", "2005.13013", "--offline")
    assert done.code == 4
    assert "offline" in done.error_line


def test_python_files_beside_a_paper_are_not_imported(tmp_path: Path, command: RunCommand) -> None:
    for name in ("json", "pydantic", "claimcheck", "encodings", "sitecustomize"):
        _write(tmp_path, f"{name}.py", b"open('taken_over', 'w').close()\n")
    _write(tmp_path, "paper.html", PAPER_HTML.encode())
    done = command("table", "paper.html", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert not (tmp_path / "taken_over").exists()


def test_an_unreadable_file(tmp_path: Path, command: RunCommand) -> None:
    paper = _write(tmp_path, "closed.txt", PAPER.encode())
    paper.chmod(0)
    if os.access(paper, os.R_OK):
        pytest.skip("this user may read every file")
    assert command("table", paper).code == 3
