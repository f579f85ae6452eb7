"""Scale lab: directions and no numbers, averages with and without retrieval, targets at chance left out and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from run_folders import LAB, RunFolder, another, load

from claimcheck.foundation.records import Reproduction
from reproduce.planning.given import Caps, EncoderFolder, Given
from reproduce.planning.plan import PlannedJob
from reproduce.specs import Size, TrainJob
from reproduce.verdicts.chance import Level
from reproduce.verdicts.results import reproductions

Share = Callable[[str, str, str, int], float]

FILES = Given(files=True)
TRAINED, RETRIEVAL = ["ner"], ["tatoeba", "bucc"]
EVERY = [*TRAINED, *RETRIEVAL]
SHARES = {"baseline": 0.50, "squad": 0.80, "tags": 0.60}


def share(condition: str, target: str, split: str, seed: int) -> float:
    """Of the answers; what a retrieval after no training finds has no seed."""
    untrained = condition == "baseline" and target in RETRIEVAL
    return SHARES[condition] + (0.0 if untrained else 0.01 * (seed == 3))


def at_chance(condition: str, target: str, split: str, seed: int) -> float:
    """As `share`, but for the classes, which only an intermediate training teaches."""
    if target == "nli":
        return {"baseline": 0.33, "squad": 0.60, "tags": 0.40}[condition] + 0.01 * seed
    return share(condition, target, split, seed)


def measure(condition: str, targets: list[str], control: str = "") -> str:
    with_control = f', control = "{control}"' if control else ""
    return f"{{ conditions = {json.dumps([condition])}, targets = {json.dumps(targets)}{with_control} }}"


def claim(name: str, test: str, value: str = "", margin: float | None = None) -> str:
    quantity = f'quantity = {{ value = "{value}", direction = "increase" }}\n' if value else ""
    within = f"margin = {margin}\n" if margin else ""
    return f'[[claims]]\nid = "{name}"\ntext = "{name}"\nsource = "table"\n{quantity}{within}test = {test}\n'


def effect(name: str, targets: list[str], condition: str = "squad", value: str = "8.2") -> str:
    test = f'{{ kind = "effect", measure = {measure(condition, targets, "baseline")} }}'
    return claim(name, test, value=value, margin=1.0)


def level(name: str, targets: list[str], condition: str = "squad") -> str:
    return claim(name, f'{{ kind = "level", measure = {measure(condition, targets)} }}', value="80.0", margin=1.0)


def order(name: str, kind: str, *measures: str) -> str:
    """A ranking, or the first of the measures above the others: above the second one, where that is all."""
    if kind == "ranking":
        return claim(name, f'{{ kind = "ranking", order = [{", ".join(measures)}] }}')
    first, *others = measures
    rest = f"than = {others[0]}" if kind == "greater" else f"order = [{', '.join(others)}]"
    return claim(name, f'{{ kind = "{kind}", measure = {first}, {rest} }}')


def made(tmp_path: Path, *claims: str, share: Share = share, given: Given = FILES, **how: Any) -> RunFolder:
    text = LAB + "".join(claims)
    return RunFolder(tmp_path / "runs", text, share, scale="lab", given=given, answer=another, **how)


def judged(tmp_path: Path, *claims: str, changes: Any = None, **how: Any) -> dict[str, Reproduction]:
    runs = made(tmp_path, *claims, **how).run(changes=changes)
    return {one.registry_id: one for one in reproductions(runs.folder, load=load)}


# --- kinds of claims


def test_every_kind_of_claim_has_a_direction_and_no_verdict(tmp_path: Path) -> None:
    squad, tags, baseline = (measure(name, EVERY) for name in ("squad", "tags", "baseline"))
    gain, other = (measure(name, RETRIEVAL, "baseline") for name in ("squad", "tags"))
    found = judged(
        tmp_path,
        effect("effect", EVERY),
        effect("loss", EVERY, value="-8.2"),
        level("level", EVERY),
        order("greater", "greater", gain, other),
        order("best", "best", squad, tags, baseline),
        order("ranking", "ranking", squad, tags, baseline),
        order("wrong-ranking", "ranking", baseline, tags, squad),
        claim("no-gain", f'{{ kind = "no_gain", measure = {measure("squad", ["ner"], "baseline")} }}', margin=1.0),
        claim("no-effect", f'{{ kind = "no_effect", measure = {measure("tags", EVERY, "baseline")} }}', margin=20.0),
    )
    assert {(one.verdict, one.reason, one.radius) for one in found.values()} == {("not_tested", "scale", None)}
    assert {name: one.direction for name, one in found.items()} == {
        "effect": "confirmed",
        "loss": "contradicted",
        "level": None,
        "greater": "confirmed",
        "best": "confirmed",
        "ranking": "confirmed",
        "wrong-ranking": "contradicted",
        "no-gain": "contradicted",
        "no-effect": "confirmed",
    }
    for name, one in found.items():
        assert one.interval is not None, name
        assert one.interval[0] <= (one.mean or 0.0) <= one.interval[1], name
        assert "a small encoder" in one.deviations
        assert not {"p_value", "gap", "bayes_factor", "size"} & one.details.keys()
        assert one.details["flips"] is True
    (note,) = found["level"].details["notes"]
    assert note.startswith("a score alone has no direction")
    assert len(found["effect"].values) == 3
    assert found["effect"].mean == pytest.approx(sum(found["effect"].values) / 3)


def test_the_best_of_several_is_picked_on_its_part(tmp_path: Path) -> None:
    text = """\
{ kind = "effect", measure = { conditions = ["squad", "tags"], control = "baseline", targets = ["ner"], \
pick_split = "dev" } }"""
    one = judged(tmp_path, claim("picked", text, value="8.2", margin=1.0))["picked"]
    assert (one.reason, one.direction) == ("scale", "confirmed")
    assert one.details["picked"] == [f"ner, seed {seed}: squad" for seed in (1, 2, 3)]
    assert one.details["effects"]["targets"]["ner"]["effect"] == pytest.approx(one.mean)


def test_a_direction_that_is_not_clear_says_why(tmp_path: Path) -> None:
    def shares(condition: str, target: str, split: str, seed: int) -> float:
        return 0.5 + ((0.1, -0.1, 0.02)[seed - 1] if condition == "squad" else 0.0)

    text = order("greater", "greater", measure("squad", ["ner"]), measure("baseline", ["ner"]))
    one = judged(tmp_path, text, share=shares)["greater"]
    assert one.direction == "unclear"
    assert one.details["notes"] == ["direction unclear: the interval of the excess contains 0"]


def test_too_few_seeds_leave_the_direction_open(tmp_path: Path) -> None:
    one = judged(tmp_path, effect("effect", EVERY), seeds=2)["effect"]
    assert (one.verdict, one.reason, one.direction) == ("not_tested", "scale", "unclear")
    assert one.details["notes"] == [
        "direction unclear: 2 seeds; a verdict needs at least 3",
        "2 of the 3 seeds that the registry plans",
    ]
    assert one.details["effects"]["targets"]["ner"]["interval"] is None


# --- chance


@pytest.mark.parametrize(
    ("score", "error", "chance", "expected"),
    [(36.3, 1.0, 33.3, True), (36.4, 1.0, 33.3, False), (20.0, 1.0, 33.3, True), (0, 0, 0, True), (1, 0, 0, False)],
)
def test_within_three_standard_errors_or_below(score: float, error: float, chance: float, expected: bool) -> None:
    assert Level(score, error, chance).is_chance is expected


def test_a_target_whose_baseline_is_at_chance_is_left_out_of_the_average_and_named(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("all", ["nli", *EVERY]), effect("rest", EVERY), share=at_chance)
    one, rest = found["all"], found["rest"]
    (told,) = [text for text in one.deviations if text.startswith("degenerate at this scale: ")]
    floor = one.details["chance"]["nli"]
    assert told == f"degenerate at this scale: XNLI (35.0 +- {floor['error']:.1f}, chance {floor['chance']:.1f})"
    assert floor["degenerate"] is True
    assert floor["baseline"] == "baseline"
    assert floor["chance"] == pytest.approx(100 / 3, abs=3)
    assert set(floor["by_language"]) == {"de", "en"}
    assert not any(one.details["chance"][name]["degenerate"] for name in EVERY)
    assert one.values == pytest.approx(rest.values)
    assert one.direction == "confirmed"
    assert not any("degenerate" in text for text in rest.deviations)
    targets = one.details["effects"]["targets"]
    assert [name for name, about in targets.items() if about["left_out"]] == ["nli"]
    assert targets["nli"]["effect"] == pytest.approx(27.0)  # told, and in no average
    assert one.details["effects"]["without_retrieval"]["targets"] == ["ner"]


def test_orders_are_judged_on_the_targets_above_chance(tmp_path: Path) -> None:
    swapped = {"squad": "tags", "tags": "squad"}

    def shares(condition: str, target: str, split: str, seed: int) -> float:
        if target == "nli":  # where the baseline is at chance, the order is the other way round, and by far
            return at_chance(swapped.get(condition, condition), target, split, seed)
        return share(condition, target, split, seed)

    both = ["nli", "tatoeba"]
    gain, other = measure("squad", ["tatoeba"], "baseline"), measure("squad", ["nli"], "baseline")
    found = judged(
        tmp_path,
        order("ranking", "ranking", *(measure(name, both) for name in ("squad", "tags", "baseline"))),
        order("greater", "greater", gain, other),
        share=shares,
    )
    assert found["ranking"].direction == "confirmed"
    assert found["ranking"].details["means"] == pytest.approx([80 + 1 / 3, 60 + 1 / 3, 50])
    assert found["greater"].direction == "unclear"  # one side has no target left


def test_a_claim_with_no_target_above_chance_says_nothing(tmp_path: Path) -> None:
    none = f'{{ kind = "no_gain", measure = {measure("squad", ["nli"], "baseline")} }}'
    found = judged(
        tmp_path, effect("effect", ["nli"]), claim("none", none, margin=1.0), level("level", ["nli"]), share=at_chance
    )
    for name, direction in (("effect", "unclear"), ("none", "unclear"), ("level", None)):
        one = found[name]
        assert (one.verdict, one.reason, one.direction) == ("not_tested", "scale", direction)
        assert one.interval is None
        assert one.details["degenerate"].startswith("no target is left")
        assert any(text.startswith("degenerate at this scale: XNLI (35.0") for text in one.deviations)
    assert found["effect"].values == pytest.approx([27.0, 27.0, 27.0])


def test_the_baseline_of_a_claim_without_a_control_is_the_encoder_as_it_is(tmp_path: Path) -> None:
    text = order("greater", "greater", measure("squad", ["nli"]), measure("tags", ["nli"]))
    for name in ("alone", "beside"):
        (tmp_path / name).mkdir()
    one = judged(tmp_path / "alone", text, share=at_chance)["greater"]
    assert "chance" not in one.details  # no run tells
    assert one.direction == "confirmed"
    anchor = level("level", ["nli"], "baseline")
    one = judged(tmp_path / "beside", text, anchor, share=at_chance)["greater"]
    assert one.details["chance"]["nli"]["baseline"] == "baseline"
    assert one.direction == "unclear"


def test_at_scale_paper_a_baseline_at_chance_is_told_and_stays_in_the_average(tmp_path: Path) -> None:
    text = (LAB + effect("all", ["nli", *EVERY])).replace("scales.lab", "scales.paper")
    runs = RunFolder(tmp_path / "runs", text, at_chance, scale="paper", given=FILES, answer=another).run()
    (one,) = reproductions(runs.folder, load=load)
    assert one.verdict != "not_tested"
    assert not any("degenerate" in text for text in one.deviations)
    assert any(note.startswith("the baseline cannot be told from chance: XNLI (35.0") for note in one.details["notes"])
    assert one.details["effects"]["targets"]["nli"]["left_out"] is False
    means = [about["effect"] for about in one.details["effects"]["targets"].values()]
    assert one.mean == pytest.approx(sum(means) / 4)


def test_retrieval_far_below_the_paper_is_above_chance(tmp_path: Path) -> None:
    def shares(condition: str, target: str, split: str, seed: int) -> float:
        return 0.10 + (0.1 if condition != "baseline" else 0.0)

    one = judged(tmp_path, effect("effect", ["tatoeba"]), share=shares)["effect"]
    floor = one.details["chance"]["tatoeba"]
    assert floor["score"] == pytest.approx(10.0)
    assert floor["chance"] < 3.0
    assert floor["degenerate"] is False


# --- averages


def test_an_average_effect_is_taken_apart(tmp_path: Path) -> None:
    one = judged(tmp_path, effect("effect", EVERY))["effect"]
    parts = one.details["effects"]
    assert set(parts["targets"]) == set(EVERY)
    for name, about in parts["targets"].items():
        low, high = about["interval"]
        assert low < about["effect"] < high
        assert about["n"] == 3
        assert about["retrieval"] is (name in RETRIEVAL)
        by_language = parts["by_language"][name]
        assert sum(by_language.values()) / len(by_language) == pytest.approx(about["effect"])
    assert parts["targets"]["tatoeba"]["effect"] == pytest.approx(30 + 1 / 3)
    assert parts["with_retrieval"]["effect"] == pytest.approx(one.mean)
    assert parts["with_retrieval"]["interval"] == pytest.approx(list(one.interval or ()), abs=0.5)
    assert parts["without_retrieval"]["effect"] == pytest.approx(parts["targets"]["ner"]["effect"])
    assert parts["without_retrieval"]["targets"] == ["ner"]
    assert set(parts["sd_over_languages"]) == {"ner", "tatoeba"}  # BUCC has one language here
    assert parts["sd_over_targets"] > 0
    assert json.loads(json.dumps(one.details)) == one.details


def test_a_difference_between_two_conditions_is_taken_apart_too(tmp_path: Path) -> None:
    one = judged(tmp_path, order("greater", "greater", measure("squad", EVERY), measure("tags", EVERY)))["greater"]
    assert one.details["effects"]["targets"]["tatoeba"]["effect"] == pytest.approx(20.0)
    assert one.details["effects"]["with_retrieval"]["effect"] == pytest.approx(one.mean)


def test_of_retrieval_alone_there_is_no_average_without_it(tmp_path: Path) -> None:
    found = judged(tmp_path, effect("retrieval", RETRIEVAL), effect("trained", TRAINED))
    assert found["retrieval"].details["effects"]["without_retrieval"] is None
    assert found["trained"].details["effects"]["with_retrieval"] is None


# --- what the plan was made with


def test_a_threshold_fitted_on_the_gold_is_noted(tmp_path: Path) -> None:
    probe = 'languages = ["zh"]\nprobe = { layer = 1'
    assert probe in LAB
    text = LAB.replace(probe, f'{probe}, threshold = "gold"') + effect("effect", RETRIEVAL) + effect("other", ["ner"])
    runs = RunFolder(tmp_path / "runs", text, share, scale="lab", given=FILES, answer=another).run()
    one, other = reproductions(runs.folder, load=load)
    note = "the threshold of mining was fitted on the very pairs that it is scored on, as XTREME does"
    assert note in one.details["notes"]
    assert note not in other.details.get("notes", ())


def test_caps_of_a_budget_are_deviations_of_each_claim_that_they_touch(tmp_path: Path) -> None:
    given = Given(files=True, caps=Caps(seconds=60, target=4, items=50))

    def shorter(job: PlannedJob) -> Mapping[str, Any]:
        return {"optimizer_steps": 4} if job.phase == "target" else {}

    found = judged(tmp_path, effect("trained", TRAINED), effect("tatoeba", ["tatoeba"]), given=given, changes=shorter)
    assert any("target training on panx capped at 4 steps" in text for text in found["trained"].deviations)
    assert any("50 items of a language" in text for text in found["trained"].deviations)
    assert not any("panx" in text for text in found["tatoeba"].deviations)
    assert found["trained"].details["effects"]["targets"]["ner"]["n"] == 3


SHA = hashlib.sha256(b"an encoder").hexdigest()
ENCODER = EncoderFolder(
    sha256=SHA, size=Size(layers=2, hidden=16, heads=2, feed_forward=32, positions=64), vocabulary=8000
)


def with_encoder(tmp_path: Path, card: Any = None) -> RunFolder:
    """Runs from an encoder of the user's, whose folder has that card."""
    folder = tmp_path / "encoder"
    folder.mkdir()
    if card is not None:
        (folder / "encoder.json").write_text(json.dumps(card))
    given = Given(files=True, encoder=ENCODER)
    runs = made(tmp_path, effect("effect", ["ner", "tatoeba"]), given=given, options={"encoder": str(folder)})
    return runs.run()


