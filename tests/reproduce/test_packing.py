"""Packed batches: every token once, in order, sequences apart, positions counted anew."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.dataset import Ragged
from reproduce.model.packing import by_tokens, pack

PAD = 1
sequences = st.lists(st.lists(st.integers(4, 999), min_size=1, max_size=40), min_size=1, max_size=12)


@given(sequences, st.data())
def test_every_token_stands_once_and_in_order_and_positions_restart(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=20))
    packed = pack(Ragged.from_rows(rows), chosen)
    parts = np.split(packed.input_ids, packed.cu_seqlens[1:-1])
    assert [part.tolist() for part in parts] == [rows[row] for row in chosen]
    positions = np.split(packed.position_ids, packed.cu_seqlens[1:-1])
    assert [part.tolist() for part in positions] == [list(range(2, len(rows[row]) + 2)) for row in chosen]
    assert packed.cu_seqlens[0] == 0
    assert packed.cu_seqlens[-1] == len(packed.input_ids) == len(packed.position_ids) == packed.tokens
    assert packed.max_seqlen == max(len(rows[row]) for row in chosen)
    assert packed.sequences == packed.real == len(chosen)
    kinds = (packed.input_ids.dtype, packed.position_ids.dtype, packed.cu_seqlens.dtype)
    assert kinds == (np.int64, np.int64, np.int32)


@given(sequences, st.integers(2, 64))
def test_rounding_adds_one_sequence_of_padding_behind_the_others(rows: list[list[int]], multiple: int) -> None:
    tokens = Ragged.from_rows(rows)
    exact, rounded = pack(tokens, range(len(rows))), pack(tokens, range(len(rows)), multiple=multiple)
    total = len(exact.input_ids)
    extra = len(rounded.input_ids) - total
    assert len(rounded.input_ids) % multiple == 0
    assert 0 <= extra < multiple
    assert rounded.input_ids[:total].tolist() == exact.input_ids.tolist()
    assert rounded.position_ids[:total].tolist() == exact.position_ids.tolist()
    assert rounded.input_ids[total:].tolist() == [PAD] * extra
    assert rounded.position_ids[total:].tolist() == [1] * extra  # the row of padding: valid for every model
    assert rounded.cu_seqlens[: len(rows) + 1].tolist() == exact.cu_seqlens.tolist()
    assert rounded.cu_seqlens[-1] == len(rounded.input_ids)
    assert (rounded.sequences, rounded.real, rounded.tokens) == (len(rows) + (extra > 0), len(rows), total)
    assert rounded.max_seqlen == max(exact.max_seqlen, extra)


def test_positions_start_where_they_are_told_to() -> None:
    packed = pack(Ragged.from_rows([[5, 6], [7, 8, 9]]), [0, 1], position_start=1, multiple=4, pad_id=0)
    assert packed.position_ids.tolist() == [1, 2, 1, 2, 3, 0, 0, 0]
    assert packed.input_ids.tolist() == [5, 6, 7, 8, 9, 0, 0, 0]


def test_what_cannot_be_packed_is_refused_by_its_row() -> None:
    tokens = Ragged.from_rows([[5, 6, 7], [], [8]])
    with pytest.raises(InputError, match="row 1 holds no token"):
        pack(tokens, [0, 1, 2])
    with pytest.raises(InputError, match="row 0 has 3 tokens, at most 2 fit"):
        pack(tokens, [2, 0], longest=2)
    assert pack(tokens, [2, 0], longest=3).tokens == 4
    with pytest.raises(UsageError, match="without sequences"):
        pack(tokens, [])
    with pytest.raises(UsageError, match="multiple of 0"):
        pack(tokens, [0], multiple=0)
    for row in (-1, 3):
        with pytest.raises(IndexError, match=f"row {row} of 3"):
            pack(tokens, [0, row])


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(50, 200))
def test_evaluation_batches_hold_every_row_once_longest_first(lengths: list[int], most: int) -> None:
    batches = by_tokens(lengths, most)
    flat = [row for batch in batches for row in batch]
    assert flat == sorted(range(len(lengths)), key=lambda row: -lengths[row])  # sorted is stable
    assert all(sum(lengths[row] for row in batch) <= most for batch in batches)
    for batch, following in itertools.pairwise(batches):
        assert sum(lengths[row] for row in [*batch, following[0]]) > most  # no batch ends before it is full


def test_evaluation_batches_refuse_what_fits_in_none() -> None:
    assert by_tokens([], 10) == []
    with pytest.raises(InputError, match="row 1 has 11 tokens, at most 10 fit"):
        by_tokens([3, 11], 10)
    with pytest.raises(InputError, match="row 0 holds no token"):
        by_tokens([0, 3], 10)
