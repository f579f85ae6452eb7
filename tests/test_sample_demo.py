"""The demo: what `make demo` sets up, prints and writes, and how the verdicts compare with the sample paper's truth."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import claimcheck
from claimcheck.foundation.records import CheckedClaim
from claimcheck.publish import ledger_schema

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample"
TRUTH = [json.loads(line) for line in (SAMPLE / "truth.jsonl").read_text().splitlines()]
FORMS = ("pdf", "tex", "html")


def letters(text: str) -> str:
    """Letters and digits only: the forms differ in spaces, dashes and hyphens."""
    return re.sub(r"[\W_]+", "", text.lower())


@dataclass(frozen=True)
class Sample:
    """The sample paper in one of its forms, read and checked."""

    document: claimcheck.Document
    ledger: claimcheck.Ledger

    def claim(self, truth: dict[str, Any]) -> CheckedClaim | None:
        """The claim of a line of truth.jsonl, or of one that says the same in other words."""
        wanted = {letters(said["text"]) for said in (truth, *truth.get("restated", ()))}
        for claim in self.ledger.claims:
            if wanted & {letters(claim.text), *(letters(place.text) for place in claim.places)}:
                return claim
        return None


@pytest.fixture(scope="module", params=FORMS)
def sample(request: pytest.FixtureRequest, home: Path) -> Sample:
    file = SAMPLE / f"paper.{request.param}"
    [ledger] = claimcheck.table(file, offline=True, workers=1)
    return Sample(claimcheck.read(file), ledger)


def test_every_sentence_of_the_truth_is_read(sample: Sample) -> None:
    text = letters("".join(sentence.text for sentence in sample.document.sentences))
    assert [truth["id"] for truth in TRUTH if letters(truth["text"]) not in text] == []


def test_its_three_tables_are_read(sample: Sample) -> None:
    assert [table.label for table in sample.document.tables] == ["1", "2", "3"]
    for table, row, column, value in (
        ("1", "BiLSTM-CRF", "ShipRel", "52.8"),
        ("2", "w/o span anchors", "PortNER", "80.5"),
        ("3", "16", "PortNER", "79.2"),
    ):
        found = sample.document.table(table)
        assert found is not None
        [text] = [
            cell.text
            for r, c, cell in found.body()
            if found.row_path(r)[-1].startswith(row) and column in found.column_name(c)
        ]
        assert text.startswith(value)


def test_most_claims_are_found_and_most_decided_as_they_should_be(sample: Sample) -> None:
    found = [(truth, claim) for truth in TRUTH if (claim := sample.claim(truth))]
    came = Counter((truth["label"], claim.verdict.label) for truth, claim in found)
    assert len(found) >= 35, f"{len(found)} of {len(TRUTH)} claims found"
    assert came["supported", "supported"] >= 13, came
    assert came["refuted", "refuted"] >= 9, came
    # silence is better than a false alarm
    assert came["supported", "refuted"] + came["not_enough_info", "refuted"] == 0, came
    assert came["refuted", "supported"] == 0, came


@pytest.mark.parametrize(
    ("name", "label", "derivation"),
    [
        ("abstract-portner", "refuted", "82.7, not 83.7"),
        ("bilstm-shiprel", "refuted", "52.8, not 56.8"),
        ("berthevent-value", "supported", "69.3 = 69.3"),
        ("width-16", "supported", "79.2 = 79.2"),
        ("replay-shiprel", "supported", "0.8"),
    ],
)
def test_plain_claims_are_decided_by_their_cells(sample: Sample, name: str, label: str, derivation: str) -> None:
    [truth] = [truth for truth in TRUTH if truth["id"] == name]
    claim = sample.claim(truth)
    assert claim is not None
    assert claim.verdict.label == label
    check = claim.verdict.checks[0]
    assert derivation in (check.derivation or "")
    cited = " ".join(f"{evidence.pointer.row} {evidence.pointer.column}" for evidence in check.evidence)
    for _, row, column in truth["cells"]:
        assert row in cited
        # Table 2 and Table 3 print some cells of Table 1 again
        assert column in cited


@pytest.mark.parametrize("name", [truth["id"] for truth in TRUTH if truth["kind"] == "not_checkable"])
def test_what_no_table_can_decide_is_not_refuted(sample: Sample, name: str) -> None:
    [truth] = [truth for truth in TRUTH if truth["id"] == name]
    claim = sample.claim(truth)
    assert claim is None or claim.verdict.label != "refuted"


def test_what_is_quoted_stands_where_it_is_said_to_stand(sample: Sample) -> None:
    quoted = 0
    text = " ".join(" ".join(sentence.text for sentence in sample.document.sentences).split())
    for claim in sample.ledger.claims:
        for evidence in (evidence for check in claim.verdict.checks for evidence in check.evidence):
            pointer = evidence.pointer
            if pointer.table is None:
                assert " ".join(evidence.quote.split()) in text
                continue
            table = sample.document.table(pointer.table)
            assert table is not None
            assert pointer.cell is not None
            row, column = pointer.cell
            assert table.grid[row][column].text == evidence.quote
            assert (table.row_name(row), table.column_name(column)) == (pointer.row, pointer.column)
            quoted += 1
    assert quoted >= 15


_NUMBER = r"-?\d+(?:\.\d+)?"


def test_a_difference_is_what_its_subtraction_gives(sample: Sample) -> None:
    seen = 0
    for claim in sample.ledger.claims:
        for check in claim.verdict.checks:
            match = re.match(rf"({_NUMBER}) - ({_NUMBER}) = ({_NUMBER})(?=[ ,:%]|$)", check.derivation or "")
            if match:
                first, second, given = map(float, match.groups())
                assert round(first - second, 6) == given, check.derivation
                seen += 1
    assert seen >= 2


def test_the_forms_agree(home: Path) -> None:
    labels: dict[str, set[str]] = {}
    for form in FORMS:
        [ledger] = claimcheck.table(SAMPLE / f"paper.{form}", offline=True, workers=1)
        for claim in ledger.claims:
            labels.setdefault(letters(claim.text), set()).add(claim.verdict.label)
    differing = [text for text, given in labels.items() if len(given) > 1]
    assert len(differing) <= len(labels) // 20, differing


def make(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    # the settings of a make that runs these tests are not for this one
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", *map(str, arguments)],
        cwd=cwd,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
def test_make_demo_prints_the_table_and_says_where_the_reports_are(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # with the environment of these tests, which is not to be installed anew
    here = (f"PYTHON={sys.executable}", f"BIN={Path(sys.executable).parent}", "STAMP=Makefile")
    done = make("demo-table", *here, f"OUT={out}", CLAIMCHECK_HOME=str(home))
    assert done.returncode == 0, done.stderr
    table, _, written = done.stdout.partition("\nWritten:\n")
    assert "On PortNER, Mooring reaches an F1 score of 83.7." in table
    assert re.search(r"^\d+ claims: \d+ refuted, \d+ supported, \d+ not enough information$", table, re.MULTILINE)
    files = [Path(line) for line in written.splitlines()]
    assert [file.name for file in files] == ["ledger.json", "report.html", "report.tex"]
    assert all(file.is_relative_to(out) for file in files)
    jsonschema.validate(json.loads(files[0].read_text()), ledger_schema())
    assert "Mooring" in files[1].read_text()
    assert r"\begin{document}" in files[2].read_text()


@needs_make
def test_make_demo_reruns_the_smoke_experiments_too(home: Path) -> None:
    # what that prints is tested in tests/reproduce/test_smoke.py: it takes minutes
    done = make("-n", "demo", f"PYTHON={sys.executable}", "STAMP=Makefile", CLAIMCHECK_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("claimcheck table ") < done.stdout.index(
        "reproduce run 2005.13013 --scale smoke --out runs"
    )


FAKE_PYTHON = """#!/bin/sh
echo "$*" >>"{calls}"
case "$*" in
*"version_info <"*) exit {too_old} ;;
*"%d.%d"*) echo "{version}" ;;
"-m venv"*) rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""


