"""Metrics: worked examples, agreement with seqeval, scikit-learn and scipy, sums over items, and bad rows."""

from __future__ import annotations

import itertools
import json
import string
import unicodedata
import warnings
from collections.abc import Iterable
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


@pytest.mark.parametrize(
    ("language", "accepted", "said", "exact", "f1"),
    [
        # only Han up to U+9FA5 stand alone: not those of extension A, nor kana, nor full-width digits
        ("zh", "㐀㐁", "㐀", 0, 0),
        ("zh", "カタカナ", "カタ", 0, 0),
        ("zh", "２０年", "２０", 0, 2 * 1 * 0.5 / 1.5),
        # an ideographic space parts words; punctuation between them leaves nothing behind, not even a space
        ("zh", "abc　def", "abc def", 1, 1),
        ("zh", "（A·B）", "ab", 1, 1),
        ("en", "well-known", "wellknown", 1, 1),
        ("en", "5€", "5 €", 0, 0),  # a symbol is no punctuation, but those of ASCII are taken for it
        ("en", "5$", "5", 1, 1),
        # the letters of the Arabic article are dropped inside of words as well, and part them
        ("ar", "سالم", "س م", 1, 1),
        # an article is a word of its own; a combining mark ends a word for it
        ("es", "ella", "la", 0, 0),
        ("vi", "cái nhà", "nhà", 1, 1),
        ("hi", "और", "और।", 1, 1),
        # nothing but articles: equal, and yet without any word in common
        ("de", "die", "der", 1, 0),
    ],
)
def test_mlqa_in_the_corners_of_unicode(language: str, accepted: str, said: str, exact: float, f1: float) -> None:
    one = rows([([accepted], said)], language)
    assert METRICS["mlqa_em"](one) == exact
    assert METRICS["mlqa_f1"](one) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("language", "gold", "said"), [("zh", "北京市", "北京"), ("th", "กรุงเทพ", "กรุง"), ("ja", "東京都", "東京")]
)
def test_squad_does_not_segment(language: str, gold: str, said: str) -> None:
    """XQuAD and TyDiQA are scored by SQuAD's English rules in every language."""
    assert METRICS["squad_f1"](rows([([gold], said)], language)) == 0
    assert METRICS["squad_f1"](rows([([f"the {gold}"], f"{gold}.")], language)) == 1


def test_an_answer_without_words() -> None:
    """In SQuAD 1.1 an exact match of F1 0; in SQuAD 2.0 it is no answer, and so the question has none but others."""
    for pair, first, second in [
        ((["The"], "a"), (1, 0), (1, 1)),
        ((["the", "x"], ""), (1, 0), (0, 0)),
        ((["the", "x"], "x"), (1, 1), (1, 1)),
        (([], ""), (1, 1), (1, 1)),
        (([], "the"), (1, 1), (1, 1)),
        (([""], "x"), (0, 0), (0, 0)),
    ]:
        assert [METRICS[name](rows([pair])) for name in ("squad_em", "squad_f1")] == list(first)
        assert [METRICS[name](rows([pair])) for name in ("squad2_em", "squad2_f1")] == list(second)


PIECES = st.sampled_from(
    [
        *"a an the The un la das die von của cái ال البيت x X y's z-1 12 5$ 5€ ß İ é é 北 京市 北京 㐀 カ กรุง".split(),
        *"ก็ और । 。，！ （ ） « » „ ' _ | ^ ~ ‿ ・".split(),
        *(" ", " ", "  ", "\t", "\u3000", "\u00a0", "\u200b", ""),
    ]
)
ANSWER = st.lists(PIECES, max_size=6).map("".join)
ANSWERS = st.lists(st.tuples(st.lists(ANSWER, min_size=1, max_size=3), ANSWER), min_size=1, max_size=4)


def without_articles(text: str, articles: Iterable[str]) -> str:
    """Without the runs of letters, digits and underscores that are an article."""
    runs = ["".join(run) for _, run in itertools.groupby(text, lambda c: c.isalnum() or c == "_")]
    return "".join(" " if run in set(articles) else run for run in runs)


def squad_tokens(text: str) -> list[str]:
    kept = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return without_articles(kept, ["a", "an", "the"]).split()


