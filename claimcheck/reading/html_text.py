"""Inline HTML as readable text: formulas from their TeX, notes set aside, bold and underline remembered."""

from __future__ import annotations

import re

from lxml import etree

from claimcheck.reading.latex.fragment import formula_nodes, fragment_nodes
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.noise import without_terminal_codes

SKIPPED = {
    "script", "style", "nav", "footer", "noscript", "button", "svg", "template", "iframe", "object", "audio",
    "video", "select", "textarea", "input", "header", "aside", "head",
}  # fmt: skip
EQUATIONS = {"ltx_equation", "ltx_equationgroup", "ltx_eqn_table"}
_BOLD = {"b", "strong"}
_UNDERLINE = {"u", "ins"}
_RAW_LATEX = re.compile(r"\\[A-Za-z]{2,}|\$[^$]{1,80}\$|\\[%&#_]")
_MARKS = re.compile(r"[*†‡§¶⋆∗]+")
_DEEPEST = 180
_SKIPPED_CLASSES = {
    "ltx_ERROR",
    "ltx_tag_item",
    "ltx_tag_equation",
    "ltx_tag_bibitem",
    "ltx_eqn_eqno",
    "ltx_role_footnotemark",
}


def classes(element: etree._Element) -> set[str]:
    """The class names of an element."""
    return set((element.get("class") or "").split())


def is_equation(element: etree._Element | None) -> bool:
    """Whether an element is a displayed formula of LaTeXML's."""
    return element is not None and bool(classes(element) & EQUATIONS)


def is_abstract(element: etree._Element) -> bool:
    """Whether an element says that it holds the abstract."""
    return bool(classes(element) & {"ltx_abstract", "abstract"}) or (element.get("id") or "").lower() == "abstract"


def within_abstract(element: etree._Element) -> bool:
    """Whether an element that says so stands around this one."""
    return any(map(is_abstract, element.iterancestors()))


