"""What a claim says exactly: whose number, on what, against what, under which condition, in words that stand alone."""

from __future__ import annotations

import string
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.structure import fill, fill_alone
from claimcheck.foundation.records import (
    Claim,
    Comparison,
    Document,
    Paper,
    Place,
    Pointer,
    Quantity,
    Section,
    Sentence,
    Table,
)

INTRO = "We propose Larkspur, a new encoder for short texts."
SCORES = Table.from_rows(
    ["Model", "Brightwater", "Coldwell"],
    [["Mallow (Reed et al., 2017)", "71.2", "60.4"], ["Sorrel", "72.9", "62.0"], ["Larkspur (ours)", "74.1", "63.5"]],
    "Table 1: Accuracy on Brightwater and Coldwell.",
    label="1",
)


def alone(text: str) -> Claim:
    return fill_alone(Claim(id="c", text=text, quantities=find_quantities(text)))


def within(text: str, before: Sequence[str] = (), intro: str = "", tables: Sequence[Table] = ()) -> Claim:
    lines = [Sentence(text=intro, section=0)] if intro else []
    lines += [Sentence(text=x, section=0, paragraph=1) for x in (*before, text)]
    document = Document(
        paper=Paper(id="p"), sections=(Section(title="Results"),), sentences=tuple(lines), tables=tuple(tables)
    )
    place = Place(pointer=Pointer(paper="p"), text=text, sentence=len(lines) - 1)
    [claim] = fill(document, [Claim(id="c", text=text, places=(place,), quantities=find_quantities(text))])
    return claim


def only(claim: Claim) -> Quantity:
    [quantity] = claim.quantities
    return quantity


def compared(claim: Claim) -> Comparison:
    [comparison] = claim.comparisons
    return comparison


def test_a_value_says_whose_on_what_and_in_which_measure() -> None:
    q = only(alone("On the development set, Fennel scores 82.0 F1 on SQuAD."))
    assert (q.method, q.dataset, q.metric, q.condition) == ("Fennel", "SQuAD", "F1", "development set")


def test_a_change_says_against_what_it_is() -> None:
    q = only(alone("Compared to BERT, Saffron improves accuracy by 3.4 points on MNLI."))
    assert (q.method, q.baseline, q.metric, q.dataset, q.direction) == ("Saffron", "BERT", "accuracy", "MNLI", "up")


def test_where_a_change_starts_is_not_the_system_s_own_number() -> None:
    low, high = alone("Adding character features improves the LAS from 88.2 to 89.0 on German.").quantities
    assert (low.method, high.method) == ("", "Adding character features")
    assert (low.metric, high.metric, low.condition, high.condition) == ("LAS", "LAS", "German", "German")


@pytest.mark.parametrize(
    ("text", "slot", "expected"),
    [
        ("Saffron improves by 2.1, 0.8 and 3.4 points on SQuAD, MNLI and QQP.", "dataset", ["SQuAD", "MNLI", "QQP"]),
        ("Comfrey and Hyssop reach 88.1 and 90.3 F1 on SQuAD, respectively.", "method", ["Comfrey", "Hyssop"]),
        ("The precision, recall and F1 of Tansy are 74.0, 73.1 and 73.5.", "metric", ["precision", "recall", "F1"]),
        ("The precision, recall and F1 of Tansy are 74.0, 73.1 and 73.5.", "method", ["Tansy", "Tansy", "Tansy"]),
        ("Angelica obtains 71.2 (SQuAD), 80.4 (MNLI) and 65.0 (RTE).", "dataset", ["SQuAD", "MNLI", "RTE"]),
        (
            "We gain 1.1 points on English, 2.2 points on German and 3.3 points on Finnish.",
            "condition",
            ["English", "German", "Finnish"],
        ),
        ("It scores 94.1 on SST-2 and 61.0 on CoLA.", "dataset", ["SST-2", "CoLA"]),
    ],
)
def test_each_number_of_a_list_has_its_own(text: str, slot: str, expected: list[str]) -> None:
    assert [getattr(q, slot) for q in alone(text).quantities] == expected


def test_a_list_of_datasets_that_is_not_known_in_full_stays_open() -> None:
    q = only(alone("It gains 2.6 points on four datasets, namely SQuAD, Elmwood and Oakley."))
    assert q.dataset == ""


def test_two_clauses_have_each_their_own_system() -> None:
    a, b = alone("While Sorrel obtains 72.9 on SQuAD, Larkspur obtains 74.1 on MNLI.").quantities
    assert (a.method, a.dataset) == ("Sorrel", "SQuAD")
    assert (b.method, b.dataset) == ("Larkspur", "MNLI")


