"""The embedded sentence encoder in ONNX Runtime gives the vectors that sentence-transformers gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from claimcheck.foundation.models.encoder import EMBEDDED, SentenceEncoder, export
from claimcheck.foundation.models.onnx import embedded_model_folder
from claimcheck.foundation.settings import Settings

SENTENCES = [
    "The model reaches 85.3 F1 on SQuAD.",
    "Aspirin reduces the risk of heart attack in adults.",
    "a",
    "Größere Modelle sind – meistens – besser.",
    "word and number 12.5 " * 200,  # cut at 256 tokens
]


@pytest.fixture(scope="module")
def encoder(home: Path) -> SentenceEncoder:
    return SentenceEncoder(Settings(home=home))


def test_parity_with_sentence_transformers(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(embedded_model_folder()), device="cpu", local_files_only=True)
    theirs = reference.encode(SENTENCES, normalize_embeddings=True)
    ours = encoder.encode(SENTENCES)
    assert ours.shape == theirs.shape == (len(SENTENCES), 384)
    cosines = (ours * theirs).sum(axis=1)
    assert cosines.min() > 0.9999


def test_unit_vectors_in_the_order_given_whatever_the_batch(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(SENTENCES)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(SENTENCES)), abs=1e-5)
    for sentence, vector in zip(SENTENCES, vectors, strict=True):
        assert float(encoder.encode([sentence])[0] @ vector) > 0.99999
    assert np.array_equal(encoder.encode(SENTENCES), vectors)
    turned = encoder.encode(SENTENCES[::-1])[::-1]
    assert float((turned * vectors).sum(axis=1).min()) > 0.99999


def test_like_sentences_are_near_and_others_far(encoder: SentenceEncoder) -> None:
    a, b, c = encoder.encode(["The parser is fast.", "This parser runs quickly.", "Cows eat grass in summer."])
    assert a @ b > 0.6 > 0.3 > a @ c


def test_no_sentences_and_empty_ones(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)
    assert np.isfinite(encoder.encode(["", " \n ", "\x00"])).all()


def test_the_export_is_made_once(encoder: SentenceEncoder, home: Path) -> None:
    encoder.encode(["x"])
    file = export(home)
    made = file.stat().st_mtime_ns
    assert file.parent == home / "models"
    assert file.name.startswith(EMBEDDED)
    assert export(home) == file
    assert file.stat().st_mtime_ns == made
    assert not list(file.parent.glob("*.part"))
