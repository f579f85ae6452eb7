"""An encoder of the XLM-R kind on packed batches: the numbers of Hugging Face's padded model without its padding."""
# ruff: noqa: N803, N806

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce.model import attention as attending
from reproduce.model.attention import Layout, attention
from reproduce.model.encoderconfig import EncoderConfig
from reproduce.model.heads import Head, head_for
from reproduce.model.layers import Dense, dropout_add, initialise, placed
from reproduce.model.layers import dropout as dropped
from reproduce.model.packing import Packed

__all__ = [
    "Batch",
    "Encoder",
    "EncoderConfig",
    "Model",
    "from_hf_state",
    "hf_state",
    "load_encoder",
    "load_model",
    "save_model",
]


@dataclass(frozen=True)
class Batch:
    """A Packed on a device, with what attention and heads need of it."""

    input_ids_T: Tensor  # noqa: N815
    position_ids_T: Tensor  # noqa: N815
    layout: Layout
    first_S: Tensor  # the place of <s> in each real sequence  # noqa: N815
    lengths_S: Tensor  # of the real sequences  # noqa: N815
    real: int  # real sequences
    tokens: int  # of the real sequences
    max_seqlen: int  # of the real sequences

    @property
    def cu_seqlens(self) -> Tensor:
        """[S + 1] int32."""
        return self.layout.cu_seqlens

    @classmethod
    def of(cls, packed: Packed, device: torch.device | str = "cpu", path: attending.Path = "grouped") -> Batch:
        """Copies everything to the device once; `path`: how attention is computed (see Layout)."""
        layout = Layout.of(packed.cu_seqlens, device, longest=packed.max_seqlen, path=path)
        starts = layout.cu_seqlens.long()
        lengths_S = (starts[1:] - starts[:-1])[: packed.real]
        return cls(
            input_ids_T=placed(packed.input_ids, device),
            position_ids_T=placed(packed.position_ids, device),
            layout=layout,
            first_S=starts[: packed.real],
            lengths_S=lengths_S,
            real=packed.real,
            tokens=packed.tokens,
            max_seqlen=int((packed.cu_seqlens[1 : packed.real + 1] - packed.cu_seqlens[: packed.real]).max()),
        )


