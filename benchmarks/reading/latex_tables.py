"""How right the cells of LaTeX tables are, against the generated documents' truth and tables transcribed by hand.

    python -m benchmarks.reading.latex_tables [--out benchmarks/results/reading_latex.json] [--faults]

A cell is right when the reader's grid has its text at the very same row and column; nothing is aligned. The share's
denominator is the truth's filled cells and the reader's filled cells where the truth has none; a cell that spans counts
in each place it covers. The transcribed tables were written down from the printed page: their files hold a hash for
each place and not the text, as the papers are not ours; their header counts as one row of whole names, as a page does
not show whether "train / steps" is one cell of two lines or two cells. `as_written` counts white space too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import data_folder, percent, print_table, share, write_result
from benchmarks.reading.generated import Generated, documents
from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.latex import read_latex

HERE = Path(__file__).parent
TARGET = 0.99
_DASHES = str.maketrans({**dict.fromkeys("‐‑‒–—−", "-"), "∗": "*", "⋆": "*", "ε": "ϵ", "⋯": "…"})


def normal(text: str) -> str:
    """A cell's text for comparison: one form of dash, star and quote, no braces, carets or underscores, no white space.

    A page shows a raised or lowered letter and no caret; how wide the space around an operator is, no eye can tell.
    """
    text = unicodedata.normalize("NFKC", text.replace("⋯", "...").replace("…", "...")).translate(_DASHES)
    text = re.sub(r"[‘’]", "'", re.sub(r"[“”]", '"', text))
    text = re.sub(r"-{2,}", "-", re.sub(r"[{}^_]", "", text))
    return re.sub(r"\s+", "", text)


def spaced(text: str) -> str:
    """A text with one form of dash and single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())


def place_hash(paper: str, label: str, place: str, text: str) -> str:
    """16 hex digits that say whether a text stands at a place ("3,1", "caption") without saying the text."""
    return hashlib.sha256("\n".join((paper, label, place, normal(text))).encode()).hexdigest()[:16]


@dataclass
class Counts:
    """What was right in one document or set."""

    tables: int = 0
    found: int = 0  # tables with the label
    cells: int = 0
    right: int = 0
    as_written: int = 0
    shapes: int = 0
    headers: int = 0
    captions: int = 0
    captioned: int = 0  # tables whose caption is compared
    bold: int = 0  # bold or underlined places of the truth and of the reader, together
    bold_right: int = 0
    sentences: int = 0
    sentences_right: int = 0
    extra_tables: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Adds another's counts."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def figures(self) -> dict[str, object]:
        """The counts and their shares, for JSON."""
        counts: dict[str, object] = {k: v for k, v in vars(self).items() if k != "faults"}
        return {
            "cells_share": share(self.right, self.cells),
            "as_written_share": share(self.as_written, self.cells) if self.as_written else None,
            "headers_share": share(self.headers, self.tables),
            "bold_share": share(self.bold_right, self.bold),
            **counts,
        }


Filled = Callable[[int, int], bool]
Right = Callable[[int, int, str], bool]


def count_cells(
    texts: Sequence[Sequence[str]], height: int, width: int, filled: Filled, right: Right, name: str
) -> tuple[int, int, list[str]]:
    """(cells counted, cells right, faults) of one table as read; the truth has `height` rows of `width` columns, and
    `filled` and `right` tell what it has at a place.
    """
    counted = matched = 0
    faults: list[str] = []
    rows = max(height, len(texts))
    columns = max(width, len(texts[0]) if texts else 0)
    for r in range(rows):
        for c in range(columns):
            inside = r < height and c < width
            text = texts[r][c] if r < len(texts) and c < len(texts[0]) else ""
            if not (inside and filled(r, c)) and not normal(text):
                continue
            counted += 1
            if inside and right(r, c, text):
                matched += 1
            elif len(faults) < 6:
                faults.append(f"{name} row {r + 1}, column {c + 1}: read {text!r}")
    return counted, matched, faults


def _folded(table: Table) -> list[list[str]]:
    """The header as one row of whole names ("BLEU EN-DE"), then the body."""
    top = table.header_rows
    header = []
    for c in range(table.width):
        cells = [row[c] for r, row in enumerate(table.grid[:top])]
        parts = [x.text for r, x in enumerate(cells) if x.text and not (r and x.text == cells[r - 1].text)]
        header.append(" ".join(parts))
    return [header, *([x.text for x in row] for row in table.grid[top:])]


