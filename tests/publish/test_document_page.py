"""A paper as it was read, as a page: order, boxes, tables, escaping, the same bytes, and a real browser."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from browser import PHONE, serious
from ledgers import HOSTILE
from lxml import html as lxml_html
from PIL import Image

from claimcheck.foundation.records import Cell, Document, Paper, Section, Sentence, Table, UnreadPage
from claimcheck.foundation.settings import Settings
from claimcheck.publish.document_page import document_html
from claimcheck.publish.doubts import doubts
from claimcheck.publish.view.extras import PagePicture
from claimcheck.reading.dispatch import parse
from claimcheck.sources.files import from_path

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
BOX = (72.0, 100.0, 300.0, 112.0)


@cache
def sample(name: str = "paper.pdf") -> Document:
    return parse(from_path(SAMPLE / name, Settings()), tables=True, max_pages=9)


def picture(page: int, paper: str = "paper", size: tuple[float, float] = (595.3, 841.9)) -> PagePicture:
    out = io.BytesIO()
    Image.new("RGB", (30, 40), (250, 250, 250)).save(out, "PNG")
    return PagePicture(paper, page, out.getvalue(), *size)


@cache
def sample_page() -> bytes:
    return document_html(sample(), [picture(n) for n in (1, 2, 3)])


def tree(page: bytes) -> Any:
    return lxml_html.fromstring(page.decode())


def pick(node: Any, selector: str) -> list[Any]:
    """The elements of a simple CSS selector: tags, .class, #id, [name=value], blanks, ">" and commas."""
    paths = []
    for one in selector.split(","):
        path, axis = "", "descendant::"
        for step in one.split():
            if step == ">":
                axis = "child::"
                continue
            tag = re.match(r"[\w*]*", step)
            assert tag is not None
            path += ("/" if path else "") + axis + (tag[0] or "*")
            axis = "descendant::"
            for sign, name, attribute, begins, value in re.findall(
                r"([.#])([\w-]+)|\[([\w-]+)(?:(\^?)='?([^'\]]*)'?)?\]", step
            ):
                if sign == ".":
                    path += f"[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
                elif sign == "#":
                    path += f"[@id='{name}']"
                elif value:
                    path += f"[starts-with(@{attribute}, '{value}')]" if begins else f"[@{attribute}='{value}']"
                else:
                    path += f"[@{attribute}]"
        paths.append(path)
    found: list[Any] = node.xpath(" | ".join(paths))
    return found


def texts(nodes: Any) -> list[str]:
    return [" ".join(node.text_content().split()) for node in nodes]


def small(**changes: Any) -> Document:
    """A paper of one page with a title, a section, a caption and a table with spans, bold and underline."""

    def c(text: str = "", **more: Any) -> Cell:
        return Cell(text=text, box=(72.0, 200.0, 90.0, 208.0) if text else None, **more)

    grid = [
        [c("Model"), c("Zero-shot"), c("Zero-shot", origin=(0, 1))],
        [c("Model", origin=(0, 0)), c("XNLI"), c("Time")],
        [c("Ours"), c(), c()],
        [c("Base"), c("82.7 ± 0.3", bold=True), c("1.5%", underline=True)],
    ]
    table = Table.from_grid(
        grid, "Table 1: Scores.", "1", header_rows=2, stub_columns=1, page=1, box=(70, 190, 300, 260)
    )
    sentences = (
        Sentence(text="A Title", kind="title", page=1, box=BOX, paragraph=0),
        Sentence(text="1 Method", kind="heading", section=0, page=1, box=BOX, paragraph=1),
        Sentence(text="We test.", section=0, page=1, box=BOX, paragraph=2),
        Sentence(text="It works.", section=0, page=1, box=BOX, paragraph=2),
        Sentence(text="Table 1: Scores.", kind="caption", section=0, page=1, box=BOX, paragraph=3),
        Sentence(text="The end.", section=0, page=1, box=BOX, paragraph=4),
    )
    made = {
        "paper": Paper(id="p", title="A Title", source_kind="pdf"),
        "pages": 1,
        "sections": (Section(title="Method", number="1"),),
        "sentences": sentences,
        "tables": (table,),
    }
    return Document(**(made | changes))


