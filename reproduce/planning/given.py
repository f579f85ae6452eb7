"""What a user gives beside a registry: data files, an encoder of their own, limits that a budget sets."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, ValidationError

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from reproduce.planning.workload import Shape
from reproduce.specs import LocalEncoder, Size, Spec

__all__ = ["NOTHING", "Caps", "EncoderFolder", "Given", "given", "read_encoder"]

_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class Caps(Spec):
    """The largest number of optimizer steps of a training, by stage, and of items of a language that are evaluated.

    None: no limit. `seconds` is the budget that they were found for.
    """

    seconds: float = Field(gt=0)
    pretraining: int | None = Field(None, ge=1)
    intermediate: int | None = Field(None, ge=1)
    target: int | None = Field(None, ge=1)
    items: int | None = Field(None, ge=1)


class EncoderFolder(Spec):
    """An encoder of the user's: its content, and the shape that its config.json names."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: Size
    vocabulary: int = Field(ge=1)

    @property
    def encoder(self) -> LocalEncoder:
        """As a job names it."""
        return LocalEncoder(sha256=self.sha256)

    @property
    def shape(self) -> Shape:
        """Its sizes, for the cost of jobs."""
        sizes = {name: getattr(self.size, name) for name in ("layers", "hidden", "feed_forward", "positions")}
        return Shape(vocabulary=self.vocabulary, **sizes)


class Given(Spec):
    """What a plan takes of the user's; recorded with a request, so that the same plan can be made again without it."""

    files: bool = Field(False, description="data from files in place of the hub's")
    encoder: EncoderFolder | None = None
    caps: Caps | None = None
    sweep: bool = Field(False, description="retrieval also scores every layer and pooling")


NOTHING = Given()


def given(data: Path | None = None, encoder: Path | None = None, *, sweep: bool = False) -> Given:
    """What these folders give. Raises InputError for a folder that is none of its kind."""
    if data is not None and not data.is_dir():
        what = "is a file, not a folder" if data.exists() else "there is no such folder"
        todo = "give the folder of the data files, laid out as XTREME's download script leaves it, with --data"
        raise MissingInputError(what, where=str(data), todo=todo)
    return Given(files=data is not None, encoder=None if encoder is None else read_encoder(encoder), sweep=sweep)


def read_encoder(folder: Path) -> EncoderFolder:
    """The encoder in a folder as transformers saves it: config.json, model.safetensors, tokenizer.json.

    Raises MissingInputError where the folder or a file is not there, InputError where config.json is not that of an
    encoder of the XLM-R kind.
    """
    from reproduce.model.encoderconfig import EncoderConfig
    from reproduce.runrecord import model_sha256

    todo = "give a folder with config.json, model.safetensors and tokenizer.json (`reproduce pretrain` makes one)"
    if not folder.is_dir():
        what = "is a file, not a model folder" if folder.exists() else "there is no such folder"
        raise MissingInputError(what, where=str(folder), todo=todo)
    for name in _FILES:
        if not (folder / name).is_file():
            raise MissingInputError(f"is no model folder: it has no {name}", where=str(folder), todo=todo)
    path = folder / "config.json"
    try:
        content = json.loads(path.read_bytes())
        sha256 = model_sha256(folder)
    except (ValueError, RecursionError):
        raise UnreadableInputError("is no JSON", where=str(path), todo="fetch the model again") from None
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(folder)) from None
    if not isinstance(content, dict):
        raise UnreadableInputError("is no table of settings", where=str(path), todo="fetch the model again")
    config = EncoderConfig.from_hf(content, where=str(path))
    names = ("layers", "hidden", "heads", "feed_forward", "positions")
    try:
        size = Size(**{name: getattr(config, name) for name in names})
    except ValidationError as error:
        first = error.errors()[0]
        what = f"names sizes that no encoder has ({'.'.join(map(str, first['loc'])) or 'sizes'}: {first['msg']})"
        raise UnreadableInputError(what, where=str(path), todo="give another model") from None
    return EncoderFolder(sha256=sha256, size=size, vocabulary=config.vocab_size)