def test_the_second_subject_behind_and_is_not_given_the_first() -> None:
    first, second = alone("Sorrel obtains 72.9 F1 and the ensemble obtains 74.1 F1.").quantities
    assert first.method == "Sorrel"
    assert second.method != "Sorrel"


@pytest.mark.parametrize(
    ("text", "aggregation"),
    [
        ("XL-Sage improves by 8.7 points on average.", "on average"),
        ("Averaged over five seeds, Thistle reaches 77.4 accuracy on MNLI.", "Averaged over five seeds"),
        ("Juniper is best on 7 of 9 tasks.", "on 7 of 9 tasks"),
        ("Juniper gains 2.1 points on all datasets.", "on all datasets"),
    ],
)
def test_how_a_number_is_aggregated(text: str, aggregation: str) -> None:
    assert alone(text).quantities[0].aggregation == aggregation


def test_a_dataset_that_something_was_trained_on_is_not_where_it_was_measured() -> None:
    assert only(alone("A reader trained on SQuAD reaches 61.0 F1.")).dataset == ""
    assert only(alone("A reader trained on SQuAD reaches 61.0 F1 on MNLI.")).dataset == "MNLI"


def test_settings_and_shares_are_no_results() -> None:
    assert {q.method for q in alone("We train Sorrel for 10 epochs with a learning rate of 0.001.").quantities} == {""}
    q = only(alone("12.5% of the errors on SQuAD are caused by segmentation."))
    assert (q.aggregation, q.dataset, q.method) == ("share", "", "")
    assert q.condition.startswith("of the errors")


# ------------------------------------------------------------------ what phrases stand for


def test_our_model_is_the_paper_s_own_name() -> None:
    claim = within("However, our model achieves an accuracy of 74.1% on Brightwater.", intro=INTRO, tables=[SCORES])
    q = only(claim)
    assert (q.method, q.dataset, q.metric) == ("Larkspur", "Brightwater", "accuracy")
    assert claim.statement == "Larkspur achieves an accuracy of 74.1% on Brightwater."


def test_our_model_stays_as_it_is_where_several_names_could_be_meant() -> None:
    intro = "We propose Larkspur, a new encoder. We introduce Bluebell, a new decoder."
    claim = within("Our model achieves an accuracy of 74.1%.", intro=intro)
    assert only(claim).method == "Our model"
    assert claim.statement == claim.text


def test_it_is_what_the_sentence_before_is_about() -> None:
    claim = within("It reaches 88.1 F1 on SQuAD.", before=["Nettle uses two decoders."])
    assert only(claim).method == "Nettle"
    assert claim.statement == "Nettle reaches 88.1 F1 on SQuAD."
    claim = within("Its F1 is 1.9 points higher than that of Tansy.", before=["Nettle uses two decoders."])
    assert (only(claim).method, only(claim).baseline) == ("Nettle", "Tansy")
    assert claim.statement == "Nettle's F1 is 1.9 points higher than that of Tansy."


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("It is known that this improves results by 2.1 points.", ["Nettle uses two decoders."]),
        ("It reaches 88.1 F1.", ["The accuracy on SQuAD is low."]),
        ("It reaches 88.1 F1.", []),
    ],
)
def test_a_pronoun_that_is_not_plain_is_left(text: str, before: list[str]) -> None:
    claim = within(text, before=before)
    assert only(claim).method == ""
    assert claim.statement == text


def test_former_and_latter() -> None:
    claim = within("The latter lags 0.7 F1 points behind the former.", before=["We train Borage and Lovage."])
    q = only(claim)
    assert (q.method, q.baseline) == ("Lovage", "Borage")
    assert claim.statement == "Lovage lags 0.7 F1 points behind Borage."


def test_the_table_that_a_sentence_names_gives_what_it_leaves_out() -> None:
    claim = within("Sorrel obtains 63.5 on Coldwell (Table 1).", tables=[SCORES])
    assert only(claim).metric == "Accuracy"
    assert claim.statement == "Sorrel obtains 63.5 on Coldwell (Table 1) [Accuracy]."
    assert only(within("Sorrel obtains 63.5 on Coldwell.", tables=[SCORES])).metric == ""


# ------------------------------------------------------------------ comparisons


