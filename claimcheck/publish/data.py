"""A ledger as data: JSON with its schema, and CSV with one claim a row."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from claimcheck.foundation.records import LABELS, LEDGER_SCHEMA, Ledger
from claimcheck.publish.escape import csv_cell, json_text
from claimcheck.publish.view import ClaimView, number_words, view_of

COLUMNS = (
    "number", "id", "claim", "verdict", "confidence", "abstained", "kind", "importance", "said_in", "quantities",
    "evidence_in", "evidence", "derivation", "reason", "paper", "version", "calibration",
)  # fmt: skip
"""The columns of ledger.csv."""


def ledger_json(ledger: Ledger) -> bytes:
    """The ledger in UTF-8: fields as the records declare them, the keys of free mappings sorted, indented by two.

    It parses to an equal ledger. Infinite numbers and NaN, which JSON lacks, become null.
    """
    text = json.dumps(_ordered(ledger), indent=2, ensure_ascii=False, allow_nan=False)
    return (json_text(text) + "\n").encode("utf-8")


def _ordered(value: Any) -> Any:
    """Plain JSON values in an order that depends on the ledger's contents alone."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {field.alias or name: _ordered(getattr(value, name)) for name, field in fields.items()}
    if isinstance(value, Mapping):
        labels = [x for x in LABELS if x in value] if set(value) <= set(LABELS) else []
        return {str(k): _ordered(value[k]) for k in labels or sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_ordered(x) for x in value]
    if isinstance(value, set | frozenset):
        return sorted((_ordered(x) for x in value), key=str)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    # settings may hold anything, a path for instance
    return value if value is None or isinstance(value, str | int | float) else str(value)


def ledger_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `ledger.json`."""
    schema = Ledger.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:" + LEDGER_SCHEMA.replace("/", ":"),
        "title": "claimcheck ledger",
    }
    # a written ledger has all of these; in the records some have defaults
    schema["required"] = list(schema["properties"])
    return {**head, **{k: v for k, v in schema.items() if k != "title"}}


def schema_text() -> str:
    """The schema as claimcheck/publish/ledger.schema.json holds it."""
    return json.dumps(ledger_schema(), indent=2, ensure_ascii=False) + "\n"


def ledger_csv(ledger: Ledger) -> bytes:
    """One claim a row in the order of the report, UTF-8, every cell quoted; a cell is never a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for view in view_of(ledger).claims:
        writer.writerow([csv_cell(x) for x in _row(view, ledger)])
    return out.getvalue().encode("utf-8")


def _row(view: ClaimView, ledger: Ledger) -> list[str]:
    claim = ledger.claims[view.order]
    quotes = [
        f"{e.where}: {e.quote}"
        for check, shown in zip(claim.verdict.checks, view.checks, strict=True)
        if check.label == claim.verdict.label
        for e in shown.evidence
    ]
    return [
        str(view.number),
        claim.id,
        claim.text,
        claim.verdict.label,
        number_words(round(claim.verdict.confidence, 4)) if view.calibrated else view.confidence,
        "yes" if view.abstained else "no",
        view.kind,
        view.importance,
        view.said,
        "; ".join(q.text for q in view.quantities),
        "; ".join(view.where),
        " | ".join(quotes),
        view.derivation,
        view.reason,
        ledger.paper.id,
        ledger.paper.version,
        claim.verdict.calibration or "",
    ]
