"""Where a job's encoder comes from, and the model that it leaves: a folder that Hugging Face's classes read, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import InputError, MissingInputError, ServiceError, UnreadableInputError
from claimcheck.foundation.store import write_atomic
from reproduce.data.hubaccess import quiet
from reproduce.data.subwords import TOKENIZER, Subwords
from reproduce.model.encoder import Encoder, Model, save_model
from reproduce.runner import Context
from reproduce.runrecord import model_sha256
from reproduce.specs import HubEncoder, LocalEncoder, TrainedEncoder

if TYPE_CHECKING:
    from reproduce.data import Words

__all__ = ["check_vocabulary", "keep", "source_folder"]

_VOCABULARY = "vocabulary.json"


def source_folder(source: HubEncoder | LocalEncoder | TrainedEncoder, context: Context) -> Path:
    """The folder with config.json and model.safetensors; an encoder of the hub is fetched into its cache.

    Raises MissingInputError where the other job left no model or the user's folder is not there, InputError where that
    holds another encoder, ServiceError where the hub cannot be reached.
    """
    if isinstance(source, TrainedEncoder):
        folder = context.inputs.get(source.key)
        if folder is None or not (folder / "model").is_dir():
            raise MissingInputError(
                f"the job {source.key} left no model", where=str(context.folder), todo="run it first"
            )
        return folder / "model"
    if isinstance(source, LocalEncoder):
        return _local(source, context)
    return _fetched(source, context)


def _fetched(source: HubEncoder, context: Context) -> Path:
    from huggingface_hub import snapshot_download, utils
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"{source.name}, revision {source.revision}"
    files = ["config.json", "*.safetensors", "*.safetensors.index.json", TOKENIZER]
    try:
        with quiet(utils):
            folder = Path(snapshot_download(source.name, revision=source.revision, allow_patterns=files))
    except GatedRepoError:
        todo = "accept its terms on the hub and set HF_TOKEN"
        raise InputError("the hub gives this encoder to those who accepted its terms", where=where, todo=todo) from None
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise MissingInputError("the hub has no such encoder", where=where, todo="check name and revision") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        todo = "check the connection, or give a folder with --encoder"
        raise ServiceError(f"the hub gave no encoder ({type(error).__name__})", where=where, todo=todo) from None
    context.note(f"encoder {source.name} of the hub, commit {folder.name}")
    return folder


def _local(source: LocalEncoder, context: Context) -> Path:
    if context.encoder is None or not (context.encoder / "model.safetensors").is_file():
        where = str(context.encoder or "")
        raise MissingInputError("there is no encoder in that folder", where=where, todo="name it with --encoder")
    if model_sha256(context.encoder) != source.sha256:
        todo = "give the folder that the runs were planned with, or begin a new run folder"
        raise InputError("this is another encoder than the one planned", where=str(context.encoder), todo=todo)
    return context.encoder


def check_vocabulary(folder: Path, encoder: Encoder, words: Words) -> None:
    """Raise InputError where the encoder in `folder` is of another vocabulary: the data's numbers mean other words."""
    file = folder / _VOCABULARY
    if isinstance(words, Subwords):
        same = words.size == encoder.config.vocab_size
    else:
        known = list(words.words)
        same = _read(file) == known if file.exists() else encoder.config.vocab_size == len(known)
    if not same:
        todo = "use an encoder that was pretrained on these data"
        raise InputError("the encoder and the data have different vocabularies", where=str(folder), todo=todo)


def keep(context: Context, model: Model | Encoder, words: Words) -> str:
    """Write the job's model/ and give its sha256. Raises UsageError where it cannot be written."""
    folder = context.folder / "model"
    save_model(folder, model)
    if isinstance(words, Subwords):
        encoder = model.encoder if isinstance(model, Model) else model
        words.save(folder, longest=encoder.config.positions)
    else:
        write_atomic(folder / _VOCABULARY, json.dumps(list(words.words), ensure_ascii=False) + "\n")
    return model_sha256(folder)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableInputError(f"no JSON can be read ({error})", where=str(path)) from None
