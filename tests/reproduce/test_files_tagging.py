"""Tagging read from files: UD parts of speech, PAN-X and CCG in each layout, withheld tags, bad input.

The golden file is written anew with WRITE_GOLDEN=1.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from task_rows import Archives, check_golden, only_known_errors, pinned

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce.data import files
from reproduce.data.files.tagging import OTHER
from reproduce.data.rows import Tagged, gold
from reproduce.tasks import task as task_info


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def sentences(*found: str) -> str:
    """ "Ada/B-PER ran/O" as XTREME writes it: a word, a tab and its tag a line, no empty line at the end."""
    blocks = ["\n".join("\t".join(item.rsplit("/", 1)) for item in sentence.split()) for sentence in found]
    return "\n\n".join(blocks) + "\n"


def rows(folder: Path, task: str, language: str = "en", split: str = "dev") -> list[tuple[str, str]]:
    """The id and "word/tag word/tag" of each sentence."""
    found = []
    for row in files.source(task, folder, language, split):
        assert isinstance(row, Tagged)
        assert len(row.words) == len(row.tags)
        found.append((row.id, " ".join(f"{word}/{tag}" for word, tag in zip(row.words, row.tags, strict=True))))
    return found


def fails(folder: Path, task: str, language: str = "en", split: str = "dev") -> str:
    """The one line that the user is told."""
    with pytest.raises(InputError) as caught:
        list(files.source(task, folder, language, split))
    return str(caught.value)


NAMES = sentences("Ada/B-PER Lovelace/I-PER ran/O", "Rome/B-LOC")
NAMES_READ = [("0", "Ada/B-PER Lovelace/I-PER ran/O"), ("1", "Rome/B-LOC")]
WIKIANN = sentences("sw:Ada/B-PER sw:Lovelace/I-PER sw:ran/O", "sw:Rome/B-LOC")
SPEECH = sentences("Dogs/NOUN run/VERB ./PUNCT", "Yes/INTJ")
SPEECH_READ = [("0", "Dogs/NOUN run/VERB ./PUNCT"), ("1", "Yes/INTJ")]

# ---------------------------------------------------------------- the official formats


@pytest.mark.parametrize(
    ("task", "language", "split", "name", "content", "wanted"),
    [
        ("udpos", "en", "train", "udpos/train-en.tsv", SPEECH, SPEECH_READ),
        ("udpos", "mr", "dev", "udpos/dev-mr.tsv", SPEECH, SPEECH_READ),
        ("udpos", "mr", "test", "udpos/test-mr.tsv", SPEECH, SPEECH_READ),
        ("udpos", "de", "train", "udpos/train-de.tsv", SPEECH, SPEECH_READ),
        ("panx", "en", "train", "panx/train-en.tsv", NAMES, NAMES_READ),
        ("panx", "sw", "dev", "panx/dev-sw.tsv", NAMES, NAMES_READ),
        ("panx", "sw", "dev", "panx/dev-sw.tsv", WIKIANN, NAMES_READ),
        ("panx", "sw", "dev", "panx/sw-dev", WIKIANN, NAMES_READ),
        ("panx", "sw", "test", "panx/sw/test", WIKIANN, NAMES_READ),
        ("panx", "sw", "train", "panx_dataset/sw/train", WIKIANN, NAMES_READ),
    ],
)
def test_each_layout_is_read(
    tmp_path: Path, task: str, language: str, split: str, name: str, content: str, wanted: list[tuple[str, str]]
) -> None:
    write(tmp_path, name, content)
    source = files.source(task, tmp_path, language, split)
    assert (source.task, source.language, source.split) == (task, language, split)
    assert source.labels == task_info(task).labels
    assert rows(tmp_path, task, language, split) == wanted
    assert list(source) == list(source)  # read anew each time


@pytest.mark.parametrize(
    "content",
    [
        NAMES + "\n\n\n",
        "\n\n" + NAMES,
        NAMES.rstrip("\n"),
        NAMES.replace("\n", "\r\n"),
        "\ufeff" + NAMES,
        NAMES.replace("\t", " \t").replace("\n", " \n"),
        NAMES.replace("\n\n", "\n \n\n"),
    ],
    ids=[
        "empty lines at the end",
        "at the start",
        "no line feed",
        "CRLF",
        "BOM",
        "trailing spaces",
        "more empty lines",
    ],
)
def test_white_space_between_sentences_changes_nothing(tmp_path: Path, content: str) -> None:
    write(tmp_path / "plain", "panx/dev-sw.tsv", NAMES)
    write(tmp_path / "other", "panx/dev-sw.tsv", content)
    plain, other = (files.source("panx", tmp_path / name, "sw", "dev") for name in ("plain", "other"))
    assert gold(plain) == gold(other)
    assert plain.fingerprint != other.fingerprint


def test_words_may_hold_spaces_and_other_white_space_or_be_empty(tmp_path: Path) -> None:
    words = ["New York", "\u3000", "a\u200db", "\u2028", "", "x\x85"]
    write(tmp_path, "udpos/dev-fr.tsv", "".join(f"{word}\tPROPN\n" for word in words))
    (row,) = files.source("udpos", tmp_path, "fr", "dev")
    assert isinstance(row, Tagged)
    assert row.words == tuple(words)


def test_the_prefix_of_wikiann_goes_and_other_colons_stay(tmp_path: Path) -> None:
    write(tmp_path, "panx/fi-dev", sentences("fi:Ratio/O fi:3:1/O fi:fi:x/O", "fi:tv:stä/O"))
    assert rows(tmp_path, "panx", "fi") == [("0", "Ratio/O 3:1/O fi:x/O"), ("1", "tv:stä/O")]
    write(tmp_path, "panx/dev-fi.tsv", sentences("fi:n/O Ratio/O", "fi:n/O"))
    assert rows(tmp_path, "panx", "fi") == [("0", "fi:n/O Ratio/O"), ("1", "fi:n/O")]
    write(tmp_path, "panx/dev-fi.tsv", sentences("fi:Ratio/O", "fi:a/O b/O"))
    assert "line 4: has a word without the 'fi:'" in fails(tmp_path, "panx", "fi")
    write(tmp_path, "udpos/dev-fi.tsv", sentences("fi:n/NOUN"))
    assert rows(tmp_path, "udpos", "fi") == [("0", "fi:n/NOUN")]


# ---------------------------------------------------------------- withheld tags


def test_xtremes_test_files_without_tags_are_refused(tmp_path: Path) -> None:
    for task in ("udpos", "panx"):
        write(tmp_path, f"{task}/test-de.tsv", "Ada\nran\n\nRom\n")
        message = fails(tmp_path, task, "de", "test")
        assert f"{task}/test-de.tsv, line 1: labels are withheld; score the dev part" in message
    write(tmp_path, "panx/de-test", sentences("de:Rom/B-LOC"))
    assert rows(tmp_path, "panx", "de", "test") == [("0", "Rom/B-LOC")]


@pytest.mark.parametrize(
    ("task", "content"),
    [
        ("udpos", sentences(*["Ada/X ran/X"] * 30)),
        ("panx", sentences(*["Ada/O ran/O"] * 30)),
        ("udpos", sentences("Ada/_ ran/_")),
        ("panx", "Ada\t\nran\t\n"),
    ],
)
def test_placeholders_are_refused(tmp_path: Path, task: str, content: str) -> None:
    write(tmp_path, f"{task}/test-de.tsv", content)
    message = fails(tmp_path, task, "de", "test")
    assert "labels are withheld" in message
    assert "score the dev part" in message


def test_a_part_of_the_test_sentences_is_no_test_part_unless_the_user_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "udpos/test-tr.gold_from_UD.tsv", SPEECH)
    write(tmp_path, "udpos/suspect_predictions/test-tr.tsv", SPEECH)
    with pytest.raises(MissingInputError, match=r"gold_from_UD\.tsv holds part of the sentences and is no substitute"):
        files.source("udpos", tmp_path, "tr", "test")
    path.rename(tmp_path / "udpos/test-tr.tsv")
    assert rows(tmp_path, "udpos", "tr", "test") == SPEECH_READ


# ---------------------------------------------------------------- CCG

TRAIN = "Ada/N/N runs/S[dcl]\\NP"
STAGGED = """# this file was generated by the following command(s):
# extract_sequences

