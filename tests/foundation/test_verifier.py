"""The verifier: shipped layers over the package's, the same in ONNX Runtime as in torch, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from claimcheck.foundation.models.onnx import tokenizer
from claimcheck.foundation.models.verifier import MAX_TOKENS, NAME, WEIGHTS, Verifier, export, network, trained_names
from claimcheck.foundation.records import LABELS
from claimcheck.foundation.settings import Settings

PAIRS = [
    ("A man is asleep.", "A man sleeps on a bench in the park."),
    ("Nobody is asleep.", "A man sleeps on a bench in the park."),
    ("The man is a lawyer.", "A man sleeps on a bench in the park."),
    ("Zinc shortens colds.", "In the trial, zinc lozenges reduced the duration of colds by a day."),
    ("", ""),
    ("größer", "word and number 12.5 " * 300),  # cut at 256 tokens
]


@pytest.fixture(scope="module")
def verifier(home: Path) -> Verifier:
    return Verifier(Settings(home=home))


def test_log_probabilities_in_the_order_given_whatever_the_batch(verifier: Verifier) -> None:
    together = verifier.judge(PAIRS)
    assert together.shape == (len(PAIRS), len(LABELS))
    assert np.exp(together).sum(1) == pytest.approx(np.ones(len(PAIRS)), abs=1e-5)
    for pair, row in zip(PAIRS, together, strict=True):
        assert verifier.judge([pair])[0] == pytest.approx(row, abs=1e-4)
    assert verifier.judge([]).shape == (0, len(LABELS))


def test_what_follows_from_plain_sentences(verifier: Verifier) -> None:
    assert [LABELS[i] for i in verifier.judge(PAIRS[:3]).argmax(1)] == ["supported", "refuted", "not_enough_info"]


def test_the_export_gives_what_torch_gives(verifier: Verifier) -> None:
    import torch

    cut = tokenizer(MAX_TOKENS)
    model = network()
    for pair, row in zip(PAIRS, verifier.judge(PAIRS), strict=True):
        coded = cut.encode(*(" ".join(text.split()) for text in pair))
        assert len(coded.ids) <= MAX_TOKENS
        given = [torch.tensor([x]) for x in (coded.ids, coded.attention_mask, coded.type_ids)]
        with torch.no_grad():
            assert model(*given)[0].numpy() == pytest.approx(row, abs=1e-3)


def test_which_of_the_two_texts_is_the_claim_matters(verifier: Verifier) -> None:
    forward, back = verifier.judge([PAIRS[3], PAIRS[3][::-1]])
    assert np.abs(forward - back).max() > 0.05


def test_shipped_are_all_layers_but_the_embeddings_in_half_precision() -> None:
    from safetensors import safe_open

    with safe_open(str(WEIGHTS), "np") as shipped:
        assert sorted(shipped.keys()) == sorted(trained_names(network(None)))
        assert {str(shipped.get_tensor(name).dtype) for name in shipped.keys()} == {"float16"}  # noqa: SIM118
    assert WEIGHTS.stat().st_size < 24e6
    assert not any("embeddings" in name for name in trained_names(network(None)))


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"out.weight": np.zeros((3, 384), np.float16)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other.safetensors is not of this model"):
        network(tmp_path / "other.safetensors")


def test_the_export_is_made_once(home: Path, verifier: Verifier) -> None:
    verifier.judge(PAIRS[:1])
    path = export(home)
    assert path.name.startswith(f"{NAME}-")
    made = path.stat().st_mtime_ns
    assert export(home) == path
    assert path.stat().st_mtime_ns == made
    assert list(path.parent.glob("*.part")) == []