class Checkout:
    """A folder with the Makefile and interpreters that only write down how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy2(ROOT / name, folder / name)

    def python(self, version: str, too_old: bool = False) -> Path:
        path = self.folder / f"python{version}"
        path.write_text(FAKE_PYTHON.format(calls=self.folder / "calls", version=version, too_old=int(too_old)))
        path.chmod(0o755)
        return path

    def install(self, *arguments: str) -> tuple[int, list[str], str]:
        """Exit code, the calls of pip and venv, and stderr of `make install`."""
        (self.folder / "calls").write_text("")
        done = make("install", *arguments, cwd=self.folder)
        calls = (self.folder / "calls").read_text().splitlines()
        return done.returncode, [call.split()[1] for call in calls if call.startswith("-m ")], done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@needs_make
def test_the_environment_is_made_once(checkout: Checkout) -> None:
    python = f"PYTHON={checkout.python('3.12')}"
    assert checkout.install(python)[:2] == (0, ["venv", "pip"])
    assert checkout.install(python)[:2] == (0, [])
    # without PYTHON the interpreter behind .venv is taken
    assert checkout.install()[:2] == (0, [])


@needs_make
@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_what_is_installed_installs_anew(checkout: Checkout, file: str) -> None:
    assert checkout.install(f"PYTHON={checkout.python('3.12')}")[0] == 0
    [stamp] = (checkout.folder / ".venv").glob(".installed-*")
    later = stamp.stat().st_mtime + 5
    os.utime(checkout.folder / file, (later, later))
    assert checkout.install()[:2] == (0, ["pip"])


@needs_make
def test_another_interpreter_makes_the_environment_anew(checkout: Checkout) -> None:
    assert checkout.install(f"PYTHON={checkout.python('3.12')}")[0] == 0
    assert checkout.install(f"PYTHON={checkout.python('3.13')}")[:2] == (0, ["venv", "pip"])
    assert [path.name for path in (checkout.folder / ".venv").glob(".installed-*")] == [".installed-3.13"]


@needs_make
def test_an_interpreter_that_is_too_old_is_refused(checkout: Checkout) -> None:
    code, calls, told = checkout.install(f"PYTHON={checkout.python('3.10', too_old=True)}")
    assert code == 2
    assert calls == []
    assert "needs Python 3.11 or later" in told
    assert "make PYTHON=" in told