Ada|NNP|N runs|VBZ|S[dcl]\\NP ,|,|,
the|DT|NP[nb]/N x|y|NN|N
"""


def tagged(*found: list[tuple[str, str]]) -> str:
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) for sentence in found)


def leaf(word: str, category: str) -> str:
    return f"(<L {category} NN NN {word} {category}>)"


def auto(*found: list[tuple[str, str]]) -> str:
    """CCGbank's own files."""
    lines = []
    for number, sentence in enumerate(found, start=1):
        lines.append(f"ID=wsj_0001.{number} PARSER=GOLD NUMPARSE=1")
        lines.append(f"(<T S[dcl] 0 2> {' '.join(leaf(*item) for item in sentence)} )")
    return "\n".join(lines) + "\n"


A = [("Ada", "N"), ("runs", "S[dcl]\\NP"), (",", ",")]
B = [("the", "NP[nb]/N"), ("x|y", "N")]
FILLER = [("x", "N")]
NEW = [("Ada", "N"), ("so", "(S\\NP)\\(S\\NP)")]


def ccg_words(folder: Path) -> None:
    write(folder, "ccg/train-en.tsv", tagged(A, B))
    write(folder, "ccg/dev-en.tsv", tagged(B, NEW))


def ccg_stagged(folder: Path) -> None:
    write(folder, "ccg/wsj02-21.stagged", STAGGED)
    write(folder, "ccg/wsj00.stagged", "the|DT|NP[nb]/N x|y|NN|N\nAda|NNP|N so|RB|(S\\NP)\\(S\\NP)\n")


