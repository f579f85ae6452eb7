"""The other variants: Hugging Face's Trainer on the same weights, the same examples and the same recipe."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from claimcheck.foundation.errors import UsageError
from reproduce.bench.packed import HEAD, first_model
from reproduce.bench.variants import Variant
from reproduce.bench.work import CLASSES, Examples, Job, optimisation
from reproduce.model.encoder import hf_state

__all__ = ["run"]


def run(
    job: Job, one: Variant, data: Examples, device: torch.device, folder: Path, tick: Callable[[], None]
) -> tuple[list[Tensor], int]:
    """Train with transformers.Trainer; see packed.run. Raises UsageError where it cannot be had or micro does not fit.

    `folder` is a scratch folder: the Trainer wants one, and saves nothing in it.
    """
    try:
        import transformers

        importlib.metadata.version("accelerate")  # the Trainer asks for it only when it begins
    except ImportError:  # a package that is not found is one
        raise UsageError(
            "the Trainer of transformers needs the package accelerate",
            todo="pip install accelerate, or measure claimcheck alone with --variants packed",
        ) from None
    micro = one.micro or job.batch
    if job.batch % micro:
        raise UsageError(f"a batch of {job.batch} is no whole number of micro-batches of {micro}")
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    model = _model(transformers, job)
    recipe = optimisation(job)
    losses: list[Tensor] = []
    computed = 0

    def collate(rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        nonlocal computed
        ids = torch.nn.utils.rnn.pad_sequence([row["input_ids"] for row in rows], batch_first=True, padding_value=1)
        width = _width(one, data, ids.shape[1], job.kind == "trace")
        ids = torch.nn.functional.pad(ids, (0, width - ids.shape[1]), value=1)[:, :width]
        computed += ids.numel()
        labels = torch.tensor([row["labels"] for row in rows])
        return {"input_ids": ids, "attention_mask": (ids != 1).long(), "labels": labels}

    class Watch(transformers.TrainerCallback):
        """Ticks where our own loop does."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            tick()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            tick()

    class Watched(transformers.Trainer):
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
            gradient_accumulation_steps=job.batch // micro,
            max_steps=job.warm + job.steps,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            warmup_steps=-(-(job.warm + job.steps) // 10),  # ceil of the recipe's 10 %
            lr_scheduler_type="linear",
            max_grad_norm=recipe.clip,
            adam_epsilon=recipe.epsilon,
            optim="adamw_torch_fused",
            bf16=job.precision == "bf16",
            use_cpu=device.type == "cpu",
            train_sampling_strategy="sequential",  # the same batches in every variant
            logging_steps=50,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=job.seed,
        ),
        train_dataset=_Rows(data),
        data_collator=collate,
        callbacks=[Watch()],
    )
    # XLM-R's classes accept what this promises and ignore it: micro-batches would be summed in place of averaged
    trainer.model_accepts_loss_kwargs = False
    trainer.remove_callback(transformers.PrinterCallback)  # stdout is for the result
    trainer.train()
    parts = job.batch // micro
    return [torch.stack(losses[n : n + parts]).sum() for n in range(0, len(losses), parts)], computed


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

    def __init__(self, data: Examples) -> None:
        self._ids = [torch.from_numpy(data.tokens[row].astype("int64")) for row in range(len(data.tokens))]
        self._labels = data.labels.tolist()

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {"input_ids": self._ids[row], "labels": self._labels[row]}
