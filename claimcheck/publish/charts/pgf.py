r"""A figure as a pgfpicture for LaTeX: ASCII, with \usepackage{pgf} and PGF_PREAMBLE alone, never wider than a line."""

from __future__ import annotations

from claimcheck.publish.charts.figure import (
    DASH,
    Box,
    Dot,
    Figure,
    Line,
    Role,
    Shape,
    Words,
    line_width,
    text_width,
)
from claimcheck.publish.escape import latex

_COLOURS: dict[Role, str] = {
    "axis": "5C6068",
    "grid": "DCD9D2",
    "margin": "EAE4D3",
    "claimed": "9A4A12",
    "interval": "27507D",
    "reproduced": "27507D",
    "baseline": "71674F",
    "label": "1F2125",
    "value": "27507D",
    "muted": "5C6068",
}
PGF_PREAMBLE = "\n".join(rf"\definecolor{{chart{role}}}{{HTML}}{{{colour}}}" for role, colour in _COLOURS.items())
r"""The colours of the roles; stands after \usepackage{pgf}."""

_FONT = r"\fontsize{9.5}{11}\selectfont"  # in LaTeX's own fonts as wide as TEXT_SIZE in those of a browser


def pgf(figure: Figure) -> str:
    r"""The figure as a box of its own width, or of \linewidth where that is less. Title and description stay out.

    A caption is the document's to set.
    """
    pen = _Pen(figure)
    for shape in figure.shapes:
        pen.draw(shape)
    size = rf"\pgfpoint{{{_pt(figure.width)}}}{{{_pt(figure.height)}}}"
    return "\n".join(
        [
            r"{\leavevmode\setbox0=\hbox{\begin{pgfpicture}%",
            rf"\pgfpathrectangle{{\pgfpointorigin}}{{{size}}}\pgfusepath{{use as bounding box}}%",
            _FONT + "%",
            *(f"{line}%" for line in pen.lines),
            r"\end{pgfpicture}}%",
            r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\box0}\else\box0\fi}",
        ]
    )


class _Pen:
    """Writes shapes, and colour, width and dashes only where they change."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.lines: list[str] = []
        self._now: dict[str, str] = {}

    def draw(self, shape: Shape) -> None:
        self._set("colour", rf"\pgfsetcolor{{chart{shape.role}}}")
        if isinstance(shape, Line):
            self._set("width", rf"\pgfsetlinewidth{{{_pt(line_width(shape.role))}}}")
            dash = rf"{{{_pt(DASH[0])}}}{{{_pt(DASH[1])}}}" if shape.dashed else ""
            self._set("dash", rf"\pgfsetdash{{{dash}}}{{0pt}}")
            start, end = self._point(shape.x1, shape.y1), self._point(shape.x2, shape.y2)
            self.lines.append(rf"\pgfpathmoveto{start}\pgfpathlineto{end}\pgfusepath{{stroke}}")
        elif isinstance(shape, Box):
            corner = self._point(shape.x, shape.y + shape.height)
            size = rf"{{\pgfpoint{{{_pt(shape.width)}}}{{{_pt(shape.height)}}}}}"
            self.lines.append(rf"\pgfpathrectangle{corner}{size}\pgfusepath{{fill}}")
        elif isinstance(shape, Dot):
            if shape.hollow:
                self._set("width", rf"\pgfsetlinewidth{{{_pt(line_width(shape.role))}}}")
                self._set("dash", r"\pgfsetdash{}{0pt}")
            how = "stroke" if shape.hollow else "fill"
            centre = self._point(shape.x, shape.y)
            self.lines.append(rf"\pgfpathcircle{centre}{{{_pt(shape.radius)}}}\pgfusepath{{{how}}}")
        else:
            self._words(shape)

    def _words(self, shape: Words) -> None:
        side = {"start": "left,", "middle": "", "end": "right,"}[shape.anchor]
        place = f"x={_pt(shape.x)},y={_pt(self.figure.height - shape.y)}"
        text, room = latex(shape.text), self._room(shape)
        if not shape.text.isascii() or text_width(shape.text) > room:
            # "[U+4E2D]" in place of a letter, for instance, is wider than the chart reckoned with
            text = (
                rf"\setbox2=\hbox{{{text}}}\ifdim\wd2>{_pt(room)}\resizebox{{{_pt(room)}}}{{\height}}{{\box2}}"
                r"\else\box2\fi"
            )
        self.lines.append(rf"\pgftext[{side}base,{place}]{{{text}}}")

    def _room(self, shape: Words) -> float:
        """From where the text is held to the edge of the picture."""
        right = self.figure.width - shape.x
        return max(1.0, {"start": right, "middle": 2 * min(shape.x, right), "end": shape.x}[shape.anchor])

    def _set(self, what: str, command: str) -> None:
        if self._now.get(what) != command:
            self._now[what] = command
            self.lines.append(command)

    def _point(self, x: float, y: float) -> str:
        return rf"{{\pgfpoint{{{_pt(x)}}}{{{_pt(self.figure.height - y)}}}}}"


def _pt(value: float) -> str:
    return f"{value:.2f}pt"
