"""`claimcheck reproduce bench`: the variants compute the same, and no ratio is given where they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from claimcheck.foundation.errors import ClaimcheckError, UsageError
from reproduce.bench import run as bench
from reproduce.bench.compare import TOLERANCE, disagreement, ratio, row, together
from reproduce.bench.rates import rates_of
from reproduce.bench.run import Ask, tokens_batch
from reproduce.bench.variants import OURS, VARIANTS
from reproduce.bench.work import Job, examples
from reproduce.bench.worker import measure
from reproduce.cli import app
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
        "kernels": None,
        "joules": 8.0 if variant == OURS else None,
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
    assert found.joules_per_example == pytest.approx(8.0 / 32)  # of all steps, the warm one included
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
    tables = []
    for batch in (32, 400):
        flops = shape.train_flops(44.0 * batch, 44.0)
        seconds = flops / rate + update * shape.parameters
        one = {**asdict(row(OURS, [measured(OURS, [1.0], [1.0])])), "step_seconds": seconds}
        tables.append({"batch": batch, "rows": [one | {"flops_per_second": flops / seconds}]})
    ask = asdict(ASK) | {"encoder": "small"}
    found = rates_of({"tables": tables, "ask": ask, "device": "a card", "peak_flops": None}, "new")
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