def ccg_auto(folder: Path) -> None:
    for section in range(25):
        content = {2: auto(A), 21: auto(B), 0: auto(B, NEW)}.get(section, auto(FILLER))
        write(folder, f"ccgbank_1_1/data/AUTO/{section:02}/wsj_{section:02}01.auto", content)


@pytest.mark.parametrize("layout", [ccg_words, ccg_stagged, ccg_auto])
def test_ccg_in_each_layout(tmp_path: Path, layout: object) -> None:
    assert callable(layout)
    layout(tmp_path)
    train = [
        row for row in files.source("ccg", tmp_path, "en", "train") if isinstance(row, Tagged) and row.words != ("x",)
    ]
    assert [list(zip(row.words, row.tags, strict=True)) for row in train] == [A, B]
    dev = files.source("ccg", tmp_path, "en", "dev")
    # the classes are those of the training part, sorted; what it lacks is one more, which nothing predicts
    assert dev.labels == (",", "N", "NP[nb]/N", "S[dcl]\\NP", OTHER)
    assert dev.labels == files.source("ccg", tmp_path, "en", "train").labels
    assert rows(tmp_path, "ccg") == [("0", "the/NP[nb]/N x|y/N"), ("1", f"Ada/N so/{OTHER}")]


def test_ccg_classes_come_from_the_english_training_part(tmp_path: Path) -> None:
    write(tmp_path, "ccg/dev-en.tsv", tagged(B))
    assert "ccg, train part in 'en': there is no ccg/train-en.tsv" in fails(tmp_path, "ccg")
    write(tmp_path, "ccg/train-en.tsv", tagged(A))
    before = files.source("ccg", tmp_path, "en", "dev")
    write(tmp_path, "ccg/train-en.tsv", tagged(A, B))
    assert before.fingerprint != files.source("ccg", tmp_path, "en", "dev").fingerprint
    write(tmp_path, "ccg/train-de.tsv", tagged(NEW))
    assert files.source("ccg", tmp_path, "de", "train").labels[-2:] == ("S[dcl]\\NP", OTHER)
    assert rows(tmp_path, "ccg", "de", "train") == [("0", f"Ada/N so/{OTHER}")]


