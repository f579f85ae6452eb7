"""Nearest neighbours and mined translations: which sentences of two sets belong together.

Cosines are computed block by block, so that memory does not grow with the product of the two sets.
"""
# ruff: noqa: N806

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["NEIGHBOURS", "Mined", "Neighbours", "best_threshold", "half_of", "mine", "nearest", "neighbours"]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

NEIGHBOURS = 4  # Artetxe & Schwenk 2019, section 3.2; XTREME and jiant too
# sentences of both sets that are compared at once: 16 MiB of cosines on a CPU, 2 GiB on a GPU
_BLOCK = {"cpu": (1024, 4096), "cuda": (8192, 65536)}


class Neighbours(NamedTuple):
    """The k nearest sentences of the other set, [N, k], nearest first, of equally near ones the first."""

    cosines: Floats
    places: Places


class Mined(NamedTuple):
    """Pairs of sentences by falling score; no sentence stands in two of them."""

    sources: Places
    targets: Places
    scores: NDArray[np.float64]


def nearest(queries: Floats, pool: Floats, device: torch.device | str = "cpu") -> tuple[Places, Floats]:
    """For each query [Q, H] the row of the pool [P, H] with the highest cosine, the first of equals; and the cosine."""
    x_QH, y_PH = _normalised(queries, device), _normalised(pool, device)
    rows, columns = _BLOCK[x_QH.device.type]
    places, cosines = [], []
    for x in torch.split(x_QH, rows):
        best, place = x.new_full((len(x),), -torch.inf), torch.zeros(len(x), dtype=torch.int64, device=x.device)
        for begin in range(0, len(y_PH), columns):
            value, at = (x @ y_PH[begin : begin + columns].T).max(dim=1)  # of equals the first
            nearer = value > best
            best, place = torch.where(nearer, value, best), torch.where(nearer, at + begin, place)
        cosines.append(best)
        places.append(place)
    return torch.cat(places).cpu().numpy(), torch.cat(cosines).cpu().numpy()


def neighbours(
    sources: Floats, targets: Floats, k: int = NEIGHBOURS, device: torch.device | str = "cpu"
) -> tuple[Neighbours, Neighbours]:
    """The k nearest targets [M, H] of each source [N, H], and the k nearest sources of each target, by cosine.

    Where a set has fewer than k sentences, all of them. Both directions come from the same products.
    """
    x_NH, y_MH = _normalised(sources, device), _normalised(targets, device)
    rows, columns = _BLOCK[x_NH.device.type]
    backward: list[tuple[Tensor, Tensor] | None] = [None] * len(range(0, len(y_MH), columns))
    forward = []
    for first in range(0, len(x_NH), rows):
        own: tuple[Tensor, Tensor] | None = None
        x = x_NH[first : first + rows]
        for number, begin in enumerate(range(0, len(y_MH), columns)):
            cosines = x @ y_MH[begin : begin + columns].T
            own = _merged(own, _top(cosines, k), begin, k)
            backward[number] = _merged(backward[number], _top(cosines.T.contiguous(), k), first, k)
        assert own is not None
        forward.append(own)
    return _joined(forward), _joined([part for part in backward if part is not None])


def mine(sources: Floats, targets: Floats, k: int = NEIGHBOURS, device: torch.device | str = "cpu") -> Mined:
    """Candidate translations among sources [N, H] and targets [M, H].

    Score: the cosine over the mean of the mean cosines of both sentences to their k nearest in the other set (Artetxe &
    Schwenk 2019, arXiv 1811.01136, equation 2 and the margin "ratio"). Candidates: the best of the k nearest targets of
    each source and the best of the k nearest sources of each target ("max" retrieval); taken by falling score, first
    those of sources, each where both sentences are still free, and kept where the score is above 0. A sentence whose
    neighbours lie at or beyond a right angle has no translation: there a ratio says nothing, and the score is 0.

    XTREME's and jiant's retrieval of BUCC, without the threshold; sentences that are equal are for the caller to unite.
    """
    forward, backward = neighbours(sources, targets, k, device)
    near_x, near_y = (side.cosines.mean(axis=1, dtype=np.float64) for side in (forward, backward))
    best = [
        _best(forward, near_x, near_y),
        _best(backward, near_y, near_x),
    ]
    source = np.concatenate([np.arange(len(near_x)), best[1][0]])
    target = np.concatenate([best[0][0], np.arange(len(near_y))])
    scores = np.concatenate([best[0][1], best[1][1]])
    free_x, free_y = np.ones(len(near_x), dtype=bool), np.ones(len(near_y), dtype=bool)
    kept = []
    for number in np.argsort(-scores, kind="stable"):
        i, j = source[number], target[number]
        if scores[number] <= 0:
            break
        if free_x[i] and free_y[j]:
            free_x[i] = free_y[j] = False
            kept.append(number)
    chosen = np.array(kept, dtype=np.int64)
    return Mined(source[chosen], target[chosen], scores[chosen])