class Layer(nn.Module):
    """Attention and feed-forward with a layer norm after each sum (post-LN, Vaswani et al. 2017)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads, self.p = config.heads, config.dropout
        self.qkv = Dense(config.hidden, 3 * config.hidden)
        self.attended = Dense(config.hidden, config.hidden)
        self.attended_norm = nn.LayerNorm(config.hidden, eps=config.eps)
        self.up = Dense(config.hidden, config.feed_forward)
        self.down = Dense(config.feed_forward, config.hidden)
        self.down_norm = nn.LayerNorm(config.hidden, eps=config.eps)

    def forward(self, x_TH: Tensor, layout: Layout, tokens_R: Tensor | None = None) -> Tensor:
        """[T, H], or [R, H] where only some tokens are wanted: all are attended to, the rest is done for those."""
        p = self.p if self.training else 0.0
        mixed = attention(self.qkv(x_TH).view(x_TH.shape[0], 3, self.heads, -1), layout, p)
        x = x_TH
        if tokens_R is not None:
            mixed, x = mixed.index_select(0, tokens_R), x.index_select(0, tokens_R)
        x = self.attended_norm(dropout_add(self.attended(mixed), p, x))
        fed = self.down(functional.gelu(self.up(x)))
        out: Tensor = self.down_norm(dropout_add(fed, p, x))
        return out


class Encoder(nn.Module):
    """Embeddings and layers; the pooler is kept for multiple choice, since Hugging Face has it in the encoder.

    Weights are drawn from `generator`; without one they are unset, to be loaded.
    """

    def __init__(
        self, config: EncoderConfig, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.config = config
        # where only some rows of the word table are here (training/trimming.py): the row of each word, -1 for no row
        self.row_of_V: Tensor | None
        self.register_buffer("row_of_V", None, persistent=False)
        # Layer.forward as torch.compile made it, for training alone: evaluation has batches of any shape
        self.compiled: Callable[[Layer, Tensor, Layout, Tensor | None], Tensor] | None = None
        self.word = nn.Parameter(torch.empty(config.vocab_size, config.hidden))
        self.position = nn.Parameter(torch.empty(config.position_rows, config.hidden))
        self.token_type = nn.Parameter(torch.empty(1, config.hidden))
        self.norm = nn.LayerNorm(config.hidden, eps=config.eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.pooler = Dense(config.hidden, config.hidden)
        if generator is not None:
            initialise(self, generator)
            with torch.no_grad():  # padding is nowhere
                self.word[config.pad_id] = 0
                self.position[config.pad_id] = 0
        self.to(dtype)

    def forward(self, batch: Batch, tokens_R: Tensor | None = None) -> Tensor:
        """Hidden states [T, H] of the last layer, or only those [R, H] of the tokens at some places.

        Fewer tokens save most of the last layer, which in a small encoder is much of the whole.
        """
        x_TH = self._embedded(batch)
        *lower, last = self.layers
        run: Callable[..., Tensor] = Layer.__call__
        if self.compiled is not None and self.training:
            run = self.compiled
        for layer in lower:
            x_TH = run(layer, x_TH, batch.layout)
        return run(last, x_TH, batch.layout, tokens_R)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The tables that a pass reads some rows of."""
        return self.word, self.position, self.token_type

    def hidden_states(self, batch: Batch, layers: int | None = None) -> list[Tensor]:
        """Hidden states [T, H] of the embeddings (0) and of the first `layers` layers (1, 2, ...; None: all)."""
        states = [self._embedded(batch)]
        for layer in islice(self.layers, layers):
            states.append(layer(states[-1], batch.layout))
        return states

    def check(self, batch: Batch) -> None:
        """Raise InputError for a sequence longer than the table of positions."""
        if batch.max_seqlen > self.config.positions:
            raise InputError(
                f"a sequence of {batch.max_seqlen} tokens, the encoder has {self.config.positions} positions",
                todo="shorten it when it is tokenised",
            )

    def _embedded(self, batch: Batch) -> Tensor:
        config = self.config
        self.check(batch)
        rows_T = batch.input_ids_T if self.row_of_V is None else self.row_of_V.index_select(0, batch.input_ids_T)
        x_TH = functional.embedding(rows_T, self.word) + self.token_type
        x_TH = x_TH + functional.embedding(batch.position_ids_T, self.position)
        x_TH = x_TH.to(self.norm.weight.dtype)  # the tables stay fp32 where the other weights are bf16 for a training
        return dropped(self.norm(x_TH), config.dropout if self.training else 0.0)


