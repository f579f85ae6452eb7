"""`claimcheck report`: ledgers joined with run folders and registries, offline, and the same bytes every time."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from smoke_folder import smoke_folder

import claimcheck
from claimcheck.cli import main
from claimcheck.cli import report as command
from claimcheck.foundation.records import (
    CheckedClaim,
    Decision,
    Ledger,
    Paper,
    Reproduction,
    RunInfo,
    Verdict,
)
from claimcheck.publish.loading import load_ledger
from reproduce.reruns import of_registry

SAMPLE = Path(__file__).parent / "data" / "sample"
ROOT = Path(__file__).parents[1]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report fetches nothing: whoever tries fails the test."""

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a report went to the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


def extracted(name: str) -> Ledger:
    document = claimcheck.read(SAMPLE / name)
    verdicts = (Verdict.of(0, 1), Verdict.of(1, 0))
    claims = [CheckedClaim(**dict(c), verdict=verdicts[bool(i)]) for i, c in enumerate(claimcheck.extract(document))]
    run = RunInfo(sentences=len(document.sentences), claims_found=len(claims), versions={"claimcheck": "0.1.0"})
    return Ledger(paper=document.paper, claims=tuple(claims), run=run)


@pytest.fixture(scope="module")
def world() -> Ledger:
    """The paper about the synthetic world, whose claims the smoke registry has in other words."""
    return extracted("world.tex")


@pytest.fixture
def ledger(world: Ledger, tmp_path: Path) -> Path:
    return written(world, tmp_path / "world")


def written(ledger: Ledger, folder: Path) -> Path:
    folder.mkdir()
    file = folder / "ledger.json"
    file.write_text(ledger.model_dump_json(indent=1))
    return file


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smoke_folder(tmp_path_factory.mktemp("smoke") / "runs").folder


