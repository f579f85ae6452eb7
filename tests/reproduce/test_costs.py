"""FLOPs, seconds, disk and the fit of a machine's rates, held against published arithmetic and made-up runs."""

from __future__ import annotations

import random
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import UsageError
from reproduce.planning.costs import Measured, Rates, default_hardware, estimate, fit, hub_shape, measurements, rates
from reproduce.planning.workload import Shape, Work, shape_of, workload
from reproduce.specs import (
    Command,
    CommandJob,
    EvaluateJob,
    FilesData,
    HubData,
    HubEncoder,
    LocalEncoder,
    MaskedText,
    Mixture,
    Optimisation,
    Part,
    PretrainJob,
    Probe,
    Selection,
    Size,
    TrainedEncoder,
    TrainJob,
    WorldData,
    job_key,
)
from reproduce.tasks import task

LARGE = HubEncoder(name="FacebookAI/xlm-roberta-large")
HUB, WORLD = HubData(), WorldData()
SMALL = Size(layers=4, hidden=64, heads=4, feed_forward=256, positions=128)


def large() -> Shape:
    shape = hub_shape(LARGE)
    assert shape is not None
    return shape


def training(*names: str, epochs: float = 1, batch: int = 32, longest: int = 384, **more: Any) -> TrainJob:
    return TrainJob(
        encoder=LARGE,
        parts=tuple(Part(task=name, data=WORLD if name.startswith("world") else HUB) for name in names),
        optimisation=Optimisation(learning_rate=1e-5, batch_size=batch, epochs=epochs),
        selection=more.pop("selection", Selection(rule="last")),
        max_length=longest,
        seed=1,
        **more,
    )


def work(job: Any, shape: Shape | None = None) -> Work:
    done = workload(job, shape or large())
    assert isinstance(done, Work), done
    return done


def test_parameters_of_xlm_r_large() -> None:
    assert large().layer_parameters == pytest.approx(302.3e6, rel=1e-3)
    assert large().parameters == pytest.approx(559.9e6, rel=2e-3)
    assert hub_shape(HubEncoder(name="xlm-roberta-large")) == large()
    assert hub_shape(HubEncoder(name="someone/else")) is None


@pytest.mark.parametrize(
    ("name", "epochs", "batch", "pflop"),
    [  # an independent table of the same trainings, unpadded, with the same assumed lengths
        ("anli-plus", 2, 24, 170),
        ("mnli", 2, 24, 65),
        ("qqp", 3, 24, 70),
        ("squad-v2", 3, 8, 163),
        ("squad-v1", 3, 8, 110),
        ("hellaswag", 7, 24, 227),
        ("ccg", 15, 24, 35),
        ("cosmosqa", 15, 4, 351),
        ("commonsenseqa", 10, 4, 21),
        ("paws-x", 5, 32, 27),
        ("udpos", 10, 32, 10),
        ("panx", 10, 32, 5),
        ("squad-v1", 2, 16, 73),
        ("tydiqa", 2, 16, 3),
    ],
)
def test_training_flops_of_real_tokens(name: str, epochs: float, batch: int, pflop: float) -> None:
    done = work(training(name, epochs=epochs, batch=batch))
    assert done.train_flops / 1e15 == pytest.approx(pflop, rel=0.01, abs=0.55)  # printed as whole numbers
    assert done.forward_flops == 0
    assert done.items == 0


def test_all_nine_tasks_together() -> None:
    names = "anli-plus mnli qqp squad-v2 squad-v1 hellaswag ccg cosmosqa commonsenseqa".split()
    together = work(training(*names, epochs=3, batch=16))
    assert together.train_flops / 1e15 == pytest.approx(875, rel=0.01)
    assert together.steps == pytest.approx(411_060, rel=0.01)
    # proportional sampling sees what the tasks see alone
    alone = sum(work(training(name, epochs=3, batch=16)).train_flops for name in names)
    assert together.train_flops == pytest.approx(alone, rel=1e-3)


def test_sampling_decides_which_lengths_are_seen() -> None:
    def tokens(mixture: Mixture) -> float:
        return work(training("mnli", "squad-v1", mixture=mixture)).tokens

    proportional = tokens(Mixture())
    assert tokens(Mixture(sampling="sequential")) == pytest.approx(proportional)
    # SQuAD is the smaller and the longer: the more evenly the tasks are drawn, the more tokens a step
    assert tokens(Mixture(sampling="temperature", temperature=2)) > proportional
    assert tokens(Mixture(sampling="uniform")) > tokens(Mixture(sampling="temperature", temperature=2))


