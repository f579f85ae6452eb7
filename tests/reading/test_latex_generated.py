"""The thirty documents of the benchmark: every table where their truth says it is."""

from __future__ import annotations

import json

import pytest

from benchmarks.reading.generated import FOLDER, Generated, documents
from benchmarks.reading.latex_tables import document_counts, normal, place_hash
from claimcheck.foundation.records import Paper
from claimcheck.reading.latex import read_latex


@pytest.mark.parametrize("document", documents(), ids=lambda d: d.name)
def test_document_is_read_as_its_truth_says(document: Generated) -> None:
    counts = document_counts(document)
    assert [f for f in counts.faults if not f.endswith("(white space)")] == []
    assert counts.right == counts.cells > 0
    assert counts.headers == counts.captions == counts.tables
    assert counts.extra_tables == 0


def test_a_wrong_cell_is_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("documents") / "01"
    folder.mkdir()
    source = FOLDER / "01-booktabs-partial-rules"
    (folder / "main.tex").write_text((source / "main.tex").read_text().replace("70.4", "70.5").replace("91.3", ""))
    (folder / "truth.json").write_text((source / "truth.json").read_text())
    counts = document_counts(documents(folder.parent)[0])
    assert (counts.cells, counts.right) == (62, 60)


def test_truth_is_rectangular_and_its_places_exist() -> None:
    for document in documents():
        for table in document.tables:
            assert len({len(row) for row in table.rows}) == 1
            assert all(r < len(table.rows) and c < len(table.rows[0]) for r, c in table.bold | table.underline)


def test_thirty_documents_in_both_layouts() -> None:
    found = documents()
    assert len(found) == 30
    assert sum(d.columns == 2 for d in found) >= 12
    for document in found:
        assert read_latex(document.files(), Paper(id="p"), main="main.tex").sentences


def test_transcribed_tables_hold_no_text() -> None:
    files = sorted((FOLDER.parents[1] / "transcribed").glob("*.json"))
    assert len(files) == 10
    for path in files:
        truth = json.loads(path.read_text())
        hashes = [h for row in [truth["header"], *truth["body"]] for h in row if h]
        assert all(len(h) == 16 and set(h) <= set("0123456789abcdef") for h in hashes)


def test_hashes_know_place_and_forms_of_a_text() -> None:
    assert place_hash("p", "1", "0,0", "−3.2") == place_hash("p", "1", "0,0", "-3.2")
    assert place_hash("p", "1", "0,0", "3.2") != place_hash("p", "1", "0,1", "3.2")
    assert normal("85.3 ± 0.2") == normal("85.3±0.2")