def best_threshold(
    scores: Sequence[float] | NDArray[np.float64], right: Sequence[bool] | NDArray[np.bool_], wanted: int
) -> float:
    """The threshold of the best F1 of pairs with falling scores, of which `right` are, where `wanted` are to be found.

    Half-way between the last pair that is taken and the next, as XTREME's bucc_optimize, but that the last pair of all
    is its own threshold, where that code fails; of equally good ones the highest; 0 where no pair is right.
    """
    values = np.asarray(scores, dtype=np.float64)
    hits = np.cumsum(np.asarray(right, dtype=np.int64))
    if not len(values) or not hits[-1]:
        return 0.0
    f1 = 2 * hits / (np.arange(1, len(values) + 1) + wanted)
    last = int(f1.argmax())
    return float((values[last] + values[min(last + 1, len(values) - 1)]) / 2)


def half_of(name: str) -> int:
    """0 or 1: the half that the sentence with that id is in; the same everywhere and whatever the other ids are."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[0] & 1


def _best(
    side: Neighbours, near: NDArray[np.float64], near_other: NDArray[np.float64]
) -> tuple[Places, NDArray[np.float64]]:
    """The neighbour with the highest margin, the first of equals, and the margin."""
    around = (near[:, None] + near_other[side.places]) / 2
    margins = np.divide(side.cosines, around, out=np.zeros(around.shape), where=around > 0)
    best = margins.argmax(axis=1)
    rows = np.arange(len(best))
    return side.places[rows, best], margins[rows, best]


def _top(cosines: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row, falling, of equals the first."""
    values, places = cosines.topk(min(k + 1, cosines.shape[1]), dim=1)
    tied = (values[:, 1:] == values[:, :-1]).any(dim=1).nonzero()[:, 0]
    if len(tied):  # which of equals topk gives, and in which order, is open
        again, order = cosines[tied].sort(dim=1, descending=True, stable=True)
        width = values.shape[1]
        values[tied], places[tied] = again[:, :width], order[:, :width]
    return values[:, :k], places[:, :k]


def _merged(
    before: tuple[Tensor, Tensor] | None, found: tuple[Tensor, Tensor], begin: int, k: int
) -> tuple[Tensor, Tensor]:
    """The k best of what stood in earlier columns and of what stands in those from `begin` on."""
    values, places = found[0], found[1] + begin
    if before is None:
        return values, places
    both, order = torch.cat([before[0], values], dim=1).sort(dim=1, descending=True, stable=True)
    where = torch.cat([before[1], places], dim=1).gather(1, order)
    return both[:, :k], where[:, :k]


def _joined(parts: Sequence[tuple[Tensor, Tensor]]) -> Neighbours:
    cosines, places = (torch.cat(side).cpu().numpy() for side in zip(*parts, strict=True))
    return Neighbours(cosines, places)


def _normalised(vectors: Floats, device: torch.device | str) -> Tensor:
    """Each row over its length, float32; the length is summed in float64, 65,536 rows at a time."""
    parts = []
    for part in torch.split(torch.from_numpy(np.ascontiguousarray(vectors)), 65536):
        part = part.to(device)
        lengths = part.double().square().sum(dim=1, keepdim=True).sqrt()
        parts.append((part / lengths.clamp(min=1e-12)).float())
    return torch.cat(parts)
