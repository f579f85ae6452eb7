"""The numbers of a sentence: value, unit, role, direction, bound, range, count; names that hold digits are none."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.claims import find_quantities
from claimcheck.foundation.records import Quantity


def only(text: str) -> Quantity:
    [quantity] = find_quantities(text)
    return quantity


def test_a_value_with_its_metric_and_place() -> None:
    text = "The model reaches 85.3 F1 on SQuAD."
    q = only(text)
    assert (q.value, q.decimals, q.role, q.unit, q.metric) == (85.3, 1, "value", "", "F1")
    assert q.half_width == pytest.approx(0.05)
    assert text[slice(*q.span)] == q.text == "85.3"
    assert q.direction is None


@pytest.mark.parametrize(
    ("text", "unit", "role"),
    [
        ("The accuracy is 85.3%.", "percent", "value"),
        ("It gains 2.1 points over BERT.", "points", "delta"),
        ("It gains 2.1 percentage points over BERT.", "points", "delta"),
        ("It gains 2.1% over BERT.", "percent", "delta"),
        ("We improve accuracy by 2.1 % absolute.", "points", "delta"),
        ("A 2.1-point gain.", "points", "delta"),
        ("We reduce errors by a relative 12%.", "percent", "relative"),
        ("We obtain a 12% relative error reduction.", "percent", "relative"),
        ("It is 3x faster than BERT.", "times", "ratio"),
        ("It is 2.5 times faster than BERT.", "times", "ratio"),
    ],
)
def test_points_percent_and_times_are_told_apart(text: str, unit: str, role: str) -> None:
    q = only(text)
    assert (q.unit, q.role) == (unit, role)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Accuracy rises by 3.2 points with attention.", "up"),
        ("Accuracy drops by 3.2 points without attention.", "down"),
        ("Our tagger outperforms it by 3.2 points.", "up"),
        ("The score decreases by 3.2 points.", "down"),
        ("The change is +3.2 BLEU.", "up"),
    ],
)
def test_sign_words_and_signs_give_the_direction(text: str, direction: str) -> None:
    q = only(text)
    assert (q.value, q.role, q.direction) == (3.2, "delta", direction)


@pytest.mark.parametrize(
    ("words", "bound"),
    [
        ("more than", "more_than"),
        ("over", "more_than"),
        ("at least", "at_least"),
        ("at most", "at_most"),
        ("less than", "less_than"),
        ("up to", "up_to"),
        ("about", "about"),
        ("", None),
    ],
)
def test_bounds(words: str, bound: str | None) -> None:
    assert only(f"It improves by {words} 2.5 points.").bound == bound


@pytest.mark.parametrize(
    "text",
    ["The gains are 2.6-14.2 points.", "The gains are 2.6–14.2 points.", "They lie between 2.6 and 14.2 points."],
)
def test_a_range_is_one_quantity_with_two_ends(text: str) -> None:
    q = only(text)
    assert (q.value, q.high, q.unit, q.role) == (2.6, 14.2, "points", "delta")


def test_from_and_to_are_two_values_and_no_range() -> None:
    low, high = find_quantities("Accuracy rises from 80.1 to 85.3 on MNLI.")
    assert (low.value, low.role, low.high) == (80.1, "value", None)
    assert (high.value, high.role, high.high) == (85.3, "value", None)


@pytest.mark.parametrize(
    "said", ["7 of 9 tasks", "7 out of 9 tasks", "7 of the 9 tasks", "seven out of nine tasks", "7 of the nine tasks"]
)
def test_counts(said: str) -> None:
    q = only(f"It is best on {said}.")
    assert (q.value, q.total, q.role, q.half_width) == (7, 9, "count", 0)


@pytest.mark.parametrize(
    "text",
    [
        "Table 3 shows that GPT-2 is better.",
        "See Section 4.2 and Figure 5.",
        "As Peters et al. (2018) show, this helps [12, 13].",
        "In 2018 this was new (Devlin et al., 2019).",
        "We use OntoNotes 5.0 and SQuAD 2.0.",
        "The F1 score and P@10 are both good.",
        "Vectors of 300d are used in version 1.2.3 of it.",
        "https://example.org/12.5 has the code.",
    ],
)
def test_numbers_that_name_things_are_no_quantities(text: str) -> None:
    assert find_quantities(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "The learning rate is 0.001 and dropout is 0.5.",
        "We train for 10 epochs with 300 hidden units and 2 layers.",
        "The corpus has 12,345 sentences.",
    ],
)
def test_numbers_of_the_setup_state_no_result(text: str) -> None:
    found = find_quantities(text)
    assert found
    assert {q.role for q in found} == {"other"}


def test_a_result_beside_a_name_or_year_is_kept() -> None:
    assert [q.value for q in find_quantities("On CoNLL 2003 it obtains 93.1 F1 (Table 4).")] == [93.1]
    assert [q.value for q in find_quantities("We win (93.1 F1 on CoNLL 2003).")] == [93.1]


def test_a_share_of_something_says_of_what() -> None:
    assert only("Errors hit 12.5% of the sentences.").condition.startswith("of the sentences")
    assert only("It reaches an accuracy of 12.5%.").condition == ""


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=10, max_value=99, places=1), st.sampled_from(["points", "%"]))
def test_any_printed_number_is_read_back(number: object, unit: str) -> None:
    space = "" if unit == "%" else " "
    q = only(f"It outperforms the baseline by {number}{space}{unit} on MNLI.")
    assert q.value == float(str(number))
    assert q.unit == ("percent" if unit == "%" else "points")


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=string.printable + "–−±≈∼§\x00\u2028", max_size=200))
def test_spans_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    end = 0
    for q in find_quantities(text):
        assert 0 <= q.span[0] < q.span[1] <= len(text)
        assert q.span[0] >= end
        assert q.text in text
        end = q.span[1]


@pytest.mark.parametrize("text", ["improves by 2.1 points and " * 1_500, "3.4 " * 1_000, "(12, " * 2_000])
def test_a_long_list_of_numbers_takes_time_in_proportion(text: str) -> None:
    started = time.process_time()
    find_quantities(text)
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize(
    "text",
    [
        "The gain is significant with p < 0.01.",
        "We report the best results in Table 6.",
        "It can boost tagging (§5.1).",
    ],
)
def test_significance_levels_and_references_are_no_results(text: str) -> None:
    assert find_quantities(text) == ()


def test_a_verb_of_change_does_not_reach_over_a_preposition() -> None:
    assert only("It does not improve after 15 checks.").role != "delta"


def test_how_often_something_is_done_is_no_ratio() -> None:
    assert only("It runs the cell 10 times per step.").role == "other"
