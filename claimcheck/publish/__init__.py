"""Publishing: a ledger as a report for people and as data for programs, from the ledger alone.

loading.py      ledger.json -> ledger                       join.py, matching.py  reproductions beside their claims
escape.py       hostile text -> harmless text of a format   view/                 what a report says, in words
documents.py    HTML, LaTeX, Markdown                       templates.py          the shipped templates, and a user's
charts/         of reproductions and confidence             typeset.py, pdf.py    for the page; PDF through latexmk
data.py         JSON, its schemas, CSV                      bibliography.py       BibTeX of the sources
sarif.py, badge.py, claimreview.py, crate.py                terminal.py           the claim table in a terminal
files.py        which format is which file                  references.py         the papers that are cited
document_page.py, doubts.py    what was read of a paper, beside pictures of its pages
"""

from __future__ import annotations

from claimcheck.publish.data import decision_schema, ledger_schema
from claimcheck.publish.files import FORMATS, render, rendered, write_ledger
from claimcheck.publish.terminal import print_ledger
from claimcheck.publish.view import NOTHING, Extras, PagePicture

__all__ = [
    "FORMATS",
    "NOTHING",
    "Extras",
    "PagePicture",
    "decision_schema",
    "ledger_schema",
    "print_ledger",
    "render",
    "rendered",
    "write_ledger",
]
