"""Classification read from files: each official layout, withheld labels, mixed languages, translations, bad input.

The golden file is written anew with WRITE_GOLDEN=1.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from task_rows import Archives, check_golden, only_known_errors, pinned

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError, UsageError
from reproduce.data import files
from reproduce.data.rows import Pair, gold
from reproduce.tasks import task as task_info

NLI = ("entailment", "neutral", "contradiction")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(*rows: Sequence[str], end: str = "\n") -> str:
    return "".join("\t".join(row) + end for row in rows)


def rows(folder: Path, task: str, language: str = "en", split: str = "dev") -> list[tuple[str, str, str | None, str]]:
    found = []
    for row in files.source(task, folder, language, split):
        assert isinstance(row, Pair)
        found.append((row.id, row.first, row.second, row.label))
    return found


def fails(folder: Path, task: str, language: str = "en", split: str = "dev") -> str:
    """The one line that the user is told."""
    with pytest.raises(InputError) as caught:
        list(files.source(task, folder, language, split))
    return str(caught.value)


# ---------------------------------------------------------------- the official formats

XTREME_NLI = table(("A cat sleeps.", "An animal rests.", "entailment"), ("He ran.", "He walked.", "contradiction"))
NLI_ROWS = [
    ("0", "A cat sleeps.", "An animal rests.", "entailment"),
    ("1", "He ran.", "He walked.", "contradiction"),
]


def jsonl(*rows_: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows_)


def multinli(*rows_: tuple[str, str, str], **more: str) -> str:
    """SNLI's and MultiNLI's own files."""
    return jsonl(
        *(
            {"annotator_labels": [label], "gold_label": label, "pairID": f"{i}e", "sentence1": a, "sentence2": b}
            | {"sentence1_parse": "(ROOT)", "sentence2_parse": "(ROOT)"}
            | more
            for i, (a, b, label) in enumerate(rows_)
        )
    )


MULTINLI = multinli(("A cat sleeps.", "An animal rests.", "entailment"), ("He ran.", "He walked. ", "contradiction"))

MNLI_GLUE_NAMES = (
    "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse "
    "sentence1 sentence2 label1 gold_label"
).split()


def glue_mnli(names: Sequence[str], *rows_: tuple[str, str, str]) -> str:
    body = []
    for i, (first, second, label) in enumerate(rows_):
        known = {"index": str(i), "sentence1": first, "sentence2": second, "label1": label, "gold_label": label}
        body.append([known.get(name, "x") for name in names])
    return table(names, *body)


GLUE_MNLI = glue_mnli(
    MNLI_GLUE_NAMES, ("A cat sleeps.", "An animal rests.", "entailment"), ("He ran.", "He walked.", "contradiction")
)

XNLI_NAMES = (
    "language gold_label sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 "
    "sentence2 promptID pairID genre label1 label2 label3 label4 label5 sentence1_tokenized sentence2_tokenized match"
).split()


def xnli_1_0(*rows_: tuple[str, str, str, str]) -> str:
    body = []
    for language, first, second, label in rows_:
        known = {"language": language, "gold_label": label, "sentence1": first, "sentence2": second, "match": "True"}
        body.append([known.get(name, "") for name in XNLI_NAMES])
    return table(XNLI_NAMES, *body)


MIXED = xnli_1_0(
    ("ar", "قط", "حيوان", "neutral"),
    ("en", "A cat sleeps.", "An animal rests.", "entailment"),
    ("de", "Eine Katze.", "Ein Tier.", "neutral"),
    ("en", "He ran.", "He walked.", "contradiction"),
)

PAWS = table(("id", "sentence1", "sentence2", "label"), ("1", "a b", "b a", "0"), ("2", "c d", "d c", "1"))
XTREME_PAWS = table(("a b", "b a", "0"), ("c d", "d c", "1"))
PAWS_ROWS = [("0", "a b", "b a", "0"), ("1", "c d", "d c", "1")]

QQP = table(
    ("id", "qid1", "qid2", "question1", "question2", "is_duplicate"),
    ("133", "1", "2", "How?", "Why?", "0"),
    ("134", "3", "4", 'What is "it"?', "What is it?", "1"),
)
QQP_ROWS = [("0", "How?", "Why?", "not_duplicate"), ("1", 'What is "it"?', "What is it?", "duplicate")]
MRPC = table(
    ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"),
    ("1", "7", "8", 'He said "yes', "Yes, he said"),
    ("0", "9", "10", "A", "B"),
)
MRPC_ROWS = [("0", 'He said "yes', "Yes, he said", "equivalent"), ("1", "A", "B", "not_equivalent")]
COLA = table(("gj04", "1", "", "The sentence is good."), ("bc01", "0", "*", "Sentence the bad."))
COLA_ROWS = [("0", "The sentence is good.", None, "acceptable"), ("1", "Sentence the bad.", None, "unacceptable")]
SST = table(("sentence", "label"), ("a charming film", "1"), ("dull ", "0"))
SST_ROWS = [("0", "a charming film", None, "positive"), ("1", "dull", None, "negative")]
QNLI = table(
    ("index", "question", "sentence", "label"),
    ("0", "Who?", "Ada did.", "entailment"),
    ("1", "Where?", "Ada did.", "not_entailment"),
)
QNLI_ROWS = [("0", "Who?", "Ada did.", "entailment"), ("1", "Where?", "Ada did.", "not_entailment")]
RTE = table(
    ("index", "sentence1", "sentence2", "label"), ("0", "T", "H", "entailment"), ("1", "T2", "H2", "not_entailment")
)
RTE_ROWS = [("0", "T", "H", "entailment"), ("1", "T2", "H2", "not_entailment")]
WNLI = table(("index", "sentence1", "sentence2", "label"), ("0", "T", "H", "1"), ("1", "T2", "H2", "0"))

BOTH_PAWS = table(("x", "y", "a b", "b a", "0"), ("x", "y", "c d", "d c", "1"))
MY_QQP = table(("How?", "Why?", "0"), ('What is "it"?', "What is it?", "1"))
MY_COLA = table(("The sentence is good.", "1"), ("Sentence the bad.", "0"))

LAYOUTS = [
    ("mnli", "en", "train", "multinli_1.0/multinli_1.0_train.jsonl", MULTINLI, NLI_ROWS),
    ("mnli", "en", "dev", "mnli/multinli_1.0_dev_matched.jsonl", MULTINLI, NLI_ROWS),
    ("mnli", "en", "train", "MNLI/train.tsv", GLUE_MNLI, NLI_ROWS),
    ("mnli", "en", "dev", "MNLI/dev_matched.tsv", GLUE_MNLI, NLI_ROWS),
    ("mnli", "en", "dev", "glue_data/MNLI/dev_matched.tsv", GLUE_MNLI, NLI_ROWS),
    ("mnli", "en", "train", "xnli/train-en.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "en", "train", "xnli/train-en.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "en", "train", "MNLI/train.tsv", GLUE_MNLI, NLI_ROWS),
    ("xnli", "sw", "dev", "xnli/dev-sw.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "sw", "test", "xnli/test-sw.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "sw", "test", "xnli/test-sw.labeled.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "en", "dev", "XNLI-1.0/xnli.dev.tsv", MIXED, NLI_ROWS),
    ("xnli", "en", "test", "xnli/XNLI-1.0/xnli.test.tsv", MIXED, NLI_ROWS),
    ("paws-x", "en", "train", "pawsx/train-en.tsv", PAWS, PAWS_ROWS),
    ("paws-x", "en", "train", "pawsx/train-en.tsv", XTREME_PAWS, PAWS_ROWS),
    ("paws-x", "en", "train", "x-final/en/train.tsv", PAWS, PAWS_ROWS),
    ("paws-x", "ko", "dev", "pawsx/dev-ko.tsv", XTREME_PAWS, PAWS_ROWS),
    ("paws-x", "ko", "dev", "x-final/ko/dev_2k.tsv", PAWS, PAWS_ROWS),
    ("paws-x", "ko", "test", "x-final/ko/test_2k.tsv", PAWS, PAWS_ROWS),
    ("paws-x", "ko", "test", "pawsx/test-ko.labeled.tsv", XTREME_PAWS, PAWS_ROWS),
    ("qqp", "en", "train", "QQP/train.tsv", QQP, QQP_ROWS),
    ("qqp", "en", "dev", "glue/QQP/dev.tsv", QQP, QQP_ROWS),
    ("mrpc", "en", "dev", "MRPC/dev.tsv", MRPC, MRPC_ROWS),
    ("mrpc", "en", "test", "MRPC/msr_paraphrase_test.txt", "\ufeff" + MRPC, MRPC_ROWS),
    ("cola", "en", "train", "CoLA/train.tsv", COLA, COLA_ROWS),
    ("sst2", "en", "dev", "SST-2/dev.tsv", SST, SST_ROWS),
    ("qnli", "en", "dev", "QNLI/dev.tsv", QNLI, QNLI_ROWS),
    ("rte", "en", "train", "RTE/train.tsv", RTE, RTE_ROWS),
    ("wnli", "en", "dev", "WNLI/dev.tsv", WNLI, RTE_ROWS),
    # machine translations: the texts and the label, or the originals, the translations and the label
    ("mnli", "de", "train", "xnli/train-de.tsv", XTREME_NLI, NLI_ROWS),
    ("xnli", "de", "train", "mnli/train-de.tsv", XTREME_NLI, NLI_ROWS),
    (
        "mnli",
        "de",
        "train",
        "xtreme_translations/XNLI/translate-train/en-de-translated.tsv",
        table(
            ("a", "b", "A cat sleeps.", "An animal rests.", "entailment"),
            ("c", "d", "He ran.", "He walked.", "contradictory"),
        ),
        NLI_ROWS,
    ),
    (
        "xnli",
        "zh",
        "train",
        "XNLI-MT-1.0/multinli/multinli.train.zh.tsv",
        table(
            ("premise", "hypo", "label"),
            ("A cat sleeps.", "An animal rests.", "entailment"),
            ("He ran.", "He walked.", "contradictory"),
        ),
        NLI_ROWS,
    ),
    ("paws-x", "fr", "train", "x-final/fr/translated_train.tsv", PAWS, PAWS_ROWS),
    ("paws-x", "fr", "train", "pawsx/train-fr.tsv", BOTH_PAWS, PAWS_ROWS),
    ("qqp", "ru", "train", "QQP/train-ru.tsv", MY_QQP, QQP_ROWS),
    ("sst2", "sw", "train", "SST-2/train-sw.tsv", table(("x", "a charming film", "1"), ("y", "dull", "0")), SST_ROWS),
    ("cola", "sw", "train", "CoLA/train-sw.tsv", MY_COLA, COLA_ROWS),
    ("anli-plus", "sw", "train", "anli-plus/train-sw.tsv", XTREME_NLI, NLI_ROWS),
    ("nli-small", "sw", "train", "nli_small/train-sw.tsv", XTREME_NLI, NLI_ROWS),
]  # fmt: skip


@pytest.mark.parametrize(("task", "language", "split", "name", "content", "wanted"), LAYOUTS)
def test_each_layout_is_read(
    tmp_path: Path, task: str, language: str, split: str, name: str, content: str, wanted: list[Any]
) -> None:
    write(tmp_path, name, content)
    source = files.source(task, tmp_path, language, split)
    assert (source.task, source.language, source.split) == (task, language, split)
    assert source.labels == task_info(task).labels
    assert rows(tmp_path, task, language, split) == wanted
    assert list(source) == list(source)  # read anew each time


def test_every_task_of_the_catalogue_with_texts_and_classes_has_a_reader() -> None:
    from reproduce.data.files import pairs
    from reproduce.tasks import tasks

    wanted = {n for n in tasks() if task_info(n).data == "real" and task_info(n).head == "classification"}
    assert set(pairs.READERS) == wanted


def anli(*rows_: tuple[str, str, str]) -> str:
    return jsonl(
        *(
            {"uid": f"u{i}", "context": a, "hypothesis": b, "label": c, "reason": "x"}
            for i, (a, b, c) in enumerate(rows_)
        )
    )


def anli_plus(folder: Path, part: str, mnli: str = "train") -> None:
    snli = multinli(("s1", "s2", "neutral"), ("s3", "s4", "-"), ("s5", "s6", "entailment"))
    write(folder, f"snli_1.0/snli_1.0_{part}.jsonl", snli)
    write(folder, f"multinli_1.0/multinli_1.0_{mnli}.jsonl", multinli(("m1", "m2", "contradiction")))
    for number, label in enumerate("enc", start=1):
        write(folder, f"anli_v1.0/R{number}/{part}.jsonl", anli((f"a{number}", "h", label)))


@pytest.mark.parametrize(("part", "mnli"), [("train", "train"), ("dev", "dev_matched")])
def test_anli_plus_is_the_union_in_a_fixed_order_without_pairs_that_have_no_gold_label(
    tmp_path: Path, part: str, mnli: str
) -> None:
    anli_plus(tmp_path, part, mnli)
    assert rows(tmp_path, "anli-plus", split=part) == [
        ("snli-0", "s1", "s2", "neutral"),
        ("snli-2", "s5", "s6", "entailment"),
        ("mnli-0", "m1", "m2", "contradiction"),
        ("anli-r1-0", "a1", "h", "entailment"),
        ("anli-r2-0", "a2", "h", "neutral"),
        ("anli-r3-0", "a3", "h", "contradiction"),
    ]
    (tmp_path / f"anli_v1.0/R2/{part}.jsonl").unlink()
    assert f"anli_v1.0/R2/{part}.jsonl" in fails(tmp_path, "anli-plus", split=part)


def test_anli_plus_has_no_test_part(tmp_path: Path) -> None:
    assert "withheld" in fails(tmp_path, "anli-plus", split="test")


def nli_small(folder: Path) -> None:
    base = "nli_small/"
    pair = {"premise": "p", "hypothesis": "h", "label": "neutral"}
    write(folder, base + "generative-nli/mnli/dev.jsonl", jsonl(pair, pair | {"label": "entailment"}))
    write(folder, base + "generative-nli/snli/dev.jsonl", jsonl(pair))
    write(folder, base + "e-SNLI/s1.test", "One . \nTwo . \n")
    write(folder, base + "e-SNLI/s2.test", "Three . \nFour . \n")
    write(folder, base + "e-SNLI/labels.test", "neutral\ncontradiction\n")
    content = "\ufeff" + table(("Premise", "Hypothesis", "Label"), ('"A" is.', "B", "entailment"))
    write(folder, base + "ConjNLI/adversarial_train_15k.tsv", content)


def test_nli_small_is_made_of_dev_test_and_adversarial_sets(tmp_path: Path) -> None:
    nli_small(tmp_path)
    assert rows(tmp_path, "nli-small", split="train") == [
        ("mnli-dev-0", "p", "h", "neutral"),
        ("mnli-dev-1", "p", "h", "entailment"),
        ("snli-test-0", "One .", "Three .", "neutral"),
        ("snli-test-1", "Two .", "Four .", "contradiction"),
        ("conjnli-0", '"A" is.', "B", "entailment"),
    ]
    assert rows(tmp_path, "nli-small") == [("snli-dev-0", "p", "h", "neutral")]
    write(tmp_path, "nli_small/e-SNLI/s2.test", "Three .\n")
    assert "s2.test, line 2" in fails(tmp_path, "nli-small", split="train")


# ---------------------------------------------------------------- traps


def test_files_of_several_languages_give_the_rows_of_one(tmp_path: Path) -> None:
    write(tmp_path, "XNLI-1.0/xnli.dev.tsv", MIXED)
    assert rows(tmp_path, "xnli", "de") == [("0", "Eine Katze.", "Ein Tier.", "neutral")]
    message = fails(tmp_path, "xnli", "fr")
    assert "no rows in 'fr'" in message
    assert "it has ar, de, en" in message


def test_the_same_rows_are_the_same_gold_in_every_layout(tmp_path: Path) -> None:
    write(tmp_path / "a", "XNLI-1.0/xnli.dev.tsv", MIXED)
    write(tmp_path / "b", "xnli/dev-en.tsv", XTREME_NLI)
    write(tmp_path / "c", "xnli/dev-en.tsv", "\ufeff" + XTREME_NLI.replace("\n", "\r\n").rstrip())
    write(tmp_path / "d", "xnli/dev-en.tsv", XTREME_NLI + "\n\n")
    sources = [files.source("xnli", tmp_path / name, "en", "dev") for name in "abcd"]
    assert len({gold(source) for source in sources}) == 1
    assert gold(sources[0]).labels == (("0", "entailment"), ("1", "contradiction"))
    assert len({source.fingerprint for source in sources}) == 4


@pytest.mark.parametrize(
    ("task", "labelled", "unlabelled", "official"),
    [
        ("xnli", "xnli/test-de.labeled.tsv", "xnli/test-de.tsv", ("XNLI-1.0/xnli.test.tsv", MIXED)),
        ("paws-x", "pawsx/test-de.labeled.tsv", "pawsx/test-de.tsv", ("x-final/de/test_2k.tsv", PAWS)),
    ],
)
def test_labelled_files_go_before_xtremes_withheld_ones(
    tmp_path: Path, task: str, labelled: str, unlabelled: str, official: tuple[str, str]
) -> None:
    write(tmp_path, unlabelled, table(("a", "b"), ("c", "d")))
    message = fails(tmp_path, task, "de", "test")
    assert unlabelled in message
    assert "labels are withheld" in message
    assert "score the dev part" in message
    write(tmp_path, *official)
    assert rows(tmp_path, task, "de", "test")
    write(tmp_path, labelled, table(("only", "this", task_info(task).labels[0])))
    assert rows(tmp_path, task, "de", "test") == [("0", "only", "this", task_info(task).labels[0])]


def test_a_part_of_the_test_labels_is_no_test_part(tmp_path: Path) -> None:
    write(tmp_path, "pawsx/test-es.silver.tsv", XTREME_PAWS)
    assert "there is no pawsx/test-es.labeled.tsv" in fails(tmp_path, "paws-x", "es", "test")


WITHHELD = [
    ("xnli", "xnli/test-en.tsv", table(("a", "b"))),
    ("xnli", "xnli/test-en.tsv", table(("a", "b", ""), ("c", "d", ""))),
    ("xnli", "xnli/test-en.tsv", table(*[("a", f"b{i}", "neutral") for i in range(30)])),
    ("paws-x", "pawsx/test-en.tsv", table(*[(f"a{i}", "b", "0") for i in range(30)])),
    ("paws-x", "x-final/en/test_2k.tsv", PAWS.replace("\t0\n", "\t?\n")),
    ("mnli", "MNLI/test_matched.tsv", glue_mnli(MNLI_GLUE_NAMES[:-2], ("a", "b", ""))),
    ("mnli", "MNLI/original/multinli_1.0_test_matched.jsonl", multinli(("a", "b", "hidden"))),
    ("mnli", "multinli_1.0/multinli_1.0_test_matched.jsonl", jsonl({"sentence1": "a", "sentence2": "b"})),
    ("qqp", "QQP/test.tsv", table(("id", "question1", "question2"), ("0", "a", "b"))),
    ("cola", "CoLA/test.tsv", table(("index", "sentence"), ("0", "a"))),
    ("sst2", "SST-2/test.tsv", table(("index", "sentence"), ("0", "a"))),
    ("mrpc", "MRPC/test.tsv", table(("index", "#1 ID", "#2 ID", "#1 String", "#2 String"), ("0", "1", "2", "a", "b"))),
    ("qnli", "QNLI/test.tsv", table(("index", "question", "sentence"), ("0", "a", "b"))),
    ("rte", "RTE/test.tsv", table(("index", "sentence1", "sentence2", "label"), ("0", "a", "b", "-1"))),
    ("wnli", "WNLI/test.tsv", table(("index", "sentence1", "sentence2"), ("0", "a", "b"))),
]


@pytest.mark.parametrize(("task", "name", "content"), WITHHELD)
def test_withheld_labels_are_refused(tmp_path: Path, task: str, name: str, content: str) -> None:
    write(tmp_path, name, content)
    message = fails(tmp_path, task, split="test")
    assert name in message
    assert "labels are withheld" in message
    assert "score the dev part" in message


def test_a_training_part_of_one_class_is_no_placeholder(tmp_path: Path) -> None:
    write(tmp_path, "xnli/train-en.tsv", table(*[("a", f"b{i}", "neutral") for i in range(30)]))
    assert len(rows(tmp_path, "xnli", split="train")) == 30


def test_a_part_of_which_no_pair_has_a_gold_label_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "multinli_1.0/multinli_1.0_dev_matched.jsonl", multinli(("a", "b", "-")))
    assert "no row with a label" in fails(tmp_path, "mnli")


def test_quotation_marks_doubled_by_xtremes_script_become_single_and_others_stay(tmp_path: Path) -> None:
    """csv.writer, with which XTREME's script writes, puts marks around a text that has some, and doubles those."""
    texts = ['"Ja", sagte er.', 'Sie las "Rom".', '"', '"a" "b"', "''so``", '"alone"', 'x"']
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows([text, text, "0"] for text in texts)
    write(tmp_path, "pawsx/dev-de.tsv", out.getvalue())
    assert [row[1:3] for row in rows(tmp_path, "paws-x", "de")] == [(text, text) for text in texts]
    raw = table(*[(text, '"marks" of the "text"', "0") for text in texts])
    write(tmp_path, "pawsx/dev-fr.tsv", raw)
    assert [row[1] for row in rows(tmp_path, "paws-x", "fr")] == texts
    write(tmp_path, "QQP/dev.tsv", QQP.replace("How?", '"How ""so""?"'))
    assert rows(tmp_path, "qqp")[0][1] == '"How ""so""?"'  # GLUE's readers, and so all its scores, take it as it is


