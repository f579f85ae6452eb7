"""LaTeX source to Document: the tree walked once in reading order into sections, sentences and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from claimcheck.foundation.errors import NotAPaperError
from claimcheck.foundation.records import Document, Paper, Section, Sentence, Table
from claimcheck.reading.labels import Labels
from claimcheck.reading.latex.commands import (
    COMMANDS,
    FIGURE_FLOATS,
    HEADINGS,
    MATH_ENVIRONMENTS,
    OTHER_FLOATS,
    SILENT,
    TABLE_FLOATS,
    TABULARS,
)
from claimcheck.reading.latex.floats import FloatParts, collect_float
from claimcheck.reading.latex.macros import Expander
from claimcheck.reading.latex.numbering import Numbering
from claimcheck.reading.latex.project import Project, decode, find_main
from claimcheck.reading.latex.references import cleveref_names
from claimcheck.reading.latex.siunitx import parse_options
from claimcheck.reading.latex.tabular import read_tabular
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.latex.tree import Node, parse, raw_text
from claimcheck.reading.noise import is_noise
from claimcheck.reading.rules import Room
from claimcheck.reading.sentences import split_sentences

__all__ = ["read_latex"]

_FRONT = {
    "title", "Title", "icmltitle", "author", "affil", "affiliation", "institute", "address", "keywords", "email",
    "maketitle", "thanks", "date", "icmlauthor", "icmlaffiliation", "corresp", "ead", "subjclass",
}  # fmt: skip
_CAPTIONS = {"caption", "captionof", "tablecaption", "tabcaption", "figcaption"}
_ABSTRACTS = {"abstract", "abstract*", "onecolabstract", "Abstract"}
_REFERENCE_TITLES = re.compile(r"(?:references|bibliography|literature cited)\b", re.IGNORECASE)
_OTHER_TITLES = re.compile(
    r"acknowledg|author contribution|competing interest|conflict of interest|funding|data availability|checklist|"
    r"credit author|declaration",
    re.IGNORECASE,
)


def read_latex(files: dict[str, bytes], paper: Paper, *, main: str = "", tables: bool = True) -> Document:
    """The paper in a LaTeX source.

    `files` maps relative paths to bytes; nothing outside them is read and nothing is executed. `main` names the
    entry among
    them, "" lets it be found. Sentences carry their line in their source file. Without `tables` none are built.
    Raises UnreadableInputError for hostile or damaged sources (endless macros, \\input of itself or out of its
    folder, absurd
    nesting) and NotAPaperError where no sentence comes out.
    """
    entry = main if main in files else find_main(files)
    project = Project(files, entry)
    expander = Expander(project)
    if is_noise(project.text(entry)):
        raise NotAPaperError("the main file holds no readable text", where=entry, todo="name the paper's main file")
    nodes = parse(expander)
    numbering = Numbering(expander.document_class)
    numbering.run(nodes)
    citations = numbering.citations
    citations.numeric = _is_numeric(expander, bool(citations.names))
    for path in files:
        if path.lower().endswith(".bib"):
            citations.add_bib(decode(files[path]))
    context = Context(numbering.labels, citations, names=_cleveref(expander, nodes), numbers=_number_options(nodes))
    walker = _Walker(context, expander, tables)
    walker.read(nodes)
    if not any(s.kind in ("body", "abstract", "caption") for s in walker.sentences):
        raise NotAPaperError(
            "the LaTeX source holds no readable sentence", where=entry, todo="name the paper's main file"
        )
    update: dict[str, object] = {"source_kind": "latex"}
    if not paper.title and walker.title:
        update["title"] = walker.title
    if not paper.abstract:
        update["abstract"] = " ".join(s.text for s in walker.sentences if s.kind == "abstract")
    return Document(
        paper=paper.model_copy(update=update),
        sections=tuple(walker.sections),
        sentences=tuple(walker.sentences),
        tables=tuple(walker.tables),
    )


def _is_numeric(expander: Expander, named: bool) -> bool:
    """Whether citations print as numbers."""
    options = expander.packages.get("natbib", "") + expander.packages.get("biblatex", "") + expander.class_options
    if "biblatex" in expander.packages:
        # numbers are biblatex's default; styles with names say so
        return not re.search(r"style\s*=\s*[\w-]*(?:author|apa|alphabetic|chicago|mla|verbose|acl)", options)
    if re.search(r"\bnumbers\b|numeric|super\b", options):
        return True
    return not named


def _cleveref(expander: Expander, nodes: list[Node]) -> dict[str, tuple[str, str]] | None:
    """cleveref's words for things, None where the package is not seen to be loaded."""
    if "cleveref" not in expander.packages:
        return None
    given: dict[str, tuple[str, str]] = {}
    for node in (n for top in nodes for n in top.walk()):
        if node.kind == "cmd" and node.text in ("crefname", "Crefname"):
            kind, one, several = (raw_text(a).strip() for a in node.args)
            given[kind + "!" * (node.text == "Crefname")] = (one.rstrip("~ "), several.rstrip("~ "))
    return cleveref_names(expander.packages["cleveref"] + "," + expander.class_options, given)


