"""What every variant of a speed measurement trains on: the same encoder, the same made examples, in the same order.

numpy only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from claimcheck.foundation.errors import UsageError
from reproduce.data.dataset import Ragged
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.planning.workload import Shape
from reproduce.specs import Optimisation

__all__ = ["CLASSES", "ENCODERS", "Examples", "Job", "examples", "optimisation", "reached"]

CLASSES = 3  # of natural language inference

ENCODERS = {
    "xlm-r-large": EncoderConfig(250_002, 1024, 24, 16, 4096),
    "xlm-r-base": EncoderConfig(250_002, 768, 12, 12, 3072),
    "small": EncoderConfig(16_000, 256, 4, 4, 1024),  # 4 layers: what a CPU trains in minutes
    "small-xlm-r": EncoderConfig(250_002, 256, 4, 4, 1024),  # the same with XLM-R's vocabulary
    "tiny": EncoderConfig(500, 32, 2, 2, 64),  # proves the machinery in seconds
}

# Words and punctuation of premise and hypothesis together, MultiNLI's matched development part (Williams et al. 2018),
# 9,815 pairs: the mean and the deviation of their logarithm. Then pieces of a multilingual vocabulary a word, and the
# special tokens of a pair: an assumption, printed with the result as the mean length that comes of it
_LOG_WORDS, _LOG_DEVIATION = 3.40, 0.53
_PIECES_A_WORD, _SPECIALS = 1.2, 4
_SHORTEST, _LONGEST = 8, 256
_FIRST_WORD = 5  # ids below are special
# words of a large vocabulary that a training set reaches: an assumption. A measurement's few steps meet fewer, so that
# counting those would make trimming look better than it is in a whole training
_REACHED = 60_000


@dataclass(frozen=True)
class Job:
    """One measurement in a process of its own. `kind`: "trace" gives losses without dropout, "time" gives seconds."""

    variant: str
    kind: str
    encoder: str
    batch: int  # examples an optimizer step
    steps: int  # counted
    warm: int  # before them, not counted
    device: str
    threads: int
    precision: str
    seed: int = 0
    together: int = 1  # processes that measure at the same time, this one among them

    @property
    def dropout(self) -> float:
        """None in a trace: two implementations draw it differently."""
        return 0.0 if self.kind == "trace" else 0.1

    @property
    def config(self) -> EncoderConfig:
        """The encoder's shape, with this job's dropout. Raises UsageError for an unknown name."""
        if self.encoder not in ENCODERS:
            raise UsageError(f"no encoder {self.encoder!r} to measure", todo=f"one of {', '.join(ENCODERS)}")
        return EncoderConfig(**asdict(ENCODERS[self.encoder]) | {"dropout": self.dropout})

    @property
    def shape(self) -> Shape:
        """What its FLOPs are counted from."""
        config = self.config
        return Shape(config.layers, config.hidden, config.feed_forward, config.vocab_size, config.positions)


@dataclass(frozen=True)
class Examples:
    """Sequences as the encoder takes them and the class of each; step n trains on rows n * batch and following."""

    tokens: Ragged
    labels: np.ndarray[Any, np.dtype[np.int64]] = field(repr=False)
    batch: int

    def rows(self, step: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The examples of a step."""
        return np.arange(step * self.batch, (step + 1) * self.batch)

    def flops(self, shape: Shape, first: int, last: int) -> float:
        """Of training on the real tokens of the steps first to last - 1: no padding counts."""
        lengths = self.tokens.lengths[first * self.batch : last * self.batch]
        return float(sum(shape.train_flops(float(n), float(n)) for n in lengths))

    def real_tokens(self, first: int, last: int) -> int:
        """Tokens of those steps, without padding."""
        return int(self.tokens.lengths[first * self.batch : last * self.batch].sum())


def examples(job: Job) -> Examples:
    """As many as the job's steps need, drawn from its seed: lengths like those of natural language inference.

    The class of an example is a function of its first words, so that there is something to learn.
    """
    random = np.random.default_rng([job.seed, 8])
    count = (job.warm + job.steps) * job.batch
    words = np.exp(random.normal(_LOG_WORDS, _LOG_DEVIATION, count))
    longest = min(_LONGEST, job.config.positions)
    lengths = np.clip(np.rint(words * _PIECES_A_WORD) + _SPECIALS, _SHORTEST, longest).astype(np.int64)
    rows = [random.integers(_FIRST_WORD, len(reached(job)), n).astype(np.int32) for n in lengths]
    for row in rows:
        row[0], row[-1] = 0, 2
    labels = np.array([int(row[1] + row[2]) % CLASSES for row in rows], dtype=np.int64)
    return Examples(Ragged.from_rows(rows), labels, job.batch)


def reached(job: Job) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The words that occur in the training set that the examples stand for, special ones included."""
    return np.arange(min(job.config.vocab_size, _FIRST_WORD + _REACHED))


def optimisation(job: Job) -> Optimisation:
    """The recipe of all variants: that of the paper (AdamW, linear warm-up and decay), which no variant may alter."""
    return Optimisation(
        learning_rate=1e-5,
        batch_size=job.batch,
        max_steps=job.warm + job.steps,
        warmup=0.1,
        weight_decay=0.01,
        clip=1.0,
        dropout=job.dropout,
        precision="bf16" if job.precision == "bf16" else "fp32",
    )
