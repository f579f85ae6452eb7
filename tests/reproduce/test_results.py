"""Results: run folders become Reproductions whose numbers follow from the predictions, and from nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_folders import EFFECT, LEVEL, RunFolder, load, registry

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.records import Reproduction
from claimcheck.foundation.replication import Judgement
from reproduce.engine.preflight import run_lock
from reproduce.engine.request import read_request, write_request
from reproduce.engine.status import status
from reproduce.planning.plan import PlannedJob
from reproduce.runrecord import file_sha256
from reproduce.specs import EvaluateJob, TrainJob
from reproduce.verdicts.gate import REASONS
from reproduce.verdicts.results import reproductions, results

Share = Callable[[str, str, str, int], float]

SHARES = {"baseline": 0.60, "nli": 0.80, "tags": 0.70}


def share(condition: str, target: str, split: str, seed: int) -> float:
    """Scores by seed: 60 60 60, 80 80 81, 70 70 71; the baseline's retrieval has one run."""
    return SHARES[condition] + (0.01 if seed == 3 and (condition, target) != ("baseline", "retrieval") else 0.0)


def claim(id_: str, test: str, quantity: str = "", **fields: Any) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    lines += [f"quantity = {quantity}"] if quantity else []
    return "\n".join(
        ["[[claims]]", f'id = "{id_}"', f'text = "{id_}"', 'source = "table"', *lines, f"test = {test}", ""]
    )


def level(value: str, **fields: Any) -> str:
    test = '{ kind = "level", measure = { conditions = ["nli"], targets = ["retrieval"] } }'
    fields = {"seeds_behind": 3, "statistic": "mean", "margin": 1.5} | fields
    return claim("level", test, f'{{ value = "{value}", unit = "accuracy" }}', **fields)


def effect(value: str, conditions: str = '["nli"]', more: str = "", **fields: Any) -> str:
    measured = f'conditions = {conditions}, control = "baseline", targets = ["retrieval"]{more}'
    fields = {"seeds_behind": 3, "statistic": "mean", "margin": 1.5} | fields
    quantity = f'{{ value = "{value}", direction = "increase" }}'
    return claim("effect", f'{{ kind = "effect", measure = {{ {measured} }} }}', quantity, **fields)


def measure(condition: str, target: str = "retrieval", control: str = "") -> str:
    with_control = f', control = "{control}"' if control else ""
    return f'{{ conditions = ["{condition}"], targets = ["{target}"]{with_control} }}'


def judged(tmp_path: Path, *claims: str, share: Share = share, scale: str = "paper", **options: Any) -> Reproduction:
    """The one reproduction of a folder in which everything has run."""
    runs = RunFolder(tmp_path / "runs", registry(*claims, scale=scale), share, scale=scale, **options).run()
    (found,) = reproductions(runs.folder, load=load)
    return found


# --- numbers


def test_a_level_with_every_field(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("80.3", unknown=["the seeds"])), share).run()
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "reproduced"
    assert found.values == pytest.approx((80, 80, 81))
    assert found.mean == pytest.approx(80 + 1 / 3)
    assert found.sd == pytest.approx(3**-0.5)
    assert found.n == 3
    assert found.interval is not None
    assert found.interval[0] < 80.3 < found.interval[1]
    assert found.radius is not None
    assert found.radius <= found.margin == 1.5
    assert found.quantity == {
        "value": 80.3,
        "unit": "accuracy",
        "half_width": 0.05,
        "direction": "level",
        "baseline": "",
        "metric": "retrieval_accuracy",
        "aggregation": "mean over targets of the mean over languages",
        "split": "test",
    }
    assert (found.registry_id, found.paper, found.paper_version) == ("level", "made-up", "v1")
    assert found.claimed_source == "Table 1 of a paper that does not exist"
    assert found.details["by_language"]["nli on retrieval (test)"] == pytest.approx(
        dict.fromkeys(["xa", "xb", "xc", "xd"], 80 + 1 / 3)
    )
    assert found.details["unknown"] == ["the seeds"]
    assert found.details["flips"] is True
    # the runs are those of the cells, with what their folders hold and the steps of all that they build on
    evaluations = [job for job in runs.plan.jobs if job.phase == "evaluation"]
    assert [run.id for run in found.runs] == [job.key for job in evaluations]
    assert {run.optimizer_steps for run in found.runs} == {20}
    assert [run.predictions_sha256 for run in found.runs] == [
        file_sha256(runs.path(job) / "predictions.jsonl") for job in evaluations
    ]
    assert {run.exit for run in found.runs} == {0}
    assert found.cost["jobs"] == len(runs.plan.jobs)
    assert found.cost["hours"] == pytest.approx(1.5 * len(runs.plan.jobs) / 3600)
    assert found.cost["optimizer_steps"] == 10 * (1 + 3)
    assert Reproduction.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("80.3", "reproduced"),
        ("78.4", "inconclusive"),
        ("60.3", "not_reproduced_higher"),
        ("95.0", "not_reproduced_lower"),
    ],
)
def test_the_claimed_number_decides(tmp_path: Path, value: str, verdict: str) -> None:
    found = judged(tmp_path, level(value))
    assert found.verdict == verdict
    assert found.values == pytest.approx((80, 80, 81))  # whatever was claimed


