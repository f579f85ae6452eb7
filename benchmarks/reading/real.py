"""Reading 55 real PDFs: captions with a grid, numbers whole, gold scores found, beside other readers in the same run.

    python -m benchmarks.reading.real [--limit N] [--no-rivals] [--others PYTHON | --others-from FILE] [--out FILE]
    python -m benchmarks.reading.real --judged [--sheet FOLDER]

A number counts as intact when a token of digits that pdfium's own text prints inside a table's box stands whole in a
cell of that table; `cells_merged` counts cells that hold two numbers with nothing but a space between them. Tables
that were not found have no box: `captions_with_grid` says how many those are. `captions` are those that claimcheck
read, `captions_printed` the lines of pdfium's plain text that begin with "Table n:" or "Table n.".

A gold score (NLP-TDMS, gold.jsonl) counts where pdfium's plain text prints it as a number of its own; it is found in a
cell, or in a sentence. A cell in which it stands with nothing but white space between it and the next number is
counted apart: it does not say which row or column the score belongs to. Other readers see the same scores.

`--judged` prints what a person saw in two samples of forty tables beside their pages; `--sheet` draws them.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2

from benchmarks.common import RESULTS, data_folder, pdf_papers, percent, print_table, share, write_result
from benchmarks.reading import judged
from benchmarks.reading.rivals import READERS, Cells, dataset_cells, other_cells
from benchmarks.reading.sheet import write_sheet
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.pdf import read_pdf

NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w]|[.,]\d)|(?<![\w.])\.\d+(?!\w)")
MERGED = re.compile(r"\d\.\d+%?\s+[-−+]?\d*\.\d")
PRINTED_CAPTION = re.compile(r"^\s*(?:Table|TABLE)\s+([A-Z]?\.?\d+|[IVX]+)\s?[:.](?!\d)", re.MULTILINE)
COLUMNS = {
    "pages": "pages",
    "captions": "capt.",
    "captions_with_grid": "grid",
    "tables": "tables",
    "numbers_printed": "numbers",
    "numbers_intact": "intact",
    "gold_printed": "gold",
    "gold_in_cell": "in cell",
    "gold_in_sentence": "in sent.",
    "cpu_seconds": "CPU s",
}
CAPTION_TARGET, GOLD_TARGET = 0.95, 0.92


@dataclass(frozen=True)
class GoldPaper:
    """The scores and the tables that the data set has for a paper."""

    scores: tuple[str, ...] = ()
    tables: Sequence[dict[str, Any]] = ()


@dataclass
class Found:
    """How many of the printed gold scores a reader has in cells."""

    gold_in_cell: int = 0
    gold_not_run_together: int = 0  # of them in a cell where no other number is run together with them
    tables: int = 0
    papers_failed: int = 0
    seconds: float = 0.0
    version: str = ""
    errors: dict[str, int] = field(default_factory=dict)  # how many papers each

    def add(self, read: Cells, scores: Sequence[str]) -> None:
        """Takes in one paper."""
        places = [[c for c in read.cells if holds(c, s)] for s in scores]
        self.gold_in_cell += sum(map(bool, places))
        self.gold_not_run_together += sum(any(not MERGED.search(c) for c in p) for p in places)
        self.tables += read.tables
        self.seconds += read.seconds
        self.version = self.version or read.version
        self.papers_failed += bool(read.error)
        if read.error:
            self.errors[read.error] = self.errors.get(read.error, 0) + 1


def load_gold(path: Path) -> dict[str, GoldPaper]:
    """{paper: gold} of the papers that have a PDF, from gold.jsonl or gold.jsonl.xz."""
    data = path.read_bytes()
    found: dict[str, GoldPaper] = {}
    for line in (lzma.decompress(data) if path.suffix == ".xz" else data).splitlines():
        record = json.loads(line)
        if record["pdf"]:
            scores = (str(r["score"]).strip(" *%") for r in record["results"])
            found[Path(record["pdf"]).stem] = GoldPaper(tuple(scores), record["tables"] or ())
    return found


def holds(text: str, score: str) -> bool:
    """Whether a text prints the score as a number of its own."""
    return bool(score) and re.search(rf"(?<![\d.]){re.escape(score)}(?!\d|\.\d)", text) is not None


def plain_text(pdf: Any) -> str:
    """What pdfium reads from all pages, in its own order."""
    return "\n".join(page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf)


def printed_numbers(page: Any, table: Table) -> Counter[str]:
    """Numbers with a decimal point that pdfium prints in the table's box (whole words, read in pdfium's order)."""
    if table.box is None:
        return Counter()
    x0, top, x1, bottom = table.box
    height = page.get_height()
    text = page.get_textpage().get_text_bounded(x0 - 1, height - bottom - 1, x1 + 1, height - top + 1)
    return Counter(n for n in NUMBER.findall(text) if "." in n)


def cell_numbers(table: Table) -> Counter[str]:
    """Numbers with a decimal point in the table's cells."""
    return Counter(n for cell in own_cells([table]) for n in NUMBER.findall(cell) if "." in n)


