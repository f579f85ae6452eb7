"""Do packed training and Hugging Face's Trainer learn the same? Seeds of both on one task, judged by our own test.

Losses without dropout agree to rounding (bench/run.py); what is left is dropout, which the two draw differently, and
whatever a trace of ten steps does not show. So both train from one encoder on the same batches of the generated world,
seed for seed, and the test that decides claims of "no effect" says whether their scores are equal within the margin of
the task's family. Arms with a fault that such a training could have stand beside them: a test that calls those equal,
too, says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.replication import DEFAULT_MARGINS, Judgement, judge_no_effect
from claimcheck.foundation.stats import Stratum, difference, two_level_bootstrap
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.sampling import Order, generator
from reproduce.data.world import LANGUAGES
from reproduce.runner import Context
from reproduce.specs import (
    Mixture,
    Optimisation,
    Part,
    PretrainJob,
    Selection,
    Size,
    TrainedEncoder,
    TrainJob,
    WorldData,
    job_key,
)

__all__ = ["ARMS", "MARGIN", "SCHEMA", "Arm", "Setting", "judge", "run"]

SCHEMA = "claimcheck/equivalence/v1"
TASK = "world-tags"
MARGIN = DEFAULT_MARGINS["tagging"]  # points; as for a paper's claim about tagging
_LONGEST = 32
_WORLD = WorldData()
_DRAWS = 8  # seed of the resampling

Counts = NDArray[np.float64]  # [items, 2]: tokens that were tagged rightly, tokens that have a tag
Scored = dict[str, Counts]  # by language


@dataclass(frozen=True)
class Arm:
    """One way to train. `fault`: what is wrong with it on purpose; "" where nothing should be."""

    name: str
    title: str
    fault: str = ""
    rate: float = 1.0  # of the recipe's learning rate
    first_position: int = 2  # of a sequence; 2 in the RoBERTa family


OURS, THEIRS = "packed", "trainer"
ARMS = (
    Arm(OURS, "claimcheck, packed"),
    Arm(THEIRS, "HF Trainer, dynamic padding"),
    Arm("positions-from-0", "packed, positions from 0", "position ids begin at 0", first_position=0),
    Arm("half-rate", "packed, half the rate", "half the learning rate", rate=0.5),
)


@dataclass(frozen=True)
class Setting:
    """What is trained and how often: an encoder pretrained on the world, then sense tagging in English."""

    seeds: int = 6  # three other seeds (101 to 103) told how far a seed moves the difference, and that six tell it
    first_seed: int = 1
    pretraining_steps: int = 1000
    steps: int = 250
    learning_rate: float = 1e-3
    batch_size: int = 32
    dropout: float = 0.1
    languages: tuple[str, ...] = tuple(LANGUAGES)  # that are scored
    splits: tuple[str, ...] = ("dev", "test")  # of each
    device: str = "cpu"
    threads: int = 1
    precision: str = "fp32"

    def recipe(self, arm: Arm) -> Optimisation:
        """Of the fine-tuning."""
        return Optimisation(
            learning_rate=self.learning_rate * arm.rate,
            batch_size=self.batch_size,
            max_steps=self.steps,
            warmup=0.1,
            weight_decay=0.01,
            dropout=self.dropout,
            precision="bf16" if self.precision == "bf16" else "fp32",
        )

    def pretraining(self) -> PretrainJob:
        """Of the encoder that every arm begins with."""
        return PretrainJob(
            data=_WORLD,
            languages=tuple(LANGUAGES),
            size=Size(layers=2, hidden=64, heads=2, feed_forward=128, positions=_LONGEST),
            optimisation=Optimisation(
                learning_rate=3e-3, batch_size=64, max_steps=self.pretraining_steps, weight_decay=0.01
            ),
            mask=0.2,
            seed=0,
        )

    def training(self, arm: Arm, seed: int) -> TrainJob:
        """As `reproduce run` would be given it."""
        return TrainJob(
            encoder=TrainedEncoder(key=job_key(self.pretraining())),
            parts=(Part(task=TASK, data=_WORLD),),
            optimisation=self.recipe(arm),
            selection=Selection(rule="last"),
            max_length=_LONGEST,
            seed=seed,
        )


Progress = Callable[[str, int, int], None]  # what is trained next, trainings done, trainings in all


def run(
    setting: Setting, arms: Sequence[Arm] = ARMS, on_progress: Progress = lambda what, done, total: None
) -> dict[str, Any]:
    """Train every arm with every seed and compare each with the Trainer; the result as JSON (SCHEMA).

    Raises UsageError where the Trainer cannot be had, NoDeviceError.
    """
    from reproduce import machine
    from reproduce.training.pretrain import run_pretrain

    names = {arm.name for arm in arms}
    if not {OURS, THEIRS} <= names:
        raise UsageError("without both packed training and the Trainer there is nothing to compare")
    total = 1 + setting.seeds * len(arms)
    found: dict[str, list[Scored]] = {arm.name: [] for arm in arms}
    with TemporaryDirectory(prefix="claimcheck-equivalence-") as name:
        folder = Path(name)
        on_progress("the encoder", 0, total)
        begun = folder / "encoder"
        begun.mkdir()
        run_pretrain(setting.pretraining(), Context(folder=begun, device=setting.device, threads=setting.threads))
        for number in range(setting.seeds):
            for place, arm in enumerate(arms):
                on_progress(f"seed {number + 1}, {arm.title}", 1 + number * len(arms) + place, total)
                with TemporaryDirectory(dir=folder) as scratch:
                    found[arm.name].append(_score(setting, arm, setting.first_seed + number, begun, Path(scratch)))
        device = machine.resolve_device(setting.device)
        versions, hardware = machine.versions(), machine.hardware(device, setting.threads)
    judged = {arm.name: judge(found[arm.name], found[THEIRS]) for arm in arms if arm.name != THEIRS}
    return {
        "schema": SCHEMA,
        "setting": asdict(setting),
        "task": TASK,
        "items": sum(len(counts) for counts in found[OURS][0].values()),
        "metric": "tokens tagged rightly, in percent, mean over the languages",
        "margin": MARGIN,
        "arms": [asdict(arm) | {"scores": [_points(one) for one in found[arm.name]]} for arm in arms],
        "against_trainer": {name: _as_json(one) for name, one in judged.items()},
        "equivalent": {name: _equivalent(one) for name, one in judged.items()},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "hardware": hardware,
    }


def judge(one: Sequence[Scored], other: Sequence[Scored], margin: float = MARGIN) -> Judgement:
    """Whether two arms are equal within the margin, in points: `one` - `other`, a sequence entry a seed.

    The test is that of a claim that something has no effect (`judge_no_effect`): seeds are paired, since a seed gives
    both the same first weights of the head and the same batches; items are the same on both sides. Raises UsageError
    for arms that do not fit together.
    """
    if not one or len(one) != len(other) or any(set(scored) != set(one[0]) for scored in (*one, *other)):
        raise UsageError(f"{len(one)} and {len(other)} seeds of other languages cannot be compared")
    contrast = difference(_strata(one), _strata(other))
    (effect,) = two_level_bootstrap([contrast], np.random.default_rng(_DRAWS))
    return judge_no_effect(effect, margin=margin)


def _strata(seeds: Sequence[Scored]) -> tuple[Stratum, ...]:
    languages = list(seeds[0])
    return tuple(
        Stratum(code, np.stack([scored[code] for scored in seeds]), weight=1 / len(languages), seeds="seed")
        for code in languages
    )


def _points(scored: Scored) -> float:
    """The mean over languages."""
    return float(100 * np.mean([counts[:, 0].sum() / counts[:, 1].sum() for counts in scored.values()]))


def _equivalent(judgement: Judgement) -> bool | None:
    """None: the seeds and items leave it open."""
    return {"confirmed": True, "contradicted": False}.get(judgement.direction or "")


def _as_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "difference": judgement.mean,
        "interval": judgement.interval,
        "sd": judgement.sd,
        "radius": judgement.radius,
        "margin": judgement.margin,
        "direction": judgement.direction,
        "reason": judgement.reason,
    }


def _score(setting: Setting, arm: Arm, seed: int, begun: Path, folder: Path) -> Scored:
    if arm.first_position != 2:
        begun = _with_positions_from(arm.first_position, begun, folder / "encoder")
    wanted = [_loaded(code, split) for code in setting.languages for split in setting.splits]
    train = _trainer if arm.name == THEIRS else _packed
    found: dict[str, list[Counts]] = {code: [] for code in setting.languages}
    for dataset, tags in zip(wanted, train(setting, arm, seed, begun, folder, wanted), strict=True):
        right = [
            [g == t for g, t in zip(item.label, said, strict=True)]
            for item, said in zip(dataset.items, tags, strict=True)
        ]
        found[dataset.language].append(np.array([[sum(row), len(row)] for row in right], dtype=np.float64))
    return {code: np.concatenate(parts) for code, parts in found.items()}


@lru_cache(maxsize=16)
def _loaded(language: str, split: str) -> Dataset:
    from reproduce import data

    words, access = data.words(_WORLD), data.Access()
    return data.load(TASK, _WORLD, language, split, words=words, max_length=_LONGEST, access=access)


def _packed(
    setting: Setting, arm: Arm, seed: int, begun: Path, folder: Path, wanted: Sequence[Dataset]
) -> list[list[list[str]]]:
    """The tags that a model says which `reproduce run`'s own code has trained and evaluated."""
    import torch

    from reproduce import machine
    from reproduce.model.encoder import load_model
    from reproduce.training.evaluate import predict
    from reproduce.training.train import run_train

    job = setting.training(arm, seed)
    inputs = {job.encoder.key: begun} if isinstance(job.encoder, TrainedEncoder) else {}
    run_train(job, Context(folder=folder, inputs=inputs, device=setting.device, threads=setting.threads))
    device = torch.device(machine.resolve_device(setting.device))
    model = load_model(folder / "model").to(device).eval()
    return [
        [row["prediction"] for row in predict(model, TASK, "tagging", one, np.arange(one.examples), device, _never)]
        for one in wanted
    ]


