"""`claimcheck report`: ledgers that were made before, rendered into other formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.options import Formats, OutFolder, split_formats
from claimcheck.foundation.console import say, write_bytes

if TYPE_CHECKING:
    from claimcheck.foundation.records import Ledger

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck report out/paper-1a2b3c4d/ledger.json --format md        Markdown on stdout
  claimcheck report out/*/ledger.json --format html,tex --out reports/
"""
_LARGEST = 200 << 20  # bytes of a ledger file


@app.command(epilog=EPILOG)
def report(
    ledgers: Annotated[
        list[Path],
        typer.Argument(metavar="LEDGER", help="A ledger.json, or the folder it is in.", show_default=False),
    ],
    formats: Formats = None,
    out: OutFolder = None,
) -> None:
    """Render ledgers. With --out into files, whose names are printed; else one ledger in one format on stdout."""
    from claimcheck.foundation.errors import UsageError
    from claimcheck.publish import render, write_ledger

    wanted = split_formats(formats)
    if out is not None:
        for path in ledgers:
            for written in write_ledger(_load(path), out, wanted or ("html",)):
                typer.echo(str(written))
        return
    if len(ledgers) > 1 or len(wanted) > 1:
        raise UsageError(
            f"{len(ledgers)} ledgers in {len(wanted) or 1} formats do not fit on stdout", todo="add --out DIR"
        )
    ledger = _load(ledgers[0])
    write_bytes(render(ledger, wanted[0] if wanted else "md"))
    if not ledger.claims:
        say(f"{ledger.paper.id}: the ledger has no claims")


def _load(path: Path) -> Ledger:
    from pydantic import ValidationError

    from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
    from claimcheck.foundation.records import Ledger

    file = path / "ledger.json" if path.is_dir() else path
    try:
        if file.stat().st_size > _LARGEST:
            raise UnreadableInputError(
                f"is larger than {_LARGEST >> 20} MB", where=str(file), todo="give the ledger.json of one paper"
            )
        return Ledger.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise MissingInputError(
            "there is no such ledger", where=str(file), todo="make one with: claimcheck table PAPER --out DIR"
        ) from None
    except OSError as error:
        raise UnreadableInputError(
            f"cannot be read ({error.strerror})", where=str(file), todo="check the file and its permissions"
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UnreadableInputError(
            f"is no ledger: {place}: {first['msg']}", where=str(file), todo="make it anew with: claimcheck table PAPER"
        ) from None
