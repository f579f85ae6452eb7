"""The JSON Schema of what `claimcheck reproduce results --json` prints, one Reproduction a line."""

from __future__ import annotations

import json
from typing import Any

from claimcheck.foundation.records import Reproduction

__all__ = ["reproduction_schema", "schema_text"]


def reproduction_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `claimcheck/reproduction/v1`."""
    schema = Reproduction.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:claimcheck:reproduction:v1",
        "title": "claimcheck reproduction",
    }
    # a printed one has all of these; in the records some have defaults
    schema["required"] = list(schema["properties"])
    return {**head, **{name: value for name, value in schema.items() if name != "title"}}


def schema_text() -> str:
    """The schema as reproduce/verdicts/reproduction.schema.json holds it."""
    return json.dumps(reproduction_schema(), indent=2, ensure_ascii=False) + "\n"
