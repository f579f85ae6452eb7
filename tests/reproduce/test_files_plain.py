"""Plain text for pretraining: a file a language, a sentence a line, and what is wrong with files that are not that."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce.data import files
from reproduce.data.files import plain
from reproduce.data.rows import Line, gold


def lines(folder: Path, language: str = "en") -> list[str]:
    return [row.text for row in files.source("text", folder, language, "train") if isinstance(row, Line)]


def test_lines_are_sentences_without_the_spaces_around_them(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_bytes("\ufeffone\r\n\n  two \n\t\nthree\u2028still three\nfour".encode())
    assert lines(tmp_path) == ["one", "two", "three\u2028still three", "four"]


def test_a_source_is_read_as_often_as_asked(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("one\ntwo\n")
    source = files.source("text", tmp_path, "en", "train")
    assert list(source) == list(source)
    assert gold(source).labels == ()


def test_a_file_of_one_line_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("alone")
    assert lines(tmp_path) == ["alone"]


def test_the_folder_text_comes_first(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "en.txt").write_text("outside\n")
    (tmp_path / "text" / "en.txt").write_text("inside\n")
    assert lines(tmp_path) == ["inside"]


def test_the_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "en.txt"
    found = []
    for content in ("one\n", "one\n", "two\n"):
        path.write_text(content)
        found.append(files.source("text", tmp_path, "en", "train").fingerprint)
    assert found[0] == found[1] != found[2]


def test_languages_are_the_files_with_such_names(tmp_path: Path) -> None:
    for name in ("en.txt", "zh-Hans.txt", "README.txt", "stats.json", "de.txt.gz"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "fr.txt").mkdir()
    assert plain.languages(tmp_path) == ("en", "zh-Hans")


@pytest.mark.parametrize("content", ["", "\n\n  \n\t\n", "\ufeff\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "en.txt").write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableInputError, match=r"en\.txt: holds no text; put one sentence a line into it"):
        lines(tmp_path)


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_bytes("first\nsecond\nL'été\n".encode("latin-1"))
    with pytest.raises(UnreadableInputError, match=r"en\.txt, line 3: is not UTF-8; save the file as UTF-8"):
        lines(tmp_path)


def test_a_language_without_a_file_is_refused_with_those_there_are(tmp_path: Path) -> None:
    for name in ("de.txt", "en.txt"):
        (tmp_path / name).write_text("x\n")
    with pytest.raises(MissingInputError, match=r"no text in the language 'fr'.*fr\.txt.*it has de, en"):
        files.source("text", tmp_path, "fr", "train")


def test_a_folder_that_is_missing_or_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="there is no such folder"):
        plain.languages(tmp_path / "nowhere")
    with pytest.raises(MissingInputError, match="there is no such folder"):
        files.source("text", tmp_path / "nowhere", "en", "train")
    with pytest.raises(MissingInputError, match=r"no text in it; name a folder that holds a file a language"):
        plain.languages(tmp_path)
    with pytest.raises(MissingInputError, match="no text in it"):
        files.source("text", tmp_path, "en", "train")


def test_there_is_a_training_part_only(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("x\n")
    with pytest.raises(UsageError, match="plain text has no dev part; read 'train'"):
        files.source("text", tmp_path, "en", "dev")
