"""Where on which page a claim and its evidence stand, for the pictures of pages in a local report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import Box, Paper, Pointer
from claimcheck.publish.view.places import paper_name


@dataclass(frozen=True, slots=True)
class FrameView:
    """A frame on a page in points from its top left corner; `said` frames the claim itself, else it is evidence."""

    x: str
    y: str
    width: str
    height: str
    said: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """A page with frames: the paper's id and the page as a `PagePicture` names them, and both in words."""

    paper: str
    page: int
    words: str  # "p. 5", "arXiv 1911.99999v1, p. 4"
    frames: tuple[FrameView, ...]


def page_views(
    said: Sequence[Pointer], evidence: Sequence[Pointer], home: Paper, papers: Mapping[str, Paper]
) -> tuple[PageView, ...]:
    """The pages that show the evidence, or where none has a box those that show the claim; each once."""
    own = {"", home.id, f"{home.id}{home.version}"}
    framed = [
        ((home.id if p.paper in own else p.paper, p.page), frame)
        for pointers, is_said in ((evidence, False), (said, True))
        for p in pointers
        if p.page is not None and (frame := _frame(p.box, said=is_said)) is not None
    ]
    # a page that only says the claim shows no more than the quote does, unless there is no other
    shown = {key for key, frame in framed if not frame.said} or {key for key, _ in framed}
    pages: dict[tuple[str, int], dict[FrameView, None]] = {}
    for (paper, page), frame in framed:
        if page is not None and (paper, page) in shown:
            pages.setdefault((paper, page), {})[frame] = None
    return tuple(
        PageView(paper, page, _words(paper, page, home, papers), tuple(frames))
        for (paper, page), frames in pages.items()
    )


def _words(paper: str, page: int, home: Paper, papers: Mapping[str, Paper]) -> str:
    if paper == home.id:
        return f"p. {page}"
    other = papers.get(paper)
    return f"{paper_name(other) if other else paper}, p. {page}"


def _frame(box: Box | None, *, said: bool) -> FrameView | None:
    """The box with a margin of a point and a half, so that the frame touches no letter; None for one of no area."""
    if box is None or not all(math.isfinite(x) for x in box) or box[0] >= box[2] or box[1] >= box[3]:
        return None
    x0, top, x1, bottom = box[0] - 1.5, box[1] - 1.5, box[2] + 1.5, box[3] + 1.5
    return FrameView(f"{x0:.1f}", f"{top:.1f}", f"{x1 - x0:.1f}", f"{bottom - top:.1f}", said)
