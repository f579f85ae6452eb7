"""What stands on the encoder for each kind of task, computing what Hugging Face's XLM-R classes compute."""
# ruff: noqa: N803, N806

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import IGNORED
from reproduce.model.attention import to_padded
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.layers import Dense, Dropout, initialise, single

if TYPE_CHECKING:
    from reproduce.model.encoder import Batch, Encoder

__all__ = ["Head", "head_for"]


class Head(nn.Module):
    """Base of the heads: logits from hidden states of a packed batch, and the loss that the class trains with.

    `tokens` says which hidden states a head reads (R of them, None: all), so that the last layer can leave out the
    others. The loss is the mean over what has a target (examples, tokens, ...), in fp32 at least; 0 where nothing has.
    """

    per_token: ClassVar[bool] = False  # one decision a token, of which the loss needs those with a target

    def tokens(self, batch: Batch) -> Tensor | None:
        """The places of the tokens that the logits need, or None for all."""
        return None

    def labelled(self, batch: Batch, targets: Tensor) -> tuple[Tensor | None, Tensor]:
        """The places of the tokens that the loss needs, or None for all, and the targets that belong to them."""
        return self.tokens(batch), targets

    def logits(self, hidden_RH: Tensor, batch: Batch, encoder: Encoder) -> Tensor:
        """Of the real sequences only; the shape is the class's."""
        raise NotImplementedError

    def loss(self, hidden_RH: Tensor, batch: Batch, targets: Tensor, encoder: Encoder) -> Tensor:
        """A scalar."""
        return _cross_entropy(self.logits(hidden_RH, batch, encoder), targets)


class Classification(Head):
    """A class a sequence (XLMRobertaForSequenceClassification): logits [S, classes], targets [S]."""

    def __init__(self, config: EncoderConfig, classes: int) -> None:
        super().__init__()
        self.dropout = Dropout(config.dropout)
        self.classifier = nn.ModuleDict(
            {"dense": Dense(config.hidden, config.hidden), "out_proj": Dense(config.hidden, classes)}
        )

    def tokens(self, batch: Batch) -> Tensor:
        """Each <s>."""
        return batch.first_S

    def logits(self, hidden_SH: Tensor, batch: Batch, encoder: Encoder) -> Tensor:
        """[S, classes]."""
        x_SH = self.dropout(torch.tanh(self.classifier["dense"](self.dropout(hidden_SH))))
        logits: Tensor = self.classifier["out_proj"](x_SH)
        return logits


class _PerToken(Head):
    """Base: one decision a token, targets [T] with IGNORED."""

    per_token = True

    def scores(self, hidden_RH: Tensor, encoder: Encoder) -> Tensor:
        """Of each hidden state."""
        raise NotImplementedError

    def logits(self, hidden_RH: Tensor, batch: Batch, encoder: Encoder) -> Tensor:
        """Of all hidden states or of the first R; those of padding are left out."""
        return self.scores(hidden_RH[: batch.tokens], encoder)

    def loss(self, hidden_RH: Tensor, batch: Batch, targets: Tensor, encoder: Encoder) -> Tensor:
        """A scalar."""
        return _cross_entropy(self.scores(hidden_RH, encoder), targets)

    def labelled(self, batch: Batch, targets: Tensor) -> tuple[Tensor, Tensor]:
        """What has a target; UsageError where there is not one a token."""
        if targets.shape != (batch.tokens,):
            raise UsageError(f"targets of the shape {tuple(targets.shape)} for {batch.tokens} tokens")
        places = (targets != IGNORED).nonzero().squeeze(1)
        return places, targets.index_select(0, places)


class Tagging(_PerToken):
    """A class a token (XLMRobertaForTokenClassification): logits [T, classes], targets [T] with IGNORED."""

    def __init__(self, config: EncoderConfig, classes: int) -> None:
        super().__init__()
        self.dropout = Dropout(config.dropout)
        self.classifier = Dense(config.hidden, classes)

    def scores(self, hidden_RH: Tensor, encoder: Encoder) -> Tensor:
        """[R, classes]."""
        logits: Tensor = self.classifier(self.dropout(hidden_RH))
        return logits


