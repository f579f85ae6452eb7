"""Faults of PDF tables that were found by eye on real papers, each made again on a small page."""

from __future__ import annotations

from claimcheck.foundation.records import Document, Paper, Table
from claimcheck.reading.pdf import read_pdf
from tests.reading.pdf_writer import PageWriter, write_pdf

BODY = [
    "The text around the table fills the measure of the page, so that nobody takes it for a row of",
    "cells. It says what the experiment is about, and it goes on for several lines as text does in a",
    "paper. Table 2 is mentioned here as well, in the middle of a line, which makes no caption of it.",
]
PARAGRAPH = (
    "The gauge at the old bridge was read twice a day until the ice came down the river and took the staff away with "
    "it, and nobody wrote down a level for the rest of that winter."
)
WIDTHS = {" ": 278, **dict.fromkeys("abdeghnopquL", 556), **dict.fromkeys("cksvxyz", 500)}
WIDTHS |= {
    ":": 278,
    "(": 333,
    ")": 333,
    "D": 722,
    "N": 722,
    "S": 667,
    **dict.fromkeys("ft,.", 278),
    **dict.fromkeys("ijl", 222),
    "r": 333,
    "w": 722,
    "m": 833,
    "T": 611,
    "?": 556,
}


def read(*pages: PageWriter) -> Document:
    return read_pdf(write_pdf(*pages), Paper(id="sample"))


def grid(table: Table) -> list[list[str]]:
    return [[c.text for c in row] for row in table.grid]


def extent(word: str, size: float) -> float:
    """Width of a word in Helvetica, near enough."""
    return sum(WIDTHS.get(c, 556) for c in word) * size / 1000


def justified(page: PageWriter, x: float, right: float, y: float, text: str, size: float = 9) -> float:
    """Writes a paragraph whose lines but the last fill the measure; returns the last baseline."""
    words, lines = text.split(), [[]]  # type: ignore[var-annotated]
    for word in words:
        if extent(" ".join([*lines[-1], word]), size) > right - x:
            lines.append([])
        lines[-1].append(word)
    for number, line in enumerate(lines):
        space = (right - x - sum(extent(w, size) for w in line)) / max(1, len(line) - 1)
        at = x
        for word in line:
            page.text(at, y, word, size)
            at += extent(word, size) + (space if number + 1 < len(lines) else 0.278 * size)
        y += 11
    return y - 11


def test_paragraphs_in_cells_are_one_row_each() -> None:
    page = PageWriter()
    page.text(80, 92, "Table 1: Questions.", 9).rule(76, 404, 100)
    page.row((80, 300), 112, ("Story", "Answer"), 9).rule(76, 404, 116)
    y = justified(page, 80, 280, 128, PARAGRAPH)
    justified(page, 300, 400, 128, "The level was read twice a day until winter came.")
    page.rule(76, 404, y + 5)
    y = justified(page, 80, 280, y + 17, PARAGRAPH.replace("gauge", "meter"))
    page.text(300, y - 33, "Nobody knows.", 9).rule(76, 404, y + 5).paragraph(72, y + 50, BODY)
    (table,) = read(page).tables
    assert grid(table) == [
        ["Story", "Answer"],
        [PARAGRAPH, "The level was read twice a day until winter came."],
        [PARAGRAPH.replace("gauge", "meter"), "Nobody knows."],
    ]
    assert table.header_rows == 1


def test_names_at_half_height_beside_a_paragraph_are_in_its_row() -> None:
    page = PageWriter()
    page.paragraph(72, 400, [*BODY, *BODY, *BODY])
    xs = (80.0, 160.0, 210.0)
    page.text(80, 92, "Table 1: Errors.", 9).rule(76, 404, 100).row(xs, 112, ("Error", "Share", "Example"), 9)
    page.rule(76, 404, 116)
    y = 116.0
    for name, share in (("Wrong day", "12"), ("Wrong place", "7")):
        last = justified(page, 210, 400, y + 12, PARAGRAPH)
        page.row(xs[:2], (y + 12 + last) / 2, (name, share), 9)
        y = last + 5
        page.rule(76, 404, y)
    page.paragraph(72, y + 50, BODY)
    (table,) = read(page).tables
    assert grid(table)[1:] == [["Wrong day", "12", PARAGRAPH], ["Wrong place", "7", PARAGRAPH]]


def test_a_hyphen_in_a_column_name_goes_as_the_tables_own_words_have_it() -> None:
    page = PageWriter()
    xs = (80.0, 160.0, 220.0, 280.0)
    page.text(80, 82, "Table 1: GaugeNet and the two-step parser.", 9).rule(76, 340, 90)
    page.row(xs, 102, ("", "Gauge-", "two-", "rea-"), 9).row(xs, 113, ("Kind", "Net", "step", "ders"), 9)
    page.rule(76, 340, 118).row(xs, 130, ("colors", "85.0", "96.1", "98.7"), 9)
    page.row(xs, 142, ("drinks", "52.9", "63.7", "94.8"), 9).rule(76, 340, 147).paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[0] == ["Kind", "GaugeNet", "two-step", "readers"]