# what stands on the page


def test_every_sentence_stands_there_once_and_in_order() -> None:
    shown = [re.sub(r"^\d+ ", "", text) for text in texts(pick(tree(sample_page()), ".s"))]
    by_page = sorted(sample().sentences, key=lambda s: s.page or 0)  # stable: in each page the reader's order
    assert shown == [" ".join(s.text.split()) for s in by_page]
    numbers = [int(text) for text in texts(pick(tree(sample_page()), "#p1 a.no"))]
    assert numbers == sorted(numbers)


def test_every_table_is_an_html_table_with_the_text_of_every_cell() -> None:
    page = tree(sample_page())
    assert len(pick(page, "figure.table")) == len(sample().tables) == 3
    for number, table in enumerate(sample().tables, 1):
        shown = texts(pick(page, f"#t{number} tr > *"))
        assert shown == [" ".join(cell.text.split()) for row in table.grid for cell in row if cell.origin is None]
        assert len(pick(page, f"#t{number} thead tr")) == table.header_rows
        widths = [sum(int(cell.get("colspan", "1")) for cell in row) for row in pick(page, f"#t{number} tr")]
        assert set(widths) == {table.width}


def test_spans_groups_bold_underline_and_what_a_cell_was_read_as() -> None:
    page = tree(document_html(small()))
    [model] = pick(page, "#t1-1-1")
    assert (model.tag, model.get("rowspan"), model.get("scope")) == ("th", "2", "col")
    [over] = pick(page, "#t1-1-2")
    assert (over.get("colspan"), over.get("scope")) == ("2", "colgroup")
    [group] = pick(page, "tr.group")
    assert texts(pick(group, "th[scope=rowgroup]")) == ["Ours"]
    [score], [time] = pick(page, "#t1-4-2"), pick(page, "#t1-4-3")
    assert "bold" in score.get("class")
    assert "under" in time.get("class")
    assert score.get("title") == "row 4, column 2: Ours > Base | Zero-shot > XNLI; read as 82.7 ± 0.3"
    assert time.get("title").endswith("Zero-shot > Time; read as 1.5 percent")
    assert texts(pick(page, "#t1 figcaption"))[0] == "Table 1 4 rows, 3 columns, 2 header rows, 1 column of names"


def test_a_table_stands_behind_its_caption_and_a_heading_says_which_section_it_opens() -> None:
    page = tree(document_html(small()))
    blocks = [child.get("id") or child.tag for child in pick(page, "#p1 .read")[0]]
    assert blocks == ["h4", "h4", "p", "p", "t1", "p"]
    assert texts(pick(page, "h4 .facts")) == ["section 1"]
    assert texts(pick(page, "#p1 .read p"))[0] == "3 We test. 4 It works."


def test_a_caption_that_is_not_the_sentence_before_the_table_is_shown() -> None:
    tables = (small().tables[0].model_copy(update={"caption": "Table 1: Scores. And more."}),)
    page = tree(document_html(small(tables=tables)))
    assert texts(pick(page, "figcaption .caption")) == ["Table 1: Scores. And more."]


def test_a_table_without_its_caption_stands_at_the_end_of_its_page_and_of_its_section() -> None:
    alone = small().tables[0].model_copy(update={"caption": "Another."})
    page = tree(document_html(small(tables=(alone,))))
    assert pick(page, "#p1 .read > *")[-1].get("id") == "t1"
    sentences = tuple(s.model_copy(update={"page": None, "box": None, "line": 7}) for s in small().sentences)
    later = (*sentences, Sentence(text="2 Rest", kind="heading", section=1, line=9))
    unpaged = small(
        pages=0,
        sections=(Section(title="Method", number="1"), Section(title="Rest", number="2")),
        sentences=later,
        tables=(alone.model_copy(update={"page": None, "section": 0, "line": 8}),),
    )
    page = tree(document_html(unpaged))
    assert [child.get("id") or child.tag for child in pick(page, ".read > *")][-2:] == ["t1", "h4"]


