"""Retrieval read from files: LASER's Tatoeba, XTREME's sorted copies, BUCC and its pools, withheld pairs, bad input.

The golden file is written anew with WRITE_GOLDEN=1.
"""

from __future__ import annotations

import logging
import random
from functools import partial
from pathlib import Path

import pytest
from task_rows import Archives, check_golden, only_known_errors, pinned

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.data import files
from reproduce.data.rows import Sentence, gold
from reproduce.tasks import task as task_info


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")
    return path


def both(folder: Path, task: str, language: str, split: str) -> tuple[list[Sentence], list[Sentence]]:
    """Queries and pool."""
    source = files.source(task, folder, language, split)
    assert source.pool is not None
    found = list(source), list(source.pool())
    assert found == (list(source), list(source.pool()))
    assert all(isinstance(row, Sentence) for row in found[0])
    return found  # type: ignore[return-value]


# ---------------------------------------------------------------- Tatoeba

KAT = ("მზე ანათებს.", "წვიმს.", "გამარჯობა.")
ENG = ("The sun shines.", "It is raining.", "Hello.")


@pytest.mark.parametrize("name", ["tatoeba/tatoeba.kat-eng", "tatoeba/v1/tatoeba.kat-eng"])
@pytest.mark.parametrize("split", ["dev", "test"])
def test_line_n_of_tatoeba_translates_line_n(tmp_path: Path, name: str, split: str) -> None:
    write(tmp_path, f"{name}.kat", *KAT)
    write(tmp_path, f"{name}.eng", *ENG)
    queries, pool = both(tmp_path, "tatoeba", "ka", split)
    # XTREME searches the foreign side with the English one
    assert queries == [Sentence(f"en-{i}", text, f"ka-{i}") for i, text in enumerate(ENG, start=1)]
    assert pool == [Sentence(f"ka-{i}", text) for i, text in enumerate(KAT, start=1)]
    assert gold(files.source("tatoeba", tmp_path, "ka", split)).labels == tuple(
        (f"en-{i}", f"ka-{i}") for i in (1, 2, 3)
    )


def test_a_language_without_two_letters_goes_by_its_three(tmp_path: Path) -> None:
    write(tmp_path, "tatoeba/tatoeba.gsw-eng.gsw", "Grüezi.")
    write(tmp_path, "tatoeba/tatoeba.gsw-eng.eng", "Hello.")
    assert both(tmp_path, "tatoeba", "gsw", "dev")[0] == [Sentence("en-1", "Hello.", "gsw-1")]


def test_the_fingerprint_follows_either_side(tmp_path: Path) -> None:
    write(tmp_path, "tatoeba/tatoeba.kat-eng.kat", *KAT)
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", *ENG)
    first = files.source("tatoeba", tmp_path, "ka", "dev").fingerprint
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", *ENG[:2], "Hi.")
    assert files.source("tatoeba", tmp_path, "ka", "dev").fingerprint != first


def test_a_sentence_that_stands_twice_keeps_two_ids(tmp_path: Path) -> None:
    write(tmp_path, "tatoeba/tatoeba.kat-eng.kat", "წვიმს.", "მზე.", "წვიმს.")
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", "It rains.", "Sun.", "It is raining.")
    queries, pool = both(tmp_path, "tatoeba", "ka", "dev")
    assert [row.gold for row in queries] == [row.id for row in pool] == ["ka-1", "ka-2", "ka-3"]


@pytest.mark.parametrize("name", ["tatoeba/ka-en.ka", "tatoeba/tatoeba.ka-eng.ka", "tatoeba_ka/ka-en.ka"])
def test_xtremes_sorted_copies_are_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, *KAT)
    write(tmp_path, str(Path(name).parent / "ka-en.en"), *sorted(ENG))
    with pytest.raises(InputError) as caught:
        files.source("tatoeba", tmp_path, "ka", "dev")
    assert "the English side is sorted, which hides what translates what: the labels are withheld" in str(caught.value)
    assert "put LASER's tatoeba.kat-eng.kat and tatoeba.kat-eng.eng" in str(caught.value)


def test_a_sorted_copy_under_lasers_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "tatoeba/tatoeba.kat-eng.kat", *[f"{i}." for i in range(30)])
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", *sorted(f"Sentence {i}." for i in range(30)))
    with pytest.raises(InputError, match="the English side is sorted"):
        both(tmp_path, "tatoeba", "ka", "dev")