def qqp(count: int, broken: Sequence[int] = ()) -> str:
    head = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    body = [f"{i}\t1\t2\tWhat is {i}?\tWhy {i}?\t{i % 2}\n" for i in range(count)]
    for line in broken:  # a line feed within a question: two halves
        body[line] = f'{line}\t1\t2\t"Was he real?\n"\tWhat is the evidence?\t0\n'
    return head + "".join(body)


def test_halves_of_rows_of_qqp_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "QQP/train.tsv", qqp(5000, broken=[10, 4000]))
    with caplog.at_level(logging.WARNING):
        found = rows(tmp_path, "qqp", split="train")
    assert len(found) == 4998
    assert found[10] == ("10", "What is 11?", "Why 11?", "duplicate")
    assert "4 lines have another number of columns and are left out (12, 13, 4003, 4004)" in caplog.text
    write(tmp_path, "QQP/train.tsv", qqp(50, broken=[10]))  # too many of them
    message = fails(tmp_path, "qqp", split="train")
    assert "line 13" in message
    assert "2 of 51 lines" in message
    write(tmp_path, "QQP/train.tsv", qqp(5000)[:-12])  # the end is missing
    assert "line 5001" in fails(tmp_path, "qqp", split="train")
    write(tmp_path, "RTE/train.tsv", RTE + "2\thalf\n")  # other tasks have no such rows
    assert "line 4: has 2 columns instead of 4" in fails(tmp_path, "rte", split="train")


