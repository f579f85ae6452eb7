"""Reads a PDF: pages one by one, then styles, tables and running text over the whole paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pypdfium2

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Box, Document, Paper, Sentence, Table, UnreadPage
from claimcheck.reading.pdf.captions import Caption, find_captions, split_captions
from claimcheck.reading.pdf.characters import PageContent, pdfium, read_page
from claimcheck.reading.pdf.continued import join_continued
from claimcheck.reading.pdf.flow import (
    Block,
    Flow,
    Hyphens,
    Placed,
    caption_block,
    footnote_block,
    is_heading_text,
    make_sentences,
    opens_abstract,
    reading_order,
    take_footnotes,
)
from claimcheck.reading.pdf.frames import Region, assign_captions, find_frames
from claimcheck.reading.pdf.layout import (
    Line,
    PageLayout,
    Style,
    drop_line_numbers,
    drop_margins,
    find_style,
    make_lines,
    rows_of,
)
from claimcheck.reading.pdf.tables import looks_like_table, make_table
from claimcheck.reading.pdf.words import Word, join_words, page_words

_pdfium: Any = pypdfium2  # untyped
_ENCRYPTED = {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}


def read_pdf(data: bytes, paper: Paper, *, tables: bool = True, max_pages: int = 500) -> Document:
    """The document of a PDF's bytes: sections, sentences in reading order, tables as addressable cells.

    Pages that cannot be read, and pages beyond `max_pages`, are listed in `paper.pages_not_read`; the others are read.
    Title and abstract are filled from the first page where `paper` has none. Boxes are (x0, top, x1, bottom) in points
    from the top left corner of the page.

    Raises UnreadableInputError for bytes that are no PDF, a damaged or encrypted one or one without pages,
    NotAPaperError for one without readable text (a scan).
    """
    contents, missing, count = _read_contents(data, paper, max_pages)
    pages = [PageLayout(c, page_words(c)) for c in contents]
    if not any(p.words for p in pages):
        if missing and not contents:
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
        page.lines = split_captions(make_lines(page.words, style))
    captions = [find_captions(page, style) for page in pages]
    frames = [find_frames(page, its, style) for page, its in zip(pages, captions, strict=True)]
    regions = assign_captions(pages, captions, frames, style)
    hyphens = Hyphens(pages)
    flow = Flow(style, hyphens)
    found: list[Table] = []
    front: list[Block] = []
    for page, its, areas in zip(pages, captions, regions, strict=True):
        areas, made = _page_tables(page, areas, its, hyphens, flow)
        found.extend(made)
        _drop_floats(page, its, areas, style)
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


def _read_contents(data: bytes, paper: Paper, max_pages: int) -> tuple[list[PageContent], list[UnreadPage], int]:
    """(pages read, pages not read, number of pages)."""
    where = paper.id
    if not data.strip():
        raise UnreadableInputError("the file is empty", where=where, todo="give a PDF")
    if b"%PDF" not in data[:2048]:
        raise UnreadableInputError("this is no PDF: it does not begin with %PDF", where=where, todo="check the file")
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
        contents: list[PageContent] = []
        missing: list[UnreadPage] = []
        for index in range(min(count, max_pages)):
            try:
                page: Any = document[index]
                try:
                    contents.append(read_page(page, index + 1))
                finally:
                    page.close()
            except (pypdfium2.PdfiumError, OSError, ValueError) as error:
                missing.append(UnreadPage(page=index + 1, reason=f"damaged: {error}".split("\n")[0][:200]))
        missing.extend(
            UnreadPage(page=k + 1, reason=f"beyond the limit of {max_pages} pages") for k in range(max_pages, count)
        )
        return contents, missing, count
    finally:
        document.close()


def _has_no_pages(data: bytes) -> bool:
    squeezed = data.replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b"")
    return b"/Count0" in squeezed and b"/Type/Page/" not in squeezed and b"/Type/Page>" not in squeezed


def _page_tables(
    page: PageLayout, regions: Sequence[Region], captions: Sequence[Caption], hyphens: Hyphens, flow: Flow
) -> tuple[list[Region], list[Table]]:
    """(regions that are floats, their tables) of a page, from top to bottom."""
    kept: list[Region] = []
    tables: list[Table] = []
    regions = _with_subcaptions(page, regions)
    order = {id(c): i for i, c in enumerate(captions)}
    for region in sorted(regions, key=lambda r: (order.get(id(r.caption), 99), r.box[1], r.box[0])):
        caption = region.caption
        if caption is not None and caption.kind != "table":
            kept.append(region)
            continue
        text = ""
        if caption is not None:
            block = caption_block(caption, page, flow.section)
            flow.write(block)
            text = block.text
            if region.subcaption:
                text = f"{text} {join_words(list(region.subcaption))}"
        label = caption.label if caption is not None else "#"
        table = make_table(region, page.content, label, text, flow.section)
        if table is None or (caption is None and not looks_like_table(table)):
            if caption is not None:
                kept.append(region)
            continue
        kept.append(region)
        tables.append(table)
    return kept, tables


def _with_subcaptions(page: PageLayout, regions: Sequence[Region]) -> list[Region]:
    """Regions that share a caption with the words "(a) ..." that stand right below or above each of them."""
    groups: dict[int, list[Region]] = {}
    for region in regions:
        if region.caption is not None:
            groups.setdefault(id(region.caption), []).append(region)
    out: list[Region] = []
    for region in regions:
        group = groups.get(id(region.caption), [])
        if len(group) > 1:
            # below each of them, or else above: between two that are stacked both could be meant
            below = all(_subcaption(page, r, below=True) for r in group)
            region = replace(region, subcaption=_subcaption(page, region, below=below))
        out.append(region)
    return out


def _subcaption(page: PageLayout, region: Region, *, below: bool) -> tuple[Word, ...]:
    """The words of "(a) ..." right below or right above a region; () where there are none."""
    x0, top, x1, bottom = region.box
    for row in rows_of([w for w in page.words if x0 - 30 < w.x0 and w.x1 < x1 + 30]):
        base, size = row[0].base, row[0].size
        near = bottom < base < bottom + 2.5 * size if below else top - 2.0 * size < base < top
        letter = next((i for i, w in enumerate(row) if re.fullmatch(r"\([a-h]\)", w.text)), None)
        if near and letter is not None:
            words = [row[letter]]
            for w in row[letter + 1 :]:
                if w.x0 - words[-1].x1 > 1.2 * size:
                    break
                words.append(w)
            if x0 < (words[0].x0 + words[-1].x1) / 2 < x1:
                return tuple(words)
    return ()


def _drop_floats(page: PageLayout, captions: Sequence[Caption], regions: Sequence[Region], style: Style) -> None:
    """Takes tables, captions and what stands inside figures off a page and makes its lines anew."""
    gone = {id(w) for r in regions for w in (*r.words, *r.subcaption)}
    gone |= {id(w) for c in captions for line in c.lines for w in line.words}
    graphics = [g for g in page.content.graphics if g[2] - g[0] > 20 and g[3] - g[1] > 20]
    # the box of a drawing reaches over text beside it where what it would draw there is cut off
    kept = {id(w) for line in _running_lines(page, style) for w in line.words}
    words = [w for w in page.words if id(w) not in gone and (id(w) in kept or not _in_any(w.box, graphics))]
    page.lines = make_lines(words, style)


def _running_lines(page: PageLayout, style: Style) -> list[Line]:
    """The lines set like the body, and those of its size right above or below one (a paragraph's first and last)."""
    out: list[Line] = []
    for column in {x.column for x in page.lines}:
        lines = sorted((x for x in page.lines if x.column == column), key=lambda x: x.base)
        running = [_is_running_text(x, style) for x in lines]
        for i, line in enumerate(lines):
            near = (
                running[j] and abs(lines[j].base - line.base) < 1.3 * style.leading
                for j in (i - 1, i + 1)
                if 0 <= j < len(lines)
            )
            same_size = abs(line.size - style.size) < 0.03 * style.size
            heading = line.bold and abs(line.x0 - style.extent(column)[0]) < 2 and is_heading_text(line.text)
            if running[i] or heading or (same_size and any(near)):
                out.append(line)
    return out


def _is_running_text(line: Line, style: Style) -> bool:
    """Whether a line is set like the body: its size, from the left edge of its column, words without wide gaps."""
    left, right = style.extent(line.column)
    return (
        abs(line.size - style.size) < 0.03 * style.size
        and abs(line.x0 - left) < 2
        and line.widest_gap < 1.2
        and (len(line.words) >= 5 or line.width > 0.85 * (right - left))
    )


def _in_any(box: Box, areas: Iterable[Box]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(a[0] <= x <= a[2] and a[1] <= y <= a[3] for a in areas)


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
