"""The shape of an encoder of the XLM-R kind, and Hugging Face's config.json that says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claimcheck.foundation.errors import InputError, UsageError

__all__ = ["EncoderConfig"]

_FIXED = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
_NAMES = {
    "vocab_size": "vocab_size",
    "hidden": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "feed_forward": "intermediate_size",
    "pad_id": "pad_token_id",
    "eps": "layer_norm_eps",
}
_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of an encoder; raises UsageError where it makes no sense.

    `positions` is the longest sequence in tokens (512 for XLM-R, whose table has 514 rows: position ids begin behind
    pad_id). `dropout` holds for embeddings, probabilities of attention, layers and heads.
    """

    vocab_size: int
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int = 512
    dropout: float = 0.1
    pad_id: int = 1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("vocab_size", "hidden", "layers", "heads", "feed_forward", "positions"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UsageError(f"an encoder with {name} {value!r}", todo="give a whole number above 0")
        if self.hidden % self.heads:
            raise UsageError(f"hidden {self.hidden} is not a multiple of heads {self.heads}")
        if type(self.pad_id) is not int or not 0 <= self.pad_id < self.vocab_size:
            raise UsageError(f"pad_id {self.pad_id!r} is no word of the {self.vocab_size}")
        if not _is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise UsageError(f"dropout {self.dropout!r}", todo="give a number from 0 to below 1")
        if not _is_number(self.eps) or not self.eps > 0:
            raise UsageError(f"eps {self.eps!r}", todo="give a number above 0")

    @property
    def position_rows(self) -> int:
        """Rows of the table of positions, Hugging Face's max_position_embeddings."""
        return self.positions + self.pad_id + 1

    def to_hf(self) -> dict[str, Any]:
        """The config.json of Hugging Face's XLMRobertaModel."""
        return {
            "architectures": ["XLMRobertaModel"],
            "model_type": "xlm-roberta",
            **{theirs: getattr(self, ours) for ours, theirs in _NAMES.items()},
            "max_position_embeddings": self.position_rows,
            "hidden_act": "gelu",
            "hidden_dropout_prob": self.dropout,
            "attention_probs_dropout_prob": self.dropout,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "type_vocab_size": 1,
        }

    @classmethod
    def from_hf(
        cls, content: Mapping[str, Any], *, dropout: float | None = None, where: str = "config.json"
    ) -> EncoderConfig:
        """From a config.json; `dropout` takes the place of what it says.

        Raises InputError for another kind of model, for one that computes something else, and for values that are
        missing or make no sense.
        """
        kind = content.get("model_type")
        if kind != "xlm-roberta":
            todo = "expected a model of the kind 'xlm-roberta'"
            raise InputError(f"a checkpoint of another model: of the kind {kind!r}", where=where, todo=todo)
        for name, expected in _FIXED.items():
            if content.get(name, expected) != expected:
                raise InputError(f"{name} is {content[name]!r}", where=where, todo=f"expected {expected!r}")
        missing = [name for name in (*_NAMES.values(), "max_position_embeddings") if name not in content]
        if missing:
            raise InputError(f"{', '.join(missing)} is missing", where=where, todo="take the model's own config.json")
        if dropout is None:
            given = {name: content[name] for name in _DROPOUTS if content.get(name) is not None}
            if len(set(given.values())) > 1:
                said = ", ".join(f"{name} {value!r}" for name, value in given.items())
                raise InputError(f"several rates of dropout ({said})", where=where, todo="give one for the training")
            dropout = next(iter(given.values()), 0.1)
        values = {ours: content[theirs] for ours, theirs in _NAMES.items()}
        rows = content["max_position_embeddings"]
        try:
            positions = rows - values["pad_id"] - 1 if type(rows) is type(values["pad_id"]) is int else rows
            return cls(**values, positions=positions, dropout=dropout)
        except UsageError as error:
            raise InputError(error.what, where=where, todo=error.todo) from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
