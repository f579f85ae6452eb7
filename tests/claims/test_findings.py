"""A claim that says other numbers in other places is a finding; rounding, bounds and other results are none."""

from __future__ import annotations

import pytest

from claimcheck.claims import find_claims, findings
from claimcheck.foundation.records import Document, Finding, Paper, Section, Sentence, Table

TITLES = ("Abstract", "Introduction", "Results", "Conclusion")
FIRST = "Our gated parser improves the average score on the Faroese treebank by 8.7 points over BIST."
PAIR = "On the Faroese treebank, our gated parser reaches 91.2 UAS and 88.4 LAS."


def paper(*lines: tuple[str, str], tables: tuple[Table, ...] = ()) -> Document:
    sections = tuple(Section(title=t, kind="abstract" if t == "Abstract" else "body") for t in TITLES)
    sentences = tuple(
        Sentence(
            text=text,
            section=TITLES.index(title),
            paragraph=i,
            page=i + 1,
            kind="abstract" if title == "Abstract" else "body",
        )
        for i, (title, text) in enumerate(lines)
    )
    return Document(paper=Paper(id="x"), sections=sections, sentences=sentences, tables=tables)


def found(*lines: tuple[str, str], tables: tuple[Table, ...] = ()) -> list[Finding]:
    whole = paper(*lines, tables=tables)
    return findings(whole, find_claims(whole).claims)


def test_two_numbers_for_one_claim_are_a_finding_with_both_sentences() -> None:
    second = "Our gated parser improves the average score on the Faroese treebank over BIST by 8.5 points."
    [finding] = found(("Abstract", FIRST), ("Conclusion", second))
    assert finding.kind == "places_differ"
    assert [e.quote for e in finding.evidence] == [FIRST, second]
    assert [e.pointer.page for e in finding.evidence] == [1, 2]
    assert len(set(finding.claims)) == 2
    for said in ("8.7 points", "8.5 points", "the abstract, p. 1", "the conclusion, p. 2"):
        assert said in finding.text


def test_one_number_of_several_differs() -> None:
    [finding] = found(("Abstract", PAIR), ("Conclusion", PAIR.replace("88.4", "88.9")))
    assert "88.4" in finding.text
    assert "88.9" in finding.text
    assert "91.2" not in finding.text


@pytest.mark.parametrize(
    "second",
    [
        FIRST,
        FIRST.replace("8.7", "nearly 9"),
        FIRST.replace("8.7", "over 8"),
        FIRST.replace("8.7", "up to 9.9"),
        FIRST.replace("8.7", "8.68"),
        FIRST.replace("8.7 points", "12 % relative"),
        FIRST.replace("8.7", "8.5").replace("Faroese", "Icelandic"),
        FIRST.replace("8.7", "8.5").replace("BIST", "UDPipe"),
        FIRST.replace("8.7", "8.5").replace("average score", "average dev score"),
        FIRST.replace("8.7", "8.5").replace("gated parser", "single gated parser"),
        FIRST.replace("8.7", "8.5").replace("average score", "average F1 score"),
        FIRST.replace("8.7", "2.1"),
        "At a width of 16, " + FIRST.replace("8.7", "8.5"),
        FIRST.replace("8.7", "8.5").replace("improves", "lowers"),
    ],
)
def test_rounding_bounds_and_other_results_are_no_findings(second: str) -> None:
    assert found(("Abstract", FIRST), ("Conclusion", second)) == []


def test_ranges_are_compared_with_nothing() -> None:
    ranged = FIRST.replace("8.7 points", "2.6–14.2 points")
    assert found(("Abstract", ranged), ("Conclusion", ranged.replace("2.6", "2.9"))) == []


def test_one_part_of_a_paper_does_not_contradict_itself() -> None:
    assert found(("Abstract", FIRST), ("Abstract", FIRST.replace("8.7", "8.5"))) == []
    assert found(("Results", FIRST), ("Results", FIRST.replace("8.7", "8.5"))) == []


def test_numbers_that_both_stand_in_tables_are_two_results() -> None:
    second = PAIR.replace("88.4", "88.9")
    table = Table.from_rows(["Parser", "UAS", "LAS"], [["BIST", "91.2", "88.4"], ["Ours", "91.2", "88.9"]])
    assert found(("Abstract", PAIR), ("Conclusion", second), tables=(table,)) == []
    assert len(found(("Abstract", PAIR), ("Conclusion", second))) == 1


def test_a_number_that_the_other_part_says_too_is_not_contradicted_there() -> None:
    second = FIRST.replace("8.7", "8.5")
    assert found(("Abstract", FIRST), ("Conclusion", FIRST), ("Conclusion", second)) == []