def mlqa_tokens(text: str, language: str) -> list[str]:
    """As Lewis et al. (2020) and their script's comments describe it, character by character."""
    articles = {
        "en": "a an the",
        "es": "un una unos unas el la los las",
        "vi": "của là cái chiếc những",
        "de": "ein eine einen einem eines einer der die das den dem des",
    }
    kept = [c for c in text.lower() if not (c in string.punctuation or unicodedata.category(c)[0] == "P")]
    text = without_articles("".join(kept), articles.get(language, "").split())
    if language == "ar":
        text = " ".join(text.split("ال"))
    if language != "zh":
        return text.split()
    tokens, run = [], ""
    for c in text:
        if 0x4E00 <= ord(c) <= 0x9FA5:
            tokens += [*run.split(), c]
            run = ""
        else:
            run += c
    return tokens + run.split()


def token_f1(gold: list[str], said: list[str]) -> float:
    left, common = list(said), 0
    for token in gold:
        if token in left:
            left.remove(token)
            common += 1
    if not common:
        return 0.0
    precision, recall = common / len(said), common / len(gold)
    return 2 * precision * recall / (precision + recall)


@given(ANSWERS)
def test_squad_is_that_of_its_script(pairs: list[tuple[list[str], str]]) -> None:
    exact = [max(squad_tokens(gold) == squad_tokens(said) for gold in golds) for golds, said in pairs]
    f1 = [max(token_f1(squad_tokens(gold), squad_tokens(said)) for gold in golds) for golds, said in pairs]
    answerable = [any(golds) for golds, _ in pairs]  # SQuAD 1.1 has no empty answers
    scored = rows([pair for pair, known in zip(pairs, answerable, strict=True) if known])
    if scored:
        assert METRICS["squad_em"](scored) == pytest.approx(np.mean(np.array(exact)[answerable]))
        assert METRICS["squad_f1"](scored) == pytest.approx(np.mean(np.array(f1)[answerable]))


@given(ANSWERS)
def test_squad2_is_that_of_its_script(pairs: list[tuple[list[str], str]]) -> None:
    exact, f1 = [], []
    for golds, said in pairs:
        kept = [squad_tokens(gold) for gold in golds if squad_tokens(gold)] or [[]]
        tokens = squad_tokens(said)
        exact.append(float(tokens in kept))
        f1.append(max(token_f1(gold, tokens) if gold and tokens else float(gold == tokens) for gold in kept))
    assert METRICS["squad2_em"](rows(pairs)) == pytest.approx(np.mean(exact))
    assert METRICS["squad2_f1"](rows(pairs)) == pytest.approx(np.mean(f1))


@given(ANSWERS, st.sampled_from(["en", "es", "hi", "vi", "de", "ar", "zh"]))
def test_mlqa_is_that_of_its_script(pairs: list[tuple[list[str], str]], language: str) -> None:
    pairs = [pair for pair in pairs if any(pair[0])] or [(["x"], "x")]
    tokens = [([mlqa_tokens(gold, language) for gold in golds], mlqa_tokens(said, language)) for golds, said in pairs]
    scored = rows(pairs, language)
    assert METRICS["mlqa_em"](scored) == pytest.approx(np.mean([said in golds for golds, said in tokens]))
    assert METRICS["mlqa_f1"](scored) == pytest.approx(
        np.mean([max(token_f1(gold, said) for gold in golds) for golds, said in tokens])
    )


def test_bucc_f1() -> None:
    # two of four gold pairs found, one wrong translation, one pair where there is none, one rightly left alone
    mined = rows([("en-1", "en-1"), ("en-2", "en-2"), ("en-3", "en-7"), ("en-4", None), (None, "en-8"), (None, None)])
    precision, recall = 2 / 4, 2 / 4
    assert METRICS["bucc_f1"](mined) == pytest.approx(2 * precision * recall / (precision + recall))
    assert METRICS["bucc_f1"](rows([(None, None)])) == 0


SENTENCE = st.one_of(st.none(), st.sampled_from(["en-1", "en-2", "en-3"]))


@given(st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=12))
def test_bucc_f1_is_that_of_sets_of_pairs(labelled: list[tuple[str | None, str | None]]) -> None:
    gold = {(i, label) for i, (label, _) in enumerate(labelled) if label}
    said = {(i, prediction) for i, (_, prediction) in enumerate(labelled) if prediction}
    expected = 0.0
    if gold & said:
        precision, recall = len(gold & said) / len(said), len(gold & said) / len(gold)
        expected = 2 * precision * recall / (precision + recall)
    assert METRICS["bucc_f1"](rows(labelled)) == pytest.approx(expected)


def test_parts_of_speech_by_spans_are_not_their_accuracy() -> None:
    """The trap: two of three tags are right, and no run of equal tags is."""
    tags = rows([(["NOUN", "NOUN", "VERB"], ["NOUN", "VERB", "VERB"])])
    assert METRICS["token_accuracy"](tags) == pytest.approx(2 / 3)
    assert METRICS["span_f1"](tags) == 0


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
