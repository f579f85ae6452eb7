"""Evaluation: a model's predictions, one row an item, of a task in several languages; what a metric makes of them is
another module's business. Training looks at its dev part through the same code.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from claimcheck.foundation.errors import InputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce import data
from reproduce.data.dataset import Dataset, Ragged
from reproduce.model.attention import to_padded
from reproduce.model.encoder import Batch, Encoder, Model, load_encoder, load_model
from reproduce.model.packing import by_tokens, pack
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import EvaluateJob, Probe
from reproduce.tasks import task
from reproduce.training import decode
from reproduce.training.device import deterministic, is_finite
from reproduce.training.examples import check_lengths, first_items, sequences_of
from reproduce.training.modelfolder import check_vocabulary, source_folder

__all__ = ["data_record", "predict", "retrieve", "run_evaluate"]

Floats = NDArray[np.float32]

# tokens of a batch: on a CPU what stays in its cache, on a GPU enough to fill it
_TOKENS = {"cpu": 2048, "cuda": 65536}
# a GPU's matrix products want rows in eights
_MULTIPLE = {"cpu": 1, "cuda": 8}

_DECODERS: dict[str, Callable[[Dataset, NDArray[np.int64], Sequence[Floats]], list[Any]]] = {
    "classification": decode.labels,
    "choice": decode.labels,
    "tagging": decode.tags,
    "span": decode.answers,
}


def run_evaluate(job: EvaluateJob, context: Context) -> Outcome:
    """Predict every item of the job and write predictions.jsonl, sorted by language and then as the data are.

    Nothing is kept when it is told to stop (Preempted): an evaluation is quick to do again. Raises InputError for data
    or a model that do not fit, UsageError for a task without a head of the model's, MissingInputError, ServiceError.
    """
    begun = time.perf_counter()
    context.phase("load")
    info = task(job.task)
    if (info.head == "retrieval") != (job.probe is not None):
        todo = "retrieval takes a probe, every other task a trained head"
        raise UsageError(f"the task {job.task} with{'out' if job.probe is None else ''} a probe", todo=todo)
    with deterministic(context, 0) as device, torch.no_grad():
        sets = [data.load(job.task, job.data, language, job.split) for language in sorted(job.languages)]
        used = [first_items(dataset, job.items) for dataset in sets]
        for dataset in sets:
            check_lengths(dataset, job.max_length)
        folder = source_folder(job.model, context)
        model = Model(load_encoder(folder)) if job.probe else load_model(folder)
        check_vocabulary(folder, model.encoder, data.vocabulary(job.data))
        records = tuple(data_record(dataset, examples) for dataset, examples in zip(sets, used, strict=True))
        if not is_finite(model):
            return Outcome(degenerate="built on a degenerate run", data=records)
        head = "" if job.probe else _head_of(model, job.task, info.head)
        model.to(device).eval()
        loaded = time.perf_counter()
        context.phase("evaluate")
        rows: list[dict[str, Any]] = []
        for number, (dataset, examples) in enumerate(zip(sets, used, strict=True)):
            if job.probe:
                rows += retrieve(model.encoder, dataset, examples, job.probe, device, context.should_stop)
            else:
                rows += predict(model, head, info.head, dataset, examples, device, context.should_stop)
            seconds = time.perf_counter() - loaded
            eta = round(seconds / (number + 1) * (len(sets) - number - 1), 1)
            context.report({"event": "progress", "step": number + 1, "steps": len(sets), "eta": eta})
        evaluated = time.perf_counter()
        context.phase("finish")
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        write_atomic(context.folder / "predictions.jsonl", content)
    return Outcome(
        examples=len(rows),
        tokens=sum(_tokens(dataset, examples) for dataset, examples in zip(sets, used, strict=True)),
        data=records,
        predictions={"sha256": hashlib.sha256(content).hexdigest(), "rows": len(rows)},
        seconds={"load": loaded - begun, "evaluate": evaluated - loaded},
    )


def predict(
    model: Model,
    head: str,
    kind: str,
    dataset: Dataset,
    examples: NDArray[np.int64],
    device: torch.device,
    should_stop: Callable[[], bool],
) -> list[dict[str, Any]]:
    """Rows {"id", "language", "label", "prediction"} of the items that the examples belong to, in the data's order.

    `head` is one of the model's, `kind` what kind of head it is. Raises Preempted where `should_stop` says so.
    """
    sequences = sequences_of(dataset, examples)
    per_token = kind in ("tagging", "span")
    logits: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(examples)
    with torch.no_grad():
        for places, batch in _batches(dataset.tokens, sequences, dataset.per_example, device, should_stop):
            found = model.logits(batch, head).float().cpu().numpy()
            parts = np.split(found, np.cumsum(batch.lengths_S.cpu().numpy())[:-1]) if per_token else found
            for place, part in zip(places, parts, strict=True):
                logits[place] = part
    return decode.rows(dataset, _DECODERS[kind](dataset, examples, logits))


def retrieve(
    encoder: Encoder,
    dataset: Dataset,
    examples: NDArray[np.int64],
    probe: Probe,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> list[dict[str, Any]]:
    """Rows as of `predict`: for each query the id of the nearest sentence of the pool, and its cosine as "score"."""
    if dataset.pool is None or len(dataset.pool) != len(dataset.pool_ids):
        raise InputError("there are no sentences to search", where=f"{dataset.task}, {dataset.language}")
    if probe.layer > encoder.config.layers:
        todo = f"choose a layer from 0 (embeddings) to {encoder.config.layers}"
        raise UsageError(f"the probe reads layer {probe.layer}", where=dataset.task, todo=todo)
    queries = _vectors(encoder, dataset.tokens, examples, probe, device, should_stop)
    pool = _vectors(encoder, dataset.pool, np.arange(len(dataset.pool)), probe, device, should_stop)
    places, cosines = decode.nearest(queries, pool)
    return decode.rows(dataset, [dataset.pool_ids[int(place)] for place in places], [float(c) for c in cosines])


def data_record(dataset: Dataset, examples: NDArray[np.int64]) -> dict[str, Any]:
    """What run.json says of a data set; `items`: how many of its examples were used."""
    return {
        "task": dataset.task,
        "language": dataset.language,
        "split": dataset.split,
        "sha256": dataset.sha256,
        "items": len(examples),
    }


def _batches(
    tokens: Ragged,
    sequences: NDArray[np.int64],
    per_example: int,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[list[int], Batch]]:
    """The examples of each batch, by their place among those asked for, and the batch; like lengths together."""
    lengths = tokens.lengths[sequences].reshape(-1, per_example).sum(axis=1)
    most = max(_TOKENS[device.type], int(lengths.max(initial=0)))
    for places in by_tokens(lengths, most):
        if should_stop():
            raise Preempted("stopped during an evaluation")
        rows = sequences.reshape(-1, per_example)[places].reshape(-1)
        yield places, Batch.of(pack(tokens, rows, multiple=_MULTIPLE[device.type]), device)


def _vectors(
    encoder: Encoder,
    tokens: Ragged,
    rows: NDArray[np.int64],
    probe: Probe,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> Floats:
    """A vector for each sequence, float32 [len(rows), H]."""
    vectors = np.zeros((len(rows), encoder.config.hidden), dtype=np.float32)
    with torch.no_grad():
        for places, batch in _batches(tokens, rows, 1, device, should_stop):
            hidden = encoder.hidden_states(batch)[probe.layer].float()
            vectors[places] = _pooled(hidden, batch, probe).cpu().numpy()
    return vectors


def _pooled(hidden: Tensor, batch: Batch, probe: Probe) -> Tensor:
    """[T, H] to [S, H]."""
    if probe.pooling == "first":
        return hidden.index_select(0, batch.first_S)
    # through a padded [S, L, H], since a sum by index has no fixed order on a GPU
    total, count = to_padded(hidden, batch.layout, 0.0)[: batch.real].sum(dim=1), batch.lengths_S
    if not probe.special_tokens:
        last = batch.first_S + batch.lengths_S - 1
        total = total - hidden.index_select(0, batch.first_S) - hidden.index_select(0, last)
        count = count - 2
    return total / count.clamp(min=1)[:, None]


def _head_of(model: Model, name: str, kind: str) -> str:
    """The head of that task, else the only one of that kind: a task may be trained under another's name (XQuAD)."""
    of_kind = [head for head, (found, _) in model.kinds.items() if found == kind]
    if name in of_kind:
        return name
    if len(of_kind) == 1 and name not in model.kinds:
        return of_kind[0]
    has = ", ".join(f"{head} ({found})" for head, (found, _) in model.kinds.items()) or "none"
    raise UsageError(f"the model has no {kind} head for the task {name}", todo=f"train it on one; its heads: {has}")


def _tokens(dataset: Dataset, examples: NDArray[np.int64]) -> int:
    asked = int(dataset.tokens.lengths[sequences_of(dataset, examples)].sum())
    return asked + (len(dataset.pool.flat) if dataset.pool is not None else 0)