class Inline:
    """Gathers the text of inline elements; in a `cell` bracketed citations and raised note marks are left out."""

    def __init__(self, *, cell: bool = False) -> None:
        self.cell = cell
        self.footnotes: list[str] = []
        self._out = Renderer(Context(), cell=cell)
        self._dropped: list[str] = []

    @property
    def rendered(self) -> str:
        """What was gathered, white space collapsed."""
        text = self._out.text
        return text if text or not self._dropped else " ".join(self._dropped)

    @property
    def bold(self) -> bool:
        """Whether at least half of the letters and digits are bold."""
        return self._out.bold

    @property
    def underlined(self) -> bool:
        """Whether at least half of the letters and digits are underlined."""
        return self._out.underlined

    def text(self, text: str | None) -> None:
        """Append plain text; LaTeX that a converter left in it is made readable."""
        if not text:
            return
        text = without_terminal_codes(text)
        text = text.replace("\u00a0", " ").replace("\u2062", "").replace("\u200b", "").replace("\u2061", "")
        if _RAW_LATEX.search(text):
            lead = " " if text[:1].isspace() else ""
            tail = " " if text[-1:].isspace() else ""
            self._out.emit(lead, 0)
            self._out.render(fragment_nodes(text.strip()))
            self._out.emit(tail, 0)
        else:
            self._out.emit(text, 0)

    def add(self, element: etree._Element, depth: int = 0) -> Inline:
        """Append the text of an element, without its tail."""
        tag = element.tag if isinstance(element.tag, str) else ""
        tag = tag.rpartition("}")[2]
        names = classes(element)
        if not tag or tag in SKIPPED or names & _SKIPPED_CLASSES or depth > _DEEPEST:
            return self
        if tag == "math":
            self._math(element)
        elif "ltx_note" in names:
            self._note(element)
        elif tag == "br":
            self._out.emit(" ", 0)
        elif tag == "img" or "ltx_graphics" in names:
            return self
        elif self.cell and ("ltx_cite" in names or tag == "cite"):
            text = "".join(map(str, element.itertext())).strip()
            if text[:1] in "[(" and text:
                self._dropped.append(" ".join(text.split()))
            else:
                self._children(element, depth)
        elif tag in ("sup", "sub"):
            self._raised(element, tag)
        elif "ltx_eqn_cell" in names or tag in ("td", "th", "p", "div", "li", "tr"):
            self._out.emit(" ", 0)
            self._looked(element, tag, names, depth)
            self._out.emit(" ", 0)
        else:
            self._looked(element, tag, names, depth)
        return self

    def _looked(self, element: etree._Element, tag: str, names: set[str], depth: int) -> None:
        style = (element.get("style") or "").replace(" ", "").lower()
        bold = tag in _BOLD or "ltx_font_bold" in names or "font-weight:bold" in style
        underline = tag in _UNDERLINE or bool(names & {"ltx_framed_underline", "ltx_ulem_uline"})
        before = self._out.set_look(False, False)
        plain = bool(names & {"ltx_font_medium", "ltx_font_upright"}) and "ltx_font_medium" in names
        self._out.set_look((before[0] and not plain) or bold, before[1] or underline)
        self._children(element, depth)
        self._out.set_look(*before)

    def _children(self, element: etree._Element, depth: int) -> None:
        self.text(element.text)
        for child in element:
            self.add(child, depth + 1)
            self.text(child.tail)

    def _math(self, element: etree._Element) -> None:
        tex = element.get("alttext") or ""
        if not tex:
            for annotation in element.iter():
                if str(annotation.tag).endswith("annotation") and "tex" in (annotation.get("encoding") or ""):
                    tex = "".join(map(str, annotation.itertext()))
        if tex:
            self._out.render(formula_nodes(tex.strip().strip("$")))
        else:
            self._out.emit(_mathml_text(element), 0)

    def _note(self, element: etree._Element) -> None:
        """A footnote: its text is set aside, its mark left out."""
        if "ltx_role_footnotemark" in classes(element) or not classes(element) & {
            "ltx_role_footnote",
            "ltx_role_endnote",
            "ltx_role_tablenote",
        }:
            return
        content = next((e for e in element.iter() if "ltx_note_content" in classes(e)), None)
        if content is None:
            return
        inner = Inline()
        for child in content:
            if not classes(child) & {"ltx_note_mark", "ltx_tag_note", "ltx_tag"}:
                inner.add(child)
            inner.text(child.tail)
        lead = content.text or ""
        note = (lead + inner.rendered).strip()
        if note:
            self.footnotes.append(note)

    def _raised(self, element: etree._Element, tag: str) -> None:
        """A superscript or subscript in running text."""
        inner = Inline(cell=self.cell).add_children(element)
        text = inner.rendered
        self.footnotes += inner.footnotes
        if not text:
            return
        before = self._out.tail()
        if tag == "sub":
            self._out.emit(
                f" ({text})" if before[-1:].isdigit() and re.fullmatch(r"±?\d*\.\d+", text) else "_" + text, 0
            )
        elif _MARKS.fullmatch(text) or text in ("st", "nd", "rd", "th"):
            self._out.emit(text, 0)
        elif text in ("o", "∘"):
            self._out.emit("°", 0)
        elif text[:1] == "±":
            self._out.emit(" " + text, 0)
        elif re.fullmatch(r"\[?[\d,\s–-]{1,8}\]?|[a-z](?:,[a-z])*", text) and not re.search(
            r"(?:10|\bk?m|\bcm|\bR|χ)$", before
        ):
            if text[0] in "-–" or (element.text or "").startswith("−"):
                self._out.emit("^{" + text + "}", 0)
        else:
            self._out.emit("^" + (text if len(text) == 1 else "{" + text + "}"), 0)

    def add_children(self, element: etree._Element) -> Inline:
        """Append what stands inside an element."""
        self._children(element, 0)
        return self


def _mathml_text(element: etree._Element) -> str:
    """MathML without TeX beside it: numbers, names and signs in order, scripts marked."""
    tag = str(element.tag).rpartition("}")[2]
    if tag in ("annotation", "annotation-xml"):
        return ""
    parts = [_mathml_text(child) for child in element]
    if tag in ("msup", "msub") and len(parts) == 2:
        sign = "^" if tag == "msup" else "_"
        if parts[1] in ("*", "†", "‡", "∗"):
            return parts[0] + parts[1]
        return f"{parts[0]}{sign}{parts[1] if len(parts[1]) == 1 else '{' + parts[1] + '}'}"
    if tag == "mfrac" and len(parts) == 2:
        return f"{parts[0]}/{parts[1]}"
    own = (element.text or "").strip()
    if tag == "mo" and own in ("±", "×", "=", "≈", "<", ">", "≤", "≥"):
        return f" {own} "
    return (own + "".join(parts)).replace("\u2062", "").replace("\u2061", "")
