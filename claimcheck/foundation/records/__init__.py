"""The records that flow through claimcheck, frozen and typed: what a stage takes and what it gives.

Contracts: DESIGN.md section 3. All go to JSON and back unchanged (`model_dump_json`, `model_validate_json`).
Boxes are (x0, top, x1, bottom) in points from the page's top left corner; pages and source lines count from 1,
rows, columns and sentences from 0. `base`, `documents`, `claims`, `verdicts`, `reproductions` and `ledgers` build on
one another in this order.
"""

from __future__ import annotations

from claimcheck.foundation.records.base import Box, Record, Span
from claimcheck.foundation.records.claims import Bound, Claim, ClaimKind, Comparison, Place, Quantity, Role
from claimcheck.foundation.records.documents import (
    Cell,
    Document,
    PagePicture,
    Paper,
    Passage,
    Pointer,
    Section,
    Sentence,
    Source,
    SourceKind,
    Table,
    UnreadPage,
)
from claimcheck.foundation.records.ledgers import (
    DECISION_SCHEMA,
    LEDGER_SCHEMA,
    CheckedClaim,
    Choice,
    Completeness,
    Decision,
    Finding,
    Ledger,
    Reliability,
    ReliabilityBin,
    RunInfo,
)
from claimcheck.foundation.records.links import CrossLink
from claimcheck.foundation.records.literature import (
    LITERATURE_SCHEMA,
    DatabaseSearch,
    LiteratureSearch,
    SearchStatus,
    Work,
    WorkRelation,
)
from claimcheck.foundation.records.reproductions import (
    REPRODUCTION_SCHEMA,
    LooseReproduction,
    Reproduction,
    RerunInfo,
    Reruns,
    RunRecord,
)
from claimcheck.foundation.records.verdicts import LABELS, Check, Evidence, Label, Result, Verdict

__all__ = [
    "DECISION_SCHEMA",
    "LABELS",
    "LEDGER_SCHEMA",
    "LITERATURE_SCHEMA",
    "REPRODUCTION_SCHEMA",
    "Bound",
    "Box",
    "Cell",
    "Check",
    "CheckedClaim",
    "Choice",
    "Claim",
    "ClaimKind",
    "Comparison",
    "Completeness",
    "CrossLink",
    "DatabaseSearch",
    "Decision",
    "Document",
    "Evidence",
    "Finding",
    "Label",
    "Ledger",
    "LiteratureSearch",
    "LooseReproduction",
    "PagePicture",
    "Paper",
    "Passage",
    "Place",
    "Pointer",
    "Quantity",
    "Record",
    "Reliability",
    "ReliabilityBin",
    "Reproduction",
    "RerunInfo",
    "Reruns",
    "Result",
    "Role",
    "RunInfo",
    "RunRecord",
    "SearchStatus",
    "Section",
    "Sentence",
    "Source",
    "SourceKind",
    "Span",
    "Table",
    "UnreadPage",
    "Verdict",
    "Work",
    "WorkRelation",
]