def test_extracted_claims_stand_beside_what_a_smoke_run_gave(
    ledger: Path, runs: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "joined"
    assert main(["report", str(ledger), "--runs", str(runs), "--format", "md,csv", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    files = [Path(line) for line in shown.out.splitlines()]
    assert [file.parent.name.rsplit("-", 1)[0] for file in files] == ["world"] * 3 + ["made-up"] * 3
    assert all(file.is_file() for file in files)
    assert "world: 8 of 8 reproductions stand beside their claim" in shown.err
    joined = load_ledger(files[0])
    verdicts = {c.reproduction.registry_id: c.reproduction.verdict for c in joined.claims if c.reproduction}
    assert verdicts["tags-retrieval"] == "reproduced"
    assert verdicts["shuffled-retrieval"] == "not_reproduced_lower"
    assert verdicts["zero-retrieval"] == "degenerate"
    page = next(file for file in files if file.suffix == ".md").read_text()
    assert "scale smoke" in page
    assert "38 finished of 38 planned" in page
    assert "of results on real data it says nothing" in page
    assert "tags-zero on retrieval (test), seed 1: the weights did not change" in page
    # the paper that was asked for has no ledger: its claim is listed, and nothing of it is judged
    other = load_ledger(files[3])
    assert [one.reproduction.reason for one in other.reproductions] == ["scale"]


def test_a_run_folder_without_predictions_says_why_it_does_not_count(
    ledger: Path, runs: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(runs, folder)
    for file in folder.glob("jobs/*/predictions.jsonl"):
        file.unlink()
    out = tmp_path / "out"
    assert main(["report", str(ledger), "--runs", str(folder), "--format", "md", "--out", str(out)]) == 0
    page = next(out.glob("world-*/report.md")).read_text()
    assert "predictions" in page
    assert "19 finished of 38 planned" in page
    joined = load_ledger(next(out.glob("world-*")))
    found = [c.reproduction for c in joined.claims if c.reproduction]
    assert {(one.verdict, one.reason.split(":")[0]) for one in found} == {("not_tested", "no_predictions")}


def test_a_paper_without_any_pdf(tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", "--registry", "2005.13013", "--format", "html,md,json,csv", "--out", str(tmp_path)]) == 0
    [folder] = tmp_path.iterdir()
    assert folder.name.startswith("2005.13013-")
    page = (folder / "report.md").read_text()
    assert page.startswith("# English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too\n")
    assert "No paper was read and nothing was run for this report" in page
    assert "No checkable claims were found" not in page
    assert "no false-alarm rate belongs to it" in page
    assert "8.7 points" in page
    html = (folder / "report.html").read_text()
    assert "No paper was read and nothing was run for this report" in html
    assert "No checkable claims were found" not in html
    assert len(load_ledger(folder).reproductions) == len(of_registry("2005.13013").reproductions)
    capsys.readouterr()
    # one report in one format goes to stdout, as Markdown where none is named
    assert main(["report", "--registry", "2005.13013"]) == 0
    shown = capsys.readouterr()
    assert shown.out == page
    assert shown.err == ""


def test_a_second_call_gives_the_same_bytes_and_a_joined_ledger_stays_as_it_is(
    ledger: Path, tmp_path: Path, capsys: Capture
) -> None:
    (lab,) = (ROOT / "reports").glob("2005.13013-lab-cpu")
    calls = [
        [str(ledger), "--registry", "smoke", "--registry", "2005.13013", "--runs", str(lab)],
        [str(ledger), "--registry", "smoke", "--registry", "2005.13013", "--runs", str(lab)],
    ]
    formats = ["--format", "html,md,csv,tex,json"]
    for number, call in enumerate(calls):
        assert main(["report", *call, *formats, "--out", str(tmp_path / str(number))]) == 0
    first = {p.relative_to(tmp_path / "0"): p.read_bytes() for p in (tmp_path / "0").rglob("*") if p.is_file()}
    second = {p.relative_to(tmp_path / "1"): p.read_bytes() for p in (tmp_path / "1").rglob("*") if p.is_file()}
    assert first == second
    assert len(first) == 10
    joined = sorted(str(p) for p in (tmp_path / "0").glob("*/ledger.json"))
    assert main(["report", *joined, "--registry", "smoke", *formats, "--out", str(tmp_path / "again")]) == 0
    again = {p.relative_to(tmp_path / "again"): p.read_bytes() for p in (tmp_path / "again").rglob("*") if p.is_file()}
    assert again == first


def test_registry_rows_give_way_to_runs(capsys: Capture) -> None:
    lab = ROOT / "reports" / "2005.13013-lab-cpu"
    assert main(["report", "--runs", str(lab), "--registry", "2005.13013", "--format", "json"]) == 0
    found = Ledger.model_validate_json(capsys.readouterr().out)
    scales = {one.reproduction.registry_id: one.reproduction.scale for one in found.reproductions}
    assert len(scales) == len(found.reproductions) == len(of_registry("2005.13013").reproductions)
    assert scales["squad"] == "lab"
    assert scales["hellaswag"] == "paper"  # of which nothing was run


def test_ambiguous_and_missing_joins_are_rows_of_the_report(tmp_path: Path, capsys: Capture) -> None:
    base = of_registry("smoke").reproductions[0]
    words = ["Alpha gains 17.1 points in accuracy on SQuAD.", "Alpha gains 17.1 points in accuracy on XNLI."]
    quantity: dict[str, Any] = {
        "text": "17.1 points",
        "value": 17.1,
        "half_width": 0.05,
        "unit": "points",
        "role": "delta",
        "direction": "up",
    }
    claims = [
        {"id": f"{i:012x}", "text": text, "quantities": [quantity], "verdict": Verdict.of(0, 0).model_dump()}
        for i, text in enumerate(words)
    ]
    held = Ledger.model_validate({"paper": {"id": "smoke", "source_sha256": "a" * 64}, "claims": claims})
    ones = [
        base.model_copy(update={"registry_id": "either", "claim_text": "Alpha raises accuracy by 17.1 points."}),
        base.model_copy(update={"registry_id": "none", "quantity": base.quantity | {"value": 99.9}}),
    ]
    runs = tmp_path / "reproductions.jsonl"
    runs.write_text("".join(one.model_dump_json() + "\n" for one in ones))
    assert main(["report", str(written(held, tmp_path / "held")), "--runs", str(runs), "--format", "md"]) == 0
    shown = capsys.readouterr()
    assert "2 claims fit: they state 17.1 points" in shown.out
    assert "no claim of the paper states 99.9 points" in shown.out
    assert "0 of 2 reproductions stand beside their claim, 2 in rows of their own" in shown.err


def test_decisions_beside_the_ledger_are_shown(world: Ledger, ledger: Path, capsys: Capture) -> None:
    first = world.claims[0]
    one = Decision(
        claim=first.id,
        reviewer="Zoë",
        choice="accept",
        label=first.verdict.label,
        note="checked by hand",
        reply="We agree.",
        at="2026-01-02T03:04:05+00:00",
    )
    (ledger.parent / "decisions.jsonl").write_text(one.model_dump_json(by_alias=True) + "\n")
    assert main(["report", str(ledger.parent), "--format", "md"]) == 0
    page = capsys.readouterr().out
    assert f"one person has judged 1 of its {len(world.claims)} claims" in page
    assert "no person has checked it" not in page
    assert "checked by hand" in page
    assert "We agree." in page
    (ledger.parent / "decisions.jsonl").write_text('{"claim": 1}\n')
    assert main(["report", str(ledger)]) == 3
    assert "decisions.jsonl" in capsys.readouterr().err


def test_pages_that_are_not_there_are_told(ledger: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    assert main(["report", str(ledger), "--page-images", str(tmp_path), "--out", str(out)]) == 0
    assert "No page is shown" in capsys.readouterr().err
    assert "No page is shown" in next(out.glob("*/report.html")).read_text()


def test_the_gate(ledger: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", str(ledger), "--fail-on", "refuted", "--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr()
    assert "gate failed: refuted claims in world (1)" in shown.err
    assert len(shown.out.splitlines()) == 2
    assert main(["report", str(ledger), "--fail-on", "not_enough_info"]) == 0


def test_just_the_table_for_a_paper(ledger: Path, capsys: Capture) -> None:
    assert main(["report", str(ledger), "--fragment", "table"]) == 0
    table = capsys.readouterr().out
    assert r"\begin{" in table
    assert r"\documentclass" not in table


# ------------------------------------------------------------------ what is wrong is told in a line


def line(capsys: Capture) -> str:
    shown = capsys.readouterr()
    assert shown.out == ""
    [only] = shown.err.splitlines()
    return only


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "there is nothing to report; give a ledger.json, --runs DIR or --registry ID"),
        (["nowhere.json"], 3, "nowhere.json: there is no such ledger"),
        (["a.json", "b.json"], 2, "2 ledgers in 1 formats do not fit on stdout; add --out DIR"),
        (["a.json", "--format", "pptx"], 2, "there is no format 'pptx'"),
        (["a.json", "--format", "md,html"], 2, "add --out DIR"),
        (["a.json", "--fragment", "figure"], 2, "there is no fragment 'figure'"),
        (["a.json", "--fragment", "table", "--format", "md"], 2, "a fragment is LaTeX"),
        (["a.json", "--fail-on", "wrong"], 2, "there is no verdict 'wrong'"),
        (["a.json", "--page-images", "x", "--format", "md"], 2, "pages are shown in html alone"),
        (["a.json", "--templates", "nowhere"], 2, "nowhere"),
        (["--runs", "nowhere"], 3, "nowhere: there is no such folder"),
        (["--runs", "."], 3, "is no run folder and holds no reproductions.jsonl"),
        (["--registry", "2005.13014"], 3, "no registry for '2005.13014'; did you mean 2005.13013?"),
        (["--registry", "nowhere.toml"], 3, "nowhere.toml: there is no such file"),
        (["--registry", "2005.13013", "--registry", "smoke"], 2, "reports of 2 papers (2005.13013, smoke)"),
    ],
)
def test_errors(
    arguments: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == code
    said = line(capsys)
    assert said.startswith("claimcheck: ")
    assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ('{"schema":"claimcheck/ledger/v1","paper":{"id":', "is no JSON"),
        ("[]", "is no ledger"),
        ("{}", "is no ledger: paper: Field required"),
        ('{"schema": "claimcheck/ledger/v1", "paper": {"id": "x"}, "claims": 3}', "is no ledger: claims"),
        ('{"schema": "claimcheck/ledger/v2"}', "claimcheck/ledger/v2: made by a newer claimcheck"),
        ('\ufeff{"schema":"claimcheck/ledger/v0","x":1}', "claimcheck/ledger/v0: made by an older claimcheck"),
        ('{"schema": "claimcheck/synthesis/v1"}', "claimcheck/synthesis/v1 is another format than"),
        ('{"paper": {"id": "x"}, "schema": "claimcheck/ledger/v9"}', "names another format than claimcheck/ledger/v1"),
        ("[" * 200_000, "is no JSON"),
        ('{"paper":' * 100_000, "is no JSON"),
        ("\x00", "is no JSON"),
        ('{"paper": {"id": "x"}, "claims": [{"verdict": {"label": "true"}}]}', "is no ledger: claims.0"),
    ],
)
def test_what_is_no_ledger(text: str, words: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(text)
    assert main(["report", str(file)]) == 3
    said = line(capsys)
    assert str(file) in said
    assert words in said
    assert len(said) < 1000


def test_a_ledger_that_is_too_large_or_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    file = tmp_path / "ledger.json"
    with file.open("wb") as stream:
        stream.truncate((200 << 20) + 1)
    assert main(["report", str(file)]) == 3
    assert "is larger than 200 MB" in line(capsys)
    file.unlink()
    file.mkdir()
    assert main(["report", str(file)]) == 3
    assert "there is no such ledger" in line(capsys)
    assert main(["report", str(tmp_path)]) == 3
    assert "ledger.json: is no file" in line(capsys)
    assert main(["report", "x" * 5000]) == 3
    assert "cannot be read" in line(capsys)


def test_a_ledger_from_before_the_new_fields(tmp_path: Path, capsys: Capture) -> None:
    golden = json.loads((ROOT / "tests" / "publish" / "golden" / "full.json").read_text())
    for name in ("reproductions", "reruns"):
        golden.pop(name)
    golden["run"].pop("reliability")
    file = tmp_path / "ledger.json"
    file.write_text(json.dumps(golden))
    assert main(["report", str(file), "--format", "json"]) == 0
    found = Ledger.model_validate_json(capsys.readouterr().out)
    assert found.reproductions == ()
    assert [c.id for c in found.claims] == [c["id"] for c in golden["claims"]]
    beside = [c.reproduction for c in found.claims if c.reproduction]
    assert [one.registry_id for one in beside] == [
        c["reproduction"]["registry_id"] for c in golden["claims"] if c["reproduction"]
    ]


def test_of_several_ledgers_the_good_ones_are_written(ledger: Path, tmp_path: Path, capsys: Capture) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    out = tmp_path / "out"
    assert main(["report", str(bad), str(ledger), "--format", "md", "--out", str(out)]) == 5
    shown = capsys.readouterr()
    assert f"{bad}: is no JSON" in shown.err
    assert [Path(name).name for name in shown.out.splitlines()] == ["ledger.json", "report.md"]
    assert main(["report", str(bad), str(tmp_path / "none.json"), "--out", str(out)]) == 3


def test_one_ledger_named_twice_is_one_and_two_of_one_source_are_refused(
    ledger: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    call = ["report", str(ledger), str(ledger.parent), "--format", "md", "--out", str(out)]
    assert main(call) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    other = shutil.copy(ledger, tmp_path / "other.json")
    assert main(["report", str(ledger), str(other), "--out", str(out)]) == 2
    assert "several ledgers belong into its folder world-" in capsys.readouterr().err


def test_without_the_rerunning_side_the_options_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: ())
    assert main(["report", "--registry", "2005.13013"]) == 2
    assert "nothing that reads run folders and registries is installed" in line(capsys)

    broken = importlib.metadata.EntryPoint(name="x", value="no_such_module_at_all", group=command.PROVIDERS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: (broken,))
    assert main(["report", "--runs", str(tmp_path)]) == 2
    assert "cannot be loaded (ModuleNotFoundError" in line(capsys)


def test_hostile_strings_of_a_run_folder_do_not_break_out(tmp_path: Path, capsys: Capture) -> None:
    hostile = "<script>alert(1)</script></style> \\input{/etc/passwd} [x](javascript:alert(1)) =1+1 \u202eabc"
    base = of_registry("smoke").reproductions[0].model_dump()
    bad = {"registry_id": hostile, "claim_text": hostile, "claimed_source": hostile, "reason": hostile}
    one = Reproduction.model_validate(base | bad | {"deviations": [hostile], "paper": hostile})
    runs = tmp_path / "reproductions.jsonl"
    runs.write_text(one.model_dump_json() + "\n")
    (tmp_path / "tables.json").write_text(json.dumps({"absent": [hostile]}))
    out = tmp_path / "out"
    assert main(["report", "--runs", str(tmp_path), "--format", "html,md,tex,csv", "--out", str(out)]) == 0
    [folder] = out.iterdir()
    assert folder.parent == out
    html = (folder / "report.html").read_text()
    assert "<script>alert(1)" not in html
    assert "\\input{/etc" not in (folder / "report.tex").read_text()
    assert "[x](javascript:" not in (folder / "report.md").read_text()
    assert load_ledger(folder).paper == Paper(id=hostile)


def test_the_help_has_examples(capsys: Capture) -> None:
    assert main(["report", "--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("--runs", "--registry", "--page-images", "--fragment", "--fail-on", "--templates", "Examples:"):
        assert word in shown


def test_every_format_in_a_folder_tells_of_the_same_ledger(tmp_path: Path) -> None:
    from claimcheck.publish import write_ledger

    first = Ledger(paper=Paper(id="p", title="Before", source_sha256="ab" * 32))
    write_ledger(first, tmp_path, ["html", "crate", "md"])
    written = write_ledger(
        first.model_copy(update={"paper": first.paper.model_copy(update={"title": "After"})}), tmp_path
    )
    folder = tmp_path / "p-abababab"
    assert {path.name for path in written} == {"ledger.json", "report.md", "report.html", "ro-crate-metadata.json"}
    assert "Before" not in "".join(path.read_text() for path in folder.iterdir())
    digest = hashlib.sha256((folder / "report.html").read_bytes()).hexdigest()
    assert digest in (folder / "ro-crate-metadata.json").read_text()


def test_a_report_that_showed_runs_is_not_replaced_without_a_word(tmp_path: Path, capsys: Capture) -> None:
    lab = ROOT / "reports" / "2005.13013-lab-cpu-layers"
    assert main(["report", "--runs", str(lab), "--out", str(tmp_path)]) == 0
    assert "replaced" not in capsys.readouterr().err
    assert main(["report", "--registry", "2005.13013", "--out", str(tmp_path)]) == 0
    assert "is replaced, and showed" in capsys.readouterr().err