def test_rows_whose_translation_failed_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    translated = [("eins", "zwei"), ("", "zwei"), ("a", "b")]
    write(tmp_path, "xnli/train-de.tsv", table(*[("x", "y", *texts, "neutral") for texts in translated]))
    with caplog.at_level(logging.WARNING):
        found = rows(tmp_path, "xnli", "de", "train")
    assert [row[0] for row in found] == ["0", "2"]
    assert "1 lines have no translation and are left out (2)" in caplog.text


def test_an_empty_text_of_an_original_set_stays(tmp_path: Path) -> None:
    write(tmp_path, "QQP/train.tsv", QQP.replace("Why?", ""))
    assert rows(tmp_path, "qqp", split="train")[0] == ("0", "How?", "", "not_duplicate")


# ---------------------------------------------------------------- bad input

BAD = [
    ("xnli", "xnli/dev-en.tsv", b"", "is empty"),
    ("xnli", "xnli/dev-en.tsv", "\n\n", "line 1: has 1 columns; tabs divide them"),
    ("xnli", "xnli/dev-en.tsv", "no tabs here\n", "line 1: has 1 columns"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI + "He ran.\tHe", "line 3: has 2 columns instead of 3; fetch the file again"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI + "a\tb\tc\tneutral\n", "has 4 columns instead of 3; is there a tab"),
    ("xnli", "xnli/dev-en.tsv", table(*[("a", "b", "c", "d", "e", "f")]), "line 1: has 6 columns"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI + "a\tb\tneutr", "line 3: has the label 'neutr'; labels are entailment"),
    ("xnli", "xnli/dev-en.tsv", XTREME_PAWS, "line 1: has the label '0'; labels are entailment"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI + "a\tb\t\n", "line 3: has no label"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI + "\n" + XTREME_NLI, "line 3: is empty, between two rows"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI.encode() + b"caf\xe9\tb\tneutral\n", "line 3: is not UTF-8"),
    ("xnli", "xnli/dev-en.tsv", XTREME_NLI.encode("utf-16"), "line 1: is not UTF-8"),
    ("xnli", "XNLI-1.0/xnli.dev.tsv", XTREME_NLI, "line 1: has 3 columns; expected: sentence1, sentence2"),
    ("xnli", "XNLI-1.0/xnli.dev.tsv", MIXED.replace("language", "lang"), "names no column 'language'"),
    ("xnli", "XNLI-1.0/xnli.dev.tsv", table(XNLI_NAMES), "holds no rows"),
    ("paws-x", "pawsx/dev-en.tsv", XTREME_PAWS + "a\tb\t2\n", "line 3: has the label '2'; labels are 0, 1"),
    ("rte", "RTE/dev.tsv", RTE.replace("sentence1", "premise"), "line 1: has 4 columns; expected: sentence1"),
    ("rte", "RTE/dev.tsv", RTE_ROWS[0][1], "line 1: has 1 columns"),
    ("wnli", "WNLI/dev.tsv", WNLI + "2\ta\tb\t7\n", "line 4: has the label '7'; labels are not_entailment"),
    ("cola", "CoLA/dev.tsv", "a\tb\tc\n", "line 1: has 3 columns; expected: sentence, label in the first line"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", MULTINLI + '{"sentence1": "a', "line 3: is no JSON"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", MULTINLI + "[1]\n", "line 3"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", jsonl({"sentence1": "a", "gold_label": "x"}), "sentence2"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", multinli(("a", "b", "yes")), "line 1: has the label 'yes'"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", jsonl({"sentence1": 5, "sentence2": "b"}), "line 1"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", MULTINLI + "[" * 100_000, "line 3"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", MULTINLI + "1" * 5000, "line 3"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", multinli(("a \ud800", "b", "neutral")), "line 1"),
    ("mnli", "multinli_1.0/multinli_1.0_dev_matched.jsonl", "\n\n", "holds no rows"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "name", "content", "message"), BAD)
def test_bad_files_are_named_with_line_and_remedy(
    tmp_path: Path, task: str, name: str, content: str | bytes, message: str
) -> None:
    write(tmp_path, name, content)
    found = fails(tmp_path, task)
    assert name in found
    assert message in found
    assert "\n" not in found
    assert len(found) < 600


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "xnli/dev-de.tsv", XTREME_NLI)
    write(tmp_path, "xnli/dev-zh.tsv", XTREME_NLI)
    (tmp_path / "xnli/dev-ar.tsv").mkdir()
    for language in ("en", "ar"):
        with pytest.raises(MissingInputError, match=rf"no xnli/dev-{language}.*tsv.*files are there for ar, de, zh"):
            files.source("xnli", tmp_path, language, "dev")  # at once, before anything is read
    with pytest.raises(MissingInputError, match="no dev part in 'de'; it is in English only"):
        files.source("mnli", tmp_path, "de", "dev")
    with pytest.raises(MissingInputError, match=r"there is no QQP/test\.tsv.*score the dev part"):
        files.source("qqp", tmp_path, "en", "test")
    with pytest.raises(MissingInputError, match="no such folder"):
        files.source("xnli", tmp_path / "nowhere", "en", "dev")
    with pytest.raises(UsageError, match="no part 'validation'"):
        files.source("xnli", tmp_path, "en", "validation")


