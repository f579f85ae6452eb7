"""Reading: LaTeX, HTML, PDF or text to one Document, in a worker process that a hostile paper cannot leave.

`read_source`, and `pictures.pictures_for` for a local report, are all that other packages use. The parsers stand in
latex/, html.py, pdf/ and text.py, one function each; dispatch.py picks among them, worker.py runs one under limits,
sandbox.py asks the worker and judges its answer. nursery.py forks workers that have all imports done (warm.py),
forked.py is how the parent gets one of them. pictures.py and picture_worker.py do the same for the pictures of pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.foundation.records import Document, Source
    from claimcheck.foundation.settings import Settings

__all__ = ["read_source"]


def read_source(source: Source, settings: Settings, tables: bool = True) -> Document:
    """The paper in `source` as sections, sentences and tables.

    Parsing happens in a process of its own with limits on memory (`settings.read_memory_mb`), time
    (`settings.read_seconds`) and pages (`settings.max_pages`); what was read once is taken from the cache.
    Raises UnreadableInputError when the parser fails or meets a limit, NotAPaperError when no sentence can be read.
    """
    # the worker imports this package first, so the parent's side is loaded only where it is called
    from claimcheck.reading.sandbox import read_in_sandbox

    return read_in_sandbox(source, settings, tables=tables)