@pytest.mark.parametrize(
    ("tokens", "length", "mfu"),
    [(1_300, 40, 0.23), (4_096, 256, 0.41), (8_192, 256, 0.50), (16_384, 256, 0.56), (32_768, 256, 0.60)],
)
def test_share_of_the_peak_by_tokens_per_step(tokens: int, length: int, mfu: float) -> None:
    # the published model: GEMMs at 80 % of 790 TFLOP/s, 6.6 ms of optimizer a step, no launch overhead
    model = replace(rates("h200"), train_rate=0.8 * 790e12, step=0.0066, update=0.0, launch=0.0)
    share = model.mfu(tokens, large(), length)
    assert share == pytest.approx(mfu, abs=0.012)


def test_small_batches_are_bound_by_launches_and_the_optimizer() -> None:
    # 32,725 steps in 16 minutes where the compute alone would take 3
    seconds = estimate(training("mnli", epochs=2, batch=24), large(), rates("h200")).seconds
    assert seconds is not None
    assert 14 < seconds / 60 < 18


def test_windows_are_examples_and_choices_are_not() -> None:
    assert work(training("squad-v1", batch=32)).steps == -(-round(87_599 * 1.0331) // 32)
    assert work(training("hellaswag", batch=32)).steps == -(-39_905 // 32)
    assert work(training("hellaswag", batch=32)).tokens == pytest.approx(4 * 39_905 * 110, rel=1e-3)


def test_looks_at_dev_cost_forward_passes() -> None:
    plain = work(training("mnli", epochs=2))
    each_epoch = work(training("mnli", epochs=2, selection=Selection(rule="best")))
    often = work(training("mnli", epochs=2, selection=Selection(rule="best", every=1000, items=500)))
    assert plain.forward_flops == 0
    assert each_epoch.items == 2 * 9_815
    assert often.items == 500 * 25  # 24,544 steps: 24 looks and one at the end
    assert often.forward_flops == pytest.approx(large().forward_flops(500 * 25 * 45, 45))
    assert plain.train_flops == each_epoch.train_flops == often.train_flops


def test_an_unknown_size_of_dev_is_the_limit_or_unknown() -> None:
    limited = work(training("ccg", selection=Selection(rule="best", every=1000, items=500)))
    assert "ccg: dev" in limited.assumed
    reasons = workload(training("ccg", selection=Selection(rule="best")), large())
    assert reasons == ("ccg: the number of dev examples is not known",)


def evaluation(name: str, split: str = "test", **more: Any) -> EvaluateJob:
    info = task(name)
    return EvaluateJob(
        model=LARGE,
        task=name,
        data=WORLD if info.data == "world" else HUB,
        split=split,  # type: ignore[arg-type]
        languages=more.pop("languages", info.languages_of(split)),  # type: ignore[arg-type]
        **more,
    )


def test_evaluation_is_a_forward_pass_over_all_languages() -> None:
    done = work(evaluation("xnli"))
    assert done.items == 15 * 5_010
    assert done.forward_flops == pytest.approx(large().forward_flops(15 * 5_010 * 45, 45))
    assert done.steps == 0
    assert work(evaluation("xnli", languages=("de",))).items == 5_010
    assert work(evaluation("xnli", items=100)).items == 1_500


def test_retrieval_embeds_both_sides_or_the_pools() -> None:
    probe = Probe(layer=14)
    tatoeba = work(evaluation("tatoeba", "dev", probe=probe, max_length=512))
    assert tatoeba.tokens == pytest.approx(2 * tatoeba.items * 12)
    bucc = work(evaluation("bucc", probe=probe, max_length=512))
    assert bucc.tokens == pytest.approx(2_660_000 * 35)
    assert "bucc: sentences" in bucc.assumed
    german = work(evaluation("bucc", probe=probe, max_length=512, languages=("de",)))
    assert german.tokens == pytest.approx(2_660_000 * 35 * 9_580 / 35_000)


def test_pretraining_adds_the_head_over_the_vocabulary() -> None:
    job = PretrainJob(
        data=WORLD,
        languages=("en", "xa"),
        size=SMALL,
        optimisation=Optimisation(learning_rate=1e-3, batch_size=32, max_steps=100),
        seed=0,
    )
    shape = shape_of(job)
    assert shape is not None
    done = work(job, shape)
    assert done.steps == 100
    masked = done.tokens * 0.15
    head = 6 * masked * 64 * (shape.vocabulary + 64)
    body = shape.train_flops(done.tokens, done.tokens / 100 / 32)
    assert done.train_flops == pytest.approx(head + body)


def test_what_is_not_known_is_said_and_not_invented() -> None:
    machine = rates("h200")
    command = CommandJob(command=Command(argv=("true",)), task="mine", metric="accuracy")
    for job, shape, reason in (
        (command, None, "what a command does is not known"),
        (training("mnli"), None, "the shape of the encoder is not known"),
        (training("xcopa"), large(), "xcopa: the number of training examples is not known"),
        (
            PretrainJob(
                data=HUB,
                languages=("en",),
                size=SMALL,
                optimisation=Optimisation(learning_rate=1, batch_size=1, epochs=1),
                seed=0,
            ),
            large(),
            "how much plain text the hub data have is not known",
        ),
    ):
        cost = estimate(job, shape, machine)
        assert cost.unknown == (reason,)
        assert cost.seconds is cost.flops is cost.disk_bytes is None
    with pytest.raises(UsageError, match="there is no task 'nothing'"):
        estimate(evaluation("xnli").model_copy(update={"task": "nothing"}), large(), machine)


def test_disk_of_a_training() -> None:
    kept = estimate(training("mnli"), large(), rates("h200"))
    assert kept.disk_bytes == 4 * large().parameters
    assert kept.running_bytes == 36 * large().parameters  # two checkpoints and a third on its way
    best = estimate(training("mnli", selection=Selection(rule="best", items=1)), large(), rates("h200"))
    assert best.running_bytes == 44 * large().parameters


@given(
    epochs=st.integers(1, 20),
    batch=st.sampled_from([8, 32, 128]),
    longest=st.sampled_from([16, 64, 256]),
    examples=st.integers(1, 200_000),
)
def test_more_work_never_costs_less(epochs: int, batch: int, longest: int, examples: int) -> None:
    machine = rates("h200")

    def seconds(**changed: int) -> tuple[float, float]:
        given = {"epochs": epochs, "batch": batch, "longest": longest, "examples": examples} | changed
        job = training("mnli", epochs=given["epochs"], batch=given["batch"], longest=given["longest"])
        part = Part(task="mnli", data=HUB, examples=given["examples"])
        cost = estimate(job.model_copy(update={"parts": (part,)}), large(), machine)
        assert cost.seconds is not None
        assert cost.flops is not None
        return cost.seconds, cost.flops

    base = seconds()
    assert base[0] > machine.startup
    for more in (
        seconds(epochs=epochs + 1),
        seconds(examples=examples + 5_000),
        seconds(longest=longest * 2),
    ):
        assert more[0] >= base[0]
        assert more[1] >= base[1]
    # a larger batch takes fewer steps for about the same tokens: never longer, up to the rounding of one batch an epoch
    assert seconds(batch=batch * 2)[0] <= base[0] * 1.001 + epochs * (
        machine.update * large().parameters + 24 * machine.launch
    )


def test_hardware_by_name_and_by_scale() -> None:
    assert default_hardware("smoke") == "cpu-core"
    assert default_hardware("paper") == "h200"
    for name in ("h200", "cpu-core"):
        assert rates(name).basis in ("modelled", "measured")
        assert rates(name).source
    with pytest.raises(UsageError, match=r"there is no hardware 'h20'; did you mean h200\?"):
        rates("h20")


TRUE = Rates(
    name="box", basis="measured", train_rate=2e10, forward_rate=5e10, step=0.012, startup=3.0, item=2e-4, example=1e-5
)


def measured(done: Work, factor: float = 1.0) -> Measured:
    """What the made-up machine takes, each part of it as much longer as `factor` says."""
    train = done.steps * TRUE.step + done.train_flops / TRUE.train_rate
    forward = done.forward_flops / TRUE.forward_rate + done.items * TRUE.item
    return Measured(done, TRUE.seconds(done) * factor, train * factor, forward * factor)


def made_up_runs(noise: float, seed: int = 0) -> list[Measured]:
    draw = random.Random(seed)
    runs = []
    for _ in range(40):
        trained = draw.random() < 0.6
        done = Work(
            steps=draw.randrange(50, 800) if trained else 0,
            train_flops=draw.uniform(0.2e12, 3e12) if trained else 0.0,
            forward_flops=draw.uniform(0.05e12, 1e12),
            items=draw.randrange(500, 5_000),
            examples=draw.choice([4_000, 50_000]) if trained else 0,
        )
        runs.append(measured(done, draw.gauss(1, noise)))
    return runs


def test_the_fit_finds_the_rates_that_made_the_runs() -> None:
    found = fit(made_up_runs(0.0), "box")
    assert found.basis == "measured"
    for name in ("train_rate", "forward_rate", "step", "startup", "item", "example"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), rel=1e-3)


def test_the_fit_foretells_runs_that_it_has_not_seen() -> None:
    found = fit(made_up_runs(0.1), "box")
    fresh = made_up_runs(0.0, seed=1)
    errors = [abs(found.seconds(run.work) / run.seconds - 1) for run in fresh]
    assert max(errors) < 0.25
    assert sum(found.seconds(run.work) for run in fresh) == pytest.approx(sum(run.seconds for run in fresh), rel=0.05)


def test_the_fit_tells_steps_from_loading_where_all_trainings_load_the_same() -> None:
    # as in a smoke run: each loads 4,000 examples, so that the sum of the seconds alone would not say what is what
    runs = [
        measured(Work(steps=250, train_flops=f, forward_flops=1e9, items=300, examples=4_000))
        for f in (0.5e12, 0.6e12, 0.7e12, 0.8e12)
    ]
    found = fit(runs, "box")
    trained = Work(steps=2_500, train_flops=6e12, forward_flops=1e9, items=300, examples=4_000)
    assert found.seconds(trained) == pytest.approx(TRUE.seconds(trained), rel=0.05)  # ten times as long


def test_the_fit_survives_work_that_no_run_contains() -> None:
    only_training = [replace(run.work, forward_flops=0.0, items=0) for run in made_up_runs(0.0) if run.work.steps]
    found = fit([measured(done) for done in only_training], "box")
    assert found.item == 0
    assert found.forward_rate >= 1e15  # nothing says otherwise
    assert found.train_rate < 1e12


def test_rates_that_grow_with_the_encoder_are_found_at_the_size_that_they_are_of() -> None:
    true = replace(TRUE, step=0.0, hidden=64, growth=0.5, widest=256, update=1e-9)
    runs = []
    for run in made_up_runs(0.0):
        done = replace(run.work, hidden=256, parameters=7_000_000)
        train = done.train_flops / (2 * true.train_rate) + done.steps * true.update * done.parameters
        forward = done.forward_flops / (2 * true.forward_rate) + done.items * true.item
        runs.append(Measured(done, true.seconds(done), train, forward))
    found = fit(runs, "box", like=true)
    for name in ("train_rate", "forward_rate", "startup", "item", "example", "hidden", "growth", "widest", "update"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), rel=1e-3), name
    # no faster than the widest that was measured
    wide, wider = (Work(steps=1, train_flops=1e12, hidden=hidden) for hidden in (256, 1024))
    assert found.seconds(wide) == found.seconds(wider)