class Model(nn.Module):
    """An encoder and the heads of several tasks, by name."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict()
        self.kinds: dict[str, tuple[str, int]] = {}

    def add_head(self, name: str, kind: str, classes: int, generator: torch.Generator | None = None) -> Head:
        """A head of its own under `name` (see head_for); in the place of an older one of that name."""
        head = head_for(kind, self.encoder.config, classes, generator)
        self.heads[_module_name(name)] = head.to(self.encoder.word.device, self.encoder.word.dtype)
        self.kinds[name] = (kind, classes)
        return head

    def remove_head(self, name: str) -> None:
        """Forget the head of that name where there is one."""
        if self.kinds.pop(name, None) is not None:
            del self.heads[_module_name(name)]

    def head(self, name: str) -> Head:
        """The head of that name; UsageError where there is none."""
        if name not in self.kinds:
            raise UsageError(f"the model has no head {name!r}", todo=f"it has {', '.join(self.kinds) or 'none'}")
        head = self.heads[_module_name(name)]
        assert isinstance(head, Head)
        return head

    def logits(self, batch: Batch, head: str) -> Tensor:
        """What the head of that name makes of the batch; shapes: see the classes in reproduce/model/heads.py."""
        chosen = self.head(head)
        return chosen.logits(self.encoder(batch, chosen.tokens(batch)), batch, self.encoder)

    def loss(self, batch: Batch, head: str, targets: Tensor, tokens_R: Tensor | None = None) -> Tensor:
        """A scalar: the mean over what has a target, as Hugging Face's class for that kind takes it.

        `tokens_R`: for a head that decides about tokens, the places of those that `targets` [R] belong to, where they
        are known; else `targets` are those of all tokens, and looking for the others' places makes a GPU wait.
        """
        chosen = self.head(head)
        if tokens_R is None:
            tokens_R, targets = chosen.labelled(batch, targets)
        return chosen.loss(self.encoder(batch, tokens_R), batch, targets, self.encoder)


def _module_name(name: str) -> str:
    # a ModuleDict takes no dots and no names of its own attributes
    return "task:" + name.replace(".", "/")


def hf_state(encoder: Encoder) -> dict[str, Tensor]:
    """The weights under the names of Hugging Face's XLMRobertaModel; those of queries, keys and values are views."""
    state: dict[str, Tensor] = {
        "embeddings.word_embeddings.weight": encoder.word,
        "embeddings.position_embeddings.weight": encoder.position,
        "embeddings.token_type_embeddings.weight": encoder.token_type,
        "embeddings.LayerNorm.weight": encoder.norm.weight,
        "embeddings.LayerNorm.bias": encoder.norm.bias,
        "pooler.dense.weight": encoder.pooler.weight,
        "pooler.dense.bias": encoder.pooler.bias,
    }
    for number, layer in enumerate(encoder.layers):
        assert isinstance(layer, Layer)
        parts = {
            "attention.output.dense": layer.attended,
            "attention.output.LayerNorm": layer.attended_norm,
            "intermediate.dense": layer.up,
            "output.dense": layer.down,
            "output.LayerNorm": layer.down_norm,
        }
        for kind in ("weight", "bias"):
            thirds = layer.qkv.get_parameter(kind).chunk(3)
            for name, third in zip(("query", "key", "value"), thirds, strict=True):
                state[f"encoder.layer.{number}.attention.self.{name}.{kind}"] = third
            for name, part in parts.items():
                state[f"encoder.layer.{number}.{name}.{kind}"] = part.get_parameter(kind)
    return {name: tensor.detach() for name, tensor in state.items()}


@torch.no_grad()
def from_hf_state(
    state: Mapping[str, Tensor],
    config: EncoderConfig,
    *,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    where: str = "",
) -> Encoder:
    """An encoder from weights under Hugging Face's names, with or without the prefix "roberta.".

    Heads among them are left out. A missing pooler, which only multiple choice uses, is drawn from `generator` (seed 0
    where there is none). Raises InputError for a checkpoint of another model: where a tensor of the encoder is missing,
    has another shape or has no place in it.
    """
    given = {name.removeprefix("roberta."): tensor for name, tensor in state.items()}
    encoder = Encoder(config, dtype=dtype)
    wanted = hf_state(encoder)
    initialise(encoder.pooler, generator or torch.Generator().manual_seed(0))
    for name, place in wanted.items():
        if name not in given:
            if name.startswith("pooler."):
                continue
            beginnings = sorted({name.split(".")[0] for name in state})[:4]
            raise InputError(
                f"a checkpoint of another model: {name} is not among its {len(state)} tensors",
                where=where,
                todo=f"expected an XLM-R encoder; found names that begin with {', '.join(beginnings) or 'nothing'}",
            )
        found = given[name]
        if name == "embeddings.token_type_embeddings.weight":
            found = found[:1]  # the other rows are never used
        if found.shape != place.shape:
            raise InputError(
                f"a checkpoint of another model: {name} has the shape {tuple(found.shape)}",
                where=where,
                todo=f"expected {tuple(place.shape)}",
            )
        place.copy_(found)
    unplaced = sorted(name for name in given if name.startswith(("encoder.", "embeddings.")) and name not in wanted)
    if unplaced := [name for name in unplaced if not name.endswith("position_ids")]:  # a buffer of older versions
        raise InputError(
            f"a checkpoint of another model: {unplaced[0]} has no place in the encoder",
            where=where,
            todo=f"expected {config.layers} layers of an XLM-R encoder",
        )
    return encoder