def document_counts(document: Generated) -> Counts:
    """The counts of one generated document."""
    read = read_latex(document.files(), Paper(id=document.name), main="main.tex")
    counts = Counts(extra_tables=max(0, len(read.tables) - len(document.tables)))
    for truth in document.tables:
        table = read.table(truth.label)
        rows = truth.rows
        name = f"{document.name}, Table {truth.label}:"
        shown = [[cell.text for cell in row] for row in table.grid] if table else []
        counts.tables += 1
        counts.captioned += 1
        counts.found += table is not None

        def filled(r: int, c: int, rows: Sequence[Sequence[str]] = rows) -> bool:
            return bool(normal(rows[r][c]))

        def right(r: int, c: int, text: str, rows: Sequence[Sequence[str]] = rows) -> bool:
            return normal(rows[r][c]) == normal(text)

        def written(r: int, c: int, text: str, rows: Sequence[Sequence[str]] = rows) -> bool:
            return spaced(rows[r][c]) == spaced(text)

        cells, matched, faults = count_cells(shown, len(rows), len(rows[0]), filled, right, name)
        counts.cells += cells
        counts.right += matched
        counts.faults += faults
        _, exact, odd = count_cells(shown, len(rows), len(rows[0]), filled, written, name)
        counts.as_written += exact
        counts.faults += [f + " (white space)" for f in odd if f not in faults]
        if table is None:
            counts.faults.append(f"{name} missing; there are {', '.join(t.label for t in read.tables)}")
            continue
        counts.shapes += (table.height, table.width) == (len(rows), len(rows[0]))
        counts.headers += table.header_rows == truth.header_rows
        if table.header_rows != truth.header_rows:
            counts.faults.append(f"{name} {table.header_rows} header rows, not {truth.header_rows}")
        counts.captions += spaced(table.caption) == spaced(truth.caption)
        if spaced(table.caption) != spaced(truth.caption):
            counts.faults.append(f"{name} caption {table.caption!r}")
        for look, wanted in (("bold", truth.bold), ("underline", truth.underline)):
            got = {(r, c) for r, row in enumerate(table.grid) for c, x in enumerate(row) if getattr(x, look) and x.text}
            counts.bold += len(got | wanted)
            counts.bold_right += len(got & wanted)
            counts.faults += [f"{name} {look} at {sorted(got ^ wanted)[:4]}"] if got != wanted else []
    texts = [spaced(s.text) for s in read.sentences]
    for sentence in document.sentences:
        counts.sentences += 1
        counts.sentences_right += spaced(sentence) in texts
        if spaced(sentence) not in texts:
            counts.faults.append(f"{document.name}: not read as a sentence: {sentence}")
    return counts


def transcribed_counts() -> dict[str, Counts]:
    """The counts of each transcribed table; {} where the papers are not there."""
    out: dict[str, Counts] = {}
    folder = data_folder() / "papers" / "latex"
    read: dict[str, Document] = {}
    for path in sorted((HERE / "transcribed").glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        paper, label = truth["paper"], truth["label"]
        source = folder / paper
        if not source.is_dir():
            print(f"{paper}: no source in {folder}", file=sys.stderr)
            continue
        if paper not in read:
            files = {p.relative_to(source).as_posix(): p.read_bytes() for p in source.rglob("*") if p.is_file()}
            read[paper] = read_latex(files, Paper(id=paper))
        table = read[paper].table(label)
        name = f"{paper}, Table {label}:"
        counts = Counts(tables=1, found=int(table is not None))
        header: list[str] = truth["header"]
        body: list[list[str]] = truth["body"]
        rows = [header, *body]
        shown = _folded(table) if table is not None else []

        def filled(r: int, c: int, rows: list[list[str]] = rows) -> bool:
            return bool(rows[r][c])

        def right(
            r: int, c: int, text: str, rows: list[list[str]] = rows, paper: str = paper, label: str = label
        ) -> bool:
            place = f"header,{c}" if r == 0 else f"{r - 1},{c}"
            return rows[r][c] == (place_hash(paper, label, place, text) if normal(text) else "")

        counts.cells, counts.right, counts.faults = count_cells(shown, len(rows), len(header), filled, right, name)
        if table is not None:
            counts.shapes = counts.headers = int((len(shown), len(shown[0])) == (len(rows), len(header)))
            if truth["caption"]:
                counts.captioned = 1
                counts.captions = int(place_hash(paper, label, "caption", table.caption) == truth["caption"])
                counts.faults += [] if counts.captions else [f"{name} caption {table.caption!r}"]
            top = table.header_rows
            got = {(r, c) for r, row in enumerate(table.grid[top:]) for c, x in enumerate(row) if x.bold and x.text}
            wanted = {(r, c) for r, c in truth["bold"]}
            counts.bold, counts.bold_right = len(got | wanted), len(got & wanted)
            counts.faults += [f"{name} bold at {sorted(got ^ wanted)[:4]}"] if got != wanted else []
        out[path.stem] = counts
    return out


def main() -> None:
    """Measures both sets, prints a table and writes JSON; exit code 1 where the cells miss their target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the figures go; without it none are written")
    parser.add_argument("--faults", action="store_true", help="print each fault")
    arguments = parser.parse_args()
    sets = {"generated": {d.name: document_counts(d) for d in documents()}, "transcribed": transcribed_counts()}
    totals: dict[str, Counts] = {}
    rows: list[list[object]] = []
    for title, parts in sets.items():
        total = totals[title] = Counts()
        for name, counts in parts.items():
            total.add(counts)
            rows.append(_row(name, counts))
        rows.append(_row(f"all {title}", total))
    print_table(
        ("document", "tables", "cells", "right", "share", "shape", "header", "caption", "look", "sentences"), rows
    )
    if arguments.faults:
        print(*(f for total in totals.values() for f in total.faults), sep="\n")
    if arguments.out:
        write_result(
            arguments.out,
            {title: total.figures() for title, total in totals.items()},
            documents={t: {n: c.figures() for n, c in parts.items()} for t, parts in sets.items()},
            faults=totals["generated"].faults,
        )
    if any(total.cells and total.right < TARGET * total.cells for total in totals.values()):
        raise SystemExit(1)


def _row(name: str, counts: Counts) -> list[object]:
    return [
        name,
        counts.tables,
        counts.cells,
        counts.right,
        percent(share(counts.right, counts.cells)),
        f"{counts.shapes}/{counts.tables}",
        f"{counts.headers}/{counts.tables}",
        f"{counts.captions}/{counts.captioned}",
        f"{counts.bold_right}/{counts.bold}",
        f"{counts.sentences_right}/{counts.sentences}",
    ]


if __name__ == "__main__":
    main()
