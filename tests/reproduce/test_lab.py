"""Scale lab: what stands in place of the paper's tasks and parts, what is told of it, and what a plan needs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce.engine.request import read_request, runnable, write_request
from reproduce.planning.given import NOTHING, EncoderFolder, Given, given, read_encoder
from reproduce.planning.needs import lacking
from reproduce.planning.plan import Plan, make_plan
from reproduce.registry import load_registry
from reproduce.registry.load import choose_claims
from reproduce.registry.schema import Claim, Registry
from reproduce.specs import EvaluateJob, FilesData, HubData, LocalEncoder, PretrainJob, Size, TrainJob
from reproduce.tasks import task

XSTILTS = load_registry("2005.13013")
FILES = Given(files=True)
TINY = Size(layers=6, hidden=64, heads=4, feed_forward=128, positions=256)


def lab(*claims: str, given: Given = FILES, **more: Any) -> Plan:
    return make_plan(XSTILTS, "lab", claims=claims or None, given=given, **more)


def the(plan: Plan, claim: str) -> Claim:
    return next(one for one in plan.claims if one.id == claim)


def told(plan: Plan, claim: str) -> tuple[str, ...]:
    return plan.registry.deviations(the(plan, claim), "lab")


# ---------------------------------------------------------------- the shipped registry


def test_what_is_not_at_hand_has_its_place_taken_and_that_is_told() -> None:
    plan = lab("squad", "mnli")
    assert plan.asked is plan.registry
    trained = {part.task for job in plan.jobs if isinstance(job.job, TrainJob) for part in job.job.parts}
    assert trained == {"nli-small", "udpos", "panx", "squad-v1", "tydiqa"}
    lines = told(plan, "squad")
    average = [line for line in lines if line.startswith("average over")]
    assert average == [
        "average over 8 of 9 tasks: XNLI, POS, NER, XQuAD, MLQA, TyDiQA, BUCC, Tatoeba; "
        "without PAWS-X (no English training set at this scale)"
    ]
    for part in (
        "a small encoder in place of XLM-R Large",
        "an encoder pretrained here: 4 layers of 256, 16,000 pieces",
        "XNLI: trained on nli-small in place of mnli: no training set of MNLI at this scale",
        "NER: 39 of 40 languages, without th: ",
        "BUCC: 1 of 4 languages, zh: ",
        "layer 2 of 4 in place of layer 14 of 24",
    ):
        assert [line for line in lines if line.startswith(part)], part
    recipe = next(line for line in lines if line.startswith("target training on udpos"))
    assert "learning rate 0.0005 in place of 1e-05" in recipe
    assert "weights kept the last in place of the best on dev" in recipe
    # and nothing of trainings that the claim does not rest on
    assert not [line for line in lines if "intermediate training of mnli" in line]


def test_conditions_without_their_data_are_not_tested_and_the_reason_is_given() -> None:
    plan = lab()
    for name in ("anli-plus", "qqp", "squad-v2", "ccg", "cosmosqa", "mnli-translated"):
        condition = next(c for c in plan.registry.conditions if c.id == name)
        assert condition.unsupported.endswith("at this scale"), name
    assert plan.not_planned["english-over-translated"].startswith("condition 'mnli-translated'")
    assert plan.not_planned["xlmr-baseline-paws-x"].startswith("not at this scale: PAWS-X (no English training set")
    assert plan.not_planned["bucc-de"] == "not at this scale: BUCC (no de)"
    assert "bucc-zh" not in plan.not_planned


def test_the_best_is_compared_with_what_is_there_and_the_others_are_named() -> None:
    plan = lab()
    assert "multi-task-best" not in plan.not_planned
    claim = next(c for c in plan.registry.claims if c.id == "multi-task-best")
    compared = {name for measure in claim.test.order for name in measure.conditions}
    assert "commonsenseqa" in compared
    assert not compared & {"anli-plus", "qqp", "ccg", "cosmosqa"}
    [deviation] = [line for line in claim.deviations if line.startswith("compared with ")]
    assert "anli-plus (no training set of ANLI" in deviation
    trained = {part.task for planned in plan.jobs if isinstance(planned.job, TrainJob) for part in planned.job.parts}
    assert "commonsenseqa" in trained


def test_multi_task_is_what_is_left_of_it() -> None:
    plan = lab("multi-task")
    job = next(job.job for job in plan.jobs if job.phase == "intermediate")
    assert isinstance(job, TrainJob)
    assert [part.task for part in job.parts] == ["nli-small", "squad-v1", "hellaswag-small", "commonsenseqa"]
    [line] = [line for line in told(plan, "multi-task") if line.startswith("multi-task: 4 of 9 tasks")]
    assert "cosmosqa (no training set of Cosmos QA at this scale)" in line


def test_every_job_reads_files_in_languages_that_their_task_has() -> None:
    for planned in lab().jobs:
        job = planned.job
        if isinstance(job, EvaluateJob):
            assert job.data == FilesData()
            assert set(job.languages) <= set(task(job.task).languages_of(job.split))
            if job.probe is not None:
                assert job.probe.layer in (2, 3)  # of 10, 14 and 20 of 24
            if job.task == "bucc":
                assert job.languages == ("zh",)
            if job.task in ("udpos", "panx", "mlqa"):
                assert job.split == "dev"  # labels of their test parts are withheld or not complete
        if isinstance(job, TrainJob):
            assert {part.data for part in job.parts} == {FilesData()}
            assert job.selection.rule == "last"
        if isinstance(job, PretrainJob):
            assert (job.data, job.vocabulary, len(job.languages)) == (FilesData(), 16_000, 40)


def test_masked_language_modelling_beside_the_task_is_planned_and_costs_more() -> None:
    plan = lab("english-over-mlm")
    jobs = {job.label: job for job in plan.jobs if job.phase == "intermediate"}
    plain, masked = jobs["intermediate mnli, seed 1"], jobs["intermediate mnli-mlm, seed 1"]
    assert isinstance(masked.job, TrainJob)
    assert masked.job.masked is not None
    assert masked.job.masked.share == 0.5
    assert masked.job.masked.data == FilesData()
    assert plain.cost.steps
    assert masked.cost.steps == pytest.approx(2 * plain.cost.steps, abs=2)
    assert (masked.cost.flops or 0) > 1.5 * (plain.cost.flops or 0)
    assert any("half of the batches" in line for line in told(plan, "english-over-mlm"))


def test_on_the_hub_what_needs_files_of_one_s_own_says_so() -> None:
    claims = ["english-over-mlm", "english-over-translated", "mnli"]
    hub = make_plan(XSTILTS, "paper", claims=claims)
    assert "needs --data: a folder with plain text" in hub.not_planned["english-over-mlm"]
    assert "needs --data: a folder with training data translated into de" in hub.not_planned["english-over-translated"]
    assert "mnli" not in hub.not_planned
    files = make_plan(XSTILTS, "paper", claims=claims, given=FILES)
    assert not files.not_planned
    translated = next(job.job for job in files.jobs if job.label == "intermediate mnli-translated, seed 1")
    assert isinstance(translated, TrainJob)
    assert [(part.task, part.language) for part in translated.parts] == [("mnli", "de")]


def test_a_sweep_over_layers_is_asked_for() -> None:
    def sweeps(scale: str, **how: Any) -> set[bool]:
        plan = make_plan(XSTILTS, scale, claims=["tatoeba-af"], given=Given(files=True, **how))
        return {job.job.probe.sweep for job in plan.jobs if isinstance(job.job, EvaluateJob) and job.job.probe}

    for scale in ("lab", "paper"):
        assert sweeps(scale) == {False}
        assert sweeps(scale, sweep=True) == {True}


def test_data_from_files_take_the_place_of_the_hub_s_in_every_job() -> None:
    for folders, kind in ((NOTHING, HubData()), (FILES, FilesData())):
        for planned in make_plan(XSTILTS, "paper", claims=["mnli"], given=folders).jobs:
            job = planned.job
            found = {job.data} if isinstance(job, EvaluateJob) else {part.data for part in job.parts}  # type: ignore[union-attr]
            assert found == {kind}


def test_where_the_hub_s_data_are_not_the_official_ones_that_is_told_and_with_files_it_is_not() -> None:
    claims = ["xlmr-baseline-paws-x", "xlmr-baseline-xnli"]
    line = "PAWS-X from the hub: 49,175 English training pairs in place of 49,401"
    hub, files = (make_plan(XSTILTS, "paper", claims=claims, given=folders) for folders in (NOTHING, FILES))
    found = {claim.id: line in hub.called(claim) for claim in hub.claims}
    assert found == {"xlmr-baseline-paws-x": True, "xlmr-baseline-xnli": False}
    assert not any(line in files.called(claim) for claim in files.claims)


def test_the_registry_of_a_scale_is_the_same_twice_and_others_are_left_alone() -> None:
    once = XSTILTS.at("lab")
    assert once.at("lab") is once
    assert XSTILTS.at("paper") is XSTILTS
    assert load_registry("smoke").at("smoke").claims == load_registry("smoke").claims
    with pytest.raises(KeyError):
        XSTILTS.at("huge")


# ---------------------------------------------------------------- a registry of our own

OWN = """
schema = "claimcheck/registry/v1"
sources = [{ id = "table", kind = "paper", where = "Table 1" }]