@pytest.mark.parametrize(("value", "verdict"), [("60.0", "reproduced"), ("66.0", "not_reproduced_lower")])
def test_an_evaluation_that_no_seed_enters_is_one_value(tmp_path: Path, value: str, verdict: str) -> None:
    test = f'{{ kind = "level", measure = {measure("baseline")} }}'
    found = judged(tmp_path, claim("anchor", test, f'{{ value = "{value}" }}', margin=1.5))
    assert found.verdict == verdict
    assert found.values == pytest.approx((60,))
    assert found.n == 1
    assert len(found.runs) == 1
    assert found.runs[0].optimizer_steps == 10  # the pretraining's


def test_an_effect_has_size_direction_and_evidence(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("20.3"))
    assert found.values == pytest.approx((20, 20, 21))
    assert found.verdict == "reproduced"
    assert found.direction == "confirmed"
    assert found.details["size"] == "inside"
    assert found.details["evidence"] == "supports"
    assert found.quantity["baseline"] == "baseline"
    assert len(found.runs) == 4  # the baseline's retrieval is one run for all seeds


def test_an_effect_the_other_way(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("20.3"), share=lambda c, t, s, seed: {"baseline": 0.6, "nli": 0.4}[c] + seed / 100)
    assert found.verdict == "not_reproduced_lower"
    assert found.direction == "contradicted"
    assert found.details["evidence"] == "refutes"


def test_a_printed_fall_is_an_amount(tmp_path: Path) -> None:
    text = effect("20.0").replace("increase", "decrease")
    found = judged(tmp_path, text, share=lambda c, t, s, seed: {"baseline": 0.6, "nli": 0.4}[c])
    assert found.values == pytest.approx((20, 20, 20))
    assert found.direction == "confirmed"


def test_languages_of_a_measure(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("20.3", more=', languages = ["xb"]'))
    assert list(found.details["by_language"]["nli on retrieval (test)"]) == ["xa", "xb", "xc", "xd"]
    assert found.values == pytest.approx((20, 20, 21))


def test_the_seed_sd_is_pooled_over_the_conditions_of_a_target(tmp_path: Path) -> None:
    other = claim("tags", f'{{ kind = "level", measure = {measure("tags")} }}', '{ value = "70.3" }', margin=1.5)
    runs = RunFolder(tmp_path / "runs", registry(level("80.3"), other), share).run()
    for found in reproductions(runs.folder, load=load):
        assert found.details["seed_dof"] == 4  # two conditions of three seeds
        assert found.details["seed_sd"] == pytest.approx(3**-0.5)


def test_best_on_dev_is_picked_for_each_target_and_seed(tmp_path: Path) -> None:
    def shares(condition: str, target: str, split: str, seed: int) -> float:
        table = {
            ("nli", "dev"): [0.9, 0.9, 0.5],
            ("tags", "dev"): [0.6, 0.6, 0.8],
            ("nli", "test"): [0.80, 0.81, 0.99],
            ("tags", "test"): [0.99, 0.99, 0.82],
            ("baseline", "test"): [0.6, 0.6, 0.6],
        }
        return table[condition, split][seed - 1]

    found = judged(tmp_path, effect("21.0", '["nli", "tags"]', ', pick_split = "dev"'), share=shares)
    assert found.values == pytest.approx((20, 21, 22))  # never the best on test
    assert found.details["picked"] == ["retrieval, seed 1: nli", "retrieval, seed 2: nli", "retrieval, seed 3: tags"]


