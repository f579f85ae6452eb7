"""Single formulas and scraps of LaTeX, as they stand in HTML and plain text, made readable."""

from __future__ import annotations

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.macros import Expander
from claimcheck.reading.latex.project import Project
from claimcheck.reading.latex.text import Context, Renderer
from claimcheck.reading.latex.tree import Node, parse

_LONGEST = 20_000  # characters; what is longer is no formula
_NAME = "fragment.tex"


def fragment_nodes(tex: str) -> list[Node]:
    """The tree of a scrap of LaTeX; on nonsense a single text node."""
    if len(tex) > _LONGEST:
        return [Node("text", tex[:_LONGEST])]
    try:
        return parse(Expander(Project({_NAME: tex.encode()}, _NAME)))
    except UnreadableInputError:
        return [Node("text", tex)]


def formula_nodes(tex: str) -> list[Node]:
    """The tree of a formula given without its dollar signs."""
    return fragment_nodes(f"\\({tex}\\)")


def fragment_text(tex: str) -> str:
    """A scrap of LaTeX as text: fragment_text(r"\\textbf{85.3}\\%") is "85.3%"."""
    return Renderer(Context()).render(fragment_nodes(tex)).text
