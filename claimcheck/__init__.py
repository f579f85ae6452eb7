"""claimcheck: which claims of a paper hold, and the cell or sentence that proves it.

    import claimcheck
    document = claimcheck.read("paper.pdf")
    for claim in claimcheck.extract(document):
        print(claim.text, claimcheck.check(claim, [document]).label)

Nothing heavy is loaded before it is used: `import claimcheck` loads no torch, no numpy and no pydantic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from claimcheck.api import check, check_many, detect, extract, read, results, table
    from claimcheck.foundation.records import (
        Box,
        Cell,
        Check,
        Claim,
        Comparison,
        Document,
        Evidence,
        Ledger,
        Paper,
        Passage,
        Pointer,
        Quantity,
        Reproduction,
        Result,
        Section,
        Sentence,
        Table,
        Verdict,
    )

_RECORDS = (
    "Box", "Cell", "Check", "Claim", "Comparison", "Document", "Evidence", "Ledger", "Paper", "Passage", "Pointer",
    "Quantity", "Reproduction", "Result", "Section", "Sentence", "Table", "Verdict",
)  # fmt: skip
_HOME = {
    **dict.fromkeys(("check", "check_many", "detect", "extract", "read", "results", "table"), "claimcheck.api"),
    **dict.fromkeys(_RECORDS, "claimcheck.foundation.records"),
}

__all__ = [  # noqa: RUF022 - sorted by hand: verbs, then records
    "check", "check_many", "detect", "extract", "read", "results", "table",
    "Box", "Cell", "Check", "Claim", "Comparison", "Document", "Evidence", "Ledger", "Paper", "Passage", "Pointer",
    "Quantity", "Reproduction", "Result", "Section", "Sentence", "Table", "Verdict", "__version__",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        import importlib

        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'claimcheck' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
