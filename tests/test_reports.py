"""The published reports are what the code makes today of their papers and their recorded runs, byte for byte."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from claimcheck.foundation.records.syntheses import Synthesis
from claimcheck.foundation.settings import Settings
from claimcheck.publish import rendered
from claimcheck.publish.loading import load_ledger
from claimcheck.publish.synthesis import read_synthesis
from claimcheck.synthesis.run import synthesize

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports"
STALE = "run `make reports` and look at the difference"


@pytest.fixture(scope="module")
def rebuild() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rebuild_reports", REPORTS / "rebuild.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def names(rebuild: ModuleType) -> set[str]:
    return {report.folder for report in rebuild.REPORTS}


def test_every_folder_is_rebuilt_and_listed(rebuild: ModuleType) -> None:
    folders = {path.name for path in REPORTS.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert folders == names(rebuild) | {rebuild.AUDITS, rebuild.SYNTHESIS}
    assert set(re.findall(r"\]\((\S+?)/", (REPORTS / "README.md").read_text())) >= folders


@pytest.mark.parametrize("folder", ["sample", "smoke", "2005.13013-lab-cpu", "2005.13013-lab-cpu-layers"])
def test_a_report_is_that_of_its_ledger_and_its_runs(rebuild: ModuleType, folder: str) -> None:
    [report] = [one for one in rebuild.REPORTS if one.folder == folder]
    published = load_ledger(REPORTS / folder)
    for name, content in rendered(published, report.formats).items():
        assert (REPORTS / folder / name).read_bytes() == content, f"{name}: {STALE}"
    [now] = rebuild.ledgers(report)
    # what packages this machine has is no part of what is claimed
    assert without_run(now.model_dump(mode="json")) == without_run(published.model_dump(mode="json")), STALE


def test_audits_are_rendered_from_their_records(rebuild: ModuleType) -> None:
    audits = rebuild.load_audits()
    assert len(audits) == 5
    for folder, audit in audits.items():
        for name, content in rebuild.audit_files(audit).items():
            assert (REPORTS / rebuild.AUDITS / folder / name).read_bytes() == content, f"{folder}/{name}: {STALE}"
        assert all(r.paper is None or not r.paper.abstract for r in audit.references)


def test_the_synthesis_is_rendered_from_its_record_and_is_that_of_its_library(rebuild: ModuleType) -> None:
    for name, content in rebuild.synthesis_files().items():
        assert (REPORTS / rebuild.SYNTHESIS / name).read_bytes() == content, f"{name}: {STALE}"
    assert (REPORTS / rebuild.SYNTHESIS / "synthesis.pdf").read_bytes().startswith(b"%PDF")
    published = read_synthesis(REPORTS / rebuild.SYNTHESIS / "synthesis.json")
    library = ROOT / "tests" / "data" / "synthesis" / "library"
    settings = Settings.load(offline=True)
    now = synthesize(
        published.question.text, settings, paper=library / "kestrel.tex", library=library, public=published.public
    )
    assert now.answer == published.answer, STALE
    assert now.assessment == published.assessment, STALE
    assert verdicts_of(now) == verdicts_of(published), STALE


def verdicts_of(synthesis: Synthesis) -> list[Any]:
    claims = [(p.key, c) for p in synthesis.papers for c in p.claims]
    return [(key, c.id, c.verdict.label, [x.derivation for x in c.verdict.checks]) for key, c in claims]


def without_run(ledger: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({key: value for key, value in ledger.items() if key != "run"}, sort_keys=True))


def test_the_smoke_report_shows_its_controls_fail() -> None:
    ledger = load_ledger(REPORTS / "smoke")
    verdicts = {c.reproduction.registry_id: c.reproduction.verdict for c in ledger.claims if c.reproduction}
    assert verdicts["tags-retrieval"] == "reproduced"
    assert verdicts["shuffled-retrieval"] == "not_reproduced_lower"
    assert verdicts["zero-retrieval"] == "degenerate"
    assert not ledger.reproductions  # each stands beside the claim that it is of


def test_nothing_that_is_published_names_a_machine() -> None:
    for path in REPORTS.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            found = re.findall(
                r"(?:/(?:home|root|tmp|Users)/|[A-Z]:\\\\)\S*", path.read_bytes().decode("utf-8", "replace")
            )
            assert not found, f"{path.name}: {found[:3]}"
