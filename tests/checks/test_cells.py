"""Numbers against table cells: every kind of derivation, slips refuted, coincidence left alone."""

from __future__ import annotations

import random
import re

import pytest
from result_tables import ERRORS, INTERMEDIATE, PERPLEXITY, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Check


def value_of(arithmetic: str) -> float:
    """What the left side of a derivation comes to; only digits and operators may stand in it."""
    assert re.fullmatch(r"[\d.()+\-*/ ]+", arithmetic), arithmetic
    return float(eval(arithmetic))


def assert_arithmetic_holds(check: Check) -> None:
    arithmetic = (check.derivation or "").partition(": ")[0]
    left, _, right = arithmetic.partition(" = ")
    result = re.match(r"-?[\d.]+", right)
    assert result is not None
    assert value_of(left) == pytest.approx(float(result[0]), abs=0.5 * 10.0 ** -len(result[0].partition(".")[2]) + 1e-9)


def test_the_derivation_of_a_difference_is_arithmetic_then_the_places() -> None:
    check = first_check("Multi-task training raises the average by 8.7 points over XLM-R.", INTERMEDIATE)
    assert check.label == "supported"
    assert check.derivation == "82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg"
    found = [(e.quote, e.pointer.table, e.pointer.row, e.pointer.column, e.pointer.cell) for e in check.evidence]
    assert found == [("82.2", "2", "Multi-task", "Avg", (4, 4)), ("73.5", "2", "XLM-R", "Avg", (1, 4))]
    assert str(check.evidence[0].pointer) == "Table 2, Multi-task, Avg"


def test_a_cell_that_gives_the_number_supports() -> None:
    check = first_check("XLM-R obtains 90.1 on PAWS.", INTERMEDIATE)
    assert (check.kind, check.label) == ("cells", "supported")
    assert check.derivation == "90.1 = 90.1: Table 2, XLM-R, PAWS"
    assert first_check("Our model reaches 91.3 F1 on SQuAD.", READERS).derivation == (
        "91.3 = 91.3: Table 1, FSR (ours), SQuAD"
    )


@pytest.mark.parametrize("said", ["96.1", "90.7", "91.1"])
def test_a_slip_in_one_digit_is_refuted_with_both_numbers(said: str) -> None:
    check = first_check(f"XLM-R obtains {said} on PAWS.", INTERMEDIATE)
    assert (check.kind, check.label) == ("cells", "refuted")
    assert check.derivation == f"90.1, not {said}: Table 2, XLM-R, PAWS"
    assert [e.quote for e in check.evidence] == ["90.1"]


def test_a_slip_in_a_difference_is_refuted_with_the_true_difference() -> None:
    check = first_check("Multi-task training raises the average by 8.9 points over XLM-R.", INTERMEDIATE)
    assert check.label == "refuted"
    assert "8.7, not 8.9 points: Table 2" in (check.derivation or "")
    assert {e.quote for e in check.evidence} == {"82.2", "73.5"}


@pytest.mark.parametrize(
    ("claim", "table", "contains"),
    [
        ("Multi-task improves TyDiQA by 23.4 points over XLM-R.", INTERMEDIATE, "73.7 - 50.3 = 23.4"),
        (
            "Multi-task improves TyDiQA by 46.5% relative over XLM-R.",
            INTERMEDIATE,
            "100 * (73.7 - 50.3) / 50.3 = 46.52 ≈ 46.5%",
        ),
        (
            "FSR reduces the error by 19.4% relative to BERT on SQuAD.",
            READERS,
            "100 * (91.3 - 89.2) / (100 - 89.2) = 19.44 ≈ 19.4%",
        ),
        (
            "FSR reaches an average of 89.4 over the four datasets.",
            READERS,
            "(91.3 + 84.0 + 92.5 + 89.6) / 4 = 89.35 ≈ 89.4",
        ),
        (
            "FSR improves the average by 1.2 points over BERT.",
            READERS,
            "(91.3 + 84.0 + 92.5 + 89.6) / 4 - (89.2 + 82.5 + 93.1 + 88.0) / 4 = 1.15 ≈ 1.2 points",
        ),
        ("FSR achieves a relative improvement of 1.8% over BERT on MNLI.", READERS, "100 * ("),
        ("The XNLI column has a mean of 80.8 over the four models.", INTERMEDIATE, "(80.1 + 80.4 + 81.3 + 81.5) / 4"),
        ("Mixer improves perplexity by 24.0 over LSTM.", PERPLEXITY, "78.4 - 54.4 = 24.0"),
    ],
)
def test_each_kind_of_derivation_is_found_and_its_arithmetic_holds(claim: str, table: Table, contains: str) -> None:
    [check] = [c for c in verdict(claim, table).checks if c.kind == "cells"]
    assert check.label == "supported"
    assert contains in (check.derivation or "")
    assert_arithmetic_holds(check)
    assert verdict(claim, table).label == "supported"


