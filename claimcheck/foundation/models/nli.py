"""Any sequence-classification model of the hub or a folder, as a pair model: `--nli NAME`.

Models with three labels are mapped by the labels' names; models with two (MiniCheck: Tang, Laban and Durrett 2024,
https://aclanthology.org/2024.emnlp-main.499) know supported and the rest, and never refute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from claimcheck.foundation.errors import ServiceError, UsageError
from claimcheck.foundation.models.onnx import one_line
from claimcheck.foundation.models.verifier import MAX_CHARACTERS, LogProbabilities, PairModel, Verifier
from claimcheck.foundation.records import LABELS
from claimcheck.foundation.settings import Settings

MAX_TOKENS = 512
BATCH = 16
_SUPPORTED, _REFUTED, _OPEN = range(len(LABELS))
_WORDS = (
    (_REFUTED, ("contradict", "refute")),
    (_OPEN, ("neutral", "not_enough", "not enough", "nei", "unrelated", "unverifiable")),
    (_SUPPORTED, ("entail", "support", "consistent")),
)
_NEGATIVE = (
    "not_entail", "not entail", "non_entail", "non-entail", "unsupported", "not_support", "not support", "inconsistent",
)  # fmt: skip


def pair_model(settings: Settings) -> PairModel:
    """The model that `--nli` names, else the embedded verifier; loaded at first use."""
    return HubModel(settings.nli, settings) if settings.nli else Verifier(settings)


def require_model(settings: Settings) -> None:
    """Sees that the model of `--nli` can be had, before any work is done; fetches its configuration, not its weights.

    Raises UsageError and ServiceError as `HubModel.judge` does; does nothing without `--nli`.
    """
    if not settings.nli:
        return
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(settings.nli, local_files_only=settings.offline)
    except (OSError, ValueError) as error:
        raise _told(settings.nli, error, settings.offline) from None
    label_columns(config.id2label or {}, settings.nli)


class HubModel:
    """A hub model, loaded at first use on the GPU where there is one."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name as a ledger records it."""
        return self._name

    def judge(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """Log-probabilities (n, 3) in the order of records.LABELS for n (claim, evidence) pairs; no pairs give (0, 3).

        Raises UsageError where there is no such model or its labels are of no entailment task, ServiceError where the
        hub cannot be reached.
        """
        import torch

        out = np.zeros((len(pairs), len(LABELS)), dtype=np.float32)
        if not pairs:
            return out
        tokenizer, model, columns = _load(self._name, self._settings.offline)
        by_length = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        for start in range(0, len(pairs), BATCH):
            members = by_length[start : start + BATCH]
            given = tokenizer(
                # premise first, as these models were trained
                [one_line(pairs[i][1], MAX_CHARACTERS) for i in members],
                [one_line(pairs[i][0], MAX_CHARACTERS) for i in members],
                padding=True,
                truncation="only_first",
                max_length=min(MAX_TOKENS, tokenizer.model_max_length),
                return_tensors="pt",
            ).to(model.device)
            with torch.inference_mode():
                said = torch.softmax(model(**given).logits.float(), dim=1).cpu().numpy()
            shares = np.zeros((len(members), len(LABELS)))
            for column, label in columns.items():
                shares[:, label] += said[:, column]
            out[members] = np.log(np.maximum(shares, 1e-9))
        return out


@lru_cache(1)
def _load(name: str, offline: bool) -> tuple[Any, Any, dict[int, int]]:
    """Tokenizer, model and what its columns mean; kept for the next call."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {"local_files_only": offline}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        # weights as safetensors only: a pickle can run code
        model = AutoModelForSequenceClassification.from_pretrained(name, use_safetensors=True, **options)
    except (OSError, ValueError) as error:
        raise _told(name, error, offline) from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return tokenizer, model.to(device).eval(), label_columns(model.config.id2label, name)


def label_columns(id2label: Mapping[int, str], name: str = "") -> dict[int, int]:
    """Which column of a model's output counts for which of records.LABELS.

    Raises UsageError where the labels' names do not say it: a model of another task, or one without names.
    """
    if len(id2label) == 2:
        positive = [c for c, label in id2label.items() if _meaning(label) == _SUPPORTED]
        if not positive and [str(label).upper() for _, label in sorted(id2label.items())] == ["LABEL_0", "LABEL_1"]:
            positive = [max(id2label)]  # MiniCheck names none: 1 is supported
        if len(positive) == 1:
            return {c: _SUPPORTED if c == positive[0] else _OPEN for c in id2label}
    found = {c: _meaning(label) for c, label in id2label.items()}
    known = {c: label for c, label in found.items() if label is not None}
    if len(known) == len(id2label) and set(known.values()) == {_SUPPORTED, _REFUTED, _OPEN}:
        return known
    raise UsageError(
        f"its labels are {', '.join(map(str, id2label.values()))[:120]}, not those of entailment",
        where=f"--nli {name}".strip(),
        todo="name a model whose labels are entailment, neutral and contradiction, or supported and not",
    )


def _meaning(label: str) -> int | None:
    lowered = str(label).lower()
    if any(word in lowered for word in _NEGATIVE):
        return _OPEN
    return next((meaning for meaning, words in _WORDS if any(word in lowered for word in words)), None)


def _told(name: str, error: Exception, offline: bool) -> UsageError | ServiceError:
    """An error of the hub's client as one of ours, in a line."""
    from huggingface_hub import constants

    first = " ".join(str(error).partition("\n")[0].split())[:160]
    where = f"--nli {name}"
    there = Path(name).is_dir()
    if not there and (offline or constants.HF_HUB_OFFLINE):
        todo = "run once without --offline" if offline else "run once with HF_HUB_OFFLINE unset"
        return UsageError("the model is not in the cache, and the hub is not asked offline", where=where, todo=todo)
    if not there and any(word in str(error).lower() for word in ("connect", "resolve host", "timed out")):
        return ServiceError(f"the hub cannot be reached ({first})", where=where, todo="try again, or leave --nli out")
    return UsageError(
        f"cannot be loaded ({first})", where=where, todo="give the name of a hub model with safetensors, or a folder"
    )
