"""The tokenizer: the same in every process, sentencepiece's own segmentation, XLM-R's layout, open to transformers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import made_languages
import pytest
import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce.data import unigram
from reproduce.data.subwords import Subwords

# "the water is cold today", or near it, in forty languages
LINES = {
    "af": "Die water is vandag koud.",
    "ar": "الماء بارد اليوم.",
    "bg": "Водата е студена днес.",
    "bn": "আজ জল ঠান্ডা।",
    "de": "Das Wasser ist heute kalt, und außerdem trüb.",
    "el": "Το νερό είναι κρύο σήμερα.",
    "en": "The water is cold today, isn't it?",
    "es": "El agua está fría hoy, ¿no?",
    "et": "Vesi on täna külm.",
    "eu": "Ura hotza dago gaur.",
    "fa": "آب امروز سرد است.",
    "fi": "Vesi on tänään kylmää.",
    "fr": "L'eau est froide aujourd'hui : c'est l'hiver.",
    "he": "המים קרים היום.",
    "hi": "आज पानी ठंडा है।",
    "hu": "A víz ma hideg.",
    "id": "Airnya dingin hari ini.",
    "it": "L'acqua è fredda oggi.",
    "ja": "今日は水が冷たいです。",
    "jv": "Banyune adhem dina iki.",
    "ka": "წყალი დღეს ცივია.",
    "kk": "Бүгін су суық.",
    "ko": "오늘은 물이 차갑습니다.",
    "lt": "Vanduo šiandien šaltas.",
    "ml": "ഇന്ന് വെള്ളം തണുത്തതാണ്.",
    "mr": "आज पाणी थंड आहे.",
    "ms": "Air sejuk hari ini.",
    "nl": "Het water is vandaag koud.",
    "pl": "Woda jest dziś zimna.",
    "pt": "A água está fria hoje.",
    "ro": "Apa este rece astăzi.",
    "ru": "Вода сегодня холодная.",
    "sw": "Maji ni baridi leo.",
    "ta": "இன்று தண்ணீர் குளிராக உள்ளது.",
    "te": "ఈరోజు నీరు చల్లగా ఉంది.",
    "th": "วันนี้น้ำเย็น",
    "tr": "Su bugün soğuk.",
    "uk": "Вода сьогодні холодна.",
    "vi": "Hôm nay nước lạnh.",
    "zh": "今天水很冷。",
}
ODD = (
    "  two   spaces\tand a tab ",
    "Ｆｕｌｌ ｗｉｄｔｈ　space",
    "ﬁne ½ ① ²",
    "no\u00a0break\u2003here",
    "a\u200bb\ufeffc",
    "1,234.5 km/h (50%)!?",
    "xyzzy ☃ 🙂 unseen",
    "e\u0301cole",
)


@pytest.fixture(scope="module")
def trained() -> tuple[bytes, Subwords]:
    """A small tokenizer of the forty lines, as sentencepiece has it and as it was made of that."""
    models: list[bytes] = []
    write = unigram._tokenizer_json

    def caught(model: bytes) -> str:
        models.append(model)
        return write(model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unigram, "_tokenizer_json", caught)
        made = Subwords.train([*LINES.values()] * 4, 1200, coverage=1.0)
    return models[0], made


@pytest.fixture(scope="module")
def words(trained: tuple[bytes, Subwords]) -> Subwords:
    return trained[1]


@pytest.mark.parametrize("text", [*LINES.values(), *ODD], ids=[*LINES, *map(str, range(len(ODD)))])
def test_it_segments_as_sentencepiece_does(trained: tuple[bytes, Subwords], text: str) -> None:
    theirs = sentencepiece.SentencePieceProcessor(model_proto=trained[0])
    (ours,) = trained[1].encode([text])
    # theirs begins with <unk>, ours has four special ones
    assert [number - 3 if number > 3 else 0 for number in ours.ids] == theirs.encode(text)


def test_offsets_are_those_of_sentencepiece(trained: tuple[bytes, Subwords]) -> None:
    theirs = sentencepiece.SentencePieceProcessor(model_proto=trained[0])
    # a character that the normalisation makes two of can become two pieces: then they do not agree on its places
    plain = [text for text in LINES.values() if unicodedata.normalize("NFKC", text) == text]
    assert len(plain) >= 38
    for text, ours in zip(plain, trained[1].encode(plain), strict=True):
        pieces = theirs.encode(text, return_type="proto").pieces
        for (first, last), piece in zip(ours.offsets, pieces, strict=True):
            begin, end = place_of(text, piece.begin), place_of(text, piece.end)
            if piece.piece == "▁":
                # the sign of a space: the space itself in one, the character behind it in the other
                assert begin <= first <= last <= end + 1
            else:
                # the space before a word is of its first piece in one, of no piece in the other
                assert (first, last) in ((begin, end), (begin + 1, end))
                assert first == begin or text[begin] == " "


def place_of(text: str, byte: int) -> int:
    """Which character a byte belongs to."""
    return len(text.encode()[:byte].decode())


def test_the_same_text_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    made_languages.write(tmp_path, {"xa": 300, "xb": 200})
    program = (
        "import sys, hashlib\nfrom pathlib import Path\nfrom reproduce.data.subwords import Subwords\n"
        "lines = [l for p in sorted(Path(sys.argv[1]).glob('*.txt')) for l in p.read_text('utf-8').splitlines()]\n"
        "print(hashlib.sha256(Subwords.train(lines, 300).content.encode()).hexdigest())"
    )
    found = set()
    for seed, threads in (("1", "1"), ("2", "3")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        call = [sys.executable, "-c", program, str(tmp_path)]
        found.add(subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout)
    lines = [line for name in ("xa", "xb") for line in (tmp_path / f"{name}.txt").read_text("utf-8").splitlines()]
    found.add(hashlib.sha256(Subwords.train(lines, 300).content.encode()).hexdigest() + "\n")
    assert len(found) == 1


def test_the_layout_is_that_of_xlm_r(words: Subwords) -> None:
    numbers = [words.tokenizer.token_to_id(name) for name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    assert numbers == [0, 1, 2, 3, words.size - 1]
    assert words.size <= 1200
    whole = words.tokenizer.encode("cold", "water")
    assert [whole.ids[0], whole.ids[-1]] == [0, 2]
    assert whole.ids.count(2) == 3
    # the scores of sentencepiece, the special ones without any
    assert [score for _, score in json.loads(words.content)["model"]["vocab"][:4]] == [0.0] * 4


def test_text_comes_back(words: Subwords) -> None:
    for text in LINES.values():
        (found,) = words.encode([text])
        assert 3 not in found.ids
        assert words.tokenizer.decode(found.ids) == unicodedata.normalize("NFKC", text)


def test_spaces_are_no_token_and_what_was_never_seen_is_unknown(words: Subwords) -> None:
    empty, spaces, unseen = words.encode(["", " \t\u00a0\n ", "water ☃"])
    assert empty.ids == spaces.ids == []
    assert unseen.ids[-1] == 3


def test_words_fall_apart_and_a_word_may_be_no_token(words: Subwords) -> None:
    (pair,) = words.encode_words([["Das", "\u200b", "Wasserwasserfall", "☃"]])
    ids, numbers = pair
    assert numbers == sorted(n for n in numbers if n is not None)
    assert set(numbers) >= {0, 2, 3}
    assert numbers.count(2) > 1
    (alone,) = words.encode(["Wasserwasserfall"])
    assert [i for i, n in zip(ids, numbers, strict=True) if n == 2] == alone.ids


def test_transformers_opens_it(words: Subwords, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, XLMRobertaTokenizerFast

    words.save(tmp_path, longest=64)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "xlm-roberta"}))
    expected = [words.tokenizer.encode(text).ids for text in (*LINES.values(), *ODD)]
    for kind in (AutoTokenizer, XLMRobertaTokenizerFast):
        opened = kind.from_pretrained(tmp_path)
        assert [opened(text)["input_ids"] for text in (*LINES.values(), *ODD)] == expected
        assert opened.model_max_length == 64
        assert (opened.pad_token_id, opened.mask_token_id) == (1, words.size - 1)
        assert opened("cold", "water")["input_ids"] == words.tokenizer.encode("cold", "water").ids
    assert Subwords.load(tmp_path) == words


def test_rare_characters_get_no_piece_where_they_are_not_covered() -> None:
    lines = made_languages.sentences("xa", 200)
    one = Subwords.train([*lines, "☃"], 100, coverage=0.99)
    all_of_them = Subwords.train([*lines, "☃"], 100, coverage=1.0)
    assert [next(w.encode(["☃"])).ids[-1] == 3 for w in (one, all_of_them)] == [True, False]


def test_what_a_trainer_could_choke_on_is_taken(tmp_path: Path) -> None:
    lines = made_languages.sentences("xa", 100)
    odd = [
        "",
        "   ",
        "a" * 100_000,
        "two\nlines",
        "lone \ud800 surrogate",
        "nul \0 byte",
        "▁ is the space's sign",
        *lines,
    ]
    made = Subwords.train(odd, 100)
    assert 60 < made.size <= 100


def test_too_little_text_is_refused() -> None:
    with pytest.raises(UsageError, match="no tokenizer of 40 pieces can be made of these texts"):
        Subwords.train(LINES.values(), 40, coverage=1.0)
    with pytest.raises(UsageError, match="no tokenizer of 300 pieces"):
        Subwords.train(["", " "], 300)


def test_too_small_a_text_gives_a_smaller_tokenizer() -> None:
    made = Subwords.train(made_languages.sentences("xa", 30), 5000)
    assert 20 < made.size < 1000
    assert made.tokenizer.token_to_id("<mask>") == made.size - 1


def test_what_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="the encoder has no tokenizer"):
        Subwords.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UnreadableInputError, match="is no tokenizer"):
        Subwords.load(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(b"\xff")
    with pytest.raises(UnreadableInputError, match="cannot be read"):
        Subwords.load(tmp_path)


def test_the_scores_are_those_of_the_trainer(trained: tuple[bytes, Subwords]) -> None:
    theirs = sentencepiece_model_pb2.ModelProto()
    theirs.ParseFromString(io.BytesIO(trained[0]).getvalue())
    ours = json.loads(trained[1].content)["model"]["vocab"]
    assert [(p.piece, p.score) for p in theirs.pieces[1:]] == [(name, score) for name, score in ours[4:]]
