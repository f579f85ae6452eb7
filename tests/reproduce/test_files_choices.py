"""Multiple choice read from files: each official layout, how the texts are put together, withheld labels, bad input.

The golden file is written anew with WRITE_GOLDEN=1.
"""

from __future__ import annotations

import bz2
import csv
import io
import json
import random
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pytest
from task_rows import Archives, check_golden, only_known_errors, pinned, spoiled

from claimcheck.foundation.errors import InputError, MissingInputError
from reproduce.data import files
from reproduce.data.rows import Choice, gold
from reproduce.tasks import task as task_info

HELLASWAG: dict[str, Any] = {
    "ind": 4,
    "activity_label": "Making tea",
    "ctx_a": "A man boils water.",
    "ctx_b": "the man",
    "ctx": "A man boils water. the man",
    "endings": ["pours it.", "sings [quietly].", "leaves.", "sleeps. [title] Then wake up. [step] Now."],
    "label": 1,
}
WIKIHOW: dict[str, Any] = HELLASWAG | {
    "activity_label": "Health",
    "ctx": "[header] How to rest [title] Lie down. [step]  Close your eyes.",
    "endings": ["Sleep.", "Run.", "Jump.", "Shout."],
    "label": 0,
}
COSMOS: dict[str, Any] = {
    "id": "3Q5##1",
    "context": 'He said "no", twice .\nShe left .',
    "question": "Why did she leave ?",
    "answer0": "None of the above choices .",
    "answer1": "She was tired, and angry .",
    "answer2": "She was glad .",
    "answer3": "It rained .",
    "label": 1,
}
CSQA: dict[str, Any] = {
    "answerKey": "C",
    "id": "af2",
    "question": {
        "question_concept": "door",
        "stem": "Where is a door?",
        "choices": [
            {"label": letter, "text": text}
            for letter, text in zip("ABCDE", ("sea", "sky", "house", "sun", "fire"), strict=True)
        ],
    },
}
SIQA: dict[str, Any] = {
    "context": "Kai fell.",
    "question": "How is Kai?",
    "answerA": "glad",
    "answerB": "hurt",
    "answerC": "rich",
    "correct": "B",
}
COPA: dict[str, Any] = {
    "premise": "Vesi kees.",
    "choice1": "Pliit oli kuum.",
    "choice2": "Pliit oli katki.",
    "question": "cause",
    "label": 0,
    "idx": 31,
    "changed": False,
}


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def table(*records: dict[str, Any], without: Sequence[str] = ()) -> str:
    out = io.StringIO()
    names = [name for name in COSMOS if name not in without]
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def text_form(*items: tuple[str, str, Sequence[str]]) -> str:
    return "".join(f"{context}\n{label}\n" + "\n".join(endings) + "\n" for context, label, endings in items)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(folder: Path, task: str, language: str, split: str) -> list[Choice]:
    found = list(files.source(task, folder, language, split))
    assert all(isinstance(row, Choice) for row in found)
    return found  # type: ignore[return-value]


def changed(record: dict[str, Any], **values: Any) -> dict[str, Any]:
    return record | values


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


# ---------------------------------------------------------------- layouts and texts