def test_ccgbank_without_a_section_is_refused(tmp_path: Path) -> None:
    ccg_auto(tmp_path)
    (tmp_path / "ccgbank_1_1/data/AUTO/13/wsj_1301.auto").unlink()
    assert "section 13 is missing" in fails(tmp_path, "ccg")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ccg/dev-en.tsv", tagged(B) + "cut", "line 3: has no tag"),
        ("ccg/wsj00.stagged", "the|DT|NP[nb]/N\nhalf|DT\n", "line 2: 'half' is not word|part of speech|supertag"),
        ("ccg/wsj00.stagged", "# only a comment\n", "holds no sentences"),
        ("ccgbank_1_1/data/AUTO/00/wsj_0001.auto", auto(B)[:-20], "wsj_0001.auto, line 2: is no derivation of CCGbank"),
        ("ccgbank_1_1/data/AUTO/00/wsj_0001.auto", "ID=x\n(<T S 0 2>)\n", "line 2: is no derivation"),
        ("ccgbank_1_1/data/AUTO/00/wsj_0001.auto", auto(B).replace("NN x|y N", "NN x|y"), "line 2: is no derivation"),
    ],
)
def test_damaged_ccg(tmp_path: Path, name: str, content: str, message: str) -> None:
    if name.startswith("ccgbank"):
        ccg_auto(tmp_path)
    else:
        write(tmp_path, "ccg/train-en.tsv", tagged(A, B))
    write(tmp_path, name, content)
    found = fails(tmp_path, "ccg")
    assert name in found
    assert message in found


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no sentences"),
        ("\n\n\n", "holds no sentences"),
        (NAMES + "\nAda\tB-PER\nLov", "line 8: has no tag; fetch the file again"),
        (NAMES + "\nAda\tB-PE", "line 7: has the tag 'B-PE'; tags are O, B-PER"),
        (NAMES + "\nAda\tB-PER\textra\n", "line 7: has 3 columns instead of 2"),
        (NAMES.replace("\t", " "), "line 1: has no tab between word and tag"),
        (SPEECH, "line 1: has the tag 'NOUN'"),
        (NAMES.encode() + b"\ncaf\xe9\tO\n", "line 7: is not UTF-8"),
        (NAMES.encode("utf-16"), "line 1: is not UTF-8"),
        (NAMES + "\nAda\tO\n\tB-\n", "line 8: has the tag 'B-'"),
        (NAMES + "\n" + "x" * 50 + "\t" + "y" * 500, "line 7: has the tag 'yyyy"),
    ],
)
def test_bad_files_are_named_with_line_and_remedy(tmp_path: Path, content: str | bytes, message: str) -> None:
    write(tmp_path, "panx/dev-sw.tsv", content)
    found = fails(tmp_path, "panx", "sw")
    assert "panx/dev-sw.tsv" in found
    assert message in found
    assert "\n" not in found
    assert len(found) < 400


def test_a_training_part_without_tags_is_an_error_too(tmp_path: Path) -> None:
    write(tmp_path, "panx/train-en.tsv", "Ada\nran\n")
    assert "line 1: has no tag" in fails(tmp_path, "panx", "en", "train")
    write(tmp_path, "panx/train-en.tsv", sentences(*["Ada/O"] * 30))  # odd, but no placeholder: nothing is scored on it
    assert len(rows(tmp_path, "panx", "en", "train")) == 30


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "udpos/dev-ar.tsv", SPEECH)
    write(tmp_path, "udpos/dev-zh.tsv", SPEECH)
    with pytest.raises(MissingInputError, match=r"no udpos/dev-th\.tsv; files are there for ar, zh"):
        files.source("udpos", tmp_path, "th", "dev")
    with pytest.raises(MissingInputError, match=r"no udpos/test-ar\.tsv; score the dev part"):
        files.source("udpos", tmp_path, "ar", "test")
    for task in ("udpos", "ccg"):
        with pytest.raises(UsageError, match="no part 'validation'"):
            files.source(task, tmp_path, "en", "validation")
    source = files.source("udpos", tmp_path, "ar", "dev")
    (tmp_path / "udpos/dev-ar.tsv").unlink()
    with pytest.raises(UnreadableInputError):
        list(source)


