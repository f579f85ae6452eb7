"""An invented synthesis report, written out in every layout that such reports come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

QUESTION = "Does watering with cold tea increase the yield of balcony tomatoes in Norway?"


@dataclass(frozen=True)
class Claim:
    """A claim with its tick and confidence."""

    text: str
    tick: bool
    confidence: float


CLAIMS = (
    Claim("Cold tea raised the yield of balcony tomatoes by 12 percent over three summers.", True, 0.71),
    Claim("Plants on south-facing balconies (all 40 of them) flowered nine days earlier.", True, 0.64),
    Claim("Green tea and black tea gave the same yield; water alone gave less.", False, 0.38),
    Claim("Tomatoes of the variety Gardener's Joy ripened first, at 61 days on average.", True, 0.55),
    Claim("Yield and leaf area correlate at r = 0.42, which is more than in 2019.", True, 0.47),
)
REFERENCES = (
    "A. Hansen and B. Olsen. Cold tea on balconies. Journal of Small Gardens, 2019. doi:10.5555/tea.2019.7",
    "<http://arxiv.org/abs/2104.01234v2>",
    "[Tomatoes in the north](https://arxiv.org/abs/1911.00021)",
)

Ticks = tuple[str, str]
Numbers = Callable[[float], str]


def plain(value: float) -> str:
    return f"{value:.2f}"


def percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def tabs(ticks: Ticks, number: Numbers) -> str:
    rows = [f"{c.text}\t{ticks[not c.tick]}\t{number(c.confidence)}" for c in CLAIMS]
    return "\n".join(["Claim\tVerified\tConfidence", *rows])


def pipes(ticks: Ticks, number: Numbers) -> str:
    rows = [f"| {c.text} | {ticks[not c.tick]} | {number(c.confidence)} |" for c in CLAIMS]
    return "\n".join(["| Claim | Verified | Confidence |", "|:---|:--:|---:|", *rows])


def numbered_pipes(ticks: Ticks, number: Numbers) -> str:
    rows = [f"{i} | {number(c.confidence)} | {c.text} | {ticks[not c.tick]}" for i, c in enumerate(CLAIMS, 1)]
    return "\n".join(["# | Certainty | Statement | Status", "--|--|--|--", *rows])


def headless_tabs(ticks: Ticks, number: Numbers) -> str:
    return "\n".join(tabs(ticks, number).split("\n")[1:])


def commas(ticks: Ticks, number: Numbers) -> str:
    rows = [f'"{c.text}",{ticks[not c.tick]},{number(c.confidence)}' for c in CLAIMS]
    return "\n".join(["claim,verified,confidence", *rows])


def blanks(ticks: Ticks, number: Numbers) -> str:
    rows = [f"{c.text:<90}  {ticks[not c.tick]:<12}  {number(c.confidence)}" for c in CLAIMS]
    return "\n".join([f"{'Claim':<90}  {'Verified':<12}  Confidence", *rows])


def bullets(ticks: Ticks, number: Numbers) -> str:
    return "\n".join(f"- {c.text} ({ticks[not c.tick]}, {number(c.confidence)})" for c in CLAIMS)


def keyed_bullets(ticks: Ticks, number: Numbers) -> str:
    return "\n".join(f"* {c.text} [verified: {ticks[not c.tick]}; confidence: {number(c.confidence)}]" for c in CLAIMS)


def dashed_bullets(ticks: Ticks, number: Numbers) -> str:
    return "\n".join(f"• {c.text} — {ticks[not c.tick]} — confidence {number(c.confidence)}" for c in CLAIMS)


def leading_ticks(_: Ticks, number: Numbers) -> str:
    return "\n".join(
        f"{i}. {'✓✗'[not c.tick]} {c.text} (confidence: {number(c.confidence)})" for i, c in enumerate(CLAIMS, 1)
    )


def boxes(_: Ticks, number: Numbers) -> str:
    return "\n".join(f"- [{'x '[not c.tick]}] {c.text} ({number(c.confidence)})" for c in CLAIMS)


def wrapped_bullets(ticks: Ticks, number: Numbers) -> str:
    def item(claim: Claim) -> str:
        first, second = claim.text[:40].rpartition(" ")[0], claim.text[claim.text[:40].rindex(" ") + 1 :]
        return (
            f"- {first}\n  {second}\n  - Verified: {ticks[not claim.tick]}\n  - Confidence: {number(claim.confidence)}"
        )

    return "\n".join(map(item, CLAIMS))


def blocks(ticks: Ticks, number: Numbers) -> str:
    return "\n\n".join(
        f"**Claim:** {c.text}\n**Verified:** {ticks[not c.tick]}\n**Confidence:** {number(c.confidence)}"
        for c in CLAIMS
    )


def headed_blocks(ticks: Ticks, number: Numbers) -> str:
    return "\n\n".join(
        f"### Claim {i}\n\n{c.text}\n\nVerified: {ticks[not c.tick]}\nConfidence: {number(c.confidence)}"
        for i, c in enumerate(CLAIMS, 1)
    )


LAYOUTS = (
    tabs, pipes, numbered_pipes, headless_tabs, commas, blanks, bullets, keyed_bullets, dashed_bullets, leading_ticks,
    boxes, wrapped_bullets, blocks, headed_blocks,
)  # fmt: skip


def bare_heading(number: int, title: str) -> str:
    return title


def numbered_heading(number: int, title: str) -> str:
    return f"{number} {title}"


def dotted_heading(number: int, title: str) -> str:
    return f"{number}. {title.upper()}"


def hashed_heading(number: int, title: str) -> str:
    return f"## {number} {title}"


def bold_heading(number: int, title: str) -> str:
    return f"**{number}. {title}**"


def underlined_heading(number: int, title: str) -> str:
    return f"{title}\n{'-' * len(title)}"


HEADINGS = (bare_heading, numbered_heading, dotted_heading, hashed_heading, bold_heading, underlined_heading)


def report(
    claims: str | None = None,
    *,
    heading: Callable[[int, str], str] = numbered_heading,
    references: Sequence[str] = REFERENCES,
    references_first: bool = False,
    question: str = f"Research question: {QUESTION}.",
    results: str = "9 papers retrieved. 5 claims extracted; 4 independently verified. Quality review score: 8.8/10.",
) -> str:
    """A whole report; without `references` it has no such part."""
    parts = [
        ("Abstract", "We water tomatoes with tea and measure what happens. The yield grows, and so do the questions."),
        ("Introduction", f"This report examines: Cold tea on balconies. {question}"),
        ("Results", results),
    ]
    listed = [("References", "\n".join(f"- {r}" for r in references))] if references else []
    found = [("Extracted Claims", tabs(("✓", "×"), plain) if claims is None else claims)]
    parts += [*listed, *found] if references_first else [*found, *listed]
    body = "\n\n".join(f"{heading(i, title)}\n\n{text}" for i, (title, text) in enumerate(parts, 1))
    return f"\n\nTea for tomatoes on northern balconies\n\nSynthesis Bureau\n\nMay 3, 2026\n\n{body}\n"
