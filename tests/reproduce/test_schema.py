"""The shipped JSON Schema of a Reproduction is the generated one and holds for what is printed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from claimcheck.foundation.records import Reproduction
from reproduce import verdicts
from reproduce.verdicts.schema import reproduction_schema, schema_text


def printed(**fields: object) -> dict[str, object]:
    one = Reproduction(
        registry_id="gain",
        paper="smoke",
        claim_text="It gains 8.7 points.",
        quantity={"value": 8.7},
        claimed_source="Table 2",
        scale="smoke",
        verdict="not_tested",
        reason="scale",
    )
    return {**json.loads(one.model_dump_json()), **fields}


def test_the_shipped_schema_is_the_generated_one() -> None:
    path = Path(verdicts.__file__).with_name("reproduction.schema.json")
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(schema_text(), "utf-8")
    assert path.read_text("utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(reproduction_schema())


def test_a_printed_reproduction_is_valid() -> None:
    jsonschema.Draft202012Validator(reproduction_schema()).validate(printed())


@pytest.mark.parametrize(
    "wrong", [{"verdict": "perhaps"}, {"scale": "large"}, {"schema": "other/v1"}, {"more": 1}, {"interval": [1.0]}]
)
def test_what_is_not_of_the_form_is_not_valid(wrong: dict[str, object]) -> None:
    assert list(jsonschema.Draft202012Validator(reproduction_schema()).iter_errors(printed(**wrong)))