def test_two_metrics_of_one_evaluation_and_metrics_that_are_no_sums(tmp_path: Path) -> None:
    targets = "".join(
        f'[[targets]]\nid = "{name}"\ntask = "{task}"\ntrain = "{task}"\nmetric = "{metric}"\n'
        for name, task, metric in (
            ("qa-em", "world-qa", "squad_em"),
            ("qa-mean", "world-qa", "squad_mean"),
            ("nli", "world-nli", "matthews"),
        )
    )
    claims = [
        claim(
            name,
            f'{{ kind = "effect", measure = {measure("tags", name, "baseline")} }}',
            '{ value = "10.0" }',
            margin=1.5,
        )
        for name in ("qa-em", "qa-mean", "nli")
    ]
    text = registry(*claims).replace("[scales.paper]", f"{targets}[scales.paper]", 1)
    runs = RunFolder(tmp_path / "runs", text, share).run()
    exact, mean, matthews = reproductions(runs.folder, load=load)
    assert len({run.id for one in (exact, mean) for run in one.runs}) == 6  # three seeds of two conditions, shared
    assert (exact.quantity["metric"], mean.quantity["metric"]) == ("squad_em", "squad_mean")
    assert exact.values == pytest.approx((10, 10, 10))
    assert mean.values == pytest.approx((10, 10, 10))  # an answer is right or shares no word
    # wrong answers of the made-up models are classes of their own, which differ from seed to seed
    assert len(matthews.values) == 3
    assert all(5 < value < 20 for value in matthews.values)
    assert matthews.direction == "confirmed"


# --- order and no effect

NLI, TAGS, BASELINE = measure("nli"), measure("tags"), measure("baseline")
NONE = claim("none", f'{{ kind = "no_effect", measure = {measure("tags", "qa", "baseline")} }}', margin=4.0)


def greater(name: str, this: str, than: str) -> str:
    return claim(name, f'{{ kind = "greater", measure = {this}, than = {than} }}')


def best(name: str, this: str, *others: str) -> str:
    return claim(name, f'{{ kind = "best", measure = {this}, order = [{", ".join(others)}] }}')


def ranking(name: str, *order: str) -> str:
    return claim(name, f'{{ kind = "ranking", order = [{", ".join(order)}] }}')


def test_orders(tmp_path: Path) -> None:
    claims = [
        greater("greater", NLI, TAGS),
        greater("less", TAGS, NLI),
        best("best", NLI, TAGS, BASELINE),
        best("not-best", TAGS, NLI, BASELINE),
        ranking("ranking", NLI, TAGS, BASELINE),
        ranking("wrong-ranking", BASELINE, NLI),
        NONE,
        greater("gains", measure("nli", "retrieval", "baseline"), measure("nli", "qa", "baseline")),
    ]

    def shares(condition: str, target: str, split: str, seed: int) -> float:
        return share(condition, target, split, seed) if target == "retrieval" else 0.5 + seed / 100

    runs = RunFolder(tmp_path / "runs", registry(*claims), shares).run()
    found = {one.registry_id: one for one in reproductions(runs.folder, load=load)}
    assert list(found) == ["greater", "less", "best", "not-best", "ranking", "wrong-ranking", "none", "gains"]
    verdicts = {name: (one.verdict, one.direction) for name, one in found.items()}
    right, wrong = ("reproduced", "confirmed"), ("not_reproduced_lower", "contradicted")
    assert verdicts == {
        "greater": right,
        "less": wrong,
        "best": right,
        "not-best": wrong,
        "ranking": right,
        "wrong-ranking": wrong,
        "none": right,
        "gains": right,
    }
    assert found["greater"].values == pytest.approx((10, 10, 10))
    assert found["greater"].quantity["value"] is None
    assert found["ranking"].mean == found["ranking"].values[0] == 1  # Kendall's tau
    assert found["ranking"].details["means"] == pytest.approx([80 + 1 / 3, 70 + 1 / 3, 60])
    assert found["gains"].values == pytest.approx((20, 20, 21))
    assert all(one.details["flips"] for one in found.values())


def no_gain(name: str, condition: str, quantity: str = "") -> str:
    test = f'{{ kind = "no_gain", measure = {measure(condition, "retrieval", "baseline")} }}'
    return claim(name, test, quantity, margin=10.0)


