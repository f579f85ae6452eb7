"""`claimcheck results`: the results that a paper's own tables report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress, tell_missing_pages
from claimcheck.cli.options import Json, Offline, OnePaper
from claimcheck.foundation.console import harmless, results_console, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.records import Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck results paper.pdf
  claimcheck results paper.pdf --all           baselines and ablations too
  claimcheck results 1810.04805 --json | jq -r '[.dataset, .metric, .score] | @tsv'
"""


@app.command(epilog=EPILOG)
def results(
    paper: OnePaper,
    json: Json = False,
    every: Annotated[
        bool, typer.Option("--all", help="Every row, not only the paper's own best; `role` says which it is.")
    ] = False,
    offline: Offline = False,
) -> None:
    """List a paper's results: task, dataset, metric, score, and the cell that prints it."""
    from claimcheck.claims.results import results as table_results
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import read_paper

    settings = Settings.load(offline=offline or None)
    with Progress(1) as progress:
        progress.stage("reading", 0, 0)
        document = read_paper(paper, settings)
        progress.stage("finding results", 0, 0)
        found = table_results(document, every)
    tell_missing_pages(document.paper)
    if json:
        for result in found:
            write_json_line(result)
    elif found:
        _print(found)
    else:
        typer.echo(f"No results found in the {len(document.tables)} tables of {harmless(document.paper.id)}.")


def _print(found: list[Result]) -> None:
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Task", "Dataset", "Metric", "Score", "Method", "Role", "Where"):
        grid.add_column(name, justify="right" if name == "Score" else "left", no_wrap=name == "Score")
    for result in found:
        words = (result.task, result.dataset, result.metric, result.score, result.method, result.role)
        grid.add_row(*map(harmless, (*words, str(result.pointer))))
    results_console().print(grid)
