"""Rows to tokens and back: nothing is lost or cut in silence, and right logits decode to the right labels."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_subwords import WORDS, made, trained
from task_rows import Archives

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data import files
from reproduce.data.dataset import IGNORED, Dataset, Ragged
from reproduce.data.encode import encode
from reproduce.data.passages import STEP, Passage, windows
from reproduce.data.rows import Choice, Line, Pair, Question, Row, Sentence, Source, Tagged, gold
from reproduce.data.subwords import Encoded, Subwords
from reproduce.training import decode

LABELS = ("no", "yes")
TAGS = ("O", "B-x", "I-x")

words = st.sampled_from(WORDS)
texts = st.lists(words, max_size=30).map(" ".join)
tokenizers = st.sampled_from([made, trained])
property_test = settings(max_examples=60, deadline=None)


def source(rows: Sequence[Row], split: str = "dev", **more: Any) -> Source:
    fingerprint = hashlib.sha256(repr((rows, more)).encode("utf-8", "surrogatepass")).hexdigest()
    pool = more.pop("pool", None)
    if pool is not None:
        more["pool"] = lambda: iter(pool)
    return Source("task", "en", split, lambda: iter(rows), fingerprint, **more)


def ids(words: Subwords, text: str) -> list[int]:
    return next(words.encode([text])).ids


def numbers(dataset: Dataset) -> NDArray[np.int64]:
    """Targets that are one or two numbers an example."""
    assert isinstance(dataset.targets, np.ndarray)
    return dataset.targets


def sequences(dataset: Dataset) -> list[list[int]]:
    return [dataset.tokens[row].tolist() for row in range(len(dataset.tokens))]


def one_hot(dataset: Dataset, classes: int) -> list[NDArray[np.float32]]:
    """Logits that say the targets: [tokens, classes], or [tokens, 2] where they are places."""
    found = []
    for row in range(len(dataset.tokens)):
        logits = np.zeros((len(dataset.tokens[row]), classes), dtype=np.float32)
        if isinstance(dataset.targets, Ragged):
            for token, tag in enumerate(dataset.targets[row]):
                logits[token, max(tag, 0)] = 1
        else:
            start, end = numbers(dataset)[row]
            logits[start, 0], logits[end, 1] = 1, 1
        found.append(logits)
    return found


def same(one: Dataset, other: Dataset) -> bool:
    """Whether two data sets hold the same numbers, items and names."""
    for name in ("tokens", "targets", "pool", "offsets", "item_of"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if type(mine) is not type(theirs):
            return False
        pairs = [(mine, theirs)] if not isinstance(mine, Ragged) else []
        if isinstance(mine, Ragged):
            pairs = [(mine.flat, theirs.flat), (mine.offsets, theirs.offsets)]
        if not all(np.array_equal(a, b) and getattr(a, "dtype", 0) == getattr(b, "dtype", 0) for a, b in pairs):
            return False
    names = ("task", "language", "split", "items", "per_example", "pool_ids", "labels", "nullable", "sha256")
    return all(getattr(one, name) == getattr(other, name) for name in names)


# ---------------------------------------------------------------- classification


def test_one_text_and_two_in_the_layout_of_xlm_r() -> None:
    rows = [Pair("1", "the cat", "a mat", "yes"), Pair("2", "the cat", None, "no"), Pair("3", "the cat", "", "no")]
    dataset = encode(source(rows, labels=LABELS), made(), 64)
    cat, mat = ids(made(), "the cat"), ids(made(), "a mat")
    assert sequences(dataset) == [[0, *cat, 2, 2, *mat, 2], [0, *cat, 2], [0, *cat, 2, 2, 2]]
    assert numbers(dataset).tolist() == [1, 0, 0]
    assert [(item.id, item.label) for item in dataset.items] == [("1", "yes"), ("2", "no"), ("3", "no")]
    assert (dataset.labels, dataset.item_of) == (LABELS, None)


@property_test
@given(first=texts, second=texts, longest=st.integers(8, 80))
def test_pairs_are_cut_as_the_library_cuts_them(first: str, second: str, longest: int) -> None:
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    theirs = Tokenizer.from_str(made().content)
    special = [("<s>", 0), ("</s>", 2)]
    theirs.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=special
    )
    theirs.enable_truncation(longest, strategy="longest_first")
    rows = [Pair("1", first, second, "yes"), Pair("2", first, None, "yes")]
    mine = sequences(encode(source(rows, labels=LABELS), made(), longest))
    assert mine == [theirs.encode(first, second).ids, theirs.encode(first).ids]


def test_a_label_that_the_task_does_not_have_is_named() -> None:
    rows = [Pair("a", "x", None, "yes"), Pair("b7", "x", None, "maybe")]
    with pytest.raises(
        InputError, match=r"task, en, dev, row b7: the label 'maybe' is none of the task's; .* no, yes"
    ) as caught:
        encode(source(rows, labels=LABELS), made(), 64)
    assert caught.value.exit_code == 3


# ---------------------------------------------------------------- tagging

sentences = st.lists(st.lists(st.tuples(words, st.sampled_from(TAGS)), max_size=40), min_size=1, max_size=6)


def tagged(given: list[list[tuple[str, str]]]) -> list[Tagged]:
    return [Tagged(str(n), tuple(w for w, _ in one), tuple(t for _, t in one)) for n, one in enumerate(given)]


@property_test
@given(given_=sentences, longest=st.integers(12, 60), tokenizer=tokenizers)
def test_right_logits_give_the_tags_back_whatever_is_split(
    given_: list[list[tuple[str, str]]], longest: int, tokenizer: Any
) -> None:
    rows = tagged(given_)
    dataset = encode(source(rows, labels=TAGS), tokenizer(), longest)
    found = decode.tags(dataset, np.arange(dataset.examples), one_hot(dataset, 3))
    assert found == [list(row.tags) for row in rows] == [item.label for item in dataset.items]


@property_test
@given(given_=sentences, longest=st.integers(12, 60), tokenizer=tokenizers)
def test_every_word_of_a_sentence_is_in_one_sequence_and_whole(
    given_: list[list[tuple[str, str]]], longest: int, tokenizer: Any
) -> None:
    rows = tagged(given_)
    dataset = encode(source(rows, "train", labels=TAGS), tokenizer(), longest)
    scored = encode(source(rows, "dev", labels=TAGS), tokenizer(), longest)
    assert scored.item_of is not None
    assert (dataset.items, dataset.item_of) == ((), None)
    assert np.array_equal(dataset.tokens.flat, scored.tokens.flat)
    assert int(dataset.tokens.lengths.max()) <= longest
    assert isinstance(dataset.targets, Ragged)
    found: list[list[list[int]]] = [[] for _ in rows]
    for sequence, item in enumerate(scored.item_of):
        tokens, tags = dataset.tokens[sequence].tolist(), dataset.targets[sequence].tolist()
        assert (tokens[0], tokens[-1], tags[0], tags[-1]) == (0, 2, IGNORED, IGNORED)
        # a sequence begins with a word's beginning: never in the middle of one
        assert len(tokens) == 2 or tags[1] != IGNORED
        for token, tag in zip(tokens[1:-1], tags[1:-1], strict=True):
            if tag != IGNORED:
                found[item].append([])
            found[item][-1].append(token)
    for row, pieces in zip(rows, found, strict=True):
        # single words are of one sentence: what the tokenizer makes of them does not hang on their neighbours
        expected = [next(tokenizer().encode_words([[word]]))[0][: longest - 2] or [3] for word in row.words]
        assert pieces == expected


def test_a_sequence_takes_as_many_words_as_fit() -> None:
    row = Tagged("1", ("the", "cat", "sat") * 4, ("O", "B-x", "I-x") * 4)
    dataset = encode(source([row], labels=TAGS), made(), 10)
    assert dataset.tokens.lengths.tolist() == [10, 6]
    assert dataset.item_of is not None
    assert dataset.item_of.tolist() == [0, 0]


def test_words_that_are_no_token_are_unknown_ones() -> None:
    row = Tagged("1", ("the", "", " ", "cat", "\u2003"), ("O", "B-x", "I-x", "O", "B-x"))
    dataset = encode(source([row], labels=TAGS), made(), 16)
    assert sequences(dataset) == [[0, *ids(made(), "the"), 3, 3, *ids(made(), "cat"), 3, 2]]
    assert decode.tags(dataset, np.arange(1), one_hot(dataset, 3)) == [list(row.tags)]


def test_a_word_longer_than_a_sequence_is_cut_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    row = Tagged("1", ("the", "Mr" * 30, "cat"), ("O", "B-x", "O"))
    with caplog.at_level(logging.INFO):
        dataset = encode(source([row], labels=TAGS), made(), 12)
    assert dataset.tokens.lengths.tolist() == [3, 12, 3]
    assert decode.tags(dataset, np.arange(3), one_hot(dataset, 3)) == [list(row.tags)]
    assert "task, en, dev, 1 rows: words cut to fit into 12 tokens: 1" in caplog.messages


def test_a_sentence_without_words_keeps_its_place() -> None:
    rows = [Tagged("1", ("the",), ("O",)), Tagged("2", (), ()), Tagged("3", ("cat",), ("B-x",))]
    dataset = encode(source(rows, labels=TAGS), made(), 16)
    assert decode.tags(dataset, np.arange(3), one_hot(dataset, 3)) == [["O"], [], ["B-x"]]


def test_words_and_tags_that_do_not_match_are_named() -> None:
    with pytest.raises(InputError, match="row s1: 2 words and 1 tags"):
        encode(source([Tagged("s1", ("a", "b"), ("O",))], labels=TAGS), made(), 16)
    with pytest.raises(InputError, match="row s1: the label 'B-y' is none"):
        encode(source([Tagged("s1", ("a",), ("B-y",))], labels=TAGS), made(), 16)


# ---------------------------------------------------------------- questions


def question(passage: str, answer: str, start: int | None = None, **more: Any) -> Question:
    start = passage.index(answer) if start is None else start
    return Question(
        **{"id": "q", "question": "in 1843", "passage": passage, "answers": (answer,), "starts": (start,)} | more
    )


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, int, int]:
    """A passage and the words [first, behind) of it that are the answer."""
    count = draw(st.integers(1, 70))
    chosen = draw(st.lists(words, min_size=count, max_size=count))
    first = draw(st.integers(0, count - 1))
    behind = min(count, first + draw(st.integers(1, 3)))
    gap = draw(st.sampled_from([" ", "  ", "\u00a0", "\n", "\u3000"]))
    passage = gap.join(chosen)
    start = len(gap.join(chosen[:first])) + (len(gap) if first else 0)
    return passage, start, start + len(gap.join(chosen[first:behind]))


@property_test
@given(asked_=asked(), longest=st.integers(40, 120), tokenizer=tokenizers, nullable=st.booleans())
def test_right_logits_give_the_words_of_the_answer_back(
    asked_: tuple[str, int, int], longest: int, tokenizer: Any, nullable: bool
) -> None:
    passage, start, end = asked_
    answer = passage[start:end]
    dataset = encode(source([question(passage, answer, start)], nullable=nullable), tokenizer(), longest)
    assert int(dataset.tokens.lengths.max()) <= longest
    held = [target for target in numbers(dataset) if target[0]]
    # half a window at least fits whole into one, wherever it stands
    room = longest - 4 - len(ids(tokenizer(), "in 1843"))
    if len(ids(tokenizer(), answer)) <= room // 2:
        assert held
    assume(held and max(last - first for first, last in held) < decode.MAX_ANSWER)
    found = decode.answers(dataset, np.arange(dataset.examples), one_hot(dataset, 2))
    assert found == [answer] == dataset.items[0].label


@property_test
@given(passage=texts, cut=st.tuples(st.floats(0, 1), st.floats(0, 1)), tokenizer=tokenizers)
def test_the_tokens_of_any_characters_hold_them_and_no_token_more(
    passage: str, cut: tuple[float, float], tokenizer: Any
) -> None:
    start, end = sorted(int(share * len(passage)) for share in cut)
    tokens = Passage.of(passage, next(tokenizer().encode([passage])))
    found = tokens.tokens_of(start, end)
    inside = passage[start:end].strip(" \u200c\u200d")
    if not inside:
        assert found is None or passage[start:end].strip(" ")
        return
    assert found is not None
    first, last = found
    start = passage.index(inside, start)
    end = start + len(inside)
    assert tokens.firsts[first] <= start
    assert tokens.behinds[last] >= end
    if first < last:
        assert tokens.firsts[first + 1] > start
        # of a character that became several tokens all are taken
        assert tokens.behinds[last - 1] < end or tokens.firsts[last - 1] == tokens.firsts[last]


@pytest.mark.parametrize(
    ("passage", "answer"),
    [
        ("这是一个句子。北京（中国），日本語の文章", "北京"),
        ("一这是", "一"),
        ("ภาษาไทยไม่มีช่องว่าง", "ไม่มี"),
        ("هذا كِتَابٌ في المدرسة.", "كِتَابٌ"),
        ("او می\u200cخواهم ۱۸۴۳", "می\u200cخواهم"),
        ("పట్టణం ఫగ్వాల్\u200c లో", "ఫగ్వాల్\u200c"),
        ("un cafe\u0301, s'il", "cafe\u0301"),
        ("người Vie\u0323\u0302t đó", "Vie\u0323\u0302t"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 the", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165"),
        ("it weighs 8\u00bd \u338f or so", "8\u00bd \u338f"),
        ("the  \u200b\u00a0cat\u200b sat", "cat"),
        ("\ufeffthe cat", "the"),
        ("a 👩\u200d💻 sat", "👩\u200d💻"),
        ("  the cat ", " the cat "),
    ],
)
@pytest.mark.parametrize("tokenizer", [made, trained])
def test_answers_in_scripts_that_offsets_trip_over(passage: str, answer: str, tokenizer: Any) -> None:
    dataset = encode(source([question(passage, answer)]), tokenizer(), 100)
    (found,) = decode.answers(dataset, np.arange(dataset.examples), one_hot(dataset, 2))
    assert answer.strip() in found
    if tokenizer is made:  # whose pieces end where these answers do
        assert found.strip() == answer.strip()


@given(tokens=st.integers(0, 3000), size=st.integers(1, 400))
def test_windows_cover_a_passage_and_overlap(tokens: int, size: int) -> None:
    found = windows(tokens, size)
    assert (found[0][0], found[-1][1]) == (0, tokens)
    for begin, end in found[:-1]:
        assert end - begin == size
    for (begin, end), (following, _) in pairwise(found):
        assert following - begin == min(STEP, max(1, size // 2))
        assert following < end or size == 1
    assert 0 < found[-1][1] - found[-1][0] <= size or not tokens


def test_windows_begin_128_tokens_apart_at_the_length_of_the_papers() -> None:
    passage = "the cat sat " * 200
    dataset = encode(source([question(passage, "cat")]), made(), 384)
    around = 4 + len(ids(made(), "in 1843"))
    assert 128 + 384 - around < 600 <= 2 * 128 + 384 - around
    assert dataset.tokens.lengths.tolist() == [384, 384, around + 600 - 2 * 128]


@property_test
@given(passage=st.lists(words, min_size=1, max_size=400).map(" ".join), longest=st.sampled_from([200, 264, 384]))
def test_windows_are_those_of_the_library_with_the_stride_of_the_scripts(passage: str, longest: int) -> None:
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    theirs = Tokenizer.from_str(made().content)
    special = [("<s>", 0), ("</s>", 2)]
    theirs.post_processor = TemplateProcessing(pair="<s> $A </s> </s> $B </s>", special_tokens=special)
    size = longest - 4 - len(ids(made(), "in 1843"))
    # their stride is what two windows share, the scripts' is how far they begin apart
    theirs.enable_truncation(longest, stride=size - min(STEP, size // 2), strategy="only_second")
    first = theirs.encode("in 1843", passage)
    mine = sequences(encode(source([question(passage, "x", -1)]), made(), longest))
    assert mine == [window.ids for window in (first, *first.overflowing)]


def test_a_window_without_the_whole_answer_points_at_its_beginning() -> None:
    passage = "the cat sat " * 10 + "mat a the"
    dataset = encode(source([question(passage, "mat a the")], "train"), made(), 24)
    begin = 3 + len(ids(made(), "in 1843"))
    answer = ids(made(), "mat a the")
    for row, (start, end) in enumerate(numbers(dataset)):
        window = dataset.tokens[row].tolist()
        places = [i for i in range(begin, len(window) - 3) if window[i : i + 3] == answer]
        assert [start, end] == ([places[0], places[0] + 2] if places else [0, 0])
    assert 0 < np.count_nonzero(numbers(dataset)[:, 0]) < len(dataset.tokens)
    assert (dataset.items, dataset.item_of, dataset.offsets) == ((), None, None)


def test_long_questions_are_cut_and_leave_the_passage_room() -> None:
    rows = [question("the cat", "cat", question="the cat sat " * 100)]
    assert encode(source(rows), made(), 384).tokens.lengths.tolist() == [64 + 4 + 2]
    (short,) = sequences(encode(source(rows), made(), 12))
    assert short == [0, *ids(made(), "the cat sat the"), 2, 2, *ids(made(), "the cat"), 2]


def test_what_cannot_be_trained_on_is_left_out_and_counted(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    rows = [
        question("the cat sat", "cat", id="1"),
        question("the cat sat", "dog", -1, id="2"),
        question("the cat sat", "", id="3", answers=("dog", "sat"), starts=(-1, 8)),
    ]
    said = "task, en, train, 3 rows: questions not trained on: no answer has a known place in the passage: 1"
    for _ in range(2):  # again, from the cache
        caplog.clear()
        dataset = encode(source(rows, "train"), made(), 40, tmp_path)
        assert caplog.messages == [said]
    before = 3 + len(ids(made(), "in 1843"))
    assert numbers(dataset).tolist() == [[before + 1, before + 1], [before + 2, before + 2]]
    scored = encode(source(rows), made(), 40)
    assert [item.label for item in scored.items] == [["cat"], ["dog"], ["dog", "sat"]]


def test_unanswerable_questions_are_trained_on_where_the_task_has_them() -> None:
    none: dict[str, Any] = {"answers": (), "starts": ()}
    rows = [question("the cat", "", id="1", **none), question("the cat", "cat", id="2")]
    dataset = encode(source(rows, "train", nullable=True), made(), 40)
    assert dataset.nullable
    assert numbers(dataset)[0].tolist() == [0, 0] != numbers(dataset)[1].tolist()
    with pytest.raises(InputError, match="row 1: has no answer, and the task has one to every question"):
        encode(source(rows, "train"), made(), 40)


def test_an_answer_that_does_not_stand_where_it_should_is_named() -> None:
    with pytest.raises(InputError, match="row q: the answer 'cat' does not stand at character 3 of its passage"):
        encode(source([question("the cat", "cat", 3)]), made(), 40)


@property_test
@given(start=st.lists(st.integers(-9, 9), min_size=12, max_size=12), nullable=st.booleans(), data=st.data())
def test_no_answer_where_the_lowest_null_score_beats_the_best_span(
    start: list[int], nullable: bool, data: st.DataObject
) -> None:
    rows = [question("the cat sat on the mat " * 4, "cat", id="1"), question("the cat", "cat", id="2")]
    dataset = encode(source(rows, nullable=nullable), made(), 20)
    random = np.random.default_rng([n + 9 for n in start])
    logits = [random.integers(-4, 5, size=(n, 2)).astype(np.float32) for n in dataset.tokens.lengths]
    assert dataset.item_of is not None
    assert dataset.offsets is not None
    expected = []
    for number, item in enumerate(dataset.items):
        windows_ = np.flatnonzero(dataset.item_of == number)
        null = min(float(logits[w][0].sum()) for w in windows_)
        spans = []
        for w in windows_:
            characters = dataset.offsets[int(w)].reshape(-1, 2)
            for i, (first, _) in enumerate(characters):
                for j in range(i, len(characters)):
                    if first >= 0 and characters[j, 1] >= 0 and j - i < decode.MAX_ANSWER:
                        spans.append((float(logits[w][i, 0] + logits[w][j, 1]), -w, -i, -j, first, characters[j, 1]))
        best = max(spans)
        expected.append("" if nullable and null > best[0] else item.context[best[4] : best[5]].strip())
    assert decode.answers(dataset, np.arange(dataset.examples), logits) == expected


def test_a_passage_without_a_token_has_no_answer() -> None:
    rows = [question(" ", "x", -1, id="1"), question("the cat", "cat", id="2")]
    dataset = encode(source(rows), made(), 40)
    assert decode.answers(dataset, np.arange(2), one_hot(dataset, 2)) == ["", "cat"]
    assert encode(source(rows, "train"), made(), 40).examples == 1


def test_a_passage_is_encoded_once_and_its_text_is_kept_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []
    whole = Subwords.encode

    def watched(self: Subwords, texts: Sequence[str]) -> Iterator[Encoded]:
        seen.extend(texts)
        return whole(self, texts)

    monkeypatch.setattr(Subwords, "encode", watched)
    passages = [f"the cat sat {n}" for n in range(50)]
    rows = [question(p, "cat", id=f"{p}-{k}", question=f"a {k} {p}") for p in passages for k in range(90)]
    dataset = encode(source(rows), made(), 40, tmp_path)
    assert len(rows) > 2 * 2000  # several chunks
    assert sum(text in passages for text in seen) == len(passages)
    for data in (dataset, encode(source(rows), made(), 40), encode(source(rows), made(), 40, tmp_path)):
        assert len({id(item.context) for item in data.items}) == len(passages)


@pytest.mark.parametrize("language", ["ar", "hi", "th", "zh"])
def test_answers_of_official_files_come_back(language: str, xquad: Path) -> None:
    read = files.source("xquad", xquad, language, "dev")
    passages = {row.passage for row in read if isinstance(row, Question)}
    dataset = encode(read, Subwords.train(sorted(passages)[:80], 2000), 384)
    assert dataset.item_of is not None
    places: dict[int, int] = {}  # the length of the answer of an item that a window holds
    for item, (first, last) in zip(dataset.item_of, numbers(dataset), strict=True):
        if first:
            places[int(item)] = int(last - first) + 1
    assert len(places) > 0.99 * len(dataset.items)
    found = decode.answers(dataset, np.arange(dataset.examples), one_hot(dataset, 2))
    short = [(found[item], dataset.items[item].label[0]) for item, size in places.items() if size <= decode.MAX_ANSWER]
    assert len(short) > 0.8 * len(dataset.items)
    assert all(gold in answer for answer, gold in short)
    # an answer may end within a token: before a full stop, in the middle of a word of Thai
    assert sum(gold == answer for answer, gold in short) > 0.95 * len(short)


@pytest.fixture(scope="module")
def xquad(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Archives(data, tmp_path_factory.mktemp("xquad")).folder("xquad")


# ---------------------------------------------------------------- choices


def test_of_choices_the_context_is_cut_and_the_choice_survives() -> None:
    context = "the cat sat " * 10
    rows = [Choice("1", ((context, "a mat"), (context, "mat"), ("the", "a")), 1)]
    dataset = encode(source(rows), made(), 16)
    mat, cat = ids(made(), "a mat"), ids(made(), context)
    assert sequences(dataset) == [
        [0, *cat[:10], 2, 2, *mat, 2],
        [0, *cat[:11], 2, 2, *mat[1:], 2],
        [0, cat[0], 2, 2, mat[0], 2],
    ]
    assert (dataset.per_example, dataset.examples, dataset.labels) == (3, 1, ("0", "1", "2"))
    assert [(item.id, item.label) for item in dataset.items] == [("1", "1")]
    assert decode.labels(dataset, np.arange(1), [np.array([0, 1, 0], dtype=np.float32)]) == ["1"]


def test_a_choice_longer_than_a_sequence_is_cut_too() -> None:
    rows = [Choice("1", (("the", "cat sat " * 10), ("the", "cat")), 0)]
    dataset = encode(source(rows), made(), 12)
    assert dataset.tokens.lengths.tolist() == [12, 6]


def test_choices_that_make_no_sense_are_named() -> None:
    two = (("a", "b"), ("a", "c"))
    with pytest.raises(InputError, match="row 2: 3 choices, and 2 in the rows before"):
        encode(source([Choice("1", two, 0), Choice("2", (*two, ("a", "d")), 0)]), made(), 16)
    with pytest.raises(InputError, match="row 1: the label 2 is none of the 2 choices"):
        encode(source([Choice("1", two, 2)]), made(), 16)


# ---------------------------------------------------------------- retrieval and text


def test_sentences_and_what_they_are_searched_in() -> None:
    rows = [Sentence("de-1", "the cat", "en-2"), Sentence("de-2", "a mat", None)]
    pool = [Sentence("en-1", "a"), Sentence("en-2", "the cat sat " * 9)]
    dataset = encode(source(rows, "test", pool=pool), made(), 12)
    assert sequences(dataset) == [[0, *ids(made(), "the cat"), 2], [0, *ids(made(), "a mat"), 2]]
    assert dataset.pool is not None
    assert dataset.pool.lengths.tolist() == [3, 12]
    assert dataset.pool_ids == ("en-1", "en-2")
    assert [(item.id, item.label) for item in dataset.items] == [("de-1", "en-2"), ("de-2", None)]
    assert dataset.targets is None


def test_sentences_that_cannot_be_found_are_named() -> None:
    rows = [Sentence("de-1", "the cat", "en-9")]
    with pytest.raises(InputError, match="row de-1: its translation 'en-9' is not among the sentences"):
        encode(source(rows, pool=[Sentence("en-1", "a")]), made(), 12)
    with pytest.raises(InputError, match="row en-1: the id stands twice among the sentences that are searched"):
        encode(source([Sentence("de-1", "a")], pool=[Sentence("en-1", "a")] * 2), made(), 12)
    with pytest.raises(InputError, match="there are no sentences to search"):
        encode(source(rows), made(), 12)


def test_lines_of_text_become_sequences(caplog: pytest.LogCaptureFixture) -> None:
    rows = [Line("the cat"), Line("   "), Line("the cat sat " * 6)]
    with caplog.at_level(logging.INFO):
        dataset = encode(source(rows, "train"), made(), 12)
    assert dataset.tokens.lengths.tolist() == [4, 12, 10]
    assert dataset.tokens[1].tolist()[1:-1] + dataset.tokens[2].tolist()[1:-1] == ids(made(), "the cat sat " * 6)
    assert (dataset.targets, dataset.items) == (None, ())
    assert "task, en, train, 3 rows: lines left out: no token is in them: 1" in caplog.messages


# ---------------------------------------------------------------- all kinds

TWO = (("the cat", "a"), ("the cat", "mat"))
KINDS: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "pair": ([Pair(str(n), "the cat", "a mat", LABELS[n % 2]) for n in range(7)], {"labels": LABELS}),
    "tagged": ([Tagged(str(n), WORDS[:n], TAGS[:1] * n) for n in range(9)], {"labels": TAGS}),
    "question": ([question("the cat sat", "cat", id=str(n)) for n in range(7)], {"nullable": True}),
    "choice": ([Choice(str(n), TWO, n % 2) for n in range(7)], {}),
    "sentence": ([Sentence(str(n), "the cat", f"p{n}") for n in range(7)], {}),
    "line": ([Line(word) for word in WORDS], {}),
}
KINDS["sentence"][1]["pool"] = [Sentence(f"p{n}", "a mat") for n in range(9)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", ["train", "dev"])
def test_with_and_without_a_cache_and_read_again_it_is_the_same(tmp_path: Path, kind: str, split: str) -> None:
    rows, more = KINDS[kind]
    memory = encode(source(rows, split, **more), made(), 16)
    written = encode(source(rows, split, **more), made(), 16, tmp_path)
    read = encode(source(rows, split, **more), made(), 16, tmp_path)
    assert same(memory, written)
    assert same(written, read)
    assert memory.source_sha256 == memory.sha256 == gold(source(rows, split, **more)).sha256
    items = [(item.id, item.label) for item in memory.items]
    assert items == ([] if split == "train" and kind != "sentence" else list(gold(source(rows, split, **more)).labels))
    for dataset in (memory, written, read):
        for array in (dataset.tokens.flat, dataset.tokens.offsets):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
    assert len([path for path in tmp_path.iterdir() if not path.name.startswith(".")]) == 1


@settings(max_examples=10, deadline=None)
@given(given_=sentences, lengths=st.lists(st.integers(8, 60), min_size=2, max_size=2, unique=True))
def test_the_cache_gives_what_was_asked_for(given_: list[list[tuple[str, str]]], lengths: list[int]) -> None:
    rows = tagged(given_)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            for longest in lengths:
                for tokenizer in (made(), trained()):
                    asked_ = source(rows, labels=TAGS)
                    assert same(encode(asked_, tokenizer, longest, Path(folder)), encode(asked_, tokenizer, longest))


def test_what_is_asked_again_is_not_read_again(tmp_path: Path) -> None:
    rows, more = KINDS["pair"]
    first = encode(source(rows, **more), made(), 16, tmp_path)

    def unread() -> Iterator[Row]:
        raise AssertionError("read again")

    known = source(rows, **more)
    again = Source(known.task, known.language, known.split, unread, known.fingerprint, known.labels)
    assert same(first, encode(again, made(), 16, tmp_path))


def test_rows_that_make_no_sense_are_named(tmp_path: Path) -> None:
    def refused(rows: Sequence[Row], match: str, split: str = "dev") -> None:
        with pytest.raises(InputError, match=match):
            encode(source(rows, split, labels=LABELS), made(), 16, tmp_path)

    refused([], "task, en, dev: there is not a single row")
    refused([Pair("1", "a", None, "yes"), Line("a")], "a Line among rows of a Pair")
    refused([Pair("1", "a", None, "yes")] * 2, "row 1: the id stands twice")
    refused([Pair("p1", "a", None, "yes"), Pair("p2", "b\ud83d", None, "yes")], "row p2: half a character; .*ud800")
    refused([Line("a"), Line("b\ud83d")], r"row 'b.ud83d': half a character", "train")
    refused([Line(" "), Line("")], "task, en, train: none of the 2 rows can be used", "train")
    refused([question("the cat", "dog", -1)], "none of the 1 rows can be used", "train")
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="sequences of 7 tokens hold nothing; give 8 or more"):
        encode(source([Line("a")]), made(), 7)


def test_a_writer_that_is_killed_leaves_nothing_that_counts(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
sys.path[:0] = [{str(Path(__file__).parents[1])!r}]
from pathlib import Path
from small_subwords import made
from reproduce.data.encode import encode
from reproduce.data.rows import Line, Source
def rows():
    for number in range(5000):
        yield Line("the cat sat")
    os.kill(os.getpid(), signal.SIGKILL)
encode(Source("text", "en", "train", rows, "f"), made(), 16, Path({str(tmp_path)!r}))
"""
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], env=environment, cwd=root, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    left = sum(path.stat().st_size for path in tmp_path.rglob("*"))
    assert left > 5000  # it was killed while it wrote
    whole = Source("text", "en", "train", lambda: iter([Line("the cat sat")] * 10), "f")
    assert encode(whole, made(), 16, tmp_path).examples == 10
