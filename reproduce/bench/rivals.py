"""The other variants: Hugging Face's Trainer on the same weights, the same examples and the same recipe."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from claimcheck.foundation.errors import UsageError
from reproduce.bench.packed import HEAD, first_model
from reproduce.bench.variants import Variant
from reproduce.bench.work import CLASSES, Examples, Job, optimisation
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.model.encoder import hf_state
from reproduce.specs import Optimisation

__all__ = ["run", "tag", "train_tagger"]

_PAD = 1  # of the vocabulary, in the RoBERTa family
_TAGGED_TOKENS = 4096  # of a batch that is tagged, padding included


def run(
    job: Job, one: Variant, data: Examples, device: torch.device, folder: Path, tick: Callable[[], None]
) -> tuple[list[Tensor], int]:
    """Train with transformers.Trainer; see packed.run. Raises UsageError where it cannot be had or micro does not fit.

    `folder` is a scratch folder: the Trainer wants one, and saves nothing in it.
    """
    transformers = _transformers()
    micro = one.micro or job.batch
    if job.batch % micro:
        raise UsageError(f"a batch of {job.batch} is no whole number of micro-batches of {micro}")
    computed = 0

    def collate(rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        nonlocal computed
        ids = torch.nn.utils.rnn.pad_sequence([row["input_ids"] for row in rows], batch_first=True, padding_value=_PAD)
        width = _width(one, data, ids.shape[1], job.kind == "trace")
        ids = torch.nn.functional.pad(ids, (0, width - ids.shape[1]), value=_PAD)[:, :width]
        computed += ids.numel()
        labels = torch.tensor([row["labels"] for row in rows])
        return {"input_ids": ids, "attention_mask": (ids != _PAD).long(), "labels": labels}

    losses = _train(
        transformers,
        _model(transformers, job),
        _Rows(data.tokens, data.labels.tolist()),
        collate,
        optimisation(job),
        steps=job.warm + job.steps,
        micro=micro,
        seed=job.seed,
        device=device,
        folder=folder,
        tick=tick,
    )
    parts = job.batch // micro
    return [torch.stack(losses[n : n + parts]).sum() for n in range(0, len(losses), parts)], computed


def train_tagger(
    encoder: Path,
    head: dict[str, Tensor],
    data: Dataset,
    batches: Sequence[NDArray[np.int64]],
    recipe: Optimisation,
    *,
    seed: int,
    device: torch.device,
    folder: Path,
) -> Any:
    """XLMRobertaForTokenClassification, trained by the Trainer on one batch of examples after the other.

    `encoder`: a folder as transformers saves it; `head`: the weights under transformers' names that the head begins
    with. All batches are of the same size. Raises UsageError where the Trainer cannot be had.
    """
    transformers = _transformers()
    config = transformers.XLMRobertaConfig.from_pretrained(
        encoder,
        num_labels=len(data.labels),
        hidden_dropout_prob=recipe.dropout,
        attention_probs_dropout_prob=recipe.dropout,
        classifier_dropout=recipe.dropout,
    )
    config._attn_implementation = "sdpa"
    model = transformers.XLMRobertaForTokenClassification.from_pretrained(encoder, config=config)
    model.load_state_dict(head, strict=False)
    order = np.concatenate(batches)
    assert isinstance(data.targets, Ragged)
    labels = [torch.from_numpy(data.targets[int(row)].astype("int64")) for row in order]

    def collate(rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        pad = torch.nn.utils.rnn.pad_sequence
        ids = pad([row["input_ids"] for row in rows], batch_first=True, padding_value=_PAD)
        tags = pad([row["labels"] for row in rows], batch_first=True, padding_value=IGNORED)
        return {"input_ids": ids, "attention_mask": (ids != _PAD).long(), "labels": tags}

    _train(
        transformers,
        model,
        _Rows(data.tokens.take(order), labels),
        collate,
        recipe,
        steps=len(batches),
        micro=len(batches[0]),
        seed=seed,
        device=device,
        folder=folder,
        tick=lambda: None,
    )
    return model


@torch.no_grad()
def tag(model: Any, data: Dataset) -> list[NDArray[np.int64]]:
    """The likeliest tag of each token of each example, in padded batches: one array [tokens] an example."""
    model.eval()
    device = next(model.parameters()).device
    count = max(1, _TAGGED_TOKENS // int(data.tokens.lengths.max()))
    found: list[NDArray[np.int64]] = []
    for start in range(0, data.examples, count):
        rows = [torch.from_numpy(data.tokens[row].astype("int64")) for row in range(start, data.examples)[:count]]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=_PAD).to(device)
        best = model(input_ids=ids, attention_mask=(ids != _PAD).long()).logits.argmax(-1).cpu().numpy()
        found += [line[: len(row)] for line, row in zip(best, rows, strict=True)]
    return found


def _transformers() -> Any:
    try:
        import transformers

        importlib.metadata.version("accelerate")  # the Trainer asks for it only when it begins
    except ImportError:  # a package that is not found is one
        raise UsageError(
            "the Trainer of transformers needs the package accelerate",
            todo="pip install accelerate, or measure claimcheck alone with --variants packed",
        ) from None
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return transformers


def _train(
    transformers: Any,
    model: Any,
    rows: torch.utils.data.Dataset[dict[str, Any]],
    collate: Callable[[list[dict[str, Any]]], dict[str, Tensor]],
    recipe: Optimisation,
    *,
    steps: int,
    micro: int,
    seed: int,
    device: torch.device,
    folder: Path,
    tick: Callable[[], None],
) -> list[Tensor]:
    """Train in the order of the rows; the loss of each micro-batch, on the device."""
    losses: list[Tensor] = []

    class Watch(transformers.TrainerCallback):  # type: ignore[misc]
        """Ticks where our own loop does."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            tick()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            tick()

    class Watched(transformers.Trainer):  # type: ignore[misc]
        """Keeps each step's loss on the device: asking for it would make a GPU wait."""

        def training_step(self, *arguments: Any, **options: Any) -> Tensor:
            loss: Tensor = super().training_step(*arguments, **options)
            losses.append(loss.detach())
            return loss

    trainer = Watched(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=str(folder),
            per_device_train_batch_size=micro,
            gradient_accumulation_steps=recipe.batch_size // micro,
            max_steps=steps,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            warmup_steps=math.ceil(recipe.warmup * steps),
            lr_scheduler_type="linear",
            max_grad_norm=recipe.clip,
            adam_epsilon=recipe.epsilon,
            optim="adamw_torch_fused",
            bf16=recipe.precision == "bf16",
            use_cpu=device.type == "cpu",
            train_sampling_strategy="sequential",  # the same batches in every variant
            logging_steps=50,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=seed,
        ),
        train_dataset=rows,
        data_collator=collate,
        callbacks=[Watch()],
    )
    # XLM-R's classes accept what this promises and ignore it: micro-batches would be summed in place of averaged
    trainer.model_accepts_loss_kwargs = False
    trainer.remove_callback(transformers.PrinterCallback)  # stdout is for the result
    trainer.train()
    return losses


