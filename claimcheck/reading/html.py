"""HTML to Document: arXiv's and ar5iv's pages (LaTeXML's ltx_ classes), and ordinary pages as well as they allow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, cast

from lxml import etree
from lxml import html as lxml_html

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Document, Paper, Section, Sentence, Table
from claimcheck.reading.html_faults import prose_beside, raw_tables, shows_raw_table
from claimcheck.reading.html_tables import HtmlTable, is_tabular, outer_tabulars, read_table
from claimcheck.reading.html_text import EQUATIONS, SKIPPED, Inline, classes, is_abstract, is_equation, within_abstract
from claimcheck.reading.labels import Labels
from claimcheck.reading.noise import is_noise
from claimcheck.reading.rules import Room
from claimcheck.reading.sentences import split_sentences

__all__ = ["read_html"]

_LARGEST = 60_000_000  # bytes
_DEEPEST = 180  # elements within one another
_HEADINGS = {"h1": 1, "h2": 1, "h3": 2, "h4": 3, "h5": 4, "h6": 5}
_LTX_LEVELS = {
    "part": 1, "chapter": 1, "section": 1, "appendix": 1, "bibliography": 1, "subsection": 2, "subsubsection": 3,
    "paragraph": 4, "subparagraph": 5, "acknowledgements": 1, "abstract": 1,
}  # fmt: skip
_BLOCKS = {
    "p", "div", "section", "article", "main", "body", "html", "ul", "ol", "li", "dl", "dt", "dd", "blockquote",
    "figure", "table", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "center", "details", "summary", "tbody",
    "pre", "hr", "form", "fieldset",
}  # fmt: skip
_LABEL = re.compile(
    r"\s*(?:Supplementary |Extended Data )?(?P<kind>Table|Tab\.|Figure|Fig\.)\s*"
    r"(?P<number>[A-Z]{0,2}[.-]?\d+(?:\.\d+)*[a-z]?|[IVXL]+|[A-Z]\b)?\s*[:.|–—-]?\s*",
    re.IGNORECASE,
)
_PANEL = re.compile(r"\s*\(?([a-z])\)[:.]?\s*")
_REFERENCES = re.compile(r"(?:references|bibliography|literature cited|works cited)\b", re.IGNORECASE)
_OTHER = re.compile(
    r"acknowledg|author contribution|competing interest|conflict of interest|funding|data availability", re.IGNORECASE
)
_NUMBERED = re.compile(r"(Appendix\s+[A-Z](?:\.\d+)*|\d{1,2}(?:\.\d+)*|[A-Z](?:\.\d+)+|[A-Z](?=[.:)]))[.:)]?\s+(?=\S)")
_Kind = Literal["title", "abstract", "body", "caption", "footnote", "heading", "reference", "other"]


def read_html(data: bytes, paper: Paper, *, tables: bool = True) -> Document:
    """The paper in an HTML page.

    Nothing is fetched and no entity is expanded from outside. Without `tables` none are built. Raises
    UnreadableInputError for an empty or monstrous page and NotAPaperError where no sentence comes out.
    """
    if not data.strip():
        raise UnreadableInputError("the HTML page is empty", where=paper.id, todo="fetch it again")
    if len(data) > _LARGEST:
        raise UnreadableInputError(
            f"an HTML page of {len(data):,} bytes is no paper", where=paper.id, todo="give the PDF instead"
        )
    root = _parse(data, paper)
    article = next((e for e in root.iter() if "ltx_document" in classes(e)), None)
    walker = _Walker(latexml=article is not None, with_tables=tables)
    body = (
        article
        if article is not None
        else next((e for name in ("main", "article", "body") for e in root.iter(name)), root)
    )
    walker.walk(body, 0)
    walker.flush()
    said = [s.text for s in walker.sentences if s.kind in ("body", "abstract", "caption")]
    if not said or is_noise(" ".join(said)):
        raise NotAPaperError("the HTML page holds no readable sentence", where=paper.id, todo="give the PDF instead")
    update: dict[str, object] = {"source_kind": "html"}
    title = walker.title or (root.findtext(".//title") or "").strip()
    if not paper.title and title:
        update["title"] = " ".join(title.split())
    if not paper.abstract:
        update["abstract"] = " ".join(s.text for s in walker.sentences if s.kind == "abstract")
    return Document(
        paper=paper.model_copy(update=update),
        sections=tuple(walker.sections),
        sentences=tuple(walker.sentences),
        tables=tuple(walker.tables),
    )


def _parse(data: bytes, paper: Paper) -> etree._Element:
    encoding = None
    if data[:3] == b"\xef\xbb\xbf":
        encoding = "utf-8"
    elif data[:2] not in (b"\xff\xfe", b"\xfe\xff") and not re.search(rb"charset\s*=", data[:4096]):
        # without a declaration libxml2 takes Latin-1; papers are UTF-8 wherever they can be
        try:
            data.decode("utf-8")
            encoding = "utf-8"
        except UnicodeDecodeError:
            encoding = "windows-1252"
    parser = lxml_html.HTMLParser(
        recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding=encoding
    )
    try:
        root = lxml_html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableInputError(
            f"the HTML page cannot be parsed ({str(error)[:80]})", where=paper.id, todo="give the PDF instead"
        ) from error
    return root


@dataclass
class _Walker:
    """Walks the page in order; inline text gathers into a paragraph that every block boundary ends."""

    latexml: bool
    with_tables: bool
    title: str = ""
    sections: list[Section] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    _kind: _Kind = "body"
    _paragraph: int = 0
    _inline: Inline = field(default_factory=Inline)
    _references_read: bool = False  # what stands after the references is an appendix
    _labels: Labels = field(default_factory=Labels)
    _room: Room = field(default_factory=Room)
    _abstracts: set[str] = field(default_factory=set)  # paragraphs of the abstract
    _pending_caption: tuple[str, str] = ("", "")  # label and text of a "Table 2: ..." paragraph before its table

    # ------------------------------------------------------------------ blocks
    def walk(self, element: etree._Element, depth: int) -> None:
        """Read an element that may hold blocks."""
        if depth > _DEEPEST:
            self._inline.add(element)
            return
        self._inline.text(element.text)
        for child in element:
            self._child(child, depth)
            self._inline.text(child.tail)

    def _child(self, child: etree._Element, depth: int) -> None:
        tag = child.tag if isinstance(child.tag, str) else ""
        names = classes(child)
        if not tag or tag in SKIPPED or (self.latexml and names & _LTX_SKIPPED):
            return
        if tag in _HEADINGS:
            self._heading(child, tag, names)
        elif is_abstract(child):
            self._abstract(child, depth)
        elif "ltx_bibliography" in names:
            self.flush()
            if not self.sections or self.sections[-1].kind != "references":
                self._open("References", "references")
            self._references(child)
        elif names & EQUATIONS:
            self._inline.text(" ")
            self._inline.add(child)
            self._inline.text(" ")
        elif tag == "figure" or names & {"ltx_table", "ltx_figure", "ltx_float"}:
            self.flush()
            self._figure(child)
        elif is_tabular(child):
            self.flush()
            self._table(child)
        elif r"\begin" in (child.text or "") + "".join(e.tail or "" for e in child) and shows_raw_table(child):
            self.flush()
            self._raw(child, "", "", loose=False)
            if tag != "pre":
                self._add(prose_beside(child), self._kind)
        elif tag == "pre" or "ltx_listing" in names:
            self.flush()
        elif tag == "li" and self._kind == "reference":
            self.flush()
            self._inline.add(child)
            self.flush()
        elif tag in _BLOCKS or names & {"ltx_para", "ltx_p", "ltx_theorem", "ltx_proof"}:
            # LaTeXML ends a paragraph before a displayed equation and begins one after it; the sentence goes on
            if tag != "p" or not is_equation(child.getprevious()):
                self.flush()
            self.walk(child, depth + 1)
            if tag != "p" or not is_equation(child.getnext()):
                self.flush()
        elif any(is_tabular(e) or e.tag in _BLOCKS for e in child.iterdescendants()):
            self.walk(child, depth + 1)
        else:
            self._inline.add(child)

    def _abstract(self, element: etree._Element, depth: int) -> None:
        """An element that holds the abstract, or a part of one that holds it."""
        self.flush()
        before = self._kind
        self._open_abstract()
        self.walk(element, depth + 1)
        self.flush()
        self._kind = "body" if before == "abstract" and not within_abstract(element) else before

    def _open_abstract(self) -> None:
        """Begins the abstract, where it has not just begun: pages mark it by an element and by a heading."""
        if self.sections and self.sections[-1].kind == "abstract":
            self._kind = "abstract"
        else:
            self._open("Abstract", "abstract")

    def _heading(self, element: etree._Element, tag: str, names: set[str]) -> None:
        self.flush()
        number = ""
        inline = Inline()
        for part in [e for e in element if "ltx_tag" in classes(e)]:
            number = Inline().add(part).rendered.strip(" .:")
            part.text = None
            for inner in list(part):
                part.remove(inner)
        title = inline.add(element).rendered
        kinds = [n.removeprefix("ltx_title_") for n in names if n.startswith("ltx_title_")]
        if "document" in kinds or (tag == "h1" and not self.title and not self.latexml):
            self.title = title
            self._add(title, "title")
            return
        if kinds and kinds[0] in ("abstract", "theorem", "proof", "classification", "keywords"):
            return
        level = next((_LTX_LEVELS[k] for k in kinds if k in _LTX_LEVELS), _HEADINGS[tag])
        if not number and not self.latexml and (m := _NUMBERED.match(title)) is not None:
            number, title = m[1], title[m.end() :]
        if re.fullmatch(r"(?i)abstract\W?", title):
            self._open_abstract()
            return
        if level > 3:
            self._add(title, "heading")
            return
        appendix = "appendix" in kinds or number.lower().startswith("appendix")
        number = re.sub(r"(?i)^(?:appendix|section|chapter|§)\s*", "", number)
        if not appendix and re.match(r"[A-Z](?:\.|$)", number) and any(s.kind == "appendix" for s in self.sections):
            appendix = True
        kind = "appendix" if appendix or self._references_read else "body"
        if _REFERENCES.match(title):
            kind = "references"
        elif _OTHER.search(title):
            kind = "other"
        self._open(title, kind, number, level)
        self._add(title, "heading")

    def _open(self, title: str, kind: str, number: str = "", level: int = 1) -> None:
        self._references_read = self._references_read or kind == "references"
        self.sections.append(Section(title=title, number=number, level=level, kind=kind))
        self._kind = cast(_Kind, {"references": "reference", "abstract": "abstract"}.get(kind, "body"))

    def _references(self, element: etree._Element) -> None:
        before, self._kind = self._kind, "reference"
        items = list(element.iter("li"))
        items = [e for e in items if "ltx_bibitem" in classes(e)] or items
        for item in items:
            self._inline.add(item)
            self.flush()
        self._kind = before if before != "reference" else "body"

    # ------------------------------------------------------------------ paragraphs
    def flush(self) -> None:
        """End the paragraph; its footnotes follow it."""
        inline, self._inline = self._inline, Inline()
        text = inline.rendered
        if text:
            caption = _LABEL.match(text) if not self.latexml else None
            if (
                caption is not None
                and caption["kind"].lower().startswith("tab")
                and caption["number"]
                and len(text) < 1000
            ):
                self._pending_caption = (caption["number"], text[caption.end() :])
                self._add(text[caption.end() :], "caption")
            else:
                self._add(text, self._kind)
        for note in inline.footnotes:
            self._add(note, "footnote")

    def _add(self, text: str, kind: _Kind) -> None:
        if not any(c.isalnum() for c in text):
            return
        if kind == "abstract":
            # pages print the abstract for the screen and for the printer, or in a listing and in the paper
            if text in self._abstracts:
                return
            self._abstracts.add(text)
        spans = [(0, len(text))] if kind in ("reference", "heading", "title") else split_sentences(text)
        for start, end in spans:
            if any(c.isalnum() for c in text[start:end]):
                section = len(self.sections) - 1
                self.sentences.append(
                    Sentence(text=text[start:end], section=section, paragraph=self._paragraph, kind=kind)
                )
        self._paragraph += 1

    # ------------------------------------------------------------------ floats
    def _figure(self, figure: etree._Element) -> None:
        """A figure element: its captions, and its tables under the nearest caption."""
        captions: list[tuple[etree._Element, str, str, str]] = []  # owner, kind, number, text
        for element in figure.iter("figcaption"):
            inline = Inline().add(element)
            text = inline.rendered
            owner = next(
                (e for e in element.iterancestors() if e.tag == "figure" or "ltx_figure_panel" in classes(e)), figure
            )
            panel = _PANEL.match(text) if owner is not figure else None
            label = _LABEL.match(text)
            if label is not None and label.end():
                kind = "table" if label["kind"].lower().startswith("tab") else "figure"
                captions.append((owner, kind, label["number"] or "", text[label.end() :]))
            elif panel is not None:
                captions.append((owner, "panel", panel[1], text[panel.end() :]))
            else:
                captions.append((owner, "", "", text))
            self._add(captions[-1][3], "caption")
            for note in inline.footnotes:
                self._add(note, "footnote")
        found: list[tuple[HtmlTable, str, str, str]] = []
        for element in outer_tabulars(figure):
            table = read_table(element, self._room)
            if table is None:
                continue
            above = [element, *element.iterancestors()]
            main = next((c for a in above for c in captions if c[0] is a and c[1] in ("table", "figure", "")), None)
            panel_caption = next((c for a in above for c in captions if c[0] is a and c[1] == "panel"), None)
            if main is None and captions:
                main = next((c for c in captions if c[1] != "panel"), None)
            number = main[2] if main is not None and main[1] == "table" else ""
            caption = main[3] if main is not None else table.caption
            letter = panel_caption[2] if panel_caption is not None else ""
            if panel_caption is not None:
                caption = f"{caption} ({letter}) {panel_caption[3]}".strip()
            found.append((table, number, letter, caption))
        if not found:
            named = next((c for c in captions if c[1] == "table"), None)
            if named is not None or "ltx_table" in classes(figure) or shows_raw_table(figure):
                self._raw(figure, named[2] if named else "", named[3] if named else "", loose=named is not None)
        self._keep([(grid, number and number + letter, caption) for grid, number, letter, caption in found])

    def _raw(self, element: etree._Element, label: str, caption: str, *, loose: bool) -> None:
        """Tables that the page shows as LaTeX."""
        found: list[tuple[HtmlTable, str, str]] = []
        for grid, beside in raw_tables(element, self._room, loose=loose):
            if beside and not caption:
                self._add(beside, "caption")
            table = HtmlTable(grid.cells, grid.header_rows, grid.stub_columns)
            found.append((table, label, caption or beside))
        self._keep(found)

    def _table(self, element: etree._Element) -> None:
        """A table that stands outside a figure element."""
        table = read_table(element, self._room)
        if table is None:
            return
        label, caption = "", table.caption
        printed = _LABEL.match(caption)
        if printed is not None and printed["number"] and printed["kind"].lower().startswith("tab"):
            label, caption = printed["number"], caption[printed.end() :]
        if caption:
            self._add(caption, "caption")
        elif self._pending_caption[0]:
            label, caption = self._pending_caption
        self._pending_caption = ("", "")
        if len(table.cells) > 1 and len(table.cells[0]) > 1:
            self._keep([(table, label, caption)])
        else:
            # a table that only lays out text
            for row in table.cells:
                for cell in row:
                    if cell.origin is None:
                        self._add(cell.text, self._kind)

    def _keep(self, found: list[tuple[HtmlTable, str, str]]) -> None:
        """Tables under one caption, each with its printed name and its caption."""
        for table, _, _ in found:
            for note in table.footnotes:
                self._add(note, "footnote")
        if not self.with_tables:
            return
        for (table, _, caption), label in zip(found, self._labels.take([name for _, name, _ in found]), strict=True):
            self.tables.append(
                Table.from_grid(
                    table.cells,
                    caption,
                    label,
                    header_rows=table.header_rows,
                    stub_columns=table.stub_columns,
                    section=len(self.sections) - 1,
                )
            )


_LTX_SKIPPED = {
    "ltx_authors", "ltx_page_footer", "ltx_page_header", "ltx_page_navbar", "ltx_TOC", "ltx_dates", "ltx_ERROR",
    "ltx_pagination", "ltx_keywords", "ltx_classification", "ltx_rdf", "ltx_role_footnotemark", "ltx_date",
    "ltx_tag_bibitem", "ltx_tag_item", "ltx_tag_equation", "package-alerts",
}  # fmt: skip