@pytest.mark.parametrize("name", ["paper.tex", "paper.html"])
def test_a_source_without_pages_has_sentences_and_tables_and_no_boxes(name: str) -> None:
    document = sample(name)
    page = tree(document_html(document))
    assert len(pick(page, ".s")) == len(document.sentences)
    assert len(pick(page, "figure.table")) == len(document.tables) > 0
    assert not pick(page, "rect, .picture, .toggles, [href^='#b-']")
    if name.endswith("tex"):
        lines = [int(found) for found in re.findall(r"line (\d+)", " ".join(texts(pick(page, ".s .kind"))))]
        assert len(lines) > 50


# boxes


def test_the_boxes_of_every_sentence_table_and_cell_lie_inside_their_page() -> None:
    page, document = tree(sample_page()), sample()
    boxes = pick(page, "rect[id]")
    cells = [cell for t in document.tables for row in t.grid for cell in row if cell.origin is None and cell.box]
    assert len(boxes) == len(document.sentences) + len(document.tables) + len(cells)
    for sheet in pick(page, ".sheet"):
        _, _, width, height = map(float, pick(sheet, ".picture > svg")[0].get("viewbox").split())
        for box in pick(sheet, "rect[id]"):
            x, y, w, h = (float(box.get(name)) for name in ("x", "y", "width", "height"))
            assert 0 <= x < x + w <= width
            assert 0 <= y < y + h <= height
    first = document.sentences[0].box
    assert first is not None
    [title] = pick(page, "#b-s1")
    assert (float(title.get("x")), float(title.get("y"))) == (first[0], first[1])


def test_every_box_leads_to_what_it_is_the_box_of_and_back() -> None:
    page = tree(sample_page())
    ids = [node.get("id") for node in pick(page, "[id]")]
    assert len(ids) == len(set(ids))
    targets = {link.get("href") for link in pick(page, "a")}
    assert {target[1:] for target in targets} <= set(ids)
    for box in pick(page, "rect[id]"):
        assert box.getparent().get("href") == "#" + box.get("id").removeprefix("b-")


def test_boxes_without_area_or_of_no_numbers_are_left_out() -> None:
    nan = float("nan")
    boxes = [
        (1.0, 1.0, 1.0, 9.0),
        (nan, 1.0, 5.0, 9.0),
        (1.0, 1.0, float("inf"), 9.0),
        (9.0, 1.0, 5.0, 9.0),
        (1, 1, 1e300, 9),
    ]
    sentences = tuple(Sentence(text=f"Sentence {i}.", page=1, box=box) for i, box in enumerate(boxes))
    page = tree(document_html(small(sentences=sentences, tables=(), sections=())))
    assert len(pick(page, ".s")) == 5
    assert not pick(page, "rect[id]")


def test_a_page_without_a_picture_keeps_its_boxes_and_says_so() -> None:
    page = tree(document_html(sample(), [picture(1), picture(2, paper="another")], ["Page 2 is not shown: why."]))
    assert len(pick(page, "image")) == 1
    assert "There is no picture of this page." in texts(pick(page, "#p2 .note"))
    assert pick(page, "#p2 rect[id]")
    assert "Page 2 is not shown: why." in texts(pick(page, "#missing li"))


def test_pages_that_were_not_read_are_listed_with_their_reason_and_shown_where_there_is_a_picture() -> None:
    unread = (*(UnreadPage(page=n, reason="no text layer") for n in (2, 3, 5)), UnreadPage(page=7, reason="damaged"))
    paper = small().paper.model_copy(update={"pages_not_read": unread})
    page = tree(document_html(small(paper=paper, pages=7), [picture(2, paper="p")]))
    assert texts(pick(page, "#missing li")) == [
        "Pages 2 to 3 and 5 could not be read: no text layer",
        "Page 7 could not be read: damaged",
    ]
    assert texts(pick(page, "#p2 .read")) == ["Nothing was read on this page."]


# what looks wrong