def _number_options(nodes: list[Node], *, inside: bool = False) -> dict[str, str]:
    """siunitx's options from each \\sisetup in order; those inside floats hold there only."""
    out: dict[str, str] = {}
    for node in nodes:
        if node.kind == "cmd" and node.text == "sisetup":
            out.update(parse_options(raw_text(node.args[0])))
        elif node.kind in ("env", "group") and (inside or node.text not in TABLE_FLOATS):
            out.update(_number_options(node.children, inside=inside))
    return out


@dataclass
class _Walker:
    """Walks the tree and writes sections, sentences and tables in reading order.

    Floats and footnotes inside a paragraph wait until the paragraph ends, so that no sentence is cut by them.
    """

    context: Context
    expander: Expander
    with_tables: bool
    title: str = ""
    sections: list[Section] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    _kind: str = "body"
    _paragraph: int = 0
    _appendix: bool = False
    _references_read: bool = False  # what stands after the references is an appendix
    _current: Renderer = field(init=False)
    _waiting: list[Node] = field(default_factory=list)
    _labels: Labels = field(default_factory=Labels)
    _room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        self._current = Renderer(self.context)

    # ------------------------------------------------------------------ the whole
    def read(self, nodes: list[Node]) -> None:
        """Walk the paper: front matter of the preamble first, then the document."""
        document = next((n for n in nodes if n.kind == "env" and n.text == "document"), None)
        preamble = nodes if document is None else nodes[: nodes.index(document)]
        front = [n for top in (nodes if document is None else [*preamble, document]) for n in _commands(top)]
        title = next((n for n in front if n.text in ("title", "Title", "icmltitle")), None)
        if title is not None:
            self._title(title)
        if document is not None:
            for node in preamble:
                if node.kind == "cmd" and node.text == "abstract":
                    self._abstract(node.args[-1] or [], node.line)
        self.walk(nodes if document is None else document.children)
        self.flush()

    def _title(self, node: Node) -> None:
        renderer = Renderer(self.context).render(node.args[-1])
        self.title = renderer.text
        if self.title:
            self.sentences.append(Sentence(text=self.title, kind="title", line=node.line))

    # ------------------------------------------------------------------ blocks
    def walk(self, nodes: list[Node] | None) -> None:
        """Read nodes that may hold paragraphs, headings, floats and lists."""
        for node in nodes or ():
            if node.kind == "par":
                self.flush()
            elif node.kind == "cmd":
                self._command(node)
            elif node.kind == "env":
                self._environment(node)
            elif node.kind == "verb" and "\n" in node.text:
                self.flush()
            elif node.kind == "group" and _holds_blocks(node):
                self.walk(node.children)
            else:
                self._inline(node)

    def _inline(self, node: Node) -> None:
        self._current.continue_with([node])
        if self._current.footnotes:
            self._waiting += self._current.footnotes
            self._current.footnotes = []

    def _command(self, node: Node) -> None:
        name = node.text
        if name in HEADINGS:
            self._heading(node)
        elif name in ("par", "newpage", "clearpage", "maketitle", "cleardoublepage", "bigskip", "medskip", "smallskip"):
            self.flush()
        elif name in ("appendix", "appendices"):
            self.flush()
            self._appendix = True
        elif name == "abstract":
            self._abstract(node.args[-1] or [], node.line)
        elif name == "item":
            self.flush()
            self._current.continue_with(node.args[0])
            self._current.emit(" ", node.line)
        elif name in _CAPTIONS:
            self._waiting.append(node)
        elif name == "bibitem":
            self.flush()
        elif name in _FRONT or name.startswith("the:"):
            return
        elif _holds_blocks(node):
            for index in COMMANDS.get(name, ("", ()))[1]:
                self.walk(node.args[index] if index < len(node.args) else [])
        else:
            self._inline(node)

    def _environment(self, node: Node) -> None:
        name = node.text
        if name in MATH_ENVIRONMENTS:
            self._current.emit(" ", node.line)
            self._inline(node)
            self._current.emit(" ", node.line)
        elif name in TABLE_FLOATS or name in FIGURE_FLOATS or name in OTHER_FLOATS or name in TABULARS:
            self._waiting.append(node)
        elif name in _ABSTRACTS:
            self._abstract(node.children, node.line)
        elif name == "thebibliography":
            self._bibliography(node)
        elif name in SILENT:
            return
        else:
            appendix = self._appendix
            self._appendix = appendix or name in ("appendices", "appendix", "subappendices")
            self.flush()
            self.walk(node.children)
            self.flush()
            self._appendix = appendix

    def _heading(self, node: Node) -> None:
        self.flush()
        renderer = Renderer(self.context).render(node.args[2])
        title = renderer.text
        level = HEADINGS[node.text]
        if level > 3:
            # a run-in heading opens its paragraph
            if title:
                self._add(renderer, "heading")
            return
        kind = "appendix" if self._appendix or self._references_read else "body"
        if _REFERENCE_TITLES.match(title):
            kind = "references"
        elif _OTHER_TITLES.search(title):
            kind = "other"
        elif re.fullmatch(r"(?i)abstract", title):
            kind = "abstract"
        elif re.match(r"(?i)(appendix|appendices|supplement)", title) and not node.number:
            kind = "appendix"
        self._open_section(title, kind, node.number, max(1, level))
        if title:
            self._add(renderer, "heading")

    def _open_section(self, title: str, kind: str, number: str = "", level: int = 1) -> None:
        self._references_read = self._references_read or kind == "references"
        self.sections.append(Section(title=title, number=number, level=level, kind=kind))
        self._kind = {"references": "reference", "abstract": "abstract"}.get(kind, "body")

    def _abstract(self, nodes: list[Node], line: int) -> None:
        self.flush()
        if not any(s.kind == "abstract" for s in self.sections):
            self._open_section("Abstract", "abstract")
        before, self._kind = self._kind, "abstract"
        self.walk(nodes)
        self.flush()
        self._kind = "body" if before == "abstract" else before

    def _bibliography(self, node: Node) -> None:
        self.flush()
        if not self.sections or self.sections[-1].kind != "references":
            self._open_section("References", "references")
        self._kind = "reference"
        started = False
        for child in node.children:
            if child.kind == "cmd" and child.text == "bibitem":
                self.flush()
                started = True
            elif child.kind == "par":
                self._current.emit(" ", child.line)
            elif started:
                self._inline(child)
        self.flush()
        self._kind = "body"

    # ------------------------------------------------------------------ paragraphs
    def flush(self) -> None:
        """End the paragraph; then read the floats and footnotes that stood in it."""
        renderer, self._current = self._current, Renderer(self.context)
        waiting, self._waiting = self._waiting, []
        waiting += renderer.footnotes
        if not renderer.empty:
            self._add(renderer, self._kind)
        for node in waiting:
            if node.kind == "env":
                self._float(node)
            elif node.text in _CAPTIONS:
                self._add(Renderer(self.context).render(node.args[-1]), "caption")
            else:
                self._add(Renderer(self.context).render(node.args[-1]), "footnote")

    def _add(self, renderer: Renderer, kind: str) -> None:
        """Split rendered text into sentences of this kind; a reference or heading stays whole."""
        text = renderer.text
        if not any(c.isalnum() for c in text):
            return
        spans = [(0, len(text))] if kind in ("reference", "heading") else split_sentences(text)
        lines = renderer.lines([start for start, _ in spans])
        for (start, end), line in zip(spans, lines, strict=True):
            if any(c.isalnum() for c in text[start:end]):
                self.sentences.append(
                    Sentence(
                        text=text[start:end],
                        section=len(self.sections) - 1,
                        paragraph=self._paragraph,
                        kind=kind,
                        line=line or None,
                    )
                )
        self._paragraph += 1
        for note in renderer.footnotes:
            self._add(Renderer(self.context).render(note.args[-1]), "footnote")

    # ------------------------------------------------------------------ floats
    def _float(self, node: Node) -> None:
        """A float's captions as sentences and its tabulars as tables."""
        parts = collect_float(node)
        captions: dict[int, str] = {}
        for caption in parts.captions:
            renderer = Renderer(self.context).render(caption.args[-1])
            captions[id(caption)] = renderer.text
            self._add(renderer, "caption")
        for sub in parts.subfloats:
            renderer = Renderer(self.context).render(sub.caption)
            sub.text = renderer.text
            self._add(renderer, "caption")
        for note in parts.notes:
            self._add(Renderer(self.context).render(note), "footnote")
        if self.with_tables:
            self._float_tables(node, parts, captions)

    def _float_tables(self, node: Node, parts: FloatParts, captions: dict[int, str]) -> None:
        found = []
        own = _number_options(node.children, inside=True)
        self.context.numbers, outer = {**self.context.numbers, **own}, self.context.numbers
        for tabular in parts.tabulars:
            for grid in read_tabular(tabular.node, self.context, self.expander.columns, self._room):
                height, width = len(grid.cells), len(grid.cells[0])
                # what has one row or one column lays something out
                if height * width >= 2 and (height > 1 or node.text in TABLE_FLOATS) and (width > 1 or height > 2):
                    found.append((tabular, grid))
        self.context.numbers = outer
        if node.text in TABULARS and node.text not in TABLE_FLOATS:
            found = [(t, g) for t, g in found if len(g.cells) > 1 and len(g.cells[0]) > 1]
        owners = parts.owners([t for t, _ in found], node)
        numbers = [o.number if o is not None and not parts.is_figure(node, o) else "" for o in owners]
        letters = [tabular.sub.letter if tabular.sub is not None else "" for tabular, _ in found]
        names = [number and number + letter for number, letter in zip(numbers, letters, strict=True)]
        labels: dict[int, str] = {}
        for one in dict.fromkeys(map(id, owners)):
            places = [i for i, o in enumerate(owners) if id(o) == one]
            labels.update(zip(places, self._labels.take([names[i] for i in places]), strict=True))
        for i, ((tabular, grid), owner) in enumerate(zip(found, owners, strict=True)):
            caption = captions.get(id(owner), "") if owner is not None else ""
            if tabular.sub is not None and tabular.sub.text:
                caption = f"{caption} ({tabular.sub.letter or '?'}) {tabular.sub.text}".strip()
            self.tables.append(
                Table.from_grid(
                    grid.cells,
                    caption,
                    labels[i],
                    header_rows=grid.header_rows,
                    stub_columns=grid.stub_columns,
                    section=len(self.sections) - 1,
                    line=grid.line or None,
                )
            )
            for note in grid.footnotes:
                self._add(Renderer(self.context).render(note.args[-1]), "footnote")


def _commands(node: Node) -> list[Node]:
    """The commands of the front matter, wherever groups and environments put them."""
    if node.kind == "cmd":
        return [node]
    if node.kind == "group" or (node.kind == "env" and node.text in ("document", "frontmatter", "center", "titlepage")):
        return [c for child in node.children for c in _commands(child)]
    return []


def _holds_blocks(node: Node) -> bool:
    """Whether a node holds what ends a paragraph: headings, floats, lists, blank lines."""
    if node.text in ("footnote", "footnotetext", "thanks"):
        return False
    for inner in node.walk():
        if inner is node:
            continue
        if inner.kind == "par" or (inner.kind == "env" and inner.text not in MATH_ENVIRONMENTS):
            return True
        if inner.kind == "cmd" and (inner.text in HEADINGS or inner.text in _CAPTIONS or inner.text == "item"):
            return True
    return False
