"""What the PDF reader makes of letters, narrow spaces, margins, short columns, formulas and lists."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from claimcheck.foundation.records import Document, Paper
from claimcheck.reading.pdf import read_pdf
from claimcheck.reading.pdf.characters import BoxBuffer, read_page
from claimcheck.reading.pdf.words import page_words
from tests.reading.pdf_writer import PageWriter, write_pdf
from tests.reading.test_pdf_text import LEFT, RIGHT, read, texts, two_columns

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "paper.pdf"
WIDE = "These words fill the whole measure of a page that has a single column, up to its right edge."


def body(document: Document) -> str:
    return " ".join(s.text for s in document.sentences if s.kind in ("body", "other"))


def test_the_letters_of_a_ligature_stay_together() -> None:
    document = read_pdf(SAMPLE.read_bytes(), Paper(id="sample"))
    whole = " ".join(s.text for s in document.sentences)
    assert "Parameter-efficient methods keep" in whole
    assert "ef f" not in whole


def test_a_narrow_space_parts_words_and_letterspacing_does_not() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 4)
    # Helvetica: "one of" is 2.78 em wide, "on" 1.112 em
    page.text(72, 148, "one of").text(72 + 27.8 + 0.9, 148, "the models in a tight line is better than all the others.")
    x = 72.0
    for letter in "models":
        page.text(x, 172, letter)
        x += {"m": 8.33, "o": 5.56, "d": 5.56, "e": 5.56, "l": 2.22, "s": 5.0}[letter] + 1.0
    page.text(x + 3, 172, "with letters set apart are words like any other word here.")
    found = body(read(page))
    assert "one of the models in a tight line" in found
    assert "models with letters set apart" in found


def test_line_numbers_of_a_review_copy_are_left_out() -> None:
    pages = []
    for n in range(2):
        page = PageWriter()
        for i in range(30):
            page.text(40, 100 + 12 * i, f"{30 * n + i:03d}", 7)
            page.text(72, 100 + 12 * i, WIDE)
        pages.append(page)
    found = body(read(*pages))
    assert "right edge." in found
    assert not any(c.isdigit() for c in found)


def test_a_tables_first_column_of_numbers_is_no_line_numbering() -> None:
    page = two_columns()
    other = PageWriter()
    for i in range(14):
        other.text(72, 100 + 12 * i, f"{i + 1}").text(120, 100 + 12 * i, WIDE)
    other.paragraph(72, 300, [WIDE] * 3)
    document = read(page, other)
    whole = " ".join(s.text for s in document.sentences) + str([t.grid for t in document.tables])
    assert "13" in whole


def test_a_page_number_right_below_short_text_is_left_out() -> None:
    pages = []
    for n in range(2):
        page = PageWriter()
        page.paragraph(72, 100, [WIDE] * 30)
        page.text(300, 500, str(n + 1))
        pages.append(page)
    assert not any(c.isdigit() for c in body(read(*pages)))


def test_columns_that_share_few_lines_are_read_one_after_the_other() -> None:
    page = PageWriter()
    page.text(180, 90, "A Study of Short Columns", 16, "B")
    y = page.paragraph(72, 200, LEFT * 2)
    page.paragraph(320, 127, RIGHT[:4])
    page.text(300, y + 40, "1")
    found = body(read(page))
    assert found.index("as any model of the same size") < found.index("can be used by anyone")


def test_an_abstract_may_open_within_its_line() -> None:
    page = PageWriter()
    page.text(180, 80, "A Study of Run-in Abstracts", 16, "B")
    page.text(200, 110, "Ada Lovelace and Alan Turing")
    page.paragraph(
        72, 140, ["Abstract. We study abstracts whose heading stands in the first line of their text.", WIDE]
    )
    page.text(72, 200, "1 Introduction", 12, "B")
    page.paragraph(72, 220, [WIDE] * 3)
    document = read(page)
    assert texts(document, "abstract")[0].startswith("We study abstracts whose heading")
    assert [s.kind for s in document.sections] == ["abstract", "body"]
    assert not any("Lovelace" in t for t in texts(document, "abstract"))


def test_a_numbered_heading_in_ordinary_letters_is_found_where_its_number_is_due() -> None:
    page = PageWriter()
    page.text(72, 100, "1 Introduction", 12, "B")
    y = page.paragraph(72, 120, [WIDE] * 3)
    page.text(72, y + 12, "1.1 Language Definition")
    y = page.paragraph(72, y + 36, [WIDE] * 3)
    page.text(72, y + 12, "14 Apples and Pears")
    page.paragraph(72, y + 36, [WIDE] * 3)
    assert [(s.number, s.title) for s in read(page).sections] == [("1", "Introduction"), ("1.1", "Language Definition")]


def test_a_compound_keeps_its_hyphen_where_its_parts_are_words_of_the_paper() -> None:
    page = PageWriter()
    lines = [
        "The rank of a matrix is low here. We compare low-cost methods with each other and write sequence-",
        "aligned when one sequence is aligned with another one. The methods learn an update of a low-",
        "rank kind, and the informa-",
        "tion in it is kept by all of the methods that we compare.",
    ]
    page.paragraph(72, 100, lines)
    found = body(read(page))
    assert "sequence-aligned" in found
    assert "low-rank" in found
    assert "information" in found


def test_displayed_formulas_and_the_limits_of_sums_are_left_out() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 4 + ["The loss is a sum over all the words of a sentence and its translation:"])
    page.text(200, 168, "N", 6)
    page.text(180, 180, "L = f(x").text(211, 182, "i", 6).text(214, 180, ") + g(y)")
    page.text(200, 190, "i=1", 6)
    page.paragraph(72, 210, [WIDE] * 4)
    found = body(read(page))
    assert "i=1" not in found
    assert "f(x" not in found
    assert "its translation:" in found


def test_items_of_a_list_are_apart_and_without_their_bullets() -> None:
    page = PageWriter()
    page.text(72, 80, "1 Data", 12, "B")
    page.paragraph(72, 100, [WIDE] * 4)
    for i, text in enumerate(("a corpus of reports", "a corpus of letters", "a corpus of news")):
        page.text(82, 152 + 14 * i, "•").text(92, 152 + 14 * i, text)
    page.paragraph(72, 200, [WIDE] * 3)
    found = texts(read(page))
    assert "a corpus of letters" in found


def test_all_small_lines_below_a_rule_are_footnotes() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 12)
    page.rule(72, 200, 640)
    page.text(72, 650, "*", 6).text(76, 653, "Both authors have done the same share of the work.", 8)
    page.text(72, 690, "The meeting was held in the harbour hall of the town.", 8)
    document = read(page)
    assert not any("share of the work" in t or "harbour hall" in t for t in texts(document))


def test_codes_of_texs_own_encoding_are_ligatures() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 4)
    # a font without names for its letters leaves TeX's codes as they are: 28 is "fi" in T1
    page.text(72, 148, "A scienti@c text with a de@nition of its own is read like every other text.")
    data = write_pdf(page).replace(b"scienti@c", b"scienti\x1cc").replace(b"de@nition", b"de\x1cnition")
    data = data.replace(
        b"/BaseFont /Helvetica /Encoding /WinAnsiEncoding",
        b"/BaseFont /Helvetica                          ",
    )
    found = body(read_pdf(data, Paper(id="codes")))
    assert "scienti c" not in found


def test_text_under_the_box_of_a_drawing_is_kept() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 4)
    # a curve whose box covers lines above and below the drawing, and has words of its own
    page.stream.append("80 690 m 200 560 300 700 400 560 c S")
    page.text(150, 165, "label in the drawing", 6)
    page.paragraph(72, 200, [WIDE] * 8)
    found = body(read(page))
    assert found.count("right edge.") == 12
    assert "label" not in found


def test_a_letter_beyond_the_basic_plane_is_read_as_the_letter_it_looks_like() -> None:
    page = PageWriter()
    page.paragraph(72, 100, [WIDE] * 4)
    page.text(72, 148, "The weight q of each model is the share of its votes, and we report it with each score.")
    document = read_pdf(write_pdf(page, means={"q": "\U0001d45e"}), Paper(id="sample"))
    assert "The weight q of each model" in body(document)


def test_a_code_without_a_letter_moves_no_other_letter() -> None:
    page = PageWriter()
    page.paragraph(72, 100, ["q", *[WIDE] * 4])
    document = read_pdf(write_pdf(page, means={"q": "\x03"}), Paper(id="sample"))
    assert body(document).count("These words fill the whole measure of a page") == 4


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_upright_text_on_a_page_that_is_displayed_turned_is_read_in_its_order(turn: int) -> None:
    def columns(rotate: int) -> Document:
        page = PageWriter(rotate=rotate)
        for x, lines in ((72, LEFT * 3), (320, RIGHT * 3)):
            for i, line in enumerate(lines):
                cut = line.index(" ", len(line) // 2) + 2  # in a word, as programs draw it that kern by hand
                page.stream.append(f"BT /R 10 Tf {x} {692 - 12 * i} Td ({line[:cut]}) Tj ({line[cut:]}) Tj ET")
        return read(page)

    found, expected = columns(turn), columns(0)
    assert [s.text for s in found.sentences] == [s.text for s in expected.sentences]
    wide, high = (612, 792) if turn == 180 else (792, 612)
    for s in found.sentences:
        assert s.box is not None
        assert 0 <= s.box[0] < s.box[2] <= wide
        assert 0 <= s.box[1] < s.box[3] <= high


def test_words_of_a_sloping_line_have_baselines_of_their_own() -> None:
    page = PageWriter()
    page.stream.append(f"BT /R 10 Tf 1 0.05 -0.05 1 72 400 Tm ({WIDE}) Tj ET")
    with pypdfium2.PdfDocument(write_pdf(page)) as document:  # type: ignore[no-untyped-call]
        words = page_words(read_page(document[0], 1, BoxBuffer())[1])
    assert len(words) > 10
    for word in words:
        assert word.base == pytest.approx(392 - 0.05 * (word.x0 - 72), abs=0.3)


def test_text_alone_holds_the_sentences_that_text_with_tables_holds() -> None:
    page = two_columns()
    page.text(72, 420, "Table 1: Accuracy of two models on two tasks.")
    for y in (430, 446, 480):
        page.rule(72, 272, y)
    for y, cells in ((442, ("Model", "A", "B")), (460, ("First", "71.0", "68.5")), (474, ("Second", "72.5", "70.0"))):
        page.row((76, 160, 220), y, cells)
    for y in (630, 646, 680):  # without a caption
        page.rule(320, 520, y)
    for y, cells in ((642, ("Size", "A", "B")), (660, ("Small", "61.0", "58.5")), (674, ("Large", "62.5", "60.0"))):
        page.row((324, 408, 468), y, cells)
    data = write_pdf(page)
    whole, text = (read_pdf(data, Paper(id="sample"), tables=wanted) for wanted in (True, False))
    assert len(whole.tables) == 2
    assert text.tables == ()
    assert text.sentences == whole.sentences
    assert "Second" not in body(text)
    assert "Large" not in body(text)