@pytest.mark.parametrize(
    ("by_seed", "verdict", "direction"),
    [
        ((0.60, 0.60, 0.61), "reproduced", "confirmed"),
        ((0.30, 0.31, 0.30), "reproduced", "confirmed"),  # a strong fall is no gain
        ((0.80, 0.80, 0.81), "not_reproduced_higher", "contradicted"),
        ((0.55, 0.62, 0.68), "inconclusive", "unclear"),
    ],
)
def test_no_gain(tmp_path: Path, by_seed: tuple[float, ...], verdict: str, direction: str) -> None:
    def shares(condition: str, target: str, split: str, seed: int) -> float:
        return 0.6 if condition == "baseline" else by_seed[seed - 1]

    # of an error rate a fall would be the gain: the same runs say the opposite
    error = no_gain("error", "nli", '{ value = "7.7", direction = "decrease" }')
    runs = RunFolder(tmp_path / "runs", registry(no_gain("none", "nli"), error), shares).run()
    found, mirrored = reproductions(runs.folder, load=load)
    assert (found.verdict, found.direction) == (verdict, direction)
    assert found.details["test"] == "no_gain"
    assert found.details["flips"] is True
    assert found.quantity["direction"] == "increase"
    assert found.values == pytest.approx([100 * (value - 0.6) for value in by_seed])
    assert found.interval is not None
    assert found.radius == max(found.interval[1], 0)
    assert mirrored.values == pytest.approx([100 * (0.6 - value) for value in by_seed])
    fell = {0.30: "not_reproduced_higher", 0.80: "reproduced"}
    assert mirrored.verdict == fell.get(by_seed[0], verdict)


def test_no_gain_of_two_seeds_is_open(tmp_path: Path) -> None:
    assert judged(tmp_path, no_gain("none", "nli"), seeds=2).verdict == "inconclusive"


# --- what is not tested


def test_missing_runs_are_counted_and_nothing_is_judged_on_the_rest(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(effect("20.3"), level("80.3")), share)
    before = reproductions(runs.folder, load=load)
    assert [one.reason for one in before] == [
        "runs_missing: 4 of 4 runs are not finished",
        "runs_missing: 3 of 3 runs are not finished",
    ]
    runs.run(jobs=5)
    done = sum((runs.path(job) / "predictions.jsonl").exists() for job in runs.plan.jobs)
    assert 0 < done < 4
    found = reproductions(runs.folder, load=load)[0]
    assert found.verdict == "not_tested"
    assert found.reason == f"runs_missing: {4 - done} of 4 runs are not finished"
    assert found.values == ()
    assert len(found.runs) == done
    runs.run()
    assert reproductions(runs.folder, load=load)[0].verdict == "reproduced"


def test_a_failed_training_is_named(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(effect("20.3")), share)
    with runs.store() as store:
        store.add(runs.plan.jobs)
        while key := store.claim_next("test", 60.0):
            job = runs.plan.by_key[key]
            if job.phase == "intermediate":
                runs.path(job).mkdir(parents=True)
                store.finish(key, "test", "bug", exit_code=70, message="the data have no labels")
            else:
                run = runs.write(job, {})
                sha256 = file_sha256(runs.path(job) / "run.json")
                store.finish(
                    key,
                    "test",
                    "done",
                    run_sha256=sha256,
                    predictions_sha256=run.predictions.sha256 if run.predictions else None,
                )
    (found,) = reproductions(runs.folder, load=load)
    assert found.reason.startswith("exit_nonzero: the run did not exit with 0 (job ")
    assert "the data have no labels" in found.reason
    assert "3 of 4 runs do not count" in found.reason


def test_what_cannot_be_planned_says_why(tmp_path: Path) -> None:
    untestable = claim("open", '{ kind = "untestable", reason = "the corpus is not public" }')
    text = registry(untestable, greater("mlm", measure("mlm"), NLI))
    text = text.replace("[[targets]]", '[[conditions]]\nid = "mlm"\nunsupported = "no corpus is named"\n[[targets]]', 1)
    runs = RunFolder(tmp_path / "runs", text, share).run()
    assert [(one.verdict, one.reason) for one in reproductions(runs.folder, load=load)] == [
        ("not_tested", "untestable: the corpus is not public"),
        ("not_tested", "unsupported: condition 'mlm': no corpus is named"),
    ]


