"""The packed encoder and its heads give what Hugging Face's padded XLM-R gives: logits, losses and every gradient."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce.data.dataset import IGNORED, Ragged
from reproduce.model import attention, layers
from reproduce.model.encoder import (
    Batch,
    Encoder,
    Model,
    from_hf_state,
    hf_state,
    load_encoder,
    load_model,
    save_model,
)
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.packing import pack
from reproduce.model.shapes import Rounding

CLASSES = {
    "classification": "XLMRobertaForSequenceClassification",
    "tagging": "XLMRobertaForTokenClassification",
    "span": "XLMRobertaForQuestionAnswering",
    "choice": "XLMRobertaForMultipleChoice",
    "masked": "XLMRobertaForMaskedLM",
}
SMALL = EncoderConfig(60, 16, 1, 2, 32, positions=40, dropout=0.0)
MIDDLE = EncoderConfig(300, 32, 3, 4, 64, positions=130, dropout=0.0)
SHAPES = {  # the encoder and the lengths of the sequences
    "small": (SMALL, [3, 9, 2, 30, 17, 8]),
    "deeper, several groups": (MIDDLE, [*range(3, 33, 2), 130, 125, 60, 61, 5]),
    "one": (MIDDLE, [11, 7]),
    "equally long": (SMALL, [12] * 6),
}


@pytest.fixture(scope="module")
def hf() -> ModuleType:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def tokens_of(lengths: list[int], vocab_size: int, seed: int = 0) -> Ragged:
    rng = np.random.default_rng(seed)
    return Ragged.from_rows([[0, *rng.integers(4, vocab_size, length - 2).tolist(), 2] for length in lengths])


def padded(tokens: Ragged) -> tuple[Tensor, Tensor]:
    rows = [torch.tensor(tokens[row].astype(np.int64)) for row in range(len(tokens))]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)
    return ids, torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)


def model_of(config: EncoderConfig, kind: str, classes: int, seed: int = 0) -> Model:
    """Weights far larger than at the start of a training: attention is uneven, no gradient is near zero."""
    generator = torch.Generator().manual_seed(seed)
    model = Model(Encoder(config, generator))
    model.add_head("task", kind, classes, generator)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter += torch.empty_like(parameter).normal_(0, 0.3 if "norm" not in name else 0.1, generator=generator)
    return model


def reference_of(hf: ModuleType, model: Model, kind: str, classes: int, attention: str = "sdpa") -> Any:
    config = hf.XLMRobertaConfig(**model.encoder.config.to_hf(), num_labels=classes)
    config._attn_implementation = attention
    reference = getattr(hf, CLASSES[kind])(config)
    state = {f"roberta.{name}": tensor for name, tensor in hf_state(model.encoder).items()}
    state |= model.head("task").state_dict()
    if kind != "choice":
        state = {name: tensor for name, tensor in state.items() if "pooler" not in name}
    if kind == "masked":
        state["lm_head.decoder.weight"] = model.encoder.word.detach()
        state["lm_head.decoder.bias"] = state["lm_head.bias"]
    reference.load_state_dict(state)
    return reference


def classes_of(kind: str, config: EncoderConfig) -> int:
    return {"span": 2, "choice": 2, "masked": config.vocab_size}.get(kind, 5)


def targets_of(kind: str, tokens: Ragged, classes: int, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    if kind == "classification":
        return torch.from_numpy(rng.integers(0, classes, len(tokens)))
    if kind == "choice":
        return torch.from_numpy(rng.integers(0, classes, len(tokens) // 2))
    if kind == "span":
        return torch.from_numpy(rng.integers(0, tokens.lengths[:, None], (len(tokens), 2)))
    labels = rng.integers(0, classes, len(tokens.flat))
    labels[rng.random(len(labels)) < 0.6] = IGNORED
    labels[1] = 0  # never nothing at all
    return torch.from_numpy(labels)


def run_reference(reference: Any, kind: str, tokens: Ragged, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Logits in the packed order and the loss of Hugging Face's class on the padded batch."""
    ids, mask = padded(tokens)
    if kind == "choice":
        out = reference(ids.view(-1, 2, ids.shape[1]), attention_mask=mask.view(-1, 2, ids.shape[1]), labels=targets)
        return out.logits, out.loss
    if kind == "classification":
        out = reference(ids, attention_mask=mask, labels=targets)
        return out.logits, out.loss
    if kind == "span":
        out = reference(ids, attention_mask=mask)
        logits = torch.stack([out.start_logits, out.end_logits], dim=-1)[mask.bool()]
        # padding is in the softmax of the class's loss of a padded batch: every example by itself has none
        losses = []
        for row, (start, end) in enumerate(targets):
            single = torch.tensor(tokens[row].astype(np.int64))[None]
            losses.append(reference(single, start_positions=start[None], end_positions=end[None]).loss)
        return logits, torch.stack(losses).mean()
    labels = torch.full(ids.shape, IGNORED)
    labels[mask.bool()] = targets
    out = reference(ids, attention_mask=mask, labels=labels)
    return out.logits[mask.bool()], out.loss