def own_cells(tables: Iterable[Table]) -> Iterator[str]:
    """The texts of the cells, copies of spanning cells left out."""
    for table in tables:
        for row in table.grid:
            yield from (cell.text for cell in row if cell.origin is None and cell.text)


def measure(path: Path, gold: GoldPaper) -> tuple[dict[str, object], Document | None, list[str]]:
    """The figures of one PDF, what was read, and the gold scores that the PDF prints."""
    data = path.read_bytes()
    with pypdfium2.PdfDocument(data) as pdf:  # type: ignore[no-untyped-call]
        text = plain_text(pdf)
        scores = [s for s in gold.scores if holds(text, s)]
        start = time.process_time()
        try:
            document = read_pdf(data, Paper(id=path.stem))
        except ClaimcheckError as error:
            return {"paper": path.stem, "error": str(error)}, None, scores
        seconds = time.process_time() - start
        printed = intact = 0
        for table in document.tables:
            if table.page is not None and table.box is not None:
                expected = printed_numbers(pdf[table.page - 1], table)
                printed += expected.total()
                intact += (expected & cell_numbers(table)).total()
    labels = judged.labels_of(document)
    lines = set(PRINTED_CAPTION.findall(text))
    have = {t.number for t in document.tables if t.height and t.width}
    cells = list(own_cells(document.tables))
    in_cell = [s for s in scores if any(holds(c, s) for c in cells)]
    in_sentence = [s for s in scores if s not in in_cell and any(holds(x.text, s) for x in document.sentences)]
    row: dict[str, object] = {
        "paper": path.stem,
        "pages": document.pages,
        "sentences": len(document.sentences),
        "captions": len(labels),
        "captions_with_grid": sum(label in have for label in labels),
        "captions_printed": len(lines),
        "captions_printed_with_grid": len(lines & have),
        "tables": len(document.tables),
        "tables_without_caption": sum(t.label.startswith("#") for t in document.tables),
        "numbers_printed": printed,
        "numbers_intact": intact,
        "cells_merged": sum(bool(MERGED.search(c)) for c in cells),
        "gold_scores": len(gold.scores),
        "gold_printed": len(scores),
        "gold_in_cell": len(in_cell),
        "gold_in_sentence": len(in_sentence),
        "cpu_seconds": round(seconds, 3),
    }
    row["gold_lost"] = [s for s in scores if s not in in_cell and s not in in_sentence]
    row["captions_without_grid"] = sorted(lines - have)
    return row, document, scores


