"""Bold that marks no best number and counts that their lists do not have; what may well be meant is no finding."""

from __future__ import annotations

import pytest

from claimcheck.checks.consistency import consistency_findings, list_findings, marked_best, table_findings
from claimcheck.foundation.records import Cell, Document, Paper, Section, Sentence, Table

COLUMNS = ("Model", "Elm", "Oak", "Ash", "Fir", "Yew", "Ivy", "Box", "Bay")
# the best of each column stands in the last row but for Yew
SCORES = (
    ("Bag of words", 60.1, 61.0, 55.5, 70.2, 48.8, 66.0, 40.1, 77.7),
    ("Tree model", 64.3, 66.9, 58.1, 71.0, 53.3, 69.2, 44.0, 78.1),
    ("Ours", 68.7, 67.4, 61.9, 74.4, 51.6, 72.5, 46.2, 79.9),
)
CAPTION = "Table 1: Accuracy. The best result of each column is in bold."


def table(bold: set[tuple[int, int]], caption: str = CAPTION, header: tuple[str, ...] = COLUMNS) -> Table:
    """The scores above, with (row, column) of the body in bold."""
    rows = [[Cell(text=str(x), bold=(r, c) in bold) for c, x in enumerate(line)] for r, line in enumerate(SCORES)]
    return Table.from_grid([[Cell(text=x) for x in header], *rows], caption, "1", header_rows=1, stub_columns=1, page=4)


def document(*sentences: str, tables: tuple[Table, ...] = ()) -> Document:
    return Document(
        paper=Paper(id="x"),
        sections=(Section(title="Experiments", number="4"),),
        sentences=tuple(Sentence(text=t, section=0, page=3) for t in sentences),
        tables=tables,
    )


BEST = {(2, 1), (2, 2), (2, 3), (2, 4), (1, 5), (2, 6), (2, 7), (2, 8)}
WRONG = (BEST - {(1, 5)}) | {(2, 5)}


def test_a_bold_number_with_a_better_one_in_its_column_is_a_finding_with_both_cells() -> None:
    [finding] = consistency_findings(document(tables=(table(WRONG),)))
    assert finding.kind == "bold_not_best"
    assert [e.quote for e in finding.evidence] == ["51.6", "53.3"]
    assert [(e.pointer.row, e.pointer.column, e.pointer.page) for e in finding.evidence] == [
        ("Ours", "Yew", 4),
        ("Tree model", "Yew", 4),
    ]
    assert "51.6" in finding.text
    assert "53.3" in finding.text


def test_bold_that_marks_the_best_is_no_finding() -> None:
    assert table_findings(document(tables=(table(BEST),))) == []
    assert ((3, 1), (2, 1)) in marked_best(table(BEST))


def test_a_habit_of_five_columns_says_as_much_as_a_caption() -> None:
    assert len(table_findings(document(tables=(table(WRONG, "Table 1: Accuracy."),)))) == 1
    few = {(2, 1), (2, 2), (2, 5)}
    assert table_findings(document(tables=(table(few, "Table 1: Accuracy."),))) == []


@pytest.mark.parametrize(
    "caption",
    [
        "Table 1: Accuracy. Significant improvements over the baseline are in bold.",
        "Table 1: Accuracy. Best and worst results are in bold.",
        "Table 1: Accuracy, best results among the small models in bold.",
        "Table 1: Accuracy. Our models are set in bold.",
    ],
)
def test_bold_that_a_caption_gives_another_meaning_is_left_alone(caption: str) -> None:
    assert table_findings(document(tables=(table(WRONG, caption),))) == []


def test_people_and_oracles_are_nobody_to_beat() -> None:
    rows = [[Cell(text=str(x), bold=(r, c) in BEST) for c, x in enumerate(line)] for r, line in enumerate(SCORES)]
    rows.append([Cell(text="Human"), *[Cell(text="95.0")] * 8])
    whole = Table.from_grid([[Cell(text=x) for x in COLUMNS], *rows], CAPTION, "1", header_rows=1, stub_columns=1)
    assert table_findings(document(tables=(whole,))) == []


def test_where_less_is_better_the_lowest_is_the_best() -> None:
    lowest = {(0, c) for c in range(1, 9)}
    caption = "Table 1: Perplexity. The best result of each column is in bold."
    assert table_findings(document(tables=(table(lowest, caption),))) == []
    [finding] = table_findings(document(tables=(table(lowest - {(0, 8)} | {(1, 8)}, caption),)))
    assert "lower" in finding.text


def test_a_count_that_its_list_does_not_have_is_a_finding() -> None:
    said = "We test on three datasets: Elm, Oak, Ash, and Fir."
    [finding] = list_findings(document(said))
    assert finding.kind == "count_differs"
    assert finding.evidence[0].quote == said
    assert finding.evidence[0].pointer.section == "4 Experiments"
    assert "lists 4" in finding.text


@pytest.mark.parametrize(
    "said",
    [
        "We test on four datasets: Elm, Oak, Ash, and Fir.",
        "We test on three datasets, including Elm, Oak, Ash, and Fir.",
        "We test on three datasets (e.g. Elm and Oak).",
        "We test on three datasets: Elm, Oak, Ash, Fir.",
        "We test on three datasets: Elm, which is large, and Oak and Ash.",
        "We test on two tasks: parsing of long sentences, and tagging.",
        "The network has eight layers: three for words, three for tags, and two for trees.",
        "We test on two tasks — namely, parsing, and tagging.",
        "There are two settings: in the first one, we train, tune, and test on Elm.",
        "",
    ],
)
def test_counts_that_agree_and_lists_that_may_be_partial_are_no_findings(said: str) -> None:
    assert list_findings(document(said)) == []


def test_tables_without_numbers_or_rows_are_no_findings() -> None:
    empty = Table.from_rows(["Model"], [])
    words = Table.from_rows(["Model", "Note"], [["Elm", "tall"], ["Oak", "wide"]], CAPTION)
    assert consistency_findings(document(tables=(empty, words))) == []


def test_among_few_bold_numbers_one_wrong_one_is_found_where_the_rest_are_right() -> None:
    few = tuple(line[:6] for line in SCORES)

    def found(bold: set[tuple[int, int]]) -> int:
        rows = [[Cell(text=str(x), bold=(r, c) in bold) for c, x in enumerate(line)] for r, line in enumerate(few)]
        head = [Cell(text=x) for x in COLUMNS[:6]]
        grid = Table.from_grid([head, *rows], "Table 1: Accuracy.", "1", header_rows=1, stub_columns=1)
        return len(table_findings(document(tables=(grid,))))

    best = {(2, 1), (2, 2), (2, 3), (2, 4), (1, 5)}
    assert found(best) == 0
    assert found(best - {(2, 1)} | {(1, 1)}) == 1
    # the whole row of the authors' own model in bold marks it, and no best numbers
    assert found({(2, c) for c in range(1, 6)}) == 0
