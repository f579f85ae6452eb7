"""What run folders, published files and registries give to a report: one Reruns a paper, and how runs were made."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from run_folders import LAB, LEVEL, RunFolder, another, load, registry
from smoke_folder import smoke_folder

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from claimcheck.foundation.records import Reproduction, Reruns
from reproduce.planning.given import Given
from reproduce.publication import publish
from reproduce.registry import available, load_registry
from reproduce.reruns import of_registry, of_runs
from reproduce.verdicts.evidence import Evidence, evidence

CLAIM = """
[[claims]]
id = "squad"
text = "SQuAD gains 8.2 points"
source = "table"
margin = 1.0
quantity = { value = "8.2", direction = "increase" }
[claims.test]
kind = "effect"
measure = { conditions = ["squad"], control = "baseline", targets = ["ner", "tatoeba"] }
"""

HUB = """
schema = "claimcheck/registry/v1"
[paper]
id = "made-up"
title = "A paper that does not exist"
[[sources]]
id = "table"
kind = "paper"
where = "Table 1 of a paper that does not exist"
[[conditions]]
id = "baseline"
[[targets]]
id = "tatoeba"
task = "tatoeba"
languages = ["de", "sw"]
probe = { layer = 1 }
[scales.paper]
data = { kind = "hub" }
encoder = { name = "nobody/nothing" }
seeds = 1
[[claims]]
id = "level"
text = "It reaches 80.7."
source = "table"
quantity = { value = "80.7", unit = "accuracy" }
margin = 1.5
test = { kind = "level", measure = { conditions = ["baseline"], targets = ["tatoeba"] } }
"""


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return smoke_folder(tmp_path_factory.mktemp("smoke") / "runs")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def share(condition: str, target: str, split: str, seed: int) -> float:
        return 0.5 if condition == "baseline" else 0.8

    folder = tmp_path_factory.mktemp("lab") / "runs"
    return RunFolder(folder, LAB + CLAIM, share, scale="lab", given=Given(files=True), answer=another).run().folder


def outcomes(found: Reruns) -> dict[str, str]:
    return {one.registry_id: one.verdict for one in found.reproductions}


def test_a_smoke_run_of_a_paper_is_of_the_paper_and_of_the_smoke_registry(smoke: RunFolder) -> None:
    paper, own = of_runs(smoke.folder)
    assert (paper.paper.id, own.paper.id) == ("made-up", "smoke")
    assert own.paper.title == "The synthetic world of claimcheck"
    assert [(one.verdict, one.reason) for one in paper.reproductions] == [("not_tested", "scale")]
    assert outcomes(own) == {
        "tags-retrieval": "reproduced",
        "multi-retrieval": "reproduced",
        "shuffled-retrieval": "not_reproduced_lower",
        "zero-retrieval": "degenerate",
        "shuffled-no-gain": "reproduced",
        "baseline-retrieval": "reproduced",
        "retrieval-gains-most": "reproduced",
        "retrieval-ranking": "reproduced",
    }
    info = own.info
    assert info is not None
    assert (info.registry, info.scale, info.seeds, info.jobs, info.finished) == ("smoke", "smoke", 3, 38, 38)
    assert info.optimizer_steps == 6550
    assert info.seconds == pytest.approx(38 * 1.5)
    assert info.versions == {"claimcheck": "0.1.0"}
    assert info.hardware == ("a CPU, threads a job: 1",)
    assert info.encoders[0].startswith("pretrained in this run: 2 layers of 64")
    assert [line.split(":")[0] for line in info.absent] == [
        f"tags-zero on retrieval (test), seed {n}" for n in (1, 2, 3)
    ]
    assert paper.info is not None
    assert paper.info == info.model_copy(update={"registry": "made-up"})


def test_runs_without_predictions_say_why_they_do_not_count(smoke: RunFolder, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(smoke.folder, folder)
    for file in folder.glob("jobs/*/predictions.jsonl"):
        file.unlink()
    _, own = of_runs(folder)
    assert set(outcomes(own).values()) == {"not_tested"}
    assert {one.reason.split(":")[0] for one in own.reproductions} == {"no_predictions"}
    assert own.info is not None
    assert own.info.finished == 38 - 19
    assert all("predictions" in line for line in own.info.absent)


def test_what_results_published_gives_the_same_reproductions(lab: Path, tmp_path: Path) -> None:
    [judged] = of_runs(lab, load=load)
    publish(evidence(lab, load=load), lab, tmp_path)
    [published] = of_runs(tmp_path)
    assert published.reproductions == judged.reproductions
    assert published.info is not None
    assert judged.info is not None
    same = {"registry", "scale", "seeds", "finished", "optimizer_steps", "seconds", "absent"}
    assert published.info.model_dump(include=same) == judged.info.model_dump(include=same)
    # the file alone says less of how it was made
    [alone] = of_runs(shutil.copy(tmp_path / "reproductions.jsonl", tmp_path / "alone.jsonl"))
    assert alone.reproductions == judged.reproductions


def test_data_of_the_hub_are_not_fetched_for_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a report went to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    made = RunFolder(tmp_path / "runs", HUB, lambda *place: 0.807).run()
    [found] = of_runs(made.folder)
    [one] = found.reproductions
    assert one.verdict.startswith("reproduced")
    assert "nothing is fetched for a report" in " ".join(one.details["notes"])
    assert constants.HF_HUB_OFFLINE is False


def test_no_path_of_this_machine_is_told(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reproduce.verdicts import results, tables

    told = f"lost in {lab / 'jobs'} and in {Path.home() / 'elsewhere'}"
    judged, tables_of = results.judged, tables.tables_of

    def with_path(found: Evidence) -> results.Results:
        made = judged(found)
        ones = tuple(one.model_copy(update={"reason": told}) for one in made.reproductions)
        return replace(made, reproductions=ones)

    monkeypatch.setattr(results, "judged", with_path)
    monkeypatch.setattr(tables, "tables_of", lambda found: replace(tables_of(found), absent=(told,)))
    [found] = of_runs(lab, load=load)
    assert found.info is not None
    assert found.info.absent == ("lost in RUNS/jobs and in ~/elsewhere",)
    assert {one.reason for one in found.reproductions} == {"lost in RUNS/jobs and in ~/elsewhere"}


def test_a_published_folder_of_a_known_paper_has_its_title() -> None:
    folder = Path(__file__).parents[2] / "reports" / "2005.13013-lab-cpu"
    [found] = of_runs(folder)
    assert found.paper.title.startswith("English Intermediate-Task Training")
    assert found.info is not None
    assert found.info.finished == len((folder / "runs.jsonl").read_text().splitlines())


def test_every_registry_is_listed_without_a_run() -> None:
    for name in available():
        found = of_registry(name)
        assert found.info is None
        assert found.paper.title
        assert [one.registry_id for one in found.reproductions] == [c.id for c in load_registry(name).claims]
        for one in found.reproductions:
            assert one.verdict == "not_tested"
            assert one.reason.startswith("not_run: ")
            assert one.scale == ("smoke" if name == "smoke" else "paper")
            assert (one.runs, one.values, one.mean) == ((), (), None)
            assert one.claimed_source


def test_a_registry_tells_what_it_knows_of_a_claim() -> None:
    by_id = {one.registry_id: one for one in of_registry("arXiv:2005.13013v2").reproductions}
    one = by_id["multi-task"]
    assert (one.quantity["value"], one.quantity["unit"], one.quantity["half_width"]) == (8.7, "points", 0.05)
    assert one.margin == 1.0
    assert one.deviations
    assert "which nine tasks, beyond MNLI, SQuAD and HellaSwag" in one.details["unknown"]
    assert by_id["v1-squad"].paper_version == "v1"
    assert "under-specified" in by_id["v1-best-per-target"].reason


def test_a_users_registry_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(registry(LEVEL))
    found = of_registry(str(file))
    assert (found.paper.id, outcomes(found)) == ("made-up", {"level": "not_tested"})


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("nowhere", None, MissingInputError, "there is no such folder"),
        ("empty", {}, MissingInputError, "is no run folder and holds no reproductions.jsonl"),
        ("one", {"reproductions.jsonl": ""}, UnreadableInputError, "holds no reproduction"),
        ("two", {"reproductions.jsonl": "\n{}\n"}, UnreadableInputError, "line 2 is no reproduction: registry_id"),
        ("three", {"reproductions.jsonl": "[" * 100_000}, UnreadableInputError, "line 1 is no reproduction"),
        ("four", {"request.json": "{}"}, UnreadableInputError, "request.json"),
    ],
)
def test_what_is_no_run_folder_is_refused_in_a_line(
    name: str, content: dict[str, str] | None, error: type[Exception], words: str, tmp_path: Path
) -> None:
    folder = tmp_path / name
    if content is not None:
        folder.mkdir()
        for file, text in content.items():
            (folder / file).write_text(text)
    with pytest.raises(error) as caught:
        of_runs(folder)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_files_beside_published_reproductions(tmp_path: Path) -> None:
    one = of_registry("smoke").reproductions[0]
    (tmp_path / "reproductions.jsonl").write_text(one.model_dump_json() + "\n")
    (tmp_path / "tables.json").write_text('{"absent": 3, "seeds": "x"}')
    (tmp_path / "runs.jsonl").write_text('{"seconds": [], "optimizer_steps": "many"}\n7\n')
    [found] = of_runs(tmp_path)
    assert found.info is not None
    assert (found.info.seeds, found.info.absent, found.info.finished, found.info.seconds) == (0, (), 1, 0.0)
    (tmp_path / "tables.json").write_text("{")
    with pytest.raises(UnreadableInputError, match="is no JSON"):
        of_runs(tmp_path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_no_float_holds_beside_published_reproductions_do_not_count(number: str, tmp_path: Path) -> None:
    (tmp_path / "reproductions.jsonl").write_text(of_registry("smoke").reproductions[0].model_dump_json() + "\n")
    odd = f'{{"optimizer_steps": {number}, "seconds": {{"total": {number}}}}}\n'
    (tmp_path / "runs.jsonl").write_text(odd + '{"optimizer_steps": 7, "seconds": {"total": 1.5}}\n')
    [found] = of_runs(tmp_path)
    assert found.info is not None
    assert (found.info.optimizer_steps, found.info.seconds) == (7, 1.5)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_json_lacks_is_refused(number: str, tmp_path: Path) -> None:
    text = of_registry("smoke").reproductions[0].model_dump_json()
    (tmp_path / "reproductions.jsonl").write_text(text.replace('"values":[]', f'"values":[{number}]') + "\n")
    with pytest.raises(UnreadableInputError, match="line 1 is no reproduction: it holds NaN or an infinite number"):
        of_runs(tmp_path)


def test_reproductions_of_several_papers_and_scales_are_taken_apart(tmp_path: Path) -> None:
    one = of_registry("smoke").reproductions[0]
    others = [one.model_copy(update={"scale": "lab"}), one.model_copy(update={"paper": "elsewhere"}), one]
    file = tmp_path / "some.jsonl"
    file.write_text("".join(json.dumps(json.loads(x.model_dump_json())) + "\n" for x in (one, *others)))
    found = of_runs(file)
    assert [(x.paper.id, [(y.paper, y.scale) for y in x.reproductions]) for x in found] == [
        ("smoke", [("smoke", "smoke")] * 2),
        ("smoke", [("smoke", "lab")]),
        ("elsewhere", [("elsewhere", "smoke")]),
    ]
    assert all(isinstance(y, Reproduction) for x in found for y in x.reproductions)


def test_a_registry_that_does_not_exist_is_named() -> None:
    with pytest.raises(MissingInputError, match=r"no registry for '2005\.13014'; did you mean"):
        of_registry("2005.13014")
    with pytest.raises(MissingInputError, match="there is no such file"):
        of_registry("nowhere.toml")


LAB_FOLDER = Path(__file__).parents[2] / "reports" / "2005.13013-lab-cpu"


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({"scale": "paper", "verdict": "reproduced", "runs": [], "mean": None}, "not_tested", "no_runs"),
        ({"scale": "paper", "verdict": "not_reproduced_lower", "n": 0}, "not_tested", "no_runs"),
        ({"verdict": "reproduced"}, "not_tested", "scale"),
        ({"scale": "smoke", "verdict": "inconclusive"}, "not_tested", "scale"),
        ({"direction": "confirmed", "runs": []}, "not_tested", "no_runs"),
        ({}, "not_tested", "scale"),
    ],
)
def test_a_recorded_verdict_that_no_run_can_have_given_is_not_tested(
    tmp_path: Path, change: dict[str, object], verdict: str, reason: str
) -> None:
    line = json.loads((LAB_FOLDER / "reproductions.jsonl").read_text().splitlines()[0])
    (tmp_path / "reproductions.jsonl").write_text(json.dumps(line | change) + "\n")
    [found] = of_runs(tmp_path)
    [one] = found.reproductions
    assert (one.verdict, one.reason.split(":")[0]) == (verdict, reason)
    assert one.direction == (None if reason == "no_runs" else "unclear")
    assert found.info is not None
    assert found.info.recorded


def test_a_record_with_its_runs_keeps_its_verdict(tmp_path: Path) -> None:
    line = json.loads((LAB_FOLDER / "reproductions.jsonl").read_text().splitlines()[0])
    (tmp_path / "reproductions.jsonl").write_text(json.dumps(line | {"scale": "paper", "verdict": "reproduced"}) + "\n")
    [found] = of_runs(tmp_path)
    assert found.reproductions[0].verdict == "reproduced"
