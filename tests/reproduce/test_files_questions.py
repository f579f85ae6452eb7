"""Question answering read from files: official layouts, wrong offsets, mixed languages, withheld answers, bad input.

The golden file is written anew with WRITE_GOLDEN=1.
"""

from __future__ import annotations

import json
import logging
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from task_rows import Archives, check_golden, only_known_errors, pinned, spoiled

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.data import files
from reproduce.data.files.questions import located
from reproduce.data.rows import Question, gold
from reproduce.tasks import task as task_info

PASSAGE = "Ada wrote notes in 1843. Ada met Charles in 1833."


def qa(id: str = "q1", answers: list[tuple[str, int]] | None = None, **more: Any) -> dict[str, Any]:
    given_ = [("1843", 19)] if answers is None else answers
    listed = [{"text": text, "answer_start": start} for text, start in given_]
    return {"id": id, "question": f"Question {id}?", "answers": listed} | more


def squad(*paragraphs: tuple[str, list[dict[str, Any]]], version: str = "1.1") -> dict[str, Any]:
    """SQuAD's JSON, an article a paragraph."""
    return {
        "version": version,
        "data": [{"title": "T", "paragraphs": [{"context": text, "qas": qas}]} for text, qas in paragraphs],
    }


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def rows(folder: Path, task: str, language: str, split: str) -> list[Question]:
    found = list(files.source(task, folder, language, split))
    assert all(isinstance(row, Question) for row in found)
    return found  # type: ignore[return-value]


# ---------------------------------------------------------------- layouts