def test_a_file_that_goes_away_or_changes_after_it_was_found(tmp_path: Path) -> None:
    path = write(tmp_path, "xnli/dev-en.tsv", XTREME_NLI)
    source = files.source("xnli", tmp_path, "en", "dev")
    write(tmp_path, "xnli/dev-en.tsv", XTREME_NLI.replace("cat", "dog"))
    assert files.source("xnli", tmp_path, "en", "dev").fingerprint != source.fingerprint
    path.unlink()
    with pytest.raises(UnreadableInputError):
        list(source)


FUZZED = [
    ("xnli", "dev", "xnli/dev-en.tsv", XTREME_NLI),
    ("xnli", "dev", "XNLI-1.0/xnli.dev.tsv", MIXED),
    ("paws-x", "test", "x-final/en/test_2k.tsv", PAWS),
    ("qqp", "train", "QQP/train.tsv", QQP),
    ("cola", "dev", "CoLA/dev.tsv", COLA),
    ("mnli", "dev", "multinli_1.0/multinli_1.0_dev_matched.jsonl", MULTINLI),
]
JUNK = [
    b"\t",
    b"\n",
    b"\r\n",
    b'"',
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\0",
    b"{",
    b"\\ud800",
    b"\xe2\x80\xa8",
]


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    case=st.sampled_from(FUZZED),
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 30), st.sampled_from([b"", *JUNK])), max_size=4),
    end=st.integers(0, 4000) | st.none(),
)
def test_damaged_files_raise_input_errors_alone(
    tmp_path: Path, case: tuple[str, str, str, str], edits: list[tuple[int, int, bytes]], end: int | None
) -> None:
    task, split, name, content = case
    data = content.encode()
    for place, length, junk in edits:
        place %= len(data) + 1
        data = data[:place] + junk + data[place + length :]
    write(tmp_path, name, data[:end])
    only_known_errors(partial(files.source, task, tmp_path, "en", split))


