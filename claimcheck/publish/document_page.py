"""A paper as it was read, as one page for a person's own eyes: the page pictures with boxes beside the text and tables.

It holds the whole text of a paper and pictures of its pages, so it is for the user's own use and says so. Everything
of the paper is escaped by the templates' environment; nothing is loaded from anywhere. The same input gives the same
bytes.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from claimcheck.foundation.grid import is_group_row
from claimcheck.foundation.numbers import cell_numbers
from claimcheck.foundation.records import Box, Document, Sentence, Table, UnreadPage
from claimcheck.publish.documents import html_page
from claimcheck.publish.doubts import Doubt, doubts, page_words
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.document import (
    BlockView,
    BoxView,
    CellView,
    DocumentView,
    SentenceView,
    SheetView,
    TableView,
    covered,
    number_notes,
    path_words,
    spans,
)
from claimcheck.publish.view.extras import PagePicture
from claimcheck.publish.view.places import LONGEST, LONGEST_TITLE, author_names, paper_name

__all__ = ["document_html"]

KINDS = {
    "body": "body", "abstract": "body", "title": "heading", "heading": "heading", "caption": "caption",
    "footnote": "footnote", "reference": "reference", "other": "other", "table": "table", "cell": "cell",
}  # fmt: skip
"""The toggle under which each kind of sentence stands, and those of tables and cells."""
_WORDS = {
    "body": "sentences", "heading": "headings", "caption": "captions", "footnote": "footnotes",
    "reference": "references", "other": "other lines", "table": "tables", "cell": "cells",
}  # fmt: skip
MOST_CELLS = 200_000  # of all tables; a paper has some thousands
_SHEET = (612.0, 792.0)  # points, where no page has a picture
_REST = "in claimcheck read --json"
_SOURCES = {"pdf": "PDF", "latex": "LaTeX source", "html": "HTML", "text": "plain text"}


def document_html(
    document: Document,
    pictures: Sequence[PagePicture] = (),
    notes: Sequence[str] = (),
    *,
    templates: Path | None = None,
) -> bytes:
    """One self-contained page of what was read, UTF-8; `pictures` of its pages, `notes` on what is not shown."""
    view = _Builder(document, pictures, MOST_CELLS).view(tuple(notes))
    return html_page(
        "document.html.j2",
        ("report.css", "document.css"),
        ("document.js",),
        "form-action 'none'",
        {"document": view},
        images=view.pictures,
        folder=templates,
    )


@dataclass
class _Builder:
    document: Document
    given: Sequence[PagePicture]
    cells_left: int
    counts: Counter[str] = field(default_factory=Counter)

    def view(self, notes: tuple[str, ...]) -> DocumentView:
        document, paper = self.document, self.document.paper
        ids = ("", paper.id, f"{paper.id}{paper.version}")
        self.pictures = {p.page: p for p in self.given if p.paper in ids}
        pages = [*(s.page for s in document.sentences), *(t.page for t in document.tables), *self.pictures]
        self.paged = any(page is not None for page in pages)
        sheets = tuple(self._sheets())
        found = [(doubt.words, self._doubt_anchor(doubt)) for doubt in doubts(document)]
        kinds = [(k, _WORDS[k], self.counts[k]) for k in _WORDS if self.counts[k]]
        return DocumentView(
            title=shorten(paper.title, LONGEST_TITLE) or paper_name(paper),
            authors=author_names(paper.authors),
            name=paper_name(paper),
            source=_SOURCES[paper.source_kind],
            toggles=tuple(kinds),
            unread=_unread(paper.pages_not_read),
            notes=notes,
            doubts=tuple(found),
            sheets=sheets,
            paged=self.paged,
            boxed=any(sheet.boxes for sheet in sheets),
            pictures=bool(self.pictures),
        )

    def _doubt_anchor(self, doubt: Doubt) -> str:
        if doubt.table is not None:
            return f"t{doubt.table + 1}"
        return f"s{doubt.sentence + 1}" if doubt.sentence is not None else ""

    def _sheets(self) -> Iterator[SheetView]:
        blocks, boxes = self._laid_out()
        pages = sorted({*blocks, *self.pictures} - {None}, key=lambda page: page or 0)
        size = next(((p.width, p.height) for p in self.given), _SHEET)
        for page in [*([None] if None in blocks else []), *pages]:
            its, picture = boxes[page], self.pictures.get(page) if page is not None else None
            width, height = (picture.width, picture.height) if picture else _room(size, its)
            sentences = sum(len(block.sentences) for block in blocks[page])
            tables = sum(block.table is not None for block in blocks[page])
            words = "" if not self.paged else "Without a page" if page is None else f"Page {page}"
            yield SheetView(
                anchor="text" if page is None else f"p{page}",
                words=words,
                facts=", ".join(_count(n, noun) for n, noun in ((sentences, "sentence"), (tables, "table")) if n),
                width=width,
                height=height,
                picture=picture,
                boxes=tuple(sorted(its, key=lambda b: -float(b.width) * float(b.height))),  # the smaller on top
                blocks=tuple(blocks[page]),
                paged=page is not None,
            )

    def _laid_out(self) -> tuple[dict[int | None, list[BlockView]], dict[int | None, list[BoxView]]]:
        """Blocks and boxes of each page. A table stands behind its caption, else where its page or section ends."""
        document = self.document
        places, last = _table_places(document)
        blocks: dict[int | None, list[BlockView]] = defaultdict(list)
        boxes: dict[int | None, list[BoxView]] = defaultdict(list)
        opened: set[int] = set()
        run: list[SentenceView] = []

        def close(sentence: Sentence) -> None:
            if run:
                kind = "heading" if KINDS[sentence.kind] == "heading" else "paragraph"
                note = ""
                if kind == "heading" and 0 <= sentence.section < len(document.sections):
                    if sentence.section not in opened:
                        section = document.sections[sentence.section]
                        note = " ".join(x for x in ("section", shorten(section.number, 40)) if x)
                        note += "" if section.kind == "body" else f", {section.kind}"
                    opened.add(sentence.section)
                blocks[sentence.page].append(BlockView(kind, tuple(run), note))
                run.clear()

        for index, sentence in enumerate(document.sentences):
            if index and _part(document.sentences[index - 1]) != _part(sentence):
                close(document.sentences[index - 1])
            view, box = self._sentence(index, sentence)
            run.append(view)
            boxes[sentence.page] += box
            for number in places.get(index, ()):
                said = " ".join(view.text for view in run)
                close(sentence)
                blocks[document.tables[number].page].append(self._table(number, boxes, said))
        if document.sentences:
            close(document.sentences[-1])
        for number in last:
            blocks[document.tables[number].page].append(self._table(number, boxes))
        return blocks, boxes

    def _sentence(self, index: int, sentence: Sentence) -> tuple[SentenceView, list[BoxView]]:
        kind, anchor = KINDS[sentence.kind], f"s{index + 1}"
        words = f"{index + 1}, {sentence.kind}: {shorten(sentence.text, 80, '')}"
        box = _box(sentence.box, sentence.page, anchor, kind, str(index + 1), words)
        self.counts[kind] += 1
        place = f"line {sentence.line}" if sentence.line is not None else ""
        text = shorten(sentence.text, LONGEST, _REST)
        return SentenceView(anchor, index + 1, sentence.kind, text, place, bool(box)), box

    def _table(self, index: int, boxes: dict[int | None, list[BoxView]], said: str = "") -> BlockView:
        """`said` is the text just before it: a caption that stands there is not repeated."""
        table, anchor = self.document.tables[index], f"t{index + 1}"
        name = f"Table {table.label}" if not table.label.startswith("#") else f"Unnumbered table {table.label}"
        name = shorten(name, 80, "")
        mine = _box(table.box, table.page, anchor, "table", name, f"{name}: {shorten(table.caption, 80, '')}")
        shown = min(table.height, self.cells_left // max(1, table.width))
        self.cells_left -= shown * table.width
        rows = [tuple(self._row(table, r, shown, anchor, name, mine)) for r in range(shown)]
        boxes[table.page] += mine
        self.counts["table"] += 1
        heads = min(table.header_rows, shown)
        facts = [
            _count(table.height, "row"), _count(table.width, "column"), _count(table.header_rows, "header row"),
            _count(table.stub_columns, "column") + " of names",
        ]  # fmt: skip
        if table.line is not None:
            facts.append(f"line {table.line}")
        view = TableView(
            anchor=anchor,
            number=index + 1,
            name=name,
            facts=", ".join(facts),
            caption="" if _letters(said) == _letters(table.caption) else shorten(table.caption, LONGEST, _REST),
            boxed=any(box.anchor == anchor for box in mine),
            head=tuple(rows[:heads]),
            body=tuple(rows[heads:]),
            left_out=table.height - shown,
        )
        return BlockView("table", table=view)

    def _row(
        self, table: Table, r: int, shown: int, anchor: str, name: str, boxes: list[BoxView]
    ) -> Iterator[CellView]:
        row = table.grid[r]
        head = r < table.header_rows
        group = not head and is_group_row(row)
        for c, cell in enumerate(row):
            if covered(table, r, c):
                continue
            rows, columns = spans(table, r, c)
            rows = min(rows, (min(table.header_rows, shown) if head else shown) - r)
            scope = ""
            if head:
                scope = "colgroup" if columns > 1 else "col"
            elif group and cell.text.strip():
                scope = "rowgroup"
            elif c < table.stub_columns:
                scope = "row"
            path = f"row {r + 1}, column {c + 1}" + ("" if head else path_words(table, r, c))
            own = f"{anchor}-{r + 1}-{c + 1}"
            box = _box(cell.box, table.page, own, "cell", f"{r + 1}.{c + 1}", f"{name}, {path}: {cell.text[:60]}")
            boxes += box
            self.counts["cell"] += 1
            yield CellView(
                anchor=own,
                text=shorten(cell.text, LONGEST, _REST),
                path=shorten(path, 400, "") + number_notes(cell),
                header=scope if cell.text.strip() else "",
                rows=rows,
                columns=columns,
                bold=cell.bold,
                underline=cell.underline,
                numeric=bool(cell_numbers(cell.text)),
                boxed=bool(box),
            )


def _part(sentence: Sentence) -> tuple[object, ...]:
    """Sentences of the same part stand in one paragraph of the page."""
    return sentence.page, sentence.paragraph, KINDS[sentence.kind], sentence.section


def _table_places(document: Document) -> tuple[dict[int, list[int]], list[int]]:
    """({sentence: tables that stand behind it}, tables that stand behind everything on their page)."""
    captions: dict[int | None, list[int]] = defaultdict(list)
    ends: dict[tuple[int | None, int], int] = {}
    for index, sentence in enumerate(document.sentences):
        if sentence.kind == "caption":
            captions[sentence.page].append(index)
        ends[sentence.page, sentence.section] = index
    behind: dict[int, list[int]] = defaultdict(list)
    last: list[int] = []
    for number, table in enumerate(document.tables):
        start = _letters(table.caption)
        first = next((i for i in captions[table.page] if start and _begins(start, document.sentences[i].text)), None)
        if first is not None:
            paragraph = document.sentences[first].paragraph
            while first + 1 < len(document.sentences) and (
                document.sentences[first + 1].kind == "caption"
                and document.sentences[first + 1].paragraph == paragraph
                and document.sentences[first + 1].page == table.page
            ):
                first += 1
            behind[first].append(number)
        elif table.page is None and (None, table.section) in ends:
            behind[ends[None, table.section]].append(number)
        else:
            last.append(number)
    return behind, last


def _begins(caption: str, sentence: str) -> bool:
    """Whether a caption begins with the letters of a sentence, with or without its "Table 3"."""
    words = _letters(sentence)
    bare = _letters(re.sub(r"^\s*table\s+\S+", "", sentence, flags=re.IGNORECASE))
    return bool(words) and (caption.startswith(words) or (len(bare) > 8 and caption.startswith(bare)))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _box(box: Box | None, page: int | None, anchor: str, kind: str, number: str, words: str) -> list[BoxView]:
    """A list of one, or of none where there is no page or the box has no area on it."""
    if page is None or box is None or not all(math.isfinite(x) and abs(x) < 1e5 for x in box):
        return []
    x0, top, x1, bottom = box
    if x0 >= x1 or top >= bottom:
        return []
    return [BoxView(anchor, kind, number, words, f"{x0:.1f}", f"{top:.1f}", f"{x1 - x0:.1f}", f"{bottom - top:.1f}")]


def _room(size: tuple[float, float], boxes: Sequence[BoxView]) -> tuple[float, float]:
    """The size of a page of which there is no picture: as the others, and large enough for its boxes."""
    right = max((float(b.x) + float(b.width) + 10 for b in boxes), default=0.0)
    bottom = max((float(b.y) + float(b.height) + 10 for b in boxes), default=0.0)
    return max(size[0], min(right, 5000.0)), max(size[1], min(bottom, 5000.0))


def _unread(pages: Sequence[UnreadPage]) -> tuple[tuple[str, str], ...]:
    reasons: dict[str, list[int]] = defaultdict(list)
    for page in pages:
        reasons[page.reason].append(page.page)
    shown = [(page_words(its).capitalize(), shorten(why, 300, "")) for why, its in list(reasons.items())[:50]]
    return tuple(shown)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
