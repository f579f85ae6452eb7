"""Results of several papers: which rows are of one system, and how their numbers stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.checks.across import compare_papers, quoting_rows
from claimcheck.checks.across.bibliography import Bibliography, citations, legend
from claimcheck.checks.across.numbers import likeness
from claimcheck.foundation.records import CrossLink, Document, Paper, Pointer, Result, Section, Sentence, Table

Role = Literal["own_best", "own", "ablation", "baseline"]
HERON = "Heron: Reading Long Rivers with Sparse Ladders"
OTTER = "Otter: A Shallow Parser for Muddy Text"
CITED = f"Ada Brook and Ben Marsh. 2018. {HERON}. In Proceedings of Rivers."
Line = tuple[str, str]


def paper(
    name: str,
    title: str,
    lines: Sequence[Line],
    own: str = "",
    caption: str = "Table 1: Results on the Delta test set.",
    header: Sequence[str] = ("Model", "F1"),
    references: Sequence[str] = (CITED,),
    text: Sequence[str] = (),
    metric: str = "F1",
) -> tuple[Document, list[Result]]:
    """A paper with one table of (system, score) and its results; rows that contain `own` are its own."""
    table = Table.from_rows(header, lines, caption, "1")
    sentences = [Sentence(text=t, section=0) for t in (f"We propose {title.split(':')[0]}.", *text)]
    sentences += [Sentence(text=t, section=1, kind="reference") for t in references]
    document = Document(
        paper=Paper(id=name, title=title),
        sections=(Section(title="Introduction"), Section(title="References", kind="references")),
        sentences=tuple(sentences),
        tables=(table,),
    )
    results = []
    for r in range(table.header_rows, table.height):
        row = table.row_name(r)
        role: Role = "own_best" if own and own in row else "baseline"
        place = Pointer(paper=name, table="1", row=row, column=table.column_name(1), cell=(r, 1))
        score = table.grid[r][1].text
        results.append(
            Result(task="tagging", dataset="Delta", metric=metric, score=score, method=row, role=role, pointer=place)
        )
    return document, results


def heron(*lines: Line, **more: object) -> tuple[Document, list[Result]]:
    return paper("1801.00001", HERON, lines or (("Heron", "81.25"),), "Heron", **more)  # type: ignore[arg-type]


def otter(*lines: Line, **more: object) -> tuple[Document, list[Result]]:
    return paper("1901.00002", OTTER, (*lines, ("Otter", "83.0")), "Otter", **more)  # type: ignore[arg-type]


def only(links: Sequence[CrossLink]) -> CrossLink:
    assert len(links) == 1, [f"{x.method}: {x.reason}" for x in links]
    return links[0]


def test_a_quoted_number_that_rounds_to_the_reported_one_is_equal() -> None:
    link = only(compare_papers([heron(), otter(("Brook and Marsh (2018)", "81.3"))]))
    assert (link.relation, link.basis, link.split) == ("equal", "quoted", "test")
    assert (link.first.pointer.paper, link.second.pointer.paper) == ("1901.00002", "1801.00001")
    assert [e.quote for e in link.evidence] == ["81.3", "81.25"]


def test_another_number_under_the_same_conditions_is_a_conflict_that_names_both() -> None:
    link = only(compare_papers([heron(), otter(("Brook and Marsh (2018)", "79.4"))]))
    assert link.relation == "conflict"
    assert "79.4" in link.reason
    assert "81.25" in link.reason


def test_digits_that_are_cut_off_agree_and_the_reason_says_so() -> None:
    link = only(compare_papers([heron(("Heron", "81.29")), otter(("Brook and Marsh (2018)", "81.2"))]))
    assert link.relation == "equal"
    assert "cut off" in link.reason


def test_a_name_without_citation_is_found_by_the_citation_in_the_text() -> None:
    quoting = otter(("Sparse Ladders", "81.25"), text=("We compare with Sparse Ladders (Brook and Marsh, 2018).",))
    assert only(compare_papers([heron(), quoting])).relation == "equal"


def test_a_numbered_citation_needs_numbered_references() -> None:
    numbered = otter(("HeronNet [7]", "81.25"), references=(f"[7] A. Brook and B. Marsh. {HERON}. Rivers, 2018.",))
    assert only(compare_papers([heron(), numbered])).relation == "equal"
    other = otter(("Ladder [7]", "81.25"), references=("[7] C. Fen. A study of reeds in winter. Rivers, 2018.", CITED))
    assert compare_papers([heron(), other]) == []


def test_the_marks_of_a_table_are_resolved_by_its_caption() -> None:
    caption = "Table 1: Delta test set. [1] Fen (2017) [2] Brook and Marsh (2018)"
    quoting = otter(("Ladder [2]", "81.25"), ("Reeds [1]", "70.0"), caption=caption)
    assert only(compare_papers([heron(), quoting])).method == "Ladder [2]"
    assert legend(caption)["2"].first == "brook"


@pytest.mark.parametrize("row", ["Brook and Marsh (2018) + lexicon", "Heron+ (Brook and Marsh, 2018)"])
def test_what_extends_a_system_is_not_that_system(row: str) -> None:
    assert compare_papers([heron(), otter((row, "84.9"))]) == []


def test_an_ensemble_is_no_single_model() -> None:
    reported = heron(("Heron (single)", "81.0"))
    link = only(compare_papers([reported, otter(("Brook and Marsh (2018), ensemble", "82.6"))]))
    assert link.relation == "different_condition"
    assert "ensemble" in link.reason


def test_a_dev_score_quoted_as_a_test_score_is_flagged_though_the_numbers_agree() -> None:
    reported = heron(caption="Table 1: Results on the Delta development set.")
    link = only(compare_papers([reported, otter(("Brook and Marsh (2018)", "81.25"))]))
    assert link.relation == "different_condition"
    assert "dev" in link.reason


def test_micro_and_macro_are_two_definitions() -> None:
    reported = heron(header=("Model", "micro F1"))
    link = only(compare_papers([reported, otter(("Brook and Marsh (2018)", "74.0"), header=("Model", "macro F1"))]))
    assert link.relation == "different_definition"
    assert "micro" in link.reason


def test_punctuation_makes_two_definitions_of_attachment_scores() -> None:
    without = heron(caption="Table 1: UAS on the Delta test set, excluding punctuation.", metric="UAS")
    quoting = otter(
        ("Brook and Marsh (2018)", "80.1"), caption="Table 1: UAS on the Delta test set with punctuation.", metric="UAS"
    )
    assert only(compare_papers([without, quoting])).relation == "different_definition"


def test_a_rerun_of_another_system_is_another_condition() -> None:
    link = only(compare_papers([heron(), otter(("Brook and Marsh (2018), our re-implementation", "78.8"))]))
    assert link.relation == "different_condition"
    assert "ran the system itself" in link.reason


def test_leaderboards_of_two_dates_are_two_conditions() -> None:
    reported = heron(caption="Table 1: Delta test set, leaderboard as of Dec 6, 2018.")
    later = otter(("Brook and Marsh (2018)", "82.2"), caption="Table 1: Delta test set as of 2019/07/14.")
    link = only(compare_papers([reported, later]))
    assert link.relation == "different_condition"
    assert "Dec 2018" in link.reason
    assert "Jul 2019" in link.reason


def test_two_rows_of_one_name_are_named_both() -> None:
    reported = heron(("Heron", "80.0"), ("Heron", "82.0"))
    link = only(compare_papers([reported, otter(("Brook and Marsh (2018)", "85.5"))]))
    assert link.relation == "conflict"
    assert "80.0 and 82.0" in link.reason


def test_a_number_that_stands_under_another_head_of_the_quoted_paper_agrees() -> None:
    document, results = heron(("Heron", "80.10"), ("Heron with lexicon", "82.16"))
    results[1] = results[1].model_copy(update={"dataset": "Estuary", "role": "own"})
    link = only(compare_papers([(document, results), otter(("Brook and Marsh (2018)", "82.16"))]))
    assert link.relation == "equal"
    assert "Estuary" in link.reason


def test_rows_of_two_papers_that_quote_a_third_one_are_linked() -> None:
    third = "Cara Fen. 2015. Counting reeds by their shadows alone. In Marshes."
    one = heron(("Fen (2015)", "70.10"), ("Heron", "81.0"), references=(third,))
    two = otter(("Fen (2015)", "70.3"), references=(third,))
    link = only(compare_papers([one, two]))
    assert (link.basis, link.relation) == ("shared", "conflict")
    same = otter(("Fen (2015)", "70.1"), references=(third,))
    assert only(compare_papers([one, same])).relation == "equal"


def test_two_works_of_the_same_authors_and_year_are_not_one() -> None:
    one = heron(("Fen (2015)", "70.1"), references=("Cara Fen. 2015. Counting reeds by their shadows alone. Marshes.",))
    two = otter(("Fen (2015)", "64.0"), references=("Cara Fen. 2015. How deep is a ditch in spring? Marshes.",))
    assert compare_papers([one, two]) == []


def test_two_prints_of_one_paper_are_not_compared_but_complete_each_other() -> None:
    preprint, published = heron(("Heron", "81.0")), paper("R18-0001", HERON, (("Heron", "81.6"),), "Heron")
    assert compare_papers([preprint, published]) == []
    link = only(compare_papers([preprint, published, otter(("Brook and Marsh (2018)", "81.6"))]))
    assert link.relation == "equal"
    assert link.second.pointer.paper == "R18-0001"


def test_rows_that_cite_nothing_are_linked_with_nothing() -> None:
    assert compare_papers([heron(), otter(("Bag of words", "81.25"))]) == []
    assert compare_papers([]) == []
    assert compare_papers([heron()]) == []


def test_quoting_rows_are_those_that_cite_a_paper_with_results_on_their_data() -> None:
    quoting = otter(("Brook and Marsh (2018)", "79.4"), ("Bag of words", "60.0"))
    [(result, papers)] = quoting_rows([heron(), quoting])
    assert (result.score, papers) == ("79.4", ("1801.00001",))


def test_references_that_were_split_at_their_year_are_one_entry() -> None:
    document, _ = heron(
        references=("Ada Brook, Ben Marsh, and Cara Fen. 2014.", "Rivers that run backwards. In Deltas.")
    )
    [entry] = Bibliography(document).entries
    assert entry.title == "riversthatrunbackwards"
    [(citation, _, _)] = citations("Brook et al. (2014)")
    assert Bibliography(document).entries_of(citation) == [entry]


@given(st.integers(0, 10**6), st.integers(0, 3), st.integers(0, 3))
def test_a_number_is_like_itself_printed_with_fewer_digits(units: int, more: int, fewer: int) -> None:
    value, digits = units / 10**more, min(more, fewer)
    printed = round(value, digits)
    assert likeness(value, more, printed, digits) == likeness(printed, digits, value, more) == "same"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("91.2", 1), ("91.3", 1), "differs"),
        (("91.25", 2), ("91.2", 1), "same"),
        (("91.25", 2), ("91.3", 1), "same"),
        (("91.29", 2), ("91.2", 1), "cut"),
        (("0.912", 3), ("91.2", 1), "same"),
        (("0.80", 2), ("82.0", 1), "differs"),
    ],
)
def test_rounding_is_an_interval(a: tuple[str, int], b: tuple[str, int], expected: str) -> None:
    assert likeness(float(a[0]), a[1], float(b[0]), b[1]) == expected