[paper]
id = "own"
title = "A paper"

[[conditions]]
id = "baseline"

[[conditions]]
id = "nli"
tasks = ["mnli"]

[[targets]]
id = "pos"
task = "udpos"
train = "udpos"
split = "test"

[[targets]]
id = "ner"
name = "NER"
task = "panx"
train = "panx"
split = "dev"

[scales.paper]
encoder = { kind = "hub", name = "FacebookAI/xlm-roberta-large" }
intermediate = { default = { optimisation = { learning_rate = 1e-5, batch_size = 32, epochs = 3 } } }
target = { default = { optimisation = { learning_rate = 1e-5, batch_size = 32, epochs = 3 } } }

[scales.lab]
data = { kind = "files" }
encoder = { kind = "hub", name = "FacebookAI/xlm-roberta-base" }
intermediate = { default = { optimisation = { learning_rate = 1e-5, batch_size = 32, epochs = 3 } } }
target = { default = { optimisation = { learning_rate = 1e-5, batch_size = 32, epochs = 3 } } }

[[claims]]
id = "both"
text = "NLI helps both."
source = "table"
[claims.test]
kind = "greater"
measure = { conditions = ["nli"], targets = ["pos", "ner"] }
than = { conditions = ["baseline"], targets = ["pos", "ner"] }
"""


def own(**changes: Any) -> Registry:
    content = tomllib.loads(OWN)
    content["scales"]["lab"] |= changes
    return Registry.model_validate(content)


def test_a_part_and_languages_may_be_others_at_a_scale() -> None:
    targets = {"pos": {"split": "dev", "languages": ["en", "de"], "why": "labels are withheld"}}
    registry = own(targets=targets).at("lab")
    target = next(target for target in registry.targets if target.id == "pos")
    assert (target.split, target.languages) == ("dev", ("de", "en"))
    lines = registry.deviations(registry.claims[0], "lab")
    assert "pos: scored on the dev part in place of test: labels are withheld" in lines
    assert "pos: 2 of 29 languages, de, en: labels are withheld" in lines


def test_an_average_is_over_what_is_left_and_a_claim_without_any_target_is_not_planned() -> None:
    some = make_plan(own(targets={"ner": {"without": "no files"}}), "lab", given=FILES)
    assert {cell.target for cell in some.cells} == {"pos"}
    assert "average over 1 of 2 tasks: pos; without NER (no files)" in some.registry.deviations(some.claims[0], "lab")
    none = make_plan(own(tasks={"panx": {"without": "no files"}, "udpos": {"without": "gone"}}), "lab", given=FILES)
    assert none.jobs == ()
    assert none.not_planned == {"both": "not at this scale: pos (gone), NER (no files)"}


def test_a_recipe_that_is_as_at_scale_paper_is_no_deviation() -> None:
    registry = own(tasks={"mnli": {"use": "nli-small", "why": "small"}}).at("lab")
    assert registry.deviations(registry.claims[0], "lab") == ("nli-small in place of mnli: small",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": {"pso": {"without": "x"}}}, "scales.lab.targets: there is no 'pso'; did you mean 'pos'?"),
        ({"conditions": {"nil": {"without": "x"}}}, "there is no 'nil'; did you mean 'nli'?"),
        ({"tasks": {"mnli": {"use": "nli-small"}}}, "say 'why' it changes"),
        ({"tasks": {"mnli": {}}}, "give either 'without', a reason, or what changes and 'why'"),
        ({"tasks": {"mnli": {"use": "nli-small", "without": "x"}}}, "give either 'without', a reason"),
    ],
)
def test_a_change_that_says_nothing_or_too_much_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        own(**change)
    assert message in str(error.value)


# ---------------------------------------------------------------- encoders and folders of the user's


def encoder(folder: Path, **changes: Any) -> Path:
    """A model folder without a model: only config.json is read, and the bytes of the others."""
    folder.mkdir(exist_ok=True)
    config = {
        "model_type": "xlm-roberta",
        "vocab_size": 500,
        "hidden_size": 64,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "max_position_embeddings": 258,
        "pad_token_id": 1,
        "layer_norm_eps": 1e-5,
    } | changes
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_an_encoder_of_one_s_own_stands_in_place_of_the_scale_s(tmp_path: Path) -> None:
    found = given(tmp_path, encoder(tmp_path / "mine"))
    assert found.files
    assert found.encoder
    assert (found.encoder.size, found.encoder.vocabulary) == (TINY, 500)
    plan = lab("retrieval-gains-squad", given=found)
    assert not [job for job in plan.jobs if job.phase == "pretraining"]
    first = next(job.job for job in plan.jobs if job.phase == "evaluation")
    assert isinstance(first, EvaluateJob)
    assert first.model == LocalEncoder(sha256=found.encoder.sha256)
    # 14 of 24 layers are 3.5 of 6, and halves go up
    assert first.probe
    assert first.probe.layer == 4
    assert any("layer 4 of 6 in place of layer 14 of 24" in line for line in told(plan, "retrieval-gains-squad"))
    assert any(found.encoder.sha256[:12] in line for line in told(plan, "retrieval-gains-squad"))
    assert {need.kind for need in plan.needs} == {"files", "local encoder"}
    assert plan.total.unknown == 0


def test_its_content_and_not_its_place_decides_the_jobs(tmp_path: Path) -> None:
    first, second = (given(None, encoder(tmp_path / name)) for name in ("a", "b"))
    assert first == second
    (tmp_path / "b" / "model.safetensors").write_bytes(b"other weights")
    assert given(None, tmp_path / "b") != first


def test_at_scale_paper_another_encoder_is_refused_and_at_smoke_any() -> None:
    tiny = Given(encoder=EncoderFolder(sha256="0" * 64, size=TINY, vocabulary=500))
    with pytest.raises(UsageError, match=r"6 layers of 64, 500 pieces; scale 'paper' is about FacebookAI/xlm-"):
        make_plan(XSTILTS, "paper", given=tiny)
    with pytest.raises(UsageError, match="no other encoder knows"):
        make_plan(XSTILTS, "smoke", given=tiny)
    with pytest.raises(UsageError, match="--data has no use there"):
        make_plan(XSTILTS, "smoke", given=FILES)
    large = Size(layers=24, hidden=1024, heads=16, feed_forward=4096, positions=512)
    same = Given(encoder=EncoderFolder(sha256="0" * 64, size=large, vocabulary=250_002))
    plan = make_plan(XSTILTS, "paper", claims=["tatoeba-af"], given=same)
    assert any("the encoder of a folder: 24 layers" in line for line in plan.called(plan.claims[0]))


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda p: (p / "tokenizer.json").unlink(), MissingInputError, "it has no tokenizer.json"),
        (lambda p: (p / "model.safetensors").unlink(), MissingInputError, "it has no model.safetensors"),
        (lambda p: (p / "config.json").write_text("{"), UnreadableInputError, "config.json: is no JSON"),
        (lambda p: (p / "config.json").write_text("[]"), UnreadableInputError, "no table of settings"),
        (lambda p: encoder(p, model_type="t5"), InputError, "a checkpoint of another model: of the kind 't5'"),
        (lambda p: encoder(p, hidden_size=66), InputError, "hidden 66 is not a multiple of heads 4"),
        (lambda p: encoder(p, max_position_embeddings=6), UnreadableInputError, "sizes that no encoder has"),
    ],
)
def test_a_folder_that_is_no_encoder_is_refused(
    spoil: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    folder = encoder(tmp_path / "mine")
    spoil(folder)
    with pytest.raises(error) as caught:
        read_encoder(folder)
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for call in (lambda p: given(p, None), lambda p: given(None, p)):
        with pytest.raises(MissingInputError, match="there is no such folder"):
            call(tmp_path / "nowhere")
        with pytest.raises(MissingInputError, match="is a file, not a"):
            call(tmp_path / "file")


# ---------------------------------------------------------------- what a plan needs


def test_needs_name_places_on_the_hub_and_what_it_lacks() -> None:
    found = {(need.name, need.split): need for need in make_plan(XSTILTS, "paper", claims=["multi-task"]).needs}
    assert found["FacebookAI/xlm-roberta-large", ""].kind == "hub encoder"
    assert found["udpos", "train"].where == "google/xtreme (udpos.English)"
    assert found["tatoeba", "dev"].where == "google/xtreme (tatoeba.ara, tatoeba.heb, tatoeba.vie and 33 more)"
    assert {name for (name, _), need in found.items() if need.missing} == {"bucc", "ccg"}
    assert found["ccg", "train"].missing == "needs --data: CCGbank, LDC2005T13, is licensed"


def test_files_that_a_folder_lacks_are_found_before_anything_runs(tmp_path: Path) -> None:
    plan = lab("xnli-gains-not-squad")

    def missing() -> set[tuple[str, str, str]]:
        return {(need.name, need.split, code) for need, code, _ in lacking(plan.needs, tmp_path)}

    names = missing()
    assert ("text", "train", "yo") in names
    assert ("squad-v1", "train", "en") in names
    assert ("xnli", "dev", "sw") in names
    (tmp_path / "xnli").mkdir()
    (tmp_path / "xnli" / "dev-sw.tsv").write_text("a\tb\tneutral\n")
    assert ("xnli", "dev", "sw") not in {
        (need.name, need.split, code) for need, code, _ in lacking(plan.needs, tmp_path)
    }


def test_a_run_without_the_files_that_it_reads_is_refused() -> None:
    assert lab("squad", given=NOTHING).lacks_files  # it can be planned, to see what it would need
    with pytest.raises(UsageError, match="reads its data from files, and no folder was given; give it with --data"):
        runnable("2005.13013", "lab", claims=["squad"])
    assert runnable("2005.13013", "lab", claims=["squad"], given=FILES).jobs
    assert runnable("2005.13013", "paper", claims=["squad"]).jobs  # from the hub


def test_a_request_gives_the_same_plan_again_without_the_folders(tmp_path: Path) -> None:
    from reproduce.engine.request import planned

    found = given(tmp_path, encoder(tmp_path / "mine"))
    asked: dict[str, Any] = {"claims": ["retrieval-gains-squad"], "given": found}
    options = {"data": str(tmp_path), "encoder": str(tmp_path / "mine"), "hardware": "cpu-core"}
    _, plan = write_request(tmp_path / "runs", "2005.13013", "lab", options=options, **asked)
    (tmp_path / "mine" / "config.json").unlink()
    request = read_request(tmp_path / "runs")
    again = planned(request)
    assert [job.key for job in again.jobs] == [job.key for job in plan.jobs]
    assert again.hardware == "cpu-core"
    assert request.options["data"] == str(tmp_path)
    assert [c.id for c in choose_claims(again.registry, ["retrieval-gains-squad"])] == ["retrieval-gains-squad"]