def test_shares_and_percent_are_the_same_number() -> None:
    table = Table.from_rows(["Model", "Acc"], [["CRF", "0.853"], ["LSTM", "0.871"]], caption="Accuracy of POS tagging")
    assert first_check("LSTM reaches an accuracy of 87.1%.", table).label == "supported"
    assert first_check("LSTM reaches an accuracy of 87.7%.", table).label == "refuted"
    gain = verdict("LSTM gains 1.8 points accuracy over CRF.", table)
    assert gain.label == "supported"
    [check] = [c for c in gain.checks if c.kind == "cells"]
    assert (check.derivation or "").startswith("100 * (0.871 - 0.853) = 1.8: ")
    assert_arithmetic_holds(check)


def test_a_ratio_of_two_times() -> None:
    table = Table.from_rows(["Model", "Seconds"], [["CRF", "10.0"], ["LSTM", "2.5"]], caption="Seconds for an epoch")
    check = first_check("LSTM is 4.0 times faster than CRF.", table)
    assert check.label == "supported"
    assert (check.derivation or "").startswith("10.0 / 2.5 = 4")


def test_percent_taken_for_points_is_refuted_with_its_reason() -> None:
    check = first_check("Multi-task improves TyDiQA by 46.5 points over XLM-R.", INTERMEDIATE)
    assert check.label == "refuted"
    assert "percent" in check.reason
    assert "not points" in check.reason
    assert "46.52 %, not 46.5 points" in (check.derivation or "")


def test_points_taken_for_percent_are_refuted_with_their_reason() -> None:
    check = first_check("Multi-task improves TyDiQA by 23.4% relative over XLM-R.", INTERMEDIATE)
    assert check.label == "refuted"
    assert check.reason.endswith("points, not percent")


def test_percent_without_relative_may_mean_points() -> None:
    assert verdict("Multi-task improves XNLI by 1.4% over XLM-R.", INTERMEDIATE).label == "supported"


def test_each_number_of_a_list_is_held_against_its_own_column() -> None:
    claim = "FSR improves SQuAD, MNLI and QQP over BERT by 2.1, 1.5 and {} points."
    right, wrong = verdict(claim.format("1.6"), READERS), verdict(claim.format("1.9"), READERS)
    assert right.label == "supported"
    columns = {c.evidence[0].pointer.column for c in right.checks if c.kind == "cells"}
    assert columns == {"SQuAD", "MNLI", "QQP"}
    assert wrong.label == "refuted"
    assert wrong.checks[0].evidence[0].pointer.column == "QQP"
    assert [c.label for c in wrong.checks if c.kind == "cells"] == ["refuted", "supported", "supported"]


def big_table() -> Table:
    rng = random.Random(3)
    tasks = [f"Task {c}" for c in "ABCDEFGHIJKLMNOPQRST"]
    rows = [[f"Lang{i}", *[f"{rng.uniform(40, 95):.1f}" for _ in tasks]] for i in range(20)]
    return Table.from_rows(["Language", *tasks], rows, caption="Accuracy for all languages", label="9")


def test_a_number_that_merely_occurs_in_a_big_table_is_not_supported() -> None:
    table = big_table()
    said = table.grid[3][5].text
    for claim in (
        f"The annotators agree on {said} accuracy in the pilot study.",
        f"Our summarizer reaches {said} accuracy.",
        "Our summarizer gains 2.4 points over the baseline.",
        f"The parser obtains {said} F1.",
    ):
        assert verdict(claim, table).label == "not_enough_info", claim
    assert verdict(f"Lang2 reaches an accuracy of {said} on Task E.", table).label == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "FSR reaches over 91 F1 on SQuAD.",
        "FSR reaches at least 85.0 F1 on SQuAD.",
        "FSR reaches about 91.0 F1 on SQuAD.",
        "FSR gains up to 9.9 points over BERT on SQuAD.",
        "FSR gains more than 1.5 points over BERT on SQuAD.",
        "FSR gains 1.5-2.4 points over BERT on SQuAD.",
    ],
)
def test_bounds_and_ranges_are_never_refuted(claim: str) -> None:
    assert verdict(claim, READERS).label != "refuted"


