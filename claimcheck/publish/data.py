"""A ledger as data: JSON with its schema, and CSV with one claim a row and one more for each loose reproduction."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from claimcheck.foundation.records import DECISION_SCHEMA, LABELS, LEDGER_SCHEMA, Decision, Ledger, Reproduction
from claimcheck.publish.escape import csv_cell, json_text, plain
from claimcheck.publish.view import NOTHING, ClaimView, Extras, number_words, view_of

COLUMNS = (
    "number", "id", "claim", "verdict", "confidence", "abstained", "kind", "importance", "said_in", "quantities",
    "evidence_in", "evidence", "derivation", "reason", "paper", "version", "calibration",
    "reproduction_id", "scale", "claimed", "unit", "reproduced", "sd", "n", "interval_low", "interval_high",
    "reproduction", "direction", "reproduction_note", "runs", "accepted_by", "rejected_by", "notes", "statement",
)  # fmt: skip
"""The columns of ledger.csv, one row a claim in the order of the report.

A claim that was rerun has its reproduction in its own row, from `reproduction_id` to `runs`: `claimed`, `reproduced`,
`sd` and the ends of the interval are plain numbers, `reproduction` is the verdict's code, and without `scale` it must
not be read. A reproduction that stands beside no claim follows as a row of its own, with empty `number`, `id`,
`verdict` and so on: `claim` is the registry's text and `reproduction_note` says why it stands alone. Rows with an `id`
are the claims, whatever was rerun.

`accepted_by`, `rejected_by` and `notes` are people's words on the verdict as it stands; decisions on a former verdict
are left out. `statement` is the claim in a form that stands alone.
"""


def ledger_json(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """The ledger in UTF-8: fields as the records declare them, the keys of free mappings sorted, indented by two.

    It parses to an equal ledger. Infinite numbers and NaN, which JSON lacks, become null.
    """
    return _document(_ordered(ledger))


def ordered_json(record: BaseModel) -> bytes:
    """A record in UTF-8: fields as declared, the keys of free mappings sorted, two blanks a level; it parses back."""
    return _document(_ordered(record))


def plain_json(value: object) -> bytes:
    """A JSON document for others' programs: every string is plain text on one line, and `<` is written as an escape.

    So it can stand in a page's script element, and none of its strings can change how text around it is shown.
    """
    return _document(_plain(value)).replace(b"<", b"\\u003c")


def _document(value: object) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (json_text(text) + "\n").encode("utf-8")


def _plain(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(k)): _plain(v) for k, v in value.items()}
    return [_plain(x) for x in value] if isinstance(value, list | tuple) else _ordered(value)


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
    return _schema(Ledger, LEDGER_SCHEMA, "claimcheck ledger")


def decision_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line of `decisions.jsonl`."""
    return _schema(Decision, DECISION_SCHEMA, "claimcheck decision")


def record_schema(record: type[BaseModel], name: str, title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record that is written whole; `name` is its schema's ("claimcheck/ledger/v1")."""
    return _schema(record, name, title)


def _schema(record: type[BaseModel], name: str, title: str) -> dict[str, Any]:
    schema = record.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:" + name.replace("/", ":"),
        "title": title,
    }
    # what is written has all of these; in the records some have defaults
    schema["required"] = list(schema["properties"])
    return {**head, **{k: v for k, v in schema.items() if k != "title"}}


def schema_text(schema: Mapping[str, Any] | None = None) -> str:
    """A schema as the package ships it, that of the ledger if none is given: NAME.schema.json beside this module."""
    return json.dumps(ledger_schema() if schema is None else schema, indent=2, ensure_ascii=False) + "\n"


def ledger_csv(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """`COLUMNS` in UTF-8, every cell quoted; a cell is never a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for view in view_of(ledger, extras).claims:
        cells = {**_claim_cells(view, ledger), **_decision_cells(view)}
        reproduction = ledger.claims[view.order].reproduction
        if reproduction is not None:
            cells |= _reproduction_cells(reproduction, reproduction.reason)
        writer.writerow([csv_cell(cells.get(x, "")) for x in COLUMNS])
    for loose in ledger.reproductions:
        one = loose.reproduction
        cells = {"claim": one.claim_text, "paper": one.paper, "version": one.paper_version}
        cells |= _reproduction_cells(one, "; ".join(x for x in (one.reason, loose.why) if x))
        writer.writerow([csv_cell(cells.get(x, "")) for x in COLUMNS])
    return out.getvalue().encode("utf-8")


def _claim_cells(view: ClaimView, ledger: Ledger) -> dict[str, str]:
    claim = ledger.claims[view.order]
    # checks of one claim often rest on the same cells
    quotes = dict.fromkeys(
        f"{e.where}: {e.quote}"
        for check, shown in zip(claim.verdict.checks, view.checks, strict=True)
        if check.label == claim.verdict.label
        for e in shown.evidence
    )
    return {
        "number": str(view.number),
        "id": claim.id,
        "claim": claim.text,
        "verdict": claim.verdict.label,
        "confidence": number_words(round(claim.verdict.confidence, 4)) if view.calibrated else view.confidence,
        "abstained": "yes" if view.abstained else "no",
        "kind": view.kind,
        "importance": view.importance,
        "said_in": view.said,
        "quantities": "; ".join(q.text for q in view.quantities),
        "evidence_in": "; ".join(view.where),
        "evidence": " | ".join(quotes),
        "derivation": view.derivation,
        "reason": view.reason,
        "paper": ledger.paper.id,
        "version": ledger.paper.version,
        "calibration": claim.verdict.calibration or "",
        "statement": claim.statement,
    }


def _decision_cells(view: ClaimView) -> dict[str, str]:
    valid = [one for one in view.decisions if not one.outdated]
    return {
        "accepted_by": "; ".join(one.reviewer for one in valid if one.choice == "accept"),
        "rejected_by": "; ".join(one.reviewer for one in valid if one.choice == "reject"),
        "notes": " | ".join(f"{one.reviewer}: {one.note}" for one in valid if one.note),
    }


def _reproduction_cells(one: Reproduction, note: str) -> dict[str, str]:
    low, high = one.interval if one.interval is not None else (None, None)
    return {
        "reproduction_id": one.registry_id,
        "scale": one.scale,
        "claimed": _cell_number(one.quantity.get("value")),
        "unit": str(one.quantity.get("unit") or ""),
        "reproduced": _cell_number(one.mean),
        "sd": _cell_number(one.sd),
        "n": str(one.n),
        "interval_low": _cell_number(low),
        "interval_high": _cell_number(high),
        "reproduction": one.verdict,
        "direction": one.direction or "",
        "reproduction_note": note,
        "runs": "; ".join(run.id for run in one.runs),
    }


def _cell_number(value: object) -> str:
    """A number without a float's tail; "" for none, NaN and infinity; what a registry holds in its place as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    try:
        return number_words(value) if math.isfinite(value) else ""
    except OverflowError:  # a whole number beyond any float
        return ""
