"""`claimcheck reproduce bench`: the variants compute the same, and no ratio is given where they do not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from claimcheck.foundation.errors import ClaimcheckError, MissingInputError, UnreadableInputError, UsageError
from reproduce.bench import energy
from reproduce.bench import run as bench
from reproduce.bench.compare import TOLERANCE, disagreement, ratio, row, together
from reproduce.bench.display import show
from reproduce.bench.rates import fit_of, rates_of
from reproduce.bench.run import Ask, tokens_batch
from reproduce.bench.variants import OURS, VARIANTS, WHOLE
from reproduce.bench.work import ENCODERS, Job, examples
from reproduce.bench.worker import launched, measure
from reproduce.cli import app
from reproduce.planning.costs import rates
from reproduce.planning.workload import Work

TRACE = Job(OURS, "trace", "tiny", 8, 4, 0, "cpu", 1, "fp32")
ASK = Ask("tiny", (8, 16), (OURS, "trainer"), rounds=2, steps=3, warm=1, device="cpu", threads=1, precision="fp32")


def measured(variant: str, seconds: list[float], losses: list[float], batch: int = 8) -> dict[str, Any]:
    """What a worker might have written."""
    tokens = 40 * batch * len(seconds)
    return {
        "losses": losses,
        "seconds": seconds,
        "examples": batch * len(seconds),
        "real_tokens": tokens,
        "padding": 0.25,
        "flops": 1e6 * tokens,
        "peak_bytes": 1000,
        "processor_seconds": None,
        "kernels": None,
        "joules": 8.0 if variant == OURS else None,
        "energy": "the GPU",
        "versions": {},
        "hardware": {},
        "device": "cpu",
    }


def test_examples_are_the_same_for_every_variant_and_have_the_lengths_of_sentence_pairs() -> None:
    many = replace(TRACE, batch=1000)
    first, again = examples(many), examples(replace(many, variant="jiant", kind="time"))
    assert np.array_equal(first.tokens.flat, again.tokens.flat)
    assert np.array_equal(first.labels, again.labels)
    assert 40 < first.tokens.lengths.mean() < 50
    assert first.tokens.lengths.max() > 150
    assert not np.array_equal(first.labels, examples(replace(many, seed=1)).labels)
    assert first.real_tokens(1, 3) == first.tokens.lengths[1000:3000].sum()


def test_a_batch_by_tokens_holds_about_that_many() -> None:
    batch = tokens_batch("small", 16_384)
    found = examples(replace(TRACE, encoder="small", batch=batch, steps=5)).real_tokens(0, 5) / 5
    assert abs(found / 16_384 - 1) < 0.05


def test_every_variant_computes_the_same_losses_without_dropout(tmp_path: Path) -> None:
    losses = {one.name: measure(replace(TRACE, variant=one.name), tmp_path).losses for one in VARIANTS}
    assert max(disagreement(losses).values()) < 1e-5
    # the class can be learnt and the steps are not all the same: an optimizer that did nothing would show nothing
    assert len({round(loss, 5) for loss in losses[OURS]}) == 4


def test_padding_is_counted_as_it_is_computed(tmp_path: Path) -> None:
    found = {one.name: measure(replace(TRACE, variant=one.name, kind="time"), tmp_path) for one in VARIANTS}
    data = examples(TRACE)
    assert found[OURS].padding == 0
    lengths = data.tokens.lengths.reshape(4, 8)
    assert found["trainer"].padding == pytest.approx(1 - lengths.sum() / (lengths.max(axis=1) * 8).sum())
    assert found["trainer-example"].padding == pytest.approx(1 - lengths.sum() / (128 * 32), abs=1e-9)
    assert found["jiant"].padding == pytest.approx(1 - lengths.sum() / (lengths.max() * 32))
    for one in found.values():
        assert len(one.seconds) == 4
        assert min(one.seconds) > 0
        assert one.real_tokens == lengths.sum()


def test_losses_that_differ_give_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    def worker(jobs: Sequence[Job], folder: Path) -> dict[str, Any]:
        [job] = jobs
        other = 1e-3 if job.variant == "trainer" else 0.0
        return measured(job.variant, [2.0 if job.variant == "trainer" else 1.0] * 3, [1.1 + other, 1.0])

    monkeypatch.setattr(bench, "_in_processes", worker)
    monkeypatch.setattr(bench, "_gemm_ceiling", lambda ask: None)
    result = bench.run(replace(ASK, variants=("trainer", "jiant")))
    assert result["refused"] == ["trainer"]
    for table in result["tables"]:
        assert set(table["ratios"]) == {"jiant"}
    # bf16 has 8 bits: the same difference is none there
    assert bench.run(replace(ASK, precision="bf16"))["refused"] == []
    assert TOLERANCE["fp32"] < 1e-3 / 1.1 < TOLERANCE["bf16"]


def test_variants_take_turns_after_their_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, int]] = []

    def worker(jobs: Sequence[Job], folder: Path) -> dict[str, Any]:
        [job] = jobs
        asked.append((job.kind, job.variant, job.batch))
        return measured(job.variant, [1.0] * 3, [1.0])

    monkeypatch.setattr(bench, "_in_processes", worker)
    monkeypatch.setattr(bench, "_gemm_ceiling", lambda ask: None)
    seen: list[tuple[int, int]] = []
    bench.run(ASK, lambda what, done, total: seen.append((done, total)))
    times = [("time", name, batch) for batch in (8, 16) for _ in range(2) for name in (OURS, "trainer")]
    assert asked == [("trace", OURS, 8), ("trace", "trainer", 8), *times]
    assert seen == [(n, 10) for n in range(10)]


def test_a_row_is_of_real_tokens_and_medians() -> None:
    rounds = [measured(OURS, seconds, [1.0] * 4) for seconds in ([1.0, 1.0, 9.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0])]
    found = row(OURS, rounds)
    assert found.step_seconds == 2
    assert found.examples_per_second == 4
    assert found.tokens_per_second == 160
    assert found.flops_per_second == pytest.approx(160e6)
    assert found.share(320e6) == pytest.approx(0.5)
    assert found.spread == pytest.approx(2.0)
    assert found.joules_per_example == pytest.approx(8.0 / 24)  # of the counted steps
    theirs = [measured("trainer", [s] * 3, [1.0]) for s in (2.0, 6.0, 3.0)]
    assert ratio({OURS: rounds, "trainer": theirs}, "trainer") == {"median": 2.0, "least": 1.0, "most": 3.0}


def test_seeds_at_once_add_up() -> None:
    one, two = measured(OURS, [1.0, 3.0], [1.0]), measured(OURS, [2.0, 4.0], [1.0])
    found = together([one, two])
    assert found["seconds"] == [1.5, 3.5]
    assert found["examples"] == 32
    assert found["real_tokens"] == 1280
    assert found["peak_bytes"] == 2000
    assert found["joules"] == 8.0  # the card's counter is one
    # half as fast each, twice the work: no gain
    rounds = {"packed-replicas": [found], "trainer": [measured("trainer", [1.25, 1.25], [1.0])]}
    assert ratio(rounds, "trainer", "packed-replicas")["median"] == pytest.approx(1.0)


@pytest.mark.parametrize("losses", [[1.0], [1.0, float("nan")], []])
def test_a_trace_that_ends_early_or_is_no_number_disagrees(losses: list[float]) -> None:
    assert disagreement({OURS: [1.0, 1.0], "trainer": losses}) == {"trainer": float("inf")}


def test_rates_give_back_the_machine_that_the_steps_were_made_of() -> None:
    shape = replace(TRACE, encoder="small").shape
    rate, update = 3e11, 4e-10
    result = bench_of(lambda flops: flops / rate + update * shape.parameters, (32, 400))
    found = rates_of(result, "new")
    assert found.train_rate == pytest.approx(rate)
    assert found.update == pytest.approx(update)
    assert found.basis == "measured"
    assert "[hardware.new]" in found.toml()
    work = Work(steps=10, train_flops=10 * shape.train_flops(4400.0, 44.0), parameters=shape.parameters)
    assert found.seconds(work) == pytest.approx(work.train_flops / rate + 10 * update * shape.parameters)


def test_a_process_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ClaimcheckError, match="no encoder 'huge'"):
        bench._in_processes([replace(TRACE, encoder="huge")], tmp_path)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(UsageError, match="no variant 'fast'"):
        bench.run(replace(ASK, variants=("fast",)))
    with pytest.raises(UsageError, match="at least 1"):
        bench.run(replace(ASK, rounds=0))


def test_the_command_measures_in_processes_of_their_own(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    options = "--encoder tiny --batch 4 --variants trainer,packed-replicas --rounds 1 --steps 2 --warm 1 --device cpu"
    done = CliRunner().invoke(app, ["bench", *options.split(), "--rates", "here", "--out", str(out)])
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text())
    assert result["refused"] == []
    assert result["tables"][0]["ratios"]["trainer"]["median"] > 0
    assert "times the examples a second of HF Trainer" in " ".join(done.stdout.split())
    assert "[hardware.here]" in done.stdout
    assert "1/6 trainer, trace" in done.stderr
    rows = {entry["variant"]: entry for entry in result["tables"][0]["rows"]}
    # two seeds' work in one: each step of it has twice the examples
    assert rows["packed-replicas"]["examples_per_second"] * rows["packed-replicas"]["step_seconds"] == pytest.approx(8)
    assert rows[OURS]["examples_per_second"] * rows[OURS]["step_seconds"] == pytest.approx(4)


def test_what_other_programs_took_is_not_in_the_processor_s_time() -> None:
    # the clock says the same of both; half of ours went to other programs
    mine = measured(OURS, [2.0, 2.0], [1.0]) | {"processor_seconds": [1.0, 1.0]}
    theirs = measured("trainer", [2.0, 2.0], [1.0]) | {"processor_seconds": [2.0, 2.0]}
    found = ratio({OURS: [mine], "trainer": [theirs]}, "trainer")
    assert found["median"] == pytest.approx(1.0)
    assert found["by_processor"] == pytest.approx(2.0)
    entry = row(OURS, [mine])
    assert entry.busy == pytest.approx(0.5)
    assert entry.processor_step_seconds == pytest.approx(1.0)
    assert entry.share(1e9, by_processor=True) == pytest.approx(2 * entry.flops_per_second / 1e9)
    assert entry.share(1e9) == pytest.approx(entry.flops_per_second / 1e9)
    assert "by_processor" not in ratio({OURS: [measured(OURS, [1.0], [1.0])], "trainer": [theirs]}, "trainer")


def test_ours_trains_the_rows_in_use_and_the_whole_table_where_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reproduce.bench import packed
    from reproduce.training.trimming import Trimmed

    rows: dict[str, int] = {}
    monkeypatch.setitem(ENCODERS, "tiny", replace(ENCODERS["tiny"], vocab_size=100_000, hidden=32))
    whole = Trimmed.where_worth

    def where_worth(encoder: Any, used: Any) -> Any:
        done = whole(encoder, used)
        rows["trimmed"] = len(encoder.word)
        return done

    monkeypatch.setattr(packed.Trimmed, "where_worth", where_worth)
    losses = {name: measure(replace(TRACE, variant=name), tmp_path).losses for name in (OURS, WHOLE, "trainer")}
    assert rows["trimmed"] == 60_005
    assert max(disagreement(losses).values()) < 1e-5


def bench_of(law: Callable[[float], float], batches: Sequence[int], encoder: str = "small") -> dict[str, Any]:
    """A measurement whose steps take what the law says of their FLOPs."""
    shape = replace(TRACE, encoder=encoder).shape
    tables = []
    for batch in batches:
        flops = shape.train_flops(44.0 * batch, 44.0)
        seconds = law(flops)
        one = {**asdict(row(OURS, [measured(OURS, [1.0], [1.0])])), "step_seconds": seconds}
        table = {"batch": batch, "tokens_per_step": 44.0 * batch, "rows": [one | {"flops_per_second": flops / seconds}]}
        tables.append(table)
    return {"tables": tables, "ask": asdict(ASK) | {"encoder": encoder}, "device": "a card", "peak_flops": None}


def test_the_fit_says_how_far_it_is_off() -> None:
    exact = fit_of(bench_of(lambda flops: 0.01 + flops / 3e11, (8, 32, 128)))
    assert exact.fixed == pytest.approx(0.01)
    assert exact.slope == pytest.approx(1 / 3e11)
    assert exact.misfit < 1e-6
    assert exact.foretold is not None
    assert exact.foretold < 1e-6
    # seconds that grow with the square are no such law, and the fit has to show it
    bent = fit_of(bench_of(lambda flops: 1e-22 * flops**2, (8, 32, 128)))
    assert bent.misfit > 0.2
    assert bent.foretold is not None
    assert bent.foretold > bent.misfit
    single = fit_of(bench_of(lambda flops: 0.01 + flops / 3e11, (32,)))
    assert (single.certain, single.foretold) == (False, None)


def test_a_fit_of_one_thread_is_to_the_processor_s_time() -> None:
    result = bench_of(lambda flops: 0.02 + flops / 1e11, (8, 32))
    for table in result["tables"]:
        [one] = table["rows"]
        one["processor_step_seconds"] = one["step_seconds"] / 2
    assert fit_of(result).fixed == pytest.approx(0.01)
    assert fit_of(result).clock == "processor"
    result["ask"]["threads"] = 2  # then it is the work of both
    assert fit_of(result).fixed == pytest.approx(0.02)


def test_a_plan_takes_the_rates_of_a_measurement_s_file(tmp_path: Path) -> None:
    result = bench_of(lambda flops: 0.01 + flops / 3e11, (8, 32))
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"rates": asdict(rates_of(result, "bench"))}))
    found = rates(str(path))
    assert found.train_rate == pytest.approx(3e11)
    assert (found.name, found.basis) == (str(path), "measured")
    shape = replace(TRACE, encoder="small").shape
    work = Work(steps=10, train_flops=3e12, parameters=shape.parameters)
    assert found.seconds(work) == pytest.approx(10 * 0.01 + 10.0)
    with pytest.raises(MissingInputError):
        rates(str(tmp_path / "other.json"))
    for content in ("[]", "{}", '{"rates": {"train_rate": 0}}', "no JSON"):
        path.write_text(content)
        with pytest.raises(UnreadableInputError, match="no measurement with rates"):
            rates(str(path))


class Library:
    """NVML as far as it is asked: the counter of one GPU, in millijoules."""

    def __init__(self, counts: bool = True) -> None:
        self.millijoules, self.counts = 5_000, counts
        self.asked = b""

    def nvmlInit_v2(self) -> int:  # noqa: N802
        return 0

    def nvmlDeviceGetHandleByUUID(self, name: bytes, handle: Any) -> int:  # noqa: N802
        self.asked = name
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any, place: Any) -> int:  # noqa: N802
        if not self.counts:
            return 3
        place._obj.value = self.millijoules
        return 0


def test_a_gpu_s_energy_is_asked_of_its_driver_s_library() -> None:
    library = Library()
    found = energy.gpu_meter("1234-abcd", lambda name: library)
    assert found is not None
    assert found.readable
    assert library.asked == b"GPU-1234-abcd"
    found.begin()
    library.millijoules += 2_500
    assert found.end() == pytest.approx(2.5)
    old = energy.gpu_meter("1234-abcd", lambda name: Library(counts=False))
    assert old is not None
    assert not old.readable
    assert old.end() is None

    def missing(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    assert energy.gpu_meter("1234-abcd", missing) is None


def test_a_processor_s_energy_is_the_sum_of_its_packages(tmp_path: Path) -> None:
    for name, value in (("intel-rapl:0", 900_000), ("intel-rapl:1", 100_000), ("intel-rapl:0:0", 77)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{value}\n")
        (tmp_path / name / "max_energy_range_uj").write_text("1000000\n")
    found = energy.cpu_meter(tmp_path)
    assert found is not None
    found.begin()
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("400000")
    assert found.end() == pytest.approx(0.3)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("100000")  # it began anew at 1 J
    assert found.end() == pytest.approx(0.5)
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert found.end() is None
    assert energy.cpu_meter(tmp_path / "nothing") is None


def test_energy_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timed = replace(TRACE, kind="time")
    monkeypatch.setattr(energy, "meter", lambda device: None)
    assert measure(timed, tmp_path).joules is None
    assert "not readable" in measure(timed, tmp_path).energy
    ticking = iter(range(100))
    monkeypatch.setattr(energy, "meter", lambda device: energy.Meter(lambda: float(next(ticking)), "the processor"))
    assert "less than 1 s" in measure(timed, tmp_path).energy
    monkeypatch.setattr(energy, "LEAST_SECONDS", 0.0)
    found = measure(timed, tmp_path)
    assert (found.joules, found.energy) == (1.0, "the processor")


def test_kernels_are_what_ran_on_the_gpu_but_for_copies_and_marks() -> None:
    def event(name: str, kind: str = "CUDA", mark: bool = False) -> Any:
        return SimpleNamespace(name=name, device_type=SimpleNamespace(name=kind), is_user_annotation=mark)

    events = [
        event("sm90_gemm"),
        event("vectorized_add"),
        event("aten::add", "CPU"),
        event("Memcpy HtoD"),
        event("Memset (Device)"),
        event("Optimizer.step#AdamW.step", mark=True),
    ]
    assert launched(events) == 2


def test_mfu_counts_the_products_of_real_tokens() -> None:
    # facts of the architecture: 302.0 M weights in the matrices of 24 layers of 1024, and attention
    job = replace(TRACE, encoder="xlm-r-large")
    data = replace(examples(replace(TRACE, batch=2, steps=1)), batch=2)
    lengths = data.tokens.lengths.astype(float)
    flops = (6 * 301_989_888 * lengths + 12 * 24 * 1024 * lengths**2).sum()
    assert data.flops(job.shape, 0, 1) == pytest.approx(flops)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no such file on this system")
def test_memory_is_the_process_s_own_and_not_its_parent_s() -> None:
    code = "from reproduce.bench.worker import _peak_bytes as p; import torch; print(p(torch.device('cpu')))"
    ballast = bytearray(600_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 50e6 < int(done.stdout) < 500e6


@pytest.mark.parametrize(("device", "shown"), [("NVIDIA H200", "peak, for MFU: 989 TFLOP/s"), ("cpu", "so no MFU")])
def test_what_is_printed_says_where_each_share_comes_from(
    device: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def worker(jobs: Sequence[Job], folder: Path) -> dict[str, Any]:
        [job] = jobs
        seconds = 0.1 + 0.01 * job.batch
        about = {"device": device, "kernels": 240.0, "processor_seconds": [seconds / 4] * 3}
        return measured(job.variant, [seconds] * 3, [1.0], job.batch) | about

    monkeypatch.setattr(bench, "_in_processes", worker)
    monkeypatch.setattr(bench, "_gemm_ceiling", lambda ask: 2e9)
    result = bench.run(ASK)
    show(result)
    said = " ".join(capsys.readouterr().out.split())
    assert "GEMM ceiling, one large product in this run: 0.002 TFLOP/s" in said
    assert shown in said
    assert "Energy: the GPU." in said
    assert "A step takes 25 ms +" in said  # of processor time, a quarter of the clock's
    assert "within 0.0% of the 2 batch sizes measured" in said
    assert "had 25% of a core at least" in said
    assert result["rates"]["basis"] == "measured"
    assert result["peak_flops"] == (989e12 if device != "cpu" else None)
    for name in ("MFU", "GEMM", "padding", "kernels", "memory", "J/example"):
        assert name in said
