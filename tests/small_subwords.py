"""Small tokenizers in XLM-R's layout for tests, and sentences in scripts that tokenizers trip over."""

from __future__ import annotations

import unicodedata
from functools import cache

from reproduce.data.subwords import Subwords

# words in many scripts: combining marks apart from their letters, joiners, vowels of decomposed Hangul, ligatures
WORDS = (
    *"the cat sat on a mat in 1843 (about) $5.50 Mr. \u201cquoted\u201d don't co-operate U.S.A.".split(),
    *"\ufb01ne 8\u00bd \u338f x\u00b2 \u00c5ngstr\u00f6m na\u00efve \u0130stanbul stra\u00dfe".split(),
    *(unicodedata.normalize("NFD", word) for word in ("café", "Việt", "Ångström", "над", "ёлка", "한국어", "서울")),
    *"كِتَابٌ المدرسة في ۱۸۴۳ می\u200cخواهم".split(),
    *"नमस्ते क्\u200dष हिन्दी में ఫగ్వాల్\u200c తెలుగు".split(),
    *"ภาษาไทย ไม่มี ช่องว่าง".split(),
    *"这是一个句子。 北京（中国）， 日本語の文章 한국어".split(),
    *"😀 👩\u200d💻 \U00020000 ɸ ⵣ".split(),
)


@cache
def made() -> Subwords:
    """Made by hand: single characters, some pairs and words; no character beyond the Basic Multilingual Plane."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    words = [unicodedata.normalize("NFKC", word) for word in WORDS]
    characters = sorted({c for word in words for c in word if c < "\U00010000" and c not in "ɸⵣ"})
    pairs = sorted({word[i : i + 2] for word in words for i in range(0, len(word) - 1, 2)} - set(characters))
    whole = ["▁the", "▁cat", "▁sat", "▁a", "▁mat", "这是", "▁المدرسة", "ภาษา"]
    pieces = [(piece, -9.0) for piece in characters] + [(piece, -12.0) for piece in pairs if piece not in whole]
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    found = Tokenizer(models.Unigram([*special, ("▁", -3.0), *pieces, *((p, -4.0) for p in whole)], 3, False))
    found.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    found.pre_tokenizer = pre_tokenizers.Metaspace()
    found.add_special_tokens(["<mask>"])
    return Subwords(found.to_str())


@cache
def trained() -> Subwords:
    """Trained on the words, as a real one is."""
    return Subwords.train([" ".join(WORDS[i:] + WORDS[:i]) for i in range(len(WORDS))] * 3, 400, coverage=0.99)