@pytest.mark.parametrize(
    ("text", "method", "baseline", "direction", "better"),
    [
        ("Larkspur outperforms Mallow.", "Larkspur", "Mallow", "above", True),
        ("Sorrel performs worse than Mallow.", "Sorrel", "Mallow", "below", False),
        ("Tansy is outperformed by Basil.", "Basil", "Tansy", "above", True),
        ("Thistle achieves higher accuracy than BERT.", "Thistle", "BERT", "above", True),
        ("The perplexity of Yarrow is lower than that of the LSTM.", "Yarrow", "LSTM", "below", True),
        ("Thistle has a higher perplexity than BERT.", "Thistle", "BERT", "above", False),
        ("Clover does not outperform Bramble.", "Clover", "Bramble", None, False),
        ("Clover is on par with Bramble.", "Clover", "Bramble", "same", None),
        ("We show that Clover surpasses all baselines.", "Clover", "all baselines", "above", True),
        ("Clover outperforms Reed et al. (2017).", "Clover", "Reed et al.", "above", True),
    ],
)
def test_comparisons_without_a_number(
    text: str, method: str, baseline: str, direction: str | None, better: bool | None
) -> None:
    c = compared(alone(text))
    assert (c.method, c.baseline, c.direction, c.better) == (method, baseline, direction, better)


def test_a_superlative_says_among_what() -> None:
    c = compared(alone("Among all single models, Hyssop performs best on SQuAD."))
    assert (c.method, c.baseline, c.better, c.dataset) == ("Hyssop", "all single models", True, "SQuAD")


@pytest.mark.parametrize(
    "text",
    [
        "Larkspur outperforms Mallow by 2.1 points.",  # the number carries it
        "If Larkspur outperforms Mallow, we stop.",
        "Does Larkspur outperform Mallow?",
        "It needs more than 3 passes.",
        "The results are better than expected.",
        "SQuAD as well as MNLI are used.",
    ],
)
def test_what_is_no_comparison_of_its_own(text: str) -> None:
    assert alone(text).comparisons == ()


# ------------------------------------------------------------------ statements


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("In addition, BERT is slow (Devlin et al., 2019; Reed et al., 2020).", "BERT is slow."),
        ("Hence, recall falls [12, 13].", "Recall falls."),
        ("Reed et al. (2017) report 71.2 F1.", "Reed et al. (2017) report 71.2 F1."),
        ("We win (93.1 F1 on CoNLL 2003).", "We win (93.1 F1 on CoNLL 2003)."),
        ("Compared to (Reed et al., 2017), Sorrel is fast.", "Compared to (Reed et al., 2017), Sorrel is fast."),
        ("A plain sentence stays.", "A plain sentence stays."),
    ],
)
def test_joining_words_and_citations_go_and_nothing_else(text: str, statement: str) -> None:
    assert alone(text).statement == statement


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=string.printable + "–−±≈§\x00\u2028éß", max_size=300))
def test_any_text_is_filled_without_an_error_and_every_name_stands_in_it(text: str) -> None:
    claim = alone(text)
    assert claim.text == text
    flat = "".join(text.split())
    for q in claim.quantities:
        assert "".join(q.method.split()) in flat
        assert "".join(q.dataset.split()) in flat


@pytest.mark.parametrize(
    "text",
    [
        "word " * 10_000,
        "improves by 2.1 points and " * 2_500,
        "(" * 10_000 + "85.3 F1",
        "ably " * 600 + "85.3",
        "A, " * 3_000 + "and B outperform C by 1.2 points.",
        "is and the " * 220 + "better than X",
        "1.2, " * 480 + "3.4 points on SQuAD, MNLI and QQP",
    ],
)
def test_hostile_sentences_are_not_slow(text: str) -> None:
    claim = Claim(id="c", text=text, quantities=find_quantities(text) if len(text) < 3_000 else ())
    fill_alone(alone("Warm up."))
    started = time.process_time()
    fill_alone(claim)
    assert time.process_time() - started < 1.0


def test_500_claims_take_less_than_a_second() -> None:
    texts = [
        f"Moreover, Sorrel outperforms Mallow on set {i} and reaches {60 + i % 30}.4 F1 on SQuAD." for i in range(500)
    ]
    sentences = tuple(Sentence(text=t, section=0, paragraph=i) for i, t in enumerate(texts))
    document = Document(paper=Paper(id="p"), sections=(Section(title="A"),), sentences=sentences, tables=(SCORES,))
    claims = [
        Claim(id=str(i), text=t, quantities=find_quantities(t), places=(Place(pointer=Pointer(), text=t, sentence=i),))
        for i, t in enumerate(texts)
    ]
    fill(document, claims[:1])
    started = time.process_time()
    filled = fill(document, claims)
    assert time.process_time() - started < 2.0  # half of that on an idle machine
    assert [c.id for c in filled] == [c.id for c in claims]
