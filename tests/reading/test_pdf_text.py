"""What the PDF reader makes of running text: order, paragraphs, hyphens, headings, what is left out, and bad input."""

from __future__ import annotations

import pytest

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Document, Paper
from claimcheck.reading.pdf import read_pdf
from tests.reading.pdf_writer import PageWriter, write_pdf

LEFT = [
    "Transfer learning has become common in",
    "natural language processing. We study an",
    "intermediate stage between pre-training and",
    "fine-tuning on nine target tasks in forty lan-",
    "guages. The stage helps on most of them. We",
    "find no benefit from continued pretraining of",
    "the encoder, and none from translating the",
    "training data of the intermediate tasks. Our",
    "best models reach the state of the art on the",
    "benchmark as a whole. They need no more data",
    "than earlier ones, and they are as easy to train",
    "as any model of the same size, so the method",
]
RIGHT = [
    "can be used by anyone with a single machine.",
    "In many languages no labelled data exist. The",
    "usual remedy is to train on English alone and",
    "to hope that the representation carries over to",
    "other languages. We show that an English stage",
    "with much data makes that more likely. All our",
    "code and all our models are free to use for any",
    "purpose, and the appendix lists every setting.",
    "The results hold over three seeds and over two",
    "sizes of the encoder. We also report where the",
    "stage hurts, which is rare but does happen, and",
    "give the reasons that we believe to be behind it.",
]


def read(*pages: PageWriter, **options: int) -> Document:
    return read_pdf(write_pdf(*pages), Paper(id="sample"), **options)


def texts(document: Document, kind: str = "body") -> list[str]:
    return [s.text for s in document.sentences if s.kind == kind]


def two_columns() -> PageWriter:
    page = PageWriter()
    page.text(150, 80, "A Study of Intermediate Training", 16, "B")
    page.text(140, 120, "Abstract", 11, "B")
    page.paragraph(72, 140, ["We train in stages. The stages help by 5.4 points."], 10)
    page.text(72, 170, "1 Introduction", 12, "B")
    page.paragraph(72, 190, LEFT)
    page.paragraph(320, 190, RIGHT)
    page.text(300, 760, "17", 10)
    return page


def test_two_columns_are_read_one_after_the_other() -> None:
    body = texts(read(two_columns()))
    assert body[0] == "Transfer learning has become common in natural language processing."
    over = next(t for t in body if t.startswith("They need no more data"))
    assert over.endswith("so the method can be used by anyone with a single machine.")
    assert body[-1].startswith("We also report where the stage hurts")


def test_hyphens_at_line_ends_follow_the_papers_own_words() -> None:
    body = " ".join(texts(read(two_columns())))
    assert "forty languages" in body
    assert "pre-training and fine-tuning" in body


def test_title_abstract_sections_and_page_number() -> None:
    document = read(two_columns())
    assert document.paper.title == "A Study of Intermediate Training"
    assert document.paper.abstract == "We train in stages. The stages help by 5.4 points."
    assert [(s.number, s.title, s.kind) for s in document.sections] == [
        ("", "Abstract", "abstract"),
        ("1", "Introduction", "body"),
    ]
    assert not any("17" in s.text for s in document.sentences)


def test_metadata_that_is_known_already_is_kept() -> None:
    document = read_pdf(write_pdf(two_columns()), Paper(id="x", title="Known", abstract="Known too."))
    assert (document.paper.title, document.paper.abstract) == ("Known", "Known too.")


def test_places_are_points_from_the_top_left_and_spans_give_the_page_text() -> None:
    document = read(two_columns())
    first = next(s for s in document.sentences if s.text.startswith("Transfer learning"))
    assert first.page == 1
    assert first.box is not None
    assert first.box[0] == pytest.approx(72, abs=2)
    assert 178 < first.box[1] < 186
    page_text = " ".join(s.text for s in document.sentences if s.page == 1)
    for s in document.sentences:
        assert s.span is not None
        assert page_text[s.span[0] : s.span[1]] == s.text


