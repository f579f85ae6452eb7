"""What `report` and `review` have in common: the option for page images, and a report's extras from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.foundation.console import say

if TYPE_CHECKING:
    from claimcheck.foundation.records import Decision, Ledger, PagePicture
    from claimcheck.foundation.settings import Settings
    from claimcheck.publish import Extras

PageImages = Annotated[
    list[Path] | None,
    typer.Option(
        "--page-images",
        metavar="PATH",
        help="Show the cited pages from this PDF or folder of PDFs, for your own use; repeat it.",
        show_default=False,
    ),
]


def check_templates_of(settings: Settings) -> None:
    """Raises UsageError where the user's template folder cannot be used; before anything else is done."""
    if settings.templates is not None:
        from claimcheck.publish.documents import templates_folder
        from claimcheck.publish.templates import check_folder

        check_folder(settings.templates, templates_folder())


def extras_of(
    ledger: Ledger,
    settings: Settings,
    page_images: Sequence[Path],
    *,
    decisions: tuple[Decision, ...] = (),
    fragment: str = "",
) -> Extras:
    """What is shown beside the ledger; says on stderr which pages cannot be shown, and why."""
    from claimcheck.publish import Extras

    pictures: tuple[PagePicture, ...] = ()
    notes: tuple[str, ...] = ()
    if page_images:
        from claimcheck.reading.pictures import pictures_for

        pictures, notes = pictures_for(ledger, page_images, settings)
        for note in notes:
            say(f"{ledger.paper.id}: {note}")
    return Extras(decisions=decisions, pictures=pictures, notes=notes, templates=settings.templates, fragment=fragment)
