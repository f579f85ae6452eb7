"""A subword tokenizer in XLM-R's layout (<s>=0, <pad>=1, </s>=2, <unk>=3, <mask> last): tokenizer.json of a model."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from claimcheck.foundation.store import write_atomic
from reproduce.data.unigram import SPECIAL

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["TOKENIZER", "Encoded", "Subwords"]

TOKENIZER = "tokenizer.json"
_CONFIG = "tokenizer_config.json"
_NAMES = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as tokens, special ones not included: ids, and the characters [first, behind the last) of each."""

    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True)
class Subwords:
    """A tokenizer by the text of its tokenizer.json."""

    content: str

    @classmethod
    def load(cls, folder: Path) -> Subwords:
        """The tokenizer beside a model. Raises MissingInputError, UnreadableInputError; so does another layout."""
        path = folder / TOKENIZER
        try:
            content = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            todo = "take the model's own tokenizer.json, or save it with a fast tokenizer of transformers"
            raise MissingInputError("the encoder has no tokenizer", where=str(path), todo=todo) from None
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableInputError(f"the tokenizer cannot be read ({error})", where=str(path)) from None
        made = cls(content)
        made.check(str(path))
        return made

    @classmethod
    def train(cls, texts: Iterable[str], size: int, *, coverage: float = 0.9999) -> Subwords:
        """A unigram tokenizer (Kudo 2018, arXiv 1804.10959) of at most `size` pieces, special ones included.

        Made as that of XLM-R (Conneau et al. 2020, arXiv 1911.02116): sentencepiece with the normalisation nmt_nfkc and
        pieces for characters that make up `coverage` of the text, the others are <unk>. The same texts in the same
        order give the same bytes, whatever the count of threads. All texts are held in memory; of a longer one only the
        first 2,000 characters count. Raises UsageError where the texts hold too little for a tokenizer of that size.
        """
        from reproduce.data.unigram import train_unigram

        made = cls(train_unigram(texts, size, coverage=coverage))
        made.check("the tokenizer that was trained")
        return made

    def check(self, where: str) -> None:
        """Raise UnreadableInputError unless this is a tokenizer in XLM-R's layout."""
        try:
            numbers = {name: self.tokenizer.token_to_id(name) for name in (*SPECIAL, "<mask>")}
        except Exception as error:  # the library raises nothing narrower
            raise UnreadableInputError(f"is no tokenizer ({error})", where=where) from None
        if numbers != SPECIAL | {"<mask>": self.size - 1}:
            todo = "expected <s>=0, <pad>=1, </s>=2, <unk>=3 and <mask> last"
            raise UnreadableInputError("the tokenizer has another layout than XLM-R's", where=where, todo=todo)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The library's object, without truncation or padding."""
        from tokenizers import Tokenizer

        made = Tokenizer.from_str(self.content)
        made.no_truncation()
        made.no_padding()
        made.encode_special_tokens = True  # "<mask>" in a text is text
        return made

    @property
    def size(self) -> int:
        """Pieces, special ones included."""
        return int(self.tokenizer.get_vocab_size(with_added_tokens=True))

    @property
    def sha256(self) -> str:
        """Of tokenizer.json."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    def save(self, folder: Path, longest: int | None = None) -> None:
        """Write tokenizer.json, and tokenizer_config.json, which transformers' AutoTokenizer asks for.

        `longest`: tokens of the longest sequence that the model takes.
        """
        config: dict[str, object] = {
            # the class that takes tokenizer.json as it is, in every version of the library
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **_NAMES,
        }
        if longest is not None:
            config["model_max_length"] = longest
        write_atomic(folder / _CONFIG, json.dumps(config, indent=1) + "\n")
        write_atomic(folder / TOKENIZER, self.content)

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Each of the texts as tokens without special ones; a text of nothing but spaces has none."""
        for found in self.tokenizer.encode_batch(list(texts), add_special_tokens=False):
            yield Encoded(found.ids, found.offsets)

    def encode_words(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[list[int], list[int | None]]]:
        """Of each sentence the tokens of all its words in order, and for each token the number of its word."""
        inputs = [list(words) for words in sentences]
        for found in self.tokenizer.encode_batch(inputs, is_pretokenized=True, add_special_tokens=False):
            yield found.ids, found.word_ids


def thread_environment(threads: int) -> None:
    """How many threads the library may use; it reads this once, before its first call."""
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(threads)
