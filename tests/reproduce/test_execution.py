"""How a training is carried out: which way is chosen, and that every way gives the weights of the plain one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from taped_steps import Tape
from torch import Tensor

from claimcheck.foundation.errors import InputError, UsageError
from reproduce import machine
from reproduce.data.dataset import IGNORED, Ragged
from reproduce.model import varlen
from reproduce.model.attention import Layout
from reproduce.model.encoder import Encoder, Layer, Model
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.packing import pack
from reproduce.model.shapes import Rounding
from reproduce.runner import Context
from reproduce.specs import Optimisation
from reproduce.training.execution import Execution, execution
from reproduce.training.graphs import Work, compiled_layer
from reproduce.training.optimiser import Optimiser
from reproduce.training.shadows import Shadows
from reproduce.training.stepping import Piece, Step, Stepper

CPU, HALF = torch.device("cpu"), torch.bfloat16
CONFIG = EncoderConfig(80, 32, 3, 4, 64, positions=100, dropout=0.0)
RECIPE = Optimisation(learning_rate=3e-3, batch_size=8, max_steps=12, warmup=0.2, weight_decay=0.1, clip=0.5)
KINDS = {"classification": 3, "tagging": 5, "span": 2, "choice": 2, "masked": 80}


def model_of(kind: str = "classification", config: EncoderConfig = CONFIG) -> Model:
    generator = torch.Generator().manual_seed(0)
    model = Model(Encoder(config, generator))
    model.add_head("task", kind, KINDS[kind], generator)
    return model.train()


def step_of(number: int, how: Execution, kind: str = "classification", *, size: int = 8, pieces: int = 1) -> Step:
    """Batch `number`: other lengths, words and targets each time."""
    random = np.random.default_rng([number, 7])
    found = []
    for _ in range(pieces):
        lengths = random.integers(3, 40, size)
        packed = pack(Ragged.from_rows([random.integers(4, 80, n) for n in lengths]), range(size))
        if kind in ("tagging", "masked"):
            targets = random.integers(0, KINDS[kind], packed.tokens)
            targets[random.random(len(targets)) < 0.6] = IGNORED
        elif kind == "span":
            targets = random.integers(0, lengths[:, None], (size, 2))
        else:
            targets = random.integers(0, KINDS[kind], size // (2 if kind == "choice" else 1))
        per_token = kind in ("tagging", "masked")
        units = int((targets != IGNORED).sum()) if per_token else size
        found.append(Piece.of(packed, "task", targets, units, how, per_token=per_token))
    return Step(0, tuple(found), size * pieces, 0)


def trained(
    how: Execution, kind: str = "classification", steps: int = 12, config: EncoderConfig = CONFIG, **given: Any
) -> tuple[list[float], dict[str, Tensor], Stepper]:
    """Losses, weights and what did it."""
    pieces = given.pop("pieces", 1)
    torch.manual_seed(3)
    model = model_of(kind, config)
    stepper = Stepper(model, RECIPE, 12, how, **given)
    losses: list[Tensor] = []
    for number in range(steps):
        stepper.step(number, step_of(number, how, kind, pieces=pieces), losses.append)
    stepper.finish()
    return [float(loss) for loss in losses], model.state_dict(), stepper


def assert_weights(found: dict[str, Tensor], expected: dict[str, Tensor], limit: float) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == torch.float32, name
        assert (found[name] - tensor).abs().max().item() <= limit, name


# --- which way


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A GPU with bf16 and the kernel."""
    monkeypatch.setattr(machine, "computes_in_bf16", lambda device: True)

    def obstacle(device: torch.device, dtype: torch.dtype, size: int) -> str | None:
        return "fp32" if dtype == torch.float32 else None if size % 8 == 0 else f"heads of {size}"

    monkeypatch.setattr(varlen, "obstacle", obstacle)
    return monkeypatch


def chosen(device: str, precision: str = "bf16", steps: int = 100, setting: str = "auto", **shape: int) -> Any:
    notes: list[str] = []
    context = Context(Path(), report=lambda event: notes.append(event["text"]), compiled=setting)  # type: ignore[arg-type]
    recipe = RECIPE.model_copy(update={"precision": precision})
    return execution(replace(CONFIG, **shape), recipe, steps, torch.device(device), context), notes


