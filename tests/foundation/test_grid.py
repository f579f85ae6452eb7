"""What a grid says about itself: header rows, stub columns, groups of rows, spanning headers."""

from __future__ import annotations

from claimcheck.foundation.grid import (
    column_paths,
    find_header_rows,
    find_stub_columns,
    is_group_row,
    padded,
    row_paths,
)
from claimcheck.foundation.records import Cell, Table


def cells(*rows: list[str]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(Cell(text=t) for t in row) for row in rows)


PLAIN = cells(["Model", "F1", "EM"], ["BERT", "89.2", "80.1"], ["FSR", "91.3", "84.0"])
TWO_HEADERS = cells(
    ["", "SQuAD", "", "MNLI", ""],
    ["Model", "F1", "EM", "Acc", "F1"],
    ["BERT", "89.2", "80.1", "82.5", "81.0"],
    ["FSR", "91.3", "84.0", "84.0", "83.0"],
)


def test_ragged_rows_are_filled_with_empty_cells() -> None:
    assert [[c.text for c in row] for row in padded(cells(["a"], ["b", "c"]))] == [["a", ""], ["b", "c"]]
    assert padded([]) == ()


def test_header_rows_end_before_the_first_results() -> None:
    assert find_header_rows(PLAIN) == 1
    assert find_header_rows(TWO_HEADERS) == 2
    assert find_header_rows(cells(["BERT", "89.2"], ["FSR", "91.3"])) == 0
    assert find_header_rows(cells(["Model", "Kind"], ["FSR", "neural"])) == 1
    assert find_header_rows(()) == 0


def test_a_row_of_years_is_a_header() -> None:
    assert find_header_rows(cells(["System", "2012", "2013"], ["FSR", "81.3", "84.0"])) == 1


def test_stub_columns_name_the_rows() -> None:
    assert find_stub_columns(PLAIN, 1) == 1
    two = cells(["Group", "Model", "F1"], ["old", "CRF", "80.1"], ["new", "FSR", "91.3"])
    assert find_stub_columns(two, 1) == 2
    counted = cells(["Layers", "F1"], ["6", "80.1"], ["12", "84.5"])
    assert find_stub_columns(counted, 1) == 1


def test_a_group_row_names_the_rows_below_it() -> None:
    grid = cells(["Model", "F1"], ["Single models", ""], ["BERT", "89.2"], ["Ensembles", ""], ["FSR", "91.3"])
    assert [is_group_row(row) for row in grid[1:]] == [True, False, True, False]
    assert row_paths(grid, 1, 1) == (
        (),
        ("Single models",),
        ("Single models", "BERT"),
        ("Ensembles",),
        ("Ensembles", "FSR"),
    )


def test_a_blank_stub_before_a_filled_one_goes_on_with_the_one_above() -> None:
    grid = cells(["Data", "Model", "F1"], ["SQuAD", "BERT", "89.2"], ["", "FSR", "91.3"], ["", "", "70.0"])
    assert row_paths(grid, 1, 2) == ((), ("SQuAD", "BERT"), ("SQuAD", "FSR"), ())


def test_a_header_over_several_columns() -> None:
    assert column_paths(TWO_HEADERS, 2) == (
        ("Model",),
        ("SQuAD", "F1"),
        ("SQuAD", "EM"),
        ("MNLI", "Acc"),
        ("MNLI", "F1"),
    )


def test_marked_spans_leave_blanks_blank() -> None:
    grid = (
        (Cell(), Cell(text="SQuAD"), Cell(text="SQuAD", origin=(0, 1)), Cell()),
        *cells(["Model", "F1", "EM", "Size"], ["BERT", "89.2", "80.1", "110"]),
    )
    assert column_paths(grid, 2) == (("Model",), ("SQuAD", "F1"), ("SQuAD", "EM"), ("Size",))


def test_a_table_names_its_rows_columns_and_body() -> None:
    table = Table.from_grid(TWO_HEADERS, label="3")
    assert (table.header_rows, table.stub_columns) == (2, 1)
    assert (table.row_name(3), table.column_name(2)) == ("FSR", "SQuAD > EM")
    assert [(r, c, cell.text) for r, c, cell in table.body()][:2] == [(2, 1, "89.2"), (2, 2, "80.1")]
