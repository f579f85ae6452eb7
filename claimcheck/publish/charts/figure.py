"""A drawing as plain shapes, for SVG and pgf alike: no library draws for both, themed and without style attributes.

Coordinates are in points from the top left corner. What a shape looks like is its role's matter: a class of the style
sheet in SVG, a colour of the preamble in LaTeX. A role is never told by colour alone: what is claimed is hollow, what
is reproduced is filled, what is not measured is dashed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Role = Literal["axis", "grid", "margin", "claimed", "interval", "reproduced", "baseline", "label", "value", "muted"]

TEXT_SIZE = 11.0  # points; 10 pixels on a phone of 360, where a chart has 330
DASH = (3.0, 2.5)  # points drawn and left out
_WIDTHS: dict[str, float] = {"grid": 0.5, "axis": 0.75, "muted": 0.75, "baseline": 1.25, "claimed": 1.5}
_LETTER = 0.6  # of the text size: the wide side of what system fonts need on average


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; `dashed` for what is not measured."""

    x1: float
    y1: float
    x2: float
    y2: float
    role: Role
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    role: Role


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle, or a ring where `hollow`."""

    x: float
    y: float
    radius: float
    role: Role
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Text on the baseline y; `anchor` says which end of it x is."""

    x: float
    y: float
    text: str
    role: Role
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Line | Box | Dot | Words


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its title and, for who cannot see it, all that it says in words."""

    title: str
    description: str
    width: float
    height: float
    shapes: tuple[Shape, ...]


def line_width(role: str) -> float:
    """Points, of a line or a ring."""
    return _WIDTHS.get(role, 1.5)


def text_width(text: str) -> float:
    """Points that a text needs at most, short of a line of capital W: no font is at hand to measure it."""
    return TEXT_SIZE * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else _LETTER for c in text)


def fitted(text: str, room: float) -> str:
    """The text, or as much of it as `room` points hold, with an ellipsis."""
    if len(text) <= 4 * room and text_width(text) <= room:
        return text
    kept = text[: int(room)]
    while kept and text_width(kept + "…") > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrapped(text: str, room: float, most: int = 3) -> tuple[str, ...]:
    """The text in lines of at most `room` points, at most `most` of them; a word too long for one is cut."""
    lines: list[str] = []
    words = text[: 4 * int(room)].split()
    while words and len(lines) < most:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}") <= room:
            line += f" {words.pop(0)}"
        lines.append(fitted(line, room))
    if words and lines:
        lines[-1] = fitted(f"{lines[-1]} …", room)
    return tuple(lines)
