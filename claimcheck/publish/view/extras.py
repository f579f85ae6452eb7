"""What a report shows beside its ledger: people's decisions, pictures of pages, a user's own templates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.records import Decision, PagePicture


@dataclass(frozen=True, slots=True)
class Extras:
    """Nothing by default: then a report is a function of its ledger alone.

    `pictures` make it a local one, which is not to be published. `notes` are limitations that the caller knows of
    ("page 3 could not be drawn"). `templates`: a folder whose files stand in for the shipped ones of the same name.
    `fragment`: "table" for LaTeX's claim table alone.
    """

    decisions: tuple[Decision, ...] = ()
    pictures: tuple[PagePicture, ...] = ()
    notes: tuple[str, ...] = ()
    templates: Path | None = None
    fragment: str = ""


NOTHING = Extras()

__all__ = ["NOTHING", "Extras", "PagePicture"]
