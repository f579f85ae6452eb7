"""What the tests of publishing share: the ledgers, and pdflatex where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import chromium, open_page  # noqa: F401 - fixtures of the tests in a browser

from benchmarks.report_latex import ALLOWED, overfull


@pytest.fixture
def compile_latex(tmp_path: Path) -> Callable[..., str]:
    """Compiles a document twice without shell escape and gives the log of the second run; skips without pdflatex.

    `compile_latex(document, files={"table.tex": ...})` puts files beside it. The lines of the log are not broken.
    """
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")

    def run(document: bytes, files: dict[str, bytes] | None = None) -> str:
        for name, content in {"report.tex": document, **(files or {})}.items():
            (tmp_path / name).write_bytes(content)
        command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
        environment = os.environ | {"max_print_line": "1000"}
        for _ in range(2):
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
            log = (tmp_path / "report.log").read_text("latin-1")
            assert done.returncode == 0, log[-3000:]
        return log

    return run


@pytest.fixture
def boxes_fit() -> Callable[[str], None]:
    """Fails where a log names a box that stands out by more than a benchmark allows, or what leads nowhere."""

    def check(log: str) -> None:
        assert not [points for points in overfull(log) if points > ALLOWED], overfull(log)[:5]
        assert "undefined" not in log.lower()
        assert "Missing character" not in log

    return check
