"""Where a job's encoder comes from, and the model that it leaves: a folder that Hugging Face's classes read, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import InputError, MissingInputError, ServiceError, UnreadableInputError
from claimcheck.foundation.store import write_atomic
from reproduce.model.encoder import Encoder, Model, save_model
from reproduce.runner import Context
from reproduce.runrecord import model_sha256
from reproduce.specs import HubEncoder, TrainedEncoder

if TYPE_CHECKING:
    from reproduce.data import Vocabulary

__all__ = ["check_vocabulary", "keep", "source_folder"]

_VOCABULARY = "vocabulary.json"


def source_folder(source: HubEncoder | TrainedEncoder, context: Context) -> Path:
    """The folder with config.json and model.safetensors; an encoder of the hub is fetched into its cache.

    Raises MissingInputError where the other job left no model, ServiceError where the hub cannot be reached.
    """
    if isinstance(source, TrainedEncoder):
        folder = context.inputs.get(source.key)
        if folder is None or not (folder / "model").is_dir():
            raise MissingInputError(
                f"the job {source.key} left no model", where=str(context.folder), todo="run it first"
            )
        return folder / "model"
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    files = ["config.json", "*.safetensors", "*.safetensors.index.json"]
    try:
        return Path(snapshot_download(source.name, revision=source.revision, allow_patterns=files))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        todo = "check the name and the connection"
        raise ServiceError(f"the hub gave no encoder ({type(error).__name__})", where=source.name, todo=todo) from None


def check_vocabulary(folder: Path, encoder: Encoder, vocabulary: Vocabulary) -> None:
    """Raise InputError where the encoder in `folder` is of another vocabulary: the data's numbers mean other words."""
    file = folder / _VOCABULARY
    words = list(vocabulary.words)
    same = _read(file) == words if file.exists() else encoder.config.vocab_size == len(words)
    if not same:
        todo = "use an encoder that was pretrained on these data"
        raise InputError("the encoder and the data have different vocabularies", where=str(folder), todo=todo)


def keep(context: Context, model: Model | Encoder, vocabulary: Vocabulary) -> str:
    """Write the job's model/ and give its sha256. Raises UsageError where it cannot be written."""
    folder = context.folder / "model"
    save_model(folder, model)
    write_atomic(folder / _VOCABULARY, json.dumps(list(vocabulary.words), ensure_ascii=False) + "\n")
    return model_sha256(folder)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableInputError(f"no JSON can be read ({error})", where=str(path)) from None
