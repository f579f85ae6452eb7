"""What a job does, whatever machine does it: optimizer steps, tokens, FLOPs, items, bytes.

FLOPs count the matrix products of real tokens only, since batches are packed. With N weights in the layers' matrices, L
layers, hidden size H and sequences of s tokens, T tokens cost T (6 N + 12 L s H) in training and T (2 N + 4 L s H)
forward; a masked language model adds 6 H (V + H) for each masked token. Sizes come from the catalogue of tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from reproduce import tasks
from reproduce.data.sampling import epoch_batches, shares, steps_of
from reproduce.specs import CommandJob, EvaluateJob, Job, Part, PretrainJob, Selection, TrainJob

__all__ = ["Shape", "Work", "certain_steps", "full_steps", "shape_of", "workload"]

_FP32 = 4  # bytes
# of the lengths in the catalogue: XLM-R's pieces, and the windows that its `sequences` are of
_XLM_R_PIECES = 250_002
_CATALOGUE_WINDOW = 384
_WINDOW_STEP = 128
# with 16,000 pieces in 40 languages sequences were 1.16 (XQuAD) to 1.5 (UD) times the catalogue's, 4 halvings of the
# vocabulary away; the spread of lengths is the one with which 215 tokens make 1.033 windows of 384
_LONGER = 0.06
_SPREAD = 0.55
_ROW_BYTES = 160  # of predictions.jsonl, for one item
# a training keeps two checkpoints while it writes a third: weights and two moments each; and likewise the best weights
_CHECKPOINT_BYTES = 3 * 3 * _FP32
_BEST_BYTES = 2 * _FP32


@dataclass(frozen=True)
class Shape:
    """The sizes of an encoder that decide what it costs. `positions`: the longest sequence, in tokens."""

    layers: int
    hidden: int
    feed_forward: int
    vocabulary: int
    positions: int

    @property
    def matrix_parameters(self) -> int:
        """N: the weights that a token is multiplied by (302.0 M for XLM-R Large); biases and norms are no products."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.feed_forward)

    @property
    def layer_parameters(self) -> int:
        """Weights, biases and layer norms of all layers (302.3 M for XLM-R Large)."""
        h, f = self.hidden, self.feed_forward
        return self.layers * (4 * h * h + 2 * h * f + 9 * h + f)

    @property
    def parameters(self) -> int:
        """Of the whole encoder, embeddings included."""
        return self.layer_parameters + (self.vocabulary + self.positions + 3) * self.hidden

    def train_flops(self, tokens: float, length: float) -> float:
        """Of training on so many tokens, in sequences of that mean length."""
        return tokens * (6 * self.matrix_parameters + 12 * self.layers * length * self.hidden)

    def forward_flops(self, tokens: float, length: float) -> float:
        """Of a forward pass alone."""
        return tokens * (2 * self.matrix_parameters + 4 * self.layers * length * self.hidden)

    def mask_flops(self, tokens: float) -> float:
        """Of training the head of a masked language model on so many masked tokens."""
        return 6 * tokens * self.hidden * (self.vocabulary + self.hidden)


@dataclass(frozen=True)
class Work:
    """What a job does, whatever machine does it. `assumed` names inputs that no source gives."""

    steps: int = 0
    tokens: float = 0.0  # trained on, or, where nothing is trained, evaluated
    train_flops: float = 0.0
    forward_flops: float = 0.0
    items: int = 0  # evaluated
    examples: int = 0  # training examples loaded
    saved_bytes: int = 0
    running_bytes: int = 0  # while it runs, beside what it saves
    assumed: tuple[str, ...] = ()
    layers: int = 0  # of the encoder: each is launched in each step
    hidden: int = 0  # its hidden size: small products are slower by the FLOP
    parameters: int = 0  # that an optimizer step updates

    def stopped_at(self, steps: int) -> Work:
        """The same job after another number of steps (early stopping), with that many fewer looks at the dev part."""
        if not self.steps:
            return self
        share = steps / self.steps
        return replace(
            self,
            steps=steps,
            tokens=self.tokens * share,
            train_flops=self.train_flops * share,
            forward_flops=self.forward_flops * share,
            items=round(self.items * share),
        )

    def of_tokens(self, tokens: float) -> Work:
        """The same job with as many tokens as it turned out to have: the catalogue's lengths are partly assumed."""
        if not self.tokens:
            return self
        share = tokens / self.tokens
        if self.steps:
            return replace(self, tokens=tokens, train_flops=self.train_flops * share)
        return replace(self, tokens=tokens, forward_flops=self.forward_flops * share)


class _UnknownError(Exception):
    """A size that no source gives."""


Infos = Callable[[str], tasks.TaskInfo]


def workload(job: Job, shape: Shape | None, infos: Infos = tasks.task) -> Work | tuple[str, ...]:
    """What the job does with an encoder of that shape; in its place the reasons why that is not known.

    Raises UsageError for a task that the catalogue lacks.
    """
    if isinstance(job, CommandJob):
        return ("what a command does is not known",)
    if shape is None:
        return ("the shape of the encoder is not known",)
    try:
        if isinstance(job, PretrainJob):
            return _pretraining(job, shape)
        if isinstance(job, TrainJob):
            return _training(job, shape, infos)
        return _evaluation(job, shape, infos)
    except _UnknownError as error:
        return (str(error),)