def test_a_gpu_gets_the_kernel_few_shapes_shadows_and_graphs(card: pytest.MonkeyPatch) -> None:
    cuda = torch.device("cuda:0")
    fast = Execution(cuda, shadow=HALF, path="flash", rounding=Rounding(), compiled=False, graphs=True)
    assert chosen("cuda:0") == (fast, [])
    assert chosen("cuda:0", steps=50_000) == (replace(fast, compiled=True), [])
    assert chosen("cuda:0", setting="on") == (replace(fast, compiled=True), [])
    assert chosen("cuda:0", steps=50_000, setting="off") == (replace(fast, graphs=False), [])
    assert chosen("cuda:0", "fp32") == (Execution(cuda), ["attention is computed in padded groups: fp32"])
    assert chosen("cuda:0", hidden=36, heads=3) == (
        Execution(cuda, shadow=HALF),
        ["attention is computed in padded groups: heads of 12"],
    )


def test_a_cpu_keeps_autocast_and_a_device_without_bf16_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "computes_in_bf16", lambda device: True)
    assert chosen("cpu", steps=10**9, setting="on") == (Execution(CPU, autocast=HALF), [])
    assert chosen("cpu", "fp32", setting="on") == (Execution(CPU), [])
    monkeypatch.setattr(machine, "computes_in_bf16", lambda device: False)
    for device, more in (("cpu", []), ("cuda:0", ["attention is computed in padded groups: "])):
        found, notes = chosen(device)
        assert found == Execution(torch.device(device))
        assert notes[0] == f"the recipe's bf16 is fp32 here, since the device ({device}) lacks it"
        assert [note[:40] for note in notes[1:]] == more


# --- shadows


@pytest.mark.parametrize("kind", KINDS)
def test_losses_with_shadows_are_those_of_autocast(kind: str) -> None:
    single, _, _ = trained(Execution(CPU), kind)
    autocast, _, _ = trained(Execution(CPU, autocast=HALF), kind)
    shadow, weights, _ = trained(Execution(CPU, shadow=HALF), kind)
    assert max(abs(a - b) for a, b in zip(shadow, autocast, strict=True)) < 1e-2
    assert max(abs(a - b) for a, b in zip(shadow, single, strict=True)) < 1e-2
    assert all(tensor.dtype == torch.float32 for tensor in weights.values())
    assert single[0] != shadow[0]  # it did compute in bf16


def test_shadows_are_the_masters_rounded_after_every_step() -> None:
    model, how = model_of(), Execution(CPU, shadow=HALF)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    stepper = Stepper(model, RECIPE, 12, how)
    assert stepper.shadows is not None
    tables = {"encoder.word", "encoder.position", "encoder.token_type"}
    assert stepper.shadows.masters.keys() == before.keys() - tables
    for number in range(3):
        stepper.step(number, step_of(number, how))
        for name, parameter in model.named_parameters():
            assert parameter.grad is None
            if name in tables:
                assert parameter.dtype == torch.float32
            else:
                assert torch.equal(parameter, stepper.shadows.masters[name].bfloat16()), name
    with stepper.shadows.lifted(), stepper.shadows.lifted():
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        lifted = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with torch.no_grad():
            model.head("task").get_parameter("classifier.dense.bias").fill_(0.5)
    assert model.head("task").get_parameter("classifier.dense.bias").eq(0.5).all()  # what is loaded reaches the shadows
    moved = {name for name in before if not torch.equal(before[name], lifted[name])}
    assert moved == before.keys() - {"encoder.pooler.weight", "encoder.pooler.bias"}  # which this head does not use
    # small updates would be lost in bf16: masters are not rounded
    assert any(not torch.equal(t, t.bfloat16().float()) for name, t in lifted.items() if name not in tables)