def load_encoder(
    folder: Path,
    *,
    dropout: float | None = None,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Encoder:
    """The encoder in a folder with Hugging Face's config.json and model.safetensors (in parts or whole).

    `dropout` takes the place of the one in config.json. Pickled weights are never opened. Raises MissingInputError,
    UnreadableInputError, or InputError for a checkpoint of another model (see from_hf_state).
    """
    path = folder / "config.json"
    config = EncoderConfig.from_hf(_read_json(path), dropout=dropout, where=str(path))
    return from_hf_state(_read_weights(folder), config, generator=generator, dtype=dtype, where=str(folder))


def save_model(folder: Path, model: Model | Encoder) -> None:
    """Write config.json and model.safetensors (the encoder, for XLMRobertaModel.from_pretrained), heads.safetensors.

    Each file appears whole or not at all; the same weights give the same bytes. Raises UsageError where the place
    cannot be written.
    """
    encoder = model.encoder if isinstance(model, Model) else model
    weights = {name: tensor.cpu().contiguous() for name, tensor in hf_state(encoder).items()}
    config = encoder.config.to_hf() | {"dtype": str(encoder.word.dtype).removeprefix("torch.")}
    write_atomic(folder / "config.json", json.dumps(config, indent=2) + "\n")
    write_atomic(folder / "model.safetensors", safetensors.torch.save(weights, {"format": "pt"}))
    heads_file = folder / "heads.safetensors"
    if isinstance(model, Model) and model.kinds:
        heads = {
            f"{name}/{key}": tensor.detach().cpu().contiguous()
            for name in model.kinds
            for key, tensor in model.head(name).state_dict().items()
        }
        write_atomic(heads_file, safetensors.torch.save(heads, {"heads": json.dumps(model.kinds)}))
    else:
        heads_file.unlink(missing_ok=True)  # of an older model in this folder


def load_model(folder: Path, *, dropout: float | None = None, dtype: torch.dtype = torch.float32) -> Model:
    """The model that save_model wrote, its heads included; errors as in load_encoder."""
    model = Model(load_encoder(folder, dropout=dropout, dtype=dtype))
    path = folder / "heads.safetensors"
    if path.exists():
        state, metadata = _read_safetensors(path)
        try:
            for name, (kind, classes) in json.loads(metadata["heads"]).items():
                head = model.add_head(name, kind, classes)
                head.load_state_dict({key: state[f"{name}/{key}"] for key in head.state_dict()})
        except (KeyError, ValueError, RuntimeError, UsageError) as error:
            raise UnreadableInputError(f"no heads that fit the encoder: {error}", where=str(path)) from None
    return model


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingInputError("no such file", where=str(path), todo="give a folder with a saved model") from None
    except (OSError, ValueError) as error:
        raise UnreadableInputError(f"no JSON can be read ({error})", where=str(path)) from None
    if not isinstance(content, dict):
        raise UnreadableInputError("holds no JSON object", where=str(path))
    return content


def _read_weights(folder: Path) -> dict[str, Tensor]:
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.exists():
        return _read_safetensors(whole)[0]
    if index.exists():
        files = sorted(set(_read_json(index).get("weight_map", {}).values()))
        # names without a folder only: an index must not lead out of the model's own
        return {k: v for file in files for k, v in _read_safetensors(folder / Path(str(file)).name)[0].items()}
    if pickled := sorted(path.name for path in folder.glob("*.bin")):
        raise UnreadableInputError(
            f"the weights are pickled ({', '.join(pickled[:3])}), and opening a pickle can run any code",
            where=str(folder),
            todo="save them as model.safetensors (save_pretrained does)",
        )
    raise MissingInputError("no model.safetensors", where=str(folder), todo="give a folder with a saved model")


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise MissingInputError("no such file", where=str(path)) from None
    except (OSError, safetensors.SafetensorError) as error:
        raise UnreadableInputError(f"damaged: {error}", where=str(path)) from None