def gradients(model: Model) -> dict[str, Tensor]:
    """Under Hugging Face's names; those of weights that the head does not use are left out."""
    encoder = copy.deepcopy(model.encoder)
    for place, parameter in zip(encoder.parameters(), model.encoder.parameters(), strict=True):
        place.data = torch.full_like(place, torch.nan) if parameter.grad is None else parameter.grad
    named = {f"roberta.{name}": tensor for name, tensor in hf_state(encoder).items() if not tensor.isnan().any()}
    for name, parameter in model.head("task").named_parameters():
        assert parameter.grad is not None, name
        named[name] = parameter.grad
    return named


def assert_near(found: Tensor, expected: Tensor, what: str) -> None:
    """To 1e-5 of the largest element, or of 1 where that is smaller; in double precision to 1e-10."""
    assert found.shape == expected.shape, what
    assert found.dtype == expected.dtype, what
    worst = (found - expected).abs().max().item()
    limit = 1e-5 if found.dtype == torch.float32 else 1e-10
    assert worst <= limit * max(1.0, expected.abs().max().item()), (what, worst)


def assert_parity(model: Model, reference: Any, kind: str, tokens: Ragged, targets: Tensor, batch: Batch) -> None:
    logits, loss = run_reference(reference, kind, tokens, targets)
    loss.backward()
    assert_near(model.logits(batch, "task"), logits, "logits")
    ours = model.loss(batch, "task", targets)
    assert_near(ours, loss, "loss")
    ours.backward()
    tied = {
        "lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight",
        "lm_head.decoder.bias": "lm_head.bias",
    }
    expected = {tied.get(name, name): parameter.grad for name, parameter in reference.named_parameters()}
    found = gradients(model)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert_near(found[name], gradient, name)
    # what moves all the numbers alike that a softmax compares has no gradient but rounding
    flat = [name for name in expected if name.endswith("key.bias")]
    if kind == "choice":
        flat += ["classifier.bias"]
    if kind == "span":
        flat += ["qa_outputs.bias", f"roberta.encoder.layer.{model.encoder.config.layers - 1}.output.LayerNorm.bias"]
    assert {name for name, gradient in expected.items() if gradient.abs().max() < 1e-4} == set(flat)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("multiple", "dtype"), [(1, torch.float32), (64, torch.float32), (1, torch.float64)])
def test_logits_loss_and_every_gradient(
    hf: ModuleType, kind: str, shape: str, multiple: int, dtype: torch.dtype
) -> None:
    config, lengths = SHAPES[shape]
    if shape == "one" and kind != "choice":
        lengths = lengths[:1]
    tokens, classes = tokens_of(lengths, config.vocab_size), classes_of(kind, config)
    model = model_of(config, kind, classes).to(dtype)
    reference = reference_of(hf, model, kind, classes).to(dtype)
    batch = Batch.of(pack(tokens, range(len(tokens)), multiple=multiple))
    assert_parity(model, reference, kind, tokens, targets_of(kind, tokens, classes), batch)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("shape", ["deeper, several groups", "equally long"])
