"""How well and how fast PDFs are read: captions whose table has a grid, numbers intact in cells, pages per CPU second.

    python benchmarks/reading_pdf.py FOLDER [--out benchmarks/results/reading_pdf.json]

A number counts as intact when a token of digits that pdfium's own text prints inside a table's box stands whole in a
cell of that table; `cells_merged` counts cells that hold two numbers with nothing but a space between them. Tables
that were not found have no box: `captions_with_grid` says how many those are.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path

import pypdfium2

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.pdf import read_pdf

NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w]|[.,]\d)|(?<![\w.])\.\d+(?!\w)")
MERGED = re.compile(r"\d\.\d+%? +[-−+]?\d+\.\d")
CAPTION = re.compile(r"(?:Table|TABLE|Tab\.)\s*([A-Z]?\.?\d+|[IVX]+)\b")


def printed_numbers(page: pypdfium2.PdfPage, table: Table) -> Counter[str]:
    """Numbers with a decimal point that pdfium prints in the table's box (whole words, read in pdfium's order)."""
    assert table.box is not None
    x0, top, x1, bottom = table.box
    height = page.get_height()
    text = page.get_textpage().get_text_bounded(x0 - 1, height - bottom - 1, x1 + 1, height - top + 1)
    return Counter(n for n in NUMBER.findall(text) if "." in n)


def cell_numbers(table: Table) -> Counter[str]:
    """Numbers with a decimal point in the table's cells."""
    found: Counter[str] = Counter()
    for row in table.grid:
        for cell in row:
            if cell.origin is None:
                found.update(n for n in NUMBER.findall(cell.text) if "." in n)
    return found


def measure(path: Path) -> dict[str, object]:
    """The figures of one PDF."""
    data = path.read_bytes()
    start = time.process_time()
    try:
        document: Document = read_pdf(data, Paper(id=path.stem))
    except ClaimcheckError as error:
        return {"paper": path.stem, "error": str(error)}
    seconds = time.process_time() - start
    labels = [m[1] for s in document.sentences if s.kind == "caption" and (m := CAPTION.match(s.text))]
    have = Counter(t.label for t in document.tables if t.height and t.width)
    printed = intact = 0
    with pypdfium2.PdfDocument(data) as pdf:
        for table in document.tables:
            if table.page is not None and table.box is not None:
                expected = printed_numbers(pdf[table.page - 1], table)
                printed += expected.total()
                intact += (expected & cell_numbers(table)).total()
    return {
        "paper": path.stem,
        "pages": document.pages,
        "sentences": len(document.sentences),
        "captions": len(labels),
        "captions_with_grid": sum(label in have for label in labels),
        "tables": len(document.tables),
        "tables_without_caption": sum(t.label.startswith("#") for t in document.tables),
        "numbers_printed": printed,
        "numbers_intact": intact,
        "cells_merged": sum(bool(MERGED.search(c.text)) for t in document.tables for row in t.grid for c in row),
        "cpu_seconds": round(seconds, 3),
    }


def main() -> None:
    """Prints a line a paper and the sums, and writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/reading_pdf.json"))
    options = parser.parse_args()
    rows = [measure(path) for path in sorted(options.folder.glob("*.pdf"))]
    read = [r for r in rows if "error" not in r]
    head = ("pages", "sent.", "capt.", "grid", "tables", "numbers", "intact", "CPU s")
    print(f"{'paper':<30}" + "".join(f"{h:>8}" for h in head))
    for r in rows:
        if "error" in r:
            print(f"{r['paper']:<30} {r['error']}")
            continue
        print(
            f"{r['paper']:<30}{r['pages']:>8}{r['sentences']:>8}{r['captions']:>8}{r['captions_with_grid']:>8}"
            f"{r['tables']:>8}{r['numbers_printed']:>8}{r['numbers_intact']:>8}{r['cpu_seconds']:>8.2f}"
        )
    keys = [k for k in (read[0] if read else {}) if k != "paper"]
    total = {k: round(sum(float(str(r[k])) for r in read), 3) for k in keys}
    summary = {
        "papers": len(rows),
        "papers_read": len(read),
        **total,
        "captions_with_grid_share": round(total["captions_with_grid"] / max(1, total["captions"]), 4) if read else None,
        "numbers_intact_share": round(total["numbers_intact"] / max(1, total["numbers_printed"]), 4) if read else None,
        "pages_per_cpu_second": round(total["pages"] / max(1e-9, total["cpu_seconds"]), 1) if read else None,
    }
    for key, value in summary.items():
        print(f"{key:<28}{value}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"summary": summary, "papers": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
