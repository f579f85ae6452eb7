"""Tables of a run folder: each target, language and condition beside the baseline, and XTREME's averages."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import pytest
from run_folders import LAB, RunFolder, another, load, registry

from reproduce.planning.given import Given
from reproduce.verdicts.evidence import evidence
from reproduce.verdicts.results import judged
from reproduce.verdicts.tables import AverageRow, ScoreRow, Tables, tables, tables_of

TARGETS = ["ner", "nli", "tatoeba", "bucc"]
SHARES = {"baseline": 0.50, "squad": 0.80, "tags": 0.60}


def share(condition: str, target: str, split: str, seed: int) -> float:
    if target == "nli":  # the baseline has learnt nothing
        return {"baseline": 0.33, "squad": 0.60, "tags": 0.40}[condition] + 0.01 * seed
    untrained = condition == "baseline" and target in ("tatoeba", "bucc")
    return SHARES[condition] + (0.0 if untrained else 0.01 * (seed == 3))


def claims(targets: list[str], *conditions: str) -> str:
    return "".join(
        f"""
[[claims]]
id = "{condition}"
text = "{condition}"
source = "table"
margin = 1.0
quantity = {{ value = "8.2", direction = "increase" }}
[claims.test]
kind = "effect"
measure = {{ conditions = ["{condition}"], control = "baseline", targets = {json.dumps(targets)} }}
"""
        for condition in conditions
    )


def folder(tmp_path: Path, text: str = "", **how: object) -> RunFolder:
    text = LAB + (text or claims(TARGETS, "squad", "tags"))
    return RunFolder(tmp_path / "runs", text, share, scale="lab", given=Given(files=True), answer=another, **how)  # type: ignore[arg-type]


def row(found: Tables, target: str, condition: str, language: str = "") -> ScoreRow:
    (one,) = [r for r in found.rows if (r.target, r.condition, r.language) == (target, condition, language)]
    return one


def average(found: Tables, name: str, condition: str) -> AverageRow:
    (one,) = [a for a in found.averages if (a.name, a.condition) == (name, condition)]
    return one


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return tables(folder(tmp_path_factory.mktemp("tables")).run().folder, load=load)


def test_a_row_for_each_target_condition_and_language(done: Tables) -> None:
    assert (done.paper, done.scale, done.seeds, done.baseline) == ("made-up", "lab", 3, "baseline")
    assert not done.absent
    languages = {"ner": 3, "nli": 2, "tatoeba": 2, "bucc": 1}
    assert len(done.rows) == 3 * sum(1 + count for count in languages.values())
    one = row(done, "tatoeba", "squad")
    assert (one.name, one.task, one.metric, one.n) == ("Tatoeba", "tatoeba", "retrieval_accuracy", 3)
    assert one.mean == pytest.approx(80 + 1 / 3)
    assert one.sd == pytest.approx(3**-0.5)
    assert one.items == 200
    assert one.effect == pytest.approx(30 + 1 / 3)
    assert one.interval is not None
    assert one.interval[0] < one.effect < one.interval[1]
    german = row(done, "tatoeba", "squad", "de")
    assert german.items == 100
    assert german.interval is not None
    # a single language says less than the mean of two
    assert german.interval[1] - german.interval[0] > one.interval[1] - one.interval[0]


def test_the_baseline_has_no_effect_and_where_no_seed_enters_one_value(done: Tables) -> None:
    one = row(done, "tatoeba", "baseline")
    assert (one.mean, one.sd, one.n, one.effect, one.interval) == (pytest.approx(50), None, 1, None, None)
    assert row(done, "ner", "baseline").n == 3
    assert row(done, "ner", "baseline").effect is None


def test_what_cannot_be_told_from_chance_is_marked(done: Tables) -> None:
    for condition in SHARES:
        one = row(done, "nli", condition)
        assert one.degenerate
        assert one.chance == pytest.approx(100 / 3, abs=3)
        assert not row(done, "ner", condition).degenerate
    assert row(done, "nli", "squad").effect == pytest.approx(27.0)


def test_averages_name_their_tasks_and_leave_out_what_is_at_chance(done: Tables) -> None:
    one = average(done, "all", "squad")
    assert one.tasks == ("panx", "bucc", "tatoeba")
    assert one.targets == ("ner", "bucc", "tatoeba")
    assert one.left_out == ("XNLI",)
    assert set(one.missing) == {"paws-x", "xnli", "udpos", "xquad", "mlqa", "tydiqa"}
    members = [row(done, name, "squad") for name in one.targets]
    assert one.mean == pytest.approx(mean(member.mean for member in members))
    assert one.effect == pytest.approx(mean(member.effect or 0.0 for member in members))
    assert one.interval is not None
    without = average(done, "without_retrieval", "squad")
    assert without.targets == ("ner",)
    assert without.effect == pytest.approx(row(done, "ner", "squad").effect)
    retrieval = average(done, "retrieval", "squad")
    assert retrieval.missing == ()
    assert average(done, "retrieval", "baseline").n == 1
    assert average(done, "all", "baseline").effect is None


def test_the_effects_are_those_of_the_results(tmp_path: Path) -> None:
    found = evidence(folder(tmp_path).run().folder, load=load)
    one, other = judged(found).reproductions
    made = tables_of(found)
    for reproduction, condition in ((one, "squad"), (other, "tags")):
        assert average(made, "all", condition).effect == pytest.approx(reproduction.mean)
        for target, about in reproduction.details["effects"]["targets"].items():
            shown = row(made, target, condition)
            assert shown.effect == pytest.approx(about["effect"])
            assert shown.interval == pytest.approx(about["interval"], abs=0.6)
            by_language = reproduction.details["effects"]["by_language"][target]
            assert {code: row(made, target, condition, code).effect for code in by_language} == pytest.approx(
                by_language
            )


def test_what_has_not_run_is_absent_with_the_reason(tmp_path: Path) -> None:
    runs = folder(tmp_path)
    empty = tables(runs.folder, load=load)
    assert (empty.rows, empty.averages) == ((), ())
    assert len(empty.absent) == len(runs.plan.cells)
    runs.run(jobs=len(runs.plan.jobs) // 2)
    half = tables(runs.folder, load=load)
    assert half.rows
    assert any("squad on" in line or "tags on" in line for line in half.absent)
    json.dumps(half.to_json())


def test_two_seeds_have_effects_without_intervals(tmp_path: Path) -> None:
    found = tables(folder(tmp_path, seeds=2).run().folder, load=load)
    one = row(found, "ner", "squad")
    assert one.n == 2
    assert one.effect == pytest.approx(row(found, "ner", "squad").mean - row(found, "ner", "baseline").mean)
    assert one.interval is None


def test_tasks_that_are_not_xtremes_have_averages_of_their_own(tmp_path: Path) -> None:
    text = registry(
        """
[[claims]]
id = "both"
text = "both"
source = "table"
margin = 1.0
quantity = { value = "8.2" }
test = { kind = "effect", measure = { conditions = ["nli"], control = "baseline", targets = ["retrieval", "qa"] } }
"""
    )
    shares = {"baseline": 0.6, "nli": 0.8}
    runs = RunFolder(tmp_path / "runs", text, lambda condition, *_: shares[condition]).run()
    found = tables(runs.folder, load=load)
    assert [(one.name, one.tasks, one.missing) for one in found.averages if one.condition == "nli"] == [
        ("all", ("world-retrieval", "world-qa"), ()),
        ("without_retrieval", ("world-qa",), ()),
    ]
    assert average(found, "all", "nli").effect == pytest.approx(20.0)


def test_as_json(done: Tables) -> None:
    content = json.loads(json.dumps(done.to_json()))
    assert content["schema"] == "claimcheck/tables/v1"
    assert content["rows"][0].keys() == ScoreRow.__dataclass_fields__.keys()
    assert content["averages"][0].keys() == AverageRow.__dataclass_fields__.keys()