def _trainer(
    setting: Setting, arm: Arm, seed: int, begun: Path, folder: Path, wanted: Sequence[Dataset]
) -> list[list[list[str]]]:
    """The tags of the Trainer's model: the same encoder, first weights of the head, batches and recipe."""
    import torch

    from reproduce import machine
    from reproduce.bench import rivals
    from reproduce.model.encoder import Model, load_encoder

    job = setting.training(arm, seed)
    train = _loaded("en", "train")
    order = Order([train.examples], setting.batch_size, Mixture(), steps=setting.steps, seed=seed)
    batches = [order.batch(step)[1] for step in range(setting.steps)]
    # as training/train.py draws them
    drawn = torch.Generator().manual_seed(int(generator(seed, "head", 0).integers(2**63)))
    head = Model(load_encoder(begun / "model")).add_head(TASK, "tagging", len(train.labels), drawn)
    device = torch.device(machine.resolve_device(setting.device))
    threads = torch.get_num_threads()
    torch.set_num_threads(setting.threads)
    try:
        model = rivals.train_tagger(
            begun / "model",
            head.state_dict(),
            train,
            batches,
            job.optimisation,
            seed=seed,
            device=device,
            folder=folder,
        )
        said = []
        for one in wanted:
            assert isinstance(one.targets, Ragged)
            asked = (one.targets[row] != IGNORED for row in range(one.examples))
            tagged = zip(rivals.tag(model, one), asked, strict=True)
            said.append([[one.labels[tag] for tag in tags[here]] for tags, here in tagged])
    finally:
        torch.set_num_threads(threads)
    return said


def _with_positions_from(first: int, begun: Path, folder: Path) -> Path:
    """The same encoder with its table of positions moved, so that a sequence meets the row `first` where 2 should be.

    What a batch whose position ids begin at `first` computes, whoever packs it.
    """
    import shutil

    import torch

    from reproduce.model.encoder import load_encoder, save_model

    shutil.copytree(begun / "model", folder / "model")
    encoder = load_encoder(begun / "model")
    with torch.no_grad():
        encoder.position.copy_(encoder.position.roll(2 - first, dims=0))
    save_model(folder / "model", encoder)
    return folder


def _never() -> bool:
    return False
