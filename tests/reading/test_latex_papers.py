"""Real LaTeX sources beside the repository: shapes, headers and cells checked against the printed pages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claimcheck.foundation.records import Document, Paper
from claimcheck.reading.latex import read_latex

DATA = Path(os.environ.get("CLAIMCHECK_DATA", Path(__file__).parents[3] / "shared" / "data")) / "papers" / "latex"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no LaTeX sources in {DATA}")


def read(name: str) -> Document:
    folder = DATA / name
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return read_latex(files, Paper(id=name))


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("1706.03762", {"1": (6, 4, 2), "2": (12, 5, 2), "3": (22, 13, 2), "4": (13, 3, 1)}),
        ("2305.03393", {"1": (10, 8, 2), "2": (8, 7, 2)}),
        ("2501.00089", {"1": (7, 4, 1), "2": (7, 5, 2)}),
        ("zest", {"1": (16, 5, 2), "2": (14, 5, 2), "3": (6, 3, 2), "4": (13, 5, 2)}),
        (
            "ilm-2005.05339",
            {"1": (5, 5, 1), "2": (2, 5, 1), **{str(i): (9, 4, 1) for i in range(3, 9)}, "9": (9, 2, 1)},
        ),
    ],
)
def test_shapes_and_headers(name: str, shapes: dict[str, tuple[int, int, int]]) -> None:
    assert {t.label: (t.height, t.width, t.header_rows) for t in read(name).tables} == shapes


def test_cells_are_named_as_printed() -> None:
    table = read("1706.03762").table("3")
    assert table is not None
    cell = next((r, c) for r, c, x in table.body() if x.text == "26.4")
    assert (table.row_name(cell[0]), table.column_name(cell[1])) == ("big", "BLEU > (dev)")
    assert table.grid[cell[0]][cell[1]].bold


def test_prose_is_readable() -> None:
    texts = [s.text for s in read("1706.03762").sentences if s.kind not in ("reference",)]
    assert not [t for t in texts if "\\" in t or "??" in t]
    assert any(t.startswith("Our model achieves 28.4 BLEU on the WMT 2014 English-to-German") for t in texts)