def test_a_sentence_over_a_page_break_is_one_sentence_on_its_first_page() -> None:
    first, second = PageWriter(), PageWriter()
    wide = "These words fill the whole measure of a page that has a single column and go on to its right edge and then"
    first.paragraph(
        72,
        100,
        [wide] * 9
        + ["The result of the last experiment is that the larger model is better by as much as two points in"],
    )
    second.paragraph(72, 100, ["every language that we tried. " + wide] + [wide] * 8)
    document = read(first, second)
    found = next(s for s in document.sentences if "larger model" in s.text)
    assert found.text.endswith("two points in every language that we tried.")
    assert found.page == 1


def test_running_heads_are_left_out() -> None:
    pages = []
    for n in range(6):
        page = PageWriter()
        page.text(200, 40, "Stages of Training Considered", 9)
        page.paragraph(72, 100, [f"Sentence number {n} of this text says something new about experiment {n}."] * 3)
        page.text(300, 770, str(n + 1), 9)
        pages.append(page)
    assert not any("Considered" in s.text for s in read(*pages).sentences)


def test_footnotes_stand_apart() -> None:
    page = PageWriter()
    page.paragraph(72, 100, ["The first sentence of the body stands here and it is long enough for a line.", *LEFT])
    page.rule(72, 200, 700)
    page.text(72, 708, "1", 6).text(76, 712, "The code is on our page.", 8)
    document = read(page)
    assert texts(document, "footnote") == ["The code is on our page."]
    assert not any("on our page" in t for t in texts(document))


def test_references_are_entries() -> None:
    page = PageWriter()
    y = page.paragraph(72, 100, ["The body of the paper ends here with a sentence that is a full line long."] * 4)
    page.text(72, y + 20, "References", 12, "B")
    y = page.paragraph(72, y + 40, ["Ada Lovelace. 1843. Notes on the engine. In Scientific Memoirs, pages 666-731."])
    y = page.paragraph(82, y, ["Taylor, London."])
    page.paragraph(72, y, ["Alan Turing. 1950. Computing machinery and intelligence. Mind, 59:433-460."])
    document = read(page)
    entries = texts(document, "reference")
    assert [e.split(".")[0] for e in entries] == ["Ada Lovelace", "Alan Turing"]
    assert entries[0].endswith("Taylor, London.")
    assert document.sections[-1].kind == "references"


def test_sideways_stamps_are_left_out_and_rotated_pages_are_read_upright() -> None:
    page = two_columns().text(30, 500, "arXiv:2001.00001v1 [cs.CL] 1 Jan 2020", 18, up=True)
    document = read(page)
    assert not any("2001.00001" in s.text for s in document.sentences)
    assert document.paper.title == "A Study of Intermediate Training"
    sideways = PageWriter(width=792, height=612, rotate=90)
    for i in range(12):
        sideways.text(100 + 12 * i, 540, f"Line {i} of a page that is turned for printing has these words.", up=True)
    body = [s for s in read(sideways).sentences if s.kind in ("body", "other")]
    assert body[0].text == "Line 0 of a page that is turned for printing has these words."
    assert body[0].box is not None
    assert body[0].box[1] < 120


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"This is text that somebody named paper.pdf.", "no PDF"),
        (write_pdf(two_columns())[:300], "damaged"),
        (b"%PDF-1.4\n" + bytes(range(256)) * 400, "damaged"),
        (write_pdf(), "no pages"),
    ],
)
def test_bad_input_is_named(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_pdf(data, Paper(id="bad"))
    assert message in str(caught.value)
    assert str(caught.value).startswith("bad: ")
    assert caught.value.todo


def test_an_encrypted_pdf_is_named() -> None:
    key = b"<" + b"28BF4E5E4E758A4164004E56FFFA0108" * 2 + b">"
    lock = b"/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O " + key + b" /U " + key + b" >> >>"
    data = write_pdf(two_columns()).replace(b"/Root 1 0 R >>", b"/Root 1 0 R " + lock)
    with pytest.raises(UnreadableInputError, match="encrypted"):
        read_pdf(data, Paper(id="locked"))


def test_a_scan_is_no_paper() -> None:
    with pytest.raises(NotAPaperError, match="no text"):
        read(PageWriter().rule(10, 600, 300, 200))


def test_pages_beyond_the_limit_are_listed() -> None:
    document = read(two_columns(), two_columns(), two_columns(), max_pages=2)
    assert document.pages == 3
    assert [(p.page, p.reason) for p in document.paper.pages_not_read] == [(3, "beyond the limit of 2 pages")]