COSMOS_ROW = Choice(
    "3Q5##1",
    tuple(('He said "no", twice .\nShe left . Why did she leave ?', COSMOS[f"answer{i}"]) for i in range(4)),
    1,
)
CSQA_ROW = Choice("af2", tuple(("Where is a door?", text) for text in ("sea", "sky", "house", "sun", "fire")), 2)
SIQA_ROW = Choice("1", tuple(("Kai fell. How is Kai?", text) for text in ("glad", "hurt", "rich")), 1)
COPA_ROW = Choice(
    "31", tuple(("Vesi kees. What was the cause?", text) for text in ("Pliit oli kuum.", "Pliit oli katki.")), 0
)
LAYOUTS = [
    ("cosmosqa", "en", "train", "cosmosqa/train.csv", table(COSMOS), COSMOS_ROW),
    ("cosmosqa", "en", "dev", "cosmosqa/valid.csv", table(COSMOS), COSMOS_ROW),
    ("cosmosqa", "en", "dev", "cosmosqa/data/valid.csv", table(COSMOS), COSMOS_ROW),
    ("cosmosqa", "en", "test", "cosmosqa/test.jsonl", lines(COSMOS), COSMOS_ROW),
    ("commonsenseqa", "en", "train", "commonsenseqa/train_rand_split.jsonl", lines(CSQA), CSQA_ROW),
    ("commonsenseqa", "en", "dev", "commonsenseqa/dev_rand_split.jsonl", lines(CSQA), CSQA_ROW),
    ("commonsenseqa", "en", "dev", "commonsenseqa/valid.jsonl", lines(CSQA), CSQA_ROW),
    ("socialiqa", "en", "train", "siqa/socialIQa_v1.4_trn.jsonl", lines(SIQA), SIQA_ROW),
    ("socialiqa", "en", "dev", "siqa/socialIQa_v1.4/socialIQa_v1.4_dev.jsonl", lines(SIQA), SIQA_ROW),
    ("socialiqa", "en", "test", "socialiqa/socialIQa_v1.4_tst.jsonl", lines(SIQA), SIQA_ROW),
    ("socialiqa", "de", "train", "siqa_translate_train/socialIQa_v1.4_de_translate_train.jsonl", lines(SIQA), SIQA_ROW),
    ("xcopa", "et", "dev", "xcopa/val.et.jsonl", lines(COPA), COPA_ROW),
    ("xcopa", "et", "test", "xcopa/test-et.jsonl", lines(COPA), COPA_ROW),
    ("xcopa", "et", "test", "xcopa/data/et/test.et.jsonl", lines(COPA), COPA_ROW),
    ("xcopa", "en", "train", "xcopa/train.en.jsonl", lines(COPA), COPA_ROW),
    ("xcopa", "en", "train", "xcopa/en/train-en.jsonl", lines(COPA), COPA_ROW),
    ("xcopa", "sw", "train", "xcopa_translate_train/xcopa_sw_translate_train.jsonl", lines(COPA), COPA_ROW),
]


@pytest.mark.parametrize(("task", "language", "split", "name", "content", "expected"), LAYOUTS)
def test_each_layout_is_found_and_read(
    tmp_path: Path, task: str, language: str, split: str, name: str, content: str, expected: Choice
) -> None:
    write(tmp_path, name, content)
    source = files.source(task, tmp_path, language, split)
    assert (source.task, source.language, source.split) == (task, language, split)
    assert list(source) == list(source) == [expected]
    assert gold(source).labels == ((expected.id, str(expected.label)),)
    first = source.fingerprint
    write(tmp_path, name, content.replace("a", "o"))
    assert files.source(task, tmp_path, language, split).fingerprint != first


def test_what_happened_is_asked_in_words(tmp_path: Path) -> None:
    write(tmp_path, "xcopa/val.zh.jsonl", lines(changed(COPA, question="effect")))
    assert rows(tmp_path, "xcopa", "zh", "dev")[0].pairs[0][0] == "Vesi kees. What happened as a result?"


def test_hellaswag_puts_the_activity_first_and_drops_the_marks_of_wikihow(tmp_path: Path) -> None:
    write(tmp_path, "hellaswag/hellaswag_train.jsonl", lines(HELLASWAG, WIKIHOW))
    tea, rest = rows(tmp_path, "hellaswag", "en", "train")
    context = "Making tea: A man boils water. the man"
    endings = ("pours it.", "sings [quietly].", "leaves.", "sleeps.. Then wake up. Now.")
    assert (tea.pairs, tea.label) == (tuple((context, ending) for ending in endings), 1)
    assert rest.pairs[0] == ("Health: How to rest. Lie down. Close your eyes.", "Sleep.")
    assert tea.id != rest.id


