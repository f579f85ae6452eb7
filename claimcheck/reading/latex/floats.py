"""What a float holds: its captions, its tabulars, which of them belong together, and the notes below."""

from __future__ import annotations

from dataclasses import dataclass, field

from claimcheck.reading.latex.commands import FIGURE_FLOATS, SILENT, SUBFLOATS, TABULARS
from claimcheck.reading.latex.tree import Node

_CAPTIONS = {"caption", "captionof", "tablecaption", "tabcaption", "figcaption"}
_NOTES = {"tablecomments": 0, "tablerefs": 0, "tablenotetext": 1}


@dataclass(slots=True)
class SubFloat:
    """One lettered part of a float."""

    letter: str = ""
    caption: list[Node] = field(default_factory=list)
    text: str = ""  # the caption rendered


@dataclass(slots=True)
class Tabular:
    """A tabular in a float, and the lettered part it stands in."""

    node: Node
    sub: SubFloat | None
    order: int  # among the captions and tabulars of the float


@dataclass(slots=True)
class FloatParts:
    """The parts of one float in source order."""

    captions: list[Node] = field(default_factory=list)
    tabulars: list[Tabular] = field(default_factory=list)
    subfloats: list[SubFloat] = field(default_factory=list)
    notes: list[list[Node]] = field(default_factory=list)
    orders: dict[int, int] = field(default_factory=dict)  # id of a caption -> its place

    def owners(self, tabulars: list[Tabular], node: Node) -> list[Node | None]:
        """For each tabular of the float `node` the caption it stands under (or over); a picture's last of all."""
        captions = [c for c in self.captions if c.number] or self.captions
        captions = [c for c in captions if not self.is_figure(node, c)] or captions
        if len(captions) <= 1:
            return [captions[0] if captions else None] * len(tabulars)
        if len(captions) == len(tabulars):
            return list(captions)
        # several captions: tabulars go with the one after them when the float begins with a tabular, else with the
        # one before
        first_is_caption = not tabulars or self.orders[id(captions[0])] < tabulars[0].order
        out: list[Node | None] = []
        for tabular in tabulars:
            places = [(self.orders[id(c)], c) for c in captions]
            before = [c for place, c in places if place < tabular.order]
            after = [c for place, c in places if place > tabular.order]
            if first_is_caption:
                out.append(before[-1] if before else after[0])
            else:
                out.append(after[0] if after else before[-1])
        return out

    @staticmethod
    def is_figure(node: Node, caption: Node) -> bool:
        """Whether a caption numbers a figure and no table."""
        if caption.text == "captionof":
            return not any(n.text.startswith("table") for n in caption.args[1] or ())
        return (node.text in FIGURE_FLOATS or caption.text == "figcaption") and caption.text != "tabcaption"


def collect_float(node: Node) -> FloatParts:
    """The parts of a float environment, or of a tabular that stands alone."""
    parts = FloatParts()
    if node.text in TABULARS:
        _visit(node.children, parts, None, inside_tabular=True)
        parts.tabulars.append(Tabular(node, None, len(parts.orders) + 1))
    else:
        _visit(node.children, parts, None)
    if node.text.startswith(("longtable", "xltabular", "longtabu")):
        parts.captions = parts.captions[:1]  # the others repeat it on the next pages
    return parts


def _visit(nodes: list[Node] | None, parts: FloatParts, sub: SubFloat | None, *, inside_tabular: bool = False) -> None:
    for node in nodes or ():
        order = len(parts.orders) + len(parts.tabulars)
        if node.kind == "env" and node.text in SUBFLOATS:
            inner = SubFloat()
            _visit(node.children, parts, inner, inside_tabular=inside_tabular)
            if inner.caption:
                parts.subfloats.append(inner)
        elif node.kind == "env" and node.text in TABULARS and node.text != "array":
            if not inside_tabular:
                parts.tabulars.append(Tabular(node, sub, order))
            _visit(node.children, parts, sub, inside_tabular=True)
        elif node.kind == "env" and node.text in SILENT:
            continue
        elif node.kind == "env" and node.text in ("tablenotes", "TableNotes"):
            parts.notes.append(node.children)
        elif node.kind == "cmd" and node.text in _CAPTIONS:
            if sub is not None and node.text == "caption":
                sub.letter, sub.caption = node.number, node.args[-1] or []
            else:
                parts.captions.append(node)
                parts.orders[id(node)] = order
        elif node.kind == "cmd" and node.text in ("subfloat", "subfigure", "subtable", "subcaptionbox"):
            caption = node.args[2] if node.text == "subcaptionbox" else (node.args[1] or node.args[0])
            inner = SubFloat(node.number, caption or [])
            if caption:
                parts.subfloats.append(inner)
            _visit(node.args[-1], parts, inner if caption else sub, inside_tabular=inside_tabular)
        elif node.kind == "cmd" and node.text == "subcaption":
            last = next((t for t in reversed(parts.tabulars) if t.sub is None), None)
            inner = SubFloat(node.number, node.args[-1] or [])
            parts.subfloats.append(inner)
            if last is not None:
                last.sub = inner
        elif node.kind == "cmd" and node.text in _NOTES:
            parts.notes.append(node.args[_NOTES[node.text]] or [])
        else:
            for arg in node.args:
                _visit(arg, parts, sub, inside_tabular=inside_tabular)
            _visit(node.children, parts, sub, inside_tabular=inside_tabular)