def test_doubts_name_gaps_captions_without_tables_odd_grids_and_joined_words() -> None:
    sections = tuple(Section(title="T", number=n) for n in ("1", "2", "2.2", "4", "A", "A.1"))
    tables = (
        Table.from_rows(["", "A", "B"], [["x", "1", ""], ["y", "2", ""]], "Table 1: One.", "1"),
        Table(label="#1", grid=()),
        Table.from_rows(["Only"], [["a"], ["b"]], "Table 4.", "4"),
    )
    sentences = (
        Sentence(text="Table 3: Lost.", kind="caption"),
        Sentence(text="The mostextraordinarilylongwordofthispaper is here."),
        Sentence(text="See https://example.org/averyveryveryverylongaddresswithoutanyend there."),
        Sentence(text=" ".join(["word"] * 200)),
        Sentence(text="A \ufffd sign."),
    )
    found = [d.words for d in doubts(small(sections=sections, tables=tables, sentences=sentences))]
    assert found == [
        "section 2.2 comes without a section 2.1 before it",
        "section 4 comes without a section 3 before it",
        "the caption of Table 3 has no table",
        "no Table 2 was found, though there is a Table 4",
        "Table 1 has nothing below the header in column 3",
        "unnumbered table #1 has no caption with a number, has no cells",
        "Table 4 has one column",
        "sentence 2 has a word of 38 letters",
        "sentence 4 has 200 words",
        "sentence 5 has a character without a meaning",
    ]


def test_the_sample_raises_no_doubt_and_a_doubt_links_to_its_place() -> None:
    assert doubts(sample()) == ()
    assert not pick(tree(sample_page()), "#doubts")
    page = tree(document_html(small(sentences=(*small().sentences, Sentence(text="\ufffd", page=1)))))
    [link] = pick(page, "#doubts a")
    assert link.get("href") == "#s7"


def test_a_page_on_which_nothing_was_read_is_a_doubt() -> None:
    sentences = (Sentence(text="First.", page=1), Sentence(text="Last.", page=4))
    assert [d.words for d in doubts(small(sentences=sentences, tables=(), sections=(), pages=4))] == [
        "nothing was read on pages 2 to 3"
    ]


# what it must not do


def hostile() -> Document:
    grid = [[Cell(text=HOSTILE, box=BOX, bold=True)] * 2, [Cell(text=HOSTILE)] * 2]
    return Document(
        paper=Paper(
            id=HOSTILE[:60], title=HOSTILE, authors=(HOSTILE,), source_kind="pdf", url="javascript:alert(1)",
            pages_not_read=(UnreadPage(page=3, reason=HOSTILE),),
        ),
        pages=3,
        sections=(Section(title=HOSTILE, number=HOSTILE),),
        sentences=tuple(
            Sentence(text=f"{HOSTILE} {kind}", kind=kind, section=0, page=1, box=BOX, paragraph=i)
            for i, kind in enumerate(("title", "heading", "body", "caption", "footnote", "reference", "other"))
        ),
        tables=(Table(label=HOSTILE, caption=HOSTILE, grid=tuple(map(tuple, grid)), page=1, box=BOX),),
    )  # fmt: skip


def test_nothing_of_a_paper_is_obeyed() -> None:
    page = document_html(hostile(), [picture(1, paper=HOSTILE[:60])], [HOSTILE]).decode()
    found = tree(page.encode())
    assert len(pick(found, "script")) == 1
    assert len(pick(found, "style")) == 1
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", page)
    assert not found.xpath("//@style")
    assert not [name for name in found.xpath("//@*") if getattr(name, "attrname", "").startswith("on")]
    assert all(href.startswith(("#", "data:image/png;base64,")) for href in found.xpath("//@href"))
    assert not found.xpath("//@src")


def test_odd_grids_end_in_a_table_too() -> None:
    loose = [
        [Cell(text="a", origin=(5, 5)), Cell(text="b", origin=(0, 0)), Cell(text="c", origin=(0, 1))],
        [Cell(text="d", origin=(-1, 0)), Cell(text="e", origin=(1, 1)), Cell(text="f", origin=(0, 2))],
    ]
    empty, single = Table(label="9", grid=()), Table(label="8", grid=((),))
    tables = (Table(label="7", grid=tuple(map(tuple, loose))), empty, single)
    page = tree(document_html(small(tables=tables, sentences=(), pages=0)))
    assert texts(pick(page, "#t1 tr > *")) == list("abcdef")
    assert [text for text in texts(pick(page, ".note")) if "cell" in text] == ["No cell was read."]


