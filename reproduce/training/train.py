"""Fine-tuning: one task or several, from an encoder, with a fresh head a task; leaves the encoder and the heads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reproduce import data
from reproduce.data.dataset import Dataset
from reproduce.data.sampling import Order, generator, steps_of
from reproduce.model.encoder import Batch, Model, load_encoder
from reproduce.model.packing import pack
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import TrainJob, job_key
from reproduce.tasks import TRAINING_LANGUAGE, TaskInfo, metrics, task
from reproduce.training.device import deterministic, is_finite
from reproduce.training.evaluate import data_record, predict
from reproduce.training.examples import Examples, check_lengths, classes_of, first_items
from reproduce.training.loop import Looks, Part, Piece, Step, Training
from reproduce.training.modelfolder import check_vocabulary, keep, source_folder

__all__ = ["Context", "Outcome", "Preempted", "run_train"]


@dataclass(frozen=True)
class _Task:
    """A part of the training with its data."""

    info: TaskInfo
    examples: Examples
    dev: Dataset | None
    looked_at: NDArray[np.int64]  # examples of `dev`


def run_train(job: TrainJob, context: Context) -> Outcome:
    """Train as the job says and leave model/: the encoder under Hugging Face's names, the heads, the vocabulary.

    The rules of a degenerate run: the loss is not finite, the weights did not change, or the loss at the end is not
    below that of a model that knows only the labels' frequencies (parts with shuffled labels aside). Such a run ends
    well and says so. Raises Preempted after a checkpoint, InputError for data, an encoder or a checkpoint that do not
    fit, UsageError for a task that cannot be trained on, OSError where there is no space left.
    """
    begun = time.perf_counter()
    context.phase("load")
    with deterministic(context, job.seed) as device:
        tasks = [_load(job, number) for number in range(len(job.parts))]
        vocabulary = data.vocabulary(job.parts[0].data)
        folder = source_folder(job.encoder, context)
        model = Model(load_encoder(folder, dropout=job.optimisation.dropout))
        for part in job.parts:
            check_vocabulary(folder, model.encoder, data.vocabulary(part.data))
        usable = is_finite(model)
        for number, one in enumerate(tasks):
            info, dataset = one.info, one.examples.dataset
            seed = int(generator(job.seed, "head", number).integers(2**63))
            model.add_head(info.name, info.head, classes_of(dataset, info.head), torch.Generator().manual_seed(seed))
        records = _records(tasks)
        if not usable:
            # the heads and the folder are for the jobs that build on this one: they come to the same end
            sha256 = keep(context, model, vocabulary)
            return Outcome(degenerate="built on a degenerate run", data=records, model_sha256=sha256)
        model.to(device)
        sizes = [len(one.examples) for one in tasks]
        steps = steps_of(sizes, job.optimisation)
        order = Order(sizes, job.optimisation.batch_size, job.mixture, steps=steps, seed=job.seed)
        looks = _looks(job, model, tasks, order, device, context)
        training = Training(
            model,
            _batches(tasks, order, job.optimisation.accumulate, device),
            steps=steps,
            parts=[Part(one.examples.majority(), one.examples.true_labels) for one in tasks],
            optimisation=job.optimisation,
            key=job_key(job),
            context=context,
            device=device,
            looks=looks,
        )
        loaded = time.perf_counter()
        fitted = training.run()
        context.phase("finish")
        sha256 = keep(context, model, vocabulary)
    return Outcome(
        optimizer_steps=fitted.steps,
        examples=fitted.examples,
        tokens=fitted.tokens,
        train_loss=fitted.loss,
        degenerate=fitted.degenerate,
        data=records,
        model_sha256=sha256,
        weights_changed=fitted.weights_changed,
        selection={
            "rule": job.selection.rule,
            "step": fitted.chosen,
            "metrics": {one.info.name: one.info.metric for one in tasks} if looks else {},
            "scores": [[step, score] for step, score in fitted.scores],
        },
        seconds={"load": loaded - begun} | fitted.seconds,
    )


def _load(job: TrainJob, number: int) -> _Task:
    part = job.parts[number]
    info = task(part.task)
    train = data.load(part.task, part.data, TRAINING_LANGUAGE, "train")
    check_lengths(train, job.max_length)
    # the number keeps apart the shuffles of parts that are equally large
    examples = Examples.of(train, info.head, part, int(generator(job.seed, "part", number).integers(2**32)))
    dev, looked_at = None, np.zeros(0, dtype=np.int64)
    if _looked_at(job):
        dev = data.load(part.task, part.data, TRAINING_LANGUAGE, "dev")
        check_lengths(dev, job.max_length)
        looked_at = first_items(dev, job.selection.items)
    return _Task(info, examples, dev, looked_at)


def _looked_at(job: TrainJob) -> bool:
    """Whether anything hangs on the dev part: the last weights of a training without patience need no look."""
    return job.selection.rule == "best" or job.selection.patience > 0


def _records(tasks: Sequence[_Task]) -> tuple[dict[str, Any], ...]:
    found = [data_record(one.examples.dataset, one.examples.used) for one in tasks]
    return tuple(found + [data_record(one.dev, one.looked_at) for one in tasks if one.dev is not None])


def _looks(
    job: TrainJob, model: Model, tasks: Sequence[_Task], order: Order, device: torch.device, context: Context
) -> Looks | None:
    if not _looked_at(job):
        return None

    def score() -> float:
        """The mean over the tasks of their metric on the dev part of the training language."""
        scores = []
        for one in tasks:
            assert one.dev is not None
            info = one.info
            rows = predict(model, info.name, info.head, one.dev, one.looked_at, device, context.should_stop)
            scores.append(metrics.score(info.metric, rows))
        return sum(scores) / len(scores)

    every = job.selection.every or order.epoch
    return Looks(every, score, best=job.selection.rule == "best", patience=job.selection.patience)


def _batches(tasks: Sequence[_Task], order: Order, accumulate: int, device: torch.device) -> Callable[[int], Step]:
    def batch(number: int) -> Step:
        part, chosen = order.batch(number)
        name, examples = tasks[part].info.name, tasks[part].examples
        pieces, tokens = [], 0
        for rows in np.array_split(chosen, accumulate):
            if not len(rows):
                continue  # a last batch smaller than the parts it is split into
            packed = pack(examples.dataset.tokens, examples.rows(rows))
            targets, units = examples.targets_of(rows)
            placed = torch.from_numpy(targets).to(device)
            pieces.append(Piece(Batch.of(packed, device), name, placed, units))
            tokens += packed.tokens
        return Step(part, tuple(pieces), len(chosen), tokens)

    return batch
