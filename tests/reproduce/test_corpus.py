"""The sample that a tokenizer is trained on, and the tokenizer that stays with its job."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import made_languages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data import corpus, files
from reproduce.data.corpus import sample, tokenizer_of
from reproduce.data.rows import Line, Row, Source
from reproduce.data.sampling import generator
from reproduce.data.subwords import Subwords


def source(language: str, lines: int) -> Source:
    def rows() -> Iterator[Row]:
        return (Line(f"{language} {number}") for number in range(lines))

    return Source("text", language, "train", rows, f"{language}-{lines}")


def drawn(sizes: dict[str, int], lines: int, temperature: float, seed: int = 0) -> list[str]:
    texts = [source(language, size) for language, size in sizes.items()]
    return list(sample(texts, lines, temperature, generator(seed, "tokenizer")))


def counts(found: list[str]) -> Counter[str]:
    return Counter(text.split()[0] for text in found)


def test_a_temperature_of_one_keeps_the_proportions() -> None:
    assert counts(drawn({"en": 9000, "sw": 1000}, 1000, 1.0)) == {"en": 900, "sw": 100}


def test_a_higher_temperature_evens_them_out() -> None:
    # 8100^(1/2) to 100^(1/2) is 9 to 1
    assert counts(drawn({"en": 8100, "sw": 100}, 500, 2.0)) == {"en": 450, "sw": 50}
    evened = counts(drawn({"en": 8100, "sw": 1000}, 500, 1e6))
    assert abs(evened["en"] - evened["sw"]) <= 1


def test_what_a_small_language_lacks_the_others_give() -> None:
    found = counts(drawn({"en": 5000, "de": 5000, "sw": 30}, 1030, 1e9))
    assert found["sw"] == 30
    assert found["en"] == found["de"] == 500


def test_a_sample_larger_than_the_text_is_the_text() -> None:
    assert drawn({"en": 20, "sw": 3}, 1000, 3.0) == [f"en {n}" for n in range(20)] + [f"sw {n}" for n in range(3)]


def test_lines_are_drawn_once_in_order_and_by_the_seed() -> None:
    first, again, other = (drawn({"en": 500, "sw": 400}, 100, 3.0, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == len(first)
    numbers = [int(text.split()[1]) for text in first if text.startswith("en")]
    assert numbers == sorted(numbers)
    # from everywhere, not from the beginning
    assert max(numbers) > 350
    assert min(numbers) < 150


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(8, 1500), st.floats(0.5, 100))
def test_a_sample_is_as_large_as_asked_for(sizes: list[int], lines: int, temperature: float) -> None:
    found = drawn({f"x{chr(97 + i)}": size for i, size in enumerate(sizes)}, lines, temperature)
    assert min(lines, sum(sizes)) - len(sizes) <= len(found) <= min(lines, sum(sizes)) + len(sizes)
    assert len(counts(found)) == len(sizes)


def test_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match="no text to train a tokenizer on"):
        list(sample([source("en", 0)], 10, 1.0, generator(0, "tokenizer")))


def test_of_a_large_text_only_the_sample_is_held() -> None:
    def rows() -> Iterator[Row]:
        return (Line(f"{number} " + "x" * 1000) for number in range(40_000))

    text = Source("text", "en", "train", rows, "large")
    tracemalloc.start()
    found = list(sample([text], 200, 1.0, generator(0, "tokenizer")))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 200
    # 40 MB of text
    assert most < 3_000_000


@pytest.fixture
def text(tmp_path: Path) -> Path:
    return made_languages.write(tmp_path / "text", {"xa": 200, "xb": 100})


def made(text: Path, folder: Path, cache: Path | None = None, size: int = 120, seed: int = 0) -> Subwords:
    sources = [files.source("text", text, language, "train") for language in ("xa", "xb")]
    return tokenizer_of(sources, size, temperature=2.0, seed=seed, folder=folder, cache=cache)


def test_a_job_keeps_its_tokenizer(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(text, tmp_path / "job")

    def never(*_: object, **__: object) -> Subwords:
        raise AssertionError("trained again")

    monkeypatch.setattr(Subwords, "train", never)
    assert made(text, tmp_path / "job") == first


def test_a_tokenizer_is_handed_on_to_the_job_that_would_train_the_same(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = made(text, tmp_path / "one", cache)
    other = made(text, tmp_path / "three", cache, seed=1)
    monkeypatch.setattr(corpus, "sample", lambda *_: pytest.fail("trained again"))
    assert made(text, tmp_path / "two", cache) == first
    assert made(text, tmp_path / "four", cache, seed=1) == other


def test_a_job_does_not_go_on_with_other_text(text: Path, tmp_path: Path) -> None:
    made(text, tmp_path / "job")
    (text / "xb.txt").write_text("something else\n" * 50)
    with pytest.raises(InputError, match="the tokenizer was made of other text than there is now; put the text back"):
        made(text, tmp_path / "job")
