"""A ledger as a report shows it: sorted, put into words, with every figure formatted; nothing is escaped yet.

report.py  the whole      claims.py  a claim and its checks      reproductions.py  claimed beside reproduced
people.py  decisions      places.py  papers, pages and figures in words      extras.py  what comes beside the ledger
"""

from __future__ import annotations

from claimcheck.publish.view.claims import ClaimView
from claimcheck.publish.view.extras import NOTHING, Extras, PagePicture
from claimcheck.publish.view.places import number_words
from claimcheck.publish.view.report import ReportView, risk_words, view_of
from claimcheck.publish.view.reproductions import ReproductionView

__all__ = [
    "NOTHING",
    "ClaimView",
    "Extras",
    "PagePicture",
    "ReportView",
    "ReproductionView",
    "number_words",
    "risk_words",
    "view_of",
]
