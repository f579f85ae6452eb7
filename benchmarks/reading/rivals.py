"""What others make of the same PDFs, as lists of cells: pdfplumber, camelot, the tables that the data set carries."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "other_readers.py"
READERS = ("pdfplumber", "lattice", "stream")
LIMIT = 600.0  # seconds that a reader may spend on a paper
NOT_INSTALLED = 3


@dataclass(frozen=True)
class Cells:
    """The cells that a reader found in a paper, as text; `error` where it gave none for a reason."""

    tables: int = 0
    cells: tuple[str, ...] = ()
    seconds: float = 0.0  # by the clock, with the start of its interpreter
    error: str = ""
    version: str = ""


def other_cells(path: Path, reader: str, python: str = sys.executable) -> Cells:
    """Every cell that one of READERS finds with its defaults, run by an interpreter that has it.

    An interpreter without the reader, a failure or a paper that takes too long is an `error`, not an exception.
    """
    start = time.perf_counter()
    try:
        command = [python, str(SCRIPT), reader, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Cells(error=type(error).__name__, seconds=time.perf_counter() - start)
    seconds = time.perf_counter() - start
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Cells(error="not installed" if done.returncode == NOT_INSTALLED else last[:200], seconds=seconds)
    said = json.loads(done.stdout)
    cells = tuple(cell for table in said["tables"] for row in table for cell in row if cell)
    return Cells(len(said["tables"]), cells, seconds, version=said["version"])


def dataset_cells(tables: Sequence[dict[str, Any]]) -> Cells:
    """The number cells of the tables that the data set carries for a paper, as its authors' tool read them."""
    cells = (str(cell["number"]) for table in tables for cell in table.get("numberCells") or ())
    return Cells(len(tables), tuple(cells))
