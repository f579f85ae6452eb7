"""The benchmark on real papers on small inputs: gold scores, what others find, the lottery, judgements, the sheet."""

from __future__ import annotations

import dataclasses
import json
import lzma
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks is no part of the installed package

from benchmarks.reading import judged, real, rivals, sheet  # noqa: E402
from claimcheck.foundation.records import Cell, Document, Paper, Sentence, Table  # noqa: E402

PDF = ROOT / "tests" / "data" / "sample" / "paper.pdf"


def table(label: str = "1", value: str = "85.3", page: int | None = None) -> Table:
    grid = [[Cell(text="Model"), Cell(text="F1")], [Cell(text="A"), Cell(text=value)]]
    return Table.from_grid(grid, "Scores.", label, page=page)


def sampled(label: str = "1", value: str = "85.3") -> judged.Sampled:
    return judged.Sampled("p", label, table(label, value), 1)


@pytest.mark.parametrize(
    ("text", "score", "expected"),
    [
        ("an F1 of 85.3.", "85.3", True),
        ("85.3/91.2", "85.3", True),
        ("85.31", "85.3", False),
        ("185.3", "85.3", False),
        ("1.85", "85", False),
        ("85", "85", True),
        ("nothing", "", False),
    ],
)
def test_a_score_is_a_number_of_its_own(text: str, score: str, expected: bool) -> None:
    assert real.holds(text, score) is expected


@pytest.mark.parametrize("packed", [True, False])
def test_gold_of_papers_with_a_pdf(tmp_path: Path, packed: bool) -> None:
    records = [
        {"pdf": None, "results": [{"score": "1.0"}], "tables": None},
        {"pdf": "pdf/a.pdf", "results": [{"score": "85.3*"}, {"score": " 84 %"}], "tables": [{"numberCells": []}]},
    ]
    data = "\n".join(map(json.dumps, records)).encode()
    path = tmp_path / ("gold.jsonl.xz" if packed else "gold.jsonl")
    path.write_bytes(lzma.compress(data) if packed else data)
    assert real.load_gold(path) == {"a": real.GoldPaper(("85.3", "84"), [{"numberCells": []}])}


def test_cells_run_together_are_counted_apart() -> None:
    found = real.Found()
    found.add(rivals.Cells(2, ("85.3\n84.1", "A"), 1.0), ["85.3", "84.1", "70.0"])
    found.add(rivals.Cells(1, ("85.3 ± 0.2", "81.0/82.0"), 1.0), ["85.3", "82.0"])
    found.add(rivals.Cells(error="not installed"), [])
    assert (found.gold_in_cell, found.gold_not_run_together, found.tables, found.papers_failed) == (4, 2, 3, 1)
    assert found.errors == {"not installed": 1}


def test_other_readers_figures_are_taken_from_an_earlier_result(tmp_path: Path) -> None:
    found = real.Found(gold_in_cell=3, tables=2, seconds=1.5, version="x 1.0", errors={"lost": 1})
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"readers": {"claimcheck": {}, "x": dataclasses.asdict(found)}}))
    assert real.earlier_readers(path) == {"x": found}


def test_tables_of_the_data_set() -> None:
    tables: list[dict[str, object]] = [{"numberCells": [{"number": "85.3"}, {"number": 84}]}, {"caption": "no cells"}]
    assert rivals.dataset_cells(tables) == rivals.Cells(2, ("85.3", "84"))


def test_a_reader_that_is_not_installed_is_an_error(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    assert rivals.other_cells(PDF, "lattice", str(python)).error == "not installed"
    assert rivals.other_cells(PDF, "lattice", str(tmp_path / "none")).error == "FileNotFoundError"


def test_measure_the_sample_paper() -> None:
    row, document, scores = real.measure(PDF, real.GoldPaper(("82.7", "83.7", "99.99")))
    assert document is not None
    assert scores == ["82.7", "83.7"]
    assert (row["captions"], row["captions_with_grid"], row["captions_printed_with_grid"]) == (3, 3, 3)
    assert (row["gold_in_cell"], row["gold_in_sentence"], row["gold_lost"]) == (1, 1, [])
    assert row["numbers_intact"] == row["numbers_printed"]
    figures = real.summary_of([row, {"paper": "q", "error": "no text"}])
    assert (figures["papers"], figures["papers_read"], figures["gold_found_share"]) == (2, 1, 1.0)
    assert "gold_lost" not in figures


def test_candidates_hold_captions_without_a_table() -> None:
    sentences = tuple(Sentence(text=f"Table {n}: It is.", kind="caption", page=n) for n in (1, 2))
    document = Document(paper=Paper(id="p"), sentences=sentences, tables=(table("1", page=1), table("#1", page=3)))
    assert [(c.label, c.page, c.table is None) for c in judged.candidates(document)] == [
        ("1", 1, False),
        ("#1", 3, False),
        ("2", 2, True),
    ]


def test_a_table_that_comes_moves_no_other_in_the_lottery() -> None:
    tables = [sampled(str(n)) for n in range(50)]
    first = [t.label for t in judged.draw(tables, 10)]
    assert first == [t.label for t in judged.draw(reversed(tables), 10)]
    assert first[:9] == [t.label for t in judged.draw([t for t in tables if t.label != first[9]], 9)]


def test_a_judgement_holds_for_its_grid_only(tmp_path: Path) -> None:
    right, wrong, changed = sampled("1"), sampled("2"), sampled("3")
    records: list[dict[str, object]] = [
        {"paper": "p", "table": "1", "hash": right.hash, "judgement": "right"},
        {"paper": "p", "table": "2", "hash": wrong.hash, "judgement": ["header", "text"]},
        {"paper": "p", "table": "3", "hash": sampled("3", "85.4").hash, "judgement": "right"},
    ]
    path = tmp_path / "judged.json"
    path.write_text(json.dumps(records))
    assert judged.summary_of([right, wrong, changed, sampled("4")], judged.load(path)) == {
        "drawn": 4,
        "judged": 2,
        "changed_since": 1,
        "right": 1,
        "right_share": 0.5,
        "errors": {"header": 1, "text": 1},
    }
    for said in ("wrong", [], ["nonsense"]):
        path.write_text(json.dumps([{**records[0], "judgement": said}]))
        with pytest.raises(ValueError, match="a judgement is"):
            judged.load(path)


def test_the_kept_judgements_are_forty_and_hold_no_text() -> None:
    records = json.loads(judged.JUDGED.read_text(encoding="utf-8"))
    assert len(judged.load()) == len(records) >= judged.SIZE
    assert all(set(r) == {"paper", "table", "hash", "judgement"} for r in records)


def test_the_sheet_shows_page_and_grid(tmp_path: Path) -> None:
    row, document, _ = real.measure(PDF, real.GoldPaper())
    assert document is not None, row
    sample = judged.draw(judged.candidates(document), 2)
    index = sheet.write_sheet(tmp_path / "sheet", sample, {document.paper.id: PDF}, {})
    assert index.read_text(encoding="utf-8").count("not looked at") == 2
    assert (tmp_path / "sheet" / "02.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="outside the repository"):
        sheet.write_sheet(ROOT / "benchmarks" / "sheet", sample, {}, {})
