"""The claim model: shipped layers over the package's, the same in ONNX Runtime as in torch, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from claimcheck.foundation.models.batching import batches
from claimcheck.foundation.models.claim_model import (
    FROZEN_LAYERS,
    NAME,
    PARTS,
    WEIGHTS,
    ClaimModel,
    export,
    network,
    trained_names,
)
from claimcheck.foundation.models.onnx import embedded_model_folder
from claimcheck.foundation.settings import Settings

SENTENCES = [
    "Our parser outperforms all earlier systems on nine of ten treebanks.",
    "Parsing has been studied for a long time.",
    "a",
    "The encoder has 12 layers — größer als zuvor.",
    "word and number 12.5 " * 200,  # cut at 128 tokens
]


@pytest.fixture(scope="module")
def model(home: Path) -> ClaimModel:
    return ClaimModel(Settings(home=home))


def test_log_probabilities_of_parts_and_vectors_in_the_order_given(model: ClaimModel) -> None:
    parts, vectors = model.read(SENTENCES)
    assert parts.shape == (len(SENTENCES), len(PARTS))
    assert vectors.shape == (len(SENTENCES), 384)
    assert np.exp(parts).sum(1) == pytest.approx(np.ones(len(SENTENCES)), abs=1e-5)
    assert PARTS[int(parts[0].argmax())] == "result"
    assert PARTS[int(parts[1].argmax())] == "background"
    for sentence, row in zip(SENTENCES, parts, strict=True):
        assert model.read([sentence]).parts[0] == pytest.approx(row, abs=1e-4)
    turned = model.read(SENTENCES[::-1]).parts[::-1]
    assert turned == pytest.approx(parts, abs=1e-4)


def test_parity_with_torch(model: ClaimModel) -> None:
    import torch
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(embedded_model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    reference = network()
    parts, vectors = model.read(SENTENCES)
    with torch.no_grad():
        for i, sentence in enumerate(SENTENCES):
            ids = torch.tensor([tokenizer.encode(" ".join(sentence.split())).ids])
            theirs, pooled = reference(ids, torch.ones_like(ids))
            assert parts[i] == pytest.approx(theirs[0].numpy(), abs=1e-4)
            assert vectors[i] == pytest.approx(pooled[0].numpy(), abs=1e-4)


def test_nothing_empty_sentences_and_long_ones(model: ClaimModel) -> None:
    assert model.read([]).parts.shape == (0, len(PARTS))
    assert np.isfinite(model.read(["", " \n ", "\x00", "x" * 200_000, "word " * 50_000]).parts).all()


def test_the_shipped_file_has_the_trained_layers_in_half_precision_and_no_others() -> None:
    from safetensors import safe_open

    with safe_open(str(WEIGHTS), "pt") as file:
        names = list(file.keys())
        assert {str(file.get_slice(name).get_dtype()) for name in names} == {"F16"}
    assert sorted(names) == sorted(trained_names(network(None)))
    assert not any(f"layer.{i}." in name for name in names for i in range(FROZEN_LAYERS))
    assert not any("embeddings" in name for name in names)
    assert WEIGHTS.stat().st_size < 22e6


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"out.weight": torch.zeros(5, 384)}, str(tmp_path / "some.safetensors"))
    with pytest.raises(ValueError, match=r"some\.safetensors is not of this model"):
        network(tmp_path / "some.safetensors")


def test_the_export_is_made_once(model: ClaimModel, home: Path) -> None:
    model.read(["x"])
    file = export(home)
    made = file.stat().st_mtime_ns
    assert file.parent == home / "models"
    assert file.name.startswith(NAME)
    assert export(home) == file
    assert file.stat().st_mtime_ns == made
    assert not list(file.parent.glob("*.part"))


def test_batches_hold_each_sentence_once_padded_to_the_longest() -> None:
    lengths = [3, 900, 1, 5000, 3, 40, 700, 0, *[7] * 80]
    token_ids = [list(range(1, n + 1)) for n in lengths]
    seen = []
    for batch in batches(token_ids):
        assert len(batch.members) <= 32
        assert batch.ids.size <= 4096 or len(batch.members) == 1
        assert batch.ids.shape[1] == max(lengths[i] for i in batch.members)
        for row, i in enumerate(batch.members):
            assert batch.ids[row, : lengths[i]].tolist() == token_ids[i]
            assert batch.mask[row].sum() == lengths[i]
            assert not batch.ids[row, lengths[i] :].any()
        seen += batch.members
    assert sorted(seen) == list(range(len(lengths)))
    assert list(batches([])) == []
