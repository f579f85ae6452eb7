"""Our attention over packed sequences as an attention implementation of Hugging Face's models.

`register()`, then a model with `attn_implementation=NAME` takes what `packed_inputs` makes of a packed batch: one row
of T tokens, where a padded batch has S rows of the longest. Models that read `<s>` from the first place of each row
(classification, multiple choice) have only one such row here: their heads must gather it themselves.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from claimcheck.foundation.errors import UsageError
from reproduce.model.attention import Layout, attention
from reproduce.model.encoder import Batch

__all__ = ["NAME", "packed_inputs", "register"]

NAME = "claimcheck_packed"


def register() -> None:
    """Make NAME known to transformers, which is imported here; as often as one likes."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, _attention)
    # without one of its own, transformers drops a mask in silence for a name that it does not know
    AttentionMaskInterface.register(NAME, _mask)


def packed_inputs(batch: Batch) -> dict[str, Any]:
    """The arguments of a model's forward method for a packed batch, under transformers' own names.

    One more, `layout`, spares each layer from finding out anew where the sequences lie, and says which way attention is
    computed; without it that is the way for any device.
    """
    starts = batch.cu_seqlens
    return {
        "input_ids": batch.input_ids_T[None],
        "position_ids": batch.position_ids_T[None],
        "cu_seq_lens_q": starts,
        "cu_seq_lens_k": starts,
        "max_length_q": batch.layout.longest,
        "max_length_k": batch.layout.longest,
        "layout": batch.layout,
    }


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: Tensor | None = None,
    cu_seq_lens_k: Tensor | None = None,
    max_length_q: int | None = None,
    max_length_k: int | None = None,
    layout: Layout | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """[1, N, T, K] each to [1, T, N, K]; no weights are kept. Raises UsageError for what packed input cannot mean."""
    if attention_mask is not None:
        raise UsageError(f"{NAME} with a mask", todo="give packed input: its sequences are apart by cu_seq_lens_q")
    if getattr(module, "is_causal", False) or rest.get("is_causal"):
        raise UsageError(f"{NAME} is for encoders, and this attention looks at what came before only")
    if cu_seq_lens_q is None or len(query) != 1:
        raise UsageError(f"{NAME} without the places of the sequences", todo="give what packed_inputs makes of a batch")
    if (
        cu_seq_lens_k is not None
        and cu_seq_lens_k is not cu_seq_lens_q
        and not torch.equal(cu_seq_lens_k, cu_seq_lens_q)
    ):
        raise UsageError(f"{NAME} with keys of other sequences than its queries")
    size = query.shape[-1]
    if scaling is not None and scaling != size**-0.5:
        query = query * (scaling * size**0.5)
    if layout is None:
        layout = Layout.of(cu_seq_lens_q.to("cpu", torch.int32).numpy(), query.device, longest=max_length_q)
    # [T, 3, N, K], which is what our own layers have from one product
    packed = torch.stack([x[0].transpose(0, 1) for x in (query, key, value)], dim=1)
    return attention(packed, layout, dropout).view(1, len(packed), -1, size), None


def _mask(*args: Any, attention_mask: Tensor | None = None, **rest: Any) -> None:
    """No mask; UsageError where one was given that hides anything."""
    if attention_mask is not None and not bool(attention_mask.all()):
        raise UsageError(f"{NAME} with a mask that hides tokens", todo="pack the batch, so that it has no padding")
