"""Trains a unigram tokenizer with sentencepiece and writes it as the tokenizer.json that XLM-R's classes read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from claimcheck.foundation.errors import UsageError
from reproduce.data.vocabulary import END, PAD, START, UNKNOWN

__all__ = ["SPECIAL", "train_unigram"]

SPECIAL = {"<s>": START, "<pad>": PAD, "</s>": END, "<unk>": UNKNOWN}
_MASK = "<mask>"
_LONGEST = 2000  # characters of a text: one without an end would take all the time


def train_unigram(texts: Iterable[str], size: int, *, coverage: float = 0.9999) -> str:
    """The tokenizer.json of a tokenizer with at most `size` pieces, special ones included (see Subwords.train).

    Raises UsageError where the texts hold too little, or too many characters, for a tokenizer of that size.
    """
    import sentencepiece

    made = io.BytesIO()
    # <s>, <pad>, </s> and <mask> are no pieces of sentencepiece's
    wanted = size - len(SPECIAL)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_usable(texts),
            model_writer=made,
            model_type="unigram",
            vocab_size=wanted,
            hard_vocab_limit=False,
            character_coverage=coverage,
            normalization_rule_name="nmt_nfkc",
            byte_fallback=False,
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            num_threads=1,  # sums in another order give other scores
            max_sentence_length=4 * _LONGEST + 1,  # bytes
            minloglevel=2,
        )
    except RuntimeError as error:
        what = f"no tokenizer of {size} pieces can be made of these texts ({_reason(error)})"
        raise UsageError(what, todo="give more text or another size") from None
    return _tokenizer_json(made.getvalue())


def _usable(texts: Iterable[str]) -> Iterator[str]:
    """Texts as the trainer takes them: it stops at a lone surrogate, and a line break would be two texts."""
    for text in texts:
        line = " ".join(text[:_LONGEST].split())
        if line:
            yield line.encode("utf-8", "replace").decode("utf-8")


def _reason(error: RuntimeError) -> str:
    """What the library says behind the place in its source and its condition."""
    text = " ".join(str(error).split())
    return text.rpartition("] ")[2] or text


def _tokenizer_json(model: bytes) -> str:
    """From a model file of sentencepiece: the same segmentation, in XLM-R's layout."""
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    content = sentencepiece_model_pb2.ModelProto.FromString(model)  # type: ignore[attr-defined]
    vocabulary = [(name, 0.0) for name in SPECIAL]
    # all but <unk>
    vocabulary += [(piece.piece, piece.score) for piece in content.pieces if piece.type == piece.NORMAL]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(content.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in SPECIAL])
    # in the text the space before it belongs to it, as in XLM-R
    tokenizer.add_special_tokens([AddedToken(_MASK, lstrip=True, normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", START), ("</s>", END)],
    )
    return str(tokenizer.to_str())
