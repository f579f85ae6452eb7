"""Batches in few shapes: how many, how much padding, and that losses and gradients are those of the batch as it was."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce.data.dataset import IGNORED, Ragged
from reproduce.model.attention import Path
from reproduce.model.encoder import Encoder, Model
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.packing import Packed, pack
from reproduce.model.shapes import Rounding, Shape, shape_of
from reproduce.training.execution import Execution
from reproduce.training.stepping import Piece

CPU = torch.device("cpu")


def packed_of(lengths: list[int], words: int = 50) -> Packed:
    random = np.random.default_rng(len(lengths))
    return pack(Ragged.from_rows([random.integers(4, words, n) for n in lengths]), range(len(lengths)))


@given(st.lists(st.integers(1, 600), min_size=1, max_size=40))
def test_real_sequences_stay_and_padding_is_cut_to_what_may_be_longest(lengths: list[int]) -> None:
    rounding, before = Rounding(), packed_of(lengths)
    after = rounding.applied(before)
    total = before.tokens
    assert after.real == before.real == len(lengths)
    assert after.tokens == total
    assert after.cu_seqlens[: len(lengths) + 1].tolist() == before.cu_seqlens.tolist()
    assert after.input_ids[:total].tolist() == before.input_ids.tolist()
    assert after.position_ids[:total].tolist() == before.position_ids.tolist()
    assert (after.input_ids[total:] == 1).all()
    assert (after.position_ids[total:] == 1).all()
    assert len(after.input_ids) == len(after.position_ids) == after.cu_seqlens[-1]
    sizes = np.diff(after.cu_seqlens)
    assert (sizes >= 0).all()
    assert sizes.max() <= after.max_seqlen  # a kernel leaves out what is longer
    tokens, sequences, longest, real = shape_of(after)
    assert tokens % 256 == 0
    assert tokens - total < 256
    assert longest in rounding.lengths or longest == 1024
    assert max(lengths) <= longest
    assert (sequences, real) == (len(lengths) + 4, len(lengths))


def test_lengths_are_rounded_to_the_next_of_the_list() -> None:
    found = [Rounding().longest(n) for n in (1, 64, 65, 128, 200, 257, 385, 512, 513, 1025)]
    assert found == [64, 64, 128, 128, 256, 384, 512, 512, 1024, 1536]
    assert Rounding(tokens=1).extra == 0
    assert shape_of(Rounding(tokens=1).applied(packed_of([3, 70]))) == Shape(73, 2, 128, 2)


@settings(deadline=None, max_examples=12)
@given(st.floats(2.8, 4.0), st.floats(0.3, 0.6), st.integers(0, 2**31))
def test_batches_of_32_pairs_come_in_about_a_dozen_shapes_with_little_padding(
    mean: float, deviation: float, seed: int
) -> None:
    # words of a pair of sentences, their logarithm normal; pieces a word and special tokens as in reproduce/bench/work
    random = np.random.default_rng(seed)
    found: Counter[Shape] = Counter()
    real = computed = 0
    for _ in range(300):
        words = np.exp(random.normal(mean, deviation, 32))
        packed = Rounding().applied(packed_of(np.clip(np.rint(words * 1.2) + 4, 8, 256).astype(int).tolist()))
        found[shape_of(packed)] += 1
        real += packed.tokens
        computed += len(packed.input_ids)
    print(f"mean {np.exp(mean):.0f} words: {len(found)} shapes, {1 - real / computed:.1%} padding")
    assert sum(count for _, count in found.most_common(12)) >= 0.97 * 300
    assert len(found) <= 16
    assert 1 - real / computed < 128 / (real / 300) * 1.3  # half of 256 tokens a batch


KINDS = {"classification": 3, "tagging": 5, "span": 2, "choice": 2, "masked": 50}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["grouped", "reference"])
def test_loss_and_gradients_are_those_of_the_batch_as_it_was(kind: str, path: Path) -> None:
    lengths = [5, 33, 2, 90, 17, 61, 8, 12]
    config = EncoderConfig(50, 16, 2, 2, 32, positions=100, dropout=0.0)
    packed, random = packed_of(lengths), np.random.default_rng(3)
    if kind in ("tagging", "masked"):
        targets = random.integers(0, KINDS[kind], packed.tokens)
        targets[random.random(len(targets)) < 0.7] = IGNORED
    elif kind == "span":
        targets = random.integers(0, np.array(lengths)[:, None], (len(lengths), 2))
    else:
        targets = random.integers(0, KINDS[kind], len(lengths) // (2 if kind == "choice" else 1))
    results = []
    for how in (Execution(CPU), Execution(CPU, path=path, rounding=Rounding())):
        generator = torch.Generator().manual_seed(0)
        model = Model(Encoder(config, generator))
        model.add_head("task", kind, KINDS[kind], generator)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += torch.randn(parameter.shape, generator=generator) * 0.2
        per_token = model.head("task").per_token
        piece = Piece.of(packed, "task", targets, 1, how, per_token=per_token)
        if how.rounding is not None:
            assert len(piece.batch.input_ids_T) == 256
            assert not per_token or len(piece.targets) == 256
        loss = model.loss(piece.batch, "task", piece.targets, piece.tokens_R)
        loss.backward()  # type: ignore[no-untyped-call]
        grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        # padding reads a row of each table, and no gradient reaches it
        assert kind == "masked" or not grads["encoder.word"][config.pad_id].any()
        assert not grads["encoder.position"][config.pad_id].any()
        results.append((loss.detach(), grads))
    (loss, grads), (rounded_loss, rounded_grads) = results
    torch.testing.assert_close(rounded_loss, loss, rtol=1e-5, atol=1e-6)
    assert grads.keys() == rounded_grads.keys()
    for name, gradient in grads.items():
        limit = 1e-5 * max(1.0, gradient.abs().max().item())
        assert (rounded_grads[name] - gradient).abs().max().item() <= limit, name
