"""SARIF: valid under the official schema, what is in it, and what people's decisions change."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import claims, empty_ledger, full_ledger, many_claims
from machine_ledgers import decided, hostile_extras, hostile_ledger, loose, reproduction, rerun_ledger

from claimcheck.foundation.records import Ledger, Paper, Place, Pointer
from claimcheck.publish import NOTHING, Extras, render

SCHEMA = json.loads((Path(__file__).parents[1] / "data/schemas/sarif-2.1.0-rtm.5.json").read_text("utf-8"))


def run(ledger: Ledger, extras: Extras = NOTHING) -> dict[str, Any]:
    document = json.loads(render(ledger, "sarif", extras))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(document)
    assert document["version"] == "2.1.0"
    (found,) = document["runs"]
    return found


def results(ledger: Ledger, extras: Extras = NOTHING) -> list[dict[str, Any]]:
    return run(ledger, extras)["results"]


@pytest.mark.parametrize(
    ("ledger", "extras"),
    [
        (full_ledger(), NOTHING), (empty_ledger(), NOTHING), (rerun_ledger(), decided()),
        (hostile_ledger(), hostile_extras()),
    ],
)  # fmt: skip
def test_the_official_schema_takes_it(ledger: Ledger, extras: Extras) -> None:
    found = run(ledger, extras)
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]


def test_the_schema_is_one_that_refuses() -> None:
    document = json.loads(render(full_ledger(), "sarif"))
    document["runs"][0]["results"][0]["level"] = "bad"
    assert list(jsonschema.Draft4Validator(SCHEMA).iter_errors(document))


def test_refuted_claims_and_failed_reruns_are_the_results() -> None:
    found = results(rerun_ledger().model_copy(update={"findings": ()}))  # test_findings.py has those
    assert [(x["ruleId"], x["level"]) for x in found] == [
        ("refuted-by-cells", "warning"), ("refuted-by-direction", "warning"), ("not-reproduced", "warning"),
        ("direction-contradicted", "note"),
    ]  # fmt: skip
    first = found[0]
    assert "7 of 9" in first["message"]["text"]
    assert "best on 6 of 9, claimed 7 of 9: Table A.3" in first["message"]["text"]
    assert first["partialFingerprints"] == {"claimId/v1": "1a1b2c3d4e5f"}
    location = first["locations"][0]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "https://arxiv.org/abs/2105.01234v2"}}
    assert location["properties"]["page"] == 7
    assert location["logicalLocations"][0]["name"] == "Section 5, p. 7"
    assert [x["message"]["text"] for x in first["relatedLocations"]] == [
        "Table A.3, Adapters, TyDi QA (p. 12): 61.0", "Table A.3, Fine-tuning, TyDi QA (p. 12): 63.4",
    ]  # fmt: skip
    assert "not reproduced, lower at scale paper: claimed 8.2 points, reproduced -0.3" in found[2]["message"]["text"]
    assert found[2]["properties"]["runs"][0] == {"id": "mnli-1", "predictionsSha256": "e" * 64}
    assert "at scale lab" in found[3]["message"]["text"]


def test_each_kind_of_check_has_its_rule() -> None:
    refuted = claims()[1]
    kinds = {"cells": "refuted-by-cells", "text": "refuted-by-text", "consistency": "inconsistent"}
    for kind, rule in kinds.items():
        check = refuted.verdict.checks[0].model_copy(update={"kind": kind})
        claim = refuted.model_copy(update={"verdict": refuted.verdict.model_copy(update={"checks": [check]})})
        (result,) = results(full_ledger().model_copy(update={"claims": (claim,), "findings": ()}))
        assert result["ruleId"] == rule
    bare = refuted.model_copy(update={"verdict": refuted.verdict.model_copy(update={"checks": []})})
    (result,) = results(full_ledger().model_copy(update={"claims": (bare,), "findings": ()}))
    assert result["ruleId"] == "refuted"


def test_lines_of_latex_are_regions_and_those_of_a_pdf_are_not() -> None:
    for kind, name, region in (("latex", "my%20paper.tex", {"startLine": 212}), ("pdf", "my%20paper.pdf", None)):
        place = Place(pointer=Pointer(paper="my paper", line=212), text="x")
        claim = claims()[1].model_copy(update={"places": (place, place)})
        paper = Paper(id="my paper", source_kind=kind, source_sha256="a" * 64)
        found = run(Ledger(paper=paper, claims=(claim,)))
        physical = found["results"][0]["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == name
        assert physical.get("region") == region
        assert found["results"][0]["relatedLocations"][-1]["message"]["text"].startswith("also said in: ")
        assert found["artifacts"][0]["hashes"] == {"sha-256": "a" * 64}


def test_what_people_said_changes_level_and_suppressions() -> None:
    by_claim = {x["properties"].get("claim"): x for x in results(rerun_ledger(), decided())}
    assert by_claim["1a1b2c3d4e5f"]["level"] == "error"
    assert "suppressions" not in by_claim["1a1b2c3d4e5f"]
    rejected = by_claim["3a1b2c3d4e5f"]
    assert rejected["level"] == "warning"
    assert rejected["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Max rejected the verdict: misread cell"}
    ]
    first = decided().decisions[0]
    both = Extras(decisions=(first, first.model_copy(update={"reviewer": "Max", "choice": "reject"})))
    contested = results(rerun_ledger(), both)[0]
    assert contested["level"] == "warning"
    assert [x["status"] for x in contested["suppressions"]] == ["underReview"]
    outdated = Extras(decisions=(first.model_copy(update={"choice": "reject", "label": "supported"}),))
    assert "suppressions" not in results(rerun_ledger(), outdated)[0]


def test_a_message_is_neither_a_link_nor_a_placeholder() -> None:
    text = results(full_ledger())[1]["message"]["text"]
    assert "](" not in text
    assert "{{a_b}}" in text
    document = render(full_ledger(), "sarif")
    assert b"<" not in document
    assert b"\\u003cscript>" in document


def test_a_smoke_failure_and_unread_pages_are_named_and_a_machine_made_it() -> None:
    ledger = full_ledger().model_copy(
        update={"reproductions": loose(reproduction("toy", scale="smoke", verdict="not_reproduced_higher"))}
    )
    found = run(ledger)
    assert "not reproduced, higher at scale smoke" in found["results"][-1]["message"]["text"]
    notes = found["invocations"][0]["toolExecutionNotifications"]
    assert notes[0]["message"]["text"] == "Page 11 could not be read: no text layer"
    assert found["invocations"][0]["startTimeUtc"] == "2026-01-05T10:00:00Z"
    assert "A machine made this report" in found["properties"]["notice"]
    assert "1.3%" in found["tool"]["driver"]["fullDescription"]["text"]
    assert "startTimeUtc" not in run(empty_ledger())["invocations"][0]


def test_five_hundred_claims_take_under_a_second() -> None:
    ledger = many_claims(500)
    started = time.process_time()
    render(ledger, "sarif")
    assert time.process_time() - started < 1