def test_hellaswag_as_text_gives_the_rows_of_the_official_file(tmp_path: Path) -> None:
    tea = ("Making tea: A man boils water. the man", "1", HELLASWAG["endings"])
    rest = ("Health: How to rest. Lie down. Close your eyes.", "0", WIKIHOW["endings"])
    folders: list[Path] = []
    for name, content in (
        ("hellaswag_val.jsonl", lines(HELLASWAG, WIKIHOW).encode()),
        ("hellaswag_val_full.txt", text_form(tea, rest).encode()),
        ("hellaswag_val_full.txt.bz2", bz2.compress(text_form(tea, rest).encode())),
    ):
        folders.append(tmp_path / str(len(folders)))
        write(folders[-1], f"hellaswag/{name}", content)
    assert [rows(folder, "hellaswag", "en", "dev") for folder in folders[1:]] == [
        rows(folders[0], "hellaswag", "en", "dev")
    ] * 2


def test_hellaswag_small_is_split_by_the_context_whatever_the_order(tmp_path: Path) -> None:
    items = [
        changed(HELLASWAG, ctx=f"Context {i // 2}.", endings=[f"{i}{letter}" for letter in "abcd"], label=i % 4)
        for i in range(400)
    ]
    write(tmp_path / "one", "hellaswag/hellaswag_val.jsonl", lines(*items))
    write(tmp_path / "two", "hellaswag/hellaswag_val.jsonl", lines(*items[::-1]))
    train, dev = (rows(tmp_path / "one", "hellaswag-small", "en", split) for split in ("train", "dev"))
    assert len(train) + len(dev) == len({row.id for row in train + dev}) == 400
    assert 40 < len(dev) < 120
    assert not {row.pairs[0][0] for row in train} & {row.pairs[0][0] for row in dev}
    assert rows(tmp_path / "two", "hellaswag-small", "en", "dev") == dev[::-1]
    assert sorted(row.id for row in rows(tmp_path / "one", "hellaswag", "en", "dev")) == sorted(
        row.id for row in train + dev
    )


def test_an_item_that_stands_twice_gets_an_id_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "hellaswag/hellaswag_val.jsonl", lines(HELLASWAG, HELLASWAG))
    first, second = rows(tmp_path, "hellaswag", "en", "dev")
    assert second == Choice(f"{first.id}#2", first.pairs, first.label)


def test_labels_of_social_iqa_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "socialiqa/socialiqa-train-dev/dev.jsonl", lines(*[without(SIQA, "correct")] * 3))
    labels = write(tmp_path, "socialiqa/socialiqa-train-dev/dev-labels.lst", "3\n1\n2\n")
    source = files.source("socialiqa", tmp_path, "en", "dev")
    assert gold(source).labels == (("1", "2"), ("2", "0"), ("3", "1"))
    labels.write_text("3\n1\n")
    assert files.source("socialiqa", tmp_path, "en", "dev").fingerprint != source.fingerprint
    with pytest.raises(InputError, match=r"has 2 labels, fewer than dev\.jsonl has lines"):
        rows(tmp_path, "socialiqa", "en", "dev")
    labels.write_text("3\n1\n2\n2\n")
    with pytest.raises(InputError, match=r"has 4 labels, dev\.jsonl 3 lines"):
        rows(tmp_path, "socialiqa", "en", "dev")
    labels.write_text("3\n1\n0\n")
    with pytest.raises(InputError, match=r"dev-labels\.lst, line 3: should be 1, 2 or 3, is '0'"):
        rows(tmp_path, "socialiqa", "en", "dev")


# ---------------------------------------------------------------- withheld labels

WITHHELD = [
    ("hellaswag", "hellaswag/hellaswag_test.jsonl", lines(without(HELLASWAG, "label")), "line 1"),
    ("hellaswag", "hellaswag/hellaswag_test.jsonl", lines(HELLASWAG, changed(HELLASWAG, label="")), "line 2"),
    ("cosmosqa", "cosmosqa/test.csv", table(COSMOS, without=["label"]), "line 3"),
    ("cosmosqa", "cosmosqa/test.csv", table(changed(COSMOS, label="")), "line 3"),
    ("cosmosqa", "cosmosqa/test.jsonl", lines(changed(COSMOS, label=-1)), "line 1"),
    ("commonsenseqa", "commonsenseqa/test_rand_split_no_answers.jsonl", lines(without(CSQA, "answerKey")), "line 1"),
    ("commonsenseqa", "commonsenseqa/test.jsonl", lines(changed(CSQA, answerKey="")), "line 1"),
    ("socialiqa", "siqa/socialIQa_v1.4_tst.jsonl", lines(without(SIQA, "correct")), "line 1"),
    ("xcopa", "xcopa/test.en.jsonl", lines(without(COPA, "label")), "line 1"),
]