def test_the_users_encoder_is_named_with_its_card(tmp_path: Path) -> None:
    job = {"kind": "pretrain", "vocabulary": 8000, "languages": ["de", "en"], "seed": 0}
    card = {"model_sha256": SHA, "job": job, "optimizer_steps": 500, "tokens": 9000, "text": {"de": {}}}
    (one,) = reproductions(with_encoder(tmp_path, card).folder, load=load)
    assert one.direction == "confirmed"
    assert one.details["encoder"] == {
        "sha256": SHA,
        "card": {"vocabulary": 8000, "languages": ["de", "en"], "optimizer_steps": 500, "tokens": 9000},
    }
    assert any(SHA[:12] in text for text in one.deviations)
    assert any(not run.optimizer_steps for run in one.runs)  # an untrained evaluation with a probe counts


@pytest.mark.parametrize("card", [None, {"model_sha256": "0" * 64, "optimizer_steps": 5}, ["no", "card"]])
def test_the_card_of_another_encoder_is_not_shown(tmp_path: Path, card: Any) -> None:
    (one,) = reproductions(with_encoder(tmp_path, card).folder, load=load)
    assert one.details["encoder"] == {"sha256": SHA}


def test_an_encoder_that_failed_to_train_is_noted(tmp_path: Path) -> None:
    card = {"model_sha256": SHA, "job": "none", "degenerate": "the loss is nan at step 4"}
    (one,) = reproductions(with_encoder(tmp_path, card).folder, load=load)
    assert "the encoder failed to train: the loss is nan at step 4" in one.details["notes"]


@pytest.mark.parametrize("kind", ["target", "evaluation"])
def test_a_run_from_another_encoder_does_not_count(tmp_path: Path, kind: str) -> None:
    runs = with_encoder(tmp_path)
    job = runs.job(kind, condition="baseline")
    field = "encoder" if isinstance(job.job, TrainJob) else "model"
    other = job.job.model_dump(mode="json") | {field: {"kind": "local", "sha256": "f" * 64}}
    runs.edit_run(job, job=other)
    runs.record(job)
    (one,) = reproductions(runs.folder, load=load)
    assert one.reason.startswith("key_mismatch: ")
