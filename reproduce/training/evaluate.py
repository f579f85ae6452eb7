"""Evaluation: a model's predictions, one row an item, of a task in several languages; what a metric makes of them is
another module's business. Training looks at its dev part through the same code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from claimcheck.foundation.errors import InputError, ServiceError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce import data
from reproduce.data.dataset import Dataset
from reproduce.model.encoder import Encoder, Model, load_encoder, load_model
from reproduce.model.heads import Choice
from reproduce.runner import Context, Outcome
from reproduce.specs import EvaluateJob, FilesData, Probe
from reproduce.tasks import TaskInfo, task
from reproduce.training import decode, retrieval
from reproduce.training.batches import batches
from reproduce.training.device import deterministic, is_finite
from reproduce.training.examples import check_lengths, examples_of_items, sequences_of
from reproduce.training.modelfolder import check_vocabulary, source_folder

__all__ = ["access_of", "data_record", "predict", "run_evaluate"]

Floats = NDArray[np.float32]

_DECODERS: dict[str, Callable[[Dataset, NDArray[np.int64], Sequence[Floats]], list[Any]]] = {
    "classification": decode.labels,
    "choice": decode.labels,
    "tagging": decode.tags,
    "span": decode.answers,
}


def run_evaluate(job: EvaluateJob, context: Context) -> Outcome:
    """Predict every item of the job and write predictions.jsonl, sorted by language and then as the data are.

    One language is in memory at a time. Retrieval with a sweep also writes sweep.json. Nothing is kept when it is told
    to stop (Preempted): an evaluation is quick to do again. Raises InputError for data or a model that do not fit,
    UsageError for a task without a head of the model's, MissingInputError, ServiceError.
    """
    begun = time.perf_counter()
    context.phase("load")
    info = task(job.task)
    if (info.head == "retrieval") != (job.probe is not None):
        todo = "retrieval takes a probe, every other task a trained head"
        raise UsageError(f"the task {job.task} with{'out' if job.probe is None else ''} a probe", todo=todo)
    if job.probe is not None and info.mines and (job.probe.threshold, job.split) == ("dev", "dev"):
        todo = 'choose "halves", or "gold", which says so'
        raise UsageError("the threshold would be fitted on what it is scored on", where=f"{job.task}, dev", todo=todo)
    with deterministic(context, 0) as device, torch.no_grad():
        folder = source_folder(job.model, context)
        loader = _Loader(job, context, data.words(job.data, folder))
        loader.check_files()
        model = Model(load_encoder(folder)) if job.probe else load_model(folder)
        check_vocabulary(folder, model.encoder, loader.words)
        if not is_finite(model):
            return Outcome(degenerate="built on a degenerate run", data=loader.records())
        head = "" if job.probe else _head_of(model, job.task, info.head)
        model.to(device).eval()
        prepared = time.perf_counter() - begun
        context.phase("evaluate")
        meter = _Meter(context, len(job.languages))
        probing = _Probing(job.probe, info, model.encoder, loader, device, context, meter) if job.probe else None
        records, chunks, rows, tokens = [], [], 0, 0
        for dataset, examples in loader:
            if probing is not None:
                found = probing.rows(dataset, examples)
            else:
                asked = (model, head, info.head, dataset, examples, device, context.should_stop)
                found = predict(*asked, report=meter.within)
            records.append(data_record(dataset, examples))
            # as bytes at once: the objects of hundreds of thousands of rows would fill memory
            chunks.append("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found).encode())
            rows += len(found)
            tokens += _tokens(dataset, examples)
            meter.finished()
        context.phase("finish")
        content = b"".join(chunks)
        write_atomic(context.folder / "predictions.jsonl", content)
        if probing is not None:
            probing.write_sweep(job.split)
    return Outcome(
        examples=rows,
        tokens=tokens,
        data=tuple(records),
        predictions={"sha256": hashlib.sha256(content).hexdigest(), "rows": rows},
        selection=None if probing is None else probing.selection(),
        seconds={"load": prepared + loader.seconds, "evaluate": meter.elapsed - loader.seconds},
    )


def predict(
    model: Model,
    head: str,
    kind: str,
    dataset: Dataset,
    examples: NDArray[np.int64],
    device: torch.device,
    should_stop: Callable[[], bool],
    *,
    report: Callable[[float], None] = lambda share: None,
) -> list[dict[str, Any]]:
    """Rows {"id", "language", "label", "prediction"} of the items that the examples belong to, in the data's order.

    `head` is one of the model's, `kind` what kind of head it is; `report` is told the share that is done. Raises
    Preempted where `should_stop` says so.
    """
    sequences = sequences_of(dataset, examples)
    per_token = kind in ("tagging", "span")
    chosen = model.head(head)
    if isinstance(chosen, Choice):  # its weights are those of any number of choices: Social IQA has three, XCOPA two
        chosen.choices = dataset.per_example
    logits: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(examples)
    with torch.no_grad():
        for places, batch in batches(dataset.tokens, sequences, dataset.per_example, device, should_stop, report):
            found = model.logits(batch, head).float().cpu().numpy()
            parts = np.split(found, np.cumsum(batch.lengths_S.cpu().numpy())[:-1]) if per_token else found
            for place, part in zip(places, parts, strict=True):
                logits[place] = part
    return decode.rows(dataset, examples, _DECODERS[kind](dataset, examples, logits))


def access_of(context: Context) -> data.Access:
    """Where a job finds the data that it does not name."""
    return data.Access(data=context.data, cache=context.cache)


def data_record(dataset: Dataset, examples: NDArray[np.int64]) -> dict[str, Any]:
    """What run.json says of a data set; `items`: how many of its examples were used."""
    return {
        "task": dataset.task,
        "language": dataset.language,
        "split": dataset.split,
        "sha256": dataset.sha256,
        "items": len(examples),
    }


class _Loader:
    """The data sets of a job, language by language, each with the numbers of the examples that are used."""

    def __init__(self, job: EvaluateJob, context: Context, words: data.Words) -> None:
        self.words = words
        self.seconds = 0.0  # spent on loading
        self._job, self._access, self._begun = job, access_of(context), time.perf_counter()

    def check_files(self) -> None:
        """Look for the files of all languages, before any work is done that a missing one would waste."""
        if isinstance(self._job.data, FilesData):
            for language in sorted(self._job.languages):
                with self._named(language, self._job.split):
                    data.source(self._job.task, self._job.data, language, self._job.split, self._access)

    def __iter__(self) -> Iterator[tuple[Dataset, NDArray[np.int64]]]:
        for language in sorted(self._job.languages):
            yield self.load(language, self._job.split)

    def load(self, language: str, split: str) -> tuple[Dataset, NDArray[np.int64]]:
        """One language."""
        job, begun = self._job, time.perf_counter()
        with self._named(language, split):
            dataset = data.load(
                job.task,
                job.data,
                language,
                split,
                words=self.words,
                max_length=job.max_length,
                access=self._access,
            )
        check_lengths(dataset, job.max_length)
        self.seconds += time.perf_counter() - begun
        return dataset, examples_of_items(dataset, job.items)

    def records(self) -> tuple[dict[str, Any], ...]:
        """What run.json says of all of them."""
        return tuple(data_record(dataset, examples) for dataset, examples in self)

    @contextlib.contextmanager
    def _named(self, language: str, split: str) -> Iterator[None]:
        """Let an error about a file also say which task and language it is of."""
        try:
            yield
        except (InputError, ServiceError) as error:
            place = f"{self._job.task}, {language}, {split}"
            where = error.where if error.where.startswith(place) else f"{place}: {error.where}".removesuffix(": ")
            raise type(error)(error.what, where=where, todo=error.todo) from error


class _Probing:
    """Retrieval with a probe, language by language, and what there is to say of it in the end."""

    def __init__(
        self,
        probe: Probe,
        info: TaskInfo,
        encoder: Encoder,
        loader: _Loader,
        device: torch.device,
        context: Context,
        meter: _Meter,
    ) -> None:
        self._probe, self._info, self._encoder, self._loader = probe, info, encoder, loader
        self._device, self._context, self._meter = device, context, meter
        self._thresholds: dict[str, Sequence[float]] = {}
        self._fitted: list[dict[str, Any]] = []
        self._sweeps: dict[str, Mapping[retrieval.View, float]] = {}

    def rows(self, dataset: Dataset, examples: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The rows of one language."""
        dev = None
        if self._info.mines and self._probe.threshold == "dev":
            dev = self._loader.load(dataset.language, "dev")
            self._fitted.append(data_record(*dev))
        found = retrieval.retrieve(
            self._encoder,
            self._info,
            dataset,
            examples,
            self._probe,
            self._device,
            self._context.should_stop,
            dev=dev,
            report=self._meter.within,
        )
        self._thresholds[dataset.language], self._sweeps[dataset.language] = found.thresholds, found.sweep
        return found.rows

    def selection(self) -> dict[str, Any] | None:
        """Of mining: the rule, the thresholds of each language, and the data that they were fitted on elsewhere."""
        if not self._info.mines:
            return None
        said = {"rule": self._probe.threshold, "thresholds": self._thresholds}
        return said | ({"data": self._fitted} if self._fitted else {})

    def write_sweep(self, split: str) -> None:
        """Write sweep.json, and a table of it into the log, where the probe asks for one."""
        if self._probe.sweep:
            content, table = retrieval.sweep_table(self._info.name, split, self._info.metric, self._sweeps)
            write_atomic(self._context.folder / "sweep.json", content)
            self._context.note(table)


class _Meter:
    """Progress events: languages done, and the seconds left as if all were alike."""

    def __init__(self, context: Context, languages: int) -> None:
        self._context, self._languages, self._done = context, languages, 0
        self._begun = self._told = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._begun

    def within(self, share: float) -> None:
        """So much of the present language is done; told at most once in `progress_seconds`."""
        if time.perf_counter() - self._told >= self._context.progress_seconds:
            self._tell(self._done + share)

    def finished(self) -> None:
        """The present language is done."""
        self._done += 1
        self._tell(self._done)

    def _tell(self, done: float) -> None:
        self._told = time.perf_counter()
        eta = round(self.elapsed * (self._languages - done) / done, 1) if done else None
        self._context.report({"event": "progress", "step": self._done, "steps": self._languages, "eta": eta})


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
