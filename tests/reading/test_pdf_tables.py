"""What the PDF reader makes of tables: cells, headers and spans, captions and labels, and text that stays text."""

from __future__ import annotations

import pytest

from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.pdf import read_pdf
from tests.reading.pdf_writer import PageWriter, write_pdf

BODY = [
    "The text around the table fills the measure of the page, so that nobody takes it for a row of",
    "cells. It says what the experiment is about, and it goes on for several lines as text does in a",
    "paper. Table 2 is mentioned here as well, in the middle of a line, which makes no caption of it.",
    "Table 2 shows the same again at the beginning of a line, and that is no caption either, for text.",
]
XS = (80.0, 220.0, 280.0, 340.0, 400.0)


def read(*pages: PageWriter, tables: bool = True) -> Document:
    return read_pdf(write_pdf(*pages), Paper(id="sample"), tables=tables)


def grid(table: Table) -> list[list[str]]:
    return [[c.text for c in row] for row in table.grid]


def booktabs(y: float = 100, label: str = "2", caption_above: bool = False) -> PageWriter:
    """Two levels of headers over four number columns, a group row, one bold cell."""
    page = PageWriter()
    if caption_above:
        page.text(150, y - 16, f"Table {label}: Results on two languages.", 9)
    page.rule(76, 440, y, 1.0)
    page.text(235, y + 12, "German", 9).text(357, y + 12, "Chinese", 9)
    page.rule(218, 310, y + 15, 0.4).rule(338, 430, y + 15, 0.4)
    page.row(XS, y + 26, ("Model", "F1", "EM", "F1", "EM"), 9)
    page.rule(76, 440, y + 30)
    page.row(XS, y + 42, ("BERT large", "85.3", "79.1", "66.20", "1,024"), 9)
    page.row(XS, y + 54, ("XLM-R (ours)", "", "80.4 ", "77.70 \xb1 0.25", "12.5%"), 9).text(220, y + 54, "86.1", 9, "B")
    page.rule(76, 440, y + 60, 1.0)
    if not caption_above:
        page.text(150, y + 78, f"Table {label}: Results on two languages.", 9)
    page.paragraph(72, y + 110, BODY)
    return page


@pytest.mark.parametrize("above", [False, True])
def test_booktabs_table_with_spanning_headers(above: bool) -> None:
    document = read(booktabs(caption_above=above))
    (table,) = document.tables
    assert grid(table) == [
        ["Model", "German", "German", "Chinese", "Chinese"],
        ["Model", "F1", "EM", "F1", "EM"],
        ["BERT large", "85.3", "79.1", "66.20", "1,024"],
        ["XLM-R (ours)", "86.1", "80.4", "77.70 ± 0.25", "12.5%"],
    ]
    assert (table.label, table.header_rows, table.stub_columns) == ("2", 2, 1)
    assert table.caption == "Table 2: Results on two languages."
    assert table.column_path(4) == ("Chinese", "EM")
    assert table.grid[0][2].origin == (0, 1)
    assert [c.bold for c in table.grid[3]] == [False, True, False, False, False]


def test_cells_and_tables_have_their_place() -> None:
    (table,) = read(booktabs()).tables
    assert table.page == 1
    assert table.box == pytest.approx((76, 99, 440, 160), abs=3)
    cell = table.grid[2][1]
    assert cell.box is not None
    assert cell.box[0] == pytest.approx(220, abs=1)
    assert cell.box[1] < 142 - 4 < cell.box[3]


def test_table_cells_are_no_sentences_and_captions_are() -> None:
    document = read(booktabs())
    body = " ".join(s.text for s in document.sentences if s.kind != "caption")
    assert "85.3" not in body
    assert "German" not in body
    assert [s.text for s in document.sentences if s.kind == "caption"] == ["Table 2: Results on two languages."]
    assert "Table 2 shows the same again" in body


def test_tables_can_be_left_out() -> None:
    document = read(booktabs(), tables=False)
    assert document.tables == ()
    assert not any("85.3" in s.text for s in document.sentences)


