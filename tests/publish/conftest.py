"""What the tests of publishing share: the ledgers, and pdflatex where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def compile_latex(tmp_path: Path) -> Callable[[bytes], str]:
    """Compiles a document twice without shell escape and gives the log of the second run; skips without pdflatex."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")

    def run(document: bytes) -> str:
        (tmp_path / "report.tex").write_bytes(document)
        command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
        for _ in range(2):
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
            log = (tmp_path / "report.log").read_text("latin-1")
            assert done.returncode == 0, log[-3000:]
        return log

    return run