def test_degenerate_runs_make_the_verdict(tmp_path: Path) -> None:
    def second_seed(job: PlannedJob) -> dict[str, Any]:
        bad = isinstance(job.job, TrainJob) and job.job.seed == 2
        return {"degenerate": "the loss is not finite at step 3", "optimizer_steps": 3} if bad else {}

    runs = RunFolder(tmp_path / "runs", registry(effect("20.3")), share).run(changes=second_seed)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "degenerate"
    assert found.reason == "1 of 3 runs failed to train: the loss is not finite at step 3"
    assert found.values == pytest.approx((20, 20, 21))
    assert found.details["degenerate"] == {"2": "the loss is not finite at step 3"}
    assert found.details["without_degenerate"]["n"] == 2


def test_a_degenerate_run_without_predictions(tmp_path: Path) -> None:
    def all_seeds(job: PlannedJob) -> dict[str, Any]:
        if isinstance(job.job, TrainJob):
            return {"degenerate": "the weights did not change", "weights_changed": False}
        if isinstance(job.job, EvaluateJob) and job.cells[0].condition == "nli":
            return {"degenerate": "built on a degenerate run", "predictions": None, "data": ()}
        return {}

    runs = RunFolder(tmp_path / "runs", registry(level("80.3")), share).run(changes=all_seeds)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "degenerate"
    assert found.values == ()
    assert found.mean is None


def test_a_degenerate_run_that_serves_all_seeds_is_one(tmp_path: Path) -> None:
    def pretraining(job: PlannedJob) -> dict[str, Any]:
        return {"degenerate": "the loss is not finite at step 3"} if job.phase == "pretraining" else {}

    test = f'{{ kind = "level", measure = {measure("baseline")} }}'
    text = registry(claim("anchor", test, '{ value = "60.0" }', margin=1.5))
    runs = RunFolder(tmp_path / "runs", text, share).run(changes=pretraining)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "degenerate"
    assert found.reason == "1 of 1 runs failed to train: the loss is not finite at step 3"
    assert found.values == pytest.approx((60,))


def test_unchanged_weights_are_degenerate_even_where_the_run_does_not_say_so(tmp_path: Path) -> None:
    def frozen(job: PlannedJob) -> dict[str, Any]:
        return {"weights_changed": False} if isinstance(job.job, TrainJob) else {}

    runs = RunFolder(tmp_path / "runs", registry(level("80.3")), share).run(changes=frozen)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "degenerate"
    assert "the weights did not change" in found.reason


# --- scale, seeds, deviations


def test_at_scale_lab_only_the_direction_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("20.3"), scale="lab")
    assert (found.verdict, found.reason, found.scale) == ("not_tested", "scale", "lab")
    assert found.direction == "confirmed"
    assert found.interval is not None
    assert found.radius is None
    assert "p_value" not in found.details
    assert found.values == pytest.approx((20, 20, 21))


def test_at_scale_smoke_no_claim_of_a_paper_is_tested_and_the_smoke_claims_follow(tmp_path: Path) -> None:
    _, plan = write_request(tmp_path / "runs", "arXiv:2005.13013v2", "smoke", claims=["multi-task", "mnli"])
    found = reproductions(tmp_path / "runs")
    papers, own = found[:2], found[2:]
    assert [one.registry_id for one in papers] == ["mnli", "multi-task"]  # in the registry's order
    assert {(one.paper, one.scale, one.verdict, one.reason) for one in papers} == {
        ("2005.13013", "smoke", "not_tested", "scale")
    }
    assert all(one.quantity["value"] for one in papers)
    assert [one.registry_id for one in own] == [claim.id for claim in plan.registry.claims]
    assert {one.paper for one in own} == {"smoke"}
    assert all(one.reason.startswith("runs_missing: ") for one in own)


def test_a_registry_that_calls_itself_smoke_is_not_the_toolkits_own(tmp_path: Path) -> None:
    text = registry(level("80.3"), scale="smoke").replace('id = "made-up"', 'id = "smoke"')
    runs = RunFolder(tmp_path / "runs", text, share, scale="smoke").run()
    (found,) = reproductions(runs.folder, load=load)
    assert (found.verdict, found.reason, found.mean, found.values) == ("not_tested", "scale", None, ())


