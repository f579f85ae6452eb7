"""Metrics: worked examples, agreement with seqeval, scikit-learn and scipy, sums over items, and bad rows."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score, matthews_corrcoef

from claimcheck.foundation.errors import UnreadableInputError, UsageError
from reproduce.tasks.metrics import METRICS, metric, per_language, read_rows, score, spans


def rows(pairs: list[tuple[Any, Any]], language: str = "en") -> list[dict[str, Any]]:
    return [{"id": str(i), "language": language, "label": a, "prediction": b} for i, (a, b) in enumerate(pairs)]


def test_accuracy_and_the_mean_over_languages() -> None:
    mixed = rows([("a", "a"), ("b", "a"), ("b", "b"), ("a", "a")]) + rows([("a", "a"), ("a", "b")], "xa")
    assert METRICS["accuracy"](mixed) == pytest.approx(4 / 6)
    assert per_language("accuracy", mixed) == {"en": 0.75, "xa": 0.5}
    # each language counts the same, however many items it has
    assert score("accuracy", mixed) == pytest.approx(0.625)
    assert METRICS["retrieval_accuracy"](rows([("en-1", "en-1"), ("en-2", "en-9")])) == 0.5


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-PER", "I-PER", "O", "B-LOC"], [("PER", 0, 1), ("LOC", 3, 3)]),
        # an I- without a B- opens a chunk; one of another type opens a new one
        (["I-PER", "I-PER", "I-LOC", "O", "I-LOC"], [("PER", 0, 1), ("LOC", 2, 2), ("LOC", 4, 4)]),
        (["B-PER", "B-PER", "I-PER"], [("PER", 0, 0), ("PER", 1, 2)]),
        (["O", "O"], []),
        ([], []),
        # parts of speech: neighbours of one type are one chunk
        (["NOUN", "NOUN", "VERB", "X"], [("NOUN", 0, 1), ("VERB", 2, 2), ("X", 3, 3)]),
        # SCONJ begins with an S and so never joins; CCONJ stays another type
        (["SCONJ", "SCONJ", "CCONJ"], [("SCONJ", 0, 0), ("SCONJ", 1, 1), ("CCONJ", 2, 2)]),
        (["B", "I", "O", "I"], [("", 0, 1), ("", 3, 3)]),
    ],
)
def test_spans(tags: list[str], expected: list[tuple[str, int, int]]) -> None:
    assert spans(tags) == expected


BIO = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-PER", "S-LOC", "B-A-B", "I-A-B"])
UPOS = st.sampled_from("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SYM VERB".split())


def sentences(tag: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[list[str], list[str]]]]:
    pair = st.lists(st.tuples(tag, tag), min_size=1, max_size=9)
    return st.lists(pair.map(lambda p: ([a for a, _ in p], [b for _, b in p])), min_size=1, max_size=4)


@given(st.one_of(sentences(BIO), sentences(UPOS)))
def test_span_f1_is_that_of_seqeval(pairs: list[tuple[list[str], list[str]]]) -> None:
    seqeval = pytest.importorskip("seqeval.metrics")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tags that are no BIO, and of nothing to find
        expected = float(seqeval.f1_score([a for a, _ in pairs], [b for _, b in pairs]))
    assert METRICS["span_f1"](rows(pairs)) == pytest.approx(expected)


def test_span_f1_worked() -> None:
    gold = ["B-PER", "I-PER", "O", "B-LOC", "O"]
    said = ["B-PER", "I-PER", "O", "B-PER", "B-LOC"]
    # one of two gold chunks is found, by one of three guesses
    assert METRICS["span_f1"](rows([(gold, said)])) == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert METRICS["span_f1"].contributions(rows([(gold, said)])).tolist() == [[1, 2, 1]]
    assert METRICS["token_accuracy"](rows([(gold, said)])) == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ("accepted", "said", "exact", "f1"),
    [
        (["Denver Broncos"], "the Denver Broncos!", 1, 1),
        (["Denver Broncos", "Carolina Panthers"], "Panthers of Carolina", 0, 2 * (2 / 3) / (2 / 3 + 1)),
        (["an  apple"], "Apple", 1, 1),
        (["red red"], "red", 0, 2 * 1 * 0.5 / 1.5),
        (["left"], "right", 0, 0),
        (["left"], "", 0, 0),
        ([], "", 1, 1),
        ([""], "something", 0, 0),
        ("one string", "one string", 1, 1),
    ],
)
def test_squad(accepted: Any, said: str, exact: float, f1: float) -> None:
    one = rows([(accepted, said)])
    assert METRICS["squad_em"](one) == exact
    assert METRICS["squad_f1"](one) == pytest.approx(f1)
    assert METRICS["squad_mean"](one) == pytest.approx((exact + f1) / 2)


@pytest.mark.parametrize(
    ("language", "accepted", "said", "exact", "f1"),
    [
        ("en", "the house", "house", 1, 1),
        ("de", "Das Haus", "„Haus“", 1, 1),
        ("es", "los años 90", "años 90", 1, 1),
        ("vi", "những năm", "năm", 1, 1),
        ("ar", "البيت", "بيت", 1, 1),
        ("hi", "भारत।", "भारत", 1, 1),
        # Han characters are words of their own, Latin letters and digits stay together
        ("zh", "北京市", "北京", 0, 2 * 1 * (2 / 3) / (5 / 3)),
        ("zh", "iPhone 12在北京", "iPhone 12 在北京。", 1, 1),
        # German articles are no articles in English, where SQuAD's rules stop
        ("en", "das Haus", "Haus", 0, 2 / 3),
    ],
)
def test_mlqa_by_language(language: str, accepted: str, said: str, exact: float, f1: float) -> None:
    one = rows([([accepted], said)], language)
    assert METRICS["mlqa_em"](one) == exact
    assert METRICS["mlqa_f1"](one) == pytest.approx(f1)
    assert METRICS["mlqa_mean"](one) == pytest.approx((exact + f1) / 2)


def test_mlqa_refuses_a_language_without_rules() -> None:
    with pytest.raises(UnreadableInputError, match="no rules for answers in 'fi'"):
        METRICS["mlqa_f1"](rows([(["a"], "a")], "fi"))


def test_bucc_f1() -> None:
    # two of four gold pairs found, one wrong translation, one pair where there is none, one rightly left alone
    mined = rows([("en-1", "en-1"), ("en-2", "en-2"), ("en-3", "en-7"), ("en-4", None), (None, "en-8"), (None, None)])
    precision, recall = 2 / 4, 2 / 4
    assert METRICS["bucc_f1"](mined) == pytest.approx(2 * precision * recall / (precision + recall))
    assert METRICS["bucc_f1"](rows([(None, None)])) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_matthews_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a single class
        expected = matthews_corrcoef([a for a, _ in pairs], [b for _, b in pairs])
    assert METRICS["matthews"](rows(pairs)) == pytest.approx(expected, abs=1e-12)


def test_f1_accuracy_mean_is_that_of_glue() -> None:
    names = ["not_equivalent", "equivalent"]
    gold, said = [1, 0, 1, 1, 0, 0, 1], [1, 1, 1, 0, 0, 0, 1]
    accuracy = float(np.mean(np.equal(gold, said)))
    expected = (accuracy + float(f1_score(gold, said))) / 2
    named = rows([(names[a], names[b]) for a, b in zip(gold, said, strict=True)])
    assert METRICS["f1_accuracy_mean"](named) == pytest.approx(expected)
    with pytest.raises(UnreadableInputError, match="F1 needs two classes"):
        METRICS["f1_accuracy_mean"](rows([("left", "right")]))


numbers = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=20)


@given(numbers.filter(lambda p: len({a for a, _ in p}) > 1 and len({b for _, b in p}) > 1))
def test_correlations_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    assert METRICS["pearson"](rows(pairs)) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-9)
    assert METRICS["spearman"](rows(pairs)) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)


def test_what_is_constant_correlates_with_nothing() -> None:
    constant = rows([(0.1, 3.3), (0.2, 3.3), (0.7, 3.3)])
    assert METRICS["pearson"](constant) == METRICS["spearman"](constant) == 0
    assert METRICS["matthews"](rows([("a", "a"), ("b", "a")])) == 0


EXAMPLES: dict[str, list[tuple[Any, Any]]] = {
    "accuracy": [("a", "a"), ("a", "b"), ("b", "b")],
    "span_f1": [(["B-A", "O"], ["B-A", "O"]), (["B-A"], ["O"]), (["O", "B-A"], ["B-A", "B-A"])],
    "token_accuracy": [(["B-A", "O"], ["B-A", "O"]), (["B-A"], ["O"]), (["O", "B-A"], ["B-A", "B-A"])],
    "squad_f1": [(["x y"], "x"), (["x"], "x"), (["x"], "z")],
    "bucc_f1": [("1", "1"), (None, "2"), ("3", None)],
    "f1_accuracy_mean": [("0", "1"), ("1", "1"), ("0", "0")],
    "matthews": [("a", "a"), ("b", "a"), ("b", "b"), ("a", "b"), ("a", "a")],
    "pearson": [(1.0, 2.0), (2.0, 1.0), (4.0, 5.5), (3.0, 3.0)],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_sums_over_resampled_items_give_the_metric_of_the_resampled_rows(name: str) -> None:
    measure, all_rows = METRICS[name], rows(EXAMPLES[name])
    sums = measure.contributions(all_rows)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(len(all_rows), np.full(len(all_rows), 1 / len(all_rows)), size=20)
    fast = measure.value(counts @ sums)  # [20]: all resamples at once
    for count, value in zip(counts, fast, strict=True):
        again = [dict(row, id=f"{row['id']}.{k}") for row, n in zip(all_rows, count, strict=True) for k in range(n)]
        assert value == pytest.approx(measure(again), abs=1e-9)


def test_spearman_is_no_function_of_sums() -> None:
    assert [name for name, measure in METRICS.items() if not measure.is_additive] == ["spearman"]
    with pytest.raises(UsageError, match="spearman is no function of sums"):
        METRICS["spearman"].contributions(rows([(1, 2)]))


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown metric 'bleu'; choose among accuracy, .*squad_f1"):
        metric("bleu")


GOOD = {"id": "1", "language": "en", "label": "a", "prediction": "b"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "there are no rows"),
        ([{k: v for k, v in GOOD.items() if k != "prediction"}], "row 1: has no 'prediction'"),
        ([GOOD, GOOD], "row 2: the id '1' stands twice in language 'en'"),
        ([{**GOOD, "id": ""}], "must be words"),
        ([{**GOOD, "id": 7}], "must be words"),
        (["{"], "line 1: is not a JSON object"),
        ([GOOD, [1]], "line 2: is not a JSON object"),
    ],
)
def test_bad_files_of_predictions(lines: list[Any], message: str) -> None:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    with pytest.raises(UnreadableInputError, match=message):
        read_rows(text.encode())


def test_good_files_of_predictions() -> None:
    # the same id in two languages is two items; null is an answer that bucc_f1 understands
    lines = [GOOD, {**GOOD, "language": "xa"}, {**GOOD, "id": "2", "prediction": None, "score": 0.5}]
    assert read_rows("\n".join(map(json.dumps, lines)).encode()) == tuple(lines)
    with pytest.raises(UnreadableInputError, match="byte 0"):
        read_rows(b"\xff")


@pytest.mark.parametrize(
    ("name", "pair", "message"),
    [
        ("accuracy", ("a", None), "has no prediction"),
        ("accuracy", (["a"], "a"), "must be a single value"),
        ("span_f1", (["O"], ["O", "O"]), "2 tags are predicted for 1 words"),
        ("span_f1", ("O", ["O"]), "list of words"),
        ("squad_f1", (["a"], 3), "must be a string"),
        ("squad_f1", ([3], "a"), "list of accepted answers"),
        ("pearson", (1.0, "high"), "is not a number"),
        ("pearson", (1.0, float("nan")), "is not a number"),
    ],
)
def test_rows_that_a_metric_cannot_score(name: str, pair: tuple[Any, Any], message: str) -> None:
    with pytest.raises(UnreadableInputError, match=message):
        METRICS[name](rows([pair]))
