"""How right the cells of PDF tables are, against the LaTeX source of the same document as gold.

    python -m benchmarks.reading.gold [FOLDER_OR_TEX ...] [--out benchmarks/results/reading_gold.json] [--examples]

Without arguments: the sources in the development data that compile, the sample papers and the generated documents.
Each source is compiled (compiled.py) and read in both forms; tables go together by their printed label, several under
one label by their contents. A cell is right when the PDF's grid has its text at the aligned row and column: rows and
columns that are empty throughout are left out on both sides, and rows and columns are aligned in order (alignment.py
says how text is compared and why). Where the two readers count header rows differently, both headers may be folded to
one row, as "Sequential / Operations" on two lines is one name; how often the counts agree is a figure of its own.
`same_index` counts without any alignment. A number is whole when a token of digits in a gold cell stands whole in some
cell of the table.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import ROOT, latex_papers, paper_name, print_table, share, write_result
from benchmarks.reading.alignment import Score, compare
from benchmarks.reading.compiled import compile_source, source_files
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Paper, Table
from claimcheck.reading.latex import read_latex
from claimcheck.reading.pdf import read_pdf

TARGETS = {"cells": 0.95, "numbers_whole": 0.985}
_BASE = re.compile(r"(?P<base>[A-Z]?\.?\d+(?:\.\d+)?|[IVX]+)(?:[a-z]|\s\(\d+\))*$")


def documents() -> list[Path]:
    """The sources measured where none are named."""
    here = Path(__file__).parent
    sample = ROOT / "tests" / "data" / "sample"
    generated = sorted(p.parent for p in (here / "generated" / "documents").glob("*/main.tex"))
    return [*latex_papers(), *sorted(sample.glob("*.tex")), *generated]


def base_label(label: str) -> str:
    """The printed number of a label: "2a" and "2 (1)" stand under caption 2; "" for a table without one."""
    m = _BASE.match(label)
    return m["base"] if m else "" if label.startswith("#") else label


def paired(gold: Sequence[Table], pdf: Sequence[Table]) -> list[tuple[Table | None, Table | None]]:
    """Tables of the gold with those of the PDF, by printed label and within one label by what they hold."""
    out: list[tuple[Table | None, Table | None]] = []
    rest_gold, rest_pdf = list(gold), list(pdf)

    def pair(mine: list[Table], its: list[Table], least: float) -> None:
        ranked = sorted(
            ((-_alike(a, b), i, j) for i, a in enumerate(mine) for j, b in enumerate(its)),
        )
        used_i: set[int] = set()
        used_j: set[int] = set()
        for likeness, i, j in ranked:
            if i not in used_i and j not in used_j and -likeness >= least:
                used_i.add(i)
                used_j.add(j)
                out.append((mine[i], its[j]))
                rest_gold.remove(mine[i])
                rest_pdf.remove(its[j])

    for label in dict.fromkeys(base_label(t.label) for t in gold):
        if label:
            pair(
                [t for t in gold if base_label(t.label) == label],
                [t for t in pdf if base_label(t.label) == label],
                0.0,
            )
    pair(list(rest_gold), list(rest_pdf), 0.3)
    return [*out, *((t, None) for t in rest_gold), *((None, t) for t in rest_pdf)]


def _alike(a: Table, b: Table) -> float:
    score = compare(a, b, "")
    return score.cells / max(1, score.gold_cells, score.pdf_cells)


def measure(tex: Path, show: bool = False) -> dict[str, object] | tuple[Score, int]:
    """(score, false tables) of one source, or why there is none."""
    made = compile_source(tex)
    if made.pdf is None:
        return {"document": paper_name(tex), "not_compiled": made.reason}
    files, main = source_files(tex)
    try:
        gold = read_latex({n: p.read_bytes() for n, p in files.items()}, Paper(id="x"), main=main)
        pdf = read_pdf(made.pdf.read_bytes(), Paper(id="x"))
    except ClaimcheckError as error:
        return {"document": paper_name(tex), "not_read": str(error)}
    whole = Score()
    false = 0
    for mine, its in paired(gold.tables, pdf.tables):
        if mine is None:
            assert its is not None
            false += 1
            whole.faults["table false"] += 1
            whole.examples.append({"where": f"{paper_name(tex)} table {its.label}", "kind": "table false"})
            continue
        score = compare(mine, its, f"{paper_name(tex)} table {mine.label}")
        if show and score.cells < score.gold_cells:
            _show(mine, its)
        whole.add(score)
    return whole, false


def _show(gold: Table, pdf: Table | None) -> None:
    for name, table in (("latex", gold), ("pdf", pdf)):
        print(f"-- {name}", "" if table is None else f"{table.label} ({table.header_rows} header rows)")
        for row in table.grid if table is not None else ():
            print("   " + " | ".join(("^" if c.origin else "") + ("*" if c.bold else "") + c.text for c in row))


def figures(score: Score) -> dict[str, object]:
    """The shares and counts of a score."""
    return {
        "tables": score.tables,
        "gold_cells": score.gold_cells,
        "cells": share(score.cells, score.gold_cells),
        "same_index": share(score.same_index, score.gold_cells),
        "precision": share(score.pdf_right, score.pdf_cells),
        "numbers": score.numbers,
        "numbers_whole": share(score.numbers_whole, score.numbers),
        "number_cells": share(score.number_cells_right, score.number_cells),
        "header_rows": share(score.header_rows_right, score.tables),
        "spans": share(score.spans_right, score.spans),
        "bold": share(score.bold_right, score.bold),
        "bold_false": score.bold_false,
        "faults": dict(score.faults.most_common()),
    }


def main() -> None:
    """Prints a line a document, the sums and the faults by kind, and writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", type=Path, help="LaTeX folders or files; those of the project if none")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "reading_gold.json")
    parser.add_argument("--examples", action="store_true", help="print both forms of every table that differs")
    options = parser.parse_args()
    whole = Score()
    rows: list[dict[str, object]] = []
    left_out: list[dict[str, object]] = []
    for tex in options.sources or documents():
        found = measure(tex, options.examples)
        if isinstance(found, dict):
            left_out.append(found)
            print("; ".join(f"{k}: {v}" for k, v in found.items()))
            continue
        score, false = found
        whole.add(score)
        rows.append({"document": paper_name(tex), **figures(score), "tables_false": false, "examples": score.examples})
    keys = ("tables", "gold_cells", "cells", "same_index", "precision", "numbers_whole", "header_rows", "spans", "bold")
    heads = ("tables", "cells", "right", "index", "prec.", "numbers", "head", "spans", "bold")
    summary = figures(whole)
    printed = [[str(r["document"]), *(_cell(r[k]) for k in keys)] for r in rows]
    print_table(("document", *heads), [*printed, ["all", *(_cell(summary[k]) for k in keys)]])
    print()
    print_table(("fault", "cells"), whole.faults.most_common())
    for name, target in TARGETS.items():
        print(f"{name}: {_cell(summary[name])}, target {target}")
    summary = {"documents": len(rows), "left_out": len(left_out), **summary, "targets": TARGETS}
    write_result(options.out, summary, documents=rows, left_out=left_out)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-" if value is None else str(value)


if __name__ == "__main__":
    main()
