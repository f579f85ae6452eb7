"""Retrieval: each sentence's translation in a pool, by the vectors that an encoder gives, as it is or once trained."""
# ruff: noqa: N803

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.dataset import Dataset, Ragged
from reproduce.model.attention import to_padded
from reproduce.model.encoder import Batch, Encoder
from reproduce.specs import Probe
from reproduce.tasks import TaskInfo, metrics
from reproduce.training import decode, mining
from reproduce.training.batches import batches

__all__ = ["Retrieved", "View", "embed", "retrieve", "sweep_table"]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Report = Callable[[float], None]

_SWEEP_BYTES = 2**30  # of vectors that a sweep keeps at once


class View(NamedTuple):
    """One way from a sentence's hidden states to its vector; of `first`, the vector of <s>, special tokens are True."""

    layer: int
    pooling: Literal["mean", "first"]
    special_tokens: bool

    @classmethod
    def of(cls, probe: Probe) -> View:
        """The probe's own."""
        return cls(probe.layer, probe.pooling, probe.special_tokens or probe.pooling == "first")


@dataclass(frozen=True)
class Retrieved:
    """What was found in one language.

    rows: as of `evaluate.predict`, with the cosine or the margin as "score". thresholds: of mining, those from which on
    a pair counted; with the rule "halves" first that of half 0 (`mining.half_of`), then that of half 1. sweep: the
    metric of each view, from 0 to 1.
    """

    rows: list[dict[str, Any]]
    thresholds: tuple[float, ...] = ()
    sweep: Mapping[View, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Search:
    """A data set with the places of the sentences that are embedded: in mining, of equal sentences only the first."""

    dataset: Dataset
    examples: Places  # items that are asked, by number
    queries: Places  # places among the examples
    pool: Places

    @classmethod
    def of(cls, dataset: Dataset, examples: Places, mined: bool) -> _Search:
        if dataset.pool is None or not len(dataset.pool) or len(dataset.pool) != len(dataset.pool_ids):
            raise InputError("there are no sentences to search", where=f"{dataset.task}, {dataset.language}")
        everything = np.arange(len(dataset.pool))
        if not mined:
            return cls(dataset, examples, np.arange(len(examples)), everything)
        return cls(dataset, examples, _firsts(dataset.tokens, examples), _firsts(dataset.pool, everything))

    def sides(self) -> tuple[tuple[Ragged, Places], tuple[Ragged, Places]]:
        """Tokens and rows of the queries and of the pool."""
        assert self.dataset.pool is not None
        return (self.dataset.tokens, self.examples[self.queries]), (self.dataset.pool, self.pool)

    @property
    def labels(self) -> list[Any]:
        return [self.dataset.items[int(number)].label for number in self.examples]


@dataclass(frozen=True)
class _Pairs:
    """Mined pairs of one data set by falling score: places among the examples, ids of the targets."""

    sources: Places
    targets: list[str]
    scores: NDArray[np.float64]
    right: NDArray[np.bool_]


def retrieve(
    encoder: Encoder,
    info: TaskInfo,
    dataset: Dataset,
    examples: Places,
    probe: Probe,
    device: torch.device,
    should_stop: Callable[[], bool],
    *,
    dev: tuple[Dataset, Places] | None = None,
    report: Report = lambda share: None,
) -> Retrieved:
    """Find the translation of each query in the pool: the nearest sentence, or where the task mines, by its margin.

    Mining: `mining.mine` with equal sentences taken as one, whose pair is that of their first ids, and null for what
    scores below the threshold that `probe.threshold` says; `dev` is the data set that the rule "dev" needs.

    A sweep scores every layer with every pooling in the same pass over the data; of mining, whose sets may be large,
    every layer with the probe's pooling. Vectors of more than 1 GiB take several passes.

    Raises InputError for an empty pool, UsageError for a layer that the encoder has not, Preempted.
    """
    if probe.layer > encoder.config.layers:
        todo = f"choose a layer from 0 (embeddings) to {encoder.config.layers}"
        raise UsageError(f"the probe reads layer {probe.layer}", where=dataset.task, todo=todo)
    mined, own = info.mines, View.of(probe)
    if mined and probe.threshold == "dev" and dev is None:
        raise UsageError("the threshold is to be fitted on dev, and there are no dev data", where=dataset.task)
    searches = [_Search.of(dataset, examples, mined)]
    if mined and probe.threshold == "dev" and dev is not None:
        searches.append(_Search.of(*dev, mined))
    sides = [side for search in searches for side in search.sides()]
    views = _views(encoder, probe, mined) if probe.sweep else [own]
    passes = _passes(views, 4 * encoder.config.hidden * sum(len(rows) for _, rows in sides))
    reports = _split(report, [int(tokens.lengths[rows].sum()) for _ in passes for tokens, rows in sides])
    found, scores = Retrieved([]), dict.fromkeys(views, 0.0)
    for number, part in enumerate(passes):
        told = reports[number * len(sides) :]
        vectors = [
            embed(encoder, tokens, rows, part, device, should_stop, tell)
            for (tokens, rows), tell in zip(sides, told, strict=False)
        ]
        for view in part:
            answer = _answer(searches, [side[view] for side in vectors], probe, mined, device)
            if probe.sweep:
                scores[view] = metrics.metric(info.metric)(answer.rows)
            if view == own:
                found = answer
    return Retrieved(found.rows, found.thresholds, scores if probe.sweep else {})


def embed(
    encoder: Encoder,
    tokens: Ragged,
    rows: Places,
    views: Sequence[View],
    device: torch.device,
    should_stop: Callable[[], bool] = lambda: False,
    report: Report = lambda share: None,
) -> dict[View, Floats]:
    """A vector for each of those sequences, float32 [len(rows), H], by each view; layers above the last are not run."""
    vectors = {view: np.zeros((len(rows), encoder.config.hidden), dtype=np.float32) for view in views}
    last = max(view.layer for view in views)
    with torch.no_grad():
        for places, batch in batches(tokens, rows, 1, device, should_stop, report):
            states = encoder.hidden_states(batch, last)
            for view in views:
                vectors[view][places] = _pooled(states[view.layer].float(), batch, view).cpu().numpy()
    return vectors


def sweep_table(task: str, split: str, metric: str, scores: Mapping[str, Mapping[View, float]]) -> tuple[str, str]:
    """sweep.json and a table for the log, of the scores of each language by view."""
    views = sorted(next(iter(scores.values())))
    means = {view: sum(found[view] for found in scores.values()) / len(scores) for view in views}
    rows = [
        view._asdict() | {"mean": means[view], "scores": {code: scores[code][view] for code in sorted(scores)}}
        for view in views
    ]
    content = {"task": task, "split": split, "metric": metric, "note": "no verdict rests on a sweep", "rows": rows}
    kinds = sorted({view[1:] for view in views}, reverse=True)
    names = ["first token" if kind[0] == "first" else "mean" if kind[1] else "mean of words" for kind in kinds]
    lines = [
        f"sweep of {task} ({split}): {metric} in percent, mean over {len(scores)} languages; no verdict rests on it"
    ]
    lines.append("layer" + "".join(f"{name:>15}" for name in names))
    for layer in sorted({view.layer for view in views}):
        lines.append(f"{layer:5}" + "".join(f"{100 * means[View(layer, *kind)]:15.1f}" for kind in kinds))
    return json.dumps(content, indent=1) + "\n", "\n".join(lines)


def _answer(
    searches: Sequence[_Search], vectors: Sequence[Floats], probe: Probe, mined: bool, device: torch.device
) -> Retrieved:
    dataset = searches[0].dataset
    if not mined:
        places, cosines = mining.nearest(vectors[0], vectors[1], device)
        return Retrieved(
            decode.rows(dataset, searches[0].examples, [dataset.pool_ids[int(p)] for p in places], cosines.tolist())
        )
    pairs = [_pairs(search, vectors[2 * i], vectors[2 * i + 1], device) for i, search in enumerate(searches)]
    thresholds, which = _thresholds(searches, pairs, probe.threshold)
    found: list[tuple[str | None, float | None]] = [(None, None)] * len(searches[0].examples)
    for source, target, score in zip(pairs[0].sources, pairs[0].targets, pairs[0].scores, strict=True):
        taken = score >= thresholds[which[source]]
        found[source] = (target if taken else None, float(score))
    rows = []
    for number, (target_id, margin) in zip(searches[0].examples, found, strict=True):
        item = dataset.items[int(number)]
        row = {"id": item.id, "language": dataset.language, "label": item.label, "prediction": target_id}
        rows.append(row | {"score": margin})
    return Retrieved(rows, thresholds)


def _pairs(search: _Search, queries: Floats, pool: Floats, device: torch.device) -> _Pairs:
    found = mining.mine(queries, pool, device=device)
    sources = search.queries[found.sources]
    targets = [search.dataset.pool_ids[int(place)] for place in search.pool[found.targets]]
    labels = search.labels
    right = np.array([labels[source] == target for source, target in zip(sources, targets, strict=True)], dtype=bool)
    return _Pairs(sources, targets, found.scores, right)


def _thresholds(
    searches: Sequence[_Search], pairs: Sequence[_Pairs], rule: Literal["halves", "dev", "gold"]
) -> tuple[tuple[float, ...], NDArray[np.int64]]:
    """The thresholds, and for each example which of them is its own."""
    asked, found = searches[0], pairs[0]
    if rule != "halves":
        fitted, labels = pairs[-1], searches[-1].labels  # "dev" comes after what is scored
        threshold = mining.best_threshold(fitted.scores, fitted.right, sum(label is not None for label in labels))
        return (threshold,), np.zeros(len(asked.examples), dtype=np.int64)
    half = np.array([mining.half_of(asked.dataset.items[int(number)].id) for number in asked.examples])
    has_gold = np.array([label is not None for label in asked.labels])
    thresholds = []
    for own in (0, 1):
        other = half[found.sources] != own
        wanted = int(has_gold[half != own].sum())
        thresholds.append(mining.best_threshold(found.scores[other], found.right[other], wanted))
    return tuple(thresholds), half


def _firsts(tokens: Ragged, rows: Places) -> Places:
    """Of equal sentences the place of the first."""
    seen: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        seen.setdefault(tokens[int(row)].tobytes(), place)
    return np.fromiter(seen.values(), dtype=np.int64, count=len(seen))


def _views(encoder: Encoder, probe: Probe, mined: bool) -> list[View]:
    kinds: list[tuple[Literal["mean", "first"], bool]] = [("mean", True), ("mean", False), ("first", True)]
    if mined:
        own = View.of(probe)
        kinds = [(own.pooling, own.special_tokens)]
    return [View(layer, *kind) for layer in range(encoder.config.layers + 1) for kind in kinds]


def _passes(views: Sequence[View], size: int) -> list[list[View]]:
    """The views in groups whose vectors, `size` bytes a view, fit; lower layers first."""
    fit = max(1, _SWEEP_BYTES // max(size, 1))
    return [list(views[first : first + fit]) for first in range(0, len(views), fit)]


def _split(report: Report, weights: Sequence[int]) -> list[Report]:
    """A report for each part of a work, of parts that are so large."""
    total = max(sum(weights), 1)

    def part(begin: int, weight: int) -> Report:
        return lambda share: report((begin + share * weight) / total)

    return [part(end - weight, weight) for end, weight in zip(accumulate(weights), weights, strict=True)]


def _pooled(hidden_TH: Tensor, batch: Batch, view: View) -> Tensor:
    """[T, H] to [S, H]."""
    if view.pooling == "first":
        return hidden_TH.index_select(0, batch.first_S)
    # through a padded [S, L, H], since a sum by index has no fixed order on a GPU
    total, count = to_padded(hidden_TH, batch.layout, 0.0)[: batch.real].sum(dim=1), batch.lengths_S
    if not view.special_tokens:
        last = batch.first_S + batch.lengths_S - 1
        total = total - hidden_TH.index_select(0, batch.first_S) - hidden_TH.index_select(0, last)
        count = count - 2
    return total / count.clamp(min=1)[:, None]