def test_a_labels_file_says_what_the_sorting_hides(tmp_path: Path) -> None:
    # jiant's download sorts as XTREME's, and writes where each English line stood
    write(tmp_path, "tatoeba_ka/ka-en.ka", *KAT)
    write(tmp_path, "tatoeba_ka/ka-en.en", *sorted(ENG))
    labels = write(tmp_path, "tatoeba_ka/ka-en.labels", "2", "1", "0")
    queries, pool = both(tmp_path, "tatoeba", "ka", "dev")
    assert [(row.text, row.gold) for row in queries] == [
        ("Hello.", "ka-3"),
        ("It is raining.", "ka-2"),
        ("The sun shines.", "ka-1"),
    ]
    assert pool == [Sentence(f"ka-{i}", text) for i, text in enumerate(KAT, start=1)]
    for wrong in ("3", "2", "-1", "x", "", "9" * 30, "²"):
        write(tmp_path, "tatoeba_ka/ka-en.labels", "2", wrong, "0")
        with pytest.raises(InputError, match="line 2: should be a line's number from 0 to 2, each once"):
            both(tmp_path, "tatoeba", "ka", "dev")
    labels.write_text("2\n1\n")
    with pytest.raises(InputError, match=r"has 3 lines, ka-en\.labels 2"):
        both(tmp_path, "tatoeba", "ka", "dev")


@pytest.mark.parametrize(
    ("language", "split", "message"),
    [
        ("ka", "train", "tatoeba has no training part"),
        ("ka", "dev", "there is no tatoeba/tatoeba.kat-eng.kat"),
        ("zh", "dev", "there is no tatoeba/tatoeba.cmn-eng.cmn"),
        ("qu", "dev", "name the language by the three letters of LASER's file"),
    ],
)
def test_what_tatoeba_lacks_is_said_at_once(tmp_path: Path, language: str, split: str, message: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        files.source("tatoeba", tmp_path, language, split)
    assert message in str(caught.value)


def test_one_side_of_tatoeba_is_missing_cut_off_or_empty(tmp_path: Path) -> None:
    write(tmp_path, "tatoeba/tatoeba.kat-eng.kat", *KAT)
    with pytest.raises(MissingInputError, match=r"the English side: there is no tatoeba\.kat-eng\.eng"):
        files.source("tatoeba", tmp_path, "ka", "dev")
    english = write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", *ENG[:2])
    with pytest.raises(InputError, match=r"kat: has 3 lines, tatoeba\.kat-eng\.eng 2: they should be as many"):
        both(tmp_path, "tatoeba", "ka", "dev")
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", "Hello.", " ", "Bye.")
    with pytest.raises(InputError, match="line 2: there is no sentence"):
        both(tmp_path, "tatoeba", "ka", "dev")
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng")
    with pytest.raises(InputError, match="holds no sentences"):
        both(tmp_path, "tatoeba", "ka", "dev")
    english.write_bytes("Üben.\nGut.\nJa.\n".encode("latin-1"))
    with pytest.raises(UnreadableInputError, match="line 1: is not UTF-8"):
        both(tmp_path, "tatoeba", "ka", "dev")


# ---------------------------------------------------------------- BUCC

DE = ("de-1\tGuten Tag.", "de-2\tEs regnet. ", "de-3\tDie Sonne scheint.")
EN = ("en-1\tThe sun shines.", "en-2\tHello.", "en-3\tNo.", "en-4\tYes.")
GOLD = ("de-3\ten-1", "de-1\ten-2")


def bucc(folder: Path, stem: str, *, golds: tuple[str, ...] | None = GOLD) -> None:
    write(folder, f"{stem}.de", *DE)
    write(folder, f"{stem}.en", *EN)
    if golds is not None:
        write(folder, f"{stem}.gold", *golds)


@pytest.mark.parametrize(
    ("split", "stem"),
    [
        ("dev", "bucc2018/de-en.dev"),
        ("dev", "bucc2018/de-en.sample"),
        ("dev", "bucc2018/de-en/de-en.sample"),
        ("test", "bucc2018/de-en.test"),
        ("test", "bucc2018/de-en.training"),
        ("test", "bucc2018/de-en/de-en.training"),
    ],
)
def test_the_other_language_asks_and_the_english_side_is_the_pool(tmp_path: Path, split: str, stem: str) -> None:
    bucc(tmp_path, stem)
    queries, pool = both(tmp_path, "bucc", "de", split)
    assert queries == [
        Sentence("de-1", "Guten Tag.", "en-2"),
        Sentence("de-2", "Es regnet.", None),
        Sentence("de-3", "Die Sonne scheint.", "en-1"),
    ]
    assert pool == [Sentence(*line.split("\t")) for line in EN]


def test_the_gold_that_xtremes_script_deletes_is_withheld(tmp_path: Path) -> None:
    bucc(tmp_path, "bucc2018/de-en.test", golds=None)
    with pytest.raises(InputError) as caught:
        files.source("bucc", tmp_path, "de", "test")
    assert "there is no de-en.test.gold: the labels are withheld" in str(caught.value)
    assert "put de-en.training.gold of bucc2018-de-en.training-gold.tar.bz2" in str(caught.value)
    # which is what one does
    write(tmp_path, "bucc2018/de-en.training.gold", *GOLD)
    assert [row.gold for row in both(tmp_path, "bucc", "de", "test")[0]] == ["en-2", None, "en-1"]


def test_files_that_are_complete_go_before_those_without_gold(tmp_path: Path) -> None:
    bucc(tmp_path, "bucc2018/de-en.test", golds=None)
    bucc(tmp_path, "bucc2018/de-en/de-en.training", golds=GOLD[:1])
    assert [row.gold for row in both(tmp_path, "bucc", "de", "test")[0]] == [None, None, "en-1"]


def test_two_sentences_may_have_one_translation(tmp_path: Path) -> None:
    bucc(tmp_path, "bucc2018/de-en.dev", golds=("de-3\ten-1", "de-1\ten-1", "de-3\ten-1"))
    assert [row.gold for row in both(tmp_path, "bucc", "de", "dev")[0]] == ["en-1", None, "en-1"]


def test_few_second_translations_are_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "bucc2018/de-en.dev.de", *[f"de-{i}\tSatz {i}" for i in range(200)])
    write(tmp_path, "bucc2018/de-en.dev.en", *[f"en-{i}\tSentence {i}" for i in range(200)])
    golds = [f"de-{i}\ten-{i}" for i in range(200)]
    write(tmp_path, "bucc2018/de-en.dev.gold", *golds, "de-5\ten-6")
    with caplog.at_level(logging.WARNING):
        queries, _ = both(tmp_path, "bucc", "de", "dev")
    assert [row.gold for row in queries] == [f"en-{i}" for i in range(200)]
    assert "1 second translations are left out, the first in line 201" in caplog.text
    write(tmp_path, "bucc2018/de-en.dev.gold", *golds, "de-5\ten-6", "de-7\ten-6", "de-8\ten-6")
    with pytest.raises(InputError, match="line 201: gives a second translation, as 3 lines do"):
        both(tmp_path, "bucc", "de", "dev")


