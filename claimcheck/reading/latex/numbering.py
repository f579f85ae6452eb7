"""Numbers as LaTeX prints them: sections, tables, figures, equations, and what every label refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from claimcheck.reading.latex.citations import Citations
from claimcheck.reading.latex.commands import (
    FIGURE_FLOATS,
    HEADINGS,
    NUMBERED_MATH,
    OTHER_FLOATS,
    SUBFLOATS,
    TABLE_FLOATS,
)
from claimcheck.reading.latex.symbols import roman
from claimcheck.reading.latex.tree import Node, raw_text

_BOOKS = re.compile(r"book|report|thesis|memoir|scrreprt|dissertation|classicthesis", re.IGNORECASE)
_ROMAN = re.compile(r"IEEEtran|revtex|aps", re.IGNORECASE)
_KINDS = {"table": "Table", "figure": "Figure", "algorithm": "Algorithm", "equation": "Equation"}
_NEXT_LEVEL = {"part": "chapter", "chapter": "section", "section": "subsection", "subsection": "subsubsection"}


@dataclass
class Numbering:
    """Counters, run over the tree once in source order; numbers land on the nodes, labels in `labels`."""

    document_class: str = ""
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    citations: Citations = field(default_factory=Citations)
    _values: dict[str, int] = field(default_factory=dict)
    _formats: dict[str, str] = field(default_factory=dict)
    _parents: dict[str, str] = field(default_factory=dict)  # counter -> counter that resets it
    _theorems: dict[str, tuple[str, str]] = field(default_factory=dict)  # environment -> (counter, title)
    _current: tuple[str, str] = ("", "")
    _float: str = ""  # the kind of float we are in
    _captioned: bool = False
    _letters: int = 0
    _longtable: bool = False
    _appendix: bool = False

    def __post_init__(self) -> None:
        self._parents.update({"subsection": "section", "subsubsection": "subsection", "paragraph": "subsubsection"})
        if _BOOKS.search(self.document_class):
            self._parents.update({"section": "chapter", "table": "chapter", "figure": "chapter", "equation": "chapter"})
            for name in ("section", "table", "figure", "equation"):
                self._formats[name] = f"\\thechapter.\\arabic{{{name}}}"
        if _ROMAN.search(self.document_class):
            self._formats["table"] = "\\Roman{table}"
            self._formats["section"] = "\\Roman{section}"
            self._formats["subsection"] = "\\thesection-\\Alph{subsection}"
            self._formats["subsubsection"] = "\\thesubsection\\arabic{subsubsection}"
        self._formats.setdefault("subsection", "\\thesection.\\arabic{subsection}")
        self._formats.setdefault("subsubsection", "\\thesubsection.\\arabic{subsubsection}")

    def run(self, nodes: list[Node]) -> None:
        """Number everything in the nodes, in order."""
        for node in nodes:
            self._visit(node)

    # ------------------------------------------------------------------ counters
    def _step(self, counter: str) -> str:
        self._set(counter, self._values.get(counter, 0) + 1)
        return self.printed(counter)

    def _set(self, counter: str, value: int) -> None:
        self._values[counter] = value
        stack = [counter]
        seen = {counter}
        while stack:
            parent = stack.pop()
            for child, owner in self._parents.items():
                if owner == parent and child not in seen:
                    self._values[child] = 0
                    seen.add(child)
                    stack.append(child)

    def printed(self, counter: str, depth: int = 0) -> str:
        """The counter as it prints now: "2", "A.3", "IV"."""
        form = self._formats.get(counter, f"\\arabic{{{counter}}}")
        form = re.sub(r"\\@\s*([A-Za-z]+)\s*\\c\s*@\s*([A-Za-z]+)", r"\\\1{\2}", form)
        form = re.sub(r"\\(?:ifnum|thechapter)(?=.*\\fi)", "", form)
        if form.startswith("\\thechapter.") and not self._values.get("chapter"):
            form = form.removeprefix("\\thechapter.")  # before the first chapter, and in papers that have none

        def value(m: re.Match[str]) -> str:
            return _written(m[1], self._values.get(m[2].strip(), 0))

        form = re.sub(r"\\(arabic|Alph|alph|Roman|roman)\s*\{?\s*(?:\\value\s*)?\{?([A-Za-z]+)\}*", value, form)
        if depth < 6:
            form = re.sub(r"\\the([A-Za-z]+)\s?", lambda m: self.printed(m[1], depth + 1), form)
        return re.sub(r"\\[A-Za-z]+\s*|[{}\\]", "", form).strip()

    # ------------------------------------------------------------------ the walk
    def _visit(self, node: Node) -> None:
        if node.kind == "cmd":
            self._command(node)
        elif node.kind == "env":
            self._environment(node)
        else:
            self._below(node)

    def _below(self, node: Node) -> None:
        for arg in node.args:
            self.run(arg or [])
        self.run(node.children)

    def _command(self, node: Node) -> None:
        name = node.text
        if name in HEADINGS:
            self._heading(node)
        elif name in ("appendix", "appendices"):
            self._begin_appendix()
        elif name in ("caption", "tablecaption", "captionof", "tabcaption", "figcaption"):
            self._caption(node)
        elif name in ("subcaption", "subfloat", "subcaptionbox", "subfigure", "subtable"):
            self._subcaption(node)
        elif name == "label":
            self.labels.setdefault(raw_text(node.args[1]).strip(), self._current)
        elif name == "setcounter":
            counter, value = (raw_text(a).strip() for a in node.args)
            if re.fullmatch(r"-?\d{1,6}", value):
                self._set(counter, int(value))
        elif name == "addtocounter":
            counter, value = (raw_text(a).strip() for a in node.args)
            if re.fullmatch(r"-?\d{1,6}", value):
                self._set(counter, self._values.get(counter, 0) + int(value))
        elif name in ("stepcounter", "refstepcounter"):
            counter = raw_text(node.args[0]).strip()
            self._current = (_KINDS.get(counter, ""), self._step(counter))
        elif name in ("numberwithin", "counterwithin"):
            counter, parent = (raw_text(a).strip() for a in node.args)
            self._parents[counter] = parent
            self._formats[counter] = f"\\the{parent}.\\arabic{{{counter}}}"
        elif name.startswith("the:"):
            counter, _, form = name[4:].partition(":")
            self._formats[counter] = form
        elif name == "newtheorem":
            environment = raw_text(node.args[1]).strip()
            shared = raw_text(node.args[2]).strip() if node.args[2] is not None else environment
            within = raw_text(node.args[4]).strip() if node.args[4] is not None else ""
            self._theorems[environment] = (shared, raw_text(node.args[3]).strip())
            if within:
                self._parents[shared] = within
                self._formats[shared] = f"\\the{within}.\\arabic{{{shared}}}"
        elif name == "bibitem":
            self.citations.add_item(raw_text(node.args[1]).strip(), raw_text(node.args[0]))
        else:
            self._below(node)

    def _heading(self, node: Node) -> None:
        name = node.text
        if node.args[0] is None and HEADINGS[name] in (0, 1, 2, 3):
            node.number = self._step(name)
            kind = "Appendix" if self._appendix else {"chapter": "Chapter"}.get(name, "Section")
            self._current = (kind, node.number)
        self.run(node.args[2] or [])

    def _begin_appendix(self) -> None:
        self._appendix = True
        top = "chapter" if _BOOKS.search(self.document_class) else "section"
        self._set(top, 0)
        self._formats[top] = f"\\Alph{{{top}}}"
        if _ROMAN.search(self.document_class):
            self._formats["subsection"] = "\\thesection\\arabic{subsection}"

    def _caption(self, node: Node) -> None:
        name = node.text
        kind = self._float or "figure"
        starred = name in ("caption", "captionof") and node.args[0] is not None
        if name == "captionof":
            kind = raw_text(node.args[1]).strip() or kind
        elif name in ("tablecaption", "tabcaption"):
            kind = "table"
        elif name == "figcaption":
            kind = "figure"
        again = self._longtable and self._captioned
        if self._float.startswith("sub"):
            self._letters += 1
            node.number = chr(96 + min(self._letters, 26))
            parent = self._float[3:]
            ahead = 0 if self._captioned else 1
            self._values[parent] = self._values.get(parent, 0) + ahead
            self._current = (_KINDS.get(parent, ""), self.printed(parent) + node.number)
            self._values[parent] -= ahead
        elif not starred and not again:
            node.number = self._step(kind)
            self._captioned = True
            self._current = (_KINDS.get(kind, kind.capitalize()), node.number)
        elif again:
            node.number = self.printed(kind)
        self._below(node)

    def _subcaption(self, node: Node) -> None:
        """\\subfloat[caption]{content} and its like: a letter where there is a caption."""
        outer = self._float
        parent = outer.removeprefix("sub") or "figure"
        before = self._current
        if node.text == "subcaption" or any(a for a in node.args[:-1]):
            self._letters += 1
            node.number = chr(96 + min(self._letters, 26))
            ahead = 0 if self._captioned else 1
            self._values[parent] = self._values.get(parent, 0) + ahead
            self._current = (_KINDS.get(parent, ""), self.printed(parent) + node.number)
            self._values[parent] -= ahead
        self._below(node)
        if node.text != "subcaption":
            self._current = before

    def _environment(self, node: Node) -> None:
        name = node.text
        outer = (self._float, self._captioned, self._letters, self._current, self._longtable)
        if name in TABLE_FLOATS or name in FIGURE_FLOATS or name in OTHER_FLOATS:
            kind = "table" if name in TABLE_FLOATS else "figure" if name in FIGURE_FLOATS else "algorithm"
            if not (self._float and name == "longtable"):
                self._float, self._captioned, self._letters = kind, False, 0
            self._longtable = "long" in name
            self._below(node)
            self._float, self._captioned, self._letters, self._current, self._longtable = outer
        elif name in SUBFLOATS:
            self._float = "sub" + (self._float.removeprefix("sub") or name[3:])
            self._below(node)
            self._float, self._current = outer[0], outer[3]
        elif name in NUMBERED_MATH:
            self._equation(node)
        elif name in self._theorems:
            counter, title = self._theorems[name]
            node.number = self._step(counter)
            self._current = (title, node.number)
            self._below(node)
        elif name in ("appendices", "appendix", "subappendices"):
            self._begin_appendix()
            self._below(node)
        elif name in ("enumerate", "enumerate*", "compactenum", "inparaenum"):
            count = 0
            for child in node.children:
                if child.kind == "cmd" and child.text == "item":
                    count += 1
                    self._current = ("Item", str(count))
                self._visit(child)
            self._current = outer[3]
        else:
            self._below(node)

    def _equation(self, node: Node) -> None:
        several = node.text in ("align", "gather", "eqnarray", "alignat", "flalign", "IEEEeqnarray")
        rows: list[list[Node]] = [[]]
        for child in node.children:
            if several and child.kind == "cmd" and child.text == "\\":
                rows.append([])
            else:
                rows[-1].append(child)
        for row in rows:
            if all(n.kind in (" ", "par") for n in row):
                continue
            if not any(n.kind == "cmd" and n.text in ("nonumber", "notag", "tag") for n in row):
                self._current = ("Equation", self._step("equation"))
            self.run(row)


def _written(style: str, value: int) -> str:
    value = max(0, min(value, 3999))
    if style == "arabic":
        return str(value)
    if style in ("Alph", "alph"):
        letter = chr(64 + value) if 1 <= value <= 26 else str(value)
        return letter if style == "Alph" else letter.lower()
    numeral = roman(value)
    return numeral if style == "Roman" else numeral.lower()