def test_rows_of_short_words_stay_rows() -> None:
    page = PageWriter()
    xs = (80.0, 180.0)
    page.text(80, 92, "Table 1: Settings.", 9).rule(76, 300, 100).row(xs, 112, ("Setting", "Kind"), 9)
    page.rule(76, 300, 116)
    rows = [("Word vectors", "read from a file"), ("Optimiser", "plain descent"), ("Word dropout", "none at all")]
    for i, cells in enumerate(rows):
        page.row(xs, 128 + 12 * i, cells, 9)
    page.rule(76, 300, 157).paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[1:] == [list(cells) for cells in rows]


def test_sub_captions_between_rules_part_stacked_tables_and_give_them_letters() -> None:
    page = PageWriter()
    xs = (84.0, 160.0, 230.0)
    y = 100.0
    for letter, name in (("a", "Reports"), ("b", "Letters")):
        page.rule(80, 270, y).text(175, y + 11, "Training", 9).rule(150, 270, y + 14, 0.4)
        page.row(xs, y + 24, ("Model", "dev", "test"), 9).rule(80, 270, y + 28)
        page.row(xs, y + 39, ("Medium", "91.3", "90.6"), 9).row(xs, y + 50, ("Large", "91.7", "90.1"), 9)
        page.rule(80, 270, y + 54).text(145, y + 67, f"({letter}) {name}.", 9)
        y += 78
    page.text(100, y + 14, "Table 1: Two kinds of text.", 9).paragraph(72, y + 60, BODY)
    tables = read(page).tables
    assert [t.label for t in tables] == ["1a", "1b"]
    assert [t.caption for t in tables] == [f"Table 1: Two kinds of text. {x}" for x in ("(a) Reports.", "(b) Letters.")]
    assert [grid(t)[2:] for t in tables] == [[["Medium", "91.3", "90.6"], ["Large", "91.7", "90.1"]]] * 2


def test_the_name_of_a_group_in_the_middle_covers_all_columns() -> None:
    page = PageWriter()
    xs = (80.0, 200.0, 260.0, 320.0)
    page.text(80, 92, "Table 1: Models.", 9).rule(76, 350, 100).row(xs, 112, ("Model", "R-1", "R-2", "R-L"), 9)
    y = 116.0
    for name, values in (("Earlier work", ("31.3", "11.8", "28.8")), ("Our models", ("39.5", "17.5", "36.3"))):
        page.rule(76, 350, y).text(213 - extent(name, 9) / 2, y + 11, name, 9).rule(76, 350, y + 15)
        page.row(xs, y + 26, ("Small", *values), 9).row(xs, y + 38, ("Large", *values), 9)
        y += 43
    page.rule(76, 350, y).paragraph(72, y + 60, BODY)
    (table,) = read(page).tables
    assert [grid(table)[1], grid(table)[4]] == [["Earlier work"] * 4, ["Our models"] * 4]
    assert table.row_path(2) == ("Earlier work", "Small")
    assert table.row_path(6) == ("Our models", "Large")


def test_three_lines_of_a_column_name_beside_names_at_half_height_are_all_kept() -> None:
    page = PageWriter()
    xs = (80.0, 140.0, 200.0, 260.0, 320.0)
    page.text(80, 82, "Table 1: Gains.", 9).rule(76, 400, 90).text(320, 101, "Gain", 9)
    page.row(xs, 106.5, ("", "", "Our", "With", ""), 9).row(xs, 112, ("Task", "Earlier", "", "", "(points,"), 9)
    page.row(xs, 117.5, ("", "", "model", "vectors", ""), 9).text(320, 123, "share)", 9).rule(76, 400, 128)
    page.row(xs, 140, ("Reports", "81.1", "85.8", "84.0", "4.7"), 9)
    page.row(xs, 152, ("Letters", "80.0", "88.7", "84.1", "0.7"), 9)
    page.rule(76, 400, 157).paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[0] == ["Task", "Earlier", "Our model", "With vectors", "Gain (points, share)"]


def test_a_stretched_line_of_a_justified_caption_belongs_to_it() -> None:
    page = PageWriter()
    page.rule(76, 300, 100).row((80, 220), 112, ("Model", "F1"), 9).rule(76, 300, 116)
    page.row((80, 220), 128, ("Small", "80.1"), 9).row((80, 220), 140, ("Large", "91.7"), 9).rule(76, 300, 145)
    lines = [
        "Table 1: Scores on two kinds of old text from",
        "letters. Day and Night, the cold North",
        "by all the readers.",
    ]
    for i, line in enumerate(lines):
        words, x = line.split(), 76.0
        space = (300 - 76 - sum(extent(w, 9) for w in words)) / (len(words) - 1) if i < 2 else 2.5
        for word in words:
            page.text(x, 160 + 11 * i, word, 9)
            x += extent(word, 9) + space
    page.paragraph(72, 260, BODY)
    (table,) = read(page).tables
    assert table.caption == " ".join(lines)