LAYOUTS = [
    ("squad-v1", "en", "train", "squad/train-v1.1.json"),
    ("squad-v1", "en", "dev", "squad/dev-v1.1.json"),
    ("squad-v1", "en", "dev", "squad_v1.1/dev-v1.1.json"),
    ("squad-v1", "de", "train", "squad/translate-train/squad.translate.train.en-de.json"),
    ("squad-v1", "sw", "train", "squad/train-sw-v1.1.json"),
    ("squad-v2", "ru", "train", "squad/train-ru-v2.0.json"),
    ("xquad", "ar", "dev", "xquad/xquad.ar.json"),
    ("xquad", "ar", "test", "xquad/xquad.ar.json"),
    ("mlqa", "hi", "dev", "mlqa/MLQA_V1/dev/dev-context-hi-question-hi.json"),
    ("mlqa", "hi", "test", "mlqa/MLQA_V1/test/test-context-hi-question-hi.json"),
    ("tydiqa", "en", "train", "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json"),
    ("tydiqa", "en", "train", "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.en.train.json"),
    ("tydiqa", "te", "train", "tydiqa/sagorbrur/telugu_tydiqa_train.json"),
    ("tydiqa", "fi", "dev", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-finnish.json"),
    ("tydiqa", "fi", "test", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.fi.dev.json"),
    ("tydiqa", "sw", "dev", "tydiqa/sagorbrur/swahili_tydiqa_dev.json"),
]


@pytest.mark.parametrize(("task", "language", "split", "name"), LAYOUTS)
def test_each_layout_is_found_and_read(tmp_path: Path, task: str, language: str, split: str, name: str) -> None:
    content = squad((PASSAGE, [qa("a", is_impossible=False), qa("b", [("Ada", 25), ("Charles", 33)])]), ("Other.", []))
    content["data"][0]["paragraphs"][0]["qas"][1]["is_impossible"] = False
    write(tmp_path, name, content)
    source = files.source(task, tmp_path, language, split)
    assert (source.task, source.language, source.split) == (task, language, split)
    assert source.nullable == (task == "squad-v2")
    assert list(source) == [
        Question("a", "Question a?", PASSAGE, ("1843",), (19,)),
        Question("b", "Question b?", PASSAGE, ("Ada", "Charles"), (25, 33)),
    ]
    assert list(source) == list(source)


def test_the_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, "squad/dev-v1.1.json", squad((PASSAGE, [qa()])))
    first = files.source("squad-v1", tmp_path, "en", "dev").fingerprint
    assert files.source("squad-v1", tmp_path, "en", "dev").fingerprint == first
    path.write_text(path.read_text().replace("Question", "question"))
    assert files.source("squad-v1", tmp_path, "en", "dev").fingerprint != first


def test_questions_of_a_passage_share_its_string_even_where_the_file_repeats_it(tmp_path: Path) -> None:
    write(tmp_path, "squad/train-v1.1.json", squad(*[(PASSAGE, [qa(f"{i}a"), qa(f"{i}b")]) for i in range(20)]))
    assert len({id(row.passage) for row in rows(tmp_path, "squad-v1", "en", "train")}) == 1


def test_squad_2_has_questions_without_an_answer(tmp_path: Path) -> None:
    impossible = qa("b", [], is_impossible=True, plausible_answers=[{"text": "Ada", "answer_start": 0}])
    write(tmp_path, "squad/dev-v2.0.json", squad((PASSAGE, [qa("a", is_impossible=False), impossible]), version="v2.0"))
    assert [(row.answers, row.starts) for row in rows(tmp_path, "squad-v2", "en", "dev")] == [
        (("1843",), (19,)),
        ((), ()),
    ]
    assert gold(files.source("squad-v2", tmp_path, "en", "dev")).labels == (("a", ["1843"]), ("b", []))


# ---------------------------------------------------------------- offsets


@pytest.mark.parametrize(
    ("start", "place"),
    [(0, 0), (25, 25), (24, 25), (27, 25), (12, 0), (13, 25), (10**30, 25), (-5, 0), (-(10**30), 0)],
)
def test_a_wrong_offset_becomes_that_of_the_nearest_occurrence(start: int, place: int) -> None:
    assert located(PASSAGE, "Ada", start) == place


def test_an_answer_that_the_passage_lacks_has_no_place() -> None:
    assert located(PASSAGE, "Babbage", 3) == -1
    assert located("", "Ada", 0) == -1


@given(st.text("ab", max_size=12), st.text("ab", min_size=1, max_size=3), st.integers(-3, 15))
@example("aaaa", "aa", 1)
def test_no_occurrence_is_nearer(passage: str, answer: str, start: int) -> None:
    every = [place for place in range(len(passage)) if passage[place:].startswith(answer)]
    found = located(passage, answer, start)
    if every:
        assert found in every
        assert abs(found - start) == min(abs(place - start) for place in every)
    else:
        assert found == -1


def test_repaired_and_lost_answers_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = [qa("a", [("1843", 17)]), qa("b", [("Babbage", 0), ("Ada", 0)]), qa("c", [("Ada", 25)])]
    write(tmp_path, "squad/train-v1.1.json", squad((PASSAGE, asked)))
    with caplog.at_level(logging.WARNING):
        found = rows(tmp_path, "squad-v1", "en", "train")
    assert [row.starts for row in found] == [(19,), (-1, 0), (25,)]
    assert [row.answers for row in found] == [("1843",), ("Babbage", "Ada"), ("Ada",)]
    assert "1 answers stand elsewhere than it says, 1 nowhere in their passage" in caplog.text


# ---------------------------------------------------------------- ids and languages


def test_ids_that_a_file_gives_twice_are_counted(tmp_path: Path) -> None:
    # XTREME's script leaves of "english-1971662537536642354-0" the last part alone
    asked = [qa("0"), qa("2"), qa("0"), qa("0#2"), qa("0")]
    write(tmp_path, "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", squad((PASSAGE, asked)))
    assert [row.id for row in rows(tmp_path, "tydiqa", "en", "train")] == ["0", "2", "0#2", "0#2#2", "0#3"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("tydiqa/tydiqa-goldp-v1.1-train.json", "train"),
        ("tydiqa/tydiqa-goldp-v1.1-train/tydiqa-goldp-v1.1-train.json", "train"),
        ("tydiqa/tydiqa-goldp-v1.1-dev.json", "dev"),
        ("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.en.train.json", "train"),  # one jiant's download fills with all rows
    ],
)
def test_of_a_file_that_mixes_languages_only_the_one_asked_for_is_read(tmp_path: Path, name: str, split: str) -> None:
    asked = [qa("english-17-0"), qa("finnish--3-1"), qa("english--9-2"), qa("telugu-5-0")]
    write(tmp_path, name, squad((PASSAGE, asked), ("Suomi.", [qa("finnish-7-1", [("Suomi", 0)])])))
    assert [row.id for row in rows(tmp_path, "tydiqa", "en", split)] == ["english-17-0", "english--9-2"]


