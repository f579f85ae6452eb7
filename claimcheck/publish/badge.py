"""A badge of a ledger as SVG: "12 supported, 1 refuted, 3 reproduced", in the colour of the worst among them.

"Reproduced" counts reruns at scale paper alone: of a paper's numbers the scales lab and smoke say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from claimcheck.foundation.records import Ledger
from claimcheck.publish.escape import html, shorten
from claimcheck.publish.view import NOTHING, ClaimView, Extras, ReportView, view_of

_NAME = "claimcheck"
# white on each of them has a contrast of 5 to 1 or more, as WCAG 2.2 asks of small text
_BAD, _CONTESTED, _GOOD, _NEUTRAL, _LABEL = "#b3261e", "#8a5300", "#1e7033", "#5f6368", "#3c4043"
_SIZE = 11.0  # of the letters, in px
_PAD, _HEIGHT = 7.0, 20
# widths of letters in DejaVu Sans, in units of their size; Verdana's differ by less than 1 %
_WIDTHS = {
    **dict.fromkeys(" ,", 0.318), **dict.fromkeys("()", 0.39), **dict.fromkeys("0123456789", 0.636),
    **dict.fromkeys("bdghnpqu", 0.635), **dict.fromkeys("aeo", 0.613), **dict.fromkeys("ijl", 0.278),
    **dict.fromkeys("vxy", 0.592), "c": 0.55, "f": 0.352, "k": 0.579, "m": 0.974, "r": 0.411, "s": 0.521, "t": 0.392,
    "w": 0.818, "z": 0.525,
}  # fmt: skip
_REPRODUCED = ("reproduced", "reproduced_small_shift")
_NOT_REPRODUCED = ("not_reproduced_lower", "not_reproduced_higher")


@dataclass(frozen=True, slots=True)
class _Message:
    words: str
    colour: str
    more: str  # for the title alone


def ledger_badge(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """One self-contained SVG without fonts, scripts and styles; its title says all that the badge leaves out.

    Red: a claim refuted or a number not reproduced. Brown: all refuted claims have been rejected as refuted by a
    person. Green: none of these, and something supported or reproduced. Grey: nothing decided.
    """
    report = view_of(ledger, extras)
    message = _message(report)
    left, right = _width(_NAME) + 2 * _PAD, _width(message.words) + 2 * _PAD
    title = html(f"{_NAME}: {message.words}. {message.more}{shorten(report.made_by, 2_000)}")
    total = left + right
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{_HEIGHT}" '
        f'viewBox="0 0 {total:.1f} {_HEIGHT}" role="img" aria-label="{_NAME}: {message.words}">',
        f"<title>{title}</title>",
        f'<rect width="{total:.1f}" height="{_HEIGHT}" rx="3" fill="{message.colour}"/>',
        # the label's right corners are square
        f'<path d="M3 0H{left:.1f}V{_HEIGHT}H3A3 3 0 0 1 0 17V3A3 3 0 0 1 3 0Z" fill="{_LABEL}"/>',
        f'<g fill="#fff" font-family="DejaVu Sans,Verdana,Geneva,sans-serif" font-size="{_SIZE:.0f}">',
        _text(_PAD, _NAME),
        _text(left + _PAD, message.words),
        "</g>",
        "</svg>",
    )
    return ("\n".join(lines) + "\n").encode("utf-8")


def _message(report: ReportView) -> _Message:
    claims = {one.label: one.count for one in report.counts}
    reruns = {(one.scale, one.code): one.count for one in report.reproduction_counts}
    contested = sum(map(_rejected, report.refuted))
    reproduced = sum(reruns.get(("paper", code), 0) for code in _REPRODUCED)
    deviating = reruns.get(("paper", "reproduced_with_deviations"), 0)
    failed = sum(reruns.get(("paper", code), 0) for code in _NOT_REPRODUCED)
    parts = (
        (claims["supported"], "supported"),
        (claims["refuted"], f"refuted ({contested} contested)" if contested else "refuted"),
        (reproduced, "reproduced"),
        (deviating, "reproduced with deviations"),
        (failed, "not reproduced"),
    )
    shown = ", ".join(f"{count} {word}" for count, word in parts if count)
    smaller = ", ".join(f"{one.count} {one.words}" for one in report.reproduction_counts if one.scale != "paper")
    more = f"{claims['not_enough_info']} with not enough information. " if claims["not_enough_info"] else ""
    more += f"A person rejected {contested} of the refutations. " if contested else ""
    more += f"Not counted as reproduced or not, because of their scale: {smaller}. " if smaller else ""
    if failed or claims["refuted"] > contested:
        colour = _BAD
    elif contested:
        colour = _CONTESTED
    else:
        colour = _GOOD if shown else _NEUTRAL
    return _Message(shown or _nothing(report, claims["not_enough_info"]), colour, more)


def _nothing(report: ReportView, undecided: int) -> str:
    """What to say where nothing was decided."""
    if undecided:
        return f"{undecided} undecided"
    for scale in ("paper", "lab", "smoke"):
        if count := sum(one.count for one in report.reproduction_counts if one.scale == scale):
            return f"{count} rerun at scale {scale}"
    registered = sum(one.count for one in report.reproduction_counts)
    return f"{registered} registered, nothing run" if registered else "no claims found"


def _rejected(claim: ClaimView) -> bool:
    return any(one.choice == "reject" and not one.outdated for one in claim.decisions)


def _text(x: float, words: str) -> str:
    # the length is fixed, so that another font fits as well
    return f'<text x="{x:.1f}" y="14" textLength="{_width(words):.1f}" lengthAdjust="spacingAndGlyphs">{words}</text>'


def _width(words: str) -> float:
    return sum(_WIDTHS[letter] for letter in words) * _SIZE