def test_a_span_does_not_lead_out_of_the_header() -> None:
    up = Cell(text="Over", origin=(0, 0))
    table = Table(label="1", grid=((Cell(text="Over"), Cell(text="A")), (up, Cell(text="1"))), header_rows=1)
    page = tree(document_html(small(tables=(table,), sentences=(), pages=0)))
    assert [len(row) for row in pick(page, "#t1 tr")] == [2, 2]
    assert pick(page, "#t1-1-1")[0].get("rowspan") is None


def test_huge_tables_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claimcheck.publish.document_page.MOST_CELLS", 60)
    table = Table.from_rows(["a", "b"], [[str(n), "x"] for n in range(24)], label="1")
    page = tree(document_html(small(tables=(table, table), sentences=(), pages=0)))
    assert [len(pick(page, f"#t{n} tr")) for n in (1, 2)] == [25, 5]
    assert texts(pick(page, "#t2 .note")) == ["20 more rows are not shown."]


def test_the_same_bytes_each_time_and_it_says_that_it_is_private() -> None:
    assert document_html(sample(), [picture(n) for n in (1, 2, 3)]) == sample_page()
    page = tree(sample_page())
    assert texts(pick(page, ".local")) == [
        "For your own use. This page holds the whole text of the paper and pictures of its pages: do not publish it."
    ]
    [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "img-src data:" in policy
    assert "unsafe" not in policy
    assert "img-src" not in document_html(sample("paper.tex")).decode()


def test_a_paper_of_which_nothing_was_read_is_a_page() -> None:
    page = tree(document_html(Document(paper=Paper(id="x"))))
    assert "Nothing was read." in texts(pick(page, ".note"))
    assert texts(pick(page, "h1")) == ["x"]


# in a browser


def test_in_a_browser_hover_focus_toggles_keys_and_a_phone(open_page: Any, tmp_path: Path) -> None:
    file = tmp_path / "read.html"
    file.write_bytes(sample_page())
    page = open_page(file)
    assert serious(page) == []
    # hovering a sentence marks its box, a box its sentence, a cell its box
    page.hover("#s4")
    assert page.locator("rect.on").get_attribute("id") == "b-s4"
    assert page.inner_text("#told").startswith("4, abstract: Reports from ports")
    page.hover("#b-s12", force=True)
    assert page.locator(".s.on").get_attribute("id") == "s12"
    page.hover("#t1-4-2")
    assert page.locator("rect.on").get_attribute("id") == "b-t1-4-2"
    assert "BiLSTM-CRF | Params" in page.inner_text("#told")
    # the keyboard: arrows among sentences and cells, one stop of the tab key each
    page.focus("#p1 a.no >> nth=0")
    page.keyboard.press("ArrowDown")
    assert page.locator("rect.on").get_attribute("id") == "b-s2"
    page.focus("#t1 .grid")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.id") == "t1-4-2"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#t1 .grid') === null")
    # toggles
    assert page.locator("#b-t1-4-2").is_visible()
    page.uncheck("#show-cell")
    assert not page.locator("#b-t1-4-2").is_visible()
    assert page.locator("#b-s4").is_visible()
    page.uncheck("#show-body")
    assert not page.locator("#b-s4").is_visible()
    assert page.locator("#s4").is_visible()
    # a click on a box goes to its sentence
    page.click("#b-s11", force=True)
    assert page.evaluate("location.hash") == "#s11"


def test_without_javascript_toggles_and_links_work_and_a_phone_needs_no_sideways_scroll(
    open_page: Any, tmp_path: Path
) -> None:
    file = tmp_path / "read.html"
    file.write_bytes(sample_page())
    page = open_page(file, size=PHONE, javascript=False)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.uncheck("#show-table")
    assert not page.locator("#b-t1").is_visible()
    page.click("#s4 a.no")
    assert page.evaluate("document.querySelector(':target').id") == "b-s4"


def test_hostile_text_in_a_browser(open_page: Any, tmp_path: Path) -> None:
    file = tmp_path / "read.html"
    file.write_bytes(document_html(hostile(), [picture(1, paper=HOSTILE[:60])], [HOSTILE]))
    page = open_page(file, dark=True)
    assert page.locator(".s").count() == 7
    assert serious(page) == []
