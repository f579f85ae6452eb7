"""The RO-Crate: others' reader opens the folder, hashes are those of the files, and no clock or path gets in."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from ledgers import OTHER, PAPER, empty_ledger, full_ledger, many_claims
from machine_ledgers import DATA, PREDICTIONS, decided, hostile_extras, hostile_ledger, reproduction, rerun_ledger
from rocrate.rocrate import ROCrate

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Ledger, LooseReproduction, Paper, RunInfo
from claimcheck.publish import NOTHING, Extras, render, write_ledger
from claimcheck.publish.crate import ledger_crate

FORMATS = ("csv", "md", "bib", "sarif", "badge", "claimreview", "crate")


def written(ledger: Ledger, out: Path, extras: Extras = NOTHING) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The folder, and the crate's entities by their id."""
    paths = write_ledger(ledger, out, FORMATS, extras)
    assert paths[-1].name == "ro-crate-metadata.json"
    document = json.loads(paths[-1].read_text("utf-8"))
    assert document["@context"] == "https://w3id.org/ro/crate/1.2/context"
    ids = [x["@id"] for x in document["@graph"]]
    assert len(ids) == len(set(ids))
    return paths[-1].parent, {x["@id"]: x for x in document["@graph"]}


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["@id"]] if set(value) == {"@id"} else [x for v in value.values() for x in references(v)]
    return [x for v in value for x in references(v)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("ledger", "extras"),
    [
        (full_ledger(), NOTHING), (empty_ledger(), NOTHING), (rerun_ledger(), decided()),
        (hostile_ledger(), hostile_extras()),
    ],
    ids=["full", "empty", "rerun", "hostile"],
)  # fmt: skip
def test_a_reader_by_others_opens_the_folder_and_lists_its_files(
    ledger: Ledger, extras: Extras, tmp_path: Path
) -> None:
    folder, entities = written(ledger, tmp_path, extras)
    crate = ROCrate(folder)
    assert crate.version == "1.2"
    files = {x.id: x for x in crate.data_entities}
    assert set(files) == {x.name for x in folder.iterdir()} - {"ro-crate-metadata.json"}
    assert "ledger.json" in files
    assert crate.mainEntity.id == "ledger.json"
    for name, entity in files.items():
        content = (folder / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
        assert re.fullmatch(r"(application|text|image)/[a-z+-]+", entity["encodingFormat"])
    # every reference leads to an entity, or out of the crate
    for entity in entities.values():
        for target in references([v for k, v in entity.items() if k != "@id"]):
            assert target in entities or target.startswith(("http://schema.org/", "https://w3id.org/"))


def test_paper_sources_check_and_reruns_are_in_it(tmp_path: Path) -> None:
    _, entities = written(rerun_ledger(), tmp_path, decided())
    root = entities["./"]
    assert root["datePublished"] == "2026-02-05"
    assert root["license"] == {"@id": "#license"}
    assert "single sentences" in entities["#license"]["description"]
    assert "A person" not in root["description"]
    assert "A machine made this report" in root["description"]
    assert "1.3%" in root["description"]
    assert [entities[x["@id"]]["name"] for x in root["contributor"]] == ["Max", "Zoë"]
    paper = entities["https://arxiv.org/abs/2105.01234v2"]
    assert paper["@type"] == "ScholarlyArticle"
    assert paper["sha256"] == PAPER.source_sha256
    assert [entities[x["@id"]]["name"] for x in paper["author"]] == list(PAPER.authors)
    check = entities["#check"]
    assert check["@type"] == "CreateAction"
    assert check["startTime"] == "2026-01-05T10:00:00Z"
    assert {"@id": "https://arxiv.org/abs/1911.99999v1"} in check["object"]
    software = [entities[x["@id"]] for x in check["instrument"]]
    assert ("claimcheck", "0.1.0") in [(x["name"], x.get("softwareVersion")) for x in software]
    rerun = entities["#rerun-1"]
    assert "at scale paper" in rerun["name"]
    names = [entities[x["@id"]]["name"] for x in rerun["instrument"]]
    assert "hardware: AMD EPYC" in names
    assert "encoder: xlm-roberta-large" in names
    assert ("torch", "2.13.0") in [(x["name"], x.get("softwareVersion")) for x in entities.values() if "name" in x]
    assert len(rerun["result"]) == 2
    run = entities["#run-squad-1"]
    assert run["actionStatus"] == {"@id": "http://schema.org/CompletedActionStatus"}
    assert entities[run["result"][0]["@id"]]["sha256"] == PREDICTIONS
    assert entities[run["object"][0]["@id"]]["sha256"] == DATA
    made = entities["#reproduction-lab-qa"]
    assert "lab: a small model of our own" in made["description"]
    assert made["isBasedOn"] == [{"@id": "#run-qa-1"}, {"@id": "#run-qa-2"}]


def test_it_has_no_clock_and_no_path(tmp_path: Path) -> None:
    ledger = rerun_ledger()
    run = RunInfo(
        versions={"claimcheck": "0.1.0", "source": "/home/someone/claimcheck"},
        models={"encoder": "/home/someone/model", "nli": "small"},
        settings={"cache": "/home/someone/cache", "risk": 0.1, "folder": "C:\\Users\\x", "nli": "small"},
    )
    rerun = ledger.reruns[0].model_copy(
        update={
            "encoders": ("/home/someone/encoder", "~/encoder"),
            "absent": ("job 3: /home/someone/runs has no file",),
        }
    )
    ledger = ledger.model_copy(update={"run": run, "reruns": (rerun,)})
    text = ledger_crate(ledger, NOTHING, {}).decode("utf-8")
    assert "someone" not in text
    assert "Users" not in text
    assert "risk 0.1" in text
    assert "datePublished" not in json.loads(text)["@graph"][1]
    assert ledger_crate(ledger, NOTHING, {}) == text.encode("utf-8")
    assert "mainEntity" not in json.loads(text)["@graph"][1]


def test_reruns_alone_name_no_check(tmp_path: Path) -> None:
    one = LooseReproduction(reproduction=reproduction("a"), why="no paper was read")
    _, entities = written(Ledger(paper=Paper(id="2105.01234"), reproductions=(one, one)), tmp_path)
    assert "#check" not in entities
    assert [x for x in entities if x.startswith("#reproduction")] == [
        "#reproduction-paper-a",
        "#reproduction-paper-a-2",
    ]
    assert OTHER.title not in json.dumps(entities)


def test_a_crate_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="--out"):
        render(full_ledger(), "crate")


def test_five_hundred_claims_take_under_a_second() -> None:
    ledger = many_claims(500)
    started = time.process_time()
    ledger_crate(ledger, NOTHING, {"ledger.json": b"{}"})
    assert time.process_time() - started < 1
