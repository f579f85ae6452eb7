"""The catalogue of tasks: names, languages, sizes with their sources, and errors that help."""

from __future__ import annotations

import pytest

from claimcheck.foundation.errors import UsageError
from reproduce import data
from reproduce.specs import WorldData
from reproduce.tasks import check_languages, task, tasks, text
from reproduce.tasks.metrics import METRICS

NAMES = """
    mnli anli-plus qqp squad-v1 squad-v2 hellaswag ccg cosmosqa commonsenseqa socialiqa nli-small hellaswag-small
    xnli paws-x udpos panx xquad mlqa tydiqa bucc tatoeba xcopa
    cola sst2 mrpc stsb qnli rte wnli
    world-nli world-qa world-tags world-retrieval world-choice
""".split()


def test_every_task_that_the_registries_need_is_there_and_complete() -> None:
    assert set(tasks()) >= set(NAMES)
    for name in tasks():
        info = task(name)
        assert info.name == name
        assert info.metric in METRICS
        assert info.source
        assert info.mean_tokens
        assert len(set(info.languages)) == len(info.languages)
        # what is on the hub is named, and of what is not there it is said why
        assert bool(info.hub_id) == (info.data == "real" and not info.not_on_hub)
        # a length in tokens of XLM-R was never measured for real tasks, and says so
        assert ("mean_tokens" in info.assumed) == (info.data == "real")
    assert {name for name in tasks() if task(name).not_on_hub} == {"bucc", "ccg", "hellaswag-small", "nli-small"}


@pytest.mark.parametrize(
    ("name", "count", "train", "dev", "test"),
    [  # languages, training examples, English dev and test examples
        ("xnli", 15, 392_702, 2_490, 5_010),
        ("paws-x", 7, 49_401, 2_000, 2_000),
        ("udpos", 33, 21_253, 3_974, 5_440),
        ("panx", 40, 20_000, 10_000, 10_000),
        ("xquad", 11, None, 1_190, 1_190),
        ("mlqa", 7, None, 1_148, 11_590),
        ("qqp", 1, 363_846, 40_430, 390_965),
        ("squad-v2", 1, 130_319, 11_873, None),
        ("hellaswag", 1, 39_905, 10_042, 10_003),
        ("rte", 1, 2_490, 277, 3_000),
    ],
)
def test_sizes(name: str, count: int, train: int | None, dev: int | None, test: int | None) -> None:
    info = task(name)
    assert len(info.languages) == count
    assert info.train_examples == train
    assert info.examples("dev", ["en"]) == dev
    assert info.examples("test", ["en"]) == test


def test_languages_without_a_dev_part_are_left_out_of_it() -> None:
    info = task("udpos")
    assert set(info.languages) - set(info.languages_of("dev")) == {"kk", "th", "tl", "yo"}
    assert info.languages_of("test") == info.languages
    assert info.examples("dev", ["en", "yo"]) is None  # unknown, not 0
    assert task("bucc").languages_of("train") == ()
    assert task("mnli").languages_of("train") == ("en",)


def test_sizes_of_several_languages_and_limits() -> None:
    bucc = task("bucc")
    assert bucc.examples("dev", ["de", "zh"]) == 1_038 + 257
    assert bucc.examples("dev", ["de", "zh"], 300) == 300 + 257
    assert bucc.dev_examples is None  # not the same in all languages
    assert task("xnli").dev_examples == 2_490
    assert task("mnli").examples("train", ["en"], 1_000) == 1_000
    tydiqa = task("tydiqa")
    assert tydiqa.examples("dev", tydiqa.languages) == 5_077  # only the sum is known
    assert tydiqa.examples("dev", tydiqa.languages, 100) == 900
    tatoeba = task("tatoeba")
    assert tatoeba.examples("dev", tatoeba.languages) == 28 * 1_000 + 205 + 746 + 575 + 687 + 390 + 307 + 234 + 548


def test_configurations_of_the_hub() -> None:
    assert task("paws-x").configuration_of("de") == "PAWS-X.de"
    assert task("mlqa").configuration_of("hi") == "MLQA.hi.hi"
    assert task("udpos").configuration_of("af") == "udpos.Afrikaans"
    assert task("tatoeba").configuration_of("fa") == "tatoeba.pes"
    assert task("panx").configuration_of("my") == "PAN-X.my"
    for name in ("udpos", "tatoeba"):  # they do not use the codes, so each language needs its name there
        info = task(name)
        made = {info.configuration_of(code) for code in info.languages}
        assert len(made) == len(info.languages)
        assert not made & {f"{name}.{code}" for code in info.languages}


def test_families_follow_from_the_heads() -> None:
    assert {task(name).family for name in NAMES} == {"classification", "tagging", "qa", "multiple_choice", "retrieval"}
    assert task("xquad").family == "qa"
    assert task("hellaswag").family == "multiple_choice"


def test_an_unknown_task_is_told_with_names_like_it() -> None:
    with pytest.raises(UsageError, match=r"there is no task 'xnly'; did you mean xnli"):
        task("xnly")
    with pytest.raises(UsageError, match=r"there is no task 'zzzzzz'; known: anli-plus, "):
        task("zzzzzz")


def test_an_unknown_language_is_told_with_those_there_are() -> None:
    check_languages("mlqa", ["de", "en"])
    with pytest.raises(UsageError, match=r"here: the task 'mlqa' has no language 'fr'; it has en, es, de"):
        check_languages("mlqa", ["de", "fr"], "here")
    with pytest.raises(UsageError, match="twice"):
        check_languages("mlqa", ["de", "de"])


def test_plain_text_is_known_for_the_world_alone() -> None:
    world = text("world")
    assert world is not None
    assert world.vocabulary > 0
    assert text("hub") is None


@pytest.mark.parametrize("name", [name for name in tasks() if name.startswith("world-")])
def test_sizes_of_the_world_are_those_of_its_generator(name: str) -> None:
    info, world = task(name), WorldData()
    parts = [("train", "en")] if info.train else []
    parts += [(split, language) for split in ("dev", "test") for language in (info.languages[0], info.languages[-1])]
    for split, language in parts:
        made = data.load(name, world, language, split)  # type: ignore[arg-type]
        assert made.examples == info.examples(split, [language])  # type: ignore[arg-type]
        assert made.per_example == info.sequences
        assert made.tokens.lengths.mean() == pytest.approx(info.mean_tokens, rel=0.1)
        if info.head in ("classification", "tagging"):
            assert not info.labels or made.labels == info.labels


def test_plain_text_of_the_world_is_that_of_its_generator() -> None:
    info, world = text("world"), WorldData()
    assert info is not None
    assert data.words(world).size == info.vocabulary
    made = data.text(world, "en")
    assert made.examples == info.sentences
    assert made.tokens.lengths.mean() == pytest.approx(info.mean_tokens, rel=0.1)