def test_the_official_file_serves_every_language(tmp_path: Path) -> None:
    names = "arabic bengali english finnish indonesian korean russian swahili telugu".split()
    write(tmp_path, "tydiqa/tydiqa-goldp-v1.1-train.json", squad((PASSAGE, [qa(f"{name}-1-0") for name in names])))
    languages = task_info("tydiqa").languages
    found = [row.id for language in languages for row in rows(tmp_path, "tydiqa", language, "train")]
    assert sorted(found) == [f"{name}-1-0" for name in names]


def test_a_row_of_no_language_in_the_mixed_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "tydiqa/tydiqa-goldp-v1.1-train.json", squad((PASSAGE, [qa("english-1-0"), qa("17")])))
    with pytest.raises(InputError, match=r"data\[0\]\.paragraphs\[0\]\.qas\[1\]: the id says no language"):
        rows(tmp_path, "tydiqa", "en", "train")


@pytest.mark.parametrize(
    ("task", "language", "split", "message"),
    [
        ("squad-v1", "en", "train", "there is no squad/train-v1.1.json"),
        ("squad-v1", "en", "test", "no public test part: its labels are withheld"),
        ("squad-v1", "de", "dev", "no dev part in 'de'"),
        ("squad-v1", "de", "train", "squad.translate.train.en-de.json"),
        ("xquad", "sw", "dev", "there is no xquad/xquad.sw.json"),
        ("xquad", "en", "train", "train on squad-v1"),
        ("mlqa", "ru", "test", "test-context-ru-question-ru.json"),
        ("mlqa", "en", "train", "train on squad-v1"),
        ("tydiqa", "de", "dev", "has no language 'de'; it has ar, bn, en"),
    ],
)
def test_what_is_not_there_is_said_at_once(tmp_path: Path, task: str, language: str, split: str, message: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        files.source(task, tmp_path, language, split)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_language_that_a_file_does_not_hold_is_missed(tmp_path: Path) -> None:
    write(tmp_path, "tydiqa/tydiqa-goldp-v1.1-train.json", squad((PASSAGE, [qa("english-1-0")])))
    with pytest.raises(InputError, match="holds no question in 'ko'"):
        rows(tmp_path, "tydiqa", "ko", "train")


# ---------------------------------------------------------------- withheld answers


@pytest.mark.parametrize(
    ("task", "language", "name"),
    [
        ("xquad", "de", "xquad/xquad.de.json"),
        ("mlqa", "de", "mlqa/MLQA_V1/test/test-context-de-question-de.json"),
        ("tydiqa", "ko", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.ko.dev.json"),
    ],
)
@pytest.mark.parametrize("answers", [[("", 0)], [], [(" ", 0), ("", 3)], None])
def test_blanked_answers_are_refused(
    tmp_path: Path, task: str, language: str, name: str, answers: list[tuple[str, int]] | None
) -> None:
    question = qa("a", answers or [])
    if answers is None:
        del question["answers"]
    write(tmp_path, name, squad((PASSAGE, [question])))
    with pytest.raises(InputError) as caught:
        rows(tmp_path, task, language, "test")
    assert f"{name}, data[0].paragraphs[0].qas[0]: the answers are withheld; XTREME's script" in str(caught.value)


def test_the_labelled_file_goes_before_the_blanked_one(tmp_path: Path) -> None:
    write(tmp_path, "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.fi.dev.json", squad((PASSAGE, [qa("a", [("", 0)])])))
    write(tmp_path, "tydiqa/sagorbrur/finnish_tydiqa_dev.json", squad((PASSAGE, [qa("finnish-1-0")])))
    assert rows(tmp_path, "tydiqa", "fi", "test")[0].answers == ("1843",)


def test_a_question_of_squad_2_says_whether_it_can_be_answered(tmp_path: Path) -> None:
    # without it, withheld answers look like a question that has none
    write(tmp_path, "squad/dev-v2.0.json", squad((PASSAGE, [qa("a", [])])))
    with pytest.raises(InputError, match="there is no 'is_impossible'"):
        rows(tmp_path, "squad-v2", "en", "dev")
    write(tmp_path, "squad/dev-v2.0.json", squad((PASSAGE, [qa("a", [], is_impossible=False)])))
    with pytest.raises(InputError, match="the answers are withheld"):
        rows(tmp_path, "squad-v2", "en", "dev")
    write(tmp_path, "squad/dev-v2.0.json", squad((PASSAGE, [qa("a", is_impossible=True)])))
    with pytest.raises(InputError, match="is_impossible is true, and there are answers"):
        rows(tmp_path, "squad-v2", "en", "dev")
    write(tmp_path, "squad/dev-v1.1.json", squad((PASSAGE, [qa("a", [], is_impossible=True)])))
    with pytest.raises(InputError, match="read the file as the task squad-v2"):
        rows(tmp_path, "squad-v1", "en", "dev")


# ---------------------------------------------------------------- bad input

ONE = squad((PASSAGE, [qa("a"), qa("b")]), ("Other text.", [qa("c", [("text", 6)])]))


def wrong(*path: Any, value: Any = None, delete: bool = False) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(ONE))
    at = copy
    for key in path[:-1]:
        at = at[key]
    if delete:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return copy  # type: ignore[no-any-return]


QUESTION = ("data", 1, "paragraphs", 0, "qas", 0)
HOSTILE = [
    ([], "should hold an object, holds a list"),
    ({}, "there is no 'data'"),
    ({"data": []}, "holds no question"),
    (wrong("data", value={}), "'data' should be a list, is an object"),
    (wrong("data", 1, value="x"), "data[1]: should be an object, is a string"),
    (wrong("data", 1, "paragraphs", delete=True), "data[1]: there is no 'paragraphs'"),
    (wrong("data", 1, "paragraphs", 0, value=3), "data[1].paragraphs[0]: should be an object, is a number"),
    (wrong("data", 1, "paragraphs", 0, "context", value=None), "'context' should be a string, is null"),
    (wrong("data", 1, "paragraphs", 0, "qas", value="x"), "data[1].paragraphs[0]: 'qas' should be a list"),
    (wrong(*QUESTION, value=[]), "data[1].paragraphs[0].qas[0]: should be an object, is a list"),
    (wrong(*QUESTION, "id", value=7), "data[1].paragraphs[0].qas[0]: 'id' should be a string, is a number"),
    (wrong(*QUESTION, "id", value=" "), "the id is empty"),
    (wrong(*QUESTION, "question", delete=True), "there is no 'question'"),
    (wrong(*QUESTION, "question", value="\ud83d"), "half of a surrogate pair"),
    (wrong(*QUESTION, "answers", value={}), "'answers' should be a list, is an object"),
    (wrong(*QUESTION, "answers", 0, value="x"), "data[1].paragraphs[0].qas[0].answers[0]: should be an object"),
    (wrong(*QUESTION, "answers", 0, "text", value=["x"]), "'text' should be a string, is a list"),
    (wrong(*QUESTION, "answers", 0, "answer_start", value="6"), "'answer_start' should be an integer, is a string"),
    (wrong(*QUESTION, "answers", 0, "answer_start", value=True), "is true or false"),
    (wrong(*QUESTION, "answers", 0, "answer_start", value=6.0), "is a number"),
    (wrong(*QUESTION, "is_impossible", value="no"), "'is_impossible' should be true or false, is a string"),
]


@pytest.mark.parametrize(("content", "message"), HOSTILE, ids=[message for _, message in HOSTILE])
def test_wrong_content_is_named_with_its_place(tmp_path: Path, content: Any, message: str) -> None:
    path = write(tmp_path, "squad/dev-v1.1.json", content)
    with pytest.raises(InputError) as caught:
        rows(tmp_path, "squad-v1", "en", "dev")
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        json.dumps(ONE).encode()[: len(json.dumps(ONE)) // 2],
        json.dumps(ONE).encode("utf-16"),
        json.dumps(squad(("Übung", [qa()])), ensure_ascii=False).encode("latin-1"),
        b"[" * 100_000,
        b'{"data": ' + b"1" * 5000 + b"}",
    ],
    ids=["empty", "nul", "half", "utf-16", "latin-1", "deep", "digits"],
)
def test_a_file_that_is_no_json_is_unreadable(tmp_path: Path, raw: bytes) -> None:
    path = write(tmp_path, "xquad/xquad.de.json", "")
    path.write_bytes(raw)
    with pytest.raises(UnreadableInputError) as caught:
        rows(tmp_path, "xquad", "de", "test")
    assert str(path) in str(caught.value)