def test_notes_below_a_table_are_neither_text_nor_rows() -> None:
    page = PageWriter()
    page.text(80, 92, "Table 1: Scores.", 9).rule(76, 300, 100).row((80, 220), 112, ("Model", "F1"), 9)
    page.rule(76, 300, 116).row((80, 220), 128, ("Small", "80.1"), 9).row((80, 220), 140, ("Large", "91.7"), 9)
    page.rule(76, 300, 145).text(80, 153, "a", 6).text(85, 156, "Only letters with a date.", 9)
    page.text(80, 167, "Note: Mean of three runs.", 9).paragraph(72, 200, BODY)
    document = read(page)
    kinds = {s.text: s.kind for s in document.sentences}
    assert kinds["a Only letters with a date."] == "caption"
    assert kinds["Note: Mean of three runs."] == "caption"
    assert kinds["The text around the table fills the measure of the page, so that nobody takes it for a row of cells."]
    assert document.tables[0].height == 3


def test_a_line_that_only_says_that_the_table_goes_on_is_dropped() -> None:
    page = PageWriter()
    y = page.paragraph(72, 80, BODY)
    page.text(80, y + 300, "Table 1: Scores.", 9).rule(76, 300, y + 308).row((80, 220), y + 320, ("Model", "F1"), 9)
    page.rule(76, 300, y + 324).row((80, 220), y + 336, ("Small", "80.1"), 9)
    page.row((80, 220), y + 348, ("Large", "91.7"), 9).rule(76, 300, y + 353)
    page.text(180, y + 365, "Continued on next page", 9)
    two = PageWriter()
    two.paragraph(72, 80, [f"On the page after it, {line[0].lower()}{line[1:80]}" for line in BODY])
    assert not any("Continued" in s.text for s in read(page, two).sentences)


def test_words_printed_over_each_other_make_no_table() -> None:
    page = PageWriter()
    xs = (80.0, 180.0, 240.0)
    page.paragraph(72, 60, BODY)
    page.rule(76, 300, 200).row(xs, 212, ("Name", "Dev", "Test"), 9).rule(76, 300, 216)
    for i in range(6):
        page.row(xs, 228 + 12 * i, ("ambulance", f"{i}.25", f"{i}.75"), 9)
        page.row((83.0, 188.0, 248.0), 231 + 12 * i, ("transport", f"{i}.15", f"{i}.45"), 9)
    page.rule(76, 300, 295).paragraph(72, 400, BODY)
    assert read(page).tables == ()


def test_a_drawn_underscore_joins_its_words() -> None:
    page = PageWriter()
    page.text(80, 92, "Table 1: Corpora.", 9).rule(76, 300, 100).row((80, 220), 112, ("Corpus", "F1"), 9)
    page.rule(76, 300, 116)
    for y, left, right in ((128, "cs", "cac"), (140, "la", "proiel")):
        end = 80 + extent(left, 9)
        page.text(80, y, left, 9).rule(end + 0.2, end + 3.2, y, 0.4).text(end + 3.3, y, right, 9).text(
            220, y, "95.1", 9
        )
    page.rule(76, 300, 145).paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert [row[0] for row in grid(table)] == ["Corpus", "cs_cac", "la_proiel"]


def test_a_rule_below_results_ends_no_header_and_a_name_that_it_cuts_is_not_above_it() -> None:
    page = PageWriter()
    xs = (80.0, 140.0, 190.0, 240.0, 290.0, 340.0, 390.0)
    page.text(80, 92, "Table 1: Confusion.", 9).rule(76, 430, 100)
    page.text(147, 111, "Predicted A", 9).text(297, 111, "Predicted B", 9).rule(76, 175, 114, 0.4)
    page.row(xs, 124, ("", "yes", "no", "recall", "yes", "no", "recall"), 9)
    page.row(xs, 135, ("yes", "304", "058", "90.5", "296", "095", "88.1"), 9)
    page.row(xs, 146, ("no", "117", "240", "87.7", "154", "275", "85.1"), 9).rule(76, 430, 150)
    page.row(xs, 161, ("precision", "86.5", "90.5", "", "85.6", "87.4", ""), 9)
    page.rule(76, 430, 165).paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[0] == ["", "Predicted A", "Predicted A", "", "Predicted B", "Predicted B", ""]
    assert table.header_rows == 2


def test_upright_rules_spread_a_column_name_over_a_column_without_one() -> None:
    page = PageWriter()
    xs = (80.0, 140.0, 220.0, 280.0)
    page.text(80, 92, "Table 1: Best before.", 9).rule(76, 330, 100).row(xs, 112, ("Task", "Earlier", "", "Ours"), 9)
    page.rule(76, 330, 116).row(xs, 128, ("Reports", "Writer", "84.4", "85.8"), 9)
    page.row(xs, 140, ("Letters", "Reader", "88.6", "88.7"), 9).rule(76, 330, 145)
    for x in (132, 265):
        page.stream.append(f"{x} {792 - 145} 0.4 45 re f")
    page.paragraph(72, 220, BODY)
    (table,) = read(page).tables
    assert grid(table)[0] == ["Task", "Earlier", "Earlier", "Ours"]
    assert table.grid[0][2].origin == (0, 1)
