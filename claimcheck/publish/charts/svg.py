"""A figure as inline SVG for HTML: named for screen readers, without style attributes, the same bytes every time.

A shape has the class `r-<role>` and is drawn in `currentColor`, so that a style sheet themes it with `color` alone
(`.chart .r-claimed { color: ... }`); without one everything is in the colour of the text. The drawing fills the width
that its place gives it: `.chart { display: block; width: 100%; max-width: 32rem; height: auto }`.
"""

from __future__ import annotations

from claimcheck.publish.charts.figure import DASH, TEXT_SIZE, Box, Dot, Figure, Line, Shape, line_width
from claimcheck.publish.escape import anchor, html

_BAND = "0.2"  # opacity of a filled box: text and grid stay readable on it


def svg(figure: Figure, name: str) -> str:
    """The figure as one <svg> element; `name`, unique in its page, makes the ids of its title and description."""
    ids = anchor(f"chart-{name}").strip("-")
    lines = [
        f'<svg class="chart" role="img" aria-labelledby="{ids}-t {ids}-d" '
        f'viewBox="0 0 {_number(figure.width)} {_number(figure.height)}" preserveAspectRatio="xMinYMin meet" '
        f'font-size="{_number(TEXT_SIZE)}" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{ids}-t">{html(figure.title)}</title>',
        f'<desc id="{ids}-d">{html(figure.description)}</desc>',
        *map(_shape, figure.shapes),
        "</svg>",
    ]
    return "\n".join(lines)


def _shape(shape: Shape) -> str:
    role = f'class="r-{shape.role}"'
    if isinstance(shape, Line):
        ends = (("x1", shape.x1), ("y1", shape.y1), ("x2", shape.x2), ("y2", shape.y2))
        dash = f' stroke-dasharray="{_number(DASH[0])} {_number(DASH[1])}"' if shape.dashed else ""
        return f"<line {role} {_attributes(*ends)} {_stroke(shape.role)}{dash}/>"
    if isinstance(shape, Box):
        place = (("x", shape.x), ("y", shape.y), ("width", shape.width), ("height", shape.height))
        return f'<rect {role} {_attributes(*place)} fill="currentColor" fill-opacity="{_BAND}"/>'
    if isinstance(shape, Dot):
        paint = f'fill="none" {_stroke(shape.role)}' if shape.hollow else 'fill="currentColor"'
        return f"<circle {role} {_attributes(('cx', shape.x), ('cy', shape.y), ('r', shape.radius))} {paint}/>"
    anchored = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    start = _attributes(("x", shape.x), ("y", shape.y))
    return f'<text {role} {start}{anchored} fill="currentColor">{html(shape.text)}</text>'


def _stroke(role: str) -> str:
    return f'stroke="currentColor" stroke-width="{_number(line_width(role))}"'


def _attributes(*pairs: tuple[str, float]) -> str:
    return " ".join(f'{name}="{_number(value)}"' for name, value in pairs)


def _number(value: float) -> str:
    """Two decimals at most; never "-0"."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