@pytest.mark.parametrize(("task", "name", "content", "place"), WITHHELD)
def test_withheld_labels_are_refused(tmp_path: Path, task: str, name: str, content: str, place: str) -> None:
    write(tmp_path, name, content)
    with pytest.raises(InputError) as caught:
        rows(tmp_path, task, "en", "test")
    assert f"{name}, {place}: the label" in str(caught.value)
    assert "is withheld; use the dev part" in str(caught.value)


def test_labels_that_are_all_the_same_are_withheld_ones(tmp_path: Path) -> None:
    # a copy of COPA's test part has 500 times 0
    write(tmp_path, "xcopa/en/test-en.jsonl", lines(*[changed(COPA, idx=number) for number in range(500)]))
    with pytest.raises(InputError, match="every label is 0: they stand in place of withheld ones"):
        rows(tmp_path, "xcopa", "en", "test")
    write(tmp_path, "xcopa/en/test-en.jsonl", lines(COPA, changed(COPA, idx=2)))
    assert len(rows(tmp_path, "xcopa", "en", "test")) == 2


def test_a_withheld_label_in_the_text_form(tmp_path: Path) -> None:
    item = ("Tea: A man", "0", ("a", "b", "c", "d"))
    write(tmp_path, "hellaswag/hellaswag_val_full.txt", text_form(item, ("Tea: A cat", "", ("a", "b", "c", "d"))))
    with pytest.raises(InputError, match="line 8: the label is withheld"):
        rows(tmp_path, "hellaswag", "en", "dev")


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("task", "language", "split", "message"),
    [
        ("hellaswag", "de", "train", "hellaswag has no 'de' but in English"),
        ("hellaswag", "en", "train", "there is no hellaswag/hellaswag_train.jsonl"),
        ("hellaswag-small", "en", "test", "no test part; use the dev part"),
        ("hellaswag-small", "fr", "dev", "but in English"),
        ("cosmosqa", "fr", "dev", "but in English"),
        ("cosmosqa", "en", "train", "there is no cosmosqa/train.csv"),
        ("commonsenseqa", "fr", "dev", "but in English"),
        ("commonsenseqa", "en", "dev", "dev_rand_split.jsonl"),
        ("socialiqa", "fr", "dev", "socialiqa has no 'dev' but in English"),
        ("socialiqa", "fr", "train", "socialIQa_v1.4_fr_translate_train.jsonl"),
        ("xcopa", "fr", "train", "xcopa_fr_translate_train.jsonl"),
        ("xcopa", "de", "test", "there is no xcopa/test.de.jsonl"),
    ],
)
def test_what_is_not_there_is_said_at_once(tmp_path: Path, task: str, language: str, split: str, message: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        files.source(task, tmp_path, language, split)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def csqa_question(**values: Any) -> dict[str, Any]:
    return changed(CSQA, question=changed(CSQA["question"], **values))


HOSTILE = [
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(HELLASWAG)[:-20], "line 1: is no JSON"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(HELLASWAG) + "[]\n", "line 2: should be an object, is a list"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", "\n\n", "holds no rows"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(changed(HELLASWAG, endings=["a"])), "list of 4 strings"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(changed(HELLASWAG, endings=[1] * 4)), "list of 4 strings"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(changed(HELLASWAG, label=4)), "a number from 0 to 3"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(changed(HELLASWAG, label=True)), "a number from 0 to 3"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(changed(HELLASWAG, label="one")), "a number from 0 to 3"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", lines(without(HELLASWAG, "ctx")), "line 1: there is no 'ctx'"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", b'{"ctx": "\xff"}', "is not UTF-8"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", "[" * 100_000, "nested too deeply"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", "1" * 5000, "is no JSON"),
    ("hellaswag", "hellaswag/hellaswag_val_full.txt", "Tea: A man\n1\na\nb\nc\n", "ends within an item of six lines"),
    ("hellaswag", "hellaswag/hellaswag_val_full.txt", "Tea: A man\n7\na\nb\nc\nd\n", "line 2: should be the number"),
    ("hellaswag", "hellaswag/hellaswag_val_full.txt.bz2", b"no archive", "cannot be unpacked"),
    ("hellaswag", "hellaswag/hellaswag_val_full.txt.bz2", bz2.compress(b"a" * 60)[:-15], "cannot be unpacked"),
    ("hellaswag", "hellaswag/hellaswag_val_full.txt.bz2", bz2.compress(b"\xff\n"), "line 1: is not UTF-8"),
    ("cosmosqa", "cosmosqa/valid.csv", "", "is empty"),
    ("cosmosqa", "cosmosqa/valid.csv", table(), "holds no rows"),
    ("cosmosqa", "cosmosqa/valid.csv", table(COSMOS) + "a,b\n", "line 4: has 2 columns, the header 8"),
    ("cosmosqa", "cosmosqa/valid.csv", table(COSMOS)[:100], "is no CSV"),
    ("cosmosqa", "cosmosqa/valid.csv", table(COSMOS, without=["question"]), "line 3: there is no 'question'"),
    ("cosmosqa", "cosmosqa/valid.csv", table(changed(COSMOS, id="")), "line 3: 'id' is empty"),
    ("cosmosqa", "cosmosqa/valid.csv", table(changed(COSMOS, label="4")), "line 3: 'label' should be a number"),
    ("cosmosqa", "cosmosqa/valid.csv", table(changed(COSMOS, context="x" * 200_000)), "is no CSV"),
    ("cosmosqa", "cosmosqa/valid.csv", table(COSMOS).encode("utf-16"), "is not UTF-8"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(changed(CSQA, question="q")), "line 1, question: should be"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(csqa_question(choices=[])), "should be five choices"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(csqa_question(choices=["x"])), "question.choices[0]: should"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(csqa_question(stem=3)), "line 1, question: 'stem' should be"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(changed(CSQA, answerKey="F")), "none of the choices' letters"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(changed(CSQA, answerKey=2)), "'answerKey' should be a string"),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", lines(changed(CSQA, id=[])), "'id' should be a string, is a list"),
    ("socialiqa", "siqa/socialIQa_v1.4_dev.jsonl", lines(changed(SIQA, correct="D")), "'correct' should be A, B or C"),
    ("socialiqa", "siqa/socialIQa_v1.4_dev.jsonl", lines(SIQA, without(SIQA, "answerC")), "line 2: there is no 'answ"),
    ("xcopa", "xcopa/val.en.jsonl", lines(changed(COPA, question="why")), "'question' should be cause or effect"),
    ("xcopa", "xcopa/val.en.jsonl", lines(changed(COPA, idx="31")), "'idx' should be an integer, is a string"),
    ("xcopa", "xcopa/val.en.jsonl", lines(changed(COPA, label=2)), "'label' should be a number from 0 to 1"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "name", "content", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_bad_files_are_named_with_their_place(
    tmp_path: Path, task: str, name: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(InputError) as caught:
        rows(tmp_path, task, "en", "dev")
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_folder_in_the_place_of_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "cosmosqa" / "valid.csv").mkdir(parents=True)
    with pytest.raises(MissingInputError):
        files.source("cosmosqa", tmp_path, "en", "dev")


SEEDS = [
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", HELLASWAG),
    ("cosmosqa", "cosmosqa/valid.jsonl", COSMOS),
    ("commonsenseqa", "commonsenseqa/valid.jsonl", CSQA),
    ("socialiqa", "siqa/socialIQa_v1.4_dev.jsonl", SIQA),
    ("xcopa", "xcopa/val.en.jsonl", COPA),
]


@pytest.mark.parametrize(("task", "name", "record"), SEEDS)
def test_spoiled_records_raise_input_errors_alone(tmp_path: Path, task: str, name: str, record: dict[str, Any]) -> None:
    random_ = random.Random(11)
    path = write(tmp_path, name, "")
    source = partial(files.source, task, tmp_path, "en", "dev")
    failed = 0
    for _ in range(100):
        path.write_text(json.dumps(record) + "\n" + json.dumps(spoiled(record, random_)) + "\n")
        failed += only_known_errors(source) is not None
    assert failed > 30


@pytest.mark.parametrize(
    ("task", "name", "content"),
    [
        ("cosmosqa", "cosmosqa/valid.csv", table(*[COSMOS] * 3).encode()),
        ("hellaswag", "hellaswag/hellaswag_val_full.txt.bz2", bz2.compress(text_form(("A: b", "1", "abcd")).encode())),
        ("hellaswag", "hellaswag/hellaswag_val_full.txt", text_form(("A: b", "1", "abcd")).encode()),
    ],
)
def test_spoiled_bytes_raise_input_errors_alone(tmp_path: Path, task: str, name: str, content: bytes) -> None:
    random_ = random.Random(13)
    path = write(tmp_path, name, content)
    source = partial(files.source, task, tmp_path, "en", "dev")
    assert only_known_errors(source) is None
    for _ in range(100):
        spoiled_ = bytearray(content[: random_.randint(1, len(content))])
        spoiled_[random_.randrange(len(spoiled_))] = random_.randrange(256)
        path.write_bytes(bytes(spoiled_))
        only_known_errors(source)


# ---------------------------------------------------------------- the official files

REAL = [
    ("cosmosqa", "cosmosqa", "en", "dev", 2_985),
    ("commonsenseqa", "commonsenseqa", "en", "train", 9_741),
    ("commonsenseqa", "commonsenseqa", "en", "dev", 1_221),
    ("siqa", "socialiqa", "en", "dev", 1_954),
    ("siqa", "socialiqa", "en", "test", 2_224),
    ("xcopa", "xcopa", "en", "train", 400),
    ("xcopa", "xcopa", "en", "dev", 100),
    *[("xcopa", "xcopa", language, "dev", 100) for language in task_info("xcopa").languages],
    *[("xcopa", "xcopa", language, "test", 500) for language in task_info("xcopa").languages],
    ("hellaswag", "hellaswag", "en", "dev", 10_042),
    ("hellaswag", "hellaswag-small", "en", "train", 8_031),
    ("hellaswag", "hellaswag-small", "en", "dev", 2_011),
]


@pytest.fixture(scope="session")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(data, tmp_path_factory.mktemp("choices"))


official = lru_cache(maxsize=3)(rows)  # a second to unpack, of HellaSwag


@pytest.mark.parametrize(("archive", "task", "language", "split", "count"), REAL)
def test_official_files(real: Archives, archive: str, task: str, language: str, split: str, count: int) -> None:
    found = official(real.folder(archive), task, language, split)
    assert len(found) == len({row.id for row in found}) == count
    choices = {len(row.pairs) for row in found}
    assert choices == {round(task_info(task).sequences)}
    assert {row.label for row in found} == set(range(choices.pop()))
    assert all(first.strip() and second.strip() for row in found for first, second in row.pairs)
    check_golden("files_choices.json", f"{task} {language} {split}", pinned(found))


def test_hellaswag_small_is_the_val_part_in_two(real: Archives) -> None:
    folder = real.folder("hellaswag")
    train, dev = (official(folder, "hellaswag-small", "en", split) for split in ("train", "dev"))
    assert len({row.id for row in train + dev}) == task_info("hellaswag").dev_examples
    assert not {row.pairs[0][0] for row in train} & {row.pairs[0][0] for row in dev}


@pytest.mark.parametrize(
    ("archive", "task", "message"),
    [("commonsenseqa", "commonsenseqa", "is withheld"), ("xcopa", "xcopa", "they stand in place of withheld ones")],
)
def test_official_test_parts_without_labels_are_refused(real: Archives, archive: str, task: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(real.folder(archive), task, "en", "test")
