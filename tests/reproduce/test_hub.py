"""Data of the hub: each task's rows, and the traps of the hub's copies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hub_data
import pytest
from datasets import ClassLabel, Features, List, Value
from hub_client import NLI_FEATURES, fresh, one_line, point, source
from hub_data import NLI, TEXT, Part, parquet, put, put_script
from loopback_hub import CONVERTED, Hub

from claimcheck.foundation.errors import (
    InputError,
    MissingInputError,
    UsageError,
)
from reproduce import tasks
from reproduce.data.rows import Choice, Pair, Question, Sentence, Source, Tagged, gold

Connect = Callable[[Hub], Hub]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """An empty hub."""
    with Hub() as made:
        yield made


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Connect:
    """Points the clients of this process at a hub, which it gives back, with a cache of the test."""

    def to(hub: Hub) -> Hub:
        point(monkeypatch, hub, tmp_path)
        return hub

    return to


@pytest.fixture(scope="module")
def filled() -> Iterator[Hub]:
    """A hub with all data sets."""
    with Hub() as hub:
        hub_data.fill(hub)
        yield hub


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, filled: Hub, home: Path) -> Callable[..., Source]:
    """`read("mnli", "dev")`: a source on the hub with all data sets, whose cache the tests share."""
    point(monkeypatch, filled, home / "filled")
    return source


# ---------------------------------------------------------------- each task's rows

NLI_ONE = ("no ri tu de go la {0}", "fi la pe tu fi la {0}")
WORDS = ("no", "ri", "tu", "de")
PARTS_OF_SPEECH, ENTITIES = ("ADP", "ADV", "AUX", "CCONJ"), ("B-PER", "I-PER", "B-ORG", "I-ORG")


def pair(split: str, label: str, id: str = "1", single: bool = False) -> Pair:
    first, second = (text.format(split) for text in NLI_ONE)
    return Pair(id, first, None if single else second, label)


def question(id: str) -> Question:
    return Question(id, "no ri tu?", "no ri tu de go answer1 fi la pe tu", ("answer1",), (15,))


def choice(id: str, first: str, *seconds: str, label: int = 1) -> Choice:
    return Choice(id, tuple((first, second) for second in seconds), label)


# task, language, part, rows, the second row
ROWS: list[tuple[str, str, str, int, Any]] = [
    ("mnli", "en", "train", 16, pair("train", "neutral")),
    ("mnli", "en", "dev", 8, pair("validation_matched", "neutral")),
    ("qqp", "en", "dev", 8, pair("validation", "duplicate")),
    ("cola", "en", "train", 16, pair("train", "acceptable", single=True)),
    ("sst2", "en", "dev", 8, pair("validation", "positive", single=True)),
    ("mrpc", "en", "test", 8, pair("test", "equivalent")),
    ("qnli", "en", "dev", 8, pair("validation", "not_entailment")),
    ("rte", "en", "train", 16, pair("train", "not_entailment")),
    ("wnli", "en", "train", 16, pair("train", "entailment")),
    ("stsb", "en", "dev", 8, pair("validation", "0.25")),
    ("xnli", "sw", "dev", 8, Pair("1", "no ri tu de go la sw", "ku ri fi validation", "neutral")),
    ("xnli", "zh", "test", 8, Pair("1", "no ri tu de go la zh", "ku ri fi test", "neutral")),
    ("paws-x", "en", "train", 16, Pair("1", "no ri tu de go la", "fi la pe tu fi la", "1")),
    ("paws-x", "ko", "test", 8, Pair("1", "no ri tu de go la", "fi la pe tu fi la", "1")),
    ("udpos", "en", "train", 16, Tagged("1", WORDS, PARTS_OF_SPEECH)),
    ("udpos", "af", "dev", 8, Tagged("1", WORDS, PARTS_OF_SPEECH)),
    ("udpos", "yo", "test", 8, Tagged("1", WORDS, PARTS_OF_SPEECH)),
    ("panx", "en", "train", 16, Tagged("1", WORDS, ENTITIES)),
    ("panx", "jv", "dev", 8, Tagged("1", WORDS, ENTITIES)),
    ("squad-v1", "en", "train", 16, question("train1")),
    ("squad-v1", "en", "dev", 8, question("validation1")),
    ("squad-v2", "en", "train", 16, Question("train1", "no ri tu?", "no ri tu de go answer1 fi la pe tu", (), ())),
    ("xquad", "th", "dev", 8, question("q1")),
    ("xquad", "th", "test", 8, question("q1")),
    ("mlqa", "vi", "dev", 8, question("validation1")),
    ("mlqa", "vi", "test", 8, question("test1")),
    (
        "hellaswag",
        "en",
        "train",
        16,
        choice(
            "229a2014b9a3d56d", "Walking: no ri tu de go la train 1", "no ri tu", "fi la pe", "ri de la", "ku ri fi"
        ),
    ),
    (
        "cosmosqa",
        "en",
        "dev",
        8,
        choice("validation1", "fi la pe ri de la", "ku ri fi", "tu ba de", "me pe so", "de ku no"),
    ),
    (
        "commonsenseqa",
        "en",
        "dev",
        8,
        choice("validation1", "no ri tu de go la?", "no ri", "fi la", "ri de", "ku ri", "tu ba"),
    ),
    ("socialiqa", "en", "train", 16, choice("2", "no ri tu fi la pe", "ri de la", "ku ri fi", "tu ba de")),
    ("xcopa", "et", "test", 8, choice("1", "no ri tu What happened as a result?", "fi la pe", "ri de la")),
    ("tatoeba", "af", "dev", 8, Sentence("en-2", "no ri tu de go la english 1", "af-2")),
]


@pytest.mark.parametrize(("task", "language", "split", "count", "second"), ROWS, ids=lambda value: str(value)[:12])
def test_rows_of_each_task(
    read: Callable[..., Source], task: str, language: str, split: str, count: int, second: object
) -> None:
    found = read(task, split, language)
    rows = list(found)
    assert len(rows) == count
    assert rows[1] == second
    assert list(found) == rows  # a source may be read again
    assert found.labels == tasks.task(task).labels
    assert found.nullable == (task == "squad-v2")
    kept = gold(found)
    assert len(kept.labels) == len({id for id, _ in kept.labels}) == count


def test_every_task_of_the_catalogue_is_read_or_refused_by_name(read: Callable[..., Source]) -> None:
    tested = {row[0] for row in ROWS} | {"anli-plus", "tydiqa"}
    for name in tasks.tasks():
        info = tasks.task(name)
        if info.data == "world":
            with pytest.raises(UsageError, match="not on the hub"):
                read(name, "dev", info.languages[0])
        elif name not in tested:
            with pytest.raises(MissingInputError, match="--data DIR"):
                read(name, "dev", info.languages[0])


@pytest.mark.parametrize("task", ["xnli", "paws-x", "udpos", "panx", "xquad", "mlqa", "tydiqa", "tatoeba", "xcopa"])
def test_each_language_has_its_part(read: Callable[..., Source], task: str) -> None:
    info = tasks.task(task)
    prints = set()
    for language in info.languages_of("test"):
        prints.add(read(task, "test", language).fingerprint)
    for language in info.languages_of("dev"):
        prints.add(read(task, "dev", language).fingerprint)
    assert len(prints) == len(info.languages_of("test")) + len(info.languages_of("dev"))


def test_anli_plus_is_snli_mnli_and_anli_without_snlis_pairs_of_no_agreement(read: Callable[..., Source]) -> None:
    rows = list(read("anli-plus", "train"))
    assert [row.id for row in rows if isinstance(row, Pair)][:4] == ["snli-0", "snli-2", "snli-3", "snli-4"]
    assert len(rows) == 16 - 3 + 16 + 3 * 16
    ids = [re.sub(r"\d+$", "", str(row.id)) for row in rows if isinstance(row, Pair)]
    assert list(dict.fromkeys(ids)) == ["snli-", "mnli-", "anli-r1-", "anli-r2-", "anli-r3-"]
    dev = gold(read("anli-plus", "dev")).labels
    assert len(dev) == len(dict(dev)) == 8 - 2 + 8 + 3 * 8
    with pytest.raises(UsageError, match="no test part"):
        read("anli-plus", "test")


def test_retrieval_searches_the_foreign_side_for_what_an_english_sentence_means(read: Callable[..., Source]) -> None:
    found = read("tatoeba", "test", "mr")
    assert found.pool is not None
    pool = list(found.pool())
    assert pool[2] == Sentence("mr-3", "fi la pe tu fi la mr 2")  # no line feed at its end
    assert {row.gold for row in found if isinstance(row, Sentence)} == {sentence.id for sentence in pool}


def test_the_hub_of_these_tests_is_one_that_datasets_itself_reads(filled: Hub, tmp_path: Path) -> None:
    """What `load_dataset` gives of the same repositories is what we read: rows, order, labels."""
    places = {
        "mnli": ("nyu-mll/glue", "mnli", "validation_matched", None),
        "hellaswag": ("Rowan/hellaswag", None, "validation", None),
        "cosmosqa": ("allenai/cosmos_qa", None, "validation", CONVERTED),
        "udpos": ("google/xtreme", "udpos.English", "validation", None),
        "squad-v1": ("rajpurkar/squad", "plain_text", "validation", None),
    }
    program = f"""
