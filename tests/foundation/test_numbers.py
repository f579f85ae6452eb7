"""Printed numbers: which cells are number cells, their value, digits, spread and half-width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.numbers import cell_numbers, is_blank, is_numeric, parse_digits


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("85.3", [85.3]),
        ("85.3%", [85.3]),
        ("85.3 ± 0.2", [85.3]),
        ("85.3 \\pm 0.2", [85.3]),
        ("77.7 (0.3)", [77.7]),
        ("77.7 (80.1)", [77.7, 80.1]),
        ("60.7/42.1", [60.7, 42.1]),
        ("77.7*", [77.7]),
        ("↑ 85.3", [85.3]),
        ("12.5M", [12.5e6]),
        ("3K", [3e3]),
        ("1,234.5", [1234.5]),
        (".75", [0.75]),
        ("+2.1", [2.1]),
        ("-0.4", [-0.4]),
        ("−0.4", [-0.4]),
    ],
)
def test_number_cells(text: str, values: list[float]) -> None:
    assert [n.value for n in cell_numbers(text)] == values
    assert is_numeric(text)


@pytest.mark.parametrize("text", ["BERT-24", "3-layer", "Model 2", "nan", "inf", "", "-", "1 2 3 4 5 6", "9" * 61])
def test_words_and_names_are_no_number_cells(text: str) -> None:
    assert cell_numbers(text) == ()
    assert not is_numeric(text)


def test_spread_percent_and_sign_are_kept_beside_the_value() -> None:
    [number] = cell_numbers("85.30 ± 0.2")
    assert (number.text, number.decimals, number.spread) == ("85.30", 2, 0.2)
    assert number.half_width == pytest.approx(0.005)
    assert cell_numbers("77.7 (0.3)")[0].spread == 0.3
    assert cell_numbers("77.7 (80.1)")[0].spread is None
    assert [cell_numbers(x)[0].percent for x in ("85.3%", "85.3 %", "85.3")] == [True, True, False]
    assert [cell_numbers(x)[0].signed for x in ("+2.1", "-2.1", "2.1")] == [True, True, False]


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "N/A", "nan", "✓", "?"])
def test_blank_cells(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["0", "none of it", "85.3"])
def test_cells_that_are_not_blank(text: str) -> None:
    assert not is_blank(text)


@given(st.decimals(min_value=0, max_value=999_999, places=2), st.booleans())
def test_what_is_printed_is_read_back(number: object, grouped: bool) -> None:
    text = f"{number:,}" if grouped else str(number)
    assert parse_digits(text) == (float(str(number)), 2)
    [read] = cell_numbers(text)
    assert (read.value, read.text) == (float(str(number)), text)


@given(st.text(max_size=70))
def test_any_cell_is_read(text: str) -> None:
    assert len(cell_numbers(text)) <= 4
