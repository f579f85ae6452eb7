"""The training loop that pretraining and fine-tuning share: steps, looks at the dev part, checkpoints, progress.

A training is a function of its job and its count of threads: batches come from their number, dropout from torch's
global generator, whose state stands in every checkpoint. A training that goes on from a checkpoint ends, on a CPU, with
the bits of the undisturbed one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from reproduce.model.encoder import Model
from reproduce.runner import Context, Preempted
from reproduce.specs import Optimisation
from reproduce.training.checkpoint import Best, Checkpoints
from reproduce.training.curves import Curves
from reproduce.training.device import is_finite, weights_sha256
from reproduce.training.execution import Execution
from reproduce.training.stepping import Step, Stepper

__all__ = ["Fitted", "Looks", "Part", "Training"]

_POINTS = 200  # points of a curve over a whole training
_WINDOW = 1000  # most steps that the loss at the start and at the end are a mean of


@dataclass(frozen=True)
class Part:
    """What a part's training loss is measured against.

    `majority`: the loss, in nats, of a model that knows how often each label occurs and nothing else.
    """

    majority: float
    true_labels: bool = True


@dataclass(frozen=True)
class Looks:
    """Looks at the dev part: after every `every` steps and at the end; `score` gives the metric of the model as it is.

    `best`: the weights of the best look are kept, of the earliest where several are equal. After `patience` looks in a
    row without a gain training stops (0: never).
    """

    every: int
    score: Callable[[], float]
    best: bool = True
    patience: int = 0


@dataclass(frozen=True)
class Fitted:
    """What a training came to; the model holds the weights that were chosen."""

    steps: int
    examples: int
    tokens: int
    loss: dict[str, float | None]
    degenerate: str | None
    weights_changed: bool
    chosen: int  # the step whose weights they are
    decayed: float  # what those steps leave of a weight that had no gradient
    scores: tuple[tuple[int, float], ...]
    seconds: dict[str, float]


@dataclass
class _State:
    """All that changes during a training beside tensors; JSON in a checkpoint."""

    step: int = 0
    looked: int = 0  # the step of the last look
    stale: int = 0  # looks since the best one
    best: float | None = None
    best_step: int | None = None
    scores: list[list[float]] = field(default_factory=list)
    examples: int = 0
    tokens: int = 0
    first: list[float] = field(default_factory=lambda: [0.0, 0.0])  # sum and count of the losses of the first steps
    recent: list[list[float]] = field(default_factory=list)  # part and loss of the latest steps
    point: list[float] = field(default_factory=lambda: [0.0, 0.0])  # sum and count since the last point of the curve
    train_seconds: float = 0.0
    dev_seconds: float = 0.0


class _NotFiniteError(Exception):
    """The loss of a step is NaN or infinite."""

    def __init__(self, step: int) -> None:
        self.step = step
        super().__init__(f"the loss is not finite at step {step}")


class Training:
    """A training of `model`, in place, on the batches 0 to steps - 1.

    Goes on from the newest checkpoint of the job where there is one. `parts` are those that `Step.part` counts.
    Raises InputError for a checkpoint that is not this job's.
    """

    def __init__(
        self,
        model: Model,
        batch: Callable[[int], Step],
        *,
        steps: int,
        parts: Sequence[Part],
        optimisation: Optimisation,
        key: str,
        context: Context,
        execution: Execution,
        looks: Looks | None = None,
    ) -> None:
        self._model, self._batch, self._steps, self._parts, self._looks = model, batch, steps, parts, looks
        self._context, self._device = context, execution.device
        self._before = weights_sha256(model)
        self._stepper = Stepper(model, optimisation, steps, execution, note=context.note)
        self._optimiser = self._stepper.optimiser
        self._window = min(_WINDOW, max(10, math.ceil(steps / 10)))
        self._point_every = max(1, steps // _POINTS)
        # asking a GPU for a number makes it wait, so there losses are asked for in bundles
        self._bundle = 1 if execution.device.type == "cpu" else 16
        self._pending: list[tuple[int, int, Tensor]] = []  # step, part and loss, on the device
        self._checkpoints = Checkpoints(context.folder, key)
        self._state = _State()
        self._best: Best | None = None
        self._resume()
        self._saved_step, self._saved_at = self._state.step, time.monotonic()
        self._clock = _Clock(self._state.step, self._state.tokens)

    def run(self) -> Fitted:
        """Train. Raises Preempted after a checkpoint when the context says stop, OSError where none can be written."""
        state, degenerate = self._state, None
        self._model.train()
        with Curves(self._context.folder / "curves", start=state.step + 1) as self._curves:
            try:
                self._train()
            except _NotFiniteError as error:
                degenerate = str(error)
        self._stepper.finish()
        chosen = state.step
        if self._looks is not None and self._looks.best and self._best is not None:
            self._model.load_state_dict(dict(self._best.weights))
            chosen = self._best.step
        self._model.eval()
        changed = weights_sha256(self._model) != self._before
        if degenerate is None:
            degenerate = self._degenerate(changed)
        return Fitted(
            steps=state.step,
            examples=state.examples,
            tokens=state.tokens,
            loss=self._losses(),
            degenerate=degenerate,
            weights_changed=changed,
            chosen=chosen,
            decayed=self._optimiser.decayed(chosen),
            scores=tuple((int(step), score) for step, score in state.scores),
            seconds={"train": state.train_seconds, "dev": state.dev_seconds},
        )

    def _train(self) -> None:
        state, looks, context = self._state, self._looks, self._context
        context.phase("train")
        while True:
            if looks and state.step > state.looked and (state.step % looks.every == 0 or state.step == self._steps):
                self._look(looks)
            if state.step >= self._steps or (looks and looks.patience and state.stale >= looks.patience):
                break
            if context.should_stop():
                self._save()
                raise Preempted(f"stopped at step {state.step} of {self._steps}")
            if time.monotonic() - self._saved_at >= context.checkpoint_seconds or (
                context.checkpoint_steps and state.step % context.checkpoint_steps == 0
            ):
                self._save()
            self._step()
        self._drain()

    def _step(self) -> None:
        state = self._state
        begun = time.perf_counter()
        step = self._batch(state.step)

        def seen(loss: Tensor) -> None:
            self._pending.append((state.step + 1, step.part, loss))
            if len(self._pending) >= self._bundle:
                self._drain()  # before the update: on a CPU a loss that is no number leaves the weights as they were

        norm = self._stepper.step(state.step, step, seen)
        state.step += 1
        state.examples += step.examples
        state.tokens += step.tokens
        state.train_seconds += time.perf_counter() - begun
        if state.step % self._point_every == 0 or state.step == self._steps:
            self._draw(float(norm))
        now = time.monotonic()
        if now - self._clock.reported_at >= self._context.progress_seconds or state.step == self._steps:
            self._report(now)

    def _drain(self) -> None:
        """Turn the losses on the device into numbers. Raises _NotFiniteError."""
        state = self._state
        for (step, part, _), loss in zip(self._pending, _numbers([p[2] for p in self._pending]), strict=True):
            if not math.isfinite(loss):
                self._pending.clear()
                raise _NotFiniteError(step)
            if step <= self._window:
                state.first = [state.first[0] + loss, state.first[1] + 1]
            state.point = [state.point[0] + loss, state.point[1] + 1]
            state.recent.append([part, loss])
        self._pending.clear()
        del state.recent[: -self._window]

    def _draw(self, norm: float) -> None:
        """A point of the training's curves."""
        self._drain()
        state = self._state
        mean = state.point[0] / state.point[1]
        state.point = [0.0, 0.0]
        rate = self._optimiser.rate(state.step - 1)
        self._curves.add(state.step, **{"train/loss": mean, "train/learning_rate": rate, "train/gradient_norm": norm})

    def _report(self, now: float) -> None:
        self._drain()
        state, clock = self._state, self._clock
        seconds = max(now - clock.begun_at, 1e-9)
        latest = [loss for _, loss in state.recent[-10:]]
        event = {
            "event": "progress",
            "step": state.step,
            "steps": self._steps,
            "loss": round(sum(latest) / len(latest), 4),
            "tokens_per_second": round((state.tokens - clock.tokens) / seconds),
            "eta": round((self._steps - state.step) * seconds / (state.step - clock.step), 1),
        }
        clock.reported_at = now
        self._context.report(event)

    def _look(self, looks: Looks) -> None:
        """Score the model on the dev part; a stop in between leaves the look to be done again."""
        self._drain()
        state, begun = self._state, time.perf_counter()
        self._context.phase("evaluate")
        self._model.eval()
        with self._masters():
            try:
                score = looks.score()
            except Preempted:
                self._save()
                raise
        state.looked = state.step
        state.scores.append([state.step, score])
        if state.best is None or score > state.best:
            state.best, state.best_step, state.stale = score, state.step, 0
            if looks.best:
                self._best = Best(state.step, {name: t.to("cpu", copy=True) for name, t in self._weights().items()})
        else:
            state.stale += 1
        self._model.train()
        state.dev_seconds += time.perf_counter() - begun
        self._curves.add(state.step, **{"dev/score": score})
        self._context.phase("train")

    def _save(self) -> None:
        self._drain()
        self._saved_at = time.monotonic()
        if self._state.step == self._saved_step:
            return  # nothing was done since
        self._context.phase("checkpoint")
        tensors = {f"model/{name}": t for name, t in self._weights().items()} | self._optimiser.tensors()
        tensors["random/cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            tensors["random/cuda"] = torch.cuda.get_rng_state(self._device)
        self._checkpoints.save(self._state.step, tensors, asdict(self._state), self._best)
        self._saved_step, self._saved_at = self._state.step, time.monotonic()
        self._context.phase("train")

    def _resume(self) -> None:
        expected = {f"model/{name}": t for name, t in self._weights().items()}
        saved = self._checkpoints.latest(expected | {"random/cpu": torch.get_rng_state()})
        if saved is None:
            return
        for skipped in saved.skipped:
            self._context.note(f"a damaged checkpoint is left out: {skipped}")
        with self._masters():
            self._model.load_state_dict({name: saved.tensors[f"model/{name}"] for name in self._model.state_dict()})
        self._optimiser.load(saved.tensors)
        torch.set_rng_state(saved.tensors["random/cpu"])
        if "random/cuda" in saved.tensors and self._device.type == "cuda":
            torch.cuda.set_rng_state(saved.tensors["random/cuda"], self._device)
        self._state, self._best = _State(**saved.state), saved.best
        self._context.note(f"goes on from the checkpoint of step {saved.step}")

    def _masters(self) -> AbstractContextManager[None]:
        """The model has its fp32 weights here: what is saved, and what is scored, as it will be after the training."""
        shadows = self._stepper.shadows
        return nullcontext() if shadows is None else shadows.lifted()

    def _weights(self) -> Mapping[str, Tensor]:
        """The model's fp32 weights."""
        with self._masters():
            return self._model.state_dict()

    def _losses(self) -> dict[str, float | None]:
        state = self._state
        if not state.recent:
            return {"first": None, "last": None, "majority": None}
        return {
            "first": state.first[0] / state.first[1],
            "last": sum(loss for _, loss in state.recent) / len(state.recent),
            "majority": sum(self._parts[int(part)].majority for part, _ in state.recent) / len(state.recent),
        }

    def _degenerate(self, changed: bool) -> str | None:
        if not is_finite(self._model):
            return f"the weights are not finite after step {self._state.step}"
        if not changed:
            return "the weights did not change"
        gains = [
            self._parts[int(part)].majority - loss
            for part, loss in self._state.recent
            if self._parts[int(part)].true_labels
        ]
        if gains and sum(gains) <= 0:
            return "the training loss stayed at the majority baseline"
        return None


@dataclass
class _Clock:
    """Where this process began, for its speed, and when it last reported."""

    step: int
    tokens: int
    begun_at: float = field(default_factory=time.monotonic)
    reported_at: float = -math.inf


def _numbers(scalars: Sequence[Tensor]) -> list[float]:
    if len(scalars) == 1:
        return [float(scalars[0])]
    return torch.stack(list(scalars)).tolist() if scalars else []