class Span(Head):
    """Where an answer starts and ends (XLMRobertaForQuestionAnswering): logits [T, 2], targets [S, 2].

    A target is the place of a token within its sequence; one behind the end (an answer that was cut off) is ignored,
    as is IGNORED. The softmax runs over the tokens of the sequence. Hugging Face's loss of a padded batch has the
    padding in its denominator too, so that it changes with the neighbours; this is its loss without padding.
    """

    def __init__(self, config: EncoderConfig, classes: int = 2) -> None:
        super().__init__()
        if classes != 2:
            raise UsageError(f"a span head with {classes} outputs", todo="it has 2: start and end")
        self.qa_outputs = Dense(config.hidden, 2)

    def logits(self, hidden_TH: Tensor, batch: Batch, encoder: Encoder) -> Tensor:
        """[T, 2]."""
        logits: Tensor = self.qa_outputs(hidden_TH[: batch.tokens])
        return logits

    def loss(self, hidden_TH: Tensor, batch: Batch, targets: Tensor, encoder: Encoder) -> Tensor:
        """A scalar."""
        logits_T2 = single(self.qa_outputs(hidden_TH))
        logits_SL2 = to_padded(logits_T2, batch.layout, -torch.inf)[: batch.real]
        targets = targets.masked_fill(targets >= batch.lengths_S[:, None], IGNORED)
        start = _cross_entropy(logits_SL2[..., 0], targets[:, 0])
        return (start + _cross_entropy(logits_SL2[..., 1], targets[:, 1])) / 2


class Choice(Head):
    """One of several sequences (XLMRobertaForMultipleChoice): logits [examples, choices], targets [examples].

    The sequences of an example follow one another. It reads the pooler, which belongs to the encoder.
    """

    def __init__(self, config: EncoderConfig, classes: int) -> None:
        super().__init__()
        self.choices = classes
        self.dropout = Dropout(config.dropout)
        self.classifier = Dense(config.hidden, 1)

    def tokens(self, batch: Batch) -> Tensor:
        """Each <s>."""
        return batch.first_S

    def logits(self, hidden_SH: Tensor, batch: Batch, encoder: Encoder) -> Tensor:
        """[examples, choices]."""
        if batch.real % self.choices:
            raise UsageError(f"{batch.real} sequences are no whole number of examples with {self.choices} choices")
        logits: Tensor = self.classifier(self.dropout(torch.tanh(encoder.pooler(hidden_SH))))
        return logits.view(-1, self.choices)


class Masked(_PerToken):
    """The word at a token (XLMRobertaForMaskedLM): logits [T, vocabulary], targets [T] with IGNORED.

    The decoder's matrix is that of the word embeddings.
    """

    def __init__(self, config: EncoderConfig, classes: int | None = None) -> None:
        super().__init__()
        if classes not in (None, config.vocab_size):
            raise UsageError(f"a masked head with {classes} outputs", todo=f"it has one a word: {config.vocab_size}")
        self.lm_head = nn.ModuleDict(
            {"dense": Dense(config.hidden, config.hidden), "layer_norm": nn.LayerNorm(config.hidden, eps=config.eps)}
        )
        self.lm_head.register_parameter("bias", nn.Parameter(torch.zeros(config.vocab_size)))

    def scores(self, hidden_RH: Tensor, encoder: Encoder) -> Tensor:
        """[R, vocabulary]."""
        x_RH = self.lm_head["layer_norm"](functional.gelu(self.lm_head["dense"](hidden_RH)))
        return functional.linear(x_RH, encoder.word.to(x_RH.dtype), self.lm_head.get_parameter("bias"))


_KINDS: dict[str, Callable[[EncoderConfig, int], Head]] = {
    "classification": Classification,
    "tagging": Tagging,
    "span": Span,
    "choice": Choice,
    "masked": Masked,
}


def head_for(kind: str, config: EncoderConfig, classes: int, generator: torch.Generator | None = None) -> Head:
    """A head by its kind; `classes`: classes, tags, choices an example, 2 for "span", the vocabulary for "masked".

    Its weights are drawn from `generator`; without one they are unset, to be loaded. Raises UsageError.
    """
    if kind not in _KINDS:
        raise UsageError(f"unknown kind of head: {kind!r}", todo=f"one of {', '.join(_KINDS)}")
    if classes < 2:
        raise UsageError(f"a {kind} head with {classes} class", todo="give 2 or more; regression is not supported")
    head = _KINDS[kind](config, classes)
    if generator is not None:
        initialise(head, generator)
    return head


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    # torch's own mean is 0 / 0 where nothing has a target
    total = functional.cross_entropy(single(logits), targets, ignore_index=IGNORED, reduction="sum")
    return total / (targets != IGNORED).sum().clamp(min=1)