def test_a_table_without_rules_is_found_by_its_caption() -> None:
    page = PageWriter()
    page.paragraph(72, 80, BODY)
    page.text(150, 180, "Table 3: No rules at all.", 10)
    page.row(XS[:3], 204, ("System", "Dev", "Test"))
    page.row(XS[:3], 216, ("First one", "61.0", "60.2"))
    page.row(XS[:3], 228, ("Second one", "62.5", "61.9"))
    page.paragraph(72, 270, BODY)
    (table,) = read(page).tables
    assert table.label == "3"
    assert grid(table) == [["System", "Dev", "Test"], ["First one", "61.0", "60.2"], ["Second one", "62.5", "61.9"]]


def test_two_tables_side_by_side_keep_their_captions() -> None:
    page = PageWriter()
    for x, label, value in ((80.0, "1", "11.5"), (340.0, "2", "22.5")):
        page.rule(x, x + 150, 100).rule(x, x + 150, 116).rule(x, x + 150, 142)
        page.row((x + 4, x + 90), 112, ("Model", "Acc."), 9).row((x + 4, x + 90), 128, ("Base", value), 9)
        page.row((x + 4, x + 90), 139, ("Ours", value + "9"), 9)
        page.text(x, 158, f"Table {label}: Accuracy of {label}.", 9)
    page.paragraph(72, 200, BODY)
    document = read(page)
    assert [t.label for t in document.tables] == ["1", "2"]
    assert [t.caption for t in document.tables] == ["Table 1: Accuracy of 1.", "Table 2: Accuracy of 2."]
    assert grid(document.tables[1]) == [["Model", "Acc."], ["Base", "22.5"], ["Ours", "22.59"]]


def test_a_label_over_several_rows_names_them_all() -> None:
    page = PageWriter()
    xs = (80.0, 160.0, 260.0)
    page.rule(76, 320, 100).row(xs, 112, ("Task", "Model", "F1"), 9).rule(76, 320, 116)
    page.text(80, 134, "NER", 9)
    page.row(xs[1:], 128, ("base", "80.1"), 9).row(xs[1:], 140, ("large", "81.1"), 9).rule(76, 320, 144)
    page.text(80, 162, "POS", 9)
    page.row(xs[1:], 156, ("base", "95.0"), 9).row(xs[1:], 168, ("large", "95.5"), 9).rule(76, 320, 172)
    page.text(100, 190, "Table 4: Two tasks.", 9)
    page.paragraph(72, 230, BODY)
    (table,) = read(page).tables
    assert [row[0] for row in grid(table)] == ["Task", "NER", "NER", "POS", "POS"]
    assert table.grid[2][0].origin == (1, 0)


def test_tables_without_a_caption_are_numbered() -> None:
    page = PageWriter()
    page.paragraph(72, 80, BODY)
    page.rule(76, 320, 180).row(XS[:3], 192, ("Model", "Dev", "Test")).rule(76, 320, 196)
    page.row(XS[:3], 208, ("base", "1.5", "2.5")).row(XS[:3], 220, ("large", "3.5", "4.5")).rule(76, 320, 224)
    page.paragraph(72, 300, BODY)
    (table,) = read(page).tables
    assert (table.label, table.caption) == ("#1", "")


def test_appendix_and_roman_labels() -> None:
    assert [t.label for t in read(booktabs(label="A.3")).tables] == ["A.3"]
    assert [t.label for t in read(booktabs(label="IV")).tables] == ["IV"]


def test_a_page_of_many_characters_is_read_in_time_linear_in_them() -> None:
    page = PageWriter()
    for i in range(400):
        page.text(
            20 + (i % 5) * 1.5, 20 + 1.8 * i, "so many words stand here that no paper has a page of them, " * 4, 1.5
        )
    document = read(page)
    assert len(document.sentences) >= 1


