"""What a claim shows beside its words: its numbers marked, the cells that it rests on, its places on pages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.records import Box, Evidence, Paper, Pointer, Quantity
from claimcheck.publish.view.cells import cells_views, is_cell
from claimcheck.publish.view.claims import marked
from claimcheck.publish.view.pages import page_views

HOME = Paper(id="2105.01234", version="v2")
OTHER = Paper(id="1911.99999", version="v1", title="A Baseline")
PAPERS = {p.id: p for p in (HOME, OTHER)}


def number(text: str, span: tuple[int, int]) -> Quantity:
    return Quantity(text=text, value=1.0, span=span)


def cell(row: str, column: str, quote: str, at: tuple[int, int] | None, **more: object) -> Evidence:
    pointer = Pointer(
        **{"paper": HOME.id, "page": 5, "table": "2", "row": row, "column": column, "cell": at, **more}  # type: ignore[arg-type]
    )
    return Evidence(quote=quote, pointer=pointer)


# numbers


def test_the_numbers_of_a_claim_are_marked_where_their_spans_say() -> None:
    text = "FSR scores 91.3 F1, 2.1 points above BERT (91.3 once more)."
    pieces = marked(text, [number("2.1 points", (20, 30)), number("91.3", (11, 15))])
    assert [words for words, claimed in pieces if claimed] == ["91.3", "2.1 points"]
    assert pieces[0] == ("FSR scores ", False)


def test_a_span_that_holds_other_words_marks_the_number_where_it_stands_once_or_nothing() -> None:
    text = "FSR scores 91.3 F1, 2.1 points above BERT, 91.3 again."
    assert marked(text, [number("2.1 points", (0, 3))]) == (
        ("FSR scores 91.3 F1, ", False),
        ("2.1 points", True),
        (" above BERT, 91.3 again.", False),
    )
    for span in ((0, 3), (5, 2), (-4, 2), (40, 4_000), (0, 0)):
        assert marked(text, [number("91.3", span)]) == ((text, False),)
    assert marked(text, [number("", (0, 0))]) == ((text, False),)


def test_numbers_that_overlap_are_marked_once() -> None:
    assert marked("7 of 9 tasks", [number("7 of 9", (0, 6)), number("9 tasks", (5, 12)), number("7", (0, 1))]) == (
        ("7", True),
        (" of 9", True),
        (" tasks", True),
    )


@given(
    st.text(alphabet="ab1 2.%\u202e🎉", max_size=30),
    st.lists(st.tuples(st.text(alphabet="ab12 ", max_size=4), st.integers(-5, 40), st.integers(-5, 40)), max_size=6),
)
def test_the_pieces_are_always_the_whole_text(text: str, numbers: list[tuple[str, int, int]]) -> None:
    pieces = marked(text, [number(words, (a, b)) for words, a, b in numbers])
    assert "".join(words for words, _ in pieces) == text
    assert all(words for words, _ in pieces)


# cells


def test_cited_cells_stand_in_one_table_as_they_do_in_the_paper() -> None:
    cited = [
        cell("Ours > FSR", "Avg", "73.0", (10, 7)),
        cell("Baselines > BERT", "Avg", "70.9", (4, 7)),
        cell("Ours > FSR", "Dev > F1", "82.7†", (10, 2)),
        cell("Ours > FSR", "Avg", "73.0", (10, 7)),
    ]
    (table,) = cells_views(cited, HOME, PAPERS)
    assert table.where == "Table 2 (p. 5)"
    assert table.link == ""
    assert table.columns == (("Dev", "F1"), ("Avg",))
    assert table.rows == ((("Baselines", "BERT"), ("", "70.9")), (("Ours", "FSR"), ("82.7†", "73.0")))


def test_rows_of_the_same_name_stay_two_rows_and_places_unknown_keep_the_order() -> None:
    (table,) = cells_views([cell("BERT", "F1", "1", (7, 1)), cell("BERT", "F1", "2", (3, 1))], HOME, PAPERS)
    assert table.rows == ((("BERT",), ("2",)), (("BERT",), ("1",)))
    (table,) = cells_views([cell("B", "F1", "1", None), cell("A", "EM", "2", (3, 1))], HOME, PAPERS)
    assert table.rows == ((("B",), ("1", "")), (("A",), ("", "2")))
    (table,) = cells_views([cell("B", "F1", "1", None), cell("B", "F1", "2", None)], HOME, PAPERS)
    assert table.rows == ((("B",), ("1; 2",)),)


def test_each_table_is_its_own_and_that_of_another_paper_is_named_and_linked() -> None:
    text = Evidence(quote="The same.", pointer=Pointer(paper=HOME.id, page=3))
    whole = cell("", "", "x", None)
    cited = [text, whole, cell("A", "F1", "1", (1, 1)), cell("A", "F1", "2", (1, 1), table="#1", page=None)]
    assert [is_cell(e.pointer) for e in cited] == [False, False, True, True]
    views = cells_views([*cited, cell("A", "F1", "3", (1, 1), paper=OTHER.id)], HOME, PAPERS)
    assert [(v.where, v.link) for v in views] == [
        ("Table 2 (p. 5)", ""),
        ("unnumbered table #1", ""),
        ("arXiv 1911.99999v1: Table 2 (p. 5)", "https://arxiv.org/abs/1911.99999v1"),
    ]


# pages


def place(page: int | None, box: Box | None, paper: str = HOME.id) -> Pointer:
    return Pointer(paper=paper, page=page, box=box)


def test_pages_are_those_of_the_evidence_with_the_claim_framed_where_it_stands_on_them() -> None:
    said = [place(1, (10, 20, 30, 40)), place(5, (10, 20, 30, 40), "")]
    seen = [place(5, (50, 60, 70, 80), "2105.01234v2"), place(5, (50, 60, 70, 80)), place(4, (1, 2, 3, 4), OTHER.id)]
    pages = page_views(said, seen, HOME, PAPERS)
    assert [(p.paper, p.page, p.words) for p in pages] == [
        (HOME.id, 5, "p. 5"),
        (OTHER.id, 4, "arXiv 1911.99999v1, p. 4"),
    ]
    first, second = pages[0].frames
    assert (first.x, first.y, first.width, first.height, first.said) == ("48.5", "58.5", "23.0", "23.0", False)
    assert second.said


def test_without_evidence_on_a_page_the_claim_itself_is_shown_and_broken_boxes_never() -> None:
    said = [place(1, (10, 20, 30, 40))]
    assert [(p.page, p.frames[0].said) for p in page_views(said, [], HOME, PAPERS)] == [(1, True)]
    assert page_views(said, [place(5, None), place(None, (1, 1, 2, 2))], HOME, PAPERS)[0].page == 1
    for box in ((3.0, 1.0, 3.0, 2.0), (1.0, 5.0, 2.0, 4.0), (float("nan"), 0.0, 1.0, 1.0)):
        assert page_views([place(1, box)], [], HOME, PAPERS) == ()
