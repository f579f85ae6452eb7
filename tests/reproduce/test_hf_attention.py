"""Hugging Face's own XLM-R on packed input through our attention: the numbers of its padded batches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import Ragged
from reproduce.model.encoder import Batch, from_hf_state
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.hfattention import NAME, packed_inputs, register
from reproduce.model.packing import pack
from reproduce.model.shapes import Rounding

CONFIG = EncoderConfig(120, 32, 3, 4, 64, positions=70, dropout=0.0)
LENGTHS = [5, 33, 2, 64, 17, 70, 8]
Made = Callable[..., Any]


@pytest.fixture(scope="module")
def made() -> Made:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    register()
    register()  # twice is once

    def model(kind: str, implementation: str, dropout: float = 0.0) -> Any:
        config = transformers.XLMRobertaConfig(**CONFIG.to_hf(), num_labels=3)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout
        config._attn_implementation = implementation
        torch.manual_seed(0)
        one = getattr(transformers, kind)(config)
        with torch.no_grad():
            for parameter in one.parameters():
                parameter += torch.randn_like(parameter) * 0.2
        return one.train()

    return model


def tokens() -> Ragged:
    random = np.random.default_rng(0)
    return Ragged.from_rows([[0, *random.integers(4, 120, n - 2).tolist(), 2] for n in LENGTHS])


def padded() -> tuple[Tensor, Tensor]:
    rows = [torch.tensor(row.astype(np.int64)) for row in tokens()]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)
    return ids, torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)


def batch(*, rounded: bool = False, **how: Any) -> Batch:
    packed = pack(tokens(), range(len(LENGTHS)))
    return Batch.of(Rounding().applied(packed) if rounded else packed, **how)


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        limit = 1e-5 * max(1.0, tensor.abs().max().item())
        assert (found[name] - tensor).abs().max().item() <= limit, name


def gradients(model: Any) -> dict[str, Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("how", [{}, {"rounded": True}, {"path": "reference"}], ids=["grouped", "rounded", "reference"])
@pytest.mark.parametrize("layout", [True, False])
def test_loss_and_gradients_of_a_class_with_a_decision_a_token(made: Made, how: dict[str, Any], layout: bool) -> None:
    ids, mask = padded()
    labels = torch.from_numpy(np.random.default_rng(1).integers(0, 3, ids.shape)).masked_fill(mask == 0, -100)
    expected, found = (made("XLMRobertaForTokenClassification", name) for name in ("sdpa", NAME))
    loss = expected(ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    given = packed_inputs(one := batch(**how))
    if not layout:
        del given["layout"]
    targets = torch.full((len(one.input_ids_T),), -100)
    targets[: one.tokens] = labels[mask.bool()]
    ours = found(**given, labels=targets[None]).loss
    ours.backward()
    assert abs(ours - loss) < 1e-5 * loss
    assert_same(gradients(found), gradients(expected))


def test_classification_where_its_head_is_given_each_first_token(made: Made) -> None:
    ids, mask = padded()
    labels = torch.arange(len(LENGTHS)) % 3
    expected, found = (made("XLMRobertaForSequenceClassification", name) for name in ("eager", NAME))
    out = expected(ids, attention_mask=mask, labels=labels)
    out.loss.backward()
    one = batch()
    hidden = found.roberta(**packed_inputs(one)).last_hidden_state[0]
    logits = found.classifier(hidden[one.first_S][:, None])
    torch.nn.functional.cross_entropy(logits, labels).backward()
    torch.testing.assert_close(logits, out.logits, rtol=1e-5, atol=1e-5)
    assert_same(gradients(found), gradients(expected))


def test_hidden_states_are_those_of_our_encoder(made: Made) -> None:
    model = made("XLMRobertaModel", NAME).eval()
    encoder = from_hf_state(model.state_dict(), CONFIG).eval()
    one = batch()
    with torch.no_grad():
        theirs = model(**packed_inputs(one), output_hidden_states=True).hidden_states
        ours = encoder.hidden_states(one)
    assert len(ours) == len(theirs) == 4
    assert_same({str(n): x for n, x in enumerate(ours)}, {str(n): x[0] for n, x in enumerate(theirs)})


def test_dropout_is_passed_on_in_training_alone(made: Made) -> None:
    model = made("XLMRobertaModel", NAME, dropout=0.5)
    given = packed_inputs(batch())
    attending = {id(layer.attention.self.dropout) for layer in model.encoder.layer}
    for module in model.modules():  # what is left is the dropout on probabilities
        if isinstance(module, torch.nn.Dropout) and id(module) not in attending:
            module.p = 0.0
    with torch.no_grad():
        first, second = model(**given).last_hidden_state, model(**given).last_hidden_state
        assert not torch.allclose(first, second)
        model.eval()
        assert torch.equal(model(**given).last_hidden_state, model(**given).last_hidden_state)


def test_what_packed_input_cannot_mean_is_refused(made: Made) -> None:
    model = made("XLMRobertaModel", NAME).eval()
    ids, mask = padded()
    given = packed_inputs(batch())
    with pytest.raises(UsageError, match="mask that hides tokens; pack the batch"):
        model(ids, attention_mask=mask)  # transformers itself would drop the mask and mix padding in
    with pytest.raises(UsageError, match="without the places of the sequences"):
        model(ids)
    with pytest.raises(UsageError, match="without the places of the sequences"):
        model(given["input_ids"], position_ids=given["position_ids"])
    four = torch.zeros(1, 1, ids.shape[1], ids.shape[1])
    with pytest.raises(UsageError, match="with a mask"):
        model(ids[:1], attention_mask=four)
    with pytest.raises(UsageError, match="keys of other sequences"):
        model(**given | {"cu_seq_lens_k": given["cu_seq_lens_q"] * 2})


def test_training_does_not_load_transformers() -> None:
    code = (
        "import sys, reproduce.training.train, reproduce.training.stepping, reproduce.model.hfattention; "
        "sys.exit('transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