HOSTILE = [
    ("de", "de-1\n", "line 1: should be an id, a tab and a sentence"),
    ("de", "\tGuten Tag.\n", "line 1: should be an id, a tab and a sentence"),
    ("de", "de-1\ta\nde-1\tb\n", "line 2: the id 'de-1' stands twice"),
    ("de", "", "holds no sentences"),
    ("de", "de-1\tGuten Tag.\nde-2\tEs reg", "de-en.dev.gold, line 1: de-en.dev.de has no sentence 'de-3'"),
    ("en", "en-1\tThe sun", "de-en.dev.gold, line 2: de-en.dev.en has no sentence 'en-2'"),
    ("en", "en-1\tThe sun\nen-2\tx\n\n", "line 3: should be an id, a tab and a sentence"),
    ("gold", "", "holds no pairs"),
    ("gold", "de-3 en-1\n", "line 1: should be two ids with a tab between"),
    ("gold", "de-3\ten-1\nde-1\n", "line 2: should be two ids with a tab between"),
    ("gold", "de-3\ten-1\t0.9\n", "line 1: should be two ids with a tab between"),
    ("gold", "de-3\ten-9\n", "line 1: de-en.dev.en has no sentence 'en-9'"),
    ("gold", "de-9\ten-1\n", "line 1: de-en.dev.de has no sentence 'de-9'"),
]