def test_spoiled_files_raise_input_errors_alone(tmp_path: Path) -> None:
    random_ = random.Random(7)
    path = write(tmp_path, "squad/dev-v2.0.json", "")
    impossible = squad((PASSAGE, [qa("a", is_impossible=False), qa("b", [], is_impossible=True)]), ("", []))
    failed = 0
    for _ in range(400):
        path.write_text(json.dumps(spoiled(impossible, random_)))
        failed += only_known_errors(partial(files.source, "squad-v2", tmp_path, "en", "dev")) is not None
    whole = json.dumps(impossible).encode()
    for _ in range(100):
        path.write_bytes(whole[: random_.randrange(len(whole))])
        assert only_known_errors(partial(files.source, "squad-v2", tmp_path, "en", "dev"))
    assert failed > 200


# ---------------------------------------------------------------- the official files

REAL = [
    ("squad_v1.1", "squad-v1", "en", "train", 87_599),
    ("squad_v1.1", "squad-v1", "en", "dev", 10_570),
    ("squad_v2.0", "squad-v2", "en", "dev", 11_873),
    *[("xquad", "xquad", language, "test", 1_190) for language in (*task_info("xquad").languages, "ro")],
    *[("mlqa", "mlqa", language, "dev", count) for language, count in task_info("mlqa").dev.by_language.items()],
    ("tydiqa", "tydiqa", "en", "train", 3_696),
    *[
        ("tydiqa", "tydiqa", language, "dev", count)
        for language, count in zip(
            ("ar", "bn", "en", "fi", "id", "ko", "ru", "sw", "te"),
            (921, 113, 440, 782, 565, 276, 812, 499, 669),
            strict=True,
        )
    ],
]


