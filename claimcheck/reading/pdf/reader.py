"""Reads a PDF: pages one by one, then styles, tables and running text over the whole paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pypdfium2

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Document, Paper, Sentence, Table, UnreadPage
from claimcheck.reading.pdf.blocks import Block, Placed, caption_block, footnote_block, make_sentences, take_footnotes
from claimcheck.reading.pdf.captions import find_captions, split_captions
from claimcheck.reading.pdf.characters import BoxBuffer, pdfium, read_page
from claimcheck.reading.pdf.columns import find_style
from claimcheck.reading.pdf.continued import join_continued
from claimcheck.reading.pdf.floats import drop_floats, page_tables
from claimcheck.reading.pdf.flow import Flow, reading_order
from claimcheck.reading.pdf.frames import assign_captions, find_frames
from claimcheck.reading.pdf.headings import is_heading_text, opens_abstract
from claimcheck.reading.pdf.hyphens import Hyphens
from claimcheck.reading.pdf.layout import Line, PageLayout, Style, make_lines
from claimcheck.reading.pdf.margins import drop_line_numbers, drop_margins
from claimcheck.reading.pdf.underscores import with_underscores
from claimcheck.reading.pdf.words import page_words

_T = TypeVar("_T")
_pdfium: Any = pypdfium2  # untyped
_ENCRYPTED = {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}


def read_pdf(
    data: bytes,
    paper: Paper,
    *,
    tables: bool = True,
    max_pages: int = 500,
    on_page: Callable[[int], None] | None = None,
    skip: Mapping[int, str] | None = None,
) -> Document:
    """The document of a PDF's bytes: sections, sentences in reading order, tables as addressable cells.

    Pages that cannot be read, and pages beyond `max_pages`, are listed in `paper.pages_not_read`; the others are read.
    Title and abstract are filled from the first page where `paper` has none. Boxes are (x0, top, x1, bottom) in points
    from the top left corner of the page.

    `on_page` is called with the number of each page that is begun, from 1, and with 0 for what concerns all pages;
    pages in `skip` are left out, with the reasons that stand there.

    Raises UnreadableInputError for bytes that are no PDF, a damaged or encrypted one or one without pages,
    NotAPaperError for one without readable text (a scan).
    """
    on_page = on_page or (lambda _: None)
    pages, missing, count = _read_contents(data, paper, max_pages, on_page, skip or {})
    numbers = [page.number for page in pages]
    if not any(p.words for p in pages):
        if missing and not pages:
            raise UnreadableInputError(
                f"none of the {count} pages can be read ({missing[0].reason})",
                where=paper.id,
                todo="get an undamaged copy",
            )
        raise NotAPaperError(
            "the PDF holds no text, only pictures of pages",
            where=paper.id,
            todo="run OCR on it first, or give the source",
        )
    drop_line_numbers(pages)
    style = find_style(pages)
    drop_margins(pages, style)
    for page in pages:
        page.whole_lines = make_lines(page.words, style)
        page.lines = split_captions(page.whole_lines)
    captions = [find_captions(page, style) for page in pages]
    frames = [find_frames(page, its, style) for page, its in zip(_each(pages, numbers, on_page), captions, strict=True)]
    regions = assign_captions(pages, captions, frames, style)
    hyphens = Hyphens(pages)
    flow = Flow(style, hyphens)
    found: list[Table] = []
    front: list[Block] = []
    for page, its, areas in zip(_each(pages, numbers, on_page), captions, regions, strict=True):
        areas, made = page_tables(page, areas, its, flow, wanted=tables)
        found.extend(made)
        drop_floats(page, its, areas, style)
        notes = take_footnotes(page, style)
        if page is pages[0]:
            front = [*_take_title(page, style), *_take_authors(page)]
        aside = [caption_block(c, page, flow.section) for c in its] + [footnote_block(n, flow.section) for n in notes]
        flow.add_page(reading_order(page.lines), page, aside)
    blocks = flow.finish()
    for block in front:
        flow.write(block)
    sentences = make_sentences([*front, *blocks])
    if not any(s.kind in ("body", "abstract", "other") for s in sentences):
        raise NotAPaperError(
            "the PDF holds no readable sentence", where=paper.id, todo="check that it is a paper with text"
        )
    return Document(
        paper=_described(paper, front, sentences, missing),
        pages=count,
        sections=tuple(flow.sections),
        sentences=tuple(sentences),
        tables=tuple(_labelled(join_continued(found))) if tables else (),
    )


def _each(items: Iterable[_T], numbers: Iterable[int], on_page: Callable[[int], None]) -> Iterator[_T]:
    """What belongs to each page, with word of the page before it."""
    for item, number in zip(items, numbers, strict=True):
        on_page(number)
        yield item
    on_page(0)


def _read_contents(
    data: bytes, paper: Paper, max_pages: int, on_page: Callable[[int], None], skip: Mapping[int, str]
) -> tuple[list[PageLayout], list[UnreadPage], int]:
    """(pages read, pages not read, number of pages)."""
    where = paper.id
    if not data.strip():
        raise UnreadableInputError("the file is empty", where=where, todo="give a PDF")
    if b"%PDF" not in data[:2048]:
        raise UnreadableInputError("this is no PDF: it does not begin with %PDF", where=where, todo="check the file")
    on_page(0)
    try:
        document = _pdfium.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in _ENCRYPTED:
            raise UnreadableInputError(
                "the PDF is encrypted", where=where, todo="give a copy without a password"
            ) from None
        if _has_no_pages(data):
            raise UnreadableInputError("the PDF has no pages", where=where, todo="check the file") from None
        raise UnreadableInputError("the PDF is damaged", where=where, todo="get a complete copy") from None
    try:
        count = len(document)
        if count == 0:
            raise UnreadableInputError("the PDF has no pages", where=where, todo="check the file")
        buffer = BoxBuffer()
        pages: list[PageLayout] = []
        missing: list[UnreadPage] = []
        for index in range(min(count, max_pages)):
            if index + 1 in skip:
                missing.append(UnreadPage(page=index + 1, reason=skip[index + 1]))
                continue
            on_page(index + 1)
            try:
                page: Any = document[index]
                try:
                    content, characters = read_page(page, index + 1, buffer)
                    # a page's characters take more memory than its words, which are all that is kept
                    pages.append(PageLayout(content, with_underscores(page_words(characters), content.rules)))
                finally:
                    page.close()
            except (pypdfium2.PdfiumError, OSError, ValueError) as error:
                missing.append(UnreadPage(page=index + 1, reason=f"damaged: {error}".split("\n")[0][:200]))
        missing.extend(
            UnreadPage(page=k + 1, reason=f"beyond the limit of {max_pages} pages") for k in range(max_pages, count)
        )
        on_page(0)
        return pages, missing, count
    finally:
        document.close()


def _has_no_pages(data: bytes) -> bool:
    squeezed = data.replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b"")
    return b"/Count0" in squeezed and b"/Type/Page/" not in squeezed and b"/Type/Page>" not in squeezed


def _take_title(page: PageLayout, style: Style) -> list[Block]:
    """The title's block, taken off the first page's lines: its largest letters in the upper half."""
    upper = [x for x in page.lines if x.base < 0.5 * page.content.height and sum(c.isalpha() for c in x.text) > 3]
    upper = [x for x in upper if not is_heading_text(x.text)]
    if not upper:
        return []
    size = max(x.size for x in upper)
    if size < 1.12 * style.size:
        return []
    chosen: list[Line] = []
    for line in sorted(page.lines, key=lambda x: (x.base, x.x0)):
        large = max(w.size for w in line.words) > 0.96 * size
        if large and (not chosen or line.base - chosen[-1].base < 1.6 * size):
            chosen.append(line)
    ids = set(map(id, chosen))
    page.lines = [x for x in page.lines if id(x) not in ids]
    return [Block("title", [Placed(x, page) for x in chosen])]


def _take_authors(page: PageLayout) -> list[Block]:
    """What stands above the word Abstract on the first page, taken off its lines: names and places in either column."""
    heading = next((x for x in page.lines if x.text.strip().rstrip(".:").lower() == "abstract"), None)
    heading = heading or next((x for x in page.lines if opens_abstract(x.text)), None)
    if heading is None or heading.base > 0.6 * page.content.height:
        return []
    above = sorted((x for x in page.lines if x.base < heading.base - 0.6 * heading.size), key=lambda x: (x.base, x.x0))
    ids = set(map(id, above))
    page.lines = [x for x in page.lines if id(x) not in ids]
    return [Block("other", [Placed(x, page) for x in above])] if above else []


def _described(paper: Paper, front: Sequence[Block], sentences: Sequence[Sentence], missing: list[UnreadPage]) -> Paper:
    update: dict[str, Any] = {}
    title = next((b.text for b in front if b.kind == "title"), "")
    if not paper.title and title:
        update["title"] = title
    if not paper.abstract:
        update["abstract"] = " ".join(s.text for s in sentences if s.kind == "abstract")
    if missing:
        update["pages_not_read"] = (*paper.pages_not_read, *missing)
    return paper.model_copy(update=update)


def _labelled(tables: Sequence[Table]) -> list[Table]:
    """Tables with "#k" for the k-th table without a printed label."""
    out: list[Table] = []
    unnamed = 0
    for table in tables:
        if table.label == "#":
            unnamed += 1
            table = table.model_copy(update={"label": f"#{unnamed}"})
        out.append(table)
    return out
