"""Thirty LaTeX documents of our own, one folder each, and beside each what a reader should find in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class TruthTable:
    """A table as it is meant: `rows` has a text for every place, that of a spanning cell in each place it covers.

    `bold` and `underline` are (row, column) places; of a spanning cell each place counts.
    """

    label: str
    caption: str
    header_rows: int
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[tuple[int, int]]
    underline: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Generated:
    """A document, the features of LaTeX in it, and its truth; `columns` is 1 or 2."""

    name: str
    folder: Path
    features: tuple[str, ...]
    columns: int
    compiles: bool
    tables: tuple[TruthTable, ...]
    sentences: tuple[str, ...]

    def files(self) -> dict[str, bytes]:
        """The LaTeX files by their path inside the folder."""
        found = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name != "truth.json")
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}


def documents(folder: Path = FOLDER) -> list[Generated]:
    """The documents by name."""
    return [_document(path.parent) for path in sorted(folder.glob("*/truth.json"))]


def _document(folder: Path) -> Generated:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    tables = tuple(
        TruthTable(
            label=t["label"],
            caption=t["caption"],
            header_rows=t["header_rows"],
            rows=tuple(map(tuple, t["rows"])),
            bold=frozenset((r, c) for r, c in t["bold"]),
            underline=frozenset((r, c) for r, c in t["underline"]),
        )
        for t in truth["tables"]
    )
    return Generated(
        name=folder.name,
        folder=folder,
        features=tuple(truth["features"]),
        columns=truth["columns"],
        compiles=truth["compiles"],
        tables=tables,
        sentences=tuple(truth["sentences"]),
    )
