"""Options that several subcommands share, so that they are called and explained the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PAPER = "A file (PDF, LaTeX, HTML, text), a LaTeX folder or archive, an arXiv id, a DOI or a URL."

Papers = Annotated[list[str], typer.Argument(metavar="PAPER", help=PAPER, show_default=False)]
OnePaper = Annotated[str, typer.Argument(metavar="PAPER", help=PAPER, show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one record a line.")]
Offline = Annotated[bool, typer.Option("--offline", help="Use the cache and local files only.")]
Nli = Annotated[
    str | None,
    typer.Option(
        "--nli",
        metavar="NAME",
        help="Judge text against text with this entailment model (hub name or folder), not the embedded one.",
    ),
]
Risk = Annotated[
    float | None,
    typer.Option(
        "--risk",
        metavar="R",
        help="Mark as abstained every verdict that is not sure enough for a share R of wrong ones, such as 0.1; labels "
        "stay. On claims like those of the calibration set at most R of the verdicts of a kind that remain are wrong, "
        "with 90 % certainty; nothing is promised for one paper alone. Uncalibrated verdicts abstain.",
        show_default=False,
    ),
]
Others = Annotated[
    int | None,
    typer.Option(
        "--others",
        metavar="N",
        help="Hold the papers' results against one another and against up to N papers that the tables of each cite by "
        "an arXiv id, fetched where there is a network; 0: only those given.",
        show_default=False,
    ),
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Write ledger.json and the formats into a folder of DIR.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="F",
        help="html, tex, pdf, md, csv, json, bib, sarif, badge, crate or claimreview; repeat it or use commas.",
    ),
]
Templates = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        metavar="DIR",
        help="Take templates from DIR first: a file there stands in for the shipped one of the same name.",
    ),
]


def split_formats(given: list[str] | None) -> tuple[str, ...]:
    """The formats that were asked for, each once; raises UsageError for an unknown one."""
    from claimcheck.foundation.errors import UsageError
    from claimcheck.publish import FORMATS

    names = tuple(
        dict.fromkeys(name.strip().lower() for part in given or () for name in part.split(",") if name.strip())
    )
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"there is no format '{name}'", where="--format", todo=f"known are {', '.join(FORMATS)}")
    return names
