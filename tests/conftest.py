"""What tests share: a cache folder of their own, the command line as a process or in this one, the development data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MEASURED = Path(__file__).with_name("measured.py")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder for the whole run, so that the encoder is exported once; no CLAIMCHECK_* of the caller is seen."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("CLAIMCHECK_") and n != "CLAIMCHECK_DATA"]:
            patch.delenv(name)
        patch.setenv("CLAIMCHECK_HOME", str(folder))
        yield folder


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """An empty cache folder for one test, but with the shared export of the encoder, since making one takes seconds."""
    (home / "models").mkdir(exist_ok=True)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(home / "models")
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The development data that is not part of the repository; the test is skipped where it is absent."""
    folder = Path(os.environ.get("CLAIMCHECK_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no development data at {folder} (set CLAIMCHECK_DATA)")
    return folder


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float  # largest resident memory of the process and those it waited for

    @property
    def error_line(self) -> str:
        """The one line on stderr; fails where there are more or none."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"expected one line on stderr, got: {self.err!r}"
        assert lines[0].startswith("claimcheck: ")
        return lines[0]


RunCommand = Callable[..., Finished]


@pytest.fixture
def command(tmp_path: Path) -> RunCommand:
    """`command("table", "paper.pdf", CLAIMCHECK_OFFLINE="1")`: the real command line in a process of its own."""

    def run(*arguments: str | Path, limit: float = 60, cwd: Path | None = None, **environment: str) -> Finished:
        out, err, measures = (tmp_path / name for name in (".stdout", ".stderr", ".measures"))
        started = time.perf_counter()
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-S",
                    "-E",
                    MEASURED,
                    measures,
                    sys.executable,
                    "-P",
                    "-m",
                    "claimcheck",
                    *map(str, arguments),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                env=os.environ | environment,
                cwd=cwd,
                start_new_session=True,
            )
            try:
                process.wait(limit)
            except BaseException as error:  # Ctrl-C too: it would live on
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    pytest.fail(f"claimcheck {arguments} did not end within {limit} s")
                raise
        seconds = time.perf_counter() - started
        found = json.loads(measures.read_text())
        return Finished(found["code"], out.read_text(), err.read_text(), seconds, found["peak_mb"])

    return run


PAPER_HTML = """<!DOCTYPE html><html><head><title>Fast Span Reader</title></head><body><article>
<h1>Fast Span Reader</h1>
<div class="abstract"><h2>Abstract</h2><p>We present FSR, a reader for question answering. FSR reaches 91.3 F1 on SQuAD,
2.1 points above BERT.</p></div>
<section><h2>1 Introduction</h2><p>Question answering is a task with a long history. In this paper we describe a new
model for it.</p></section>
<section><h2>2 Results</h2><p>Our results stand in Table 1. FSR reaches 91.3 F1 on SQuAD and 84.0 accuracy on MNLI.
BERT obtains 82.9 accuracy on MNLI.</p>
<figure class="ltx_table"><figcaption>Table 1: F1 on SQuAD and accuracy on MNLI.</figcaption>
<table><thead><tr><th>Model</th><th>SQuAD</th><th>MNLI</th></tr></thead><tbody>
<tr><td>BiDAF</td><td>77.3</td><td>70.1</td></tr>
<tr><td>BERT</td><td>89.2</td><td>82.5</td></tr>
<tr><td>FSR (ours)</td><td>91.3</td><td>84.0</td></tr></tbody></table></figure></section>
</article></body></html>
"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A small paper in HTML: three true claims, one false one (BERT's MNLI accuracy is 82.5), one table."""
    file = tmp_path / "fsr.html"
    file.write_text(PAPER_HTML)
    return file


def pytest_configure() -> None:
    # a shell that starts the tests in the background has SIGINT ignored, and the tests of Ctrl-C would wait for ever
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
