"""A run folder as files to publish: a page that says what it is, and data behind it; the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
from markdown_it import MarkdownIt
from run_folders import LAB, RunFolder, another, load

from claimcheck.foundation.errors import UsageError
from reproduce.planning.given import EncoderFolder, Given
from reproduce.publication import publish
from reproduce.specs import Size
from reproduce.verdicts.evidence import evidence
from reproduce.verdicts.schema import reproduction_schema

CLAIM = """
[[claims]]
id = "squad"
text = "SQuAD gains | <script>alert(1)</script> *8.2* points"
source = "table"
margin = 1.0
quantity = { value = "8.2", direction = "increase" }
[claims.test]
kind = "effect"
measure = { conditions = ["squad"], control = "baseline", targets = ["ner", "nli", "tatoeba", "bucc"] }
"""


def share(condition: str, target: str, split: str, seed: int) -> float:
    if target == "nli":  # the baseline has learnt nothing
        return 0.33 if condition == "baseline" else 0.6
    untrained = condition == "baseline" and target in ("tatoeba", "bucc")
    return {"baseline": 0.5, "squad": 0.8}[condition] + (0.0 if untrained else 0.01 * (seed == 3))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "runs"
    return RunFolder(folder, LAB + CLAIM, share, scale="lab", given=Given(files=True), answer=another).run().folder


@pytest.fixture(scope="module")
def published(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published")
    publish(evidence(runs, load=load), runs, out)
    return out


def test_the_same_folder_gives_the_same_bytes(runs: Path, published: Path, tmp_path: Path) -> None:
    paths = publish(evidence(runs, load=load), runs, tmp_path / "again")
    assert [path.name for path in paths] == ["README.md", "reproductions.jsonl", "tables.json", "runs.jsonl"]
    for path in paths:
        assert path.read_bytes() == (published / path.name).read_bytes()


def test_the_page_says_that_a_machine_made_it_and_what_scale_means(published: Path) -> None:
    page = (published / "README.md").read_text()
    assert "by machine; nobody has reviewed this page" in page
    assert "no number here stands beside one of the" in page
    assert "not tested (scale)" in page
    assert "| confirmed |" in page


def test_the_page_has_averages_with_and_without_retrieval_and_names_what_is_left_out(published: Path) -> None:
    page = (published / "README.md").read_text()
    for name in ("all tasks", "without retrieval"):
        assert any(line.startswith(f"| {name} | squad | ") for line in page.splitlines())
    assert "Left out, since their baseline cannot be told from chance" in page


def test_strings_of_a_paper_are_no_marks(published: Path) -> None:
    html = MarkdownIt("commonmark").enable("table").render((published / "README.md").read_text())
    assert "<script>" not in html
    assert "SQuAD gains | &lt;script&gt;alert(1)&lt;/script&gt; *8.2* points" in html
    assert "<table>" in html


def test_every_run_stands_with_its_checksums(runs: Path, published: Path) -> None:
    told = [json.loads(line) for line in (published / "runs.jsonl").read_text().splitlines()]
    predicted = {path.parent.name for path in runs.glob("jobs/*/predictions.jsonl")}
    assert {run["key"] for run in told if run["job"]["kind"] == "evaluate"} == predicted
    for run in told:
        assert run["exit"] == 0
        assert all(len(record["sha256"]) == 64 for record in run["data"])
        file = runs / "jobs" / run["key"] / "predictions.jsonl"
        assert run["predictions_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_reproductions_and_tables_are_whole(published: Path) -> None:
    (line,) = (published / "reproductions.jsonl").read_text().splitlines()
    jsonschema.validate(json.loads(line), reproduction_schema())
    tables = json.loads((published / "tables.json").read_text())
    assert {row["condition"] for row in tables["rows"]} == {"baseline", "squad"}


def test_no_path_of_a_machine_is_published(tmp_path: Path) -> None:
    data = tmp_path / "my-data"
    runs = RunFolder(
        tmp_path / "runs",
        LAB + CLAIM,
        share,
        "lab",
        given=Given(files=True),
        answer=another,
        options={"data": str(data)},
    )
    failed = runs.job("target", condition="squad", target="ner")
    runs.run(changes=lambda job: {"degenerate": f"no rows in {data}/panx/dev-th.tsv"} if job == failed else {})
    paths = publish(evidence(runs.folder, load=load), runs.folder, tmp_path / "out")
    texts = [path.read_text() for path in paths]
    assert any("DATA/panx/dev-th.tsv" in text for text in texts)
    assert not any(str(tmp_path) in text or str(Path.home()) + "/" in text for text in texts)


def test_a_place_that_cannot_be_written_is_said(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        publish(evidence(runs, load=load), runs, tmp_path / "file")


@pytest.mark.parametrize("own", [True, False])
def test_the_card_of_the_encoder_stands_on_the_page_where_it_is_its_own(tmp_path: Path, own: bool) -> None:
    encoder = EncoderFolder(
        sha256="a" * 64, size=Size(layers=4, hidden=256, heads=4, feed_forward=1024, positions=256), vocabulary=16_000
    )
    (tmp_path / "encoder").mkdir()
    card = {
        "model_sha256": encoder.sha256 if own else "b" * 64,
        "optimizer_steps": 4200,
        "tokens": 8_778_733,
        "text": {"en": {}, "de": {}},
        "seconds": {"total": 2378.0, "train": 2000.0},
        "hardware": {"processor": "a processor"},
    }
    (tmp_path / "encoder" / "encoder.json").write_text(json.dumps(card))
    given = Given(files=True, encoder=encoder)
    options = {"encoder": str(tmp_path / "encoder")}
    runs = RunFolder(tmp_path / "runs", LAB + CLAIM, share, "lab", given=given, answer=another, options=options).run()
    page = publish(evidence(runs.folder, load=load), runs.folder, tmp_path / "out")[0].read_text()
    told = "4,200 steps, 8,778,733 tokens of 2 languages, 40 min on a processor"
    assert "- encoder: sha256 aaaaaaaaaaaaaaaa, pretrained apart from this run" in page
    assert (told in page) == own
