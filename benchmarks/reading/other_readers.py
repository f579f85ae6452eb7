"""Another reader's tables of one PDF as JSON, for an interpreter that has the reader and nothing of this project.

    python other_readers.py {pdfplumber,lattice,stream} FILE

Prints {"version": ..., "tables": [[[cell, ...], ...], ...]} with the reader's defaults over all pages; exits with 3
where it cannot be imported.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from importlib import metadata


def pdfplumber_tables(path: str) -> list[list[list[str]]]:
    """`page.extract_tables()` of every page."""
    plumber = importlib.import_module("pdfplumber")
    tables = []
    with plumber.open(path) as pdf:
        for page in pdf.pages:
            tables += [[[cell or "" for cell in row] for row in table] for table in page.extract_tables()]
            page.close()
    return tables


def camelot_tables(path: str, flavor: str) -> list[list[list[str]]]:
    """`camelot.read_pdf` over all pages."""
    camelot = importlib.import_module("camelot")
    found = camelot.read_pdf(path, pages="1-end", flavor=flavor, suppress_stdout=True)
    return [[[str(cell) for cell in row] for row in table.df.to_numpy().tolist()] for table in found]


def main(reader: str, path: str) -> int:
    """Reads one file and prints what was found."""
    package = "pdfplumber" if reader == "pdfplumber" else "camelot-py"
    try:
        version = metadata.version(package)
        with contextlib.redirect_stdout(sys.stderr):
            tables = pdfplumber_tables(path) if reader == "pdfplumber" else camelot_tables(path, reader)
    except (ImportError, metadata.PackageNotFoundError):
        return 3
    print(json.dumps({"version": f"{package} {version}", "tables": tables}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