def test_two_tables_under_one_caption_are_two_grids() -> None:
    page = PageWriter()
    page.rule(132, 240, 100, 1.6).row((136, 180, 215), 112, ("Reports", "dev", "test"), 9).rule(132, 240, 116)
    page.row((136, 180, 215), 128, ("Medium", "91.3", "90.6"), 9)
    page.row((136, 180, 215), 140, ("Large", "91.7", "90.1"), 9).rule(132, 240, 145, 1.6)
    xs = (121.0, 165.0, 195.0, 225.0)
    page.rule(117, 255, 155, 1.6).row(xs, 167, ("Letters", "P", "R", "F1"), 9).rule(117, 255, 171)
    page.row(xs, 183, ("Medium", "75.5", "70.0", "72.6"), 9).row(xs, 195, ("Large", "80.1", "77.7", "78.9"), 9)
    page.rule(117, 255, 200, 1.6).text(117, 218, "Table 1: Two tables, one above the other.", 9)
    page.paragraph(72, 260, BODY)
    first, second = read(page).tables
    assert grid(first) == [["Reports", "dev", "test"], ["Medium", "91.3", "90.6"], ["Large", "91.7", "90.1"]]
    assert grid(second)[0] == ["Letters", "P", "R", "F1"]
    assert (first.label, second.label) == ("1 (1)", "1 (2)")


def test_tables_side_by_side_share_the_caption_centred_below_them() -> None:
    page = PageWriter()
    for x, values in ((100.0, ("80.1", "91.7")), (360.0, ("66.0", "80.2"))):
        page.rule(x, x + 110, 100).row((x + 4, x + 70), 112, ("Model", "F1"), 9).rule(x, x + 110, 116)
        page.row((x + 4, x + 70), 128, ("Small", values[0]), 9).row((x + 4, x + 70), 140, ("Large", values[1]), 9)
        page.rule(x, x + 110, 145)
    page.text(240, 158, "Table 1: Both corpora.", 9)
    page.paragraph(72, 200, BODY)
    tables = read(page).tables
    assert [t.label for t in tables] == ["1 (1)", "1 (2)"]
    assert [grid(t)[2] for t in tables] == [["Large", "91.7"], ["Large", "80.2"]]


@pytest.mark.parametrize("says", [True, False])
def test_a_table_over_two_pages_is_one(says: bool) -> None:
    header = ("Station", "Dev", "Test")
    one, two = PageWriter(), PageWriter()
    one.paragraph(72, 80, BODY)
    one.text(80, 600, "Table 1: Every station.", 9).rule(76, 320, 610).row(XS[:3], 622, header, 9).rule(76, 320, 626)
    one.row(XS[:3], 638, ("Alder", "70.1", "71.2"), 9).row(XS[:3], 650, ("Birch", "72.3", "73.4"), 9).rule(76, 320, 655)
    if says:
        two.text(80, 76, "Table 1 continued", 9)
    two.rule(76, 320, 82).row(XS[:3], 94, header, 9).rule(76, 320, 98)
    two.row(XS[:3], 110, ("Cedar", "74.5", "75.6"), 9).row(XS[:3], 122, ("Elm", "76.7", "77.8"), 9).rule(76, 320, 127)
    two.paragraph(72, 200, BODY)
    (table,) = read(one, two).tables
    assert (table.label, table.page) == ("1", 1)
    assert [row[0] for row in grid(table)] == ["Station", "Alder", "Birch", "Cedar", "Elm"]
    assert table.grid[3][1].box is None  # a box would be on another page than the table's


def test_tables_of_two_pages_with_other_headers_stay_two() -> None:
    one, two = PageWriter(), PageWriter()
    for page, name, label, y in ((one, "Dev", "1", 200), (two, "Test", "2", 300)):
        page.text(80, y, f"Table {label}: Scores.", 9).rule(76, 320, y + 10)
        page.row(XS[:2], y + 22, ("Model", name), 9).rule(76, 320, y + 26)
        page.row(XS[:2], y + 38, ("base", "1.5"), 9).row(XS[:2], y + 50, ("large", "2.5"), 9).rule(76, 320, y + 55)
        page.paragraph(72, y + 120, BODY)
    assert [t.label for t in read(one, two).tables] == ["1", "2"]