def test_the_fit_refuses_too_few_runs() -> None:
    with pytest.raises(UsageError, match="3 runs are too few"):
        fit(made_up_runs(0.0)[:3], "box")


def test_rates_are_written_as_the_table_that_they_are_read_from() -> None:
    found = fit(made_up_runs(0.1), "box", title='a "box"', source="made up")
    entry = tomllib.loads(found.toml())["hardware"]["box"]
    again = Rates(name="box", **entry)
    assert again.title == 'a "box"'
    assert again.train_rate == pytest.approx(found.train_rate, rel=1e-3)
    assert again.basis == "measured"


def run_record(job: Any, steps: int, seconds: float, status: int = 0) -> dict[str, Any]:
    return {
        "key": job_key(job),
        "job": job.model_dump(mode="json"),
        "optimizer_steps": steps,
        "seconds": {"total": seconds, "train": seconds / 2, "dev": 0.5, "load": 1.0},
        "exit": status,
    }


def test_measurements_from_the_records_of_a_run_folder() -> None:
    pretrain = PretrainJob(
        data=WORLD,
        languages=("en", "xa"),
        size=SMALL,
        optimisation=Optimisation(learning_rate=1e-3, batch_size=32, max_steps=100),
        seed=0,
    )
    first = training("world-nli", epochs=2).model_copy(update={"encoder": TrainedEncoder(key=job_key(pretrain))})
    second = first.model_copy(update={"encoder": TrainedEncoder(key=job_key(first))})
    failed = first.model_copy(update={"seed": 9})
    orphan = first.model_copy(update={"encoder": TrainedEncoder(key="0" * 16)})
    command = CommandJob(command=Command(argv=("true",)), task="mine", metric="accuracy")
    steps = work(first, shape_of(pretrain)).steps
    records = [
        run_record(pretrain, 100, 5.0),
        run_record(first, steps, 8.0),
        run_record(second, steps // 2, 6.0),
        run_record(failed, 0, 1.0, status=70),
        run_record(orphan, 3, 1.0),
        run_record(command, 0, 1.0),
    ]
    found = {run.seconds: run.work for run in measurements(records)}
    assert set(found) == {5.0, 8.0, 6.0}
    # a training that stopped early did that much less
    assert found[6.0].steps == steps // 2
    assert found[6.0].train_flops == pytest.approx(found[8.0].train_flops / 2, rel=0.01)
    assert {(run.seconds, run.train, run.forward) for run in measurements(records)} == {
        (5.0, 2.5, 0.5),
        (8.0, 4.0, 0.5),
        (6.0, 3.0, 0.5),
    }


def test_measurements_count_the_tokens_that_were_read_and_take_an_encoder_of_one_s_own() -> None:
    shape = Shape(layers=4, hidden=64, feed_forward=256, vocabulary=8_000, positions=128)
    own = LocalEncoder(sha256="0" * 64)
    job = training("udpos", epochs=1, longest=128).model_copy(update={"encoder": own})
    record = run_record(job, work(job, shape).steps, 8.0)
    assert measurements([record]) == []
    [assumed] = measurements([record], shape)
    [read] = measurements([record | {"tokens": round(2 * assumed.work.tokens)}], shape)
    assert read.work.tokens == pytest.approx(2 * assumed.work.tokens, rel=1e-6)
    assert read.work.train_flops == pytest.approx(2 * assumed.work.train_flops, rel=1e-6)
    assert read.work.hidden == 64


# ---------------------------------------------------------------- smaller encoders, masked text, probes


def small(vocabulary: int = 16_000) -> Shape:
    return Shape(layers=4, hidden=256, feed_forward=1024, vocabulary=vocabulary, positions=256)


def test_a_smaller_vocabulary_makes_longer_sequences_and_shorter_ones_more_windows() -> None:
    def tokens(name: str, shape: Shape, longest: int) -> float:
        return work(training(name, longest=longest), shape).tokens

    assert tokens("udpos", small(), 128) == pytest.approx(1.24 * tokens("udpos", large(), 128), rel=0.01)
    assert tokens("udpos", small(250_002), 128) == tokens("udpos", large(), 128)
    steps = [work(training("squad-v1", longest=longest), small()).steps for longest in (384, 256, 192)]
    assert steps == sorted(steps)
    # XLM-R's windows of 384 are the catalogue's
    assert work(training("squad-v1"), large()).steps == -(-round(87_599 * 1.0331) // 32)
    # 222 tokens in 1.4 windows were read of SQuAD with 16,000 pieces and 256 positions
    done = work(training("squad-v1", longest=256), small())
    assert done.tokens / done.steps / 32 == pytest.approx(222, rel=0.1)


def test_masked_text_beside_a_task_doubles_the_steps_at_a_share_of_a_half() -> None:
    plain = training("nli-small", longest=128)
    masked = plain.model_copy(update={"masked": MaskedText(data=FilesData(), languages=("en", "sw"), share=0.5)})
    alone, beside = work(plain, small()), work(masked, small())
    assert beside.steps == 2 * alone.steps
    assert beside.tokens == pytest.approx(alone.tokens + alone.steps * 32 * 32, rel=0.01)
    head = small().mask_flops(0.15 * alone.steps * 32 * 32)
    assert beside.train_flops > alone.train_flops + head
    hub = masked.model_copy(update={"masked": MaskedText(data=HubData(), languages=("en",))})
    assert workload(hub, small()) == ("how long the sentences of hub text are is not known",)


def test_layers_above_the_probed_one_cost_nothing_unless_all_are_swept() -> None:
    def flops(probe: Probe) -> float:
        job = EvaluateJob(model=LARGE, task="tatoeba", data=HUB, split="dev", languages=("af",), probe=probe)
        return work(job, small()).forward_flops

    whole = flops(Probe(layer=4))
    assert flops(Probe(layer=2)) == pytest.approx(whole / 2)
    assert flops(Probe(layer=2, sweep=True)) == whole


def test_an_encoder_of_four_layers_of_256_takes_what_was_measured_on_one_core() -> None:
    core = rates("cpu-core")
    for name, batch, longest, seconds in (
        ("udpos", 32, 128, 0.35),
        ("nli-small", 32, 128, 0.57),
        ("squad-v1", 16, 256, 1.13),
    ):
        steps = [work(training(name, batch=batch, longest=longest, epochs=epochs), small()) for epochs in (1, 2)]
        each = (core.seconds(steps[1]) - core.seconds(steps[0])) / (steps[1].steps - steps[0].steps)
        assert each == pytest.approx(seconds, rel=0.3), name