@pytest.mark.parametrize(("end", "content", "message"), HOSTILE)
def test_bad_bucc_files_are_named_with_their_line(tmp_path: Path, end: str, content: str, message: str) -> None:
    bucc(tmp_path, "bucc2018/de-en.dev")
    (tmp_path / f"bucc2018/de-en.dev.{end}").write_text(content)
    with pytest.raises(InputError) as caught:
        both(tmp_path, "bucc", "de", "dev")
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("language", "split", "message"),
    [
        ("de", "train", "bucc has no training part"),
        ("de", "dev", "there is no bucc2018/de-en.dev.de"),
        ("sw", "test", "there is no bucc2018/sw-en.test.sw"),
    ],
)
def test_what_bucc_lacks_is_said_at_once(tmp_path: Path, language: str, split: str, message: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        files.source("bucc", tmp_path, language, split)
    assert message in str(caught.value)


def test_bucc_without_its_english_side_is_missing(tmp_path: Path) -> None:
    write(tmp_path, "bucc2018/de-en.dev.de", *DE)
    with pytest.raises(MissingInputError, match=r"there is no de-en\.dev\.en"):
        files.source("bucc", tmp_path, "de", "dev")


def test_spoiled_bytes_raise_input_errors_alone(tmp_path: Path) -> None:
    random_ = random.Random(5)
    bucc(tmp_path, "bucc2018/de-en.dev")
    write(tmp_path, "tatoeba/tatoeba.kat-eng.kat", *KAT)
    write(tmp_path, "tatoeba/tatoeba.kat-eng.eng", *ENG)
    cases = [("bucc", "de", f"bucc2018/de-en.dev.{end}") for end in ("de", "en", "gold")]
    cases += [("tatoeba", "ka", f"tatoeba/tatoeba.kat-eng.{end}") for end in ("kat", "eng")]
    failed = 0
    for task, language, name in cases:
        path = tmp_path / name
        whole = path.read_bytes()
        for _ in range(60):
            spoiled = bytearray(whole[: random_.randint(1, len(whole))])
            spoiled[random_.randrange(len(spoiled))] = random_.randrange(256)
            path.write_bytes(bytes(spoiled))
            failed += only_known_errors(partial(files.source, task, tmp_path, language, "dev")) is not None
        path.write_bytes(whole)
        assert only_known_errors(partial(files.source, task, tmp_path, language, "dev")) is None
    assert failed > 100


# ---------------------------------------------------------------- the official files


@pytest.fixture(scope="session")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(data, tmp_path_factory.mktemp("bitext"))


@pytest.mark.parametrize("language", task_info("tatoeba").languages)
def test_lasers_tatoeba(real: Archives, language: str) -> None:
    queries, pool = both(real.folder("tatoeba"), "tatoeba", language, "test")
    assert len(queries) == len(pool) == task_info("tatoeba").test.by_language[language]
    # no sentence stands twice on a side
    assert len({row.text for row in queries}) == len({row.text for row in pool}) == len(pool)
    assert [row.gold for row in queries] == [row.id for row in pool]
    check_golden("files_bitext.json", f"tatoeba {language} test", pinned(queries, pool))


def test_all_of_lasers_languages_are_read(real: Archives) -> None:
    folder = real.folder("tatoeba")
    codes = sorted(path.suffix[1:] for path in (folder / "tatoeba").glob("tatoeba.*-eng.???") if path.suffix != ".eng")
    sizes = {code: len(both(folder, "tatoeba", code, "dev")[1]) for code in codes}
    assert len(sizes) == 112
    assert (min(sizes.values()), max(sizes.values())) == (104, 1000)


def test_xtremes_form_of_lasers_files_is_refused(real: Archives, tmp_path: Path) -> None:
    folder = real.folder("tatoeba") / "tatoeba"
    foreign = (folder / "tatoeba.jav-eng.jav").read_text("utf-8").splitlines()
    english = [line.strip() for line in (folder / "tatoeba.jav-eng.eng").read_text("utf-8").splitlines()]
    for name, end in (("jv-en", "en"), ("tatoeba.jav-eng", "eng")):
        into = tmp_path / name
        write(into, f"tatoeba/{name}.{'jv' if end == 'en' else 'jav'}", *foreign)
        write(into, f"tatoeba/{name}.{end}", *sorted(english))
        with pytest.raises(InputError, match="the labels are withheld"):
            both(into, "tatoeba", "jv", "test")


def test_bucc_zh_dev(real: Archives) -> None:
    queries, pool = both(real.folder("bucc2018"), "bucc", "zh", "dev")
    assert (len(queries), len(pool)) == (8_624, 13_589)
    golds = [row.gold for row in queries if row.gold is not None]
    assert len(golds) == task_info("bucc").dev.by_language["zh"] == 257
    assert set(golds) <= {row.id for row in pool}
    check_golden("files_bitext.json", "bucc zh dev", pinned(queries, pool))