def _model(transformers: Any, job: Job) -> Any:
    """XLMRobertaForSequenceClassification with the weights that our own variant starts from."""
    ours = first_model(job)
    config = transformers.XLMRobertaConfig(**ours.encoder.config.to_hf(), num_labels=CLASSES)
    config._attn_implementation = "sdpa"
    model = transformers.XLMRobertaForSequenceClassification(config)
    state = {f"roberta.{name}": tensor for name, tensor in hf_state(ours.encoder).items() if "pooler" not in name}
    model.load_state_dict(state | ours.head(HEAD).state_dict())
    return model


def _width(one: Variant, data: Examples, longest: int, whole: bool) -> int:
    """Tokens that a micro-batch is padded to; `longest` is its longest example, `whole`: none may be cut."""
    if one.padding == "fixed":
        return max(one.fixed, longest) if whole else one.fixed
    return int(data.tokens.lengths.max()) if one.padding == "longest" else longest


class _Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """The examples one by one, in memory as tensors: no variant waits for a tokenizer or a disk."""

    def __init__(self, tokens: Ragged, labels: Sequence[Any]) -> None:
        self._ids = [torch.from_numpy(tokens[row].astype("int64")) for row in range(len(tokens))]
        self._labels = labels

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {"input_ids": self._ids[row], "labels": self._labels[row]}