def test_fewer_seeds_than_planned_are_stated(tmp_path: Path) -> None:
    found = judged(tmp_path, level("80.0"), seeds=2)
    assert found.n == 2
    assert found.verdict == "inconclusive"
    assert found.reason.endswith("2 of the 3 seeds that the registry plans")


def test_seeds_raised_after_the_first_runs_are_stated(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("80.0")), share, seeds=2)
    path = tmp_path / "runs.toml"
    write_request(runs.folder, path, "paper", seeds=3)  # nothing has run: no raise
    assert read_request(runs.folder).first_seeds == {"made-up paper": 3}
    runs.run()

    def notes(seeds: int | None) -> list[str]:
        runs.request, runs.plan = write_request(runs.folder, path, "paper", seeds=seeds)
        runs.run()
        (found,) = reproductions(runs.folder, load=load)
        assert read_request(runs.folder).first_seeds == {"made-up paper": 3}
        return [note for note in found.details.get("notes", ()) if note.startswith("seeds")]

    assert notes(None) == []  # the registry's own 3
    assert notes(5) == ["seeds were raised from 3 to 5 after the first request"]
    assert notes(2) == []
    assert notes(4) == ["seeds were raised from 3 to 4 after the first request"]


def test_deviations_cap_the_verdict(tmp_path: Path) -> None:
    text = registry(level("80.3", deviations=["another tokenizer"]))
    text = text.replace("max_steps = 10 }", 'max_steps = 10, precision = "bf16" }')
    text = text.replace("deviations = []", 'deviations = ["a synthetic world"]\nevaluation_items = 100')
    runs = RunFolder(tmp_path / "runs", text, share).run(changes=lambda job: {"hardware": {"device": "cpu"}})
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "reproduced_with_deviations"
    assert found.deviations == (
        "another tokenizer",
        "a synthetic world",
        "world-retrieval: 100 items of each language",
        "trained in fp32 in place of bf16",
    )


LATE = "its number, margin, test, metric or deviations in the registry were changed or added after its runs"


def test_a_margin_changed_after_the_request_is_a_deviation(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("79.0")), share).run()
    path = tmp_path / "runs.toml"
    (before,) = reproductions(runs.folder, load=load)
    assert before.verdict == "inconclusive"
    path.write_text(registry(level("79.0", margin=9.0)))
    (after,) = reproductions(runs.folder, load=load)
    assert after.verdict == "reproduced_with_deviations"
    assert after.deviations == (LATE,)
    # asking again does not make the change undone
    write_request(runs.folder, path, "paper")
    assert reproductions(runs.folder, load=load)[0] == after


def test_a_new_name_does_not_hide_a_changed_margin(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("79.0")), share).run()
    path = tmp_path / "runs.toml"
    renamed = registry(level("79.0", margin=9.0).replace('id = "level"', 'id = "other"'))
    assert renamed != registry(level("79.0", margin=9.0))
    path.write_text(renamed)
    for ask in (lambda: None, lambda: write_request(runs.folder, path, "paper")):
        ask()
        (found,) = reproductions(runs.folder, load=load)
        assert (found.registry_id, found.verdict, found.deviations) == (
            "other",
            "reproduced_with_deviations",
            (LATE,),
        )
    # nor does taking the request away
    (runs.folder / "request.json").unlink()
    write_request(runs.folder, path, "paper")
    assert reproductions(runs.folder, load=load)[0].deviations == (LATE,)


def test_a_claim_that_is_added_before_its_runs_is_none_the_worse(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("80.3")), share).run()
    path = tmp_path / "runs.toml"
    path.write_text(registry(level("80.3"), effect("20.3")))  # its baseline has not been run
    runs.request, runs.plan = write_request(runs.folder, path, "paper")
    runs.run()
    found = reproductions(runs.folder, load=load)
    assert [(one.registry_id, one.verdict, one.deviations) for one in found] == [
        ("level", "reproduced", ()),
        ("effect", "reproduced", ()),
    ]


