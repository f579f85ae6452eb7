"""The contract of DESIGN.md section 3: names, parameters and types of the Python interface and the command line.

Others script against these; a failure here is a breaking change. Each is held by introspection and by use on a small
paper.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import claimcheck
from claimcheck import Claim, Document, Ledger, Passage, Result, Table, Verdict
from claimcheck.cli import main
from claimcheck.foundation import errors, records

LABELS = ("supported", "refuted", "not_enough_info")

SIGNATURES = {
    "read": "(source: 'str | Path | bytes', tables: 'bool' = True) -> 'Document'",
    "extract": "(document: 'Document') -> 'list[Claim]'",
    "detect": "(sentences: 'Sequence[str]', contexts: 'Sequence[str] | None' = None) -> 'list[float]'",
    "results": "(document: 'Document', all: 'bool' = False) -> 'list[Result]'",
    "check": "(claim: 'str | Claim', evidence: 'Sequence[Evidence]') -> 'Verdict'",
    "check_many": (
        "(pairs: 'Iterable[tuple[str | Claim, Sequence[Evidence]]]', progress: 'bool' = False) -> 'list[Verdict]'"
    ),
    "table": (
        "(sources: 'str | Path | bytes | Iterable[str | Path | bytes]', **settings: 'Any') -> 'Iterator[Ledger]'"
    ),
}

# fields that others read; a record may have more
FIELDS = {
    "Claim": {"id", "text", "statement", "kind", "places", "quantities", "importance"},
    "Verdict": {"label", "confidence", "probabilities", "calibration", "abstained", "checks"},
    "Check": {"kind", "label", "score", "evidence", "derivation"},
    "Evidence": {"quote", "pointer"},
    "Pointer": {"paper", "page", "box", "table", "row", "column", "span"},
    "Result": {"task", "dataset", "metric", "score", "method", "role", "pointer"},
    "Document": {"paper", "sections", "sentences", "tables"},
    "Sentence": {"text", "page", "box", "line"},
    "Table": {"label", "caption", "grid", "header_rows", "page", "box"},
    "Passage": {"text", "source"},
    "Paper": {"id", "version", "title", "authors", "source_kind", "source_sha256", "pages_not_read"},
    "Ledger": {"schema_", "paper", "claims", "sources", "run"},
    "Reproduction": {
        "registry_id", "paper", "paper_version", "claim_text", "quantity", "claimed_source", "scale", "values", "mean",
        "sd", "n", "interval", "radius", "margin", "verdict", "direction", "reason", "deviations", "runs", "cost",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_verbs_have_their_parameters_and_types(name: str) -> None:
    verb = getattr(claimcheck, name)
    assert str(inspect.signature(verb)).replace('"', "'") == SIGNATURES[name]
    assert inspect.getdoc(verb)


@pytest.mark.parametrize("name", FIELDS)
def test_records_have_their_fields(name: str) -> None:
    record = getattr(records, name)
    assert FIELDS[name] <= set(record.model_fields)
    assert record.model_config["frozen"]


def test_everything_public_is_exported() -> None:
    for name in claimcheck.__all__:
        assert getattr(claimcheck, name) is not None
    assert set(SIGNATURES) | set(FIELDS) - {"Pointer", "Evidence"} <= set(claimcheck.__all__)
    with pytest.raises(AttributeError):
        _ = claimcheck.nothing  # type: ignore[attr-defined]


def test_closed_sets_of_words() -> None:
    assert records.LABELS == LABELS
    assert set(get_args(Result.model_fields["role"].annotation)) == {"own_best", "own", "ablation", "baseline"}
    assert set(get_args(records.Reproduction.model_fields["verdict"].annotation)) == {
        "reproduced",
        "reproduced_small_shift",
        "reproduced_with_deviations",
        "inconclusive",
        "not_reproduced_lower",
        "not_reproduced_higher",
        "not_tested",
        "degenerate",
    }
    assert records.LEDGER_SCHEMA == "claimcheck/ledger/v1"
    assert records.REPRODUCTION_SCHEMA == "claimcheck/reproduction/v1"


def test_exit_codes_of_the_exception_tree() -> None:
    codes = {name: getattr(errors, name).exit_code for name in errors.__all__}
    assert codes == {
        "ClaimcheckError": 1,
        "UsageError": 2,
        "InputError": 3,
        "MissingInputError": 3,
        "UnreadableInputError": 3,
        "NotAPaperError": 3,
        "ServiceError": 4,
        "PartialFailureError": 5,
    }


def test_claim_id_is_12_hex_of_the_versionless_paper_and_the_letters_of_the_text() -> None:
    assert Claim.make_id("2005.13013v2", "It gains 8.7 points.") == Claim.make_id("2005.13013", "it gains 87 points")
    assert re.fullmatch(r"[0-9a-f]{12}", Claim.make_id("x", "y"))
    assert Claim.make_id("x", "gains 8.7") != Claim.make_id("x", "gains 8.8")


def test_tables_from_rows_and_csv() -> None:
    table = Table.from_rows(["Model", "F1"], [["A", 1.5], ["B"], ["C", 2, "extra"]], caption="F1 of models")
    assert (table.caption, table.height, table.width) == ("F1 of models", 4, 3)
    assert [cell.text for cell in table.grid[1]] == ["A", "1.5", ""]
    assert Table.from_rows([], []).height == 0
    assert Table.from_rows(["A", "B"], []).height == 1
    assert Table.from_rows([], [["a", "1"]]).height == 1
    assert Table.from_csv("Model,F1\nA,1.5\n").grid[1][1].text == "1.5"
    assert Passage("text", source="here") == Passage(text="text", source="here")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    from conftest import PAPER_HTML

    file = tmp_path_factory.mktemp("papers") / "fsr.html"
    file.write_text(PAPER_HTML)
    return claimcheck.read(file)


def test_read_gives_a_document(document: Document) -> None:
    assert isinstance(document, Document)
    assert document.paper.id == "fsr"
    assert document.paper.source_kind == "html"
    assert any("FSR reaches 91.3 F1 on SQuAD and 84.0 accuracy" in s.text for s in document.sentences)
    [table] = document.tables
    assert table.label == "1"
    assert document.table("1") is table
    assert table.column_name(2) == "MNLI"
    assert table.grid[3][1].text == "91.3"
    assert Document.model_validate_json(document.model_dump_json()) == document


def test_read_takes_bytes_and_leaves_tables_out(document: Document) -> None:
    from conftest import PAPER_HTML

    again = claimcheck.read(PAPER_HTML.encode(), tables=False)
    assert again.tables == ()
    assert {s.text for s in document.sentences if s.kind == "body"} <= {s.text for s in again.sentences}


def test_extract_gives_whole_claims(document: Document) -> None:
    claims = claimcheck.extract(document)
    assert claims
    assert all(isinstance(claim, Claim) for claim in claims)
    texts = [s.text for s in document.sentences]
    for claim in claims:
        assert claim.id == Claim.make_id(document.paper.id, claim.text)
        assert claim.text in texts
        assert claim.places
        assert claim.places[0].pointer.paper == "fsr"
    assert any(q.value == 84.0 for claim in claims for q in claim.quantities)


def test_detect_gives_one_probability_a_sentence() -> None:
    sentences = ["Our model reaches 91.3 F1 on SQuAD, 2.1 points above BERT.", "The paper is organised as follows."]
    alone = claimcheck.detect(sentences)
    assert [type(p) for p in alone] == [float, float]
    assert 0 <= alone[1] < alone[0] <= 1
    assert len(claimcheck.detect(sentences, ["", "We thank the reviewers."])) == 2
    assert claimcheck.detect([]) == []
    with pytest.raises(errors.UsageError):
        claimcheck.detect(sentences, ["one"])


def test_results_gives_the_own_best_rows_and_all_of_them(document: Document) -> None:
    best = claimcheck.results(document)
    every = claimcheck.results(document, all=True)
    assert len(every) > len(best) > 0
    assert {r.role for r in best} == {"own_best"}
    assert all(isinstance(r.score, str) for r in every)
    assert {r.score for r in best} == {"91.3", "84.0"}
    assert all(r.pointer.table == "1" for r in every)


def assert_well_formed(verdict: Verdict) -> None:
    assert isinstance(verdict, Verdict)
    assert tuple(verdict.probabilities)
    assert set(verdict.probabilities) == set(LABELS)
    assert abs(sum(verdict.probabilities.values()) - 1) < 1e-6
    assert isinstance(verdict.confidence, float)
    assert verdict.confidence == verdict.probabilities[verdict.label] == max(verdict.probabilities.values())
    assert verdict.calibration is None or isinstance(verdict.calibration, str)
    assert isinstance(verdict.abstained, bool)
    assert isinstance(verdict.checks, list)
    for check in verdict.checks:
        assert isinstance(check.evidence, list)
        assert check.derivation is None or ": " in check.derivation


def test_check_holds_a_sentence_against_documents_tables_and_passages(document: Document) -> None:
    table = Table.from_rows(["Model", "F1"], [["BERT", "89.2"], ["FSR", "91.3"]], caption="F1 on SQuAD")
    right = claimcheck.check("FSR reaches 91.3 F1 on SQuAD.", [table])
    wrong = claimcheck.check("FSR reaches 91.8 F1 on SQuAD.", [table])
    for verdict in (
        right,
        wrong,
        claimcheck.check("FSR reaches 91.3 F1 on SQuAD.", [document, Passage("FSR is fast.")]),
    ):
        assert_well_formed(verdict)
    assert (right.label, wrong.label) == ("supported", "refuted")
    assert "91.3" in (right.checks[0].derivation or "")
    assert "91.8" in (wrong.checks[0].derivation or "")
    assert wrong.checks[0].evidence[0].pointer.column == "F1"
    assert_well_formed(claimcheck.check("Nothing to see.", []))
    with pytest.raises(errors.UsageError):
        claimcheck.check("A claim.", ["a string"])  # type: ignore[list-item]


def test_check_takes_a_claim(document: Document) -> None:
    claim = claimcheck.extract(document)[0]
    assert_well_formed(claimcheck.check(claim, [document]))


def test_check_many_gives_one_verdict_a_pair_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table.from_rows(["Model", "F1"], [["BERT", "89.2"], ["FSR", "91.3"]], caption="F1 on SQuAD")
    pairs = [
        ("FSR reaches 91.8 F1 on SQuAD.", [table]),
        ("FSR reaches 91.3 F1 on SQuAD.", [table]),
        ("FSR reaches 91.3 F1 on SQuAD.", [Passage("Cats sleep all day.")]),
    ]
    verdicts = claimcheck.check_many(pairs)
    assert [v.label for v in verdicts] == ["refuted", "supported", "not_enough_info"]
    assert verdicts == [claimcheck.check(*pair) for pair in pairs]
    assert capsys.readouterr().err == ""
    claimcheck.check_many(pairs, progress=True)
    assert capsys.readouterr().err
    assert claimcheck.check_many([]) == []


def test_table_gives_ledgers_lazily_and_in_order(paper: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("We describe a small thing. It was built in a week by two people.\n")
    ledgers = claimcheck.table([paper, other], workers=1)
    assert isinstance(ledgers, Iterator)
    first, second = ledgers
    assert isinstance(first, Ledger)
    assert (first.paper.id, second.paper.id) == ("fsr", "other")
    assert first.claims
    for claim in first.claims:
        assert_well_formed(claim.verdict)
    assert Ledger.model_validate_json(first.model_dump_json()) == first
    assert [ledger.paper.id for ledger in claimcheck.table(paper)] == ["fsr"]
    with pytest.raises(errors.UsageError):
        next(claimcheck.table(paper, no_such_setting=1))


OPTIONS = {
    "table": [
        *("PAPER", "--out", "--format", "--json", "--others", "--offline", "--workers", "--max-claims"),
        *("--risk", "--nli NAME", "--fail-on"),
    ],
    "read": ["PAPER", "--json", "--tables"],
    "results": ["PAPER", "--json", "--all"],
    "check": ["CLAIM", "--against", "--nli NAME", "--risk", "--json"],
    "synthesize": ["QUESTION", "--paper", "--library DIR", "--limit N", "--offline", "--format", "--out DIR", "--json"],
    "check-report": ["REPORT", "--against", "--library DIR", "--offline", "--format", "--out DIR", "--json"],
    "report": ["LEDGER", "--format", "--out"],
    "reproduce plan": [
        "PAPER", "--claims ID,...", "--scale <paper|lab|smoke>", "--seeds N", "--data DIR", "--encoder DIR",
        "--budget TIME", "--sweep", "--hardware NAME", "--price P", "--slots N", "--json",
    ],
    "reproduce run": [
        "PAPER", "--out DIR", "--claims ID,...", "--scale <paper|lab|smoke>", "--seeds N", "--data DIR",
        "--encoder DIR", "--budget TIME", "--sweep", "--hardware NAME", "--slots N", "--threads N", "--device NAME",
        "--compile <auto|on|off>", "--checkpoint-seconds T", "--allow-command", "--retry-failed", "--json",
    ],
    "reproduce status": ["RUNS", "--json"],
    "reproduce results": ["RUNS", "--table", "--out DIR", "--json"],
    "reproduce bench": [
        "--encoder NAME", "--batch N", "--tokens N", "--variants NAME,...", "--replicas N", "--rounds N", "--steps N",
        "--warm N", "--device NAME", "--threads N", "--precision <fp32|bf16>", "--rates NAME", "--out FILE", "--json",
    ],
    "reproduce pretrain": [
        "--data DIR", "--out DIR", "--languages XX,...", "--steps N", "--budget TIME", "--vocabulary N", "--layers N",
        "--hidden N", "--heads N", "--feed-forward N", "--positions N", "--batch-size N", "--learning-rate R",
        "--warmup S", "--weight-decay R", "--dropout P", "--precision <fp32|bf16>", "--temperature T", "--mask P",
        "--seed N", "--threads N", "--device NAME", "--compile <auto|on|off>", "--checkpoint-seconds T",
        "--retry-failed",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_commands_have_their_options_and_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    for option in OPTIONS[name]:
        assert option in shown
    assert f"  claimcheck {name} " in re.split(r"Examples?:", shown)[1]
    above, _, last = name.rpartition(" ")
    assert main([*above.split(), "--help"]) == 0
    assert f"  {last} " in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in OPTIONS if name.startswith("reproduce ")])
def test_reproduce_has_no_other_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    shown = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert shown == {option.split()[0] for option in OPTIONS[name] if option.startswith("--")} | {"--help"}


def test_reproduce_json_is_one_reproduction_a_line_and_a_plan_is_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from reproduce.engine.request import write_request

    assert main(["reproduce", "plan", "smoke", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["schema"] == "claimcheck/plan/v1"
    assert {
        "paper",
        "scale",
        "seeds",
        "hardware",
        "basis",
        "claims",
        "jobs",
        "total",
        "unshared",
        "not_planned",
    } <= set(plan)
    write_request(tmp_path, "smoke", "smoke")  # nothing has run yet: every claim is not tested
    assert main(["reproduce", "results", str(tmp_path), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [records.Reproduction.model_validate_json(line) for line in lines]
    assert [one.registry_id for one in found] == plan["claims"]
    assert {json.loads(line)["schema"] for line in lines} == {"claimcheck/reproduction/v1"}
    assert {one.verdict for one in found} == {"not_tested"}
    assert all(one.reason.startswith("runs_missing: ") for one in found)
    assert main(["reproduce", "status", str(tmp_path), "--json"]) == 0
    assert {"by_phase", "jobs", "running"} <= set(json.loads(capsys.readouterr().out))


def test_table_json_is_one_ledger_a_line_that_fits_the_schema(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    from claimcheck.publish import ledger_schema

    assert main(["table", str(paper), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    ledger = json.loads(line)
    assert ledger["schema"] == "claimcheck/ledger/v1"
    assert {"id", "version", "title", "authors", "source_kind", "source_sha256", "pages_not_read"} <= set(
        ledger["paper"]
    )
    assert {"versions", "models", "settings", "seconds"} <= set(ledger["run"])
    assert {"verdict", "reproduction", "id", "text", "places", "quantities"} <= set(ledger["claims"][0])
    jsonschema.validate(ledger, ledger_schema())


def test_out_has_a_folder_for_each_paper(paper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import hashlib

    out = tmp_path / "out"
    assert main(["table", str(paper), "--out", str(out), "--format", "html,tex", "--format", "csv"]) == 0
    [folder] = out.iterdir()
    assert folder.name == f"fsr-{hashlib.sha256(paper.read_bytes()).hexdigest()[:8]}"
    kinds = sorted(path.suffix for path in folder.iterdir())
    assert {".csv", ".html", ".json", ".tex"} <= set(kinds)
    assert Ledger.model_validate_json((folder / "ledger.json").read_bytes()).claims


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"claimcheck {claimcheck.__version__}\n"