# ---------------------------------------------------------------- the official files

XNLI_LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
PAWS_X_LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")
# rows as the README and the SOURCE.md of the development data say, and the paper of each set
REAL = [
    *(("xnli", "xnli", language, "dev", 2490) for language in XNLI_LANGUAGES),
    *(("xnli", "xnli", language, "test", 5010) for language in XNLI_LANGUAGES),
    *(("pawsx", "paws-x", language, "dev", 2000) for language in PAWS_X_LANGUAGES),
    ("pawsx", "paws-x", "de", "test", 2000),
    ("pawsx", "paws-x", "zh", "test", 2000),
    ("nli_small", "nli-small", "en", "train", 9815 + 9824 + 15000),
    ("nli_small", "nli-small", "en", "dev", 9842),
]


@pytest.fixture(scope="module")
def archives(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(data, tmp_path_factory.mktemp("pairs"))


@pytest.mark.parametrize(("archive", "task", "language", "split", "count"), REAL)
def test_the_official_files(archives: Archives, archive: str, task: str, language: str, split: str, count: int) -> None:
    source = files.source(task, archives.folder(archive), language, split)
    found = list(source)
    labels = Counter(row.label for row in found if isinstance(row, Pair))
    assert sum(labels.values()) == len({row.id for row in found if isinstance(row, Pair)}) == count
    assert set(labels) == set(task_info(task).labels)
    if task == "xnli":  # as its paper says: as many of each class
        assert set(labels.values()) == {count // 3}
    if task == "paws-x":  # its marks were doubled by XTREME's script
        assert not any('""' in text for row in found if isinstance(row, Pair) for text in (row.first, row.second or ""))
    check_golden("files_pairs.json", f"{task} {language} {split}", pinned(found))


def test_what_is_not_among_the_official_files_at_hand(archives: Archives) -> None:
    folder = archives.folder("pawsx")
    archives.folder("xnli")
    with pytest.raises(MissingInputError, match="files are there for de, zh"):
        files.source("paws-x", folder, "en", "test")  # only a silver file, which is no test part
    with pytest.raises(MissingInputError, match=r"no pawsx/train-en\.tsv"):
        files.source("paws-x", folder, "en", "train")
    with pytest.raises(MissingInputError, match=r"no xnli/train-en\.tsv"):
        files.source("xnli", folder, "en", "train")
    with pytest.raises(MissingInputError, match="files are there for ar, bg"):
        files.source("xnli", folder, "ko", "dev")