def test_wrapped_and_justified_text_is_one_cell() -> None:
    page = PageWriter()
    xs = (80.0, 160.0, 340.0)
    page.text(80, 92, "Table 1: Fields.", 9).rule(76, 400, 100).row(xs, 112, ("Field", "What it holds", "Share"), 9)
    page.rule(76, 400, 116).row(xs, 128, ("Station", "The name of the place where the level was", "99.1"), 9)
    page.row(xs, 139, ("", "read as it is printed on the form", ""), 9)
    page.text(80, 152, "Level", 9).text(340, 152, "99.8", 9)
    for x, word in ((160, "Height"), (196, "of"), (214, "the"), (238, "water"), (273, "above"), (308, "zero")):
        page.text(x, 152, word, 9)
    page.row(xs, 163, ("", "as the gauge shows it on each day.", ""), 9).rule(76, 400, 168)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table) == [
        ["Field", "What it holds", "Share"],
        ["Station", "The name of the place where the level was read as it is printed on the form", "99.1"],
        ["Level", "Height of the water above zero as the gauge shows it on each day.", "99.8"],
    ]


def test_a_label_of_two_lines_beside_centred_numbers_is_one_row() -> None:
    page = PageWriter()
    page.text(80, 92, "Table 1: Labels.", 9).rule(76, 300, 100).row(XS[:2], 112, ("Setting", "F1"), 9).rule(
        76, 300, 116
    )
    page.row(XS[:2], 128, ("all", "90.7"), 9).row(XS[:2], 140, ("none", "60.7"), 9).row(XS[:2], 152, ("one", "70.7"), 9)
    page.text(80, 164, "without the", 9).text(220, 169.5, "81.4", 9).text(80, 175, "list", 9).rule(76, 300, 180)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[-1] == ["without the list", "81.4"]
    assert table.height == 5


def test_a_group_name_over_columns_of_numbers_is_not_cut() -> None:
    page = PageWriter()
    xs = (80.0, 119.6, 160.0)
    page.text(80, 92, "Table 1: Kinds.", 9).rule(76, 200, 100).row(xs, 112, ("System", "F1", "EM"), 9).rule(
        76, 200, 116
    )
    page.text(80, 128, "Without training", 9)
    page.row(xs, 140, ("Near", "64.0", "51.2"), 9).row(xs, 152, ("Pat", "69.3", "60.8"), 9).rule(76, 200, 157)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[1][0] == "Without training"
    assert grid(table)[2] == ["Near", "64.0", "51.2"]


def test_a_label_in_the_middle_row_of_a_block_names_the_block() -> None:
    page = PageWriter()
    xs = (80.0, 140.0, 200.0, 260.0)
    page.text(80, 92, "Table 1: Variations.", 9).rule(76, 300, 100).row(xs, 112, ("", "N", "d", "PPL"), 9)
    page.rule(76, 300, 116)
    page.row(xs, 128, ("", "2", "", "6.11"), 9).row(xs, 140, ("(C)", "", "256", "5.75"), 9)
    page.row(xs, 152, ("", "8", "", "4.88"), 9).rule(76, 300, 157)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert [row[0] for row in grid(table)] == ["", "(C)", "(C)", "(C)"]


def test_upper_lines_of_column_names_are_no_headings() -> None:
    page = PageWriter()
    xs = (80.0, 150.0, 200.0, 250.0, 300.0)
    page.text(80, 82, "Table 1: Systems.", 9).rule(76, 340, 90)
    page.row(xs, 102, ("", "Decomp.", "", "WordNet", ""), 9)
    page.row(xs, 113, ("Kind", "Attn", "ESIM", "Base", "KIM"), 9).rule(76, 340, 118)
    page.row(xs, 130, ("colors", "85.0", "96.1", "98.7", "98.3"), 9)
    page.row(xs, 142, ("drinks", "52.9", "63.7", "94.8", "96.6"), 9).rule(76, 340, 147)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert " ".join(table.column_path(2)) == "ESIM"
    assert " ".join(table.column_path(3)) == "WordNet Base"


def test_a_raised_letter_of_a_table_note_is_left_out() -> None:
    page = PageWriter()
    page.text(80, 92, "Table 1: Notes.", 9).rule(76, 300, 100).row(XS[:2], 112, ("Model", "Reports"), 9)
    page.rule(76, 300, 116).row(XS[:2], 128, ("Nearest", "70.4"), 9).text(112, 125.5, "a", 6)
    page.row(XS[:2], 140, ("Large", "90.1"), 9).rule(76, 300, 145)
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[1] == ["Nearest", "70.4"]