def summary_of(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """The sums of all papers and the shares that have a target."""
    read = [r for r in rows if "error" not in r]
    keys = [k for k, v in (read[0] if read else {}).items() if k != "paper" and not isinstance(v, list)]
    total = {k: sum(v for r in read if isinstance(v := r[k], int | float)) for k in keys}
    n: Counter[str] = Counter({k: v for k, v in total.items() if isinstance(v, int)})
    cpu = round(total.get("cpu_seconds", 0.0), 3)
    return {
        "papers": len(rows),
        "papers_read": len(read),
        **total,
        "cpu_seconds": cpu,
        "captions_with_grid_share": share(n["captions_with_grid"], n["captions"]),
        "captions_printed_with_grid_share": share(n["captions_printed_with_grid"], n["captions_printed"]),
        "numbers_intact_share": share(n["numbers_intact"], n["numbers_printed"]),
        "gold_in_cell_share": share(n["gold_in_cell"], n["gold_printed"]),
        "gold_found_share": share(n["gold_in_cell"] + n["gold_in_sentence"], n["gold_printed"]),
        "pages_per_cpu_second": round(n["pages"] / cpu, 1) if cpu else None,
    }


def show(rows: Sequence[dict[str, object]], figures: dict[str, object], found: dict[str, Found]) -> None:
    """Prints the papers, the figures with their targets, and the readers side by side."""
    print_table(("paper", *COLUMNS.values()), [[r["paper"], *map(r.get, COLUMNS)] for r in rows if "error" not in r])
    for r in rows:
        if "error" in r:
            print(f"failed: {r['paper']}: {r['error']}")
        for kind in ("gold_lost", "captions_without_grid"):
            if r.get(kind):
                print(f"{kind.replace('_', ' ')}: {r['paper']}: {r[kind]}")
    print()
    targets = {
        "captions_with_grid_share": CAPTION_TARGET,
        "captions_printed_with_grid_share": CAPTION_TARGET,
        "numbers_intact_share": None,
        "gold_in_cell_share": None,
        "gold_found_share": GOLD_TARGET,
    }
    shares = {k: v if isinstance(v := figures[k], float) else None for k in targets}
    print_table(("share", "measured", "target"), [[k, percent(shares[k]), percent(t)] for k, t in targets.items()])
    print(f"pages_per_cpu_second {figures['pages_per_cpu_second']}\n")
    printed = figures.get("gold_printed", 0)
    print_table(
        ("reader", "tables", f"of {printed} in a cell", "not run together", "s", "papers failed"),
        [
            [name, f.tables, f.gold_in_cell, f.gold_not_run_together, round(f.seconds, 1), f.papers_failed]
            for name, f in found.items()
        ],
    )
    for name, f in found.items():
        for error, count in f.errors.items():
            print(f"{name}: {count} papers: {error}")


def readers_of(path: Path, gold: GoldPaper, python: str) -> Iterator[tuple[str, Cells]]:
    """What the others make of a paper."""
    for reader in READERS:
        yield reader if reader == "pdfplumber" else f"camelot {reader}", other_cells(path, reader, python)
    yield "gold.jsonl", dataset_cells(gold.tables)


def earlier_readers(path: Path) -> dict[str, Found]:
    """The other readers' figures in a result of this benchmark: they do not change with claimcheck."""
    kept = json.loads(path.read_text(encoding="utf-8"))["readers"]
    return {name: Found(**figures) for name, figures in kept.items() if name != "claimcheck"}


def judge(papers: Sequence[Path], sheet: Path | None) -> None:
    """Prints what the judgements come to; draws the sheet into a folder where one is given."""
    found = [c for p in papers for c in judged.candidates(read_pdf(p.read_bytes(), Paper(id=p.stem)))]
    kept = judged.load()
    for name, sample in (("first", judged.draw(found)), ("second", judged.draw_second(found))):
        if sheet is not None:
            print(write_sheet(sheet / name, sample, {p.stem: p for p in papers}, kept))
        for t in sample:
            j = kept.get(t.key)
            if j is None or j.hash != t.hash or not j.right:
                said = "not looked at" if j is None else ", ".join(j.kinds) or "right"
                changed = " (changed since)" if j is not None and j.hash != t.hash else ""
                print(f"{t.paper} Table {t.label}: {said}{changed}")
        figures = judged.summary_of(sample, kept)
        print_table((f"{name} sample", ""), [[k, v] for k, v in figures.items() if k != "errors"])
        print_table(("errors", ""), [[k, v] for k, v in dict(figures["errors"]).items()])  # type: ignore[call-overload]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading.real", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument(
        "--no-rivals", action="store_true", help="leave pdfplumber and camelot out: seconds, not minutes"
    )
    parser.add_argument(
        "--others", default=sys.executable, metavar="PYTHON", help="an interpreter with pdfplumber and camelot-py"
    )
    parser.add_argument(
        "--others-from", type=Path, metavar="FILE", help="take the other readers' figures from an earlier result"
    )
    parser.add_argument("--judged", action="store_true", help="what a person saw in a sample of tables")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="with --judged: draw the sample into a folder")
    parser.add_argument("--out", type=Path, default=RESULTS / "reading_real.json", metavar="FILE")
    options = parser.parse_args(arguments)

    papers = pdf_papers(options.limit)
    if options.judged:
        judge(papers, options.sheet)
        return
    folder = data_folder() / "results" / "nlp-tdms"
    gold = load_gold(next(p for n in ("gold.jsonl", "gold.jsonl.xz") if (p := folder / n).exists()))
    rows: list[dict[str, object]] = []
    found = {"claimcheck": Found()}
    sampled = []
    for number, path in enumerate(papers, 1):
        print(f"\r{number} of {len(papers)} {path.name[:40]:<40}", end="", file=sys.stderr, flush=True)
        start = time.perf_counter()
        row, document, scores = measure(path, gold.get(path.stem, GoldPaper()))
        ours = (
            Cells(error=str(row["error"]))
            if document is None
            else Cells(len(document.tables), tuple(own_cells(document.tables)), time.perf_counter() - start)
        )
        found["claimcheck"].add(ours, scores)
        rows.append(row)
        if document is not None:
            sampled += judged.candidates(document)
        if not options.no_rivals and options.others_from is None:
            for name, read in readers_of(path, gold.get(path.stem, GoldPaper()), options.others):
                found.setdefault(name, Found()).add(read, scores)
    print(file=sys.stderr)
    figures = summary_of(rows)
    if options.others_from is not None:
        found |= earlier_readers(options.others_from)
    show(rows, figures, found)
    readers = {name: asdict(f) | {"seconds": round(f.seconds, 1)} for name, f in found.items()}
    kept = judged.load()
    by_eye = judged.summary_of(judged.draw(sampled), kept) if not options.limit else None
    second = judged.summary_of(judged.draw_second(sampled), kept) if not options.limit else None
    write_result(options.out, figures, readers=readers, judged=by_eye, judged_second=second, papers=rows)


if __name__ == "__main__":
    main()