FUZZED = [
    ("udpos", "dev", "udpos/dev-en.tsv", SPEECH),
    ("panx", "test", "panx/en-test", WIKIANN.replace("sw:", "en:")),
    ("ccg", "train", "ccg/train-en.tsv", tagged(A, B)),
    ("ccg", "train", "ccg/wsj02-21.stagged", STAGGED),
    ("ccg", "dev", "ccgbank_1_1/data/AUTO/00/wsj_0001.auto", auto(A, B)),
]
JUNK = [b"\t", b"\n", b"\r\n", b"|", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"<L ", b":", b" ", b"\xc2\x85"]


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    case=st.sampled_from(FUZZED),
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 30), st.sampled_from([b"", *JUNK])), max_size=4),
    end=st.integers(0, 4000) | st.none(),
)
@example(case=FUZZED[4], edits=[(0, 0, b"<L " * 100_000)], end=None)
@example(case=FUZZED[4], edits=[(0, 0, b"<L " + b"x" * 200_000)], end=None)
@example(case=FUZZED[3], edits=[(0, 0, b"|" * 200_000)], end=None)
def test_damaged_files_raise_input_errors_alone(
    tmp_path: Path, case: tuple[str, str, str, str], edits: list[tuple[int, int, bytes]], end: int | None
) -> None:
    task, split, name, content = case
    data = content.encode()
    for place, length, junk in edits:
        place %= len(data) + 1
        data = data[:place] + junk + data[place + length :]
    folder = tmp_path / name.replace("/", "-")
    if task == "ccg" and split == "dev" and not folder.is_dir():
        ccg_auto(folder)
    write(folder, name, data[:end])
    only_known_errors(partial(files.source, task, folder, "en", split))


# ---------------------------------------------------------------- the official files

# sentences, where the file is not of the size that the catalogue gives (that of the hub), or the language not in it
UDPOS_DEV = {"el": 403, "fr": 2903, "ru": 8108, "zh": 1000, "lt": 672, "pl": 3960, "ro": 2247, "uk": 672, "wo": 449}
PANX_DEV = {"az": 1000, "gu": 100, "lt": 10000, "pa": 100, "pl": 10000, "qu": 100, "ro": 10000, "uk": 10000}


def sizes(task: str, own: dict[str, int]) -> dict[str, int]:
    known = dict(task_info(task).dev.by_language) | own
    return {code: known[code] for code in sorted(known) if code != "th"}  # WikiAnn's Thai is not at hand


REAL = [
    ("udpos", "en", "train", 21_253),
    *(("udpos", code, "dev", size) for code, size in sizes("udpos", UDPOS_DEV).items()),
    ("panx", "en", "train", 20_000),
    *(("panx", code, "dev", size) for code, size in sizes("panx", PANX_DEV).items()),
]


@pytest.fixture(scope="module")
def archives(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(data, tmp_path_factory.mktemp("tagging"))


@pytest.mark.parametrize(("task", "language", "split", "count"), REAL)
def test_the_official_files(archives: Archives, task: str, language: str, split: str, count: int) -> None:
    found = list(files.source(task, archives.folder(task), language, split))
    tags = Counter(tag for row in found if isinstance(row, Tagged) for tag in row.tags)
    assert len(found) == len({row.id for row in found if isinstance(row, Tagged)}) == count
    labels = task_info(task).labels
    assert set(tags) <= set(labels)
    if task == "panx" or split == "train":  # small treebanks lack a tag or two
        assert set(tags) == set(labels)
    check_golden("files_tagging.json", f"{task} {language} {split}", pinned(found))


def test_what_the_archives_hold(archives: Archives) -> None:
    """The README of the development data counts the languages: 34 of UD parts of speech, 47 of PAN-X."""
    assert Counter((task, split) for task, _, split, _ in REAL)["udpos", "dev"] == 34
    assert Counter((task, split) for task, _, split, _ in REAL)["panx", "dev"] == 47
    folder = archives.folder("udpos")
    archives.folder("panx")
    for task, others in (("udpos", 34), ("panx", 47)):
        there = {path.name[4:-4] for path in (folder / task).glob("dev-*.tsv")}
        assert there == {code for name, code, split, _ in REAL if (name, split) == (task, "dev")}
        assert len(there) == others
    with pytest.raises(MissingInputError, match=r"test-de\.gold_from_UD\.tsv holds part of the sentences"):
        files.source("udpos", folder, "de", "test")
    with pytest.raises(MissingInputError, match="score the dev part"):
        files.source("panx", folder, "de", "test")