def test_a_bound_just_below_the_cell_is_supported() -> None:
    check = first_check("FSR reaches over 91 F1 on SQuAD.", READERS)
    assert check.label == "supported"
    assert check.derivation == "91.3 (more than 91): Table 1, FSR (ours), SQuAD"


def test_the_development_set_is_not_refuted_by_the_test_set() -> None:
    table = Table.from_rows(
        ["Model", "SQuAD F1"], [["BERT", "89.2"], ["FSR", "91.3"]], caption="Results on the test sets", label="4"
    )
    assert verdict("On the development set, FSR reaches 92.7 F1 on SQuAD.", table).label == "not_enough_info"


def test_a_number_that_names_a_column_is_no_result() -> None:
    table = Table.from_rows(
        ["Model", "0.1", "0.5", "0.9"],
        [["A", "71.2", "73.4", "70.3"], ["B", "72.2", "75.4", "71.3"]],
        caption="Accuracy by mixing weight",
    )
    for claim in ("The weight of 0.5 gives the best accuracy.", "B scores best with an accuracy weight of 0.9."):
        assert verdict(claim, table).label == "not_enough_info", claim


def test_a_number_that_names_a_row_does_not_stand_in_the_way() -> None:
    table = Table.from_rows(
        ["Layers", "F1"], [["6", "80.1"], ["12", "84.5"], ["24", "86.2"]], caption="F1 by number of layers"
    )
    assert first_check("With 12 layers the model reaches 84.5 F1.", table).evidence[0].pointer.row == "12"
    assert first_check("With 24 layers the F1 is 86.7.", table).label == "refuted"


def test_tables_of_one_row_of_text_and_of_nothing() -> None:
    one = Table.from_rows(["Model", "F1"], [["FSR", "91.3"]], caption="F1 on SQuAD")
    text = Table.from_rows(["Model", "Kind"], [["FSR", "neural"], ["CRF", "linear"]], caption="Models")
    empty, header = Table.from_rows([], []), Table.from_rows(["Model", "F1"], [])
    claims = ["FSR reaches 91.3 F1 on SQuAD.", "FSR gains 2.1 points over CRF.", "FSR outperforms CRF."]
    for table in (one, text, empty, header):
        labels = [verdict(claim, table).label for claim in claims]
        assert labels == ["supported" if table is one else "not_enough_info", *["not_enough_info"] * 2]


def test_cells_without_a_number_are_no_numbers() -> None:
    table = Table.from_rows(
        ["Model", "F1", "EM"],
        [["BERT", "89.2", "inf"], ["FSR", "nan", "n/a"], ["CRF", "-", ""]],
        caption="Scores on SQuAD",
    )
    assert verdict("FSR reaches 91.3 F1 on SQuAD.", table).label == "not_enough_info"
    assert verdict("FSR outperforms BERT on F1.", table).label == "not_enough_info"
    assert verdict("BERT reaches 89.2 F1 on SQuAD.", table).label == "supported"
    assert verdict("BERT reaches 89.7 F1 on SQuAD.", table).label == "refuted"


def test_fifty_numbers_in_one_claim() -> None:
    numbers = ", ".join(f"{60 + i / 7:.1f}" for i in range(50))
    found = verdict(f"We obtain {numbers} F1 on SQuAD.", READERS, INTERMEDIATE, ERRORS)
    assert len([c for c in found.checks if c.kind == "cells"]) == 50
    assert found.label != "supported"


def test_a_table_that_the_claim_names_is_the_one_that_is_read() -> None:
    copy = INTERMEDIATE.model_copy(update={"label": "5"})
    for label in ("2", "5"):
        check = first_check(f"Table {label} shows that MNLI reaches 81.0 on Avg.", INTERMEDIATE, copy)
        assert check.evidence[0].pointer.table == label


def test_a_total_is_no_member_of_a_mean() -> None:
    table = Table.from_rows(
        ["Category", "Ours", "Theirs"],
        [
            ["cardinals", "58.8", "49.4"],
            ["colors", "90.4", "90.6"],
            ["drinks", "81.3", "85.1"],
            ["Total", "76.8", "75.0"],
        ],
        caption="Accuracy by category",
    )
    check = first_check("Ours reaches an overall score of 76.8 over the categories.", table)
    assert (check.derivation or "").startswith("(58.8 + 90.4 + 81.3) / 3 = 76.83")