import json, datasets
from reproduce.data.hub import source
from reproduce.data.rows import gold
from reproduce.specs import HubData
places = {places!r}
for task, (repository, name, split, revision) in places.items():
    theirs = datasets.load_dataset(repository, name, split=split, revision=revision)
    feature = {{k: getattr(v, "feature", v) for k, v in theirs.features.items()}}
    names = next((f.names for f in feature.values() if hasattr(f, "names")), None)
    column = next(c for c in ("label", "pos_tags", "answers") if c in theirs.column_names)
    ours = [label for _, label in gold(source(task, HubData(), "en", "dev")).labels]
    print(json.dumps([task, names, theirs[column][:], ours]))
"""
    done = fresh(filled, tmp_path / "home", program)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = {}
    for line in done.stdout.splitlines():
        task, names, theirs, ours = json.loads(line)
        seen[task] = len(ours)
        if task in ("mnli", "udpos"):
            theirs = [[names[t] for t in tags] if isinstance(tags, list) else names[tags] for tags in theirs]
        elif task == "squad-v1":
            theirs = [answers["text"] for answers in theirs]
        assert ours == [str(label) if isinstance(label, int) else label for label in theirs]
    assert seen == dict.fromkeys(places, 8)


# ---------------------------------------------------------------- traps of the hub's copies


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ("bucc", "gold pairs without the sentences to search among"),
        ("ccg", "licensed"),
        ("nli-small", "no repository of the hub"),
        ("hellaswag-small", "no repository of the hub"),
        ("text", "not read from the hub"),
    ],
)
def test_what_the_hub_does_not_have_is_refused_at_once(task: str, why: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        source(task, "dev", "de")
    one_line(caught.value, why, "--data DIR")


@pytest.mark.parametrize("task", ["mnli", "qqp", "cola", "stsb", "hellaswag", "commonsenseqa", "cosmosqa"])
def test_withheld_labels_are_refused(read: Callable[..., Source], task: str) -> None:
    with pytest.raises(InputError) as caught:
        list(read(task, "test"))
    one_line(caught.value, tasks.task(task).hub_id, "row 0", "labels are withheld", "dev part")


def test_one_label_throughout_is_a_placeholder(connect: Connect, hub: Hub) -> None:
    rows = [{"premise": f"p{i}", "hypothesis": "h", "label": 0} for i in range(25)]
    put(connect(hub), [Part("facebook/xnli", "de", "test", NLI_FEATURES, rows)])
    with pytest.raises(InputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli, de, test", "withheld", "all 25 rows have the label 'entailment'")


def test_numbers_of_labels_are_read_by_the_names_the_data_set_gives_them(connect: Connect, hub: Hub) -> None:
    features = Features({"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NLI[::-1])})
    rows = [{"premise": "p", "hypothesis": "h", "label": number} for number in (0, 2, 1)]
    put(connect(hub), [Part("facebook/xnli", "de", "test", features, rows)])
    assert [label for _, label in gold(source("xnli", "test", "de")).labels] == [
        "contradiction",
        "entailment",
        "neutral",
    ]


def test_another_label_set_is_an_error_that_names_both(connect: Connect, hub: Hub) -> None:
    features = Features({"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=["yes", "no"])})
    put(
        connect(hub), [Part("facebook/xnli", "de", "test", features, [{"premise": "p", "hypothesis": "h", "label": 0}])]
    )
    with pytest.raises(InputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli, de, test", "yes, no", "entailment, neutral, contradiction", "--data DIR")


def test_names_of_labels_that_only_the_card_says_count(connect: Connect, hub: Hub) -> None:
    rows = [{"premise": "p", "hypothesis": "h", "label": number} for number in (2, 0)]
    part = Part("facebook/xnli", "de", "test", NLI_FEATURES, rows)
    put(connect(hub), [part])
    bare = {"de/test-00000-of-00001.parquet": parquet(None, rows)}  # as another tool than `datasets` writes it
    hub.put("dataset", "facebook/xnli", bare)
    assert [label for _, label in gold(source("xnli", "test", "de")).labels] == ["contradiction", "entailment"]


def test_numbers_without_names_are_refused(connect: Connect, hub: Hub) -> None:
    rows = [{"premise": "p", "hypothesis": "h", "label": 2}]
    connect(hub).put("dataset", "facebook/xnli", {"de/test/0000.parquet": parquet(None, rows)})
    with pytest.raises(InputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "row 0", "has the label 2", "entailment, neutral, contradiction")


def test_a_label_is_missing_within_a_part(connect: Connect, hub: Hub) -> None:
    rows = [{"premise": "p", "hypothesis": "h", "label": label} for label in (1, 0, -1)]
    put(connect(hub), [Part("facebook/xnli", "de", "train", NLI_FEATURES, rows)])
    with pytest.raises(InputError) as caught:
        list(source("xnli", "train", "de"))
    one_line(caught.value, "facebook/xnli, de, train, row 2", "withheld", "training needs the labels")


def test_xnli_comes_from_a_configuration_a_language_not_from_one_that_mixes_them(connect: Connect, filled: Hub) -> None:
    connect(filled)
    before = len(filled.log)
    assert all(row.first.endswith(" ur") for row in source("xnli", "dev", "ur") if isinstance(row, Pair))
    asked = filled.log[before:]
    assert asked
    assert not [line for line in asked if "google/xtreme" in line]
    assert not [line for line in asked if "train" in line]  # half a gigabyte of translations stays where it is


def test_tydiqa_rows_are_chosen_by_the_language_their_id_begins_with(read: Callable[..., Source]) -> None:
    assert [id for id, _ in gold(read("tydiqa", "dev", "sw")).labels] == [f"swahili-{1000 + i}-{i}" for i in range(8)]
    assert [id for id, _ in gold(read("tydiqa", "train")).labels] == [f"english-{1000 + i}-{i}" for i in range(16)]
    with pytest.raises(UsageError, match="no train part in 'sw'"):
        read("tydiqa", "train", "sw")


def test_a_tydiqa_id_without_its_language_is_refused(connect: Connect, hub: Hub) -> None:
    put(connect(hub), [hub_data._questions("google/xtreme", "tydiqa", "validation", ["-3893-0"])])
    with pytest.raises(InputError) as caught:
        list(source("tydiqa", "dev", "fi"))
    one_line(caught.value, "google/xtreme, tydiqa, validation, row 0", "'-3893-0' says no language")


def test_no_row_of_the_language_is_an_error(connect: Connect, hub: Hub) -> None:
    put(connect(hub), [hub_data._questions("google/xtreme", "tydiqa", "validation", ["english-1-0"])])
    with pytest.raises(InputError, match="holds no row in 'fi'"):
        list(source("tydiqa", "dev", "fi"))


def test_words_of_pan_x_lose_the_language_before_them(connect: Connect, hub: Hub) -> None:
    features = Features({"tokens": List(TEXT), "ner_tags": List(ClassLabel(names=list(tasks.task("panx").labels)))})
    rows = [
        {"tokens": ["sw:Jina", "sw::"], "ner_tags": [1, 0]},
        {"tokens": ["sw:a", "b"], "ner_tags": [0, 0]},  # a word that looks so, in a sentence that is not of that kind
        {"tokens": [], "ner_tags": []},
    ]
    put(connect(hub), [Part("google/xtreme", "PAN-X.sw", "test", features, rows)])
    assert list(source("panx", "test", "sw")) == [
        Tagged("0", ("Jina", ":"), ("B-PER", "O")),
        Tagged("1", ("sw:a", "b"), ("O", "O")),
    ]


def test_an_offset_beside_the_answer_is_set_right(connect: Connect, hub: Hub) -> None:
    texts = {"id": "a", "title": "", "context": "the cat sat by the cat", "question": "who?"}
    answers = {"text": ["cat", "dog", " "], "answer_start": [18, 3, 0]}
    rows = [{**texts, "answers": answers}, {**texts, "answers": {"text": ["cat"], "answer_start": [4]}}]
    put(connect(hub), [Part("google/xtreme", "XQuAD.ru", "validation", hub_data._SQUAD, rows)])
    first, second = source("xquad", "dev", "ru")
    assert isinstance(first, Question)
    assert (first.answers, first.starts) == (("cat", "dog"), (19, -1))
    assert isinstance(second, Question)
    assert (second.id, second.starts) == ("a#2", (4,))


def test_answers_come_as_lists_or_as_records(connect: Connect, hub: Hub) -> None:
    records = List({"text": TEXT, "answer_start": Value("int32")})
    features = Features({"id": TEXT, "context": TEXT, "question": TEXT, "answers": records})
    answers = [{"text": "cat", "answer_start": 4}]
    rows = [{"id": "a", "context": "the cat", "question": "who?", "answers": answers}]
    put(connect(hub), [Part("google/xtreme", "XQuAD.ru", "validation", features, rows)])
    assert list(source("xquad", "dev", "ru")) == [Question("a", "who?", "the cat", ("cat",), (4,))]


def test_blanked_answers_are_withheld(connect: Connect, hub: Hub) -> None:
    empty = {"text": [""], "answer_start": [0]}
    rows = [{"id": "a", "title": "", "context": "the cat", "question": "who?", "answers": empty}]
    put(connect(hub), [Part("google/xtreme", "XQuAD.ru", "validation", hub_data._SQUAD, rows)])
    with pytest.raises(InputError, match="answers are withheld"):
        list(source("xquad", "dev", "ru"))


def test_translated_training_sets_are_xnlis_and_paws_xs_own(connect: Connect, hub: Hub) -> None:
    rows = [{"premise": "p", "hypothesis": "h", "label": 0}, {"premise": " ", "hypothesis": "h", "label": 1}]
    put(connect(hub), [Part("facebook/xnli", "de", "train", NLI_FEATURES, rows)])
    expected = [Pair("0", "p", "h", "entailment")]  # the second premise was not translated
    assert list(source("mnli", "train", "de")) == expected
    assert list(source("xnli", "train", "de")) == expected
    for task in ("qqp", "anli-plus", "panx", "squad-v1"):
        with pytest.raises(UsageError, match="no train part in 'de' on the hub"):
            source(task, "train", "de")


def test_a_repository_with_a_script_is_read_where_the_hub_converted_it(connect: Connect, hub: Hub) -> None:
    part = next(iter(hub_data._cosmos("allenai/cosmos_qa", 8, 16)))
    put_script(connect(hub), [part])
    assert len(list(source("cosmosqa", "train"))) == 16
    assert hub.asked(r"revision/refs/convert/parquet")
    with pytest.raises(MissingInputError, match="no part 'validation'"):
        source("cosmosqa", "dev")


def test_tables_on_main_go_before_a_conversion(connect: Connect, hub: Hub) -> None:
    put(connect(hub), [next(iter(hub_data._cosmos("allenai/cosmos_qa", 8, 16)))])
    assert len(list(source("cosmosqa", "train"))) == 16
    assert not hub.asked("convert")


def test_a_script_without_conversion_is_an_error(connect: Connect, hub: Hub) -> None:
    connect(hub).put("dataset", "allenai/cosmos_qa", {"README.md": b"---\n---\n", "cosmos_qa.py": b"pass"})
    with pytest.raises(MissingInputError) as caught:
        source("cosmosqa", "train")
    one_line(caught.value, "allenai/cosmos_qa", "refs/convert/parquet", "has no revision")


@pytest.mark.parametrize(
    ("task", "change", "said"),
    [
        ("hellaswag", {"endings": ["a", "b"]}, "four endings"),
        ("hellaswag", {"label": "4"}, "a number from 0 to 3, is '4'"),
        ("hellaswag", {"ctx": None}, "there should be a text, there is None"),
        ("commonsenseqa", {"answerKey": "F"}, "five choices"),
        ("commonsenseqa", {"choices": {"label": ["A"], "text": []}}, "1 of 'label' and 0 of 'text'"),
    ],
)
def test_rows_that_make_no_sense_are_named(
    connect: Connect, hub: Hub, task: str, change: dict[str, Any], said: str
) -> None:
    make = {"hellaswag": hub_data._hellaswag, "commonsenseqa": hub_data._commonsense}[task]
    part = next(part for part in make(tasks.task(task).hub_id, 8, 16) if part.split == "validation")
    rows = [*part.rows[:2], {**part.rows[2], **change}]
    put(connect(hub), [Part(part.repository, part.configuration, part.split, part.features, rows)])
    with pytest.raises(InputError) as caught:
        list(source(task, "dev"))
    one_line(caught.value, f"{part.repository}, validation, row 2", said)


def test_tags_that_do_not_fit_their_words(connect: Connect, hub: Hub) -> None:
    labels = ClassLabel(names=list(tasks.task("udpos").labels))
    features = Features({"tokens": List(TEXT), "pos_tags": List(labels)})
    put(
        connect(hub),
        [Part("google/xtreme", "udpos.Thai", "test", features, [{"tokens": ["a", "b"], "pos_tags": [1]}])],
    )
    with pytest.raises(InputError, match="as many tags as words"):
        list(source("udpos", "test", "th"))
    with pytest.raises(MissingInputError, match=r"no part 'validation'; it has test"):
        source("udpos", "dev", "th")
    with pytest.raises(UsageError, match="no language 'xx'"):
        source("udpos", "dev", "xx")