def test_gradients_of_several_pieces_add_up_in_single_precision() -> None:
    model = model_of()
    shadows = Shadows(model, HALF)
    bias = model.head("task").get_parameter("classifier.dense.bias")
    for gradient in (256.0, 1.0, 1.0):  # in bf16 256 + 1 is 256
        bias.grad = torch.full_like(bias, gradient)
        shadows.collect()
        assert bias.grad is None
    found = shadows.gradients["heads.task:task.classifier.dense.bias"]
    assert found.dtype == torch.float32
    assert (found == 258).all()
    assert len(shadows.gradients) == 1
    shadows.drop()
    assert not shadows.gradients


def test_clipping_sees_the_gradients_of_masters_and_tables_together() -> None:
    how = Execution(CPU, shadow=HALF)
    plain, shadowed = Stepper(model_of(), RECIPE, 12, Execution(CPU)), Stepper(model_of(), RECIPE, 12, how)
    norms = [float(stepper.step(0, step_of(0, how))) for stepper in (plain, shadowed)]
    assert norms[1] == pytest.approx(norms[0], rel=1e-2)


# --- the optimizer on the device


@pytest.mark.parametrize("clip", [1e-3, 1e9])
def test_a_rate_in_a_tensor_and_clipping_in_the_update_give_the_same_weights(clip: float) -> None:
    recipe = RECIPE.model_copy(update={"clip": clip})
    torch.manual_seed(0)
    one = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.LayerNorm(5))
    other = copy.deepcopy(one)
    plain, device = Optimiser(one, recipe, 12), Optimiser(other, recipe, 12, on_device=True)
    for step in range(12):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        assert float(plain.step(step)) == float(device.step(step))
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-6, atol=1e-7)
    for name, tensor in plain.tensors().items():
        torch.testing.assert_close(device.tensors()[name], tensor, rtol=1e-5, atol=1e-9)


# --- recorded steps


def fast(**how: Any) -> Execution:
    return Execution(CPU, path="reference", rounding=Rounding(), **how)


@pytest.mark.parametrize(("kind", "shadow"), [*((kind, None) for kind in KINDS), ("tagging", HALF), ("span", HALF)])
def test_recorded_steps_are_the_steps_themselves(kind: str, shadow: torch.dtype | None) -> None:
    config, tape = replace(CONFIG, dropout=0.1), Tape()
    notes: list[str] = []
    losses, weights, _ = trained(
        fast(shadow=shadow, graphs=True), kind, config=config, recorder=tape, note=notes.append
    )
    shapes = tape.recorded
    assert tape.replayed >= 4
    assert tape.warmed + tape.replayed == 12
    assert shapes < tape.replayed  # a recording served several batches
    assert notes == []

    # the same operations on the same numbers, dropout drawn alike
    class Never(Tape):
        def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, Tensor]]:
            raise RuntimeError("operation not permitted\nwhen a stream is captured")

    again, others, _ = trained(
        fast(shadow=shadow, graphs=True), kind, config=config, recorder=Never(), note=notes.append
    )
    assert notes == ["steps are not recorded as CUDA graphs: operation not permitted"]  # once
    assert losses == again
    assert_weights(weights, others, 0.0)
    # and, without dropout, those of the plain way
    plain, _, _ = trained(Execution(CPU, shadow=shadow), kind)
    found, _, _ = trained(fast(shadow=shadow, graphs=True), kind, recorder=Tape())
    assert found == pytest.approx(plain, abs=1e-5 if shadow is None else 1e-2)


def test_several_pieces_are_not_recorded() -> None:
    tape = Tape()
    trained(fast(graphs=True), pieces=2, recorder=tape, steps=4)
    assert (tape.warmed, tape.recorded) == (0, 0)


def test_a_batch_that_the_model_cannot_hold_is_refused_when_its_shape_is_recorded_too() -> None:
    how, tape = fast(graphs=True), Tape()
    stepper = Stepper(model_of(config=replace(CONFIG, positions=50)), RECIPE, 12, how, recorder=tape)

    def step(length: int) -> Step:
        packed = pack(Ragged.from_rows([[5] * length, [6] * 9]), [0, 1])
        return Step(0, (Piece.of(packed, "task", np.array([0, 1]), 2, how),), 2, 0)

    for number in range(4):
        stepper.step(number, step(40))
    assert tape.replayed == 2
    with pytest.raises(InputError, match="a sequence of 60 tokens"):
        stepper.step(4, step(60))