def shape_of(job: PretrainJob) -> Shape | None:
    """The shape of the encoder that a pretraining gives; None where the size of the vocabulary is not known."""
    text, size = tasks.text(job.data.kind), job.size
    vocabulary = job.vocabulary or (text.vocabulary if text is not None else None)
    if vocabulary is None:
        return None
    return Shape(
        layers=size.layers,
        hidden=size.hidden,
        feed_forward=size.feed_forward,
        vocabulary=vocabulary,
        positions=size.positions,
    )


def certain_steps(job: PretrainJob | TrainJob) -> int | None:
    """Optimizer steps that a training takes unless it fails; None where they cannot be told for certain beforehand.

    That is so with patience, which may end it early, and for epochs of data whose size is not known exactly: the world
    is made, so that its sizes are, the catalogue's sizes of other data may be rounded or of another release. Raises
    UsageError for a task that the catalogue lacks.
    """
    if isinstance(job, TrainJob) and job.selection.patience:
        return None
    if job.optimisation.max_steps is not None:
        return job.optimisation.max_steps
    data = [job.data] if isinstance(job, PretrainJob) else [part.data for part in job.parts]
    return full_steps(job) if all(one.kind == "world" for one in data) else None


def full_steps(job: PretrainJob | TrainJob, shape: Shape | None = None, infos: Infos = tasks.task) -> int | None:
    """Optimizer steps of the whole training by the catalogue's sizes; None where it lacks one.

    `shape`: of the encoder, whose vocabulary decides how many windows a passage makes.
    """
    if job.optimisation.max_steps is not None:
        return job.optimisation.max_steps
    if isinstance(job, PretrainJob):
        text = tasks.text(job.data.kind)
        if text is None or text.sentences is None:
            return None
        return steps_of([text.sentences] * len(job.languages), job.optimisation)
    try:
        sizes = [_examples(part, infos(part.task), shape, job.max_length) for part in job.parts]
    except _UnknownError:
        return None
    return steps_of(sizes, job.optimisation, job.masked.share if job.masked is not None else 0.0)


def _examples(part: Part, info: tasks.TaskInfo, shape: Shape | None, longest: int) -> int:
    """Training examples of a part: the windows of a long passage are examples of their own."""
    if info.train is None:
        raise _UnknownError(f"{info.name}: the number of training examples is not known")
    size = round(info.train * (_sequences(info, shape, longest)[0] if info.head == "span" else 1.0))
    return min(size, part.examples or size)


def _sequences(info: tasks.TaskInfo, shape: Shape | None, longest: int) -> tuple[float, float]:
    """(sequences of an example, tokens of each) with an encoder of that shape. Raises _UnknownError.

    The catalogue's lengths are in XLM-R's vocabulary; a smaller one cuts words into more pieces. A passage that is
    longer than a sequence is read in windows, each 128 tokens further on than the one before.
    """
    if info.mean_tokens is None:
        raise _UnknownError(f"{info.name}: the mean length is not known")
    mean = info.mean_tokens
    if info.data != "world" and shape is not None and shape.vocabulary < _XLM_R_PIECES:
        mean *= 1 + _LONGER * math.log2(_XLM_R_PIECES / shape.vocabulary)
    if info.head != "span" or info.data == "world":
        return info.sequences, min(mean, longest)
    more = (_excess(mean, longest) - _excess(info.mean_tokens, _CATALOGUE_WINDOW)) / _WINDOW_STEP
    windows = max(1.0, info.sequences + more)
    # what two windows share is read twice
    tokens = mean * info.sequences + (windows - info.sequences) * (longest - _WINDOW_STEP)
    return windows, min(tokens / windows, longest)


def _excess(mean: float, longest: int) -> float:
    """How many tokens of a passage lie beyond the first window on average, lengths being normal with SD 0.55 mean."""
    sd = _SPREAD * mean
    z = (longest - mean) / sd
    density, above = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), math.erfc(z / math.sqrt(2)) / 2
    return sd * (density - z * above)


def _assumed(info: tasks.TaskInfo, *used: str) -> tuple[str, ...]:
    return tuple(f"{info.name}: {name.replace('_', ' ')}" for name in used if name in info.assumed)


def _pretraining(job: PretrainJob, shape: Shape) -> Work:
    text = tasks.text(job.data.kind)
    if text is None:
        raise _UnknownError(f"how much plain text the {job.data.kind} data have is not known")
    length = min(text.mean_tokens, job.size.positions)
    if text.sentences is None and job.optimisation.max_steps is None:
        raise _UnknownError(f"how many sentences the {job.data.kind} data have is not known")
    sizes = [text.sentences or 1] * len(job.languages)
    steps = steps_of(sizes, job.optimisation)
    tokens = steps * job.optimisation.batch_size * length
    return Work(
        steps=steps,
        tokens=tokens,
        train_flops=shape.train_flops(tokens, length) + shape.mask_flops(tokens * job.mask),
        examples=sum(sizes) if text.sentences is not None else 0,
        layers=shape.layers,
        hidden=shape.hidden,
        parameters=shape.parameters,
        saved_bytes=shape.parameters * _FP32,
        running_bytes=shape.parameters * _CHECKPOINT_BYTES,
        assumed=tuple(f"text: {name.replace('_', ' ')}" for name in text.assumed),
    )