def test_deviations_and_metrics_may_not_be_changed_after_the_runs(tmp_path: Path) -> None:
    text = registry(level("80.3", deviations=["another tokenizer"]))
    runs = RunFolder(tmp_path / "runs", text, share).run()
    path = tmp_path / "runs.toml"
    for changed in (
        registry(level("80.3")),
        text.replace('id = "retrieval"\n', 'id = "retrieval"\nmetric = "accuracy"\n', 1),
    ):
        assert changed != text
        path.write_text(changed)
        (found,) = reproductions(runs.folder, load=load)
        assert found.verdict == "reproduced_with_deviations"
        assert LATE in found.deviations


def test_one_result_is_the_same_every_time_and_whatever_stands_beside_it(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(effect("20.3")), share).run()
    first, again = (reproductions(runs.folder, load=load) for _ in range(2))
    assert first == again
    moved = tmp_path / "elsewhere"
    shutil.move(runs.folder, moved)
    assert reproductions(moved, load=load) == first


def test_runs_of_several_versions_of_the_code_are_noted(tmp_path: Path) -> None:
    def versions(job: PlannedJob) -> dict[str, Any]:
        return {"versions": {"source": job.phase, "torch": "2.13.0"}}

    runs = RunFolder(tmp_path / "runs", registry(level("80.3")), share).run(changes=versions)
    (found,) = reproductions(runs.folder, load=load)
    assert found.details["notes"] == ["the runs were made with 3 versions of claimcheck's code"]


def test_runs_whose_record_is_lost_are_noted(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("80.3")), share).run()
    (before,) = reproductions(runs.folder, load=load)
    assert "notes" not in before.details
    for path in runs.folder.glob("jobs.sqlite*"):
        path.unlink()
    with runs.store() as store:
        store.add(runs.plan.jobs)
        for job in runs.plan.jobs:
            run = json.loads((runs.path(job) / "run.json").read_text())
            predictions = run["predictions"] and run["predictions"]["sha256"]
            store.adopt(job.key, file_sha256(runs.path(job) / "run.json"), predictions)
    (found,) = reproductions(runs.folder, load=load)
    assert found.values == before.values
    count = len(runs.plan.jobs)
    assert found.details["notes"] == [
        f"{count} runs were taken over as they lay in the folder: the job store has no record of their making"
    ]


def test_p_values_are_corrected_for_the_number_of_claims(tmp_path: Path) -> None:
    other = claim("tags", f'{{ kind = "level", measure = {measure("tags")} }}', '{ value = "90.3" }', margin=1.5)
    runs = RunFolder(tmp_path / "runs", registry(level("60.3"), other), share).run()
    everything = results(runs.folder, load=load)
    one, two = everything.reproductions
    assert one.verdict == "not_reproduced_higher"
    assert two.verdict == "not_reproduced_lower"
    assert one.details["p_holm"] >= one.details["p_value"]
    assert everything.summary.verdicts["not_reproduced_lower"].count == 1
    assert everything.summary.tested == 2


@pytest.mark.parametrize(
    ("judge", "text"), [("judge_level", level("80.3")), ("judge_effect", effect("20.3")), ("judge_greater", "")]
)
def test_a_verdict_that_no_number_could_change_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: str, text: str
) -> None:
    def always(*args: Any, **options: Any) -> Judgement:
        return Judgement(80.3, 0.1, 3, (80, 81), 0.1, 1.5, "reproduced")

    runs = RunFolder(tmp_path / "runs", registry(text or greater("greater", NLI, TAGS)), share).run()
    monkeypatch.setattr(f"reproduce.verdicts.decide.{judge}", always)
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "not_tested"
    assert found.reason == f"verdict_does_not_flip: {REASONS['verdict_does_not_flip']}"


# --- commands


def command_registry() -> str:
    text = registry(level("80.3")).replace(
        'tasks = ["world-nli"]', '[conditions.command]\nargv = ["program", "--seed", "{seed}", "--out", "{out}"]'
    )
    return text.replace("probe = { layer = 1 }", 'metric = "accuracy"')


