"""`claimcheck diff`: what changed between two ledgers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from claimcheck.cli.options import Templates
from claimcheck.foundation.console import results_console, say, write_bytes, write_json_line

GATE_FAILED = 1

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck diff v1/ledger.json v2/ledger.json          two versions of a paper
  claimcheck diff old/paper-1a2b3c4d new/paper-1a2b3c4d  the folders that they are in
  claimcheck diff old.json new.json --fail-on refuted    exit code 1 if a claim became refuted
  claimcheck diff old.json new.json --fail-on change     exit code 1 if anything changed
  claimcheck diff old.json new.json --json | jq .counts

\b
--fail-on LABEL counts claims that have this verdict in NEW and had another one, or
were not there, in OLD; claims that had it before do not count.
"""


class FailOn(StrEnum):
    """What makes the command end with code 1."""

    REFUTED = "refuted"
    SUPPORTED = "supported"
    NOT_ENOUGH_INFO = "not_enough_info"
    CHANGE = "change"


class DiffFormat(StrEnum):
    """What a difference is printed as."""

    TEXT = "text"
    MARKDOWN = "md"
    JSON = "json"


@app.command(epilog=EPILOG)
def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A ledger.json, or the folder it is in.", show_default=False)
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The ledger to hold beside it.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one record, claimcheck/diff/v1.")] = False,
    format: Annotated[
        DiffFormat, typer.Option("--format", metavar="F", help="text, md or json.", show_default=True)
    ] = DiffFormat.TEXT,
    templates: Templates = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="P", min=0, max=1, help="By how much a confidence moves before it is listed; by default 0.05."
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(metavar="WHAT", help="Exit with code 1 if a claim became this (refuted), or at any 'change'."),
    ] = None,
) -> int:
    """Show what changed between two ledgers: claims, verdicts and why, numbers, places, reproductions, the run.

    A claim is the same by its id, else by its letters, else by similar words and numbers. Two ledgers of different
    papers are compared with a warning.
    """
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.records import LABELS
    from claimcheck.foundation.settings import Settings
    from claimcheck.publish.loading import load_ledger
    from claimcheck.review.diff import THRESHOLD, diff_ledgers
    from claimcheck.review.diff_view import diff_view, print_diff, warning

    if json and format is DiffFormat.MARKDOWN:
        raise UsageError("it is printed as JSON or as Markdown", where="--json --format md", todo="leave one out")
    if templates is not None and format is not DiffFormat.MARKDOWN:
        raise UsageError("there is nothing that a template makes", where="--templates", todo="add --format md")
    found = diff_ledgers(load_ledger(old), load_ledger(new), threshold=THRESHOLD if threshold is None else threshold)
    if warning(found):
        say(f"warning: {warning(found)}")
    if json or format is DiffFormat.JSON:
        write_json_line(found)
    elif format is DiffFormat.MARKDOWN:
        from claimcheck.publish.documents import diff_markdown

        write_bytes(diff_markdown(diff_view(found), Settings.load(templates=templates).templates))
    else:
        print_diff(found, results_console())
    if fail_on is FailOn.CHANGE and found.changed:
        say("gate failed: the ledgers differ")
        return GATE_FAILED
    for label in LABELS:
        became = found.became(label) if label == fail_on else ()
        if became:
            say(f"gate failed: {len(became)} {'claim' if len(became) == 1 else 'claims'} became {label}")
            return GATE_FAILED
    return 0
