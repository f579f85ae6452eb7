"""Statements against tables: what holds scores above its contrary, the cells that decide are shown."""

from __future__ import annotations

import pytest

from claimcheck.checks.statements import StatementCheck, check_statements
from claimcheck.checks.table_index import index_tables
from claimcheck.foundation.records import Claim, Table

HARBOURS = Table.from_rows(
    ["Harbour", "Country", "Opened", "Ships per year", "Depth (m)"],
    [
        ["Aldun", "Norland", "1932", "410", "12.5"],
        ["Breck", "Norland", "1951", "980", "15.0"],
        ["Corvey", "Sudmark", "1947", "655", "9.5"],
        ["Dunholt", "Sudmark", "1968", "120", "11.0"],
        ["Eskar", "Westmar", "1974", "1210", "18.0"],
    ],
    caption="Harbours of the inner sea",
)
PARSERS = Table.from_rows(
    ["System", "News F1", "Web F1", "Error rate"],
    [
        ["Baseline", "81.2", "74.0", "9.1"],
        ["+ lattice", "82.9", "75.5", "8.4"],
        ["TreeNet", "85.1", "73.8", "7.7"],
        ["Orchid (ours)", "86.4", "79.3", "6.2"],
    ],
    caption="Parsing results",
    label="4",
)


def check(text: str, *tables: Table) -> StatementCheck:
    (found,) = check_statements([Claim(id="0" * 12, text=text)], [index_tables(tables)])
    assert found is not None
    return found


def holds(text: str, table: Table) -> float:
    """The probability that the statement holds, where the table tells."""
    p = check(text, table).probabilities
    return p["supported"] / (p["supported"] + p["refuted"])


@pytest.mark.parametrize(
    ("true", "false", "table"),
    [
        ("Breck has 980 ships per year.", "Breck has 655 ships per year.", HARBOURS),
        ("Corvey lies in Sudmark.", "Corvey lies in Norland.", HARBOURS),
        ("Eskar has the highest depth.", "Aldun has the highest depth.", HARBOURS),
        ("Dunholt has the fewest ships per year.", "Breck has the fewest ships per year.", HARBOURS),
        ("Breck has the second highest depth.", "Dunholt has the second highest depth.", HARBOURS),
        ("The lowest depth is 9.5.", "The lowest depth is 11.0.", HARBOURS),
        ("Breck has more ships per year than Corvey.", "Dunholt has more ships per year than Corvey.", HARBOURS),
        ("Breck has fewer ships per year than Eskar.", "Breck has no fewer ships per year than Eskar.", HARBOURS),
        ("There are two harbours in Sudmark.", "There are four harbours in Sudmark.", HARBOURS),
        ("There are 3 different countries.", "There are 5 different countries.", HARBOURS),
        ("Eskar opened in 1974.", "Eskar opened in 1951.", HARBOURS),
        ("Orchid outperforms TreeNet on all metrics.", "TreeNet outperforms Orchid on all metrics.", PARSERS),
        ("TreeNet is better than Baseline in news F1.", "Baseline is better than TreeNet in news F1.", PARSERS),
        ("TreeNet has a lower error rate than Baseline.", "TreeNet has a higher error rate than Baseline.", PARSERS),
        ("Orchid improves web F1 over TreeNet by 5.5.", "Orchid improves web F1 over TreeNet by 9.5.", PARSERS),
        ("Our system obtains the best news F1.", "The baseline obtains the best news F1.", PARSERS),
    ],
)  # fmt: skip
def test_what_holds_scores_above_its_contrary(true: str, false: str, table: Table) -> None:
    assert holds(true, table) > holds(false, table) + 0.05


def test_better_means_less_where_less_is_better() -> None:
    better = check("TreeNet is better than Baseline in error rate.", PARSERS)
    worse = check("Baseline is better than TreeNet in error rate.", PARSERS)
    assert better.features["compare_best"] > 0 > worse.features["compare_worst"]