def test_a_command_needs_steps_and_data_checksums(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", command_registry(), share).run()
    (found,) = reproductions(runs.folder, load=load)
    assert found.verdict == "reproduced"
    assert {run.optimizer_steps for run in found.runs} == {10}
    assert found.details["notes"] == ["labels are as the user's program gave them"]
    job = runs.plan.jobs[0]
    runs.edit_run(job, reported=["data", "optimizer_steps"])
    runs.record(job)
    told = reproductions(runs.folder, load=load)[0].details["notes"]
    assert "labels, data, optimizer steps are as the user's program gave them" in told
    for field, value, code in (("data", [], "no_data_checksum"), ("optimizer_steps", 0, "zero_steps")):
        runs.edit_run(job, **{field: value})
        runs.record(job)
        assert reproductions(runs.folder, load=load)[0].reason.startswith(code)


def test_a_command_that_shows_the_claimed_number_does_not_count(tmp_path: Path) -> None:
    text = command_registry().replace('"--out", "{out}"', '"--aim=80.3"')
    runs = RunFolder(tmp_path / "runs", text, share).run()
    (found,) = reproductions(runs.folder, load=load)
    assert found.reason.startswith("claimed_number_in_job: ")
    assert "80.3 in job.command.argv.3" in found.reason


# --- the request


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="there is no such folder"):
        reproductions(tmp_path / "nowhere", load=load)
    with pytest.raises(MissingInputError, match=r"no run folder: it has no request\.json"):
        reproductions(tmp_path, load=load)
    (tmp_path / "request.json").write_text('{"schema": "claimcheck/request/v1", "scale": "huge"}')
    with pytest.raises(UnreadableInputError, match=r"request\.json: "):
        reproductions(tmp_path, load=load)


def test_a_registry_that_is_gone(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(LEVEL), share)
    (tmp_path / "runs.toml").unlink()
    with pytest.raises(MissingInputError, match="put the registry file back"):
        reproductions(runs.folder, load=load)


def test_a_request_is_not_written_over_a_run_at_work_or_a_strangers_folder(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(LEVEL), share)
    before = (runs.folder / "request.json").read_bytes()
    with run_lock(runs.folder), pytest.raises(UsageError, match="another run works in this folder"):
        write_request(runs.folder, tmp_path / "runs.toml", "paper", seeds=7)
    assert (runs.folder / "request.json").read_bytes() == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="not of an earlier run"):
        write_request(tmp_path / "other", tmp_path / "runs.toml", "paper")
    assert not (tmp_path / "other" / "request.json").exists()


def test_a_request_holds_no_claimed_number(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(level("83.17")), share)
    assert "83.17" not in (runs.folder / "request.json").read_text()
    assert list(read_request(runs.folder).terms) == ["made-up paper level"]


# --- status


def test_status_of_a_folder_on_its_way(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(EFFECT), share)
    now = status(runs.folder)
    assert now.states == {"waiting": 8}
    assert now.by_phase == {"pretraining": {"waiting": 1}, "intermediate": {"waiting": 3}, "evaluation": {"waiting": 4}}
    assert not now.complete
    assert now.running is None
    runs.run(jobs=2)
    with runs.store() as store:
        store.add(runs.plan.jobs)
        failed, leased = (store.claim_next("test", 60.0) for _ in range(2))
        assert failed is not None
        assert leased is not None
        for key in (failed, leased):
            (runs.folder / "jobs" / key).mkdir()
        log = runs.folder / "jobs" / failed / "log"
        log.write_text("2026-01-01T00:00:00Z phase load\n2026-01-01T00:00:00Z failed: no labels\n")
        store.finish(failed, "test", "bug", exit_code=70, message="exit 70")
        progress = {"phase": "train", "step": 5, "steps": 10, "loss": 1.25, "eta": 30.0}
        (runs.folder / "jobs" / leased / "progress.json").write_text(json.dumps(progress))
        with run_lock(runs.folder):
            now = status(runs.folder)
            assert now.running is not None
            assert now.running["pid"]
        (bad,) = now.failures
        assert (bad.key, bad.message, bad.log_line, bad.attempts) == (failed, "exit 70", "failed: no labels", 1)
        (working,) = [job for job in now.jobs if job.state == "leased"]
        assert working.progress == progress
        assert now.seconds_left is not None
        assert now.seconds_left >= 30
    later = status(runs.folder)  # its engine is gone
    assert [job.key for job in later.jobs if job.state == "interrupted"] == [leased]
    assert json.loads(json.dumps(later.to_json()))["schema"] == "claimcheck/status/v1"


def test_status_of_a_finished_folder(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs", registry(EFFECT), share).run()
    now = status(runs.folder)
    assert now.complete
    assert now.states == {"done": 8}
    assert now.seconds_left == 0
    assert all(job.seconds is not None for job in now.jobs)