@pytest.fixture(scope="session")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(data, tmp_path_factory.mktemp("questions"))


@pytest.mark.parametrize(("archive", "task", "language", "split", "count"), REAL)
def test_official_files(
    real: Archives,
    caplog: pytest.LogCaptureFixture,
    archive: str,
    task: str,
    language: str,
    split: str,
    count: int,
) -> None:
    found = rows(real.folder(archive), task, language, split)
    assert len(found) == len({row.id for row in found}) == count
    assert all(
        start >= 0 and row.passage.startswith(answer, start)
        for row in found
        for answer, start in zip(row.answers, row.starts, strict=True)
    )
    # nothing to repair in these, and only SQuAD 2.0 has questions without an answer
    assert not caplog.records
    assert sum(not row.answers for row in found) == (5_945 if task == "squad-v2" else 0)
    check_golden("files_questions.json", f"{task} {language} {split}", pinned(found))


def test_the_catalogue_says_what_the_files_hold(real: Archives) -> None:
    assert task_info("squad-v1").train == 87_599
    assert task_info("squad-v1").dev_examples == 10_570
    assert task_info("squad-v2").dev_examples == 11_873
    assert task_info("xquad").dev_examples == 1_190
    assert task_info("tydiqa").train == 3_696
    folder = real.folder("tydiqa")
    languages = task_info("tydiqa").languages
    assert sum(len(rows(folder, "tydiqa", language, "dev")) for language in languages) == task_info("tydiqa").dev.total