def test_targets_that_are_not_one_a_token_are_refused() -> None:
    packed = pack(Ragged.from_rows([[5] * 4]), [0])
    with pytest.raises(UsageError, match=r"targets of the shape \(3,\) for 4 tokens"):
        Piece.of(packed, "task", np.array([0, 1, 2]), 3, Execution(CPU), per_token=True)


# --- compiled layers


@pytest.fixture
def counted() -> Iterator[dict[str, Any]]:
    """What torch's compiler counts, from nothing."""
    import torch._dynamo
    from torch._dynamo import config
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    limit = config.recompile_limit
    config.recompile_limit = 2  # less than there are shapes, as torch's own 8 is in a training
    yield counters
    config.recompile_limit = limit
    torch._dynamo.reset()


def test_a_layer_is_compiled_once_for_all_batches_of_a_shape(counted: dict[str, Any]) -> None:
    how = fast()
    plain, compiled = model_of(), model_of()
    compiled.encoder.compiled = compiled_layer("aot_eager")

    def compare(step: Step) -> None:
        losses = []
        for model in (plain, compiled):
            model.zero_grad()
            piece = step.pieces[0]
            loss = model.loss(piece.batch, piece.head, piece.targets, piece.tokens_R)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss)
        torch.testing.assert_close(losses[1], losses[0], rtol=1e-6, atol=1e-6)
        for (name, a), b in zip(plain.named_parameters(), compiled.parameters(), strict=True):
            assert (a.grad is None) == (b.grad is None), name
            if a.grad is not None and b.grad is not None:
                torch.testing.assert_close(b.grad, a.grad, rtol=1e-5, atol=1e-6)

    compare(step_of(0, how))
    first = counted["stats"]["unique_graphs"]
    assert first == 2  # three layers, of which the last computes only some tokens
    for number in range(1, 5):
        compare(step_of(number, how))
    assert counted["stats"]["unique_graphs"] == first
    narrow = replace(how, rounding=Rounding(tokens=16))
    for number, size in enumerate((1, 3)):
        compare(step_of(10 + number, narrow, size=size))
    assert counted["stats"]["unique_graphs"] == first + 4
    assert not counted["graph_break"]
    compiled.eval()
    before = counted["stats"]["unique_graphs"]
    piece = step_of(99, how, size=3).pieces[0]
    compiled.logits(piece.batch, "task")
    assert counted["stats"]["unique_graphs"] == before  # evaluation is not compiled


def test_a_compiler_that_fails_is_noted_once_and_done_without(counted: dict[str, Any]) -> None:
    def broken(graph: Any, examples: Any) -> Any:
        raise OSError("no C compiler")

    how, notes = fast(), []
    plain, compiled = model_of(), model_of()
    compiled.encoder.compiled = compiled_layer(broken, notes.append)
    for number in range(2):
        piece = step_of(number, how).pieces[0]
        losses = [model.loss(piece.batch, piece.head, piece.targets) for model in (plain, compiled)]
        assert torch.equal(*losses)
    assert len(notes) == 1
    assert notes[0].startswith("layers are not compiled: ")
    assert "no C compiler" in notes[0]


def test_a_layer_with_the_kernel_is_one_graph_forwards_and_backwards(counted: dict[str, Any]) -> None:
    # tensors without contents: there is no CUDA here, and tracing needs shapes only
    layer = Layer(EncoderConfig(80, 128, 2, 2, 256)).to("meta", HALF).train()
    starts = torch.empty(37, dtype=torch.int32, device="meta")
    layout = Layout(starts, 128, (), None, None, "flash")
    run = compiled_layer("aot_eager")
    x = torch.empty(512, 128, dtype=HALF, device="meta", requires_grad=True)
    every = run(layer, x, layout, None)
    some = run(layer, every, layout, torch.empty(32, dtype=torch.int64, device="meta"))
    assert (every.shape, some.shape, some.dtype) == ((512, 128), (32, 128), HALF)
    some.sum().backward()
    assert x.grad is not None
    assert {p.grad.dtype for p in layer.parameters() if p.grad is not None} == {HALF}
    assert counted["stats"]["unique_graphs"] == 2
    assert not counted["graph_break"]