def _training(job: TrainJob, shape: Shape, infos: Infos) -> Work:
    optimisation = job.optimisation
    entries = [infos(part.task) for part in job.parts]
    sizes, lengths, sequences = [], [], []
    for part, info in zip(job.parts, entries, strict=True):
        each, length = _sequences(info, shape, job.max_length)
        sizes.append(_examples(part, info, shape, job.max_length))
        lengths.append(length)
        # the windows of a long passage are examples of their own, the choices of one question are not
        sequences.append(1.0 if info.head == "span" else each)
    beside = job.masked.share if job.masked is not None else 0.0
    steps = steps_of(sizes, optimisation, beside)
    # examples of a batch on average: the last one of a pass may be smaller
    batches = epoch_batches(sizes, optimisation.batch_size)
    tokens = flops = 0.0
    if job.masked is not None:
        text = tasks.text(job.masked.data.kind)
        if text is None:
            raise _UnknownError(f"how long the sentences of {job.masked.data.kind} text are is not known")
        length = min(text.mean_tokens, job.max_length)
        tokens = steps * beside * optimisation.batch_size * length
        flops = shape.train_flops(tokens, length) + shape.mask_flops(tokens * job.masked.mask)
    for i, share in enumerate(shares(sizes, optimisation.batch_size, job.mixture)):
        seen = steps * (1 - beside) * float(share) * sizes[i] / batches[i] * sequences[i] * lengths[i]
        tokens += seen
        flops += shape.train_flops(seen, lengths[i])
    looks = _looks(job.selection, steps, math.ceil(sum(batches) / (1 - beside)))
    looked, forward = 0, 0.0
    guessed: tuple[str, ...] = ()
    for info, length in zip(entries, lengths, strict=True):
        items = info.examples("dev", _english(info), job.selection.items) if looks else 0
        if items is None:  # then as many as are asked for
            items, guessed = job.selection.items, (*guessed, f"{info.name}: dev")
        if items is None:
            raise _UnknownError(f"{info.name}: the number of dev examples is not known")
        looked += items * looks
        each = _sequences(info, shape, job.max_length)[0]
        forward += shape.forward_flops(looks * items * each * length, length)
    used = ("train", "mean_tokens", "sequences", *(("dev",) if looks else ()))
    best = _BEST_BYTES if job.selection.rule == "best" else 0
    return Work(
        steps=steps,
        tokens=tokens,
        train_flops=flops,
        forward_flops=forward,
        items=looked,
        examples=sum(sizes),
        layers=shape.layers,
        hidden=shape.hidden,
        parameters=shape.parameters,
        saved_bytes=shape.parameters * _FP32,
        running_bytes=shape.parameters * (_CHECKPOINT_BYTES + best),
        assumed=(*(text for info in entries for text in _assumed(info, *used)), *guessed),
    )


def _english(info: tasks.TaskInfo) -> tuple[str, ...]:
    """The language whose dev part chooses a checkpoint."""
    return (tasks.TRAINING_LANGUAGE,) if tasks.TRAINING_LANGUAGE in info.languages else info.languages[:1]


def _looks(selection: Selection, steps: int, epoch: int) -> int:
    """How often a training looks at the dev part: after each `every` steps, else each epoch, and at the end."""
    if selection.rule == "last" and not selection.patience:
        return 0
    return max(1, -(-steps // (selection.every or epoch)))


def _evaluation(job: EvaluateJob, shape: Shape, infos: Infos) -> Work:
    info = infos(job.task)
    items = info.examples(job.split, job.languages, job.items)
    if items is None:
        raise _UnknownError(f"{info.name}: the number of {job.split} examples is not known")
    each, length = _sequences(info, shape, job.max_length)
    if info.head == "retrieval":
        every = info.examples(job.split, info.languages_of(job.split)) or items
        # a limit holds for the queries; the pool in which they are sought stays whole
        pool = info.sentences.get(job.split, 2 * every) * (info.examples(job.split, job.languages) or 0) / every
        sequences = pool if job.items is None else pool / 2 + items
    else:
        sequences = items * each
    tokens = sequences * length
    # layers above the one that is looked at are not computed
    layers = shape.layers if job.probe is None or job.probe.sweep else job.probe.layer
    return Work(
        tokens=tokens,
        forward_flops=shape.forward_flops(tokens, length) * layers / shape.layers,
        items=items,
        # the files are read whole, however few of their items are asked
        examples=(info.examples(job.split, job.languages) or items) - items,
        hidden=shape.hidden,
        saved_bytes=items * _ROW_BYTES,
        assumed=_assumed(info, job.split, "mean_tokens", "sequences", "sentences"),
    )