def test_logits_loss_and_every_gradient_in_few_shapes_and_as_the_kernel_computes(
    hf: ModuleType, kind: str, shape: str
) -> None:
    config, lengths = SHAPES[shape]
    tokens, classes = tokens_of(lengths, config.vocab_size), classes_of(kind, config)
    model = model_of(config, kind, classes)
    packed = Rounding(tokens=128).applied(pack(tokens, range(len(tokens))))
    assert len(packed.input_ids) > packed.tokens
    batch = Batch.of(packed, path="reference")
    assert_parity(model, reference_of(hf, model, kind, classes), kind, tokens, targets_of(kind, tokens, classes), batch)


@pytest.mark.parametrize("kind", CLASSES)
def test_dropout_stands_where_hugging_face_has_it(hf: ModuleType, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # both sides draw different numbers: here each keeps all and scales, so that a place too many or too few shows
    monkeypatch.setattr(
        torch.nn.functional, "dropout", lambda x, p=0.5, training=True, inplace=False: x * (1 + p) if training else x
    )
    monkeypatch.setattr(layers, "_mask", lambda x, p: torch.full_like(x, 1 + p))
    config, lengths = replace(SMALL, layers=2, dropout=0.3), SHAPES["small"][1]
    tokens, classes = tokens_of(lengths, config.vocab_size), classes_of(kind, config)
    model = model_of(config, kind, classes).train()
    reference = reference_of(hf, model, kind, classes, attention="eager").train()
    targets = targets_of(kind, tokens, classes)
    assert_parity(model, reference, kind, tokens, targets, Batch.of(pack(tokens, range(len(tokens)))))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_hidden_states_of_every_layer(hf: ModuleType, attention: str) -> None:
    config, lengths = SHAPES["deeper, several groups"]
    tokens = tokens_of(lengths, config.vocab_size)
    model = model_of(config, "span", 2)
    reference = reference_of(hf, model, "span", 2, attention).roberta
    ids, mask = padded(tokens)
    batch = Batch.of(pack(tokens, range(len(tokens)), multiple=32))
    with torch.no_grad():
        states = model.encoder.hidden_states(batch)
        expected = reference(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        assert torch.equal(states[-1], model.encoder(batch))
    assert len(states) == len(expected) == config.layers + 1
    for number, (found, wanted) in enumerate(zip(states, expected, strict=True)):
        assert_near(found[: batch.tokens], wanted[mask.bool()], f"layer {number}")
        assert_near(found[batch.first_S], wanted[:, 0], f"<s> of layer {number}")
        means = torch.stack([part.mean(dim=0) for part in found[: batch.tokens].split(lengths)])
        assert_near(means, (wanted * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), f"mean of layer {number}")


def test_a_part_of_the_tokens_is_that_part_of_all() -> None:
    config, lengths = SHAPES["deeper, several groups"]
    batch = Batch.of(pack(tokens_of(lengths, config.vocab_size), range(len(lengths))))
    assert len(batch.layout.groups) > 1
    encoder = model_of(config, "span", 2).encoder
    places = torch.tensor([7, 0, 3, batch.tokens - 1])
    with torch.no_grad():
        assert_near(encoder(batch, places), encoder(batch)[places], "hidden states")


def test_span_loss_is_the_class_s_where_there_is_no_padding_even_with_answers_cut_off(hf: ModuleType) -> None:
    tokens = tokens_of([12] * 5, SMALL.vocab_size)
    targets = torch.tensor([[3, 5], [2, 12], [30, 40], [0, 0], [11, 11]])  # 12 and more: behind the end
    model = model_of(SMALL, "span", 2)
    reference = reference_of(hf, model, "span", 2)
    ids, mask = padded(tokens)
    start, end = targets.unbind(1)
    expected = reference(ids, attention_mask=mask, start_positions=start.clone(), end_positions=end.clone()).loss
    batch = Batch.of(pack(tokens, range(5)))
    assert_near(model.loss(batch, "task", targets), expected, "loss")
    targets[2] = IGNORED
    assert_near(model.loss(batch, "task", targets), expected, "loss")


@pytest.mark.parametrize("kind", CLASSES)
def test_no_example_changes_another_and_the_order_does_not_matter(kind: str) -> None:
    lengths = SHAPES["deeper, several groups"][1]
    config, classes = MIDDLE, classes_of(kind, MIDDLE)
    model = model_of(config, kind, classes)
    per_example = classes if kind == "choice" else 1
    tokens = tokens_of(lengths, config.vocab_size)
    rows = [tokens[row].tolist() for row in range(len(tokens))]
    changed = [*rows[:4], [0, *[9] * (lengths[4] - 2), 2], *rows[5:]]

    def logits(sequences: list[list[int]]) -> list[Tensor]:
        batch = Batch.of(pack(Ragged.from_rows(sequences), range(len(sequences))))
        with torch.no_grad():
            found = model.logits(batch, "task")
        per_token = len(found) == batch.tokens
        return list(found.split([len(row) for row in sequences] if per_token else 1))

    before, after = logits(rows), logits(changed)
    moved = [row for row, (a, b) in enumerate(zip(before, after, strict=True)) if not torch.equal(a, b)]
    assert moved == [4 // per_example]
    pairs = [rows[at : at + per_example] for at in range(0, len(rows), per_example)]
    turned = logits([row for pair in reversed(pairs) for row in pair])
    for a, b in zip(before, reversed(turned), strict=True):
        assert_near(a, b, "logits in another order")


@pytest.mark.parametrize("kind", CLASSES)
def test_the_same_seed_gives_the_same_bits_and_evaluation_draws_nothing(kind: str) -> None:
    config = replace(MIDDLE, dropout=0.1)
    classes = classes_of(kind, config)
    tokens = tokens_of([*range(3, 20), 100], config.vocab_size)
    batch, targets = Batch.of(pack(tokens, range(len(tokens)))), targets_of(kind, tokens, classes)

    def run(seed: int) -> tuple[Tensor, list[Tensor]]:
        model = model_of(config, kind, classes)
        torch.manual_seed(seed)
        loss = model.loss(batch, "task", targets)
        loss.backward()
        return loss.detach(), [p.grad for p in model.parameters() if p.grad is not None]

    (loss, found), (again, found_again), (other, _) = run(1), run(1), run(2)
    assert torch.equal(loss, again)
    assert all(torch.equal(a, b) for a, b in zip(found, found_again, strict=True))
    assert loss != other

    model = model_of(config, kind, classes).eval()
    before = torch.get_rng_state()
    first, second = model.loss(batch, "task", targets), model.loss(batch, "task", targets)
    assert torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_falls_on_the_embeddings_at_its_rate() -> None:
    config = replace(MIDDLE, dropout=0.2)
    tokens = tokens_of([100] * 20, config.vocab_size)
    encoder = model_of(config, "span", 2).encoder
    torch.manual_seed(0)
    embedded = encoder.hidden_states(Batch.of(pack(tokens, range(20))))[0]
    share = (embedded == 0).double().mean().item()
    assert abs(share - 0.2) < 5 * (0.2 * 0.8 / embedded.numel()) ** 0.5
    assert not (encoder.eval().hidden_states(Batch.of(pack(tokens, range(20))))[0] == 0).any()


@pytest.mark.parametrize("kind", ["tagging", "masked", "span", "classification"])
def test_a_batch_without_any_target_has_the_loss_zero(kind: str) -> None:
    model = model_of(SMALL, kind, classes_of(kind, SMALL))
    tokens = tokens_of([5, 9], SMALL.vocab_size)
    targets = torch.full_like(targets_of(kind, tokens, classes_of(kind, SMALL)), IGNORED)
    loss = model.loss(Batch.of(pack(tokens, [0, 1])), "task", targets)
    loss.backward()
    assert loss == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("path", ["grouped", "reference"])
def test_half_precision_is_near_single(kind: str, path: attention.Path) -> None:
    config, classes = MIDDLE, classes_of(kind, MIDDLE)
    tokens = tokens_of(SHAPES["small"][1], config.vocab_size)
    packed, targets = pack(tokens, range(len(tokens))), targets_of(kind, tokens, classes)
    batch = Batch.of(packed if path == "grouped" else Rounding().applied(packed), path=path)
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        generator = torch.Generator().manual_seed(3)
        model = Model(Encoder(config, generator, dtype=dtype))
        model.add_head("task", kind, classes, generator)
        assert {parameter.dtype for parameter in model.parameters()} == {dtype}
        loss = model.loss(batch, "task", targets)
        loss.backward()
        assert loss.dtype == torch.float32
        gradient = torch.cat([p.grad.float().flatten() for p in model.parameters() if p.grad is not None])
        found.append((model.logits(batch, "task").float(), loss.detach(), gradient))
    (logits, loss, gradient), (half_logits, half_loss, half_gradient) = found
    torch.testing.assert_close(half_logits, logits, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(half_loss, loss, rtol=1e-2, atol=1e-2)
    if kind != "choice":  # its gradients are small differences between choices that a fresh model takes for alike
        assert (half_gradient - gradient).norm() < 3e-2 * gradient.norm()


def test_initial_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()

    def made(seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        model = Model(Encoder(MIDDLE, generator))
        for kind in CLASSES:
            model.add_head(kind, kind, classes_of(kind, MIDDLE), generator)
        return model.state_dict()

    first, again, other = made(0), made(0), made(1)
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert torch.equal(before, torch.get_rng_state())
    for name, tensor in first.items():
        if name.endswith("bias"):
            assert not tensor.any(), name
        elif "norm" in name:
            assert (tensor == 1).all(), name
        else:
            assert not torch.equal(tensor, other[name]), name
            slack = 5 * 0.02 / (2 * tensor.numel()) ** 0.5 + 0.02 * 2 / len(tensor)  # the rows of padding are zero
            assert abs(tensor.std().item() - 0.02) < slack, name
    assert not first["encoder.word"][1].any()
    assert not first["encoder.position"][1].any()


# the folder


def saved_model(folder: Path, **changes: Any) -> Model:
    generator = torch.Generator().manual_seed(0)
    model = Model(Encoder(replace(SMALL, **changes), generator))
    model.add_head("world.nli", "classification", 3, generator)
    model.add_head("items", "tagging", 5, generator)
    model.add_head("choice-4", "choice", 4, generator)
    save_model(folder, model)
    return model


def test_hugging_face_loads_what_we_save(hf: ModuleType, tmp_path: Path) -> None:
    model = saved_model(tmp_path, dropout=0.25, layers=2)
    loaded, info = hf.XLMRobertaModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info.values()), info
    config = loaded.config
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.25, 0.25)
    assert (config.max_position_embeddings, config.pad_token_id, config.layer_norm_eps) == (42, 1, 1e-5)
    tokens = tokens_of([9, 40, 3], SMALL.vocab_size)
    ids, mask = padded(tokens)
    with torch.no_grad():
        expected = loaded.eval()(ids, attention_mask=mask).last_hidden_state[mask.bool()]
        assert_near(model.eval().encoder(Batch.of(pack(tokens, range(3)))), expected, "hidden states")
    automatic = hf.AutoModel.from_pretrained(tmp_path)
    assert type(automatic) is hf.XLMRobertaModel


@pytest.mark.parametrize("name", ["XLMRobertaModel", "XLMRobertaForMaskedLM", "XLMRobertaForTokenClassification"])
@pytest.mark.parametrize("shard", ["5GB", "6KB"])
def test_we_load_what_hugging_face_saves(hf: ModuleType, tmp_path: Path, name: str, shard: str) -> None:
    reference = getattr(hf, name)(hf.XLMRobertaConfig(**SMALL.to_hf()))
    reference.save_pretrained(tmp_path, max_shard_size=shard)
    assert (tmp_path / "model.safetensors").exists() == (shard == "5GB")
    encoder = load_encoder(tmp_path)
    assert encoder.config == SMALL
    state = {name.removeprefix("roberta."): tensor for name, tensor in reference.state_dict().items()}
    found = hf_state(encoder)
    assert all(torch.equal(tensor, state[key]) for key, tensor in found.items() if key in state)
    assert [key for key in found if key not in state] == (
        [] if name == "XLMRobertaModel" else ["pooler.dense.weight", "pooler.dense.bias"]
    )
    assert torch.isfinite(encoder.pooler.weight).all()


def test_a_model_comes_back_with_its_heads_and_the_same_bytes(tmp_path: Path) -> None:
    model = saved_model(tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    assert loaded.kinds == model.kinds
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in model.state_dict().items())
    save_model(tmp_path / "b", loaded)
    for file in ("config.json", "model.safetensors", "heads.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert load_model(tmp_path / "a", dropout=0.4).head("items").get_submodule("dropout").p == 0.4
    assert load_model(tmp_path / "a", dtype=torch.bfloat16).encoder.word.dtype == torch.bfloat16
    save_model(tmp_path / "b", loaded.encoder)  # heads of an older model do not stay behind
    assert load_model(tmp_path / "b").kinds == {}


def test_token_types_that_are_never_used_and_old_buffers_are_left(tmp_path: Path) -> None:
    state = hf_state(Encoder(SMALL, torch.Generator().manual_seed(0)))
    types = state["embeddings.token_type_embeddings.weight"]
    old = state | {
        "embeddings.token_type_embeddings.weight": torch.cat([types, types + 1]),
        "embeddings.position_ids": torch.arange(42)[None],
    }
    found = hf_state(from_hf_state(old, SMALL))
    assert all(torch.equal(tensor, state[name]) for name, tensor in found.items())


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(model_type="bert"), "another model: of the kind 'bert'; expected .*'xlm-roberta'"),
        (lambda c: c.pop("model_type"), "of the kind None"),
        (lambda c: c.update(hidden_act="relu"), "hidden_act is 'relu'; expected 'gelu'"),
        (lambda c: c.update(is_decoder=True), "is_decoder is True"),
        (lambda c: c.pop("hidden_size"), "hidden_size is missing"),
        (lambda c: c.update(attention_probs_dropout_prob=0.5), "several rates of dropout"),
        (lambda c: c.update(num_attention_heads=3), "hidden 16 is not a multiple of heads 3"),
        (lambda c: c.update(num_hidden_layers=0), "layers 0"),
        (lambda c: c.update(num_hidden_layers=2), r"encoder\.layer\.1\..* is not among its"),
        (lambda c: c.update(max_position_embeddings="x"), "positions 'x'"),
        (lambda c: c.update(pad_token_id=None), "pad_id None|positions"),
        (lambda c: c.update(hidden_dropout_prob="0.1", attention_probs_dropout_prob="0.1"), "dropout '0.1'"),
        (lambda c: c.update(layer_norm_eps=None), "eps None"),
        (lambda c: c.update(intermediate_size=33), r"has the shape \(32, 16\); expected \(33, 16\)"),
        (lambda c: c.update(vocab_size=61), r"word_embeddings.weight has the shape \(60, 16\); expected \(61, 16\)"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused_by_what_was_found_and_expected(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    saved_model(tmp_path)
    rewritten(tmp_path, change)
    with pytest.raises(InputError) as error:
        load_model(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert re.search(message, str(error.value)), str(error.value)


def test_weights_of_bert_are_refused_even_under_our_configuration(hf: ModuleType, tmp_path: Path) -> None:
    bert = hf.BertConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    hf.BertForMaskedLM(bert).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="of the kind 'bert'"):
        load_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(SMALL.to_hf()))
    with pytest.raises(InputError, match="found names that begin with bert, cls"):
        load_encoder(tmp_path)
    hf.BertModel(bert).save_pretrained(tmp_path)  # the same names as ours, but 512 positions and 2 token types
    (tmp_path / "config.json").write_text(json.dumps(SMALL.to_hf()))
    with pytest.raises(InputError, match=r"position_embeddings.weight has the shape \(512, 16\); expected \(42, 16\)"):
        load_encoder(tmp_path)


def test_more_layers_than_the_configuration_says_are_refused(tmp_path: Path) -> None:
    saved_model(tmp_path, layers=2)
    rewritten(tmp_path, lambda content: content.update(num_hidden_layers=1))
    with pytest.raises(InputError, match=r"encoder\.layer\.1\..* has no place in the encoder"):
        load_encoder(tmp_path)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    saved_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(UnreadableInputError, match=r"pickled \(pytorch_model.bin\).*model.safetensors"):
        load_encoder(tmp_path)


def test_missing_and_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"config\.json: no such file"):
        load_encoder(tmp_path)
    model = saved_model(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[:-1], whole[:5], b""):
        weights.write_bytes(damaged)
        with pytest.raises(UnreadableInputError, match=r"model\.safetensors: damaged"):
            load_encoder(tmp_path)
    weights.unlink()
    with pytest.raises(MissingInputError, match=r"no model\.safetensors"):
        load_encoder(tmp_path)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../part.safetensors"}}))
    with pytest.raises(MissingInputError, match=r"part\.safetensors: no such file"):
        load_encoder(tmp_path)
    index.unlink()
    weights.write_bytes(whole)
    for content in ("{", "[]"):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(UnreadableInputError, match="JSON"):
            load_encoder(tmp_path)
    save_model(tmp_path, model)
    for heads in (b"junk", safetensors.torch.save({"x": torch.zeros(1)}), safetensors.torch.save({}, {"heads": "{"})):
        (tmp_path / "heads.safetensors").write_bytes(heads)
        with pytest.raises(UnreadableInputError, match=r"heads\.safetensors"):
            load_model(tmp_path)


def test_a_place_that_cannot_be_written_is_an_error_of_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        saved_model(tmp_path / "file")


# wrong calls


def test_sequences_that_the_positions_cannot_hold_are_refused() -> None:
    encoder = Encoder(SMALL, torch.Generator().manual_seed(0))
    fits = pack(tokens_of([40, 3], 60), [0, 1], multiple=128)  # the padding is longer than any sequence may be
    assert encoder(Batch.of(fits)).shape == (128, 16)
    with pytest.raises(InputError, match="a sequence of 41 tokens, the encoder has 40 positions"):
        encoder(Batch.of(pack(tokens_of([41], 60), [0])))


def test_wrong_heads_are_refused() -> None:
    model = Model(Encoder(SMALL, torch.Generator().manual_seed(0)))
    with pytest.raises(UsageError, match="no head 'nli'; it has none"):
        model.head("nli")
    for kind, classes, message in (
        ("regression", 3, "unknown kind of head: 'regression'; one of classification"),
        ("classification", 1, "with 1 class"),
        ("span", 3, "span head with 3 outputs"),
        ("masked", 5, "masked head with 5 outputs"),
    ):
        with pytest.raises(UsageError, match=message):
            model.add_head("x", kind, classes)
    assert model.kinds == {}
    model.add_head("x", "choice", 3, torch.Generator().manual_seed(0))
    batch = Batch.of(pack(tokens_of([4] * 4, 60), range(4)))
    with pytest.raises(UsageError, match="4 sequences are no whole number of examples with 3 choices"):
        model.logits(batch, "x")
    model.add_head("tags", "tagging", 3, torch.Generator().manual_seed(0))
    with pytest.raises(UsageError, match=r"targets of the shape \(17,\) for 16 tokens"):
        model.loss(batch, "tags", torch.zeros(17, dtype=torch.int64))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"heads": 3}, "multiple"), ({"layers": 0}, "layers"), ({"dropout": 1.0}, "dropout"), ({"pad_id": 60}, "pad_id")],
)
def test_impossible_shapes_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(SMALL, **change)
