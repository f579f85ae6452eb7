"""Charts of a report: what they show as a `Figure`, and the figure as SVG for HTML and as pgf for LaTeX.

claimed.py      claimed beside reproduced          figure.py  shapes, and how wide text is
effects.py      an effect on each target           axis.py    round ticks, numbers in words
languages.py    scores by language                 loose.py   what may be taken from free mappings
reliability.py  confidence against truth           svg.py, pgf.py  the two formats
"""

from __future__ import annotations

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.charts.claimed import claimed_figure
from claimcheck.publish.charts.effects import effects_figure
from claimcheck.publish.charts.figure import Figure
from claimcheck.publish.charts.languages import language_figures
from claimcheck.publish.charts.pgf import PGF_PREAMBLE, pgf
from claimcheck.publish.charts.reliability import reliability
from claimcheck.publish.charts.svg import svg

__all__ = ["PGF_PREAMBLE", "Figure", "figures", "pgf", "reliability", "svg"]


def figures(reproduction: Reproduction) -> tuple[Figure, ...]:
    """The charts of a reproduction as they are read: the number, the targets behind it, the languages behind those."""
    whole = (claimed_figure(reproduction), effects_figure(reproduction))
    return (*(x for x in whole if x is not None), *language_figures(reproduction))
