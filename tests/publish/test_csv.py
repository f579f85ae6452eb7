"""CSV: reruns and people's decisions in columns, loose reruns in rows of their own; and the schema of decisions."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import jsonschema
from ledgers import full_ledger
from machine_ledgers import decided, hostile_extras, hostile_ledger, loose, reproduction, rerun_ledger

import claimcheck.publish
from claimcheck.foundation.records import Decision, Ledger
from claimcheck.publish import NOTHING, Extras, render
from claimcheck.publish.data import COLUMNS, decision_schema, schema_text


def rows(ledger: Ledger, extras: Extras = NOTHING) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(render(ledger, "csv", extras).decode("utf-8"), newline=""))
    found = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    return found


def test_a_rerun_is_in_its_claims_row_as_plain_numbers() -> None:
    (row,) = [x for x in rows(full_ledger()) if x["reproduction_id"]]
    assert row["id"] == "0a1b2c3d4e5f"
    assert {k: row[k] for k in ("scale", "claimed", "reproduced", "sd", "n", "interval_low", "interval_high")} == {
        "scale": "lab", "claimed": "8.7", "reproduced": "2.133333333", "sd": "0.2516611", "n": "3",
        "interval_low": "0.9", "interval_high": "3.4",
    }  # fmt: skip
    assert (row["reproduction"], row["direction"], row["reproduction_note"]) == ("not_tested", "confirmed", "scale")
    assert row["runs"] == "r1"


def test_loose_reruns_follow_as_rows_without_an_id() -> None:
    found = rows(rerun_ledger())
    claims, own = [x for x in found if x["id"]], [x for x in found if not x["id"]]
    assert found == claims + own
    assert len(claims) == 6
    assert [x["reproduction_id"] for x in own] == ["squad", "mnli", "qa", "toy"]
    assert own[0]["claim"] == "Training on squad yields 8.2 points."
    assert (own[0]["verdict"], own[0]["number"], own[0]["confidence"]) == ("", "", "")
    assert (own[0]["reproduced"], own[0]["interval_low"], own[0]["unit"]) == ("-0.375", "-1.5", "points")
    assert own[2]["reproduction_note"] == "scale; 2 claims fit"
    assert own[3]["paper"] == "synthetic"


def test_people_stand_in_their_columns_unless_they_judged_another_verdict() -> None:
    by_claim = {x["id"]: x for x in rows(full_ledger(), decided())}
    assert by_claim["1a1b2c3d4e5f"]["accepted_by"] == "Zoë"
    assert by_claim["3a1b2c3d4e5f"]["rejected_by"] == "Max"
    assert by_claim["3a1b2c3d4e5f"]["notes"] == "Max: misread cell"
    assert (by_claim["2a1b2c3d4e5f"]["accepted_by"], by_claim["2a1b2c3d4e5f"]["rejected_by"]) == ("Max", "Zoë")
    assert by_claim["4a1b2c3d4e5f"]["accepted_by"] == ""


def test_what_a_registry_holds_in_place_of_a_number() -> None:
    values = (None, float("nan"), 10**400, True, "8.2", "=1+1", 8)
    ledger = Ledger(
        paper=full_ledger().paper,
        reproductions=loose(*(reproduction(f"r{i}", quantity={"value": v}) for i, v in enumerate(values))),
    )
    assert [x["claimed"] for x in rows(ledger)] == ["", "", "", "True", "8.2", "'=1+1", "8"]


def test_no_cell_is_a_formula_and_each_row_is_one_line() -> None:
    source = render(hostile_ledger(), "csv", hostile_extras()).decode("utf-8")
    found = rows(hostile_ledger(), hostile_extras())
    assert len(source.splitlines()) == len(found) + 1
    for cell in (x for row in found for x in row.values() if x):
        assert cell[0] not in "=+@\t|%" or cell.lstrip("+-").replace(".", "").isdigit(), cell
        assert cell[0] != "-" or float(cell) < 0


def test_the_shipped_schema_of_decisions_is_the_generated_one() -> None:
    path = Path(claimcheck.publish.__file__).with_name("decision.schema.json")
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(schema_text(decision_schema()), "utf-8")
    assert path.read_text("utf-8") == schema_text(decision_schema())
    jsonschema.Draft202012Validator.check_schema(decision_schema())
    validator = jsonschema.Draft202012Validator(decision_schema())
    for one in decided().decisions:
        validator.validate(json.loads(one.model_dump_json()))
    good = json.loads(Decision(claim="a", reviewer="b", label="refuted").model_dump_json())
    for bad in (
        {**good, "choice": "maybe"},
        {**good, "schema": "other/v1"},
        {k: v for k, v in good.items() if k != "claim"},
    ):
        assert list(validator.iter_errors(bad))