def test_a_row_that_adds_something_is_compared_with_the_row_above() -> None:
    # 75.5 is below Orchid's 79.3, yet above the baseline that it adds to
    found = check("Lattice improves web F1.", PARSERS)
    assert found.features["compare_best"] > 0
    assert found.features["compare_worst"] >= 0


def test_not_always_needs_one_exception() -> None:
    assert holds("TreeNet is not always better than the baseline.", PARSERS) > holds(
        "Orchid is not always better than the baseline.", PARSERS
    )


def test_the_cells_that_decide_are_quoted_with_their_place() -> None:
    found = check("Breck has 980 ships per year.", HARBOURS).check
    assert found.kind == "statement"
    places = {(e.quote, e.pointer.row, e.pointer.column) for e in found.evidence}
    assert ("980", "Breck > Norland", "Ships per year") in places


def test_a_refutation_says_what_the_cells_say() -> None:
    found = check("Aldun has the highest depth of all harbours.", HARBOURS).check
    assert found.label == "refuted"
    assert "18" in found.reason
    assert "Eskar" in found.reason


def test_what_the_table_does_not_name_is_less_decided() -> None:
    known = check("Breck has a greater depth than Corvey.", HARBOURS).probabilities
    other = check("The harbour of Falmen attracts tourists because its museum was renovated.", HARBOURS).probabilities
    assert other["not_enough_info"] > known["not_enough_info"] + 0.2
    assert max(other, key=lambda x: other[x]) == "not_enough_info"


def test_the_table_that_the_words_fit_is_read() -> None:
    found = check("Eskar has the highest depth.", PARSERS, HARBOURS).check
    assert {e.pointer.column for e in found.evidence} == {"Depth (m)"}


def test_probabilities_sum_to_one_and_the_score_is_the_labels() -> None:
    for text in ("Orchid is best.", "Nothing of it.", "We thank the reviewers."):
        found = check(text, PARSERS)
        assert sum(found.probabilities.values()) == pytest.approx(1.0)
        assert found.check.score == found.probabilities[found.check.label] == max(found.probabilities.values())


def test_rows_of_dates_are_found_by_day_and_month() -> None:
    games = Table.from_rows(
        ["Date", "Opponent", "Crowd"],
        [["3 March 1990", "Lions", "4100"], ["14 March 1990", "Bears", "5200"], ["2 April 1990", "Wolves", "3900"]],
    )
    assert holds("On March 14 the crowd was 5200.", games) > holds("On March 14 the crowd was 3900.", games)


def test_a_score_of_two_numbers_is_one_thing() -> None:
    cup = Table.from_rows(["Home", "Away", "Result"], [["Reds", "Blues", "3 - 2"], ["Greens", "Whites", "1 - 4"]])
    assert holds("Reds against Blues ended 3 - 2.", cup) > holds("Reds against Blues ended 1 - 4.", cup)


@pytest.mark.parametrize("text", ["42", "\u00b2", "!!!", "9" * 5_000, "1 2 3"])
def test_what_has_no_words_states_nothing(text: str) -> None:
    assert check_statements([Claim(id="0" * 12, text=text)], [index_tables([PARSERS])]) == [None]


def test_a_derivation_names_the_cells_behind_its_arithmetic() -> None:
    found = check("Breck has 980 ships per year.", HARBOURS).check
    assert found.label == "supported"
    assert found.derivation is not None
    arithmetic, places = found.derivation.split(": ", 1)
    assert "980" in arithmetic
    assert "Breck" in places
    assert [e.quote for e in found.evidence][:1] == ["980"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("Breck was opened by a king.", ["1951"]),  # where the row and the column that are named meet
        ("The depth of Aldun was never measured.", ["12.5"]),
        ("Every harbour of Sudmark was sold.", ["Corvey", "Dunholt"]),
    ],
)
def test_a_verdict_that_no_program_carries_shows_the_cells_that_were_looked_at(text: str, cells: list[str]) -> None:
    found = check(text, HARBOURS).check
    assert found.label == "refuted"
    assert [e.quote for e in found.evidence] == cells
    assert "the wording alone" in found.reason
    assert found.derivation is None
