"""Publishing: a ledger as JSON, CSV, Markdown, HTML, LaTeX, or as a table in a terminal, from the ledger alone.

escape.py        hostile text -> harmless text of a format          view.py      ledger -> what a report says, in words
documents.py     HTML, LaTeX, Markdown through templates            data.py      JSON, its schema, CSV
terminal.py      the claim table in a terminal                      files.py     which format is which file
"""

from __future__ import annotations

from claimcheck.publish.data import ledger_schema
from claimcheck.publish.files import FORMATS, render, write_ledger
from claimcheck.publish.terminal import print_ledger

__all__ = ["FORMATS", "ledger_schema", "print_ledger", "render", "write_ledger"]
