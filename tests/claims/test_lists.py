"""Distributive lists: three numbers beside three names are three quantities, each with its own subject."""

from __future__ import annotations

import pytest

from claimcheck.claims import find_quantities

Row = tuple[float, str, str]


def listed(text: str) -> list[Row]:
    return [(q.value, q.unit, q.subject) for q in find_quantities(text)]


THREE = [(8.2, "points", "SQuAD"), (7.5, "points", "MNLI"), (7.0, "points", "HellaSwag")]


@pytest.mark.parametrize(
    "text",
    [
        "We gain 8.2, 7.5, and 7.0 points on SQuAD, MNLI and HellaSwag.",
        "We gain 8.2, 7.5 and 7.0 points on SQuAD, MNLI, and HellaSwag, respectively.",
        "Training on SQuAD, MNLI and HellaSwag improves by 8.2, 7.5 and 7.0 points.",
        "Training on SQuAD, MNLI, and HellaSwag raises the average by 8.2, 7.5, and 7.0 points, respectively.",
    ],
)
def test_each_number_has_its_own_name_and_the_unit_of_all(text: str) -> None:
    assert listed(text) == THREE
    assert {(q.role, q.direction) for q in find_quantities(text)} == {("delta", "up")}


def test_two_values_for_two_names() -> None:
    text = "It reaches 91.2 and 84.5 F1 on English and German, respectively."
    assert [(q.value, q.subject) for q in find_quantities(text)] == [(91.2, "English"), (84.5, "German")]


def test_a_name_keeps_the_number_inside_it() -> None:
    found = listed("We gain 1.2 and 3.4 points on CoNLL 2003 and OntoNotes 5.0.")
    assert [(value, subject) for value, _, subject in found] == [(1.2, "CoNLL 2003"), (3.4, "OntoNotes 5.0")]


def test_lists_of_different_length_are_not_paired() -> None:
    found = find_quantities("We gain 8.2, 7.5, and 7.0 points on SQuAD and MNLI.")
    assert [q.value for q in found] == [8.2, 7.5, 7.0]
    assert {q.subject for q in found} == {""}


def test_numbers_with_their_own_names_are_no_list() -> None:
    first, second = find_quantities("It reaches 91.2 F1 on SQuAD and 84.5 accuracy on MNLI.")
    assert (first.metric, second.metric) == ("F1", "accuracy")
    assert (first.subject, second.subject) == ("", "")


def test_a_list_in_small_letters_needs_no_comma_before_and() -> None:
    found = find_quantities("The precision, recall and F1 of Tansy are 74.0, 73.1 and 73.5.")
    assert [(q.value, q.subject) for q in found] == [(74.0, "precision"), (73.1, "recall"), (73.5, "F1")]
