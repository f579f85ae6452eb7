"""Fine-tuning: one task or several, from an encoder, with a fresh head a task; leaves the encoder and the heads."""

from __future__ import annotations

import math
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
from reproduce.model.encoder import Model, load_encoder
from reproduce.model.packing import pack
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import MaskedText, TrainJob, job_key
from reproduce.tasks import TRAINING_LANGUAGE, TaskInfo, metrics, task
from reproduce.training.device import deterministic, is_finite
from reproduce.training.evaluate import access_of, data_record, predict
from reproduce.training.examples import Examples, check_lengths, classes_of, examples_of_items
from reproduce.training.execution import Execution, execution
from reproduce.training.loop import Looks, Part, Training
from reproduce.training.maskedtext import HEAD
from reproduce.training.maskedtext import MaskedText as MaskedBatches
from reproduce.training.modelfolder import check_vocabulary, keep, source_folder
from reproduce.training.stepping import Piece, Step
from reproduce.training.trimming import Trimmed, reached

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
        folder = source_folder(job.encoder, context)
        words = data.words(job.parts[0].data, folder)
        model = Model(load_encoder(folder, dropout=job.optimisation.dropout))
        for part in job.parts:
            check_vocabulary(folder, model.encoder, data.words(part.data, folder))
        tasks = [_load(job, number, words, context) for number in range(len(job.parts))]
        texts = _texts(job, words, context)
        usable = is_finite(model)
        for number, one in enumerate(tasks):
            info, dataset = one.info, one.examples.dataset
            if info.name in model.kinds:
                continue  # the same task in another language
            seed = int(generator(job.seed, "head", number).integers(2**63))
            model.add_head(info.name, info.head, classes_of(dataset, info.head), torch.Generator().manual_seed(seed))
        records = _records(tasks) + tuple(data_record(text, np.arange(text.examples)) for text in texts)
        if not usable:
            # the heads and the folder are for the jobs that build on this one: they come to the same end
            sha256 = keep(context, model, words)
            return Outcome(degenerate="built on a degenerate run", data=records, model_sha256=sha256)
        model.to(device)
        sizes = [len(one.examples) for one in tasks]
        steps = steps_of(sizes, job.optimisation, job.masked.share if job.masked else 0.0)
        beside = _beside(job, steps)
        own = int((~beside).sum())
        order = Order(sizes, job.optimisation.batch_size, job.mixture, steps=own, seed=job.seed)
        looks = _looks(job, model, tasks, order, device, context)
        parts = [Part(one.examples.majority(), one.examples.true_labels) for one in tasks]
        how = execution(model.encoder.config, job.optimisation, steps, device, context)
        batch = _batches(model, tasks, order, job.optimisation.accumulate, how)
        if job.masked is not None:
            text = _masked_text(job, job.masked, texts, words.size, int(beside.sum()), how)
            model.add_head(HEAD, "masked", words.size, torch.Generator().manual_seed(_text_seed(job)))
            model.to(device)
            parts.append(Part(text.majority))
            batch = _mixed(batch, text, beside, len(tasks))
        # the text beside the tasks is predicted among all words
        trimmed = None if job.masked else Trimmed.where_worth(model.encoder, reached(_read(tasks), model.encoder))
        training = Training(
            model,
            batch,
            steps=steps,
            parts=parts,
            optimisation=job.optimisation,
            key=job_key(job),
            context=context,
            execution=how,
            looks=looks,
        )
        loaded = time.perf_counter()
        fitted = training.run()
        context.phase("finish")
        if trimmed is not None:
            trimmed.restore(fitted.decayed)
        model.remove_head(HEAD)  # of no use to the jobs that build on this one
        sha256 = keep(context, model, words)
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


def _load(job: TrainJob, number: int, words: data.Words, context: Context) -> _Task:
    part = job.parts[number]
    info = task(part.task)
    how: dict[str, Any] = {"words": words, "max_length": job.max_length, "access": access_of(context)}
    train = data.load(part.task, part.data, part.language, "train", **how)
    check_lengths(train, job.max_length)
    # the number keeps apart the shuffles of parts that are equally large
    examples = Examples.of(train, info.head, part, int(generator(job.seed, "part", number).integers(2**32)))
    dev, looked_at = None, np.zeros(0, dtype=np.int64)
    if _looked_at(job):
        dev = data.load(part.task, part.data, TRAINING_LANGUAGE, "dev", **how)
        check_lengths(dev, job.max_length)
        looked_at = examples_of_items(dev, job.selection.items)
    return _Task(info, examples, dev, looked_at)


def _read(tasks: Sequence[_Task]) -> list[Dataset]:
    """What the model is shown while it is trained."""
    return [one.examples.dataset for one in tasks] + [one.dev for one in tasks if one.dev is not None]


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

    share = job.masked.share if job.masked else 0.0
    every = job.selection.every or math.ceil(order.epoch / (1 - share))
    return Looks(every, score, best=job.selection.rule == "best", patience=job.selection.patience)


def _texts(job: TrainJob, words: data.Words, context: Context) -> list[Dataset]:
    """The plain text of each language that is masked beside the tasks; none where none is."""
    if job.masked is None:
        return []
    return [
        data.text(job.masked.data, language, words=words, max_length=job.max_length, access=access_of(context))
        for language in job.masked.languages
    ]


def _beside(job: TrainJob, steps: int) -> NDArray[np.bool_]:
    """Which of the steps are of masked text: a share of them, drawn once for the whole training."""
    beside = np.zeros(steps, dtype=np.bool_)
    if job.masked is not None:
        count = round(steps * job.masked.share)
        beside[generator(job.seed, "beside").permutation(steps)[:count]] = True
    return beside


def _text_seed(job: TrainJob) -> int:
    return int(generator(job.seed, "masked text").integers(2**32))


def _masked_text(
    job: TrainJob, masked: MaskedText, texts: Sequence[Dataset], vocabulary: int, batches: int, how: Execution
) -> MaskedBatches:
    return MaskedBatches(
        texts,
        batches=batches,
        batch_size=job.optimisation.batch_size,
        accumulate=job.optimisation.accumulate,
        temperature=masked.temperature,
        mask=masked.mask,
        vocabulary=vocabulary,
        seed=_text_seed(job),
        execution=how,
    )


def _mixed(
    batch: Callable[[int], Step], text: MaskedBatches, beside: NDArray[np.bool_], part: int
) -> Callable[[int], Step]:
    """The batches of the tasks and of the text, each in its own order, at the places drawn for them."""
    texts_before = np.concatenate([[0], np.cumsum(beside)])

    def mixed(number: int) -> Step:
        before = int(texts_before[number])
        return text.step(before, part) if beside[number] else batch(number - before)

    return mixed


def _batches(
    model: Model, tasks: Sequence[_Task], order: Order, accumulate: int, how: Execution
) -> Callable[[int], Step]:
    def batch(number: int) -> Step:
        part, chosen = order.batch(number)
        name, examples = tasks[part].info.name, tasks[part].examples
        pieces, tokens = [], 0
        for rows in np.array_split(chosen, accumulate):
            if not len(rows):
                continue  # a last batch smaller than the parts it is split into
            packed = pack(examples.dataset.tokens, examples.rows(rows))
            targets, units = examples.targets_of(rows)
            pieces.append(Piece.of(packed, name, targets, units, how, per_token=model.head(name).per_token))
            tokens += packed.tokens
        return Step(part, tuple(pieces), len(chosen), tokens)

    return batch
