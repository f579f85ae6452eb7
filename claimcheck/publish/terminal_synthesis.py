"""A synthesis in a terminal: the answer, the claims that bear on the question, the assessment and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.foundation.records.syntheses import Synthesis
from claimcheck.publish.escape import plain
from claimcheck.publish.view.synthesis import SynthesisView, synthesis_view

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {"answered": "bold green", "contradicted": "bold red", "not_addressed": "bold yellow"}


def print_synthesis(synthesis: Synthesis, console: Console) -> None:
    """Prints the answer and what it rests on; nothing of a paper is taken as markup or as a terminal's command."""
    from rich.text import Text

    s = synthesis_view(synthesis)
    console.print(Text(plain(s.question), style="bold"))
    head = s.outcome + (f": {s.direction}" if s.direction else "")
    console.print(Text(head, style=_STYLES[s.outcome_code]))
    for x in s.derived:
        console.print(Text(f"- {plain(x.text)}"))
    if s.bearing:
        _claims(s, console)
    for quote in s.nearest if not s.bearing else ():
        console.print(Text(f"  near: “{plain(quote.view.text)}” ({quote.paper.key}): {plain(quote.why)}", style="dim"))
    console.print(Text("\nPapers", style="bold"))
    for p in (*s.papers, *s.left_out):
        console.print(
            Text(f"{p.key}  {plain(p.title)} ({plain(p.name)}): {plain(p.reason)}", style="" if p.kept else "dim")
        )
    console.print(Text(f"\nAssessment: {s.overall} out of 10. {s.disagreement}", style="bold"))
    console.print(Text("; ".join(f"{r.name} {r.score}" for r in s.rubrics)))
    console.print(Text("\nLimitations", style="bold"))
    for words in s.limitations:
        console.print(Text(f"- {plain(words)}", style="dim"))


def _claims(s: SynthesisView, console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")
    table.add_column("Says", no_wrap=True)
    table.add_column("Claim", ratio=5, overflow="fold")
    table.add_column("Where", ratio=2, overflow="fold")
    table.add_column("Evidence of its own", ratio=2, overflow="fold")
    for c in s.bearing:
        evidence = c.evidence + ("; another paper’s data agrees" if c.independent else "")
        table.add_row(
            Text(c.stance), Text(plain(c.view.text)), Text(f"{c.paper.key}, {plain(c.view.said)}"), Text(evidence)
        )
    console.print(table)
