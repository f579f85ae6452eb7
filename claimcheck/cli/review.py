"""`claimcheck review`: people judge the verdicts of a ledger, in a browser on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.options import Templates
from claimcheck.cli.pictures import PageImages, check_templates_of, extras_of
from claimcheck.foundation.console import harmless, say

if TYPE_CHECKING:
    from claimcheck.publish import Extras

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck review out/paper-1a2b3c4d/ledger.json
  claimcheck review out/paper-1a2b3c4d --reviewer Ada --reviewer Ben
  claimcheck review ledger.json --page-images papers/ --open        the cited pages at hand
  claimcheck report out/paper-1a2b3c4d --format html --out reports/      shows the decisions

\b
Each reviewer has an address of their own. Judge independently: another's choice on a claim is
shown once both have chosen, and the agreement counts what was chosen before that. Decisions go
to decisions.jsonl beside the ledger, each as it is made. Ctrl-C ends the review (exit code 0).
"""


@app.command(epilog=EPILOG)
def review(
    ledger: Annotated[
        Path,
        typer.Argument(metavar="LEDGER", help="A ledger.json, or the folder it is in.", show_default=False),
    ],
    reviewers: Annotated[
        list[str] | None,
        typer.Option("--reviewer", metavar="NAME", help="Who judges; repeat it for more. By default you."),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The port on 127.0.0.1; 0 takes one that is free.")
    ] = 0,
    page_images: PageImages = None,
    templates: Templates = None,
    browser: Annotated[
        bool, typer.Option("--open/--no-browser", help="Open the first address in the browser.")
    ] = False,
) -> int:
    """Judge the verdicts of a ledger: accept, reject or needs check, with notes and the authors' replies.

    Serves the report on 127.0.0.1 and on no other interface, and prints one secret address for each reviewer. When it
    ends it prints who judged how much and how far the reviewers agree (Krippendorff's alpha).
    """
    from claimcheck.review.desk import Desk
    from claimcheck.review.server import Server

    desk = Desk(ledger, reviewers or [_user()], extras=_extras(ledger, page_images or [], templates))
    # Ctrl-C is how a review ends, from the first address on
    with Server(desk, port) as server, contextlib.suppress(KeyboardInterrupt):
        for name, address in server.addresses:
            typer.echo(f"{address}\t{name}")
        say(f"{harmless(desk.ledger.paper.id)}: decisions go to {desk.file}; Ctrl-C ends the review")
        if browser:
            _open(server.addresses[0][1])
        server.run()
    for line in desk.summary():
        typer.echo(harmless(line))
    return 0


def _extras(ledger: Path, page_images: Sequence[Path], templates: Path | None) -> Extras:
    from claimcheck.foundation.settings import Settings
    from claimcheck.publish import Extras
    from claimcheck.publish.loading import load_ledger

    settings = Settings.load(templates=templates, offline=True)
    check_templates_of(settings)
    if not page_images:
        return Extras(templates=settings.templates)
    return extras_of(load_ledger(ledger), settings, page_images)


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, in a container for instance
        return "reviewer"


def _open(address: str) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        say("no browser could be opened; open the address yourself")
