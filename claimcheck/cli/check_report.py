"""`claimcheck check-report`: audit machine-written synthesis reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress
from claimcheck.cli.options import PAPER, Json, Offline, Templates
from claimcheck.foundation.console import results_console, say, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.errors import ClaimcheckError
    from claimcheck.synthesis.audit import ReadReport

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck check-report report.txt                            what is wrong with it
  claimcheck check-report reports/*.txt --json --offline        one audit a line
  claimcheck check-report report.md --library papers/           claims against the cited papers in a folder
  claimcheck check-report report.md --against 2005.13013 --out out/ --format html,md
"""


@app.command(name="check-report", epilog=EPILOG)
def check_report(
    reports: Annotated[
        list[Path],
        typer.Argument(metavar="REPORT", help="A report as text, Markdown, HTML or PDF.", show_default=False),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="PAPER", help=f"Hold the claims against this paper too. {PAPER} Repeat it for several."),
    ] = None,
    library: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Look for the cited papers in this folder first.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write audit.json and the formats into a folder of DIR.")
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="F", help="html, md or json; repeat it or use commas.")
    ] = None,
    templates: Templates = None,
    json: Json = False,
    offline: Offline = False,
) -> int:
    """Audit synthesis reports: claims cut off or not in the cited papers, a question that no claim addresses, ticks,
    confidence and scores without anything behind them, and what several reports share.

    References are looked for in --library, among --against, and, unless --offline, on arXiv and in databases. Without
    --out nothing is written but the cache.
    """
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.settings import Settings

    wanted = _formats(formats)
    if wanted and out is None:
        raise UsageError("there is no folder to write to", where="--format", todo="add --out DIR, or use --json")
    if templates is not None and not {"html", "md"} & set(wanted):
        raise UsageError(
            "there is nothing that a template makes", where="--templates", todo="add --out DIR --format html,md"
        )
    settings = Settings.load(offline=offline or None, templates=templates)
    from claimcheck.publish.audits import print_audit, write_audit
    from claimcheck.synthesis.audit import audit_reports

    read, errors = _read(reports, settings)
    if read:
        with Progress(1) as progress:
            audits = audit_reports(read, settings, against=against or (), library=library, on_progress=progress.stage)
        for audit in audits:
            if out is not None:
                write_audit(audit, out, wanted, settings.templates)
            if json:
                write_json_line(audit)
            else:
                print_audit(audit, results_console())
    return _exit_code(errors, len(reports))


def _formats(given: list[str] | None) -> tuple[str, ...]:
    from claimcheck.foundation.errors import UsageError

    known = ("json", "html", "md")
    names = tuple(dict.fromkeys(n.strip().lower() for part in given or () for n in part.split(",") if n.strip()))
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no format '{name}' of an audit", where="--format", todo=f"known are {', '.join(known)}"
            )
    return names


def _read(reports: list[Path], settings: object) -> tuple[list[ReadReport], list[ClaimcheckError]]:
    """The reports that can be read, each file once, and the errors of the others, told in one line each."""
    from claimcheck.foundation.errors import ClaimcheckError
    from claimcheck.foundation.settings import Settings
    from claimcheck.synthesis.audit import read_report

    assert isinstance(settings, Settings)
    read: dict[Path, ReadReport] = {}
    errors: list[ClaimcheckError] = []
    for path in dict.fromkeys(reports):
        try:
            read[path] = read_report(path, settings)
        except ClaimcheckError as error:
            errors.append(error)
            if len(reports) > 1:
                say(str(error))
    return list(read.values()), errors


def _exit_code(errors: list[ClaimcheckError], reports: int) -> int:
    from claimcheck.foundation.errors import PartialFailureError

    if errors and reports == 1:
        raise errors[0]
    if not errors:
        return 0
    codes = {error.exit_code for error in errors}
    return codes.pop() if len(errors) == reports and len(codes) == 1 else PartialFailureError.exit_code
